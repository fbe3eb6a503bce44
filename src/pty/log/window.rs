//! A piece of a file in memory. The only place of this layer that maps anything.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use memmap2::{MmapMut, MmapOptions};

/// How much is mapped at once: small, since every live session has one.
const WINDOW: u64 = 128 * 1024;
/// Mappings begin at a multiple of this; the largest page size in use.
const PAGE: u64 = 64 * 1024;

pub(super) struct Window {
    map: MmapMut,
    start: u64,
}

impl Window {
    /// Maps from `at` on, at most to `limit`, with room on the disk for all of it.
    pub(super) fn map(file: &File, at: u64, limit: u64) -> io::Result<Self> {
        let start = at / PAGE * PAGE;
        let length = WINDOW.min(limit.saturating_sub(start));
        claim(file, start, length)?;
        // SAFETY: the file is private to this user and only gluon's daemon, of which a lock allows one,
        // writes to it; it is never shortened while it is open, and its blocks have just been claimed, so
        // that no access can fault.
        let map = unsafe {
            MmapOptions::new()
                .offset(start)
                .len(length as usize)
                .map_mut(file)?
        };
        Ok(Self { map, start })
    }

    /// Bytes from file position `at` to the end of the window.
    pub(super) fn room(&self, at: u64) -> usize {
        let end = self.start + self.map.len() as u64;
        if at < self.start {
            return 0;
        }
        end.saturating_sub(at) as usize
    }

    pub(super) fn slice(&self, at: u64, length: usize) -> Option<&[u8]> {
        let first = at.checked_sub(self.start)? as usize;
        self.map.get(first..first.checked_add(length)?)
    }

    pub(super) fn slice_mut(&mut self, at: u64, length: usize) -> Option<&mut [u8]> {
        let first = at.checked_sub(self.start)? as usize;
        self.map.get_mut(first..first.checked_add(length)?)
    }
}

/// Claims blocks on the disk without changing what is there.
fn claim(file: &File, start: u64, length: u64) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{FallocateFlags, fallocate};
        use rustix::io::Errno;
        loop {
            match fallocate(file, FallocateFlags::empty(), start, length) {
                Err(Errno::INTR) => {}
                Err(Errno::OPNOTSUPP | Errno::NOSYS) => break,
                other => return Ok(other?),
            }
        }
    }
    // Where the file system cannot claim: what is there is written once more.
    let mut piece = vec![0; 4096];
    let mut at = start;
    while at < start + length {
        let wanted = ((start + length - at) as usize).min(piece.len());
        file.read_exact_at(&mut piece[..wanted], at)?;
        file.write_all_at(&piece[..wanted], at)?;
        at += wanted as u64;
    }
    Ok(())
}
