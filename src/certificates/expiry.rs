//! Times, for people and for programs.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use cms::cert::x509::der::DateTime;

/// A time as RFC 3339 writes it, in UTC and whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub SystemTime);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.0.duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = DateTime::from_unix_duration(since).unwrap_or(DateTime::INFINITY);
        time.fmt(f)
    }
}

/// The whole days until something ends; 0 when it has.
pub fn days_left(end: SystemTime, now: SystemTime) -> u64 {
    end.duration_since(now).map_or(0, |left| left.as_secs() / (24 * 60 * 60))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn writes_a_time_and_counts_days() {
        let time = UNIX_EPOCH + Duration::from_secs(1_795_345_506);
        assert_eq!(Time(time).to_string(), "2026-11-22T11:05:06Z");
        assert_eq!(days_left(time, time - Duration::from_secs(3 * 86_400)), 3);
        assert_eq!(days_left(time, time + Duration::from_secs(1)), 0);
    }
}
