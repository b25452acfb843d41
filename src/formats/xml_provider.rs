//! Reading a provider file of Mozilla's format, element by element: where a value stands, what is
//! wrong with it, what is passed over.

use std::num::NonZeroU16;
use std::ops::Range;

use super::translations::description;
use super::values as words;
use crate::diagnostics::problem::{InvalidValue, Located, Source};
use crate::diagnostics::toml_table::{FromText, Written};
use crate::diagnostics::{Location, Problem, Severity, nearest};
use crate::profile::{Description, HttpUrl};
use crate::xml::tree::{Element, Tree, TreeError, excerpt};

/// What may stand where. What is in the second list has no key in a profile.
pub type Known = (&'static [&'static str], &'static [&'static str]);

/// Elements of which a sentence may be missing.
const OF_SENTENCES: [&str; 3] = ["documentation", "instruction", "enable"];

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
    pub purpose: Purpose,
    /// How many of the errors cost no more than what they are about.
    pub minor: usize,
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
    pub place: Location,
    /// Where the element round it begins.
    pub parent: Location,
    /// As it stands in the file.
    pub text: String,
}

impl<'s> Provider<'s> {
    pub fn new(source: &'s Source, purpose: Purpose) -> Self {
        Self { source, problems: Vec::new(), passed_over: Vec::new(), purpose, minor: 0 }
    }

    pub fn place(&self, element: Element) -> Location {
        self.source.place(mark_length(self.source) + element.offset())
    }

    /// The message may quote what stands in the file.
    pub fn complain(&mut self, element: Element, complaint: InvalidValue) {
        let place = self.place(element);
        let message = excerpt(&complaint.message, 300);
        self.problems.push(Problem::at(place, InvalidValue { message, ..complaint }));
    }

    /// As [`Self::complain`], where what is wrong costs nothing but itself, and stops no server.
    fn mention(&mut self, element: Element, complaint: InvalidValue) {
        self.complain(element, complaint);
        match self.purpose {
            Purpose::Import => self.minor += 1,
            Purpose::Serve => self.forgive(self.problems.len() - 1),
        }
    }

    /// Makes warnings of the errors that were found since.
    pub fn forgive(&mut self, so_far: usize) {
        for problem in self.problems[so_far..].iter_mut().filter(|problem| problem.is_error()) {
            problem.severity = Severity::Warning;
        }
    }

    /// Reads an element that is left out if anything in it is wrong.
    pub fn whole<T>(&mut self, element: Element, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.major();
        let value = read(self);
        // What stands twice, is misspelt or means nothing may have been meant.
        let has_flaws = element.has_flaws() && !OF_SENTENCES.contains(&element.name());
        let is_right = self.major() == before && !has_flaws;
        if !is_right && self.purpose == Purpose::Import {
            let what = match element.attribute("type") {
                Some(kind) => format!("this {} of type {kind} is left out", element.name()),
                None => format!("this {} is left out", element.name()),
            };
            let hint = match element.name() {
                "incomingServer" | "outgoingServer" => {
                    "mend what is said of it, and import the file again; till then, the next of its type is \
                     the preferred one"
                }
                _ => "mend what is said of it, and import the file again",
            };
            self.complain(element, InvalidValue::new(what, hint));
            // Said twice, meant once.
            self.minor += 1;
        }
        value.filter(|_| is_right)
    }

    /// Passes over every child that is not known, and says so.
    pub fn known(&mut self, parent: Element, (read, keyless): Known) {
        self.attributes(parent);
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
            let severity = self.severity_of_unknown(near);
            // What it may stand for is there.
            if severity == Severity::Error && near.is_some_and(|near| parent.child(near).is_some()) {
                self.minor += 1;
            }
            let hint = match near {
                Some(near) => format!("did you mean <{near}>?"),
                None => "nothing to do if it is not meant for mail programs".to_owned(),
            };
            if near.is_none() && self.purpose == Purpose::Import {
                self.pass_over(parent, element);
                continue;
            }
            let place = self.place(element);
            self.problems.push(Problem { severity, ..Problem::note(place, message, hint) });
        }
    }

    /// Whether an element has no attribute that looks like a misspelt one; says which it has that
    /// mean nothing.
    pub fn attributes(&mut self, element: Element) -> bool {
        let known: &[&str] = match element.name() {
            "clientConfig" => &["version"],
            "emailProvider" => &["id"],
            "domain" => &["purpose"],
            "incomingServer" | "outgoingServer" | "calendar" | "addressbook" | "addressBook"
            | "fileShare" => &["type"],
            "authentication" => &["system"],
            "documentation" | "loginPage" => &["url"],
            "descr" => &["lang", "xml:lang"],
            "instruction" => &["url", "lang", "xml:lang"],
            "enable" => &["visiturl"],
            "checkInterval" => &["minutes"],
            "loginPageInfo" => &["url", "waitForRedirectionURLPrefix"],
            "usernameField" | "passwordField" | "loginButton" => &["id", "name"],
            _ => &[],
        };
        let mut is_right = true;
        for (name, _) in element.attributes() {
            if known.contains(&name.as_str()) || name.starts_with("xmlns") {
                continue;
            }
            let near = nearest(name, known.iter().copied());
            let severity = self.severity_of_unknown(near);
            is_right &= severity != Severity::Error;
            let message =
                format!("the attribute {name} of <{}> is not known and passed over", element.name());
            let hint = match near {
                Some(near) => format!("did you mean {near}?"),
                None => "nothing to do if it is not meant for mail programs".to_owned(),
            };
            let place = self.place(element);
            let message = excerpt(&message, 300);
            self.problems.push(Problem { severity, ..Problem::note(place, message, hint) });
        }
        is_right
    }

    /// How bad it is that something is not known: it may be a misspelt name of something that is.
    fn severity_of_unknown(&self, near: Option<&str>) -> Severity {
        match (near, self.purpose) {
            (None, _) => Severity::Note,
            (Some(_), Purpose::Serve) => Severity::Warning,
            (Some(_), Purpose::Import) => Severity::Error,
        }
    }

    pub fn pass_over(&mut self, parent: Element, element: Element) {
        let (place, parent) = (self.place(element), self.place(parent));
        let Range { start, end } = element.span();
        let skipped = mark_length(self.source);
        let name = element.name();
        let mut text = self.source.text[skipped + start..skipped + end].to_owned();
        if text.contains("<password") {
            // Not ours to copy.
            text = format!("<{name}>, which holds a password and is not copied");
        }
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
            self.complain(again, InvalidValue::new(format!("<{name}> stands twice"), "leave one of them"));
        }
        if self.problems.len() > so_far {
            return Written::Wrong;
        }
        Written::Right(Located { value: first, place: self.place(first) })
    }

    /// Reads an element's text by the rules of its type.
    pub fn read<T>(
        &mut self,
        element: Element,
        name: &str,
        text: &str,
        rules: impl FnOnce(&str) -> Result<T, InvalidValue>,
    ) -> Option<Located<T>> {
        match rules(text.trim()) {
            Ok(value) => Some(Located { value, place: self.place(element) }),
            Err(InvalidValue { message, hint }) => {
                self.complain(element, InvalidValue { message: format!("{name} {message}"), hint });
                None
            }
        }
    }

    /// Reads a child that may be missing; a mistake in it is none.
    pub fn written<T>(
        &mut self,
        parent: Element,
        name: &str,
        rules: impl FnOnce(&str) -> Result<T, InvalidValue>,
    ) -> Written<T> {
        let element = match self.single(parent, name) {
            Written::Absent => return Written::Absent,
            Written::Wrong => return Written::Wrong,
            Written::Right(element) => element.value,
        };
        self.attributes(element);
        if element.elements().next().is_some() {
            let complaint =
                InvalidValue::new(format!("<{name}> holds other elements"), "a value is plain text");
            self.complain(element, complaint);
            return Written::Wrong;
        }
        self.read(element, &format!("<{name}>"), &element.text(), rules)
            .map_or(Written::Wrong, Written::Right)
    }

    /// Reads a child that must be there.
    pub fn required<T: FromText>(&mut self, parent: Element, name: &str) -> Option<Located<T>> {
        match self.written(parent, name, T::from_text) {
            Written::Right(value) => Some(value),
            Written::Wrong => None,
            Written::Absent => {
                let hint = format!("add <{name}>...</{name}>");
                self.complain(parent, InvalidValue::new(format!("<{name}> is missing"), hint));
                None
            }
        }
    }

    /// How many errors cost more than what they are about.
    pub fn major(&self) -> usize {
        self.problems.iter().filter(|problem| problem.is_error()).count() - self.minor
    }

    /// An attribute with an address, which has to be there.
    pub fn address(&mut self, element: Element, attribute: &str) -> Option<HttpUrl> {
        match element.attribute(attribute) {
            Some(text) => {
                let name = format!("the {attribute} of <{}>", element.name());
                self.read(element, &name, text, FromText::from_text).map(|url| url.value)
            }
            None => {
                let message = format!("<{}> has no {attribute}", element.name());
                self.complain(
                    element,
                    InvalidValue::new(message, format!("add {attribute}=\"https://...\"")),
                );
                None
            }
        }
    }

    /// The sentences of a name; empty ones say nothing. `und`, undetermined, is BCP 47's word for a
    /// language that nobody names.
    pub fn languages(&mut self, parent: Element, name: &str) -> Vec<Description> {
        let mut sentences: Vec<Description> = Vec::new();
        for element in parent.children(name) {
            let before = self.major();
            let is_right = self.attributes(element);
            self.minor += self.major() - before;
            if !is_right {
                continue;
            }
            let lang = element.attribute("lang").or_else(|| element.attribute("xml:lang"));
            let lang = lang.unwrap_or(Description::UNDETERMINED);
            let text = element.text();
            if text.trim().is_empty() {
                continue;
            }
            match description(lang.to_owned(), &text) {
                Some(sentence)
                    if sentences.iter().any(|other| other.lang.eq_ignore_ascii_case(&sentence.lang)) =>
                {
                    let message = format!("<{name}> stands twice for the language `{lang}`");
                    self.mention(element, InvalidValue::new(message, "leave one of them"));
                }
                Some(sentence) => sentences.push(sentence),
                None => {
                    let message =
                        format!("<{name}> has the language `{lang}`, or a text, that means nothing");
                    let hint = "a language is written like en or pt-BR";
                    self.mention(element, InvalidValue::new(message, hint));
                }
            }
        }
        sentences
    }
}

pub struct Port(pub NonZeroU16);

impl FromText for Port {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        words::digits(text).map(Self).ok_or_else(|| words::port(text))
    }
}

pub fn boolean(text: &str) -> Result<bool, InvalidValue> {
    text.parse().map_err(|_| InvalidValue::new(format!("is `{text}`"), "write `true` or `false`"))
}
