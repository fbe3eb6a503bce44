//! Clients that misbehave cost the daemon one connection: theirs.
#![allow(clippy::unwrap_used)]

mod daemon_support;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use daemon_support::{PATIENCE, Watcher, World, soon};
use gluon::domain::Status;
use gluon::protocol::{Api, Attach, ClientMessage, Hello, Input, Notice, ReadLog, Request, encode};

/// A connection that has said hello and from then on does what it must not.
fn rogue(world: &World) -> UnixStream {
    let mut stream = UnixStream::connect(world.paths.socket()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    frame(&mut stream, &Hello::ours().encode());
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut hello = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut hello).unwrap();
    assert_eq!(Hello::decode(&hello), Ok(Hello::ours()));
    stream
}

fn frame(stream: &mut UnixStream, bytes: &[u8]) {
    stream
        .write_all(&(bytes.len() as u32).to_be_bytes())
        .unwrap();
    stream.write_all(bytes).unwrap();
}

/// Whether the daemon closes the connection.
fn is_dropped(mut stream: UnixStream) -> bool {
    let mut buffer = [0; 65_536];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}

/// The well-behaved client is served as before, by the same daemon.
async fn all_is_well(watcher: &mut Watcher, pid: u32) {
    assert_eq!(watcher.client.status(()).await.unwrap().pid, pid);
}

#[tokio::test]
async fn nonsense_is_dropped() {
    let world = World::new();
    let mut watcher = world.client().await;
    let pid = watcher.client.status(()).await.unwrap().pid;

    // No hello at all.
    let mut stranger = UnixStream::connect(world.paths.socket()).unwrap();
    stranger.set_read_timeout(Some(PATIENCE)).unwrap();
    stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert!(is_dropped(stranger));

    // A frame that is no message.
    let mut malformed = rogue(&world);
    frame(&mut malformed, &[0xff; 100]);
    assert!(is_dropped(malformed));

    // A message with something behind it.
    let mut trailing = rogue(&world);
    let request = ClientMessage::Request {
        id: 1,
        request: Request::Status(()),
    };
    let mut bytes = encode(&request).unwrap().to_vec();
    bytes.push(0);
    frame(&mut trailing, &bytes);
    assert!(is_dropped(trailing));

    // A length beyond the limit.
    let mut oversized = rogue(&world);
    oversized.write_all(&u32::MAX.to_be_bytes()).unwrap();
    assert!(is_dropped(oversized));

    // Gone in the middle of a frame.
    let mut vanishing = rogue(&world);
    vanishing.write_all(&100u32.to_be_bytes()).unwrap();
    vanishing.write_all(&[0; 10]).unwrap();
    drop(vanishing);

    all_is_well(&mut watcher, pid).await;
}

#[tokio::test]
async fn another_version_is_told_ours() {
    let world = World::new();
    let mut watcher = world.client().await;
    let pid = watcher.client.status(()).await.unwrap().pid;
    let mut other = UnixStream::connect(world.paths.socket()).unwrap();
    other.set_read_timeout(Some(PATIENCE)).unwrap();
    let hello = Hello {
        protocol: 999,
        build: "99.0.0".into(),
    };
    frame(&mut other, &hello.encode());
    let mut length = [0; 4];
    other.read_exact(&mut length).unwrap();
    let mut answer = vec![0; u32::from_be_bytes(length) as usize];
    other.read_exact(&mut answer).unwrap();
    assert_eq!(Hello::decode(&answer), Ok(Hello::ours()));
    assert!(is_dropped(other));
    all_is_well(&mut watcher, pid).await;
}

#[tokio::test]
async fn nobody_waits_for_a_client_that_does_not_read() {
    let world = World::new();
    let mut watcher = world.client().await;
    let pid = watcher.client.status(()).await.unwrap().pid;
    let script = "stty -echo; yes 0123456789012345678901234567890123456789 | head -c 900000; \
                  echo; echo ready; while read line; do echo got $line; done";
    let card = watcher
        .client
        .create_task(world.task(script))
        .await
        .unwrap();
    let (id, session) = (card.task.id, card.session.unwrap().session.id);
    watcher
        .screen(session, |screen| screen.text().contains("ready"))
        .await;

    // It asks for megabytes and takes none of them.
    let mut deaf = rogue(&world);
    deaf.set_write_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    let attach = Request::Attach(Attach {
        session,
        size: (80, 24),
        claim: false,
    });
    let log = Request::ReadLog(ReadLog {
        task: id,
        offset: Some(0),
        max: 1 << 20,
    });
    for number in 0..200u32 {
        let request = if number == 0 {
            attach.clone()
        } else {
            log.clone()
        };
        let message = ClientMessage::Request {
            id: number,
            request,
        };
        let bytes = encode(&message).unwrap();
        // At some point the daemon does not read it any more either.
        let length = (bytes.len() as u32).to_be_bytes();
        if deaf.write_all(&length).is_err() || deaf.write_all(&bytes).is_err() {
            break;
        }
    }

    // The others are served while it blocks.
    let input = vec![Input::Text("hello\r".into())];
    watcher.client.send_input((id, input)).await.unwrap();
    watcher
        .screen(session, |screen| screen.text().contains("got hello"))
        .await;
    // How long the daemon puts up with it is tested where that is decided.
    assert_eq!(watcher.client.status(()).await.unwrap().clients, 2);
    drop(deaf);
    soon("its end", async {
        while watcher.client.status(()).await.unwrap().clients > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    all_is_well(&mut watcher, pid).await;
}

#[tokio::test]
async fn a_client_that_vanishes_while_it_looks_leaves_the_session_alone() {
    let world = World::new();
    let mut watcher = world.client().await;
    let script = "stty -echo; echo ready; while read line; do echo got $line; done";
    let card = watcher
        .client
        .create_task(world.task(script))
        .await
        .unwrap();
    let (id, session) = (card.task.id, card.session.unwrap().session.id);
    let mut other = world.client().await;
    other
        .follow(session, (100, 30), true, |screen| {
            screen.cols == 100 && screen.text().contains("ready")
        })
        .await;
    drop(other);
    soon("its end", async {
        while watcher.client.status(()).await.unwrap().clients > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // The session keeps the size it was given, and goes on.
    watcher.client.notify(Notice::Seen(session));
    let input = vec![Input::Text("on\r".into())];
    watcher.client.send_input((id, input)).await.unwrap();
    let screen = watcher
        .screen(session, |screen| screen.text().contains("got on"))
        .await;
    assert_eq!((screen.cols, screen.rows.len()), (100, 30));
    watcher.client.stop_task(id).await.unwrap();
    watcher.status(id, Status::Queued).await;
}
