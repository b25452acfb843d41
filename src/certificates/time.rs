//! Times as text.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use cms::cert::x509::der::DateTime;

/// A time as RFC 3339 writes it, in UTC and whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub SystemTime);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since_epoch = self.0.duration_since(UNIX_EPOCH).unwrap_or_default();
        DateTime::from_unix_duration(since_epoch).unwrap_or(DateTime::INFINITY).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn writes_rfc_3339() {
        let time = UNIX_EPOCH + Duration::from_secs(1_795_345_506);
        assert_eq!(Time(time).to_string(), "2026-11-22T11:05:06Z");
    }
}
