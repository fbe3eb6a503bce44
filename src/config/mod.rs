//! Settings and places: where gluon keeps its things, what the user has configured, what a project asks for.
//!
//! May use the domain only. Reads files, writes none but the directories it makes. Invariants: every
//! setting has a default; an unknown key is an error that names the file and the line, never ignored.

mod budget;
mod load;
mod paths;
mod schema;

pub use budget::{Amount, AtLimit, BudgetConfig};
pub use load::{ConfigError, load, load_file, load_project, setup_hash};
pub use paths::{PathError, Paths};
pub use schema::{
    AgentsConfig, AsciiMode, Config, DesktopWay, HealthConfig, KindsConfig, NotifyConfig,
    ProjectFile, ProjectReview, QueueConfig, ReviewConfig, TerminalConfig, TerminalWay, TuiConfig,
    WorktreesConfig,
};
