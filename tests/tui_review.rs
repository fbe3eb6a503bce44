//! A review in a real terminal, from the changes to after done: comments, the check, accepting, the report,
//! tidying up, the archive; two tries compared. Once by keyboard and once by mouse.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::PathBuf;

use support::{Home, Screen};

const CTRL_Q: &[u8] = b"\x11";
const CTRL_S: &[u8] = b"\x13";

struct Setup {
    home: Home,
    repo: PathBuf,
}

impl Setup {
    /// A gluon whose check says what it found, of a repository.
    fn new() -> Self {
        let home = Home::new();
        let config = home.path().join("config");
        std::fs::create_dir_all(&config).unwrap();
        let check = "[review]\ncheck = \"echo looking; grep -c . NOTES.md\"\n";
        std::fs::write(config.join("config.toml"), check).unwrap();
        let repo = home.repo("api");
        Self { home, repo }
    }

    fn gluon(&self, arguments: &[&str]) -> String {
        self.home.gluon(&self.repo, arguments)
    }

    /// The demo agent at work, and the board.
    fn at_work(&self) -> Screen {
        let new = ["new", "Leave a note\n@@ask", "--agent", "demo", "--start"];
        self.gluon(&new);
        let mut screen = self.home.open(&self.repo, &["tui"], (120, 40));
        screen.wait_for("asks: What shall the note say?");
        screen
    }

    fn end(mut screen: Screen) {
        screen.keys("q");
        assert!(screen.wait_end(), "{}", screen.text());
        screen.assert_restored();
    }
}

#[test]
fn a_review_and_what_comes_after_by_keyboard() {
    let setup = Setup::new();
    let mut screen = setup.at_work();
    screen.keys("\r");
    screen.wait_for(" AGENT ");
    screen.keys("It works\r");
    screen.wait_for("Noted and committed");
    screen.bytes(CTRL_Q);
    screen.wait_for(" BOARD ");

    // The changes of an agent that is still there: checked, commented on, told.
    screen.keys("d");
    screen.wait_for("Changes of #1");
    screen.wait_for("+ - It works");
    screen.keys("t");
    screen.wait_for("looking");
    screen.wait_for("passed (");
    screen.keys("/");
    screen.wait_for("Search the changes");
    screen.keys("It works\r");
    screen.wait_gone("Search the changes");
    screen.keys("c");
    screen.wait_for("Comment on NOTES.md");
    screen.keys("Say where.");
    screen.bytes(CTRL_S);
    screen.wait_for("not sent yet");
    screen.keys("S");
    screen.wait_for("Send 1 comment to the agent");
    screen.bytes(CTRL_S);
    screen.wait_for("the agent has your comments");
    screen.wait_gone("not sent yet");
    screen.keys("q");
    screen.wait_gone("Changes of #1");
    // It came into the same conversation, and is worked on.
    screen.wait_for("I have reviewed your changes");
    screen.wait_for("asks: Run");
    screen.keys("y");
    screen.wait_for("idle: your turn");
    screen.keys("\r");
    screen.wait_for(" AGENT ");
    screen.keys("/exit\r");
    screen.wait_for("Review 1");
    screen.bytes(CTRL_Q);
    screen.wait_for(" BOARD ");

    screen.keys("a");
    screen.wait_for("Accept #1");
    screen.keys("s");
    screen.wait_for("› s Squash");
    screen.wait("what would happen", |text| text.contains("2 commits"));
    screen.keys("\r");
    screen.wait_for("accepted: Leave a note");
    screen.wait_for("Done 1");

    screen.keys("D");
    screen.wait_for("1 change ");
    screen.wait_for("squashed into main");
    screen.bytes(b"\x1b");
    screen.wait_gone("Report:");
    screen.keys("Y");
    screen.wait_for("[x] #1");
    screen.keys("\r");
    screen.wait_for("Remove the worktree of #1");
    screen.keys("y");
    screen.wait_for("1 worktree was removed");
    screen.wait_for("There is nothing to clean away");
    screen.bytes(b"\x1b");
    screen.wait_gone("Tidy up:");
    screen.keys("Z");
    screen.wait_for("1 archived");
    screen.wait_for("No card here, and 1 in the archive");
    screen.keys("V");
    screen.wait_for("archived: squashed");
    Setup::end(screen);
    let listed = setup.gluon(&["ls"]);
    assert!(listed.contains("1 archived"), "{listed}");
    let archived = setup.gluon(&["ls", "--archived"]);
    assert!(archived.contains("Leave a note"), "{archived}");
    // Nothing that was done is lost by any of it.
    let note = setup.home.git(&setup.repo, &["show", "main:NOTES.md"]);
    assert!(note.contains("It works"), "{note}");
    let undone = setup.gluon(&["undo", "--yes"]);
    assert!(undone.contains("tidied up after #1"), "{undone}");
}

#[test]
fn a_review_by_mouse() {
    let setup = Setup::new();
    let mut screen = setup.at_work();
    screen.click("What shall the note say?");
    screen.wait_for(" AGENT ");
    screen.keys("It works\r");
    screen.wait_for("Noted and committed");
    screen.keys("/exit\r");
    screen.wait_for("Review 1");
    screen.bytes(CTRL_Q);
    screen.wait_for("d diff");
    screen.click("d diff");
    screen.wait_for("Changes of #1");
    screen.wait_for("+ - It works");
    screen.click("t check");
    screen.wait_for("passed (");
    // A click puts the message away, and the hints are back.
    screen.wait_for("the check passed");
    screen.click("the check passed");
    screen.wait_for("a accept");
    // A click on a line selects it, one more begins a comment.
    screen.click("- It works");
    screen.click("- It works");
    screen.wait_for("Comment on NOTES.md");
    screen.keys("Say where.");
    screen.bytes(CTRL_S);
    screen.wait_for("1 unsent");
    screen.click("1 unsent");
    screen.wait_for("Send 1 comment to the agent");
    screen.bytes(b"\x1b");
    screen.wait_gone("Send 1 comment");
    screen.click(" Committed ");
    screen.wait_for("+ - It works");
    screen.click("a accept");
    screen.wait_for("Accept #1");
    screen.click("l Leave the branch");
    screen.wait("what would happen", |text| {
        text.contains("› l Leave the branch") && text.contains("1 commit")
    });
    screen.click("l Leave the branch");
    screen.wait_for("accepted: Leave a note");
    screen.click("accepted: Leave a note");
    screen.wait_for("S send");
    screen.keys("q");
    screen.wait_for("Done 1");
    Setup::end(screen);
}

/// Writes a file of its own way.
fn attempt(word: &str) -> String {
    format!("echo {word} > same.txt")
}

#[test]
fn two_tries_are_compared_and_one_is_accepted() {
    let setup = Setup::new();
    let script = attempt("first");
    let new = ["new", "try", "--start", "--", "sh", "-c", script.as_str()];
    setup.gluon(&new);
    let mut screen = setup.home.open(&setup.repo, &["tui"], (120, 40));
    screen.wait_for("Review 1");
    screen.keys("3");
    screen.keys("F");
    screen.wait_for("Try #1 once more");
    // The last of the choices: the same once more.
    screen.keys("G\r");
    screen.wait_for("#2 tries the same as #1");
    screen.wait_for("Review 2");
    let show = setup.home.json(&setup.repo, &["show", "2", "--json"]);
    let worktree = show["card"]["task"]["worktree"].as_str().unwrap();
    std::fs::write(PathBuf::from(worktree).join("same.txt"), "second\n").unwrap();
    screen.keys("f");
    screen.wait_for("The same, tried twice");
    screen.wait("both beside each other", |text| {
        text.lines()
            .any(|line| line.contains("+ first") && line.contains("+ second"))
    });
    screen.keys("a");
    screen.wait_for("Accept #");
    screen.keys("s");
    screen.wait_for("› s Squash");
    screen.wait("what would happen", |text| text.contains("1 file"));
    screen.keys("\r");
    // The other one is offered, with what would go; no is the usual answer.
    screen.wait_for("was accepted. Delete #");
    screen.keys("y");
    screen.wait_for("task deleted");
    screen.wait_for("Done 1");
    screen.wait_for("Review 0");
    Setup::end(screen);
    let same = setup.home.git(&setup.repo, &["show", "main:same.txt"]);
    assert_eq!(same, "second\n", "the fork was selected");
    setup.gluon(&["undo", "--yes"]);
    let back = setup.home.json(&setup.repo, &["show", "1", "--json"]);
    assert_eq!(back["card"]["task"]["status"], "review");
}
