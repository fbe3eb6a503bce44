//! The `gluon` binary: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    gluon::cli::main()
}
