//! The public URL: the target of redirects and of Autodiscover's JSON responses.

use std::num::NonZeroU16;
use std::str::FromStr;

use derive_more::Display;

use crate::address::Domain;
use crate::diagnostics::problem::InvalidValue;
use crate::diagnostics::table::FromText;

/// The `https` base URL of the host that Autodiscover redirects point to. It has no path, because clients require the
/// standard path in a redirect (reference/autodiscover 1.11).
#[derive(Debug, Clone, PartialEq, Eq, Display)]
#[display("{base}")]
pub struct PublicUrl {
    base: String,
    host: Domain,
    port: u16,
}

/// Why a text is not a valid [`PublicUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicUrlError {
    #[error("does not begin with https://")]
    NotHttps,
    #[error("has a path, query or fragment")]
    Path,
    #[error("has no valid host")]
    Host,
}

impl PublicUrl {
    /// The host that redirects point to.
    pub fn host(&self) -> &Domain {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The Autodiscover endpoint on that host.
    pub fn autodiscover(&self) -> String {
        format!("{self}/autodiscover/autodiscover.xml")
    }

    /// The URL of a served domain's Autodiscover host.
    pub fn of_domain(domain: &Domain) -> Option<Self> {
        format!("https://autodiscover.{domain}").parse().ok()
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let rest = text.strip_prefix("https://").ok_or(PublicUrlError::NotHttps)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err(PublicUrlError::Path);
        }
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| PublicUrlError::Host)?)),
            None => (authority, None),
        };
        let host: Domain = host.parse().map_err(|_| PublicUrlError::Host)?;
        let base = match port {
            Some(port) => format!("https://{host}:{port}"),
            None => format!("https://{host}"),
        };
        Ok(Self { base, host, port: port.map_or(443, NonZeroU16::get) })
    }
}

impl FromText for PublicUrl {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        text.parse().map_err(|error| {
            InvalidValue::new(
                format!("`{text}` {error}"),
                "write it like \"https://autodiscover.example.net\"",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_an_https_host_without_path() {
        let url = |text: &str| text.parse::<PublicUrl>().map(|url| url.autodiscover());
        assert_eq!(
            url("https://Autodiscover.Example.net/").as_deref(),
            Ok("https://autodiscover.example.net/autodiscover/autodiscover.xml")
        );
        assert_eq!(
            url("https://mail.example.net:8443").as_deref(),
            Ok("https://mail.example.net:8443/autodiscover/autodiscover.xml")
        );
        assert_eq!(url("http://mail.example.net"), Err(PublicUrlError::NotHttps));
        assert_eq!(url("https://mail.example.net/a"), Err(PublicUrlError::Path));
        assert_eq!(url("https://user@mail.example.net"), Err(PublicUrlError::Host));
        assert_eq!(url("https://mail.example.net:http"), Err(PublicUrlError::Host));
        assert_eq!(url("https://mail.example.net:0"), Err(PublicUrlError::Host));
    }
}
