//! The page for people.

use std::fs;

use crate::common::{Files, SERVERS, SHIPPED, assert_document, domains, profile, shipped};

#[test]
fn tells_a_person_what_the_host_is_for() {
    for (host, name) in [("autoconfig.q.com", "q.com"), ("qwestoffice.net", "qwestoffice.net")] {
        let response = SHIPPED.get(host, "/");
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(response.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        assert_document(&format!("page/{name}.html"), response.text());
    }
    SHIPPED.get("unknown.example", "/").assert_empty(404);
    SHIPPED.get("127.0.0.1", "/").assert_empty(404);
}

#[test]
fn shows_every_server_of_every_shipped_profile() {
    for entry in shipped().directory.entries() {
        let page = SHIPPED.get(entry.profile.id.as_str(), "/").text().to_owned();
        for server in entry.profile.servers() {
            assert!(page.contains(server.hostname.as_str()));
            assert!(page.contains(&format!("<td>{}</td>", server.port)));
        }
    }
}

#[test]
fn takes_the_operators_own_template() {
    let text = profile("example.com", &domains(&["example.com"]), SERVERS);
    let files = Files::new("templates = \"mine\"", &[("a.toml", &text)]);
    fs::create_dir(files.path("mine")).unwrap();
    // A folder without it: the built-in one.
    assert!(files.serve().get("example.com", "/").text().contains("Mail settings for example.com"));
    let lost = Files::new("templates = \"nowhere\"", &[("a.toml", &text)]).problems();
    assert!(lost[0].contains("the template is not right: its folder cannot be read"), "{lost:?}");
    files.write("mine/index.html", "{{ display_name }} at {{ domain }}: {{ incoming[0].hostname }}\n");
    assert_eq!(
        files.serve().get("example.com", "/").text(),
        "Example Mail at example.com: imap.example.com\n"
    );
}

#[test]
fn reports_a_template_that_is_not_right() {
    let text = profile("example.com", &domains(&["example.com"]), SERVERS);
    let files = Files::new("templates = \"mine\"", &[("a.toml", &text)]);
    fs::create_dir(files.path("mine")).unwrap();
    for (template, said) in [
        ("a\n{{ domain", "syntax error"),
        ("a\n{{ no_such_thing }}", "undefined value"),
        ("a\n{% for x in incoming %}", "syntax error"),
    ] {
        files.write("mine/index.html", template);
        let problems = files.problems();
        assert!(problems[0].starts_with("error: the template is not right: "), "{problems:?}");
        assert!(problems[0].contains(said), "{problems:?}");
        assert!(problems[0].contains("\n  --> mine/index.html:2:1\n"), "{problems:?}");
    }
}

#[test]
fn escapes_what_a_profile_says() {
    let help = "[[documentation]]\nurl = \"https://example.com/?a=1&b=2\"\ndescr = { en = \"Help <now> & \\\"here\\\"\" }\n";
    let text = profile("example.com", &domains(&["example.com"]), &format!("{SERVERS}{help}"));
    let page = Files::new("", &[("a.toml", &text)]).serve().get("example.com", "/").text().to_owned();
    assert!(page.contains("Help &lt;now&gt; &amp; &quot;here&quot;"), "{page}");
    assert!(page.contains("a=1&amp;b=2"), "{page}");
}
