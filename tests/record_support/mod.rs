//! Recording a real agent CLI: on a terminal of the recorder's own, with hooks that only write down what
//! they are given, watched over its shoulder. gluon is not in it but for the emulator that answers the
//! CLI's queries and the command line that its adapter makes: what is recorded is true whatever gluon thinks.

mod claude;
mod codex;
mod common;

use std::fs;
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use gluon::agents::{
    Agent, ConversationId, Registry, StartContext, hook_settings, new_conversation_id,
};
use gluon::terminal::{Options, TermEvent, Terminal};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::real_support::model::{Entry, Happening, Model};
use crate::real_support::support::recording::{Event, Recording, Truth};
use crate::real_support::{Lab, support};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often hooks and registry are looked at.
const LOOK: Duration = Duration::from_millis(5);
/// What is printed within so many milliseconds becomes one chunk, with the time of its last byte.
const GATHER: u64 = 4;
/// What both CLIs show while they work.
const BUSY: &str = "esc to interrupt";
/// The size of the terminal.
const SIZE: (u16, u16) = (100, 30);
/// What a hook runs: it writes down what it is given, and when it had it all.
const HOOK: &str = "#!/bin/sh\ncat >\"$0.$$\" && mv \"$0.$$\" \"$0.d/$(date +%s%N)\"\n";

/// A case: its name, what happens in it, and the script.
type Script = (&'static str, &'static str, fn(&mut Stage));

/// A case: its file's name, what happens in it, and the script.
#[derive(Clone)]
pub struct Case {
    pub agent: &'static str,
    pub name: &'static str,
    pub about: &'static str,
    pub play: fn(&mut Stage),
}

/// All cases there are.
pub fn cases() -> Vec<Case> {
    let of = |agent, cases: &[Script]| -> Vec<Case> {
        let case = |&(name, about, play)| Case {
            agent,
            name,
            about,
            play,
        };
        cases.iter().map(case).collect()
    };
    [of("claude", claude::CASES), of("codex", codex::CASES)].concat()
}

/// An agent on a stage, and the tape that runs.
pub struct Stage {
    pub lab: Lab,
    agent: Arc<dyn Agent>,
    shared: Arc<Shared>,
    master: Option<Box<dyn MasterPty + Send>>,
    child: Option<Box<dyn Child + Send + Sync>>,
    ready: &'static str,
    seen: usize,
    conversation: String,
    /// Whether whoever watches the present process is to stop.
    over: Arc<AtomicBool>,
}

struct Shared {
    tape: Mutex<Tape>,
    terminal: Mutex<Terminal>,
    writer: Mutex<Option<Box<dyn Write + Send>>>,
    looked_for: Mutex<Option<LookedFor>>,
    found: Condvar,
}

/// What somebody waits to see on the screen, and when it was there.
struct LookedFor {
    text: &'static str,
    there: bool,
    at: Option<Instant>,
}

impl LookedFor {
    fn look(&mut self, screen: &str, at: Instant) {
        if screen.contains(self.text) == self.there {
            self.at.get_or_insert(at);
        }
    }
}

struct Tape {
    start: Instant,
    began: SystemTime,
    rolls: bool,
    events: Vec<(u64, Event)>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tape {
    fn note(&mut self, at: Instant, event: Event) {
        if self.rolls {
            let at = at.saturating_duration_since(self.start).as_millis() as u64;
            self.events.push((at, event));
        }
    }
}

/// Records a case; `None` where its CLI is not there.
pub fn record(case: &Case) -> Option<Recording> {
    let (lab, ready) = match case.agent {
        "claude" => (Lab::claude()?, "❯"),
        "codex" => (Lab::codex()?, "›"),
        other => panic!("no laboratory for {other}"),
    };
    let (registry, _) = Registry::load(None);
    let agent = registry.get(case.agent).expect("a built-in agent");
    let shared = Shared {
        tape: Mutex::new(Tape {
            start: Instant::now(),
            began: UNIX_EPOCH,
            rolls: false,
            events: Vec::new(),
        }),
        terminal: Mutex::new(Terminal::new(SIZE.0, SIZE.1, Options::default())),
        writer: Mutex::new(None),
        looked_for: Mutex::new(None),
        found: Condvar::new(),
    };
    let mut stage = Stage {
        lab,
        agent,
        shared: Arc::new(shared),
        master: None,
        child: None,
        ready,
        seen: 0,
        conversation: String::new(),
        over: Arc::default(),
    };
    stage.set_up_hook();
    let played = catch_unwind(AssertUnwindSafe(|| (case.play)(&mut stage)));
    if let Err(panic) = played {
        println!("its screen:\n{}", stage.text());
        resume_unwind(panic);
    }
    let version = stage.version();
    Some(stage.finish(case, version))
}

impl Stage {
    fn hook(&self) -> PathBuf {
        self.lab.home.path().join("told")
    }

    fn set_up_hook(&self) {
        use std::os::unix::fs::PermissionsExt;
        let hook = self.hook();
        fs::create_dir(hook.with_extension("d")).expect("a directory");
        fs::write(&hook, HOOK).expect("a file");
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("its mode");
    }

    fn version(&self) -> String {
        let program = crate::real_support::cli(self.agent.program()).expect("it is there");
        let mut command = std::process::Command::new(program);
        command
            .env_clear()
            .envs(self.lab.home.env())
            .arg("--version");
        let output = command.output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
        text.split_whitespace()
            .find(number)
            .expect("a version")
            .to_owned()
    }

    fn context(&self, prompt: Option<&str>) -> StartContext {
        let hook = self.hook();
        StartContext {
            prompt: prompt.map(str::to_owned),
            cwd: self.lab.repo.clone(),
            conversation: Some(new_conversation_id().expect("randomness")),
            trusted: true,
            hooks: Some(hook_settings(hook.to_str().expect("text"))),
            port: None,
            from: None,
        }
    }

    /// Starts the agent with a prompt, and the tape with it.
    pub fn start(&mut self, prompt: Option<&str>) {
        let context = self.context(prompt);
        let launch = self.agent.start(&context).expect("a command line");
        self.launch(&launch.argv, &launch.env);
        let first = match prompt {
            Some(_) => "starting|idle|working",
            None => "starting",
        };
        self.truth(first, "its process starts");
        self.conversation = context.conversation.unwrap_or_default();
    }

    /// Ends it and goes on with its conversation.
    pub fn resume(&mut self) {
        if self.agent.conversation_id() == ConversationId::Learnt {
            self.conversation = self.learnt();
        }
        self.kill();
        let context = self.context(None);
        let launch = self.agent.resume(&context, &self.conversation);
        let launch = launch.expect("a command line");
        self.launch(&launch.argv, &launch.env);
        self.truth("starting", "its process starts");
    }

    /// The conversation that it leads, where it chooses the id itself: its newest transcript is named by it.
    fn learnt(&self) -> String {
        let mut dir = self.lab.home.path().join("home/.codex/sessions");
        loop {
            let entries = fs::read_dir(&dir).expect("a directory").flatten();
            let newest = entries.map(|entry| entry.path()).max();
            dir = newest.expect("a transcript");
            if dir.is_file() {
                break;
            }
        }
        let name = dir
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("text");
        name[name.len() - 36..].to_owned()
    }

    /// Starts the process on a terminal of its own; what was on the tape is forgotten.
    fn launch(&mut self, argv: &[String], env: &[(String, String)]) {
        let (cols, rows) = SIZE;
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty = native_pty_system().openpty(size).expect("a terminal");
        let program = crate::real_support::cli(&argv[0]).expect("it is there");
        let mut command = CommandBuilder::new(program);
        command.args(&argv[1..]);
        command.cwd(&self.lab.repo);
        command.env_clear();
        for (name, value) in self.lab.home.env() {
            command.env(name, value);
        }
        for (name, value) in env {
            command.env(name, value);
        }
        command.env("TZ", "UTC");
        *lock(&self.shared.terminal) = Terminal::new(cols, rows, Options::default());
        *lock(&self.shared.writer) = Some(pty.master.take_writer().expect("a writer"));
        let reader = pty.master.try_clone_reader().expect("a reader");
        {
            let mut tape = lock(&self.shared.tape);
            tape.start = Instant::now();
            tape.began = SystemTime::now();
            tape.rolls = true;
            tape.events.clear();
        }
        let child = pty.slave.spawn_command(command).expect("it starts");
        let pid = child.process_id().expect("a process");
        self.child = Some(child);
        self.master = Some(pty.master);
        let shared = self.shared.clone();
        std::thread::spawn(move || listen(reader, &shared));
        self.over.store(true, Ordering::Relaxed);
        self.over = Arc::default();
        let (shared, over) = (self.shared.clone(), self.over.clone());
        let told = self.hook().with_extension("d");
        let registry = self.lab.home.path().join("home/.claude/sessions");
        let registry = registry.join(format!("{pid}.json"));
        std::thread::spawn(move || watch(&told, &registry, &shared, &over));
    }

    fn note(&self, event: Event) {
        lock(&self.shared.tape).note(Instant::now(), event);
    }

    /// What is true from now on.
    pub fn truth(&self, words: &str, why: &str) {
        self.note(Event::Truth(Truth::new(words, why)));
    }

    /// What is true since the model did something.
    pub fn truth_since(&self, entry: &Entry, words: &str, why: &str) {
        let at = self.model().start_time() + entry.at;
        lock(&self.shared.tape).note(at, Event::Truth(Truth::new(words, why)));
    }

    /// What is asked has these words in it.
    pub fn asks(&self, words: &str) {
        self.note(Event::Asks(words.to_owned()));
    }

    /// So much goes on in the background.
    pub fn background(&self, count: u32) {
        self.note(Event::Background(count));
    }

    pub fn model(&self) -> &Model {
        &self.lab.model
    }

    /// Lets the tape roll on.
    pub fn rest(&self, seconds: f64) {
        std::thread::sleep(Duration::from_secs_f64(seconds));
    }

    /// The next thing of this kind that the model does, after those that were waited for before.
    pub fn next(&mut self, what: &str, is: impl Fn(&Happening) -> bool) -> Entry {
        let seen = self.seen;
        let count = self.model().journal();
        let before = count
            .iter()
            .take(seen)
            .filter(|entry| is(&entry.what))
            .count();
        let entry = self.model().wait_nth(before + 1, what, is);
        let all = self.model().journal();
        let place = all.iter().position(|other| other.at == entry.at);
        self.seen = seen.max(place.map_or(seen, |place| place + 1));
        entry
    }

    /// The model is asked, so a turn is in progress.
    pub fn asked(&mut self) {
        let entry = self.next(
            "a turn",
            |what| matches!(what, Happening::Asked(asked) if asked.tools),
        );
        self.truth_since(&entry, "working", "the model is asked");
    }

    /// The model has given a whole answer.
    pub fn answered(&mut self, words: &str, why: &str) {
        let entry = self.next("an answer", |what| {
            matches!(what, Happening::Answered { .. })
        });
        self.truth_since(&entry, words, why);
    }

    /// The answer was the last of its turn: the turn ends as soon as its reader sees it end.
    pub fn finished(&mut self) {
        self.answered("working|idle", "the last answer is given");
        self.sees_end("idle");
    }

    /// Its reader sees that it works no more.
    pub fn sees_end(&mut self, words: &str) {
        self.sees(BUSY, false, words, "its screen says no more that it works");
    }

    /// Its reader sees these words come or go.
    pub fn sees(&mut self, text: &'static str, there: bool, words: &str, why: &str) {
        let at = self.find(text, there);
        lock(&self.shared.tape).note(at, Event::Truth(Truth::new(words, why)));
    }

    /// When the words come or go, at once if they already have.
    fn find(&self, text: &'static str, there: bool) -> Instant {
        let mut looked_for = LookedFor {
            text,
            there,
            at: None,
        };
        looked_for.look(&self.text(), Instant::now());
        let mut slot = lock(&self.shared.looked_for);
        *slot = Some(looked_for);
        let waits =
            |slot: &mut Option<LookedFor>| slot.as_ref().is_some_and(|slot| slot.at.is_none());
        let waited = self.shared.found.wait_timeout_while(slot, PATIENCE, waits);
        let mut slot = waited.unwrap_or_else(PoisonError::into_inner).0;
        let found = slot.take().and_then(|slot| slot.at);
        drop(slot);
        found.unwrap_or_else(|| {
            panic!(
                "waited in vain for “{text}” ({there}); the screen:\n{}\nthe model:\n{}",
                self.text(),
                self.lab.journal()
            )
        })
    }

    /// A turn before the one that fails.
    pub fn greet(&mut self) {
        self.start(Some("Say hello."));
        self.asked();
        self.finished();
        self.rest(2.5);
    }

    /// The service refuses; its client may try again before it gives up.
    pub fn refused(&mut self, words: &str) {
        let refused =
            |what: &Happening| matches!(what, Happening::Failed { .. } | Happening::Dropped(_));
        self.next("the refusal", refused);
        let end = self.find(BUSY, false);
        let start = self.model().start_time();
        let mut all = self.model().journal().into_iter().rev();
        let last = all.find(|entry| refused(&entry.what) && start + entry.at <= end);
        let either = format!("working|{words}");
        self.truth_since(&last.expect("it has refused"), &either, "the last refusal");
        let why = "its screen says no more that it works";
        lock(&self.shared.tape).note(end, Event::Truth(Truth::new(words, why)));
    }

    /// Waits until the reply holds.
    pub fn held(&mut self, gate: &str) {
        let name = gate.to_owned();
        self.next(
            gate,
            |what| matches!(what, Happening::Held(held) if *held == name),
        );
    }

    pub fn open(&self, gate: &str) {
        self.model().open(gate);
    }

    /// Presses keys.
    pub fn keys(&self, keys: &str, what: &str) {
        if let Some(writer) = &mut *lock(&self.shared.writer) {
            writer.write_all(keys.as_bytes()).expect("it reads");
        }
        self.note(Event::Typed(what.to_owned()));
    }

    /// Types a prompt as gluon does, and submits it: from then on it may work.
    pub fn prompt(&mut self, text: &str) {
        self.keys(&format!("\x1b[200~{text}\x1b[201~"), text);
        self.rest(0.3);
        let before = self.known();
        self.truth(&format!("{before}|working"), "a prompt is submitted");
        self.skip();
        self.keys("\r", "enter");
    }

    /// Types a command of the agent's own, and submits it.
    pub fn command(&mut self, command: &str) {
        self.keys(command, command);
        self.rest(0.5);
        self.skip();
        self.keys("\r", "enter");
    }

    /// The newest thing that was surely true.
    fn known(&self) -> String {
        let tape = lock(&self.shared.tape);
        let mut truths = tape
            .events
            .iter()
            .rev()
            .filter_map(|(_, event)| match event {
                Event::Truth(truth) if truth.words.len() == 1 => Some(truth.words[0].clone()),
                _ => None,
            });
        truths.next().expect("something")
    }

    /// What the model has done so far is not waited for any more.
    pub fn skip(&mut self) {
        self.seen = self.model().journal().len();
    }

    /// The screen as its reader sees it.
    pub fn text(&self) -> String {
        lock(&self.shared.terminal).text(0, false)
    }

    /// Waits until it stands ready for its first prompt.
    pub fn ready(&mut self) {
        self.sees(self.ready, true, "starting|idle", "its prompt is drawn");
        self.rest(1.5);
        self.truth("idle", "its prompt stands");
    }

    pub fn resize(&self, cols: u16, rows: u16) {
        lock(&self.shared.terminal).resize(cols, rows);
        self.note(Event::Size(cols, rows));
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let master = self.master.as_ref().expect("it runs");
        master.resize(size).expect("a size");
    }

    /// Ends the agent as a crash would.
    pub fn kill(&mut self) {
        self.truth("exited", "it is killed");
        let child = self.child.as_ref().and_then(|child| child.process_id());
        support::kill(leaf(child.expect("it runs"), self.agent.program()));
        self.wait_exit();
    }

    /// Waits until the process has ended.
    pub fn wait_exit(&mut self) {
        let mut child = self.child.take().expect("it runs");
        let status = child.wait().expect("its end");
        let how = match status.signal() {
            Some(_) => "signal 9".to_owned(),
            None => format!("code {}", status.exit_code()),
        };
        let already = lock(&self.shared.tape)
            .events
            .iter()
            .any(|(_, event)| matches!(event, Event::Truth(truth) if truth.words == ["exited"]));
        if !already {
            self.truth("exited", "its process has ended");
        }
        self.note(Event::Exit(how));
    }

    fn finish(mut self, case: &Case, version: String) -> Recording {
        self.note(Event::End);
        let (began, events) = {
            let mut tape = lock(&self.shared.tape);
            tape.rolls = false;
            (tape.began, std::mem::take(&mut tape.events))
        };
        self.over.store(true, Ordering::Relaxed);
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
        let began = began.duration_since(UNIX_EPOCH).expect("after 1970");
        let recording = Recording {
            about: case.about.to_owned(),
            agent: case.agent.to_owned(),
            version,
            size: SIZE,
            began: began.as_millis() as i64,
            events: gathered(events),
        };
        self.scrubbed(recording)
    }

    /// Without anything of this machine: what stands for it is as long, so that the screens stay the same.
    fn scrubbed(&self, mut recording: Recording) -> Recording {
        let root = self.lab.home.path().to_str().expect("text").to_owned();
        let port = self.model().port().to_string();
        let (parent, name) = root.rsplit_once('/').expect("an absolute path");
        let stands = format!("{parent}/{}", stand_in(name));
        let dashed = |path: &str| path.replace(['/', '.'], "-");
        let pairs = [
            (root.clone(), stands.clone()),
            (dashed(&root), dashed(&stands)),
            (name.to_owned(), stand_in(name)),
            (
                format!("127.0.0.1:{port}"),
                format!("127.0.0.1:{}", stand_in(&port)),
            ),
        ];
        let scrub = |text: &str| {
            let replace = |text: String, (from, to): &(String, String)| text.replace(from, to);
            pairs.iter().fold(text.to_owned(), replace)
        };
        for (_, event) in &mut recording.events {
            match event {
                Event::Out(bytes) => {
                    for (from, to) in &pairs {
                        replace(bytes, from.as_bytes(), to.as_bytes());
                    }
                }
                Event::Hook(text) | Event::Registry(text) | Event::Typed(text) => {
                    *text = scrub(text)
                }
                _ => {}
            }
        }
        recording
    }
}

/// The agent itself where what was started is a wrapper around it.
fn leaf(pid: u32, program: &str) -> u32 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap_or_default();
    let named = |child: &u32| {
        let name = fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
        name.contains(program)
    };
    let mut children = children
        .split_whitespace()
        .filter_map(|word| word.parse().ok());
    children
        .find(named)
        .map_or(pid, |child| leaf(child, program))
}

/// As long, and the same for everybody.
fn stand_in(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            c if c.is_ascii_digit() => '1',
            c if c.is_alphabetic() => 'x',
            c => c,
        })
        .collect()
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    for at in 0..bytes.len().saturating_sub(from.len() - 1) {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
    }
}

/// In order, and what was printed in one go as one.
fn gathered(mut events: Vec<(u64, Event)>) -> Vec<(u64, Event)> {
    events.sort_by_key(|(at, _)| *at);
    let mut all: Vec<(u64, Event)> = Vec::new();
    let mut first = 0;
    for (at, event) in events {
        if let (Event::Out(bytes), Some((last, Event::Out(before)))) = (&event, all.last_mut())
            && at <= first + GATHER
        {
            before.extend_from_slice(bytes);
            *last = at;
            continue;
        }
        first = at;
        all.push((at, event));
    }
    all
}

/// Notes what is printed, and answers what is asked of a terminal.
fn listen(mut reader: Box<dyn Read + Send>, shared: &Shared) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        let (bytes, now) = (&buffer[..count], Instant::now());
        lock(&shared.tape).note(now, Event::Out(bytes.to_vec()));
        let events = {
            let mut terminal = lock(&shared.terminal);
            terminal.feed(bytes);
            if let Some(looked_for) = &mut *lock(&shared.looked_for)
                && !terminal.sync_open()
            {
                looked_for.look(&terminal.text(0, false), now);
                shared.found.notify_all();
            }
            terminal.take_events()
        };
        for event in events {
            if let (TermEvent::Answer(bytes), Some(writer)) = (event, &mut *lock(&shared.writer)) {
                let _ = writer.write_all(&bytes);
            }
        }
    }
}

/// Notes what hooks were given and what stands in the registry.
fn watch(told: &Path, registry: &Path, shared: &Shared, over: &AtomicBool) {
    let mut before = String::new();
    while !over.load(Ordering::Relaxed) {
        for path in fs::read_dir(told).into_iter().flatten().flatten() {
            let path = path.path();
            let payload = fs::read_to_string(&path).unwrap_or_default();
            let nanos = path
                .file_name()
                .and_then(|name| name.to_str()?.parse().ok());
            let nanos: u64 = nanos.expect("a time");
            let _ = fs::remove_file(&path);
            let mut tape = lock(&shared.tape);
            let since = (UNIX_EPOCH + Duration::from_nanos(nanos)).duration_since(tape.began);
            let at = tape.start + since.unwrap_or_default();
            tape.note(at, Event::Hook(payload.trim().replace('\n', " ")));
        }
        let entry = fs::read_to_string(registry).unwrap_or_default();
        let entry = entry.trim().replace('\n', " ");
        // While it is being written it is empty or cut off; a reader passes over that.
        let whole = entry.is_empty() || entry.ends_with('}');
        if whole && entry != before {
            lock(&shared.tape).note(Instant::now(), Event::Registry(entry.clone()));
            before = entry;
        }
        std::thread::sleep(LOOK);
    }
}
