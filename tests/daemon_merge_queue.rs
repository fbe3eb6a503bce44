//! The merge queue: one task after the other, each on top of the one before and checked as it would land.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use std::path::Path;
use std::process::Command;

use daemon_support::{Watcher, World, git, kill, soon};
use gluon::domain::{Mode, Reason, Status, TaskId};
use gluon::protocol::{AcceptPlan, Api, NewTask};

/// An agent that keeps a transcript as Claude Code does, does what its prompt says, and shows what it is told.
const AGENT: &str = r#"
case $1 in
    new) mkdir -p "$CLAUDE_CONFIG_DIR/projects/any"
         echo '{}' > "$CLAUDE_CONFIG_DIR/projects/any/$2.jsonl"
         eval "$3"
         exit 0 ;;
esac
echo "told: $3"
read line
"#;

fn world(config: &str) -> World {
    let world = World::with_config(config);
    for (key, value) in [
        ("user.name", "Test"),
        ("user.email", "test@example.org"),
        ("commit.gpgSign", "false"),
    ] {
        git(&world.repo, &["config", key, value]);
    }
    let root = world.repo.parent().unwrap().to_owned();
    let script = root.join("agent.sh");
    std::fs::write(&script, AGENT).unwrap();
    let manifest = format!(
        "title = \"Doer\"\nprogram = \"/bin/sh\"\nconversation = \"chosen\"\n\
         transcripts = \"claude\"\nfirst_prompt = \"argument\"\n\
         [start]\nargs = [{script:?}, \"new\", \"{{conversation}}\", \"{{prompt}}\"]\n\
         [resume]\nargs = [{script:?}, \"resume\", \"{{conversation}}\", \"{{prompt}}\"]\n\
         [env]\nCLAUDE_CONFIG_DIR = {:?}\n",
        root.join("home"),
    );
    std::fs::create_dir_all(world.paths.agents()).unwrap();
    std::fs::write(world.paths.agents().join("doer.toml"), manifest).unwrap();
    world
}

fn said(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("git").args(args).current_dir(dir).output();
    String::from_utf8(output.unwrap().stdout)
        .unwrap()
        .trim()
        .to_owned()
}

/// A task in review whose agent has done `script`.
async fn done(world: &World, watcher: &mut Watcher, title: &str, script: &str) -> TaskId {
    let new = NewTask {
        command: None,
        agent: Some("doer".into()),
        title: title.into(),
        prompt: script.into(),
        mode: Mode::Interactive,
        ..world.task("")
    };
    let id = watcher.client.create_task(new).await.unwrap().task.id;
    watcher.status(id, Status::Review).await;
    id
}

fn plan(task: TaskId) -> AcceptPlan {
    AcceptPlan {
        task: Some(task),
        ..AcceptPlan::default()
    }
}

#[tokio::test]
async fn one_after_the_other_and_what_fails_goes_back_to_its_agent() {
    // Every task is fine alone; together with the first, the second fails its check.
    let world =
        world("[review]\ncheck = \"echo looked; ! test -e one.txt || ! test -e two.txt\"\n");
    let mut watcher = world.client().await;
    let first = done(
        &world,
        &mut watcher,
        "first",
        "echo 1 > one.txt; echo a > same.txt",
    )
    .await;
    let second = done(&world, &mut watcher, "second", "echo 2 > two.txt").await;
    let third = done(&world, &mut watcher, "third", "echo c > same.txt").await;
    let fourth = done(&world, &mut watcher, "fourth", "echo 4 > four.txt").await;
    for task in [first, second, third, fourth] {
        watcher.client.queue_merge(plan(task)).await.unwrap();
    }
    watcher.status(first, Status::Done).await;
    watcher.status(fourth, Status::Done).await;
    let log = said(&world.repo, &["log", "--format=%s"]);
    assert_eq!(
        log, "fourth\nfirst\nfirst",
        "the commit of a task is named after it"
    );

    for (task, words) in [
        (
            second,
            ["! test -e one.txt", "failed with code 1", "looked"],
        ),
        (
            third,
            [
                "in conflict with main",
                "same.txt",
                "bring your branch up to date",
            ],
        ),
    ] {
        let card = watcher
            .card(task, |card| {
                card.task.status == Status::Running && card.session.is_some()
            })
            .await;
        soon("the message", async {
            loop {
                let log = watcher.log(task).await;
                let text = String::from_utf8_lossy(&log);
                if text.contains("told: Your work could not be integrated")
                    && words.iter().all(|word| text.contains(word))
                {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
        assert_eq!(card.review.merge_place, None);
    }
    assert_eq!(said(&world.repo, &["status", "--porcelain"]), "");
}

#[tokio::test]
async fn the_queue_outlives_the_daemon_and_a_task_without_an_agent_stays_in_review() {
    let gate = "for _ in $(seq 600); do test -e \\\"$GATE/open\\\" && exit 0; sleep 0.1; done";
    let world = world(&format!(
        "[review]\ncheck = \"{}\"\n",
        gate.replace("$GATE", "../../gate")
    ));
    let mut watcher = world.client().await;
    let first = done(&world, &mut watcher, "first", "echo 1 > one.txt").await;
    let command = world.task("echo x > README");
    let second = watcher.client.create_task(command).await.unwrap().task.id;
    watcher.status(second, Status::Review).await;
    for task in [first, second] {
        watcher.client.queue_merge(plan(task)).await.unwrap();
    }
    watcher
        .card(second, |card| card.review.merge_place == Some(2))
        .await;
    let error = watcher.client.unqueue_merge(first).await.unwrap_err();
    assert!(error.message.contains("right now"), "{error}");

    // The daemon dies while the first is checked; its successor begins it anew.
    let pid = watcher.client.status(()).await.unwrap().pid;
    kill(pid);
    watcher.reconnected().await;
    std::fs::write(world.repo.join("README"), "main moved\n").unwrap();
    git(&world.repo, &["commit", "-q", "-am", "main moved"]);
    let gate = world.paths.data.join("gate");
    std::fs::create_dir_all(&gate).unwrap();
    std::fs::write(gate.join("open"), "").unwrap();
    watcher.status(first, Status::Done).await;
    let card = watcher
        .card(second, |card| {
            card.review.merge_place.is_none() && card.task.reason != Some(Reason::Finished)
        })
        .await;
    assert_eq!(card.task.status, Status::Review);
    let Some(Reason::Failed(why)) = card.task.reason else {
        panic!("{:?}", card.task.reason);
    };
    assert!(why.contains("in conflict with main: README"), "{why}");
    soon("the rest", async {
        assert_eq!(said(&world.repo, &["log", "-1", "--format=%s"]), "first");
    })
    .await;
}
