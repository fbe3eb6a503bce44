//! Days and written times, without a clock and without a time zone: those are the caller's.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::units::Timestamp;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A day of the calendar: days since 1970-01-01, in whatever time zone its maker counts.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Day(pub i32);

impl Day {
    /// The day of `at` where clocks are `offset` milliseconds ahead of UTC.
    pub fn of(at: Timestamp, offset: i64) -> Day {
        let days = at.0.saturating_add(offset).div_euclid(DAY);
        Day(days.clamp(i32::MIN.into(), i32::MAX.into()) as i32)
    }

    /// The day that is written `YYYY-MM-DD`; `None` where it is no day.
    pub fn parse(text: &str) -> Option<Day> {
        let [year, month, day] = numbers(text.as_bytes(), [4, 2, 2], b'-')?;
        Day::from_civil(year, month, day)
    }

    /// Counts by years of 365.2425 days that begin in March, so that a leap day is a year's last.
    fn from_civil(year: i64, month: i64, day: i64) -> Option<Day> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let longest = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if !(1..=longest).contains(&day) {
            return None;
        }
        let year = year - i64::from(month < 3);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        i32::try_from(days + of_year - 719_468).ok().map(Day)
    }

    /// The first of so many days that end with this one.
    pub fn before(self, days: u32) -> Day {
        Day(self.0.saturating_sub_unsigned(days.saturating_sub(1)))
    }

    /// The Monday of its week.
    pub fn week(self) -> Day {
        Day(self.0.saturating_sub(i32::from(self.weekday())))
    }

    /// The first of its month.
    pub fn month(self) -> Day {
        Day(self.0.saturating_sub(self.of_month() as i32 - 1))
    }

    /// Days since Monday.
    pub fn weekday(self) -> u8 {
        // The epoch was a Thursday.
        (i64::from(self.0) + 3).rem_euclid(7) as u8
    }

    /// The day of its month, from 1.
    pub fn of_month(self) -> u8 {
        self.civil().2 as u8
    }

    /// The month of its year, from 1.
    pub fn of_year(self) -> u8 {
        self.civil().1 as u8
    }

    fn civil(self) -> (i64, i64, i64) {
        let days = i64::from(self.0) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        (year + era * 400 + i64::from(month < 3), month, day)
    }
}

impl fmt::Display for Day {
    /// `YYYY-MM-DD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// The moment written as agents write it, `2026-11-23T16:35:09.685Z`; `None` where it is written otherwise.
pub fn parse_utc(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let [hour, minute, second] = numbers(time.as_bytes(), [2, 2, 2], b':')?;
    if hour > 23 || minute > 59 || second > 60 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut digits = fraction.bytes().chain(std::iter::repeat(b'0'));
    let millis = (0..3).fold(0, |sum, _| {
        sum * 10 + i64::from(digits.next().unwrap_or(b'0') - b'0')
    });
    let day = i64::from(Day::parse(date)?.0);
    Some(Timestamp(
        day * DAY + ((hour * 60 + minute) * 60 + second) * 1000 + millis,
    ))
}

/// Three numbers of so many digits each, with `between` between them and nothing else.
fn numbers(text: &[u8], digits: [usize; 3], between: u8) -> Option<[i64; 3]> {
    let mut rest = text;
    let mut found = [0; 3];
    for (index, count) in digits.into_iter().enumerate() {
        let number = rest.get(..count)?;
        if !number.iter().all(u8::is_ascii_digit) {
            return None;
        }
        found[index] = number
            .iter()
            .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        rest = &rest[count..];
        if index < 2 {
            rest = rest.strip_prefix(&[between])?;
        }
    }
    rest.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_and_read() {
        for (day, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (20_780, "2026-11-23"),
            (19_782, "2024-02-29"),
            (19_783, "2024-03-01"),
        ] {
            assert_eq!(Day(day).to_string(), text);
            assert_eq!(Day::parse(text), Some(Day(day)));
        }
        for wrong in [
            "2026-02-29",
            "2026-13-01",
            "2026-1-1",
            "",
            "2026-01-01x",
            "2026-00-10",
        ] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
        for day in -800_000..800_000 {
            let day = Day(day * 7 + 3);
            if (0..=9999).contains(&day.civil().0) {
                assert_eq!(Day::parse(&day.to_string()), Some(day));
            }
        }
    }

    #[test]
    fn weeks_begin_on_mondays_and_months_on_their_first() {
        let day = |text: &str| Day::parse(text).unwrap();
        for (text, monday, first, weekday) in [
            ("2026-11-24", "2026-11-23", "2026-11-01", 1),
            ("2026-11-01", "2026-10-26", "2026-11-01", 6),
            ("1970-01-01", "1969-12-29", "1970-01-01", 3),
            ("2024-02-29", "2024-02-26", "2024-02-01", 3),
        ] {
            let at = day(text);
            assert_eq!((at.week(), at.month()), (day(monday), day(first)), "{text}");
            assert_eq!(at.weekday(), weekday);
        }
        assert_eq!(Day(i32::MIN).week(), Day(i32::MIN));
        assert_eq!(day("2026-11-24").before(7), day("2026-11-18"));
        assert_eq!(day("2026-11-24").before(1), day("2026-11-24"));
        assert_eq!(
            (day("2026-11-24").of_month(), day("2026-11-24").of_year()),
            (24, 11)
        );
    }

    #[test]
    fn times_are_read_as_agents_write_them() {
        for (text, millis) in [
            ("2026-11-23T16:35:09.685Z", Some(1_795_451_709_685)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01T00:00:01.5Z", Some(1500)),
            ("1970-01-01T00:00:01.123456Z", Some(1123)),
            ("1970-01-01T24:00:00Z", None),
            ("1970-01-01T00:00:00+02:00", None),
            ("yesterday", None),
            ("äT:Z", None),
        ] {
            assert_eq!(parse_utc(text), millis.map(Timestamp), "{text}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_of_its_zone() {
        let hour = 3_600_000;
        assert_eq!(Day::of(Timestamp(0), -1), Day(-1));
        assert_eq!(Day::of(Timestamp(23 * hour), hour), Day(1));
        assert_eq!(Day::of(Timestamp(i64::MAX), hour), Day(i32::MAX));
    }
}
