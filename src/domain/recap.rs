//! A recap: what an agent is told that takes up work whose conversation cannot be continued.
//!
//! Pure. What stands in it comes from the repository and from an agent: untrusted text for another agent,
//! quoted and bounded.

/// The longest quotation of an agent's last words, in characters.
const MOST_WORDS: usize = 1_500;

/// What was done so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recap {
    /// The first lines of the commits on the branch, the newest first.
    pub commits: Vec<String>,
    /// Files with uncommitted changes.
    pub files: Vec<String>,
    /// What the agent said last.
    pub last_words: String,
}

impl Recap {
    /// The prompt with which a new conversation goes on: the task's own, then what was done.
    pub fn prompt(&self, task: &str) -> String {
        let mut text = task.trim_end().to_owned();
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(
            "This was worked on before, in a conversation that cannot be continued. What was done so far:\n",
        );
        if self.commits.is_empty() && self.files.is_empty() {
            text.push_str("- No changes are left of it.\n");
        }
        list(
            &mut text,
            "Commits on this branch, the newest first",
            &self.commits,
        );
        list(&mut text, "Uncommitted changes in", &self.files);
        let words = self.last_words.trim();
        if !words.is_empty() {
            text.push_str("- The last words of that conversation were:\n");
            let quoted: String = words.chars().take(MOST_WORDS).collect();
            for line in quoted.lines() {
                text.push_str(&format!("  > {line}\n"));
            }
        }
        text.push_str("Look at the state of the work, then go on from there.");
        text
    }
}

fn list(text: &mut String, what: &str, entries: &[String]) {
    if entries.is_empty() {
        return;
    }
    text.push_str(&format!("- {what}:\n"));
    for entry in entries {
        text.push_str(&format!("  - {entry}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_told() {
        let recap = Recap {
            commits: vec!["Add the parser".into(), "Start".into()],
            files: vec!["src/a.rs".into()],
            last_words: "Two tests fail.\nI look at them next.\n".into(),
        };
        insta::assert_snapshot!(recap.prompt("Write a parser.\n"), @r"
        Write a parser.

        This was worked on before, in a conversation that cannot be continued. What was done so far:
        - Commits on this branch, the newest first:
          - Add the parser
          - Start
        - Uncommitted changes in:
          - src/a.rs
        - The last words of that conversation were:
          > Two tests fail.
          > I look at them next.
        Look at the state of the work, then go on from there.
        ");
        let empty = Recap::default().prompt("");
        assert!(empty.starts_with("This was worked on before"));
        assert!(empty.contains("No changes are left"));
        let long = Recap {
            last_words: "x".repeat(100_000),
            ..Recap::default()
        };
        assert!(long.prompt("").len() < 2_000);
    }
}
