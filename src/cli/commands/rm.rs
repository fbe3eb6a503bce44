//! `gluon rm`: removes tasks with their worktrees, leaving a way back.

use clap::Args;
use serde::Serialize;

use super::super::args::{Format, SomeTasks, Yes};
use super::super::context::{Context, ask};
use super::super::failure::Outcome;
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::pick;
use crate::domain::TaskId;
use crate::protocol::{Api, ConfirmTask, Removed, RiskView};

const AFTER_HELP: &str = "\
It always asks. What the branch and the worktree had is kept in a recovery ref
and a patch file first; their names are printed.

Examples:
  gluon rm 12
  gluon rm 12 13 --yes";

/// Remove tasks with their worktrees and branches
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Rm {
    #[command(flatten)]
    tasks: SomeTasks,
    #[command(flatten)]
    yes: Yes,
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct Gone {
    task: TaskId,
    removed: Removed,
}

impl Rm {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let mut all = Vec::new();
        for task in pick::tasks(&client, &self.tasks.tasks).await? {
            let detail = client.show_task(task).await?;
            let title = clean::line(&detail.card.task.title).into_owned();
            if !self.yes.yes {
                let risk = client.task_risk(task).await?;
                ask(&format!("Remove #{task} {title}? {}", losses(&risk)))?;
            }
            let confirm = ConfirmTask {
                task,
                confirm: true,
            };
            let removed = client.remove_task(confirm).await?;
            if !self.format.json {
                tell(ctx, task, &title, &removed)?;
            }
            all.push(Gone { task, removed });
        }
        if self.format.json {
            ctx.out.json(&all)?;
        }
        Ok(())
    }
}

fn tell(ctx: &Context, task: TaskId, title: &str, removed: &Removed) -> Outcome {
    let id = ctx.out.paint(Role::Accent, &format!("#{task}"));
    ctx.out.line(format!("{id} {title} is removed"))?;
    if let Some(name) = &removed.recovery_ref {
        let back = format!("  its commits and files are in {name}");
        ctx.out.line(clean::line(&back))?;
    }
    if let Some(path) = &removed.patch {
        let back = format!("  its uncommitted changes are in {}", path.display());
        ctx.out.line(clean::line(&back))?;
    }
    Ok(())
}

/// What goes with it, in a sentence.
fn losses(risk: &RiskView) -> String {
    let count = |number: u32, one: &str, many: &str| match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{number} {many}")),
    };
    let mut parts: Vec<String> = [
        count(
            risk.dirty,
            "file with uncommitted changes",
            "files with uncommitted changes",
        ),
        count(risk.untracked, "new file", "new files"),
        count(
            risk.unmerged_commits,
            "commit that is nowhere else",
            "commits that are nowhere else",
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    if risk.live {
        parts.push("an agent at work".to_owned());
    }
    match parts.is_empty() {
        true => "Nothing would be lost.".to_owned(),
        false => format!("It has {}.", parts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_says_what_would_go() {
        assert_eq!(losses(&RiskView::default()), "Nothing would be lost.");
        let risk = RiskView {
            dirty: 1,
            untracked: 0,
            unmerged_commits: 3,
            live: true,
        };
        assert_eq!(
            losses(&risk),
            "It has 1 file with uncommitted changes, 3 commits that are nowhere else, an agent at work."
        );
    }
}
