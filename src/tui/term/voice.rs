//! How the user's terminal is made to tell them something while they look elsewhere: which sequence it
//! understands, and the words in it.
//!
//! Invariant: every byte of a sequence is made here; of the words only what is printable gets into it.

use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::config::{NotifyConfig, TerminalWay};
use crate::domain::notify::{Announcement, tidy};
use crate::protocol::Tells;

/// The longest title and body in a sequence, in characters.
const LONGEST: (usize, usize) = (120, 600);
/// How long tmux may take to say what it lets through.
const TMUX_PATIENCE: Duration = Duration::from_millis(300);

/// What a terminal understands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Voice {
    /// Nothing is to be told by it.
    #[default]
    Silent,
    /// The bell, which every terminal has.
    Bell,
    /// `OSC 9 ; words`.
    Osc9,
    /// `OSC 99`, kitty's: what was shown can be taken back.
    Osc99,
    /// `OSC 777 ; notify ; title ; words`.
    Osc777,
}

/// The way to tell the user something through their terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Speaker {
    /// What the terminal understands.
    pub voice: Voice,
    /// Whether tmux is in between, which has to be asked to let it through.
    pub through_tmux: bool,
    /// Whether the bell rings as well.
    pub bell: bool,
}

impl Speaker {
    /// The speaker that the settings want, in these surroundings.
    pub fn new(config: &NotifyConfig, get: impl Fn(&str) -> Option<String>) -> Self {
        let in_tmux = get("TMUX").is_some_and(|value| !value.is_empty());
        let bell = config.bell;
        let plain = |voice| Speaker {
            voice,
            through_tmux: in_tmux && !matches!(voice, Voice::Silent | Voice::Bell),
            bell,
        };
        match config.terminal {
            TerminalWay::Off => plain(Voice::Silent),
            TerminalWay::Bell => plain(Voice::Bell),
            TerminalWay::Osc9 => plain(Voice::Osc9),
            TerminalWay::Osc99 => plain(Voice::Osc99),
            TerminalWay::Osc777 => plain(Voice::Osc777),
            TerminalWay::Auto if in_tmux => match ask_tmux() {
                Some((voice, Passes::Always)) => plain(voice),
                _ => plain(Voice::Bell),
            },
            TerminalWay::Auto => plain(by_surroundings(get).unwrap_or(Voice::Bell)),
        }
    }

    /// What it can tell the user.
    pub fn tells(&self) -> Tells {
        match self.voice {
            Voice::Silent => Tells::Nothing,
            Voice::Bell => Tells::Bell,
            Voice::Osc9 | Voice::Osc99 | Voice::Osc777 => Tells::Words,
        }
    }

    /// What is written to tell an announcement.
    pub fn announce(&self, announcement: &Announcement) -> String {
        let title = format!("gluon: {}", tidy(&announcement.title, LONGEST.0));
        let body = tidy(&announcement.body.replace('\n', " / "), LONGEST.1);
        let sequence = match self.voice {
            Voice::Silent => return String::new(),
            Voice::Bell => return "\x07".to_owned(),
            // A number first would be another command of ConEmu's; this never is one.
            Voice::Osc9 => format!("\x1b]9;{title}: {body}\x1b\\"),
            Voice::Osc777 => {
                let part = |text: &str| text.replace(';', ",");
                format!("\x1b]777;notify;{};{}\x1b\\", part(&title), part(&body))
            }
            Voice::Osc99 => {
                let id = announcement.id;
                let (title, body) = (STANDARD.encode(title), STANDARD.encode(body));
                format!(
                    "\x1b]99;i=gluon-{id}:d=0:e=1:p=title;{title}\x1b\\\
                     \x1b]99;i=gluon-{id}:d=1:e=1:p=body;{body}\x1b\\"
                )
            }
        };
        let bell = if self.bell { "\x07" } else { "" };
        format!("{}{bell}", self.passed(&sequence))
    }

    /// What is written to take one back; nothing where the terminal cannot.
    pub fn take_back(&self, id: u64) -> String {
        match self.voice {
            Voice::Osc99 => self.passed(&format!("\x1b]99;i=gluon-{id}:p=close;\x1b\\")),
            _ => String::new(),
        }
    }

    fn passed(&self, sequence: &str) -> String {
        match self.through_tmux {
            true => format!("\x1bPtmux;{}\x1b\\", sequence.replace('\x1b', "\x1b\x1b")),
            false => sequence.to_owned(),
        }
    }

    /// What it does, in a few words.
    pub fn words(&self) -> String {
        let way = match self.voice {
            Voice::Silent => return "nothing".to_owned(),
            Voice::Bell => return "the bell".to_owned(),
            Voice::Osc9 => "notifications (OSC 9)",
            Voice::Osc99 => "notifications (OSC 99), also taken back",
            Voice::Osc777 => "notifications (OSC 777)",
        };
        match self.through_tmux {
            true => format!("{way}, through tmux"),
            false => way.to_owned(),
        }
    }
}

/// What the terminal understands by the variables it sets; `None` where they do not say.
pub fn by_surroundings(get: impl Fn(&str) -> Option<String>) -> Option<Voice> {
    let get = |name: &str| get(name).filter(|value| !value.is_empty());
    let term = get("TERM").unwrap_or_default();
    // Who is named by TERM is there also over SSH; the other variables may be those of another terminal that
    // was started from this one, so what TERM says counts first.
    if let Some(voice) = by_name(term.strip_prefix("xterm-").unwrap_or(&term)) {
        return Some(voice);
    }
    if let Some(voice) = get("TERM_PROGRAM").and_then(|name| by_name(&name)) {
        return Some(voice);
    }
    if get("KITTY_WINDOW_ID").is_some() {
        return Some(Voice::Osc99);
    }
    let conemu = get("ConEmuANSI").is_some_and(|value| value == "ON");
    conemu.then_some(Voice::Osc9)
}

/// What the terminal of this name understands, as TERM, TERM_PROGRAM or XTVERSION write it.
pub fn by_name(name: &str) -> Option<Voice> {
    const KNOWN: [(&str, Voice); 10] = [
        ("kitty", Voice::Osc99),
        ("iterm", Voice::Osc9),
        ("wezterm", Voice::Osc777),
        ("ghostty", Voice::Osc777),
        ("foot", Voice::Osc777),
        ("rxvt-unicode", Voice::Osc777),
        ("rxvt", Voice::Osc777),
        ("contour", Voice::Osc777),
        ("warpterminal", Voice::Osc9),
        ("conemu", Voice::Osc9),
    ];
    let name = name.to_lowercase();
    let known = KNOWN.iter().find(|(known, _)| name.starts_with(known));
    known.map(|(_, voice)| *voice)
}

/// When tmux lets a sequence through to the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passes {
    /// Also from a pane that is not shown.
    Always,
    /// Only from a pane that is shown, which is where nobody has to be called to.
    Shown,
    /// Never.
    Never,
}

/// What the terminal around tmux understands, and what tmux lets through to it; `None` where it does not say.
pub fn ask_tmux() -> Option<(Voice, Passes)> {
    let format = "#{client_termtype}\n#{client_termname}\n#{allow-passthrough}";
    let mut tmux = Command::new("tmux");
    tmux.args(["display-message", "-p", format])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let (answer, answered) = channel();
    std::thread::spawn(move || answer.send(tmux.output()));
    let output = answered.recv_timeout(TMUX_PATIENCE).ok()?.ok()?;
    understand_tmux(&String::from_utf8_lossy(&output.stdout))
}

fn understand_tmux(answer: &str) -> Option<(Voice, Passes)> {
    let mut lines = answer.lines();
    let (version, term) = (lines.next()?, lines.next()?);
    let passes = match lines.next()?.trim() {
        "all" => Passes::Always,
        "on" | "1" => Passes::Shown,
        _ => Passes::Never,
    };
    let voice = by_name(version)
        .or_else(|| by_surroundings(|name| (name == "TERM").then(|| term.to_owned())));
    Some((voice?, passes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Need;

    fn announcement() -> Announcement {
        Announcement {
            id: 7,
            kind: Need::Permission,
            title: "#1 a;b\x1b]52;c;aGk=\x07".into(),
            body: "claude asks: x\x07;y\n\u{9d}second".into(),
            tasks: Vec::new(),
        }
    }

    fn speaker(voice: Voice) -> Speaker {
        Speaker {
            voice,
            ..Speaker::default()
        }
    }

    #[test]
    fn the_sequences() {
        let told = |voice| speaker(voice).announce(&announcement());
        assert_eq!(told(Voice::Silent), "");
        assert_eq!(told(Voice::Bell), "\x07");
        assert_eq!(
            told(Voice::Osc9),
            "\x1b]9;gluon: #1 a;b]52;c;aGk=: claude asks: x;y / second\x1b\\"
        );
        assert_eq!(
            told(Voice::Osc777),
            "\x1b]777;notify;gluon: #1 a,b]52,c,aGk=;claude asks: x,y / second\x1b\\"
        );
        let kitty = told(Voice::Osc99);
        let title = STANDARD.encode("gluon: #1 a;b]52;c;aGk=");
        let body = STANDARD.encode("claude asks: x;y / second");
        assert_eq!(
            kitty,
            format!(
                "\x1b]99;i=gluon-7:d=0:e=1:p=title;{title}\x1b\\\x1b]99;i=gluon-7:d=1:e=1:p=body;{body}\x1b\\"
            )
        );
        assert_eq!(
            speaker(Voice::Osc99).take_back(7),
            "\x1b]99;i=gluon-7:p=close;\x1b\\"
        );
        assert_eq!(speaker(Voice::Osc9).take_back(7), "");
    }

    #[test]
    fn nothing_in_the_words_ends_a_sequence() {
        for voice in [Voice::Osc9, Voice::Osc99, Voice::Osc777] {
            let told = speaker(voice).announce(&announcement());
            let parts: Vec<&str> = told
                .split("\x1b\\")
                .filter(|part| !part.is_empty())
                .collect();
            for part in parts {
                let inside = part.strip_prefix("\x1b]").unwrap();
                assert!(!inside.chars().any(char::is_control), "{told:?}");
            }
        }
    }

    #[test]
    fn tmux_gets_it_wrapped_and_a_bell_goes_with_it() {
        let speaker = Speaker {
            voice: Voice::Osc99,
            through_tmux: true,
            bell: true,
        };
        assert_eq!(
            speaker.take_back(7),
            "\x1bPtmux;\x1b\x1b]99;i=gluon-7:p=close;\x1b\x1b\\\x1b\\"
        );
        assert!(speaker.announce(&announcement()).ends_with("\x1b\\\x07"));
    }

    #[test]
    fn what_terminals_understand() {
        let by = |pairs: &[(&str, &str)]| {
            by_surroundings(|name| {
                let found = pairs.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        for (pairs, voice) in [
            (&[("TERM", "xterm-kitty")][..], Some(Voice::Osc99)),
            (
                &[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1")],
                Some(Voice::Osc99),
            ),
            (
                &[("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")],
                Some(Voice::Osc9),
            ),
            (
                &[("TERM", "xterm-256color"), ("TERM_PROGRAM", "WezTerm")],
                Some(Voice::Osc777),
            ),
            (&[("TERM", "xterm-ghostty")], Some(Voice::Osc777)),
            (&[("TERM", "foot-extra")], Some(Voice::Osc777)),
            (&[("TERM", "rxvt-unicode-256color")], Some(Voice::Osc777)),
            (
                &[
                    ("TERM", "xterm-256color"),
                    ("TERM_PROGRAM", "Apple_Terminal"),
                ],
                None,
            ),
            (&[("TERM", "xterm-256color")], None),
            (&[("TERM", "linux")], None),
            (&[], None),
            // Started from kitty's shell, shown elsewhere.
            (
                &[("TERM", "foot"), ("KITTY_WINDOW_ID", "1")],
                Some(Voice::Osc777),
            ),
        ] {
            assert_eq!(by(pairs), voice, "{pairs:?}");
        }
        for (name, voice) in [
            ("kitty(0.40.1)", Some(Voice::Osc99)),
            ("iTerm2 3.5.14", Some(Voice::Osc9)),
            ("WezTerm 20240203", Some(Voice::Osc777)),
            ("XTerm(390)", None),
        ] {
            assert_eq!(by_name(name), voice, "{name}");
        }
    }

    #[test]
    fn what_tmux_says() {
        for (answer, expected) in [
            (
                "kitty(0.40.1)\nxterm-256color\nall\n",
                Some((Voice::Osc99, Passes::Always)),
            ),
            (
                "\nxterm-ghostty\non\n",
                Some((Voice::Osc777, Passes::Shown)),
            ),
            (
                "foot(1.16)\nfoot\noff\n",
                Some((Voice::Osc777, Passes::Never)),
            ),
            ("\nxterm-256color\nall\n", None),
            ("", None),
        ] {
            assert_eq!(understand_tmux(answer), expected, "{answer:?}");
        }
    }
}
