//! Finding repositories, summaries, diffs, risks.

use super::*;
use crate::git::{
    GitError, HeadState, Risk, Summary, branches, diff, discover, is_merged, risk, summary,
};

fn sum(worktree: &Worktree) -> Summary {
    summary(&worktree.path, &worktree.base_commit, Some("main")).unwrap()
}

#[test]
fn a_repository_is_found_from_below() {
    let fixture = Fixture::new();
    for path in ["", "dir", "dir/b.txt", ".git/refs"] {
        let info = discover(&fixture.root.join(path)).unwrap();
        assert_eq!(info.root, fixture.root);
        assert_eq!(info.head, HeadState::Branch("main".into()));
        assert_eq!((info.bare, info.name.as_str()), (false, "repo"));
    }
    let link = fixture.path().join("link");
    std::os::unix::fs::symlink(&fixture.root, &link).unwrap();
    assert_eq!(discover(&link).unwrap().root, fixture.root);
}

#[test]
fn what_is_no_repository_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let error = discover(dir.path()).unwrap_err();
    assert!(matches!(error, GitError::NotARepository(_)), "{error}");
    assert!(error.hint().unwrap().contains("git init"));
    let error = discover(&dir.path().join("gone")).unwrap_err();
    assert!(matches!(error, GitError::NoSuchPath(_)), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(std::ffi::OsStr::from_bytes(b"b\xe4um"));
    std::fs::create_dir(&path).unwrap();
    git(&path, &["init", "-q"]);
    let error = discover(&path).unwrap_err();
    assert!(matches!(error, GitError::NotUtf8(_)), "{error}");
}

#[test]
fn a_damaged_repository_is_an_error_not_a_panic() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    std::fs::write(fixture.root.join(".git/config"), "[core\n").unwrap();
    assert!(matches!(
        discover(&fixture.root).unwrap_err(),
        GitError::Unreadable { .. }
    ));
    assert!(summary(&made.path, &made.base_commit, None).is_err());
    assert!(branches(&fixture.root).is_err());
}

#[test]
fn branches_are_ordered_by_use() {
    let fixture = Fixture::new();
    for (name, date) in [
        ("old", "2001-01-01T00:00:00Z"),
        ("new", "2035-01-01T00:00:00Z"),
    ] {
        fixture.run(&["checkout", "-q", "-b", name, "main"]);
        let tree = fixture.run(&["rev-parse", "HEAD^{tree}"]);
        let output = command(&fixture.root, &["commit-tree", &tree, "-m", name])
            .env("GIT_COMMITTER_DATE", date)
            .output()
            .unwrap();
        let id = String::from_utf8(output.stdout).unwrap();
        fixture.run(&["reset", "-q", "--hard", id.trim()]);
    }
    fixture.run(&["checkout", "-q", "old"]);
    assert_eq!(branches(&fixture.root).unwrap(), ["old", "new", "main"]);
}

#[test]
fn a_fresh_worktree_has_nothing_to_say() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    let expected = Summary {
        head: Some(made.base_commit.clone()),
        branch: Some(made.branch.clone()),
        ..Summary::default()
    };
    assert_eq!(sum(&made), expected);
    assert_eq!(
        diff(&fixture.git, &made.path, &made.base_commit).unwrap(),
        ""
    );
    let none = risk(&fixture.git, &fixture.root, Some(&made.path), &made.branch).unwrap();
    assert!(none.is_none());
}

#[test]
fn committed_changed_staged_and_new_files_all_count() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    let file = |name: &str| made.path.join(name);
    write(&file("committed.txt"), "1\n2\n3\n");
    commit(&made.path, "work");
    write(&file("a.txt"), "one\nTWO\nthree\n");
    write(&file("staged.txt"), "s\n");
    git(&made.path, &["add", "staged.txt"]);
    write(&file("new/deep.txt"), "n\nn\n");
    write(&file("new/empty.txt"), "");
    std::fs::remove_file(file("dir/b.txt")).unwrap();
    // The base goes on meanwhile.
    fixture.write("main.txt", "m\n");
    fixture.commit("on main");

    let index = file("").join(git(&made.path, &["rev-parse", "--git-path", "index"]));
    let before = std::fs::read(&index).unwrap();
    let objects = fixture.run(&["count-objects"]);
    let found = sum(&made);
    assert_eq!((found.ahead, found.behind), (1, 1));
    assert_eq!((found.dirty, found.untracked), (3, 2));
    assert_eq!((found.files, found.insertions, found.deletions), (6, 7, 2));
    assert!(!found.conflicted);

    let text = diff(&fixture.git, &made.path, &made.base_commit).unwrap();
    for name in [
        "committed.txt",
        "a.txt",
        "staged.txt",
        "new/deep.txt",
        "new/empty.txt",
        "dir/b.txt",
    ] {
        assert!(
            text.contains(&format!("diff --git a/{name} b/{name}")),
            "{name}: {text}"
        );
    }
    assert!(!text.contains("main.txt"));
    let count = |mark: &str| text.lines().filter(|l| l.starts_with(mark)).count();
    // Each file has a header line of either mark, except the empty one.
    assert_eq!((count("+") - 5, count("-") - 5), (7, 2));
    assert_eq!(
        std::fs::read(&index).unwrap(),
        before,
        "the index was touched"
    );
    assert_eq!(
        fixture.run(&["count-objects"]),
        objects,
        "objects were left"
    );

    let found = risk(&fixture.git, &fixture.root, Some(&made.path), &made.branch).unwrap();
    let expected = Risk {
        dirty: 3,
        untracked: 2,
        unmerged_commits: 1,
    };
    assert_eq!(found, expected);
}

#[test]
fn what_the_base_did_is_not_the_tasks_work() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    write(&made.path.join("mine.txt"), "1\n");
    commit(&made.path, "mine");
    fixture.write("theirs.txt", "1\n2\n3\n");
    fixture.commit("theirs");
    git(&made.path, &["merge", "-q", "-m", "merge", "main"]);
    let found = sum(&made);
    assert_eq!((found.ahead, found.behind), (2, 0));
    assert_eq!((found.files, found.insertions), (1, 1));
    let text =
        crate::git::diff_since(&fixture.git, &made.path, &made.base_commit, Some("main")).unwrap();
    assert!(text.contains("mine.txt") && !text.contains("theirs.txt"));
    // Merged back: still shown, no longer ahead.
    fixture.run(&["merge", "-q", "--ff-only", &made.branch]);
    assert!(is_merged(&fixture.root, &made.branch, "main").unwrap());
    let found = sum(&made);
    assert_eq!((found.ahead, found.behind), (0, 0));
    assert!(found.insertions >= 1);
    assert!(
        risk(&fixture.git, &fixture.root, Some(&made.path), &made.branch)
            .unwrap()
            .is_none()
    );
}

#[test]
fn renames_cost_no_lines() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    git(&made.path, &["mv", "a.txt", "renamed.txt"]);
    commit(&made.path, "rename");
    let found = sum(&made);
    assert_eq!((found.files, found.insertions, found.deletions), (1, 0, 0));
}

#[test]
fn binary_files_links_and_modes_count_as_files() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let made = fixture.worktree();
    std::fs::write(made.path.join("bin"), [0u8, 1, 2, 0, 255]).unwrap();
    std::os::unix::fs::symlink("/nowhere", made.path.join("link")).unwrap();
    let file = made.path.join("a.txt");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let found = sum(&made);
    assert_eq!((found.dirty, found.untracked, found.files), (1, 2, 3));
    assert_eq!((found.insertions, found.deletions), (1, 0));
}

#[cfg(target_os = "linux")]
#[test]
fn file_names_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let fixture = Fixture::new();
    let made = fixture.worktree();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9\n.txt");
    std::fs::write(made.path.join(name), "x\n").unwrap();
    let found = sum(&made);
    assert_eq!((found.untracked, found.insertions), (1, 1));
    assert!(
        diff(&fixture.git, &made.path, &made.base_commit)
            .unwrap()
            .contains("+x")
    );
    let recovery = fixture.remove(&made).unwrap();
    let names = fixture.run(&["ls-tree", "-z", "--name-only", &recovery.reference.unwrap()]);
    assert!(names.contains("caf"));
}

#[test]
fn a_conflict_is_seen() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    write(&made.path.join("a.txt"), "ours\n");
    commit(&made.path, "ours");
    fixture.write("a.txt", "theirs\n");
    fixture.commit("theirs");
    git_fails(&made.path, &["merge", "-q", "main"]);
    let found = sum(&made);
    assert!(found.conflicted);
    assert_eq!(found.dirty, 1);
    assert!(
        diff(&fixture.git, &made.path, &made.base_commit)
            .unwrap()
            .contains("<<<<<<<")
    );
    let recovery = fixture.remove(&made).unwrap();
    let spec = format!("{}:a.txt", recovery.reference.unwrap());
    assert!(fixture.run(&["show", &spec]).contains(">>>>>>>"));
}

#[test]
fn a_base_branch_that_is_gone() {
    let fixture = Fixture::new();
    fixture.run(&["branch", "topic"]);
    let spec = WorktreeSpec {
        base: Some("topic".into()),
        ..fixture.spec()
    };
    let made = add_worktree(&fixture.git, &spec).unwrap();
    fixture.run(&["branch", "-q", "-D", "topic"]);
    write(&made.path.join("x"), "x\n");
    commit(&made.path, "x");
    let found = summary(&made.path, &made.base_commit, Some("topic")).unwrap();
    assert_eq!((found.ahead, found.behind, found.insertions), (1, 0, 1));
    let gone = summary(&made.path, "1234567890123456789012345678901234567890", None);
    assert!(matches!(gone.unwrap_err(), GitError::NoSuchBase(_)));
}

#[test]
fn a_long_diff_is_cut_and_says_so() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    write(
        &made.path.join("big.txt"),
        &"a line of text\n".repeat(700_000),
    );
    let text = diff(&fixture.git, &made.path, &made.base_commit).unwrap();
    assert!(text.len() < (8 << 20) + 200);
    let last = text.lines().last().unwrap();
    assert!(last.contains("cut") && last.contains("git diff"), "{last}");
    // Too large to count its lines, never too large to count.
    assert_eq!(sum(&made).files, 1);
}

#[test]
fn files_too_large_to_show_are_named() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    let file = std::fs::File::create(made.path.join("huge [1].bin")).unwrap();
    file.set_len(40 << 20).unwrap();
    write(&made.path.join("small.txt"), "s\n");
    let text = diff(&fixture.git, &made.path, &made.base_commit).unwrap();
    assert!(text.contains("+s\n"), "{text}");
    assert!(
        text.ends_with("[left out, too large: huge [1].bin]\n"),
        "{text}"
    );
    assert_eq!(sum(&made).files, 2);
}

#[test]
fn a_repository_of_another_user_is_refused_with_the_way_out() {
    let fixture = Fixture::new();
    let given = |path: &Path| std::os::unix::fs::chown(path, Some(65_534), None);
    // Only root can give a directory away.
    if given(&fixture.root.join(".git")).is_err() || given(&fixture.root).is_err() {
        return;
    }
    let error = discover(&fixture.root).unwrap_err();
    assert!(matches!(error, GitError::NotOwned(_)), "{error}");
    assert!(error.hint().unwrap().contains("safe.directory"));
}
