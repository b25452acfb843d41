//! The accept loop: admits connections, refuses those over the limit, and shuts the server down.
//!
//! `axum::serve` has no connection limit, no TLS and no timeouts. `hyper_util::server::graceful` closes an idle
//! connection at once, and the request that is already on its way to it is lost (see `connection`).

use std::future::Future;
use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, copy, sink};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection;
use super::connection_limit::{Admission, ConnectionLimit, ConnectionSlot};
use super::listeners::{Socket, Stream};
use crate::http::{App, RequestService};
use crate::logging::LogRateLimit;

/// Pause after an `accept` that failed, most likely because no file descriptor is free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// How long a stopping server accepts the connections that the kernel has queued.
const LAST_ACCEPTS: Duration = Duration::from_millis(50);

/// The response to a connection over the limit.
const REFUSAL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// How many refused connections may be open at a time, and for how long.
const MAX_REFUSALS: usize = 128;
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(1);

/// What the listeners share.
struct Server {
    app: App,
    limit: Arc<ConnectionLimit>,
    refusals: Arc<Semaphore>,
    tasks: TaskTracker,
    /// Cancelled when the server stops.
    stopping: CancellationToken,
}

/// Serves until `stop` ends. Then accepts no more connections, finishes the requests in progress, and returns.
pub async fn serve(sockets: Vec<Socket>, app: App, stop: impl Future<Output = ()>) {
    let stopping = CancellationToken::new();
    let server = Arc::new(Server {
        limit: Arc::new(ConnectionLimit::new(app.max_connections(), stopping.clone())),
        refusals: Arc::new(Semaphore::new(MAX_REFUSALS)),
        tasks: TaskTracker::new(),
        stopping,
        app,
    });
    for socket in sockets {
        server.tasks.spawn(Arc::clone(&server).listen(socket));
    }
    stop.await;
    server.app.shared.metrics.is_stopping.store(true, Relaxed);
    server.stopping.cancel();
    server.tasks.close();
    if timeout(server.app.limits().shutdown_timeout, server.tasks.wait()).await.is_err() {
        tracing::warn!("the shutdown timeout has expired; open connections are closed");
    }
}

impl Server {
    async fn listen(self: Arc<Self>, socket: Socket) {
        static ACCEPT_FAILED: LogRateLimit = LogRateLimit::new();

        let mut stopped = pin!(async {
            self.stopping.cancelled().await;
            // The next server accepts the connections of an inherited socket.
            if !socket.is_inherited {
                sleep(LAST_ACCEPTS).await;
            }
        });
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = &mut stopped => return,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer, socket.is_https).await,
                // The client closed the connection before it was accepted.
                Err(error)
                    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {}
                Err(error) => {
                    if ACCEPT_FAILED.permits() {
                        tracing::warn!(%error, "cannot accept connections; closing the connection that is \
                                                idle longest");
                    }
                    // Every connection has a file descriptor.
                    self.limit.close_longest_idle();
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn admit(&self, stream: Stream, peer: IpAddr, is_https: bool) {
        let Admission { slot, closed_idle } = self.limit.admit().await;
        count_admission(&self.app, closed_idle, slot.is_none());
        match slot {
            Some(slot) => self.start(stream, peer, slot, is_https),
            // A TLS handshake would cost more than the response.
            None if is_https => {}
            None => self.refuse(stream),
        }
    }

    fn start(&self, stream: Stream, peer: IpAddr, slot: ConnectionSlot, is_https: bool) {
        let app = self.app.clone();
        self.tasks.spawn(async move {
            let _open = OpenConnection::new(app.clone());
            let service = RequestService::new(&app, peer);
            if !is_https {
                return connection::serve(stream, service, slot).await;
            }
            let tls = app.current().tls.clone().expect("an https listener has a certificate");
            let handshake = timeout(app.limits().header_timeout, TlsAcceptor::from(tls).accept(stream));
            match connection::unless_closed(&slot, handshake).await {
                Some(Ok(Ok(stream))) => connection::serve(stream, service.https(), slot).await,
                Some(_) => count_failed_handshake(&app),
                None => {}
            }
        });
    }

    /// Sends a 503 and reads on until the client closes the connection: a connection that is closed with unread
    /// bytes is reset, and the client might never see the response.
    fn refuse(&self, mut stream: Stream) {
        let Ok(permit) = Arc::clone(&self.refusals).try_acquire_owned() else { return };
        self.tasks.spawn(async move {
            let _permit = permit;
            let refusal = async {
                stream.write_all(REFUSAL).await?;
                stream.shutdown().await?;
                copy(&mut stream, &mut sink()).await
            };
            let _ = timeout(REFUSAL_TIMEOUT, refusal).await;
        });
    }
}

/// A connection, for as long as it is counted as open.
struct OpenConnection(App);

impl OpenConnection {
    fn new(app: App) -> Self {
        app.shared.metrics.connections_opened.inc();
        Self(app)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.shared.metrics.connections_closed.inc();
    }
}

fn count_admission(app: &App, closed_idle: bool, is_refused: bool) {
    static LIMIT_REACHED: LogRateLimit = LogRateLimit::new();

    let metrics = &app.shared.metrics;
    metrics.connections_displaced.inc_by(closed_idle.into());
    metrics.connections_refused.inc_by(is_refused.into());
    if (closed_idle || is_refused) && LIMIT_REACHED.permits() {
        let open = metrics.connections();
        tracing::warn!(open, "connection limit reached; idle connections are closed for new ones");
    }
}

fn count_failed_handshake(app: &App) {
    app.shared.metrics.handshakes_failed.inc();
}
