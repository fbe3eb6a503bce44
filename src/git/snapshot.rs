//! The whole of a work tree in an index of its own, beside the user's.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use gix::bstr::BString;

use super::error::{GitError, Result};
use super::filters::Settings;
use super::run::{Call, Git};
use super::scratch::Scratch;

/// Where a call keeps its index, and its new objects if they are not to stay.
#[derive(Debug)]
pub(super) struct Aside {
    index: PathBuf,
    /// For every call, since any that writes an index may run a content filter.
    filters: Settings,
    objects: Option<(PathBuf, OsString)>,
}

impl Aside {
    /// An index beside the user's, which begins as a copy of it: unchanged files need not be read again.
    /// New objects go into the repository.
    pub(super) fn index_only(
        scratch: &Scratch,
        repo: &gix::Repository,
        filters: Settings,
    ) -> Result<Self> {
        let index = scratch.path().join("index");
        match std::fs::copy(repo.index_path(), &index) {
            Ok(_) => keep_time(&repo.index_path(), &index)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(GitError::io(&index, error)),
        }
        Ok(Self {
            index,
            filters,
            objects: None,
        })
    }

    /// The same with a place for new objects that goes with `scratch`.
    pub(super) fn objects_too(
        scratch: &Scratch,
        repo: &gix::Repository,
        filters: Settings,
    ) -> Result<Self> {
        let own = scratch.path().join("objects");
        std::fs::create_dir(&own).map_err(|error| GitError::io(&own, error))?;
        Self::objects_in(scratch, repo, filters, &own)
    }

    /// The same with a directory for new objects that stays.
    pub(super) fn objects_in(
        scratch: &Scratch,
        repo: &gix::Repository,
        filters: Settings,
        own: &Path,
    ) -> Result<Self> {
        let theirs = std::path::absolute(repo.common_dir().join("objects"))
            .map_err(|error| GitError::io(repo.common_dir(), error))?;
        let mut aside = Self::index_only(scratch, repo, filters)?;
        aside.objects = Some((own.to_owned(), quoted(&theirs)));
        Ok(aside)
    }

    /// Makes `call` work here.
    pub(super) fn on<'a>(&self, call: Call<'a>) -> Call<'a> {
        let call = call
            .env("GIT_INDEX_FILE", &self.index)
            .setting("core.splitIndex", "false")
            .settings(&self.filters);
        match &self.objects {
            None => call,
            Some((own, theirs)) => call
                .env("GIT_OBJECT_DIRECTORY", own)
                .env("GIT_ALTERNATE_OBJECT_DIRECTORIES", theirs),
        }
    }
}

/// Gives a copy of an index the age of the original. A file that changed in the second in which the index was
/// written looks unchanged by its time; git reads such files, but only as long as the index is that old.
fn keep_time(original: &Path, copy: &Path) -> Result<()> {
    let keep = || {
        let time = std::fs::metadata(original)?.modified()?;
        std::fs::File::options()
            .write(true)
            .open(copy)?
            .set_modified(time)
    };
    keep().map_err(|error| GitError::io(copy, error))
}

/// Puts everything that is in the work tree and not ignored into the index of `aside`.
///
/// # Errors
/// Where one file cannot be staged, all of it fails.
pub(super) fn stage_all(git: &Git, worktree: &Path, aside: &Aside) -> Result<()> {
    aside.on(add(git, worktree)).args(&["--", "."]).run()?;
    Ok(())
}

/// The same without the paths `except`, and without what cannot be read.
pub(super) fn stage_most(
    git: &Git,
    worktree: &Path,
    aside: &Aside,
    except: &[BString],
) -> Result<()> {
    let mut paths = b".\0".to_vec();
    for path in except {
        paths.extend_from_slice(b":(exclude,literal)");
        paths.extend_from_slice(path);
        paths.push(0);
    }
    let args = [
        "--ignore-errors",
        "--pathspec-from-file=-",
        "--pathspec-file-nul",
    ];
    let output = aside
        .on(add(git, worktree))
        .args(&args)
        .stdin(paths)
        .status()?;
    // Status 1: some could not be added.
    match output.status.code() {
        Some(0 | 1) => Ok(()),
        _ => Err(GitError::from_stderr("add", worktree, &output.stderr)),
    }
}

/// `git add --all`, also outside a sparse checkout.
fn add<'a>(git: &'a Git, worktree: &'a Path) -> Call<'a> {
    let sparse = git
        .run(
            worktree,
            &["config", "--type=bool", "--get", "core.sparseCheckout"],
        )
        .is_ok_and(|output| output.text() == "true");
    let call = git
        .call(worktree, &["add", "--all"])
        .setting("core.safecrlf", "false")
        .setting("advice.addEmbeddedRepo", "false")
        .long();
    match sparse {
        true => call.arg("--sparse"),
        false => call,
    }
}

/// A path for `GIT_ALTERNATE_OBJECT_DIRECTORIES`, where `:` separates and `"` quotes.
pub(super) fn quoted(path: &Path) -> OsString {
    let Some(text) = path.to_str().filter(|text| text.contains([':', '"'])) else {
        return path.as_os_str().to_owned();
    };
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"").into()
}
