//! The streams of headless runs: from an agent's JSON lines to [`StreamEvent`]s, and from those to text that
//! people read.
//!
//! Incremental and pure: bytes in, events out, no I/O and no clock, so that a screen made anew from the log is
//! the one that was shown. Invariants: whatever is printed, nothing panics and nothing grows without bound;
//! no byte of an agent's output reaches the page but as printable text; the order of an object's fields
//! decides nothing; what is not known is passed over, what is no JSON is shown as text.

mod claude;
mod codex;
mod failure;
mod gemini;
mod opencode;
mod page;
mod prose;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use page::{Over, Page};

use super::conversations::text::{clean, one_line, text_of};
use crate::domain::health::timeless_hash;
use crate::domain::stream::{
    Denial, MAX_BRIEF, MAX_MESSAGE, MAX_WORDS, RESULT_LINES, StreamEvent, ToolCall, ToolResult,
};

/// The longest line that is read, in bytes; of a longer one is told that it was left out.
const MAX_LINE: usize = 4 * 1024 * 1024;
/// The longest line that is no JSON, in characters.
const MAX_PLAIN: usize = 1000;
/// The longest line of a tool's answer, in characters.
const MAX_RESULT: usize = 400;
/// Calls whose names are remembered for what is told of them later.
const REMEMBERED: usize = 64;

/// In which words an agent tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamFormat {
    /// Claude Code's `stream-json`; Qwen Code speaks it too.
    Claude,
    /// `codex exec --json`.
    Codex,
    /// Gemini CLI's `stream-json`.
    Gemini,
    /// `opencode run --format json`.
    Opencode,
}

/// Reads the stream of one run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StreamReader {
    adapter: Adapter,
    /// Where the agent runs: paths below it are told from there.
    cwd: String,
    /// The bytes of the line that is not over yet.
    #[serde(skip)]
    line: Vec<u8>,
    /// How many bytes of it were left out.
    dropped: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Adapter {
    Claude(claude::Claude),
    Codex(codex::Codex),
    Gemini(gemini::Gemini),
    Opencode(opencode::Opencode),
}

/// Where events go.
type Each<'a> = dyn FnMut(StreamEvent) + 'a;

impl StreamReader {
    /// A reader for a run that begins, in the directory `cwd`.
    pub fn new(format: StreamFormat, cwd: &str) -> Self {
        let adapter = match format {
            StreamFormat::Claude => Adapter::Claude(claude::Claude::default()),
            StreamFormat::Codex => Adapter::Codex(codex::Codex::default()),
            StreamFormat::Gemini => Adapter::Gemini(gemini::Gemini::default()),
            StreamFormat::Opencode => Adapter::Opencode(opencode::Opencode::default()),
        };
        Self {
            adapter,
            cwd: cwd.trim_end_matches('/').to_owned(),
            line: Vec::new(),
            dropped: 0,
        }
    }

    /// The bytes of the line that is not over yet.
    pub fn rest(&self) -> &[u8] {
        &self.line
    }

    /// Takes the bytes of an unfinished line back, after [`StreamReader`] was stored without them.
    pub fn set_rest(&mut self, rest: &[u8]) {
        self.line = rest[..rest.len().min(MAX_LINE)].to_vec();
    }

    /// Reads what was printed.
    pub fn feed(&mut self, bytes: &[u8], each: &mut Each<'_>) {
        let mut rest = bytes;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            self.take(&rest[..at]);
            rest = &rest[at + 1..];
            self.line_is_over(each);
        }
        self.take(rest);
    }

    /// The process has ended: what is unfinished is all there will be.
    pub fn end(&mut self, each: &mut Each<'_>) {
        if !self.line.is_empty() || self.dropped > 0 {
            self.line_is_over(each);
        }
        self.close(each);
    }

    fn take(&mut self, bytes: &[u8]) {
        let room = MAX_LINE - self.line.len();
        let (kept, over) = bytes.split_at(bytes.len().min(room));
        self.line.extend_from_slice(kept);
        self.dropped = self.dropped.saturating_add(over.len() as u64);
    }

    fn line_is_over(&mut self, each: &mut Each<'_>) {
        let line = std::mem::take(&mut self.line);
        let dropped = std::mem::take(&mut self.dropped);
        if dropped > 0 {
            let size = (line.len() as u64 + dropped) / 1024;
            self.close(each);
            each(StreamEvent::Plain(format!(
                "[gluon: a line of {size} KiB was left out]"
            )));
            return;
        }
        if let Some(value) = object(&line) {
            self.value(&value, each);
            return;
        }
        let text = plain(&line);
        if text.is_empty() {
            return;
        }
        self.close(each);
        let told = matches!(self.adapter, Adapter::Codex(_)).then(|| codex::log_line(&text));
        each(told.flatten().unwrap_or(StreamEvent::Plain(text)));
    }

    /// A message that is told in pieces is over.
    fn close(&mut self, each: &mut Each<'_>) {
        if let Adapter::Gemini(gemini) = &mut self.adapter {
            gemini.close(each);
        }
    }

    fn value(&mut self, value: &Value, each: &mut Each<'_>) {
        let cwd = &self.cwd;
        match &mut self.adapter {
            Adapter::Claude(adapter) => adapter.read(value, cwd, each),
            Adapter::Codex(adapter) => adapter.read(value, cwd, each),
            Adapter::Gemini(adapter) => adapter.read(value, cwd, each),
            Adapter::Opencode(adapter) => adapter.read(value, cwd, each),
        }
    }
}

/// The JSON object of a line; terminals put sequences of their own around it at times.
fn object(line: &[u8]) -> Option<Value> {
    let start = memchr::memchr(b'{', line)?;
    let before = &line[..start];
    let is_text = |byte: &u8| byte.is_ascii_graphic();
    if before.iter().any(is_text) && before.first() != Some(&0x1b) {
        return None;
    }
    let end = memchr::memrchr(b'}', line)? + 1;
    let value: Value = serde_json::from_slice(line.get(start..end)?).ok()?;
    value.is_object().then_some(value)
}

/// A line that is no JSON: what a terminal would show of it at the end.
fn plain(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(&line[..line.len().min(MAX_PLAIN * 8)]);
    // A progress bar writes over itself; only its end counts.
    let last = text.rsplit('\r').find(|part| !part.trim().is_empty());
    let clean = clean(last.unwrap_or_default(), MAX_PLAIN * 4);
    let line: String = clean
        .chars()
        .filter(|c| *c != '\n')
        .take(MAX_PLAIN)
        .collect();
    line.trim_end().replace('\t', "    ")
}

/// The text of a field.
fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// The text of a field, if it says anything.
fn said(value: &Value, field: &str) -> Option<String> {
    let text = one_line(text(value, field), 200);
    (!text.is_empty()).then_some(text)
}

/// A message, bounded.
fn message(text: &str) -> Option<String> {
    let message = clean(text, MAX_MESSAGE);
    (!message.trim().is_empty()).then_some(message)
}

/// A sentence about a failure.
fn sentence(text: &str) -> String {
    one_line(text, MAX_WORDS)
}

/// A call of a tool.
fn tool_call(id: &str, tool: &str, input: &Value, cwd: &str) -> ToolCall {
    let brief = super::conversations::text::brief(input);
    ToolCall {
        id: one_line(id, 100),
        tool: one_line(tool, 60),
        brief: below(&one_line(&brief, MAX_BRIEF), cwd),
        hash: hash_call(tool, input),
        nested: false,
    }
}

/// The answer to a call.
fn tool_result(id: &str, ok: bool, answer: &str) -> ToolResult {
    let clean = clean(answer, 64 * 1024);
    let mut lines = clean.lines().map(str::trim_end);
    let all = lines.clone().count();
    let mut shown = Vec::new();
    for line in lines.by_ref() {
        if shown.len() == RESULT_LINES {
            break;
        }
        let line: String = line
            .replace('\t', "    ")
            .chars()
            .take(MAX_RESULT)
            .collect();
        if !line.trim().is_empty() || !shown.is_empty() {
            shown.push(line);
        }
    }
    let more = all.saturating_sub(shown.len());
    ToolResult {
        id: one_line(id, 100),
        ok,
        brief: shown.join("\n"),
        more: u32::try_from(more).unwrap_or(u32::MAX),
        hash: timeless_hash(answer),
        nested: false,
    }
}

/// Text in which paths below `cwd` are told from there.
fn below(text: &str, cwd: &str) -> String {
    match cwd.is_empty() {
        true => text.to_owned(),
        false => text.replace(&format!("{cwd}/"), ""),
    }
}

const FNV: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: the same everywhere and always, unlike the hasher of the standard library.
fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// What tells a call from others: the tool and its arguments, in whatever order they stand.
fn hash_call(tool: &str, input: &Value) -> u64 {
    fn add(hash: u64, value: &Value) -> u64 {
        match value {
            Value::Object(fields) => {
                let mut names: Vec<&String> = fields.keys().collect();
                names.sort();
                let each = |hash, name: &&String| {
                    add(
                        fnv(fnv(hash, name.as_bytes()), b":"),
                        &fields[name.as_str()],
                    )
                };
                fnv(names.iter().fold(fnv(hash, b"{"), each), b"}")
            }
            Value::Array(items) => {
                let each = |hash, item| fnv(add(hash, item), b",");
                fnv(items.iter().fold(fnv(hash, b"["), each), b"]")
            }
            other => fnv(hash, other.to_string().as_bytes()),
        }
    }
    add(fnv(fnv(FNV, tool.as_bytes()), b"("), input)
}

/// Names of calls, the newest, for what is told of them later.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Calls(Vec<(String, String, String)>);

impl Calls {
    fn add(&mut self, call: &ToolCall) {
        if self.0.len() == REMEMBERED {
            self.0.remove(0);
        }
        let (tool, brief) = (call.tool.clone(), call.brief.clone());
        self.0.push((call.id.clone(), tool, brief));
    }

    /// Whether the call of that id is remembered.
    fn has(&self, id: &str) -> bool {
        self.0.iter().any(|(known, ..)| known == id)
    }

    /// What was denied, by the call it was about.
    fn denial(&self, id: &str, tool: &str, what: &str) -> Denial {
        let known = self.0.iter().find(|(known, ..)| known == id);
        Denial {
            id: (!id.is_empty()).then(|| one_line(id, 100)),
            tool: match known {
                Some((_, tool, _)) => tool.clone(),
                None => one_line(tool, 60),
            },
            what: match known {
                Some((.., brief)) if !brief.is_empty() => brief.clone(),
                _ => one_line(what, MAX_BRIEF),
            },
        }
    }
}

/// The text of a tool's answer, whatever it is made of.
fn answer_text(content: &Value) -> String {
    match content {
        Value::Null => String::new(),
        Value::String(_) | Value::Array(_) => text_of(content),
        Value::Object(fields) if fields.contains_key("content") => text_of(&content["content"]),
        other => other.to_string(),
    }
}
