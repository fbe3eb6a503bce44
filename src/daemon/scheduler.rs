//! The scheduler: whenever something changed, starts what may start, and says what the others wait for.

use std::sync::Arc;

use super::service::Service;

/// Runs until the task is dropped. Sleeps until it is rung.
pub(super) async fn run(service: Arc<Service>) {
    loop {
        service.schedule.notified().await;
        if let Err(error) = service.schedule_once().await {
            tracing::error!(%error, "the queue cannot be looked at");
        }
    }
}
