//! The setup page: what a person sees who opens a served host in a browser, and its machine-readable
//! twin.
//!
//! Words are in `messages`, what a template may say in `view`. Templates and words are shipped inside the
//! program; an operator's own file of the same name in the `templates` folder takes the place of one.
//! Whatever is wrong with such a file, the built-in one serves.

mod assets;
mod messages;
mod view;

pub use self::assets::{Asset, Assets, Brand, qr_code};
pub use self::messages::{Catalogue, Messages, words};
pub use self::view::{Settings, Whom};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{Environment, UndefinedBehavior, context, escape_formatter};
use serde::Serialize;

use crate::address::Domain;
use crate::documents::languages::Languages;
use crate::documents::slots::escaped;
use crate::profile::{Description, SocketType, percent_encoded};

/// Every page, in every language.
#[derive(Debug)]
pub struct Pages {
    /// The operator's templates over the built-in ones; None where there are none of their own.
    own: Option<Environment<'static>>,
    own_sources: Vec<(&'static str, String)>,
    built_in: Environment<'static>,
    catalogue: Arc<Catalogue>,
    /// The languages there are, to be chosen from.
    languages: Vec<Description>,
    pub assets: Assets,
    /// Whether an operator's template that fails gives way to ours; while it is tried out, it is told of.
    falls_back: bool,
    /// It was told that one fails.
    failed: AtomicBool,
}

/// A template that is shipped.
#[derive(Debug, Clone, Copy)]
pub struct Template {
    pub name: &'static str,
    pub source: &'static str,
}

/// Those that there are.
pub const TEMPLATES: [Template; 3] = [
    Template { name: "layout.html", source: include_str!("../../templates/layout.html") },
    Template { name: "index.html", source: include_str!("../../templates/index.html") },
    Template { name: "setup.html", source: include_str!("../../templates/setup.html") },
];

/// The messages that are shipped: language and text, English first.
pub const MESSAGES: [(&str, &str); 4] = [
    ("en", include_str!("../../templates/en.toml")),
    ("de", include_str!("../../templates/de.toml")),
    ("es", include_str!("../../templates/es.toml")),
    ("fr", include_str!("../../templates/fr.toml")),
];

/// The programs that the page has steps for; the keys of the messages begin with these words.
pub const PROGRAMS: [&str; 5] = ["thunderbird", "outlook", "apple", "android", "other"];

/// A template is not right.
#[derive(Debug, thiserror::Error)]
#[error("{}", describe(.0))]
pub struct TemplateError(#[from] minijinja::Error);

/// How a page was asked for, as far as every page cares.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// The language that was chosen by a link, if one was.
    pub chosen: Option<String>,
    /// The languages that the browser asks for.
    pub languages: Languages,
    /// The program whose steps are shown first.
    pub program: Option<&'static str>,
    /// What was typed and is no address of ours, to be put right.
    pub typed: Option<String>,
}

/// Why somebody sees the first page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    Fresh,
    /// What was typed is no address.
    NoAddress,
    /// The domain is nobody's whom we know; none where the host is not.
    Unknown(Option<String>),
}

#[derive(Serialize)]
struct LanguageLink<'a> {
    tag: &'a str,
    name: &'a str,
    url: String,
    is_current: bool,
}

#[derive(Serialize)]
struct ProgramLink {
    id: &'static str,
    url: String,
    is_current: bool,
}

#[derive(Serialize)]
struct DomainLink<'a> {
    name: &'a str,
    url: String,
}

impl Pages {
    /// The built-in pages in the languages of a catalogue.
    pub fn new(catalogue: Catalogue) -> Self {
        let languages = catalogue.as_sentences();
        let built_in = built_in();
        Self {
            own: None,
            own_sources: Vec::new(),
            built_in,
            catalogue: Arc::new(catalogue),
            languages,
            assets: Assets::default(),
            falls_back: false,
            failed: AtomicBool::new(false),
        }
    }

    /// Puts an operator's templates over the built-in ones; those that are none are left out and told.
    pub fn with_own(
        mut self,
        own: Vec<(&'static str, String)>,
    ) -> (Self, Vec<(&'static str, TemplateError)>) {
        let mut wrong = Vec::new();
        for (name, source) in own {
            match environment().add_template_owned(name, source.clone()) {
                Ok(()) => self.own_sources.push((name, source)),
                Err(error) => wrong.push((name, error.into())),
            }
        }
        self.rebuild();
        (self, wrong)
    }

    /// Leaves one of the operator's templates. Whether there was one of that name.
    pub fn forget_own(&mut self, name: &str) -> bool {
        let before = self.own_sources.len();
        self.own_sources.retain(|(own, _)| *own != name);
        self.rebuild();
        self.own_sources.len() < before
    }

    fn rebuild(&mut self) {
        if self.own_sources.is_empty() {
            self.own = None;
            return;
        }
        let mut environment = built_in();
        for (name, source) in &self.own_sources {
            environment.add_template_owned(*name, source.clone()).expect("it was a template a moment ago");
        }
        self.own = Some(environment);
    }

    /// From now on, an operator's template that fails gives way to ours.
    pub fn fall_back(&mut self) {
        self.falls_back = true;
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The first page: a field for the address. `domains` are those that may be chosen from.
    ///
    /// # Errors
    /// When the operator's template asks for something that is not there.
    pub fn start(
        &self,
        provider: &str,
        brand: &Brand,
        start: &Start,
        domains: &[Domain],
        visit: &Visit,
    ) -> Result<String, TemplateError> {
        let messages = self.messages(visit);
        let unknown = match start {
            Start::Unknown(Some(domain)) => Some(domain.clone()),
            Start::Unknown(None) => self.catalogue.say(messages, "unknown_host", &[]),
            Start::Fresh | Start::NoAddress => None,
        };
        let domains: Vec<_> = domains
            .iter()
            .map(|name| DomainLink {
                name: name.as_str(),
                url: Visit::url("/setup", Some(name.as_str()), None, visit.chosen.as_deref()),
            })
            .collect();
        let chosen = visit.chosen.as_deref().and_then(|tag| self.catalogue.find(tag)).map(|m| m.tag.as_str());
        let page = context! {
            unknown,
            is_wrong => *start == Start::NoAddress,
            is_unknown_host => *start == Start::Unknown(None),
            chosen_lang => chosen,
            domains => Value::from(Serde(domains)),
            typed => visit.typed.as_deref(),
            ..self.frame(messages, provider, brand, |tag| Visit::url("/", None, None, Some(tag)))
        };
        self.render("index.html", page)
    }

    /// The settings for somebody.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn setup(
        &self,
        settings: &Settings,
        brand: &Brand,
        whom: &Whom,
        is_signed: bool,
        visit: &Visit,
    ) -> Result<String, TemplateError> {
        let messages = self.messages(visit);
        let asked = whom.to_string();
        let program = visit.program.unwrap_or(PROGRAMS[0]);
        let lang = visit.chosen.as_deref();
        let programs: Vec<_> = PROGRAMS
            .iter()
            .map(|id| ProgramLink {
                id,
                url: Visit::url("/setup", Some(&asked), Some(id), lang) + "#automatic",
                is_current: *id == program,
            })
            .collect();
        let servers = || settings.incoming.iter().chain(&settings.outgoing);
        let preferred = |protocol: &str| {
            let mut preferred = servers().filter(|server| !server.is_alternative);
            preferred.find(|server| server.protocol == protocol).map(|server| server.port)
        };
        let documentation: Vec<_> = settings.documentation_in(&messages.tag);
        // Those that have a certificate.
        let hosts: Vec<_> = servers()
            .filter(|server| server.socket_type != SocketType::Plain.word())
            .map(|server| &server.hostname)
            .collect();
        let page = context! {
            settings => Value::from(Serde(settings)),
            preferred_ports => context! { imap => preferred("imap"), pop3 => preferred("pop3"), smtp => preferred("smtp") },
            programs => Value::from(Serde(programs)),
            start => Visit::url("/", None, None, lang),
            has_profile => settings.has_profile,
            mobileconfig_path => whom.mobileconfig_path(),
            qr => format!("/setup.svg?emailaddress={}", percent_encoded(&asked)),
            is_signed,
            documentation => Value::from(Serde(documentation)),
            hosts => Value::from(Serde(hosts)),
            ..self.frame(messages, &settings.provider, brand, |tag| {
                Visit::url("/setup", Some(&asked), visit.program, Some(tag))
            })
        };
        self.render("setup.html", page)
    }

    /// The language that was chosen, or the best that the browser asks for.
    fn messages(&self, visit: &Visit) -> &Arc<Messages> {
        let chosen = visit.chosen.as_deref().and_then(|tag| self.catalogue.find_nearest(tag));
        let asked = || self.catalogue.find(&visit.languages.choose(&self.languages)?.lang);
        chosen.or_else(asked).unwrap_or(self.catalogue.english())
    }

    /// What stands round every page. `url` is the same page in another language.
    fn frame(
        &self,
        messages: &Arc<Messages>,
        provider: &str,
        brand: &Brand,
        url: impl Fn(&str) -> String,
    ) -> Value {
        context! {
            say => self.say(messages),
            lang => messages.tag.as_str(),
            languages => Value::from(Serde(self.language_links(messages, url))),
            icon => self.assets.icon.url(),
            style => self.assets.style.url(),
            script => self.assets.script.url(),
            brand => brand.style.as_ref().map(Asset::url),
            logo => brand.logo.as_ref().map(Asset::url),
            provider,
        }
    }

    /// `say("key", word=value)` in a template.
    fn say(&self, messages: &Arc<Messages>) -> Value {
        let (catalogue, messages) = (Arc::clone(&self.catalogue), Arc::clone(messages));
        Value::from_function(move |key: String, words: Kwargs| -> Result<String, minijinja::Error> {
            let mut values = Vec::new();
            for word in words.args() {
                values.push((word, words.get::<Value>(word)?.to_string()));
            }
            let values: Vec<_> = values.iter().map(|(word, value)| (*word, value.as_str())).collect();
            catalogue.say(&messages, &key, &values).ok_or_else(|| {
                minijinja::Error::new(
                    minijinja::ErrorKind::UndefinedError,
                    format!("there is no message `{key}`"),
                )
            })
        })
    }

    fn language_links(&self, current: &Messages, url: impl Fn(&str) -> String) -> Vec<LanguageLink<'_>> {
        let mut links = Vec::new();
        for messages in self.catalogue.all() {
            let tag = &messages.tag;
            let name = messages.get("language").unwrap_or(tag);
            links.push(LanguageLink { tag, name, url: url(tag), is_current: *tag == current.tag });
        }
        links
    }

    /// By the operator's template; if that fails, by the built-in one, and with a word in the log.
    fn render(&self, name: &str, page: Value) -> Result<String, TemplateError> {
        let own = self.own.as_ref().map(|own| own.get_template(name)?.render(page.clone()));
        match own {
            Some(Ok(page)) => return Ok(page),
            Some(Err(error)) if !self.falls_back => return Err(error.into()),
            // Once: whoever asks can ask often.
            Some(Err(error)) if !self.failed.swap(true, Relaxed) => {
                let line = error.line();
                tracing::error!(template = name, line, "an operator's template fails: {}", describe(&error));
            }
            Some(Err(_)) | None => {}
        }
        Ok(self.built_in.get_template(name)?.render(page)?)
    }
}

impl Visit {
    /// A page's URL, with what was asked so far.
    fn url(path: &str, asked: Option<&str>, program: Option<&str>, lang: Option<&str>) -> String {
        let asked = asked.map(|asked| format!("emailaddress={}", percent_encoded(asked)));
        let program = program.map(|program| format!("program={program}"));
        let lang = lang.map(|lang| format!("lang={}", percent_encoded(lang)));
        let query: Vec<_> = [asked, program, lang].into_iter().flatten().collect();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
    }
}

fn built_in() -> Environment<'static> {
    let mut environment = environment();
    for Template { name, source } in TEMPLATES {
        environment.add_template(name, source).expect("what is shipped is a template");
    }
    environment
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    environment.set_syntax(syntax.build().expect("the delimiters are Jinja's own"));
    // Slashes need no reference, and URLs are better read without.
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => Ok(out.write_str(&escaped(text))?),
        _ => escape_formatter(out, state, value),
    });
    environment
}

impl TemplateError {
    /// Where in the template, counted from 1.
    pub fn line(&self) -> Option<usize> {
        self.0.line()
    }

    /// Which template, where it is another than the one that was rendered.
    pub fn name(&self) -> Option<&str> {
        self.0.name()
    }
}

/// minijinja's `Display` repeats the place, which stands elsewhere in our messages.
fn describe(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}
