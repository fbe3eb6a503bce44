//! Loops and budgets: warned of, held at, raised; a cost that is not known; and everything stopped at once.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::looped::{begin, open, steer, streaming, until, view};
use daemon_support::{Watcher, World};
use gluon::domain::budget::{BudgetOf, BudgetState, Limit};
use gluon::domain::loops::{BreakerState, Most, NewLimits};
use gluon::domain::{MicroUsd, Need, ProjectId, Reason, Status, TaskId};
use gluon::protocol::{Api, LoopControl, LoopStage, LoopView, NewLoop, NewTask, SetBudget};

/// A quarter of a dollar for each iteration, five of them.
const QUARTERS: &str = "touch f$n; save f\n\
    if [ $n -lt 5 ]; then result false \"$(block IN_PROGRESS false)\"; else result false \"$(block COMPLETE true)\"; fi";

fn dollars(usd: f64) -> Limit {
    Limit::Usd(MicroUsd((usd * 1e6) as i64))
}

fn raise(of: BudgetOf, by: f64) -> SetBudget {
    SetBudget {
        of,
        limit: dollars(by),
        raise: true,
    }
}

/// Whether it is paused for a budget; `words` are part of the reason.
fn held(words: &str) -> impl Fn(&LoopView) -> bool {
    move |view| matches!(&view.stage, LoopStage::Paused { why } if why.contains(words))
}

async fn events(watcher: &Watcher, task: TaskId, kind: &str) -> Vec<String> {
    let events = watcher.client.show_task(task).await.unwrap().events;
    let of_kind = events.into_iter().rev().filter(|event| event.kind == kind);
    of_kind.map(|event| event.detail).collect()
}

async fn ends_well(watcher: &mut Watcher, task: TaskId, iterations: u32) {
    let card = watcher.status(task, Status::Review).await;
    assert_eq!(
        card.task.reason,
        Some(Reason::Finished),
        "{:?}",
        view(&card)
    );
    assert_eq!(view(&card).iteration, iterations);
}

#[tokio::test]
async fn its_tasks_budget_warns_finishes_the_iteration_asks_and_goes_on_when_raised() {
    let world = World::new();
    let mut task = streaming(&world, QUARTERS);
    task.budget = Some(MicroUsd(600_000));
    let mut watcher = world.client().await;
    let task = begin(&watcher, task).await;
    let card = until(&mut watcher, task, held("$0.75")).await;
    assert_eq!(
        (card.task.status, view(&card).iteration),
        (Status::Running, 3)
    );
    assert_eq!(card.need(), Some(Need::Budget));
    assert_eq!(card.budget.unwrap().own.state, BudgetState::Spent);
    assert_eq!(
        events(&watcher, task, "budget").await,
        [
            format!("the budget of task {task} is nearly used up: $0.50 of $0.60"),
            format!("the budget of task {task} is used up: $0.75 of $0.60"),
        ]
    );
    let raised = raise(BudgetOf::Task(task), 5.0);
    watcher.client.set_budget(raised).await.unwrap();
    ends_well(&mut watcher, task, 5).await;
}

#[tokio::test]
async fn its_own_limit_holds_it_until_that_is_raised() {
    let world = World::new();
    let mut task = streaming(&world, QUARTERS);
    let limits = &mut task.looped.as_mut().unwrap().limits;
    limits.budget = Some(Most::At(MicroUsd(500_000)));
    let mut watcher = world.client().await;
    let task = begin(&watcher, task).await;
    let card = until(&mut watcher, task, held("$0.50")).await;
    assert_eq!(view(&card).iteration, 2);
    let more = NewLimits {
        budget: Some(Most::At(MicroUsd(2_000_000))),
        ..NewLimits::default()
    };
    steer(&watcher, task, LoopControl::Limits(more)).await;
    ends_well(&mut watcher, task, 5).await;
}

#[tokio::test]
async fn the_budgets_of_project_workspace_and_day_hold_it_too() {
    let world = World::new();
    let task = streaming(&world, QUARTERS);
    let mut watcher = world.client().await;
    // So that the project is there.
    let queued = NewTask {
        start: false,
        held: true,
        ..task.clone()
    };
    begin(&watcher, queued).await;
    let set = |of: BudgetOf, usd: f64| SetBudget {
        of,
        limit: dollars(usd),
        raise: false,
    };
    let project = BudgetOf::Project(ProjectId(1));
    let projects = watcher.client.list_projects(()).await.unwrap();
    let workspace = BudgetOf::Workspace(projects[0].workspace.clone());
    for (of, usd) in [
        (project.clone(), 0.25),
        (workspace.clone(), 0.5),
        (BudgetOf::Day, 0.75),
    ] {
        watcher.client.set_budget(set(of, usd)).await.unwrap();
    }
    let task = begin(&watcher, task).await;
    for (of, words, iteration) in [
        (project, "project", 1),
        (workspace, "workspace", 2),
        (BudgetOf::Day, "today", 3),
    ] {
        let card = until(&mut watcher, task, held(words)).await;
        assert_eq!(view(&card).iteration, iteration, "{words}");
        watcher.client.set_budget(raise(of, 5.0)).await.unwrap();
    }
    ends_well(&mut watcher, task, 5).await;
}

/// An agent whose transcript tells what it uses while it works.
fn live(world: &World) -> NewTask {
    let used = r#"{"type":"assistant","requestId":"r1","message":{"id":"m1","model":"our-model","usage":{"input_tokens":1000,"output_tokens":1}}}"#;
    let home = world.dir.path().join("home");
    let body = format!(
        "trap 'exit 130' INT\n\
         if [ $n = 1 ]; then touch f1; save f\n\
         mkdir -p {0}/projects/any; printf '%s\\n' '{used}' >> {0}/projects/any/$id.jsonl\n\
         hold go; fi\n\
         tell false \"$(block COMPLETE true)\"",
        home.display()
    );
    let task = streaming(world, &body);
    let path = world.paths.agents().join("fake.toml");
    let manifest = std::fs::read_to_string(&path).unwrap();
    let manifest = format!(
        "transcripts = \"claude\"\n{manifest}[env]\nCLAUDE_CONFIG_DIR = {:?}\n",
        home
    );
    std::fs::write(path, manifest).unwrap();
    let prices = r#"{"our-model":{"input_cost_per_token":1e-4,"output_cost_per_token":0}}"#;
    std::fs::write(world.paths.prices(), prices).unwrap();
    task
}

#[tokio::test]
async fn a_cost_that_arrives_while_it_works_interrupts_it_where_the_settings_say_so() {
    let world = World::with_config("[budget]\ntask = 0.05\nat_limit = \"interrupt\"\n");
    let task = live(&world);
    let mut watcher = world.client().await;
    let task = begin(&watcher, task).await;
    let card = until(&mut watcher, task, held("used up")).await;
    assert_eq!(
        (view(&card).iteration, card.need()),
        (1, Some(Need::Budget))
    );
    let history = watcher.client.loop_history(task).await.unwrap().iterations;
    assert!(
        history[0].how.contains("budget") && history[0].progress,
        "{history:?}"
    );
    let raised = raise(BudgetOf::Task(task), 5.0);
    watcher.client.set_budget(raised).await.unwrap();
    let card = watcher.status(task, Status::Review).await;
    assert_eq!(view(&card).breaker.state, BreakerState::Closed);
    assert_eq!(view(&card).iteration, 2);
}

#[tokio::test]
async fn otherwise_it_finishes_its_iteration_first() {
    let world = World::with_config("[budget]\ntask = 0.05\n");
    let task = live(&world);
    let mut watcher = world.client().await;
    let task = begin(&watcher, task).await;
    let asked = |view: &LoopView| {
        let after = view.afterwards.as_deref();
        after.is_some_and(|what| what.starts_with("pauses: the budget of task"))
    };
    let card = until(&mut watcher, task, asked).await;
    assert!(matches!(
        view(&card).stage,
        LoopStage::Running { ending: None }
    ));
    open(&world, "go");
    // What it ended with counts all the same: it was complete.
    ends_well(&mut watcher, task, 1).await;
}

#[tokio::test]
async fn everything_stops_at_once_and_goes_on_a_loop_too() {
    let world = World::new();
    let body = "if [ $n = 1 ]; then touch f; save f; echo at work; hold never; fi\nresult false \"$(block COMPLETE true)\"";
    let task = streaming(&world, body);
    let mut watcher = world.client().await;
    let task = begin(&watcher, task).await;
    let running = |view: &LoopView| matches!(view.stage, LoopStage::Running { .. });
    let card = until(&mut watcher, task, running).await;
    let session = card.session.unwrap().session.id;
    watcher
        .screen(session, |screen| screen.text().contains("at work"))
        .await;
    let paused = watcher.client.pause_all(true).await.unwrap();
    assert_eq!(paused.stopped, [task]);
    let card = until(&mut watcher, task, held("paused")).await;
    assert_eq!(card.task.status, Status::Running);
    let again = watcher.client.pause_all(false).await.unwrap();
    assert_eq!((again.queue_paused, again.resumed), (false, vec![task]));
    let card = watcher.status(task, Status::Review).await;
    assert_eq!(view(&card).iteration, 2);
}

#[tokio::test]
async fn where_a_cost_is_not_known_the_other_limits_hold_and_it_is_said() {
    let world = World::new();
    let body = "touch f$n; save f; tell false \"$(block IN_PROGRESS false)\"";
    let mut task = streaming(&world, body);
    task.looped = Some(NewLoop {
        limits: NewLimits {
            iterations: Some(Most::At(2)),
            budget: Some(Most::At(MicroUsd(10_000))),
            pause: Some(0),
            ..NewLimits::default()
        },
        ..NewLoop::default()
    });
    let mut watcher = world.client().await;
    let task = begin(&watcher, task).await;
    let card = watcher.status(task, Status::Review).await;
    assert_eq!(
        card.task.reason,
        Some(Reason::Failed("all 2 iterations used up".into()))
    );
    assert!(view(&card).unpriced);
    assert_eq!((view(&card).spent, card.cost), (MicroUsd(0), None));
}
