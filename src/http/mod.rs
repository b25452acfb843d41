//! Everything that knows URLs.
//!
//! `server` passes each request to `middleware`, which removes credentials and untrusted headers and applies the rate
//! limit. `router` selects the handler. Its extractors read the request, the directory finds the profile, and
//! `responses` sends the document. `error` turns every error into a status.

pub(crate) mod app;
mod body;
pub(crate) mod error;
mod extractors;
mod forwarded;
pub(crate) mod handlers;
mod middleware;
pub(crate) mod query;
mod rate_limit;
pub(crate) mod request_log;
pub(crate) mod responses;
mod router;
pub(crate) mod served_config;
mod setup_page;
mod signing_queue;
mod site_files;
mod state;

pub(crate) use self::app::Attempt;
pub use self::app::{ADMIN_CONNECTIONS, App, Replaced};
pub use self::middleware::RequestService;
pub use self::router::paths;
