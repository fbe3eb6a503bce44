//! The registry and the command lines the manifests make.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::domain::{Exit, Mode, Reason};

fn built_in() -> Registry {
    let (registry, problems) = Registry::load_as(None, Path::new("/opt/gluon"));
    assert_eq!(problems, vec![]);
    registry
}

fn agent(name: &str) -> Arc<dyn Agent> {
    built_in().get(name).unwrap()
}

fn context(prompt: &str) -> StartContext {
    StartContext {
        prompt: Some(prompt.to_owned()),
        cwd: "/work tree".into(),
        conversation: Some("ID".to_owned()),
        trusted: false,
        port: None,
        hooks: None,
        from: None,
    }
}

fn user(files: &[(&str, &str)]) -> (Registry, Vec<ManifestProblem>) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    Registry::load_as(Some(dir.path()), Path::new("/opt/gluon"))
}

#[test]
fn every_built_in_manifest_loads() {
    let names = [
        "claude", "codex", "gemini", "opencode", "qwen", "aider", "shell", "demo",
    ];
    assert_eq!(built_in().names(), names);
    for agent in built_in().iter() {
        assert!(agent.start(&context("hi")).is_ok());
        assert!(agent.headless(&context("hi")).is_ok());
        assert!(agent.version_command().len() > 1);
    }
}

#[test]
fn turns_are_ended_by_the_agents_own_keys() {
    for (name, presses) in [
        ("claude", &["\x1b"][..]),
        ("codex", &["\x1b"]),
        ("gemini", &["\x1b"]),
        ("opencode", &["\x1b", "\x1b"]),
        ("aider", &["\x03"]),
        ("demo", &["\x1b"]),
    ] {
        assert_eq!(
            agent(name).delivery().interrupt,
            presses
                .iter()
                .map(|keys| keys.as_bytes().to_vec())
                .collect::<Vec<_>>(),
            "{name}"
        );
    }
    let (registry, problems) = user(&[(
        "own.toml",
        "program = \"own\"\n[delivery]\ninterrupt = \"ctrl-g q\"\n",
    )]);
    assert_eq!(problems, vec![]);
    let own = registry.get("own").unwrap();
    assert_eq!(own.delivery().interrupt, [b"\x07", b"q"]);
}

#[test]
fn command_lines() {
    let words = |launch: &Launch| launch.argv.join(" ");
    for (name, start, resume) in [
        (
            "claude",
            "claude --session-id ID -- hi",
            "claude --resume OLD -- hi",
        ),
        (
            "codex",
            "codex --no-daemon -- hi",
            "codex --no-daemon resume OLD -- hi",
        ),
        (
            "gemini",
            "gemini --session-id ID --prompt-interactive=hi",
            "gemini -r OLD --prompt-interactive=hi",
        ),
        ("opencode", "opencode --prompt=hi", "opencode -s OLD"),
        ("aider", "aider", "aider --restore-chat-history"),
        (
            "demo",
            "/opt/gluon demo-agent --session-id ID -- hi",
            "/opt/gluon demo-agent --resume OLD -- hi",
        ),
    ] {
        let agent = agent(name);
        assert_eq!(words(&agent.start(&context("hi")).unwrap()), start);
        assert_eq!(words(&agent.resume(&context("hi"), "OLD").unwrap()), resume);
    }
}

#[test]
fn what_has_no_value_is_left_out() {
    let ctx = StartContext::default();
    let launch = agent("claude").start(&ctx).unwrap();
    assert_eq!(launch.argv, ["claude"]);
    assert_eq!(launch.first_prompt, FirstPrompt::None);
    assert!(!launch.resumable, "no id was chosen");
    let launch = agent("claude").start(&context("hi")).unwrap();
    assert!(launch.resumable && launch.conversation.as_deref() == Some("ID"));
    let trusted = StartContext {
        trusted: true,
        ..ctx
    };
    let launch = agent("gemini").start(&trusted).unwrap();
    assert_eq!(launch.argv, ["gemini", "--skip-trust"]);
    let trusted = StartContext {
        cwd: r#"/a "b"\c"#.into(),
        ..trusted
    };
    let launch = agent("codex").start(&trusted).unwrap();
    assert_eq!(
        launch.argv[1..],
        [
            "--no-daemon",
            "-c",
            r#"projects={ "/a \"b\"\\c"={ trust_level="trusted" } }"#
        ]
    );
}

#[test]
fn a_prompt_is_never_a_flag_nor_cut() {
    for name in ["claude", "codex", "gemini", "opencode", "qwen", "demo"] {
        for prompt in ["--dangerous", "-", "-p x"] {
            for launch in [
                agent(name).start(&context(prompt)).unwrap(),
                agent(name).headless(&context(prompt)).unwrap(),
            ] {
                let last = launch.argv.last().unwrap();
                let safe = last == &format!(" {prompt}") || last.ends_with(&format!("={prompt}"));
                assert!(safe, "{name}: {:?}", launch.argv);
            }
        }
    }
    let launch = agent("claude").start(&context("a\0b\x1b[2J")).unwrap();
    assert_eq!(launch.argv.last().unwrap(), "ab[2J");
}

#[test]
fn a_long_prompt_is_delivered_after_the_start() {
    let long = "word ".repeat(30_000);
    let launch = agent("claude").start(&context(&long)).unwrap();
    assert_eq!(launch.argv, ["claude", "--session-id", "ID"]);
    assert_eq!(launch.first_prompt, FirstPrompt::WhenIdle(long.clone()));
    let launch = agent("opencode").start(&context(&long)).unwrap();
    assert_eq!(launch.first_prompt, FirstPrompt::WhenIdle(long.clone()));
    // One that takes no prompt where it goes on with a conversation is told once it can be.
    let launch = agent("opencode")
        .resume(&context("go on"), "ses_1")
        .unwrap();
    assert_eq!(launch.argv, ["opencode", "-s", "ses_1"]);
    assert_eq!(launch.first_prompt, FirstPrompt::WhenIdle("go on".into()));
    let error = agent("claude").headless(&context(&long)).unwrap_err();
    assert!(matches!(error, AgentError::TooLong { bytes: 150_000, .. }));
}

#[test]
fn what_an_agent_cannot_do_says_so() {
    let (registry, _) = user(&[("mine.toml", "program = \"mine\"")]);
    let mine = registry.get("mine").unwrap();
    let error = mine.resume(&context("x"), "ID").unwrap_err();
    assert!(error.to_string().contains("[resume]"), "{error}");
    let error = agent("codex").resume(&context("x"), "").unwrap_err();
    assert!(matches!(error, AgentError::NoConversation { .. }));
    let error = agent("claude")
        .headless(&StartContext::default())
        .unwrap_err();
    assert!(matches!(error, AgentError::NoPrompt { .. }));
}

#[test]
fn any_command_is_an_agent() {
    let argv = ["tail", "-f", "{prompt}"].map(str::to_owned).to_vec();
    let agent = command_agent(argv.clone()).unwrap();
    for launch in [
        agent.start(&context("ignored")).unwrap(),
        agent.headless(&StartContext::default()).unwrap(),
    ] {
        assert_eq!(launch.argv, argv);
        assert_eq!(launch.first_prompt, FirstPrompt::None);
        assert!(!launch.resumable);
    }
    let reason = agent.judge_end(Exit::Code(3), Mode::Interactive, "tail: no such file\r\n");
    let expected = "tail ended with code 3: tail: no such file";
    assert_eq!(reason, Reason::Failed(expected.to_owned()));
    assert!(matches!(command_agent(vec![]), Err(AgentError::NoProgram)));
}

#[test]
fn a_user_changes_and_adds_agents() {
    let (registry, problems) = user(&[
        (
            "claude.toml",
            "program = \"/opt/claude\"\n[env]\nA = \"1\"\n",
        ),
        (
            "fast.toml",
            "extends = \"codex\"\n[start]\nargs = [\"-m\", \"fast\", [\"--\", \"{prompt}\"]]\n",
        ),
        ("mine.toml", "program = \"mine\"\ntitle = \"Mine\"\n"),
        ("notes.txt", "not a manifest"),
    ]);
    assert_eq!(problems, vec![]);
    let launch = registry
        .get("claude")
        .unwrap()
        .start(&context("hi"))
        .unwrap();
    assert_eq!(
        launch.argv,
        ["/opt/claude", "--session-id", "ID", "--", "hi"]
    );
    assert_eq!(launch.env, [("A".to_owned(), "1".to_owned())]);
    let fast = registry.get("fast").unwrap();
    assert_eq!(fast.title(), "fast");
    assert_eq!(
        fast.start(&context("hi")).unwrap().argv,
        ["codex", "-m", "fast", "--", "hi"]
    );
    assert_eq!(fast.answers().approve, b"y");
    assert_eq!(registry.get("mine").unwrap().title(), "Mine");
}

#[test]
fn a_users_mistakes_name_file_and_line_and_hurt_nothing_else() {
    for (text, line, words) in [
        ("program = \"x\"\nprogramm = 1\n", 2, "programm"),
        ("program = 7\n", 1, "string"),
        (
            "program = \"x\"\n\n[start]\nargs = [\"{promt}\"]\n",
            4,
            "{prompt}",
        ),
        (
            "program = \"x\"\n[answers]\napprove = \"return\"\n",
            3,
            "is no key",
        ),
        ("conversation = \"maybe\"\n", 1, "chosen"),
        ("[start\n", 1, ""),
        ("title = \"no program\"\n", 0, "`program` is missing"),
        ("extends = \"nobody\"\n", 0, "nobody"),
        ("name = \"a b\"\nprogram = \"x\"\n", 0, "`a b`"),
    ] {
        let (registry, problems) = user(&[("bad.toml", text), ("good.toml", "program = \"x\"")]);
        assert_eq!(problems.len(), 1, "{text}");
        let problem = problems[0].to_string();
        assert_eq!(problems[0].line, line, "{problem}");
        assert!(
            problem.contains("bad.toml") && problem.contains(words),
            "{problem}"
        );
        assert!(registry.get("bad").is_none() && registry.get("good").is_some());
        assert!(registry.get("claude").is_some());
    }
}

#[test]
fn a_broken_change_leaves_the_agent_as_it_was() {
    let (registry, problems) = user(&[("claude.toml", "program = \"\"\n")]);
    assert_eq!(problems.len(), 1);
    assert_eq!(registry.get("claude").unwrap().program(), "claude");
}

#[test]
fn programs_are_found_in_the_path() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("claude");
    fs::write(&file, "").unwrap();
    let path =
        std::env::join_paths([Path::new("relative"), Path::new("/nowhere"), dir.path()]).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(installed(&*agent("claude"), &path), None);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(installed(&*agent("claude"), &path), Some(file));
    assert_eq!(
        installed(&*agent("demo"), OsStr::new("")),
        None,
        "/opt/gluon is not there"
    );
    assert!(installed(&*agent("shell"), OsStr::new("")).is_some());
}

#[test]
fn each_ask_is_answered_by_its_own_keys() {
    let claude = agent("claude");
    let keys = |ask, yes| claude.answers().keys(ask, yes);
    assert_eq!(keys("approve Bash: touch x", true), b"1");
    assert_eq!(keys("approve Bash: touch x", false), b"\x1b");
    assert_eq!(keys("trust this folder", true), b"\x1b[B\r");
    assert_eq!(keys("trust this folder", false), b"\x1b");
    let command = command_agent(vec!["cat".to_owned()]).unwrap();
    assert_eq!(command.answers().keys("", true), b"");
}
