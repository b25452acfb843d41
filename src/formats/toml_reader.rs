//! A profile in our own format, TOML.

use std::io::ErrorKind;
use std::path::Path;

use strum::VariantNames as _;

use super::parsed_profile::{Hints, ParsedProfile, ProfileFields};
use super::toml_services as services_toml;
use super::translations::languages;
use super::values::{Days, Minutes};
use crate::diagnostics::problem::{Located, Source, list, suggest};
use crate::diagnostics::toml_table::{FromText, Table};
use crate::diagnostics::{Location, Problem};
use crate::directory::DomainPattern;
use crate::files::SourceFiles;
use crate::files::read::LARGEST_LIST;
use crate::profile::{
    Authentication, Authentications, Documentation, Logo, MailLimits, MaxAge, MobileConfigTexts, MtaSts,
    OtherKind, OtherServer, PageSettings, Pop3Options, Protocol, Server, UnknownValue, Username,
};

const HINTS: Hints = Hints {
    short_name: "write display_short_name = \"...\", at most 20 characters",
    domains: "list its mail domains: domains = [\"example.com\"], or name a domains_file",
    incoming: "add an [[incoming]] server with type \"imap\" or \"pop3\"",
    outgoing: "add an [[outgoing]] server with type \"smtp\"",
};

/// Reads a profile file, and what is wrong with it.
pub fn read(source: &Source, inputs: &SourceFiles) -> (ParsedProfile, Vec<Problem>) {
    let mut problems = Vec::new();
    let draft = match Table::parse(source) {
        (table, None) => from_table(table, source, inputs, &mut problems),
        (_, Some(malformed)) => {
            problems.push(malformed);
            ParsedProfile::unreadable(source)
        }
    };
    (draft, problems)
}

fn from_table(
    mut table: Table,
    source: &Source,
    inputs: &SourceFiles,
    problems: &mut Vec<Problem>,
) -> ParsedProfile {
    let place = table.place();
    let id = table.required("id", "\"example.com\"", problems);
    let display_name = table.required("display_name", "\"Example Mail\"", problems);
    let display_short_name = table.written("display_short_name", problems);
    let so_far = problems.len();
    let mut domain_patterns = table.list::<DomainPattern>("domains", problems);
    if let Some(file) = table.optional::<String>("domains_file", problems) {
        domain_patterns.extend(domains_file(source, &file, inputs, problems));
    }
    let mx_hosts = table.list("mx_hosts", problems);
    let has_wrong_names = problems.len() > so_far;
    let (incoming, mut others) = servers(&mut table, "incoming", "[[incoming]]", problems);
    let (outgoing, _) = servers(&mut table, "outgoing", "[[outgoing]]", problems);
    let documentation = table
        .tables("documentation", "[[documentation]]", problems)
        .into_iter()
        .filter_map(|table| documentation(table, problems))
        .collect();
    let limits = table
        .table("limits", "[limits]", problems)
        .map_or_else(MailLimits::default, |table| limits(table, problems));
    let services = services_toml::read(&mut table, problems);
    others.extend(services_toml::jmap(&mut table, incoming.len(), problems));
    let mobileconfig = table
        .table("mobileconfig", "[mobileconfig]", problems)
        .map_or_else(MobileConfigTexts::default, |table| mobileconfig(table, problems));
    let page = table
        .table("page", "[page]", problems)
        .map_or_else(PageSettings::default, |table| page(table, source, &domain_patterns, inputs, problems));
    let mta_sts = table.table("mta_sts", "[mta_sts]", problems).and_then(|table| mta_sts(table, problems));
    table.finish(problems);
    let parts = ProfileFields {
        place,
        id,
        display_name,
        display_short_name,
        domain_patterns,
        mx_hosts,
        has_wrong_names,
        incoming,
        outgoing,
        others,
        documentation,
        limits,
        services,
        mobileconfig,
        page,
        mta_sts,
    };
    ParsedProfile::new(parts, &HINTS, problems)
}

/// Servers in their order; none for one with a mistake. Those of other protocols are apart, with
/// their place among the rest.
type Servers = (Vec<Option<Located<Server>>>, Vec<Located<OtherServer>>);

fn servers(
    table: &mut Table,
    key: &'static str,
    title: &'static str,
    problems: &mut Vec<Problem>,
) -> Servers {
    let so_far = problems.len();
    let tables = table.tables(key, title, problems);
    if tables.is_empty() && problems.len() > so_far {
        // There is something, if not a server.
        return (vec![None], Vec::new());
    }
    let (mut servers, mut others) = (Vec::new(), Vec::new());
    for mut table in tables {
        match protocol(&mut table, key, problems) {
            Some(Kind::Other(kind)) => {
                let place = table.place();
                let value = services_toml::other_server(table, kind, servers.len(), problems);
                others.push(Located { value, place });
            }
            Some(Kind::Mail(protocol)) => servers.push(server(table, Some(protocol), problems)),
            None => servers.push(server(table, None, problems)),
        }
    }
    (servers, others)
}

/// What a server's `type` says.
enum Kind {
    Mail(Protocol),
    Other(OtherKind),
}

/// Reads every key, also where the type is wrong.
fn server(
    mut table: Table,
    protocol: Option<Protocol>,
    problems: &mut Vec<Problem>,
) -> Option<Located<Server>> {
    let place = table.place();
    let hostname = table.required("hostname", "\"mail.example.com\"", problems);
    let port = table.required("port", "993", problems);
    let socket_type = table.required("socket_type", "\"SSL\"", problems);
    let authentication = authentication(&mut table, problems);
    let username = table.written::<Username>("username", problems).or(Some(Username::default()));
    let pop3 = pop3(&mut table, protocol, problems);
    table.finish(problems);
    let value = Server {
        protocol: protocol?,
        hostname: hostname?.value,
        port: port?.value,
        socket_type: socket_type?.value,
        authentication: authentication?,
        username: username?,
        pop3: pop3?,
    };
    Some(Located { value, place })
}

fn protocol(table: &mut Table, key: &str, problems: &mut Vec<Problem>) -> Option<Kind> {
    let sends = key == "outgoing";
    let example = if sends { "\"smtp\"" } else { "\"imap\"" };
    let Located { value, place } = table.required::<String>("type", example, problems)?;
    let read = if sends { Protocol::outgoing(&value) } else { Protocol::incoming(&value) };
    let UnknownValue(words) = match (read, value.parse()) {
        (Ok(protocol), _) => return Some(Kind::Mail(protocol)),
        (Err(_), Ok(kind)) if !sends => return Some(Kind::Other(kind)),
        (Err(unknown), _) => unknown,
    };
    let known = if sends { words.to_vec() } else { [words, OtherKind::VARIANTS].concat() };
    let message = format!("`type` is `{value}`, which is not {}", list(&known));
    let hint = if Protocol::outgoing(&value).is_ok() {
        "an SMTP server belongs under [[outgoing]]".to_owned()
    } else if Protocol::incoming(&value).is_ok() {
        "an IMAP or POP3 server belongs under [[incoming]]".to_owned()
    } else {
        suggest(&value, &known)
    };
    problems.push(Problem::error(place, message, hint));
    None
}

/// None when a method has a mistake; the default when the key is missing.
fn authentication(table: &mut Table, problems: &mut Vec<Problem>) -> Option<Authentications> {
    if !table.has("authentication") {
        return Some(Authentications::default());
    }
    let so_far = problems.len();
    let place = table.place_of("authentication");
    let methods: Vec<_> =
        table.list::<Authentication>("authentication", problems).into_iter().map(|m| m.value).collect();
    if problems.len() > so_far {
        return None;
    }
    let methods = Authentications::new(methods);
    if methods.is_none() {
        problems.push(Problem::error(
            place,
            "`authentication` is empty",
            "write authentication = [\"password-cleartext\"], or leave the key out, which means the same",
        ));
    }
    methods
}

/// None when a key has a mistake.
fn pop3(table: &mut Table, protocol: Option<Protocol>, problems: &mut Vec<Problem>) -> Option<Pop3Options> {
    const LEAVE: &str = "leave_messages_on_server";
    const DAYS: &str = "days_to_leave_messages_on_server";
    const BIFF: &str = "download_on_biff";
    const CHECK: &str = "check_interval_minutes";

    let so_far = problems.len();
    let default = Pop3Options::default();
    let leave = table.optional::<bool>(LEAVE, problems);
    let days = table.optional::<Days>(DAYS, problems);
    let biff = table.optional::<bool>(BIFF, problems);
    let check = table.optional::<Minutes>(CHECK, problems);
    let places = [
        (LEAVE, leave.as_ref().map(|p| p.place.clone())),
        (DAYS, days.as_ref().map(|p| p.place.clone())),
        (BIFF, biff.as_ref().map(|p| p.place.clone())),
        (CHECK, check.as_ref().map(|p| p.place.clone())),
    ];
    if protocol.is_some_and(|protocol| protocol != Protocol::Pop3) {
        for (key, place) in places.into_iter().filter_map(|(key, place)| Some((key, place?))) {
            let message = format!("`{key}` is for POP3 servers only");
            problems.push(Problem::error(place, message, "remove it, or move it to the pop3 server"));
        }
    }
    (problems.len() == so_far).then_some(Pop3Options {
        leave_messages_on_server: leave.map_or(default.leave_messages_on_server, |p| p.value),
        days_to_leave_messages_on_server: days
            .map_or(default.days_to_leave_messages_on_server, |p| p.value.0),
        download_on_biff: biff.map_or(default.download_on_biff, |p| p.value),
        check_interval_minutes: check.map(|p| p.value.0),
    })
}

fn documentation(mut table: Table, problems: &mut Vec<Problem>) -> Option<Located<Documentation>> {
    let place = table.place();
    let url = table.required("url", "\"https://www.example.com/help\"", problems);
    let descr = languages(&mut table, "descr", "[documentation.descr]", problems);
    table.finish(problems);
    Some(Located { value: Documentation { url: url?.value, descr }, place })
}

fn mobileconfig(mut table: Table, problems: &mut Vec<Problem>) -> MobileConfigTexts {
    let texts = MobileConfigTexts {
        consent: languages(&mut table, "consent", "[mobileconfig.consent]", problems),
        description: languages(&mut table, "description", "[mobileconfig.description]", problems),
    };
    table.finish(problems);
    texts
}

/// The largest logo: it is sent to every person.
const LARGEST_LOGO: u64 = 200_000;

fn page(
    mut table: Table,
    source: &Source,
    domain_patterns: &[Located<DomainPattern>],
    inputs: &SourceFiles,
    problems: &mut Vec<Problem>,
) -> PageSettings {
    let color = table.optional("color", problems).map(|color| color.value);
    let logo = table.optional::<String>("logo", problems).and_then(|file| {
        logo(source, &file.value, inputs)
            .map_err(|(message, hint)| problems.push(Problem::error(file.place.clone(), message, hint)))
            .ok()
    });
    let show_domains = table.optional("show_domains", problems).is_some_and(|switch| switch.value);
    table.finish(problems);
    let exact = domain_patterns.iter().filter_map(|pattern| pattern.value.exact());
    PageSettings { color, logo, domains: exact.filter(|_| show_domains).cloned().collect() }
}

fn logo(source: &Source, file: &str, inputs: &SourceFiles) -> Result<Logo, (String, &'static str)> {
    let path = source.file.parent().unwrap_or(Path::new("")).join(file);
    let format = crate::files::extension(&path).and_then(|extension| extension.parse().ok());
    let format = format
        .ok_or_else(|| (format!("`logo` `{file}` is no picture"), "it can be .svg, .png, .webp or .jpg"))?;
    let content = inputs.read_bytes(&path, LARGEST_LOGO).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => {
            let message = format!("`logo` {} has more than {LARGEST_LOGO} bytes", path.display());
            (message, "it is sent to everybody: make it smaller")
        }
        _ => {
            let message = format!("`logo` {} cannot be read: {error}", path.display());
            (message, "its path is relative to the profile's folder")
        }
    })?;
    Ok(Logo { format, content: content.into() })
}

fn mta_sts(mut table: Table, problems: &mut Vec<Problem>) -> Option<MtaSts> {
    let so_far = problems.len();
    let place = table.place();
    let mode = table.required("mode", "\"testing\"", problems);
    let mx = table.list("mx", problems).into_iter().map(|pattern| pattern.value).collect();
    let max_age = table.written("max_age_seconds", problems).or(Some(MaxAge::default()));
    table.finish(problems);
    let (mode, max_age) = (mode?.value, max_age?);
    if problems.len() > so_far {
        return None;
    }
    MtaSts::new(mode, mx, max_age)
        .map_err(|error| {
            let hint = "write mx = [\"mx1.example.net\", \"*.mx.example.net\"]; enforced without them, a \
                        policy would stop all mail";
            problems.push(Problem::error(place, format!("`mx` is missing in [mta_sts]: {error}"), hint));
        })
        .ok()
}

fn limits(mut table: Table, problems: &mut Vec<Problem>) -> MailLimits {
    let mut size = |key| table.optional(key, problems).map(|size| size.value);
    let limits = MailLimits { mailbox: size("mailbox"), message: size("message") };
    table.finish(problems);
    limits
}

/// Reads a list of domains, one a line; `#` begins a comment.
fn domains_file(
    profile: &Source,
    file: &Located<String>,
    inputs: &SourceFiles,
    problems: &mut Vec<Problem>,
) -> Vec<Located<DomainPattern>> {
    let path = profile.file.parent().unwrap_or(Path::new("")).join(&file.value);
    let text = match inputs.read_list(&path, LARGEST_LIST) {
        Ok(text) => text,
        Err(error) => {
            problems.push(Problem::error(
                file.place.clone(),
                format!("`domains_file` {} cannot be read: {error}", path.display()),
                "its path is relative to the profile's folder; it has to be UTF-8",
            ));
            return Vec::new();
        }
    };
    let path = path.into();
    let mut domain_patterns = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let entry = line.split('#').next().unwrap_or_default().trim();
        if entry.is_empty() {
            continue;
        }
        let column = line.find(entry).map_or(1, |at| line[..at].chars().count() + 1);
        let place = Location {
            length: entry.chars().count(),
            ..Location::new(std::sync::Arc::clone(&path), number + 1, column)
        };
        match DomainPattern::from_text(entry) {
            Ok(value) => domain_patterns.push(Located { value, place }),
            Err(complaint) => problems.push(Problem::at(place, complaint)),
        }
    }
    domain_patterns
}
