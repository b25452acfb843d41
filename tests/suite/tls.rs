//! TLS without a proxy: the choice of certificate, version and protocol.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned, version};
use waypost::config::Listener;
use waypost::http::App;
use waypost::service::Reloaded;

use crate::common::Files;
use crate::common::Reloadable;
use crate::common::SERVERS;
use crate::common::Server;
use crate::common::domains;
use crate::common::loopback;
use crate::common::profile;
use crate::common::read_response;
use crate::common::request;

const PATH: &str = "/mail/config-v1.1.xml";

/// The CA of a test's certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Test Authority");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Writes a certificate and its key, `NAME.pem` and `NAME.key`.
    fn issue(&self, files: &Files, name: &str, hosts: &[&str]) {
        let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(hosts).unwrap().signed_by(&key, &self.0).unwrap();
        files.write(&format!("{name}.pem"), &(certificate.pem() + &self.0.pem()));
        files.write(&format!("{name}.key"), &key.serialize_pem());
    }

    fn client(&self, versions: &[&'static rustls::SupportedProtocolVersion], alpn: &[&str]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.0.der().to_vec())).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }
}

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// Connects and completes a handshake for the host name.
fn connect(server: &Server, config: ClientConfig, name: &str) -> io::Result<Tls> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, server.connect());
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

fn settings(certificates: &[&str]) -> String {
    let all = certificates
        .iter()
        .map(|name| format!("[[tls]]\ncertificate = \"{name}.pem\"\nkey = \"{name}.key\"\n"));
    "listen = [\"https://127.0.0.1:0\"]\npublic_url = \"https://ad.q.com\"\n".to_owned()
        + &all.collect::<String>()
}

fn files(authority: &Authority, certificates: &[(&str, &[&str])]) -> Files {
    let names: Vec<_> = certificates.iter().map(|(name, _)| *name).collect();
    let text = profile("q.com", &domains(&["q.com", "example.com"]), SERVERS);
    let files = Files::new(&settings(&names), &[("a.toml", &text)]);
    for (name, hosts) in certificates {
        authority.issue(&files, name, hosts);
    }
    files
}

fn https() -> Listener {
    Listener { is_https: true, ..loopback() }
}

fn serve(files: &Files) -> Server {
    let config = files.load();
    Server::at(&https(), App::new(config))
}

#[test]
fn serves_each_name_its_certificate_by_tls_1_2_and_1_3() {
    let authority = Authority::new();
    let certificates: [(&str, &[&str]); 2] =
        [("q", &["autoconfig.q.com", "autodiscover.q.com"]), ("wild", &["*.example.com", "example.com"])];
    let server = serve(&files(&authority, &certificates));
    for (version, spoken) in
        [(&version::TLS12, ProtocolVersion::TLSv1_2), (&version::TLS13, ProtocolVersion::TLSv1_3)]
    {
        for host in ["autoconfig.q.com", "autodiscover.q.com", "autoconfig.example.com", "example.com"] {
            let mut stream = connect(&server, authority.client(&[version], &["http/1.1"]), host).unwrap();
            assert_eq!(stream.conn.protocol_version(), Some(spoken));
            assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
            stream.write_all(&request("GET", host, PATH, &[], b"")).unwrap();
            assert_eq!(read_response(&mut stream, false).unwrap().status, 200, "{host}");
        }
    }
}

/// A wrong certificate is worse than none. Only a client without SNI gets the first one.
#[test]
fn fails_the_handshake_for_a_name_without_a_certificate() {
    let authority = Authority::new();
    let server = serve(&files(&authority, &[("q", &["autoconfig.q.com"]), ("wild", &["*.example.com"])]));
    let both = &[&version::TLS12, &version::TLS13];
    for host in ["autodiscover.q.com", "a.b.example.com", "example.com"] {
        let error = connect(&server, authority.client(both, &[]), host).err().unwrap();
        assert!(!error.to_string().contains("certificate"), "{error}");
    }
    let mut nameless = authority.client(both, &[]);
    nameless.enable_sni = false;
    assert!(connect(&server, nameless, "autoconfig.q.com").is_ok());
}

#[test]
fn negotiates_http2_by_alpn() {
    let authority = Authority::new();
    let server = serve(&files(&authority, &[("q", &["autoconfig.q.com"])]));
    let mut stream =
        connect(&server, authority.client(&[&version::TLS13], &["h2", "http/1.1"]), "autoconfig.q.com")
            .unwrap();
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"h2"[..]));
    let body = crate::common::http2::get(&mut stream, "autoconfig.q.com", PATH, &[]);
    assert!(String::from_utf8(body).unwrap().contains("<clientConfig"));
}

/// No header is needed to mark the request as https, and none can mark it as http.
#[test]
fn treats_requests_by_tls_as_https() {
    let authority = Authority::new();
    let files = files(&authority, &[("q", &["autodiscover.q.com"])]);
    let mut config = files.load();
    config.settings.trusted_proxies = Vec::new();
    let server = Server::at(&https(), App::new(config));
    let mut stream =
        connect(&server, authority.client(&[&version::TLS13], &[]), "autodiscover.q.com").unwrap();
    for headers in [&[][..], &[("X-Forwarded-Proto", "http")]] {
        let get = request("GET", "autodiscover.q.com", "/autodiscover/autodiscover.xml", headers, b"");
        stream.write_all(&get).unwrap();
        read_response(&mut stream, false).unwrap().assert_empty(405);
    }
}

#[test]
fn reloads_renewed_certificates_and_rejects_bad_ones() {
    let (old, new) = (Authority::new(), Authority::new());
    let files = files(&old, &[("q", &["autoconfig.q.com"])]);
    let Reloadable { files, mut reloader, server, admin } = Reloadable::at(&https(), files);
    let accepts = |authority: &Authority| {
        connect(&server, authority.client(&[&version::TLS13], &[]), "autoconfig.q.com").is_ok()
    };
    assert_eq!((accepts(&old), accepts(&new)), (true, false));
    let certificate = std::fs::read_to_string(files.path("q.pem")).unwrap();
    let key = std::fs::read_to_string(files.path("q.key")).unwrap();
    new.issue(&files, "q", &["autoconfig.q.com"]);
    let renewed = std::fs::read_to_string(files.path("q.pem")).unwrap();
    let renewed_key = std::fs::read_to_string(files.path("q.key")).unwrap();
    // The new certificate with the old key, half a certificate, no key.
    for (bad_certificate, bad_key, reason) in [
        (&renewed[..], &key[..], "is not the key of the certificate"),
        (&renewed[..renewed.len() / 4], &renewed_key, "has no valid certificate in PEM"),
        (&certificate, "", "has no valid private key in PEM"),
    ] {
        files.write("q.pem", bad_certificate);
        files.write("q.key", bad_key);
        assert_eq!(reloader.reload(), Reloaded::Failed);
        assert!(admin.get("localhost", "/readyz").text().contains(reason), "{reason}");
        assert_eq!((accepts(&old), accepts(&new)), (true, false));
    }
    files.write("q.pem", &renewed);
    files.write("q.key", &renewed_key);
    assert!(!reloader.is_reload_due());
    assert!(reloader.is_reload_due());
    assert_eq!(reloader.reload(), Reloaded::Done);
    assert_eq!((accepts(&old), accepts(&new)), (false, true));
}

#[test]
fn reports_problems_of_certificates_with_their_location() {
    let authority = Authority::new();
    let problems = |files: &Files| {
        let first = |problem: &String| problem.lines().next().unwrap().to_owned();
        files.problems().iter().map(first).collect::<Vec<_>>()
    };
    let names = ["autoconfig.q.com", "autodiscover.q.com", "*.example.com"];
    let files = files(&authority, &[("q", &names)]);
    assert_eq!(problems(&files), Vec::<String>::new());
    let (key, certificate) = (files.path("q.key"), files.path("q.pem"));
    files.write("waypost.toml", "listen = [\"https://127.0.0.1:0\"]");
    assert_eq!(problems(&files), ["error: `listen` has https://127.0.0.1:0, but there is no certificate"]);
    files.write("waypost.toml", "[[tls]]\ncertificate = \"q.pem\"\nkey = \"q.key\"");
    assert_eq!(problems(&files), ["warning: no listener uses TLS"]);
    files.write("waypost.toml", "listen = [\"https://127.0.0.1:0\"]\n[[tls]]\ncertificate = \"q.pem\"\n");
    assert_eq!(problems(&files), ["error: `key` is missing in [[tls]]"]);
    files.write("waypost.toml", &settings(&["q"]));
    std::fs::rename(&key, files.path("other")).unwrap();
    assert!(problems(&files)[0].contains("q.key cannot be read"));
    std::fs::rename(files.path("other"), &key).unwrap();
    let mut params = CertificateParams::new(names.map(str::to_owned)).unwrap();
    let pair = KeyPair::generate().unwrap();
    let now = std::time::SystemTime::now();
    let day = std::time::Duration::from_hours(24);
    files.write("q.key", &pair.serialize_pem());
    for (end, said) in [
        (now - day, "warning: the certificate for autoconfig.q.com has expired: mail programs reject it"),
        (now + 5 * day + day / 2, "warning: the certificate for autoconfig.q.com expires in 5 days"),
    ] {
        params.not_after = end.into();
        let signed = params.signed_by(&pair, &authority.0).unwrap();
        std::fs::write(&certificate, signed.pem() + &authority.0.pem()).unwrap();
        assert_eq!(problems(&files), [said]);
    }
}

/// Plain http at the TLS port or an incomplete handshake does not affect other connections.
#[test]
fn survives_clients_without_a_tls_handshake() {
    let authority = Authority::new();
    let files = files(&authority, &[("q", &["autoconfig.q.com"])]);
    let server = serve(&files);
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\x16\x03\x01\xff\xff", b"\0\0\0\0"] {
        let mut stream = server.connect();
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut rest = Vec::new();
        let _ = io::Read::read_to_end(&mut stream, &mut rest);
        assert!(!rest.starts_with(b"HTTP"), "{rest:?}");
    }
    // A client that begins no handshake does not delay the shutdown, even with a timeout of an hour.
    let mut config = files.load();
    config.settings.limits.header_timeout = std::time::Duration::from_hours(1);
    config.settings.limits.shutdown_timeout = std::time::Duration::from_hours(1);
    let mut long_timeouts = Server::at(&https(), App::new(config));
    let _silent = long_timeouts.connect();
    long_timeouts.tell_to_stop();
    long_timeouts.join();
    let mut config = files.load();
    config.settings.limits.header_timeout = std::time::Duration::from_millis(50);
    let short_timeout = Server::at(&https(), App::new(config));
    let mut silent = short_timeout.connect();
    assert_eq!(io::Read::read(&mut silent, &mut [0]).unwrap_or_default(), 0);
    assert!(connect(&server, authority.client(&[&version::TLS13], &[]), "autoconfig.q.com").is_ok());
}

/// Certificate and key in one file, as HAProxy has them.
#[test]
fn reloads_a_file_with_both_certificate_and_key() {
    let (old, new) = (Authority::new(), Authority::new());
    let files = files(&old, &[("q", &["autoconfig.q.com"])]);
    let together = |files: &Files| {
        let both = ["q.pem", "q.key"].map(|name| std::fs::read_to_string(files.path(name)).unwrap());
        files.write("both.pem", &both.concat());
    };
    together(&files);
    files.write("waypost.toml", &settings(&["q"]).replace("q.pem", "both.pem").replace("q.key", "both.pem"));
    let Reloadable { mut reloader, server, files, .. } = Reloadable::at(&https(), files);
    new.issue(&files, "q", &["autoconfig.q.com"]);
    together(&files);
    assert!(!reloader.is_reload_due());
    assert!(reloader.is_reload_due());
    assert_eq!(reloader.reload(), Reloaded::Done);
    assert!(connect(&server, new.client(&[&version::TLS13], &[]), "autoconfig.q.com").is_ok());
    // A configuration without certificates is rejected, since a listener needs them.
    for settings in ["", "# nothing"] {
        files.write("waypost.toml", settings);
        assert_eq!(reloader.reload(), Reloaded::Failed);
        assert!(connect(&server, new.client(&[&version::TLS13], &[]), "autoconfig.q.com").is_ok());
    }
}

#[test]
fn serves_tls_on_unix_sockets() {
    let authority = Authority::new();
    let files = files(&authority, &[("q", &["autoconfig.q.com"])]);
    let path = files.path("tls.sock");
    let listener: Listener = format!("https://unix:{}", path.display()).parse().unwrap();
    let config = files.load();
    let _server = Server::at(&listener, App::new(config));
    let name = ServerName::try_from("autoconfig.q.com").unwrap();
    let client = authority.client(&[&version::TLS13], &[]);
    let connection = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut stream = StreamOwned::new(connection, std::os::unix::net::UnixStream::connect(path).unwrap());
    stream.write_all(&request("GET", "autoconfig.q.com", PATH, &[], b"")).unwrap();
    assert_eq!(read_response(&mut stream, false).unwrap().status, 200);
}

/// `waypost health` needs a response; an accepted connection is not enough.
#[test]
fn health_needs_a_response_of_a_tls_server() {
    let authority = Authority::new();
    let server = serve(&files(&authority, &[("q", &["autoconfig.q.com"])]));
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let health = |address: std::net::SocketAddr, seconds: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_waypost"));
        let listen = format!("https://{address}");
        let output = command.args(["health", "--timeout", seconds, "--listen", &listen]).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), text.replace(&listen, "it"))
    };
    assert_eq!(health(server.address, "30"), (Some(0), "it answers\n".to_owned()));
    let said = "error: it does not answer: no response within 1 s\nhint: start the server (waypost \
                serve), or read its log\n";
    assert_eq!(health(silent.local_addr().unwrap(), "1"), (Some(1), said.to_owned()));
}

/// If two certificates have one name, each has a metric for the names that it is served for.
#[test]
fn has_a_metric_for_every_certificate_that_is_served() {
    let authority = Authority::new();
    let certificates: [(&str, &[&str]); 3] =
        [("q", &["q.com", "autoconfig.q.com"]), ("r", &["q.com", "r.q.com"]), ("s", &["r.q.com"])];
    let admin = Server::start_admin(files(&authority, &certificates).load());
    let metrics = admin.get("localhost", "/metrics");
    let names = metrics.text().lines().filter_map(|line| {
        let rest = line.strip_prefix("waypost_certificate_days_left{use=\"tls\",name=\"")?;
        rest.split('"').next()
    });
    assert_eq!(names.collect::<Vec<_>>(), ["q.com", "r.q.com"]);
}

#[test]
fn reports_https_without_a_certificate_with_its_location() {
    let text = profile("q.com", &domains(&["q.com"]), SERVERS);
    let files = Files::new("watch = true\nlisten = [\"https://127.0.0.1:0\"]\n", &[("a.toml", &text)]);
    let [problem] = &files.problems()[..] else { panic!("one problem") };
    assert!(problem.contains("there is no certificate\n  --> waypost.toml:2:10\n"), "{problem}");
}

#[test]
fn warns_about_certificates_that_clients_reject_or_never_ask_for() {
    let authority = Authority::new();
    let first = |problem: &String| problem.split("\n  --> ").next().unwrap().to_owned();
    let problems = |hosts: &[&str], sign: &dyn Fn(CertificateParams, &KeyPair) -> String| {
        let files = files(&authority, &[]);
        files.write("waypost.toml", &settings(&["x"]));
        let key = KeyPair::generate().unwrap();
        let mut params =
            CertificateParams::new(hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "Test");
        files.write("x.key", &key.serialize_pem());
        files.write("x.pem", &sign(params, &key));
        files.problems().iter().map(first).collect::<Vec<_>>()
    };
    let whole = |params: CertificateParams, key: &KeyPair| {
        params.signed_by(key, &authority.0).unwrap().pem() + &authority.0.pem()
    };
    let all = ["*.q.com", "*.example.com"];
    assert_eq!(problems(&all, &whole), [""; 0]);
    assert_eq!(
        problems(&all, &|params, key| params.self_signed(key).unwrap().pem()),
        ["warning: the certificate for *.q.com is self-signed: mail programs reject it"]
    );
    assert_eq!(
        problems(&all, &|params, key| params.signed_by(key, &authority.0).unwrap().pem()),
        ["warning: the certificate for *.q.com is in a file without its issuer: some mail programs \
             reject it"]
    );
    assert_eq!(
        problems(&["www.example.net"], &whole),
        [
            "warning: the certificate for www.example.net matches no served host name",
            "warning: autoconfig.example.com and 3 more host names have no certificate: TLS handshakes for them fail"
        ]
    );
    assert_eq!(
        problems(&["autoconfig.q.com", "autodiscover.q.com", "autoconfig.example.com"], &whole),
        ["warning: autodiscover.example.com has no certificate: TLS handshakes for it fail"]
    );
    // The host of public_url, and a domain itself, are names that clients ask.
    for name in ["ad.q.com", "q.com", "mta-sts.q.com"] {
        assert!(!problems(&[name], &whole)[0].contains("matches no served"), "{name}");
    }
}

#[test]
fn warns_about_a_name_in_two_certificates() {
    let authority = Authority::new();
    let files = files(&authority, &[("q", &["autoconfig.q.com"]), ("r", &["r.q.com", "autoconfig.q.com"])]);
    let problems = files.problems();
    let said = "warning: an earlier [[tls]] also has a certificate for autoconfig.q.com";
    assert!(problems.iter().any(|problem| problem.starts_with(said)), "{problems:?}");
}
