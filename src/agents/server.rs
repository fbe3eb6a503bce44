//! The server that an agent keeps beside its screen, and what its events tell. Seen with opencode 1.18.33.
//!
//! Pure: bytes and events go in, requests and reports come out; who connects is not here. It is as much of
//! HTTP/1.0 as a program on loopback needs (an answer is its head and everything behind it until the other
//! side closes), so no client library. Invariants: whoever answers on the port is not believed to be the
//! agent's (it may have been taken meanwhile): heads, lines, sessions and asks are bounded, and a session
//! counts only where it is led in our directory; conversations of subagents never speak for the agent, but
//! what they ask is asked of the same user.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::watch::{Report, same};
use crate::domain::hook::hook_words;
use crate::domain::{Activity, Ask, AskKind, Timestamp};

/// The longest head of an answer, in bytes.
const HEAD: usize = 16 * 1024;
/// The longest line of events that is kept, in bytes; longer ones are of what tools print.
const LINE: usize = 1024 * 1024;
/// The most sessions that are told apart.
const SESSIONS: usize = 256;
/// The most asks that are kept.
const ASKS: usize = 64;
/// A pause before the next attempt that is at least so long is a limit, in milliseconds; a shorter one is work.
const LIMIT: i64 = 60_000;

/// Whose server, and thereby what it is asked and what its answers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerKind {
    /// opencode, started with `--port`.
    Opencode,
}

/// Where a server is, and the word that opens it.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerAddress {
    /// Its port on loopback.
    pub port: u16,
    /// Its password; without one anybody on this machine could use it.
    pub password: String,
}

impl fmt::Debug for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerAddress")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl ServerKind {
    /// The variable that gives it its password.
    pub fn password_variable(self) -> &'static str {
        match self {
            Self::Opencode => "OPENCODE_SERVER_PASSWORD",
        }
    }

    /// Where its events are.
    pub fn events(self) -> &'static str {
        match self {
            Self::Opencode => "/event",
        }
    }

    /// What is asked first, so that what happened before is known.
    pub fn first_asked(self) -> &'static [&'static str] {
        match self {
            Self::Opencode => &["/session/status", "/permission", "/question"],
        }
    }
}

/// A request for `path`.
pub fn request(address: &ServerAddress, path: &str) -> String {
    let user = base64(format!("opencode:{}", address.password).as_bytes());
    format!(
        "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{}\r\nAuthorization: Basic {user}\r\n\
         Accept: application/json, text/event-stream\r\nConnection: close\r\n\r\n",
        address.port
    )
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let at = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            let there = digit <= three.len() as u32;
            text.push(match there {
                true => char::from(DIGITS[value as usize]),
                false => '=',
            });
        }
    }
    text
}

/// What has come of an answer's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// There is more to come.
    Unfinished,
    /// It is a good answer whose body begins here.
    Body(usize),
    /// It is none that can be used.
    Refused,
}

/// Reads an answer's head.
pub fn head(bytes: &[u8]) -> Head {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
        return match bytes.len() > HEAD {
            true => Head::Refused,
            false => Head::Unfinished,
        };
    };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let good = first.starts_with("http/1.") && first.split(' ').nth(1) == Some("200");
    // In pieces is not how HTTP/1.0 is answered.
    let whole = !lines.any(|line| line.starts_with("transfer-encoding:"));
    match good && whole {
        true => Head::Body(end + 4),
        false => Head::Refused,
    }
}

/// The events of a stream, line by line.
#[derive(Debug, Default)]
pub struct Lines {
    rest: Vec<u8>,
    /// Whether what comes is the rest of a line that is too long.
    skipping: bool,
}

impl Lines {
    /// Takes bytes, and gives what each whole event among them says.
    pub fn take(&mut self, bytes: &[u8], each: &mut dyn FnMut(&[u8])) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let whole = piece.ends_with(b"\n");
            if !self.skipping {
                self.rest.extend_from_slice(piece);
            }
            if whole {
                if !std::mem::take(&mut self.skipping)
                    && let Some(said) = self.rest.strip_prefix(b"data:")
                {
                    each(said.trim_ascii());
                }
                self.rest.clear();
            } else if self.rest.len() > LINE {
                self.skipping = true;
                self.rest.clear();
            }
        }
    }
}

/// What is known of what the agent does, by its server.
#[derive(Debug)]
pub struct ServerState {
    cwd: PathBuf,
    /// Which sessions are the agent's own; the others are of subagents or of elsewhere.
    sessions: HashMap<String, bool>,
    /// Those that were spoken of and nothing is known of.
    unknown: HashSet<String>,
    statuses: HashMap<String, Activity>,
    /// Why the last turn of a session failed.
    failures: HashMap<String, (Activity, String)>,
    /// What is asked, the oldest first: its id, and what.
    asks: Vec<(String, Ask)>,
    /// The session that was spoken of last.
    leads: Option<String>,
    /// What a pause of the newest failure was said for.
    words: String,
}

impl ServerState {
    /// Of an agent that runs in `cwd`, where nothing is known yet.
    pub fn new(cwd: &Path) -> Self {
        Self {
            cwd: cwd.to_owned(),
            sessions: HashMap::new(),
            unknown: HashSet::new(),
            statuses: HashMap::new(),
            failures: HashMap::new(),
            asks: Vec::new(),
            leads: None,
            words: String::new(),
        }
    }

    /// Takes the answer to what was asked of `path`.
    pub fn answer(&mut self, path: &str, body: &[u8], now: Timestamp) {
        let Ok(said) = serde_json::from_slice::<Value>(body) else {
            return;
        };
        match path {
            "/session/status" => {
                for (id, status) in said.as_object().into_iter().flatten() {
                    self.status(id, status, now);
                }
            }
            "/permission" | "/question" => {
                for ask in said.as_array().into_iter().flatten() {
                    self.asked(ask);
                }
            }
            _ => self.session(&said),
        }
    }

    /// Whether an answer of `path` says something else than what the events have told: a session works
    /// that did not begin, one is idle that did not end, or something else is asked.
    pub fn misses(&self, path: &str, body: &[u8]) -> bool {
        let Ok(said) = serde_json::from_slice::<Value>(body) else {
            return false;
        };
        match (path, &said) {
            ("/session/status", Value::Object(said)) => self.misses_status(said),
            ("/permission", Value::Array(asked)) => self.misses_ask(asked, AskKind::Permission),
            ("/question", Value::Array(asked)) => self.misses_ask(asked, AskKind::Question),
            _ => false,
        }
    }

    fn misses_status(&self, said: &serde_json::Map<String, Value>) -> bool {
        // Those that are idle are not in it.
        let busy = |status: &Value| matches!(status["type"].as_str(), Some("busy" | "retry"));
        let told = |id: &str| {
            let says = self.statuses.get(id);
            says.is_some_and(|says| *says != Activity::Idle)
        };
        let mut said_busy = said.iter().filter(|(_, status)| busy(status));
        let full = self.statuses.len() >= SESSIONS;
        let began = said_busy.any(|(id, _)| is_session(id) && !told(id) && !full);
        let mut known = self.statuses.keys();
        began || known.any(|id| told(id) && !said.get(id).is_some_and(busy))
    }

    fn misses_ask(&self, asked: &[Value], kind: AskKind) -> bool {
        let known = self.asks.iter().filter(|(_, ask)| ask.kind == kind);
        let known: HashSet<&str> = known.map(|(id, _)| id.as_str()).collect();
        let asked = asked.iter().filter_map(|ask| ask["id"].as_str());
        let asked: HashSet<&str> = asked.filter(|id| id.len() <= 64).collect();
        asked.len() <= ASKS && known != asked
    }

    /// What has to be asked to know of which session events were.
    pub fn wanted(&mut self) -> Vec<String> {
        let unknown = std::mem::take(&mut self.unknown);
        let paths = unknown.into_iter().map(|id| format!("/session/{id}"));
        paths.collect()
    }

    /// Takes an event.
    pub fn event(&mut self, said: &[u8], now: Timestamp) {
        // Most are of what the model says and tools print: they are not parsed.
        let has = |words: &str| memchr::memmem::find(said, words.as_bytes()).is_some();
        let telling = ["\"session.", "\"permission.", "\"question."];
        if !telling.iter().any(|words| has(words)) {
            return;
        }
        let Ok(event) = serde_json::from_slice::<Value>(said) else {
            return;
        };
        let properties = &event["properties"];
        let session = properties["sessionID"].as_str().unwrap_or_default();
        match event["type"].as_str().unwrap_or_default() {
            "session.created" | "session.updated" => self.session(&properties["info"]),
            "session.status" => self.status(session, &properties["status"], now),
            "session.error" => self.failed(session, &properties["error"]),
            "permission.asked" | "question.asked" => self.asked(properties),
            "permission.replied" | "question.replied" | "question.rejected" => {
                let id = &properties["requestID"];
                self.asks.retain(|(known, _)| id != known.as_str());
            }
            _ => {}
        }
    }

    fn session(&mut self, info: &Value) {
        let Some(id) = info["id"].as_str().filter(|id| is_session(id)) else {
            return;
        };
        let directory = info["directory"].as_str().unwrap_or_default();
        let own = info["parentID"].is_null() && same(Path::new(directory), &self.cwd);
        if self.sessions.len() < SESSIONS {
            self.sessions.insert(id.to_owned(), own);
        }
    }

    /// Whether a session is known; one that is not is looked for.
    fn knows(&mut self, id: &str) -> bool {
        let known = self.sessions.contains_key(id);
        if !known && is_session(id) && self.unknown.len() < SESSIONS {
            self.unknown.insert(id.to_owned());
        }
        known || is_session(id)
    }

    fn status(&mut self, id: &str, status: &Value, now: Timestamp) {
        if !self.knows(id) || self.statuses.len() >= SESSIONS && !self.statuses.contains_key(id) {
            return;
        }
        let says = match status["type"].as_str() {
            Some("idle") => Activity::Idle,
            Some("retry") => {
                let next = status["next"].as_i64().map(Timestamp);
                self.words = hook_words(status["message"].as_str().unwrap_or_default());
                match next.filter(|next| next.0.saturating_sub(now.0) >= LIMIT) {
                    Some(next) => Activity::Limited(Some(next)),
                    None => Activity::Working,
                }
            }
            Some("busy") => {
                self.failures.remove(id);
                Activity::Working
            }
            _ => return,
        };
        self.statuses.insert(id.to_owned(), says);
        self.leads = Some(id.to_owned())
            .filter(|_| self.is_own(id))
            .or(self.leads.take());
    }

    fn failed(&mut self, id: &str, error: &Value) {
        let data = &error["data"];
        let message = hook_words(data["message"].as_str().unwrap_or_default());
        let name = error["name"].as_str().unwrap_or_default();
        let auth = Activity::Waiting(Ask {
            kind: AskKind::Auth,
            text: message.clone(),
        });
        let says = match (name, data["statusCode"].as_u64()) {
            ("MessageAbortedError", _) => return,
            ("ProviderAuthError", _) | (_, Some(401 | 403)) => auth,
            (_, Some(429)) => Activity::Limited(None),
            _ => Activity::Idle,
        };
        if self.knows(id) && self.failures.len() < SESSIONS {
            let words = format!("{name} {message}");
            self.failures.insert(id.to_owned(), (says, words));
        }
    }

    fn asked(&mut self, asked: &Value) {
        let Some(id) = asked["id"].as_str() else {
            return;
        };
        self.knows(asked["sessionID"].as_str().unwrap_or_default());
        let known = self.asks.iter().any(|(known, _)| known == id);
        if !known && self.asks.len() < ASKS && id.len() <= 64 {
            self.asks.push((id.to_owned(), ask(asked)));
        }
    }

    fn is_own(&self, id: &str) -> bool {
        self.sessions.get(id).copied().unwrap_or(false)
    }

    /// What the agent does now; `None` where nothing is known.
    pub fn report(&mut self) -> Option<Report> {
        if self.leads.as_deref().is_none_or(|id| !self.is_own(id)) {
            let own = self.statuses.keys().find(|id| self.is_own(id)).cloned();
            self.leads = own;
        }
        let conversation = self.leads.clone();
        if let Some((_, ask)) = self.asks.first() {
            return Some(Report {
                words: hook_words(&format!("asked: {}", ask.text)),
                says: Activity::Waiting(ask.clone()),
                conversation,
            });
        }
        let id = conversation.as_deref()?;
        let status = self.statuses.get(id)?;
        let (says, words) = match (status, self.failures.get(id)) {
            (Activity::Idle, Some((says, words))) => (says.clone(), words.clone()),
            (Activity::Limited(_), _) => (status.clone(), format!("retry {}", self.words)),
            (Activity::Working, _) => (Activity::Working, "busy".to_owned()),
            (status, _) => (status.clone(), "idle".to_owned()),
        };
        Some(Report {
            says,
            words: hook_words(&words),
            conversation,
        })
    }
}

/// What is asked, in the words of the tool that wants to run.
fn ask(asked: &Value) -> Ask {
    if let Some(questions) = asked["questions"].as_array() {
        let words: Vec<String> = questions.iter().map(super::hooks::question).collect();
        return Ask {
            kind: AskKind::Question,
            text: hook_words(&words.join(" · ")),
        };
    }
    let what = asked["permission"].as_str().unwrap_or("permission");
    let metadata = &asked["metadata"];
    let telling = ["command", "filepath", "filePath", "path", "url", "query"];
    let telling = telling.iter().find_map(|name| metadata[*name].as_str());
    let patterns = asked["patterns"].as_array().into_iter().flatten();
    let patterns: Vec<&str> = patterns.filter_map(Value::as_str).collect();
    let text = match (telling, patterns.is_empty()) {
        (Some(telling), _) => format!("{what}: {telling}"),
        (None, false) => format!("{what}: {}", patterns.join(" ")),
        (None, true) => what.to_owned(),
    };
    Ask {
        kind: AskKind::Permission,
        text: hook_words(&text),
    }
}

/// Ids are put into command lines, paths and requests: letters, digits, `-` and `_` only.
pub(super) fn is_session(id: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (8..=64).contains(&id.len()) && id.starts_with("ses_") && id.chars().all(legal)
}

#[cfg(test)]
mod tests;
