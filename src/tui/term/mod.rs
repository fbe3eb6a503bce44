//! The user's own terminal: taken over, drawn to, asked what it can, and always given back.
//!
//! Owns every byte that is written to the user's terminal outside of a frame. Invariant: whatever ends
//! the program (return, error, panic, signal, lost connection), the terminal is as it was.

mod canvas;
mod events;
mod guard;
mod held;
mod probe;
mod program;
mod voice;

pub use events::terminal_events;
pub use guard::{TermOptions, TerminalGuard, end_signal};
pub use probe::{ColorDepth, cell_size, color_depth, colours, wants_ascii};
pub use voice::{Passes, Speaker, Voice, ask_tmux, by_name, by_surroundings};
