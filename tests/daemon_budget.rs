//! Budgets: warned of, held to, raised; and everything stopped at once.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::{Watcher, World};
use gluon::domain::budget::{BudgetOf, BudgetState, Limit};
use gluon::domain::{Activity, MicroUsd, Need, Status, TaskId};
use gluon::protocol::{
    Api, ErrorCode, Event, HoldView, Input, LinkEvent, NewTask, SendMessage, SetBudget, TaskCard,
    inbox,
};

/// An agent that keeps transcripts as Claude Code does and uses a tenth of a dollar for each line it is
/// given; it says that it works, until it is interrupted with Escape.
const AGENT: &str = r#"
dir="$CLAUDE_CONFIG_DIR/projects/any"
mkdir -p "$dir"
n=0
use() {
    n=$((n+1))
    printf '{"type":"assistant","requestId":"r%s","message":{"id":"m%s","model":"our-model","usage":{"input_tokens":1000,"output_tokens":1}}}\n' $n $n >> "$dir/$1.jsonl"
    echo "used $n"
}
say() { printf '\033]7501;state=%s:app=x\007' "$1"; }
stty -icanon -echo
say working
use "$1"
while key=$(dd bs=1 count=1 2>/dev/null); do
    case $key in
        m) use "$1" ;;
        "$(printf '\033')") say idle; echo interrupted ;;
    esac
done
"#;

fn dollars(usd: f64) -> Limit {
    Limit::Usd(MicroUsd((usd * 1e6) as i64))
}

async fn start(config: &str) -> (World, Watcher, TaskId) {
    let world = World::with_config(config);
    let root = world.repo.parent().unwrap();
    let script = root.join("agent.sh");
    std::fs::write(&script, AGENT).unwrap();
    let manifest = format!(
        "title = \"Paid\"\nprogram = \"/bin/sh\"\nconversation = \"chosen\"\n\
         transcripts = \"claude\"\nfirst_prompt = \"argument\"\n\
         [start]\nargs = [{script:?}, \"{{conversation}}\"]\n\
         [env]\nCLAUDE_CONFIG_DIR = {:?}\n",
        root.join("home")
    );
    std::fs::create_dir_all(world.paths.agents()).unwrap();
    std::fs::write(world.paths.agents().join("paid.toml"), manifest).unwrap();
    let prices = r#"{"our-model":{"input_cost_per_token":1e-4,"output_cost_per_token":0}}"#;
    std::fs::write(world.paths.prices(), prices).unwrap();
    let watcher = world.client().await;
    let task = watcher.client.create_task(paid(&world)).await.unwrap();
    (world, watcher, task.task.id)
}

fn paid(world: &World) -> NewTask {
    NewTask {
        command: None,
        agent: Some("paid".into()),
        ..world.task("")
    }
}

fn stands(state: BudgetState) -> impl Fn(&TaskCard) -> bool {
    move |card| {
        card.budget
            .as_ref()
            .is_some_and(|budget| budget.own.state == state)
    }
}

async fn uses_more(watcher: &Watcher, task: TaskId) {
    let more = vec![Input::Raw(b"m".to_vec())];
    watcher.client.send_input((task, more)).await.unwrap();
}

fn raise(of: BudgetOf, by: f64) -> SetBudget {
    SetBudget {
        of,
        limit: dollars(by),
        raise: true,
    }
}

#[tokio::test]
async fn a_task_is_warned_of_held_and_raised() {
    let (_world, mut watcher, task) = start("[budget]\ntask = 0.25\n").await;
    let told = daemon_support::soon("the first words on budgets", async {
        loop {
            if let LinkEvent::Event(Event::Message { text, .. }) = watcher.next().await {
                return text;
            }
        }
    });
    assert_eq!(
        told.await,
        "budgets are on: $0.25 a task, $50.00 a day; `gluon budget` shows and changes them"
    );
    watcher.card(task, stands(BudgetState::Enough)).await;
    uses_more(&watcher, task).await;
    let card = watcher.card(task, stands(BudgetState::Short)).await;
    assert_eq!(card.need(), None);
    uses_more(&watcher, task).await;
    let card = watcher.card(task, stands(BudgetState::Spent)).await;
    assert_eq!(card.need(), Some(Need::Budget));
    let entry = &inbox([&card])[0];
    assert_eq!(
        entry.words,
        format!("task {task} has used up its budget: ~$0.30 of $0.25")
    );
    // It goes on with its turn, but is given nothing more to do.
    assert_eq!(card.session.unwrap().activity, Activity::Working);
    let message = || SendMessage {
        task,
        text: "more".into(),
    };
    let refused = watcher.client.send_message(message()).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
    assert!(refused.hint.unwrap().contains("gluon budget raise"));
    let events = watcher.client.show_task(task).await.unwrap().events;
    let told: Vec<&str> = events
        .iter()
        .rev()
        .filter(|event| event.kind == "budget")
        .map(|event| event.detail.as_str())
        .collect();
    assert_eq!(
        told,
        [
            format!("the budget of task {task} is nearly used up: ~$0.20 of $0.25"),
            format!("the budget of task {task} is used up: ~$0.30 of $0.25"),
        ]
    );

    let budgets = watcher
        .client
        .set_budget(raise(BudgetOf::Task(task), 5.0))
        .await
        .unwrap();
    assert_eq!(budgets.budgets[0].limit, dollars(5.25));
    let card = watcher.card(task, stands(BudgetState::Enough)).await;
    assert_eq!(card.need(), None);
    watcher.client.send_message(message()).await.unwrap();
}

#[tokio::test]
async fn an_agent_is_interrupted_where_the_settings_say_so() {
    let config = "[budget]\ntask = 0.05\nat_limit = \"interrupt\"\n";
    let (_world, mut watcher, task) = start(config).await;
    let idle = |card: &TaskCard| {
        let session = card.session.as_ref();
        session.is_some_and(|session| session.activity == Activity::Idle)
    };
    daemon_support::soon("the interrupt", async {
        while !idle(&watcher.client.show_task(task).await.unwrap().card) {
            watcher.next().await;
        }
    })
    .await;
    let card = watcher.status(task, Status::Running).await;
    assert_eq!(card.need(), Some(Need::Budget), "the agent is still there");
}

#[tokio::test]
async fn a_day_that_is_used_up_starts_nothing_until_it_is_raised() {
    let (world, mut watcher, task) = start("[budget]\nday = 0.1\n").await;
    let spent = |card: &TaskCard| card.budget.as_ref().is_some_and(|b| b.refused.is_some());
    watcher.card(task, spent).await;
    let day = watcher.client.board(()).await.unwrap().queue.day.unwrap();
    assert_eq!((day.state, day.limit), (BudgetState::Spent, dollars(0.1)));

    // By hand it is refused, with the way out; in the queue it waits and says why.
    let refused = watcher.client.create_task(paid(&world)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Refused);
    assert!(
        refused.hint.unwrap().contains("raise day"),
        "{}",
        refused.message
    );
    let queued = NewTask {
        start: false,
        ..paid(&world)
    };
    let queued = watcher.client.create_task(queued).await.unwrap().task.id;
    let held = |card: &TaskCard| matches!(card.hold, Some(HoldView::Budget(_)));
    let card = watcher.card(queued, held).await;
    assert_eq!(card.need(), None, "what has not begun just waits");

    watcher
        .client
        .set_budget(raise(BudgetOf::Day, 5.0))
        .await
        .unwrap();
    watcher.status(queued, Status::Running).await;
    // Unlimited is a word.
    let unlimited = SetBudget {
        of: BudgetOf::Day,
        limit: Limit::Unlimited,
        raise: false,
    };
    let budgets = watcher.client.set_budget(unlimited).await.unwrap();
    assert_eq!(budgets.budgets[0].limit, Limit::Unlimited);
}

#[tokio::test]
async fn everything_stops_at_once_and_goes_on() {
    let (world, mut watcher, agent) = start("").await;
    let command = watcher
        .client
        .create_task(world.task("exec cat"))
        .await
        .unwrap();
    let command = command.task.id;
    let works = |card: &TaskCard| {
        let session = card.session.as_ref();
        session.is_some_and(|session| session.activity == Activity::Working)
    };
    watcher.card(agent, |card| card.session.is_some()).await;
    daemon_support::soon("work", async {
        while !works(&watcher.client.show_task(agent).await.unwrap().card) {
            watcher.next().await;
        }
    })
    .await;
    let paused = watcher.client.pause_all(true).await.unwrap();
    assert!(paused.queue_paused);
    assert_eq!(paused.interrupted, [agent]);
    assert_eq!(paused.stopped, [command]);
    let card = watcher.client.show_task(agent).await.unwrap().card;
    assert_eq!(card.session.unwrap().activity, Activity::Idle);
    assert_eq!(
        watcher
            .client
            .show_task(command)
            .await
            .unwrap()
            .card
            .task
            .status,
        Status::Queued
    );

    let paused = watcher.client.pause_all(false).await.unwrap();
    assert_eq!(
        (paused.queue_paused, paused.resumed),
        (false, vec![command])
    );
    watcher.status(command, Status::Running).await;
}
