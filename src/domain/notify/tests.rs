use super::*;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;

fn at(seconds: i64) -> Timestamp {
    Timestamp(1_000_000_000 + seconds * SECOND)
}

fn subject(task: i64, need: Need, since: i64) -> Subject {
    Subject {
        task: TaskId(task),
        session: Some(SessionId(task)),
        need,
        id: at(since).0 as u64,
        since: at(since),
        title: format!("title {task}"),
        project: "api".into(),
        agent: "claude".into(),
        words: "Run it?".into(),
    }
}

fn board(focus: Option<bool>, touched: i64) -> Look {
    Look {
        session: None,
        focus,
        touched: at(touched),
        left: None,
    }
}

fn rules() -> Rules {
    Rules {
        grace: 3 * SECOND,
        ..Rules::default()
    }
}

struct Fixture {
    rules: Rules,
    ledger: Ledger,
    needs: Vec<Subject>,
    looks: Vec<Look>,
    unclear: HashSet<TaskId>,
}

impl Fixture {
    fn new(needs: &[Subject]) -> Self {
        Self {
            rules: rules(),
            ledger: Ledger::new(at(0), []),
            needs: needs.to_vec(),
            looks: Vec::new(),
            unclear: HashSet::new(),
        }
    }

    fn step(&mut self, seconds: i64) -> Step {
        let moment = Moment {
            now: at(seconds),
            offset: 0,
            needs: &self.needs,
            unclear: &self.unclear,
            looks: &self.looks,
        };
        self.ledger.step(&self.rules, moment)
    }

    /// The title of what is told then.
    fn told(&mut self, seconds: i64) -> Option<String> {
        self.step(seconds).tell.map(|told| told.title)
    }
}

#[test]
fn it_is_told_once_and_only_after_a_while() {
    let mut fixture = Fixture::new(&[subject(7, Need::Permission, 10)]);
    let early = fixture.step(12);
    assert_eq!((early.tell, early.wake), (None, Some(at(13))));
    let told = fixture.step(13);
    let announcement = told.tell.unwrap();
    assert_eq!(announcement.title, "#7 title 7");
    assert_eq!(announcement.body, "claude asks: Run it?");
    assert_eq!(told.marks.len(), 1);
    for later in [14, 30, 4000] {
        assert_eq!(fixture.step(later), Step::default());
    }
    // The next ask is another one, even in the same words.
    fixture.needs = vec![subject(7, Need::Permission, 4000)];
    assert!(fixture.told(4003).is_some());
}

#[test]
fn what_is_answered_at_once_is_never_told() {
    let mut fixture = Fixture::new(&[subject(7, Need::Permission, 10)]);
    fixture.step(11);
    fixture.needs.clear();
    assert_eq!(fixture.step(13), Step::default());
    // Over and again is another time.
    fixture.needs = vec![subject(7, Need::Idle, 20)];
    assert!(fixture.told(23).is_some());
}

#[test]
fn who_looks() {
    let ask = subject(7, Need::Permission, 10);
    let left = |seconds| Look {
        left: Some(at(seconds)),
        ..board(Some(false), 0)
    };
    let pane = |task, touched| Look {
        session: Some(SessionId(task)),
        ..board(Some(true), touched)
    };
    // Who is open; whether it is told at 13, and by when it is told at the latest if not.
    let minutes = |n: i64| n * 60;
    for (looks, now, later) in [
        (vec![], true, None),
        // Touched since: seen for good.
        (vec![board(Some(true), 11)], false, None),
        (vec![board(None, 11)], false, None),
        // In front, but touched before: told once they must have left.
        (vec![board(Some(true), 5)], false, Some(5 + minutes(5))),
        (vec![board(None, 5)], false, Some(5 + minutes(1))),
        (vec![board(Some(true), 5 - minutes(6))], true, None),
        // Not in front.
        (vec![left(9)], true, None),
        (vec![left(12)], true, None),
        (vec![left(13)], true, None),
        (vec![left(14)], false, None),
        // A pane alone shows its own agent only.
        (vec![pane(7, 11)], false, None),
        (vec![pane(8, 11)], true, None),
        (vec![pane(8, 11), board(Some(true), 12)], false, None),
    ] {
        let mut fixture = Fixture::new(std::slice::from_ref(&ask));
        fixture.looks = looks;
        let step = fixture.step(13);
        assert_eq!(step.tell.is_some(), now, "{:?}", fixture.looks);
        assert_eq!(step.wake, later.map(at), "{:?}", fixture.looks);
        if let Some(later) = later {
            assert!(fixture.told(later - 1).is_none());
            assert!(fixture.told(later).is_some());
        } else {
            assert!(fixture.told(100_000).is_none(), "{:?}", fixture.looks);
        }
    }
}

#[test]
fn bursts_are_folded_the_most_urgent_first() {
    let needs = [
        subject(1, Need::Idle, 10),
        subject(2, Need::Permission, 11),
        subject(3, Need::Question, 12),
    ];
    let mut fixture = Fixture::new(&needs);
    // The first is due at 13, the others are only just behind.
    assert_eq!(fixture.step(13).tell, None);
    assert_eq!(fixture.step(14).tell, None);
    let told = fixture.step(15).tell.unwrap();
    assert_eq!(
        (told.title.as_str(), told.kind),
        ("3 agents need you", Need::Permission)
    );
    let order: Vec<i64> = told.tasks.iter().map(|one| one.task.0).collect();
    assert_eq!(order, [2, 3, 1]);
    assert_eq!(
        told.body,
        "#2 title 2 asks: Run it?\n#3 title 3 asks: Run it?\n#1 title 1 is idle: your turn: Run it?"
    );
    // What comes right afterwards waits a little, and comes together.
    fixture.needs.push(subject(4, Need::Permission, 16));
    fixture.needs.push(subject(5, Need::Question, 19));
    let next = fixture.step(19);
    assert_eq!((next.tell, next.wake), (None, Some(at(22))));
    assert_eq!(fixture.told(25).unwrap(), "2 agents wait for you");
}

#[test]
fn a_trickle_holds_nothing_up_for_long() {
    let mut fixture = Fixture::new(&[subject(1, Need::Idle, 10)]);
    for second in 10..=15 {
        fixture.needs.push(subject(second, Need::Idle, second));
        if let Some(told) = fixture.step(second).tell {
            assert_eq!(second, 15);
            assert!(told.tasks.len() >= 3, "{told:?}");
        }
    }
    assert!(fixture.ledger.last.is_some());
}

#[test]
fn quiet_hours_put_it_off_and_switches_leave_it_out() {
    let mut fixture = Fixture::new(&[subject(7, Need::Permission, 10)]);
    // at(0) is 1970-01-12, a Monday, 13:46:40.
    fixture.rules.quiet = vec!["13:00-13:48".parse().unwrap()];
    let step = fixture.step(13);
    assert_eq!(step.tell, None);
    assert_eq!(step.wake, Some(at(80)));
    assert!(fixture.told(80).is_some());

    let mut fixture = Fixture::new(&[subject(7, Need::Idle, 10), subject(8, Need::Failed, 10)]);
    fixture.rules.off = HashSet::from([Need::Idle]);
    let told = fixture.step(13).tell.unwrap();
    assert_eq!(told.title, "#8 title 8");
    assert!(fixture.told(1000).is_none());
}

#[test]
fn a_restart_of_the_daemon_tells_nothing_twice() {
    let mut fixture = Fixture::new(&[
        subject(1, Need::Permission, 10),
        subject(2, Need::Finished, 10),
        subject(3, Need::Idle, 10),
    ]);
    let marks = fixture.step(13).marks;
    assert_eq!(marks.len(), 3);
    let stored: Vec<(TaskId, SessionId, Mark)> = marks
        .into_iter()
        .map(|(session, mark)| (TaskId(session.0), session, mark.unwrap()))
        .collect();
    // The next daemon numbers asks and turns anew, and at first knows of some agents nothing.
    fixture.ledger = Ledger::new(at(100), stored);
    fixture.needs = vec![subject(2, Need::Finished, 10)];
    fixture.unclear = HashSet::from([TaskId(1), TaskId(3)]);
    assert_eq!(fixture.step(101), Step::default());
    fixture.unclear.clear();
    fixture.needs.push(subject(1, Need::Permission, 102));
    fixture.needs.push(subject(3, Need::Idle, 102));
    assert_eq!(fixture.step(110), Step::default());
    // What is asked then is new, as is another end.
    fixture.needs = vec![
        Subject {
            words: "Another?".into(),
            ..subject(1, Need::Permission, 120)
        },
        subject(2, Need::Finished, 121),
        subject(3, Need::Idle, 102),
    ];
    assert_eq!(fixture.step(124).tell.unwrap().tasks.len(), 2);
}

#[test]
fn an_ask_that_finds_its_words_is_the_same_one() {
    let mut fixture = Fixture::new(&[Subject {
        words: String::new(),
        ..subject(7, Need::Question, 10)
    }]);
    assert!(fixture.told(13).is_some());
    fixture.needs = vec![subject(7, Need::Permission, 14)];
    assert!(fixture.told(17).is_none());
    fixture.needs = vec![subject(7, Need::Permission, 60)];
    assert!(fixture.told(63).is_some());
}

#[test]
fn what_has_no_session_is_told_but_not_by_every_daemon() {
    let lost = |since| Subject {
        session: None,
        ..subject(7, Need::Failed, since)
    };
    let mut fixture = Fixture::new(&[lost(10)]);
    assert!(fixture.told(13).is_some());
    fixture.ledger = Ledger::new(at(20), []);
    assert!(fixture.told(21).is_none());
    fixture.needs = vec![lost(30)];
    assert!(fixture.told(33).is_some());
}

#[test]
fn what_is_over_is_taken_back() {
    let mut fixture = Fixture::new(&[
        subject(1, Need::Permission, 10),
        subject(2, Need::Question, 10),
    ]);
    let id = fixture.step(13).tell.unwrap().id;
    fixture.needs.remove(0);
    assert!(fixture.step(14).over.is_empty());
    fixture.needs.clear();
    let step = fixture.step(15);
    assert_eq!(step.over, [id]);
    assert_eq!(step.marks, [(SessionId(2), None)]);
    assert_eq!(fixture.step(16), Step::default());
}

#[test]
fn words_are_text_and_no_more() {
    let hostile = Subject {
        title: "t\x1b]0;x\x07itle\u{202e}".into(),
        words: format!("a\x1b[31m\nb\u{9b}c {}", "x".repeat(1000)),
        ..subject(1, Need::Permission, 10)
    };
    let told = compose(1, &[&hostile]);
    let text = format!("{}{}{:?}", told.title, told.body, told.tasks);
    assert!(
        !text.chars().any(|c| c.is_control() || c == '\u{202e}'),
        "{text}"
    );
    assert_eq!(told.title, "#1 t]0;xitle");
    assert!(told.body.starts_with("claude asks: a[31m bc xx") && told.body.ends_with("..."));
    let many: Vec<Subject> = (1..=8).map(|n| subject(n, Need::Idle, 10)).collect();
    let many = compose(2, &many.iter().collect::<Vec<_>>());
    assert_eq!(many.body.lines().count(), 6);
    assert!(many.body.ends_with("and 3 more"));
}

#[test]
fn an_away_user_is_told_after_minutes_not_never() {
    let mut fixture = Fixture::new(&[subject(7, Need::Permission, 10)]);
    fixture.looks = vec![board(Some(true), 9)];
    assert_eq!(fixture.step(13).wake, Some(Timestamp(at(9).0 + 5 * MINUTE)));
}
