//! What a manifest may say: the TOML schema, where every key is optional so that one file can change
//! another, and the words for keys and arguments.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::agent::{ConversationId, Hints};
use super::server::ServerKind;
use super::stream::StreamFormat;
use super::transcripts::Transcripts;
use crate::domain::follow_up::WhileBusy;

/// One manifest as it stands in its file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ManifestFile {
    /// Its name; the file's stem if it says none.
    pub name: Option<String>,
    /// The manifest it changes; the one of the same name if it says none.
    pub extends: Option<String>,
    /// Its name for people.
    pub title: Option<String>,
    /// The program.
    pub program: Option<String>,
    /// The version the manifest was written for.
    pub seen: Option<String>,
    /// How to get the program.
    pub install: Option<String>,
    /// How its conversations get their ids.
    pub conversation: Option<ConversationId>,
    /// Where it writes down which conversations it leads.
    pub transcripts: Option<Transcripts>,
    /// In which words it tells what it does where it has no screen.
    pub stream: Option<StreamFormat>,
    /// The server beside its screen that tells what it does.
    pub server: Option<ServerKind>,
    /// How the first prompt reaches it.
    pub first_prompt: Option<FirstPromptWay>,
    /// What prints the version.
    pub version: Option<Command>,
    /// A new conversation.
    pub start: Option<Command>,
    /// An earlier conversation.
    pub resume: Option<Command>,
    /// A new conversation without a screen.
    pub headless: Option<Command>,
    /// An earlier conversation without a screen.
    pub headless_resume: Option<Command>,
    /// A new conversation that goes on from another one, wherever that was led.
    pub fork: Option<Command>,
    /// Added to the environment.
    pub env: BTreeMap<String, String>,
    /// Taken out of the environment.
    pub env_remove: Option<Vec<String>>,
    /// How a message is given to it.
    pub delivery: Option<DeliveryTable>,
    /// The keys that answer.
    pub answers: Option<AnswersTable>,
    /// What its terminal tells.
    pub hints: Option<Hints>,
    /// What its end means.
    pub end: Option<EndTable>,
}

impl ManifestFile {
    /// This file's words over those of `base`: whole tables, but environment names one by one.
    pub fn over(self, base: Self) -> Self {
        let mut env = base.env;
        env.extend(self.env);
        Self {
            name: self.name.or(base.name),
            extends: self.extends,
            title: self.title.or(base.title),
            program: self.program.or(base.program),
            seen: self.seen.or(base.seen),
            install: self.install.or(base.install),
            conversation: self.conversation.or(base.conversation),
            transcripts: self.transcripts.or(base.transcripts),
            stream: self.stream.or(base.stream),
            server: self.server.or(base.server),
            first_prompt: self.first_prompt.or(base.first_prompt),
            version: self.version.or(base.version),
            start: self.start.or(base.start),
            resume: self.resume.or(base.resume),
            headless: self.headless.or(base.headless),
            headless_resume: self.headless_resume.or(base.headless_resume),
            fork: self.fork.or(base.fork),
            env,
            env_remove: self.env_remove.or(base.env_remove),
            delivery: self.delivery.or(base.delivery),
            answers: self.answers.or(base.answers),
            hints: self.hints.or(base.hints),
            end: self.end.or(base.end),
        }
    }
}

/// How the first prompt reaches an agent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FirstPromptWay {
    /// Where the arguments say `{prompt}`.
    #[default]
    Argument,
    /// Delivered when the agent says that it is idle.
    WhenIdle,
    /// Delivered when its screen has been still for a moment.
    AfterQuiet,
}

/// A command line after the program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Command {
    /// Its arguments.
    pub args: Vec<Argument>,
}

/// An argument, or several that stand and fall together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "an argument is a string, a list of strings that are left out together, or \
                 { when = \"trusted\", args = [...] }; placeholders are {prompt}, {conversation}, {cwd}, {hooks} and {port}"
)]
pub(super) enum Argument {
    /// One; left out where its placeholder has no value.
    One(Template),
    /// Several; left out together where one of their placeholders has no value.
    Group(Vec<Template>),
    /// Several that depend on something else.
    When(Conditional),
}

/// Arguments that are there under a condition.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Conditional {
    /// The condition.
    pub when: Condition,
    /// The arguments.
    pub args: Vec<Template>,
}

/// What arguments can depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Condition {
    /// The user has said that the project may be trusted.
    Trusted,
}

/// A string with placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Template(pub Vec<Part>);

/// A part of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Text as it is.
    Text(String),
    /// The prompt.
    Prompt,
    /// The conversation's id.
    Conversation,
    /// The working directory.
    Cwd,
    /// The working directory as a TOML string, with its quotes.
    QuotedCwd,
    /// The port of its server.
    Port,
    /// The settings that make the agent report its turns.
    Hooks,
    /// The id of the conversation that is forked.
    From,
    /// Where the transcript of the conversation is that is forked.
    Transcript,
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some(start) = rest.find('{') {
            let (before, from) = rest.split_at(start);
            let found = [
                ("{prompt}", Part::Prompt),
                ("{conversation}", Part::Conversation),
                ("{cwd}", Part::Cwd),
                ("{cwd_quoted}", Part::QuotedCwd),
                ("{port}", Part::Port),
                ("{hooks}", Part::Hooks),
                ("{from}", Part::From),
                ("{transcript}", Part::Transcript),
            ]
            .into_iter()
            .find(|(name, _)| from.starts_with(name));
            // A brace that opens no word is text: JSON in an argument is common.
            let is_word = from[1..].starts_with(|c: char| c.is_ascii_lowercase());
            match found {
                Some((name, part)) => {
                    parts.extend((!before.is_empty()).then(|| Part::Text(before.to_owned())));
                    parts.push(part);
                    rest = &from[name.len()..];
                }
                None if is_word => {
                    return Err(format!(
                        "`{text}`: the placeholders are {{prompt}}, {{conversation}}, {{cwd}}, \
                         {{cwd_quoted}}, {{hooks}} and {{port}}, in `fork` also \
                         {{from}} and {{transcript}}"
                    ));
                }
                None => {
                    parts.push(Part::Text(rest[..=start].to_owned()));
                    rest = &from[1..];
                }
            }
        }
        parts.extend((!rest.is_empty()).then(|| Part::Text(rest.to_owned())));
        Ok(Self(parts))
    }
}

/// How a message is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DeliveryTable {
    /// Milliseconds between the paste and the keys that submit.
    pub pause_ms: Option<u64>,
    /// The keys that submit.
    pub submit: Option<Keys>,
    /// What a text must not start with.
    pub guard_starts: Option<Vec<String>>,
    /// The line put before such a text.
    pub guard_line: Option<String>,
    /// Whether a text that ends in `@word` or `\` gets a space after it.
    pub guard_end: Option<bool>,
    /// Whether a text is how its questions are answered.
    pub answers_questions: Option<bool>,
    /// What it does with a text that comes while it works.
    pub while_busy: Option<WhileBusy>,
    /// The keys that end its turn.
    pub interrupt: Option<Presses>,
}

/// The keys that answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AnswersTable {
    /// Yes, this once.
    pub approve: Keys,
    /// No.
    pub deny: Keys,
    /// What is answered in another way.
    pub asks: Vec<AskTable>,
}

/// The keys that answer a particular ask.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskTable {
    /// Words of the ask.
    pub text: String,
    /// Yes, this once.
    pub approve: Keys,
    /// No.
    pub deny: Keys,
}

/// Keys as words: `enter`, `esc`, `ctrl-j`, `down enter`, `y`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Keys(pub Vec<u8>);

impl TryFrom<String> for Keys {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut bytes = Vec::new();
        for word in text.split_whitespace() {
            bytes.extend_from_slice(&key_bytes(word).ok_or_else(|| {
                format!(
                    "`{word}` is no key: use a single character, enter, esc, tab, space, backspace, \
                     up, down, left, right or ctrl-a to ctrl-z, several with spaces between"
                )
            })?);
        }
        Ok(Self(bytes))
    }
}

/// The same, but each a press of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Presses(pub Vec<Vec<u8>>);

impl TryFrom<String> for Presses {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let words = text.split_whitespace();
        let presses = words.map(|word| Keys::try_from(word.to_owned()).map(|keys| keys.0));
        Ok(Self(presses.collect::<Result<_, _>>()?))
    }
}

fn key_bytes(word: &str) -> Option<Vec<u8>> {
    let named: &[u8] = match word {
        "enter" => b"\r",
        "esc" => b"\x1b",
        "tab" => b"\t",
        "space" => b" ",
        "backspace" => b"\x7f",
        "up" => b"\x1b[A",
        "down" => b"\x1b[B",
        "right" => b"\x1b[C",
        "left" => b"\x1b[D",
        _ => {
            if let Some([letter @ b'a'..=b'z']) = word.strip_prefix("ctrl-").map(str::as_bytes) {
                return Some(vec![letter & 0x1f]);
            }
            let mut chars = word.chars();
            let single = matches!((chars.next(), chars.next()), (Some(c), None) if !c.is_control());
            return single.then(|| word.as_bytes().to_vec());
        }
    };
    Some(named.to_vec())
}

/// What an end means, beyond the exit code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct EndTable {
    /// JSON lines of a headless run that mean failure whatever the exit code says.
    pub failures: Vec<FailureLine>,
}

/// A JSON line that means failure.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FailureLine {
    /// The value of its `type`.
    pub r#type: String,
    /// The field that must be `true` too.
    pub flag: Option<String>,
    /// Where its words are: a path of fields, as `error.message`.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        let parse = |text: &str| Template::try_from(text.to_owned());
        assert_eq!(
            parse("--x={prompt}!").unwrap().0,
            [
                Part::Text("--x=".into()),
                Part::Prompt,
                Part::Text("!".into())
            ]
        );
        let json = parse(r#"{"a":{"b":1}}"#).unwrap();
        assert!(json.0.iter().all(|part| matches!(part, Part::Text(_))));
        assert!(parse("{promt}").unwrap_err().contains("{prompt}"));
        assert_eq!(parse("").unwrap().0, []);
    }

    #[test]
    fn keys() {
        let parse = |text: &str| Keys::try_from(text.to_owned()).map(|keys| keys.0);
        for (text, expected) in [
            ("1", "1"),
            ("enter", "\r"),
            ("esc", "\x1b"),
            ("down enter", "\x1b[B\r"),
            ("ctrl-c", "\x03"),
            ("ü", "ü"),
            ("", ""),
        ] {
            assert_eq!(parse(text).unwrap(), expected.as_bytes());
        }
        for wrong in ["return", "ctrl-", "ctrl-é", "ctrl-ab"] {
            assert!(parse(wrong).unwrap_err().contains(wrong));
            assert!(Presses::try_from(format!("esc {wrong}")).is_err());
        }
        let twice = Presses::try_from("esc ctrl-c".to_owned()).unwrap();
        assert_eq!(twice.0, [b"\x1b", b"\x03"]);
    }
}
