//! What one profile file gives: a profile, if the file is right, and in any case the names that it
//! claims, so that claims can be held against each other even where a file has other mistakes.

use super::advice;
use super::problem::{Place, Placed, Problem, Source};
use super::table::Written;
use crate::address::Domain;
use crate::directory::DomainPattern;
use crate::profile::{
    DisplayName, DisplayShortName, Documentation, MailLimits, Profile, ProfileError, Server,
};

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
    pub display_short_name: Written<DisplayShortName>,
    pub claims: Vec<Placed<DomainPattern>>,
    pub exchangers: Vec<Placed<Domain>>,
    /// Some names could not be read, so that there are none says nothing.
    pub has_wrong_names: bool,
    /// None for a server with a mistake; it still counts as one.
    pub incoming: Vec<Option<Server>>,
    pub outgoing: Vec<Option<Server>>,
    pub documentation: Vec<Documentation>,
    pub limits: MailLimits,
}

/// How a format says what is missing.
pub struct Hints {
    pub short_name: &'static str,
    pub domains: &'static str,
    pub incoming: &'static str,
    pub outgoing: &'static str,
}

impl Draft {
    /// A file in which nothing can be told apart.
    pub fn unreadable(source: &Source) -> Self {
        Self {
            name: source.file.display().to_string(),
            place: source.place(0),
            id: None,
            profile: None,
            claims: Vec::new(),
            exchangers: Vec::new(),
        }
    }

    /// Applies the rules that need more than one value. `found` are the file's problems so far.
    pub fn new(parts: Parts, hints: &Hints, found: &mut Vec<Problem>) -> Self {
        let Parts { place, id, display_name, claims, exchangers, .. } = parts;
        advice::names(display_name.as_ref(), parts.display_short_name.right(), found);
        let name = match &id {
            Some(id) => id.value.to_string(),
            None => place.file.display().to_string(),
        };
        let mut missing = |message: String, hint: &str| {
            found.push(Problem::error(place.clone(), message, hint));
        };
        if claims.is_empty() && exchangers.is_empty() && !parts.has_wrong_names {
            missing(format!("profile `{name}` serves no domain"), hints.domains);
        }
        if parts.incoming.is_empty() {
            missing(ProfileError::NoIncoming.to_string(), hints.incoming);
        }
        if parts.outgoing.is_empty() {
            missing(ProfileError::NoOutgoing.to_string(), hints.outgoing);
        }
        // Thunderbird for iOS wants both names; a name that is short enough is both.
        let derived = display_name.as_ref().and_then(|name| name.value.as_str().parse().ok());
        let is_underivable = display_name.is_some() && derived.is_none();
        if is_underivable && matches!(parts.display_short_name, Written::Absent) {
            missing(
                "the short name is missing, and the name is too long for it".to_owned(),
                hints.short_name,
            );
        }
        let mut profile = match (&id, display_name, parts.display_short_name.or(derived)) {
            (Some(id), Some(name), Some(short_name)) if !found.iter().any(Problem::is_error) => {
                let (incoming, outgoing) = (whole(parts.incoming), whole(parts.outgoing));
                Profile::new(id.value.clone(), name.value, short_name, incoming, outgoing).ok()
            }
            _ => None,
        };
        if let Some(profile) = &mut profile {
            profile.documentation = parts.documentation;
            profile.limits = parts.limits;
            advice::profile(profile, &place, found);
        }
        Self { name, place, id, profile, claims, exchangers }
    }
}

/// Every server has been read when nothing is wrong.
fn whole(servers: Vec<Option<Server>>) -> Vec<Server> {
    servers.into_iter().flatten().collect()
}
