//! Host names that clients cannot resolve, and names that look misspelt.

use super::lint::{Cause, Lint};
use super::subject::Subject;
use crate::address::Domain;
use crate::diagnostics::Severity;
use crate::profile::Server;

pub fn unreachable(subject: Subject<'_>, server: &Server) -> Option<Lint> {
    let name = host(subject, server).filter(is_private)?;
    // People see an alternative, but no client uses it.
    let severity = if subject.profile.prefers(server) { Severity::Error } else { Severity::Warning };
    let message = format!("clients cannot connect to {name}: the name cannot exist in the public DNS");
    let hint = "write the public host name of the server";
    Some(subject.lint(Cause::UnreachableHost, severity, message, hint))
}

pub fn foreign(subject: Subject<'_>, server: &Server) -> Option<Lint> {
    let name = host(subject, server).filter(|host| !is_private(host) && !is_own(subject, host))?;
    let message = format!("{name} is not in a domain of the profile");
    let hint = "check the spelling of the host name";
    Some(subject.note(Cause::ForeignHost, message, hint))
}

/// For customers on an MX host, `%EMAILDOMAIN%` is the domain in the request.
pub fn customers_domain(subject: Subject<'_>) -> Option<Lint> {
    let server = subject.profile.servers().find(|server| server.hostname.needs_domain())?;
    if !subject.directory.has_mx_hosts(&subject.profile.id) {
        return None;
    }
    let host = server.hostname.as_str();
    let message = format!(
        "{host} is in a profile with mx_hosts: for domains of customers, the host name depends on the request"
    );
    let hint = "write host names without %EMAILDOMAIN%; until then, Waypost serves no Apple profile for \
                domains of customers";
    Some(subject.warning(Cause::CustomersHosts, message, hint))
}

/// Whether a name has no meaning in the public DNS: a single label, or a name below a suffix of RFC 6761,
/// 6762, 8375, ICANN's `internal`, or one that routers and installers write (`lan`, `localdomain`).
fn is_private(host: &Domain) -> bool {
    let suffixes = ["localhost", "invalid", "local", "internal", "home.arpa", "lan", "localdomain"];
    let mut parents = host.parents().peekable();
    parents.peek().is_none() || parents.any(|parent| suffixes.contains(&parent))
}

fn host(subject: Subject<'_>, server: &Server) -> Option<Domain> {
    server.hostname.for_domain(subject.address.domain()).parse().ok()
}

/// Whether a host is below one of the profile's domains, or has the registrable domain of its id.
fn is_own(subject: Subject<'_>, host: &Domain) -> bool {
    let directory = subject.directory;
    let is_mapped = |name: &str| {
        let id = name.parse().ok().and_then(|name| directory.profile_of(&name));
        id.is_some_and(|id| directory.entries()[id.index()].profile.id == subject.profile.id)
    };
    host.registrable().is_some_and(|domain| subject.profile.id.registrable() == Some(domain))
        || is_mapped(host.as_str())
        || host.parents().any(is_mapped)
}
