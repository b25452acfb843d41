//! The XML of a provider file, its providers, and the places of its elements.

use std::path::Path;

use crate::diagnostics::problem::Source;
use crate::diagnostics::{Location, Problem, Problems};
use crate::xml::tree::{Element, Tree, TreeError, excerpt};
use crate::xml::{self, EncodingError, excluded_character};

/// The text of an XML file, without a byte order mark.
///
/// # Errors
/// Where it cannot be decoded; as [`xml::decode`].
pub fn decode(file: &Path, content: &[u8]) -> Result<Source, Problem> {
    let decoded = xml::decode(content);
    let text = decoded.map_err(|EncodingError { message, line, column }| {
        let hint = "save it as UTF-8, and declare UTF-8 or no encoding";
        Problem::error(Location::new(file.into(), line, column), message, hint)
    })?;
    Ok(Source::new(file.into(), text.into_owned()))
}

/// Parses a file.
///
/// # Errors
/// If it is not well-formed XML.
pub fn tree(source: &Source) -> Result<Tree<'_>, Problem> {
    Tree::parse(&*source.text).map_err(|error| malformed(source, &error))
}

/// As [`tree`], but leaves out elements whose value is malformed, and returns their errors.
///
/// # Errors
/// If something else is malformed.
pub fn tree_without_flaws(source: &Source) -> Result<(Tree<'_>, Vec<Problem>), Problem> {
    let read = Tree::without_flaws(&*source.text);
    let (tree, flaws) = read.map_err(|error| malformed(source, &error))?;
    Ok((tree, flaws.iter().map(|flaw| malformed(source, flaw)).collect()))
}

fn malformed(source: &Source, error: &TreeError) -> Problem {
    let message = format!("not well-formed XML: {}", error.message);
    let rest = source.text.get(error.offset..).unwrap_or_default();
    let hint = match excluded_character(rest) {
        Some((0, _)) => "remove the character",
        _ if rest.starts_with("&#") => "remove the reference",
        _ => "check the file with xmllint; write &amp; for `&`",
    };
    Problem::error(source.location(error.offset), message, hint)
}

/// The providers of a file. Reports a file without any, and a file with several.
pub fn providers<'t>(source: &Source, tree: &'t Tree<'_>, problems: &Problems) -> Vec<Element<'t>> {
    let root = tree.root();
    if root.name() != "clientConfig" {
        let message =
            format!("not a provider file: the root element is <{}>, not <clientConfig>", root.name());
        problems.error(
            location(source, root),
            excerpt(&message, 300),
            "use a file in Mozilla's format, with the root element <clientConfig>",
        );
        return Vec::new();
    }
    let providers: Vec<_> = root.children("emailProvider").collect();
    match providers[..] {
        [] => {
            let message = "not a provider file: <emailProvider> is missing";
            problems.error(
                location(source, root),
                message,
                "add <emailProvider> with the domains and servers",
            );
        }
        [_, second, ..] => {
            let message = "mail programs read only the first <emailProvider> of a file";
            problems.note(location(source, second), message, "publish one file for each provider");
        }
        [_] => {}
    }
    providers
}

pub fn location(source: &Source, element: Element) -> Location {
    source.location_of(&element.span())
}
