//! The pages' templates and words: those that are shipped, and the operator's over them.
//!
//! What is wrong with an operator's file is a warning: the built-in one serves.

use std::path::Path;
use std::sync::Arc;

use crate::diagnostics::problem::{Source, suggest};
use crate::diagnostics::toml_table::Table;
use crate::diagnostics::{Location, Problem};
use crate::directory::Directory;
use crate::documents::Brand;
use crate::files::read::LARGEST_TEXT;
use crate::files::{SourceFiles, extension};
use crate::formats::translations::is_tag;
use crate::page::{
    Catalogue, MESSAGES, Messages, PageAssets, PageRequest, Pages, Settings, SetupTarget, StartPage,
    TEMPLATES, TemplateError, placeholders,
};

/// A language's texts, each with its place.
type Texts = Vec<(String, String, Location)>;

/// Reads everything that the pages need.
pub fn load(folder: Option<&Path>, inputs: &SourceFiles, problems: &mut Vec<Problem>) -> Pages {
    let mut catalogue = shipped();
    let Some(folder) = folder else { return Pages::new(catalogue) };
    let files = match inputs.folder(folder, Path::is_file) {
        Ok(files) => files,
        Err(error) => {
            problems.push(Problem::error(
                Location::whole(folder),
                format!("the folder of templates cannot be read: {error}"),
                "its path is relative to waypost.toml; leave `templates` out for the built-in pages",
            ));
            return Pages::new(catalogue);
        }
    };
    let (mut own, mut assets) = (Vec::new(), PageAssets::default());
    for path in files {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let template = TEMPLATES.iter().find(|template| template.name == name);
        let is_language = extension(&path).as_deref() == Some("toml");
        let is_asset = PageAssets::NAMES.contains(&name);
        if template.is_none() && !is_language && !is_asset {
            let known: Vec<_> =
                TEMPLATES.iter().map(|template| template.name).chain(PageAssets::NAMES).collect();
            let hint = format!("{}, or a language like de.toml", suggest(name, &known));
            let message = "no page is made of this file".to_owned();
            problems.push(Problem::warning(Location::whole(&path), message, hint));
            continue;
        }
        let text = match inputs.text(&path, LARGEST_TEXT) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("it cannot be read: {error}");
                inputs.give_way();
                problems.push(Problem::warning(
                    Location::whole(&path),
                    message,
                    "the built-in one takes its place",
                ));
                continue;
            }
        };
        match template {
            Some(template) => own.push((template.name, text)),
            None if is_asset => assets.replace(name, text.into()),
            None => language(&mut catalogue, &path, text, problems),
        }
    }
    let mut pages = Pages::new(catalogue);
    pages.assets = assets;
    let (pages, wrong) = pages.with_custom_templates(own);
    problems.extend(wrong.iter().map(|(name, error)| template_problem(folder, name, error)));
    pages
}

/// Renders every page once for each profile, as far as the operator's templates go; one that fails
/// gives way to the built-in one.
pub fn try_out(pages: &mut Pages, folder: Option<&Path>, directory: &Directory, problems: &mut Vec<Problem>) {
    let Some(folder) = folder else {
        pages.enable_fallback();
        return;
    };
    while let Err((page, error)) = all(pages, directory) {
        let name = error.name().unwrap_or(page).to_owned();
        problems.push(template_problem(folder, &name, &error));
        // What fails in a template of ours has been made to by theirs.
        if !pages.remove_custom_template(&name)
            && !pages.remove_custom_template(page)
            && !pages.remove_custom_template("layout.html")
        {
            break;
        }
    }
    pages.enable_fallback();
}

/// Every page, for everybody there is.
fn all(pages: &Pages, directory: &Directory) -> Result<(), (&'static str, TemplateError)> {
    let request = PageRequest { chosen_language: Some("en".to_owned()), ..PageRequest::default() };
    let example: Vec<_> = "example.com".parse().into_iter().collect();
    let unknown = StartPage::UnknownDomain("elsewhere.example".to_owned());
    for start in [StartPage::Form, StartPage::InvalidAddress, unknown] {
        pages
            .start("", &Brand::default(), &start, &example, &request)
            .map_err(|error| ("index.html", error))?;
    }
    for entry in directory.entries() {
        let address = format!("jane.doe@{}", entry.profile.id).parse();
        let person =
            address.map_or_else(|_| SetupTarget::Domain(entry.profile.id.clone()), SetupTarget::Address);
        for (target, is_signed) in [(person, true), (SetupTarget::Domain(entry.profile.id.clone()), false)] {
            let settings = Settings::of(entry, &target, Some("https://example.com"));
            pages
                .setup(&settings, &entry.brand, &target, is_signed, &request)
                .map_err(|error| ("setup.html", error))?;
        }
    }
    Ok(())
}

fn template_problem(folder: &Path, name: &str, error: &TemplateError) -> Problem {
    let file = folder.join(name);
    let place = error
        .line()
        .map_or_else(|| Location::whole(&file), |line| Location::new(Arc::from(file.as_path()), line, 1));
    let hint = "mend it, or remove it: until then the built-in pages serve";
    Problem::warning(place, format!("the template is not right: {error}"), hint)
}

/// The catalogue without an operator's own files.
fn shipped() -> Catalogue {
    let mut languages = MESSAGES.into_iter().map(|(tag, text)| {
        let source = Source::new(Path::new(tag).into(), text.to_owned());
        let mut problems = Vec::new();
        let texts = texts(&source, &mut problems);
        debug_assert!(problems.is_empty(), "{problems:?}");
        Messages::new(tag.to_owned(), texts.into_iter().map(|(key, text, _)| (key, text)))
    });
    let english = languages.next().expect("English is shipped");
    Catalogue::new(english, languages.collect())
}

fn texts(source: &Source, problems: &mut Vec<Problem>) -> Texts {
    let (table, malformed) = Table::parse(source);
    problems.extend(malformed.map(warning));
    let mut found = Vec::new();
    let mut wrong = Vec::new();
    for (key, value) in table.into_entries() {
        let text = value.read::<String>(&key, &mut wrong);
        found.extend(text.map(|text| (key, text.value, text.place)));
    }
    problems.extend(wrong.into_iter().map(warning));
    found
}

fn warning(problem: Problem) -> Problem {
    Problem { severity: crate::diagnostics::Severity::Warning, ..problem }
}

/// Puts an operator's texts over those there are, or beside them; what is odd about them is told.
fn language(catalogue: &mut Catalogue, path: &Path, text: String, problems: &mut Vec<Problem>) {
    let tag = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if !is_tag(tag) {
        let message = format!("`{tag}` is not a language");
        let hint = "a file of messages is named after its language, like de.toml or pt-BR.toml";
        problems.push(Problem::warning(Location::whole(path), message, hint));
        return;
    }
    let source = Source::new(path.into(), text);
    let mut texts = texts(&source, problems);
    let english = catalogue.english().clone();
    texts.retain(|(key, text, place)| {
        let Some(original) = english.get(key) else {
            let known: Vec<_> = english.keys().collect();
            let hint = crate::diagnostics::nearest(key, known.into_iter())
                .map_or("the keys are those of en.toml".to_owned(), |near| format!("did you mean `{near}`?"));
            problems.push(Problem::warning(place.clone(), format!("no page says `{key}`"), hint));
            return false;
        };
        let (wanted, found) = (placeholders(original), placeholders(text));
        if wanted != found {
            let list =
                |words: &[&str]| words.iter().map(|word| format!("{{{word}}}")).collect::<Vec<_>>().join(" ");
            let hint =
                format!("English has {}", if wanted.is_empty() { "none".to_owned() } else { list(&wanted) });
            let message = format!("`{key}` has other words in braces than English: {}", list(&found));
            problems.push(Problem::warning(place.clone(), message, hint));
            return false;
        }
        if text.matches('{').count() != text.matches('}').count() {
            let message = format!("`{key}` has a brace without its other");
            problems.push(Problem::warning(place.clone(), message, "a word in braces is written {word}"));
            return false;
        }
        true
    });
    let texts = texts.into_iter().map(|(key, text, _)| (key, text));
    let messages = catalogue.extend(tag, texts);
    let mut missing: Vec<_> = english.keys().filter(|key| messages.get(key).is_none()).collect();
    missing.sort_unstable();
    if !missing.is_empty() {
        let some: Vec<_> = missing.iter().take(5).map(|key| format!("`{key}`")).collect();
        let more = missing.len().saturating_sub(5);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message = format!("no text for {}{more}: English is shown", some.join(", "));
        problems.push(Problem::warning(Location::whole(path), message, "translate them from en.toml"));
    }
}
