//! Response templates: text that is rendered once, with variables for the values of a request.
//!
//! While a document is rendered, a marker stands for each variable: a character of Unicode's private use area.
//! [`ResponseTemplate::new`] splits the text at the markers. Configured text cannot contain such a character
//! (`profile::is_configured_text`), so it cannot add a variable. The type parameter says which variables a
//! template may contain: an autoconfig template cannot be filled with an address.
//!
//! minijinja, which renders the setup page, could fill these templates too. It looks up each variable in a map,
//! and the documents, which serde writes, would have to escape its delimiters.

use std::borrow::Cow;

use bytes::Bytes;

use crate::address::{Domain, EmailAddress};
use crate::profile::{Piece, Placeholder};

/// A set of template variables.
pub trait Variable: Copy + 'static {
    /// Every variable with its marker.
    const MARKERS: &'static [(char, Self)];
}

/// The only variable of a document that is the same for all addresses of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DomainVariable;

/// The variables of a document for one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressVariable {
    LocalPart,
    Domain,
}

/// Common markers. A document with more variables adds markers of its own.
pub(super) const LOCAL_PART: char = '\u{E000}';
pub(super) const DOMAIN: char = '\u{E001}';

impl Variable for DomainVariable {
    const MARKERS: &'static [(char, Self)] = &[(DOMAIN, Self)];
}

impl Variable for AddressVariable {
    const MARKERS: &'static [(char, Self)] = &[(LOCAL_PART, Self::LocalPart), (DOMAIN, Self::Domain)];
}

/// A rendered document with variables `V`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseTemplate<V> {
    /// The literal text, without the markers.
    text: Box<str>,
    /// The byte offsets in `text` at which values are inserted, in ascending order.
    variables: Box<[(usize, V)]>,
}

impl<V: Variable> ResponseTemplate<V> {
    /// Splits a rendered text at its markers.
    pub fn new(rendered: &str) -> Self {
        let mut text = String::with_capacity(rendered.len());
        let mut variables = Vec::new();
        for c in rendered.chars() {
            match V::MARKERS.iter().find(|(marker, _)| *marker == c) {
                Some((_, variable)) => variables.push((text.len(), *variable)),
                None => text.push(c),
            }
        }
        Self { text: text.into(), variables: variables.into() }
    }

    /// Inserts values. The caller escapes them.
    pub(super) fn fill_with<'v>(&self, value: impl Fn(V) -> &'v str) -> String {
        let length: usize = self.variables.iter().map(|(_, variable)| value(*variable).len()).sum();
        let mut out = String::with_capacity(self.text.len() + length);
        let mut from = 0;
        for (offset, variable) in &self.variables {
            out.push_str(&self.text[from..*offset]);
            out.push_str(value(*variable));
            from = *offset;
        }
        out.push_str(&self.text[from..]);
        out
    }
}

impl ResponseTemplate<DomainVariable> {
    /// A [`Domain`] never needs escaping.
    pub fn fill(&self, domain: &Domain) -> Bytes {
        self.fill_with(|DomainVariable| domain.as_str()).into()
    }
}

impl ResponseTemplate<AddressVariable> {
    pub fn fill(&self, address: &EmailAddress) -> Bytes {
        let local_part = escape(address.local_part());
        let filled = self.fill_with(|variable| match variable {
            AddressVariable::LocalPart => &local_part,
            AddressVariable::Domain => address.domain().as_str(),
        });
        filled.into()
    }
}

pub(super) fn address_marker() -> String {
    format!("{LOCAL_PART}@{DOMAIN}")
}

/// A user name or host name with markers in place of its placeholders.
pub(super) fn with_markers(pieces: &[Piece]) -> String {
    let marker = |piece: &Piece| match piece {
        Piece::Literal(literal) => literal.clone(),
        Piece::Placeholder(Placeholder::EmailAddress) => address_marker(),
        Piece::Placeholder(Placeholder::EmailLocalPart) => LOCAL_PART.to_string(),
        Piece::Placeholder(Placeholder::EmailDomain) => DOMAIN.to_string(),
    };
    pieces.iter().map(marker).collect()
}

/// Escapes the five special characters of XML and HTML.
///
/// `quick_xml::escape` writes `&apos;`, which HTML 4 does not define. minijinja also escapes `/`.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_every_variable_and_escapes_the_value() {
        let rendered = format!("<a>{}</a><b>{DOMAIN}</b>", address_marker());
        let template = ResponseTemplate::<AddressVariable>::new(&rendered);
        let filled = template.fill(&"o'hara&sons@q.com".parse().unwrap());
        assert_eq!(filled, "<a>o&#39;hara&amp;sons@q.com</a><b>q.com</b>");
    }

    #[test]
    fn serves_a_template_without_variables_unchanged() {
        let template = ResponseTemplate::<DomainVariable>::new("plain");
        assert_eq!(template.fill(&"q.com".parse().unwrap()), "plain");
    }
}
