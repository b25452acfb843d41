//! What clients post to Autodiscover, read with all the tolerance that real ones need.
//!
//! Any namespace or none, any prefix, letter case, order and white space (reference/autodiscover
//! 2.1 and 6.1, items 9 to 12). Not tolerated: a DOCTYPE, an entity that XML does not define,
//! nesting deeper than any request has, another encoding than UTF-8. Nothing is ever fetched, and
//! the body's limit bounds the work.

use std::borrow::Cow;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::QName;
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
        let schema = fields.schema();
        match (fields.email_address, fields.legacy_dn) {
            // Where both stand, MS-OXDSCLI 3.2.5 prefers the LegacyDN; only the address means
            // something here (reference/autodiscover 2.7).
            (Some(text), _) => {
                let email_address = text.trim().parse().map_err(|_| RequestError::Address)?;
                Ok(Self { email_address, schema })
            }
            (None, true) => Err(RequestError::LegacyDnOnly),
            (None, false) => Err(RequestError::Address),
        }
    }
}

/// The elements of a request, as text.
#[derive(Default)]
struct Fields {
    email_address: Option<String>,
    acceptable_response_schema: Option<String>,
    legacy_dn: bool,
    mobile_sync_root: bool,
}

impl Fields {
    /// None when the body is not a well-formed `Autodiscover` document.
    fn read(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        if text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
            return None;
        }
        let mut reader = Reader::from_str(text);
        reader.config_mut().enable_all_checks(true);
        let mut fields = Self::default();
        let mut path = Path::default();
        let mut value = String::new();
        loop {
            match reader.read_event().ok()? {
                Event::Decl(declaration) => {
                    // A declaration opens the document or is an error.
                    if path.is_started() || !is_utf8(declaration.encoding()) {
                        return None;
                    }
                    path.prolog = true;
                }
                Event::Start(element) => {
                    path.open(&element)?;
                    fields.notice_root(&path, &element)?;
                    value.clear();
                }
                Event::Empty(element) => {
                    path.open(&element)?;
                    fields.notice_root(&path, &element)?;
                    fields.take(&path, "");
                    path.close()?;
                }
                Event::End(_) => {
                    fields.take(&path, &value);
                    value.clear();
                    path.close()?;
                }
                Event::Text(chunk) => {
                    let chunk = chunk.xml_content(XmlVersion::Implicit1_0);
                    if path.is_outside() && !chunk.trim().is_empty() {
                        return None;
                    }
                    path.prolog = true;
                    value.push_str(&chunk);
                }
                Event::CData(chunk) if !path.is_outside() => {
                    value.push_str(&chunk.xml_content(XmlVersion::Implicit1_0));
                }
                Event::GeneralRef(reference) if !path.is_outside() => value.push(resolve(&reference)?),
                Event::Comment(_) | Event::PI(_) => path.prolog = true,
                Event::DocType(_) | Event::CData(_) | Event::GeneralRef(_) => return None,
                Event::Eof => return path.is_complete().then_some(fields),
            }
        }
    }

    /// The first element must be `Autodiscover`; its namespace may say that ActiveSync is meant.
    fn notice_root(&mut self, path: &Path, element: &BytesStart) -> Option<()> {
        let root = path.names.len() == 1;
        if root && !path.is(&["autodiscover"]) {
            return None;
        }
        for attribute in element.attributes() {
            let attribute = attribute.ok()?;
            let is_namespace = attribute.key.as_namespace_binding().is_some();
            if root && is_namespace && attribute.value.contains("/mobilesync/") {
                self.mobile_sync_root = true;
            }
        }
        Some(())
    }

    /// The first of several elements of one name counts.
    fn take(&mut self, path: &Path, value: &str) {
        let value = || Some(value.to_owned());
        if path.is(&["autodiscover", "request", "emailaddress"]) {
            self.email_address = self.email_address.take().or_else(value);
        } else if path.is(&["autodiscover", "request", "acceptableresponseschema"]) {
            self.acceptable_response_schema = self.acceptable_response_schema.take().or_else(value);
        } else if path.is(&["autodiscover", "request", "legacydn"]) {
            self.legacy_dn = true;
        }
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

/// Where the reader stands: the local names from the root, in lower case.
#[derive(Default)]
struct Path {
    names: Vec<String>,
    /// Something stood before the root; a declaration may not follow.
    prolog: bool,
    root_seen: bool,
}

impl Path {
    fn open(&mut self, element: &BytesStart) -> Option<()> {
        if self.names.len() == DEEPEST || (self.names.is_empty() && self.root_seen) {
            return None;
        }
        self.root_seen = true;
        self.names.push(local_name(element.name()).to_ascii_lowercase());
        Some(())
    }

    fn close(&mut self) -> Option<()> {
        self.names.pop().map(|_| ())
    }

    fn is(&self, names: &[&str]) -> bool {
        self.names == names
    }

    fn is_outside(&self) -> bool {
        self.names.is_empty()
    }

    fn is_started(&self) -> bool {
        self.prolog || self.root_seen
    }

    fn is_complete(&self) -> bool {
        self.root_seen && self.names.is_empty()
    }
}

fn local_name(name: QName<'_>) -> &str {
    name.local_name().into_inner()
}

/// UTF-8 is required in both directions; ASCII is a part of it.
fn is_utf8<E>(encoding: Option<Result<Cow<'_, str>, E>>) -> bool {
    match encoding {
        None => true,
        Some(Err(_)) => false,
        Some(Ok(name)) => {
            ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| name.eq_ignore_ascii_case(known))
        }
    }
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
