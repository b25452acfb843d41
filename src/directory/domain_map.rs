//! A sorted map from names to small numbers, for a million names.
//!
//! A name costs its text and eight bytes. A lookup is a binary search: first among the beginnings of every 64th name,
//! which are numbers, then among at most a few hundred names. For a million names it takes about 300 instructions, one
//! part in 70 of a request. A `HashMap<Domain, _>` needs about 80 bytes for a name of 20. `fst` is smaller, but its
//! lookups cost several times more.

use std::cmp::Ordering;

use super::domain_names::DomainNames;

/// Names and one value for each, sorted by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DomainMap {
    names: DomainNames,
    values: Vec<u32>,
    /// The prefix of every 64th name, from the first one on.
    samples: Vec<u64>,
}

/// The number of names for one sample.
const SAMPLE: usize = 64;

/// A name that is to be sorted into a [`DomainMap`]: its number in the list it comes from, and its value.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// The first eight bytes of the name, in the order of the names. Most comparisons need no more.
    prefix: u64,
    number: u32,
    value: u32,
}

impl DomainMap {
    /// Sorts names into a map. `name` returns the name with a number; `values` has the numbers and their values, in
    /// order. Of several entries with one name the first counts; `duplicate` gets its number and the number of each
    /// further entry.
    pub fn new<'n>(
        values: impl Iterator<Item = (u32, u32)>,
        name: impl Fn(u32) -> &'n str,
        mut duplicate: impl FnMut(u32, u32),
    ) -> Self {
        let mut rows: Vec<_> =
            values.map(|(number, value)| Row { prefix: prefix(name(number)), number, value }).collect();
        let compare = |a: &Row, b: &Row| match a.prefix.cmp(&b.prefix) {
            Ordering::Equal => name(a.number).cmp(name(b.number)).then(a.number.cmp(&b.number)),
            different => different,
        };
        rows.sort_unstable_by(compare);
        rows.dedup_by(|later, first| {
            let is_same = later.prefix == first.prefix && name(later.number) == name(first.number);
            if is_same {
                duplicate(first.number, later.number);
            }
            is_same
        });
        let text = rows.iter().map(|row| name(row.number).len()).sum();
        let mut names = DomainNames::with_capacity(rows.len(), text);
        for row in &rows {
            names.push(name(row.number)).expect("they fitted into a list before");
        }
        Self::of_sorted(names, rows.iter().map(|row| row.value).collect())
    }

    pub fn get(&self, name: &str) -> Option<u32> {
        Some(self.values[self.position(name)?])
    }

    pub fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.names.iter().zip(self.values.iter().copied())
    }

    /// The entries whose value is to be kept.
    #[must_use]
    pub fn retain(&self, keeps: impl Fn(u32) -> bool) -> Self {
        let (mut names, mut values) = (DomainNames::default(), Vec::new());
        for (name, value) in self.iter().filter(|(_, value)| keeps(*value)) {
            names.push(name).expect("they fitted into a list before");
            values.push(value);
        }
        Self::of_sorted(names, values)
    }

    fn of_sorted(names: DomainNames, values: Vec<u32>) -> Self {
        let samples = names.iter().step_by(SAMPLE).map(prefix).collect();
        Self { names, values, samples }
    }

    fn position(&self, name: &str) -> Option<usize> {
        let wanted = prefix(name);
        // The names with this prefix begin after the last sample below it, and end before the first sample above it.
        let below = self.samples.partition_point(|sample| *sample < wanted);
        let equal = self.samples[below..].partition_point(|sample| *sample == wanted);
        let mut low = below.saturating_sub(1) * SAMPLE;
        let mut high = ((below + equal) * SAMPLE).min(self.values.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.names.bytes(middle).cmp(name.as_bytes()) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(middle),
            }
        }
        None
    }
}

/// Sorts as the first eight bytes of the name do.
fn prefix(name: &str) -> u64 {
    let mut bytes = [0; 8];
    let length = name.len().min(8);
    bytes[..length].copy_from_slice(&name.as_bytes()[..length]);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(names: &[&str], duplicates: &mut Vec<(u32, u32)>) -> DomainMap {
        let values = (0..).zip(names.iter().map(|name| u32::try_from(name.len()).unwrap()));
        DomainMap::new(
            values,
            |number| names[number as usize],
            |first, later| duplicates.push((first, later)),
        )
    }

    #[test]
    fn finds_every_name_and_no_other() {
        let names = ["shop.example", "a.example", "shop.example.net", "ab.example", "shop.example", "z"];
        let mut duplicates = Vec::new();
        let map = map(&names, &mut duplicates);
        assert_eq!(duplicates, [(0, 4)]);
        let sorted: Vec<_> = map.iter().collect();
        let expected =
            [("a.example", 9), ("ab.example", 10), ("shop.example", 12), ("shop.example.net", 16), ("z", 1)];
        assert_eq!(sorted, expected);
        for name in names {
            assert_eq!(map.get(name), Some(u32::try_from(name.len()).unwrap()), "{name}");
        }
        for name in ["", "a", "a.exampl", "a.example.", "shop.exampl", "shop.example.ne", "zz"] {
            assert!(!map.contains(name), "{name}");
        }
        assert!(!DomainMap::default().contains("a"));
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_a_tree(names in proptest::collection::vec("[a-c.]{0,12}", 0..60)) {
            let list: Vec<&str> = names.iter().map(String::as_str).collect();
            let mut tree = std::collections::BTreeMap::new();
            for name in &list {
                tree.entry(*name).or_insert(u32::try_from(name.len()).unwrap());
            }
            let map = map(&list, &mut Vec::new());
            proptest::prop_assert!(map.iter().eq(tree.iter().map(|(name, value)| (*name, *value))));
            proptest::prop_assert!(tree.iter().all(|(name, value)| map.get(name) == Some(*value)));
        }

        /// Many samples, and more names with one prefix than a sample stands for.
        #[test]
        fn finds_every_name_of_a_long_list(
            step in 1..40_usize,
            names in proptest::collection::vec("(abcdefgh|abcdefg|b)[a-c.]{0,5}", 500..1500),
        ) {
            let list: Vec<&str> = names.iter().map(String::as_str).collect();
            let half: Vec<&str> = list.iter().copied().step_by(step + 1).collect();
            let tree: std::collections::BTreeSet<&str> = half.iter().copied().collect();
            let map = map(&half, &mut Vec::new());
            proptest::prop_assert!(list.iter().all(|name| map.contains(name) == tree.contains(name)));
        }
    }
}
