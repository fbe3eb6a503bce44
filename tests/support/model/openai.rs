//! OpenAI: Responses (Codex) and Chat Completions (opencode and Qwen).

use serde_json::{Value, json};

use super::Asked;
use super::anthropic::fresh;
use super::play::{Act, Usage};
use super::serve::{Newest, Voice, data, event};

fn texts(content: &Value) -> Vec<&str> {
    match content {
        Value::String(text) => vec![text],
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect(),
        _ => Vec::new(),
    }
}

fn facts(body: &Value) -> (String, bool) {
    let tools = body["tools"]
        .as_array()
        .is_some_and(|tools| !tools.is_empty());
    (body["model"].as_str().unwrap_or_default().to_owned(), tools)
}

/// The newest prompt of a request of the Responses interface, its model, and whether tools are offered.
pub(super) fn read_responses(body: &Value) -> (Newest, String, bool) {
    let mut newest = Newest::default();
    for item in body["input"].as_array().into_iter().flatten() {
        match item["type"].as_str() {
            Some("message") | None if item["role"] == "user" => {
                for text in texts(&item["content"]) {
                    // The repository's rules come as a message of the user.
                    if !text.starts_with("# AGENTS.md") {
                        newest.prompt(text);
                    }
                }
            }
            Some("function_call" | "custom_tool_call") => newest.steps += 1,
            _ => {}
        }
    }
    let (model, tools) = facts(body);
    (newest, model, tools)
}

/// The same for Chat Completions.
pub(super) fn read_chat(body: &Value) -> (Newest, String, bool) {
    let mut newest = Newest::default();
    for message in body["messages"].as_array().into_iter().flatten() {
        match message["role"].as_str() {
            Some("user") => texts(&message["content"])
                .into_iter()
                .for_each(|text| newest.prompt(text)),
            Some("assistant") => {
                newest.steps += message["tool_calls"].as_array().map_or(0, Vec::len)
            }
            _ => {}
        }
    }
    let (model, tools) = facts(body);
    (newest, model, tools)
}

/// Codex's tool for an act: its shell, whose name changes with the model. It is asked for outside of the
/// sandbox, which wants the user's leave.
pub(super) fn tool_responses(body: &Value, act: &Act) -> Option<(String, Value)> {
    let command = match act {
        Act::Run(command) => command.clone(),
        Act::Write(path, content) => format!("printf %s '{content}' > '{path}'"),
        _ => return None,
    };
    let offered = |name: &str| {
        let tools = body["tools"].as_array();
        tools.is_some_and(|tools| tools.iter().any(|tool| tool["name"] == name))
    };
    let (name, argument) = match () {
        () if offered("exec_command") => ("exec_command", "cmd"),
        () if offered("shell_command") => ("shell_command", "command"),
        () => return None,
    };
    let mut input = json!({
        "sandbox_permissions": "require_escalated",
        "justification": "May I run this command?",
    });
    input[argument] = json!(command);
    Some((name.to_owned(), input))
}

/// The tool of opencode for an act.
pub(super) fn tool_chat(act: &Act) -> Option<(String, Value)> {
    let (name, input) = match act {
        Act::Run(command) => (
            "bash",
            json!({"command": command, "description": "Run a command"}),
        ),
        Act::Write(path, content) => ("write", json!({"filePath": path, "content": content})),
        Act::Ask(question) => (
            "question",
            json!({"questions": [{
                "question": question, "header": "Choice",
                "options": [
                    {"label": "Red", "description": "The first"},
                    {"label": "Blue", "description": "The second"},
                ],
            }]}),
        ),
        Act::Delegate(prompt) => (
            "task",
            json!({"description": "An errand", "prompt": prompt, "subagent_type": "general"}),
        ),
        _ => return None,
    };
    Some((name.to_owned(), input))
}

/// An answer of the Responses interface.
pub(super) struct Responses {
    id: String,
    model: String,
    items: Vec<Value>,
}

impl Responses {
    pub(super) fn new(asked: &Asked) -> Self {
        Self {
            id: fresh("resp_"),
            model: asked.model.clone(),
            items: Vec::new(),
        }
    }

    fn response(&self, status: &str) -> Value {
        json!({
            "id": self.id,
            "object": "response",
            "status": status,
            "model": self.model,
            "output": self.items,
        })
    }

    fn item(&mut self, item: Value, deltas: &[Value]) -> String {
        let index = self.items.len();
        let mut said = event(
            &json!({"type": "response.output_item.added", "output_index": index, "item": item}),
        );
        said.extend(deltas.iter().map(event));
        said += &event(&json!({
            "type": "response.output_item.done", "output_index": index, "item": item,
        }));
        self.items.push(item);
        said
    }
}

impl Voice for Responses {
    fn begin(&mut self) -> String {
        event(&json!({"type": "response.created", "response": self.response("in_progress")}))
    }

    fn text(&mut self, text: &str) -> String {
        let id = fresh("msg_");
        let delta = json!({
            "type": "response.output_text.delta",
            "item_id": id,
            "output_index": self.items.len(),
            "content_index": 0,
            "delta": text,
        });
        let item = json!({
            "type": "message",
            "id": id,
            "role": "assistant",
            "content": [{"type": "output_text", "text": text, "annotations": []}],
        });
        self.item(item, &[delta])
    }

    fn call(&mut self, name: &str, input: &Value) -> String {
        let item = json!({
            "type": "function_call",
            "id": fresh("fc_"),
            "call_id": fresh("call_"),
            "name": name,
            "arguments": input.to_string(),
        });
        self.item(item, &[])
    }

    fn overload(&mut self) -> String {
        let mut response = self.response("failed");
        response["error"] = json!({"code": "server_is_overloaded", "message": "Overloaded"});
        event(&json!({"type": "response.failed", "response": response}))
    }

    fn end(&mut self, _calls: bool, usage: &Usage) -> String {
        let mut response = self.response("completed");
        response["usage"] = json!({
            "input_tokens": usage.input + usage.cache_read,
            "input_tokens_details": {"cached_tokens": usage.cache_read},
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": usage.input + usage.cache_read + usage.output,
        });
        event(&json!({"type": "response.completed", "response": response}))
    }

    fn whole(&self) -> Value {
        self.response("completed")
    }
}

/// An answer of Chat Completions.
pub(super) struct Chat {
    id: String,
    model: String,
    text: String,
    calls: Vec<Value>,
    end: Value,
}

impl Chat {
    pub(super) fn new(asked: &Asked) -> Self {
        Self {
            id: fresh("chatcmpl-"),
            model: asked.model.clone(),
            text: String::new(),
            calls: Vec::new(),
            end: Value::Null,
        }
    }

    fn chunk(&self, delta: Value, finish: Value) -> Value {
        json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": 1_750_000_000,
            "model": self.model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        })
    }
}

impl Voice for Chat {
    fn begin(&mut self) -> String {
        data(&self.chunk(json!({"role": "assistant", "content": ""}), Value::Null))
    }

    fn text(&mut self, text: &str) -> String {
        self.text.push_str(text);
        data(&self.chunk(json!({"content": text}), Value::Null))
    }

    fn call(&mut self, name: &str, input: &Value) -> String {
        let function = json!({"name": name, "arguments": input.to_string()});
        let index = self.calls.len();
        let mut call = json!({"id": fresh("call_"), "type": "function", "function": function});
        self.calls.push(call.clone());
        call["index"] = json!(index);
        data(&self.chunk(json!({"tool_calls": [call]}), Value::Null))
    }

    fn overload(&mut self) -> String {
        data(&json!({"error": {"type": "overloaded", "message": "Overloaded"}}))
    }

    fn end(&mut self, calls: bool, usage: &Usage) -> String {
        let reason = if calls { "tool_calls" } else { "stop" };
        let mut last = self.chunk(json!({}), json!(reason));
        let prompt = usage.input + usage.cache_read;
        last["usage"] = json!({
            "prompt_tokens": prompt,
            "prompt_tokens_details": {"cached_tokens": usage.cache_read},
            "completion_tokens": usage.output,
            "total_tokens": prompt + usage.output,
        });
        self.end = last.clone();
        data(&last) + "data: [DONE]\n\n"
    }

    fn whole(&self) -> Value {
        let mut whole = self.end.clone();
        let mut message = json!({"role": "assistant", "content": self.text});
        if !self.calls.is_empty() {
            message["tool_calls"] = json!(self.calls);
        }
        let finish = whole["choices"][0]["finish_reason"].clone();
        whole["object"] = json!("chat.completion");
        whole["choices"] = json!([{"index": 0, "message": message, "finish_reason": finish}]);
        whole
    }
}
