//! The route table: path, metric label and handler of every document.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::ALLOW;
use axum::routing::{MethodRouter, any, get, post};

use super::error::Error;
use super::state::Snapshot;
use super::{handlers, setup_page as setup, site_files};
use crate::metrics::labels::Route;

/// Every route. README's table and the proxies' files are compared with it.
fn routes() -> impl Iterator<Item = (&'static str, Route, MethodRouter<Arc<Snapshot>>)> {
    // Clients write the paths with surplus slashes, and those of Autodiscover in several letter cases; the middleware
    // converts them.
    let autodiscover = post(handlers::autodiscover)
        .get(handlers::autodiscover_by_get)
        // Scalix asks first (reference/autodiscover 1.10).
        .options(|| async { (StatusCode::NO_CONTENT, [(ALLOW, "POST")]) })
        .fallback(|| async { Error::PostOnly });
    let routes = [
        ("/", Route::Setup, get(setup::setup)),
        ("/setup", Route::Setup, get(setup::setup)),
        ("/setup.json", Route::Setup, get(setup::json)),
        ("/setup.svg", Route::Setup, get(setup::qr)),
        ("/assets/{name}", Route::Assets, get(setup::asset)),
        ("/favicon.ico", Route::Assets, get(site_files::icon)),
        ("/robots.txt", Route::Assets, get(site_files::robots)),
        ("/.well-known/security.txt", Route::Assets, get(site_files::security)),
        ("/mail/config-v1.1.xml", Route::Autoconfig, get(handlers::autoconfig)),
        ("/.well-known/autoconfig/mail/config-v1.1.xml", Route::Autoconfig, get(handlers::autoconfig)),
        ("/.well-known/mail-v1.xml", Route::Autoconfig, get(handlers::autoconfig)),
        ("/v1.1/mail/config-v1.1.xml", Route::Autoconfig, get(handlers::autoconfig)),
        ("/v1.1/{domain}", Route::Autoconfig, get(handlers::autoconfig_by_path)),
        ("/autodiscover/autodiscover.xml", Route::Autodiscover, autodiscover),
        ("/autodiscover/autodiscover.json", Route::AutodiscoverJson, get(handlers::autodiscover_json)),
        (
            "/autodiscover/autodiscover.json/v1.0/{address}",
            Route::AutodiscoverJson,
            get(handlers::autodiscover_json_path),
        ),
        ("/mobileconfig", Route::MobileConfig, get(handlers::mobileconfig)),
        ("/email.mobileconfig", Route::MobileConfig, get(handlers::mobileconfig)),
        ("/.well-known/user-agent-configuration.json", Route::Pacc, get(handlers::pacc)),
        // Mostly PROPFIND (RFC 6764 6).
        ("/.well-known/caldav", Route::WellKnown, any(handlers::caldav)),
        ("/.well-known/carddav", Route::WellKnown, any(handlers::carddav)),
        ("/.well-known/jmap", Route::WellKnown, any(handlers::jmap)),
        ("/.well-known/mta-sts.txt", Route::MtaSts, get(handlers::mta_sts)),
    ];
    routes.into_iter()
}

/// The paths of all routes, with names in braces for their parameters.
pub fn paths() -> impl Iterator<Item = &'static str> {
    routes().map(|(path, ..)| path)
}

/// The metric label of a path.
pub fn label(path: &str) -> Route {
    find(path).map_or(Route::Other, |(_, route)| route)
}

/// The pattern of a path in the route table, for the log.
pub fn pattern(path: &str) -> Option<&'static str> {
    find(path).map(|(pattern, _)| pattern)
}

/// A scan of so few paths is faster than another search in axum's tree.
fn find(path: &str) -> Option<(&'static str, Route)> {
    static ROUTES: LazyLock<Vec<(&str, Route)>> =
        LazyLock::new(|| routes().map(|(pattern, route, _)| (pattern, route)).collect());
    let is_at = |pattern: &str| match pattern.split_once('{') {
        Some((folder, _)) => {
            path.strip_prefix(folder).is_some_and(|name| !name.is_empty() && !name.contains('/'))
        }
        None => path == pattern,
    };
    ROUTES.iter().find(|(pattern, _)| is_at(pattern)).copied()
}

/// The router of one snapshot.
pub fn router(served: Arc<Snapshot>) -> Router {
    routes()
        .fold(Router::new(), |router, (path, _, handler)| router.route(path, handler))
        .method_not_allowed_fallback(handlers::method_not_allowed)
        .fallback(handlers::not_found)
        .with_state(served)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_the_paths_of_the_route_table() {
        for (path, route) in [
            ("/", Route::Setup),
            ("/v1.1/example.com", Route::Autoconfig),
            ("/v1.1/mail/config-v1.1.xml", Route::Autoconfig),
            ("/autodiscover/autodiscover.json", Route::AutodiscoverJson),
            ("/autodiscover/autodiscover.json/v1.0/jane@example.com", Route::AutodiscoverJson),
            ("/assets/page.0123.css", Route::Assets),
            ("/.well-known/caldav", Route::WellKnown),
            ("/.well-known/caldav/", Route::Other),
            ("/v1.1/", Route::Other),
            ("/assets/a/b", Route::Other),
            ("/setup/", Route::Other),
            ("", Route::Other),
        ] {
            assert_eq!(label(path), route, "{path}");
        }
        for (path, route, _) in routes() {
            assert_eq!(label(&path.replace(['{', '}'], "")), route, "{path}");
        }
    }
}
