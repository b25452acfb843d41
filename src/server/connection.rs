//! One connection, and how long each of its states may take.
//!
//! hyper's own header time-out also ends connections that merely wait for their next request, which
//! a proxy keeps open on purpose. So each connection has one clock of its own here, with a limit
//! for each of its states, that is looked at once in a while rather than set anew for every request.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Version};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::io::InspectReader;

use super::activity::{Activity, InFlight, Unfetched};
use super::connection_limit::ConnectionSlot;
use crate::config::Limits;
use crate::http::RequestService;

/// Request line and headers together. No mail program comes near.
const LARGEST_HEAD: usize = 32 * 1024;

/// For a request that is on its way to a connection whose place is needed.
const GRACE: Duration = Duration::from_millis(50);
/// The same when the server stops: nobody waits for the place, and a proxy does not send a POST twice.
const LAST_GRACE: Duration = Duration::from_millis(500);
/// For a request that is being answered on a connection whose place is needed. An answer takes no time;
/// what does is a body that does not come.
const ANSWER_GRACE: Duration = Duration::from_secs(1);

/// For the last answer to be fetched, and in HTTP/2 for the client to say that it has understood. Less
/// than a newcomer waits for the place.
const FAREWELL: Duration = Duration::from_millis(400);

/// What a connection needs to be served.
pub struct Connection {
    pub door: RequestService,
    pub seat: ConnectionSlot,
    /// Its sender is dropped to say stop; nothing is ever sent.
    pub stop: watch::Receiver<()>,
}

/// Why a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// Somebody else needs its place.
    Needed,
    /// The server stops.
    Stop,
}

impl Connection {
    /// What comes of something that precedes the first request; None if the connection has to go before.
    pub async fn unless_needed<T>(&self, first: impl Future<Output = T>) -> Option<T> {
        let mut stop = self.stop.clone();
        let stopped = async {
            let _ = stop.changed().await;
            sleep(LAST_GRACE).await;
        };
        tokio::select! {
            result = first => Some(result),
            () = self.seat.is_needed() => None,
            () = stopped => None,
        }
    }

    /// Serves one connection to its end, or to the end of our patience. Its errors are the client's.
    pub async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let Self { door, seat, mut stop } = self;
        let activity = &seat.activity;
        let note_bytes = {
            let activity = Arc::clone(activity);
            move |bytes: &[u8]| {
                if !bytes.is_empty() {
                    activity.bytes_came();
                }
            }
        };
        let io = TokioIo::new(InspectReader::new(stream, note_bytes));
        let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
            let is_http2 = request.version() == Version::HTTP_2;
            let in_flight = InFlight::begin(activity, request.version());
            let response = door.answer(request.map(Body::new));
            let activity = Arc::clone(activity);
            async move {
                let mut response = response.await;
                drop(in_flight);
                if is_http2 {
                    // Others may follow it while it waits in memory to be fetched.
                    response = response.map(|body| Body::new(Unfetched::new(body, &activity)));
                } else if activity.is_leaving() {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response)
            }
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().half_close(true).max_buf_size(LARGEST_HEAD);
        // Each answer that is not fetched waits in memory.
        builder
            .http2()
            .max_header_list_size(16 * 1024)
            .max_concurrent_streams(8)
            .max_send_buf_size(16 * 1024);
        let mut connection = pin!(builder.serve_connection(io, service));
        let mut patience = Patience::new(activity, &door.limits());
        let mut tick = pin!(sleep_until(patience.next));
        let mut is_needed = pin!(seat.is_needed());
        let mut leaving = None;
        // Of one that is leaving.
        let mut out_at = Instant::now();
        loop {
            let begun = tokio::select! {
                biased;
                _ = &mut connection => return,
                () = &mut tick => {
                    let now = Instant::now();
                    let is_late = now >= out_at;
                    let has_to_go = match leaving {
                        None => false,
                        Some(_) if activity.is_in_head() => true,
                        Some(Leaving::Needed) => is_late,
                        Some(Leaving::Stop) => is_late && !activity.is_busy(),
                    };
                    if has_to_go || patience.is_over(activity, &door.limits()) {
                        return;
                    }
                    let mut next = patience.next;
                    if leaving.is_some() {
                        connection.as_mut().graceful_shutdown();
                        next = next.min(if is_late { now + FAREWELL } else { out_at });
                    }
                    tick.as_mut().reset(next);
                    continue;
                }
                () = &mut is_needed => {
                    is_needed.set(seat.is_needed());
                    match leaving {
                        None => Leaving::Needed,
                        // It was asked before.
                        Some(Leaving::Needed) => return,
                        Some(Leaving::Stop) => continue,
                    }
                }
                _ = stop.changed(), if leaving.is_none() => Leaving::Stop,
            };
            leaving = Some(begun);
            activity.leave();
            // What is idle now may have a request on the way: it gets its answer, and with it the word
            // that it was the last. A client that takes neither answers nor leave is not waited for.
            let now = Instant::now();
            let is_busy = activity.is_busy();
            let (grace, farewell) = match begun {
                Leaving::Needed if is_busy => (Duration::ZERO, ANSWER_GRACE),
                Leaving::Needed if activity.is_in_head() => (GRACE, Duration::ZERO),
                Leaving::Needed => (Duration::ZERO, FAREWELL),
                Leaving::Stop if is_busy => (Duration::ZERO, FAREWELL),
                Leaving::Stop => (LAST_GRACE, FAREWELL),
            };
            out_at = now + grace + farewell;
            if grace.is_zero() {
                connection.as_mut().graceful_shutdown();
            }
            tick.as_mut().reset(if grace.is_zero() { out_at } else { now + grace });
        }
    }
}

/// The clock of one connection. It ticks seldom, so a state may last up to a tick longer than its
/// limit.
struct Patience {
    last_change: u64,
    since: Instant,
    next: Instant,
    /// When the unfetched answers were last looked at.
    looked: Instant,
}

impl Patience {
    fn new(activity: &Activity, limits: &Limits) -> Self {
        let now = Instant::now();
        Self { last_change: activity.last_change(), since: now, next: now + Self::tick(limits), looked: now }
    }

    fn tick(limits: &Limits) -> Duration {
        limits.header_timeout.min(limits.idle_timeout)
    }

    /// At a tick: whether the state has lasted too long, or an answer has waited too long to be fetched.
    fn is_over(&mut self, activity: &Activity, limits: &Limits) -> bool {
        let now = Instant::now();
        let tick = Self::tick(limits);
        if now >= self.looked + tick {
            self.looked = now;
            if !activity.look_at_unfetched() {
                return true;
            }
        }
        let last_change = activity.last_change();
        if last_change != self.last_change {
            self.last_change = last_change;
            self.since = now;
        }
        self.next = now + tick;
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
