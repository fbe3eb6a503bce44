//! The listening socket: where it is, who may connect, and taking connections.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::net::UnixListener;

use super::connection;
use super::outbox::ClientId;
use super::service::Service;

/// Binds the socket. The caller holds the daemon's lock, so a socket that is there is left over from one
/// that crashed and is cleared away.
///
/// # Errors
/// Where the path cannot be bound, with the path in it.
pub(super) fn bind(path: &Path) -> Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot clear {}", path.display()));
        }
        _ => {}
    }
    let listener =
        UnixListener::bind(path).with_context(|| format!("cannot listen at {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Takes connections until the task is dropped.
pub(super) async fn accept(listener: UnixListener, service: Arc<Service>) {
    let own = rustix::process::geteuid().as_raw();
    let mut next = 0;
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, most likely: those in use come back.
                tracing::warn!(%error, "cannot accept a client");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        match stream.peer_cred() {
            Ok(peer) if peer.uid() == own => {}
            Ok(peer) => {
                tracing::warn!(uid = peer.uid(), "another user tried to connect");
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, "a client's user cannot be told");
                continue;
            }
        }
        next += 1;
        tokio::spawn(connection::serve(service.clone(), stream, ClientId(next)));
    }
}
