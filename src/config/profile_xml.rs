//! A profile in Mozilla's format: a provider file as it stands in their database.
//!
//! Read are the names, the domains, the IMAP, POP3 and SMTP servers and the help pages; what else
//! the format has is passed over, as the draft (3.9) asks.

use std::collections::HashMap;
use std::num::NonZeroU16;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::advice;
use super::draft::{Draft, Parts};
use super::problem::{Complaint, Place, Placed, Problem, Source, suggest};
use super::profile_toml::description;
use super::table::FromText;
use super::words;
use crate::address::Domain;
use crate::autoconfig::{ClientConfig, DocumentationElement, ServerElement};
use crate::directory::DomainPattern;
use crate::profile::{
    Authentication, Authentications, Documentation, Pop3Options, Protocol, Server, UnknownWord, Username,
};

/// Servers the format knows and this program does not serve.
const OTHER_TYPES: [&str; 9] =
    ["exchange", "ews", "owa", "graph", "jmap", "activeSync", "activesync", "eas", "nntp"];

/// Reads a provider file. What is wrong is added to `problems`.
pub fn read(source: &Source, problems: &mut Vec<Problem>) -> Draft {
    let so_far = problems.len();
    let parsed = Elements::find(source)
        .and_then(|elements| Ok((config(source)?, elements)))
        .map_err(|problem| problems.push(problem));
    let Ok((config, elements)) = parsed else {
        return Draft::unreadable(source);
    };
    Provider { elements, problems, so_far }.draft(&config)
}

fn config(source: &Source) -> Result<ClientConfig, Problem> {
    quick_xml::de::from_str(&source.text).map_err(|error| {
        Problem::error(
            source.whole(),
            format!("not a Mozilla provider file: {error}"),
            "its root is <clientConfig>, with one <emailProvider> in it",
        )
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
        let mut reader = Reader::from_str(text);
        let mut offsets = HashMap::new();
        let mut path: Vec<(String, HashMap<String, usize>)> = vec![(String::new(), HashMap::new())];
        let malformed = |offset: u64, what: String| {
            let place = source.place(skipped + usize::try_from(offset).unwrap_or(0));
            Problem::error(
                place,
                format!("not well-formed XML: {what}"),
                "an XML editor or xmllint shows more",
            )
        };
        loop {
            let start = reader.buffer_position();
            match reader.read_event() {
                Ok(event @ (Event::Start(_) | Event::Empty(_))) => {
                    let (Event::Start(element) | Event::Empty(element)) = &event else { continue };
                    let name = element.name().local_name().into_inner().to_owned();
                    let here = match path.last_mut() {
                        Some((prefix, seen)) => {
                            let count = seen.entry(name.clone()).or_insert(0);
                            let here = format!("{prefix}{name}[{count}]");
                            *count += 1;
                            here
                        }
                        None => return Err(malformed(start, format!("unexpected </{name}>"))),
                    };
                    offsets.insert(here.clone(), skipped + usize::try_from(start).unwrap_or(0));
                    if matches!(event, Event::Start(_)) {
                        path.push((here + "/", HashMap::new()));
                    }
                }
                Ok(Event::End(_)) => {
                    path.pop();
                }
                Ok(Event::Eof) if path.len() == 1 => return Ok(Self { source, offsets }),
                Ok(Event::Eof) => {
                    let open = path.last().map_or("", |(prefix, _)| prefix.as_str());
                    let what = format!("the file ends inside <{}>", open.trim_end_matches('/'));
                    return Err(malformed(start, what));
                }
                Ok(_) => {}
                Err(error) => return Err(malformed(reader.error_position(), error.to_string())),
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
                None => return self.source.whole(),
            }
        }
    }
}

/// A provider file on its way to a [`Draft`].
struct Provider<'s, 'p> {
    elements: Elements<'s>,
    problems: &'p mut Vec<Problem>,
    so_far: usize,
}

impl Provider<'_, '_> {
    fn draft(mut self, config: &ClientConfig) -> Draft {
        let provider = &config.email_provider;
        let id = self.text("", "the id", &provider.id);
        let (mut claims, mut exchangers) = (Vec::new(), Vec::new());
        for (i, domain) in provider.domain.iter().enumerate() {
            let path = format!("domain[{i}]");
            if domain.purpose.as_deref() == Some("mx") {
                exchangers.extend(self.text::<Domain>(&path, "<domain>", &domain.name));
            } else {
                claims.extend(self.text::<DomainPattern>(&path, "<domain>", &domain.name));
            }
        }
        let display_name = self.required("displayName[0]", "displayName", provider.display_name.as_deref());
        let display_short_name = provider
            .display_short_name
            .as_deref()
            .and_then(|name| self.text("displayShortName[0]", "<displayShortName>", name));
        let incoming = self.servers("incomingServer", &provider.incoming_server, Protocol::incoming);
        let outgoing = self.servers("outgoingServer", &provider.outgoing_server, Protocol::outgoing);
        let documentation = self.documentation(&provider.documentation);
        advice::names(display_name.as_ref(), display_short_name.as_ref(), self.problems);
        let parts = Parts {
            place: self.elements.place(""),
            id,
            display_name,
            display_short_name,
            claims,
            exchangers,
            servers: incoming.into_iter().chain(outgoing).collect(),
        };
        let mut draft = Draft::new(parts, self.so_far, self.problems);
        if let Some(profile) = &mut draft.profile {
            profile.documentation = documentation;
            advice::profile(profile, &draft.place, self.problems);
        }
        draft
    }

    fn complain(&mut self, path: &str, complaint: Complaint) {
        self.problems.push(Problem::at(self.elements.place(path), complaint));
    }

    /// Reads an element's text by the rules of its type.
    fn text<T: FromText>(&mut self, path: &str, name: &str, text: &str) -> Option<Placed<T>> {
        match T::from_text(text.trim()) {
            Ok(value) => Some(Placed { value, place: self.elements.place(path) }),
            Err(Complaint { message, hint }) => {
                self.complain(path, Complaint { message: format!("{name} {message}"), hint });
                None
            }
        }
    }

    fn required<T: FromText>(&mut self, path: &str, name: &str, text: Option<&str>) -> Option<Placed<T>> {
        let Some(text) = text else {
            let complaint =
                Complaint::new(format!("<{name}> is missing"), format!("add <{name}>...</{name}>"));
            self.complain(path, complaint);
            return None;
        };
        self.text(path, &format!("<{name}>"), text)
    }

    fn servers(
        &mut self,
        name: &str,
        elements: &[ServerElement],
        direction: fn(&str) -> Result<Protocol, UnknownWord>,
    ) -> Vec<Option<Server>> {
        let mut servers = Vec::new();
        for (i, element) in elements.iter().enumerate() {
            let path = format!("{name}[{i}]");
            match direction(&element.protocol) {
                Ok(protocol) => servers.push(self.server(&path, element, protocol)),
                Err(_) if OTHER_TYPES.contains(&element.protocol.as_str()) => {}
                Err(UnknownWord(words)) => {
                    let message = format!("<{name}> has the unknown type `{}`", element.protocol);
                    self.complain(&path, Complaint::new(message, suggest(&element.protocol, words)));
                    servers.push(None);
                }
            }
        }
        servers
    }

    fn server(&mut self, path: &str, element: &ServerElement, protocol: Protocol) -> Option<Server> {
        let at = |name: &str| format!("{path}/{name}[0]");
        let hostname = self.required(&at("hostname"), "hostname", element.hostname.as_deref());
        let port = self.required::<Port>(&at("port"), "port", element.port.as_deref());
        let socket_type = self.required(&at("socketType"), "socketType", element.socket_type.as_deref());
        let username = match element.username.as_deref() {
            Some(username) => self.text(&at("username"), "<username>", username).map(|u| u.value),
            None => Some(Username::default()),
        };
        let mut methods = Vec::new();
        for (i, method) in element.authentication.iter().enumerate() {
            let path = format!("{path}/authentication[{i}]");
            let method = self.text::<XmlAuthentication>(&path, "<authentication>", method);
            methods.push(method?.value.0);
        }
        let server = Server {
            protocol,
            hostname: hostname?.value,
            port: port?.value.0,
            socket_type: socket_type?.value,
            authentication: Authentications::new(methods).unwrap_or_default(),
            username: username?,
            pop3: self.pop3(path, element)?,
        };
        advice::server(&server, &self.elements.place(path), self.problems);
        Some(server)
    }

    fn pop3(&mut self, path: &str, element: &ServerElement) -> Option<Pop3Options> {
        let mut options = Pop3Options::default();
        let Some(pop3) = &element.pop3 else { return Some(options) };
        let path = format!("{path}/pop3[0]");
        let at = |name: &str| format!("{path}/{name}[0]");
        if let Some(text) = &pop3.leave_messages_on_server {
            let name = "leaveMessagesOnServer";
            options.leave_messages_on_server = self.text::<Boolean>(&at(name), name, text)?.value.0;
        }
        if let Some(text) = &pop3.download_on_biff {
            let name = "downloadOnBiff";
            options.download_on_biff = self.text::<Boolean>(&at(name), name, text)?.value.0;
        }
        if let Some(text) = &pop3.days_to_leave_messages_on_server {
            let name = "daysToLeaveMessagesOnServer";
            options.days_to_leave_messages_on_server = self.text::<Days>(&at(name), name, text)?.value.0;
        }
        Some(options)
    }

    fn documentation(&mut self, elements: &[DocumentationElement]) -> Vec<Documentation> {
        let mut pages = Vec::new();
        for (i, element) in elements.iter().enumerate() {
            let path = format!("documentation[{i}]");
            let Some(url) = self.text(&path, "the url of <documentation>", &element.url) else { continue };
            let descr: Vec<_> = element
                .descr
                .iter()
                .filter_map(|d| description(d.lang.clone().unwrap_or_else(|| "en".to_owned()), &d.text))
                .collect();
            // Without a description it says nothing, and one client rejects it (item 35).
            if !descr.is_empty() {
                pages.push(Documentation { url: url.value, descr });
            }
        }
        pages
    }
}

struct Port(NonZeroU16);

impl FromText for Port {
    fn from_text(text: &str) -> Result<Self, Complaint> {
        text.parse().map(Self).map_err(|_| words::port(text))
    }
}

struct Boolean(bool);

impl FromText for Boolean {
    fn from_text(text: &str) -> Result<Self, Complaint> {
        text.parse().map(Self).map_err(|_| Complaint::new(format!("is `{text}`"), "write `true` or `false`"))
    }
}

struct Days(u32);

impl FromText for Days {
    fn from_text(text: &str) -> Result<Self, Complaint> {
        text.parse().map(Self).map_err(|_| Complaint::new(format!("is `{text}`"), "write a number of days"))
    }
}

struct XmlAuthentication(Authentication);

impl FromText for XmlAuthentication {
    /// Files of the early format have `plain` and `secure` (reference/autoconfig 2.2).
    fn from_text(text: &str) -> Result<Self, Complaint> {
        match text {
            "plain" => Ok(Self(Authentication::PasswordCleartext)),
            "secure" => Ok(Self(Authentication::PasswordEncrypted)),
            _ => Authentication::from_text(text).map(Self),
        }
    }
}
