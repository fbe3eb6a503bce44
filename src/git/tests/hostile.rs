//! Failures half-way, odd settings, and repositories that try to run something.

use super::*;
use crate::git::{GitError, diff, summary};

/// A git that does what git does and then fails as `complaint` in `worktree add`.
fn failing(fixture: &Fixture, complaint: &str) -> Git {
    let path = fixture.path().join("failing-git");
    let body = format!(
        "#!/bin/sh\nif [ \"$1 $2\" = 'worktree add' ]; then\n  git \"$@\"\n  echo 'fatal: {complaint}' >&2\n  exit 128\nfi\nexec git \"$@\"\n"
    );
    script(&path, &body);
    Git::new().with_program(path)
}

#[test]
fn a_failure_half_way_leaves_nothing() {
    let fixture = Fixture::new();
    let git = failing(
        &fixture,
        "unable to write file a.txt: No space left on device",
    );
    let error = add_worktree(&git, &fixture.spec()).unwrap_err();
    assert!(matches!(error, GitError::DiskFull(_)), "{error}");
    fixture.assert_nothing_made();
    // And nothing is in the way of the next attempt.
    assert_eq!(fixture.worktree().branch, "gluon/1-task");

    let fixture = Fixture::unborn();
    let git = failing(&fixture, "something else");
    assert!(add_worktree(&git, &fixture.spec()).is_err());
    fixture.assert_nothing_made();
}

/// By hand, as root: `GLUON_FULL_DISK=/mnt cargo test full_disk -- --ignored` with a tmpfs of 1 MiB there.
#[test]
#[ignore = "needs a small file system"]
fn a_full_disk_leaves_nothing() {
    let small = PathBuf::from(std::env::var_os("GLUON_FULL_DISK").unwrap());
    let fixture = Fixture::new();
    fixture.write("large.txt", &"text\n".repeat(1 << 20));
    fixture.commit("large");
    let spec = WorktreeSpec {
        path: small.join("trees/1"),
        ..fixture.spec()
    };
    let error = add_worktree(&fixture.git, &spec).unwrap_err();
    assert!(matches!(error, GitError::DiskFull(_)), "{error}");
    assert_eq!(std::fs::read_dir(&small).unwrap().count(), 0);
    fixture.assert_nothing_made();
}

#[test]
fn a_file_in_the_way_of_the_directory() {
    let fixture = Fixture::new();
    write(&fixture.path().join("file"), "x");
    let spec = WorktreeSpec {
        path: fixture.path().join("file/trees/1"),
        ..fixture.spec()
    };
    assert!(add_worktree(&fixture.git, &spec).is_err());
    fixture.assert_nothing_made();
    assert_eq!(read(&fixture.path().join("file")), "x");
}

#[test]
fn other_peoples_directories_stay_on_failure() {
    let fixture = Fixture::new();
    write(&fixture.path().join("trees/other/file"), "x");
    let git = failing(&fixture, "no");
    assert!(add_worktree(&git, &fixture.spec()).is_err());
    assert!(!fixture.path().join("trees/1-task").exists());
    assert!(fixture.path().join("trees/other/file").exists());
}

#[test]
fn a_locked_ref_is_one_sentence() {
    let fixture = Fixture::new();
    let lock = fixture.root.join(".git/refs/heads/gluon/1-task.lock");
    write(&lock, "");
    let error = add_worktree(&fixture.git, &fixture.spec()).unwrap_err();
    assert!(matches!(error, GitError::Locked(_)), "{error}");
    fixture.assert_nothing_made();
}

#[test]
fn a_locked_index_of_the_main_work_tree_is_no_matter() {
    let fixture = Fixture::new();
    fixture.write(".git/index.lock", "");
    let made = fixture.worktree();
    assert!(made.path.join("a.txt").exists());
}

#[test]
fn a_failing_hook_is_a_note() {
    let fixture = Fixture::new();
    let hook = fixture.root.join(".git/hooks/post-checkout");
    script(
        &hook,
        "#!/bin/sh\npwd > hook-ran\necho \"no $3\" >&2\nexit 1\n",
    );
    let made = fixture.worktree();
    assert_eq!(made.notes.len(), 1);
    assert!(
        made.notes[0].contains("post-checkout hook failed"),
        "{:?}",
        made.notes
    );
    assert!(made.notes[0].ends_with("no 1"), "{:?}", made.notes);
    assert_eq!(
        read(&made.path.join("hook-ran")).trim(),
        made.path.to_string_lossy()
    );
    assert!(made.path.join("a.txt").exists());
}

#[test]
fn large_files_without_git_lfs_stay_pointers() {
    let fixture = Fixture::new();
    fixture.write(
        ".gitattributes",
        "*.bin filter=lfs diff=lfs merge=lfs -text\n",
    );
    fixture.write("sub/.gitattributes", "*.dat filter=lfs\n");
    fixture.write("x.bin", "version https://git-lfs.github.com/spec/v1\n");
    fixture.write("sub/y.dat", "version https://git-lfs.github.com/spec/v1\n");
    fixture.commit("large");
    for (key, value) in [
        ("filter.lfs.smudge", "no-such-lfs smudge -- %f"),
        ("filter.lfs.clean", "no-such-lfs clean -- %f"),
        ("filter.lfs.process", "no-such-lfs filter-process"),
        ("filter.lfs.required", "true"),
    ] {
        fixture.run(&["config", key, value]);
    }
    // Also where git-lfs happens to be installed.
    let path = fixture.path().join("git-without-lfs");
    script(
        &path,
        "#!/bin/sh\n[ \"$1\" = lfs ] && exit 1\nexec git \"$@\"\n",
    );
    let git = Git::new().with_program(path);
    let made = add_worktree(&git, &fixture.spec()).unwrap();
    let note = "git-lfs is not installed: 2 large files are only pointers";
    assert_eq!(made.notes, [note]);
    assert!(read(&made.path.join("x.bin")).starts_with("version"));
    write(&made.path.join("x.bin"), "changed\n");
    let found = summary(&made.path, &made.base_commit, None).unwrap();
    assert_eq!((found.dirty, found.files), (1, 1));
    assert!(
        diff(&git, &made.path, &made.base_commit)
            .unwrap()
            .contains("x.bin")
    );
    let recovery = crate::git::remove_worktree(
        &git,
        &fixture.root,
        &made.path,
        &made.branch,
        &fixture.recovery_dir(),
        1,
        "s",
    );
    let spec = format!("{}:x.bin", recovery.unwrap().reference.unwrap());
    assert_eq!(fixture.run(&["show", &spec]), "changed");
}

#[test]
fn git_lfs_fetches_after_the_checkout() {
    let fixture = Fixture::new();
    fixture.write(".gitattributes", "*.bin filter=lfs\n");
    fixture.write("x.bin", "pointer\n");
    fixture.commit("large");
    let path = fixture.path().join("git-with-lfs");
    let lfs = "[ \"$1 $2\" = 'lfs pull' ] && { echo content > x.bin; exit 0; }; [ \"$1\" = lfs ] && exit 0";
    script(&path, &format!("#!/bin/sh\n{lfs}\nexec git \"$@\"\n"));
    let made = add_worktree(&Git::new().with_program(&path), &fixture.spec()).unwrap();
    assert_eq!(made.notes, Vec::<String>::new());
    assert_eq!(read(&made.path.join("x.bin")), "content\n");
    // Offline: a note, and the worktree stands.
    let lfs = lfs.replace(
        "echo content > x.bin; exit 0",
        "echo 'fatal: offline' >&2; exit 2",
    );
    script(&path, &format!("#!/bin/sh\n{lfs}\nexec git \"$@\"\n"));
    let made = add_worktree(&Git::new().with_program(&path), &fixture.spec()).unwrap();
    assert!(
        made.notes.iter().any(|note| note.contains("git lfs pull")),
        "{:?}",
        made.notes
    );
}

#[test]
fn readings_run_nothing_the_repository_names() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    let trap = fixture.path().join("trap");
    let ran = fixture.path().join("ran");
    let body = format!("#!/bin/sh\necho \"$0 $@\" >> '{}'\ncat\n", ran.display());
    script(&trap, &body);
    let trap = trap.to_string_lossy().into_owned();
    for key in [
        "core.fsmonitor",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.e=v.i\"l.clean",
        "core.pager",
        "core.editor",
        "gpg.program",
        "core.sshCommand",
    ] {
        fixture.run(&["config", key, &trap]);
    }
    fixture.run(&["config", "filter.evil.required", "true"]);
    for hook in ["post-index-change", "pre-commit", "reference-transaction"] {
        script(&fixture.root.join(".git/hooks").join(hook), &body);
    }
    write(
        &made.path.join(".gitattributes"),
        "* diff=evil filter=evil\n*.q filter=e=v.i\"l\n",
    );
    write(&made.path.join("a.txt"), "changed\n");
    write(&made.path.join("n.q"), "new\n");
    let found = summary(&made.path, &made.base_commit, Some("main")).unwrap();
    assert_eq!((found.dirty, found.untracked), (1, 2));
    assert_eq!((found.insertions, found.deletions), (4, 3));
    let text = diff(&fixture.git, &made.path, &made.base_commit).unwrap();
    assert!(text.contains("+changed"), "{text}");
    crate::git::risk(&fixture.git, &fixture.root, Some(&made.path), &made.branch).unwrap();
    crate::git::branches(&fixture.root).unwrap();
    crate::git::discover(&made.path).unwrap();
    assert!(!ran.exists(), "ran: {}", read(&ran));
}

#[test]
fn odd_settings_change_nothing() {
    let fixture = Fixture::new();
    for (key, value) in [
        ("core.quotePath", "true"),
        ("commit.gpgSign", "true"),
        ("gpg.program", "false"),
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("color.ui", "always"),
        ("diff.renames", "false"),
        ("status.showUntrackedFiles", "no"),
        ("core.splitIndex", "true"),
        ("core.logAllRefUpdates", "false"),
        ("worktree.useRelativePaths", "true"),
        ("checkout.defaultRemote", "x"),
        ("core.safecrlf", "true"),
        ("core.autocrlf", "input"),
    ] {
        fixture.run(&["config", key, value]);
    }
    let made = fixture.worktree();
    write(&made.path.join("ü.txt"), "x\r\ny\r\n");
    let found = summary(&made.path, &made.base_commit, Some("main")).unwrap();
    assert_eq!((found.untracked, found.insertions), (1, 2));
    let text = diff(&fixture.git, &made.path, &made.base_commit).unwrap();
    assert!(text.contains("+++ b/ü.txt\n"), "{text}");
    let recovery = fixture.remove(&made).unwrap();
    let reference = recovery.reference.unwrap();
    assert_eq!(
        fixture.run(&["log", "-1", "--format=%an %G?", &reference]),
        "gluon N"
    );
    assert!(!made.path.exists());
}

#[test]
fn a_sparse_worktree_is_held_too() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    git(
        &made.path,
        &["sparse-checkout", "set", "--no-cone", "/a.txt", "/dir2/"],
    );
    assert!(!made.path.join("dir").exists());
    write(&made.path.join("outside/new.txt"), "x\n");
    assert!(
        diff(&fixture.git, &made.path, &made.base_commit)
            .unwrap()
            .contains("outside/new.txt")
    );
    let reference = fixture.remove(&made).unwrap().reference.unwrap();
    assert_eq!(
        fixture.run(&["show", &format!("{reference}:outside/new.txt")]),
        "x"
    );
    assert_eq!(
        fixture.run(&["show", &format!("{reference}:dir/b.txt")]),
        "b"
    );
}
