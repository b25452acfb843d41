//! The user agent configuration document (PACC, Provider Auto-Configuration for Clients,
//! draft-ietf-mailmaint-pacc-03; reference/beyond 3.1).
//!
//! A domain has one document. A DNS record contains its digest, and a client rejects a document with another digest, so
//! the bytes depend on the profile only. PACC expresses only implicit TLS on registered ports; [`omissions`] lists
//! the services that it cannot express.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use sha2::{Digest, Sha256};

use super::omission::Omission;
use super::response_template::{DOMAIN, DomainVariable, ResponseTemplate, with_markers};
use crate::profile::{
    Authentication, HttpUrl, Mechanism, OAuth2, Profile, Protocol, Server, Services, SocketType, WebService,
};

/// The document. When it is read, unknown keys are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    pub protocols: Protocols,
    /// Pimalaya requires it.
    pub authentication: AuthenticationMethods,
    pub info: Info,
}

#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protocols {
    pub imap: Option<Host>,
    pub pop3: Option<Host>,
    /// The name in draft 03.
    pub submit: Option<Host>,
    /// The name in draft 02, which Stalwart and Pimalaya 0.9 read.
    pub smtp: Option<Host>,
    /// Read, never written: it has no registered port with implicit TLS.
    pub managesieve: Option<Host>,
    pub jmap: Option<Url>,
    pub caldav: Option<Url>,
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

/// The methods of all services together. Each service announces its own.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AuthenticationMethods {
    pub password: bool,
    pub oauth_public: Option<Issuer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    pub issuer: String,
}

#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Info {
    pub provider: Provider,
    pub help: Option<Help>,
}

#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    pub name: String,
    pub short_name: Option<String>,
    /// Read, never written: a profile's logo has no stable URL.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logo: Vec<Logo>,
}

/// An image. One without a size can be scaled.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Logo {
    pub url: String,
    pub content_type: String,
    pub width: Option<u32>,
    pub height: Option<u32>,
}

#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Help {
    pub documentation: Option<String>,
    pub developer: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contact: Vec<String>,
}

/// Renders a profile's document; none if PACC can express none of the profile's services.
pub fn template(profile: &Profile) -> Option<ResponseTemplate<DomainVariable>> {
    let configuration = Configuration::new(profile)?;
    let text = serde_json::to_string(&configuration).expect("JSON can contain structs of strings");
    Some(ResponseTemplate::new(&text))
}

/// The TXT record at `_ua-auto-config.DOMAIN` with the digest of a document (draft, 5.2).
pub fn digest_record(body: &[u8]) -> String {
    format!("v=UAAC1; a=sha256; d={}", BASE64_STANDARD.encode(Sha256::digest(body)))
}

/// The services of a profile that are not in its document.
pub fn omissions(profile: &Profile) -> Vec<Omission> {
    let services = &profile.services;
    let supported = SupportedServices::of(profile);
    let mail = MAIL_PROTOCOLS.into_iter().zip(supported.mail).filter_map(|(protocol, server)| {
        profile.preferred(protocol).and(server.err()).map(|reason| Omission::mail(protocol, reason))
    });
    let others = [
        ("JMAP", supported.jmap.and_then(Result::err)),
        ("the calendar", supported.caldav.and_then(Result::err)),
        ("the address book", supported.carddav.and_then(Result::err)),
        ("the OAuth2 issuer", supported.issuer.and_then(Result::err)),
        // RFC 5804 1.1: ManageSieve starts without TLS.
        ("ManageSieve", services.sieve.as_ref().map(|_| "it has no port with implicit TLS")),
        ("files", services.file_shares.first().map(|_| "Waypost cannot express file shares in PACC")),
    ];
    let others = others.into_iter().filter_map(|(name, reason)| Some(Omission::other(name, reason?)));
    mail.chain(others).collect()
}

impl Configuration {
    fn new(profile: &Profile) -> Option<Self> {
        let supported = SupportedServices::of(profile);
        let [imap, pop3, submit] = supported.mail.map(|server| Some(Host::of(server.ok()?)));
        let url = |service: &Option<Supported<WebLogin>>| Some(Url::of(service.clone()?.ok()?.url));
        let protocols = Protocols {
            imap,
            pop3,
            smtp: submit.clone(),
            submit,
            managesieve: None,
            jmap: url(&supported.jmap),
            caldav: url(&supported.caldav),
            carddav: url(&supported.carddav),
        };
        if protocols == Protocols::default() {
            return None;
        }
        let web = [supported.jmap, supported.caldav, supported.carddav].into_iter().flatten().flatten();
        let mut mail = supported.mail.into_iter().flatten();
        let password = mail.any(|server| server.authentication.takes_password())
            || web.into_iter().any(|service| Mechanism::take_password(service.methods));
        let issuer = supported.issuer.and_then(Result::ok);
        let documentation = profile.documentation.iter().find(|page| !page.url.needs_address());
        Some(Self {
            protocols,
            authentication: AuthenticationMethods {
                password,
                oauth_public: issuer.map(|issuer| Issuer { issuer: issuer.to_owned() }),
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

/// A service that PACC can express, or the reason why it cannot.
type Supported<T> = Result<T, &'static str>;

const MAIL_PROTOCOLS: [Protocol; 3] = [Protocol::Imap, Protocol::Pop3, Protocol::Smtp];

/// The services of a profile, as far as PACC can express them. None: the profile has no such service.
struct SupportedServices<'p> {
    /// In the order of [`MAIL_PROTOCOLS`].
    mail: [Supported<&'p Server>; 3],
    jmap: Option<Supported<WebLogin<'p>>>,
    caldav: Option<Supported<WebLogin<'p>>>,
    carddav: Option<Supported<WebLogin<'p>>>,
    issuer: Option<Supported<&'p str>>,
}

/// A service on the web and its authentication methods.
#[derive(Clone)]
struct WebLogin<'p> {
    url: &'p HttpUrl,
    methods: &'p [Mechanism],
}

impl<'p> SupportedServices<'p> {
    fn of(profile: &'p Profile) -> Self {
        let services = &profile.services;
        let mut mail = MAIL_PROTOCOLS.map(|protocol| mail(profile, protocol));
        let jmap = services.jmap().map(|(server, url)| web(url, &server.authentication, services));
        // A client that finds an account looks no further, so an account that can only send is left out.
        let can_receive = mail[0].is_ok() || mail[1].is_ok() || matches!(jmap, Some(Ok(_)));
        if !can_receive {
            mail[2] = Err("the profile has no service to receive mail that PACC can express");
        }
        Self {
            mail,
            jmap,
            caldav: services.caldav().map(|service| dav(service, services)),
            carddav: services.carddav().map(|service| dav(service, services)),
            issuer: services.oauth2.as_ref().map(issuer),
        }
    }
}

/// The preferred server of a protocol among those that PACC can express.
fn mail(profile: &Profile, protocol: Protocol) -> Supported<&Server> {
    let mut with_tls = profile.secured(protocol, SocketType::Ssl).peekable();
    if with_tls.peek().is_none() {
        return Err("none of its servers has implicit TLS (socket_type \"SSL\")");
    }
    let port = protocol.registered_port(SocketType::Ssl);
    let mut registered = with_tls.filter(|server| server.port.get() == port).peekable();
    if registered.peek().is_none() {
        return Err("its servers with implicit TLS are not on the registered port (993, 995 or 465)");
    }
    let accepts_token = |server: &Server| {
        has_issuer(&profile.services) && server.authentication.as_slice().contains(&Authentication::OAuth2)
    };
    registered.find(|server| server.authentication.takes_password() || accepts_token(server)).ok_or(
        "its servers accept neither a password nor a token from an OAuth2 issuer that PACC can express",
    )
}

/// A URL with https and the default port, the same for all addresses, and a method that PACC can express.
fn web<'p>(url: &'p HttpUrl, methods: &'p [Mechanism], services: &Services) -> Supported<WebLogin<'p>> {
    let accepts_token = Mechanism::take_token(methods) && has_issuer(services);
    if !url.is_https() {
        Err("its URL does not begin with https://")
    } else if url.names_port() {
        Err("its URL contains a port")
    } else if url.needs_address() {
        Err("its URL depends on the address")
    } else if url.port().is_none() {
        Err("its URL has no host name")
    } else if !Mechanism::take_password(methods) && !accepts_token {
        Err("it accepts neither a password nor a token from an OAuth2 issuer that PACC can express")
    } else {
        Ok(WebLogin { url, methods })
    }
}

fn dav<'p>(service: &'p WebService, services: &Services) -> Supported<WebLogin<'p>> {
    let dav = web(&service.url, &service.authentication, services)?;
    if dav.url.path() == "/" { Err("its URL has no path") } else { Ok(dav) }
}

fn has_issuer(services: &Services) -> bool {
    services.oauth2.as_ref().is_some_and(|oauth2| issuer(oauth2).is_ok())
}

/// The issuer's URL exactly as in the profile (draft-ietf-mailmaint-oauth-public-06 3.2).
fn issuer(oauth2: &OAuth2) -> Supported<&str> {
    let issuer = oauth2.issuer.as_str();
    let url: Option<HttpUrl> = issuer.parse().ok().filter(HttpUrl::is_https);
    let Some(url) = url.filter(|url| url.authority().is_some()) else {
        return Err("it is not an https URL with a host name");
    };
    let has_dots = url.path().split('/').any(|segment| matches!(segment, "." | ".."));
    if issuer.contains(['?', '#', '%']) || has_dots {
        return Err("its URL has a query, a fragment, a `.` or `..` segment, or a percent sign");
    }
    Ok(issuer)
}

impl Host {
    fn of(server: &Server) -> Self {
        Self { host: with_markers(server.hostname.pieces()) }
    }
}

impl Url {
    fn of(url: &HttpUrl) -> Self {
        Self { url: url.filled("", &DOMAIN.to_string()).to_string() }
    }
}
