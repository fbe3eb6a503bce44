//! The daemon's process: start, run, end.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::keeper::Keeper;
use super::prices::PriceBook;
use super::service::{End, Parts, Service, announce};
use super::{fault, lock, log_file, monitor, scheduler, server, settings};
use crate::agents::Registry;
use crate::config::{Config, Paths};
use crate::protocol::{CANNOT_RUN, Event};
use crate::store::Store;

/// The exit code that asks the keeper to start the daemon again at once.
const RESTART: u8 = 75;
/// How long clients get to take the news of the end.
const FAREWELL: Duration = Duration::from_millis(100);

/// Runs the daemon until it is stopped; the exit code says to the keeper what comes next: 0 everything
/// ends, 75 start it again at once, anything else start it again after a while.
///
/// # Errors
/// Where it cannot start: no keeper, no directories, another daemon, a database that cannot be used.
pub fn main() -> Result<u8> {
    let paths = Paths::from_env()?;
    paths.ensure()?;
    log_file::start(&paths.daemon_log())?;
    fault::arm(&paths.state);
    let result = run(paths);
    if let Err(error) = &result {
        tracing::error!("{CANNOT_RUN}{error:#}");
    }
    result
}

fn run(paths: Paths) -> Result<u8> {
    let _lock = lock::take(&paths.daemon_lock())?;
    tracing::info!(
        pid = std::process::id(),
        version = env!("CARGO_PKG_VERSION"),
        "the daemon starts"
    );
    let (config, wrong) = settings::load(&paths);
    if let Some(error) = wrong {
        tracing::error!(%error, "the settings cannot be used; those of before are, or the defaults");
    }
    let store = Store::open(&paths.database())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let end = runtime.block_on(serve(paths, config, store));
    runtime.shutdown_timeout(Duration::from_secs(1));
    end
}

async fn serve(paths: Paths, config: Config, store: Store) -> Result<u8> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = server::bind(&paths.socket())?;
    let agents = load_agents(&paths);
    let prices = PriceBook::new(paths.prices());
    let (keeper, mut exits) = Keeper::connect(&paths)
        .await
        .context("cannot reach the keeper; `gluon keeper` starts both")?;
    let (end, mut ends) = mpsc::unbounded_channel();
    let (notices, heard) = mpsc::unbounded_channel();
    let socket = paths.socket();
    let service = Service::new(Parts {
        paths,
        config,
        keeper,
        agents,
        prices,
        store,
        end,
        notices,
    });
    let kept = service.keeper.list().await?;
    tokio::spawn(service.clone().hear_sessions(heard));
    service.recover(kept).await?;
    let settling = service.clone();
    tokio::spawn(async move {
        settling.settle_operations().await;
        settling.clone().merge_on();
        settling.tidy_by_rule().await;
    });
    tokio::spawn(service.clone().archive_by_rule());
    tokio::spawn(scheduler::run(service.clone()));
    tokio::spawn(monitor::run(service.clone()));
    tokio::spawn(service.clone().run_loops());
    tokio::spawn(announce(service.clone()));
    service.schedule.notify_one();
    let accepting = tokio::spawn(server::accept(listener, service.clone()));
    let end = loop {
        tokio::select! {
            end = ends.recv() => break end.unwrap_or(End::Restart),
            _ = terminate.recv() => break End::Restart,
            _ = interrupt.recv() => break End::Restart,
            exit = exits.recv() => match exit {
                Some((run, exit)) => service.process_ended(run, exit),
                None => {
                    service.keeper_gone().await;
                    break End::Restart;
                }
            },
        }
    };
    tracing::info!(?end, "the daemon ends");
    service.close();
    accepting.abort();
    service.hub.publish(Event::Closing {
        restart: end == End::Restart,
    });
    // The answer to whoever asked for the end is on its way too.
    tokio::time::sleep(FAREWELL).await;
    Ok(match end {
        End::Restart => RESTART,
        End::Stop => {
            let _ = std::fs::remove_file(socket);
            0
        }
    })
}

fn load_agents(paths: &Paths) -> Registry {
    let (registry, problems) = Registry::load(Some(&paths.agents()));
    for problem in problems {
        tracing::error!(?problem, "an agent's manifest cannot be used");
    }
    registry
}
