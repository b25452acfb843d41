//! How many connections there may be at a time, and who goes when there are too many.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::activity::Activity;

/// Of how many places one is kept free.
const RESERVE: usize = 64;

/// For somebody who is idle, and asked to leave.
const PATIENCE: Duration = Duration::from_millis(500);

/// The places that connections on all listeners share.
pub struct Room {
    size: usize,
    permits: Arc<Semaphore>,
    /// Who has a place and has not been asked to leave it.
    staying: Mutex<HashMap<u64, Guest>>,
    next: AtomicU64,
}

struct Guest {
    activity: Arc<Activity>,
    leave: Arc<Notify>,
}

/// A connection's place, free again when this is dropped.
pub struct Seat {
    pub activity: Arc<Activity>,
    leave: Arc<Notify>,
    number: u64,
    room: Arc<Room>,
    _permit: OwnedSemaphorePermit,
}

impl Room {
    pub fn new(size: usize) -> Self {
        Self {
            size,
            permits: Arc::new(Semaphore::new(size)),
            staying: Mutex::default(),
            next: AtomicU64::new(0),
        }
    }

    /// Takes a place, and says whether somebody was asked to leave for it. Of a place that is none, if
    /// everybody is being answered.
    ///
    /// Some places are kept free, where there are many, so that newcomers need not wait for somebody to
    /// leave.
    pub async fn enter(self: &Arc<Self>) -> (Option<Seat>, bool) {
        let is_crowded = self.permits.available_permits() <= self.size / RESERVE;
        let is_somebody_leaving = is_crowded && self.ask_one_to_leave();
        let permits = Arc::clone(&self.permits);
        let permit = match Arc::clone(&permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) if !is_somebody_leaving => return (None, false),
            Err(_) => match timeout(PATIENCE, permits.acquire_owned()).await {
                Ok(Ok(permit)) => permit,
                _ => return (None, true),
            },
        };
        let seat = Seat {
            activity: Arc::new(Activity::new()),
            leave: Arc::new(Notify::new()),
            number: self.next.fetch_add(1, Relaxed),
            room: Arc::clone(self),
            _permit: permit,
        };
        let guest = Guest { activity: Arc::clone(&seat.activity), leave: Arc::clone(&seat.leave) };
        self.staying().insert(seat.number, guest);
        (Some(seat), is_somebody_leaving)
    }

    /// Asks the connection that has been idle longest to leave; if all are being answered, the one
    /// that was first, which leaves when it has its answer. Whether it was an idle one.
    pub fn ask_one_to_leave(&self) -> bool {
        let mut staying = self.staying();
        let order = |guest: &Guest| (guest.activity.is_busy(), guest.activity.last_change());
        let first = staying.iter().min_by_key(|(_, guest)| order(guest)).map(|(number, _)| *number);
        let Some(guest) = first.and_then(|number| staying.remove(&number)) else { return false };
        guest.leave.notify_one();
        !guest.activity.is_busy()
    }

    /// Ends when every connection has ended, and lets nobody in again.
    pub async fn emptied(&self) {
        let all = u32::try_from(self.size).unwrap_or(u32::MAX);
        let _ = self.permits.acquire_many(all).await;
    }

    fn staying(&self) -> MutexGuard<'_, HashMap<u64, Guest>> {
        // Nothing in here can be left half done.
        self.staying.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Ends when somebody else needs the place.
    pub async fn is_needed(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.staying().remove(&self.number);
    }
}
