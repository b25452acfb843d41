//! A profile file after parsing: the profile, if the file is valid, and always the domains that it names.
//! Conflicts between files are found even if one of them has other errors.

use super::DomainPatterns;
use crate::address::Domain;
use crate::diagnostics::problem::{Located, Source};
use crate::diagnostics::{Location, Problems};
use crate::profile::{
    DisplayName, DisplayShortName, Documentation, MailLimits, MobileConfigTexts, MtaSts, OtherServer,
    PageSettings, Profile, ProfileError, Server, Services,
};

/// A profile file, read.
#[derive(Debug)]
pub struct ParsedProfile {
    /// How messages name the profile: its id, or the file where that is wrong.
    pub name: String,
    pub location: Location,
    pub id: Option<Located<Domain>>,
    /// None when something in the file is wrong.
    pub profile: Option<Profile>,
    pub domain_patterns: DomainPatterns,
    pub mx_hosts: Vec<Located<Domain>>,
    /// The hint for a profile that names no domain. It is an error unless a database lists the domains.
    pub without_domain: Option<&'static str>,
    pub origin: Origin,
}

/// The locations of the parts of a profile, for later reports.
#[derive(Debug, Clone)]
pub struct Origin {
    pub location: Location,
    pub display_name: Location,
    /// None if the file has no short name.
    pub display_short_name: Option<Location>,
    /// One for each incoming server, in the profile's order.
    pub incoming: Vec<Location>,
    pub outgoing: Vec<Location>,
    pub service_urls: UrlLocations,
    /// A domain that the profile answers for. For a wildcard or an MX host, an example.
    pub domain: Option<Domain>,
}

/// The locations of the URLs of services, in the profile's order.
#[derive(Debug, Clone, Default)]
pub struct UrlLocations {
    pub calendars: Vec<Location>,
    pub addressbooks: Vec<Location>,
}

/// The single values of a file, as far as they could be read.
#[derive(Debug)]
pub struct ProfileFields {
    pub location: Location,
    pub id: Option<Located<Domain>>,
    pub display_name: Option<Located<DisplayName>>,
    pub display_short_name: Option<Located<DisplayShortName>>,
    /// Whether there is a short name, valid or not.
    pub has_short_name: bool,
    pub domain_patterns: DomainPatterns,
    pub mx_hosts: Vec<Located<Domain>>,
    /// Whether a domain or an MX host is invalid.
    pub has_invalid_domains: bool,
    pub incoming: Servers,
    pub outgoing: Servers,
    pub documentation: Vec<Located<Documentation>>,
    pub limits: MailLimits,
    /// Without the servers of other protocols, which are in `incoming`.
    pub services: Services,
    pub service_urls: UrlLocations,
    pub mobileconfig: MobileConfigTexts,
    pub page: PageSettings,
    pub mta_sts: Option<MtaSts>,
}

/// The servers of one direction.
#[derive(Debug)]
pub struct Servers {
    /// In the order of the file.
    pub valid: Vec<Located<AnyServer>>,
    /// Whether there is no mail server, not even an invalid one.
    pub is_missing: bool,
}

/// A server of any protocol.
#[derive(Debug)]
pub enum AnyServer {
    Mail(Server),
    Other(OtherServer),
}

/// How a format says what is missing.
#[derive(Debug)]
pub struct Hints {
    pub short_name: &'static str,
    pub domains: &'static str,
    pub incoming: &'static str,
    pub outgoing: &'static str,
}

impl Servers {
    pub fn has_mail(&self) -> bool {
        self.valid.iter().any(|server| matches!(server.value, AnyServer::Mail(_)))
    }
}

impl ParsedProfile {
    /// A file in which nothing can be told apart.
    pub fn unreadable(source: &Source) -> Self {
        Self {
            name: source.file.display().to_string(),
            location: source.location(0),
            id: None,
            profile: None,
            domain_patterns: DomainPatterns::default(),
            mx_hosts: Vec::new(),
            without_domain: None,
            origin: Origin::of_file(source.location(0)),
        }
    }

    /// Applies the rules that need more than one value. `problems` are those of this file.
    pub fn new(parts: ProfileFields, hints: &Hints, problems: &Problems) -> Self {
        let ProfileFields { location, id, display_name, domain_patterns, mx_hosts, .. } = parts;
        let mut origin = Origin::of_file(location.clone());
        if let Some(name) = &display_name {
            origin.display_name = name.location.clone();
        }
        origin.display_short_name = parts.display_short_name.as_ref().map(|name| name.location.clone());
        origin.domain = example_domain(&domain_patterns, &mx_hosts);
        let name = match &id {
            Some(id) => id.value.to_string(),
            None => location.file.display().to_string(),
        };
        let missing = |message: String, hint: &str| problems.error(location.clone(), message, hint);
        let has_domain = !domain_patterns.is_empty() || !mx_hosts.is_empty() || parts.has_invalid_domains;
        let without_domain = (!has_domain).then_some(hints.domains);
        if parts.incoming.is_missing {
            missing(ProfileError::NoIncoming.to_string(), hints.incoming);
        }
        if parts.outgoing.is_missing {
            missing(ProfileError::NoOutgoing.to_string(), hints.outgoing);
        }
        // Thunderbird for iOS wants both names; a name that is short enough is both, else the id.
        let derived = display_name.as_ref().and_then(|name| name.value.as_str().parse().ok());
        let derived = derived.or_else(|| id.as_ref()?.value.as_str().parse().ok());
        let is_underivable = display_name.is_some() && id.is_some() && derived.is_none();
        if is_underivable && !parts.has_short_name {
            missing(
                "the short name is missing, and the display name and the id are too long to replace it"
                    .to_owned(),
                hints.short_name,
            );
        }
        origin.service_urls = parts.service_urls;
        let short_name = parts.display_short_name.map(|name| name.value).or(derived);
        let mut others = Vec::new();
        let mut profile = match (&id, display_name, short_name) {
            (Some(id), Some(name), Some(short_name)) if !problems.has_errors() => {
                let (incoming, outgoing);
                (incoming, origin.incoming, others) = separate(parts.incoming);
                (outgoing, origin.outgoing, _) = separate(parts.outgoing);
                Profile::new(id.value.clone(), name.value, short_name, incoming, outgoing).ok()
            }
            _ => None,
        };
        if let Some(profile) = &mut profile {
            profile.documentation = parts.documentation.into_iter().map(|page| page.value).collect();
            profile.limits = parts.limits;
            profile.services = parts.services;
            profile.mobileconfig = parts.mobileconfig;
            profile.page = parts.page;
            profile.mta_sts = parts.mta_sts;
            profile.services.others = others;
        }
        Self { name, location, id, profile, domain_patterns, mx_hosts, without_domain, origin }
    }
}

impl Origin {
    fn of_file(location: Location) -> Self {
        Self {
            display_name: location.clone(),
            display_short_name: None,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            service_urls: UrlLocations::default(),
            domain: None,
            location,
        }
    }
}

/// The mail servers with their locations, and the other servers with their places among them.
fn separate(servers: Servers) -> (Vec<Server>, Vec<Location>, Vec<OtherServer>) {
    let (mut mail, mut locations, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for Located { value, location } in servers.valid {
        match value {
            AnyServer::Other(server) => others.push(OtherServer { after: mail.len(), ..server }),
            AnyServer::Mail(server) => {
                mail.push(server);
                locations.push(location);
            }
        }
    }
    (mail, locations, others)
}

/// The first domain without a wildcard, else a name below the first wildcard, else the first MX host.
fn example_domain(domain_patterns: &DomainPatterns, mx_hosts: &[Located<Domain>]) -> Option<Domain> {
    let exact = domain_patterns.iter().find_map(|pattern| pattern.value.exact().cloned());
    let first = domain_patterns.iter().next();
    let below = || format!("mail.{}", first.as_ref()?.value.domain()).parse().ok();
    let above = || Some(first.as_ref()?.value.domain().clone());
    exact.or_else(below).or_else(above).or_else(|| mx_hosts.first().map(|host| host.value.clone()))
}
