//! The report: what was accepted in a time, what it cost, how long it waited for a human.

use std::sync::Arc;

use super::{Caller, Service};
use crate::daemon::clock;
use crate::domain::report::waited;
use crate::domain::{Cost, Day};
use crate::protocol::{ApiResult, ReportLine, ReportView, ReportWish};

/// How much of a task's history is looked at.
const HISTORY: u32 = 500;

impl Service {
    pub(super) async fn report(
        self: &Arc<Self>,
        _: &Caller,
        wish: ReportWish,
    ) -> ApiResult<ReportView> {
        let now = clock::now();
        let offset = clock::local_offset(now);
        let today = clock::local_day(now).0;
        // No report is of more days than there are.
        let days = wish.days.clamp(1, 36_500);
        let first = i64::from(today) - i64::from(days) + 1;
        // From midnight, where the machine is.
        let since = crate::domain::Timestamp(first * 86_400_000 - offset);
        let mut lines = Vec::new();
        for event in self.store.events_since("accepted", since)? {
            let Some(id) = event.task else { continue };
            // One that was taken back, or removed, is not done.
            let Ok(task) = self.task(id) else { continue };
            let known = lines.iter().any(|line: &ReportLine| line.task == id);
            if task.status != crate::domain::Status::Done
                || known
                || wish.project.is_some_and(|project| project != task.project)
            {
                continue;
            }
            let history = self.store.events_of(id, HISTORY)?;
            let waited = waited(&history, event.at);
            lines.push(ReportLine {
                task: id,
                title: task.title,
                project: self.project(task.project)?.name,
                agent: task.agent,
                at: event.at,
                how: event.detail,
                cost: self.known(self.store.cost_of_task(id)),
                waited: waited.review,
                asked: waited.answers,
            });
        }
        let costs = lines.iter().filter_map(|line| line.cost);
        let costs: Vec<Cost> = costs.filter(|cost| !cost.is_unpriced()).collect();
        let count = i64::try_from(costs.len()).unwrap_or(i64::MAX);
        let cost = costs.iter().copied().reduce(Cost::and);
        Ok(ReportView {
            since,
            cost,
            cost_each: cost.map(|cost| cost.each_of(count)),
            unknown: u32::try_from(lines.len() - costs.len()).unwrap_or(u32::MAX),
            waited: lines.iter().map(|line| line.waited).sum(),
            asked: lines.iter().map(|line| line.asked).sum(),
            spent: self.spent_from(Day(first as i32), wish.project)?,
            lines,
        })
    }
}
