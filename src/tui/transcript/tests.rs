use super::*;
use crate::domain::Timestamp;
use crate::protocol::Sought;
use crate::tui::keymap::Action;

const SIZE: (usize, usize) = (60, 20);

/// A transcript of so many turns; a place is the number of a passage.
struct Told(Vec<Passage>);

impl Told {
    fn new(turns: usize) -> Told {
        let mut passages = Vec::new();
        for turn in 0..turns {
            let at = Some(Timestamp(1_790_000_000_000 + turn as i64 * 60_000));
            let mut say = |speaker, text: String| passages.push(Passage { speaker, text, at });
            say(Speaker::User, format!("prompt {turn}"));
            say(Speaker::Tool, "Bash(cargo test)".into());
            say(
                Speaker::Output,
                (0..8).map(|n| format!("output {turn}.{n}\n")).collect(),
            );
            say(Speaker::Agent, format!("answer {turn}"));
        }
        Told(passages)
    }

    fn page(&self, read: &ReadTranscript) -> TranscriptPage {
        let all = self.0.len() as u64;
        let limit = u64::from(read.limit);
        let (start, end) = match read.from {
            TranscriptFrom::Place(start) => (start, (start + limit).min(all)),
            TranscriptFrom::Before(end) => (end.saturating_sub(limit), end),
            TranscriptFrom::End => (all.saturating_sub(limit), all),
        };
        TranscriptPage {
            passages: self.0[start as usize..end as usize].to_vec(),
            start,
            end,
            more: end < all,
            ..TranscriptPage::default()
        }
    }

    fn seek(&self, seek: &SeekTranscript) -> Sought {
        let needle = Needle::new(&seek.text).unwrap();
        let is_in = |number: &usize| needle.is_in(&self.0[*number].text);
        let from = seek.from as usize;
        let at = match seek.back {
            false => (from..self.0.len()).find(is_in),
            true => (from.saturating_sub(400)..from)
                .rfind(is_in)
                .map(|_| from.saturating_sub(400)),
        };
        let reached = match seek.back {
            false => self.0.len() as u64,
            true => from.saturating_sub(400) as u64,
        };
        Sought {
            at: at.map(|at| at as u64),
            reached,
            ended: !seek.back || reached == 0,
        }
    }

    fn open(&self) -> TranscriptView {
        let mut view = TranscriptView::new(TranscriptOf::Conversation("x".into()), "x", None);
        view.fit(SIZE, Glyphs::set(false));
        let first = view.first_question().unwrap();
        assert!(view.come(&first, self.page(&first)));
        self.settle(&mut view);
        view
    }

    /// Answers what is asked for until nothing is.
    fn settle(&self, view: &mut TranscriptView) {
        for _ in 0..50 {
            view.fit(SIZE, Glyphs::set(false));
            let Some(read) = view.asked.clone().or_else(|| view.ask()) else {
                return;
            };
            assert!(view.come(&read, self.page(&read)));
        }
        panic!("it never stops asking");
    }

    fn act(&self, view: &mut TranscriptView, action: Action) {
        let came = view.act(action);
        self.go_on(view, came);
    }

    fn go_on(&self, view: &mut TranscriptView, mut came: Came) {
        while let Came::Seek(seek) = came {
            match view.sought(&seek, &self.seek(&seek)) {
                Some(next) => came = next,
                None => break,
            }
        }
        self.settle(view);
    }
}

fn sight(view: &TranscriptView) -> Vec<String> {
    let lines = view.lines(view.scroll).take(SIZE.1);
    lines.map(|(_, line)| line.text.clone()).collect()
}

#[test]
fn it_opens_at_its_end_and_everything_can_be_reached() {
    let told = Told::new(2000);
    let mut view = told.open();
    assert!(view.at_end() && sight(&view).contains(&"answer 1999".to_owned()));
    let mut seen = vec![false; 2000];
    for _ in 0..3000 {
        for line in sight(&view) {
            if let Some(turn) = line.strip_prefix("prompt ") {
                seen[turn.parse::<usize>().unwrap()] = true;
            }
        }
        told.act(&mut view, Action::ViewPageUp);
        let held: usize = view.parts.iter().map(|part| part.passages.len()).sum();
        assert!(
            held <= PASSAGES + PIECE as usize,
            "{held} passages are held"
        );
        if view.at_beginning() {
            break;
        }
    }
    assert!(view.at_beginning(), "{}", view.scroll);
    assert_eq!(
        seen.iter().position(|seen| !seen),
        Some(0).filter(|_| !seen[0])
    );
    // And back down, over what was let go.
    for _ in 0..3000 {
        told.act(&mut view, Action::ViewPageDown);
        if view.at_end() {
            break;
        }
    }
    assert!(view.at_end() && sight(&view).contains(&"answer 1999".to_owned()));
    told.act(&mut view, Action::ViewTop);
    assert!(sight(&view).contains(&"prompt 0".to_owned()));
    told.act(&mut view, Action::ViewBottom);
    assert!(sight(&view).contains(&"answer 1999".to_owned()));
}

#[test]
fn what_is_in_sight_stays_while_more_comes_before_it() {
    let told = Told::new(500);
    let mut view = told.open();
    for _ in 0..40 {
        view.scroll_by(-15);
        let before = sight(&view);
        told.settle(&mut view);
        assert_eq!(sight(&view), before);
    }
}

#[test]
fn answers_are_folded_and_unfolded() {
    let told = Told::new(3);
    let mut view = told.open();
    assert!(sight(&view).contains(&"… 5 more lines".to_owned()));
    assert!(!sight(&view).contains(&"output 2.7".to_owned()));
    let row = sight(&view)
        .iter()
        .position(|line| line == "… 5 more lines")
        .unwrap();
    assert!(view.click(row));
    let unfolded = |view: &TranscriptView| {
        let lines = view.lines(0);
        lines.filter(|(_, line)| line.text.ends_with(".7")).count()
    };
    assert_eq!(unfolded(&view), 1);
    view.act(Action::FoldPassage);
    assert_eq!(unfolded(&view), 0);
    view.act(Action::FoldPassages);
    assert_eq!(unfolded(&view), 3);
    // One by one they fold again.
    view.act(Action::ViewTop);
    view.act(Action::NextPassage);
    view.act(Action::FoldPassage);
    assert_eq!(unfolded(&view), 2);
}

#[test]
fn passages_are_stepped_through_and_copied() {
    let told = Told::new(100);
    let mut view = told.open();
    told.act(&mut view, Action::ViewTop);
    told.act(&mut view, Action::NextPrompt);
    assert_eq!(view.act(Action::CopyPassage), Came::Copy("prompt 1".into()));
    told.act(&mut view, Action::NextPassage);
    assert_eq!(
        view.act(Action::CopyPassage),
        Came::Copy("Bash(cargo test)".into())
    );
    told.act(&mut view, Action::PreviousPrompt);
    told.act(&mut view, Action::PreviousPrompt);
    assert_eq!(view.act(Action::CopyPassage), Came::Copy("prompt 0".into()));
    for _ in 0..30 {
        told.act(&mut view, Action::NextPrompt);
    }
    assert_eq!(
        view.act(Action::CopyPassage),
        Came::Copy("prompt 30".into())
    );
    assert!(sight(&view).contains(&"prompt 30".to_owned()));
}

#[test]
fn what_is_looked_for_is_found_beyond_what_is_held_and_in_what_is_folded() {
    let mut told = Told::new(3000);
    told.0[40].text = "the Needle, first".into();
    told.0[6002].text = "1\n2\n3\n4\n5\n6 needle in an answer\n7\n8".into();
    told.0[11_990].text = "the last needle".into();
    let mut view = told.open();
    told.act(&mut view, Action::ViewTop);
    let came = view.search("needle");
    told.go_on(&mut view, came);
    assert!(
        sight(&view).contains(&"the Needle, first".to_owned()),
        "{:?}",
        sight(&view)
    );
    told.act(&mut view, Action::FindNext);
    assert!(
        sight(&view).contains(&"6 needle in an answer".to_owned()),
        "unfolded"
    );
    told.act(&mut view, Action::FindNext);
    assert!(sight(&view).contains(&"the last needle".to_owned()));
    assert_eq!(view.act(Action::FindNext), Came::Nothing);
    for wanted in ["6 needle in an answer", "the Needle, first"] {
        told.act(&mut view, Action::FindPrevious);
        assert!(sight(&view).contains(&wanted.to_owned()), "{wanted}");
    }
    assert_eq!(view.search("nowhere at all"), view.act(Action::FindNext));
}

#[test]
fn what_is_added_at_the_end_comes_into_sight() {
    let mut told = Told::new(10);
    let mut view = told.open();
    let read = view.ask_more().unwrap();
    assert!(view.come(&read, told.page(&read)));
    told.0.extend(Told::new(1).0);
    let read = view.ask_more().unwrap();
    assert!(view.come(&read, told.page(&read)));
    view.fit(SIZE, Glyphs::set(false));
    assert!(sight(&view).contains(&"answer 0".to_owned()));
    // Who reads further up is left there.
    view.scroll_by(-10);
    assert_eq!(view.ask_more(), None);
}

#[test]
fn another_width_breaks_lines_anew_and_keeps_the_place() {
    let told = Told::new(400);
    let mut view = told.open();
    view.scroll_by(-300);
    let top = view.top();
    view.fit((20, 20), Glyphs::set(true));
    assert_eq!(view.top(), top);
    assert!(
        view.lines(0)
            .all(|(_, line)| crate::tui::text::width(&line.text) <= 20)
    );
}
