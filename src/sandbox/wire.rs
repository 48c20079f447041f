//! The connections themselves: they can be told to break off, reset, stall or say something else in the midst of an answer.
//!
//! HTTP above it knows nothing of this. What it hands down passes through [`Wire`], which obeys the [`Order`] given on its [`Line`].

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Sleep;

use super::office::Office;
use super::rule::Deed;

/// What a connection has to do with the next answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Close without an answer.
    Drop,
    /// Reset without an answer.
    Reset,
    /// Send the head and so many bytes of the body, then close.
    Cut(usize),
    /// The same, and reset instead of close.
    Tear(usize),
    /// Send the body byte by byte, with a pause of the wall clock between them.
    Dribble(Duration),
    /// Send these bytes instead, then close.
    Raw(Vec<u8>),
    /// Send the answer; reset as soon as anything more comes in.
    Stale,
}

/// The line on which orders reach a connection.
#[derive(Debug, Default)]
pub struct Line {
    order: Mutex<Option<Order>>,
}

impl Line {
    /// Gives an order; it holds from the next byte that HTTP wants to send.
    pub fn give(&self, order: Order) {
        *self.order.lock().unwrap_or_else(PoisonError::into_inner) = Some(order);
    }

    fn take(&self) -> Option<Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Who is at the other end, and the line to the connection: what a handler knows of it.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The other end's address.
    pub address: SocketAddr,
    /// The line to the connection.
    pub line: Arc<Line>,
}

impl Connected<IncomingStream<'_, Gate>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Gate>) -> Self {
        Self { address: *stream.remote_addr(), line: Arc::clone(&stream.io().line) }
    }
}

/// The listener: every connection it takes in can be given orders, or is broken off at once by a fault.
#[derive(Debug)]
pub struct Gate {
    listener: TcpListener,
    office: Arc<Office>,
}

impl Gate {
    /// A gate on a bound listener.
    pub fn new(listener: TcpListener, office: Arc<Office>) -> Self {
        Self { listener, office }
    }
}

impl Listener for Gate {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            let Ok((stream, address)) = self.listener.accept().await else {
                // Out of descriptors, most likely: some connection has to end first.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            match self.office.meet_connection() {
                Some(Deed::Reset) => _ = stream.set_zero_linger(),
                Some(_) => {}
                None => {
                    // Without this, bytes that are sent one by one would wait for each other.
                    _ = stream.set_nodelay(true);
                    return (Wire { stream, line: Arc::default(), mood: Mood::Open, stale: false }, address);
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that obeys orders.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    line: Arc<Line>,
    mood: Mood,
    stale: bool,
}

#[derive(Debug)]
enum Mood {
    Open,
    Cutting { head: Head, left: usize },
    Dribbling { head: Head, pause: Duration, sleep: Option<Pin<Box<Sleep>>> },
    Raw { bytes: Vec<u8>, sent: usize },
    Broken,
}

impl Wire {
    fn obey(&mut self) {
        let Some(order) = self.line.take() else { return };
        self.mood = match order {
            Order::Drop => Mood::Broken,
            Order::Reset => {
                _ = self.stream.set_zero_linger();
                Mood::Broken
            }
            Order::Tear(left) => {
                _ = self.stream.set_zero_linger();
                Mood::Cutting { head: Head::default(), left }
            }
            Order::Cut(left) => Mood::Cutting { head: Head::default(), left },
            Order::Dribble(pause) => Mood::Dribbling { head: Head::default(), pause, sleep: None },
            Order::Raw(bytes) => Mood::Raw { bytes, sent: 0 },
            Order::Stale => {
                self.stale = true;
                Mood::Open
            }
        };
    }
}

fn broken() -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wire = &mut *self;
        wire.obey();
        let stream = Pin::new(&mut wire.stream);
        match &mut wire.mood {
            Mood::Open => stream.poll_write(context, bytes),
            Mood::Broken => Poll::Ready(Err(broken())),
            Mood::Cutting { head, left } => {
                let in_head = head.length_in(bytes);
                let allowed = in_head + (bytes.len() - in_head).min(*left);
                if allowed == 0 {
                    wire.mood = Mood::Broken;
                    return Poll::Ready(Err(broken()));
                }
                let written = ready!(stream.poll_write(context, &bytes[..allowed]))?;
                head.pass(&bytes[..written]);
                *left -= written.saturating_sub(in_head);
                Poll::Ready(Ok(written))
            }
            Mood::Dribbling { head, pause, sleep } => {
                let in_head = head.length_in(bytes);
                if in_head == 0 {
                    let wait = sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(*pause)));
                    ready!(wait.as_mut().poll(context));
                }
                let written = ready!(stream.poll_write(context, &bytes[..in_head.max(1)]))?;
                head.pass(&bytes[..written]);
                *sleep = None;
                Poll::Ready(Ok(written))
            }
            Mood::Raw { bytes: own, sent } => {
                let mut stream = stream;
                while *sent < own.len() {
                    *sent += ready!(stream.as_mut().poll_write(context, &own[*sent..]))?;
                }
                wire.mood = Mood::Broken;
                Poll::Ready(Err(broken()))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.mood {
            Mood::Broken => Poll::Ready(Ok(())),
            _ => Pin::new(&mut self.stream).poll_shutdown(context),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if matches!(self.mood, Mood::Dribbling { .. }) && buffer.filled().len() > before {
            // The next request: the answer that was to come slowly is through.
            self.mood = Mood::Open;
        }
        if self.stale && buffer.filled().len() > before {
            _ = self.stream.set_zero_linger();
            self.mood = Mood::Broken;
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Poll::Ready(Ok(()))
    }
}

/// Where the head of an HTTP/1 answer ends: behind the first empty line.
#[derive(Debug, Default, Clone, Copy)]
struct Head {
    /// How many bytes of the empty line have been seen; four are all.
    seen: usize,
}

impl Head {
    const END: &'static [u8] = b"\r\n\r\n";

    /// How many of the bytes belong to the head.
    fn length_in(mut self, bytes: &[u8]) -> usize {
        bytes.iter().take_while(|byte| self.step(**byte)).count()
    }

    fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.step(*byte);
        }
    }

    /// Whether the byte belongs to the head.
    fn step(&mut self, byte: u8) -> bool {
        if self.seen == Self::END.len() {
            return false;
        }
        self.seen = if byte == Self::END[self.seen] { self.seen + 1 } else { usize::from(byte == b'\r') };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_ends_behind_the_empty_line_however_it_is_cut_up() {
        let answer = b"HTTP/1.1 200 OK\r\na: b\r\r\n\r\nbody\r\n\r\nmore";
        let whole = Head::default().length_in(answer);
        assert_eq!(&answer[whole..], b"body\r\n\r\nmore");
        for cut in 0..answer.len() {
            let mut head = Head::default();
            let first = head.length_in(&answer[..cut]);
            head.pass(&answer[..cut]);
            assert_eq!(first + head.length_in(&answer[cut..]), whole, "{cut}");
        }
    }
}
