//! Anthropic Messages.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::Asked;
use super::play::{Act, Usage};
use super::serve::{Newest, Voice, event};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// An identifier that no other answer of this process has.
pub(super) fn fresh(prefix: &str) -> String {
    format!("{prefix}{:024}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The newest prompt, the model, and whether tools are offered.
pub(super) fn read(body: &Value) -> (Newest, String, bool) {
    let mut newest = Newest::default();
    for message in body["messages"].as_array().into_iter().flatten() {
        let user = message["role"] == "user";
        match &message["content"] {
            Value::String(text) if user => newest.prompt(text),
            Value::Array(blocks) => {
                // What the CLI says beside a tool's result is no prompt, unless the user interrupted it.
                let has = |what: &dyn Fn(&Value) -> bool| blocks.iter().any(what);
                let text = |block: &Value| block["text"].as_str().unwrap_or_default().to_owned();
                let results = has(&|block| block["type"] == "tool_result")
                    && !has(&|block| text(block).starts_with("[Request interrupted"));
                for block in blocks {
                    let text = block["text"].as_str().unwrap_or_default();
                    match block["type"].as_str() {
                        Some("text") if user && (!results || text.contains("play:")) => {
                            newest.prompt(text);
                        }
                        Some("tool_use") => newest.steps += 1,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    let tools = body["tools"]
        .as_array()
        .is_some_and(|tools| !tools.is_empty());
    let model = body["model"].as_str().unwrap_or_default().to_owned();
    (newest, model, tools)
}

/// The tool for an act.
pub(super) fn tool(act: &Act) -> Option<(String, Value)> {
    let (name, input) = match act {
        Act::Run(command) => (
            "Bash",
            json!({"command": command, "description": "Run a command"}),
        ),
        Act::Write(path, content) => ("Write", json!({"file_path": path, "content": content})),
        Act::Ask(question) => (
            "AskUserQuestion",
            json!({"questions": [{
                "question": question,
                "header": "Choice",
                "multiSelect": false,
                "options": [
                    {"label": "Red", "description": "The warm one"},
                    {"label": "Blue", "description": "The cold one"},
                ],
            }]}),
        ),
        Act::Delegate(prompt) => (
            "Agent",
            json!({
                "description": "A small errand",
                "prompt": prompt,
                "subagent_type": "general-purpose",
            }),
        ),
        _ => return None,
    };
    Some((name.to_owned(), input))
}

pub(super) fn error(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message}})
}

/// An answer.
pub(super) struct Messages {
    message: Value,
    blocks: Vec<Value>,
}

impl Messages {
    pub(super) fn new(asked: &Asked) -> Self {
        Self {
            message: json!({
                "id": fresh("msg_"),
                "type": "message",
                "role": "assistant",
                "model": asked.model,
                "content": [],
                "stop_reason": null,
                "stop_sequence": null,
                "usage": usage(&super::play::reply([]).usage, 1),
            }),
            blocks: Vec::new(),
        }
    }

    fn block(&mut self, empty: Value, delta: Value, full: Value) -> String {
        let index = self.blocks.len();
        self.blocks.push(full);
        [
            json!({"type": "content_block_start", "index": index, "content_block": empty}),
            json!({"type": "content_block_delta", "index": index, "delta": delta}),
            json!({"type": "content_block_stop", "index": index}),
        ]
        .iter()
        .map(event)
        .collect()
    }
}

fn usage(usage: &Usage, output: u64) -> Value {
    json!({
        "input_tokens": usage.input,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write,
            "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": output,
        "service_tier": "standard",
    })
}

impl Voice for Messages {
    fn begin(&mut self) -> String {
        event(&json!({"type": "message_start", "message": self.message}))
    }

    fn text(&mut self, text: &str) -> String {
        self.block(
            json!({"type": "text", "text": ""}),
            json!({"type": "text_delta", "text": text}),
            json!({"type": "text", "text": text}),
        )
    }

    fn call(&mut self, name: &str, input: &Value) -> String {
        let id = fresh("toolu_");
        self.block(
            json!({"type": "tool_use", "id": id, "name": name, "input": {}}),
            json!({"type": "input_json_delta", "partial_json": input.to_string()}),
            json!({"type": "tool_use", "id": id, "name": name, "input": input}),
        )
    }

    fn overload(&mut self) -> String {
        event(&error("overloaded_error", "Overloaded"))
    }

    fn end(&mut self, calls: bool, used: &Usage) -> String {
        let reason = if calls { "tool_use" } else { "end_turn" };
        let used = usage(used, used.output);
        self.message["stop_reason"] = json!(reason);
        self.message["usage"] = used.clone();
        let delta = json!({"stop_reason": reason, "stop_sequence": null});
        let end = json!({"type": "message_delta", "delta": delta, "usage": used});
        event(&end) + &event(&json!({"type": "message_stop"}))
    }

    fn whole(&self) -> Value {
        let mut message = self.message.clone();
        message["content"] = Value::Array(self.blocks.clone());
        message
    }
}
