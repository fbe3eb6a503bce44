//! Sessions whose agent has no screen.

use super::*;
use crate::agents::StreamFormat;
use crate::domain::stream::{FailureKind, StreamEvent};

fn open_headless(dir: &std::path::Path, exit: Option<Exit>) -> (SessionHandle, Notices) {
    let (sender, notices) = unbounded_channel();
    let opening = Opening {
        id: SESSION,
        dir: dir.join("log"),
        size: None,
        exit,
        since: Timestamp(0),
        unseen: false,
        options: Options::default(),
        stream: Some((StreamFormat::Claude, "/repo".to_owned())),
        signs: Signs::default(),
        notices: sender,
        outer: None,
    };
    (SessionHandle::open(opening).unwrap(), notices)
}

type Notices = UnboundedReceiver<(SessionId, Notice)>;

fn headless() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let (handle, notices) = open_headless(dir.path(), None);
    let agent = start(&handle, RUN, 40);
    Fixture {
        dir,
        handle,
        agent,
        notices,
    }
}

fn start(handle: &SessionHandle, run: RunId, cols: u16) -> UnixStream {
    let (agent, master) = UnixStream::pair().unwrap();
    agent.set_read_timeout(Some(PATIENCE)).unwrap();
    handle.send(Command::Follow {
        run,
        master: OwnedFd::from(master),
        size: Some((cols, 20)),
    });
    agent
}

const BEGIN: &[u8] =
    b"{\"type\":\"system\",\"subtype\":\"init\",\"session_id\":\"abc\",\"model\":\"m\"}\r\n";

fn says(text: &str) -> Vec<u8> {
    let content = serde_json::json!([{"type": "text", "text": text}]);
    let line = serde_json::json!({"type": "assistant", "message": {"content": content}});
    format!("{line}\r\n").into_bytes()
}

fn calls(id: &str, command: &str) -> Vec<u8> {
    let call = serde_json::json!([{
        "type": "tool_use", "id": id, "name": "Bash", "input": {"command": command},
    }]);
    let line = serde_json::json!({"type": "assistant", "message": {"content": call}});
    format!("{line}\r\n").into_bytes()
}

fn answers(id: &str, error: bool, text: &str) -> Vec<u8> {
    let result = serde_json::json!([{
        "type": "tool_result", "tool_use_id": id, "is_error": error, "content": text,
    }]);
    let line = serde_json::json!({"type": "user", "message": {"content": result}});
    format!("{line}\r\n").into_bytes()
}

/// So that a loop is seen to go in circles, whichever agent it has.
#[test]
fn calls_in_a_stream_are_signs_of_health() {
    use crate::domain::health::Sign;
    let mut fixture = headless();
    fixture.print(BEGIN);
    for id in ["t1", "t2"] {
        fixture.print(&calls(id, "make"));
        fixture.print(&answers(id, true, "make: *** [all] Error 2"));
    }
    let mut told = Vec::new();
    while told.len() < 2 {
        match fixture.expect_notice(|notice| matches!(notice, Notice::Signs(_))) {
            Notice::Signs(signs) => told.extend(signs),
            other => panic!("{other:?}"),
        }
    }
    let [Sign::Called(first), Sign::Called(second)] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(first.what, "Bash: make");
    assert_eq!(first, second);
    assert!(first.failure.is_some());
}

const DONE: &[u8] =
    b"{\"type\":\"result\",\"is_error\":false,\"result\":\"All done.\",\"num_turns\":2,\"total_cost_usd\":0.5}\r\n";

impl Fixture {
    fn stream(&self) -> super::super::StreamView {
        let (reply, answer) = oneshot::channel();
        self.handle.send(Command::Stream(reply));
        answer.blocking_recv().unwrap()
    }

    /// Ends the run; what it came to.
    fn ends(&mut self, run: RunId) -> crate::domain::Summary {
        self.handle.send(Command::Exited(run, Exit::Code(0)));
        let (other, _) = UnixStream::pair().unwrap();
        drop(std::mem::replace(&mut self.agent, other));
        let ended = |notice: &Notice| matches!(notice, Notice::Ended { .. });
        match self.expect_notice(ended) {
            Notice::Ended {
                summary: Some(summary),
                ..
            } => *summary,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_stream_is_shown_as_text_and_tells_what_is_done() {
    let mut fixture = headless();
    let mut follower = fixture.attach(1, (40, 20), false);
    fixture.expect_meta(|meta| meta.activity == Activity::Starting);
    fixture.print(b"a warning\r\n");
    fixture.print(BEGIN);
    let told = fixture.expect_notice(|notice| matches!(notice, Notice::Conversation(_)));
    assert_eq!(told, Notice::Conversation("abc".into()));
    fixture.print(&says("I look **around**."));
    // A line in two pieces.
    let call = calls("t1", "cargo test");
    fixture.print(&call[..30]);
    follower.until(&fixture.handle, |screen| screen.text().contains("around."));
    assert!(
        !follower.screen.text().contains("Bash"),
        "{}",
        follower.screen.text()
    );
    fixture.print(&call[30..]);
    follower.until(&fixture.handle, |screen| {
        screen.text().contains("⏺ Bash(cargo test)")
    });
    fixture.expect_meta(|meta| meta.activity == Activity::Working);
    assert!(
        !follower.screen.text().contains('{'),
        "{}",
        follower.screen.text()
    );

    let view = fixture.stream();
    assert!(view.running && view.began.is_some());
    assert_eq!(view.summary.conversation.as_deref(), Some("abc"));
    assert!(matches!(&view.recent.last().unwrap().1, StreamEvent::Call(call) if call.id == "t1"));

    fixture.print(DONE);
    let summary = fixture.ends(RUN);
    assert_eq!(summary.finished, Some(true));
    assert_eq!(summary.message.as_deref(), Some("All done."));
    follower.until(&fixture.handle, |screen| screen.text().contains("✓ done"));
    // The log has it as it was printed.
    let log = crate::pty::log::read_at(&fixture.dir.path().join("log"), Some(0), 1 << 20);
    let bytes = log.unwrap().1;
    assert!(bytes.ends_with(DONE), "{}", String::from_utf8_lossy(&bytes));
}

#[test]
fn a_headless_run_never_waits_and_says_its_limit() {
    let mut fixture = headless();
    fixture.print(BEGIN);
    fixture.print(b"\x1b]7501;state=blocked:app=x:kind=permission\x07\x1b[6n\r\n");
    fixture.print(&says("\x1b]7501;state=blocked:app=x:kind=permission\x07"));
    fixture.expect_meta(|meta| meta.activity == Activity::Working);
    fixture.print(
        b"{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"rejected\",\"resetsAt\":4000000000}}\r\n",
    );
    let until = Activity::Limited(Some(Timestamp(4_000_000_000_000)));
    fixture.expect_meta(|meta| meta.activity == until);
    fixture
        .print(b"{\"type\":\"result\",\"is_error\":true,\"result\":\"You've hit your limit\"}\r\n");
    let summary = fixture.ends(RUN);
    assert_eq!(summary.failure.as_ref().unwrap().kind, FailureKind::Limit);
    assert_eq!(
        summary.limited().unwrap().until,
        Some(Timestamp(4_000_000_000_000))
    );
    // Queries in the output were not answered: nobody reads an answer.
    let mut byte = [0];
    assert_eq!(fixture.agent.read(&mut byte).unwrap_or(0), 0);
}

#[test]
fn the_page_is_the_same_after_a_restart_and_fits_another_width() {
    let mut fixture = headless();
    let long = "word ".repeat(30);
    fixture.print(BEGIN);
    fixture.print(&says(&long));
    fixture.print(DONE);
    fixture.ends(RUN);
    fixture.handle.send(Command::Note("another run".into()));
    let second = RunId(RUN.0 + 1);
    fixture.agent = start(&fixture.handle, second, 40);
    fixture.print(BEGIN);
    fixture.print(&says("And now this."));
    let unfinished = calls("t9", "cargo build");
    fixture.print(&unfinished[..40]);
    let mut follower = fixture.attach(1, (40, 20), false);
    follower.until(&fixture.handle, |screen| {
        screen.text().contains("And now this.")
    });
    let before = follower.screen.clone();
    assert!(before.text().contains("another run"), "{}", before.text());
    let began = fixture.stream().began;

    let Fixture { dir, handle, .. } = fixture;
    drop(handle);
    let (handle, notices) = open_headless(dir.path(), None);
    let (agent, master) = UnixStream::pair().unwrap();
    handle.send(Command::Follow {
        run: second,
        master: OwnedFd::from(master),
        size: None,
    });
    let mut fixture = Fixture {
        dir,
        handle,
        agent,
        notices,
    };
    let mut follower = fixture.attach(1, (40, 20), false);
    follower.frame(&fixture.handle, true);
    assert_eq!(follower.screen.rows, before.rows);
    fixture.expect_meta(|meta| meta.activity == Activity::Working);
    assert_eq!(fixture.stream().began, began);

    // It goes on in the middle of the line.
    fixture.print(&unfinished[40..]);
    follower.until(&fixture.handle, |screen| {
        screen.text().contains("Bash(cargo build)")
    });
    fixture.handle.send(Command::Resize {
        client: follower.client,
        size: (24, 20),
        claim: true,
    });
    follower.until(&fixture.handle, |screen| screen.cols == 24);
    let narrow = follower.screen.text();
    for line in narrow.lines() {
        let words = line.split_whitespace();
        let mut words = words.filter(|word| word.starts_with("wo") || word.starts_with("or"));
        assert!(
            words.all(|word| word == "word"),
            "a word was broken:\n{narrow}"
        );
    }
    fixture.print(DONE);
    let summary = fixture.ends(second);
    assert_eq!((summary.calls, summary.finished), (1, Some(true)));
}

#[test]
fn a_long_run_is_cut_and_goes_on_from_the_cut() {
    let mut fixture = headless();
    fixture.print(BEGIN);
    let line = says(&"some words, ".repeat(200));
    for number in 0..700 {
        fixture.print(&line);
        if number % 50 == 0 {
            // So that the pieces do not fall together with reads.
            fixture.print(&calls(&number.to_string(), "ls"));
        }
    }
    fixture.print(&says("the last words"));
    let mut follower = fixture.attach(1, (40, 20), false);
    follower.until(&fixture.handle, |screen| {
        screen.text().contains("the last words")
    });
    let before = follower.screen.clone();
    let calls = fixture.stream().summary.calls;
    assert_eq!(calls, 14);
    let Fixture { dir, handle, .. } = fixture;
    drop(handle);
    let snapshots = std::fs::read_dir(dir.path().join("log")).unwrap();
    let cut = snapshots.flatten().count() > 3;
    assert!(cut, "the log was not cut");
    let (handle, notices) = open_headless(dir.path(), Some(Exit::Lost));
    let (agent, _) = UnixStream::pair().unwrap();
    let fixture = Fixture {
        dir,
        handle,
        agent,
        notices,
    };
    let mut follower = fixture.attach(1, (40, 20), false);
    follower.frame(&fixture.handle, true);
    assert_eq!(fixture.stream().summary.calls, calls);
    let text = follower.screen.text();
    assert!(
        text.contains("the last words") && text.contains("■ ended"),
        "{text}"
    );
    assert!(before.text().contains("some words"));
}
