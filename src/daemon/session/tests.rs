//! A session against a fake PTY: one end of a socket, the test holding the other.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Receiver, UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use super::super::outbox::{ClientId, Outbox, Outgoing};
use super::{Command, Meta, Notice, Opening, SessionHandle, Sign, Signs, Step, Words};
use crate::domain::{Activity, Exit, RunId, SessionId, Timestamp};
use crate::protocol::{Input, ScreenState};
use crate::terminal::Options;

mod answer;
mod deliver;
mod headless;
mod observe;
#[path = "../../../tests/support/recording.rs"]
mod recording;
mod replay;

const SESSION: SessionId = SessionId(7);
const RUN: RunId = RunId(3);
const PATIENCE: Duration = Duration::from_secs(30);

struct Fixture {
    dir: tempfile::TempDir,
    handle: SessionHandle,
    agent: UnixStream,
    notices: UnboundedReceiver<(SessionId, Notice)>,
}

struct Follower {
    client: ClientId,
    queue: Receiver<Outgoing>,
    screen: ScreenState,
}

fn open(
    dir: &std::path::Path,
    exit: Option<Exit>,
) -> (SessionHandle, UnboundedReceiver<(SessionId, Notice)>) {
    let (sender, notices) = unbounded_channel();
    let opening = Opening {
        id: SESSION,
        dir: dir.join("log"),
        size: None,
        exit,
        since: Timestamp(0),
        unseen: false,
        options: Options::default(),
        stream: None,
        signs: Signs {
            titles: vec![
                ("✦".to_owned(), Sign::Working),
                ("◇".to_owned(), Sign::Idle),
            ],
            screen: vec![
                ("Trust this folder?".to_owned(), Sign::Waiting),
                ("Would you like".to_owned(), Sign::Permission),
                ("usage limit".to_owned(), Sign::Limited),
            ],
            speaks: false,
        },
        notices: sender,
        outer: None,
    };
    (SessionHandle::open(opening).unwrap(), notices)
}

impl Fixture {
    fn new() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let (handle, notices) = open(dir.path(), None);
        let (agent, master) = UnixStream::pair().unwrap();
        agent.set_read_timeout(Some(PATIENCE)).unwrap();
        handle.send(Command::Follow {
            run: RUN,
            master: OwnedFd::from(master),
            size: Some((40, 6)),
        });
        Fixture {
            dir,
            handle,
            agent,
            notices,
        }
    }

    fn attach(&self, number: u64, size: (u16, u16), claim: bool) -> Follower {
        attach(&self.handle, number, size, claim)
    }

    fn print(&mut self, bytes: &[u8]) {
        self.agent.write_all(bytes).unwrap();
    }

    /// Reads what the agent gets until it ends with `wanted`.
    fn expect_typed(&mut self, wanted: &[u8]) {
        let mut got = Vec::new();
        while !got.ends_with(wanted) {
            let mut byte = [0];
            let count = self.agent.read(&mut byte).unwrap_or_default();
            assert_eq!(count, 1, "only {:?} came", String::from_utf8_lossy(&got));
            got.push(byte[0]);
        }
    }

    fn expect_meta(&self, wanted: impl Fn(&Meta) -> bool) -> Meta {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let meta = self.handle.meta();
            if wanted(&meta) {
                return meta;
            }
            assert!(Instant::now() < deadline, "{meta:?}");
            std::thread::yield_now();
        }
    }

    fn expect_notice(&mut self, wanted: impl Fn(&Notice) -> bool) -> Notice {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.notices.try_recv() {
                Ok((_, notice)) if wanted(&notice) => return notice,
                Ok(_) => {}
                Err(_) => {
                    assert!(Instant::now() < deadline, "the notice did not come");
                    std::thread::yield_now();
                }
            }
        }
    }
}

fn attach(handle: &SessionHandle, number: u64, size: (u16, u16), claim: bool) -> Follower {
    let (outbox, queue) = Outbox::new();
    let (reply, answer) = oneshot::channel();
    let client = ClientId(number);
    handle.send(Command::Attach {
        client,
        outbox,
        size,
        claim,
        reply,
    });
    answer.blocking_recv().unwrap();
    Follower {
        client,
        queue,
        screen: ScreenState::default(),
    }
}

impl Follower {
    /// The next frame, acknowledged only if `ack`.
    fn frame(&mut self, handle: &SessionHandle, ack: bool) -> Instant {
        match self.queue.blocking_recv() {
            Some(Outgoing::Screen(update)) => {
                let at = Instant::now();
                self.screen.apply(&update).unwrap();
                if ack {
                    handle.send(Command::Ack(self.client, update.seq));
                }
                at
            }
            _ => panic!("something else than a frame"),
        }
    }

    fn until(&mut self, handle: &SessionHandle, wanted: impl Fn(&ScreenState) -> bool) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        let mut frames = 0;
        while !wanted(&self.screen) {
            assert!(Instant::now() < deadline, "{}", self.screen.text());
            self.frame(handle, true);
            frames += 1;
        }
        frames
    }
}

#[test]
fn a_screen_is_followed_and_what_is_typed_arrives() {
    let mut fixture = Fixture::new();
    let mut follower = fixture.attach(1, (40, 6), false);
    fixture.print(b"hello\r\n");
    follower.until(&fixture.handle, |screen| screen.text().starts_with("hello"));
    let input = Input::Text("yes\r".into());
    fixture
        .handle
        .send(Command::Input(Some(follower.client), input));
    fixture.expect_typed(b"yes\r");
}

#[test]
fn queries_are_answered_in_order_with_nobody_attached() {
    let mut fixture = Fixture::new();
    fixture.print(b"ab\x1b[6n\x1b[5n");
    fixture.expect_typed(b"\x1b[1;3R\x1b[0n");
}

#[test]
fn a_client_that_acknowledges_nothing_has_one_frame_under_way() {
    let mut fixture = Fixture::new();
    let mut lazy = fixture.attach(1, (40, 6), false);
    let mut quick = fixture.attach(2, (40, 6), false);
    lazy.frame(&fixture.handle, false);
    for number in 0..20 {
        fixture.print(format!("line {number}\r\n").as_bytes());
        let wanted = format!("line {number}");
        quick.until(&fixture.handle, |screen| screen.text().contains(&wanted));
    }
    assert!(
        lazy.queue.try_recv().is_err(),
        "nothing more without an ack"
    );
    let seq = lazy.screen.seq;
    fixture.handle.send(Command::Ack(lazy.client, seq));
    lazy.until(&fixture.handle, |screen| screen.text().contains("line 19"));
    assert_eq!(lazy.screen.text(), quick.screen.text());
}

#[test]
fn a_synchronized_update_is_shown_at_its_end() {
    let mut fixture = Fixture::new();
    let mut follower = fixture.attach(1, (40, 6), false);
    follower.frame(&fixture.handle, true);
    fixture.print(b"\x1b[?2026hhalf ");
    fixture.print(b"and half\x1b[?2026l");
    follower.frame(&fixture.handle, true);
    assert_eq!(follower.screen.text().trim_end(), "half and half");
}

#[test]
fn a_synchronized_update_that_never_ends_is_ended() {
    let mut fixture = Fixture::new();
    let mut follower = fixture.attach(1, (40, 6), false);
    follower.frame(&fixture.handle, true);
    let start = Instant::now();
    fixture.print(b"\x1b[?2026hheld");
    let at = follower.frame(&fixture.handle, true);
    assert_eq!(follower.screen.text().trim_end(), "held");
    assert!(at - start >= Duration::from_millis(140), "{:?}", at - start);
}

#[test]
fn what_is_typed_is_served_while_the_agent_floods() {
    let mut fixture = Fixture::new();
    let mut follower = fixture.attach(1, (40, 6), false);
    follower.frame(&fixture.handle, true);
    let mut agent = fixture.agent.try_clone().unwrap();
    let flood = std::thread::spawn(move || {
        let line = b"the quick brown fox jumps over the lazy dog\r\n".repeat(100);
        // Until the other end is closed.
        while agent.write_all(&line).is_ok() {}
    });
    follower.until(&fixture.handle, |screen| screen.text().contains("fox"));
    for number in 0..5 {
        let key = Input::Text(format!("key {number};"));
        fixture
            .handle
            .send(Command::Input(Some(follower.client), key));
        let wanted = format!("key {number};");
        fixture.expect_typed(wanted.as_bytes());
        follower.frame(&fixture.handle, true);
    }
    drop(fixture.handle);
    flood.join().unwrap();
}

#[test]
fn a_flood_makes_no_more_than_sixty_frames_a_second() {
    let mut fixture = Fixture::new();
    let mut follower = fixture.attach(1, (40, 6), false);
    follower.frame(&fixture.handle, true);
    let mut last: Option<Instant> = None;
    let start = Instant::now();
    let mut frames = 0u32;
    let mut number = 0;
    while frames < 10 {
        for _ in 0..50 {
            number += 1;
            fixture.print(format!("line {number}\r\n").as_bytes());
        }
        while let Ok(Outgoing::Screen(update)) = follower.queue.try_recv() {
            follower.screen.apply(&update).unwrap();
            let ack = Command::Ack(follower.client, update.seq);
            fixture.handle.send(ack);
            last = Some(Instant::now());
            frames += 1;
        }
    }
    let took = last.unwrap() - start;
    assert!(
        took >= Duration::from_millis(8 * 16),
        "{frames} in {took:?}"
    );
}

#[test]
fn the_last_to_claim_or_type_decides_the_size() {
    let mut fixture = Fixture::new();
    let mut large = fixture.attach(1, (80, 24), true);
    large.until(&fixture.handle, |screen| screen.cols == 80);
    let mut small = fixture.attach(2, (30, 5), false);
    small.frame(&fixture.handle, true);
    assert_eq!((small.screen.cols, small.screen.rows.len()), (80, 24));
    // Typing makes it the one that counts.
    let input = Input::Text("x".into());
    fixture
        .handle
        .send(Command::Input(Some(small.client), input));
    fixture.expect_typed(b"x");
    small.until(&fixture.handle, |screen| screen.cols == 30);
    large.until(&fixture.handle, |screen| screen.cols == 30);
    // A resize of one that does not count changes nothing; when the other goes, the size stays.
    fixture.handle.send(Command::Resize {
        client: large.client,
        size: (100, 40),
        claim: false,
    });
    fixture.handle.send(Command::Detach(small.client));
    fixture.print(b"marker");
    large.until(&fixture.handle, |screen| screen.text().contains("marker"));
    assert_eq!((large.screen.cols, large.screen.rows.len()), (30, 5));
    assert_eq!(fixture.handle.meta().size, (30, 5));
    // Nobody has it now: who comes or changes next decides, with or without the focus.
    let other = fixture.attach(3, (50, 10), false);
    large.until(&fixture.handle, |screen| screen.cols == 50);
    drop(other);
}

#[test]
fn a_program_that_tells_its_status_is_believed() {
    let mut fixture = Fixture::new();
    fixture.print(b"\x1b]7501;state=working:app=x\x07");
    fixture.expect_notice(|notice| *notice == Notice::Changed);
    fixture.expect_meta(|meta| meta.activity == Activity::Working);
    // A delivery waits for it to be idle.
    let text = Input::Text("next;".into());
    fixture.handle.send(Command::Deliver(Words::silent(vec![
        Step::Idle(PATIENCE),
        Step::Input(text),
    ])));
    let typed = Input::Text("typed;".into());
    fixture.handle.send(Command::Input(None, typed));
    fixture.expect_typed(b"typed;");
    fixture.print(b"\x1b]7501;state=idle:app=x\x07");
    fixture.expect_typed(b"next;");
    assert!(
        fixture.handle.meta().unseen,
        "nobody looked when it became idle"
    );
}

#[test]
fn what_has_printed_or_had_the_time_to_is_not_starting() {
    let mut fixture = Fixture::new();
    fixture.print(b"$ ");
    let meta = fixture.expect_meta(|meta| meta.last_output_at.is_some());
    assert_eq!(meta.activity, Activity::Unknown);
    // What says itself how it is, is believed; one that is silent is not said to start for ever.
    let mut fixture = Fixture::new();
    fixture.print(b"\x1b]7501;state=working:app=x\x07");
    fixture.expect_meta(|meta| meta.activity == Activity::Working);
    let fixture = Fixture::new();
    let meta = fixture.expect_meta(|meta| meta.live && meta.activity == Activity::Unknown);
    assert!(meta.last_output_at.is_none());
}

#[test]
fn output_that_cannot_be_kept_is_said_and_so_is_its_end() {
    let mut fixture = Fixture::new();
    fixture.expect_meta(|meta| meta.live);
    // In the way of the next segment's snapshot, as a full disk is, which only root could make.
    let obstacle = fixture.dir.path().join("log").join("00000001.part");
    std::fs::create_dir(&obstacle).unwrap();
    let line = b"the quick brown fox jumps over the lazy dog\r\n".repeat(100);
    for _ in 0..(2 << 20) / line.len() {
        fixture.print(&line);
    }
    fixture.expect_notice(|notice| *notice == Notice::Kept(false));
    fixture.print(b"not kept, but shown");
    let mut follower = fixture.attach(1, (40, 6), false);
    follower.until(&fixture.handle, |screen| screen.text().contains("shown"));

    std::fs::remove_dir(&obstacle).unwrap();
    let next = fixture.expect_notice(|notice| matches!(notice, Notice::Kept(_)));
    assert_eq!(next, Notice::Kept(true), "said once");
    let Fixture { dir, handle, .. } = fixture;
    drop(handle);
    let (handle, _notices) = open(dir.path(), None);
    let mut again = attach(&handle, 1, (40, 6), false);
    again.until(&handle, |screen| screen.text().contains("shown"));
    assert_eq!(again.screen.rows, follower.screen.rows);
}

#[test]
fn the_end_comes_after_the_last_output_and_the_screen_stays() {
    let mut fixture = Fixture::new();
    fixture.handle.send(Command::Exited(RUN, Exit::Code(0)));
    fixture.print(b"\x1b]0;my title\x07last words");
    let (other, _) = UnixStream::pair().unwrap();
    drop(std::mem::replace(&mut fixture.agent, other));
    let ended = fixture.expect_notice(|notice| matches!(notice, Notice::Ended { .. }));
    assert_eq!(
        ended,
        Notice::Ended {
            run: RUN,
            exit: Exit::Code(0),
            summary: None,
        }
    );
    let Fixture { dir, handle, .. } = fixture;
    let mut follower = attach(&handle, 1, (40, 6), false);
    follower.until(&handle, |screen| screen.text().contains("last words"));
    let last = follower.screen.clone();
    drop(handle);

    // Once more from the log.
    let (handle, _notices) = open(dir.path(), Some(Exit::Code(0)));
    let mut follower = attach(&handle, 1, (80, 24), false);
    follower.frame(&handle, true);
    assert_eq!(follower.screen.rows, last.rows);
    assert_eq!(follower.screen.cursor, last.cursor);
    let meta = handle.meta();
    assert_eq!((meta.size, meta.title.as_str()), ((40, 6), "my title"));
    assert_eq!(meta.activity, Activity::Exited(Exit::Code(0)));
}

#[test]
fn an_end_that_is_quicker_than_the_start_is_not_lost() {
    let dir = tempfile::tempdir().unwrap();
    let (handle, notices) = open(dir.path(), None);
    handle.send(Command::Exited(RUN, Exit::Code(1)));
    let (agent, master) = UnixStream::pair().unwrap();
    drop(agent);
    handle.send(Command::Follow {
        run: RUN,
        master: OwnedFd::from(master),
        size: Some((40, 6)),
    });
    let (_, agent) = UnixStream::pair().unwrap();
    let mut fixture = Fixture {
        dir,
        handle,
        agent,
        notices,
    };
    fixture.expect_notice(|notice| matches!(notice, Notice::Ended { .. }));
}

#[test]
fn a_resize_in_between_is_gone_through_again() {
    let mut fixture = Fixture::new();
    let mut follower = fixture.attach(1, (20, 5), true);
    fixture.print(b"before, which is rather long\r\n");
    follower.until(&fixture.handle, |screen| screen.cols == 20);
    fixture.print(b"after\x1b[5;20Hx");
    follower.until(&fixture.handle, |screen| screen.text().contains("after"));
    follower.until(&fixture.handle, |screen| screen.text().ends_with('x'));
    let last = follower.screen.clone();
    let Fixture { dir, handle, .. } = fixture;
    drop(handle);
    let (handle, _notices) = open(dir.path(), None);
    let mut follower = attach(&handle, 1, (80, 24), false);
    follower.frame(&handle, true);
    assert_eq!(follower.screen.text(), last.text());
    assert_eq!(follower.screen.rows, last.rows);
}

#[test]
fn an_end_that_nobody_saw_is_the_same_after_every_rebuilding() {
    let mut fixture = Fixture::new();
    fixture.print(b"\x1b[?2004htop\r\nbottom\x1b[A");
    let mut follower = fixture.attach(1, (40, 6), true);
    follower.until(&fixture.handle, |screen| screen.text().contains("bottom"));
    let Fixture { dir, handle, .. } = fixture;
    // The daemon dies, and the process with it.
    drop(handle);
    let (handle, _notices) = open(dir.path(), Some(Exit::Lost));
    let (mut agent, master) = UnixStream::pair().unwrap();
    handle.send(Command::Follow {
        run: RunId(4),
        master: OwnedFd::from(master),
        size: Some((40, 6)),
    });
    agent.write_all(b"next").unwrap();
    let shown = |screen: &ScreenState| screen.text().starts_with("top\nbottom\nnext\n");
    attach(&handle, 1, (40, 6), true).until(&handle, shown);
    drop(handle);
    let (handle, _notices) = open(dir.path(), None);
    let mut follower = attach(&handle, 1, (40, 6), true);
    follower.until(&handle, shown);
    assert!(!follower.screen.modes.bracketed_paste);
}

#[test]
fn nothing_is_typed_into_a_dialog() {
    let mut fixture = Fixture::new();
    let asks = |kind: &str| format!("\x1b]7501;state=blocked:app=x:kind={kind}\x07").into_bytes();
    fixture.print(&asks("permission"));
    fixture.expect_meta(|meta| matches!(meta.activity, Activity::Waiting(_)));
    let steps = |text: &str, questions| {
        let input = Step::Input(Input::Raw(text.into()));
        Command::Deliver(Words::silent(vec![
            Step::Idle(Duration::ZERO),
            Step::Unasked(questions),
            input,
        ]))
    };
    fixture.handle.send(steps("prompt", false));
    // By hand it can be answered all the while.
    let by_hand = |text: &str| Command::Input(None, Input::Raw(text.into()));
    fixture.handle.send(by_hand("1"));
    fixture.expect_typed(b"1");
    fixture.print(b"\x1b]7501;state=working:app=x\x07");
    fixture.expect_typed(b"prompt");
    // A question is answered by a text, where the agent takes it so.
    fixture.print(&asks("question"));
    fixture.expect_meta(|meta| matches!(meta.activity, Activity::Waiting(_)));
    fixture.handle.send(steps("words", true));
    fixture.expect_typed(b"words");
    fixture.handle.send(steps("more", false));
    fixture.handle.send(by_hand("2"));
    fixture.expect_typed(b"2");
    fixture.print(b"\x1b]7501;state=idle:app=x\x07");
    fixture.expect_typed(b"more");
}

#[test]
fn a_dialog_before_the_first_word_is_seen_on_the_screen() {
    let mut fixture = Fixture::new();
    fixture.print(b"hello\r\n\r\n Trust this folder? Files can\r\n run code.\r\n\r\n> 1. Yes");
    let waits = |meta: &Meta| matches!(&meta.activity, Activity::Waiting(ask) if ask.text == "Trust this folder?");
    fixture.expect_meta(waits);
    fixture.print(b"\x1b[2J\x1b[Hwell then");
    fixture.expect_meta(|meta| meta.activity == Activity::Unknown);
    // What it says itself goes before what its screen shows.
    fixture.print(b"\x1b]7501;state=idle:app=x\x07\r\nTrust this folder?");
    fixture.expect_notice(|notice| *notice == Notice::Quiet);
    assert_eq!(fixture.handle.meta().activity, Activity::Idle);
}
