//! `gluon demo`: everything is there within a moment, and nothing is left behind, however it ends.

mod support;

use std::path::{Path, PathBuf};

use support::{Home, Screen, wait_until};

/// The demo keeps to the temporary directory; each test gives it one of its own.
fn demo(home: &Home, arguments: &[&str]) -> Screen {
    let mut env = home.env();
    let temp = temp(home);
    std::fs::create_dir(&temp).expect("a directory");
    env.push(("TMPDIR".into(), temp.into()));
    let program = Path::new(support::GLUON);
    Screen::open(program, arguments, home.path(), &env, (120, 40))
}

fn temp(home: &Home) -> PathBuf {
    home.path().join("tmp")
}

fn is_swept(home: &Home) -> bool {
    std::fs::read_dir(temp(home))
        .expect("a directory")
        .next()
        .is_none()
}

/// Whether a process has the demo's directory among its arguments or in its environment.
fn processes(home: &Home) -> Vec<String> {
    let needle = temp(home).join("gluon-demo-").display().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let read = |name: &str| std::fs::read(entry.path().join(name)).unwrap_or_default();
        let text = [read("cmdline"), read("environ")].concat();
        if String::from_utf8_lossy(&text).contains(&needle) {
            found.push(String::from_utf8_lossy(&read("cmdline")).replace('\0', " "));
        }
    }
    found
}

#[test]
fn every_state_is_on_the_board_and_all_is_swept_up() {
    let home = Home::new();
    let mut screen = demo(&home, &["demo"]);
    for words in [
        "Add a monthly summary",
        "Export as JSON",
        "Write the changelog",
    ] {
        screen.wait_for(words);
    }
    screen.wait("the accepted task in its column", |text| {
        text.contains("Done 1") && text.contains("Review 2")
    });
    screen.keys("q");
    assert!(screen.wait_end(), "{}", screen.text());
    assert!(is_swept(&home));
    let left = wait_until("the processes to end", || {
        let left = processes(&home);
        left.is_empty().then_some(left)
    });
    assert!(left.is_empty());
    assert!(
        !home.path().join("state").exists(),
        "the user's own gluon was touched"
    );
}

/// What the demo's own daemon says of its tasks: the health of each, by its title.
fn healths(home: &Home) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(temp(home))
        .into_iter()
        .flatten()
        .flatten();
    let mut dirs = entries.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("gluon-demo-")
    });
    let Some(dir) = dirs.next() else {
        return Vec::new();
    };
    let parts = [
        ("STATE", "state"),
        ("DATA", "data"),
        ("CONFIG", "config"),
        ("RUNTIME", "run"),
    ];
    let vars = parts.map(|(name, part)| (format!("GLUON_{name}_DIR"), dir.join(part)));
    let output = std::process::Command::new(support::GLUON)
        .args(["ls", "--json"])
        .current_dir(home.path())
        .env_clear()
        .envs(home.env())
        .envs(vars)
        .output()
        .expect("gluon runs");
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(&output.stdout) else {
        return Vec::new();
    };
    let cards = json.as_array().or_else(|| json["tasks"].as_array());
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    cards
        .into_iter()
        .flatten()
        .map(|card| {
            (
                text(&card["task"]["title"]),
                text(&card["session"]["health"]["health"]),
            )
        })
        .collect()
}

/// Each dot is there, by an agent that is so; who waits for a command stays yellow where who is silent turns red.
#[test]
fn every_dot_is_shown_by_an_agent_that_is_so() {
    let home = Home::new();
    let mut env = home.env();
    std::fs::create_dir(temp(&home)).expect("a directory");
    env.push(("TMPDIR".into(), temp(&home).into()));
    // Faster, the silence that is slow and stuck too.
    env.push(("GLUON_DEMO_PACE".into(), "0.4".into()));
    let program = Path::new(support::GLUON);
    let mut screen = Screen::open(program, &["demo"], home.path(), &env, (200, 50));
    screen.wait_for("Import the bank");
    let (mut seen, mut together) = (std::collections::BTreeSet::new(), false);
    let children_are_seen = cfg!(target_os = "linux");
    wait_until("every dot", || {
        let now = healths(&home);
        let is = |title: &str, health: &str| {
            now.iter().any(|(other, is)| other == title && is == health)
        };
        let mut wanted = vec![
            ("Add a monthly summary", "healthy"),
            ("Make the report faster", "looping"),
            ("Import the bank's export", "slow"),
        ];
        assert!(!is("Import the bank's export", "stuck"), "{now:?}");
        if children_are_seen {
            wanted.push(("Translate the help", "stuck"));
            together |= is("Import the bank's export", "slow") && is("Translate the help", "stuck");
        } else {
            together = true;
        }
        seen.extend(
            wanted
                .iter()
                .copied()
                .filter(|(title, health)| is(title, health)),
        );
        (together && wanted.iter().all(|pair| seen.contains(pair))).then_some(())
    });
    // The letters stand beside the dots, so that they are told apart without colours.
    if children_are_seen {
        screen.wait("the red dot's letter", |text| text.contains("●!"));
    }
    screen.keys("q");
    assert!(screen.wait_end(), "{}", screen.text());
}

#[test]
fn a_demo_that_is_killed_is_swept_up_too() {
    let home = Home::new();
    let mut screen = demo(&home, &["demo"]);
    screen.wait_for("Refuse negative amounts");
    support::kill(screen.pid());
    wait_until("the directory to go", || is_swept(&home).then_some(()));
    wait_until("the processes to end", || {
        processes(&home).is_empty().then_some(())
    });
}

#[test]
fn the_demo_prints_without_a_terminal() {
    let home = Home::new();
    std::fs::create_dir(temp(&home)).expect("a directory");
    let output = std::process::Command::new(support::GLUON)
        .args(["demo", "--print"])
        .current_dir(home.path())
        .env_clear()
        .envs(home.env())
        .env("TMPDIR", temp(&home))
        .output()
        .expect("gluon runs");
    let table = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for words in ["queued", "running", "review", "done", "failed: ", "after #"] {
        assert!(table.contains(words), "{words}: {table}");
    }
    assert!(is_swept(&home));
}
