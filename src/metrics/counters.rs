//! The counters. Counting a request takes no lock and allocates no memory.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use strum::VariantArray;

use super::labels::{Family, Outcome, Route};

#[derive(Debug, Default)]
pub struct Metrics {
    requests: [[[AtomicU64; FAMILIES]; OUTCOMES]; ROUTES],
    durations: [Histogram; ROUTES],
    pub connections_opened: Counter,
    pub connections_closed: Counter,
    /// Refused by the connection limit.
    pub connections_refused: Counter,
    /// Idle connections that were closed because of the connection limit.
    pub connections_displaced: Counter,
    pub handshakes_failed: Counter,
    pub panics: Counter,
    pub reloads: Reloads,
    pub is_stopping: AtomicBool,
}

/// The number of reloads, by result.
#[derive(Debug, Default)]
pub struct Reloads {
    pub done: Counter,
    /// The configuration had not changed.
    pub unchanged: Counter,
    pub failed: Counter,
}

#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BOUNDS.len()],
    /// Above all bounds.
    rest: AtomicU64,
    nanoseconds: AtomicU64,
}

const ROUTES: usize = Route::VARIANTS.len();
const OUTCOMES: usize = Outcome::VARIANTS.len();
const FAMILIES: usize = Family::VARIANTS.len();

/// Upper bounds, in microseconds. A response usually takes tens of microseconds, a signature a thousand, and a slow
/// request body up to its timeout.
const BOUNDS: [u32; 12] = [10, 25, 50, 100, 250, 500, 1_000, 5_000, 25_000, 100_000, 1_000_000, 10_000_000];

impl Metrics {
    /// Counts an answered request.
    pub fn answered(&self, route: Route, outcome: Outcome, family: Family, took: Duration) {
        self.requests[route as usize][outcome as usize][family as usize].fetch_add(1, Relaxed);
        self.durations[route as usize].observe(took);
    }

    /// The number of requests, for each combination of labels that has occurred.
    pub fn requests(&self) -> impl Iterator<Item = (Route, Outcome, Family, u64)> {
        Route::VARIANTS.iter().flat_map(move |route| {
            Outcome::VARIANTS.iter().flat_map(move |outcome| {
                Family::VARIANTS.iter().filter_map(move |family| {
                    let count = &self.requests[*route as usize][*outcome as usize][*family as usize];
                    Some((*route, *outcome, *family, count.load(Relaxed))).filter(|(.., count)| *count > 0)
                })
            })
        })
    }

    /// The durations of requests, for each route that has occurred.
    pub fn durations(&self) -> impl Iterator<Item = (Route, &Histogram)> {
        let all = Route::VARIANTS.iter().copied().zip(&self.durations);
        all.filter(|(_, duration)| duration.counts().any(|count| count > 0))
    }

    /// The number of open connections.
    pub fn connections(&self) -> u64 {
        // The closed ones first: a connection is opened before it is closed.
        let closed = self.connections_closed.get();
        self.connections_opened.get().saturating_sub(closed)
    }
}

impl Histogram {
    fn observe(&self, took: Duration) {
        let microseconds = took.as_micros();
        let bucket = BOUNDS.iter().position(|bound| microseconds <= u128::from(*bound));
        bucket.map_or(&self.rest, |bucket| &self.buckets[bucket]).fetch_add(1, Relaxed);
        self.nanoseconds.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Relaxed);
    }

    /// The number of observations in each bucket; the one without a bound is last.
    fn counts(&self) -> impl Iterator<Item = u64> {
        self.buckets.iter().chain([&self.rest]).map(|count| count.load(Relaxed))
    }
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let bounds = BOUNDS.iter().map(|bound| f64::from(*bound) / 1e6).chain([f64::INFINITY]);
        let buckets: Vec<_> = bounds.zip(self.counts()).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = Duration::from_nanos(self.nanoseconds.load(Relaxed)).as_secs_f64();
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_request_once_and_in_its_bucket() {
        let metrics = Metrics::default();
        for microseconds in [9, 10, 11, 20_000_000] {
            let took = Duration::from_micros(microseconds);
            metrics.answered(Route::Autoconfig, Outcome::Answered, Family::Curl, took);
        }
        let seen: Vec<_> = metrics.requests().collect();
        assert_eq!(seen, [(Route::Autoconfig, Outcome::Answered, Family::Curl, 4)]);
        let durations: Vec<_> = metrics.durations().collect();
        let [(Route::Autoconfig, duration)] = durations[..] else { panic!("{durations:?}") };
        assert_eq!(duration.counts().collect::<Vec<_>>(), [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(duration.nanoseconds.load(Relaxed), 20_000_030_000);
    }
}
