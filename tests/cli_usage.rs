//! The command line without a daemon: help, mistakes, completions, exit codes.
#![allow(clippy::unwrap_used)]

mod support;

use std::process::Output;

use support::Home;

/// Every command people can call.
const COMMANDS: &[&str] = &[
    "tui",
    "new",
    "ls",
    "show",
    "start",
    "stop",
    "resume",
    "retry",
    "attach",
    "send",
    "keys",
    "capture",
    "logs",
    "diff",
    "explain",
    "move",
    "accept",
    "cancel",
    "rm",
    "project",
    "sessions",
    "costs",
    "queue",
    "notify",
    "daemon",
    "doctor",
    "demo",
    "completions",
];

/// Runs gluon where starting anything would be a mistake: there is no daemon, and none may come.
fn gluon(home: &Home, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = home.try_gluon(home.path(), arguments);
    let started = home.path().join("run").join("keeper.sock").exists();
    assert!(!started, "{arguments:?} started a keeper");
    said(output)
}

fn said(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn the_help_names_every_command_and_the_exit_codes() {
    let home = Home::new();
    let (code, help, _) = gluon(&home, &["--help"]);
    assert_eq!(code, Some(0));
    for command in COMMANDS {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "{command}: {help}"
        );
    }
    for hidden in ["keeper", "demo-agent"] {
        assert!(!help.contains(hidden), "{hidden}");
    }
    for words in [
        "3  there is no such task",
        "4  refused",
        "5  the daemon cannot be reached",
    ] {
        assert!(help.contains(words), "{words}");
    }
    assert!(!help.contains('\u{1b}'), "no colour into a pipe");
}

#[test]
fn every_command_helps_with_examples() {
    let home = Home::new();
    for command in COMMANDS {
        let (code, help, _) = gluon(&home, &[command, "--help"]);
        assert_eq!(code, Some(0), "{command}");
        let taught = help.contains("Examples:") || *command == "completions";
        assert!(
            taught && help.contains(&format!("gluon {command}")),
            "{command}: {help}"
        );
        let widest = help.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(110), "{command}: {widest:?}");
    }
}

#[test]
fn mistakes_are_usage_errors_with_a_way_on() {
    let home = Home::new();
    for (arguments, words) in [
        (&["frobnicate"][..], "unrecognized subcommand"),
        (&["lss"], "similar"),
        (&["show"], "<TASK>"),
        (
            &["ls", "--status", "lost"],
            "queued, running, review, done, cancelled",
        ),
        (&["new", "x", "--priority", "9"], "0..=3"),
        (
            &["new", "x", "--budget", "lots"],
            "neither dollars, such as 5 or 0.75, nor `unlimited`",
        ),
        (&["new", "x", "--mode", "fast"], "interactive, once, loop"),
        (&["new", "x", "--hold", "--start"], "cannot be used with"),
        (&["new"], "a task needs a text"),
        (&["start", "1", "2", "--attach"], "one task"),
        (&["keys", "1", "--raw", "\\q"], "backslash"),
        (&["send", "1", "  "], "the message is empty"),
        (&["attach", "1"], "needs a terminal"),
        (&["tui"], "needs a terminal"),
        (&["completions", "tcsh"], "bash"),
    ] {
        let (code, out, error) = gluon(&home, arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        assert!(
            error.starts_with("error: ") && error.contains(words),
            "{arguments:?}: {error}"
        );
        assert_eq!(out, "", "{arguments:?}");
    }
}

#[test]
fn without_a_command_and_a_terminal_there_is_help() {
    let home = Home::new();
    let (code, out, _) = gluon(&home, &[]);
    assert_eq!(code, Some(2));
    assert!(out.contains("Usage: gluon"), "{out}");
}

#[test]
fn what_only_looks_starts_no_daemon() {
    let home = Home::new();
    let (code, out, _) = gluon(&home, &["daemon", "status"]);
    assert_eq!(
        (code, out.as_str()),
        (Some(5), "the daemon is not running\n")
    );
    let (code, out, _) = gluon(&home, &["daemon", "status", "--json"]);
    assert_eq!((code, out.as_str()), (Some(5), "null\n"));
    let (code, out, _) = gluon(&home, &["daemon", "stop"]);
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "the daemon is not running\n")
    );
    let (code, _, error) = gluon(&home, &["keys", "1", "enter"]);
    assert_eq!(code, Some(5), "{error}");
    assert!(error.contains("hint: "), "{error}");
}

#[test]
fn the_doctor_reports_as_text_and_json() {
    let home = Home::new();
    let (code, out, _) = gluon(&home, &["doctor"]);
    assert_eq!(code, Some(0), "{out}");
    for words in [
        "ok    git         git version",
        "ok    demo",
        "it starts when it is needed",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
    let (_, out, _) = gluon(&home, &["doctor", "--json"]);
    let findings: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let git = &findings[0];
    assert_eq!(
        (&git["about"], &git["level"]),
        (&"git".into(), &"ok".into())
    );
}

#[test]
fn the_doctor_finds_what_is_wrong() {
    let home = Home::new();
    let config = home.path().join("config");
    std::fs::create_dir_all(config.join("agents")).expect("a directory");
    std::fs::write(config.join("config.toml"), "[queue]\nslot = 2\n").expect("a file");
    std::fs::write(config.join("agents/mine.toml"), "what is this").expect("a file");
    let (code, out, _) = gluon(&home, &["doctor"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(
        out.contains("FAIL  settings") && out.contains("config.toml, line 2: "),
        "{out}"
    );
    assert!(
        out.contains("warn  agents") && out.contains("mine.toml"),
        "{out}"
    );
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let home = Home::new();
    let (_, plain, _) = gluon(&home, &["doctor"]);
    assert!(!plain.contains('\u{1b}'));
    let (_, coloured, _) = gluon(&home, &["doctor", "--color", "always"]);
    assert!(coloured.contains("\u{1b}[32mok  \u{1b}[0m"), "{coloured}");
    let (_, _, error) = gluon(&home, &["--color=always", "attach"]);
    assert!(error.starts_with("\u{1b}[31merror:\u{1b}[0m"), "{error}");
}

#[test]
fn completions_register_and_complete() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script, error) = gluon(&home, &["completions", shell]);
        assert_eq!(code, Some(0), "{error}");
        assert!(
            script.contains("COMPLETE") && script.contains("gluon"),
            "{shell}: {script}"
        );
    }
    let completed = std::process::Command::new(support::GLUON)
        .args(["--", "gluon", "qu"])
        .env_clear()
        .envs(home.env())
        .env("COMPLETE", "fish")
        .output()
        .expect("gluon runs");
    let (_, out, _) = said(completed);
    assert!(out.starts_with("queue\t"), "{out}");
}

#[test]
fn a_directory_that_cannot_be_private_is_refused() {
    let home = Home::new();
    std::fs::write(home.path().join("state"), "a file in the way").expect("a file");
    let (code, _, error) = gluon(&home, &["ls"]);
    assert_eq!(code, Some(1), "{error}");
    assert!(
        error.contains("cannot use the directory") && error.contains("state"),
        "{error}"
    );
}
