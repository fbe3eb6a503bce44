//! What the demo agent tells its terminal of itself: OSC 7501 and the window title.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::player::State;
use super::text::cut;

/// The longest message, in columns.
const MAX_MESSAGE: usize = 120;

/// The sequences that tell `state` of a conversation about `topic`.
pub fn report(state: &State, topic: &str) -> String {
    let (words, mark) = match state {
        State::Idle(text) => (status("idle", None, text), '○'),
        State::Working(text) => (status("working", None, text), '●'),
        State::Permission(text) => (status("blocked", Some("permission"), text), '?'),
        State::Question(text) => (status("blocked", Some("question"), text), '?'),
        State::Failed(text) => (status("error", None, text), '✗'),
    };
    let topic = match topic {
        "" => "demo".to_owned(),
        topic => format!("demo: {}", cut(topic, 40)),
    };
    format!("{words}\x1b]2;{mark} {topic}\x1b\\")
}

/// The end of a turn.
pub fn done(last_words: &str) -> String {
    status("done", None, last_words)
}

/// Nothing is told any more.
pub fn clear() -> &'static str {
    "\x1b]7501;state=clear:app=gluon-demo\x1b\\\x1b]2;\x1b\\"
}

fn status(state: &str, kind: Option<&str>, message: &str) -> String {
    let mut out = format!("\x1b]7501;state={state}:app=gluon-demo");
    if let Some(kind) = kind {
        out.push_str(&format!(":kind={kind}"));
    }
    let message = cut(message.trim(), MAX_MESSAGE);
    if !message.is_empty() {
        out.push_str(&format!(":msg={}", STANDARD.encode(message)));
    }
    out.push_str("\x1b\\");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_told_as_the_protocol_has_it() {
        let told = report(
            &State::Permission("Run `x`?\x1b]0;y\x07".into()),
            "a\ntopic",
        );
        let message = STANDARD.encode("Run `x`?]0;y");
        let expected = format!(
            "\x1b]7501;state=blocked:app=gluon-demo:kind=permission:msg={message}\x1b\\\
             \x1b]2;? demo: a topic\x1b\\"
        );
        assert_eq!(told, expected);
        assert!(
            report(&State::Idle(String::new()), "")
                .starts_with("\x1b]7501;state=idle:app=gluon-demo\x1b\\")
        );
    }
}
