//! A patch: what a unified diff says, read into files, hunks and lines.
//!
//! Pure. The text is git's, but what stands in it is a repository's: untrusted. Invariants: reading never
//! fails and never panics, what is no diff is left out; the counts in a hunk's head decide where it ends,
//! so that lines which look like heads cannot begin another file; texts stay as they are and are cleaned
//! by whoever shows them.
//!
//! Format: git's `diff-format`, with `a/` and `b/` before the names.

use serde::{Deserialize, Serialize};

/// What became of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Its lines or its mode changed.
    #[default]
    Modified,
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// It has another name.
    Renamed,
    /// It was made from another one.
    Copied,
}

impl Change {
    /// The letter for it, as git has it.
    pub fn letter(self) -> char {
        match self {
            Change::Modified => 'M',
            Change::Added => 'A',
            Change::Deleted => 'D',
            Change::Renamed => 'R',
            Change::Copied => 'C',
        }
    }
}

/// Which side of a change a line is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// As it was.
    Old,
    /// As it is.
    New,
}

/// What a line of a hunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// On both sides.
    Context,
    /// New.
    Added,
    /// Gone.
    Removed,
}

/// A line of a hunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub kind: LineKind,
    /// Its text without the line's end (a CR before it is kept).
    pub text: Box<str>,
    /// Its number on the old side, from 1; 0 for a line that is not there.
    pub old: u32,
    /// Its number on the new side, from 1; 0 for a line that is not there.
    pub new: u32,
    /// Whether the file ends here without an end of line.
    pub unended: bool,
}

/// A piece of a file with what changed in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hunk {
    /// The first line on the old side.
    pub old: u32,
    /// The first line on the new side.
    pub new: u32,
    /// What stands behind the numbers: usually the function it is in.
    pub heading: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A changed file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilePatch {
    /// Its path in the repository, `/` between the parts; the old one where it is gone.
    pub path: String,
    /// Where it came from, where that is another path.
    pub from: Option<String>,
    /// What became of it.
    pub change: Change,
    /// Whether its content is not text.
    pub binary: bool,
    /// Its modes before and after, where they differ: `100644` and `100755`.
    pub modes: Option<(String, String)>,
    /// Its hunks; none where nothing but the name or the mode changed.
    pub hunks: Vec<Hunk>,
    /// Lines added.
    pub added: u32,
    /// Lines removed.
    pub removed: u32,
}

impl FilePatch {
    /// Whether it is a commit of a submodule rather than a file.
    pub fn is_submodule(&self) -> bool {
        let commit = |line: &Line| line.text.starts_with("Subproject commit ");
        let mut lines = self.hunks.iter().flat_map(|hunk| &hunk.lines);
        lines.next().is_some_and(commit) && lines.all(commit)
    }
}

/// A whole diff.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    /// Its files, in the diff's order.
    pub files: Vec<FilePatch>,
    /// What the diff's maker says beside it: that something was cut or left out.
    pub notes: Vec<String>,
}

impl Patch {
    /// Reads a unified diff; one that ends in the middle gives what is there.
    pub fn read(text: &str) -> Patch {
        let mut reader = Reader::default();
        for line in text.split_inclusive('\n') {
            reader.line(line.strip_suffix('\n').unwrap_or(line));
        }
        reader.end_file();
        reader.patch
    }

    /// Lines added and removed in all of it.
    pub fn counts(&self) -> (u32, u32) {
        let sum = |of: fn(&FilePatch) -> u32| {
            let all = self.files.iter().map(of);
            all.fold(0, u32::saturating_add)
        };
        (sum(|file| file.added), sum(|file| file.removed))
    }
}

#[derive(Default)]
struct Reader {
    patch: Patch,
    file: Option<FilePatch>,
    /// Lines of the present hunk that are still to come, old and new.
    due: (u32, u32),
    /// The numbers of the next lines.
    next: (u32, u32),
    old_mode: Option<String>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        if self.due != (0, 0) && self.hunk_line(line) {
            return;
        }
        if let Some(names) = line.strip_prefix("diff --git ") {
            self.end_file();
            self.file = Some(FilePatch {
                path: names_of(names),
                ..FilePatch::default()
            });
        } else if let Some(note) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            self.patch.notes.push(note.to_owned());
        } else if line.starts_with('\\') {
            self.unended();
        } else if let Some(head) = line.strip_prefix("@@ ") {
            self.hunk(head);
        } else {
            self.head(line);
        }
    }

    /// A line within a hunk; `false`: it cannot be one.
    fn hunk_line(&mut self, line: &str) -> bool {
        let (kind, text) = match line.as_bytes().first() {
            Some(b'+') => (LineKind::Added, &line[1..]),
            Some(b'-') => (LineKind::Removed, &line[1..]),
            Some(b' ') => (LineKind::Context, &line[1..]),
            // Some tools drop the blank of an empty line.
            None => (LineKind::Context, ""),
            Some(b'\\') => {
                self.unended();
                return true;
            }
            _ => return false,
        };
        let (old, new) = match kind {
            LineKind::Context => (1, 1),
            LineKind::Added => (0, 1),
            LineKind::Removed => (1, 0),
        };
        let Some(file) = &mut self.file else {
            return false;
        };
        let Some(hunk) = file.hunks.last_mut() else {
            return false;
        };
        file.added = file
            .added
            .saturating_add(u32::from(kind == LineKind::Added));
        file.removed = file
            .removed
            .saturating_add(u32::from(kind == LineKind::Removed));
        hunk.lines.push(Line {
            kind,
            text: text.into(),
            old: self.next.0 * old,
            new: self.next.1 * new,
            unended: false,
        });
        self.due = (
            self.due.0.saturating_sub(old),
            self.due.1.saturating_sub(new),
        );
        self.next = (
            self.next.0.saturating_add(old),
            self.next.1.saturating_add(new),
        );
        true
    }

    fn unended(&mut self) {
        let file = self.file.as_mut();
        let hunk = file.and_then(|file| file.hunks.last_mut());
        if let Some(line) = hunk.and_then(|hunk| hunk.lines.last_mut()) {
            line.unended = true;
        }
    }

    fn hunk(&mut self, head: &str) {
        let Some(file) = &mut self.file else { return };
        let mut parts = head.splitn(3, ' ');
        let range = |part: Option<&str>, sign: char| {
            let part = part?.strip_prefix(sign)?;
            let (start, count) = part.split_once(',').unwrap_or((part, "1"));
            Some((start.parse::<u32>().ok()?, count.parse::<u32>().ok()?))
        };
        let old = range(parts.next(), '-');
        let new = range(parts.next(), '+');
        let (Some(old), Some(new)) = (old, new) else {
            return;
        };
        let heading = parts.next().and_then(|rest| rest.strip_prefix("@@"));
        self.due = (old.1, new.1);
        self.next = (old.0, new.0);
        file.hunks.push(Hunk {
            old: old.0,
            new: new.0,
            heading: heading.unwrap_or_default().trim().to_owned(),
            lines: Vec::new(),
        });
    }

    /// A line between a file's first and its hunks.
    fn head(&mut self, line: &str) {
        let Some(file) = &mut self.file else { return };
        let name = |text: &str| unquoted(text);
        if let Some(mode) = line.strip_prefix("old mode ") {
            self.old_mode = Some(mode.to_owned());
        } else if let Some(mode) = line.strip_prefix("new mode ") {
            file.modes = self.old_mode.take().map(|old| (old, mode.to_owned()));
        } else if line.starts_with("new file mode ") {
            file.change = Change::Added;
        } else if line.starts_with("deleted file mode ") {
            file.change = Change::Deleted;
        } else if let Some(from) = line.strip_prefix("rename from ") {
            (file.change, file.from) = (Change::Renamed, Some(name(from)));
        } else if let Some(from) = line.strip_prefix("copy from ") {
            (file.change, file.from) = (Change::Copied, Some(name(from)));
        } else if let Some(to) = line
            .strip_prefix("rename to ")
            .or(line.strip_prefix("copy to "))
        {
            file.path = name(to);
        } else if line.starts_with("Binary files ") || line == "GIT binary patch" {
            file.binary = true;
        } else if file.hunks.is_empty()
            && let Some(path) = line.strip_prefix("+++ ").or(line.strip_prefix("--- "))
        {
            // A name with a blank in it is followed by a tab.
            let path = unquoted(path.strip_suffix('\t').unwrap_or(path));
            let path = path.strip_prefix("a/").or(path.strip_prefix("b/"));
            if let Some(path) = path {
                file.path = path.to_owned();
            }
        }
    }

    fn end_file(&mut self) {
        self.due = (0, 0);
        self.old_mode = None;
        self.patch.files.extend(self.file.take());
    }
}

/// The path of `a/PATH b/PATH`, where both are the same: the rest of the head says it where they are not.
fn names_of(names: &str) -> String {
    if names.starts_with('"') {
        let first = names.get(1..).and_then(|rest| rest.find("\" "));
        let first = first.map_or(names, |end| &names[..end + 2]);
        let path = unquoted(first);
        return path.strip_prefix("a/").unwrap_or(&path).to_owned();
    }
    // Both names are as long: `a/` + n + blank + `b/` + n.
    let length = names.len().saturating_sub(5) / 2;
    let whole = names.get(2..2 + length);
    whole.unwrap_or(names).to_owned()
}

/// A name as git quotes it where it has unusual characters: C's escapes, octal for bytes.
fn unquoted(name: &str) -> String {
    let inner = name.strip_prefix('"').and_then(|n| n.strip_suffix('"'));
    let Some(inner) = inner else {
        return name.to_owned();
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(digit @ b'0'..=b'7') => {
                let mut value = u32::from(digit - b'0');
                for _ in 0..2 {
                    match rest.peek() {
                        Some(next @ b'0'..=b'7') => {
                            value = value * 8 + u32::from(next - b'0');
                            rest.next();
                        }
                        _ => break,
                    }
                }
                bytes.push((value & 0xff) as u8);
            }
            Some(other) => bytes.push(match other {
                b'a' => 7,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'v' => 11,
                b'f' => 12,
                b'r' => b'\r',
                other => other,
            }),
            None => bytes.push(b'\\'),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
