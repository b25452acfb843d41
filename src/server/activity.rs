//! What a connection is doing. Requests only count here; nothing on their way asks for the time.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::Version;
use hyper::body::{Frame, SizeHint};

use crate::config::Limits;

/// One connection's state.
pub struct Activity {
    /// The number of its last change of state, among the changes of all connections: what is
    /// smaller is longer ago.
    last_change: AtomicU64,
    in_flight: AtomicUsize,
    /// A request has come in whole since the last bytes did; until then, what came is a head.
    is_between_requests: AtomicBool,
    /// HTTP/2 sends frames between requests too, so bytes there do not begin a request.
    is_http2: AtomicBool,
    /// The next answer is the last.
    is_leaving: AtomicBool,
    /// Answers that wait in memory to be fetched, by whether they began after an even or an odd look
    /// at them, and the number of the last look.
    unfetched: [AtomicUsize; 2],
    look: AtomicUsize,
}

static CHANGES: AtomicU64 = AtomicU64::new(0);

impl Activity {
    pub fn new() -> Self {
        let activity = Self {
            last_change: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            is_between_requests: AtomicBool::new(false),
            is_http2: AtomicBool::new(false),
            is_leaving: AtomicBool::new(false),
            look: AtomicUsize::new(0),
            unfetched: [AtomicUsize::new(0), AtomicUsize::new(0)],
        };
        activity.changed();
        activity
    }

    fn changed(&self) {
        self.last_change.store(CHANGES.fetch_add(1, Relaxed), Relaxed);
    }

    pub fn last_change(&self) -> u64 {
        self.last_change.load(Relaxed)
    }

    pub fn bytes_came(&self) {
        if self.is_between_requests.load(Relaxed) && !self.is_http2.load(Relaxed) {
            self.is_between_requests.store(false, Relaxed);
            self.changed();
        }
    }

    pub fn leave(&self) {
        self.is_leaving.store(true, Relaxed);
    }

    pub fn is_leaving(&self) -> bool {
        self.is_leaving.load(Relaxed)
    }

    /// Looks at the answers that wait. False if one has waited since before the last look.
    pub fn look_at_unfetched(&self) -> bool {
        let look = self.look.load(Relaxed) + 1;
        self.look.store(look, Relaxed);
        self.unfetched[look % 2].load(Relaxed) == 0
    }

    /// A request is being answered.
    pub fn is_busy(&self) -> bool {
        self.in_flight.load(Relaxed) > 0
    }

    /// Nothing is being answered, and nothing whole has come since the last answer.
    pub fn is_in_head(&self) -> bool {
        !self.is_busy() && !self.is_between_requests.load(Relaxed)
    }

    /// How long the present state may last; None while the handler's own limit counts.
    pub fn limit(&self, limits: &Limits) -> Option<Duration> {
        if self.is_busy() {
            None
        } else if self.is_in_head() {
            Some(limits.header_timeout)
        } else {
            Some(limits.idle_timeout)
        }
    }
}

/// A request that is being answered.
pub struct InFlight(Arc<Activity>);

impl InFlight {
    pub fn begin(activity: &Arc<Activity>, version: Version) -> Self {
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
        self.0.changed();
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

/// An answer's body, until it is fetched. Its last byte is given out by itself: hyper takes a whole piece
/// as soon as the client has room for one byte, and keeps what there is no room for.
pub struct Unfetched {
    body: Body,
    last: Option<Bytes>,
    activity: Arc<Activity>,
    /// Where it is counted.
    place: usize,
}

impl Unfetched {
    pub fn new(body: Body, activity: &Arc<Activity>) -> Self {
        let place = activity.look.load(Relaxed) % 2;
        activity.unfetched[place].fetch_add(1, Relaxed);
        Self { body, last: None, activity: Arc::clone(activity), place }
    }
}

impl HttpBody for Unfetched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(last) = self.last.take() {
            return Poll::Ready(Some(Ok(Frame::data(last))));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let frame = frame.map(|frame| {
            frame.map(|frame| {
                frame.map_data(|mut data| {
                    if data.len() > 1 {
                        self.last = Some(data.split_off(data.len() - 1));
                    }
                    data
                })
            })
        });
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.last.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let last = u64::from(self.last.is_some());
        self.body.size_hint().exact().map_or_else(SizeHint::default, |rest| SizeHint::with_exact(rest + last))
    }
}

impl Drop for Unfetched {
    fn drop(&mut self) {
        self.activity.unfetched[self.place].fetch_sub(1, Relaxed);
    }
}
