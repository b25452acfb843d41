//! The settings of an address as a table for people.

use std::fmt::Write as _;

use crate::address::EmailAddress;
use crate::cli::table::table;
use crate::profile::{Authentication, Authentications, Profile, Protocol, Server};

/// The settings as a person would type them, with all placeholders filled in.
pub fn settings(profile: &Profile, address: &EmailAddress) -> String {
    let mut text = format!("{} ({})\n\n", profile.display_name.as_str(), address.domain());
    text += &servers(profile, address);
    let more = services(profile, address);
    if more.is_empty() { text } else { text + "\n" + &more }
}

fn servers(profile: &Profile, address: &EmailAddress) -> String {
    // The authentication column is shown only if a server needs more than a password.
    let has_methods = profile.servers().any(|server| server.authentication != Authentications::default());
    let log_in = if has_methods { "Authentication" } else { "" };
    let mut rows = vec![["", "Server", "Port", "Security", "User name", log_in, ""].map(str::to_owned)];
    for server in profile.servers() {
        let mut row = row(server, address, !profile.prefers(server));
        if has_methods {
            let words: Vec<_> =
                server.authentication.as_slice().iter().map(Authentication::into_str).collect();
            row[5] = words.join(", ");
        }
        rows.push(row);
    }
    table(&rows)
}

fn row(server: &Server, address: &EmailAddress, is_alternative: bool) -> [String; 7] {
    [
        server.protocol.to_string(),
        server.hostname.for_domain(address.domain()),
        server.port.to_string(),
        server.socket_type.label().to_owned(),
        server.username.login_name(address),
        String::new(),
        if is_alternative { "alternative".to_owned() } else { String::new() },
    ]
}

/// Limits, other services and pages, one a line.
fn services(profile: &Profile, address: &EmailAddress) -> String {
    let services = &profile.services;
    let mut text = String::new();
    if profile.preferred(Protocol::Pop3).is_some_and(|pop3| pop3.pop3.leave_messages_on_server) {
        text += "POP3: leave messages on the server\n";
    }
    for (what, size) in [("Mailbox", profile.limits.mailbox), ("Message", profile.limits.message)] {
        if let Some(size) = size {
            let _ = writeln!(text, "{what}: at most {size}");
        }
    }
    for server in &services.others {
        let urls = [&server.url, &server.owa_url, &server.ews_url, &server.eas_url].into_iter().flatten();
        let mut places: Vec<_> = urls.map(|url| url.for_address(address).to_string()).collect();
        places.extend(server.hostname.as_ref().map(|host| host.for_domain(address.domain())));
        let _ = writeln!(text, "{}: {}", server.kind.into_str(), places.join(", "));
    }
    let web = [
        ("Calendar", &services.calendars),
        ("Address book", &services.addressbooks),
        ("Files", &services.file_shares),
    ];
    for (what, service) in web.into_iter().flat_map(|(what, list)| list.iter().map(move |s| (what, s))) {
        let _ = writeln!(text, "{what}: {}", service.url.for_address(address));
    }
    if let Some(sieve) = &services.sieve {
        let _ = writeln!(text, "Filters: {}:{}", sieve.hostname.for_domain(address.domain()), sieve.port);
    }
    if let Some(oauth2) = &services.oauth2 {
        let _ = writeln!(text, "OAuth2: {}", oauth2.issuer);
    }
    if let Some(page) = services.webmail.as_ref().and_then(|webmail| webmail.login_page.as_ref()) {
        let _ = writeln!(text, "Webmail: {}", page.for_address(address));
    }
    for enable in &services.enable {
        let why = enable.instruction.first().map_or("visit this page first", |reason| &reason.text);
        let _ = writeln!(text, "First: {} ({why})", enable.url.for_address(address));
    }
    for page in &profile.documentation {
        let descr = page.descr.first().map_or(String::new(), |descr| format!(" ({})", descr.text));
        let _ = writeln!(text, "Help: {}{descr}", page.url.for_address(address));
    }
    text
}
