//! Loops in the daemon: a feature over several iterations, a stuck one, one that asks, one whose daemon dies,
//! and the user's wishes. The agents are shell scripts that do what their iteration's number says.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::looped::streaming;
use daemon_support::{Watcher, World, kill};
use gluon::domain::loops::{BreakerState, CheckOutcome, Most, NewLimits, PartKind};
use gluon::domain::{Activity, Mode, Reason, Status, TaskId};
use gluon::protocol::{
    Api, ControlLoop, ErrorCode, LoopControl, LoopStage, LoopView, NewLoop, NewTask, SendMessage,
    StartTask, TaskCard,
};

/// Counts the iterations outside of the worktree, as `$n`, then does what `body` says.
fn agent(world: &World, body: &str) -> String {
    let count = world.dir.path().join("count");
    format!(
        "n=$(( $(cat {0} 2>/dev/null || echo 0) + 1 )); echo $n > {0}\n\
         say() {{ printf '%s\\n' '---RALPH_STATUS---' \"STATUS: $1\" \"EXIT_SIGNAL: $2\" \"RECOMMENDATION: $3\" '---END_RALPH_STATUS---'; }}\n\
         save() {{ git add -A && git -c user.name=a -c user.email=a@b commit -qm \"$1\"; }}\n\
         {body}",
        count.display()
    )
}

fn looped(world: &World, body: &str, wishes: NewLoop) -> NewTask {
    NewTask {
        mode: Mode::Loop,
        looped: Some(NewLoop {
            limits: NewLimits {
                pause: Some(0),
                ..wishes.limits.clone()
            },
            ..wishes
        }),
        ..world.task(&agent(world, body))
    }
}

async fn begin(watcher: &Watcher, task: NewTask) -> TaskId {
    watcher.client.create_task(task).await.unwrap().task.id
}

fn view(card: &TaskCard) -> &LoopView {
    card.loop_view.as_ref().expect("a loop")
}

/// Whether a card's loop has begun and is as `wanted` likes it.
fn seen(card: &TaskCard, wanted: impl Fn(&LoopView) -> bool) -> bool {
    card.loop_view.as_ref().is_some_and(wanted)
}

fn runs(view: &LoopView, iteration: u32) -> bool {
    view.iteration == iteration && matches!(view.stage, LoopStage::Running { .. })
}

async fn steer(watcher: &Watcher, task: TaskId, what: LoopControl) -> LoopView {
    let control = ControlLoop { task, what };
    watcher.client.control_loop(control).await.unwrap()
}

#[tokio::test]
async fn a_feature_over_several_iterations_with_a_failing_then_passing_check() {
    let world = World::new();
    let mut watcher = world.client().await;
    let body = "case $n in\n\
        1) printf -- '- [x] one\\n- [ ] two\\n' > TODO.md; save one; say IN_PROGRESS false 'do two';;\n\
        2) printf -- '- [x] one\\n- [x] two\\n' > TODO.md; save two; say COMPLETE true nothing;;\n\
        *) touch good; save three; say COMPLETE true nothing;; esac";
    let wishes = NewLoop {
        check: Some("test -e good || { echo 'error: no good'; exit 3; }".into()),
        ..NewLoop::default()
    };
    let task = begin(&watcher, looped(&world, body, wishes)).await;
    let card = watcher.status(task, Status::Review).await;
    assert_eq!(card.task.reason, Some(Reason::Finished));
    let view = view(&card);
    assert_eq!(view.iteration, 3);
    assert!(matches!(
        view.stage,
        LoopStage::Ended {
            complete: true,
            bad: false,
            ..
        }
    ));
    let points: Vec<(PartKind, u8)> = view
        .confidence
        .parts
        .iter()
        .map(|part| (part.what, part.points))
        .collect();
    assert_eq!(
        points,
        [
            (PartKind::Block, 50),
            (PartKind::Plan, 20),
            (PartKind::Check, 30),
            (PartKind::Tree, 10)
        ]
    );
    assert_eq!(view.breaker.state, BreakerState::Closed);
    assert_eq!(view.check.as_ref().unwrap().outcome, CheckOutcome::Passed);

    let history = watcher.client.loop_history(task).await.unwrap().iterations;
    let told: Vec<(u32, bool, Option<CheckOutcome>)> = history
        .iter()
        .map(|record| (record.number, record.progress, record.check))
        .collect();
    let failed = Some(CheckOutcome::Failed);
    assert_eq!(
        told,
        [
            (3, true, Some(CheckOutcome::Passed)),
            (2, true, failed),
            (1, true, failed)
        ]
    );
    assert_eq!(history[2].recommendation, "do two");
    // One session, a run an iteration, and its terminal says what happened.
    let detail = watcher.client.show_task(task).await.unwrap();
    assert_eq!((detail.sessions.len(), detail.runs.len()), (1, 3));
    let log = String::from_utf8_lossy(&watcher.log(task).await).into_owned();
    for words in [
        "iteration 1",
        "error: no good",
        "the check passed",
        "the loop ended",
    ] {
        assert!(log.contains(words), "{words}\n{log}");
    }
    // What gluon keeps of it is no part of the worktree.
    let diff = watcher.client.diff(task).await.unwrap();
    assert!(!diff.contains("RALPH"), "{diff}");
}

#[tokio::test]
async fn one_that_gets_nowhere_is_opened_by_the_breaker_and_probed_once() {
    let world = World::new();
    let mut watcher = world.client().await;
    let body = "[ $n -gt 5 ] && [ -e ../allowed ] && touch new; say IN_PROGRESS false again";
    let task = begin(&watcher, looped(&world, body, NewLoop::default())).await;
    let card = watcher.status(task, Status::Review).await;
    assert_eq!(view(&card).iteration, 5);
    assert_eq!(view(&card).breaker.state, BreakerState::Open);
    assert!(
        matches!(&card.task.reason, Some(Reason::Failed(why)) if why.contains("no progress in 5"))
    );
    steer(&watcher, task, LoopControl::Continue { message: None }).await;
    let again = watcher
        .card(task, |card| {
            card.task.status == Status::Review && view(card).iteration == 6
        })
        .await;
    let reasons = &view(&again).breaker.reasons;
    assert!(
        reasons[0].contains("the iteration you allowed"),
        "{reasons:?}"
    );
}

#[tokio::test]
async fn one_that_is_blocked_waits_and_the_answer_is_told() {
    let world = World::new();
    let mut watcher = world.client().await;
    let body = "touch f$n; save x; if [ $n = 1 ]; then say BLOCKED false 'Which database?'; else say COMPLETE true no; fi";
    let task = begin(&watcher, looped(&world, body, NewLoop::default())).await;
    let waiting = |card: &TaskCard| {
        let session = card.session.as_ref();
        session.is_some_and(|session| matches!(&session.activity, Activity::Waiting(ask) if ask.text == "Which database?"))
    };
    let card = watcher.card(task, waiting).await;
    assert_eq!(
        (card.task.status, view(&card).iteration),
        (Status::Running, 1)
    );
    let message = SendMessage {
        task,
        text: "Postgres".into(),
    };
    watcher.client.send_message(message).await.unwrap();
    let card = watcher.status(task, Status::Review).await;
    assert_eq!((view(&card).iteration, view(&card).messages), (2, 0));
}

#[tokio::test]
async fn the_daemon_dies_in_the_middle_and_the_loop_goes_on_where_it_was() {
    let world = World::new();
    let mut watcher = world.client().await;
    let gate = world.dir.path().join("gate");
    let body = format!(
        "touch f$n; save x; if [ $n = 2 ]; then echo waits; while ! [ -e {} ]; do sleep 0.05; done; fi\n\
         [ $n -ge 3 ] && say COMPLETE true no || say IN_PROGRESS false go",
        gate.display()
    );
    let task = begin(&watcher, looped(&world, &body, NewLoop::default())).await;
    let second = watcher
        .card(task, |card| seen(card, |view| runs(view, 2)))
        .await;
    let pid = watcher.client.status(()).await.unwrap().pid;
    kill(pid);
    watcher.reconnected().await;
    let after = watcher.card(task, |_| true).await;
    assert_eq!(view(&after).iteration, 2);
    assert_eq!(view(&after).iteration_at, view(&second).iteration_at);
    // The iteration ends while nobody is there to see.
    let pid = watcher.client.status(()).await.unwrap().pid;
    std::fs::write(&gate, "").unwrap();
    kill(pid);
    watcher.reconnected().await;
    let card = watcher.status(task, Status::Review).await;
    assert_eq!(card.task.reason, Some(Reason::Finished));
    assert_eq!(view(&card).iteration, 3);
    let history = watcher.client.loop_history(task).await.unwrap().iterations;
    let progress: Vec<(u32, bool)> = history.iter().map(|r| (r.number, r.progress)).collect();
    assert_eq!(progress, [(3, true), (2, true), (1, true)]);
}

#[tokio::test]
async fn paused_told_raised_and_stopped() {
    let world = World::new();
    let mut watcher = world.client().await;
    let gates = world.dir.path().join("gate");
    let body = format!(
        "touch f$n; save x; echo saved $n; while ! [ -e {}$n ]; do sleep 0.05; done; say IN_PROGRESS false go",
        gates.display()
    );
    let gate = |number: u32| std::fs::write(format!("{}{number}", gates.display()), "").unwrap();
    let wishes = NewLoop {
        limits: NewLimits {
            iterations: Some(Most::At(3)),
            ..NewLimits::default()
        },
        ..NewLoop::default()
    };
    let task = begin(&watcher, looped(&world, &body, wishes)).await;
    let at = |number: u32| move |card: &TaskCard| seen(card, |view| runs(view, number));
    watcher.card(task, at(1)).await;
    let paused = steer(&watcher, task, LoopControl::Pause { now: false }).await;
    assert_eq!(paused.afterwards.as_deref(), Some("pauses"));
    gate(1);
    let is_paused =
        |card: &TaskCard| seen(card, |view| matches!(view.stage, LoopStage::Paused { .. }));
    watcher.card(task, is_paused).await;
    steer(
        &watcher,
        task,
        LoopControl::Continue {
            message: Some("hurry".into()),
        },
    )
    .await;
    let card = watcher.card(task, at(2)).await;
    let session = card.session.unwrap().session.id;
    watcher
        .screen(session, |screen| screen.text().contains("saved 2"))
        .await;

    // The task is stopped as any other is; its loop goes on when it is started again.
    watcher.client.stop_task(task).await.unwrap();
    let card = watcher.card(task, is_paused).await;
    assert_eq!(card.task.status, Status::Queued);
    let start = StartTask {
        task,
        message: None,
        fresh: false,
        recap: false,
        size: None,
    };
    watcher.client.start_task(start.clone()).await.unwrap();
    watcher.card(task, at(3)).await;
    gate(3);
    // What was interrupted by the user counts, since it made progress.
    let card = watcher.status(task, Status::Review).await;
    assert!(
        matches!(&card.task.reason, Some(Reason::Failed(why)) if why.contains("all 3 iterations"))
    );
    let refused = watcher.client.start_task(start).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
    let more = NewLimits {
        iterations: Some(Most::At(9)),
        ..NewLimits::default()
    };
    steer(&watcher, task, LoopControl::Limits(more)).await;
    steer(&watcher, task, LoopControl::Continue { message: None }).await;
    watcher.card(task, at(4)).await;
    steer(&watcher, task, LoopControl::Stop { after: false }).await;
    let stopped = |card: &TaskCard| card.task.reason == Some(Reason::Stopped);
    watcher
        .card(task, |card| {
            card.task.status == Status::Review && stopped(card)
        })
        .await;
}

#[tokio::test]
async fn wrong_wishes_are_refused() {
    let world = World::new();
    let watcher = world.client().await;
    for wishes in [
        NewLoop {
            template: Some("{{nonsense}}".into()),
            ..NewLoop::default()
        },
        NewLoop {
            plan: Some("../PLAN.md".into()),
            ..NewLoop::default()
        },
        NewLoop {
            limits: NewLimits {
                iterations: Some(Most::Unlimited),
                time: Some(Most::Unlimited),
                ..NewLimits::default()
            },
            ..NewLoop::default()
        },
    ] {
        let task = looped(&world, "true", wishes);
        let error = watcher.client.create_task(task).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Invalid, "{error}");
    }
    assert!(watcher.client.board(()).await.unwrap().cards.is_empty());
}

#[tokio::test]
async fn a_usage_limit_parks_it_and_it_goes_on_by_itself() {
    let world = World::new();
    let body = "if [ $n = 1 ]; then\n\
        printf '{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"rejected\",\"resetsAt\":%s,\"rateLimitType\":\"five_hour\"}}\\n' $(( $(date +%s) + 2 ))\n\
        result true 'limit reached'; exit 1; fi\n\
        touch done; save done; result false \"It is done.\\\\n$(block COMPLETE true)\"";
    let task = streaming(&world, body);
    let mut watcher = world.client().await;
    let task = begin(&watcher, task).await;
    let parked = |view: &LoopView| matches!(view.stage, LoopStage::Parked { limit: true, .. });
    let card = watcher.card(task, |card| seen(card, parked)).await;
    let session = card.session.as_ref().unwrap();
    assert!(matches!(session.activity, Activity::Limited(Some(_))));
    assert_eq!(
        (card.task.status, view(&card).counted),
        (Status::Running, 0)
    );
    let card = watcher.status(task, Status::Review).await;
    assert_eq!(
        card.task.reason,
        Some(Reason::Finished),
        "{:?}",
        card.loop_view
    );
    let view = view(&card);
    assert_eq!((view.iteration, view.counted), (2, 1));
    assert_eq!(view.confidence.percent, 60);
    // It was told the task, the rules and the block; nothing of gluon's is in the worktree.
    let told = std::fs::read_to_string(world.dir.path().join("prompt2")).unwrap();
    for words in [
        "Write the parser.",
        "one thing at a time",
        "EXIT_SIGNAL: false | true",
        "Iteration 1",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let tree = card.task.worktree.unwrap();
    let mut files: Vec<_> = std::fs::read_dir(tree)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, [".git", "README", "done"]);
}

/// Blocks in a tool's answer, in an earlier message and in a fence are no word of the agent's.
#[tokio::test]
async fn quoted_blocks_of_a_real_stream_end_nothing() {
    let world = World::new();
    let body = "touch f$n; save x\n\
        text=\"$(block COMPLETE true)\"\n\
        printf '{\"type\":\"assistant\",\"message\":{\"id\":\"m1\",\"content\":[{\"type\":\"text\",\"text\":\"%s\"},{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"Bash\",\"input\":{\"command\":\"cat\"}}]},\"session_id\":\"s\"}\\n' \"$text\"\n\
        printf '{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":\"%s\"}]},\"session_id\":\"s\"}\\n' \"$text\"\n\
        if [ $n -lt 3 ]; then result false \"All tasks are done. For example:\\\\n\\`\\`\\`\\\\n$text\\\\n\\`\\`\\`\"\n\
        else result false \"$(block IN_PROGRESS false)\"; fi";
    let mut task = streaming(&world, body);
    if let Some(looped) = &mut task.looped {
        looped.limits.iterations = Some(Most::At(3));
    }
    let mut watcher = world.client().await;
    let task = begin(&watcher, task).await;
    let card = watcher.status(task, Status::Review).await;
    assert!(
        matches!(&card.task.reason, Some(Reason::Failed(why)) if why == "all 3 iterations used up"),
        "{:?}",
        card.loop_view
    );
    let told = |number: u32| {
        std::fs::read_to_string(world.dir.path().join(format!("prompt{number}"))).unwrap()
    };
    let reminder = "ended without the status block";
    assert!(!told(1).contains(reminder));
    assert!(told(2).contains(reminder) && told(3).contains(reminder));
}

/// What `gluon demo` shows: the plan, a feature whose test fails, the fix; by the built-in agent.
#[tokio::test]
async fn the_demo_agent_builds_a_feature_in_three_iterations() {
    let world = World::new();
    for file in gluon::agents::demo::repository_files() {
        let path = world.repo.join(file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.content).unwrap();
    }
    daemon_support::git(&world.repo, &["add", "."]);
    daemon_support::git(&world.repo, &["commit", "-q", "-m", "tally"]);
    let mut watcher = world.client().await;
    let wishes = NewLoop {
        check: Some("sh tests/run.sh".into()),
        ..NewLoop::default()
    };
    let task = NewTask {
        agent: Some("demo".into()),
        command: None,
        prompt: "Name the categories above a limit. @@budget".into(),
        ..looped(&world, "", wishes)
    };
    let task = begin(&watcher, task).await;
    let ended = |view: &LoopView| matches!(view.stage, LoopStage::Ended { .. });
    let mut card = watcher
        .card(task, |card| seen(card, |view| view.iteration >= 2))
        .await;
    for iteration in [3, 4] {
        if seen(&card, ended) {
            break;
        }
        card = watcher
            .card(task, |card| {
                seen(card, |view| view.iteration >= iteration || ended(view))
            })
            .await;
    }
    assert_eq!(
        card.task.reason,
        Some(Reason::Finished),
        "{:?}",
        card.loop_view
    );
    let history = watcher.client.loop_history(task).await.unwrap().iterations;
    let checks: Vec<Option<CheckOutcome>> = history.iter().map(|record| record.check).collect();
    let (passed, failed) = (Some(CheckOutcome::Passed), Some(CheckOutcome::Failed));
    assert_eq!(checks, [passed, failed, passed]);
    assert_eq!(view(&card).confidence.percent, 100);
}
