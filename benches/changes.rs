//! A hundred thousand changed lines: how long they take to be read and laid out, and how long a frame takes
//! while they are scrolled through. Prints a Markdown table.
//!
//! `cargo bench --bench changes`; `GLUON_BENCH_LINES` (default 100000) is their number. No verdicts here.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use gluon::domain::{TaskId, Timestamp};
use gluon::protocol::{ChangesPage, Request, Response};
use gluon::tui::keymap::Keymap;
use gluon::tui::model::{Model, Overlay};
use gluon::tui::msg::{Msg, Reply};
use gluon::tui::theme::Theme;
use gluon::tui::update::update;
use gluon::tui::{changes::Changes, view};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let lines = std::env::var("GLUON_BENCH_LINES").ok();
    let lines = lines.and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let text = diff(lines);
    println!(
        "{lines} changed lines, {} MB of diff, 200x50\n",
        text.len() / 1_000_000
    );
    println!("| | read, ms | a page, ms: median / 99th / most | a line | to the end |");
    println!("|---|---|---|---|---|");
    for (name, beside) in [("one above the other", false), ("side by side", true)] {
        measure(name, beside, &text);
    }
}

/// Files of Rust with hunks of twenty changed lines.
fn diff(lines: usize) -> String {
    let mut text = String::new();
    for file in 0..lines.div_ceil(1_000) {
        writeln!(text, "diff --git a/src/m{file}.rs b/src/m{file}.rs").unwrap();
        writeln!(text, "--- a/src/m{file}.rs\n+++ b/src/m{file}.rs").unwrap();
        for hunk in 0..50 {
            let at = hunk * 60 + 1;
            writeln!(text, "@@ -{at},16 +{at},16 @@ fn part_{hunk}()").unwrap();
            for (sign, word) in [(' ', "before"), ('-', "old"), ('+', "new"), (' ', "after")] {
                let count = if sign == ' ' { 3 } else { 10 };
                for line in 0..count {
                    let number = file + hunk * line;
                    writeln!(
                        text,
                        "{sign}    let {word}_{line} = compute(\"{word}\", {number}, &mut state)?; // {line}"
                    )
                    .unwrap();
                }
            }
        }
    }
    text
}

fn key(model: &mut Model, code: KeyCode) {
    update(model, Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
}

fn measure(name: &str, beside: bool, text: &str) {
    let mut model = Model::new(Theme::default(), Keymap::default(), (200, 50), Timestamp(0));
    let mut page = Changes::new(TaskId(1));
    let asked = page.ask();
    model.overlays.push(Overlay::Changes(Box::new(page)));
    let answer = Response::ReadChanges(ChangesPage {
        version: 1,
        offset: 0,
        total: text.len() as u64,
        text: text.to_owned(),
        reviewed_at: None,
        comments: Vec::new(),
    });
    let start = Instant::now();
    let reply = Reply {
        request: Request::ReadChanges(asked),
        result: Ok(answer),
    };
    update(&mut model, Msg::Reply(Box::new(reply)));
    let read = start.elapsed();
    let is_beside = |model: &Model| match model.overlays.last() {
        Some(Overlay::Changes(page)) => page.is_beside(),
        _ => false,
    };
    if is_beside(&model) != beside {
        key(&mut model, KeyCode::Char('s'));
    }
    let mut buffer = Buffer::empty(Rect::new(0, 0, 200, 50));
    let mut frame = |model: &mut Model, code: KeyCode| {
        let start = Instant::now();
        key(model, code);
        buffer.reset();
        view::render(&mut buffer, model);
        start.elapsed()
    };
    let mut pages: Vec<Duration> = (0..1_000)
        .map(|_| frame(&mut model, KeyCode::PageDown))
        .collect();
    let mut steps: Vec<Duration> = (0..1_000)
        .map(|_| frame(&mut model, KeyCode::Down))
        .collect();
    let end = frame(&mut model, KeyCode::End);
    pages.sort();
    steps.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "| {name} | {:.0} | {:.2} / {:.2} / {:.2} | {:.2} | {:.2} |",
        ms(read),
        ms(pages[500]),
        ms(pages[990]),
        ms(pages[999]),
        ms(steps[500]),
        ms(end)
    );
}
