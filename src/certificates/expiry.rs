//! How long a certificate is still valid.

use std::time::{Duration, SystemTime};

const DAY: Duration = Duration::from_hours(24);

/// A certificate that expires within this time is reported.
pub const EXPIRY_WARNING: Duration = DAY.saturating_mul(14);

/// The whole days until a time; 0 if it is in the past.
pub fn days_left(end: SystemTime, now: SystemTime) -> u64 {
    end.duration_since(now).map_or(0, |left| left.as_secs() / DAY.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_whole_days() {
        let end = SystemTime::now();
        assert_eq!(days_left(end, end - DAY * 3), 3);
        assert_eq!(days_left(end, end - DAY * 3 + Duration::from_secs(1)), 2);
        assert_eq!(days_left(end, end + Duration::from_secs(1)), 0);
    }
}
