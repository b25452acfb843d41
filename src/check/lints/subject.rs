//! What a rule examines.

use super::lint::{Cause, Lint};
use crate::address::EmailAddress;
use crate::diagnostics::{Location, Severity};
use crate::directory::Directory;
use crate::formats::Origin;
use crate::profile::{Profile, Protocol, Server};

/// A profile, and where lints about it, or about one of its servers, are reported.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'p> {
    pub profile: &'p Profile,
    pub origin: &'p Origin,
    /// The sample address of the simulation.
    pub address: &'p EmailAddress,
    pub directory: &'p Directory,
    pub location: &'p Location,
    /// The server's protocol. None for the profile as a whole.
    pub protocol: Option<Protocol>,
}

impl<'p> Subject<'p> {
    /// The servers with their locations, in the order of the file.
    pub fn servers(self) -> impl Iterator<Item = (Self, &'p Server)> {
        let locations = self.origin.incoming.iter().chain(&self.origin.outgoing);
        self.profile.servers().zip(locations).map(move |(server, location)| {
            (Self { location, protocol: Some(server.protocol), ..self }, server)
        })
    }

    /// The same subject, reported elsewhere.
    pub fn at(self, location: Option<&'p Location>) -> Self {
        Self { location: location.unwrap_or(self.location), ..self }
    }

    pub fn warning(self, cause: Cause, message: impl Into<String>, hint: &'static str) -> Lint {
        self.lint(cause, Severity::Warning, message, hint)
    }

    pub fn note(self, cause: Cause, message: impl Into<String>, hint: &'static str) -> Lint {
        self.lint(cause, Severity::Note, message, hint)
    }

    pub fn lint(
        self,
        cause: Cause,
        severity: Severity,
        message: impl Into<String>,
        hint: &'static str,
    ) -> Lint {
        Lint { protocol: self.protocol, ..Lint::new(cause, severity, self.location, message, hint) }
    }
}
