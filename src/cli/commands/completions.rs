//! `gluon completions`: what a shell needs to complete gluon's command line.

use clap::Args;
use clap_complete::env::Shells;

use super::super::context::Context;
use super::super::failure::{Code, Failure, Outcome};

const AFTER_HELP: &str = "\
Put one of these where your shell starts; tasks, projects and agents complete,
too:
  bash   source <(gluon completions bash)
  zsh    source <(gluon completions zsh)
  fish   gluon completions fish | source";

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Completions {
    /// The shell
    #[arg(value_parser = ["bash", "zsh", "fish", "elvish", "powershell"])]
    shell: String,
}

impl Completions {
    pub(in crate::cli) fn run(&self, ctx: &Context) -> Outcome {
        let shells = Shells::builtins();
        let shell = shells
            .completer(&self.shell)
            .ok_or_else(|| Failure::usage(format!("no completions for {}", self.shell)))?;
        let program = std::env::current_exe()?;
        let program = program
            .to_str()
            .ok_or_else(|| Failure::new(Code::Failed, "the path of this program is not UTF-8"))?;
        let mut script = Vec::new();
        shell.write_registration("COMPLETE", "gluon", "gluon", program, &mut script)?;
        ctx.out.bytes(&script)
    }
}
