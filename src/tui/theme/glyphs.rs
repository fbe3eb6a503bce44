//! The characters the interface is drawn with, in Unicode and in ASCII. Every one is a single cell wide.

/// A set of characters.
#[derive(Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Glyphs {
    pub horizontal: &'static str,
    /// A horizontal line where the keys go.
    pub heavy: &'static str,
    pub vertical: &'static str,
    pub top_left: &'static str,
    pub top_right: &'static str,
    pub bottom_left: &'static str,
    pub bottom_right: &'static str,
    /// Beside the selected card.
    pub bar: &'static str,
    /// An agent that lives.
    pub dot: &'static str,
    /// One that has ended or not begun.
    pub ring: &'static str,
    /// One that waits for the user.
    pub ask: &'static str,
    /// Done, accepted.
    pub check: &'static str,
    /// Failed.
    pub cross: &'static str,
    /// Held, paused.
    pub pause: &'static str,
    /// Something happened since the user looked.
    pub unseen: &'static str,
    /// A dragged card; a prompt.
    pub arrow: &'static str,
    /// More above.
    pub up: &'static str,
    /// More below.
    pub down: &'static str,
    /// A menu opens.
    pub menu: &'static str,
    /// Between two facts.
    pub separator: &'static str,
    /// Text goes on.
    pub ellipsis: &'static str,
    /// The minus of a diff.
    pub minus: &'static str,
    /// A bar's full part.
    pub full: &'static str,
    /// A bar's empty part.
    pub empty: &'static str,
    /// The Enter key.
    pub enter: &'static str,
    /// A scrollbar's thumb.
    pub thumb: &'static str,
    /// A cell filled from below, by eighths.
    pub rising: [&'static str; 8],
    /// A cell filled from the left, by eighths.
    pub growing: [&'static str; 8],
}

impl Glyphs {
    /// The ASCII set or the Unicode one.
    pub fn set(ascii: bool) -> &'static Glyphs {
        if ascii { &ASCII } else { &UNICODE }
    }

    /// Whether this is the ASCII set.
    pub fn is_ascii(&self) -> bool {
        self.horizontal == ASCII.horizontal
    }
}

static UNICODE: Glyphs = Glyphs {
    horizontal: "─",
    heavy: "━",
    vertical: "│",
    top_left: "╭",
    top_right: "╮",
    bottom_left: "╰",
    bottom_right: "╯",
    bar: "▌",
    dot: "●",
    ring: "○",
    ask: "?",
    check: "✓",
    cross: "✗",
    pause: "‖",
    unseen: "•",
    arrow: "›",
    up: "↑",
    down: "↓",
    menu: "▾",
    separator: "·",
    ellipsis: "…",
    minus: "−",
    full: "▓",
    empty: "░",
    enter: "⏎",
    thumb: "▐",
    rising: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    growing: ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
};

static ASCII: Glyphs = Glyphs {
    horizontal: "-",
    heavy: "=",
    vertical: "|",
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    bar: ">",
    dot: "*",
    ring: "o",
    ask: "?",
    check: "v",
    cross: "x",
    pause: "=",
    unseen: "!",
    arrow: ">",
    up: "^",
    down: "v",
    menu: "v",
    separator: "-",
    ellipsis: "~",
    minus: "-",
    full: "#",
    empty: ".",
    enter: "Enter",
    thumb: "#",
    rising: ["_", "_", ".", ".", "o", "o", "#", "#"],
    growing: ["-", "-", "-", "-", "=", "=", "=", "="],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_ascii() {
        assert!(format!("{ASCII:?}").is_ascii());
        assert!(ASCII.is_ascii() && !UNICODE.is_ascii());
    }
}
