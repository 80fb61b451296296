//! Connections that send one byte a second, and come back when they are closed for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::bail;
use hookwheel_tests::process::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const PAUSE: Duration = Duration::from_secs(1);
const WITHIN: Duration = Duration::from_secs(60);
/// Announced by those that get as far as the body, bytes.
const BODY: usize = 2_000;

/// Many of them, half slow in the head and half in the body.
pub struct Slow {
    open: Arc<AtomicUsize>,
    tasks: JoinSet<()>,
}

impl Slow {
    /// Opens so many; returns once nearly all are open at the same time.
    pub async fn open(address: SocketAddr, path: &str, count: usize) -> anyhow::Result<Self> {
        let slow = format!("POST {path} HTTP/1.1\r\nhost: hooks.test\r\n");
        let head = format!("{slow}content-type: application/json\r\ncontent-length: {BODY}\r\n\r\n");
        let (slow, head): (Arc<str>, Arc<str>) = (slow.into(), head.into());
        let mut all = Self { open: Arc::default(), tasks: JoinSet::new() };
        for n in 0..count {
            let first = Arc::clone(if n % 2 == 0 { &slow } else { &head });
            all.tasks.spawn(dribble(address, first, Arc::clone(&all.open)));
        }
        eventually("slow connections", WITHIN, async || match all.open_now() {
            open if open * 20 >= count * 19 => Ok(Some(())),
            open => bail!("{open} of {count} are open"),
        })
        .await?;
        Ok(all)
    }

    /// How many are open.
    pub fn open_now(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Closes them all.
    pub async fn close(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn dribble(address: SocketAddr, first: Arc<str>, open: Arc<AtomicUsize>) {
    loop {
        if let Ok(mut stream) = TcpStream::connect(address).await
            && stream.write_all(first.as_bytes()).await.is_ok()
        {
            open.fetch_add(1, Ordering::Relaxed);
            while goes_on(&mut stream).await {}
            open.fetch_sub(1, Ordering::Relaxed);
        } else {
            sleep(PAUSE).await;
        }
    }
}

/// One more byte after a pause, unless the other side has said something or closed.
async fn goes_on(stream: &mut TcpStream) -> bool {
    let silent = timeout(PAUSE, stream.read_u8()).await.is_err();
    silent && stream.write_all(b"x").await.is_ok()
}
