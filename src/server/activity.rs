//! What a connection is doing: the input of its timeouts, and of the choice which connection to close.
//!
//! A request changes a few atomic numbers and sets no timer.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Weak};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::body::{Body, Bytes};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Response, Version};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::config::Limits;

/// The activity of one connection.
#[derive(Default)]
pub struct Activity {
    /// Cancelled when the connection is to close.
    pub close: CancellationToken,
    /// Requests whose response is not ready.
    requests: AtomicUsize,
    /// When the connection was accepted, its last request ended, or its next request began.
    since: AtomicU64,
    /// No byte of a request has arrived since the last response.
    is_idle: AtomicBool,
    /// HTTP/2 sends frames between requests; they begin no request.
    is_http2: AtomicBool,
    /// Shared by the HTTP/2 responses that have bytes in memory; replaced at every check.
    unread: ArcSwap<()>,
}

/// Nanoseconds since the first call.
fn now() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);

    u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

impl Activity {
    pub fn new(close: CancellationToken) -> Self {
        Self { close, since: AtomicU64::new(now()), ..Self::default() }
    }

    /// When the present state began, on a clock that all connections share.
    pub fn since(&self) -> u64 {
        self.since.load(Relaxed)
    }

    /// A request is being answered.
    pub fn is_busy(&self) -> bool {
        self.requests.load(Relaxed) > 0
    }

    /// The client has sent no request yet, or has begun one.
    pub fn is_in_headers(&self) -> bool {
        !self.is_busy() && !self.is_idle.load(Relaxed)
    }

    /// Called for every read; at the end of the stream, `bytes` is empty.
    pub fn received(&self, bytes: &[u8]) {
        if !bytes.is_empty() && self.is_idle.load(Relaxed) && !self.is_http2.load(Relaxed) {
            self.is_idle.store(false, Relaxed);
            self.since.store(now(), Relaxed);
        }
    }

    /// Ends when the client has been idle, has sent headers, or has left a response unread for too long.
    ///
    /// Checks once in the shorter of the two timeouts, so a state may last that much longer than its limit. The
    /// handler limits the time of a request.
    pub async fn timed_out(&self, limits: impl Fn() -> Limits) {
        let mut unread = Weak::new();
        loop {
            let Limits { header_timeout, idle_timeout, .. } = limits();
            sleep(header_timeout.min(idle_timeout)).await;
            let Limits { header_timeout, idle_timeout, .. } = limits();
            let timeout = if self.is_in_headers() { header_timeout } else { idle_timeout };
            let elapsed = Duration::from_nanos(now().saturating_sub(self.since()));
            // A response that was complete before the last check.
            if unread.strong_count() > 0 || !self.is_busy() && elapsed >= timeout {
                return;
            }
            unread = Arc::downgrade(&self.unread.swap(Arc::default()));
        }
    }
}

/// A request that is being answered.
pub struct ActiveRequest {
    activity: Arc<Activity>,
    is_http2: bool,
}

/// Bytes of a response. hyper and h2 keep them until they are written.
struct UnreadBytes {
    bytes: Bytes,
    _unread: Arc<()>,
}

impl ActiveRequest {
    pub fn new(activity: &Arc<Activity>, version: Version) -> Self {
        let is_http2 = version == Version::HTTP_2;
        activity.requests.fetch_add(1, Relaxed);
        activity.is_http2.store(is_http2, Relaxed);
        Self { activity: Arc::clone(activity), is_http2 }
    }

    /// Adds to the response what depends on the connection.
    pub fn finish(self, mut response: Response<Body>) -> Response<Body> {
        if !self.is_http2 {
            // hyper says so itself only after `graceful_shutdown`, which closes idle connections.
            if self.activity.close.is_cancelled() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
        } else if !response.body().is_end_stream() {
            let unread = self.activity.unread.load_full();
            return response.map(|body| {
                Body::new(body.map_frame(move |frame| {
                    let keep = |bytes| Bytes::from_owner(UnreadBytes { bytes, _unread: Arc::clone(&unread) });
                    frame.map_data(keep)
                }))
            });
        }
        response
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.activity.is_idle.store(true, Relaxed);
        self.activity.since.store(now(), Relaxed);
        self.activity.requests.fetch_sub(1, Relaxed);
    }
}

impl AsRef<[u8]> for UnreadBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
