//! The configuration: every problem is reported at once, with its location and a hint.

use std::fs;

use waypost::address::Domain;
use waypost::config::{Config, LoadError};

use crate::certificates;
use crate::certificates::Chain;
use crate::certificates::Key;
use crate::common::Files;
use crate::common::SERVERS;
use crate::common::domains;
use crate::common::profile;
use crate::common::server;
use crate::common::shipped;
use crate::common::uncommented;
use crate::common::valid_settings;

/// The whole report on a configuration with every mistake in it, compared with a file.
#[test]
fn reports_every_problem_of_every_file_at_once() {
    let wrong = r#"id = "Not A Host"
display_name = "This name is a good deal longer than the sixty characters that the draft allows"
display_short_name = 7
domains = ["first.example", "co.uk", "two words.example", "first.example", "*.com", 5]
domainss = ["x.example"]
mx_hosts = ["net"]

[[incoming]]
type = "imap"
hostname = "imap_server.example"
port = 0
socket_type = "TLS"
authentication = ["password", "OAuth2"]
username = "%EMAILADDRES%"
leave_messages_on_server = true

[[incoming]]
type = "smtp"
hostname = "192.0.2.1"
port = 70000
socket_type = "starttls"
username = "%REALNAME%"

[[outgoing]]
type = "smtp"
port = "587"
socket_typ = "STARTTLS"
hostname = "smtp.%EMAILADDRESS%"

[limits]
mailbox = "lots"
attachments = "1 MB"
"#;
    let legacy = profile("legacy.example", &domains(&["first.example", "bücher.example"]), SERVERS);
    let same_id = profile("legacy.example", &domains(&["XN--BCHER-KVA.example."]), SERVERS);
    let empty = "id = \"empty.example\"\ndisplay_name = \"Empty\"\n";
    let syntax = "id = \"syntax.example\"\ndomains = [\"syntax.example\n\n[[incoming]\n";
    let no_outgoing = profile(
        "receiver.example",
        &domains(&["receiver.example"]),
        &server("incoming", "imap", 993, "SSL", ""),
    );
    let list = profile("list.example", "domains_file = \"list.txt\"\n", SERVERS);
    let missing_list = profile("lost.example", "domains_file = \"nowhere.txt\"\n", SERVERS);
    let xml = r#"<?xml version="1.0"?>
<clientConfig version="1.1">
  <emailProvider id="provider.example">
    <domain>provider.example</domain>
    <domain>not a domain</domain>
    <displayName>Rock &amp; Roll</displayName>
    <displayShortName>Rock</displayShortName>
    <incomingServer type="imapp">
      <hostname>imap.provider.example</hostname>
    </incomingServer>
    <incomingServer type="imap">
      <hostname>imap.provider.example</hostname>
      <port>99999</port>
      <socketType>ssl</socketType>
      <authentication>password</authentication>
      <username>%EMAILADDRESS</username>
    </incomingServer>
    <outgoingServer type="smtp">
      <port>465</port>
      <socketType>SSL</socketType>
      <username>%EMAILADRESS%</username>
    </outgoingServer>
  </emailProvider>
</clientConfig>
"#;
    let services = profile("services.example", &domains(&["services.example"]), SERVERS)
        + r#"
[[jmap]]
authentication = ["http Basic"]
session = "https://jmap.example/"

[[calendar]]
type = "cal dav"
url = "dav.example/"

[calendars]
url = "https://dav.example/"

[sieve]
port = 0
host = "sieve.example"

[oauth2]
issuer = "https://login.example"

[mobileconfig]
consent = {}
descripton = { en = "A" }

[mta_sts]
mode = "strict"
mx = ["*.*.example", 7]
max_age_seconds = 99999999
"#;
    let texts = profile("texts.example", &domains(&["texts.example"]), SERVERS)
        + "[[documentation]]\nurl = \"https://a.example/%EMAILADRESS%\"\ndescr = \"Help\"\n\
           [mobileconfig]\nconsent = { english = \"A\" }\ndescription = { de = \"A\", DE = \"B\", default = \"C\" }\n";
    let webmail =
        profile("webmail.example", &domains(&["webmail.example"]), "webmail = \"mail.example\"\n") + SERVERS;
    let files = Files::new(
        r#"listen = ["localhost:80", "127.0.0.1:8080"]
listn = []
public_url = "http://mail.example.net"
trusted_proxies = ["10.0.0.0/99"]
[limits]
max_connections = 0
[signing]
certificate = ""
keys = "key.pem"
[dns]
target = "192.0.2.1"
addresses = ["config.example.net", "192.0.2.1", "192.0.2.1"]
ttl = 5
ttl_seconds = 1000000
[admin]
"#,
        &[
            ("a-wrong.toml", wrong),
            ("b-legacy.toml", &legacy),
            ("c-same-id.toml", &same_id),
            ("d-empty.toml", empty),
            ("e-syntax.toml", syntax),
            ("f-no-outgoing.toml", &no_outgoing),
            ("g-list.toml", &list),
            ("h-missing-list.toml", &missing_list),
            ("i-provider.xml", xml),
            ("j-malformed.xml", "<clientConfig>\n  <emailProvider>\n  </clientConfig>"),
            ("k-html.xml", "<html><body/></html>"),
            ("l-empty.xml", ""),
            ("o-services.toml", &services),
            ("p-webmail.toml", &webmail),
            ("q-texts.toml", &texts),
            ("README", "not a profile"),
            (".hidden.toml", "not read"),
        ],
    );
    files.write("profiles/list.txt", "# comment\n\nlist.example\n  second one.example # why\nlist.example\n");
    fs::create_dir(files.path("profiles/m-folder.toml")).unwrap();
    fs::write(files.path("profiles/n-latin1.toml"), b"id = \"\xFC\"").unwrap();
    let report: String = files.problems().iter().map(|problem| format!("{problem}\n\n")).collect();
    crate::common::assert_document("problems.txt", &report);
}

#[test]
fn ships_a_configuration_without_mistakes() {
    let config = shipped();
    assert_eq!((config.directory.entries().len(), config.directory.domain_count()), (2, 18));
    assert_eq!(config.notes, []);
}

/// The settings in comments of the shipped files work when they are uncommented.
#[test]
fn documents_only_existing_keys() {
    let settings = valid_settings().replace("profile = \"example.com\"", "profile = \"centurylink.net\"");
    let profile = uncommented("config/profiles/centurylink.toml");
    for key in
        ["templates", "public_url", "certificate", "target", "max_connections", "shutdown_timeout_seconds"]
    {
        assert!(settings.contains(&format!("\n{key} =")), "{key}");
    }
    for key in [
        "domains_file",
        "mx_hosts",
        "authentication",
        "username",
        "[[documentation]]",
        "[[jmap]]",
        "[[calendar]]",
        "[[addressbook]]",
        "[sieve]",
        "[oauth2]",
        "[webmail]",
        "[mobileconfig]",
        "[mta_sts]",
        "[page]",
    ] {
        assert!(profile.contains(&format!("\n{key}")), "{key}");
    }
    let files = Files::new(&settings, &[("centurylink.toml", &profile)]);
    files.write("profiles/domains.txt", "example.org\n*.example.org\n");
    files.write("profiles/logo.svg", "<svg/>");
    fs::create_dir(files.path("templates")).unwrap();
    fs::create_dir(files.path("signing")).unwrap();
    let chain = Chain::new(Key::Rsa);
    chain.write(&files.path("signing"));
    certificates::write(&files.path("signing/chain.pem"), &chain.intermediate);
    fs::create_dir(files.path("tls")).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["autoconfig.example.net".to_owned()]).unwrap();
    files.write("tls/fullchain.pem", &params.self_signed(&key).unwrap().pem());
    files.write("tls/privkey.pem", &key.serialize_pem());
    let config = files.load();
    let notes: Vec<_> = config.notes.iter().map(|note| note.message.as_str()).collect();
    let self_signed = "the certificate for autoconfig.example.net is self-signed: mail programs reject it";
    assert_eq!(notes, ["no listener uses TLS", self_signed], "the listener of the example does not");
    assert!(config.signer.is_some() && config.settings.watch);
    assert_eq!(config.certificates[0].names, ["autoconfig.example.net"]);
    let default = Files::new(
        "",
        &[("a.toml", &crate::common::profile("a.example", &domains(&["a.example"]), SERVERS))],
    );
    assert_eq!(config.settings.limits, default.load().settings.limits, "the file shows the defaults");
    assert_eq!(config.settings.trusted_proxies, default.load().settings.trusted_proxies);
    assert_eq!(config.settings.listen, default.load().settings.listen);
    assert_eq!(config.settings.dns.ttl, default.load().settings.dns.ttl);
}

#[test]
fn requires_a_folder_with_a_profile() {
    let empty = Files::new("", &[]).problems();
    assert!(empty[0].contains("contains no profile"), "{empty:?}");
    let lost = Files::new("profiles = \"elsewhere\"", &[]).problems();
    assert!(lost[0].contains("the folder in `profiles` cannot be read"), "{lost:?}");
    assert!(lost[0].contains("--> elsewhere"), "{lost:?}");
}

#[test]
fn reports_a_missing_configuration_file() {
    let folder = tempfile::tempdir().unwrap();
    let error = Config::load(&folder.path().join("waypost.toml")).unwrap_err();
    assert!(matches!(error, LoadError::Unreadable { .. }));
}

#[test]
fn reads_domains_from_a_file() {
    let text = profile("example.com", "domains_file = \"lists/domains.txt\"\n", SERVERS);
    let files = Files::new("", &[("a.toml", &text)]);
    fs::create_dir(files.path("profiles/lists")).unwrap();
    files.write(
        "profiles/lists/domains.txt",
        "# ours\r\nexample.com\r\n\r\n*.example.org # shops\r\nBücher.example\r\n",
    );
    let config = files.load();
    let finds = |name: &str| config.directory.find(Some(&name.parse::<Domain>().unwrap()), || None).is_some();
    assert!(finds("example.com") && finds("a.example.org") && finds("xn--bcher-kva.example"));
    assert!(!finds("example.org"));
    assert_eq!(config.directory.domain_count(), 3);
}

/// cPanel's `/etc/userdomains` and DirectAdmin's `/etc/virtual/domainowners`.
#[test]
fn reads_the_lists_of_domains_and_owners_of_panels() {
    let text = profile("example.com", "domains_file = \"userdomains\"\n", SERVERS);
    let files = Files::new("", &[("a.toml", &text)]);
    files.write(
        "profiles/userdomains",
        "#userdomains v1\nexample.com: alice\n  Shop.example.org:bob\nsub.example.com : alice\n*: nobody\n",
    );
    let config = files.load();
    let domains: Vec<_> = config.directory.domains().collect();
    assert_eq!(domains, ["example.com", "shop.example.org", "sub.example.com"]);
    assert_eq!(config.directory.wildcards().count(), 0);

    files.write(
        "profiles/userdomains",
        "example.com: alice\n: bob\nnot a domain: carol\n*\nexample.org:443\nhttps://example.net\n",
    );
    let problems = files.problems().join("\n");
    for (line, message) in [
        (2, "`` is not a host name: it is empty"),
        (3, "`not a domain` is not a host name: a host name must not contain ` `"),
        (4, "`*` is not a host name: a host name must not contain `*`"),
        (5, "`example.org:443` is not a domain"),
        (6, "`https://example.net` is not a domain"),
    ] {
        let expected = format!("error: {message}\n  --> profiles/userdomains:{line}:1\n");
        assert!(problems.contains(&expected), "{expected}\n{problems}");
    }
}

#[test]
fn prefers_the_exact_domain_then_the_longest_wildcard() {
    let profiles: Vec<(String, String)> =
        [("far", "*.example.org"), ("near", "*.shops.example.org"), ("exact", "one.shops.example.org")]
            .iter()
            .map(|(id, domain)| {
                (format!("{id}.toml"), profile(&format!("{id}.example"), &domains(&[domain]), SERVERS))
            })
            .collect();
    let profiles: Vec<_> = profiles.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let config = Files::new("", &profiles).load();
    let id = |name: &str| {
        let domain: Domain = name.parse().unwrap();
        config.directory.find(Some(&domain), || None).map(|found| found.entry.profile.id.to_string())
    };
    assert_eq!(id("a.example.org").as_deref(), Some("far.example"));
    assert_eq!(id("a.b.shops.example.org").as_deref(), Some("near.example"));
    assert_eq!(id("one.shops.example.org").as_deref(), Some("exact.example"));
    assert_eq!(id("shops.example.org").as_deref(), Some("far.example"));
    assert_eq!(id("example.org"), None);
}

#[test]
fn serves_a_parent_of_mx_hosts_of_two_profiles_only_if_one_lists_it() {
    let one = |mx: &str| profile("one.example", &(domains(&["one.example"]) + mx), SERVERS);
    let two =
        profile("two.example", &(domains(&["two.example"]) + "mx_hosts = [\"mx2.example.net\"]\n"), SERVERS);
    let shared = one("mx_hosts = [\"mx1.example.net\"]\n");
    let files = Files::new("", &[("one.toml", &shared), ("two.toml", &two)]);
    let problems = files.problems();
    assert!(problems[0].starts_with("note: mail exchangers below example.net are in several profiles"));
    let id = |files: &Files, host: &str| {
        let config = files.load();
        let host: Domain = host.parse().unwrap();
        config.directory.find(None, || Some(&host)).map(|found| found.entry.profile.id.to_string())
    };
    assert_eq!(id(&files, "mx2.example.net").as_deref(), Some("two.example"));
    assert_eq!(id(&files, "example.net"), None);
    let named = one("mx_hosts = [\"mx1.example.net\", \"example.net\"]\n");
    let files = Files::new("", &[("one.toml", &named), ("two.toml", &two)]);
    assert!(files.problems().is_empty(), "the parent is listed: {:?}", files.problems());
    assert_eq!(id(&files, "example.net").as_deref(), Some("one.example"));
    assert_eq!(id(&files, "mx2.example.net").as_deref(), Some("two.example"));

    let taken =
        Files::new("", &[("one.toml", &one("mx_hosts = [\"mx2.example.net\"]\n")), ("two.toml", &two)]);
    assert!(
        taken.problems()[0].contains("`mx2.example.net` is in two profiles, `one.example` and `two.example`")
    );
}

/// An address gets the same profile in every protocol: a host that is a domain of another profile is not a mail
/// exchanger's name as well.
#[test]
fn prefers_a_domain_to_an_mx_host_of_the_same_name() {
    let hoster =
        profile("hoster.example", &(domains(&["a.example"]) + "mx_hosts = [\"mx.hoster.net\"]\n"), SERVERS);
    let staff = profile("staff.example", &domains(&["hoster.net"]), SERVERS);
    let files = Files::new("", &[("a.toml", &hoster), ("b.toml", &staff)]);
    assert!(
        files.problems()[0].starts_with("note: requests to hoster.net get another profile"),
        "{:?}",
        files.problems()
    );
    let config = files.load();
    let (customer, host): (Domain, Domain) =
        ("customer.example".parse().unwrap(), "hoster.net".parse().unwrap());
    let found = config.directory.find(Some(&customer), || Some(&host)).unwrap();
    assert_eq!(found.entry.profile.id.as_str(), "staff.example");
    assert!(config.directory.find_address(&customer, Some(&host)).is_none());
    let staff = profile("staff.example", &domains(&["mx.hoster.net"]), SERVERS);
    let problems = Files::new("", &[("a.toml", &hoster), ("b.toml", &staff)]).problems();
    assert!(
        problems[0].starts_with("error: the mail exchanger `mx.hoster.net` is a domain of another profile"),
        "{problems:?}"
    );
}

#[test]
fn accepts_a_private_suffix_as_a_domain() {
    let load = |domain: &str| {
        Files::new("", &[("a.toml", &profile("example.com", &domains(&[domain]), SERVERS))]).problems()
    };
    assert_eq!(load("github.io"), Vec::<String>::new());
    assert!(load("*.github.io")[0].contains("below a public suffix"));
}

/// Notes do not prevent a start, and do not hide errors.
#[test]
fn reports_errors_beside_notes() {
    let noted = "id = \"a.example\"\ndisplay_name = \"A\"\ndisplay_short_name = \"fifteen letters\"\n\
                 domains = [\"a.example\"]\n"
        .to_owned()
        + SERVERS;
    let wrong =
        "id = \"b.a-rather-long-name.example\"\ndisplay_name = \"twenty-five letters, or so\"\ndomains = [\"b.example\"]\n"
            .to_owned()
            + SERVERS;
    let problems = Files::new("", &[("a.toml", &noted), ("b.toml", &wrong)]).problems();
    assert!(problems.iter().any(|p| p.starts_with("error: the short name is missing")), "{problems:?}");
    let named_by_id = wrong.replace("a-rather-long-name.", "");
    let config = Files::new("", &[("b.toml", &named_by_id)]).load();
    assert_eq!(config.directory.entries()[0].profile.display_short_name.as_str(), "b.example");
    let plain = profile("c.example", "", &SERVERS.replace("\"SSL\"", "\"plain\""));
    let problems = Files::new("", &[("c.toml", &plain)]).problems();
    assert!(
        problems.iter().any(|p| p.starts_with("error: profile `c.example` has no domain")),
        "{problems:?}"
    );
}

#[test]
fn reads_provider_files_whose_elements_are_mixed() {
    let server = |tag: &str, kind: &str| {
        format!(
            "<{tag} type=\"{kind}\"><hostname>{kind}.example.com</hostname><port>1</port><socketType>SSL</socketType>\
             <authentication>GSSAPI</authentication><username>%EMAILADDRESS%</username>\
             <authentication>password-cleartext</authentication></{tag}>"
        )
    };
    let file = |inside: &str| {
        format!(
            "<clientConfig version=\"1.1\"><emailProvider id=\"example.com\"><domain>example.com</domain>\
             <displayName>E</displayName>{inside}</emailProvider></clientConfig>"
        )
    };
    let mixed = server("incomingServer", "imap")
        + &server("outgoingServer", "smtp")
        + &server("incomingServer", "pop3");
    let load = |text: &str| Files::new("", &[("a.xml", text)]).problems();
    let problems = load(&file(&mixed));
    assert_eq!(problems, Vec::<String>::new());
    for (text, said) in [
        (
            file(&format!("<displayName>F</displayName>{mixed}")),
            "error: <displayName> appears twice\n  --> profiles/a.xml:1:117",
        ),
        (file("<documentation url=&hellip;/>"), "not well-formed XML: in <documentation>"),
        (file("<documentation url=\"&hellip;\"/>"), "not well-formed XML: in <documentation>"),
        (file("&hellip;"), "not well-formed XML: &hellip; is not defined"),
        (file("&#x1A;"), "not well-formed XML: &#x1A; is not a character that XML allows"),
        (
            file("<!-- \u{1} -->"),
            "not well-formed XML: XML does not allow the character U+0001\n  --> profiles/a.xml:1:122",
        ),
        (file(&mixed) + "<junk/>", "not well-formed XML: <junk> is a second root element"),
        (file(&mixed) + "junk", "text outside the root"),
        (file(&mixed).replace("clientConfig", "config"), "the root element is <config>, not <clientConfig>"),
        (file(&mixed).replace("</hostname>", ""), "not well-formed XML"),
    ] {
        let problems = load(&text);
        assert!(problems.len() == 1 && problems[0].contains(said), "{said}: {problems:?}");
    }
}

#[test]
fn reads_provider_files_in_utf_16() {
    let text = fs::read_to_string("tests/data/provider/example.net.xml").unwrap().replace("UTF-8", "UTF-16");
    let files = Files::new("", &[("a.xml", "")]);
    let write = |content: &[u8]| fs::write(files.path("profiles/a.xml"), content).unwrap();
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        write(&format!("\u{FEFF}{text}").encode_utf16().flat_map(bytes).collect::<Vec<_>>());
        assert_eq!(files.problems(), Vec::<String>::new());
    }
    for (content, message, place) in [
        (text.as_bytes(), "it declares the encoding UTF-16, but is read as UTF-8", "1:1"),
        (b"<clientConfig>\n\xC3\xA4\xE4", "it is not UTF-8", "2:2"),
        (b"\xFE\xFF\0<\xDC\0", "it is not UTF-16: a lone surrogate", "1:2"),
    ] {
        write(content);
        let problems = files.problems();
        let said = format!("error: the profile cannot be read: {message}\n  --> profiles/a.xml:{place}\n");
        assert!(problems.len() == 1 && problems[0].starts_with(&said), "{said}: {problems:?}");
    }
}

#[test]
fn reports_missing_parts_of_a_provider_file() {
    let file = "<clientConfig><emailProvider><domain>example.com</domain><displayName>E</displayName>\
                <incomingServer/><outgoingServer type=\"smtp\"><hostname>a.example</hostname><port>+25</port>\
                <socketType>SSL</socketType></outgoingServer></emailProvider></clientConfig>";
    let problems = Files::new("", &[("a.xml", file)]).problems();
    for said in
        ["<emailProvider> has no id", "<incomingServer> has no type", "<port> is +25, which is not a port"]
    {
        assert!(problems.iter().any(|problem| problem.contains(said)), "{said}: {problems:?}");
    }
    // The empty server lacks its host, port and socket type too.
    assert_eq!(problems.len(), 6);
}

#[test]
fn suggests_corrections_for_common_mistakes() {
    let load = |text: &str| Files::new("", &[("a.toml", text)]).problems();
    let text = profile("example.com", &domains(&["example.com"]), SERVERS);
    for (from, to, said) in [
        ("[[incoming]]", "[incoming]", "hint: write [[incoming]], with two brackets on each side"),
        ("\"imap\"", "\"imaps\"", "hint: write \"imap\""),
        ("\"smtp\"", "\"imap\"", "hint: IMAP and POP3 servers are incoming servers"),
        ("[\"example.com\"]", "\"example.com\"", "hint: write the value in square brackets: [ ... ]"),
        ("993", "\"993\"", "hint: write it like 993, without quotes"),
        (
            "[\"example.com\"]",
            "[\"example.com\"",
            "error: the list of `domains` is incomplete, or a comma is missing in it",
        ),
    ] {
        let problems = load(&text.replacen(from, to, 1));
        assert!(problems.len() == 1 && problems[0].contains(said), "{said}: {problems:?}");
    }
    let twice = Files::new("listen = [\"127.0.0.1:1\", \"127.0.0.1:1\"]", &[("a.toml", &text)]).problems();
    assert!(twice[0].contains("`listen` has 127.0.0.1:1 twice"), "{twice:?}");
    assert!(twice[0].contains("--> waypost.toml:1:26"), "{twice:?}");
    for (settings, said) in [
        ("trusted_proxies = [\"::/0\"]", "warning: `trusted_proxies` includes every address"),
        ("trusted_proxy = []", "hint: did you mean `trusted_proxies`?"),
        ("profiles = \"\"", "`profiles` is empty\n  --> waypost.toml:1:12"),
        ("profiles = []", "`profiles` is an array, not a string"),
        ("listen = []", "`listen` is empty: the server has no address\n  --> waypost.toml:1:10"),
    ] {
        let problems = Files::new(settings, &[("a.toml", &text)]).problems();
        assert!(problems.len() == 1 && problems[0].contains(said), "{said}: {problems:?}");
    }
    let capitals = Files::new("", &[("A.TOML", &text)]);
    assert_eq!(capitals.load().directory.domain_count(), 1);
}

#[test]
fn reports_clients_without_a_common_authentication_method() {
    let findings = |methods: &str| {
        let servers = SERVERS.replacen("port = 993", &format!("port = 993\nauthentication = {methods}"), 1);
        Files::new("", &[("a.toml", &profile("example.com", &domains(&["example.com"]), &servers))])
            .findings()
    };
    assert_eq!(findings("[\"OAuth2\", \"password-cleartext\"]"), Vec::<String>::new());
    assert!(findings("[\"OAuth2\"]")[0].contains("the only method is OAuth2"));
    assert!(findings("[\"NTLM\"]")[0].contains("some clients cannot log in with NTLM"));
    assert!(findings("[\"GSSAPI\", \"password-cleartext\"]")[0].contains("autoconfig leaves out GSSAPI"));
}

/// `[[jmap]]` and `webmail = "..."` are short forms.
#[test]
fn reads_the_short_form_like_the_long_one() {
    let profile_of = |more: &str| {
        let text = profile("example.com", &domains(&["example.com"]), &(SERVERS.to_owned() + more));
        let config = Files::new("", &[("a.toml", &text)]).load();
        config.directory.entries()[0].profile.clone()
    };
    let short = profile_of(
        "[[jmap]]\nurl = \"https://jmap.example.com/\"\nauthentication = [\"http:Basic\"]\nusername = \"shop\"\nshared_mailbox = true\n",
    );
    let long = profile_of(
        "[[incoming]]\ntype = \"jmap\"\nurl = \"https://jmap.example.com/\"\nauthentication = [\"http:Basic\"]\n\
         username = \"shop\"\nshared_mailbox = true\n",
    );
    assert_eq!(short, long);
    let profile_of = |webmail: &str, more: &str| {
        let text =
            profile("example.com", &(domains(&["example.com"]) + webmail), &(SERVERS.to_owned() + more));
        let config = Files::new("", &[("a.toml", &text)]).load();
        config.directory.entries()[0].profile.clone()
    };
    assert_eq!(
        profile_of("webmail = \"https://mail.example.com/\"\n", ""),
        profile_of("", "[webmail]\nlogin_page = \"https://mail.example.com/\"\n")
    );
}

/// A profile in place of waypost.toml is one error, and so is waypost.toml among the profiles.
#[test]
fn reports_files_of_the_wrong_kind_once() {
    let text = profile("example.com", &domains(&["example.com"]), SERVERS);
    let settings = "listen = [\"127.0.0.1:8080\"]\n[limits]\nmax_connections = 9\n";
    assert_eq!(
        Files::new(&text, &[("a.toml", &text)]).problems(),
        ["error: this file is a profile, not waypost.toml\n  --> waypost.toml:1:1\nhint: name \
             waypost.toml with \
             --config, and put profiles into the folder in `profiles`"]
    );
    assert_eq!(
        Files::new(settings, &[("a.toml", &text), ("waypost.toml", settings)]).problems(),
        ["error: this file is a waypost.toml, not a profile\n  --> profiles/waypost.toml:1:1\nhint: \
             move it to \
             another folder, or set `profiles` in waypost.toml to another folder"]
    );
}

#[test]
fn rejects_an_admin_listener_that_is_public() {
    let text = profile("example.com", &domains(&["example.com"]), SERVERS);
    let problems = |settings: &str| Files::new(settings, &[("a.toml", &text)]).problems();
    assert_eq!(
        problems("listen = [\"127.0.0.1:9090\"]\n[admin]\nlisten = \"127.0.0.1:9090\"\n"),
        ["error: `listen` in [admin] is 127.0.0.1:9090, which is also a public listener\n  --> \
             waypost.toml:3:10\nhint: \
          choose another port, preferably on loopback"]
    );
    assert!(
        problems("[admin]\nlisten = \"9090\"\n")[0]
            .starts_with("error: `listen` `9090` is not a listen address")
    );
}
