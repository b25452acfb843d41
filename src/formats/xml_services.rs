//! A profile's services beside IMAP, POP3 and SMTP, in Mozilla's format.

use super::values::Line;
use super::xml_provider::{Port, Provider, boolean};
use crate::diagnostics::problem::InvalidValue;
use crate::diagnostics::toml_table::{FromText, Written};
use crate::profile::{
    Enable, FieldName, LoginPageInfo, Mechanism, OAuth2, OtherKind, OtherServer, Services, Username,
    WebService, Webmail,
};
use crate::xml::tree::Element;

/// Reads what stands at the root, and `enable` in either place where it is found.
pub fn read(provider: &mut Provider, root: Element, email_provider: Element) -> Services {
    let enable = email_provider.children("enable").chain(root.children("enable"));
    Services {
        others: Vec::new(),
        calendars: web_services(provider, root, &["calendar"]),
        addressbooks: web_services(provider, root, &["addressbook", "addressBook"]),
        file_shares: web_services(provider, root, &["fileShare"]),
        oauth2: provider
            .single(root, "oAuth2")
            .or(None)
            .and_then(|element| provider.whole(element, |provider| oauth2(provider, element))),
        webmail: provider
            .single(root, "webMail")
            .or(None)
            .and_then(|element| provider.whole(element, |provider| Some(webmail(provider, element)))),
        enable: enable
            .filter_map(|element| provider.whole(element, |provider| self::enable(provider, element)))
            .collect(),
        sieve: None,
    }
}

fn value<T: FromText>(provider: &mut Provider, parent: Element, name: &str) -> Option<T> {
    match provider.written(parent, name, T::from_text) {
        Written::Right(placed) => Some(placed.value),
        Written::Absent | Written::Wrong => None,
    }
}

fn line(provider: &mut Provider, element: Element, attribute: &str) -> Option<String> {
    let text = element.attribute(attribute)?;
    let name = format!("the {attribute} of <{}>", element.name());
    provider.read(element, &name, text, Line::from_text).map(|line| line.value.0)
}

/// Methods as they stand; one with a mistake is left out.
fn mechanisms(provider: &mut Provider, server: Element) -> Vec<Mechanism> {
    let mut mechanisms = Vec::new();
    for element in server.children("authentication") {
        let text = element.text();
        let text = match element.attribute("system") {
            Some(system) => format!("{system}:{}", text.trim()),
            None => text.into_owned(),
        };
        let read = provider.read(element, "<authentication>", &text, Mechanism::from_text);
        mechanisms.extend(read.map(|mechanism| mechanism.value));
    }
    mechanisms
}

pub fn other_server(provider: &mut Provider, element: Element, kind: OtherKind, after: usize) -> OtherServer {
    let switch = provider.written(element, "useGlobalPreferredServer", boolean);
    OtherServer {
        kind,
        after,
        url: value(provider, element, "url"),
        hostname: value(provider, element, "hostname"),
        port: value::<Port>(provider, element, "port").map(|port| port.0),
        socket_type: value(provider, element, "socketType"),
        authentication: mechanisms(provider, element),
        username: value(provider, element, "username").unwrap_or_default(),
        owa_url: value(provider, element, "owaURL"),
        ews_url: value(provider, element, "ewsURL"),
        eas_url: value(provider, element, "easURL"),
        use_global_preferred_server: switch.right().map(|switch| switch.value),
    }
}

fn web_services(provider: &mut Provider, root: Element, tags: &[&str]) -> Vec<WebService> {
    let mut services = Vec::new();
    for element in root.elements().filter(|element| tags.contains(&element.name())) {
        services.extend(provider.whole(element, |provider| web_service(provider, element)));
    }
    services
}

fn web_service(provider: &mut Provider, element: Element) -> Option<WebService> {
    provider.known(element, (&["url", "serverURL", "authentication", "username"], &[]));
    let kind = element.attribute("type").unwrap_or_default();
    let name = format!("the type of <{}>", element.name());
    let kind = provider.read(element, &name, kind, FromText::from_text);
    // What early drafts called it (reference/autoconfig 2.4, 4).
    let tag = match (element.child("url"), element.child("serverURL")) {
        (Some(_), Some(again)) => {
            provider.complain(again, InvalidValue::new("<serverURL> stands beside <url>", "leave <url>"));
            "url"
        }
        (None, Some(_)) => "serverURL",
        (_, None) => "url",
    };
    let url = provider.required(element, tag);
    let authentication = mechanisms(provider, element);
    let username = value::<Username>(provider, element, "username").unwrap_or_default();
    Some(WebService { kind: kind?.value, url: url?.value, authentication, username })
}

fn oauth2(provider: &mut Provider, element: Element) -> Option<OAuth2> {
    provider.known(element, (&["issuer", "scope", "authURL", "tokenURL", "clientID", "clientSecret"], &[]));
    let issuer = provider.required::<Line>(element, "issuer");
    let scope = provider.required::<Line>(element, "scope");
    let auth_url = provider.required(element, "authURL");
    let token_url = provider.required(element, "tokenURL");
    let client_id = value::<Line>(provider, element, "clientID").map(|line| line.0);
    let client_secret = value::<Line>(provider, element, "clientSecret").map(|line| line.0);
    Some(OAuth2 {
        issuer: issuer?.value.0,
        scope: scope?.value.0,
        auth_url: auth_url?.value,
        token_url: token_url?.value,
        client_id,
        client_secret,
    })
}

fn webmail(provider: &mut Provider, element: Element) -> Webmail {
    provider.known(element, (&["loginPage", "loginPageInfo"], &[]));
    let login_page =
        provider.single(element, "loginPage").or(None).and_then(|page| provider.address(page, "url"));
    let login_page_info =
        provider.single(element, "loginPageInfo").or(None).and_then(|info| login_page_info(provider, info));
    Webmail { login_page, login_page_info }
}

fn login_page_info(provider: &mut Provider, element: Element) -> Option<LoginPageInfo> {
    provider.known(element, (&["username", "usernameField", "passwordField", "loginButton"], &[]));
    let mut field = |name| {
        let element = provider.single(element, name).or(None)?;
        Some(FieldName { id: line(provider, element, "id"), name: line(provider, element, "name") })
    };
    let (username_field, password_field) = (field("usernameField"), field("passwordField"));
    let login_button = field("loginButton");
    let username = value(provider, element, "username").unwrap_or_default();
    let wait_for_redirection_url_prefix = line(provider, element, "waitForRedirectionURLPrefix");
    let url = provider.address(element, "url")?;
    Some(LoginPageInfo {
        url,
        wait_for_redirection_url_prefix,
        username,
        username_field,
        password_field,
        login_button,
    })
}

fn enable(provider: &mut Provider, element: Element) -> Option<Enable> {
    provider.known(element, (&["instruction"], &[]));
    let url = provider.address(element, "visiturl");
    let instruction = provider.languages(element, "instruction");
    Some(Enable { url: url?, instruction })
}
