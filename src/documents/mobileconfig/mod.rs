//! Apple's configuration profile (`.mobileconfig`): the only open way to set up Apple Mail (reference/beyond 1).
//!
//! A device replaces an installed profile that has the same identifier, and an account whose payload has the same
//! identifier and UUID. Both depend only on the address, so a second download changes an account instead of adding
//! one. A profile never contains a password.
//!
//! Waypost makes no profile for mail servers without encryption, because devices would send the password in clear text,
//! or with an authentication method that the schema cannot express ([`UnsupportedProfile`]).

mod identity;
mod payloads;
mod property_list;
pub mod signing;
mod signing_certificate;

pub use self::payloads::{UnsupportedProfile, omissions};
pub use self::signing_certificate::{SigningError, SigningFiles, SigningWarning};

use std::iter::once;

use bytes::Bytes;
use plist::Value;

use self::identity::Identity;
use self::payloads::{AccountFor, AccountVariable, IDENTIFIER, payloads};
use self::property_list::{dictionary, to_xml};
use super::accept_language::Languages;
use super::response_template::{ResponseTemplate, Variable, escape};
use crate::address::{Domain, EmailAddress};
use crate::profile::{Description, Profile};

/// The templates of a profile's Apple profiles: for an address, and for a domain.
#[derive(Debug)]
pub struct MobileConfig {
    envelope: ResponseTemplate<EnvelopeVariable>,
    address_account: ResponseTemplate<AccountVariable>,
    domain_account: ResponseTemplate<AccountVariable>,
    /// The default first.
    descriptions: Vec<Description>,
    has_consent_text: bool,
}

/// The variables outside the accounts.
#[derive(Debug, Clone, Copy)]
enum EnvelopeVariable {
    Identifier,
    Uuid,
    Description,
    Accounts,
}

const UUID: char = '\u{E003}';
const DESCRIPTION: char = '\u{E004}';
const ACCOUNTS: char = '\u{E005}';

impl Variable for EnvelopeVariable {
    const MARKERS: &'static [(char, Self)] = &[
        (IDENTIFIER, Self::Identifier),
        (UUID, Self::Uuid),
        (DESCRIPTION, Self::Description),
        (ACCOUNTS, Self::Accounts),
    ];
}

impl MobileConfig {
    /// Renders a profile's templates. The default text is the one in the default language, else the first one.
    pub fn new(profile: &Profile, default_language: &str) -> Result<Self, UnsupportedProfile> {
        Ok(Self {
            envelope: ResponseTemplate::new(&envelope(profile, default_language)),
            address_account: account(profile, AccountFor::Address)?,
            domain_account: account(profile, AccountFor::Domain)?,
            descriptions: default_first(&profile.mobileconfig.description, default_language),
            has_consent_text: !profile.mobileconfig.consent.is_empty(),
        })
    }

    /// The Apple profile for an address.
    pub fn for_address(&self, address: &EmailAddress, languages: &Languages) -> Bytes {
        self.for_addresses(address, &[], languages)
    }

    /// The Apple profile for several addresses, each with the servers of its own profile. The texts are those of the
    /// first profile with a consent text, else of the first profile.
    pub fn for_addresses(
        &self,
        address: &EmailAddress,
        more: &[(&Self, &EmailAddress)],
        languages: &Languages,
    ) -> Bytes {
        let all = || once((self, address)).chain(more.iter().copied());
        let accounts: String = all().map(|(config, address)| config.account_for(address)).collect();
        let names: Vec<_> = all().map(|(_, address)| address.to_string()).collect();
        let identity = Identity::of_addresses(address, more.iter().map(|(_, address)| *address));
        let with_consent = all().map(|(config, _)| config).find(|config| config.has_consent_text);
        with_consent.unwrap_or(self).fill(&identity, &names.join(", "), &accounts, languages)
    }

    /// The Apple profile for a domain: the device asks for the address and the user name.
    pub fn for_domain(&self, domain: &Domain, languages: &Languages) -> Bytes {
        let identity = Identity::of_domain(domain);
        let account = payloads::fill(&self.domain_account, &identity, "", domain);
        self.fill(&identity, domain.as_str(), &account, languages)
    }

    fn account_for(&self, address: &EmailAddress) -> String {
        let identity = Identity::of_address(address);
        payloads::fill(&self.address_account, &identity, address.local_part(), address.domain())
    }

    /// `names` are the addresses or the domain, for the default description.
    fn fill(&self, identity: &Identity, names: &str, accounts: &str, languages: &Languages) -> Bytes {
        let description = match languages.choose(&self.descriptions) {
            Some(description) => description.text.clone(),
            None => format!("Sets up mail for {names}."),
        };
        let description = escape(&description);
        let (identifier, uuid) = (identity.identifier(), identity.uuid("profile"));
        let filled = self.envelope.fill_with(|variable| match variable {
            EnvelopeVariable::Identifier => &identifier,
            EnvelopeVariable::Uuid => &uuid,
            EnvelopeVariable::Description => &description,
            EnvelopeVariable::Accounts => accounts,
        });
        filled.into()
    }
}

/// Checks whether Apple's schema can express the mail servers of a profile.
///
/// # Errors
/// If it cannot.
pub fn check_servers(profile: &Profile) -> Result<(), UnsupportedProfile> {
    payloads(profile, AccountFor::Address).map(drop)
}

/// The items of `PayloadContent`, as they are written inside the envelope.
fn account(
    profile: &Profile,
    account_for: AccountFor,
) -> Result<ResponseTemplate<AccountVariable>, UnsupportedProfile> {
    let content = Value::Array(payloads(profile, account_for)?);
    let xml = to_xml(&dictionary([("PayloadContent", Some(content))]));
    let items = xml.split_once("<array>").and_then(|(_, rest)| rest.rsplit_once("\n  </array>"));
    let (items, _) = items.expect("an account has a payload");
    Ok(ResponseTemplate::new(items))
}

/// Everything outside the accounts: Apple's `TopLevel` and `CommonPayloadKeys`.
fn envelope(profile: &Profile, default_language: &str) -> String {
    let name = profile.display_name.as_str();
    let root = dictionary([
        ("PayloadType", Some("Configuration".into())),
        ("PayloadVersion", Some(1.into())),
        ("PayloadIdentifier", Some(IDENTIFIER.to_string().into())),
        ("PayloadUUID", Some(UUID.to_string().into())),
        ("PayloadDisplayName", Some(name.into())),
        ("PayloadOrganization", Some(name.into())),
        ("PayloadDescription", Some(DESCRIPTION.to_string().into())),
        ("ConsentText", consent(&profile.mobileconfig.consent, default_language)),
        ("PayloadContent", Some(vec![Value::from(ACCOUNTS.to_string())].into())),
    ]);
    to_xml(&root).replace(&format!("\n    <string>{ACCOUNTS}</string>"), &ACCOUNTS.to_string())
}

/// The texts, with the one in the default language at the beginning.
fn default_first(texts: &[Description], default_language: &str) -> Vec<Description> {
    let mut texts = texts.to_vec();
    let default = Languages::from_header(default_language).choose(&texts).map(|text| text.lang.clone());
    texts.sort_by_key(|text| Some(&text.lang) != default.as_ref());
    texts
}

/// A text for each language, and a default: the one in the default language, else the first.
fn consent(texts: &[Description], default_language: &str) -> Option<Value> {
    let default = Languages::from_header(default_language).choose(texts)?;
    let named = texts.iter().filter(|text| text.lang != Description::UNDETERMINED);
    let named = named.map(|text| (text.lang.as_str(), text));
    Some(dictionary(
        named.chain(once(("default", default))).map(|(key, d)| (key, Some(d.text.as_str().into()))),
    ))
}
