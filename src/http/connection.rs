//! One connection, and how long each of its states may take.
//!
//! hyper's own header time-out also ends connections that merely wait for their next request, which
//! a proxy keeps open on purpose. So each connection has one clock of its own here, with a limit
//! for each of its states, that is looked at once in a while rather than set anew for every request.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Door;
use super::activity::{Activity, InFlight};
use super::room::Seat;
use crate::config::Limits;

/// Request line and headers together. No mail program comes near.
const LARGEST_HEAD: usize = 32 * 1024;

/// For a request that is on its way to a connection whose place is needed.
const GRACE: Duration = Duration::from_millis(50);

/// What a connection needs to be served.
pub struct Connection {
    pub door: Door,
    pub limits: Limits,
    pub seat: Seat,
    /// Its sender is dropped to say stop; nothing is ever sent.
    pub stop: watch::Receiver<()>,
}

impl Connection {
    /// Serves one connection to its end, or to the end of our patience. Its errors are the client's.
    pub async fn serve(self, stream: TcpStream) {
        let Self { door, limits, seat, mut stop } = self;
        let activity = &seat.activity;
        // An answer is one write; waiting for more of it would only delay it.
        let _ = stream.set_nodelay(true);
        let io = TokioIo::new(Timed { stream, activity: Arc::clone(activity) });
        let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
            let in_flight = InFlight::begin(activity, request.version());
            let response = door.answer(request.map(Body::new));
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
        let mut patience = Patience::new(activity, &limits);
        let mut tick = pin!(sleep_until(patience.next));
        let mut is_needed = pin!(seat.is_needed());
        let mut is_leaving = false;
        loop {
            tokio::select! {
                biased;
                _ = &mut connection => return,
                () = &mut tick => {
                    if patience.is_over(activity, &limits) || (is_leaving && activity.is_in_head()) {
                        return;
                    }
                    if is_leaving {
                        connection.as_mut().graceful_shutdown();
                    }
                    tick.as_mut().reset(patience.next);
                }
                () = &mut is_needed, if !is_leaving => {
                    is_leaving = true;
                    if activity.is_in_head() {
                        // Its request may be on the way.
                        tick.as_mut().reset(Instant::now() + GRACE);
                    } else {
                        connection.as_mut().graceful_shutdown();
                    }
                }
                _ = stop.changed(), if !is_leaving => {
                    is_leaving = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// The clock of one connection. It ticks seldom, so a state may last up to a tick longer than its
/// limit.
struct Patience {
    tick: Duration,
    last_change: u64,
    since: Instant,
    next: Instant,
}

impl Patience {
    fn new(activity: &Activity, limits: &Limits) -> Self {
        let tick = limits.header_timeout.min(limits.idle_timeout);
        let now = Instant::now();
        Self { tick, last_change: activity.last_change(), since: now, next: now + tick }
    }

    /// At a tick: whether the state has lasted too long.
    fn is_over(&mut self, activity: &Activity, limits: &Limits) -> bool {
        let now = Instant::now();
        let last_change = activity.last_change();
        if last_change != self.last_change {
            self.last_change = last_change;
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
