//! A limit for log lines that a client could cause: one line a minute.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Permits one line per minute.
#[derive(Debug)]
pub struct LogRateLimit(Mutex<Option<Instant>>);

impl LogRateLimit {
    const BETWEEN: Duration = Duration::from_mins(1);

    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    pub fn permits(&self) -> bool {
        // Another thread is writing the line.
        let Ok(mut last) = self.0.try_lock() else { return false };
        let permits = last.is_none_or(|last| last.elapsed() >= Self::BETWEEN);
        if permits {
            *last = Some(Instant::now());
        }
        permits
    }
}
