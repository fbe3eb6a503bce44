//! Syntax: the looks of code, by syntect with the grammars of two-face.
//!
//! Invariants: only what is in sight is looked at, a block of lines at a time, each once; a hunk begins
//! without knowing what stood before it, as everybody's diff does; long lines and very long files stay plain.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

use crate::domain::patch::{Hunk, LineKind};
use crate::tui::theme::Role;

/// Lines looked at together.
const BLOCK: usize = 64;
/// How far back a place is that lines are read on from: beyond it a look begins afresh, which may take a
/// comment of several pages for code.
const BACK: usize = 8;
/// The longest line that is looked at, in bytes.
const MOST_BYTES: usize = 500;
/// Blocks that are remembered.
const REMEMBERED: usize = 400;

static GRAMMARS: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

/// The scopes that have a look of their own; the last one of a stack that begins with one of them counts.
static SCOPES: LazyLock<Vec<(Scope, Role)>> = LazyLock::new(|| {
    [
        ("comment", Role::SyntaxComment),
        ("string", Role::SyntaxString),
        ("constant", Role::SyntaxConstant),
        ("keyword", Role::SyntaxKeyword),
        ("storage", Role::SyntaxKeyword),
        ("entity.name.function", Role::SyntaxName),
        ("support.function", Role::SyntaxName),
        ("entity.name", Role::SyntaxType),
        ("support.type", Role::SyntaxType),
        ("support.class", Role::SyntaxType),
        ("entity.other.attribute-name", Role::SyntaxName),
        ("keyword.operator", Role::Text),
    ]
    .into_iter()
    .filter_map(|(name, role)| Some((Scope::new(name).ok()?, role)))
    .collect()
});

/// The pieces of a line with a look, in their order.
pub type Looks = Vec<(Range<usize>, Role)>;

/// The looks of the lines that were in sight.
#[derive(Debug, Clone, Default)]
pub struct Highlights {
    blocks: HashMap<(usize, usize, usize), Block>,
}

#[derive(Debug, Clone)]
struct Block {
    looks: Vec<Looks>,
    after: States,
}

/// Where reading stands on both sides.
#[derive(Debug, Clone)]
struct States {
    old: (ParseState, ScopeStack),
    new: (ParseState, ScopeStack),
}

impl PartialEq for Highlights {
    /// A memory of what can be made anew is no difference.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Highlights {
    /// The looks of a line, if it was looked at.
    pub fn of(&self, file: usize, hunk: usize, line: usize) -> &[(Range<usize>, Role)] {
        let block = self.blocks.get(&(file, hunk, line / BLOCK));
        block.map_or(&[], |block| &block.looks[line % BLOCK])
    }

    /// Looks at the block a line is in, where that was not done yet.
    pub fn look(&mut self, path: &str, file: usize, at: usize, hunk: &Hunk, line: usize) {
        let block = line / BLOCK;
        if self.blocks.contains_key(&(file, at, block)) {
            return;
        }
        let Some(grammar) = grammar(path) else { return };
        if self.blocks.len() > REMEMBERED {
            self.blocks.clear();
        }
        let known = (block.saturating_sub(BACK)..block)
            .rev()
            .find(|block| self.blocks.contains_key(&(file, at, *block)));
        let first = known.map_or(block.saturating_sub(BACK), |known| known + 1);
        let mut states = match known.and_then(|known| self.blocks.get(&(file, at, known))) {
            Some(block) => block.after.clone(),
            None => States {
                old: (ParseState::new(grammar), ScopeStack::new()),
                new: (ParseState::new(grammar), ScopeStack::new()),
            },
        };
        for block in first..=block {
            let lines = hunk.lines.iter().skip(block * BLOCK).take(BLOCK);
            let mut looks: Vec<Looks> = lines
                .map(|line| match line.kind {
                    LineKind::Removed => read(&mut states.old, &line.text),
                    LineKind::Added => read(&mut states.new, &line.text),
                    LineKind::Context => {
                        read(&mut states.old, &line.text);
                        read(&mut states.new, &line.text)
                    }
                })
                .collect();
            looks.resize(BLOCK, Looks::new());
            let after = states.clone();
            self.blocks
                .insert((file, at, block), Block { looks, after });
        }
    }

    /// Other changes are shown.
    pub fn forget(&mut self) {
        self.blocks.clear();
    }
}

/// The grammar for a file of this name; none for plain text.
fn grammar(path: &str) -> Option<&'static SyntaxReference> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let by_name = GRAMMARS.find_syntax_by_extension(name);
    by_name.or_else(|| GRAMMARS.find_syntax_by_extension(extension))
}

fn read((state, stack): &mut (ParseState, ScopeStack), text: &str) -> Looks {
    if text.len() > MOST_BYTES {
        return Looks::new();
    }
    let line = format!("{text}\n");
    let Ok(ops) = state.parse_line(&line, &GRAMMARS) else {
        return Looks::new();
    };
    let mut looks = Looks::new();
    let mut from = 0;
    let mut put = |range: Range<usize>, stack: &ScopeStack| {
        let range = range.start.min(text.len())..range.end.min(text.len());
        if let Some(role) = look_of(stack).filter(|_| !range.is_empty()) {
            match looks.last_mut() {
                Some((before, known)) if before.end == range.start && *known == role => {
                    before.end = range.end;
                }
                _ => looks.push((range, role)),
            }
        }
    };
    for (at, op) in ops {
        put(from..at, stack);
        from = at;
        if stack.apply(&op).is_err() {
            *stack = ScopeStack::new();
        }
    }
    put(from..line.len(), stack);
    looks
}

/// The look that the innermost scope with one has.
fn look_of(stack: &ScopeStack) -> Option<Role> {
    let inner = stack.as_slice().iter().rev();
    let look = inner.filter_map(|scope| {
        let fitting = SCOPES
            .iter()
            .filter(|(known, _)| known.is_prefix_of(*scope));
        let closest = fitting.max_by_key(|(known, _)| known.len());
        closest.map(|(_, role)| *role)
    });
    look.take(1).find(|role| *role != Role::Text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::patch::Patch;

    fn looks(path: &str, lines: &str, line: usize) -> Vec<(String, Role)> {
        let text = format!("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,999 +1,999 @@\n{lines}");
        let patch = Patch::read(&text);
        let hunk = &patch.files[0].hunks[0];
        let mut highlights = Highlights::default();
        highlights.look(path, 0, 0, hunk, line);
        let pieces = highlights.of(0, 0, line).iter();
        pieces
            .map(|(range, role)| (hunk.lines[line].text[range.clone()].to_owned(), *role))
            .collect()
    }

    #[test]
    fn code_has_looks_by_its_language() {
        let found = looks("src/a.rs", "+fn main() { let x = \"ä\"; } // end\n", 0);
        let has = |text: &str, role| {
            found
                .iter()
                .any(|(piece, known)| piece.contains(text) && *known == role)
        };
        assert!(has("fn", Role::SyntaxKeyword), "{found:?}");
        assert!(has("main", Role::SyntaxName), "{found:?}");
        assert!(has("ä", Role::SyntaxString), "{found:?}");
        assert!(has("// end", Role::SyntaxComment), "{found:?}");
        for path in ["a.ts", "b.toml", "Dockerfile", "c.py", "Makefile"] {
            assert!(grammar(path).is_some(), "{path}");
        }
        assert!(looks("notes", "+fn main() {}\n", 0).is_empty());
    }

    #[test]
    fn what_was_removed_does_not_colour_what_stays() {
        // The comment is opened on the old side alone.
        let found = looks("a.rs", "-/* open\n+let x = 1;\n", 1);
        assert!(
            found.iter().all(|(_, role)| *role != Role::SyntaxComment),
            "{found:?}"
        );
        let lines = "+/* open\n".to_owned() + &"+still\n".repeat(100);
        let found = looks("a.rs", &lines, 90);
        assert_eq!(found, [("still".to_owned(), Role::SyntaxComment)]);
    }

    #[test]
    fn long_lines_stay_plain() {
        let line = format!("+let x = \"{}\";\n", "y".repeat(MOST_BYTES));
        assert!(looks("a.rs", &line, 0).is_empty());
    }
}
