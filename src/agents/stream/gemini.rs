//! Gemini CLI's `--output-format stream-json`, seen with 0.61.0.
//!
//! Messages come in pieces, which are put together before anybody reads them. Failures of the service are
//! printed as plain text first; the last line says so once more.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::failure::failure;
use super::{Calls, Each, answer_text, message, said, text, tool_call, tool_result};
use crate::agents::conversations::text::one_line;
use crate::agents::usage::count;
use crate::domain::cost::{Usage, model_name};
use crate::domain::stream::{MAX_KEPT, MAX_MESSAGE, ModelUse, Scope, StreamEvent, Used};

/// What is known of the run so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Gemini {
    calls: Calls,
    /// The message that is being written.
    words: String,
}

impl Gemini {
    pub(super) fn read(&mut self, line: &Value, cwd: &str, each: &mut Each<'_>) {
        let kind = text(line, "type");
        if kind == "message" {
            self.message(line, each);
            return;
        }
        self.close(each);
        match kind {
            "init" => each(StreamEvent::Begun {
                conversation: said(line, "session_id"),
                // "auto" is no model.
                model: said(line, "model").filter(|model| model != "auto"),
            }),
            "tool_use" => {
                let (id, name) = (text(line, "tool_id"), text(line, "tool_name"));
                let call = tool_call(id, name, &line["parameters"], cwd);
                self.calls.add(&call);
                each(StreamEvent::Call(call));
            }
            "tool_result" => self.result(line, each),
            // What does not end the run; what does is told by the last line.
            "error" => {
                let words = one_line(text(line, "message"), 400);
                each(StreamEvent::Plain(words));
            }
            "result" => finish(line, each),
            _ => {}
        }
    }

    fn message(&mut self, line: &Value, each: &mut Each<'_>) {
        if text(line, "role") != "assistant" {
            return;
        }
        let words = text(line, "content");
        if line["delta"].as_bool() == Some(true) {
            if self.words.len() + words.len() <= MAX_MESSAGE {
                self.words.push_str(words);
                each(StreamEvent::Words(words.to_owned()));
            }
            return;
        }
        self.close(each);
        message(words)
            .into_iter()
            .for_each(|text| each(StreamEvent::Message(text)));
    }

    /// The message that was being written is whole.
    pub(super) fn close(&mut self, each: &mut Each<'_>) {
        let words = std::mem::take(&mut self.words);
        message(&words)
            .into_iter()
            .for_each(|text| each(StreamEvent::Message(text)));
    }

    fn result(&self, line: &Value, each: &mut Each<'_>) {
        let id = text(line, "tool_id");
        let ok = text(line, "status") != "error";
        let error = &line["error"];
        if !ok && refused(text(error, "type"), text(error, "message")) {
            each(StreamEvent::Denied(self.calls.denial(id, "", "")));
        }
        let answer = match ok {
            true => answer_text(&line["output"]),
            false => match text(error, "message") {
                "" => answer_text(&line["output"]),
                words => words.to_owned(),
            },
        };
        each(StreamEvent::Result(tool_result(id, ok, &answer)));
    }
}

/// Whether a tool was not run because nobody allowed it.
fn refused(kind: &str, words: &str) -> bool {
    kind == "policy_violation"
        || words.contains("denied by policy")
        || words.contains("requires user confirmation")
        || words.contains("is not allowed")
}

fn finish(line: &Value, each: &mut Each<'_>) {
    let models = line["stats"]["models"].as_object();
    let models = models.into_iter().flatten().take(MAX_KEPT);
    let models: Vec<ModelUse> = models
        .map(|(name, said)| ModelUse {
            model: one_line(model_name(name), 100),
            usage: usage(said),
            cost: None,
        })
        .collect();
    if !models.is_empty() {
        let scope = Scope::Run;
        each(StreamEvent::Used(Used { scope, models }));
    }
    let ok = text(line, "status") == "success";
    if !ok {
        let error = &line["error"];
        let (kind, words) = (text(error, "type"), text(error, "message"));
        each(StreamEvent::Failed(failure(None, kind, words)));
    }
    each(StreamEvent::Finished {
        ok,
        message: None,
        turns: None,
    });
}

fn usage(said: &Value) -> Usage {
    let all = count(said, "input_tokens");
    let cached = count(said, "cached").min(all);
    let rest = count(said, "total_tokens").saturating_sub(all);
    Usage {
        input: all - cached,
        cache_read: cached,
        // Thinking is in the total alone.
        output: count(said, "output_tokens").max(rest),
        ..Usage::default()
    }
}
