//! The routes of the admin listener.

mod certificate_expiry;
mod metrics;
mod reload;
mod request_log;
mod routes;
mod sql;
mod tls_allowed;

use std::sync::mpsc;

pub use self::reload::{ReloadReport, ReloadRequest, Reloaded};
use crate::http::App;

/// The server as the admin listener serves it. `reload_requests` lead to the thread that reloads; without one, there
/// is no `/reload`.
#[must_use]
pub fn app(app: &App, reload_requests: Option<mpsc::Sender<ReloadRequest>>) -> App {
    let routes = routes::router(app.clone());
    let routes = match reload_requests {
        Some(requests) => routes.merge(reload::router(requests)),
        None => routes,
    };
    app.with_admin_routes(request_log::layer(routes))
}
