use super::Rule::*;
use super::Source::*;
use super::*;
use crate::domain::{Ask, AskKind, Exit};

fn at(seconds: i64) -> Timestamp {
    Timestamp(seconds * 1000)
}

fn says(source: Source, says: Activity, since: i64) -> Claim {
    Claim {
        source,
        says,
        at: at(since),
        until: None,
        words: String::new(),
    }
}

fn until(claim: Claim, seconds: i64) -> Claim {
    Claim {
        until: Some(at(seconds)),
        ..claim
    }
}

fn waiting(text: &str) -> Activity {
    Activity::Waiting(Ask {
        kind: AskKind::Permission,
        text: text.into(),
    })
}

fn login() -> Activity {
    Activity::Waiting(Ask {
        kind: AskKind::Auth,
        text: "Invalid API key".into(),
    })
}

fn evidence(claims: Vec<Claim>) -> Evidence {
    let mut evidence = Evidence::default();
    for claim in claims {
        evidence.note(claim);
    }
    evidence
}

#[test]
fn who_decides() {
    use Activity::{Idle, Limited, Starting, Unknown, Working};
    type Case = (
        &'static str,
        Vec<Claim>,
        i64,
        Activity,
        Rule,
        Option<Source>,
    );
    let cases: Vec<Case> = vec![
        ("nobody", vec![], 9, Unknown, Nobody, None),
        (
            "a process that has just started",
            vec![until(says(Process, Starting, 0), 5)],
            4,
            Starting,
            JustStarted,
            Some(Process),
        ),
        (
            "a process that prints nothing is not said to start for ever",
            vec![until(says(Process, Starting, 0), 5)],
            5,
            Unknown,
            Nobody,
            None,
        ),
        (
            "any word of the agent ends the start",
            vec![
                until(says(Process, Starting, 0), 5),
                says(Program, Working, 1),
            ],
            2,
            Working,
            MostTrusted,
            Some(Program),
        ),
        (
            "after the end nothing else counts",
            vec![
                says(Program, Working, 8),
                says(Process, Activity::Exited(Exit::Code(0)), 7),
            ],
            9,
            Activity::Exited(Exit::Code(0)),
            Ended,
            Some(Process),
        ),
        (
            "a title that is newer does not overrule the agent's own status",
            vec![
                says(Program, waiting("Run ls?"), 1),
                says(Title, Working, 5),
            ],
            9,
            waiting("Run ls?"),
            MostTrusted,
            Some(Program),
        ),
        (
            "an old dialog on the screen does not overrule a hook",
            vec![says(Hook, Idle, 5), says(Screen, waiting("Do you want"), 1)],
            9,
            Idle,
            MostTrusted,
            Some(Hook),
        ),
        (
            "what a hook said of working is over some time",
            vec![until(says(Hook, Working, 0), 60), says(Title, Working, 1)],
            60,
            Working,
            MostTrusted,
            Some(Title),
        ),
        (
            "a wait is never over by itself",
            vec![until(says(Hook, waiting("Edit?"), 0), 60)],
            6000,
            waiting("Edit?"),
            MostTrusted,
            Some(Hook),
        ),
        (
            "a limit overrules the idle that came with it",
            vec![
                says(Program, Idle, 2),
                says(Hook, Limited(Some(at(500))), 1),
            ],
            9,
            Limited(Some(at(500))),
            Limit,
            Some(Hook),
        ),
        (
            "so does a login that is missing",
            vec![says(Program, Idle, 2), says(Hook, login(), 1)],
            9,
            login(),
            Limit,
            Some(Hook),
        ),
        (
            "who decides may not say what is asked",
            vec![
                says(Registry, waiting(""), 3),
                says(Hook, waiting("Bash: ls"), 1),
                says(Screen, waiting("Do you want to"), 3),
            ],
            9,
            waiting("Bash: ls"),
            MostTrusted,
            Some(Registry),
        ),
        (
            "but what was asked earlier is not what is asked now",
            vec![
                says(Registry, waiting(""), 30),
                says(Hook, waiting("Bash: ls"), 1),
            ],
            31,
            waiting(""),
            MostTrusted,
            Some(Registry),
        ),
        (
            "a limit is over when its time is up",
            vec![
                says(Program, Idle, 2),
                says(Hook, Limited(Some(at(500))), 1),
            ],
            500,
            Idle,
            MostTrusted,
            Some(Program),
        ),
        (
            "a turn that began after the limit ends it",
            vec![
                says(Program, Working, 60),
                says(Hook, Limited(Some(at(500))), 1),
            ],
            61,
            Working,
            MostTrusted,
            Some(Program),
        ),
        (
            "idle that flickers waits",
            vec![says(Title, Idle, 8)],
            9,
            Unknown,
            Nobody,
            None,
        ),
        (
            "and counts once it has lasted",
            vec![says(Title, Idle, 8)],
            10,
            Idle,
            MostTrusted,
            Some(Title),
        ),
        (
            "until then the same source's word before counts",
            vec![says(Title, Working, 1), says(Title, Idle, 8)],
            9,
            Working,
            MostTrusted,
            Some(Title),
        ),
        (
            "idle by the agent's own word counts at once",
            vec![says(Program, Working, 1), says(Program, Idle, 9)],
            9,
            Idle,
            MostTrusted,
            Some(Program),
        ),
    ];
    for (name, claims, now, activity, rule, by) in cases {
        let decision = evidence(claims).decide(at(now));
        let got = (decision.activity.clone(), decision.rule, decision.by);
        assert_eq!(got, (activity, rule, by), "{name}");
        // Looked at again when time alone may change it, it is never asked for the past.
        assert!(decision.until.is_none_or(|until| until > at(now)), "{name}");
        assert!(!decision.would_change().is_empty());
    }
}

#[test]
fn the_order_of_arrival_does_not_matter_between_sources() {
    let claims = [
        says(Title, Activity::Working, 3),
        says(Program, waiting("Run?"), 2),
        says(Screen, Activity::Idle, 4),
    ];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let evidence = evidence(order.map(|index| claims[index].clone()).to_vec());
        assert_eq!(evidence.decide(at(9)).by, Some(Program));
    }
}

#[test]
fn the_same_word_again_is_as_old_as_it_was_and_lasts_longer() {
    let mut evidence = evidence(vec![until(says(Hook, Activity::Working, 1), 10)]);
    evidence.note(until(says(Hook, Activity::Working, 8), 20));
    let claim = evidence.claim(Hook).unwrap();
    assert_eq!((claim.at, claim.until), (at(1), Some(at(20))));
}

#[test]
fn a_source_that_is_withdrawn_leaves_the_word_to_the_next() {
    let mut evidence = evidence(vec![
        says(Program, Activity::Working, 1),
        says(Title, Activity::Idle, 1),
    ]);
    evidence.withdraw(Program);
    assert_eq!(evidence.decide(at(9)).by, Some(Title));
    assert_eq!(evidence.best(), Some(Title));
    evidence.begin();
    assert_eq!(evidence.decide(at(9)).rule, Nobody);
}

#[test]
fn every_claim_says_how_it_stands() {
    let evidence = evidence(vec![
        says(Program, waiting("Run?"), 1),
        until(says(Hook, Activity::Working, 1), 5),
        says(Title, Activity::Idle, 9),
        says(Screen, Activity::Working, 1),
    ]);
    let standing: Vec<_> = evidence
        .claims(at(10))
        .into_iter()
        .map(|(claim, how)| (claim.source, how))
        .collect();
    assert_eq!(
        standing,
        [
            (Program, Standing::Decides),
            (Hook, Standing::Expired),
            (Title, Standing::TooFresh),
            (Screen, Standing::Overruled),
        ]
    );
}

#[test]
fn what_was_shown_is_remembered_and_bounded() {
    let mut evidence = Evidence::default();
    for second in 0..100 {
        let word = if second % 2 == 0 {
            Activity::Working
        } else {
            Activity::Idle
        };
        evidence.note(says(Program, word, second));
        evidence.conclude(at(second));
        evidence.conclude(at(second));
    }
    assert_eq!(evidence.past().count(), REMEMBERED);
    let last = evidence.past().last().unwrap();
    assert_eq!(
        (last.at, &last.activity, last.by),
        (at(99), &Activity::Idle, Some(Program))
    );
}

#[test]
fn words_are_bounded_and_clean() {
    let claim = Claim {
        words: format!("\x1b[31m{}", "x".repeat(5000)),
        ..says(Title, Activity::Working, 1)
    };
    let evidence = evidence(vec![claim]);
    let words = &evidence.claim(Title).unwrap().words;
    assert!(words.chars().count() <= MOST_WORDS && !words.contains('\x1b'));
}

#[test]
fn a_hook_is_newer_than_a_registry_that_was_read_before() {
    let mut evidence = evidence(vec![says(Registry, Activity::Idle, 1)]);
    evidence.note(until(says(Hook, Activity::Working, 3), 600));
    let decision = evidence.decide(at(3));
    assert_eq!(decision.activity, Activity::Working);
    assert_eq!((decision.rule, decision.by), (Newer, Some(Hook)));
    // Read again, it goes first, though it says the same as before.
    evidence.note(says(Registry, Activity::Idle, 4));
    let decision = evidence.decide(at(4));
    assert_eq!(decision.activity, Activity::Idle);
    assert_eq!((decision.rule, decision.by), (MostTrusted, Some(Registry)));
    // What the program says itself is never waited for.
    evidence.note(says(Program, Activity::Idle, 5));
    evidence.note(until(says(Hook, Activity::Working, 6), 600));
    assert_eq!(evidence.decide(at(6)).by, Some(Program));
}

/// However soon after the limit it begins, and ends.
#[test]
fn a_turn_that_begins_ends_a_limit() {
    let limited = Activity::Limited(None);
    let mut evidence = evidence(vec![
        says(Program, Activity::Working, 1),
        says(Screen, limited.clone(), 2),
        says(Program, Activity::Idle, 2),
    ]);
    assert_eq!(evidence.decide(at(3)).activity, limited);
    evidence.note(says(Program, Activity::Working, 4));
    assert_eq!(evidence.decide(at(4)).activity, Activity::Working);
    evidence.note(says(Program, Activity::Idle, 5));
    assert_eq!(evidence.decide(at(5)).activity, Activity::Idle);
    // A registry may be read late: busy is what it was before.
    evidence.note(says(Hook, limited.clone(), 10));
    evidence.note(says(Registry, Activity::Working, 11));
    assert_eq!(evidence.decide(at(12)).activity, limited);
}

#[test]
fn a_dialog_counts_where_a_title_says_idle() {
    let dialog = || says(Screen, waiting("trust?"), 1);
    for (title, expected) in [
        (
            says(Title, Activity::Idle, 5),
            (waiting("trust?"), Rule::Dialog),
        ),
        // It has just been said, and its debounce does not count for the dialog.
        (
            says(Title, Activity::Idle, 10),
            (waiting("trust?"), Rule::Dialog),
        ),
        (
            says(Title, Activity::Working, 5),
            (Activity::Working, Rule::MostTrusted),
        ),
        (
            says(Hook, Activity::Idle, 5),
            (Activity::Idle, Rule::MostTrusted),
        ),
    ] {
        let decision = evidence(vec![title.clone(), dialog()]).decide(at(10));
        assert_eq!((decision.activity, decision.rule), expected, "{title:?}");
    }
}
