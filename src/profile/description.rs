//! Sentences and help pages in the provider's languages.

use super::http_url::HttpUrl;

/// A sentence in one language, named by its BCP 47 tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    pub lang: String,
    pub text: String,
}

/// A page of help, with an optional description in each language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documentation {
    pub url: HttpUrl,
    pub descr: Vec<Description>,
}

/// The sentences of an Apple configuration profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MobileConfigTexts {
    /// Shown before the profile is installed. The person has to agree to it.
    pub consent: Vec<Description>,
    /// What the profile does; shown with its name.
    pub description: Vec<Description>,
}

impl Description {
    /// BCP 47's tag for a language that is not named.
    pub const UNDETERMINED: &str = "und";
}
