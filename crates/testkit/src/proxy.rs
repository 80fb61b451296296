//! A TCP proxy on loopback that can cut connections and lose what the server answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// Passes connections on to one address until dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    listener: AbortHandle,
}

#[derive(Debug)]
struct State {
    target: SocketAddr,
    /// Counts the cuts; every connection ends when it changes.
    cuts: watch::Sender<u64>,
    /// Whether what the server says is thrown away.
    deaf: AtomicBool,
}

impl Proxy {
    /// Listens on a free port in front of the address.
    pub async fn start(target: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State { target, cuts: watch::Sender::new(0), deaf: AtomicBool::new(false) });
        let listener = tokio::spawn(accept(listener, state.clone())).abort_handle();
        Ok(Self { address, state, listener })
    }

    /// Where to connect instead.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection at once; new ones are welcome.
    pub fn cut(&self) {
        self.state.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// From now on, throws away what the server says (true) or passes it on again (false). A connection that lost
    /// bytes is of no use any more: cut it.
    pub fn lose_answers(&self, lose: bool) {
        self.state.deaf.store(lose, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(pass(client, state.clone()));
    }
}

async fn pass(client: TcpStream, state: Arc<State>) {
    let mut cuts = state.cuts.subscribe();
    let Ok(server) = TcpStream::connect(state.target).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        _ = cuts.changed() => {}
        _ = copy(from_client, to_server, || false) => {}
        _ = copy(from_server, to_client, || state.deaf.load(Ordering::SeqCst)) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, lost: impl Fn() -> bool) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        if !lost() {
            to.write_all(&buffer[..count]).await?;
        }
    }
}
