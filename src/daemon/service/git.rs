//! What the daemon asks of git: repositories, worktrees, how branches stand. Never on a thread that
//! serves the sockets.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::projects::project_file;
use super::records::{Change, DAEMON};
use super::{Caller, GitState, Service, blocking};
use crate::domain::names::{branch_name, dir_name};
use crate::domain::{Project, Status, Task, TaskId};
use crate::git::{self, Git, GitError};
use crate::protocol::{ApiError, ApiResult, ErrorCode, GitView, Level, RiskView};

/// A branch is not looked at more often than that.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The longest diff that is shown, in bytes.
const MAX_DIFF: usize = 7 * 1024 * 1024;

/// Where a task is worked on.
pub(super) struct Place {
    pub(super) path: PathBuf,
    /// Whether it was made just now.
    pub(super) new: bool,
}

impl From<GitError> for ApiError {
    fn from(error: GitError) -> Self {
        let hint = error.hint();
        let error = ApiError::new(ErrorCode::Failed, error.to_string());
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

/// A task's branch and worktree, with what git wants to know about them.
pub(super) struct Branch {
    pub(super) root: PathBuf,
    pub(super) worktree: PathBuf,
    pub(super) name: String,
    pub(super) base: Option<String>,
    pub(super) base_commit: String,
}

impl Service {
    /// The root of the repository that `directory` is in.
    pub(super) async fn find_repository(&self, directory: &Path) -> ApiResult<PathBuf> {
        let directory = directory.to_owned();
        let found = blocking(move || git::discover(&directory)).await?;
        Ok(found?.root)
    }

    /// The branch that is checked out in `directory`, where that is a worktree of the user's own beside
    /// the repository's main one: what is begun there starts from there.
    pub(super) async fn branch_here(&self, directory: &Path) -> ApiResult<Option<String>> {
        let directory = directory.to_owned();
        let found = blocking(move || git::discover(&directory)).await??;
        let here = found.here.branch().filter(|_| found.here != found.head);
        // What an agent begins in its own worktree is no part of its task.
        let own = here.filter(|branch| !branch.starts_with("gluon/"));
        Ok(own.map(str::to_owned))
    }

    pub(super) async fn branches_of(&self, project: &Project) -> ApiResult<Vec<String>> {
        let path = project.path.clone();
        Ok(blocking(move || git::branches(&path)).await??)
    }

    /// Where worktrees are made.
    pub(super) fn worktrees_dir(&self) -> PathBuf {
        match &self.config.worktrees.dir {
            Some(dir) => dir.clone(),
            None => self.paths.worktrees(),
        }
    }

    /// A task's worktree: the one it has, or a new one.
    pub(super) async fn prepare_worktree(
        &self,
        task: &Task,
        project: &Project,
    ) -> ApiResult<Place> {
        if let Some(path) = task.worktree.clone().filter(|path| path.is_dir()) {
            return Ok(Place { path, new: false });
        }
        let base = match &task.base {
            Some(base) => Some(base.clone()),
            None => project_file(&project.path)?.base,
        };
        let spec = git::WorktreeSpec {
            root: project.path.clone(),
            branch: branch_name(task.id, &task.title),
            path: self
                .worktrees_dir()
                .join(&project.name)
                .join(dir_name(task.id, &task.title)),
            // A worktree that somebody removed by hand: go on where its branch stood.
            base: task.branch.clone().or(base),
        };
        let made = blocking(move || git::add_worktree(&Git::new(), &spec)).await??;
        let path = made.path.clone();
        for note in made.notes {
            self.say(Some(task.id), Level::Info, note);
        }
        self.change_task(task.id, Change::new(DAEMON, "worktree"), |task| {
            // Known from now on, whatever is checked out later.
            if task.branch.is_none() {
                task.base = Some(made.base_name);
                task.base_commit = Some(made.base_commit);
            }
            task.branch = Some(made.branch);
            task.worktree = Some(made.path);
            Ok(())
        })?;
        let (from, to) = (project.path.clone(), path.clone());
        // What is missing then is said, but is no reason not to start.
        if let Err(error) = blocking(move || git::copy_included(&from, &to)).await? {
            let text = format!("not everything of .worktreeinclude was copied: {error}");
            self.say(Some(task.id), Level::Warning, text);
        }
        Ok(Place { path, new: true })
    }

    /// Files with uncommitted changes in a task's worktree, new ones too.
    pub(super) async fn dirty_files(&self, task: &Task) -> ApiResult<u32> {
        let risk = self.worktree_risk(task).await?;
        Ok(risk.dirty + risk.untracked)
    }

    /// What removing a task's worktree and branch would lose.
    pub(super) async fn worktree_risk(&self, task: &Task) -> ApiResult<RiskView> {
        let Some(branch) = self.branch_of(task)? else {
            return Ok(RiskView::default());
        };
        let risk = blocking(move || {
            let worktree = branch.worktree.is_dir().then_some(&*branch.worktree);
            git::risk(&Git::new(), &branch.root, worktree, &branch.name)
        });
        let risk = risk.await??;
        Ok(RiskView {
            dirty: risk.dirty,
            untracked: risk.untracked,
            unmerged_commits: risk.unmerged_commits,
            live: false,
        })
    }

    pub(super) async fn diff(self: &Arc<Self>, _: &Caller, id: TaskId) -> ApiResult<String> {
        let task = self.task(id)?;
        let Some(branch) = self.branch_of(&task)? else {
            return Ok(String::new());
        };
        let diff = blocking(move || {
            let base = branch.base.as_deref();
            git::diff_since(&Git::new(), &branch.worktree, &branch.base_commit, base)
        });
        let mut text = diff.await??;
        // A frame has to hold it with its surroundings.
        if text.len() > MAX_DIFF {
            let mut end = MAX_DIFF;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push_str("\n[gluon: the rest of this diff is too long to be shown]\n");
        }
        Ok(text)
    }

    /// Looks at all branches that may have something new.
    pub(super) async fn look_at_all_git(self: &Arc<Self>) {
        let Ok(tasks) = self.store.tasks() else {
            return;
        };
        for task in tasks {
            if matches!(task.status, Status::Running | Status::Review) || task.worktree.is_some() {
                self.look_at_git(task.id, false).await;
            }
        }
    }

    /// Looks at a task's branch, if somebody is there to see it (or it is wanted anyway) and it was not
    /// looked at a moment ago. Publishes what is new.
    pub(super) async fn look_at_git(self: &Arc<Self>, id: TaskId, anyway: bool) {
        if !anyway && !self.hub.is_watched() {
            return;
        }
        let Ok(task) = self.task(id) else { return };
        let Ok(Some(branch)) = self.branch_of(&task) else {
            return;
        };
        {
            let mut state = self.state();
            let known: &mut GitState = state.git.entry(id).or_default();
            let fresh = known.looked_at.is_some_and(|at| at.elapsed() < LOOK_EVERY);
            if known.looking || (fresh && !anyway) {
                return;
            }
            known.looking = true;
            known.looked_at = Some(Instant::now());
        }
        let summary = blocking(move || {
            let base = branch.base.as_deref();
            git::summary(&branch.worktree, &branch.base_commit, base)
        });
        let summary = summary.await;
        let view = match summary {
            Ok(Ok(summary)) => Some(GitView {
                ahead: summary.ahead,
                behind: summary.behind,
                files: summary.files,
                insertions: summary.insertions,
                deletions: summary.deletions,
                dirty: summary.dirty + summary.untracked,
            }),
            Ok(Err(error)) => {
                tracing::info!(task = id.0, %error, "a branch cannot be looked at");
                None
            }
            Err(_) => None,
        };
        let changed = {
            let mut state = self.state();
            let Some(known) = state.git.get_mut(&id) else {
                return;
            };
            known.looking = false;
            let changed = view.is_some() && known.view != view;
            if view.is_some() {
                known.view = view;
            }
            changed
        };
        if changed {
            self.publish_task(id);
            self.look_at_check(id).await;
            self.sweep_soon(task.project);
        }
    }

    /// A task's branch and worktree; `None` before it has any.
    pub(super) fn branch_of(&self, task: &Task) -> ApiResult<Option<Branch>> {
        let (Some(name), Some(worktree), Some(base_commit)) =
            (&task.branch, &task.worktree, &task.base_commit)
        else {
            return Ok(None);
        };
        let project = self.project(task.project)?;
        Ok(Some(Branch {
            root: project.path,
            worktree: worktree.clone(),
            name: name.clone(),
            base: task.base.clone(),
            base_commit: base_commit.clone(),
        }))
    }
}
