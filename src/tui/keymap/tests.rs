use std::collections::{BTreeMap, HashSet};

use ratatui::crossterm::event::{KeyCode, KeyModifiers};

use super::*;

fn remap(pairs: &[(&str, &str)]) -> Result<Keymap, KeymapError> {
    let remaps: BTreeMap<String, String> = pairs
        .iter()
        .map(|(action, key)| ((*action).to_owned(), (*key).to_owned()))
        .collect();
    Keymap::new(&remaps, "ctrl-q", "ctrl-b")
}

fn press(text: &str) -> KeyEvent {
    let chord: Chord = text.parse().unwrap();
    KeyEvent::new(chord.code, chord.modifiers)
}

#[test]
fn the_table_is_sound() {
    let map = Keymap::default();
    let mut names = HashSet::new();
    for (index, row) in TABLE.iter().enumerate() {
        assert_eq!(row.action as usize, index, "{}", row.name);
        assert!(names.insert(row.name), "{} twice", row.name);
        assert!(!row.title.is_empty(), "{} has no words", row.name);
        assert!(
            row.palette || map.first_key(row.action).is_some(),
            "{} cannot be reached",
            row.name
        );
    }
    // No key twice in a context is what `Keymap::new` checks.
}

/// A key of `Asking` may stand for something else on the board only where that is meant.
#[test]
fn answering_hides_only_new_task() {
    let map = Keymap::default();
    let hidden: Vec<Action> = map
        .in_context(Context::Asking)
        .filter_map(|(chord, _)| {
            map.action(Context::Board, KeyEvent::new(chord.code, chord.modifiers))
        })
        .collect();
    assert_eq!(hidden, [Action::New]);
}

#[test]
fn keys_find_their_actions() {
    let map = Keymap::default();
    for (context, key, action) in [
        (Context::Board, "n", Some(Action::New)),
        (Context::Asking, "n", Some(Action::Deny)),
        (Context::Board, "ctrl-p", Some(Action::Palette)),
        (Context::Board, "ctrl-n", None),
        (Context::Prefix, "z", Some(Action::Zoom)),
        (Context::Viewer, "esc", Some(Action::Close)),
    ] {
        assert_eq!(map.action(context, press(key)), action, "{context:?} {key}");
    }
    assert!(map.is_leave(KeyEvent::new(KeyCode::Char('q'), KeyModifiers::CONTROL)));
    assert!(map.is_prefix(press("ctrl-b")));
}

#[test]
fn remaps_replace_and_mistakes_are_named() {
    let map = remap(&[("accept", "A"), ("new", "N insert")]).unwrap();
    assert_eq!(map.action(Context::Board, press("A")), Some(Action::Accept));
    assert_eq!(map.action(Context::Board, press("a")), None);
    assert_eq!(
        map.action(Context::Board, press("insert")),
        Some(Action::New)
    );
    for (pairs, words) in [
        (&[("acept", "A")][..], "no action `acept`"),
        (
            &[("accept", "hyper-x")][..],
            "accept: `hyper-x` is not a key",
        ),
        (&[("accept", "s")][..], "accept: `s` already means `start`"),
        (&[("start", "a")][..], "start: `a` already means `accept`"),
    ] {
        let error = remap(pairs).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
