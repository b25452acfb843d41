//! When the served certificates expire, for `/status` and `/metrics`.

use std::collections::HashSet;
use std::time::SystemTime;

use crate::http::served_config::ServedConfig;

/// A certificate's end.
pub struct Expiry {
    /// What the certificate is for.
    pub usage: &'static str,
    /// The names that it is served for.
    pub names: Vec<String>,
    pub end: SystemTime,
}

impl Expiry {
    /// The first of its names, if it has any.
    pub fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }
}

/// Of every certificate.
pub fn expiries(current: &ServedConfig) -> Vec<Expiry> {
    // Of two with one name the first is served.
    let mut known = HashSet::new();
    let tls = current.certificates.iter().map(|certificate| {
        let names = certificate.names.iter().filter(|name| known.insert(*name)).cloned().collect();
        Expiry { usage: "tls", names, end: certificate.not_after }
    });
    let signing = current.served.signatures.as_ref().and_then(|signatures| signatures.not_after());
    let signing = signing.map(|end| Expiry { usage: "signing", names: Vec::new(), end });
    tls.filter(|tls| !tls.names.is_empty()).chain(signing).collect()
}
