//! What the setup page's template may say, and what its machine-readable twin does.

use serde::Serialize;

use crate::address::{Domain, EmailAddress};
use crate::documents::rendered::RenderedProfile;
use crate::profile::{Piece, Placeholder, Profile, Protocol, Server, Username, WebAddress, percent_encoded};

/// Whom settings are for: a person, or anybody of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    Person(EmailAddress),
    Domain(Domain),
}

/// Everything about a mailbox, the same for the page and its twin.
#[derive(Debug, Serialize)]
pub struct Settings {
    /// As it was asked for.
    pub domain: String,
    pub address: Option<String>,
    pub provider: String,
    pub incoming: Vec<ServerView>,
    pub outgoing: Vec<ServerView>,
    pub calendar: Option<String>,
    pub contacts: Option<String>,
    pub files: Option<String>,
    pub filters: Option<String>,
    pub webmail: Option<String>,
    pub mailbox_limit: Option<String>,
    pub message_limit: Option<String>,
    /// Where Apple's configuration profile is, if there is one, on whichever host.
    pub mobileconfig: Option<String>,
    /// Whether there is one on the host that was asked.
    #[serde(skip)]
    pub has_profile: bool,
    pub documentation: Vec<Link>,
    /// To be visited before a mail program works.
    pub first: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct ServerView {
    pub protocol: &'static str,
    /// Its name among people.
    pub name: String,
    pub hostname: String,
    pub port: u16,
    pub socket_type: &'static str,
    /// The draft's word.
    pub authentication: &'static str,
    /// As this person logs in; none where that is not known.
    pub username: Option<String>,
    /// With the draft's placeholders.
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

impl Whom {
    pub fn domain(&self) -> &Domain {
        match self {
            Self::Person(address) => address.domain(),
            Self::Domain(domain) => domain,
        }
    }

    pub fn address(&self) -> Option<&EmailAddress> {
        match self {
            Self::Person(address) => Some(address),
            Self::Domain(_) => None,
        }
    }

    /// Where Apple's profile for them is, on any host of ours.
    pub fn mobileconfig_path(&self) -> String {
        match self {
            Self::Person(address) => {
                format!("/mobileconfig?emailaddress={}", percent_encoded(&address.to_string()))
            }
            // The device asks for the address.
            Self::Domain(_) => "/mobileconfig".to_owned(),
        }
    }

    fn fill(&self, url: &WebAddress) -> Option<String> {
        match self {
            Self::Person(address) => Some(url.for_address(address).to_string()),
            Self::Domain(domain) => url.for_domain(domain).map(|url| url.to_string()),
        }
    }
}

impl std::fmt::Display for Whom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person(address) => address.fmt(f),
            Self::Domain(domain) => domain.fmt(f),
        }
    }
}

impl Settings {
    /// `host` is where these people can download Apple's profile: nothing if that is only on the host
    /// that was asked, none if not even there.
    pub fn of(entry: &RenderedProfile, whom: &Whom, host: Option<&str>) -> Self {
        let RenderedProfile { profile, documents, .. } = entry;
        let services = &profile.services;
        let url = |url: Option<&WebAddress>| url.and_then(|url| whom.fill(url));
        Self {
            domain: whom.domain().to_string(),
            address: whom.address().map(ToString::to_string),
            provider: profile.display_name.as_str().to_owned(),
            incoming: servers(profile, profile.incoming(), whom),
            outgoing: servers(profile, profile.outgoing(), whom),
            calendar: url(services.caldav().map(|service| &service.url)),
            contacts: url(services.carddav().map(|service| &service.url)),
            files: url(services.file_shares.first().map(|service| &service.url)),
            filters: services
                .sieve
                .as_ref()
                .map(|sieve| format!("{}:{}", sieve.hostname.for_domain(whom.domain()), sieve.port)),
            webmail: url(services.webmail.as_ref().and_then(|webmail| webmail.login_page.as_ref())),
            mailbox_limit: profile.limits.mailbox.map(|size| size.to_string()),
            message_limit: profile.limits.message.map(|size| size.to_string()),
            mobileconfig: host
                .filter(|host| documents.mobileconfig.is_ok() && !host.is_empty())
                .map(|host| host.to_owned() + &whom.mobileconfig_path()),
            has_profile: documents.mobileconfig.is_ok() && host.is_some(),
            documentation: documentation(profile, whom),
            first: services.enable.iter().filter_map(|enable| whom.fill(&enable.url)).collect(),
        }
    }

    /// Help in a language: each page once, in English or in what there is where it is not in that.
    pub fn documentation_in(&self, tag: &str) -> Vec<&Link> {
        let mut chosen: Vec<&Link> = Vec::new();
        for link in &self.documentation {
            if chosen.iter().any(|other| other.url == link.url) {
                continue;
            }
            let mut alike = self.documentation.iter().filter(|other| other.url == link.url);
            let is_of = |link: &&Link, tag: &str| link.lang.split('-').next() == tag.split('-').next();
            let best =
                alike.clone().find(|link| is_of(link, tag)).or_else(|| alike.find(|link| is_of(link, "en")));
            chosen.push(best.unwrap_or(link));
        }
        chosen
    }
}

fn documentation(profile: &Profile, whom: &Whom) -> Vec<Link> {
    let links =
        profile.documentation.iter().flat_map(|page| page.descr.iter().map(move |descr| (page, descr)));
    links
        .filter_map(|(page, descr)| {
            Some(Link { url: whom.fill(&page.url)?, text: descr.text.clone(), lang: descr.lang.clone() })
        })
        .collect()
}

fn servers(profile: &Profile, servers: &[Server], whom: &Whom) -> Vec<ServerView> {
    servers.iter().map(|server| ServerView::of(server, whom, !profile.prefers(server))).collect()
}

impl ServerView {
    fn of(server: &Server, whom: &Whom, is_alternative: bool) -> Self {
        Self {
            protocol: server.protocol.word(),
            name: server.protocol.to_string(),
            hostname: server.hostname.for_domain(whom.domain()),
            port: server.port.get(),
            socket_type: server.socket_type.word(),
            authentication: server.authentication.preferred().word(),
            username: username(&server.username, whom),
            username_template: server.username.as_str().to_owned(),
            is_alternative,
            leave_messages_on_server: (server.protocol == Protocol::Pop3)
                .then_some(server.pop3.leave_messages_on_server),
        }
    }
}

/// The log-in name, spelled out for a person; for anybody only where it is the same for all.
fn username(username: &Username, whom: &Whom) -> Option<String> {
    match whom {
        Whom::Person(address) => Some(username.login_name(address).to_string()),
        Whom::Domain(domain) => {
            let pieces = username.pieces().iter().map(|piece| match piece {
                Piece::Literal(literal) => Some(literal.as_str()),
                Piece::Placeholder(Placeholder::EmailDomain) => Some(domain.as_str()),
                Piece::Placeholder(_) => None,
            });
            pieces.collect()
        }
    }
}
