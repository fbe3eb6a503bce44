//! Which key does what: one table for dispatch, footer hints, which-key, help and palette.
//!
//! Owns [`Action`], [`Context`] and the user's remaps. Uses nothing of the crate. Invariants (tested): in
//! a context a key means one thing; every key has words; every action has a key or a palette entry.

mod chord;
mod table;

use std::collections::BTreeMap;

use ratatui::crossterm::event::KeyEvent;

pub use chord::Chord;
pub use table::{Action, Entry, Group, TABLE};

/// Where a key is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// The board has the keys.
    Board,
    /// The board has the keys and the selected card's agent asks for a permission; asked before `Board`.
    Asking,
    /// A card is being dragged.
    Drag,
    /// A pane has the keys and the prefix was typed.
    Prefix,
    /// A pane is scrolled back.
    Scroll,
    /// A list lies over the board.
    List,
    /// The inbox lies over the board; asked before `List`.
    Inbox,
    /// A text lies over the board: changes, detail, help.
    Viewer,
    /// A form lies over the board.
    Form,
    /// The costs lie over the board; asked before `List`.
    Costs,
    /// A task's changes lie over the board; asked before `Viewer`.
    Changes,
    /// The list of sessions lies over the board; asked before `List`.
    Sessions,
    /// A transcript lies over the board; asked before `Viewer`.
    Transcript,
    /// Two tasks lie over the board, side by side; asked before `Viewer`.
    Compare,
    /// The radar, the report or what can be tidied up lies over the board; asked before `List`.
    After,
}

/// Why a remap of the configuration cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// No action of that name.
    #[error("[keys]: there is no action `{0}`; `?` in gluon lists what there is")]
    UnknownAction(String),
    /// No such key.
    #[error("[keys] {action}: {message}")]
    BadKey {
        /// The setting.
        action: String,
        /// What is wrong.
        message: String,
    },
    /// The key already means something there.
    #[error("[keys] {action}: `{key}` already means `{other}`; remap that too")]
    Taken {
        /// The setting.
        action: String,
        /// The key.
        key: String,
        /// What it already means.
        other: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Bound {
    context: Context,
    chord: Chord,
    action: Action,
}

/// The table with the user's remaps applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    bound: Vec<Bound>,
    leave: Chord,
    prefix: Chord,
}

impl Keymap {
    /// The keys of the table; `remaps` (action name to key) replace an action's keys in each of its
    /// contexts; `leave` and `prefix` are the two keys that a focused pane does not pass on.
    ///
    /// # Errors
    /// [`KeymapError`] naming the setting.
    pub fn new(
        remaps: &BTreeMap<String, String>,
        leave: &str,
        prefix: &str,
    ) -> Result<Self, KeymapError> {
        let key = |action: &str, text: &str| {
            text.parse::<Chord>()
                .map_err(|message| KeymapError::BadKey {
                    action: action.to_owned(),
                    message,
                })
        };
        if let Some(name) = remaps
            .keys()
            .find(|name| TABLE.iter().all(|entry| entry.name != name.as_str()))
        {
            return Err(KeymapError::UnknownAction(name.clone()));
        }
        let mut bound: Vec<Bound> = Vec::new();
        for entry in TABLE {
            for (context, usual) in entry.keys {
                let mut add = |text: &str| {
                    bound.push(Bound {
                        context: *context,
                        chord: key(entry.name, text)?,
                        action: entry.action,
                    });
                    Ok(())
                };
                match remaps.get(entry.name) {
                    Some(own) => own.split_whitespace().try_for_each(&mut add)?,
                    None => usual.iter().copied().try_for_each(&mut add)?,
                }
            }
        }
        let map = Self {
            bound,
            leave: key("leave", leave)?,
            prefix: key("prefix", prefix)?,
        };
        map.check(remaps)?;
        Ok(map)
    }

    /// No key twice in a context.
    fn check(&self, remaps: &BTreeMap<String, String>) -> Result<(), KeymapError> {
        for (index, one) in self.bound.iter().enumerate() {
            let twin = self.bound[..index]
                .iter()
                .find(|other| other.context == one.context && other.chord == one.chord);
            if let Some(twin) = twin {
                let (own, other) = if remaps.contains_key(entry(one.action).name) {
                    (one, twin)
                } else {
                    (twin, one)
                };
                return Err(KeymapError::Taken {
                    action: entry(own.action).name.to_owned(),
                    key: own.chord.label(),
                    other: entry(other.action).name.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// What a key means in a context.
    pub fn action(&self, context: Context, event: KeyEvent) -> Option<Action> {
        let chord = Chord::of(event);
        self.bound
            .iter()
            .find(|bound| bound.context == context && bound.chord == chord)
            .map(|bound| bound.action)
    }

    /// The keys of an action in a context, the usual one first.
    pub fn keys(&self, context: Context, action: Action) -> Vec<Chord> {
        self.bound
            .iter()
            .filter(|bound| bound.context == context && bound.action == action)
            .map(|bound| bound.chord)
            .collect()
    }

    /// The first key of an action, in whichever context it has one: for the palette.
    pub fn first_key(&self, action: Action) -> Option<Chord> {
        self.bound
            .iter()
            .find(|bound| bound.action == action)
            .map(|bound| bound.chord)
    }

    /// All keys of a context with their actions, in the order of the table: for which-key.
    pub fn in_context(&self, context: Context) -> impl Iterator<Item = (Chord, Action)> {
        self.bound
            .iter()
            .filter(move |bound| bound.context == context)
            .map(|bound| (bound.chord, bound.action))
    }

    /// Whether the key leaves a focused pane.
    pub fn is_leave(&self, event: KeyEvent) -> bool {
        Chord::of(event) == self.leave
    }

    /// Whether the key is the prefix of a focused pane.
    pub fn is_prefix(&self, event: KeyEvent) -> bool {
        Chord::of(event) == self.prefix
    }

    /// The key that leaves a pane.
    pub fn leave(&self) -> Chord {
        self.leave
    }

    /// The prefix.
    pub fn prefix(&self) -> Chord {
        self.prefix
    }
}

impl Default for Keymap {
    fn default() -> Self {
        Keymap::new(&BTreeMap::new(), "ctrl-q", "ctrl-b").expect("the built-in table is tested")
    }
}

/// The table's entry of an action.
pub fn entry(action: Action) -> &'static Entry {
    // The table is made from the same list as the enum, in the same order.
    &TABLE[action as usize]
}

#[cfg(test)]
mod tests;
