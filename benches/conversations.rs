//! Ten thousand conversations on one machine: how long the first look at them takes and what it holds up,
//! a look at which nothing is new, listing, searching titles and texts, pages and searches of one long
//! transcript, and the daemon's memory. Prints a Markdown table.
//!
//! `cargo bench --bench conversations`; `GLUON_BENCH_CONVERSATIONS` (default 10000) is their number,
//! `GLUON_BENCH_LONG_MB` (default 200) the length of the one long transcript. No verdicts here.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use gluon::client::{Client, ConnectOptions};
use gluon::config::Paths;
use gluon::protocol::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_gluon");
const AGAIN: &str = "GLUON_BENCH_HOME";
const LONG: &str = "ffffffff-0000-4000-8000-000000000000";

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    if let Some(home) = std::env::var_os(AGAIN) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(measure(Path::new(&home)));
    }
    // What the daemon finds of agents is what this home has.
    let home = tempfile::Builder::new().prefix("gl").tempdir().unwrap();
    let bytes = write_all(home.path());
    println!("{} MB of transcripts\n", bytes / 1_000_000);
    let mut command = Command::new(std::env::current_exe().unwrap());
    for name in [
        "CLAUDE_CONFIG_DIR",
        "CODEX_HOME",
        "GEMINI_CLI_HOME",
        "XDG_DATA_HOME",
    ] {
        command.env_remove(name);
    }
    let status = command
        .env(AGAIN, home.path())
        .env("HOME", home.path())
        .status();
    assert!(status.unwrap().success());
}

fn setting(name: &str, usual: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % sides
    }

    /// Words as they are distributed in texts: few of them often.
    fn words(&mut self, count: usize) -> String {
        const HEADS: [&str; 24] = [
            "the", "test", "login", "error", "file", "server", "index", "parse", "token", "limit",
            "rate", "session", "branch", "commit", "cargo", "build", "panic", "socket", "thread",
            "query", "table", "width", "render", "config",
        ];
        let mut text = String::new();
        for _ in 0..count {
            if self.roll(3) > 0 {
                text.push_str(HEADS[self.roll(HEADS.len())]);
            } else {
                let number = self.roll(200) * self.roll(200);
                let _ = write!(text, "{}{number:x}", HEADS[self.roll(HEADS.len())]);
            }
            text.push(' ');
        }
        text
    }
}

/// One transcript of Claude Code's of about `size` bytes.
fn claude(dice: &mut Dice, id: &str, cwd: &str, size: usize, at: usize) -> String {
    let time = |turn: usize| {
        let minutes = at * 7 + turn;
        let (day, hour, minute) = (minutes / 1440 % 28 + 1, minutes / 60 % 24, minutes % 60);
        format!(
            "2026-{:02}-{day:02}T{hour:02}:{minute:02}:00.000Z",
            at % 11 + 1
        )
    };
    let mut text = String::new();
    let mut turn = 0;
    while text.len() < size {
        let (said, answer) = (dice.words(20), dice.words(60));
        let output = dice.words(400);
        let (now, number) = (time(turn), dice.roll(1_000_000_000));
        let _ = writeln!(
            text,
            r#"{{"type":"user","isSidechain":false,"message":{{"role":"user","content":"{said}"}},"timestamp":"{now}","cwd":"{cwd}","sessionId":"{id}","uuid":"{number}"}}"#
        );
        for part in [
            format!(r#"{{"type":"text","text":"{answer}"}}"#),
            r#"{"type":"tool_use","name":"Bash","input":{"command":"cargo test"}}"#.to_owned(),
        ] {
            let _ = writeln!(
                text,
                r#"{{"type":"assistant","message":{{"id":"msg_{number}","role":"assistant","model":"claude-sonnet-4-5","content":[{part}],"usage":{{"input_tokens":12,"cache_read_input_tokens":24000,"cache_creation_input_tokens":900,"output_tokens":340}}}},"requestId":"req_{number}","timestamp":"{now}","cwd":"{cwd}","sessionId":"{id}"}}"#
            );
        }
        let _ = writeln!(
            text,
            r#"{{"type":"user","message":{{"role":"user","content":[{{"type":"tool_result","content":"{output}"}}]}},"timestamp":"{now}","cwd":"{cwd}","sessionId":"{id}"}}"#
        );
        turn += 1;
    }
    let _ = writeln!(
        text,
        r#"{{"type":"ai-title","aiTitle":"{}","sessionId":"{id}"}}"#,
        dice.words(5)
    );
    text
}

/// One rollout of Codex's.
fn codex(dice: &mut Dice, id: &str, cwd: &str, size: usize) -> String {
    let line = |kind: &str, payload: &str| {
        format!(
            r#"{{"timestamp":"2026-10-0{}T10:00:00.000Z","type":"{kind}","payload":{payload}}}"#,
            3
        ) + "\n"
    };
    let meta = format!(
        r#"{{"id":"{id}","timestamp":"2026-10-03T10:00:00.000Z","cwd":"{cwd}","source":"cli"}}"#
    );
    let mut text =
        line("session_meta", &meta) + &line("turn_context", r#"{"model":"gpt-5.2-codex"}"#);
    let mut total = 0;
    while text.len() < size {
        let message = |role: &str, kind: &str, said: &str| {
            format!(
                r#"{{"type":"message","role":"{role}","content":[{{"type":"{kind}","text":"{said}"}}]}}"#
            )
        };
        text += &line(
            "response_item",
            &message("user", "input_text", &dice.words(20)),
        );
        let output = format!(
            r#"{{"type":"function_call_output","output":"Output:\n{}"}}"#,
            dice.words(300)
        );
        text += &line("response_item", &output);
        text += &line(
            "response_item",
            &message("assistant", "output_text", &dice.words(60)),
        );
        total += 10_000;
        let usage = format!(
            r#"{{"input_tokens":{total},"cached_input_tokens":{},"output_tokens":{}}}"#,
            total / 2,
            total / 20
        );
        let counted = format!(r#"{{"type":"token_count","info":{{"total_token_usage":{usage}}}}}"#);
        text += &line("event_msg", &counted);
    }
    text
}

/// Writes everything; how many bytes that is.
fn write_all(home: &Path) -> u64 {
    let mut dice = Dice(42);
    let mut bytes = 0;
    let mut put = |path: PathBuf, text: String| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        bytes += text.len() as u64;
        std::fs::write(path, text).unwrap();
    };
    for number in 0..setting("GLUON_BENCH_CONVERSATIONS", 10_000) {
        // Most are short, a few are long.
        let size = 4000 + dice.roll(40_000) + if number % 50 == 0 { 500_000 } else { 0 };
        let id = format!("{number:08x}-0000-4000-8000-{:012x}", dice.roll(1 << 30));
        let project = dice.roll(40);
        let cwd = format!("/src/project-{project}");
        if number % 3 == 0 {
            let day = home.join(format!(
                ".codex/sessions/2026/{:02}/{:02}",
                number % 12 + 1,
                number % 28 + 1
            ));
            let name = format!("rollout-2026-10-03T10-00-00-{id}.jsonl");
            put(day.join(name), codex(&mut dice, &id, &cwd, size));
        } else {
            let dir = home.join(format!(".claude/projects/-src-project-{project}"));
            put(
                dir.join(format!("{id}.jsonl")),
                claude(&mut dice, &id, &cwd, size, number),
            );
        }
    }
    let long = setting("GLUON_BENCH_LONG_MB", 200) * 1_000_000;
    let text = claude(&mut dice, LONG, "/src/long", long, 1);
    put(
        home.join(format!(".claude/projects/-src-long/{LONG}.jsonl")),
        text,
    );
    bytes
}

/// Fastest, median and slowest of so many.
async fn timed<T>(count: usize, mut what: impl AsyncFnMut() -> T) -> String {
    let mut took = Vec::new();
    for _ in 0..count {
        let start = Instant::now();
        what().await;
        took.push(start.elapsed());
    }
    took.sort();
    let ms = |at: Duration| format!("{:.1}", at.as_secs_f64() * 1000.0);
    match count {
        1 => ms(took[0]),
        _ => format!("{} / {}", ms(took[count / 2]), ms(took[count - 1])),
    }
}

fn memory(pid: u32) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kib.map_or("?".to_owned(), |kib| (kib / 1024).to_string())
    };
    format!("{} (at most {})", field("VmRSS:"), field("VmHWM:"))
}

fn row(what: &str, figure: impl std::fmt::Display) {
    println!("| {what} | {figure} |");
    let _ = std::io::stdout().flush();
}

async fn measure(home: &Path) {
    let paths = Paths {
        state: home.join("gluon/state"),
        data: home.join("gluon/data"),
        config: home.join("gluon/config"),
        runtime: home.join("gluon/run"),
    };
    paths.ensure().unwrap();
    let options = ConnectOptions {
        autostart: true,
        reconnect: true,
        program: Some(PROGRAM.into()),
    };
    println!("| what | ms (median / slowest where two), MiB |\n|---|---|");
    let start = Instant::now();
    let (client, events) = Client::connect(&paths, options).await.unwrap();
    drop(events);
    let status = client.status(()).await.unwrap();
    row("start of the daemon", start.elapsed().as_millis());
    row("memory before anything was looked at", memory(status.pid));

    let wanted = |words: &str, titles: bool| ListConversations {
        words: words.to_owned(),
        titles,
        foreign: true,
        grouped: words.is_empty(),
        limit: 100,
        ..ListConversations::default()
    };
    let start = Instant::now();
    let other = client.clone();
    let first = tokio::spawn(async move {
        other
            .list_conversations(ListConversations {
                wait: true,
                limit: 1,
                ..Default::default()
            })
            .await
    });
    let (mut pings, mut lists) = (Vec::new(), Vec::new());
    let mut shown = None;
    while !first.is_finished() {
        let ping = Instant::now();
        client.status(()).await.unwrap();
        pings.push(ping.elapsed());
        let list = Instant::now();
        let there = client.list_conversations(wanted("", false)).await.unwrap();
        lists.push(list.elapsed());
        if there.all > 0 {
            shown.get_or_insert(start.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let all = first.await.unwrap().unwrap().all;
    row(
        &format!("first look at {all} conversations, costs included"),
        start.elapsed().as_millis(),
    );
    row(
        "... until the first are listed",
        shown.unwrap_or_default().as_millis(),
    );
    row(
        "... slowest answer to another client meanwhile",
        pings.iter().max().unwrap().as_millis(),
    );
    row(
        "... slowest list meanwhile (waits up to 100 for news)",
        lists.iter().max().unwrap().as_millis(),
    );
    row("memory after it", memory(status.pid));
    let index = std::fs::metadata(paths.conversations()).map_or(0, |meta| meta.len());
    row("the index on disk, MiB", index / (1 << 20));

    let again = async || tokio::time::sleep(Duration::from_millis(2100)).await;
    again().await;
    let unchanged = ListConversations {
        wait: true,
        ..wanted("", false)
    };
    row(
        "a look at which nothing is new, with its list",
        timed(1, async || {
            client.list_conversations(unchanged.clone()).await.unwrap()
        })
        .await,
    );
    row(
        "list, by project",
        timed(30, async || {
            client.list_conversations(wanted("", false)).await.unwrap()
        })
        .await,
    );
    let deep = ListConversations {
        skip: all / 2,
        ..wanted("", false)
    };
    row(
        "list, a page in the middle",
        timed(30, async || {
            client.list_conversations(deep.clone()).await.unwrap()
        })
        .await,
    );
    for words in [
        "l",
        "lo",
        "login",
        "login rate",
        "sess tok limit ind",
        "login5dc",
    ] {
        row(
            &format!("titles and prompts: `{words}`"),
            timed(20, async || {
                client
                    .list_conversations(wanted(words, true))
                    .await
                    .unwrap()
            })
            .await,
        );
        row(
            &format!("everything said: `{words}`"),
            timed(20, async || {
                client
                    .list_conversations(wanted(words, false))
                    .await
                    .unwrap()
            })
            .await,
        );
    }
    let found = client
        .list_conversations(wanted("login rate", false))
        .await
        .unwrap();
    let ids: Vec<String> = found
        .rows
        .iter()
        .map(|row| row.conversation.id.clone())
        .take(50)
        .collect();
    row(
        "the lines found in 50 of them",
        timed(5, async || {
            let mut rest = ids.clone();
            while !rest.is_empty() {
                let find = FindLines {
                    ids: rest.clone(),
                    words: "login rate".into(),
                };
                let lines = client.find_lines(find).await.unwrap();
                rest.drain(..lines.len());
            }
        })
        .await,
    );
    long(&client).await;
    row("memory at the end", memory(status.pid));
    let _ = client.shutdown(Shutdown::Stop { confirm: true }).await;
}

/// One long transcript.
async fn long(client: &Client) {
    let of = TranscriptOf::Conversation(LONG.to_owned());
    for (what, from) in [
        ("end", TranscriptFrom::End),
        ("beginning", TranscriptFrom::Place(0)),
        ("middle", TranscriptFrom::Before(100_000_000)),
    ] {
        let read = ReadTranscript {
            of: of.clone(),
            from,
            limit: 200,
        };
        row(
            &format!("a page at the {what} of the long transcript"),
            timed(10, async || {
                client.read_transcript(read.clone()).await.unwrap()
            })
            .await,
        );
    }
    row(
        "a text that is nowhere in it",
        timed(1, async || {
            let mut from = 0;
            loop {
                let seek = SeekTranscript {
                    of: of.clone(),
                    text: "nowhere at all".into(),
                    from,
                    back: false,
                };
                let sought = client.seek_transcript(seek).await.unwrap();
                from = sought.reached;
                if sought.ended {
                    return;
                }
            }
        })
        .await,
    );
}
