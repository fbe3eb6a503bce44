//! Lines of Codex's rollouts that tell of usage.
//!
//! Seen with 0.169.0. `token_count` gives the sum over the thread so far, so differences are counted. The
//! first sum of a fork already holds what its parent used: of the first, only the last request counts. A
//! fork of an older Codex begins with a copy of its parent's lines, which are its parent's to count.

use memchr::memmem;
use serde::Deserialize;
use serde_json::Value;

use super::count;
use crate::domain::calendar::parse_utc;
use crate::domain::cost::model_name;
use crate::domain::{Timestamp, Usage};

/// What is known of a thread from the lines read so far.
#[derive(Debug, Default)]
pub(super) struct Thread {
    id: Option<String>,
    began: Option<Timestamp>,
    model: String,
    /// The sum at the last line that gave one.
    before: Option<Usage>,
    /// Whether what is read is a copy of the parent's lines.
    copied: bool,
}

/// What was used between two lines.
pub(super) struct Step {
    pub(super) at: Option<Timestamp>,
    pub(super) model: String,
    pub(super) usage: Usage,
}

#[derive(Deserialize)]
struct Line {
    timestamp: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<String>,
    timestamp: Option<String>,
    model: Option<String>,
    started_at: Option<Value>,
    info: Option<Value>,
}

impl Thread {
    /// What a line tells that was used since the one before; `None` where that is nothing.
    pub(super) fn read(&mut self, line: &[u8]) -> Option<Step> {
        const WORDS: [&str; 4] = [
            "\"token_count\"",
            "\"turn_context\"",
            "\"session_meta\"",
            "\"task_started\"",
        ];
        // The type stands at the beginning; what is long is long behind it.
        let head = &line[..line.len().min(4096)];
        if !WORDS
            .iter()
            .any(|word| memmem::find(head, word.as_bytes()).is_some())
        {
            return None;
        }
        let line: Line = serde_json::from_slice(line).ok()?;
        let kind = line.payload.kind.as_deref().unwrap_or_default();
        match (line.kind.as_str(), kind) {
            ("session_meta", _) => self.begin(&line.payload),
            ("turn_context", _) => {
                if let Some(model) = &line.payload.model {
                    self.model = model_name(model).to_owned();
                }
            }
            ("event_msg", "task_started") if self.copied => {
                let at = line.payload.started_at.as_ref().and_then(Value::as_i64);
                let began = self.began.map_or(0, |at| at.0 / 1000);
                self.copied = at.is_some_and(|at| at < began);
            }
            ("event_msg", "token_count") => {
                let at = line.timestamp.as_deref().and_then(parse_utc);
                return self.step(at, &line.payload.info?);
            }
            _ => {}
        }
        None
    }

    fn begin(&mut self, payload: &Payload) {
        if self.id.is_none() {
            self.id = payload.id.clone();
            self.began = payload.timestamp.as_deref().and_then(parse_utc);
        } else if payload.id != self.id {
            self.copied = true;
        }
    }

    fn step(&mut self, at: Option<Timestamp>, info: &Value) -> Option<Step> {
        let total = usage(&info["total_token_usage"])?;
        let last = usage(&info["last_token_usage"]);
        let usage = match &self.before {
            // It never shrinks, unless it was begun anew.
            Some(before) if before.beyond(&total) == Usage::default() => total.beyond(before),
            Some(_) | None => last.unwrap_or(total),
        };
        self.before = Some(total);
        let counts = !self.copied && usage != Usage::default();
        counts.then(|| Step {
            at,
            model: self.model.clone(),
            usage,
        })
    }
}

/// `input_tokens` includes those of caches, `output_tokens` the reasoning.
fn usage(said: &Value) -> Option<Usage> {
    said.as_object()?;
    let input = count(said, "input_tokens");
    let cache_read = count(said, "cached_input_tokens").min(input);
    let written = count(said, "cache_write_input_tokens").min(input - cache_read);
    Some(Usage {
        input: input - cache_read - written,
        cache_read,
        cache_write_5m: written,
        cache_write_1h: 0,
        output: count(said, "output_tokens"),
        reasoning: count(said, "reasoning_output_tokens"),
    })
}

/// The thread to which a rollout belongs by its first line: the one the user talks to, where it is a
/// subagent's, else its own.
pub(super) fn owner(first: &[u8]) -> Option<String> {
    let line: Value = serde_json::from_slice(first).ok()?;
    let meta = (line["type"] == "session_meta").then(|| &line["payload"])?;
    let spawned = &meta["source"]["subagent"]["thread_spawn"]["parent_thread_id"];
    let own = || meta["id"].as_str();
    let owner = spawned.as_str().or_else(|| meta["session_id"].as_str());
    owner.or_else(own).map(str::to_owned)
}
