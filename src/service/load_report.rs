//! Log lines about a configuration that was loaded: its problems, and what PACC cannot express.

use crate::config::Config;
use crate::diagnostics::{Problem, Severity};
use crate::documents::pacc;

/// How many profiles are named in the log for PACC (Provider Auto-Configuration for Clients).
const PROFILES_NAMED: usize = 10;

pub fn log(config: &Config) {
    for Problem { severity, location, message, .. } in &config.notes {
        match severity {
            Severity::Note => tracing::info!(place = %location, "{message}"),
            Severity::Error | Severity::Warning => tracing::warn!(place = %location, "{message}"),
        }
    }
    let profiles = config.directory.entries().iter().map(|entry| &entry.profile);
    let mut left_out = profiles
        .map(|profile| (&profile.id, pacc::omissions(profile)))
        .filter(|(_, parts)| !parts.is_empty());
    for (profile, parts) in left_out.by_ref().take(PROFILES_NAMED) {
        for omission in parts {
            tracing::info!(%profile, "PACC cannot express {omission}");
        }
    }
    let profiles = left_out.count();
    if profiles > 0 {
        tracing::info!(
            profiles,
            "PACC cannot express some services of more profiles; `waypost check --verbose` lists all"
        );
    }
}
