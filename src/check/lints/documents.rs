//! What cannot be said in the documents that no client model reads: Apple's and PACC's.

use super::{Cause, Look};
use crate::diagnostics::{Location, Severity};
use crate::documents::mobileconfig;
use crate::documents::mobileconfig::{MobileConfig, UnsupportedProfile};
use crate::documents::pacc;
use crate::profile::{Mode, Protocol, Server};

impl Look<'_> {
    /// reference/beyond 1.1.
    pub fn apple(&mut self) {
        let Err(reason) = MobileConfig::new(self.profile) else { return self.apple_leaves_out() };
        let message = format!("Apple's devices get no configuration profile from this provider: {reason}");
        let hint = match reason {
            UnsupportedProfile::Plaintext => {
                "add servers with socket_type \"SSL\" or \"STARTTLS\", if there are any"
            }
            UnsupportedProfile::Authentication => {
                "add a password method if the servers take one; OAuth2 cannot be said in a profile"
            }
        };
        let place = self.origin.place.clone();
        self.add(Cause::Apple, Severity::Warning, &place, message, hint, Vec::new());
    }

    fn apple_leaves_out(&mut self) {
        for omission in mobileconfig::omissions(self.profile) {
            let place = self.origin.place.clone();
            let message = format!("left out of Apple's configuration profile: {omission}");
            let hint = "nothing to do: people can set it up by hand";
            self.add(Cause::Apple, Severity::Note, &place, message, hint, Vec::new());
        }
    }

    /// reference/beyond 3.1.
    pub fn pacc(&mut self) {
        for omission in pacc::omissions(self.profile) {
            let place = omission.protocol.and_then(|protocol| self.place_of(protocol));
            let place = place.unwrap_or_else(|| self.origin.place.clone());
            let hint = "nothing to do: what PACC cannot say, its clients find by DNS or autoconfig";
            self.add(
                Cause::Pacc,
                Severity::Note,
                &place,
                format!("left out of PACC: {omission}"),
                hint,
                Vec::new(),
            );
        }
    }

    /// Sections whose `type` nobody looks for: it would be seen in the whole document only.
    pub fn kinds(&mut self) {
        let services = &self.profile.services;
        let sections = [
            ("calendar", "caldav", &services.calendars),
            ("addressbook", "carddav", &services.addressbooks),
            ("file_share", "webdav", &services.file_shares),
        ];
        let odd: Vec<_> = sections
            .into_iter()
            .flat_map(|(key, known, list)| {
                list.iter().map(move |service| (key, known, service.kind.as_str()))
            })
            .filter(|(_, known, kind)| kind != known)
            .map(|(key, known, kind)| format!("type `{kind}` in [[{key}]], where programs look for {known}"))
            .collect();
        let place = self.origin.place.clone();
        for message in odd {
            let hint = "nothing to do if that is meant";
            self.add(Cause::UnknownService, Severity::Warning, &place, message, hint, Vec::new());
        }
    }

    /// RFC 8461 3.2 wants weeks or more: a policy that is soon forgotten protects nobody.
    pub fn mta_sts(&mut self) {
        const DAY: u32 = 24 * 60 * 60;

        let Some(policy) = &self.profile.mta_sts else { return };
        let seconds = policy.max_age().seconds();
        if policy.mode() == Mode::None || seconds >= DAY {
            return;
        }
        let place = self.origin.place.clone();
        let message = format!("the MTA-STS policy is forgotten after {seconds} seconds");
        let hint = "write a week or more: max_age_seconds = 604800";
        self.add(Cause::MtaSts, Severity::Note, &place, message, hint, Vec::new());
    }

    /// On a mail exchanger's host the domain is whatever somebody asks for.
    pub fn customers_hosts(&mut self, has_exchangers: bool) {
        let odd = self.profile.servers().find(|server| server.hostname.needs_domain() && has_exchangers);
        let Some(host) = odd.map(|server| server.hostname.as_str().to_owned()) else { return };
        let place = self.origin.place.clone();
        let message =
            format!("{host} in a profile with mx_hosts: the server's name is what a client asks for");
        let hint = "write the hosts that customers use; Apple's devices get no profile for customers so far";
        self.add(Cause::CustomersHosts, Severity::Warning, &place, message, hint, Vec::new());
    }

    /// reference/autoconfig 2.1, `oAuth2`.
    pub fn client_id(&mut self) {
        let Some(oauth2) = &self.profile.services.oauth2 else { return };
        if oauth2.client_id.is_some() {
            return;
        }
        let place = self.origin.place.clone();
        let message = "[oauth2] without a client_id: programs use their own, Parula `open`";
        let hint = "write the one that your authorization server knows, if it knows any";
        self.add(Cause::ClientId, Severity::Note, &place, message, hint, Vec::new());
    }

    /// Where the preferred server of a protocol was written.
    fn place_of(&self, protocol: Protocol) -> Option<Location> {
        let is_it = |(server, _): &(&Server, Location)| server.protocol == protocol;
        self.placed().into_iter().find(is_it).map(|(_, place)| place)
    }
}
