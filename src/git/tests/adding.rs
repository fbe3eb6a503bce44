//! Making worktrees: every odd repository either works or is refused without a trace.

use super::*;
use crate::git::{GitError, HeadState, branches, discover};

#[test]
fn a_worktree_is_made_on_its_own_branch() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    assert_eq!(made.branch, "gluon/1-task");
    assert_eq!(made.base_name, "main");
    assert_eq!(made.base_commit, fixture.run(&["rev-parse", "main"]));
    assert_eq!(made.notes, Vec::<String>::new());
    assert_eq!(read(&made.path.join("dir/b.txt")), "b\n");
    assert_eq!(git(&made.path, &["branch", "--show-current"]), made.branch);
    assert_eq!(git(&made.path, &["status", "--porcelain"]), "");
    // The main work tree is untouched.
    assert_eq!(fixture.run(&["branch", "--show-current"]), "main");
    assert_eq!(branches(&fixture.root).unwrap()[0], "main");
}

#[test]
fn a_taken_branch_or_directory_gets_the_next_number() {
    let fixture = Fixture::new();
    fixture.run(&["branch", "gluon/1-task"]);
    write(&fixture.path().join("trees/1-task-2/file"), "");
    let made = fixture.worktree();
    assert_eq!(made.branch, "gluon/1-task-3");
    assert_eq!(made.path, fixture.path().join("trees/1-task-3"));
    assert_eq!(made.notes.len(), 1);
    assert!(fixture.path().join("trees/1-task-2/file").exists());
}

#[test]
fn a_directory_git_still_knows_is_taken() {
    let fixture = Fixture::new();
    let first = fixture.worktree();
    std::fs::remove_dir_all(&first.path).unwrap();
    fixture.run(&["checkout", "-q", "--detach"]);
    let second = fixture.worktree();
    assert_eq!(second.branch, "gluon/1-task-2");
    assert_eq!(second.path, fixture.path().join("trees/1-task-2"));
}

#[test]
fn branches_above_and_below_the_name() {
    let fixture = Fixture::new();
    fixture.run(&["branch", "gluon/1-task/sub"]);
    assert_eq!(fixture.worktree().branch, "gluon/1-task-2");

    let fixture = Fixture::new();
    fixture.run(&["branch", "gluon"]);
    let error = add_worktree(&fixture.git, &fixture.spec()).unwrap_err();
    assert!(matches!(error, GitError::NameInTheWay { .. }), "{error}");
    assert!(error.hint().unwrap().contains("git branch -m 'gluon'"));
    assert!(!fixture.path().join("trees").exists());
}

#[test]
fn a_base_may_be_a_branch_a_tag_or_a_commit() {
    let fixture = Fixture::new();
    let first = fixture.run(&["rev-parse", "HEAD"]);
    fixture.run(&["tag", "-a", "-m", "v1", "v1"]);
    fixture.write("a.txt", "changed\n");
    fixture.commit("second");
    fixture.run(&["branch", "other", "HEAD~1"]);
    for (base, name) in [("other", "other"), ("v1", "v1"), (&first, &first[..10])] {
        let spec = WorktreeSpec {
            base: Some(base.to_owned()),
            ..fixture.spec()
        };
        let made = add_worktree(&fixture.git, &spec).unwrap();
        assert_eq!(
            (made.base_commit, made.base_name.as_str()),
            (first.clone(), name)
        );
        assert_eq!(read(&made.path.join("a.txt")), "one\ntwo\nthree\n");
    }
}

#[test]
fn a_base_that_is_none_is_refused() {
    let fixture = Fixture::new();
    let blob = fixture.run(&["rev-parse", "HEAD:a.txt"]);
    for base in [
        "nope",
        "",
        "-f",
        "--all",
        "main:a.txt",
        &blob,
        "a\0b",
        "@{u}",
        "refs/heads/x",
    ] {
        let spec = WorktreeSpec {
            base: Some(base.to_owned()),
            ..fixture.spec()
        };
        let error = add_worktree(&fixture.git, &spec).unwrap_err();
        assert!(matches!(error, GitError::NoSuchBase(_)), "{base}: {error}");
        fixture.assert_nothing_made();
    }
}

#[test]
fn a_branch_name_that_is_none_is_refused() {
    let fixture = Fixture::new();
    for branch in [
        "-f", "a..b", "a b", "x.lock", "", "HEAD", "a/", "/a", "a\nb",
    ] {
        let spec = WorktreeSpec {
            branch: branch.to_owned(),
            ..fixture.spec()
        };
        let error = add_worktree(&fixture.git, &spec).unwrap_err();
        assert!(matches!(error, GitError::BadName(_)), "{branch}: {error}");
        fixture.assert_nothing_made();
    }
}

#[test]
fn a_detached_head_is_a_base() {
    let fixture = Fixture::new();
    let first = fixture.run(&["rev-parse", "HEAD"]);
    fixture.write("a.txt", "changed\n");
    fixture.commit("second");
    fixture.run(&["checkout", "-q", "--detach", "HEAD~1"]);
    let info = discover(&fixture.root).unwrap();
    assert_eq!(info.head, HeadState::Detached(first.clone()));
    let made = fixture.worktree();
    assert_eq!(made.base_name, first[..10]);
    assert_eq!(made.base_commit, first);
}

#[test]
fn a_bare_repository_has_worktrees() {
    let fixture = Fixture::bare();
    let info = discover(&fixture.root).unwrap();
    assert!(info.bare);
    assert_eq!(
        (info.root.as_path(), info.name.as_str()),
        (fixture.root.as_path(), "repo")
    );
    let made = fixture.worktree();
    assert_eq!(read(&made.path.join("a.txt")), "one\ntwo\nthree\n");
    assert_eq!(discover(&made.path).unwrap().root, fixture.root);
    fixture.remove(&made).unwrap();
    fixture.assert_nothing_left();
}

#[test]
fn an_empty_repository_gives_an_empty_worktree() {
    let fixture = Fixture::unborn();
    assert_eq!(
        discover(&fixture.root).unwrap().head,
        HeadState::Unborn("main".into())
    );
    let made = fixture.worktree();
    assert_eq!(made.base_name, "main");
    write(&made.path.join("new.txt"), "1\n2\n");
    let summary = crate::git::summary(&made.path, &made.base_commit, Some("main")).unwrap();
    assert_eq!(
        (summary.untracked, summary.insertions, summary.head),
        (1, 2, None)
    );
    commit(&made.path, "root");
    let summary = crate::git::summary(&made.path, &made.base_commit, Some("main")).unwrap();
    assert_eq!(
        (summary.ahead, summary.files, summary.insertions),
        (1, 1, 2)
    );
    let text = crate::git::diff(&fixture.git, &made.path, &made.base_commit).unwrap();
    assert!(text.contains("+++ b/new.txt"), "{text}");
    // Accepting it is an ordinary merge.
    fixture.run(&["merge", "-q", &made.branch]);
    assert_eq!(read(&fixture.root.join("new.txt")), "1\n2\n");
}

#[test]
fn files_without_a_commit_are_refused() {
    let fixture = Fixture::unborn();
    fixture.write("code.rs", "fn main() {}");
    let error = add_worktree(&fixture.git, &fixture.spec()).unwrap_err();
    assert!(
        matches!(error, GitError::NoCommit { files: 1, .. }),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("git commit"));
    fixture.assert_nothing_made();
}

#[test]
fn paths_with_spaces_and_other_letters() {
    let fixture = Fixture::named("Mein Projekt – größer/日本 'x' \"y\"");
    let spec = WorktreeSpec {
        path: fixture.path().join("Bäume und\nZeilen").join("1 – é"),
        ..fixture.spec()
    };
    let made = add_worktree(&fixture.git, &spec).unwrap();
    write(&made.path.join("größe 日本.txt"), "x\n");
    let summary = crate::git::summary(&made.path, &made.base_commit, Some("main")).unwrap();
    assert_eq!((summary.untracked, summary.insertions), (1, 1));
    let text = crate::git::diff(&fixture.git, &made.path, &made.base_commit).unwrap();
    assert!(text.contains("größe 日本.txt"), "{text}");
    fixture.remove(&made).unwrap();
    assert!(!made.path.exists());
}

#[test]
fn a_worktree_of_a_worktree_belongs_to_the_main_repository() {
    let fixture = Fixture::new();
    let first = fixture.worktree();
    let info = discover(&first.path.join("dir")).unwrap();
    assert_eq!(info.root, fixture.root);
    assert_eq!(info.head, HeadState::Branch("main".into()));
    assert_eq!(info.here, HeadState::Branch(first.branch.clone()));
    let spec = WorktreeSpec {
        root: first.path.clone(),
        branch: "gluon/2-next".into(),
        path: fixture.path().join("trees/2-next"),
        base: Some(first.branch.clone()),
    };
    let second = add_worktree(&fixture.git, &spec).unwrap();
    assert_eq!(discover(&second.path).unwrap().root, fixture.root);
    fixture.remove(&second).unwrap();
    assert!(first.path.exists());
}

#[test]
fn a_repository_inside_a_worktree_of_another() {
    let outer = Fixture::new();
    let tree = outer.worktree();
    let inner = tree.path.join("vendor/inner");
    std::fs::create_dir_all(&inner).unwrap();
    git(&inner, &["init", "-q", "-b", "trunk"]);
    write(&inner.join("x"), "x\n");
    commit(&inner, "x");
    let info = discover(&inner).unwrap();
    assert_eq!(
        (info.root.as_path(), info.name.as_str()),
        (inner.as_path(), "inner")
    );
    let spec = WorktreeSpec {
        root: inner,
        branch: "gluon/9-inner".into(),
        path: outer.path().join("trees/9-inner"),
        base: None,
    };
    let made = add_worktree(&outer.git, &spec).unwrap();
    assert_eq!(read(&made.path.join("x")), "x\n");
    // Work that the outer repository cannot hold is not removed with it.
    let error = outer.remove(&tree).unwrap_err();
    assert!(matches!(error, GitError::NestedWork(_)), "{error}");
    assert!(tree.path.exists());
}

#[test]
fn submodules_come_from_disk() {
    let library = Fixture::named("library");
    let fixture = Fixture::new();
    let url = library.root.to_string_lossy().into_owned();
    fixture.run(&["submodule", "--quiet", "add", &url, "lib dir/lib"]);
    fixture.commit("submodule");
    // Where they came from is gone: only the local clone is left.
    drop(library);
    let made = fixture.worktree();
    assert_eq!(made.notes, ["1 submodule was initialised"]);
    let inner = made.path.join("lib dir/lib");
    assert_eq!(read(&inner.join("a.txt")), "one\ntwo\nthree\n");
    assert_eq!(git(&inner, &["config", "remote.origin.url"]), url);
    assert_eq!(git(&made.path, &["status", "--porcelain"]), "");
    assert_eq!(fixture.run(&["config", "submodule.lib dir/lib.url"]), url);

    write(&inner.join("a.txt"), "changed\n");
    let summary = crate::git::summary(&made.path, &made.base_commit, None).unwrap();
    assert_eq!(summary.dirty, 1);
    let error = fixture.remove(&made).unwrap_err();
    assert!(matches!(error, GitError::NestedWork(_)), "{error}");
    assert!(inner.join("a.txt").exists());
    git(&inner, &["checkout", "-q", "--", "a.txt"]);
    fixture.remove(&made).unwrap();
    fixture.assert_nothing_left();
}

#[test]
fn a_submodule_at_a_commit_no_branch_has() {
    let library = Fixture::named("library");
    let fixture = Fixture::new();
    let url = library.root.to_string_lossy().into_owned();
    fixture.run(&["submodule", "--quiet", "add", &url, "lib"]);
    // Newer than the clone's own branch, as after a fetch.
    library.write("a.txt", "newer\n");
    library.commit("newer");
    let inner = fixture.root.join("lib");
    git(&inner, &["fetch", "-q"]);
    git(&inner, &["checkout", "-q", "origin/main"]);
    fixture.commit("submodule");
    let made = fixture.worktree();
    assert_eq!(read(&made.path.join("lib/a.txt")), "newer\n");
    let inner = made.path.join("lib");
    write(&inner.join("a.txt"), "own\n");
    commit(&inner, "own");
    let error = fixture.remove(&made).unwrap_err();
    assert!(matches!(error, GitError::NestedWork(_)), "{error}");
    git(&inner, &["reset", "-q", "--hard", "HEAD~1"]);
    fixture.remove(&made).unwrap();
    fixture.assert_nothing_left();
}

#[test]
fn a_submodule_that_is_not_there_is_a_note() {
    let library = Fixture::named("library");
    let fixture = Fixture::new();
    let url = library.root.to_string_lossy().into_owned();
    fixture.run(&["submodule", "--quiet", "add", &url, "lib"]);
    fixture.commit("submodule");
    std::fs::remove_dir_all(fixture.root.join(".git/modules")).unwrap();
    std::fs::remove_dir_all(fixture.root.join("lib")).unwrap();
    let made = fixture.worktree();
    assert_eq!(made.notes.len(), 1);
    assert!(
        made.notes[0].contains("git submodule update --init"),
        "{:?}",
        made.notes
    );
    assert!(!made.path.join("lib/a.txt").exists());
}
