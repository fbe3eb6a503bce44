//! Agents: how each agent CLI is started, resumed, spoken to and judged, and the built-in demo agent.
//!
//! May use the domain and the configuration. Owns the trait [`Agent`], the [`Registry`] of manifests
//! (`assets/agents/*.toml`, changed and added to by the user's own), the recipe for giving a running agent
//! a message, and the environment agents get. Starts no process itself (the demo agent, a program of its
//! own, apart). Invariants: no prompt is ever read as a flag, a command of the CLI or a control sequence;
//! a user's broken manifest is reported and left out; no value of an environment is ever printed.

mod agent;
mod calls;
pub mod conversations;
mod deliver;
pub mod demo;
mod end;
mod environment;
mod hooks;
mod manifest;
mod prices;
mod registry;
mod schema;
mod server;
mod stream;
mod transcripts;
mod trust;
mod usage;
mod uuid;
mod watch;

#[cfg(test)]
mod tests;

pub use agent::{
    Agent, AgentError, Answers, ConversationId, FirstPrompt, Forked, Hints, Launch, Mark, Means,
    Osc7501, StartContext, Trace,
};
pub use calls::{answered, call, written};
pub use deliver::{Delivery, DeliveryStep, MAX_TEXT, deliver};
pub use environment::{ChildEnv, child_env};
pub use hooks::{hook_settings, read_hook};
pub use manifest::MAX_ARGUMENT;
pub use prices::load_prices;
pub use registry::{ManifestProblem, Registry, command_agent, installed, own_program};
pub use server::{
    Head, Lines, ServerAddress, ServerKind, ServerState, head as read_head, request as ask_server,
};
pub use stream::{Over, Page, StreamFormat, StreamReader};
pub use trust::Trust;
pub use usage::Meter;
pub use uuid::{new_conversation_id, uuid_v4};
pub use watch::{Report, Watch};
