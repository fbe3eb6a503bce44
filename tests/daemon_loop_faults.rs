//! Loops in the daemon, where something is in the way: an agent that is silent, a machine that went down, a
//! service that refuses; and what its agent is told: templates, messages, comments.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::looped::{begin, call, open, prompt, seen, streaming, until, view};
use daemon_support::{World, is_running, kill, soon};
use gluon::domain::comment::Place;
use gluon::domain::loops::BreakerState;
use gluon::domain::{Activity, Reason, Status, TaskId};
use gluon::protocol::{
    AddComment, Api, LoopStage, LoopView, NewTask, SendMessage, SendReview, StartTask,
};

fn runs(view: &LoopView, iteration: u32) -> bool {
    view.iteration == iteration && matches!(view.stage, LoopStage::Running { .. })
}

fn paused(view: &LoopView) -> bool {
    matches!(view.stage, LoopStage::Paused { .. })
}

fn start(task: TaskId) -> StartTask {
    StartTask {
        task,
        message: None,
        fresh: false,
        recap: false,
        size: None,
    }
}

/// What ends a loop of these tests well.
const DONE: &str = "touch done; save done; result false \"It is done.\\\\n$(block COMPLETE true)\"";

/// Whether a child works is only told by Linux; elsewhere nobody is said to be stuck.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_silent_iteration_is_interrupted_then_killed_with_its_group_and_what_it_changed_counts() {
    let world = World::with_config("[health]\nevery = 1\nslow = 1\nstuck = 2\n");
    // It waits for nothing that works, takes no notice of being interrupted but that it starts another
    // process, and has changed something.
    let body = format!(
        "if [ $n = 1 ]; then mkfifo {0}/never; touch half; save half\n\
         trap 'sleep 9999 & echo $! > {0}/child' INT\n\
         while :; do read word < {0}/never; done; fi\n{DONE}",
        world.dir.path().display()
    );
    let task = streaming(&world, &body);
    let mut watcher = world.client().await;
    let task = begin(&watcher, task).await;
    let ending = |view: &LoopView| matches!(view.stage, LoopStage::Running { ending: Some(_) });
    let card = until(&mut watcher, task, ending).await;
    let LoopStage::Running { ending: Some(why) } = &view(&card).stage else {
        unreachable!()
    };
    assert!(why.contains("no child process works"), "{why}");
    let card = watcher.status(task, Status::Review).await;
    assert_eq!(
        card.task.reason,
        Some(Reason::Finished),
        "{:?}",
        view(&card)
    );
    assert_eq!((view(&card).iteration, view(&card).counted), (2, 2));
    let history = watcher.client.loop_history(task).await.unwrap().iterations;
    let first = &history[1];
    assert!(first.progress, "{first:?}");
    assert!(first.how.contains("no child process works"), "{first:?}");
    assert_eq!(view(&card).breaker.state, BreakerState::Closed);
    let child = std::fs::read_to_string(world.dir.path().join("child")).unwrap();
    assert!(
        !is_running(child.trim().parse().unwrap()),
        "its child lives"
    );
    assert!(prompt(&world, 2).contains("Iteration 1"));
}

#[tokio::test]
async fn a_fresh_conversation_each_or_the_same_one() {
    for same in [false, true] {
        let world = World::new();
        let body = format!(
            "if [ $n -lt 3 ]; then touch f$n; save f; result false \"$(block IN_PROGRESS false)\"; else {DONE}; fi"
        );
        let mut task = streaming(&world, &body);
        task.looped.as_mut().unwrap().same_conversation = same;
        let mut watcher = world.client().await;
        let task = begin(&watcher, task).await;
        let card = watcher.status(task, Status::Review).await;
        assert_eq!(
            card.task.reason,
            Some(Reason::Finished),
            "{:?}",
            view(&card)
        );
        let calls: Vec<(String, String)> = [1, 2, 3]
            .map(|number| call(&world, number))
            .iter()
            .map(|call| call.split_once(' ').unwrap())
            .map(|(how, id)| (how.to_owned(), id.to_owned()))
            .collect();
        assert_eq!(calls[0].0, "--session-id");
        for later in &calls[1..] {
            if same {
                assert_eq!(*later, ("--resume".to_owned(), calls[0].1.clone()));
            } else {
                assert_eq!(later.0, "--session-id");
                assert_ne!(later.1, calls[0].1);
            }
        }
        let detail = watcher.client.show_task(task).await.unwrap();
        assert_eq!((detail.sessions.len(), detail.runs.len()), (1, 3));
    }
}

#[tokio::test]
async fn templates_are_the_users_the_projects_or_the_tasks_but_never_the_agents() {
    let world = World::new();
    let write = |dir: std::path::PathBuf, name: &str, text: &str| {
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join(name), text).unwrap();
    };
    let (users, projects) = (
        world.paths.config.join("loop"),
        world.repo.join(".gluon/loop"),
    );
    write(users.clone(), "rules.md", "the user's rules");
    write(users, "status.md", "the user's block");
    write(projects, "rules.md", "the project's rules");
    // An agent that writes itself rules is not heard.
    let body = format!(
        "mkdir -p .gluon/loop; echo 'its own rules' > .gluon/loop/rules.md; save x\n\
         if [ $n = 1 ]; then result false \"$(block IN_PROGRESS false)\"; else {DONE}; fi"
    );
    let plain = streaming(&world, &body);
    let mut own = plain.clone();
    own.looped.as_mut().unwrap().template =
        Some("Mine, number {{iteration}}: {{task}} / {{rules}} / {{status}}".into());
    let mut watcher = world.client().await;
    let first = begin(&watcher, plain).await;
    watcher.status(first, Status::Review).await;
    for number in [1, 2] {
        let told = prompt(&world, number);
        for words in [
            "Write the parser.",
            "the project's rules",
            "the user's block",
        ] {
            assert!(told.contains(words), "no {words} in\n{told}");
        }
        for words in ["its own rules", "the user's rules", "one thing at a time"] {
            assert!(!told.contains(words), "{words} in\n{told}");
        }
    }
    begin(&watcher, own).await;
    watcher.status(TaskId(2), Status::Review).await;
    assert_eq!(
        prompt(&world, 3),
        "Mine, number 1: Write the parser. / the project's rules / the user's block"
    );
}

#[tokio::test]
async fn a_template_that_cannot_be_used_ends_it_with_the_reason() {
    let world = World::new();
    let dir = world.repo.join(".gluon/loop");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("iteration.md"), "{{nonsense}}").unwrap();
    let task = streaming(&world, DONE);
    let mut watcher = world.client().await;
    let task = begin(&watcher, task).await;
    let card = watcher.status(task, Status::Review).await;
    assert!(
        matches!(&card.task.reason, Some(Reason::Failed(why)) if why.contains("template") && why.contains("nonsense")),
        "{:?}",
        card.task.reason
    );
}

/// As a reboot: keeper and daemon are gone, and with them the agent.
#[tokio::test]
async fn after_a_reboot_it_waits_for_the_user_and_goes_on_where_it_was() {
    let world = World::new();
    let body = format!(
        "case $n in 1) touch f1; save x; result false \"$(block IN_PROGRESS false)\";;\n\
         2) touch half; echo half done; hold never;;\n*) {DONE};; esac"
    );
    let task = streaming(&world, &body);
    let mut watcher = world.client().await;
    let task = begin(&watcher, task).await;
    let card = until(&mut watcher, task, |view| runs(view, 2)).await;
    let session = card.session.unwrap().session.id;
    watcher
        .screen(session, |screen| screen.text().contains("half done"))
        .await;
    let status = watcher.client.status(()).await.unwrap();
    kill(status.pid);
    kill(status.keeper_pid.unwrap());
    drop(watcher);
    soon("their end", async {
        while is_running(status.pid) || is_running(status.keeper_pid.unwrap()) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;

    let mut watcher = world.client().await;
    let card = until(&mut watcher, task, paused).await;
    assert_eq!(
        (card.task.status, &card.task.reason),
        (Status::Queued, &Some(Reason::Interrupted))
    );
    assert!(
        matches!(&view(&card).stage, LoopStage::Paused { why } if why.contains("interrupted")),
        "{:?}",
        view(&card).stage
    );
    watcher.client.start_task(start(task)).await.unwrap();
    let card = watcher.status(task, Status::Review).await;
    assert_eq!(
        card.task.reason,
        Some(Reason::Finished),
        "{:?}",
        view(&card)
    );
    assert_eq!(view(&card).iteration, 3);
    let history = watcher.client.loop_history(task).await.unwrap().iterations;
    let told: Vec<(u32, bool)> = history
        .iter()
        .map(|one| (one.number, one.progress))
        .collect();
    // What the lost one had changed counts.
    assert_eq!(told, [(3, true), (2, true), (1, true)], "{history:?}");
}

#[tokio::test]
async fn a_refused_login_and_an_unpaid_bill_stop_it_at_once() {
    for (status, words) in [(401, "Invalid API key"), (400, "Credit balance is too low")] {
        let world = World::new();
        let body = format!("tell true '{words}' '\"api_error_status\":{status},'; exit 1");
        let task = streaming(&world, &body);
        let mut watcher = world.client().await;
        let task = begin(&watcher, task).await;
        let card = watcher.status(task, Status::Review).await;
        assert!(
            matches!(&card.task.reason, Some(Reason::Failed(why)) if why.contains(words)),
            "{:?}",
            card.task.reason
        );
        assert_eq!(view(&card).iteration, 1);
        assert!(matches!(
            view(&card).stage,
            LoopStage::Ended { bad: true, .. }
        ));
        assert_eq!(view(&card).breaker.state, BreakerState::Closed);
    }
}

#[tokio::test]
async fn an_overloaded_service_is_tried_again_and_told_apart_from_a_limit() {
    let world = World::new();
    let body = "tell true 'Overloaded' '\"api_error_status\":529,'; exit 1";
    let task = streaming(&world, body);
    let mut watcher = world.client().await;
    let task = begin(&watcher, task).await;
    let parked = |view: &LoopView| matches!(view.stage, LoopStage::Parked { limit: false, .. });
    let card = until(&mut watcher, task, parked).await;
    assert_eq!(
        (view(&card).counted, card.task.status),
        (0, Status::Running)
    );
    let session = card.session.as_ref().unwrap();
    assert!(matches!(session.activity, Activity::Limited(Some(_))));
}

#[tokio::test]
async fn messages_and_comments_are_told_once_at_the_next_iteration() {
    let world = World::new();
    let body = format!(
        "case $n in 1) touch f1; save x; hold go; result false \"$(block IN_PROGRESS false)\";;\n\
         2) touch f2; save x; result false \"$(block IN_PROGRESS false)\";;\n*) {DONE};; esac"
    );
    let task: NewTask = streaming(&world, &body);
    let mut watcher = world.client().await;
    let task = begin(&watcher, task).await;
    until(&mut watcher, task, |view| runs(view, 1)).await;
    let text = "Use tabs.".to_owned();
    let message = SendMessage { task, text };
    watcher.client.send_message(message).await.unwrap();
    let comment = AddComment {
        task,
        place: Place {
            path: "f1".into(),
            line: None,
        },
        quote: String::new(),
        text: "Needs a test.".into(),
    };
    watcher.client.add_comment(comment).await.unwrap();
    let review = SendReview {
        task,
        text: String::new(),
        recap: false,
    };
    let card = watcher.client.send_review(review).await.unwrap();
    assert!(seen(&card, |view| view.messages == 2));
    let comments = watcher.client.list_comments(task).await.unwrap();
    assert!(comments[0].sent_at.is_some());
    open(&world, "go");
    let card = watcher.status(task, Status::Review).await;
    assert_eq!(
        card.task.reason,
        Some(Reason::Finished),
        "{:?}",
        view(&card)
    );
    for words in ["Use tabs.", "Needs a test.", "From the user"] {
        assert!(prompt(&world, 2).contains(words), "{}", prompt(&world, 2));
        assert!(!prompt(&world, 3).contains(words), "{}", prompt(&world, 3));
    }
}
