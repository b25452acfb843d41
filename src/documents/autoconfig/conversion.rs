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
        provider.documentation = elements(&profile.documentation, documentation);
        provider.documentation.iter_mut().flat_map(|page| &mut page.descr).for_each(omit_undetermined);
        config.addressbook = elements(&services.addressbooks, service);
        config.calendar = elements(&services.calendars, service);
        config.file_share = elements(&services.file_shares, service);
        config.enable = elements(&services.enable, enable);
        config.web_mail = services.webmail.as_ref().map(web_mail);
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
                documentation: elements(
                    profile.documentation.iter().filter(|page| !page.descr.is_empty()),
                    documentation,
                ),
            },
            addressbook: accepted_services(profile, &profile.services.addressbooks),
            calendar: accepted_services(profile, &profile.services.calendars),
            file_share: accepted_services(profile, &profile.services.file_shares),
            // Three clients require all four of its children, which it always has (2.1).
            o_auth2: profile.services.oauth2.as_ref().map(oauth2),
            enable: Vec::new(),
            web_mail: None,
        }
    }
}

fn elements<T, E>(values: impl IntoIterator<Item = T>, element: impl Fn(T) -> E) -> Vec<E> {
    values.into_iter().map(element).collect()
}

/// The services at the root that every client skips (item 27). FairEmail uses the last user name in the document for
/// all servers, so a service with another user name is left out.
fn accepted_services(profile: &Profile, services: &[WebService]) -> Vec<ServiceElement> {
    let has_same_username =
        |service: &&WebService| profile.servers().all(|server| server.username == service.username);
    elements(services.iter().filter(has_same_username), service)
}

/// Removes the language if the profile does not name it.
fn omit_undetermined(descr: &mut Descr) {
    descr.lang.take_if(|lang| lang == Description::UNDETERMINED);
}

fn other_servers(
    servers: &[OtherServer],
    is_position: impl Fn(usize) -> bool,
) -> impl Iterator<Item = ServerElement> {
    servers.iter().filter(move |server| is_position(server.after)).map(other_server)
}

impl ServerElement {
    /// All methods in the order of the file, and all POP3 options.
    fn with_all_methods(server: &Server) -> Self {
        let has_options = server.protocol == Protocol::Pop3 && server.pop3 != Pop3Options::default();
        Self {
            authentication: elements(server.authentication.as_slice().iter().copied(), method),
            pop3: has_options.then(|| pop3(server.pop3)),
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
            authentication: elements(server.authentication.published(), method),
            // The client replaces the placeholders, so that no response contains an address (3.2, 5).
            username: Some(server.username.as_str().to_owned()),
            // No client reads `checkInterval`, and it has an attribute (item 20).
            pop3: Some(Pop3Options { check_interval_minutes: None, ..server.pop3 })
                .filter(|options| *options != Pop3Options::default())
                .map(pop3),
            ..Self::default()
        }
    }
}

fn pop3(options: Pop3Options) -> Pop3Element {
    Pop3Element {
        leave_messages_on_server: Some(options.leave_messages_on_server.to_string()),
        download_on_biff: Some(options.download_on_biff.to_string()),
        days_to_leave_messages_on_server: Some(options.days_to_leave_messages_on_server.to_string()),
        check_interval: options
            .check_interval_minutes
            .map(|minutes| CheckInterval { minutes: minutes.to_string() }),
    }
}

fn documentation(documentation: &Documentation) -> DocumentationElement {
    DocumentationElement {
        url: documentation.url.as_str().to_owned(),
        descr: elements(&documentation.descr, descr),
    }
}

fn other_server(server: &OtherServer) -> ServerElement {
    ServerElement {
        protocol: server.kind.into_str().to_owned(),
        hostname: server.hostname.as_ref().map(|hostname| with_markers(hostname.pieces())),
        port: server.port.map(|port| port.to_string()),
        socket_type: server.socket_type.map(|socket_type| socket_type.into_str().to_owned()),
        authentication: elements(&server.authentication, mechanism),
        username: Some(server.username.as_str().to_owned()),
        url: server.url.as_ref().map(ToString::to_string),
        owa_url: server.owa_url.as_ref().map(ToString::to_string),
        ews_url: server.ews_url.as_ref().map(ToString::to_string),
        eas_url: server.eas_url.as_ref().map(ToString::to_string),
        use_global_preferred_server: server.use_global_preferred_server.map(|switch| switch.to_string()),
        ..ServerElement::default()
    }
}

fn method(method: Authentication) -> AuthenticationElement {
    AuthenticationElement { system: None, method: method.into_str().to_owned() }
}

fn mechanism(mechanism: &Mechanism) -> AuthenticationElement {
    AuthenticationElement {
        system: mechanism.system.as_ref().map(|system| system.as_str().to_owned()),
        method: mechanism.method.as_str().to_owned(),
    }
}

fn service(service: &WebService) -> ServiceElement {
    ServiceElement {
        kind: service.kind.as_str().to_owned(),
        url: service.url.to_string(),
        authentication: elements(&service.authentication, mechanism),
        username: Some(service.username.as_str().to_owned()),
    }
}

fn oauth2(oauth2: &OAuth2) -> OAuth2Element {
    OAuth2Element {
        issuer: oauth2.issuer.clone(),
        scope: oauth2.scope.clone(),
        auth_url: oauth2.auth_url.to_string(),
        token_url: oauth2.token_url.to_string(),
        client_id: oauth2.client_id.clone(),
        client_secret: oauth2.client_secret.clone(),
    }
}

fn enable(enable: &Enable) -> EnableElement {
    let mut instruction = elements(&enable.instruction, descr);
    instruction.iter_mut().for_each(omit_undetermined);
    EnableElement { visit_url: enable.url.to_string(), instruction }
}

fn descr(description: &Description) -> Descr {
    Descr { lang: Some(description.lang.clone()), text: description.text.clone() }
}

fn web_mail(webmail: &Webmail) -> WebMailElement {
    WebMailElement {
        login_page: webmail.login_page.as_ref().map(|url| PageElement { url: url.to_string() }),
        login_page_info: webmail.login_page_info.as_ref().map(login_page_info),
    }
}

fn login_page_info(info: &LoginPageInfo) -> LoginPageInfoElement {
    LoginPageInfoElement {
        url: info.url.to_string(),
        wait_for_redirection_url_prefix: info.wait_for_redirection_url_prefix.clone(),
        username: Some(info.username.as_str().to_owned()),
        username_field: info.username_field.as_ref().map(field),
        password_field: info.password_field.as_ref().map(field),
        login_button: info.login_button.as_ref().map(field),
    }
}

fn field(field: &FieldName) -> FieldElement {
    FieldElement { id: field.id.clone(), name: field.name.clone() }
}
