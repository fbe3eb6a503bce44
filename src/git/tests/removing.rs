//! Removing never loses work.

use super::*;
use crate::git::{GitError, remove_worktree};

/// The content of a file in the recovery.
fn recovered(fixture: &Fixture, reference: &str, path: &str) -> String {
    fixture.run(&["show", &format!("{reference}:{path}")])
}

#[test]
fn everything_is_in_the_recovery_and_in_the_patch() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    let file = |name: &str| made.path.join(name);
    write(&file("committed.txt"), "c\n");
    let tip = commit(&made.path, "work");
    write(&file("a.txt"), "staged\n");
    git(&made.path, &["add", "a.txt"]);
    write(&file("a.txt"), "changed after\n");
    write(&file("new/file.txt"), "new\n");
    std::fs::write(file("binary"), [0u8, 159, 146, 150]).unwrap();
    write(&file(".gitignore"), "*.log\n");
    write(&file("out.log"), "ignored\n");
    let head = fixture.run(&["rev-parse", "HEAD"]);

    let recovery = fixture.remove(&made).unwrap();
    let reference = recovery.reference.unwrap();
    assert_eq!(reference, "refs/gluon/recovery/1-20250102T030405Z");
    assert_eq!(recovered(&fixture, &reference, "committed.txt"), "c");
    assert_eq!(recovered(&fixture, &reference, "a.txt"), "changed after");
    assert_eq!(recovered(&fixture, &reference, "new/file.txt"), "new");
    let parents = fixture.run(&["rev-list", "--parents", "-n", "1", &reference]);
    assert!(parents.contains(&tip));
    // What was staged has a commit too.
    assert_eq!(
        recovered(&fixture, &format!("{reference}^2"), "a.txt"),
        "staged"
    );
    assert_eq!(recovery.ignored, 1);
    fixture.assert_nothing_left();
    assert_eq!(fixture.run(&["rev-parse", "HEAD"]), head);
    assert_eq!(fixture.run(&["status", "--porcelain"]), "");

    let patch = recovery.patch.unwrap();
    assert!(patch.starts_with(fixture.recovery_dir()));
    fixture.run(&["apply", "--binary", &patch.to_string_lossy()]);
    assert_eq!(read(&fixture.root.join("a.txt")), "changed after\n");
    assert_eq!(
        std::fs::read(fixture.root.join("binary")).unwrap(),
        [0, 159, 146, 150]
    );
    assert_eq!(read(&fixture.root.join("committed.txt")), "c\n");
}

#[test]
fn a_worktree_without_work_leaves_no_patch() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    let recovery = fixture.remove(&made).unwrap();
    assert_eq!(recovery.patch, None);
    let reference = recovery.reference.unwrap();
    assert_eq!(fixture.run(&["rev-parse", &reference]), made.base_commit);
    fixture.assert_nothing_left();
    // Twice in one second: another name.
    let made = fixture.worktree();
    let again = fixture.remove(&made).unwrap();
    assert_eq!(again.reference.unwrap(), format!("{reference}-2"));
}

#[test]
fn a_directory_removed_by_hand() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    write(&made.path.join("x"), "x\n");
    commit(&made.path, "x");
    git(&made.path, &["checkout", "-q", "--detach"]);
    write(&made.path.join("x"), "detached\n");
    commit(&made.path, "detached");
    std::fs::remove_dir_all(&made.path).unwrap();
    let recovery = fixture.remove(&made).unwrap();
    let reference = recovery.reference.unwrap();
    assert_eq!(recovered(&fixture, &format!("{reference}^1"), "x"), "x");
    assert_eq!(
        recovered(&fixture, &format!("{reference}^2"), "x"),
        "detached"
    );
    fixture.assert_nothing_left();
    // Nothing at all is left: no error either.
    let nothing = fixture.remove(&made).unwrap();
    assert_eq!((nothing.reference, nothing.patch), (None, None));
}

#[test]
fn commits_of_a_detached_head_are_held() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    git(&made.path, &["checkout", "-q", "--detach"]);
    write(&made.path.join("x"), "x\n");
    let lonely = commit(&made.path, "x");
    let risk =
        crate::git::risk(&fixture.git, &fixture.root, Some(&made.path), &made.branch).unwrap();
    assert_eq!(risk.unmerged_commits, 1);
    let reference = fixture.remove(&made).unwrap().reference.unwrap();
    fixture.run(&["merge-base", "--is-ancestor", &lonely, &reference]);
}

#[test]
fn without_a_commit_the_files_are_held() {
    let fixture = Fixture::unborn();
    let made = fixture.worktree();
    write(&made.path.join("x"), "x\n");
    let recovery = fixture.remove(&made).unwrap();
    assert_eq!(recovered(&fixture, &recovery.reference.unwrap(), "x"), "x");
    assert!(read(&recovery.patch.unwrap()).contains("+x"));
    assert!(!made.path.exists());
}

#[test]
fn only_a_worktree_of_the_repository_is_removed() {
    let fixture = Fixture::new();
    let other = Fixture::new();
    let foreign = other.worktree();
    let plain = fixture.path().join("plain");
    std::fs::create_dir(&plain).unwrap();
    for path in [
        &fixture.root,
        &foreign.path,
        &plain,
        &fixture.root.join("dir"),
    ] {
        let removed = remove_worktree(
            &fixture.git,
            &fixture.root,
            path,
            "main",
            &fixture.recovery_dir(),
            1,
            "s",
        );
        let error = removed.unwrap_err();
        assert!(matches!(error, GitError::NotAWorktree { .. }), "{error}");
        assert!(path.exists());
    }
    fixture.run(&["rev-parse", "--verify", "main"]);
}

#[test]
fn a_branch_in_use_elsewhere_stays() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    git(&made.path, &["checkout", "-q", "--detach"]);
    fixture.run(&["checkout", "-q", &made.branch]);
    let recovery = fixture.remove(&made).unwrap();
    assert_eq!(recovery.notes.len(), 1, "{:?}", recovery.notes);
    assert_eq!(fixture.run(&["branch", "--show-current"]), made.branch);
}

#[test]
fn a_locked_worktree_and_a_locked_index() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    write(&made.path.join("x"), "x\n");
    fixture.run(&["worktree", "lock", &made.path.to_string_lossy()]);
    let lock = git(&made.path, &["rev-parse", "--git-path", "index.lock"]);
    write(&made.path.join(lock), "");
    // Readings and the recovery use an index of their own.
    assert!(
        crate::git::diff(&fixture.git, &made.path, &made.base_commit)
            .unwrap()
            .contains("+x")
    );
    let recovery = fixture.remove(&made).unwrap();
    assert_eq!(recovered(&fixture, &recovery.reference.unwrap(), "x"), "x");
    fixture.assert_nothing_left();
}

#[test]
fn without_a_recovery_nothing_goes() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    write(&made.path.join("x"), "x\n");
    // A file where the directory of the patches should be.
    write(&fixture.recovery_dir(), "in the way");
    assert!(fixture.remove(&made).is_err());
    assert_eq!(read(&made.path.join("x")), "x\n");
    fixture.run(&["rev-parse", "--verify", &made.branch]);
}

#[test]
fn a_locked_branch_is_told_and_can_be_removed_later() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    let lock = fixture.root.join(".git/refs/heads/gluon/1-task.lock");
    write(&lock, "");
    let recovery = fixture.remove(&made).unwrap();
    assert!(
        recovery.notes[0].contains("could not be removed"),
        "{:?}",
        recovery.notes
    );
    assert!(!made.path.exists());
    std::fs::remove_file(lock).unwrap();
    let again = fixture.remove(&made).unwrap();
    assert_eq!(again.notes, Vec::<String>::new());
    fixture.assert_nothing_left();
}

#[test]
fn a_repository_without_a_commit_inside() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    let inner = made.path.join("in side");
    std::fs::create_dir(&inner).unwrap();
    git(&inner, &["init", "-q"]);
    write(&inner.join("x"), "x\n");
    write(&made.path.join("y"), "y\n");
    // A reading goes on without it.
    assert!(
        crate::git::diff(&fixture.git, &made.path, &made.base_commit)
            .unwrap()
            .contains("+y")
    );
    let error = fixture.remove(&made).unwrap_err();
    let named = matches!(&error, GitError::NestedWork(path) if path.starts_with(&inner));
    assert!(named, "{error:?}");
    assert!(inner.join("x").exists());
}

#[test]
fn a_worktree_whose_git_file_was_removed() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    write(&made.path.join("x"), "x\n");
    std::fs::remove_file(made.path.join(".git")).unwrap();
    let reference = fixture.remove(&made).unwrap().reference.unwrap();
    assert_eq!(recovered(&fixture, &reference, "x"), "x");
    fixture.assert_nothing_left();
}

#[test]
fn what_a_rebase_has_put_aside_is_held() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    write(&made.path.join("a.txt"), "mine\n");
    let mine = commit(&made.path, "mine");
    write(&made.path.join("dir/b.txt"), "put aside\n");
    fixture.write("a.txt", "theirs\n");
    let theirs = fixture.commit("theirs");
    git_fails(&made.path, &["rebase", "--autostash", "main"]);
    let reference = fixture.remove(&made).unwrap().reference.unwrap();
    for commit in [&mine, &theirs] {
        fixture.run(&["merge-base", "--is-ancestor", commit, &reference]);
    }
    assert_eq!(
        recovered(&fixture, &format!("{reference}^3"), "dir/b.txt"),
        "put aside"
    );
    fixture.assert_nothing_left();
}
