//! Integrating a task's work into another branch: worked out on a bench, then carried out.
//!
//! The **bench** is a worktree of gluon's own, detached; everything that can fail (hooks, conflicts,
//! signatures) happens there, where nobody looks. What comes out is a `Landing`: which branches move from
//! where to where. Carrying it out is the only part that touches what is the user's. Invariants:
//!
//! - A branch moves from the commit it was seen at, or not at all.
//! - Where the target is checked out, that checkout is clean and moves along, by git's own fast-forward, which
//!   refuses what would overwrite a file.
//! - Every part of carrying out can be repeated: after a crash it is done once more, from the landing alone.
//! - Nothing of the task's worktree is written but its index and what a commit hook has changed.

mod assess;
mod bench;
mod carry;
mod make;
mod mend;
mod revert;

pub use assess::{Assessment, Checkout, Source, assess};
pub use bench::{Bench, remove_bench};
pub use carry::{carry_out, release, take_back};
pub(super) use make::fork as fork_of;
pub use make::{Plan, prepare};
pub use revert::revert;

/// Told before each step, so that tests can end the work there.
pub type Step<'a> = &'a dyn Fn(&'static str);

/// Tells nobody.
pub fn unwatched(_: &'static str) {}
