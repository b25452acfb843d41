//! The TLS configuration of listeners: each client gets the certificate for the server name it asks for (SNI, RFC 6066 3).
//!
//! The handshake fails for a name that no certificate has. A wrong certificate is worse than a closed port: Outlook
//! shows a warning for it, and goes on if the port is closed (reference/autodiscover 2.7).
//!
//! rustls' own `ResolvesServerCertUsingSni` has no wildcards, and no certificate for clients that send no name.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};

use super::tls::TlsCertificate;

/// TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1. None without a certificate.
pub fn server_config(certificates: &[TlsCertificate]) -> Option<Arc<ServerConfig>> {
    let default = Arc::clone(&certificates.first()?.key);
    // The first certificate with a name wins, so that one is inserted last.
    let names = certificates.iter().rev().flat_map(|certificate| {
        certificate.names.iter().map(|name| (name.clone(), Arc::clone(&certificate.key)))
    });
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("ring has ciphers for both versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(CertificatesByName { names: names.collect(), default }));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Without tickets a returning client needs a full handshake.
    if let Ok(ticketer) = Ticketer::new() {
        config.ticketer = ticketer;
    }
    Some(Arc::new(config))
}

#[derive(Debug)]
struct CertificatesByName {
    names: HashMap<String, Arc<CertifiedKey>>,
    /// For clients that send no server name.
    default: Arc<CertifiedKey>,
}

impl ResolvesServerCert for CertificatesByName {
    /// rustls passes the name in lower case.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let Some(name) = hello.server_name() else { return Some(Arc::clone(&self.default)) };
        let name = name.trim_end_matches('.');
        let wildcard = || Some(format!("*.{}", name.split_once('.')?.1));
        self.names.get(name).or_else(|| self.names.get(&wildcard()?)).cloned()
    }
}
