//! `waypost dns`: the checklist in reference/beyond 2.3.

use std::process::Output;
use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;
use waypost::dns::{Denials, RecordData, RecordStatus, Records, Resolver, compare};

use crate::cli::code;
use crate::cli::err;
use crate::cli::out;
use crate::cli::waypost;
use crate::common::Files;
use crate::common::SERVERS;
use crate::common::assert_document;
use crate::common::domains;
use crate::common::profile;
use crate::common::server;
use crate::common::shipped;
use crate::mobileconfig;
use crate::name_server::NameServer;
use crate::name_server::Reply;

/// Settings of a provider with a public URL and known addresses.
const SETTINGS: &str = "public_url = \"https://config.example.net:8443\"\n\
                        [dns]\naddresses = [\"192.0.2.7\", \"2001:db8::7\"]\nttl_seconds = 300\n";

const MORE: &str = r#"
[[incoming]]
type = "imap"
hostname = "imap2.%EMAILDOMAIN%"
port = 993
socket_type = "SSL"

[[incoming]]
type = "pop3"
hostname = "pop.example.net"
port = 110
socket_type = "STARTTLS"

[[outgoing]]
type = "smtp"
hostname = "smtp.example.net"
port = 587
socket_type = "STARTTLS"

[[jmap]]
url = "https://jmap.example.net:8443/session"

[[calendar]]
type = "caldav"
url = "https://dav.example.net/dav/%EMAILDOMAIN%/cal/"

[[addressbook]]
type = "carddav"
url = "http://dav.example.net:8008/dav/%EMAILADDRESS%/"

[sieve]
hostname = "sieve.%EMAILDOMAIN%"

[mta_sts]
mode = "testing"
mx = ["mx.example.net"]
"#;

fn provider(settings: &str, domains_of: &[&str]) -> Files {
    let text = profile("example.net", &domains(domains_of), &(SERVERS.to_owned() + MORE));
    Files::new(settings, &[("a.toml", &text)])
}

fn dns(files: &Files, arguments: &[&str]) -> Output {
    waypost(files.path("."), &[&["dns", "--config", "waypost.toml"], arguments].concat())
}

fn zone(files: &Files, domain: &str) -> String {
    let output = dns(files, &[domain]);
    assert_eq!((code(&output), err(&output)), (0, ""));
    out(&output).to_owned()
}

#[test]
fn writes_every_record_in_every_format() {
    let files = provider(SETTINGS, &["example.com", "bücher.example"]);
    for (format, name) in [
        ("zone", "zone"),
        ("table", "txt"),
        ("json", "json"),
        ("powerdns", "powerdns.json"),
        ("octodns", "octodns.json"),
    ] {
        let output = dns(&files, &["example.com", "--format", format]);
        assert_eq!((code(&output), err(&output)), (0, ""), "{format}");
        assert_document(&format!("dns/example.com.{name}"), out(&output));
        assert_eq!(dns(&files, &["example.com", "--format", format]).stdout, output.stdout, "{format}");
        if format != "zone" && format != "table" {
            serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap();
        }
    }
    assert_document("dns/bücher.example.zone", &zone(&files, "Bücher.example"));
}

#[test]
fn the_shipped_domains_have_records_and_a_hint_for_the_unknown_target() {
    let output = waypost(".", &["dns", "q.com"]);
    assert_eq!(code(&output), 1);
    assert_document("dns/q.com.zone", out(&output));
    assert_eq!(
        err(&output),
        "error: no record for 4 names of q.com: the host name of Waypost is unknown\nhint: in [dns] of \
         waypost.toml, set the host name of Waypost:\n      target = \"config.example.net\"\n"
    );
    let output = waypost(".", &["dns", "qwestoffice.net", "--deny-missing"]);
    assert_document("dns/qwestoffice.net.zone", out(&output));
    let plain = "warning: left out 1 name of qwestoffice.net: the server has no encryption\n\
                 hint: no action is needed unless the server supports TLS\n";
    assert!(err(&output).starts_with(plain), "{}", err(&output));
}

#[test]
fn a_name_that_cannot_be_an_alias_gets_addresses() {
    // The host's own name, and a mail domain, which has other records.
    let domains = ["example.com", "autoconfig.example.com"];
    let settings = |dns: &str| format!("public_url = \"https://autodiscover.example.com\"\n[dns]\n{dns}");
    let files = provider(&settings("addresses = [\"2001:db8::7\"]\n"), &domains);
    let text = zone(&files, "example.com");
    let line = |name: &str| text.lines().filter(|line| line.starts_with(name)).collect::<Vec<_>>();
    assert_eq!(line("autoconfig."), ["autoconfig.example.com.         3600 IN AAAA  2001:db8::7"]);
    assert_eq!(line("autodiscover."), ["autodiscover.example.com.       3600 IN AAAA  2001:db8::7"]);
    let cname = "ua-auto-config.example.com.     3600 IN CNAME autodiscover.example.com.";
    assert_eq!(line("ua-auto-config."), [cname]);
    let output = dns(&provider(&settings(""), &domains), &["example.com"]);
    assert_eq!(code(&output), 1);
    assert_eq!(
        err(&output),
        "error: no record for 2 names of example.com: the addresses are unknown\nhint: in [dns] of \
         waypost.toml, set the addresses of Waypost:\n      addresses = [\"192.0.2.1\"]\n"
    );
    let comments: Vec<_> = out(&output).lines().filter(|line| line.starts_with("; ")).skip(1).collect();
    let expected = [
        "; missing: autoconfig.example.com",
        "; missing: autodiscover.example.com",
        "; reason: no alias (CNAME) is possible, and the addresses of autodiscover.example.com are unknown",
        "; hint: in [dns] of waypost.toml, set the addresses of Waypost:",
        ";   addresses = [\"192.0.2.1\"]",
    ];
    assert_eq!(comments, expected);
    // The zone includes the addresses of a host below the domain.
    let settings = "[dns]\ntarget = \"config.example.com\"\naddresses = [\"192.0.2.7\"]\n";
    let text = zone(&provider(settings, &domains), "example.com");
    assert!(text.contains("\nconfig.example.com.             3600 IN A     192.0.2.7\n"), "{text}");
    // Addresses without a host name are enough.
    let text = zone(&provider("[dns]\naddresses = [\"192.0.2.7\"]\n", &["example.com"]), "example.com");
    assert!(text.contains("autoconfig.example.com.         3600 IN A     192.0.2.7\n"), "{text}");
    assert!(
        text.contains("_autodiscover._tcp.example.com. 3600 IN SRV   0 0 443 autodiscover.example.com.\n")
    );
}

#[test]
fn prefers_implicit_tls_and_denies_services_that_are_not_offered() {
    let config = shipped();
    let domain = "q.com".parse().unwrap();
    let records = Records::of(
        &config.directory.served(&domain).unwrap(),
        &config.settings,
        &config.directory,
        Denials::All,
    );
    let srv = |label: &str| {
        let set = records.sets.iter().find(|set| set.name.label == *label).unwrap();
        match set.data() {
            [RecordData::Srv(srv)] => (srv.priority, srv.target.is_some()),
            other => panic!("{other:?}"),
        }
    };
    assert!(
        srv("_submissions._tcp") < srv("_submission._tcp"),
        "465 before 587, though 587 is the profile's first"
    );
    assert!(srv("_imaps._tcp") < srv("_pop3s._tcp"));
    for label in ["_imap._tcp", "_pop3._tcp", "_jmap._tcp", "_sieve._tcp", "_caldavs._tcp", "_carddavs._tcp"]
    {
        assert_eq!(srv(label), (0, false), "{label}");
    }
}

#[test]
fn rejects_wildcards_addresses_and_domains_that_are_not_served() {
    let files = provider(SETTINGS, &["example.com", "*.example.org"]);
    let said = |domain: &str| {
        let output = dns(&files, &[domain]);
        (code(&output), err(&output).lines().next().unwrap_or_default().to_owned())
    };
    let invalid = |value, hint| format!("error: invalid value '{value}' for '[DOMAIN]...': {hint}");
    assert_eq!(said("*.example.org"), (2, invalid("*.example.org", "name a domain below the wildcard")));
    assert_eq!(said("jane@example.com"), (2, invalid("jane@example.com", "write only the part after the @")));
    assert_eq!(said("example.co"), (1, "error: example.co is not a domain of any profile".into()));
    assert_eq!(said("shop.example.org"), (0, String::new()));
}

fn records(texts: &[&str]) -> Reply {
    Reply::Records(texts.iter().map(|text| (*text).to_owned()).collect())
}

/// Serves the zone and the addresses of all targets, with some answers replaced.
fn serve(zone: &str, replaced: &[(&str, Reply)]) -> NameServer {
    let targets = zone.lines().filter(|line| line.contains(" SRV ") && !line.ends_with(" ."));
    let mut replies: Vec<(String, Reply)> = targets
        .map(|line| line.rsplit(' ').next().unwrap().trim_end_matches('.'))
        .map(|target| (format!("{target} A"), records(&["A 192.0.2.10"])))
        .collect();
    replies.push(("config.example.net A".to_owned(), records(&["A 192.0.2.7"])));
    replies.push(("config.example.net AAAA".to_owned(), records(&["AAAA 2001:db8::7"])));
    let replies: Vec<_> =
        replies.iter().map(|(question, reply)| (question.as_str(), reply.clone())).collect();
    NameServer::of_zone(zone, &[&replies, replaced].concat())
}

fn check(files: &Files, server: &NameServer, more: &[&str]) -> Output {
    let address = server.address.to_string();
    dns(files, &[&["example.com", "--check", "--resolver", &address], more].concat())
}

#[test]
fn reports_ok_if_all_records_are_published() {
    let files = provider(SETTINGS, &["example.com"]);
    let server = serve(&zone(&files, "example.com"), &[]);
    let output = check(&files, &server, &[]);
    assert_eq!((code(&output), err(&output)), (0, ""), "{}", out(&output));
    assert_document("dns/check_ok.txt", out(&output));
}

#[test]
fn reports_each_record_as_ok_missing_different_or_failed() {
    let files = provider(SETTINGS, &["example.com"]);
    let output = dns(&files, &["example.com", "--deny-missing"]);
    let zone = out(&output);
    let digest = zone.lines().find(|line| line.starts_with("_ua-auto-config")).unwrap();
    let digest = digest.split('"').nth(1).unwrap();
    let wrong: &[(&str, Reply)] = &[
        // Order and letter case do not matter.
        (
            "_imaps._tcp.example.com SRV",
            records(&["SRV 1 1 993 IMAP2.Example.com.", "SRV 0 1 993 imap.example.com."]),
        ),
        ("_imap._tcp.example.com SRV", Reply::NoData),
        ("_pop3s._tcp.example.com SRV", Reply::Code(ResponseCode::NXDomain)),
        ("_submissions._tcp.example.com SRV", records(&["SRV 0 1 465 smtp.elsewhere.example."])),
        // One record too many.
        (
            "_submission._tcp.example.com SRV",
            records(&["SRV 10 1 587 smtp.example.net.", "SRV 20 1 587 old.example.net."]),
        ),
        ("_sieve._tcp.example.com SRV", Reply::Code(ResponseCode::ServFail)),
        ("_jmap._tcp.example.com SRV", Reply::Code(ResponseCode::Refused)),
        // The strings of a text are joined, and other texts do not matter.
        (
            "_caldavs._tcp.example.com TXT",
            records(&["TXT \"something else\"", "TXT \"path=/dav/\" \"example.com/cal/\""]),
        ),
        // The next digest is published too, and this one has another notation.
        (
            "_ua-auto-config.example.com TXT",
            records(&[
                "TXT \"v=UAAC1; a=sha256; d=AAAA\"",
                &format!("TXT \"{};x=y;\"", digest.replace("; ", ";")),
            ]),
        ),
        ("_mta-sts.example.com TXT", records(&["TXT \"v=STSv1; id=old\""])),
        // The same addresses instead of a CNAME, and a chain.
        ("autoconfig.example.com CNAME", Reply::NoData),
        ("autoconfig.example.com A", records(&["A 192.0.2.7"])),
        ("autoconfig.example.com AAAA", records(&["AAAA 2001:db8::7"])),
        ("autodiscover.example.com CNAME", records(&["CNAME www.example.com."])),
        ("www.example.com A", records(&["A 192.0.2.80"])),
        ("ua-auto-config.example.com CNAME", records(&["CNAME other.example.net."])),
        ("other.example.net A", records(&["A 192.0.2.7"])),
        ("other.example.net AAAA", records(&["AAAA 2001:db8::7"])),
        ("mta-sts.example.com CNAME", Reply::Code(ResponseCode::NXDomain)),
    ];
    let server = serve(zone, wrong);
    let output = check(&files, &server, &["--deny-missing"]);
    let error = format!(
        "error: {} did not answer 2 of 20 queries\nhint: check the address in --resolver, or remove \
         --resolver to use the system's\n      name server\n",
        server.address
    );
    // A definite error decides.
    assert_eq!((code(&output), err(&output)), (1, error.as_str()));
    assert_document("dns/check.txt", out(&output));
    let json = check(&files, &server, &["--deny-missing", "--format", "json"]);
    assert_eq!(code(&json), 1);
    assert_document("dns/check.json", out(&json));
    // Without an error, a question without an answer leaves the result open.
    let unanswered = [("_sieve._tcp.example.com SRV", Reply::Code(ResponseCode::ServFail))];
    let output = check(&files, &serve(zone, &unanswered), &[]);
    assert_eq!(code(&output), 2, "{}", out(&output));
}

#[test]
fn reports_a_silent_name_server_within_the_timeout() {
    let files = provider(SETTINGS, &["example.com"]);
    let config = files.load();
    let domain = "example.com".parse().unwrap();
    let records = Records::of(
        &config.directory.served(&domain).unwrap(),
        &config.settings,
        &config.directory,
        Denials::All,
    );
    let questions = records.sets.iter().map(|set| (format!("{} {}", set.name, set.kind()), Reply::Silence));
    let server = NameServer::start(questions);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let verdicts = runtime.block_on(async {
        let resolver = Resolver::new(Some(server.address), Duration::from_millis(120)).unwrap();
        compare(&resolver, &records.sets, &[]).await
    });
    assert!(verdicts.iter().all(|verdict| matches!(verdict, RecordStatus::LookupFailed(_))), "{verdicts:?}");
}

#[test]
fn names_an_unreachable_name_server_and_exits_with_2() {
    let files = provider(SETTINGS, &["example.com"]);
    // The socket is bound to reserve the port, and never read.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let output = dns(&files, &["example.com", "--check", "--resolver", &address, "--timeout", "1"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).starts_with(&format!("error: {address} did not answer ")), "{}", err(&output));
    let text = "could not ask  all    example.com\n    no answer within the timeout\n1 domain, 18 \
                records: 18 could not ask\n";
    assert_eq!(out(&output), text);
}

#[test]
fn leaves_out_names_that_are_too_long() {
    let labels = ["a"; 4].map(|letter| letter.repeat(60)).join(".");
    let long = format!("{labels}.example");
    assert_eq!(long.len(), 251);
    let output = dns(&provider(SETTINGS, &[&long]), &[&long]);
    assert_eq!(code(&output), 1);
    assert!(out(&output).lines().all(|line| line.starts_with("; ")), "{}", out(&output));
    assert!(out(&output).contains(&format!("; missing: _imaps._tcp.{long}\n")), "{}", out(&output));
    let said = err(&output).lines().next().unwrap();
    assert!(said.starts_with("error: no record for ") && said.ends_with("at most 253 octets"), "{said}");
}

/// Records that a domain has in addition to, or instead of, the expected ones.
#[test]
fn reports_wrong_targets_as_different_and_unknown_targets_as_findings() {
    let verdict = |settings: &str, question: &str, reply: Reply| {
        let files = provider(settings, &["example.com"]);
        let output = dns(&files, &["example.com"]);
        let server = serve(out(&output), &[(question, reply)]);
        let output = check(&files, &server, &[]);
        let is_finding = |line: &&str| !line.starts_with(['o', ' ', '1']);
        let line = out(&output).lines().find(is_finding);
        (code(&output), line.map(|line| line.split("  ").next().unwrap().to_owned()))
    };
    let old = verdict(
        "[dns]\naddresses = [\"192.0.2.7\"]\n",
        "autoconfig.example.com AAAA",
        records(&["AAAA 2001:db8::dead"]),
    );
    assert_eq!(old, (1, Some("different".into())), "an old address of the other kind");
    for (name, texts) in [
        (
            "_mta-sts.example.com TXT",
            ["TXT \"v=STSv1; id=7b61ad3cfabcef7b1410e90c1a3c34dc;\"", "TXT \"v=STSv1; id=b\""],
        ),
        ("_caldavs._tcp.example.com TXT", ["TXT \"path=/dav/example.com/cal/\"", "TXT \"path=/old/\""]),
    ] {
        assert_eq!(verdict(SETTINGS, name, records(&texts)), (1, Some("different".into())), "{name}");
        assert_eq!(verdict(SETTINGS, name, records(&texts[..1])), (0, None), "{name}");
    }
    // The names are right, but their host has no address or a wrong one.
    for reply in [Reply::NoData, records(&["A 192.0.2.9"])] {
        let (code, found) = verdict(SETTINGS, "config.example.net A", reply.clone());
        assert_eq!((code, found.as_deref()), (1, Some("different")), "{reply:?}");
    }
    let without = "[dns]\ntarget = \"config.example.net\"\n";
    assert_eq!(
        verdict(without, "config.example.net A", records(&["A 192.0.2.9"])),
        (0, None),
        "any address is right"
    );
    let nowhere = verdict(without, "nowhere.example A", Reply::NoData);
    assert_eq!(nowhere, (0, None));
    // Neither name has an address, which is no match.
    let nowhere = verdict(SETTINGS, "autoconfig.example.com CNAME", Reply::NoData);
    assert_eq!(nowhere, (1, Some("missing".into())));
    // Without a known target, the names cannot be compared.
    let files = provider("", &["example.com"]);
    let output = dns(&files, &["example.com"]);
    let output = check(&files, &serve(out(&output), &[]), &[]);
    assert!(out(&output).ends_with(" records: 13 ok\n") && code(&output) == 1, "{}", out(&output));
}

#[test]
fn rejects_options_that_exclude_each_other() {
    let files = provider(SETTINGS, &["example.com"]);
    let said = |arguments: &[&str]| {
        let output = dns(&files, arguments);
        (code(&output), err(&output).lines().next().unwrap_or_default().to_owned())
    };
    assert_eq!(said(&["example.com", "--resolver", "192.0.2.1"]).0, 2);
    assert_eq!(
        said(&["example.com", "--check", "--resolver", "ns.example"]),
        (2, "error: invalid value 'ns.example' for '--resolver <IP[:PORT]>': write an IP address".into())
    );
    assert_eq!(
        said(&["example.com", "--check", "--format", "powerdns"]),
        (2, "error: --check supports only text and JSON".into())
    );
    for several in [&["--all"][..], &["example.com", "example.org"]] {
        for format in ["powerdns", "octodns"] {
            let error = "error: this format supports only one domain";
            assert_eq!(said(&[several, &["--format", format]].concat()), (2, error.into()), "{format}");
        }
    }
    assert_eq!(said(&[]).0, 2);
    assert_eq!(said(&["--all", "example.com"]).0, 2);
}

/// Servers that differ only in settings without an SRV field are one record.
#[test]
fn lists_each_server_once_with_alternatives_last() {
    let servers = server("incoming", "imap", 993, "SSL", "")
        + &server("incoming", "imap", 993, "SSL", "username = \"%EMAILLOCALPART%\"")
        + &server("incoming", "imap", 1993, "SSL", "")
        + &server("outgoing", "smtp", 465, "SSL", "");
    let text = profile("example.com", &domains(&["example.com"]), &servers);
    let zone = zone(&Files::new(SETTINGS, &[("a.toml", &text)]), "example.com");
    let imaps: Vec<_> =
        zone.lines().filter_map(|line| line.strip_prefix("_imaps._tcp.example.com.")).collect();
    let imaps: Vec<_> = imaps.iter().map(|line| line.split("SRV").nth(1).unwrap().trim()).collect();
    assert_eq!(imaps, ["0 0 993 imap.example.com.", "1 0 1993 imap.example.com."]);
}

/// The digest matches the served body.
#[test]
fn publishes_the_digest_of_the_served_document() {
    use base64::Engine;
    use sha2::Digest;

    for (files, domain) in
        [(provider(SETTINGS, &["example.com"]), "example.com"), (mobileconfig::full(), "pop.example")]
    {
        let host = format!("ua-auto-config.{domain}");
        let body = files.serve().get(&host, "/.well-known/user-agent-configuration.json").body;
        let digest = base64::prelude::BASE64_STANDARD.encode(sha2::Sha256::digest(&body));
        let text = out(&dns(&files, &[domain])).to_owned();
        assert!(text.contains(&format!("\"v=UAAC1; a=sha256; d={digest}\"\n")), "{text}");
    }
}

/// The table "DNS" of the field cases: what RFC 2782 leaves to the operator is not compared.
#[test]
fn compares_srv_records_as_clients_read_them() {
    let text = profile("example.net", &domains(&["example.com"]), SERVERS);
    let files = Files::new("[dns]\ntarget = \"config.example.net\"\n", &[("a.toml", &text)]);
    let zone = zone(&files, "example.com");
    let verdict = |name: &str, replies: &[(&str, Reply)]| {
        let output = check(&files, &serve(&zone, replies), &[]);
        assert_eq!(err(&output), "");
        let mut lines =
            out(&output).lines().skip_while(|line| !line.ends_with(&format!("  {name}.example.com")));
        let status = lines.next().unwrap().split("  ").next().unwrap().to_owned();
        let details: Vec<_> = lines.take_while(|line| line.starts_with("    ")).map(str::trim).collect();
        (code(&output), status, details.join("; "))
    };
    let ok = (0, "ok".to_owned(), String::new());
    for (name, record) in [
        ("_imaps._tcp", "SRV 0 5 993 imap.example.com."),
        ("_submissions._tcp", "SRV 10 0 465 smtp.example.com."),
        ("_autodiscover._tcp", "SRV 0 1 443 config.example.net."),
        ("_imap._tcp", "SRV 0 1 143 ."),
        ("_pop3._tcp", "SRV 7 7 7 ."),
    ] {
        let question = format!("{name}.example.com SRV");
        assert_eq!(verdict(name, &[(&question, records(&[record]))]), ok, "{record}");
    }
    for (name, record, found) in [
        ("_imaps._tcp", "SRV 0 0 994 imap.example.com.", "0 0 994 imap.example.com."),
        ("_imaps._tcp", "SRV 0 0 993 .", "0 0 993 ."),
    ] {
        let question = format!("{name}.example.com SRV");
        let details = format!("publish  0 0 993 imap.example.com.; found    {found}");
        let different = (1, "different".to_owned(), details);
        assert_eq!(verdict(name, &[(&question, records(&[record]))]), different, "{record}");
    }
    let nowhere = (1, "unreachable".to_owned(), "imap.example.com has no address".to_owned());
    for reply in [Reply::NoData, Reply::Code(ResponseCode::NXDomain)] {
        assert_eq!(verdict("_imaps._tcp", &[("imap.example.com A", reply)]), nowhere);
    }
    let alias: &[(&str, Reply)] = &[
        ("imap.example.com CNAME", records(&["CNAME mail.example.net."])),
        ("imap.example.com A", records(&["CNAME mail.example.net.", "A 192.0.2.10"])),
        ("mail.example.net A", records(&["A 192.0.2.10"])),
    ];
    let details = "imap.example.com is an alias (CNAME), which RFC 2782 forbids for an SRV target";
    assert_eq!(verdict("_imaps._tcp", alias), (0, "warning".to_owned(), details.to_owned()));
    // An alias of a name without an address.
    let dead = [alias[0].clone(), ("imap.example.com A", Reply::NoData)];
    assert_eq!(verdict("_imaps._tcp", &dead), nowhere);
    let nowhere = [("config.example.net A", Reply::NoData), ("config.example.net AAAA", Reply::NoData)];
    let details = "config.example.net has no address".to_owned();
    assert_eq!(verdict("autoconfig", &nowhere), (1, "unreachable".to_owned(), details));
    let json = check(&files, &serve(&zone, alias), &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let imaps = &json["records"][0];
    assert_eq!((&imaps["status"], &imaps["hosts"][0]), (&"warning".into(), &"imap.example.com".into()));
}

#[test]
fn denies_other_services_than_mail_only_if_asked() {
    let text = profile("example.net", &domains(&["example.com"]), SERVERS);
    let files = Files::new("[dns]\ntarget = \"config.example.net\"\n", &[("a.toml", &text)]);
    let denied = |arguments: &[&str]| {
        let output = dns(&files, &[&["example.com"], arguments].concat());
        assert_eq!((code(&output), err(&output)), (0, ""));
        let lines = out(&output).lines().filter(|line| line.ends_with(" SRV   0 0 0 ."));
        lines.map(|line| line.split('.').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mail = ["_imap", "_pop3s", "_pop3", "_submission"];
    assert_eq!(denied(&[]), mail);
    let others = ["_sieve", "_jmap", "_caldavs", "_caldav", "_carddavs", "_carddav"];
    assert_eq!(denied(&["--deny-missing"]), [&mail[..], &others].concat());
    // `--check` demands the same records that are printed.
    let server = serve(&zone(&files, "example.com"), &[]);
    assert_eq!(code(&check(&files, &server, &[])), 0);
    let output = check(&files, &server, &["--deny-missing"]);
    assert_eq!(code(&output), 1);
    assert!(out(&output).ends_with("\n1 domain, 17 records: 11 ok, 6 missing\n"), "{}", out(&output));
}

/// Three domains and a wildcard in two profiles, of which one cannot have all names.
fn hosting() -> Files {
    let one = profile("one", &domains(&["b.example", "a.example", "*.c.example"]), SERVERS);
    let other = profile("other", &domains(&["config.a.example"]), SERVERS);
    let settings = "[dns]\ntarget = \"autoconfig.b.example\"\n";
    Files::new(settings, &[("one.toml", &one), ("other.toml", &other)])
}

#[test]
fn writes_all_domains_in_order() {
    let files = hosting();
    for (format, name) in [("zone", "all.zone"), ("table", "all.txt"), ("json", "all.json")] {
        let output = dns(&files, &["--all", "--format", format]);
        assert_eq!(code(&output), 1, "{format}");
        assert_document(&format!("dns/{name}"), out(&output));
        let error = "error: no record for 1 name of b.example: the addresses are unknown\n";
        assert!(err(&output).contains(error), "{}", err(&output));
    }
    let json = dns(&files, &["--all", "--format", "json"]);
    let note = "note: left out 1 wildcard: a wildcard has no records\n";
    assert!(err(&json).starts_with(note), "{}", err(&json));
    // Without domains, the output is still valid.
    let files = Files::new("", &[("a.toml", &profile("a", &domains(&["*.a.example"]), SERVERS))]);
    let json = dns(&files, &["--all", "--format", "json"]);
    assert_eq!((code(&json), out(&json)), (0, "[]\n"));
    let zone = dns(&files, &["--all"]);
    let comment = "; left out: *.a.example\n; reason: a wildcard has no records\n; hint: name a domain \
                   below the wildcard\n";
    assert_eq!((code(&zone), out(&zone)), (0, comment));
}

#[test]
fn writes_several_domains_each_once_and_names_those_that_are_not_served() {
    let files = hosting();
    let said = "error: a.exampel is not a domain of any profile\nhint: did you mean a.example?\n";
    let arguments = ["a.example", "a.exampel", "shop.c.example", "a.example"];
    for (format, sign) in [("zone", ";"), ("table", "#")] {
        let output = dns(&files, &[&arguments[..], &["--format", format]].concat());
        assert_eq!((code(&output), err(&output)), (1, said), "{format}");
        let sections: Vec<_> = out(&output).split("\n\n").collect();
        let [first, second, third] = sections[..] else { panic!("{sections:?}") };
        assert_eq!(second, format!("{sign} a.exampel is not a domain of any profile"));
        assert!(first.contains("_imaps._tcp.a.example") && third.contains("_imaps._tcp.shop.c.example"));
    }
    let json = |arguments: &[&str]| {
        let output = dns(&files, &[arguments, &["--format", "json"]].concat());
        (code(&output), serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap())
    };
    let (code, several) = json(&arguments);
    let names: Vec<_> =
        several.as_array().unwrap().iter().map(|one| one["domain"].as_str().unwrap()).collect();
    assert_eq!((code, &names[..]), (1, &arguments[..3]));
    let not_served = serde_json::json!({
        "domain": "a.exampel", "records": [], "omitted": [],
        "error": "a.exampel is not a domain of any profile"
    });
    assert_eq!(several[1], not_served);
    // One domain is an object, the same as in the array.
    assert_eq!(json(&["a.example"]), (0, several[0].clone()));
    assert_eq!(json(&["a.exampel"]), (1, not_served));
}

#[test]
fn reports_missing_names_on_standard_error_if_the_format_has_no_comments() {
    let output = waypost(".", &["dns", "q.com", "--format", "powerdns"]);
    assert_eq!(code(&output), 1);
    let names = "autoconfig autodiscover ua-auto-config _autodiscover._tcp".split(' ');
    let names: String = names.map(|label| format!("  {label}.q.com\n")).collect();
    let error =
        format!("error: no record for 4 names of q.com: the host name of Waypost is unknown\n{names}hint: ");
    assert!(err(&output).starts_with(&error), "{}", err(&output));
    // OctoDNS reads YAML: JSON with comments.
    let output = waypost(".", &["dns", "q.com", "--format", "octodns"]);
    assert_eq!(code(&output), 1);
    let (comments, document) = out(&output).split_at(out(&output).find('{').unwrap());
    assert!(comments.starts_with("# missing: autoconfig.q.com\n"), "{comments}");
    assert!(comments.lines().all(|line| line.starts_with("# ")), "{comments}");
    serde_json::from_str::<serde_json::Value>(document).unwrap();
    // An empty document would delete the records of a zone.
    for format in ["powerdns", "octodns"] {
        let output = waypost(".", &["dns", "q.example", "--format", format]);
        assert_eq!((code(&output), out(&output)), (1, ""));
    }
}

/// Only what is not ok is printed, and a summary.
#[test]
fn compares_all_domains() {
    let files = hosting();
    let zone = dns(&files, &["--all"]);
    let replaced: &[(&str, Reply)] = &[
        ("_imaps._tcp.a.example SRV", Reply::NoData),
        ("autodiscover.b.example CNAME", records(&["CNAME www.b.example."])),
        ("www.b.example A", records(&["A 192.0.2.80"])),
        ("_imap._tcp.config.a.example SRV", Reply::Code(ResponseCode::ServFail)),
    ];
    let server =
        serve(out(&zone), &[&[("autoconfig.b.example A", records(&["A 192.0.2.7"]))], replaced].concat());
    let address = server.address.to_string();
    let output = dns(&files, &["--all", "--check", "--resolver", &address]);
    assert_eq!(code(&output), 1);
    assert_document("dns/check_all.txt", out(&output));
    let json = dns(&files, &["--all", "--check", "--resolver", &address, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let domains: Vec<_> =
        json.as_array().unwrap().iter().map(|one| one["domain"].as_str().unwrap()).collect();
    assert_eq!(domains, ["a.example", "b.example", "config.a.example"]);
    assert_eq!(json[0]["records"][0]["status"], "missing");
    let output = dns(&files, &["a.example", "x.example", "--check", "--resolver", &address]);
    assert!(out(&output).starts_with("missing        SRV    _imaps._tcp.a.example\n"), "{}", out(&output));
    assert!(out(&output).contains("\nnot served            x.example\n2 domains, "), "{}", out(&output));
}

/// At most 8 domains are looked up at a time, and a silent name server ends the comparison.
#[test]
fn stops_if_the_name_server_is_silent() {
    let names: Vec<_> = (10..50).map(|number| format!("d{number}.example")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let files = provider(SETTINGS, &names);
    let zone = dns(&files, &["--all"]);
    let silent = out(&zone).lines().filter(|line| line.contains(" IN ")).map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        (format!("{} {}", words[0].trim_end_matches('.'), words[3]), Reply::Silence)
    });
    let server = NameServer::start(silent);
    let address = server.address.to_string();
    let output = dns(&files, &["--all", "--check", "--resolver", &address, "--timeout", "1"]);
    assert_eq!(code(&output), 2, "{}", out(&output));
    assert!(err(&output).contains(";\nthe other domains were not compared: 32\n"), "{}", err(&output));
    let entry = "could not ask  all    d10.example\n    no answer within the timeout\n";
    assert!(out(&output).starts_with(entry), "{}", out(&output));
    assert!(out(&output).lines().count() == 17, "{}", out(&output));
    let asked: std::collections::BTreeSet<_> =
        server.asked.lock().unwrap().iter().map(|name| name.rsplit('.').nth(1).unwrap().to_owned()).collect();
    assert!(asked.len() < 20, "{asked:?}");
}
