//! A document prepared once: literal bytes, with slots for what differs between requests.
//!
//! A document module renders its types with a [`Slot`]'s mark, a private-use character, where a
//! request's value belongs; [`Document::prepare`] cuts the text at the marks. Configured text never
//! holds such a character (`profile::is_configured_text`), so nothing can forge a slot. Which slots
//! a document may have is its type: autoconfig cannot be given an address by mistake.

use std::borrow::Cow;

use bytes::Bytes;

use crate::address::{Domain, EmailAddress};
use crate::profile::{Piece, Placeholder};

/// What a request fills in.
pub trait Slot: Copy + 'static {
    /// Every slot of this kind, with the character that stands for it.
    const MARKS: &'static [(char, Self)];
}

/// The only slot of a document that does not know who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DomainSlot;

/// The slots of a document for one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressSlot {
    LocalPart,
    Domain,
}

/// The marks that most documents have; a document with slots of its own takes others for them.
pub(crate) const LOCAL_PART: char = '\u{E000}';
pub(crate) const DOMAIN: char = '\u{E001}';

impl Slot for DomainSlot {
    const MARKS: &'static [(char, Self)] = &[(DOMAIN, Self)];
}

impl Slot for AddressSlot {
    const MARKS: &'static [(char, Self)] = &[(LOCAL_PART, Self::LocalPart), (DOMAIN, Self::Domain)];
}

/// One answer, ready but for its slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document<S> {
    /// The literal text, slots taken out.
    text: Box<str>,
    /// Where in `text` a value goes, in order.
    slots: Box<[(usize, S)]>,
}

impl<S: Slot> Document<S> {
    /// Cuts a rendered text at the marks of its slots.
    pub fn prepare(rendered: &str) -> Self {
        let mut text = String::with_capacity(rendered.len());
        let mut slots = Vec::new();
        for c in rendered.chars() {
            match S::MARKS.iter().find(|(mark, _)| *mark == c) {
                Some((_, slot)) => slots.push((text.len(), *slot)),
                None => text.push(c),
            }
        }
        Self { text: text.into(), slots: slots.into() }
    }

    /// Puts values, which are escaped already, into one text of the length they need.
    pub(crate) fn fill_with<'v>(&self, value: impl Fn(S) -> &'v str) -> String {
        let length: usize = self.slots.iter().map(|(_, slot)| value(*slot).len()).sum();
        let mut out = String::with_capacity(self.text.len() + length);
        let mut from = 0;
        for (at, slot) in &self.slots {
            out.push_str(&self.text[from..*at]);
            out.push_str(value(*slot));
            from = *at;
        }
        out.push_str(&self.text[from..]);
        out
    }
}

impl Document<DomainSlot> {
    /// A [`Domain`] never needs escaping.
    pub fn fill(&self, domain: &Domain) -> Bytes {
        self.fill_with(|DomainSlot| domain.as_str()).into()
    }
}

impl Document<AddressSlot> {
    pub fn fill(&self, address: &EmailAddress) -> Bytes {
        let local_part = escaped(address.local_part());
        let filled = self.fill_with(|slot| match slot {
            AddressSlot::LocalPart => &local_part,
            AddressSlot::Domain => address.domain().as_str(),
        });
        filled.into()
    }
}

/// The domain's slot, for a type that is about to be rendered.
pub fn domain_mark() -> String {
    DOMAIN.to_string()
}

/// The address's slots.
pub fn address_mark() -> String {
    format!("{LOCAL_PART}@{DOMAIN}")
}

/// A username or host name with slots where its placeholders are.
pub fn marked(pieces: &[Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Placeholder(Placeholder::EmailAddress) => text.extend([LOCAL_PART, '@', DOMAIN]),
            Piece::Placeholder(Placeholder::EmailLocalPart) => text.push(LOCAL_PART),
            Piece::Placeholder(Placeholder::EmailDomain) => text.push(DOMAIN),
        }
    }
    text
}

/// The five characters that XML and HTML give a meaning; references that both know.
fn entity(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        b'\'' => Some("&#39;"),
        _ => None,
    }
}

/// The text, if nothing in it has to be escaped, as is nearly always so.
pub(crate) fn escaped(value: &str) -> Cow<'_, str> {
    if value.bytes().all(|byte| entity(byte).is_none()) {
        return Cow::Borrowed(value);
    }
    let mut out = String::new();
    let mut from = 0;
    for (at, byte) in value.bytes().enumerate() {
        if let Some(entity) = entity(byte) {
            out.push_str(&value[from..at]);
            out.push_str(entity);
            from = at + 1;
        }
    }
    out.push_str(&value[from..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_every_slot_and_escapes_the_value() {
        let rendered = format!("<a>{}</a><b>{DOMAIN}</b>", address_mark());
        let document = Document::<AddressSlot>::prepare(&rendered);
        let filled = document.fill(&"o'hara&sons@q.com".parse().unwrap());
        assert_eq!(filled, "<a>o&#39;hara&amp;sons@q.com</a><b>q.com</b>");
    }

    #[test]
    fn serves_a_document_without_slots_as_it_stands() {
        let document = Document::<DomainSlot>::prepare("plain");
        assert_eq!(document.fill(&"q.com".parse().unwrap()), "plain");
    }
}
