//! Mozilla's `clientConfig`: the types, the one document every client accepts, and the whole one.
//!
//! Order, spelling and values follow reference/autoconfig 2.6 and section 5, items 20 to 38.
//! Values are text here, so that what is written can be read back as it stands; what a value must be
//! is `profile`'s to say. What only the whole document has is in `services`. Provider files are read
//! by `config`, which has to say where each value stands.

mod services;

pub use self::services::{
    AuthenticationElement, EnableElement, LoginPageInfoElement, OAuth2Element, PageElement, ServiceElement,
    WebMailElement,
};

use serde::{Deserialize, Serialize};

use super::slots::{Document, DomainSlot, domain_mark, marked};
use crate::profile::{Documentation, Pop3Options, Profile, Server, WebService};
use crate::xml;

/// The root element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "clientConfig", rename_all = "camelCase")]
pub struct ClientConfig {
    #[serde(rename = "@version", default)]
    pub version: String,
    pub email_provider: EmailProvider,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addressbook: Vec<ServiceElement>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calendar: Vec<ServiceElement>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub file_share: Vec<ServiceElement>,
    #[serde(rename = "oAuth2", default, skip_serializing_if = "Option::is_none")]
    pub o_auth2: Option<OAuth2Element>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enable: Vec<EnableElement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_mail: Option<WebMailElement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailProvider {
    #[serde(rename = "@id", default)]
    pub id: String,
    #[serde(default)]
    pub domain: Vec<DomainElement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_short_name: Option<String>,
    #[serde(default)]
    pub incoming_server: Vec<ServerElement>,
    #[serde(default)]
    pub outgoing_server: Vec<ServerElement>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documentation: Vec<DocumentationElement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainElement {
    /// `mx` for a mail exchanger's domain (draft 3.2.3). Read, never written: Thunderbird cannot
    /// use a `domain` with an attribute.
    #[serde(rename = "@purpose", default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    #[serde(rename = "$text", default)]
    pub name: String,
}

/// `incomingServer` and `outgoingServer`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerElement {
    #[serde(rename = "@type", default)]
    pub protocol: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket_type: Option<String>,
    #[serde(default)]
    pub authentication: Vec<AuthenticationElement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pop3: Option<Pop3Element>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(rename = "owaURL", default, skip_serializing_if = "Option::is_none")]
    pub owa_url: Option<String>,
    #[serde(rename = "ewsURL", default, skip_serializing_if = "Option::is_none")]
    pub ews_url: Option<String>,
    #[serde(rename = "easURL", default, skip_serializing_if = "Option::is_none")]
    pub eas_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_global_preferred_server: Option<String>,
}

/// v1.1's `pop3`, which only Thunderbird reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pop3Element {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leave_messages_on_server: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download_on_biff: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_to_leave_messages_on_server: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_interval: Option<CheckInterval>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckInterval {
    #[serde(rename = "@minutes", default)]
    pub minutes: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentationElement {
    #[serde(rename = "@url", default)]
    pub url: String,
    #[serde(default)]
    pub descr: Vec<Descr>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descr {
    #[serde(rename = "@lang", default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    #[serde(rename = "$text", default)]
    pub text: String,
}

/// Prepares a profile's default document.
///
/// # Errors
/// When the XML writer refuses a value; a profile's own rules leave none that it would.
pub fn document(profile: &Profile) -> Result<Document<DomainSlot>, quick_xml::SeError> {
    Ok(Document::prepare(&ClientConfig::from(profile).to_xml()?))
}

/// Prepares a document with everything that a profile has: every server, method and section. Some
/// client or other drops it; it is for people, and for other programs of this kind.
///
/// # Errors
/// As [`document`].
pub fn whole(profile: &Profile) -> Result<Document<DomainSlot>, quick_xml::SeError> {
    Ok(Document::prepare(&ClientConfig::whole(profile).to_xml()?))
}

impl ClientConfig {
    /// The whole text, declaration first (item 20), indented by two.
    ///
    /// # Errors
    /// When a value cannot stand in XML.
    pub fn to_xml(&self) -> Result<String, quick_xml::SeError> {
        xml::write("UTF-8", self)
    }
}

impl From<&Profile> for ClientConfig {
    fn from(profile: &Profile) -> Self {
        let (outgoing_server, incoming_server) =
            profile.defaults().map(ServerElement::from).partition(|server| server.protocol == "smtp");
        Self {
            // The draft's 1.2 is accepted everywhere too, but this document needs nothing of it.
            version: "1.1".to_owned(),
            email_provider: EmailProvider {
                id: profile.id.to_string(),
                // The domain that was asked for, and no other (item 22; DESIGN, decision 4).
                domain: vec![DomainElement { purpose: None, name: domain_mark() }],
                display_name: Some(profile.display_name.without_ampersand()),
                display_short_name: Some(profile.display_short_name.without_ampersand()),
                incoming_server,
                outgoing_server,
                // Without a description it says nothing, and one client rejects it (item 35).
                documentation: profile
                    .documentation
                    .iter()
                    .filter(|page| !page.descr.is_empty())
                    .map(DocumentationElement::from)
                    .collect(),
            },
            addressbook: harmless(profile, &profile.services.addressbooks),
            calendar: harmless(profile, &profile.services.calendars),
            file_share: harmless(profile, &profile.services.file_shares),
            // Three clients want all four of its children, and it has them (2.1).
            o_auth2: profile.services.oauth2.as_ref().map(OAuth2Element::from),
            enable: Vec::new(),
            web_mail: None,
        }
    }
}

/// The sections at the root that every client reads over (item 27). FairEmail takes the last user
/// name in the document for all servers, so another one stays out of it.
fn harmless(profile: &Profile, services: &[WebService]) -> Vec<ServiceElement> {
    let is_harmless =
        |service: &&WebService| profile.servers().all(|server| server.username == service.username);
    services.iter().filter(is_harmless).map(ServiceElement::from).collect()
}

impl From<&Server> for ServerElement {
    fn from(server: &Server) -> Self {
        Self {
            protocol: server.protocol.word().to_owned(),
            // Ours to fill, since eight clients connect to `imap.%EMAILDOMAIN%` (2.1).
            hostname: Some(marked(server.hostname.pieces())),
            port: Some(server.port.to_string()),
            socket_type: Some(server.socket_type.word().to_owned()),
            authentication: server.authentication.published().map(AuthenticationElement::from).collect(),
            // The client's to fill, so that no answer holds an address (3.2, 5).
            username: Some(server.username.as_str().to_owned()),
            // `checkInterval` has an attribute, and no reader (item 20).
            pop3: Some(Pop3Options { check_interval_minutes: None, ..server.pop3 })
                .filter(|options| *options != Pop3Options::default())
                .map(Pop3Element::from),
            ..Self::default()
        }
    }
}

impl From<Pop3Options> for Pop3Element {
    fn from(options: Pop3Options) -> Self {
        Self {
            leave_messages_on_server: Some(options.leave_messages_on_server.to_string()),
            download_on_biff: Some(options.download_on_biff.to_string()),
            days_to_leave_messages_on_server: Some(options.days_to_leave_messages_on_server.to_string()),
            check_interval: options
                .check_interval_minutes
                .map(|minutes| CheckInterval { minutes: minutes.to_string() }),
        }
    }
}

impl From<&Documentation> for DocumentationElement {
    fn from(documentation: &Documentation) -> Self {
        Self {
            url: documentation.url.as_str().to_owned(),
            descr: documentation.descr.iter().map(Descr::from).collect(),
        }
    }
}
