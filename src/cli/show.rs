//! `waypost show`: what the server would answer for an address.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{ConfigArgument, FINDING, complain, print};
use crate::address::EmailAddress;
use crate::config::nearest;
use crate::directory::{Directory, Found};
use crate::profile::{Profile, Protocol, Server};

#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    config: ConfigArgument,

    /// The e-mail address somebody would type
    address: EmailAddress,

    /// A table for people, or the exact bytes for a mail program
    #[arg(long = "as", value_name = "FORM", default_value = "settings")]
    form: Form,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    Settings,
    Autoconfig,
    Autodiscover,
}

impl Show {
    pub fn run(self) -> ExitCode {
        let (_, config) = match self.config.load() {
            Ok(loaded) => loaded,
            Err(error) => return complain(&error),
        };
        let Some(Found { entry, domain, .. }) = config.directory.find_address(self.address.domain(), None)
        else {
            eprintln!("{}", not_ours(&self.address, &config.directory));
            return ExitCode::from(FINDING);
        };
        let text = match self.form {
            Form::Settings => settings(&entry.profile, &self.address),
            Form::Autoconfig => utf8(&entry.documents.autoconfig.fill(domain)),
            Form::Autodiscover => utf8(&entry.documents.autodiscover.fill(&self.address)),
        };
        print(&text);
        ExitCode::SUCCESS
    }
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn not_ours(address: &EmailAddress, directory: &Directory) -> String {
    let domain = address.domain().as_str();
    let hint = match nearest(domain, directory.domains().map(AsRef::as_ref)) {
        Some(near) => format!("did you mean {near}?"),
        None => "a profile names its domains in `domains` or `domains_file`".to_owned(),
    };
    format!("error: {domain} is not a domain of any profile\nhint: {hint}")
}

/// The settings a person would type.
fn settings(profile: &Profile, address: &EmailAddress) -> String {
    let mut rows = vec![["", "Server", "Port", "Security", "User name", ""].map(str::to_owned)];
    let mut seen: Vec<Protocol> = Vec::new();
    for server in profile.servers() {
        rows.push(row(server, address, seen.contains(&server.protocol)));
        seen.push(server.protocol);
    }
    let mut text = format!("{} ({})\n\n", profile.display_name.as_str(), address.domain());
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if profile.preferred(Protocol::Pop3).is_some_and(|pop3| pop3.pop3.leave_messages_on_server) {
        text.push_str("\nPOP3: leave messages on the server\n");
    }
    for (what, size) in [("Mailbox", profile.limits.mailbox), ("Message", profile.limits.message)] {
        if let Some(size) = size {
            let _ = writeln!(text, "{what}: at most {size}");
        }
    }
    text
}

fn row(server: &Server, address: &EmailAddress, is_alternative: bool) -> [String; 6] {
    [
        server.protocol.to_string(),
        server.hostname.for_domain(address.domain()),
        server.port.to_string(),
        server.socket_type.for_people().to_owned(),
        server.username.login_name(address).to_string(),
        if is_alternative { "alternative".to_owned() } else { String::new() },
    ]
}
