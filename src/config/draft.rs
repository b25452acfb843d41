//! What one profile file gives: a profile, if the file is right, and in any case the names that it
//! claims, so that claims can be held against each other even where a file has other mistakes.

use super::problem::{Place, Placed, Problem, Source};
use crate::address::Domain;
use crate::directory::DomainPattern;
use crate::profile::{DisplayName, DisplayShortName, Profile, ProfileError, Server};

/// A profile file, read.
#[derive(Debug)]
pub struct Draft {
    /// How messages name the profile: its id, or the file where that is wrong.
    pub name: String,
    pub place: Place,
    pub id: Option<Placed<Domain>>,
    /// None when something in the file is wrong.
    pub profile: Option<Profile>,
    pub claims: Vec<Placed<DomainPattern>>,
    pub exchangers: Vec<Placed<Domain>>,
}

/// The single values of a file, as far as they could be read.
pub struct Parts {
    pub place: Place,
    pub id: Option<Placed<Domain>>,
    pub display_name: Option<Placed<DisplayName>>,
    pub display_short_name: Option<Placed<DisplayShortName>>,
    pub claims: Vec<Placed<DomainPattern>>,
    pub exchangers: Vec<Placed<Domain>>,
    /// None for a server with a mistake.
    pub servers: Vec<Option<Server>>,
}

impl Draft {
    /// A file in which nothing can be told apart.
    pub fn unreadable(source: &Source) -> Self {
        Self {
            name: source.file.display().to_string(),
            place: source.whole(),
            id: None,
            profile: None,
            claims: Vec::new(),
            exchangers: Vec::new(),
        }
    }

    /// Applies the rules that need more than one value. `so_far` is how many problems there were
    /// before this file.
    pub fn new(parts: Parts, so_far: usize, problems: &mut Vec<Problem>) -> Self {
        let Parts { place, id, display_name, display_short_name, claims, exchangers, servers } = parts;
        let name = match &id {
            Some(id) => id.value.to_string(),
            None => place.file.display().to_string(),
        };
        if claims.is_empty() && exchangers.is_empty() && problems.len() == so_far {
            problems.push(Problem::error(
                place.clone(),
                format!("profile `{name}` serves no domain"),
                "list its mail domains: domains = [\"example.com\"], or name a domains_file",
            ));
        }
        // A server with a mistake still counts as one, or its mistake would be told twice.
        let has_broken_server = servers.iter().any(Option::is_none);
        let servers: Vec<_> = servers.into_iter().flatten().collect();
        let mut profile = None;
        if let (Some(id), Some(display_name)) = (&id, display_name) {
            let short_name = short_name(display_name.value.as_str(), display_short_name, &place, problems);
            if let Some(short_name) = short_name {
                profile = match Profile::new(id.value.clone(), display_name.value, short_name, servers) {
                    Ok(profile) => Some(profile),
                    Err(_) if has_broken_server => None,
                    Err(error) => {
                        problems.push(no_server(error, &place));
                        None
                    }
                };
            }
        } else if !has_broken_server {
            // The names are wrong; the servers are looked at all the same.
            let error = missing_direction(&servers);
            problems.extend(error.map(|error| no_server(error, &place)));
        }
        let is_right = !problems[so_far..].iter().any(Problem::is_error);
        Self { name, place, id, profile: profile.filter(|_| is_right), claims, exchangers }
    }
}

fn missing_direction(servers: &[Server]) -> Option<ProfileError> {
    use crate::profile::Protocol::Smtp;

    if servers.iter().all(|server| server.protocol == Smtp) {
        return Some(ProfileError::NoIncoming);
    }
    servers.iter().all(|server| server.protocol != Smtp).then_some(ProfileError::NoOutgoing)
}

fn no_server(error: ProfileError, place: &Place) -> Problem {
    let hint = match error {
        ProfileError::NoIncoming => "add an [[incoming]] server with type \"imap\" or \"pop3\"",
        ProfileError::NoOutgoing => "add an [[outgoing]] server with type \"smtp\"",
    };
    Problem::error(place.clone(), error.to_string(), hint)
}

/// The short name, or the name itself where it is short enough: Thunderbird for iOS wants both.
fn short_name(
    display_name: &str,
    written: Option<Placed<DisplayShortName>>,
    place: &Place,
    problems: &mut Vec<Problem>,
) -> Option<DisplayShortName> {
    if let Some(written) = written {
        return Some(written.value);
    }
    let derived = display_name.parse().ok();
    if derived.is_none() && !problems.iter().any(|p| p.message.contains("display_short_name")) {
        problems.push(Problem::error(
            place.clone(),
            "`display_short_name` is missing, and `display_name` is too long to stand in for it",
            format!("add a name of at most {} characters", DisplayShortName::LIMIT),
        ));
    }
    derived
}
