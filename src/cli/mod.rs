//! The command line: the only place that wires everything together.
//!
//! May use every other module. One file a command in `commands`; the rest is shared by them. Invariants:
//! what agents and repositories wrote is cleaned before it is printed; a failure is one sentence with a
//! hint, on standard error, with an exit code that scripts can rely on; JSON is the protocol's own views.

mod args;
mod commands;
mod complete;
mod context;
mod describe;
mod failure;
mod loop_words;
mod output;
mod pick;
mod roles;
mod screen;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use clap_complete::env::CompleteEnv;

use args::{Cli, Command};
use context::Context;
use failure::{Failure, Outcome};
use output::Output;

/// Runs the program; what it answers is the exit code.
pub fn main() -> ExitCode {
    // Where the shell asks for completions this prints them and ends the program.
    CompleteEnv::with_factory(Cli::command).complete();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too. Nobody is left to be told where printing fails.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let color = cli.color;
    match run(cli) {
        Ok(code) => code,
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            output::report(&failure, color);
            ExitCode::from(failure.code as u8)
        }
    }
}

fn run(cli: Cli) -> Outcome<ExitCode> {
    let Some(command) = cli.command.or_else(usual) else {
        // No terminal, no command: help is an answer, but not what was asked for.
        Cli::command().print_help()?;
        return Ok(ExitCode::from(failure::Code::Usage as u8));
    };
    match command {
        // The roles have their own lives: no context, no runtime of ours.
        Command::Keeper => roles::keeper(),
        Command::Hook => Ok(roles::hook()),
        Command::DemoAgent { args } => Ok(roles::demo_agent(args)),
        Command::Daemon(daemon) if daemon.is_role() => roles::daemon(),
        command => {
            let ctx = Context::new(Output::new(cli.color))?;
            runtime()?.block_on(perform(command, &ctx))
        }
    }
}

/// What is done without a command.
fn usual() -> Option<Command> {
    let on_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    on_terminal.then(|| Command::Tui(commands::tui::Tui::default()))
}

/// A client has one thing to wait for at a time: on one thread, no key waits for a second one to wake up.
fn runtime() -> Outcome<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    Ok(builder.enable_all().build()?)
}

async fn perform(command: Command, ctx: &Context) -> Outcome<ExitCode> {
    match command {
        Command::Tui(command) => command.run(ctx).await?,
        Command::New(command) => command.run(ctx).await?,
        Command::Ls(command) => command.run(ctx).await?,
        Command::Show(command) => command.run(ctx).await?,
        Command::Start(command) => command.run(ctx).await?,
        Command::Stop(command) => command.run(ctx).await?,
        Command::Resume(command) => command.run(ctx).await?,
        Command::Retry(command) => command.run(ctx).await?,
        Command::Attach(command) => command.run(ctx).await?,
        Command::Inbox(command) => command.run(ctx).await?,
        Command::Approve(command) => command.run(ctx).await?,
        Command::Deny(command) => command.run(ctx).await?,
        Command::Send(command) => command.run(ctx).await?,
        Command::Keys(command) => command.run(ctx).await?,
        Command::Capture(command) => command.run(ctx).await?,
        Command::Logs(command) => command.run(ctx).await?,
        Command::Diff(command) => command.run(ctx).await?,
        Command::Check(command) => command.run(ctx).await?,
        Command::Comment(command) => command.run(ctx).await?,
        Command::Loop(command) => command.run(ctx).await?,
        Command::Explain(command) => command.run(ctx).await?,
        Command::Move(command) => command.run(ctx).await?,
        Command::Accept(command) => command.run(ctx).await?,
        Command::Undo(command) => command.run(ctx).await?,
        Command::Radar(command) => command.run(ctx).await?,
        Command::Fork(command) => command.run(ctx).await?,
        Command::Tidy(command) => command.run(ctx).await?,
        Command::Archive(command) => command.run(ctx).await?,
        Command::Report(command) => command.run(ctx).await?,
        Command::Cancel(command) => command.run(ctx).await?,
        Command::Rm(command) => command.run(ctx).await?,
        Command::Project(command) => command.run(ctx).await?,
        Command::Sessions(command) => command.run(ctx).await?,
        Command::Adopt(command) => command.run(ctx).await?,
        Command::Costs(command) => command.run(ctx).await?,
        Command::Budget(command) => command.run(ctx).await?,
        Command::Pause(command) => command.run(ctx).await?,
        Command::Continue(command) => command.run(ctx).await?,
        Command::Queue(command) => command.run(ctx).await?,
        Command::Notify(command) => command.run(ctx).await?,
        Command::Daemon(command) => return command.run(ctx).await,
        Command::Doctor(command) => return command.run(ctx).await,
        Command::Demo(command) => return command.run(ctx).await,
        Command::Completions(command) => command.run(ctx)?,
        Command::Keeper | Command::Hook | Command::DemoAgent { .. } => {
            return Err(Failure::usage("this role runs by itself"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
