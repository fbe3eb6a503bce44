//! The demo's surroundings: a directory of its own, the environment that keeps to it, the repository.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::super::super::context::Context;
use super::super::super::failure::{Failure, Outcome};
use crate::agents::{self, demo};
use crate::git::Git;

/// Until silence is slow and stuck in the demo, in seconds: nobody looks at it for a quarter of an hour.
const SILENCE: (f32, f32) = (15.0, 40.0);

/// The longest temporary directory in which sockets still have room, in bytes.
const MAX_TEMP: usize = 60;

/// Becomes the demo in a directory of its own; returns only where that fails.
pub(super) fn enter(print: bool) -> Outcome<Failure> {
    let dir = make_dir().context("cannot make a directory for the demo")?;
    let mut command = Command::new(agents::own_program());
    command.args(["demo", "--inside"]).arg(&dir);
    if print {
        command.arg("--print");
    }
    for (name, part) in [
        ("GLUON_STATE_DIR", "state"),
        ("GLUON_DATA_DIR", "data"),
        ("GLUON_CONFIG_DIR", "config"),
        ("GLUON_RUNTIME_DIR", "run"),
    ] {
        command.env(name, dir.join(part));
    }
    // What the agents' own scripts leave there goes with the rest.
    let temp = dir.join("tmp");
    fs::create_dir(&temp)?;
    command.env("TMPDIR", temp);
    // The user's hooks, signing keys and templates have no business in the demo's repository.
    command.env("GIT_CONFIG_GLOBAL", "/dev/null");
    command.env("GIT_CONFIG_SYSTEM", "/dev/null");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "gluon demo");
        command.env(format!("GIT_{role}_EMAIL"), "demo@localhost");
    }
    // In place of this process, so that the terminal has one program to stop, resize and hang up on.
    let error = command.exec();
    let _ = fs::remove_dir_all(&dir);
    let error = anyhow::Error::from(error).context("cannot start the demo");
    Ok(error.into())
}

fn make_dir() -> anyhow::Result<PathBuf> {
    let mut base = std::env::temp_dir();
    if base.as_os_str().len() > MAX_TEMP {
        base = PathBuf::from("/tmp");
    }
    let base = base.canonicalize()?;
    let mut builder = fs::DirBuilder::new();
    builder.mode(0o700);
    let mut last = None;
    for number in 0..100 {
        let dir = base.join(format!("gluon-demo-{}-{number}", std::process::id()));
        match builder.create(&dir) {
            Ok(()) => return Ok(dir),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => last = Some(error),
            Err(error) => return Err(error).with_context(|| base.display().to_string()),
        }
    }
    Err(last.map_or_else(|| anyhow::anyhow!("no name is free"), Into::into))
}

/// Everything the demo needs of the user's settings: the agent that costs nothing, slots for all the tasks
/// that it starts, and silence that counts in seconds, in step with how fast the agents are.
fn config(pace: f32) -> String {
    let seconds = |usual: f32, least: f32| (usual * pace).max(least).ceil();
    let (slow, stuck) = (seconds(SILENCE.0, 2.0), seconds(SILENCE.1, 4.0));
    format!(
        "[agents]\ndefault = \"demo\"\n\n[queue]\nslots = 12\n\n\
         # Outside of the demo these are 300 and 900 seconds, looked at every 5.\n\
         [health]\nevery = 1\nslow = {slow}\nstuck = {stuck}\n"
    )
}

/// Writes settings and repository; gives the repository's place.
pub(super) fn build(ctx: &Context, dir: &Path) -> Outcome<PathBuf> {
    let inside = [&ctx.paths.state, &ctx.paths.data, &ctx.paths.config];
    if !inside.iter().all(|path| path.starts_with(dir)) {
        return Err(Failure::usage("`gluon demo` alone starts the demo"));
    }
    fs::create_dir_all(&ctx.paths.config)?;
    fs::write(ctx.paths.config_file(), config(demo::pace()))?;
    let repo = dir.join("tally");
    fs::create_dir(&repo)?;
    commit_all(&repo).context("cannot make the demo's repository")?;
    Ok(repo)
}

fn commit_all(repo: &Path) -> anyhow::Result<()> {
    let git = Git::new();
    git.run(repo, &["init", "--quiet", "--initial-branch=main"])?;
    for commit in demo::repository_commits() {
        for file in commit.files {
            let path = repo.join(file.path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&path, file.content)?;
            if file.executable {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
            }
        }
        git.run(repo, &["add", "--all"])?;
        git.run(repo, &["commit", "--quiet", "--message", &commit.message])?;
    }
    Ok(())
}
