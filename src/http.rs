//! The network's side: one route table, thin handlers, and what stands before them.
//!
//! A request comes through `server` (sockets), `connection` (time-outs), `door` (what is dropped, whom we believe),
//! the route table below, and a handler, which extracts, asks the directory, and answers.

mod activity;
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

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};

pub use self::door::Door;
pub use self::server::{bind, serve};
use crate::config::{Config, Network, PublicUrl};
use crate::directory::Directory;

/// The whole server but its sockets.
#[derive(Debug, Clone)]
pub struct App {
    router: Router,
    trusted_proxies: Arc<[Network]>,
}

/// What the handlers share.
#[derive(Debug)]
struct Served {
    directory: Directory,
    public_url: Option<PublicUrl>,
    body_timeout: Duration,
}

impl App {
    pub fn new(config: Config) -> Self {
        let Config { settings, directory, origins: _, notes: _ } = config;
        let served = Arc::new(Served {
            directory,
            public_url: settings.public_url,
            body_timeout: settings.limits.request_timeout,
        });
        let mut router = Router::new()
            .route("/", get(handlers::page))
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
            .method_not_allowed_fallback(handlers::method_not_allowed)
            .fallback(handlers::not_found)
            .with_state(served);
        if log::is_enabled() {
            router = log::requests(router);
        }
        Self { router, trusted_proxies: settings.trusted_proxies.into() }
    }

    /// The server as a client at an address sees it.
    pub fn door(&self, peer: IpAddr) -> Door {
        Door::new(self.router.clone(), peer, Arc::clone(&self.trusted_proxies))
    }
}
