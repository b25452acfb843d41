//! Addresses of pages and services on the web, and what is asked of their parts.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::num::NonZeroU16;
use std::str::FromStr;

use super::characters::is_configured_text;
use super::placeholders::{Placeholder, placeholder_like, unclosed_placeholder};
use crate::address::{Domain, EmailAddress};

/// An absolute `http` or `https` URL, safe in an attribute. It may hold the placeholders of a user
/// name, since some servers have a person's name in their paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress(String);

/// Why a text is not a [`WebAddress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebAddressError {
    #[error("is not an absolute http or https URL")]
    Scheme,
    #[error("names no host that there could be")]
    Host,
    #[error("holds a space, quote or control character")]
    Character,
    #[error("holds a placeholder that there is not, or one without its second `%`")]
    Placeholder,
}

/// What stands for something that differs from person to person.
const PERSONAL: [Placeholder; 2] = [Placeholder::EmailAddress, Placeholder::EmailLocalPart];

impl WebAddress {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Whether it is another URL for each person.
    pub fn needs_address(&self) -> bool {
        PERSONAL.iter().any(|placeholder| self.0.contains(placeholder.word()))
    }

    /// The URL for everybody of a domain; none where it is another for each person.
    pub fn for_domain(&self, domain: &Domain) -> Option<Self> {
        (!self.needs_address()).then(|| self.filled("", domain.as_str()))
    }

    /// The URL for one person.
    #[must_use]
    pub fn for_address(&self, address: &EmailAddress) -> Self {
        self.filled(&percent_encoded(address.local_part()), address.domain().as_str())
    }

    /// With something else in place of its placeholders: values that are percent-encoded already, or
    /// a document's marks.
    #[must_use]
    pub(crate) fn filled(&self, local_part: &str, domain: &str) -> Self {
        let address = [local_part, "@", domain].concat();
        let text = self.0.replace(Placeholder::EmailAddress.word(), &address);
        let text = text.replace(Placeholder::EmailLocalPart.word(), local_part);
        Self(text.replace(Placeholder::EmailDomain.word(), domain))
    }

    /// The host and the port that a client connects to, the scheme's own where none is written. None
    /// for a host that is no name, as long as its placeholders are not filled, and where a user's
    /// name stands before it.
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

    /// The host and port for everybody of a domain; none where they are others for each person.
    pub fn authority_for(&self, domain: &Domain) -> Option<(Domain, NonZeroU16)> {
        let (authority, _) = self.split();
        let is_personal = PERSONAL.iter().any(|placeholder| authority.contains(placeholder.word()));
        (!is_personal).then(|| self.filled("", domain.as_str()).authority())?
    }

    /// The port, if its host has a name, which is the same for everybody of a domain, whatever that is.
    pub fn port(&self) -> Option<NonZeroU16> {
        let any = "example.com".parse().ok()?;
        self.authority_for(&any).map(|(_, port)| port)
    }

    /// The host as it is written, without its port.
    pub fn host(&self) -> &str {
        let (authority, _) = self.split();
        authority.rsplit_once(':').map_or(authority, |(host, _)| host)
    }

    /// Whether a port is written, the scheme's own or another.
    pub fn names_port(&self) -> bool {
        self.split().0.contains(':')
    }

    /// What follows the host, up to a query or fragment: at least `/`.
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

/// The authority, and the rest, of what stands behind a scheme.
fn split(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

/// As a path's segment may have it: RFC 3986 2.3's unreserved characters stay.
pub(crate) fn percent_encoded(text: &str) -> Cow<'_, str> {
    encoded(text, |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}

/// With every octet percent-encoded that does not stay; those beyond ASCII never do.
fn encoded(text: &str, stays: impl Fn(u8) -> bool) -> Cow<'_, str> {
    if text.bytes().all(&stays) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::new();
    for byte in text.bytes() {
        if stays(byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    Cow::Owned(encoded)
}

impl FromStr for WebAddress {
    type Err = WebAddressError;

    /// Host names become A-labels in lower case, and letters beyond ASCII percent-encoded octets (RFC
    /// 3987 3.1), as they have to be in headers, records and other programs' documents.
    fn from_str(text: &str) -> Result<Self, WebAddressError> {
        let scheme = ["https://", "http://"].into_iter().find(|scheme| text.starts_with(scheme));
        let scheme = scheme.ok_or(WebAddressError::Scheme)?;
        let rest = &text[scheme.len()..];
        let odd =
            |c: char| c.is_whitespace() || !is_configured_text(c) || matches!(c, '"' | '\'' | '<' | '>');
        if text.contains(odd) {
            return Err(WebAddressError::Character);
        }
        let mut after_percent = text.match_indices('%').map(|(at, _)| &text[at..]);
        // Each of a pair is looked at; the second begins nothing that looks like one.
        if after_percent.any(is_wrong_placeholder) {
            return Err(WebAddressError::Placeholder);
        }
        let (authority, path) = split(rest);
        if authority.is_empty() {
            return Err(WebAddressError::Scheme);
        }
        Ok(Self([scheme, &normal(authority)?, &encoded(path, |b| b.is_ascii())].concat()))
    }
}

/// Whether a text begins with something that is meant as a placeholder and is none. Letters between two
/// percent signs may be octets, too.
fn is_wrong_placeholder(text: &str) -> bool {
    match placeholder_like(text) {
        Some(word) => {
            let is_meant = word.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("%EMAIL"));
            is_meant && !Placeholder::words().any(|placeholder| placeholder == word)
        }
        None => unclosed_placeholder(text).is_some(),
    }
}

/// An authority whose host, if it is a name, is written in one way. What stands before it, an IP
/// address and placeholders stay as they are.
fn normal(authority: &str) -> Result<String, WebAddressError> {
    let has_port = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let (host, port) = has_port.unwrap_or((authority, ""));
    match host.parse::<Domain>() {
        Ok(name) if port.is_empty() => Ok(name.to_string()),
        Ok(name) => Ok(format!("{name}:{port}")),
        Err(_) => {
            let labels: Result<Vec<_>, _> = authority.split('.').map(label).collect();
            Ok(labels?.join("."))
        }
    }
}

/// A label of a host that is no name as it stands, for a placeholder beside it perhaps.
fn label(text: &str) -> Result<String, WebAddressError> {
    if text.is_ascii() {
        return Ok(text.to_owned());
    }
    text.parse::<Domain>().map(|label| label.to_string()).map_err(|_| WebAddressError::Host)
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> WebAddress {
        text.parse().unwrap()
    }

    #[test]
    fn tells_host_port_and_path() {
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
    fn writes_names_and_letters_in_the_one_way_that_all_can_read() {
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
        assert_eq!("https://ü ü/".parse::<WebAddress>(), Err(WebAddressError::Character));
        assert_eq!("https://jané@a.example/".parse::<WebAddress>(), Err(WebAddressError::Host));
        for wrong in ["%EMAILADRESS%", "%emailaddress%", "%EMAILADDRESS"] {
            let parsed = format!("https://a.example/{wrong}/").parse::<WebAddress>();
            assert_eq!(parsed, Err(WebAddressError::Placeholder), "{wrong}");
        }
        assert!("https://a.example/%ab%cd%".parse::<WebAddress>().is_ok());
        assert_eq!("https:///a".parse::<WebAddress>(), Err(WebAddressError::Scheme));
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
