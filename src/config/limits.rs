//! `[limits]` in `waypost.toml`.

use std::num::NonZeroU32;
use std::time::Duration;

use super::ip_network::Network;
use crate::diagnostics::table::Table;

/// How many connections and requests the server accepts, and how long it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at the same time. For a further one, the connection that has been idle longest is closed.
    pub max_connections: usize,
    /// From the first byte of a request to the end of its headers.
    pub header_timeout: Duration,
    /// From the end of the headers to the response. The body must arrive in this time.
    pub request_timeout: Duration,
    /// Between two requests of a connection. It must be longer than a proxy's own idle timeout, or the proxy may send a
    /// request into a connection that is just being closed.
    pub idle_timeout: Duration,
    /// For requests that are in flight when the server stops.
    pub shutdown_timeout: Duration,
    /// The rate limit of one client network; None disables it.
    pub rate: Option<Rate>,
}

/// A rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests per second on average, at most a million.
    pub per_second: NonZeroU32,
    /// Requests at once, after a pause.
    pub burst: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(90),
            shutdown_timeout: Duration::from_secs(20),
            rate: Some(Rate::default()),
        }
    }
}

impl Default for Rate {
    fn default() -> Self {
        const PER_SECOND: NonZeroU32 = NonZeroU32::new(100).unwrap();
        const BURST: NonZeroU32 = NonZeroU32::new(500).unwrap();

        Self { per_second: PER_SECOND, burst: BURST }
    }
}

impl Limits {
    /// The limits, and the networks that have no rate limit.
    pub(super) fn read(table: &mut Table) -> (Self, Vec<Network>) {
        let mut limits = Self::default();
        if let Some(count) = table.integer("max_connections", 1..=1_000_000) {
            limits.max_connections = count;
        }
        for (key, timeout) in [
            ("header_timeout_seconds", &mut limits.header_timeout),
            ("request_timeout_seconds", &mut limits.request_timeout),
            ("idle_timeout_seconds", &mut limits.idle_timeout),
            ("shutdown_timeout_seconds", &mut limits.shutdown_timeout),
        ] {
            if let Some(seconds) = table.integer(key, 1..=3600) {
                *timeout = Duration::from_secs(seconds);
            }
        }
        limits.rate = Rate::read(table);
        (limits, table.values("unlimited"))
    }
}

impl Rate {
    /// The interval between two requests is counted in microseconds.
    const LARGEST: i64 = 1_000_000;

    /// None for 0 requests per second, which disables the limit.
    fn read(table: &mut Table) -> Option<Self> {
        let default = Self::default();
        let per_second = table.integer("requests_per_second", 0..=Self::LARGEST);
        let per_second = per_second.map_or(Some(default.per_second), NonZeroU32::new);
        let burst = table.integer("request_burst", 1..=Self::LARGEST).and_then(NonZeroU32::new);
        let burst = burst.unwrap_or_else(|| default.burst.max(per_second.unwrap_or(default.per_second)));
        Some(Self { per_second: per_second?, burst })
    }
}
