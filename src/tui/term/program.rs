//! Another program in the user's terminal: an editor, a diff.
//!
//! Invariant: while it runs, gluon neither reads nor writes the terminal ([`super::events`] waits at its gate).

use std::ffi::OsString;
use std::io;
use std::process::Command;

use crate::tui::msg::Program;

/// The command line that a program is started with. `get` looks up the environment.
pub fn command_of(program: &Program, get: impl Fn(&str) -> Option<String>) -> Command {
    match program {
        Program::Editor { dir, path, line } => {
            let named = ["VISUAL", "EDITOR"].iter().find_map(|name| get(name));
            let editor = named.filter(|editor| !editor.trim().is_empty());
            let file = dir.join(path);
            let words = words(editor.as_deref().unwrap_or("vi"));
            let mut command = Command::new(&words[0]);
            command.args(&words[1..]);
            command.args(place(&words[0], file.into(), *line));
            command.current_dir(dir);
            command
        }
        Program::DiffTool { dir, base, tool } => {
            let mut command = Command::new("git");
            command.current_dir(dir);
            if tool.contains("difft") {
                // One that takes the two files.
                command.env("GIT_EXTERNAL_DIFF", tool);
                command.args(["--paginate", "diff", "--ext-diff"]);
            } else {
                // One that reads a diff and pages it.
                command.arg("-c").arg(format!("core.pager={tool}"));
                command.args(["-c", "color.ui=always", "--paginate", "diff"]);
            }
            command.args(["--no-textconv", base, "--"]);
            command
        }
    }
}

/// The arguments that open a file at a line, as the editors of this world want them.
fn place(editor: &str, file: OsString, line: u32) -> Vec<OsString> {
    let name = editor.rsplit('/').next().unwrap_or(editor);
    let with_line = || {
        let mut place = file.clone();
        place.push(format!(":{line}"));
        place
    };
    match name {
        "code" | "codium" | "cursor" | "windsurf" => {
            vec!["--wait".into(), "--goto".into(), with_line()]
        }
        "zed" | "subl" => vec!["--wait".into(), with_line()],
        "hx" | "helix" => vec![with_line()],
        _ => vec![format!("+{line}").into(), file],
    }
}

/// A command line's words; quotes keep blanks together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.trim().chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, c) if c.is_whitespace() => {
                if words.last().is_some_and(|word| !word.is_empty()) {
                    words.push(String::new());
                }
            }
            (_, c) => words.last_mut().expect("there is one").push(c),
        }
    }
    words
}

/// Runs a program to its end; the terminal must have been given back before.
///
/// # Errors
/// Where it cannot be started, with its name.
pub(super) fn run(program: &Program) -> io::Result<()> {
    let mut command = command_of(program, |name| std::env::var(name).ok());
    let name = command.get_program().to_string_lossy().into_owned();
    command
        .status()
        .map(|_| ())
        .map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(program: &Program, editor: Option<&str>) -> String {
        let editor = editor.map(str::to_owned);
        let command = command_of(program, |name| editor.clone().filter(|_| name == "EDITOR"));
        let mut words = vec![command.get_program().to_string_lossy().into_owned()];
        words.extend(
            command
                .get_args()
                .map(|arg| arg.to_string_lossy().into_owned()),
        );
        words.join(" ")
    }

    #[test]
    fn editors_open_at_the_line() {
        let program = Program::Editor {
            dir: "/wt".into(),
            path: "src/a b.rs".into(),
            line: 7,
        };
        for (editor, expected) in [
            (None, "vi +7 /wt/src/a b.rs"),
            (Some(" "), "vi +7 /wt/src/a b.rs"),
            (Some("nvim -p"), "nvim -p +7 /wt/src/a b.rs"),
            (Some("/usr/bin/hx"), "/usr/bin/hx /wt/src/a b.rs:7"),
            (Some("code"), "code --wait --goto /wt/src/a b.rs:7"),
            (Some("'/opt/my ed' -x"), "/opt/my ed -x +7 /wt/src/a b.rs"),
        ] {
            assert_eq!(line(&program, editor), expected);
        }
    }

    #[test]
    fn diffs_are_shown_by_the_users_tool() {
        let program = |tool: &str| Program::DiffTool {
            dir: "/wt".into(),
            base: "abc".into(),
            tool: tool.into(),
        };
        assert_eq!(
            line(&program("delta"), None),
            "git -c core.pager=delta -c color.ui=always --paginate diff --no-textconv abc --"
        );
        assert_eq!(
            line(&program("difft"), None),
            "git --paginate diff --ext-diff --no-textconv abc --"
        );
    }
}
