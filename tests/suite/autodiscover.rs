//! Outlook Autodiscover: reference/autodiscover, 2.5 to 2.7 and items 1 to 35 of 6.1.

use std::fs;
use std::io::Write;

use waypost::documents::autodiscover::{Autodiscover, ErrorResponse, SettingsResponse};

use crate::common::Files;
use crate::common::PUBLIC;
use crate::common::Response;
use crate::common::SERVERS;
use crate::common::SHIPPED;
use crate::common::Server;
use crate::common::assert_document;
use crate::common::data;
use crate::common::domains;
use crate::common::profile;
use crate::common::read_response;
use crate::common::recorded;
use crate::common::request;
use crate::common::server;
use crate::common::shipped;
use crate::strict::assert_strict;

const PATH: &str = "/autodiscover/autodiscover.xml";
const OUTLOOK: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";
const MOBILE_SYNC: &str = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006";

/// The body that Outlook posts.
fn asking(address: &str, schema: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover \
         xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\"><Request>\
         <EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{schema}</AcceptableResponseSchema>\
         </Request></Autodiscover>"
    )
}

fn ask(address: &str) -> Response {
    SHIPPED.post("autodiscover.q.com", PATH, asking(address, OUTLOOK))
}

#[track_caller]
fn assert_settings(response: &Response, file: &str) {
    assert_eq!(response.status, 200, "{response:?}");
    assert_document(&format!("autodiscover/{file}.xml"), response.text());
}

#[track_caller]
fn assert_error(response: &Response, status: u16, code: u16) {
    let response = response.clone().timeless();
    assert_eq!(response.status, status, "{response:?}");
    assert_eq!(response.header("content-type"), Some("text/xml; charset=utf-8"));
    assert_eq!(response.header("cache-control"), Some("private, no-store"));
    assert_document(&format!("autodiscover/error_{code}.xml"), response.text());
}

#[test]
fn autodiscover_01_answers_on_the_path_in_any_letter_case() {
    for path in [
        "/autodiscover/autodiscover.xml",
        "/Autodiscover/Autodiscover.xml",
        "/AutoDiscover/AutoDiscover.xml",
        "/AUTODISCOVER/AUTODISCOVER.XML",
    ] {
        assert_settings(&SHIPPED.post("q.com", path, asking("jane@q.com", OUTLOOK)), "jane@q.com");
    }
    let encoded = "/autodiscover%2Fautodiscover.xml";
    SHIPPED.post("q.com", encoded, asking("jane@q.com", OUTLOOK)).assert_empty(404);
}

#[test]
fn autodiscover_02_refuses_get_on_the_canonical_host() {
    for (server, host) in [(&*PUBLIC, "autodiscover.example.net"), (&*SHIPPED, "autodiscover.q.com")] {
        for method in ["GET", "HEAD", "PUT", "DELETE"] {
            for headers in [&[("X-Forwarded-Proto", "https")][..], &[]] {
                let response = server.request(method, host, PATH, headers, b"");
                response.assert_empty(405);
                assert_eq!(response.header("allow"), Some("POST"), "{method}");
            }
        }
        let response = server.request("OPTIONS", host, PATH, &[], b"");
        assert_eq!((response.status, response.header("allow"), response.text()), (204, Some("POST"), ""));
    }
}

#[test]
fn autodiscover_03_never_requests_authentication() {
    for path in [PATH, "/autodiscover/autodiscover.json?Email=a@q.com", "/autodiscover/autodiscover.svc", "/"]
    {
        for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS", "PROPFIND"] {
            for host in ["autodiscover.q.com", "autodiscover.unknown.example"] {
                for body in ["", "<", &asking("jane@q.com", OUTLOOK)] {
                    let headers = [("Authorization", "Negotiate YII=")];
                    let response = SHIPPED.request(method, host, path, &headers, body.as_bytes());
                    assert!(![401, 407].contains(&response.status), "{method} {path}");
                    assert_eq!(response.header("www-authenticate"), None);
                    assert_eq!(response.header("proxy-authenticate"), None);
                }
            }
        }
    }
}

#[test]
fn autodiscover_04_offers_no_exchange() {
    for response in [ask("jane@q.com"), SHIPPED.get("q.com", PATH), ask("jane@unknown.example"), ask("")] {
        let offers = ["x-soap-enabled", "x-wssecurity", "x-oauth-enabled"];
        assert!(!response.headers.iter().any(|(name, _)| offers.iter().any(|offer| name.starts_with(offer))));
    }
}

#[test]
fn autodiscover_05_has_no_soap() {
    for path in [
        "/autodiscover/autodiscover.svc",
        "/Autodiscover/Autodiscover.svc",
        "/autodiscover/autodiscover.svc/wssecurity",
    ] {
        SHIPPED.get("autodiscover.q.com", path).assert_empty(404);
        SHIPPED.post("autodiscover.q.com", path, "<a/>").assert_empty(404);
    }
}

fn http_get(server: &Server, host: &str, target: &str, proto: &str) -> Response {
    server.request("GET", host, target, &[("X-Forwarded-Proto", proto)], b"")
}

#[test]
fn autodiscover_06_redirects_plain_http_to_the_public_url() {
    let target = "https://autodiscover.example.net/autodiscover/autodiscover.xml";
    for method in ["GET", "HEAD"] {
        let response = PUBLIC.request(
            method,
            "autodiscover.q.com",
            "/Autodiscover/Autodiscover.xml",
            &[("X-Forwarded-Proto", "http")],
            b"",
        );
        assert_eq!((response.status, response.header("location")), (302, Some(target)));
        assert_eq!(response.header("allow"), None);
        assert_eq!(response.text(), "");
    }
    http_get(&PUBLIC, "autodiscover.q.com", PATH, "https").assert_empty(405);
    // Without a proxy, this is plain http.
    assert_eq!(PUBLIC.get("autodiscover.q.com", PATH).header("location"), Some(target));
    // A POST is not redirected: Thunderbird would ask the person for permission.
    let post = PUBLIC.request(
        "POST",
        "autodiscover.q.com",
        PATH,
        &[("X-Forwarded-Proto", "http")],
        asking("jane@q.com", OUTLOOK).as_bytes(),
    );
    assert_settings(&post, "jane@q.com");
    // Without a public URL there is no target for a redirect.
    http_get(&SHIPPED, "autodiscover.q.com", PATH, "http").assert_empty(405);

    let mut config = shipped();
    config.settings.public_url = Some("https://autodiscover.example.net".parse().unwrap());
    config.settings.trusted_proxies = Vec::new();
    let bare = Server::start(config);
    let response = http_get(&bare, "autodiscover.q.com", PATH, "https");
    assert_eq!(response.status, 302, "a stranger's word does not make plain http https");
}

#[test]
fn autodiscover_07_never_redirects_to_a_url_from_the_request() {
    let target = Some("https://autodiscover.example.net/autodiscover/autodiscover.xml");
    for query in ["?a=b", "?//evil.example", "?Email=x@evil.example"] {
        let response = http_get(&PUBLIC, "autodiscover.q.com", &format!("{PATH}{query}"), "http");
        assert_eq!(response.header("location"), target);
    }
    for host in ["evil.example", "autodiscover.evil.example", "", "127.0.0.1", "autodiscover.com"] {
        http_get(&PUBLIC, host, PATH, "http").assert_empty(405);
    }
    let headers = [("X-Forwarded-Proto", "http"), ("X-Forwarded-Host", "evil.example")];
    PUBLIC.request("GET", "autodiscover.q.com", PATH, &headers, b"").assert_empty(405);
}

#[test]
fn autodiscover_08_accepts_any_content_type() {
    for content_type in [
        "text/xml",
        "text/xml; charset=utf-8",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
    ] {
        let body = asking("jane@q.com", OUTLOOK);
        let headers = [("Content-Type", content_type)];
        assert_settings(&SHIPPED.request("POST", "q.com", PATH, &headers, body.as_bytes()), "jane@q.com");
        assert_settings(&SHIPPED.request("POST", "q.com", PATH, &[], body.as_bytes()), "jane@q.com");
    }
}

#[test]
fn autodiscover_09_reads_a_body_with_any_white_space() {
    let body = asking("jane@q.com", OUTLOOK);
    let bare = body.split_once("?>").unwrap().1;
    let spaced = body.replace("><", ">\r\n\t <").replace(">jane@q.com<", ">\r\n jane@q.com \t<");
    let spaced = spaced.replace(&format!(">{OUTLOOK}<"), &format!("> {OUTLOOK}\n<"));
    for body in [
        bare.to_owned(),
        format!("\u{FEFF}{body}"),
        format!("\u{FEFF}{bare}"),
        body.replace("><", ">\r\n<"),
        spaced + "\r\n",
        body.replace("<Request>", "<!-- who? --><Request><?pi?>"),
        // XML 1.0 2.3: a valid name; namespaces are ignored.
        body.replace("<Request>", "<Request :a=\"\"><:b/>"),
        body.replace("jane@q.com", "<![CDATA[jane@q.com]]>"),
        body.replace("jane@q.com", "jane&#64;q.com").replace("utf-8", "US-ASCII"),
        " ".to_owned() + &body,
        format!("\u{FEFF}\r\n{body}"),
    ] {
        assert_settings(&SHIPPED.post("q.com", PATH, &body), "jane@q.com");
    }
}

#[test]
fn autodiscover_10_reads_the_elements_in_either_order() {
    let body = format!(
        "<Autodiscover><Request><AcceptableResponseSchema>{OUTLOOK}</AcceptableResponseSchema>\
         <EMailAddress>jane@q.com</EMailAddress></Request></Autodiscover>"
    );
    assert_settings(&SHIPPED.post("q.com", PATH, body), "jane@q.com");
}

#[test]
fn autodiscover_11_reads_any_namespace() {
    let body = asking("jane@q.com", OUTLOOK);
    let prefixed = format!(
        "<a:Autodiscover xmlns:a=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006\">\
         <a:Request><a:EMailAddress>jane@q.com</a:EMailAddress><a:AcceptableResponseSchema>{OUTLOOK}\
         </a:AcceptableResponseSchema></a:Request></a:Autodiscover>"
    );
    let bare = "<Autodiscover><Request><EMailAddress>jane@q.com</EMailAddress></Request></Autodiscover>";
    for body in [
        body.replace("http://schemas", "https://schemas"),
        prefixed,
        bare.to_owned(),
        bare.to_uppercase().replace("JANE@Q.COM", "jane@q.com"),
        body.replace("/2006a", "/2006A"),
    ] {
        assert_settings(&SHIPPED.post("q.com", PATH, &body), "jane@q.com");
    }
}

#[test]
fn autodiscover_12_reads_every_kind_of_address() {
    let more = domains(&["q.com", "bücher.example"]);
    let server = Files::new("", &[("a.toml", &profile("q.com", &more, SERVERS))]).serve();
    for (sent, login) in [
        ("Jane@Q.COM", "Jane@q.com"),
        ("jane+news@q.com", "jane+news@q.com"),
        ("o'hara@q.com", "o&#39;hara@q.com"),
        ("a&amp;b@q.com", "a&amp;b@q.com"),
        ("jürgen@q.com", "jürgen@q.com"),
        ("jane@bücher.example", "jane@xn--bcher-kva.example"),
        ("jane@XN--BCHER-KVA.example", "jane@xn--bcher-kva.example"),
    ] {
        let response = server.post("q.com", PATH, asking(sent, OUTLOOK));
        assert_eq!(response.status, 200, "{sent}");
        assert!(response.text().contains(&format!("<LoginName>{login}</LoginName>")), "{}", response.text());
    }
}

/// The tests in `logs` show that no log line contains credentials.
#[test]
fn autodiscover_13_ignores_credentials() {
    let headers = [("Authorization", "Basic amFuZUBxLmNvbTpodW50ZXIy")];
    let body = asking("jane@q.com", OUTLOOK);
    assert_settings(&SHIPPED.request("POST", "q.com", PATH, &headers, body.as_bytes()), "jane@q.com");
}

#[test]
fn autodiscover_14_ignores_exchange_headers() {
    let headers = [
        ("X-MapiHttpCapability", "1"),
        ("X-ClientCanHandle", "Negotiate, ExHttpInfo"),
        ("X-AnchorMailbox", "jane@q.com"),
    ];
    let body = asking("jane@q.com", OUTLOOK);
    assert_settings(&SHIPPED.request("POST", "q.com", PATH, &headers, body.as_bytes()), "jane@q.com");
}

#[test]
fn autodiscover_15_reads_chunked_bodies_and_bodies_after_100_continue() {
    let body = asking("jane@q.com", OUTLOOK);
    let (first, second) = body.split_at(100);
    let chunked = format!(
        "POST {PATH} HTTP/1.1\r\nHost: q.com\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len()
    );
    assert_settings(&SHIPPED.send(chunked.as_bytes()), "jane@q.com");
    let pieces: String = body.chars().map(|c| format!("1\r\n{c}\r\n")).collect();
    let chunked =
        format!("POST {PATH} HTTP/1.1\r\nHost: q.com\r\nTransfer-Encoding: chunked\r\n\r\n{pieces}0\r\n\r\n");
    assert_settings(&SHIPPED.send(chunked.as_bytes()), "jane@q.com");

    let mut stream = SHIPPED.connect();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: q.com\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut asked = [0; 25];
    std::io::Read::read_exact(&mut stream, &mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).unwrap();
    assert_settings(&read_response(&mut stream, false).unwrap(), "jane@q.com");
}

#[test]
fn autodiscover_16_sends_the_content_type_and_declaration_that_libraries_require() {
    let response = ask("jane@q.com");
    assert_eq!((response.status, response.header("content-type")), (200, Some("text/xml; charset=utf-8")));
    assert!(response.body.starts_with(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>"));
    assert_eq!(response.header("content-length"), Some(response.body.len().to_string().as_str()));
}

#[test]
fn autodiscover_17_writes_microsofts_namespaces_exactly() {
    let text = ask("jane@q.com").text().to_owned();
    let document = roxmltree::Document::parse(&text).unwrap();
    let root = document.root_element();
    assert_eq!(
        root.tag_name().namespace(),
        Some("http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006")
    );
    let response = root.first_element_child().unwrap();
    assert_eq!(response.tag_name().namespace(), Some(OUTLOOK));
    assert!(!text.contains("https://"));
}

fn protocols(response: &Response) -> Vec<Vec<(String, String)>> {
    let document = roxmltree::Document::parse(response.text()).unwrap();
    document
        .descendants()
        .filter(|node| node.tag_name().name() == "Protocol")
        .map(|node| {
            node.children()
                .filter(roxmltree::Node::is_element)
                .map(|child| {
                    (child.tag_name().name().to_owned(), child.text().unwrap_or_default().to_owned())
                })
                .collect()
        })
        .collect()
}

fn value<'a>(protocol: &'a [(String, String)], name: &str) -> &'a str {
    &protocol.iter().find(|(element, _)| element == name).unwrap_or_else(|| panic!("no {name}")).1
}

#[test]
fn autodiscover_18_writes_the_order_that_parsers_need() {
    let text = ask("jane@q.com").text().to_owned();
    let at = |element: &str| text.find(&format!("<{element}>")).unwrap_or_else(|| panic!("no {element}"));
    assert!(at("User") < at("Account"));
    assert!(at("AccountType") < at("Action") && at("Action") < at("Protocol"));
    for protocol in protocols(&ask("jane@q.com")) {
        assert_eq!(protocol[0].0, "Type");
    }
}

#[test]
fn autodiscover_19_has_no_redirects_and_no_empty_elements() {
    for address in ["jane@q.com", "jane@qwestoffice.net"] {
        let response = ask(address);
        for name in ["RedirectUrl", "RedirectAddr", "Image", "ServiceHome"] {
            assert!(!response.text().contains(name), "{name}");
        }
        assert!(!response.text().contains("/>") && !response.text().contains("></"));
    }
}

#[test]
fn autodiscover_20_writes_the_values_that_clients_compare() {
    for address in ["jane@q.com", "jane@qwestoffice.net"] {
        for protocol in protocols(&ask(address)) {
            assert!(["IMAP", "POP3", "SMTP"].contains(&value(&protocol, "Type")));
            assert!(value(&protocol, "Port").parse::<u16>().is_ok());
            assert!(["SSL", "TLS", "None"].contains(&value(&protocol, "Encryption")));
            for name in ["DomainRequired", "SPA", "SSL", "AuthRequired"] {
                assert!(["on", "off"].contains(&value(&protocol, name)), "{name}");
            }
        }
    }
}

/// The response for `jane@example.com` from a profile with these servers.
fn answer_of(servers: &str) -> Response {
    let text = profile("example.com", &domains(&["example.com"]), servers);
    let server = Files::new("", &[("a.toml", &text)]).serve();
    server.post("example.com", PATH, asking("jane@example.com", OUTLOOK))
}

#[test]
fn autodiscover_21_distinguishes_implicit_tls_starttls_and_no_encryption() {
    for (word, ssl, encryption) in [("SSL", "on", "SSL"), ("STARTTLS", "on", "TLS"), ("plain", "off", "None")]
    {
        let servers = server("incoming", "imap", 1, word, "")
            + &server("incoming", "pop3", 2, word, "")
            + &server("outgoing", "smtp", 3, word, "");
        let protocols = protocols(&answer_of(&servers));
        assert_eq!(protocols.len(), 3);
        for protocol in protocols {
            assert_eq!(
                (value(&protocol, "SSL"), value(&protocol, "Encryption")),
                (ssl, encryption),
                "{word}"
            );
        }
    }
}

#[test]
fn autodiscover_22_overrides_the_harmful_defaults() {
    for address in ["jane@q.com", "jane@qwestoffice.net"] {
        for protocol in protocols(&ask(address)) {
            assert_eq!(value(&protocol, "SPA"), "off");
            assert_eq!(value(&protocol, "DomainRequired"), "off");
            assert_eq!(value(&protocol, "LoginName"), address);
        }
    }
}

#[test]
fn autodiscover_23_fills_the_configured_login_name() {
    for (username, login) in [
        ("%EMAILADDRESS%", "jane@example.com"),
        ("%EMAILLOCALPART%", "jane"),
        ("%EMAILLOCALPART%%%EMAILDOMAIN%", "jane%example.com"),
        ("shop", "shop"),
    ] {
        let more = format!("username = \"{username}\"\nshared_mailbox = true");
        let servers =
            server("incoming", "imap", 993, "SSL", &more) + &server("outgoing", "smtp", 465, "SSL", "");
        let protocols = protocols(&answer_of(&servers));
        assert_eq!(value(&protocols[0], "LoginName"), login);
        // `UsePOPAuth` is on only if both servers have the same user name.
        let same = if username == "%EMAILADDRESS%" { "on" } else { "off" };
        assert_eq!(value(&protocols[1], "UsePOPAuth"), same, "{username}");
    }
}

#[test]
fn autodiscover_24_lists_one_server_of_a_type_in_order() {
    let servers = server("incoming", "pop3", 995, "SSL", "")
        + &server("incoming", "imap", 993, "SSL", "")
        + &server("incoming", "imap", 143, "STARTTLS", "")
        + &server("outgoing", "smtp", 465, "SSL", "")
        + &server("outgoing", "smtp", 587, "STARTTLS", "");
    let protocols = protocols(&answer_of(&servers));
    let listed: Vec<_> = protocols.iter().map(|p| (value(p, "Type"), value(p, "Port"))).collect();
    assert_eq!(listed, [("POP3", "995"), ("IMAP", "993"), ("SMTP", "465")]);
}

#[test]
fn autodiscover_25_escapes_the_address() {
    let response = ask("a&amp;b&lt;c&gt;&quot;d'e@q.com");
    assert_document("autodiscover/escaped.xml", response.text());
    let protocols = protocols(&response);
    assert_eq!(value(&protocols[0], "LoginName"), "a&b<c>\"d'e@q.com");
}

#[test]
fn autodiscover_26_is_never_cached() {
    for response in [ask("jane@q.com"), ask(""), ask("jane@unknown.example")] {
        assert_eq!(response.header("cache-control"), Some("private, no-store"));
    }
}

#[test]
fn autodiscover_27_answers_a_malformed_body_with_invalid_request() {
    let body = asking("jane@q.com", OUTLOOK);
    let long = asking(&format!("{}@q.com", "a".repeat(320)), OUTLOOK);
    for body in [
        "",
        "foo",
        &body[..body.len() - 5],
        &body[..200],
        &body.replace("Autodiscover", "Discover"),
        "<Autodiscover/>",
        "<Autodiscover><Request/></Autodiscover>",
        "<Request><EMailAddress>jane@q.com</EMailAddress></Request>",
        &asking("", OUTLOOK),
        &asking("jane", OUTLOOK),
        &asking("@q.com", OUTLOOK),
        &asking("jane@", OUTLOOK),
        &asking("a@b@q.com", OUTLOOK),
        &asking("a&#1;b@q.com", OUTLOOK),
        &asking("a\u{1}b@q.com", OUTLOOK),
        &body.replace("<Request>", "&#x1A;<Request>"),
        &body.replace("<Request>", "<Request a=\"&#x1A;\">"),
        &body.replace("<Request>", "<Request><!-- \u{1} -->"),
        &body.replace("<Request>", "<Request><?pi \u{1}?>"),
        &asking("a&b@q.com", OUTLOOK),
        &asking("a&nbsp;b@q.com", OUTLOOK),
        &long,
        &body.replace("<Request>", "<Request a=1>"),
        &body.replace("</Request>", "</request>"),
        &(body.clone() + "<again/>"),
        &(body.clone() + "x"),
        &body.replace("utf-8", "utf-16"),
        &body.replace("utf-8", "ISO-8859-1"),
        &body.replace("version=\"1.0\"", "version=\"9.9\""),
        &body.replace("version=\"1.0\" ", ""),
        &body.replace("version=\"1.0\"", "version=\"1.x\""),
        // 2.6.
        &body.replace("?>", "?><??pi?>"),
        // XML 1.0 2.8: only these parts, in this order.
        &body.replace("encoding", "encoing"),
        &body.replace("version=\"1.0\" encoding=\"utf-8\"", "encoding=\"utf-8\" version=\"1.0\""),
        &body.replace("\"utf-8\"", "\"utf-8\" standalone=\"maybe\""),
        &body.replace("<Request>", "<Request a=\"<\">"),
        &body.replace("<Request>", "<Request a=\"&b;\">"),
        &body.replace("<Request>", "<Request 1a=\"\">"),
        &body.replace("<Request>", "<Request><9/>"),
        &body.replace("<Request>", "<Request><a$b/>"),
        &body.replace("<Request>", "<Request>]]>"),
        &body.replace("<Request>", "<Request a=\"1\"b=\"2\">"),
        &body.replace("<Request>", "<Request><?XML x?>"),
        &body.replace("<Request>", "<Request>\u{FFFE}"),
    ] {
        let response = SHIPPED.post("q.com", PATH, body);
        assert_eq!(response.status, 200, "{body}");
        assert_error(&response, 200, 600);
    }
    // The declaration says UTF-8.
    let wrong_declaration = in_utf16(&body, u16::to_le_bytes);
    let latin1 = [&body.as_bytes()[..200], b"\xFC", &body.as_bytes()[200..]].concat();
    let utf16 = in_utf16(&body.replace("utf-8", "utf-16"), u16::to_be_bytes);
    let half = [&utf16[..], &[0]].concat();
    let surrogate = [&utf16[..], &[0xD8, 0]].concat();
    let reference = fs::read("tests/data/requests/field/autodiscover-control-reference.xml").unwrap();
    for body in [wrong_declaration, latin1, half, surrogate, reference] {
        assert_error(&SHIPPED.post("q.com", PATH, body), 200, 600);
    }
}

fn in_utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

/// XML 1.0 4.3.3 and appendix F.
#[test]
fn reads_utf_16_and_white_space_before_the_declaration() {
    for name in ["autodiscover-utf16.xml", "autodiscover-leading-newline.xml"] {
        let body = fs::read(format!("tests/data/requests/field/{name}")).unwrap();
        let response = SHIPPED.post("q.com", PATH, &body);
        assert_settings(&response, "jane@q.com");
    }
    let declared = asking("jane@q.com", OUTLOOK).replace("utf-8", "UTF-16");
    for body in [
        in_utf16(&declared, u16::to_le_bytes),
        in_utf16(&declared, u16::to_be_bytes),
        in_utf16(&format!("\u{FEFF}{declared}"), u16::to_be_bytes),
        in_utf16(&format!("\u{FEFF}{}", declared.split_once("?>").unwrap().1), u16::to_le_bytes),
    ] {
        assert_settings(&SHIPPED.post("q.com", PATH, body), "jane@q.com");
    }
}

#[test]
fn autodiscover_28_refuses_every_doctype() {
    // An external entity would be fetched from here.
    let trap = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let url = format!("http://{}/a.dtd", trap.local_addr().unwrap());
    let bomb: String = (1..30).map(|i| format!("<!ENTITY a{i} \"&a{};&a{};\">", i - 1, i - 1)).collect();
    let body = asking("&a;@q.com", OUTLOOK);
    let with = |doctype: &str| body.replace("?>", &format!("?>{doctype}"));
    for body in [
        // The DOCTYPE has no effect, and the rest is a valid request.
        with("<!DOCTYPE Autodiscover>").replace("&a;", "jane"),
        with(&format!("<!DOCTYPE a [<!ENTITY a0 \"a\">{bomb}<!ENTITY a \"&a29;\">]>")),
        with("<!DOCTYPE a [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>"),
        with(&format!("<!DOCTYPE a [<!ENTITY a SYSTEM \"{url}\">]>")),
        with(&format!("<!DOCTYPE a [<!ENTITY % p SYSTEM \"{url}\"> %p;]>")),
        with(&format!("<!DOCTYPE a SYSTEM \"{url}\">")),
        format!("{}{}", "<a>".repeat(2000), "</a>".repeat(2000)),
        format!("<Autodiscover>{}{}</Autodiscover>", "<a>".repeat(1500), "</a>".repeat(1500)),
        format!("<Autodiscover {}/>", (0..1000).map(|i| format!("a{i}=\"\" ")).collect::<String>()),
    ] {
        assert_error(&SHIPPED.post("q.com", PATH, body), 200, 600);
    }
    assert!(trap.accept().is_err(), "nothing was fetched");
}

#[test]
fn autodiscover_29_has_no_provider_for_activesync() {
    let response = SHIPPED.post("q.com", PATH, asking("jane@q.com", MOBILE_SYNC));
    assert_error(&response, 200, 601);
    assert!(!response.text().contains("MobileSync"));
    let root = "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006\">\
                <Request><EMailAddress>jane@q.com</EMailAddress></Request></Autodiscover>";
    assert_error(&SHIPPED.post("q.com", PATH, root), 200, 601);
}

#[test]
fn autodiscover_30_answers_unknown_schemas_with_601_and_none_with_settings() {
    for schema in ["http://example.com/", "", "2006a", "\u{20AC}"] {
        assert_error(&SHIPPED.post("q.com", PATH, asking("jane@q.com", schema)), 200, 601);
    }
    let none = "<Autodiscover><Request><EMailAddress>jane@q.com</EMailAddress></Request></Autodiscover>";
    assert_settings(&SHIPPED.post("q.com", PATH, none), "jane@q.com");
}

#[test]
fn autodiscover_31_answers_404_for_a_domain_that_is_not_served() {
    for schema in [OUTLOOK, MOBILE_SYNC, "http://example.com/"] {
        // Also on a served host: the domain of the address decides.
        for host in ["autodiscover.q.com", "autodiscover.unknown.example"] {
            let response = SHIPPED.post(host, PATH, asking("jane@unknown.example", schema));
            assert_error(&response, 404, 500);
        }
    }
}

#[test]
fn autodiscover_32_cannot_resolve_a_legacy_dn() {
    let dn = "<LegacyDN>/o=Org/ou=Site/cn=Recipients/cn=jane</LegacyDN>";
    let alone = format!("<Autodiscover><Request>{dn}</Request></Autodiscover>");
    assert_error(&SHIPPED.post("q.com", PATH, alone), 200, 500);
    let empty = asking("", OUTLOOK).replace("<Request>", &format!("<Request>{dn}"));
    assert_error(&SHIPPED.post("q.com", PATH, empty), 200, 500);
    let both = asking("jane@q.com", OUTLOOK).replace("<Request>", &format!("<Request>{dn}"));
    assert_settings(&SHIPPED.post("q.com", PATH, both), "jane@q.com");
}

#[test]
fn autodiscover_33_refuses_a_large_body_and_keeps_the_connection() {
    let pad = |size: usize| {
        let body = asking("jane@q.com", OUTLOOK);
        let padding = " ".repeat(size - body.len());
        body + &padding
    };
    let mut stream = SHIPPED.connect();
    for (size, status) in [(16 * 1024, 200), (16 * 1024 + 1, 413), (300_000, 413), (1000, 200)] {
        stream.write_all(&request("POST", "q.com", PATH, &[], pad(size).as_bytes())).unwrap();
        let response = read_response(&mut stream, false).unwrap();
        assert_eq!(response.status, status, "{size}");
        if status == 413 {
            response.assert_empty(413);
        }
    }
    // The limit is that of the decoded text.
    let utf16 = |size: usize| {
        in_utf16(&format!("\u{FEFF}{}", pad(size).replace("utf-8", "utf-16")), u16::to_le_bytes)
    };
    for (size, status) in [(16 * 1024 - 1, 200), (16 * 1024, 413), (20_000, 413)] {
        // The name of the encoding is longer by one.
        stream.write_all(&request("POST", "q.com", PATH, &[], &utf16(size))).unwrap();
        assert_eq!(read_response(&mut stream, false).unwrap().status, status, "{size}");
    }
    // The same for a client that waits for `100 Continue`.
    let body = pad(20_000);
    let post = request("POST", "q.com", PATH, &[("Expect", "100-continue")], body.as_bytes());
    stream.write_all(&post).unwrap();
    read_response(&mut stream, false).unwrap().assert_empty(413);
    // A body that is too large to be drained closes the connection, and the response announces it.
    let head = format!("POST {PATH} HTTP/1.1\r\nHost: q.com\r\nContent-Length: 5000000\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let response = read_response(&mut stream, false).unwrap();
    assert_eq!((response.status, response.header("connection")), (413, Some("close")));
}

#[test]
fn autodiscover_34_describes_an_error_as_microsoft_does() {
    let text = ask("").text().to_owned();
    let document: Autodiscover<ErrorResponse> = quick_xml::de::from_str(&text).unwrap();
    assert_eq!(document.to_xml().unwrap(), text, "what we write we read back");
    let error = document.response.error;
    assert_eq!(
        (error.error_code, error.message.as_str(), error.debug_data.as_str()),
        (600, "Invalid Request", "")
    );
    let form: String = error.time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(form, "00:00:00.0000000");
    assert!(text.contains("<DebugData />"));
    let parsed = roxmltree::Document::parse(&text).unwrap();
    let element = parsed.descendants().find(|node| {
        node.has_tag_name(("http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006", "Error"))
    });
    assert!(element.is_some(), "in the root's namespace");
}

#[test]
fn autodiscover_35_serves_no_subdomain_or_parent_of_a_domain() {
    for domain in ["mail.q.com", "com", "net", "a.centurylink.net"] {
        assert_error(&ask(&format!("jane@{domain}")), 404, 500);
    }
    for suffix in ["com", "co.uk", "*.com"] {
        let files = Files::new("", &[("a.toml", &profile("example.com", &domains(&[suffix]), SERVERS))]);
        assert!(files.problems()[0].contains("is a public suffix"), "{suffix}");
    }
}

#[test]
fn answers_every_recorded_client() {
    let requests = recorded("autodiscover");
    assert_eq!(requests.len(), 21);
    for (name, request) in requests {
        let response = SHIPPED.send(&request);
        match name.as_str() {
            "snappymail_post" => assert_settings(&response, "autodiscover@centurylink.net"),
            "aosp-exchange_post" => assert_error(&response, 200, 601),
            "scalix_options" => assert_eq!(response.status, 204),
            get if !request.starts_with(b"POST") => {
                assert_eq!((response.status, response.text()), (405, ""), "{get}");
            }
            _ => assert_settings(&response, "jane.doe+news@centurylink.net"),
        }
        // The same request for a domain that is not served. `Content-Length` stays correct.
        let unknown = String::from_utf8(request).unwrap().replace("centurylink.net", "unknownone.test");
        let response = SHIPPED.send(unknown.as_bytes());
        if unknown.starts_with("POST") {
            assert_error(&response, 404, 500);
        } else {
            assert!([204, 405].contains(&response.status), "{name}");
        }
    }
}

/// Both protocols name the same servers for every shipped domain.
#[test]
fn agrees_with_autoconfig_for_every_shipped_domain() {
    let config = shipped();
    for domain in config.directory.domains() {
        let address = format!("jane@{domain}");
        let autoconfig = SHIPPED.get(&format!("autoconfig.{domain}"), "/mail/config-v1.1.xml");
        let expected: Vec<_> = assert_strict(&autoconfig.body, domain)
            .into_iter()
            .map(|(protocol, host, port, socket_type, username)| {
                let login = username.replace("%EMAILADDRESS%", &address);
                (protocol.to_uppercase(), host, port.to_string(), socket_type, login)
            })
            .collect();
        let actual: Vec<_> = protocols(&ask(&address))
            .iter()
            .map(|protocol| {
                let text = |name| value(protocol, name).to_owned();
                let socket_type = match (value(protocol, "SSL"), value(protocol, "Encryption")) {
                    ("on", "SSL") => "SSL",
                    ("on", "TLS") => "STARTTLS",
                    ("off", "None") => "plain",
                    other => panic!("{other:?}"),
                };
                (text("Type"), text("Server"), text("Port"), socket_type.to_owned(), text("LoginName"))
            })
            .collect();
        assert_eq!(actual, expected, "{domain}");
    }
}

#[test]
fn reads_back_what_it_writes() {
    for file in ["jane@q.com", "escaped", "jane.doe+news@centurylink.net"] {
        let text = std::fs::read_to_string(data(&format!("autodiscover/{file}.xml"))).unwrap();
        let document: Autodiscover<SettingsResponse> = quick_xml::de::from_str(&text).unwrap();
        let again = document.to_xml().unwrap();
        let reread: Autodiscover<SettingsResponse> = quick_xml::de::from_str(&again).unwrap();
        assert_eq!(reread, document);
    }
}

/// The MX host of a hosting company answers for the address of any customer.
#[test]
fn answers_for_any_address_on_an_mx_host() {
    let more = domains(&["hoster.example"]) + "mx_hosts = [\"mx1.example.net\"]\n";
    let hoster = Files::new("", &[("hoster.toml", &profile("hoster.example", &more, SERVERS))]).serve();
    let response = hoster.post("autodiscover.example.net", PATH, asking("jane@customer.example", OUTLOOK));
    assert_eq!(response.status, 200);
    assert_eq!(value(&protocols(&response)[0], "LoginName"), "jane@customer.example");
    assert_error(
        &hoster.post("autodiscover.hoster.example", PATH, asking("jane@customer.example", OUTLOOK)),
        404,
        500,
    );
}
