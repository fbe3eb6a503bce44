//! OSC sequences: title, links, notifications, progress, directory, prompt marks, clipboard, status.
//!
//! Invariant: nothing leaves here unsanitised, and nothing an agent writes is ever answered with it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::cell::Extra;
use super::events::{BlockKind, ProgramState, ProgramStatus, ProgressState, PromptMark, TermEvent};
use super::sanitize::{TEXT, TITLE, line, line_of, link};
use super::screen::Screen;

impl Screen {
    /// One OSC sequence, without its introducer and end.
    pub(super) fn osc(&mut self, payload: &[u8], bell: bool) {
        let (code, rest) = split(payload, b';');
        let Some(code) = number(code) else { return };
        match code {
            0 | 2 => self.set_title(line_of(rest, TITLE)),
            4 => {
                let mut parts = rest.split(|byte| *byte == b';');
                while let (Some(index), Some(spec)) = (parts.next(), parts.next()) {
                    let index = number(index).and_then(|index| u8::try_from(index).ok());
                    if let (Some(index), b"?") = (index, spec) {
                        self.answer_color(4, index, bell);
                    }
                }
            }
            7 => self.event_text(line_of(rest, TEXT), TermEvent::Cwd),
            8 => self.hyperlink(rest),
            9 => self.osc_9(rest),
            10..=12 => {
                for (code, spec) in (code..=12).zip(rest.split(|byte| *byte == b';')) {
                    if spec == b"?" {
                        self.answer_color(code, 0, bell);
                    }
                }
            }
            52 => self.clipboard(rest),
            99 => self.osc_99(rest),
            133 => self.prompt_mark(rest),
            777 => self.osc_777(rest),
            7501 => self.program(rest),
            _ => {}
        }
    }

    fn event_text(&mut self, text: String, make: impl FnOnce(String) -> TermEvent) {
        if !text.is_empty() {
            self.events.push(make(text));
        }
    }

    fn notify(&mut self, title: String, body: String) {
        if !title.is_empty() || !body.is_empty() {
            self.events.push(TermEvent::Notification { title, body });
        }
    }

    /// OSC 8: parameters, then the target; an empty one ends the link.
    fn hyperlink(&mut self, rest: &[u8]) {
        let (_, target) = split(rest, b';');
        if self.tables.is_full() {
            self.collect();
        }
        let extra = self.tables.extra(self.cursor.pen.extra);
        let link: Option<Arc<str>> = link(target).map(Arc::from);
        self.cursor.pen.extra = self.tables.intern(Extra { link, ..extra });
    }

    /// OSC 9: a notification, or with a number first one of ConEmu's: 4 is progress.
    fn osc_9(&mut self, rest: &[u8]) {
        let (first, more) = split(rest, b';');
        match number(first) {
            Some(4) => {
                let (state, percent) = split(more, b';');
                let percent = number(percent).map(|percent| percent.min(100) as u8);
                let state = match number(state) {
                    Some(0) => ProgressState::Removed,
                    Some(1) => ProgressState::Running,
                    Some(2) => ProgressState::Error,
                    Some(3) => ProgressState::Indeterminate,
                    Some(4) => ProgressState::Paused,
                    _ => return,
                };
                self.events.push(TermEvent::Progress(percent, state));
            }
            Some(_) if !more.is_empty() => {}
            _ => self.notify(String::new(), line_of(rest, TEXT)),
        }
    }

    /// OSC 99, kitty's notifications: `key=value:…;payload`, the payload a title unless it says body.
    fn osc_99(&mut self, rest: &[u8]) {
        let (keys, payload) = split(rest, b';');
        let has = |wanted: &[u8]| keys.split(|byte| *byte == b':').any(|key| key == wanted);
        let decoded = if has(b"e=1") {
            unbase64(payload)
        } else {
            Some(payload.to_vec())
        };
        let Some(text) = decoded.map(|bytes| line_of(&bytes, TEXT)) else {
            return;
        };
        let kinds = keys
            .split(|byte| *byte == b':')
            .find_map(|key| key.strip_prefix(b"p="));
        match kinds {
            None | Some(b"title") => self.notify(text, String::new()),
            Some(b"body") => self.notify(String::new(), text),
            Some(_) => {}
        }
    }

    /// OSC 777: `notify;title;body`.
    fn osc_777(&mut self, rest: &[u8]) {
        let (verb, rest) = split(rest, b';');
        if verb == b"notify" {
            let (title, body) = split(rest, b';');
            self.notify(line_of(title, TITLE), line_of(body, TEXT));
        }
    }

    /// OSC 133.
    fn prompt_mark(&mut self, rest: &[u8]) {
        let (mark, rest) = split(rest, b';');
        let mark = match mark {
            b"A" => PromptMark::Prompt,
            b"B" => PromptMark::Command,
            b"C" => PromptMark::Output,
            b"D" => {
                let status = split(rest, b';').0;
                let status = std::str::from_utf8(status).ok();
                PromptMark::End(status.and_then(|status| status.parse().ok()))
            }
            _ => return,
        };
        self.events.push(TermEvent::Mark(mark));
    }

    /// OSC 52: writing is passed on where it is allowed, reading never.
    fn clipboard(&mut self, rest: &[u8]) {
        if !self.clipboard_write {
            return;
        }
        let (_, data) = split(rest, b';');
        if data == b"?" {
            return;
        }
        let text = unbase64(data).and_then(|bytes| String::from_utf8(bytes).ok());
        let clean = |text: String| -> String {
            text.chars()
                .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
                .collect()
        };
        self.event_text(text.map(clean).unwrap_or_default(), TermEvent::Clipboard);
    }

    /// OSC 7501, the Program Status Protocol.
    fn program(&mut self, rest: &[u8]) {
        if rest.first() == Some(&b'?') {
            return self.answer_program();
        }
        if let Some(status) = program_status(rest) {
            self.events.push(TermEvent::Program(status));
        }
    }
}

/// Reads `state=…:app=…:…`. `None` without a state that we know.
fn program_status(payload: &[u8]) -> Option<ProgramStatus> {
    let mut state = None;
    let mut status = ProgramStatus {
        state: ProgramState::Clear,
        kind: None,
        app: String::new(),
        id: String::new(),
        message: String::new(),
        title: String::new(),
        progress: None,
    };
    let text = |value: &[u8]| {
        let bytes = unbase64(value).unwrap_or_default();
        line_of(&bytes, TEXT)
    };
    for field in payload.split(|byte| *byte == b':') {
        let (key, value) = split(field, b'=');
        match key {
            b"state" => {
                state = match value {
                    b"idle" => Some(ProgramState::Idle),
                    b"working" => Some(ProgramState::Working),
                    b"blocked" => Some(ProgramState::Blocked),
                    b"done" => Some(ProgramState::Done),
                    b"error" => Some(ProgramState::Error),
                    b"clear" => Some(ProgramState::Clear),
                    _ => None,
                };
            }
            b"kind" => {
                status.kind = match value {
                    b"permission" => Some(BlockKind::Permission),
                    b"question" => Some(BlockKind::Question),
                    b"auth" => Some(BlockKind::Auth),
                    _ => None,
                };
            }
            b"app" => status.app = line_of(value, 64),
            b"id" => status.id = line_of(value, 64),
            b"msg" => status.message = text(value),
            b"title" => status.title = line(&text(value), TITLE),
            b"progress" => status.progress = number(value).map(|value| value.min(100) as u8),
            _ => {}
        }
    }
    status.state = state?;
    Some(status)
}

/// Cuts at the first `at`; without one everything is in front.
fn split(bytes: &[u8], at: u8) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == at) {
        Some(index) => (&bytes[..index], &bytes[index + 1..]),
        None => (bytes, &[]),
    }
}

/// A small number; nothing else may stand beside it.
fn number(bytes: &[u8]) -> Option<u16> {
    let digits = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(bytes)
        .ok()
        .filter(|_| digits)?
        .parse()
        .ok()
}

/// Base64, padded or not.
fn unbase64(bytes: &[u8]) -> Option<Vec<u8>> {
    STANDARD
        .decode(bytes)
        .or_else(|_| STANDARD_NO_PAD.decode(bytes))
        .ok()
}
