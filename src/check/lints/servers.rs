//! The list of servers: profiles without IMAP, and alternatives to the preferred servers.

use super::affected_clients::AffectedClients;
use super::lint::{Cause, Lint};
use super::subject::Subject;
use crate::clients::ALL;
use crate::profile::{Protocol, Server, SocketType};

/// Reference/autoconfig 5, item 38; 3.2, 13.
pub fn pop3_only(subject: Subject<'_>) -> Option<Lint> {
    if subject.profile.preferred(Protocol::Imap).is_some() {
        return None;
    }
    let clients = ALL.into_iter().filter(|client| !client.protocols.contains(&Protocol::Pop3));
    let message = "no IMAP server: clients that support only IMAP find no incoming server";
    let lint = subject.at(subject.origin.incoming.first()).warning(
        Cause::PopOnly,
        message,
        "add an IMAP server, if the provider has one",
    );
    Some(lint.affecting(&AffectedClients(clients.collect())))
}

pub fn alternative_differs(subject: Subject<'_>, server: &Server) -> Option<Lint> {
    let preferred = subject.profile.preferred(server.protocol)?;
    let is_plain = |server: &Server| server.socket_type == SocketType::Plain;
    let differences: Vec<_> = [
        (server.username != preferred.username, "user name"),
        (server.authentication != preferred.authentication, "authentication"),
        (is_plain(server) && !is_plain(preferred), "encryption (this server has none)"),
    ]
    .into_iter()
    .filter_map(|(is_different, name)| is_different.then_some(name))
    .collect();
    let message = format!(
        "this alternative for {} differs from the preferred server in more than host and port: {}",
        server.protocol,
        differences.join(", ")
    );
    let hint = "check that this is intended; the setup page shows alternatives, but clients do not read them";
    (!differences.is_empty()).then(|| subject.note(Cause::AlternativesDiffer, message, hint))
}
