//! The network's side: one route table, thin handlers, and what stands before them.
//!
//! A request comes through `server` (sockets), `connection` (time-outs), `door` (what is dropped, whom we believe),
//! the route table below, and a handler, which extracts, asks the directory, and answers.

mod activity;
mod admin;
mod answer;
mod asked;
mod body;
mod connection;
mod door;
mod error;
mod handlers;
mod log;
mod query;
mod room;
mod server;
mod setup;
mod signatures;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{any, get, post};

use self::admin::Measured;
pub use self::door::Door;
pub use self::server::{bind, serve};
use self::signatures::Signatures;
use crate::config::{Config, Network, PublicUrl};
use crate::directory::Directory;
use crate::page::{Asset, Pages};

/// The whole server but its sockets.
#[derive(Debug, Clone)]
pub struct App {
    router: Router,
    trusted_proxies: Arc<[Network]>,
    measured: Measured,
}

/// What the handlers share.
#[derive(Debug)]
struct Served {
    directory: Directory,
    pages: Pages,
    /// By their names.
    assets: HashMap<String, Asset>,
    public_url: Option<PublicUrl>,
    /// None where configuration profiles are not to be signed.
    signatures: Option<Arc<Signatures>>,
    body_timeout: Duration,
}

impl App {
    pub fn new(config: Config) -> Self {
        let Config { settings, directory, pages, signer, origins: _, notes: _ } = config;
        let signatures = settings.signing.map(|signing| Arc::new(Signatures::new(signing, signer)));
        let measured = Measured { signatures: signatures.clone() };
        let served = Arc::new(Served {
            assets: assets(&pages, &directory),
            directory,
            pages,
            public_url: settings.public_url,
            signatures,
            body_timeout: settings.limits.request_timeout,
        });
        let mut router = Router::new()
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
            // `door` puts these in lower case; clients write them in four ways.
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
        if log::is_enabled() {
            router = log::requests(router);
        }
        Self { router, trusted_proxies: settings.trusted_proxies.into(), measured }
    }

    /// Looks every hour at what gets old by itself: certificates that nobody asks for expire too.
    /// Never ends.
    pub async fn look_after(self) {
        let Some(signatures) = self.measured.signatures else { return };
        let mut hours = tokio::time::interval(Duration::from_secs(60 * 60));
        loop {
            hours.tick().await;
            let signatures = Arc::clone(&signatures);
            let _ = tokio::task::spawn_blocking(move || signatures.not_after()).await;
        }
    }

    /// What of this server is for the operator, to be served on a listener of its own.
    #[must_use]
    pub fn admin(&self) -> Self {
        Self { router: admin::router(self.measured.clone()), ..self.clone() }
    }

    /// The server as a client at an address sees it.
    pub fn door(&self, peer: IpAddr) -> Door {
        Door::new(self.router.clone(), peer, Arc::clone(&self.trusted_proxies))
    }
}

/// What the pages are made of: what is shipped, and what the profiles have of their own.
fn assets(pages: &Pages, directory: &Directory) -> HashMap<String, Asset> {
    let own = directory.entries().iter().flat_map(|entry| entry.brand.assets());
    let all = pages.assets.all().into_iter().chain(own);
    all.map(|asset| (asset.name().to_owned(), asset.clone())).collect()
}
