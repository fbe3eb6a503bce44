//! Gemini: generateContent and streamGenerateContent.

use serde_json::{Value, json};

use super::Asked;
use super::play::{Act, Usage};
use super::serve::{Newest, Voice, data};

/// The newest prompt, the model (from the path), and whether tools are offered.
pub(super) fn read(body: &Value, path: &str) -> (Newest, String, bool) {
    let mut newest = Newest::default();
    for content in body["contents"].as_array().into_iter().flatten() {
        for part in content["parts"].as_array().into_iter().flatten() {
            match part["text"].as_str() {
                Some(text) if content["role"] == "user" => newest.prompt(text),
                _ => newest.steps += usize::from(part.get("functionCall").is_some()),
            }
        }
    }
    let tools = body["tools"]
        .as_array()
        .is_some_and(|tools| !tools.is_empty());
    let model = path
        .rsplit('/')
        .next()
        .and_then(|last| last.split(':').next());
    (newest, model.unwrap_or_default().to_owned(), tools)
}

/// The tool for an act.
pub(super) fn tool(act: &Act) -> Option<(String, Value)> {
    let (name, input) = match act {
        Act::Run(command) => (
            "run_shell_command",
            json!({"command": command, "description": "Run a command"}),
        ),
        Act::Write(path, content) => ("write_file", json!({"file_path": path, "content": content})),
        Act::Ask(question) => (
            "ask_user",
            json!({"questions": [{
                "question": question, "header": "Choice", "type": "choice",
                "options": [
                    {"label": "Red", "description": "The first"},
                    {"label": "Blue", "description": "The second"},
                ],
            }]}),
        ),
        Act::Delegate(prompt) => (
            "invoke_agent",
            json!({"agent_name": "generalist", "prompt": prompt}),
        ),
        _ => return None,
    };
    Some((name.to_owned(), input))
}

/// An answer.
pub(super) struct Gemini {
    model: String,
    parts: Vec<Value>,
    end: Value,
}

impl Gemini {
    pub(super) fn new(asked: &Asked) -> Self {
        Self {
            model: asked.model.clone(),
            parts: Vec::new(),
            end: Value::Null,
        }
    }

    fn part(&mut self, part: Value) -> String {
        self.parts.push(part.clone());
        let content = json!({"role": "model", "parts": [part]});
        data(&json!({
            "candidates": [{"index": 0, "content": content}],
            "modelVersion": self.model,
        }))
    }
}

impl Voice for Gemini {
    fn begin(&mut self) -> String {
        String::new()
    }

    fn text(&mut self, text: &str) -> String {
        self.part(json!({"text": text}))
    }

    fn call(&mut self, name: &str, input: &Value) -> String {
        self.part(json!({"functionCall": {"name": name, "args": input}}))
    }

    fn overload(&mut self) -> String {
        data(&json!({"error": {"code": 503, "status": "UNAVAILABLE", "message": "Overloaded"}}))
    }

    fn end(&mut self, _calls: bool, usage: &Usage) -> String {
        let prompt = usage.input + usage.cache_read;
        let content = json!({"role": "model", "parts": [{"text": ""}]});
        self.end = json!({
            "candidates": [{"index": 0, "content": content, "finishReason": "STOP"}],
            "usageMetadata": {
                "promptTokenCount": prompt,
                "cachedContentTokenCount": usage.cache_read,
                "candidatesTokenCount": usage.output,
                "totalTokenCount": prompt + usage.output,
            },
            "modelVersion": self.model,
        });
        data(&self.end)
    }

    fn whole(&self) -> Value {
        let mut whole = self.end.clone();
        whole["candidates"][0]["content"]["parts"] = Value::Array(self.parts.clone());
        whole
    }
}
