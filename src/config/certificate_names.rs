//! Compares the names of the `[[tls]]` certificates with the host names that clients connect to.

use std::collections::HashSet;

use super::public_url::PublicUrl;
use super::settings::Settings;
use crate::address::{Domain, MTA_STS_LABEL, SERVICE_LABELS};
use crate::certificates::tls::TlsCertificate;
use crate::diagnostics::{Location, Problems};
use crate::directory::Directory;

/// The service host names that every domain needs (reference/autoconfig 1.1, reference/autodiscover 1).
const NEEDED: [&str; 2] = ["autoconfig", "autodiscover"];

/// Warns about certificates for no served name, and about service host names without a certificate. Each
/// certificate has the location of its `[[tls]]`.
pub fn warn(
    certificates: &[(&TlsCertificate, &Location)],
    settings: &Settings,
    directory: &Directory,
    problems: &Problems,
) {
    let own = [settings.service_host(), settings.public_url.as_ref().map(PublicUrl::host)];
    for (certificate, location) in certificates {
        let is_served = |name: &String| {
            let (is_wildcard, host) = name.strip_prefix("*.").map_or((false, &**name), |host| (true, host));
            let is_own = own
                .into_iter()
                .flatten()
                .any(|own| own.as_str() == host || is_wildcard && own.parents().next() == Some(host));
            is_own || is_served(host, directory) || is_wildcard && has_served_names_below(host, directory)
        };
        if !certificate.names.iter().any(is_served) {
            let message = format!("the certificate for {certificate} matches no served host name");
            let hint = "order a certificate for autoconfig.D and autodiscover.D of each domain D, or \
                        remove this [[tls]]";
            problems.warning((*location).clone(), message, hint);
        }
    }
    let Some((_, first)) = certificates.first() else { return };
    if !settings.listen.iter().any(|listener| listener.is_https) {
        return;
    }
    let covered = NEEDED.map(|label| domains_covered(label, certificates));
    let mut count = 0_usize;
    let missing = directory.domains().flat_map(|domain| {
        let labels = NEEDED.into_iter().zip(&covered);
        labels.filter(|(_, covered)| !covered.contains(domain)).map(move |(label, _)| (domain, label))
    });
    // There may be a million: no list of them is made.
    if let Some((domain, label)) = missing.inspect(|_| count += 1).min() {
        let message = match count - 1 {
            0 => format!("{label}.{domain} has no certificate: TLS handshakes for it fail"),
            others => format!(
                "{label}.{domain} and {others} more host names have no certificate: TLS handshakes for them fail"
            ),
        };
        let hint = "add [[tls]] with a certificate for them; no action is needed if a reverse proxy \
                    terminates TLS for them";
        problems.warning((*first).clone(), message, hint);
    }
}

/// Whether a host name is a served domain, or one with a service label before it.
fn is_served(host: &str, directory: &Directory) -> bool {
    let labels = SERVICE_LABELS.iter().chain([&MTA_STS_LABEL]);
    let below = labels.filter_map(|label| host.strip_prefix(label)?.strip_prefix('.'));
    let mut names = std::iter::once(host).chain(below).filter_map(|name| name.parse::<Domain>().ok());
    names.any(|domain| {
        directory.profile_of(&domain).is_some() || directory.mx_host_profile(domain.as_str()).is_some()
    })
}

/// Whether names directly below a host are served.
fn has_served_names_below(host: &str, directory: &Directory) -> bool {
    host.parse().is_ok_and(|domain| directory.has_names_below(&domain))
}

/// The domains whose host name with this label has a certificate. A wildcard stands for one label.
fn domains_covered<'c>(label: &str, certificates: &[(&'c TlsCertificate, &Location)]) -> HashSet<&'c str> {
    let names = certificates.iter().flat_map(|(certificate, _)| &certificate.names);
    let domain =
        |name: &'c String| name.strip_prefix("*.").or_else(|| name.strip_prefix(label)?.strip_prefix('.'));
    names.filter_map(domain).collect()
}
