//! All documents of a profile name the same servers: XML, JSON, property list and DNS, compared in pairs.

use std::collections::{BTreeMap, BTreeSet};

use roxmltree::Document;
use waypost::address::Domain;
use waypost::config::Config;
use waypost::dns::{Denials, RecordData, Records};
use waypost::documents::RenderedProfile;
use waypost::documents::accept_language::Languages;
use waypost::documents::mobileconfig::MobileConfig;
use waypost::documents::pacc::Configuration;
use waypost::profile::Profile;

use crate::common::Files;
use crate::common::SERVERS;
use crate::common::domains;
use crate::common::profile;
use crate::common::shipped;
use crate::grid::ENDPOINTS;
use crate::grid::grid;
use crate::grid::server;
use crate::mobileconfig::read;

/// Host and port of the preferred server for each protocol and security.
type Servers = BTreeMap<(String, String), (String, u16)>;

/// The servers of each document.
fn servers_of_documents(config: &Config, index: usize, domain: &Domain) -> Vec<(&'static str, Servers)> {
    let entry = &config.directory.entries()[index];
    let whole = of_autoconfig(&entry.documents.all_servers.fill(domain));
    let mut documents = vec![
        ("autoconfig", first(of_autoconfig(&entry.documents.autoconfig.fill(domain)))),
        ("Autodiscover", first(of_autodiscover(entry, domain))),
        ("DNS", of_dns(config, domain)),
    ];
    if let Some(pacc) = &entry.documents.pacc {
        documents.push(("PACC", of_pacc(&pacc.fill(domain))));
    }
    if let Ok(mobileconfig) = &entry.documents.mobileconfig {
        documents.push(("mobileconfig", of_mobileconfig(mobileconfig, domain, &whole)));
    }
    documents.push(("all servers", first(whole)));
    documents
}

type Server = (String, String, String, u16);

fn first(servers: Vec<Server>) -> Servers {
    let mut first = Servers::new();
    for (protocol, security, host, port) in servers {
        first.entry((protocol, security)).or_insert((host, port));
    }
    first
}

fn of_autoconfig(bytes: &[u8]) -> Vec<Server> {
    let text = std::str::from_utf8(bytes).unwrap();
    let document = Document::parse(text).unwrap();
    let servers = document.descendants().filter(|node| node.tag_name().name().ends_with("Server"));
    servers
        .map(|server| {
            let value = |name: &str| {
                server.children().find(|node| node.has_tag_name(name)).unwrap().text().unwrap().to_owned()
            };
            let protocol = server.attribute("type").unwrap().to_owned();
            (protocol, value("socketType"), value("hostname"), value("port").parse().unwrap())
        })
        .collect()
}

fn of_autodiscover(entry: &RenderedProfile, domain: &Domain) -> Vec<Server> {
    let bytes = entry.documents.autodiscover.fill(&format!("jane@{domain}").parse().unwrap());
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let document = Document::parse(&text).unwrap();
    let protocols = document.descendants().filter(|node| node.tag_name().name() == "Protocol");
    protocols
        .map(|protocol| {
            let value = |name: &str| {
                let child = protocol.children().find(|node| node.tag_name().name() == name);
                child.unwrap().text().unwrap().to_owned()
            };
            let security = match value("Encryption").as_str() {
                "SSL" => "SSL",
                "TLS" => "STARTTLS",
                "None" => "plain",
                other => panic!("{other}"),
            };
            (
                value("Type").to_lowercase(),
                security.to_owned(),
                value("Server"),
                value("Port").parse().unwrap(),
            )
        })
        .collect()
}

/// The SRV records of RFC 6186 and 8314; of several, the record with the lowest priority.
fn of_dns(config: &Config, domain: &Domain) -> Servers {
    let found = config.directory.served(domain).unwrap();
    let records = Records::of(&found, &config.settings, &config.directory, Denials::All);
    let mut servers = Servers::new();
    for set in &records.sets {
        let (protocol, security) = match &*set.name.label {
            "_imaps._tcp" => ("imap", "SSL"),
            "_imap._tcp" => ("imap", "STARTTLS"),
            "_pop3s._tcp" => ("pop3", "SSL"),
            "_pop3._tcp" => ("pop3", "STARTTLS"),
            "_submissions._tcp" => ("smtp", "SSL"),
            "_submission._tcp" => ("smtp", "STARTTLS"),
            _ => continue,
        };
        let srvs = set
            .data()
            .iter()
            .filter_map(|data| if let RecordData::Srv(srv) = data { Some(srv) } else { None });
        let best = srvs.min_by_key(|srv| srv.priority).unwrap();
        if let Some(target) = &best.target {
            servers.insert((protocol.to_owned(), security.to_owned()), (target.to_string(), best.port));
        }
    }
    servers
}

/// PACC uses the registered ports.
fn of_pacc(bytes: &[u8]) -> Servers {
    let protocols = serde_json::from_slice::<Configuration>(bytes).unwrap().protocols;
    assert_eq!(protocols.smtp, protocols.submit);
    let all = [("imap", protocols.imap, 993), ("pop3", protocols.pop3, 995), ("smtp", protocols.submit, 465)];
    all.into_iter()
        .filter_map(|(protocol, host, port)| {
            Some(((protocol.to_owned(), "SSL".to_owned()), (host?.host, port)))
        })
        .collect()
}

/// An Apple profile does not distinguish STARTTLS, so host and port identify the server.
fn of_mobileconfig(config: &MobileConfig, domain: &Domain, all: &[Server]) -> Servers {
    let address = format!("jane@{domain}").parse().unwrap();
    let profile = read(&config.for_address(&address, &Languages::default()));
    let mail = profile["PayloadContent"].as_array().unwrap()[0].as_dictionary().unwrap().clone();
    let is_imap = mail["EmailAccountType"].as_string() == Some("EmailTypeIMAP");
    [("Incoming", if is_imap { "imap" } else { "pop3" }), ("Outgoing", "smtp")]
        .into_iter()
        .map(|(way, protocol)| {
            let host = mail[&format!("{way}MailServerHostName")].as_string().unwrap();
            let port = mail[&format!("{way}MailServerPortNumber")].as_unsigned_integer().unwrap();
            let uses_tls = mail[&format!("{way}MailServerUseSSL")].as_boolean().unwrap();
            let is_it = |server: &&Server| {
                (server.0.as_str(), server.2.as_str(), u64::from(server.3)) == (protocol, host, port)
            };
            let found =
                all.iter().find(is_it).unwrap_or_else(|| panic!("{protocol} {host}:{port} is no server"));
            assert!(uses_tls && found.1 != "plain", "{protocol} {host}:{port} is not secured");
            let has_tls_server = all.iter().any(|server| server.0 == protocol && server.1 == "SSL");
            assert!(found.1 == "SSL" || !has_tls_server, "TLS from the first byte comes first");
            ((protocol.to_owned(), found.1.clone()), (host.to_owned(), u16::try_from(port).unwrap()))
        })
        .collect()
}

/// If two documents name a server of the same protocol and security, it is the same server.
fn compare(config: &Config, index: usize, domain: &Domain) -> usize {
    let documents = servers_of_documents(config, index, domain);
    assert_present(&config.directory.entries()[index].profile, &documents);
    let mut compared = 0;
    for (i, (one, servers)) in documents.iter().enumerate() {
        for (other, others) in &documents[i + 1..] {
            for (what, server) in servers {
                // PACC has one port for each protocol, and an alternative server may use it.
                let is_alternative_port = *one == "PACC" || *other == "PACC";
                let is_alternative_port =
                    is_alternative_port && documents.last().unwrap().1[what].1 != registered(&what.0);
                if let Some(theirs) = others.get(what).filter(|_| !is_alternative_port) {
                    assert_eq!(server, theirs, "{one} and {other} differ about {what:?} of {domain}");
                    compared += 1;
                }
            }
        }
    }
    compared
}

/// Every document contains all servers that it can express.
fn assert_present(profile: &Profile, documents: &[(&str, Servers)]) {
    let of =
        |name: &str| documents.iter().find(|(document, _)| *document == name).map(|(_, servers)| servers);
    let keys = |servers: &Servers| servers.keys().cloned().collect::<BTreeSet<_>>();
    let whole = keys(of("all servers").unwrap());
    let secured: BTreeSet<_> = whole.iter().filter(|(_, security)| security != "plain").cloned().collect();
    assert_eq!(keys(of("DNS").unwrap()), secured, "DNS has every secured server");
    let protocols = |keys: &BTreeSet<(String, String)>| {
        keys.iter().map(|(protocol, _)| protocol.clone()).collect::<BTreeSet<_>>()
    };
    for document in ["autoconfig", "Autodiscover"] {
        assert_eq!(protocols(&keys(of(document).unwrap())), protocols(&whole), "{document}");
    }
    if !profile.servers().all(|server| server.authentication.takes_password()) {
        return;
    }
    let has = |protocol: &str| protocols(&secured).contains(protocol);
    let is_expressible = (has("imap") || has("pop3")) && has("smtp");
    assert_eq!(of("mobileconfig").is_some(), is_expressible);
    let on_registered = |protocol: &str| {
        profile.servers().any(|server| {
            server.protocol.into_str() == protocol
                && server.socket_type.into_str() == "SSL"
                && server.port.get() == registered(protocol)
        })
    };
    let mut expected: BTreeSet<_> =
        ["imap", "pop3", "smtp"].into_iter().filter(|protocol| on_registered(protocol)).collect();
    if !expected.contains("imap") && !expected.contains("pop3") {
        expected.clear();
    }
    let pacc = of("PACC").map(|servers| protocols(&keys(servers))).unwrap_or_default();
    assert_eq!(pacc.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected, "PACC");
}

fn registered(protocol: &str) -> u16 {
    match protocol {
        "imap" => 993,
        "pop3" => 995,
        _ => 465,
    }
}

/// Two servers for each protocol, on different hosts, with any two ports and securities.
fn with_alternatives() -> Vec<String> {
    let mut profiles = Vec::new();
    for first in ENDPOINTS {
        for second in ENDPOINTS {
            let two = |direction: &str, protocol: &str, first, second| {
                let alternative = server(direction, protocol, second, "");
                server(direction, protocol, first, "")
                    + &alternative.replace(".example.com", "2.%EMAILDOMAIN%")
            };
            profiles.push(two("incoming", "imap", first, second) + &two("outgoing", "smtp", second, first));
        }
    }
    profiles
}

#[test]
fn all_documents_agree_for_every_shipped_domain() {
    let config = shipped();
    let mut compared = 0;
    for domain in config.directory.domains() {
        let domain: Domain = domain.parse().unwrap();
        let index = config.directory.profile_of(&domain).unwrap().index();
        compared += compare(&config, index, &domain);
    }
    assert!(compared > 18 * 10, "{compared}");
}

#[test]
fn all_documents_agree_for_every_generated_profile() {
    let mut profiles = Vec::new();
    grid(|servers| profiles.push(servers));
    profiles.extend(with_alternatives());
    let compared: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = profiles
            .chunks(1000)
            .map(|chunk| {
                scope.spawn(|| {
                    let files = Files::new("", &[]);
                    for (i, servers) in chunk.iter().enumerate() {
                        let id = format!("p{i}.example.com");
                        files.write(
                            &format!("profiles/{i:04}.toml"),
                            &profile(&id, &domains(&[&id]), servers),
                        );
                    }
                    let config = files.load();
                    let entries = config.directory.entries();
                    (0..entries.len()).map(|i| compare(&config, i, &entries[i].profile.id)).sum::<usize>()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(compared > 10 * profiles.len(), "{compared}");
}

/// Compares `host:port/path` of each service in all documents that name it.
#[test]
fn all_documents_agree_about_calendars_address_books_and_jmap() {
    let urls = [
        "https://dav.example.net/a/",
        "https://dav.%EMAILDOMAIN%/%EMAILDOMAIN%/",
        "https://dav.example.net:8443/a/",
        "https://dav.example.net/",
        "http://dav.example.net/a/",
        "https://dav.example.net/%EMAILADDRESS%/",
        "https://%EMAILLOCALPART%.example.net/a/",
        "https://192.0.2.1/a/",
        "https://dav.bücher.example/ä/",
    ];
    let methods = ["[]", "[\"http:Basic\"]", "[\"OAuth2\"]", "[\"http:Negotiate\"]"];
    let domain: Domain = "example.com".parse().unwrap();
    for first in urls {
        for method in methods {
            let service = |kind: &str, typ: &str, url: &str, method: &str| {
                format!("[[{kind}]]\ntype = \"{typ}\"\nurl = \"{url}\"\nauthentication = {method}\n")
            };
            // The service before has another type, and the service behind is the second of its type.
            let text = SERVERS.to_owned()
                + &service("calendar", "ical", "https://other.example/ical/", "[]")
                + &service("calendar", "caldav", first, method)
                + &service("calendar", "caldav", "https://other.example/second/", "[]")
                + &service("addressbook", "carddav", first, method)
                + &format!("[[jmap]]\nurl = \"{first}\"\n");
            let text = profile("example.com", &domains(&["example.com"]), &text);
            let files = Files::new("", &[("a.toml", &text)]);
            let config = files.load();
            let server = files.serve();
            for (dav, secured, plain, path) in [
                ("caldav", "_caldavs._tcp", "_caldav._tcp", "/.well-known/caldav"),
                ("carddav", "_carddavs._tcp", "_carddav._tcp", "/.well-known/carddav"),
                ("jmap", "_jmap._tcp", "", "/.well-known/jmap"),
            ] {
                let by_dns = dav_of_dns(&config, &domain, secured, plain);
                let redirect = server.get("example.com", path).header("location").map(str::to_owned);
                let pacc = server.get("example.com", "/.well-known/user-agent-configuration.json");
                let pacc: serde_json::Value = serde_json::from_slice(&pacc.body).unwrap();
                let pacc = pacc["protocols"][dav]["url"].as_str().map(str::to_owned);
                let apple = dav_of_mobileconfig(&config, dav);
                let about = format!("{dav} at {first} by {method}");
                // If PACC names the service, its URL is the target of the redirect.
                assert!(pacc.is_none() || pacc == redirect, "{about}");
                let is_by_name = !first.contains("192.0.2.1") && !first.contains("//%");
                assert_eq!(
                    by_dns.is_some(),
                    is_by_name && (dav != "jmap" || first.starts_with("https")),
                    "{about}"
                );
                if let (Some((host, _)), Some(url)) = (&by_dns, &redirect) {
                    let rest = url.split_once("://").unwrap().1;
                    let authority = rest.split('/').next().unwrap();
                    let port = if url.starts_with("https") { ":443" } else { ":80" };
                    let authority = if authority.contains(':') {
                        authority.to_owned()
                    } else {
                        authority.to_owned() + port
                    };
                    assert_eq!(host, &authority, "{about}");
                }
                if let (Some((_, Some(path))), Some(url)) = (&by_dns, &redirect) {
                    assert!(dav == "jmap" || url.ends_with(path.as_str()), "{about}: {url} {path}");
                }
                let is_expressible = dav != "jmap"
                    && is_by_name
                    && first.starts_with("https")
                    && (method == "[]" || method.contains("Basic"));
                assert_eq!(apple.is_some(), is_expressible, "{about}");
                if let Some(apple) = apple {
                    assert_eq!(Some(&apple), by_dns.as_ref().map(|(host, _)| host), "{about}");
                }
            }
        }
    }
}

/// Host and port, and the path if it is the same for all addresses.
fn dav_of_dns(
    config: &Config,
    domain: &Domain,
    secured: &str,
    plain: &str,
) -> Option<(String, Option<String>)> {
    let found = config.directory.served(domain).unwrap();
    let records = Records::of(&found, &config.settings, &config.directory, Denials::All);
    let sets = |label: &str| records.sets.iter().filter(|set| set.name.label == label).collect::<Vec<_>>();
    [secured, plain].into_iter().find_map(|label| {
        let mut authority = None;
        let mut path = None;
        for set in sets(label) {
            match &set.data()[0] {
                RecordData::Srv(srv) => {
                    authority = srv.target.as_ref().map(|host| format!("{host}:{}", srv.port));
                }
                RecordData::Txt(text) => path = text.strip_prefix("path=").map(str::to_owned),
                other => panic!("{other:?}"),
            }
        }
        Some((authority?, path))
    })
}

fn dav_of_mobileconfig(config: &Config, dav: &str) -> Option<String> {
    let mobileconfig = config.directory.entries()[0].documents.mobileconfig.as_ref().unwrap();
    let profile =
        read(&mobileconfig.for_address(&"jane@example.com".parse().unwrap(), &Languages::default()));
    let kind = format!("com.apple.{dav}.account");
    let prefix = if dav == "caldav" { "CalDAV" } else { "CardDAV" };
    let payloads = profile["PayloadContent"].as_array().unwrap();
    let payload = payloads
        .iter()
        .filter_map(|payload| payload.as_dictionary())
        .find(|payload| payload["PayloadType"].as_string() == Some(kind.as_str()))?;
    let host = payload[&format!("{prefix}HostName")].as_string().unwrap();
    let port = payload[&format!("{prefix}Port")].as_unsigned_integer().unwrap();
    Some(format!("{host}:{port}"))
}
