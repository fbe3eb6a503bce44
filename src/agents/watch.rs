//! The registry an agent keeps of its own processes: what each is doing now, and in which conversation.
//!
//! Claude Code writes `sessions/<pid>.json` (seen on 2.1.330). Invariants: a file of an earlier process that
//! had the same number is not believed; what stands in it is untrusted and bounded.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::agent::Trace;
use super::transcripts::Transcripts;
use crate::domain::hook::hook_words;
use crate::domain::{Activity, Ask, AskKind, Timestamp};

/// The longest file that is read, in bytes.
const MOST: u64 = 64 * 1024;
/// The most files that are looked at for one of ours.
const FILES: usize = 256;
/// A process may have noted its start this much before ours was noted, in milliseconds.
const SLACK: i64 = 2_000;

/// Reads what one process of an agent has noted of itself.
#[derive(Debug)]
pub struct Watch {
    dir: PathBuf,
    pid: u32,
    cwd: PathBuf,
    since: Timestamp,
    /// Where it was found, if it is not named by the process we started (which may be a wrapper).
    found: Option<PathBuf>,
}

/// What was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What the agent does.
    pub says: Activity,
    /// In its own words (untrusted text, without control characters).
    pub words: String,
    /// The conversation it leads.
    pub conversation: Option<String>,
}

impl Report {
    /// What an entry of the registry says, whosever it is.
    pub fn read(entry: &[u8]) -> Option<Self> {
        Self::of(serde_json::from_slice(entry).ok()?)
    }

    fn of(entry: Entry) -> Option<Self> {
        Some(Self {
            says: activity(&entry)?,
            words: hook_words(&format!("status={} {}", entry.status, entry.waiting_for)),
            conversation: super::transcripts::is_uuid(&entry.session_id)
                .then_some(entry.session_id),
        })
    }
}

/// An entry of the registry; all of it may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Entry {
    session_id: String,
    cwd: PathBuf,
    started_at: i64,
    status: String,
    waiting_for: String,
}

impl Watch {
    pub(super) fn new(whose: Transcripts, trace: &Trace<'_>, pid: u32) -> Option<Self> {
        match whose {
            Transcripts::Claude => Some(Self {
                dir: whose.home(trace)?.join("sessions"),
                pid,
                cwd: trace.cwd.to_owned(),
                since: trace.since,
                found: None,
            }),
            _ => None,
        }
    }

    /// What is noted now; `None` where nothing is that can be believed. Reads one small file.
    pub fn read(&mut self) -> Option<Report> {
        let usual = self.dir.join(format!("{}.json", self.pid));
        let found = self.found.clone();
        let known = [Some(usual), found].into_iter().flatten();
        let entry = known
            .filter_map(|path| self.entry(&path))
            .next()
            .or_else(|| self.look_for_it())?;
        Report::of(entry)
    }

    /// An entry that is of our process, or of a child of it.
    fn entry(&self, path: &Path) -> Option<Entry> {
        let mut bytes = Vec::new();
        let file = File::open(path).ok()?;
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        file.take(MOST).read_to_end(&mut bytes).ok()?;
        let entry: Entry = serde_json::from_slice(&bytes).ok()?;
        let ours =
            entry.started_at >= self.since.0.saturating_sub(SLACK) && same(&entry.cwd, &self.cwd);
        ours.then_some(entry)
    }

    /// The program may be a wrapper, so that the agent itself has another number: the one entry that began
    /// after ours in its directory.
    fn look_for_it(&mut self) -> Option<Entry> {
        let entries = fs::read_dir(&self.dir).ok()?.take(FILES).flatten();
        let mut paths = entries.map(|entry| entry.path()).filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        });
        let (path, entry) = paths.find_map(|path| Some((path.clone(), self.entry(&path)?)))?;
        self.found = Some(path);
        Some(entry)
    }
}

pub(super) fn same(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn activity(entry: &Entry) -> Option<Activity> {
    Some(match entry.status.as_str() {
        // "shell": the turn is over and a shell goes on in the background.
        "idle" | "shell" => Activity::Idle,
        "busy" => Activity::Working,
        "waiting" => Activity::Waiting(Ask {
            kind: if entry.waiting_for.contains("permission") {
                AskKind::Permission
            } else {
                AskKind::Question
            },
            text: String::new(),
        }),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    const ID: &str = "774b20e8-4b92-4a9f-855f-952f924f3b7e";

    fn watch(home: &Path, cwd: &Path) -> Watch {
        let dir: OsString = home.into();
        let trace = Trace {
            cwd,
            since: Timestamp(10_000),
            env: &|name| (name == "CLAUDE_CONFIG_DIR").then(|| dir.clone()),
        };
        Watch::new(Transcripts::Claude, &trace, 4242).unwrap()
    }

    fn note(home: &Path, pid: u32, cwd: &Path, started: i64, rest: &str) {
        fs::create_dir_all(home.join("sessions")).unwrap();
        let text = format!(
            r#"{{"pid":{pid},"sessionId":"{ID}","cwd":{cwd:?},"startedAt":{started},"unknown":[1],{rest}}}"#
        );
        fs::write(home.join(format!("sessions/{pid}.json")), text).unwrap();
    }

    #[test]
    fn what_each_status_tells() {
        let dir = tempfile::tempdir().unwrap();
        let (home, cwd) = (dir.path(), dir.path());
        let mut watch = watch(home, cwd);
        assert_eq!(watch.read(), None, "there is no registry");
        let waits = |kind| {
            Some(Activity::Waiting(Ask {
                kind,
                text: String::new(),
            }))
        };
        for (rest, says) in [
            (r#""status":"idle""#, Some(Activity::Idle)),
            (r#""status":"shell""#, Some(Activity::Idle)),
            (r#""status":"busy""#, Some(Activity::Working)),
            (
                r#""status":"waiting","waitingFor":"permission prompt""#,
                waits(AskKind::Permission),
            ),
            (
                r#""status":"waiting","waitingFor":"input needed""#,
                waits(AskKind::Question),
            ),
            (r#""status":"thinking""#, None),
            (r#""status":7"#, None),
        ] {
            note(home, 4242, cwd, 10_500, rest);
            assert_eq!(watch.read().map(|report| report.says), says, "{rest}");
        }
        note(home, 4242, cwd, 10_500, r#""status":"idle""#);
        assert_eq!(watch.read().unwrap().conversation.as_deref(), Some(ID));
    }

    #[test]
    fn others_are_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let (home, cwd) = (dir.path(), dir.path());
        let idle = r#""status":"idle""#;
        let mut watch = watch(home, cwd);
        note(home, 4242, cwd, 100, idle);
        assert_eq!(watch.read(), None, "of a process long gone");
        note(home, 4242, other.path(), 10_500, idle);
        note(home, 77, other.path(), 10_500, idle);
        assert_eq!(watch.read(), None, "in another directory");
        note(home, 4243, cwd, 10_500, idle);
        assert_eq!(
            watch.read().unwrap().says,
            Activity::Idle,
            "behind a wrapper"
        );
        fs::write(home.join("sessions/4243.json"), vec![b'['; 200_000]).unwrap();
        assert_eq!(watch.read(), None);
    }
}
