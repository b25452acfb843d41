//! One configuration as it is served: built as a whole, never changed afterwards.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use rustls::ServerConfig;

use super::router::router;
use super::signing_queue::Signatures;
use super::state::Snapshot;
use crate::certificates::expiry_reminder::Reminder;
use crate::certificates::tls::TlsCertificate;
use crate::certificates::tls_server;
use crate::config::{Config, Settings};
use crate::directory::{Directory, SqlDomains, SqlList};
use crate::documents::Asset;
use crate::files::ConfigHash;
use crate::page::Pages;

#[derive(Debug)]
pub struct ServedConfig {
    pub router: Router,
    pub served: Arc<Snapshot>,
    pub settings: Settings,
    /// For listeners that speak TLS, if there are certificates.
    pub tls: Option<Arc<ServerConfig>>,
    pub certificates: Arc<[TlsCertificate]>,
    pub hash: ConfigHash,
    pub loaded: SystemTime,
    reminders: Arc<[Reminder]>,
}

impl ServedConfig {
    /// `older` is the configuration that this one replaces.
    pub fn new(config: Config, older: Option<&Self>) -> Self {
        let Config { settings, directory, pages, signer, certificates, hash, origins: _, notes: _ } = config;
        let signing = settings.signing.clone();
        // The list of the database is not part of the files: it stays until the database returns another one.
        let list = older.and_then(|older| older.served.directory.sql()).or_else(|| directory.sql());
        let directory = with_sql_list(&directory, list.map(SqlDomains::list).cloned(), &settings);
        let served = Arc::new(Snapshot {
            assets: Arc::new(assets(&pages, &directory)),
            older_assets: older.map_or_else(Arc::default, |older| Arc::clone(&older.served.assets)),
            directory,
            pages: Arc::new(pages),
            public_url: settings.public_url.clone(),
            security_contact: settings.page.security_contact.clone(),
            signatures: signing.map(|signing| {
                // If the new files are invalid, they may be half written, and the former signer still works.
                let older = older.and_then(|older| older.served.signatures.as_ref());
                let signer = signer.map(Arc::new).or_else(|| older?.signer_of(&signing));
                Arc::new(Signatures::new(signing, signer))
            }),
            body_timeout: settings.limits.request_timeout,
        });
        Self {
            router: router(Arc::clone(&served)),
            reminders: reminders(&certificates, served.signatures.as_deref()).into(),
            served,
            settings,
            tls: tls(&certificates, older),
            certificates: certificates.into(),
            hash,
            loaded: SystemTime::now(),
        }
    }

    /// The same configuration with another list of the database. It shares everything else.
    pub fn with_sql_list(&self, list: Arc<SqlList>) -> Self {
        let directory = with_sql_list(&self.served.directory, Some(list), &self.settings);
        let served = Arc::new(Snapshot { directory, ..Snapshot::clone(&self.served) });
        Self {
            router: router(Arc::clone(&served)),
            served,
            settings: self.settings.clone(),
            tls: self.tls.clone(),
            certificates: Arc::clone(&self.certificates),
            hash: self.hash,
            loaded: self.loaded,
            reminders: Arc::clone(&self.reminders),
        }
    }

    /// Whether a peer is a trusted proxy, whose `X-Forwarded-*` headers count.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        self.settings.trusted_proxies.iter().any(|network| network.contains(peer))
    }

    /// Whether a client is exempt from the rate limit.
    pub fn is_unlimited(&self, client: IpAddr) -> bool {
        self.settings.unlimited.iter().any(|network| network.contains(client))
    }

    /// Whether no request uses it any more. Call this only after it was replaced.
    pub fn is_unused(&mut self) -> bool {
        // The router holds a reference too, and is not used any more.
        self.router = Router::new();
        Arc::strong_count(&self.served) == 1
    }

    /// Logs which certificates expire soon.
    pub fn remind_of_expiry(&self) {
        self.reminders.iter().for_each(Reminder::remind);
    }
}

/// Without `[directory.sql]`, no list is served.
fn with_sql_list(directory: &Directory, list: Option<Arc<SqlList>>, settings: &Settings) -> Directory {
    let sql = settings.sql.as_ref();
    directory.with_sql_list(list.filter(|_| sql.is_some()), sql.and_then(|sql| sql.profile.as_ref()))
}

fn reminders(certificates: &[TlsCertificate], signatures: Option<&Signatures>) -> Vec<Reminder> {
    let tls = certificates.iter().map(|certificate| {
        Reminder::new(
            format!("the certificate for {certificate}"),
            "mail programs reject it",
            certificate.not_after,
        )
    });
    let signing = signatures.and_then(Signatures::not_after).map(|end| {
        let what = "the signing certificate".to_owned();
        Reminder::new(what, "devices show its Apple profiles as unsigned or not verified", end)
    });
    tls.chain(signing).collect()
}

/// Keeps the TLS configuration, and with it the session tickets, if the certificates are the same.
fn tls(certificates: &[TlsCertificate], older: Option<&ServedConfig>) -> Option<Arc<ServerConfig>> {
    let chains = |certificates: &[TlsCertificate]| -> Vec<_> {
        certificates.iter().map(TlsCertificate::chain).collect()
    };
    match older {
        Some(older) if chains(&older.certificates) == chains(certificates) => older.tls.clone(),
        _ => tls_server::server_config(certificates),
    }
}

/// The assets of the pages: the built-in ones, and those of the profiles.
fn assets(pages: &Pages, directory: &Directory) -> HashMap<String, Asset> {
    let own = directory.entries().iter().flat_map(|entry| entry.brand.assets());
    let all = pages.assets.all().iter().chain(own);
    all.map(|asset| (asset.name().to_owned(), asset.clone())).collect()
}
