//! Watching a work tree: one look after the other, each cheap, tells whether anything was done since the
//! last, and whether it was taken back. ([`super::fingerprint()`] says exactly what a tree holds, and takes
//! its time for that.)
//!
//! Invariants: ignored files do not count; a file that was read is not read again until its size or time
//! changes; what is too large to be read counts by these.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

use gix::bstr::{BString, ByteSlice};

use super::error::Result;
use super::status::{open_for_status, uncommitted};

/// The longest file whose content counts, in bytes.
const MAX_FILE: u64 = 1024 * 1024;
/// Uncommitted files that are looked at; of the others only their number counts.
const MAX_FILES: usize = 500;

/// A work tree as it is at a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeState {
    /// Equal where everything is.
    pub fingerprint: u64,
    /// The files with uncommitted changes, new ones too, whose content is another than at the last look.
    pub written: Vec<(String, u64)>,
}

/// The looks at one work tree.
#[derive(Debug, Default)]
pub struct TreeWatch {
    known: HashMap<BString, Known>,
    looked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    size: u64,
    changed: Option<SystemTime>,
    content: u64,
}

impl TreeWatch {
    /// Looks at the work tree; at the first look no file counts as written.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn look(&mut self, worktree: &Path) -> Result<TreeState> {
        let repo = open_for_status(worktree)?;
        let state = uncommitted(&repo)?;
        let mut print = Print::default();
        if let Ok(head) = repo.head_id() {
            print.add(head.as_bytes());
        }
        let all = state.dirty.union(&state.untracked);
        print.add(&(state.dirty.len() + state.untracked.len()).to_le_bytes());
        let mut now = HashMap::new();
        let mut written = Vec::new();
        for path in all.take(MAX_FILES) {
            let known = self.file(worktree, path);
            print.add(path);
            print.add(&known.content.to_le_bytes());
            let before = self.known.get(path).map(|known| known.content);
            if self.looked && before != Some(known.content) {
                written.push((path.to_str_lossy().into_owned(), known.content));
            }
            now.insert(path.clone(), known);
        }
        self.known = now;
        self.looked = true;
        Ok(TreeState {
            fingerprint: print.0,
            written,
        })
    }

    fn file(&self, worktree: &Path, path: &BString) -> Known {
        let nothing = Known {
            size: 0,
            changed: None,
            content: 0,
        };
        let Ok(relative) = path.to_path() else {
            return nothing;
        };
        let full = worktree.join(relative);
        let Ok(meta) = fs::symlink_metadata(&full) else {
            return nothing;
        };
        let (size, changed) = (meta.len(), meta.modified().ok());
        if let Some(known) = self.known.get(path)
            && (known.size, known.changed) == (size, changed)
        {
            return *known;
        }
        Known {
            size,
            changed,
            content: content(&full, &meta),
        }
    }
}

/// A hash of what is in a file; of one that is not read, of its size and time.
fn content(path: &Path, meta: &Metadata) -> u64 {
    let mut print = Print::default();
    if meta.is_symlink() {
        if let Ok(target) = fs::read_link(path) {
            print.add(target.as_os_str().as_encoded_bytes());
        }
        return print.0;
    }
    let mut bytes = Vec::new();
    let read = meta.is_file() && meta.len() <= MAX_FILE && {
        let file = File::open(path).map(|file| file.take(MAX_FILE));
        file.and_then(|mut file| file.read_to_end(&mut bytes))
            .is_ok()
    };
    if read {
        print.add(&bytes);
        return print.0;
    }
    print.add(&meta.len().to_le_bytes());
    let since = meta
        .modified()
        .ok()
        .and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    print.add(&since.map_or(0, |since| since.as_nanos()).to_le_bytes());
    print.0
}

/// A hash that grows, of pieces that do not run into each other.
struct Print(u64);

impl Default for Print {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Print {
    fn add(&mut self, bytes: &[u8]) {
        let length = (bytes.len() as u64).to_le_bytes();
        for byte in length.iter().chain(bytes) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
