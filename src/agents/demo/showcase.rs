//! What `gluon demo` shows: a throw-away repository and tasks that reach every state of the board.

use serde::Deserialize;

use crate::domain::Priority;

const SHOWCASE: &str = include_str!("../../../assets/demo/showcase.toml");

/// The repository's files; the flag says whether one is executable.
const FILES: &[(&str, bool, &str)] = &[
    (
        "README.md",
        false,
        include_str!("../../../assets/demo/repository/README.md"),
    ),
    (
        "bin/tally",
        true,
        include_str!("../../../assets/demo/repository/bin/tally"),
    ),
    (
        "data/sample.csv",
        false,
        include_str!("../../../assets/demo/repository/data/sample.csv"),
    ),
    (
        "docs/usage.md",
        false,
        include_str!("../../../assets/demo/repository/docs/usage.md"),
    ),
    (
        "lib/money.sh",
        false,
        include_str!("../../../assets/demo/repository/lib/money.sh"),
    ),
    (
        "lib/report.sh",
        false,
        include_str!("../../../assets/demo/repository/lib/report.sh"),
    ),
    (
        "lib/store.sh",
        false,
        include_str!("../../../assets/demo/repository/lib/store.sh"),
    ),
    (
        "tests/run.sh",
        true,
        include_str!("../../../assets/demo/repository/tests/run.sh"),
    ),
];

/// A file of the throw-away repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoFile {
    /// Its path from the repository's root.
    pub path: &'static str,
    /// What is in it.
    pub content: &'static str,
    /// Whether it is executable.
    pub executable: bool,
}

/// A commit of the throw-away repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoCommit {
    /// Its message.
    pub message: String,
    /// The files it adds.
    pub files: Vec<DemoFile>,
}

/// A task that `gluon demo` makes, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoTask {
    /// Its title.
    pub title: String,
    /// Its prompt, with the tag that chooses the script.
    pub prompt: String,
    /// How urgent it is.
    pub priority: Priority,
    /// Its labels.
    pub labels: Vec<String>,
    /// The tasks it waits for, as places in the list.
    pub depends_on: Vec<usize>,
    /// Where it gets to.
    pub reaches: Reaches,
    /// It is a loop, with this check command.
    pub check: Option<String>,
    /// It is one run without a screen.
    pub once: bool,
}

/// Where a task of the demo gets to, so that every part of the board is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reaches {
    /// It waits for another task and stays in the queue.
    Queued,
    /// To be started; it works for minutes.
    Working,
    /// To be started; it does the same over and over.
    Looping,
    /// To be started; it waits for something that does not come.
    Slow,
    /// To be started; it falls silent for ever.
    Stuck,
    /// To be started; it soon asks for a permission.
    Permission,
    /// To be started; it soon asks a question.
    Question,
    /// To be started; it ends well and lands in Review.
    Review,
    /// To be started; it ends badly and lands in Review with the reason.
    Failed,
    /// To be started; it ends well and is to be accepted.
    Done,
}

impl Reaches {
    /// Whether `gluon demo` starts the task.
    pub fn is_started(self) -> bool {
        self != Reaches::Queued
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    commit: Vec<Commit>,
    task: Vec<Task>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Commit {
    message: String,
    files: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    title: String,
    prompt: String,
    priority: Option<u8>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    depends_on: Vec<String>,
    reaches: Reaches,
    check: Option<String>,
    #[serde(default)]
    once: bool,
}

fn file() -> File {
    // A test holds that the built-in data is well.
    toml::from_str(SHOWCASE).unwrap_or_default()
}

/// The tasks of the demo, each after those it depends on.
pub fn showcase() -> Vec<DemoTask> {
    let tasks = file().task;
    let place = |title: &String| tasks.iter().position(|task| task.title == *title);
    tasks
        .iter()
        .map(|task| DemoTask {
            title: task.title.clone(),
            prompt: task.prompt.clone(),
            priority: task.priority.map(Priority::new).unwrap_or_default(),
            labels: task.labels.clone(),
            depends_on: task.depends_on.iter().filter_map(place).collect(),
            reaches: task.reaches,
            check: task.check.clone(),
            once: task.once,
        })
        .collect()
}

/// All files of the throw-away repository.
pub fn repository_files() -> Vec<DemoFile> {
    let file = |(path, executable, content): &(&'static str, bool, &'static str)| DemoFile {
        path,
        content,
        executable: *executable,
    };
    FILES.iter().map(file).collect()
}

/// The commits of the throw-away repository, oldest first.
pub fn repository_commits() -> Vec<DemoCommit> {
    let all = repository_files();
    let named = |path: &String| all.iter().find(|file| file.path == path).copied();
    file()
        .commit
        .iter()
        .map(|commit| DemoCommit {
            message: commit.message.clone(),
            files: commit.files.iter().filter_map(named).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::demo::script;

    #[test]
    fn every_state_is_shown() {
        let tasks = showcase();
        let reaching = |reaches| tasks.iter().filter(|task| task.reaches == reaches).count();
        assert_eq!(reaching(Reaches::Working), 2);
        assert!(tasks.iter().any(|task| task.once));
        assert!(tasks.iter().any(|task| task.check.is_some()));
        for reaches in [
            Reaches::Queued,
            Reaches::Looping,
            Reaches::Slow,
            Reaches::Stuck,
            Reaches::Permission,
            Reaches::Question,
            Reaches::Review,
            Reaches::Failed,
            Reaches::Done,
        ] {
            assert!(reaching(reaches) > 0, "{reaches:?}");
        }
        for (place, task) in tasks.iter().enumerate() {
            assert!(
                script::request(&task.prompt).unknown.is_empty(),
                "{}",
                task.title
            );
            assert!(task.depends_on.iter().all(|other| *other < place));
            assert_eq!(task.reaches == Reaches::Queued, !task.depends_on.is_empty());
        }
    }

    #[test]
    fn every_file_is_in_exactly_one_commit() {
        let parsed: File = toml::from_str(SHOWCASE).unwrap();
        let mut named: Vec<&str> = parsed
            .commit
            .iter()
            .flat_map(|c| &c.files)
            .map(String::as_str)
            .collect();
        named.sort_unstable();
        let there: Vec<&str> = repository_files().iter().map(|file| file.path).collect();
        assert_eq!(named, there);
    }
}
