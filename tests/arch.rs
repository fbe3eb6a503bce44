//! Holds the architecture: which module may import which, that every file is compiled, that none grows
//! beyond what can be read. The table is the one of `ARCHITECTURE.md`.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The longest file, in lines.
const MAX_LINES: usize = 800;

/// Module and what it may import besides itself.
const TABLE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("protocol", &["domain"]),
    ("config", &["domain"]),
    ("store", &["domain", "config"]),
    ("git", &["domain", "config"]),
    ("pty", &["domain"]),
    ("terminal", &["domain", "protocol"]),
    ("agents", &["domain", "config"]),
    (
        "daemon",
        &[
            "domain", "protocol", "config", "store", "git", "pty", "terminal", "agents",
        ],
    ),
    ("client", &["domain", "protocol", "config"]),
    ("tui", &["domain", "protocol", "config"]),
    (
        "cli",
        &[
            "domain", "protocol", "config", "store", "git", "pty", "terminal", "agents", "daemon",
            "client", "tui",
        ],
    ),
];

/// Exported macros stand at the root of the crate; these are the modules they belong to.
const MACROS: &[(&str, &str)] = &[("with_requests", "protocol")];

/// What stands for "the root itself" in a found import: a glob, an alias.
const ROOT: &str = "*";

/// What a path is followed from.
#[derive(Clone, Copy)]
struct Place {
    /// Inline and file modules above the code, the crate's root being 0.
    depth: usize,
}

/// The top-level names that `source` refers to, by `crate::…` or by enough `super::`.
fn imports(source: &str, depth: usize) -> Result<BTreeSet<String>, String> {
    let stream = TokenStream::from_str(source).map_err(|error| error.to_string())?;
    let mut found = BTreeSet::new();
    walk(stream, Place { depth }, &mut found);
    Ok(found)
}

fn walk(stream: TokenStream, place: Place, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut index = 0;
    while index < tokens.len() {
        match &tokens[index] {
            TokenTree::Group(group) => {
                // `mod name { … }` is one module further down.
                let inline = group.delimiter() == Delimiter::Brace
                    && index >= 2
                    && is_word(&tokens[index - 2], "mod");
                let depth = place.depth + usize::from(inline);
                walk(group.stream(), Place { depth }, found);
            }
            TokenTree::Ident(word) if word == "crate" => {
                let aliased = tokens
                    .get(index + 1)
                    .is_some_and(|next| is_word(next, "as"));
                if aliased {
                    found.insert(ROOT.to_owned());
                }
                if let Some(next) = behind_colons(&tokens, index + 1) {
                    heads(&tokens[next..], found);
                }
            }
            TokenTree::Ident(word) if word == "super" => {
                index = climb(&tokens, index, place, found);
            }
            _ => {}
        }
        index += 1;
    }
}

/// Follows `super::super::…` and notes what stands behind it where it reaches the root.
fn climb(tokens: &[TokenTree], start: usize, place: Place, found: &mut BTreeSet<String>) -> usize {
    let (mut index, mut steps) = (start, 1);
    while let Some(next) = behind_colons(tokens, index + 1) {
        if !is_word(&tokens[next], "super") {
            if steps >= place.depth {
                heads(&tokens[next..], found);
            }
            break;
        }
        steps += 1;
        index = next;
    }
    index
}

/// The index behind `::`, if that is what stands at `index` and something follows.
fn behind_colons(tokens: &[TokenTree], index: usize) -> Option<usize> {
    let colon =
        |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(p)) if p.as_char() == ':');
    (colon(index) && colon(index + 1) && index + 2 < tokens.len()).then_some(index + 2)
}

/// The first names of the path or of the group of paths at the start of `tokens`.
fn heads(tokens: &[TokenTree], found: &mut BTreeSet<String>) {
    match tokens.first() {
        Some(TokenTree::Ident(name)) if name == "self" => {
            found.insert(ROOT.to_owned());
        }
        Some(TokenTree::Ident(name)) => {
            found.insert(name.to_string());
        }
        Some(TokenTree::Punct(_)) => {
            found.insert(ROOT.to_owned());
        }
        Some(TokenTree::Group(group)) => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            let comma =
                |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
            for item in inner.split(comma).filter(|item| !item.is_empty()) {
                heads(item, found);
            }
        }
        _ => {}
    }
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

/// What is wrong with the imports of a file of `module`.
fn violations(module: &str, source: &str, depth: usize) -> Vec<String> {
    let Some((_, allowed)) = TABLE.iter().find(|(name, _)| *name == module) else {
        return vec![format!("the module {module} is not in the table")];
    };
    let found = match imports(source, depth) {
        Ok(found) => found,
        Err(error) => return vec![format!("cannot be read: {error}")],
    };
    found
        .iter()
        .filter_map(|name| {
            let owner = MACROS.iter().find(|(known, _)| known == name);
            let name = owner.map_or(name.as_str(), |(_, module)| module);
            if name == module || allowed.contains(&name) {
                None
            } else if TABLE.iter().any(|(known, _)| *known == name) {
                Some(format!("{module} may not import {name}"))
            } else {
                Some(format!("`crate::{name}` is no known module"))
            }
        })
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a directory of the package, as paths within it.
fn rust_files(dir: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![root().join(dir)];
    while let Some(dir) = open.pop() {
        let Ok(entries) = fs::read_dir(&dir) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("a readable directory").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                files.push(
                    path.strip_prefix(root())
                        .expect("below the root")
                        .to_owned(),
                );
            }
        }
    }
    files.sort();
    files
}

fn read(path: &Path) -> String {
    fs::read_to_string(root().join(path)).expect("a readable file")
}

/// How deep below the root the code of a file stands: `src/store/tasks.rs` is 2, `src/store/mod.rs` 1.
fn depth_of(path: &Path) -> usize {
    let own = usize::from(!path.ends_with("mod.rs"));
    path.components().count() - 2 + own
}

#[test]
fn imports_keep_to_the_table() {
    let mut wrong = Vec::new();
    for path in rust_files("src") {
        let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
        let module = match parts[..] {
            [_, "lib.rs" | "main.rs"] => continue,
            [_, file] => file.trim_end_matches(".rs"),
            [_, module, ..] => module,
            _ => continue,
        };
        for what in violations(module, &read(&path), depth_of(&path)) {
            wrong.push(format!("{}: {what}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_binary_only_calls_the_command_line() {
    let source = read(Path::new("src/main.rs")).replace("gluon::", "crate::");
    let found = imports(&source, 0).expect("readable");
    assert!(found.iter().all(|name| name == "cli"), "{found:?}");
}

#[test]
fn no_file_is_too_long() {
    let mut long = Vec::new();
    for path in ["src", "tests", "benches", "examples"]
        .into_iter()
        .flat_map(rust_files)
    {
        let lines = read(&path).lines().count();
        if lines > MAX_LINES {
            long.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert!(
        long.is_empty(),
        "above {MAX_LINES} lines:\n{}",
        long.join("\n")
    );
}

/// The files whose `mod name;` could bring `path` in.
fn parents(path: &Path) -> Vec<PathBuf> {
    let dir = path.parent().unwrap_or(Path::new(""));
    let dir = if path.ends_with("mod.rs") {
        dir.parent().unwrap_or(Path::new(""))
    } else {
        dir
    };
    let mut parents: Vec<PathBuf> = ["mod.rs", "main.rs", "lib.rs"]
        .iter()
        .map(|name| dir.join(name))
        .collect();
    parents.push(dir.with_extension("rs"));
    parents
}

fn declares(source: &str, name: &str) -> bool {
    let words: Vec<&str> = source.split_whitespace().collect();
    let (plain, opened) = (format!("{name};"), format!("{name}::"));
    words
        .windows(2)
        .any(|pair| pair[0] == "mod" && (pair[1] == plain || pair[1].starts_with(&opened)))
}

/// A file that no `mod` names is neither compiled nor run, silently.
#[test]
fn every_file_is_compiled() {
    let mut forgotten = Vec::new();
    for top in ["src", "tests", "benches", "examples"] {
        for path in rust_files(top) {
            let levels = path.components().count();
            let is_root = match top {
                "src" => path.ends_with("src/lib.rs") || path.ends_with("src/main.rs"),
                // Cargo finds these by itself.
                _ => levels == 2 || (levels == 3 && path.ends_with("main.rs")),
            };
            if is_root {
                continue;
            }
            let name = match path.ends_with("mod.rs") {
                true => path.parent().and_then(Path::file_name),
                false => path.file_stem(),
            };
            let name = name.and_then(|name| name.to_str()).expect("a UTF-8 name");
            let mut parents = parents(&path);
            if top != "src" && path.ends_with("mod.rs") && levels >= 3 {
                // A directory of helpers: any file at the top may bring it in.
                parents = rust_files(top);
            }
            let named = parents
                .iter()
                .filter(|parent| root().join(parent).is_file())
                .any(|parent| declares(&read(parent), name));
            if !named {
                forgotten.push(path.display().to_string());
            }
        }
    }
    assert!(
        forgotten.is_empty(),
        "no `mod` names:\n{}",
        forgotten.join("\n")
    );
    let manifest = read(Path::new("Cargo.toml"));
    assert!(
        !manifest.contains("autotests"),
        "every tests/*.rs must be found"
    );
}

#[test]
fn the_architecture_page_has_the_same_table() {
    let page = read(Path::new("ARCHITECTURE.md"));
    for (module, _) in TABLE {
        let row = format!("| `{module}` |");
        assert!(page.contains(&row), "ARCHITECTURE.md has no row {row}");
    }
    for path in rust_files("src") {
        if let Some(module) = path.iter().nth(1).and_then(|part| part.to_str()) {
            let module = module.trim_end_matches(".rs");
            let known =
                ["lib", "main"].contains(&module) || TABLE.iter().any(|(m, _)| *m == module);
            assert!(known, "{} is in no layer", path.display());
        }
    }
}

#[test]
fn bad_snippets_are_found() {
    for (module, depth, source, expected) in [
        (
            "domain",
            1,
            "use crate::store::Store;",
            "domain may not import store",
        ),
        (
            "tui",
            2,
            "use crate::{domain::Task, daemon::{service::X, Y}};",
            "tui may not import daemon",
        ),
        (
            "tui",
            1,
            "fn f() { crate::client::connect() }",
            "tui may not import client",
        ),
        (
            "store",
            1,
            "type T = Vec<crate::git::Status>;",
            "store may not import git",
        ),
        ("git", 2, "vec![crate::pty::x()]", "git may not import pty"),
        (
            "pty",
            1,
            "pub(in crate::daemon) fn f() {}",
            "pty may not import daemon",
        ),
        (
            "client",
            2,
            "use crate::{self as root};",
            "`crate::*` is no known module",
        ),
        (
            "client",
            2,
            "use crate::*;",
            "`crate::*` is no known module",
        ),
        (
            "client",
            2,
            "use crate as root;",
            "`crate::*` is no known module",
        ),
        (
            "store",
            1,
            "use crate::util::x;",
            "`crate::util` is no known module",
        ),
        (
            "store",
            2,
            "use super::super::git::x;",
            "store may not import git",
        ),
        (
            "store",
            1,
            "use super::{git, domain};",
            "store may not import git",
        ),
        (
            "store",
            2,
            "mod tests { use super::super::super::git; }",
            "store may not import git",
        ),
        (
            "store",
            1,
            "use crate::with_requests;",
            "store may not import protocol",
        ),
        ("util", 1, "", "the module util is not in the table"),
        ("store", 1, "fn f( {", "cannot be read: "),
    ] {
        let found = violations(module, source, depth);
        assert!(
            found.len() == 1 && found[0].starts_with(expected),
            "{module}: {source}: {found:?}"
        );
    }
}

#[test]
fn good_snippets_pass() {
    for (module, depth, source) in [
        ("store", 1, "use crate::domain::{Task, ids::TaskId};"),
        ("store", 2, "use super::Store; use crate::store::rows;"),
        (
            "store",
            2,
            "mod tests { use super::super::Store; use super::*; }",
        ),
        (
            "client",
            1,
            "use crate::with_requests; pub(crate) fn f() {}",
        ),
        (
            "domain",
            1,
            "/// See [`crate::store::Store`].\nfn f() { let s = \"crate::store\"; }",
        ),
        ("cli", 1, "use crate::{tui, daemon, client};"),
    ] {
        assert_eq!(violations(module, source, depth), [""; 0], "{source}");
    }
}

#[test]
fn forgotten_files_are_noticed() {
    assert!(declares("pub mod a;\nmod b;", "b"));
    assert!(!declares("pub mod a;\n// mod_b;", "b"));
    assert!(!declares("mod bc;", "b"));
}
