//! A profile's file: which files are profiles, and how each format is read.

use std::io::ErrorKind;
use std::path::Path;

use super::foreign_words;
use super::parsed_profile::{Hints, ParsedProfile};
use super::profile_reader;
use super::xml_table::{ProviderFile, Purpose, tree};
use crate::diagnostics::problem::Source;
use crate::diagnostics::table::{Table, Vocabulary};
use crate::diagnostics::{Location, Problems};
use crate::files::read::LARGEST_TEXT;
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
    domains: "list its mail domains: domains = [\"example.com\"], or name a domains_file",
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

/// Reads the profile in a file. None if the file cannot be read.
pub fn read_profile(path: &Path, inputs: &SourceFiles, problems: &Problems) -> Option<ParsedProfile> {
    let text = match inputs.read_text(path, LARGEST_TEXT) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("the profile cannot be read: {error}");
            let hint = match error.kind() {
                ErrorKind::InvalidData => "save it as UTF-8",
                _ => "make it a readable file, or move it to another folder",
            };
            problems.error(Location::of_error(path, &error), message, hint);
            return None;
        }
    };
    let source = Source::new(path.into(), text);
    let found = Problems::default();
    let parsed = match extension(path).as_deref() {
        Some("xml") => from_xml(&source, inputs, &found),
        _ => from_toml(&source, inputs, &found),
    };
    problems.extend(found.into_vec());
    Some(parsed)
}

/// Reads a profile in TOML. `problems` are those of this file only.
pub fn from_toml(source: &Source, inputs: &SourceFiles, problems: &Problems) -> ParsedProfile {
    let (table, syntax_error) = Table::parse(source, problems, &VOCABULARY);
    match syntax_error {
        None => profile_reader::read(table, source, inputs, &TOML_HINTS),
        Some(syntax_error) => {
            problems.push(syntax_error);
            ParsedProfile::unreadable(source)
        }
    }
}

fn from_xml(source: &Source, inputs: &SourceFiles, problems: &Problems) -> ParsedProfile {
    let tree = match tree(source) {
        Ok(tree) => tree,
        Err(problem) => {
            problems.push(problem);
            return ParsedProfile::unreadable(source);
        }
    };
    let file = ProviderFile::new(source, problems, Purpose::Serve);
    match file.table(&tree) {
        Some(table) => profile_reader::read(table, source, inputs, &XML_HINTS),
        None => ParsedProfile::unreadable(source),
    }
}
