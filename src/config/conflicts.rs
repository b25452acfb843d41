//! What no two files may both have: an id, a domain, a mail exchanger's host.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use crate::address::Domain;
use crate::diagnostics::{Location, Problem};
use crate::directory::DomainPattern;
use crate::formats::parsed_profile::ParsedProfile;

/// Holds every profile's names against every other's, and its own.
pub fn find(drafts: &[ParsedProfile], problems: &mut Vec<Problem>) {
    ids(drafts, problems);
    claims(drafts, problems);
    exchangers(drafts, problems);
}

/// Notes where a value stands; if it has stood somewhere before, where it did first.
fn first_of<K: Eq + Hash, V: Copy>(seen: &mut HashMap<K, V>, key: K, value: V) -> Option<V> {
    match seen.entry(key) {
        Entry::Occupied(first) => Some(*first.get()),
        Entry::Vacant(free) => {
            free.insert(value);
            None
        }
    }
}

fn ids(drafts: &[ParsedProfile], problems: &mut Vec<Problem>) {
    let mut seen: HashMap<&Domain, &Location> = HashMap::new();
    for id in drafts.iter().filter_map(|draft| draft.id.as_ref()) {
        if let Some(first) = first_of(&mut seen, &id.value, &id.place) {
            problems.push(Problem::error(
                id.place.clone(),
                format!("two profiles have the id `{}`", id.value),
                format!("the other one is at {first}; give one of them another id"),
            ));
        }
    }
}

fn claims(drafts: &[ParsedProfile], problems: &mut Vec<Problem>) {
    let mut seen: HashMap<&DomainPattern, (&ParsedProfile, &Location)> = HashMap::new();
    for draft in drafts {
        for claim in &draft.claims {
            let Some((first, first_place)) = first_of(&mut seen, &claim.value, (draft, &claim.place)) else {
                continue;
            };
            let (message, hint) = if std::ptr::eq(first, draft) {
                (
                    format!("`{}` is listed twice", claim.value),
                    format!("the first time is at {first_place}; remove one of them"),
                )
            } else {
                (
                    format!(
                        "{} is claimed by two profiles, `{}` and `{}`",
                        claim.value, first.name, draft.name
                    ),
                    format!(
                        "a domain belongs to one profile; remove it from one of them (the other is at \
                         {first_place})"
                    ),
                )
            };
            problems.push(Problem::error(claim.place.clone(), message, hint));
        }
    }
}

fn exchangers(drafts: &[ParsedProfile], problems: &mut Vec<Problem>) {
    let mut seen: HashMap<&Domain, &ParsedProfile> = HashMap::new();
    for draft in drafts {
        for host in &draft.exchangers {
            if host.value.public_suffix().is_some() {
                problems.push(Problem::error(
                    host.place.clone(),
                    format!("`{}` is a public suffix, not a host of yours", host.value),
                    "name the mail exchanger as the MX record does, like mx.example.net",
                ));
            }
            let Some(first) = first_of(&mut seen, &host.value, draft) else { continue };
            let message = if std::ptr::eq(first, draft) {
                format!("`{}` is listed twice", host.value)
            } else {
                format!("mail exchanger {} is named by `{}` and `{}`", host.value, first.name, draft.name)
            };
            let hint = "a host leads to one profile; remove it from one of the two places";
            problems.push(Problem::error(host.place.clone(), message, hint));
        }
    }
}
