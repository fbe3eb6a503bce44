//! gluon beside tmux and a bare PTY, in one run on one machine: throughput of a pane, keystroke echo,
//! memory, idle CPU, first frame. Prints a Markdown table.
//!
//! `cargo bench --bench mux`; `GLUON_BENCH_MB` (default 64) is the size of a flood, `GLUON_BENCH_KEYS`
//! (default 300) the number of keystrokes. No verdicts here: the figures are for people to read.
#![allow(missing_docs, clippy::unwrap_used)]

mod child;
mod driver;
mod gluon;
mod report;
mod tmux;
mod work;

use std::path::Path;
use std::time::Duration;

use driver::{Client, Stats};
use report::Report;

/// What is measured, for each multiplexer alike.
pub trait Mux {
    fn name(&self) -> String;
    /// Starts `command` in a pane and gives a client that shows it.
    fn open(&mut self, command: &str) -> Client;
    /// Starts `command` where the client does not see it.
    fn open_hidden(&mut self, command: &str);
    /// Starts both, both visible at once; keys go to `command`. `None` where that is not possible.
    fn open_beside(&mut self, command: &str, other: &str) -> Option<Client>;
    /// Starts `count` panes of `command`, nobody looking.
    fn open_many(&mut self, count: usize, command: &str);
    /// The processes that are the multiplexer, without clients.
    fn servers(&self) -> Vec<u32>;
    /// From starting a client to its first full frame, with the server up.
    fn first_frame(&mut self) -> Duration;
    /// Ends everything.
    fn clear(&mut self);
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(role) = arguments.get(1).filter(|role| role.starts_with("child-")) {
        child::run(role);
        return;
    }
    // `cargo test --benches` only wants to know that it builds.
    if arguments.iter().any(|argument| argument == "--test") {
        return;
    }
    let megabytes = setting("GLUON_BENCH_MB", 64);
    let keys = setting("GLUON_BENCH_KEYS", 300);
    let scratch = tempfile::tempdir().unwrap();
    let floods = work::floods(scratch.path(), megabytes);

    let mut report = Report::new(megabytes, keys);
    let mut targets: Vec<Box<dyn Mux>> = vec![Box::new(gluon::Gluon::new(scratch.path()))];
    match tmux::Tmux::new(scratch.path()) {
        Some(tmux) => targets.push(Box::new(tmux)),
        None => report.note("tmux is not installed; its column is empty"),
    }
    let only = std::env::var("GLUON_BENCH_ONLY").unwrap_or_default();
    let wanted = |part: &str| only.is_empty() || only.split(',').any(|name| name == part);

    if wanted("flood") {
        throughput(&mut report, &mut targets, scratch.path(), &floods);
    }
    for target in &mut targets {
        let name = target.name();
        if wanted("echo") {
            echo(&mut report, target.as_mut(), &name, keys);
        }
        if wanted("frame") {
            let frames: Vec<Duration> = (0..10).map(|_| target.first_frame()).collect();
            target.clear();
            report.set("first frame, ms", &name, Stats::of(frames).median_ms());
        }
        if wanted("memory") {
            memory(&mut report, target.as_mut(), &name);
        }
    }
    report.print();
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// Floods, interleaved over the targets so that a slow minute of the machine hits all of them; best of 3.
fn throughput(
    report: &mut Report,
    targets: &mut [Box<dyn Mux>],
    scratch: &Path,
    floods: &[work::Flood],
) {
    for flood in floods {
        let row = format!("flood {}, MB/s", flood.name);
        for _ in 0..3 {
            let bare = work::timed(scratch, &flood.path, |script| {
                Client::spawn(&["sh", "-c", script], &[], 200, 50)
            });
            report.best(&row, "bare PTY", flood.megabytes / bare.as_secs_f64());
            for target in targets.iter_mut() {
                let time = work::timed(scratch, &flood.path, |script| target.open(script));
                target.clear();
                report.best(&row, &target.name(), flood.megabytes / time.as_secs_f64());
            }
        }
    }
}

fn echo(report: &mut Report, target: &mut dyn Mux, name: &str, keys: usize) {
    let flood = format!("{} child-flood", work::own_program());
    let mut measure = |row: &str, client: Option<Client>| {
        if let Some(mut client) = client {
            let stats = client.echo(keys);
            report.set(&format!("echo {row}, median ms"), name, stats.median_ms());
            report.set(&format!("echo {row}, p99 ms"), name, stats.p99_ms());
        }
    };
    let client = target.open("cat");
    measure("idle", Some(client));
    target.clear();

    let client = target.open(&format!("{} child-flood-echo", work::own_program()));
    measure("while this pane floods", Some(client));
    target.clear();

    target.open_hidden(&flood);
    let client = target.open("cat");
    measure("while a hidden pane floods", Some(client));
    target.clear();

    let client = target.open_beside("cat", &flood);
    measure("while a visible pane floods", client);
    target.clear();
}

fn memory(report: &mut Report, target: &mut dyn Mux, name: &str) {
    for count in [1, 10, 50] {
        let ready = work::Countdown::new(count);
        target.open_many(count, &ready.command());
        ready.wait();
        let servers = target.servers();
        let memory: f64 = servers.iter().map(|pid| work::memory_mib(*pid)).sum();
        report.set(&format!("memory, {count} sessions, MiB"), name, memory);
        if count == 50 {
            let cpu = work::cpu_percent(&servers, Duration::from_secs(10));
            report.set("idle CPU, 50 sessions, %", name, cpu);
        }
        target.clear();
    }
}
