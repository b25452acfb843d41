//! Encryption and ports that clients read wrong.

use super::affected_clients::AffectedClients;
use super::lint::{Cause, Lint};
use super::subject::Subject;
use crate::diagnostics::Severity;
use crate::profile::{Protocol, Server, SocketType};

/// Reference/autodiscover 2.4.
pub fn starttls_in_outlook_2007(subject: Subject<'_>, server: &Server) -> Option<Lint> {
    if server.socket_type != SocketType::StartTls {
        return None;
    }
    let mut affected = AffectedClients::default();
    affected.autodiscover(true, &["outlook-2007"]);
    let message = format!(
        "Outlook 2007 tries TLS on {} port {}: Autodiscover cannot tell it to use STARTTLS",
        server.protocol, server.port
    );
    let hint = "no action is needed unless users still have Outlook 2007";
    Some(subject.note(Cause::Outlook2007, message, hint).affecting(&affected).without_action())
}

/// A port that IANA has registered for another protocol, or for the same one with another encryption. Most often it is a
/// typing error, and no client can connect.
pub fn of_another_service(subject: Subject<'_>, server: &Server) -> Option<Lint> {
    let port = server.port.get();
    let (protocol, socket_type) = registered(port)?;
    if protocol != server.protocol {
        let message =
            format!("{} uses port {port}, the port of {protocol} ({})", server.protocol, socket_type.label());
        return Some(subject.lint(Cause::WrongPort, Severity::Error, message, hint(server.protocol)));
    }
    // Servers offer STARTTLS on the port of cleartext.
    let is_same = socket_type == server.socket_type
        || socket_type == SocketType::StartTls && server.socket_type == SocketType::Plain;
    let message = format!(
        "{protocol} with {} uses port {port}, the port for {}",
        server.socket_type.description(),
        socket_type.label()
    );
    (!is_same).then(|| subject.warning(Cause::WrongPort, message, hint(protocol)))
}

/// The service that a port is registered for; RFC 8314 7.3 for 465.
fn registered(port: u16) -> Option<(Protocol, SocketType)> {
    let protocols = [Protocol::Imap, Protocol::Pop3, Protocol::Smtp];
    let services = protocols.into_iter().flat_map(|protocol| {
        [SocketType::Ssl, SocketType::StartTls].map(|socket_type| (protocol, socket_type))
    });
    services.into_iter().find(|(protocol, socket_type)| protocol.registered_port(*socket_type) == port)
}

const fn hint(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Imap => "write port = 993 with socket_type = \"SSL\", or 143 with \"STARTTLS\"",
        Protocol::Pop3 => "write port = 995 with socket_type = \"SSL\", or 110 with \"STARTTLS\"",
        Protocol::Smtp => "write port = 465 with socket_type = \"SSL\", or 587 with \"STARTTLS\"",
    }
}

/// Clients that derive the port or the encryption from each other; reference/autodiscover 2.4.
pub fn unusual(subject: Subject<'_>, server: &Server) -> Option<Lint> {
    let (protocol, port) = (server.protocol, server.port.get());
    if port == protocol.registered_port(server.socket_type) || server.socket_type == SocketType::Plain {
        return None;
    }
    let is_starttls = server.socket_type == SocketType::StartTls;
    let is_pop3 = protocol == Protocol::Pop3;
    let is_smtp = protocol == Protocol::Smtp;
    let mut affected = AffectedClients::default();
    // GNOME uses the registered port.
    affected.autoconfig(!is_pop3, &["gnome"]);
    affected.autoconfig(!is_smtp && is_starttls, &["kmail"]);
    // These clients expect STARTTLS on the given ports, and TLS from the first byte on all others.
    let guesses_wrong = |starttls_ports: &[u16]| starttls_ports.contains(&port) != is_starttls;
    affected.autodiscover(guesses_wrong(&[143, 110, 25, 587]), &["thunderbird"]);
    affected.autodiscover(!is_pop3 && guesses_wrong(&[143, 587]), &["fairemail"]);
    affected.autodiscover(!is_smtp && guesses_wrong(&[143, 110]), &["parula"]);
    let is_wrong_in_snappymail = match protocol {
        Protocol::Imap => (port != 993) != is_starttls,
        Protocol::Pop3 => false,
        Protocol::Smtp => (port == 587) != is_starttls,
    };
    affected.autodiscover(is_wrong_in_snappymail, &["snappymail"]);
    let security = server.socket_type.label();
    let message =
        format!("{protocol} with {security} on port {port}: some clients expect the standard ports");
    let hint = "list a server on a standard port first (SSL: 993, 995, 465; STARTTLS: 143, 110, 587); \
                clients read only the first server";
    subject.warning(Cause::UnusualPort, message, hint).if_affecting(&affected)
}
