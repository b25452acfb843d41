//! The state of the database: for `/status`, `/readyz`, the metrics and the log.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// The state that the polling thread writes and the admin listener reads.
#[derive(Debug, Default)]
pub struct SqlStatus(Mutex<SqlState>);

/// The result of the polls so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SqlState {
    /// Where the served list was read.
    pub origin: ListOrigin,
    /// When the database last confirmed the served list. For a saved list this is the time in its file.
    pub confirmed: Option<SystemTime>,
    /// The failure of the last poll; None if it succeeded, and before the first poll.
    pub error: Option<SqlFailure>,
    /// A new list that is not served yet because it is empty or much shorter.
    pub held: Option<HeldList>,
    pub polls: SqlPolls,
}

/// Where the served list was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum ListOrigin {
    /// There is no list.
    #[default]
    None,
    /// The file in `state_dir`.
    Saved,
    Database,
}

/// Why the last poll failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFailure {
    pub message: String,
    pub hint: String,
    /// The first of the consecutive failures.
    pub since: SystemTime,
}

/// A list that is served only after several equal polls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldList {
    pub domains: usize,
    /// The number of equal polls so far.
    pub polls: u32,
}

/// The number of polls, by result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SqlPolls {
    /// A new list is served.
    pub done: u64,
    pub unchanged: u64,
    pub held: u64,
    pub failed: u64,
}

impl SqlStatus {
    pub fn lock(&self) -> MutexGuard<'_, SqlState> {
        // A panic leaves no field half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SqlState {
    /// Whether the last poll succeeded. False before the first poll.
    pub fn is_up(&self) -> bool {
        let SqlPolls { done, unchanged, held, failed: _ } = self.polls;
        self.error.is_none() && done + unchanged + held > 0
    }

    /// The time since the database confirmed the served list.
    pub fn age(&self, now: SystemTime) -> Option<Duration> {
        // A time in the future, after a change of the clock, counts as now.
        Some(now.duration_since(self.confirmed?).unwrap_or_default())
    }
}

impl SqlPolls {
    /// The label of each result in the metrics, and its count.
    pub fn by_result(self) -> [(&'static str, u64); 4] {
        let Self { done, unchanged, held, failed } = self;
        [("done", done), ("unchanged", unchanged), ("held", held), ("failed", failed)]
    }
}
