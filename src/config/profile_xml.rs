//! A profile in Mozilla's format: a provider file as it stands in their database.
//!
//! Everything that the format has a meaning for is read; what it has and a profile has not is passed
//! over and can be asked for (`passed_over`), since an import keeps it in comments. What the format
//! does not know is passed over with a note, as the draft (3.9) asks.

use std::num::NonZeroU16;
use std::ops::Range;

use super::draft::{Draft, Hints, Parts};
use super::problem::{Complaint, Place, Placed, Problem, Severity, Source, nearest, suggest};
use super::profile_toml::description;
use super::services_xml;
use super::table::{FromText, Written};
use super::words::{self, Days, Minutes};
use crate::address::Domain;
use crate::directory::DomainPattern;
use crate::profile::{
    Authentication, Authentications, Description, Documentation, MailLimits, OtherKind, OtherServer,
    Pop3Options, Protocol, Server, UnknownWord, Username, WebAddress,
};
use crate::xml::tree::{Element, Tree, TreeError};

const HINTS: Hints = Hints {
    short_name: "add <displayShortName>, at most 20 characters",
    domains: "add <domain>example.com</domain>",
    incoming: "add an <incomingServer> of type imap or pop3",
    outgoing: "add an <outgoingServer> of type smtp",
};

/// What may stand where. What is in the second list has no key in a profile.
type Known = (&'static [&'static str], &'static [&'static str]);

const ROOT: Known = (
    &[
        "emailProvider",
        "webMail",
        "enable",
        "oAuth2",
        "addressbook",
        // What early drafts called it.
        "addressBook",
        "calendar",
        "fileShare",
    ],
    &["clientConfigUpdate", "chatServer", "videoConference", "setupServer"],
);
const PROVIDER: Known = (
    &[
        "domain",
        "displayName",
        "displayShortName",
        "incomingServer",
        "outgoingServer",
        "documentation",
        "instruction",
        "enable",
    ],
    &["inputField", "identity"],
);
const SERVER: Known = (
    &["hostname", "port", "socketType", "authentication", "username", "pop3"],
    &["password", "restriction", "addThisServer", "useGlobalPreferredServer"],
);
const OTHER_SERVER: Known = (
    &[
        "hostname",
        "port",
        "socketType",
        "authentication",
        "username",
        "url",
        "owaURL",
        "ewsURL",
        "easURL",
        "useGlobalPreferredServer",
    ],
    &["password"],
);
const POP3: Known =
    (&["leaveMessagesOnServer", "daysToLeaveMessagesOnServer", "downloadOnBiff", "checkInterval"], &[]);

/// Reads a provider file, and what is wrong with it.
pub fn read(source: &Source) -> (Draft, Vec<Problem>) {
    let tree = match tree(source) {
        Ok(tree) => tree,
        Err(problem) => return (Draft::unreadable(source), vec![problem]),
    };
    let mut provider = Provider::new(source, Purpose::Serve);
    let parts = provider.parts(&tree);
    let mut problems = provider.problems;
    let draft = match parts {
        Some(parts) => Draft::new(parts, &HINTS, &mut problems),
        None => Draft::unreadable(source),
    };
    (draft, problems)
}

/// The file as a tree, if it is XML.
///
/// # Errors
/// Where it is not.
pub fn tree(source: &Source) -> Result<Tree<'_>, Problem> {
    Tree::parse(&source.text[mark_length(source)..]).map_err(|error| malformed(source, &error))
}

/// As [`tree`], without the elements whose value alone is not XML, and what is wrong with those.
///
/// # Errors
/// When more is wrong.
pub fn tree_without_flaws(source: &Source) -> Result<(Tree<'_>, Vec<Problem>), Problem> {
    let read = Tree::without_flaws(&source.text[mark_length(source)..]);
    let (tree, flaws) = read.map_err(|error| malformed(source, &error))?;
    Ok((tree, flaws.iter().map(|flaw| malformed(source, flaw)).collect()))
}

fn malformed(source: &Source, error: &TreeError) -> Problem {
    let place = source.place(mark_length(source) + error.offset);
    let message = format!("not well-formed XML: {}", error.message);
    Problem::error(place, message, "xmllint or an XML editor shows more; `&` is written &amp;")
}

/// The bytes of a byte order mark.
fn mark_length(source: &Source) -> usize {
    if source.text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 }
}

/// A provider file being read.
pub struct Provider<'s> {
    source: &'s Source,
    pub problems: Vec<Problem>,
    /// Elements that mean something and have no key.
    pub passed_over: Vec<PassedOver>,
    purpose: Purpose,
    /// How many of the errors cost no more than what they are about.
    minor: usize,
}

/// What a file is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// All of it has to be right; what is not known is passed over, as the draft asks.
    Serve,
    /// What is right is kept. An element that looks like a misspelt one is wrong: without it, what
    /// was meant would be guessed.
    Import,
}

/// An element that a profile has no key for.
#[derive(Debug, Clone)]
pub struct PassedOver {
    pub place: Place,
    /// Where the element round it begins.
    pub parent: Place,
    /// As it stands in the file.
    pub text: String,
}

impl<'s> Provider<'s> {
    pub fn new(source: &'s Source, purpose: Purpose) -> Self {
        Self { source, problems: Vec::new(), passed_over: Vec::new(), purpose, minor: 0 }
    }

    /// Reads every part, as far as it is right. None when it is no provider file at all.
    pub fn parts(&mut self, tree: &Tree) -> Option<Parts> {
        let root = tree.root();
        if root.name() != "clientConfig" {
            let message = format!("not a provider file: <{}> where <clientConfig> should be", root.name());
            self.complain(root, Complaint::new(message, "the only root is <clientConfig>"));
            return None;
        }
        self.known(root, ROOT);
        let provider = match self.single(root, "emailProvider") {
            Written::Right(provider) => provider.value,
            Written::Wrong => return None,
            Written::Absent => {
                let message = "not a provider file: <emailProvider> is missing";
                self.complain(root, Complaint::new(message, "it holds everything else"));
                return None;
            }
        };
        self.known(provider, PROVIDER);
        let id = match provider.attribute("id") {
            None | Some("") => {
                let complaint = Complaint::new("<emailProvider> has no id", "add id=\"example.com\"");
                self.complain(provider, complaint);
                None
            }
            Some(id) => self.read(provider, "the id", id, Domain::from_text),
        };
        let so_far = self.problems.len();
        let (mut claims, mut exchangers) = (Vec::new(), Vec::new());
        for domain in provider.children("domain") {
            let text = domain.text();
            if domain.attribute("purpose") == Some("mx") {
                exchangers.extend(self.read(domain, "<domain>", &text, Domain::from_text));
            } else {
                claims.extend(self.read(domain, "<domain>", &text, DomainPattern::from_text));
            }
        }
        let has_wrong_names = self.problems.len() > so_far;
        let display_name = self.required(provider, "displayName");
        let display_short_name = self.written(provider, "displayShortName", FromText::from_text);
        let (incoming, others) = self.servers(provider, "incomingServer", Protocol::incoming);
        let (outgoing, _) = self.servers(provider, "outgoingServer", Protocol::outgoing);
        let documentation = self.documentation(provider);
        let services = services_xml::read(self, root, provider);
        Some(Parts {
            place: self.place(provider),
            id,
            display_name,
            display_short_name,
            claims,
            exchangers,
            has_wrong_names,
            incoming,
            outgoing,
            others,
            documentation,
            // The format has none.
            limits: MailLimits::default(),
            services,
        })
    }

    pub fn place(&self, element: Element) -> Place {
        self.source.place(mark_length(self.source) + element.offset())
    }

    pub fn complain(&mut self, element: Element, complaint: Complaint) {
        let place = self.place(element);
        self.problems.push(Problem::at(place, complaint));
    }

    /// Passes over every child that is not known, and says so.
    pub fn known(&mut self, parent: Element, (read, keyless): Known) {
        for element in parent.elements() {
            let name = element.name();
            if read.contains(&name) {
                continue;
            }
            if keyless.contains(&name) {
                self.pass_over(parent, element);
                continue;
            }
            let message = format!("<{name}> in <{}> is not known and passed over", parent.name());
            let near = nearest(name, read.iter().chain(keyless).copied());
            let severity = match (near, self.purpose) {
                (None, _) => Severity::Note,
                (Some(_), Purpose::Serve) => Severity::Warning,
                (Some(_), Purpose::Import) => Severity::Error,
            };
            // What it may stand for is there.
            if severity == Severity::Error && near.is_some_and(|near| parent.child(near).is_some()) {
                self.minor += 1;
            }
            let hint = match near {
                Some(near) => format!("did you mean <{near}>?"),
                None => "nothing to do if it is not meant for mail programs".to_owned(),
            };
            let place = self.place(element);
            self.problems.push(Problem { severity, ..Problem::note(place, message, hint) });
        }
    }

    fn pass_over(&mut self, parent: Element, element: Element) {
        let (place, parent) = (self.place(element), self.place(parent));
        let Range { start, end } = element.span();
        let skipped = mark_length(self.source);
        let name = element.name();
        let text = match name {
            // Not ours to copy.
            "password" => format!("<{name}>"),
            _ => self.source.text[skipped + start..skipped + end].to_owned(),
        };
        if self.purpose == Purpose::Import {
            let message = format!("<{name}> has no key in a profile, and is kept as a comment");
            self.problems.push(Problem::note(
                place.clone(),
                message,
                "nothing to do: few mail programs read it",
            ));
        }
        self.passed_over.push(PassedOver { place, parent, text });
    }

    /// The one child of a name. Several are a mistake, and none of them counts: which was meant is
    /// not known.
    pub fn single<'a>(&mut self, parent: Element<'a>, name: &'a str) -> Written<Element<'a>> {
        let mut children = parent.children(name);
        let Some(first) = children.next() else { return Written::Absent };
        let so_far = self.problems.len();
        for again in children {
            self.complain(again, Complaint::new(format!("<{name}> stands twice"), "leave one of them"));
        }
        if self.problems.len() > so_far {
            return Written::Wrong;
        }
        Written::Right(Placed { value: first, place: self.place(first) })
    }

    /// Reads an element's text by the rules of its type.
    pub fn read<T>(
        &mut self,
        element: Element,
        name: &str,
        text: &str,
        rules: impl FnOnce(&str) -> Result<T, Complaint>,
    ) -> Option<Placed<T>> {
        match rules(text.trim()) {
            Ok(value) => Some(Placed { value, place: self.place(element) }),
            Err(Complaint { message, hint }) => {
                self.complain(element, Complaint { message: format!("{name} {message}"), hint });
                None
            }
        }
    }

    /// Reads a child that may be missing; a mistake in it is none.
    pub fn written<T>(
        &mut self,
        parent: Element,
        name: &str,
        rules: impl FnOnce(&str) -> Result<T, Complaint>,
    ) -> Written<T> {
        let element = match self.single(parent, name) {
            Written::Absent => return Written::Absent,
            Written::Wrong => return Written::Wrong,
            Written::Right(element) => element.value,
        };
        self.read(element, &format!("<{name}>"), &element.text(), rules)
            .map_or(Written::Wrong, Written::Right)
    }

    /// Reads a child that must be there.
    pub fn required<T: FromText>(&mut self, parent: Element, name: &str) -> Option<Placed<T>> {
        match self.written(parent, name, T::from_text) {
            Written::Right(value) => Some(value),
            Written::Wrong => None,
            Written::Absent => {
                let hint = format!("add <{name}>...</{name}>");
                self.complain(parent, Complaint::new(format!("<{name}> is missing"), hint));
                None
            }
        }
    }

    /// Servers in their order; none for one with a mistake. Those of other protocols are apart.
    fn servers(
        &mut self,
        provider: Element,
        tag: &str,
        direction: fn(&str) -> Result<Protocol, UnknownWord>,
    ) -> (Vec<Option<Placed<Server>>>, Vec<Placed<OtherServer>>) {
        let (mut servers, mut others) = (Vec::new(), Vec::new());
        for element in provider.elements().filter(|element| element.name() == tag) {
            let kind = element.attribute("type").unwrap_or_default();
            match (direction(kind), kind.parse()) {
                (Ok(protocol), _) => {
                    let before = self.major();
                    self.known(element, SERVER);
                    let server = self.server(element, protocol);
                    // What stands twice or is misspelt may have been meant.
                    let is_right = self.major() == before;
                    self.leave_out(element, is_right);
                    servers.push(server.filter(|_| is_right));
                }
                (Err(_), Ok(kind)) => {
                    let before = self.major();
                    self.known(element, OTHER_SERVER);
                    let value = services_xml::other_server(self, element, kind, servers.len());
                    let is_right = self.major() == before;
                    self.leave_out(element, is_right);
                    if is_right {
                        others.push(Placed { value, place: self.place(element) });
                    }
                }
                (Err(UnknownWord(words)), Err(_)) => {
                    let message = match kind {
                        "" => format!("<{tag}> has no type"),
                        other => format!("<{tag}> has the unknown type `{other}`"),
                    };
                    let known: Vec<_> = match tag {
                        "incomingServer" => [words, OtherKind::WORDS].concat(),
                        _ => words.to_vec(),
                    };
                    self.complain(element, Complaint::new(message, suggest(kind, &known)));
                    servers.push(None);
                }
            }
        }
        (servers, others)
    }

    /// How many errors cost more than what they are about.
    fn major(&self) -> usize {
        self.problems.iter().filter(|problem| problem.is_error()).count() - self.minor
    }

    /// Says that a server is not imported.
    fn leave_out(&mut self, element: Element, is_right: bool) {
        if !is_right && self.purpose == Purpose::Import {
            let kind = element.attribute("type").unwrap_or_default();
            let hint = "mend what is said of it, and import the file again";
            self.complain(element, Complaint::new(format!("this {kind} server is left out"), hint));
        }
    }

    /// Reads every element before it gives up on any.
    fn server(&mut self, element: Element, protocol: Protocol) -> Option<Placed<Server>> {
        let hostname = self.required(element, "hostname");
        let port = self.required::<Port>(element, "port");
        // v1.1 allows several, the preferred one first.
        let mut socket_types = element.children("socketType");
        let socket_type = match socket_types.next() {
            Some(first) => self.read(first, "<socketType>", &first.text(), FromText::from_text),
            None => self.required(element, "socketType"),
        };
        for further in socket_types {
            self.pass_over(element, further);
        }
        let username = self.written(element, "username", Username::from_text).or(Some(Username::default()));
        let (mut methods, mut wrong) = (Vec::new(), 0);
        for method in element.children("authentication") {
            // A SASL mechanism of the draft (3.7.4.1), which a generic method has to follow.
            if method.attribute("system").is_some() {
                self.pass_over(element, method);
                continue;
            }
            match self.read(method, "<authentication>", &method.text(), authentication) {
                Some(method) => methods.push(method.value),
                None => wrong += 1,
            }
        }
        // Those that are right will do.
        if !methods.is_empty() {
            self.minor += wrong;
            wrong = 0;
        }
        let pop3 = match protocol {
            Protocol::Pop3 => self.pop3(element),
            Protocol::Imap | Protocol::Smtp => {
                for pop3 in element.children("pop3") {
                    self.pass_over(element, pop3);
                }
                Pop3Options::default()
            }
        };
        if wrong > 0 {
            return None;
        }
        let value = Server {
            protocol,
            hostname: hostname?.value,
            port: port?.value.0,
            socket_type: socket_type?.value,
            authentication: Authentications::new(methods).unwrap_or_default(),
            username: username?,
            pop3,
        };
        Some(Placed { value, place: self.place(element) })
    }

    /// An option with a mistake is as if it were not there.
    fn pop3(&mut self, server: Element) -> Pop3Options {
        let default = Pop3Options::default();
        let before = self.major();
        let Some(pop3) = self.single(server, "pop3").or(None) else {
            self.minor += self.major() - before;
            return default;
        };
        self.known(pop3, POP3);
        let leave = self.written(pop3, "leaveMessagesOnServer", boolean);
        let days = self.written(pop3, "daysToLeaveMessagesOnServer", Days::from_text);
        let biff = self.written(pop3, "downloadOnBiff", boolean);
        let check = self.single(pop3, "checkInterval").or(None).and_then(|element| {
            let minutes = element.attribute("minutes").unwrap_or_default();
            self.read(element, "the minutes of <checkInterval>", minutes, Minutes::from_text)
        });
        self.minor += self.major() - before;
        Pop3Options {
            leave_messages_on_server: leave.or(None).unwrap_or(default.leave_messages_on_server),
            days_to_leave_messages_on_server: days
                .or(None)
                .map_or(default.days_to_leave_messages_on_server, |days| days.0),
            download_on_biff: biff.or(None).unwrap_or(default.download_on_biff),
            check_interval_minutes: check.map(|minutes| minutes.value.0),
        }
    }

    /// Help pages; `instruction` is what early drafts called them.
    fn documentation(&mut self, provider: Element) -> Vec<Placed<Documentation>> {
        let mut pages = Vec::new();
        for element in provider.elements().filter(|e| matches!(e.name(), "documentation" | "instruction")) {
            let url = self.address(element, "url");
            let descr = self.languages(element, "descr");
            let place = self.place(element);
            pages.extend(url.map(|url| Placed { value: Documentation { url, descr }, place }));
        }
        pages
    }

    /// An attribute with an address, which has to be there.
    pub fn address(&mut self, element: Element, attribute: &str) -> Option<WebAddress> {
        match element.attribute(attribute) {
            Some(text) => {
                let name = format!("the {attribute} of <{}>", element.name());
                self.read(element, &name, text, FromText::from_text).map(|url| url.value)
            }
            None => {
                let message = format!("<{}> has no {attribute}", element.name());
                self.complain(element, Complaint::new(message, format!("add {attribute}=\"https://...\"")));
                None
            }
        }
    }

    /// The sentences of a name; empty ones say nothing. `und`, undetermined, is BCP 47's word for a
    /// language that nobody names.
    pub fn languages(&mut self, parent: Element, name: &str) -> Vec<Description> {
        let mut sentences: Vec<Description> = Vec::new();
        for element in parent.elements().filter(|element| element.name() == name) {
            let lang = element.attribute("lang").unwrap_or(Description::UNDETERMINED);
            let Some(sentence) = description(lang.to_owned(), &element.text()) else { continue };
            if sentences.iter().any(|other| other.lang == sentence.lang) {
                let message = format!("<{name}> stands twice for the language `{lang}`");
                self.complain(element, Complaint::new(message, "leave one of them"));
                continue;
            }
            sentences.push(sentence);
        }
        sentences
    }
}

pub struct Port(pub NonZeroU16);

impl FromText for Port {
    fn from_text(text: &str) -> Result<Self, Complaint> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_number).map(Self).ok_or_else(|| words::port(text))
    }
}

pub fn boolean(text: &str) -> Result<bool, Complaint> {
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
