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

    /// Admits a new connection. At the limit, and shortly before it, tells another one to close.
    pub async fn admit(self: &Arc<Self>) -> Admission {
        let mut permit = Arc::clone(&self.permits).try_acquire_owned().ok();
        let is_full = permit.is_none() || self.permits.available_permits() < self.max / RESERVE;
        let closed_idle = is_full && self.close_longest_idle();
        // A busy connection takes longer to close, so the client is told to retry.
        if permit.is_none() && closed_idle {
            let acquired = timeout(ADMISSION_TIMEOUT, Arc::clone(&self.permits).acquire_owned()).await;
            permit = acquired.ok().and_then(Result::ok);
        }
        let slot = permit.map(|permit| {
            let activity = Arc::new(Activity::new(self.stopping.child_token()));
            self.open().insert(Arc::as_ptr(&activity).addr(), Arc::clone(&activity));
            ConnectionSlot { activity, limit: Arc::clone(self), _permit: permit }
        });
        Admission { slot, closed_idle }
    }

    /// Tells the connection that has been idle longest to close; if all are answering requests, the one whose
    /// request began first. Returns whether it was idle.
    pub fn close_longest_idle(&self) -> bool {
        let mut open = self.open();
        let order = |(key, activity): (&usize, &Arc<Activity>)| (activity.is_busy(), activity.since(), *key);
        let Some((is_busy, _, key)) = open.iter().map(order).min() else { return false };
        open.remove(&key).inspect(|activity| activity.close.cancel());
        !is_busy
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
        self.limit.open().remove(&Arc::as_ptr(&self.activity).addr());
    }
}
