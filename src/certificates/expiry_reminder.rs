//! Log lines for a certificate that is about to expire.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::expiry::{EXPIRY_WARNING, days_left};

/// A certificate's end, and what was last logged about it.
#[derive(Debug)]
pub struct Reminder {
    /// "the certificate for …".
    name: String,
    /// What happens once it has expired.
    consequence: &'static str,
    end: SystemTime,
    last: Mutex<Logged>,
}

#[derive(Debug)]
struct Logged {
    at: Instant,
    has_expired: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Due {
    Soon { days_left: u64 },
    Expired,
}

const INTERVAL: Duration = Duration::from_hours(24);

impl Reminder {
    /// For a certificate that has just been loaded. Loading reports its state, so the first log line is due a day later.
    pub fn new(name: String, consequence: &'static str, end: SystemTime) -> Self {
        let last = Logged { at: Instant::now(), has_expired: end < SystemTime::now() };
        Self { name, consequence, end, last: Mutex::new(last) }
    }

    /// Logs what is due: once a day during the last two weeks, and as soon as the certificate has expired.
    pub fn remind(&self) {
        let Self { name, consequence, .. } = self;
        match self.due(Instant::now(), SystemTime::now()) {
            Some(Due::Soon { days_left }) => tracing::warn!(days_left, "{name} expires soon"),
            Some(Due::Expired) => tracing::error!("{name} has expired; {consequence}"),
            None => {}
        }
    }

    fn due(&self, at: Instant, now: SystemTime) -> Option<Due> {
        // A panic cannot leave the value half written.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let has_expired = self.end < now;
        let is_news = has_expired && !last.has_expired;
        let is_repeat = self.end < now + EXPIRY_WARNING && at.duration_since(last.at) >= INTERVAL;
        if !is_news && !is_repeat {
            return None;
        }
        *last = Logged { at, has_expired };
        Some(if has_expired { Due::Expired } else { Due::Soon { days_left: days_left(self.end, now) } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reminds_once_a_day_from_two_weeks_before_the_end_and_at_the_end() {
        const DAY: Duration = Duration::from_hours(24);

        let (now, at) = (SystemTime::now(), Instant::now());
        let reminder = Reminder::new("it".to_owned(), "alas", now + 16 * DAY + DAY / 2);
        let due = |days: f64| reminder.due(at + DAY.mul_f64(days) + DAY / 100, now + DAY.mul_f64(days));
        assert_eq!([due(0.0), due(1.0), due(2.0)], [None, None, None]);
        assert_eq!(due(3.0), Some(Due::Soon { days_left: 13 }));
        assert_eq!(due(3.9), None);
        assert_eq!(due(4.0), Some(Due::Soon { days_left: 12 }));
        assert_eq!(due(16.4), Some(Due::Soon { days_left: 0 }));
        assert_eq!(due(16.6), Some(Due::Expired));
        assert_eq!(due(16.7), None);
        assert_eq!(due(17.6), Some(Due::Expired));
    }
}
