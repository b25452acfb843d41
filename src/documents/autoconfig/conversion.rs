//! From a profile to the elements of its autoconfig documents.

use super::elements::{
    AuthenticationElement, CheckInterval, ClientConfig, Descr, DocumentationElement, DomainElement,
    EmailProvider, EnableElement, FieldElement, LoginPageInfoElement, OAuth2Element, PageElement,
    Pop3Element, ServerElement, ServiceElement, WebMailElement,
};
use crate::documents::response_template::{DOMAIN, with_markers};
use crate::profile::{
    Authentication, Description, Documentation, Enable, FieldName, LoginPageInfo, Mechanism, OAuth2,
    OtherServer, Pop3Options, Profile, Protocol, Server, WebService, Webmail,
};

impl ClientConfig {
    /// Every server, authentication method and section of a profile.
    pub fn with_all_servers(profile: &Profile) -> Self {
        let services = &profile.services;
        let mut incoming: Vec<ServerElement> = Vec::new();
        for (i, server) in profile.incoming().iter().enumerate() {
            incoming.extend(other_servers(&services.others, |after| after == i));
            incoming.push(ServerElement::with_all_methods(server));
        }
        incoming.extend(other_servers(&services.others, |after| after >= profile.incoming().len()));
        let mut config = Self::from(profile);
        let provider = &mut config.email_provider;
        provider.display_name = Some(profile.display_name.as_str().to_owned());
        provider.display_short_name = Some(profile.display_short_name.as_str().to_owned());
        provider.incoming_server = incoming;
        provider.outgoing_server = profile.outgoing().iter().map(ServerElement::with_all_methods).collect();
        provider.documentation = elements(&profile.documentation);
        provider.documentation.iter_mut().flat_map(|page| &mut page.descr).for_each(omit_undetermined);
        config.addressbook = elements(&services.addressbooks);
        config.calendar = elements(&services.calendars);
        config.file_share = elements(&services.file_shares);
        config.enable = elements(&services.enable);
        config.web_mail = services.webmail.as_ref().map(WebMailElement::from);
        config
    }
}

impl From<&Profile> for ClientConfig {
    fn from(profile: &Profile) -> Self {
        let (outgoing_server, incoming_server) =
            profile.defaults().map(ServerElement::from).partition(|server| server.protocol == "smtp");
        Self {
            // All clients also accept 1.2 of the draft, but this document uses nothing of it.
            version: "1.1".to_owned(),
            email_provider: EmailProvider {
                id: profile.id.to_string(),
                // Only the requested domain (item 22; DESIGN, decision 4).
                domain: vec![DomainElement { purpose: None, name: DOMAIN.to_string() }],
                display_name: Some(profile.display_name.without_ampersand()),
                display_short_name: Some(profile.display_short_name.without_ampersand()),
                incoming_server,
                outgoing_server,
                // One client rejects a page without a description (item 35).
                documentation: elements(profile.documentation.iter().filter(|page| !page.descr.is_empty())),
            },
            addressbook: accepted_services(profile, &profile.services.addressbooks),
            calendar: accepted_services(profile, &profile.services.calendars),
            file_share: accepted_services(profile, &profile.services.file_shares),
            // Three clients require all four of its children, which it always has (2.1).
            o_auth2: profile.services.oauth2.as_ref().map(OAuth2Element::from),
            enable: Vec::new(),
            web_mail: None,
        }
    }
}

fn elements<T, E: From<T>>(values: impl IntoIterator<Item = T>) -> Vec<E> {
    values.into_iter().map(E::from).collect()
}

/// The services at the root that every client skips (item 27). FairEmail uses the last user name in the document for
/// all servers, so a service with another user name is left out.
fn accepted_services(profile: &Profile, services: &[WebService]) -> Vec<ServiceElement> {
    let has_same_username =
        |service: &&WebService| profile.servers().all(|server| server.username == service.username);
    elements(services.iter().filter(has_same_username))
}

/// Removes the language if the profile does not name it.
fn omit_undetermined(descr: &mut Descr) {
    descr.lang.take_if(|lang| lang == Description::UNDETERMINED);
}

fn other_servers(
    servers: &[OtherServer],
    is_position: impl Fn(usize) -> bool,
) -> impl Iterator<Item = ServerElement> {
    servers.iter().filter(move |server| is_position(server.after)).map(ServerElement::from)
}

impl ServerElement {
    /// All methods in the order of the file, and all POP3 options.
    fn with_all_methods(server: &Server) -> Self {
        let has_options = server.protocol == Protocol::Pop3 && server.pop3 != Pop3Options::default();
        Self {
            authentication: elements(server.authentication.as_slice().iter().copied()),
            pop3: has_options.then(|| Pop3Element::from(server.pop3)),
            ..Self::from(server)
        }
    }
}

impl From<&Server> for ServerElement {
    fn from(server: &Server) -> Self {
        Self {
            protocol: server.protocol.into_str().to_owned(),
            // Waypost replaces `%EMAILDOMAIN%`: eight clients would connect to `imap.%EMAILDOMAIN%` (2.1).
            hostname: Some(with_markers(server.hostname.pieces())),
            port: Some(server.port.to_string()),
            socket_type: Some(server.socket_type.into_str().to_owned()),
            authentication: elements(server.authentication.published()),
            // The client replaces the placeholders, so that no response contains an address (3.2, 5).
            username: Some(server.username.as_str().to_owned()),
            // No client reads `checkInterval`, and it has an attribute (item 20).
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
        Self { url: documentation.url.as_str().to_owned(), descr: elements(&documentation.descr) }
    }
}

impl From<&OtherServer> for ServerElement {
    fn from(server: &OtherServer) -> Self {
        Self {
            protocol: server.kind.into_str().to_owned(),
            hostname: server.hostname.as_ref().map(|hostname| with_markers(hostname.pieces())),
            port: server.port.map(|port| port.to_string()),
            socket_type: server.socket_type.map(|socket_type| socket_type.into_str().to_owned()),
            authentication: elements(&server.authentication),
            username: Some(server.username.as_str().to_owned()),
            url: server.url.as_ref().map(ToString::to_string),
            owa_url: server.owa_url.as_ref().map(ToString::to_string),
            ews_url: server.ews_url.as_ref().map(ToString::to_string),
            eas_url: server.eas_url.as_ref().map(ToString::to_string),
            use_global_preferred_server: server.use_global_preferred_server.map(|switch| switch.to_string()),
            ..Self::default()
        }
    }
}

impl From<Authentication> for AuthenticationElement {
    fn from(method: Authentication) -> Self {
        Self { system: None, method: method.into_str().to_owned() }
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
            authentication: elements(&service.authentication),
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
        let mut instruction = elements(&enable.instruction);
        instruction.iter_mut().for_each(omit_undetermined);
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
