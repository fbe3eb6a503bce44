//! One look at the queue: what starts, and what the cards that wait say.

use std::collections::HashMap;
use std::sync::Arc;

use super::Service;
use super::records::SCHEDULER;
use crate::domain::schedule::startable;
use crate::domain::{Status, TaskId};
use crate::protocol::{ApiResult, Event, HoldView, StartTask};

impl Service {
    /// Starts what may start now and publishes what changed about those that may not.
    pub(in crate::daemon) async fn schedule_once(self: &Arc<Self>) -> ApiResult<()> {
        if self.is_closing() {
            return Ok(());
        }
        let mut tasks = self.store.tasks()?;
        {
            // Those on their way count as running, whether they are stored as that yet or not.
            let state = self.state();
            for task in &mut tasks {
                if state.starting.contains(&task.id) {
                    task.status = Status::Running;
                }
            }
        }
        for task in startable(&tasks, &self.limits(&self.store.projects()?)) {
            self.state().starting.insert(task);
            let service = self.clone();
            let start = StartTask {
                task,
                message: None,
                fresh: false,
                recap: true,
                size: None,
            };
            tokio::spawn(async move {
                if let Err(error) = service.start(start, SCHEDULER).await {
                    tracing::info!(task = task.0, %error, "not started after all");
                }
                service.state().starting.remove(&task);
                service.schedule.notify_one();
            });
        }
        self.publish_holds()
    }

    fn publish_holds(&self) -> ApiResult<()> {
        let tasks = self.store.tasks()?;
        let holds: HashMap<TaskId, Option<HoldView>> = tasks
            .iter()
            .filter(|task| task.status == Status::Queued)
            .map(|task| (task.id, self.hold(task, &tasks)))
            .collect();
        let queue = self.queue_view(&tasks);
        let (changed, queue_changed) = {
            let mut state = self.state();
            let changed: Vec<TaskId> = holds
                .iter()
                .filter(|(id, hold)| state.holds.get(id) != Some(hold))
                .map(|(id, _)| *id)
                .collect();
            state.holds = holds;
            let before = state.queue.replace(queue.clone());
            (changed, before.as_ref() != Some(&queue))
        };
        for id in changed {
            self.publish_task(id);
        }
        if queue_changed {
            self.hub.publish(Event::Queue(queue));
        }
        Ok(())
    }
}
