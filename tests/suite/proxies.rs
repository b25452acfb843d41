//! The files of `deploy/` as they stand, in the proxies that they are for, before Waypost itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use rcgen::SanType;

use crate::certificates::Chain;
use crate::certificates::Key;
use crate::common::Files;
use crate::common::Response;
use crate::common::SERVERS;
use crate::common::domains;
use crate::common::profile;
use crate::pebble;
use crate::sandbox::Mirror;
use crate::sandbox::Program;
use crate::sandbox::Sandbox;
use crate::sandbox::run;
use crate::sandbox::wait_for;

#[test]
#[ignore = "needs nginx, curl, iproute2 and root"]
fn nginx() {
    let Some(sandbox) = Sandbox::enter("proxies::nginx") else { return };
    let nginx = Proxy::nginx(&sandbox);
    nginx.install(&nginx.shipped());
    check(&nginx);
}

/// Site builders add such locations. nginx applies the first regular expression that matches, so the position counts.
#[test]
#[ignore = "needs nginx, curl, iproute2 and root"]
fn nginx_passes_the_paths_on_beside_other_locations_of_a_web_site() {
    const NAME: &str = "proxies::nginx_passes_the_paths_on_beside_other_locations_of_a_web_site";
    const LOCATIONS: &str = "
    location ~ /\\. { deny all; }
    location ~ \\.(xml|json|txt)$ { return 410; }
";

    let Some(sandbox) = Sandbox::enter(NAME) else { return };
    let nginx = Proxy::nginx(&sandbox);
    let shipped = nginx.shipped();
    let start = shipped.find("server_name example.com;\n").unwrap() + "server_name example.com;\n".len();
    let end = shipped.rfind('}').unwrap();
    for position in [start, end] {
        let (before, after) = shipped.split_at(position);
        nginx.install(&format!("{before}{LOCATIONS}{after}"));
        let _mirror = Mirror::at(8080);
        let _running = nginx.start();
        assert_eq!(ask("http", DOMAIN, "/.git/config").status(), 403);
        assert_eq!(ask("http", DOMAIN, "/sitemap.xml").status(), 410);
        for scheme in SCHEMES {
            passes_a_few_paths_of_the_domain_on(scheme);
        }
        serves_the_files_of_challenges();
    }
}

#[test]
#[ignore = "needs apache2, curl, iproute2 and root"]
fn apache() {
    let Some(sandbox) = Sandbox::enter("proxies::apache") else { return };
    sandbox.copy("/var/lib/apache2");
    fs::create_dir("/var/log/apache2").unwrap();
    let apache = Proxy::new(&sandbox, "apache.conf", APACHE, &["apachectl", "-D", "FOREGROUND"]);
    apache.install(&apache.shipped());
    check(&apache);
}

#[test]
#[ignore = "needs haproxy, curl, iproute2 and root"]
fn haproxy() {
    let Some(sandbox) = Sandbox::enter("proxies::haproxy") else { return };
    let haproxy = Proxy::new(&sandbox, "haproxy.cfg", HAPROXY, &["haproxy", "-W", "-db", "-f", HAPROXY]);
    haproxy.install(&haproxy.shipped());
    run(&format!(
        "cat {CERTIFICATE}/fullchain.pem {CERTIFICATE}/privkey.pem > /etc/haproxy/certificates/waypost.pem"
    ));
    check(&haproxy);
}

#[test]
#[ignore = "needs caddy, pebble, curl, iproute2 and root"]
fn caddy() {
    let Some(sandbox) = Sandbox::enter("proxies::caddy") else { return };
    let caddy = Proxy::new(&sandbox, "Caddyfile", CADDY, &["caddy", "run", "--config", CADDY]);
    // Caddy orders the certificates of the file itself.
    let _pebble = pebble::start(HOSTS, "/run/root.pem");
    let options = format!("{{\n\tacme_ca {}\n\tacme_ca_root {}\n}}\n", pebble::DIRECTORY, pebble::CA_FILE);
    caddy.install(&(options + &caddy.shipped()));
    check(&caddy);
}

/// The file of `deploy/hosting/`, with the internal certificate authority of Caddy.
#[test]
#[ignore = "needs caddy, curl, iproute2 and root"]
fn caddy_orders_certificates_on_demand_only_for_listed_domains() {
    const NAME: &str = "proxies::caddy_orders_certificates_on_demand_only_for_listed_domains";
    const TARGET: &str = "/mail/config-v1.1.xml";

    let Some(sandbox) = Sandbox::enter(NAME) else { return };
    let caddy = Proxy::new(&sandbox, "hosting/Caddyfile", CADDY, &["caddy", "run", "--config", CADDY]);
    let shipped = caddy.shipped();
    assert!(shipped.contains("\temail "));
    caddy.install(&shipped.replacen("\temail ", "\tlocal_certs\n\tskip_install_trust\n\temail ", 1));
    let _running = caddy.start();
    let storage = sandbox.path("data").join("caddy");
    fs::copy(storage.join("pki/authorities/local/root.crt"), "/run/root.pem").unwrap();
    let is_rejected = |host: &str| {
        let output = ask("https", host, TARGET).curl(&[&format!("https://{host}{TARGET}")]);
        // 35: the TLS handshake failed.
        assert!([Some(0), Some(35)].contains(&output.status.code()), "{host}: {output:?}");
        !output.status.success()
    };
    // Waypost does not run: there is no certificate without an answer.
    assert!(is_rejected("autoconfig.example.com"));

    let full = domains(&["example.com", "*.wild.example"]) + "mx_hosts = [\"mx.example.net\"]\n";
    let profile_of = |more: &str| profile("example.com", more, &(SERVERS.to_owned() + SERVICES));
    let settings =
        "public_url = \"https://autodiscover.example.net\"\n[admin]\nlisten = \"127.0.0.1:9099\"\n";
    let files = Files::new(settings, &[("a.toml", &profile_of(&full))]);
    let command = |name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waypost"));
        command.arg(name).arg("--config").arg(files.path("waypost.toml"));
        command
    };
    let _waypost = Program::start(&mut command("serve"), Path::new("/run/waypost.log"), &[8080, 9099]);
    for host in [SERVICE, DISCOVER, "AutoConfig.EXAMPLE.com"] {
        let answer = ask("https", host, TARGET).send();
        assert_eq!(answer.status, 200, "{host}");
        assert!(answer.text().contains("<domain>example.com</domain>"), "{host}");
        assert_eq!(answer, ask("https", host, TARGET).directly("https").send(), "{host}");
    }
    assert_eq!(ask("https", PACC, "/.well-known/user-agent-configuration.json").status(), 200);
    assert_eq!(ask("https", STS, "/.well-known/mta-sts.txt").status(), 200);
    assert_eq!(ask("https", "autodiscover.example.net", "/autodiscover/autodiscover.xml").status(), 405);
    for host in [
        DOMAIN,
        "www.example.com",
        "autoconfig.unserved.example",
        "shop.wild.example",
        "autoconfig.shop.wild.example",
        "autoconfig.wild.example",
        "mx.example.net",
        "autoconfig.mx.example.net",
        "autoconfig.example.net",
    ] {
        assert!(is_rejected(host), "{host}");
    }
    // A handshake without a name.
    assert!(!ask("https", "127.0.0.1", "/").with(&["--insecure"]).is_answered());
    let mut certificates = vec![];
    for entry in fs::read_dir(storage.join("certificates/local")).unwrap() {
        certificates.push(entry.unwrap().file_name().into_string().unwrap());
    }
    certificates.sort();
    assert_eq!(certificates, [SERVICE, "autodiscover.example.com", "autodiscover.example.net", STS, PACC]);
    // By HTTP, Waypost itself rejects the names.
    assert_eq!(ask("http", SERVICE, TARGET).status(), 200);
    assert_eq!(ask("http", "autoconfig.unserved.example", TARGET).status(), 404);

    // A new domain needs no change of Caddy.
    assert!(is_rejected("autoconfig.example.org"));
    files.write("profiles/a.toml", &profile_of(&full.replace("\"*.wild", "\"example.org\", \"*.wild")));
    assert!(command("reload").status().unwrap().success());
    assert_eq!(ask("https", "autoconfig.example.org", TARGET).status(), 200);
}

const NGINX: &str = "/etc/nginx/conf.d/waypost.conf";
const APACHE: &str = "/etc/apache2/sites-available/waypost.conf";
const HAPROXY: &str = "/etc/haproxy/haproxy.cfg";
const CADDY: &str = "/etc/caddy/Caddyfile";

/// Traefik is not in Debian, so its files are only read.
#[test]
fn proxy_files_name_every_host() {
    let page = fs::read_to_string("docs/reverse-proxy.md").unwrap();
    for file in ["nginx.conf", "apache.conf", "haproxy.cfg", "Caddyfile", "traefik.yml", "traefik-static.yml"]
    {
        let text = fs::read_to_string(format!("deploy/{file}")).unwrap();
        assert!(page.contains(&format!("(../deploy/{file})")), "{file}");
        assert!(text.starts_with("# "), "{file} begins with its purpose");
        if file != "traefik-static.yml" {
            for label in ["autoconfig.", "autodiscover.", "ua-auto-config.", "mta-sts."] {
                assert!(text.contains(label), "{file}: {label}");
            }
            for word in ["example.com", "127.0.0.1:8080", "autoconfig/"] {
                assert!(text.contains(word), "{file}: {word}");
            }
        }
    }
}

/// Both files for Caddy pass requests on in the same way.
#[test]
fn caddy_files_have_the_same_snippet() {
    let snippet = |file: &str| {
        let text = fs::read_to_string(format!("deploy/{file}")).unwrap();
        let (_, rest) = text.split_once("\n(waypost) {\n").unwrap();
        rest.split_once("\n}\n").unwrap().0.to_owned()
    };
    assert_eq!(snippet("Caddyfile"), snippet("hosting/Caddyfile"));
}

/// The web site of a mail domain passes on the paths that clients request there.
#[test]
fn proxy_files_pass_on_the_paths_of_a_mail_domain() {
    for file in ["nginx.conf", "Caddyfile", "traefik.yml", "haproxy.cfg", "apache.conf"] {
        let text = fs::read_to_string(format!("deploy/{file}")).unwrap();
        let is_passed = passes_on(file, &text);
        for path in waypost::http::paths() {
            for path in [path.to_owned(), format!("/{path}"), format!("{path}/")] {
                assert_eq!(
                    is_passed(&path),
                    is_path_of_domain(path.trim_start_matches('/')),
                    "{file}: {path}"
                );
            }
        }
    }
}

/// Whether clients request the path, without its first slash, at the mail domain itself.
fn is_path_of_domain(path: &str) -> bool {
    let has_host_of_its_own = [".well-known/user-agent-configuration.json", ".well-known/mta-sts.txt"];
    // The web site of the domain has its own.
    let is_of_site = |path: &str| path == ".well-known/security.txt";
    let path = path.trim_end_matches('/');
    path.starts_with("autodiscover/")
        || (path.starts_with(".well-known/") && !has_host_of_its_own.contains(&path) && !is_of_site(path))
}

/// The paths for which the file has a rule.
fn passes_on(file: &str, text: &str) -> Box<dyn Fn(&str) -> bool> {
    if file == "nginx.conf" {
        let lines = text.lines().filter(|line| line.contains("@waypost;"));
        let prefixes = lines.filter_map(|line| line.trim().strip_prefix("location ^~ ")?.split(' ').next());
        let prefixes: Vec<_> = prefixes.map(str::to_owned).collect();
        // nginx merges slashes.
        return Box::new(move |path| {
            prefixes.iter().any(|prefix| path.replace("//", "/").starts_with(prefix))
        });
    }
    let (_, rest) = text.split_once("^/+(autodiscover/").unwrap();
    let rest = rest.split([' ', '`', '\'', '"', '\n']).next().unwrap();
    let pattern = regex::Regex::new(&format!("(?i)^/+(autodiscover/{rest}")).unwrap();
    Box::new(move |path| pattern.is_match(path))
}

#[test]
fn proxies_are_tested_with_every_path() {
    for path in waypost::http::paths() {
        let path = path.replace("{domain}", "example.com").replace("{address}", "jane@example.com");
        let is_requested = |target: &str| {
            let requested = target.split('?').next().unwrap();
            requested == path
                || path.strip_suffix("{name}").is_some_and(|folder| requested.starts_with(folder))
        };
        assert!(ROUTES.iter().any(|(_, _, target, _)| is_requested(target)), "{path}");
    }
}

const SERVICE: &str = "autoconfig.example.com";
const DISCOVER: &str = "autodiscover.example.com";
const PACC: &str = "ua-auto-config.example.com";
const STS: &str = "mta-sts.example.com";
const DOMAIN: &str = "example.com";
const HOSTS: &[&str] = &[SERVICE, DISCOVER, PACC, STS, DOMAIN];

/// What is asked, and the status of the answer by http and by https.
#[rustfmt::skip]
const ROUTES: &[(&str, &str, &str, [u16; 2])] = &[
    ("GET", SERVICE, "/mail/config-v1.1.xml", [200, 200]),
    ("HEAD", SERVICE, "/mail/config-v1.1.xml", [200, 200]),
    ("GET", "AutoConfig.EXAMPLE.com", "/mail/config-v1.1.xml", [200, 200]),
    ("GET", SERVICE, "/mail/config-v1.1.xml?emailaddress=jane@example.com", [200, 200]),
    ("GET", SERVICE, "/mail/config-v1.1.xml?emailaddress=jane%2Bx%40example.com&servers=all", [200, 200]),
    ("GET", SERVICE, "/mail/config-v1.1.xml?emailaddress=jane@example.net", [200, 200]),
    ("PUT", SERVICE, "/mail/config-v1.1.xml", [405, 405]),
    ("GET", SERVICE, "/.well-known/autoconfig/mail/config-v1.1.xml", [200, 200]),
    ("GET", DOMAIN, "/.well-known/autoconfig/mail/config-v1.1.xml", [200, 200]),
    ("GET", DOMAIN, "/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=jane@example.com", [200, 200]),
    ("GET", DOMAIN, "/.well-known/autoconfig/nothing", [404, 404]),
    ("GET", SERVICE, "/.well-known/mail-v1.xml", [200, 200]),
    ("GET", SERVICE, "/v1.1/example.com", [200, 200]),
    ("GET", SERVICE, "/v1.1/example.net", [200, 200]),
    ("GET", SERVICE, "/v1.1/unserved.example", [404, 404]),
    ("GET", SERVICE, "/v1.1/mail/config-v1.1.xml", [200, 200]),
    ("GET", SERVICE, "/nothing", [404, 404]),
    ("POST", DISCOVER, "/autodiscover/autodiscover.xml", [200, 200]),
    ("POST", DISCOVER, "/Autodiscover/Autodiscover.xml", [200, 200]),
    ("POST", DISCOVER, "/autodiscover/Autodiscover.xml", [200, 200]),
    ("POST", DISCOVER, "/AutoDiscover/AutoDiscover.XML", [200, 200]),
    ("POST", DISCOVER, "/AUTODISCOVER/AUTODISCOVER.XML?a=b", [200, 200]),
    ("POST", DOMAIN, "/autodiscover/autodiscover.xml", [200, 200]),
    ("POST", DOMAIN, "/Autodiscover/Autodiscover.xml", [200, 200]),
    ("POST", DOMAIN, "/AutoDiscover/AutoDiscover.XML", [200, 200]),
    ("GET", DISCOVER, "/autodiscover/autodiscover.xml", [302, 405]),
    ("GET", DISCOVER, "/Autodiscover/Autodiscover.xml", [302, 405]),
    ("GET", DOMAIN, "/autodiscover/autodiscover.xml", [302, 405]),
    ("POST", DISCOVER, "//autodiscover/autodiscover.xml", [200, 200]),
    ("POST", DOMAIN, "//Autodiscover//Autodiscover.xml/", [200, 200]),
    ("GET", DOMAIN, "/autodiscover/autodiscover.json/v1.0/jane@example.com/?Protocol=AutodiscoverV1", [200, 200]),
    ("GET", SERVICE, "//mail/config-v1.1.xml/", [200, 200]),
    ("GET", DOMAIN, "//.well-known/autoconfig//mail/config-v1.1.xml", [200, 200]),
    ("GET", DOMAIN, "/.well-known/mail-v1.xml/", [200, 200]),
    ("PUT", DISCOVER, "/autodiscover/autodiscover.xml", [405, 405]),
    ("OPTIONS", DISCOVER, "/autodiscover/autodiscover.xml", [204, 204]),
    ("GET", DISCOVER, "/autodiscover/autodiscover.json?Email=jane@example.com&Protocol=AutodiscoverV1", [200, 200]),
    ("GET", DISCOVER, "/Autodiscover/AutoDiscover.JSON?Email=jane%40example.com&Protocol=Autodiscoverv1", [200, 200]),
    ("GET", DISCOVER, "/autodiscover/autodiscover.json/v1.0/jane%40example.com?Protocol=AutodiscoverV1", [200, 200]),
    ("GET", DISCOVER, "/autodiscover/autodiscover.json/v1.0/jane@example.com?Protocol=AutodiscoverV1", [200, 200]),
    ("GET", DISCOVER, "/autodiscover/autodiscover.json?Email=jane&Protocol=AutodiscoverV1", [400, 400]),
    ("GET", DOMAIN, "/autodiscover/autodiscover.json?Email=jane@example.com&Protocol=AutodiscoverV1", [200, 200]),
    ("GET", DOMAIN, "/Autodiscover/Autodiscover.json/v1.0/jane%40example.com?Protocol=AutodiscoverV1", [200, 200]),
    ("GET", SERVICE, "/mobileconfig?emailaddress=jane@example.com", [200, 200]),
    ("GET", SERVICE, "/mobileconfig?emailaddress=jane", [400, 400]),
    ("GET", SERVICE, "/email.mobileconfig?email=jane@example.com", [200, 200]),
    ("GET", PACC, "/.well-known/user-agent-configuration.json", [200, 200]),
    ("PROPFIND", DOMAIN, "/.well-known/caldav", [307, 307]),
    ("PROPFIND", DOMAIN, "/.well-known/caldav/", [307, 307]),
    ("PROPFIND", DOMAIN, "/.well-known/carddav", [307, 307]),
    ("PROPFIND", DOMAIN, "/.well-known/carddav/", [307, 307]),
    ("OPTIONS", DOMAIN, "/.well-known/carddav", [307, 307]),
    ("GET", DOMAIN, "/.well-known/jmap", [307, 307]),
    ("GET", DOMAIN, "/.well-known/mail-v1.xml", [200, 200]),
    ("GET", STS, "/.well-known/mta-sts.txt", [200, 200]),
    ("GET", SERVICE, "/.well-known/mta-sts.txt", [404, 404]),
    ("GET", SERVICE, "/", [200, 200]),
    ("GET", SERVICE, "/setup?emailaddress=jane@example.com", [200, 200]),
    ("GET", SERVICE, "/setup.json?emailaddress=jane@example.com", [200, 200]),
    ("GET", SERVICE, "/setup.svg?emailaddress=jane@example.com", [200, 200]),
    ("GET", SERVICE, "/assets/nothing.css", [404, 404]),
    ("GET", SERVICE, "/favicon.ico", [200, 200]),
    ("GET", SERVICE, "/robots.txt", [200, 200]),
    ("GET", SERVICE, "/.well-known/security.txt", [404, 404]),
];

const SERVICES: &str = r#"
[[calendar]]
type = "caldav"
url = "https://dav.example.com/calendars/"

[[addressbook]]
type = "carddav"
url = "https://dav.example.com/contacts/"

[[jmap]]
url = "https://jmap.example.com/session"

[mobileconfig]
description = { en = "Example Mail" }

[mta_sts]
mode = "enforce"
mx = ["mx.example.com"]
max_age_seconds = 86400
"#;

/// A proxy with one of the files of `deploy/`.
#[derive(Debug)]
struct Proxy<'s> {
    sandbox: &'s Sandbox,
    name: &'s str,
    path: &'s str,
    command: &'s [&'s str],
}

impl<'s> Proxy<'s> {
    /// `path` is where the file belongs.
    fn new(sandbox: &'s Sandbox, name: &'s str, path: &'s str, command: &'s [&'s str]) -> Self {
        sandbox.copy("/etc");
        sandbox.copy("/var/www");
        let folder = Path::new("/var/www/html/.well-known/acme-challenge");
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("token"), CHALLENGE).unwrap();
        let chain = Chain::with(Key::Ecdsa, |certificate| {
            let names = HOSTS.iter().map(|name| SanType::DnsName((*name).try_into().unwrap()));
            certificate.subject_alt_names = names.collect();
        });
        fs::create_dir_all(CERTIFICATE).unwrap();
        chain.write(Path::new(CERTIFICATE));
        fs::write("/run/root.pem", &chain.root).unwrap();
        Self { sandbox, name, path, command }
    }

    fn nginx(sandbox: &'s Sandbox) -> Self {
        fs::create_dir("/var/log/nginx").unwrap();
        Self::new(sandbox, "nginx.conf", NGINX, &["nginx", "-g", "daemon off;"])
    }

    fn shipped(&self) -> String {
        fs::read_to_string(Path::new("deploy").join(self.name)).unwrap()
    }

    /// Installs the text with the commands in its first comment.
    fn install(&self, text: &str) {
        fs::write(self.path, text).unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("#     "));
        let (reload, lines): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with("systemctl "));
        assert_eq!(reload.len(), 1);
        run(&lines.join("\n"));
    }

    fn start(&self) -> Program {
        let mut proxy = Command::new(self.command[0]);
        proxy.args(&self.command[1..]).env("XDG_DATA_HOME", self.sandbox.path("data"));
        proxy.env("XDG_CONFIG_HOME", self.sandbox.path("config"));
        Program::start(&mut proxy, Path::new("/var/log/proxy.log"), &[80, 443])
    }
}

/// Where certbot stores a certificate whose first name is that of autoconfig.
const CERTIFICATE: &str = "/etc/letsencrypt/live/autoconfig.example.com";

/// The response to a challenge of ACME, as certbot writes it.
const CHALLENGE: &str = "token.thumbprint";

/// Sends requests through an installed proxy.
fn check(proxy: &Proxy) {
    let mirror = Mirror::at(8080);
    let running = proxy.start();
    match proxy.name {
        "nginx.conf" | "apache.conf" => serves_the_files_of_challenges(),
        "haproxy.cfg" => passes_challenges_on(),
        _ => wait_for("certificates of Caddy", || {
            HOSTS.iter().all(|host| ask("https", host, "/").is_answered())
        }),
    }
    for scheme in SCHEMES {
        says_who_asked_and_how(scheme);
        passes_every_status_on(scheme);
        keeps_large_bodies_off(scheme);
        keeps_connections(scheme);
        passes_a_few_paths_of_the_domain_on(scheme);
    }
    drop(mirror);

    // Waypost is down for a moment.
    let target = "/mail/config-v1.1.xml";
    for _ in 0..4 {
        let status = ask("http", SERVICE, target).status();
        assert!([502, 503, 504].contains(&status), "{status}");
    }
    let profiles = [
        ("a.toml", profile("example.com", &domains(&["example.com"]), &(SERVERS.to_owned() + SERVICES))),
        ("b.toml", profile("example.net", &domains(&["example.net"]), &SERVERS.replace(".com", ".net"))),
    ];
    let profiles = profiles.each_ref().map(|(name, text)| (*name, text.as_str()));
    let files = Files::new("public_url = \"https://autodiscover.example.com\"\n", &profiles);
    let mut waypost = Command::new(env!("CARGO_BIN_EXE_waypost"));
    waypost.args(["serve", "--log-level", "debug", "--config"]).arg(files.path("waypost.toml"));
    let waypost = Program::start(&mut waypost, Path::new("/run/waypost.log"), &[8080]);
    wait_for("answer after a restart", || ask("http", SERVICE, target).status() == 200);
    for scheme in SCHEMES {
        answers_as_waypost_does(scheme);
    }
    run("! grep -r jane /var/log");
    drop((running, waypost));
}

/// The first order and each renewal write their files to Debian's default web root.
fn serves_the_files_of_challenges() {
    for host in HOSTS {
        let answer = ask("http", host, "/.well-known/acme-challenge/token").send();
        assert_eq!((answer.status, answer.text()), (200, CHALLENGE), "{host}");
        let answer = ask("http", host, "/.well-known/acme-challenge/other").send();
        assert_eq!(answer.status, 404, "{host}");
    }
}

/// certbot listens on this port during an order.
fn passes_challenges_on() {
    let path = "/.well-known/acme-challenge/token";
    for host in HOSTS {
        assert_eq!(ask("http", host, path).status(), 503, "{host}");
    }
    let _certbot = Mirror::at(8888);
    for host in HOSTS {
        let answer = ask("http", host, path).send();
        assert!(answer.text().contains(&format!("GET {path} HTTP/1.1")), "{host}");
        assert!(answer.text().to_lowercase().contains(&format!("host: {host}")), "{host}");
    }
}

/// Whatever the client says of that.
fn says_who_asked_and_how(scheme: &str) {
    for (host, target) in [
        (SERVICE, "/mail/config-v1.1.xml?emailaddress=jane%2Bx@example.com&a=%2F"),
        (DISCOVER, "/AutoDiscover/AutoDiscover.XML?Email=jane%40example.com"),
        (DISCOVER, "/Autodiscover/Autodiscover.json/v1.0/jane%2Fx%40example.com?Protocol=AutodiscoverV1"),
        (DOMAIN, "/AutoDiscover/AutoDiscover.XML?Email=jane%40example.com"),
    ] {
        let answer = ask(scheme, host, target).header("Authorization: Basic c2VjcmV0").forged().send();
        let head = answer.text();
        let sent = |name: &str| -> Vec<String> {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            lines.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).collect()
        };
        assert_eq!(head.lines().nth(1), Some(&*format!("GET {target} HTTP/1.1")));
        assert_eq!(sent("Host"), [host]);
        assert_eq!(sent("X-Forwarded-Host"), [host], "{scheme}");
        assert_eq!(sent("X-Forwarded-Proto"), [scheme]);
        assert_eq!(sent("X-Forwarded-For"), ["127.0.0.1"]);
        assert_eq!(sent("Authorization"), [""; 0]);
        assert_ne!(sent("Connection"), ["close"]);
    }
}

fn passes_every_status_on(scheme: &str) {
    for status in [400, 401, 404, 405, 408, 413, 422, 429, 500, 503] {
        let answer = ask(scheme, SERVICE, &format!("/any?status={status}")).send();
        assert_eq!(answer.status, status);
        assert!(answer.text().starts_with("connection "), "{status}: {}", answer.text());
    }
}

/// More than any client sends, and more than Waypost takes, does not get as far as there.
fn keeps_large_bodies_off(scheme: &str) {
    for (host, target) in BOTH {
        let asked = ask(scheme, host, target).method("POST").body(&"x".repeat(100_000));
        // Over HTTP/2 curl is cut off before it has read the answer.
        let answer = asked.with(&["--http1.1", "--header", "Expect: 100-continue"]).send();
        // Caddy 2.6 has but one status for everything.
        assert!([413, 502].contains(&answer.status), "{host}: {answer:?}");
    }
}

/// Each client asks once; between proxy and server that is no reason for a new connection.
fn keeps_connections(scheme: &str) {
    for (host, target) in BOTH {
        let connection = || ask(scheme, host, target).send().text().lines().next().unwrap().to_owned();
        let connections: BTreeSet<_> = (0..12).map(|_| connection()).collect();
        assert!(connections.len() < 6, "{host}: {connections:?}");
    }
}

/// All of a name goes to Waypost, or some paths.
const BOTH: [(&str, &str); 2] = [(SERVICE, "/"), (DOMAIN, "/autodiscover/autodiscover.xml")];

fn passes_a_few_paths_of_the_domain_on(scheme: &str) {
    for (path, is_passed) in [
        ("/autodiscover/autodiscover.xml", true),
        ("/AutoDiscover/AutoDiscover.XML", true),
        ("/AUTODISCOVER/AUTODISCOVER.XML", true),
        ("/aUTOdISCOVER/", true),
        ("/Autodiscover/Autodiscover.json/v1.0/jane@example.com", true),
        ("/.well-known/autoconfig/mail/config-v1.1.xml", true),
        ("/.well-known/caldav", true),
        ("/.well-known/caldav/", true),
        ("/.well-known/carddav", true),
        ("/.well-known/carddav/", true),
        ("/.well-known/jmap", true),
        ("/.well-known/mail-v1.xml", true),
        ("//autodiscover/autodiscover.xml", true),
        ("//.well-known//mail-v1.xml/", true),
        ("/", false),
        ("/setup", false),
        ("/mail/config-v1.1.xml", false),
        ("/autodiscover", false),
        ("/autodiscovery/", false),
        ("/.well-known/", false),
        ("/.well-known/security.txt", false),
        ("/.well-known/autoconfig", false),
        ("/x/.well-known/caldav", false),
        ("/x/autodiscover/autodiscover.xml", false),
    ] {
        let answer = ask(scheme, DOMAIN, path).send();
        assert_eq!(answer.text().starts_with("connection "), is_passed, "{scheme}, {path}");
    }
}

fn answers_as_waypost_does(scheme: &str) {
    let by_https = usize::from(scheme == "https");
    for (method, host, target, statuses) in ROUTES {
        let mut asked = ask(scheme, host, target).method(method);
        if *method == "POST" {
            asked = asked.body("<Autodiscover><Request><EMailAddress>jane@example.com</EMailAddress></Request></Autodiscover>");
        }
        let answer = asked.send();
        assert_eq!(answer.status, statuses[by_https], "{scheme}, {method} {target} of {host}");
        assert_eq!(answer, asked.directly(scheme).send(), "{scheme}, {method} {target} of {host}");
        let asked = asked.header("Authorization: Basic c2VjcmV0").forged();
        assert_eq!(asked.send(), answer, "forged: {scheme}, {method} {target} of {host}");
        if [404, 405].contains(&answer.status) {
            assert_eq!(answer.text(), "", "{target}");
        }
    }
    let post = |body: &str| ask(scheme, DISCOVER, "/autodiscover/autodiscover.xml").method("POST").body(body);
    let elsewhere = post(
        "<Autodiscover><Request><EMailAddress>jane@unserved.example</EMailAddress></Request></Autodiscover>",
    );
    assert_eq!(elsewhere.send().status, 404);
    assert_eq!(elsewhere.send(), elsewhere.directly(scheme).send());
    let large = post(&"x".repeat(20_000)).send();
    assert_eq!((large.status, large.text()), (413, ""));
}

const SCHEMES: [&str; 2] = ["http", "https"];

/// A request, in curl's words.
#[derive(Debug, Clone)]
struct Asked {
    url: String,
    arguments: Vec<String>,
}

/// What mail programs look at, and what they should never see.
const COMPARED: [&str; 9] = [
    "allow",
    "cache-control",
    "content-disposition",
    "content-language",
    "content-security-policy",
    "content-type",
    "location",
    "retry-after",
    "www-authenticate",
];

fn ask(scheme: &str, host: &str, target: &str) -> Asked {
    let port = if scheme == "https" { 443 } else { 80 };
    let to = format!("::127.0.0.1:{port}");
    let arguments = ["--connect-to", &to].map(str::to_owned).into();
    Asked { url: format!("{scheme}://{host}{target}"), arguments }
}

impl Asked {
    fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    fn method(self, method: &str) -> Self {
        if method == "HEAD" { self.with(&["--head"]) } else { self.with(&["--request", method]) }
    }

    fn header(self, line: &str) -> Self {
        self.with(&["--header", line])
    }

    fn body(self, body: &str) -> Self {
        self.header("Content-Type: text/xml").with(&["--data-binary", body])
    }

    /// What would be believed of a proxy.
    fn forged(self) -> Self {
        let other = if self.url.starts_with("https") { "http" } else { "https" };
        self.header("X-Forwarded-Host: autoconfig.example.net")
            .header("x-forwarded-host: unserved.example")
            .header(&format!("X-Forwarded-Proto: {other}"))
            .header("X-Forwarded-For: 192.0.2.66")
            .header("X-Forwarded-For: 192.0.2.67, 192.0.2.68")
    }

    /// The same without the proxy in between.
    fn directly(&self, scheme: &str) -> Self {
        let mut asked = self.clone();
        "::127.0.0.1:8080".clone_into(&mut asked.arguments[1]);
        asked.url = asked.url.replacen("https://", "http://", 1);
        asked.header(&format!("X-Forwarded-Proto: {scheme}"))
    }

    fn status(&self) -> u16 {
        self.send().status
    }

    fn is_answered(&self) -> bool {
        self.curl(&[&self.url]).status.success()
    }

    fn send(&self) -> Response {
        let output = self.curl(&["--include", &self.url]);
        assert!(output.status.success(), "{}: {}", self.url, String::from_utf8_lossy(&output.stderr));
        let output = output.stdout;
        let (mut head, mut body) = ("", &output[..]);
        while head.is_empty() || head.starts_with("HTTP/1.1 100 ") {
            let end = body.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head") + 4;
            head = std::str::from_utf8(body.split_off(..end).unwrap()).unwrap();
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        // Apache guesses the type of nothing by the path.
        let is_nothing = body.is_empty() && status >= 300;
        let headers = head.lines().filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        let mut headers: Vec<_> = headers
            .filter(|(name, _)| COMPARED.contains(&name.as_str()) && !(is_nothing && name == "content-type"))
            .collect();
        headers.sort();
        Response { status, headers, body: body.to_vec() }.timeless()
    }

    fn curl(&self, arguments: &[&str]) -> Output {
        Command::new("curl")
            .args(["--silent", "--show-error", "--path-as-is", "--max-time", "30", "--noproxy", "*"])
            .args(["--cacert", "/run/root.pem"])
            .args(&self.arguments)
            .args(arguments)
            .output()
            .unwrap()
    }
}
