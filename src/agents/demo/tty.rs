//! The terminal: raw mode and back, signals as readable bytes, writes that a signal can end.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, FdFlags, fcntl_setfd, read, write};
use rustix::pipe::pipe;
use rustix::stdio::{stdin, stdout};
use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr};

/// Bracketed paste, kitty keyboard; then the question what the terminal is.
const ENTER: &str = "\x1b[?2004h\x1b[>1u\x1b[c";
const LEAVE: &str = "\x1b[?2026l\x1b[<u\x1b[?2004l\x1b[?25h\x1b[0m";

/// Where the signal handler writes.
static SIGNALS: AtomicI32 = AtomicI32::new(-1);

/// What came while waiting.
#[derive(Debug, Default)]
pub struct Arrived {
    /// Bytes of the terminal.
    pub input: Vec<u8>,
    /// The terminal is gone.
    pub closed: bool,
    /// The terminal's size has changed.
    pub resized: bool,
    /// A signal asks for the end.
    pub ended_by: Option<i32>,
}

/// Signals as bytes in a pipe.
#[derive(Debug)]
pub struct Signals {
    pipe: OwnedFd,
}

impl Signals {
    /// Catches changes of size and requests to end, once per process.
    ///
    /// # Errors
    /// Where there is no pipe to be had.
    pub fn catch() -> io::Result<Self> {
        let (reader, writer) = new_pipe()?;
        let fd = std::os::fd::IntoRawFd::into_raw_fd(writer);
        SIGNALS.store(fd, Ordering::Relaxed);
        for signal in [libc::SIGWINCH, libc::SIGTERM, libc::SIGHUP, libc::SIGINT] {
            catch(signal);
        }
        Ok(Self { pipe: reader })
    }

    fn drain(&self, arrived: &mut Arrived) {
        let mut bytes = [0; 64];
        while let Ok(length @ 1..) = read(&self.pipe, &mut bytes[..]) {
            for signal in &bytes[..length] {
                match i32::from(*signal) {
                    libc::SIGWINCH => arrived.resized = true,
                    other => arrived.ended_by = Some(other),
                }
            }
        }
    }

    /// Waits for a signal, for `also`, for input if `with_input`, or until `until`.
    ///
    /// # Errors
    /// Where waiting fails.
    pub fn wait(
        &self,
        with_input: bool,
        also: Option<BorrowedFd<'_>>,
        until: Option<Instant>,
    ) -> io::Result<Arrived> {
        let stdin = stdin();
        let mut fds = vec![PollFd::new(&self.pipe, PollFlags::IN)];
        if with_input {
            fds.push(PollFd::new(&stdin, PollFlags::IN));
        }
        if let Some(also) = &also {
            fds.push(PollFd::new(also, PollFlags::IN));
        }
        let left = until.map(|until| {
            // Rounded up, so that a wait that is over is really over.
            let left = until.saturating_duration_since(Instant::now());
            let left = left + Duration::from_micros(u64::from(!left.is_zero()) * 500);
            Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(3600),
                tv_nsec: i64::from(left.subsec_nanos()),
            }
        });
        match poll(&mut fds, left.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let has_input = with_input && !fds[1].revents().is_empty();
        let mut arrived = Arrived::default();
        self.drain(&mut arrived);
        if has_input {
            let mut bytes = [0; 16 * 1024];
            match read(stdin, &mut bytes[..]) {
                Ok(0) => arrived.closed = true,
                Ok(length) => arrived.input.extend_from_slice(&bytes[..length]),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => arrived.closed = true,
            }
        }
        Ok(arrived)
    }
}

fn new_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = pipe()?;
    for end in [&reader, &writer] {
        // Not with the pipe itself, which not every system can. Nothing is started in between: this comes
        // first in the program.
        fcntl_setfd(end, FdFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(end, true)?;
    }
    Ok((reader, writer))
}

extern "C" fn on_signal(signal: libc::c_int) {
    let fd = SIGNALS.load(Ordering::Relaxed);
    let byte = u8::try_from(signal).unwrap_or(0);
    if fd >= 0 {
        #[allow(unsafe_code)]
        // SAFETY: write is async-signal-safe; the descriptor stays open for the process's life. It does
        // not block, and leaves errno alone unless the pipe is full of unread signals.
        unsafe {
            libc::write(fd, (&raw const byte).cast(), 1);
        }
    }
}

fn catch(signal: libc::c_int) {
    #[allow(unsafe_code)]
    // SAFETY: the handler only loads an atomic and writes to a pipe; the action is zeroed and filled in.
    // Without SA_RESTART, so that a write the terminal does not take can be ended.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as *const () as usize;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(signal, &raw const action, std::ptr::null_mut());
    }
}

/// The terminal in raw mode; leaving it puts everything back.
#[derive(Debug)]
pub struct Tty {
    before: Termios,
    signals: Signals,
}

impl Tty {
    /// Whether input and output are terminals.
    pub fn is_there() -> bool {
        isatty(stdin()) && isatty(stdout())
    }

    /// Enters raw mode.
    ///
    /// # Errors
    /// Where there is no terminal.
    pub fn enter() -> io::Result<Self> {
        let before = tcgetattr(stdin())?;
        let signals = Signals::catch()?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdin(), OptionalActions::Now, &raw)?;
        let tty = Self { before, signals };
        tty.write(ENTER.as_bytes())?;
        Ok(tty)
    }

    /// Columns and rows.
    pub fn size(&self) -> (usize, usize) {
        match tcgetwinsize(stdout()) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
                (size.ws_col.into(), size.ws_row.into())
            }
            _ => (80, 24),
        }
    }

    /// Writes everything, unless a signal asks for the end while the terminal takes nothing.
    ///
    /// # Errors
    /// Where the terminal is gone, or the end was asked for.
    pub fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match write(stdout(), bytes) {
                Ok(length) => bytes = &bytes[length..],
                Err(Errno::INTR) => {
                    let mut arrived = Arrived::default();
                    self.signals.drain(&mut arrived);
                    if arrived.ended_by.is_some() {
                        return Err(io::ErrorKind::Interrupted.into());
                    }
                    // The change of size is told again to whoever waits next.
                    if arrived.resized {
                        on_signal(libc::SIGWINCH);
                    }
                }
                Err(Errno::AGAIN) => {
                    let stdout = stdout();
                    let mut fds = [PollFd::new(&stdout, PollFlags::OUT)];
                    let _ = poll(&mut fds, None);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits for input, a signal, `also`, or until `until`.
    ///
    /// # Errors
    /// Where waiting fails.
    pub fn wait(
        &self,
        also: Option<BorrowedFd<'_>>,
        until: Option<Instant>,
    ) -> io::Result<Arrived> {
        self.signals.wait(true, also, until)
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        let _ = self.write(LEAVE.as_bytes());
        let _ = tcsetattr(stdin().as_fd(), OptionalActions::Now, &self.before);
    }
}
