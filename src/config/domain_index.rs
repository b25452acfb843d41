//! Sorts the domains of all profiles into the maps of the directory, and reports domains that occur twice.

use crate::diagnostics::Problems;
use crate::directory::DomainMap;
use crate::formats::DomainPatterns;
use crate::formats::parsed_profile::ParsedProfile;

/// The domains of the profiles, numbered through all profiles.
struct Numbered<'p> {
    profiles: &'p [ParsedProfile],
    /// The number of each profile's first domain.
    starts: Vec<u32>,
}

/// Stands for the index of a profile with errors, which is not served.
const INVALID: u32 = u32::MAX;

/// How many domains in two profiles are reported one by one, for each profile.
const MAX_REPORTED: usize = 100;

/// The domains and the wildcards, with the index of their profile: `indexes` has one for each valid profile. A domain of
/// two profiles goes to the first one.
pub fn build(
    profiles: &[ParsedProfile],
    indexes: &[Option<u32>],
    problems: &Problems,
) -> (DomainMap, DomainMap) {
    let numbered = Numbered::new(profiles);
    let mut duplicates = Vec::new();
    let mut map = |prefix: &str, is_wildcard: bool| {
        let domains = numbered.iter().filter(|(_, _, text)| text.starts_with("*.") == is_wildcard);
        // A profile with errors takes part, so that its duplicates are reported too.
        let values = domains.map(|(number, profile, _)| (number, indexes[profile].unwrap_or(INVALID)));
        let name = |number| &numbered.text(number)[prefix.len()..];
        let map = DomainMap::new(values, name, |first, later| duplicates.push((later, first)));
        if indexes.contains(&None) { map.retain(|index| index != INVALID) } else { map }
    };
    let maps = (map("", false), map("*.", true));
    duplicates.sort_unstable();
    numbered.report(&duplicates, problems);
    maps
}

impl<'p> Numbered<'p> {
    fn new(profiles: &'p [ParsedProfile]) -> Self {
        let mut next = 0;
        let starts = profiles
            .iter()
            .map(|profile| {
                let start = next;
                next += u32::try_from(profile.domain_patterns.len()).expect("fewer than 2^32 domains fit");
                start
            })
            .collect();
        Self { profiles, starts }
    }

    /// The number, the profile and the text of each domain.
    fn iter(&self) -> impl Iterator<Item = (u32, usize, &'p str)> {
        let of_profile = |(index, (profile, start)): (usize, (&'p ParsedProfile, &u32))| {
            let patterns = &profile.domain_patterns;
            (*start..).zip(0..patterns.len()).map(move |(number, at)| (number, index, patterns.text(at)))
        };
        self.profiles.iter().zip(&self.starts).enumerate().flat_map(of_profile)
    }

    /// The profile of a domain, and the domain's index there.
    fn find(&self, number: u32) -> (usize, usize) {
        // Profiles without domains have the same start as the next one.
        let profile = self.starts.partition_point(|start| *start <= number) - 1;
        (profile, (number - self.starts[profile]) as usize)
    }

    fn text(&self, number: u32) -> &'p str {
        let (profile, index) = self.find(number);
        self.profiles[profile].domain_patterns.text(index)
    }

    /// Reports pairs of a domain and its first occurrence, sorted by the former.
    fn report(&self, duplicates: &[(u32, u32)], problems: &Problems) {
        for pairs in duplicates.chunk_by(|a, b| self.find(a.0).0 == self.find(b.0).0) {
            let (profile, _) = self.find(pairs[0].0);
            let is_own = |(_, first): &&(u32, u32)| self.find(*first).0 == profile;
            let own: Vec<_> = pairs.iter().filter(is_own).map(|(later, _)| self.find(*later).1).collect();
            report_duplicates(&self.profiles[profile].domain_patterns, &own, problems);
            let others = pairs.iter().filter(|pair| !is_own(pair));
            self.report_conflicts(profile, others, problems);
        }
    }

    fn report_conflicts<'d>(
        &self,
        profile: usize,
        mut pairs: impl Iterator<Item = &'d (u32, u32)>,
        problems: &Problems,
    ) {
        let profile = &self.profiles[profile];
        let location = |number: u32| profile.domain_patterns.location(self.find(number).1);
        for (later, first) in pairs.by_ref().take(MAX_REPORTED) {
            let domain = self.text(*later);
            let (first_profile, index) = self.find(*first);
            let first = &self.profiles[first_profile];
            let message = if first.name == profile.name {
                format!("`{domain}` is in two profiles with the same id")
            } else {
                format!("`{domain}` is in two profiles, `{}` and `{}`", first.name, profile.name)
            };
            let hint = format!(
                "remove it from one of them (the other is at {})",
                first.domain_patterns.location(index)
            );
            problems.error(location(*later), message, hint);
        }
        if let Some((later, _)) = pairs.next() {
            let message = format!("more domains of `{}` are in other profiles too", profile.name);
            problems.error(location(*later), message, "remove each domain from one of the profiles");
        }
    }
}

/// One note for a profile: lists that panels export may have thousands of duplicates.
fn report_duplicates(patterns: &DomainPatterns, duplicates: &[usize], problems: &Problems) {
    let Some(first) = duplicates.first() else { return };
    let message = match duplicates.len() - 1 {
        0 => format!("`{}` is listed twice", patterns.text(*first)),
        others => format!("`{}` and {others} more domains are listed twice", patterns.text(*first)),
    };
    problems.note(patterns.location(*first), message, "remove the duplicates");
}
