//! A stream that hyper reads through: strict about framing, and patient only for so long.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::framing::Framing;

/// How long a peer may be quiet outside of a body. (Bodies have clocks of their own, for they end in an answer.)
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// From the connection to its first byte, and from a head's first byte to its last.
    pub(crate) head: Duration,
    /// Between two requests.
    pub(crate) idle: Duration,
}

/// Wraps a connection.
pub(crate) struct Guard<S> {
    stream: S,
    framing: Framing,
    patience: Patience,
    waits_for: Waits,
    until: Instant,
    /// Fires no later than it must; it is set anew only when it fires or would fire too late.
    alarm: Pin<Box<Sleep>>,
    spoiled: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    Head,
    Body,
    NextRequest,
}

impl<S> Guard<S> {
    pub(crate) fn new(stream: S, patience: Patience) -> Self {
        let until = Instant::now() + patience.head;
        Self {
            stream,
            framing: Framing::default(),
            patience,
            waits_for: Waits::Head,
            until,
            alarm: Box::pin(tokio::time::sleep_until(until)),
            spoiled: false,
        }
    }

    /// Follows what was read. A wrong byte is replaced, so that hyper refuses it too; nothing is read after it.
    fn follow(&mut self, buffer: &mut ReadBuf<'_>, before: usize) {
        let whole_before = !self.framing.in_head() && !self.framing.in_body();
        if let Err(wrong) = self.framing.see(&buffer.filled()[before..]) {
            self.spoiled = true;
            buffer.set_filled(before + wrong.at);
            buffer.put_slice(&[wrong.instead]);
            return;
        }
        let waits_for = match (self.framing.in_head(), self.framing.in_body()) {
            (true, _) => Waits::Head,
            (_, true) => Waits::Body,
            _ => Waits::NextRequest,
        };
        if waits_for != self.waits_for || whole_before {
            self.waits_for = waits_for;
            self.until =
                Instant::now() + if waits_for == Waits::Head { self.patience.head } else { self.patience.idle };
        }
    }

    /// Ready when the peer was quiet for too long.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.waits_for == Waits::Body {
            return Poll::Pending;
        }
        if self.alarm.deadline() > self.until {
            self.alarm.as_mut().reset(self.until);
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            if Instant::now() >= self.until {
                return Poll::Ready(());
            }
            self.alarm.as_mut().reset(self.until);
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.spoiled || buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(read) => {
                self.follow(buffer, before);
                Poll::Ready(read)
            }
            Poll::Pending => {
                ready!(self.poll_alarm(cx));
                if self.waits_for == Waits::Head {
                    crate::meters::cut_off();
                }
                self.spoiled = true;
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
