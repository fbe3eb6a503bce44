//! The real work: files below the working directory, and git.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use super::entry::Tool;
use super::script::Edit;

/// The longest file read, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// The most changed lines shown of an edit.
const MAX_DIFF: usize = 10;

/// The most files listed, and how deep below the working directory.
const MAX_LISTED: usize = 200;
const MAX_DEPTH: usize = 4;

/// The author of the demo agent's commits, so that none has to be configured.
pub const GIT_ENV: &[(&str, &str)] = &[
    ("GIT_AUTHOR_NAME", "gluon demo agent"),
    ("GIT_AUTHOR_EMAIL", "demo-agent@gluon.invalid"),
    ("GIT_COMMITTER_NAME", "gluon demo agent"),
    ("GIT_COMMITTER_EMAIL", "demo-agent@gluon.invalid"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_EDITOR", "true"),
    ("GIT_PAGER", "cat"),
    ("PAGER", "cat"),
];

/// A working directory and what was changed in it.
#[derive(Debug, Clone)]
pub struct Workshop {
    root: PathBuf,
    touched: Vec<String>,
}

impl Workshop {
    /// The working directory at `root`.
    pub fn new(root: PathBuf) -> Self {
        Self {
            root,
            touched: Vec::new(),
        }
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The files below it, sorted, without hidden ones and the usual heaps.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(&self.root, "", 0, &mut found);
        found.sort();
        found
    }

    /// Reads a file.
    pub fn read(&self, path: &str) -> Tool {
        let (result, ok) = match self.place(path).and_then(|full| content(&full)) {
            Ok(text) => (plural(text.lines().count(), "line"), true),
            Err(error) => (error, false),
        };
        Tool {
            verb: "Read".to_owned(),
            target: path.to_owned(),
            result,
            ok,
            details: Vec::new(),
        }
    }

    /// Whether `test` succeeds in `sh`, without a word.
    pub fn holds(&self, test: &str) -> bool {
        let status = Command::new("sh")
            .args(["-c", test])
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    }

    /// Changes a file.
    pub fn edit(&mut self, edit: &Edit) -> Tool {
        let mut tool = Tool {
            verb: "Edit".to_owned(),
            target: edit.path.clone(),
            ..Tool::default()
        };
        match self.try_edit(edit) {
            Ok((before, after)) => {
                if before.is_empty() {
                    tool.verb = "Write".to_owned();
                }
                tool.ok = true;
                (tool.result, tool.details) = difference(&before, &after);
            }
            Err(error) => tool.result = error,
        }
        tool
    }

    fn try_edit(&mut self, edit: &Edit) -> Result<(String, String), String> {
        let full = self.place(&edit.path)?;
        let before = match fs::symlink_metadata(&full) {
            Ok(_) => content(&full)?,
            Err(_) => String::new(),
        };
        let after = match edit {
            Edit {
                content: Some(text),
                ..
            } => text.clone(),
            Edit {
                append: Some(text), ..
            } => format!("{before}{text}"),
            Edit {
                find: Some(find),
                replace: Some(replace),
                ..
            } => {
                if !before.contains(find.as_str()) {
                    return Err("the words to replace are not in the file".to_owned());
                }
                before.replacen(find.as_str(), replace, 1)
            }
            _ => return Err("the script does not say what to change".to_owned()),
        };
        if let Some(parent) = full.parent() {
            fs::create_dir_all(parent).map_err(|error| error.to_string())?;
        }
        fs::write(&full, &after).map_err(|error| error.to_string())?;
        if !self.touched.contains(&edit.path) {
            self.touched.push(edit.path.clone());
        }
        Ok((before, after))
    }

    /// Commits what was changed, and only that; no hooks, no signing, no identity needed.
    pub fn commit(&mut self, message: &str) -> Tool {
        let mut tool = Tool {
            verb: "Commit".to_owned(),
            target: message.lines().next().unwrap_or_default().to_owned(),
            ..Tool::default()
        };
        if self.touched.is_empty() {
            tool.ok = true;
            tool.result = "nothing to commit".to_owned();
            return tool;
        }
        match self.try_commit(message) {
            Ok(true) => {
                tool.ok = true;
                tool.result = plural(self.touched.len(), "file");
                self.touched.clear();
            }
            Ok(false) => {
                tool.ok = true;
                tool.result = "nothing has changed".to_owned();
                self.touched.clear();
            }
            Err(error) => tool.result = error,
        }
        tool
    }

    fn try_commit(&self, message: &str) -> Result<bool, String> {
        let paths: Vec<&str> = self.touched.iter().map(String::as_str).collect();
        self.git(&[&["add", "--force", "--"], &paths[..]].concat())?;
        let staged = [&["diff", "--cached", "--quiet", "--"], &paths[..]].concat();
        if self.git(&staged).is_ok() {
            return Ok(false);
        }
        let commit = ["commit", "--no-verify", "--quiet", "-m", message, "--"];
        self.git(&[&commit, &paths[..]].concat())?;
        Ok(true)
    }

    fn git(&self, args: &[&str]) -> Result<(), String> {
        let output = Command::new("git")
            .args([
                "-c",
                "commit.gpgsign=false",
                "-c",
                "core.hooksPath=/dev/null",
            ])
            .args(args)
            .current_dir(&self.root)
            .envs(GIT_ENV.iter().copied())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("git cannot be run: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&output.stderr);
        let line = words.lines().find(|line| !line.trim().is_empty());
        Err(line.unwrap_or("git failed").to_owned())
    }

    /// Where `path` is. Only below the root, not through a symbolic link, not into git's own directory.
    fn place(&self, path: &str) -> Result<PathBuf, String> {
        let mut full = self.root.clone();
        if path.is_empty() {
            return Err("no file is named".to_owned());
        }
        for component in Path::new(path).components() {
            match component {
                Component::Normal(name) if !name.eq_ignore_ascii_case(".git") => full.push(name),
                _ => return Err("only files below the working directory are touched".to_owned()),
            }
            if fs::symlink_metadata(&full).is_ok_and(|meta| meta.file_type().is_symlink()) {
                return Err("a symbolic link is in the way".to_owned());
            }
        }
        Ok(full)
    }
}

fn content(path: &Path) -> Result<String, String> {
    // A pipe or a device would block for ever.
    if !fs::metadata(path).is_ok_and(|meta| meta.is_file()) {
        return Err("no such file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "not a text file".to_owned())
}

fn list(dir: &Path, prefix: &str, depth: usize, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let (Some(name), Ok(kind)) = (name.to_str(), entry.file_type()) else {
            continue;
        };
        if found.len() >= MAX_LISTED || name.starts_with('.') {
            continue;
        }
        if kind.is_file() {
            found.push(format!("{prefix}{name}"));
        } else if kind.is_dir() && depth < MAX_DEPTH && !["target", "node_modules"].contains(&name)
        {
            list(&entry.path(), &format!("{prefix}{name}/"), depth + 1, found);
        }
    }
}

/// What changed between two texts, as one hunk: in words and in lines.
fn difference(before: &str, after: &str) -> (String, Vec<String>) {
    let old: Vec<&str> = before.lines().collect();
    let new: Vec<&str> = after.lines().collect();
    let same = |a: &&str, b: &&str| a == b;
    let head = old.iter().zip(&new).take_while(|(a, b)| same(a, b)).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| same(a, b))
        .count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let removed = old.iter().map(|line| format!("- {line}"));
    let added = new.iter().map(|line| format!("+ {line}"));
    let mut details: Vec<String> = removed.chain(added).collect();
    let more = details.len().saturating_sub(MAX_DIFF);
    if more > 1 {
        details.truncate(MAX_DIFF);
        details.push(format!("  … {}", plural(more, "more line")));
    }
    let words = match (new.len(), old.len()) {
        (0, 0) => "unchanged".to_owned(),
        (added, 0) => format!("{} added", plural(added, "line")),
        (0, removed) => format!("{} removed", plural(removed, "line")),
        (added, removed) => format!("{} added, {removed} removed", plural(added, "line")),
    };
    (words, details)
}

/// `3 lines`, `1 line`.
pub fn plural(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &str, text: &str) -> Edit {
        Edit {
            path: path.into(),
            content: Some(text.into()),
            ..Edit::default()
        }
    }

    fn git(dir: &Path, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(args)
            .current_dir(dir)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn only_below_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("link")).unwrap();
        let mut workshop = Workshop::new(dir.path().into());
        for path in [
            "../x",
            "/etc/x",
            "a/../../x",
            ".git/config",
            ".GIT/x",
            "link/x",
            "link",
            "",
        ] {
            let tool = workshop.edit(&write(path, "x"));
            assert!(!tool.ok, "{path}");
        }
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        assert!(workshop.edit(&write("a/b/c.txt", "x\n")).ok);
        assert_eq!(workshop.files(), ["a/b/c.txt"]);
    }

    #[test]
    fn edits_say_what_changed() {
        let dir = tempfile::tempdir().unwrap();
        let mut workshop = Workshop::new(dir.path().into());
        let tool = workshop.edit(&write("f", "a\nb\nc\n"));
        assert_eq!(
            (tool.verb.as_str(), tool.result.as_str()),
            ("Write", "3 lines added")
        );
        let tool = workshop.edit(&Edit {
            path: "f".into(),
            find: Some("b".into()),
            replace: Some("B\nB".into()),
            ..Edit::default()
        });
        assert_eq!(tool.result, "2 lines added, 1 removed");
        assert_eq!(tool.details, ["- b", "+ B", "+ B"]);
        let tool = workshop.edit(&Edit {
            path: "f".into(),
            find: Some("zzz".into()),
            replace: Some(String::new()),
            ..Edit::default()
        });
        assert!(!tool.ok && tool.result.contains("not in the file"));
        assert_eq!(workshop.read("f").result, "4 lines");
        assert!(!workshop.read("nothing").ok);
    }

    #[test]
    fn commits_hold_what_was_changed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        git(dir.path(), &["init", "-q"]);
        fs::write(dir.path().join("mine.txt"), "the user's").unwrap();
        let mut workshop = Workshop::new(dir.path().into());
        workshop.edit(&write("a.txt", "x\n"));
        let tool = workshop.commit("Add a");
        assert!(tool.ok, "{}", tool.result);
        let shown = git(dir.path(), &["show", "--name-only", "--format=%an|%s"]);
        assert_eq!(shown, "gluon demo agent|Add a\n\na.txt\n");
        assert_eq!(workshop.commit("Again").result, "nothing to commit");
        workshop.edit(&write("a.txt", "x\n"));
        assert_eq!(workshop.commit("Again").result, "nothing has changed");
    }

    #[test]
    fn without_a_repository_the_work_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let mut workshop = Workshop::new(dir.path().into());
        workshop.edit(&write("a.txt", "x\n"));
        let tool = workshop.commit("Add a");
        assert!(
            !tool.ok && tool.result.contains("not a git repository"),
            "{}",
            tool.result
        );
    }
}
