//! The user's terminal: what its environment says, and what it answers when it is asked.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Finding, Level};
use crate::config::{NotifyConfig, TerminalWay};
use crate::tui::term::{self, Passes, Voice};

/// How long a terminal may take to answer; over a slow line too.
const PATIENCE: Duration = Duration::from_millis(1500);
/// The most it may answer, in bytes.
const MOST: usize = 4096;
/// Its name, kitty's keyboard protocol, synchronized updates, and what every terminal answers: then there is
/// nothing more to wait for.
const QUESTIONS: &[u8] = b"\x1b[>0q\x1b[?u\x1b[?2026$p\x1b[c";

/// What a terminal says it can do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Answers {
    /// It answered at all.
    any: bool,
    /// Kitty's keyboard protocol.
    keyboard: bool,
    /// Synchronized updates, mode 2026.
    synchronized: bool,
    /// Its name and version (XTVERSION).
    name: Option<String>,
}

/// What is to be said of the terminal this runs in.
pub(super) fn terminal(config: &NotifyConfig) -> Vec<Finding> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        let text = "none here; run this in yours";
        return vec![Finding::new("terminal", Level::Note, text)];
    }
    let size = crossterm::terminal::size().unwrap_or_default();
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let answers = ask().unwrap_or_default();
    let name = answers.name.clone();
    let mut findings = judge(&set, size, answers);
    let tmux = set("TMUX").map(|_| term::ask_tmux());
    findings.push(notifications(config, &set, name.as_deref(), tmux));
    findings
}

/// By what this terminal tells the user something while they look elsewhere. `tmux`: what it says, where it is
/// in between.
fn notifications(
    config: &NotifyConfig,
    set: &dyn Fn(&str) -> Option<String>,
    name: Option<&str>,
    tmux: Option<Option<(Voice, Passes)>>,
) -> Finding {
    let finding = |text: String| Finding::new("notify", Level::Ok, text);
    let note = |text: String| Finding::new("notify", Level::Note, text);
    let setting = |voice: Voice| format!("{voice:?}").to_lowercase();
    if config.terminal != TerminalWay::Auto {
        let words = format!("{:?}", config.terminal).to_lowercase();
        return finding(format!(
            "this terminal is used as config.toml says: {words}"
        ));
    }
    if let Some(tmux) = tmux {
        return match tmux {
            Some((voice, Passes::Always)) => finding(format!(
                "through tmux as notifications ({})",
                setting(voice)
            )),
            Some((voice, _)) => note(format!(
                "the bell: tmux keeps notifications ({}) from your terminal",
                setting(voice)
            ))
            .fix("`set -g allow-passthrough all` in tmux"),
            None => note("the bell: tmux does not say what your terminal understands".to_owned()),
        };
    }
    if let Some(voice) = term::by_surroundings(set) {
        return finding(format!(
            "this terminal shows notifications ({})",
            setting(voice)
        ));
    }
    match name.and_then(|name| Some((name, term::by_name(name)?))) {
        Some((name, voice)) => {
            let text = format!(
                "the bell: the environment does not tell which terminal this is, but it answers {name}"
            );
            let fix = format!(
                "`terminal = \"{}\"` under [notify] in config.toml",
                setting(voice)
            );
            note(text).fix(fix)
        }
        None => {
            let who = name.map(|name| format!(" of {name}")).unwrap_or_default();
            note(format!(
                "the bell: nothing better is known{who}; the desktop shows the rest"
            ))
            .fix("`gluon notify test` tries it out")
        }
    }
}

fn judge(set: &dyn Fn(&str) -> Option<String>, size: (u16, u16), answers: Answers) -> Vec<Finding> {
    let term = set("TERM").unwrap_or_default();
    let truecolor = set("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit")
        || term.ends_with("-direct");
    let has = |what: &str, there: bool| match there {
        true => what.to_owned(),
        false => format!("no {what}"),
    };
    let text = format!(
        "TERM={term}, {}x{}, {}, {}, {}",
        size.0,
        size.1,
        has("24-bit colour", truecolor),
        has("kitty keyboard protocol", answers.keyboard),
        has("synchronized output", answers.synchronized),
    );
    let mut findings = vec![match term.as_str() {
        "" | "dumb" => Finding::new("terminal", Level::Fail, text)
            .fix("set TERM to what your terminal is, such as xterm-256color"),
        _ => Finding::new("terminal", Level::Ok, text),
    }];
    if size.0 < 40 || size.1 < 12 {
        let text = "the board wants at least 40 columns and 12 rows";
        findings.push(Finding::new("size", Level::Note, text));
    }
    if !answers.any {
        let text = "the terminal answers no questions, so what it can do is taken to be little";
        findings.push(Finding::new("answers", Level::Note, text));
    }
    if !truecolor {
        let finding = Finding::new(
            "colours",
            Level::Note,
            "colours are taken from the nearest 256",
        );
        findings.push(finding.fix("set COLORTERM=truecolor if your terminal has 24-bit colour"));
    }
    if !answers.keyboard {
        let text = "Shift+Enter cannot be told from Enter in this terminal; Alt+Enter makes a new \
                    line in most agents";
        findings.push(Finding::new("keys", Level::Note, text));
    }
    if set("TMUX").is_some() {
        let text = "gluon runs inside tmux, which takes Ctrl-B first";
        findings.push(Finding::new("tmux", Level::Note, text).fix(
            "set `prefix` under [tui] in config.toml, and `set -g focus-events on`, \
             `set -s escape-time 0` in tmux",
        ));
    }
    findings
}

/// Asks the terminal. What the user types meanwhile is lost.
fn ask() -> io::Result<Answers> {
    crossterm::terminal::enable_raw_mode()?;
    let asked = questions_answered();
    crossterm::terminal::disable_raw_mode()?;
    asked
}

fn questions_answered() -> io::Result<Answers> {
    let mut stdout = io::stdout();
    stdout.write_all(QUESTIONS)?;
    stdout.flush()?;
    let stdin = io::stdin();
    let deadline = Instant::now() + PATIENCE;
    let mut heard = Vec::new();
    while heard.len() < MOST && !has_ended(&heard) {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec {
            tv_sec: left.as_secs() as i64,
            tv_nsec: i64::from(left.subsec_nanos()) as _,
        };
        let mut fds = [PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN)];
        if poll(&mut fds, Some(&timeout))? == 0 {
            break;
        }
        let mut buffer = [0; 256];
        match rustix::io::read(stdin.as_fd(), &mut buffer)? {
            0 => break,
            length => heard.extend_from_slice(&buffer[..length]),
        }
    }
    Ok(understand(&heard))
}

/// Parameters and final byte of the control sequences in `bytes` that begin with `?`.
fn sequences(bytes: &[u8]) -> Vec<(String, u8)> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(3).position(|start| start == b"\x1b[?") {
        rest = &rest[at + 3..];
        let Some(end) = rest.iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
            break;
        };
        let parameters = String::from_utf8_lossy(&rest[..end]).into_owned();
        found.push((parameters, rest[end]));
        rest = &rest[end + 1..];
    }
    found
}

/// What a terminal calls itself: `DCS > | name ST`.
fn name(heard: &[u8]) -> Option<String> {
    let start = b"\x1bP>|";
    let at = heard.windows(start.len()).position(|part| part == start)?;
    let rest = &heard[at + start.len()..];
    let end = rest.iter().position(|byte| *byte < b' ')?;
    let name = String::from_utf8_lossy(&rest[..end]);
    let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    (!name.is_empty()).then_some(name)
}

/// Whether the last of the questions was answered.
fn has_ended(heard: &[u8]) -> bool {
    sequences(heard).iter().any(|(_, last)| *last == b'c')
}

fn understand(heard: &[u8]) -> Answers {
    let mut answers = Answers {
        name: name(heard),
        ..Answers::default()
    };
    for (parameters, last) in sequences(heard) {
        answers.any = true;
        match last {
            b'u' => answers.keyboard = true,
            // 0: it does not know the mode. 4: it will never have it.
            b'y' => {
                answers.synchronized |=
                    ["2026;1$", "2026;2$", "2026;3$"].contains(&parameters.as_str());
            }
            _ => {}
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_understood_whatever_is_between_them() {
        let all = understand(b"\x1bP>|foot(1.16)\x1b\\\x1b[?0ux\x1b[A\x1b[?2026;2$y\x1b[?62;22c");
        assert!(all.any && all.keyboard && all.synchronized);
        assert_eq!(all.name.as_deref(), Some("foot(1.16)"));
        let little = understand(b"\x1b[?2026;0$y\x1b[?1;2c");
        assert!(little.any && !little.keyboard && !little.synchronized);
        assert!(!has_ended(b"\x1b[?62;2"));
        assert!(has_ended(b"ab\x1b[?62;2c"));
        for nothing in [&b""[..], b"\x1b[?", b"\x1b", b"\xff\x1b[?1", b"\x1bP>|foot"] {
            assert_eq!(understand(nothing), Answers::default());
        }
    }

    #[test]
    fn what_a_terminal_lacks_is_said() {
        let about = |vars: &[(&str, &str)], size, answers| -> Vec<(String, Level)> {
            let get = |name: &str| {
                let mut vars = vars.iter();
                vars.find(|(set, _)| *set == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            let findings = judge(&get, size, answers);
            findings
                .into_iter()
                .map(|finding| (finding.about, finding.level))
                .collect()
        };
        let good = Answers {
            any: true,
            keyboard: true,
            synchronized: true,
            name: None,
        };
        let vars = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor")];
        let fine = vec![("terminal".to_owned(), Level::Ok)];
        assert_eq!(about(&vars, (80, 24), good), fine);
        let dumb = about(
            &[("TERM", "dumb"), ("TMUX", "x")],
            (30, 10),
            Answers::default(),
        );
        let names: Vec<&str> = dumb.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["terminal", "size", "answers", "colours", "keys", "tmux"]
        );
        assert_eq!(dumb[0].1, Level::Fail);
    }

    #[test]
    fn how_this_terminal_tells_the_user_something() {
        let auto = NotifyConfig::default();
        let osc9 = NotifyConfig {
            terminal: TerminalWay::Osc9,
            ..NotifyConfig::default()
        };
        let kitty = |pass| Some(Some((Voice::Osc99, pass)));
        for (config, term, name, tmux, level, words) in [
            (&auto, "xterm-kitty", None, None, Level::Ok, "(osc99)"),
            (
                &auto,
                "xterm-256color",
                Some("iTerm2 3.5"),
                None,
                Level::Note,
                "answers iTerm2",
            ),
            (
                &auto,
                "xterm-256color",
                Some("XTerm(390)"),
                None,
                Level::Note,
                "of XTerm(390)",
            ),
            (&auto, "xterm-256color", None, None, Level::Note, "the bell"),
            (&osc9, "xterm-256color", None, None, Level::Ok, "osc9"),
            (
                &auto,
                "tmux-256color",
                None,
                kitty(Passes::Always),
                Level::Ok,
                "through tmux",
            ),
            (
                &auto,
                "tmux-256color",
                None,
                kitty(Passes::Shown),
                Level::Note,
                "tmux keeps",
            ),
            (
                &auto,
                "tmux-256color",
                None,
                Some(None),
                Level::Note,
                "does not say",
            ),
        ] {
            let set = |name: &str| (name == "TERM").then(|| term.to_owned());
            let finding = notifications(config, &set, name, tmux);
            assert_eq!(finding.level, level, "{finding:?}");
            assert!(finding.text.contains(words), "{finding:?}");
            let told = matches!(&finding.fix, Some(fix) if fix.contains("osc9"));
            assert_eq!(told, words == "answers iTerm2", "{finding:?}");
        }
    }
}
