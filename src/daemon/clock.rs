//! The clock, in one place: the domain gets the time as a value.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::Timestamp;

/// Now.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| since.as_millis() as i64))
}
