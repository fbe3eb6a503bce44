//! The rules of the Ralph Loop, pure: when an agent that works by itself, iteration after iteration, goes on,
//! waits, or is stopped.
//!
//! The daemon runs the iterations, looks at what came of them and asks these rules what to do; nothing in here
//! knows of processes or files. Invariants: words alone never end a loop as complete; every verdict carries
//! the evidence it was made from; whatever an agent does, the loop ends within its limits.

mod after;
pub mod breaker;
pub mod confidence;
pub mod facts;
pub mod limits;
pub mod phrases;
pub mod plan;
pub mod prompt;
pub mod prose;
pub mod settings;
pub mod state;
pub mod status_block;
pub mod step;
pub mod template;

pub use breaker::{Breaker, BreakerState};
pub use confidence::{Changes, Confidence, Part, PartKind};
pub use facts::{CheckOutcome, CheckResult, Fault, IterationFacts, IterationRecord, RunEnd, Tree};
pub use limits::{LoopLimits, Most, NewLimits};
pub use plan::Plan;
pub use settings::LoopSettings;
pub use state::{Asked, Cut, CutWhy, EndWhy, LoopState, PauseWhy, Phase};
pub use status_block::StatusBlock;
pub use step::{Decision, LoopEvent};
