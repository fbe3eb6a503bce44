//! Claude Code's hooks: the settings that ask for them in a single invocation, and what their payloads tell.
//!
//! Pure. Seen on Claude Code 2.1.330. Invariants: the user's own settings are not touched (the agent merges
//! ours with them); a payload is untrusted and may be cut off, so what could be read of it counts; events of
//! a subagent never speak for the agent.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::calls::{call, telling, written};
use crate::domain::health::{Call, Sign, hash};
use crate::domain::hook::{Hook, HookSays, hook_words};
use crate::domain::{Ask, AskKind};

/// The events that are asked for. `PreToolUse` is not: each costs the agent the start of a process, and a
/// turn is known to go on without it.
const EVENTS: &[&str] = &[
    "SessionStart",
    "UserPromptSubmit",
    "PermissionRequest",
    "PostToolUse",
    "PostToolUseFailure",
    "Notification",
    "Stop",
    "StopFailure",
    "SubagentStart",
    "SubagentStop",
    "PreCompact",
    "SessionEnd",
];
/// How long the agent waits for a hook, in seconds; one of ours takes milliseconds.
const PATIENCE: u32 = 5;
/// The settings (JSON) that make Claude Code run `program hook` at the events.
pub fn hook_settings(program: &str) -> String {
    // Whatever becomes of the program, a hook that fails is the agent's failure: it must not.
    let command = format!("{} hook 2>/dev/null || true", quoted(program));
    let hook =
        json!([{ "hooks": [{ "type": "command", "command": command, "timeout": PATIENCE }] }]);
    let events: Map<String, Value> = EVENTS
        .iter()
        .map(|event| ((*event).to_owned(), hook.clone()))
        .collect();
    json!({ "hooks": events }).to_string()
}

/// `text` as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The parts of a payload that tell something. All of it may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Payload {
    session_id: String,
    agent_id: Option<Value>,
    hook_event_name: String,
    tool_name: String,
    tool_input: Value,
    tool_response: Value,
    notification_type: String,
    error: String,
    last_assistant_message: String,
    background_tasks: Vec<Value>,
    source: String,
    reason: String,
    trigger: String,
}

/// What a payload tells; `None` where it tells nothing of the agent.
pub fn read_hook(payload: &[u8]) -> Option<Hook> {
    let payload = parse(payload)?;
    let event = payload.hook_event_name.as_str();
    let subagent = matches!(event, "SubagentStart" | "SubagentStop");
    // A subagent's turn is not the agent's; what it asks leave for is asked of the same user.
    let says = match payload.agent_id.is_some() && !subagent && event != "PermissionRequest" {
        true if matches!(event, "PostToolUse" | "PostToolUseFailure") => HookSays::SubagentWorks,
        true => return None,
        false => says(event, &payload)?,
    };
    let what = match event {
        "SessionStart" => payload.source.as_str(),
        "SessionEnd" => payload.reason.as_str(),
        "PreCompact" => payload.trigger.as_str(),
        "PostToolUse" | "PostToolUseFailure" => payload.tool_name.as_str(),
        "Notification" => payload.notification_type.as_str(),
        "StopFailure" => payload.last_assistant_message.as_str(),
        _ => "",
    };
    let detail = match &says {
        HookSays::Asks(ask) => ask.text.clone(),
        _ => what.to_owned(),
    };
    Some(Hook {
        signs: signs(event, &payload),
        conversation: Some(payload.session_id).filter(|id| is_id(id)),
        says,
        words: hook_words(&format!("{event} {detail}")),
    })
}

fn says(event: &str, payload: &Payload) -> Option<HookSays> {
    Some(match event {
        "SessionStart" if payload.source == "compact" => HookSays::Compacted,
        "SessionStart" => HookSays::Begun,
        "UserPromptSubmit" | "PostToolUse" | "PostToolUseFailure" | "PreCompact" => {
            HookSays::Working
        }
        "PermissionRequest" => HookSays::Asks(ask(payload)),
        // The request itself has said more, and at once; this one comes when nobody has answered.
        "Notification" if payload.notification_type == "permission_prompt" => HookSays::Asks(Ask {
            kind: AskKind::Permission,
            text: String::new(),
        }),
        // Subagents are among them, and are counted as they come and go.
        "Stop" => {
            let tasks = payload.background_tasks.iter();
            let others = tasks.filter(|task| task["type"] != "subagent").count();
            HookSays::Idle {
                background: u32::try_from(others).unwrap_or(u32::MAX),
            }
        }
        "StopFailure" => match payload.error.as_str() {
            "rate_limit" => HookSays::Limited,
            "authentication_failed" | "billing_error" | "oauth_org_not_allowed" => HookSays::Auth,
            _ => HookSays::Failed,
        },
        "SubagentStart" => HookSays::SubagentBegan,
        "SubagentStop" => HookSays::SubagentEnded,
        "SessionEnd" => HookSays::Ended,
        _ => return None,
    })
}

/// What an event tells of how the agent is doing.
fn signs(event: &str, payload: &Payload) -> Vec<Sign> {
    let (result, error) = match event {
        "UserPromptSubmit" => return vec![Sign::Prompted],
        "PostToolUse" => (Some(&payload.tool_response), None),
        "PostToolUseFailure" => (None, Some(payload.error.as_str())),
        _ => return Vec::new(),
    };
    let (tool, input) = (payload.tool_name.as_str(), &payload.tool_input);
    let mut called = call(tool, input, result, error);
    // Several subagents may well do the same.
    if let Some(agent) = &payload.agent_id {
        called = Call {
            input: called.input ^ hash(agent.to_string().as_bytes()),
            nested: true,
            ..called
        };
    }
    let written = error.is_none().then(|| written(tool, input)).flatten();
    let written = written.map(|file| Sign::Wrote {
        file,
        content: None,
    });
    [Sign::Called(called)].into_iter().chain(written).collect()
}

/// What is asked, in the words of the tool that wants to run.
fn ask(payload: &Payload) -> Ask {
    let input = &payload.tool_input;
    if let Some(questions) = input["questions"].as_array() {
        let words: Vec<String> = questions.iter().map(question).collect();
        return Ask {
            kind: AskKind::Question,
            text: hook_words(&words.join(" · ")),
        };
    }
    let text = telling(&payload.tool_name, input);
    Ask {
        kind: AskKind::Permission,
        text: hook_words(&text),
    }
}

pub(super) fn question(question: &Value) -> String {
    let words = question["question"].as_str().unwrap_or_default();
    let options = question["options"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let labels: Vec<&str> = options
        .iter()
        .filter_map(|option| option["label"].as_str())
        .collect();
    match labels.is_empty() {
        true => words.to_owned(),
        false => format!("{words} ({})", labels.join(" / ")),
    }
}

/// Ids are put into command lines: letters, digits and `-` only.
fn is_id(id: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (8..=64).contains(&id.len()) && !id.starts_with('-') && id.chars().all(legal)
}

/// The payload, or of one that was cut off the fields before the cut.
fn parse(bytes: &[u8]) -> Option<Payload> {
    if let Ok(payload) = serde_json::from_slice(bytes) {
        return Some(payload);
    }
    let mut fields = Map::new();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    // What it answers does not matter: the fields are kept as they come.
    let _ = serde::Deserializer::deserialize_map(&mut reader, Fields(&mut fields));
    // A field of another shape than expected must not cost the rest.
    fields.retain(|name, value| match name.as_str() {
        "agent_id" | "tool_input" | "tool_response" => true,
        "background_tasks" => value.is_array(),
        _ => value.is_string(),
    });
    (!fields.is_empty()).then(|| serde_json::from_value(Value::Object(fields)).ok())?
}

/// Takes a map's fields one by one, up to where it cannot be read any more.
struct Fields<'a>(&'a mut Map<String, Value>);

impl<'de> serde::de::Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            self.0.insert(name, value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
