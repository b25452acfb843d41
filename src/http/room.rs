//! How many connections there may be at a time, and who goes when there are too many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How many connections there may be, on all listeners together.
pub struct Room {
    permits: Arc<Semaphore>,
    /// Told when there is none left for a new connection: the one that has waited longest goes,
    /// as soon as it is between two requests.
    crowded: Notify,
    /// Connections that nobody has asked to go.
    staying: AtomicUsize,
}

impl Room {
    pub fn new(size: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(size)), crowded: Notify::new(), staying: AtomicUsize::new(0) }
    }

    pub fn is_full(&self) -> bool {
        self.permits.available_permits() == 0
    }

    /// Waits for room.
    pub async fn enter(&self) -> OwnedSemaphorePermit {
        let permits = || Arc::clone(&self.permits);
        if let Ok(permit) = permits().try_acquire_owned() {
            return permit;
        }
        tracing::debug!("no room for another connection; the oldest one is asked to go");
        self.ask_one_to_go();
        permits().acquire_owned().await.expect("nobody closes the semaphore")
    }

    /// Asks the connection that has waited longest, if there is one to ask.
    pub fn ask_one_to_go(&self) {
        if self.staying.load(Relaxed) > 0 {
            self.crowded.notify_one();
        }
    }

    /// Ends when it is this connection's turn to go.
    pub fn crowded(&self) -> Notified<'_> {
        self.crowded.notified()
    }

    /// Ends when every connection has ended, and lets nobody in again.
    pub async fn emptied(&self, size: usize) {
        // Every permit is back when every connection has ended.
        let all = u32::try_from(size).unwrap_or(u32::MAX);
        let _ = self.permits.acquire_many(all).await;
    }
}

/// A connection that nobody has asked to go, counted.
pub struct Staying(Arc<Room>);

impl Staying {
    pub fn begin(room: &Arc<Room>) -> Self {
        room.staying.fetch_add(1, Relaxed);
        Self(Arc::clone(room))
    }
}

impl Drop for Staying {
    fn drop(&mut self) {
        self.0.staying.fetch_sub(1, Relaxed);
    }
}
