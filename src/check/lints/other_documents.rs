//! Settings that the documents without a client model cannot express: Apple's and PACC's.

use super::lint::{Cause, Lint};
use super::subject::Subject;
use crate::documents::mobileconfig::{self, UnsupportedProfile};
use crate::documents::{Omission, pacc};

/// Reference/beyond 1.1.
pub fn apple(subject: Subject<'_>) -> Vec<Lint> {
    let Err(reason) = mobileconfig::check_servers(subject.profile) else {
        let hint = "no action is needed: users can set it up by hand";
        let lint = |omission: Omission| {
            let message = format!("left out of the Apple profile: {omission}");
            subject.note(Cause::Apple, message, hint).without_action()
        };
        return mobileconfig::omissions(subject.profile).into_iter().map(lint).collect();
    };
    let message = format!("Waypost serves no Apple profile for this provider: {reason}");
    let hint = match reason {
        UnsupportedProfile::Plaintext => {
            "add servers with socket_type \"SSL\" or \"STARTTLS\", if the provider has them"
        }
        UnsupportedProfile::Authentication => "add a password method, if the servers accept passwords",
    };
    vec![subject.warning(Cause::Apple, message, hint)]
}

/// Reference/beyond 3.1.
pub fn pacc(subject: Subject<'_>) -> Vec<Lint> {
    let hint = "no action is needed: clients find it by DNS or autoconfig";
    let lint = |omission: Omission| {
        let server = subject.servers().find(|(_, server)| omission.protocol == Some(server.protocol));
        subject
            .at(server.map(|(subject, _)| subject.location))
            .note(Cause::Pacc, format!("left out of PACC: {omission}"), hint)
            .without_action()
    };
    pacc::omissions(subject.profile).into_iter().map(lint).collect()
}
