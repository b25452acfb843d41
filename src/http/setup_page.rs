//! The handlers of the setup page, its JSON form, its QR code and its assets.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::error::Error;
use super::extractors::{Origin, PageHost, Scheme};
use super::query;
use super::responses::{Answer, Kind};
use super::state::Snapshot;
use crate::address::Domain;
use crate::directory::ProfileMatch;
use crate::documents::Brand;
use crate::documents::accept_language::{Languages, accepted};
use crate::page::{PROGRAMS, PageRequest, Settings, SetupTarget, StartPage, TemplateError, qr_code};

type Shared = State<Arc<Snapshot>>;

/// A browser's request for a page.
#[derive(Debug)]
pub struct Visitor {
    target: Target,
    request: PageRequest,
    host: PageHost,
    origin: Origin,
    wants_json: bool,
}

/// The parameter with an address or a domain.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    Missing,
    /// Neither an address nor a domain.
    Invalid,
    Valid(SetupTarget),
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let text = |name| query::parameter(query, name).and_then(query::decode);
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let target = target(query);
        let typed = || text("emailaddress").or_else(|| text("email")).map(Cow::into_owned);
        // Control characters and very long texts are not repeated on the page.
        let is_typed = |text: &String| text.len() <= 320 && !text.chars().any(char::is_control);
        let typed = typed().filter(|_| target != Target::Missing).filter(is_typed);
        let request = PageRequest {
            chosen_language: text("lang").map(Cow::into_owned),
            languages: Languages::from_header(header(ACCEPT_LANGUAGE)),
            program: text("program").and_then(|id| PROGRAMS.into_iter().find(|program| *program == id)),
            entered_address: typed,
        };
        let wants_json = prefers_json(header(ACCEPT));
        let Ok(host) = PageHost::from_request_parts(parts, state).await;
        let Ok(origin) = Origin::from_request_parts(parts, state).await;
        Ok(Self { target, request, host, origin, wants_json })
    }
}

/// Whether the client accepts JSON and no page.
fn prefers_json(accept: &str) -> bool {
    let names = |kind: &str| accepted(accept).any(|(name, _)| name.eq_ignore_ascii_case(kind));
    names("application/json") && !names("text/html")
}

/// An address, or the domain alone.
fn target(query: &str) -> Target {
    let value = ["emailaddress", "email"].into_iter().find_map(|name| query::parameter(query, name));
    let Some(text) = value.and_then(query::decode) else {
        return if value.is_some() { Target::Invalid } else { Target::Missing };
    };
    let text = text.trim();
    if text.is_empty() {
        return Target::Missing;
    }
    let target = match value.and_then(query::address) {
        Some(address) => Some(SetupTarget::Address(address)),
        None if text.contains('@') => None,
        None => {
            text.parse().ok().filter(|domain: &Domain| domain.as_str().contains('.')).map(SetupTarget::Domain)
        }
    };
    target.map_or(Target::Invalid, Target::Valid)
}

/// `/` and `/setup`: the settings for an address or a domain, or the start page.
pub async fn setup(State(served): Shared, visitor: Visitor) -> Result<Response, Error> {
    let target = match &visitor.target {
        Target::Missing => return visitor.start_page(&served, &StartPage::Form),
        _ if visitor.wants_json => return visitor.json(&served),
        Target::Invalid => return visitor.start_page(&served, &StartPage::InvalidAddress),
        Target::Valid(target) => target,
    };
    let Some((settings, found)) = visitor.settings(&served, target) else {
        return visitor.start_page(&served, &StartPage::UnknownDomain(target.domain().to_string()));
    };
    let page = served.pages.setup(
        &settings,
        &found.entry.brand,
        target,
        served.signatures.is_some(),
        &visitor.request,
    );
    Ok(Answer::new(Kind::Page, page.map_err(|error| render_failed(&error))?).about(found.domain))
}

/// `/setup.json`: the settings for help desks and scripts.
pub async fn json(State(served): Shared, visitor: Visitor) -> Result<Response, Error> {
    visitor.json(&served)
}

/// `/setup.svg`: the URL of the Apple profile as a QR code.
pub async fn qr(State(served): Shared, visitor: Visitor) -> Result<Response, Error> {
    let (settings, found) = visitor.settings_or_error(&served)?;
    let picture = settings.mobileconfig.as_deref().and_then(qr_code).ok_or(Error::NotServed(None))?;
    Ok(Answer::new(Kind::QrCode, picture).about(found.domain))
}

/// `/assets/...`: files that never change under their names.
pub async fn asset(State(served): Shared, uri: Uri) -> Result<Response, Error> {
    let name = uri.path().strip_prefix("/assets/").unwrap_or_default();
    let asset = served.assets.get(name).or_else(|| served.older_assets.get(name));
    let asset = asset.ok_or(Error::NotServed(None))?;
    Ok(Answer::new(Kind::Asset(asset.content_type), asset.content.clone()).into_response())
}

/// A built-in page replaces an operator's that fails, so this is a bug.
fn render_failed(error: &TemplateError) -> Error {
    tracing::error!(%error, "the setup page cannot be rendered");
    Error::Internal
}

impl Visitor {
    /// The settings of the requested address or domain, if it is served.
    fn settings<'a>(
        &'a self,
        served: &'a Snapshot,
        target: &'a SetupTarget,
    ) -> Option<(Settings, ProfileMatch<'a>)> {
        let found = served.directory.find_address(target.domain(), self.host.name.as_ref())?;
        let host = self.profile_host(served, target, &found);
        Some((Settings::of(found.entry, target, host.as_deref()), found))
    }

    /// The same for programs, which get an error in place of a page.
    fn settings_or_error<'a>(&'a self, served: &'a Snapshot) -> Result<(Settings, ProfileMatch<'a>), Error> {
        let Target::Valid(target) = &self.target else { return Err(Error::InvalidAddress) };
        self.settings(served, target).ok_or_else(|| Error::NotServed(Some(target.domain().clone())))
    }

    /// The settings as JSON.
    fn json(&self, served: &Snapshot) -> Result<Response, Error> {
        let (settings, found) = self.settings_or_error(served)?;
        Ok(Answer::new(Kind::Json, settings.to_json()).about(found.domain))
    }

    /// The start page: with the provider's name if the Host is served, without it if the Host is an IP address or
    /// `localhost`, else with status 404.
    fn start_page(&self, served: &Snapshot, start: &StartPage) -> Result<Response, Error> {
        let found = self.host.find(served);
        let has_form = found.is_some() || self.host.is_unnamed;
        let (status, start) = match start {
            StartPage::UnknownDomain(_) | StartPage::UnknownHost => (StatusCode::NOT_FOUND, start),
            _ if !has_form => (StatusCode::NOT_FOUND, &StartPage::UnknownHost),
            StartPage::InvalidAddress => (StatusCode::BAD_REQUEST, start),
            StartPage::Form => (StatusCode::OK, start),
        };
        let no_brand = Brand::default();
        let entry = found.map(|found| found.entry);
        let provider = entry.map_or("", |entry| entry.profile.display_name.as_str());
        let brand = entry.map_or(&no_brand, |entry| &entry.brand);
        let domains = entry.map_or(&[][..], |entry| &entry.profile.page.domains);
        let page = served.pages.start(provider, brand, start, domains, &self.request);
        let page = page.map_err(|error| render_failed(&error))?;
        let answer = Answer::new(Kind::Page, page).with_status(status);
        Ok(match found {
            Some(found) => answer.about(found.domain),
            None => answer.into_response(),
        })
    }

    /// The base URL of the Apple profile. Empty if only a relative link works, because the host is not known by a served
    /// name; none if another profile answers on this host.
    fn profile_host(&self, served: &Snapshot, target: &SetupTarget, found: &ProfileMatch) -> Option<String> {
        let of_host = self.host.find(served);
        let is_same = of_host.is_some_and(|of_host| std::ptr::eq(of_host.entry, found.entry));
        if target.address().is_none() && !is_same {
            return None;
        }
        let name = self.origin.name.as_ref().filter(|_| of_host.is_some());
        let port = self.origin.port.map_or(String::new(), |port| format!(":{port}"));
        // The Host has a port and no proxy reports a scheme, so there is no TLS proxy.
        let is_plain = match self.origin.scheme {
            Scheme::Http => true,
            Scheme::Https => false,
            Scheme::Unknown => self.origin.port.is_some(),
        };
        let scheme = if is_plain { "http" } else { "https" };
        Some(match (name, &served.public_url) {
            (Some(name), _) => format!("{scheme}://{name}{port}"),
            (None, Some(url)) => url.to_string(),
            (None, None) => String::new(),
        })
    }
}
