//! What hosts, ports and encryption mean for clients.

use super::{Cause, Hurt, Look};
use crate::address::Domain;
use crate::clients::Client;
use crate::diagnostics::{Location, Severity};
use crate::directory::Directory;
use crate::profile::{Profile, Protocol, Server, SocketType};

impl Look<'_> {
    /// 2.1, `socketType`; item 29. Clients that never talk in clear make something else of it.
    pub fn plaintext(&mut self, server: &Server, place: &Location) {
        if server.socket_type != SocketType::Plain {
            return;
        }
        let port = server.port.get();
        let mut hurt = Hurt::default();
        hurt.autoconfig(true, &["thunderbird-ios", "horde"]);
        match server.protocol {
            Protocol::Imap => {
                hurt.autoconfig(true, &["thunderbird-android", "fairemail", "gnome"]);
                // It sets the port again with the encryption.
                hurt.autoconfig(port != 143, &["kmail"]);
                hurt.autodiscover(true, &["fairemail"]);
                hurt.autodiscover(matches!(port, 993 | 995), &["parula"]);
            }
            Protocol::Pop3 => {
                hurt.autoconfig(port != 110, &["kmail"]);
                hurt.autodiscover(matches!(port, 993 | 995), &["parula"]);
            }
            Protocol::Smtp => {
                hurt.autoconfig(true, &["thunderbird-android", "fairemail", "gnome"]);
                hurt.autodiscover(true, &["fairemail"]);
                hurt.autodiscover(port == 587, &["snappymail"]);
            }
        }
        self.add(
            Cause::Plaintext,
            Severity::Warning,
            place,
            format!(
                "{} without encryption: whoever listens reads passwords and mail, and some clients will not \
                 connect that way",
                server.protocol
            ),
            "set socket_type to \"SSL\" or \"STARTTLS\" with the port for it, if the mail server can",
            hurt.clients(),
        );
    }

    /// Clients that go by the usual ports; reference/autodiscover 2.4.
    pub fn port(&mut self, server: &Server, place: &Location) {
        let port = server.port.get();
        let usual = server.protocol.registered_port(server.socket_type);
        let protocol = server.protocol;
        if server.socket_type == SocketType::StartTls {
            let mut hurt = Hurt::default();
            hurt.autodiscover(true, &["outlook-2007"]);
            self.add(
                Cause::Outlook2007,
                Severity::Note,
                place,
                format!("Outlook 2007 tries TLS on {protocol} port {port}: STARTTLS cannot be told to it"),
                "nothing to do, unless people still use it",
                hurt.clients(),
            );
        }
        if port == usual || server.socket_type == SocketType::Plain {
            return;
        }
        let hurts = by_port(server);
        if hurts.is_empty() {
            return;
        }
        let security = server.socket_type.label();
        let hint = match protocol {
            Protocol::Imap => {
                "put a server on 993 (SSL) or 143 (STARTTLS) first: clients hear of the first only"
            }
            Protocol::Pop3 => {
                "put a server on 995 (SSL) or 110 (STARTTLS) first: clients hear of the first only"
            }
            Protocol::Smtp => {
                "put a server on 465 (SSL) or 587 (STARTTLS) first: clients hear of the first only"
            }
        };
        self.add(
            Cause::UnusualPort,
            Severity::Warning,
            place,
            format!("{protocol} with {security} on port {port}: some clients go by the usual ports"),
            hint,
            hurts,
        );
    }

    /// Names that nobody else can resolve, and names that look like a slip.
    pub fn host(&mut self, server: &Server, place: &Location, directory: &Directory) {
        let name = server.hostname.for_domain(self.person.domain());
        let Ok(host) = name.parse::<Domain>() else { return };
        // RFC 6761, 6762, 8375 and ICANN's `internal`: never in the public DNS, like a single label.
        // `lan` and `localdomain` are what routers and installers write.
        let suffixes = ["localhost", "invalid", "local", "internal", "home.arpa", "lan", "localdomain"];
        let is_private = |suffix: &&str| name.strip_suffix(*suffix).is_some_and(|rest| rest.ends_with('.'));
        if !name.contains('.') || suffixes.iter().any(is_private) {
            self.add(
                Cause::UnreachableHost,
                // Of an alternative people hear, and no client.
                if self.profile.prefers(server) { Severity::Error } else { Severity::Warning },
                place,
                format!("nobody can connect to {name}: it has no meaning outside your own network"),
                "write the name that is in the public DNS",
                Vec::new(),
            );
            return;
        }
        if !is_own(self.profile, &host, directory) {
            self.add(
                Cause::ForeignHost,
                Severity::Note,
                place,
                format!("{name} is in none of the profile's domains"),
                "nothing to do if that is meant; a misspelt host looks like this",
                Vec::new(),
            );
        }
    }
}

/// Who goes by the port and not by what is said of it.
fn by_port(server: &Server) -> Vec<Client> {
    let port = server.port.get();
    let is_starttls = server.socket_type == SocketType::StartTls;
    let polls = server.protocol == Protocol::Pop3;
    let sends = server.protocol == Protocol::Smtp;
    let mut hurt = Hurt::default();
    // Takes the usual port.
    hurt.autoconfig(!polls, &["gnome"]);
    hurt.autoconfig(!sends && is_starttls, &["kmail"]);
    // These tell the encryption by the port.
    let guesses_wrong = |known: &[u16]| known.contains(&port) != is_starttls;
    hurt.autodiscover(guesses_wrong(&[143, 110, 25, 587]), &["thunderbird"]);
    hurt.autodiscover(!polls && guesses_wrong(&[143, 587]), &["fairemail"]);
    hurt.autodiscover(!sends && guesses_wrong(&[143, 110]), &["parula"]);
    let is_wrong_for_snappymail = match server.protocol {
        Protocol::Imap => (port != 993) != is_starttls,
        Protocol::Pop3 => false,
        Protocol::Smtp => (port == 587) != is_starttls,
    };
    hurt.autodiscover(is_wrong_for_snappymail, &["snappymail"]);
    hurt.clients()
}

/// Whether a host is below one of the profile's domains, or shares the registered part with its id.
fn is_own(profile: &Profile, host: &Domain, directory: &Directory) -> bool {
    let leads_here = |name: &str| {
        let found = name.parse().ok().and_then(|name| directory.profile_of(&name));
        found.is_some_and(|id| directory.entries()[id.index()].profile.id == profile.id)
    };
    host.registrable().is_some_and(|registered| profile.id.registrable() == Some(registered))
        || leads_here(host.as_str())
        || host.parents().any(leads_here)
}
