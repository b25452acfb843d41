//! How many connections there may be at a time, and who goes when there are too many.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::activity::Activity;

/// One place in this many is kept free.
const RESERVE: usize = 64;

/// How long a newcomer waits for somebody to leave.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long somebody who is idle, and asked to leave, may take when there is no place left.
const LEAVE: Duration = Duration::from_millis(50);

/// The places that connections on all listeners share.
pub struct ConnectionLimit {
    size: usize,
    permits: Arc<Semaphore>,
    guests: Mutex<Guests>,
    next: AtomicU64,
    /// Somebody leaves.
    left: Notify,
}

#[derive(Default)]
struct Guests {
    /// Who has a place and has not been asked to leave it.
    staying: HashMap<u64, Guest>,
    /// Who has been asked to, and when.
    leaving: HashMap<u64, (Instant, Guest)>,
}

struct Guest {
    activity: Arc<Activity>,
    /// Told once to leave, twice to go at once.
    leave: Arc<Notify>,
}

/// What comes of a newcomer.
pub struct Admission {
    /// None if everybody is being answered, or those who should leave do not.
    pub seat: Option<ConnectionSlot>,
    /// How many idle ones were asked to leave.
    pub displaced: u64,
}

/// A connection's place, free again when this is dropped.
pub struct ConnectionSlot {
    pub activity: Arc<Activity>,
    leave: Arc<Notify>,
    number: u64,
    room: Arc<ConnectionLimit>,
    /// None only while it is dropped.
    permit: Option<OwnedSemaphorePermit>,
}

impl ConnectionLimit {
    pub fn new(size: usize) -> Self {
        Self {
            size,
            permits: Arc::new(Semaphore::new(size)),
            guests: Mutex::default(),
            next: AtomicU64::new(0),
            left: Notify::new(),
        }
    }

    /// Takes a place.
    ///
    /// Some places are kept free, where there are many, so that newcomers need not wait for somebody to
    /// leave.
    pub async fn enter(self: &Arc<Self>) -> Admission {
        let displaced = self.make_room();
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_) => self.wait_for_place().await,
        };
        let seat = permit.map(|permit| {
            let seat = ConnectionSlot {
                activity: Arc::new(Activity::new()),
                leave: Arc::new(Notify::new()),
                number: self.next.fetch_add(1, Relaxed),
                room: Arc::clone(self),
                permit: Some(permit),
            };
            let guest = Guest { activity: Arc::clone(&seat.activity), leave: Arc::clone(&seat.leave) };
            self.guests().staying.insert(seat.number, guest);
            seat
        });
        Admission { seat, displaced }
    }

    /// Asks as many to leave as there are places too few, and says how many of them were idle.
    fn make_room(&self) -> u64 {
        let wanted = self.size / RESERVE + 1;
        let mut guests = self.guests();
        let mut displaced = 0;
        while self.permits.available_permits() + guests.idle_leaving() < wanted {
            match guests.ask_one_to_leave() {
                Some(true) => displaced += 1,
                // Each newcomer has one at most go that is being answered.
                Some(false) | None => break,
            }
        }
        displaced
    }

    /// Waits for somebody to leave, and has those go at once who take their time. None if all are being
    /// answered, or it takes too long.
    async fn wait_for_place(&self) -> Option<OwnedSemaphorePermit> {
        let end = Instant::now() + PATIENCE;
        loop {
            let Some(due) = self.guests().cut_off_the_slow(Instant::now()) else {
                // The last of them may just have gone.
                return Arc::clone(&self.permits).try_acquire_owned().ok();
            };
            let permit = Arc::clone(&self.permits).acquire_owned();
            if let Ok(permit) = timeout_at(due.min(end), permit).await {
                return permit.ok();
            }
            if Instant::now() >= end {
                return None;
            }
        }
    }

    /// Asks the connection that has been idle longest to leave; if all are being answered, the one
    /// that was first, which has a second for its answer.
    pub fn ask_one_to_leave(&self) {
        self.guests().ask_one_to_leave();
    }

    /// Ends when somebody leaves after this was asked.
    pub fn somebody_leaves(&self) -> Notified<'_> {
        self.left.notified()
    }

    /// Ends when every connection has ended, and lets nobody in again.
    pub async fn emptied(&self) {
        let all = u32::try_from(self.size).unwrap_or(u32::MAX);
        let _ = self.permits.acquire_many(all).await;
    }

    fn guests(&self) -> MutexGuard<'_, Guests> {
        // Nothing in here can be left half done.
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guests {
    /// How many places are about to be free.
    fn idle_leaving(&self) -> usize {
        self.leaving.values().filter(|(_, guest)| !guest.activity.is_busy()).count()
    }

    /// As [`ConnectionLimit::ask_one_to_leave`]; whether it was an idle one.
    fn ask_one_to_leave(&mut self) -> Option<bool> {
        let order = |guest: &Guest| (guest.activity.is_busy(), guest.activity.last_change());
        let first = self.staying.iter().min_by_key(|(_, guest)| order(guest)).map(|(number, _)| *number)?;
        let guest = self.staying.remove(&first)?;
        guest.leave.notify_one();
        let is_idle = !guest.activity.is_busy();
        self.leaving.insert(first, (Instant::now(), guest));
        Some(is_idle)
    }

    /// Has those go at once who were asked to leave, are not being answered, and are still here after
    /// their time. When the next one's time is over; None if nobody idle is leaving.
    fn cut_off_the_slow(&mut self, now: Instant) -> Option<Instant> {
        let mut next = None::<Instant>;
        for (asked, guest) in self.leaving.values_mut() {
            if guest.activity.is_busy() {
                continue;
            }
            if *asked + LEAVE <= now {
                guest.leave.notify_one();
                // It goes now; until it has gone, there is no use in telling it all the time.
                *asked = now;
            }
            let due = *asked + LEAVE;
            next = Some(next.map_or(due, |next| next.min(due)));
        }
        next
    }
}

impl ConnectionSlot {
    /// Ends when somebody else needs the place; asked again, when it is needed at once.
    pub async fn is_needed(&self) {
        self.leave.notified().await;
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut guests = self.room.guests();
        // First, so that whoever finds nobody leaving finds the place.
        drop(self.permit.take());
        guests.staying.remove(&self.number);
        guests.leaving.remove(&self.number);
        drop(guests);
        self.room.left.notify_waiters();
    }
}
