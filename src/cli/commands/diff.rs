//! `gluon diff`: what a task has changed.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::super::args::{Format, OneTask};
use super::super::complete;
use super::super::context::Context;
use super::super::failure::Outcome;
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::pick;
use crate::protocol::Api;

const AFTER_HELP: &str = "\
Examples:
  gluon diff 12
  gluon diff 12 14          what two tasks differ in, such as forks
  gluon diff 12 | less
  gluon diff 12 > 12.patch";

/// Print a task's changes as a unified diff
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Diff {
    #[command(flatten)]
    task: OneTask,
    /// Another task: what the two differ in, as they are now
    #[arg(add = ArgValueCandidates::new(complete::tasks))]
    other: Option<String>,
    #[command(flatten)]
    format: Format,
}

impl Diff {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let task = pick::task(&client, &self.task.task).await?;
        let diff = match &self.other {
            Some(other) => {
                let other = pick::task(&client, other).await?;
                client.compare((task, other)).await?
            }
            None => client.diff(task).await?,
        };
        if self.format.json {
            return ctx
                .out
                .json(&serde_json::json!({ "task": task, "diff": diff }));
        }
        if !ctx.out.is_terminal() && !ctx.out.color {
            // A patch has to stay a patch, byte for byte.
            return ctx.out.text(diff);
        }
        ctx.out.text(painted(&diff, ctx.out.color))
    }
}

/// A diff safe for a terminal, with its lines coloured.
fn painted(diff: &str, color: bool) -> String {
    let mut text = String::with_capacity(diff.len());
    // Within a hunk a line that begins with `---` is one that was removed, not a file's name.
    let mut in_hunk = false;
    for line in clean::block(diff).lines() {
        in_hunk = match line.as_bytes().first() {
            Some(b'@') => true,
            Some(b' ' | b'+' | b'-' | b'\\') => in_hunk,
            _ => false,
        };
        let role = match (line.as_bytes().first(), in_hunk) {
            (Some(b'@'), _) => Role::Accent,
            (Some(b'+'), true) => Role::Added,
            (Some(b'-'), true) => Role::Removed,
            (_, true) => Role::Plain,
            _ => Role::Strong,
        };
        text.push_str(&role.paint(line, color));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_coloured_by_what_they_are() {
        let diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n---old\n+n\u{1b}ew\n same\n";
        let expected = "\x1b[1mdiff --git a/x b/x\x1b[0m\n\x1b[1m--- a/x\x1b[0m\n\x1b[1m+++ b/x\x1b[0m\n\
            \x1b[36m@@ -1 +1 @@\x1b[0m\n\x1b[31m---old\x1b[0m\n\x1b[32m+n^[ew\x1b[0m\n same\n";
        assert_eq!(painted(diff, true), expected);
        assert_eq!(painted(diff, false), diff.replace('\u{1b}', "^["));
    }
}
