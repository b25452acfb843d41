//! The list of domains that was read from a database.

use std::collections::HashMap;

use super::domain_map::DomainMap;
use super::domain_names::{DomainNames, TooManyNames};
use crate::address::{Domain, PublicSuffix};

/// Domains and their profiles, as one reading of the database returned them. Two lists with the same rows are equal,
/// whatever the order of the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SqlList {
    /// The values are indexes of `profiles`.
    domains: DomainMap,
    /// The ids of the profiles that the rows name, sorted; None for rows of a query without a profile column.
    profiles: Vec<Option<Domain>>,
    pub skipped: SkippedRows,
}

/// Rows that are not in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SkippedRows {
    /// The domain, or the profile, is NULL or empty.
    pub null: Skipped,
    /// The domain is not a valid name, or it is a registry's suffix such as `com`.
    pub invalid: Skipped,
    /// The profile is not a valid id, so that no profile can have it.
    pub invalid_profile: Skipped,
    /// The domain is in an earlier row, with another profile.
    pub conflicting: Skipped,
}

/// Rows that are skipped for one reason. Only the counts are compared: the examples depend on the order of the rows.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Skipped {
    pub count: usize,
    /// The first of them, at most [`Skipped::EXAMPLES`].
    pub examples: Vec<String>,
}

/// A list that is being read.
#[derive(Debug, Default)]
pub struct SqlListBuilder {
    names: DomainNames,
    /// For each name, an index of `profiles`.
    values: Vec<u32>,
    profiles: Vec<Option<Domain>>,
    /// The indexes of `profiles`.
    by_id: HashMap<Option<Domain>, u32>,
    skipped: SkippedRows,
}

impl PartialEq for Skipped {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count
    }
}

impl Eq for Skipped {}

impl Skipped {
    pub const EXAMPLES: usize = 5;
    /// The longest example, in characters. A database may contain anything.
    const LONGEST_EXAMPLE: usize = 100;

    /// Counts one more row.
    pub fn add(&mut self, example: &str) {
        self.count += 1;
        if self.examples.len() < Self::EXAMPLES {
            // Examples are logged, and an address must not be: a wrong query may return mailboxes.
            let text = example.rsplit_once('@').map_or(example.to_owned(), |(_, rest)| format!("...@{rest}"));
            self.examples.push(text.chars().take(Self::LONGEST_EXAMPLE).collect());
        }
    }
}

impl SqlList {
    pub fn len(&self) -> usize {
        self.domains.len()
    }

    pub fn is_empty(&self) -> bool {
        self.domains.is_empty()
    }

    /// The ids of the profiles that the rows name; None stands for the profile in the configuration.
    pub fn profiles(&self) -> &[Option<Domain>] {
        &self.profiles
    }

    /// The index in [`Self::profiles`] of a domain's profile.
    pub fn get(&self, domain: &str) -> Option<u32> {
        self.domains.get(domain)
    }

    /// The domains, sorted, with the index of their profile.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.domains.iter()
    }
}

impl SqlListBuilder {
    /// Adds a row of a query that has a domain only.
    ///
    /// # Errors
    /// If the list is too long.
    pub fn push(&mut self, domain: Option<&str>) -> Result<(), TooManyNames> {
        self.push_row(domain, None)
    }

    /// Adds a row of a query that has a domain and a profile.
    ///
    /// # Errors
    /// If the list is too long.
    pub fn push_with_profile(
        &mut self,
        domain: Option<&str>,
        profile: Option<&str>,
    ) -> Result<(), TooManyNames> {
        match profile.map(str::trim).filter(|profile| !profile.is_empty()) {
            Some(profile) => self.push_row(domain, Some(profile)),
            None => {
                self.skipped.null.add(domain.unwrap_or("NULL"));
                Ok(())
            }
        }
    }

    /// How many rows are in the list so far.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub fn build(mut self) -> SqlList {
        // The profiles are sorted, so that the order of the rows does not count.
        let mut order: Vec<usize> = (0..self.profiles.len()).collect();
        order.sort_unstable_by_key(|index| &self.profiles[*index]);
        let mut ranks = vec![0; order.len()];
        for (rank, index) in (0..).zip(&order) {
            ranks[*index] = rank;
        }
        let (names, values, profiles) = (&self.names, &self.values, &self.profiles);
        let name = |number: u32| names.get(number as usize);
        let rows = (0..).zip(values.iter().map(|value| ranks[*value as usize]));
        let domains = DomainMap::new(rows, name, |first, later| {
            if values[first as usize] != values[later as usize] {
                self.skipped.conflicting.add(name(later));
            }
        });
        let profiles = order.into_iter().map(|index| profiles[index].clone()).collect();
        SqlList { domains, profiles, skipped: self.skipped }
    }

    fn push_row(&mut self, domain: Option<&str>, profile: Option<&str>) -> Result<(), TooManyNames> {
        let text = domain.map(str::trim).filter(|domain| !domain.is_empty());
        let Some(text) = text else {
            self.skipped.null.add("NULL");
            return Ok(());
        };
        // A registry's suffix is no mail domain: panels use names like `ALL` for rows of their own.
        let parsed = text.parse::<Domain>().ok();
        let Some(domain) = parsed.filter(|domain| domain.public_suffix() != Some(PublicSuffix::Registry))
        else {
            self.skipped.invalid.add(text);
            return Ok(());
        };
        let Some(value) = self.profile(profile) else {
            self.skipped.invalid_profile.add(&format!("{domain}: {}", profile.unwrap_or_default()));
            return Ok(());
        };
        self.names.push(domain.as_str())?;
        self.values.push(value);
        Ok(())
    }

    /// The index of a profile. None if the text is not an id.
    fn profile(&mut self, text: Option<&str>) -> Option<u32> {
        // Most rows name the profile of the row before.
        if let (Some(last), Some(text)) = (self.values.last(), text)
            && self.profiles[*last as usize].as_ref().is_some_and(|profile| profile.as_str() == text)
        {
            return Some(*last);
        }
        let profile = text.map(str::parse).transpose().ok()?;
        if let Some(index) = self.by_id.get(&profile) {
            return Some(*index);
        }
        let index = u32::try_from(self.profiles.len()).ok()?;
        self.profiles.push(profile.clone());
        self.by_id.insert(profile, index);
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rows: &[(Option<&str>, Option<&str>)]) -> SqlList {
        let mut builder = SqlListBuilder::default();
        for (domain, profile) in rows {
            builder.push_with_profile(*domain, *profile).unwrap();
        }
        builder.build()
    }

    #[test]
    fn normalizes_names_and_ignores_the_order_of_rows() {
        let a = list(&[(Some("Example.COM."), Some("One")), (Some("bücher.example"), Some("two"))]);
        let b = list(&[(Some(" xn--bcher-kva.example"), Some("two")), (Some("example.com"), Some("one"))]);
        assert_eq!(a, b);
        let rows: Vec<_> =
            a.iter().map(|(domain, index)| (domain, a.profiles()[index as usize].clone())).collect();
        let id = |text: &str| Some(text.parse().unwrap());
        assert_eq!(rows, [("example.com", id("one")), ("xn--bcher-kva.example", id("two"))]);
        assert_eq!((a.get("example.com"), a.get("example.org")), (Some(0), None));
    }

    #[test]
    fn skips_and_counts_rows_that_cannot_be_served() {
        let rows = [
            (None, Some("one")),
            (Some("a.example"), None),
            (Some(" "), Some("one")),
            (Some("ALL"), Some("one")),
            (Some("not a domain"), Some("one")),
            (Some("b.example"), Some("not an id")),
            (Some("c.example"), Some("one")),
            (Some("C.example"), Some("one")),
            (Some("c.example."), Some("two")),
        ];
        let list = list(&rows);
        assert_eq!(list.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["c.example"]);
        let SkippedRows { null, invalid, invalid_profile, conflicting } = list.skipped;
        assert_eq!((null.count, null.examples), (3, ["NULL", "a.example", "NULL"].map(str::to_owned).into()));
        assert_eq!((invalid.count, invalid.examples), (2, vec!["ALL".to_owned(), "not a domain".to_owned()]));
        assert_eq!(
            (invalid_profile.count, invalid_profile.examples),
            (1, vec!["b.example: not an id".to_owned()])
        );
        assert_eq!((conflicting.count, conflicting.examples), (1, vec!["c.example".to_owned()]));
    }

    #[test]
    fn keeps_no_local_part_of_an_address() {
        let mut builder = SqlListBuilder::default();
        builder.push(Some("jane.doe@example.com")).unwrap();
        builder.push_with_profile(Some("a.example"), Some("joe@example.com")).unwrap();
        let SkippedRows { invalid, invalid_profile, .. } = builder.build().skipped;
        assert_eq!(invalid.examples, ["...@example.com"]);
        assert_eq!(invalid_profile.examples, ["...@example.com"]);
    }

    #[test]
    fn keeps_five_examples() {
        let mut builder = SqlListBuilder::default();
        for number in 0..10 {
            builder.push(Some(&format!("-{number}.example"))).unwrap();
        }
        builder.push(Some(&"x".repeat(1000))).unwrap();
        let invalid = builder.build().skipped.invalid;
        assert_eq!((invalid.count, invalid.examples.len()), (11, 5));
    }
}
