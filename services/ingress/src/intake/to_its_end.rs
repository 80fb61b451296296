//! Work that ends even when nobody waits for it any more.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// Runs within its caller as long as there is one; dropped before its end, it goes on in a task of its own.
pub(super) struct ToItsEnd<F: Future<Output: Send> + Send + 'static> {
    work: Option<Pin<Box<F>>>,
    tracker: TaskTracker,
    runtime: Handle,
}

impl<F: Future<Output: Send> + Send + 'static> ToItsEnd<F> {
    /// Begins when it is polled. `tracker` waits for it when it was left behind.
    pub(super) fn new(work: F, tracker: TaskTracker) -> Self {
        Self { work: Some(Box::pin(work)), tracker, runtime: Handle::current() }
    }
}

impl<F: Future<Output: Send> + Send + 'static> Future for ToItsEnd<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Some(mut work) = self.work.take() else { return Poll::Pending };
        let polled = work.as_mut().poll(cx);
        if polled.is_pending() {
            self.work = Some(work);
        }
        polled
    }
}

impl<F: Future<Output: Send> + Send + 'static> Drop for ToItsEnd<F> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            self.tracker.spawn_on(work, &self.runtime);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_that_is_left_behind_goes_on() {
        let tracker = TaskTracker::new();
        let (go, wait) = oneshot::channel::<()>();
        let (done, ended) = oneshot::channel();
        let mut work = ToItsEnd::new(
            async move {
                let _ = wait.await;
                let _ = done.send(());
            },
            tracker.clone(),
        );
        assert!(futures::poll!(&mut work).is_pending());
        drop(work);
        assert_eq!(tracker.len(), 1);
        go.send(()).unwrap();
        ended.await.unwrap();
    }

    #[tokio::test]
    async fn work_that_has_ended_is_not_begun_again() {
        let tracker = TaskTracker::new();
        assert_eq!(ToItsEnd::new(async { 7 }, tracker.clone()).await, 7);
        assert!(tracker.is_empty());
    }
}
