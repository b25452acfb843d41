//! The client models: what each client accepts and what it refuses, by its row of the reference.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample;
use waypost::address::EmailAddress;
use waypost::clients::{ALL, Account, Client, Endpoint, Format, Outcome, Response};
use waypost::profile::Protocol;

use crate::common::assert_document;

const PROTOCOLS: [Protocol; 3] = [Protocol::Imap, Protocol::Pop3, Protocol::Smtp];

fn address() -> EmailAddress {
    "jane@example.com".parse().unwrap()
}

fn clients(format: Format) -> impl Iterator<Item = Client> {
    ALL.into_iter().filter(move |client| client.format == format)
}

fn client(id: &str, format: Format) -> Client {
    clients(format).find(|client| client.id == id).unwrap_or_else(|| panic!("no client {id}"))
}

/// What a client makes of a body with the headers of a correct server.
fn interpret(client: Client, body: impl AsRef<[u8]>) -> Outcome {
    interpret_response(client, 200, Some("text/xml; charset=utf-8"), body.as_ref())
}

fn interpret_response(client: Client, status: u16, content_type: Option<&str>, body: &[u8]) -> Outcome {
    client.interpret(&Response { status, content_type, body }, &address())
}

/// `imap.example.com:993 SSL/TLS, jane@example.com, password-cleartext`; `asks` if the client
/// prompts for the name.
fn endpoint_text(endpoint: &Endpoint) -> String {
    let Endpoint { hostname, port, security, username, method } = endpoint;
    let username = username.as_deref().unwrap_or("asks");
    format!("{hostname}:{port} {security}, {username}, {method}")
}

/// As [`endpoint_text`], with `guesses` if the client guesses the server.
fn server_text(account: &Account, protocol: Protocol) -> Option<String> {
    let guesses = if account.is_guess(protocol) { "guesses " } else { "" };
    Some(guesses.to_owned() + &endpoint_text(account.get(protocol)?))
}

fn describe(outcome: &Outcome) -> String {
    match outcome {
        Err(reason) => format!("gives up: {reason}"),
        Ok(account) => PROTOCOLS
            .into_iter()
            .filter_map(|protocol| Some(format!("{protocol} {}", server_text(account, protocol)?)))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

/// The document of reference/autoconfig 2.6.
const GOOD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="example.com">
    <domain>example.com</domain>
    <displayName>Example Mail</displayName>
    <displayShortName>Example</displayShortName>
    <incomingServer type="imap">
      <hostname>imap.example.com</hostname>
      <port>993</port>
      <socketType>SSL</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </incomingServer>
    <incomingServer type="pop3">
      <hostname>pop.example.com</hostname>
      <port>995</port>
      <socketType>SSL</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </incomingServer>
    <outgoingServer type="smtp">
      <hostname>smtp.example.com</hostname>
      <port>465</port>
      <socketType>SSL</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </outgoingServer>
  </emailProvider>
</clientConfig>
"#;

const IMAP: &str = "<incomingServer type=\"imap\">";
const SMTP: &str = "<outgoingServer type=\"smtp\">";

/// The XML of a server.
fn server(tag: &str, kind: &str, host: &str, port: u16, security: &str) -> String {
    format!(
        "<{tag} type=\"{kind}\"><hostname>{host}</hostname><port>{port}</port><socketType>{security}</socketType>\
         <authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username></{tag}>"
    )
}

#[track_caller]
fn with(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replace(from, to)
}

#[track_caller]
fn first(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

/// The document without the part from one text to the end of another.
#[track_caller]
fn without(from: &str, to: &str) -> String {
    let begin = GOOD.find(from).unwrap();
    let end = begin + GOOD[begin..].find(to).unwrap() + to.len();
    format!("{}{}", &GOOD[..begin], &GOOD[end..])
}

/// A document without POP3, for rows about IMAP and SMTP only.
fn no_pop3(document: &str) -> String {
    let begin = document.find("<incomingServer type=\"pop3\">").unwrap();
    let end = begin + document[begin..].find("</incomingServer>").unwrap() + "</incomingServer>".len();
    format!("{}{}", &document[..begin], &document[end..])
}

/// The variants of the document in reference/autoconfig 2 and 3.1.
fn variants() -> Vec<(&'static str, Vec<u8>)> {
    let xhtml = "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><body/></html>";
    let latin: Vec<u8> = with("UTF-8", "ISO-8859-1")
        .replace("Example Mail", "Müller")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(with("UTF-8", "UTF-16").encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let auth = "<authentication>password-cleartext</authentication>";
    let user = "<username>%EMAILADDRESS%</username>";
    let texts: Vec<(&'static str, String)> = vec![
        ("the document begins with a byte order mark", format!("\u{FEFF}{GOOD}")),
        ("two byte order marks", format!("\u{FEFF}\u{FEFF}{GOOD}")),
        ("a newline before the declaration", format!("\n{GOOD}")),
        ("no declaration", GOOD.lines().skip(1).collect::<Vec<_>>().join("\n")),
        (
            "white space inside values",
            GOOD.replace("socketType>SSL<", "socketType> SSL <").replace(">993<", "> 993 <"),
        ),
        ("CDATA in hostname", with("imap.example.com", "<![CDATA[imap.example.com]]>")),
        ("a comment at the end of a value", with("imap.example.com", "imap.example.com<!-- c -->")),
        ("a comment inside a value", with("imap.example.com", "imap.<!-- c -->example.com")),
        ("a reference in username", with(user, "<username>a&amp;b</username>")),
        ("only a domain with purpose", with("<domain>", "<domain purpose=\"mx\">")),
        ("another domain only", with("<domain>example.com", "<domain>example.net")),
        ("a U-label as the only domain", with("<domain>example.com", "<domain>b\u{fc}cher.example")),
        ("socketType in lower case", with("<socketType>SSL", "<socketType>ssl")),
        ("socketType TLS", with("<socketType>SSL", "<socketType>TLS")),
        ("no socketType", with("<socketType>SSL</socketType>", "")),
        (
            "a second imap and a second smtp",
            no_pop3(GOOD)
                .replace(IMAP, &format!("{IMAP}<!-- -->"))
                .replace(
                    "  </emailProvider>",
                    &(server("outgoingServer", "smtp", "smtp2.example.com", 587, "STARTTLS")
                        + "  </emailProvider>"),
                )
                .replacen(
                    SMTP,
                    &(server("incomingServer", "imap", "imap2.example.com", 143, "STARTTLS") + SMTP),
                    1,
                ),
        ),
        (
            "a second smtp that is as safe",
            GOOD.replace(
                "  </emailProvider>",
                &(server("outgoingServer", "smtp", "smtp2.example.com", 465, "SSL") + "  </emailProvider>"),
            ),
        ),
        (
            "a second imap that is as safe",
            no_pop3(GOOD).replacen(
                SMTP,
                &(server("incomingServer", "imap", "imap2.example.com", 993, "SSL") + SMTP),
                1,
            ),
        ),
        (
            "a second imap that is plain",
            no_pop3(GOOD).replacen(
                SMTP,
                &(server("incomingServer", "imap", "imap2.example.com", 143, "plain") + SMTP),
                1,
            ),
        ),
        (
            "everything plain",
            GOOD.replace("SSL", "plain").replace("993", "143").replace("995", "110").replace("465", "25"),
        ),
        (
            "everything plain on usual ports for STARTTLS",
            GOOD.replace("SSL", "plain").replace("993", "143").replace("995", "110").replace("465", "587"),
        ),
        (
            "STARTTLS everywhere",
            GOOD.replace("SSL", "STARTTLS").replace("993", "143").replace("995", "110").replace("465", "587"),
        ),
        (
            "STARTTLS on odd ports",
            GOOD.replace("SSL", "STARTTLS")
                .replace("993", "1143")
                .replace("995", "1110")
                .replace("465", "2525"),
        ),
        ("TLS on odd ports", GOOD.replace("993", "9993").replace("995", "9995").replace("465", "9465")),
        ("GSSAPI first", with(auth, &format!("<authentication>GSSAPI</authentication>{auth}"))),
        ("NTLM alone", with(auth, "<authentication>NTLM</authentication>")),
        ("legacy plain authentication", with(auth, "<authentication>plain</authentication>")),
        (
            "cleartext, then encrypted",
            with(auth, &format!("{auth}<authentication>password-encrypted</authentication>")),
        ),
        (
            "encrypted, then cleartext",
            with(auth, &format!("<authentication>password-encrypted</authentication>{auth}")),
        ),
        ("OAuth2, then cleartext", with(auth, &format!("<authentication>OAuth2</authentication>{auth}"))),
        ("OAuth2 alone", with(auth, "<authentication>OAuth2</authentication>")),
        ("no authentication", with(auth, "")),
        (
            "authentication with system, then cleartext",
            with(auth, &format!("<authentication system=\"sasl\">SCRAM-SHA-256</authentication>{auth}")),
        ),
        ("smtp without log-in", {
            let at = GOOD.find(SMTP).unwrap();
            format!(
                "{}{}",
                &GOOD[..at],
                GOOD[at..].replace(auth, "<authentication>none</authentication>").replace(user, "")
            )
        }),
        (
            "a jmap server",
            first(
                IMAP,
                &format!(
                    "<incomingServer type=\"jmap\"><url>https://jmap.example.com/</url>{auth}{user}</incomingServer>{IMAP}"
                ),
            ),
        ),
        ("interleaved siblings", {
            let pop3 = without("<incomingServer type=\"pop3\">", "</incomingServer>");
            pop3.replace(
                "  </emailProvider>",
                &(server("incomingServer", "pop3", "pop.example.com", 995, "SSL") + "  </emailProvider>"),
            )
        }),
        ("an unknown element in a server", with("<port>993", "<color>red</color><port>993")),
        ("an unknown element in the provider", with("<displayName>", "<color>red</color><displayName>")),
        ("an unknown element at the root", with("</clientConfig>", "<color>red</color></clientConfig>")),
        ("an unknown attribute on a server", with(IMAP, "<incomingServer type=\"imap\" color=\"red\">")),
        ("no version", with(" version=\"1.1\"", "")),
        ("version 1.2", with("version=\"1.1\"", "version=\"1.2\"")),
        ("an id that is no host name", with("id=\"example.com\"", "id=\"Example_Mail Inc\"")),
        ("no id", with(" id=\"example.com\"", "")),
        ("no displayName", without("<displayName>", "</displayName>")),
        ("no displayShortName", without("<displayShortName>", "</displayShortName>")),
        ("no domain", without("<domain>", "</domain>")),
        ("a placeholder in hostname", with("imap.example.com", "imap.%EMAILDOMAIN%")),
        ("the local part as username", with(user, "<username>%EMAILLOCALPART%</username>")),
        ("the domain as username", with(user, "<username>%EMAILDOMAIN%</username>")),
        ("a combined username", with(user, "<username>%EMAILLOCALPART%@mail.example</username>")),
        (
            "a combined username with the domain",
            with(user, "<username>%EMAILLOCALPART%%%EMAILDOMAIN%</username>"),
        ),
        ("a literal username", with(user, "<username>shop</username>")),
        ("a numeric username", with(user, "<username>0012345</username>")),
        ("an empty username", with(user, "<username/>")),
        ("no username", with(user, "")),
        ("pop3 before imap", {
            let rest = without("<incomingServer type=\"pop3\">", "</incomingServer>");
            rest.replacen(IMAP, &(server("incomingServer", "pop3", "pop.example.com", 995, "SSL") + IMAP), 1)
        }),
        ("pop3 only", without(IMAP, "</incomingServer>")),
        ("imap only", no_pop3(GOOD)),
        ("no outgoing server", without(SMTP, "</outgoingServer>")),
        ("a port that is none", with("993", "70000")),
        ("a port with letters", with("993", "993abc")),
        ("no port", with("<port>993</port>", "")),
        (
            "socketType before port",
            with("<socketType>SSL</socketType>", "")
                .replace("<port>993</port>", "<socketType>STARTTLS</socketType><port>993</port>")
                .replace("<port>995</port>", "<socketType>STARTTLS</socketType><port>995</port>")
                .replace("<port>465</port>", "<socketType>STARTTLS</socketType><port>465</port>"),
        ),
        ("a default namespace", with("<clientConfig ", "<clientConfig xmlns=\"urn:x\" ")),
        (
            "a prefix",
            GOOD.replace("</", "</m:")
                .replace('<', "<m:")
                .replace("<m:/m:", "</m:")
                .replace("<m:?", "<?")
                .replace("<m:clientConfig ", "<m:clientConfig xmlns:m=\"urn:x\" "),
        ),
        (
            "documentation has no descr",
            with("  </emailProvider>", "<documentation url=\"https://example.com/\"/></emailProvider>"),
        ),
        (
            "oAuth2 without tokenURL",
            with(
                "</clientConfig>",
                "<oAuth2><issuer>i</issuer><scope>s</scope><authURL>https://a/</authURL></oAuth2></clientConfig>",
            ),
        ),
        ("two providers", {
            let begin = GOOD.find("  <emailProvider").unwrap();
            let end = GOOD.find("</clientConfig>").unwrap();
            let second = GOOD[begin..end]
                .replace("id=\"example.com\"", "id=\"example.net\"")
                .replace("imap.example", "imap2.example");
            format!("{}{second}{}", &GOOD[..end], &GOOD[end..])
        }),
        ("broken after the provider", with("</clientConfig>", "</oops>")),
        ("broken inside the provider", GOOD[..GOOD.find("</outgoingServer>").unwrap()].to_owned()),
        ("another root", GOOD.replace("clientConfig", "html")),
        ("an empty clientConfig", "<clientConfig version=\"1.1\"/>".to_owned()),
        ("XHTML", xhtml.to_owned()),
        (
            "HTML that is not XML",
            "<!doctype html><html><meta charset=utf-8><body>Log in<br></html>".to_owned(),
        ),
        ("plain text", "not found".to_owned()),
        ("JSON", "{\"error\": 404}".to_owned()),
        ("nothing", String::new()),
        ("an undefined entity", with("Example Mail", "Example&nbsp;Mail")),
    ];
    let mut variants: Vec<_> = texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    variants.push(("ISO-8859-1", latin));
    variants.push(("UTF-16", utf16));
    variants
}

/// The file lists for each variant the clients whose account differs from the one of the correct
/// document. Compare it with reference/autoconfig 3.1.
#[test]
fn interprets_every_autoconfig_variant_as_recorded() {
    let mut report = String::new();
    for (name, body) in variants() {
        let _ = writeln!(report, "{name}");
        let baseline = if name == "imap only" { no_pop3(GOOD) } else { GOOD.to_owned() };
        // Each result, with the clients that have it.
        let mut results: Vec<(String, Vec<&str>)> = Vec::new();
        for client in clients(Format::Autoconfig) {
            let result = difference(&interpret(client, &body), &interpret(client, &baseline));
            match results.iter_mut().find(|(known, _)| *known == result) {
                Some((_, clients)) => clients.push(client.id),
                None => results.push((result, vec![client.id])),
            }
        }
        results.sort_by_key(|(result, _)| result == "the same");
        for (result, clients) in results {
            let _ = writeln!(report, "    {result}\n        {}", clients.join(" "));
        }
        report.push('\n');
    }
    assert_document("clients/autoconfig.txt", &report);
}

/// In which servers an outcome differs from the one of the correct document.
fn difference(outcome: &Outcome, good: &Outcome) -> String {
    let (Ok(account), Ok(good)) = (outcome, good) else { return describe(outcome) };
    let parts: Vec<_> = PROTOCOLS
        .into_iter()
        .filter(|protocol| server_text(account, *protocol) != server_text(good, *protocol))
        .map(|protocol| {
            let server = server_text(account, protocol).unwrap_or_else(|| "nothing".to_owned());
            format!("{protocol} {server}")
        })
        .collect();
    if parts.is_empty() { "the same".to_owned() } else { parts.join("; ") }
}

/// The columns of the table in reference/autoconfig 3.1 for which the client's own parser was run.
#[test]
fn models_agree_with_the_clients_own_parsers() {
    const COLUMNS: [&str; 8] = [
        "thunderbird",
        "delta-chat",
        "himalaya",
        "email-lib",
        "aerc",
        "nextcloud",
        "mailspring",
        "evolution",
    ];
    // See `assert_rows`.
    let table: &[(&str, [&str; 8])] = &[
        ("the document begins with a byte order mark", ["ok", "ok", "ok", "ok", "ok", "ok", "ok", "reject"]),
        (
            "a newline before the declaration",
            ["reject", "ok", "reject", "reject", "ok", "reject", "ok", "ok"],
        ),
        (
            "white space inside values",
            ["reject", "ok", "ok", "ok", "reject", ":993 none", ":993 STARTTLS", ":993 none"],
        ),
        ("CDATA in hostname", ["ok", "no IMAP", "ok", "ok", "ok", "ok", "ok", "IMAP :993"]),
        ("a comment at the end of a value", ["ok", "ok", "ok", "ok", "ok", "ok", "ok", "IMAP :993"]),
        ("a reference in username", ["a&b", ", b,", "ok", "ok", "a&b", "a&b", "ok", "a&b"]),
        ("only a domain with purpose", ["reject", "ok", "ok", "ok", "ok", "ok", "ok", "ok"]),
        (
            "socketType in lower case",
            ["reject", "ok", "reject", "reject", "ok", "ok", ":993 STARTTLS", ":993 none"],
        ),
        ("a second imap and a second smtp", ["ok", "ok", "ok", "ok", "SMTP smtp2", "ok", "ok", "imap2"]),
        (
            "a second imap that is plain",
            ["ok", "ok", "ok", "ok", "ok", "ok", "ok", "imap2.example.com:143 none"],
        ),
        ("GSSAPI first", ["GSSAPI", "ok", "reject", "reject", "ok", "ok", "ok", "ok"]),
        ("legacy plain authentication", ["ok", "ok", "reject", "reject", "ok", "ok", "ok", "ok"]),
        (
            "smtp without log-in",
            [
                "ok",
                "no SMTP",
                "ok",
                "reject",
                "SMTP smtp.example.com:465 SSL/TLS, asks",
                "SMTP smtp.example.com:465 SSL/TLS, asks",
                "ok",
                "ok",
            ],
        ),
        ("a jmap server", ["ok", "ok", "reject", "reject", "ok", "ok", "ok", "ok"]),
        ("interleaved siblings", ["ok", "ok", "reject", "ok", "ok", "ok", "ok", "ok"]),
        ("an unknown element in a server", ["ok", "ok", "ok", "reject", "ok", "ok", "ok", "ok"]),
        ("an unknown element in the provider", ["ok", "ok", "ok", "reject", "ok", "ok", "ok", "ok"]),
        ("an unknown attribute on a server", ["ok", "ok", "ok", "ok", "ok", "ok", "ok", "reject"]),
        ("no version", ["ok", "ok", "reject", "reject", "ok", "ok", "ok", "ok"]),
        ("an id that is no host name", ["reject", "ok", "ok", "ok", "ok", "ok", "ok", "ok"]),
        (
            "a placeholder in hostname",
            [
                "ok",
                "ok",
                "ok",
                "%EMAILDOMAIN%",
                "%EMAILDOMAIN%",
                "%EMAILDOMAIN%",
                "%EMAILDOMAIN%",
                "IMAP imap.:993",
            ],
        ),
        (
            "authentication with system, then cleartext",
            ["ok", "ok", "reject", "reject", "ok", "ok", "ok", "ok"],
        ),
        ("pop3 only", ["ok", "no IMAP", "reject", "reject", "reject", "no IMAP", "no IMAP", "ok"]),
        ("ISO-8859-1", ["reject", "ok", "reject", "ok", "reject", "ok", "ok", "reject"]),
        ("XHTML", ["reject"; 8]),
        ("nothing", ["reject"; 8]),
    ];
    assert_rows(&COLUMNS, table);
}

/// The results of the other clients, derived by hand from their sources.
#[test]
fn models_agree_with_the_clients_sources() {
    const COLUMNS: [&str; 11] = [
        "thunderbird-android",
        "thunderbird-ios",
        "fairemail",
        "kmail",
        "gnome",
        "geary",
        "parula",
        "snappymail",
        "sailfish",
        "enough-mail",
        "horde",
    ];
    const LITERAL: &str = "imap.%EMAILDOMAIN%";
    #[rustfmt::skip]
    let table: &[(&str, [&str; 11])] = &[
        ("the document begins with a byte order mark", ["ok"; 11]),
        ("socketType in lower case", ["reject", "reject", "ok", "ok", "ok", ":993 none", "reject", ":993 none", "reject", "ok", "ok"]),
        ("everything plain", ["reject", "reject", ":143 STARTTLS", ":143 none", "ok", ":143 none", ":143 none", ":143 none", ":143 none", ":143 none", ":143 STARTTLS"]),
        ("STARTTLS on odd ports", [":1143 STARTTLS", ":1143 STARTTLS", ":1143 STARTTLS", ":143 STARTTLS", ":143 STARTTLS", ":1143 STARTTLS", ":1143 STARTTLS", ":1143 STARTTLS", ":1143 STARTTLS", ":1143 STARTTLS", ":1143 STARTTLS"]),
        ("socketType before port", [":993 STARTTLS", ":993 STARTTLS", "ok", ":143 STARTTLS", ":143 STARTTLS", ":993 STARTTLS", ":993 STARTTLS", ":993 STARTTLS", ":993 STARTTLS", ":993 STARTTLS", ":993 STARTTLS"]),
        ("GSSAPI first", ["ok", "reject", "ok", "GSSAPI", "ok", "ok", "GSSAPI", "ok", "ok", "ok", "ok"]),
        ("OAuth2 alone", ["reject", "OAuth2", "ok", "OAuth2", "ok", "ok", "OAuth2", "ok", "OAuth2", "ok", "ok"]),
        ("pop3 before imap", ["ok", "ok", "reject", "ok", "ok", "reject", "ok", "no IMAP", "ok", "ok", "ok"]),
        ("pop3 only", ["reject", "no IMAP", "reject", "ok", "no IMAP", "reject", "ok", "no IMAP", "ok", "POP3 pop.example.com", "ok"]),
        ("no outgoing server", ["reject", "no SMTP", "reject", "no SMTP", "no SMTP", "reject", "reject", "no SMTP", "no SMTP", "reject", "no SMTP"]),
        ("no id", ["reject", "ok", "ok", "ok", "ok", "ok", "ok", "ok", "ok", "ok", "ok"]),
        ("no displayName", ["ok", "reject", "ok", "ok", "ok", "ok", "ok", "ok", "ok", "ok", "ok"]),
        ("another domain only", ["ok", "ok", "ok", "ok", "ok", "ok", "reject", "ok", "reject", "ok", "ok"]),
        ("only a domain with purpose", ["ok", "ok", "ok", "ok", "ok", "ok", "reject", "ok", "ok", "ok", "ok"]),
        ("a placeholder in hostname", ["ok", "ok", LITERAL, "ok", LITERAL, LITERAL, "imap.%emaildomain%", LITERAL, LITERAL, LITERAL, LITERAL]),
        ("the local part as username", [", jane,", ", jane,", ", jane,", ", jane,", ", jane,", ", jane@example.com,", ", jane,", ", jane,", ", jane@example.com,", ", jane,", ", jane,"]),
        ("a combined username", [", jane@mail.example,", ", jane@mail.example,", ", %EMAILLOCALPART%@mail.example,", ", jane@mail.example,", "asks", ", jane@example.com,", ", jane@mail.example,", ", jane,", ", jane@example.com,", ", jane@example.com,", ", jane@mail.example,"]),
        ("a literal username", [", shop,", ", shop,", ", shop,", ", shop,", "asks", ", jane@example.com,", ", shop,", ", jane,", ", jane@example.com,", ", jane@example.com,", ", shop,"]),
        ("a numeric username", [", 0012345,", ", 0012345,", ", 0012345,", ", 0012345,", "asks", ", jane@example.com,", ", 12345,", ", jane,", ", jane@example.com,", ", jane@example.com,", ", 0012345,"]),
        ("a comment at the end of a value", ["ok"; 11]),
        ("a jmap server", ["ok", "reject", "reject", "ok", "ok", "reject", "ok", "no IMAP", "ok", "ok", "ok"]),
        ("another root", ["reject", "reject", "ok", "ok", "reject", "ok", "reject", "reject", "reject", "reject", "ok"]),
        ("broken after the provider", ["reject", "ok", "reject", "reject", "ok", "reject", "reject", "reject", "reject", "reject", "reject"]),
        ("two byte order marks", ["reject"; 11]),
        ("XHTML", ["reject"; 11]),
        ("nothing", ["reject"; 11]),
    ];
    assert_rows(&COLUMNS, table);
}

/// A cell is `ok`, `reject`, `no IMAP`, `no SMTP`, or a part of the outcome's description. A guess is no
/// server of the document.
fn assert_rows<const N: usize>(columns: &[&str; N], table: &[(&str, [&str; N])]) {
    let variants = variants();
    for (name, row) in table {
        let (_, body) =
            variants.iter().find(|(variant, _)| variant == name).unwrap_or_else(|| panic!("{name}"));
        for (id, expected) in columns.iter().zip(row) {
            let client = client(id, Format::Autoconfig);
            let (outcome, good) = (interpret(client, body), interpret(client, GOOD));
            let description = describe(&outcome);
            let is_expected = match *expected {
                "ok" => PROTOCOLS.into_iter().all(|protocol| same_server(&outcome, &good, protocol, name)),
                "reject" => !is_read(&outcome, Protocol::Imap) && !is_read(&outcome, Protocol::Smtp),
                "no IMAP" => outcome.is_ok() && !is_read(&outcome, Protocol::Imap),
                "no SMTP" => outcome.is_ok() && !is_read(&outcome, Protocol::Smtp),
                text => description.contains(text),
            };
            assert!(is_expected, "{id}, {name}: expected {expected}, but {description}");
        }
    }
}

/// Whether a client has a server from the document.
fn is_read(outcome: &Outcome, protocol: Protocol) -> bool {
    let account = outcome.as_ref().ok();
    account.is_some_and(|account| account.get(protocol).is_some() && !account.is_guess(protocol))
}

/// Whether host, port and security are the same. A protocol that the variant removes is not
/// compared.
fn same_server(outcome: &Outcome, good: &Outcome, protocol: Protocol, variant: &str) -> bool {
    let connection = |outcome: &Outcome| {
        let endpoint = outcome.as_ref().ok()?.get(protocol)?;
        Some((endpoint.hostname.clone(), endpoint.port, endpoint.security))
    };
    let is_removed = match variant {
        "a second imap and a second smtp" | "a second imap that is plain" => protocol == Protocol::Pop3,
        "pop3 only" => protocol == Protocol::Imap,
        _ => false,
    };
    outcome.is_ok() && (is_removed || connection(outcome) == connection(good))
}

/// Which clients accept the document with another status, `Content-Type` or encoding
/// (reference/autoconfig 1.3).
#[test]
fn models_check_status_content_type_and_encoding_like_their_clients() {
    let accepting = |status: u16, content_type: Option<&str>| -> Vec<&str> {
        let accepts =
            |client: &Client| interpret_response(*client, status, content_type, GOOD.as_bytes()).is_ok();
        clients(Format::Autoconfig).filter(accepts).map(|client| client.id).collect()
    };
    let without = |missing: &[&str]| -> Vec<&str> {
        clients(Format::Autoconfig).map(|client| client.id).filter(|id| !missing.contains(id)).collect()
    };
    let xml = Some("text/xml; charset=utf-8");
    for content_type in ["text/xml", "application/xml; charset=UTF-8", "text/rdf"] {
        assert_eq!(accepting(200, Some(content_type)), without(&[]), "{content_type}");
    }
    for content_type in [Some("text/plain"), Some("application/octet-stream"), Some("Text/XML"), None] {
        assert_eq!(accepting(200, content_type), without(&["thunderbird"]), "{content_type:?}");
    }
    // These clients accept only 200; the others accept any 2xx.
    let only_200 = ["thunderbird-ios", "fairemail", "gnome", "enough-mail"];
    assert_eq!(accepting(203, xml), without(&only_200));
    // These clients read the body for any status, or for any but 404.
    assert_eq!(accepting(404, xml), ["kmail", "geary", "aerc"]);
    assert_eq!(accepting(500, xml), ["kmail", "geary", "aerc", "horde"]);
    // In Thunderbird the charset of the header overrides the declaration.
    let latin: Vec<u8> = GOOD
        .replace("UTF-8", "ISO-8859-1")
        .replace("Example Mail", "M\u{fc}ller")
        .chars()
        .map(|c| c as u8)
        .collect();
    let thunderbird = client("thunderbird", Format::Autoconfig);
    assert!(interpret_response(thunderbird, 200, Some("text/xml"), &latin).is_ok());
    assert!(interpret_response(thunderbird, 200, Some("text/xml; charset=ISO-8859-1"), &latin).is_ok());
    assert!(interpret_response(thunderbird, 200, xml, &latin).is_err());
}

/// The method of each client for hosts in its table of OAuth2 registrations, and for others. Compare the
/// file with docs/clients.md. Clients that ignore the methods are left out.
#[test]
fn uses_oauth2_for_the_hosts_in_the_table_of_each_client() {
    const PASSWORD: &str = "<authentication>password-cleartext</authentication>";
    let oauth2 = "<authentication>OAuth2</authentication>";
    let methods = [
        ("OAuth2, then password", format!("{oauth2}{PASSWORD}")),
        ("password, then OAuth2", format!("{PASSWORD}{oauth2}")),
        ("password", PASSWORD.to_owned()),
        ("OAuth2", oauth2.to_owned()),
    ];
    let hosts = [
        ["imap.gmail.com", "pop.gmail.com", "smtp.gmail.com"],
        ["outlook.office365.com", "outlook.office365.com", "smtp.office365.com"],
        ["imap.fastmail.com", "pop.fastmail.com", "smtp.fastmail.com"],
        ["mail.tb.pro", "mail.tb.pro", "mail.tb.pro"],
        ["IMAP.GMAIL.COM", "POP.GMAIL.COM", "SMTP.GMAIL.COM"],
        ["imap.example.com", "pop.example.com", "smtp.example.com"],
    ];
    let mut report = String::new();
    for [imap, pop3, smtp] in hosts {
        let document = GOOD.replace("imap.example.com", imap).replace("pop.example.com", pop3);
        let document = document.replace("smtp.example.com", smtp);
        for (name, methods) in &methods {
            let _ = writeln!(report, "{imap}, {pop3}, {smtp}: {name}");
            let mut results: Vec<(String, Vec<&str>)> = Vec::new();
            for client in clients(Format::Autoconfig) {
                let outcome = interpret(client, document.replace(PASSWORD, methods));
                let result = methods_of(&outcome);
                match results.iter_mut().find(|(known, _)| *known == result) {
                    _ if result.contains("negotiated") => {}
                    Some((_, clients)) => clients.push(client.id),
                    None => results.push((result, vec![client.id])),
                }
            }
            for (result, clients) in results {
                let _ = writeln!(report, "    {result}\n        {}", clients.join(" "));
            }
        }
        report.push('\n');
    }
    assert_document("clients/oauth2.txt", &report);
}

/// The methods of an outcome: `IMAP OAuth2; SMTP password-cleartext`.
fn methods_of(outcome: &Outcome) -> String {
    let Ok(account) = outcome else { return describe(outcome) };
    let methods = PROTOCOLS.into_iter().filter_map(|protocol| {
        account.get(protocol).map(|endpoint| format!("{protocol} {}", endpoint.method))
    });
    methods.collect::<Vec<_>>().join("; ")
}

/// Delta Chat guesses the servers that a document does not have. If they answer, it uses them.
#[test]
fn delta_chat_guesses_the_servers_that_are_not_in_the_document() {
    let imap = "IMAP guesses imap.example.com:993 SSL/TLS, jane@example.com, negotiated";
    let smtp = "SMTP guesses smtp.example.com:465 SSL/TLS, jane@example.com, negotiated";
    let outcome = |format, body: &str| describe(&interpret(client("delta-chat", format), body));
    let autoconfig = |body: &str| outcome(Format::Autoconfig, body);
    let pop3_only = without(IMAP, "</incomingServer>");
    let read = "SMTP smtp.example.com:465 SSL/TLS, jane@example.com, negotiated";
    assert_eq!(autoconfig(&pop3_only), format!("{imap}; {read}"));
    assert_eq!(autoconfig("<clientConfig/>"), format!("{imap}; {smtp}"));
    assert_eq!(autoconfig(""), format!("{imap}; {smtp}"));
    // It continues to search if the document cannot be parsed.
    assert!(autoconfig("<clientConfig></emailProvider>").starts_with("gives up: not well-formed"));
    let error = include_str!("../data/autodiscover/error_600.xml");
    assert_eq!(outcome(Format::Autodiscover, error), format!("{imap}; {smtp}"));
}

/// The document of reference/autodiscover 2.5, with a POP3 server.
const SETTINGS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <User>
      <DisplayName>jane@example.com</DisplayName>
      <AutoDiscoverSMTPAddress>jane@example.com</AutoDiscoverSMTPAddress>
    </User>
    <Account>
      <AccountType>email</AccountType>
      <Action>settings</Action>
      <Protocol><Type>IMAP</Type><Server>imap.example.com</Server><Port>993</Port><LoginName>jane@example.com</LoginName><SPA>off</SPA><SSL>on</SSL><Encryption>SSL</Encryption></Protocol>
      <Protocol><Type>POP3</Type><Server>pop.example.com</Server><Port>995</Port><LoginName>jane@example.com</LoginName><SPA>off</SPA><SSL>on</SSL><Encryption>SSL</Encryption></Protocol>
      <Protocol><Type>SMTP</Type><Server>smtp.example.com</Server><Port>465</Port><LoginName>jane@example.com</LoginName><SPA>off</SPA><SSL>on</SSL><Encryption>SSL</Encryption></Protocol>
    </Account>
  </Response>
</Autodiscover>
"#;

/// The variants in reference/autodiscover 2.2 to 2.6 and in the rows of 1.7 to 1.11.
fn settings_variants() -> Vec<(&'static str, String)> {
    let with = |from: &str, to: &str| {
        assert!(SETTINGS.contains(from), "{from}");
        SETTINGS.replace(from, to)
    };
    let ports = |imap: &str, pop3: &str, smtp: &str| {
        SETTINGS.replace("993", imap).replace("995", pop3).replace("465", smtp)
    };
    let starttls = |text: &str| text.replace("Encryption>SSL", "Encryption>TLS");
    let plain = |text: &str| text.replace("<SSL>on", "<SSL>off").replace("Encryption>SSL", "Encryption>None");
    let login = "<LoginName>jane@example.com</LoginName>";
    let begin = SETTINGS.find("      <Protocol><Type>POP3").unwrap();
    let end = SETTINGS.find("    </Account>").unwrap();
    vec![
        ("STARTTLS on 143, 110, 587", starttls(&ports("143", "110", "587"))),
        ("STARTTLS on odd ports", starttls(&ports("1143", "1110", "2525"))),
        ("STARTTLS on 25", starttls(&ports("143", "110", "25"))),
        ("implicit TLS on odd ports", ports("9993", "9995", "9465")),
        ("plaintext", plain(&ports("143", "110", "25"))),
        ("wrong: implicit TLS called TLS", starttls(SETTINGS)),
        ("wrong: STARTTLS with SSL off", ports("143", "110", "587").replace("<SSL>on", "<SSL>off").replace("<Encryption>SSL</Encryption>", "")),
        ("Encryption Auto", ports("143", "110", "587").replace("Encryption>SSL", "Encryption>Auto")),
        ("no Encryption", with("<Encryption>SSL</Encryption>", "")),
        ("no SSL and no Encryption", with("<Encryption>SSL</Encryption>", "").replace("<SSL>on</SSL>", "")),
        ("SSL On", with("<SSL>on", "<SSL>On")),
        ("an empty SSL", with("<SSL>on</SSL>", "<SSL></SSL>")),
        ("no LoginName", with(login, "")),
        ("an empty LoginName", with(login, "<LoginName/>")),
        ("the local part as LoginName", with(login, "<LoginName>jane</LoginName>")),
        ("a numeric LoginName", with(login, "<LoginName>0012345</LoginName>")),
        ("no SPA", with("<SPA>off</SPA>", "")),
        ("SPA on", with("<SPA>off", "<SPA>on")),
        ("no Port", with("<Port>993</Port>", "")),
        ("Type POP", with("<Type>POP3", "<Type>POP")),
        ("Type in lower case", with("<Type>IMAP", "<Type>imap")),
        ("AccountType after the Protocols", with("      <AccountType>email</AccountType>\n", "").replace("    </Account>", "<AccountType>email</AccountType></Account>")),
        ("another AccountType", with(">email<", ">Email<")),
        ("an empty RedirectUrl", with("</Action>", "</Action><RedirectUrl></RedirectUrl>")),
        ("a second IMAP", with("    </Account>", "<Protocol><Type>IMAP</Type><Server>imap2.example.com</Server><Port>143</Port><LoginName>jane@example.com</LoginName><SPA>off</SPA><SSL>on</SSL><Encryption>TLS</Encryption></Protocol></Account>")),
        ("only IMAP", format!("{}{}", &SETTINGS[..begin], &SETTINGS[end..])),
        ("no incoming server", with("IMAP", "WEB").replace("POP3", "EXCH")),
        ("https namespaces", with("http://", "https://")),
        ("a prefixed root", with("<Autodiscover ", "<a:Autodiscover xmlns:a=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\" ").replace("</Autodiscover>", "</a:Autodiscover>")),
        ("no declaration", SETTINGS.lines().skip(1).collect::<Vec<_>>().join("\n")),
        ("error 500", include_str!("../data/autodiscover/error_500.xml").to_owned()),
        ("error 600", include_str!("../data/autodiscover/error_600.xml").to_owned()),
        ("autoconfig", GOOD.to_owned()),
        ("nothing", String::new()),
    ]
}

/// Compare the file with reference/autodiscover 1.7 to 1.11 and 2.4.
#[test]
fn interprets_every_autodiscover_variant_as_recorded() {
    let mut report = String::from("the good document\n");
    for client in clients(Format::Autodiscover) {
        let _ = writeln!(report, "    {}: {}", client.id, describe(&interpret_requested(client, SETTINGS)));
    }
    for (name, body) in settings_variants() {
        let _ = writeln!(report, "\n{name}");
        let mut results: Vec<(String, Vec<&str>)> = Vec::new();
        for client in clients(Format::Autodiscover) {
            let result =
                difference(&interpret_requested(client, &body), &interpret_requested(client, SETTINGS));
            match results.iter_mut().find(|(known, _)| *known == result) {
                Some((_, clients)) => clients.push(client.id),
                None => results.push((result, vec![client.id])),
            }
        }
        results.sort_by_key(|(result, _)| result == "the same");
        for (result, clients) in results {
            let _ = writeln!(report, "    {result}\n        {}", clients.join(" "));
        }
    }
    assert_document("clients/autodiscover.txt", &report);
}

/// What a client makes of a document that contains the address which the client requests.
fn interpret_requested(client: Client, body: &str) -> Outcome {
    let requested = client.request_address(&address()).to_string();
    interpret(client, body.replace("jane@example.com", &requested))
}

/// The table of reference/autodiscover 2.4: `tls`, `starttls`, `plain`, or `tried` if the client
/// tries both kinds of encryption. IMAP, then SMTP.
#[test]
fn models_read_ssl_and_encryption_like_their_clients() {
    const COLUMNS: [&str; 7] =
        ["outlook", "outlook-2007", "thunderbird", "delta-chat", "fairemail", "snappymail", "parula"];
    let table: &[(&str, [&str; 7])] = &[
        ("", ["tls tls", "tls tls", "tls tls", "tried tried", "tls tls", "tls tls", "tls"]),
        (
            "STARTTLS on 143, 110, 587",
            [
                "starttls starttls",
                "tls tls",
                "starttls starttls",
                "tried tried",
                "starttls starttls",
                "starttls starttls",
                "starttls",
            ],
        ),
        (
            "STARTTLS on odd ports",
            ["starttls starttls", "tls tls", "tls tls", "tried tried", "tls tls", "starttls tls", "tls"],
        ),
        (
            "implicit TLS on odd ports",
            ["tls tls", "tls tls", "tls tls", "tried tried", "tls tls", "starttls tls", "tls"],
        ),
        (
            "plaintext",
            [
                "plain plain",
                "plain plain",
                "plain plain",
                "plain plain",
                "starttls tls",
                "plain plain",
                "plain",
            ],
        ),
        (
            "wrong: implicit TLS called TLS",
            ["starttls starttls", "tls tls", "tls tls", "tried tried", "tls tls", "tls tls", "tls"],
        ),
        (
            "wrong: STARTTLS with SSL off",
            [
                "plain plain",
                "plain plain",
                "plain plain",
                "plain plain",
                "starttls starttls",
                "plain starttls",
                "plain",
            ],
        ),
    ];
    let variants = settings_variants();
    for (name, row) in table {
        let body = variants.iter().find(|(variant, _)| variant == name).map_or(SETTINGS, |(_, body)| body);
        for (id, expected) in COLUMNS.into_iter().zip(row) {
            let account = interpret_requested(client(id, Format::Autodiscover), body).unwrap();
            let word = |protocol| match account.get(protocol).unwrap().security.to_string().as_str() {
                "SSL/TLS" => "tls",
                "STARTTLS" => "starttls",
                "none" => "plain",
                _ => "tried",
            };
            let mut words = vec![word(Protocol::Imap)];
            // Parula derives its outgoing server from the incoming one.
            if id != "parula" {
                words.push(word(Protocol::Smtp));
            }
            assert_eq!(words.join(" "), *expected, "{id}: {name}");
        }
    }
}

/// Bodies: valid, broken and arbitrary.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        sample::select(variants().into_iter().map(|(_, body)| body).collect::<Vec<_>>()),
        sample::select(
            settings_variants().into_iter().map(|(_, body)| body.into_bytes()).collect::<Vec<_>>()
        ),
        vec(any::<u8>(), 0..60),
        sample::select(vec![
            b"<clientConfig version='1.1'><emailProvider id='a'>".to_vec(),
            b"<incomingServer type=\"imap\">".to_vec(),
            b"</incomingServer>".to_vec(),
            b"<hostname>%EMAILDOMAIN%</hostname><port>".to_vec(),
            b"\xEF\xBB\xBF".to_vec(),
            b"<![CDATA[".to_vec(),
            b"<!--".to_vec(),
            b"<?xml encoding='UTF-16'?>".to_vec(),
            b"<?xml version=\"1.0\" encoding=\"".to_vec(),
            b"\xFE\xFF\xD8\x00".to_vec(),
            b"&#xD800;&#0;&x;".to_vec(),
            b"<a:b xmlns:a=''>".to_vec(),
            b"<Autodiscover><Response><Account><Protocol>".to_vec(),
        ]),
    ];
    // Documents and pieces, joined and cut anywhere.
    (vec(piece, 0..4), any::<sample::Index>(), any::<sample::Index>()).prop_map(|(pieces, from, to)| {
        let all = pieces.concat();
        if all.is_empty() {
            return all;
        }
        let (a, b) = (from.index(all.len() + 1), to.index(all.len() + 1));
        if a < b && b - a > 10 { all[a..b].to_vec() } else { all }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn interprets_any_response_without_a_panic(body in body(), status in 100..600_u16, content_type in ".{0,20}") {
        for client in ALL {
            let _ = describe(&interpret_response(client, 200, Some("text/xml"), &body));
            let _ = describe(&interpret_response(client, status, Some(&content_type), &body));
        }
    }
}

#[test]
fn refuses_large_and_deep_responses() {
    let deep = "<clientConfig>".repeat(1_000_000).into_bytes();
    let wide = [b"<clientConfig>".to_vec(), b"<a/>".repeat(50_000), b"</clientConfig>".to_vec()].concat();
    let long = format!("<clientConfig><emailProvider id=\"{}\"/></clientConfig>", "a".repeat(10_000_000));
    let html = format!("<!doctype html><html><body>{}", "<p>Log in<br>".repeat(50_000));
    let zeros = vec![0; 10_000_000];
    // Many chunks of text after a long tag: a model must not copy the tag for each chunk.
    let tag = "A".repeat(1_000_000);
    let chunks = format!("<incomingServer type=\"imap\"><{tag}>{}", "x&amp;".repeat(160_000));
    let bodies = [deep, wide, long.into_bytes(), html.into_bytes(), zeros, chunks.into_bytes()];
    std::thread::scope(|scope| {
        for body in &bodies {
            assert!(body.len() > 200_000);
            scope.spawn(move || {
                for client in ALL {
                    let outcome = interpret(client, body);
                    let is_read = PROTOCOLS.into_iter().any(|protocol| is_read(&outcome, protocol));
                    let description = describe(&outcome);
                    assert!(!is_read && description.chars().count() < 300, "{}: {description}", client.id);
                }
            });
        }
    });
}
