//! The daemon's own log: one file, set aside when it has grown.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

/// Above this size the log of before is set aside at the start, in bytes.
const LIMIT: u64 = 5 * 1024 * 1024;

/// Sends what is traced, and panics, to the file.
///
/// # Errors
/// Where the file cannot be written.
pub(super) fn start(path: &Path) -> Result<()> {
    if fs::metadata(path).is_ok_and(|meta| meta.len() > LIMIT) {
        let _ = fs::rename(path, path.with_extension("log.1"));
    }
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write the log {}", path.display()))?;
    let filter = EnvFilter::try_from_env("GLUON_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // Fails where a log has been started already, as in a test.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .try_init();
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = std::backtrace::Backtrace::capture();
        tracing::error!(%panic, %backtrace, "a panic");
    }));
    Ok(())
}
