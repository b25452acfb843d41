//! The rules of a document that every client accepts: reference/autoconfig 5, items 20 to 36.
//!
//! These rules include the draft's own schema (item 37): the root `clientConfig` without a namespace, with `version`; `id`
//! on `emailProvider`, `type` on each server, `url` on `documentation`; a positive integer as `port`; no text between
//! elements.

use roxmltree::{Document, Node};

/// A server in a document: protocol, host, port, security, user name.
pub type Settings = (String, String, u16, String, String);

/// Checks a default document for a domain, and returns its servers.
#[track_caller]
pub fn assert_strict(xml: &[u8], asked: &str) -> Vec<Settings> {
    let text = std::str::from_utf8(xml).expect("UTF-8");
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig"), "item 20");
    for forbidden in ["<!", "xmlns", "\u{FEFF}"] {
        assert!(!text.contains(forbidden), "item 20: {forbidden}");
    }
    let document = Document::parse(text).expect("well-formed");
    for node in document.descendants().filter(|node| node.children().any(|child| child.is_element())) {
        let mut texts = node.children().filter(Node::is_text).filter_map(|child| child.text());
        assert!(texts.all(|text| text.trim().is_empty()), "item 37: text between elements");
    }
    let root = document.root_element();
    assert_eq!(attributes(root), [("version", "1.1")], "item 21");
    assert_eq!(root.tag_name().name(), "clientConfig", "item 21");
    let [provider, ref sections @ ..] = elements(root)[..] else { panic!("item 21: one emailProvider") };
    assert_eq!(provider.tag_name().name(), "emailProvider");
    for section in sections {
        let name = section.tag_name().name();
        let is_known = ["addressbook", "calendar", "fileShare", "oAuth2"].contains(&name);
        assert!(is_known, "item 27: {name} at the root");
        let names: Vec<_> = elements(*section).iter().map(|child| child.tag_name().name()).collect();
        let needed: &[&str] =
            if name == "oAuth2" { &["issuer", "scope", "authURL", "tokenURL"] } else { &["url"] };
        assert!(needed.iter().all(|name| names.contains(name)), "item 34: {names:?}");
    }
    let [("id", id)] = attributes(provider)[..] else { panic!("item 21: an id") };
    assert!(id.parse::<waypost::address::Domain>().is_ok_and(|name| name.as_str() == id), "item 21: {id}");

    let names: Vec<_> = elements(provider).iter().map(|child| child.tag_name().name()).collect();
    let mut order = names.clone();
    order.dedup();
    let expected: Vec<_> =
        ["domain", "displayName", "displayShortName", "incomingServer", "outgoingServer", "documentation"]
            .into_iter()
            .filter(|name| *name != "documentation" || names.contains(name))
            .collect();
    assert_eq!(order, expected, "items 22, 24, 36: order, adjacency, nothing else");

    let domains: Vec<_> = children(provider, "domain").map(|node| value(node)).collect();
    assert!(domains.contains(&asked.to_owned()), "item 22: {domains:?} has {asked}");
    assert!(children(provider, "domain").all(|node| attributes(node).is_empty()), "item 22");
    for (name, limit) in [("displayName", 60), ("displayShortName", 20)] {
        let text = value(children(provider, name).next().unwrap());
        assert!((1..=limit).contains(&text.chars().count()) && !text.contains(['&', '%']), "item 23: {text}");
    }

    let incoming: Vec<_> = children(provider, "incomingServer").map(server).collect();
    let outgoing: Vec<_> = children(provider, "outgoingServer").map(server).collect();
    let types = |servers: &[Settings]| servers.iter().map(|s| s.0.clone()).collect::<Vec<_>>().join(" ");
    assert!(["imap", "pop3", "imap pop3"].contains(&types(&incoming).as_str()), "items 25 to 27");
    assert_eq!(types(&outgoing), "smtp", "items 25 to 27");

    for page in children(provider, "documentation") {
        assert!(matches!(attributes(page)[..], [("url", _)]), "item 35");
        assert!(!elements(page).is_empty(), "item 35");
        for descr in elements(page) {
            assert!(matches!(attributes(descr)[..], [("lang", _)]), "item 35");
            assert!(!value(descr).is_empty(), "item 35");
        }
    }
    incoming.into_iter().chain(outgoing).collect()
}

#[track_caller]
fn server(node: Node) -> Settings {
    let [("type", protocol)] = attributes(node)[..] else { panic!("item 28: only a type") };
    let mut names: Vec<_> = elements(node).iter().map(|child| child.tag_name().name()).collect();
    names.dedup();
    if protocol == "pop3" && names.last() == Some(&"pop3") {
        names.pop();
    }
    assert_eq!(names, ["hostname", "port", "socketType", "authentication", "username"], "item 28");
    let one = |name: &'static str| {
        let mut nodes = children(node, name);
        let text = value(nodes.next().unwrap());
        assert!(nodes.next().is_none(), "item 28: one {name}");
        text
    };
    let (hostname, port, socket_type, username) =
        (one("hostname"), one("port"), one("socketType"), one("username"));
    assert!(hostname.parse::<waypost::address::Domain>().is_ok(), "item 28: {hostname}");
    assert!(port.bytes().all(|b| b.is_ascii_digit()) && port != "0", "items 28 and 37: {port}");
    assert!(["SSL", "STARTTLS", "plain"].contains(&socket_type.as_str()), "items 28 and 32: {socket_type}");
    let methods: Vec<_> = children(node, "authentication").map(value).collect();
    let known = ["password-cleartext", "password-encrypted", "OAuth2"];
    assert!(
        !methods.is_empty() && methods.iter().all(|m| known.contains(&m.as_str())),
        "item 30: {methods:?}"
    );
    assert!(!hostname.contains(['&', '<', '>', '"']) && !username.contains(['&', '<', '>', '"']), "item 33");
    (protocol.to_owned(), hostname, port.parse().unwrap(), socket_type, username)
}

/// The text of an element that contains nothing else.
#[track_caller]
fn value(node: Node) -> String {
    assert!(node.children().all(|child| child.is_text()), "item 20: no comment inside a value");
    let text = node.text().unwrap_or_default();
    assert_eq!(text, text.trim(), "item 32");
    text.to_owned()
}

fn attributes<'a>(node: Node<'a, '_>) -> Vec<(&'a str, &'a str)> {
    node.attributes().map(|attribute| (attribute.name(), attribute.value())).collect()
}

fn elements<'a, 'd>(node: Node<'a, 'd>) -> Vec<Node<'a, 'd>> {
    node.children().filter(Node::is_element).collect()
}

fn children<'a, 'd>(node: Node<'a, 'd>, name: &'static str) -> impl Iterator<Item = Node<'a, 'd>> {
    node.children().filter(move |child| child.has_tag_name(name))
}
