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
