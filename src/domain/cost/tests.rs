use super::*;

const OPUS: Rates = Rates {
    input: 4_000_000,
    cache_read: Some(200_000),
    cache_write_5m: Some(5_000_000),
    cache_write_1h: Some(8_000_000),
    output: 20_000_000,
    reasoning: None,
};

fn flat(base: Rates) -> Price {
    Price {
        base,
        tiers: Vec::new(),
    }
}

/// Figures that agents reported themselves, and some worked out by hand.
#[test]
fn requests_cost_what_they_cost() {
    let usage = Usage {
        input: 1200,
        cache_read: 15_000,
        cache_write_5m: 2000,
        output: 340,
        ..Usage::default()
    };
    // Claude Code 2.1.330 said 0.024599999999999997.
    assert_eq!(flat(OPUS).cost(&usage).micros(), MicroUsd(24_600));
    let hour = Usage {
        cache_write_5m: 0,
        cache_write_1h: 2000,
        ..usage
    };
    assert_eq!(flat(OPUS).cost(&hour).micros(), MicroUsd(30_600));
    let one = |usage: Usage| flat(OPUS).cost(&usage).0;
    let zero = Usage::default();
    assert_eq!(one(zero), 0);
    assert_eq!(one(Usage { input: 1, ..zero }), 4_000_000);
    assert_eq!(
        one(Usage {
            cache_read: 1,
            ..zero
        }),
        200_000
    );
    assert_eq!(one(Usage { output: 1, ..zero }), 20_000_000);
}

#[test]
fn reasoning_is_part_of_the_output() {
    let usage = Usage {
        output: 100,
        reasoning: 30,
        ..Usage::default()
    };
    assert_eq!(flat(OPUS).cost(&usage).0, 100 * 20_000_000);
    let apart = Rates {
        reasoning: Some(1_000_000),
        ..OPUS
    };
    assert_eq!(flat(apart).cost(&usage).0, 70 * 20_000_000 + 30 * 1_000_000);
    let odd = Usage {
        reasoning: 500,
        ..usage
    };
    assert_eq!(flat(apart).cost(&odd).0, 100 * 1_000_000);
}

#[test]
fn what_has_no_price_of_its_own_costs_what_comes_nearest() {
    let bare = Rates {
        input: 10,
        output: 100,
        ..Rates::default()
    };
    let usage = Usage {
        input: 1,
        cache_read: 1,
        cache_write_5m: 1,
        cache_write_1h: 1,
        output: 1,
        reasoning: 1,
    };
    assert_eq!(flat(bare).cost(&usage).0, 4 * 10 + 100);
}

#[test]
fn a_long_request_costs_the_tier_of_its_length() {
    let dear = Rates {
        input: 8_000_000,
        ..OPUS
    };
    let dearer = Rates {
        input: 16_000_000,
        ..OPUS
    };
    let price = Price {
        base: OPUS,
        tiers: vec![(200_000, dear), (272_000, dearer)],
    };
    let cost = |input, cache_read| {
        price
            .cost(&Usage {
                input,
                cache_read,
                ..Usage::default()
            })
            .0
    };
    assert_eq!(cost(200_000, 0), 200_000 * 4_000_000);
    assert_eq!(cost(200_001, 0), 200_001 * 8_000_000);
    // What was read from a cache counts for the length.
    assert_eq!(cost(1, 200_000), 8_000_000 + 200_000 * 200_000);
    assert_eq!(cost(272_001, 0), 272_001 * 16_000_000);
}

#[test]
fn sums_are_rounded_once_and_never_overflow() {
    assert_eq!(PicoUsd(499_999).micros(), MicroUsd(0));
    assert_eq!(PicoUsd(500_000).micros(), MicroUsd(1));
    assert_eq!(PicoUsd(-500_001).micros(), MicroUsd(-1));
    let all = Usage {
        input: u64::MAX,
        cache_read: u64::MAX,
        cache_write_5m: u64::MAX,
        cache_write_1h: u64::MAX,
        output: u64::MAX,
        reasoning: u64::MAX,
    };
    assert_eq!(all.total(), u64::MAX);
    let mut twice = all;
    twice += all;
    assert_eq!(twice, all);
    let dear = Rates {
        input: u64::MAX,
        ..OPUS
    };
    assert_eq!(flat(dear).cost(&all).micros(), MicroUsd(i64::MAX));
    for (dollars, pico) in [
        (0.024599999999999997, Some(24_600_000_000)),
        (0.0, Some(0)),
        (-0.1, None),
        (f64::NAN, None),
        (f64::INFINITY, None),
        (1e12, None),
    ] {
        assert_eq!(
            PicoUsd::from_dollars(dollars),
            pico.map(PicoUsd),
            "{dollars}"
        );
    }
}

#[test]
fn a_model_is_found_by_any_of_its_names() {
    let mut prices = Prices::default();
    for model in [
        "claude-sonnet-4-5",
        "claude-haiku-4-5-20251001",
        "gpt-5",
        "o1",
    ] {
        prices.set(model, Price::default());
    }
    for known in [
        "claude-sonnet-4-5",
        "claude-sonnet-4-5[1m]",
        " Claude-Sonnet-4-5 ",
        "claude-sonnet-4-5-20250929",
        "claude-sonnet-4-5-20250929[1m]",
        "anthropic/claude-sonnet-4-5",
        "openrouter/anthropic/claude-sonnet-4-5",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "claude-sonnet-4-5@20250929",
        "claude-haiku-4-5-20251001",
        "gpt-5-2025-08-07",
        "openai/gpt-5",
    ] {
        assert!(prices.of(known).is_some(), "{known}");
    }
    for unknown in [
        "",
        "[1m]",
        "/",
        "claude",
        "claude-sonnet-4",
        "claude-haiku-4-5",
        "gpt-5-mini",
        "gpt-55",
        "<synthetic>",
        "ä-20250929",
        "ä𝛼1234567",
    ] {
        assert_eq!(prices.of(unknown), None, "{unknown}");
        assert_eq!(prices.cost(unknown, &Usage::default()), None);
    }
    assert_eq!(model_name("claude-opus-5-5[1m]"), "claude-opus-5-5");
}

#[test]
fn a_cost_says_how_it_is_known() {
    let cost = |usd, basis, unpriced| Cost {
        usd: MicroUsd(usd),
        basis,
        unpriced,
        tokens: 10,
    };
    use Basis::{Estimated, Reported};
    let reported = cost(1_400_000, Reported, false);
    let estimated = cost(600_000, Estimated, false);
    let unpriced = cost(0, Estimated, true);
    for (cost, text) in [
        (reported, "$1.40"),
        (estimated, "~$0.60"),
        (unpriced, "unpriced"),
        (cost(0, Estimated, false), "~$0.00"),
        (reported.and(reported), "$2.80"),
        (reported.and(estimated), "~$2.00"),
        (reported.and(unpriced), "$1.40+"),
        (estimated.and(unpriced), "~$0.60+"),
        (unpriced.and(unpriced), "unpriced"),
    ] {
        assert_eq!(cost.to_string(), text);
    }
    assert_eq!(reported.and(estimated).tokens, 20);
}
