//! Reads a profile from a table, which is the same for every format.

use std::collections::HashSet;
use std::io::ErrorKind;
use std::path::Path;

use strum::VariantNames as _;

use super::DomainPatterns;
use super::domain_list;
use super::foreign_words;
use super::parsed_profile::{AnyServer, Hints, ParsedProfile, ProfileFields, Servers};
use super::service_reader;
use super::translations::languages;
use super::usernames::username;
use super::values::{Days, Minutes};
use crate::diagnostics::Problems;
use crate::diagnostics::problem::{Located, Source, list, suggest};
use crate::diagnostics::table::Table;
use crate::files::SourceFiles;
use crate::files::read::hint;
use crate::profile::{
    Authentication, Authentications, Documentation, Logo, MailLimits, MobileConfigTexts, MtaSts, OtherKind,
    PageSettings, Pop3Options, Protocol, Server, UnknownValue,
};

/// Reads a profile. The table's problems are those of this file only.
pub fn read(mut table: Table, source: &Source, inputs: &SourceFiles, hints: &Hints) -> ParsedProfile {
    let problems = table.problems();
    let fields = fields(&mut table, source, inputs);
    table.finish();
    ParsedProfile::new(fields, hints, problems)
}

/// Reads the fields of a profile, as far as they are valid.
pub fn fields(table: &mut Table, source: &Source, inputs: &SourceFiles) -> ProfileFields {
    let problems = table.problems();
    let id = table.required_located("id", "\"example.com\"");
    let display_name = table.required_located("display_name", "\"Example Mail\"");
    let has_short_name = table.has("display_short_name");
    let display_short_name = table.located("display_short_name");
    let mark = problems.mark();
    let mut domain_patterns: DomainPatterns = table.list("domains").into_iter().collect();
    if let Some(file) = table.located::<String>("domains_file") {
        add_domains_file(&mut domain_patterns, source, &file, inputs, problems);
    }
    let mx_hosts = table.list("mx_hosts");
    let is_misplaced = ["domains", "domains_file", "mx_hosts"].iter().any(|key| table.is_misplaced(key));
    let is_misspelt = domain_patterns.is_empty() && mx_hosts.is_empty() && table.has_similar("domains");
    let has_invalid_domains = is_misplaced || is_misspelt || problems.has_errors_since(mark);
    let mut incoming = servers(table, "incoming", "[[incoming]]");
    incoming.valid.extend(service_reader::jmap(table));
    let outgoing = servers(table, "outgoing", "[[outgoing]]");
    let page = table.section("page", "[page]", |table| Some(page(table, source, &domain_patterns, inputs)));
    let texts = table.section("mobileconfig", "[mobileconfig]", |table| Some(mobileconfig(table)));
    let (services, service_urls) = service_reader::read(table);
    ProfileFields {
        location: table.location(),
        id,
        display_name,
        display_short_name,
        has_short_name,
        domain_patterns,
        mx_hosts,
        has_invalid_domains,
        incoming,
        outgoing,
        documentation: table.sections("documentation", "[[documentation]]", documentation),
        limits: table.section("limits", "[limits]", |table| Some(limits(table))).unwrap_or_default(),
        services,
        service_urls,
        mobileconfig: texts.unwrap_or_default(),
        page: page.unwrap_or_default(),
        mta_sts: table.section("mta_sts", "[mta_sts]", mta_sts),
    }
}

fn servers(table: &mut Table, key: &'static str, title: &'static str) -> Servers {
    let mark = table.problems().mark();
    let mut is_missing = !table.has_similar(key);
    let servers = table.all_sections(key, title, |table| {
        let value = match kind(table, key) {
            Some(Kind::Other(kind)) => AnyServer::Other(service_reader::other_server(table, kind)),
            kind => {
                is_missing = false;
                AnyServer::Mail(server(table, kind)?)
            }
        };
        Some(Located { value, location: table.location() })
    });
    let is_unreadable = servers.is_empty() && table.problems().has_errors_since(mark);
    let valid = servers.into_iter().flatten().collect();
    Servers { valid, is_missing: is_missing && !is_unreadable }
}

/// What a server's `type` says.
#[derive(Clone, Copy)]
enum Kind {
    Mail(Protocol),
    Other(OtherKind),
}

/// Reads every key, also if the type is invalid.
fn server(table: &mut Table, kind: Option<Kind>) -> Option<Server> {
    let hostname = table.required("hostname", "\"mail.example.com\"");
    let is_smtp = matches!(kind, Some(Kind::Mail(Protocol::Smtp)));
    let port = table.required("port", if is_smtp { "465" } else { "993" });
    let socket_type = table.required("socket_type", "\"SSL\"");
    let authentication = authentication(table);
    let username = username(table);
    let protocol = match kind {
        Some(Kind::Mail(protocol)) => Some(protocol),
        _ => None,
    };
    let pop3 = table.confined(|table| pop3(table, protocol));
    Some(Server {
        protocol: protocol?,
        hostname: hostname?,
        port: port?,
        socket_type: socket_type?,
        authentication: authentication?,
        username,
        pop3,
    })
}

fn kind(table: &mut Table, key: &str) -> Option<Kind> {
    let is_outgoing = key == "outgoing";
    let example = if is_outgoing { "\"smtp\"" } else { "\"imap\"" };
    let label = table.label("type");
    let Located { value, location } = table.required_located::<String>("type", example)?;
    let read = if is_outgoing { Protocol::outgoing(&value) } else { Protocol::incoming(&value) };
    let UnknownValue(words) = match (read, value.parse()) {
        (Ok(protocol), _) => return Some(Kind::Mail(protocol)),
        (Err(_), Ok(kind)) if !is_outgoing => return Some(Kind::Other(kind)),
        (Err(unknown), _) => unknown,
    };
    let known = if is_outgoing { words.to_vec() } else { [words, OtherKind::VARIANTS].concat() };
    let message = format!("{label} is `{value}`, which is not {}", list(&known));
    let hint = if let Some(section) = other_section(&value) {
        format!("write [[{section}]] instead of [[{key}]]")
    } else if Protocol::outgoing(&value).is_ok() {
        "an SMTP server is an outgoing server".to_owned()
    } else if Protocol::incoming(&value).is_ok() {
        "IMAP and POP3 servers are incoming servers".to_owned()
    } else {
        match foreign_words::server_type(&value) {
            Some(word) if known.contains(&word) => format!("write \"{word}\""),
            Some("smtp") => "an SMTP server is an outgoing server of type \"smtp\"".to_owned(),
            Some(word) => format!("write [[incoming]] and type = \"{word}\""),
            None => suggest(&value, &known),
        }
    };
    table.problems().error(location, message, hint);
    None
}

/// The section of a service that is not a mail server.
fn other_section(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "caldav" | "calendar" => "calendar",
        "carddav" | "addressbook" => "addressbook",
        "webdav" => "file_share",
        _ => return None,
    })
}

/// The default if the key is missing. Invalid methods are left out, if there are valid ones.
fn authentication(table: &mut Table) -> Option<Authentications> {
    if !table.has("authentication") {
        return Some(Authentications::default());
    }
    let (problems, location) = (table.problems(), table.location_of("authentication"));
    let mark = problems.mark();
    let methods = Authentications::new(table.values::<Authentication>("authentication"));
    if methods.is_some() {
        problems.confine(mark);
    } else if !problems.has_errors_since(mark) {
        problems.error(
            location,
            "`authentication` is empty",
            "write authentication = [\"password-cleartext\"], or remove the key: that is the default",
        );
    }
    methods
}

fn pop3(table: &mut Table, protocol: Option<Protocol>) -> Pop3Options {
    const LEAVE: &str = "leave_messages_on_server";
    const DAYS: &str = "days_to_leave_messages_on_server";
    const BIFF: &str = "download_on_biff";
    const CHECK: &str = "check_interval_minutes";

    if protocol.is_some_and(|protocol| protocol != Protocol::Pop3) {
        for key in [LEAVE, DAYS, BIFF, CHECK] {
            if let Some(value) = table.take(key) {
                let message = format!("`{key}` is for POP3 servers only");
                table.problems().error(value.location(), message, "remove it, or move it to the POP3 server");
            }
        }
    }
    let default = Pop3Options::default();
    Pop3Options {
        leave_messages_on_server: table.optional(LEAVE).unwrap_or(default.leave_messages_on_server),
        days_to_leave_messages_on_server: (table.optional(DAYS))
            .map_or(default.days_to_leave_messages_on_server, |Days(days)| days),
        download_on_biff: table.optional(BIFF).unwrap_or(default.download_on_biff),
        check_interval_minutes: table.optional(CHECK).map(|Minutes(minutes)| minutes),
    }
}

fn documentation(table: &mut Table) -> Option<Located<Documentation>> {
    let url = table.required("url", "\"https://www.example.com/help\"");
    let descr = languages(table, "descr", "[documentation.descr]");
    Some(Located { value: Documentation { url: url?, descr }, location: table.location() })
}

fn mobileconfig(table: &mut Table) -> MobileConfigTexts {
    MobileConfigTexts {
        consent: languages(table, "consent", "[mobileconfig.consent]"),
        description: languages(table, "description", "[mobileconfig.description]"),
    }
}

/// The largest logo: it is sent to every person.
const LARGEST_LOGO: u64 = 200_000;

fn page(
    table: &mut Table,
    source: &Source,
    domain_patterns: &DomainPatterns,
    inputs: &SourceFiles,
) -> PageSettings {
    let color = table.optional("color");
    let logo = table.located::<String>("logo").and_then(|file| {
        logo(source, &file.value, inputs)
            .map_err(|(message, hint)| table.problems().error(file.location, message, hint))
            .ok()
    });
    let shows_domains = table.optional("show_domains").unwrap_or(false);
    let mut listed = HashSet::new();
    let shown = shows_domains.then(|| domain_patterns.iter()).into_iter().flatten();
    let exact = shown.filter_map(|pattern| pattern.value.exact().cloned());
    let domains = exact.filter(|domain| listed.insert(domain.clone())).collect();
    PageSettings { color, logo, domains }
}

fn logo(source: &Source, file: &str, inputs: &SourceFiles) -> Result<Logo, (String, &'static str)> {
    let path = source.file.parent().unwrap_or(Path::new("")).join(file);
    inputs.watch(&path);
    let format = crate::files::extension(&path).and_then(|extension| extension.parse().ok());
    let format = format.ok_or_else(|| {
        (format!("`logo` `{file}` is not an image file"), "use an .svg, .png, .webp or .jpg file")
    })?;
    let content = inputs.read_bytes(&path, LARGEST_LOGO).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => {
            let message = format!("`logo` {} has more than {LARGEST_LOGO} bytes", path.display());
            (message, "make the file smaller; each visitor of the setup page downloads it")
        }
        _ => {
            let message = format!("`logo` {} cannot be read: {error}", path.display());
            (message, "check the path; it is relative to the profile's folder")
        }
    })?;
    Ok(Logo { format, content: content.into() })
}

fn mta_sts(table: &mut Table) -> Option<MtaSts> {
    let mark = table.problems().mark();
    let mode = table.required("mode", "\"testing\"");
    let mx = table.values("mx");
    let max_age = table.optional("max_age_seconds").unwrap_or_default();
    if table.problems().has_errors_since(mark) {
        return None;
    }
    MtaSts::new(mode?, mx, max_age)
        .map_err(|error| {
            let hint = "write mx = [\"mx1.example.net\", \"*.mx.example.net\"]; without MX hosts, an \
                        enforced policy stops all incoming mail";
            table.problems().error(table.location(), format!("`mx` is missing in [mta_sts]: {error}"), hint);
        })
        .ok()
}

fn limits(table: &mut Table) -> MailLimits {
    MailLimits { mailbox: table.optional("mailbox"), message: table.optional("message") }
}

/// Adds the list of domains beside the profile.
fn add_domains_file(
    domain_patterns: &mut DomainPatterns,
    profile: &Source,
    file: &Located<String>,
    inputs: &SourceFiles,
    problems: &Problems,
) {
    let path = profile.file.parent().unwrap_or(Path::new("")).join(&file.value);
    domain_list::read(&path, domain_patterns, inputs, problems).unwrap_or_else(|error| {
        let message = format!("`domains_file` {} cannot be read: {error}", path.display());
        let hint = hint(&error, "check the path; it is relative to the profile's folder");
        problems.error(file.location.clone(), message, hint);
    });
}
