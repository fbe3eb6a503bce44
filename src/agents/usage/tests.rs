//! Transcripts that the real CLIs wrote (`tests/fixtures/transcripts`), and what is made to look like them.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;
use crate::agents::load_prices;
use crate::domain::calendar::parse_utc;
use crate::domain::{Basis, Cost, Day, MicroUsd, Prices, UsageRow};

const ONE: &str = "11111111-2222-4333-8444-555555555555";
const FORK: &str = "29e62a5c-9858-4c4f-b057-2bd9418d21cd";
const SUBAGENT: &str = "22222222-2222-4333-8444-555555555555";
const INTERRUPTED: &str = "c73ad280-9273-4f69-bb1d-bc43ef0b9c46";
const ROLLOUT: &str = "01a209fd-1636-7481-8d7d-f0bcefbecf43";
const ROLLOUT_FORK: &str = "01a209fd-96ac-7060-9b81-008dd3b45831";
const MORNING: &str = "2026-11-23T00:00:00Z";
/// What one request of the fixtures costs, in micro-dollars.
const REQUEST: i64 = 24_600;

fn fixtures(whose: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/transcripts")
        .join(whose)
}

fn meter(whose: Transcripts, home: &Path, since: &str) -> Meter {
    let name = match whose {
        Transcripts::Claude => "CLAUDE_CONFIG_DIR",
        _ => "CODEX_HOME",
    };
    let home: OsString = home.into();
    let trace = Trace {
        cwd: Path::new("/repo"),
        since: parse_utc(since).unwrap(),
        env: &|asked| (asked == name).then(|| home.clone()),
    };
    Meter::new(whose, &trace).unwrap()
}

fn prices() -> Prices {
    load_prices(None).0
}

fn rows(meter: &Meter) -> Vec<UsageRow> {
    meter.rows(&prices(), &|at| Day::of(at, 0))
}

fn cost(meter: &Meter) -> Option<Cost> {
    rows(meter).iter().map(UsageRow::cost).reduce(Cost::and)
}

/// What conversations of the fixtures cost, in micro-dollars.
fn of(whose: Transcripts, since: &str, conversations: &[&str]) -> Option<(i64, Basis)> {
    let dir = match whose {
        Transcripts::Claude => fixtures("claude"),
        _ => fixtures("codex"),
    };
    let mut meter = meter(whose, &dir, since);
    for id in conversations {
        meter.follow(id);
    }
    assert_eq!(meter.read(), !conversations.is_empty());
    assert!(!meter.read(), "nothing is new the second time");
    cost(&meter).map(|cost| (cost.usd.0, cost.basis))
}

#[test]
fn real_transcripts_cost_what_their_agent_says() {
    use Basis::{Estimated, Reported};
    use Transcripts::{Claude, Codex};
    let forked = "2026-11-23T19:59:07.000Z";
    for (whose, since, conversations, micros, basis) in [
        (Claude, MORNING, &[ONE][..], REQUEST, Reported),
        (Claude, MORNING, &[SUBAGENT], 4 * REQUEST, Reported),
        // Its output before the interruption is known to the CLI alone.
        (Claude, MORNING, &[INTERRUPTED], 117_000, Reported),
        // A fork as a session of its own: what it inherited was paid by its parent.
        (Claude, forked, &[FORK], REQUEST, Estimated),
        // Within one session what both tell of is counted once, whichever comes first.
        (Claude, MORNING, &[ONE, FORK], 2 * REQUEST, Estimated),
        (Claude, MORNING, &[FORK, ONE], 2 * REQUEST, Reported),
        (Codex, MORNING, &[ROLLOUT], 2 * 12_985, Estimated),
        (Codex, MORNING, &[ROLLOUT_FORK], 12_985, Estimated),
        (
            Codex,
            MORNING,
            &[ROLLOUT, ROLLOUT_FORK],
            3 * 12_985,
            Estimated,
        ),
    ] {
        assert_eq!(
            of(whose, since, conversations),
            Some((micros, basis)),
            "{conversations:?} since {since}"
        );
    }
    assert_eq!(of(Claude, MORNING, &[]), None);
}

#[test]
fn rows_have_the_tokens_of_each_request_once() {
    let mut meter = meter(Transcripts::Claude, &fixtures("claude"), MORNING);
    meter.follow(SUBAGENT);
    meter.read();
    let row = UsageRow {
        conversation: SUBAGENT.into(),
        model: "claude-opus-5-5".into(),
        day: Day::parse("2026-11-23").unwrap(),
        requests: 4,
        usage: Usage {
            input: 4800,
            cache_read: 60_000,
            cache_write_5m: 8000,
            cache_write_1h: 0,
            output: 1360,
            reasoning: 0,
        },
        cost: Some(MicroUsd(98_400)),
        basis: Basis::Reported,
    };
    assert_eq!(rows(&meter), [row]);

    let mut codex = super::tests::meter(Transcripts::Codex, &fixtures("codex"), MORNING);
    codex.follow(ROLLOUT);
    codex.read();
    let usage = Usage {
        input: 6400,
        cache_read: 30_000,
        output: 680,
        reasoning: 128,
        ..Usage::default()
    };
    assert_eq!(
        (rows(&codex)[0].usage, rows(&codex)[0].requests),
        (usage, 2)
    );
}

/// A home of Claude Code's with one transcript that grows.
struct Growing {
    home: TempDir,
    meter: Meter,
}

impl Growing {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("projects/-repo");
        fs::create_dir_all(&dir).unwrap();
        let mut meter = meter(Transcripts::Claude, home.path(), MORNING);
        meter.follow(ONE);
        Self { home, meter }
    }

    fn path(&self) -> PathBuf {
        self.home.path().join(format!("projects/-repo/{ONE}.jsonl"))
    }

    fn add(&self, text: &[u8]) {
        let mut file = File::options()
            .append(true)
            .create(true)
            .open(self.path())
            .unwrap();
        file.write_all(text).unwrap();
    }

    fn micros(&mut self) -> Option<i64> {
        self.meter.read();
        cost(&self.meter).map(|cost| cost.usd.0)
    }
}

/// A line of a request: 1000 tokens of input and `output` of output, $4 and $20 a million.
fn line(id: &str, output: u64) -> String {
    format!(
        r#"{{"type":"assistant","requestId":"r{id}","timestamp":"2026-11-23T10:00:00.000Z","message":{{"id":"m{id}","model":"claude-opus-5-5","usage":{{"input_tokens":1000,"output_tokens":{output}}}}}}}
"#
    )
}

#[test]
fn a_growing_transcript_is_read_once() {
    let mut growing = Growing::new();
    assert_eq!(growing.micros(), None, "there is no file yet");
    growing.add(line("1", 1).as_bytes());
    assert_eq!(growing.micros(), Some(4020));
    // The same request once more, whole; then half a line, then the rest of it.
    growing.add(line("1", 100).as_bytes());
    assert_eq!(growing.micros(), Some(6000));
    let next = line("2", 100);
    growing.add(&next.as_bytes()[..50]);
    assert_eq!(growing.micros(), Some(6000));
    growing.add(&next.as_bytes()[50..]);
    assert_eq!(growing.micros(), Some(12_000));
    // A subagent that begins later.
    let subagents = growing
        .home
        .path()
        .join(format!("projects/-repo/{ONE}/subagents"));
    fs::create_dir_all(&subagents).unwrap();
    fs::write(subagents.join("agent-1.jsonl"), line("3", 100)).unwrap();
    assert_eq!(growing.micros(), Some(18_000));
    // A file that is gone takes nothing with it.
    fs::remove_file(growing.path()).unwrap();
    assert_eq!(growing.micros(), Some(18_000));
}

#[test]
fn a_transcript_that_is_replaced_is_read_afresh() {
    let mut growing = Growing::new();
    growing.add((line("1", 100) + &line("2", 100)).as_bytes());
    assert_eq!(growing.micros(), Some(12_000));
    let other = growing.home.path().join("other");
    fs::write(&other, line("1", 100)).unwrap();
    fs::rename(&other, growing.path()).unwrap();
    assert_eq!(growing.micros(), Some(6000));
    fs::write(growing.path(), "").unwrap();
    assert_eq!(growing.micros(), None);
}

#[test]
fn what_was_used_after_the_agent_counted_is_added() {
    let mut growing = Growing::new();
    let total = |micros: u64, input: u64, output: u64, known: bool| {
        format!(
            r#"{{"type":"cost-state","totalCostUSD":9,"modelUsage":{{"claude-opus-5-5[1m]":{{"inputTokens":{input},"outputTokens":{output},"cacheReadInputTokens":0,"cacheCreationInputTokens":0,"costUSD":{}}}}},"hasUnknownModelCost":{}}}
"#,
            micros as f64 / 1e6,
            !known
        )
    };
    growing.add(line("1", 100).as_bytes());
    growing.add(total(7000, 1000, 150, true).as_bytes());
    assert_eq!(growing.micros(), Some(7000));
    assert_eq!(cost(&growing.meter).unwrap().basis, Basis::Reported);
    assert_eq!(rows(&growing.meter)[0].usage.output, 150);
    growing.add(line("2", 150).as_bytes());
    assert_eq!(growing.micros(), Some(7000 + 4000 + 100 * 20));
    assert_eq!(cost(&growing.meter).unwrap().basis, Basis::Estimated);
    growing.add(total(14_500, 2000, 300, true).as_bytes());
    assert_eq!(growing.micros(), Some(14_500));
    // A sum of which the CLI itself says that it lacks something is none.
    growing.add(total(1, 2000, 300, false).as_bytes());
    assert_eq!(growing.micros(), Some(14_500));
}

#[test]
fn a_model_without_a_price_is_unpriced_unless_the_agent_knows() {
    let mut growing = Growing::new();
    growing.add(line("1", 1).replace("claude-opus-5-5", "nobody").as_bytes());
    growing.meter.read();
    assert_eq!(cost(&growing.meter).unwrap().to_string(), "unpriced");
    let total = r#"{"type":"cost-state","modelUsage":{"nobody":{"inputTokens":1000,"outputTokens":1,"costUSD":0.5},"helper":{"inputTokens":7,"outputTokens":1,"costUSD":0.25}}}
"#;
    growing.add(total.as_bytes());
    growing.meter.read();
    let rows = rows(&growing.meter);
    assert_eq!(cost(&growing.meter).unwrap().to_string(), "$0.75");
    // A model that no line tells of, as for titles.
    assert_eq!((rows[0].model.as_str(), rows[0].usage.input), ("helper", 7));
}

#[test]
fn days_are_told_apart() {
    let mut growing = Growing::new();
    growing.add(line("1", 100).as_bytes());
    growing.add(line("2", 100).replace("11-23T", "11-24T").as_bytes());
    growing.meter.read();
    let days: Vec<String> = rows(&growing.meter)
        .iter()
        .map(|row| format!("{} {:?}", row.day, row.cost))
        .collect();
    assert_eq!(
        days,
        [
            "2026-11-23 Some(MicroUsd(6000))",
            "2026-11-24 Some(MicroUsd(6000))"
        ]
    );
}

#[test]
fn hostile_lines_are_left_out() {
    let mut growing = Growing::new();
    let deep = format!(
        r#"{{"type":"assistant","message":{{"usage":{}}}}}"#,
        "[".repeat(100_000)
    );
    for bad in [
        "\"assistant\" \"usage\"",
        r#"{"type":"assistant","message":{"usage":7},"uuid":1}"#,
        r#"{"type":"assistant","message":{"id":"x","usage":null}}"#,
        r#"{"type":"assistant","message":{"id":"y","model":"claude-opus-5-5","usage":{"input_tokens":-5,"output_tokens":"9","cache_read_input_tokens":null}},"timestamp":"never"}"#,
        r#"{"type":"assistant","message":{"model":"<synthetic>","id":"z","usage":{"input_tokens":5}}}"#,
        r#"{"type":"cost-state","modelUsage":{"a":{"costUSD":-1}}}"#,
        r#"{"type":"cost-state","modelUsage":{"a":{"costUSD":1e300}}}"#,
        r#"{"type":"cost-state","modelUsage":[]}"#,
        &deep,
    ] {
        growing.add(format!("{bad}\n").as_bytes());
    }
    growing.add(b"\xff\xfe\"assistant\"\"usage\"\n");
    // A line of endless length, in pieces.
    for _ in 0..3 {
        growing.add(&vec![b'x'; tail::LONGEST / 2]);
        growing.meter.read();
    }
    growing.add(line("1", 1).as_bytes());
    growing.add(line("2", 1).as_bytes());
    assert_eq!(
        growing.micros(),
        Some(4020),
        "the first is part of the long line"
    );
    let huge = line("3", u64::MAX);
    growing.add(huge.as_bytes());
    assert_eq!(growing.micros(), Some(4020 + 4000 + 20 * 1_000_000_000_000));
}

#[test]
fn links_and_strange_ids_are_not_followed() {
    let mut growing = Growing::new();
    let secret = growing.home.path().join("secret");
    fs::write(&secret, line("1", 1)).unwrap();
    symlink(&secret, growing.path()).unwrap();
    assert_eq!(growing.micros(), None);
    growing.meter.follow("../../secret");
    growing.meter.follow("");
    growing.meter.follow(ONE);
    assert_eq!(growing.meter.conversations.len(), 1);
}

/// A home of Codex's with one rollout.
fn codex_cost(lines: &[&str]) -> i64 {
    let home = tempfile::tempdir().unwrap();
    let day = home.path().join("sessions/2026/11/23");
    fs::create_dir_all(&day).unwrap();
    let path = day.join(format!("rollout-2026-11-23T10-00-00-{ROLLOUT}.jsonl"));
    fs::write(path, lines.join("\n") + "\n").unwrap();
    let mut meter = meter(Transcripts::Codex, home.path(), MORNING);
    meter.follow(ROLLOUT);
    meter.read();
    cost(&meter).map_or(0, |cost| cost.usd.0)
}

fn tokens(total: u64, last: u64) -> String {
    format!(
        r#"{{"timestamp":"2026-11-23T10:00:02.000Z","type":"event_msg","payload":{{"type":"token_count","info":{{"total_token_usage":{{"input_tokens":{total}}},"last_token_usage":{{"input_tokens":{last}}}}}}}}}"#
    )
}

#[test]
fn sums_of_rollouts_are_taken_apart() {
    let model = r#"{"type":"turn_context","payload":{"model":"gpt-5.2-codex"}}"#;
    let (first, same, second) = (tokens(1000, 1000), tokens(1000, 1000), tokens(3000, 2000));
    assert_eq!(codex_cost(&[model, &first, &same, &second]), 3 * 1750);
    // Where a line in between is missing, the sums know.
    assert_eq!(codex_cost(&[model, &first, &tokens(5000, 10)]), 5 * 1750);
    // A sum that is begun anew.
    assert_eq!(codex_cost(&[model, &second, &tokens(400, 400)]), 4200);
    let no_info = r#"{"type":"event_msg","payload":{"type":"token_count","info":null}}"#;
    assert_eq!(codex_cost(&[no_info, model, &first]), 1750);
    // A fork that begins with a copy of its parent's lines.
    let meta = |id: &str, at: &str| {
        format!(
            r#"{{"type":"session_meta","payload":{{"id":"{id}","timestamp":"2026-11-23T{at}.000Z"}}}}"#
        )
    };
    let (own, parent) = (meta(ROLLOUT, "10:00:00"), meta(ROLLOUT_FORK, "09:00:00"));
    let started = |at: i64| {
        let at = parse_utc(MORNING).unwrap().0 / 1000 + at * 3600;
        format!(r#"{{"type":"event_msg","payload":{{"type":"task_started","started_at":{at}}}}}"#)
    };
    let fork = [
        &own,
        &parent,
        model,
        &started(9),
        &first,
        &started(10),
        &second,
    ];
    assert_eq!(codex_cost(&fork), 2 * 1750);
}

#[test]
fn rollouts_of_subagents_count_for_who_started_them() {
    let home = tempfile::tempdir().unwrap();
    let day = home.path().join("sessions/2026/11/23");
    fs::create_dir_all(&day).unwrap();
    let write = |id: &str, source: &str| {
        let text = format!(
            "{{\"type\":\"session_meta\",\"payload\":{{\"id\":\"{id}\",\"source\":{source}}}}}\n{}\n{}\n",
            r#"{"type":"turn_context","payload":{"model":"gpt-5.2-codex"}}"#,
            tokens(1000, 1000)
        );
        fs::write(day.join(format!("rollout-x-{id}.jsonl")), text).unwrap();
    };
    write(ROLLOUT, "\"cli\"");
    write(ROLLOUT_FORK, "\"cli\"");
    let parent = format!(r#"{{"subagent":{{"thread_spawn":{{"parent_thread_id":"{ROLLOUT}"}}}}}}"#);
    write(SUBAGENT, &parent);
    let mut meter = meter(Transcripts::Codex, home.path(), MORNING);
    meter.follow(ROLLOUT);
    meter.read();
    assert_eq!(cost(&meter).unwrap().usd, MicroUsd(2 * 1750));
}

/// The figures are those of ccusage 17.2.1 for the same files; of the models in them it knows no price.
#[test]
fn totals_equal_those_of_an_independent_counter() {
    use Transcripts::{Claude, Codex};
    let all = |whose, name: &str, model: (&str, &str), ids: &[&str]| {
        let home = tempfile::tempdir().unwrap();
        let mut left = vec![PathBuf::new()];
        while let Some(dir) = left.pop() {
            fs::create_dir_all(home.path().join(&dir)).unwrap();
            for entry in fs::read_dir(fixtures(name).join(&dir)).unwrap() {
                let path = dir.join(entry.unwrap().file_name());
                let from = fixtures(name).join(&path);
                if from.is_dir() {
                    left.push(path);
                    continue;
                }
                // It does not know of what the CLI itself counts.
                let text = fs::read_to_string(from).unwrap().replace(model.0, model.1);
                let text = text.replace("\"cost-state\"", "\"other\"");
                fs::write(home.path().join(path), text).unwrap();
            }
        }
        let mut meter = meter(whose, home.path(), MORNING);
        ids.iter().for_each(|id| meter.follow(id));
        meter.read();
        let cost = cost(&meter).unwrap();
        (cost.usd.0, cost.tokens)
    };
    let sonnet = ("claude-opus-5-5", "claude-sonnet-4-5-20250929");
    let claude = [ONE, FORK, SUBAGENT, INTERRUPTED];
    assert_eq!(all(Claude, "claude", sonnet, &claude), (222_615, 203_601));
    let codex = [ROLLOUT, ROLLOUT_FORK];
    let gpt = ("gpt-5.2-codex", "gpt-5");
    assert_eq!(all(Codex, "codex", gpt, &codex), (27_825, 55_620));
}

#[test]
fn gemini_counts_each_message_once_whatever_repeats_it() {
    let home = tempfile::tempdir().unwrap();
    let chats = home.path().join(".gemini/tmp/repo/chats");
    fs::create_dir_all(&chats).unwrap();
    let head = format!(r#"{{"sessionId":"{ONE}","kind":"main"}}"#);
    let message = |id: &str, rest: &str| {
        format!(
            r#"{{"id":"{id}","timestamp":"2026-11-23T10:00:00Z","type":"gemini","content":"","tokens":{{"input":18200,"output":340,"cached":15000,"thoughts":64,"tool":0,"total":18604}},"model":"gemini-3.8-flash"{rest}}}"#
        )
    };
    let twice = [message("a", ""), message("a", r#","toolCalls":[]"#)].join("\n\n");
    let anew = format!(r#"{{"$set":{{"messages":[{},7]}}}}"#, message("a", ""));
    let first = format!("{head}\n{twice}\n{anew}\n");
    fs::write(chats.join("session-2026-11-23T10-00-11111111.jsonl"), first).unwrap();
    // A resumed run begins another file; what another conversation used is not counted.
    let resumed = format!("{head}\n{}\n", message("b", ""));
    fs::write(
        chats.join("session-2026-11-23T11-00-11111111.jsonl"),
        resumed,
    )
    .unwrap();
    let other = format!("{}\n{}\n", head.replace(ONE, FORK), message("c", ""));
    fs::write(chats.join("session-2026-11-23T12-00-11111111.jsonl"), other).unwrap();

    let dir: OsString = home.path().into();
    let trace = Trace {
        cwd: Path::new("/repo"),
        since: parse_utc(MORNING).unwrap(),
        env: &|asked| (asked == "HOME").then(|| dir.clone()),
    };
    let mut meter = Meter::new(Transcripts::Gemini, &trace).unwrap();
    meter.follow(ONE);
    let later = home.path().join("later");
    fs::rename(&chats, &later).unwrap();
    assert!(!meter.read(), "it has written nothing yet");
    fs::rename(&later, &chats).unwrap();
    assert!(meter.read());
    let rows = rows(&meter);
    assert_eq!(rows.len(), 1, "{rows:?}");
    let each = Usage {
        input: 3200,
        cache_read: 15_000,
        output: 404,
        reasoning: 64,
        ..Usage::default()
    };
    let mut both = each;
    both += each;
    assert_eq!((rows[0].requests, rows[0].usage), (2, both));
    assert_eq!(rows[0].basis, Basis::Estimated);
}

#[test]
fn opencode_counts_sessions_with_their_subagents_as_it_says_itself() {
    const SESSION: &str = "ses_one0000000000000000000001";
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("opencode");
    fs::create_dir_all(&dir).unwrap();
    let database = rusqlite::Connection::open(dir.join("opencode.db")).unwrap();
    let since = parse_utc(MORNING).unwrap().0;
    database
        .execute_batch(&format!(
            "CREATE TABLE session (id TEXT, parent_id TEXT);
             CREATE TABLE message (id TEXT, session_id TEXT, time_created INTEGER,
                 time_updated INTEGER, data TEXT);
             INSERT INTO session VALUES ('{SESSION}', NULL), ('ses_child', '{SESSION}'),
                 ('ses_other', NULL);"
        ))
        .unwrap();
    let add = |id: &str, session: &str, at: i64, cost: &str| {
        let data = format!(
            r#"{{"role":"assistant","modelID":"gpt-5.2","cost":{cost},"tokens":{{"input":3200,"output":276,"reasoning":64,"cache":{{"read":15000,"write":0}}}}}}"#
        );
        let row = (id, session, at, at, data);
        database
            .execute("INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5)", row)
            .unwrap();
    };
    add("m1", SESSION, since + 1, "0.012985");
    add("m2", "ses_child", since + 2, "0.012985");
    add("m3", "ses_other", since + 3, "0.012985");
    add("m4", SESSION, since - 1, "0.012985");

    let data: OsString = home.path().into();
    let trace = Trace {
        cwd: Path::new("/repo"),
        since: Timestamp(since),
        env: &|asked| (asked == "XDG_DATA_HOME").then(|| data.clone()),
    };
    let mut meter = Meter::new(Transcripts::Opencode, &trace).unwrap();
    meter.follow("ses_; DROP TABLE session");
    assert!(meter.is_idle());
    meter.follow(SESSION);
    assert!(meter.read());
    assert!(!meter.read(), "nothing is new the second time");
    let cost_of = |meter: &Meter| cost(meter).map(|cost| (cost.usd.0, cost.basis));
    assert_eq!(cost_of(&meter), Some((2 * 12_985, Basis::Reported)));
    assert_eq!(rows(&meter)[0].usage.output, 2 * 340);

    // Where its own table has no price, ours counts.
    add("m5", SESSION, since + 5, "0");
    assert!(meter.read());
    let (micros, basis) = cost_of(&meter).unwrap();
    assert!(micros > 2 * 12_985, "{micros}");
    assert_eq!(basis, Basis::Estimated);
}
