//! What an account consists of on Apple's devices: the payloads for mail, calendar and address book.
//!
//! Keys, types and defaults are those of Apple's schema (reference/beyond 1.1).

use std::num::NonZeroU16;

use super::{ADDRESS_BOOK_UUID, CALENDAR_UUID, IDENTIFIER, Inexpressible, LOCAL_PART_IN_URL, MAIL_UUID};
use crate::documents::plist::{Dict, Value};
use crate::documents::slots::{DOMAIN, address_mark, marked};
use crate::profile::{
    Authentication, Authentications, Mechanism, Profile, Protocol, Server, SocketType, Username, WebService,
};

/// A payload of an account; the word is part of its identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    Mail,
    Calendar,
    AddressBook,
}

/// For whom an account is prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    OnePersons,
    /// Keys that depend on the person are left out, and the device asks.
    Nobodys,
}

/// The payloads of an account: mail, and the calendar and address book that there are.
///
/// # Errors
/// When its mail servers cannot be said.
pub fn of(profile: &Profile, whose: Whose) -> Result<Vec<Value>, Inexpressible> {
    let servers = Servers::of(profile)?;
    let name = profile.display_name.as_str();
    let calendar = profile.services.caldav().and_then(|service| Dav::of(service).ok());
    let contacts = profile.services.carddav().and_then(|service| Dav::of(service).ok());
    let mut payloads = vec![mail(name, &servers, whose).into()];
    payloads.extend(calendar.map(|dav| dav.payload(Payload::Calendar, "CalDAV", name, whose).into()));
    payloads.extend(contacts.map(|dav| dav.payload(Payload::AddressBook, "CardDAV", name, whose).into()));
    Ok(payloads)
}

impl Payload {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Calendar => "caldav",
            Self::AddressBook => "carddav",
        }
    }

    /// The keys that every payload begins with.
    fn begin(self) -> Dict {
        let (kind, uuid) = match self {
            Self::Mail => ("com.apple.mail.managed", MAIL_UUID),
            Self::Calendar => ("com.apple.caldav.account", CALENDAR_UUID),
            Self::AddressBook => ("com.apple.carddav.account", ADDRESS_BOOK_UUID),
        };
        Dict::default()
            .with("PayloadType", kind)
            .with("PayloadVersion", 1)
            .with("PayloadIdentifier", format!("{IDENTIFIER}.{}", self.word()))
            .with("PayloadUUID", uuid.to_string())
    }
}

/// `com.apple.mail.managed`.
fn mail(name: &str, servers: &Servers, whose: Whose) -> Dict {
    let Servers { incoming, incoming_method, outgoing, outgoing_method } = servers;
    let address = (whose == Whose::OnePersons).then(address_mark);
    let user = |server: &Server, method: Method| {
        (method != Method::Nothing).then(|| user_name(&server.username, whose)).flatten()
    };
    let same_password = *incoming_method != Method::Nothing
        && *outgoing_method != Method::Nothing
        && incoming.username == outgoing.username;
    let dict = Payload::Mail
        .begin()
        .with(
            "EmailAccountType",
            if incoming.protocol == Protocol::Imap { "EmailTypeIMAP" } else { "EmailTypePOP" },
        )
        .with_some("EmailAddress", address)
        .with("EmailAccountDescription", name)
        .with("IncomingMailServerHostName", marked(incoming.hostname.pieces()))
        .with("IncomingMailServerPortNumber", incoming.port.get())
        // True for STARTTLS too: there is no key for it, and false would allow a connection in clear.
        .with("IncomingMailServerUseSSL", true)
        .with("IncomingMailServerAuthentication", incoming_method.word())
        .with_some("IncomingMailServerUsername", user(incoming, *incoming_method))
        .with("OutgoingMailServerHostName", marked(outgoing.hostname.pieces()))
        // Left out, it would mean 25, then 587, then 465.
        .with("OutgoingMailServerPortNumber", outgoing.port.get())
        .with("OutgoingMailServerUseSSL", true)
        .with("OutgoingMailServerAuthentication", outgoing_method.word())
        .with_some("OutgoingMailServerUsername", user(outgoing, *outgoing_method))
        .with_some("OutgoingPasswordSameAsIncomingPassword", same_password.then_some(true));
    // Left out, they would lock the person out of what an account set up by hand can do.
    let unlocked = [
        "SMIMESigningUserOverrideable",
        "SMIMESigningCertificateUUIDUserOverrideable",
        "SMIMEEncryptByDefaultUserOverrideable",
        "SMIMEEncryptionCertificateUUIDUserOverrideable",
        "SMIMEEnableEncryptionPerMessageSwitch",
    ];
    unlocked.into_iter().fold(dict, |dict, key| dict.with(key, true))
}

/// A user name with marks for its placeholders; none if it needs an address that there is not.
fn user_name(username: &Username, whose: Whose) -> Option<String> {
    (whose == Whose::OnePersons || !username.needs_address()).then(|| marked(username.pieces()))
}

/// The two servers of an account, and how to log in to each.
struct Servers<'p> {
    incoming: &'p Server,
    incoming_method: Method,
    outgoing: &'p Server,
    outgoing_method: Method,
}

/// Apple's ways to log in that ours can be said in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Password,
    CramMd5,
    Ntlm,
    Nothing,
}

impl<'p> Servers<'p> {
    fn of(profile: &'p Profile) -> Result<Self, Inexpressible> {
        let (incoming, incoming_method) = match server(profile, Protocol::Imap) {
            Ok(imap) => imap,
            // Of two reasons the one of the preferred protocol is told, if there is such a server.
            Err(reason) => server(profile, Protocol::Pop3).map_err(|pop3| reason.or(pop3))?,
        };
        let (outgoing, outgoing_method) = server(profile, Protocol::Smtp)?;
        Ok(Self { incoming, incoming_method, outgoing, outgoing_method })
    }
}

impl Inexpressible {
    /// A way to log in matters more: with another, the server could be used.
    fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Authentication }
    }
}

/// The server of a protocol that an account gets: TLS from the first byte before STARTTLS.
fn server(profile: &Profile, protocol: Protocol) -> Result<(&Server, Method), Inexpressible> {
    let secured = [SocketType::Ssl, SocketType::StartTls].map(|s| profile.secured(protocol, s));
    let mut reason = Inexpressible::Plaintext;
    for server in secured.into_iter().flatten() {
        if let Some(method) = Method::of(&server.authentication) {
            return Ok((server, method));
        }
        reason = Inexpressible::Authentication;
    }
    Err(reason)
}

impl Method {
    /// A password goes through TLS as it is wherever the server takes it so: every server that has
    /// it understands it in one way, while `password-encrypted` may be something else than CRAM-MD5.
    fn of(methods: &Authentications) -> Option<Self> {
        let has = |method| methods.as_slice().contains(&method);
        if has(Authentication::PasswordCleartext) {
            Some(Self::Password)
        } else if has(Authentication::PasswordEncrypted) {
            Some(Self::CramMd5)
        } else if has(Authentication::Ntlm) {
            Some(Self::Ntlm)
        } else {
            let knows_them = methods.as_slice().iter().any(|method| method.needs_no_login());
            knows_them.then_some(Self::Nothing)
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Password => "EmailAuthPassword",
            Self::CramMd5 => "EmailAuthCRAMMD5",
            Self::Ntlm => "EmailAuthNTLM",
            Self::Nothing => "EmailAuthNone",
        }
    }
}

/// A calendar or address book that a password opens, by https.
struct Dav<'p> {
    service: &'p WebService,
    port: NonZeroU16,
}

impl<'p> Dav<'p> {
    fn of(service: &'p WebService) -> Result<Self, &'static str> {
        if !service.url.is_https() {
            return Err("its URL is not https");
        }
        if !Mechanism::take_password(&service.authentication) {
            return Err("it takes no password");
        }
        let port = service.url.port().ok_or("its URL names no host by its name")?;
        Ok(Self { service, port })
    }

    /// `com.apple.caldav.account` and `com.apple.carddav.account`, whose keys differ in the prefix.
    fn payload(&self, payload: Payload, prefix: &str, name: &str, whose: Whose) -> Dict {
        let url = &self.service.url;
        let is_written = whose == Whose::OnePersons || !url.needs_address();
        let marked = url.filled(&LOCAL_PART_IN_URL.to_string(), &DOMAIN.to_string());
        // The field writes a path here, from the root.
        let path = Some(marked.path()).filter(|path| *path != "/" && is_written);
        payload
            .begin()
            .with(&format!("{prefix}AccountDescription"), name)
            .with(&format!("{prefix}HostName"), marked.host())
            .with(&format!("{prefix}Port"), self.port.get())
            .with(&format!("{prefix}UseSSL"), true)
            .with_some(&format!("{prefix}PrincipalURL"), path)
            .with_some(&format!("{prefix}Username"), user_name(&self.service.username, whose))
    }
}

/// What of an account's services is not in its payloads, and why.
pub fn left_out(profile: &Profile) -> Vec<(&'static str, &'static str)> {
    let services = &profile.services;
    let dav = [("the calendar", services.caldav()), ("the address book", services.carddav())];
    let dav = dav.into_iter().filter_map(|(what, service)| Some((what, Dav::of(service?).err()?)));
    let is_pop = Servers::of(profile).is_ok_and(|servers| servers.incoming.protocol == Protocol::Pop3);
    let imap = (is_pop && profile.preferred(Protocol::Imap).is_some())
        .then_some(("IMAP", "it cannot be said, so devices fetch by POP3"));
    imap.into_iter().chain(dav).collect()
}
