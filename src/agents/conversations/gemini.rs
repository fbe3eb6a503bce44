//! Transcripts of Gemini CLI: `tmp/<project>/chats/session-*.jsonl`, of older ones `.json`. Seen with 0.61.0.
//!
//! A line is a message, or what is to be changed (`$set`); a message told again replaces the one before. So
//! a transcript is read whole each time, which it must be short enough for.

use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;

use super::super::transcripts::{is_uuid, root_of};
use super::lines::open;
use super::text::{call, one_line, text_of};
use super::{From, News, Page, Sought, Told};
use crate::domain::calendar::parse_utc;
use crate::domain::{Passage, Speaker};

/// The longest transcript that is read, in bytes.
const LONGEST: u64 = 64 * 1024 * 1024;
/// The most messages of a transcript.
const MESSAGES: usize = 50_000;

/// Whether a file of that name is a conversation's.
pub(super) fn is_conversation(name: &str) -> bool {
    name.starts_with("session-") && (name.ends_with(".jsonl") || name.ends_with(".json"))
}

/// A transcript put together.
#[derive(Default)]
struct Chat {
    head: serde_json::Map<String, Value>,
    messages: Vec<Value>,
}

impl Chat {
    fn load(path: &Path) -> io::Result<Chat> {
        let mut bytes = Vec::new();
        open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
        let mut chat = Chat::default();
        if path.extension().is_some_and(|end| end == "json") {
            let whole = serde_json::from_slice(&bytes).map_err(io::Error::other)?;
            chat.take(whole);
            return Ok(chat);
        }
        for line in bytes.split(|byte| *byte == b'\n') {
            if let Ok(line) = serde_json::from_slice(line) {
                chat.take(line);
            }
        }
        Ok(chat)
    }

    fn take(&mut self, line: Value) {
        let Value::Object(mut fields) = line else {
            return;
        };
        if let Some(Value::Object(changes)) = fields.remove("$set") {
            return self.set(changes);
        }
        if let Some(id) = fields.get("$rewindTo").and_then(Value::as_str) {
            if let Some(at) = self.messages.iter().position(|known| known["id"] == id) {
                self.messages.truncate(at);
            }
            return;
        }
        if fields.contains_key("sessionId") {
            return self.set(fields);
        }
        let id = fields.get("id").cloned().unwrap_or(Value::Null);
        let message = Value::Object(fields);
        // What is told again was told shortly before.
        let near = self.messages.len().saturating_sub(64);
        let told = |known: &Value| !id.is_null() && known["id"] == id;
        match self.messages[near..].iter().rposition(told) {
            Some(at) => self.messages[near + at] = message,
            None if self.messages.len() < MESSAGES => self.messages.push(message),
            None => {}
        }
    }

    fn set(&mut self, changes: serde_json::Map<String, Value>) {
        for (name, value) in changes {
            match (name.as_str(), value) {
                ("messages", Value::Array(messages)) => self.messages = messages,
                (_, value) => {
                    self.head.insert(name, value);
                }
            }
        }
    }

    fn text(&self, name: &str) -> &str {
        self.head.get(name).and_then(Value::as_str).unwrap_or("")
    }

    fn passages(&self, told: &mut Told) {
        for message in &self.messages {
            say(message, told);
        }
    }
}

fn say(message: &Value, told: &mut Told) {
    let at = message["timestamp"].as_str().and_then(parse_utc);
    let text = text_of(&message["content"]);
    match message["type"].as_str() {
        Some("user") => {
            let start = text.trim_start();
            if !start.starts_with("<session_context>") && !start.starts_with("<system_context>") {
                told.say(Speaker::User, &text, at);
            }
        }
        Some("gemini") => {
            if let Some(model) = message["model"].as_str() {
                told.digest.conversation.model = one_line(model, 80);
            }
            let thoughts = message["thoughts"].as_array().into_iter().flatten();
            let thoughts: Vec<String> = thoughts
                .map(|thought| {
                    let part = |name: &str| thought[name].as_str().unwrap_or("").to_owned();
                    format!("{} {}", part("subject"), part("description"))
                })
                .collect();
            told.say(Speaker::Thought, &thoughts.concat(), at);
            told.say(Speaker::Agent, &text, at);
            for tool in message["toolCalls"].as_array().into_iter().flatten() {
                let name = tool["name"].as_str().unwrap_or("tool");
                told.say(Speaker::Tool, &call(name, &tool["args"]), at);
                for result in tool["result"].as_array().into_iter().flatten() {
                    let response = &result["functionResponse"]["response"];
                    let answer = response["output"].as_str().or(response["error"].as_str());
                    let answer = answer.unwrap_or_default();
                    let answer = answer.trim().trim_start_matches("<untrusted_context>");
                    let answer = answer.trim_end_matches("</untrusted_context>");
                    told.say(Speaker::Output, answer, at);
                }
            }
        }
        Some("info" | "error" | "warning") => told.say(Speaker::Note, &text, at),
        _ => {}
    }
}

pub(super) fn read(path: &Path) -> io::Result<News> {
    let chat = Chat::load(path)?;
    let mut told = Told {
        brief: true,
        ..Told::default()
    };
    let id = chat.text("sessionId");
    if is_uuid(id) {
        id.clone_into(&mut told.digest.conversation.id);
    }
    if !matches!(chat.text("kind"), "" | "main") {
        told.digest.owner = Some(String::new());
    }
    told.digest.conversation.directory = path
        .parent()
        .and_then(Path::parent)
        .and_then(root_of)
        .unwrap_or_default();
    told.title(chat.text("summary"), 2);
    chat.passages(&mut told);
    let mut news = News {
        anew: true,
        digest: told.digest,
        ..News::default()
    };
    news.take(&told.passages);
    Ok(news)
}

pub(super) fn page(path: &Path, from: From, limit: usize) -> io::Result<Page> {
    let mut told = Told::default();
    Chat::load(path)?.passages(&mut told);
    Ok(of_all(told.passages, from, limit))
}

pub(super) fn seek(
    path: &Path,
    start: u64,
    wanted: &dyn Fn(&Passage) -> bool,
) -> io::Result<Sought> {
    let mut told = Told::default();
    Chat::load(path)?.passages(&mut told);
    let all = told.passages.len() as u64;
    let mut rest = (0_u64..)
        .zip(told.passages)
        .skip_while(|(number, _)| *number < start);
    let hit = rest.find(|(_, passage)| wanted(passage));
    Ok(Sought {
        reached: hit.as_ref().map_or(all, |(number, _)| *number),
        ended: hit.is_none(),
        hit,
    })
}

/// The page of a transcript of which every passage is there; places are their numbers.
fn of_all(mut all: Vec<Passage>, from: From, limit: usize) -> Page {
    let number = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(all.len());
    let (start, end) = match from {
        From::Here(start) => {
            let start = number(start);
            (start, start.saturating_add(limit).min(all.len()))
        }
        From::Before(end) => {
            let end = number(end);
            (end.saturating_sub(limit), end)
        }
    };
    Page {
        more: end < all.len(),
        passages: all.drain(start..end).collect(),
        start: start as u64,
        end: end as u64,
    }
}
