//! An agent that tells of itself what a test says, by its hooks and its own registry.

use gluon::domain::{Activity, TaskId};
use gluon::protocol::{Api, Input, NewTask, SessionView, TaskCard};

use super::{Watcher, World};

/// An agent that does, with its hooks and its registry, what each line says that it is given.
const AGENT: &str = r#"
hook() { printf '%s' "$1" | "$GLUON" hook; }
note() {
    mkdir -p "$CLAUDE_CONFIG_DIR/sessions"
    printf '{"pid":%s,"sessionId":"%s","cwd":"%s","startedAt":99999999999999,"status":"%s"}' \
        $$ "$2" "$PWD" "$1" > "$CLAUDE_CONFIG_DIR/sessions/$$.json"
}
echo ready
while read what rest; do
    case $what in
        hook) hook "$rest" ;;
        note) note $rest; echo noted ;;
        busy) sh -c 'while :; do :; done' & busy=$! ;;
        still) kill $busy ;;
        waits) kill $busy; sleep 999 & busy=$! ;;
    esac
done
"#;

pub struct Told {
    pub world: World,
    pub watcher: Watcher,
    pub task: TaskId,
}

impl Told {
    pub async fn new() -> Told {
        Told::with_config("").await
    }

    pub async fn with_config(config: &str) -> Told {
        let world = World::with_config(config);
        let root = world.repo.parent().unwrap().to_owned();
        let script = root.join("agent.sh");
        std::fs::write(&script, AGENT).unwrap();
        let manifest = format!(
            "title = \"Told\"\nprogram = \"/bin/sh\"\nconversation = \"chosen\"\n\
             transcripts = \"claude\"\nfirst_prompt = \"argument\"\n\
             [start]\nargs = [{script:?}, \"{{conversation}}\"]\n\
             [env]\nCLAUDE_CONFIG_DIR = {:?}\nGLUON = {:?}\n",
            root.join("home"),
            env!("CARGO_BIN_EXE_gluon"),
        );
        std::fs::create_dir_all(world.paths.agents()).unwrap();
        std::fs::write(world.paths.agents().join("told.toml"), manifest).unwrap();
        let mut watcher = world.client().await;
        let task = NewTask {
            command: None,
            agent: Some("told".into()),
            ..world.task("")
        };
        let task = watcher.client.create_task(task).await.unwrap().task.id;
        watcher.card(task, |card| card.session.is_some()).await;
        Told {
            world,
            watcher,
            task,
        }
    }

    pub async fn does(&mut self, line: &str) {
        let line = Input::Raw(format!("{line}\n").into_bytes());
        let typed = self.watcher.client.send_input((self.task, vec![line]));
        typed.await.unwrap();
    }

    pub async fn hook(&mut self, id: &str, rest: &str) {
        let line = format!(r#"hook {{"session_id":"{id}",{rest}}}"#);
        self.does(&line).await;
    }

    /// Waits for an activity.
    pub async fn shows(&mut self, wanted: impl Fn(&Activity) -> bool) -> TaskCard {
        self.session(|session| wanted(&session.activity)).await
    }

    /// Waits for the session to be as wanted: looks again whenever anything happens.
    pub async fn session(&mut self, wanted: impl Fn(&SessionView) -> bool) -> TaskCard {
        loop {
            let card = self.watcher.client.show_task(self.task).await.unwrap().card;
            if card.session.as_ref().is_some_and(&wanted) {
                return card;
            }
            self.watcher.next().await;
        }
    }
}
