//! `gluon loop` and `gluon budget` as a person or a script uses them: what is shown, what is refused and how.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::PathBuf;

use serde_json::{Value, json};
use support::{Home, wait_until};

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

    fn gluon(&self, arguments: &[&str]) -> String {
        self.home.gluon(&self.repo, arguments)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.home.json(&self.repo, arguments)
    }

    /// Something that must fail with this exit code; its words contain these.
    fn refuses(&self, arguments: &[&str], code: i32, words: &[&str]) {
        let output = self.home.try_gluon(&self.repo, arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        for words in words {
            assert!(
                error.contains(words),
                "{arguments:?}: no {words} in {error}"
            );
        }
    }

    /// A loop whose iterations say `at work N` and hold until [`Setup::open`].
    fn begin_loop(&self, flags: &[&str]) {
        let root = self.home.path().to_str().unwrap();
        let script = format!(
            "n=$(( $(cat {root}/count 2>/dev/null || echo 0) + 1 )); echo $n > {root}/count\n\
             touch f$n; git add -A; git commit -qm f$n; echo at work $n\n\
             while ! [ -e {root}/go$n ]; do sleep 0.05; done\n\
             printf '%s\\n' ---RALPH_STATUS--- 'STATUS: IN_PROGRESS' 'EXIT_SIGNAL: false' \"RECOMMENDATION: go on after $n\" ---END_RALPH_STATUS---"
        );
        let mut arguments = vec!["new", "build it", "--loop", "--start", "--rest", "0s"];
        arguments.extend(flags);
        arguments.extend(["--", "sh", "-c", &script]);
        self.gluon(&arguments);
    }

    /// Lets iteration `number` end.
    fn open(&self, number: u32) {
        std::fs::write(self.home.path().join(format!("go{number}")), "").unwrap();
    }

    fn until_at_work(&self, number: u32) {
        let words = format!("at work {number}");
        wait_until(&words, || {
            // It has no terminal before its first iteration.
            let shown = self.home.try_gluon(&self.repo, &["capture", "1"]).stdout;
            String::from_utf8_lossy(&shown)
                .contains(&words)
                .then_some(())
        });
    }

    /// Waits until the loop's status has these words.
    fn until_says(&self, words: &str) -> String {
        wait_until(words, || {
            let status = self.gluon(&["loop", "status", "1"]);
            status.contains(words).then_some(status)
        })
    }
}

#[test]
fn a_loop_is_shown_and_steered() {
    let setup = Setup::new();
    assert!(setup.gluon(&["loop"]).contains("gluon new --loop"));
    assert_eq!(setup.json(&["loop", "--json"]), json!([]));

    setup.begin_loop(&["--max-iterations", "3"]);
    setup.until_at_work(1);
    let status = setup.gluon(&["loop", "status", "1"]);
    for words in [
        "at work for",
        "1 of 3",
        "3 iterations",
        "confidence",
        "breaker",
        "closed",
    ] {
        assert!(status.contains(words), "no {words} in\n{status}");
    }
    let view = setup.json(&["loop", "status", "1", "--json"]);
    assert_eq!((&view["task"], &view["iteration"]), (&json!(1), &json!(1)));
    assert_eq!(view["limits"]["iterations"], 3);
    assert_eq!(view["breaker"]["state"], "closed");
    assert_eq!(setup.json(&["loop", "status", "--json"]), json!([view]));

    let told = setup.json(&["loop", "tell", "1", "the port is 8080", "--json"]);
    assert_eq!(told["messages"], 1);
    let paused = setup.json(&["loop", "pause", "1", "--json"]);
    assert_eq!(paused["afterwards"], "pauses");
    assert!(setup.gluon(&["loop"]).contains("pauses after it"));
    setup.open(1);
    setup.until_says("paused by you");

    let limits = [
        "loop",
        "limit",
        "1",
        "--max-iterations",
        "9",
        "--budget",
        "5",
        "--json",
    ];
    let limited = setup.json(&limits);
    assert_eq!(limited["limits"]["iterations"], 9);
    assert_eq!(limited["limits"]["budget"], 5_000_000);

    let line = setup.gluon(&["loop", "continue", "1", "hurry"]);
    assert!(line.starts_with("#1 iteration "), "{line}");
    setup.until_at_work(2);
    let history = setup.json(&["loop", "history", "1", "--json"]);
    let first = &history["iterations"][0];
    assert_eq!(
        (&first["number"], &first["progress"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(first["recommendation"], "go on after 1");
    let table = setup.gluon(&["loop", "history", "1"]);
    assert!(
        table.contains("RECOMMENDS") && table.contains("go on after 1"),
        "{table}"
    );

    let stopped = setup.json(&["loop", "stop", "1", "--after", "--json"]);
    assert_eq!(stopped["afterwards"], "stops");
    setup.open(2);
    let status = setup.until_says("stopped");
    // What a script without a word of its cost spends, nobody knows.
    assert!(status.contains("the cost of some is not known"), "{status}");
    assert!(setup.gluon(&["ls"]).contains("review"));

    // In review it is not running; "continue" begins again where it was, "stop" ends it at once.
    setup.refuses(
        &["loop", "pause", "1"],
        4,
        &["not running", "gluon loop continue 1"],
    );
    setup.gluon(&["loop", "continue", "1"]);
    setup.until_at_work(3);
    setup.gluon(&["loop", "pause", "1", "--now"]);
    setup.until_says("paused by you");
    setup.gluon(&["loop", "stop", "1"]);
    setup.until_says("stopped");
    let iterations = setup.json(&["loop", "history", "1", "--json"])["iterations"].clone();
    assert_eq!(iterations.as_array().unwrap().len(), 3, "{iterations}");
}

#[test]
fn a_loop_refuses_what_makes_no_sense() {
    let setup = Setup::new();
    setup.gluon(&["new", "no loop", "--agent", "shell", "--hold"]);
    for verb in ["status", "pause", "continue", "stop", "history"] {
        setup.refuses(&["loop", verb, "99"], 3, &["99"]);
        setup.refuses(&["loop", verb, "1"], 4, &["no loop", "gluon new --loop"]);
    }
    setup.refuses(&["loop", "tell", "1", "x"], 4, &["no loop"]);
    setup.refuses(
        &["loop", "limit", "1"],
        2,
        &["no limit is told", "--max-iterations"],
    );
    for wrong in [
        ["--max-iterations", "0"],
        ["--max-iterations", "many"],
        ["--max-time", "soon"],
        ["--budget", "-3"],
        ["--rest", "5"],
    ] {
        let arguments = [&["loop", "limit", "1"][..], &wrong].concat();
        setup.refuses(&arguments, 2, &[wrong[0]]);
        let arguments = [&["new", "x", "--loop", "--hold"][..], &wrong].concat();
        setup.refuses(&arguments, 2, &[wrong[0]]);
    }
    let unlimited = ["loop", "limit", "1", "--max-iterations", "unlimited"];
    setup.refuses(&unlimited, 4, &["leash", "--yes-unlimited"]);
    setup.refuses(&["loop", "dance"], 2, &["dance"]);
    setup.refuses(&["loop", "pause"], 2, &["TASK"]);
    let both = "--max-iterations unlimited --max-time unlimited --yes-unlimited";
    let mut arguments = vec!["new", "x", "--loop", "--hold"];
    arguments.extend(both.split(' '));
    setup.refuses(&arguments, 2, &["needs a limit"]);
}

#[test]
fn budgets_are_shown_set_and_raised() {
    let setup = Setup::new();
    setup.gluon(&["new", "first", "--agent", "shell", "--hold"]);
    let table = setup.gluon(&["budget"]);
    for words in ["OF", "LIMIT", "today", "$50.00", "project api (this month)"] {
        assert!(table.contains(words), "no {words} in\n{table}");
    }
    let limit = |budgets: &Value, name: &str| {
        let mut all = budgets["budgets"].as_array().unwrap().iter();
        let found = all.find(|budget| budget["name"].as_str().unwrap().starts_with(name));
        found.unwrap_or_else(|| panic!("no {name} in {budgets}"))["limit"].clone()
    };
    let own = setup.json(&["budget", "status", "1", "--json"]);
    assert_eq!(own["budgets"].as_array().unwrap().len(), 4, "{own}");
    assert_eq!(
        (&own["warn_at"], &own["at_limit"]),
        (&json!(80), &json!("finish"))
    );
    let dollars = |usd: u64| json!({"usd": usd * 1_000_000});
    assert_eq!(limit(&own, "task 1"), dollars(10));

    for (arguments, name, usd) in [
        (["set", "day", "20"], "today", 20),
        (["raise", "day", "5"], "today", 25),
        (["set", "project:api", "100"], "project api", 100),
        (["raise", "project:api", "0.50"], "project api", 0),
        (["set", "workspace:default", "70"], "workspace default", 70),
        (["set", "1", "3"], "task 1", 3),
        (["raise", "1", "4"], "task 1", 7),
    ] {
        let arguments = [&["budget"][..], &arguments, &["--json"]].concat();
        let set = setup.json(&arguments);
        match usd {
            0 => assert_eq!(limit(&set, name), json!({"usd": 100_500_000})),
            usd => assert_eq!(limit(&set, name), dollars(usd), "{arguments:?}"),
        }
    }
    let set = setup.json(&["budget", "set", "1", "unlimited", "--json"]);
    assert_eq!(limit(&set, "task 1"), json!("unlimited"));
    assert!(
        setup
            .gluon(&["budget", "status", "1"])
            .contains("unlimited")
    );

    for (arguments, code, words) in [
        (["set", "99", "5"], 3, "99"),
        (["set", "project:none", "5"], 3, "none"),
        (["set", "workspace:none", "5"], 3, "none"),
        (["set", "day", "much"], 2, "much"),
        (["set", "day", "-5"], 2, "-5"),
        (["raise", "day", "1e99"], 2, "1e99"),
    ] {
        let arguments = [&["budget"][..], &arguments].concat();
        setup.refuses(&arguments, code, &[words]);
    }
    setup.refuses(&["budget", "set", "day"], 2, &["AMOUNT"]);
}

#[test]
fn the_first_look_at_the_board_says_that_budgets_are_on_once() {
    let setup = Setup::new();
    let words = "budgets are on: $10.00 a task, $50.00 a day";
    let mut board = setup.home.open(&setup.repo, &["tui"], (120, 30));
    board.wait_for(words);
    drop(board);
    setup.gluon(&["new", "a task", "--agent", "shell", "--hold"]);
    let mut board = setup.home.open(&setup.repo, &["tui"], (120, 30));
    board.wait_for("a task");
    assert!(!board.text().contains("budgets are on"), "{}", board.text());
}

#[test]
fn every_help_has_examples() {
    let setup = Setup::new();
    for arguments in [
        &["loop"][..],
        &["loop", "status"],
        &["loop", "pause"],
        &["loop", "continue"],
        &["loop", "stop"],
        &["loop", "limit"],
        &["loop", "tell"],
        &["loop", "history"],
        &["budget"],
        &["budget", "status"],
        &["budget", "set"],
        &["budget", "raise"],
        &["pause"],
    ] {
        let help = setup.gluon(&[arguments, &["--help"]].concat());
        let named = format!("  gluon {}", arguments.join(" "));
        assert!(
            help.contains("Examples:\n") && help.contains(&named),
            "{help}"
        );
    }
}
