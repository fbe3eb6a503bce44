//! Which of a worktree's changes are shown, and what changed since a review.

use super::*;
use crate::git::{Wanted, Which, changes, forget_reviewed, mark_reviewed};

/// The paths that a diff names, with its added lines.
fn names(made: &Worktree, which: Which<'_>, ignore_space: bool) -> Vec<String> {
    let wanted = Wanted {
        base_commit: &made.base_commit,
        base_name: Some("main"),
        which,
        ignore_space,
        most: 1 << 20,
    };
    let text = changes(&Git::new(), &made.path, &wanted).unwrap();
    let patch = crate::domain::patch::Patch::read(&text);
    let file = |file: &crate::domain::patch::FilePatch| {
        format!("{} +{} -{}", file.path, file.added, file.removed)
    };
    patch.files.iter().map(file).collect()
}

#[test]
fn committed_and_uncommitted_changes_are_shown_together_or_apart() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    std::fs::write(made.path.join("a.txt"), "one\n2\nthree\n").unwrap();
    git(&made.path, &["commit", "-qam", "two is a number"]);
    std::fs::write(made.path.join("dir/b.txt"), "b\nc\n").unwrap();
    std::fs::write(made.path.join("new.txt"), "n\n").unwrap();
    for (which, expected) in [
        (
            Which::All,
            &["a.txt +1 -1", "dir/b.txt +1 -0", "new.txt +1 -0"][..],
        ),
        (Which::Committed, &["a.txt +1 -1"]),
        (Which::Uncommitted, &["dir/b.txt +1 -0", "new.txt +1 -0"]),
    ] {
        assert_eq!(names(&made, which, false), expected, "{which:?}");
    }
}

#[test]
fn blanks_can_be_left_out_of_account() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    std::fs::write(made.path.join("a.txt"), "one\n    two\nthree\n\n").unwrap();
    assert_eq!(names(&made, Which::All, false), ["a.txt +2 -1"]);
    assert!(names(&made, Which::All, true).is_empty());
}

#[test]
fn what_came_back_since_a_review_is_shown_by_itself() {
    let fixture = Fixture::new();
    let made = fixture.worktree();
    std::fs::write(made.path.join("a.txt"), "one\n2\nthree\n").unwrap();
    std::fs::write(made.path.join("new.txt"), "n\n").unwrap();
    let status = || git(&made.path, &["status", "--porcelain"]);
    let before = status();
    let held = mark_reviewed(&fixture.git, &made.path, 7).unwrap();
    assert_eq!(status(), before, "a review changes nothing");
    assert!(names(&made, Which::Since(&held), false).is_empty());

    // The agent commits it all and goes on: only what is new counts.
    git(&made.path, &["add", "-A"]);
    git(&made.path, &["commit", "-qm", "as asked"]);
    std::fs::write(made.path.join("new.txt"), "n\nmore\n").unwrap();
    assert_eq!(names(&made, Which::Since(&held), false), ["new.txt +1 -0"]);

    let again = mark_reviewed(&fixture.git, &made.path, 7).unwrap();
    let kept = git(&fixture.root, &["rev-parse", "refs/gluon/review/7"]);
    assert_eq!(kept.trim(), again);
    forget_reviewed(&fixture.git, &fixture.root, 7).unwrap();
    forget_reviewed(&fixture.git, &fixture.root, 7).unwrap();
    assert!(names(&made, Which::Since(&again), false).is_empty());
}
