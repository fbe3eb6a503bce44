//! The command line with a daemon: tasks from their making to their end, as a person or a script does it.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use support::{Home, wait_until};

/// A script that says hello, waits for a line and repeats it.
const ECHO: &str = "echo hello; read line; echo \"got $line\"";

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

    /// Exit code and standard error of something that must fail.
    fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.home.try_gluon(&self.repo, arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{arguments:?} succeeded");
        (output.status.code().expect("an exit code"), error)
    }

    fn until_shown(&self, words: &str) {
        wait_until(words, || {
            self.gluon(&["capture", "1"]).contains(words).then_some(())
        });
    }

    fn until_status(&self, task: &str, status: &str) -> Value {
        wait_until(status, || {
            let detail = self.json(&["show", task, "--json"]);
            (detail["card"]["task"]["status"] == status).then_some(detail)
        })
    }
}

#[test]
fn a_task_from_the_shell_to_done() {
    let setup = Setup::new();
    let made = setup.gluon(&["new", "say hello", "--start", "--", "sh", "-c", ECHO]);
    assert_eq!(made, "#1 say hello (running)\n");
    setup.until_shown("hello");
    let table = setup.gluon(&["ls"]);
    assert!(table.starts_with("ID  STATUS "), "{table}");
    assert!(table.contains("\n 1  running  say hello  api "), "{table}");

    setup.gluon(&["keys", "say", "well", "space", "done", "enter"]);
    setup.until_status("1", "review");
    assert!(setup.gluon(&["capture", "#1"]).contains("got well done"));
    let log = setup.gluon(&["logs", "1"]);
    assert!(
        log.starts_with("hello\n") && log.contains("got well done\n"),
        "{log}"
    );
    let history = setup.gluon(&["explain", "1"]);
    for kind in [
        "exited for",
        "its process",
        "it ended with 0",
        "the process has ended, so nothing else counts",
        "created",
        "started",
        "finished",
    ] {
        assert!(history.contains(kind), "{history}");
    }

    let accepted = setup.gluon(&["accept", "1"]);
    assert!(
        accepted.contains("#1 say hello (done)")
            && accepted.contains("git merge gluon/1-say-hello"),
        "{accepted}"
    );
    let (code, error) = setup.refused(&["accept", "1"]);
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("already done"), "{error}");
}

#[test]
fn a_loop_says_in_which_iteration_it_is() {
    let setup = Setup::new();
    setup.gluon(&[
        "new",
        "go on",
        "--loop",
        "--start",
        "--",
        "sh",
        "-c",
        "read line",
    ]);
    wait_until("the first iteration", || {
        setup.gluon(&["ls"]).contains("iteration 1: ").then_some(())
    });
    setup.gluon(&["loop", "stop", "1"]);
    setup.until_status("1", "review");
    assert!(!setup.gluon(&["ls"]).contains("iteration 1"));
}

#[test]
fn json_has_the_shape_of_the_views() {
    let setup = Setup::new();
    let card = setup.json(&[
        "new",
        "t",
        "--json",
        "--hold",
        "--priority",
        "1",
        "--label",
        "a,b",
        "--budget",
        "2.50",
        "--base",
        "main",
        "--",
        "true",
    ]);
    let task = &card["task"];
    assert_eq!(task["id"], 1);
    assert_eq!(task["status"], "queued");
    assert_eq!(task["labels"], serde_json::json!(["a", "b"]));
    assert_eq!(task["budget"], 2_500_000);
    assert_eq!(task["base"], "main");
    assert_eq!(task["command"], serde_json::json!(["true"]));
    assert_eq!(
        (&task["priority"], &task["held"]),
        (&1.into(), &true.into())
    );
    let after = setup.json(&["new", "u", "--json", "--after", "1", "--", "true"]);
    assert_eq!(after["task"]["depends_on"], serde_json::json!([1]));

    let all = setup.json(&["ls", "--json"]);
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    let labelled = setup.json(&["ls", "--label", "b", "--json"]);
    assert_eq!(labelled[0]["task"]["title"], "t");
    assert_eq!(
        setup.json(&["ls", "--status", "done", "--json"]),
        serde_json::json!([])
    );
    assert_eq!(setup.json(&["sessions", "--json"]), serde_json::json!([]));
    assert_eq!(setup.json(&["project", "ls", "--json"])[0]["name"], "api");
    assert_eq!(setup.json(&["queue", "--json"])["paused"], false);
    assert_eq!(
        setup.json(&["explain", "1", "--json"])["events"][0]["kind"],
        "created"
    );
    assert!(setup.json(&["daemon", "status", "--json"])["pid"].is_u64());
}

#[test]
fn what_is_not_there_is_said_with_its_own_exit_code() {
    let setup = Setup::new();
    setup.gluon(&["new", "one thing", "--hold", "--", "true"]);
    setup.gluon(&["new", "one more", "--hold", "--", "true"]);
    for (arguments, code, words) in [
        (&["show", "99"][..], 3, "there is no task 99"),
        (&["show", "nothing"], 3, "beginning with `nothing`"),
        (&["show", "one"], 2, "several tasks begin with `one`"),
        (&["ls", "--project", "web"], 3, "there is no project `web`"),
        (&["stop", "1"], 4, "not running"),
        (&["accept", "1"], 4, "start it first"),
        (&["capture", "1"], 3, "not been started"),
        (&["keys", "1", "x"], 3, "`gluon start 1`"),
        (&["keys", "99", "x"], 3, "there is no task 99"),
        (&["new", "x", "--agent", "nope"], 3, "known are: claude"),
    ] {
        let (found, error) = setup.refused(arguments);
        assert_eq!(found, code, "{arguments:?}: {error}");
        assert!(
            error.starts_with("error: ") && error.contains(words),
            "{arguments:?}: {error}"
        );
    }
    assert!(setup.refused(&["show", "99"]).1.contains("hint: `gluon ls"));
    assert!(setup.gluon(&["show", "One M"]).contains("#2 one more"));
}

#[test]
fn a_start_that_fails_is_the_commands_failure_and_an_agents_is_not() {
    let setup = Setup::new();
    let program = "gluon-no-such-program";
    let (code, error) = setup.refused(&["new", "a", "--start", "--", program]);
    assert_eq!(code, 1, "{error}");
    assert!(
        error.starts_with("error: #1 a did not start: ") && error.contains(program),
        "{error}"
    );
    assert_eq!(setup.refused(&["resume", "1"]).0, 1);
    assert_eq!(setup.refused(&["start", "1"]).0, 1);
    assert_eq!(setup.refused(&["move", "1", "running"]).0, 1);
    setup.gluon(&["move", "1", "review"]);

    setup.gluon(&["new", "b", "--start", "--", "false"]);
    setup.until_status("2", "review");
    assert!(setup.gluon(&["ls"]).contains("failed: "));
}

#[test]
fn logs_and_diffs_are_read_by_programs_too() {
    let setup = Setup::new();
    let script = "printf '\\033[31mred\\033[0m\\n'; echo new > file";
    setup.gluon(&["new", "a", "--start", "--", "sh", "-c", script]);
    setup.until_status("1", "review");
    let piece = setup.json(&["logs", "1", "--json"]);
    assert_eq!(
        piece,
        serde_json::json!({ "offset": 0, "text": "red\n", "live": false })
    );
    let diff = setup.json(&["diff", "1", "--json"]);
    assert_eq!(diff["task"], 1);
    assert!(diff["diff"].as_str().unwrap().contains("\n+new\n"));
}

/// What is checked out where the user is, is what a task begins with.
#[test]
fn a_task_begun_in_a_worktree_of_the_users_own_starts_from_its_branch() {
    let setup = Setup::new();
    let other = setup.home.path().join("other side");
    let place = other.to_str().unwrap();
    let git = |arguments: &[&str]| setup.home.git(&setup.repo, arguments);
    git(&["worktree", "add", "-q", "-b", "side", place]);
    let base = |directory: &std::path::Path, id: &str| {
        let arguments = ["new", "t", "--start", "--", "sleep", "1000"];
        setup.home.gluon(directory, &arguments);
        let detail = setup.json(&["show", id, "--json"]);
        assert_eq!(detail["card"]["project_name"], "api");
        let task = &detail["card"]["task"];
        let worktree = task["worktree"].as_str().unwrap().to_owned();
        (task["base"].as_str().unwrap().to_owned(), worktree)
    };
    let (name, worktree) = base(&other, "1");
    assert_eq!(name, "side");
    // One that an agent begins in its own worktree has nothing to do with that.
    assert_eq!(base(worktree.as_ref(), "2").0, "main");
    assert_eq!(base(&setup.repo, "3").0, "main");
}

#[test]
fn a_directory_that_is_no_repository_is_refused() {
    let setup = Setup::new();
    let outside = setup.home.path().join("home");
    let output = setup.home.try_gluon(&outside, &["new", "x", "--", "true"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(
        error.contains("repository") && error.contains("hint: "),
        "{error}"
    );
}

#[test]
fn removing_asks_and_never_without_a_terminal() {
    let setup = Setup::new();
    setup.gluon(&[
        "new",
        "make a file",
        "--start",
        "--",
        "sh",
        "-c",
        "echo work > file",
    ]);
    setup.until_status("1", "review");
    let (code, error) = setup.refused(&["rm", "1"]);
    assert_eq!(code, 4, "{error}");
    assert!(
        error.contains("Remove #1 make a file?") && error.contains("--yes"),
        "{error}"
    );
    setup.until_status("1", "review");

    let mut screen = setup.home.open(&setup.repo, &["rm", "1"], (100, 20));
    screen.wait_for("Go on? [y/N]");
    screen.bytes(b"\r");
    screen.wait_for("nothing was changed");
    setup.until_status("1", "review");

    let removed = setup.json(&["rm", "1", "--yes", "--json"]);
    assert_eq!(removed[0]["task"], 1, "{removed}");
    let kept = removed[0]["removed"]["recovery_ref"]
        .as_str()
        .expect("a recovery ref");
    let file = setup
        .home
        .git(&setup.repo, &["show", &format!("{kept}:file")]);
    assert_eq!(file, "work\n");
    assert_eq!(setup.refused(&["show", "1"]).0, 3);
}

#[test]
fn stopping_moving_and_the_ways_back() {
    let setup = Setup::new();
    setup.gluon(&["new", "wait", "--start", "--", "sleep", "1000"]);
    assert_eq!(setup.gluon(&["stop", "1"]), "#1 wait (queued)\n");
    let table = setup.gluon(&["ls"]);
    assert!(table.contains("stopped, can be started again"), "{table}");
    let (code, error) = setup.refused(&["move", "1", "done"]);
    assert_eq!(code, 4, "{error}");
    assert!(
        error.contains("from queued to done") && error.contains("hint: "),
        "{error}"
    );
    assert_eq!(
        setup.gluon(&["move", "1", "running"]),
        "#1 wait (running)\n"
    );
    let (code, error) = setup.refused(&["cancel", "1"]);
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("--yes"), "{error}");
    assert_eq!(
        setup.gluon(&["cancel", "1", "--yes"]),
        "#1 wait (cancelled)\n"
    );
    assert!(!setup.gluon(&["ls"]).contains("wait"));
    assert!(setup.gluon(&["ls", "--all"]).contains("cancelled"));
    assert_eq!(setup.gluon(&["move", "1", "queue"]), "#1 wait (queued)\n");
}

#[test]
fn the_queue_pauses() {
    let setup = Setup::new();
    assert!(
        setup
            .gluon(&["queue", "pause"])
            .starts_with("the queue is paused")
    );
    let card = setup.json(&["new", "later", "--json", "--", "true"]);
    assert_eq!(card["hold"], "paused", "{card}");
    assert!(
        setup
            .gluon(&["queue", "resume"])
            .starts_with("the queue is open")
    );
    setup.until_status("1", "review");
}

#[test]
fn a_prompt_comes_from_a_file_or_a_pipe() {
    let setup = Setup::new();
    let prompt = "first line\n\nand a second one with ä and 日本\n";
    let file = setup.home.path().join("prompt.md");
    std::fs::write(&file, prompt).expect("a file");
    let path = file.to_str().expect("UTF-8");
    let card = setup.json(&[
        "new",
        "--prompt-file",
        path,
        "--agent",
        "demo",
        "--hold",
        "--json",
    ]);
    assert_eq!(card["task"]["prompt"], prompt);
    assert_eq!(card["task"]["title"], "first line");
    let card = setup.json(&[
        "new",
        "a title",
        "--prompt-file",
        path,
        "--agent",
        "demo",
        "--hold",
        "--json",
    ]);
    assert_eq!(card["task"]["title"], "a title");
    let (code, error) = setup.refused(&["new", "x", "--prompt-file", "/nowhere/at/all"]);
    assert_eq!(code, 1);
    assert!(error.contains("/nowhere/at/all"), "{error}");
    let piped = std::process::Command::new(support::GLUON)
        .args([
            "new",
            "--prompt-file",
            "-",
            "--agent",
            "demo",
            "--hold",
            "--json",
        ])
        .current_dir(&setup.repo)
        .env_clear()
        .envs(setup.home.env())
        .stdin(Stdio::from(std::fs::File::open(&file).expect("a file")))
        .output()
        .expect("gluon runs");
    let card: Value = serde_json::from_slice(&piped.stdout).expect("JSON");
    assert_eq!(card["task"]["prompt"], prompt);
}

#[test]
fn what_an_agent_prints_cannot_reach_the_terminal() {
    let setup = Setup::new();
    let evil = "printf '\\033]0;own\\007\\033[31mred\\033[0m\\302\\233x\\n'; cat > 'a\nb' <<< x";
    setup.gluon(&[
        "new",
        "evil \u{1b}[31m title\u{202e}",
        "--start",
        "--",
        "bash",
        "-c",
        evil,
    ]);
    setup.until_status("1", "review");
    for arguments in [
        &["ls", "--color", "never"][..],
        &["show", "1", "--color", "never"],
        &["logs", "1"],
        &["capture", "1"],
        &["ls", "--json"],
        &["show", "1", "--json"],
        &["sessions"],
    ] {
        let out = setup.gluon(arguments);
        let bad = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!out.chars().any(bad), "{arguments:?}: {out:?}");
    }
    let raw = setup
        .home
        .try_gluon(&setup.repo, &["logs", "1", "--raw"])
        .stdout;
    assert!(raw.starts_with(b"\x1b]0;own\x07"), "{raw:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let setup = Setup::new();
    setup.gluon(&["new", "flood", "--start", "--", "sh", "-c", "seq 1 20000"]);
    setup.until_status("1", "review");
    let mut child = std::process::Command::new(support::GLUON)
        .args(["logs", "1", "--bytes", "0"])
        .current_dir(&setup.repo)
        .env_clear()
        .envs(setup.home.env())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("gluon runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.stderr.is_empty());
}

#[test]
fn a_project_is_added_limited_trusted_and_forgotten() {
    let setup = Setup::new();
    let other = setup.home.repo("web site ä");
    let path = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let added = setup.gluon(&["project", "add", &path(&other), "--name", "web"]);
    assert!(added.starts_with("web is "), "{added}");
    assert!(
        setup
            .gluon(&["project", "slots", "web", "1"])
            .contains("one task at once")
    );
    std::fs::write(
        other.join(".gluon.toml"),
        "setup = \"echo ready > set-up\"\n",
    )
    .expect("a file");
    assert!(setup.gluon(&["project", "ls"]).contains("not trusted"));
    let (code, error) = setup.refused(&["project", "trust", "web"]);
    assert_eq!(code, 4, "{error}");
    let trusted = setup.gluon(&["project", "trust", "web", "--yes"]);
    assert!(trusted.contains("  echo ready > set-up\n"), "{trusted}");
    assert!(!setup.gluon(&["project", "ls"]).contains("not trusted"));
    let card = setup.json(&[
        "new",
        "x",
        "--project",
        "web",
        "--hold",
        "--json",
        "--",
        "true",
    ]);
    assert_eq!(card["project_name"], "web");
    setup.gluon(&["project", "rm", "web", "--yes"]);
    assert!(other.join("README.md").exists());
    assert!(!setup.gluon(&["project", "ls"]).contains("web"));
}

#[test]
fn the_daemon_is_restarted_and_stopped() {
    let setup = Setup::new();
    setup.gluon(&["new", "count", "--start", "--", "sh", "-c", ECHO]);
    setup.until_shown("hello");
    let before = setup.home.servers();
    let said = setup.gluon(&["daemon", "restart"]);
    assert!(said.contains("1 live sessions"), "{said}");
    let after = setup.home.servers();
    assert_ne!(before.0, after.0);
    assert_eq!(before.1, after.1, "the keeper stays");
    setup.gluon(&["keys", "1", "again", "enter"]);
    setup.until_status("1", "review");
    assert!(setup.gluon(&["capture", "1"]).contains("got again"));

    setup.gluon(&["start", "1"]);
    let (code, error) = setup.refused(&["daemon", "stop"]);
    assert_eq!(code, 4, "{error}");
    assert!(error.contains("1 agent is at work"), "{error}");
    assert_eq!(
        setup.gluon(&["daemon", "stop", "--yes"]),
        "the daemon has stopped\n"
    );
    let output = setup.home.try_gluon(&setup.repo, &["daemon", "status"]);
    assert_eq!(output.status.code(), Some(5));
}

#[test]
fn numbers_and_projects_complete() {
    let setup = Setup::new();
    setup.gluon(&["new", "fix the login", "--hold", "--", "true"]);
    let complete = |words: &[&str]| {
        let output = std::process::Command::new(support::GLUON)
            .arg("--")
            .args(words)
            .env_clear()
            .envs(setup.home.env())
            .env("COMPLETE", "fish")
            .output()
            .expect("gluon runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(complete(&["gluon", "show", ""]).contains("1\tqueued: fix the login"));
    assert!(complete(&["gluon", "ls", "--project", ""]).contains("api\t"));
    assert!(complete(&["gluon", "new", "x", "--agent", ""]).contains("claude\t"));
}

#[test]
fn attaching_shows_the_terminal_and_leaving_lets_it_run() {
    let setup = Setup::new();
    setup.gluon(&["new", "say hello", "--start", "--", "sh", "-c", ECHO]);
    let mut screen = setup.home.open(&setup.repo, &["attach"], (100, 30));
    screen.wait_for("hello");
    screen.keys("typed here");
    screen.wait_for("typed here");
    screen.bytes(b"\x11");
    assert!(screen.wait_end(), "{}", screen.text());
    assert_eq!(
        setup.json(&["show", "1", "--json"])["card"]["task"]["status"],
        "running"
    );
    setup.gluon(&["keys", "1", "enter"]);
    setup.until_status("1", "review");
    assert!(setup.gluon(&["capture", "1"]).contains("got typed here"));
}

/// With the words in what was said: the line stands beneath, and what Gemini CLI used has its price.
#[test]
fn conversations_are_searched_and_the_line_is_shown() {
    let setup = Setup::new();
    let home = setup.home.path().join("home");
    let chats = home.join(".gemini/tmp/api/chats");
    let projects = home.join(".claude/projects/-src-api");
    for dir in [&chats, &projects] {
        std::fs::create_dir_all(dir).unwrap();
    }
    std::fs::write(home.join(".gemini/tmp/api/.project_root"), "/src/api").unwrap();
    let gemini = "bad891f5-b004-4dd5-95e7-6994b4bc832b";
    let lines = [
        format!(r#"{{"sessionId":"{gemini}","startTime":"2026-11-24T02:06:06.649Z","kind":"main"}}"#),
        r#"{"id":"b","timestamp":"2026-11-24T02:06:06.705Z","type":"user","content":[{"text":"list the files"}]}"#.into(),
        r#"{"id":"c","timestamp":"2026-11-24T02:06:07.705Z","type":"gemini","content":"First.\nThe session_id stands there.","model":"gemini-3.1-pro-preview","tokens":{"input":1000,"output":100,"cached":400,"thoughts":50,"tool":0,"total":1150}}"#.into(),
    ];
    let name = "session-2026-11-24T02-06-bad891f5.jsonl";
    std::fs::write(chats.join(name), lines.join("\n") + "\n").unwrap();
    let claude = "11111111-b004-4dd5-95e7-6994b4bc832b";
    let line = format!(
        r#"{{"type":"user","message":{{"role":"user","content":"what is a SESSION-ID?"}},"timestamp":"2026-11-24T20:00:00.000Z","cwd":"/src/api","sessionId":"{claude}"}}"#
    );
    std::fs::write(projects.join(format!("{claude}.jsonl")), line + "\n").unwrap();

    let out = setup.gluon(&["sessions", "--search", "session_id"]);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 5, "{out}");
    assert!(lines[1].contains("claude"), "in a prompt: first; {out}");
    assert_eq!(lines[2], "    you: what is a SESSION-ID?");
    assert!(lines[3].contains("gemini"), "{out}");
    assert_eq!(lines[4], "    gemini: The session_id stands there.");
    let rows = setup.json(&["sessions", "--search", "session_id", "--json"]);
    assert_eq!(rows[1]["found"]["line"], "The session_id stands there.");
    // 600 in at $2, 400 cached at $0.20, 150 out at $12 a million.
    assert_eq!(
        rows[1]["conversation"]["cost"]["micro_usd"], 3_080,
        "{rows}"
    );
}
