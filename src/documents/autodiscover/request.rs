//! Parses the XML that clients post to Autodiscover.
//!
//! Accepted: any namespace or none, any prefix, declared or not, any letter case, order and white space
//! (reference/autodiscover 2.1 and 6.1, items 9 to 12).
//! White space before the declaration is accepted too: hand-made scripts send it.
//! Rejected: other malformed XML, a DOCTYPE, undefined entities, deep nesting, encodings other than UTF-8 and UTF-16.
//!
//! quick-xml's serde support compares names case-sensitively, and roxmltree rejects undeclared prefixes. quick-xml's
//! reader does not check everything that XML requires, so the checks that it lacks are here.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::address::EmailAddress;
use crate::xml::{self, attribute_value, excluded_character, is_name, resolve_reference};

/// A request for the settings of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub email_address: EmailAddress,
    pub schema: Schema,
}

/// The kind of response that a client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Settings for IMAP, POP3 and SMTP.
    Outlook,
    /// ActiveSync or unknown: not supported.
    Other,
}

/// Why a body is not a valid [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    #[error("the body is not an Autodiscover request in well-formed XML")]
    Malformed,
    #[error("the request has no valid email address")]
    Address,
    /// A `LegacyDN` identifies a mailbox inside Exchange. Waypost needs an address.
    #[error("the request has a LegacyDN, but no email address")]
    LegacyDnOnly,
}

/// Requests of real clients have three levels.
const MAX_DEPTH: usize = 16;

impl Request {
    /// Parses a body in UTF-8 or UTF-16.
    ///
    /// # Errors
    /// As [`Self::parse`], and if the body cannot be decoded.
    pub fn read(body: &[u8]) -> Result<Self, RequestError> {
        let text = xml::decode(body).map_err(|_| RequestError::Malformed)?;
        Self::parse(&text)
    }

    /// Parses a decoded body.
    ///
    /// # Errors
    /// The first two of [`RequestError`] are Autodiscover's error 600, the last is 500.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        let fields = Fields::read(text).ok_or(RequestError::Malformed)?;
        let [email_address, _, legacy_dn] = &fields.values;
        match email_address.as_deref().map(str::trim) {
            // An empty address next to a LegacyDN is ignored.
            Some("") | None if legacy_dn.is_some() => Err(RequestError::LegacyDnOnly),
            // MS-OXDSCLI 3.2.5 prefers the LegacyDN, but Waypost can only use the address
            // (reference/autodiscover 2.7).
            Some(text) => {
                let email_address = text.parse().map_err(|_| RequestError::Address)?;
                Ok(Self { email_address, schema: fields.schema() })
            }
            None => Err(RequestError::Address),
        }
    }
}

/// The names of the elements in [`Fields::values`].
const FIELDS: [&str; 3] = ["EMailAddress", "AcceptableResponseSchema", "LegacyDN"];

/// The text of a request's elements. Of several elements with one name, the first counts.
#[derive(Default)]
struct Fields<'a> {
    values: [Option<Cow<'a, str>>; FIELDS.len()],
    has_mobile_sync_root: bool,
}

impl<'a> Fields<'a> {
    /// None if the text is not a well-formed `Autodiscover` document.
    fn read(text: &'a str) -> Option<Self> {
        let text = text.trim_ascii_start();
        // The byte order mark has been removed. The reader would skip a second one.
        if excluded_character(text).is_some() || text.starts_with('\u{FEFF}') {
            return None;
        }
        let mut reader = Reader::from_str(text);
        reader.config_mut().enable_all_checks(true);
        reader.config_mut().expand_empty_elements = true;
        let mut fields = Self::default();
        let mut position = Position::default();
        let mut value = Cow::Borrowed("");
        loop {
            match reader.read_event().ok()? {
                // The declaration must be first.
                Event::Decl(_) if position.is_started => return None,
                Event::Decl(declaration) => is_declaration(&declaration).then_some(())?,
                Event::Start(element) => {
                    position.open(&element)?;
                    fields.read_attributes(&position, &element)?;
                    value = Cow::Borrowed("");
                }
                Event::End(_) => {
                    if let Some(field) = position.field {
                        fields.values[field].get_or_insert(std::mem::take(&mut value));
                    }
                    position.close();
                }
                Event::Text(text) if position.is_outside() => text.trim_ascii().is_empty().then_some(())?,
                // XML 1.0 2.4.
                Event::Text(text) if text.contains("]]>") => return None,
                Event::Text(text) => append(&mut value, text.xml_content(XmlVersion::Implicit1_0)),
                // XML 1.0 2.6: the target is a name other than `xml`.
                Event::PI(instruction)
                    if !is_name(instruction.target()) || instruction.target().eq_ignore_ascii_case("xml") =>
                {
                    return None;
                }
                Event::Comment(_) | Event::PI(_) => {}
                // With `expand_empty_elements`, no `Empty` comes.
                Event::DocType(_) | Event::Empty(_) => return None,
                Event::CData(_) | Event::GeneralRef(_) if position.is_outside() => return None,
                Event::CData(text) => append(&mut value, text.xml_content(XmlVersion::Implicit1_0)),
                Event::GeneralRef(reference) => append(&mut value, resolve_reference(&reference)?),
                Event::Eof => return (position.has_root && position.is_outside()).then_some(fields),
            }
            position.is_started = true;
        }
    }

    /// Attributes have to be well-formed. Only the root's namespaces have a meaning: they may be those of ActiveSync.
    fn read_attributes(&mut self, position: &Position, element: &BytesStart) -> Option<()> {
        // Most elements have no attributes.
        if element.len() == element.name().as_ref().len() {
            return Some(());
        }
        if !has_space_between_attributes(element) {
            return None;
        }
        for attribute in element.attributes() {
            let attribute = attribute.ok()?;
            if !is_name(attribute.key.into_inner()) || attribute.value.contains('<') {
                return None;
            }
            // Undefined entities are errors.
            if attribute.value.contains('&') {
                attribute_value(&attribute)?;
            }
            if position.depth == 1 && attribute.key.as_namespace_binding().is_some() {
                self.has_mobile_sync_root |= attribute.value.contains("/mobilesync/");
            }
        }
        Some(())
    }

    /// Without a schema, the request is for Outlook's settings, unless the root's namespace is that of ActiveSync (2.7).
    /// The last three names are in requests of Outlook or of administrators (mailcow #2986).
    fn schema(&self) -> Schema {
        let [_, Some(schema), _] = &self.values else {
            return if self.has_mobile_sync_root { Schema::Other } else { Schema::Outlook };
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

/// The reader's position in the document.
#[derive(Default)]
struct Position {
    depth: usize,
    /// There was an event before, even a comment.
    is_started: bool,
    has_root: bool,
    in_request: bool,
    /// The open element, if it is one of [`FIELDS`].
    field: Option<usize>,
}

impl Position {
    /// None for an invalid name, a second root, a wrong root, or too deep nesting.
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
            3 if self.in_request => self.field = FIELDS.iter().position(|field| is(field)),
            _ => {}
        }
        (self.depth <= MAX_DEPTH).then_some(())
    }

    /// The reader checks that start and end tags match.
    fn close(&mut self) {
        self.depth -= 1;
        self.field = None;
    }

    fn is_outside(&self) -> bool {
        self.depth == 0
    }
}

/// XML 1.0 3.1: `a="1"b="2"` is malformed, but quick-xml accepts it.
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

/// A value is nearly always one piece, which needs no copy.
fn append<'a>(value: &mut Cow<'a, str>, more: Cow<'a, str>) {
    if value.is_empty() {
        *value = more;
    } else {
        value.to_mut().push_str(&more);
    }
}

/// XML 1.0 2.8: `version`, then optionally `encoding` and `standalone`.
fn is_declaration(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let version = |version: &str| version.strip_prefix("1.").is_some_and(is_number);
    // XML 1.0 4.3.3, `EncName`. [`xml::decode`] has compared it with the encoding.
    let encoding = |name: &str| {
        let is_more = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(is_more)
    };
    let rest = text.strip_prefix("xml").and_then(|rest| after(rest, "version", version));
    let rest = rest.map(|rest| after(rest, "encoding", encoding).unwrap_or(rest));
    let rest =
        rest.map(|rest| after(rest, "standalone", |word| matches!(word, "yes" | "no")).unwrap_or(rest));
    rest.is_some_and(|rest| rest.trim_ascii().is_empty())
}

/// The text after ` name="value"`, if the value is valid.
fn after<'t>(text: &'t str, name: &str, is_valid: impl Fn(&str) -> bool) -> Option<&'t str> {
    let text = text.strip_prefix(|c: char| c.is_ascii_whitespace())?.trim_ascii_start();
    let text = text.strip_prefix(name)?.trim_ascii_start().strip_prefix('=')?.trim_ascii_start();
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, rest) = text[1..].split_once(quote)?;
    is_valid(value).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "<EMailAddress>jane@q.com</EMailAddress>";

    fn schema(document: &str) -> Result<Schema, RequestError> {
        Request::read(document.as_bytes()).map(|request| request.schema)
    }

    /// A request with these elements around and in its `Request`.
    fn document(root: &str, before: &str, inside: &str, after: &str) -> String {
        format!("<Autodiscover{root}>{before}<Request>{inside}</Request></Autodiscover>{after}")
    }

    #[test]
    fn rejects_malformed_documents() {
        let valid = document("", "", ADDRESS, "");
        assert_eq!(schema(&valid), Ok(Schema::Outlook));
        for malformed in [
            String::new(),
            "<!-- no root -->".to_owned(),
            valid.replace("jane", "\u{1}\u{1}jane"),
            valid.replace("jane", "\u{FFFE}jane"),
            valid.replace("<Request>", "&#x1A;<Request>"),
            valid.replace("<Request>", "<Request a='&#x1A;'>"),
            valid.replace("<Request>", "<Request><!-- \u{1} -->"),
            valid.replace("<Request>", "<?a \u{1}?><Request>"),
            "\u{FEFF}\u{FEFF}".to_owned() + &valid,
            " \u{FEFF}".to_owned() + &valid,
            "x<?xml version=\"1.0\"?>".to_owned() + &valid,
            "\u{A0}".to_owned() + &valid,
            "<?xml version=\"1.0\" encoding=\"utf-16\"?>".to_owned() + &valid,
            "<?xml version=\"1.0\" encoding=\"\"?>".to_owned() + &valid,
            valid.replace("<Request>", "<?xml version=\"1.0\"?><Request>"),
            "<!-- first -->".to_owned() + "<?xml version=\"1.0\"?>" + &valid,
            valid.clone() + "x",
            valid.clone() + &valid,
            valid.replace("Autodiscover", "Other"),
            document("", &"<a>".repeat(20), ADDRESS, "")
                .replace("</Autodiscover>", &("</a>".repeat(20) + "</Autodiscover>")),
            valid.replace("jane", "]]>jane"),
            valid.replace("<Request>", "<?1 a?><Request>"),
            valid.replace("<Request>", "<?XML a?><Request>"),
            valid.replace("<Request>", "<Request 1=\"a\">"),
            valid.replace("<Request>", "<Request a=\"1\"b='2'>"),
            "<?xml version=\"2.0\"?>".to_owned() + &valid,
            "<?xml version=\"1.\"?>".to_owned() + &valid,
            "<?xml version=\"1.0\" standalone=\"maybe\"?>".to_owned() + &valid,
            valid.replace("<Request>", "<Request a=\"<\">"),
            valid.clone() + "&amp;",
            valid.clone() + "<![CDATA[ ]]>",
            "&amp;".to_owned() + &valid,
            valid.replace("</Request>", "<1a/></Request>"),
            valid.replace("</Request>", "<-a/></Request>"),
            valid.replace("</Request>", "<a!/></Request>"),
        ] {
            assert_eq!(schema(&malformed), Err(RequestError::Malformed), "{malformed}");
        }
        assert_eq!(schema(&valid.replace("</Request>", "<_a.b-c1/></Request>")), Ok(Schema::Outlook));
        for well_formed in [
            "<?xml version=\"1.0\"?>".to_owned() + &valid,
            "\r\n\t <?xml version=\"1.0\" encoding='UTF-8'?>".to_owned() + &valid,
            "\u{FEFF}\n".to_owned() + &valid,
            valid.replace("<Request>", "<?a b?><Request a=\"1\" b='2'>"),
            valid.replace('@', "&#64;"),
            valid.replace("jane", "<![CDATA[jane]]>"),
            valid.clone() + "<!-- last -->\n",
        ] {
            let found =
                Request::read(well_formed.as_bytes()).map(|request| request.email_address.to_string());
            assert_eq!(found.as_deref(), Ok("jane@q.com"), "{well_formed}");
        }
    }

    #[test]
    fn reads_utf_16_in_both_byte_orders() {
        let plain = document("", "", ADDRESS, "");
        let declared = "<?xml version=\"1.0\" encoding=\"utf-16\"?>".to_owned() + &plain;
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let read = |text: &str| {
                let body: Vec<_> = text.encode_utf16().flat_map(bytes).collect();
                Request::read(&body).map(|request| request.email_address.to_string())
            };
            for valid in [format!("\u{FEFF}{plain}"), format!("\u{FEFF}{declared}"), declared.clone()] {
                assert_eq!(read(&valid).as_deref(), Ok("jane@q.com"), "{valid}");
            }
            // Without a mark it needs a declaration.
            for malformed in
                [plain.clone(), format!("\u{FEFF}\u{FEFF}{plain}"), format!("\u{FEFF}\u{1}{plain}")]
            {
                assert_eq!(read(&malformed), Err(RequestError::Malformed), "{malformed:?}");
            }
        }
    }

    #[test]
    fn reads_fields_only_in_the_request() {
        let elsewhere = document("", &format!("<Other>{ADDRESS}</Other>"), "", "");
        assert_eq!(schema(&elsewhere), Err(RequestError::Address));
        let deeper = document("", "", &format!("<Other>{ADDRESS}</Other>"), "");
        assert_eq!(schema(&deeper), Err(RequestError::Address));
        let other = "<Other><EMailAddress>other@q.com</EMailAddress></Other>";
        let found = Request::read(document("", other, ADDRESS, "").as_bytes()).unwrap();
        assert_eq!(found.email_address.to_string(), "jane@q.com");
    }

    #[test]
    fn reads_the_accepted_schema() {
        for (path, expected) in [
            ("outlook/responseschema/2006a", Schema::Outlook),
            ("outlook/responseschema/2006", Schema::Outlook),
            ("responseschema/2006a", Schema::Outlook),
            ("responseschema/2006", Schema::Outlook),
            ("mobilesync/responseschema/2006", Schema::Other),
            ("responseschema/2007", Schema::Other),
        ] {
            let name = format!("http://schemas.microsoft.com/exchange/autodiscover/{path}");
            let element = format!("{ADDRESS}<AcceptableResponseSchema>{name}</AcceptableResponseSchema>");
            assert_eq!(schema(&document("", "", &element, "")), Ok(expected), "{name}");
        }
    }

    #[test]
    fn recognizes_activesync_by_the_namespace_of_the_root() {
        const MOBILE_SYNC: &str =
            "'http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006'";

        let with = |attribute: &str| format!(" {attribute}={MOBILE_SYNC}");
        assert_eq!(schema(&document(&with("xmlns"), "", ADDRESS, "")), Ok(Schema::Other));
        assert_eq!(schema(&document(&with("xmlns:a"), "", ADDRESS, "")), Ok(Schema::Other));
        assert_eq!(schema(&document(&with("title"), "", ADDRESS, "")), Ok(Schema::Outlook));
        let inner = ADDRESS.replacen("<EMailAddress", &format!("<EMailAddress{}", with("xmlns")), 1);
        assert_eq!(schema(&document("", "", &inner, "")), Ok(Schema::Outlook));
    }
}
