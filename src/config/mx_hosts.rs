//! Mail exchangers' hosts, and who answers there.

use std::collections::BTreeMap;

use crate::address::Domain;
use crate::diagnostics::problem::Located;
use crate::diagnostics::{Location, Problem};
use crate::directory::{Directory, ProfileId};

/// Binds each exchanger's host, and the names above it that clients derive from it: Thunderbird the
/// first and the registrable one, Evolution and FairEmail all (reference/autoconfig 1.2).
pub fn bind(
    directory: &mut Directory,
    exchangers: Vec<(Located<Domain>, ProfileId)>,
    problems: &mut Vec<Problem>,
) {
    let mut derived: BTreeMap<Domain, Vec<(ProfileId, Location)>> = BTreeMap::new();
    for (host, id) in exchangers {
        if directory.profile_of(&host.value).is_some_and(|owner| owner != id) {
            problems.push(Problem::error(
                host.place.clone(),
                format!("mail exchanger {} is a domain of another profile, which answers there", host.value),
                "remove it here, or from that profile's domains",
            ));
            continue;
        }
        for parent in registered_parents(&host.value) {
            derived.entry(parent).or_default().push((id, host.place.clone()));
        }
        let _ = directory.bind_exchanger(host.value, id);
    }
    for (name, mut bindings) in derived {
        if directory.exchanger_profile(name.as_str()).is_some() {
            continue;
        }
        bindings.dedup_by_key(|(id, _)| *id);
        let owner = directory.profile_of(&name);
        if let Some((_, place)) = bindings.iter().find(|(id, _)| owner.is_some_and(|owner| owner != *id)) {
            problems.push(Problem::note(
                place.clone(),
                format!("{name} is a domain of another profile, so customers whose mail programs ask there get that one"),
                "nothing to do if that is meant",
            ));
            continue;
        }
        match bindings.as_slice() {
            [(id, _)] => {
                directory.bind_exchanger(name, *id).expect("the name was free a moment ago");
            }
            [.., (_, place)] => problems.push(Problem::note(
                place.clone(),
                format!("mail exchangers below {name} lead to several profiles; {name} itself leads to none"),
                format!("name \"{name}\" in the mx_hosts of the profile that should answer for it"),
            )),
            [] => {}
        }
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
