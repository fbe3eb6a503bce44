//! What a session concludes of its agent's activity, and why.

use super::*;
use crate::daemon::session::Reasons;
use crate::domain::{Ask, AskKind, Hook, HookSays, Rule, Source, Standing};

impl Fixture {
    pub(super) fn reasons(&self) -> Reasons {
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

#[test]
fn an_ask_without_words_gets_them_from_the_screen() {
    let mut fixture = Fixture::new();
    fixture.print(b"\x1b]7501;state=blocked:app=x:kind=permission\x07");
    fixture.print(b"Would you like to run this?\r\n\r\n$ rm -r x\r\n> 1. Yes\r\n  2. No\r\n");
    let asks = |words: &str| {
        Activity::Waiting(Ask {
            kind: AskKind::Permission,
            text: words.to_owned(),
        })
    };
    fixture.expect_meta(|meta| meta.activity == asks("rm -r x"));
    assert_eq!(fixture.reasons().decision.by, Some(Source::Program));
    // The next one has words of its own.
    fixture.print(b"\x1b]7501;state=working:app=x\x07\x1b[2J\x1b[H");
    fixture.expect_meta(|meta| meta.activity == Activity::Working);
    fixture.print(b"Would you like to run this?\r\n\r\n$ ls\r\n> 1. Yes\r\n");
    fixture.print(b"\x1b]7501;state=blocked:app=x:kind=permission\x07");
    fixture.expect_meta(|meta| meta.activity == asks("ls"));
}

#[test]
fn words_about_limits_count_only_after_a_failure() {
    let mut fixture = Fixture::new();
    fixture.print(b"\x1b]7501;state=idle:app=x\x07the usage limit is 5, see docs\r\n");
    fixture.expect_meta(|meta| meta.activity == Activity::Idle);
    fixture.print(b"\x1b]7501;state=working:app=x\x07");
    fixture.expect_meta(|meta| meta.activity == Activity::Working);
    fixture.print(b"\x1b]7501;state=error:app=x\x07usage limit, try again in 2 hours\r\n");
    fixture.expect_meta(|meta| matches!(meta.activity, Activity::Limited(Some(_))));
    // Of its own accord it is ready again, and only another turn says more.
    fixture.print(b"\x1b]7501;state=idle:app=x\x07");
    assert_eq!(fixture.reasons().decision.rule, Rule::Limit);
}

/// A failed turn is no dialog: what is sent is typed.
#[test]
fn an_agent_that_needs_a_login_can_be_told_something() {
    let mut fixture = Fixture::new();
    fixture.print(b"\x1b]7501;state=error:app=x\x07");
    fixture.expect_meta(|meta| meta.activity == Activity::Idle);
    fixture.handle.send(Command::Hook(Hook {
        conversation: None,
        says: HookSays::Auth,
        words: "StopFailure no key".to_owned(),
        signs: Vec::new(),
    }));
    let meta = fixture.expect_meta(|meta| meta.held_back);
    let ask = Ask {
        kind: AskKind::Auth,
        text: "no key".to_owned(),
    };
    assert_eq!(meta.activity, Activity::Waiting(ask));
    fixture.handle.send(Command::Deliver(Words::silent(vec![
        Step::Unasked(false),
        Step::Input(Input::Raw(b"/login".to_vec())),
    ])));
    fixture.expect_typed(b"/login");
}

#[test]
fn subagents_and_shells_are_counted_apart_from_turns() {
    let fixture = Fixture::new();
    let hook = |says| {
        fixture.handle.send(Command::Hook(Hook {
            conversation: None,
            says,
            words: String::new(),
            signs: Vec::new(),
        }));
    };
    hook(HookSays::Working);
    hook(HookSays::SubagentBegan);
    hook(HookSays::SubagentBegan);
    fixture.expect_meta(|meta| meta.background == 2 && meta.activity == Activity::Working);
    hook(HookSays::SubagentEnded);
    hook(HookSays::Idle { background: 3 });
    fixture.expect_meta(|meta| meta.background == 4 && meta.activity == Activity::Idle);
    hook(HookSays::SubagentEnded);
    hook(HookSays::SubagentEnded);
    fixture.expect_meta(|meta| meta.background == 3);
}

/// What a subagent or a shell in the background does is not what the agent does, but for what it asks.
#[test]
fn parts_of_an_agent_are_told_apart() {
    let mut fixture = Fixture::new();
    let asks = |meta: &Meta| matches!(meta.activity, Activity::Waiting(_));
    fixture.print(b"\x1b]7501;state=working:app=x\x07\x1b]7501;state=working:app=x:id=a\x07");
    fixture.expect_meta(|meta| meta.activity == Activity::Working && meta.background == 1);
    fixture.print(b"\x1b]7501;state=blocked:app=x:id=a:kind=permission:msg=cm0geA==\x07");
    fixture.expect_meta(asks);
    fixture.print(b"\x1b]7501;state=working:app=x:id=b\x07");
    fixture.expect_meta(|meta| asks(meta) && meta.background == 2);
    fixture.print(b"\x1b]7501;state=working:app=x:id=a\x07");
    fixture.expect_meta(|meta| meta.activity == Activity::Working);
    // "1 shell still running": the turn is over.
    fixture.print(b"\x1b]7501;state=working:app=x:msg=MSBzaGVsbCBzdGlsbCBydW5uaW5n\x07");
    fixture.expect_meta(|meta| meta.activity == Activity::Idle);
    fixture.print(b"\x1b]7501;state=clear:id=a\x07\x1b]7501;state=clear:id=b\x07");
    fixture.expect_meta(|meta| meta.activity == Activity::Idle && meta.background == 0);
}

/// A failed turn is shown when its reason had the time to be told, and not as its end before.
#[test]
fn a_limit_does_not_look_like_the_end_of_the_work() {
    let mut fixture = Fixture::new();
    fixture.print(b"\x1b]7501;state=working:app=x\x07");
    fixture.expect_meta(|meta| meta.activity == Activity::Working);
    fixture.print(b"usage limit, try again in 2 hours\r\n\x1b]7501;state=error:app=x\x07");
    fixture.expect_meta(|meta| matches!(meta.activity, Activity::Limited(Some(_))));
    let past: Vec<Activity> = fixture
        .reasons()
        .past
        .into_iter()
        .map(|turn| turn.activity)
        .collect();
    assert!(!past.contains(&Activity::Idle), "{past:?}");
}
