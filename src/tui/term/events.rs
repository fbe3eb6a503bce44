//! What the user's terminal says: keys, mice, pastes, sizes.
//!
//! Read on a thread of its own: crossterm reads a terminal that has hung up again and again without end,
//! and whoever waits for it in the main loop hears neither the signal to end nor the daemon any more.

use std::io;
use std::os::fd::AsFd;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use futures_util::{Stream, stream};
use ratatui::crossterm::event::{Event, read};
use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::mpsc;

/// Events that wait for the main loop.
const WAITING: usize = 256;

/// The events of the terminal, as they come; an error where it has gone.
pub fn terminal_events() -> impl Stream<Item = io::Result<Event>> + Unpin {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let gone = sender.clone();
    // Neither is waited for: they end with the program.
    thread::spawn(move || {
        loop {
            GATE.pass();
            if sender.blocking_send(read()).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        let stdin = io::stdin();
        if rustix::termios::isatty(&stdin) && hung_up(&stdin).is_ok() {
            let error = io::Error::new(io::ErrorKind::UnexpectedEof, "the terminal has gone");
            let _ = gone.blocking_send(Err(error));
        }
    });
    stream::poll_fn(move |context| receiver.poll_recv(context))
}

/// Where the reader waits while another program has the terminal.
static GATE: Gate = Gate {
    state: Mutex::new(GateState {
        closed: false,
        waits: false,
        reads: false,
    }),
    changed: Condvar::new(),
};

struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

struct GateState {
    /// Whether the reader may not go on.
    closed: bool,
    /// Whether it has come here.
    waits: bool,
    /// Whether there is a reader at all.
    reads: bool,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reader comes by: it waits until the gate is open.
    fn pass(&self) {
        let mut state = self.state();
        state.reads = true;
        state.waits = true;
        self.changed.notify_all();
        while state.closed {
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.waits = false;
    }

    /// Closes the gate and waits until the reader stands before it. `nudge` makes its read end.
    fn close(&self, nudge: impl FnOnce()) {
        let mut state = self.state();
        state.closed = true;
        if !state.reads {
            return;
        }
        if !state.waits {
            nudge();
        }
        while !state.waits {
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn open(&self) {
        self.state().closed = false;
        self.changed.notify_all();
    }
}

/// Does something while nobody reads the terminal here: keys are for whoever else has it.
pub(super) fn without_reading<T>(then: impl FnOnce() -> T) -> T {
    GATE.close(|| {
        // The reader takes it for a change of size, which ends its read; it is told the size it knows.
        let own = rustix::process::getpid();
        let _ = rustix::process::kill_process(own, rustix::process::Signal::WINCH);
    });
    let done = then();
    GATE.open();
    done
}

/// Waits until a terminal has hung up.
fn hung_up(terminal: &impl AsFd) -> io::Result<()> {
    loop {
        // Asked for nothing, it tells only this.
        let mut fds = [PollFd::new(terminal, PollFlags::empty())];
        match poll(&mut fds, None) {
            Ok(_) if fds[0].revents().is_empty() => {}
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    #[test]
    fn a_terminal_that_goes_is_noticed() {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap();
        let path = path.into_string().unwrap();
        let terminal = File::options().read(true).write(true).open(path).unwrap();
        let mut user = File::from(master);
        let (sender, told) = channel();
        thread::spawn(move || sender.send(hung_up(&terminal).is_ok()));
        user.write_all(b"keys are no hang-up\r").unwrap();
        assert!(told.try_recv().is_err());
        drop(user);
        assert_eq!(told.recv_timeout(Duration::from_secs(20)), Ok(true));
    }
}
