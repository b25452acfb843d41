//! The routes of the admin listener.

mod certificate_expiry;
mod metrics;
mod routes;

use crate::http::App;

/// The server as the admin listener serves it.
#[must_use]
pub fn app(app: &App) -> App {
    app.with_admin_routes(routes::router(app.clone()))
}
