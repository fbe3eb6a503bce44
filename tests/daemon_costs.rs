//! What tasks cost: read from the transcript of an agent while it works and at its end.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use daemon_support::World;
use gluon::domain::{Basis, MicroUsd, Status};
use gluon::protocol::{Api, CostBy, Input, ListCosts, NewTask, ShowCosts, Since};

/// An agent that keeps transcripts as Claude Code does, and uses more for each line it is given.
const AGENT: &str = r#"
dir="$CLAUDE_CONFIG_DIR/projects/any"
mkdir -p "$dir/$1/subagents"
use() {
    printf '{"type":"assistant","requestId":"r%s","message":{"id":"m%s","model":"%s","usage":{"input_tokens":1000,"output_tokens":1}}}\n' "$2" "$2" "$3" >> "$dir/$1"
}
use "$1.jsonl" 1 our-model
use "$1.jsonl" 1 our-model
echo ready
read line
use "$1/subagents/agent-1.jsonl" 2 our-model
use "$1.jsonl" 3 nobody
echo more
read line
printf '{"type":"cost-state","modelUsage":{"our-model":{"inputTokens":2000,"outputTokens":2,"costUSD":0.5}}}\n' >> "$dir/$1.jsonl"
"#;

#[tokio::test]
async fn a_task_costs_what_its_agent_used() {
    let world = World::new();
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
    // The user's own prices: a tenth of a dollar for a thousand tokens of input.
    let prices = r#"{"our-model":{"input_cost_per_token":1e-4,"output_cost_per_token":0}}"#;
    std::fs::write(world.paths.prices(), prices).unwrap();

    let mut watcher = world.client().await;
    let task = NewTask {
        command: None,
        agent: Some("paid".into()),
        ..world.task("")
    };
    let task = watcher.client.create_task(task).await.unwrap().task.id;
    let costs = |micros| {
        move |card: &gluon::protocol::TaskCard| {
            card.cost.is_some_and(|cost| cost.usd == MicroUsd(micros))
        }
    };
    let cost = watcher.card(task, costs(100_000)).await.cost.unwrap();
    assert_eq!(cost.to_string(), "~$0.10");
    assert_eq!(cost.tokens, 1001, "one request, though told twice");

    let go = || vec![Input::Raw(b"go\r".to_vec())];
    watcher.client.send_input((task, go())).await.unwrap();
    let cost = watcher.card(task, costs(200_000)).await.cost.unwrap();
    assert_eq!(
        cost.to_string(),
        "~$0.20+",
        "a subagent, and what has no price"
    );

    watcher.client.send_input((task, go())).await.unwrap();
    watcher.status(task, Status::Review).await;
    let cost = watcher.card(task, costs(500_000)).await.cost.unwrap();
    assert_eq!((cost.basis, cost.unpriced), (Basis::Reported, true));
    let detail = watcher.client.show_task(task).await.unwrap();
    assert_eq!(detail.sessions[0].cost, Some(cost));
    let today = watcher.client.board(()).await.unwrap().queue.today;
    assert_eq!(today, Some(cost));

    let by_model = ListCosts {
        by: CostBy::Model,
        since: Some(Since::Days(1)),
        project: None,
    };
    let lines = watcher.client.list_costs(by_model).await.unwrap();
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {} {}", line.key, line.requests, line.cost))
        .collect();
    assert_eq!(lines, ["our-model 2 $0.50", "nobody 1 unpriced"]);

    let by_task = ShowCosts {
        by: CostBy::Task,
        days: Some(7),
        project: None,
    };
    let view = watcher.client.show_costs(by_task).await.unwrap();
    assert_eq!((view.days.len(), view.lines.len()), (1, 1));
    assert_eq!(view.days[0].key, view.today.to_string());
    assert_eq!(view.lines[0].cost, cost);
    assert_eq!(view.problems, Vec::<String>::new());
    let recent = watcher.client.board(()).await.unwrap().queue.recent;
    assert_eq!(recent.len(), 7);
    assert_eq!(recent[6], MicroUsd(500_000));
    // A mistake in the user's prices is said.
    std::fs::write(world.paths.prices(), "{ half").unwrap();
    let view = watcher.client.show_costs(by_task).await.unwrap();
    assert!(view.problems[0].contains("prices.json"));
}
