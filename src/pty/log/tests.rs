use std::io::Write;
use std::os::fd::AsFd;

use super::*;

/// Feeds `bytes` through a pipe; what comes back is what the log said it read.
fn feed(log: &mut OutputLog, bytes: &[u8]) -> Vec<u8> {
    let (reader, mut writer) = io::pipe().unwrap();
    let mut read = Vec::new();
    for chunk in bytes.chunks(30_000) {
        writer.write_all(chunk).unwrap();
        let mut left = chunk.len();
        while left > 0 {
            match log.read_from(reader.as_fd(), left).unwrap() {
                ReadOutcome::Data(data) => {
                    read.extend_from_slice(data);
                    left -= data.len();
                }
                ReadOutcome::Full => {
                    log.cut(b"snapshot", b"").unwrap();
                }
                other => panic!("{other:?}"),
            }
        }
    }
    read
}

fn numbered(lines: usize) -> Vec<u8> {
    (0..lines)
        .flat_map(|line| format!("line {line}\r\n").into_bytes())
        .collect()
}

#[test]
fn what_is_read_is_recovered() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, recovered) = OutputLog::open(dir.path()).unwrap();
    assert_eq!(recovered, Recovered::default());
    let bytes = numbered(40_000);
    assert_eq!(feed(&mut log, &bytes), bytes);
    log.append(b"the end");
    drop(log);
    let (log, recovered) = OutputLog::open(dir.path()).unwrap();
    assert_eq!(log.total(), bytes.len() as u64 + 7);
    assert_eq!(recovered.bytes, [&bytes[..], b"the end"].concat());
}

#[test]
fn a_length_that_was_never_stored_is_found() {
    use std::os::unix::fs::FileExt;
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = OutputLog::open(dir.path()).unwrap();
    feed(&mut log, b"stored, not stored");
    drop(log);
    let file = fs::OpenOptions::new()
        .write(true)
        .open(segment::path(dir.path(), 0))
        .unwrap();
    file.write_all_at(&6u64.to_le_bytes(), 8).unwrap();
    let (_, recovered) = OutputLog::open(dir.path()).unwrap();
    assert_eq!(recovered.bytes, b"stored, not stored");
}

#[test]
fn cuts_bound_the_log_and_recovery_starts_at_the_last() {
    let dir = tempfile::tempdir().unwrap();
    let size = 256 * 1024;
    let (mut log, _) = OutputLog::open_sized(dir.path(), size).unwrap();
    let mut cuts = 0;
    for _ in 0..40 {
        feed(&mut log, &[b'x'; 20_000]);
        if log.needs_cut() {
            cuts += 1;
            log.cut(format!("snapshot {cuts}").as_bytes(), b"\x1b[3")
                .unwrap();
        }
    }
    assert!(cuts >= 3);
    assert_eq!(log.total(), 800_000);
    drop(log);
    assert_eq!(numbers(dir.path()).unwrap().len(), 2);
    let (_, recovered) = OutputLog::open_sized(dir.path(), size).unwrap();
    assert_eq!(
        recovered.snapshot.as_deref(),
        Some(format!("snapshot {cuts}").as_bytes())
    );
    assert!(recovered.bytes.starts_with(b"\x1b[3"));
    let (from, tail) = read_at(dir.path(), None, 10).unwrap();
    assert_eq!((from, tail.len()), (800_000 - 10, 10));
    let (from, all) = read_at(dir.path(), Some(0), usize::MAX).unwrap();
    assert_eq!(from + all.len() as u64, 800_000);
    let beyond = read_at(dir.path(), Some(u64::MAX), 5).unwrap();
    assert_eq!(beyond, (800_000, Vec::new()));
}

#[test]
fn a_cut_that_a_crash_left_half_done_is_as_if_never_begun() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = OutputLog::open(dir.path()).unwrap();
    feed(&mut log, b"before");
    drop(log);
    // The snapshot was there, its segment not yet.
    fs::write(snapshot_path(dir.path(), 1), b"new").unwrap();
    let (_, recovered) = OutputLog::open(dir.path()).unwrap();
    assert_eq!(
        (recovered.snapshot, &recovered.bytes[..]),
        (None, &b"before"[..])
    );
    // A segment without its snapshot is not trusted.
    fs::remove_file(snapshot_path(dir.path(), 1)).unwrap();
    let segment = Segment::create(dir.path(), 1, SEGMENT, 6).unwrap();
    segment.publish(dir.path()).unwrap();
    let (_, recovered) = OutputLog::open(dir.path()).unwrap();
    assert_eq!(recovered.bytes, b"before");
}

#[test]
fn a_segment_counts_only_once_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = OutputLog::open(dir.path()).unwrap();
    feed(&mut log, b"before \x1b[3");
    drop(log);
    // Killed between the snapshot and the carry: the segment is there, but has no name yet.
    fs::write(snapshot_path(dir.path(), 1), b"new").unwrap();
    drop(Segment::create(dir.path(), 1, SEGMENT, 7).unwrap());
    let (mut log, recovered) = OutputLog::open(dir.path()).unwrap();
    assert_eq!(recovered.snapshot, None);
    assert_eq!(recovered.bytes, b"before \x1b[3");
    // And nothing is in the way of the next attempt.
    log.cut(b"screen", b"\x1b[3").unwrap();
    feed(&mut log, b"1m");
    drop(log);
    let (log, recovered) = OutputLog::open(dir.path()).unwrap();
    assert_eq!(recovered.snapshot.as_deref(), Some(&b"screen"[..]));
    assert_eq!((&recovered.bytes[..], log.total()), (&b"\x1b[31m"[..], 12));
}

#[test]
fn a_carry_longer_than_a_window_is_kept_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = OutputLog::open(dir.path()).unwrap();
    let carry = numbered(20_000);
    feed(&mut log, &carry);
    log.cut(b"screen", &carry).unwrap();
    drop(log);
    let (log, recovered) = OutputLog::open(dir.path()).unwrap();
    assert!(recovered.bytes == carry);
    assert_eq!(log.total(), carry.len() as u64);
}

#[test]
fn files_that_are_not_ours_or_are_damaged_harm_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "99999999999999999999.log",
        "18446744073709551615.log",
        "x.log",
    ] {
        fs::write(dir.path().join(name), b"junk").unwrap();
    }
    let mut header = b"GLUONLG1".to_vec();
    header.extend_from_slice(&[0xff; 16]);
    fs::write(segment::path(dir.path(), 0), header).unwrap();
    let (mut log, recovered) = OutputLog::open(dir.path()).unwrap();
    assert_eq!(recovered.bytes, b"");
    feed(&mut log, b"goes on");
    log.cut(b"screen", b"").unwrap();
    drop(log);
    // Without any header: what is in it is shown rather than lost.
    fs::write(segment::path(dir.path(), 1), [b'a'; 100]).unwrap();
    let (mut log, recovered) = OutputLog::open(dir.path()).unwrap();
    assert_eq!(recovered.bytes, [b'a'; 68]);
    feed(&mut log, b"b");
    drop(log);
    let (_, recovered) = OutputLog::open(dir.path()).unwrap();
    assert!(recovered.bytes.ends_with(b"aab"));
}

#[test]
fn letting_go_of_memory_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = OutputLog::open(dir.path()).unwrap();
    for part in [b"one ", b"two "] {
        feed(&mut log, part);
        log.idle();
    }
    drop(log);
    let (_, recovered) = OutputLog::open(dir.path()).unwrap();
    assert_eq!(recovered.bytes, b"one two ");
}

#[test]
fn the_end_of_a_terminal_is_told_from_silence() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, _) = OutputLog::open(dir.path()).unwrap();
    let (reader, writer) = io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&reader, true).unwrap();
    let read = |log: &mut OutputLog| match log.read_from(reader.as_fd(), 10).unwrap() {
        ReadOutcome::WouldBlock => "silence",
        ReadOutcome::Eof => "end",
        _ => "other",
    };
    assert_eq!(read(&mut log), "silence");
    drop(writer);
    assert_eq!(read(&mut log), "end");
}

/// A file system of 512 KiB; `None` where this user may not mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"])
            .arg(dir.path())
            .stderr(std::process::Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then_some(())?;
        Some(Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg(self.0.path())
            .status();
    }
}

#[test]
fn a_full_disk_costs_the_log_and_not_the_process() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("skipped: a small file system can only be mounted by root");
        return;
    };
    let others = disk.0.path().join("others");
    fs::write(&others, [1; 200 * 1024]).unwrap();
    let dir = disk.0.path().join("log");
    let (mut log, _) = OutputLog::open_sized(&dir, 8 << 20).unwrap();
    let (reader, mut writer) = io::pipe().unwrap();
    let mut feed = |log: &mut OutputLog, byte: u8| {
        writer.write_all(&[byte; 32 * 1024]).unwrap();
        let mut left = 32 * 1024;
        while left > 0 {
            match log.read_from(reader.as_fd(), left).unwrap() {
                ReadOutcome::Data(data) => {
                    assert!(data.iter().all(|read| *read == byte));
                    left -= data.len();
                }
                other => panic!("{other:?}"),
            }
        }
    };
    for _ in 0..32 {
        feed(&mut log, b'x');
    }
    assert!(log.is_dropping());
    let kept = log.total();
    assert!((64 * 1024..320 * 1024).contains(&kept), "{kept}");
    assert!(log.cut(&[b's'; 320 * 1024], b"").is_err(), "no room");
    feed(&mut log, b'y');
    drop(log);
    let (mut log, recovered) = OutputLog::open_sized(&dir, 8 << 20).unwrap();
    assert_eq!(recovered.bytes.len() as u64, kept);

    // Once there is room again, a cut makes the log whole.
    fs::remove_file(others).unwrap();
    log.cut(b"screen", b"").unwrap();
    feed(&mut log, b'z');
    assert!(!log.is_dropping());
    drop(log);
    let (_, recovered) = OutputLog::open_sized(&dir, 8 << 20).unwrap();
    assert_eq!(recovered.snapshot.as_deref(), Some(&b"screen"[..]));
    assert_eq!(recovered.bytes, [b'z'; 32 * 1024]);
}
