//! The certificates that the settings name: for TLS and for signing configuration profiles.
//!
//! A key may be in the same file as its certificate, so the content of these files is not part of the configuration's
//! hash. The certificate chains are.

use std::time::SystemTime;

use super::settings::{Signing, Tls};
use crate::certificates::expiry::{EXPIRY_WARNING, days_left};
use crate::certificates::tls::{Issuers, TlsCertificate};
use crate::diagnostics::{Location, Problem, Problems};
use crate::documents::mobileconfig::signing::Signer;
use crate::files::SourceFiles;

/// Loads the certificate and key for signing, and reports what is wrong or doubtful.
pub fn signer(signing: &Signing, sources: &SourceFiles, problems: &Problems) -> Option<Signer> {
    signing.files.all().for_each(|path| sources.watch(path));
    let location = || signing.location.clone();
    match Signer::load(&signing.files, SystemTime::now()) {
        Ok(signer) => {
            sources.add_content(&signing.files.certificate, &signer.chain());
            for warning in &signer.warnings {
                problems.warning(location(), &*warning.message, warning.hint);
            }
            Some(signer)
        }
        Err(error) => {
            let message = format!("Apple profiles cannot be signed: {error}");
            problems.push(if signing.or_unsigned {
                sources.set_used_fallback();
                Problem::warning(
                    location(),
                    message,
                    "correct [signing]; until then, Waypost serves unsigned profiles (or_unsigned = true)",
                )
            } else {
                Problem::error(location(), message, error.hint())
            });
            None
        }
    }
}

/// Loads the certificates for TLS, each with its location.
pub fn tls(tls: &[Tls], sources: &SourceFiles, problems: &Problems) -> (Vec<TlsCertificate>, Vec<Location>) {
    let mut certificates: Vec<TlsCertificate> = Vec::new();
    let mut locations = Vec::new();
    for tls in tls {
        tls.files.all().for_each(|path| sources.watch(path));
        let certificate = match TlsCertificate::load(&tls.files) {
            Ok(certificate) => certificate,
            Err(error) => {
                problems.error(tls.location.clone(), format!("[[tls]]: {error}"), error.hint());
                continue;
            }
        };
        sources.add_content(&tls.files.certificate, &certificate.chain());
        let warnings = [
            validity_warning(&certificate),
            issuer_warning(&certificate),
            duplicate_warning(&certificate, &certificates),
        ];
        problems.extend(
            warnings
                .into_iter()
                .flatten()
                .map(|(text, hint)| Problem::warning(tls.location.clone(), text, hint)),
        );
        certificates.push(certificate);
        locations.push(tls.location.clone());
    }
    (certificates, locations)
}

/// A message and a hint if the certificate is not valid now, or not for long.
fn validity_warning(certificate: &TlsCertificate) -> Option<(String, &'static str)> {
    const RENEW: &str = "renew it; Waypost loads the new files without a restart";

    let now = SystemTime::now();
    let (state, hint) = if certificate.not_after < now {
        ("has expired: mail programs reject it".to_owned(), RENEW)
    } else if certificate.not_before > now {
        ("is not valid yet".to_owned(), "check the clock of this machine")
    } else if certificate.not_after < now + EXPIRY_WARNING {
        let days = match days_left(certificate.not_after, now) {
            0 => "less than a day".to_owned(),
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        };
        (format!("expires in {days}"), RENEW)
    } else {
        return None;
    };
    Some((format!("the certificate for {certificate} {state}"), hint))
}

fn issuer_warning(certificate: &TlsCertificate) -> Option<(String, &'static str)> {
    let (state, hint) = match certificate.issuers {
        Issuers::Present => return None,
        Issuers::SelfSigned => (
            "is self-signed: mail programs reject it",
            "order one from a certificate authority that mail programs trust",
        ),
        Issuers::Missing => (
            "is in a file without its issuer: some mail programs reject it",
            "name the file with the certificate chain, for example certbot's fullchain.pem; no action is \
             needed if all mail programs trust the issuer directly",
        ),
    };
    Some((format!("the certificate for {certificate} {state}"), hint))
}

fn duplicate_warning(
    certificate: &TlsCertificate,
    earlier: &[TlsCertificate],
) -> Option<(String, &'static str)> {
    let name = certificate.names.iter().find(|name| earlier.iter().any(|one| one.names.contains(*name)))?;
    let message =
        format!("an earlier [[tls]] also has a certificate for {name}; Waypost serves the earlier one");
    Some((message, "keep one certificate for each name"))
}
