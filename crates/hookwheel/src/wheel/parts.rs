//! The services as tasks of one process: started in order, drained in the order in which a delivery goes through them.

use std::fmt::Display;
use std::future::Future;

use futures::FutureExt as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::exit::Failure;

/// Running services, upstream first.
#[derive(Default)]
pub struct Parts(Vec<Part>);

struct Part {
    name: &'static str,
    stop: CancellationToken,
    task: JoinHandle<Result<(), String>>,
}

impl Parts {
    /// Starts a service; `run` gets the token that asks it to drain.
    pub fn start<F, E>(&mut self, name: &'static str, run: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + 'static,
    {
        let stop = CancellationToken::new();
        let running = run(stop.clone());
        let task = tokio::spawn(running.map(|ended| ended.map_err(|error| error.to_string())));
        self.0.push(Part { name, stop, task });
    }

    /// Waits until one of them ends, which none does by itself.
    pub async fn first_end(&mut self) -> Failure {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        let (ended, index, _) = futures::future::select_all(self.0.iter_mut().map(|part| &mut part.task)).await;
        let name = self.0.remove(index).name;
        match ended {
            Ok(Ok(())) => Failure::failed(format!("the {name} has stopped")),
            Ok(Err(why)) => Failure::failed(format!("the {name} has stopped: {why}")),
            Err(error) => Failure::failed(format!("the {name} has stopped: {error}")),
        }
    }

    /// Drains one after the other: what one service still hands on, the next one still takes.
    pub async fn drain(self) -> Result<(), Failure> {
        let mut outcome = Ok(());
        for part in self.0 {
            part.stop.cancel();
            let why = match part.task.await {
                Ok(Ok(())) => continue,
                Ok(Err(why)) => why,
                Err(error) => error.to_string(),
            };
            outcome = outcome.and(Err(Failure::failed(format!("the {} did not drain: {why}", part.name))));
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[tokio::test]
    async fn services_drain_one_after_the_other() {
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut parts = Parts::default();
        for name in ["first", "second", "third"] {
            let order = Arc::clone(&order);
            parts.start(name, |stop| async move {
                stop.cancelled().await;
                tokio::task::yield_now().await;
                order.lock().unwrap().push(name);
                Ok::<(), String>(())
            });
        }
        parts.drain().await.unwrap();
        assert_eq!(*order.lock().unwrap(), ["first", "second", "third"]);
    }

    #[tokio::test]
    async fn the_one_that_ends_early_is_named_and_the_others_drain() {
        let mut parts = Parts::default();
        parts.start("steady", |stop| async move {
            stop.cancelled().await;
            Ok::<(), String>(())
        });
        parts.start("broken", |_| async { Err::<(), _>("no more disk".to_owned()) });
        assert_eq!(parts.first_end().await, Failure::failed("the broken has stopped: no more disk"));
        parts.drain().await.unwrap();
    }
}
