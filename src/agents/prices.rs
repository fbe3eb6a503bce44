//! The table of prices: the built-in one, and the user's own over it, model by model.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::domain::Prices;
use crate::domain::cost::{Price, Rates};

/// The built-in table, cut down from LiteLLM's (see `assets/prices.md`).
const BUILT_IN: &str = include_str!("../../assets/prices.json");
/// A file of the user's is at most this long, in bytes.
const MOST: u64 = 16 * 1024 * 1024;
/// The lengths of context above which another price may hold, with the end of its fields' names.
const TIERS: [(u64, &str); 2] = [
    (200_000, "_above_200k_tokens"),
    (272_000, "_above_272k_tokens"),
];

/// The prices, with those of the user's file at `own` where there is one, and what is wrong with that: a
/// sentence each. What is wrong is left out and the rest holds.
pub fn load_prices(own: Option<&Path>) -> (Prices, Vec<String>) {
    let mut prices = Prices::default();
    let mut problems = Vec::new();
    add(&mut prices, BUILT_IN, &mut problems);
    debug_assert!(problems.is_empty(), "{problems:?}");
    if let Some(path) = own {
        let mut wrong = Vec::new();
        match read(path) {
            Ok(Some(text)) => add(&mut prices, &text, &mut wrong),
            Ok(None) => {}
            Err(why) => wrong.push(why),
        }
        problems.extend(wrong.iter().map(|why| format!("{}: {why}", path.display())));
    }
    (prices, problems)
}

fn read(path: &Path) -> Result<Option<String>, String> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
        Ok(meta) if !meta.is_file() || meta.len() > MOST => {
            return Err("it is no file of prices".to_owned());
        }
        Ok(_) => {}
    }
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    Ok(Some(text))
}

fn add(prices: &mut Prices, text: &str, problems: &mut Vec<String>) {
    let models: BTreeMap<String, Value> = match serde_json::from_str(text) {
        Ok(models) => models,
        Err(error) => return problems.push(error.to_string()),
    };
    for (model, fields) in models {
        let Some(fields) = fields.as_object() else {
            problems.push(format!("{model}: its prices are no object"));
            continue;
        };
        match price(fields) {
            Ok(Some(price)) => prices.set(&model, price),
            // What is not sold by the token.
            Ok(None) => {}
            Err(field) => problems.push(format!("{model}: {field} is no price")),
        }
    }
}

/// The price that the fields give; `None` where they give none, an error names the field that is wrong.
fn price(fields: &Map<String, Value>) -> Result<Option<Price>, String> {
    let Some(base) = rates(fields, "", &Rates::default())? else {
        return Ok(None);
    };
    let mut tiers = Vec::new();
    for (above, end) in TIERS {
        if let Some(rates) = rates(fields, end, &base)? {
            tiers.push((above, rates));
        }
    }
    Ok(Some(Price { base, tiers }))
}

/// The rates whose fields end in `end`; what is not said is as `usual`. `None` where nothing is said.
fn rates(fields: &Map<String, Value>, end: &str, usual: &Rates) -> Result<Option<Rates>, String> {
    let read = |name: &str| {
        let name = format!("{name}{end}");
        match fields.get(&name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => pico(value).map(Some).ok_or(name),
        }
    };
    let input = read("input_cost_per_token")?;
    let output = read("output_cost_per_token")?;
    if input.is_none() && output.is_none() {
        return Ok(None);
    }
    Ok(Some(Rates {
        input: input.unwrap_or(usual.input),
        cache_read: read("cache_read_input_token_cost")?.or(usual.cache_read),
        cache_write_5m: read("cache_creation_input_token_cost")?.or(usual.cache_write_5m),
        cache_write_1h: read("cache_creation_input_token_cost_above_1hr")?.or(usual.cache_write_1h),
        output: output.unwrap_or(usual.output),
        reasoning: read("output_cost_per_reasoning_token")?.or(usual.reasoning),
    }))
}

/// Dollars as pico-dollars. A token for a dollar or more is a mistake.
fn pico(value: &Value) -> Option<u64> {
    let dollars = value.as_f64()?;
    (0.0..1.0)
        .contains(&dollars)
        .then(|| (dollars * 1e12).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{MicroUsd, Usage};

    fn micros(prices: &Prices, model: &str, usage: Usage) -> Option<MicroUsd> {
        Some(prices.cost(model, &usage)?.micros())
    }

    #[test]
    fn the_built_in_table_is_whole() {
        let (prices, problems) = load_prices(None);
        assert_eq!(problems, Vec::<String>::new());
        // One entry is a container, which is not sold by the token.
        assert_eq!(prices.len(), 186);
        let million = Usage {
            input: 1_000_000,
            cache_read: 1_000_000,
            output: 1_000_000,
            ..Usage::default()
        };
        for (model, dollars) in [
            ("claude-opus-5-5[1m]", 4.0 + 0.2 + 20.0),
            // Above 272 000 tokens of context.
            ("gpt-5.5", 10.0 + 1.0 + 45.0),
            ("gemini-2.5-pro", 2.5 + 0.25 + 15.0),
            ("gpt-5.2-codex", 1.75 + 0.175 + 14.0),
        ] {
            let micros = micros(&prices, model, million).unwrap();
            assert_eq!(micros.0, (dollars * 1e6_f64).round() as i64, "{model}");
        }
        assert_eq!(micros(&prices, "no-such-model", million), None);
        assert_eq!(micros(&prices, "openai/container", million), None);
    }

    #[test]
    fn the_users_file_wins_model_by_model() {
        let dir = tempfile::tempdir().unwrap();
        let own = dir.path().join("prices.json");
        let one = Usage {
            input: 1_000_000,
            ..Usage::default()
        };
        let cost = |model: &str| micros(&load_prices(Some(&own)).0, model, one);
        assert_eq!(cost("gpt-5"), Some(MicroUsd(1_250_000)));
        std::fs::write(
            &own,
            r#"{"gpt-5":{"input_cost_per_token":2e-06},"our/own":{"input_cost_per_token":1e-06,"output_cost_per_token":0},
                "gpt-5-mini":{"input_cost_per_token":-1},"text":"none","no-price":{}}"#,
        )
        .unwrap();
        assert_eq!(cost("gpt-5"), Some(MicroUsd(2_000_000)));
        assert_eq!(cost("our/own"), Some(MicroUsd(1_000_000)));
        assert_eq!(cost("no-price"), None);
        assert_eq!(cost("gpt-5-mini"), Some(MicroUsd(250_000)), "as before");
        let (_, problems) = load_prices(Some(&own));
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].contains("gpt-5-mini: input_cost_per_token"));

        std::fs::write(&own, "{ half").unwrap();
        let (prices, problems) = load_prices(Some(&own));
        assert_eq!((prices.len(), problems.len()), (186, 1));
        assert_eq!(load_prices(Some(dir.path())).1.len(), 1);
    }
}
