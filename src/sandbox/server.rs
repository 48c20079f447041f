//! Opening and closing a portal.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use tokio::sync::oneshot;

use super::Config;
use super::door::door;
use super::faults::ScriptError;
use super::office::Office;
use super::routes::Webhook;
use super::store::StoreError;
use super::wire::{Gate, Peer};

/// How long a closing portal waits for what is under way, on the wall clock.
const CLOSING_MAX: Duration = Duration::from_secs(5);

/// Why a portal doesn't open, or ends.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address is not this computer's own.
    #[error("the sandbox listens on loopback addresses only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The time scale is no positive number.
    #[error("a time scale is a positive number, {0} is not")]
    TimeScale(f64),
    /// The zone has no rules.
    #[error("unknown time zone {0:?}")]
    Zone(String),
    /// The script of faults is wrong.
    #[error(transparent)]
    Faults(#[from] ScriptError),
    /// The state can't be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The network refuses.
    #[error("the sandbox can't listen: {0}")]
    Network(#[from] std::io::Error),
}

/// Runs a portal until `shutdown` is ready; then it takes no more connections and finishes what is under way.
pub async fn run(
    listener: tokio::net::TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), SandboxError> {
    serve(listener, open(&config)?, shutdown).await
}

fn open(config: &Config) -> Result<Arc<Office>, SandboxError> {
    Ok(Arc::new(Office::open(config)?))
}

async fn serve(
    listener: tokio::net::TcpListener,
    office: Arc<Office>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), SandboxError> {
    own_address(listener.local_addr()?)?;
    let service = Router::new().fallback(door).with_state(Arc::clone(&office)).into_make_service_with_connect_info::<Peer>();
    let closing = Arc::clone(&office);
    let shutdown = async move {
        shutdown.await;
        closing.close();
    };
    let closed = async {
        office.closed().await;
        tokio::time::sleep(CLOSING_MAX).await;
    };
    tokio::select! {
        ended = axum::serve(Gate::new(listener, Arc::clone(&office)), service).with_graceful_shutdown(shutdown) => {
            ended?;
            // Those whose client has gone are under way without a connection.
            _ = tokio::time::timeout(CLOSING_MAX, office.idle()).await;
        }
        // A client that neither ends its connection nor reads from it doesn't hold the portal open.
        () = closed => {}
    }
    Ok(())
}

fn own_address(address: SocketAddr) -> Result<(), SandboxError> {
    if address.ip().is_loopback() { Ok(()) } else { Err(SandboxError::NotLoopback(address)) }
}

/// A portal that runs on threads of its own, for tests and for the demo. It closes when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    office: Arc<Office>,
    shutdown: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), SandboxError>>>,
}

impl Sandbox {
    /// Opens a portal; when this returns, it takes connections. Port 0 is any free one.
    pub fn start(config: &Config, listen: SocketAddr) -> Result<Self, SandboxError> {
        own_address(listen)?;
        let listener = TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        // The runtime comes last: whoever calls from another one may not drop it where the portal can't be opened.
        let office = open(config)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let (shutdown, told) = oneshot::channel();
        let portal = Arc::clone(&office);
        let thread = std::thread::spawn(move || {
            let ended = runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                // A handle that is gone without a word closes the portal, too.
                serve(listener, portal, async move { _ = told.await }).await
            });
            runtime.shutdown_timeout(Duration::from_secs(1));
            ended
        });
        Ok(Self { address, office, shutdown: Some(shutdown), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The webhook of its administrator, `http://127.0.0.1:PORT/rest/1/SECRET/`; the secret was made with the portal.
    pub fn webhook(&self) -> String {
        let Webhook { user, secret } = self.office.first_webhook();
        format!("http://{}/rest/{user}/{secret}/", self.address)
    }

    /// What stands behind its door: its faults, its counters and its state.
    pub fn office(&self) -> &Office {
        &self.office
    }

    /// Closes it, and waits until what was under way is done.
    pub fn stop(mut self) -> Result<(), SandboxError> {
        self.close()
    }

    fn close(&mut self) -> Result<(), SandboxError> {
        if let Some(shutdown) = self.shutdown.take() {
            // It may have ended by itself.
            _ = shutdown.send(());
        }
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended,
            // A panic of the portal's thread has been printed; there is nothing left to close.
            Some(Err(_)) | None => Ok(()),
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        _ = self.close();
    }
}
