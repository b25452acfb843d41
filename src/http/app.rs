//! The server without its sockets.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::{ArcSwap, Guard};
use axum::Router;
use axum::response::{IntoResponse, Response};

use super::error::Error;
use super::rate_limit::RateLimiter;
use super::served_config::ServedConfig;
use crate::config::{Config, Limits, Listener, Settings};
use crate::directory::{SqlList, SqlStatus};
use crate::files::ConfigHash;
use crate::metrics::counters::Metrics;

/// The connection limit of the admin listener. A proxy opens one connection for each TLS handshake whose name it has no
/// certificate for (`/tls/allowed`). Hundreds of them leave room for metrics and health checks.
pub const ADMIN_CONNECTIONS: usize = 512;

/// How long a request for a reload may wait for its response. Slow disks and large lists take their time.
const RELOAD_TIMEOUT: Duration = Duration::from_mins(5);

/// The whole server without its sockets. Its configuration can be replaced while it serves; a request uses one
/// configuration from beginning to end.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) shared: Arc<Shared>,
    /// The router of the admin listener, if this instance serves it.
    pub(crate) admin: Option<Router>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) current: ArcSwap<ServedConfig>,
    /// Held while the configuration or the list of the database is replaced, so that neither is lost.
    replacing: Mutex<()>,
    /// The last reload, if it did not replace the configuration.
    pub(crate) attempt: Mutex<Option<Attempt>>,
    /// The state of the database in `[directory.sql]`.
    pub(crate) sql: SqlStatus,
    /// The settings at the start. Some keys take effect only after a restart.
    pub(crate) at_start: Settings,
    pub(crate) metrics: Metrics,
    pub(crate) rate_limiter: RateLimiter,
    pub(crate) started: (SystemTime, Instant),
}

/// A former configuration. No new request uses it.
#[derive(Debug)]
pub struct Replaced(Arc<ServedConfig>);

impl Replaced {
    /// Whether no request uses it any more.
    pub fn is_unused(&mut self) -> bool {
        Arc::get_mut(&mut self.0).is_some_and(ServedConfig::is_unused)
    }
}

/// A reload that did not replace the configuration.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) at: SystemTime,
    /// Why the new configuration is not served; none if it is unchanged.
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
            replacing: Mutex::default(),
            attempt: Mutex::default(),
            sql: SqlStatus::default(),
            metrics: Metrics::default(),
            rate_limiter: RateLimiter::new(),
            started: (SystemTime::now(), Instant::now()),
        };
        Self { shared: Arc::new(shared), admin: None }
    }

    /// Serves another configuration from now on, and returns the former one.
    pub fn replace(&self, config: Config) -> Replaced {
        let _replacing = self.replacing();
        let old = self.shared.current.load_full();
        let new = ServedConfig::new(config, Some(&old));
        self.shared.current.store(Arc::new(new));
        self.shared.metrics.reloads.done.inc();
        *self.attempt() = None;
        Replaced(old)
    }

    /// Serves another list of the database from now on, with the same configuration, and returns the former
    /// configuration.
    pub fn replace_sql_list(&self, list: Arc<SqlList>) -> Replaced {
        let _replacing = self.replacing();
        let old = self.shared.current.load_full();
        self.shared.current.store(Arc::new(old.with_sql_list(list)));
        Replaced(old)
    }

    fn replacing(&self) -> std::sync::MutexGuard<'_, ()> {
        // It guards no value that a panic could leave half written.
        self.shared.replacing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys that have changed since the start and take effect only after a restart.
    pub fn needs_restart(&self) -> Vec<&'static str> {
        self.shared.at_start.needs_restart(&self.current().settings)
    }

    /// The public listeners, which stay until a restart.
    pub(crate) fn listens(&self) -> &[Listener] {
        &self.shared.at_start.listen
    }

    /// Records a failed reload.
    pub fn reload_failed(&self, error: String) {
        self.shared.metrics.reloads.failed.inc();
        *self.attempt() = Some(Attempt { at: SystemTime::now(), error: Some(error) });
    }

    /// Records that the configuration is unchanged. Returns whether the reload before had failed.
    pub fn reload_unchanged(&self) -> bool {
        self.shared.metrics.reloads.unchanged.inc();
        let before = self.attempt().replace(Attempt { at: SystemTime::now(), error: None });
        before.is_some_and(|attempt| attempt.error.is_some())
    }

    /// The number of profiles.
    pub fn profiles(&self) -> usize {
        self.current().served.directory.entries().len()
    }

    /// The number of served domains and wildcards.
    pub fn domains(&self) -> usize {
        self.current().served.directory.domain_count()
    }

    /// Whether a list of the database is served.
    pub fn has_sql_list(&self) -> bool {
        self.current().served.directory.sql().is_some()
    }

    /// The hash of the served configuration.
    pub fn hash(&self) -> ConfigHash {
        self.current().hash
    }

    /// The state of the database, which the polling thread updates.
    pub fn sql_status(&self) -> &SqlStatus {
        &self.shared.sql
    }

    /// The connection limit of this instance's listeners.
    pub(crate) fn max_connections(&self) -> usize {
        match self.admin {
            Some(_) => ADMIN_CONNECTIONS,
            None => self.shared.at_start.limits.max_connections,
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        let limits = self.current().settings.limits;
        match self.admin {
            Some(_) => Limits { request_timeout: limits.request_timeout.max(RELOAD_TIMEOUT), ..limits },
            None => limits,
        }
    }

    /// Checks every hour which certificates expire soon, and logs them. Never returns.
    pub async fn remind_of_expiry(self) {
        let mut hours = tokio::time::interval(Duration::from_hours(1));
        loop {
            hours.tick().await;
            self.current().remind_of_expiry();
        }
    }

    /// The same server with the router of the admin listener.
    #[must_use]
    pub fn with_admin_routes(&self, router: Router) -> Self {
        Self { admin: Some(router), ..self.clone() }
    }

    /// Counts a panic. Only this client gets a 500.
    pub(crate) fn after_panic(&self) -> Response {
        self.shared.metrics.panics.inc();
        Error::Internal.into_response()
    }

    pub(crate) fn current(&self) -> Guard<Arc<ServedConfig>> {
        self.shared.current.load()
    }

    pub(crate) fn attempt(&self) -> std::sync::MutexGuard<'_, Option<Attempt>> {
        // A panic cannot leave the value half written.
        self.shared.attempt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
