//! Microsoft's Autodiscover: the settings document. Requests, errors and the JSON form have a file
//! each.
//!
//! Order and values follow reference/autodiscover 2.2 to 2.5: what no IMAP client needs is left
//! out, what defaults to something harmful is written.

mod error;
pub mod json;
mod request;

pub use self::error::{ErrorCode, ErrorResponse};
pub use self::request::{Request, RequestError, Schema};

use serde::{Deserialize, Serialize};

use super::slots::{AddressSlot, Document, address_mark, marked};
use crate::profile::{Profile, Protocol, Server, SocketType};
use crate::xml;

/// The root's namespace, and of an `Error`'s `Response` (MS-OXDSCLI 2.2.1). `http`: what Microsoft's
/// pages show as `https` comes from a blind conversion (reference/autodiscover 0, 9).
const RESPONSE_SCHEMA: &str = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
/// The namespace of a `Response` with settings.
const OUTLOOK_RESPONSE_SCHEMA: &str =
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// Hours a client may keep the settings. 0 would mean for ever, which hinders a move (2.2).
const TTL_HOURS: u32 = 24;

/// The root of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Autodiscover<R> {
    #[serde(rename = "@xmlns")]
    pub xmlns: String,
    pub response: R,
}

/// A `Response` with settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SettingsResponse {
    #[serde(rename = "@xmlns")]
    pub xmlns: String,
    pub user: User,
    pub account: Account,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct User {
    pub display_name: String,
    #[serde(rename = "AutoDiscoverSMTPAddress")]
    pub auto_discover_smtp_address: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Account {
    pub account_type: String,
    pub action: String,
    pub protocol: Vec<ProtocolElement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProtocolElement {
    #[serde(rename = "Type")]
    pub protocol: String,
    #[serde(rename = "TTL")]
    pub ttl: u32,
    pub server: String,
    pub port: u16,
    pub login_name: String,
    pub domain_required: Switch,
    #[serde(rename = "SPA")]
    pub spa: Switch,
    #[serde(rename = "SSL")]
    pub ssl: Switch,
    pub encryption: Encryption,
    pub auth_required: Switch,
    #[serde(rename = "UsePOPAuth", default, skip_serializing_if = "Option::is_none")]
    pub use_pop_auth: Option<Switch>,
    #[serde(rename = "SMTPLast", default, skip_serializing_if = "Option::is_none")]
    pub smtp_last: Option<Switch>,
}

/// Lower case: Delta Chat compares `off`, SnappyMail `on`, to the letter (2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    On,
    Off,
}

/// `SSL` is implicit TLS, `TLS` is STARTTLS (2.4). The two other ways round hang Outlook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encryption {
    #[serde(rename = "SSL")]
    Ssl,
    #[serde(rename = "TLS")]
    Tls,
    None,
}

/// Prepares a profile's settings for any of its addresses.
///
/// # Errors
/// When the XML writer refuses a value; a profile's own rules leave none that it would.
pub fn document(profile: &Profile) -> Result<Document<AddressSlot>, quick_xml::SeError> {
    Ok(Document::prepare(&Autodiscover::<SettingsResponse>::from(profile).to_xml()?))
}

impl<R: Serialize> Autodiscover<R> {
    fn new(response: R) -> Self {
        Self { xmlns: RESPONSE_SCHEMA.to_owned(), response }
    }

    /// The whole text. The EWS libraries insist on the declaration (reference/autodiscover 1.11).
    ///
    /// # Errors
    /// When a value cannot stand in XML.
    pub fn to_xml(&self) -> Result<String, quick_xml::SeError> {
        xml::write("utf-8", self)
    }
}

impl From<&Profile> for Autodiscover<SettingsResponse> {
    fn from(profile: &Profile) -> Self {
        let incoming = profile.in_order().next();
        let protocol = profile
            .in_order()
            .map(|server| {
                ProtocolElement::new(server, incoming.is_some_and(|i| i.username == server.username))
            })
            .collect();
        Self::new(SettingsResponse {
            xmlns: OUTLOOK_RESPONSE_SCHEMA.to_owned(),
            user: User { display_name: address_mark(), auto_discover_smtp_address: address_mark() },
            account: Account { account_type: "email".to_owned(), action: "settings".to_owned(), protocol },
        })
    }
}

impl ProtocolElement {
    /// `same_login`: the incoming server's credentials are good for this server too.
    fn new(server: &Server, same_login: bool) -> Self {
        let smtp = server.protocol == Protocol::Smtp;
        let (ssl, encryption) = match server.socket_type {
            SocketType::Ssl => (Switch::On, Encryption::Ssl),
            SocketType::StartTls => (Switch::On, Encryption::Tls),
            SocketType::Plain => (Switch::Off, Encryption::None),
        };
        Self {
            protocol: server.protocol.to_string(),
            ttl: TTL_HOURS,
            server: marked(server.hostname.pieces()),
            port: server.port.get(),
            // Left out, it would mean the part before the `@` (0, 5).
            login_name: marked(server.username.pieces()),
            domain_required: Switch::Off,
            // Left out, it would mean on: NTLM or Kerberos (0, 5).
            spa: Switch::Off,
            ssl,
            encryption,
            auth_required: Switch::from(!server.authentication.preferred().needs_no_login()),
            use_pop_auth: smtp.then_some(Switch::from(same_login)),
            smtp_last: smtp.then_some(Switch::Off),
        }
    }
}

impl From<bool> for Switch {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}
