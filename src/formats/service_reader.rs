//! Reads a profile's services other than IMAP, POP3 and SMTP.

use super::parsed_profile::{AnyServer, UrlLocations};
use super::translations::languages;
use super::usernames::username;
use super::values::Line;
use crate::diagnostics::Location;
use crate::diagnostics::problem::Located;
use crate::diagnostics::table::Table;
use crate::profile::{
    Enable, FieldName, LoginPageInfo, OAuth2, OtherKind, OtherServer, Services, Sieve, WebService, Webmail,
};

/// Takes the keys of every service out of a profile's table, with the locations of the URLs that lints report.
pub fn read(table: &mut Table) -> (Services, UrlLocations) {
    let (calendars, calendar_urls) = web_services(table, "calendar", "[[calendar]]");
    let (addressbooks, addressbook_urls) = web_services(table, "addressbook", "[[addressbook]]");
    let (file_shares, _) = web_services(table, "file_share", "[[file_share]]");
    let services = Services {
        others: Vec::new(),
        calendars,
        addressbooks,
        file_shares,
        oauth2: table.section("oauth2", "[oauth2]", oauth2),
        webmail: webmail(table),
        enable: table.sections("enable", "[[enable]]", enable),
        sieve: table.section("sieve", "[sieve]", sieve),
    };
    (services, UrlLocations { calendars: calendar_urls, addressbooks: addressbook_urls })
}

/// The services of a kind, and the locations of their URLs.
fn web_services(
    table: &mut Table,
    key: &'static str,
    title: &'static str,
) -> (Vec<WebService>, Vec<Location>) {
    let located = |table: &mut Table| {
        let location = table.location_of("url");
        Some((web_service(table)?, location))
    };
    table.sections(key, title, located).into_iter().unzip()
}

/// An `[[incoming]]` that is neither imap nor pop3.
pub fn other_server(table: &mut Table, kind: OtherKind) -> OtherServer {
    OtherServer {
        kind,
        after: 0,
        url: table.optional("url"),
        hostname: table.optional("hostname"),
        port: table.optional("port"),
        socket_type: table.optional("socket_type"),
        authentication: table.values("authentication"),
        username: username(table),
        owa_url: table.optional("owa_url"),
        ews_url: table.optional("ews_url"),
        eas_url: table.optional("eas_url"),
        use_global_preferred_server: table.optional("use_global_preferred_server"),
    }
}

/// Every `[[jmap]]`: an `[[incoming]]` of that type with nothing but a URL, behind all others.
pub fn jmap(table: &mut Table) -> Vec<Located<AnyServer>> {
    table.sections("jmap", "[[jmap]]", |table| {
        let url = table.required("url", "\"https://jmap.example.com/session\"");
        let authentication = table.values("authentication");
        let username = username(table);
        let url = Some(url?);
        let kind = OtherKind::Jmap;
        let server = OtherServer { kind, url, authentication, username, ..OtherServer::default() };
        Some(Located { value: AnyServer::Other(server), location: table.location() })
    })
}

fn sieve(table: &mut Table) -> Option<Sieve> {
    let hostname = table.required("hostname", "\"sieve.example.com\"");
    let port = table.optional("port").unwrap_or(Sieve::PORT);
    Some(Sieve { hostname: hostname?, port })
}

fn web_service(table: &mut Table) -> Option<WebService> {
    let kind = table.required("type", "\"caldav\"");
    let url = table.required("url", "\"https://dav.example.com/\"");
    let authentication = table.values("authentication");
    let username = username(table);
    Some(WebService { kind: kind?, url: url?, authentication, username })
}

fn line(table: &mut Table, key: &'static str) -> Option<String> {
    table.optional(key).map(|Line(line)| line)
}

fn oauth2(table: &mut Table) -> Option<OAuth2> {
    let issuer = table.required_located::<Line>("issuer", "\"https://login.example.com\"");
    let scope = table.required::<Line>("scope", "\"mail\"");
    let auth_url = table.required("auth_url", "\"https://login.example.com/authorize\"");
    let token_url = table.required("token_url", "\"https://login.example.com/token\"");
    let client_id = line(table, "client_id");
    let client_secret = line(table, "client_secret");
    let Located { value: Line(issuer), location } = issuer?;
    // RFC 8414, 2: an issuer is an https URL. The hosts of old files are kept.
    if !issuer.starts_with("https://") {
        let rest = issuer.split_once("://").map_or(issuer.as_str(), |(_, rest)| rest);
        let message = format!("the issuer `{issuer}` does not begin with https://; write `https://{rest}`");
        table.problems().note(location, message, "PACC and other formats require a URL (RFC 8414, 2)");
    }
    Some(OAuth2 {
        issuer,
        scope: scope?.0,
        auth_url: auth_url?,
        token_url: token_url?,
        client_id,
        client_secret,
    })
}

/// `webmail = "https://..."` is the page where people log in; `[webmail]` has room for more.
fn webmail(table: &mut Table) -> Option<Webmail> {
    let value = table.take("webmail")?;
    if !value.is_table() {
        return Some(Webmail { login_page: Some(value.read()?.value), login_page_info: None });
    }
    value.section("[webmail]", |table| {
        let login_page = table.optional("login_page");
        let title = "[webmail.login_page_info]";
        Some(Webmail {
            login_page,
            login_page_info: table.section("login_page_info", title, login_page_info),
        })
    })
}

fn login_page_info(table: &mut Table) -> Option<LoginPageInfo> {
    let url = table.required("url", "\"https://mail.example.com/\"");
    let mut field = |key, title| {
        table
            .section(key, title, |table| Some(FieldName { id: line(table, "id"), name: line(table, "name") }))
    };
    let username_field = field("username_field", "[webmail.login_page_info.username_field]");
    let password_field = field("password_field", "[webmail.login_page_info.password_field]");
    let login_button = field("login_button", "[webmail.login_page_info.login_button]");
    let username = username(table);
    Some(LoginPageInfo {
        wait_for_redirection_url_prefix: line(table, "wait_for_redirection_url_prefix"),
        url: url?,
        username,
        username_field,
        password_field,
        login_button,
    })
}

fn enable(table: &mut Table) -> Option<Enable> {
    let url = table.required("url", "\"https://mail.example.com/settings\"");
    let instruction = languages(table, "instruction", "[enable.instruction]");
    Some(Enable { url: url?, instruction })
}
