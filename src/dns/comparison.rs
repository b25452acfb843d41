//! Compares published records with those that a domain needs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use futures_util::future::join_all;
use hickory_resolver::proto::rr::RecordType;
use strum::IntoStaticStr;
use tokio::time::timeout;

use super::record::{RecordData, RecordSet};
use super::resolver::{LookupError, Resolver};
use crate::address::Domain;

/// The result for one record set.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum RecordStatus {
    Ok,
    Missing,
    /// The values that are published instead.
    Different(Vec<String>),
    /// The record is right, but its host has these addresses, or none.
    #[strum(serialize = "different")]
    WrongTarget {
        host: Domain,
        addresses: Vec<String>,
    },
    /// The reason.
    #[strum(serialize = "could not ask")]
    LookupFailed(String),
}

/// Looks up all record sets at once and returns their status in the same order. `addresses` are the known
/// addresses of the service's host.
pub async fn compare(resolver: &Resolver, sets: &[RecordSet], addresses: &[IpAddr]) -> Vec<RecordStatus> {
    let addresses = addresses.iter().copied().collect();
    join_all(sets.iter().map(|set| async {
        match timeout(resolver.timeout, status(resolver, set, sets, &addresses)).await {
            Ok(Ok(status)) => status,
            Ok(Err(LookupError(reason))) => RecordStatus::LookupFailed(reason),
            Err(_) => RecordStatus::LookupFailed("no answer in time".to_owned()),
        }
    }))
    .await
}

async fn status(
    resolver: &Resolver,
    set: &RecordSet,
    all: &[RecordSet],
    host_addresses: &BTreeSet<IpAddr>,
) -> Result<RecordStatus, LookupError> {
    let name = set.name.to_string();
    let published: BTreeSet<String> = match set.data() {
        [RecordData::Cname(host)] => return alias_status(resolver, &name, host, host_addresses).await,
        [RecordData::Txt(text)] => {
            // Other programs may publish texts at the same name.
            let expected = Text::parse(text);
            let mut similar = resolver.lookup(&name, RecordType::TXT).await?;
            similar.retain(|other| Text::parse(other).has_purpose_of(&expected));
            let is_published = similar.iter().any(|other| Text::parse(other).satisfies(&expected));
            let is_right = is_published && (similar.len() == 1 || expected.allows_others());
            return Ok(if is_right { RecordStatus::Ok } else { different(similar) });
        }
        [RecordData::Srv(_), ..] => resolver.lookup(&name, RecordType::SRV).await?.into_iter().collect(),
        _ => {
            // If only one address family is expected, an address of the other leads elsewhere.
            let is_address = |kind| matches!(kind, "A" | "AAAA");
            let of_name = all.iter().filter(|other| other.name == set.name && is_address(other.kind()));
            let addresses = match set.kind() {
                _ if of_name.count() == 1 => addresses(resolver, &name).await?,
                "A" => addresses_of_kind(resolver, &name, RecordType::A).await?,
                _ => addresses_of_kind(resolver, &name, RecordType::AAAA).await?,
            };
            addresses.iter().map(ToString::to_string).collect()
        }
    };
    let is_right = published.iter().eq(set.values().into_iter().collect::<BTreeSet<_>>().iter());
    Ok(if is_right { RecordStatus::Ok } else { different(published.into_iter().collect()) })
}

/// Whether a name leads to a host: by CNAME, or by the same addresses, since some name servers replace a
/// CNAME by the addresses.
async fn alias_status(
    resolver: &Resolver,
    name: &str,
    host: &Domain,
    host_addresses: &BTreeSet<IpAddr>,
) -> Result<RecordStatus, LookupError> {
    let cname = resolver.lookup(name, RecordType::CNAME).await?.into_iter().next();
    let of_host = addresses(resolver, host.as_str()).await?;
    let is_cname = cname.as_ref().is_some_and(|cname| cname.trim_end_matches('.') == host.as_str());
    let published = if is_cname { of_host.clone() } else { addresses(resolver, name).await? };
    let is_right = if host_addresses.is_empty() { !of_host.is_empty() } else { of_host == *host_addresses };
    let list = |addresses: BTreeSet<IpAddr>| addresses.iter().map(ToString::to_string).collect();
    Ok(if is_right && published == of_host {
        RecordStatus::Ok
    } else if !is_right && is_cname {
        RecordStatus::WrongTarget { host: host.clone(), addresses: list(of_host) }
    } else {
        different(cname.map_or_else(|| list(published), |cname| vec![cname]))
    })
}

async fn addresses(resolver: &Resolver, name: &str) -> Result<BTreeSet<IpAddr>, LookupError> {
    let mut addresses = addresses_of_kind(resolver, name, RecordType::A).await?;
    addresses.extend(addresses_of_kind(resolver, name, RecordType::AAAA).await?);
    Ok(addresses)
}

async fn addresses_of_kind(
    resolver: &Resolver,
    name: &str,
    kind: RecordType,
) -> Result<BTreeSet<IpAddr>, LookupError> {
    Ok(resolver.lookup(name, kind).await?.iter().filter_map(|address| address.parse().ok()).collect())
}

fn different(published: Vec<String>) -> RecordStatus {
    if published.is_empty() { RecordStatus::Missing } else { RecordStatus::Different(published) }
}

/// A TXT record's text, parsed as its readers do.
#[derive(Debug, PartialEq, Eq)]
enum Text<'t> {
    /// Tags and values in any order, with or without spaces, `v` first: RFC 8461 3.1, the PACC draft 5.2.
    Tags(BTreeMap<&'t str, &'t str>),
    /// `path=...` (RFC 6764 4).
    Path(&'t str),
    Other,
}

impl<'t> Text<'t> {
    fn parse(text: &'t str) -> Self {
        if let Some(path) = text.strip_prefix("path=") {
            return Self::Path(path);
        }
        let tags = text.split(';').map(str::trim).filter(|tag| !tag.is_empty());
        let tags: Option<BTreeMap<_, _>> =
            tags.map(|tag| tag.split_once('=').map(|(tag, value)| (tag.trim(), value.trim()))).collect();
        match tags {
            Some(tags) if text.trim_start().starts_with('v') && tags.contains_key("v") => Self::Tags(tags),
            _ => Self::Other,
        }
    }

    /// Whether both have the same purpose.
    fn has_purpose_of(&self, expected: &Self) -> bool {
        match (self, expected) {
            (Self::Tags(tags), Self::Tags(expected)) => tags.get("v") == expected.get("v"),
            (Self::Path(_), Self::Path(_)) => true,
            _ => false,
        }
    }

    /// Whether it has everything that is expected. Unknown tags do not matter.
    fn satisfies(&self, expected: &Self) -> bool {
        match (self, expected) {
            (Self::Tags(tags), Self::Tags(expected)) => {
                expected.iter().all(|(tag, value)| tags.get(tag) == Some(value))
            }
            _ => self == expected,
        }
    }

    /// Whether several texts of this purpose are valid. Of several digests, one has to match (PACC draft
    /// 5.2.2.2). Two policies count as none (RFC 8461 3.1), and of two paths a client takes either.
    fn allows_others(&self) -> bool {
        matches!(self, Self::Tags(tags) if tags.get("v") == Some(&"UAAC1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_texts_as_their_readers_do() {
        let is_published =
            |expected: &str, published: &str| Text::parse(published).satisfies(&Text::parse(expected));
        let digest = "v=UAAC1; a=sha256; d=AA==";
        for same in
            ["v=UAAC1;d=AA==;a=sha256", "v=UAAC1 ; a = sha256; d=AA==;", "v=UAAC1; a=sha256; d=AA==; n=1"]
        {
            assert!(is_published(digest, same), "{same}");
        }
        for other in ["v=UAAC1; a=sha256; d=AAA=", "v=UAAC2; a=sha256; d=AA==", "a=sha256; d=AA==", "v=UAAC1"]
        {
            assert!(!is_published(digest, other), "{other}");
        }
        assert!(is_published("v=STSv1; id=a1", "v=STSv1; id=a1;"));
        assert!(!is_published("path=/a/", "path=/a"));
        let alike = |one: &str, other: &str| Text::parse(one).has_purpose_of(&Text::parse(other));
        assert!(alike("v=STSv1; id=a", "v=STSv1;id=b;") && alike("path=/a", "path=/b"));
        assert!(!alike("v=spf1 -all", "v=STSv1; id=b") && !alike("vpath", "path=/b"));
        assert!(Text::parse(digest).allows_others() && !Text::parse("v=STSv1; id=a").allows_others());
    }
}
