//! The agents there are: the built-in manifests, changed and added to by the user's own.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::agent::{Agent, AgentError};
use super::manifest::ManifestAgent;
use super::schema::ManifestFile;

/// The built-in manifests, in the order in which a default agent is looked for.
const BUILT_IN: &[(&str, &str)] = &[
    ("claude", include_str!("../../assets/agents/claude.toml")),
    ("codex", include_str!("../../assets/agents/codex.toml")),
    ("gemini", include_str!("../../assets/agents/gemini.toml")),
    (
        "opencode",
        include_str!("../../assets/agents/opencode.toml"),
    ),
    ("qwen", include_str!("../../assets/agents/qwen.toml")),
    ("aider", include_str!("../../assets/agents/aider.toml")),
    ("shell", include_str!("../../assets/agents/shell.toml")),
    ("demo", include_str!("../../assets/agents/demo.toml")),
];

/// The longest manifest read, in bytes.
const MAX_FILE: u64 = 256 * 1024;

/// The most manifests read from the user's directory.
const MAX_FILES: usize = 200;

/// All agents by name.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    agents: Vec<Arc<dyn Agent>>,
}

/// Something in a user's manifest that keeps it from being used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestProblem {
    /// The file or directory.
    pub path: PathBuf,
    /// The line, from 1; 0 where it is about the whole.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for ManifestProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if self.line > 0 {
            write!(f, ", line {}", self.line)?;
        }
        write!(f, ": {}", self.message)?;
        if !self.fix.is_empty() {
            write!(f, " ({})", self.fix)?;
        }
        Ok(())
    }
}

impl Registry {
    /// The built-in agents, changed and added to by the `*.toml` files in `user_dir`.
    ///
    /// A file changes the agent of its own name, or of the name it `extends`: what it does not mention
    /// stays. A file that cannot be used is reported and left out, never fatal.
    pub fn load(user_dir: Option<&Path>) -> (Self, Vec<ManifestProblem>) {
        Self::load_as(user_dir, &own_program())
    }

    /// As [`Registry::load`], where `gluon` is the binary that the demo agent is a role of.
    pub fn load_as(user_dir: Option<&Path>, gluon: &Path) -> (Self, Vec<ManifestProblem>) {
        let mut problems = Vec::new();
        let mut order = Vec::new();
        let mut files: BTreeMap<String, ManifestFile> = BTreeMap::new();
        for (name, text) in BUILT_IN {
            match parse(Path::new(name), text) {
                Ok(mut file) => {
                    file.name = Some((*name).to_owned());
                    order.push((*name).to_owned());
                    files.insert((*name).to_owned(), file);
                }
                Err(problem) => problems.push(problem),
            }
        }
        for path in user_files(user_dir, &mut problems) {
            let merged = read(&path).and_then(|file| {
                let (name, file) = merge(&path, file, &files)?;
                // Built once alone, so that a file which makes no agent leaves the one before in place.
                ManifestAgent::new(file.clone()).map_err(|message| whole(&path, message))?;
                Ok((name, file))
            });
            match merged {
                Ok((name, file)) => {
                    if !order.contains(&name) {
                        order.push(name.clone());
                    }
                    files.insert(name, file);
                }
                Err(problem) => problems.push(problem),
            }
        }
        let mut registry = Self::default();
        for name in order {
            let Some(mut file) = files.remove(&name) else {
                continue;
            };
            file.program = file.program.map(|program| resolve(&program, gluon));
            match ManifestAgent::new(file) {
                Ok(agent) => registry.agents.push(Arc::new(agent)),
                Err(message) => problems.push(whole(Path::new(&name), message)),
            }
        }
        (registry, problems)
    }

    /// The agent of that name.
    pub fn get(&self, name: &str) -> Option<Arc<dyn Agent>> {
        self.iter().find(|agent| agent.name() == name).cloned()
    }

    /// The names, in the order in which a default agent is looked for.
    pub fn names(&self) -> Vec<&str> {
        self.iter().map(|agent| agent.name()).collect()
    }

    /// All agents, in that order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Agent>> {
        self.agents.iter()
    }
}

/// Any command as an agent: no prompt, no conversations, judged by its exit code.
///
/// # Errors
/// Where `argv` is empty.
pub fn command_agent(argv: Vec<String>) -> Result<Arc<dyn Agent>, AgentError> {
    let mut argv = argv.into_iter();
    let program = argv.next().filter(|program| !program.is_empty());
    let program = program.ok_or(AgentError::NoProgram)?;
    Ok(Arc::new(ManifestAgent::plain(program, argv.collect())))
}

/// Where the program of `agent` is, looked up in `path` (the value of `PATH`); `None`: not installed.
pub fn installed(agent: &dyn Agent, path: &OsStr) -> Option<PathBuf> {
    let program = Path::new(agent.program());
    if program.components().count() > 1 {
        return is_executable(program).then(|| program.to_owned());
    }
    std::env::split_paths(path)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(program))
        .find(|candidate| is_executable(candidate))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The path of this very program. After an upgrade the kernel calls the old file "(deleted)"; the new one
/// stands in its place.
pub fn own_program() -> PathBuf {
    let path = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("gluon"));
    match path
        .to_str()
        .and_then(|text| text.strip_suffix(" (deleted)"))
    {
        Some(text) => PathBuf::from(text),
        None => path,
    }
}

/// The programs that are known only here: `{gluon}` and `{shell}`.
fn resolve(program: &str, gluon: &Path) -> String {
    match program {
        "{gluon}" => gluon.to_string_lossy().into_owned(),
        "{shell}" => std::env::var("SHELL")
            .ok()
            .filter(|shell| is_executable(Path::new(shell)))
            .unwrap_or_else(|| "/bin/sh".to_owned()),
        _ => program.to_owned(),
    }
}

fn whole(path: &Path, message: String) -> ManifestProblem {
    ManifestProblem {
        path: path.to_owned(),
        line: 0,
        message,
        fix: "the file is left out until then".to_owned(),
    }
}

fn user_files(dir: Option<&Path>, problems: &mut Vec<ManifestProblem>) -> Vec<PathBuf> {
    let Some(dir) = dir else {
        return Vec::new();
    };
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            problems.push(whole(dir, format!("cannot be read: {error}")));
            return Vec::new();
        }
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension() == Some(OsStr::new("toml")))
        .collect();
    paths.sort();
    if paths.len() > MAX_FILES {
        let message = format!("more than {MAX_FILES} manifests; the first {MAX_FILES} are read");
        problems.push(whole(dir, message));
        paths.truncate(MAX_FILES);
    }
    paths
}

fn read(path: &Path) -> Result<ManifestFile, ManifestProblem> {
    let io = |error: io::Error| whole(path, format!("cannot be read: {error}"));
    let mut text = String::new();
    let file = File::open(path).map_err(io)?;
    file.take(MAX_FILE).read_to_string(&mut text).map_err(io)?;
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<ManifestFile, ManifestProblem> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start).min(text.len());
        let breaks = text.as_bytes()[..start].iter();
        ManifestProblem {
            path: path.to_owned(),
            line: breaks.filter(|byte| **byte == b'\n').count() + 1,
            message: error.message().replace('\n', " "),
            fix: "correct the line; until then the file is left out".to_owned(),
        }
    })
}

/// A user's file over what it changes, with its name settled.
fn merge(
    path: &Path,
    mut file: ManifestFile,
    known: &BTreeMap<String, ManifestFile>,
) -> Result<(String, ManifestFile), ManifestProblem> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = file.name.take().unwrap_or_else(|| stem.into_owned());
    let base = match file.extends.clone() {
        None => known.get(&name).cloned().unwrap_or_default(),
        Some(other) => known.get(&other).cloned().ok_or_else(|| {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            let mut problem = whole(path, format!("`extends`: there is no agent `{other}`"));
            problem.fix = format!("known before this file: {}", names.join(", "));
            problem
        })?,
    };
    let title = file.title.is_some();
    let mut merged = file.over(base);
    if merged.name.as_ref() != Some(&name) && !title {
        merged.title = None;
    }
    merged.name = Some(name.clone());
    Ok((name, merged))
}
