//! The templates and languages of the setup page: the built-in ones, and the operator's in the `templates` folder.
//!
//! A problem in an operator's file is a warning, and the built-in file is used instead.

use std::path::Path;
use std::sync::Arc;

use crate::diagnostics::problem::{Located, Source, nearest, suggest};
use crate::diagnostics::table::{Table, Vocabulary};
use crate::diagnostics::{Location, Problem, Problems};
use crate::directory::Directory;
use crate::documents::Brand;
use crate::files::read::LARGEST_TEXT;
use crate::files::{SourceFiles, extension};
use crate::formats::translations::is_tag;
use crate::page::{
    Catalogue, ENGLISH, MESSAGES, Messages, PageAssets, PageRequest, Pages, Settings, SetupTarget, StartPage,
    TEMPLATES, TemplateError, placeholders,
};

/// A language's texts: keys, texts and locations.
type Texts = Vec<(String, String, Location)>;

/// Loads the pages. Without a folder they are the built-in ones.
pub fn load(
    folder: Option<&Path>,
    default_language: Option<&Located<String>>,
    sources: &SourceFiles,
    problems: &Problems,
) -> Pages {
    let mut catalogue = built_in_catalogue();
    let default = |catalogue: &Catalogue| language_tag(catalogue, default_language, problems);
    let Some(folder) = folder else {
        let default = default(&catalogue);
        return Pages::new(catalogue, &default);
    };
    let files = match sources.list_folder(folder, Path::is_file) {
        Ok(files) => files,
        Err(error) => {
            let message = format!("the folder in `templates` cannot be read: {error}");
            let hint = "correct the path (it is relative to waypost.toml), or remove `templates` to use \
                        the built-in pages";
            problems.error(Location::whole(folder), message, hint);
            return Pages::new(catalogue, ENGLISH);
        }
    };
    let (mut templates, mut assets) = (Vec::new(), PageAssets::default());
    for path in files {
        let warn = |message: String, hint: &str| problems.warning(Location::whole(&path), message, hint);
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let template = TEMPLATES.into_iter().find(|(template, _)| *template == name);
        let is_language = extension(&path).as_deref() == Some("toml");
        let is_asset = PageAssets::NAMES.contains(&name);
        if template.is_none() && !is_language && !is_asset {
            let known: Vec<_> =
                TEMPLATES.into_iter().map(|(name, _)| name).chain(PageAssets::NAMES).collect();
            let hint = format!(
                "{}; name a message file after its language, for example de.toml",
                suggest(name, &known)
            );
            warn(
                "this file is not used: it is neither a template, an asset nor a message file".to_owned(),
                &hint,
            );
            continue;
        }
        let text = match sources.read_text(&path, LARGEST_TEXT) {
            Ok(text) => text,
            Err(error) => {
                sources.set_used_fallback();
                warn(
                    format!("the file cannot be read: {error}"),
                    "make it readable; until then, Waypost uses the built-in file",
                );
                continue;
            }
        };
        match template {
            Some((template, _)) => templates.push((template, text)),
            None if is_asset => assets.replace(name, text.into()),
            None => add_language(&mut catalogue, &path, text, problems),
        }
    }
    let default = default(&catalogue);
    let mut pages = Pages::new(catalogue, &default);
    pages.assets = assets;
    let (pages, invalid) = pages.with_custom_templates(templates);
    problems.extend(invalid.iter().map(|(name, error)| template_problem(folder, name, error)));
    pages
}

/// The tag of the default language. A language that is not available is reported; the default is then English.
fn language_tag(catalogue: &Catalogue, language: Option<&Located<String>>, problems: &Problems) -> String {
    let Some(Located { value, location }) = language else { return ENGLISH.to_owned() };
    if let Some(messages) = catalogue.find(value) {
        return messages.tag.clone();
    }
    let tags: Vec<_> = catalogue.all().iter().map(|messages| messages.tag.as_str()).collect();
    let near = catalogue.find_nearest(value).map(|messages| messages.tag.as_str());
    let hint = match near.or_else(|| nearest(value, tags.iter().copied())) {
        Some(tag) => format!("did you mean `{tag}`?"),
        None => {
            let tags = suggest(value, &tags);
            format!("{tags}; for another language, add a file like it.toml to `templates`")
        }
    };
    problems.error(location.clone(), format!("`language` `{value}` is not available"), hint);
    ENGLISH.to_owned()
}

/// Renders every page for each profile if there are operator's templates, and removes the templates that fail.
pub fn render_all(pages: &mut Pages, folder: Option<&Path>, directory: &Directory, problems: &Problems) {
    if let Some(folder) = folder {
        while let Err((page, error)) = try_render(pages, directory) {
            let name = error.name().unwrap_or(page).to_owned();
            problems.push(template_problem(folder, &name, &error));
            // An error in a built-in template is caused by an operator's template that it includes or extends.
            if ![&name, page, "layout.html"].into_iter().any(|name| pages.remove_custom_template(name)) {
                break;
            }
        }
    }
    pages.falls_back = true;
}

/// Renders every page in every state. Returns the name of the first page that fails.
fn try_render(pages: &Pages, directory: &Directory) -> Result<(), (&'static str, TemplateError)> {
    let request = PageRequest { chosen_language: Some("en".to_owned()), ..PageRequest::default() };
    let example: Vec<_> = "example.com".parse().into_iter().collect();
    let unknown = StartPage::UnknownDomain("elsewhere.example".to_owned());
    for start in [StartPage::Form, StartPage::InvalidAddress, unknown] {
        let page = pages.start("", &Brand::default(), &start, &example, &request);
        page.map_err(|error| ("index.html", error))?;
    }
    for entry in directory.entries() {
        let address = format!("jane.doe@{}", entry.profile.id).parse();
        let person =
            address.map_or_else(|_| SetupTarget::Domain(entry.profile.id.clone()), SetupTarget::Address);
        for (target, is_signed) in [(person, true), (SetupTarget::Domain(entry.profile.id.clone()), false)] {
            let settings = Settings::of(entry, &target, Some("https://example.com"));
            let page = pages.setup(&settings, &entry.brand, &target, is_signed, &request);
            page.map_err(|error| ("setup.html", error))?;
        }
    }
    Ok(())
}

fn template_problem(folder: &Path, name: &str, error: &TemplateError) -> Problem {
    let file = folder.join(name);
    let location = match error.line() {
        Some(line) => Location::new(Arc::from(file), line, 1),
        None => Location::whole(&file),
    };
    let hint = "correct or remove the file; until then, Waypost uses the built-in template";
    Problem::warning(location, format!("the template is invalid: {error}"), hint)
}

fn built_in_catalogue() -> Catalogue {
    let mut languages = MESSAGES.into_iter().map(|(tag, text)| {
        let source = Source::new(Path::new(tag).into(), text.to_owned());
        let problems = Problems::default();
        let texts = texts(&source, &problems);
        let found = problems.into_vec();
        debug_assert!(found.is_empty(), "{found:?}");
        Messages::new(tag.to_owned(), texts.into_iter().map(|(key, text, _)| (key, text)))
    });
    let english = languages.next().expect("English is built in");
    Catalogue::new(english, languages.collect())
}

/// The texts of a language file. Its problems are warnings.
fn texts(source: &Source, problems: &Problems) -> Texts {
    let mark = problems.mark();
    let (mut table, syntax_error) = Table::parse(source, problems, &Vocabulary::EMPTY);
    problems.extend(syntax_error);
    let texts = table.take_entries().filter_map(|(key, value)| {
        let text = value.read::<String>()?;
        Some((key.into_owned(), text.value, text.location))
    });
    let texts = texts.collect();
    problems.downgrade(mark);
    texts
}

/// Adds an operator's language, or replaces texts of a built-in one.
fn add_language(catalogue: &mut Catalogue, path: &Path, text: String, problems: &Problems) {
    let tag = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if !is_tag(tag) {
        let message = format!("`{tag}` is not a language tag");
        let hint = "name the message file after its language, for example de.toml or pt-BR.toml";
        problems.warning(Location::whole(path), message, hint);
        return;
    }
    let english = catalogue.english().clone();
    let mut texts = texts(&Source::new(path.into(), text), problems);
    texts.retain(|(key, text, location)| {
        let problem = text_problem(&english, key, text);
        problems
            .extend(problem.iter().map(|(message, hint)| Problem::warning(location.clone(), message, hint)));
        problem.is_none()
    });
    let messages = catalogue.extend(tag, texts.into_iter().map(|(key, text, _)| (key, text)));
    let mut missing: Vec<_> = english.keys().filter(|key| messages.get(key).is_none()).collect();
    missing.sort_unstable();
    if !missing.is_empty() {
        let listed: Vec<_> = missing.iter().take(5).map(|key| format!("`{key}`")).collect();
        let more = match missing.len() - listed.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message =
            format!("texts are missing: {}{more}; the pages show them in English", listed.join(", "));
        problems.warning(Location::whole(path), message, "copy them from en.toml and translate them");
    }
}

/// A message and a hint if a text cannot take the place of the English one.
fn text_problem(english: &Messages, key: &str, text: &str) -> Option<(String, String)> {
    let Some(original) = english.get(key) else {
        let hint = nearest(key, english.keys())
            .map_or("remove it, or use a key of en.toml".to_owned(), |near| {
                format!("did you mean `{near}`?")
            });
        return Some((format!("unknown text `{key}`"), hint));
    };
    let (expected, found) = (placeholders(original), placeholders(text));
    if expected != found {
        let list =
            |words: &[&str]| words.iter().map(|word| format!("{{{word}}}")).collect::<Vec<_>>().join(" ");
        let expected = if expected.is_empty() { "none".to_owned() } else { list(&expected) };
        let message = format!("`{key}` has other placeholders than the English text: {}", list(&found));
        return Some((message, format!("use the placeholders of the English text: {expected}")));
    }
    let has_pairs = text.matches('{').count() == text.matches('}').count();
    (!has_pairs)
        .then(|| (format!("`{key}` has an unpaired brace"), "write a placeholder as {word}".to_owned()))
}
