//! Conflicts between profiles: an id or a mail exchanger's host that occurs twice. `domain_index` finds domains that
//! occur twice.

use std::collections::HashMap;
use std::hash::Hash;

use crate::address::Domain;
use crate::diagnostics::{Location, Problem, Problems};
use crate::formats::parsed_profile::ParsedProfile;

/// Compares every profile with itself and with those before it.
pub fn find(profiles: &[ParsedProfile], problems: &Problems) {
    ids(profiles, problems);
    mx_hosts(profiles, problems);
}

/// Records the first value of a key, and returns it for every further one.
fn first_of<K: Eq + Hash, V: Copy>(seen: &mut HashMap<K, V>, key: K, value: V) -> Option<V> {
    let first = seen.get(&key).copied();
    if first.is_none() {
        seen.insert(key, value);
    }
    first
}

fn ids(profiles: &[ParsedProfile], problems: &Problems) {
    let mut seen: HashMap<&Domain, &Location> = HashMap::new();
    for id in profiles.iter().filter_map(|profile| profile.id.as_ref()) {
        if let Some(first) = first_of(&mut seen, &id.value, &id.location) {
            let message = format!("two profiles have the id `{}`", id.value);
            let hint = format!("change the id of one of them (the other is at {first})");
            problems.error(id.location.clone(), message, hint);
        }
    }
}

fn mx_hosts(profiles: &[ParsedProfile], problems: &Problems) {
    let mut seen: HashMap<&Domain, &ParsedProfile> = HashMap::new();
    for profile in profiles {
        for host in &profile.mx_hosts {
            if host.value.public_suffix().is_some() {
                let message = format!("`{}` is a public suffix, not a mail exchanger", host.value);
                let hint = "write the host name of the MX record, for example mx.example.net";
                problems.error(host.location.clone(), message, hint);
            }
            let Some(first) = first_of(&mut seen, &host.value, profile) else { continue };
            if std::ptr::eq(first, profile) {
                let message = format!("`{}` is listed twice", host.value);
                problems.push(Problem::information(host.location.clone(), message));
            } else {
                let message = format!(
                    "the mail exchanger `{}` is in two profiles, `{}` and `{}`",
                    host.value, first.name, profile.name
                );
                problems.error(host.location.clone(), message, "remove it from one of the two profiles");
            }
        }
    }
}
