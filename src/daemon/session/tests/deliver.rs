//! Words for an agent, and what is said of them afterwards.

use super::*;
use crate::daemon::session::Delivered;
use crate::domain::Exit;
use crate::protocol::{Key, KeyPress, Modifiers};

impl Fixture {
    /// Pastes `text`, then sends it.
    fn words(&self, text: &str, only_idle: bool) -> oneshot::Receiver<Delivered> {
        let (reply, outcome) = oneshot::channel();
        let steps = vec![
            Step::Unasked(false),
            Step::Input(Input::Paste(text.into())),
            Step::Pause(Duration::from_millis(20)),
            Step::Unasked(false),
            Step::Input(Input::Raw(b"\r".to_vec())),
        ];
        self.handle.send(Command::Deliver(Words {
            steps,
            only_idle,
            reply: Some(reply),
        }));
        outcome
    }

    fn says(&mut self, state: &str, activity: Activity) {
        self.print(format!("\x1b]7501;state={state}:app=x\x07").as_bytes());
        self.expect_meta(|meta| meta.activity == activity);
    }
}

fn came(outcome: oneshot::Receiver<Delivered>) -> Delivered {
    outcome.blocking_recv().unwrap()
}

#[test]
fn a_turn_that_begins_has_taken_it_however_short() {
    let mut fixture = Fixture::new();
    fixture.says("idle", Activity::Idle);
    let outcome = fixture.words("do it", true);
    fixture.expect_typed(b"do it\r");
    fixture.print(b"\x1b]7501;state=working:app=x\x07\x1b]7501;state=idle:app=x\x07");
    assert_eq!(came(outcome), Delivered::Taken);
}

/// A screen on which the words stand until they are sent again.
#[test]
fn what_still_stands_where_it_was_typed_is_sent_once_more() {
    let mut fixture = Fixture::new();
    fixture.says("idle", Activity::Idle);
    let outcome = fixture.words("do it", false);
    fixture.expect_typed(b"do it");
    fixture.print(b"\r> do it");
    fixture.expect_typed(b"\r\r");
    fixture.says("working", Activity::Working);
    assert_eq!(came(outcome), Delivered::Taken);

    // Not a third time.
    fixture.says("idle", Activity::Idle);
    let outcome = fixture.words("and this", false);
    fixture.expect_typed(b"and this");
    fixture.print(b"\r\n> and this");
    assert_eq!(came(outcome), Delivered::Ignored);
    fixture.expect_typed(b"\r\r");
}

#[test]
fn one_that_starts_is_told_when_it_has_begun() {
    let mut fixture = Fixture::new();
    fixture.says("working", Activity::Working);
    let (reply, outcome) = oneshot::channel();
    let paste = |text: &str| Step::Input(Input::Paste(text.into()));
    let still = Step::Still(Duration::from_millis(50), Duration::from_secs(5));
    fixture.handle.send(Command::Deliver(Words {
        // It is none that starts: nothing is waited for.
        steps: vec![Step::Begun(Duration::from_secs(60)), still, paste("go on")],
        only_idle: false,
        reply: Some(reply),
    }));
    fixture.expect_typed(b"go on");
    fixture.says("idle", Activity::Idle);
    fixture.says("working", Activity::Working);
    assert_eq!(came(outcome), Delivered::Taken);
}

#[test]
fn one_that_stays_idle_has_not_taken_it() {
    let mut fixture = Fixture::new();
    fixture.says("idle", Activity::Idle);
    let outcome = fixture.words("do it", false);
    fixture.expect_typed(b"do it\r");
    assert_eq!(came(outcome), Delivered::Ignored);
    // The next one is typed all the same, and only then.
    let outcome = fixture.words("again", false);
    fixture.expect_typed(b"again\r");
    fixture.says("working", Activity::Working);
    assert_eq!(came(outcome), Delivered::Taken);
}

#[test]
fn what_has_gone_from_its_line_is_taken_where_no_turn_can_tell() {
    let mut fixture = Fixture::new();
    fixture.print(b"> ");
    fixture.says("working", Activity::Working);
    let outcome = fixture.words("do it", false);
    fixture.expect_typed(b"do it");
    fixture.print(b"do it");
    fixture.expect_typed(b"\r");
    fixture.print(b"\r\x1b[K> ");
    assert_eq!(came(outcome), Delivered::Taken);
    // One that shows nothing of it tells nothing either.
    let outcome = fixture.words("unseen", false);
    fixture.expect_typed(b"unseen\r");
    assert_eq!(came(outcome), Delivered::Typed);
}

#[test]
fn only_one_who_is_idle_and_undisturbed_is_given_what_waited() {
    let mut fixture = Fixture::new();
    assert_eq!(came(fixture.words("early", true)), Delivered::Busy);
    fixture.says("working", Activity::Working);
    assert_eq!(came(fixture.words("early", true)), Delivered::Busy);
    fixture.says("idle", Activity::Idle);
    // Somebody is writing.
    let press = KeyPress {
        key: Key::Char('x'),
        modifiers: Modifiers::default(),
        kind: Default::default(),
    };
    let by_hand = Command::Input(Some(ClientId(1)), Input::Key(press));
    fixture.handle.send(by_hand);
    assert_eq!(came(fixture.words("early", true)), Delivered::Busy);
    fixture.expect_typed(b"x");
    let deadline = Instant::now() + PATIENCE;
    let outcome = loop {
        let mut outcome = fixture.words("now", true);
        // Answered after that was looked at.
        fixture.reasons();
        match outcome.try_recv() {
            Ok(Delivered::Busy) => assert!(Instant::now() < deadline),
            _ => break outcome,
        }
    };
    // While one is under way there is no room for another.
    assert_eq!(came(fixture.words("second", true)), Delivered::Busy);
    fixture.expect_typed(b"now\r");
    fixture.says("working", Activity::Working);
    assert_eq!(came(outcome), Delivered::Taken);
}

#[test]
fn an_ask_that_comes_in_between_stops_it() {
    let mut fixture = Fixture::new();
    fixture.says("idle", Activity::Idle);
    fixture.print(b"\x1b]7501;state=blocked:app=x:kind=permission:msg=UnVuIGl0Pw==\x07");
    fixture.expect_meta(|meta| meta.wait > 0);
    let outcome = fixture.words("do it", false);
    assert_eq!(came(outcome), Delivered::Asked("Run it?".into()));
    // Nothing of it was typed.
    let typed = Command::Input(None, Input::Raw(b"1".to_vec()));
    fixture.handle.send(typed);
    fixture.expect_typed(b"1");
}

#[test]
fn an_agent_that_ends_on_a_word_has_taken_it() {
    let mut fixture = Fixture::new();
    fixture.says("idle", Activity::Idle);
    let outcome = fixture.words("/exit", false);
    fixture.expect_typed(b"/exit\r");
    let behind = fixture.words("too late", false);
    fixture.handle.send(Command::Exited(RUN, Exit::Code(0)));
    assert_eq!(came(outcome), Delivered::Taken);
    assert_eq!(came(behind), Delivered::Gone);
    assert_eq!(came(fixture.words("later", false)), Delivered::Gone);
}
