//! The elements of a `clientConfig` document.
//!
//! Values are strings, so that any document can be read and written back. `profile` validates the values.
//! Documents of other providers are read by `formats`, which reports where each value is.

use serde::{Deserialize, Serialize};

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
    #[serde(rename = "oAuth2", skip_serializing_if = "Option::is_none")]
    pub o_auth2: Option<OAuth2Element>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enable: Vec<EnableElement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web_mail: Option<WebMailElement>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EmailProvider {
    #[serde(rename = "@id")]
    pub id: String,
    pub domain: Vec<DomainElement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_short_name: Option<String>,
    pub incoming_server: Vec<ServerElement>,
    pub outgoing_server: Vec<ServerElement>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documentation: Vec<DocumentationElement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainElement {
    /// `mx` for the domain of an MX host (draft 3.2.3). Read, never written: Thunderbird ignores a `domain` with an
    /// attribute.
    #[serde(rename = "@purpose", skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    #[serde(rename = "$text", default)]
    pub name: String,
}

/// `incomingServer` and `outgoingServer`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServerElement {
    #[serde(rename = "@type")]
    pub protocol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket_type: Option<String>,
    pub authentication: Vec<AuthenticationElement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pop3: Option<Pop3Element>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(rename = "owaURL", skip_serializing_if = "Option::is_none")]
    pub owa_url: Option<String>,
    #[serde(rename = "ewsURL", skip_serializing_if = "Option::is_none")]
    pub ews_url: Option<String>,
    #[serde(rename = "easURL", skip_serializing_if = "Option::is_none")]
    pub eas_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_global_preferred_server: Option<String>,
}

/// `pop3` of version 1.1. Only Thunderbird reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pop3Element {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leave_messages_on_server: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download_on_biff: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_to_leave_messages_on_server: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descr {
    #[serde(rename = "@lang", skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    #[serde(rename = "$text", default)]
    pub text: String,
}

/// Few clients accept an `authentication` with the attribute `system`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticationElement {
    #[serde(rename = "@system", skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(rename = "$text", default)]
    pub method: String,
}

/// `addressbook`, `calendar` and `fileShare`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceElement {
    #[serde(rename = "@type", default)]
    pub kind: String,
    pub url: String,
    #[serde(default)]
    pub authentication: Vec<AuthenticationElement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuth2Element {
    pub issuer: String,
    pub scope: String,
    #[serde(rename = "authURL")]
    pub auth_url: String,
    #[serde(rename = "tokenURL")]
    pub token_url: String,
    #[serde(rename = "clientID", skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(rename = "clientSecret", skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EnableElement {
    #[serde(rename = "@visiturl")]
    pub visit_url: String,
    pub instruction: Vec<Descr>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebMailElement {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_page: Option<PageElement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_page_info: Option<LoginPageInfoElement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageElement {
    #[serde(rename = "@url", default)]
    pub url: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoginPageInfoElement {
    #[serde(rename = "@url", default)]
    pub url: String,
    #[serde(rename = "@waitForRedirectionURLPrefix", skip_serializing_if = "Option::is_none")]
    pub wait_for_redirection_url_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username_field: Option<FieldElement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_field: Option<FieldElement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_button: Option<FieldElement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldElement {
    #[serde(rename = "@id", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "@name", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}
