//! The cases of Codex.

use super::Stage;

type Script = (&'static str, &'static str, &'static str, fn(&mut Stage));

pub const CASES: &[Script] = &[];
