//! Apple's configuration profile: reference/beyond 1.4, box by box.

use std::collections::BTreeSet;

use plist::{Dictionary, Value};
use waypost::documents::accept_language::Languages;

use crate::common::Files;
use crate::common::PUBLIC;
use crate::common::Response;
use crate::common::SERVERS;
use crate::common::SHIPPED;
use crate::common::assert_document;
use crate::common::domains;
use crate::common::profile;
use crate::common::server;
use crate::grid;

/// A profile with all services that an Apple profile can express.
pub const FULL: &str = r#"
[[incoming]]
type = "imap"
hostname = "imap.%EMAILDOMAIN%"
port = 143
socket_type = "STARTTLS"
username = "%EMAILLOCALPART%"

[[outgoing]]
type = "smtp"
hostname = "smtp.example.net"
port = 587
socket_type = "STARTTLS"
authentication = ["password-encrypted"]

[[calendar]]
type = "caldav"
url = "https://dav.example.net:8443/calendars/%EMAILADDRESS%/?a=b"
authentication = ["http:Basic"]

[[addressbook]]
type = "carddav"
url = "https://dav.%EMAILDOMAIN%/"
username = "shared"
shared_mailbox = true

[mobileconfig]
consent = { de = "Hiermit wird Ihr Postfach eingerichtet.", en = "This sets up your <mailbox> & calendar." }
description = { de = "Post & Kalender", fr = "Courrier et agenda" }
"#;

pub fn full() -> Files {
    let text = profile("example.net", &domains(&["example.net", "*.example.org", "bücher.example"]), FULL);
    let plain = [
        server("incoming", "pop3", 110, "plain", ""),
        server("incoming", "imap", 993, "SSL", "authentication = [\"OAuth2\"]"),
        server("outgoing", "smtp", 465, "SSL", ""),
    ];
    let token = profile("token.example", &domains(&["token.example"]), &plain.concat());
    let pop =
        [server("incoming", "pop3", 995, "SSL", ""), server("outgoing", "smtp", 465, "SSL", "")].concat();
    let pop = profile("pop.example", &domains(&["pop.example"]), &pop);
    let mx = profile("mx.example", "mx_hosts = [\"mx.provider.example\"]\n", SERVERS);
    Files::new("", &[("full.toml", &text), ("token.toml", &token), ("pop.toml", &pop), ("mx.toml", &mx)])
}

fn get(files: &Files, host: &str, target: &str) -> Response {
    files.serve().get(host, target)
}

pub fn read(text: &[u8]) -> Dictionary {
    let value = Value::from_reader_xml(text)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(text)));
    value.into_dictionary().unwrap()
}

fn payloads(profile: &Dictionary) -> Vec<&Dictionary> {
    profile["PayloadContent"]
        .as_array()
        .unwrap()
        .iter()
        .map(|payload| payload.as_dictionary().unwrap())
        .collect()
}

fn mail(profile: &Dictionary) -> &Dictionary {
    payloads(profile)[0]
}

fn text<'d>(dict: &'d Dictionary, key: &str) -> &'d str {
    dict.get(key).and_then(Value::as_string).unwrap_or("-")
}

/// The allowed values of a key.
#[derive(Clone, Copy)]
enum Holds {
    Text,
    One(&'static [&'static str]),
    Integer,
    Port,
    Switch,
    Uuid,
    Identifier,
    Texts,
    Payloads,
}

use Holds::{Identifier, Integer, One, Payloads, Port, Switch, Text, Texts, Uuid};

/// Key, whether it is required, and its allowed values (reference/beyond 1.1). Other keys are not allowed.
type Keys = &'static [(&'static str, bool, Holds)];

const TOP_LEVEL: Keys = &[
    ("PayloadType", true, One(&["Configuration"])),
    ("PayloadVersion", true, Integer),
    ("PayloadIdentifier", true, Identifier),
    ("PayloadUUID", true, Uuid),
    ("PayloadContent", true, Payloads),
    ("PayloadDisplayName", false, Text),
    ("PayloadDescription", false, Text),
    ("PayloadOrganization", false, Text),
    ("ConsentText", false, Texts),
];

const METHODS: &[&str] =
    &["EmailAuthNone", "EmailAuthPassword", "EmailAuthCRAMMD5", "EmailAuthNTLM", "EmailAuthHTTPMD5"];

const MAIL: Keys = &[
    ("PayloadType", true, One(&["com.apple.mail.managed"])),
    ("PayloadVersion", true, Integer),
    ("PayloadIdentifier", true, Identifier),
    ("PayloadUUID", true, Uuid),
    ("EmailAccountType", true, One(&["EmailTypeIMAP", "EmailTypePOP"])),
    ("EmailAddress", false, Text),
    ("EmailAccountDescription", false, Text),
    ("IncomingMailServerAuthentication", true, One(METHODS)),
    ("IncomingMailServerHostName", true, Text),
    // Optional for Apple, but Waypost always writes it.
    ("IncomingMailServerPortNumber", true, Port),
    ("IncomingMailServerUseSSL", true, Switch),
    ("IncomingMailServerUsername", false, Text),
    ("OutgoingMailServerAuthentication", true, One(METHODS)),
    ("OutgoingMailServerHostName", true, Text),
    ("OutgoingMailServerPortNumber", true, Port),
    ("OutgoingMailServerUseSSL", true, Switch),
    ("OutgoingMailServerUsername", false, Text),
    ("OutgoingPasswordSameAsIncomingPassword", false, Switch),
    ("SMIMESigningUserOverrideable", false, Switch),
    ("SMIMESigningCertificateUUIDUserOverrideable", false, Switch),
    ("SMIMEEncryptByDefaultUserOverrideable", false, Switch),
    ("SMIMEEncryptionCertificateUUIDUserOverrideable", false, Switch),
    ("SMIMEEnableEncryptionPerMessageSwitch", false, Switch),
];

const CALDAV: Keys = &[
    ("PayloadType", true, One(&["com.apple.caldav.account"])),
    ("PayloadVersion", true, Integer),
    ("PayloadIdentifier", true, Identifier),
    ("PayloadUUID", true, Uuid),
    ("CalDAVAccountDescription", false, Text),
    ("CalDAVHostName", true, Text),
    ("CalDAVPort", false, Port),
    ("CalDAVUseSSL", false, Switch),
    ("CalDAVPrincipalURL", false, Text),
    ("CalDAVUsername", false, Text),
];

const CARDDAV: Keys = &[
    ("PayloadType", true, One(&["com.apple.carddav.account"])),
    ("PayloadVersion", true, Integer),
    ("PayloadIdentifier", true, Identifier),
    ("PayloadUUID", true, Uuid),
    ("CardDAVAccountDescription", false, Text),
    ("CardDAVHostName", true, Text),
    ("CardDAVPort", false, Port),
    ("CardDAVUseSSL", false, Switch),
    ("CardDAVPrincipalURL", false, Text),
    ("CardDAVUsername", false, Text),
];

impl Holds {
    fn allows(self, value: &Value) -> bool {
        let integer = value.as_unsigned_integer();
        match self {
            Text => value.as_string().is_some_and(|text| !text.is_empty()),
            One(words) => value.as_string().is_some_and(|text| words.contains(&text)),
            Integer => integer == Some(1),
            Port => integer.is_some_and(|port| (1..=65535).contains(&port)),
            Switch => value.as_boolean().is_some(),
            Uuid => value.as_string().is_some_and(|text| {
                let lengths: Vec<_> = text.split('-').map(str::len).collect();
                let is_hexadecimal =
                    text.bytes().all(|b| b == b'-' || b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
                // Version 5, variant 1 (RFC 9562 5.5).
                lengths == [8, 4, 4, 4, 12]
                    && is_hexadecimal
                    && text.as_bytes()[14] == b'5'
                    && b"89AB".contains(&text.as_bytes()[19])
            }),
            Identifier => value.as_string().is_some_and(|text| {
                !text.is_empty()
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
            }),
            Texts => value.as_dictionary().is_some_and(|texts| {
                texts.contains_key("default") && texts.values().all(|text| text.as_string().is_some())
            }),
            Payloads => value.as_array().is_some_and(|payloads| !payloads.is_empty()),
        }
    }
}

/// Compares a dictionary with the table of its keys.
fn assert_keys(dict: &Dictionary, keys: Keys) {
    for (key, is_required, holds) in keys {
        match dict.get(key) {
            Some(value) => assert!(holds.allows(value), "{key} is {value:?}"),
            None => assert!(!is_required, "{key} is missing in {dict:?}"),
        }
    }
    for key in dict.keys() {
        assert!(keys.iter().any(|(known, ..)| known == key), "{key} is no key of {dict:?}");
    }
}

/// Compares a profile with Apple's tables, and checks that its identifiers and UUIDs are unique.
#[track_caller]
pub fn assert_valid(profile: &Dictionary) {
    assert_keys(profile, TOP_LEVEL);
    for payload in payloads(profile) {
        assert_keys(
            payload,
            match text(payload, "PayloadType") {
                "com.apple.mail.managed" => MAIL,
                "com.apple.caldav.account" => CALDAV,
                "com.apple.carddav.account" => CARDDAV,
                other => panic!("{other} is no payload"),
            },
        );
    }
    for key in ["PayloadIdentifier", "PayloadUUID"] {
        let all: Vec<_> = names(profile, key);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");
    }
}

/// A key of the profile and of all its payloads.
fn names(profile: &Dictionary, key: &str) -> Vec<String> {
    let payloads = payloads(profile);
    std::iter::once(profile).chain(payloads).map(|dict| text(dict, key).to_owned()).collect()
}

fn identity(profile: &Dictionary) -> Vec<String> {
    [names(profile, "PayloadIdentifier"), names(profile, "PayloadUUID")].concat()
}

#[test]
fn serves_a_profile_on_both_paths_and_for_both_parameter_names() {
    let whole = SHIPPED.get("autoconfig.q.com", "/mobileconfig?emailaddress=jane@q.com");
    assert_eq!(whole.status, 200);
    assert_document("mobileconfig/jane@q.com.mobileconfig", whole.text());
    assert_valid(&read(&whole.body));
    for target in [
        "/mobileconfig?email=jane@q.com",
        "/email.mobileconfig?email=jane%40q.com",
        "/email.mobileconfig?EmailAddress=jane@Q.com&password=secret",
        "/mobileconfig?emailaddress=jane@q.com&email=JANE@q.com",
    ] {
        assert_eq!(SHIPPED.get("127.0.0.1", target).body, whole.body, "{target}");
    }
    let jane_by_capital = SHIPPED.get("q.com", "/mobileconfig?email=Jane@q.com");
    assert_eq!(identity(&read(&jane_by_capital.body)), identity(&read(&whole.body)));
    assert_eq!(text(mail(&read(&jane_by_capital.body)), "EmailAddress"), "Jane@q.com");
}

#[test]
fn sends_an_attachment_that_must_not_be_cached() {
    let headers = |response: &Response| {
        ["content-type", "cache-control", "content-disposition", "x-content-type-options"]
            .map(|name| response.header(name).unwrap_or("-").to_owned())
    };
    let expected = [
        "application/x-apple-aspen-config",
        "private, no-store",
        "attachment; filename=\"centurylink.net.mobileconfig\"",
        "nosniff",
    ];
    let target = "/mobileconfig?emailaddress=jane@q.com";
    assert_eq!(headers(&PUBLIC.get("q.com", target)), expected);
    let head = PUBLIC.request("HEAD", "q.com", target, &[], b"");
    assert_eq!((head.status, headers(&head)), (200, expected.map(str::to_owned)));
    let post = PUBLIC.request("POST", "q.com", target, &[], b"");
    post.assert_empty(405);
    assert_eq!(post.header("allow"), Some("GET,HEAD"));
}

#[test]
fn leaves_out_the_address_if_there_is_none_so_that_the_device_asks() {
    let whole = SHIPPED.get("autoconfig.q.com", "/mobileconfig");
    assert_document("mobileconfig/q.com.mobileconfig", whole.text());
    let profile = read(&whole.body);
    assert_valid(&profile);
    for key in ["EmailAddress", "IncomingMailServerUsername", "OutgoingMailServerUsername"] {
        assert!(!mail(&profile).contains_key(key), "{key}");
    }
    assert_eq!(SHIPPED.get("q.com", "/email.mobileconfig?emailaddress=&email=").body, whole.body);
}

#[test]
fn writes_calendar_address_book_and_texts_if_configured() {
    let files = full();
    let server = files.serve();
    let german = server.request(
        "GET",
        "example.net",
        "/mobileconfig?emailaddress=jane+news@example.net",
        &[("Accept-Language", "en-GB;q=0.5, de-AT")],
        b"",
    );
    assert_document("mobileconfig/full.mobileconfig", german.text());
    assert_valid(&read(&german.body));
    let description = |languages: &str| {
        let headers = [("Accept-Language", languages)];
        let answer = server.request("GET", "example.net", "/mobileconfig", &headers, b"");
        text(&read(&answer.body), "PayloadDescription").to_owned()
    };
    assert_eq!(description("fr-CA"), "Courrier et agenda");
    assert_eq!(description("it"), "Post & Kalender");
    let nobody = server.get("example.net", "/mobileconfig");
    assert_document("mobileconfig/full_nobody.mobileconfig", nobody.text());
    assert_valid(&read(&nobody.body));
}

#[test]
fn puts_several_addresses_into_one_profile() {
    let target = "/mobileconfig?emailaddress=jane@q.com&email=joe@centurylink.net&emailaddress=jane@q.com";
    let both = SHIPPED.get("autoconfig.q.com", target);
    assert_document("mobileconfig/two.mobileconfig", both.text());
    let both = read(&both.body);
    assert_valid(&both);
    assert_eq!(payloads(&both).len(), 2);
    let one = read(&SHIPPED.get("q.com", "/mobileconfig?email=jane@q.com").body);
    // The account is the same, but not the profile.
    assert_eq!(identity(&both)[1], identity(&one)[1]);
    assert_ne!(identity(&both)[0], identity(&one)[0]);
    let other_order = "/mobileconfig?emailaddress=joe@centurylink.net&email=jane@q.com";
    let other_order = read(&SHIPPED.get("q.com", other_order).body);
    assert_eq!(identity(&other_order)[0], identity(&both)[0]);
    let addresses = |count| (0..count).map(|i| format!("email=user{i}@q.com")).collect::<Vec<_>>().join("&");
    let ten = SHIPPED.get("q.com", &format!("/mobileconfig?{}", addresses(10)));
    assert_eq!(payloads(&read(&ten.body)).len(), 10);
    let eleven = SHIPPED.get("q.com", &format!("/mobileconfig?{}", addresses(11)));
    assert_eq!(
        (eleven.status, eleven.text()),
        (
            400,
            "A configuration profile can have at most 10 \
                                                      addresses.\n"
        )
    );
}

#[test]
fn derives_identifiers_only_from_the_address() {
    let of = |servers: &str, address: &str| {
        let text = profile("example.com", &domains(&["example.com"]), servers);
        let answer = get(
            &Files::new("", &[("a.toml", &text)]),
            "example.com",
            &format!("/mobileconfig?email={address}"),
        );
        identity(&read(&answer.body))
    };
    let jane = of(SERVERS, "jane@example.com");
    assert_eq!(jane, of(SERVERS, "jane@example.com"));
    assert_eq!(jane, of(&SERVERS.replace("993", "1993").replace("smtp.", "mail."), "jane@example.com"));
    let joe = of(SERVERS, "joe@example.com");
    assert!(jane.iter().zip(&joe).all(|(jane, joe)| jane != joe), "{jane:?} {joe:?}");
}

#[test]
fn escapes_hostile_addresses() {
    let files = full();
    let server = files.serve();
    let encoded = |address: &str| address.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    for address in [
        "a&b@example.net",
        "a<key>b@example.net",
        "o'hara\"@example.net",
        "a]]>b@example.net",
        "a/../b@example.net",
        "a%2F@example.net",
        "%EMAILADDRESS%@example.net",
        "jürgen.müller@example.net",
        "用户@bücher.example",
        "a+b=c@deep.down.example.org",
        "\u{E000}\u{E005}\u{E002}@example.net",
        "a\u{0300}@example.net",
    ] {
        let answer = server.get("example.net", &format!("/mobileconfig?emailaddress={}", encoded(address)));
        assert_eq!(answer.status, 200, "{address}");
        let profile = read(&answer.body);
        assert_valid(&profile);
        let asked: waypost::address::EmailAddress = address.parse().unwrap();
        assert_eq!(text(mail(&profile), "EmailAddress"), asked.to_string());
        assert_eq!(text(mail(&profile), "IncomingMailServerUsername"), asked.local_part());
        assert_eq!(text(mail(&profile), "IncomingMailServerHostName"), format!("imap.{}", asked.domain()));
        let disposition = answer.header("content-disposition");
        assert_eq!(disposition, Some("attachment; filename=\"example.net.mobileconfig\""), "{address}");
        let path = text(payloads(&profile)[1], "CalDAVPrincipalURL");
        assert!(path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/%@-._~".contains(&b)), "{path}");
        assert_eq!(path.matches('/').count(), 3, "{path}");
    }
    for address in
        ["", "a@b@example.net", "@example.net", "a\u{0}@example.net", "a\r\nb@example.net", "nobody"]
    {
        let answer = server.get(
            "example.net",
            &format!("/mobileconfig?emailaddress=x%40example.net&email={}", encoded(address)),
        );
        if address.is_empty() {
            assert_eq!(answer.status, 200);
        } else {
            assert_eq!(
                (answer.status, answer.text()),
                (400, "The value of emailaddress is not an email address.\n"),
                "{address:?}"
            );
            assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        }
    }
}

#[test]
fn prefers_implicit_tls_to_starttls_and_imap_to_pop3() {
    let shipped = read(&SHIPPED.get("q.com", "/mobileconfig?email=jane@q.com").body);
    let port = |dict: &Dictionary, key: &str| dict[key].as_unsigned_integer().unwrap();
    assert_eq!(port(mail(&shipped), "OutgoingMailServerPortNumber"), 465, "587 is the profile's first");
    let files = full();
    let server = files.serve();
    let starttls = read(&server.get("example.net", "/mobileconfig?email=jane@example.net").body);
    let starttls = mail(&starttls);
    assert_eq!(port(starttls, "IncomingMailServerPortNumber"), 143);
    assert_eq!(port(starttls, "OutgoingMailServerPortNumber"), 587);
    for key in ["IncomingMailServerUseSSL", "OutgoingMailServerUseSSL"] {
        assert_eq!(starttls[key].as_boolean(), Some(true), "{key}");
    }
    assert_eq!(text(starttls, "OutgoingMailServerAuthentication"), "EmailAuthCRAMMD5");
    let pop = read(&server.get("pop.example", "/mobileconfig?email=jane@pop.example").body);
    assert_valid(&pop);
    assert_eq!(text(mail(&pop), "EmailAccountType"), "EmailTypePOP");
    assert_eq!(port(mail(&pop), "IncomingMailServerPortNumber"), 995);
}

#[test]
fn refuses_unsupported_servers_with_a_reason() {
    let server = full().serve();
    let token = server.get("token.example", "/mobileconfig?email=jane@token.example");
    assert_eq!(token.status, 422);
    assert_eq!(
        token.text(),
        "There is no configuration profile for addresses at token.example: its mail servers require an \
         authentication method that an Apple profile cannot express, for example OAuth2.\n"
    );
    assert_eq!(token.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(token.header("cache-control"), Some("private, no-store"));
    let plain = SHIPPED.get("qwestoffice.net", "/mobileconfig");
    assert_eq!(plain.status, 422);
    assert_eq!(
        plain.text(),
        "There is no configuration profile for addresses at qwestoffice.net: its mail servers have no \
         encryption, so devices would send the password in clear text.\n"
    );
    let with_another = SHIPPED.get("q.com", "/mobileconfig?email=jane@q.com&email=joe@qwestoffice.net");
    assert_eq!(with_another.status, 422);
}

#[test]
fn answers_404_for_a_domain_that_is_not_served() {
    for target in [
        "/mobileconfig?email=jane@elsewhere.example",
        "/mobileconfig?email=a@q.com&email=b@elsewhere.example",
    ] {
        SHIPPED.get("q.com", target).assert_empty(404);
    }
    SHIPPED.get("elsewhere.example", "/mobileconfig").assert_empty(404);
    SHIPPED.get("127.0.0.1", "/email.mobileconfig").assert_empty(404);
}

#[test]
fn serves_profiles_for_customers_on_an_mx_host() {
    let server = full().serve();
    let answer = server.get("autoconfig.provider.example", "/mobileconfig?email=jane@customer.example");
    assert_eq!(answer.status, 200);
    let profile = read(&answer.body);
    assert_valid(&profile);
    assert_eq!(text(mail(&profile), "IncomingMailServerUsername"), "jane@customer.example");
    assert_eq!(
        answer.header("content-disposition"),
        Some("attachment; filename=\"mx.example.mobileconfig\"")
    );
}

/// A signed profile contains no host name that comes from the request only.
#[test]
fn fills_host_names_only_with_served_domains() {
    let names = domains(&["example.com"]) + "mx_hosts = [\"mx.provider.example\"]\n";
    let servers = SERVERS.replace("imap.example.com", "imap.%EMAILDOMAIN%");
    let files = Files::new("", &[("a.toml", &profile("example.com", &names, &servers))]);
    let server = files.serve();
    assert_eq!(server.get("example.com", "/mobileconfig?email=jane@example.com").status, 200);
    for target in [
        "/mobileconfig?email=jane@evil.example",
        "/mobileconfig",
        "/mobileconfig?email=a@example.com&email=b@evil.example",
    ] {
        server.get("mx.provider.example", target).assert_empty(404);
    }
    let said = "warning: imap.%EMAILDOMAIN% is in a profile with mx_hosts: for domains of customers, the \
                host name depends on the request: ";
    assert!(files.findings().contains(&said.to_owned()), "{:?}", files.findings());
    // Another profile's hosts do not matter.
    let with_hosts = profile("example.com", &names, SERVERS);
    let without = profile("other.example", &domains(&["other.example"]), &servers);
    let files = Files::new("", &[("a.toml", &with_hosts), ("b.toml", &without)]);
    assert!(!files.findings().iter().any(|finding| finding.contains("mx_hosts")), "{:?}", files.findings());
}

#[test]
fn writes_the_consent_text_of_the_first_profile_that_has_one() {
    let with = profile("a.example", &domains(&["a.example"]), SERVERS)
        + "[mobileconfig]\nconsent = { en = \"Agreed?\" }\ndescription = { en = \"A\" }\n";
    let without = profile("b.example", &domains(&["b.example"]), SERVERS)
        .replace("Example Mail", "Other Mail")
        + "[mobileconfig]\ndescription = { en = \"B\" }\n";
    let server = Files::new("", &[("a.toml", &with), ("b.toml", &without)]).serve();
    for target in [
        "/mobileconfig?email=x@a.example&email=y@b.example",
        "/mobileconfig?email=y@b.example&email=x@a.example",
    ] {
        let profile = read(&server.get("a.example", target).body);
        assert_valid(&profile);
        assert_eq!(
            profile["ConsentText"].as_dictionary().unwrap()["en"].as_string(),
            Some("Agreed?"),
            "{target}"
        );
        assert_eq!(text(&profile, "PayloadDescription"), "A");
        let accounts: Vec<_> =
            payloads(&profile).iter().map(|dict| text(dict, "EmailAccountDescription")).collect();
        assert!(accounts.contains(&"Example Mail") && accounts.contains(&"Other Mail"), "{accounts:?}");
    }
}

/// Every profile of the grid that Apple's schema can express follows Apple's tables.
#[test]
fn writes_a_valid_profile_for_every_profile_of_the_grid() {
    let mut profiles = Vec::new();
    grid::grid(|servers| profiles.push(servers));
    let files = Files::new("", &[]);
    let services = FULL.split_once("[[calendar]]").unwrap().1;
    for (i, servers) in profiles.iter().enumerate().step_by(3) {
        let id = format!("p{i}.example.com");
        let services = if i % 2 == 0 { format!("[[calendar]]{services}") } else { String::new() };
        let text = profile(&id, &domains(&[&id]), &(servers.clone() + &services));
        files.write(&format!("profiles/{i:04}.toml"), &text);
    }
    let config = files.load();
    let mut said = 0;
    for entry in config.directory.entries() {
        let Ok(mobileconfig) = &entry.documents.mobileconfig else { continue };
        let address = format!("jane@{}", entry.profile.id).parse().unwrap();
        let document = mobileconfig.for_address(&address, &Languages::default());
        assert_valid(&read(&document));
        assert_valid(&read(&mobileconfig.for_domain(&entry.profile.id, &Languages::default())));
        said += 1;
    }
    assert!(said > 100 && said < config.directory.entries().len(), "{said}");
}
