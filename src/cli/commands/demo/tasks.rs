//! The demo's tasks, in every state the board can show.

use std::path::Path;
use std::time::Duration;

use crate::agents::demo::{self, Reaches};
use crate::client::Client;
use crate::domain::{Mode, Status, TaskId};
use crate::protocol::{Api, ApiResult, ConfirmTask, NewLoop, NewTask};

/// Between two looks at whether a task has come to its end.
const PAUSE: Duration = Duration::from_millis(150);

/// Makes and starts the tasks; returns once each that is to end has ended, and those to be accepted are.
pub(super) async fn make(client: &Client, repo: &Path) -> ApiResult<()> {
    let size = super::super::super::screen::size();
    let mut made: Vec<(TaskId, Reaches)> = Vec::new();
    for task in demo::showcase() {
        let depends_on = task
            .depends_on
            .iter()
            .filter_map(|at| Some(made.get(*at)?.0));
        let card = client
            .create_task(NewTask {
                directory: repo.to_owned(),
                title: task.title,
                prompt: task.prompt,
                agent: Some("demo".to_owned()),
                mode: match (&task.check, task.once) {
                    (Some(_), _) => Mode::Loop,
                    (None, true) => Mode::Once,
                    (None, false) => Mode::Interactive,
                },
                looped: task.check.map(|check| NewLoop {
                    check: Some(check),
                    ..NewLoop::default()
                }),
                priority: task.priority,
                labels: task.labels,
                depends_on: depends_on.collect(),
                start: task.reaches.is_started(),
                size,
                ..NewTask::default()
            })
            .await?;
        made.push((card.task.id, task.reaches));
    }
    for (task, reaches) in made {
        let ends = matches!(reaches, Reaches::Review | Reaches::Failed | Reaches::Done);
        let ended = ends && until_review(client, task).await?;
        if ended && reaches == Reaches::Done {
            let confirm = true;
            client.accept_task(ConfirmTask { task, confirm }).await?;
        }
    }
    Ok(())
}

/// Whether the task has come to review; `false` where the user has taken it elsewhere.
async fn until_review(client: &Client, task: TaskId) -> ApiResult<bool> {
    loop {
        match client.show_task(task).await?.card.task.status {
            Status::Running => tokio::time::sleep(PAUSE).await,
            status => return Ok(status == Status::Review),
        }
    }
}
