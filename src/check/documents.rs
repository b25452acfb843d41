//! What cannot be said in the documents that no client model reads: Apple's and PACC's.

use super::lints::{Cause, Look};
use crate::config::{Place, Severity};
use crate::mobileconfig::{self, Inexpressible, MobileConfig};
use crate::pacc::{self, LeftOut, What};
use crate::profile::{Protocol, Server};

impl Look<'_> {
    /// reference/beyond 1.1.
    pub fn apple(&mut self) {
        let Err(reason) = MobileConfig::new(self.profile) else { return self.apple_leaves_out() };
        let message = format!("Apple's devices get no configuration profile from this provider: {reason}");
        let hint = match reason {
            Inexpressible::Plaintext => "add servers with socket_type \"SSL\", if there are any",
            Inexpressible::Authentication => {
                "add a password method if the servers take one; OAuth2 cannot be said in a profile"
            }
        };
        let place = self.origin.place.clone();
        self.add(Cause::Apple, Severity::Warning, &place, message, hint, Vec::new());
    }

    fn apple_leaves_out(&mut self) {
        for (what, why) in mobileconfig::left_out(self.profile) {
            let place = self.origin.place.clone();
            let message = format!("left out of Apple's configuration profile: {what}: {why}");
            let hint = "nothing to do: people can set it up by hand";
            self.add(Cause::Apple, Severity::Note, &place, message, hint, Vec::new());
        }
    }

    /// reference/beyond 3.1.
    pub fn pacc(&mut self) {
        for LeftOut { what, why } in pacc::left_out(self.profile) {
            let place = match what {
                What::Mail(protocol) => self.place_of(protocol),
                _ => None,
            };
            let place = place.unwrap_or_else(|| self.origin.place.clone());
            let hint = "nothing to do: what PACC cannot say, its clients find by DNS or autoconfig";
            self.add(
                Cause::Pacc,
                Severity::Note,
                &place,
                format!("left out of PACC: {what}: {why}"),
                hint,
                Vec::new(),
            );
        }
    }

    /// Where the preferred server of a protocol was written.
    fn place_of(&self, protocol: Protocol) -> Option<Place> {
        let is_it = |(server, _): &(&Server, Place)| server.protocol == protocol;
        self.placed().into_iter().find(is_it).map(|(_, place)| place)
    }
}
