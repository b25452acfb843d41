//! Reminding an operator, in the log, that a certificate is about to expire.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::certificates::expiry::days_left;
use crate::documents::mobileconfig::EXPIRY_WARNING_PERIOD;

/// A certificate's end, and when it was last spoken of.
#[derive(Debug)]
pub struct Reminder {
    /// "the certificate for …".
    what: String,
    /// What comes of it when it has expired.
    consequence: &'static str,
    end: SystemTime,
    said: Mutex<Said>,
}

#[derive(Debug)]
struct Said {
    at: Instant,
    has_expired: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Due {
    Soon { days_left: u64 },
    Expired,
}

const BETWEEN: Duration = Duration::from_secs(24 * 60 * 60);

impl Reminder {
    /// For a certificate that has just been loaded: what there is to say of it now, has been said then.
    pub fn new(what: String, consequence: &'static str, end: SystemTime) -> Self {
        let said = Said { at: Instant::now(), has_expired: end < SystemTime::now() };
        Self { what, consequence, end, said: Mutex::new(said) }
    }

    /// Says what is due: once a day from two weeks before the end on, and when the end has come.
    pub fn remind(&self) {
        let Self { what, consequence, .. } = self;
        match self.due(Instant::now(), SystemTime::now()) {
            Some(Due::Soon { days_left }) => tracing::warn!(days_left, "{what} expires soon"),
            Some(Due::Expired) => tracing::error!("{what} has expired; {consequence}"),
            None => {}
        }
    }

    fn due(&self, at: Instant, now: SystemTime) -> Option<Due> {
        // Nothing in here can be left half done.
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let has_expired = self.end < now;
        let is_news = has_expired && !said.has_expired;
        let is_again = self.end < now + EXPIRY_WARNING_PERIOD && at.duration_since(said.at) >= BETWEEN;
        if !is_news && !is_again {
            return None;
        }
        *said = Said { at, has_expired };
        Some(if has_expired { Due::Expired } else { Due::Soon { days_left: days_left(self.end, now) } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reminds_once_a_day_from_two_weeks_before_the_end_and_at_the_end() {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);

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
