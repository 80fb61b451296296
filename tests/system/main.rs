//! The whole-system suite, run in both worlds: `embedded` (one process, SQLite) and `cluster` (a process per service,
//! JetStream, Postgres).
#![expect(clippy::print_stderr, reason = "a failing test shows the logs of the processes it started")]

mod canary;
mod effects;
mod exactly_one;
mod limits;
mod nothing_lost;
mod pipeline;
mod telemetry;
mod trace;

/// One test per world for each scenario function.
#[macro_export]
macro_rules! in_both_worlds {
    ($($name:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() -> anyhow::Result<()> {
                super::$name(hookwheel_tests::world::Kind::Embedded).await
            })*
        }
        mod cluster {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() -> anyhow::Result<()> {
                super::$name(hookwheel_tests::world::Kind::Cluster).await
            })*
        }
    };
}
