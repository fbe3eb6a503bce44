//! Leaves out of a recording what only turns: spinners draw ten times a second, and megabytes of them tell
//! nothing new.
//!
//! Of printed chunks in a row one is kept every half second, more where the next one would not show exactly
//! what it did. Whatever says something beside the screen (a title, a status) stays, and so does what stands
//! beside a truth, a key or another event.

use gluon::terminal::{Options, Terminal};

use crate::real_support::support::recording::Event;

/// The longest pause that it makes, in milliseconds.
const PAUSE: u64 = 500;

type Timed = (u64, Event);

pub(super) fn thinned(size: (u16, u16), events: Vec<Timed>) -> Vec<Timed> {
    let whole = screens(size, &events);
    let mut terminal = blank(size);
    let mut kept: Vec<Timed> = Vec::new();
    for place in 0..events.len() {
        let beside = [place.checked_sub(1), Some(place), Some(place + 1)];
        let plain =
            |place: Option<usize>| place.and_then(|at| events.get(at)).is_some_and(is_plain);
        let last = kept.last().map_or(0, |(at, _)| *at);
        if beside.into_iter().all(plain) && events[place + 1].0 - last <= PAUSE {
            let mut without = blank(terminal.size());
            without.feed(&terminal.snapshot());
            if feed(&mut without, &events[place + 1]) == whole[place + 1] {
                continue;
            }
        }
        feed(&mut terminal, &events[place]);
        kept.push(events[place].clone());
    }
    kept
}

/// Whether it only draws, and draws it to its end.
fn is_plain((_, event): &Timed) -> bool {
    matches!(event, Event::Out(bytes) if !bytes.windows(2).any(|two| two == b"\x1b]"))
}

fn blank(size: (u16, u16)) -> Terminal {
    let options = Options {
        scrollback: 0,
        ..Options::default()
    };
    Terminal::new(size.0, size.1, options)
}

/// Gives what is shown then.
fn feed(terminal: &mut Terminal, (_, event): &Timed) -> String {
    match event {
        Event::Out(bytes) => {
            terminal.feed(bytes);
            terminal.take_events();
        }
        Event::Size(cols, rows) => terminal.resize(*cols, *rows),
        _ => {}
    }
    format!("{}\n{}", terminal.text(0, true), terminal.cursor_line())
}

/// What the terminal shows after each event.
fn screens(size: (u16, u16), events: &[Timed]) -> Vec<String> {
    let mut terminal = blank(size);
    events
        .iter()
        .map(|event| feed(&mut terminal, event))
        .collect()
}
