//! The clock, in one place: the domain gets the time as a value.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::domain::{Day, Timestamp};

/// Now.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| since.as_millis() as i64))
}

/// A moment by both clocks: timers go by the one that never jumps, what is shown goes by the user's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) at: Instant,
    pub(super) time: Timestamp,
}

/// This moment.
pub(super) fn moment() -> Moment {
    Moment {
        at: Instant::now(),
        time: now(),
    }
}

/// The day of `at` where the machine is.
pub(super) fn local_day(at: Timestamp) -> Day {
    Day::of(at, local_offset(at))
}

/// How far the local clock was ahead of UTC at `at`, in milliseconds.
#[allow(unsafe_code)]
pub(super) fn local_offset(at: Timestamp) -> i64 {
    let seconds = at.0.div_euclid(1000) as libc::time_t;
    // SAFETY: `tm` is plain data for which all zeroes is a value.
    let mut local: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both point to values of their types that live as long as the call; nothing in this program
    // changes the environment, which is where the time zone is read from.
    let known = unsafe { !libc::localtime_r(&seconds, &mut local).is_null() };
    if known {
        local.tm_gmtoff as i64 * 1000
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_day_is_at_most_a_day_off() {
        let at = now();
        let utc = Day::of(at, 0);
        assert!((local_day(at).0 - utc.0).abs() <= 1);
        local_day(Timestamp(i64::MAX));
        local_day(Timestamp(i64::MIN));
    }
}
