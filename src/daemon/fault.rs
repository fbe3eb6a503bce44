//! Where tests end the daemon: at a named step of an operation, as a crash would.
//!
//! Only in builds for development: the daemon that comes to the step whose name the file `fault` in its state
//! directory holds removes the file and kills itself.

#[cfg(debug_assertions)]
use std::path::PathBuf;
#[cfg(debug_assertions)]
use std::sync::OnceLock;

#[cfg(debug_assertions)]
static FILE: OnceLock<PathBuf> = OnceLock::new();

/// Says where the state directory is.
pub(super) fn arm(state: &std::path::Path) {
    #[cfg(debug_assertions)]
    let _ = FILE.set(state.join("fault"));
    #[cfg(not(debug_assertions))]
    let _ = state;
}

/// Comes to the step `name`.
#[cfg(debug_assertions)]
pub(super) fn point(name: &'static str) {
    let Some(file) = FILE.get() else { return };
    let Ok(wanted) = std::fs::read_to_string(file) else {
        return;
    };
    if wanted.trim() != name || std::fs::remove_file(file).is_err() {
        return;
    }
    let own = rustix::process::getpid();
    let _ = rustix::process::kill_process(own, rustix::process::Signal::KILL);
    // The signal is on its way; nothing more may happen.
    loop {
        std::thread::park();
    }
}

/// Comes to the step `name`.
#[cfg(not(debug_assertions))]
pub(super) fn point(_: &'static str) {}
