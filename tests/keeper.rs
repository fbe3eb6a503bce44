//! The keeper for real: processes in PTYs, descriptors handed over, daemons that die, kills in the middle
//! of a flood. This binary plays all roles itself: started again with a role in its environment, one of
//! the two tests that begin with `role_` becomes that process.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use gluon::domain::{Exit, RunId};
use gluon::pty::client::SpawnRequest;
use gluon::pty::keeper::{self, KeeperOptions, RunError};
use gluon::pty::{KeeperClient, OutputLog, ReadOutcome, log};

use support::{kill, wait_until};

const IDLE_DAEMON: &str = "exec sleep 1000";
/// Large enough that nothing is cut away before the test looks.
const WHOLE: u64 = 32 << 20;

#[test]
fn role_keeper() {
    let Some(dir) = std::env::var_os("TEST_KEEPER_DIR").map(PathBuf::from) else {
        return;
    };
    let ended = keeper::run(KeeperOptions {
        socket: dir.join("keeper.sock"),
        daemon: "/bin/sh".into(),
        daemon_args: vec!["-c".into(), std::env::var("TEST_DAEMON").unwrap()],
        daemon_log: dir.join("daemon.log"),
    });
    std::process::exit(match ended {
        Ok(()) => 0,
        Err(RunError::AlreadyRunning) => 3,
        Err(_) => 4,
    });
}

/// Reads a run's output into its log until the end, as the daemon does.
#[test]
fn role_reader() {
    let Some(dir) = std::env::var_os("TEST_READER_DIR").map(PathBuf::from) else {
        return;
    };
    let client = KeeperClient::connect(&dir.join("keeper.sock"), None).unwrap();
    let master = client.take(RunId(1)).unwrap();
    let (mut log, _) = OutputLog::open_sized(&dir.join("log"), WHOLE).unwrap();
    loop {
        match log.read_from(master.as_fd(), 64 * 1024).unwrap() {
            ReadOutcome::Data(_) | ReadOutcome::WouldBlock => {}
            ReadOutcome::Eof => std::process::exit(0),
            ReadOutcome::Full => std::process::exit(5),
        }
    }
}

struct Keeper {
    dir: tempfile::TempDir,
    child: Child,
    daemon: String,
}

fn again(test: &str, env: &[(&str, &std::ffi::OsStr)]) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .envs(env.iter().copied())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

impl Keeper {
    fn start(daemon: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let child = Self::process(dir.path(), daemon);
        let keeper = Self {
            dir,
            child,
            daemon: daemon.to_owned(),
        };
        keeper.wait_up();
        keeper
    }

    fn process(dir: &Path, daemon: &str) -> Child {
        let env = [
            ("TEST_KEEPER_DIR", dir.as_os_str()),
            ("TEST_DAEMON", daemon.as_ref()),
        ];
        again("role_keeper", &env)
    }

    fn wait_up(&self) {
        wait_until("the keeper", || {
            KeeperClient::connect(&self.socket(), None).ok()
        });
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("keeper.sock")
    }

    fn client(&self) -> KeeperClient {
        KeeperClient::connect(&self.socket(), None).unwrap()
    }

    fn daemon_client(&self) -> (KeeperClient, Receiver<(RunId, Exit)>) {
        let (sender, receiver) = channel();
        let told = Box::new(move |run, exit| {
            let _ = sender.send((run, exit));
        });
        let client = KeeperClient::connect(&self.socket(), Some(told)).unwrap();
        (client, receiver)
    }

    fn count(&self, file: &str) -> usize {
        let text = std::fs::read_to_string(self.dir.path().join(file)).unwrap_or_default();
        text.lines().count()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let client = KeeperClient::connect(&self.socket(), None);
        // Where it does what it is told it also ends its daemon; it is given the time to.
        if client.and_then(|client| client.stop()).is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

fn shell(run: i64, script: &str) -> SpawnRequest {
    SpawnRequest {
        run: RunId(run),
        argv: vec!["/bin/sh".into(), "-c".into(), script.into()],
        env: vec![("PATH".into(), std::env::var_os("PATH").unwrap())],
        cwd: "/".into(),
        rows: 24,
        cols: 80,
    }
}

/// Reads a PTY to its end.
fn drain(master: impl AsFd) -> String {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = rustix::io::read(&master, &mut buffer) {
        all.extend_from_slice(&buffer[..length]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

#[test]
fn a_process_gets_a_terminal_and_its_end_is_kept_until_it_is_acknowledged() {
    let keeper = Keeper::start(IDLE_DAEMON);
    let (client, ends) = keeper.daemon_client();
    let spawned = client
        .spawn(shell(1, "test -t 0 && stty size; echo done; exit 7"))
        .unwrap();
    assert_eq!(drain(&spawned.master), "24 80\r\ndone\r\n");
    assert_eq!(ends.recv().unwrap(), (RunId(1), Exit::Code(7)));
    client.spawn(shell(2, "kill -USR1 $$; sleep 1000")).unwrap();
    assert_eq!(
        ends.recv().unwrap(),
        (RunId(2), Exit::Signal(libc::SIGUSR1))
    );
    drop(client);

    let client = keeper.client();
    let exits: Vec<_> = client.list().unwrap().iter().map(|run| run.exit).collect();
    assert_eq!(
        exits,
        [Some(Exit::Code(7)), Some(Exit::Signal(libc::SIGUSR1))]
    );
    client.ack(RunId(1)).unwrap();
    client.ack(RunId(2)).unwrap();
    assert_eq!(client.list().unwrap(), []);
}

#[test]
fn what_cannot_be_started_is_said_in_a_sentence() {
    let keeper = Keeper::start(IDLE_DAEMON);
    let client = keeper.client();
    let mut nowhere = shell(1, "true");
    nowhere.cwd = "/no/such/place".into();
    let mut unknown = shell(2, "");
    unknown.argv = vec!["no-such-program-at-all".into()];
    for (spawn, words) in [
        (nowhere, "/no/such/place is not there"),
        (unknown, "no-such-program-at-all"),
    ] {
        let error = client.spawn(spawn).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    assert_eq!(client.list().unwrap(), []);
    assert!(client.spawn(shell(3, "true")).is_ok());
    assert!(
        client.spawn(shell(3, "true")).is_err(),
        "numbers are unique"
    );
}

#[test]
fn a_signal_reaches_the_whole_group_and_nothing_else_is_open_in_it() {
    let keeper = Keeper::start(IDLE_DAEMON);
    let (client, ends) = keeper.daemon_client();
    let other = client.spawn(shell(1, "exec sleep 1000")).unwrap();
    let spawned = client
        .spawn(shell(
            2,
            "ls /proc/self/fd 2>/dev/null || echo 0 1 2 3; sleep 1000 & wait",
        ))
        .unwrap();
    let mut text = String::new();
    let mut buffer = [0; 256];
    while !text.contains('3') {
        let length = rustix::io::read(&spawned.master, &mut buffer).unwrap();
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    let open: Vec<&str> = text.split_whitespace().collect();
    assert_eq!(open, ["0", "1", "2", "3"], "the last is ls's own");
    client.signal(RunId(2), libc::SIGTERM, true).unwrap();
    assert_eq!(
        ends.recv().unwrap(),
        (RunId(2), Exit::Signal(libc::SIGTERM))
    );
    // Its child is gone too, or the terminal would not have ended.
    drain(&spawned.master);
    client.signal(RunId(2), libc::SIGTERM, true).unwrap();
    assert!(client.signal(RunId(9), libc::SIGTERM, true).is_err());
    drop(other);
}

#[test]
fn a_reader_killed_in_the_middle_of_a_flood_loses_and_doubles_nothing() {
    let keeper = Keeper::start(IDLE_DAEMON);
    let (client, ends) = keeper.daemon_client();
    let lines = 300_000;
    let script = format!("stty -opost; seq 1 {lines}");
    let spawned = client.spawn(shell(1, &script)).unwrap();
    drop(spawned);
    let dir = keeper.dir.path();
    let read = || log::read_at(&dir.join("log"), Some(0), usize::MAX);
    let mut seen = 0;
    for _ in 0..6 {
        let mut reader = again("role_reader", &[("TEST_READER_DIR", dir.as_os_str())]);
        wait_until("more output", || {
            let length = read().map_or(0, |(_, bytes)| bytes.len());
            (length > seen + 50_000 || length > 1_900_000).then(|| seen = length)
        });
        kill(reader.id());
        reader.wait().unwrap();
    }
    let mut last = again("role_reader", &[("TEST_READER_DIR", dir.as_os_str())]);
    assert!(last.wait().unwrap().success());
    assert_eq!(ends.recv().unwrap(), (RunId(1), Exit::Code(0)));
    let (_, bytes) = read().unwrap();
    let expected: String = (1..=lines).map(|line| format!("{line}\n")).collect();
    assert!(
        bytes == expected.as_bytes(),
        "{} of {} bytes",
        bytes.len(),
        expected.len()
    );
}

#[test]
fn a_daemon_that_dies_is_started_again() {
    let keeper = Keeper::start("echo x >> $TEST_KEEPER_DIR/starts; exit 1");
    wait_until("three starts", || {
        (keeper.count("starts") >= 3).then_some(())
    });
    assert!(keeper.client().status().unwrap().crashes >= 2);

    // Killed from outside, and asked to be replaced by another program.
    let keeper = Keeper::start("echo x >> $TEST_KEEPER_DIR/starts; exec sleep 1000");
    let client = keeper.client();
    let running = |other_than: Option<u32>| {
        wait_until("a daemon", || {
            client
                .status()
                .unwrap()
                .daemon
                .filter(|pid| Some(*pid) != other_than)
        })
    };
    let first = running(None);
    wait_until("its start", || (keeper.count("starts") == 1).then_some(()));
    kill(first);
    let second = running(Some(first));
    wait_until("its start", || (keeper.count("starts") == 2).then_some(()));
    client.restart_daemon(Some("/bin/sh".into())).unwrap();
    let third = running(Some(second));
    assert_ne!(first, third);
    wait_until("three starts", || {
        (keeper.count("starts") == 3).then_some(())
    });
    assert_eq!(client.status().unwrap().crashes, 1, "a wish is not a crash");
}

#[test]
fn the_daemons_exit_code_says_what_it_wants() {
    let mut keeper = Keeper::start(
        "echo x >> $TEST_KEEPER_DIR/starts; [ $(wc -l < $TEST_KEEPER_DIR/starts) -lt 5 ] && exit 75; mkfifo $TEST_KEEPER_DIR/fifo; read x < $TEST_KEEPER_DIR/fifo; exit 0",
    );
    wait_until("five starts", || {
        (keeper.count("starts") == 5).then_some(())
    });
    assert_eq!(keeper.client().status().unwrap().crashes, 0);
    let fifo = keeper.dir.path().join("fifo");
    wait_until("the fifth to wait", || fifo.exists().then_some(()));
    std::fs::write(fifo, "end\n").unwrap();
    assert!(keeper.child.wait().unwrap().success());
    assert!(!keeper.socket().exists());
}

#[test]
fn there_is_one_keeper_and_a_dead_ones_socket_is_in_nobodys_way() {
    let mut keeper = Keeper::start(IDLE_DAEMON);
    let mut second = Keeper::process(keeper.dir.path(), IDLE_DAEMON);
    assert_eq!(second.wait().unwrap().code(), Some(3));
    let daemon = wait_until("the daemon", || keeper.client().status().unwrap().daemon);
    kill(keeper.child.id());
    keeper.child.wait().unwrap();
    kill(daemon);
    assert!(keeper.socket().exists());
    keeper.child = Keeper::process(keeper.dir.path(), &keeper.daemon);
    keeper.wait_up();
}

#[test]
fn a_hostile_connection_harms_nobody_else() {
    let keeper = Keeper::start(IDLE_DAEMON);
    let client = keeper.client();
    let hello = gluon::pty::wire::HELLO;
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[&hello[..], &u32::MAX.to_be_bytes()].concat(),
        &[&hello[..], &[0, 0, 0, 2, 250, 250]].concat(),
    ] {
        let mut stream = UnixStream::connect(keeper.socket()).unwrap();
        stream.write_all(bytes).unwrap();
        // It is dropped: the keeper's hello, then the end.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.len() <= hello.len());
    }
    let mut half = UnixStream::connect(keeper.socket()).unwrap();
    half.write_all(&hello[..4]).unwrap();
    assert!(client.status().is_ok());
}

#[test]
fn a_client_that_stops_reading_holds_nobody_up() {
    let keeper = Keeper::start(IDLE_DAEMON);
    let mut deaf = UnixStream::connect(keeper.socket()).unwrap();
    deaf.write_all(&gluon::pty::wire::HELLO).unwrap();
    // It claims to be the daemon, asks and asks and takes no answer, until the keeper takes no question
    // any more.
    deaf.write_all(&[0, 0, 0, 1, 0]).unwrap();
    deaf.set_write_timeout(Some(std::time::Duration::from_millis(300)))
        .unwrap();
    let status = [0, 0, 0, 1, 7].repeat(4096);
    while deaf.write_all(&status).is_ok() {}

    let client = keeper.client();
    client.spawn(shell(1, "exit 5")).unwrap();
    wait_until("the end", || {
        let exit = client.list().unwrap()[0].exit?;
        (exit == Exit::Code(5)).then_some(())
    });
    let daemon = client.status().unwrap().daemon.unwrap();
    kill(daemon);
    wait_until("another daemon", || {
        client.status().unwrap().daemon.filter(|pid| *pid != daemon)
    });
}

#[test]
fn a_restart_asked_for_while_the_daemon_is_down_is_done_once() {
    let mut keeper = Keeper::start(
        "echo x >> $TEST_KEEPER_DIR/starts; [ $(wc -l < $TEST_KEEPER_DIR/starts) -lt 5 ] && exit 1; mkfifo $TEST_KEEPER_DIR/fifo; read x < $TEST_KEEPER_DIR/fifo; exit 0",
    );
    let client = keeper.client();
    wait_until("a daemon that is down", || {
        let status = client.status().unwrap();
        (status.crashes >= 4 && status.daemon.is_none()).then_some(())
    });
    client.restart_daemon(None).unwrap();
    let fifo = keeper.dir.path().join("fifo");
    wait_until("a daemon that stays", || fifo.exists().then_some(()));
    std::fs::write(fifo, "end\n").unwrap();
    // The wish was fulfilled long ago, so this end is meant.
    let ended = wait_until("the end of the keeper", || keeper.child.try_wait().unwrap());
    assert!(ended.success());
}

#[test]
fn a_program_that_is_not_there_does_not_become_the_daemon() {
    let keeper = Keeper::start(IDLE_DAEMON);
    let client = keeper.client();
    let daemon = wait_until("the daemon", || client.status().unwrap().daemon);
    let error = client
        .restart_daemon(Some("/no/such/gluon".into()))
        .unwrap_err();
    assert!(error.to_string().contains("/no/such/gluon"), "{error}");
    assert_eq!(client.status().unwrap().daemon, Some(daemon));
}

#[test]
fn an_agent_has_the_users_umask_and_no_ignored_signals() {
    let own = Command::new("/bin/sh")
        .args(["-c", "umask"])
        .output()
        .unwrap();
    let keeper = Keeper::start("umask > $TEST_KEEPER_DIR/umask; exec sleep 1000");
    let spawned = keeper
        .client()
        .spawn(shell(
            1,
            "umask; trap 'echo hung up; exit 3' HUP; kill -HUP $$",
        ))
        .unwrap();
    let own = String::from_utf8(own.stdout).unwrap();
    let wanted = format!("{}\r\nhung up\r\n", own.trim());
    assert_eq!(drain(&spawned.master), wanted);
    let file = keeper.dir.path().join("umask");
    let daemons = wait_until("the daemon's umask", || {
        let text = std::fs::read_to_string(&file).ok()?;
        text.ends_with('\n').then_some(text)
    });
    assert_eq!(daemons, own);
}

#[test]
fn output_is_whole_when_the_reader_changes_between_two_connections() {
    let keeper = Keeper::start(IDLE_DAEMON);
    let lines = 20_000;
    let (client, _ends) = keeper.daemon_client();
    let spawned = client
        .spawn(shell(1, &format!("stty -opost; seq 1 {lines}; exit 9")))
        .unwrap();
    let mut bytes = vec![0; 10_000];
    let length = rustix::io::read(&spawned.master, &mut bytes).unwrap();
    bytes.truncate(length);
    drop((client, spawned));

    let (client, ends) = keeper.daemon_client();
    let mut all = String::from_utf8(bytes).unwrap();
    all.push_str(&drain(client.take(RunId(1)).unwrap()));
    let expected: String = (1..=lines).map(|line| format!("{line}\n")).collect();
    assert!(all == expected, "{} of {}", all.len(), expected.len());
    assert_eq!(ends.recv().unwrap(), (RunId(1), Exit::Code(9)));
    assert_eq!(client.list().unwrap()[0].exit, Some(Exit::Code(9)));
}
