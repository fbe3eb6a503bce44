//! What the use of models costs: tokens, prices, and money that says how it is known.
//!
//! Prices are whole pico-dollars (10⁻¹² $) per token, so that every product and every sum of them is exact;
//! only a finished sum is rounded, half up, to micro-dollars. Invariant: what has no price is unpriced and
//! never 0.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use super::calendar::Day;
use super::units::MicroUsd;

/// Tokens that were used. No token is counted in two of the fields, save for `reasoning`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Input that came from no cache and went into none.
    pub input: u64,
    /// Input read from a cache.
    pub cache_read: u64,
    /// Input written into a cache for five minutes.
    pub cache_write_5m: u64,
    /// Input written into a cache for an hour.
    pub cache_write_1h: u64,
    /// Output, reasoning included.
    pub output: u64,
    /// What of the output was reasoning.
    pub reasoning: u64,
}

impl Usage {
    /// All tokens that were sent to the model: what the tiers of prices go by.
    pub fn context(&self) -> u64 {
        [self.cache_read, self.cache_write_5m, self.cache_write_1h]
            .into_iter()
            .fold(self.input, u64::saturating_add)
    }

    /// All tokens.
    pub fn total(&self) -> u64 {
        self.context().saturating_add(self.output)
    }

    /// Field by field, what `f` makes of both.
    fn zip(&self, other: &Usage, f: impl Fn(u64, u64) -> u64) -> Usage {
        Usage {
            input: f(self.input, other.input),
            cache_read: f(self.cache_read, other.cache_read),
            cache_write_5m: f(self.cache_write_5m, other.cache_write_5m),
            cache_write_1h: f(self.cache_write_1h, other.cache_write_1h),
            output: f(self.output, other.output),
            reasoning: f(self.reasoning, other.reasoning),
        }
    }

    /// What is in here and not yet in `before`; nowhere below 0.
    pub fn beyond(&self, before: &Usage) -> Usage {
        self.zip(before, u64::saturating_sub)
    }

    /// The larger of both in every field.
    pub fn most(&self, other: &Usage) -> Usage {
        self.zip(other, u64::max)
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Usage) {
        *self = self.zip(&other, u64::saturating_add);
    }
}

/// Money, exactly: 10⁻¹² $.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PicoUsd(pub i128);

impl PicoUsd {
    /// Pico-dollars in a dollar.
    pub const DOLLAR: i128 = 1_000_000_000_000;
    const MICRO: i128 = 1_000_000;

    /// The amount that a floating point number of dollars means; `None` where it means none.
    pub fn from_dollars(dollars: f64) -> Option<PicoUsd> {
        // Beyond a billion dollars it is no cost but nonsense.
        (0.0..1e9)
            .contains(&dollars)
            .then(|| PicoUsd((dollars * 1e12).round() as i128))
    }

    /// Rounded half up.
    pub fn micros(self) -> MicroUsd {
        let micros = self
            .0
            .saturating_add(Self::MICRO / 2)
            .div_euclid(Self::MICRO);
        MicroUsd(micros.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }
}

impl AddAssign for PicoUsd {
    fn add_assign(&mut self, other: PicoUsd) {
        self.0 = self.0.saturating_add(other.0);
    }
}

/// What one token costs, by its kind, in pico-dollars. What has no price of its own costs what comes
/// nearest: anything of the input as uncached input, a write for an hour as one for five minutes, reasoning
/// as output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Uncached input.
    pub input: u64,
    /// Input from a cache.
    pub cache_read: Option<u64>,
    /// Input into a cache for five minutes.
    pub cache_write_5m: Option<u64>,
    /// Input into a cache for an hour.
    pub cache_write_1h: Option<u64>,
    /// Output.
    pub output: u64,
    /// Output that is reasoning.
    pub reasoning: Option<u64>,
}

impl Rates {
    /// What so many tokens cost, of however many requests.
    pub fn cost(&self, usage: &Usage) -> PicoUsd {
        let write = self.cache_write_5m.unwrap_or(self.input);
        let reasoning = usage.reasoning.min(usage.output);
        let parts = [
            (usage.input, self.input),
            (usage.cache_read, self.cache_read.unwrap_or(self.input)),
            (usage.cache_write_5m, write),
            (usage.cache_write_1h, self.cache_write_1h.unwrap_or(write)),
            (usage.output - reasoning, self.output),
            (reasoning, self.reasoning.unwrap_or(self.output)),
        ];
        let sum = |sum: i128, (tokens, rate): (u64, u64)| {
            sum.saturating_add(i128::from(tokens).saturating_mul(rate.into()))
        };
        PicoUsd(parts.into_iter().fold(0, sum))
    }
}

/// The price of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Price {
    /// What a token costs usually.
    pub base: Rates,
    /// What all tokens of a request cost whose context is longer than so many tokens; ascending.
    pub tiers: Vec<(u64, Rates)>,
}

impl Price {
    /// What one request cost. The tiers go by a single request, so sums of usage must not be given here
    /// where a model has any.
    pub fn cost(&self, request: &Usage) -> PicoUsd {
        let context = request.context();
        let tier = self.tiers.iter().rev().find(|(above, _)| context > *above);
        tier.map_or(&self.base, |(_, rates)| rates).cost(request)
    }
}

/// The prices of all models that are known to have one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices(BTreeMap<String, Price>);

impl Prices {
    /// Adds the price of a model, or replaces it.
    pub fn set(&mut self, model: &str, price: Price) {
        self.0.insert(model.to_ascii_lowercase(), price);
    }

    /// The price of a model by whatever name an agent gives it; `None`: it is unpriced.
    pub fn of(&self, model: &str) -> Option<&Price> {
        names(model).iter().find_map(|name| self.0.get(name))
    }

    /// How many models have a price.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a request cost; `None`: it is unpriced.
    pub fn cost(&self, model: &str, request: &Usage) -> Option<PicoUsd> {
        self.of(model).map(|price| price.cost(request))
    }
}

/// A model's name without what says nothing of the model: `claude-sonnet-5[1m]` is `claude-sonnet-5`.
pub fn model_name(name: &str) -> &str {
    let name = name.trim();
    match name.find('[') {
        Some(at) if at > 0 && name.ends_with(']') => &name[..at],
        _ => name,
    }
}

/// The names under which a model may have a price, the most exact first: as it is, without its provider
/// (`anthropic/…`, `us.anthropic.…`, `models/…`), without a provider's version (`…-v1:0`, `…@20250929`),
/// without its date.
fn names(model: &str) -> Vec<String> {
    let name = model_name(model).to_ascii_lowercase();
    let mut names = vec![name.clone()];
    let mut add = |name: &str| {
        if !name.is_empty() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    let mut rest = name.rsplit('/').next().unwrap_or_default();
    add(rest);
    for provider in ["anthropic.", "openai.", "google."] {
        if let Some((_, behind)) = rest.split_once(provider) {
            rest = behind;
        }
    }
    add(rest);
    if let Some((before, version)) = rest.rsplit_once("-v")
        && version.bytes().all(|b| b.is_ascii_digit() || b == b':')
    {
        rest = before;
    }
    let rest = rest.replace('@', "-");
    add(&rest);
    add(undated(&rest));
    names
}

/// The name without a date at its end, `-20250929` or `-2025-08-07`.
fn undated(name: &str) -> &str {
    let shape = |pattern: &str| {
        let at = name.len().checked_sub(pattern.len())?;
        let end = name.get(at..)?.bytes().zip(pattern.bytes());
        let fits = |(byte, want): (u8, u8)| match want {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        };
        end.into_iter().all(fits).then(|| &name[..at])
    };
    shape("-00000000")
        .or_else(|| shape("-0000-00-00"))
        .unwrap_or(name)
}

/// Who says what something cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The agent itself.
    Reported,
    /// gluon, from tokens and prices.
    Estimated,
}

/// What something cost, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// What is known of it.
    #[serde(rename = "micro_usd")]
    pub usd: MicroUsd,
    /// How that is known; estimated where any of it is.
    pub basis: Basis,
    /// Whether models without a price were used too, which `usd` lacks.
    pub unpriced: bool,
    /// All tokens, those without a price too.
    pub tokens: u64,
}

impl Cost {
    /// Both together.
    pub fn and(self, other: Cost) -> Cost {
        let sides = [self, other];
        // What is wholly unpriced says nothing about how the rest is known.
        let known = |cost: &&Cost| !cost.is_unpriced();
        let estimated = sides
            .iter()
            .filter(known)
            .any(|cost| cost.basis == Basis::Estimated);
        Cost {
            usd: MicroUsd(self.usd.0.saturating_add(other.usd.0)),
            basis: match estimated || !sides.iter().any(|cost| known(&cost)) {
                true => Basis::Estimated,
                false => Basis::Reported,
            },
            unpriced: self.unpriced || other.unpriced,
            tokens: self.tokens.saturating_add(other.tokens),
        }
    }

    /// What one of so many cost in the middle.
    pub fn each_of(self, count: i64) -> Cost {
        let count = count.max(1);
        Cost {
            usd: MicroUsd(self.usd.0 / count),
            tokens: self.tokens / count.unsigned_abs(),
            ..self
        }
    }

    /// It with how it is known: `~$0.60, estimated from 18540 tokens`.
    pub fn words(&self) -> String {
        let tokens = self.tokens;
        let rest = match (self.is_unpriced(), self.unpriced) {
            (true, _) => return format!("unpriced, {tokens} tokens"),
            (false, true) => "; a model without a price is not in it",
            (false, false) => "",
        };
        match self.basis {
            Basis::Reported => format!("{self}, reported for {tokens} tokens{rest}"),
            Basis::Estimated => format!("{self}, estimated from {tokens} tokens{rest}"),
        }
    }

    /// Whether nothing of it has a price.
    pub fn is_unpriced(&self) -> bool {
        self.unpriced && self.usd == MicroUsd(0)
    }
}

/// What one conversation of a session used of one model on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// The agent's id of the conversation.
    pub conversation: String,
    /// The model, as the agent names it but for what says nothing of the model.
    pub model: String,
    /// The day, where the user is.
    pub day: Day,
    /// How many requests.
    pub requests: u64,
    /// Their tokens.
    pub usage: Usage,
    /// What they cost; `None`: the model is unpriced.
    pub cost: Option<MicroUsd>,
    /// Who says what they cost.
    pub basis: Basis,
}

impl UsageRow {
    /// What it cost.
    pub fn cost(&self) -> Cost {
        Cost {
            usd: self.cost.unwrap_or_default(),
            basis: self.basis,
            unpriced: self.cost.is_none(),
            tokens: self.usage.total(),
        }
    }
}

impl fmt::Display for Cost {
    /// `$1.40` reported, `~$1.40` estimated, `~$1.40+` where something has no price, `unpriced` where
    /// nothing has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unpriced() {
            return f.pad("unpriced");
        }
        let about = match self.basis {
            Basis::Reported => "",
            Basis::Estimated => "~",
        };
        let more = if self.unpriced { "+" } else { "" };
        f.pad(&format!("{about}{}{more}", self.usd))
    }
}

#[cfg(test)]
mod tests;
