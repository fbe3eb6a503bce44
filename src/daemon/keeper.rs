//! The keeper, as the daemon asks it: never on a thread that serves the sockets.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::config::Paths;
use crate::domain::{Exit, RunId};
use crate::protocol::{ApiError, ApiResult, ErrorCode};
use crate::pty::client::SpawnRequest;
use crate::pty::{KeeperClient, KeeperError};

/// The ends of processes as the keeper tells them; closed when the keeper is gone.
pub(super) type Exits = UnboundedReceiver<(RunId, Exit)>;

/// The connection to the keeper.
pub(super) struct Keeper {
    client: Arc<KeeperClient>,
    pid: u32,
}

/// A run that the keeper still has.
pub(super) struct Kept {
    pub(super) run: RunId,
    /// `None` where its terminal cannot be had any more.
    pub(super) master: Option<OwnedFd>,
    /// How it ended, if it has.
    pub(super) exit: Option<Exit>,
}

impl Keeper {
    /// Connects, and becomes the one that is told of the ends of processes.
    pub(super) async fn connect(paths: &Paths) -> Result<(Keeper, Exits)> {
        let socket = paths.keeper_socket();
        let (told, exits) = unbounded_channel();
        let client = tokio::task::spawn_blocking(move || {
            let on_exit = Box::new(move |run, exit| {
                let _ = told.send((run, exit));
            });
            let client = KeeperClient::connect(&socket, Some(on_exit))?;
            let status = client.status()?;
            Ok::<_, KeeperError>((client, status.pid))
        });
        let (client, pid) = client.await??;
        let client = Arc::new(client);
        Ok((Keeper { client, pid }, exits))
    }

    /// The keeper's process.
    pub(super) fn pid(&self) -> Option<u32> {
        Some(self.pid)
    }

    /// Starts a process in a terminal of `size` (columns and rows).
    pub(super) async fn spawn(
        &self,
        run: RunId,
        argv: Vec<String>,
        env: Vec<(OsString, OsString)>,
        cwd: &Path,
        (cols, rows): (u16, u16),
    ) -> ApiResult<(u32, OwnedFd)> {
        let request = SpawnRequest {
            run,
            argv,
            env,
            cwd: cwd.to_owned(),
            rows,
            cols,
        };
        let spawned = self.ask(move |client| client.spawn(request)).await?;
        Ok((spawned.pid, spawned.master))
    }

    /// Signals a run's process group.
    pub(super) async fn signal(&self, run: RunId, signal: i32) -> ApiResult<()> {
        self.ask(move |client| client.signal(run, signal, true))
            .await
    }

    /// Lets the keeper forget a run whose end is recorded.
    pub(super) async fn ack(&self, run: RunId) {
        if let Err(error) = self.ask(move |client| client.ack(run)).await {
            tracing::warn!(%error, run = run.0, "the keeper does not forget a run");
        }
    }

    /// What it has, with the terminals.
    pub(super) async fn list(&self) -> ApiResult<Vec<Kept>> {
        self.ask(|client| {
            let runs = client.list()?;
            let kept = runs.into_iter().map(|kept| Kept {
                run: RunId(kept.run),
                master: client.take(RunId(kept.run)).ok(),
                exit: kept.exit,
            });
            Ok(kept.collect())
        })
        .await
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&KeeperClient) -> Result<T, KeeperError> + Send + 'static,
    ) -> ApiResult<T> {
        let client = self.client.clone();
        let result = tokio::task::spawn_blocking(move || work(&client)).await;
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(ApiError::new(ErrorCode::Failed, error.to_string())),
            Err(error) => Err(ApiError::new(ErrorCode::Internal, error.to_string())),
        }
    }
}
