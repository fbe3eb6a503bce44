//! What was spent, added up by whatever is asked for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Caller, Service, blocking};
use crate::daemon::clock;
use crate::domain::{Cost, Day, ProjectId, TaskId};
use crate::protocol::{ApiResult, CostBy, CostLine, CostsView, ListCosts, ShowCosts, Since};
use crate::store::Spent;

/// The names of what may be removed by now.
struct Names {
    tasks: HashMap<TaskId, String>,
    /// Name and workspace.
    projects: HashMap<ProjectId, (String, String)>,
}

impl Service {
    pub(super) async fn list_costs(
        self: &Arc<Self>,
        _: &Caller,
        which: ListCosts,
    ) -> ApiResult<Vec<CostLine>> {
        let service = self.clone();
        blocking(move || service.costs_by(&which)).await?
    }

    pub(super) async fn show_costs(
        self: &Arc<Self>,
        _: &Caller,
        which: ShowCosts,
    ) -> ApiResult<CostsView> {
        let service = self.clone();
        blocking(move || service.costs_view(&which)).await?
    }

    fn costs_by(&self, which: &ListCosts) -> ApiResult<Vec<CostLine>> {
        let since = match which.since {
            None => Day(i32::MIN),
            Some(Since::Day(day)) => day,
            Some(Since::Days(days)) => clock::local_day(clock::now()).before(days),
        };
        let names = self.cost_names()?;
        let spent = self.spent(since, which.project)?;
        Ok(lines(&spent, which.by, &names))
    }

    fn costs_view(&self, which: &ShowCosts) -> ApiResult<CostsView> {
        let today = clock::local_day(clock::now());
        let since = which.days.map_or(Day(i32::MIN), |days| today.before(days));
        let names = self.cost_names()?;
        let all = since.min(today.month()).min(today.week());
        let mut spent = self.spent(all, which.project)?;
        let days = lines(&spent, CostBy::Day, &names);
        spent.retain(|spent| spent.row.day >= since);
        Ok(CostsView {
            today,
            days,
            lines: lines(&spent, which.by, &names),
            problems: self.prices.problems(),
            budgets: self.standing_budgets(which.project)?,
        })
    }

    /// What everything cost from a day on; `None` where nothing was used.
    pub(super) fn spent_from(
        &self,
        since: Day,
        project: Option<ProjectId>,
    ) -> ApiResult<Option<Cost>> {
        let spent = self.spent(since, project)?;
        Ok(spent.iter().map(|spent| spent.row.cost()).reduce(Cost::and))
    }

    fn spent(&self, since: Day, project: Option<ProjectId>) -> ApiResult<Vec<Spent>> {
        let mut spent = self.store.spent_since(since)?;
        if let Some(project) = project {
            spent.retain(|spent| spent.project == project);
        }
        Ok(spent)
    }

    fn cost_names(&self) -> ApiResult<Names> {
        let tasks = self.store.tasks()?.into_iter();
        let projects = self.store.projects()?.into_iter();
        Ok(Names {
            tasks: tasks.map(|task| (task.id, task.title)).collect(),
            projects: projects
                .map(|project| (project.id, (project.name, project.workspace)))
                .collect(),
        })
    }
}

/// By day the oldest first, else the dearest first.
fn lines(spent: &[Spent], by: CostBy, names: &Names) -> Vec<CostLine> {
    let mut lines: BTreeMap<String, CostLine> = BTreeMap::new();
    for spent in spent {
        let (key, label) = names.of(spent, by);
        let cost = spent.row.cost();
        match lines.get_mut(&key) {
            Some(line) => {
                line.cost = Cost::and(line.cost, cost);
                line.usage += spent.row.usage;
                line.requests = line.requests.saturating_add(spent.row.requests);
            }
            None => {
                let line = CostLine {
                    key: key.clone(),
                    label,
                    requests: spent.row.requests,
                    usage: spent.row.usage,
                    cost,
                };
                lines.insert(key, line);
            }
        }
    }
    let mut lines: Vec<CostLine> = lines.into_values().collect();
    if by != CostBy::Day {
        lines.sort_by_key(|line| Reverse((line.cost.usd, line.cost.tokens)));
    }
    lines
}

impl Names {
    /// What a row belongs to: its name for programs, and what people should read beside that.
    fn of(&self, spent: &Spent, by: CostBy) -> (String, String) {
        let removed = || "(removed)".to_owned();
        let title = || self.tasks.get(&spent.task).cloned().unwrap_or_else(removed);
        let project = self.projects.get(&spent.project);
        let alone = |key: String| (key, String::new());
        match by {
            CostBy::Day => alone(spent.row.day.to_string()),
            CostBy::Task => (spent.task.to_string(), title()),
            CostBy::Session => (spent.session.to_string(), title()),
            CostBy::Project => alone(match project {
                Some((name, _)) => name.clone(),
                None => format!("{} (removed)", spent.project),
            }),
            CostBy::Workspace => alone(project.map_or_else(removed, |(_, name)| name.clone())),
            CostBy::Agent => alone(spent.agent.clone()),
            CostBy::Model => alone(spent.row.model.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Basis, MicroUsd, SessionId, Usage, UsageRow};

    fn spent(task: i64, day: i32, model: &str, cost: Option<i64>) -> Spent {
        Spent {
            session: SessionId(task * 10),
            task: TaskId(task),
            project: ProjectId(1 + task % 2),
            agent: "claude".into(),
            row: UsageRow {
                conversation: "c".into(),
                model: model.into(),
                day: Day(day),
                requests: 1,
                usage: Usage {
                    input: 10,
                    ..Usage::default()
                },
                cost: cost.map(MicroUsd),
                basis: Basis::Reported,
            },
        }
    }

    #[test]
    fn what_was_spent_adds_up_by_anything() {
        let rows = [
            spent(1, 20_780, "a", Some(1_000_000)),
            spent(1, 20_781, "b", Some(3_000_000)),
            spent(2, 20_781, "nobody", None),
            spent(3, 20_782, "a", Some(500_000)),
        ];
        let names = Names {
            tasks: [(TaskId(1), "first".to_owned())].into(),
            projects: [(ProjectId(2), ("api".to_owned(), "work".to_owned()))].into(),
        };
        let by = |by| -> Vec<String> {
            lines(&rows, by, &names)
                .iter()
                .map(|line| {
                    format!(
                        "{} {} {} {}",
                        line.key, line.label, line.cost, line.requests
                    )
                })
                .collect()
        };
        assert_eq!(
            by(CostBy::Day),
            [
                "2026-11-23  $1.00 1",
                "2026-11-24  $3.00+ 2",
                "2026-11-25  $0.50 1"
            ]
        );
        assert_eq!(
            by(CostBy::Task),
            [
                "1 first $4.00 2",
                "3 (removed) $0.50 1",
                "2 (removed) unpriced 1"
            ]
        );
        assert_eq!(by(CostBy::Session)[0], "10 first $4.00 2");
        assert_eq!(
            by(CostBy::Project),
            ["api  $4.50 3", "1 (removed)  unpriced 1"]
        );
        assert_eq!(
            by(CostBy::Workspace),
            ["work  $4.50 3", "(removed)  unpriced 1"]
        );
        assert_eq!(by(CostBy::Agent), ["claude  $4.50+ 4"]);
        assert_eq!(
            by(CostBy::Model),
            ["b  $3.00 1", "a  $1.50 2", "nobody  unpriced 1"]
        );
    }
}
