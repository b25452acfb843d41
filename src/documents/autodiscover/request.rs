//! What clients post to Autodiscover, read with all the tolerance that real ones need.
//!
//! Any namespace or none, any prefix, letter case, order and white space (reference/autodiscover
//! 2.1 and 6.1, items 9 to 12). Not tolerated: a DOCTYPE, an entity that XML does not define,
//! nesting deeper than any request has, another encoding than UTF-8. Nothing is ever fetched, and
//! the body's limit bounds the work. A prefix need not be declared: namespaces mean nothing here.

use std::borrow::Cow;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::address::EmailAddress;

/// A request for an address's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub email_address: EmailAddress,
    pub schema: Schema,
}

/// The kind of answer a client can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Settings for IMAP, POP3 and SMTP.
    Outlook,
    /// ActiveSync's settings, or anything else: we have none.
    Other,
}

/// Why a body is not a [`Request`] we can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    #[error("not an Autodiscover request in well-formed XML")]
    Malformed,
    #[error("no usable e-mail address in the request")]
    Address,
    /// A `LegacyDN` names a mailbox inside Exchange; without an address there is nothing to find.
    #[error("a LegacyDN and no e-mail address")]
    LegacyDnOnly,
}

/// Real requests have three levels.
const DEEPEST: usize = 16;

impl Request {
    /// Reads a posted body.
    ///
    /// # Errors
    /// See [`RequestError`]; the first two are Autodiscover's error 600, the last is 500.
    pub fn read(body: &[u8]) -> Result<Self, RequestError> {
        let fields = Fields::read(body).ok_or(RequestError::Malformed)?;
        match fields.email_address.as_deref().map(str::trim) {
            // An empty one beside a LegacyDN is none.
            Some("") | None if fields.legacy_dn.is_some() => Err(RequestError::LegacyDnOnly),
            // Where both stand, MS-OXDSCLI 3.2.5 prefers the LegacyDN; only the address means
            // something here (reference/autodiscover 2.7).
            Some(text) => {
                let email_address = text.parse().map_err(|_| RequestError::Address)?;
                Ok(Self { email_address, schema: fields.schema() })
            }
            None => Err(RequestError::Address),
        }
    }
}

/// The elements of a request, as text.
#[derive(Default)]
struct Fields<'a> {
    email_address: Option<Cow<'a, str>>,
    acceptable_response_schema: Option<Cow<'a, str>>,
    legacy_dn: Option<Cow<'a, str>>,
    mobile_sync_root: bool,
}

impl<'a> Fields<'a> {
    /// None when the body is not a well-formed `Autodiscover` document.
    fn read(body: &'a [u8]) -> Option<Self> {
        // XML 1.0 2.2: the characters that no document may have. To the end in any case, so that many
        // are looked at in one instruction.
        let is_control = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
        if body.iter().fold(false, |found, byte| found | is_control(*byte)) {
            return None;
        }
        let text = std::str::from_utf8(body).ok()?;
        // And further up.
        if !text.is_ascii() && text.contains(['\u{FFFE}', '\u{FFFF}']) {
            return None;
        }
        let mut reader = Reader::from_str(text.strip_prefix('\u{FEFF}').unwrap_or(text));
        reader.config_mut().enable_all_checks(true);
        let mut fields = Self::default();
        let mut place = Location::default();
        let mut value = Cow::Borrowed("");
        loop {
            match reader.read_event().ok()? {
                // A declaration opens the document or is an error.
                Event::Decl(_) if place.is_started => return None,
                Event::Decl(declaration) => is_declaration(&declaration).then_some(())?,
                Event::Start(element) => {
                    place.open(&element)?;
                    fields.notice(&place, &element)?;
                    value = Cow::Borrowed("");
                }
                Event::Empty(element) => {
                    place.open(&element)?;
                    fields.notice(&place, &element)?;
                    fields.take(&place, Cow::Borrowed(""));
                    place.close();
                }
                Event::End(_) => {
                    fields.take(&place, std::mem::take(&mut value));
                    place.close();
                }
                Event::Text(text) if place.is_outside() => text.trim().is_empty().then_some(())?,
                // XML 1.0 2.4.
                Event::Text(text) if text.contains("]]>") => return None,
                Event::Text(text) => append(&mut value, text.xml_content(XmlVersion::Implicit1_0)),
                // A name, and not XML's own (2.6).
                Event::PI(instruction)
                    if !is_name(instruction.target()) || instruction.target().eq_ignore_ascii_case("xml") =>
                {
                    return None;
                }
                Event::Comment(_) | Event::PI(_) => {}
                Event::DocType(_) => return None,
                Event::CData(_) | Event::GeneralRef(_) if place.is_outside() => return None,
                Event::CData(text) => append(&mut value, text.xml_content(XmlVersion::Implicit1_0)),
                Event::GeneralRef(reference) => value.to_mut().push(resolve(&reference)?),
                Event::Eof => return (place.has_root && place.is_outside()).then_some(fields),
            }
            place.is_started = true;
        }
    }

    /// The root's namespace may say that ActiveSync is meant. Other attributes mean nothing, but
    /// have to be well-formed.
    fn notice(&mut self, place: &Location, element: &BytesStart) -> Option<()> {
        // Most elements have no attributes.
        if element.len() == element.name().as_ref().len() {
            return Some(());
        }
        if !has_space_between_attributes(element) {
            return None;
        }
        for attribute in element.attributes() {
            let attribute = attribute.ok()?;
            if !is_name(attribute.key.into_inner()) {
                return None;
            }
            if attribute.value.contains('<') {
                return None;
            }
            // Only an entity that is defined; there is nothing to define one with.
            if attribute.value.contains('&') {
                attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
            }
            if place.depth == 1 && attribute.key.as_namespace_binding().is_some() {
                self.mobile_sync_root |= attribute.value.contains("/mobilesync/");
            }
        }
        Some(())
    }

    /// The first of several elements of one name counts.
    fn take(&mut self, place: &Location, value: Cow<'a, str>) {
        let field = match place.field {
            Some(Field::EmailAddress) => &mut self.email_address,
            Some(Field::AcceptableResponseSchema) => &mut self.acceptable_response_schema,
            Some(Field::LegacyDn) => &mut self.legacy_dn,
            None => return,
        };
        field.get_or_insert(value);
    }

    /// Absent means Outlook's, unless the root's namespace is ActiveSync's (2.7). The last three
    /// names were seen in requests of Outlook or of administrators (mailcow #2986).
    fn schema(&self) -> Schema {
        let Some(schema) = &self.acceptable_response_schema else {
            return if self.mobile_sync_root { Schema::Other } else { Schema::Outlook };
        };
        let schema = schema.trim().to_ascii_lowercase();
        let name = schema.strip_prefix("https://").or_else(|| schema.strip_prefix("http://"));
        match name.and_then(|name| name.strip_prefix("schemas.microsoft.com/exchange/autodiscover/")) {
            Some(
                "outlook/responseschema/2006a"
                | "outlook/responseschema/2006"
                | "responseschema/2006a"
                | "responseschema/2006",
            ) => Schema::Outlook,
            _ => Schema::Other,
        }
    }
}

/// The elements that say something.
#[derive(Clone, Copy)]
enum Field {
    EmailAddress,
    AcceptableResponseSchema,
    LegacyDn,
}

/// Where the reader stands.
#[derive(Default)]
struct Location {
    depth: usize,
    /// Anything came, even a comment.
    is_started: bool,
    has_root: bool,
    in_request: bool,
    /// The element that is open, if it is a child of `Request` that says something.
    field: Option<Field>,
}

impl Location {
    /// None for what is no name, for a second root, a wrong one, or one level too many.
    fn open(&mut self, element: &BytesStart) -> Option<()> {
        is_name(element.name().into_inner()).then_some(())?;
        let name = element.local_name();
        let is = |known: &str| name.as_ref().eq_ignore_ascii_case(known);
        self.depth += 1;
        self.field = None;
        match self.depth {
            1 if self.has_root || !is("Autodiscover") => return None,
            1 => self.has_root = true,
            2 => self.in_request = is("Request"),
            3 if self.in_request && is("EMailAddress") => self.field = Some(Field::EmailAddress),
            3 if self.in_request && is("AcceptableResponseSchema") => {
                self.field = Some(Field::AcceptableResponseSchema);
            }
            3 if self.in_request && is("LegacyDN") => self.field = Some(Field::LegacyDn),
            _ => {}
        }
        (self.depth <= DEEPEST).then_some(())
    }

    /// The reader has checked that every end has its beginning.
    fn close(&mut self) {
        self.depth -= 1;
        self.field = None;
    }

    fn is_outside(&self) -> bool {
        self.depth == 0
    }
}

/// XML 1.0 3.1: `a="1"b="2"` is not well-formed, though the reader takes it.
fn has_space_between_attributes(element: &str) -> bool {
    let mut rest = element;
    while let Some(open) = rest.find(['"', '\'']) {
        let quote = char::from(rest.as_bytes()[open]);
        let Some((_, after)) = rest[open + 1..].split_once(quote) else { return true };
        if after.starts_with(|next: char| !next.is_ascii_whitespace()) {
            return false;
        }
        rest = after;
    }
    true
}

/// XML 1.0 2.3, as far as ASCII goes; of other letters no client makes names.
fn is_name(name: &str) -> bool {
    let is_start = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b':') || !b.is_ascii();
    let is_more = |b: u8| is_start(b) || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    name.bytes().next().is_some_and(is_start) && name.bytes().all(is_more)
}

/// Nearly every value is one piece, which needs no copy.
fn append<'a>(value: &mut Cow<'a, str>, more: Cow<'a, str>) {
    if value.is_empty() {
        *value = more;
    } else {
        value.to_mut().push_str(&more);
    }
}

/// XML 1.0 2.8: `version`, then `encoding` and `standalone`, if at all, and nothing else.
fn is_declaration(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let version = |version: &str| version.strip_prefix("1.").is_some_and(is_number);
    // UTF-8 is required in both directions; ASCII is a part of it.
    let encoding = |encoding: &str| {
        ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| encoding.eq_ignore_ascii_case(known))
    };
    let rest = text.strip_prefix("xml").and_then(|rest| after(rest, "version", version));
    let rest = rest.map(|rest| after(rest, "encoding", encoding).unwrap_or(rest));
    let rest =
        rest.map(|rest| after(rest, "standalone", |word| matches!(word, "yes" | "no")).unwrap_or(rest));
    rest.is_some_and(|rest| rest.trim_ascii().is_empty())
}

/// What follows ` name="value"` with a value that is right.
fn after<'t>(text: &'t str, name: &str, is_right: impl Fn(&str) -> bool) -> Option<&'t str> {
    let text = text.strip_prefix(|c: char| c.is_ascii_whitespace())?.trim_ascii_start();
    let text = text.strip_prefix(name)?.trim_ascii_start().strip_prefix('=')?.trim_ascii_start();
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, rest) = text[1..].split_once(quote)?;
    is_right(value).then_some(rest)
}

/// A character reference, or one of the five entities that XML defines.
fn resolve(reference: &BytesRef) -> Option<char> {
    if let Some(c) = reference.resolve_char_ref().ok()? {
        return Some(c);
    }
    match &**reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}
