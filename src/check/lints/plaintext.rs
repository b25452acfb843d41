//! Servers without encryption: `socket_type = "plain"`.

use super::affected_clients::AffectedClients;
use super::lint::{Cause, Lint};
use super::subject::Subject;
use crate::profile::{Protocol, Server, SocketType};

/// Reference/autoconfig 2.1, `socketType`; item 29. Thunderbird for iOS and Horde drop a document with
/// `plain`. Others never connect without encryption and replace the setting.
pub fn plaintext(subject: Subject<'_>, server: &Server) -> Option<Lint> {
    if server.socket_type != SocketType::Plain {
        return None;
    }
    let port = server.port.get();
    let mut affected = AffectedClients::default();
    affected.autoconfig(true, &["thunderbird-ios", "horde"]);
    if server.protocol != Protocol::Pop3 {
        affected.autoconfig(true, &["thunderbird-android", "fairemail", "gnome"]);
        affected.autodiscover(true, &["fairemail"]);
    }
    if server.protocol == Protocol::Smtp {
        affected.autodiscover(port == 587, &["snappymail"]);
    } else {
        // KMail sets the port together with the encryption.
        affected.autoconfig(port != server.protocol.registered_port(SocketType::Plain), &["kmail"]);
        affected.autodiscover(matches!(port, 993 | 995), &["parula"]);
    }
    let message = format!(
        "{} has no encryption: passwords and mail can be read on the network, and some clients refuse to connect",
        server.protocol
    );
    let hint =
        "set socket_type to \"SSL\" or \"STARTTLS\", with the matching port, if the mail server supports TLS";
    Some(subject.warning(Cause::Plaintext, message, hint).affecting(&affected))
}
