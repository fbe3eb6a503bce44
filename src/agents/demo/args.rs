//! The command line of the demo agent.

use std::ffi::OsString;
use std::path::PathBuf;

/// What `--help` prints.
pub const HELP: &str = "\
The demo agent: plays a coding agent in the current directory, with real edits, commands and commits.

Usage: gluon demo-agent [OPTIONS] [--] [PROMPT]

  -p, --print            run one prompt without a screen and print what happens
      --json             with --print: as JSON lines, as Claude Code's stream-json has them
      --session-id ID    the id of the new conversation
      --resume ID        take up an earlier conversation of this directory
      --script NAME      play a built-in script (the names are those of the tags)
      --script-file FILE play a script from a file
      --seed N           another number, other choices (default 7)
  -h, --help             this text
  -V, --version          the version

GLUON_DEMO_PACE stretches every pause: 0 none at all, 1 human (the default).
GLUON_DEMO_HOME is where conversations are kept.

Tags in a prompt choose what happens:
";

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Args {
    /// Without a screen.
    pub print: bool,
    /// And that as JSON lines.
    pub json: bool,
    /// The id of the new conversation.
    pub session_id: Option<String>,
    /// The id of an earlier one.
    pub resume: Option<String>,
    /// A built-in script.
    pub script: Option<String>,
    /// A script's file.
    pub script_file: Option<PathBuf>,
    /// The seed.
    pub seed: Option<u64>,
    /// The prompt.
    pub prompt: Option<String>,
    /// Only tell how it is used.
    pub help: bool,
    /// Only tell the version.
    pub version: bool,
}

/// Reads the arguments after `gluon demo-agent`.
///
/// # Errors
/// Where one is not known or lacks its value, in words for the user.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Args, String> {
    let mut parsed = Args::default();
    let mut words: Vec<String> = Vec::new();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let arg = arg.to_string_lossy().into_owned();
        let (name, inline) = match arg.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (arg.as_str(), None),
        };
        let mut value = || {
            let next = || {
                args.next()
                    .map(|value| value.to_string_lossy().into_owned())
            };
            inline
                .clone()
                .or_else(next)
                .ok_or_else(|| format!("{name} needs a value"))
        };
        match name {
            "-p" | "--print" => parsed.print = true,
            "--json" => parsed.json = true,
            "-h" | "--help" => parsed.help = true,
            "-V" | "--version" => parsed.version = true,
            "--session-id" => parsed.session_id = Some(value()?),
            "--resume" => parsed.resume = Some(value()?),
            "--script" => parsed.script = Some(value()?),
            "--script-file" => parsed.script_file = Some(value()?.into()),
            "--seed" => {
                let text = value()?;
                let seed = text.parse();
                parsed.seed = Some(seed.map_err(|_| format!("--seed: `{text}` is no number"))?);
            }
            "--" => {
                words.extend(
                    args.by_ref()
                        .map(|word| word.to_string_lossy().into_owned()),
                );
            }
            flag if flag.starts_with('-') && flag.len() > 1 => {
                return Err(format!("{flag} is not known; --help lists what is"));
            }
            _ => words.push(arg),
        }
    }
    let prompt = words.join(" ");
    parsed.prompt = Some(prompt).filter(|prompt| !prompt.trim().is_empty());
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> Result<Args, String> {
        parse(words.iter().map(OsString::from))
    }

    #[test]
    fn arguments() {
        let parsed = args(&[
            "--session-id",
            "x",
            "--seed=3",
            "-p",
            "fix",
            "it",
            "--",
            "-x",
        ]);
        let expected = Args {
            print: true,
            session_id: Some("x".into()),
            seed: Some(3),
            prompt: Some("fix it -x".into()),
            ..Args::default()
        };
        assert_eq!(parsed.unwrap(), expected);
        assert_eq!(
            args(&["--resume", "--"]).unwrap().resume.as_deref(),
            Some("--")
        );
        assert_eq!(args(&["a=b"]).unwrap().prompt.as_deref(), Some("a=b"));
        for wrong in [&["--nonsense"][..], &["--resume"], &["--seed", "x"]] {
            assert!(args(wrong).is_err());
        }
    }
}
