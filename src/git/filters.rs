//! Content filters: git-lfs where it is installed, missing or offline, and filters a repository names itself.

use std::path::Path;

use super::run::Git;

/// Settings for a call.
pub(super) type Settings = Vec<(String, String)>;

/// Settings that make git do without git-lfs, if it is not installed: else a checkout of a repository that
/// requires it fails half-way.
pub(super) fn without_missing_lfs(git: &Git, dir: &Path) -> Settings {
    match has_lfs(git, dir) {
        true => Settings::new(),
        false => switched_off("lfs"),
    }
}

/// Settings for a reading: no filter that the repository's own configuration names is run, nor a missing
/// git-lfs. Filters of the user's own configuration are.
pub(super) fn trusted_only(git: &Git, dir: &Path) -> Settings {
    let mut settings = without_missing_lfs(git, dir);
    let args = [
        "config",
        "-z",
        "--show-scope",
        "--name-only",
        "--get-regexp",
        r"^filter\.",
    ];
    // Status 1: there is none.
    let Ok(output) = git.call(dir, &args).status() else {
        return settings;
    };
    let entries: Vec<&[u8]> = output.entries().collect();
    for pair in entries.chunks_exact(2) {
        let local = matches!(pair[0], b"local" | b"worktree");
        let key = String::from_utf8_lossy(pair[1]);
        let name = key
            .strip_prefix("filter.")
            .and_then(|rest| rest.rsplit_once('.'))
            .map(|(name, _)| name);
        if let (true, Some(name)) = (local, name) {
            settings.extend(switched_off(name));
        }
    }
    settings
}

/// Replaces the pointers in a new worktree by their content, if it has any. Without success the pointers
/// stay, which the user is told.
pub(super) fn fetch_lfs(git: &Git, worktree: &Path, notes: &mut Vec<String>) {
    let args = ["ls-files", "-z", "--", ":(attr:filter=lfs)"];
    let count = match git.call(worktree, &args).run() {
        Ok(output) => output.entries().count(),
        Err(_) => return,
    };
    if count == 0 {
        return;
    }
    if !has_lfs(git, worktree) {
        notes.push(format!(
            "git-lfs is not installed: {count} large files are only pointers"
        ));
        return;
    }
    if let Err(error) = git.call(worktree, &["lfs", "pull"]).long().run() {
        notes.push(format!(
            "{count} large files may be only pointers, `git lfs pull` fetches them: {error}"
        ));
    }
}

/// Whether git-lfs is installed.
fn has_lfs(git: &Git, dir: &Path) -> bool {
    git.run(dir, &["lfs", "version"]).is_ok()
}

/// Settings that make the filter `name` do nothing.
fn switched_off(name: &str) -> Settings {
    [
        ("clean", ""),
        ("smudge", ""),
        ("process", ""),
        ("required", "false"),
    ]
    .into_iter()
    .map(|(key, value)| (format!("filter.{name}.{key}"), value.to_owned()))
    .collect()
}
