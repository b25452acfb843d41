//! Names and addresses: the written form is read as the same value, and fits every document.

use waypost::address::{Domain, EmailAddress};
use waypost::directory::DomainPattern;
use waypost::profile::{Hostname, Username};

pub fn address(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(domain) = text.parse::<Domain>() {
        assert_domain(&domain, text);
    }
    if let Ok(address) = text.parse::<EmailAddress>() {
        assert_address(&address, text);
    }
    if let Ok(pattern) = text.parse::<DomainPattern>() {
        assert_eq!(pattern.to_string().parse(), Ok(pattern), "{text}");
    }
    templates(text);
}

/// RFC 1035 2.3.4 and RFC 1123 2.1; every spelling is the same name.
fn assert_domain(domain: &Domain, text: &str) {
    let name = domain.as_str();
    assert!((1..=253).contains(&name.len()), "{name}");
    for label in name.split('.') {
        assert!((1..=63).contains(&label.len()), "{name}");
        assert!(!label.starts_with('-') && !label.ends_with('-'), "{name}");
        let is_host = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        assert!(label.bytes().all(is_host), "{name}");
    }
    let last = name.rsplit('.').next().unwrap();
    assert!(last.bytes().any(|b| !b.is_ascii_digit()), "{name} could be an IP address");
    assert!(name.parse::<std::net::IpAddr>().is_err(), "{name} is an IP address");
    let same = |text: &str| assert_eq!(text.parse().as_ref(), Ok(domain), "{text}");
    assert_eq!(format!("{domain}"), name);
    same(name);
    same(&name.to_ascii_uppercase());
    same(&format!("{name}."));
    same(text);
    // The form for people.
    let (people, read) = idna::domain_to_unicode(name);
    if read.is_ok() {
        same(&people);
    }
    for parent in domain.parents() {
        assert!(name.ends_with(parent), "{name}");
        assert_eq!(parent.parse::<Domain>().unwrap().as_str(), parent, "{name}");
    }
    if let Some(registrable) = domain.registrable() {
        assert!(registrable == name || domain.parents().any(|parent| parent == registrable), "{name}");
        assert_eq!(domain.public_suffix(), None, "{name}");
    }
}

/// RFC 5321 4.5.3.1; no character can break a document.
fn assert_address(address: &EmailAddress, text: &str) {
    let (local_part, domain) = text.rsplit_once('@').unwrap();
    assert_eq!(address.local_part(), local_part);
    assert_eq!(domain.parse().as_ref(), Ok(address.domain()));
    assert_domain(address.domain(), domain);
    let printed = address.to_string();
    assert!(printed.len() <= 320, "{printed}");
    assert_eq!(printed.parse().as_ref(), Ok(address), "{printed}");
    assert!(!local_part.is_empty() && !local_part.contains('@'), "{printed}");
    assert!(!printed.contains(|c: char| c.is_control() || c.is_whitespace()), "{printed:?}");
    assert_eq!(address.folded(), address.folded().to_lowercase(), "{printed}");
    // Every document contains the address as a value.
    let xml = printed.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let xml = format!("<a>{xml}</a>");
    let document = roxmltree::Document::parse(&xml).unwrap_or_else(|e| panic!("{e}: {printed:?}"));
    assert_eq!(document.root_element().text(), Some(printed.as_str()));
}

/// User names and host names with placeholders: a filled name contains no placeholder except those of the address itself.
fn templates(text: &str) {
    let address: EmailAddress = "jane@example.com".parse().unwrap();
    if let Ok(username) = text.parse::<Username>() {
        let login = username.login_name(&address);
        assert!(!login.contains("%EMAIL") && !login.contains(char::is_control), "{text}: {login}");
    }
    if let Ok(hostname) = text.parse::<Hostname>() {
        let host = hostname.for_domain(address.domain());
        // A label close to the limit is too long with some domains.
        let fits = host.len() <= Domain::LONGEST && host.split('.').all(|label| label.len() <= 63);
        assert!(!fits || host.parse::<Domain>().is_ok(), "{text}: {host}");
    }
}
