//! One look at the queue: what starts, and what the cards that wait say.

use std::collections::HashMap;
use std::sync::Arc;

use super::Service;
use super::records::SCHEDULER;
use crate::domain::schedule::{self, startable};
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
        // What a budget does not allow waits, and lets others through.
        let (all, closed) = (tasks.clone(), self.is_paused());
        for task in tasks.iter_mut().filter(|_| !closed) {
            if task.status == Status::Queued && schedule::hold(task, &all).is_none() {
                task.held = self.may_not_start(task)?.is_some();
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

    /// Whether a budget holds back what would start otherwise.
    pub(in crate::daemon) fn waits_for_budget(&self) -> bool {
        let state = self.state();
        let mut holds = state.holds.values().flatten();
        holds.any(|hold| matches!(hold, HoldView::Budget(_)))
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
