//! Apple's configuration profile: the only open way to set up Apple Mail (reference/beyond 1).
//!
//! A device replaces an installed profile by one with the same identifier, and an account in it by
//! the payload with the same identifier and UUID; so both come from the address alone, and a second
//! download changes an account instead of adding one. There is never a password in it.
//!
//! What cannot be said is refused and not guessed: servers without encryption, and ways to log in
//! for which there is no key. What an account consists of is in `payloads`, signing in `signing`.

mod certificates;
mod identity;
mod payloads;
pub mod signing;

pub use self::certificates::{Date, Doubt, SOON, SigningError, SigningFiles};
pub use self::payloads::left_out;

use bytes::Bytes;

use super::languages::Languages;
use super::mobileconfig::identity::Identity;
use super::mobileconfig::payloads::{Payload, Whose};
use super::plist;
use super::plist::{Dict, Value};
use super::slots::{DOMAIN, Document, LOCAL_PART, Slot, escaped};
use crate::address::{Domain, EmailAddress};
use crate::profile::{Description, Profile, percent_encoded};

/// A profile's part of a configuration profile: for one address, or for the device to ask for it.
#[derive(Debug)]
pub struct MobileConfig {
    frame: Document<FrameSlot>,
    account: Document<AccountSlot>,
    nobodys_account: Document<AccountSlot>,
    descriptions: Vec<Description>,
    wants_consent: bool,
}

/// Why a provider's settings cannot be said in a configuration profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Inexpressible {
    #[error("its mail servers offer no encryption, so it would send the password in clear")]
    Plaintext,
    #[error("its mail servers want a way to log in for which such a profile has no key, like OAuth2")]
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
        let account = |whose| {
            let payloads = payloads::of(profile, whose)?;
            Ok(Document::prepare(&plist::items(&payloads, ACCOUNTS_LEVEL)))
        };
        Ok(Self {
            frame: Document::prepare(&plist::document(frame(profile))),
            account: account(Whose::OnePersons)?,
            nobodys_account: account(Whose::Nobodys)?,
            descriptions: profile.mobileconfig.description.clone(),
            wants_consent: !profile.mobileconfig.consent.is_empty(),
        })
    }

    /// The configuration profile for an address.
    pub fn for_address(&self, address: &EmailAddress, languages: &Languages) -> Bytes {
        self.for_addresses(address, &[], languages)
    }

    /// The configuration profile for an address and some more, each with what its provider says. The
    /// first provider that wants the person's consent, else the first of all, gives the names round them.
    pub fn for_addresses(
        &self,
        address: &EmailAddress,
        more: &[(&Self, &EmailAddress)],
        languages: &Languages,
    ) -> Bytes {
        let (mut accounts, mut names) = (self.account_of(address), address.to_string());
        for (config, address) in more {
            accounts.push_str(&config.account_of(address));
            names.push_str(", ");
            names.push_str(&address.to_string());
        }
        let identity = Identity::of_addresses(address, more.iter().map(|(_, address)| *address));
        let mut all = std::iter::once(self).chain(more.iter().map(|(config, _)| *config));
        let frame = all.find(|config| config.wants_consent).unwrap_or(self);
        frame.fill(&identity, &names, &accounts, languages)
    }

    /// The configuration profile for anybody of a domain: the device asks for address and user name.
    pub fn for_domain(&self, domain: &Domain, languages: &Languages) -> Bytes {
        let identity = Identity::of_domain(domain);
        let account = fill_account(&self.nobodys_account, &identity, "", domain);
        self.fill(&identity, domain.as_str(), &account, languages)
    }

    fn account_of(&self, address: &EmailAddress) -> String {
        let identity = Identity::of_address(address);
        fill_account(&self.account, &identity, address.local_part(), address.domain())
    }

    fn fill(&self, identity: &Identity, whom: &str, accounts: &str, languages: &Languages) -> Bytes {
        let description = match languages.choose(&self.descriptions) {
            Some(description) => description.text.clone(),
            None => format!("Sets up mail for {whom}."),
        };
        let description = escaped(&description);
        let (identifier, uuid) = (identity.identifier(), identity.uuid("profile"));
        let filled = self.frame.fill_with(|slot| match slot {
            FrameSlot::Identifier => &identifier,
            FrameSlot::Uuid => &uuid,
            FrameSlot::Description => &description,
            FrameSlot::Accounts => accounts,
        });
        filled.into()
    }
}

fn fill_account(
    account: &Document<AccountSlot>,
    identity: &Identity,
    local_part: &str,
    domain: &Domain,
) -> String {
    let [mail, calendar, address_book] =
        [Payload::Mail, Payload::Calendar, Payload::AddressBook].map(|payload| identity.uuid(payload.word()));
    let identifier = identity.identifier();
    let in_url = percent_encoded(local_part);
    let local_part = escaped(local_part);
    account.fill_with(|slot| match slot {
        AccountSlot::LocalPart => &local_part,
        AccountSlot::LocalPartInUrl => &in_url,
        AccountSlot::Domain => domain.as_str(),
        AccountSlot::Identifier => &identifier,
        AccountSlot::Uuid(Payload::Mail) => &mail,
        AccountSlot::Uuid(Payload::Calendar) => &calendar,
        AccountSlot::Uuid(Payload::AddressBook) => &address_book,
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

/// A text for each language, and one for all others: the English one if there is one.
fn consent(sentences: &[Description]) -> Option<Dict> {
    let default = Languages::accepted("en").choose(sentences)?;
    let texts = sentences.iter().filter(|sentence| sentence.lang != Description::UNDETERMINED);
    let texts =
        texts.fold(Dict::default(), |texts, sentence| texts.with(&sentence.lang, sentence.text.as_str()));
    Some(texts.with("default", default.text.as_str()))
}
