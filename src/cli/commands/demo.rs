//! `gluon demo`: the whole product on a throw-away repository.

use std::process::ExitCode;

use clap::Args;

use super::super::context::Context;
use super::super::failure::{Failure, Outcome};

/// Show everything on a throw-away repository, without any key
#[derive(Debug, Args)]
pub(in crate::cli) struct Demo {}

impl Demo {
    pub(in crate::cli) async fn run(self, _ctx: &Context) -> Outcome<ExitCode> {
        Err(Failure::usage("not yet"))
    }
}
