//! The prices in force: the built-in table and the user's own over it, read again when that file has changed.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::agents::load_prices;
use crate::domain::Prices;

/// The prices in force.
pub(super) struct PriceBook {
    own: PathBuf,
    read: Mutex<Read>,
}

/// As it was last read.
struct Read {
    stamp: Stamp,
    prices: Arc<Prices>,
    problems: Vec<String>,
}

/// What tells one state of a file from another: device, inode, length, time of change. `None`: it is not there.
type Stamp = Option<(u64, u64, u64, i64, i64)>;

impl PriceBook {
    /// The prices with those in the file `own` over them.
    pub(super) fn new(own: PathBuf) -> PriceBook {
        let read = Mutex::new(Read::new(&own));
        PriceBook { own, read }
    }

    /// What models cost now.
    pub(super) fn prices(&self) -> Arc<Prices> {
        self.read().prices.clone()
    }

    /// What is wrong with the user's file now, a sentence each.
    pub(super) fn problems(&self) -> Vec<String> {
        self.read().problems.clone()
    }

    fn read(&self) -> MutexGuard<'_, Read> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.stamp != stamp(&self.own) {
            *read = Read::new(&self.own);
        }
        read
    }
}

impl Read {
    fn new(own: &Path) -> Read {
        // Before it is read: what is written meanwhile is read again.
        let stamp = stamp(own);
        let (prices, problems) = load_prices(Some(own));
        for problem in &problems {
            tracing::error!(problem, "a price cannot be used");
        }
        Read {
            stamp,
            prices: Arc::new(prices),
            problems,
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    let meta = std::fs::metadata(path).ok()?;
    Some((
        meta.dev(),
        meta.ino(),
        meta.len(),
        meta.ctime(),
        meta.ctime_nsec(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Usage;

    #[test]
    fn a_changed_file_holds_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let own = dir.path().join("prices.json");
        let book = PriceBook::new(own.clone());
        let one = Usage {
            input: 1,
            ..Usage::default()
        };
        let cost = || book.prices().cost("our-model", &one).map(|cost| cost.0);
        assert_eq!(cost(), None);
        std::fs::write(&own, r#"{"our-model":{"input_cost_per_token":2e-06}}"#).unwrap();
        assert_eq!(cost(), Some(2_000_000));
        std::fs::write(&own, "{ half").unwrap();
        assert_eq!((cost(), book.problems().len()), (None, 1));
        std::fs::remove_file(&own).unwrap();
        assert_eq!(book.problems(), Vec::<String>::new());
    }
}
