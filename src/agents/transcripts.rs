//! Which conversation a run led, by the transcripts that the agent itself keeps.
//!
//! Codex chooses the id of a conversation when it gets its first prompt and tells nobody; Claude Code goes
//! on under another id after `/clear`. Both write each conversation into a file of its own whose beginning
//! says where the agent runs. What is in there is untrusted: files that are none (links, pipes) are left
//! out, everything is bounded, and an id is only believed where it is a UUID and the file is named by it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::Value;

use super::agent::Trace;
use super::conversations::open_database;
use super::server::is_session;
use super::watch::same;

/// How much of a transcript's beginning is read, in bytes. Codex puts its whole instructions into the
/// first line.
pub(super) const HEAD: u64 = 512 * 1024;
/// Lines looked at for where the agent runs.
const LINES: usize = 40;
/// The most entries of one directory that are looked at.
const ENTRIES: usize = 20_000;
/// The most days of Codex's that are looked at, the newest first.
const DAYS: usize = 400;
/// The most transcripts that are opened, the last written first.
const OPENED: usize = 64;
/// A file's time may be this much before the clock's (coarse clocks, file systems with whole seconds).
const SLACK: Duration = Duration::from_secs(2);

/// Whose transcripts, and thereby where they are and what stands in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Transcripts {
    /// Claude Code: `projects/<directory>/<id>.jsonl`.
    Claude,
    /// Codex: `sessions/<year>/<month>/<day>/rollout-<time>-<id>.jsonl`.
    Codex,
    /// Gemini CLI: `tmp/<project>/chats/session-*.jsonl`.
    Gemini,
    /// opencode: rows of `opencode.db`.
    Opencode,
}

impl Transcripts {
    /// The conversation of the last written transcript that belongs to `trace`.
    pub(super) fn newest(self, trace: &Trace<'_>) -> Option<String> {
        let since = UNIX_EPOCH + Duration::from_millis(trace.since.0.try_into().ok()?);
        let since = since.checked_sub(SLACK)?;
        if self == Self::Opencode {
            return opencode_newest(&self.home(trace)?, trace, since);
        }
        let mut written = self.files(trace)?;
        written.retain(|(at, _)| *at >= since);
        written.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let cwd = [trace.cwd.to_owned(), real(trace.cwd)];
        // A conversation on a screen counts more than one without: an agent may start another of its kind.
        let mut screenless = None;
        for (_, path) in written.iter().take(OPENED) {
            match self.conversation(path, &cwd) {
                Some((id, true)) => return Some(id),
                Some((id, false)) => screenless = screenless.or(Some(id)),
                None => {}
            }
        }
        screenless
    }

    /// Whether there may be a transcript of conversation `id`; `false` only where there surely is none.
    pub(super) fn may_have(self, trace: &Trace<'_>, id: &str) -> bool {
        let Some(home) = self.home(trace).filter(|home| home.is_dir()) else {
            return true;
        };
        match self {
            // In whatever directory: how long paths are named has changed before.
            Self::Claude => {
                let name = format!("{id}.jsonl");
                entries(&home.join("projects")).any(|entry| entry.path().join(&name).exists())
            }
            Self::Gemini => gemini_chats(&home, id).next().is_some(),
            Self::Opencode => opencode_has(&home, id).unwrap_or(true),
            // An id that was learnt stood in one.
            Self::Codex => true,
        }
    }

    /// Where the agent keeps what is its own.
    pub(super) fn home(self, trace: &Trace<'_>) -> Option<PathBuf> {
        let said = |name: &str| (trace.env)(name).filter(|value| !value.is_empty());
        let (name, usual) = match self {
            Self::Claude => ("CLAUDE_CONFIG_DIR", ".claude"),
            Self::Codex => ("CODEX_HOME", ".codex"),
            Self::Gemini => {
                let home = said("GEMINI_CLI_HOME").or_else(|| said("HOME"))?;
                return Some(PathBuf::from(home).join(".gemini"));
            }
            Self::Opencode => {
                let data = said("XDG_DATA_HOME").map(PathBuf::from);
                let usual = || Some(PathBuf::from(said("HOME")?).join(".local/share"));
                return Some(data.or_else(usual)?.join("opencode"));
            }
        };
        match said(name) {
            Some(dir) => Some(dir.into()),
            None => Some(PathBuf::from(said("HOME")?).join(usual)),
        }
    }

    /// The transcripts that may belong to `trace`, with the time of their last change.
    fn files(self, trace: &Trace<'_>) -> Option<Vec<(SystemTime, PathBuf)>> {
        let home = self.home(trace)?;
        Some(match self {
            Self::Claude => {
                let name = claude_name(&real(trace.cwd));
                transcripts(&home.join("projects").join(name))
            }
            Self::Codex => {
                let days = days(&home.join("sessions"));
                days.iter().flat_map(|day| transcripts(day)).collect()
            }
            Self::Gemini => gemini_projects(&home)
                .filter(|project| root_of(project).is_some_and(|root| same(&root, trace.cwd)))
                .flat_map(|project| transcripts(&project.join("chats")))
                .collect(),
            Self::Opencode => return None,
        })
    }

    /// The conversation in a transcript and whether it has a screen; `None` where it is not one of `cwd`.
    fn conversation(self, path: &Path, cwd: &[PathBuf]) -> Option<(String, bool)> {
        if self == Self::Gemini {
            // Where it is led does not stand in it: only files of that place are looked at.
            return gemini_session(path).map(|id| (id, true));
        }
        let stem = path.file_stem()?.to_str()?;
        let id = stem.get(stem.len().checked_sub(36)?..)?;
        if !is_uuid(id) {
            return None;
        }
        let head = BufReader::new(File::open(path).ok()?.take(HEAD));
        let mut lines = head.split(b'\n').take(LINES);
        let on_screen = lines.find_map(|line| {
            let line: Value = serde_json::from_slice(&line.ok()?).ok()?;
            self.tells(&line, id, cwd)
        })?;
        Some((id.to_owned(), on_screen))
    }

    /// What a line tells: whether conversation `id`, led in `cwd`, has a screen.
    fn tells(self, line: &Value, id: &str, cwd: &[PathBuf]) -> Option<bool> {
        let (said, conversation, origin) = match self {
            Self::Claude if line["isSidechain"] != true => {
                (line, &line["sessionId"], &line["entrypoint"])
            }
            // What a subagent does is a conversation of its own, with a `source` that is no word.
            Self::Codex if line["type"] == "session_meta" => {
                let payload = &line["payload"];
                (payload, &payload["id"], &payload["source"])
            }
            _ => return None,
        };
        let here = Path::new(said["cwd"].as_str()?);
        let ours = conversation == id && cwd.iter().any(|dir| dir == here);
        ours.then(|| origin.as_str())
            .flatten()
            .map(|origin| origin == "cli")
    }
}

/// The directories in which Gemini CLI keeps what it has of each project.
fn gemini_projects(home: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    entries(&home.join("tmp")).map(|entry| entry.path())
}

/// The transcripts of one of Gemini CLI's conversations: each run of it may begin another.
pub(super) fn gemini_chats(
    home: &Path,
    id: &str,
) -> impl Iterator<Item = (SystemTime, PathBuf)> + use<> {
    let id = id.to_owned();
    let end = format!("-{}.jsonl", id.get(..8).unwrap_or(&id));
    gemini_projects(home)
        .flat_map(|project| transcripts(&project.join("chats")))
        .filter(move |(_, path)| path.to_string_lossy().ends_with(&end))
        .filter(move |(_, path)| gemini_session(path).as_deref() == Some(&id))
}

/// The conversation that a transcript of Gemini CLI's is of; `None` where that is a subagent's.
fn gemini_session(path: &Path) -> Option<String> {
    let mut first = Vec::new();
    let file = File::open(path).ok()?.take(HEAD);
    BufReader::new(file).read_until(b'\n', &mut first).ok()?;
    let head: Value = serde_json::from_slice(&first).ok()?;
    let main = matches!(head["kind"].as_str(), None | Some("main"));
    let id = head["sessionId"]
        .as_str()
        .filter(|id| main && is_uuid(id))?;
    Some(id.to_owned())
}

/// Where the conversations of one of Gemini CLI's projects are led.
pub(super) fn root_of(project: &Path) -> Option<PathBuf> {
    let path = project.join(".project_root");
    let meta = fs::symlink_metadata(&path).ok()?;
    if !meta.is_file() || meta.len() > 4096 {
        return None;
    }
    let root = PathBuf::from(fs::read_to_string(path).ok()?.trim());
    root.is_absolute().then_some(root)
}

/// The session of opencode's that was led last in the directory of `trace`.
fn opencode_newest(home: &Path, trace: &Trace<'_>, since: SystemTime) -> Option<String> {
    let since = since.duration_since(UNIX_EPOCH).ok()?.as_millis();
    let path = home.join("opencode.db");
    if !path.is_file() {
        return None;
    }
    let database = open_database(&path).ok()?;
    let mut query = database
        .prepare(
            "SELECT id, directory FROM session WHERE parent_id IS NULL AND time_updated >= ?1
             ORDER BY time_updated DESC LIMIT 64",
        )
        .ok()?;
    let since = i64::try_from(since).ok()?;
    let rows = query.query_map([since], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    });
    let mut rows = rows.ok()?.flatten();
    let (id, _) = rows.find(|(id, dir)| is_session(id) && same(Path::new(dir), trace.cwd))?;
    Some(id)
}

/// Whether opencode has a session; `None` where that cannot be told.
fn opencode_has(home: &Path, id: &str) -> Option<bool> {
    let path = home.join("opencode.db");
    if !path.is_file() {
        return None;
    }
    let database = open_database(&path).ok()?;
    let mut query = database
        .prepare("SELECT 1 FROM session WHERE id = ?1")
        .ok()?;
    query.exists([id]).ok()
}

/// The days that have transcripts of Codex's, the newest first.
pub(super) fn days(sessions: &Path) -> Vec<PathBuf> {
    let mut days = Vec::new();
    for year in numbered(sessions) {
        for month in numbered(&year) {
            for day in numbered(&month) {
                if days.len() == DAYS {
                    return days;
                }
                days.push(day);
            }
        }
    }
    days
}

/// The directories in `dir` that are named by a number, the highest first.
fn numbered(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = entries(dir)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(_, path)| path).collect()
}

/// The transcripts in `dir` with the time of their last change. Links and pipes are none.
pub(super) fn transcripts(dir: &Path) -> Vec<(SystemTime, PathBuf)> {
    entries(dir)
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "jsonl"))
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect()
}

pub(super) fn entries(dir: &Path) -> impl Iterator<Item = fs::DirEntry> + use<> {
    fs::read_dir(dir)
        .into_iter()
        .flatten()
        .take(ENTRIES)
        .flatten()
}

/// The name Claude Code gives to the transcripts of a directory.
pub(super) fn claude_name(dir: &Path) -> String {
    let name = dir.to_string_lossy();
    name.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}

/// The path without links, which is what a process finds as its own directory.
pub(super) fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests;
