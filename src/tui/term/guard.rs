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
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

use super::held::{Held, Hold};

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
}

/// The terminal, taken over. Dropping it gives the terminal back.
pub struct TerminalGuard {
    terminal: Terminal<CrosstermBackend<Held<io::Stdout>>>,
    hold: Hold,
    area: Rect,
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
        let area = Rect::new(0, 0, cols, rows);
        let (writer, hold) = Held::new(out);
        // The size is told by whoever draws: asked for with every frame, it would cost three system calls.
        let viewport = Viewport::Fixed(area);
        let backend = CrosstermBackend::new(writer);
        Ok(Self {
            terminal: Terminal::with_options(backend, TerminalOptions { viewport })?,
            hold,
            area,
            options,
        })
    }

    /// Draws one frame of a size as a whole, in a single write.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn draw(
        &mut self,
        (cols, rows): (u16, u16),
        render: impl FnOnce(&mut Frame<'_>),
    ) -> io::Result<()> {
        let area = Rect::new(0, 0, cols, rows);
        let held = self.hold.begin();
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        if area != self.area {
            self.area = area;
            self.terminal.resize(area)?;
        }
        self.terminal.draw(render)?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        drop(held);
        self.terminal.backend_mut().flush()
    }

    /// Draws everything anew with the next frame, whatever was there.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn clear(&mut self) -> io::Result<()> {
        // Not `Terminal::clear`: that asks the terminal where its cursor is, and the answer would go to the
        // thread that reads the keys.
        self.terminal.resize(self.area)
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        (self.area.width, self.area.height)
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
            self.terminal.backend_mut(),
            Print(format_args!("\x1b]52;c;{encoded}\x1b\\"))
        )
    }

    /// Rings the bell.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn bell(&mut self) -> io::Result<()> {
        execute!(self.terminal.backend_mut(), Print('\x07'))
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
        self.clear()
    }

    /// Switches the mouse on or off.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.options.mouse = on;
        MOUSE.store(on, Ordering::Relaxed);
        if on {
            execute!(self.terminal.backend_mut(), EnableMouseCapture)
        } else {
            execute!(self.terminal.backend_mut(), DisableMouseCapture)
        }
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        // What still waits belongs to the screen that is about to go; it must go first. After a panic that
        // screen has gone already.
        if TAKEN.load(Ordering::SeqCst) {
            let _ = self.terminal.backend_mut().flush();
        }
        give_back();
    }
}

fn take(options: &TermOptions) -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    MOUSE.store(options.mouse, Ordering::Relaxed);
    let title: String = options.title.chars().filter(|c| !c.is_control()).collect();
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
            Print(format_args!("\x1b]2;{title}\x1b\\")),
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
        Print("\x1b[23;0t"),
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
