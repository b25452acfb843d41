//! Notifications for systemd (`sd_notify(3)`). Without systemd they do nothing.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use sd_notify::NotifyState;

/// A service that stops is not reported as ready again, whatever a reload does meanwhile.
static IS_STOPPING: AtomicBool = AtomicBool::new(false);

/// The sockets are open: units that wait for this service may start.
pub fn ready() {
    notify(&[NotifyState::Ready]);
}

/// A reload has begun; [`reloaded`] must follow.
pub fn reloading() {
    if IS_STOPPING.load(Relaxed) {
        return;
    }
    match NotifyState::monotonic_usec_now() {
        // systemd 253 and later matches the answer to the reload by this time.
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
}

/// A reload has ended. `systemctl status` shows `status`.
pub fn reloaded(status: &str) {
    if !IS_STOPPING.load(Relaxed) {
        notify(&[NotifyState::Ready, NotifyState::Status(status)]);
    }
}

/// The service is stopping. No other notification follows.
pub fn stopping() {
    IS_STOPPING.store(true, Relaxed);
    notify(&[NotifyState::Stopping]);
}

/// Feeds the watchdog twice per timeout, if the unit has one. Never returns in that case.
pub async fn watchdog() {
    let Some(timeout) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = tokio::time::interval((timeout / 2).max(Duration::from_millis(1)));
    loop {
        ticks.tick().await;
        notify(&[NotifyState::Watchdog]);
    }
}

fn notify(state: &[NotifyState<'_>]) {
    // The call fails where systemd is not present.
    let _ = sd_notify::notify(state);
}
