//! An agent's calls of its tools, as signs of its health: what was called, with what, and what came of it.
//!
//! Pure. Arguments and results are untrusted and may be long; of them only hashes and a few words are kept.
//! Invariant: what differs each time though nothing has changed (how long it took) makes no other result.

use serde_json::Value;

use crate::domain::health::{Call, Failure, Sign, timeless_hash};
use crate::domain::hook::hook_words;
use crate::domain::stream::{ToolCall, ToolResult};

/// Parts of an input that say most of a call: the first that there is.
const TELLING: &[&str] = &[
    "command",
    "file_path",
    "notebook_path",
    "path",
    "url",
    "query",
    "pattern",
    "description",
    "prompt",
];
/// Tools that change the file which their input names.
const WRITING: &[&str] = &[
    "edit",
    "write",
    "multiedit",
    "notebookedit",
    "write_file",
    "replace",
    "edit_file",
];
/// Tools that look whether something else has come to pass, by a piece of their name.
const WAITING_TOOLS: &[&str] = &["output", "wait", "poll", "monitor", "status"];
/// Tools that run commands, by a piece of their name.
const RUNNING: &[&str] = &["bash", "shell", "exec", "run", "command", "terminal"];
/// Words of commands that wait, or that look at what others do: repeating them is what they are for.
const WAITING_WORDS: &[&str] = &[
    "sleep",
    "wait",
    "watch",
    "until",
    "poll",
    "curl",
    "ping",
    "nc",
    "ps",
    "pgrep",
    "jobs",
    "gh",
    "glab",
    "kubectl",
    "systemctl",
];

/// A call of `tool` with `input`: what came of it, or the error with which it failed, as far as it is told.
pub fn call(tool: &str, input: &Value, result: Option<&Value>, error: Option<&str>) -> Call {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => untimed(other.clone()).to_string(),
    };
    let result = result.filter(|value| !value.is_null()).map(text);
    Call {
        what: hook_words(&telling(tool, input)),
        input: timeless_hash(&format!("{tool} {input}")),
        result: result.as_deref().or(error).map(timeless_hash),
        failure: error
            .filter(|error| !error.trim().is_empty())
            .map(Failure::of),
        waits: waits(tool, input),
        nested: false,
    }
}

/// What a call in a stream says once it is answered.
pub fn answered(call: &ToolCall, result: &ToolResult) -> Vec<Sign> {
    let tool = call.tool.to_ascii_lowercase();
    let runs = RUNNING.iter().any(|word| tool.contains(word));
    let command = if runs { call.brief.as_str() } else { "" };
    let what = match call.brief.is_empty() {
        true => call.tool.clone(),
        false => format!("{}: {}", call.tool, call.brief),
    };
    let failed = !result.ok && !result.brief.trim().is_empty();
    let called = Sign::Called(Call {
        what: hook_words(&what),
        input: call.hash,
        result: Some(result.hash),
        failure: failed.then(|| Failure::of(&result.brief)),
        waits: waits_for(&call.tool, command),
        nested: call.nested || result.nested,
    });
    let writes = result.ok && WRITING.contains(&tool.as_str()) && !call.brief.is_empty();
    let wrote = writes.then(|| Sign::Wrote {
        file: call.brief.clone(),
        content: None,
    });
    [called].into_iter().chain(wrote).collect()
}

/// The file that a call has changed, if it is one that changes a file.
pub fn written(tool: &str, input: &Value) -> Option<String> {
    let writes = WRITING.contains(&tool.to_ascii_lowercase().as_str());
    let path = ["file_path", "notebook_path", "path"]
        .iter()
        .find_map(|name| input[*name].as_str());
    path.filter(|_| writes).map(str::to_owned)
}

/// A tool with the most telling part of its input: `Bash: cargo test`.
pub(super) fn telling(tool: &str, input: &Value) -> String {
    let telling = TELLING.iter().find_map(|name| input[*name].as_str());
    match telling.or_else(|| input.as_object()?.values().find_map(Value::as_str)) {
        Some(words) if tool != "ExitPlanMode" => format!("{tool}: {words}"),
        _ => tool.to_owned(),
    }
}

/// Whether the call waits for something, so that repeating it is what it is for.
fn waits(tool: &str, input: &Value) -> bool {
    waits_for(tool, input["command"].as_str().unwrap_or_default())
}

fn waits_for(tool: &str, command: &str) -> bool {
    let tool = tool.to_ascii_lowercase();
    if WAITING_TOOLS.iter().any(|word| tool.contains(word)) {
        return true;
    }
    command
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|word| WAITING_WORDS.contains(&word))
}

/// A result without the fields that tell how long it took.
fn untimed(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(name, _)| {
                let name = name.to_ascii_lowercase();
                !["duration", "elapsed", "timestamp"]
                    .iter()
                    .any(|word| name.contains(word))
            })
            .map(|(name, value)| (name, untimed(value)))
            .collect(),
        Value::Array(values) => values.into_iter().map(untimed).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_same_call_is_known_again() {
        let bash = |command: &str, out: &str, ms: u32| {
            let result = json!({ "stdout": out, "durationMs": ms, "meta": { "elapsed": ms } });
            call("Bash", &json!({ "command": command }), Some(&result), None)
        };
        let first = bash("make", "1 failed in 0.31s", 17);
        assert_eq!(first, bash("make", "1 failed in 12.5s", 99));
        assert_eq!(first.what, "Bash: make");
        assert_ne!(first.result, bash("make", "2 failed in 0.31s", 17).result);
        assert_ne!(first.input, bash("make all", "", 17).input);
        let other = call("Zsh", &json!({ "command": "make" }), None, None);
        assert_ne!(first.input, other.input);
        assert_eq!((other.result, other.failure), (None, None));
    }

    #[test]
    fn how_it_failed_is_kept() {
        let error = Some("Exit code 1\nerror[E0308]: mismatched types\n --> src/a.rs:3:9");
        let failed = call("Bash", &json!({ "command": "cargo test" }), None, error);
        let kind = failed.failure.unwrap().kind;
        assert!(kind.contains("e0308"), "{kind}");
        assert!(failed.result.is_some());
        let nothing = call("Bash", &json!({}), None, Some("  "));
        assert_eq!(nothing.failure, None);
    }

    #[test]
    fn what_waits_is_known() {
        for (tool, command, expected) in [
            ("Bash", "sleep 15; make status", true),
            ("Bash", "gh run view 7", true),
            ("Bash", "until nc -z localhost 80; do :; done", true),
            ("Bash", "cargo test", false),
            ("Bash", "git status", false),
            ("Bash", "grep sleepy src", false),
            ("TaskOutput", "", true),
            ("mcp__ci__build_status", "", true),
            ("Read", "", false),
        ] {
            let input = json!({ "command": command });
            assert_eq!(waits(tool, &input), expected, "{tool} {command}");
        }
    }

    #[test]
    fn a_stream_tells_the_same() {
        let of = |tool: &str, brief: &str, ok: bool, answer: &str| {
            let call = ToolCall {
                id: "1".into(),
                tool: tool.into(),
                brief: brief.into(),
                hash: timeless_hash(&format!("{tool}{brief}")),
                nested: false,
            };
            let result = ToolResult {
                id: "1".into(),
                ok,
                brief: answer.into(),
                more: 0,
                hash: timeless_hash(answer),
                nested: false,
            };
            answered(&call, &result)
        };
        let called = |signs: Vec<Sign>| match signs.into_iter().next() {
            Some(Sign::Called(call)) => call,
            other => panic!("{other:?}"),
        };
        let failed = called(of("Bash", "make", false, "make: *** [all] Error 2\n0.31s"));
        assert_eq!(failed.what, "Bash: make");
        assert!(failed.failure.unwrap().kind.contains("error"));
        let again = called(of("Bash", "make", false, "make: *** [all] Error 2\n1.70s"));
        assert_eq!((failed.input, failed.result), (again.input, again.result));
        assert!(called(of("Shell", "gh run view 7", true, "queued")).waits);
        assert!(!called(of("Read", "src/watch.rs", true, "x")).waits);
        assert_eq!(
            of("Edit", "src/a.rs", true, "done")[1],
            Sign::Wrote {
                file: "src/a.rs".into(),
                content: None
            }
        );
        assert_eq!(of("Edit", "src/a.rs", false, "no").len(), 1, "it failed");
        assert_eq!(called(of("Glob", "", true, "")).failure, None);
    }

    #[test]
    fn what_was_written_is_known() {
        let path = json!({ "file_path": "/r/a.rs" });
        assert_eq!(written("Edit", &path).as_deref(), Some("/r/a.rs"));
        assert_eq!(written("Read", &path), None);
        assert_eq!(written("write_file", &json!({ "path": 7 })), None);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(tool in ".*", text in ".*", error in ".*") {
            let input = json!({ "command": text, "path": text });
            let made = call(&tool, &input, Some(&json!([text])), Some(&error));
            proptest::prop_assert!(!made.what.chars().any(char::is_control));
        }
    }
}
