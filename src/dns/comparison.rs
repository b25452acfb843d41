//! Compares published records with those that a domain needs.

use std::collections::BTreeSet;
use std::net::IpAddr;

use futures_util::future::join_all;
use hickory_resolver::proto::rr::RecordType;
use tokio::time::timeout;

use super::published_text::PublishedText;
use super::record::{RecordData, RecordSet};
use super::record_status::RecordStatus;
use super::resolver::{LookupError, Resolver};
use super::srv::srv_status;
use crate::address::Domain;

/// Looks up all record sets at once and returns their status in the same order. `addresses` are the known
/// addresses of the service's host.
pub async fn compare(resolver: &Resolver, sets: &[RecordSet], addresses: &[IpAddr]) -> Vec<RecordStatus> {
    let addresses = addresses.iter().copied().collect();
    join_all(sets.iter().map(|set| async {
        let status = timeout(resolver.timeout, status(resolver, set, sets, &addresses)).await;
        let status = status.unwrap_or_else(|_| Err(LookupError::timeout()));
        status.unwrap_or_else(|LookupError(reason)| RecordStatus::LookupFailed(reason))
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
            let expected = PublishedText::parse(text);
            let mut similar = resolver.lookup(&name, RecordType::TXT).await?;
            similar.retain(|other| PublishedText::parse(other).has_purpose_of(&expected));
            let is_published = similar.iter().any(|other| PublishedText::parse(other).satisfies(&expected));
            let is_right = is_published && (similar.len() == 1 || expected.allows_others());
            return Ok(if is_right { RecordStatus::Ok } else { RecordStatus::different(similar) });
        }
        [RecordData::Srv(_), ..] => {
            let expected: Vec<_> = set.data().iter().filter_map(RecordData::srv).collect();
            return srv_status(resolver, &name, &expected).await;
        }
        _ => {
            // If only one address family is expected, an address of the other leads elsewhere.
            let is_address = |kind| matches!(kind, "A" | "AAAA");
            let of_name = all.iter().filter(|other| other.name == set.name && is_address(other.kind()));
            let addresses = match set.kind() {
                _ if of_name.count() == 1 => resolver.addresses(&name).await?,
                "A" => resolver.addresses_of_kind(&name, RecordType::A).await?,
                _ => resolver.addresses_of_kind(&name, RecordType::AAAA).await?,
            };
            addresses.iter().map(ToString::to_string).collect()
        }
    };
    let is_right = published.iter().eq(set.values().into_iter().collect::<BTreeSet<_>>().iter());
    Ok(if is_right { RecordStatus::Ok } else { RecordStatus::different(published.into_iter().collect()) })
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
    let of_host = resolver.addresses(host.as_str()).await?;
    let is_cname = cname.as_ref().is_some_and(|cname| cname.trim_end_matches('.') == host.as_str());
    let published = if is_cname { of_host.clone() } else { resolver.addresses(name).await? };
    let is_right = if host_addresses.is_empty() { !of_host.is_empty() } else { of_host == *host_addresses };
    let list = |addresses: BTreeSet<IpAddr>| addresses.iter().map(ToString::to_string).collect();
    Ok(if is_right && published == of_host {
        RecordStatus::Ok
    } else if is_cname && of_host.is_empty() {
        RecordStatus::Unreachable(vec![host.clone()])
    } else if is_cname && !is_right {
        RecordStatus::WrongAddresses { host: host.clone(), addresses: list(of_host) }
    } else {
        RecordStatus::different(cname.map_or_else(|| list(published), |cname| vec![cname]))
    })
}
