//! Renders the pages: the start page with its form, and the settings of an address.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{Environment, UndefinedBehavior, context, escape_formatter};

use super::assets::PageAssets;
use super::messages::{Catalogue, Messages};
use super::settings::{Settings, SetupTarget};
use crate::address::Domain;
use crate::documents::accept_language::Languages;
use crate::documents::{Asset, Brand, escape};
use crate::profile::{Description, SocketType, percent_encoded};

/// All pages in all languages.
#[derive(Debug)]
pub struct Pages {
    /// The built-in templates, with the operator's templates in place of some.
    environment: Environment<'static>,
    built_in: Environment<'static>,
    /// The names of the operator's templates.
    custom: Vec<&'static str>,
    catalogue: Arc<Catalogue>,
    /// The available languages, the default first.
    languages: Vec<Description>,
    pub assets: PageAssets,
    /// Whether a built-in template replaces an operator's template that fails.
    pub falls_back: bool,
    has_logged_failure: AtomicBool,
}

/// The built-in templates: name and source.
pub const TEMPLATES: [(&str, &str); 3] = [
    ("layout.html", include_str!("../../templates/layout.html")),
    ("index.html", include_str!("../../templates/index.html")),
    ("setup.html", include_str!("../../templates/setup.html")),
];

/// The mail programs with instructions on the page. The keys of their messages begin with these names.
pub const PROGRAMS: [&str; 5] = ["thunderbird", "outlook", "apple", "android", "other"];

/// A template is malformed or cannot be rendered.
#[derive(Debug, thiserror::Error)]
#[error("{}", describe(.0))]
pub struct TemplateError(#[from] minijinja::Error);

/// The parameters that all pages have.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// The language of the parameter `lang`.
    pub chosen_language: Option<String>,
    /// The languages of the browser.
    pub languages: Languages,
    /// The program whose instructions are shown.
    pub program: Option<&'static str>,
    /// The invalid address that was entered, to be corrected.
    pub entered_address: Option<String>,
}

/// The variants of the start page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartPage {
    Form,
    InvalidAddress,
    /// The domain of the address is not served.
    UnknownDomain(String),
    /// The host of the request is not served.
    UnknownHost,
}

impl Pages {
    /// The built-in pages in the languages of a catalogue, which has the default language.
    pub fn new(catalogue: Catalogue, default_language: &str) -> Self {
        let mut environment = environment();
        for (name, source) in TEMPLATES {
            environment.add_template(name, source).expect("built-in templates are well-formed");
        }
        Self {
            built_in: environment.clone(),
            environment,
            custom: Vec::new(),
            languages: catalogue.languages(default_language),
            catalogue: Arc::new(catalogue),
            assets: PageAssets::default(),
            falls_back: false,
            has_logged_failure: AtomicBool::new(false),
        }
    }

    /// Replaces built-in templates with an operator's. Malformed templates are left out and returned.
    pub fn with_custom_templates(
        mut self,
        templates: Vec<(&'static str, String)>,
    ) -> (Self, Vec<(&'static str, TemplateError)>) {
        let mut malformed = Vec::new();
        for (name, source) in templates {
            match self.environment.add_template_owned(name, source) {
                Ok(()) => self.custom.push(name),
                Err(error) => malformed.push((name, error.into())),
            }
        }
        (self, malformed)
    }

    /// Restores a built-in template. Returns whether the operator had replaced it.
    pub fn remove_custom_template(&mut self, name: &str) -> bool {
        let is_custom = self.custom.contains(&name);
        self.custom.retain(|custom| *custom != name);
        for (name, source) in TEMPLATES.into_iter().filter(|template| template.0 == name) {
            self.environment.add_template(name, source).expect("built-in templates are well-formed");
        }
        is_custom
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The tag of the language for requests whose own languages are not available.
    pub fn default_language(&self) -> &str {
        &self.languages[0].lang
    }

    /// Renders the start page. The person can choose one of `domains`.
    ///
    /// # Errors
    /// If an operator's template fails and fallback is disabled.
    pub fn start(
        &self,
        provider: &str,
        brand: &Brand,
        start: &StartPage,
        domains: &[Domain],
        request: &PageRequest,
    ) -> Result<String, TemplateError> {
        let messages = self.messages(request);
        let unknown = match start {
            StartPage::UnknownDomain(domain) => Some(domain.clone()),
            StartPage::UnknownHost => self.catalogue.format(messages, "unknown_host", &[]),
            StartPage::Form | StartPage::InvalidAddress => None,
        };
        let lang = request.chosen_language.as_deref();
        let domains: Vec<_> = domains
            .iter()
            .map(|domain| context! { name => domain.as_str(), url => url("/setup", Some(domain.as_str()), None, lang) })
            .collect();
        let page = context! {
            unknown,
            is_wrong => *start == StartPage::InvalidAddress,
            is_unknown_host => *start == StartPage::UnknownHost,
            chosen_lang => lang.and_then(|tag| self.catalogue.find(tag)).map(|messages| messages.tag.as_str()),
            domains,
            typed => request.entered_address.as_deref(),
            ..self.layout(messages, provider, brand, |tag| url("/", None, None, Some(tag)))
        };
        self.render("index.html", page)
    }

    /// Renders the page with settings.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn setup(
        &self,
        settings: &Settings,
        brand: &Brand,
        target: &SetupTarget,
        is_signed: bool,
        request: &PageRequest,
    ) -> Result<String, TemplateError> {
        let messages = self.messages(request);
        let address = target.to_string();
        let current = request.program.unwrap_or(PROGRAMS[0]);
        let lang = request.chosen_language.as_deref();
        let programs = PROGRAMS.map(|id| {
            let url = url("/setup", Some(&address), Some(id), lang) + "#automatic";
            context! { id, url, is_current => id == current }
        });
        let servers = || settings.incoming.iter().chain(&settings.outgoing);
        let preferred = |protocol: &str| {
            let mut preferred = servers().filter(|server| !server.is_alternative);
            preferred.find(|server| server.protocol == protocol).map(|server| server.port)
        };
        // The servers with a certificate.
        let hosts: Vec<_> = servers()
            .filter(|server| server.socket_type != SocketType::Plain.into_str())
            .map(|server| server.hostname.clone())
            .collect();
        let page = context! {
            settings => Value::from(Serde(settings)),
            preferred_ports => context! { imap => preferred("imap"), pop3 => preferred("pop3"), smtp => preferred("smtp") },
            programs => programs.to_vec(),
            start => url("/", None, None, lang),
            has_profile => settings.has_profile,
            mobileconfig_path => target.mobileconfig_path(),
            qr => format!("/setup.svg?emailaddress={}", percent_encoded(&address)),
            is_signed,
            documentation => Value::from(Serde(settings.documentation_in([&messages.tag, self.default_language()]))),
            hosts,
            ..self.layout(messages, &settings.provider, brand, |tag| {
                url("/setup", Some(&address), request.program, Some(tag))
            })
        };
        self.render("setup.html", page)
    }

    /// The chosen language, else the best for the browser, else the default.
    fn messages(&self, request: &PageRequest) -> &Arc<Messages> {
        let chosen = request.chosen_language.as_deref().and_then(|tag| self.catalogue.find_nearest(tag));
        let preferred = || self.catalogue.find(&request.languages.choose(&self.languages)?.lang);
        chosen.or_else(preferred).unwrap_or(self.catalogue.english())
    }

    /// The variables of `layout.html`. `url` is the URL of the page in another language.
    fn layout(
        &self,
        messages: &Arc<Messages>,
        provider: &str,
        brand: &Brand,
        url: impl Fn(&str) -> String,
    ) -> Value {
        let language = |other: &Arc<Messages>| {
            let tag = other.tag.as_str();
            let name = other.get("language").unwrap_or(tag);
            context! { tag, name, url => url(tag), is_current => tag == messages.tag }
        };
        let languages: Vec<_> = self.catalogue.all().iter().map(language).collect();
        let [style, script, icon] = self.assets.all().each_ref().map(Asset::url);
        context! {
            say => self.say(messages),
            lang => messages.tag.as_str(),
            languages,
            icon,
            style,
            script,
            brand => brand.style.as_ref().map(Asset::url),
            logo => brand.logo.as_ref().map(Asset::url),
            provider,
        }
    }

    /// The function `say("key", placeholder=value)` of the templates.
    fn say(&self, messages: &Arc<Messages>) -> Value {
        let (catalogue, messages) = (Arc::clone(&self.catalogue), Arc::clone(messages));
        Value::from_function(move |key: String, arguments: Kwargs| -> Result<String, minijinja::Error> {
            let mut values = Vec::new();
            for name in arguments.args() {
                values.push((name, arguments.get::<Value>(name)?.to_string()));
            }
            let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
            catalogue.format(&messages, &key, &values).ok_or_else(|| {
                let message = format!("there is no message `{key}`");
                minijinja::Error::new(minijinja::ErrorKind::UndefinedError, message)
            })
        })
    }

    fn render(&self, name: &str, page: Value) -> Result<String, TemplateError> {
        let rendered = self.environment.get_template(name).and_then(|template| template.render(page.clone()));
        match rendered {
            Err(error) if self.falls_back && !self.custom.is_empty() => {
                // Logged once: strangers can cause any number of failures.
                if !self.has_logged_failure.swap(true, Relaxed) {
                    let line = error.line();
                    tracing::error!(template = name, line, "a custom template failed: {}", describe(&error));
                }
                Ok(self.built_in.get_template(name)?.render(page)?)
            }
            rendered => Ok(rendered?),
        }
    }
}

/// The URL of a page with its parameters.
fn url(path: &str, address: Option<&str>, program: Option<&str>, lang: Option<&str>) -> String {
    let parameters = [("emailaddress", address), ("program", program), ("lang", lang)];
    let parameters = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let query: Vec<_> =
        parameters.map(|(name, value)| format!("{name}={}", percent_encoded(value))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
    environment.set_syntax(syntax.build().expect("the delimiters are Jinja's own"));
    // minijinja also escapes slashes, which makes URLs hard to read.
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => Ok(out.write_str(&escape(text))?),
        _ => escape_formatter(out, state, value),
    });
    environment
}

impl TemplateError {
    /// The line in the template, starting at 1.
    pub fn line(&self) -> Option<usize> {
        self.0.line()
    }

    /// The template with the error, which may be another than the rendered one.
    pub fn name(&self) -> Option<&str> {
        self.0.name()
    }
}

/// The error without its location, which is reported separately.
fn describe(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}
