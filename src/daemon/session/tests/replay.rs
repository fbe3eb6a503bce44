//! The recorded sessions of real CLIs (`tests/fixtures/sessions`), replayed through the observer: what would
//! have been shown at each moment, held against what was true.
//!
//! The recordings are made by `tests/record.rs`. A moment is ten milliseconds. Where the agent truly changes,
//! the next 300 ms are not judged if the change is pushed to us, and 2 s if we have to look, or what we see
//! has to last (a title); how long it really took is told beside it. `GLUON_README=write` writes the table of the README anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::recording::{Event, Recording, Truth};
use crate::agents::{Registry, Report, ServerState, read_hook};
use crate::daemon::clock::Moment;
use crate::daemon::session::observe::{Observer, Sights, Signs};
use crate::domain::{Activity, AskKind, Exit, Source, Timestamp};
use crate::terminal::{Options, TermEvent, Terminal};
use std::time::{Duration, Instant};

mod health;

/// How long a moment is, in milliseconds.
const MOMENT: u64 = 10;
/// How late what is pushed and what is looked for may be, in milliseconds.
const PUSHED: u64 = 300;
const POLLED: u64 = 2_000;
/// The size of the first process's "starting", as the daemon has it outside of tests.
const STARTING: Duration = Duration::from_secs(5);

/// What the observer can see while a recording is replayed.
struct Stage {
    terminal: Terminal,
    registry: String,
}

impl Sights for Stage {
    fn screen(&mut self) -> Option<String> {
        Some(self.terminal.text(0, false))
    }

    fn registry(&mut self) -> Option<Report> {
        Report::read(self.registry.as_bytes())
    }
}

/// What was shown from a time on, by whose word.
#[derive(Debug, Clone)]
struct Shown {
    at: u64,
    since: Timestamp,
    activity: Activity,
    background: u32,
    by: Option<Source>,
}

impl Shown {
    fn word(&self) -> String {
        match &self.activity {
            Activity::Waiting(ask) => {
                let kind = match ask.kind {
                    AskKind::Permission => "permission",
                    AskKind::Question => "question",
                    AskKind::Auth => "auth",
                };
                format!("waiting({kind})")
            }
            other => other.word().to_owned(),
        }
    }

    fn fits(&self, truth: &Truth) -> bool {
        truth.words.contains(&self.word())
    }
}

struct Replay<'a> {
    recording: &'a Recording,
    observer: Observer,
    stage: Stage,
    start: Instant,
    without: &'a [Source],
    /// What is known by its server, and what of that was told last.
    server: ServerState,
    told: Option<Report>,
    shown: Vec<Shown>,
}

impl<'a> Replay<'a> {
    /// Everything that was shown, in order, had these sources said nothing.
    fn run(recording: &'a Recording, without: &'a [Source]) -> Vec<Shown> {
        let mut replay = Replay::new(recording, without);
        replay.play();
        replay.shown
    }

    fn new(recording: &'a Recording, without: &'a [Source]) -> Replay<'a> {
        let (registry, _) = Registry::load(None);
        let agent = registry.get(&recording.agent).unwrap();
        let mut signs = Signs::of(agent.hints());
        if without.contains(&Source::Screen) {
            signs.screen.clear();
        }
        let began = Timestamp(recording.began);
        let (cols, rows) = recording.size;
        Replay {
            recording,
            observer: Observer::new(signs, Activity::Unknown, began, STARTING, |_| 0),
            stage: Stage {
                terminal: Terminal::new(cols, rows, Options::default()),
                registry: String::new(),
            },
            start: Instant::now(),
            without,
            server: ServerState::new(&directory(recording)),
            told: None,
            shown: Vec::new(),
        }
    }

    fn moment(&self, at: u64) -> Moment {
        Moment {
            at: self.start + Duration::from_millis(at),
            time: Timestamp(self.recording.began + at as i64),
        }
    }

    fn play(&mut self) {
        self.begin();
        for (at, event) in &self.recording.events {
            self.pass_time(*at);
            self.take(event, self.moment(*at));
            self.note(*at);
        }
    }

    fn begin(&mut self) {
        let now = self.moment(0);
        self.observer.follow(true, now);
        let noted = |event: &(u64, Event)| matches!(event.1, Event::Registry(_));
        if self.recording.events.iter().any(noted) && !self.without.contains(&Source::Registry) {
            self.observer.watch(now);
        }
        self.note(0);
    }

    /// Lets everything happen that is due before `until`.
    fn pass_time(&mut self, until: u64) {
        while let Some(due) = self.observer.next() {
            let at = due.saturating_duration_since(self.start).as_micros();
            let at = (at as u64).div_ceil(1000);
            if at >= until {
                return;
            }
            let now = self.moment(at);
            self.observer.run(now, &mut self.stage);
            self.note(at);
        }
    }

    fn take(&mut self, event: &Event, now: Moment) {
        match event {
            Event::Out(bytes) => {
                self.stage.terminal.feed(bytes);
                for event in self.stage.terminal.take_events() {
                    let source = match event {
                        TermEvent::Program(_) => Some(Source::Program),
                        TermEvent::Title(_) => Some(Source::Title),
                        TermEvent::Progress(..) => Some(Source::Progress),
                        _ => None,
                    };
                    if source.is_none_or(|source| !self.without.contains(&source)) {
                        self.observer.event(&event, now);
                    }
                }
                self.observer.output(now);
            }
            Event::Hook(payload) if !self.without.contains(&Source::Hook) => {
                if let Some(hook) = read_hook(payload.as_bytes()) {
                    self.observer.hook_says(hook, now);
                }
            }
            Event::Server(said) => {
                self.server.event(said.as_bytes(), now.time);
                self.server_says(now);
            }
            Event::Answer(path, body) => {
                self.server.answer(path, body.as_bytes(), now.time);
                self.server_says(now);
            }
            Event::Registry(entry) => self.stage.registry.clone_from(entry),
            Event::Size(cols, rows) => self.stage.terminal.resize(*cols, *rows),
            Event::Exit(how) => {
                let exit = match how.split_once(' ') {
                    Some(("signal", number)) => Exit::Signal(number.parse().unwrap()),
                    Some((_, number)) => Exit::Code(number.parse().unwrap()),
                    None => Exit::Lost,
                };
                self.observer.ending();
                self.observer.ended(exit, how, now);
            }
            _ => {}
        }
    }

    /// As whoever follows its server tells it.
    fn server_says(&mut self, now: Moment) {
        let report = self.server.report();
        if report.is_some() && report != self.told && !self.without.contains(&Source::Registry) {
            self.told.clone_from(&report);
            self.observer.registry_says(report, now);
        }
    }

    fn note(&mut self, at: u64) {
        let Some(shown) = self.observer.take_changed() else {
            return;
        };
        let by = self.observer.reasons(self.moment(at).time).decision.by;
        self.shown.push(Shown {
            at,
            since: shown.since,
            activity: shown.activity,
            background: shown.background,
            by,
        });
    }
}

/// Whether an agent's server was followed; what it says is pushed, and not looked for.
fn is_served(recording: &Recording) -> bool {
    let mut events = recording.events.iter();
    events.any(|(_, event)| matches!(event, Event::Server(_) | Event::Answer(..)))
}

/// Where the agent was started, by what its server says.
fn directory(recording: &Recording) -> PathBuf {
    let found = recording.events.iter().find_map(|(_, event)| {
        let (Event::Server(said) | Event::Answer(_, said)) = event else {
            return None;
        };
        let said: serde_json::Value = serde_json::from_str(said).ok()?;
        let info = &said["properties"]["info"];
        let info = if info.is_null() { &said } else { info };
        info["directory"].as_str().map(PathBuf::from)
    });
    found.unwrap_or_default()
}

/// What came of a recording.
#[derive(Debug, Default)]
struct Verdict {
    cases: usize,
    moments: u64,
    right: u64,
    /// How late each true change was shown, in milliseconds, and by whose word.
    changes: Vec<(u64, Source)>,
    wrong: Vec<String>,
}

/// What was shown at `at`, or was to be shown.
fn shown_at(shown: &[Shown], at: u64) -> &Shown {
    let before = shown.iter().take_while(|shown| shown.at <= at);
    before.last().unwrap_or(&shown[0])
}

fn judge(name: &str, recording: &Recording, shown: &[Shown]) -> Verdict {
    let mut verdict = Verdict {
        cases: 1,
        ..Verdict::default()
    };
    let end = recording.events.last().map_or(0, |(at, _)| *at);
    let truths: Vec<(u64, &Truth)> = recording
        .events
        .iter()
        .filter_map(|(at, event)| match event {
            Event::Truth(truth) => Some((*at, truth)),
            _ => None,
        })
        .collect();
    let mut known = None;
    for (place, (from, truth)) in truths.iter().enumerate() {
        let until = truths.get(place + 1).map_or(end, |(at, _)| *at);
        let fits = |shown: &Shown| shown.fits(truth);
        let late = shown
            .iter()
            .find(|s| s.at >= *from && s.at < until && fits(s));
        let first = match fits(shown_at(shown, *from)) {
            true => Some((*from, shown_at(shown, *from))),
            false => late.map(|shown| (shown.at, shown)),
        };
        let mut pushed = vec![Source::Process, Source::Program, Source::Hook];
        pushed.extend(is_served(recording).then_some(Source::Registry));
        let polled = |shown: &Shown| shown.by.is_some_and(|by| !pushed.contains(&by));
        let tolerance = match first {
            Some((at, _)) if at == *from => 0,
            Some((_, shown)) if polled(shown) => POLLED,
            _ => PUSHED,
        };
        let changed = truth.words.len() == 1 && known.is_some_and(|known| known != &truth.words);
        if let (true, Some((at, shown))) = (changed, first) {
            let by = shown.by.unwrap_or(Source::Process);
            verdict.changes.push((at - from, by));
        }
        if truth.words.len() == 1 {
            known = Some(&truth.words);
        }
        let mut told = false;
        for at in (from + tolerance..until).step_by(MOMENT as usize) {
            let shown = shown_at(shown, at);
            let right = fits(shown);
            verdict.moments += 1;
            verdict.right += u64::from(right);
            if !right && !std::mem::replace(&mut told, true) {
                let (word, why) = (shown.word(), &truth.why);
                let words = truth.words.join("|");
                let by = shown.by;
                let wrong = format!("{name} at {at}: {word} by {by:?}, truly {words} ({why})");
                verdict.wrong.push(wrong);
            }
        }
    }
    judge_details(name, recording, shown, &mut verdict);
    verdict
}

/// The words of what is asked, and what goes on in the background, at the end of each such time.
fn judge_details(name: &str, recording: &Recording, shown: &[Shown], verdict: &mut Verdict) {
    let end = recording.events.last().map_or(0, |(at, _)| *at);
    let until = |from: usize, ends: fn(&Event) -> bool| {
        let mut later = recording.events[from + 1..].iter();
        later
            .find(|(_, event)| ends(event))
            .map_or(end, |(at, _)| *at)
            - 1
    };
    for (place, (_, event)) in recording.events.iter().enumerate() {
        match event {
            Event::Asks(words) => {
                let at = until(place, |event| matches!(event, Event::Truth(_)));
                let shown = shown_at(shown, at);
                let asked =
                    matches!(&shown.activity, Activity::Waiting(ask) if ask.text.contains(words));
                if !asked {
                    let wrong = format!("{name} at {at}: {:?}, truly asks {words}", shown.activity);
                    verdict.wrong.push(wrong);
                }
            }
            Event::Background(count) => {
                let at = until(place, |event| matches!(event, Event::Background(_)));
                let background = shown_at(shown, at).background;
                if background != *count {
                    let wrong =
                        format!("{name} at {at}: {background} in the background, truly {count}");
                    verdict.wrong.push(wrong);
                }
            }
            _ => {}
        }
    }
}

impl Verdict {
    fn add(&mut self, other: Verdict) {
        self.cases += other.cases;
        self.moments += other.moments;
        self.right += other.right;
        self.changes.extend(other.changes);
        self.wrong.extend(other.wrong);
    }

    /// A line of the README's table.
    fn line(&self, who: &str) -> String {
        let mut late: Vec<u64> = self.changes.iter().map(|(late, _)| *late).collect();
        late.sort_unstable();
        let median = late.get(late.len() / 2).copied().unwrap_or(0);
        let worst = late.last().copied().unwrap_or(0);
        let mut sources: BTreeMap<Source, usize> = BTreeMap::new();
        for (_, source) in &self.changes {
            *sources.entry(*source).or_default() += 1;
        }
        let sources: Vec<String> = sources
            .iter()
            .map(|(source, count)| format!("{} {count}", source.name()))
            .collect();
        let share = self.right as f64 * 100.0 / self.moments as f64;
        // Rounded down: what is wrong must not vanish.
        let share = (share * 100.0).floor() / 100.0;
        format!(
            "| {who} | {} | {} | {} | {share:.2} % | {median} ms | {worst} ms | {} |",
            self.cases,
            self.changes.len(),
            self.moments,
            sources.join(", ")
        )
    }
}

fn corpus() -> Vec<(String, Recording)> {
    // Others than those that are kept, while they are being made.
    let dir = std::env::var_os("GLUON_SESSIONS").map(PathBuf::from);
    let dir = dir.unwrap_or_else(|| root().join("tests/fixtures/sessions"));
    let mut files: Vec<PathBuf> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let recording = Recording::parse(&text);
        let recording = recording.unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, recording)
    };
    files.iter().map(read).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What came of the whole corpus, by agent and version.
fn verdicts(
    corpus: &[(String, Recording)],
    without: fn(&str) -> Vec<Source>,
) -> BTreeMap<String, Verdict> {
    let mut verdicts: BTreeMap<String, Verdict> = BTreeMap::new();
    let (registry, _) = Registry::load(None);
    for (name, recording) in corpus {
        let shown = Replay::run(recording, &without(&recording.agent));
        let title = registry.get(&recording.agent).unwrap().title().to_owned();
        let who = format!("{title} {}", recording.version);
        let verdict = judge(name, recording, &shown);
        verdicts.entry(who).or_default().add(verdict);
    }
    verdicts
}

/// Where an agent tells its own status.
fn own_status(agent: &str) -> Source {
    match agent {
        "gemini" => Source::Title,
        "opencode" => Source::Registry,
        _ => Source::Program,
    }
}

/// The table of the README: each agent with all that it tells, and without its own status, as an older
/// version or another agent would be seen.
fn table(corpus: &[(String, Recording)]) -> (String, Vec<String>) {
    let mut table = HEAD.to_owned();
    let mut wrong = Vec::new();
    let mut lesser = verdicts(corpus, |agent| vec![own_status(agent)]);
    for (who, verdict) in verdicts(corpus, |_| Vec::new()) {
        let _ = writeln!(table, "{}", verdict.line(&who));
        if let Some(lesser) = lesser.remove(&who) {
            let _ = writeln!(table, "{}", lesser.line("… had it no status of its own"));
            for wrong in lesser.wrong {
                println!("without its own status: {wrong}");
            }
        }
        wrong.extend(verdict.wrong);
    }
    (table, wrong)
}

const HEAD: &str = "\
| agent | sessions | changes | moments | right | median | worst | told by |
|---|---:|---:|---:|---:|---:|---:|---|
";

#[test]
fn what_is_shown_is_true_at_every_recorded_moment() {
    let corpus = corpus();
    let (table, wrong) = table(&corpus);
    println!("{table}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let path = root().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once("<!-- accuracy -->\n").unwrap();
    let (written, after) = rest.split_once("<!-- /accuracy -->\n").unwrap();
    if std::env::var_os("GLUON_README").is_some_and(|value| value == "write") {
        let all = format!("{before}<!-- accuracy -->\n{table}<!-- /accuracy -->\n{after}");
        return std::fs::write(path, all).unwrap();
    }
    assert_eq!(
        written, table,
        "GLUON_README=write cargo test --lib replay brings the README up to date"
    );
}

/// A judge that finds nothing wrong with anything would be of no use.
#[test]
fn what_is_wrong_is_found() {
    let corpus = corpus();
    let turn = corpus.iter().find(|(name, _)| name == "claude-turn");
    let (name, recording) = turn.unwrap();
    let mut shown = Replay::run(recording, &[]);
    assert_eq!(judge(name, recording, &shown).wrong, [""; 0]);
    // The last change comes half a second late, or never.
    let last = shown.len() - 1;
    shown[last].at += 500;
    let late = judge(name, recording, &shown);
    assert!(!late.wrong.is_empty() && late.right < late.moments);
    shown.pop();
    assert!(judge(name, recording, &shown).right < late.right);
}
