//! Headless sessions: the agent's stream is read into events, and what the terminal shows is a page made of
//! them.
//!
//! Invariants: the raw output is in the log as it came; the page is made of the log and its marks alone, so
//! that it is the same after a restart of the daemon and at another width; nothing an agent prints reaches
//! the emulator but as text of the page.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::termios::{LocalModes, OptionalActions, OutputModes, tcgetattr, tcsetattr};
use serde::{Deserialize, Serialize};

use super::Notice;
use super::actor::Actor;
use super::marks::Mark;
use crate::agents::{Over, Page, StreamFormat, StreamReader, answered};
use crate::daemon::clock;
use crate::domain::health::Sign;
use crate::domain::limit::limit_ends;
use crate::domain::stream::{FailureKind, StreamEvent, Summary, ToolCall};
use crate::domain::{Activity, Source, Timestamp};
use crate::pty::Recovered;

/// The events of a run that are kept in memory.
const RECENT: usize = 500;
/// The most bytes of text that recent events keep, so that a few long messages are few.
const RECENT_BYTES: usize = 512 * 1024;
/// Calls that are not answered yet, and signs of health that are not told yet.
const UNTOLD: usize = 64;
/// What a stored state begins with.
const MAGIC: &[u8] = b"gluon-headless 1\n";
/// Notes that wait for the end of a line.
const HELD: usize = 20;

/// What is known of a headless session's runs.
pub(super) struct Headless {
    format: StreamFormat,
    cwd: String,
    reader: StreamReader,
    page: Page,
    summary: Summary,
    /// When the newest run began.
    began: Option<Timestamp>,
    running: bool,
    /// What the newest run told last, with when it was read.
    recent: VecDeque<(Timestamp, StreamEvent)>,
    recent_bytes: usize,
    /// What it has called and was not answered yet.
    calls: VecDeque<ToolCall>,
    /// What its calls say of how it is doing, until that is told.
    signs: VecDeque<Sign>,
    /// Notes of gluon's that came in the middle of a line.
    held: Vec<String>,
    /// What was claimed last, so that it is not claimed with every word.
    claimed: Option<(Activity, String)>,
}

/// What a cut of the log keeps.
#[derive(Serialize, Deserialize)]
struct Stored {
    reader: StreamReader,
    page: Page,
    summary: Summary,
    began: Option<Timestamp>,
    running: bool,
}

/// What a headless session tells of its newest run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::daemon) struct StreamView {
    /// Whether it runs.
    pub(in crate::daemon) running: bool,
    /// When it began.
    pub(in crate::daemon) began: Option<Timestamp>,
    /// What it came to so far.
    pub(in crate::daemon) summary: Summary,
    /// The last events, the newest last, each with when it was read.
    pub(in crate::daemon) recent: Vec<(Timestamp, StreamEvent)>,
}

impl Headless {
    pub(super) fn new(format: StreamFormat, cwd: String) -> Headless {
        Headless {
            reader: StreamReader::new(format, &cwd),
            format,
            cwd,
            page: Page::default(),
            summary: Summary::default(),
            began: None,
            running: false,
            recent: VecDeque::new(),
            recent_bytes: 0,
            calls: VecDeque::new(),
            signs: VecDeque::new(),
            held: Vec::new(),
            claimed: None,
        }
    }

    /// A run begins. The same one once more changes nothing.
    fn begin(&mut self, at: Timestamp, out: &mut Vec<u8>) {
        if self.began == Some(at) {
            return;
        }
        self.began = Some(at);
        self.running = true;
        self.reader = StreamReader::new(self.format, &self.cwd);
        self.summary = Summary::default();
        self.recent.clear();
        self.recent_bytes = 0;
        self.calls.clear();
        self.claimed = None;
        self.page.begin(out);
    }

    /// Reads output; what it tells.
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Vec<StreamEvent> {
        let mut told = Vec::new();
        self.reader.feed(bytes, &mut |event| told.push(event));
        self.take(&told, out);
        told
    }

    /// The run is over. One that is over already changes nothing.
    fn end(&mut self, at: Option<Timestamp>, out: &mut Vec<u8>) -> Vec<StreamEvent> {
        let earlier = |at: Timestamp| self.began.is_some_and(|began| at < began);
        if !self.running || at.is_some_and(earlier) {
            return Vec::new();
        }
        self.running = false;
        let mut told = Vec::new();
        self.reader.end(&mut |event| told.push(event));
        self.take(&told, out);
        let millis = at.zip(self.began).map(|(at, began)| at.since(began));
        self.page.end(Over::new(&self.summary, millis), out);
        told
    }

    fn take(&mut self, told: &[StreamEvent], out: &mut Vec<u8>) {
        let now = clock::now();
        for event in told {
            self.summary.note(event);
            self.page.tell(event, out);
            self.note_call(event);
            // The pieces of a message are soon told as a whole.
            if matches!(event, StreamEvent::Words(_)) {
                continue;
            }
            self.recent_bytes += weight(event);
            self.recent.push_back((now, event.clone()));
            while self.recent.len() > RECENT || self.recent_bytes > RECENT_BYTES {
                let Some((_, gone)) = self.recent.pop_front() else {
                    break;
                };
                self.recent_bytes = self.recent_bytes.saturating_sub(weight(&gone));
            }
        }
    }

    /// Keeps what was called until it is answered, which is a sign of how the agent is doing.
    fn note_call(&mut self, event: &StreamEvent) {
        match event {
            StreamEvent::Call(call) => self.calls.push_back(call.clone()),
            StreamEvent::Result(result) => {
                let place = self.calls.iter().position(|call| call.id == result.id);
                if let Some(call) = place.and_then(|place| self.calls.remove(place)) {
                    self.signs.extend(answered(&call, result));
                }
            }
            _ => return,
        }
        while self.calls.len() > UNTOLD {
            self.calls.pop_front();
        }
        while self.signs.len() > UNTOLD {
            self.signs.pop_front();
        }
    }

    /// What is needed to go on from here.
    pub(super) fn save(&self) -> Option<Vec<u8>> {
        let stored = Stored {
            reader: self.reader.clone(),
            page: self.page.clone(),
            summary: self.summary.clone(),
            began: self.began,
            running: self.running,
        };
        let json = serde_json::to_vec(&stored).ok()?;
        Some([MAGIC, &json, b"\n", self.reader.rest()].concat())
    }

    /// Takes up what was saved; what is something else is passed over.
    fn restore(&mut self, saved: &[u8]) {
        let Some(rest) = saved.strip_prefix(MAGIC) else {
            return;
        };
        let Some(end) = memchr::memchr(b'\n', rest) else {
            return;
        };
        let Ok(stored) = serde_json::from_slice::<Stored>(&rest[..end]) else {
            return;
        };
        self.reader = stored.reader;
        self.reader.set_rest(&rest[end + 1..]);
        self.page = stored.page;
        self.summary = stored.summary;
        self.began = stored.began;
        self.running = stored.running;
    }

    fn view(&self) -> StreamView {
        StreamView {
            running: self.running,
            began: self.began,
            summary: self.summary.clone(),
            recent: self.recent.iter().cloned().collect(),
        }
    }

    /// Whether the last line of the output is over.
    fn is_between_lines(&self) -> bool {
        self.reader.rest().is_empty()
    }
}

/// About how much memory an event takes.
fn weight(event: &StreamEvent) -> usize {
    64 + match event {
        StreamEvent::Words(text)
        | StreamEvent::Message(text)
        | StreamEvent::Thought(text)
        | StreamEvent::Plain(text) => text.len(),
        StreamEvent::Call(call) => call.brief.len(),
        StreamEvent::Result(result) => result.brief.len(),
        _ => 200,
    }
}

impl Actor {
    /// The page from what the log has, which starts at `start`.
    pub(super) fn rebuild_page(&mut self, start: u64, recovered: &Recovered, ended: bool) {
        let Some(mut headless) = self.headless.take() else {
            return;
        };
        let marks: Vec<(u64, Mark)> = self.marks.from(start).collect();
        let mut unseen_end = false;
        let rebuilt = catch_unwind(AssertUnwindSafe(|| {
            // Drawn as a whole at the end.
            let mut out = Vec::new();
            if let Some(saved) = &recovered.snapshot {
                headless.restore(saved);
            }
            let mut rest = recovered.bytes.as_slice();
            let mut at = start;
            for (offset, mark) in marks {
                let length = usize::try_from(offset - at).unwrap_or(usize::MAX);
                let (now, later) = rest.split_at(rest.len().min(length));
                headless.feed(now, &mut out);
                (rest, at) = (later, offset);
                match mark {
                    Mark::Size(..) => {}
                    Mark::Began(at) => headless.begin(at, &mut out),
                    Mark::Ended(at) => {
                        headless.end(at, &mut out);
                    }
                }
            }
            headless.feed(rest, &mut out);
            if ended && headless.running {
                headless.end(None, &mut out);
                unseen_end = true;
            }
        }));
        if rebuilt.is_err() {
            tracing::error!(session = self.id.0, "a page cannot be made of its log");
            headless = Headless::new(headless.format, headless.cwd);
        }
        // Of what was long ago the time is not known any more.
        headless.signs.clear();
        self.headless = Some(headless);
        if unseen_end {
            self.mark(Mark::Ended(None));
        }
        self.redraw_page();
    }

    /// The page at the width of the terminal.
    pub(super) fn redraw_page(&mut self) {
        let (cols, rows) = self.size;
        let Some(headless) = &mut self.headless else {
            return;
        };
        let mut out = Vec::new();
        if !headless.page.is_set(cols) {
            headless.page.redraw(cols, &mut out);
        }
        self.guard(|terminal| {
            terminal.resize(cols, rows);
            terminal.feed(&out);
        });
    }

    /// A run begins whose output is a stream.
    pub(super) fn page_begins(&mut self) {
        if self.headless.is_none() {
            return;
        }
        let now = clock::now();
        self.mark(Mark::Began(now));
        let mut out = Vec::new();
        if let Some(headless) = &mut self.headless {
            headless.begin(now, &mut out);
        }
        self.guard(|terminal| terminal.feed(&out));
    }

    /// The run is over and all of its output is read.
    pub(super) fn page_ends(&mut self, at: Timestamp) -> Option<Box<Summary>> {
        let headless = self.headless.as_mut()?;
        let mut out = Vec::new();
        let told = headless.end(Some(at), &mut out);
        let summary = headless.summary.clone();
        self.guard(|terminal| terminal.feed(&out));
        self.stream_says(&told);
        self.release_notes();
        Some(Box::new(summary))
    }

    /// Makes of what a run told what follows for the session.
    pub(super) fn stream_says(&mut self, told: &[StreamEvent]) {
        let signs = self.headless.as_mut().map(|h| std::mem::take(&mut h.signs));
        if let Some(signs) = signs.filter(|signs| !signs.is_empty()) {
            self.tell(Notice::Signs(signs.into()));
        }
        for event in told {
            if let StreamEvent::Begun {
                conversation: Some(id),
                ..
            } = event
            {
                self.tell(Notice::Conversation(id.clone()));
            }
            if let Some((activity, words)) = claim(event) {
                self.stream_claims(activity, words);
            }
        }
    }

    fn stream_claims(&mut self, activity: Activity, words: String) {
        let Some(headless) = &mut self.headless else {
            return;
        };
        let claim = (activity, words);
        if headless.claimed.as_ref() == Some(&claim) {
            return;
        }
        headless.claimed = Some(claim.clone());
        let (activity, words) = claim;
        self.observe(|observer, now| {
            observer.claim(Source::Stream, activity, None, &words, now);
        });
    }

    /// Says what the stream of a run has told that was taken up in its middle.
    pub(super) fn stream_goes_on(&mut self) {
        let Some(headless) = &self.headless else {
            return;
        };
        let recent: Vec<StreamEvent> = headless
            .recent
            .iter()
            .map(|(_, event)| event.clone())
            .collect();
        let conversation = headless.summary.conversation.clone();
        if let Some(id) = conversation {
            self.tell(Notice::Conversation(id));
        }
        if let Some((activity, words)) = recent.iter().rev().find_map(claim) {
            self.stream_claims(activity, words);
        }
    }

    pub(super) fn stream_view(&self) -> StreamView {
        self.headless
            .as_ref()
            .map_or_else(StreamView::default, Headless::view)
    }

    /// Puts a line of gluon's own between the lines of a stream; whether there is a stream.
    pub(super) fn note_on_page(&mut self, line: &str) -> bool {
        let Some(headless) = &mut self.headless else {
            return false;
        };
        if headless.held.len() < HELD {
            headless.held.push(line.to_owned());
        }
        self.release_notes();
        true
    }

    /// Writes the notes that waited, where no line is unfinished.
    pub(super) fn release_notes(&mut self) {
        let Some(headless) = self.headless.as_mut() else {
            return;
        };
        if headless.held.is_empty() || !headless.is_between_lines() {
            return;
        }
        let mut out = Vec::new();
        for line in std::mem::take(&mut headless.held) {
            if let Some(log) = &mut self.log {
                log.append(line.as_bytes());
            }
            headless.feed(line.as_bytes(), &mut out);
        }
        self.guard(|terminal| terminal.feed(&out));
    }

    /// A terminal nobody types into: what is typed is not shown, what is printed is not changed.
    pub(super) fn quieten(&self, master: &OwnedFd) {
        if self.headless.is_none() {
            return;
        }
        // Fails where it is no terminal; then there is nothing to change.
        let Ok(mut modes) = tcgetattr(master) else {
            return;
        };
        modes
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ECHOCTL);
        modes.output_modes.remove(OutputModes::OPOST);
        let _ = tcsetattr(master, OptionalActions::Now, &modes);
    }
}

/// What an event says of the agent's activity. A headless run never waits: nobody could answer it.
fn claim(event: &StreamEvent) -> Option<(Activity, String)> {
    let working = |words: String| Some((Activity::Working, words));
    match event {
        StreamEvent::Begun { .. } => working("it has begun".to_owned()),
        StreamEvent::Words(_) | StreamEvent::Message(_) => working("it writes".to_owned()),
        StreamEvent::Thought(_) => working("it thinks".to_owned()),
        StreamEvent::Call(call) => working(match call.brief.is_empty() {
            true => call.tool.clone(),
            false => format!("{}({})", call.tool, call.brief),
        }),
        StreamEvent::Result(_) => working("a tool has answered".to_owned()),
        StreamEvent::Retry {
            failure, attempt, ..
        } => working(format!("{}: asks again, {attempt}", failure.text)),
        StreamEvent::Limited(limit) if limit.rejected => {
            Some((Activity::Limited(limit.until), limit.which.clone()))
        }
        StreamEvent::Failed(failure) if failure.kind == FailureKind::Limit => {
            let now = clock::now();
            let until = limit_ends(&failure.text, now, clock::local_offset(now));
            Some((Activity::Limited(until), failure.text.clone()))
        }
        StreamEvent::Finished { .. } => Some((Activity::Idle, "it is done".to_owned())),
        _ => None,
    }
}
