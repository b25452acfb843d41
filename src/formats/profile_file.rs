//! Files of profiles: which files are profiles, and how each format is read.

use std::io;
use std::path::Path;

use super::foreign_words;
use super::parsed_profile::{Hints, ParsedProfile};
use super::profile_reader;
use super::xml_source::{decode, providers, tree};
use super::xml_table::{ProviderFile, Purpose};
use crate::diagnostics::problem::Source;
use crate::diagnostics::table::{Table, Vocabulary};
use crate::diagnostics::{Location, Problem, Problems};
use crate::files::read::{LARGEST_TEXT, hint};
use crate::files::{SourceFiles, extension};

const VOCABULARY: Vocabulary = Vocabulary {
    top_level: &[
        "id",
        "display_name",
        "display_short_name",
        "domains",
        "domains_file",
        "mx_hosts",
        "webmail",
    ],
    synonyms: foreign_words::KEYS,
};

const TOML_HINTS: Hints = Hints {
    short_name: "write display_short_name = \"...\", at most 20 characters",
    domains: "add domains = [\"example.com\"], or domains_file = \"domains.txt\"",
    incoming: "add an [[incoming]] server with type \"imap\" or \"pop3\"",
    outgoing: "add an [[outgoing]] server with type \"smtp\"",
};
const XML_HINTS: Hints = Hints {
    short_name: "add <displayShortName>, at most 20 characters",
    domains: "add <domain>example.com</domain>",
    incoming: "add an <incomingServer> of type imap or pop3",
    outgoing: "add an <outgoingServer> of type smtp",
};

pub fn is_profile(path: &Path) -> bool {
    matches!(extension(path).as_deref(), Some("toml" | "xml"))
}

/// Reads the profile in a file, or several in XML with several providers. Empty if the file cannot be read.
pub fn read_profiles(path: &Path, inputs: &SourceFiles, problems: &Problems) -> Vec<ParsedProfile> {
    let is_xml = extension(path).as_deref() == Some("xml");
    let source = if is_xml { xml_source(path, inputs) } else { toml_source(path, inputs) };
    let source = match source {
        Ok(source) => source,
        Err(problem) => {
            problems.push(problem);
            return Vec::new();
        }
    };
    if is_xml {
        return from_xml(&source, inputs, problems);
    }
    let found = Problems::default();
    let parsed = from_toml(&source, inputs, &found);
    problems.extend(found.into_vec());
    vec![parsed]
}

fn toml_source(path: &Path, inputs: &SourceFiles) -> Result<Source, Problem> {
    let text = inputs.read_text(path, LARGEST_TEXT).map_err(|error| unreadable(path, &error))?;
    Ok(Source::new(path.into(), text))
}

/// In UTF-8 or UTF-16.
fn xml_source(path: &Path, inputs: &SourceFiles) -> Result<Source, Problem> {
    let content = inputs.read_text_bytes(path, LARGEST_TEXT).map_err(|error| unreadable(path, &error))?;
    decode(path, &content).map_err(|problem| {
        let message = format!("the profile cannot be read: {}", problem.message);
        Problem { message, ..problem }
    })
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    let message = format!("the profile cannot be read: {error}");
    let hint = hint(error, "replace it with a readable file, or move it to another folder");
    Problem::error(Location::of_error(path, error), message, hint)
}

/// Reads a profile in TOML. `problems` are those of this file only.
pub fn from_toml(source: &Source, inputs: &SourceFiles, problems: &Problems) -> ParsedProfile {
    let (table, syntax_error) = Table::parse(source, problems, &VOCABULARY);
    match syntax_error {
        None if has_keys_of_settings(&table) => {
            let hint = "move it to another folder, or set `profiles` in waypost.toml to another folder";
            problems.error(table.location(), "this file is a waypost.toml, not a profile", hint);
            ParsedProfile::unreadable(source)
        }
        None => profile_reader::read(table, source, inputs, &TOML_HINTS),
        Some(syntax_error) => {
            problems.push(syntax_error);
            ParsedProfile::unreadable(source)
        }
    }
}

/// Keys that only waypost.toml has.
const SETTINGS_KEYS: [&str; 4] = ["listen", "profiles", "tls", "admin"];

/// Whether a file has keys of a profile and none of waypost.toml. `id` or `domains` alone can be a mistake in waypost.toml.
pub fn has_keys_of_profile(table: &Table) -> bool {
    table.contains_any(&["display_name", "incoming", "outgoing"]) && !table.contains_any(&SETTINGS_KEYS)
}

/// Whether a file has keys of waypost.toml and none of a profile.
fn has_keys_of_settings(table: &Table) -> bool {
    table.contains_any(&SETTINGS_KEYS)
        && !table.contains_any(&["id", "display_name", "domains", "incoming", "outgoing"])
}

fn from_xml(source: &Source, inputs: &SourceFiles, problems: &Problems) -> Vec<ParsedProfile> {
    let tree = match tree(source) {
        Ok(tree) => tree,
        Err(problem) => {
            problems.push(problem);
            return vec![ParsedProfile::unreadable(source)];
        }
    };
    let mut reported = Vec::new();
    let mut profiles = Vec::new();
    for provider in providers(source, &tree, problems) {
        let found = Problems::default();
        let file = ProviderFile::new(source, &found, Purpose::Serve);
        let table = file.table(tree.root(), provider);
        profiles.push(profile_reader::read(table, source, inputs, &XML_HINTS));
        drop(file);
        add_new(&mut reported, found.into_vec());
    }
    problems.extend(reported);
    if profiles.is_empty() { vec![ParsedProfile::unreadable(source)] } else { profiles }
}

/// Adds the problems that were not reported for another provider of the same file.
pub fn add_new(reported: &mut Vec<Problem>, found: Vec<Problem>) {
    for problem in found {
        if !reported.contains(&problem) {
            reported.push(problem);
        }
    }
}
