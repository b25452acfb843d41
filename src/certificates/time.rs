//! Times as text.

use std::fmt;
use std::str::FromStr;
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

/// A text that is not a time in this format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a time such as 2026-11-22T11:05:06Z")]
pub struct InvalidTime;

impl FromStr for Time {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time: DateTime = text.parse().map_err(|_| InvalidTime)?;
        Ok(Self(UNIX_EPOCH + time.unix_duration()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn writes_and_reads_rfc_3339() {
        let time = UNIX_EPOCH + Duration::from_secs(1_795_345_506);
        assert_eq!(Time(time).to_string(), "2026-11-22T11:05:06Z");
        assert_eq!("2026-11-22T11:05:06Z".parse(), Ok(Time(time)));
        for text in ["", "2026-11-22", "2026-11-22T11:05:06", "2026-11-32T11:05:06Z"] {
            assert_eq!(text.parse::<Time>(), Err(InvalidTime), "{text}");
        }
    }
}
