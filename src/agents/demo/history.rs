//! Conversations on disk: one JSONL file each, in a directory of their working directory's.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use super::entry::Entry;
use super::plot::Dice;

/// The most of a conversation that is read back: bytes, and entries (the last).
const MAX_FILE: u64 = 8 * 1024 * 1024;
const MAX_ENTRIES: usize = 1000;

/// A conversation's file. Without a place to keep it, it is not kept.
#[derive(Debug)]
pub struct History {
    file: Option<File>,
}

impl History {
    /// A new conversation.
    pub fn create(dir: Option<&Path>, id: &str) -> Self {
        let open = |dir: &Path| {
            fs::create_dir_all(dir).ok()?;
            append_to(&path_of(dir, id)?).ok()
        };
        Self {
            file: dir.and_then(open),
        }
    }

    /// An earlier conversation and what it consists of.
    ///
    /// # Errors
    /// Where there is none of that id here.
    pub fn open(dir: Option<&Path>, id: &str) -> io::Result<(Self, Vec<Entry>)> {
        let none = || io::Error::new(io::ErrorKind::NotFound, "no conversation of that id here");
        let path = dir.and_then(|dir| path_of(dir, id)).ok_or_else(none)?;
        let file = File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => none(),
            _ => error,
        })?;
        let reader = BufReader::new(file.take(MAX_FILE));
        let mut entries: Vec<Entry> = Vec::new();
        for line in reader.split(b'\n') {
            // A line cut by a crash, or of another version, is left out.
            entries.extend(serde_json::from_slice::<Entry>(&line?).ok());
        }
        entries.drain(..entries.len().saturating_sub(MAX_ENTRIES));
        let file = append_to(&path).ok();
        Ok((Self { file }, entries))
    }

    /// Keeps an entry.
    pub fn add(&mut self, entry: &Entry) {
        let (Some(file), Ok(mut line)) = (&mut self.file, serde_json::to_vec(entry)) else {
            return;
        };
        line.push(b'\n');
        // What cannot be kept (a full disk) must not stop the work.
        if file.write_all(&line).is_err() {
            self.file = None;
        }
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// The file of a conversation; none where the id could name another place.
fn path_of(dir: &Path, id: &str) -> Option<PathBuf> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let fits = !id.is_empty() && id.len() <= 100 && id.chars().all(legal);
    fits.then(|| dir.join(format!("{id}.jsonl")))
}

/// The directory of the conversations held in `cwd`: below `GLUON_DEMO_HOME`, or in the state directory.
pub fn directory(cwd: &Path, variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let set = |name| variable(name).filter(|path: &PathBuf| path.is_absolute());
    let home = set("GLUON_DEMO_HOME")
        .or_else(|| Some(set("GLUON_STATE_DIR")?.join("demo")))
        .or_else(|| Some(set("XDG_STATE_HOME")?.join("gluon/demo")))
        .or_else(|| Some(set("HOME")?.join(".local/state/gluon/demo")))?;
    let text = cwd.to_string_lossy();
    let mut name: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let tail = name.len().saturating_sub(80);
    name.drain(..tail);
    // Different directories can read alike: a number made from the whole path keeps them apart.
    let number = Dice::new(0, &text).below(u64::MAX);
    Some(home.join(format!("{name}-{number:08x}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversations_are_taken_up_again() {
        let dir = tempfile::tempdir().unwrap();
        let place = Some(dir.path());
        let entries = [Entry::Prompt { text: "hi".into() }, Entry::note("x\ny")];
        let mut history = History::create(place, "a-1");
        history.add(&entries[0]);
        fs::OpenOptions::new()
            .append(true)
            .open(dir.path().join("a-1.jsonl"))
            .unwrap()
            .write_all(b"{\"type\":\"pro\n\xff\n")
            .unwrap();
        history.add(&entries[1]);
        let (_, read) = History::open(place, "a-1").unwrap();
        assert_eq!(read, entries);
        assert!(History::open(place, "a-2").is_err());
        assert!(History::open(place, "../a-1").is_err());
        assert!(History::open(None, "a-1").is_err());
    }

    #[test]
    fn directories_are_told_apart() {
        let here = |name: &str| (name == "GLUON_DEMO_HOME").then(|| PathBuf::from("/h"));
        let of = |cwd: &str| directory(Path::new(cwd), here).unwrap();
        assert_ne!(of("/a/b"), of("/a-b"));
        assert!(of("/a/b").starts_with("/h") && of(&"/x".repeat(500)).as_os_str().len() < 120);
        assert_eq!(directory(Path::new("/a"), |_| None), None);
    }
}
