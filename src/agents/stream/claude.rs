//! Claude Code's `--output-format stream-json`, seen with 2.1.330; Qwen Code 0.15.10 speaks the same with
//! less in it.
//!
//! The last line decides: `is_error`, not `subtype`, which says `success` of failed calls of the service too.
//! `modelUsage` is the sum over the conversation, resumes included; `model_usage_since_last_result` is this
//! run's. Of `rate_limit_event` only `rejected` stops anything.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::failure::{failure, kind};
use super::{Calls, Each, answer_text, message, said, sentence, text, tool_call, tool_result};
use crate::agents::conversations::text::one_line;
use crate::domain::Timestamp;
use crate::domain::cost::{PicoUsd, Usage, model_name};
use crate::domain::stream::{
    Denial, Failure, FailureKind, Limit, MAX_KEPT, ModelUse, Scope, StreamEvent, Used,
};

/// What is known of the run so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Claude {
    calls: Calls,
    model: Option<String>,
    /// What the CLI called the last failure of the service.
    error: Option<String>,
}

impl Claude {
    pub(super) fn read(&mut self, line: &Value, cwd: &str, each: &mut Each<'_>) {
        let nested = !text(line, "parent_tool_use_id").is_empty();
        match text(line, "type") {
            "system" => self.system(line, each),
            "assistant" => self.assistant(line, nested, cwd, each),
            "user" => self.user(line, nested, each),
            "stream_event" if !nested => {
                let delta = &line["event"]["delta"];
                if text(delta, "type") == "text_delta" {
                    each(StreamEvent::Words(text(delta, "text").to_owned()));
                }
            }
            "rate_limit_event" => limit(&line["rate_limit_info"], each),
            "result" => self.result(line, cwd, each),
            _ => {}
        }
    }

    fn system(&mut self, line: &Value, each: &mut Each<'_>) {
        match text(line, "subtype") {
            "init" => {
                self.model = said(line, "model").map(|model| model_name(&model).to_owned());
                each(StreamEvent::Begun {
                    conversation: said(line, "session_id"),
                    model: self.model.clone(),
                });
            }
            "api_retry" => each(StreamEvent::Retry {
                failure: self.retried(line),
                attempt: number(&line["attempt"]),
                most: line["max_retries"]
                    .as_u64()
                    .map(|_| number(&line["max_retries"])),
            }),
            "permission_denied" => {
                let id = text(line, "tool_use_id");
                let denial = self.calls.denial(id, text(line, "tool_name"), "");
                each(StreamEvent::Denied(denial));
            }
            "compact_boundary" => {
                let words = "[the conversation was made shorter]".to_owned();
                each(StreamEvent::Plain(words));
            }
            _ => {}
        }
    }

    fn retried(&self, line: &Value) -> Failure {
        let (status, word) = (line["error_status"].as_u64(), text(line, "error"));
        let kind = match kind(status, word, "") {
            // Without a status no answer came at all.
            FailureKind::Other if status.is_none() => FailureKind::Network,
            kind => kind,
        };
        let words = match (status, word) {
            (Some(status), word) => format!("{word} ({status})"),
            (None, "" | "unknown") => "no answer".to_owned(),
            (None, word) => word.to_owned(),
        };
        let text = sentence(&words.replace('_', " "));
        Failure { kind, text }
    }

    fn assistant(&mut self, line: &Value, nested: bool, cwd: &str, each: &mut Each<'_>) {
        let blocks = line["message"]["content"].as_array();
        if let Some(word) = said(line, "error") {
            let words = answer_text(&line["message"]["content"]);
            let status = line["api_error_status"].as_u64();
            each(StreamEvent::Failed(failure(status, &word, &words)));
            self.error = Some(word);
            return;
        }
        for block in blocks.into_iter().flatten() {
            match text(block, "type") {
                "text" if !nested => {
                    let words = message(text(block, "text"));
                    words
                        .into_iter()
                        .for_each(|text| each(StreamEvent::Message(text)));
                }
                "thinking" if !nested => {
                    let words = message(text(block, "thinking"));
                    words
                        .into_iter()
                        .for_each(|text| each(StreamEvent::Thought(text)));
                }
                "tool_use" | "server_tool_use" => {
                    let (id, name) = (text(block, "id"), text(block, "name"));
                    let mut call = tool_call(id, name, &block["input"], cwd);
                    call.nested = nested;
                    self.calls.add(&call);
                    each(StreamEvent::Call(call));
                }
                _ => {}
            }
        }
    }

    fn user(&self, line: &Value, nested: bool, each: &mut Each<'_>) {
        let blocks = line["message"]["content"].as_array();
        for block in blocks.into_iter().flatten() {
            match text(block, "type") {
                "tool_result" => {
                    let ok = block["is_error"].as_bool() != Some(true);
                    let answer = answer_text(&block["content"]);
                    let mut result = tool_result(text(block, "tool_use_id"), ok, &answer);
                    result.nested = nested;
                    each(StreamEvent::Result(result));
                }
                "text" if text(block, "text").starts_with("[Request interrupted") => {
                    each(StreamEvent::Failed(interrupted()));
                }
                _ => {}
            }
        }
    }

    fn result(&mut self, line: &Value, cwd: &str, each: &mut Each<'_>) {
        let denials = line["permission_denials"].as_array();
        for denial in denials.into_iter().flatten().take(MAX_KEPT) {
            each(StreamEvent::Denied(self.denied(denial, cwd)));
        }
        if let Some(used) = self.used(line) {
            each(StreamEvent::Used(used));
        }
        let ok = line["is_error"].as_bool() == Some(false);
        if !ok {
            each(StreamEvent::Failed(self.failure(line)));
        }
        each(StreamEvent::Finished {
            ok,
            message: message(text(line, "result")).filter(|_| ok),
            turns: line["num_turns"]
                .as_u64()
                .map(|_| number(&line["num_turns"])),
        });
    }

    fn denied(&self, denial: &Value, cwd: &str) -> Denial {
        let (id, tool) = (text(denial, "tool_use_id"), text(denial, "tool_name"));
        let call = tool_call(id, tool, &denial["tool_input"], cwd);
        self.calls.denial(id, tool, &call.brief)
    }

    fn failure(&self, line: &Value) -> Failure {
        let reason = text(line, "terminal_reason");
        if reason.starts_with("aborted") {
            return interrupted();
        }
        let word = self
            .error
            .as_deref()
            .unwrap_or(text(line, "api_error_type"));
        // Qwen Code has an object for it.
        let words = [
            text(line, "result"),
            text(&line["error"], "message"),
            line["errors"][0].as_str().unwrap_or_default(),
        ];
        let words = words.into_iter().find(|words| !words.trim().is_empty());
        let words = match text(line, "subtype") {
            "error_max_turns" => "it took more turns than it may",
            "error_max_budget_usd" => "it spent more than it may",
            subtype => words.unwrap_or(subtype),
        };
        failure(line["api_error_status"].as_u64(), word, words)
    }

    fn used(&self, line: &Value) -> Option<Used> {
        let models = |field: &str| line[field].as_object().filter(|models| !models.is_empty());
        let (scope, models) = match models("model_usage_since_last_result") {
            Some(models) => (Scope::Run, models),
            None => match models("modelUsage") {
                Some(models) => (Scope::Conversation, models),
                None => return self.tokens_of(&line["usage"]),
            },
        };
        let models = models.iter().take(MAX_KEPT).map(|(name, said)| ModelUse {
            model: one_line(model_name(name), 100),
            usage: usage(said),
            cost: said["costUSD"]
                .as_f64()
                .and_then(PicoUsd::from_dollars)
                .map(PicoUsd::micros),
        });
        Some(Used {
            scope,
            models: models.collect(),
        })
    }

    /// Where models are not told apart.
    fn tokens_of(&self, said: &Value) -> Option<Used> {
        let cached = count(said, "cache_read_input_tokens");
        let all = count(said, "input_tokens");
        let total = count(said, "total_tokens");
        let output = count(said, "output_tokens");
        let usage = Usage {
            // Qwen Code counts what it read from the cache as input too, and gives the sum.
            input: match total > 0 && total == all + output {
                true => all.saturating_sub(cached),
                false => all,
            },
            cache_read: cached,
            cache_write_5m: count(said, "cache_creation_input_tokens"),
            output,
            ..Usage::default()
        };
        (usage != Usage::default()).then(|| Used {
            scope: Scope::Run,
            models: vec![ModelUse {
                model: self.model.clone().unwrap_or_default(),
                usage,
                cost: None,
            }],
        })
    }
}

fn interrupted() -> Failure {
    Failure {
        kind: FailureKind::Interrupted,
        text: "it was interrupted".to_owned(),
    }
}

fn usage(said: &Value) -> Usage {
    let writes = count(said, "cacheCreationInputTokens");
    let hour = count(said, "cacheCreationEphemeral1hInputTokens").min(writes);
    Usage {
        input: count(said, "inputTokens"),
        cache_read: count(said, "cacheReadInputTokens"),
        cache_write_5m: writes - hour,
        cache_write_1h: hour,
        output: count(said, "outputTokens"),
        reasoning: count(said, "thinkingTokens"),
    }
}

fn count(said: &Value, name: &str) -> u64 {
    crate::agents::usage::count(said, name)
}

fn number(value: &Value) -> u32 {
    let number = value.as_u64().unwrap_or(0);
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn limit(info: &Value, each: &mut Each<'_>) {
    let rejected = match text(info, "status") {
        "rejected" => true,
        "allowed_warning" => false,
        _ => return,
    };
    let seconds = info["resetsAt"].as_i64().filter(|at| *at > 0);
    each(StreamEvent::Limited(Limit {
        rejected,
        until: seconds.map(|at| Timestamp(at.saturating_mul(1000))),
        which: said(info, "rateLimitType").unwrap_or_default(),
    }));
}
