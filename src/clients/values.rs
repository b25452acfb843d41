//! Elements and values that several clients read in the same way.

use std::net::IpAddr;

use super::prelude::*;

pub const ALL_PLACEHOLDERS: &[Placeholder] =
    &[Placeholder::EmailAddress, Placeholder::EmailLocalPart, Placeholder::EmailDomain];

/// The root, if it has the name that the client expects.
pub fn root<'a>(tree: &'a Tree<'_>, name: &str) -> Result<Element<'a>, Failure> {
    let root = tree.root();
    if root.name() == name { Ok(root) } else { Err(format!("the root is <{}>", root.name()).into()) }
}

/// The servers of a type in one of the two lists.
pub fn servers<'a>(provider: Element<'a>, tag: &str, kind: &str) -> impl Iterator<Item = Element<'a>> {
    provider.children(tag).filter(move |server| server.attribute("type") == Some(kind))
}

/// The protocol with a name such as `imap`, if the client knows it.
pub fn protocol(name: &str, known: &[Protocol]) -> Option<Protocol> {
    known.iter().copied().find(|protocol| protocol.into_str() == name)
}

/// The method with one of autoconfig's names, if the client knows it.
pub fn authentication(name: &str, known: &[Authentication]) -> Option<Authentication> {
    name.parse().ok().filter(|method| known.contains(method))
}

/// Replaces the placeholders that a client knows, everywhere in a text. Replaced text is not
/// searched again.
pub fn fill(mut text: &str, known: &[Placeholder], address: &EmailAddress) -> String {
    let mut filled = String::with_capacity(text.len());
    while let Some((before, rest)) = text.find('%').map(|at| text.split_at(at)) {
        filled += before;
        text = match known.iter().find(|placeholder| rest.starts_with(placeholder.into_str())) {
            Some(placeholder) => {
                filled += &placeholder_value(*placeholder, address);
                &rest[placeholder.into_str().len()..]
            }
            None => {
                filled.push('%');
                &rest[1..]
            }
        };
    }
    filled + text
}

pub fn placeholder_value(placeholder: Placeholder, address: &EmailAddress) -> String {
    match placeholder {
        Placeholder::EmailAddress => address.to_string(),
        Placeholder::EmailLocalPart => address.local_part().to_owned(),
        Placeholder::EmailDomain => address.domain().to_string(),
    }
}

/// A port of digits only.
pub fn port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port > 0)
}

/// PHP's `intval` and C's `strtol`: the number at the beginning of a text, else 0.
pub fn leading_number(text: &str) -> u16 {
    let text = text.trim_start();
    let digits = text.strip_prefix('+').unwrap_or(text);
    let end = digits.bytes().take_while(u8::is_ascii_digit).count();
    digits[..end].parse().unwrap_or(0)
}

/// Whether Thunderbird and Thunderbird for Android accept a host name: an IP address, or ASCII
/// labels of letters, digits and inner hyphens. One label is enough.
pub fn is_host(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.parse::<IpAddr>().is_ok() || (name.len() <= 255 && name.split('.').all(is_label))
}
