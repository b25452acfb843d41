//! The DNS records that a domain needs, derived from the profile that every other answer is made of.
//!
//! RFC 6186, 8314, 6764, 8620 and 5804 for services, RFC 8461 for MTA-STS, the PACC draft for the
//! digest; which values are chosen, and for whom, is in reference/beyond 2.1. How the records are
//! written is in `format`, what is published of them in `published`.

pub mod format;
pub mod published;

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;

use crate::address::{Domain, MTA_STS_LABEL, SERVICE_LABELS};
use crate::config::{PublicUrl, Settings};
use crate::directory::{Directory, ProfileMatch};
use crate::documents::{mta_sts, pacc};
use crate::profile::{HttpUrl, Profile, Protocol, Server, Services, SocketType, WebService};

/// Everything of one name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSet {
    pub name: Name,
    /// At least one, all of one kind.
    data: Vec<Data>,
}

/// A name below a mail domain: labels that a standard gives, and the domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub label: Cow<'static, str>,
    pub domain: Domain,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    Srv(Srv),
    /// The whole text, however it is cut into strings.
    Txt(String),
    Cname(Domain),
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
}

/// RFC 2782. The lower the priority, the sooner it is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    /// None where the service is not offered, written as a single dot.
    pub target: Option<Domain>,
}

/// A domain's records, and what is missing among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    pub domain: Domain,
    /// Seconds.
    pub ttl: u32,
    pub sets: Vec<RecordSet>,
    pub gaps: Vec<Gap>,
}

/// Records that cannot be written for want of something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    #[error("where {} lead is not known", list(.0))]
    Target(Vec<Name>),
    #[error("{} cannot be another name of {host}, and its addresses are not known", list(.names))]
    Addresses { names: Vec<Name>, host: Domain },
    #[error("{} would be longer than the 253 octets of a name", list(.0))]
    TooLong(Vec<Name>),
    #[error("{name} has no record, since {server} has no encryption")]
    Plaintext { name: Name, server: String },
}

/// How many records of one name are told apart by priority, before the next name's begin.
const PRIORITIES: u16 = 10;

impl Records {
    /// Derives the records of a domain that was found.
    pub fn of(found: &ProfileMatch, settings: &Settings, directory: &Directory) -> Self {
        let ProfileMatch { entry, domain, .. } = *found;
        let mut records =
            Self { domain: domain.clone(), ttl: settings.dns.ttl, sets: Vec::new(), gaps: Vec::new() };
        records.mail(&entry.profile);
        records.services(&entry.profile.services);
        let [autoconfig, autodiscover, pacc] = SERVICE_LABELS;
        let mut names = vec![autoconfig, autodiscover];
        if let Some(document) = &entry.documents.pacc {
            records.add("_ua-auto-config", vec![Data::Txt(pacc::digest_record(&document.fill(domain)))]);
            names.push(pacc);
        }
        if let Some(policy) = &entry.profile.mta_sts {
            records.add("_mta-sts", vec![Data::Txt(format!("v=STSv1; id={}", mta_sts::id(policy)))]);
            names.push(MTA_STS_LABEL);
        }
        records.hosts(&names, settings, directory);
        records.cut();
        records
    }

    /// Takes out what the DNS cannot hold (RFC 1035 2.3.4).
    fn cut(&mut self) {
        let is_long = |set: &RecordSet| set.name.to_string().len() > Domain::LONGEST;
        let mut names: Vec<_> = self.sets.extract_if(.., |set| is_long(set)).map(|set| set.name).collect();
        names.dedup();
        if !names.is_empty() {
            self.gaps.push(Gap::TooLong(names));
        }
    }

    fn add(&mut self, label: impl Into<Cow<'static, str>>, data: Vec<Data>) {
        self.sets.push(RecordSet { name: self.name(label), data });
    }

    fn name(&self, label: impl Into<Cow<'static, str>>) -> Name {
        Name { label: label.into(), domain: self.domain.clone() }
    }

    /// The addresses there are, a set for each kind.
    fn add_addresses(&mut self, label: &str, addresses: &[IpAddr]) {
        for is_kind in [IpAddr::is_ipv4, IpAddr::is_ipv6] {
            let data: Vec<_> = addresses.iter().filter(|a| is_kind(a)).map(|a| Data::from(*a)).collect();
            if !data.is_empty() {
                self.add(label.to_owned(), data);
            }
        }
    }

    /// RFC 6186 and 8314: TLS from the first byte before STARTTLS, IMAP before POP3.
    fn mail(&mut self, profile: &Profile) {
        let services = [
            ("_imaps._tcp", Protocol::Imap, SocketType::Ssl, 0),
            ("_imap._tcp", Protocol::Imap, SocketType::StartTls, PRIORITIES),
            ("_pop3s._tcp", Protocol::Pop3, SocketType::Ssl, 2 * PRIORITIES),
            ("_pop3._tcp", Protocol::Pop3, SocketType::StartTls, 3 * PRIORITIES),
            ("_submissions._tcp", Protocol::Smtp, SocketType::Ssl, 0),
            ("_submission._tcp", Protocol::Smtp, SocketType::StartTls, PRIORITIES),
        ];
        for (label, protocol, socket_type, priority) in services {
            let servers: Vec<_> = profile.secured(protocol, socket_type).collect();
            // Who finds it by SRV expects STARTTLS; and to deny it would not be true either.
            let in_clear = profile.secured(protocol, SocketType::Plain).next();
            match in_clear.filter(|_| servers.is_empty() && socket_type == SocketType::StartTls) {
                Some(server) => self.gaps.push(Gap::Plaintext {
                    name: self.name(label),
                    server: format!("{}:{}", server.hostname.for_domain(&self.domain), server.port),
                }),
                None => {
                    let data = servers_data(&servers, &self.domain, priority);
                    self.add(label, data);
                }
            }
        }
    }

    /// ManageSieve, JMAP and DAV, each with a denial where there is none (RFC 2782, `Target`).
    fn services(&mut self, services: &Services) {
        let sieve = services.sieve.as_ref().map(|sieve| {
            let host = sieve.hostname.for_domain(&self.domain).parse().ok();
            (host, sieve.port)
        });
        let sieve = sieve.and_then(|(host, port)| Some((host?, port)));
        self.service("_sieve._tcp", sieve);
        let jmap = services.jmap().map(|(_, url)| url).filter(|url| url.is_https());
        let jmap = jmap.and_then(|url| url.authority_for(&self.domain));
        self.service("_jmap._tcp", jmap);
        self.dav(["_caldavs._tcp", "_caldav._tcp"], services.caldav());
        self.dav(["_carddavs._tcp", "_carddav._tcp"], services.carddav());
    }

    /// One name for https and one for http. The path stands beside it, where it is one for all.
    fn dav(&mut self, [by_tls, in_clear]: [&'static str; 2], service: Option<&WebService>) {
        let url = service.map(|service| &service.url);
        // The host is the same for everybody, if the path is not.
        let authority = url.and_then(|url| url.authority_for(&self.domain));
        let is_https = url.is_some_and(HttpUrl::is_https);
        for (label, is_it) in [(by_tls, is_https), (in_clear, !is_https)] {
            let authority = authority.clone().filter(|_| is_it);
            let is_offered = authority.is_some();
            self.service(label, authority);
            let url = url.filter(|_| is_offered).and_then(|url| url.for_domain(&self.domain));
            if let Some(url) = url {
                self.add(label, vec![Data::Txt(format!("path={}", url.path()))]);
            }
        }
    }

    fn service(&mut self, label: &'static str, authority: Option<(Domain, NonZeroU16)>) {
        let srv = authority.map_or(Srv::NOT_OFFERED, |(host, port)| Srv {
            priority: 0,
            weight: 1,
            port: port.get(),
            target: Some(host),
        });
        self.add(label, vec![Data::Srv(srv)]);
    }

    /// The names that clients put before a domain, as other names of the service's host, or with
    /// its addresses where they cannot be: the host's own name, and names that mail is served for,
    /// which have other records (RFC 1034 3.6.2).
    fn hosts(&mut self, labels: &[&'static str], settings: &Settings, directory: &Directory) {
        let host = settings.service_host();
        let addresses = &settings.dns.addresses;
        let is_own = host.is_none() && !addresses.is_empty();
        let autodiscover = self.name("autodiscover").to_string().parse().ok().filter(|_| is_own);
        if let Some(target) = host.cloned().or(autodiscover) {
            let port =
                settings.public_url.as_ref().filter(|url| *url.host() == target).map_or(443, PublicUrl::port);
            let srv = Srv { priority: 0, weight: 0, port, target: Some(target) };
            self.add("_autodiscover._tcp", vec![Data::Srv(srv)]);
        }
        // A host of the same zone is one of its records.
        let own = host.and_then(|host| host.as_str().strip_suffix(self.domain.as_str())?.strip_suffix('.'));
        if let Some(label) = own.filter(|label| !labels.contains(label)) {
            self.add_addresses(label, addresses);
        }
        let (mut without_target, mut without_address) = (Vec::new(), Vec::new());
        for label in labels {
            let name = self.name(*label);
            let domain = name.to_string().parse::<Domain>().ok();
            let is_taken = domain.is_some_and(|name| host == Some(&name) || directory.has_exact(&name));
            match host {
                Some(host) if !is_taken => self.add(*label, vec![Data::Cname(host.clone())]),
                _ if !addresses.is_empty() => self.add_addresses(label, addresses),
                Some(_) => without_address.push(name),
                None => without_target.push(name),
            }
        }
        if !without_target.is_empty() {
            without_target.push(self.name("_autodiscover._tcp"));
            self.gaps.push(Gap::Target(without_target));
        }
        if let Some(host) = host.filter(|_| !without_address.is_empty()) {
            self.gaps.push(Gap::Addresses { names: without_address, host: host.clone() });
        }
    }
}

impl Gap {
    /// Whether a record is missing that the domain needs.
    pub fn is_finding(&self) -> bool {
        !matches!(self, Self::Plaintext { .. })
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Target(_) => {
                "name the host that Waypost is reached at: [dns] target = \"config.example.net\" in waypost.toml, \
                 or its public_url"
            }
            Self::Addresses { .. } => "name them: [dns] addresses = [\"192.0.2.1\"] in waypost.toml",
            Self::TooLong(_) => {
                "there is nothing to do about it; other documents serve the domain all the same"
            }
            Self::Plaintext { .. } => "nothing to do, unless the mail server can have encryption",
        }
    }
}

/// Each server once, the preferred one first.
fn servers_data(servers: &[&Server], domain: &Domain, priority: u16) -> Vec<Data> {
    let mut found: Vec<(Domain, u16)> = Vec::new();
    for server in servers {
        let host = server.hostname.for_domain(domain).parse().ok();
        found.extend(host.map(|host| (host, server.port.get())).filter(|server| !found.contains(server)));
    }
    if found.is_empty() {
        return vec![Data::Srv(Srv::NOT_OFFERED)];
    }
    let srv = |(place, (host, port))| {
        let behind = u16::try_from(place).map_or(PRIORITIES - 1, |place: u16| place.min(PRIORITIES - 1));
        Data::Srv(Srv { priority: priority + behind, weight: 1, port, target: Some(host) })
    };
    found.into_iter().enumerate().map(srv).collect()
}

impl Srv {
    /// `0 0 0 .`
    pub const NOT_OFFERED: Self = Self { priority: 0, weight: 0, port: 0, target: None };
}

impl Data {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Srv(_) => "SRV",
            Self::Txt(_) => "TXT",
            Self::Cname(_) => "CNAME",
            Self::A(_) => "A",
            Self::Aaaa(_) => "AAAA",
        }
    }
}

impl From<IpAddr> for Data {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::A(address),
            IpAddr::V6(address) => Self::Aaaa(address),
        }
    }
}

impl RecordSet {
    pub fn kind(&self) -> &'static str {
        self.data[0].kind()
    }

    pub fn data(&self) -> &[Data] {
        &self.data
    }

    /// Each as a person writes it.
    pub fn values(&self) -> Vec<String> {
        self.data.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Name {
    /// Without the dot at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.label, self.domain)
    }
}

impl fmt::Display for Srv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} ", self.priority, self.weight, self.port)?;
        self.target.iter().try_for_each(|target| target.fmt(f))?;
        f.write_str(".")
    }
}

impl fmt::Display for Data {
    /// As it stands in a zone file, but a text without its quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Srv(srv) => srv.fmt(f),
            Self::Txt(text) => f.write_str(text),
            Self::Cname(name) => write!(f, "{name}."),
            Self::A(address) => address.fmt(f),
            Self::Aaaa(address) => address.fmt(f),
        }
    }
}

fn list(names: &[Name]) -> String {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    names.join(", ")
}
