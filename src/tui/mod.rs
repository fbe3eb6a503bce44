//! The full-screen interface: board, live panes, dialogs.
//!
//! Owns model, update, layout, keymap, themes and views. May use the domain, the protocol (with the `Api`
//! trait) and the configuration; knows neither daemon nor client. Invariants: `update` is pure; a view is
//! a function of the model and the layout; without a change nothing is drawn; foreign text is cleaned
//! before it is drawn; the user's terminal is restored however the program ends.

pub mod after;
mod app;
pub mod board;
pub mod card;
pub mod changes;
pub mod compare;
pub mod costs;
pub mod dialog;
pub mod help;
pub mod inbox;
pub mod keymap;
pub mod layout;
mod look;
pub mod loops;
pub mod model;
pub mod msg;
pub mod overlay;
pub mod pane;
mod runner;
pub mod sessions;
pub mod term;
#[cfg(test)]
mod testing;
pub mod text;
pub mod texts;
pub mod theme;
pub mod transcript;
pub mod update;
pub mod view;

pub use app::{Screen, TuiOptions, attach, run};
