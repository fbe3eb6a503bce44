//! Counts changed lines between a commit and a work tree with everything uncommitted in it.

use std::collections::BTreeMap;
use std::path::Path;

use gix::bstr::{BString, ByteSlice};
use gix::diff::blob::pipeline::{Mode, WorktreeRoots};
use gix::diff::blob::{Platform, ResourceKind};
use gix::object::tree::EntryKind;
use gix::object::tree::diff::ChangeDetached;

use super::status::Uncommitted;

/// Files larger than this are counted as changed, their lines are not.
const MAX_FILE: u64 = 4 << 20;

/// When this many bytes have been compared the rest is only counted by file.
const MAX_TOTAL: u64 = 64 << 20;

/// One side of a change in git's objects.
#[derive(Debug, Clone, Copy)]
struct Side {
    id: gix::ObjectId,
    kind: EntryKind,
}

/// A changed path.
#[derive(Debug, Clone, Default)]
struct Pair {
    old: Option<Side>,
    new: Option<Side>,
    /// The new side is in the work tree, not among the objects.
    worktree: bool,
    /// Where the old side was, if it was renamed.
    source: Option<BString>,
}

/// Path by path, what there was and what there is.
type Changes = BTreeMap<BString, Pair>;

/// Changed files and lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) files: u32,
    pub(super) insertions: u32,
    pub(super) deletions: u32,
}

/// Compares the tree `old` with the tree `new` under the uncommitted `state`.
pub(super) fn lines(
    repo: &gix::Repository,
    old: gix::ObjectId,
    new: gix::ObjectId,
    state: &Uncommitted,
) -> Result<Lines, gix::Error> {
    let changes = changes(repo, old, new, state)?;
    if changes.is_empty() {
        return Ok(Lines::default());
    }
    let roots = WorktreeRoots {
        old_root: None,
        new_root: repo.workdir().map(Path::to_owned),
    };
    let mut objects = repo.diff_resource_cache(Mode::ToGit, WorktreeRoots::default())?;
    let mut disk = repo.diff_resource_cache(Mode::ToGit, roots)?;
    let mut total = Lines::default();
    let mut budget = MAX_TOTAL;
    for (path, pair) in &changes {
        let new = match pair.worktree {
            true => on_disk(repo, path, pair.old),
            false => pair.new,
        };
        if !pair.worktree && same(pair.old, new) && pair.source.is_none() {
            continue;
        }
        let cache = match pair.worktree {
            true => &mut disk,
            false => &mut objects,
        };
        let size = size(repo, path, pair);
        if size > MAX_FILE || size > budget {
            total.files += 1;
            continue;
        }
        budget -= size;
        cache.clear_resource_cache_keep_allocation();
        // What cannot be read counts as a changed file.
        match count(repo, cache, path, pair, new) {
            Some((0, 0)) if pair.worktree && pair.old.map(|s| s.kind) == new.map(|s| s.kind) => {
                // Touched, not changed; an empty new file has another kind than no file.
                continue;
            }
            Some((insertions, deletions)) => {
                total.insertions = total.insertions.saturating_add(insertions);
                total.deletions = total.deletions.saturating_add(deletions);
            }
            None => {}
        }
        total.files += 1;
    }
    Ok(total)
}

/// Every path that differs, committed or not.
fn changes(
    repo: &gix::Repository,
    old: gix::ObjectId,
    new: gix::ObjectId,
    state: &Uncommitted,
) -> Result<Changes, gix::Error> {
    let (old, new) = (repo.find_tree(old)?, repo.find_tree(new)?);
    let mut changes = Changes::new();
    for change in repo.diff_tree_to_tree(&old, &new, None)? {
        if let Some((path, pair)) = pair(change) {
            changes.insert(path, pair);
        }
    }
    for path in state.dirty.iter().chain(&state.untracked) {
        let path = path.trim_end_with(|c| c == '/').as_bstr();
        let pair = changes.entry(path.to_owned()).or_insert_with(|| {
            let entry = old.lookup_entry(path.split(|b| *b == b'/')).ok().flatten();
            Pair {
                old: entry.map(|entry| Side {
                    id: entry.object_id(),
                    kind: entry.mode().kind(),
                }),
                ..Pair::default()
            }
        });
        pair.worktree = true;
    }
    Ok(changes)
}

/// A change between two trees, under the path it has now; directories are left out.
fn pair(change: ChangeDetached) -> Option<(BString, Pair)> {
    let side = |id, mode: gix::object::tree::EntryMode| {
        let kind = mode.kind();
        (kind != EntryKind::Tree).then_some(Side { id, kind })
    };
    let (path, old, new, source) = match change {
        ChangeDetached::Addition {
            location,
            entry_mode,
            id,
            ..
        } => (location, None, side(id, entry_mode), None),
        ChangeDetached::Deletion {
            location,
            entry_mode,
            id,
            ..
        } => (location, side(id, entry_mode), None, None),
        ChangeDetached::Modification {
            location,
            previous_entry_mode,
            previous_id,
            entry_mode,
            id,
        } => (
            location,
            side(previous_id, previous_entry_mode),
            side(id, entry_mode),
            None,
        ),
        ChangeDetached::Rewrite {
            source_location,
            source_entry_mode,
            source_id,
            location,
            entry_mode,
            id,
            ..
        } => (
            location,
            side(source_id, source_entry_mode),
            side(id, entry_mode),
            Some(source_location),
        ),
    };
    (old.is_some() || new.is_some()).then_some((
        path,
        Pair {
            old,
            new,
            worktree: false,
            source,
        },
    ))
}

/// What the work tree has at `path`. Its id is not known; a directory (a repository of its own) is a commit.
fn on_disk(repo: &gix::Repository, path: &BString, old: Option<Side>) -> Option<Side> {
    let meta = repo.workdir_path(path)?.symlink_metadata().ok()?;
    let kind = if meta.is_symlink() {
        EntryKind::Link
    } else if meta.is_dir() {
        EntryKind::Commit
    } else if !meta.is_file() {
        return None;
    } else {
        use std::os::unix::fs::PermissionsExt;
        match meta.permissions().mode() & 0o111 {
            0 => EntryKind::Blob,
            _ => EntryKind::BlobExecutable,
        }
    };
    let null = gix::ObjectId::null(repo.object_hash());
    // A submodule's own changes are seen, but not counted in lines.
    let id = match kind {
        EntryKind::Commit => old.map_or(null, |old| old.id),
        _ => null,
    };
    Some(Side { id, kind })
}

/// Whether both sides are the same object.
fn same(old: Option<Side>, new: Option<Side>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => old.id == new.id && old.kind == new.kind,
        (None, None) => true,
        _ => false,
    }
}

/// How much has to be read to compare `pair`, in bytes.
fn size(repo: &gix::Repository, path: &BString, pair: &Pair) -> u64 {
    let object = |side: Option<Side>| {
        side.filter(|side| side.kind != EntryKind::Commit && !side.id.is_null())
            .and_then(|side| repo.find_header(side.id).ok())
            .map_or(0, |header| header.size())
    };
    let new = match pair.worktree {
        true => repo
            .workdir_path(path)
            .and_then(|path| path.symlink_metadata().ok())
            .map_or(0, |meta| meta.len()),
        false => object(pair.new),
    };
    object(pair.old).max(new)
}

/// Inserted and removed lines; `None` where lines make no sense or cannot be read.
fn count(
    repo: &gix::Repository,
    cache: &mut Platform,
    path: &BString,
    pair: &Pair,
    new: Option<Side>,
) -> Option<(u32, u32)> {
    let null = gix::ObjectId::null(repo.object_hash());
    let is_blob = |side: Option<Side>| side.is_none_or(|side| side.kind != EntryKind::Commit);
    if !is_blob(pair.old) || !is_blob(new) {
        return None;
    }
    let mut set = |side: Option<Side>, other: Option<Side>, path: &BString, kind| {
        let (id, mode) = match (side, other) {
            (Some(side), _) => (side.id, side.kind),
            (None, Some(other)) => (null, other.kind),
            (None, None) => return None,
        };
        cache
            .set_resource(id, mode, path.as_bstr(), kind, &repo.objects)
            .ok()
    };
    let source = pair.source.as_ref().unwrap_or(path);
    set(pair.old, new, source, ResourceKind::OldOrSource)?;
    set(new, pair.old, path, ResourceKind::NewOrDestination)?;
    cache.options.skip_internal_diff_if_external_is_configured = false;
    let prepared = cache.prepare_diff().ok()?;
    let gix::diff::blob::platform::prepare_diff::Operation::InternalDiff { algorithm } =
        prepared.operation
    else {
        return None;
    };
    let input = prepared.interned_input();
    let diff = gix::diff::blob::Diff::compute(algorithm, &input);
    Some((diff.count_additions(), diff.count_removals()))
}
