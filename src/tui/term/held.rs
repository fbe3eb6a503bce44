//! A writer that can hold everything back, so that a frame is a single write: the libraries in between flush
//! whenever the cursor moves, and a terminal that is slow would show a frame in pieces.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The writer.
pub(super) struct Held<W> {
    out: W,
    waiting: Vec<u8>,
    holding: Arc<AtomicBool>,
}

/// The handle that makes it hold.
pub(super) struct Hold(Arc<AtomicBool>);

/// Nothing is written as long as this lives.
pub(super) struct Holding(Arc<AtomicBool>);

impl<W: Write> Held<W> {
    pub(super) fn new(out: W) -> (Self, Hold) {
        let holding = Arc::new(AtomicBool::new(false));
        let held = Self {
            out,
            waiting: Vec::new(),
            holding: holding.clone(),
        };
        (held, Hold(holding))
    }
}

impl Hold {
    pub(super) fn begin(&self) -> Holding {
        self.0.store(true, Ordering::Relaxed);
        Holding(self.0.clone())
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl<W: Write> Write for Held<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.holding.load(Ordering::Relaxed) {
            return Ok(());
        }
        let written = self.out.write_all(&self.waiting);
        self.waiting.clear();
        written.and_then(|()| self.out.flush())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the writes.
    #[derive(Default)]
    struct Writes(Vec<Vec<u8>>);

    impl Write for &mut Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_held_goes_out_in_one_piece() {
        let mut writes = Writes::default();
        let (mut held, hold) = Held::new(&mut writes);
        let holding = hold.begin();
        for piece in ["one ", "two ", "three"] {
            held.write_all(piece.as_bytes()).unwrap();
            held.flush().unwrap();
        }
        drop(holding);
        held.flush().unwrap();
        held.write_all(b"four").unwrap();
        held.flush().unwrap();
        assert_eq!(writes.0, [&b"one two three"[..], b"four"]);
    }
}
