//! What methods of authentication mean for clients: reference/autoconfig 2.2, items 30 and 34.

use super::{Cause, Hurt, Look};
use crate::clients::Client;
use crate::diagnostics::{Location, Severity};
use crate::profile::Authentication::{
    ClientIpAddress, Gssapi, None as Nothing, Ntlm, OAuth2, PasswordCleartext, PasswordEncrypted,
    SmtpAfterPop, TlsClientCert,
};
use crate::profile::{Authentication, Protocol, Server};

impl Look<'_> {
    pub fn authentication(&mut self, server: &Server, place: &Location) {
        self.left_out(server, place);
        let hurts = self.shut_out(server);
        if hurts.is_empty() {
            return;
        }
        let methods = server.authentication.as_slice();
        let words = words(methods.iter());
        let (cause, message) = if methods == [OAuth2] {
            let message = "OAuth2 alone: clients use it only with providers they know".to_owned();
            (Cause::OAuth2Only, message)
        } else if methods.iter().all(|method| method.needs_no_login()) {
            (Cause::Authentication, format!("some clients will not do without a log-in ({words})"))
        } else {
            (Cause::Authentication, format!("some clients cannot log in by {words}"))
        };
        let hint = "add \"password-cleartext\" if the mail server takes passwords over TLS";
        self.add(cause, Severity::Warning, place, message, hint, hurts);
    }

    /// Methods that the document for every client does without.
    fn left_out(&mut self, server: &Server, place: &Location) {
        let written: Vec<_> = server.authentication.published().collect();
        let methods = server.authentication.as_slice().iter();
        let left_out = words(methods.filter(|method| !written.contains(method)));
        if left_out.is_empty() {
            return;
        }
        let message = format!("{left_out} left out of autoconfig: some clients drop a document with it");
        let hint = "nothing to do: the other methods are named";
        self.add(Cause::MethodsLeftOut, Severity::Note, place, message, hint, Vec::new());
    }

    /// Who cannot log in by any of a server's methods.
    fn shut_out(&self, server: &Server) -> Vec<Client> {
        let polls = server.protocol == Protocol::Pop3;
        // A POP3 server that a client cannot use is left out, and missed where there is no IMAP.
        let is_missed = !(polls && self.profile.preferred(Protocol::Imap).is_some());
        let mut hurt = Hurt::default();
        readers(server, is_missed, &mut hurt);
        guessers(server, is_missed, self.profile.services.oauth2.is_some(), &mut hurt);
        hurt.clients()
    }
}

fn words<'m>(methods: impl Iterator<Item = &'m Authentication>) -> String {
    methods.map(|method| method.into_str()).collect::<Vec<_>>().join(", ")
}

/// Clients that read which methods there are.
fn readers(server: &Server, is_missed: bool, hurt: &mut Hurt) {
    let methods = server.authentication.as_slice();
    let written: Vec<_> = server.authentication.published().collect();
    let has = |method| written.contains(&method);
    let only = |known: &[Authentication]| written.iter().all(|method| known.contains(method));
    let polls = server.protocol == Protocol::Pop3;
    let sends = server.protocol == Protocol::Smtp;
    let no_password = !has(PasswordCleartext) && !has(PasswordEncrypted);
    let no_kerberos = !has(Gssapi) && !has(Ntlm);
    // OAuth2 counts where the provider is on their own list.
    let sends_by_network = sends && [Nothing, ClientIpAddress, SmtpAfterPop].into_iter().any(has);
    hurt.autoconfig(no_password && no_kerberos && !sends_by_network && is_missed, &["thunderbird"]);
    hurt.autoconfig(no_password && !polls, &["thunderbird-android"]);
    // Drops the document for these on any server, and knows no encrypted password.
    let drops = [Gssapi, Ntlm, TlsClientCert, Nothing].into_iter().any(has);
    let does_without = methods.iter().any(|method| method.needs_no_login());
    let is_encrypted_only =
        has(PasswordEncrypted) && !has(PasswordCleartext) && !has(OAuth2) && !does_without;
    hurt.autoconfig(drops || (is_encrypted_only && !polls), &["thunderbird-ios"]);
    // What it does not know is a cleartext password.
    let is_unknown = only(&[TlsClientCert, ClientIpAddress, SmtpAfterPop]);
    hurt.autoconfig(!polls && is_unknown, &["kmail"]);
    hurt.autoconfig(no_password, &["evolution"]);
    hurt.autoconfig(has(Gssapi) || has(SmtpAfterPop), &["himalaya"]);
    hurt.autoconfig(has(Gssapi) || has(Nothing) || has(SmtpAfterPop), &["email-lib"]);
    hurt.autoconfig(no_password && no_kerberos && !has(OAuth2) && is_missed, &["parula"]);
    // `SPA off` means a cleartext password; nothing else can be said.
    let no_cleartext = !methods.contains(&PasswordCleartext);
    hurt.autodiscover(no_cleartext, &["thunderbird"]);
    hurt.autodiscover(no_cleartext && !sends, &["parula"]);
    // `AuthRequired` can be off.
    let is_off = server.authentication.preferred().needs_no_login();
    hurt.autodiscover(no_cleartext && !is_off, &["outlook", "outlook-2007", "em-client", "exchangelib"]);
}

/// Clients that do not read it, and try a password.
fn guessers(server: &Server, is_missed: bool, names_issuer: bool, hurt: &mut Hurt) {
    let methods = server.authentication.as_slice();
    let does = |method: &Authentication| {
        matches!(method, PasswordCleartext | PasswordEncrypted) || method.needs_no_login()
    };
    if methods.iter().any(does) {
        return;
    }
    let polls = server.protocol == Protocol::Pop3;
    let by_imap_alone =
        ["delta-chat", "fairemail", "gnome", "geary", "nextcloud", "mailspring", "aerc", "snappymail"];
    hurt.autoconfig(!polls, &by_imap_alone);
    // Told where a token is to be had, it asks there.
    let gets_token = names_issuer && methods.contains(&OAuth2);
    hurt.autoconfig(!polls && !gets_token, &["himalaya"]);
    hurt.autoconfig(!polls, &["email-lib"]);
    hurt.autoconfig(polls, &["kmail"]);
    hurt.autoconfig(true, &["horde"]);
    hurt.autoconfig(is_missed, &["enough-mail"]);
    // Of the methods that are left it reads one.
    hurt.autoconfig(!methods.contains(&OAuth2), &["sailfish"]);
    hurt.autodiscover(!polls, &["fairemail", "delta-chat", "snappymail"]);
}
