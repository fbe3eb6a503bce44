//! Working out what an integration comes to: new commits on the bench, not a ref moved.

use std::path::PathBuf;

use super::super::error::{GitError, Result, one_line};
use super::super::run::Git;
use super::super::scratch::Scratch;
use super::super::{recovery, repo};
use super::Step;
use super::assess::{Source, source};
use super::bench::Bench;
use crate::domain::accept::{Landing, Move, Way};

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The repository.
    pub root: PathBuf,
    /// The task's worktree, while there is one.
    pub worktree: Option<PathBuf>,
    /// The task's branch.
    pub branch: String,
    /// The commit it was started from.
    pub base_commit: String,
    /// The branch to integrate into.
    pub target: String,
    /// How.
    pub way: Way,
    /// The message of commits that are made.
    pub message: String,
    /// Whether uncommitted work is committed; else it is refused.
    pub commit: bool,
    /// Whether the repository's hooks run where commits are made.
    pub hooks: bool,
    /// Where the commits are held until the branches have moved.
    pub hold: String,
}

/// Works `plan` out on `bench`. Afterwards a ref holds every commit of the landing; nothing else has changed.
///
/// # Errors
/// Conflicts, hooks that refuse, uncommitted work that shall not be committed, a target that is not there.
pub fn prepare(git: &Git, plan: &Plan, bench: &Bench, step: Step<'_>) -> Result<Landing> {
    let repo = repo::open(&plan.root)?;
    let target = repo::branch_tip(&repo, &plan.target)?
        .ok_or_else(|| GitError::NoSuchBase(one_line(&plan.target)))?
        .to_string();
    drop(repo);
    let source = source(git, &plan.root, plan.worktree.as_deref(), &plan.branch)?;
    if source.is_dirty() && !plan.commit {
        return Err(GitError::Uncommitted(source.dirty));
    }
    let maker = Maker {
        plan,
        bench,
        message: Scratch::new()?,
    };
    step("commit the uncommitted");
    let work = maker.commit_uncommitted(&source)?;
    step("integrate");
    let result = match plan.way.moves_target() {
        true => Some(maker.integrate(&source, &work, &target)?),
        false => None,
    };
    let mut landing = Landing {
        way: plan.way,
        target: result.map(|result| Move {
            name: plan.target.clone(),
            from: target.clone(),
            to: result,
        }),
        branch: Move {
            name: plan.branch.clone(),
            from: source.branch_tip.clone(),
            to: work,
        },
        files: source.is_dirty().then(|| source.tree.clone()),
        worktree: plan.worktree.clone(),
        hold: plan.hold.clone(),
    };
    if source.is_elsewhere() {
        // What was done on a branch of the agent's own is integrated; the task's branch stays where it is.
        landing.branch.to = landing.branch.from.clone();
    }
    step("hold");
    hold(git, plan, &landing, &source)?;
    Ok(landing)
}

/// Puts one ref on all commits of `landing`, so that no other git can collect them.
fn hold(git: &Git, plan: &Plan, landing: &Landing, source: &Source) -> Result<()> {
    let mut parents: Vec<String> = Vec::new();
    let moves = landing.target.iter().chain([&landing.branch]);
    for moved in moves {
        parents.extend([moved.from.clone(), moved.to.clone()]);
    }
    parents.push(source.tip.clone());
    parents.sort();
    parents.dedup();
    let commit = recovery::commit(
        git,
        &plan.root,
        &source.tree,
        &parents,
        "gluon: what an integration needs",
    )?;
    git.run(&plan.root, &["update-ref", &plan.hold, &commit])?;
    Ok(())
}

struct Maker<'a> {
    plan: &'a Plan,
    bench: &'a Bench,
    /// Where the message lies for git to read.
    message: Scratch,
}

impl Maker<'_> {
    /// A commit that has everything of the worktree; the tip itself where that has it already.
    fn commit_uncommitted(&self, source: &Source) -> Result<String> {
        if !source.is_dirty() {
            return Ok(source.tip.clone());
        }
        if source.is_elsewhere() {
            return Err(GitError::Elsewhere {
                branch: self.plan.branch.clone(),
                head: source.head.clone(),
            });
        }
        self.bench.reset(&source.tip)?;
        let args = ["read-tree", "--reset", "-u", &source.tree];
        self.bench.call(&args).long().run()?;
        self.commit(&source.tip)
    }

    /// Commits the bench's index with the plan's message, as the user would.
    fn commit(&self, onto: &str) -> Result<String> {
        let file = self.message_file()?;
        let mut call = self
            .bench
            .as_user(
                &["commit", "--quiet", "--cleanup=whitespace"],
                self.plan.hooks,
            )
            .arg("-F")
            .arg(file);
        if !self.plan.hooks {
            call = call.arg("--no-verify");
        }
        let output = call.status()?;
        if !output.status.success() {
            return Err(self.bench.failure("commit", onto, &output));
        }
        self.bench.head()
    }

    fn message_file(&self) -> Result<PathBuf> {
        let file = self.message.path().join("message");
        let text = format!("{}\n", self.plan.message.trim());
        std::fs::write(&file, text).map_err(|error| GitError::io(&file, error))?;
        Ok(file)
    }

    /// The commit the target gets; where it has everything already, the target's own.
    fn integrate(&self, source: &Source, work: &str, target: &str) -> Result<String> {
        let repo = repo::open(&self.plan.root)?;
        let id = |hex: &str| {
            gix::ObjectId::from_hex(hex.as_bytes()).map_err(|_| GitError::NoSuchBase(one_line(hex)))
        };
        let (work_id, target_id) = (id(work)?, id(target)?);
        let base = repo::merge_base(&repo, work_id, target_id)?;
        if base == Some(work_id) {
            return Ok(target.to_owned());
        }
        let ahead = base == Some(target_id);
        let common = base.map(|base| base.to_string());
        let fork = fork(&repo, &self.plan.base_commit, work_id, base)?;
        drop(repo);
        match self.plan.way {
            Way::Merge => self.merge(work, target),
            Way::Squash => self.squash(work, target, &fork),
            Way::Rebase if ahead && common.as_deref() == Some(&*fork) => Ok(work.to_owned()),
            Way::Rebase => self.rebase(work, target, &fork),
            Way::FastForward if ahead => Ok(work.to_owned()),
            Way::FastForward => Err(GitError::NotFastForward {
                target: self.plan.target.clone(),
                branch: source.branch.clone(),
            }),
            Way::PullRequest | Way::Leave => Ok(target.to_owned()),
        }
    }

    fn merge(&self, work: &str, target: &str) -> Result<String> {
        self.bench.reset(target)?;
        let file = self.message_file()?;
        let args = [
            "merge",
            "--no-ff",
            "--no-edit",
            "--no-stat",
            "--cleanup=whitespace",
        ];
        let mut call = self
            .bench
            .as_user(&args, self.plan.hooks)
            .arg("-F")
            .arg(file);
        if !self.plan.hooks {
            call = call.arg("--no-verify");
        }
        let output = call.arg(work).status()?;
        if !output.status.success() {
            return Err(self.bench.failure("merge", &self.plan.target, &output));
        }
        self.bench.head()
    }

    /// Everything since `fork` as one commit: a pick of a commit that has all of it at once.
    fn squash(&self, work: &str, target: &str, fork: &str) -> Result<String> {
        let tree = self.bench.tree(work)?;
        let all = recovery::commit(
            self.bench.git(),
            self.bench.path(),
            &tree,
            &[fork.to_owned()],
            "gluon: all of it",
        )?;
        self.bench.reset(target)?;
        let args = ["cherry-pick", "--no-commit", "--allow-empty"];
        let output = self.bench.call(&args).arg(all).long().status()?;
        if !output.status.success() {
            return Err(self
                .bench
                .failure("cherry-pick", &self.plan.target, &output));
        }
        let same = self.bench.call(&["write-tree"]).run()?.text() == self.bench.tree(target)?;
        match same {
            true => Ok(target.to_owned()),
            false => self.commit(&self.plan.target),
        }
    }

    fn rebase(&self, work: &str, target: &str, fork: &str) -> Result<String> {
        self.bench.reset(work)?;
        let args = [
            "rebase",
            "--no-autosquash",
            "--empty=drop",
            "--no-stat",
            "--onto",
            target,
            fork,
        ];
        let mut call = self.bench.as_user(&args, self.plan.hooks);
        if !self.plan.hooks {
            call = call.arg("--no-verify");
        }
        let output = call.status()?;
        if !output.status.success() {
            return Err(self.bench.failure("rebase", &self.plan.target, &output));
        }
        self.bench.head()
    }
}

/// Where the task's own commits begin: what it was started from, or where it has taken in the target since.
///
/// Where the target was rewritten, its common ancestor with the task lies before what the task was started
/// from: what is between is none of the task's.
pub(in crate::git) fn fork(
    repo: &gix::Repository,
    base_commit: &str,
    work: gix::ObjectId,
    common: Option<gix::ObjectId>,
) -> Result<String> {
    let start = gix::ObjectId::from_hex(base_commit.as_bytes())
        .ok()
        .filter(|id| repo.find_commit(*id).is_ok());
    let start = match start {
        Some(start) if repo::merge_base(repo, start, work)? == Some(start) => Some(start),
        _ => None,
    };
    let fork = match (start, common) {
        (Some(start), Some(common)) => {
            match repo::merge_base(repo, start, common)? == Some(start) {
                true => common,
                false => start,
            }
        }
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return Ok(super::super::worktree::empty_tree()),
    };
    Ok(fork.to_string())
}
