//! Redirects to calendars, address books and JMAP (RFC 6764, RFC 8620), and MTA-STS (RFC 8461).

use crate::common::Files;
use crate::common::SERVERS;
use crate::common::SHIPPED;
use crate::common::Server;
use crate::common::assert_document;
use crate::common::domains;
use crate::common::profile;

const SERVICES: &str = r#"
[[calendar]]
type = "caldav"
url = "https://dav.%EMAILDOMAIN%/cal/"

[[addressbook]]
type = "carddav"
url = "https://dav.example.net:8443/contacts/?a=b"

[[jmap]]
url = "https://jmap.example.net/session"
"#;

fn serve(more: &str) -> Server {
    let names = domains(&["example.com", "*.example.org"]) + "mx_hosts = [\"mx.provider.example\"]\n";
    let text = profile("example.com", &names, &(SERVERS.to_owned() + more));
    Files::new("", &[("a.toml", &text)]).serve()
}

#[test]
fn redirects_the_well_known_paths_of_services() {
    let server = serve(SERVICES);
    for (path, method, location) in [
        ("/.well-known/caldav", "PROPFIND", "https://dav.example.com/cal/"),
        ("/.well-known/caldav/", "GET", "https://dav.example.com/cal/"),
        ("/.well-known/carddav", "OPTIONS", "https://dav.example.net:8443/contacts/?a=b"),
        ("/.well-known/carddav/", "PROPFIND", "https://dav.example.net:8443/contacts/?a=b"),
        ("/.well-known/jmap", "GET", "https://jmap.example.net/session"),
    ] {
        let answer = server.request(method, "example.com", path, &[("Authorization", "Basic c2VjcmV0")], b"");
        // The method stays what it is.
        assert_eq!((answer.status, answer.header("location")), (307, Some(location)), "{path}");
        assert_eq!(answer.text(), "");
        assert_eq!(answer.header("cache-control"), Some("private, max-age=600"));
    }
    let by_wildcard = server.get("shop.example.org", "/.well-known/caldav");
    assert_eq!(by_wildcard.header("location"), Some("https://dav.shop.example.org/cal/"));
}

#[test]
fn answers_404_for_services_that_are_not_offered() {
    let server = serve(SERVICES);
    for path in ["/.well-known/caldav", "/.well-known/carddav", "/.well-known/jmap"] {
        server.get("elsewhere.example", path).assert_empty(404);
        server.get("127.0.0.1", path).assert_empty(404);
        // Any customer's mail may be there, and none of their calendars.
        server.get("mx.provider.example", path).assert_empty(404);
        SHIPPED.get("q.com", path).assert_empty(404);
    }
}

#[test]
fn never_redirects_to_itself_or_to_a_placeholder() {
    let calendar = |url: &str| format!("[[calendar]]\ntype = \"caldav\"\nurl = \"{url}\"\n");
    for url in [
        "https://example.com/.well-known/caldav",
        "https://Autoconfig.Example.com:443/.well-known/caldav/",
        "https://dav.example.net/%EMAILADDRESS%/",
    ] {
        serve(&calendar(url)).get("example.com", "/.well-known/caldav").assert_empty(404);
    }
    // What a header cannot hold is written as it can.
    let foreign =
        serve(&calendar("https://dav.bücher.example/käl/")).get("example.com", "/.well-known/caldav");
    assert_eq!(foreign.header("location"), Some("https://dav.xn--bcher-kva.example/k%C3%A4l/"));
    // On another port somebody else answers.
    let other_port = serve(&calendar("https://example.com:8443/.well-known/caldav"));
    let answer = other_port.get("example.com", "/.well-known/caldav");
    assert_eq!(answer.header("location"), Some("https://example.com:8443/.well-known/caldav"));
    let elsewhere = serve(&calendar("https://dav.example.net/.well-known/caldav"));
    let answer = elsewhere.get("example.com", "/.well-known/caldav");
    assert_eq!(answer.header("location"), Some("https://dav.example.net/.well-known/caldav"));
}

const POLICY: &str = "/.well-known/mta-sts.txt";

#[test]
fn serves_an_mta_sts_policy_on_its_own_host_only() {
    let server = serve(
        "[mta_sts]\nmode = \"enforce\"\nmx = [\"mx1.example.net\", \"*.mx.example.net\"]\nmax_age_seconds = 86400\n",
    );
    let answer = server.get("mta-sts.example.com", POLICY);
    assert_eq!(answer.status, 200);
    assert_document("mta-sts/enforce.txt", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    // A proxy that says http is not redirected either.
    let by_http = [("X-Forwarded-Proto", "http"), ("X-Forwarded-Host", "mta-sts.shop.example.org")];
    assert_eq!(server.request("GET", "proxy", POLICY, &by_http, b"").status, 200);
    for host in
        ["example.com", "autoconfig.example.com", "mta-sts.elsewhere.example", "mta-sts.provider.example"]
    {
        server.get(host, POLICY).assert_empty(404);
    }
    server.get("mta-sts.example.com", "/mail/config-v1.1.xml").assert_empty(404);
    SHIPPED.get("mta-sts.q.com", POLICY).assert_empty(404);
}

#[test]
fn rejects_an_mta_sts_policy_that_would_stop_mail() {
    let problems = |policy: &str| {
        let text = profile(
            "example.com",
            &domains(&["example.com"]),
            &(SERVERS.to_owned() + "[mta_sts]\n" + policy),
        );
        Files::new("", &[("a.toml", &text)]).problems()
    };
    let hint = "\n  --> profiles/a.toml:18:1\nhint: write mx = [\"mx1.example.net\", \
                \"*.mx.example.net\"]; without MX hosts, an enforced policy stops all incoming mail";
    for mode in ["enforce", "testing"] {
        let said = format!(
            "error: `mx` is missing in [mta_sts]: a policy with mode `{mode}` must list the MX hosts{hint}"
        );
        assert_eq!(problems(&format!("mode = \"{mode}\"\n")), [said.as_str()]);
        assert_eq!(problems(&format!("mode = \"{mode}\"\nmx = []\n")), [said.as_str()]);
    }
    assert_eq!(problems("mode = \"none\"\n"), [""; 0]);
    for (policy, said) in [
        ("mode = \"enforced\"\nmx = [\"a.example\"]\n", "error: `mode` `enforced` is not a mode of MTA-STS"),
        ("mode = \"none\"\nmax_age_seconds = 31557601\n", "error: `max_age_seconds` is 31557601"),
        ("mode = \"none\"\nmax_age_seconds = -1\n", "error: `max_age_seconds` is -1"),
        (
            "mode = \"none\"\nmx = [\"mx.*.example\"]\n",
            "error: `mx` `mx.*.example` is not a host name: a host name must not contain `*`",
        ),
        ("mode = \"none\"\nmax_age = 1\n", "error: unknown key `max_age` in [mta_sts]"),
        ("mx = [\"a.example\"]\n", "error: `mode` is missing in [mta_sts]"),
    ] {
        let problems = problems(policy);
        assert_eq!((problems.len(), problems[0].lines().next()), (1, Some(said)));
    }
}
