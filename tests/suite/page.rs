//! The setup page.

use std::fs;

use scraper_lite::{cells, text_of};
use serde_json::Value;

use crate::common::Files;
use crate::common::PUBLIC;
use crate::common::Response;
use crate::common::SERVERS;
use crate::common::SHIPPED;
use crate::common::Server;
use crate::common::assert_document;
use crate::common::domains;
use crate::common::profile;
use crate::common::server;
use crate::common::shipped;

/// A parser for the subset of HTML that the tests read.
mod scraper_lite {
    /// The text without its elements.
    pub fn text_of(html: &str) -> String {
        let mut text = String::new();
        for part in html.split('<') {
            text += part.split_once('>').map_or(part, |(_, text)| text);
        }
        let unescaped =
            text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
        unescaped.replace("&amp;", "&").trim().to_owned()
    }

    /// The rows of each table: heading and value, without buttons.
    pub fn cells(html: &str) -> Vec<Vec<(String, String)>> {
        let rows = |table: &str| {
            let rows = table.split("<tr><th scope=\"row\">").skip(1);
            rows.map(|row| {
                let (heading, rest) = row.split_once("</th>").unwrap();
                let value = rest.split_once("<td>").unwrap().1.split("</td>").next().unwrap();
                (text_of(heading), text_of(value.split("<button").next().unwrap()))
            })
            .collect()
        };
        html.split("<table>").skip(1).map(|rest| rows(rest.split("</table>").next().unwrap())).collect()
    }
}

fn get(server: &Server, host: &str, target: &str, language: &str) -> Response {
    server.request("GET", host, target, &[("Accept-Language", language)], b"")
}

#[test]
fn renders_the_expected_pages() {
    for (host, target, name) in [
        ("autoconfig.q.com", "/", "start"),
        ("autoconfig.q.com", "/setup?emailaddress=jane@q.com", "jane@q.com"),
        ("qwestoffice.net", "/setup?emailaddress=qwestoffice.net", "qwestoffice.net"),
    ] {
        let response = SHIPPED.get(host, target);
        assert_eq!(response.status, 200, "{target}");
        assert_document(&format!("page/{name}.html"), response.text());
    }
    let german = get(&SHIPPED, "q.com", "/setup?emailaddress=jane@q.com", "de-AT, en;q=0.5");
    assert_document("page/jane@q.com.de.html", german.text());
}

#[test]
fn sends_pages_that_must_not_be_cached_and_load_nothing_from_other_hosts() {
    let header = |response: &Response, name: &str| response.header(name).unwrap_or("-").to_owned();
    for target in ["/", "/setup?emailaddress=jane@q.com", "/setup?emailaddress=jane@nowhere.example"] {
        let page = SHIPPED.get("q.com", target);
        assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
        assert_eq!(header(&page, "cache-control"), "private, no-store");
        assert_eq!(header(&page, "referrer-policy"), "no-referrer");
        assert_eq!(header(&page, "x-content-type-options"), "nosniff");
        assert_eq!(header(&page, "vary"), "accept, accept-language");
        assert_eq!(
            header(&page, "content-security-policy"),
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri \
             'none'; frame-ancestors 'none'"
        );
        assert!(page.body.len() < 30_000, "{} bytes", page.body.len());
        assert!(!page.text().contains("style=") && !page.text().contains("onclick"), "nothing inline");
        for asset in page.text().split("=\"/assets/").skip(1) {
            let url = format!("/assets/{}", asset.split('"').next().unwrap());
            let asset = SHIPPED.get("anything.example", &url);
            assert_eq!(asset.status, 200, "{url}");
            assert_eq!(header(&asset, "cache-control"), "public, max-age=31536000, immutable");
            assert_eq!(header(&asset, "x-content-type-options"), "nosniff");
        }
    }
    SHIPPED.get("q.com", "/assets/page.0000000000000000.css").assert_empty(404);
    SHIPPED.get("q.com", "/assets/").assert_empty(404);
}

/// Page and XML show the same settings.
#[test]
fn shows_the_servers_of_the_documents() {
    let config = shipped();
    for domain in config.directory.domains() {
        let address = format!("jane.doe@{domain}");
        let page = SHIPPED.get(domain, &format!("/setup?emailaddress={address}"));
        let shown: Vec<_> = cells(page.text())
            .into_iter()
            .map(|rows| {
                let value = |what: &str| rows.iter().find(|(heading, _)| heading == what).unwrap().1.clone();
                (value("Server"), value("Port"), value("Security"), value("User name"))
            })
            .collect();
        let xml = SHIPPED.get(domain, &format!("/mail/config-v1.1.xml?servers=all&emailaddress={address}"));
        let document = roxmltree::Document::parse(xml.text()).unwrap();
        let servers = document.descendants().filter(|node| node.tag_name().name().ends_with("Server"));
        let mut published: Vec<_> = servers
            .map(|server| {
                let value = |name: &str| {
                    server.children().find(|node| node.has_tag_name(name)).unwrap().text().unwrap().to_owned()
                };
                let security = value("socketType").replace("SSL", "SSL/TLS").replace("plain", "None");
                let user = value("username").replace("%EMAILADDRESS%", &address);
                (value("hostname"), value("port"), security, user)
            })
            .collect();
        let mut shown_sorted = shown.clone();
        shown_sorted.sort();
        published.sort();
        assert_eq!(shown_sorted, published, "{domain}");
    }
}

#[test]
fn shows_the_same_page_for_every_mailbox_of_a_domain() {
    let page = |who: &str| {
        SHIPPED.get("q.com", &format!("/setup?emailaddress={who}@q.com")).text().replace(who, "WHO")
    };
    assert_eq!(page("jane.doe"), page("nobody-at-all"));
    // The other name of the parameter, and an address with spaces and capitals.
    let page = SHIPPED.get("q.com", "/setup?emailaddress=jane@q.com");
    assert_eq!(SHIPPED.get("q.com", "/setup?email=%20jane@Q.COM%20").body, page.body);
    assert_eq!(SHIPPED.get("autoconfig.q.com", "/?emailaddress=jane@q.com").status, 200);
}

#[test]
fn shows_an_explanation_for_a_domain_that_is_not_served() {
    for (host, target, said) in [
        ("q.com", "/setup?emailaddress=jane@nowhere.example", "No settings for nowhere.example"),
        ("q.com", "/setup?emailaddress=nowhere.example", "No settings for nowhere.example"),
        ("nowhere.example", "/", "No settings for this address"),
        ("127.0.0.1.nowhere.example", "/setup", "No settings for this address"),
    ] {
        let page = SHIPPED.get(host, target);
        assert_eq!(page.status, 404, "{target}");
        assert!(page.text().contains(&format!("<h1>{said}</h1>")), "{}", page.text());
        assert!(page.text().contains("id=\"emailaddress\""), "there is a field to try again");
    }
    let wrong = SHIPPED.get("q.com", "/setup?emailaddress=jane");
    assert_eq!(wrong.status, 400);
    assert!(wrong.text().contains("This is not an email address."));
    assert!(wrong.text().contains("required value=\"jane\""), "what was typed is there to be put right");
    let hostile = SHIPPED.get("q.com", "/setup?emailaddress=%22%3E%3Cscript%3E%00x");
    assert_eq!(hostile.text().matches("<script").count(), 1, "{}", hostile.text());
    // The address of a served domain is served on any host.
    assert_eq!(SHIPPED.get("127.0.0.1", "/setup?emailaddress=jane@q.com").status, 200);
    SHIPPED.get("q.com", "/setup.json?emailaddress=jane@nowhere.example").assert_empty(404);
    SHIPPED.request("POST", "q.com", "/setup", &[], b"emailaddress=jane@q.com").assert_empty(405);
}

/// The README tells a newcomer to open this page. The host decides, not the peer: every peer of these tests is loopback.
#[test]
fn shows_the_form_on_an_ip_address_and_on_localhost() {
    let start = |host: &str, target: &str| {
        let page = SHIPPED.request("GET", host, target, &[("Accept-Language", "en")], b"");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{host}");
        (page.status, page.text().to_owned())
    };
    let (status, form) = start("127.0.0.1:8080", "/");
    assert_eq!(status, 200);
    assert_document("page/start_unnamed.html", &form);
    for host in ["127.0.0.1", "192.0.2.7:80", "[::1]:8080", "[2001:db8::7]", "localhost", "LOCALHOST.:8080"] {
        assert_eq!(start(host, "/"), (200, form.clone()), "{host}");
        assert_eq!(start(host, "/setup"), (200, form.clone()), "{host}");
        assert_eq!(start(host, "/setup?emailaddress=jane").0, 400, "{host}");
        assert_eq!(start(host, "/setup?emailaddress=jane@nowhere.example").0, 404, "{host}");
    }
    // A trusted proxy names the host that the client requested.
    let proxied =
        SHIPPED.request("GET", "127.0.0.1:8080", "/", &[("X-Forwarded-Host", "nowhere.example")], b"");
    assert_eq!(proxied.status, 404);
}

#[test]
fn serves_robots_txt_icon_and_security_txt_on_the_hosts_with_a_page() {
    let text = profile("q.com", &domains(&["q.com"]), SERVERS);
    let contact = "[page]\nsecurity_contact = \"mailto:security@example.net\"\n";
    let server = Files::new(contact, &[("a.toml", &text)]).serve();
    let headers = |response: &Response| {
        let names = ["content-type", "cache-control", "content-security-policy", "x-content-type-options"];
        names.map(|name| response.header(name).unwrap_or_default().to_owned())
    };
    let expected =
        |kind: &str| [kind, "private, max-age=600", "default-src 'none'", "nosniff"].map(str::to_owned);
    for host in ["q.com", "autoconfig.q.com", "127.0.0.1:8080", "localhost"] {
        let robots = server.get(host, "/robots.txt");
        assert_eq!((robots.status, robots.text()), (200, "User-agent: *\nDisallow: /\n"), "{host}");
        assert_eq!(headers(&robots), expected("text/plain; charset=utf-8"));
        let icon = server.get(host, "/favicon.ico");
        assert_eq!(
            (icon.status, icon.body.as_slice()),
            (200, &include_bytes!("../../templates/icon.svg")[..])
        );
        assert_eq!(headers(&icon), expected("image/svg+xml"));
        let security = server.get(host, "/.well-known/security.txt");
        assert_eq!(security.status, 200);
        assert_eq!(headers(&security), expected("text/plain; charset=utf-8"));
        // RFC 9116 2.5.5: RFC 3339, less than a year ahead.
        let expires =
            security.text().strip_prefix("Contact: mailto:security@example.net\nExpires: ").unwrap();
        let expires = expires.strip_suffix('\n').unwrap();
        assert!(expires.ends_with("T00:00:00Z"), "{expires}");
        let day = |days: u64| {
            let time = std::time::SystemTime::now() + std::time::Duration::from_secs(days * 24 * 60 * 60);
            waypost::certificates::time::Time(time).to_string()
        };
        assert!((day(178)..=day(181)).contains(&expires.to_owned()), "{expires}");
    }
    for path in ["/robots.txt", "/favicon.ico", "/.well-known/security.txt"] {
        server.get("nowhere.example", path).assert_empty(404);
    }
    SHIPPED.get("q.com", "/.well-known/security.txt").assert_empty(404);
}

#[test]
fn reports_a_security_contact_that_is_not_a_uri() {
    let text = profile("q.com", &domains(&["q.com"]), SERVERS);
    let files = Files::new("[page]\nsecurity_contact = \"security@example.net\"\n", &[("a.toml", &text)]);
    assert_eq!(
        files.problems(),
        ["error: `security_contact` `security@example.net` is not a URI\n  --> \
          waypost.toml:2:20\nhint: write \"mailto:security@example.net\""]
    );
}

#[test]
fn serves_the_same_settings_as_json() {
    let json = SHIPPED.get("q.com", "/setup.json?emailaddress=jane@q.com");
    assert_eq!(json.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(json.header("cache-control"), Some("private, no-store"));
    let accept = [("Accept", "application/json")];
    let asked = SHIPPED.request("GET", "q.com", "/setup?emailaddress=jane@q.com", &accept, b"");
    assert_eq!(asked.body, json.body);
    let read: Value = serde_json::from_slice(&json.body).unwrap();
    assert_document("page/jane@q.com.json", &(serde_json::to_string_pretty(&read).unwrap() + "\n"));
    assert_eq!(SHIPPED.get("q.com", "/setup.json").status, 400);
    let kind = |accept: &str| {
        let accept = [("Accept", accept)];
        let answer = SHIPPED.request("GET", "q.com", "/setup?emailaddress=jane@q.com", &accept, b"");
        answer.header("content-type").unwrap().to_owned()
    };
    for json in
        ["application/json", "application/problem+json, application/json;q=0.9", "APPLICATION/JSON, */*"]
    {
        assert!(kind(json).starts_with("application/json"), "{json}");
    }
    for page in
        ["*/*", "text/html, application/json", "application/json;q=0", "text/html,application/xhtml+xml"]
    {
        assert!(kind(page).starts_with("text/html"), "{page}");
    }
    let unknown = SHIPPED.request("GET", "q.com", "/setup?emailaddress=a@nowhere.example", &accept, b"");
    unknown.assert_empty(404);
}

#[test]
fn uses_the_requested_language_and_links_to_the_others() {
    let lang = |target: &str, accept: &str| {
        let page = get(&SHIPPED, "q.com", target, accept).text().to_owned();
        page.split("<html lang=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    assert_eq!(lang("/", "fr-CA,fr;q=0.9,en;q=0.1"), "fr");
    assert_eq!(lang("/", "it"), "en");
    assert_eq!(lang("/?lang=es", "fr"), "es");
    assert_eq!(lang("/?lang=de-AT", "fr"), "de");
    assert_eq!(lang("/setup?emailaddress=jane@q.com&lang=DE", "fr"), "de");
    assert_eq!(lang("/?lang=%22%3E%3Cscript%3E", "fr"), "fr");
    let page = SHIPPED.get("q.com", "/setup?emailaddress=jane@q.com&program=apple&lang=de").text().to_owned();
    assert!(
        page.contains("href=\"/setup?emailaddress=jane%40q.com&amp;program=apple&amp;lang=fr\""),
        "{page}"
    );
    assert!(page.contains("name=\"lang\"") || page.contains("href=\"/?lang=de\""), "the choice stays");
}

#[test]
fn shows_the_requested_program_without_javascript() {
    let page = SHIPPED.get("q.com", "/setup?emailaddress=jane@q.com&program=apple").text().to_owned();
    let panel =
        |id: &str| page.split(&format!("id=\"{id}\"")).nth(1).unwrap().split('>').next().unwrap().to_owned();
    assert!(!panel("apple").contains("hidden") && panel("thunderbird").contains("hidden"), "{page}");
    assert!(page.contains("data-panel=\"apple\" aria-current=\"true\""));
}

#[test]
fn offers_the_apple_profile_as_a_button_and_a_qr_code() {
    let page = get(&PUBLIC, "autoconfig.q.com", "/setup?emailaddress=jane%2Bx@q.com", "en").text().to_owned();
    let url = "https://autoconfig.q.com/mobileconfig?emailaddress=jane%2Bx%40q.com";
    assert!(
        page.contains("<a class=\"button\" href=\"/mobileconfig?emailaddress=jane%2Bx%40q.com\">"),
        "{page}"
    );
    assert!(page.contains(&format!("<a href=\"{url}\">{url}</a>")), "{page}");
    assert!(page.contains("src=\"/setup.svg?emailaddress=jane%2Bx%40q.com\""), "{page}");
    let picture = PUBLIC.get("autoconfig.q.com", "/setup.svg?emailaddress=jane%2Bx%40q.com");
    assert_eq!(picture.header("content-type"), Some("image/svg+xml"));
    assert!(picture.text().contains("<svg"));
    // The scheme is that of the proxy's header.
    let by_http = [("X-Forwarded-Proto", "http")];
    let page = PUBLIC.request("GET", "q.com", "/setup?emailaddress=q.com", &by_http, b"").text().to_owned();
    assert!(page.contains("<a href=\"http://q.com/mobileconfig\">"), "{page}");
    // A port without a proxy's header is Waypost's own, without TLS.
    let page = SHIPPED.get("q.com:8080", "/setup?emailaddress=q.com").text().to_owned();
    assert!(page.contains("<a href=\"http://q.com:8080/mobileconfig\">"), "{page}");
    // On a host without a name there is a button and no QR code.
    let page = SHIPPED.get("127.0.0.1", "/setup?emailaddress=jane@q.com").text().to_owned();
    assert!(page.contains("class=\"button\"") && !page.contains("setup.svg"), "{page}");
    SHIPPED.get("127.0.0.1", "/setup.svg?emailaddress=jane@q.com").assert_empty(404);
    // A domain without an address has its own profile, not that of the host.
    let page = SHIPPED.get("qwestoffice.net", "/setup?emailaddress=q.com").text().to_owned();
    assert!(!page.contains("href=\"/mobileconfig") && !page.contains("setup.svg"), "{page}");
    // If there is no Apple profile, the page shows a note.
    let none = SHIPPED.get("qwestoffice.net", "/setup?emailaddress=a@qwestoffice.net").text().to_owned();
    assert!(!none.contains("mobileconfig") && none.contains("There is no profile for this address"));
}

const FULL: &str = r##"
webmail = "https://mail.example.com/?user=%EMAILADDRESS%"

[[incoming]]
type = "imap"
hostname = "imap.%EMAILDOMAIN%"
port = 143
socket_type = "STARTTLS"
username = "%EMAILLOCALPART%"

[[outgoing]]
type = "smtp"
hostname = "smtp.example.com"
port = 25
socket_type = "plain"
authentication = ["client-IP-address"]

[[calendar]]
type = "caldav"
url = "https://dav.example.com/%EMAILADDRESS%/"

[sieve]
hostname = "sieve.example.com"

[[enable]]
url = "https://mail.example.com/imap"

[[documentation]]
url = "https://example.com/?a=1&b=2"
descr = { en = "Help <now> & \"here\"", de = "Hilfe" }

[page]
color = "#ffee00"
logo = "logo.svg"
show_domains = true
"##;

fn full() -> Files {
    let text = profile("example.com", &domains(&["example.com", "example.net", "*.example.org"]), FULL)
        .replace("Example Mail", "Rock & Roll");
    let files = Files::new("", &[("a.toml", &text)]);
    files.write("profiles/logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    files
}

#[test]
fn shows_name_colour_logo_and_domains_of_the_provider() {
    let files = full();
    let server = files.serve();
    let start = server.get("example.com", "/");
    assert!(start.text().contains("alt=\"Rock &amp; Roll\""), "{}", start.text());
    for name in ["example.com", "example.net"] {
        assert!(start.text().contains(&format!("<a href=\"/setup?emailaddress={name}\">{name}</a>")));
    }
    assert!(!start.text().contains("example.org"));
    let asset = |kind: &str| {
        let rest = start.text().split(&format!("\"/assets/{kind}.")).nth(1).unwrap();
        server.get("example.com", &format!("/assets/{kind}.{}", rest.split('"').next().unwrap()))
    };
    assert_eq!(asset("logo").header("content-type"), Some("image/svg+xml"));
    // Yellow on white has too little contrast.
    assert!(!asset("brand").text().contains("--accent:#ffee00;--on-accent:#000000}@media"));
    assert!(asset("brand").text().contains("--accent:#ffee00;--on-accent:#000000"), "on black it can");
    let page = server.get("example.com", "/setup?emailaddress=jane@example.com");
    assert_document("page/full.html", page.text());
    assert_document(
        "page/full_domain.html",
        server.get("example.com", "/setup?emailaddress=example.net").text(),
    );
    assert!(!SHIPPED.get("q.com", "/").text().contains("centurytel.net"), "no list unless it may be shown");
}

#[test]
fn reports_mistakes_in_the_page_section() {
    let problems = |page: &str| {
        let text =
            profile("example.com", &domains(&["example.com"]), &(SERVERS.to_owned() + "[page]\n" + page));
        let files = Files::new("", &[("a.toml", &text)]);
        if page.contains("big.png") {
            files.write("profiles/big.png", &"x".repeat(200_001));
        }
        files.problems().iter().map(|problem| problem.lines().next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(problems("color = \"blue\"\n"), ["error: `color` `blue` is not a color"]);
    assert_eq!(problems("logo = \"a.txt\"\n"), ["error: `logo` `a.txt` is not an image file"]);
    assert_eq!(
        problems("logo = \"big.png\"\n"),
        ["error: `logo` profiles/big.png has more than 200000 bytes"]
    );
    assert!(
        problems("logo = \"none.svg\"\n")[0].starts_with("error: `logo` profiles/none.svg cannot be read: ")
    );
}

#[test]
fn escapes_hostile_input() {
    let server = full().serve();
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    for local_part in [
        "\"><script>alert(1)</script>",
        "'onload='alert(1)",
        "{{7*7}}",
        "{%raw%}",
        "{address}",
        "javascript:alert(1)//",
    ] {
        let address = encoded(&format!("{local_part}@example.com"));
        for target in [
            format!("/setup?emailaddress={address}"),
            format!("/?email={address}&lang={address}&program={address}"),
        ] {
            let page = server.get("example.com", &target);
            assert_eq!(page.status, 200, "{local_part}");
            assert_eq!(page.text().matches("<script").count(), 1, "{}", page.text());
            assert!(!page.text().contains("'alert"), "{}", page.text());
            assert!(!page.text().contains("href=\"javascript"), "{}", page.text());
            let shown = text_of(page.text());
            assert!(shown.contains(local_part), "{local_part}: {shown}");
        }
    }
    for host in ["<script>.example.com", "\"onload=x.example.com", "example.com/../x"] {
        let page = server.get(host, "/");
        assert!(!page.text().contains(host), "{host}");
    }
}

/// Valid files of the operator replace built-in files, and invalid files are reported.
#[test]
fn uses_templates_and_languages_of_the_operator() {
    let text = profile("example.com", &domains(&["example.com"]), SERVERS);
    let files = Files::new("templates = \"mine\"", &[("a.toml", &text)]);
    fs::create_dir(files.path("mine")).unwrap();
    let target = "/setup?emailaddress=jane@example.com";
    let built_in = files.serve().get("example.com", target).text().to_owned();
    assert!(built_in.contains("Email settings for jane@example.com"));
    files.write("mine/setup.html", "{{ settings.provider }} at {{ settings.domain }}: {{ settings.incoming[0].hostname }} {{ say(\"server\") }}\n");
    assert_eq!(files.problems(), [""; 0]);
    assert_eq!(
        files.serve().get("example.com", target).text(),
        "Example Mail at example.com: imap.example.com Server\n"
    );
    assert!(
        files.serve().get("example.com", "/").text().contains("Set up your email"),
        "the others are ours"
    );
    files.write("mine/page.css", "body{color:red}");
    let start = files.serve().get("example.com", "/").text().to_owned();
    let style = start.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(files.serve().get("example.com", style).text(), "body{color:red}");
    files.write("mine/en.toml", "server = \"Host\"\n");
    files.write("mine/it.toml", "language = \"Italiano\"\nserver = \"Ospite\"\n");
    let italian = get(&files.serve(), "example.com", target, "it").text().to_owned();
    assert!(italian.ends_with("Ospite\n"), "{italian}");
    assert!(files.serve().get("example.com", target).text().ends_with("Host\n"));
    let problems = files.problems();
    assert!(
        problems[0].starts_with("warning: texts are missing: `address`, `alternative`, "),
        "{problems:?}"
    );
    assert!(problems[0].contains(
        " more; the pages show them in English\n  --> mine/it.toml\nhint: copy them from en.toml and \
         translate them"
    ));
}

#[test]
fn reports_a_broken_template_with_its_line_and_uses_the_built_in_one() {
    let text = profile("example.com", &domains(&["example.com"]), SERVERS);
    let files = Files::new("templates = \"mine\"", &[("a.toml", &text)]);
    fs::create_dir(files.path("mine")).unwrap();
    let target = "/setup?emailaddress=jane@example.com";
    let built_in = files.serve().get("example.com", target).body;
    for (template, said) in [
        ("a\n{{ domain", "syntax error"),
        ("a\n{{ no_such_thing }}", "undefined value"),
        ("a\n{{ say(\"no_such_key\") }}", "there is no message `no_such_key`"),
        ("a\n{% for x in incoming %}", "syntax error"),
    ] {
        files.write("mine/setup.html", template);
        let problems = files.problems();
        assert!(problems[0].starts_with("warning: the template is invalid: "), "{problems:?}");
        assert!(problems[0].contains(said), "{problems:?}");
        assert!(problems[0].contains("\n  --> mine/setup.html:2:1\n"), "{problems:?}");
        assert_eq!(files.serve().get("example.com", target).body, built_in, "{template}");
    }
    // Valid templates stay in use, and each invalid template is reported.
    files.write("mine/index.html", "mine {{ say(\"title\") }}\n");
    assert_eq!(files.serve().get("example.com", "/").text(), "mine Set up your email\n");
    files.write("mine/layout.html", "{{ nothing_there }}");
    assert_eq!(files.problems().len(), 2, "{:?}", files.problems());
    // The page for an invalid address is checked too.
    fs::remove_file(files.path("mine/layout.html")).unwrap();
    files.write("mine/index.html", "{% if is_wrong %}{{ nothing_there }}{% endif %}");
    assert!(
        files.problems().iter().any(|problem| problem.contains("mine/index.html:1:1")),
        "{:?}",
        files.problems()
    );
    fs::remove_file(files.path("mine/index.html")).unwrap();
    fs::remove_file(files.path("mine/setup.html")).unwrap();
    files.write("mine/setop.html", "a");
    files.write("mine/deutsch.toml", "");
    files.write("mine/es.toml", "server = \"{a\"\n");
    files.write("mine/fr.toml", "server = \"{host}\"\nservr = \"a\"\nport = 7\nuser_name =\n");
    let problems: String = files.problems().iter().map(|problem| format!("{problem}\n\n")).collect();
    assert_document("page/problems.txt", &problems);
    let lost = Files::new("templates = \"nowhere\"", &[("a.toml", &text)]).problems();
    assert!(lost[0].starts_with("error: the folder in `templates` cannot be read"), "{lost:?}");
}

/// Every built-in language has all messages with the same placeholders.
#[test]
fn has_all_messages_in_every_built_in_language() {
    let config = shipped();
    let catalogue = config.pages.catalogue();
    let tags: Vec<_> = catalogue.all().iter().map(|messages| messages.tag.as_str()).collect();
    assert_eq!(tags, ["en", "de", "es", "fr"]);
    let english = catalogue.english();
    for messages in catalogue.all() {
        assert_eq!(messages.keys().count(), english.keys().count(), "{}", messages.tag);
        for key in english.keys() {
            let text = messages.get(key).unwrap_or_else(|| panic!("{} has no {key}", messages.tag));
            let words =
                |text| waypost::page::placeholders(text).into_iter().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(text), words(english.get(key).unwrap()), "{} {key}", messages.tag);
        }
    }
}

/// Alternatives are marked, POP3 has advice, and settings that are not needed are left out.
#[test]
fn describes_every_kind_of_server() {
    let servers = server("incoming", "pop3", 110, "STARTTLS", "leave_messages_on_server = false")
        + &server("outgoing", "smtp", 587, "STARTTLS", "authentication = [\"password-encrypted\"]")
        + &server("outgoing", "smtp", 465, "SSL", "username = \"%EMAILLOCALPART%\"");
    let text = profile("example.com", &domains(&["example.com"]), &servers);
    let page =
        Files::new("", &[("a.toml", &text)]).serve().get("example.com", "/setup?emailaddress=example.com");
    let page = page.text();
    assert!(page.contains("Your mail app deletes messages from the server"));
    assert!(page.contains("If a network blocks port 587, use these values instead."));
    assert!(page.contains("<caption>SMTP (Alternative)</caption>"));
    let tables = cells(page);
    assert_eq!(tables[1][3], ("Authentication".into(), "Encrypted password".into()));
    assert_eq!(tables[1][4].1, "your full email address");
    assert_eq!(tables[2][4].1, "the part of your address before the @");
    assert!(page.contains("choose POP3"), "no IMAP where there is none");
    // The advice matches the servers.
    let page = |servers: &str| {
        let text = profile("example.com", &domains(&["example.com"]), servers);
        let server = Files::new("", &[("a.toml", &text)]).serve();
        server.get("example.com", "/setup?emailaddress=jane@example.com").text().to_owned()
    };
    let by_network = server("incoming", "imap", 993, "SSL", "username = \"x-%EMAILLOCALPART%\"")
        + &server("outgoing", "smtp", 25, "plain", "authentication = [\"client-IP-address\"]");
    let by_network = page(&by_network);
    assert!(!by_network.contains("Fetching works, sending does not") && !by_network.contains("Port 25"));
    assert!(by_network.contains("IMAP: The user name is x-jane."));
    let token = "authentication = [\"OAuth2\"]";
    let token = page(
        &(server("incoming", "imap", 993, "SSL", token) + &server("outgoing", "smtp", 465, "SSL", token)),
    );
    assert!(!token.contains("your mail password</td>"), "{token}");
    let same_port = server("incoming", "imap", 993, "SSL", "")
        + &server("incoming", "imap", 993, "SSL", "username = \"%EMAILLOCALPART%\"")
        + &server("outgoing", "smtp", 465, "SSL", "");
    assert!(!page(&same_port).contains("If a network blocks"));
    // Port 25 is never recommended, and without TLS there is no advice about certificates.
    let port_25 = server("incoming", "imap", 143, "plain", "")
        + &server("outgoing", "smtp", 587, "STARTTLS", "")
        + &server("outgoing", "smtp", 25, "STARTTLS", "");
    let port_25 = page(&port_25);
    assert!(port_25.contains("(Alternative)") && !port_25.contains("If a network blocks"), "{port_25}");
    let certificate = port_25.split("exactly one of ").nth(1).unwrap();
    assert!(!certificate.split('<').next().unwrap().contains("imap"), "{certificate}");
    let plain = server("incoming", "imap", 143, "plain", "") + &server("outgoing", "smtp", 587, "plain", "");
    assert!(!page(&plain).contains("A warning about a certificate"));
}
