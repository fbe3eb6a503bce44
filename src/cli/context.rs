//! What every command needs: where things are, how to write, the way to the daemon.

use std::io::{self, BufRead, IsTerminal, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use super::failure::{Code, Failure, Outcome};
use super::output::{self, Output, clean};
use crate::client::{Client, ConnectOptions};
use crate::config::{self, Paths};
use crate::domain::Timestamp;
use crate::protocol::{ApiError, ApiResult, ErrorCode};

/// The surroundings of a command.
#[derive(Debug, Clone)]
pub(super) struct Context {
    /// Where things are.
    pub(super) paths: Paths,
    /// Standard output.
    pub(super) out: Output,
    /// The moment the command started; ages are counted to it.
    pub(super) now: Timestamp,
}

impl Context {
    pub(super) fn new(out: Output) -> Outcome<Self> {
        Ok(Self {
            paths: Paths::from_env()?,
            out,
            now: now(),
        })
    }

    /// Connects, and starts the daemon where none runs.
    pub(super) async fn client(&self) -> Outcome<Client> {
        self.connect(true).await
    }

    /// Connects to a daemon that runs already.
    pub(super) async fn running_client(&self) -> Outcome<Client> {
        self.connect(false).await
    }

    /// Says what is wrong with the settings, which the daemon only writes into its log.
    pub(super) fn warn_of_settings(&self) {
        if let Err(error) = config::load(&self.paths) {
            let problem = Failure::from(error).with_hint(
                "correct it there; until then the daemon goes on with the settings of before, \
                 or the defaults",
            );
            output::warn(&problem, self.out.when);
        }
    }

    async fn connect(&self, autostart: bool) -> Outcome<Client> {
        self.warn_of_settings();
        if autostart {
            self.paths.ensure()?;
        }
        let options = ConnectOptions {
            autostart,
            reconnect: false,
            ..ConnectOptions::default()
        };
        let (client, _) = Client::connect(&self.paths, options).await?;
        Ok(client)
    }
}

/// The time.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }))
}

/// Does what may lose work: asks for it unconfirmed first, unless `yes`; where the daemon wants a
/// confirmation, asks the user and repeats it.
pub(super) async fn confirmed<T, F>(yes: bool, mut call: impl FnMut(bool) -> F) -> Outcome<T>
where
    F: Future<Output = ApiResult<T>>,
{
    match call(yes).await {
        Err(error) if error.code == ErrorCode::Confirm && !yes => {
            ask(&question(&error))?;
            Ok(call(true).await?)
        }
        result => Ok(result?),
    }
}

fn question(error: &ApiError) -> String {
    match &error.hint {
        Some(hint) => format!("{}\n({hint})", error.message),
        None => error.message.clone(),
    }
}

/// Asks the user; the default is No.
///
/// # Errors
/// Where the answer is no, or there is nobody to ask.
pub(super) fn ask(question: &str) -> Outcome {
    let question = clean::block(question);
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(
            Failure::new(Code::Refused, question).with_hint("`--yes` does it without asking")
        );
    }
    let mut stderr = io::stderr();
    write!(stderr, "{question}\nGo on? [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(Code::Refused, "nothing was changed")),
    }
}
