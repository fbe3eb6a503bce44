//! Lines of Claude Code's transcripts: `projects/<directory>/<id>.jsonl`. Seen with 2.1.330.
//!
//! One answer is several lines, one per block. What the CLI itself puts into the user's mouth (caveats,
//! reminders, output of its own commands) is told apart.

use std::path::PathBuf;

use memchr::memmem;
use serde::Deserialize;
use serde_json::Value;

use super::super::transcripts::is_uuid;
use super::Told;
use super::text::{call, text_of};
use crate::domain::calendar::parse_utc;
use crate::domain::{Speaker, Timestamp};

/// Titles: what the user chose, what the CLI made, the summary older ones made.
const CHOSEN: u8 = 3;
const MADE: u8 = 2;
const SUMMARY: u8 = 1;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    session_id: Option<String>,
    cwd: Option<PathBuf>,
    timestamp: Option<String>,
    message: Option<Message>,
    subtype: Option<String>,
    content: Option<Value>,
    summary: Option<String>,
    ai_title: Option<String>,
    custom_title: Option<String>,
    #[serde(default)]
    is_sidechain: bool,
    #[serde(default)]
    is_meta: bool,
    #[serde(default)]
    is_compact_summary: bool,
    #[serde(default)]
    is_api_error_message: bool,
}

#[derive(Deserialize)]
struct Message {
    model: Option<String>,
    #[serde(default)]
    content: Value,
}

/// Whether a file of that name is a conversation's.
pub(super) fn is_conversation(name: &str) -> bool {
    name.strip_suffix(".jsonl").is_some_and(is_uuid)
}

pub(super) fn line(bytes: &[u8], told: &mut Told) {
    const WORDS: [&str; 5] = [
        "\"user\"",
        "\"assistant\"",
        "Title\"",
        "\"summary\"",
        "\"system\"",
    ];
    // Most lines are long and tell nothing: they are not parsed.
    if !WORDS
        .iter()
        .any(|word| memmem::find(bytes, word.as_bytes()).is_some())
    {
        return;
    }
    let Ok(line) = serde_json::from_slice::<Line>(bytes) else {
        return;
    };
    if line.is_sidechain {
        return;
    }
    let conversation = &mut told.digest.conversation;
    if let Some(id) = line.session_id.as_ref().filter(|id| is_uuid(id)) {
        conversation.id.clone_from(id);
    }
    if let Some(cwd) = line.cwd.as_ref().filter(|cwd| cwd.is_absolute())
        && conversation.directory.as_os_str().is_empty()
    {
        conversation.directory.clone_from(cwd);
    }
    let at = line.timestamp.as_deref().and_then(parse_utc);
    match line.kind.as_str() {
        "user" if !line.is_meta => user(&line, at, told),
        "assistant" => assistant(&line, at, told),
        "custom-title" => told.title(line.custom_title.as_deref().unwrap_or_default(), CHOSEN),
        "ai-title" => told.title(line.ai_title.as_deref().unwrap_or_default(), MADE),
        "summary" => told.title(line.summary.as_deref().unwrap_or_default(), SUMMARY),
        "system" => {
            let text = line.content.as_ref().and_then(Value::as_str);
            let words = match line.subtype.as_deref() {
                Some("compact_boundary") => "the conversation was compacted",
                Some("informational" | "api_error") => text.unwrap_or_default(),
                _ => "",
            };
            told.say(Speaker::Note, words, at);
        }
        _ => {}
    }
}

fn user(line: &Line, at: Option<Timestamp>, told: &mut Told) {
    let Some(message) = &line.message else {
        return;
    };
    if line.is_compact_summary {
        told.say(Speaker::Note, &text_of(&message.content), at);
        return;
    }
    match &message.content {
        Value::Array(blocks) => {
            for block in blocks {
                match block["type"].as_str() {
                    Some("text") => said(block["text"].as_str().unwrap_or_default(), at, told),
                    Some("tool_result") => {
                        told.say(Speaker::Output, &text_of(&block["content"]), at);
                    }
                    Some("image") => told.say(Speaker::Note, "an image", at),
                    _ => {}
                }
            }
        }
        content => said(content.as_str().unwrap_or_default(), at, told),
    }
}

/// What stands as the user's words; some are the CLI's.
fn said(text: &str, at: Option<Timestamp>, told: &mut Told) {
    let start = text.trim_start();
    if start.starts_with("[Request interrupted by user") {
        told.say(Speaker::Note, "interrupted by the user", at);
    } else if let Some(command) = tagged(start, "command-name") {
        let arguments = tagged(start, "command-args").unwrap_or_default();
        told.say(Speaker::Note, &format!("{command} {arguments}"), at);
    } else if let Some(command) = tagged(start, "bash-input") {
        told.say(Speaker::Note, &format!("! {command}"), at);
    } else if let Some(output) = tagged(start, "bash-stdout") {
        told.say(Speaker::Output, output, at);
    } else if ["<local-command", "<system-reminder>", "<task-notification"]
        .iter()
        .all(|tag| !start.starts_with(tag))
    {
        told.say(Speaker::User, text, at);
    }
}

/// What stands between `<tag>` and `</tag>`.
fn tagged<'a>(text: &'a str, tag: &str) -> Option<&'a str> {
    if !text.starts_with("<command-") && !text.starts_with("<bash-") {
        return None;
    }
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    rest.split_once(&format!("</{tag}>")).map(|(said, _)| said)
}

fn assistant(line: &Line, at: Option<Timestamp>, told: &mut Told) {
    let Some(message) = &line.message else {
        return;
    };
    let model = message.model.as_deref().unwrap_or_default();
    if !model.is_empty() && model != "<synthetic>" {
        told.digest.conversation.model = super::text::one_line(model, 80);
    }
    let failed = line.is_api_error_message;
    let speaker = if failed {
        Speaker::Note
    } else {
        Speaker::Agent
    };
    let Value::Array(blocks) = &message.content else {
        told.say(speaker, &text_of(&message.content), at);
        return;
    };
    for block in blocks {
        match block["type"].as_str() {
            Some("text") => told.say(speaker, block["text"].as_str().unwrap_or_default(), at),
            Some("thinking") => {
                let thought = block["thinking"].as_str().unwrap_or_default();
                told.say(Speaker::Thought, thought, at);
            }
            Some("tool_use" | "server_tool_use") => {
                let name = block["name"].as_str().unwrap_or("tool");
                told.say(Speaker::Tool, &call(name, &block["input"]), at);
            }
            _ => {}
        }
    }
}
