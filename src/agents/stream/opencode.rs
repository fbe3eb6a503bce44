//! `opencode run --format json`, seen with 1.18.33.
//!
//! A tool is told when it has answered. There is no last line: a step that ends for another reason than that
//! tools are called is the end. A cost of 0 means that it knows no price.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::failure::failure;
use super::{Calls, Each, message, said, text, tool_call, tool_result};
use crate::agents::usage::count;
use crate::domain::cost::{PicoUsd, Usage};
use crate::domain::stream::{ModelUse, Scope, StreamEvent, Used};

/// What is known of the run so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Opencode {
    calls: Calls,
    begun: bool,
    usage: Usage,
    /// What it says that the steps cost so far.
    dollars: f64,
    steps: u32,
}

impl Opencode {
    pub(super) fn read(&mut self, line: &Value, cwd: &str, each: &mut Each<'_>) {
        if !self.begun
            && let Some(id) = said(line, "sessionID")
        {
            self.begun = true;
            each(StreamEvent::Begun {
                conversation: Some(id),
                model: None,
            });
        }
        let part = &line["part"];
        match text(line, "type") {
            "text" => message(text(part, "text"))
                .into_iter()
                .for_each(|text| each(StreamEvent::Message(text))),
            "reasoning" => message(text(part, "text"))
                .into_iter()
                .for_each(|text| each(StreamEvent::Thought(text))),
            "tool_use" => self.tool(part, cwd, each),
            "step_finish" => self.step(part, each),
            "error" => {
                let error = &line["error"];
                let words = [text(&error["data"], "message"), text(error, "message")];
                let words = words.into_iter().find(|words| !words.is_empty());
                let status = error["data"]["statusCode"].as_u64();
                let name = text(error, "name");
                each(StreamEvent::Failed(failure(
                    status,
                    name,
                    words.unwrap_or(name),
                )));
            }
            _ => {}
        }
    }

    fn tool(&mut self, part: &Value, cwd: &str, each: &mut Each<'_>) {
        let state = &part["state"];
        let call = tool_call(
            text(part, "callID"),
            text(part, "tool"),
            &state["input"],
            cwd,
        );
        let id = call.id.clone();
        if !self.calls.has(&id) {
            self.calls.add(&call);
            each(StreamEvent::Call(call));
        }
        let (ok, answer) = match text(state, "status") {
            "completed" => (true, text(state, "output")),
            "error" => (false, text(state, "error")),
            _ => return,
        };
        if !ok && (answer.contains("rejected permission") || answer.contains("prevents you from")) {
            each(StreamEvent::Denied(self.calls.denial(&id, "", "")));
        }
        each(StreamEvent::Result(tool_result(&id, ok, answer)));
    }

    fn step(&mut self, part: &Value, each: &mut Each<'_>) {
        let tokens = &part["tokens"];
        self.usage += Usage {
            input: count(tokens, "input"),
            cache_read: count(&tokens["cache"], "read"),
            cache_write_5m: count(&tokens["cache"], "write"),
            output: count(tokens, "output").saturating_add(count(tokens, "reasoning")),
            reasoning: count(tokens, "reasoning"),
            ..Usage::default()
        };
        self.dollars += part["cost"]
            .as_f64()
            .filter(|cost| *cost > 0.0)
            .unwrap_or(0.0);
        self.steps = self.steps.saturating_add(1);
        let cost = PicoUsd::from_dollars(self.dollars).filter(|cost| cost.0 > 0);
        each(StreamEvent::Used(Used {
            scope: Scope::Run,
            models: vec![ModelUse {
                model: String::new(),
                usage: self.usage,
                cost: cost.map(PicoUsd::micros),
            }],
        }));
        let reason = text(part, "reason");
        if reason != "tool-calls" {
            each(StreamEvent::Finished {
                ok: reason != "error",
                message: None,
                turns: Some(self.steps),
            });
        }
    }
}
