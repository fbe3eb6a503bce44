//! Recording a real agent CLI: on a terminal of the recorder's own, with hooks that only write down what
//! they are given, watched over its shoulder. gluon is not in it but for the emulator that answers the
//! CLI's queries and the command line that its adapter makes: what is recorded is true whatever gluon thinks.

mod claude;
mod codex;
mod common;
mod gemini;
mod opencode;
mod script;
mod scrub;
mod tape;
mod thin;
mod watch;

use std::fs;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use gluon::agents::{
    Agent, ConversationId, Registry, ServerAddress, StartContext, hook_settings,
    new_conversation_id,
};
use gluon::terminal::{Options, Terminal};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use self::tape::{Shared, Tape, gathered, listen, lock};
use self::thin::thinned;
use self::watch::{follow, watch};
use crate::real_support::support::recording::{Event, Recording};
use crate::real_support::{Lab, support};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);
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
    [
        of("claude", claude::CASES),
        of("codex", codex::CASES),
        of("gemini", gemini::CASES),
        of("opencode", opencode::CASES),
    ]
    .concat()
}

/// An agent on a stage, and the tape that runs.
pub struct Stage {
    pub lab: Lab,
    agent: Arc<dyn Agent>,
    shared: Arc<Shared>,
    master: Option<Box<dyn MasterPty + Send>>,
    child: Option<Box<dyn Child + Send + Sync>>,
    /// What it shows when it is ready for a prompt, and while it works.
    ready: &'static str,
    busy: &'static str,
    /// What interrupts it.
    escape: &'static str,
    seen: usize,
    conversation: String,
    /// Whether whoever watches the present process is to stop.
    over: Arc<AtomicBool>,
}

/// Records a case; `None` where its CLI is not there.
pub fn record(case: &Case) -> Option<Recording> {
    let (lab, ready, busy, escape) = match case.agent {
        "claude" => (Lab::claude()?, "❯", "esc to interrupt", "\x1b"),
        "codex" => (Lab::codex()?, "›", "esc to interrupt", "\x1b"),
        "gemini" => (Lab::gemini()?, "Type your message", "esc to cancel", "\x1b"),
        // It wants to be told twice, and shows that.
        "opencode" => (
            Lab::opencode()?,
            "ctrl+p commands",
            "esc interrupt",
            "\x1b\x1b",
        ),
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
        busy,
        escape,
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
            port: self.agent.server().map(|_| {
                let free = TcpListener::bind("127.0.0.1:0").expect("a port");
                free.local_addr().expect("an address").port()
            }),
            from: None,
        }
    }

    /// Starts the agent with a prompt, and the tape with it.
    pub fn start(&mut self, prompt: Option<&str>) {
        let context = self.context(prompt);
        let launch = self.agent.start(&context).expect("a command line");
        self.launch(&launch.argv, &launch.env, context.port);
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
        self.launch(&launch.argv, &launch.env, context.port);
        self.truth("starting", "its process starts");
    }

    /// The conversation that it leads, where it chooses the id itself: its server speaks of it, or its newest
    /// transcript is named by it.
    fn learnt(&self) -> String {
        if self.agent.server().is_some() {
            let tape = lock(&self.shared.tape);
            return watch::session(&tape.events).expect("a session");
        }
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
    fn launch(&mut self, argv: &[String], env: &[(String, String)], port: Option<u16>) {
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
        let password = new_conversation_id().expect("randomness");
        let server = self.agent.server().zip(port).map(|(kind, port)| {
            command.env(kind.password_variable(), &password);
            (kind, ServerAddress { port, password })
        });
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
        if let Some((kind, address)) = server {
            let (shared, over) = (self.shared.clone(), self.over.clone());
            let cwd = self.lab.repo.clone();
            std::thread::spawn(move || follow(kind, &address, &cwd, &shared, &over));
        }
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
            events: thinned(SIZE, gathered(events)),
        };
        self.scrubbed(recording)
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
