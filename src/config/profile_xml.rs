//! A profile in Mozilla's format: a provider file as it stands in their database.
//!
//! Read are the names, the domains, the IMAP, POP3 and SMTP servers and the help pages; what else
//! the format has is passed over, as the draft (3.9) asks.

use std::collections::HashMap;
use std::num::NonZeroU16;

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

use super::draft::{Draft, Hints, Parts};
use super::problem::{Complaint, Place, Placed, Problem, Source, suggest};
use super::profile_toml::description;
use super::table::{FromText, Written};
use super::words::{self, Days};
use crate::address::Domain;
use crate::autoconfig::{ClientConfig, DocumentationElement, ServerElement};
use crate::directory::DomainPattern;
use crate::profile::{
    Authentication, Authentications, Documentation, MailLimits, Pop3Options, Protocol, Server, UnknownWord,
    Username,
};

/// Servers the format knows and this program does not serve.
const OTHER_TYPES: [&str; 9] =
    ["exchange", "ews", "owa", "graph", "jmap", "activeSync", "activesync", "eas", "nntp"];

const HINTS: Hints = Hints {
    short_name: "add <displayShortName>, at most 20 characters",
    domains: "add <domain>example.com</domain>",
    incoming: "add an <incomingServer> of type imap or pop3",
    outgoing: "add an <outgoingServer> of type smtp",
};

/// Reads a provider file, and what is wrong with it.
pub fn read(source: &Source) -> (Draft, Vec<Problem>) {
    let parsed = Elements::find(source).and_then(|elements| Ok((config(source, &elements)?, elements)));
    match parsed {
        Ok((config, elements)) => Provider { elements, problems: Vec::new() }.draft(&config),
        Err(problem) => (Draft::unreadable(source), vec![problem]),
    }
}

fn config(source: &Source, elements: &Elements) -> Result<ClientConfig, Problem> {
    quick_xml::de::from_str(&source.text).map_err(|error| {
        let message = error.to_string();
        // The parser does not say where; of an element that stands twice, it is the second.
        let twice = message.strip_prefix("duplicate field `").and_then(|rest| rest.split('`').next());
        let place = twice.map_or_else(|| source.place(0), |name| elements.second(name));
        let hint = match twice {
            Some(_) => "leave one of them",
            None => {
                "<clientConfig> holds one <emailProvider>, and each value is plain text in its own element"
            }
        };
        Problem::error(place, format!("not a provider file: {message}"), hint)
    })
}

/// Where each element begins, by its path: `incomingServer[1]/port[0]` inside `emailProvider`.
struct Elements<'s> {
    source: &'s Source,
    offsets: HashMap<String, usize>,
}

impl<'s> Elements<'s> {
    /// Walks the whole document; what is not well-formed is the error.
    fn find(source: &'s Source) -> Result<Self, Problem> {
        let text = source.text.strip_prefix('\u{FEFF}').unwrap_or(&source.text);
        let skipped = source.text.len() - text.len();
        let at = |offset: u64| skipped + usize::try_from(offset).unwrap_or(0);
        let malformed = |offset, what: &str| {
            let message = format!("not well-formed XML: {what}");
            Problem::error(source.place(at(offset)), message, "xmllint or an XML editor shows more")
        };
        let mut reader = Reader::from_str(text);
        let mut offsets = HashMap::new();
        // The open elements, each with how many children of each name it has had.
        let mut open: Vec<(String, HashMap<String, usize>)> = vec![(String::new(), HashMap::new())];
        loop {
            let start = reader.buffer_position();
            let event = reader
                .read_event()
                .map_err(|error| malformed(reader.error_position(), &error.to_string()))?;
            let is_outside = open.len() == 1;
            match &event {
                Event::Start(element) | Event::Empty(element) => {
                    let name = element.local_name().as_ref().to_owned();
                    if is_outside && (name != "clientConfig" || !offsets.is_empty()) {
                        let message = format!("not a provider file: <{name}> where <clientConfig> should be");
                        let hint = "the only root is <clientConfig>";
                        return Err(Problem::error(source.place(at(start)), message, hint));
                    }
                    for attribute in element.attributes() {
                        let value = attribute.as_ref().map_err(ToString::to_string).and_then(|attribute| {
                            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|e| e.to_string())
                        });
                        value.map_err(|error| malformed(start, &format!("in <{name}>: {error}")))?;
                    }
                    let Some((prefix, seen)) = open.last_mut() else { continue };
                    let count = seen.entry(name.clone()).or_insert(0);
                    let here = format!("{prefix}{name}[{count}]");
                    *count += 1;
                    offsets.insert(here.clone(), at(start));
                    if matches!(event, Event::Start(_)) {
                        open.push((here + "/", HashMap::new()));
                    }
                }
                Event::End(_) => drop(open.pop()),
                Event::Text(text) if is_outside && !text.trim().is_empty() => {
                    return Err(malformed(start, "text outside the root"));
                }
                Event::GeneralRef(reference) => {
                    let known = ["amp", "lt", "gt", "quot", "apos"].contains(&&**reference);
                    if !known && reference.resolve_char_ref().ok().flatten().is_none() {
                        return Err(malformed(start, &format!("&{}; is not defined", &**reference)));
                    }
                }
                Event::Eof if offsets.is_empty() => return Err(malformed(start, "the file is empty")),
                Event::Eof if is_outside => return Ok(Self { source, offsets }),
                Event::Eof => return Err(malformed(start, "the file ends too early")),
                _ => {}
            }
        }
    }

    /// The place of an element inside `emailProvider`, or of the nearest one round it.
    fn place(&self, path: &str) -> Place {
        let full = format!("clientConfig[0]/emailProvider[0]/{path}");
        let mut path = full.as_str();
        loop {
            if let Some(offset) = self.offsets.get(path) {
                return self.source.place(*offset);
            }
            match path.rsplit_once('/') {
                Some((parent, _)) => path = parent,
                None => return self.source.place(0),
            }
        }
    }

    /// The first element that is the second of its name.
    fn second(&self, name: &str) -> Place {
        let end = format!("/{name}[1]");
        let offsets = self.offsets.iter().filter(|(path, _)| path.ends_with(&end));
        self.source.place(offsets.map(|(_, offset)| *offset).min().unwrap_or(0))
    }
}

/// A provider file on its way to a [`Draft`].
struct Provider<'s> {
    elements: Elements<'s>,
    problems: Vec<Problem>,
}

impl Provider<'_> {
    fn draft(mut self, config: &ClientConfig) -> (Draft, Vec<Problem>) {
        let provider = &config.email_provider;
        let id = match provider.id.as_str() {
            "" => {
                let complaint = Complaint::new("<emailProvider> has no id", "add id=\"example.com\"");
                self.complain("", complaint);
                None
            }
            id => self.read("", "the id", id, Domain::from_text),
        };
        let so_far = self.problems.len();
        let (mut claims, mut exchangers) = (Vec::new(), Vec::new());
        for (i, domain) in provider.domain.iter().enumerate() {
            let path = format!("domain[{i}]");
            if domain.purpose.as_deref() == Some("mx") {
                exchangers.extend(self.read(&path, "<domain>", &domain.name, Domain::from_text));
            } else {
                claims.extend(self.read(&path, "<domain>", &domain.name, DomainPattern::from_text));
            }
        }
        let has_wrong_names = self.problems.len() > so_far;
        let display_name = self.required("displayName", "", provider.display_name.as_deref());
        let display_short_name = match provider.display_short_name.as_deref() {
            None => Written::Absent,
            Some(name) => self
                .read("displayShortName[0]", "<displayShortName>", name, FromText::from_text)
                .map_or(Written::Wrong, Written::Right),
        };
        let incoming = self.servers("incomingServer", &provider.incoming_server, Protocol::incoming);
        let outgoing = self.servers("outgoingServer", &provider.outgoing_server, Protocol::outgoing);
        let documentation = self.documentation(&provider.documentation);
        let parts = Parts {
            place: self.elements.place(""),
            id,
            display_name,
            display_short_name,
            claims,
            exchangers,
            has_wrong_names,
            incoming,
            outgoing,
            documentation,
            // The format has none.
            limits: MailLimits::default(),
        };
        let draft = Draft::new(parts, &HINTS, &mut self.problems);
        (draft, self.problems)
    }

    fn complain(&mut self, path: &str, complaint: Complaint) {
        self.problems.push(Problem::at(self.elements.place(path), complaint));
    }

    /// Reads an element's text by the rules of its type.
    fn read<T>(
        &mut self,
        path: &str,
        name: &str,
        text: &str,
        rules: impl FnOnce(&str) -> Result<T, Complaint>,
    ) -> Option<Placed<T>> {
        match rules(text.trim()) {
            Ok(value) => Some(Placed { value, place: self.elements.place(path) }),
            Err(Complaint { message, hint }) => {
                self.complain(path, Complaint { message: format!("{name} {message}"), hint });
                None
            }
        }
    }

    /// Reads an element of the parent at `path` that must be there.
    fn required<T: FromText>(&mut self, name: &str, path: &str, text: Option<&str>) -> Option<Placed<T>> {
        let path = format!("{path}{name}[0]");
        match text {
            Some(text) => self.read(&path, &format!("<{name}>"), text, T::from_text),
            None => {
                let hint = format!("add <{name}>...</{name}>");
                self.complain(&path, Complaint::new(format!("<{name}> is missing"), hint));
                None
            }
        }
    }

    fn servers(
        &mut self,
        name: &str,
        elements: &[ServerElement],
        direction: fn(&str) -> Result<Protocol, UnknownWord>,
    ) -> Vec<Option<Placed<Server>>> {
        let mut servers = Vec::new();
        for (i, element) in elements.iter().enumerate() {
            let path = format!("{name}[{i}]/");
            match direction(&element.protocol) {
                Ok(protocol) => servers.push(self.server(&path, element, protocol)),
                Err(_) if OTHER_TYPES.contains(&element.protocol.as_str()) => {}
                Err(UnknownWord(words)) => {
                    let message = match element.protocol.as_str() {
                        "" => format!("<{name}> has no type"),
                        other => format!("<{name}> has the unknown type `{other}`"),
                    };
                    self.complain(&path, Complaint::new(message, suggest(&element.protocol, words)));
                    servers.push(None);
                }
            }
        }
        servers
    }

    /// Reads every element before it gives up on any.
    fn server(&mut self, path: &str, element: &ServerElement, protocol: Protocol) -> Option<Placed<Server>> {
        let hostname = self.required("hostname", path, element.hostname.as_deref());
        let port = self.required::<Port>("port", path, element.port.as_deref());
        let socket_type = self.required("socketType", path, element.socket_type.as_deref());
        let username = match element.username.as_deref() {
            Some(username) => self
                .read(&format!("{path}username[0]"), "<username>", username, Username::from_text)
                .map(|username| username.value),
            None => Some(Username::default()),
        };
        let mut methods = Vec::new();
        for (i, method) in element.authentication.iter().enumerate() {
            let path = format!("{path}authentication[{i}]");
            methods.push(self.read(&path, "<authentication>", method, authentication));
        }
        let pop3 = self.pop3(path, element);
        let methods: Option<Vec<_>> = methods.into_iter().map(|method| Some(method?.value)).collect();
        let value = Server {
            protocol,
            hostname: hostname?.value,
            port: port?.value.0,
            socket_type: socket_type?.value,
            authentication: Authentications::new(methods?).unwrap_or_default(),
            username: username?,
            pop3: pop3?,
        };
        Some(Placed { value, place: self.elements.place(path) })
    }

    fn pop3(&mut self, path: &str, element: &ServerElement) -> Option<Pop3Options> {
        let default = Pop3Options::default();
        let Some(pop3) = &element.pop3 else { return Some(default) };
        let path = |name: &str| format!("{path}pop3[0]/{name}[0]");
        let mut switch = |name: &str, text: Option<&String>, default: bool| match text {
            Some(text) => self.read(&path(name), &format!("<{name}>"), text, boolean).map(|read| read.value),
            None => Some(default),
        };
        let leave = switch(
            "leaveMessagesOnServer",
            pop3.leave_messages_on_server.as_ref(),
            default.leave_messages_on_server,
        );
        let biff = switch("downloadOnBiff", pop3.download_on_biff.as_ref(), default.download_on_biff);
        let days = match &pop3.days_to_leave_messages_on_server {
            Some(text) => {
                let name = "daysToLeaveMessagesOnServer";
                self.read(&path(name), &format!("<{name}>"), text, Days::from_text).map(|days| days.value.0)
            }
            None => Some(default.days_to_leave_messages_on_server),
        };
        Some(Pop3Options {
            leave_messages_on_server: leave?,
            days_to_leave_messages_on_server: days?,
            download_on_biff: biff?,
        })
    }

    fn documentation(&mut self, elements: &[DocumentationElement]) -> Vec<Documentation> {
        let mut pages = Vec::new();
        for (i, element) in elements.iter().enumerate() {
            let path = format!("documentation[{i}]");
            let url = self.read(&path, "the url of <documentation>", &element.url, FromText::from_text);
            let descr: Vec<_> = element
                .descr
                .iter()
                .filter_map(|d| description(d.lang.clone().unwrap_or_else(|| "en".to_owned()), &d.text))
                .collect();
            // Without a description it says nothing, and one client rejects it (item 35).
            if let (Some(url), false) = (url, descr.is_empty()) {
                pages.push(Documentation { url: url.value, descr });
            }
        }
        pages
    }
}

struct Port(NonZeroU16);

impl FromText for Port {
    fn from_text(text: &str) -> Result<Self, Complaint> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_number).map(Self).ok_or_else(|| words::port(text))
    }
}

fn boolean(text: &str) -> Result<bool, Complaint> {
    text.parse().map_err(|_| Complaint::new(format!("is `{text}`"), "write `true` or `false`"))
}

/// Files of the early format have `plain` and `secure` (reference/autoconfig 2.2).
fn authentication(text: &str) -> Result<Authentication, Complaint> {
    match text {
        "plain" => Ok(Authentication::PasswordCleartext),
        "secure" => Ok(Authentication::PasswordEncrypted),
        _ => Authentication::from_text(text),
    }
}
