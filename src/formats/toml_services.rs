//! A profile's services beside IMAP, POP3 and SMTP, in our own format.

use super::translations::languages;
use super::values::Line;
use crate::diagnostics::Problem;
use crate::diagnostics::problem::Located;
use crate::diagnostics::toml_table::{FromText, Table};
use crate::profile::{
    Enable, FieldName, HttpUrl, LoginPageInfo, Mechanism, OAuth2, OtherKind, OtherServer, Services, Sieve,
    Username, WebService, Webmail,
};

/// Takes every service's keys out of a profile's table.
pub fn read(table: &mut Table, problems: &mut Vec<Problem>) -> Services {
    Services {
        others: Vec::new(),
        calendars: web_services(table, "calendar", "[[calendar]]", problems),
        addressbooks: web_services(table, "addressbook", "[[addressbook]]", problems),
        file_shares: web_services(table, "file_share", "[[file_share]]", problems),
        oauth2: table.table("oauth2", "[oauth2]", problems).and_then(|table| oauth2(table, problems)),
        webmail: webmail_of(table, problems),
        enable: table
            .tables("enable", "[[enable]]", problems)
            .into_iter()
            .filter_map(|table| enable(table, problems))
            .collect(),
        sieve: table.table("sieve", "[sieve]", problems).and_then(|table| sieve(table, problems)),
    }
}

fn value<T: FromText>(table: &mut Table, key: &'static str, problems: &mut Vec<Problem>) -> Option<T> {
    table.optional(key, problems).map(|placed: Located<T>| placed.value)
}

fn mechanisms(table: &mut Table, problems: &mut Vec<Problem>) -> Vec<Mechanism> {
    table.list("authentication", problems).into_iter().map(|method| method.value).collect()
}

/// An `[[incoming]]` that is neither imap nor pop3.
pub fn other_server(
    mut table: Table,
    kind: OtherKind,
    after: usize,
    problems: &mut Vec<Problem>,
) -> OtherServer {
    let server = OtherServer {
        kind,
        after,
        url: value(&mut table, "url", problems),
        hostname: value(&mut table, "hostname", problems),
        port: table.optional("port", problems).map(|port| port.value),
        socket_type: value(&mut table, "socket_type", problems),
        authentication: mechanisms(&mut table, problems),
        username: value(&mut table, "username", problems).unwrap_or_default(),
        owa_url: value(&mut table, "owa_url", problems),
        ews_url: value(&mut table, "ews_url", problems),
        eas_url: value(&mut table, "eas_url", problems),
        use_global_preferred_server: table
            .optional("use_global_preferred_server", problems)
            .map(|switch| switch.value),
    };
    table.finish(problems);
    server
}

/// Every `[[jmap]]`: an `[[incoming]]` of that type with nothing but a URL, behind all others.
pub fn jmap(table: &mut Table, after: usize, problems: &mut Vec<Problem>) -> Vec<Located<OtherServer>> {
    let tables = table.tables("jmap", "[[jmap]]", problems);
    let server = |mut table: Table| {
        let place = table.place();
        let url = table.required("url", "\"https://jmap.example.com/session\"", problems);
        let authentication = mechanisms(&mut table, problems);
        let username = value::<Username>(&mut table, "username", problems).unwrap_or_default();
        table.finish(problems);
        let url = Some(url?.value);
        Some(Located {
            value: OtherServer { url, authentication, username, ..OtherServer::new(OtherKind::Jmap, after) },
            place,
        })
    };
    tables.into_iter().filter_map(server).collect()
}

fn sieve(mut table: Table, problems: &mut Vec<Problem>) -> Option<Sieve> {
    let hostname = table.required("hostname", "\"sieve.example.com\"", problems);
    let port = table.written("port", problems).or(Some(Sieve::PORT));
    table.finish(problems);
    Some(Sieve { hostname: hostname?.value, port: port? })
}

fn web_services(
    table: &mut Table,
    key: &'static str,
    title: &'static str,
    problems: &mut Vec<Problem>,
) -> Vec<WebService> {
    let tables = table.tables(key, title, problems);
    tables.into_iter().filter_map(|table| web_service(table, problems)).collect()
}

fn web_service(mut table: Table, problems: &mut Vec<Problem>) -> Option<WebService> {
    let kind = table.required("type", "\"caldav\"", problems);
    let url = table.required("url", "\"https://dav.example.com/\"", problems);
    let authentication = mechanisms(&mut table, problems);
    let username = value::<Username>(&mut table, "username", problems).unwrap_or_default();
    table.finish(problems);
    Some(WebService { kind: kind?.value, url: url?.value, authentication, username })
}

fn oauth2(mut table: Table, problems: &mut Vec<Problem>) -> Option<OAuth2> {
    let issuer = table.required::<Line>("issuer", "\"example.com\"", problems);
    let scope = table.required::<Line>("scope", "\"mail\"", problems);
    let auth_url = table.required("auth_url", "\"https://login.example.com/authorize\"", problems);
    let token_url = table.required("token_url", "\"https://login.example.com/token\"", problems);
    let client_id = value::<Line>(&mut table, "client_id", problems).map(|line| line.0);
    let client_secret = value::<Line>(&mut table, "client_secret", problems).map(|line| line.0);
    table.finish(problems);
    Some(OAuth2 {
        issuer: issuer?.value.0,
        scope: scope?.value.0,
        auth_url: auth_url?.value,
        token_url: token_url?.value,
        client_id,
        client_secret,
    })
}

/// `webmail = "https://..."` is the page where people log in; `[webmail]` has room for more.
fn webmail_of(table: &mut Table, problems: &mut Vec<Problem>) -> Option<Webmail> {
    let value = table.take("webmail")?;
    if value.is_table() {
        return value.table("webmail", "[webmail]", problems).map(|table| webmail(table, problems));
    }
    let login_page = value.read::<HttpUrl>("webmail", problems)?.value;
    Some(Webmail { login_page: Some(login_page), login_page_info: None })
}

fn webmail(mut table: Table, problems: &mut Vec<Problem>) -> Webmail {
    let webmail = Webmail {
        login_page: value(&mut table, "login_page", problems),
        login_page_info: table
            .table("login_page_info", "[webmail.login_page_info]", problems)
            .and_then(|table| login_page_info(table, problems)),
    };
    table.finish(problems);
    webmail
}

fn login_page_info(mut table: Table, problems: &mut Vec<Problem>) -> Option<LoginPageInfo> {
    let url = table.required::<HttpUrl>("url", "\"https://mail.example.com/\"", problems);
    let mut field = |key, title| {
        let mut table = table.table(key, title, problems)?;
        let name = FieldName {
            id: value::<Line>(&mut table, "id", problems).map(|line| line.0),
            name: value::<Line>(&mut table, "name", problems).map(|line| line.0),
        };
        table.finish(problems);
        Some(name)
    };
    let username_field = field("username_field", "[webmail.login_page_info.username_field]");
    let password_field = field("password_field", "[webmail.login_page_info.password_field]");
    let login_button = field("login_button", "[webmail.login_page_info.login_button]");
    let username = value(&mut table, "username", problems).unwrap_or_default();
    let prefix = value::<Line>(&mut table, "wait_for_redirection_url_prefix", problems).map(|line| line.0);
    table.finish(problems);
    Some(LoginPageInfo {
        url: url?.value,
        wait_for_redirection_url_prefix: prefix,
        username,
        username_field,
        password_field,
        login_button,
    })
}

fn enable(mut table: Table, problems: &mut Vec<Problem>) -> Option<Enable> {
    let url = table.required("url", "\"https://mail.example.com/settings\"", problems);
    let instruction = languages(&mut table, "instruction", "[enable.instruction]", problems);
    table.finish(problems);
    Some(Enable { url: url?.value, instruction })
}
