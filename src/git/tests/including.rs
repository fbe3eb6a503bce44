//! `.worktreeinclude`.

use super::*;
use crate::git::copy_included;

/// The files that come along, sorted.
fn copied(fixture: &Fixture, worktree: &Path) -> Vec<String> {
    let mut paths: Vec<String> = copy_included(&fixture.root, worktree)
        .unwrap()
        .iter()
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    paths.sort();
    paths
}

#[test]
fn ignored_files_that_match_are_copied() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    fixture.write(".gitignore", ".env*\n/local/\nbuild/\n");
    fixture.write(
        ".worktreeinclude",
        "# local settings\n.env*\n!.env.prod\n/local/\n*.txt\n",
    );
    fixture.commit("ignore");
    fixture.write(".env", "A=1\n");
    fixture.write(".env.prod", "secret\n");
    fixture.write("sub dir/größe/.env.local", "B=1\n");
    fixture.write("local/deep/key", "k\n");
    fixture.write("build/out", "o\n");
    fixture.write("untracked.txt", "not ignored\n");
    std::os::unix::fs::symlink("/etc/hostname", fixture.root.join("local/link")).unwrap();
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(fixture.root.join(".env"), mode).unwrap();
    let made = fixture.worktree();
    let expected = [
        ".env",
        "local/deep/key",
        "local/link",
        "sub dir/größe/.env.local",
    ];
    assert_eq!(copied(&fixture, &made.path), expected);
    assert_eq!(read(&made.path.join(".env")), "A=1\n");
    let copy = made.path.join(".env").metadata().unwrap();
    assert_eq!(copy.permissions().mode() & 0o777, 0o600);
    let link = made.path.join("local/link");
    assert_eq!(
        std::fs::read_link(link).unwrap(),
        Path::new("/etc/hostname")
    );
    assert!(!made.path.join("build").exists() && !made.path.join("untracked.txt").exists());
    assert_eq!(git(&made.path, &["status", "--porcelain"]), "");
    // What is there is never overwritten.
    write(&made.path.join(".env"), "mine\n");
    assert_eq!(copied(&fixture, &made.path), Vec::<String>::new());
    assert_eq!(read(&made.path.join(".env")), "mine\n");
}

#[test]
fn without_a_list_nothing_is_copied() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", ".env\n");
    fixture.write(".env", "A=1\n");
    fixture.commit("ignore");
    let made = fixture.worktree();
    assert_eq!(copied(&fixture, &made.path), Vec::<String>::new());
    let bare = Fixture::bare();
    let made = bare.worktree();
    assert_eq!(copied(&bare, &made.path), Vec::<String>::new());
}

#[test]
fn a_copy_never_leaves_the_worktree() {
    let fixture = Fixture::new();
    let outside = fixture.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    // The commit has a link where the work tree has a directory.
    std::os::unix::fs::symlink(&outside, fixture.root.join("cfg")).unwrap();
    fixture.write(".gitignore", "key\n");
    fixture.write(".worktreeinclude", "key\n");
    fixture.commit("link");
    let made = fixture.worktree();
    std::fs::remove_file(fixture.root.join("cfg")).unwrap();
    fixture.write("cfg/key", "k\n");
    assert_eq!(copied(&fixture, &made.path), Vec::<String>::new());
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn pipes_are_left_alone() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "pipe\nkey\n");
    fixture.write(".worktreeinclude", "pipe\nkey\n");
    fixture.commit("ignore");
    fixture.write("key", "k\n");
    let made = Command::new("mkfifo")
        .arg(fixture.root.join("pipe"))
        .status();
    assert!(made.unwrap().success());
    let tree = fixture.worktree();
    assert_eq!(copied(&fixture, &tree.path), ["key"]);
}
