//! Paths in another spelling than that of the route table.

use crate::common::Files;
use crate::common::Response;
use crate::common::SERVERS;
use crate::common::Server;
use crate::common::domains;
use crate::common::profile;

const SERVICES: &str = r#"
[[calendar]]
type = "caldav"
url = "https://dav.example.com/"

[[addressbook]]
type = "carddav"
url = "https://dav.example.com/"

[[jmap]]
url = "https://jmap.example.com/session"

[mta_sts]
mode = "enforce"
mx = ["mx.example.com"]
max_age_seconds = 86400
"#;

fn server() -> Server {
    let text = profile("example.com", &domains(&["example.com"]), &(SERVERS.to_owned() + SERVICES));
    Files::new("", &[("a.toml", &text)]).serve()
}

/// GET, or POST with a request for Autodiscover.
fn ask(server: &Server, method: &str, target: &str) -> Response {
    let body =
        "<Autodiscover><Request><EMailAddress>jane@example.com</EMailAddress></Request></Autodiscover>";
    let host = if target.contains("mta-sts") { "mta-sts.example.com" } else { "example.com" };
    let body = if method == "POST" { body } else { "" };
    server.request(method, host, target, &[], body.as_bytes()).timeless()
}

/// Every path that mail programs request, with every kind of surplus slash. Nothing is redirected.
#[test]
fn surplus_slashes_change_no_answer_for_mail_programs() {
    let server = server();
    let is_of_people = |path: &str| {
        let files = ["/", "/favicon.ico", "/robots.txt", "/.well-known/security.txt"];
        files.contains(&path) || path.starts_with("/setup") || path.starts_with("/assets/")
    };
    let mut count = 0;
    for path in waypost::http::paths().filter(|path| !is_of_people(path)) {
        let path = path.replace("{domain}", "example.com").replace("{address}", "jane@example.com");
        let method = if path == "/autodiscover/autodiscover.xml" { "POST" } else { "GET" };
        let query = "?Email=jane@example.com&Protocol=AutodiscoverV1&emailaddress=jane@example.com";
        let plain = ask(&server, method, &(path.clone() + query));
        assert!([200, 307].contains(&plain.status), "{path}: {plain:?}");
        let inner = path[..1].to_owned() + &path[1..].replace('/', "//");
        for spelling in
            [format!("/{path}"), format!("//{path}"), format!("{path}/"), format!("{path}///"), inner]
        {
            assert_eq!(ask(&server, method, &(spelling.clone() + query)), plain, "{spelling}");
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
}

/// A path that is not served stays an empty 404, with and without surplus slashes.
#[test]
fn surplus_slashes_make_no_path_served() {
    let server = server();
    for path in [
        "//",
        "/setup/",
        "/robots.txt/",
        "//setup",
        "/mail/",
        "//mail//config-v1.1.xml.bak",
        "/autodiscover/",
        "/autodiscover//autodiscover.xml/more",
        "/v1.1//",
        "//metrics",
        "//healthz",
    ] {
        ask(&server, "GET", path).assert_empty(404);
    }
}
