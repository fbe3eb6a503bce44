//! Going on with work: the same conversation where the agent has it, otherwise one that is told what was done.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use std::path::PathBuf;

use daemon_support::{Watcher, World, kill, soon};
use gluon::domain::{Mode, Reason, Status, TaskId};
use gluon::protocol::{Api, ErrorCode, NewTask, StartTask};

/// An agent that keeps a transcript as Claude Code does, changes a file, and says how it was started. With a
/// file `broken` beside its transcripts it begins an empty conversation instead of going on, and dies; with a
/// file `slow` it takes its time and says so of itself when it has come up.
const AGENT: &str = r#"
if [ "$1" = resume ] && [ -e "$CLAUDE_CONFIG_DIR/broken" ]; then
    printf '{"session_id":"%s","hook_event_name":"SessionStart","source":"startup"}' \
        f86a5bc0-9a85-4a96-ab46-39c8c0aa39a2 | "$GLUON" hook
    echo "no conversation found"
    exit 1
fi
if [ -e "$CLAUDE_CONFIG_DIR/slow" ]; then
    echo "begins $GLUON_TASK" >> "$CLAUDE_CONFIG_DIR/slow"
    sleep 1
    echo "is up $GLUON_TASK" >> "$CLAUDE_CONFIG_DIR/slow"
    printf '{"session_id":"%s","hook_event_name":"Stop"}' "$2" | "$GLUON" hook
fi
case $1 in
    new) mkdir -p "$CLAUDE_CONFIG_DIR/projects/any"
         echo '{}' > "$CLAUDE_CONFIG_DIR/projects/any/$2.jsonl"
         echo changed > changed.txt ;;
esac
echo "started as $1 $2"
echo "told: $3"
read line
"#;

struct Resumed {
    world: World,
    watcher: Watcher,
    transcripts: PathBuf,
}

impl Resumed {
    async fn new() -> Resumed {
        let world = World::new();
        let root = world.repo.parent().unwrap().to_owned();
        let script = root.join("agent.sh");
        std::fs::write(&script, AGENT).unwrap();
        let manifest = format!(
            "title = \"Resumed\"\nprogram = \"/bin/sh\"\nconversation = \"chosen\"\n\
             transcripts = \"claude\"\nfirst_prompt = \"argument\"\n\
             [start]\nargs = [{script:?}, \"new\", \"{{conversation}}\", \"{{prompt}}\"]\n\
             [resume]\nargs = [{script:?}, \"resume\", \"{{conversation}}\", \"{{prompt}}\"]\n\
             [env]\nCLAUDE_CONFIG_DIR = {:?}\nGLUON = {:?}\n",
            root.join("home"),
            env!("CARGO_BIN_EXE_gluon"),
        );
        std::fs::create_dir_all(world.paths.agents()).unwrap();
        std::fs::write(world.paths.agents().join("resumed.toml"), manifest).unwrap();
        let watcher = world.client().await;
        Resumed {
            world,
            watcher,
            transcripts: root.join("home/projects/any"),
        }
    }

    /// A task whose agent has said how it was started, and under which conversation.
    async fn task(&mut self) -> (TaskId, String) {
        let task = NewTask {
            command: None,
            agent: Some("resumed".into()),
            prompt: "the task".into(),
            mode: Mode::Interactive,
            ..self.world.task("")
        };
        let card = self.watcher.client.create_task(task).await.unwrap();
        let id = card.task.id;
        self.says(id, "told: the task").await;
        let session = card.session.unwrap().session;
        (id, session.conversation.unwrap())
    }

    async fn says(&mut self, task: TaskId, words: &str) -> String {
        let card = self
            .watcher
            .card(task, |card| {
                card.task.status == Status::Running && card.session.is_some()
            })
            .await;
        let session = card.session.unwrap().session.id;
        let screen = self
            .watcher
            .screen(session, |screen| screen.text().contains(words))
            .await;
        screen.text()
    }
}

fn start(task: TaskId, recap: bool) -> StartTask {
    StartTask {
        task,
        message: None,
        fresh: false,
        recap,
        size: Some((80, 24)),
    }
}

#[tokio::test]
async fn a_lost_conversation_is_said_and_a_new_one_is_told_what_was_done() {
    let mut resumed = Resumed::new().await;
    let (task, id) = resumed.task().await;
    let client = resumed.watcher.client.clone();
    client.stop_task(task).await.unwrap();
    // As long as the agent has it, the conversation goes on.
    client.start_task(start(task, false)).await.unwrap();
    resumed.says(task, &format!("started as resume {id}")).await;
    client.stop_task(task).await.unwrap();

    std::fs::remove_dir_all(&resumed.transcripts).unwrap();
    // What git says of the worktree shows that there was work.
    resumed
        .watcher
        .card(task, |card| {
            card.git.as_ref().is_some_and(|git| git.dirty == 1)
        })
        .await;
    let error = client.start_task(start(task, false)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Confirm);
    assert!(error.message.contains("Resumed no longer has"), "{error}");
    let card = client.show_task(task).await.unwrap().card;
    assert_eq!(card.task.status, Status::Queued, "nothing was started");
    assert_eq!(card.session.unwrap().session.conversation, Some(id.clone()));

    client.start_task(start(task, true)).await.unwrap();
    let screen = resumed.says(task, "- changed.txt").await;
    assert!(screen.contains("told: the task"), "{screen}");
    assert!(screen.contains("started as new") && !screen.contains(&id));
}

#[tokio::test]
async fn all_that_a_reboot_interrupted_comes_back() {
    let mut resumed = Resumed::new().await;
    let (first, first_id) = resumed.task().await;
    let (second, second_id) = resumed.task().await;
    let (stopped, _) = resumed.task().await;
    let client = resumed.watcher.client.clone();
    client.stop_task(stopped).await.unwrap();
    let status = client.status(()).await.unwrap();
    kill(status.keeper_pid.unwrap());
    kill(status.pid);
    soon("their end", async {
        while daemon_support::is_running(status.pid) {
            tokio::task::yield_now().await;
        }
    })
    .await;

    resumed.watcher = resumed.world.client().await;
    let client = resumed.watcher.client.clone();
    for task in [first, second] {
        let card = resumed.watcher.status(task, Status::Queued).await;
        assert_eq!(card.task.reason, Some(Reason::Interrupted));
    }
    let slow = resumed.transcripts.ancestors().nth(2).unwrap().join("slow");
    std::fs::write(&slow, "").unwrap();
    let back = client.resume_all(()).await.unwrap();
    let back: Vec<TaskId> = back.iter().map(|card| card.task.id).collect();
    assert_eq!(back, [first, second], "what the user stopped stays stopped");
    for (task, id) in [(first, first_id), (second, second_id)] {
        resumed.says(task, &format!("started as resume {id}")).await;
    }
    // The second was started only when the first had come up.
    let order = std::fs::read_to_string(&slow).unwrap();
    let expected = [first, second].map(|task| format!("begins {task}\nis up {task}\n"));
    assert_eq!(order, expected.concat());
    assert!(client.resume_all(()).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_old_conversation_is_kept_until_the_resumed_agent_lives() {
    let mut resumed = Resumed::new().await;
    let (task, id) = resumed.task().await;
    let client = resumed.watcher.client.clone();
    client.stop_task(task).await.unwrap();
    let broken = resumed
        .transcripts
        .ancestors()
        .nth(2)
        .unwrap()
        .join("broken");
    std::fs::write(&broken, "").unwrap();
    client.start_task(start(task, false)).await.unwrap();
    let card = resumed.watcher.status(task, Status::Review).await;
    assert!(
        matches!(card.task.reason, Some(Reason::Failed(_))),
        "{:?}",
        card.task.reason
    );
    // It told of another conversation, in which nothing was said.
    assert_eq!(card.session.unwrap().session.conversation, Some(id.clone()));
    let events = client.show_task(task).await.unwrap().events;
    assert!(events.iter().all(|event| event.kind != "conversation"));

    std::fs::remove_file(&broken).unwrap();
    client.start_task(start(task, false)).await.unwrap();
    resumed.says(task, &format!("started as resume {id}")).await;
}
