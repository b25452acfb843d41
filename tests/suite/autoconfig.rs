//! Mozilla autoconfig: reference/autoconfig, section 5.

use waypost::documents::autoconfig::ClientConfig;
use waypost::profile::Profile;

use crate::common::Files;
use crate::common::Response;
use crate::common::SERVERS;
use crate::common::SHIPPED;
use crate::common::Server;
use crate::common::answer;
use crate::common::assert_document;
use crate::common::domains;
use crate::common::profile;
use crate::common::recorded;
use crate::common::request;
use crate::common::server;
use crate::common::shipped;
use crate::strict::assert_strict;

const PATH: &str = "/mail/config-v1.1.xml";
const WELL_KNOWN: &str = "/.well-known/autoconfig/mail/config-v1.1.xml";
const MAIL_V1: &str = "/.well-known/mail-v1.xml";

/// Compares the response for a shipped domain with its file.
#[track_caller]
fn assert_config(response: &Response, name: &str) {
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(response.header("content-type"), Some("text/xml; charset=utf-8"));
    assert_document(&format!("autoconfig/{name}.xml"), response.text());
}

fn request_with(proto: &str, host: &str, target: &str) -> Vec<u8> {
    request("GET", host, target, &[("X-Forwarded-Proto", proto)], b"")
}

#[test]
fn autoconfig_01_answers_on_the_autoconfig_host() {
    for proto in ["http", "https"] {
        for query in ["", "?", "?emailaddress=jane%40q.com"] {
            let request = request_with(proto, "autoconfig.q.com", &format!("{PATH}{query}"));
            assert_config(&SHIPPED.send(&request), "q.com");
        }
    }
}

#[test]
fn autoconfig_02_answers_on_the_well_known_path() {
    for proto in ["http", "https"] {
        assert_config(&SHIPPED.send(&request_with(proto, "q.com", WELL_KNOWN)), "q.com");
    }
}

#[test]
fn autoconfig_03_answers_on_the_path_of_an_early_draft() {
    for host in ["autoconfig.q.com", "q.com"] {
        assert_config(&SHIPPED.get(host, &format!("{MAIL_V1}?emailaddress=jane@q.com")), "q.com");
    }
}

#[test]
fn autoconfig_04_answers_like_mozillas_database() {
    assert_config(&SHIPPED.get("live.thunderbird.net", "/v1.1/q.com"), "q.com");
    assert_config(&SHIPPED.get("anything.example", "/v1.1/Q.com"), "q.com");
    assert_config(&SHIPPED.get("autoconfig.q.com", "/v1.1/mail/config-v1.1.xml"), "q.com");
    // Evolution looks up the MX record only after a 404 from the database.
    SHIPPED.get("q.com", "/v1.1/unknown.example").assert_empty(404);
    SHIPPED.get("q.com", "/v1.1/a%20b").assert_empty(404);
}

#[test]
fn autoconfig_05_answers_without_an_address() {
    assert_config(&SHIPPED.get("autoconfig.q.com", PATH), "q.com");
    assert_config(&SHIPPED.get("autoconfig.q.com", &format!("{PATH}?emailmd5=0123&x=%zz&&=")), "q.com");
}

#[test]
fn autoconfig_06_reads_the_host_in_any_spelling() {
    for host in [
        "q.com",
        "Q.COM",
        "q.com.",
        "q.com:8080",
        "AutoConfig.Q.com",
        "autoconfig.q.com.:443",
        "autodiscover.q.com",
        "ua-auto-config.q.com",
    ] {
        assert_config(&SHIPPED.get(host, PATH), "q.com");
    }
    // Only one service label is removed.
    SHIPPED.get("autoconfig.autoconfig.q.com", PATH).assert_empty(404);
}

#[test]
fn autoconfig_07_prefers_the_domain_of_the_address_to_the_host() {
    let target = format!("{PATH}?emailaddress=jane@qwestoffice.net");
    assert_config(&SHIPPED.get("autoconfig.q.com", &target), "qwestoffice.net");
    assert_config(&SHIPPED.get("unknown.example", &target), "qwestoffice.net");
    // If the domain of the address is not served, the host decides.
    assert_config(
        &SHIPPED.get("autoconfig.q.com", &format!("{PATH}?emailaddress=jane@unknown.example")),
        "q.com",
    );
}

/// A hosting company: one domain of its own, and an MX host for its customers' domains.
fn hoster() -> Server {
    let more = domains(&["hoster.example"]) + "mx_hosts = [\"mx1.mail.example.net\"]\n";
    Files::new("", &[("hoster.toml", &profile("hoster.example", &more, SERVERS))]).serve()
}

#[test]
fn autoconfig_08_answers_on_an_mx_host_and_its_parent_domains() {
    let hoster = hoster();
    for name in ["mx1.mail.example.net", "mail.example.net", "example.net"] {
        for (host, path) in [(format!("autoconfig.{name}"), PATH), (name.to_owned(), WELL_KNOWN)] {
            let response = hoster.get(&host, path);
            assert_eq!(response.status, 200, "{host}");
            assert_strict(&response.body, name);
        }
        assert_strict(&hoster.get("live.thunderbird.net", &format!("/v1.1/{name}")).body, name);
    }
    hoster.get("autoconfig.net", PATH).assert_empty(404);
    hoster.get("autoconfig.other.example.net", PATH).assert_empty(404);
}

#[test]
fn autoconfig_09_reads_an_address_in_any_encoding() {
    for address in [
        "jane%40qwestoffice.net",
        "jane@qwestoffice.net",
        "a%2Bb@qwestoffice.net",
        "a+b@qwestoffice.net",
        "a%20b@qwestoffice.net",
        "a%2Eb%40qwestoffice%2Enet",
        "EVOLUTIONUSER@qwestoffice.net",
        "j%C3%BCrgen@QwestOffice.Net",
    ] {
        let target = format!("{PATH}?emailaddress={address}");
        assert_config(&SHIPPED.get("autoconfig.q.com", &target), "qwestoffice.net");
    }
    for address in [
        "jane%4@qwestoffice.net",
        "jane%zz@qwestoffice.net",
        "a@b@qwestoffice.net",
        "@qwestoffice.net",
        "qwestoffice.net",
        "",
        "%00@qwestoffice.net",
        "a%0D%0Ab@qwestoffice.net",
        "%FF@qwestoffice.net",
    ] {
        let target = format!("{PATH}?emailaddress={address}");
        assert_config(&SHIPPED.get("autoconfig.q.com", &target), "q.com");
    }
}

#[test]
fn autoconfig_10_sends_the_same_document_for_every_mailbox() {
    let answer = |name: &str| SHIPPED.get("autoconfig.q.com", &format!("{PATH}?emailaddress={name}@q.com"));
    assert_eq!(answer("jane").timeless(), answer("nobody-has-this-name").timeless());
}

#[test]
fn autoconfig_11_never_redirects() {
    for server in [&*SHIPPED, &*crate::common::PUBLIC] {
        for proto in ["http", "https"] {
            for (host, path) in [
                ("autoconfig.q.com", PATH),
                ("q.com", WELL_KNOWN),
                ("q.com", MAIL_V1),
                ("x.example", "/v1.1/q.com"),
            ] {
                assert_eq!(
                    server.send(&request_with(proto, host, path)).status,
                    200,
                    "{proto} {host} {path}"
                );
            }
        }
    }
    assert_eq!(SHIPPED.get("autoconfig.q.com", &format!("{PATH}/")).status, 200);
}

#[test]
fn autoconfig_12_answers_unknown_domains_and_paths_with_an_empty_404() {
    for proto in ["http", "https"] {
        for path in [PATH, WELL_KNOWN, MAIL_V1, "/v1.1/mail/config-v1.1.xml"] {
            for host in ["autoconfig.unknown.example", "unknown.example", "127.0.0.1", ""] {
                let response = SHIPPED.send(&request_with(proto, host, path));
                response.assert_empty(404);
                assert_eq!(response.header("cache-control"), Some("no-store"));
            }
        }
        for path in ["/nothing", "/mail/", "/mail%2Fconfig-v1.1.xml", "/index.html"] {
            SHIPPED.send(&request_with(proto, "autoconfig.q.com", path)).assert_empty(404);
        }
    }
}

#[test]
fn autoconfig_13_answers_head_like_get_and_refuses_other_methods() {
    for path in [PATH, WELL_KNOWN, MAIL_V1, "/v1.1/q.com", "/v1.1/mail/config-v1.1.xml", "/", "/nothing"] {
        let get = SHIPPED.get("q.com", path).timeless();
        let head = SHIPPED.request("HEAD", "q.com", path, &[], b"").timeless();
        assert_eq!((head.status, &head.headers), (get.status, &get.headers), "{path}");
        assert_eq!(head.body, b"");
    }
    let get = SHIPPED.get("q.com", PATH).timeless();
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
        for path in [PATH, WELL_KNOWN, MAIL_V1, "/v1.1/q.com", "/"] {
            let response = SHIPPED.request(method, "q.com", path, &[], b"");
            response.assert_empty(405);
            assert_eq!(response.header("allow"), Some("GET,HEAD"), "{method} {path}");
            assert_eq!(response.header("cache-control"), Some("no-store"));
        }
    }
    // Credentials and cookies are ignored.
    let credentials = [("Authorization", "Basic eDp5"), ("Cookie", "a=b")];
    let response = SHIPPED.request("GET", "q.com", PATH, &credentials, b"").timeless();
    assert_eq!(response, get);
    assert_eq!(response.header("set-cookie"), None);
}

#[test]
fn autoconfig_14_rejects_a_public_url_that_is_not_absolute_https() {
    for url in
        ["http://mail.example.net", "mail.example.net", "//mail.example.net", "https://mail.example.net/x"]
    {
        let files = Files::new(&format!("public_url = \"{url}\""), &[]);
        assert!(files.problems().iter().any(|problem| problem.contains("public_url")), "{url}");
    }
}

#[test]
fn autoconfig_15_sends_the_content_type_that_thunderbird_requires() {
    assert_eq!(SHIPPED.get("q.com", PATH).header("content-type"), Some("text/xml; charset=utf-8"));
}

#[test]
fn autoconfig_16_sends_the_whole_body_unencoded() {
    let encodings = [("Accept-Encoding", "gzip, br, zstd")];
    for headers in [&[][..], &encodings] {
        let response = SHIPPED.request("GET", "q.com", PATH, headers, b"");
        assert_eq!(response.header("content-encoding"), None);
        assert_eq!(response.header("content-length"), Some(response.body.len().to_string().as_str()));
    }
}

#[test]
fn autoconfig_17_may_be_cached_by_the_client_for_less_than_an_hour() {
    assert_eq!(SHIPPED.get("q.com", PATH).header("cache-control"), Some("private, max-age=600"));
}

/// The least patient client waits three seconds. The runtime has no timer, so code that waits for one panics.
#[test]
fn autoconfig_18_answers_without_waiting_for_anything() {
    let app = waypost::http::App::new(shipped());
    let request = axum::http::Request::get(PATH).header("Host", "q.com").body(axum::body::Body::empty());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let service = waypost::http::RequestService::new(&app, [127, 0, 0, 1].into());
    let answer = runtime.block_on(service.answer(request.unwrap()));
    assert_eq!(answer.status(), 200);
}

/// Also over http: certificates are the proxy's task.
#[test]
fn autoconfig_19_stays_reachable_by_http() {
    assert_config(&SHIPPED.send(&request_with("http", "autoconfig.q.com", PATH)), "q.com");
}

/// Items 20 to 36 for every shipped domain.
#[test]
fn autoconfig_20_to_36_hold_for_every_shipped_domain() {
    let config = shipped();
    assert_eq!(config.directory.domain_count(), 18);
    for domain in config.directory.domains() {
        let response = SHIPPED.get(&format!("autoconfig.{domain}"), PATH);
        assert_strict(&response.body, domain);
    }
}

/// The document of one profile for `example.com`.
fn served(more: &str, servers: &str) -> String {
    let more = domains(&["example.com"]) + more;
    let files = Files::new("", &[("example.toml", &profile("example.com", &more, servers))]);
    let response = files.serve().get("example.com", PATH);
    assert_eq!(response.status, 200);
    response.text().to_owned()
}

#[test]
fn autoconfig_20_begins_with_the_declaration() {
    let response = SHIPPED.get("q.com", PATH);
    assert!(
        response
            .body
            .starts_with(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.1\">")
    );
}

#[test]
fn autoconfig_21_has_one_provider_with_a_host_name_for_an_id() {
    assert!(served("", SERVERS).contains("<emailProvider id=\"example.com\">"));
    let files =
        Files::new("", &[("a.toml", &profile("Example_Mail Inc", &domains(&["example.com"]), SERVERS))]);
    assert!(
        files.problems()[0].contains("`id` `Example_Mail Inc` is not a host name"),
        "{:?}",
        files.problems()
    );
}

#[test]
fn autoconfig_22_names_the_requested_domain() {
    let more = domains(&["bücher.example", "*.example.org"]);
    let server = Files::new("", &[("a.toml", &profile("example.com", &more, SERVERS))]).serve();
    for (host, domain) in [
        ("autoconfig.xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("autoconfig.Shop.example.org", "shop.example.org"),
        ("a.b.example.org", "a.b.example.org"),
    ] {
        let response = server.get(host, PATH);
        assert_strict(&response.body, domain);
        assert_eq!(response.text().matches("<domain>").count(), 1, "never the list of customers");
    }
    let response = server.get("x.example", &format!("{PATH}?emailaddress=jane@b%C3%BCcher.example"));
    assert_strict(&response.body, "xn--bcher-kva.example");
    server.get("autoconfig.example.org", PATH).assert_empty(404);
}

#[test]
fn autoconfig_23_always_has_both_names() {
    let config = "id = \"example.com\"\ndisplay_name = \"Example\"\ndomains = [\"example.com\"]\n".to_owned()
        + SERVERS;
    let server = Files::new("", &[("a.toml", &config)]).serve();
    let text = server.get("example.com", PATH).text().to_owned();
    assert!(
        text.contains("<displayName>Example</displayName>\n    <displayShortName>Example</displayShortName>")
    );
}

#[test]
fn autoconfig_24_keeps_equal_elements_together() {
    let documentation =
        "[[documentation]]\nurl = \"https://example.com/?a&b\"\ndescr = { en = \"Help\", de = \"Hilfe\" }\n";
    let servers = server("outgoing", "smtp", 587, "STARTTLS", "")
        + &server("incoming", "pop3", 995, "SSL", "")
        + documentation
        + &server("incoming", "imap", 993, "SSL", "");
    let text = served("", &servers);
    assert_strict(text.as_bytes(), "example.com");
    assert_document("autoconfig/documentation.xml", &text);
}

#[test]
fn autoconfig_25_puts_imap_first() {
    let servers = server("incoming", "pop3", 995, "SSL", "")
        + &server("incoming", "imap", 993, "SSL", "")
        + &server("outgoing", "smtp", 465, "SSL", "");
    let found = assert_strict(served("", &servers).as_bytes(), "example.com");
    let types: Vec<_> = found.iter().map(|server| server.0.as_str()).collect();
    assert_eq!(types, ["imap", "pop3", "smtp"]);
}

#[test]
fn autoconfig_26_lists_the_preferred_server_of_each_type_and_no_other() {
    let servers = server("incoming", "imap", 143, "STARTTLS", "")
        + &server("incoming", "imap", 993, "SSL", "")
        + &server("outgoing", "smtp", 587, "STARTTLS", "")
        + &server("outgoing", "smtp", 465, "SSL", "");
    let found = assert_strict(served("", &servers).as_bytes(), "example.com");
    let ports: Vec<_> = found.iter().map(|server| server.2).collect();
    assert_eq!(ports, [143, 587]);
}

#[test]
fn autoconfig_27_leaves_out_elements_that_two_clients_reject() {
    let file = r#"<clientConfig version="1.2"><emailProvider id="example.com"><domain>example.com</domain>
        <displayName>Example</displayName><displayShortName>Example</displayShortName>
        <incomingServer type="exchange"><owaURL>https://example.com/owa</owaURL></incomingServer>
        <incomingServer type="jmap"><url>https://example.com/jmap</url></incomingServer>
        <incomingServer type="imap"><hostname>imap.example.com</hostname><port>993</port>
        <socketType>SSL</socketType><authentication>password-cleartext</authentication>
        <username>%EMAILADDRESS%</username></incomingServer>
        <outgoingServer type="smtp"><hostname>smtp.example.com</hostname><port>465</port>
        <socketType>SSL</socketType><authentication>password-cleartext</authentication>
        <username>%EMAILADDRESS%</username></outgoingServer></emailProvider>
        <calendar type="caldav"><url>https://example.com/dav</url></calendar></clientConfig>"#;
    let server = Files::new("", &[("a.xml", file)]).serve();
    let response = server.get("example.com", PATH);
    assert_eq!(assert_strict(&response.body, "example.com").len(), 2);
    assert!(response.text().contains("<calendar type=\"caldav\">"), "every client reads over it");
    let text =
        profile("example.com", &domains(&["example.com"]), &(SERVERS.to_owned() + crate::check::SERVICES));
    let document = Files::new("", &[("a.toml", &text)]).serve().get("example.com", PATH);
    assert_document("autoconfig/sections.xml", document.text());
    // `servers=all` works on any path and in any letter case.
    for query in ["servers=all", "emailaddress=jane@example.com&Servers=ALL"] {
        let all = server.get("example.com", &format!("{PATH}?{query}"));
        assert_eq!((all.status, all.header("content-type")), (200, response.header("content-type")));
        let types =
            ["exchange", "jmap", "imap", "smtp"].map(|kind| all.text().find(&format!("type=\"{kind}\"")));
        assert!(types.is_sorted() && types[0].is_some(), "{}", all.text());
        assert!(all.text().contains("<calendar type=\"caldav\">"));
    }
    let two = server_with_methods("[\"GSSAPI\", \"password-cleartext\"]");
    let all = two.get("example.com", &format!("{PATH}?servers=all"));
    let methods: Vec<_> = all.text().split("<authentication>").skip(1).collect();
    let [first, second, _] = methods[..] else { panic!("{}", all.text()) };
    assert!(
        first.starts_with("GSSAPI<") && second.starts_with("password-cleartext<"),
        "every method, in order"
    );
    let listed = server.get("127.0.0.1", "/v1.1/example.com?servers=all");
    assert!(listed.text().contains("type=\"jmap\""));
    assert_eq!(server.get("example.com", &format!("{PATH}?servers=some")).body, response.body);
    server.get("elsewhere.example", &format!("{PATH}?servers=all")).assert_empty(404);
}

#[test]
fn autoconfig_28_writes_all_required_elements_of_a_server() {
    let servers = server("incoming", "imap", 993, "SSL", "username = \"%EMAILLOCALPART%\"")
        + &server("outgoing", "smtp", 465, "SSL", "authentication = [\"password-encrypted\"]");
    let text = served("", &servers.replace("imap.example.com", "imap.%EMAILDOMAIN%"));
    let found = assert_strict(text.as_bytes(), "example.com");
    assert_eq!(found[0].1, "imap.example.com", "a placeholder in a host name is ours to fill");
    assert_eq!(found[0].4, "%EMAILLOCALPART%");
}

#[test]
fn autoconfig_29_writes_plain_only_if_configured_and_warns_about_it() {
    assert!(!served("", SERVERS).contains("plain"));
    let servers =
        server("incoming", "imap", 143, "plain", "") + &server("outgoing", "smtp", 587, "STARTTLS", "");
    assert!(served("", &servers).contains("<socketType>plain</socketType>"));
    let more = domains(&["example.com"]);
    let findings = Files::new("", &[("a.toml", &profile("example.com", &more, &servers))]).findings();
    assert!(findings[0].starts_with("warning: IMAP has no encryption"), "{findings:?}");
    assert!(
        findings[0].contains(": Thunderbird for Android, Thunderbird for iOS, FairEmail"),
        "{findings:?}"
    );
}

/// A server whose only IMAP server has these methods.
fn server_with_methods(configured: &str) -> Server {
    let servers = server("incoming", "imap", 993, "SSL", &format!("authentication = {configured}"))
        + &server("outgoing", "smtp", 465, "SSL", "");
    Files::new("", &[("a.toml", &profile("example.com", &domains(&["example.com"]), &servers))]).serve()
}

/// The methods of the only IMAP server in a document.
fn methods(configured: &str) -> Vec<String> {
    let text = server_with_methods(configured).get("example.com", PATH).text().to_owned();
    let imap = text.split("</incomingServer>").next().unwrap();
    imap.split("<authentication>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

#[test]
fn autoconfig_30_names_the_methods_that_clients_can_use() {
    let default = served("", SERVERS);
    assert_eq!(default.matches("<authentication>password-cleartext</authentication>").count(), 2);
    assert_eq!(methods("[\"password-cleartext\", \"OAuth2\"]"), ["OAuth2", "password-cleartext"]);
    assert_eq!(methods("[\"GSSAPI\", \"NTLM\", \"password-cleartext\"]"), ["password-cleartext"]);
    assert_eq!(
        methods("[\"password-cleartext\", \"password-encrypted\"]"),
        ["password-encrypted", "password-cleartext"]
    );
    assert_eq!(methods("[\"GSSAPI\"]"), ["GSSAPI"], "the operator has nothing else");
}

#[test]
fn autoconfig_31_uses_the_full_address_by_default() {
    assert_eq!(served("", SERVERS).matches("<username>%EMAILADDRESS%</username>").count(), 2);
    let findings = |username: &str| {
        let servers =
            SERVERS.replace("\"SSL\"", &format!("\"SSL\"\nusername = \"{username}\"\nshared_mailbox = true"));
        let text = profile("example.com", &domains(&["example.com"]), &servers);
        Files::new("", &[("a.toml", &text)]).findings()
    };
    assert_eq!(findings("%EMAILADDRESS%"), Vec::<String>::new());
    let combined = findings("%EMAILLOCALPART%@example.net");
    let has = |text: &str| combined.iter().any(|finding| finding.starts_with(text));
    assert!(has("warning: some clients cannot use the user name `%EMAILLOCALPART%@example.net`: GNOME"));
    assert!(has("warning: clients with one user name for all servers cannot use the user name \
         `%EMAILLOCALPART%@example.net`: FairEmail"));
    assert!(
        findings("shop")[0]
            .contains("some clients cannot use the user name `shop`: GNOME Online Accounts, Geary")
    );
    let numeric = "change the user name `0012345`, because they convert it to a number: Thunderbird, \
                   Parula, Thunderbird";
    assert!(findings("0012345")[0].ends_with(numeric));
}

#[test]
fn autoconfig_32_writes_no_space_around_a_value() {
    let file = "id = \"example.com\"\ndisplay_name = \"  Example Mail \"\ndomains = [\"example.com\"]\n"
        .to_owned()
        + SERVERS;
    let response = Files::new("", &[("a.toml", &file)]).serve().get("example.com", PATH);
    assert_strict(&response.body, "example.com");
}

#[test]
fn autoconfig_33_repeats_nothing_of_the_request() {
    for address in ["%3Cscript%3E@q.com", "a%26b@q.com", "%22%27@q.com", "x@%3Cq%3E.com"] {
        let target = format!("{PATH}?emailaddress={address}&y=%3Cz%3E");
        assert_config(&SHIPPED.get("q.com", &target), "q.com");
    }
    SHIPPED.get("<q>.com", PATH).assert_empty(404);
}

#[test]
fn autoconfig_34_never_writes_an_incomplete_oauth2_section() {
    assert!(!served("", SERVERS).contains("oAuth2"));
    let servers = SERVERS.replace("port = 993", "port = 993\nauthentication = [\"OAuth2\"]");
    assert!(!served("", &servers).contains("oAuth2"));
}

#[test]
fn autoconfig_35_describes_every_help_page() {
    let page = |descr: &str| {
        let more = format!("{SERVERS}\n[[documentation]]\nurl = \"https://example.com/\"\n{descr}");
        Files::new("", &[("a.toml", &profile("example.com", &domains(&["example.com"]), &more))]).problems()
    };
    assert_eq!(page("descr = { en = \"Help\" }"), Vec::<String>::new());
    assert!(page("descr = { en = \" \" }")[0].contains("`descr` has an empty or invalid text"));
    assert!(page("descr = {}")[0].contains("`descr` is empty"));
    assert_eq!(page("descr = \"Help\"").len(), 1);
    // A language that is not configured is `und` (BCP 47).
    let help = "<documentation url=\"https://example.com/\"><descr>Hilfe</descr></documentation>";
    let file = format!(
        "<clientConfig version=\"1.1\"><emailProvider id=\"example.com\"><domain>example.com</domain>\
         <displayName>E</displayName><incomingServer type=\"imap\"><hostname>i.example.com</hostname><port>993</port>\
         <socketType>SSL</socketType></incomingServer><outgoingServer type=\"smtp\"><hostname>s.example.com</hostname>\
         <port>465</port><socketType>SSL</socketType></outgoingServer>{help}</emailProvider></clientConfig>"
    );
    let document = Files::new("", &[("a.xml", &file)]).serve().get("example.com", PATH).text().to_owned();
    assert!(document.contains("<descr lang=\"und\">Hilfe</descr>"), "{document}");
    // Mozilla's files have pages without a description. Such a page is left out.
    assert_eq!(page(""), Vec::<String>::new());
    let undescribed = format!("{SERVERS}\n[[documentation]]\nurl = \"https://example.com/\"\n");
    assert!(!served("", &undescribed).contains("<documentation"));
}

#[test]
fn autoconfig_36_writes_no_obsolete_elements() {
    let text = SHIPPED.get("q.com", PATH).text().to_owned();
    for name in ["password>", "clientConfigUpdate", "restriction", "addThisServer", "enable", "inputField"] {
        assert!(!text.contains(&format!("<{name}")), "{name}");
    }
}

/// Every kind of profile follows the strict rules.
#[test]
fn autoconfig_37_holds_for_every_shape_of_profile() {
    let mut shapes = Vec::new();
    for incoming in
        [&["imap"][..], &["pop3"], &["imap", "pop3"], &["pop3", "imap"], &["imap", "imap", "pop3"]]
    {
        for (socket_type, port) in [("SSL", 993), ("STARTTLS", 143), ("plain", 2143)] {
            for username in ["%EMAILADDRESS%", "%EMAILLOCALPART%", "%EMAILLOCALPART%%%EMAILDOMAIN%", "shop"] {
                for methods in
                    ["[\"password-cleartext\"]", "[\"GSSAPI\", \"OAuth2\", \"password-encrypted\"]"]
                {
                    let more = format!(
                        "username = \"{username}\"\nshared_mailbox = true\nauthentication = {methods}"
                    );
                    let mut servers: String = incoming
                        .iter()
                        .map(|kind| server("incoming", kind, port, socket_type, &more))
                        .collect();
                    servers += &server("outgoing", "smtp", 587, socket_type, &more);
                    shapes.push(servers);
                }
            }
        }
    }
    let profiles: Vec<_> = shapes
        .iter()
        .enumerate()
        .map(|(i, servers)| {
            let id = format!("p{i}.example");
            (format!("{i}.toml"), profile(&id, &domains(&[&id]), servers))
        })
        .collect();
    let profiles: Vec<_> = profiles.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let app = waypost::http::App::new(Files::new("", &profiles).load());
    for i in 0..shapes.len() {
        let domain = format!("p{i}.example");
        let request = axum::http::Request::get(PATH).header("Host", &domain).body(axum::body::Body::empty());
        let (status, body) = answer(&app, request.unwrap());
        assert_eq!(status, 200);
        assert_strict(&body, &domain);
    }
}

#[test]
fn autoconfig_38_serves_a_provider_with_pop3_only() {
    let response = SHIPPED.get("autoconfig.qwestoffice.net", PATH);
    assert_config(&response, "qwestoffice.net");
    let servers = assert_strict(&response.body, "qwestoffice.net");
    assert_eq!(servers.iter().map(|s| s.0.as_str()).collect::<Vec<_>>(), ["pop3", "smtp"]);
    // `check` reports clients that find nothing: tests/data/check/shipped.txt.
}

#[test]
fn autoconfig_40_answers_every_recorded_client() {
    let requests = recorded("autoconfig");
    assert_eq!(requests.len(), 46);
    for (name, request) in requests {
        let response = SHIPPED.send(&request);
        assert_eq!(response.status, 200, "{name}");
        assert_config(&response, "centurylink.net");
        // The same request for a domain that is not served.
        let unknown = String::from_utf8(request).unwrap().replace("centurylink.net", "unknown.example");
        let unknown = unknown.replace("CenturyLink.NET", "Unknown.Example");
        SHIPPED.send(unknown.as_bytes()).assert_empty(404);
    }
}

#[test]
fn autoconfig_41_answers_every_recorded_client_after_its_mx_lookup() {
    let hoster = hoster();
    let requests = recorded("autoconfig-mx");
    assert_eq!(requests.len(), 22);
    for (name, request) in requests {
        let response = hoster.send(&request);
        assert_eq!(response.status, 200, "{name}");
        let text = String::from_utf8(request).unwrap();
        // The document names the domain of the address, else the domain of the host.
        let (_, host) = text.split_once("Host: ").unwrap();
        let host = host.split("\r\n").next().unwrap().trim_start_matches("autoconfig.");
        let asked = if text.contains("customer.example") {
            "customer.example"
        } else if text.contains("/v1.1/") {
            "example.net"
        } else {
            host
        };
        assert_strict(&response.body, asked);
        let unknown = text.replace("example.net", "unknown.example");
        hoster.send(unknown.as_bytes()).assert_empty(404);
    }
}

#[test]
fn reads_back_what_it_writes() {
    for (name, file) in [("q.com", "q.com"), ("qwestoffice.net", "qwestoffice.net")] {
        let text = SHIPPED.get(name, PATH).text().to_owned();
        let config: ClientConfig = quick_xml::de::from_str(&text).unwrap();
        assert_eq!(config.to_xml().unwrap(), text);
        let config_of = |profile: &Profile| {
            let mut config = ClientConfig::from(profile);
            config.email_provider.domain[0].name = file.to_owned();
            config
        };
        let directory = shipped().directory;
        assert!(directory.entries().iter().any(|entry| config_of(&entry.profile) == config));
    }
}

/// A hosting company whose MX hosts are in its own domain.
#[test]
fn names_a_customers_domain_on_every_name_of_the_mx_host() {
    let more = domains(&["example.net"]) + "mx_hosts = [\"mx1.example.net\"]\n";
    let hoster = Files::new("", &[("a.toml", &profile("example.net", &more, SERVERS))]).serve();
    for host in ["autoconfig.example.net", "autoconfig.mx1.example.net"] {
        let response = hoster.get(host, &format!("{PATH}?emailaddress=jane@customer.example"));
        assert_strict(&response.body, "customer.example");
    }
    assert_strict(&hoster.get("autoconfig.example.net", PATH).body, "example.net");
}

/// Mozilla's provider files are valid profiles.
#[test]
fn serves_mozillas_own_files() {
    let file = std::fs::read_to_string("tests/data/provider/example.net.xml").unwrap();
    let server = Files::new("", &[("example.net.xml", &file)]).serve();
    let response = server.get("example.net", PATH);
    assert_strict(&response.body, "example.net");
    assert_document("autoconfig/provider_file.xml", response.text());
    assert_strict(&server.get("autoconfig.mx.example.net", PATH).body, "mx.example.net");
}

#[test]
fn writes_pop3_options_that_differ_from_thunderbirds_defaults() {
    let servers = |options: &str| {
        server("incoming", "pop3", 995, "SSL", options) + &server("outgoing", "smtp", 465, "SSL", "")
    };
    assert!(!served("", &servers("leave_messages_on_server = true")).contains("<pop3>"));
    let text = served("", &servers("leave_messages_on_server = false"));
    assert!(text.contains("<leaveMessagesOnServer>false</leaveMessagesOnServer>"), "{text}");
    let text = served("", &servers("days_to_leave_messages_on_server = 30"));
    assert!(text.contains("<daysToLeaveMessagesOnServer>30</daysToLeaveMessagesOnServer>"), "{text}");
}
