//! Rules about settings that clients misread or that other documents cannot express.
//!
//! A rule looks at the settings only, not at a document or a client's model. Its clients and its effect on
//! them are in reference/autoconfig 2 and 3 and reference/autodiscover 1 and 2.4.

mod affected_clients;
mod authentication;
mod display_names;
mod guesses;
mod hosts;
mod lint;
mod other_documents;
mod plaintext;
mod ports;
mod servers;
mod services;
mod subject;
mod usernames;

pub use self::lint::{Cause, Lint};

use self::subject::Subject;
use crate::address::EmailAddress;
use crate::directory::Directory;
use crate::formats::Origin;
use crate::profile::{Profile, Server};

type ServerRule = fn(Subject<'_>, &Server) -> Option<Lint>;

/// Rules for every server.
const SERVER_RULES: &[ServerRule] = &[hosts::unreachable, hosts::foreign, ports::of_another_service];

/// Rules for the preferred servers. Clients see no others.
const PREFERRED_SERVER_RULES: &[ServerRule] = &[
    plaintext::plaintext,
    usernames::numeric,
    usernames::numeric_local_part,
    usernames::lost,
    usernames::single_login,
    authentication::left_out,
    authentication::unusable,
    authentication::oauth2_by_host,
    ports::starttls_in_outlook_2007,
    ports::unusual,
];

const ALTERNATIVE_SERVER_RULES: &[ServerRule] = &[servers::alternative_differs];

/// Applies all rules to one profile.
pub fn lints(profile: &Profile, origin: &Origin, address: &EmailAddress, directory: &Directory) -> Vec<Lint> {
    let location = &origin.location;
    let subject = Subject { profile, origin, address, directory, location, protocol: None };
    let mut lints = Vec::new();
    for (subject, server) in subject.servers() {
        let by_rank = if profile.prefers(server) { PREFERRED_SERVER_RULES } else { ALTERNATIVE_SERVER_RULES };
        let rules = SERVER_RULES.iter().chain(by_rank);
        lints.extend(rules.filter_map(|rule| rule(subject, server)));
    }
    lints.extend(servers::pop3_only(subject));
    lints.extend(usernames::differ(subject));
    lints.extend(guesses::outgoing(subject));
    lints.extend(other_documents::apple(subject));
    lints.extend(other_documents::pacc(subject));
    lints.extend(services::unknown_types(subject));
    lints.extend(services::collections(subject));
    lints.extend(services::oauth2_client_id(subject));
    lints.extend(services::mta_sts_max_age(subject));
    lints.extend(hosts::customers_domain(subject));
    lints.extend(display_names::long(subject));
    lints
}
