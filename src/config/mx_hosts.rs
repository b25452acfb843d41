//! The hosts of mail exchangers: which profile answers for them and for the names above them.

use std::collections::BTreeMap;

use crate::address::Domain;
use crate::diagnostics::problem::Located;
use crate::diagnostics::{Location, Problem, Problems};
use crate::directory::{Directory, ProfileId};

/// Adds each host to the directory, and the parent names that clients derive from it: Thunderbird the first one and the
/// registrable one, Evolution and FairEmail all of them (reference/autoconfig 1.2).
///
/// A name that is a domain of another profile stays with that profile. A parent of hosts of several profiles is not
/// added, unless a profile lists it.
pub fn bind(directory: &mut Directory, hosts: Vec<(Located<Domain>, ProfileId)>, problems: &Problems) {
    let mut parents: BTreeMap<Domain, Vec<(ProfileId, Location)>> = BTreeMap::new();
    for (host, id) in hosts {
        if directory.profile_of(&host.value).is_some_and(|owner| owner != id) {
            let message = format!("the mail exchanger `{}` is a domain of another profile", host.value);
            let hint = "remove it from `mx_hosts`, or from `domains` of the other profile";
            problems.error(host.location, message, hint);
            continue;
        }
        for parent in registered_parents(&host.value) {
            parents.entry(parent).or_default().push((id, host.location.clone()));
        }
        // A duplicate has been reported as a conflict.
        let _ = directory.insert_mx_host(host.value, id);
    }
    for (name, mut profiles) in parents {
        if directory.mx_host_profile(name.as_str()).is_some() {
            continue;
        }
        profiles.dedup_by_key(|(id, _)| *id);
        let owner = directory.profile_of(&name);
        let other = profiles.iter().find(|(id, _)| owner.is_some_and(|owner| owner != *id));
        let problem = match (other, profiles.as_slice()) {
            (Some((_, location)), _) => {
                let message = format!("requests to {name} get another profile, which has it in `domains`");
                Problem::information(location.clone(), message)
            }
            (None, [(id, _)]) => {
                directory.insert_mx_host(name, *id).expect("the name was free a moment ago");
                continue;
            }
            (None, [.., (_, location)]) => {
                let message = format!(
                    "mail exchangers below {name} are in several profiles: requests to {name} get no profile"
                );
                let hint = format!("add \"{name}\" to `mx_hosts` of one of these profiles");
                Problem::note(location.clone(), message, hint)
            }
            (None, []) => continue,
        };
        problems.push(problem);
    }
}

/// The names above a host, down to the registrable one.
fn registered_parents(host: &Domain) -> Vec<Domain> {
    let Some(registrable) = host.registrable() else { return Vec::new() };
    host.parents()
        .take_while(|parent| parent.len() >= registrable.len())
        .filter_map(|parent| parent.parse().ok())
        .collect()
}
