//! The payloads of an account in an Apple profile: mail, calendar and address book.
//!
//! Keys, types and defaults are those of Apple's schema (reference/beyond 1.1).

use plist::Value;

use super::identity::Identity;
use super::property_list::dictionary;
use crate::address::Domain;
use crate::documents::omission::Omission;
use crate::documents::response_template::{
    DOMAIN, LOCAL_PART, ResponseTemplate, Variable, address_marker, escape, with_markers,
};
use crate::profile::{
    Authentication, Mechanism, Profile, Protocol, Server, SocketType, Username, WebService, percent_encoded,
};

/// Why there is no Apple profile for the addresses of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedProfile {
    #[error("its mail servers have no encryption, so devices would send the password in clear text")]
    Plaintext,
    #[error(
        "its mail servers require an authentication method that an Apple profile cannot express, for \
         example OAuth2"
    )]
    Authentication,
}

/// For whom an account is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountFor {
    Address,
    /// Keys that depend on the address are left out, so that the device asks for it.
    Domain,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    Mail,
    Calendar,
    AddressBook,
}

/// The variables of an account.
#[derive(Debug, Clone, Copy)]
pub enum AccountVariable {
    LocalPart,
    LocalPartInUrl,
    Domain,
    Identifier,
    Uuid(Payload),
}

pub const IDENTIFIER: char = '\u{E002}';
const LOCAL_PART_IN_URL: char = '\u{E006}';

impl Variable for AccountVariable {
    const MARKERS: &'static [(char, Self)] = &[
        (LOCAL_PART, Self::LocalPart),
        (LOCAL_PART_IN_URL, Self::LocalPartInUrl),
        (DOMAIN, Self::Domain),
        (IDENTIFIER, Self::Identifier),
        (Payload::Mail.constants().1, Self::Uuid(Payload::Mail)),
        (Payload::Calendar.constants().1, Self::Uuid(Payload::Calendar)),
        (Payload::AddressBook.constants().1, Self::Uuid(Payload::AddressBook)),
    ];
}

/// The payloads of an account: mail, and calendar and address book if Apple's schema can express them.
pub fn payloads(profile: &Profile, account_for: AccountFor) -> Result<Vec<Value>, UnsupportedProfile> {
    let (incoming, outgoing) = mail_servers(profile)?;
    let name = profile.display_name.as_str();
    let services = &profile.services;
    let dav = [
        (Payload::Calendar, "CalDAV", services.caldav()),
        (Payload::AddressBook, "CardDAV", services.carddav()),
    ];
    let dav = dav.into_iter().filter_map(|(payload, prefix, service)| {
        Some(payload.value(dav_keys(service?, prefix, name, account_for).ok()?))
    });
    let mail = Payload::Mail.value(mail_keys(name, &incoming, &outgoing, account_for));
    Ok(std::iter::once(mail).chain(dav).collect())
}

/// Fills an account's template.
pub fn fill(
    account: &ResponseTemplate<AccountVariable>,
    identity: &Identity,
    local_part: &str,
    domain: &Domain,
) -> String {
    let uuids =
        [Payload::Mail, Payload::Calendar, Payload::AddressBook].map(|p| identity.uuid(p.constants().0));
    let identifier = identity.identifier();
    let in_url = percent_encoded(local_part);
    let local_part = escape(local_part);
    account.fill_with(|variable| match variable {
        AccountVariable::LocalPart => &local_part,
        AccountVariable::LocalPartInUrl => &in_url,
        AccountVariable::Domain => domain.as_str(),
        AccountVariable::Identifier => &identifier,
        AccountVariable::Uuid(payload) => &uuids[payload as usize],
    })
}

/// The services of a profile that are not in its Apple profile.
pub fn omissions(profile: &Profile) -> Vec<Omission> {
    let services = &profile.services;
    let uses_pop3 =
        mail_servers(profile).is_ok_and(|(incoming, _)| incoming.server.protocol == Protocol::Pop3);
    let imap = profile.preferred(Protocol::Imap).filter(|_| uses_pop3);
    let imap = imap.map(|_| {
        Omission::mail(Protocol::Imap, "an Apple profile cannot express its servers, so devices use POP3")
    });
    let dav = [("the calendar", services.caldav()), ("the address book", services.carddav())];
    let dav =
        dav.into_iter().filter_map(|(name, service)| Some(Omission::other(name, dav_port(service?).err()?)));
    imap.into_iter().chain(dav).collect()
}

impl Payload {
    /// Its name, the marker of its UUID, and its `PayloadType`. The name is a part of the payload's identity and must
    /// never change.
    const fn constants(self) -> (&'static str, char, &'static str) {
        match self {
            Self::Mail => ("mail", '\u{E007}', "com.apple.mail.managed"),
            Self::Calendar => ("caldav", '\u{E008}', "com.apple.caldav.account"),
            Self::AddressBook => ("carddav", '\u{E009}', "com.apple.carddav.account"),
        }
    }

    /// The keys that all payloads have, then the payload's own.
    fn value(self, keys: impl Iterator<Item = Entry>) -> Value {
        let (name, uuid, payload_type) = self.constants();
        let common = [
            ("PayloadType", Some(payload_type.into())),
            ("PayloadVersion", Some(1.into())),
            ("PayloadIdentifier", Some(format!("{IDENTIFIER}.{name}").into())),
            ("PayloadUUID", Some(uuid.to_string().into())),
        ];
        dictionary(with_prefix("", common).chain(keys))
    }
}

/// A key of a dictionary, and its value if it is to be written.
type Entry = (String, Option<Value>);

fn with_prefix<const N: usize>(
    prefix: &str,
    entries: [(&str, Option<Value>); N],
) -> impl Iterator<Item = Entry> + use<N> {
    entries.map(|(key, value)| (format!("{prefix}{key}"), value)).into_iter()
}

/// A mail server, and the value of Apple's key for its authentication.
struct MailServer<'p> {
    server: &'p Server,
    authentication: &'static str,
}

const NO_AUTHENTICATION: &str = "EmailAuthNone";

/// The incoming and the outgoing server of an account.
fn mail_servers(profile: &Profile) -> Result<(MailServer<'_>, MailServer<'_>), UnsupportedProfile> {
    let incoming = MailServer::find(profile, Protocol::Imap).or_else(|imap| {
        // If both protocols fail, authentication is the more useful reason: the servers have encryption.
        MailServer::find(profile, Protocol::Pop3)
            .map_err(|pop3| if imap == pop3 { imap } else { UnsupportedProfile::Authentication })
    });
    Ok((incoming?, MailServer::find(profile, Protocol::Smtp)?))
}

impl<'p> MailServer<'p> {
    /// The server of a protocol that Apple's schema can express. Implicit TLS is preferred to STARTTLS.
    fn find(profile: &'p Profile, protocol: Protocol) -> Result<Self, UnsupportedProfile> {
        let encrypted = [SocketType::Ssl, SocketType::StartTls].map(|s| profile.secured(protocol, s));
        let mut reason = UnsupportedProfile::Plaintext;
        for server in encrypted.into_iter().flatten() {
            if let Some(authentication) = authentication(server) {
                return Ok(Self { server, authentication });
            }
            reason = UnsupportedProfile::Authentication;
        }
        Err(reason)
    }

    fn needs_login(&self) -> bool {
        self.authentication != NO_AUTHENTICATION
    }

    /// `direction` is the prefix of the keys: `Incoming` or `Outgoing`.
    fn keys(&self, direction: &str, account_for: AccountFor) -> impl Iterator<Item = Entry> + use<> {
        let username = self.needs_login().then(|| username(&self.server.username, account_for)).flatten();
        let keys = [
            ("HostName", Some(with_markers(self.server.hostname.pieces()).into())),
            // The default of the outgoing port is 25, then 587, then 465.
            ("PortNumber", Some(self.server.port.get().into())),
            // Also for STARTTLS: it has no key, and false would allow a connection without encryption.
            ("UseSSL", Some(true.into())),
            ("Authentication", Some(self.authentication.into())),
            ("Username", username),
        ];
        with_prefix(&format!("{direction}MailServer"), keys)
    }
}

/// Apple's value for a server's authentication. A password in clear inside TLS is preferred: all servers that accept
/// it do so in the same way, but `password-encrypted` may mean something other than CRAM-MD5.
fn authentication(server: &Server) -> Option<&'static str> {
    let methods = server.authentication.as_slice();
    let known = [
        (Authentication::PasswordCleartext, "EmailAuthPassword"),
        (Authentication::PasswordEncrypted, "EmailAuthCRAMMD5"),
        (Authentication::Ntlm, "EmailAuthNTLM"),
    ];
    let known = known.into_iter().find(|(method, _)| methods.contains(method)).map(|(_, value)| value);
    known.or_else(|| methods.iter().any(|method| method.needs_no_login()).then_some(NO_AUTHENTICATION))
}

/// The keys of `com.apple.mail.managed`.
fn mail_keys(
    name: &str,
    incoming: &MailServer,
    outgoing: &MailServer,
    account_for: AccountFor,
) -> impl Iterator<Item = Entry> + use<> {
    let account_type =
        if incoming.server.protocol == Protocol::Imap { "EmailTypeIMAP" } else { "EmailTypePOP" };
    let address = (account_for == AccountFor::Address).then(|| address_marker().into());
    let has_one_login = incoming.needs_login()
        && outgoing.needs_login()
        && incoming.server.username == outgoing.server.username;
    let account = [
        ("EmailAccountType", Some(account_type.into())),
        ("EmailAddress", address),
        ("EmailAccountDescription", Some(name.into())),
    ];
    let switches = [
        ("OutgoingPasswordSameAsIncomingPassword", has_one_login.then(|| true.into())),
        // The default of these keys is false: the person could not change what can be changed in an account set up
        // by hand.
        ("SMIMESigningUserOverrideable", Some(true.into())),
        ("SMIMESigningCertificateUUIDUserOverrideable", Some(true.into())),
        ("SMIMEEncryptByDefaultUserOverrideable", Some(true.into())),
        ("SMIMEEncryptionCertificateUUIDUserOverrideable", Some(true.into())),
        ("SMIMEEnableEncryptionPerMessageSwitch", Some(true.into())),
    ];
    let servers = incoming.keys("Incoming", account_for).chain(outgoing.keys("Outgoing", account_for));
    with_prefix("", account).chain(servers).chain(with_prefix("", switches))
}

/// A user name with markers in place of its placeholders; none if it needs an address and there is none.
fn username(username: &Username, account_for: AccountFor) -> Option<Value> {
    let is_known = account_for == AccountFor::Address || !username.needs_address();
    is_known.then(|| with_markers(username.pieces()).into())
}

/// The port of a calendar or address book that Apple's schema can express: https, with a password.
fn dav_port(service: &WebService) -> Result<u16, &'static str> {
    if !service.url.is_https() {
        return Err("its URL does not begin with https://");
    }
    if !Mechanism::take_password(&service.authentication) {
        return Err("it does not accept a password");
    }
    service.url.port().map(std::num::NonZero::get).ok_or("its URL has no host name")
}

/// The keys of `com.apple.caldav.account` and `com.apple.carddav.account`, which differ only in their prefix.
fn dav_keys(
    service: &WebService,
    prefix: &str,
    name: &str,
    account_for: AccountFor,
) -> Result<impl Iterator<Item = Entry> + use<>, &'static str> {
    let port = dav_port(service)?;
    let url = service.url.filled(&LOCAL_PART_IN_URL.to_string(), &DOMAIN.to_string());
    let is_known = account_for == AccountFor::Address || !service.url.needs_address();
    // Despite its name, the key's value is an absolute path.
    let path = Some(url.path()).filter(|path| *path != "/" && is_known);
    let keys = [
        ("AccountDescription", Some(name.into())),
        ("HostName", Some(url.host().into())),
        ("Port", Some(port.into())),
        ("UseSSL", Some(true.into())),
        ("PrincipalURL", path.map(Value::from)),
        ("Username", username(&service.username, account_for)),
    ];
    Ok(with_prefix(prefix, keys))
}
