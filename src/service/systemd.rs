//! What systemd is told (`sd_notify(3)`). Without systemd, nobody is told anything.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use sd_notify::NotifyState;

/// Whoever is about to stop is not ready, whatever configuration it has.
static IS_STOPPING: AtomicBool = AtomicBool::new(false);

/// The sockets are open: whoever waits for the service may go on.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// A new configuration is being looked at; [`reloaded`] has to follow.
pub fn reloading() {
    if IS_STOPPING.load(Relaxed) {
        return;
    }
    match NotifyState::monotonic_usec_now() {
        // systemd since 253 tells by the time which reload this is about.
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// With what `systemctl status` shows.
pub fn reloaded(status: &str) {
    if IS_STOPPING.load(Relaxed) {
        return;
    }
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The last that is said.
pub fn stopping() {
    IS_STOPPING.store(true, Relaxed);
    tell(&[NotifyState::Stopping]);
}

/// Tells, twice as often as is wanted, that this runtime still runs. Never ends, where it is wanted.
pub async fn watchdog() {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = tokio::time::interval((patience / 2).max(Duration::from_millis(1)));
    loop {
        ticks.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

/// Who does not listen, has not asked.
fn tell(state: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(state);
}
