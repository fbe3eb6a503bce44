//! A subprocess under a time limit: its pipes are read beside it, and its whole group can be ended.

use std::io::Read;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How often a silent subprocess is looked at. Only those that close their output and live on, or die
/// and leave a child with the pipe, ever wait for this.
const TICK: Duration = Duration::from_millis(20);

/// How long output may trickle in after the subprocess itself has ended.
pub(super) const GRACE: Duration = Duration::from_millis(500);

/// What a pipe has given, and whether it was cut.
pub(super) type Gathered = (Vec<u8>, bool);

/// Reads a pipe in a thread of its own, keeping `limit` bytes. `stop` closes it there, which ends the
/// writer; else the rest is read and dropped.
pub(super) fn gather(
    pipe: Option<impl Read + Send + 'static>,
    limit: usize,
    stop: bool,
) -> Receiver<Gathered> {
    let (send, receive) = mpsc::channel();
    if let Some(mut pipe) = pipe {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = pipe.by_ref().take(limit as u64 + 1).read_to_end(&mut bytes);
            let cut = bytes.len() > limit;
            bytes.truncate(limit);
            if cut && !stop && read.is_ok() {
                let _ = std::io::copy(&mut pipe, &mut std::io::sink());
            }
            drop(pipe);
            let _ = send.send((bytes, cut));
        });
    }
    receive
}

/// Waits for the end of `child`; with what its output was, if that ended first. `None`: out of time.
pub(super) fn wait(
    child: &mut Child,
    stdout: &Receiver<Gathered>,
    deadline: Instant,
) -> Option<(ExitStatus, Option<Gathered>)> {
    let mut gathered = None;
    // A process whose output has ended is about to end itself: look often at first.
    let mut pause = Duration::from_micros(100);
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some((status, gathered));
        }
        let left = deadline.checked_duration_since(Instant::now())?;
        if gathered.is_some() {
            std::thread::sleep(pause.min(left));
            pause = (pause * 2).min(TICK);
            continue;
        }
        match stdout.recv_timeout(TICK.min(left)) {
            Ok(all) => gathered = Some(all),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => gathered = Some(Gathered::default()),
        }
    }
}

/// Ends the child and everything it has started.
pub(super) fn kill_group(child: &mut Child) {
    // Not reaped yet, so the id is still its own.
    if let Some(group) = i32::try_from(child.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw)
    {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.wait();
}
