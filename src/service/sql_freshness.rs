//! Whether a list from the database is served at once.
//!
//! A query that returns nothing, or much less than before, is more often a mistake (a table that is being restored, a
//! database without its data, a wrong `WHERE`) than a provider that lost most of its customers. Such a list is served
//! only if the database returns it three times in a row.

use std::sync::Arc;

use crate::directory::SqlList;

/// Decides about each list that was read.
#[derive(Debug, Default)]
pub struct Freshness {
    held: Option<Held>,
}

/// A list that is not served yet.
#[derive(Debug)]
struct Held {
    list: Arc<SqlList>,
    /// How often the database has returned it, in a row.
    polls: u32,
}

/// The served list, and how many of its domains have a profile and are in no file.
#[derive(Debug)]
pub struct Served {
    pub list: Arc<SqlList>,
    pub domains: usize,
}

/// What to do with a list.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the served list.
    Unchanged,
    Serve,
    /// It is much shorter than the served list. `polls` is the number of equal polls so far.
    Hold {
        domains: usize,
        polls: u32,
    },
}

/// After so many equal polls in a row, a much shorter list is served.
pub const POLLS_TO_SHRINK: u32 = 3;

impl Freshness {
    /// Forgets a held list: the database was asked something else, or did not answer.
    pub fn reset(&mut self) {
        self.held = None;
    }

    /// `served` is the list that is served now, if there is one. `count` counts the domains of the new list as
    /// [`Served::domains`]. It is called only if the list has changed, because it looks at every domain.
    pub fn judge(
        &mut self,
        served: Option<&Served>,
        new: &Arc<SqlList>,
        count: impl FnOnce() -> usize,
    ) -> Verdict {
        let held = self.held.take();
        let Some(served) = served else { return Verdict::Serve };
        if served.list == *new {
            return Verdict::Unchanged;
        }
        // If the profile of the domains is missing for some time, an empty list must be held nevertheless.
        let domains = count();
        let is_shorter =
            is_much_shorter(domains, served.domains) || is_much_shorter(new.len(), served.list.len());
        if !is_shorter {
            return Verdict::Serve;
        }
        let polls = held.filter(|held| held.list == *new).map_or(1, |held| held.polls + 1);
        if polls >= POLLS_TO_SHRINK {
            return Verdict::Serve;
        }
        self.held = Some(Held { list: Arc::clone(new), polls });
        Verdict::Hold { domains, polls }
    }
}

/// Less than half as long. Zero is less than half of one.
fn is_much_shorter(new: usize, served: usize) -> bool {
    new < served.div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::SqlListBuilder;

    fn list(domains: usize) -> Arc<SqlList> {
        let mut builder = SqlListBuilder::default();
        for number in 0..domains {
            builder.push(Some(&format!("d{number}.example"))).unwrap();
        }
        Arc::new(builder.build())
    }

    fn served(list: Arc<SqlList>, domains: usize) -> Served {
        Served { list, domains }
    }

    /// Judges a list of `new` domains after one of `before`. All domains have a profile.
    fn judge(freshness: &mut Freshness, before: usize, new: usize) -> Verdict {
        freshness.judge(Some(&served(list(before), before)), &list(new), || new)
    }

    fn hold(domains: usize, polls: u32) -> Verdict {
        Verdict::Hold { domains, polls }
    }

    #[test]
    fn serves_the_first_list_even_if_it_is_empty() {
        assert_eq!(Freshness::default().judge(None, &list(0), || 0), Verdict::Serve);
    }

    #[test]
    fn serves_a_list_that_is_at_least_half_as_long() {
        let mut freshness = Freshness::default();
        for (before, new) in [(5, 6), (5, 3), (4, 2), (2, 1)] {
            assert_eq!(judge(&mut freshness, before, new), Verdict::Serve, "{before} {new}");
        }
        for domains in [0, 5] {
            assert_eq!(judge(&mut freshness, domains, domains), Verdict::Unchanged);
        }
    }

    #[test]
    fn holds_a_much_shorter_list_for_three_equal_polls() {
        for (before, new) in [(5, 2), (4, 1), (1, 0), (100, 0)] {
            let mut freshness = Freshness::default();
            for verdict in [hold(new, 1), hold(new, 2), Verdict::Serve, hold(new, 1)] {
                assert_eq!(judge(&mut freshness, before, new), verdict);
            }
        }
    }

    #[test]
    fn counts_only_equal_polls_in_a_row() {
        let mut freshness = Freshness::default();
        for (new, verdict) in
            [(2, hold(2, 1)), (3, hold(3, 1)), (3, hold(3, 2)), (10, Verdict::Unchanged), (3, hold(3, 1))]
        {
            assert_eq!(judge(&mut freshness, 10, new), verdict);
        }
        freshness.reset();
        assert_eq!(judge(&mut freshness, 10, 3), hold(3, 1));
    }

    /// A renamed profile takes its domains out of service, as if the database had lost them.
    #[test]
    fn holds_a_list_whose_domains_have_no_profile() {
        let verdict = Freshness::default().judge(Some(&served(list(4), 4)), &list(5), || 0);
        assert_eq!(verdict, hold(0, 1));
        // While the profile is missing, an empty list is held too.
        let verdict = Freshness::default().judge(Some(&served(list(5), 0)), &list(0), || 0);
        assert_eq!(verdict, hold(0, 1));
    }
}
