//! What signs, and what listeners with TLS serve: read from the files that the settings name.
//!
//! A key may stand in the file of its certificate, so no file's own content is hashed here: what counts
//! are the certificates that are in use.

use std::time::SystemTime;

use super::settings::{Signing, Tls};
use crate::certificates::expiry::days_left;
use crate::certificates::tls::TlsCertificate;
use crate::diagnostics::Problem;
use crate::documents::mobileconfig::EXPIRY_WARNING_PERIOD;
use crate::documents::mobileconfig::signing::Signer;
use crate::files::SourceFiles;

/// Reads what signs, and says what is wrong or doubtful about it.
pub fn signer(signing: &Signing, inputs: &SourceFiles, problems: &mut Vec<Problem>) -> Option<Signer> {
    signing.files.all().for_each(|path| inputs.watch(path));
    let place = || signing.place.clone();
    match Signer::load(&signing.files, SystemTime::now()) {
        Ok(signer) => {
            inputs.set_content(&signing.files.certificate, &signer.chain());
            for warning in signer.warnings() {
                problems.push(Problem::warning(place(), warning.to_string(), warning.hint()));
            }
            Some(signer)
        }
        Err(error) => {
            let message = format!("configuration profiles cannot be signed: {error}");
            problems.push(if signing.or_unsigned {
                inputs.give_way();
                Problem::warning(place(), message, "they are served unsigned, as or_unsigned says")
            } else {
                Problem::error(place(), message, error.hint())
            });
            None
        }
    }
}

/// Reads what listeners with TLS serve.
pub fn all(tls: &[Tls], inputs: &SourceFiles, problems: &mut Vec<Problem>) -> Vec<TlsCertificate> {
    let mut certificates: Vec<TlsCertificate> = Vec::new();
    for tls in tls {
        let Some(new) = certificate(tls, inputs, problems) else { continue };
        let is_known = |name: &&String| certificates.iter().any(|other| other.names.contains(name));
        if let Some(name) = new.names.iter().find(is_known) {
            let message =
                format!("an earlier [[tls]] has a certificate for {name} too, and that one is served");
            problems.push(Problem::warning(
                tls.place.clone(),
                message,
                "one certificate for a name is enough",
            ));
        }
        certificates.push(new);
    }
    certificates
}

/// Reads a certificate for TLS. One that has expired is told, and keeps nobody from plain http.
fn certificate(tls: &Tls, inputs: &SourceFiles, problems: &mut Vec<Problem>) -> Option<TlsCertificate> {
    let place = || tls.place.clone();
    tls.files.all().for_each(|path| inputs.watch(path));
    let certificate = match TlsCertificate::load(&tls.files) {
        Ok(certificate) => certificate,
        Err(error) => {
            problems.push(Problem::error(place(), format!("TLS: {error}"), error.hint()));
            return None;
        }
    };
    inputs.set_content(&tls.files.certificate, &certificate.chain());
    let now = SystemTime::now();
    if certificate.not_after < now {
        let message = format!("the certificate for {certificate} has expired: no client accepts it");
        problems.push(Problem::warning(
            place(),
            message,
            "renew it; new files are taken up without a restart",
        ));
    } else if certificate.not_before > now {
        let message = format!("the certificate for {certificate} is not valid yet");
        problems.push(Problem::warning(place(), message, "check this machine's clock"));
    } else if certificate.not_after < now + EXPIRY_WARNING_PERIOD {
        let days = match days_left(certificate.not_after, now) {
            0 => "less than a day".to_owned(),
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        };
        let message = format!("the certificate for {certificate} expires in {days}");
        problems.push(Problem::warning(
            place(),
            message,
            "renew it; new files are taken up without a restart",
        ));
    }
    Some(certificate)
}
