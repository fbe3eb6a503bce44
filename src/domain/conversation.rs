//! Conversations with agents as the agents' own transcripts tell them, whoever started them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::cost::Cost;
use super::units::Timestamp;

/// A conversation as the transcript that its agent keeps tells it. Every text is untrusted, but bounded and
/// without control characters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// The agent's name in the registry.
    pub agent: String,
    /// The agent CLI's own id of it, which its resume flag takes.
    pub id: String,
    /// Where it was led; empty where the transcript does not say.
    pub directory: PathBuf,
    /// The title the agent or the user gave it, else its first prompt in a line; may be empty.
    pub title: String,
    /// The beginning of its first prompt.
    pub prompt: String,
    /// The model that answered last; may be empty.
    pub model: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When something was last said.
    pub changed_at: Timestamp,
    /// How many prompts and answers it has.
    pub messages: u32,
    /// What it cost; `None` where nobody knows.
    pub cost: Option<Cost>,
}

/// Who speaks in a passage, or what is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The user.
    User,
    /// The agent.
    Agent,
    /// The agent to itself.
    Thought,
    /// The agent calls a tool: the call in brief.
    Tool,
    /// What the tool answered, shortened.
    Output,
    /// Something about the conversation: interrupted, compacted, failed.
    Note,
}

impl Speaker {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Speaker::User => "you",
            Speaker::Agent => "agent",
            Speaker::Thought => "thought",
            Speaker::Tool => "tool",
            Speaker::Output => "output",
            Speaker::Note => "note",
        }
    }
}

/// A piece of a conversation. Its text is untrusted, but bounded and without control characters other than
/// line breaks and tabs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Who speaks.
    pub speaker: Speaker,
    /// What is said.
    pub text: String,
    /// When, where that is known.
    pub at: Option<Timestamp>,
}

/// The longest handover, in bytes.
const MAX_HANDOVER: usize = 12 * 1024;

/// What a new conversation is told of an earlier one that cannot be continued: what it was about, what was
/// asked, and how it ended. `last` is the end of the earlier one.
pub fn handover(earlier: &Conversation, last: &[Passage]) -> String {
    let mut text = String::from("This goes on from an earlier conversation");
    if !earlier.directory.as_os_str().is_empty() {
        text.push_str(&format!(" in {}", earlier.directory.display()));
    }
    text.push_str(
        ", which cannot be continued itself. What follows is a record of it, not a new request; look at \
         the repository for what has become of it since.\n",
    );
    let quoted = |text: &mut String, name: &str, said: &str, most: usize| {
        let cut = &said[..said.floor_char_boundary(most)];
        let more = if cut.len() < said.len() { " …" } else { "" };
        let lines: Vec<String> = cut.lines().map(|line| format!("> {line}")).collect();
        text.push_str(&format!("\n{name}:\n{}{more}\n", lines.join("\n")));
    };
    if !earlier.prompt.is_empty() {
        quoted(&mut text, "It began with", &earlier.prompt, 3000);
    }
    // From the end, as much as there is room for.
    let mut ending = Vec::new();
    let mut room = MAX_HANDOVER.saturating_sub(text.len());
    for passage in last.iter().rev() {
        let name = match passage.speaker {
            Speaker::User => "The user said",
            Speaker::Agent => "The agent said",
            Speaker::Tool => "The agent did",
            Speaker::Thought | Speaker::Output | Speaker::Note => continue,
        };
        let mut piece = String::new();
        quoted(&mut piece, name, &passage.text, 2000);
        if piece.len() > room {
            break;
        }
        room -= piece.len();
        ending.push(piece);
    }
    ending.reverse();
    text.push_str(&ending.concat());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handover_quotes_the_beginning_and_the_end() {
        let earlier = Conversation {
            directory: "/src/api".into(),
            prompt: "Fix the login\nand the logout".into(),
            ..Conversation::default()
        };
        let say = |speaker, text: &str| Passage {
            speaker,
            text: text.to_owned(),
            at: None,
        };
        let mut last = vec![say(Speaker::User, "Ä".repeat(5000).as_str()); 40];
        last.push(say(Speaker::Tool, "Bash(cargo test)"));
        last.push(say(Speaker::Output, "secret output"));
        last.push(say(Speaker::Agent, "It works now."));
        let text = handover(&earlier, &last);
        assert!(text.len() <= MAX_HANDOVER, "{}", text.len());
        assert!(text.contains("in /src/api") && text.contains("> Fix the login\n> and the logout"));
        assert!(text.ends_with("> Bash(cargo test)\n\nThe agent said:\n> It works now.\n"));
        assert!(!text.contains("secret"));
    }
}
