//! What the server counts while it serves. Counting takes no lock and no memory: every number has its
//! place from the start.

use std::array;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::labels::{Family, Outcome, Route};

#[derive(Debug)]
pub struct Metrics {
    requests: [[[AtomicU64; FAMILIES]; OUTCOMES]; ROUTES],
    durations: [Histogram; ROUTES],
    /// Connections that were taken, and those that ended.
    pub connections_opened: AtomicU64,
    pub connections_closed: AtomicU64,
    /// There was no room for them.
    pub connections_refused: AtomicU64,
    /// Closed to make room.
    pub connections_displaced: AtomicU64,
    pub handshakes_failed: AtomicU64,
    pub panics: AtomicU64,
    pub reloads: Reloads,
    pub is_stopping: AtomicBool,
}

/// How often a new configuration was looked at, by what came of it.
#[derive(Debug, Default)]
pub struct Reloads {
    pub done: AtomicU64,
    /// There was nothing new.
    pub unchanged: AtomicU64,
    pub failed: AtomicU64,
}

#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BOUNDS.len()],
    /// Over all bounds.
    rest: AtomicU64,
    nanoseconds: AtomicU64,
}

const ROUTES: usize = Route::ALL.len();
const OUTCOMES: usize = Outcome::ALL.len();
const FAMILIES: usize = Family::ALL.len();

/// Upper bounds, in microseconds. An answer takes some ten; a signature a thousand; a body that comes
/// slowly up to its time-out.
pub const BOUNDS: [u64; 12] =
    [10, 25, 50, 100, 250, 500, 1_000, 5_000, 25_000, 100_000, 1_000_000, 10_000_000];

impl Metrics {
    pub fn new() -> Self {
        Self {
            requests: array::from_fn(|_| array::from_fn(|_| array::from_fn(|_| AtomicU64::new(0)))),
            durations: array::from_fn(|_| Histogram::default()),
            connections_opened: AtomicU64::new(0),
            connections_closed: AtomicU64::new(0),
            connections_refused: AtomicU64::new(0),
            connections_displaced: AtomicU64::new(0),
            handshakes_failed: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            reloads: Reloads::default(),
            is_stopping: AtomicBool::new(false),
        }
    }

    /// Counts a request that has its answer.
    pub fn answered(&self, route: Route, outcome: Outcome, family: Family, took: Duration) {
        self.requests[route as usize][outcome as usize][family as usize].fetch_add(1, Relaxed);
        self.durations[route as usize].observe(took);
    }

    /// Every combination that has been seen, with its number.
    pub fn requests(&self) -> impl Iterator<Item = (Route, Outcome, Family, u64)> {
        Route::ALL.iter().flat_map(move |route| {
            Outcome::ALL.iter().flat_map(move |outcome| {
                Family::ALL.iter().filter_map(move |family| {
                    let count = &self.requests[*route as usize][*outcome as usize][*family as usize];
                    Some((*route, *outcome, *family, count.load(Relaxed))).filter(|(.., count)| *count > 0)
                })
            })
        })
    }

    pub fn duration(&self, route: Route) -> &Histogram {
        &self.durations[route as usize]
    }

    /// Connections that are open now.
    pub fn connections(&self) -> u64 {
        // The closed ones first: none is closed before it is opened.
        let closed = self.connections_closed.load(Relaxed);
        self.connections_opened.load(Relaxed).saturating_sub(closed)
    }
}

impl Histogram {
    fn observe(&self, took: Duration) {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place = BOUNDS.iter().position(|bound| microseconds <= *bound);
        place.map_or(&self.rest, |place| &self.buckets[place]).fetch_add(1, Relaxed);
        self.nanoseconds.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }

    /// The numbers of all buckets, each with those below it, the unbounded one last.
    pub fn cumulative(&self) -> [u64; BOUNDS.len() + 1] {
        let mut sum = 0;
        array::from_fn(|place| {
            sum += self.buckets.get(place).unwrap_or(&self.rest).load(Relaxed);
            sum
        })
    }

    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_request_once_and_in_its_bucket() {
        let measurements = Metrics::new();
        for microseconds in [9, 10, 11, 20_000_000] {
            let took = Duration::from_micros(microseconds);
            measurements.answered(Route::Autoconfig, Outcome::Answered, Family::Curl, took);
        }
        let seen: Vec<_> = measurements.requests().collect();
        assert_eq!(seen, [(Route::Autoconfig, Outcome::Answered, Family::Curl, 4)]);
        let duration = measurements.duration(Route::Autoconfig);
        let counts = duration.cumulative();
        assert_eq!((counts[0], counts[1], counts[11], counts[12]), (2, 3, 3, 4));
        assert_eq!(duration.sum(), Duration::from_micros(20_000_030));
    }
}
