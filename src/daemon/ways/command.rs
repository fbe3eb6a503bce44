//! A command of the user's: the facts are in its environment and, as JSON, on its standard input.
//!
//! One at a time, each for [`PATIENCE`] at most; what it prints goes to the daemon's log.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::domain::notify::Announcement;

/// How long it may take.
pub(in crate::daemon) const PATIENCE: Duration = Duration::from_secs(30);
/// Announcements that may wait for the one before.
const WAITING: usize = 16;
/// The most of its output that is looked at, in bytes.
const OUTPUT: u64 = 4096;

type Outcome = Result<(), String>;
type Order = (Announcement, oneshot::Sender<Outcome>);

/// The way to the task that runs the command.
#[derive(Clone)]
pub(in crate::daemon) struct Runner {
    orders: mpsc::Sender<Order>,
}

impl Runner {
    /// A runner of `command`. Needs a running tokio.
    pub(in crate::daemon) fn new(command: String, patience: Duration) -> Self {
        let (orders, mut taken) = mpsc::channel::<Order>(WAITING);
        tokio::spawn(async move {
            while let Some((announcement, reply)) = taken.recv().await {
                let outcome = run(&command, &announcement, patience).await;
                if let Err(error) = &outcome {
                    tracing::warn!(error, "the notify command");
                }
                let _ = reply.send(outcome);
            }
        });
        Self { orders }
    }

    /// Runs the command for an announcement. What comes out says how it went.
    pub(in crate::daemon) fn tell(
        &self,
        announcement: &Announcement,
    ) -> oneshot::Receiver<Outcome> {
        let (reply, outcome) = oneshot::channel();
        if self.orders.try_send((announcement.clone(), reply)).is_err() {
            tracing::warn!("the notify command is too slow; a notification is dropped");
        }
        outcome
    }
}

async fn run(command: &str, announcement: &Announcement, patience: Duration) -> Outcome {
    let mut child = spawn(command, announcement).map_err(|error| error.to_string())?;
    let input = serde_json::to_vec(announcement).unwrap_or_default();
    let ended = timeout(patience, async {
        if let Some(mut stdin) = child.stdin.take() {
            // It may well not read it.
            let _ = stdin.write_all(&input).await;
        }
        let mut output = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            // What it leaves running in the background may hold this open; so it is read as far as it goes.
            let _ = stdout.take(OUTPUT).read_to_end(&mut output).await;
        }
        (child.wait().await, output)
    })
    .await;
    let Ok((status, output)) = ended else {
        end(&mut child).await;
        return Err(format!(
            "it took longer than {} s and was ended",
            patience.as_secs()
        ));
    };
    let said = crate::domain::notify::tidy(&String::from_utf8_lossy(&output), 500);
    match status {
        Ok(status) if status.success() => {
            if !said.is_empty() {
                tracing::info!(said, "the notify command");
            }
            Ok(())
        }
        Ok(status) if said.is_empty() => Err(format!("it failed: {status}")),
        Ok(status) => Err(format!("it failed: {status}: {said}")),
        Err(error) => Err(error.to_string()),
    }
}

/// The user's command is the only text that a shell sees.
fn spawn(command: &str, announcement: &Announcement) -> std::io::Result<Child> {
    let first = announcement.tasks.first();
    let text = |get: fn(&crate::domain::notify::Told) -> &str| first.map_or("", get);
    let task = first.map(|told| told.task.to_string()).unwrap_or_default();
    // Both outputs are one, so that reading one of them is enough.
    let script = format!("exec 2>&1\n{command}");
    Command::new("/bin/sh")
        .args(["-c", &script])
        .env("GLUON_NOTIFY_ID", announcement.id.to_string())
        .env("GLUON_NOTIFY_KIND", announcement.kind.word())
        .env("GLUON_NOTIFY_TITLE", &announcement.title)
        .env("GLUON_NOTIFY_BODY", &announcement.body)
        .env("GLUON_NOTIFY_COUNT", announcement.tasks.len().to_string())
        .env("GLUON_NOTIFY_TASK", task)
        .env("GLUON_NOTIFY_PROJECT", text(|told| &told.project))
        .env("GLUON_NOTIFY_AGENT", text(|told| &told.agent))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Ends it with everything that it started.
async fn end(child: &mut Child) {
    let group = child
        .id()
        .and_then(|pid| rustix::process::Pid::from_raw(pid as i32));
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.wait().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Need;

    fn announcement(body: &str) -> Announcement {
        Announcement {
            id: 7,
            kind: Need::Permission,
            title: "#1 login".into(),
            body: body.into(),
            tasks: Vec::new(),
        }
    }

    #[tokio::test]
    async fn the_facts_come_as_variables_and_as_json_never_as_a_command() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("told");
        let hostile = "$(touch hacked); `touch hacked`\"'";
        let command = format!(
            "cd {0}; printf '%s|%s|' \"$GLUON_NOTIFY_KIND\" \"$GLUON_NOTIFY_BODY\" >told; cat >>told",
            dir.path().display()
        );
        run(&command, &announcement(hostile), PATIENCE)
            .await
            .unwrap();
        let told = std::fs::read_to_string(file).unwrap();
        let json = told
            .strip_prefix(&format!("permission|{hostile}|"))
            .unwrap();
        let parsed: Announcement = serde_json::from_str(json).unwrap();
        assert_eq!(parsed.body, hostile);
        assert!(!dir.path().join("hacked").exists());
    }

    #[tokio::test]
    async fn what_fails_says_so_and_what_hangs_is_ended() {
        let told = announcement("x");
        let error = run("echo no network; exit 3", &told, PATIENCE).await;
        assert!(error.unwrap_err().ends_with("3: no network"));
        let dir = tempfile::tempdir().unwrap();
        let pid = dir.path().join("pid");
        let command = format!("echo $$ >{}; sleep 1000", pid.display());
        let runner = Runner::new(command, Duration::from_millis(500));
        let outcome = runner.tell(&told).await.unwrap();
        assert!(outcome.unwrap_err().contains("was ended"));
        let pid: u32 = std::fs::read_to_string(pid)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        assert!(!crate::pty::process::exists(pid));
    }
}
