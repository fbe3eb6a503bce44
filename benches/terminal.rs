//! How fast output becomes a screen: MB/s through `Terminal::feed` in chunks of 4 KiB at 200x50, and what
//! a frame, a snapshot and a session cost. `cargo bench --bench terminal`.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::time::Instant;

use gluon::domain::SessionId;
use gluon::terminal::{Options, Terminal, Viewer};

const SIZE: usize = 16 * 1024 * 1024;

fn repeated(line: impl Fn(usize) -> String) -> Vec<u8> {
    let mut out = String::with_capacity(SIZE + 4096);
    let mut number = 0;
    while out.len() < SIZE {
        out.push_str(&line(number));
        number += 1;
    }
    out.into_bytes()
}

fn log(n: usize) -> String {
    format!(
        "2026-11-23T12:00:00.{:03}Z INFO worker::pool{{id={}}}: finished job {n} in {} ms, queue is empty\r\n",
        n % 1000,
        n % 7,
        n % 97
    )
}

fn sgr_log(n: usize) -> String {
    format!(
        "\x1b[2m12:00:00.{:03}\x1b[0m \x1b[32m INFO\x1b[0m \x1b[1mworker::pool\x1b[0m: finished job \x1b[38;5;{}m{n}\x1b[0m in {} ms\r\n",
        n % 1000,
        n % 256,
        n % 97
    )
}

fn dense(n: usize) -> String {
    let mut out = String::new();
    for col in 0..100 {
        let _ = write!(
            out,
            "\x1b[38;2;{};{};{}m#",
            (n + col) % 256,
            col * 2,
            n % 256
        );
    }
    out.push_str("\r\n");
    out
}

fn redraw(n: usize) -> String {
    let mut out = String::from("\x1b[?2026h\x1b[H");
    for row in 0..50 {
        let _ = write!(
            out,
            "\x1b[{};1H\x1b[2K\x1b[3{}m│ {n} {row} some text of a screen that is drawn anew \x1b[0m",
            row + 1,
            row % 8
        );
    }
    out.push_str("\x1b[?2026l");
    out
}

fn main() {
    // `cargo test --benches` runs this too: then a little is enough.
    let quick = !std::env::args().any(|arg| arg == "--bench");
    let inputs: [(&str, Vec<u8>); 7] = [
        ("yes", repeated(|_| "y\r\n".to_owned())),
        ("log", repeated(log)),
        ("SGR log", repeated(sgr_log)),
        ("dense truecolor", repeated(dense)),
        (
            "unicode",
            repeated(|n| format!("{n} ── 日本語のテキスト ▒▒ é 🙂 žluťoučký kůň ──\r\n")),
        ),
        (
            "scroll region",
            repeated(|n| format!("\x1b[2;40r\x1b[40;1H\nline {n} in a region\x1b[r")),
        ),
        ("redraw in sync", repeated(redraw)),
    ];
    for (name, bytes) in &inputs {
        let bytes = if quick {
            &bytes[..64 * 1024]
        } else {
            bytes.as_slice()
        };
        let mut best = f64::MAX;
        for _ in 0..if quick { 1 } else { 3 } {
            let mut terminal = Terminal::new(200, 50, Options::default());
            let start = Instant::now();
            for chunk in bytes.chunks(4096) {
                terminal.feed(chunk);
                terminal.take_events();
            }
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{name:>16}: {:7.1} MB/s", bytes.len() as f64 / 1e6 / best);
    }
    let mut terminal = Terminal::new(
        200,
        50,
        Options {
            scrollback: 2_000,
            ..Options::default()
        },
    );
    terminal.feed(&inputs[2].1[..512 * 1024]);
    println!(
        "{:>16}: {:7} KiB for 2,000 lines",
        "scrollback",
        terminal.scrollback_bytes() / 1024
    );
    let rounds = if quick { 1 } else { 2_000 };
    let start = Instant::now();
    for _ in 0..rounds {
        terminal.update_for(&mut Viewer::new(), SessionId(1));
    }
    println!(
        "{:>16}: {:7.1} µs",
        "a whole frame",
        start.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
    );
    let mut viewer = Viewer::new();
    let start = Instant::now();
    for _ in 0..rounds {
        terminal.feed(b"x\r\n");
        if let Some(update) = terminal.update_for(&mut viewer, SessionId(1)) {
            viewer.ack(update.seq);
        }
    }
    println!(
        "{:>16}: {:7.1} µs",
        "one line more",
        start.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
    );
    let start = Instant::now();
    let snapshot = terminal.snapshot();
    println!(
        "{:>16}: {:7.1} µs, {} KiB",
        "a snapshot",
        start.elapsed().as_secs_f64() * 1e6,
        snapshot.len() / 1024
    );
}
