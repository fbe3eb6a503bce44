//! `codex exec --json`, seen with 0.169.0.
//!
//! `turn.completed.usage` is the sum over the thread, resumes included, and its input includes what came from
//! the cache. A command that wants more than the sandbox allows is refused without a line in the stream: its
//! own log alone, on the same terminal, tells of it. What was to be run it does not say.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::failure::failure;
use super::{Calls, Each, answer_text, message, said, sentence, text, tool_call, tool_result};
use crate::agents::usage::count;
use crate::domain::cost::Usage;
use crate::domain::stream::{Denial, ModelUse, Scope, StreamEvent, ToolCall, Used};

/// What is known of the run so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Codex {
    calls: Calls,
}

impl Codex {
    pub(super) fn read(&mut self, line: &Value, cwd: &str, each: &mut Each<'_>) {
        match text(line, "type") {
            "thread.started" => each(StreamEvent::Begun {
                conversation: said(line, "thread_id"),
                model: None,
            }),
            "item.started" => self.started(&line["item"], cwd, each),
            "item.completed" => self.completed(&line["item"], cwd, each),
            "turn.completed" => {
                each(StreamEvent::Used(used(&line["usage"])));
                each(StreamEvent::Finished {
                    ok: true,
                    message: None,
                    turns: None,
                });
            }
            "turn.failed" => {
                each(StreamEvent::Failed(failure(
                    None,
                    "",
                    text(&line["error"], "message"),
                )));
                each(StreamEvent::Finished {
                    ok: false,
                    message: None,
                    turns: None,
                });
            }
            "error" => error(text(line, "message"), each),
            _ => {}
        }
    }

    fn started(&mut self, item: &Value, cwd: &str, each: &mut Each<'_>) {
        if let Some(call) = call(item, cwd) {
            self.calls.add(&call);
            each(StreamEvent::Call(call));
        }
    }

    fn completed(&mut self, item: &Value, cwd: &str, each: &mut Each<'_>) {
        match text(item, "type") {
            "agent_message" => {
                let words = message(text(item, "text"));
                words
                    .into_iter()
                    .for_each(|text| each(StreamEvent::Message(text)));
                return;
            }
            "reasoning" => {
                let words = message(text(item, "text"));
                words
                    .into_iter()
                    .for_each(|text| each(StreamEvent::Thought(text)));
                return;
            }
            // A warning; what ends the turn is told by the turn.
            "error" => {
                each(StreamEvent::Plain(sentence(text(item, "message"))));
                return;
            }
            _ => {}
        }
        let Some(call) = call(item, cwd) else { return };
        let id = call.id.clone();
        if !self.calls.has(&id) {
            self.calls.add(&call);
            each(StreamEvent::Call(call));
        }
        let status = text(item, "status");
        if status == "declined" {
            each(StreamEvent::Denied(self.calls.denial(&id, "", "")));
        }
        let ok = !matches!(status, "failed" | "declined" | "in_progress")
            && item["exit_code"].as_i64().is_none_or(|code| code == 0)
            && item["error"].is_null();
        let answer = match text(item, "type") {
            "command_execution" => text(item, "aggregated_output").to_owned(),
            "mcp_tool_call" if !item["error"].is_null() => {
                text(&item["error"], "message").to_owned()
            }
            "mcp_tool_call" => answer_text(&item["result"]),
            _ => String::new(),
        };
        each(StreamEvent::Result(tool_result(&id, ok, &answer)));
    }
}

/// What a line of its own log tells that its stream does not: a call that nobody could be asked about.
pub(super) fn log_line(line: &str) -> Option<StreamEvent> {
    let refused = line.contains("codex_core::") && line.contains("; reject command");
    refused.then(|| {
        StreamEvent::Denied(Denial {
            id: None,
            tool: "Shell".to_owned(),
            what: String::new(),
        })
    })
}

/// The call that an item is; `None` where it is none.
fn call(item: &Value, cwd: &str) -> Option<ToolCall> {
    let id = text(item, "id");
    Some(match text(item, "type") {
        "command_execution" => {
            let command = script(text(item, "command"));
            tool_call(id, "Shell", &json!({ "command": command }), cwd)
        }
        "file_change" => {
            let changes = item["changes"].as_array();
            let paths = changes
                .into_iter()
                .flatten()
                .map(|change| text(change, "path"));
            let paths: Vec<&str> = paths.take(50).collect();
            let mut call = tool_call(id, "Edit", &json!({ "path": paths.join(", ") }), cwd);
            // Two changes of one file are not the same for that: what they write is not told.
            call.hash ^= super::fnv(super::FNV, id.as_bytes());
            call
        }
        "mcp_tool_call" => {
            let name = format!("{}.{}", text(item, "server"), text(item, "tool"));
            tool_call(id, &name, &item["arguments"], cwd)
        }
        "web_search" => tool_call(id, "WebSearch", &json!({ "query": item["query"] }), cwd),
        _ => return None,
    })
}

/// Of `/bin/bash -lc 'SCRIPT'` the script, as far as its quotes are plain.
fn script(command: &str) -> String {
    let shells = [
        "/bin/bash -lc ",
        "bash -lc ",
        "/bin/zsh -lc ",
        "zsh -lc ",
        "/bin/sh -c ",
    ];
    let Some(rest) = shells.iter().find_map(|shell| command.strip_prefix(shell)) else {
        return command.to_owned();
    };
    let quoted = |quote: char| rest.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(script) = quoted('\'') {
        return script.replace(r#"'"'"'"#, "'").replace(r"'\''", "'");
    }
    match quoted('"') {
        Some(script) => script.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => rest.to_owned(),
    }
}

/// `Reconnecting... 2/5 (…)` is tried again; everything else is said once more by the turn's end.
fn error(words: &str, each: &mut Each<'_>) {
    let Some(rest) = words.strip_prefix("Reconnecting... ") else {
        each(StreamEvent::Failed(failure(None, "", words)));
        return;
    };
    let (count, why) = rest.split_once(' ').unwrap_or((rest, ""));
    let (attempt, most) = count.split_once('/').unwrap_or((count, ""));
    let why = why.trim_start_matches('(').trim_end_matches(')');
    each(StreamEvent::Retry {
        failure: failure(None, "", why),
        attempt: attempt.parse().unwrap_or(1),
        most: most.parse().ok(),
    });
}

fn used(said: &Value) -> Used {
    let cached = count(said, "cached_input_tokens");
    let written = count(said, "cache_write_input_tokens");
    let usage = Usage {
        input: count(said, "input_tokens").saturating_sub(cached),
        cache_read: cached,
        cache_write_5m: written,
        output: count(said, "output_tokens"),
        reasoning: count(said, "reasoning_output_tokens"),
        ..Usage::default()
    };
    Used {
        scope: Scope::Conversation,
        models: vec![ModelUse {
            model: String::new(),
            usage,
            cost: None,
        }],
    }
}
