//! What is answered: extract, ask, answer.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{ALLOW, CACHE_CONTROL, LOCATION};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::body::Xml;
use super::error::Error;
use super::extractors::{Asked, Host, Origin, Scheme, Wanted, without_service_label};
use super::query;
use super::responses::{Answer, SHORT, about};
use super::state::Snapshot;
use crate::address::{Domain, MTA_STS_LABEL};
use crate::config::PublicUrl;
use crate::directory::ProfileMatch;
use crate::documents::RenderedProfile;
use crate::documents::autodiscover::json::{Endpoint, Refusal};
use crate::documents::autodiscover::{ErrorCode, Request, Schema};
use crate::documents::mobileconfig::{MobileConfig, UnsupportedProfile};
use crate::documents::{DomainVariable, ResponseTemplate};
use crate::profile::{HttpUrl, Services};

type Shared = State<Arc<Snapshot>>;

/// Mozilla's document, for the address's domain or the Host's.
pub async fn autoconfig(State(served): Shared, asked: Asked) -> Result<Response, Error> {
    let ProfileMatch { entry, domain, .. } = served
        .directory
        .find(asked.domain(), || asked.host())
        .ok_or_else(|| Error::NotOurs(asked.domain().or(asked.host()).cloned()))?;
    Ok(Answer::autoconfig(wanted(entry, asked.query()).fill(domain)).about(domain))
}

/// The same from a list of providers, as Mozilla's database is asked: the path names the domain,
/// and a mail exchanger's is listed like any other (reference/autoconfig 2.7).
pub async fn listed(State(served): Shared, uri: Uri) -> Result<Response, Error> {
    let name = query::decode(last_segment(&uri)).ok_or(Error::NotOurs(None))?;
    let asked: Domain = name.parse().map_err(|_| Error::NotOurs(None))?;
    let ProfileMatch { entry, domain, .. } =
        served.directory.find(None, || Some(&asked)).ok_or_else(|| Error::NotOurs(Some(asked.clone())))?;
    Ok(Answer::autoconfig(wanted(entry, uri.query()).fill(domain)).about(domain))
}

/// The document for every client, or everything for one that asks for it: `servers=all`.
fn wanted<'a>(entry: &'a RenderedProfile, query: Option<&str>) -> &'a ResponseTemplate<DomainVariable> {
    let servers = query::parameter(query.unwrap_or_default(), "servers");
    let wants_all = servers.is_some_and(|servers| servers.eq_ignore_ascii_case("all"));
    if wants_all { &entry.documents.all_servers } else { &entry.documents.autoconfig }
}

/// Microsoft's document, for a posted address.
pub async fn autodiscover(
    State(served): Shared,
    Host(host): Host,
    Xml(Request { email_address, schema }): Xml<Request>,
) -> Result<Response, Error> {
    let ProfileMatch { entry, domain, .. } = served
        .directory
        .find_address(email_address.domain(), host.as_ref())
        .ok_or_else(|| Error::AddressNotOurs(email_address.domain().clone()))?;
    match schema {
        Schema::Outlook => {
            Ok(Answer::autodiscover(entry.documents.autodiscover.fill(&email_address)).about(domain))
        }
        Schema::Other => Err(Error::Autodiscover(ErrorCode::ProviderNotAvailable, Some(domain.clone()))),
    }
}

/// Plain http is sent to the public URL; anything else is told to post (reference/autodiscover
/// 2.7). There GET has to fail, so that Thunderbird repeats its POST (1.7).
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

/// What may be done, for Scalix, which asks first (reference/autodiscover 1.10).
pub async fn autodiscover_options() -> Response {
    (StatusCode::NO_CONTENT, [(ALLOW, "POST")]).into_response()
}

/// Every other method.
pub async fn autodiscover_post_only() -> Error {
    Error::PostOnly
}

/// Whether a request came by plain http. Where no proxy says so, the redirect's own target is taken
/// to be https, since a redirect from there to there would never end.
fn is_plain(origin: &Origin, url: &PublicUrl) -> bool {
    match origin.scheme {
        Scheme::Http => true,
        Scheme::Https => false,
        Scheme::Unsaid => origin.name.as_ref() != Some(url.host()),
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
    let ProfileMatch { domain, is_served, .. } = served
        .directory
        .find_address(address.domain(), host)
        .ok_or_else(|| Error::NotOurs(Some(address.domain().clone())))?;
    // Nothing that only a client said becomes part of a URL: a customer's domain that came to a
    // mail exchanger's host is sent on to that host's own name.
    let own = if is_served { Some(domain) } else { host };
    let url = served.public_url.clone().or_else(|| PublicUrl::of_domain(own?)).ok_or(Error::NotOurs(None))?;
    let url = url.autodiscover();
    let protocol = query::parameter(query, "Protocol");
    let protocol = protocol.map(|value| query::decode(value).unwrap_or(value.into()));
    let endpoint = Endpoint::find(protocol.as_deref(), &url)
        .map_err(|refusal| Error::Refused(refusal, Some(domain.clone())))?;
    Ok(Answer::json(endpoint.to_json()).about(domain))
}

/// Apple's configuration profile, for the requested addresses, or with questions for the device to ask.
pub async fn mobileconfig(
    State(served): Shared,
    Host(host): Host,
    Wanted { addresses, languages }: Wanted,
) -> Result<Response, Error> {
    let mut accounts = Vec::new();
    for address in &addresses {
        let found = served.directory.find_address(address.domain(), host.as_ref());
        let found = found.ok_or_else(|| Error::NotOurs(Some(address.domain().clone())))?;
        accounts.push((found, apple(&served, &found)?, address));
    }
    let (found, profile) = match accounts.split_first() {
        Some(((found, config, address), more)) => {
            let more: Vec<_> = more.iter().map(|(_, config, address)| (*config, *address)).collect();
            (*found, config.for_addresses(address, &more, &languages))
        }
        None => {
            let found = by_host(&served, host.as_ref())?;
            (found, apple(&served, &found)?.for_domain(found.domain, &languages))
        }
    };
    let profile = match &served.signatures {
        Some(signatures) => signatures.sign(profile).await?,
        None => profile,
    };
    Ok(Answer::mobileconfig(profile, &found.entry.profile.id).about(found.domain))
}

/// The profile that the Host alone selects.
fn by_host<'a>(served: &'a Snapshot, host: Option<&'a Domain>) -> Result<ProfileMatch<'a>, Error> {
    served.directory.find(None, || host).ok_or_else(|| Error::NotOurs(host.cloned()))
}

/// Nothing that only a client said becomes the name of a host in what the operator signs, so hosts that
/// depend on the domain are named for the operator's own domains alone.
fn apple<'a>(served: &Snapshot, found: &ProfileMatch<'a>) -> Result<&'a MobileConfig, Error> {
    let mut servers = found.entry.profile.servers();
    if servers.any(|server| server.hostname.needs_domain()) && served.directory.served(found.domain).is_none()
    {
        return Err(Error::NotOurs(Some(found.domain.clone())));
    }
    let reason = |reason: &UnsupportedProfile| Error::Inexpressible(*reason, found.domain.clone());
    found.entry.documents.mobileconfig.as_ref().map_err(reason)
}

/// PACC's document, for the Host's domain: the same for everybody of it.
pub async fn pacc(State(served): Shared, Host(host): Host) -> Result<Response, Error> {
    let ProfileMatch { entry, domain, .. } = by_host(&served, host.as_ref())?;
    let document = entry.documents.pacc.as_ref().ok_or_else(|| Error::NotOurs(Some(domain.clone())))?;
    Ok(Answer::pacc(document.fill(domain)).about(domain))
}

/// Where a domain's calendars are (RFC 6764 5).
pub async fn caldav(State(served): Shared, Host(host): Host) -> Result<Response, Error> {
    service(&served, host.as_ref(), |services| services.caldav().map(|calendar| &calendar.url))
}

/// Where its address books are.
pub async fn carddav(State(served): Shared, Host(host): Host) -> Result<Response, Error> {
    service(&served, host.as_ref(), |services| services.carddav().map(|addressbook| &addressbook.url))
}

/// Where its JMAP session is (RFC 8620 2.2).
pub async fn jmap(State(served): Shared, Host(host): Host) -> Result<Response, Error> {
    service(&served, host.as_ref(), |services| services.jmap().map(|(_, url)| url))
}

/// Sends any method on, for as long as that may be remembered, to a URL of the operator's.
fn service(
    served: &Snapshot,
    host: Option<&Domain>,
    url: impl FnOnce(&Services) -> Option<&HttpUrl>,
) -> Result<Response, Error> {
    let found = host.and_then(|host| served.directory.served(host));
    let url = found.and_then(|found| url(&found.entry.profile.services)?.for_domain(found.domain));
    // Sent to itself, a client would go round and round.
    let is_itself = |url: &HttpUrl| {
        let host: Option<Domain> = without_service_label(url.host()).parse().ok();
        let is_usual = url.authority().is_none_or(|(_, port)| matches!(port.get(), 80 | 443));
        let is_host = host.as_ref() == found.map(|found| found.domain);
        is_host && is_usual && url.path().starts_with("/.well-known/")
    };
    let url = url.filter(|url| !is_itself(url));
    let (Some(found), Some(url)) = (found, url) else { return Err(Error::NotOurs(host.cloned())) };
    let headers = ([(LOCATION, url.to_string())], [(CACHE_CONTROL, SHORT)]);
    Ok(about((StatusCode::TEMPORARY_REDIRECT, headers.0, headers.1).into_response(), found.domain))
}

/// The policy of the domain for which the Host is the policy host (RFC 8461 3.2).
pub async fn mta_sts(State(served): Shared, Origin { name, .. }: Origin) -> Result<Response, Error> {
    let domain = name
        .as_ref()
        .and_then(|name| name.as_str().strip_prefix(MTA_STS_LABEL)?.strip_prefix('.')?.parse().ok());
    let found = domain.as_ref().and_then(|domain| served.directory.served(domain));
    let policy = found.and_then(|found| found.entry.documents.mta_sts.clone());
    let (Some(domain), Some(policy)) = (&domain, policy) else { return Err(Error::NotOurs(name)) };
    Ok(Answer::policy(policy).about(domain))
}

/// A method that a path does not have.
pub async fn method_not_allowed() -> Error {
    Error::MethodNotAllowed
}

/// Every other path.
pub async fn not_found() -> Error {
    Error::NotOurs(None)
}

/// The path's parameter as it was sent; axum's own extractors decode it, and refuse what is not
/// UTF-8 in words of their own.
fn last_segment(uri: &Uri) -> &str {
    let path = uri.path();
    path.rsplit_once('/').map_or(path, |(_, segment)| segment)
}
