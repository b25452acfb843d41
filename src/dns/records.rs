//! Derives the records from a domain's profile.
//!
//! RFC 6186, 8314, 6764, 8620 and 5804 for services, RFC 8461 for MTA-STS, the PACC draft for the digest.
//! Reference/beyond 2.1 says which values are chosen, and for which clients.

use std::borrow::Cow;
use std::net::IpAddr;
use std::num::NonZeroU16;

use super::omission::{Omission, OmissionReason};
use super::record::{RecordData, RecordName, RecordSet, Srv};
use crate::address::Domain;
use crate::config::{PublicUrl, Settings};
use crate::directory::{Directory, ProfileMatch};
use crate::documents::{mta_sts, pacc};
use crate::profile::{Profile, Protocol, Server, Services, SocketType, WebService};

/// A domain's records, and the omitted ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    pub domain: Domain,
    /// Seconds.
    pub ttl: u32,
    pub sets: Vec<RecordSet>,
    pub omissions: Vec<Omission>,
    denials: Denials,
}

/// The services that get a denial (`SRV 0 0 0 .`, RFC 2782) if a profile does not offer them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denials {
    /// IMAP, POP3 and SMTP (RFC 6186 3.4).
    Mail,
    /// Calendars, address books, JMAP and ManageSieve too.
    All,
}

/// The number of priorities for the records of one name.
const PRIORITIES: u16 = 10;

impl Records {
    /// Derives the records of a domain.
    pub fn of(served: &ProfileMatch, settings: &Settings, directory: &Directory, denials: Denials) -> Self {
        let ProfileMatch { entry, domain, .. } = *served;
        let (sets, omissions) = (Vec::new(), Vec::new());
        let mut records = Self { domain: domain.clone(), ttl: settings.dns.ttl, sets, omissions, denials };
        records.mail(&entry.profile);
        records.services(&entry.profile.services);
        if let Some(document) = &entry.documents.pacc {
            records
                .add("_ua-auto-config", vec![RecordData::Txt(pacc::digest_record(&document.fill(domain)))]);
        }
        if let Some(policy) = &entry.profile.mta_sts {
            records.add("_mta-sts", vec![RecordData::Txt(format!("v=STSv1; id={}", mta_sts::id(policy)))]);
        }
        let labels: Vec<_> = entry.service_labels().collect();
        records.hosts(&labels, settings, directory);
        records.remove_long_names();
        records
    }

    /// Removes names that are too long for the DNS (RFC 1035 2.3.4).
    fn remove_long_names(&mut self) {
        let is_long = |set: &RecordSet| set.name.to_string().len() > Domain::LONGEST;
        let mut names: Vec<_> = self.sets.extract_if(.., |set| is_long(set)).map(|set| set.name).collect();
        names.dedup();
        self.omit(names, OmissionReason::TooLong);
    }

    fn add(&mut self, label: impl Into<Cow<'static, str>>, data: Vec<RecordData>) {
        self.sets.push(RecordSet::new(self.name(label), data));
    }

    fn omit(&mut self, names: Vec<RecordName>, reason: OmissionReason) {
        if !names.is_empty() {
            self.omissions.push(Omission { names, reason });
        }
    }

    fn name(&self, label: impl Into<Cow<'static, str>>) -> RecordName {
        RecordName { label: label.into(), domain: self.domain.clone() }
    }

    /// One set for each address family.
    fn add_addresses(&mut self, label: &str, addresses: &[IpAddr]) {
        for is_kind in [IpAddr::is_ipv4, IpAddr::is_ipv6] {
            let data: Vec<_> =
                addresses.iter().filter(|a| is_kind(a)).map(|a| RecordData::from(*a)).collect();
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
            // A client that finds a server by SRV expects STARTTLS, but a denial would be wrong too.
            let plaintext = profile.secured(protocol, SocketType::Plain).next();
            match plaintext.filter(|_| servers.is_empty() && socket_type == SocketType::StartTls) {
                Some(server) => {
                    let server = format!("{}:{}", server.hostname.for_domain(&self.domain), server.port);
                    self.omit(vec![self.name(label)], OmissionReason::NoEncryption { server });
                }
                None => {
                    let data = servers_data(&servers, &self.domain, priority);
                    self.add(label, data);
                }
            }
        }
    }

    /// ManageSieve, JMAP and DAV.
    fn services(&mut self, services: &Services) {
        let sieve = services.sieve.as_ref();
        let sieve =
            sieve.and_then(|sieve| Some((sieve.hostname.for_domain(&self.domain).parse().ok()?, sieve.port)));
        self.service("_sieve._tcp", sieve);
        let jmap = services.jmap().map(|(_, url)| url).filter(|url| url.is_https());
        let jmap = jmap.and_then(|url| url.authority_for(&self.domain));
        self.service("_jmap._tcp", jmap);
        self.dav(["_caldavs._tcp", "_caldav._tcp"], services.caldav());
        self.dav(["_carddavs._tcp", "_carddav._tcp"], services.carddav());
    }

    /// One name for https and one for http, with the path if it is the same for all people.
    fn dav(&mut self, [https, http]: [&'static str; 2], service: Option<&WebService>) {
        let url = service.map(|service| &service.url);
        for (label, is_https) in [(https, true), (http, false)] {
            let url = url.filter(|url| url.is_https() == is_https);
            let authority = url.and_then(|url| url.authority_for(&self.domain));
            let is_offered = authority.is_some();
            self.service(label, authority);
            if let Some(url) = url.filter(|_| is_offered).and_then(|url| url.for_domain(&self.domain)) {
                self.add(label, vec![RecordData::Txt(format!("path={}", url.path()))]);
            }
        }
    }

    /// A service that is not offered has no record, or a denial (RFC 2782, `Target`).
    fn service(&mut self, label: &'static str, authority: Option<(Domain, NonZeroU16)>) {
        let offered = authority.map(|(host, port)| Srv::new(0, host, port.get()));
        let denied = (self.denials == Denials::All).then_some(Srv::NOT_OFFERED);
        if let Some(srv) = offered.or(denied) {
            self.add(label, vec![RecordData::Srv(srv)]);
        }
    }

    /// The names that clients put before a domain: aliases of the service's host. A name that is that host,
    /// or that is itself a mail domain, cannot have a CNAME (RFC 1034 3.6.2) and gets the addresses.
    fn hosts(&mut self, labels: &[&'static str], settings: &Settings, directory: &Directory) {
        let host = settings.service_host();
        let addresses = &settings.dns.addresses;
        let uses_addresses = host.is_none() && !addresses.is_empty();
        let autodiscover = self.name("autodiscover").to_string().parse().ok().filter(|_| uses_addresses);
        if let Some(target) = host.cloned().or(autodiscover) {
            let port =
                settings.public_url.as_ref().filter(|url| *url.host() == target).map_or(443, PublicUrl::port);
            self.add("_autodiscover._tcp", vec![RecordData::Srv(Srv::new(0, target, port))]);
        }
        // The zone also has the service's host if that is below the domain.
        let own_label =
            host.and_then(|host| host.as_str().strip_suffix(self.domain.as_str())?.strip_suffix('.'));
        if let Some(label) = own_label.filter(|label| !labels.contains(label)) {
            self.add_addresses(label, addresses);
        }
        let (mut without_target, mut without_address) = (Vec::new(), Vec::new());
        for label in labels {
            let name = self.name(*label);
            let domain = name.to_string().parse::<Domain>().ok();
            let is_taken =
                domain.is_some_and(|name| host == Some(&name) || directory.is_listed(name.as_str()));
            match host {
                Some(host) if !is_taken => self.add(*label, vec![RecordData::Cname(host.clone())]),
                _ if !addresses.is_empty() => self.add_addresses(label, addresses),
                Some(_) => without_address.push(name),
                None => without_target.push(name),
            }
        }
        if !without_target.is_empty() {
            without_target.push(self.name("_autodiscover._tcp"));
            self.omit(without_target, OmissionReason::UnknownTarget);
        }
        if let Some(host) = host {
            self.omit(without_address, OmissionReason::UnknownAddresses(host.clone()));
        }
    }
}

/// Each host and port once, preferred first.
fn servers_data(servers: &[&Server], domain: &Domain, priority: u16) -> Vec<RecordData> {
    let mut found: Vec<(Domain, u16)> = Vec::new();
    for server in servers {
        let host = server.hostname.for_domain(domain).parse().ok();
        found.extend(host.map(|host| (host, server.port.get())).filter(|server| !found.contains(server)));
    }
    if found.is_empty() {
        return vec![RecordData::Srv(Srv::NOT_OFFERED)];
    }
    let srv = |(index, (host, port))| {
        let offset = u16::try_from(index).unwrap_or(u16::MAX).min(PRIORITIES - 1);
        RecordData::Srv(Srv::new(priority + offset, host, port))
    };
    found.into_iter().enumerate().map(srv).collect()
}
