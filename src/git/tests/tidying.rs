//! Landed or not, by merge, squash, rebase, pick.

use super::super::{Landed, landed};
use super::{Fixture, commit, git, write};

fn looked(fixture: &Fixture, branch: &str, base: &str) -> Option<Landed> {
    landed(&fixture.git, &fixture.root, branch, base, "main").unwrap()
}

#[test]
fn what_has_landed_is_recognised_however_it_was_done() {
    let fixture = Fixture::new();
    let tree = fixture.worktree();
    write(&tree.path.join("one"), "1\n");
    commit(&tree.path, "one");
    write(&tree.path.join("two"), "2\n");
    commit(&tree.path, "two");
    let (branch, base) = (tree.branch.as_str(), tree.base_commit.as_str());
    assert_eq!(looked(&fixture, branch, base), None);
    let start = fixture.run(&["rev-parse", "main"]);
    let user = [
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@b",
        "-c",
        "commit.gpgSign=false",
    ];
    let run = |args: &[&str]| git(&fixture.root, &[&user, args].concat());

    run(&["merge", "-q", "--no-ff", "--no-edit", branch]);
    assert_eq!(looked(&fixture, branch, base), Some(Landed::Commits));

    fixture.run(&["reset", "-q", "--hard", &start]);
    fixture.write("other", "x\n");
    fixture.commit("other");
    run(&["merge", "-q", "--squash", branch]);
    run(&["commit", "-q", "-m", "squashed"]);
    assert_eq!(looked(&fixture, branch, base), Some(Landed::Files));
    // Changed further since: the files tell no more, the patch does.
    fixture.write("one", "changed since\n");
    fixture.commit("since");
    assert_eq!(looked(&fixture, branch, base), Some(Landed::Patches));

    fixture.run(&["reset", "-q", "--hard", &start]);
    fixture.write("other", "x\n");
    fixture.commit("other");
    run(&["cherry-pick", &format!("{branch}~1"), branch]);
    fixture.write("two", "changed since\n");
    fixture.commit("since");
    assert_eq!(looked(&fixture, branch, base), Some(Landed::Patches));

    // Half of it is not all of it.
    fixture.run(&["reset", "-q", "--hard", &start]);
    run(&["cherry-pick", &format!("{branch}~1")]);
    fixture.write("one", "changed since\n");
    fixture.commit("since");
    assert_eq!(looked(&fixture, branch, base), None);
}
