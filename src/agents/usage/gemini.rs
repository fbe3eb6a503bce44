//! Lines of Gemini CLI's transcripts that tell of usage.
//!
//! Seen with 0.61.0. A line is a message, or a change (`$set`) that may hold all messages anew; a message is
//! written again when its tools have run, with the same id and the same counts. `input` includes what was
//! cached, `output` lacks the thoughts. What the CLI asks small models on the side is not written down.

use std::hash::{DefaultHasher, Hash, Hasher};

use memchr::memmem;
use serde_json::Value;

use super::count;
use crate::domain::calendar::parse_utc;
use crate::domain::cost::model_name;
use crate::domain::{Timestamp, Usage};

/// A request; told again, it is the same one by its key.
pub(super) struct Request {
    pub(super) key: u64,
    pub(super) at: Option<Timestamp>,
    pub(super) model: String,
    pub(super) usage: Usage,
}

/// Gives `each` every request that a line tells of.
pub(super) fn read(line: &[u8], each: &mut dyn FnMut(Request)) {
    if memmem::find(line, b"\"tokens\"").is_none() {
        return;
    }
    let Ok(line) = serde_json::from_slice::<Value>(line) else {
        return;
    };
    match line["$set"]["messages"].as_array() {
        Some(messages) => messages.iter().filter_map(request).for_each(each),
        None => request(&line).into_iter().for_each(each),
    }
}

fn request(message: &Value) -> Option<Request> {
    let said = message.get("tokens").filter(|said| said.is_object())?;
    let mut hasher = DefaultHasher::new();
    (message["id"].as_str()?, "gemini").hash(&mut hasher);
    let input = count(said, "input");
    let cache_read = count(said, "cached").min(input);
    let reasoning = count(said, "thoughts");
    Some(Request {
        key: hasher.finish(),
        at: message["timestamp"].as_str().and_then(parse_utc),
        model: model_name(message["model"].as_str().unwrap_or_default()).to_owned(),
        usage: Usage {
            input: input - cache_read + count(said, "tool"),
            cache_read,
            output: count(said, "output") + reasoning,
            reasoning,
            ..Usage::default()
        },
    })
}
