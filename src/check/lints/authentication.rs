//! Authentication methods that clients cannot use: reference/autoconfig 2.2, items 30 and 34.

use super::affected_clients::AffectedClients;
use super::lint::{Cause, Lint};
use super::subject::Subject;
use crate::clients::oauth2_hosts;
use crate::profile::Authentication::{
    ClientIpAddress, Gssapi, None as Nothing, Ntlm, OAuth2, PasswordCleartext, PasswordEncrypted,
    SmtpAfterPop, TlsClientCert,
};
use crate::profile::{Authentication, Protocol, Server};

/// Methods that the default document leaves out.
pub fn left_out(subject: Subject<'_>, server: &Server) -> Option<Lint> {
    let published: Vec<_> = server.authentication.published().collect();
    let methods = server.authentication.as_slice().iter();
    let left_out = list(methods.filter(|method| !published.contains(method)));
    let message = format!("autoconfig leaves out {left_out}: some clients reject a document that lists it");
    let hint = "no action is needed: the other methods are listed";
    (!left_out.is_empty()).then(|| subject.note(Cause::MethodsLeftOut, message, hint).without_action())
}

/// Clients that cannot log in by any of a server's methods.
pub fn unusable(subject: Subject<'_>, server: &Server) -> Option<Lint> {
    // Clients leave out a POP3 server that they cannot use. With IMAP a person does not need it.
    let is_needed = server.protocol != Protocol::Pop3 || subject.profile.preferred(Protocol::Imap).is_none();
    let mut affected = AffectedClients::default();
    let host = server.hostname.for_domain(subject.address.domain());
    method_readers(server, &host, is_needed, &mut affected);
    method_guessers(server, is_needed, subject.profile.services.oauth2.is_some(), &mut affected);
    let methods = server.authentication.as_slice();
    let list = list(methods.iter());
    let (cause, message) = if methods == [OAuth2] {
        (
            Cause::OAuth2Only,
            "the only method is OAuth2, and clients use it only for providers on their own lists".to_owned(),
        )
    } else if methods.iter().all(|method| method.needs_no_login()) {
        (Cause::Authentication, format!("some clients require a login ({list})"))
    } else {
        (Cause::Authentication, format!("some clients cannot log in with {list}"))
    };
    let hint = "add \"password-cleartext\" if the mail server accepts passwords over TLS";
    subject.warning(cause, message, hint).if_affecting(&affected)
}

/// Evolution uses OAuth2 for the hosts in its table, whatever the document lists.
pub fn oauth2_by_host(subject: Subject<'_>, server: &Server) -> Option<Lint> {
    let host = server.hostname.for_domain(subject.address.domain());
    let is_wrong = oauth2_hosts::evolution(&host, server.protocol)
        && !server.authentication.as_slice().contains(&OAuth2);
    let mut affected = AffectedClients::default();
    affected.autoconfig(is_wrong, &["evolution"]);
    let message = format!("Evolution logs in to {host} with OAuth2, which the profile does not list");
    let hint = "add \"OAuth2\" to `authentication` if the mail server accepts it";
    subject.warning(Cause::Authentication, message, hint).if_affecting(&affected)
}

fn list<'m>(methods: impl Iterator<Item = &'m Authentication>) -> String {
    methods.map(Authentication::into_str).collect::<Vec<_>>().join(", ")
}

/// Clients that read the methods.
fn method_readers(server: &Server, host: &str, is_needed: bool, affected: &mut AffectedClients) {
    let methods = server.authentication.as_slice();
    let written: Vec<_> = server.authentication.published().collect();
    let has = |method| written.contains(&method);
    let only = |known: &[Authentication]| written.iter().all(|method| known.contains(method));
    let is_pop3 = server.protocol == Protocol::Pop3;
    let is_smtp = server.protocol == Protocol::Smtp;
    let no_password = !has(PasswordCleartext) && !has(PasswordEncrypted);
    let no_kerberos = !has(Gssapi) && !has(Ntlm);
    let is_known_by_network = is_smtp && [Nothing, ClientIpAddress, SmtpAfterPop].into_iter().any(has);
    // OAuth2 helps only if the host is in the client's table.
    let takes_oauth2 = has(OAuth2) && oauth2_hosts::thunderbird(host);
    let is_usable = !no_password || !no_kerberos || takes_oauth2 || is_known_by_network;
    affected.autoconfig(!is_usable && is_needed, &["thunderbird"]);
    let takes_oauth2 = has(OAuth2) && oauth2_hosts::thunderbird_android(host);
    affected.autoconfig(no_password && !takes_oauth2 && !is_pop3, &["thunderbird-android"]);
    // Thunderbird for iOS drops a document with these on any server, and knows no encrypted password.
    let drops_document = [Gssapi, Ntlm, TlsClientCert, Nothing].into_iter().any(has);
    let does_without = methods.iter().any(|method| method.needs_no_login());
    let is_encrypted_only =
        has(PasswordEncrypted) && !has(PasswordCleartext) && !has(OAuth2) && !does_without;
    affected.autoconfig(drops_document || (is_encrypted_only && !is_pop3), &["thunderbird-ios"]);
    // KMail uses a cleartext password for unknown methods.
    let is_unknown = only(&[TlsClientCert, ClientIpAddress, SmtpAfterPop]);
    affected.autoconfig(!is_pop3 && is_unknown, &["kmail"]);
    affected.autoconfig(no_password && !oauth2_hosts::evolution(host, server.protocol), &["evolution"]);
    affected.autoconfig(has(Gssapi) || has(SmtpAfterPop), &["himalaya"]);
    affected.autoconfig(has(Gssapi) || has(Nothing) || has(SmtpAfterPop), &["email-lib"]);
    affected.autoconfig(no_password && no_kerberos && !has(OAuth2) && is_needed, &["parula"]);
    // `SPA off` means a cleartext password; Autodiscover has no value for other methods.
    let no_cleartext = !methods.contains(&PasswordCleartext);
    affected.autodiscover(no_cleartext, &["thunderbird"]);
    affected.autodiscover(no_cleartext && !is_smtp, &["parula"]);
    // `AuthRequired off` expresses a server without login.
    let is_off = server.authentication.preferred().needs_no_login();
    affected.autodiscover(no_cleartext && !is_off, &["outlook", "outlook-2007", "em-client", "exchangelib"]);
}

/// Clients that ignore the methods and try a password.
fn method_guessers(server: &Server, is_needed: bool, names_issuer: bool, affected: &mut AffectedClients) {
    let methods = server.authentication.as_slice();
    let is_guessed = |method: &Authentication| {
        matches!(method, PasswordCleartext | PasswordEncrypted) || method.needs_no_login()
    };
    if methods.iter().any(is_guessed) {
        return;
    }
    let is_pop3 = server.protocol == Protocol::Pop3;
    let without_pop3 =
        ["delta-chat", "fairemail", "gnome", "geary", "nextcloud", "mailspring", "aerc", "snappymail"];
    affected.autoconfig(!is_pop3, &without_pop3);
    // Himalaya gets a token from the published issuer.
    let gets_token = names_issuer && methods.contains(&OAuth2);
    affected.autoconfig(!is_pop3 && !gets_token, &["himalaya"]);
    affected.autoconfig(!is_pop3, &["email-lib"]);
    affected.autoconfig(is_pop3, &["kmail"]);
    affected.autoconfig(true, &["horde"]);
    affected.autoconfig(is_needed, &["enough-mail"]);
    // Of the remaining methods, Sailfish reads OAuth2.
    affected.autoconfig(!methods.contains(&OAuth2), &["sailfish"]);
    affected.autodiscover(!is_pop3, &["fairemail", "delta-chat", "snappymail"]);
}
