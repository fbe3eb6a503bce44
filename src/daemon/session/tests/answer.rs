//! Answers: typed only to the ask that was seen, and watched until they are taken.

use super::*;
use crate::daemon::session::{Answer, Answered};

const ASKS: &[u8] = b"\x1b]7501;state=blocked:app=x:kind=permission:msg=UnVuIGl0Pw==\x07";
const WORKS: &[u8] = b"\x1b]7501;state=working:app=x\x07";

impl Fixture {
    /// Waits for the ask `Run it?`; its number.
    fn asked(&mut self, before: u64) -> u64 {
        let meta = self.expect_meta(|meta| meta.wait > before);
        assert!(matches!(&meta.activity, Activity::Waiting(ask) if ask.text == "Run it?"));
        meta.wait
    }

    fn answer(&self, ask: &str, wait: u64) -> oneshot::Receiver<Answered> {
        let (reply, answered) = oneshot::channel();
        let answer = Answer {
            ask: ask.to_owned(),
            wait,
            keys: b"y".to_vec(),
            reply,
        };
        assert!(self.handle.send(Command::Answer(answer)));
        answered
    }
}

#[test]
fn an_answer_is_taken_once_the_agent_leaves_the_ask() {
    let mut fixture = Fixture::new();
    fixture.print(ASKS);
    let wait = fixture.asked(0);
    let answered = fixture.answer("Run it?", wait);
    fixture.expect_typed(b"y");
    // While it is not known, nobody else answers.
    let second = fixture.answer("Run it?", wait);
    assert_eq!(second.blocking_recv(), Ok(Answered::Busy));
    fixture.print(WORKS);
    assert_eq!(answered.blocking_recv(), Ok(Answered::Taken));
}

#[test]
fn one_that_asks_on_has_not_taken_it_and_nothing_is_typed_again() {
    let mut fixture = Fixture::new();
    fixture.print(ASKS);
    let wait = fixture.asked(0);
    let answered = fixture.answer("Run it?", wait);
    assert_eq!(answered.blocking_recv(), Ok(Answered::Ignored));
    let typed = Input::Text("z".into());
    fixture.handle.send(Command::Input(None, typed));
    fixture.expect_typed(b"yz");
}

#[test]
fn another_ask_is_never_answered_by_an_answer_to_the_first() {
    let mut fixture = Fixture::new();
    fixture.print(ASKS);
    let first = fixture.asked(0);
    assert_eq!(
        fixture.answer("Delete it?", first).blocking_recv(),
        Ok(Answered::Another("Run it?".into()))
    );
    // The same words another time.
    fixture.print(&[WORKS, ASKS].concat());
    let second = fixture.asked(first);
    assert_eq!(
        fixture.answer("Run it?", first).blocking_recv(),
        Ok(Answered::Another("Run it?".into()))
    );
    // What it has said before the answer came counts, seen or not.
    fixture.print(WORKS);
    assert_eq!(
        fixture.answer("Run it?", second).blocking_recv(),
        Ok(Answered::Nothing)
    );
    let typed = Input::Text("z".into());
    fixture.handle.send(Command::Input(None, typed));
    fixture.expect_typed(b"z");
}
