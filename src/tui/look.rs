//! Whether somebody looks at this terminal, told to the daemon, which stays silent then.
//!
//! Pure: the time is an argument.

use ratatui::crossterm::event::{Event, MouseEventKind};

use crate::domain::{SessionId, Timestamp};
use crate::protocol::{LookNotice, Notice, Tells};

/// That somebody goes on typing is told again after so many milliseconds.
const AGAIN: i64 = 2_000;

/// What is known of who looks.
#[derive(Debug, Clone, Copy)]
pub struct Lookout {
    /// The only session shown; `None`: the board.
    session: Option<SessionId>,
    /// `None` until the terminal has said anything of its focus.
    focus: Option<bool>,
    touched: Timestamp,
    tells: Tells,
    /// When it was told last.
    told: Option<Timestamp>,
}

impl Lookout {
    /// Somebody has just opened it.
    pub fn new(session: Option<SessionId>, tells: Tells, now: Timestamp) -> Self {
        Self {
            session,
            focus: None,
            touched: now,
            tells,
            told: None,
        }
    }

    /// What the daemon is to be told after an event of the terminal, if anything.
    pub fn event(&mut self, event: &Event, now: Timestamp) -> Option<Notice> {
        let before = self.focus;
        match event {
            Event::FocusGained => self.focus = Some(true),
            Event::FocusLost => self.focus = Some(false),
            // Who types looks, whatever the terminal says.
            Event::Key(_) | Event::Paste(_) => self.focus = self.focus.map(|_| true),
            // A mouse goes over windows that nobody looks at.
            Event::Mouse(mouse) if matches!(mouse.kind, MouseEventKind::Moved) => return None,
            Event::Mouse(_) if self.focus == Some(false) => return None,
            Event::Mouse(_) => {}
            Event::Resize(..) => return None,
        }
        if self.focus != Some(false) {
            self.touched = now;
        }
        let stale = self.told.is_none_or(|told| now.since(told) >= AGAIN);
        (stale || self.focus != before).then(|| self.tell(now))
    }

    /// The whole of it.
    pub fn tell(&mut self, now: Timestamp) -> Notice {
        self.told = Some(now);
        Notice::Look(LookNotice {
            session: self.session,
            focus: self.focus,
            touched: now.since(self.touched).unsigned_abs(),
            tells: self.tells,
        })
    }

    /// For as long as the program is stopped nobody looks and nothing can be told.
    pub fn stopped(&self) -> Notice {
        Notice::Look(LookNotice {
            session: self.session,
            focus: Some(false),
            touched: 0,
            tells: Tells::Nothing,
        })
    }
}

#[cfg(test)]
mod tests {
    use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent};

    use super::*;

    fn mouse(kind: MouseEventKind) -> Event {
        Event::Mouse(MouseEvent {
            kind,
            column: 0,
            row: 0,
            modifiers: KeyModifiers::NONE,
        })
    }

    #[test]
    fn what_is_told_when() {
        let key = Event::Key(KeyEvent::new(KeyCode::Char('j'), KeyModifiers::NONE));
        let click = mouse(MouseEventKind::Down(MouseButton::Left));
        let mut look = Lookout::new(None, Tells::Words, Timestamp(0));
        look.tell(Timestamp(0));
        // The event, when; what is told of focus and how long ago it was touched.
        for (event, at, told) in [
            (&key, 500, None),
            (&key, 2_500, Some((None, 0))),
            (&mouse(MouseEventKind::Moved), 9_000, None),
            (&Event::FocusLost, 9_100, Some((Some(false), 6_600))),
            (&click, 9_200, None),
            (&Event::FocusLost, 20_000, Some((Some(false), 17_500))),
            (&Event::FocusGained, 20_100, Some((Some(true), 0))),
            (&click, 20_200, None),
            (&click, 22_200, Some((Some(true), 0))),
            (&Event::FocusLost, 22_300, Some((Some(false), 100))),
            // tmux denies the focus to a pane that is typed into all the same.
            (&key, 22_400, Some((Some(true), 0))),
        ] {
            let notice = look.event(event, Timestamp(at));
            let seen = notice.map(|notice| match notice {
                Notice::Look(look) => (look.focus, look.touched),
                other => panic!("{other:?}"),
            });
            assert_eq!(seen, told, "{event:?} {at}");
        }
    }
}
