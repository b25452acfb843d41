//! Names without records, counted over all domains and reported on standard error.

use std::fmt::Write as _;

use crate::address::Domain;
use crate::cli::output::{count, message};
use crate::dns::{Omission, OmissionReason, RecordName, Records};

/// One group for each kind of reason, in order of appearance.
#[derive(Default)]
pub struct LeftOut(Vec<Group>);

struct Group {
    /// Of the first name.
    reason: OmissionReason,
    /// All names of the first domain.
    first_names: Vec<RecordName>,
    names: usize,
    domains: usize,
    last_domain: Domain,
}

impl LeftOut {
    /// Adds the names of one more domain.
    pub fn add(&mut self, records: &Records) {
        for Omission { names, reason } in &records.omissions {
            let known = self.0.iter_mut().find(|group| group.reason.summary() == reason.summary());
            let Some(group) = known else {
                self.0.push(Group {
                    reason: reason.clone(),
                    first_names: names.clone(),
                    names: names.len(),
                    domains: 1,
                    last_domain: records.domain.clone(),
                });
                continue;
            };
            if group.last_domain != records.domain {
                group.domains += 1;
                group.last_domain = records.domain.clone();
            }
            if group.domains == 1 {
                group.first_names.extend_from_slice(names);
            }
            group.names += names.len();
        }
    }

    /// Whether a domain lacks a record that it needs.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|group| group.reason.is_error())
    }

    /// Reports each group. `lists_names` adds the names, if they are of one domain.
    pub fn report(&self, lists_names: bool) {
        for Group { reason, first_names, names, domains, last_domain } in &self.0 {
            let what = if reason.is_error() { "error: no record for" } else { "warning: left out" };
            let is_one = *domains == 1;
            let of = if is_one { last_domain.to_string() } else { count(*domains, "domain") };
            let mut text = format!("{what} {} of {of}: {}", count(*names, "name"), reason.summary());
            for name in first_names.iter().filter(|_| lists_names && is_one) {
                let _ = write!(text, "\n  {name}");
            }
            message(text + "\nhint: " + &reason.hint().replace('\n', "\n      "));
        }
    }
}
