//! Real agent CLIs in a world of their own: a home without anything of the user's, a model server of the
//! test's, a gluon of the test's. Without the CLIs a test says that it is skipped, and passes.
//!
//! `.ci/run` installs them (`tests/real/package.json`) and sets `GLUON_TEST_CLIS`; otherwise they are looked
//! for where it put them the last time.
#![allow(dead_code)]

#[path = "../support/model/mod.rs"]
pub mod model;
#[path = "../support/mod.rs"]
pub mod support;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gluon::client::{Client, ConnectOptions, Events};
use gluon::config::Paths;
use gluon::domain::{Activity, TaskId, Timestamp};
use gluon::protocol::{Api, LinkEvent, SessionView, TaskDetail};
use serde_json::{Value, json};

pub use model::Model;
use support::Home;

/// How long anything may take: opencode alone starts for most of a minute on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(180);
/// The key that the CLIs are given; it opens nothing.
const KEY: &str = "sk-dummy-key-of-the-tests";
/// The model that opencode is given.
const OPENCODE_MODEL: &str = "gpt-5.2";
/// The one task of a laboratory, and the title that makes its worktree's name known beforehand.
pub const TASK: TaskId = TaskId(1);
const TITLE: &str = "real";

/// Where the CLIs are, if they are anywhere.
pub fn clis() -> Option<PathBuf> {
    let bin = |dir: PathBuf| {
        let bin = dir.join("node_modules/.bin");
        if bin.is_dir() { bin } else { dir }
    };
    if let Some(dir) = std::env::var_os("GLUON_TEST_CLIS") {
        return (!dir.is_empty()).then(|| bin(dir.into()));
    }
    let cache = match std::env::var_os("XDG_CACHE_HOME") {
        Some(cache) if !cache.is_empty() => PathBuf::from(cache),
        _ => PathBuf::from(std::env::var_os("HOME")?).join(".cache"),
    };
    let wanted = include_str!("../real/package-lock.json");
    let found = std::fs::read_dir(cache.join("gluon-test-clis")).ok()?;
    let mut found = found.flatten().map(|entry| entry.path());
    let dir = found.find(|dir| {
        let lock = std::fs::read_to_string(dir.join("package-lock.json"));
        dir.join("complete").exists() && lock.is_ok_and(|lock| lock == wanted)
    });
    dir.map(bin)
}

/// The CLI of this name; without it, the test that asks is told to be skipped.
pub fn cli(name: &str) -> Option<PathBuf> {
    let found = clis().and_then(|dir| {
        // Of opencode only the program is installed, not what starts it.
        let alone = dir.join(format!("../{name}-linux-x64/bin")).join(name);
        [dir.join(name), alone]
            .into_iter()
            .find(|path| path.exists())
    });
    if found.is_none() {
        let test = std::thread::current();
        let test = test.name().unwrap_or("a test");
        // Not eprintln!, which is not shown of tests that pass.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: {test}: there is no {name}; .ci/run installs it where npm is, \
             or GLUON_TEST_CLIS names a directory with it"
        );
    }
    found
}

/// A gluon, a repository, a model and an agent CLI.
pub struct Lab {
    pub home: Home,
    pub model: Model,
    pub repo: PathBuf,
    /// Where programs are looked up.
    path: OsString,
    /// Whether the CLI counts what it asks beside the turns of its conversations.
    sides: bool,
}

impl Lab {
    /// One for Claude Code, if it is there.
    pub fn claude() -> Option<Lab> {
        let mut lab = Lab::new(&cli("claude")?);
        lab.sides = true;
        lab.write_home(".claude.json", &lab.claude_state().to_string());
        // Its new default, "auto", lets a model decide what is asked.
        let settings = json!({"permissions": {"defaultMode": "default"}});
        lab.write_home(".claude/settings.json", &settings.to_string());
        Some(lab)
    }

    /// One for Codex, if it is there.
    pub fn codex() -> Option<Lab> {
        let lab = Lab::new(&cli("codex")?);
        let config = format!(
            "model = \"gpt-5.2-codex\"\nmodel_provider = \"test\"\ncheck_for_update_on_startup = false\n\
             [model_providers.test]\nname = \"test\"\nbase_url = \"{}/v1\"\n\
             wire_api = \"responses\"\nenv_key = \"OPENAI_API_KEY\"\n\
             [projects.{:?}]\ntrust_level = \"trusted\"\n\
             [projects.{:?}]\ntrust_level = \"trusted\"\n",
            lab.model.url(),
            lab.worktree(),
            lab.repo,
        );
        lab.write_home(".codex/config.toml", &config);
        Some(lab)
    }

    /// One for Gemini CLI, if it is there.
    pub fn gemini() -> Option<Lab> {
        let mut lab = Lab::new(&cli("gemini")?);
        lab.home.set_env("GEMINI_API_KEY", KEY);
        let url = lab.model.url();
        lab.home.set_env("GOOGLE_GEMINI_BASE_URL", url);
        let settings = json!({
            "security": {
                "auth": {"selectedType": "gemini-api-key"},
                "folderTrust": {"enabled": true},
            },
            "general": {"disableAutoUpdate": true, "disableUpdateNag": true},
            // Otherwise a model on the side decides which one.
            "model": {"name": "gemini-3.1-pro-preview"},
            "privacy": {"usageStatisticsEnabled": false},
        });
        lab.write_home(".gemini/settings.json", &settings.to_string());
        Some(lab)
    }

    /// One for opencode, if it is there.
    pub fn opencode() -> Option<Lab> {
        let mut lab = Lab::new(&cli("opencode")?);
        let table = prices();
        let rate = |field: &str| table[OPENCODE_MODEL][field].as_f64().expect("a price") * 1e6;
        let config = json!({
            "autoupdate": false,
            "share": "disabled",
            "snapshot": false,
            "model": format!("test/{OPENCODE_MODEL}"),
            "small_model": format!("test/{OPENCODE_MODEL}"),
            "permission": {"edit": "ask", "bash": "ask"},
            "provider": {"test": {
                "npm": "@ai-sdk/openai-compatible",
                "name": "test",
                "options": {"baseURL": format!("{}/v1", lab.model.url()), "apiKey": KEY},
                "models": {(OPENCODE_MODEL): {
                    "name": OPENCODE_MODEL,
                    "limit": {"context": 200_000, "output": 32_000},
                    "cost": {
                        "input": rate("input_cost_per_token"),
                        "output": rate("output_cost_per_token"),
                        "cache_read": rate("cache_read_input_token_cost"),
                    },
                }},
            }},
        });
        lab.write_home("opencode.json", &config.to_string());
        // Where there is none it wants to fetch it, for a minute where there is no network.
        lab.write_home("bin/rg", "#!/bin/sh\nexit 1\n");
        lab.write_opencode_plugins();
        let home = lab.home.path().join("home");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(home.join("bin/rg"), executable).expect("a mode");
        let path = std::env::split_paths(&lab.path).chain([home.join("bin")]);
        let path = std::env::join_paths(path).expect("directories");
        lab.home.set_env("PATH", path);
        lab.home
            .set_env("OPENCODE_CONFIG", home.join("opencode.json"));
        for name in [
            "DISABLE_AUTOUPDATE",
            "DISABLE_MODELS_FETCH",
            "DISABLE_LSP_DOWNLOAD",
            "DISABLE_DEFAULT_PLUGINS",
            "EXPERIMENTAL_DISABLE_FILEWATCHER",
        ] {
            lab.home.set_env(&format!("OPENCODE_{name}"), "1");
        }
        Some(lab)
    }

    fn new(program: &Path) -> Lab {
        let model = Model::start();
        let mut home = Home::new();
        // What a test that fails shows the end of.
        home.set_env("GLUON_LOG", "info,gluon::daemon::service::server=debug");
        let bin = program.parent().expect("a directory").to_owned();
        let mut path = vec![bin];
        path.extend(std::env::split_paths(
            &std::env::var_os("PATH").unwrap_or_default(),
        ));
        let path = std::env::join_paths(path).expect("directories");
        home.set_env("PATH", &path);
        for (name, value) in [
            ("ANTHROPIC_API_KEY", KEY),
            ("ANTHROPIC_BASE_URL", &model.url()),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
            ("DISABLE_AUTOUPDATER", "1"),
            // A failure is one at once, and not after minutes of trying again.
            ("CLAUDE_CODE_MAX_RETRIES", "1"),
            ("OPENAI_API_KEY", KEY),
        ] {
            home.set_env(name, value);
        }
        let repo = home.repo("repo");
        Lab {
            home,
            model,
            repo,
            path,
            sides: false,
        }
    }

    pub fn write_home(&self, name: &str, content: &str) {
        let path = self.home.path().join("home").join(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        std::fs::write(path, content).expect("a file");
    }

    /// What opencode would fetch for plugins before its first turn, as if it had.
    fn write_opencode_plugins(&self) {
        let plugin = json!({"dependencies": {"@opencode-ai/plugin": "1.18.33"}});
        let lock = json!({"lockfileVersion": 3, "packages": {"": plugin}});
        for (name, content) in [
            ("package.json", &plugin),
            ("package-lock.json", &lock),
            ("node_modules/@opencode-ai/plugin/package.json", &plugin),
        ] {
            let name = format!(".config/opencode/{name}");
            self.write_home(&name, &content.to_string());
        }
    }

    /// The answers to what Claude Code asks when it is new.
    fn claude_state(&self) -> Value {
        let end = &KEY[KEY.len() - 20..];
        let trusted = json!({"hasTrustDialogAccepted": true});
        json!({
            "hasCompletedOnboarding": true,
            "theme": "dark",
            "customApiKeyResponses": {"approved": [end]},
            "fullscreenUpsellSeenCount": 5,
            "hasSeenAutoDefaultNotice": true,
            "hasSeenAutoDefaultNudge": true,
            "projects": {
                (self.worktree().to_str().expect("text")): trusted,
                (self.repo.to_str().expect("text")): trusted,
            },
        })
    }

    /// Where the task will work.
    pub fn worktree(&self) -> PathBuf {
        let name = format!("{TASK}-{TITLE}", TASK = TASK.0);
        let root = self.home.path().canonicalize().expect("a directory");
        root.join("data/worktrees/repo").join(name)
    }

    /// Runs gluon in the repository.
    pub fn gluon(&self, arguments: &[&str]) -> String {
        self.home.gluon(&self.repo, arguments)
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        self.home.json(&self.repo, arguments)
    }

    /// Starts the task with a prompt, and watches it.
    pub async fn start(&self, agent: &str, prompt: &str) -> Watch<'_> {
        self.start_as(&["--agent", agent], prompt).await
    }

    /// As [`Lab::start`], with flags of its own.
    pub async fn start_as(&self, flags: &[&str], prompt: &str) -> Watch<'_> {
        let new = ["new", "--start", "--title", TITLE];
        let prompt_file = self.home.path().join("prompt");
        std::fs::write(&prompt_file, prompt).expect("a file");
        let file = prompt_file.to_str().expect("text");
        let mut arguments = new.to_vec();
        arguments.extend(flags);
        arguments.extend(["--prompt-file", file]);
        // `--title` together with a file: the text is the prompt, the title ours.
        self.gluon(&arguments);
        let options = ConnectOptions {
            autostart: false,
            reconnect: true,
            program: None,
        };
        let connected = Client::connect(&self.paths(), options).await;
        let (client, events) = connected.unwrap_or_else(|error| panic!("{error}"));
        client.subscribe(()).await.expect("a subscription");
        Watch {
            lab: self,
            client,
            events,
        }
    }

    /// Stops the task: what gluon says that it cost is what the model counted for it, by tokens and price.
    pub fn assert_costs(&self) {
        self.assert_costs_with(&[]);
    }

    /// The same where answers were cut off, of which the CLI counts this much.
    pub fn assert_costs_with(&self, cut_off: &[model::Usage]) {
        self.gluon(&["stop", "1"]);
        let lines = self.json(&["costs", "--by", "task", "--json"]);
        let line = &lines[0];
        let mut used = self.model.usage(self.sides);
        for usage in cut_off {
            used[0].1.add(usage);
        }
        let mut sum = model::Usage::default();
        for (_, usage) in &used {
            sum.add(usage);
        }
        let tokens = |name: &str| line["usage"][name].as_u64().unwrap_or(0);
        let counted = model::Usage {
            input: tokens("input"),
            cache_read: tokens("cache_read"),
            cache_write: tokens("cache_write_5m") + tokens("cache_write_1h"),
            output: tokens("output"),
        };
        assert_eq!(counted, sum, "{lines}\n{}", self.journal());
        let micros = (price(&used) * 1e6).round() as u64;
        assert_eq!(line["cost"]["micro_usd"].as_u64(), Some(micros), "{lines}");
    }

    /// Ends the agent's process of this name at once, as a crash would.
    pub fn kill_agent(&self, name: &str) {
        let worktree = self.worktree();
        let processes = std::fs::read_dir("/proc").expect("Linux").flatten();
        let agent = processes.into_iter().find_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let line = std::fs::read(entry.path().join("cmdline")).ok()?;
            // The program, or the script that another one runs.
            let mut words = line.split(|byte| *byte == 0).take(2);
            let here = std::fs::read_link(entry.path().join("cwd")).ok()? == worktree;
            let named = words.any(|word| String::from_utf8_lossy(word).ends_with(name));
            (here && named).then_some(pid)
        });
        support::kill(agent.expect("it runs"));
    }
}

/// The table of prices, by model.
fn prices() -> Value {
    let mut table: Value =
        serde_json::from_str(include_str!("../../assets/prices.json")).expect("a table");
    match table.get_mut("models") {
        Some(models) => models.take(),
        None => table,
    }
}

/// What the table of prices says these tokens cost, in dollars.
pub fn price(used: &[(String, model::Usage)]) -> f64 {
    let prices = prices();
    let of = |(name, usage): &(String, model::Usage)| {
        let price = &prices[name.trim_end_matches("[1m]")];
        let rate = |field: &str| {
            let rate = price[field].as_f64();
            rate.unwrap_or_else(|| panic!("no {field} of {name}"))
        };
        usage.input as f64 * rate("input_cost_per_token")
            + usage.cache_read as f64 * rate("cache_read_input_token_cost")
            + usage.cache_write as f64
                * price["cache_creation_input_token_cost"]
                    .as_f64()
                    .unwrap_or(0.0)
            + usage.output as f64 * rate("output_cost_per_token")
    };
    used.iter().map(of).sum()
}

/// Follows the task of a laboratory.
pub struct Watch<'a> {
    lab: &'a Lab,
    pub client: Client,
    events: Events,
}

impl Watch<'_> {
    pub async fn detail(&self) -> TaskDetail {
        self.client.show_task(TASK).await.expect("the task")
    }

    /// Waits until the task is as wanted: looks again whenever anything happens to it.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&TaskDetail) -> bool) -> TaskDetail {
        let mut last = None;
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let detail = self.detail().await;
                if wanted(&detail) {
                    return detail;
                }
                last = Some(detail);
                loop {
                    match self.events.recv().await {
                        Some(LinkEvent::Event(_) | LinkEvent::Connected) => break,
                        Some(_) => {}
                        None => panic!("the link is gone"),
                    }
                }
            }
        });
        match waited.await {
            Ok(detail) => detail,
            Err(_) => panic!(
                "waited in vain for {what}; the task: {:?}\nwhy: {:#?}\nits screen:\n{}\nthe model:\n{}\n\
                 the daemon:\n{}",
                last.as_ref().map(|detail| &detail.card),
                last.as_ref().map(|detail| &detail.why),
                self.lab.gluon(&["capture", "1"]),
                self.lab.journal(),
                self.lab.daemon_log(),
            ),
        }
    }

    /// Waits for an activity of the newest session.
    pub async fn shows(&mut self, what: &str, wanted: impl Fn(&Activity) -> bool) -> TaskDetail {
        let activity = |session: &SessionView| wanted(&session.activity);
        self.until(what, |detail| {
            detail.card.session.as_ref().is_some_and(activity)
        })
        .await
    }
}

impl Watch<'_> {
    /// Resumes the task once its end is recorded: what an agent does is known a moment before.
    pub async fn resume(&mut self, words: &[&str]) {
        let over = |detail: &TaskDetail| detail.card.task.status != gluon::domain::Status::Running;
        self.until("its end to be recorded", over).await;
        self.lab.gluon(&[&["resume", "1"], words].concat());
    }

    /// Waits until the next daemon is there, and listens to it.
    pub async fn reconnected(&mut self) {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                match self.events.recv().await {
                    // Of an earlier connection, where it is refused.
                    Some(LinkEvent::Connected) if self.client.subscribe(()).await.is_ok() => return,
                    Some(_) => {}
                    None => panic!("the link is gone"),
                }
            }
        });
        waited.await.expect("the next daemon");
    }

    /// Sends a message and waits until its turn is over, whatever became of it.
    pub async fn turn(&mut self, message: &str) -> TaskDetail {
        let sent = self.now().await;
        self.lab.gluon(&["send", "1", message]);
        self.turn_since(sent).await
    }

    /// Waits until the agent has worked and stopped working after `then`.
    pub async fn turn_since(&mut self, then: Timestamp) -> TaskDetail {
        let over = |detail: &TaskDetail| {
            let past = detail.why.iter().flat_map(|why| &why.past);
            let mut past = past.filter(|turn| turn.at.0 >= then.0);
            past.any(|turn| turn.activity == Activity::Working)
                && past.any(|turn| turn.activity != Activity::Working)
        };
        let worked = |detail: &TaskDetail| {
            let session = detail.card.session.as_ref();
            session.is_some_and(|session| session.activity != Activity::Working)
        };
        self.until("the end of the turn", |detail| {
            over(detail) && worked(detail)
        })
        .await
    }

    /// The daemon's time.
    pub async fn now(&self) -> Timestamp {
        let why = self.detail().await.why;
        why.map_or(Timestamp(0), |why| why.at)
    }
}

impl Lab {
    fn paths(&self) -> Paths {
        let dir = |name: &str| self.home.path().join(name);
        Paths {
            state: dir("state"),
            data: dir("data"),
            config: dir("config"),
            runtime: dir("run"),
        }
    }

    /// The end of what the daemon has noted.
    fn daemon_log(&self) -> String {
        let log = self.paths().daemon_log();
        let log = std::fs::read_to_string(log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(60).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    pub fn journal(&self) -> String {
        let lines: Vec<String> = self
            .model
            .journal()
            .iter()
            .map(|entry| entry.to_string())
            .collect();
        lines.join("\n")
    }
}
