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
    let finished = async {
        tasks.join_all().await;
        room.emptied().await;
    };
    if timeout(limits.shutdown_timeout, finished).await.is_err() {
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
        let mut warned = None;
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
                    // Most likely there are no files left. A connection has one.
                    self.room.ask_one_to_leave();
                    if is_time_to_warn(&mut warned) {
                        tracing::warn!(%error, "cannot take connections; idle ones are closed to make room");
                    }
                    sleep(BREATHER).await;
                    continue;
                }
            };
            if self.room.is_full() && is_time_to_warn(&mut warned) {
                let max_connections = self.limits.max_connections;
                tracing::warn!(max_connections, "no room for connections; idle ones are closed to make room");
            }
            let connection = Connection {
                door: self.app.door(peer.ip()),
                limits: self.limits,
                seat: self.room.enter().await,
                stop: stop.clone(),
            };
            tokio::spawn(connection.serve(stream));
        }
    }
}

/// Once a minute at most.
fn is_time_to_warn(last: &mut Option<Instant>) -> bool {
    let is_time = last.is_none_or(|last| last.elapsed() >= BETWEEN_WARNINGS);
    if is_time {
        *last = Some(Instant::now());
    }
    is_time
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};

    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
