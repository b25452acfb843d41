//! Taking connections, and how the server stops.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;

use super::connection::Connection;
use super::connection_limit::{Admission, ConnectionLimit, ConnectionSlot};
use super::listeners::{Socket, Stream, try_write};
use crate::http::App;
use crate::logging::LogRateLimit;

/// After an `accept` that failed because the process or the system is short of something.
const BREATHER: Duration = Duration::from_millis(200);

/// When the server stops, for connections that the system has taken and nobody has come to.
const LAST_CALL: Duration = Duration::from_millis(50);

/// To those there is no room for. The connection is over with it.
const NO_ROOM: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// How many of those that are sent away are waited for, and how long.
const LEAVING: usize = 128;
const LEAVING_TIME: Duration = Duration::from_secs(1);

/// Serves until told to stop; then takes no more connections, finishes the requests that are in
/// flight, and returns.
pub async fn serve(sockets: Vec<Socket>, app: App, stop: impl Future<Output = ()>) {
    let (stop_sender, stop_receiver) = watch::channel(());
    let room = Arc::new(ConnectionLimit::new(app.max_connections()));
    let leaving = Arc::new(Semaphore::new(LEAVING));
    let mut tasks = JoinSet::new();
    for socket in sockets {
        let server = Server {
            app: app.clone(),
            room: Arc::clone(&room),
            leaving: Arc::clone(&leaving),
            stop: stop_receiver.clone(),
            is_https: socket.is_https,
        };
        tasks.spawn(server.listen(socket));
    }
    drop(stop_receiver);
    stop.await;
    app.shared.measurements.is_stopping.store(true, Relaxed);
    drop(stop_sender);
    let finished = async {
        tasks.join_all().await;
        room.emptied().await;
    };
    if timeout(app.limits().shutdown_timeout, finished).await.is_err() {
        tracing::warn!("some connections did not finish in time and are cut off");
    }
}

struct Server {
    app: App,
    room: Arc<ConnectionLimit>,
    leaving: Arc<Semaphore>,
    /// Its sender is dropped to say stop; nothing is ever sent.
    stop: watch::Receiver<()>,
    is_https: bool,
}

impl Server {
    async fn listen(self, socket: Socket) {
        static SHORT_OF_FILES: LogRateLimit = LogRateLimit::new();

        let mut stop = self.stop.clone();
        // When somebody was asked to leave, since nobody could be taken.
        let mut asked = None::<Instant>;
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                _ = stop.changed() => return self.last_call(socket).await,
            };
            match accepted {
                Ok((stream, peer)) => {
                    asked = None;
                    self.admit(stream, peer).await;
                }
                // The client went away before we came to it.
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    let left = self.room.somebody_leaves();
                    // Most likely there are no files left. A connection has one; if that does not help,
                    // others are the cause.
                    if asked.is_none_or(|asked| asked.elapsed() >= BREATHER) {
                        self.room.ask_one_to_leave();
                        asked = Some(Instant::now());
                    }
                    if SHORT_OF_FILES.permits() {
                        tracing::warn!(%error, "cannot take connections; idle ones are closed to make room");
                    }
                    let _ = timeout(BREATHER, left).await;
                }
            }
        }
    }

    /// Takes those that have come already; at a socket that is another's too, that one will.
    async fn last_call(self, socket: Socket) {
        if socket.is_inherited {
            return;
        }
        let end = Instant::now() + LAST_CALL;
        while let Ok(Ok((stream, peer))) = tokio::time::timeout_at(end, socket.accept()).await {
            self.admit(stream, peer).await;
        }
    }

    async fn admit(&self, stream: Stream, peer: IpAddr) {
        static NO_ROOM_LEFT: LogRateLimit = LogRateLimit::new();

        let measurements = &self.app.shared.measurements;
        let Admission { seat, displaced } = self.room.enter().await;
        measurements.connections_displaced.fetch_add(displaced, Relaxed);
        if (displaced > 0 || seat.is_none()) && NO_ROOM_LEFT.permits() {
            let open = measurements.connections();
            tracing::warn!(open, "no room for connections; idle ones are closed to make room");
        }
        match seat {
            Some(seat) => self.begin(stream, peer, seat),
            None => {
                measurements.connections_refused.fetch_add(1, Relaxed);
                self.send_away(stream);
            }
        }
    }

    fn begin(&self, stream: Stream, peer: IpAddr, seat: ConnectionSlot) {
        let app = self.app.clone();
        let door = app.door(peer);
        let stop = self.stop.clone();
        let open = Open::new(app.clone());
        let tls = if self.is_https { app.current().tls.clone() } else { None };
        let is_https = self.is_https;
        tokio::spawn(async move {
            match tls {
                Some(tls) => {
                    let connection = Connection { door: door.https(), seat, stop };
                    let handshake =
                        timeout(app.limits().header_timeout, TlsAcceptor::from(tls).accept(stream));
                    match connection.unless_needed(handshake).await {
                        Some(Ok(Ok(stream))) => connection.serve(stream).await,
                        Some(_) => {
                            app.shared.measurements.handshakes_failed.fetch_add(1, Relaxed);
                        }
                        None => {}
                    }
                }
                // Nobody should have let it come to this.
                None if is_https => {
                    tracing::error!("a listener with https:// has no certificate");
                    app.shared.measurements.handshakes_failed.fetch_add(1, Relaxed);
                }
                None => Connection { door, seat, stop }.serve(stream).await,
            }
            drop(open);
        });
    }

    /// Says that there is no room, to as many as can be waited for; a connection that is closed at once
    /// might take the answer with it.
    fn send_away(&self, mut stream: Stream) {
        let place = Arc::clone(&self.leaving).try_acquire_owned();
        let (Ok(place), false) = (place, self.is_https) else { return };
        tokio::spawn(async move {
            let _place = place;
            if try_write(&stream, NO_ROOM).is_ok() && stream.shutdown().await.is_ok() {
                let mut rest = [0; 512];
                let read_on = async { while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {} };
                let _ = timeout(LEAVING_TIME, read_on).await;
            }
        });
    }
}

/// A connection, for as long as it is counted as open.
struct Open(App);

impl Open {
    fn new(app: App) -> Self {
        app.shared.measurements.connections_opened.fetch_add(1, Relaxed);
        Self(app)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.shared.measurements.connections_closed.fetch_add(1, Relaxed);
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};

    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
