//! Starting, and what can be in its way: wrong settings, a daemon that cannot start, another version, a
//! socket that was left over; said on the user's terminal, with what to do. And the end of that terminal.
#![allow(clippy::unwrap_used)]

mod support;

use std::process::Output;

use support::Home;

fn configure(home: &Home, text: &str) {
    let dir = home.path().join("config");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("config.toml"), text).unwrap();
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn wrong_settings_are_said_wherever_they_matter() {
    let home = Home::new();
    let repo = home.repo("repo");
    configure(&home, "[queue]\nslots = 2\n");
    home.gluon(&repo, &["new", "first", "--agent", "shell"]);
    configure(&home, "[queue]\nslots = 3\nslot = 1\n");
    let place = "config.toml, line 3: unknown field `slot`";

    // What can go on goes on, and says so; what is for scripts stays clean.
    let output = home.try_gluon(&repo, &["new", "second", "--agent", "shell", "--json"]);
    let said = stderr(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.starts_with("warning: "), "{said}");
    assert!(said.contains(place) && said.contains("\nhint: "), "{said}");
    serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap();

    // A daemon started with them keeps to the settings of before.
    let said = stderr(&home.try_gluon(&repo, &["daemon", "restart"]));
    assert!(said.contains(place), "{said}");
    let queue = home.json(&repo, &["queue", "--json"]);
    assert_eq!(queue["slots"], 2, "{queue}");

    // The board would not be what the user has set up: it does not open.
    let mut board = home.open(&repo, &["tui"], (100, 24));
    board.wait_for(place);
    board.wait_for("gluon doctor");
    assert!(!board.wait_end(), "a failure");

    let output = home.try_gluon(&repo, &["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(found.contains(place), "{found}");
    configure(&home, "[keys]\naccept = \"hyper-x\"\n");
    let output = home.try_gluon(&repo, &["doctor"]);
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(found.contains("hyper-x"), "{found}");

    configure(&home, "[queue]\nslots = 3\n");
    let output = home.try_gluon(&repo, &["daemon", "restart"]);
    assert_eq!(stderr(&output), "");
    let queue = home.json(&repo, &["queue", "--json"]);
    assert_eq!(queue["slots"], 3, "{queue}");
}

#[test]
fn what_a_project_or_an_own_manifest_has_wrong_is_named() {
    let home = Home::new();
    let repo = home.repo("repo");
    let refused = |arguments: &[&str]| {
        let output = home.try_gluon(&repo, arguments);
        assert!(!output.status.success(), "{arguments:?}");
        stderr(&output)
    };
    let file = repo.join(".gluon.toml");
    std::fs::write(&file, "\nagent = 3\n").unwrap();
    let said = refused(&["new", "x"]);
    assert!(
        said.contains(".gluon.toml, line 2: ") && said.contains("hint: "),
        "{said}"
    );
    std::fs::write(&file, "agent = \"nope\"\n").unwrap();
    let said = refused(&["new", "x"]);
    assert!(
        said.contains("no agent `nope`, which ") && said.contains(".gluon.toml"),
        "{said}"
    );
    std::fs::remove_file(&file).unwrap();
    let agents = home.path().join("config/agents");
    std::fs::create_dir_all(&agents).unwrap();
    std::fs::write(agents.join("mine.toml"), "name = 3\n").unwrap();
    let said = refused(&["new", "x", "--agent", "mine"]);
    assert!(
        said.contains("gluon doctor") && said.contains("mine.toml"),
        "{said}"
    );
}

#[test]
fn a_daemon_that_cannot_start_says_why() {
    let home = Home::new();
    let repo = home.repo("repo");
    let state = home.path().join("state");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("gluon.db"), "this is no database").unwrap();
    let output = home.try_gluon(&repo, &["ls"]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(
        said.contains("cannot run: ") && said.contains("gluon.db"),
        "{said}"
    );
    assert!(said.contains("gluon doctor"), "{said}");
    let output = home.try_gluon(&repo, &["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    // Once it is right the next command finds a daemon, however long the pauses have grown.
    std::fs::remove_file(state.join("gluon.db")).unwrap();
    home.gluon(&repo, &["ls"]);
}

#[test]
fn the_doctor_asks_the_terminal_and_the_daemon() {
    let home = Home::new();
    let repo = home.repo("repo");
    home.gluon(&repo, &["ls"]);
    let mut screen = home.open(&repo, &["doctor"], (160, 60));
    screen.wait_for("TERM=xterm-256color, 160x60, 24-bit colour, kitty keyboard protocol, sync");
    assert!(screen.wait_end(), "nothing is wrong:\n{}", screen.text());
    let findings = home.json(&repo, &["doctor", "--json"]);
    let text = |about: &str| {
        let mut findings = findings.as_array().unwrap().iter();
        let finding = findings.find(|finding| finding["about"] == about);
        let finding = finding.unwrap_or_else(|| panic!("nothing about {about}"));
        assert_ne!(finding["level"], "fail", "{finding}");
        finding["text"].as_str().unwrap().to_owned()
    };
    assert!(text("state").ends_with("/state (mode 0700)"));
    assert!(text("sockets").ends_with("/run (mode 0700)"));
    assert!(text("socket").ends_with("/daemon.sock (mode 0600)"));
    assert!(text("disk").contains(" free at "));
    let (daemon, _) = home.servers();
    let wanted = format!("process {daemon}, version {}", env!("CARGO_PKG_VERSION"));
    assert!(text("daemon").starts_with(&wanted));
}

#[test]
fn another_version_or_a_stranger_at_the_socket_is_told_and_a_stale_one_cleared() {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;

    use gluon::protocol::Hello;

    let home = Home::new();
    let repo = home.repo("repo");
    let run = home.path().join("run");
    std::fs::create_dir(&run).unwrap();
    let socket = run.join("daemon.sock");
    let other = Hello {
        protocol: 999,
        build: "99.1.2".into(),
    };
    for (answer, words) in [
        (other.encode(), "gluon 99.1.2 "),
        (b"SSH-2.0-other".to_vec(), "is not gluon's socket"),
    ] {
        let listener = UnixListener::bind(&socket).unwrap();
        let serving = std::thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let length = (answer.len() as u32).to_be_bytes();
            client.write_all(&[&length[..], &answer].concat()).unwrap();
            // Until it hangs up.
            let _ = client.read_to_end(&mut Vec::new());
        });
        let output = home.try_gluon(&repo, &["ls"]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(5), "{said}");
        assert!(said.contains(words), "{said}");
        let way = said.contains("gluon daemon restart") || said.contains("gluon doctor");
        assert!(way, "{said}");
        serving.join().unwrap();
        assert!(!run.join("keeper.sock").exists(), "nothing was started");
        std::fs::remove_file(&socket).unwrap();
    }
    // Nobody is behind this one any more.
    drop(UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    home.gluon(&repo, &["ls"]);
}

#[test]
fn the_terminal_it_was_started_from_may_go() {
    let home = Home::new();
    let repo = home.repo("repo");
    let script = "trap 'echo hung up' HUP; echo ready; while :; do sleep 1; done";
    let mut shell = home.open(&repo, &["tui"], (100, 30));
    shell.wait_for("Queue");
    home.gluon(&repo, &["new", "t", "--start", "--", "sh", "-c", script]);
    let servers = home.servers();
    let shown = || home.gluon(&repo, &["capture", "1"]);
    support::wait_until("the agent", || shown().contains("ready").then_some(()));
    // The terminal's other end goes, and the kernel hangs up on everything that belongs to it.
    drop(shell);
    support::wait_until("the board's end", || {
        let status = home.json(&repo, &["daemon", "status", "--json"]);
        (status["clients"] == 1).then_some(())
    });
    assert_eq!(home.servers(), servers);
    assert!(!shown().contains("hung up"), "{}", shown());
}
