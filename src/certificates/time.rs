//! Times as text.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

/// An age for people, in its largest unit: `3 hours`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age(pub Duration);

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
        let (length, unit) = units.into_iter().find(|(length, _)| seconds >= *length).unwrap_or(units[3]);
        let number = seconds / length;
        write!(f, "{number} {unit}{}", if number == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn writes_an_age_in_its_largest_unit() {
        let ages = [0, 1, 59, 60, 3599, 3600, 172_799, 172_800];
        let text = ages.map(|seconds| Age(Duration::from_secs(seconds)).to_string());
        let expected =
            ["0 seconds", "1 second", "59 seconds", "1 minute", "59 minutes", "1 hour", "1 day", "2 days"];
        assert_eq!(text, expected);
    }
}
