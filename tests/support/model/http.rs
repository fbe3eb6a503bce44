//! As much of HTTP/1.1 as the CLIs speak: requests with a length or in chunks, answers whole or streamed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The longest body that is read: conversations with images would be longer, ours are not.
const MAX_BODY: usize = 32 * 1024 * 1024;

/// A request.
pub(super) struct Request {
    pub(super) method: String,
    /// With its query.
    pub(super) path: String,
    pub(super) body: Vec<u8>,
    /// Whether it is the last of its connection.
    pub(super) last: bool,
}

/// A connection.
pub(super) struct Connection {
    reader: BufReader<TcpStream>,
    stream: TcpStream,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let reader = BufReader::new(stream.try_clone()?);
        Ok(Self { reader, stream })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        (&mut self.reader).take(64 * 1024).read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// The next request; `None` once the other side has gone.
    pub(super) fn request(&mut self) -> io::Result<Option<Request>> {
        let first = self.line()?;
        let mut words = first.split(' ');
        let (Some(method), Some(path)) = (words.next(), words.next()) else {
            return Ok(None);
        };
        let (method, path) = (method.to_owned(), path.to_owned());
        let (mut length, mut chunked, mut last) = (0usize, false, false);
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap_or(0),
                "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
                "connection" => last = value.eq_ignore_ascii_case("close"),
                "expect" => self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?,
                _ => {}
            }
        }
        let mut body = Vec::new();
        if chunked {
            loop {
                let size = self.line()?;
                let size = usize::from_str_radix(size.split(';').next().unwrap_or(""), 16);
                let size = size.map_err(io::Error::other)?;
                self.take(size, &mut body)?;
                self.line()?;
                if size == 0 {
                    break;
                }
            }
        } else {
            self.take(length, &mut body)?;
        }
        Ok(Some(Request {
            method,
            path,
            body,
            last,
        }))
    }

    fn take(&mut self, length: usize, body: &mut Vec<u8>) -> io::Result<()> {
        if body.len() + length > MAX_BODY {
            return Err(io::Error::other("too long"));
        }
        let from = body.len();
        body.resize(from + length, 0);
        self.reader.read_exact(&mut body[from..])
    }

    /// Gives a whole answer.
    pub(super) fn answer(
        &mut self,
        status: u16,
        headers: &[(String, String)],
        body: &[u8],
    ) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
        head.push_str("content-type: application/json\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        self.stream.write_all(head.as_bytes())?;
        self.stream.write_all(body)
    }

    /// Begins an answer in pieces.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                    cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";
        self.stream.write_all(head.as_bytes())
    }

    /// A piece of it. An empty one would end it.
    pub(super) fn piece(&mut self, piece: &str) -> io::Result<()> {
        if piece.is_empty() {
            return Ok(());
        }
        let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
        self.stream.write_all(chunk.as_bytes())
    }

    /// Its end.
    pub(super) fn end(&mut self) -> io::Result<()> {
        self.stream.write_all(b"0\r\n\r\n")
    }

    /// Whether the other side has hung up; it sends nothing while it waits for an answer.
    pub(super) fn is_gone(&self) -> bool {
        let mut byte = [0];
        let wait = self.stream.set_read_timeout(Some(Duration::from_millis(1)));
        let gone = match self.stream.peek(&mut byte) {
            Ok(length) => length == 0,
            Err(error) => !matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
            ),
        };
        let _ = self.stream.set_read_timeout(None);
        gone || wait.is_err()
    }

    /// Cuts it off.
    pub(super) fn cut(&self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        429 => "Too Many Requests",
        529 => "Overloaded",
        _ => "Error",
    }
}
