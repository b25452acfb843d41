//! The clients that a rule affects.

use crate::clients::{ALL, Client, Format};

/// Collects clients by their ids.
#[derive(Debug, Default)]
pub struct AffectedClients(pub(super) Vec<Client>);

impl AffectedClients {
    /// Adds readers of autoconfig if a condition holds.
    pub fn autoconfig(&mut self, condition: bool, ids: &[&str]) {
        self.add(condition, ids, Format::Autoconfig);
    }

    /// Adds readers of Autodiscover if a condition holds.
    pub fn autodiscover(&mut self, condition: bool, ids: &[&str]) {
        self.add(condition, ids, Format::Autodiscover);
    }

    fn add(&mut self, condition: bool, ids: &[&str], format: Format) {
        let named = |id: &str| ALL.into_iter().find(|client| (client.id, client.format) == (id, format));
        debug_assert!(ids.iter().all(|id| named(id).is_some()), "{ids:?} has an unknown client");
        if condition {
            self.0.extend(ids.iter().filter_map(|id| named(id)));
        }
    }

    /// Each once, in the order of [`ALL`].
    pub fn in_order(&self) -> Vec<Client> {
        ALL.into_iter().filter(|client| self.0.contains(client)).collect()
    }
}
