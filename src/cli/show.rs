//! `waypost show`: what the server answers for an address, and what a mail client makes of it.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use super::config_argument::ConfigArgument;
use super::output::{could_not_run, errors_found, not_served, print};
use super::table::table;
use crate::address::EmailAddress;
use crate::check::{ClientResult, ProtocolResult, simulate};
use crate::clients::{ALL, Endpoint};
use crate::config::Config;
use crate::directory::ProfileMatch;
use crate::documents::RenderedProfile;
use crate::documents::accept_language::Languages;
use crate::documents::mobileconfig::UnsupportedProfile;
use crate::documents::pacc;
use crate::profile::{Authentication, Authentications, Profile, Protocol, Server};

#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    config: ConfigArgument,

    /// The e-mail address
    address: EmailAddress,

    /// A table, or the exact document that a mail program receives
    #[arg(long = "as", value_name = "FORM", default_value = "settings", conflicts_with = "client")]
    form: Form,

    /// With `--as autoconfig`: all servers of the profile, not only those that every client accepts
    #[arg(long)]
    all_servers: bool,

    /// Show the account that this mail program configures
    #[arg(long, value_name = "NAME", ignore_case = true, value_parser = PossibleValuesParser::new(client_ids()))]
    client: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Settings,
    Autoconfig,
    Autodiscover,
    Mobileconfig,
    Pacc,
}

/// The ids of all clients, without repetitions.
fn client_ids() -> Vec<&'static str> {
    let mut ids: Vec<&str> = Vec::new();
    for client in ALL {
        if !ids.contains(&client.id) {
            ids.push(client.id);
        }
    }
    ids
}

impl Show {
    pub fn run(self) -> Result<ExitCode, ExitCode> {
        if self.all_servers && (self.form != Form::Autoconfig || self.client.is_some()) {
            let hint = "without --as, the table shows all servers";
            return Err(could_not_run("--all-servers needs --as autoconfig", Some(hint)));
        }
        let config = self.config.load(Config::load)?;
        // The name of an MX host finds its profile, as it does for a client that asks that host.
        let name = self.address.domain();
        let found = config.directory.find_address(name, Some(name));
        let ProfileMatch { entry, domain, .. } = found.ok_or_else(|| not_served(name, &config.directory))?;
        if let Some(id) = &self.client {
            return Ok(print(&client(id, entry, &self.address), ExitCode::SUCCESS));
        }
        let text = match self.form {
            Form::Settings => settings(&entry.profile, &self.address),
            Form::Autoconfig if self.all_servers => utf8(&entry.documents.all_servers.fill(domain)),
            Form::Autoconfig => utf8(&entry.documents.autoconfig.fill(domain)),
            Form::Autodiscover => utf8(&entry.documents.autodiscover.fill(&self.address)),
            Form::Mobileconfig => mobileconfig(entry, &self.address).map_err(|reason| {
                unsupported(&format!("there is no Apple profile for {}: {reason}", self.address))
            })?,
            Form::Pacc => {
                let document = entry.documents.pacc.as_ref();
                utf8(&document.ok_or_else(|| unsupported(&no_pacc(&entry.profile)))?.fill(domain))
            }
        };
        Ok(print(&text, ExitCode::SUCCESS))
    }
}

/// Without a signature: the server signs each answer.
fn mobileconfig(entry: &RenderedProfile, address: &EmailAddress) -> Result<String, UnsupportedProfile> {
    let config = entry.documents.mobileconfig.as_ref().map_err(|reason| *reason)?;
    Ok(utf8(&config.for_address(address, &Languages::default())))
}

fn no_pacc(profile: &Profile) -> String {
    let reasons: Vec<_> = pacc::omissions(profile).iter().map(ToString::to_string).collect();
    format!("PACC can express nothing of `{}`: {}", profile.id, reasons.join("; "))
}

fn unsupported(error: &str) -> ExitCode {
    errors_found(error, Some("`waypost check` shows the place and the remedy"))
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The settings as a person would type them.
fn settings(profile: &Profile, address: &EmailAddress) -> String {
    // The authentication column is shown only if a server needs more than a password.
    let has_methods = profile.servers().any(|server| server.authentication != Authentications::default());
    let log_in = if has_methods { "Log-in" } else { "" };
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
    let mut text = format!("{} ({})\n\n", profile.display_name.as_str(), address.domain());
    text += &table(&rows);
    let services = &profile.services;
    let mut more = String::new();
    if profile.preferred(Protocol::Pop3).is_some_and(|pop3| pop3.pop3.leave_messages_on_server) {
        more += "POP3: leave messages on the server\n";
    }
    for (what, size) in [("Mailbox", profile.limits.mailbox), ("Message", profile.limits.message)] {
        if let Some(size) = size {
            let _ = writeln!(more, "{what}: at most {size}");
        }
    }
    for server in &services.others {
        let urls = [&server.url, &server.owa_url, &server.ews_url, &server.eas_url].into_iter().flatten();
        let mut where_to: Vec<_> = urls.map(ToString::to_string).collect();
        where_to.extend(server.hostname.as_ref().map(|host| host.for_domain(address.domain())));
        let _ = writeln!(more, "{}: {}", server.kind.into_str(), where_to.join(", "));
    }
    let web = [
        ("Calendar", &services.calendars),
        ("Address book", &services.addressbooks),
        ("Files", &services.file_shares),
    ];
    for (what, service) in web.into_iter().flat_map(|(what, list)| list.iter().map(move |s| (what, s))) {
        let _ = writeln!(more, "{what}: {}", service.url);
    }
    if let Some(sieve) = &services.sieve {
        let _ = writeln!(more, "Filters: {}:{}", sieve.hostname.for_domain(address.domain()), sieve.port);
    }
    if let Some(oauth2) = &services.oauth2 {
        let _ = writeln!(more, "OAuth2: {}", oauth2.issuer);
    }
    if let Some(page) = services.webmail.as_ref().and_then(|webmail| webmail.login_page.as_ref()) {
        let _ = writeln!(more, "Webmail: {page}");
    }
    for enable in &services.enable {
        let why = enable.instruction.first().map_or("to be visited first", |reason| &reason.text);
        let _ = writeln!(more, "First: {} ({why})", enable.url);
    }
    for page in &profile.documentation {
        let text = page.descr.first().map_or(String::new(), |descr| format!(" ({})", descr.text));
        let _ = writeln!(more, "Help: {}{text}", page.url);
    }
    if more.is_empty() { text } else { text + "\n" + &more }
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

/// The account that a mail client configures, from each format that it reads.
fn client(id: &str, entry: &RenderedProfile, address: &EmailAddress) -> String {
    let mut text = String::new();
    for client in ALL.into_iter().filter(|client| client.id.eq_ignore_ascii_case(id)) {
        let row = simulate(client, &entry.profile, &entry.documents, address);
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "{client}, by {}", client.format);
        match &row.outcome {
            Err(reason) => {
                let _ = writeln!(text, "gives up: {reason}");
            }
            Ok(account) => {
                let mut rows =
                    vec![["", "Server", "Port", "Security", "User name", "Log-in", ""].map(str::to_owned)];
                for (protocol, cell) in ClientResult::PROTOCOLS.into_iter().zip(&row.protocols) {
                    match account.get(protocol) {
                        Some(endpoint) => rows.push(endpoint_row(protocol, endpoint, cell)),
                        None if *cell == ProtocolResult::Missing => {
                            let mut row: [String; 7] = Default::default();
                            (row[0], row[1]) = (protocol.to_string(), cell.to_string());
                            rows.push(row);
                        }
                        None => {}
                    }
                }
                text += &table(&rows);
            }
        }
    }
    text
}

fn endpoint_row(protocol: Protocol, endpoint: &Endpoint, cell: &ProtocolResult) -> [String; 7] {
    let verdict = match cell {
        ProtocolResult::Preferred => "as preferred".to_owned(),
        other => other.to_string(),
    };
    [
        protocol.to_string(),
        endpoint.hostname.clone(),
        endpoint.port.to_string(),
        endpoint.security.to_string(),
        endpoint.username.clone().unwrap_or_else(|| "asks".to_owned()),
        endpoint.method.to_string(),
        verdict,
    ]
}
