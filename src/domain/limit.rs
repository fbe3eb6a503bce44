//! When a usage limit ends, by the agent's own sentence about it.
//!
//! Pure: the time and the clock's offset are arguments. Invariant: what is not understood is not guessed.

use super::calendar::Day;
use super::units::Timestamp;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// No limit is believed to last longer, in milliseconds.
const LONGEST: i64 = 40 * DAY;
/// How long after a time of day it may still be today's that is meant, in milliseconds: told to the minute, a
/// limit goes on within it, and what is told is read a moment later.
const JUST_OVER: i64 = 10 * MINUTE;
const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The time in `words` from which the agent may go on, where clocks are `offset` milliseconds ahead of UTC.
///
/// Understood are the sentences of Claude Code ("resets 3pm", "resets Nov 25, 9:30am", "reached|1795486000"),
/// Codex ("try again in 3 days 5 hours 2 minutes", "try again at 3:05 PM") and Gemini ("reset after 3h12m5s").
pub fn limit_ends(words: &str, now: Timestamp, offset: i64) -> Option<Timestamp> {
    let words = words.to_lowercase();
    let until = match words.split_once("reached|") {
        Some((_, rest)) => {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<i64>().ok()?.checked_mul(1000)?
        }
        None => {
            let said = ["reset", "try again", "retry"]
                .iter()
                .filter_map(|mark| words.find(mark).map(|at| &words[at + mark.len()..]))
                .max_by_key(|rest| rest.len())?;
            let tokens = tokens(said);
            match duration(&tokens) {
                Some(length) => now.0.checked_add(length)?,
                None => clock_time(&tokens, now, offset)?,
            }
        }
    };
    let length = until.checked_sub(now.0)?;
    (0 < length && length <= LONGEST).then_some(Timestamp(until))
}

/// Numbers and words, apart also where they touch (`3h12m`); a colon stands alone.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let kind = |c: char| (c.is_ascii_digit(), c.is_alphabetic());
        let length = match kind(first) {
            (false, false) => first.len_utf8(),
            same => rest.find(|c| kind(c) != same).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        match first {
            ':' => tokens.push(token),
            // The end of the sentence, or what is said beside it.
            '.' | '(' if !tokens.is_empty() => break,
            _ if first.is_alphanumeric() => tokens.push(token),
            _ => {}
        }
        if tokens.len() > 16 {
            break;
        }
        rest = after;
    }
    tokens
}

/// `in 3 days 5 hours`: the sum, where every number has its unit.
fn duration(tokens: &[&str]) -> Option<i64> {
    let start = tokens
        .iter()
        .position(|token| matches!(*token, "in" | "after"))?;
    let mut sum = 0i64;
    let mut rest = tokens[start + 1..].iter().peekable();
    while let Some(number) = rest.next_if(|token| token.parse::<i64>().is_ok()) {
        let unit = match *rest.next()? {
            "s" | "sec" | "secs" | "second" | "seconds" => 1000,
            "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
            "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
            "d" | "day" | "days" => DAY,
            _ => return None,
        };
        sum = sum.checked_add(number.parse::<i64>().ok()?.checked_mul(unit)?)?;
        let _ = rest.next_if(|token| **token == "and");
    }
    (sum > 0).then_some(sum)
}

/// `at 3:05 pm`, `nov 25 9am`, `15:00`: the next such time.
fn clock_time(tokens: &[&str], now: Timestamp, offset: i64) -> Option<i64> {
    let today = Day::of(now, offset);
    let mut day = None;
    let mut at = 0;
    if let Some(found) = tokens.iter().position(|token| month(token).is_some()) {
        let month = month(tokens[found])?;
        let date = tokens.get(found + 1)?.parse::<i64>().ok()?;
        day = Some(day_after(today, month, date)?);
        at = found + 2;
    }
    let number = |at: usize| tokens.get(at).and_then(|token| token.parse::<i64>().ok());
    while number(at).is_none_or(|hour| hour > 23) {
        at += 1;
        if at >= tokens.len() {
            return None;
        }
    }
    let hour = number(at)?;
    let (minute, half) = match tokens.get(at + 1) {
        Some(&":") => (number(at + 2)?, tokens.get(at + 3)),
        other => (0, other),
    };
    let hour = match half.copied() {
        Some("am") if (1..=12).contains(&hour) => hour % 12,
        Some("pm") if (1..=12).contains(&hour) => hour % 12 + 12,
        // A bare number is anything; a time of day has minutes.
        _ if tokens.get(at + 1) == Some(&":") => hour,
        _ => return None,
    };
    if minute > 59 {
        return None;
    }
    let of_day = |day: Day| i64::from(day.0) * DAY + hour * HOUR + minute * MINUTE - offset;
    Some(match day {
        Some(day) => of_day(day),
        None => {
            let days = [-DAY, 0, DAY].map(|days| of_day(today) + days);
            match days.into_iter().find(|at| at + JUST_OVER > now.0)? {
                at if at > now.0 => at,
                _ => now.0 + MINUTE,
            }
        }
    })
}

fn month(token: &str) -> Option<i64> {
    let found = MONTHS.iter().position(|name| token.starts_with(name))?;
    Some(found as i64 + 1)
}

/// The next such date from `today` on, within a year.
fn day_after(today: Day, month: i64, date: i64) -> Option<Day> {
    let year: i64 = today.to_string().get(..4)?.parse().ok()?;
    let on = |year: i64| Day::parse(&format!("{year:04}-{month:02}-{date:02}"));
    on(year)
        .filter(|day| *day >= today)
        .or_else(|| on(year + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-24 14:00 where clocks are two hours ahead of UTC.
    const NOW: i64 = 1_795_521_600_000;
    const OFFSET: i64 = 2 * HOUR;

    fn after(words: &str) -> Option<i64> {
        limit_ends(words, Timestamp(NOW), OFFSET).map(|until| (until.0 - NOW) / 1000)
    }

    #[test]
    fn sentences_of_agents() {
        assert_eq!(Day::of(Timestamp(NOW), OFFSET).to_string(), "2026-11-24");
        let hour = 3600;
        for (words, seconds) in [
            (
                "You've hit your limit · resets 3pm (Europe/Berlin)",
                Some(hour),
            ),
            ("resets 3:30pm", Some(hour + 1800)),
            ("Your limit will reset at 1pm", Some(23 * hour)),
            (
                "weekly limit reached · resets Nov 25, 9am (UTC)",
                Some(19 * hour),
            ),
            ("resets Jan 2, 12am", Some(38 * 24 * hour + 10 * hour)),
            ("resets 15:05", Some(hour + 300)),
            ("Claude AI usage limit reached|1795525200", Some(hour)),
            (
                "Try again in 3 days 5 hours 2 minutes.",
                Some(3 * 86_400 + 5 * hour + 120),
            ),
            ("or try again at 3:05 PM.", Some(hour + 300)),
            // It ends within this minute, or a moment ago.
            ("or try again at 2:00 PM.", Some(60)),
            ("or try again at 1:55 PM.", Some(60)),
            ("or try again at 1:50 PM.", Some(24 * hour - 600)),
            ("Try again in 1 hour and 1 second", Some(hour + 1)),
            ("Your quota will reset after 3h12m5s.", Some(3 * hour + 725)),
            ("Please retry in 8.2s", None),
            (
                "Number of request tokens has exceeded your daily limit.",
                None,
            ),
            ("resets soon", None),
            ("resets 3", None),
            ("resets 25:00", None),
            ("resets 3:99pm", None),
            ("resets feb 30, 9am", None),
            ("resets Sep 1, 9am", None),
            ("try again in 5 lightyears", None),
            ("try again in 99999999999999999999 days", None),
            ("reached|99999999999999999999", None),
            ("reset", None),
            ("", None),
        ] {
            assert_eq!(after(words), seconds, "{words}");
        }
    }

    #[test]
    fn a_limit_that_ended_just_before_midnight_does_not_last_a_day() {
        let now = Timestamp(NOW + 10 * HOUR + 5_000);
        let until = limit_ends("try again at 11:59 PM", now, OFFSET);
        assert_eq!(until, Some(Timestamp(now.0 + MINUTE)));
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(words in ".*", now: i64, offset in -DAY..DAY) {
            let words = format!("resets {words}");
            let _ = limit_ends(&words, Timestamp(now / 4), offset);
        }
    }
}
