//! Identifiers: small integers given by the store, short enough to be typed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = String;

            /// Accepts `12` and `#12`.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let digits = text.trim().trim_start_matches('#');
                match digits.parse::<i64>() {
                    Ok(number) if number > 0 => Ok(Self(number)),
                    _ => Err(format!("`{text}` is not an id; ids are numbers such as 12")),
                }
            }
        }
    };
}

id!(
    /// A registered repository.
    ProjectId
);
id!(
    /// A card on the board.
    TaskId
);
id!(
    /// One agent working on one task: conversation, terminal, cost.
    SessionId
);
id!(
    /// One process of an agent inside a session.
    RunId
);

id!(
    /// A comment on a task's changes.
    CommentId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_people_type_them() {
        assert_eq!("12".parse(), Ok(TaskId(12)));
        assert_eq!(" #7 ".parse(), Ok(TaskId(7)));
        for bad in ["", "#", "0", "-3", "x1", "1.5", "99999999999999999999"] {
            assert!(bad.parse::<TaskId>().is_err(), "{bad}");
        }
    }
}
