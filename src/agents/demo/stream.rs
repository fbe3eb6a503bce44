//! A run without a screen, told as JSON lines in the words of Claude Code's `stream-json`, so that a loop is
//! judged by what its agent says and not by what its terminal shows.
//!
//! Pure but for its writer. What it says that it used is made up, as everything that would come of a model.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::entry::{Entry, Tool};

/// The model that is played.
const MODEL: &str = "demo";
/// What a word costs in tokens, what a turn reads, and what both cost, in dollars a token.
const TOKENS_A_WORD: u64 = 4;
const TOKENS_READ: u64 = 9_000;
const PRICE_READ: f64 = 0.000_003;
const PRICE_WRITTEN: f64 = 0.000_015;

/// What is told of a run.
#[derive(Debug)]
pub struct Stream<W> {
    out: W,
    id: String,
    /// The call that is not over yet: its number, verb and target.
    call: Option<(u32, String, String)>,
    calls: u32,
    turns: u32,
    words: u64,
    last_said: String,
}

impl<W: Write> Stream<W> {
    /// Begins to tell of a run in the conversation `id`.
    ///
    /// # Errors
    /// Where `out` fails, as with all that follows.
    pub fn begin(out: W, id: &str) -> io::Result<Self> {
        let mut stream = Self {
            out,
            id: id.to_owned(),
            call: None,
            calls: 0,
            turns: 0,
            words: 0,
            last_said: String::new(),
        };
        stream.line(&json!({
            "type": "system", "subtype": "init", "session_id": id, "model": MODEL,
        }))?;
        Ok(stream)
    }

    fn line(&mut self, value: &Value) -> io::Result<()> {
        writeln!(self.out, "{value}")
    }

    /// More words of what is being said.
    pub fn words(&mut self, words: &str) -> io::Result<()> {
        self.line(&json!({
            "type": "stream_event",
            "event": { "delta": { "type": "text_delta", "text": words } },
        }))
    }

    /// It sets to this now: `Run make`, `Read a.sh`.
    pub fn works(&mut self, what: &str) -> io::Result<()> {
        match what.split_once(' ') {
            Some((verb @ ("Run" | "Read" | "Edit"), target)) => self.calls(verb, target),
            _ => Ok(()),
        }
    }

    fn calls(&mut self, verb: &str, target: &str) -> io::Result<()> {
        self.calls += 1;
        self.turns += 1;
        let argument = match verb {
            "Run" => "command",
            "Commit" => "description",
            _ => "file_path",
        };
        self.call = Some((self.calls, verb.to_owned(), target.to_owned()));
        let id = self.calls.to_string();
        self.line(&json!({
            "type": "assistant",
            "message": { "content": [{
                "type": "tool_use", "id": id, "name": verb, "input": { argument: target },
            }] },
        }))
    }

    /// Something for the transcript.
    pub fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        match entry {
            Entry::Prompt { .. } => Ok(()),
            Entry::Say { text } => {
                self.turns += 1;
                self.words += text.split_whitespace().count() as u64;
                self.last_said.clone_from(text);
                self.line(&json!({
                    "type": "assistant", "message": { "content": [{ "type": "text", "text": text }] },
                }))
            }
            Entry::Note { text, .. } => {
                let text = text.replace('\n', " ");
                writeln!(self.out, "[{}]", super::run::plain(&text))
            }
            Entry::Tool(tool) => self.answered(tool),
        }
    }

    fn answered(&mut self, tool: &Tool) -> io::Result<()> {
        // What was not announced is told when it is over.
        if self.call.as_ref().is_none_or(|call| call.2 != tool.target) {
            self.calls(&tool.verb, &tool.target)?;
        }
        let Some((id, ..)) = self.call.take() else {
            return Ok(());
        };
        let details = tool.details.iter().map(|line| format!("\n{line}"));
        let answer: String = [tool.result.clone()].into_iter().chain(details).collect();
        self.line(&json!({
            "type": "user",
            "message": { "content": [{
                "type": "tool_result", "tool_use_id": id.to_string(), "is_error": !tool.ok,
                "content": answer,
            }] },
        }))
    }

    /// The run is over, because of this failure if there was one.
    pub fn end(&mut self, failure: Option<&str>) -> io::Result<()> {
        let input = TOKENS_READ * u64::from(self.turns.max(1));
        let output = TOKENS_A_WORD * self.words;
        let cost = input as f64 * PRICE_READ + output as f64 * PRICE_WRITTEN;
        self.line(&json!({
            "type": "result",
            "subtype": if failure.is_some() { "error_during_execution" } else { "success" },
            "is_error": failure.is_some(),
            "result": failure.unwrap_or(&self.last_said),
            "num_turns": self.turns,
            "session_id": self.id,
            "model_usage_since_last_result": {
                MODEL: { "inputTokens": input, "outputTokens": output, "costUSD": cost },
            },
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::{StreamFormat, StreamReader};
    use crate::domain::stream::{StreamEvent, Summary};

    fn told(tell: impl FnOnce(&mut Stream<&mut Vec<u8>>)) -> (Vec<StreamEvent>, Summary) {
        let mut bytes = Vec::new();
        tell(&mut Stream::begin(&mut bytes, "abc").unwrap());
        let (mut events, mut summary) = (Vec::new(), Summary::default());
        let mut reader = StreamReader::new(StreamFormat::Claude, "/repo");
        reader.feed(&bytes, &mut |event| {
            summary.note(&event);
            events.push(event);
        });
        (events, summary)
    }

    #[test]
    fn what_it_does_is_read_as_that_of_a_real_agent() {
        let tool = |verb: &str, target: &str, ok| {
            Entry::Tool(Tool {
                verb: verb.into(),
                target: target.into(),
                result: "exit 1".into(),
                ok,
                details: vec![" 3 failed".into()],
            })
        };
        let (events, summary) = told(|stream| {
            stream.words("I ").unwrap();
            stream
                .entry(&Entry::Say {
                    text: "I look.".into(),
                })
                .unwrap();
            stream.works("Thinking").unwrap();
            stream.works("Run make").unwrap();
            stream.entry(&tool("Run", "make", false)).unwrap();
            stream.entry(&tool("Commit", "Add a", true)).unwrap();
            stream.entry(&Entry::note("a\nb\u{1b}[31m")).unwrap();
            stream
                .entry(&Entry::Say {
                    text: "Done.".into(),
                })
                .unwrap();
            stream.end(None).unwrap();
        });
        let calls: Vec<(&str, &str)> = events
            .iter()
            .filter_map(|event| match event {
                StreamEvent::Call(call) => Some((call.tool.as_str(), call.brief.as_str())),
                _ => None,
            })
            .collect();
        assert_eq!(calls, [("Run", "make"), ("Commit", "Add a")]);
        let results: Vec<(bool, &str)> = events
            .iter()
            .filter_map(|event| match event {
                StreamEvent::Result(result) => Some((result.ok, result.brief.as_str())),
                _ => None,
            })
            .collect();
        assert_eq!(
            results,
            [(false, "exit 1\n 3 failed"), (true, "exit 1\n 3 failed")]
        );
        assert!(events.contains(&StreamEvent::Plain("[a b[31m]".into())));
        assert_eq!(summary.message.as_deref(), Some("Done."));
        assert_eq!(summary.conversation.as_deref(), Some("abc"));
        assert!(summary.failure.is_none());
    }

    #[test]
    fn a_failure_is_one() {
        let (_, summary) = told(|stream| stream.end(Some("the model's answer broke off")).unwrap());
        assert_eq!(
            summary.failure.map(|failure| failure.text).as_deref(),
            Some("the model's answer broke off")
        );
    }
}
