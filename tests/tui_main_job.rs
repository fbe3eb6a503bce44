//! The main job in a real terminal: from an empty board to a task that is done, once by keyboard alone and
//! once by mouse; and a board that stays open while the daemon under it is killed or exchanged.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::PathBuf;

use support::{Home, Screen, wait_until};

const CTRL_Q: &[u8] = b"\x11";

struct Setup {
    home: Home,
    repo: PathBuf,
}

impl Setup {
    fn new() -> Self {
        let home = Home::new();
        let repo = home.repo("api");
        Self { home, repo }
    }

    fn tui(&self, size: (u16, u16)) -> Screen {
        self.home.open(&self.repo, &["tui"], size)
    }

    fn status(&self, task: u32) -> String {
        let detail = self
            .home
            .json(&self.repo, &["show", &task.to_string(), "--json"]);
        detail["card"]["task"]["status"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Waits until another daemon than `old` has the board as its client, beside who asks.
    fn until_reconnected(&self, old: u32) {
        wait_until("the board to be back", || {
            let status = ["daemon", "status", "--json"];
            let status = self.home.try_gluon(&self.repo, &status).stdout;
            let status: serde_json::Value = serde_json::from_slice(&status).ok()?;
            let another = status["pid"].as_u64()? != u64::from(old);
            (another && status["clients"].as_u64()? >= 2).then_some(())
        });
    }

    fn git(&self, arguments: &[&str]) -> String {
        self.home.git(&self.repo, arguments)
    }
}

/// The line of the form that says `name`.
fn form_line(screen: &str, name: &str) -> String {
    let line = screen.lines().find(|line| line.contains(name));
    line.unwrap_or_default().to_owned()
}

/// In the form: goes on to the field `Agent` and chooses the demo agent.
fn choose_demo(screen: &mut Screen) {
    screen.keys("\t\t\t");
    for _ in 0..20 {
        let before = form_line(&screen.text(), "Agent  ");
        if before.contains("Demo agent") {
            return;
        }
        screen.bytes(b"\x1b[C");
        screen.wait("another agent", |text| form_line(text, "Agent  ") != before);
    }
    panic!("no demo agent:\n{}", screen.text());
}

#[test]
fn from_an_empty_board_to_done_by_keyboard() {
    let setup = Setup::new();
    let mut screen = setup.tui((120, 40));
    screen.wait_for("Nothing to do yet");
    screen.keys("n");
    screen.wait_for("What is to be done?");
    screen.keys("Look about and leave a note\r@@approve @@ask");
    choose_demo(&mut screen);
    // Mode, base, priority, labels, after, then the buttons: queue it, start it.
    screen.keys("\t\t\t\t\t\t\t\r");
    screen.wait_for("Running 1");

    screen.wait_for("asks: Run");
    screen.keys("\r");
    screen.wait_for(" AGENT ");
    screen.keys("y");
    screen.wait_for("asks: What shall the note say?");
    screen.keys("It works\r");
    screen.wait_for("Noted and committed");
    screen.keys("/exit\r");
    screen.wait_for("Review 1");
    screen.bytes(CTRL_Q);
    screen.wait_for(" BOARD ");

    screen.keys("d");
    screen.wait_for("Changes of #1");
    screen.wait_for("+ - It works");
    screen.keys("q");
    screen.wait_gone("Changes of #1");
    screen.keys("a");
    screen.wait_for("Accept #1");
    screen.wait_for("1 commit, 1 file");
    screen.keys("\r");
    screen.wait_for("accepted: Look about");
    screen.wait_for("Done 1");
    screen.keys("q");
    assert!(screen.wait_end(), "{}", screen.text());
    screen.assert_restored();

    let log = setup.git(&["log", "--format=%s", "gluon/1-look-about-and-leave-a-note"]);
    assert_eq!(log, "Note: It works\nstart\n");
    let merged = setup.git(&["log", "--no-merges", "--topo-order", "--format=%s"]);
    assert_eq!(merged, log, "main has it");
    assert!(setup.git(&["show", "HEAD:NOTES.md"]).contains("It works"));
    assert_eq!(
        setup.git(&["status", "--porcelain"]),
        "",
        "the user's own checkout is untouched"
    );
    assert_eq!(setup.status(1), "done");
}

/// Where a column's cards are: under its title.
fn column(screen: &Screen, title: &str) -> (u16, u16) {
    let at = screen.find(title);
    let (col, row) = at.unwrap_or_else(|| panic!("no {title}:\n{}", screen.text()));
    (col + 4, row + 8)
}

/// Drags a card from the column it stands in by now to another.
fn drag(screen: &mut Screen, card: &str, from: &str, to: &str) {
    let mut place = (0, 0);
    let left = |line: &str, text: &str| Some(line[..line.find(text)?].chars().count());
    screen.wait(&format!("the card in {from}"), |text| {
        let column = text.lines().find_map(|line| left(line, from));
        let mut rows = text.lines().zip(0u16..);
        let at = rows.find_map(|(line, row)| Some((left(line, card)?, row)));
        let (Some(column), Some((col, row))) = (column, at) else {
            return false;
        };
        place = (col as u16, row);
        (column..column + 25).contains(&col)
    });
    let to = column(screen, to);
    screen.drag(place, to);
}

#[test]
fn from_queue_to_done_by_mouse() {
    let setup = Setup::new();
    let mut screen = setup.tui((120, 40));
    screen.wait_for("Nothing to do yet");
    // What is said at the first start stands where the keys do; a click takes it away.
    screen.wait_for("budgets are on");
    screen.click("budgets are on");
    screen.click("n new");
    screen.wait_for("What is to be done?");
    screen.keys("Count the files @@ask");
    choose_demo(&mut screen);
    screen.click("[ Hold ]");
    screen.wait_for("Queue 1");

    drag(&mut screen, "Count the files", "Queue 1", "Running 0");
    screen.wait_for("Running 1");
    screen.wait_for("asks: What shall");

    // Out of Running: stopped, and to be resumed.
    drag(&mut screen, "Count the files", "Running 1", "Queue 0");
    screen.wait_for("Queue 1");
    wait_until("the agent to stop", || {
        (setup.status(1) == "queued").then_some(())
    });
    drag(&mut screen, "Count the files", "Queue 1", "Running 0");
    screen.wait_for("Running 1");
    screen.wait_for("Resumed: ");

    // A click into the pane gives it the keys.
    screen.click("Tell the agent");
    screen.wait_for(" AGENT ");
    screen.keys("@@ask\r");
    screen.wait_for("asks: What shall");
    screen.keys("42\r");
    screen.wait_for("Noted and committed");
    screen.keys("/exit\r");
    screen.wait_for("Review 1");
    drag(&mut screen, "Count the files", "Review 1", "Done 0");
    screen.wait_for("Accept #1");
    screen.click("l Leave the branch");
    // What would happen is looked up before it can be done.
    screen.wait("what would happen", |text| {
        text.contains("› l Leave the branch") && text.contains("1 commit, 1 file")
    });
    screen.click("l Leave the branch");
    screen.wait_for("Done 1");
    screen.wait_for("accepted: Count the files");
    // A click puts the message away, and the hints are back.
    screen.click("accepted: Count the files");
    screen.wait_for("q quit");
    screen.click("q quit");
    assert!(screen.wait_end(), "{}", screen.text());
    screen.assert_restored();
    let log = setup.git(&["log", "--format=%s", "gluon/1-count-the-files-ask"]);
    assert_eq!(log, "Note: 42\nstart\n");
}

/// Prints what it is told, line by line, with a number of its own.
const COUNTER: &str = "n=0; while read line; do n=$((n+1)); echo \"answer $n: $line\"; done";

#[test]
fn an_open_board_outlives_its_daemon() {
    let setup = Setup::new();
    let made = ["new", "count", "--start", "--", "sh", "-c", COUNTER];
    setup.home.gluon(&setup.repo, &made);
    let mut screen = setup.tui((100, 30));
    screen.wait_for("Running 1");
    screen.keys("\r");
    screen.wait_for(" AGENT ");
    screen.keys("one\r");
    screen.wait_for("answer 1: one");

    let daemon = setup.home.servers().0;
    support::kill(daemon);
    setup.until_reconnected(daemon);
    // The screen is as it was, and the agent never knew.
    screen.wait_for("answer 1: one");
    screen.keys("two\r");
    screen.wait_for("answer 2: two");

    let daemon = setup.home.servers().0;
    setup.home.gluon(&setup.repo, &["daemon", "restart"]);
    setup.until_reconnected(daemon);
    screen.keys("three\r");
    screen.wait_for("answer 3: three");
    let text = screen.text();
    for answer in ["answer 1: one", "answer 2: two", "answer 3: three"] {
        assert_eq!(text.matches(answer).count(), 1, "{text}");
    }
    screen.bytes(CTRL_Q);
    screen.wait_for(" BOARD ");
    screen.keys("q");
    assert!(screen.wait_end());
}

/// Everything that `gluon capture` prints stands in the pane, line by line.
fn assert_shows(screen: &Screen, setup: &Setup) {
    let captured = setup.home.gluon(&setup.repo, &["capture", "1"]);
    let shown = screen.text();
    for line in captured.lines().filter(|line| !line.trim().is_empty()) {
        assert!(
            shown.contains(line.trim_end()),
            "{line:?} is not in\n{shown}"
        );
    }
}

/// Fills the screen with its own size, again whenever that changes.
const RULER: &str = r#"
draw() { set -- $(stty size); printf '\033[2J\033[H'; row=1
  while [ $row -le $1 ]; do printf '\033[%d;1Hrow %d of %d, %d wide' $row $row $1 $2; row=$((row+1)); done; }
trap draw WINCH; draw; while :; do sleep 0.05; done"#;

#[test]
fn a_pane_follows_the_terminal_through_all_sizes() {
    let setup = Setup::new();
    let made = ["new", "ruler", "--start", "--", "sh", "-c", RULER];
    setup.home.gluon(&setup.repo, &made);
    let mut screen = setup.tui((120, 40));
    screen.wait_for("Running 1");
    for (cols, rows, pane) in [(80, 24, 80), (200, 50, 109), (40, 12, 40), (100, 30, 100)] {
        screen.resize(cols, rows);
        // Where it is narrow and low there is no pane below the one column; where it is wide, it is beside.
        match rows {
            ..18 => screen.wait_for(" Queue 0  Running 1"),
            _ => screen.wait_for(&format!("{pane} wide")),
        }
        // The whole terminal for the agent, whatever the board looks like at this size.
        screen.keys("z");
        let height = rows - 2;
        screen.wait_for(&format!("row {height} of {height}, {cols} wide"));
        assert_shows(&screen, &setup);
        screen.keys("z");
        screen.wait_for("Running 1");
    }
    screen.keys("q");
    assert!(screen.wait_end());
}
