//! What kind of failure an agent's words and numbers mean.
//!
//! Rules as data, seen with Claude Code 2.1.330, Codex 0.169.0, Gemini CLI 0.61.0 and opencode 1.18.33. Only
//! what an agent itself reports as an error is asked about here: words in its messages or in files are not.

use super::sentence;
use crate::domain::stream::{Failure, FailureKind};

/// Words that decide, in this order, whatever the status is.
const WORDS: &[(&str, FailureKind)] = &[
    ("credit balance", FailureKind::Billing),
    ("billing", FailureKind::Billing),
    ("insufficient_quota", FailureKind::Billing),
    ("insufficient quota", FailureKind::Billing),
    ("check your plan", FailureKind::Billing),
    ("payment required", FailureKind::Billing),
    ("usage limit", FailureKind::Limit),
    ("hit your limit", FailureKind::Limit),
    ("rate_limit", FailureKind::Limit),
    ("rate limit", FailureKind::Limit),
    ("resource_exhausted", FailureKind::Limit),
    ("too many requests", FailureKind::Limit),
    ("quota", FailureKind::Limit),
    ("authentication", FailureKind::Auth),
    ("unauthenticated", FailureKind::Auth),
    ("unauthorized", FailureKind::Auth),
    ("api key", FailureKind::Auth),
    ("api_key", FailureKind::Auth),
    ("/login", FailureKind::Auth),
    ("not logged in", FailureKind::Auth),
    ("permission_error", FailureKind::Auth),
    ("overloaded", FailureKind::Overload),
    ("server_error", FailureKind::Overload),
    ("at capacity", FailureKind::Overload),
];

/// Words that decide where there is no status.
const NETWORK: &[&str] = &[
    "connection",
    "stream disconnected",
    "error sending request",
    "timed out",
    "timeout",
    "fetch failed",
    "socket",
    "econn",
    "enotfound",
    "dns",
    "network",
];

/// The kind of a failure: its HTTP status where there is one, what the agent calls it, and its sentence.
pub(super) fn kind(status: Option<u64>, word: &str, text: &str) -> FailureKind {
    let words = format!("{word} {text}").to_lowercase();
    let status = status.or_else(|| status_in(&words));
    if let Some((_, kind)) = WORDS.iter().find(|(mark, _)| words.contains(mark)) {
        return *kind;
    }
    match status {
        Some(401 | 403) => FailureKind::Auth,
        Some(402) => FailureKind::Billing,
        Some(429) => FailureKind::Limit,
        Some(408 | 500..=599) => FailureKind::Overload,
        Some(400..=499) => FailureKind::Invalid,
        _ if NETWORK.iter().any(|mark| words.contains(mark)) => FailureKind::Network,
        _ if words.contains("invalid_request") || words.contains("too long") => {
            FailureKind::Invalid
        }
        _ => FailureKind::Other,
    }
}

/// A failure of that kind, in one sentence.
pub(super) fn failure(status: Option<u64>, word: &str, text: &str) -> Failure {
    let words = inner_message(text).unwrap_or_else(|| text.to_owned());
    Failure {
        kind: kind(status, word, text),
        text: sentence(if words.trim().is_empty() {
            word
        } else {
            &words
        }),
    }
}

/// Of `[API Error: {"error":{"message":"…"}}]` what people can read.
fn inner_message(text: &str) -> Option<String> {
    let json = text.get(text.find('{')?..=text.rfind('}')?)?;
    let value: serde_json::Value = serde_json::from_str(json).ok()?;
    let message = [&value["error"]["message"], &value["message"]];
    let message = message.iter().find_map(|message| message.as_str())?;
    (!message.trim().is_empty()).then(|| format!("API error: {message}"))
}

/// The status in `unexpected status 529 …` or `"code":401`.
fn status_in(words: &str) -> Option<u64> {
    ["status ", "status: ", "\"code\":", "error: "]
        .iter()
        .filter_map(|mark| words.split_once(mark))
        .map(|(_, rest)| rest.trim_start())
        .map(|rest| {
            rest.chars()
                .take_while(char::is_ascii_digit)
                .collect::<String>()
        })
        .filter_map(|digits| digits.parse().ok())
        .find(|status| (400..600).contains(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        use FailureKind::*;
        for (status, word, text, expected) in [
            (
                Some(401),
                "authentication_failed",
                "Invalid API key · Fix external API key",
                Auth,
            ),
            (
                Some(400),
                "billing_error",
                "Credit balance is too low",
                Billing,
            ),
            (
                Some(429),
                "rate_limit",
                "This request would exceed your limit.",
                Limit,
            ),
            (
                Some(529),
                "overloaded",
                "API Error: 529 Overloaded.",
                Overload,
            ),
            (Some(500), "server_error", "API Error", Overload),
            (Some(400), "", "prompt is too long: 208310 tokens", Invalid),
            (None, "unknown", "fetch failed", Network),
            (
                None,
                "",
                "unexpected status 401 Unauthorized: invalid x-api-key, url: http://x",
                Auth,
            ),
            (
                None,
                "",
                "unexpected status 529 <unknown status code>: Overloaded, url: http://x",
                Overload,
            ),
            (
                None,
                "",
                "unexpected status 503 Service Unavailable",
                Overload,
            ),
            (
                None,
                "",
                "Quota exceeded. Check your plan and billing details.",
                Billing,
            ),
            (
                None,
                "",
                "You've hit your usage limit. Try again in 3 days.",
                Limit,
            ),
            (
                None,
                "",
                "stream disconnected before completion: error sending request",
                Network,
            ),
            (
                None,
                "unknown",
                r#"[API Error: {"error":{"code":401,"message":"no","status":"UNAUTHENTICATED"}}]"#,
                Auth,
            ),
            (
                None,
                "",
                r#"{"error":{"code":503,"message":"later"}}"#,
                Overload,
            ),
            (None, "unknown", "", Other),
            (
                None,
                "",
                "status 200 and status 9999999999999999999999",
                Other,
            ),
        ] {
            assert_eq!(kind(status, word, text), expected, "{word} {text}");
        }
        assert_eq!(failure(None, "server_error", " ").text, "server_error");
        let nested = r#"[API Error: {"error":{"code":401,"message":"no key"}}]"#;
        assert_eq!(failure(None, "", nested).text, "API error: no key");
        assert_eq!(failure(None, "", "a } b {").text, "a } b {");
    }
}
