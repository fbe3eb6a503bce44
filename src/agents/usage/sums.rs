//! From requests to rows: by conversation, model and day, with what they cost.
//!
//! Where the CLI itself says what a conversation cost, that holds: the difference to what its requests come
//! to goes to the last day. What was used after the CLI last said it is added at its price.

use std::collections::BTreeMap;

use super::claude::{Reported, Share};
use super::{ByModel, Conversation, Meter};
use crate::domain::cost::PicoUsd;
use crate::domain::{Basis, Day, MicroUsd, Prices, Timestamp, Usage, UsageRow};

/// A row that is being made.
#[derive(Default)]
struct Sum {
    requests: u64,
    usage: Usage,
    /// `None` where a request has no price.
    cost: PicoUsd,
    unpriced: bool,
    reported: bool,
}

impl Meter {
    /// What the conversations used, at these prices; `day` says on which day a moment is.
    pub fn rows(&self, prices: &Prices, day: &dyn Fn(Timestamp) -> Day) -> Vec<UsageRow> {
        let mut sums: Vec<BTreeMap<(String, Day), Sum>> = Vec::new();
        sums.resize_with(self.conversations.len(), BTreeMap::new);
        let mut last: Vec<Timestamp> = vec![self.since; self.conversations.len()];
        for request in self.requests.values() {
            let key = (request.model.to_string(), day(request.at));
            let sum = sums[request.conversation].entry(key).or_default();
            // Said by the agent of each, or estimated.
            sum.reported = (sum.reported || sum.requests == 0) && request.cost.is_some();
            sum.requests += 1;
            sum.usage += request.usage;
            let price = || prices.cost(&request.model, &request.usage);
            match request.cost.or_else(price) {
                Some(cost) => sum.cost += cost,
                None => sum.unpriced = true,
            }
            let last = &mut last[request.conversation];
            *last = request.at.max(*last);
        }
        let mut rows = Vec::new();
        for ((conversation, mut sums), last) in self.conversations.iter().zip(sums).zip(last) {
            if let Some(reported) = &conversation.reported {
                conversation.correct(&mut sums, reported, prices, day(last));
            }
            rows.extend(sums.into_iter().map(|((model, day), sum)| UsageRow {
                conversation: conversation.id.clone(),
                model,
                day,
                requests: sum.requests,
                usage: sum.usage,
                cost: (!sum.unpriced).then(|| sum.cost.micros()),
                basis: match sum.reported {
                    true => Basis::Reported,
                    false => Basis::Estimated,
                },
            }));
        }
        rows.retain(|row| row.usage != Usage::default() || row.cost != Some(MicroUsd(0)));
        rows
    }
}

impl Conversation {
    fn correct(
        &self,
        sums: &mut BTreeMap<(String, Day), Sum>,
        reported: &Reported,
        prices: &Prices,
        last: Day,
    ) {
        let mut own = ByModel::new();
        for ((model, _), sum) in sums.iter() {
            *own.entry(model.clone()).or_default() += sum.usage;
        }
        let mut inherited = ByModel::new();
        for (model, usage) in self.inherited.values() {
            *inherited.entry(model.to_string()).or_default() += *usage;
        }
        for (model, share) in &reported.0 {
            let own = own.get(model).copied().unwrap_or_default();
            let inherited = inherited.get(model).copied().unwrap_or_default();
            let mut seen = own;
            seen += inherited;
            let told = told(share, &seen);
            // Sums of many requests: no tier goes by them.
            let price = |usage: &Usage| match *usage == Usage::default() {
                true => Some(PicoUsd::default()),
                false => Some(prices.of(model)?.base.cost(usage)),
            };
            let Some(before) = price(&inherited) else {
                continue;
            };
            let later = seen.beyond(&told);
            let after = price(&later).unwrap_or_default();
            let cost = PicoUsd((share.cost.0 - before.0).max(0) + after.0);
            let exact = inherited == Usage::default() && later == Usage::default();
            settle(sums, model, last, cost, told.beyond(&seen), exact);
        }
    }
}

/// What the CLI counted, where need be with the split of cache writes that its requests show.
fn told(share: &Share, seen: &Usage) -> Usage {
    match share.writes {
        None => share.usage,
        Some(writes) => {
            let hour = seen.cache_write_1h.min(writes);
            Usage {
                cache_write_5m: writes - hour,
                cache_write_1h: hour,
                ..share.usage
            }
        }
    }
}

/// Makes the rows of a model come to `cost`, with the tokens that no request told of.
fn settle(
    sums: &mut BTreeMap<(String, Day), Sum>,
    model: &str,
    last: Day,
    cost: PicoUsd,
    untold: Usage,
    exact: bool,
) {
    let mut newest = None;
    let mut all = PicoUsd::default();
    for ((name, day), sum) in sums.iter_mut().filter(|((name, _), _)| name == model) {
        if std::mem::take(&mut sum.unpriced) {
            sum.cost = PicoUsd::default();
        }
        sum.reported = exact;
        all += sum.cost;
        newest = Some((name.clone(), *day));
    }
    let key = newest.unwrap_or_else(|| (model.to_owned(), last));
    let sum = sums.entry(key).or_default();
    sum.reported = exact;
    sum.usage += untold;
    sum.cost += PicoUsd(cost.0 - all.0);
}
