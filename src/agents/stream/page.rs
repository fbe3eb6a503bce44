//! The page of a headless session: what its runs tell, as text for people.
//!
//! A page is a list of blocks; what is on the screen is made of them and the width alone, so it can be set
//! anew at any width, and is the same after a restart. Invariants: bounded, the oldest goes first; what comes
//! out is printable text and the styles and moves written here.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::prose::{self, fit, push};
use crate::domain::stream::{
    FailureKind, Limit, RESULT_LINES, StreamEvent, Summary, ToolCall, ToolResult,
};
use crate::domain::units::{MicroUsd, short_count};

/// How much text a page keeps, in bytes.
const MOST_BYTES: usize = 512 * 1024;
/// How many blocks a page keeps.
const MOST_BLOCKS: usize = 5000;
/// The most lines of what a model thinks aloud that are shown.
const THOUGHT_LINES: usize = 3;

/// What is told of all runs of a session.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Page {
    blocks: VecDeque<Block>,
    bytes: usize,
    #[serde(skip)]
    width: u16,
    /// Whether what is printed next of an open message stands between fences.
    #[serde(skip)]
    fenced: bool,
    /// How much of the open message has been printed, in bytes.
    #[serde(skip)]
    printed: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Block {
    /// A run after others.
    Rule,
    Model(String),
    /// A message; `true`: more of it may come.
    Said(String, bool),
    Thought(String),
    Call(ToolCall),
    Result(ToolResult),
    Denied(String),
    Retry(String),
    Limited(String),
    Failed(String),
    Plain(String),
    Over(Over),
}

/// How a run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum How {
    Done,
    Idle,
    Failed,
    Stopped,
    #[default]
    Ended,
}

/// The end of a run, as its last line tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Over {
    how: How,
    /// How long it took, in milliseconds.
    millis: Option<i64>,
    /// What the agent says that it cost.
    cost: Option<MicroUsd>,
    /// All tokens.
    tokens: u64,
    denied: u32,
    turns: Option<u32>,
}

impl Over {
    /// The end of a run that came to `summary` and took so long.
    pub fn new(summary: &Summary, millis: Option<i64>) -> Self {
        let used = summary.used.as_ref();
        Self {
            how: how(summary),
            millis,
            cost: used.and_then(|used| used.cost()),
            tokens: used.map_or(0, |used| used.tokens()),
            denied: summary.denied,
            turns: summary.turns,
        }
    }
}

fn how(summary: &Summary) -> How {
    match (&summary.failure, summary.finished) {
        (Some(failure), _) if failure.kind == FailureKind::Interrupted => How::Stopped,
        (Some(_), _) | (None, Some(false)) => How::Failed,
        _ if summary.limit.is_some() => How::Failed,
        _ if summary.is_idle_end() => How::Idle,
        (None, Some(true)) => How::Done,
        (None, None) => How::Ended,
    }
}

impl Page {
    /// Whether it is set at this width.
    pub fn is_set(&self, width: u16) -> bool {
        self.width == width
    }

    /// Another run begins.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        if !self.blocks.is_empty() {
            self.add(Block::Rule, out);
        }
    }

    /// Adds what a run tells.
    pub fn tell(&mut self, event: &StreamEvent, out: &mut Vec<u8>) {
        let block = match event {
            StreamEvent::Words(words) => return self.words(words, out),
            StreamEvent::Message(text) => return self.message(text, out),
            StreamEvent::Begun { model, .. } => match model {
                Some(model) => Block::Model(model.clone()),
                None => return,
            },
            StreamEvent::Thought(text) => Block::Thought(text.clone()),
            StreamEvent::Call(call) => Block::Call(call.clone()),
            StreamEvent::Result(result) => Block::Result(result.clone()),
            StreamEvent::Denied(denial) => {
                let what = match denial.what.is_empty() {
                    true => denial.tool.clone(),
                    false => format!("{}({})", denial.tool, denial.what),
                };
                // The last line of a run tells all of them once more.
                let block = Block::Denied(what);
                if self.this_run().any(|known| *known == block) {
                    return;
                }
                block
            }
            StreamEvent::Retry {
                failure,
                attempt,
                most,
            } => {
                let of = most.map_or(String::new(), |most| format!(" of {most}"));
                let text = &failure.text;
                Block::Retry(format!("{text}: trying again, {attempt}{of}"))
            }
            StreamEvent::Limited(limit) => Block::Limited(limit_words(limit)),
            StreamEvent::Failed(failure) => {
                let block = match failure.kind {
                    FailureKind::Interrupted => Block::Failed("interrupted".to_owned()),
                    _ => Block::Failed(failure.text.clone()),
                };
                if self.this_run().any(|known| *known == block) {
                    return;
                }
                block
            }
            StreamEvent::Plain(text) => {
                let block = Block::Plain(text.clone());
                if self.blocks.back() == Some(&block) {
                    return;
                }
                block
            }
            StreamEvent::Used(_) | StreamEvent::Finished { .. } => return,
        };
        self.add(block, out);
    }

    /// The run is over.
    pub fn end(&mut self, over: Over, out: &mut Vec<u8>) {
        self.add(Block::Over(over), out);
    }

    /// The page from its beginning, at this width.
    pub fn redraw(&mut self, width: u16, out: &mut Vec<u8>) {
        // The cursor means nothing here.
        push(out, "\x1b[?25l\x1b[0m\x1b[H\x1b[2J\x1b[3J");
        self.width = width;
        let blocks = std::mem::take(&mut self.blocks);
        let mut before = None;
        for block in &blocks {
            self.draw(before, block, out);
            before = Some(block);
        }
        self.blocks = blocks;
    }

    fn this_run(&self) -> impl Iterator<Item = &Block> {
        let blocks = self.blocks.iter().rev();
        blocks.take_while(|block| !matches!(block, Block::Rule | Block::Over(_)))
    }

    /// A piece of a message.
    fn words(&mut self, words: &str, out: &mut Vec<u8>) {
        if !matches!(self.blocks.back(), Some(Block::Said(_, true))) {
            self.add(Block::Said(String::new(), true), out);
        }
        if let Some(Block::Said(text, _)) = self.blocks.back_mut() {
            text.extend(words.chars().filter(|c| *c == '\n' || !c.is_control()));
            self.bytes += words.len();
        }
        self.print_said(out);
    }

    /// A message, whole; its pieces may have been told.
    fn message(&mut self, text: &str, out: &mut Vec<u8>) {
        match self.blocks.back_mut() {
            Some(Block::Said(said, open @ true)) => {
                *open = false;
                // What is printed is printed: the rest is taken from what was told in pieces.
                said.truncate(said.trim_end().len());
                self.print_said(out);
            }
            _ => self.add(Block::Said(text.to_owned(), false), out),
        }
    }

    fn add(&mut self, block: Block, out: &mut Vec<u8>) {
        if let Some(Block::Said(_, open @ true)) = self.blocks.back_mut() {
            *open = false;
            self.print_said(out);
        }
        // Without a width nothing is shown yet: it is drawn as a whole later.
        if self.width > 0 {
            let before = self.blocks.back().cloned();
            self.draw(before.as_ref(), &block, out);
        }
        self.bytes += size(&block);
        self.blocks.push_back(block);
        while self.blocks.len() > 1 && (self.blocks.len() > MOST_BLOCKS || self.bytes > MOST_BYTES)
        {
            if let Some(block) = self.blocks.pop_front() {
                self.bytes = self.bytes.saturating_sub(size(&block));
            }
        }
    }

    /// Prints the lines of the newest message that have not been; of one that is still open only whole ones.
    fn print_said(&mut self, out: &mut Vec<u8>) {
        let Some(Block::Said(text, open)) = self.blocks.back() else {
            return;
        };
        if self.width > 0 {
            (self.printed, self.fenced) =
                said(text, *open, self.printed, self.fenced, self.width, out);
        }
    }

    fn draw(&mut self, before: Option<&Block>, block: &Block, out: &mut Vec<u8>) {
        if before.is_some_and(|before| stands_apart(before, block)) {
            push(out, "\r\n");
        }
        let width = usize::from(self.width.max(8));
        match block {
            Block::Said(text, open) => {
                (self.printed, self.fenced) = said(text, *open, 0, false, self.width, out);
            }
            Block::Rule => {
                let rule = "─".repeat(width.min(usize::from(prose::MEASURE)));
                styled(out, "2", &rule);
            }
            Block::Model(model) => styled(out, "2", &fit(model, width)),
            Block::Thought(text) => thought(text, width, out),
            Block::Call(call) => draw_call(call, width, out),
            Block::Result(result) => draw_result(result, width, out),
            Block::Denied(what) => styled(out, "33", &fit(&format!("⊘ denied: {what}"), width)),
            Block::Retry(text) => styled(out, "2;33", &fit(&format!("↻ {text}"), width)),
            Block::Limited(text) => styled(out, "33", &fit(&format!("⏸ {text}"), width)),
            Block::Failed(text) => {
                push(out, "\x1b[31m");
                prose::line(&format!("✗ {text}"), self.width, &mut false, out);
                push(out, "\x1b[0m");
            }
            Block::Plain(text) => styled(out, "2", text),
            Block::Over(over) => draw_over(over, width, out),
        }
    }
}

/// Prints lines of a message from `from` on; how far it came, and whether that is between fences.
fn said(
    text: &str,
    open: bool,
    from: usize,
    mut fenced: bool,
    width: u16,
    out: &mut Vec<u8>,
) -> (usize, bool) {
    let mut at = from.min(text.len());
    while let Some(length) = text[at..].find('\n') {
        prose::line(&text[at..at + length], width, &mut fenced, out);
        at += length + 1;
    }
    if !open && at < text.len() {
        prose::line(&text[at..], width, &mut fenced, out);
        at = text.len();
    }
    (at, fenced)
}

/// Whether a blank line stands between the two.
fn stands_apart(before: &Block, block: &Block) -> bool {
    match (before, block) {
        (Block::Plain(_), Block::Plain(_)) => false,
        (Block::Retry(_), Block::Retry(_)) => false,
        (Block::Model(_), Block::Rule) | (Block::Rule, _) => false,
        (Block::Call(_) | Block::Result(_) | Block::Denied(_), Block::Result(_)) => false,
        (Block::Call(before), Block::Call(call)) => before.nested != call.nested,
        (Block::Call(_) | Block::Denied(_), Block::Denied(_)) => false,
        _ => true,
    }
}

fn size(block: &Block) -> usize {
    let text = match block {
        Block::Rule | Block::Over(_) => 0,
        Block::Call(call) => call.brief.len() + call.tool.len(),
        Block::Result(result) => result.brief.len(),
        Block::Said(text, _)
        | Block::Model(text)
        | Block::Thought(text)
        | Block::Denied(text)
        | Block::Retry(text)
        | Block::Limited(text)
        | Block::Failed(text)
        | Block::Plain(text) => text.len(),
    };
    text + 32
}

fn styled(out: &mut Vec<u8>, style: &str, text: &str) {
    push(out, &format!("\x1b[{style}m"));
    push(out, text);
    push(out, "\x1b[0m\r\n");
}

fn limit_words(limit: &Limit) -> String {
    let which = match limit.which.as_str() {
        "five_hour" => "of five hours ".to_owned(),
        "seven_day" => "of seven days ".to_owned(),
        "" => String::new(),
        other => format!("({other}) "),
    };
    match limit.rejected {
        true => format!("the usage limit {which}is reached"),
        false => format!("the usage limit {which}is near"),
    }
}

fn thought(text: &str, width: usize, out: &mut Vec<u8>) {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    for line in lines.by_ref().take(THOUGHT_LINES) {
        styled(out, "2;3", &fit(line.trim_end(), width));
    }
    if lines.next().is_some() {
        styled(out, "2;3", "…");
    }
}

fn draw_call(call: &ToolCall, width: usize, out: &mut Vec<u8>) {
    let indent = if call.nested { "  " } else { "" };
    let used = indent.len() + 2 + call.tool.chars().count() + 2;
    push(out, indent);
    push(
        out,
        &format!("\x1b[36m⏺\x1b[0m \x1b[1m{}\x1b[0m", call.tool),
    );
    if !call.brief.is_empty() {
        let brief = fit(&call.brief, width.saturating_sub(used).max(8));
        push(out, &format!("({brief})"));
    }
    push(out, "\r\n");
}

fn draw_result(result: &ToolResult, width: usize, out: &mut Vec<u8>) {
    let indent = if result.nested { "    " } else { "  " };
    let style = if result.ok { "2" } else { "31" };
    let most = if result.nested { 1 } else { RESULT_LINES };
    let lines: Vec<&str> = result.brief.lines().collect();
    let room = width.saturating_sub(indent.len() + 2).max(8);
    if lines.is_empty() {
        let words = if result.ok { "done" } else { "failed" };
        push(out, indent);
        return styled(out, style, &format!("⎿ {words}"));
    }
    for (number, line) in lines.iter().take(most).enumerate() {
        let mark = if number == 0 { "⎿ " } else { "  " };
        push(out, indent);
        styled(out, style, &format!("{mark}{}", fit(line, room)));
    }
    let hidden = lines.len().saturating_sub(most);
    let more = u64::from(result.more) + hidden as u64;
    if more > 0 {
        let word = if more == 1 { "line" } else { "lines" };
        push(out, indent);
        styled(out, "2", &format!("  +{more} {word}"));
    }
}

fn draw_over(over: &Over, width: usize, out: &mut Vec<u8>) {
    let (style, mark) = match over.how {
        How::Done => ("32", "✓ done"),
        How::Idle => ("31", "✗ nothing was done"),
        How::Failed => ("31", "✗ failed"),
        How::Stopped => ("33", "■ stopped"),
        How::Ended => ("2", "■ ended"),
    };
    let mut parts = Vec::new();
    parts.extend(over.millis.map(took));
    match over.cost {
        Some(cost) => parts.push(cost.to_string()),
        None if over.tokens > 0 => parts.push(format!("{} tokens", short_count(over.tokens))),
        None => {}
    }
    parts.extend(over.turns.map(|turns| match turns {
        1 => "1 turn".to_owned(),
        turns => format!("{turns} turns"),
    }));
    if over.denied > 0 {
        parts.push(format!("{} denied", over.denied));
    }
    push(out, &format!("\x1b[{style}m{mark}\x1b[0m"));
    let rest: String = parts.iter().map(|part| format!(" · {part}")).collect();
    styled(
        out,
        "2",
        &fit(&rest, width.saturating_sub(mark.chars().count())),
    );
}

/// `12s`, `3m 05s`, `1h 02m`.
fn took(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}
