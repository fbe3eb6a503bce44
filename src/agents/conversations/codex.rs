//! Lines of Codex's rollouts: `sessions/<year>/<month>/<day>/rollout-<time>-<id>.jsonl`. Seen with 0.169.0.
//!
//! What is said stands in `response_item`s, among what the CLI itself puts into the user's mouth.

use std::path::PathBuf;

use memchr::memmem;
use serde::Deserialize;
use serde_json::Value;

use super::super::transcripts::is_uuid;
use super::Told;
use super::text::{call, one_line, text_of};
use crate::domain::calendar::parse_utc;
use crate::domain::{Speaker, Timestamp};

#[derive(Deserialize)]
struct Line {
    timestamp: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    payload: Value,
}

/// Whether a file of that name is a thread's.
pub(super) fn is_conversation(name: &str) -> bool {
    let stem = name
        .strip_prefix("rollout-")
        .and_then(|name| name.strip_suffix(".jsonl"));
    let id = stem.and_then(|stem| stem.get(stem.len().checked_sub(36)?..));
    id.is_some_and(is_uuid)
}

pub(super) fn line(bytes: &[u8], told: &mut Told) {
    const WORDS: [&str; 5] = [
        "\"response_item\"",
        "\"turn_context\"",
        "\"session_meta\"",
        "\"turn_aborted\"",
        "\"compacted\"",
    ];
    // The type stands at the beginning; what is long is long behind it.
    let head = &bytes[..bytes.len().min(4096)];
    if !WORDS
        .iter()
        .any(|word| memmem::find(head, word.as_bytes()).is_some())
    {
        return;
    }
    let Ok(line) = serde_json::from_slice::<Line>(bytes) else {
        return;
    };
    let at = line.timestamp.as_deref().and_then(parse_utc);
    let payload = &line.payload;
    match (line.kind.as_str(), payload["type"].as_str()) {
        ("session_meta", _) => begin(payload, told),
        ("turn_context", _) => {
            if let Some(model) = payload["model"].as_str() {
                told.digest.conversation.model = one_line(model, 80);
            }
        }
        ("event_msg", Some("turn_aborted")) => {
            told.say(Speaker::Note, "interrupted by the user", at);
        }
        ("compacted", _) => told.say(Speaker::Note, "the conversation was compacted", at),
        ("response_item", Some(kind)) => item(kind, payload, at, told),
        _ => {}
    }
}

/// The first one counts: a fork of an older Codex begins with a copy of its parent's.
fn begin(payload: &Value, told: &mut Told) {
    let conversation = &mut told.digest.conversation;
    let id = payload["id"].as_str().filter(|id| is_uuid(id));
    let (Some(id), true) = (id, conversation.id.is_empty()) else {
        return;
    };
    id.clone_into(&mut conversation.id);
    let cwd = payload["cwd"].as_str().map(PathBuf::from);
    conversation.directory = cwd.filter(|cwd| cwd.is_absolute()).unwrap_or_default();
    if let Some(at) = payload["timestamp"].as_str().and_then(parse_utc) {
        conversation.started_at = at;
    }
    // What a subagent does is told by a `source` that is no word.
    let subagent = &payload["source"]["subagent"];
    if !subagent.is_null() {
        let parent = subagent["thread_spawn"]["parent_thread_id"].as_str();
        let owner = parent.or_else(|| payload["session_id"].as_str());
        told.digest.owner = Some(owner.unwrap_or_default().to_owned());
    }
}

fn item(kind: &str, payload: &Value, at: Option<Timestamp>, told: &mut Told) {
    match kind {
        "message" => message(payload, at, told),
        "reasoning" => told.say(Speaker::Thought, &text_of(&payload["summary"]), at),
        "function_call" => {
            let name = payload["name"].as_str().unwrap_or("tool");
            let arguments = payload["arguments"].as_str().unwrap_or_default();
            let parsed = serde_json::from_str(arguments);
            let input = parsed.unwrap_or_else(|_| Value::String(arguments.to_owned()));
            told.say(Speaker::Tool, &call(name, &input), at);
        }
        "custom_tool_call" => {
            let name = payload["name"].as_str().unwrap_or("tool");
            told.say(Speaker::Tool, &call(name, &payload["input"]), at);
        }
        "local_shell_call" => {
            told.say(Speaker::Tool, &call("shell", &payload["action"]), at);
        }
        "web_search_call" => {
            told.say(Speaker::Tool, &call("web_search", &payload["action"]), at);
        }
        "function_call_output" | "custom_tool_call_output" => {
            let output = match &payload["output"] {
                Value::Object(fields) => text_of(fields.get("content").unwrap_or(&Value::Null)),
                output => text_of(output),
            };
            told.say(Speaker::Output, answer(&output), at);
        }
        _ => {}
    }
}

fn message(payload: &Value, at: Option<Timestamp>, told: &mut Told) {
    let text = text_of(&payload["content"]);
    match payload["role"].as_str() {
        Some("assistant") => told.say(Speaker::Agent, &text, at),
        Some("user") => {
            const NOT_SAID: [&str; 7] = [
                "<environment_context>",
                "<user_instructions>",
                "<turn_aborted>",
                "<skill>",
                "<recommended_plugins>",
                "<subagent_notification>",
                "# AGENTS.md instructions",
            ];
            let start = text.trim_start();
            if NOT_SAID.iter().all(|tag| !start.starts_with(tag)) {
                told.say(Speaker::User, &text, at);
            }
        }
        _ => {}
    }
}

/// Of what a command answered, what it printed.
fn answer(output: &str) -> &str {
    match output.split_once("\nOutput:\n") {
        Some((head, printed)) if head.len() < 400 && !printed.trim().is_empty() => printed,
        _ => output,
    }
}
