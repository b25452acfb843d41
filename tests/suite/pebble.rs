//! Pebble, a certificate authority for tests, in a sandbox.

use std::fs;
use std::path::Path;
use std::process::Command;

use rcgen::SanType;

use crate::certificates::{Chain, Key};
use crate::sandbox::{Program, run};

/// The URL of its directory.
pub const DIRECTORY: &str = "https://localhost:14000/dir";
/// The root certificate of its own HTTPS listeners.
pub const CA_FILE: &str = "/run/pebble/root.pem";

const CONFIGURATION: &str = r#"{ "pebble": {
    "listenAddress": "127.0.0.1:14000",
    "managementListenAddress": "127.0.0.1:15000",
    "certificate": "/run/pebble/fullchain.pem",
    "privateKey": "/run/pebble/privkey.pem",
    "httpPort": 80,
    "tlsPort": 443
} }"#;

/// Starts Pebble, and writes the root of the certificates that it issues to `root`. `hosts` resolve to loopback.
pub fn start(hosts: &[&str], root: &str) -> Program {
    fs::create_dir("/run/pebble").unwrap();
    let chain = Chain::with(Key::Ecdsa, |certificate| {
        certificate.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())];
    });
    chain.write(Path::new("/run/pebble"));
    fs::write(CA_FILE, &chain.root).unwrap();
    fs::write("/run/pebble/pebble.json", CONFIGURATION).unwrap();
    fs::write("/etc/hosts", format!("127.0.0.1 localhost {}\n", hosts.join(" "))).unwrap();
    let mut pebble = Command::new("pebble");
    pebble.args(["-config", "/run/pebble/pebble.json"]).env("PEBBLE_VA_NOSLEEP", "1");
    let pebble = Program::start(&mut pebble, Path::new("/run/pebble/log"), &[14000, 15000]);
    run(&format!(
        "curl -sS --fail --noproxy '*' --cacert {CA_FILE} -o {root} https://localhost:15000/roots/0"
    ));
    pebble
}
