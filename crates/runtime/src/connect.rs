//! Waiting for what a service cannot work without, while `/readyz` says what is missing.

use std::fmt::Display;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::ready::Readiness;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(5);

/// Tries until it works. The condition of that name fails meanwhile and holds afterwards. `Ok(None)` means that `stop`
/// came first; an error is one that time does not heal.
pub async fn patiently<T, E: Display>(
    readiness: &Readiness,
    condition: &str,
    stop: &CancellationToken,
    is_transient: impl Fn(&E) -> bool,
    mut attempt: impl AsyncFnMut() -> Result<T, E>,
) -> Result<Option<T>, E> {
    let (mut pause, mut said) = (FIRST, String::new());
    loop {
        let tried = tokio::select! {
            tried = attempt() => tried,
            () = stop.cancelled() => return Ok(None),
        };
        let why = match tried {
            Ok(ready) => {
                readiness.set(condition, Ok(()));
                return Ok(Some(ready));
            }
            Err(cause) if is_transient(&cause) => cause.to_string(),
            Err(cause) => return Err(cause),
        };
        if why != said {
            tracing::warn!("waiting for the {condition}: {why}");
        }
        readiness.set(condition, Err(why.clone()));
        said = why;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return Ok(None),
        }
        pause = (pause * 2).min(LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_goes_on_until_it_works_and_says_what_is_missing_meanwhile() {
        let (readiness, stop) = (Readiness::default(), CancellationToken::new());
        let mut tries = 0;
        let connected = patiently(
            &readiness,
            "log",
            &stop,
            |_: &String| true,
            async || {
                tries += 1;
                if tries == 2 {
                    assert_eq!(readiness.failing(), [("log".to_owned(), "away".to_owned())]);
                }
                if tries < 3 { Err("away".to_owned()) } else { Ok(tries) }
            },
        );
        assert_eq!(connected.await, Ok(Some(3)));
        assert!(readiness.failing().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_at_a_stop_or_at_what_time_does_not_heal() {
        let (readiness, stop) = (Readiness::default(), CancellationToken::new());
        let unfit = patiently(&readiness, "log", &stop, |_: &&str| false, async || Err::<(), _>("unfit"));
        assert_eq!(unfit.await, Err("unfit"));

        stop.cancel();
        let never = patiently(&readiness, "log", &stop, |_: &&str| true, async || Err::<(), _>("away"));
        assert_eq!(never.await, Ok(None));
    }
}
