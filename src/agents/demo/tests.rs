//! The player and the screen, without a terminal: time and keys are put in, entries and bytes come out.

use std::path::Path;
use std::time::{Duration, Instant};

use super::app::App;
use super::entry::Entry;
use super::history::History;
use super::keys::Key;
use super::player::{Out, Player, State};
use super::script::{self, Step};
use super::work::Workshop;

fn player(dir: &Path, pace: f32) -> Player {
    Player::new(Workshop::new(dir.into()), 7, pace, 0)
}

/// Plays to the end of the turn, giving every leave; the entries as text.
fn play(player: &mut Player, prompt: &str) -> (String, Option<u8>) {
    let mut request = script::request(prompt);
    for step in &mut request.steps {
        // Many rounds of the same need no test.
        if let Step::Loop { times, .. } = step {
            *times = 2;
        }
    }
    let mut outs = player.begin(&request.words, request.steps);
    let mut text = String::new();
    let mut now = Instant::now();
    loop {
        for out in std::mem::take(&mut outs) {
            match out {
                Out::Entry(entry) => text.push_str(&entry.plain()),
                Out::Exit(code) => return (text, Some(code)),
                Out::State(State::Permission(_)) => outs.extend(player.permit(true).unwrap()),
                Out::State(State::Question(_)) => outs.extend(player.answer("cents").unwrap()),
                _ => {}
            }
        }
        if outs.is_empty() && !player.is_busy() {
            return (text, None);
        }
        // Time flies, except while a real command runs.
        match (player.output().is_some(), player.wake()) {
            (false, Some(wake)) => now = now.max(wake),
            _ => now = now.max(Instant::now()),
        }
        outs.extend(player.advance(now));
    }
}

fn files(dir: &Path) -> Vec<(String, String)> {
    let names = Workshop::new(dir.into()).files();
    let content = |name: String| {
        let text = std::fs::read_to_string(dir.join(&name)).unwrap();
        (name, text)
    };
    names.into_iter().map(content).collect()
}

/// The demo's repository, with git's own directory and one commit.
fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in super::repository_files() {
        let path = dir.path().join(file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, file.content).unwrap();
    }
    for args in [
        &["init", "-q"][..],
        &["add", "."],
        &[
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@t.invalid",
            "commit",
            "-qm",
            "all",
        ],
    ] {
        let mut git = std::process::Command::new("git");
        git.args(args).current_dir(dir.path());
        git.env("GIT_CONFIG_GLOBAL", "/dev/null");
        assert!(git.status().unwrap().success());
    }
    dir
}

#[test]
fn the_same_seed_plays_the_same_whatever_the_pace() {
    let [a, b] = [0.0, 0.01].map(|pace| {
        let dir = repository();
        let (text, end) = play(&mut player(dir.path(), pace), "Add a cache for rates");
        assert_eq!(end, None);
        (text, files(dir.path()))
    });
    assert_eq!(a, b);
    assert!(
        a.0.contains("Commit Add a cache for rates: 2 files"),
        "{}",
        a.0
    );
    assert!(a.1.iter().any(|(name, _)| name == "lib/add_a_cache_for.sh"));
}

#[test]
fn the_showcase_plays_as_it_says() {
    use super::Reaches;
    // Who waits for an hour or falls silent for ever is played by the demo itself.
    let ends = |task: &super::DemoTask| !matches!(task.reaches, Reaches::Slow | Reaches::Stuck);
    for task in super::showcase().into_iter().filter(ends) {
        let dir = repository();
        let prompt = task.prompt;
        let (text, end) = play(&mut player(dir.path(), 0.0), &prompt);
        let expected = match task.reaches {
            Reaches::Review | Reaches::Done => Some(0),
            Reaches::Failed => Some(1),
            _ => None,
        };
        assert_eq!(end, expected, "{}:\n{text}", task.title);
        assert!(!text.contains("not in the file"), "{}:\n{text}", task.title);
        if !prompt.contains("@@bench") && !prompt.contains("@@migrate") {
            assert!(text.contains("* Commit "), "{}:\n{text}", task.title);
            let last = text.rfind("* Run ").map_or("", |at| &text[at..]);
            assert!(
                !last.contains("FAILED") && !last.contains("exit code"),
                "{last}"
            );
        }
        let asks = text.contains("[Allowed: ");
        assert_eq!(
            asks,
            task.reaches == Reaches::Permission || !prompt.contains("@@"),
            "{text}"
        );
    }
}

#[test]
fn a_no_skips_the_next_step() {
    let dir = tempfile::tempdir().unwrap();
    let mut player = player(dir.path(), 0.0);
    let steps = vec![
        Step::AskPermission("Touch?".into()),
        Step::Run("touch touched".into()),
        Step::Say("after".into()),
    ];
    player.begin("", steps);
    player.advance(Instant::now());
    let outs = player.permit(false).unwrap();
    assert_eq!(outs[0], Out::Entry(Entry::note("Denied: Touch?")));
    let outs = player.advance(Instant::now());
    assert!(outs.contains(&Out::Words("after".into())) && !player.is_busy());
    assert!(!dir.path().join("touched").exists());
    assert!(player.permit(true).is_none(), "nothing is asked any more");
}

#[test]
fn an_endless_loop_can_be_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    let mut player = player(dir.path(), 0.0);
    let step = vec![Step::Say("again".into())];
    player.begin("", vec![Step::Loop { times: 0, step }]);
    for _ in 0..10 {
        assert!(!player.advance(Instant::now()).is_empty());
    }
    assert!(player.interrupt().is_some() && !player.is_busy());
}

/// A screen with a player that never pauses.
fn app(dir: &Path) -> App {
    let mut app = App::new(
        player(dir, 0.0),
        History::create(None, "x"),
        Vec::new(),
        "~/x".into(),
    );
    app.resize(60, 20);
    app
}

fn shown(app: &mut App) -> String {
    String::from_utf8(app.frame(Instant::now())).unwrap()
}

#[test]
fn a_permission_is_answered_by_keys() {
    for (keys, expected) in [
        (vec![Key::Char('y')], "Allowed: "),
        (vec![Key::Char('1')], "Allowed: "),
        (vec![Key::Enter], "Allowed: "),
        (vec![Key::Down, Key::Enter], "Denied: "),
        (vec![Key::Escape], "Denied: "),
        (vec![Key::Char('n')], "Denied: "),
        (
            vec![Key::Paste("rather this".into()), Key::Enter],
            "Denied: ",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut app = app(dir.path());
        let now = Instant::now();
        app.start(Some("@@approve"), now);
        app.tick(now);
        let before = shown(&mut app);
        assert!(before.contains("Permission") && before.contains("kind=permission"));
        for key in &keys {
            app.key(key, now);
        }
        assert!(shown(&mut app).contains(expected), "{keys:?}");
    }
}

#[test]
fn prompts_typed_meanwhile_wait_for_their_turn() {
    let dir = tempfile::tempdir().unwrap();
    let mut app = app(dir.path());
    let now = Instant::now();
    app.start(Some("first @@hang"), now);
    app.tick(now);
    app.key(&Key::Paste("second @@exit=4".into()), now);
    app.key(&Key::Enter, now);
    assert!(shown(&mut app).contains("queued: second"));
    assert_eq!(app.quit(), None);
    // Interrupting drops what waits.
    app.key(&Key::Escape, now);
    app.tick(now);
    assert_eq!(app.quit(), None);
    app.key(&Key::Paste("third @@exit=4".into()), now);
    app.key(&Key::Enter, now);
    app.tick(now);
    assert_eq!(app.quit(), Some(4));
}

#[test]
fn ctrl_c_twice_leaves_and_once_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut app = app(dir.path());
    let now = Instant::now();
    app.start(Some("@@hang"), now);
    app.tick(now);
    app.key(&Key::Ctrl('c'), now);
    assert!(shown(&mut app).contains("Ctrl-C once more") && app.quit().is_none());
    let later = now + Duration::from_secs(3);
    app.tick(later);
    app.key(&Key::Ctrl('c'), later);
    assert_eq!(app.quit(), None);
    app.key(&Key::Ctrl('c'), later);
    assert_eq!(app.quit(), Some(0));
}

#[test]
fn an_idle_screen_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut app = app(dir.path());
    let now = Instant::now();
    app.start(None, now);
    assert!(shown(&mut app).contains("gluon demo agent"));
    app.tick(now);
    assert_eq!(shown(&mut app), "");
    assert_eq!(app.wake(now), None);
    app.resize(40, 20);
    assert!(shown(&mut app).contains("gluon demo agent"), "drawn anew");
}
