//! Whether a list from the database is served at once.
//!
//! A query that returns nothing, or much less than before, is more often a mistake (a table that is being restored, a
//! database without its data, a wrong `WHERE`) than a provider that lost most of its customers. Such a list is served
//! only if the database returns it three times in a row.

use crate::directory::SqlList;

/// Decides about each list that was read.
#[derive(Debug, Default)]
pub struct Freshness {
    held: Option<Held>,
}

/// A list that is not served yet.
#[derive(Debug)]
struct Held {
    list: SqlList,
    /// How often the database has returned it, in a row.
    polls: u32,
}

/// What to do with a list.
#[derive(Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is one verdict per poll")]
pub enum Verdict {
    /// It is the served list.
    Unchanged,
    Serve(SqlList),
    /// It is much shorter than the served list, and was returned so often.
    Hold {
        domains: usize,
        polls: u32,
    },
}

/// After so many equal polls in a row, a much shorter list is served.
pub const POLLS_TO_SHRINK: u32 = 3;

impl Freshness {
    /// Whether a list is held. Then the whole list must be read again, even if its version has not changed.
    pub fn is_holding(&self) -> bool {
        self.held.is_some()
    }

    /// Forgets a held list: the database was asked something else, or did not answer.
    pub fn reset(&mut self) {
        self.held = None;
    }

    /// `served` is the list that is served now, if there is one.
    pub fn judge(&mut self, served: Option<&SqlList>, new: SqlList) -> Verdict {
        let held = self.held.take();
        let Some(served) = served else { return Verdict::Serve(new) };
        if *served == new {
            return Verdict::Unchanged;
        }
        if !is_much_shorter(&new, served) {
            return Verdict::Serve(new);
        }
        let polls = held.filter(|held| held.list == new).map_or(1, |held| held.polls + 1);
        if polls >= POLLS_TO_SHRINK {
            return Verdict::Serve(new);
        }
        let domains = new.len();
        self.held = Some(Held { list: new, polls });
        Verdict::Hold { domains, polls }
    }
}

/// Empty, or less than half as long.
fn is_much_shorter(new: &SqlList, served: &SqlList) -> bool {
    new.len() < served.len().div_ceil(2) || new.is_empty() && !served.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::SqlListBuilder;

    fn list(domains: usize) -> SqlList {
        let mut builder = SqlListBuilder::default();
        for number in 0..domains {
            builder.push(Some(&format!("d{number}.example"))).unwrap();
        }
        builder.build()
    }

    fn hold(domains: usize, polls: u32) -> Verdict {
        Verdict::Hold { domains, polls }
    }

    #[test]
    fn serves_the_first_list_even_if_it_is_empty() {
        assert_eq!(Freshness::default().judge(None, list(0)), Verdict::Serve(list(0)));
    }

    #[test]
    fn serves_a_list_that_is_at_least_half_as_long() {
        let mut freshness = Freshness::default();
        assert_eq!(freshness.judge(Some(&list(5)), list(5)), Verdict::Unchanged);
        for (served, new) in [(5, 6), (5, 3), (4, 2), (2, 1), (0, 0)] {
            let verdict = freshness.judge(Some(&list(served)), list(new));
            let expected = if served == new { Verdict::Unchanged } else { Verdict::Serve(list(new)) };
            assert_eq!(verdict, expected, "{served} {new}");
            assert!(!freshness.is_holding());
        }
    }

    #[test]
    fn holds_a_much_shorter_list_for_three_equal_polls() {
        for (served, new) in [(5, 2), (4, 1), (1, 0), (100, 0)] {
            let served = list(served);
            let mut freshness = Freshness::default();
            assert_eq!(freshness.judge(Some(&served), list(new)), hold(new, 1));
            assert!(freshness.is_holding());
            assert_eq!(freshness.judge(Some(&served), list(new)), hold(new, 2));
            assert_eq!(freshness.judge(Some(&served), list(new)), Verdict::Serve(list(new)));
            assert!(!freshness.is_holding());
        }
    }

    #[test]
    fn counts_only_equal_polls_in_a_row() {
        let served = list(10);
        let mut freshness = Freshness::default();
        assert_eq!(freshness.judge(Some(&served), list(2)), hold(2, 1));
        assert_eq!(freshness.judge(Some(&served), list(3)), hold(3, 1));
        assert_eq!(freshness.judge(Some(&served), list(3)), hold(3, 2));
        assert_eq!(freshness.judge(Some(&served), list(10)), Verdict::Unchanged);
        assert_eq!(freshness.judge(Some(&served), list(3)), hold(3, 1));
        freshness.reset();
        assert_eq!(freshness.judge(Some(&served), list(3)), hold(3, 1));
    }
}
