//! What the user's terminal says: keys, mice, pastes, sizes.
//!
//! Read on a thread of its own: crossterm reads a terminal that has hung up again and again without end,
//! and whoever waits for it in the main loop hears neither the signal to end nor the daemon any more.

use std::io;
use std::os::fd::AsFd;
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
    thread::spawn(move || while sender.blocking_send(read()).is_ok() {});
    thread::spawn(move || {
        let stdin = io::stdin();
        if rustix::termios::isatty(&stdin) && hung_up(&stdin).is_ok() {
            let error = io::Error::new(io::ErrorKind::UnexpectedEof, "the terminal has gone");
            let _ = gone.blocking_send(Err(error));
        }
    });
    stream::poll_fn(move |context| receiver.poll_recv(context))
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
