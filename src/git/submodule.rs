//! Submodules of a new worktree: filled from what the repository has on disk, never from the network.

use std::path::{Component, Path, PathBuf};

use super::run::Git;

/// How deep submodules of submodules are followed.
const MAX_DEPTH: u32 = 8;

/// How many submodules of one repository are looked at.
const MAX_COUNT: usize = 200;

/// The refs in a submodule that mark what came from disk, and so is no work of its own.
pub(super) const FROM_DISK: &str = "refs/gluon/from-disk";

/// A submodule as `.gitmodules` has it.
struct Submodule {
    name: String,
    path: String,
}

/// Initialises the submodules of `worktree` from the clones that the repository at `root` has. Each that
/// has none is told in `notes`.
pub(super) fn initialise(git: &Git, root: &Path, worktree: &Path, notes: &mut Vec<String>) {
    if !worktree.join(".gitmodules").is_file() {
        return;
    }
    let Ok(common) = git.run(root, &["rev-parse", "--git-common-dir"]) else {
        return;
    };
    let modules = root.join(common.text()).join("modules");
    let mut done = 0;
    fill(git, worktree, &modules, root, MAX_DEPTH, &mut done, notes);
    match done {
        0 => {}
        1 => notes.push("1 submodule was initialised".to_owned()),
        n => notes.push(format!("{n} submodules were initialised")),
    }
}

/// One level: `modules` holds the clones by name, `original` is the work tree they belong to.
fn fill(
    git: &Git,
    worktree: &Path,
    modules: &Path,
    original: &Path,
    depth: u32,
    done: &mut u32,
    notes: &mut Vec<String>,
) {
    if depth == 0 || !worktree.join(".gitmodules").is_file() {
        return;
    }
    for Submodule { name, path } in list(git, worktree) {
        let embedded = original.join(&path).join(".git");
        let Some(clone) = [modules.join(&name), embedded]
            .into_iter()
            .find(|dir| dir.join("HEAD").is_file())
        else {
            notes.push(format!(
                "the submodule {path} is not in the repository yet: `git submodule update --init` fetches it"
            ));
            continue;
        };
        if let Err(error) = update(git, worktree, &name, &path, &clone) {
            notes.push(format!("the submodule {path} was not initialised: {error}"));
            continue;
        }
        *done += 1;
        let nested = clone.join("modules");
        let (inner, outer) = (worktree.join(&path), original.join(&path));
        fill(git, &inner, &nested, &outer, depth - 1, done, notes);
    }
}

/// Clones one submodule from `clone` and gives it the address it would have had.
fn update(
    git: &Git,
    worktree: &Path,
    name: &str,
    path: &str,
    clone: &Path,
) -> super::error::Result<()> {
    let local = clone.to_string_lossy();
    let args = ["submodule", "--quiet", "update", "--init", "--", path];
    git.call(worktree, &args)
        .setting("protocol.file.allow", "always")
        .setting(format!("submodule.{name}.url"), local.as_ref())
        .long()
        .run()?;
    let inner = worktree.join(path);
    let mark = format!("{FROM_DISK}/start");
    git.run(&inner, &["update-ref", &mark, "HEAD"])?;
    let origin = git.run(clone, &["config", "--get", "remote.origin.url"]);
    if let Ok(origin) = origin {
        let url = origin.text();
        let args = ["remote", "set-url", "origin", "--", &url];
        let _ = git.run(&inner, &args);
    }
    Ok(())
}

/// The submodules that `.gitmodules` of `worktree` names, without those whose name or path leads out.
fn list(git: &Git, worktree: &Path) -> Vec<Submodule> {
    let args = [
        "config",
        "-z",
        "-f",
        ".gitmodules",
        "--get-regexp",
        r"^submodule\..*\.path$",
    ];
    let Ok(output) = git.run(worktree, &args) else {
        return Vec::new();
    };
    output
        .entries()
        .filter_map(|entry| {
            let text = std::str::from_utf8(entry).ok()?;
            let (key, path) = text.split_once('\n')?;
            let name = key.strip_prefix("submodule.")?.strip_suffix(".path")?;
            let inside = |text: &str| {
                let path = PathBuf::from(text);
                !text.is_empty()
                    && !text.starts_with('-')
                    && path.components().all(|c| matches!(c, Component::Normal(_)))
            };
            (inside(name) && inside(path)).then(|| Submodule {
                name: name.to_owned(),
                path: path.to_owned(),
            })
        })
        .take(MAX_COUNT)
        .collect()
}
