//! The built-in demo agent (`gluon demo-agent`): plays a coding agent on a terminal screen of its own.
//!
//! What it says is scripted and the same for the same seed; what it does is real: it edits files, runs
//! commands and commits, only below its working directory. It is what `gluon demo`, the tests and the
//! benchmarks run, and what a newcomer sees first. Needs no network, no key, no git identity.

mod app;
mod args;
mod command;
mod editor;
mod entry;
mod history;
mod keys;
mod paint;
mod player;
mod plot;
mod run;
mod script;
mod showcase;
mod status;
mod stream;
mod text;
mod tty;
mod view;
mod work;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub use showcase::{
    DemoCommit, DemoFile, DemoTask, Reaches, repository_commits, repository_files, showcase,
};

use app::App;
use args::Args;
use history::History;
use player::Player;
use script::Step;
use tty::Tty;
use work::Workshop;

/// The seed where none is given.
const SEED: u64 = 7;

/// Runs the demo agent with the arguments that follow `gluon demo-agent`.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    match args::parse(args).and_then(|args| started(&args)) {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            eprintln!("gluon demo-agent: {message}");
            ExitCode::from(2)
        }
    }
}

fn started(args: &Args) -> Result<u8, String> {
    if args.help {
        print!("{}", args::HELP);
        for (name, about) in script::tags() {
            println!("  @@{name:<10} {about}");
        }
        return Ok(0);
    }
    if args.version {
        println!("gluon demo agent {}", env!("CARGO_PKG_VERSION"));
        return Ok(0);
    }
    let cwd = std::env::current_dir()
        .and_then(|dir| dir.canonicalize())
        .map_err(|error| format!("the working directory cannot be used: {error}"))?;
    let dir = history::directory(&cwd, |name| std::env::var_os(name).map(PathBuf::from));
    let (id, mut history, entries) = conversation(args, dir.as_deref())?;
    let turns = entries
        .iter()
        .filter(|entry| matches!(entry, entry::Entry::Prompt { .. }))
        .count();
    let seed = args.seed.unwrap_or(SEED);
    let mut player = Player::new(Workshop::new(cwd.clone()), seed, pace(), turns);
    player.set_script(script_of(args)?);
    if args.print {
        let prompt = args
            .prompt
            .as_deref()
            .or(args.script.as_deref().map(|_| ""));
        let prompt = prompt.ok_or("--print needs a prompt")?;
        let out = &mut io::stdout().lock();
        let ran = match args.json {
            false => run::headless(&mut player, &mut history, prompt, out),
            true => run::streamed(&mut player, &mut history, prompt, &id, out),
        };
        return match ran {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
            other => other.map_err(|error| error.to_string()),
        };
    }
    if !Tty::is_there() {
        return Err("needs a terminal; --print works without one".to_owned());
    }
    let mut app = App::new(player, history, entries, place(&cwd));
    let scripted = args.script.is_some() || args.script_file.is_some();
    let prompt = args
        .prompt
        .as_deref()
        .or(scripted.then_some("Play the script"));
    run::on_screen(&mut app, prompt, &id).map_err(|error| error.to_string())
}

fn conversation(
    args: &Args,
    dir: Option<&Path>,
) -> Result<(String, History, Vec<entry::Entry>), String> {
    if let Some(id) = &args.resume {
        let (history, entries) =
            History::open(dir, id).map_err(|error| format!("cannot resume {id}: {error}"))?;
        return Ok((id.clone(), history, entries));
    }
    let id = match &args.session_id {
        Some(id) => id.clone(),
        None => super::new_conversation_id().map_err(|error| error.to_string())?,
    };
    let history = History::create(dir, &id);
    Ok((id, history, Vec::new()))
}

fn script_of(args: &Args) -> Result<Vec<Step>, String> {
    if let Some(path) = &args.script_file {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let script = script::parse(&text);
        return Ok(script
            .map_err(|error| format!("{}, {error}", path.display()))?
            .steps);
    }
    match &args.script {
        Some(name) => match script::request(&format!("@@{name}")) {
            request if request.unknown.is_empty() => Ok(request.steps),
            _ => Err(format!("no script is called `{name}`; --help lists them")),
        },
        None => Ok(Vec::new()),
    }
}

/// By how much pauses are stretched, as the environment says.
pub fn pace() -> f32 {
    let set = std::env::var("GLUON_DEMO_PACE").ok();
    let pace: Option<f32> = set.and_then(|text| text.trim().parse().ok());
    pace.filter(|pace| pace.is_finite())
        .unwrap_or(1.0)
        .clamp(0.0, 100.0)
}

/// The working directory as people write it.
fn place(cwd: &Path) -> String {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match home.as_deref().and_then(|home| cwd.strip_prefix(home).ok()) {
        Some(rest) if !rest.as_os_str().is_empty() => format!("~/{}", rest.display()),
        _ => cwd.display().to_string(),
    }
}
