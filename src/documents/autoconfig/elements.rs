//! The elements of a `clientConfig` document.
//!
//! Values are strings, so that any document can be read and written back. `profile` validates the values.
//! Documents of other providers are read by `formats`, which reports where each value is.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

/// The root element.
#[skip_serializing_none]
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
    #[serde(rename = "oAuth2")]
    pub o_auth2: Option<OAuth2Element>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enable: Vec<EnableElement>,
    pub web_mail: Option<WebMailElement>,
}

#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EmailProvider {
    #[serde(rename = "@id")]
    pub id: String,
    pub domain: Vec<DomainElement>,
    pub display_name: Option<String>,
    pub display_short_name: Option<String>,
    pub incoming_server: Vec<ServerElement>,
    pub outgoing_server: Vec<ServerElement>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documentation: Vec<DocumentationElement>,
}

#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainElement {
    /// `mx` for the domain of an MX host (draft 3.2.3). Read, never written: Thunderbird ignores a `domain` with an
    /// attribute.
    #[serde(rename = "@purpose")]
    pub purpose: Option<String>,
    #[serde(rename = "$text", default)]
    pub name: String,
}

/// `incomingServer` and `outgoingServer`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServerElement {
    #[serde(rename = "@type")]
    pub protocol: String,
    pub hostname: Option<String>,
    pub port: Option<String>,
    pub socket_type: Option<String>,
    pub authentication: Vec<AuthenticationElement>,
    pub username: Option<String>,
    pub pop3: Option<Pop3Element>,
    pub url: Option<String>,
    #[serde(rename = "owaURL")]
    pub owa_url: Option<String>,
    #[serde(rename = "ewsURL")]
    pub ews_url: Option<String>,
    #[serde(rename = "easURL")]
    pub eas_url: Option<String>,
    pub use_global_preferred_server: Option<String>,
}

/// `pop3` of version 1.1. Only Thunderbird reads it.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pop3Element {
    pub leave_messages_on_server: Option<String>,
    pub download_on_biff: Option<String>,
    pub days_to_leave_messages_on_server: Option<String>,
    pub check_interval: Option<CheckInterval>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckInterval {
    #[serde(rename = "@minutes", default)]
    pub minutes: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DocumentationElement {
    #[serde(rename = "@url")]
    pub url: String,
    pub descr: Vec<Descr>,
}

#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descr {
    #[serde(rename = "@lang")]
    pub lang: Option<String>,
    #[serde(rename = "$text", default)]
    pub text: String,
}

/// Few clients accept an `authentication` with the attribute `system`.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticationElement {
    #[serde(rename = "@system")]
    pub system: Option<String>,
    #[serde(rename = "$text", default)]
    pub method: String,
}

/// `addressbook`, `calendar` and `fileShare`.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceElement {
    #[serde(rename = "@type", default)]
    pub kind: String,
    pub url: String,
    #[serde(default)]
    pub authentication: Vec<AuthenticationElement>,
    pub username: Option<String>,
}

#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuth2Element {
    pub issuer: String,
    pub scope: String,
    #[serde(rename = "authURL")]
    pub auth_url: String,
    #[serde(rename = "tokenURL")]
    pub token_url: String,
    #[serde(rename = "clientID")]
    pub client_id: Option<String>,
    #[serde(rename = "clientSecret")]
    pub client_secret: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EnableElement {
    #[serde(rename = "@visiturl")]
    pub visit_url: String,
    pub instruction: Vec<Descr>,
}

#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebMailElement {
    pub login_page: Option<PageElement>,
    pub login_page_info: Option<LoginPageInfoElement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageElement {
    #[serde(rename = "@url", default)]
    pub url: String,
}

#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginPageInfoElement {
    #[serde(rename = "@url", default)]
    pub url: String,
    #[serde(rename = "@waitForRedirectionURLPrefix")]
    pub wait_for_redirection_url_prefix: Option<String>,
    pub username: Option<String>,
    pub username_field: Option<FieldElement>,
    pub password_field: Option<FieldElement>,
    pub login_button: Option<FieldElement>,
}

#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldElement {
    #[serde(rename = "@id")]
    pub id: Option<String>,
    #[serde(rename = "@name")]
    pub name: Option<String>,
}
