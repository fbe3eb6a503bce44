//! The scheduler: whenever something changed, starts what may start, and says what the others wait for.

use std::sync::Arc;
use std::time::Duration;

use super::service::Service;

/// While a budget holds a task back it is looked so often whether it still does.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Runs until the task is dropped. Sleeps until it is rung, but for a look now and then while a budget
/// holds something back.
pub(super) async fn run(service: Arc<Service>) {
    loop {
        match service.waits_for_budget() {
            // Another day has another budget.
            true => {
                let _ = tokio::time::timeout(LOOK_AGAIN, service.schedule.notified()).await;
            }
            false => service.schedule.notified().await,
        }
        if let Err(error) = service.schedule_once().await {
            tracing::error!(%error, "the queue cannot be looked at");
        }
    }
}
