//! What only the whole document has: further servers and methods, and the sections at the root.

use serde::{Deserialize, Serialize};

use super::{ClientConfig, Descr, DocumentationElement, Pop3Element, ServerElement};
use crate::documents::slots::marked;
use crate::profile::{
    Authentication, Description, Enable, FieldName, LoginPageInfo, Mechanism, OAuth2, OtherServer,
    Pop3Options, Profile, Protocol, Server, WebService, Webmail,
};

/// An `authentication`, whose `system` few clients can stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticationElement {
    #[serde(rename = "@system", default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(rename = "$text", default)]
    pub method: String,
}

/// `addressbook`, `calendar`, `fileShare`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceElement {
    #[serde(rename = "@type", default)]
    pub kind: String,
    pub url: String,
    #[serde(default)]
    pub authentication: Vec<AuthenticationElement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
    #[serde(rename = "clientID", default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(rename = "clientSecret", default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnableElement {
    #[serde(rename = "@visiturl", default)]
    pub visit_url: String,
    #[serde(default)]
    pub instruction: Vec<Descr>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebMailElement {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_page: Option<PageElement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
    #[serde(rename = "@waitForRedirectionURLPrefix", default, skip_serializing_if = "Option::is_none")]
    pub wait_for_redirection_url_prefix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_field: Option<FieldElement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_field: Option<FieldElement>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_button: Option<FieldElement>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldElement {
    #[serde(rename = "@id", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "@name", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl ClientConfig {
    /// Everything that a profile has.
    pub fn whole(profile: &Profile) -> Self {
        let services = &profile.services;
        let mut incoming: Vec<ServerElement> = Vec::new();
        for (i, server) in profile.incoming().iter().enumerate() {
            incoming.extend(others(&services.others, |after| after == i));
            incoming.push(ServerElement::whole(server));
        }
        incoming.extend(others(&services.others, |after| after >= profile.incoming().len()));
        let mut config = Self::from(profile);
        let provider = &mut config.email_provider;
        provider.display_name = Some(profile.display_name.as_str().to_owned());
        provider.display_short_name = Some(profile.display_short_name.as_str().to_owned());
        provider.incoming_server = incoming;
        provider.outgoing_server = profile.outgoing().iter().map(ServerElement::whole).collect();
        provider.documentation = profile.documentation.iter().map(DocumentationElement::from).collect();
        provider.documentation.iter_mut().flat_map(|page| &mut page.descr).for_each(unnamed);
        config.addressbook = services.addressbooks.iter().map(ServiceElement::from).collect();
        config.calendar = services.calendars.iter().map(ServiceElement::from).collect();
        config.file_share = services.file_shares.iter().map(ServiceElement::from).collect();
        config.o_auth2 = services.oauth2.as_ref().map(OAuth2Element::from);
        config.enable = services.enable.iter().map(EnableElement::from).collect();
        config.web_mail = services.webmail.as_ref().map(WebMailElement::from);
        config
    }
}

/// A language that nobody named is not named.
fn unnamed(sentence: &mut Descr) {
    sentence.lang.take_if(|lang| lang == Description::UNDETERMINED);
}

fn others(others: &[OtherServer], is_here: impl Fn(usize) -> bool) -> impl Iterator<Item = ServerElement> {
    others.iter().filter(move |other| is_here(other.after)).map(ServerElement::from)
}

impl ServerElement {
    /// With every method in the order of the file, and every POP3 option that is not the default.
    fn whole(server: &Server) -> Self {
        let methods = server.authentication.as_slice().iter().copied();
        let has_options = server.protocol == Protocol::Pop3 && server.pop3 != Pop3Options::default();
        Self {
            authentication: methods.map(AuthenticationElement::from).collect(),
            pop3: has_options.then(|| Pop3Element::from(server.pop3)),
            ..Self::from(server)
        }
    }
}

impl From<&OtherServer> for ServerElement {
    fn from(server: &OtherServer) -> Self {
        Self {
            protocol: server.kind.word().to_owned(),
            hostname: server.hostname.as_ref().map(|hostname| marked(hostname.pieces())),
            port: server.port.map(|port| port.to_string()),
            socket_type: server.socket_type.map(|socket_type| socket_type.word().to_owned()),
            authentication: server.authentication.iter().map(AuthenticationElement::from).collect(),
            username: Some(server.username.as_str().to_owned()),
            pop3: None,
            url: server.url.as_ref().map(ToString::to_string),
            owa_url: server.owa_url.as_ref().map(ToString::to_string),
            ews_url: server.ews_url.as_ref().map(ToString::to_string),
            eas_url: server.eas_url.as_ref().map(ToString::to_string),
            use_global_preferred_server: server.use_global_preferred_server.map(|switch| switch.to_string()),
        }
    }
}

impl From<Authentication> for AuthenticationElement {
    fn from(method: Authentication) -> Self {
        Self { system: None, method: method.word().to_owned() }
    }
}

impl From<&Mechanism> for AuthenticationElement {
    fn from(mechanism: &Mechanism) -> Self {
        Self {
            system: mechanism.system.as_ref().map(|system| system.as_str().to_owned()),
            method: mechanism.method.as_str().to_owned(),
        }
    }
}

impl From<&WebService> for ServiceElement {
    fn from(service: &WebService) -> Self {
        Self {
            kind: service.kind.as_str().to_owned(),
            url: service.url.to_string(),
            authentication: service.authentication.iter().map(AuthenticationElement::from).collect(),
            username: Some(service.username.as_str().to_owned()),
        }
    }
}

impl From<&OAuth2> for OAuth2Element {
    fn from(oauth2: &OAuth2) -> Self {
        Self {
            issuer: oauth2.issuer.clone(),
            scope: oauth2.scope.clone(),
            auth_url: oauth2.auth_url.to_string(),
            token_url: oauth2.token_url.to_string(),
            client_id: oauth2.client_id.clone(),
            client_secret: oauth2.client_secret.clone(),
        }
    }
}

impl From<&Enable> for EnableElement {
    fn from(enable: &Enable) -> Self {
        let mut instruction: Vec<_> = enable.instruction.iter().map(Descr::from).collect();
        instruction.iter_mut().for_each(unnamed);
        Self { visit_url: enable.url.to_string(), instruction }
    }
}

impl From<&Description> for Descr {
    fn from(description: &Description) -> Self {
        Self { lang: Some(description.lang.clone()), text: description.text.clone() }
    }
}

impl From<&Webmail> for WebMailElement {
    fn from(webmail: &Webmail) -> Self {
        Self {
            login_page: webmail.login_page.as_ref().map(|url| PageElement { url: url.to_string() }),
            login_page_info: webmail.login_page_info.as_ref().map(LoginPageInfoElement::from),
        }
    }
}

impl From<&LoginPageInfo> for LoginPageInfoElement {
    fn from(info: &LoginPageInfo) -> Self {
        Self {
            url: info.url.to_string(),
            wait_for_redirection_url_prefix: info.wait_for_redirection_url_prefix.clone(),
            username: Some(info.username.as_str().to_owned()),
            username_field: info.username_field.as_ref().map(FieldElement::from),
            password_field: info.password_field.as_ref().map(FieldElement::from),
            login_button: info.login_button.as_ref().map(FieldElement::from),
        }
    }
}

impl From<&FieldName> for FieldElement {
    fn from(field: &FieldName) -> Self {
        Self { id: field.id.clone(), name: field.name.clone() }
    }
}
