//! Converts a provider file in Mozilla's format to a table with the keys of a profile.
//!
//! Elements without a key are skipped and recorded, because an import keeps them in comments. Unknown elements are skipped
//! with a note, as the draft (3.9) requires.

use std::cell::RefCell;
use std::path::Path;

use super::xml_elements::{Child, Kind, MAIL_SERVER, OTHER_SERVER, PROVIDER, ROOT, Scope, Shape};
use crate::diagnostics::problem::{InvalidValue, Source};
use crate::diagnostics::table::{Content, ErrorRule, KeyNames, Table, Value};
use crate::diagnostics::{Location, Problem, Problems, Severity, nearest};
use crate::profile::{Description, OtherKind};
use crate::xml::tree::{Element, Tree, TreeError, excerpt};
use crate::xml::{self, EncodingError, excluded_character};

/// Parses a file.
///
/// # Errors
/// If it is not well-formed XML.
pub fn tree(source: &Source) -> Result<Tree<'_>, Problem> {
    Tree::parse(&*source.text).map_err(|error| malformed(source, &error))
}

/// As [`tree`], but leaves out elements whose value is malformed, and returns their errors.
///
/// # Errors
/// If something else is malformed.
pub fn tree_without_flaws(source: &Source) -> Result<(Tree<'_>, Vec<Problem>), Problem> {
    let read = Tree::without_flaws(&*source.text);
    let (tree, flaws) = read.map_err(|error| malformed(source, &error))?;
    Ok((tree, flaws.iter().map(|flaw| malformed(source, flaw)).collect()))
}

fn malformed(source: &Source, error: &TreeError) -> Problem {
    let message = format!("not well-formed XML: {}", error.message);
    let rest = source.text.get(error.offset..).unwrap_or_default();
    let hint = match excluded_character(rest) {
        Some((0, _)) => "remove the character",
        _ if rest.starts_with("&#") => "remove the reference",
        _ => "xmllint or an XML editor shows more; `&` is written &amp;",
    };
    Problem::error(source.location(error.offset), message, hint)
}

/// The text of an XML file, and where it cannot be decoded.
///
/// # Errors
/// As [`xml::decode`].
pub fn decode(file: &Path, content: &[u8]) -> Result<Source, Problem> {
    let decoded = xml::decode(content);
    let text = decoded.map_err(|EncodingError { message, line, column }| {
        let hint = "save it as UTF-8, with a declaration that says so or with none";
        Problem::error(Location::new(file.into(), line, column), message, hint)
    })?;
    Ok(Source::new(file.into(), text.into_owned()))
}

/// A provider file being read.
#[derive(Debug)]
pub struct ProviderFile<'s> {
    source: &'s Source,
    problems: &'s Problems,
    purpose: Purpose,
    /// The elements without a key.
    pub passed_over: RefCell<Vec<PassedOver>>,
}

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

/// The names of an element's attributes and children in messages.
#[derive(Debug)]
struct ElementNames<'s> {
    element: &'s str,
    shape: &'static Shape,
}

fn attribute_label(attribute: &str, element: &str) -> String {
    format!("the {attribute} of <{element}>")
}

impl ElementNames<'_> {
    fn attribute(&self, key: &str) -> Option<&'static str> {
        self.shape.attributes.iter().find(|(_, other)| *other == key).map(|(attribute, _)| *attribute)
    }

    fn child(&self, key: &str) -> &'static str {
        self.shape.children.iter().find(|Child(_, other, _)| *other == key).map_or("", |Child(name, ..)| name)
    }
}

impl KeyNames for ElementNames<'_> {
    fn label(&self, key: &str) -> String {
        match self.attribute(key) {
            Some(attribute) => attribute_label(attribute, self.element),
            None => format!("<{}>", self.child(key)),
        }
    }

    fn missing(&self, key: &str, example: &str) -> InvalidValue {
        match (self.attribute(key), self.child(key)) {
            (Some(attribute), _) => missing_attribute(self.element, attribute, example),
            (None, name) => {
                InvalidValue::new(format!("<{name}> is missing"), format!("add <{name}>...</{name}>"))
            }
        }
    }

    fn title(&self) -> &'static str {
        ""
    }
}

fn missing_attribute(element: &str, attribute: &str, example: &str) -> InvalidValue {
    InvalidValue::new(format!("<{element}> has no {attribute}"), format!("add {attribute}={example}"))
}

impl<'s> ProviderFile<'s> {
    pub fn new(source: &'s Source, problems: &'s Problems, purpose: Purpose) -> Self {
        Self { source, problems, purpose, passed_over: RefCell::default() }
    }

    pub fn location(&self, element: Element) -> Location {
        self.source.location_of(&element.span())
    }

    /// The table. None, with an error, if the file does not describe one provider.
    pub fn table(&'s self, tree: &'s Tree<'s>) -> Option<Table<'s>> {
        let root = tree.root();
        if root.name() != "clientConfig" {
            let message = format!("not a provider file: <{}> where <clientConfig> should be", root.name());
            self.error(root, message, "the only root is <clientConfig>");
            return None;
        }
        let mut providers = root.children("emailProvider");
        let Some(provider) = providers.next() else {
            let message = "not a provider file: <emailProvider> is missing";
            self.error(root, message, "it holds everything else");
            return None;
        };
        let mut is_single = true;
        for again in providers {
            is_single = false;
            self.error(again, "<emailProvider> stands twice", "leave one of them");
        }
        let mut table = self.new_table(provider, &PROVIDER, ErrorRule::Invalidate);
        self.fill(&mut table, root, &ROOT);
        is_single.then_some(table)
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
                table.insert(key, self.value(parent, &label, Content::Text(text.into())));
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
            Kind::Text => {
                self.check_attributes(element, &[]);
                let content = if element.elements().next().is_some() {
                    self.error(element, format!("{label} holds other elements"), "a value is plain text");
                    Content::Invalid
                } else {
                    Content::Text(element.text())
                };
                table.insert(key, self.value(element, &label, content));
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
                let text = match element.attribute("system") {
                    Some(system) => format!("{system}:{}", element.text().trim()).into(),
                    None => element.text(),
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
                    self.error(element, format!("{label} stands twice"), "leave one of them");
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

    fn add_domain(&self, table: &mut Table<'s>, element: Element<'s>, label: &str) {
        if !self.check_attributes(element, &["purpose"]) {
            return;
        }
        let key = match (element.attribute("purpose"), self.purpose) {
            (Some("mx"), _) => "mx_hosts",
            (Some(other), Purpose::Import) => {
                let message = format!("<domain> has the unknown purpose `{other}`, and is left out");
                self.error(element, message, "mx is the one that the draft has");
                return;
            }
            _ => "domains",
        };
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
                    report: left_out(element),
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
        let message = format!("<{name}> in <{}> is unknown and ignored", parent.name());
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
            let message = format!("the attribute {name} of <{}> is unknown and ignored", element.name());
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
            None => "nothing to do if it is not meant for mail programs".to_owned(),
        };
        let message = excerpt(message, 300);
        self.problems.push(Problem { severity, ..Problem::note(self.location(element), message, hint) });
    }

    fn pass_over(&self, parent: Element, element: Element) {
        let (location, parent) = (self.location(element), self.location(parent));
        let name = element.name();
        let mut text = self.source.text[element.span()].to_owned();
        if text.contains("<password") {
            // A password is not copied.
            text = format!("<{name}>, which holds a password and is not copied");
        }
        if self.purpose == Purpose::Import {
            let message = format!("<{name}> has no key in a profile, and is kept as a comment");
            self.problems.note(location.clone(), message, "nothing to do: few mail programs read it");
        }
        self.passed_over.borrow_mut().push(PassedOver { location, parent, text });
    }
}

fn left_out(element: Element) -> InvalidValue {
    let name = element.name();
    let what = match element.attribute("type") {
        Some(kind) => format!("this {name} of type {kind} is left out"),
        None => format!("this {name} is left out"),
    };
    let mut hint = "correct the errors in it, and import the file again".to_owned();
    if name.ends_with("Server") {
        hint += "; until then, mail programs prefer the next server of its type";
    }
    InvalidValue::new(excerpt(&what, 300), hint)
}
