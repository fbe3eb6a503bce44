use std::path::PathBuf;

use super::*;
use crate::domain::*;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn task(project: ProjectId) -> Task {
    Task {
        id: TaskId(0),
        project,
        title: "naïve “title”".into(),
        prompt: "line one\nline two".into(),
        agent: "demo".into(),
        command: Some(vec!["tail".into(), "-f".into(), "a b.log".into()]),
        mode: Mode::Loop,
        base: Some("main".into()),
        priority: Priority::new(1),
        labels: vec!["ui".into(), "läbel".into()],
        depends_on: vec![TaskId(4), TaskId(9)],
        budget: Some(MicroUsd(5_000_000)),
        status: Status::Review,
        position: -1024,
        held: true,
        branch: Some("gluon/1-x".into()),
        base_commit: Some("abc".into()),
        worktree: Some(PathBuf::from("/tmp/ä b")),
        reason: Some(Reason::Failed("no such program".into())),
        created_at: NOW,
        changed_at: NOW.plus(5),
    }
}

fn draft(kind: &'static str) -> EventDraft {
    EventDraft::new(NOW, "user", kind)
}

fn filled() -> (Store, Task, Session) {
    let store = Store::in_memory().unwrap();
    let (project, new) = store.add_project("/repo".as_ref(), "repo", NOW).unwrap();
    assert!(new);
    let task = store.add_task(&task(project.id), draft("created")).unwrap();
    let session = store
        .add_session(&Session {
            id: SessionId(0),
            task: task.id,
            project: project.id,
            agent: "demo".into(),
            mode: Mode::Interactive,
            conversation: None,
            cwd: "/tmp/ä b".into(),
            state: SessionState::Live,
            started_at: NOW,
            ended_at: None,
            exit: None,
        })
        .unwrap();
    (store, task, session)
}

#[test]
fn everything_written_is_read_back() {
    let (store, task, mut session) = filled();
    assert_eq!(store.task(task.id).unwrap(), task);
    session.conversation = Some("uuid".into());
    session.state = SessionState::Interrupted;
    session.exit = Some(Exit::Signal(9));
    session.ended_at = Some(NOW);
    store.update_session(&session).unwrap();
    assert_eq!(store.sessions_of(task.id).unwrap(), [session.clone()]);
    assert_eq!(store.session(session.id).unwrap(), session);

    let run = Run {
        id: RunId(0),
        session: session.id,
        number: 0,
        pid: None,
        command: vec!["x".into()],
        started_at: NOW,
        ended_at: None,
        exit: None,
    };
    let first = store.add_run(&run).unwrap();
    let mut second = store.add_run(&run).unwrap();
    assert_eq!((first.number, second.number), (1, 2));
    second.pid = Some(42);
    second.exit = Some(Exit::Code(3));
    store.update_run(&second).unwrap();
    assert_eq!(store.runs_of(session.id).unwrap(), [second, first]);
}

#[test]
fn a_task_and_its_event_are_one() {
    let (store, mut task, _) = filled();
    task.status = Status::Done;
    store.change_task(&task, draft("accepted")).unwrap();
    let kinds: Vec<String> = store
        .events_of(task.id, 10)
        .unwrap()
        .into_iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(kinds, ["accepted", "created"]);

    let gone = Task {
        id: TaskId(999),
        ..task.clone()
    };
    let both = [
        Task {
            title: "changed".into(),
            ..task.clone()
        },
        gone,
    ];
    let error = store.change_tasks(&both, vec![draft("never").about(task.id)]);
    assert!(matches!(error, Err(StoreError::NotFound(_))));
    assert_eq!(store.task(task.id).unwrap().title, task.title);
    assert_eq!(store.events_of(task.id, 10).unwrap().len(), 2);
}

#[test]
fn a_removed_task_leaves_its_history_and_its_number() {
    let (store, task, session) = filled();
    store.remove_task(task.id, draft("removed")).unwrap();
    assert!(matches!(
        store.session(session.id),
        Err(StoreError::NotFound(_))
    ));
    assert_eq!(store.events_of(task.id, 10).unwrap().len(), 2);
    let next = store.add_task(&task, draft("created")).unwrap();
    assert!(next.id > task.id);
}

#[test]
fn a_project_is_registered_once_and_names_are_unique() {
    let store = Store::in_memory().unwrap();
    let add = |path: &str| store.add_project(path.as_ref(), "api", NOW).unwrap();
    let (first, _) = add("/a/api");
    let (again, new) = add("/a/api");
    assert_eq!((first.id, new), (again.id, false));
    assert_eq!(add("/b/api").0.name, "api-2");
}

#[test]
fn details_are_bounded_at_a_character() {
    let draft = draft("x").detail("ä".repeat(4000));
    let (store, task, _) = filled();
    store.add_event(&draft.about(task.id)).unwrap();
    assert_eq!(store.events_of(task.id, 1).unwrap()[0].detail.len(), 4096);
}

#[test]
fn newer_and_damaged_databases_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gluon.db");
    drop(Store::open(&path).unwrap());
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    assert!(matches!(
        Store::open(&path),
        Err(StoreError::Newer { found: 99, .. })
    ));

    let bad = dir.path().join("bad.db");
    let bytes =
        b"this is not a database, but it is long enough to be looked at as one ....".repeat(20);
    std::fs::write(&bad, &bytes).unwrap();
    assert!(matches!(Store::open(&bad), Err(StoreError::Damaged { .. })));
    assert_eq!(std::fs::read(&bad).unwrap(), bytes);
}

/// A database of every released schema must be read for ever.
#[test]
fn the_first_schema_is_still_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gluon.db");
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch(include_str!("../../tests/fixtures/store/v1.sql"))
        .unwrap();
    drop(raw);
    let store = Store::open(&path).unwrap();
    let tasks = store.tasks().unwrap();
    assert_eq!(tasks.len(), 2);
    assert_eq!(tasks[0].reason, Some(Reason::Finished));
    assert_eq!(tasks[1].depends_on, [TaskId(1)]);
    assert_eq!(store.sessions().unwrap()[0].exit, Some(Exit::Code(0)));
    assert_eq!(
        store.setting("queue.paused").unwrap().as_deref(),
        Some("true")
    );
    assert_eq!(store.cost_of_session(SessionId(1)).unwrap(), None);
}

#[test]
fn the_second_schema_is_still_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gluon.db");
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch(include_str!("../../tests/fixtures/store/v2.sql"))
        .unwrap();
    drop(raw);
    let store = Store::open(&path).unwrap();
    let spent = store.spent_since(Day(20_780)).unwrap();
    assert_eq!(spent.len(), 1);
    assert_eq!(spent[0].agent, "claude");
    assert_eq!(
        spent[0].row,
        usage_row("uuid", "claude-opus-5-5", Some(24_600))
    );
    assert_eq!(store.spent_since(Day(20_781)).unwrap(), []);
}

fn usage_row(conversation: &str, model: &str, cost: Option<i64>) -> UsageRow {
    UsageRow {
        conversation: conversation.into(),
        model: model.into(),
        day: Day(20_780),
        requests: 1,
        usage: Usage {
            input: 1200,
            cache_read: 15_000,
            cache_write_5m: 1500,
            cache_write_1h: 500,
            output: 340,
            reasoning: 40,
        },
        cost: cost.map(MicroUsd),
        basis: Basis::Reported,
    }
}

#[test]
fn what_was_used_is_written_again_and_never_twice() {
    let (store, task, session) = filled();
    let cost = || store.cost_of_session(session.id).unwrap();
    assert_eq!(cost(), None);
    let first = usage_row("one", "a", Some(20));
    let mut second = usage_row("one", "b", None);
    store
        .set_usage(&session, &[first.clone(), second.clone()])
        .unwrap();
    assert_eq!(cost().unwrap().to_string(), "$0.00+");
    assert_eq!(cost().unwrap().tokens, 2 * 18_540);
    // The same conversation again; another one stays as it is.
    store
        .set_usage(&session, &[usage_row("two", "a", Some(5))])
        .unwrap();
    second.cost = Some(MicroUsd(100));
    second.basis = Basis::Estimated;
    store.set_usage(&session, &[second, first.clone()]).unwrap();
    let sum = Cost {
        usd: MicroUsd(125),
        basis: Basis::Estimated,
        unpriced: false,
        tokens: 3 * 18_540,
    };
    assert_eq!(cost(), Some(sum));
    assert_eq!(store.cost_of_task(task.id).unwrap(), Some(sum));
    assert_eq!(store.cost_of_day(Day(20_780)).unwrap(), Some(sum));
    assert_eq!(store.cost_of_day(Day(20_779)).unwrap(), None);
    let mut known = store.used_conversations(session.id).unwrap();
    known.sort();
    assert_eq!(known, ["one", "two"]);
    // Money that was spent stays spent.
    store.remove_task(task.id, draft("removed")).unwrap();
    assert_eq!(store.cost_of_day(Day(20_780)).unwrap(), Some(sum));
    assert_eq!(store.spent_since(Day(0)).unwrap()[0].row, first);
}

#[test]
fn endless_numbers_can_still_be_summed() {
    let (store, _, session) = filled();
    let rows: Vec<UsageRow> = (0..100)
        .map(|number| UsageRow {
            usage: Usage {
                input: u64::MAX,
                output: u64::MAX,
                ..Usage::default()
            },
            ..usage_row("one", &format!("m{number}"), Some(i64::MAX))
        })
        .collect();
    store.set_usage(&session, &rows).unwrap();
    assert!(store.cost_of_session(session.id).unwrap().unwrap().usd.0 > 0);
}

#[test]
fn one_repository_used_by_many_at_once_is_one_project() {
    for _ in 0..50 {
        let store = Store::in_memory().unwrap();
        let start = std::sync::Barrier::new(4);
        let new = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        store.add_project("/repo".as_ref(), "repo", NOW).unwrap().1
                    })
                })
                .collect();
            let new = threads.into_iter().map(|thread| thread.join().unwrap());
            new.filter(|new| *new).count()
        });
        assert_eq!(new, 1);
        assert_eq!(store.projects().unwrap().len(), 1);
    }
}

#[test]
fn messages_wait_in_their_order_and_go_with_their_task() {
    let (store, first, _) = filled();
    let other = store.add_task(&task(first.project), draft("created"));
    let (one, other) = (first.id, other.unwrap().id);
    for text in ["first", "second"] {
        store.add_follow_up(one, text, Timestamp(5)).unwrap();
    }
    store.add_follow_up(other, "x", Timestamp(6)).unwrap();
    let waiting = store.follow_ups(one).unwrap();
    let texts: Vec<&str> = waiting.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(texts, ["first", "second"]);
    assert_eq!(store.follow_ups_of(one).unwrap(), 2);
    store.set_tried(waiting[0].id, Some(RunId(9))).unwrap();
    assert_eq!(store.follow_ups(one).unwrap()[0].tried, Some(RunId(9)));
    store.set_tried(waiting[0].id, None).unwrap();
    assert_eq!(store.follow_ups(one).unwrap(), waiting);
    assert!(store.remove_follow_up(waiting[0].id).unwrap());
    assert!(!store.remove_follow_up(waiting[0].id).unwrap());
    store.remove_task(other, draft("removed")).unwrap();
    assert_eq!(store.followed().unwrap(), [one]);
    assert!(store.add_follow_up(other, "y", Timestamp(7)).is_err());
}

#[test]
fn every_later_schema_is_still_read() {
    let fixtures = [
        include_str!("../../tests/fixtures/store/v3.sql"),
        include_str!("../../tests/fixtures/store/v4.sql"),
        include_str!("../../tests/fixtures/store/v5.sql"),
        include_str!("../../tests/fixtures/store/v6.sql"),
        include_str!("../../tests/fixtures/store/v7.sql"),
        include_str!("../../tests/fixtures/store/v8.sql"),
    ];
    for (fixture, version) in fixtures.into_iter().zip(3..) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("gluon.db");
        let raw = rusqlite::Connection::open(&path).unwrap();
        raw.execute_batch(fixture).unwrap();
        drop(raw);
        let store = Store::open(&path).unwrap();
        let (first, second) = (TaskId(1), TaskId(2));
        assert_eq!(store.tasks().unwrap().len(), 2);
        assert!(store.cost_of_session(SessionId(1)).unwrap().is_some());
        assert_eq!(store.follow_ups(first).unwrap()[0].text, "and the docs");
        assert_eq!(store.told(SessionId(1)).unwrap(), "finished");
        let since = |first: i64| version >= first;
        assert_eq!(store.check(first).unwrap().is_some(), since(4));
        assert_eq!(store.operations(9).unwrap().len(), usize::from(since(4)));
        assert_eq!(store.merge_queue().unwrap().len(), usize::from(since(4)));
        let of = store.fork_of(second).unwrap();
        assert_eq!(of, since(4).then_some(first));
        let project = &store.projects().unwrap()[0];
        assert_eq!(project.trusted_check.is_some(), since(4));
        assert_eq!(store.comments(first).unwrap().len(), usize::from(since(5)));
        assert_eq!(store.reviewed(first).unwrap().is_some(), since(5));
        assert_eq!(store.loop_settings(second).unwrap().is_some(), since(7));
        assert_eq!(project.trusted, since(8), "version {version}");
        assert_eq!(store.archive().unwrap().len(), 0);
    }
}

#[test]
fn what_was_known_of_a_removed_task_comes_back_with_it() {
    use crate::domain::archive::Archiving;
    use crate::domain::check::{CheckRecord, Verdict as Checked};
    use crate::domain::loops::LoopSettings;
    use crate::domain::operation::*;
    let (store, task, session) = filled();
    let id = task.id;
    let settings = LoopSettings {
        check: Some("go on, “please”".into()),
        ..LoopSettings::default()
    };
    store.set_loop_settings(id, &settings).unwrap();
    store.add_follow_up(id, "and the docs", NOW).unwrap();
    store.set_fork(id, TaskId(77)).unwrap();
    let check = CheckRecord {
        task: id,
        command: "make 'ä b'".into(),
        tree: "t".into(),
        head: "h".into(),
        verdict: Checked::Passed,
        output: "ok\n\u{1b}[1m".into(),
        at: NOW,
        took: 9,
    };
    store.set_check(&check).unwrap();
    let archiving = Archiving {
        at: NOW,
        archived: true,
    };
    store
        .set_archived(id, archiving, draft("archived"))
        .unwrap();
    let rows = store.rows_about(id).unwrap();
    let removal = Operation {
        id: 0,
        kind: OperationKind::Remove,
        state: OperationState::Done,
        task: id,
        project: task.project,
        title: task.title.clone(),
        at: NOW,
        journal: Journal::Remove {
            task: Box::new(task.clone()),
            sessions: vec![session.clone()],
            taken: Taken::default(),
            rows,
        },
    };
    let removal = store.add_operation(&removal).unwrap();
    store
        .remove_by_operation(&removal, draft("removed"))
        .unwrap();
    assert_eq!(store.loop_settings(id).unwrap(), None);
    assert_eq!(store.archive().unwrap().len(), 0);

    // As it was written.
    let stored = store.operation(removal.id).unwrap();
    let Journal::Remove { rows, .. } = &stored.journal else {
        panic!("{stored:?}")
    };
    store
        .restore_by_operation(&stored, &task, &[session], rows, draft("restored"))
        .unwrap();
    assert_eq!(store.loop_settings(id).unwrap(), Some(settings));
    assert_eq!(store.follow_ups(id).unwrap()[0].text, "and the docs");
    assert_eq!(store.fork_of(id).unwrap(), Some(TaskId(77)));
    assert_eq!(store.check(id).unwrap(), Some(check));
    assert_eq!(store.archiving(id).unwrap(), Some(archiving));

    // What a later gluon may have written does not stand in the way.
    store
        .remove_by_operation(&stored, draft("removed"))
        .unwrap();
    let strange = [
        KeptRow {
            table: "sessions; DROP TABLE tasks".into(),
            fields: "{}".into(),
        },
        KeptRow {
            table: "loops".into(),
            fields: format!("{{\"task\": {id}, \"settings\": \"{{}}\", \"later\": 1}}"),
        },
        KeptRow {
            table: "checks".into(),
            fields: "not JSON".into(),
        },
    ];
    store
        .restore_by_operation(&stored, &task, &[], &strange, draft("restored"))
        .unwrap();
    assert!(store.loop_settings(id).unwrap().is_some());
}
