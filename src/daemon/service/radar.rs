//! The radar: for every task that runs or waits for review, whether what it has right now would be in conflict
//! with its target or with what another one has right now.
//!
//! Off the hot path: a sweep of a project begins only where a worktree has changed and somebody is there to
//! see it, never sooner after the last than [`APART`], and one at a time; what was compared once is
//! remembered by its commits.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Caller, Service, blocking};
use crate::domain::{Project, ProjectId, Status, TaskId};
use crate::git::{self, Echo, Git, Radar};
use crate::protocol::{Against, ApiResult, Clash, OverlapView};

/// Between the end of a sweep and the next one of the same project.
const APART: Duration = Duration::from_secs(15);
/// The most tasks of a project that are compared with each other.
const MOST_TASKS: usize = 32;
/// The most files that a clash names.
const MOST_FILES: usize = 20;
/// How many comparisons are remembered.
const MOST_KNOWN: usize = 4096;

/// What is known of conflicts.
#[derive(Default)]
pub(super) struct Known {
    /// What would be in conflict, by both commits, the smaller first.
    compared: HashMap<(String, String), Vec<String>>,
    /// Per task.
    clashes: HashMap<TaskId, Vec<Clash>>,
    /// Projects that are swept, or will be.
    sweeping: HashSet<ProjectId>,
    /// When the last sweep of each ended.
    swept: HashMap<ProjectId, Instant>,
}

/// A task on the radar.
struct Seen {
    task: TaskId,
    target: String,
    echo: Echo,
}

impl Service {
    pub(super) async fn list_overlaps(
        self: &Arc<Self>,
        _: &Caller,
        project: Option<ProjectId>,
    ) -> ApiResult<Vec<OverlapView>> {
        let mut found = Vec::new();
        for candidate in self.store.projects()? {
            if project.is_none_or(|wanted| wanted == candidate.id) {
                found.extend(self.sweep(&candidate).await?);
            }
        }
        Ok(found)
    }

    /// What a task would be in conflict with.
    pub(super) fn clashes(&self, id: TaskId) -> Vec<Clash> {
        self.state()
            .radar
            .clashes
            .get(&id)
            .cloned()
            .unwrap_or_default()
    }

    /// A worktree has changed: the radar looks soon.
    pub(super) fn sweep_soon(self: &Arc<Self>, project: ProjectId) {
        let wait = {
            let mut state = self.state();
            if state.radar.sweeping.contains(&project) {
                return;
            }
            state.radar.sweeping.insert(project);
            let last = state.radar.swept.get(&project);
            last.map_or(Duration::ZERO, |at| APART.saturating_sub(at.elapsed()))
        };
        let service = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            if !service.is_closing()
                && service.hub.is_watched()
                && let Ok(project) = service.project(project)
                && let Err(error) = service.sweep(&project).await
            {
                tracing::info!(project = project.id.0, %error, "the radar sees nothing");
            }
            let mut state = service.state();
            state.radar.sweeping.remove(&project);
            state.radar.swept.insert(project, Instant::now());
        });
    }

    /// Looks at everything of a project, and publishes what is new.
    async fn sweep(self: &Arc<Self>, project: &Project) -> ApiResult<Vec<OverlapView>> {
        let mut places: Vec<(TaskId, PathBuf, String)> = Vec::new();
        for task in self.store.tasks()? {
            let open = matches!(task.status, Status::Running | Status::Review);
            let worktree = task.worktree.clone().filter(|path| path.is_dir());
            if let (true, true, Some(worktree), Some(_)) =
                (task.project == project.id, open, worktree, &task.branch)
                && let Ok(target) = self.target(&task, project, None).await
            {
                places.push((task.id, worktree, target));
            }
        }
        places.truncate(MOST_TASKS);
        let root = project.path.clone();
        let dir = self.paths.state.join("radar").join(project.id.to_string());
        let known = self.state().radar.compared.clone();
        let looked = blocking(move || look(&root, &dir, places, known));
        let (found, compared) = looked.await??;
        let clashes = by_task(&found);
        let own = self.store.tasks()?.into_iter();
        let own = own.filter(|task| task.project == project.id);
        let own: Vec<TaskId> = own.map(|task| task.id).collect();
        let mut changed = Vec::new();
        {
            let known = &mut self.state().radar;
            if known.compared.len() > MOST_KNOWN {
                known.compared.clear();
            }
            known.compared.extend(compared);
            for task in own {
                let now = clashes.get(&task);
                let before = match now {
                    Some(now) => known.clashes.insert(task, now.clone()),
                    None => known.clashes.remove(&task),
                };
                if before.as_ref() != now {
                    changed.push(task);
                }
            }
        }
        for task in changed {
            self.publish_task(task);
        }
        Ok(found)
    }
}

type Compared = HashMap<(String, String), Vec<String>>;

/// Compares every task with its target and with every other one.
fn look(
    root: &std::path::Path,
    dir: &std::path::Path,
    places: Vec<(TaskId, PathBuf, String)>,
    known: Compared,
) -> git::Result<(Vec<OverlapView>, Compared)> {
    let git = Git::new();
    let radar = Radar::open(root, dir)?;
    let mut seen = Vec::new();
    for (task, worktree, target) in places {
        // One that cannot be read (an agent is in the middle of something) is left out this time.
        match radar.echo(&git, &worktree, &target) {
            Ok(echo) => seen.push(Seen { task, target, echo }),
            Err(error) => tracing::info!(task = task.0, %error, "not on the radar this time"),
        }
    }
    let mut new = Compared::new();
    let mut conflicts = |one: &str, two: &str| -> git::Result<Vec<String>> {
        let key = match one <= two {
            true => (one.to_owned(), two.to_owned()),
            false => (two.to_owned(), one.to_owned()),
        };
        if let Some(files) = known.get(&key).or_else(|| new.get(&key)) {
            return Ok(files.clone());
        }
        let files = radar.conflicts(&git, &key.0, &key.1)?;
        new.insert(key, files.clone());
        Ok(files)
    };
    let mut found = Vec::new();
    for (index, one) in seen.iter().enumerate() {
        if let Some(tip) = git::tip(root, &one.target)? {
            let mut files = conflicts(&tip, &one.echo.commit)?;
            files.truncate(MOST_FILES);
            if !files.is_empty() {
                found.push(OverlapView {
                    task: one.task,
                    with: Against::Target(one.target.clone()),
                    both: files.clone(),
                    conflicts: files,
                });
            }
        }
        for two in &seen[index + 1..] {
            let both = git::overlap(&one.echo, &two.echo, MOST_FILES);
            // Without a file in common there is hardly anything to be in conflict about.
            if both.is_empty() {
                continue;
            }
            let mut files = conflicts(&one.echo.commit, &two.echo.commit)?;
            files.truncate(MOST_FILES);
            found.push(OverlapView {
                task: one.task,
                with: Against::Task(two.task),
                both,
                conflicts: files,
            });
        }
    }
    Ok((found, new))
}

/// What each task would be in conflict with; overlaps that merge well are no clash.
fn by_task(found: &[OverlapView]) -> HashMap<TaskId, Vec<Clash>> {
    let mut clashes: HashMap<TaskId, Vec<Clash>> = HashMap::new();
    for overlap in found.iter().filter(|overlap| !overlap.conflicts.is_empty()) {
        let files = overlap.conflicts.clone();
        let clash = Clash {
            with: overlap.with.clone(),
            files: files.clone(),
        };
        clashes.entry(overlap.task).or_default().push(clash);
        if let Against::Task(other) = overlap.with {
            let clash = Clash {
                with: Against::Task(overlap.task),
                files,
            };
            clashes.entry(other).or_default().push(clash);
        }
    }
    clashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clash_is_seen_from_both_sides() {
        let overlap = |with, conflicts: &[&str]| OverlapView {
            task: TaskId(1),
            with,
            both: vec!["a".to_owned(), "b".to_owned()],
            conflicts: conflicts.iter().map(|file| (*file).to_owned()).collect(),
        };
        let found = [
            overlap(Against::Task(TaskId(2)), &["a"]),
            overlap(Against::Task(TaskId(3)), &[]),
            overlap(Against::Target("main".to_owned()), &["b"]),
        ];
        let clashes = by_task(&found);
        assert_eq!(clashes.len(), 2);
        assert_eq!(clashes[&TaskId(1)].len(), 2);
        assert_eq!(clashes[&TaskId(2)][0].with, Against::Task(TaskId(1)));
    }
}
