//! What a session concludes of its agent's activity, and why.

use super::*;
use crate::daemon::session::Reasons;
use crate::domain::{Rule, Source, Standing};

impl Fixture {
    fn reasons(&self) -> Reasons {
        let (reply, answer) = oneshot::channel();
        self.handle.send(Command::Reasons(reply));
        answer.blocking_recv().unwrap()
    }
}

#[test]
fn what_is_shown_can_say_why() {
    let mut fixture = Fixture::new();
    fixture.print("\x1b]2;✦ Working\x07".as_bytes());
    fixture.expect_meta(|meta| meta.activity == Activity::Working);
    let reasons = fixture.reasons();
    assert_eq!(reasons.decision.by, Some(Source::Title));
    assert_eq!(reasons.claims[0].0.words, "✦ Working");
    // The program's own word goes before its title, and both are kept.
    fixture.print(b"\x1b]7501;state=blocked:app=x:kind=permission\x07");
    fixture.expect_meta(|meta| matches!(meta.activity, Activity::Waiting(_)));
    let reasons = fixture.reasons();
    let claims: Vec<_> = reasons
        .claims
        .iter()
        .map(|(claim, standing)| (claim.source, *standing))
        .collect();
    let expected = [
        (Source::Program, Standing::Decides),
        (Source::Title, Standing::Overruled),
    ];
    assert_eq!(claims, expected);
    assert_eq!(reasons.claims[0].0.words, "state=blocked kind=permission");
    // Withdrawn, it leaves the word to the title.
    fixture.print(b"\x1b]7501;state=clear:app=x\x07");
    fixture.expect_meta(|meta| meta.activity == Activity::Working);
    assert_eq!(fixture.reasons().decision.rule, Rule::MostTrusted);
}

#[test]
fn idle_in_a_title_has_to_last() {
    let mut fixture = Fixture::new();
    fixture.print("\x1b]2;✦ Working\x07".as_bytes());
    fixture.expect_meta(|meta| meta.activity == Activity::Working);
    fixture.print("\x1b]2;◇ Ready\x07 printed".as_bytes());
    fixture.expect_meta(|meta| meta.title == "◇ Ready");
    assert_eq!(fixture.handle.meta().activity, Activity::Working);
    assert_eq!(fixture.reasons().claims[0].1, Standing::TooFresh);
    // Time alone does the rest.
    fixture.expect_meta(|meta| meta.activity == Activity::Idle);
}

#[test]
fn a_progress_bar_that_moves_is_work() {
    let mut fixture = Fixture::new();
    fixture.print(b"\x1b]9;4;1;40\x07");
    fixture.expect_meta(|meta| meta.activity == Activity::Working);
    assert_eq!(fixture.reasons().claims[0].0.words, "40 %");
    fixture.print(b"\x1b]9;4;0\x07");
    fixture.expect_meta(|meta| meta.activity == Activity::Unknown);
}
