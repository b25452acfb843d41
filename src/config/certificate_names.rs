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

/// The names of all certificates. A wildcard is stored without its first label.
struct Names<'c> {
    exact: HashSet<&'c str>,
    wildcards: HashSet<&'c str>,
}

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
            let hint = "mail programs ask autoconfig.D and autodiscover.D of each domain D; order a certificate for \
                        them, or remove this one";
            problems.warning((*location).clone(), message, hint);
        }
    }
    let Some((_, first)) = certificates.first() else { return };
    if !settings.listen.iter().any(|listener| listener.is_https) {
        return;
    }
    let names = Names::of(certificates.iter().flat_map(|(certificate, _)| &certificate.names));
    let mut missing = missing(&names, directory);
    if let Some(example) = missing.next() {
        let message = match missing.count() {
            0 => format!("{example} has no certificate: TLS handshakes for it fail"),
            others => format!(
                "{example} and {others} more host names have no certificate: TLS handshakes for them fail"
            ),
        };
        let hint = "add [[tls]] with a certificate for them; no action needed if a proxy in front has it";
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

/// The service host names of listed domains without a certificate, in the order of the names.
fn missing<'n>(names: &'n Names, directory: &'n Directory) -> impl Iterator<Item = String> + use<'n> {
    let mut domains: Vec<_> =
        directory.domains().filter(|domain| !names.wildcards.contains(domain.as_str())).collect();
    domains.sort_unstable();
    let hosts = domains.into_iter().flat_map(|domain| NEEDED.map(|label| format!("{label}.{domain}")));
    hosts.filter(|host| !names.exact.contains(host.as_str()))
}

impl<'c> Names<'c> {
    fn of(all: impl Iterator<Item = &'c String>) -> Self {
        let (mut exact, mut wildcards) = (HashSet::new(), HashSet::new());
        for name in all {
            match name.strip_prefix("*.") {
                Some(host) => wildcards.insert(host),
                None => exact.insert(name.as_str()),
            };
        }
        Self { exact, wildcards }
    }
}
