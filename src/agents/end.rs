//! What the end of an agent's process means.

use super::schema::FailureLine;
use crate::domain::{Exit, Mode, Reason};

/// The longest sentence taken from an agent's output, in characters.
const MAX_WORDS: usize = 200;

/// Judges an end by its exit and, without a screen, by the JSON lines that say more than the exit code:
/// a failed API call can end with code 0, or with words that are worth more than "code 1".
pub(super) fn judge(
    agent: &str,
    failures: &[FailureLine],
    exit: Exit,
    mode: Mode,
    tail: &str,
) -> Reason {
    if exit == Exit::Lost {
        return Reason::Interrupted;
    }
    if mode != Mode::Interactive
        && let Some(words) = failure_line(failures, tail)
    {
        return Reason::Failed(words);
    }
    match exit {
        Exit::Code(0) => Reason::Finished,
        // Hang-up, interrupt and termination: somebody ended it on purpose.
        Exit::Code(129 | 130 | 143) | Exit::Signal(1 | 2 | 15) => Reason::Stopped,
        Exit::Code(137) | Exit::Signal(9) => Reason::Failed(format!(
            "{agent} was killed (signal 9); perhaps the machine ran out of memory"
        )),
        Exit::Signal(signal) => Reason::Failed(format!("{agent} died of signal {signal}")),
        Exit::Code(code) => Reason::Failed(match last_words(tail) {
            Some(words) => format!("{agent} ended with code {code}: {words}"),
            None => format!("{agent} ended with code {code}"),
        }),
        Exit::Lost => Reason::Interrupted,
    }
}

/// The words of the last JSON line that means failure, unless a later line of the same type is well.
fn failure_line(failures: &[FailureLine], tail: &str) -> Option<String> {
    for line in tail.lines().rev() {
        let Ok(value) = serde_json::from_str::<serde_json::Value>(line.trim()) else {
            continue;
        };
        let kind = value.get("type").and_then(|kind| kind.as_str());
        let Some(rule) = failures
            .iter()
            .find(|rule| Some(rule.r#type.as_str()) == kind)
        else {
            continue;
        };
        let flagged = rule.flag.as_ref().is_none_or(|flag| value[flag] == true);
        let words = rule
            .message
            .split('.')
            .try_fold(&value, |value, field| value.get(field))
            .and_then(|words| words.as_str());
        return flagged.then(|| {
            words
                .and_then(sentence)
                .unwrap_or_else(|| format!("the agent reported `{}`", rule.r#type))
        });
    }
    None
}

/// The last line of plain text; none where the end of the output is a screen and no lines.
fn last_words(tail: &str) -> Option<String> {
    let line = tail.lines().rev().find(|line| !line.trim().is_empty())?;
    sentence(line).filter(|_| !line.contains('\x1b'))
}

fn sentence(text: &str) -> Option<String> {
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    let clean: String = line.trim().chars().filter(|c| !c.is_control()).collect();
    let mut words: String = clean.chars().take(MAX_WORDS).collect();
    if clean.chars().nth(MAX_WORDS).is_some() {
        words.push('…');
    }
    Some(words).filter(|words| !words.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Vec<FailureLine> {
        vec![
            FailureLine {
                r#type: "result".into(),
                flag: Some("is_error".into()),
                message: "result".into(),
            },
            FailureLine {
                r#type: "turn.failed".into(),
                flag: None,
                message: "error.message".into(),
            },
        ]
    }

    fn failed(words: &str) -> Reason {
        Reason::Failed(words.to_owned())
    }

    #[test]
    fn exits() {
        for (exit, tail, expected) in [
            (Exit::Code(0), "", Reason::Finished),
            (Exit::Code(130), "", Reason::Stopped),
            (Exit::Signal(15), "", Reason::Stopped),
            (Exit::Lost, "", Reason::Interrupted),
            (Exit::Code(2), "", failed("x ended with code 2")),
            (
                Exit::Code(1),
                "a\r\nno such model\r\n\r\n",
                failed("x ended with code 1: no such model"),
            ),
            (
                Exit::Code(1),
                "\x1b[2J\x1b[31mscreen",
                failed("x ended with code 1"),
            ),
            (Exit::Signal(11), "", failed("x died of signal 11")),
        ] {
            assert_eq!(judge("x", &[], exit, Mode::Interactive, tail), expected);
        }
    }

    #[test]
    fn a_headless_run_is_judged_by_its_own_words() {
        let once = |tail| judge("x", &rules(), Exit::Code(0), Mode::Once, tail);
        for (tail, expected) in [
            (
                r#"{"result":"Overloaded","is_error":true,"type":"result","subtype":"success"}"#,
                failed("Overloaded"),
            ),
            (
                r#"{"type":"result","is_error":false,"result":"is_error: true"}"#,
                Reason::Finished,
            ),
            (
                "{\"type\":\"turn.failed\",\"error\":{\"message\":\"quota\\nmore\"}}\r\nbye",
                failed("quota"),
            ),
            (
                "{\"type\":\"result\",\"is_error\":true}\n{\"type\":\"result\",\"is_error\":false}",
                Reason::Finished,
            ),
            (
                r#"{"type":"result","is_error":true,"result":7}"#,
                failed("the agent reported `result`"),
            ),
            ("[1]\n{\n\"type\"", Reason::Finished),
        ] {
            assert_eq!(once(tail), expected, "{tail}");
        }
    }

    #[test]
    fn words_are_cut_and_cleaned() {
        let tail = format!("\u{9b}31m{}", "x".repeat(1000));
        let Reason::Failed(words) = judge("x", &[], Exit::Code(1), Mode::Once, &tail) else {
            panic!("not failed");
        };
        assert!(words.chars().count() < 240 && !words.chars().any(char::is_control));
    }
}
