//! Transcripts as Codex 0.169.0 and Claude Code 2.1.330 write them, and what is made to look like them.

use std::ffi::OsString;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;
use crate::domain::Timestamp;

const FIRST: &str = "01a20949-304c-7650-b0cf-7080c068aedb";
const SECOND: &str = "01a20950-1111-7650-b0cf-7080c068aedb";

/// A home with transcripts, whose files are as old as they are made to be.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.cwd()).unwrap();
        home
    }

    fn path(&self) -> PathBuf {
        fs::canonicalize(self.0.path()).unwrap()
    }

    fn cwd(&self) -> PathBuf {
        self.path().join("work tree")
    }

    /// Writes a file, last changed at `second`.
    fn file(&self, path: &str, second: u64, text: &str) -> PathBuf {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let at = UNIX_EPOCH + Duration::from_secs(second);
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(at)
            .unwrap();
        path
    }

    /// A rollout of Codex's.
    fn rollout(&self, day: &str, id: &str, second: u64, source: &str, cwd: &Path) -> PathBuf {
        let line = format!(
            r#"{{"timestamp":"2026-11-23T16:42:01.291Z","type":"session_meta","payload":{{"id":"{id}","cwd":{cwd:?},"originator":"codex-tui","source":{source},"base_instructions":{{"text":"{}"}}}}}}"#,
            "x".repeat(30_000)
        );
        let path = format!(".codex/sessions/{day}/rollout-2026-11-23T16-42-01-{id}.jsonl");
        self.file(
            &path,
            second,
            &format!("{line}\n{{\"type\":\"event_msg\"}}\n"),
        )
    }

    /// A transcript of Claude Code's.
    fn claude(&self, id: &str, second: u64, entrypoint: &str) {
        let cwd = self.cwd();
        let text = format!(
            "{{\"type\":\"mode\",\"sessionId\":\"{id}\"}}\nno JSON\n\
             {{\"type\":\"user\",\"isSidechain\":false,\"sessionId\":\"{id}\",\"cwd\":{cwd:?},\"entrypoint\":\"{entrypoint}\"}}\n"
        );
        let dir = claude_name(&cwd);
        self.file(&format!(".claude/projects/{dir}/{id}.jsonl"), second, &text);
    }

    fn newest(&self, whose: Transcripts, second: i64) -> Option<String> {
        self.newest_with(whose, second, &|name| {
            (name == "HOME").then(|| self.path().into_os_string())
        })
    }

    fn newest_with(
        &self,
        whose: Transcripts,
        second: i64,
        env: &dyn Fn(&str) -> Option<OsString>,
    ) -> Option<String> {
        whose.newest(&Trace {
            cwd: &self.cwd(),
            since: Timestamp(second * 1000),
            env,
        })
    }
}

#[test]
fn codex_tells_the_conversation_of_a_directory() {
    let home = Home::new();
    let cwd = home.cwd();
    assert_eq!(
        home.newest(Transcripts::Codex, 100),
        None,
        "there is nothing at all"
    );
    home.rollout("2026/11/22", FIRST, 200, r#""cli""#, &cwd);
    assert_eq!(home.newest(Transcripts::Codex, 100).as_deref(), Some(FIRST));
    assert_eq!(
        home.newest(Transcripts::Codex, 300),
        None,
        "from before the run"
    );
    home.rollout(
        "2026/11/23",
        SECOND,
        400,
        r#""cli""#,
        Path::new("/elsewhere"),
    );
    assert_eq!(home.newest(Transcripts::Codex, 100).as_deref(), Some(FIRST));
    // A second conversation in the same run: the one that was written to last.
    home.rollout("2026/11/23", SECOND, 400, r#""cli""#, &cwd);
    assert_eq!(
        home.newest(Transcripts::Codex, 100).as_deref(),
        Some(SECOND)
    );
    home.rollout("2026/11/22", FIRST, 500, r#""cli""#, &cwd);
    assert_eq!(home.newest(Transcripts::Codex, 100).as_deref(), Some(FIRST));
}

#[test]
fn what_an_agent_started_itself_is_not_its_conversation() {
    let home = Home::new();
    let cwd = home.cwd();
    home.rollout("2026/11/23", FIRST, 200, r#""cli""#, &cwd);
    home.rollout("2026/11/23", SECOND, 400, r#""exec""#, &cwd);
    assert_eq!(home.newest(Transcripts::Codex, 100).as_deref(), Some(FIRST));
    let subagent = r#"{"subagent":{"thread_spawn":{"depth":1}}}"#;
    home.rollout("2026/11/23", SECOND, 400, subagent, &cwd);
    assert_eq!(home.newest(Transcripts::Codex, 100).as_deref(), Some(FIRST));
    // A run without a screen has only such.
    home.rollout("2026/11/23", SECOND, 400, r#""exec""#, &cwd);
    assert_eq!(
        home.newest(Transcripts::Codex, 300).as_deref(),
        Some(SECOND)
    );
}

#[test]
fn claude_is_followed_over_a_clear() {
    let home = Home::new();
    home.claude(FIRST, 200, "cli");
    assert_eq!(
        home.newest(Transcripts::Claude, 100).as_deref(),
        Some(FIRST)
    );
    home.claude(SECOND, 300, "cli");
    assert_eq!(
        home.newest(Transcripts::Claude, 100).as_deref(),
        Some(SECOND)
    );
    home.claude(FIRST, 400, "sdk-cli");
    assert_eq!(
        home.newest(Transcripts::Claude, 100).as_deref(),
        Some(SECOND)
    );
}

#[test]
fn a_conversation_that_never_began_is_not_there() {
    let home = Home::new();
    let env = |name: &str| (name == "HOME").then(|| home.path().into_os_string());
    let has = |id: &str| {
        let (cwd, since) = (&home.cwd(), Timestamp(0));
        Transcripts::Claude.may_have(
            &Trace {
                cwd,
                since,
                env: &env,
            },
            id,
        )
    };
    assert!(
        has(FIRST),
        "no such agent has been here, so nothing is known"
    );
    fs::create_dir(home.path().join(".claude")).unwrap();
    assert!(!has(FIRST));
    home.claude(FIRST, 200, "cli");
    assert!(has(FIRST) && !has(SECOND));
}

#[test]
fn the_environment_says_where() {
    let home = Home::new();
    home.rollout("2026/11/23", FIRST, 200, r#""cli""#, &home.cwd());
    fs::rename(home.path().join(".codex"), home.path().join("mine")).unwrap();
    assert_eq!(home.newest(Transcripts::Codex, 100), None);
    let env = |name: &str| match name {
        "CODEX_HOME" => Some(home.path().join("mine").into_os_string()),
        _ => None,
    };
    let found = home.newest_with(Transcripts::Codex, 100, &env);
    assert_eq!(found.as_deref(), Some(FIRST));
    assert_eq!(
        home.newest_with(Transcripts::Claude, 100, &|_| None),
        None,
        "no HOME"
    );
}

#[test]
fn nothing_false_is_believed() {
    let home = Home::new();
    let cwd = home.cwd();
    // An id that is none, or another than the file's name.
    home.rollout(
        "2026/11/23",
        "--dangerously-bypass-approvals-ssss",
        300,
        r#""cli""#,
        &cwd,
    );
    let path = home.rollout("2026/11/23", FIRST, 300, r#""cli""#, &cwd);
    fs::rename(
        &path,
        path.with_file_name(format!("rollout-{SECOND}.jsonl")),
    )
    .unwrap();
    assert_eq!(home.newest(Transcripts::Codex, 100), None);
    // Rubbish, a line without an end, a link, a directory, a pipe nobody writes to.
    let day = ".codex/sessions/2026/11/23";
    for (name, text) in [
        ("a", "{".repeat(100_000)),
        ("b", "x".repeat(600_000)),
        ("c", String::new()),
    ] {
        home.file(&format!("{day}/{name}-{SECOND}.jsonl"), 300, &text);
    }
    let outside = home.rollout("elsewhere/1/1", FIRST, 300, r#""cli""#, &cwd);
    symlink(
        &outside,
        home.path().join(day).join(outside.file_name().unwrap()),
    )
    .unwrap();
    symlink(
        outside.parent().unwrap(),
        home.path().join(".codex/sessions/2027"),
    )
    .unwrap();
    fs::create_dir(home.path().join(day).join(format!("{FIRST}.jsonl"))).unwrap();
    let pipe = home.path().join(day).join(format!("p-{FIRST}.jsonl"));
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(made.success());
    assert_eq!(home.newest(Transcripts::Codex, 100), None);
}
