//! The user agent configuration document (PACC, draft-ietf-mailmaint-pacc-03; reference/beyond 3.1).
//!
//! One document for everybody of a domain, the same bytes for as long as the profile is the same: a
//! DNS record holds their digest, and a client drops what does not match. It can name implicit TLS
//! on the registered ports only; what a profile has beyond that is [left out](left_out).

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::slots::{Document, DomainSlot, domain_mark, marked};
use crate::profile::{
    Authentication, Mechanism, OAuth2, Profile, Protocol, Server, Services, SocketType, WebAddress,
    WebService,
};

/// The document. Keys that are not known are ignored when it is read, as clients do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    pub protocols: Protocols,
    /// Pimalaya's reader fails without it.
    pub authentication: Ways,
    pub info: Info,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protocols {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imap: Option<Host>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pop3: Option<Host>,
    /// Draft 03's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submit: Option<Host>,
    /// Draft 02's word for the same, which Stalwart and Pimalaya 0.9 read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp: Option<Host>,
    /// Read, never written: it has no registered port with TLS from the first byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managesieve: Option<Host>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jmap: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caldav: Option<Url>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carddav: Option<Url>,
}

/// A server with implicit TLS on its protocol's registered port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    pub host: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Url {
    pub url: String,
}

/// How people prove who they are, at one service or another; each service says which.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ways {
    pub password: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth_public: Option<Issuer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    pub issuer: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    pub provider: Provider,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Help>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short_name: Option<String>,
    /// Read, never written: no profile has one yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logo: Vec<Logo>,
}

/// A picture; one without a size can have any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Logo {
    pub url: String,
    pub content_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Help {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documentation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub developer: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contact: Vec<String>,
}

/// Something of a profile that the document cannot say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub what: What,
    pub why: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Mail(Protocol),
    Jmap,
    Calendar,
    AddressBook,
    Issuer,
    Sieve,
    Files,
}

/// Prepares a profile's document; none if nothing of it can be said.
pub fn document(profile: &Profile) -> Option<Document<DomainSlot>> {
    let configuration = Configuration::of(profile)?;
    let text = serde_json::to_string(&configuration).expect("structs of strings can be written as JSON");
    Some(Document::prepare(&text))
}

/// The record at `_ua-auto-config.D` that vouches for a body (draft, 5.2).
pub fn digest_record(body: &[u8]) -> String {
    format!("v=UAAC1; a=sha256; d={}", BASE64_STANDARD.encode(Sha256::digest(body)))
}

/// What of a profile is not in its document, and why.
pub fn left_out(profile: &Profile) -> Vec<LeftOut> {
    let services = &profile.services;
    let issuer = services.oauth2.as_ref().map(|oauth2| issuer(oauth2).map(drop));
    let mail = [Protocol::Imap, Protocol::Pop3, Protocol::Smtp].into_iter().filter_map(|protocol| {
        let is_offered = profile.preferred(protocol).is_some();
        is_offered.then(|| (What::Mail(protocol), said(profile, protocol).map(drop)))
    });
    let web = [
        services
            .jmap()
            .map(|(server, url)| (What::Jmap, web(url, &server.authentication, services).map(drop))),
        services.caldav().map(|service| (What::Calendar, dav(service, services).map(drop))),
        services.carddav().map(|service| (What::AddressBook, dav(service, services).map(drop))),
        issuer.map(|issuer| (What::Issuer, issuer)),
        // It begins in clear (RFC 5804 1.1).
        services.sieve.is_some().then_some((What::Sieve, Err("it has no port with TLS from the first byte"))),
        (!services.file_shares.is_empty())
            .then_some((What::Files, Err("Waypost does not know the draft's word for them"))),
    ];
    mail.chain(web.into_iter().flatten())
        .filter_map(|(what, said)| Some(LeftOut { what, why: said.err()? }))
        .collect()
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail(protocol) => protocol.fmt(f),
            Self::Jmap => f.pad("JMAP"),
            Self::Calendar => f.pad("the calendar"),
            Self::AddressBook => f.pad("the address book"),
            Self::Issuer => f.pad("the OAuth2 issuer"),
            Self::Sieve => f.pad("ManageSieve"),
            Self::Files => f.pad("files"),
        }
    }
}

impl Configuration {
    fn of(profile: &Profile) -> Option<Self> {
        let services = &profile.services;
        let servers = [Protocol::Imap, Protocol::Pop3, Protocol::Smtp].map(|p| said(profile, p).ok());
        let jmap = services.jmap().filter(|(server, url)| web(url, &server.authentication, services).is_ok());
        let caldav = services.caldav().filter(|service| dav(service, services).is_ok());
        let carddav = services.carddav().filter(|service| dav(service, services).is_ok());
        let [imap, pop3, submit] = servers.map(|server| server.map(Host::of));
        let protocols = Protocols {
            imap,
            pop3,
            smtp: submit.clone(),
            submit,
            managesieve: None,
            jmap: jmap.map(|(_, url)| Url::of(url)),
            caldav: caldav.map(|service| Url::of(&service.url)),
            carddav: carddav.map(|service| Url::of(&service.url)),
        };
        if protocols == Protocols::default() {
            return None;
        }
        let dav = [caldav, carddav].into_iter().flatten().map(|service| &service.authentication);
        let mut web = dav.chain(jmap.map(|(server, _)| &server.authentication));
        let password = servers.into_iter().flatten().any(|server| server.authentication.takes_password())
            || web.any(|methods| Mechanism::take_password(methods));
        let oauth_public = services.oauth2.as_ref().and_then(|oauth2| issuer(oauth2).ok());
        let documentation = profile.documentation.iter().find(|page| !page.url.needs_address());
        Some(Self {
            protocols,
            authentication: Ways {
                password,
                oauth_public: oauth_public.map(|issuer| Issuer { issuer: issuer.to_owned() }),
            },
            info: Info {
                provider: Provider {
                    name: profile.display_name.as_str().to_owned(),
                    short_name: Some(profile.display_short_name.as_str().to_owned()),
                    logo: Vec::new(),
                },
                help: documentation
                    .map(|page| Help { documentation: Some(Url::of(&page.url).url), ..Help::default() }),
            },
        })
    }
}

/// The server that the document names for a protocol, or why it names none. An account that can only
/// send is none, and a client that has one looks no further.
fn said(profile: &Profile, protocol: Protocol) -> Result<&Server, &'static str> {
    let fetches = |protocol| mail(profile, protocol).is_ok();
    let services = &profile.services;
    let jmap = services.jmap();
    let jmap = jmap.is_some_and(|(server, url)| web(url, &server.authentication, services).is_ok());
    if protocol == Protocol::Smtp && !fetches(Protocol::Imap) && !fetches(Protocol::Pop3) && !jmap {
        return Err("no way to fetch mail can be named beside it");
    }
    mail(profile, protocol)
}

/// The server that can be named for a protocol.
fn mail(profile: &Profile, protocol: Protocol) -> Result<&Server, &'static str> {
    let mut secured = profile.secured(protocol, SocketType::Ssl).peekable();
    if secured.peek().is_none() {
        return Err("none of its servers has TLS from the first byte (socket_type \"SSL\")");
    }
    let port = protocol.registered_port(SocketType::Ssl);
    let mut registered = secured.filter(|server| server.port.get() == port).peekable();
    if registered.peek().is_none() {
        return Err("its servers with TLS are not on the registered port (993, 995, 465)");
    }
    registered
        .find(|server| server.authentication.takes_password() || takes_token(server, &profile.services))
        .ok_or("its server takes neither a password nor a token of an issuer that can be named")
}

fn takes_token(server: &Server, services: &Services) -> bool {
    names_issuer(services) && server.authentication.as_slice().contains(&Authentication::OAuth2)
}

/// `https`, no port, the same for everybody; and a way to log in that can be named.
fn web<'s>(
    url: &'s WebAddress,
    methods: &[Mechanism],
    services: &Services,
) -> Result<&'s WebAddress, &'static str> {
    let takes_token = Mechanism::take_token(methods) && names_issuer(services);
    if !url.is_https() {
        Err("its URL is not https")
    } else if url.names_port() {
        Err("its URL names a port")
    } else if url.needs_address() {
        Err("its URL is another for each person")
    } else if url.port().is_none() {
        Err("its URL names no host by its name")
    } else if !Mechanism::take_password(methods) && !takes_token {
        Err("it takes neither a password nor a token of an issuer that can be named")
    } else {
        Ok(url)
    }
}

fn dav<'s>(service: &'s WebService, services: &Services) -> Result<&'s WebAddress, &'static str> {
    let url = web(&service.url, &service.authentication, services)?;
    if url.path() == "/" { Err("its URL has no path") } else { Ok(url) }
}

fn names_issuer(services: &Services) -> bool {
    services.oauth2.as_ref().is_some_and(|oauth2| issuer(oauth2).is_ok())
}

/// An issuer's URL, byte for byte as the operator wrote it (draft-ietf-mailmaint-oauth-public-06 3.2).
fn issuer(oauth2: &OAuth2) -> Result<&str, &'static str> {
    let issuer = oauth2.issuer.as_str();
    let url: Option<WebAddress> = issuer.parse().ok().filter(WebAddress::is_https);
    let Some(url) = url.filter(|url| url.authority().is_some()) else {
        return Err("it is not an https URL");
    };
    let has_dots = url.path().split('/').any(|segment| matches!(segment, "." | ".."));
    if issuer.contains(['?', '#', '%']) || has_dots {
        return Err("its URL has a query, a fragment, dots for a segment, or percent signs");
    }
    Ok(issuer)
}

impl Host {
    fn of(server: &Server) -> Self {
        Self { host: marked(server.hostname.pieces()) }
    }
}

impl Url {
    fn of(url: &WebAddress) -> Self {
        Self { url: url.filled("", &domain_mark()).to_string() }
    }
}
