//! Configurations that are not served any more, until no request uses them.
//!
//! To free a million domains takes time, and no request should pay for it.

use crate::http::Replaced;

/// Former configurations that a request may still use.
#[derive(Debug, Default)]
pub struct FormerConfigs(pub(super) Vec<Replaced>);

/// Former configurations that are kept for requests.
const MAX_KEPT: usize = 8;

impl FormerConfigs {
    pub fn push(&mut self, replaced: Replaced) {
        self.0.push(replaced);
    }

    /// Frees those that no request uses, and the oldest of too many.
    pub fn release_unused(&mut self) {
        self.0.retain_mut(|replaced| !replaced.is_unused());
        let surplus = self.0.len().saturating_sub(MAX_KEPT);
        self.0.drain(..surplus);
    }
}
