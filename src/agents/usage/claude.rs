//! Lines of Claude Code's transcripts that tell of usage.
//!
//! Seen with 2.1.330. One request is several lines, one per block of its answer, with the same ids and the
//! same counts but for the output, which grows. `cost-state` is the sum over the whole conversation as the
//! CLI counts it, subagents and requests without a line of their own included.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use memchr::memmem;
use serde::Deserialize;
use serde_json::Value;

use super::count;
use crate::domain::calendar::parse_utc;
use crate::domain::cost::{PicoUsd, model_name};
use crate::domain::{Timestamp, Usage};

/// A line that tells of usage.
pub(super) enum Told {
    /// A request; told again, it is the same one by its key.
    Request {
        key: u64,
        at: Option<Timestamp>,
        model: String,
        usage: Usage,
    },
    /// What the CLI itself counts, for the whole conversation.
    Total(Reported),
}

/// What the CLI itself counts, by model.
#[derive(Debug, Clone, Default)]
pub(super) struct Reported(pub(super) BTreeMap<String, Share>);

/// What the CLI counts of one model.
#[derive(Debug, Clone, Default)]
pub(super) struct Share {
    pub(super) cost: PicoUsd,
    pub(super) usage: Usage,
    /// Tokens written into a cache, where the CLI does not say for how long.
    pub(super) writes: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    message: Option<Message>,
    request_id: Option<String>,
    uuid: Option<String>,
    timestamp: Option<String>,
    model_usage: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    has_unknown_model_cost: bool,
}

#[derive(Deserialize)]
struct Message {
    id: Option<String>,
    model: Option<String>,
    usage: Option<Value>,
}

/// What a line tells; `None` where that is nothing.
pub(super) fn read(line: &[u8]) -> Option<Told> {
    // Most lines are long and tell nothing: they are not parsed.
    let has = |words: &str| memmem::find(line, words.as_bytes()).is_some();
    if !(has("\"assistant\"") && has("\"usage\"") || has("\"cost-state\"")) {
        return None;
    }
    let line: Line = serde_json::from_slice(line).ok()?;
    match line.kind.as_str() {
        "assistant" => request(line),
        "cost-state" if !line.has_unknown_model_cost => total(&line.model_usage?),
        _ => None,
    }
}

fn request(line: Line) -> Option<Told> {
    let message = line.message?;
    let said = message.usage?;
    let model = message.model.unwrap_or_default();
    // What the CLI answers in place of a model.
    if model == "<synthetic>" {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    match &message.id {
        Some(id) => (id, &line.request_id).hash(&mut hasher),
        None => (line.uuid?, "line").hash(&mut hasher),
    }
    let writes = count(&said, "cache_creation_input_tokens");
    let hour = count(&said["cache_creation"], "ephemeral_1h_input_tokens").min(writes);
    let usage = Usage {
        input: count(&said, "input_tokens"),
        cache_read: count(&said, "cache_read_input_tokens"),
        cache_write_5m: writes - hour,
        cache_write_1h: hour,
        output: count(&said, "output_tokens"),
        reasoning: count(&said["output_tokens_details"], "thinking_tokens"),
    };
    Some(Told::Request {
        key: hasher.finish(),
        at: line.timestamp.as_deref().and_then(parse_utc),
        model: model_name(&model).to_owned(),
        usage,
    })
}

fn total(models: &BTreeMap<String, Value>) -> Option<Told> {
    let mut reported = Reported::default();
    for (model, said) in models {
        let five = count(said, "cacheCreationEphemeral5mInputTokens");
        let hour = count(said, "cacheCreationEphemeral1hInputTokens");
        let writes = count(said, "cacheCreationInputTokens");
        let share = Share {
            cost: PicoUsd::from_dollars(said["costUSD"].as_f64()?)?,
            usage: Usage {
                input: count(said, "inputTokens"),
                cache_read: count(said, "cacheReadInputTokens"),
                cache_write_5m: five,
                cache_write_1h: hour,
                output: count(said, "outputTokens"),
                reasoning: count(said, "thinkingTokens"),
            },
            writes: (five + hour != writes).then_some(writes),
        };
        let known = reported.0.entry(model_name(model).to_owned()).or_default();
        known.cost += share.cost;
        known.usage += share.usage;
        known.writes = share.writes.or(known.writes);
    }
    Some(Told::Total(reported))
}
