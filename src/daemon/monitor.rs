//! The monitor: every few seconds looks at every session that lives, and says how it is doing.

use std::sync::Arc;
use std::time::Duration;

use super::service::Service;

/// Runs until the task is dropped. Sleeps while nothing lives, until it is rung.
pub(super) async fn run(service: Arc<Service>) {
    let every = Duration::from_secs(service.config.health.every.max(1));
    loop {
        if !service.has_live_runs() {
            service.monitor.notified().await;
            continue;
        }
        service.look_at_health().await;
        tokio::time::sleep(every).await;
    }
}
