//! What a profile itself tells: who will be hurt by it, why, and what mends it.
//!
//! These are statements about settings, made without looking at a document or a model. The clients
//! that a rule names, and how the rule touches them, are in reference/autoconfig 2 and 3 and
//! reference/autodiscover 1 and 2.4. User names are in `username`, methods in `authentication`,
//! hosts, ports and encryption in `connection`, what cannot be said to Apple and in PACC in
//! `documents`.

use crate::address::EmailAddress;
use crate::clients::{ALL, Client, Format};
use crate::diagnostics::{Location, Severity};
use crate::directory::Directory;
use crate::formats::Origin;
use crate::profile::{DisplayName, DisplayShortName, Profile, Protocol, Server, SocketType};

/// Something about a profile that an operator should know.
#[derive(Debug, Clone, PartialEq)]
pub struct Lint {
    pub cause: Cause,
    pub severity: Severity,
    pub message: String,
    pub hint: &'static str,
    pub place: Location,
    /// The protocol it is about; none for what is about the profile as a whole.
    pub protocol: Option<Protocol>,
    /// Who ends with less for it.
    pub hurts: Vec<Client>,
}

/// What a finding is about; its name in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    UnreachableHost,
    /// Whatever the reasons are.
    Nobody,
    Plaintext,
    PopOnly,
    #[serde(rename = "oauth2-only")]
    OAuth2Only,
    Authentication,
    NumericLogin,
    Username,
    UsernamesDiffer,
    UnusualPort,
    #[serde(rename = "outlook-2007")]
    Outlook2007,
    MethodsLeftOut,
    ForeignHost,
    AlternativesDiffer,
    Apple,
    Pacc,
    UnknownService,
    MtaSts,
    ClientId,
    CustomersHosts,
    LongName,
    /// What no rule here foresaw.
    Unexplained,
}

/// One profile, being looked at.
pub struct Look<'p> {
    pub profile: &'p Profile,
    pub origin: &'p Origin,
    pub person: &'p EmailAddress,
    /// Of the server that is being looked at.
    protocol: Option<Protocol>,
    lints: Vec<Lint>,
}

/// Whom a rule hurts, by the clients' ids.
#[derive(Debug, Default)]
pub struct Hurt(Vec<Client>);

pub fn of(profile: &Profile, origin: &Origin, person: &EmailAddress, directory: &Directory) -> Vec<Lint> {
    let mut look = Look { profile, origin, person, protocol: None, lints: Vec::new() };
    look.pop_only();
    look.usernames_differ();
    for (server, place) in look.placed() {
        look.protocol = Some(server.protocol);
        look.host(server, &place, directory);
        if profile.prefers(server) {
            look.plaintext(server, &place);
            look.username(server, &place);
            look.authentication(server, &place);
            look.port(server, &place);
        } else {
            // No client gets to see it.
            look.alternative(server, &place);
        }
    }
    look.protocol = None;
    look.apple();
    look.pacc();
    look.kinds();
    look.mta_sts();
    look.client_id();
    look.customers_hosts(directory.has_mx_hosts(&profile.id));
    look.names();
    look.lints
}

impl<'p> Look<'p> {
    /// Every server with its place, in the order of the file.
    pub fn placed(&self) -> Vec<(&'p Server, Location)> {
        let places = self.origin.incoming.iter().chain(&self.origin.outgoing).cloned();
        self.profile.servers().zip(places).collect()
    }

    pub fn add(
        &mut self,
        cause: Cause,
        severity: Severity,
        place: &Location,
        message: impl Into<String>,
        hint: &'static str,
        hurts: Vec<Client>,
    ) {
        let (message, place) = (message.into(), place.clone());
        self.lints.push(Lint { cause, severity, message, hint, place, protocol: self.protocol, hurts });
    }

    /// reference/autoconfig 5, item 38; 3.2, 13.
    fn pop_only(&mut self) {
        if self.profile.preferred(Protocol::Imap).is_some() {
            return;
        }
        let hurts = ALL.into_iter().filter(|client| !client.protocols.contains(&Protocol::Pop3)).collect();
        let place = self.origin.incoming.first().unwrap_or(&self.origin.place).clone();
        self.add(
            Cause::PopOnly,
            Severity::Warning,
            &place,
            "POP3 only: clients that know IMAP alone find nothing to fetch mail from",
            "add an imap server if there is one",
            hurts,
        );
    }

    fn alternative(&mut self, server: &Server, place: &Location) {
        let Some(preferred) = self.profile.preferred(server.protocol) else { return };
        let mut what = Vec::new();
        if server.username != preferred.username {
            what.push("user name");
        }
        if server.authentication != preferred.authentication {
            what.push("authentication");
        }
        if server.socket_type == SocketType::Plain && preferred.socket_type != SocketType::Plain {
            what.push("encryption, of which it has none");
        }
        if what.is_empty() {
            return;
        }
        self.add(
            Cause::AlternativesDiffer,
            Severity::Note,
            place,
            format!(
                "this alternative for {} differs from the preferred server in more than host and port: {}",
                server.protocol,
                what.join(", ")
            ),
            "nothing to do if that is so; people see it, clients do not",
            Vec::new(),
        );
    }

    /// draft-ietf-mailmaint-autoconfig 3.2.4.
    fn names(&mut self) {
        let name = self.profile.display_name.as_str();
        let short = self.profile.display_short_name.as_str();
        let names = [
            ("name", name, DisplayName::RECOMMENDED, &self.origin.display_name),
            ("short name", short, DisplayShortName::RECOMMENDED, &self.origin.display_short_name),
        ];
        for (what, text, advised, place) in names {
            if text.chars().count() > advised {
                let message = format!("the {what} is longer than {advised} characters; some clients cut it");
                self.add(
                    Cause::LongName,
                    Severity::Note,
                    place,
                    message,
                    "shorten it if you can",
                    Vec::new(),
                );
            }
        }
    }
}

impl Hurt {
    /// Readers of autoconfig that are hurt if something is so.
    pub fn autoconfig(&mut self, is_so: bool, ids: &[&str]) {
        self.add(is_so, ids, Format::Autoconfig);
    }

    /// The same for readers of Autodiscover.
    pub fn autodiscover(&mut self, is_so: bool, ids: &[&str]) {
        self.add(is_so, ids, Format::Autodiscover);
    }

    fn add(&mut self, is_so: bool, ids: &[&str], format: Format) {
        let named = |id: &str| ALL.into_iter().find(|client| (client.id, client.format) == (id, format));
        debug_assert!(ids.iter().all(|id| named(id).is_some()), "a client of {ids:?} has another id");
        if is_so {
            self.0.extend(ids.iter().filter_map(|id| named(id)));
        }
    }

    /// Each once, in the order of [`ALL`].
    pub fn clients(&self) -> Vec<Client> {
        ALL.into_iter().filter(|client| self.0.contains(client)).collect()
    }
}
mod authentication;
mod documents;
mod transport;
mod username;
