//! From a request to its answer: finds the interface, the play and the reply, and speaks it.

use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use super::http::{Connection, Request};
use super::journal::Happening;
use super::play::{Act, Reply, Usage, named, resets};
use super::{Api, Asked, Shared, anthropic, gemini, openai};

/// How often a reply that holds looks whether somebody still listens.
const LOOK: Duration = Duration::from_millis(10);

/// One answer in the words of one interface. What it gives is to be sent as it is; what it has said can be
/// had as a whole afterwards.
pub(super) trait Voice {
    fn begin(&mut self) -> String;
    fn text(&mut self, text: &str) -> String;
    fn call(&mut self, name: &str, input: &Value) -> String;
    fn overload(&mut self) -> String;
    fn end(&mut self, calls: bool, usage: &Usage) -> String;
    /// The answer for those who did not ask for a stream; after the end.
    fn whole(&self) -> Value;
}

/// What is found in the conversation of a request.
#[derive(Debug, Default)]
pub(super) struct Newest {
    pub(super) prompt: String,
    /// Calls of tools since then.
    pub(super) steps: usize,
}

impl Newest {
    /// Takes the texts of a message of the user, the oldest message first.
    pub(super) fn prompt(&mut self, text: &str) {
        let text = text.trim();
        // What a CLI adds by itself is in tags; what is said while a tool runs comes with its result.
        if text.is_empty() || text.starts_with('<') || text.starts_with("[Request interrupted") {
            return;
        }
        *self = Self {
            prompt: text.to_owned(),
            steps: 0,
        };
    }
}

/// Serves a connection until it ends.
pub(super) fn connection(stream: TcpStream, shared: &Shared) {
    let Ok(mut connection) = Connection::new(stream) else {
        return;
    };
    while let Ok(Some(request)) = connection.request() {
        let over = shared.over.load(Ordering::Relaxed);
        if over || !answer(&mut connection, &request, shared) || request.last {
            return;
        }
    }
}

/// Answers one request; whether the connection may go on.
fn answer(connection: &mut Connection, request: &Request, shared: &Shared) -> bool {
    let path = request.path.split('?').next().unwrap_or_default();
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let api = match path {
        _ if request.method != "POST" => None,
        _ if path.ends_with("/messages") => Some(Api::Messages),
        _ if path.ends_with("/responses") => Some(Api::Responses),
        _ if path.ends_with("/chat/completions") => Some(Api::Chat),
        _ if path.ends_with("enerateContent") => Some(Api::Gemini),
        _ => None,
    };
    let Some(api) = api else {
        let other = format!("{} {}", request.method, request.path);
        shared.journal.note(Happening::Other(other));
        let (status, body) = aside(&request.method, path);
        return connection
            .answer(status, &[], body.to_string().as_bytes())
            .is_ok();
    };
    let (newest, model, tools) = match api {
        Api::Messages => anthropic::read(&body),
        Api::Responses => openai::read_responses(&body),
        Api::Chat => openai::read_chat(&body),
        Api::Gemini => gemini::read(&body, path),
    };
    let play = named(&newest.prompt).unwrap_or("").to_owned();
    let asked = Asked {
        api,
        model,
        prompt: newest.prompt,
        play,
        step: newest.steps,
        tools,
        body,
    };
    shared
        .journal
        .note(Happening::Asked(Box::new(asked.clone())));
    let reply = if tools {
        shared.plays.reply(&asked.play, asked.step)
    } else {
        aside_reply()
    };
    let stream = match api {
        Api::Gemini => path.ends_with(":streamGenerateContent"),
        _ => asked.body["stream"] == Value::Bool(true),
    };
    speak(connection, &asked, &reply, stream, shared)
}

/// A title, a summary, a check of the connection.
fn aside_reply() -> Reply {
    Reply {
        acts: vec![Act::say(r#"{"title": "A task", "isNewTopic": false}"#)],
        usage: Usage {
            input: 100,
            output: 10,
            ..Usage::default()
        },
    }
}

/// What else is asked of such a server.
fn aside(method: &str, path: &str) -> (u16, Value) {
    match path {
        _ if path.ends_with("/count_tokens") => (200, json!({"input_tokens": 1_000})),
        _ if path.ends_with(":countTokens") => (200, json!({"totalTokens": 1_000})),
        "/" if method == "HEAD" || method == "GET" => (200, json!({})),
        _ => (
            404,
            json!({"type": "error", "error": {"type": "not_found_error", "message": "not here"}}),
        ),
    }
}

fn voice(asked: &Asked) -> Box<dyn Voice> {
    match asked.api {
        Api::Messages => Box::new(anthropic::Messages::new(asked)),
        Api::Responses => Box::new(openai::Responses::new(asked)),
        Api::Chat => Box::new(openai::Chat::new(asked)),
        Api::Gemini => Box::new(gemini::Gemini::new(asked)),
    }
}

/// The tool of the CLI for an act, by the names of those that it offers.
fn tool(asked: &Asked, act: &Act) -> Option<(String, Value)> {
    match asked.api {
        _ if matches!(act, Act::Tool(..)) => match act {
            Act::Tool(name, input) => Some((name.clone(), input.clone())),
            _ => None,
        },
        Api::Messages => anthropic::tool(act),
        Api::Responses => openai::tool_responses(&asked.body, act),
        Api::Chat => openai::tool_chat(act),
        Api::Gemini => gemini::tool(act),
    }
}

/// Speaks a reply; whether the connection may go on.
fn speak(
    connection: &mut Connection,
    asked: &Asked,
    reply: &Reply,
    stream: bool,
    shared: &Shared,
) -> bool {
    let mut speech = Speech {
        connection,
        voice: voice(asked),
        stream,
        begun: false,
    };
    let hung_up = || {
        let name = asked.play.clone();
        shared.journal.note(Happening::HungUp(name));
        false
    };
    for act in &reply.acts {
        let said = match act {
            Act::Fail(status, kind, message, headers) => {
                let play = asked.play.clone();
                let status = *status;
                shared.journal.note(Happening::Failed { status, play });
                let mut error = error(asked.api, status, kind, message);
                if let Some(resets) = resets(headers) {
                    error["error"]["plan_type"] = json!("plus");
                    error["error"]["resets_at"] = json!(resets);
                }
                let error = error.to_string();
                return speech
                    .connection
                    .answer(status, headers, error.as_bytes())
                    .is_ok();
            }
            Act::Refuse(status, body) => {
                let (status, play) = (*status, asked.play.clone());
                shared.journal.note(Happening::Failed { status, play });
                let body = body.to_string();
                return speech
                    .connection
                    .answer(status, &[], body.as_bytes())
                    .is_ok();
            }
            Act::Drop => {
                let name = asked.play.clone();
                shared.journal.note(Happening::Dropped(name));
                speech.connection.cut();
                return false;
            }
            Act::Gate(name) => {
                if !speech.hold(name, shared) {
                    return hung_up();
                }
                true
            }
            Act::Slowly(pieces, pause) => pieces.iter().all(|piece| {
                let said = speech.say(|voice| voice.text(piece));
                std::thread::sleep(*pause);
                said && !speech.connection.is_gone()
            }),
            Act::Say(text) => speech.say(|voice| voice.text(text)),
            Act::Overload => {
                let said = speech.say(|voice| voice.overload());
                let (status, play) = (529, asked.play.clone());
                shared.journal.note(Happening::Failed { status, play });
                return said && speech.connection.end().is_ok();
            }
            call => match tool(asked, call) {
                Some((name, input)) => speech.say(|voice| voice.call(&name, &input)),
                None => speech.say(|voice| voice.text("I have no such tool.")),
            },
        };
        if !said {
            return hung_up();
        }
    }
    // Noted before it is said: whoever sees the answer finds it counted.
    shared.journal.note(Happening::Answered {
        model: asked.model.clone(),
        usage: Usage {
            // The others have no word for it.
            cache_write: match asked.api {
                Api::Messages => reply.usage.cache_write,
                _ => 0,
            },
            ..reply.usage
        },
        side: !asked.tools,
        play: asked.play.clone(),
        step: asked.step,
    });
    speech.finish(reply)
}

/// An answer that is being given.
struct Speech<'a> {
    connection: &'a mut Connection,
    voice: Box<dyn Voice>,
    stream: bool,
    begun: bool,
}

impl Speech<'_> {
    fn say(&mut self, what: impl FnOnce(&mut dyn Voice) -> String) -> bool {
        if !self.begin() {
            return false;
        }
        let piece = what(self.voice.as_mut());
        !self.stream || self.connection.piece(&piece).is_ok()
    }

    fn begin(&mut self) -> bool {
        if std::mem::replace(&mut self.begun, true) {
            return true;
        }
        let piece = self.voice.begin();
        !self.stream || (self.connection.begin().is_ok() && self.connection.piece(&piece).is_ok())
    }

    /// Waits at a gate; whether it opened while somebody listened.
    fn hold(&mut self, gate: &str, shared: &Shared) -> bool {
        if !self.begin() {
            return false;
        }
        shared.journal.note(Happening::Held(gate.to_owned()));
        loop {
            if let Some(passed) = shared.journal.passed(gate, LOOK) {
                return passed;
            }
            if self.connection.is_gone() {
                return false;
            }
        }
    }

    fn finish(mut self, reply: &Reply) -> bool {
        let said = self.say(|voice| voice.end(reply.calls(), &reply.usage));
        if self.stream {
            return said && self.connection.end().is_ok();
        }
        let whole = self.voice.whole().to_string();
        self.connection.answer(200, &[], whole.as_bytes()).is_ok()
    }
}

fn error(api: Api, status: u16, kind: &str, message: &str) -> Value {
    match api {
        Api::Messages => anthropic::error(kind, message),
        Api::Responses | Api::Chat => {
            json!({"error": {"type": kind, "code": kind, "message": message}})
        }
        Api::Gemini => json!({"error": {"code": status, "status": kind, "message": message}}),
    }
}

/// A server-sent event without a name.
pub(super) fn data(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// A server-sent event of the type that it says itself.
pub(super) fn event(value: &Value) -> String {
    let name = value["type"].as_str().unwrap_or("message");
    format!("event: {name}\ndata: {value}\n\n")
}
