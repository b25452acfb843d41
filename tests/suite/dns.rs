//! `waypost dns`: the checklist in reference/beyond 2.3.

use std::process::Output;
use std::time::Duration;

use hickory_resolver::proto::op::ResponseCode;
use waypost::dns::{RecordData, RecordStatus, Records, Resolver, compare};

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
    assert_eq!(code(&output), 0);
    assert_document("dns/q.com.zone", out(&output));
    assert_eq!(
        err(&output),
        "warning: the target of autoconfig.q.com, autodiscover.q.com, ua-auto-config.q.com, _autodiscover._tcp.q.com is \
         unknown\nhint: set the host name of Waypost in waypost.toml: [dns] target = \"config.example.net\", or \
         public_url\n"
    );
    let output = waypost(".", &["dns", "qwestoffice.net"]);
    assert_document("dns/qwestoffice.net.zone", out(&output));
    let plain = "warning: _pop3._tcp.qwestoffice.net is left out, since pop.qwestoffice.net:110 has no encryption\n\
                 hint: no action needed unless the mail server supports encryption\n";
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
    assert_eq!(
        err(&output),
        "warning: autoconfig.example.com, autodiscover.example.com cannot be an alias (CNAME) of \
         autodiscover.example.com, and its addresses are unknown\nhint: set them: [dns] addresses = \
         [\"192.0.2.1\"] in waypost.toml\n"
    );
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
    let records =
        Records::of(&config.directory.served(&domain).unwrap(), &config.settings, &config.directory);
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
    let wildcard = "error: invalid value '*.example.org' for '<DOMAIN>': a wildcard has no records of its own; name a \
                    domain below it";
    assert_eq!(said("*.example.org"), (2, wildcard.into()));
    let address = "error: invalid value 'jane@example.com' for '<DOMAIN>': write the domain alone, without the \
                   part up to the @";
    assert_eq!(said("jane@example.com"), (2, address.into()));
    assert_eq!(said("example.co"), (1, "error: example.co is not a domain of any profile".into()));
    assert_eq!(said("shop.example.org"), (0, String::new()));
}

fn records(texts: &[&str]) -> Reply {
    Reply::Records(texts.iter().map(|text| (*text).to_owned()).collect())
}

/// Serves the zone and the addresses of the service's host, with some answers replaced.
fn serve(zone: &str, replaced: &[(&str, Reply)]) -> NameServer {
    let host = [
        ("config.example.net A", records(&["A 192.0.2.7"])),
        ("config.example.net AAAA", records(&["AAAA 2001:db8::7"])),
    ];
    NameServer::of_zone(zone, &[&host, replaced].concat())
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
    let zone = zone(&files, "example.com");
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
    let server = serve(&zone, wrong);
    let output = check(&files, &server, &[]);
    let error = format!(
        "error: {} did not answer 2 of 20 questions\nhint: ask another name server: --resolver 192.0.2.1\n",
        server.address
    );
    assert_eq!((code(&output), err(&output)), (2, error.as_str()));
    assert_document("dns/check.txt", out(&output));
    let json = check(&files, &server, &["--format", "json"]);
    assert_eq!(code(&json), 2);
    assert_document("dns/check.json", out(&json));
    // Without failed lookups the result is a finding.
    let fewer: Vec<_> = wrong
        .iter()
        .filter(|(_, reply)| !matches!(reply, Reply::Code(ResponseCode::ServFail | ResponseCode::Refused)))
        .cloned()
        .collect();
    let output = check(&files, &serve(&zone, &fewer), &[]);
    assert_eq!(code(&output), 1, "{}", out(&output));
}

#[test]
fn reports_a_silent_name_server_within_the_timeout() {
    let files = provider(SETTINGS, &["example.com"]);
    let config = files.load();
    let domain = "example.com".parse().unwrap();
    let records =
        Records::of(&config.directory.served(&domain).unwrap(), &config.settings, &config.directory);
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
    assert!(out(&output).lines().all(|line| line.starts_with("could not ask")), "{}", out(&output));
}

#[test]
fn leaves_out_names_that_are_too_long() {
    let labels = ["a"; 4].map(|letter| letter.repeat(60)).join(".");
    let long = format!("{labels}.example");
    assert_eq!(long.len(), 251);
    let output = dns(&provider(SETTINGS, &[&long]), &[&long]);
    assert_eq!(code(&output), 0);
    assert!(out(&output).lines().count() <= 1, "{}", out(&output));
    let said = err(&output).lines().next().unwrap();
    assert!(
        said.starts_with("warning: _imaps._tcp.")
            && said.ends_with("longer than 253 octets, the limit of the DNS")
    );
}

/// Records that a domain has in addition to, or instead of, the expected ones.
#[test]
fn reports_wrong_targets_as_different_and_unknown_targets_as_findings() {
    let verdict = |settings: &str, question: &str, reply: Reply| {
        let files = provider(settings, &["example.com"]);
        let output = dns(&files, &["example.com"]);
        let server = serve(out(&output), &[(question, reply)]);
        let output = check(&files, &server, &[]);
        let name = question.split(' ').next().unwrap();
        let line = out(&output).lines().find(|line| line.contains(name) && !line.starts_with("ok"));
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
    for (reply, word) in [(Reply::NoData, "different"), (records(&["A 192.0.2.9"]), "different")] {
        let (code, found) = verdict(SETTINGS, "config.example.net A", reply.clone());
        assert_eq!((code, found.as_deref()), (1, Some(word)), "{reply:?}");
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
    assert!(out(&output).lines().all(|line| line.starts_with("ok")) && code(&output) == 1);
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
        (2, "error: invalid value 'ns.example' for '--resolver <ADDR>': write an IP address, like 192.0.2.1 or \
             192.0.2.1:5353".into())
    );
    assert_eq!(
        said(&["example.com", "--check", "--format", "powerdns"]),
        (2, "error: --check prints text or JSON".into())
    );
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
    assert_eq!(imaps, ["0 1 993 imap.example.com.", "1 1 1993 imap.example.com."]);
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
