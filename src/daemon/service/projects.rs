//! Projects: registered by being used, changed, forgotten.

use std::path::Path;
use std::sync::Arc;

use super::{Caller, Service};
use crate::config::{load_project, setup_hash};
use crate::daemon::clock;
use crate::domain::{Project, ProjectId};
use crate::protocol::{
    AddProject, ApiError, ApiResult, ConfirmTask, EditProject, ErrorCode, Event, RemoveProject,
};

impl Service {
    pub(super) async fn add_project(
        self: &Arc<Self>,
        _: &Caller,
        argument: AddProject,
    ) -> ApiResult<Project> {
        self.register(&argument.directory, argument.name).await
    }

    pub(super) async fn list_projects(
        self: &Arc<Self>,
        _: &Caller,
        (): (),
    ) -> ApiResult<Vec<Project>> {
        Ok(self.store.projects()?)
    }

    pub(super) async fn edit_project(
        self: &Arc<Self>,
        _: &Caller,
        argument: EditProject,
    ) -> ApiResult<Project> {
        let mut project = self.project(argument.project)?;
        if let Some(slots) = argument.slots {
            project.slots = (slots > 0).then_some(slots);
        }
        match argument.trust_setup {
            Some(true) => {
                let file = project_file(&project.path)?;
                project.trusted = true;
                project.trusted_setup = file.setup.as_deref().map(setup_hash);
                project.trusted_check = file.check.as_deref().map(setup_hash);
            }
            Some(false) => {
                project.trusted_setup = None;
                project.trusted_check = None;
                project.trusted = false;
            }
            None => {}
        }
        self.store.update_project(&project)?;
        self.hub.publish(Event::Project(project.clone()));
        self.schedule.notify_one();
        Ok(project)
    }

    pub(super) async fn remove_project(
        self: &Arc<Self>,
        caller: &Caller,
        argument: RemoveProject,
    ) -> ApiResult<()> {
        let project = self.project(argument.project)?;
        let tasks: Vec<_> = self.store.tasks()?;
        let tasks: Vec<_> = tasks
            .into_iter()
            .filter(|task| task.project == project.id)
            .collect();
        if !argument.confirm && !tasks.is_empty() {
            let message = format!(
                "{} has {} tasks, which would go with their worktrees",
                project.name,
                tasks.len()
            );
            return Err(ApiError::new(ErrorCode::Confirm, message));
        }
        for task in tasks {
            let confirm = ConfirmTask {
                task: task.id,
                confirm: true,
            };
            self.remove_task(caller, confirm).await?;
        }
        self.store.remove_project(project.id)?;
        self.hub.publish(Event::ProjectRemoved(project.id));
        Ok(())
    }

    pub(super) async fn list_branches(
        self: &Arc<Self>,
        _: &Caller,
        project: ProjectId,
    ) -> ApiResult<Vec<String>> {
        let project = self.project(project)?;
        self.branches_of(&project).await
    }

    /// The project that `directory` is in, registered if it was not.
    pub(super) async fn register(
        &self,
        directory: &Path,
        name: Option<String>,
    ) -> ApiResult<Project> {
        if !directory.is_absolute() {
            let message = format!("{} is not an absolute path", directory.display());
            return Err(ApiError::new(ErrorCode::Invalid, message));
        }
        let root = self.find_repository(directory).await?;
        if let Some(project) = self.project_at(&root)? {
            return Ok(project);
        }
        let usual = root.file_name().map(|name| name.to_string_lossy());
        let usual = usual.as_deref().unwrap_or("project");
        let usual = usual.strip_suffix(".git").unwrap_or(usual);
        let clean = |name: String| -> String {
            let kept = name.chars().filter(|c| !c.is_control());
            kept.take(80).collect()
        };
        let name = clean(name.unwrap_or_else(|| usual.to_owned()));
        let (project, new) = self.store.add_project(&root, &name, clock::now())?;
        if new {
            self.hub.publish(Event::Project(project.clone()));
        }
        Ok(project)
    }
}

/// What a project wishes; what it says is untrusted.
pub(super) fn project_file(root: &Path) -> ApiResult<crate::config::ProjectFile> {
    load_project(root).map_err(|error| {
        ApiError::new(ErrorCode::Failed, error.to_string())
            .with_hint("it belongs to the project; correct it there")
    })
}
