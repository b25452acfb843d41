//! Apple's configuration profile: the only open way to set up Apple Mail (reference/beyond 1).
//!
//! A device replaces an installed profile by one with the same identifier, and an account in it by
//! the payload with the same identifier and UUID; so both come from the address alone, and a second
//! download changes an account instead of adding one. There is never a password in it.
//!
//! What cannot be said is refused and not guessed: servers without encryption, and ways to log in
//! for which there is no key. Signing is in `signing`.

mod identity;
pub mod signing;

use bytes::Bytes;

use self::identity::Identity;
use crate::address::{Domain, EmailAddress};
use crate::document::{DOMAIN, Document, LOCAL_PART, Slot, address_mark, escaped, marked};
use crate::language;
use crate::profile::{
    Authentication, Authentications, Description, Piece, Placeholder, Profile, Protocol, Server, SocketType,
    Username, WebAddress, WebService, percent_encoded,
};
use crate::xml::plist::{self, Dict, Value};

/// A profile's part of a configuration profile: for one address, or for the device to ask for it.
#[derive(Debug)]
pub struct MobileConfig {
    frame: Document<FrameSlot>,
    account: Document<AccountSlot>,
    nobodys_account: Document<AccountSlot>,
    descriptions: Vec<Description>,
}

/// Why a provider's settings cannot be said in a configuration profile. `Display` is a sentence for
/// the person who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Inexpressible {
    #[error(
        "There is no configuration profile for this address: its mail servers offer no encryption, so it \
         would send the password in clear."
    )]
    Plaintext,
    #[error(
        "There is no configuration profile for this address: its mail servers want a way to log in for \
         which such a profile has no key, like OAuth2."
    )]
    Authentication,
}

/// Slots of what stands round the accounts.
#[derive(Debug, Clone, Copy)]
enum FrameSlot {
    Identifier,
    Uuid,
    Description,
    Accounts,
}

/// Slots of an account's payloads.
#[derive(Debug, Clone, Copy)]
enum AccountSlot {
    LocalPart,
    LocalPartInUrl,
    Domain,
    Identifier,
    Uuid(Payload),
}

/// A payload of an account; the word is part of its identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Payload {
    Mail,
    Calendar,
    AddressBook,
}

const IDENTIFIER: char = '\u{E002}';
const UUID: char = '\u{E003}';
const DESCRIPTION: char = '\u{E004}';
const ACCOUNTS: char = '\u{E005}';
const LOCAL_PART_IN_URL: char = '\u{E006}';
const MAIL_UUID: char = '\u{E007}';
const CALENDAR_UUID: char = '\u{E008}';
const ADDRESS_BOOK_UUID: char = '\u{E009}';

impl Slot for FrameSlot {
    const MARKS: &'static [(char, Self)] = &[
        (IDENTIFIER, Self::Identifier),
        (UUID, Self::Uuid),
        (DESCRIPTION, Self::Description),
        (ACCOUNTS, Self::Accounts),
    ];
}

impl Slot for AccountSlot {
    const MARKS: &'static [(char, Self)] = &[
        (LOCAL_PART, Self::LocalPart),
        (LOCAL_PART_IN_URL, Self::LocalPartInUrl),
        (DOMAIN, Self::Domain),
        (IDENTIFIER, Self::Identifier),
        (MAIL_UUID, Self::Uuid(Payload::Mail)),
        (CALENDAR_UUID, Self::Uuid(Payload::Calendar)),
        (ADDRESS_BOOK_UUID, Self::Uuid(Payload::AddressBook)),
    ];
}

/// Where `PayloadContent`'s items stand: below `plist`'s dictionary and their array.
const ACCOUNTS_LEVEL: usize = 2;

impl MobileConfig {
    /// Prepares what a profile says to Apple's devices.
    ///
    /// # Errors
    /// When it cannot be said.
    pub fn new(profile: &Profile) -> Result<Self, Inexpressible> {
        let servers = Servers::of(profile)?;
        let account = |whose| {
            let items = plist::items(&payloads(profile, &servers, whose), ACCOUNTS_LEVEL);
            Document::prepare(&items)
        };
        Ok(Self {
            frame: Document::prepare(&plist::document(frame(profile))),
            account: account(Whose::OnePersons),
            nobodys_account: account(Whose::Nobodys),
            descriptions: profile.mobileconfig.description.clone(),
        })
    }

    /// The configuration profile for some addresses, each with what its provider says. The first
    /// one's provider gives the names round them. None without an address.
    pub fn for_addresses(
        accounts: &[(&Self, &EmailAddress)],
        accept_language: Option<&str>,
    ) -> Option<Bytes> {
        let (first, _) = accounts.first()?;
        let filled: Vec<_> = accounts.iter().map(|(config, address)| config.account_of(address)).collect();
        let addresses: Vec<_> = accounts.iter().map(|(_, address)| address.to_string()).collect();
        let identity = Identity::of_addresses(accounts.iter().map(|(_, address)| *address))?;
        Some(first.fill(&identity, &addresses.join(", "), &filled.concat(), accept_language))
    }

    /// The configuration profile for anybody of a domain: the device asks for address and user name.
    pub fn for_domain(&self, domain: &Domain, accept_language: Option<&str>) -> Bytes {
        let identity = Identity::of_domain(domain);
        let account = fill_account(&self.nobodys_account, &identity, "", domain);
        self.fill(&identity, domain.as_str(), &account, accept_language)
    }

    fn account_of(&self, address: &EmailAddress) -> Bytes {
        let identity = Identity::of_address(address);
        fill_account(&self.account, &identity, address.local_part(), address.domain())
    }

    fn fill(&self, identity: &Identity, whom: &str, accounts: &[u8], accept_language: Option<&str>) -> Bytes {
        let description = match language::choose(&self.descriptions, accept_language) {
            Some(description) => description.text.clone(),
            None => format!("Sets up mail for {whom}."),
        };
        let description = escaped(&description);
        let (identifier, uuid) = (identity.identifier(), identity.uuid("profile"));
        let accounts = std::str::from_utf8(accounts).expect("documents are text");
        self.frame.fill_with(|slot| match slot {
            FrameSlot::Identifier => &identifier,
            FrameSlot::Uuid => &uuid,
            FrameSlot::Description => &description,
            FrameSlot::Accounts => accounts,
        })
    }
}

fn fill_account(
    account: &Document<AccountSlot>,
    identity: &Identity,
    local_part: &str,
    domain: &Domain,
) -> Bytes {
    let uuids = Payload::ALL.map(|payload| identity.uuid(payload.word()));
    let identifier = identity.identifier();
    let in_url = percent_encoded(local_part);
    let local_part = escaped(local_part);
    account.fill_with(|slot| match slot {
        AccountSlot::LocalPart => &local_part,
        AccountSlot::LocalPartInUrl => &in_url,
        AccountSlot::Domain => domain.as_str(),
        AccountSlot::Identifier => &identifier,
        AccountSlot::Uuid(payload) => &uuids[payload as usize],
    })
}

/// What stands round the accounts: Apple's `TopLevel` and `CommonPayloadKeys`.
fn frame(profile: &Profile) -> Dict {
    let name = profile.display_name.as_str();
    Dict::default()
        .with("PayloadType", "Configuration")
        .with("PayloadVersion", 1)
        .with("PayloadIdentifier", IDENTIFIER.to_string())
        .with("PayloadUUID", UUID.to_string())
        .with("PayloadDisplayName", name)
        .with("PayloadOrganization", name)
        .with("PayloadDescription", DESCRIPTION.to_string())
        .with_some("ConsentText", consent(&profile.mobileconfig.consent))
        .with("PayloadContent", Value::Slot(ACCOUNTS))
}

/// A text for each language, and one for all others.
fn consent(sentences: &[Description]) -> Option<Dict> {
    let default = language::choose(sentences, Some("en"))?;
    let texts = sentences.iter().filter(|sentence| sentence.lang != Description::UNDETERMINED);
    let texts =
        texts.fold(Dict::default(), |texts, sentence| texts.with(&sentence.lang, sentence.text.as_str()));
    Some(texts.with("default", default.text.as_str()))
}

/// For whom an account is prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    OnePersons,
    /// Keys that depend on the person are left out, and the device asks.
    Nobodys,
}

fn payloads(profile: &Profile, servers: &Servers, whose: Whose) -> Vec<Value> {
    let name = profile.display_name.as_str();
    let calendar = profile.services.calendars.iter().find_map(|service| Dav::of(service, "caldav"));
    let contacts = profile.services.addressbooks.iter().find_map(|service| Dav::of(service, "carddav"));
    let mut payloads = vec![mail(name, servers, whose).into()];
    payloads.extend(calendar.map(|dav| dav.payload(Payload::Calendar, "CalDAV", name, whose).into()));
    payloads.extend(contacts.map(|dav| dav.payload(Payload::AddressBook, "CardDAV", name, whose).into()));
    payloads
}

impl Payload {
    const ALL: [Self; 3] = [Self::Mail, Self::Calendar, Self::AddressBook];

    const fn word(self) -> &'static str {
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
    let needs_address = username.pieces().iter().any(|piece| {
        matches!(piece, Piece::Placeholder(Placeholder::EmailAddress | Placeholder::EmailLocalPart))
    });
    (whose == Whose::OnePersons || !needs_address).then(|| marked(username.pieces()))
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
}

impl<'p> Dav<'p> {
    fn of(service: &'p WebService, kind: &str) -> Option<Self> {
        let is_usable = service.kind.as_str() == kind && service.url.is_https() && service.takes_password();
        (is_usable && sample(&service.url).authority().is_some()).then_some(Self { service })
    }

    /// `com.apple.caldav.account` and `com.apple.carddav.account`, whose keys differ in the prefix.
    fn payload(&self, payload: Payload, prefix: &str, name: &str, whose: Whose) -> Dict {
        let url = &self.service.url;
        let port = sample(url).authority().map(|(_, port)| port.get());
        let is_written = whose == Whose::OnePersons || !url.needs_address();
        // The URL's authority as it stands, its placeholder filled later; its path from the root.
        let marked = url.filled(&LOCAL_PART_IN_URL.to_string(), &DOMAIN.to_string());
        let path = Some(marked.path()).filter(|path| *path != "/" && is_written);
        payload
            .begin()
            .with(&format!("{prefix}AccountDescription"), name)
            .with(&format!("{prefix}HostName"), marked.host())
            .with_some(&format!("{prefix}Port"), port)
            .with(&format!("{prefix}UseSSL"), true)
            .with_some(&format!("{prefix}PrincipalURL"), path)
            .with_some(&format!("{prefix}Username"), user_name(&self.service.username, whose))
    }
}

/// The URL as somebody's, to look at its parts.
fn sample(url: &WebAddress) -> WebAddress {
    url.filled("jane", "example.com")
}
