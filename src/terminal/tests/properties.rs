//! What must hold whatever an agent prints.

use proptest::prelude::*;

use super::*;

/// Pieces of output: some that mean something, some noise.
fn output() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        4 => "[ -~]{1,12}",
        2 => "[日本🙂é\u{301}\u{200d}─x]{1,6}",
        2 => Just("\r\n".to_owned()),
        1 => Just("\n\n\n\n\n".to_owned()),
        6 => "\x1b\\[[0-9]{0,2}(;[0-9]{0,2}){0,2}[@A-Za-u]",
        2 => "\x1b\\[[34][0-8]m|\x1b\\[38;5;[0-9]m|\x1b\\[48;2;1;2;[0-9]m|\x1b\\[58:5:[0-9]m|\x1b\\[4:[0-5]m",
        2 => "\x1b\\[\\?(1|6|7|12|25|47|1000|1003|1004|1006|1007|1047|1048|1049|2004|2026)[hl]",
        1 => "\x1b\\[(4|20)[hl]|\x1b\\[[0-6] q|\x1b\\[!p|\x1b\\[[<>=][0-9]{0,2}u|\x1b\\[>4;[0-2]m",
        1 => "\x1b[78DEHMc=>no]|\x1b\\(0|\x1b\\)0|\x1b\\(B|\x0e|\x0f|\x08|\t|\x1b#8",
        1 => "\x1b\\]2;[a-z]{0,5}(\x07|\x1b\\\\)|\x1b\\]8;;(http://[a-z]{1,2})?\x07|\x1b\\[2[23]t",
        1 => "\x1b\\[[0-9]?[\n\x08\t][0-9]?",
        1 => "\x1b\\]?[0-9;:?]{0,5}|\x1bP[=+$a-z0-9]{0,4}|\x1b_",
    ];
    let piece = prop_oneof![
        12 => word.prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 1..8),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Everything a session shows and does, to be compared.
fn whole(terminal: &mut Terminal) -> impl PartialEq + std::fmt::Debug + use<> {
    let state = seen(terminal);
    let page = terminal.lines(0, 500);
    let lines: Vec<_> = page
        .rows
        .iter()
        .map(|row| {
            let mut looks: Vec<(u16, crate::protocol::Style)> = Vec::new();
            for run in &row.runs {
                let style = page.styles[usize::from(run.style)].clone();
                match looks.last_mut() {
                    Some(last) if last.1 == style => last.0 += run.cells,
                    _ => looks.push((run.cells, style)),
                }
            }
            (row.text.clone(), looks, row.wrapped)
        })
        .collect();
    let cursor = (
        state.cursor,
        state.modes,
        state.title.clone(),
        state.history_end,
    );
    let inner = &terminal.screen;
    let hidden = (
        (
            inner.cursor.pending,
            inner.cursor.origin,
            inner.cursor.charsets,
            inner.cursor.charset,
        ),
        (
            inner.region,
            inner.tabs.clone(),
            inner.modes,
            inner.keyboards.clone(),
        ),
        (
            inner.titles.clone(),
            inner.last_char,
            inner.tables.look(&inner.cursor.pen),
        ),
    );
    (cells(&state), cursor, (lines, page.first), hidden)
}

proptest! {
    #![proptest_config(config(800))]

    /// A viewer that acknowledges when it likes has, after any update, exactly the screen.
    #[test]
    fn updates_are_exact(
        steps in prop::collection::vec((output(), any::<u8>(), 2_u16..24, 1_u16..9), 1..8),
    ) {
        let mut terminal = fed(12, 5, "");
        let mut viewer = Viewer::new();
        let mut state = ScreenState::default();
        for (bytes, what, cols, rows) in steps {
            terminal.feed(&bytes);
            if what & 7 == 0 {
                terminal.resize(cols, rows);
            }
            if what & 0x70 == 0 {
                viewer.reset();
            }
            terminal.end_sync();
            if let Some(update) = terminal.update_for(&mut viewer, SessionId(1)) {
                state.apply(&update).unwrap();
                let fresh = seen(&mut terminal);
                prop_assert_eq!(cells(&state), cells(&fresh));
                prop_assert_eq!(
                    (state.cursor, state.modes, &state.title, state.history_end, state.cols),
                    (fresh.cursor, fresh.modes, &fresh.title, fresh.history_end, fresh.cols)
                );
            }
            if what & 8 == 0 {
                viewer.ack(state.seq);
            }
        }
    }

    /// A terminal made from a snapshot and the unfinished rest goes on exactly like the one it was made of.
    #[test]
    fn snapshots_are_exact(
        before in output(),
        cut in any::<prop::sample::Index>(),
        after in output(),
        size in (2_u16..24, 1_u16..9),
        resize in prop::option::of((2_u16..24, 1_u16..9)),
    ) {
        let mut first = fed(12, 5, "");
        first.resize(size.0, size.1);
        first.feed(&before[..cut.index(before.len() + 1)]);
        if let Some((cols, rows)) = resize {
            first.resize(cols, rows);
        }
        let (cols, rows) = first.size();
        let mut second = fed(cols, rows, first.snapshot());
        second.feed(first.carry());
        prop_assert_eq!(second.carry(), first.carry());
        let sync = first.sync_open();
        prop_assert_eq!(sync, second.sync_open());
        // Whether the carry alone says anything is no question: it was said before.
        first.take_events();
        second.take_events();
        for bytes in [&before[cut.index(before.len() + 1)..], &after] {
            first.feed(bytes);
            second.feed(bytes);
            prop_assert_eq!(first.take_events(), second.take_events());
        }
        prop_assert_eq!(whole(&mut first), whole(&mut second));
        first.resize(cols + 3, rows);
        second.resize(cols + 3, rows);
        prop_assert_eq!(whole(&mut first), whole(&mut second));
    }

    /// Arbitrary bytes in arbitrary chunks give the same screen as in one piece, and never a panic.
    #[test]
    fn chunks_do_not_matter(bytes in output(), cuts in prop::collection::vec(1_usize..9, 1..40)) {
        let mut whole_fed = fed(12, 5, &bytes);
        let mut cut = fed(12, 5, "");
        let mut rest = bytes.as_slice();
        for len in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (now, later) = rest.split_at((*len).min(rest.len()));
            cut.feed(now);
            rest = later;
        }
        prop_assert!(!whole_fed.text(100, false).contains("emulator failed"));
        prop_assert_eq!(whole_fed.carry(), cut.carry());
        prop_assert_eq!(whole(&mut whole_fed), whole(&mut cut));
    }

    /// Plain noise.
    #[test]
    fn noise_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut terminal = fed(12, 5, &bytes);
        prop_assert!(!terminal.text(100, true).contains("emulator failed"));
        terminal.resize(7, 3);
        seen(&mut terminal);
        super::super::text::strip(&bytes);
    }
}
