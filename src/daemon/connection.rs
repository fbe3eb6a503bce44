//! One client's connection: the hello, reading requests and notices, writing answers, events and screens.
//!
//! Invariants: whatever a client sends costs at most its own connection; at most [`IN_FLIGHT`] requests
//! of one client are under way or unread, then it is not read from any more; a client that takes nothing
//! for [`PATIENCE`] is dropped.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

use super::outbox::{ClientId, Outbox, Outgoing};
use super::service::{Caller, Service};
use crate::protocol::{
    ApiError, ClientMessage, ErrorCode, Hello, Response, ServerMessage, codec, decode, dispatch,
    encode,
};

/// Requests of one client under way at once.
const IN_FLIGHT: usize = 32;
/// How long a client may take nothing, or take for its hello.
const PATIENCE: Duration = Duration::from_secs(10);

type Reader = FramedRead<OwnedReadHalf, LengthDelimitedCodec>;
type Writer = FramedWrite<OwnedWriteHalf, LengthDelimitedCodec>;

/// Serves a client until it or the daemon goes.
pub(super) async fn serve(service: Arc<Service>, stream: UnixStream, client: ClientId) {
    let (read, write) = stream.into_split();
    let mut reader = FramedRead::new(read, codec::framing());
    let mut writer = FramedWrite::new(write, codec::framing());
    match timeout(PATIENCE, greet(&mut reader, &mut writer)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return tracing::info!(client = client.0, %error, "no hello"),
        Err(_) => return tracing::info!(client = client.0, "no hello in time"),
    }
    let (outbox, queue) = Outbox::new();
    let caller = Arc::new(Caller::new(service.clone(), client, outbox.clone()));
    service.hub.join(client, outbox.clone());
    let writing = tokio::spawn(write_all(writer, queue, outbox.clone(), client, PATIENCE));
    let ended = tokio::select! {
        ended = read_all(&caller, reader) => ended,
        () = outbox.gone().cancelled() => Ok(()),
    };
    if let Err(error) = ended {
        tracing::warn!(client = client.0, %error, "a client was dropped");
    }
    service.hub.leave(client);
    service.client_gone(client);
    outbox.close();
    let _ = writing.await;
}

/// Exchanges hellos; another version gets ours and is then let go.
async fn greet(reader: &mut Reader, writer: &mut Writer) -> io::Result<()> {
    let frame = match reader.next().await {
        Some(frame) => frame?,
        None => return Err(io::ErrorKind::UnexpectedEof.into()),
    };
    let theirs = Hello::decode(&frame).map_err(io::Error::other)?;
    let ours = Hello::ours();
    writer.send(Bytes::from(ours.encode())).await?;
    ours.check(&theirs).map_err(io::Error::other)
}

/// Reads until the client closes (`Ok`) or does what it must not (`Err`).
async fn read_all(caller: &Arc<Caller>, mut reader: Reader) -> io::Result<()> {
    let permits = Arc::new(Semaphore::new(IN_FLIGHT));
    while let Some(frame) = reader.next().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => return Err(error),
        };
        match decode(&frame).map_err(io::Error::other)? {
            ClientMessage::Notice(notice) => caller.take_notice(notice),
            ClientMessage::Request { id, request } => {
                let Ok(permit) = permits.clone().acquire_owned().await else {
                    return Ok(());
                };
                let caller = caller.clone();
                tokio::spawn(async move {
                    let name = request.name();
                    let task = {
                        let caller = caller.clone();
                        tokio::spawn(async move { dispatch(&*caller, request).await })
                    };
                    // A panic costs this request its answer, not the client its connection.
                    let result = task.await.unwrap_or_else(|error| {
                        tracing::error!(%error, request = name, "a request failed by a bug");
                        let message = format!("{name} failed by a bug; the daemon's log has more");
                        Err(ApiError::new(ErrorCode::Internal, message))
                    });
                    let message = Box::new(ServerMessage::Response { id, result });
                    let outgoing = Outgoing::Message(message, Some(permit));
                    caller.outbox.send(outgoing);
                });
            }
        }
    }
    Ok(())
}

/// Writes what comes, everything that waits in one go, until the connection shall end: because somebody
/// closes it, or because the client takes nothing for as long as `patience`.
async fn write_all(
    mut writer: Writer,
    mut queue: mpsc::Receiver<Outgoing>,
    outbox: Outbox,
    client: ClientId,
    patience: Duration,
) {
    let gone = outbox.gone().clone();
    loop {
        let first = tokio::select! {
            first = queue.recv() => first,
            () = gone.cancelled() => None,
        };
        let Some(first) = first else { break };
        match timeout(patience, write_batch(&mut writer, &mut queue, first)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(client = client.0, %error, "a client cannot be written to");
                break;
            }
            Err(_) => {
                tracing::warn!(client = client.0, "a client takes nothing and was dropped");
                break;
            }
        }
    }
    outbox.close();
    // What was queued before the end, the notice of it above all, still goes out if it goes at once.
    let _ = timeout(Duration::from_millis(200), async {
        while let Ok(next) = queue.try_recv() {
            write_batch(&mut writer, &mut queue, next).await?;
        }
        io::Result::Ok(())
    })
    .await;
}

async fn write_batch(
    writer: &mut Writer,
    queue: &mut mpsc::Receiver<Outgoing>,
    first: Outgoing,
) -> io::Result<()> {
    let mut next = Some(first);
    // Bounded, so that the time limit of a batch is one for progress.
    for _ in 0..64 {
        let Some(outgoing) = next else { break };
        if let Some(frame) = frame_of(outgoing) {
            writer.feed(frame).await?;
        }
        next = queue.try_recv().ok();
    }
    if let Some(frame) = next.and_then(frame_of) {
        writer.feed(frame).await?;
    }
    SinkExt::<Bytes>::flush(writer).await
}

/// The bytes of a message; an answer that is too long is answered with an error instead.
fn frame_of(outgoing: Outgoing) -> Option<Bytes> {
    match outgoing {
        Outgoing::Frame(frame) => Some(frame),
        Outgoing::Screen(update) => encode(&ServerMessage::Screen(update)).ok(),
        Outgoing::Message(message, _permit) => match encode(&*message) {
            Ok(frame) => Some(frame),
            Err(error) => {
                let ServerMessage::Response { id, .. } = *message else {
                    return None;
                };
                let error = ApiError::new(ErrorCode::Failed, error.to_string());
                let result: Result<Response, _> = Err(error);
                encode(&ServerMessage::Response { id, result }).ok()
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    fn frame(length: usize) -> Outgoing {
        Outgoing::Frame(Bytes::from(vec![b'x'; length]))
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_dropped() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (_read, write) = ours.into_split();
        let writer = FramedWrite::new(write, codec::framing());
        let (outbox, queue) = Outbox::new();
        // More than the socket takes.
        for _ in 0..16 {
            outbox.send(frame(1 << 20));
        }
        let patience = Duration::from_millis(50);
        let writing = write_all(writer, queue, outbox.clone(), ClientId(1), patience);
        timeout(Duration::from_secs(30), writing).await.unwrap();
        assert!(outbox.gone().is_cancelled());
        drop(theirs);
    }

    #[tokio::test]
    async fn a_slow_client_is_kept_as_long_as_it_takes_something() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let (_read, write) = ours.into_split();
        let writer = FramedWrite::new(write, codec::framing());
        let (outbox, queue) = Outbox::new();
        let patience = Duration::from_secs(30);
        let writing = write_all(writer, queue, outbox.clone(), ClientId(1), patience);
        let writing = tokio::spawn(writing);
        for _ in 0..4 {
            outbox.send(frame(1 << 20));
            let mut got = vec![0; (1 << 20) + 4];
            theirs.read_exact(&mut got).await.unwrap();
        }
        assert!(!outbox.gone().is_cancelled());
        outbox.close();
        writing.await.unwrap();
    }
}
