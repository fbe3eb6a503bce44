//! `gluon accept`: calls tasks done, and integrates what they did.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};
use std::process::Command;

use clap::Args;

use super::super::args::{Format, SomeTasks, Yes};
use super::super::context::{Context, confirmed};
use super::super::failure::{Code, Failure, Outcome};
use super::super::output::clean;
use super::super::output::paint::Role;
use super::super::pick;
use crate::domain::TaskId;
use crate::domain::accept::Way;
use crate::protocol::{AcceptPlan, AcceptPreview, Api, Integrated};

const AFTER_HELP: &str = "\
Without one of the ways, the one set under [review] in your settings is taken;
without that, the branch is left for you to merge. The work is put together in a worktree of
gluon's own; the target moves only if that is safe, also where it is checked
out and clean. `gluon undo` takes it back.

Examples:
  gluon accept 12 --squash
  gluon accept 12 --merge --into release -m \"Fix the login\"
  gluon accept 12 13 --rebase --yes
  gluon accept 12 13 14 --queue           one after the other, each checked first
  gluon accept 12 --squash --dry-run      what would happen";

/// Call tasks done, and integrate what they did
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Accept {
    #[command(flatten)]
    tasks: SomeTasks,
    #[command(flatten)]
    ways: Ways,
    /// The branch that gets it; else the one the task was started from
    #[arg(long, value_name = "BRANCH")]
    into: Option<String>,
    /// The message of the commit; else the task's title and what its agent said last
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    /// Edit the message in $EDITOR first
    #[arg(long, short)]
    edit: bool,
    /// Only if its check passes; it is run where it has not
    #[arg(long, overrides_with = "no_check")]
    check: bool,
    /// Without its check, even if the settings require it
    #[arg(long)]
    no_check: bool,
    /// Refuse where something is not committed, instead of committing it
    #[arg(long)]
    no_commit: bool,
    /// Without the repository's commit hooks
    #[arg(long)]
    no_verify: bool,
    /// Into the merge queue: brought onto the target, checked and merged, one task after the other
    #[arg(long, conflicts_with_all = ["dry_run", "pr", "leave"])]
    queue: bool,
    /// Off the merge queue again
    #[arg(long, conflicts_with_all = ["dry_run", "queue"])]
    unqueue: bool,
    /// Only say what would happen
    #[arg(long, short = 'n')]
    dry_run: bool,
    #[command(flatten)]
    yes: Yes,
    #[command(flatten)]
    format: Format,
}

/// How it reaches the target.
#[derive(Debug, Clone, Copy, Args)]
#[group(multiple = false)]
struct Ways {
    /// With a merge commit
    #[arg(long)]
    merge: bool,
    /// As one commit
    #[arg(long)]
    squash: bool,
    /// As the task's commits, replayed on the target
    #[arg(long)]
    rebase: bool,
    /// By moving the target to the task's last commit
    #[arg(long)]
    ff: bool,
    /// With a pull request, through gh or glab
    #[arg(long)]
    pr: bool,
    /// Leave the branch as it is
    #[arg(long)]
    leave: bool,
}

impl Ways {
    fn chosen(self) -> Option<Way> {
        [
            (self.merge, Way::Merge),
            (self.squash, Way::Squash),
            (self.rebase, Way::Rebase),
            (self.ff, Way::FastForward),
            (self.pr, Way::PullRequest),
            (self.leave, Way::Leave),
        ]
        .into_iter()
        .find_map(|(chosen, way)| chosen.then_some(way))
    }
}

impl Accept {
    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome {
        let client = ctx.client().await?;
        let tasks = pick::tasks(&client, &self.tasks.tasks).await?;
        if self.dry_run {
            let mut all = Vec::new();
            for task in tasks {
                let preview = client.preview_accept(self.plan(task, false)).await?;
                if !self.format.json {
                    ctx.out.text(clean::block(&shown(&preview)))?;
                }
                all.push(preview);
            }
            return match self.format.json {
                true => ctx.out.json(&all),
                false => Ok(()),
            };
        }
        if self.queue || self.unqueue {
            let mut cards = Vec::new();
            for task in tasks {
                cards.push(match self.queue {
                    true => client.queue_merge(self.plan(task, false)).await?,
                    false => client.unqueue_merge(task).await?,
                });
            }
            return super::tell_cards(ctx, &cards, self.format.json);
        }
        let mut all = Vec::new();
        for task in tasks {
            let mut plan = self.plan(task, false);
            if self.edit {
                let preview = client.preview_accept(plan.clone()).await?;
                plan.message = Some(edited(&preview)?);
            }
            let accepted = confirmed(self.yes.yes, |confirm| {
                client.integrate(AcceptPlan {
                    confirm,
                    ..plan.clone()
                })
            })
            .await?;
            if !self.format.json {
                tell(ctx, &accepted)?;
            }
            all.push(accepted);
        }
        match self.format.json {
            true => ctx.out.json(&all),
            false => Ok(()),
        }
    }

    fn plan(&self, task: TaskId, confirm: bool) -> AcceptPlan {
        let check = match (self.check, self.no_check) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        AcceptPlan {
            task: Some(task),
            way: self.ways.chosen(),
            into: self.into.clone(),
            message: self.message.clone(),
            check,
            commit: self.no_commit.then_some(false),
            no_hooks: self.no_verify,
            confirm,
        }
    }
}

fn tell(ctx: &Context, accepted: &Integrated) -> Outcome {
    super::tell_card(ctx, &accepted.card, false)?;
    ctx.out.line(clean::block(&accepted.sentence))?;
    for note in &accepted.notes {
        ctx.out
            .line(ctx.out.paint(Role::Warn, &clean::block(note)))?;
    }
    Ok(())
}

/// A preview in lines.
fn shown(preview: &AcceptPreview) -> String {
    let mut text = format!("#{}: {}\n", preview.task, preview.effect);
    let count = |number: u32, what: &str| match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    };
    let mut facts = vec![
        count(preview.commits, "commit"),
        count(preview.files, "file"),
    ];
    if preview.uncommitted > 0 {
        facts.push(format!(
            "{} not committed yet, which is committed first",
            count(preview.uncommitted, "file")
        ));
    }
    if preview.behind > 0 {
        facts.push(format!(
            "{} has {} more",
            preview.into,
            count(preview.behind, "commit")
        ));
    }
    let _ = writeln!(text, "  {}", facts.join(", "));
    if let Some(path) = &preview.checkout {
        let _ = writeln!(text, "  moves along: {}", path.display());
    }
    for file in preview.conflicts.iter().take(20) {
        let _ = writeln!(text, "  conflict: {file}");
    }
    if preview.resurrected > 0 {
        let commits = count(preview.resurrected, "commit");
        let _ = writeln!(
            text,
            "  {} was rewritten; this brings back {commits} it no longer has",
            preview.into
        );
    }
    if preview.way.takes_message() {
        for line in preview.message.lines() {
            let _ = writeln!(text, "  | {line}");
        }
    }
    if let Some(obstacle) = &preview.obstacle {
        let _ = writeln!(text, "  not now: {obstacle}");
    }
    text
}

/// The message as the user's editor leaves it.
fn edited(preview: &AcceptPreview) -> Outcome<String> {
    let refuse = |message: &str| Failure::new(Code::Refused, message);
    if !std::io::stdin().is_terminal() {
        return Err(
            refuse("there is no terminal to edit in").with_hint("`-m TEXT` gives a message")
        );
    }
    let set = |name: &str| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.trim().is_empty())
    };
    let editor = set("GIT_EDITOR")
        .or_else(|| set("VISUAL"))
        .or_else(|| set("EDITOR"));
    let editor = editor.unwrap_or_else(|| "vi".to_owned());
    let mut file = tempfile_named("ACCEPT_MESSAGE")?;
    let comment = clean::block(&shown(preview)).replace('\n', "\n# ");
    write!(
        file.1,
        "{}\n\n# The message of the commit; lines with # are left out, an empty one accepts nothing.\n#\n# {comment}\n",
        preview.message
    )?;
    drop(file.1);
    // As git does it: the setting is a command line.
    let status = Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg(&editor)
        .arg(&file.0)
        .status()?;
    let text = std::fs::read_to_string(&file.0);
    let _ = std::fs::remove_file(&file.0);
    if !status.success() {
        return Err(refuse("the editor failed; nothing was accepted"));
    }
    let kept: Vec<&str> = text
        .as_deref()
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let message = kept.join("\n").trim().to_owned();
    match message.is_empty() {
        true => Err(refuse("the message is empty; nothing was accepted")),
        false => Ok(message),
    }
}

/// A new private file in the directory for temporary ones.
fn tempfile_named(name: &str) -> Outcome<(std::path::PathBuf, std::fs::File)> {
    use std::os::unix::fs::OpenOptionsExt;
    for number in 0..1000 {
        let path =
            std::env::temp_dir().join(format!("gluon-{}-{number}-{name}", std::process::id()));
        let made = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        match made {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::new(Code::Failed, "no temporary file can be made"))
}
