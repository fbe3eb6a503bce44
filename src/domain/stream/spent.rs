//! What headless runs used, by their own word.
//!
//! The rule against counting twice: where an agent's transcripts are read, those count, since they hold the
//! agent's own figure too and tell it while it works; only of conversations without a transcript the stream
//! counts. Either way it stands under the conversation's id, so one replaces the other.

use std::collections::BTreeMap;

use super::{ModelUse, Scope, Summary};
use crate::domain::cost::{Basis, Prices, UsageRow};
use crate::domain::{Day, RunId};

/// What runs, the oldest first, used by conversation, model and day.
pub fn rows(runs: &[(RunId, Day, Summary)], prices: &Prices) -> Vec<UsageRow> {
    let mut rows: BTreeMap<(String, String, Day), UsageRow> = BTreeMap::new();
    for (run, day, summary) in runs {
        let Some(used) = &summary.used else { continue };
        let conversation = match &summary.conversation {
            Some(id) => id.clone(),
            None => format!("run {run}"),
        };
        if used.scope == Scope::Conversation {
            // The sum of all runs so far.
            rows.retain(|(known, ..), _| *known != conversation);
        }
        let requests = u64::from(summary.turns.unwrap_or(1).max(1));
        for model in &used.models {
            let name = match (model.model.is_empty(), &summary.model) {
                (true, Some(model)) => model.clone(),
                (true, None) => "unknown".to_owned(),
                (false, _) => model.model.clone(),
            };
            let row = row(&conversation, name, *day, model, requests, prices);
            let key = (conversation.clone(), row.model.clone(), *day);
            match rows.get_mut(&key) {
                Some(known) => add(known, &row),
                None => {
                    rows.insert(key, row);
                }
            }
        }
    }
    rows.into_values().collect()
}

fn row(
    conversation: &str,
    model: String,
    day: Day,
    used: &ModelUse,
    requests: u64,
    prices: &Prices,
) -> UsageRow {
    // A sum of many requests: no tier goes by it.
    let priced = || Some(prices.of(&model)?.base.cost(&used.usage).micros());
    UsageRow {
        conversation: conversation.to_owned(),
        day,
        requests,
        usage: used.usage,
        cost: used.cost.or_else(priced),
        basis: match used.cost {
            Some(_) => Basis::Reported,
            None => Basis::Estimated,
        },
        model,
    }
}

fn add(known: &mut UsageRow, more: &UsageRow) {
    known.requests = known.requests.saturating_add(more.requests);
    known.usage += more.usage;
    known.cost = match (known.cost, more.cost) {
        (Some(one), Some(other)) => Some(crate::domain::MicroUsd(one.0.saturating_add(other.0))),
        _ => None,
    };
    if more.basis == Basis::Estimated {
        known.basis = Basis::Estimated;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::MicroUsd;
    use crate::domain::cost::Usage;
    use crate::domain::stream::Used;

    fn run(
        number: i64,
        day: i32,
        scope: Scope,
        input: u64,
        cost: Option<i64>,
    ) -> (RunId, Day, Summary) {
        let usage = Usage {
            input,
            ..Usage::default()
        };
        let models = vec![ModelUse {
            model: "m".into(),
            usage,
            cost: cost.map(MicroUsd),
        }];
        let summary = Summary {
            conversation: Some("c".into()),
            used: Some(Used { scope, models }),
            ..Summary::default()
        };
        (RunId(number), Day(day), summary)
    }

    fn told(runs: &[(RunId, Day, Summary)]) -> Vec<(String, i32, u64, Option<i64>, Basis)> {
        rows(runs, &Prices::default())
            .into_iter()
            .map(|row| {
                let cost = row.cost.map(|cost| cost.0);
                (
                    row.conversation,
                    row.day.0,
                    row.usage.input,
                    cost,
                    row.basis,
                )
            })
            .collect()
    }

    #[test]
    fn runs_of_a_conversation_add_up_once() {
        use Basis::{Estimated, Reported};
        let c = || "c".to_owned();
        let runs = [
            run(1, 5, Scope::Run, 10, Some(3)),
            run(2, 5, Scope::Run, 20, Some(4)),
            run(3, 6, Scope::Run, 30, None),
        ];
        assert_eq!(
            told(&runs),
            [
                (c(), 5, 30, Some(7), Reported),
                (c(), 6, 30, None, Estimated)
            ]
        );
        // A sum over the conversation holds what the runs before used.
        let runs = [
            run(1, 5, Scope::Conversation, 10, Some(3)),
            run(2, 6, Scope::Conversation, 25, Some(8)),
        ];
        assert_eq!(told(&runs), [(c(), 6, 25, Some(8), Reported)]);
        let mut nameless = run(9, 5, Scope::Run, 1, None);
        nameless.2.conversation = None;
        assert_eq!(told(&[nameless])[0].0, "run 9");
        assert_eq!(told(&[(RunId(1), Day(1), Summary::default())]), []);
    }
}
