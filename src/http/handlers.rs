//! The handlers: each extracts the request, looks up the profile and returns its document.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::body::Xml;
use super::error::Error;
use super::extractors::{
    AutoconfigRequest, Host, MobileConfigRequest, Origin, Scheme, without_service_label,
};
use super::query;
use super::responses::{Answer, Kind, SHORT, about};
use super::state::Snapshot;
use crate::address::{Domain, MTA_STS_LABEL};
use crate::config::PublicUrl;
use crate::directory::ProfileMatch;
use crate::documents::RenderedProfile;
use crate::documents::autodiscover::json::{Endpoint, Refusal};
use crate::documents::autodiscover::{ErrorCode, Request, Schema};
use crate::documents::mobileconfig::{MobileConfig, UnsupportedProfile};
use crate::profile::{HttpUrl, Services};

type Shared = State<Arc<Snapshot>>;

/// Mozilla's document, for the domain of the address, else of the Host.
pub async fn autoconfig(State(served): Shared, request: AutoconfigRequest) -> Result<Response, Error> {
    let ProfileMatch { entry, domain, .. } = served
        .directory
        .find(request.domain(), || request.host())
        .ok_or_else(|| Error::NotServed(request.domain().or(request.host()).cloned()))?;
    Ok(autoconfig_answer(entry, domain, request.has_all_servers))
}

/// The same for clients that use this server in place of Mozilla's database: the path names the domain, or the domain
/// of an MX host (reference/autoconfig 2.7).
pub async fn autoconfig_by_path(State(served): Shared, uri: Uri) -> Result<Response, Error> {
    let name = query::decode(last_segment(&uri)).ok_or(Error::NotServed(None))?;
    let requested: Domain = name.parse().map_err(|_| Error::NotServed(None))?;
    let ProfileMatch { entry, domain, .. } = served.by_host(Some(&requested))?;
    let servers = query::parameter(uri.query().unwrap_or_default(), "servers");
    let has_all_servers = servers.is_some_and(|value| value.eq_ignore_ascii_case("all"));
    Ok(autoconfig_answer(entry, domain, has_all_servers))
}

/// The document that every client accepts, or the one with all servers.
fn autoconfig_answer(entry: &RenderedProfile, domain: &Domain, has_all_servers: bool) -> Response {
    let documents = &entry.documents;
    let document = if has_all_servers { &documents.all_servers } else { &documents.autoconfig };
    Answer::new(Kind::Autoconfig, document.fill(domain)).about(domain)
}

/// Microsoft's document, for the address in the body.
pub async fn autodiscover(
    State(served): Shared,
    Host(host): Host,
    Xml(Request { email_address, schema }): Xml<Request>,
) -> Result<Response, Error> {
    let ProfileMatch { entry, domain, .. } = served
        .directory
        .find_address(email_address.domain(), host.as_ref())
        .ok_or_else(|| Error::AddressNotServed(email_address.domain().clone()))?;
    match schema {
        Schema::Outlook => {
            let document = entry.documents.autodiscover.fill(&email_address);
            Ok(Answer::new(Kind::Autodiscover, document).about(domain))
        }
        Schema::Other => Err(Error::Autodiscover(ErrorCode::ProviderNotAvailable, Some(domain.clone()))),
    }
}

/// Redirects a request by plain http to the public URL, and answers 405 to any other (reference/autodiscover 2.7). With
/// https, GET has to fail so that Thunderbird repeats its POST (1.7).
pub async fn autodiscover_by_get(
    State(served): Shared,
    Host(host): Host,
    origin: Origin,
) -> Result<Response, Error> {
    let ProfileMatch { domain, .. } = served.directory.find(None, || host.as_ref()).ok_or(Error::PostOnly)?;
    let url = served.public_url.as_ref().filter(|url| is_plain(&origin, url)).ok_or(Error::PostOnly)?;
    let response = (StatusCode::FOUND, [(LOCATION, url.autodiscover())]).into_response();
    Ok(about(response, domain))
}

/// Whether a request came by plain http. If no proxy reports the scheme, the host of the public URL counts as https,
/// because a redirect from there would never end.
fn is_plain(origin: &Origin, url: &PublicUrl) -> bool {
    match origin.scheme {
        Scheme::Http => true,
        Scheme::Https => false,
        Scheme::Unknown => origin.name.as_ref() != Some(url.host()),
    }
}

/// `autodiscover.json?Email=...`
pub async fn autodiscover_json(State(served): Shared, Host(host): Host, uri: Uri) -> Result<Response, Error> {
    let query = uri.query().unwrap_or_default();
    endpoint(&served, host.as_ref(), query::parameter(query, "Email"), query)
}

/// `autodiscover.json/v1.0/ADDRESS`
pub async fn autodiscover_json_path(
    State(served): Shared,
    Host(host): Host,
    uri: Uri,
) -> Result<Response, Error> {
    endpoint(&served, host.as_ref(), Some(last_segment(&uri)), uri.query().unwrap_or_default())
}

fn endpoint(
    served: &Snapshot,
    host: Option<&Domain>,
    email: Option<&str>,
    query: &str,
) -> Result<Response, Error> {
    let address =
        email.and_then(query::address).ok_or(Error::Refused(Refusal::MandatoryParameterMissing, None))?;
    let ProfileMatch { domain, is_served, .. } = served.by_address(address.domain(), host)?;
    // Client input never becomes part of a URL: a customer's domain in a request to an MX host is redirected to that
    // host's own name.
    let own = if is_served { Some(domain) } else { host };
    let url =
        served.public_url.clone().or_else(|| PublicUrl::of_domain(own?)).ok_or(Error::NotServed(None))?;
    let url = url.autodiscover();
    let protocol = query::parameter(query, "Protocol");
    let protocol = protocol.map(|value| query::decode(value).unwrap_or(value.into()));
    let endpoint = Endpoint::find(protocol.as_deref(), &url)
        .map_err(|refusal| Error::Refused(refusal, Some(domain.clone())))?;
    Ok(Answer::new(Kind::Json, endpoint.to_json()).about(domain))
}

/// Apple's configuration profile, for the requested addresses, or with questions for the device to ask.
pub async fn mobileconfig(
    State(served): Shared,
    Host(host): Host,
    MobileConfigRequest { addresses, languages }: MobileConfigRequest,
) -> Result<Response, Error> {
    let mut accounts = Vec::new();
    for address in &addresses {
        let found = served.by_address(address.domain(), host.as_ref())?;
        accounts.push((found, mobileconfig_of(&served, &found)?, address));
    }
    let (found, profile) = match accounts.split_first() {
        Some(((found, config, address), more)) => {
            let more: Vec<_> = more.iter().map(|(_, config, address)| (*config, *address)).collect();
            (*found, config.for_addresses(address, &more, &languages))
        }
        None => {
            let found = served.by_host(host.as_ref())?;
            (found, mobileconfig_of(&served, &found)?.for_domain(found.domain, &languages))
        }
    };
    let profile = match &served.signatures {
        Some(signatures) => signatures.sign(profile).await?,
        None => profile,
    };
    let answer = Answer::new(Kind::MobileConfig, profile).with_file_name(&found.entry.profile.id);
    Ok(answer.about(found.domain))
}

/// Client input never becomes a host name in a signed profile: a host name that depends on the domain is written only
/// for domains in the configuration.
fn mobileconfig_of<'a>(served: &Snapshot, found: &ProfileMatch<'a>) -> Result<&'a MobileConfig, Error> {
    let mut servers = found.entry.profile.servers();
    if servers.any(|server| server.hostname.needs_domain()) && served.directory.served(found.domain).is_none()
    {
        return Err(Error::NotServed(Some(found.domain.clone())));
    }
    let reason = |reason: &UnsupportedProfile| Error::UnsupportedProfile(*reason, found.domain.clone());
    found.entry.documents.mobileconfig.as_ref().map_err(reason)
}

/// The PACC document, for the domain of the Host.
pub async fn pacc(State(served): Shared, Host(host): Host) -> Result<Response, Error> {
    let ProfileMatch { entry, domain, .. } = served.by_host(host.as_ref())?;
    let document = entry.documents.pacc.as_ref().ok_or_else(|| Error::NotServed(Some(domain.clone())))?;
    Ok(Answer::new(Kind::Pacc, document.fill(domain)).about(domain))
}

/// Redirects to the calendars of a domain (RFC 6764 5).
pub async fn caldav(State(served): Shared, Host(host): Host) -> Result<Response, Error> {
    service(&served, host.as_ref(), |services| services.caldav().map(|calendar| &calendar.url))
}

/// Redirects to its address books.
pub async fn carddav(State(served): Shared, Host(host): Host) -> Result<Response, Error> {
    service(&served, host.as_ref(), |services| services.carddav().map(|addressbook| &addressbook.url))
}

/// Redirects to its JMAP session (RFC 8620 2.2).
pub async fn jmap(State(served): Shared, Host(host): Host) -> Result<Response, Error> {
    service(&served, host.as_ref(), |services| services.jmap().map(|(_, url)| url))
}

/// Redirects a request with any method to a URL in the profile.
fn service(
    served: &Snapshot,
    host: Option<&Domain>,
    url: impl FnOnce(&Services) -> Option<&HttpUrl>,
) -> Result<Response, Error> {
    let found = host.and_then(|host| served.directory.served(host));
    let url = found.and_then(|found| url(&found.entry.profile.services)?.for_domain(found.domain));
    // A redirect to this URL would never end.
    let is_itself = |url: &HttpUrl| {
        let host: Option<Domain> = without_service_label(url.host()).parse().ok();
        let is_usual = url.authority().is_none_or(|(_, port)| matches!(port.get(), 80 | 443));
        let is_host = host.as_ref() == found.map(|found| found.domain);
        is_host && is_usual && url.path().starts_with("/.well-known/")
    };
    let url = url.filter(|url| !is_itself(url));
    let (Some(found), Some(url)) = (found, url) else { return Err(Error::NotServed(host.cloned())) };
    let location = [(LOCATION, url.to_string())];
    let response = (StatusCode::TEMPORARY_REDIRECT, location, [(CACHE_CONTROL, SHORT)]).into_response();
    Ok(about(response, found.domain))
}

/// The policy of the domain for which the Host is the policy host (RFC 8461 3.2).
pub async fn mta_sts(State(served): Shared, Origin { name, .. }: Origin) -> Result<Response, Error> {
    let domain = name
        .as_ref()
        .and_then(|name| name.as_str().strip_prefix(MTA_STS_LABEL)?.strip_prefix('.')?.parse().ok());
    let found = domain.as_ref().and_then(|domain| served.directory.served(domain));
    let policy = found.and_then(|found| found.entry.documents.mta_sts.clone());
    let (Some(domain), Some(policy)) = (&domain, policy) else { return Err(Error::NotServed(name)) };
    Ok(Answer::new(Kind::MtaSts, policy).about(domain))
}

/// Every method that a path does not have.
pub async fn method_not_allowed() -> Error {
    Error::MethodNotAllowed
}

/// Every other path.
pub async fn not_found() -> Error {
    Error::NotServed(None)
}

/// The parameter of the path without decoding. axum's own extractor decodes it, and answers invalid UTF-8 with a message
/// of its own.
fn last_segment(uri: &Uri) -> &str {
    let path = uri.path();
    path.rsplit_once('/').map_or(path, |(_, segment)| segment)
}
