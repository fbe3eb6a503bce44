//! `gluon daemon`: the processes in the background.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};

use super::super::args::{Format, Yes};
use super::super::context::{Context, ask, confirmed};
use super::super::failure::{Code, Failure, Outcome};
use super::super::output::paint::Role;
use crate::agents;
use crate::client::{Client, ConnectError, ConnectOptions};
use crate::domain::units::short_duration;
use crate::protocol::{Api, DaemonStatus, Shutdown};
use crate::pty::KeeperClient;
use crate::pty::wire::KeeperStatus;

/// How long daemon and keeper may take to end or to come up.
const PATIENCE: Duration = Duration::from_secs(20);

const AFTER_HELP: &str = "\
The daemon starts by itself when a command needs it, and runs on when you leave.

Examples:
  gluon daemon status
  gluon daemon restart     after an upgrade; agents run on
  gluon daemon stop        ends all agents; their sessions can be resumed";

/// Look after the background process
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Daemon {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Be the daemon (the keeper starts it)
    #[command(hide = true)]
    Run,
    /// Say whether it runs, and how
    Status {
        #[command(flatten)]
        format: Format,
    },
    /// End it with all agents; their sessions stay resumable
    Stop {
        #[command(flatten)]
        yes: Yes,
    },
    /// Start it anew, from this version of gluon; agents run on
    Restart,
}

impl Daemon {
    /// Whether this process is to be the daemon itself.
    pub(in crate::cli) fn is_role(&self) -> bool {
        matches!(self.action, None | Some(Action::Run))
    }

    pub(in crate::cli) async fn run(self, ctx: &Context) -> Outcome<ExitCode> {
        match self.action {
            None | Some(Action::Run) => Err(Failure::usage("the daemon runs by itself")),
            Some(Action::Status { format }) => status(ctx, format).await,
            Some(Action::Stop { yes }) => stop(ctx, yes).await,
            Some(Action::Restart) => restart(ctx).await,
        }
    }
}

/// A daemon that runs already, if one does.
pub(super) async fn running(ctx: &Context) -> Result<Option<Client>, ConnectError> {
    let options = ConnectOptions {
        autostart: false,
        reconnect: false,
        ..ConnectOptions::default()
    };
    match Client::connect(&ctx.paths, options).await {
        Ok((client, _)) => Ok(Some(client)),
        Err(ConnectError::NotRunning) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Asks the keeper something; `None` where none runs.
pub(super) async fn with_keeper<T: Send + 'static>(
    ctx: &Context,
    ask: impl FnOnce(&KeeperClient) -> T + Send + 'static,
) -> Option<T> {
    let socket = ctx.paths.keeper_socket();
    let asked = tokio::task::spawn_blocking(move || {
        let keeper = KeeperClient::connect(&socket, None).ok()?;
        Some(ask(&keeper))
    });
    asked.await.ok().flatten()
}

async fn status(ctx: &Context, format: Format) -> Outcome<ExitCode> {
    ctx.warn_of_settings();
    let Some(client) = running(ctx).await? else {
        if format.json {
            ctx.out.line("null")?;
        } else {
            ctx.out.line("the daemon is not running")?;
        }
        return Ok(ExitCode::from(Code::Unavailable as u8));
    };
    let status = client.status(()).await?;
    if format.json {
        ctx.out.json(&status)?;
    } else {
        tell(ctx, &status)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(ctx: &Context, status: &DaemonStatus) -> Outcome {
    let keeper = match status.keeper_pid {
        Some(pid) => format!("process {pid}"),
        None => "none".to_owned(),
    };
    let since = short_duration(ctx.now.since(status.started_at));
    for (name, value) in [
        (
            "daemon",
            format!(
                "process {}, version {}, up {since}",
                status.pid, status.version
            ),
        ),
        ("keeper", keeper),
        ("sessions", format!("{} live", status.live_sessions)),
        ("clients", status.clients.to_string()),
        ("state", status.state_dir.display().to_string()),
        ("log", status.log_file.display().to_string()),
    ] {
        let name = ctx.out.paint(Role::Dim, &format!("{name:>8}"));
        ctx.out.line(format!("{name}  {value}"))?;
    }
    Ok(())
}

async fn stop(ctx: &Context, yes: Yes) -> Outcome<ExitCode> {
    match running(ctx).await {
        Ok(Some(client)) => {
            confirmed(yes.yes, |confirm| {
                client.shutdown(Shutdown::Stop { confirm })
            })
            .await?;
        }
        Ok(None) => {
            // A keeper without a daemon is in the middle of starting one, or fails to.
            if with_keeper(ctx, KeeperClient::stop).await.is_none() {
                ctx.out.line("the daemon is not running")?;
                return Ok(ExitCode::SUCCESS);
            }
        }
        Err(error) => {
            if !yes.yes {
                ask(&format!(
                    "{error}\nStop it? Agents that run in it are ended."
                ))?;
            }
            with_keeper(ctx, KeeperClient::stop).await;
        }
    }
    until("the keeper to end", async || {
        with_keeper(ctx, |_| ()).await.is_none().then_some(())
    })
    .await?;
    ctx.out.line("the daemon has stopped")?;
    Ok(ExitCode::SUCCESS)
}

async fn restart(ctx: &Context) -> Outcome<ExitCode> {
    ctx.paths.ensure()?;
    ctx.warn_of_settings();
    let before = with_keeper(ctx, KeeperClient::status)
        .await
        .and_then(Result::ok);
    match &before {
        Some(_) => {
            let program = agents::own_program().to_str().map(str::to_owned);
            let asked = with_keeper(ctx, move |keeper| keeper.restart_daemon(program)).await;
            if let Some(Err(error)) = asked {
                return Err(Failure::new(
                    Code::Failed,
                    format!("the keeper refused: {error}"),
                ));
            }
        }
        None => {
            let options = ConnectOptions {
                reconnect: false,
                ..ConnectOptions::default()
            };
            Client::connect(&ctx.paths, options).await?;
        }
    }
    let status = until("the new daemon", async || fresh(ctx, before.as_ref()).await).await?;
    ctx.out.line(format!(
        "the daemon runs as process {}, version {}; {} live sessions",
        status.pid, status.version, status.live_sessions
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The status of a daemon that is another one than before.
async fn fresh(ctx: &Context, before: Option<&KeeperStatus>) -> Option<DaemonStatus> {
    let status = running(ctx).await.ok()??.status(()).await.ok()?;
    let old = before.and_then(|before| before.daemon);
    (Some(status.pid) != old).then_some(status)
}

/// Asks again and again, for as long as is reasonable.
async fn until<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> Outcome<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = check().await {
            return Ok(found);
        }
        if start.elapsed() > PATIENCE {
            let seconds = PATIENCE.as_secs();
            let message = format!("waited {seconds} s for {what} in vain");
            return Err(Failure::new(Code::Unavailable, message)
                .with_hint("`gluon doctor` looks for what is wrong"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
