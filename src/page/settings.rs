//! The settings of an address or domain, for the setup page and for `/setup.json`.

use derive_more::Display;
use serde::Serialize;

use super::messages::ENGLISH;
use crate::address::{Domain, EmailAddress};
use crate::documents::RenderedProfile;
use crate::profile::{HttpUrl, Piece, Placeholder, Profile, Protocol, Server, Username, percent_encoded};

/// The address or the domain whose settings are shown.
#[derive(Debug, Clone, PartialEq, Eq, Display)]
pub enum SetupTarget {
    Address(EmailAddress),
    Domain(Domain),
}

/// The settings. Page and JSON have the same values.
#[derive(Debug, Serialize)]
pub struct Settings {
    /// The requested domain.
    pub domain: String,
    pub address: Option<String>,
    pub provider: String,
    pub incoming: Vec<ServerSettings>,
    pub outgoing: Vec<ServerSettings>,
    pub calendar: Option<String>,
    pub contacts: Option<String>,
    pub files: Option<String>,
    pub filters: Option<String>,
    pub webmail: Option<String>,
    pub mailbox_limit: Option<String>,
    pub message_limit: Option<String>,
    /// The absolute URL of the Apple profile, if there is one.
    pub mobileconfig: Option<String>,
    /// Whether the host of the request serves the Apple profile.
    #[serde(skip)]
    pub has_profile: bool,
    pub documentation: Vec<Link>,
    /// Pages to visit before a mail program works.
    pub first: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct ServerSettings {
    pub protocol: &'static str,
    /// The name to display.
    pub name: String,
    pub hostname: String,
    pub port: u16,
    pub socket_type: &'static str,
    /// A method of the autoconfig draft.
    pub authentication: &'static str,
    /// The user name of this address; none if it is not known.
    pub username: Option<String>,
    /// The user name with the draft's placeholders.
    pub username_template: String,
    pub is_alternative: bool,
    pub leave_messages_on_server: Option<bool>,
}

#[derive(Debug, Serialize)]
pub struct Link {
    pub url: String,
    pub text: String,
    pub lang: String,
}

impl SetupTarget {
    pub fn domain(&self) -> &Domain {
        match self {
            Self::Address(address) => address.domain(),
            Self::Domain(domain) => domain,
        }
    }

    pub fn address(&self) -> Option<&EmailAddress> {
        match self {
            Self::Address(address) => Some(address),
            Self::Domain(_) => None,
        }
    }

    /// The path of the Apple profile on all hosts.
    pub fn mobileconfig_path(&self) -> String {
        match self {
            Self::Address(address) => {
                format!("/mobileconfig?emailaddress={}", percent_encoded(&address.to_string()))
            }
            // The device asks for the address.
            Self::Domain(_) => "/mobileconfig".to_owned(),
        }
    }

    fn fill(&self, url: &HttpUrl) -> Option<String> {
        match self {
            Self::Address(address) => Some(url.for_address(address).to_string()),
            Self::Domain(domain) => url.for_domain(domain).map(|url| url.to_string()),
        }
    }
}

impl Settings {
    /// `host` is the base URL for the Apple profile. It is empty if only the host of the request serves the profile, and
    /// none if no host does.
    pub fn of(entry: &RenderedProfile, target: &SetupTarget, host: Option<&str>) -> Self {
        let RenderedProfile { profile, documents, .. } = entry;
        let services = &profile.services;
        let url = |url: Option<&HttpUrl>| url.and_then(|url| target.fill(url));
        Self {
            domain: target.domain().to_string(),
            address: target.address().map(ToString::to_string),
            provider: profile.display_name.as_str().to_owned(),
            incoming: servers(profile, profile.incoming(), target),
            outgoing: servers(profile, profile.outgoing(), target),
            calendar: url(services.caldav().map(|service| &service.url)),
            contacts: url(services.carddav().map(|service| &service.url)),
            files: url(services.file_shares.first().map(|service| &service.url)),
            filters: services
                .sieve
                .as_ref()
                .map(|sieve| format!("{}:{}", sieve.hostname.for_domain(target.domain()), sieve.port)),
            webmail: url(services.webmail.as_ref().and_then(|webmail| webmail.login_page.as_ref())),
            mailbox_limit: profile.limits.mailbox.map(|size| size.to_string()),
            message_limit: profile.limits.message.map(|size| size.to_string()),
            mobileconfig: host
                .filter(|host| documents.mobileconfig.is_ok() && !host.is_empty())
                .map(|host| host.to_owned() + &target.mobileconfig_path()),
            has_profile: documents.mobileconfig.is_ok() && host.is_some(),
            documentation: documentation(profile, target),
            first: services.enable.iter().filter_map(|enable| target.fill(&enable.url)).collect(),
        }
    }

    /// The document of `/setup.json`.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and numbers can be written as JSON")
    }

    /// The documentation in the first language that a page has. Each page is listed once, in English or any language if
    /// it has none of these.
    pub fn documentation_in(&self, tags: [&str; 2]) -> Vec<&Link> {
        let mut chosen: Vec<&Link> = Vec::new();
        for link in &self.documentation {
            if chosen.iter().any(|other| other.url == link.url) {
                continue;
            }
            let same_page = self.documentation.iter().filter(|other| other.url == link.url);
            let is_of = |link: &Link, tag: &str| link.lang.split('-').next() == tag.split('-').next();
            let mut tags = tags.into_iter().chain([ENGLISH]);
            let best = tags.find_map(|tag| same_page.clone().find(|link| is_of(link, tag)));
            chosen.push(best.unwrap_or(link));
        }
        chosen
    }
}

fn documentation(profile: &Profile, target: &SetupTarget) -> Vec<Link> {
    let links =
        profile.documentation.iter().flat_map(|page| page.descr.iter().map(move |descr| (page, descr)));
    links
        .filter_map(|(page, descr)| {
            Some(Link { url: target.fill(&page.url)?, text: descr.text.clone(), lang: descr.lang.clone() })
        })
        .collect()
}

fn servers(profile: &Profile, servers: &[Server], target: &SetupTarget) -> Vec<ServerSettings> {
    servers.iter().map(|server| ServerSettings::of(server, target, !profile.prefers(server))).collect()
}

impl ServerSettings {
    fn of(server: &Server, target: &SetupTarget, is_alternative: bool) -> Self {
        Self {
            protocol: server.protocol.into_str(),
            name: server.protocol.to_string(),
            hostname: server.hostname.for_domain(target.domain()),
            port: server.port.get(),
            socket_type: server.socket_type.into_str(),
            authentication: server.authentication.preferred().into_str(),
            username: username(&server.username, target),
            username_template: server.username.as_str().to_owned(),
            is_alternative,
            leave_messages_on_server: (server.protocol == Protocol::Pop3)
                .then_some(server.pop3.leave_messages_on_server),
        }
    }
}

/// The user name of an address; for a domain only if it is the same for all addresses.
fn username(username: &Username, target: &SetupTarget) -> Option<String> {
    match target {
        SetupTarget::Address(address) => Some(username.login_name(address)),
        SetupTarget::Domain(domain) => {
            let pieces = username.pieces().iter().map(|piece| match piece {
                Piece::Literal(literal) => Some(literal.as_str()),
                Piece::Placeholder(Placeholder::EmailDomain) => Some(domain.as_str()),
                Piece::Placeholder(_) => None,
            });
            pieces.collect()
        }
    }
}
