//! `waypost show`: the settings of an address, the documents that the server answers, and the account that a mail
//! program configures.

mod client;
mod settings;

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};

use self::client::{ClientReport, client_ids};
use super::config_argument::ConfigArgument;
use super::output::{could_not_run, errors_found, exit_code, not_served, print};
use super::sql_list::{self, Access};
use crate::address::EmailAddress;
use crate::clients::Response;
use crate::config::Config;
use crate::directory::ProfileMatch;
use crate::documents::RenderedProfile;
use crate::documents::accept_language::Languages;
use crate::documents::mobileconfig::UnsupportedProfile;
use crate::documents::pacc;
use crate::files::read::{LARGEST_TEXT, read};
use crate::page::{Settings, SetupTarget};
use crate::profile::Profile;

#[derive(Debug, Args)]
#[command(after_help = after_help())]
pub struct Show {
    #[command(flatten)]
    config: ConfigArgument,

    /// The email address
    address: EmailAddress,

    /// The format of the output
    #[arg(long = "as", value_name = "FORMAT", default_value = "settings", conflicts_with = "client")]
    form: Form,

    /// With --as autoconfig: print all servers of the profile
    #[arg(long)]
    all_servers: bool,

    /// Predict the account in this mail program; the names are below
    #[arg(
        long,
        value_name = "NAME",
        ignore_case = true,
        value_parser = PossibleValuesParser::new(client_names()),
        hide_possible_values = true
    )]
    client: Option<String>,

    /// With --client: read this response of any server,
    /// not the configuration; - means standard input
    #[arg(long, value_name = "FILE", requires = "client", verbatim_doc_comment)]
    document: Option<PathBuf>,

    /// With --document: the Content-Type of the response;
    /// "" means no header [default: text/xml; charset=utf-8]
    #[arg(
        long,
        value_name = "TYPE",
        requires = "document",
        default_value = "text/xml; charset=utf-8",
        verbatim_doc_comment,
        hide_default_value = true
    )]
    content_type: String,

    /// With --document: the status of the response
    /// [default: 200]
    #[arg(
        long,
        value_name = "NUMBER",
        requires = "document",
        default_value_t = 200,
        value_parser = clap::value_parser!(u16).range(100..=599),
        hide_default_value = true
    )]
    status: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A table with all servers of the profile
    Settings,
    /// The same settings as JSON
    Json,
    /// The document for Mozilla autoconfig
    Autoconfig,
    /// The document for Microsoft Autodiscover
    Autodiscover,
    /// The Apple profile (.mobileconfig), without a signature
    Mobileconfig,
    /// The document for PACC (Provider Auto-Configuration for Clients)
    Pacc,
}

/// A name that `--client` accepts only to name another option: Apple devices have no client model.
const APPLE: &str = "apple";

/// The values of `--client`.
fn client_names() -> Vec<PossibleValue> {
    let apple = PossibleValue::new(APPLE).hide(true);
    client_ids().into_iter().map(PossibleValue::new).chain([apple]).collect()
}

/// The names of the mail programs, and examples, in lines of at most 80 characters.
fn after_help() -> String {
    let mut text = "Mail programs:".to_owned();
    let mut width = usize::MAX;
    for id in client_ids() {
        if width.saturating_add(id.len()) > 76 {
            text += "\n ";
            width = 1;
        }
        text.extend([" ", id]);
        width += 1 + id.len();
    }
    text + "\n\nExamples:
  waypost show jane@example.com
  waypost show jane@example.com --as autodiscover
  waypost show jane@example.com --as autoconfig --all-servers
  waypost show jane@example.com --client thunderbird
  curl -s https://autoconfig.example.com/mail/config-v1.1.xml |
    waypost show jane@example.com --client kmail --document -

Exit codes:
  0  There is a result
  1  The domain is in no profile, the profile has no document in this format,
     or the mail program configures no account
  2  The command could not run"
}

impl Show {
    pub fn run(self) -> Result<ExitCode, ExitCode> {
        if self.client.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(APPLE)) {
            let hint = "--as mobileconfig shows the Apple profile";
            return Err(could_not_run("there is no client model for Apple devices", Some(hint)));
        }
        if self.all_servers && (self.form != Form::Autoconfig || self.client.is_some()) {
            let hint = "add --as autoconfig; the table without --as shows all servers";
            return Err(could_not_run("--all-servers needs --as autoconfig", Some(hint)));
        }
        if let (Some(id), Some(path)) = (&self.client, &self.document) {
            return self.client_on_document(id, path);
        }
        let mut config = self.config.load(Config::load)?;
        // A file counts before the database.
        let is_in_file = config.directory.is_listed(self.address.domain().as_str());
        let list = if is_in_file { None } else { sql_list::add_to(&mut config, Access::Online) };
        // The name of an MX host finds its profile, as it does for a client that asks that host.
        let name = self.address.domain();
        let found = config.directory.find_address(name, Some(name));
        if let Some(list) = &list {
            // Without a list, it is unknown whether the domain is served.
            if found.is_none() { list.require()? } else { list.warn() }
        }
        let found = found.ok_or_else(|| not_served(name, &config.directory))?;
        if let Some(id) = &self.client {
            return Ok(print_client(&client::of_profile(id, found.entry, &self.address)));
        }
        Ok(print(&self.document(&config, &found)?, ExitCode::SUCCESS))
    }

    /// Runs a client model on the answer of another server.
    fn client_on_document(&self, id: &str, path: &Path) -> Result<ExitCode, ExitCode> {
        let body = read_document(path).map_err(|error| {
            let name = if is_standard_input(path) { "standard input".into() } else { path.to_string_lossy() };
            could_not_run(&format!("{name} cannot be read: {error}"), None)
        })?;
        let content_type = Some(self.content_type.as_str()).filter(|text| !text.is_empty());
        let response = Response { status: self.status, content_type, body: &body };
        Ok(print_client(&client::of_document(id, &response, &self.address)))
    }

    /// The text of `--as`.
    fn document(&self, config: &Config, found: &ProfileMatch) -> Result<String, ExitCode> {
        let ProfileMatch { entry, domain, .. } = *found;
        Ok(match self.form {
            Form::Settings => settings::settings(&entry.profile, &self.address),
            Form::Json => self.json(config, entry),
            Form::Autoconfig if self.all_servers => utf8(&entry.documents.all_servers.fill(domain)),
            Form::Autoconfig => utf8(&entry.documents.autoconfig.fill(domain)),
            Form::Autodiscover => utf8(&entry.documents.autodiscover.fill(&self.address)),
            Form::Mobileconfig => mobileconfig(entry, &self.address).map_err(|reason| {
                unsupported(&format!("Waypost serves no Apple profile for {}: {reason}", self.address))
            })?,
            Form::Pacc => {
                let document = entry.documents.pacc.as_ref();
                utf8(&document.ok_or_else(|| unsupported(&no_pacc(&entry.profile)))?.fill(domain))
            }
        })
    }

    /// The document of `/setup.json`. The link to Apple's profile is that of `public_url`, or of the host that mail
    /// programs ask.
    fn json(&self, config: &Config, entry: &RenderedProfile) -> String {
        let public_url = config.settings.public_url.as_ref().map(ToString::to_string);
        let host = public_url.unwrap_or_else(|| format!("https://autoconfig.{}", self.address.domain()));
        utf8(&Settings::of(entry, &SetupTarget::Address(self.address.clone()), Some(&host)).to_json()) + "\n"
    }
}

fn print_client(report: &ClientReport) -> ExitCode {
    print(&report.text, exit_code(!report.has_account))
}

fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn read_document(path: &Path) -> io::Result<Vec<u8>> {
    if !is_standard_input(path) {
        return read(path, LARGEST_TEXT);
    }
    let mut body = Vec::new();
    io::stdin().lock().take(LARGEST_TEXT + 1).read_to_end(&mut body)?;
    if body.len() as u64 > LARGEST_TEXT {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too large"));
    }
    Ok(body)
}

/// Without a signature: the server signs each answer.
fn mobileconfig(entry: &RenderedProfile, address: &EmailAddress) -> Result<String, UnsupportedProfile> {
    let config = entry.documents.mobileconfig.as_ref().map_err(|reason| *reason)?;
    Ok(utf8(&config.for_address(address, &Languages::default())))
}

fn no_pacc(profile: &Profile) -> String {
    let reasons: Vec<_> = pacc::omissions(profile).iter().map(ToString::to_string).collect();
    format!("PACC cannot express any service of `{}`: {}", profile.id, reasons.join("; "))
}

fn unsupported(error: &str) -> ExitCode {
    errors_found(error, Some("run `waypost check` to see the location and a hint"))
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
