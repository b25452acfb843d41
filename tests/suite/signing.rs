//! Signed configuration profiles: reference/beyond 1.1, Signing, and the last boxes of 1.4.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use cms::cert::CertificateChoices;
use cms::cert::x509::der::asn1::OctetString;
use cms::cert::x509::der::{Decode, Encode, Tag, Tagged};
use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use rcgen::date_time_ymd;
use rustls::SignatureScheme;
use rustls::crypto::ring::default_provider;
use sha2::{Digest, Sha256};
use waypost::config::{Config, LoadError};
use waypost::service::Reloaded;

use crate::certificates::Chain;
use crate::certificates::Key;
use crate::certificates::write;
use crate::common::Files;
use crate::common::Reloadable;
use crate::common::SERVERS;
use crate::common::Server;
use crate::common::domains;
use crate::common::loopback;
use crate::common::profile;

const SIGNING: &str = "[signing]\ncertificate = \"fullchain.pem\"\nkey = \"privkey.pem\"\n";
const TARGET: &str = "/mobileconfig?emailaddress=jane@example.com";

fn files(settings: &str) -> Files {
    let text = profile("example.com", &domains(&["example.com"]), SERVERS);
    Files::new(settings, &[("a.toml", &text)])
}

fn signed_by(chain: &Chain) -> Files {
    let files = files(SIGNING);
    chain.write(&files.path("."));
    files
}

fn unsigned() -> Vec<u8> {
    files("").serve().get("example.com", TARGET).body
}

/// A signed profile, taken apart and verified.
struct Opened {
    content: Vec<u8>,
    /// In the order of the signed data.
    certificates: Vec<Vec<u8>>,
}

/// Reads a signed profile, and verifies signature and digest by another library than it was made with.
fn open(der: &[u8]) -> Opened {
    let info = ContentInfo::from_der(der).unwrap();
    let data: SignedData = info.content.decode_as().unwrap();
    let content: OctetString = data.encap_content_info.econtent.unwrap().decode_as().unwrap();
    let certificates: Vec<_> = data.certificates.unwrap().0.into_vec();
    let certificate = |choice: &CertificateChoices| match choice {
        CertificateChoices::Certificate(certificate) => certificate.clone(),
        CertificateChoices::Other(_) => panic!("another kind of certificate"),
    };
    let certificates: Vec<_> = certificates.iter().map(certificate).collect();
    let [signer] = data.signer_infos.0.as_slice() else { panic!("one signature") };
    let attributes = signer.signed_attrs.as_ref().unwrap();
    let digest = attributes.iter().find(|a| a.oid.to_string() == "1.2.840.113549.1.9.4").unwrap();
    let digest: OctetString = digest.values.get(0).unwrap().decode_as().unwrap();
    assert_eq!(digest.as_bytes(), &Sha256::digest(content.as_bytes())[..]);
    let time = attributes.iter().find(|a| a.oid.to_string() == "1.2.840.113549.1.9.5").unwrap();
    assert_eq!(time.values.get(0).unwrap().tag(), Tag::UtcTime);
    let scheme = match signer.signature_algorithm.oid.to_string().as_str() {
        "1.2.840.113549.1.1.1" => SignatureScheme::RSA_PKCS1_SHA256,
        "1.2.840.10045.4.3.2" => SignatureScheme::ECDSA_NISTP256_SHA256,
        other => panic!("{other}"),
    };
    let who =
        certificates.iter().find(|c| c.tbs_certificate.subject.to_string().contains("mail.example.net"));
    let key = &who.unwrap().tbs_certificate.subject_public_key_info.subject_public_key;
    let algorithms = default_provider().signature_verification_algorithms;
    let (_, verifiers) = algorithms.mapping.iter().find(|(known, _)| *known == scheme).unwrap();
    let message = attributes.to_der().unwrap();
    let is_right = verifiers.iter().any(|verifier| {
        verifier.verify_signature(key.raw_bytes(), &message, signer.signature.as_bytes()).is_ok()
    });
    assert!(is_right, "the signature is not the key's");
    Opened {
        content: content.into_bytes(),
        certificates: certificates.iter().map(|certificate| certificate.to_der().unwrap()).collect(),
    }
}

fn der(pem: &str) -> Vec<u8> {
    use rustls::pki_types::pem::PemObject;
    rustls::pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}

#[test]
fn signs_the_exact_plist_and_includes_all_certificates_but_the_root() {
    for key in [Key::Rsa, Key::Ecdsa] {
        let chain = Chain::new(key);
        let files = signed_by(&chain);
        let everything = chain.leaf.clone() + &chain.root + &chain.intermediate;
        write(&files.path("fullchain.pem"), &everything);
        assert_eq!(files.load().notes, [], "{key:?}");
        let answer = files.serve().get("example.com", TARGET);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/x-apple-aspen-config"));
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        let opened = open(&answer.body);
        assert_eq!(opened.content, unsigned());
        let mut expected = vec![der(&chain.leaf), der(&chain.intermediate)];
        let mut found = opened.certificates;
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{key:?}");
    }
}

#[test]
fn reads_the_chain_from_its_own_file() {
    let chain = Chain::new(Key::Rsa);
    let files = files(&(SIGNING.to_owned() + "chain = \"chain.pem\"\n"));
    chain.write(&files.path("."));
    write(&files.path("fullchain.pem"), &chain.leaf);
    write(&files.path("chain.pem"), &chain.intermediate);
    assert_eq!(files.load().notes, []);
    assert_eq!(open(&files.serve().get("example.com", TARGET).body).certificates.len(), 2);
}

/// The problems of a valid configuration after a mistake is made in its files.
fn mistake(make: impl FnOnce(&Chain, &Files)) -> Vec<String> {
    let chain = Chain::new(Key::Rsa);
    let files = signed_by(&chain);
    make(&chain, &files);
    assert!(matches!(Config::load(&files.path("waypost.toml")), Err(LoadError::Problems(_))));
    let strict = files.problems();
    // With `or_unsigned` the same is a warning, and the profile has no signature.
    let text = fs::read_to_string(files.path("waypost.toml")).unwrap() + "or_unsigned = true\n";
    files.write("waypost.toml", &text);
    let lenient = files.problems();
    let first =
        |problems: &[String]| problems[0].lines().next().unwrap().split_once(": ").unwrap().1.to_owned();
    assert!(lenient[0].starts_with("warning: "), "{lenient:?}");
    assert_eq!(first(&lenient), first(&strict));
    assert_eq!(files.serve().get("example.com", TARGET).body, unsigned());
    strict
}

#[test]
fn rejects_unusable_signing_files_with_the_reason() {
    let said = |problems: Vec<String>| problems[0].lines().next().unwrap().to_owned();
    assert_eq!(
        mistake(|_, files| fs::remove_file(files.path("privkey.pem")).unwrap()),
        ["error: Apple profiles cannot be signed: privkey.pem cannot be read: No such file or directory \
          (os error 2)\n  --> waypost.toml:1:1\nhint: check the path (it is relative to waypost.toml), \
          and make the file readable for the server's user"]
    );
    let wrong =
        |name: &'static str, text: &'static str| said(mistake(|_, files| write(&files.path(name), text)));
    assert_eq!(
        wrong("fullchain.pem", "no certificate"),
        "error: Apple profiles cannot be signed: fullchain.pem has no valid certificate in PEM format"
    );
    assert_eq!(
        wrong("privkey.pem", "no key"),
        "error: Apple profiles cannot be signed: privkey.pem has no valid private key in PEM format"
    );
    assert_eq!(
        said(mistake(|_, files| write(&files.path("privkey.pem"), &Key::OtherRsa.pair().serialize_pem()))),
        "error: Apple profiles cannot be signed: privkey.pem is not the key of the certificate in \
         fullchain.pem"
    );
    assert_eq!(
        said(mistake(|chain, files| {
            write(&files.path("fullchain.pem"), &(chain.intermediate.clone() + &chain.leaf));
        })),
        "error: Apple profiles cannot be signed: privkey.pem is not the key of the certificate in \
         fullchain.pem"
    );
    assert_eq!(
        said(mistake(|_, files| Chain::new(Key::Ed25519).write(&files.path(".")))),
        "error: Apple profiles cannot be signed: the key is neither RSA of at least 2048 bits nor ECDSA on \
         P-256"
    );
    let expired = Chain::with(Key::Rsa, |params| params.not_after = date_time_ymd(2021, 3, 4));
    assert_eq!(
        said(mistake(|_, files| expired.write(&files.path(".")))),
        "error: Apple profiles cannot be signed: the certificate of CN=mail.example.net expired on 2021-03-04"
    );
    let early = Chain::with(Key::Rsa, |params| params.not_before = date_time_ymd(2048, 3, 4));
    assert_eq!(
        said(mistake(|_, files| early.write(&files.path(".")))),
        "error: Apple profiles cannot be signed: the certificate of CN=mail.example.net is not valid before \
         2048-03-04"
    );
}

/// A certificate that expires in so many days.
fn expiring(days: u64) -> (Chain, SystemTime) {
    let end = SystemTime::now() + Duration::from_secs(days * 24 * 60 * 60);
    (Chain::with(Key::Rsa, |params| params.not_after = end.into()), end)
}

#[test]
fn warns_about_weak_signing_files() {
    let warnings = |chain: &Chain, change: &dyn Fn(&Files)| {
        let files = signed_by(chain);
        change(&files);
        files.problems().iter().map(|problem| problem.lines().next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let soon = warnings(&expiring(13).0, &|_| {});
    assert!(soon[0].starts_with("warning: the signing certificate expires on 20"), "{soon:?}");
    assert_eq!(warnings(&expiring(15).0, &|_| {}), [""; 0]);
    let chain = Chain::new(Key::Rsa);
    let alone = warnings(&chain, &|files| write(&files.path("fullchain.pem"), &chain.leaf));
    let said = "warning: the issuer of the signing certificate is missing: devices show its profiles as \
                not verified";
    assert_eq!(alone, [said]);
    let open = warnings(&chain, &|files| {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(files.path("privkey.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    });
    assert_eq!(open, ["warning: privkey.pem can be read by every user of this machine"]);
}

#[test]
fn reloads_renewed_signing_files_and_ignores_broken_ones() {
    for or_unsigned in [false, true] {
        follows_its_files(or_unsigned);
    }
}

fn follows_its_files(or_unsigned: bool) {
    let (old, new) = (Chain::new(Key::Rsa), Chain::new(Key::Ecdsa));
    let files = files(&format!("{SIGNING}or_unsigned = {or_unsigned}\n"));
    old.write(&files.path("."));
    let Reloadable { files, mut reloader, server, .. } = Reloadable::at(&loopback(), files);
    let mut signer = || {
        let reloaded = reloader.reload();
        let opened = open(&server.get("example.com", TARGET).body);
        assert_eq!(opened.content, unsigned());
        (reloaded, opened.certificates)
    };
    // A profile that can be served without a signature keeps the one it has.
    let of_broken = if or_unsigned { Reloaded::Done } else { Reloaded::Failed };
    let mut assert_still = |change: &str, expected: Reloaded| {
        let (reloaded, certificates) = signer();
        assert_eq!(reloaded, expected, "{change}");
        assert!(certificates.contains(&der(&old.leaf)), "{change}");
    };
    assert_still("nothing", Reloaded::Unchanged);
    write(&files.path("fullchain.pem"), &(new.leaf.clone() + &new.intermediate));
    assert_still("the new certificate is there, its key is not yet", of_broken);
    write(&files.path("privkey.pem"), "half written");
    let of_still_broken = if or_unsigned { Reloaded::Unchanged } else { Reloaded::Failed };
    assert_still("half a key", of_still_broken);
    fs::remove_file(files.path("privkey.pem")).unwrap();
    assert_still("no key", of_still_broken);
    write(&files.path("privkey.pem"), &new.key);
    let (reloaded, certificates) = signer();
    assert_eq!(reloaded, Reloaded::Done);
    assert!(certificates.contains(&der(&new.leaf)));
    // A link that leads elsewhere from now on, as certbot's does.
    let third = Chain::new(Key::Rsa);
    fs::create_dir(files.path("live")).unwrap();
    third.write(&files.path("live"));
    for name in ["fullchain.pem", "privkey.pem"] {
        fs::remove_file(files.path(name)).unwrap();
        std::os::unix::fs::symlink(files.path("live").join(name), files.path(name)).unwrap();
    }
    let (reloaded, certificates) = signer();
    assert_eq!(reloaded, Reloaded::Done);
    assert!(certificates.contains(&der(&third.leaf)));
}

/// Issuers with the same name are told apart by their key and validity period.
#[test]
fn selects_the_right_issuer_among_equal_names() {
    let (chain, other) = (Chain::new(Key::Rsa), Chain::new(Key::Rsa));
    let files = signed_by(&chain);
    let everything = [&chain.leaf, &other.intermediate, &chain.old_intermediate, &chain.intermediate];
    write(&files.path("fullchain.pem"), &everything.map(String::as_str).concat());
    assert_eq!(files.load().notes, []);
    let certificates = open(&files.serve().get("example.com", TARGET).body).certificates;
    assert_eq!(certificates.len(), 2);
    assert!(certificates.contains(&der(&chain.intermediate)));
    // An unrelated issuer with the same name is not used.
    write(&files.path("fullchain.pem"), &(chain.leaf.clone() + &other.intermediate));
    assert!(files.problems()[0].starts_with("warning: the issuer of the signing certificate is missing"));
}

/// A server that started without signing files signs once they exist.
#[test]
fn signs_profiles_once_the_files_exist() {
    let files = files(&(SIGNING.to_owned() + "or_unsigned = true\n"));
    let Reloadable { files, mut reloader, server, .. } = Reloadable::at(&loopback(), files);
    assert_eq!(server.get("example.com", TARGET).body, unsigned());
    let chain = Chain::new(Key::Rsa);
    chain.write(&files.path("."));
    assert_eq!(reloader.reload(), Reloaded::Done);
    assert_eq!(open(&server.get("example.com", TARGET).body).content, unsigned());
}

#[test]
fn exports_the_expiry_of_the_signing_certificate() {
    let (chain, end) = expiring(5);
    let Reloadable { files, mut reloader, server, admin } = Reloadable::at(&loopback(), signed_by(&chain));
    let seconds = end.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let metrics = admin.get("localhost", "/metrics");
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let line =
        format!("\nwaypost_certificate_expiry_timestamp_seconds{{use=\"signing\",name=\"\"}} {seconds}\n");
    assert!(metrics.text().contains(&line), "{}", metrics.text());
    let (renewed, end) = expiring(90);
    renewed.write(&files.path("."));
    assert_eq!(reloader.reload(), Reloaded::Done);
    let seconds = end.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let text = admin.get("localhost", "/metrics").text().to_owned();
    assert!(text.contains(&format!("}} {seconds}\n")), "{text}");
    // Each listener has its own routes only.
    admin.get("example.com", TARGET).assert_empty(404);
    server.get("example.com", "/metrics").assert_empty(404);
    let without = Server::start_admin(self::files("").load()).get("localhost", "/metrics");
    assert!(!without.text().contains("certificate"), "{}", without.text());
}

/// Verification as on a device, with an independent implementation.
#[test]
#[ignore = "needs openssl: cargo test -- --ignored"]
fn openssl_verifies_a_signed_profile() {
    for key in [Key::Rsa, Key::Ecdsa] {
        let chain = Chain::new(key);
        let files = signed_by(&chain);
        write(&files.path("root.pem"), &chain.root);
        fs::write(files.path("signed"), files.serve().get("example.com", TARGET).body).unwrap();
        let verify = |root: &Path| {
            Command::new("openssl")
                .args(["cms", "-verify", "-inform", "DER", "-purpose", "any", "-binary", "-in"])
                .arg(files.path("signed"))
                .arg("-CAfile")
                .arg(root)
                .output()
                .expect("openssl is installed")
        };
        let output = verify(&files.path("root.pem"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stdout, unsigned());
        write(&files.path("other.pem"), &Chain::new(key).root);
        assert!(!verify(&files.path("other.pem")).status.success(), "another root is no root of it");
    }
}

/// Apple's own format by another reader: Python's plistlib.
#[test]
#[ignore = "needs python3: cargo test -- --ignored"]
fn python_reads_a_profile_with_the_same_values() {
    let folder = crate::common::data("mobileconfig");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let script = "import json, plistlib, sys\nprint(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
        let output =
            Command::new("python3").args(["-c", script]).arg(&path).output().expect("python3 is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let ours = crate::mobileconfig::read(&fs::read(&path).unwrap());
        assert_eq!(read, as_json(&plist::Value::Dictionary(ours)), "{}", path.display());
    }
}

fn as_json(value: &plist::Value) -> serde_json::Value {
    use plist::Value;
    match value {
        Value::Dictionary(dict) => dict.iter().map(|(key, value)| (key.clone(), as_json(value))).collect(),
        Value::Array(list) => list.iter().map(as_json).collect(),
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => number.as_unsigned().unwrap().into(),
        Value::Boolean(switch) => (*switch).into(),
        other => panic!("{other:?} has no place in a profile"),
    }
}
