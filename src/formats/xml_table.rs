//! Converts a provider file in Mozilla's format to a table with the keys of a profile.
//!
//! Elements without a key are skipped and recorded, because an import keeps them in comments. Unknown elements are skipped
//! with a note, as the draft (3.9) requires.

use std::cell::RefCell;

use super::xml_elements::{Child, Kind, MAIL_SERVER, OAUTH2, OTHER_SERVER, PROVIDER, ROOT, Scope, Shape};
use super::xml_labels::{ElementNames, attribute_label, missing_attribute};
use super::xml_names::{Name, StandIns, has_placeholder};
use super::xml_source::location;
use crate::diagnostics::problem::{InvalidValue, Source};
use crate::diagnostics::table::{Content, ErrorRule, Table, Value};
use crate::diagnostics::{Location, Problem, Problems, Severity, nearest};
use crate::profile::{Description, DisplayName, DisplayShortName, OtherKind};
use crate::xml::tree::{Element, excerpt};

/// A provider file being read.
#[derive(Debug)]
pub struct ProviderFile<'s> {
    source: &'s Source,
    problems: &'s Problems,
    purpose: Purpose,
    /// The elements without a key.
    pub passed_over: RefCell<Vec<PassedOver>>,
    /// The first `<domain>` that is a placeholder. The operator names the domains of such a file on import.
    pub domain_placeholder: RefCell<Option<Location>>,
}

/// The hint of every report that a part of a file is left out.
pub const LEFT_OUT_HINT: &str = "correct the errors in it, and import the file again";

/// The purpose for which a file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Everything has to be valid. Unknown elements are skipped.
    Serve,
    /// The valid parts are kept. An element that looks like a misspelt one is an error: without it, the rest might mean
    /// something else.
    Import,
}

/// An element that a profile has no key for.
#[derive(Debug, Clone)]
pub struct PassedOver {
    pub location: Location,
    /// Where the element around it begins.
    pub parent: Location,
    /// The text in the file.
    pub text: String,
}

impl<'s> ProviderFile<'s> {
    pub fn new(source: &'s Source, problems: &'s Problems, purpose: Purpose) -> Self {
        Self {
            source,
            problems,
            purpose,
            passed_over: RefCell::default(),
            domain_placeholder: RefCell::default(),
        }
    }

    pub fn location(&self, element: Element) -> Location {
        location(self.source, element)
    }

    /// The table of one provider. The sections beside the providers belong to each of them.
    pub fn table(&'s self, root: Element<'s>, provider: Element<'s>) -> Table<'s> {
        let mut table = self.new_table(provider, &PROVIDER, ErrorRule::Invalidate);
        self.stand_in_for_name(&mut table, provider);
        self.fill(&mut table, root, &ROOT);
        self.add_oauth2_of_servers(&mut table, root, provider);
        if self.purpose == Purpose::Import && root.attribute("version").is_none() {
            // Himalaya does (reference/autoconfig 2.2).
            let message = "<clientConfig> has no version; some mail programs reject the file";
            self.problems.note(self.location(root), message, "publish <clientConfig version=\"1.1\">");
        }
        table
    }

    /// Reports an error. The message may quote the file.
    fn error(&self, element: Element, message: impl AsRef<str>, hint: impl Into<String>) {
        self.problems.error(self.location(element), excerpt(message.as_ref(), 300), hint);
    }

    fn new_table(&'s self, element: Element<'s>, shape: &'static Shape, rule: ErrorRule) -> Table<'s> {
        let names = ElementNames { element: element.name(), shape };
        let mut table = Table::new(self.problems, self.location(element), names, rule);
        self.fill(&mut table, element, shape);
        table
    }

    /// Adds an element's attributes and children.
    fn fill(&'s self, table: &mut Table<'s>, parent: Element<'s>, shape: &'static Shape) {
        let attributes: Vec<_> = shape.attributes.iter().map(|(name, _)| *name).collect();
        self.check_attributes(parent, &attributes);
        for (name, key) in shape.attributes.iter().filter(|(_, key)| !key.is_empty()) {
            if let Some(text) = parent.attribute(name) {
                let label = attribute_label(name, parent.name());
                let is_filled_later =
                    self.purpose == Purpose::Import && *key == "id" && has_placeholder(text);
                let content = if is_filled_later { Content::Invalid } else { Content::Text(text.into()) };
                table.insert(key, self.value(parent, &label, content));
            }
        }
        for element in parent.elements() {
            let name = element.name();
            match shape.children.iter().find(|Child(child, ..)| *child == name) {
                Some(child) => self.add(table, parent, element, child),
                None if shape.without_key.contains(&name) => self.pass_over(parent, element),
                None => self.unknown_element(parent, element, shape),
            }
        }
    }

    fn value(&self, element: Element, label: &str, content: Content<'s>) -> Value<'s> {
        Value::new(self.problems, label, self.location(element), content)
    }

    /// Adds a child.
    fn add(
        &'s self,
        table: &mut Table<'s>,
        parent: Element<'s>,
        element: Element<'s>,
        child: &'static Child,
    ) {
        let Child(name, key, kind) = *child;
        let label = format!("<{name}>");
        let is_present = table.has(key);
        let mut push = |content| table.push(key, self.value(element, &label, content));
        match kind {
            Kind::Separate => {}
            Kind::Text => table.insert(key, self.value(element, &label, self.plain_text(element))),
            Kind::Name => self.add_name(table, parent, element, key),
            Kind::Ssl if parent.child("socketType").is_some() => self.pass_over(parent, element),
            Kind::Ssl => {
                let key = "socket_type";
                if !table.has(key) {
                    self.error(element, "no mail program reads <ssl>", ssl_hint(&element.text()));
                    table.insert(key, self.value(element, &label, Content::Invalid));
                }
            }
            Kind::FirstText if is_present => self.pass_over(parent, element),
            Kind::FirstText => table.insert(key, self.value(element, &label, Content::Text(element.text()))),
            Kind::Attribute(attribute) => {
                let content = element.attribute(attribute).map(|text| Content::Text(text.into()));
                let content = content.unwrap_or_else(|| {
                    self.problems
                        .invalid(self.location(element), missing_attribute(name, attribute, "\"...\""));
                    Content::Invalid
                });
                table.insert(key, self.value(element, &attribute_label(attribute, name), content));
            }
            Kind::Domains => self.add_domain(table, element, &label),
            Kind::Methods if element.attribute("system").is_some() => self.pass_over(parent, element),
            Kind::Methods => {
                // Files of the early format have `plain` and `secure` (reference/autoconfig 2.2).
                let text = match element.text() {
                    text if text.trim() == "plain" => "password-cleartext".into(),
                    text if text.trim() == "secure" => "password-encrypted".into(),
                    text => text,
                };
                push(Content::Text(text));
            }
            Kind::Mechanisms => {
                let text = element.text();
                let text = match (element.attribute("system"), text.trim()) {
                    (Some(system), method) => format!("{system}:{method}").into(),
                    // The names in early drafts (reference/autoconfig 2.4, 4).
                    (None, method) => match method.to_ascii_lowercase().as_str() {
                        "http-basic" => "http:Basic".into(),
                        "http-digest" => "http:Digest".into(),
                        "http-bearer" => "http:Bearer".into(),
                        _ => text,
                    },
                };
                push(Content::Text(text));
            }
            Kind::Texts if is_present => {}
            Kind::Texts => self.add_texts(table, parent, key, name),
            Kind::Pop3(_) if matches!(parent.attribute("type"), Some("imap" | "smtp")) => {
                self.pass_over(parent, element);
            }
            Kind::Pop3(shape) => {
                let mark = self.problems.mark();
                if parent.children(name).nth(1).is_none() {
                    self.fill(table, element, shape);
                } else if parent.child(name).is_some_and(|first| first.offset() != element.offset()) {
                    self.error(element, format!("{label} appears twice"), "remove one of them");
                }
                self.problems.confine(mark);
            }
            Kind::Section(shape, scope) => {
                let mark = self.problems.mark();
                table.insert(key, self.value(element, &label, self.section(element, shape, scope)));
                if scope == Scope::NotServed && self.purpose == Purpose::Serve {
                    self.problems.downgrade(mark);
                }
            }
            Kind::Sections(shape, scope) => push(self.section(element, shape, scope)),
            Kind::Servers => {
                match element.attribute("type").unwrap_or_default().parse::<OtherKind>() {
                    // The format has no outgoing server of another protocol.
                    Ok(_) if key == "outgoing" => self.pass_over(parent, element),
                    Ok(_) => push(self.section(element, &OTHER_SERVER, Scope::NotServed)),
                    Err(_) => push(self.section(element, &MAIL_SERVER, Scope::Served)),
                }
            }
        }
    }

    fn plain_text(&self, element: Element<'s>) -> Content<'s> {
        self.check_attributes(element, &[]);
        if element.elements().next().is_some() {
            let message = format!("<{}> contains other elements", element.name());
            self.error(element, message, "write plain text");
            return Content::Invalid;
        }
        Content::Text(element.text())
    }

    /// Adds the name or the short name of a provider, unless it is empty.
    fn add_name(
        &self,
        table: &mut Table<'s>,
        provider: Element<'s>,
        element: Element<'s>,
        key: &'static str,
    ) {
        let label = format!("<{}>", element.name());
        let is_short_name = key == "display_short_name";
        let note = |reason: &str| {
            self.problems.note(
                self.location(element),
                format!("{label} {reason}"),
                "write the name of the provider",
            );
        };
        let content = match self.plain_text(element) {
            Content::Text(text) => match StandIns::of(provider).name(&text) {
                // The stand-in for the name has a note of its own.
                Name::Empty if !is_short_name => return,
                Name::Empty => return note("is empty and is ignored"),
                Name::Unusable if self.purpose == Purpose::Import => Content::Invalid,
                Name::Kept | Name::Unusable => Content::Text(text),
                Name::Replaced { text, .. } if is_short_name && text.parse::<DisplayShortName>().is_err() => {
                    return note("has a placeholder or is an address; it is ignored");
                }
                Name::Replaced { text, reason } => {
                    note(reason);
                    Content::Text(text.into())
                }
            },
            other => other,
        };
        table.insert(key, self.value(element, &label, content));
    }

    /// Adds the short name or the first domain as the name of a provider without one.
    fn stand_in_for_name(&self, table: &mut Table<'s>, provider: Element<'s>) {
        if table.has("display_name") {
            return;
        }
        let short_name = provider.child_text("displayShortName");
        let short_name = short_name.filter(|name| name.parse::<DisplayShortName>().is_ok());
        let stand_ins = StandIns::of(provider);
        let (reason, text) = match (short_name, stand_ins.domain()) {
            (Some(name), _) => ("the short name is used as the name", name.into_owned()),
            (None, Some(domain)) => ("the domain is used as the name", domain.to_owned()),
            (None, None) => return,
        };
        if text.parse::<DisplayName>().is_ok() {
            let message = format!("<displayName> is missing or empty; {reason}");
            self.problems.note(self.location(provider), message, "add <displayName>...</displayName>");
            let value = self.value(provider, "<displayName>", Content::Text(text.into()));
            table.insert("display_name", value);
        }
    }

    /// Adds `<oAuth2>` of the servers as that of the provider, if all servers have the same. The draft (3.8) has it
    /// beside `<emailProvider>`; early drafts had it in the servers.
    fn add_oauth2_of_servers(&'s self, table: &mut Table<'s>, root: Element<'s>, provider: Element<'s>) {
        let is_server = |element: &Element| matches!(element.name(), "incomingServer" | "outgoingServer");
        let servers = provider.elements().filter(is_server);
        let inside: Vec<_> = servers
            .flat_map(|server| server.children("oAuth2").map(move |oauth2| (server, oauth2)))
            .collect();
        let Some((_, first)) = inside.first().copied() else { return };
        let has_own = root.child("oAuth2").is_some();
        if has_own || inside.iter().any(|(_, other)| children_of(*other) != children_of(first)) {
            let reason = if has_own {
                "<oAuth2> in a server becomes a comment, because <clientConfig> has an <oAuth2>"
            } else {
                "<oAuth2> differs between servers and becomes a comment"
            };
            for (server, oauth2) in inside {
                self.problems.note(self.location(oauth2), reason, "write one [oauth2] in the profile");
                self.keep_as_comment(server, oauth2);
            }
            return;
        }
        let message = "<oAuth2> in a server is used for the whole provider";
        self.problems.note(
            self.location(first),
            message,
            "move it into <clientConfig>, after <emailProvider>",
        );
        let section = self.section(first, &OAUTH2, Scope::NotServed);
        table.insert("oauth2", self.value(first, "<oAuth2>", section));
    }

    fn add_domain(&self, table: &mut Table<'s>, element: Element<'s>, label: &str) {
        if !self.check_attributes(element, &["purpose"]) {
            return;
        }
        let key = match (element.attribute("purpose"), self.purpose) {
            (Some("mx"), _) => "mx_hosts",
            (Some(other), Purpose::Import) => {
                let message = format!("<domain> has the unknown purpose `{other}` and is left out");
                self.error(element, message, "write purpose=\"mx\", or remove the attribute");
                return;
            }
            _ => "domains",
        };
        if key == "domains" && self.purpose == Purpose::Import && has_placeholder(&element.text()) {
            self.domain_placeholder.borrow_mut().get_or_insert_with(|| self.location(element));
            return;
        }
        table.push(key, self.value(element, label, Content::Text(element.text())));
    }

    /// Adds the texts in all languages, without empty ones. `und` (undetermined) is BCP 47's tag for an unnamed language.
    fn add_texts(
        &'s self,
        table: &mut Table<'s>,
        parent: Element<'s>,
        key: &'static str,
        name: &'static str,
    ) {
        let mark = self.problems.mark();
        let mut texts = parent.children(name).collect::<Vec<_>>();
        texts.retain(|text| {
            self.check_attributes(*text, &["lang", "xml:lang"]) && !text.text().trim().is_empty()
        });
        self.problems.confine(mark);
        let Some(first) = texts.first() else { return };
        let location = self.location(*first);
        let label = format!("<{name}>");
        let build = move || {
            let rule = ErrorRule::Confine { as_warnings: self.purpose == Purpose::Serve };
            let mut table =
                Table::new(self.problems, location, ElementNames { element: name, shape: &ROOT }, rule);
            for text in texts {
                let lang = text.attribute("lang").or_else(|| text.attribute("xml:lang"));
                let value = self.value(text, &format!("<{name}>"), Content::Text(text.text()));
                table.append(lang.unwrap_or(Description::UNDETERMINED), value);
            }
            table
        };
        table.insert(key, self.value(parent, &label, Content::Table(Box::new(build))));
    }

    fn section(&'s self, element: Element<'s>, shape: &'static Shape, scope: Scope) -> Content<'s> {
        Content::Table(Box::new(move || {
            let rule = match (scope, self.purpose) {
                (Scope::Inner, _) | (Scope::Served, Purpose::Serve) => ErrorRule::Invalidate,
                (Scope::NotServed, Purpose::Serve) => ErrorRule::Warn,
                (_, Purpose::Import) => ErrorRule::LeaveOut {
                    is_flawed: element.has_flaws() && !shape.has_texts(),
                    report: (!lacks_socket_type(element)).then(|| left_out(element)),
                },
            };
            self.new_table(element, shape, rule)
        }))
    }

    fn unknown_element(&self, parent: Element, element: Element, shape: &Shape) {
        let name = element.name();
        let near = nearest(name, shape.elements());
        if near.is_none() && self.purpose == Purpose::Import {
            self.pass_over(parent, element);
            return;
        }
        let message = format!("<{name}> in <{}> is unknown and is ignored", parent.name());
        let mark = self.problems.mark();
        self.unknown(element, &message, near, near.map(|near| format!("<{near}>")));
        // The element with the right name exists.
        if near.is_some_and(|near| parent.child(near).is_some()) {
            self.problems.confine(mark);
        }
    }

    /// Reports unknown attributes. Returns whether none of them looks like a misspelt one.
    fn check_attributes(&self, element: Element, known: &[&str]) -> bool {
        let mark = self.problems.mark();
        let unknown = element.attributes().iter().map(|(name, _)| name);
        for name in unknown.filter(|name| !known.contains(&name.as_str()) && !name.starts_with("xmlns")) {
            let near = nearest(name, known.iter().copied());
            let message = format!("the attribute {name} of <{}> is unknown and is ignored", element.name());
            self.unknown(element, &message, near, near.map(str::to_owned));
        }
        !self.problems.has_errors_since(mark)
    }

    /// Reports an unknown name, which may be a misspelt one.
    fn unknown(&self, element: Element, message: &str, near: Option<&str>, label: Option<String>) {
        let severity = match (near, self.purpose) {
            (None, _) => Severity::Note,
            (Some(_), Purpose::Serve) => Severity::Warning,
            (Some(_), Purpose::Import) => Severity::Error,
        };
        let hint = match label {
            Some(label) => format!("did you mean {label}?"),
            None => "no action is needed if it is not for mail programs".to_owned(),
        };
        let message = excerpt(message, 300);
        self.problems.push(Problem { severity, ..Problem::note(self.location(element), message, hint) });
    }

    fn pass_over(&self, parent: Element, element: Element) {
        if self.purpose == Purpose::Import {
            let message = format!("<{}> has no key in a profile and becomes a comment", element.name());
            self.problems.note(
                self.location(element),
                message,
                "no action is needed: few mail programs read it",
            );
        }
        self.keep_as_comment(parent, element);
    }

    fn keep_as_comment(&self, parent: Element, element: Element) {
        let (location, parent) = (self.location(element), self.location(parent));
        let name = element.name();
        let mut text = self.source.text[element.span()].to_owned();
        if text.contains("<password") {
            // A password is not copied.
            text = format!("<{name}> is not copied, because it contains a password");
        }
        self.passed_over.borrow_mut().push(PassedOver { location, parent, text });
    }
}

/// Whether a server has `<ssl>` in place of `<socketType>`, which is reported once.
fn lacks_socket_type(element: Element) -> bool {
    element.child("ssl").is_some() && element.child("socketType").is_none()
}

fn ssl_hint(text: &str) -> String {
    match text.trim().to_ascii_lowercase().as_str() {
        "false" | "0" | "no" | "off" => "write <socketType>plain</socketType> instead",
        _ => "write <socketType>SSL</socketType> instead",
    }
    .to_owned()
}

/// The names and texts of an element's children, for a comparison.
fn children_of(element: Element) -> Vec<(String, String)> {
    let mut children: Vec<_> =
        element.elements().map(|child| (child.name().to_owned(), child.text().trim().to_owned())).collect();
    children.sort();
    children
}

fn left_out(element: Element) -> InvalidValue {
    let name = element.name();
    let what = match element.attribute("type") {
        Some(kind) => format!("this {name} of type {kind} is left out"),
        None => format!("this {name} is left out"),
    };
    InvalidValue::new(excerpt(&what, 300), LEFT_OUT_HINT)
}
