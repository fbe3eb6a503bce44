//! Quiet hours: when nothing is to be announced, by the clock on the user's wall.
//!
//! Pure: the time and how far the local clock is ahead of UTC are arguments.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::calendar::Day;
use super::units::Timestamp;

const MINUTE: i64 = 60_000;
/// Minutes of a day.
const DAY: u16 = 24 * 60;
const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A time of the day on some days of the week, written `22:00-07:00`, `mon-fri 22:00-07:00` or `sat,sun`.
///
/// One that goes over midnight belongs to the day on which it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quiet {
    /// Whether it begins on the day, Monday first.
    days: [bool; 7],
    /// The first minute of the day that is quiet.
    from: u16,
    /// The first that is not any more; at most `DAY`.
    to: u16,
}

impl Quiet {
    /// Whether `now` is quiet where clocks are `offset` milliseconds ahead of UTC.
    pub fn covers(&self, now: Timestamp, offset: i64) -> bool {
        let day = usize::from(Day::of(now, offset).weekday());
        let local = now.0.saturating_add(offset);
        let minute = (local.div_euclid(MINUTE)).rem_euclid(i64::from(DAY)) as u16;
        if self.from < self.to {
            return self.days[day] && (self.from..self.to).contains(&minute);
        }
        let before = (day + 6) % 7;
        (self.days[day] && minute >= self.from) || (self.days[before] && minute < self.to)
    }
}

/// How many milliseconds from `now` on it is worth looking again whether it is still quiet, at most an hour;
/// `None` where it is not quiet.
pub fn quiet_for(quiet: &[Quiet], now: Timestamp, offset: i64) -> Option<i64> {
    let covered = |at: Timestamp| quiet.iter().any(|one| one.covers(at, offset));
    if !covered(now) {
        return None;
    }
    let begun = now.0.saturating_add(offset).rem_euclid(MINUTE);
    let ahead = (1..60).map(|minutes| minutes * MINUTE - begun);
    let end = ahead.into_iter().find(|ahead| !covered(now.plus(*ahead)));
    Some(end.unwrap_or(60 * MINUTE))
}

impl FromStr for Quiet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.to_lowercase();
        let mut quiet = Quiet {
            days: [true; 7],
            from: 0,
            to: DAY,
        };
        let wrong = || {
            format!(
                "`{text}` is no quiet time; write it like `22:00-07:00`, `mon-fri 22:00-07:00` or `sat,sun`"
            )
        };
        let parts: Vec<&str> = lower.split_whitespace().collect();
        let (days, hours) = match parts[..] {
            [one] if one.contains(':') => (None, Some(one)),
            [one] => (Some(one), None),
            [days, hours] => (Some(days), Some(hours)),
            _ => return Err(wrong()),
        };
        if let Some(days) = days {
            quiet.days = parse_days(days).ok_or_else(wrong)?;
        }
        if let Some(hours) = hours {
            let (from, to) = hours.split_once('-').ok_or_else(wrong)?;
            let both = parse_minute(from).zip(parse_minute(to));
            (quiet.from, quiet.to) = both.filter(|(from, _)| *from < DAY).ok_or_else(wrong)?;
        }
        Ok(quiet)
    }
}

fn parse_days(text: &str) -> Option<[bool; 7]> {
    let index = |name: &str| NAMES.iter().position(|known| *known == name);
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (mut day, last) = (index(first)?, index(last)?);
        days[day] = true;
        while day != last {
            day = (day + 1) % 7;
            days[day] = true;
        }
    }
    Some(days)
}

fn parse_minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| {
        (part.len() <= 2)
            .then(|| part.parse::<u16>().ok())
            .flatten()
    };
    let (hour, minute) = (two(hour)?, two(minute)?);
    let sum = hour * 60 + minute;
    (minute < 60 && sum <= DAY).then_some(sum)
}

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days != [true; 7] {
            let on = NAMES.iter().zip(self.days).filter(|(_, on)| *on);
            let names: Vec<&str> = on.map(|(name, _)| *name).collect();
            write!(f, "{} ", names.join(","))?;
        }
        let (from, to) = (self.from, self.to);
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            from / 60,
            from % 60,
            to / 60,
            to % 60
        )
    }
}

impl TryFrom<String> for Quiet {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Quiet> for String {
    fn from(quiet: Quiet) -> String {
        quiet.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 60 * MINUTE;

    /// So many days and hours after Monday, 2026-11-23, midnight UTC.
    fn at(days: i64, hours: i64, minutes: i64) -> Timestamp {
        let monday = i64::from(Day::parse("2026-11-23").unwrap().0) * 24 * HOUR;
        Timestamp(monday + (days * 24 + hours) * HOUR + minutes * MINUTE)
    }

    #[test]
    fn what_is_quiet() {
        // The words; day of the week, hour, minute, whether it is quiet then.
        for (text, day, hour, minute, quiet) in [
            ("22:00-07:00", 0, 22, 0, true),
            ("22:00-07:00", 0, 6, 59, true),
            ("22:00-07:00", 0, 7, 0, false),
            ("22:00-07:00", 0, 21, 59, false),
            ("mon-fri 22:00-07:00", 4, 23, 0, true),
            // Friday's night goes into Saturday, Sunday's is none.
            ("mon-fri 22:00-07:00", 5, 6, 0, true),
            ("mon-fri 22:00-07:00", 5, 23, 0, false),
            ("mon-fri 22:00-07:00", 0, 6, 0, false),
            ("sat,sun", 5, 0, 0, true),
            ("sat,sun", 6, 23, 59, true),
            ("sat,sun", 0, 0, 0, false),
            ("fri-mon 12:00-13:00", 6, 12, 30, true),
            ("fri-mon 12:00-13:00", 2, 12, 30, false),
            ("20:00-24:00", 2, 23, 59, true),
            ("Sun 09:30-10:00", 6, 9, 45, true),
        ] {
            let parsed: Quiet = text.parse().unwrap();
            assert_eq!(
                parsed.covers(at(day, hour, minute), 0),
                quiet,
                "{text} {day} {hour}:{minute}"
            );
            assert_eq!(parsed.to_string().parse::<Quiet>().unwrap(), parsed);
        }
    }

    #[test]
    fn it_is_the_wall_clock_that_counts() {
        let night: Quiet = "22:00-07:00".parse().unwrap();
        assert!(!night.covers(at(0, 20, 30), 0));
        assert!(night.covers(at(0, 20, 30), 2 * HOUR));
        assert!(!night.covers(at(0, 23, 0), -2 * HOUR));
    }

    #[test]
    fn how_long_it_stays_quiet() {
        let quiet = [
            "22:00-07:00".parse().unwrap(),
            "07:00-07:10".parse().unwrap(),
        ];
        assert_eq!(quiet_for(&quiet, at(0, 12, 0), 0), None);
        assert_eq!(quiet_for(&quiet, at(0, 23, 0), 0), Some(HOUR));
        assert_eq!(quiet_for(&quiet, at(0, 6, 30), 0), Some(40 * MINUTE));
        let mid = at(0, 7, 9).plus(15_000);
        assert_eq!(quiet_for(&quiet, mid, 0), Some(45_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "22:00",
            "22-7",
            "25:00-07:00",
            "22:60-07:00",
            "foo 22:00-07:00",
            "mon tue 1:00-2:00",
            "24:00-07:00",
            "mon-",
            "22:00-07:00-08:00",
            "022:00-07:00",
            "-1:00-2:00",
        ] {
            let error = text.parse::<Quiet>().unwrap_err();
            assert!(error.contains("mon-fri 22:00-07:00"), "{error}");
        }
    }
}
