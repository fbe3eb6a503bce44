//! `gluon comment`: remarks on a task's changes, and sending them.

use clap::Args;

use super::super::args::{Format, OneTask};
use super::super::context::Context;
use super::super::failure::{Failure, Outcome};
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::pick;
use crate::domain::comment::{Place, PlaceLine};
use crate::domain::patch::{Patch, Side};
use crate::domain::{Comment as Record, CommentId, TaskId};
use crate::protocol::{AddComment, Api, EditComment, SendReview};

const AFTER_HELP: &str = "\
Comments collect until they are sent; the agent gets all of them as one
message and goes on in the same conversation. On the board, `d` shows the
changes and `c` comments on a line.

Examples:
  gluon comment 12                              list them
  gluon comment 12 src/login.rs:40 \"Why twice?\"
  gluon comment 12 src/login.rs:40-48 \"Split this.\"
  gluon comment 12 src/login.rs \"Needs a test.\"
  gluon comment 12 --drop 3
  gluon comment 12 --send";

/// Comment on a task's changes, list the comments, send them to the agent
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Comment {
    #[command(flatten)]
    task: OneTask,
    /// The file, with a line or lines of it as they are now: PATH, PATH:LINE, PATH:FIRST-LAST
    #[arg(requires = "text", conflicts_with_all = ["drop", "send"])]
    place: Option<String>,
    /// The words
    text: Option<String>,
    /// Take back the comment with this number
    #[arg(long, value_name = "NUMBER", conflicts_with = "send")]
    drop: Option<i64>,
    /// Send all comments that were not sent yet
    #[arg(long)]
    send: bool,
    /// What the agent is told before the comments
    #[arg(long, short, value_name = "TEXT", requires = "send")]
    message: Option<String>,
    #[command(flatten)]
    format: Format,
}

impl Comment {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let task = pick::task(&client, &self.task.task).await?;
        if self.send {
            let text = self.message.unwrap_or_default();
            let send = SendReview {
                task,
                text,
                recap: false,
            };
            let card = client.send_review(send).await?;
            return super::tell_started(ctx, &card, self.format.json);
        }
        if let Some(number) = self.drop {
            let comment = CommentId(number);
            let text = String::new();
            let left = client.edit_comment(EditComment {
                task,
                comment,
                text,
            });
            return tell(ctx, task, &left.await?, self.format.json);
        }
        let (Some(place), Some(text)) = (self.place, self.text) else {
            let comments = client.list_comments(task).await?;
            return tell(ctx, task, &comments, self.format.json);
        };
        let place = parse(&place)?;
        let patch = Patch::read(&client.diff(task).await?);
        let quote = quote(&patch, &place)?;
        let add = AddComment {
            task,
            place,
            quote,
            text,
        };
        let comment = client.add_comment(add).await?;
        if self.format.json {
            return ctx.out.json(&comment);
        }
        tell(ctx, task, &[comment], false)
    }
}

/// `PATH`, `PATH:LINE` or `PATH:FIRST-LAST`.
fn parse(text: &str) -> Outcome<Place> {
    let lines = text.rsplit_once(':').and_then(|(path, lines)| {
        let (first, last) = lines.split_once('-').unwrap_or((lines, lines));
        Some((path, first.parse::<u32>().ok()?, last.parse::<u32>().ok()?))
    });
    let Some((path, first, last)) = lines else {
        let path = text.to_owned();
        return Ok(Place { path, line: None });
    };
    if first == 0 || last < first {
        return Err(Failure::usage(format!("`{text}` names no lines"))
            .with_hint("lines count from 1: src/a.rs:12 or src/a.rs:10-12"));
    }
    Ok(Place {
        path: path.to_owned(),
        line: Some(PlaceLine {
            number: last,
            before: last - first,
            side: Side::New,
        }),
    })
}

/// The line's text; an error where the task has not changed that file.
fn quote(patch: &Patch, place: &Place) -> Outcome<String> {
    let Some(file) = patch.files.iter().find(|file| file.path == place.path) else {
        let names: Vec<&str> = patch.files.iter().take(5).map(|file| &*file.path).collect();
        let hint = match names.is_empty() {
            true => "it has changed nothing yet".to_owned(),
            false => format!("it has changed {}", clean::line(&names.join(", "))),
        };
        let path = clean::line(&place.path);
        return Err(Failure::usage(format!("the task has not changed `{path}`")).with_hint(hint));
    };
    let wanted = place.line.map_or(0, |line| line.number);
    let mut lines = file.hunks.iter().flat_map(|hunk| &hunk.lines);
    let line = lines.find(|line| line.new == wanted && wanted > 0);
    Ok(line.map(|line| line.text.to_string()).unwrap_or_default())
}

fn tell(ctx: &Context, task: TaskId, comments: &[Record], json: bool) -> Outcome {
    if json {
        return ctx.out.json(&comments);
    }
    if comments.is_empty() {
        return ctx.out.line(format!(
            "no comments on task {task} yet; `gluon comment {task} PATH:LINE TEXT` makes one"
        ));
    }
    for comment in comments {
        let number = ctx.out.paint(Role::Accent, &format!("{}", comment.id));
        let place = clean::line(&comment.place.words()).into_owned();
        let place = ctx.out.paint(Role::Strong, &place);
        let state = match comment.sent_at {
            None => "not sent yet",
            Some(_) => "sent",
        };
        let state = ctx.out.paint(Role::Dim, state);
        ctx.out.line(format!("{number} {place} {state}"))?;
        for line in clean::block(&comment.text).lines() {
            ctx.out.line(format!("  {line}"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_people_type_them() {
        for (text, words) in [
            ("src/a.rs", "src/a.rs"),
            ("src/a.rs:12", "src/a.rs:12"),
            ("src/a.rs:10-12", "src/a.rs:10-12"),
            ("odd:name", "odd:name"),
            ("c:d:7", "c:d:7"),
        ] {
            assert_eq!(parse(text).unwrap().words(), words);
        }
        for text in ["a:0", "a:9-3"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
