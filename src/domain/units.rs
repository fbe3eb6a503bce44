//! Units: time as UTC milliseconds, money as integer micro-dollars.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A moment: milliseconds since the Unix epoch, UTC.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Milliseconds from `earlier` to `self`; zero where the clock went backwards.
    pub fn since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0).max(0)
    }

    /// The moment `millis` later.
    pub fn plus(self, millis: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(millis))
    }
}

/// Money: millionths of a US dollar.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct MicroUsd(pub i64);

impl fmt::Display for MicroUsd {
    /// Dollars with two decimals, rounded half up: `$1.40`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = (self.0.unsigned_abs().saturating_add(5_000)) / 10_000;
        write!(f, "{sign}${}.{:02}", cents / 100, cents % 100)
    }
}

/// A span in the two largest units that matter, never wider than six cells: `42s`, `12m`, `3h05m`, `2d04h`.
pub fn short_duration(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{minutes}m"),
        3600..86_400 => format!("{hours}h{:02}m", minutes % 60),
        _ if days < 100 => format!("{days}d{:02}h", hours % 24),
        _ => format!("{days}d"),
    }
}

/// A length in bytes, short: `980 B`, `41 KB`, `1.2 MB`.
pub fn short_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) * 10 / 1000;
    for unit in UNITS {
        match tenths {
            0..100 => return format!("{}.{} {unit}", tenths / 10, tenths % 10),
            100..10_000 => return format!("{} {unit}", tenths / 10),
            _ => tenths /= 1000,
        }
    }
    format!("{} EB", tenths / 10)
}

/// A count in three figures: `999`, `1.2k`, `12.3k`, `123k`, `1.2M`; never wider than five cells.
pub fn short_count(count: u64) -> String {
    const UNITS: [(&str, u64); 4] = [
        ("T", 1_000_000_000_000),
        ("G", 1_000_000_000),
        ("M", 1_000_000),
        ("k", 1000),
    ];
    // What would be rounded to a thousand of a unit is one of the next.
    let fits = |(_, unit): &&(&str, u64)| count >= unit - unit / 2000;
    match UNITS.iter().find(fits) {
        None => count.to_string(),
        Some((name, unit)) => {
            let tenths = (count.saturating_add(unit / 20)) / (unit / 10);
            match tenths {
                ..1000 => format!("{}.{}{name}", tenths / 10, tenths % 10),
                _ => format!(
                    "{}{name}",
                    (count.saturating_add(unit / 2) / unit).min(9999)
                ),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short() {
        for (bytes, words) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 KB"),
            (9999, "9.9 KB"),
            (41_500, "41 KB"),
            (999_999, "999 KB"),
            (1_234_567, "1.2 MB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(short_bytes(bytes), words);
        }
    }

    #[test]
    fn money_reads_in_cents() {
        for (micros, text) in [
            (0, "$0.00"),
            (4_999, "$0.00"),
            (5_000, "$0.01"),
            (1_400_000, "$1.40"),
            (-2_500_000, "-$2.50"),
        ] {
            assert_eq!(MicroUsd(micros).to_string(), text);
        }
    }

    #[test]
    fn counts_stay_short() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1.0k"),
            (1249, "1.2k"),
            (12_345, "12.3k"),
            (99_949, "99.9k"),
            (99_950, "100k"),
            (999_499, "999k"),
            (999_500, "1.0M"),
            (1_250_000_000, "1.3G"),
            (u64::MAX, "9999T"),
        ] {
            assert_eq!(short_count(count), text);
        }
    }

    #[test]
    fn durations_stay_short() {
        for (millis, text) in [
            (-5, "0s"),
            (999, "0s"),
            (59_999, "59s"),
            (60_000, "1m"),
            (3_600_000, "1h00m"),
            (11_100_000, "3h05m"),
            (187_200_000, "2d04h"),
            (864_000_000_000, "10000d"),
        ] {
            assert_eq!(short_duration(millis), text);
        }
    }
}
