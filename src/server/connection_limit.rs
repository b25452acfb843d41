//! The connection limit, shared by all listeners: at the limit, a new connection replaces an idle one.
//!
//! tower's `ConcurrencyLimit` and `tokio::sync::Semaphore` count and make new connections wait; neither knows
//! which connection is idle.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::activity::Activity;

/// One permit in this many is kept free, so that a new connection need not wait for another one to close.
const RESERVE: usize = 64;

/// How long a new connection waits for an idle one to close.
const ADMISSION_TIMEOUT: Duration = Duration::from_millis(500);

pub struct ConnectionLimit {
    max: usize,
    permits: Arc<Semaphore>,
    /// Cancelled when the server stops, which cancels the token of every connection.
    stopping: CancellationToken,
    /// Open connections that were not told to close, by the address of their activity.
    open: Mutex<HashMap<usize, Arc<Activity>>>,
}

/// The result for a new connection.
pub struct Admission {
    /// `None` if every connection is answering a request.
    pub slot: Option<ConnectionSlot>,
    /// An idle connection was told to close.
    pub closed_idle: bool,
}

/// A connection within the limit. Dropping it admits another one.
pub struct ConnectionSlot {
    pub activity: Arc<Activity>,
    limit: Arc<ConnectionLimit>,
    _permit: OwnedSemaphorePermit,
}

impl ConnectionLimit {
    pub fn new(max: usize, stopping: CancellationToken) -> Self {
        Self { max, permits: Arc::new(Semaphore::new(max)), stopping, open: Mutex::default() }
    }

    /// Admits a new connection. Close to the limit, tells another one to close.
    pub async fn admit(self: &Arc<Self>) -> Admission {
        let is_full = self.permits.available_permits() <= self.max / RESERVE;
        let was_busy = if is_full { self.close_idlest() } else { None };
        // A busy connection may take long; its place is for a later connection.
        let patience = if was_busy == Some(true) { Duration::ZERO } else { ADMISSION_TIMEOUT };
        let permit = timeout(patience, Arc::clone(&self.permits).acquire_owned()).await;
        let slot = permit.ok().and_then(Result::ok).map(|permit| {
            let activity = Arc::new(Activity::new(self.stopping.child_token()));
            self.open().insert(key(&activity), Arc::clone(&activity));
            ConnectionSlot { activity, limit: Arc::clone(self), _permit: permit }
        });
        Admission { slot, closed_idle: was_busy == Some(false) }
    }

    /// Tells the connection that has been idle longest to close; if all are answering requests, the one whose
    /// request began first. Returns whether it was busy, or `None` if all were told before.
    pub fn close_idlest(&self) -> Option<bool> {
        let mut open = self.open();
        let order = |(key, activity): (&usize, &Arc<Activity>)| (activity.is_busy(), activity.since(), *key);
        let (is_busy, _, key) = open.iter().map(order).min()?;
        open.remove(&key)?.close.cancel();
        Some(is_busy)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<usize, Arc<Activity>>> {
        // Every change is one operation on the map, so a panic leaves it complete.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionSlot {
    /// The server stops.
    pub fn is_stopping(&self) -> bool {
        self.limit.stopping.is_cancelled()
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.limit.open().remove(&key(&self.activity));
    }
}

fn key(activity: &Arc<Activity>) -> usize {
    Arc::as_ptr(activity).addr()
}
