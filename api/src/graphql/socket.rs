//! What WebSockets may cost us: how many are open, how much each may send, and how long one may keep its token to itself.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures::{Stream, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

/// Staff and their screens; each holds a timer and a buffer.
const OPEN_MAX: usize = 200;
/// A token and the frames around it.
const STRANGER_BYTES_MAX: usize = 64 * 1024;
/// What a client sends until its token ends: questions and signs of life.
const CALLER_BYTES_MAX: usize = 1024 * 1024;
/// The first message is sent by a program: it needs no time to think.
const INTRODUCTION: Duration = Duration::from_secs(10);

/// The seats of all sockets of this server.
#[derive(Clone)]
pub struct Seats(Arc<Semaphore>);

/// One open socket. Its seat is free again when the messages are dropped.
pub struct Seat {
    _permit: OwnedSemaphorePermit,
    is_known: Arc<AtomicBool>,
}

/// What comes over a socket, until it is too much or nobody says who they are.
pub struct Guarded<S> {
    messages: S,
    seat: Seat,
    left: usize,
    /// Until the caller is known.
    introduction: Option<Pin<Box<Sleep>>>,
}

impl Seats {
    /// None where all are taken.
    pub fn take(&self) -> Option<Seat> {
        let permit = self.0.clone().try_acquire_owned().ok()?;
        Some(Seat { _permit: permit, is_known: Arc::default() })
    }
}

impl Default for Seats {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(OPEN_MAX)))
    }
}

impl Seat {
    /// To be set when the caller is known.
    pub fn is_known(&self) -> Arc<AtomicBool> {
        self.is_known.clone()
    }

    pub fn guard<S>(self, messages: S) -> Guarded<S> {
        self.guard_for(messages, INTRODUCTION)
    }

    fn guard_for<S>(self, messages: S, introduction: Duration) -> Guarded<S> {
        let introduction = Some(Box::pin(tokio::time::sleep(introduction)));
        Guarded { messages, seat: self, left: STRANGER_BYTES_MAX, introduction }
    }
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for Guarded<S> {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(introduction) = &mut this.introduction {
            if this.seat.is_known.load(Ordering::Relaxed) {
                this.introduction = None;
                this.left = CALLER_BYTES_MAX;
            } else if introduction.as_mut().poll(context).is_ready() {
                return Poll::Ready(Some(Err(PayloadError::Incomplete(None))));
            }
        }
        let message = std::task::ready!(this.messages.poll_next_unpin(context));
        if let Some(Ok(bytes)) = &message {
            match this.left.checked_sub(bytes.len()) {
                Some(left) => this.left = left,
                None => return Poll::Ready(Some(Err(PayloadError::Overflow))),
            }
        }
        Poll::Ready(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(count: usize) -> Result<Bytes, PayloadError> {
        Ok(vec![0; count].into())
    }

    #[actix_web::test]
    async fn a_stranger_may_send_little_and_a_caller_more_and_nobody_without_end() {
        let seat = Seats::default().take().unwrap();
        let known = seat.is_known();
        let piece = 16 * 1024;
        let mut messages = seat.guard(futures::stream::repeat_with(|| bytes(piece)));
        for _ in 0..STRANGER_BYTES_MAX / piece {
            assert!(messages.next().await.unwrap().is_ok());
        }
        assert!(matches!(messages.next().await, Some(Err(PayloadError::Overflow))));
        known.store(true, Ordering::Relaxed);
        for _ in 0..CALLER_BYTES_MAX / piece {
            assert!(messages.next().await.unwrap().is_ok());
        }
        assert!(matches!(messages.next().await, Some(Err(PayloadError::Overflow))));
    }

    #[actix_web::test]
    async fn who_does_not_say_who_they_are_is_shown_out_and_who_does_may_stay() {
        let soon = Duration::from_millis(30);
        let mut silent = Seats::default().take().unwrap().guard_for(futures::stream::pending(), soon);
        assert!(matches!(silent.next().await, Some(Err(PayloadError::Incomplete(None)))));
        let seat = Seats::default().take().unwrap();
        seat.is_known().store(true, Ordering::Relaxed);
        let mut known = seat.guard_for(futures::stream::pending(), soon);
        assert!(tokio::time::timeout(soon * 5, known.next()).await.is_err());
    }

    #[test]
    fn a_seat_is_free_again_when_its_socket_has_gone() {
        let seats = Seats::default();
        let mut taken: Vec<Seat> = (0..OPEN_MAX).map(|_| seats.take().unwrap()).collect();
        assert!(seats.take().is_none());
        taken.pop();
        assert!(seats.take().is_some());
    }
}
