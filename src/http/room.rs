//! How many connections there may be at a time, and who goes when there are too many.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::activity::Activity;

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

    pub fn is_full(&self) -> bool {
        self.permits.available_permits() == 0
    }

    /// Takes a place; if there is none, asks somebody to leave, and waits.
    pub async fn enter(self: &Arc<Self>) -> Seat {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.ask_one_to_leave();
                Arc::clone(&self.permits).acquire_owned().await.expect("nobody closes the semaphore")
            }
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
        seat
    }

    /// Asks the connection that has been idle longest to leave; if all are being answered, the one
    /// that was first, which leaves when it has its answer.
    pub fn ask_one_to_leave(&self) {
        let mut staying = self.staying();
        let order = |guest: &Guest| (guest.activity.is_busy(), guest.activity.last_change());
        let first = staying.iter().min_by_key(|(_, guest)| order(guest)).map(|(number, _)| *number);
        if let Some(guest) = first.and_then(|number| staying.remove(&number)) {
            guest.leave.notify_one();
        }
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
