//! How many 2 KB records the embedded log puts on disk in a second, and how long one takes alone.
//!
//! `cargo run --release -p hookwheel-log --example embedded_rate -- [directory]`
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring tool for a terminal")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use hookwheel_log::embedded::Embedded;
use hookwheel_log::{
    Append, BlobHash, ConsumerSpec, Expect, Layout, Log, Lookup, Outcome, Retention, StreamSpec, Subject, SubjectFilter,
};

const CALLERS: usize = 256;
const RECORDS: usize = 100_000;
const ALONE: usize = 1_000;
const HELD: usize = 20_000;

#[tokio::main]
async fn main() {
    let directory = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let path = Path::new(&directory).join("embedded-rate").join("log.sqlite");
    let log = Arc::new(Embedded::open(&path, layout()).await.unwrap());

    alone(&*log).await;
    let begun = Instant::now();
    together(&log).await;
    let seconds = begun.elapsed().as_secs_f64();
    println!("{CALLERS} callers: {:.0} records/s", RECORDS as f64 / seconds);
    batches(&*log).await;
    let size: u64 =
        std::fs::read_dir(path.parent().unwrap()).unwrap().map(|f| f.unwrap().metadata().unwrap().len()).sum();
    println!("on disk: {} bytes a record, write-ahead log included", size as usize / (2 * RECORDS + ALONE));
    hand_out(&*log).await;
    log.close().await.unwrap();
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

async fn alone(log: &dyn Log) {
    let mut times = Vec::new();
    for n in 0..ALONE {
        let begun = Instant::now();
        log.append(record("alone", n)).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    println!("one caller: p50 {:?}, p99 {:?}", times[ALONE / 2], times[ALONE * 99 / 100]);
}

async fn together(log: &Arc<Embedded>) {
    let next = Arc::new(AtomicUsize::new(0));
    let callers = (0..CALLERS).map(|_| {
        let (log, next) = (log.clone(), next.clone());
        tokio::spawn(async move {
            let mut times = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= RECORDS {
                    return times;
                }
                let begun = Instant::now();
                assert!(matches!(log.append(record("many", n)).await.unwrap(), Outcome::Stored(_)));
                times.push(begun.elapsed());
            }
        })
    });
    let mut times: Vec<Duration> = join_all(callers).await.into_iter().flat_map(Result::unwrap).collect();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("{CALLERS} callers: p50 {:?}, p99 {:?}, max {:?}", at(50), at(99), at(100));
}

async fn batches(log: &dyn Log) {
    let begun = Instant::now();
    for begin in (0..RECORDS).step_by(CALLERS) {
        let batch = (begin..RECORDS.min(begin + CALLERS)).map(|n| record("batch", n)).collect();
        for outcome in log.append_batch(batch).await.unwrap() {
            assert!(matches!(outcome, Ok(Outcome::Stored(_))));
        }
    }
    println!("batches of {CALLERS}: {:.0} records/s", RECORDS as f64 / begun.elapsed().as_secs_f64());
}

async fn hand_out(log: &dyn Log) {
    let group = log.consumer("group").await.unwrap();
    let begun = Instant::now();
    let mut count = 0;
    while count < HELD {
        for held in group.fetch(256, Duration::from_secs(1)).await.unwrap() {
            held.lease.nak(Duration::from_secs(3600)).await.unwrap();
            count += 1;
        }
    }
    println!("handed out and given back for later: {:.0} records/s", count as f64 / begun.elapsed().as_secs_f64());
    println!("depth with {count} delayed: {:?}", group.depth().await.unwrap());
}

/// Subjects as random as delivery keys.
fn record(kind: &str, n: usize) -> Append {
    let key = BlobHash::of(format!("{kind} {n}").as_bytes());
    Append {
        subject: Subject::new(format!("hw.delivery.wh_0123456789.{}", &key.as_str()[..32])).unwrap(),
        id: format!("{kind}-{n}"),
        headers: vec![("traceparent".into(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into())],
        payload: Bytes::from(vec![n as u8; 2048]),
        expect: Expect::Empty,
    }
}

fn layout() -> Layout {
    Layout {
        streams: vec![StreamSpec {
            name: "DELIVERIES",
            under: vec![Subject::new("hw.delivery").unwrap()],
            lookup: Lookup::Exact,
            retention: Retention::Keep { max_age: Duration::from_secs(7 * 24 * 3600), max_bytes: None },
        }],
        consumers: vec![ConsumerSpec {
            name: "group",
            stream: "DELIVERIES",
            filter: SubjectFilter::All,
            ack_wait: Duration::from_secs(30),
            max_attempts: None,
            max_held: HELD as u32 + 1,
        }],
        buckets: vec![],
    }
}
