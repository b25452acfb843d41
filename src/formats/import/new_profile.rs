//! Makes the profile of one provider.

use std::path::{Path, PathBuf};

use super::given_domains::GivenDomains;
use super::reading::Provider;
use super::taken_names::TakenNames;
use crate::address::Domain;
use crate::diagnostics::problem::{InvalidValue, Located, Source};
use crate::diagnostics::{Location, Problem, Problems};
use crate::directory::DomainPattern;
use crate::files::SourceFiles;
use crate::formats::DomainPatterns;
use crate::formats::parsed_profile::{ProfileFields, Servers};
use crate::formats::profile_file::from_toml;
use crate::formats::toml_writer;
use crate::profile::DisplayShortName;

/// A profile that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProfile {
    pub path: PathBuf,
    pub text: String,
    pub id: Domain,
    pub domain_count: usize,
}

/// Why a provider is not imported.
#[derive(Debug)]
pub(super) struct Refusal {
    /// None for the location of the id.
    pub location: Option<Location>,
    pub reason: InvalidValue,
}

impl From<InvalidValue> for Refusal {
    fn from(reason: InvalidValue) -> Self {
        Self { location: None, reason }
    }
}

/// The folder of profiles to write to.
#[derive(Debug)]
pub(super) struct Folder<'a> {
    path: &'a Path,
    /// Whether existing files are replaced.
    force: bool,
    given: &'a GivenDomains,
    taken: TakenNames,
}

impl<'a> Folder<'a> {
    pub fn read(path: &'a Path, force: bool, given: &'a GivenDomains, problems: &Problems) -> Self {
        Self { path, force, given, taken: TakenNames::of_folder(path, problems) }
    }

    /// Reports the domains of the command line if no file needed them.
    pub fn report_unused_domains(&self, problems: &Problems) {
        if let Some(first) = self.given.patterns.iter().next().filter(|_| self.given.is_unused()) {
            let message =
                "--domain and --domains-file are not used: no file has a placeholder for the domain";
            problems.note(first.location.clone(), message, "add the domains to `domains` of a profile");
        }
    }

    pub fn new_profile(&mut self, provider: Provider, problems: &Problems) -> Result<NewProfile, Refusal> {
        let Provider { mut fields, comments, domain_placeholder, .. } = provider;
        let uses_given = self.add_given_domains(&mut fields, domain_placeholder, problems)?;
        let id = self.choose_id(&fields, problems)?;
        fields.id = Some(id.clone());
        let path = self.file_of(&id.value);
        self.check_target(&path)?;
        if fields.display_name.is_none() {
            problems.extend(replace_name(&mut fields, &id));
        }
        let lost = self.taken.sort_out(&mut fields, &path, problems);
        let domains_file = self.list_of_domains(uses_given, &lost)?;
        is_enough(&fields).map_err(|(message, hint)| InvalidValue::new(message, hint))?;
        let is_listed = |pattern: &Located<DomainPattern>| {
            domains_file.is_none() || !self.given.is_of_list(&pattern.location)
        };
        let text = toml_writer::write(&fields, comments, is_listed, domains_file.as_deref());
        // The new file must load.
        let source = Source::new(path.clone().into(), text);
        let found = Problems::default();
        if from_toml(&source, &SourceFiles::default(), &found).profile.is_none() {
            let what = found.into_vec().first().map_or_else(String::new, ToString::to_string);
            return Err(InvalidValue::new(what, "report this bug, and attach the file").into());
        }
        self.taken.replace(&path, &fields);
        let domain_count = fields.domain_patterns.len();
        Ok(NewProfile { path, text: source.text, id: id.value, domain_count })
    }

    fn file_of(&self, id: &Domain) -> PathBuf {
        self.path.join(format!("{id}.toml"))
    }

    /// Adds the domains of the command line to a provider that names none. Returns whether it did.
    fn add_given_domains(
        &self,
        fields: &mut ProfileFields,
        placeholder: Option<Location>,
        problems: &Problems,
    ) -> Result<bool, Refusal> {
        let names_some = !fields.domain_patterns.is_empty() || !fields.mx_hosts.is_empty();
        let names_none = !names_some && !fields.has_invalid_domains;
        if placeholder.is_none() && !names_none {
            return Ok(false);
        }
        if !self.given.patterns.is_empty() {
            fields.domain_patterns.extend(self.given.take());
            return Ok(true);
        }
        match placeholder {
            Some(location) if names_some || fields.has_invalid_domains => {
                let message = "<domain> is a placeholder, and the file has other domains too; the \
                               placeholder is ignored";
                problems.note(
                    location,
                    message,
                    "to add domains for the placeholder, import the file again with --domain",
                );
                Ok(false)
            }
            placeholder => {
                let what = match &placeholder {
                    Some(_) => "its <domain> is a placeholder",
                    None => "it has no domain",
                };
                let hint = "add --domain example.com,example.net or --domains-file FILE";
                Err(Refusal { location: placeholder, reason: InvalidValue::new(what, hint) })
            }
        }
    }

    /// The id of the provider, or its first domain if another profile has the id.
    fn choose_id(
        &self,
        fields: &ProfileFields,
        problems: &Problems,
    ) -> Result<Located<Domain>, InvalidValue> {
        let own = fields.id.as_ref();
        if let Some(id) = own.filter(|id| !self.is_taken(&id.value, &fields.domain_patterns)) {
            return Ok(id.clone());
        }
        let location = own.map_or_else(|| fields.location.clone(), |id| id.location.clone());
        let mut exact = fields.domain_patterns.iter().filter_map(|pattern| pattern.value.exact().cloned());
        let first = exact.find(|domain| self.can_be_id(domain, &fields.domain_patterns));
        let value = first.ok_or_else(|| self.no_id(own))?;
        let message = match own {
            Some(_) => "another profile has the same id; the first domain is the new id",
            None => "the id is invalid; the first domain is the new id",
        };
        problems.note(location.clone(), message, "no action is needed: mail programs do not show the id");
        Ok(Located { value, location })
    }

    /// Whether another profile has an id. A file that will be replaced is not another profile.
    fn is_taken(&self, id: &Domain, domains: &DomainPatterns) -> bool {
        let Some(claim) = self.taken.id(id) else { return false };
        if *claim.profile != *self.file_of(id) {
            return true;
        }
        let has = |domain: &Located<DomainPattern>, path: &Path| {
            self.taken.domain(&domain.value).is_some_and(|other| *other.profile == *path)
        };
        if domains.iter().any(|domain| has(&domain, &claim.profile)) {
            return false;
        }
        // An earlier import gave this provider one of its domains as id.
        let is_renamed = |domain: &Located<DomainPattern>| {
            domain.value.exact().is_some_and(|exact| has(domain, &self.file_of(exact)))
        };
        !self.force || domains.iter().any(|domain| is_renamed(&domain))
    }

    fn can_be_id(&self, domain: &Domain, domains: &DomainPatterns) -> bool {
        let claim = self.taken.domain(&DomainPattern::Exact(domain.clone()));
        let is_of_another = claim.is_some_and(|claim| *claim.profile != *self.file_of(domain));
        !is_of_another && !self.is_taken(domain, domains)
    }

    fn no_id(&self, own: Option<&Located<Domain>>) -> InvalidValue {
        let claim = own.and_then(|id| Some((id, self.taken.id(&id.value)?)));
        let Some((id, claim)) = claim else {
            return InvalidValue::new("it has no valid id", "correct the id");
        };
        let path = self.file_of(&id.value);
        if *claim.profile == *path {
            return is_there(&path);
        }
        let hint = if claim.profile == id.location.file {
            "the file is already a profile in this folder; to import it, move it to another folder first"
                .to_owned()
        } else {
            format!("change the id; it is already used at {}", claim.location)
        };
        InvalidValue::new(format!("the id `{}` is taken, and no domain is free", id.value), hint)
    }

    /// Whether the file may be written.
    fn check_target(&self, path: &Path) -> Result<(), InvalidValue> {
        let is_link = path.is_symlink();
        if is_link || path.is_dir() {
            let what = if is_link { "a link" } else { "a folder" };
            let message = format!("{} is {what}", path.display());
            return Err(InvalidValue::new(message, "remove it, or name another folder with --into"));
        }
        if path.exists() && !self.force { Err(is_there(path)) } else { Ok(()) }
    }

    /// The list that the profile refers to. Its domains must be free, since it is not changed.
    fn list_of_domains(
        &self,
        uses_given: bool,
        lost: &[Located<DomainPattern>],
    ) -> Result<Option<String>, InvalidValue> {
        if !uses_given {
            return Ok(None);
        }
        let path = self.given.path_from(self.path).map_err(|error| {
            InvalidValue::new(format!("the list of domains cannot be read: {error}"), "make it readable")
        })?;
        let Some(path) = path else { return Ok(None) };
        if lost.iter().any(|pattern| self.given.is_of_list(&pattern.location)) {
            let hint = "remove these domains from the list, or from the other profile";
            return Err(InvalidValue::new("other profiles have domains of the list", hint));
        }
        path.into_os_string()
            .into_string()
            .map(Some)
            .map_err(|_| InvalidValue::new("the path of the list of domains is not UTF-8", "rename the list"))
    }
}

fn is_there(path: &Path) -> InvalidValue {
    InvalidValue::new(format!("{} already exists", path.display()), "add --force to replace it")
}

/// Replaces an invalid name by the short name or the id.
fn replace_name(fields: &mut ProfileFields, id: &Located<Domain>) -> Option<Problem> {
    let (what, text) = match &fields.display_short_name {
        Some(name) => ("short name", name.value.as_str()),
        None => ("id", id.value.as_str()),
    };
    let value = text.parse().ok()?;
    fields.display_name = Some(Located { value, location: id.location.clone() });
    let message = format!("the {what} is used as the name");
    Some(Problem::note(id.location.clone(), message, "write display_name in the new file"))
}

/// Whether the valid parts are enough for a profile.
fn is_enough(fields: &ProfileFields) -> Result<(), (&'static str, &'static str)> {
    let Some(name) = &fields.display_name else {
        return Err(("it has no valid name", "add <displayName>, at most 60 characters"));
    };
    if fields.domain_patterns.is_empty() && fields.mx_hosts.is_empty() {
        return Err((
            "all its domains are invalid or in other profiles",
            "correct the errors in its domains; a profile needs at least one",
        ));
    }
    let hint = |servers: &Servers| {
        if servers.is_missing { "a profile needs one" } else { "correct the errors in its servers" }
    };
    if !fields.incoming.has_mail() {
        return Err(("it has no valid IMAP or POP3 server", hint(&fields.incoming)));
    }
    if !fields.outgoing.has_mail() {
        return Err(("it has no valid SMTP server", hint(&fields.outgoing)));
    }
    let id = fields.id.as_ref().map_or("", |id| id.value.as_str());
    let is_short = |text: &str| text.parse::<DisplayShortName>().is_ok();
    if fields.display_short_name.is_none() && !is_short(name.value.as_str()) && !is_short(id) {
        return Err(("it has no short name", "add <displayShortName>, at most 20 characters"));
    }
    Ok(())
}
