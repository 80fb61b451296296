//! Limits over replicas that die, and a flood of forged requests beside genuine ones. Both take real time, a minute and more: they
//! run whole in the long profile (`cargo xtask test --long`) and cut short otherwise.

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use hookwheel_core::journal::What;
use hookwheel_log::{Log, SubjectFilter};
use hookwheel_proto::{Fact, decode, topology};
use hookwheel_tests::ledger::Answer;
use hookwheel_tests::process::eventually;
use hookwheel_tests::scenario::{Prepared, Sender};
use hookwheel_tests::world::{Kind, Options, Part, World};

const WINDOW: Duration = Duration::from_secs(60);
const RUNNERS: u8 = 3;

fn is_long() -> bool {
    std::env::var("HOOKWHEEL_TEST_PROFILE").is_ok_and(|profile| profile == "long")
}

/// Deliveries are many more than the limit. Runners are killed while they start what is allowed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_runners_that_are_killed_start_what_the_limit_allows_and_no_more() -> anyhow::Result<()> {
    let (deliveries, limit, watched) = if is_long() { (5_000, 600, 150) } else { (200, 60, 0) };
    let limits = if is_long() { "per_webhook = 600\nglobal = 0" } else { "per_webhook = 60\nglobal = 0" };
    let options = Options { runners: RUNNERS, limits, ..Options::default() };
    let mut world = World::start(Kind::Cluster, options).await?;
    let (sender, urls) = (Sender::new()?, world.intakes());
    let prepared: Vec<_> = (0..deliveries).map(|n| Prepared::opened(n, n % 50)).collect::<Result<_, _>>()?;
    let patience = Duration::from_secs(60);
    let sent = futures::stream::iter(&prepared).map(|one| sender.deliver(&urls, one, patience)).buffer_unordered(8);
    let sent: Vec<_> = sent.collect().await;
    sent.into_iter().collect::<Result<Vec<_>, _>>()?;

    let (log, began) = (world.log().await?, Instant::now());
    let mut starts = starts(&*log).await?;
    let mut killed = 0;
    while (starts.len() as u64) < limit || began.elapsed() < Duration::from_secs(watched) {
        anyhow::ensure!(
            began.elapsed() < Duration::from_secs(240),
            "only {} have started\n{}",
            starts.len(),
            world.logs()
        );
        let part = Part::AgentRunner(killed % RUNNERS);
        world.kill9(part)?;
        world.restart(part).await?;
        killed = killed.wrapping_add(1);
        tokio::time::sleep(Duration::from_millis(if is_long() { 4_000 } else { 1_000 })).await;
        starts = self::starts(&*log).await?;
    }
    let fullest = fullest(&starts);
    eprintln!(
        "{} of {deliveries} started in {:?}, at most {fullest} within a minute, {killed} kills",
        starts.len(),
        began.elapsed()
    );
    assert!(fullest as u64 <= limit, "{fullest} within a minute");
    assert!(fullest as u64 * 10 >= limit * 9, "{fullest} within a minute");
    assert_eq!(sender.ledger().acknowledged() as u64, deliveries, "nobody was sent away");
    let mailboxes = SubjectFilter::Under(hookwheel_log::Subject::new("hw.session")?);
    let requested = eventually("nothing is lost", Duration::from_secs(60), async || {
        let requested = read(&*log, topology::EVENTS, &mailboxes).await?.len() as u64;
        Ok((requested >= deliveries).then_some(requested))
    });
    assert_eq!(requested.await?, deliveries);
    Ok(())
}

/// When each run has started, by the runners' clocks, ascending.
async fn starts(log: &dyn Log) -> anyhow::Result<Vec<i64>> {
    let runs = SubjectFilter::Under(hookwheel_log::Subject::new("hw.run")?);
    let mut starts = Vec::new();
    for stored in read(log, topology::RUNS, &runs).await? {
        if let Ok(Fact::RunEntry(entry)) = decode(&stored)
            && matches!(entry.what, What::Started(_))
        {
            starts.push(entry.at.micros());
        }
    }
    starts.sort_unstable();
    Ok(starts)
}

async fn read(log: &dyn Log, stream: &str, filter: &SubjectFilter) -> anyhow::Result<Vec<hookwheel_log::Stored>> {
    let (mut all, mut from) = (Vec::new(), 1);
    loop {
        let page = log.read(stream, filter, from, 500).await?;
        let Some(last) = page.last() else { return Ok(all) };
        from = last.seq + 1;
        all.extend(page);
    }
}

/// The most within any minute.
fn fullest(starts: &[i64]) -> usize {
    let window = i64::try_from(WINDOW.as_micros()).unwrap_or(i64::MAX);
    let within = |from: usize| starts[from..].iter().take_while(|at| **at - starts[from] < window).count();
    (0..starts.len()).map(within).max().unwrap_or(0)
}

/// Forged requests come as fast as they are answered, from the same address as the genuine ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_forged_requests_holds_no_genuine_one_up() -> anyhow::Result<()> {
    let (lasting, forgers) = if is_long() { (Duration::from_secs(20), 64) } else { (Duration::from_secs(2), 16) };
    let world = World::start(Kind::Cluster, Options::default()).await?;
    let (sender, urls) = (Sender::new()?, world.intakes());
    let forger = Sender::new()?;
    let until = Instant::now() + lasting;
    let forging = (0..forgers).map(|n| {
        let (forger, url) = (forger.clone(), urls[0].clone());
        tokio::spawn(async move {
            let forged = Prepared::forged(1_000_000 + n)?;
            let (mut refused, mut slowed) = (0_u64, 0_u64);
            while Instant::now() < until {
                match forger.post(&url, &forged).await {
                    Answer::Refused(429) => slowed += 1,
                    Answer::Refused(401) => refused += 1,
                    other => anyhow::bail!("a forged request was answered {other:?}"),
                }
            }
            Ok((refused, slowed))
        })
    });
    let forging: Vec<_> = forging.collect();
    let mut took = Vec::new();
    let mut genuine = 0;
    while Instant::now() < until {
        let (delivery, asked) = (Prepared::opened(genuine, genuine)?, Instant::now());
        let answer = sender.post(&urls[0], &delivery).await;
        anyhow::ensure!(matches!(answer, Answer::Ok(_)), "a genuine delivery was answered {answer:?}");
        took.push(asked.elapsed());
        genuine += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (mut refused, mut slowed) = (0, 0);
    for one in forging {
        let (more_refused, more_slowed) = one.await??;
        (refused, slowed) = (refused + more_refused, slowed + more_slowed);
    }
    took.sort_unstable();
    eprintln!(
        "{refused} forged requests refused and {slowed} slowed down beside {genuine} genuine ones; p99 {:?}",
        took[took.len() * 99 / 100]
    );
    assert!(refused + slowed > genuine, "that was no flood");
    let log = world.log().await?;
    let notices = read(&*log, topology::NOTICES, &SubjectFilter::All).await?;
    assert!(notices.len() < 500, "{} notices", notices.len());
    Ok(())
}
