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
pub struct Activity {
    /// Cancelled when the connection is to close.
    pub close: CancellationToken,
    /// Requests whose response is not ready.
    requests: AtomicUsize,
    /// When the connection was accepted, its last request ended, or its next request began: nanoseconds after
    /// `START`.
    since: AtomicU64,
    /// No byte of a request has arrived since the last response.
    is_idle: AtomicBool,
    /// HTTP/2 sends frames between requests; they begin no request.
    is_http2: AtomicBool,
    /// Shared by the HTTP/2 responses that have bytes in memory; replaced at every check.
    unread: ArcSwap<()>,
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Activity {
    pub fn new(close: CancellationToken) -> Self {
        let activity = Self {
            close,
            requests: AtomicUsize::new(0),
            since: AtomicU64::new(0),
            is_idle: AtomicBool::new(false),
            is_http2: AtomicBool::new(false),
            unread: ArcSwap::default(),
        };
        activity.restart();
        activity
    }

    fn restart(&self) {
        let nanoseconds = START.elapsed().as_nanos();
        self.since.store(u64::try_from(nanoseconds).unwrap_or(u64::MAX), Relaxed);
    }

    /// When the present state began, after an arbitrary moment that all connections share.
    pub fn since(&self) -> Duration {
        Duration::from_nanos(self.since.load(Relaxed))
    }

    /// A request is being answered.
    pub fn is_busy(&self) -> bool {
        self.requests.load(Relaxed) > 0
    }

    /// The client has sent no request yet, or has begun one.
    pub fn is_in_headers(&self) -> bool {
        !self.is_busy() && !self.is_idle.load(Relaxed)
    }

    pub fn bytes_received(&self) {
        if self.is_idle.load(Relaxed) && !self.is_http2.load(Relaxed) {
            self.is_idle.store(false, Relaxed);
            self.restart();
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
            let is_late = !self.is_busy() && self.since() + timeout <= START.elapsed();
            // A response that was complete before the last check.
            if is_late || unread.strong_count() > 0 {
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
        if is_http2 {
            activity.is_http2.store(true, Relaxed);
        }
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
        self.activity.restart();
        self.activity.requests.fetch_sub(1, Relaxed);
    }
}

impl AsRef<[u8]> for UnreadBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
