//! The `Autodiscover` document with a profile's settings.
//!
//! Order and values follow reference/autodiscover 2.2 to 2.5: elements that no IMAP client needs are left out, and
//! elements with a harmful default are always written.

use serde::{Deserialize, Serialize};

use crate::documents::response_template::{address_marker, with_markers};
use crate::profile::{Profile, Protocol, Server, SocketType};
use crate::xml;

/// The namespace of the root, and of a `Response` with an `Error` (MS-OXDSCLI 2.2.1). Some of Microsoft's pages show
/// `https`, but clients expect `http` (reference/autodiscover 0, 9).
const RESPONSE_SCHEMA: &str = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
/// The namespace of a `Response` with settings.
const OUTLOOK_RESPONSE_SCHEMA: &str =
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// Hours for which a client may cache the settings. 0 would mean for ever (2.2).
const TTL_HOURS: u32 = 24;

/// The root element.
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

/// Lower case: Delta Chat compares with `off` and SnappyMail with `on`, case-sensitively (2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    On,
    Off,
}

/// `SSL` is implicit TLS, `TLS` is STARTTLS (2.4). Outlook hangs if they are swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encryption {
    #[serde(rename = "SSL")]
    Ssl,
    #[serde(rename = "TLS")]
    Tls,
    None,
}

impl<R: Serialize> Autodiscover<R> {
    pub(super) fn new(response: R) -> Self {
        Self { xmlns: RESPONSE_SCHEMA.to_owned(), response }
    }

    /// The whole document. EWS libraries require the XML declaration (reference/autodiscover 1.11).
    ///
    /// # Errors
    /// If XML cannot contain a value.
    pub fn to_xml(&self) -> Result<String, quick_xml::SeError> {
        xml::write("utf-8", self)
    }
}

impl From<&Profile> for Autodiscover<SettingsResponse> {
    fn from(profile: &Profile) -> Self {
        let incoming = profile.preferred_servers().next();
        let protocol = profile
            .preferred_servers()
            .map(|server| {
                ProtocolElement::new(server, incoming.is_some_and(|i| i.username == server.username))
            })
            .collect();
        Self::new(SettingsResponse {
            xmlns: OUTLOOK_RESPONSE_SCHEMA.to_owned(),
            user: User { display_name: address_marker(), auto_discover_smtp_address: address_marker() },
            account: Account { account_type: "email".to_owned(), action: "settings".to_owned(), protocol },
        })
    }
}

impl ProtocolElement {
    /// `is_same_login`: this server accepts the credentials of the incoming server.
    fn new(server: &Server, is_same_login: bool) -> Self {
        let is_smtp = server.protocol == Protocol::Smtp;
        let (ssl, encryption) = match server.socket_type {
            SocketType::Ssl => (Switch::On, Encryption::Ssl),
            SocketType::StartTls => (Switch::On, Encryption::Tls),
            SocketType::Plain => (Switch::Off, Encryption::None),
        };
        Self {
            protocol: server.protocol.to_string(),
            ttl: TTL_HOURS,
            server: with_markers(server.hostname.pieces()),
            port: server.port.get(),
            // The default is the part before the `@` (0, 5).
            login_name: with_markers(server.username.pieces()),
            domain_required: Switch::Off,
            // The default is `on`: NTLM or Kerberos (0, 5).
            spa: Switch::Off,
            ssl,
            encryption,
            auth_required: (!server.authentication.preferred().needs_no_login()).into(),
            use_pop_auth: is_smtp.then(|| is_same_login.into()),
            smtp_last: is_smtp.then_some(Switch::Off),
        }
    }
}

impl From<bool> for Switch {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}
