//! A posted body, read by our reader and by an independent one, and answered by the whole server.

use axum::body::Body;
use axum::http::{Request as HttpRequest, header};
use roxmltree::{Document, Error, Node};
use waypost::address::EmailAddress;
use waypost::documents::autodiscover::{Request, RequestError, Schema};

use super::server::AUTODISCOVER;
use super::server::Answer;
use super::server::SERVERS;
use super::server::STRANGER;
use super::server::ask;
use super::server::has_hosts;
use super::server::is_ours;

const RESPONSE: &str = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
const SETTINGS: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

pub fn autodiscover(data: &[u8]) {
    let read = Request::read(data);
    match decoded(data) {
        Some(text) => compare(&text, &read),
        None => assert_eq!(read, Err(RequestError::Malformed), "neither UTF-8 nor UTF-16"),
    }
    answer(data, &read, "autodiscover.example.com", is_ours);
    // On an MX host, every address belongs to a customer.
    answer(data, &read, "autodiscover.hoster.example", |_| true);
}

fn answer(data: &[u8], read: &Result<Request, RequestError>, host: &str, is_served: impl Fn(&str) -> bool) {
    let request = HttpRequest::post(AUTODISCOVER).header(header::HOST, host);
    let answer = ask(&SERVERS[0], STRANGER, request.body(Body::from(data.to_vec())).unwrap());
    let status = answer.status.as_u16();
    // A body that declares another encoding is not decoded.
    let length = waypost::xml::decode(data).map_or(data.len(), |text| text.len());
    if length > 16 * 1024 {
        assert_eq!(status, 413);
        return;
    }
    match read {
        Err(RequestError::LegacyDnOnly) => assert_error(&answer, 200, "500"),
        Err(_) => assert_error(&answer, 200, "600"),
        Ok(request) if !is_served(request.email_address.domain().as_str()) => {
            assert_error(&answer, 404, "500");
        }
        Ok(Request { schema: Schema::Other, .. }) => assert_error(&answer, 200, "601"),
        Ok(request) => {
            assert_eq!(status, 200);
            if has_hosts(request.email_address.domain().as_str()) {
                assert_settings(answer.text(), &request.email_address);
            }
        }
    }
}

/// reference/autodiscover 6.1, items 26 and 27 to 34.
fn assert_error(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status.as_u16(), status);
    assert_eq!(answer.header(header::CACHE_CONTROL), Some("private, no-store"));
    let document = Document::parse(answer.text()).unwrap();
    let names = [(RESPONSE, "Autodiscover"), (RESPONSE, "Response"), (RESPONSE, "Error")];
    let error = names
        .iter()
        .try_fold(document.root(), |node, name| node.first_element_child().filter(|e| e.has_tag_name(*name)));
    let error = error.unwrap_or_else(|| panic!("no Error in {}", answer.text()));
    let child = |name| error.children().find(|node: &Node| node.has_tag_name((RESPONSE, name)));
    assert_eq!(child("ErrorCode").and_then(|code| code.text()), Some(code));
    assert!(!answer.text().contains("MobileSync"), "item 29");
}

/// reference/autodiscover 6.1, items 16 to 25.
#[track_caller]
pub fn assert_settings(text: &str, address: &EmailAddress) {
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>"), "item 16");
    let document = Document::parse(text).unwrap_or_else(|e| panic!("item 25: {e}: {text}"));
    let root = document.root_element();
    assert!(root.has_tag_name((RESPONSE, "Autodiscover")), "item 17: {text}");
    let response = only(root, "Response");
    let account = only(response, "Account");
    let children = |node: Node| node.children().filter(Node::is_element).map(name).collect::<Vec<_>>();
    assert_eq!(children(response), ["User", "Account"], "item 18");
    assert_eq!(value(only(response, "User"), "AutoDiscoverSMTPAddress"), address.to_string(), "item 25");
    assert_eq!(children(account)[..2], ["AccountType", "Action"], "item 18");
    assert!(children(account)[2..].iter().all(|name| name == "Protocol"), "items 18 and 19");
    let mut types = Vec::new();
    for protocol in account.children().filter(|node| node.has_tag_name((SETTINGS, "Protocol"))) {
        assert_eq!(children(protocol)[0], "Type", "item 18");
        types.push(value(protocol, "Type"));
        assert!(value(protocol, "Port").parse::<u16>().is_ok_and(|port| port > 0), "item 20");
        let security = (value(protocol, "SSL"), value(protocol, "Encryption"));
        let known = [("on", "SSL"), ("on", "TLS"), ("off", "None")];
        assert!(known.contains(&(security.0.as_str(), security.1.as_str())), "item 21: {security:?}");
        assert_eq!((value(protocol, "SPA"), value(protocol, "DomainRequired")), ("off".into(), "off".into()));
        assert!(!value(protocol, "LoginName").is_empty(), "item 22");
        let server = value(protocol, "Server");
        assert!(server.parse::<waypost::address::Domain>().is_ok_and(|d| d.as_str() == server), "{server}");
    }
    // The operator chooses whether IMAP or POP3 comes first.
    let known = ["IMAP SMTP", "POP3 SMTP", "IMAP POP3 SMTP", "POP3 IMAP SMTP"];
    assert!(known.contains(&types.join(" ").as_str()), "items 20 and 24: {types:?}");
}

fn name(node: Node) -> String {
    node.tag_name().name().to_owned()
}

#[track_caller]
fn only<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Node<'a, 'i> {
    let mut found = node.children().filter(|child| child.tag_name().name() == name);
    let first = found.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(found.next().is_none(), "two of {name}");
    assert_eq!(first.tag_name().namespace(), Some(SETTINGS), "item 17");
    first
}

#[track_caller]
fn value(node: Node, name: &str) -> String {
    only(node, name).text().unwrap_or_default().to_owned()
}

/// The text without one byte order mark. XML 1.0, appendix F: without a mark, UTF-16 begins with a declaration.
fn decoded(data: &[u8]) -> Option<String> {
    let utf16 = |unit: fn([u8; 2]) -> u16| -> Option<String> {
        let units: Vec<_> =
            data.chunks(2).map(|pair| pair.try_into().ok().map(unit)).collect::<Option<_>>()?;
        String::from_utf16(&units).ok()
    };
    let text = match data {
        [0xFF, 0xFE, ..] | [b'<', 0, b'?', 0, ..] => utf16(u16::from_le_bytes)?,
        [0xFE, 0xFF, ..] | [0, b'<', 0, b'?', ..] => utf16(u16::from_be_bytes)?,
        _ => std::str::from_utf8(data).ok()?.to_owned(),
    };
    Some(text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text))
}

/// A request that we accept is well-formed XML for the independent reader, with the same address. An address that the
/// independent reader finds is found by ours.
fn compare(text: &str, ours: &Result<Request, RequestError>) {
    let text = text.trim_ascii_start();
    if text.starts_with('\u{FEFF}') {
        // The independent reader would skip it.
        assert_eq!(*ours, Err(RequestError::Malformed), "two byte order marks");
        return;
    }
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            assert!(ours.is_err() || is_about_namespaces(&error), "{error}, yet {ours:?}");
            return;
        }
    };
    let theirs = address(&document);
    match ours {
        Ok(request) => assert_eq!(theirs.as_ref(), Some(&request.email_address)),
        // The independent reader accepts nearly anything as a declaration, so declarations are not compared.
        Err(RequestError::Malformed) if text.starts_with("<?xml") => {
            let (_, rest) = text.split_once("?>").unwrap();
            compare(rest, &Request::parse(rest));
        }
        Err(RequestError::Malformed) => {
            assert!(theirs.is_none() || is_refused(text, &document), "{theirs:?}");
        }
        Err(_) => assert_eq!(theirs, None),
    }
}

/// Our reader ignores namespaces. Every other error in XML is an error.
pub fn is_about_namespaces(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidXmlPrefixUri(_)
            | Error::UnexpectedXmlUri(_)
            | Error::UnexpectedXmlnsUri(_)
            | Error::InvalidElementNamePrefix(_)
            | Error::DuplicatedNamespace(..)
            | Error::UnknownNamespace(..)
    )
}

/// XML that is nested too deeply for a request, and text that the independent reader accepts although it is not XML:
/// `<:a></a>`, `<?a/b?>`, `<?a?b?>`, `<?xmL?>`. Processing instructions are therefore not compared.
fn is_refused(text: &str, document: &Document) -> bool {
    let depth = document.descendants().map(|node| node.ancestors().filter(Node::is_element).count()).max();
    depth > Some(16) || ["<:", "</:", "<?"].iter().any(|odd| text.contains(odd))
}

/// The first address at the place where clients write it.
fn address(document: &Document) -> Option<EmailAddress> {
    let root = document.root_element();
    let is = |node: Node, name: &str| node.is_element() && name_is(node, name);
    if !is(root, "Autodiscover") {
        return None;
    }
    let requests = root.children().filter(|node| is(*node, "Request"));
    let fields = requests.flat_map(|request| request.children()).filter(|node| is(*node, "EMailAddress"));
    let text = |field: Node| -> Option<String> {
        let is_value = !field.children().any(|child| child.is_element());
        is_value.then(|| field.children().filter(Node::is_text).filter_map(|node| node.text()).collect())
    };
    let mut values = fields.filter_map(text);
    values.next()?.trim().parse().ok()
}

fn name_is(node: Node, name: &str) -> bool {
    node.tag_name().name().eq_ignore_ascii_case(name)
}
