//! The route table.

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};

use super::state::Snapshot;
use super::{handlers, request_log, setup_page as setup};
use crate::logging::request_fields;

/// The router of one snapshot.
pub fn router(served: Arc<Snapshot>) -> Router {
    let router = Router::new()
        .route("/", get(setup::start))
        .route("/setup", get(setup::setup))
        .route("/setup.json", get(setup::json))
        .route("/setup.svg", get(setup::qr))
        .route("/assets/{name}", get(setup::asset))
        .route("/mail/config-v1.1.xml", get(handlers::autoconfig))
        .route("/.well-known/autoconfig/mail/config-v1.1.xml", get(handlers::autoconfig))
        .route("/.well-known/mail-v1.xml", get(handlers::autoconfig))
        .route("/v1.1/mail/config-v1.1.xml", get(handlers::autoconfig))
        .route("/v1.1/{domain}", get(handlers::listed))
        // The middleware converts these paths to lower case; clients write them in four ways.
        .route(
            "/autodiscover/autodiscover.xml",
            post(handlers::autodiscover)
                .get(handlers::autodiscover_by_get)
                .options(handlers::autodiscover_options)
                .fallback(handlers::autodiscover_post_only),
        )
        .route("/autodiscover/autodiscover.json", get(handlers::autodiscover_json))
        .route("/autodiscover/autodiscover.json/v1.0/{email}", get(handlers::autodiscover_json_path))
        .route("/mobileconfig", get(handlers::mobileconfig))
        .route("/email.mobileconfig", get(handlers::mobileconfig))
        .route("/.well-known/user-agent-configuration.json", get(handlers::pacc))
        // PROPFIND, mostly (RFC 6764 6).
        .route("/.well-known/caldav", any(handlers::caldav))
        .route("/.well-known/caldav/", any(handlers::caldav))
        .route("/.well-known/carddav", any(handlers::carddav))
        .route("/.well-known/carddav/", any(handlers::carddav))
        .route("/.well-known/jmap", any(handlers::jmap))
        .route("/.well-known/mta-sts.txt", get(handlers::mta_sts))
        .method_not_allowed_fallback(handlers::method_not_allowed)
        .fallback(handlers::not_found)
        .with_state(served);
    if request_fields::is_enabled() { request_log::layer(router) } else { router }
}
