//! Taking the terminal over and giving it back.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange, EnableMouseCapture, KeyboardEnhancementFlags, PopKeyboardEnhancementFlags,
    PushKeyboardEnhancementFlags,
};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::backend::{Backend, ClearType, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::canvas::Canvas;
use super::events::without_reading;
use super::held::{Held, Hold};
use super::program;
use super::voice::Speaker;
use crate::domain::notify::Announcement;
use crate::tui::msg::Program;

/// Whether the terminal is ours now; looked at by the panic hook.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Whether the mouse was asked for.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// The most that is put on the clipboard, in bytes; terminals cut or drop more.
const MAX_CLIPBOARD: usize = 100_000;

/// What to ask of the terminal.
#[derive(Debug, Clone)]
pub struct TermOptions {
    /// Whether clicks come to gluon; off leaves them to the terminal's own selection.
    pub mouse: bool,
    /// The window's title.
    pub title: String,
    /// How the user is told something while they look elsewhere.
    pub speaker: Speaker,
}

/// The terminal, taken over. Dropping it gives the terminal back.
pub struct TerminalGuard {
    backend: CrosstermBackend<Held<io::Stdout>>,
    hold: Hold,
    canvas: Canvas,
    options: TermOptions,
}

impl TerminalGuard {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// Where there is none, or it is gone.
    pub fn enter(options: TermOptions) -> io::Result<Self> {
        // With NO_COLOR set, crossterm writes resets behind every modifier, which take bold and reverse
        // away. The theme leaves the colours out then; crossterm must not interfere.
        crossterm::style::force_color_output(true);
        install_panic_hook();
        take(&options)?;
        Self::over(io::stdout(), options).inspect_err(|_| give_back())
    }

    /// Over a terminal that is taken already.
    fn over(out: io::Stdout, options: TermOptions) -> io::Result<Self> {
        let (cols, rows) = crossterm::terminal::size()?;
        let (writer, hold) = Held::new(out);
        Ok(Self {
            backend: CrosstermBackend::new(writer),
            hold,
            canvas: Canvas::new(cols, rows),
            options,
        })
    }

    /// Draws one frame of a size as a whole, in a single write. `render` says where the cursor is to be, if
    /// it shows. A frame in which nothing is new writes nothing.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn draw(
        &mut self,
        size: (u16, u16),
        render: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<()> {
        let changes = self.canvas.draw(size, render);
        if changes.is_empty() {
            return Ok(());
        }
        let out = &mut self.backend;
        let held = self.hold.begin();
        queue!(out, BeginSynchronizedUpdate)?;
        if changes.wipe {
            out.clear_region(ClearType::All)?;
        }
        out.draw(changes.cells())?;
        match changes.cursor {
            Some(Some(at)) => queue!(out, cursor::MoveTo(at.x, at.y), cursor::Show)?,
            Some(None) => queue!(out, cursor::Hide)?,
            None => {}
        }
        queue!(out, EndSynchronizedUpdate)?;
        drop(held);
        io::Write::flush(out)
    }

    /// Draws everything anew with the next frame, whatever was there.
    pub fn clear(&mut self) {
        self.canvas.forget();
    }

    /// How the user is told something.
    pub fn speaker(&self) -> Speaker {
        self.options.speaker
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        self.canvas.size()
    }

    /// Puts text on the user's clipboard, by OSC 52, so that it works over SSH too.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut end = text.len().min(MAX_CLIPBOARD);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let encoded = base64::engine::general_purpose::STANDARD.encode(&text[..end]);
        execute!(
            self.backend,
            Print(format_args!("\x1b]52;c;{encoded}\x1b\\"))
        )
    }

    /// Gives the window another title, if it has not got it yet.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn set_title(&mut self, title: &str) -> io::Result<()> {
        if self.options.title == title {
            return Ok(());
        }
        title.clone_into(&mut self.options.title);
        execute!(self.backend, Print(title_sequence(title)))
    }

    /// Tells the user something, wherever they look.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn announce(&mut self, announcement: &Announcement) -> io::Result<()> {
        execute!(
            self.backend,
            Print(self.options.speaker.announce(announcement))
        )
    }

    /// Takes back what was told under this number, where the terminal can.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn take_back(&mut self, id: u64) -> io::Result<()> {
        execute!(self.backend, Print(self.options.speaker.take_back(id)))
    }

    /// Rings the bell.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn bell(&mut self) -> io::Result<()> {
        execute!(self.backend, Print('\x07'))
    }

    /// Gives the terminal back for as long as the program is stopped by the user, and takes it again when
    /// it goes on.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::TSTP)?;
        take(&self.options)?;
        self.clear();
        Ok(())
    }

    /// Lets another program have the terminal until it ends.
    ///
    /// # Errors
    /// Where the program cannot be started, or the terminal is gone.
    pub fn run(&mut self, program: &Program) -> io::Result<()> {
        let failed = without_reading(|| {
            give_back();
            program::run(program).err()
        });
        take(&self.options)?;
        self.clear();
        match failed {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }

    /// Switches the mouse on or off.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.options.mouse = on;
        MOUSE.store(on, Ordering::Relaxed);
        if on {
            execute!(self.backend, EnableMouseCapture)
        } else {
            execute!(self.backend, DisableMouseCapture)
        }
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        // What still waits belongs to the screen that is about to go; it must go first. After a panic that
        // screen has gone already.
        if TAKEN.load(Ordering::SeqCst) {
            let _ = io::Write::flush(&mut self.backend);
        }
        give_back();
    }
}

fn take(options: &TermOptions) -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    MOUSE.store(options.mouse, Ordering::Relaxed);
    let mut out = io::stdout().lock();
    let taken = (|| {
        // Title pushed, so that it can be put back; terminals without a stack ignore it.
        queue!(
            out,
            Print("\x1b[22;0t"),
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableFocusChange,
            // A terminal that does not know the protocol ignores this; asking first would cost start-up.
            PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES),
            Print(title_sequence(&options.title)),
            cursor::Hide
        )?;
        if options.mouse {
            queue!(out, EnableMouseCapture)?;
        }
        out.flush()
    })();
    if taken.is_err() {
        drop(out);
        give_back();
    }
    taken
}

fn title_sequence(title: &str) -> String {
    let title: String = title.chars().filter(|c| !c.is_control()).collect();
    format!("\x1b]2;{title}\x1b\\")
}

/// Gives the terminal back, if it is ours. May be called from anywhere, any number of times.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    // A terminal that is gone cannot be restored, and nobody sees it: errors mean nothing here.
    let _ = queue!(out, EndSynchronizedUpdate);
    if MOUSE.load(Ordering::Relaxed) {
        let _ = queue!(out, DisableMouseCapture);
    }
    let _ = execute!(
        out,
        PopKeyboardEnhancementFlags,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        // A terminal that keeps no titles is left with its own.
        Print("\x1b]2;\x1b\\\x1b[23;0t"),
        cursor::SetCursorStyle::DefaultUserShape,
        cursor::Show
    );
    let _ = disable_raw_mode();
}

/// A panic first gives the terminal back, so that its message can be read.
fn install_panic_hook() {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    if INSTALLED.swap(true, Ordering::SeqCst) {
        return;
    }
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        give_back();
        before(info);
    }));
}

/// Completes when the system wants the program to end: SIGTERM, SIGHUP or SIGINT. The answer is the exit
/// code that tells so.
pub async fn end_signal() -> i32 {
    use tokio::signal::unix::{SignalKind, signal};
    let watch = |kind: SignalKind| async move {
        match signal(kind) {
            Ok(mut stream) => stream.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = watch(SignalKind::terminate()) => 128 + libc::SIGTERM,
        _ = watch(SignalKind::hangup()) => 128 + libc::SIGHUP,
        _ = watch(SignalKind::interrupt()) => 128 + libc::SIGINT,
    }
}
