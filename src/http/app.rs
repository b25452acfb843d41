//! The server without its sockets.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::{ArcSwap, Guard};
use axum::Router;
use axum::response::Response;

use super::error;
use super::rate_limit::RateLimiter;
use super::served_config::ServedConfig;
use crate::config::{Config, Limits, Listener, Settings};
use crate::files::ConfigHash;
use crate::metrics::counters::Metrics;

/// An operator's connections at a time.
pub const ADMIN_CONNECTIONS: usize = 32;

/// The whole server but its sockets. Its configuration can be replaced while it serves; a request has
/// one from beginning to end.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) shared: Arc<Shared>,
    /// The operator's route table, where that is served.
    pub(crate) admin: Option<Router>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) current: ArcSwap<ServedConfig>,
    /// The newest look at the configuration, if the one that is served is older.
    pub(crate) attempt: Mutex<Option<Attempt>>,
    /// What was served at the start, and what of it stays till the end.
    pub(crate) at_start: Settings,
    pub(crate) measurements: Metrics,
    pub(crate) throttle: RateLimiter,
    pub(crate) started: (SystemTime, Instant),
}

/// A configuration that is served to no new request.
#[derive(Debug)]
pub struct Replaced(Arc<ServedConfig>);

impl Replaced {
    /// Whether no request has it any more.
    pub fn is_forgotten(&mut self) -> bool {
        Arc::get_mut(&mut self.0).is_some_and(ServedConfig::is_forgotten)
    }
}

/// What came of looking for a new configuration.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) at: SystemTime,
    /// Why it is not served; none where there was nothing new.
    pub(crate) error: Option<String>,
}

impl App {
    pub fn new(config: Config) -> Self {
        Self::of(ServedConfig::new(config, None))
    }

    pub(crate) fn of(current: ServedConfig) -> Self {
        let shared = Shared {
            at_start: current.settings.clone(),
            current: ArcSwap::from_pointee(current),
            attempt: Mutex::default(),
            measurements: Metrics::new(),
            throttle: RateLimiter::new(),
            started: (SystemTime::now(), Instant::now()),
        };
        Self { shared: Arc::new(shared), admin: None }
    }

    /// Serves another configuration from now on, and returns the one before.
    pub fn replace(&self, config: Config) -> Replaced {
        let old = self.shared.current.load_full();
        let new = ServedConfig::new(config, Some(&old));
        self.shared.current.store(Arc::new(new));
        self.shared.measurements.reloads.done.fetch_add(1, Relaxed);
        *self.attempt() = None;
        Replaced(old)
    }

    /// The keys that have changed since the start, and that only a restart can follow.
    pub fn needs_restart(&self) -> Vec<&'static str> {
        self.shared.at_start.needs_restart(&self.current().settings)
    }

    /// Where the server has listened since its start.
    pub(crate) fn listens(&self) -> &[Listener] {
        &self.shared.at_start.listen
    }

    /// Notes that a new configuration could not be had, and why.
    pub fn reload_failed(&self, error: String) {
        self.shared.measurements.reloads.failed.fetch_add(1, Relaxed);
        *self.attempt() = Some(Attempt { at: SystemTime::now(), error: Some(error) });
    }

    /// Notes that the configuration was looked at and is the same. What was wrong with it before has been
    /// put right, then: whether there was anything.
    pub fn reload_found_nothing_new(&self) -> bool {
        self.shared.measurements.reloads.unchanged.fetch_add(1, Relaxed);
        let before = self.attempt().replace(Attempt { at: SystemTime::now(), error: None });
        before.is_some_and(|attempt| attempt.error.is_some())
    }

    /// How many domains are served.
    pub fn domains(&self) -> usize {
        self.current().served.directory.len()
    }

    /// The hash of the configuration that is served.
    pub fn hash(&self) -> ConfigHash {
        self.current().hash
    }

    /// How many connections there may be at a time: of the operator's listener, a few programs that measure.
    pub(crate) fn max_connections(&self) -> usize {
        match self.admin {
            Some(_) => ADMIN_CONNECTIONS,
            None => self.shared.at_start.limits.max_connections,
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.current().settings.limits
    }

    /// Looks every hour which certificates are about to expire, and says so in the log.
    /// Never ends.
    pub async fn remind_of_expiry(self) {
        let mut hours = tokio::time::interval(Duration::from_secs(60 * 60));
        loop {
            hours.tick().await;
            self.current().remind_of_expiry();
        }
    }

    /// What of this server is for the operator, to be served on a listener of its own.
    #[must_use]
    pub fn with_admin_routes(&self, router: Router) -> Self {
        Self { admin: Some(router), ..self.clone() }
    }

    /// Counts a panic. The client gets a 500, everybody else their answers.
    pub(crate) fn after_panic(&self) -> Response {
        self.shared.measurements.panics.fetch_add(1, Relaxed);
        error::after_panic()
    }

    pub(crate) fn current(&self) -> Guard<Arc<ServedConfig>> {
        self.shared.current.load()
    }

    pub(crate) fn attempt(&self) -> std::sync::MutexGuard<'_, Option<Attempt>> {
        // Nothing in here can be left half done.
        self.shared.attempt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
