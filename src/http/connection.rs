//! One connection, and how long each of its states may take.
//!
//! hyper's own header time-out also ends connections that merely wait for their next request, which
//! a proxy keeps open on purpose. So each connection has one clock of its own here, with a limit
//! for each of its states, that is looked at once in a while rather than set anew for every request.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::Version;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Door;
use super::room::{Room, Staying};
use crate::config::Limits;

/// Request line and headers together. No mail program comes near.
const LARGEST_HEAD: usize = 32 * 1024;

/// What a connection needs to be served.
pub struct Connection {
    pub door: Door,
    pub limits: Limits,
    pub room: Arc<Room>,
    /// Its sender is dropped to say stop; nothing is ever sent.
    pub stop: watch::Receiver<()>,
}

impl Connection {
    /// Serves one connection to its end, or to the end of our patience. Its errors are the client's.
    pub async fn serve(mut self, stream: TcpStream) {
        // An answer is one write; waiting for more of it would only delay it.
        let _ = stream.set_nodelay(true);
        let activity = Arc::new(Activity::default());
        let io = TokioIo::new(Timed { stream, activity: Arc::clone(&activity) });
        let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
            let in_flight = InFlight::begin(&activity, request.version());
            let response = self.door.answer(request.map(Body::new));
            async move {
                let response = response.await;
                drop(in_flight);
                Ok::<_, Infallible>(response)
            }
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().half_close(true).max_buf_size(LARGEST_HEAD);
        builder.http2().max_header_list_size(16 * 1024).max_concurrent_streams(64);
        let mut connection = pin!(builder.serve_connection(io, service));
        let mut patience = Patience::new(&self.limits);
        let mut tick = pin!(sleep_until(patience.next));
        let mut crowded = pin!(self.room.crowded());
        let mut staying = Some(Staying::begin(&self.room));
        loop {
            tokio::select! {
                biased;
                _ = &mut connection => return,
                () = &mut tick => {
                    if patience.is_over(&activity, &self.limits) {
                        return;
                    }
                    tick.as_mut().reset(patience.next);
                }
                () = &mut crowded, if staying.is_some() => {
                    if activity.is_in_head() {
                        return;
                    }
                    staying = None;
                    if activity.is_busy() {
                        // It goes when it is done; somebody idle can go now.
                        self.room.ask_one_to_go();
                    }
                    connection.as_mut().graceful_shutdown();
                }
                _ = self.stop.changed(), if staying.is_some() => {
                    connection.as_mut().graceful_shutdown();
                    staying = None;
                }
            }
        }
    }
}

/// What a connection is doing. Requests only count here; the time is looked at by
/// [`Patience`], once in a while.
#[derive(Default)]
struct Activity {
    /// How often the state has changed.
    changes: AtomicU64,
    in_flight: AtomicUsize,
    /// A request has come in whole since the last bytes did; until then, what came is a head.
    is_between_requests: AtomicBool,
    /// HTTP/2 sends frames between requests too, so bytes there do not begin a request.
    is_http2: AtomicBool,
}

impl Activity {
    fn bytes_came(&self) {
        if self.is_between_requests.load(Relaxed) && !self.is_http2.load(Relaxed) {
            self.is_between_requests.store(false, Relaxed);
            self.changes.fetch_add(1, Relaxed);
        }
    }

    fn is_busy(&self) -> bool {
        self.in_flight.load(Relaxed) > 0
    }

    /// Nothing is being answered, and nothing whole has come since the last answer.
    fn is_in_head(&self) -> bool {
        self.in_flight.load(Relaxed) == 0 && !self.is_between_requests.load(Relaxed)
    }

    /// How long the present state may last; None while the handler's own limit counts.
    fn limit(&self, limits: &Limits) -> Option<Duration> {
        match (self.in_flight.load(Relaxed), self.is_between_requests.load(Relaxed)) {
            (1.., _) => None,
            (0, true) => Some(limits.idle_timeout),
            (0, false) => Some(limits.header_timeout),
        }
    }
}

/// The clock of one connection. It ticks seldom, so a state may last up to a tick longer than its
/// limit.
struct Patience {
    tick: Duration,
    changes: u64,
    since: Instant,
    next: Instant,
}

impl Patience {
    fn new(limits: &Limits) -> Self {
        let tick = limits.header_timeout.min(limits.idle_timeout);
        let now = Instant::now();
        Self { tick, changes: 0, since: now, next: now + tick }
    }

    /// At a tick: whether the state has lasted too long.
    fn is_over(&mut self, activity: &Activity, limits: &Limits) -> bool {
        let now = Instant::now();
        let changes = activity.changes.load(Relaxed);
        if changes != self.changes {
            self.changes = changes;
            self.since = now;
        }
        self.next = now + self.tick;
        match activity.limit(limits) {
            Some(limit) => {
                self.next = self.next.min(self.since + limit);
                now >= self.since + limit
            }
            None => {
                self.since = now;
                false
            }
        }
    }
}

/// A request that is being answered.
struct InFlight(Arc<Activity>);

impl InFlight {
    fn begin(activity: &Arc<Activity>, version: Version) -> Self {
        activity.in_flight.fetch_add(1, Relaxed);
        if version == Version::HTTP_2 {
            activity.is_http2.store(true, Relaxed);
        }
        Self(Arc::clone(activity))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.is_between_requests.store(true, Relaxed);
        self.0.changes.fetch_add(1, Relaxed);
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

/// A stream that notes when bytes come.
struct Timed {
    stream: TcpStream,
    activity: Arc<Activity>,
}

impl AsyncRead for Timed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.activity.bytes_came();
        }
        poll
    }
}

impl AsyncWrite for Timed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
