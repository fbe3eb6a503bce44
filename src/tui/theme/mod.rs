//! Looks: colours by role, and the characters the interface is drawn with.
//!
//! Owns roles, themes and glyph sets. Uses nothing of the crate. Invariants: nobody else names a colour;
//! every role has a look in every theme; without colour (`NO_COLOR`) only default colours and modifiers
//! come out of here, so that a later "no colours" in the backend has nothing to take away.

mod glyphs;
mod look;

pub use glyphs::Glyphs;

use ratatui::style::Style;
use serde::Deserialize;
use std::collections::BTreeMap;

macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident = $name:literal,)*) => {
        /// What a piece of the screen is for; a [`Theme`] says how it looks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Role {
            $($(#[$doc])* $role,)*
        }

        impl Role {
            /// All roles.
            pub const ALL: &'static [Role] = &[$(Role::$role,)*];

            /// Its name in a theme file.
            pub fn name(self) -> &'static str {
                match self {
                    $(Role::$role => $name,)*
                }
            }
        }
    };
}

roles! {
    /// Plain words.
    Text = "text",
    /// Words that matter less.
    Muted = "muted",
    /// Decoration and what is out of reach.
    Faint = "faint",
    /// Headings, titles of cards.
    Title = "title",
    /// What stands out without alarm.
    Accent = "accent",
    /// The program's name.
    Brand = "brand",
    /// Lines and frames.
    Border = "border",
    /// The frame of what has the focus.
    BorderFocus = "border-focus",
    /// The selected row or card (laid over other roles).
    Selected = "selected",
    /// The rest of the selected card, below its title.
    SelectedBody = "selected-body",
    /// The chosen tab.
    Tab = "tab",
    /// The heading of a column.
    Column = "column",
    /// The heading of the column with the selection.
    ColumnHere = "column-here",
    /// The mark beside the selected card.
    SelectedMark = "selected-mark",
    /// Health: well.
    Good = "good",
    /// Health: slow.
    Slow = "slow",
    /// Health: looping.
    Looping = "looping",
    /// Health: stuck; failures.
    Bad = "bad",
    /// An agent that waits for the user.
    Waiting = "waiting",
    /// An agent at work.
    Working = "working",
    /// A message.
    Info = "info",
    /// A warning.
    Warning = "warning",
    /// An error.
    Error = "error",
    /// The chip that says: keys go to the board.
    ChipBoard = "chip-board",
    /// The chip that says: keys go to the agent.
    ChipAgent = "chip-agent",
    /// The chip that says: keys scroll.
    ChipScroll = "chip-scroll",
    /// A key in a hint.
    Key = "key",
    /// What a key does, in a hint.
    Hint = "hint",
    /// Text being typed.
    Input = "input",
    /// What stands in an empty field.
    Placeholder = "placeholder",
    /// A button.
    Button = "button",
    /// The button that Enter presses.
    ButtonFocus = "button-focus",
    /// Where a dragged card would land.
    DropTarget = "drop-target",
    /// The card being dragged.
    Drag = "drag",
    /// Found text.
    Match = "match",
    /// The found text one stands on; matched letters of a fuzzy search.
    MatchCurrent = "match-current",
    /// Text selected with the mouse or in copy mode (laid over the agent's own look).
    Selection = "selection",
    /// A line a diff adds.
    DiffAdd = "diff-add",
    /// A line a diff removes.
    DiffRemove = "diff-remove",
    /// The head of a diff's hunk.
    DiffHunk = "diff-hunk",
    /// The head of a diff's file.
    DiffFile = "diff-file",
    /// A line a diff adds, where the terminal's background is dark (laid under other looks).
    DiffAddDark = "diff-add-dark",
    /// The words that are new in it.
    DiffAddWordDark = "diff-add-word-dark",
    /// A line a diff removes, where the background is dark.
    DiffRemoveDark = "diff-remove-dark",
    /// The words that are gone from it.
    DiffRemoveWordDark = "diff-remove-word-dark",
    /// A line a diff adds, where the background is light.
    DiffAddLight = "diff-add-light",
    /// The words that are new in it.
    DiffAddWordLight = "diff-add-word-light",
    /// A line a diff removes, where the background is light.
    DiffRemoveLight = "diff-remove-light",
    /// The words that are gone from it.
    DiffRemoveWordLight = "diff-remove-word-light",
    /// New or gone words where the background is not known (laid over other looks).
    DiffWord = "diff-word",
    /// A comment on a change.
    Comment = "comment",
    /// Code: a comment.
    SyntaxComment = "syntax-comment",
    /// Code: text.
    SyntaxString = "syntax-string",
    /// Code: numbers and constants.
    SyntaxConstant = "syntax-constant",
    /// Code: words of the language.
    SyntaxKeyword = "syntax-keyword",
    /// Code: the names of functions.
    SyntaxName = "syntax-name",
    /// Code: the names of types.
    SyntaxType = "syntax-type",
}

/// The themes that come with the program, by name.
const BUILT_IN: &[(&str, &str)] = &[
    ("gluon", include_str!("../../../assets/themes/gluon.toml")),
    ("mono", include_str!("../../../assets/themes/mono.toml")),
];

/// Why a theme cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    /// No theme of that name.
    #[error("there is no theme `{name}`; built in are {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The file is no theme.
    #[error("theme `{name}`: {message}")]
    Malformed {
        /// The theme.
        name: String,
        /// What is wrong.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    roles: BTreeMap<String, String>,
}

/// How everything looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    name: String,
    styles: Vec<Style>,
    glyphs: &'static Glyphs,
    colour: bool,
}

impl Theme {
    /// The theme of a name. `file` is the text of the user's own theme of that name, where there is one;
    /// `no_color` gives the monochrome one whatever the name.
    ///
    /// # Errors
    /// [`ThemeError`] where there is no such theme or its text is none.
    pub fn load(
        name: &str,
        file: Option<&str>,
        no_color: bool,
        ascii: bool,
    ) -> Result<Self, ThemeError> {
        let name = if no_color { "mono" } else { name };
        let own = file.filter(|_| !no_color);
        let text = match (own, BUILT_IN.iter().find(|(known, _)| *known == name)) {
            (Some(text), _) => text,
            (None, Some((_, text))) => text,
            (None, None) => {
                let known: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
                return Err(ThemeError::Unknown {
                    name: name.to_owned(),
                    known: known.join(", "),
                });
            }
        };
        Ok(Self {
            name: name.to_owned(),
            styles: styles(text).map_err(|message| ThemeError::Malformed {
                name: name.to_owned(),
                message,
            })?,
            glyphs: Glyphs::set(ascii),
            colour: name != "mono",
        })
    }

    /// The look of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// The characters to draw with.
    pub fn glyphs(&self) -> &'static Glyphs {
        self.glyphs
    }

    /// Whether colours may be used at all, the agents' own included.
    pub fn colour(&self) -> bool {
        self.colour
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Default for Theme {
    fn default() -> Self {
        Theme::load("gluon", None, false, false).expect("the built-in theme is tested")
    }
}

/// The looks of all roles, in the order of [`Role::ALL`]; roles a file does not name keep the default
/// theme's look.
fn styles(text: &str) -> Result<Vec<Style>, String> {
    let base: File = toml::from_str(BUILT_IN[0].1).map_err(|error| error.message().to_owned())?;
    let file: File = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    if let Some(stranger) = file
        .roles
        .keys()
        .find(|name| Role::ALL.iter().all(|role| role.name() != *name))
    {
        return Err(format!("there is no role `{stranger}`"));
    }
    Role::ALL
        .iter()
        .map(|role| {
            let words = file.roles.get(role.name()).or(base.roles.get(role.name()));
            let words = words.ok_or_else(|| format!("no look for `{}`", role.name()))?;
            look::parse(words).map_err(|error| format!("{}: {error}", role.name()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::{Color, Modifier};

    #[test]
    fn built_in_themes_name_every_role() {
        for (name, text) in BUILT_IN {
            let file: File = toml::from_str(text).unwrap();
            for role in Role::ALL {
                assert!(
                    file.roles.contains_key(role.name()),
                    "{name}: {}",
                    role.name()
                );
            }
            Theme::load(name, None, false, true).unwrap();
        }
    }

    #[test]
    fn mono_has_no_colour_and_what_matters_still_differs() {
        let theme = Theme::load("gluon", Some("[roles]\ntext = \"red\""), true, false).unwrap();
        for role in Role::ALL {
            let style = theme.style(*role);
            for color in [style.fg, style.bg].into_iter().flatten() {
                assert_eq!(color, Color::Reset, "{}", role.name());
            }
        }
        assert!(!theme.colour());
        for role in [
            Role::Selected,
            Role::ButtonFocus,
            Role::Selection,
            Role::Drag,
        ] {
            assert!(
                theme.style(role).add_modifier.contains(Modifier::REVERSED),
                "{}",
                role.name()
            );
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (file, word) in [
            ("[roles]\ntxt = \"red\"", "txt"),
            ("[roles]\ntext = \"rde\"", "rde"),
            ("roles = 3", "invalid type"),
        ] {
            let error = Theme::load("mine", Some(file), false, false)
                .unwrap_err()
                .to_string();
            assert!(error.contains(word) && error.contains("mine"), "{error}");
        }
        assert!(Theme::load("nope", None, false, false).is_err());
    }
}
