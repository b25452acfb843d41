//! Sockets: where connections come in, and how the server stops.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::App;
use super::connection::Connection;
use super::room::Room;
use crate::config::Limits;

/// After an `accept` that failed because the process or the system is short of something.
const BREATHER: Duration = Duration::from_millis(200);
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

/// Binds every address, or none.
///
/// # Errors
/// The first address that cannot be had, and why.
pub async fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, (SocketAddr, io::Error)> {
    let mut listeners = Vec::new();
    for address in addresses {
        listeners.push(TcpListener::bind(address).await.map_err(|error| (*address, error))?);
    }
    Ok(listeners)
}

/// Serves until told to stop; then takes no more connections, finishes the requests that are in
/// flight, and returns.
pub async fn serve(listeners: Vec<TcpListener>, app: App, limits: Limits, stop: impl Future<Output = ()>) {
    let (stop_sender, stop_receiver) = watch::channel(());
    let room = Arc::new(Room::new(limits.max_connections));
    let mut tasks = JoinSet::new();
    for listener in listeners {
        let server =
            Server { app: app.clone(), limits, room: Arc::clone(&room), stop: stop_receiver.clone() };
        tasks.spawn(server.listen(listener));
    }
    drop(stop_receiver);
    stop.await;
    drop(stop_sender);
    tasks.join_all().await;
    if timeout(limits.shutdown_timeout, room.emptied(limits.max_connections)).await.is_err() {
        tracing::warn!("some connections did not finish in time and are cut off");
    }
}

struct Server {
    app: App,
    limits: Limits,
    room: Arc<Room>,
    /// Its sender is dropped to say stop; nothing is ever sent.
    stop: watch::Receiver<()>,
}

impl Server {
    async fn listen(self, listener: TcpListener) {
        let mut stop = self.stop.clone();
        let mut crowded_since = None;
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.changed() => return,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                // The client went away before we came to it.
                Err(error) if is_of_one_connection(&error) => continue,
                Err(error) => {
                    tracing::warn!(%error, "cannot take a connection; trying again shortly");
                    sleep(BREATHER).await;
                    continue;
                }
            };
            self.warn_when_crowded(&mut crowded_since);
            let permit = tokio::select! {
                permit = self.room.enter() => permit,
                _ = stop.changed() => return,
            };
            let connection = Connection {
                door: self.app.door(peer.ip()),
                limits: self.limits,
                room: Arc::clone(&self.room),
                stop: stop.clone(),
            };
            tokio::spawn(async move {
                connection.serve(stream).await;
                drop(permit);
            });
        }
    }

    /// Tells the operator that the limit is reached, once a minute at most.
    fn warn_when_crowded(&self, last: &mut Option<Instant>) {
        if !self.room.is_full() {
            return;
        }
        if last.is_none_or(|last| last.elapsed() >= BETWEEN_WARNINGS) {
            *last = Some(Instant::now());
            tracing::warn!(
                max_connections = self.limits.max_connections,
                "the limit of connections is reached; idle ones are closed to make room"
            );
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};

    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
