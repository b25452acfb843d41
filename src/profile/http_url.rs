//! URLs of pages and services, which may contain placeholders.
//!
//! `url` rejects placeholders in the host, and it rewrites paths that an operator wrote on purpose.

use std::borrow::Cow;
use std::num::NonZeroU16;
use std::str::FromStr;

use derive_more::Display;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::allowed_characters::is_configured_text;
use super::placeholders::{Placeholder, begins_like_placeholder, leading_placeholder};
use crate::address::{Domain, EmailAddress};

/// An absolute `http` or `https` URL, safe in an attribute. It may contain the placeholders of a user
/// name, since some services have a person's name in their paths.
#[derive(Debug, Clone, PartialEq, Eq, Display)]
pub struct HttpUrl(String);

/// Why a text is not a [`HttpUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpUrlError {
    #[error("is not an absolute http or https URL")]
    Scheme,
    #[error("has an invalid host name")]
    Host,
    #[error("contains a space, quote or control character")]
    Character,
    #[error("contains an unknown or incomplete placeholder")]
    Placeholder,
}

/// Placeholders whose value differs from person to person.
const PERSONAL: [Placeholder; 2] = [Placeholder::EmailAddress, Placeholder::EmailLocalPart];

impl HttpUrl {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Whether the URL differs from person to person.
    pub fn needs_address(&self) -> bool {
        PERSONAL.iter().any(|placeholder| self.0.contains(placeholder.into_str()))
    }

    /// The URL for all people of a domain. None if it differs from person to person.
    pub fn for_domain(&self, domain: &Domain) -> Option<Self> {
        (!self.needs_address()).then(|| self.filled("", domain.as_str()))
    }

    /// The URL for one person.
    #[must_use]
    pub fn for_address(&self, address: &EmailAddress) -> Self {
        self.filled(&percent_encoded(address.local_part()), address.domain().as_str())
    }

    /// Replaces the placeholders by percent-encoded values, or by a document's marks.
    #[must_use]
    pub(crate) fn filled(&self, local_part: &str, domain: &str) -> Self {
        let address = [local_part, "@", domain].concat();
        let text = self.0.replace(Placeholder::EmailAddress.into_str(), &address);
        let text = text.replace(Placeholder::EmailLocalPart.into_str(), local_part);
        Self(text.replace(Placeholder::EmailDomain.into_str(), domain))
    }

    /// The host and the port that a client connects to. The port defaults to the scheme's own. None if the
    /// host is not a name, has unfilled placeholders, or follows a user name (`jane@`).
    pub fn authority(&self) -> Option<(Domain, NonZeroU16)> {
        const HTTP: NonZeroU16 = NonZeroU16::new(80).unwrap();
        const HTTPS: NonZeroU16 = NonZeroU16::new(443).unwrap();

        let port = match self.split().0.rsplit_once(':') {
            Some((_, port)) => port.parse().ok()?,
            None if self.is_https() => HTTPS,
            None => HTTP,
        };
        Some((self.host().parse().ok()?, port))
    }

    /// The host and port for all people of a domain. None if they differ from person to person.
    pub fn authority_for(&self, domain: &Domain) -> Option<(Domain, NonZeroU16)> {
        let (authority, _) = self.split();
        let is_personal = PERSONAL.iter().any(|placeholder| authority.contains(placeholder.into_str()));
        (!is_personal).then(|| self.filled("", domain.as_str()).authority())?
    }

    /// The port, if the host is a name that does not differ from person to person.
    pub fn port(&self) -> Option<NonZeroU16> {
        let any = "example.com".parse().ok()?;
        self.authority_for(&any).map(|(_, port)| port)
    }

    /// The host as written, without its port.
    pub fn host(&self) -> &str {
        let (authority, _) = self.split();
        authority.rsplit_once(':').map_or(authority, |(host, _)| host)
    }

    /// Whether a port is written, even the scheme's own.
    pub fn names_port(&self) -> bool {
        self.split().0.contains(':')
    }

    /// The path, without query and fragment; at least `/`.
    pub fn path(&self) -> &str {
        let (_, rest) = self.split();
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        if path.is_empty() { "/" } else { path }
    }

    /// The authority, and the rest.
    fn split(&self) -> (&str, &str) {
        split(self.0.split_once("://").map_or("", |(_, rest)| rest))
    }
}

/// The authority, and the rest, of the text after the scheme.
fn split(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

/// The octets that a query value or a path segment escapes: all but RFC 3986 2.3's unreserved ones.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as a query value or a segment of a path.
pub(crate) fn percent_encoded(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, &RESERVED).into()
}

impl FromStr for HttpUrl {
    type Err = HttpUrlError;

    /// Host names become A-labels in lower case, and non-ASCII letters percent-encoded octets (RFC 3987
    /// 3.1), as headers, DNS records and other programs' documents require.
    fn from_str(text: &str) -> Result<Self, HttpUrlError> {
        let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme));
        let scheme = scheme.ok_or(HttpUrlError::Scheme)?;
        let rest = &text[scheme.len()..];
        let odd =
            |c: char| c.is_whitespace() || !is_configured_text(c) || matches!(c, '"' | '\'' | '<' | '>');
        if text.contains(odd) {
            return Err(HttpUrlError::Character);
        }
        let mut after_percent = text.match_indices('%').map(|(at, _)| &text[at..]);
        if after_percent.any(is_wrong_placeholder) {
            return Err(HttpUrlError::Placeholder);
        }
        let (authority, path) = split(rest);
        if authority.is_empty() {
            return Err(HttpUrlError::Scheme);
        }
        Ok(Self(
            [scheme, &normalized(authority)?, &Cow::from(utf8_percent_encode(path, &AsciiSet::EMPTY))]
                .concat(),
        ))
    }
}

/// Whether a text begins with a misspelt placeholder. Other letters between two percent signs may be
/// percent-encoded octets.
fn is_wrong_placeholder(text: &str) -> bool {
    leading_placeholder(text).is_err_and(begins_like_placeholder)
}

/// The authority in its normal form: a host name in lower case and A-labels. A user name before it, an IP
/// address and placeholders stay unchanged.
fn normalized(authority: &str) -> Result<String, HttpUrlError> {
    let has_port = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let (host, port) = has_port.unwrap_or((authority, ""));
    match host.parse::<Domain>() {
        Ok(name) if port.is_empty() => Ok(name.to_string()),
        Ok(name) => Ok(format!("{name}:{port}")),
        Err(_) => {
            let labels: Result<Vec<_>, _> = authority.split('.').map(normalized_label).collect();
            Ok(labels?.join("."))
        }
    }
}

/// A label of a host that is not a name, for example because it has a placeholder.
fn normalized_label(text: &str) -> Result<String, HttpUrlError> {
    if text.is_ascii() {
        return Ok(text.to_owned());
    }
    text.parse::<Domain>().map(|label| label.to_string()).map_err(|_| HttpUrlError::Host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> HttpUrl {
        text.parse().unwrap()
    }

    #[test]
    fn splits_host_port_and_path() {
        let parts = |text: &str| {
            let url = url(text);
            let authority = url.authority().map(|(host, port)| format!("{host}:{port}"));
            (authority.unwrap_or_default(), url.path().to_owned())
        };
        assert_eq!(parts("https://Dav.example.net"), ("dav.example.net:443".into(), "/".into()));
        assert_eq!(parts("http://dav.example.net/a/?b#c"), ("dav.example.net:80".into(), "/a/".into()));
        assert_eq!(parts("https://dav.example.net:8443?b"), ("dav.example.net:8443".into(), "/".into()));
        assert_eq!(parts("https://jane@dav.example.net/").0, "");
        assert_eq!(parts("https://[::1]/").0, "");
        assert_eq!(parts("https://dav.%EMAILDOMAIN%/").0, "");
        let host =
            |text: &str| url(text).authority_for(&"q.com".parse().unwrap()).map(|(host, _)| host.to_string());
        assert_eq!(host("https://dav.%EMAILDOMAIN%/%EMAILADDRESS%").as_deref(), Some("dav.q.com"));
        assert_eq!(host("https://%EMAILLOCALPART%.dav.example/"), None);
        assert_eq!(host("https://a%EMAILLOCALPART%b.example/"), None);
    }

    #[test]
    fn normalizes_host_names_and_letters() {
        assert_eq!(
            url("https://Dav.Bücher.Example:8443/käl/%20/?ü#%EMAILADDRESS%").as_str(),
            "https://dav.xn--bcher-kva.example:8443/k%C3%A4l/%20/?%C3%BC#%EMAILADDRESS%"
        );
        for same in [
            "https://jane@a.example/",
            "https://[2001:db8::1]:8443/",
            "http://192.0.2.1",
            "https://dav.%EMAILDOMAIN%/",
        ] {
            assert_eq!(url(same).as_str(), same);
        }
        assert_eq!(url("https://bücher.%EMAILDOMAIN%/").as_str(), "https://xn--bcher-kva.%EMAILDOMAIN%/");
        assert_eq!("https://ü ü/".parse::<HttpUrl>(), Err(HttpUrlError::Character));
        assert_eq!("https://jané@a.example/".parse::<HttpUrl>(), Err(HttpUrlError::Host));
        for wrong in ["%EMAILADRESS%", "%emailaddress%", "%EMAILADDRESS"] {
            let parsed = format!("https://a.example/{wrong}/").parse::<HttpUrl>();
            assert_eq!(parsed, Err(HttpUrlError::Placeholder), "{wrong}");
        }
        assert!("https://a.example/%ab%cd%".parse::<HttpUrl>().is_ok());
        assert_eq!("https:///a".parse::<HttpUrl>(), Err(HttpUrlError::Scheme));
    }

    #[test]
    fn fills_placeholders_for_a_domain_or_a_person() {
        let domain: Domain = "q.com".parse().unwrap();
        let of_domain = |text: &str| url(text).for_domain(&domain).map(|url| url.to_string());
        assert_eq!(of_domain("https://dav.%EMAILDOMAIN%/").as_deref(), Some("https://dav.q.com/"));
        assert_eq!(of_domain("https://dav.example.net/%EMAILADDRESS%/"), None);
        let address: EmailAddress = "o'hara/ü+b@q.com".parse().unwrap();
        assert_eq!(
            url("https://dav.%EMAILDOMAIN%/%EMAILADDRESS%/%20").for_address(&address).as_str(),
            "https://dav.q.com/o%27hara%2F%C3%BC%2Bb@q.com/%20"
        );
    }
}
