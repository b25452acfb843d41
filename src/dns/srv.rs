//! Published SRV records, compared with the expected ones as RFC 2782 reads them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{try_join, try_join_all};
use hickory_resolver::proto::rr::RecordType;
use hickory_resolver::proto::rr::rdata::SRV;

use super::record::Srv;
use super::record_status::RecordStatus;
use super::resolver::{LookupError, Resolver, lower_case};

/// Host and port of each server, with its lowest priority. No host stands for the target `.`: the service is denied,
/// and the port means nothing.
type Servers = BTreeMap<Option<(String, u16)>, u16>;

/// Compares targets, ports and the order of several servers. Weights and the priority of a single server mean nothing
/// to a client (RFC 2782, `Priority`, `Weight`).
pub(super) async fn srv_status(
    resolver: &Resolver,
    name: &str,
    expected: &[&Srv],
) -> Result<RecordStatus, LookupError> {
    let published = resolver.srv(name).await?;
    let wanted = servers(expected.iter().map(|srv| of_expected(srv)));
    if is_equivalent(&wanted, &servers(published.iter().map(of_published))) {
        return target_status(resolver, expected).await;
    }
    let values: BTreeSet<_> = published.iter().map(text).collect();
    Ok(RecordStatus::different(values.into_iter().collect()))
}

/// RFC 2782, `Target`: "there MUST be one or more address records for this name, the name MUST NOT be an alias".
async fn target_status(resolver: &Resolver, servers: &[&Srv]) -> Result<RecordStatus, LookupError> {
    let hosts: BTreeSet<_> = servers.iter().filter_map(|srv| srv.target.as_ref()).collect();
    let lookups = hosts.into_iter().map(|host| async move {
        let alias = resolver.lookup(host.as_str(), RecordType::CNAME);
        let (alias, addresses) = try_join(alias, resolver.addresses(host.as_str())).await?;
        Ok((host.clone(), !alias.is_empty(), addresses.is_empty()))
    });
    let found = try_join_all(lookups).await?;
    let hosts = |is_wanted: fn(&(_, bool, bool)) -> bool| -> Vec<_> {
        found.iter().filter(|host| is_wanted(host)).map(|(host, ..)| host.clone()).collect()
    };
    let (aliases, unreachable) = (hosts(|host| host.1), hosts(|host| host.2));
    Ok(match (unreachable.is_empty(), aliases.is_empty()) {
        (false, _) => RecordStatus::Unreachable(unreachable),
        (true, false) => RecordStatus::AliasTargets(aliases),
        (true, true) => RecordStatus::Ok,
    })
}

fn servers(records: impl Iterator<Item = (Option<(String, u16)>, u16)>) -> Servers {
    let mut servers = Servers::new();
    for (server, priority) in records {
        let lowest = servers.entry(server).or_insert(priority);
        *lowest = priority.min(*lowest);
    }
    servers
}

fn of_expected(srv: &Srv) -> (Option<(String, u16)>, u16) {
    (srv.target.as_ref().map(|host| (format!("{host}."), srv.port)), srv.priority)
}

fn of_published(srv: &SRV) -> (Option<(String, u16)>, u16) {
    let is_denial = srv.target.is_root();
    ((!is_denial).then(|| (lower_case(&srv.target), srv.port)), srv.priority)
}

/// Whether both have the same servers, and whether every server that is expected before another is published before
/// it. Equal priorities are no order.
fn is_equivalent(expected: &Servers, published: &Servers) -> bool {
    let order: Vec<_> = expected.values().zip(published.values()).collect();
    let is_kept = |(first, first_published), (second, second_published)| {
        first >= second || first_published < second_published
    };
    expected.keys().eq(published.keys())
        && order.iter().all(|first| order.iter().all(|second| is_kept(*first, *second)))
}

fn text(srv: &SRV) -> String {
    format!("{} {} {} {}", srv.priority, srv.weight, srv.port, lower_case(&srv.target))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Servers {
        servers(texts.iter().map(|text| {
            let words: Vec<_> = text.split(' ').collect();
            let number = |at: usize| words[at].parse().unwrap();
            of_published(&SRV::new(number(0), number(1), number(2), words[3].parse().unwrap()))
        }))
    }

    #[test]
    fn compares_targets_ports_and_order() {
        let equivalent = |expected: &[&str], published: &[&str]| is_equivalent(&of(expected), &of(published));
        let one = ["0 0 993 a.example."];
        let two = ["0 0 993 a.example.", "1 0 993 b.example."];
        let denial = ["0 0 0 ."];
        for same in ["0 5 993 a.example.", "10 0 993 A.Example.", "0 0 993 a.example."] {
            assert!(equivalent(&one, &[same]), "{same}");
        }
        for other in ["0 0 994 a.example.", "0 0 993 b.example.", "0 0 993 ."] {
            assert!(!equivalent(&one, &[other]), "{other}");
        }
        assert!(equivalent(&denial, &["0 1 143 ."]) && equivalent(&denial, &["5 0 0 ."]));
        assert!(!equivalent(&denial, &["0 0 0 .", "0 0 143 a.example."]) && !equivalent(&denial, &[]));
        assert!(equivalent(&two, &["10 1 993 a.example.", "20 1 993 b.example."]));
        assert!(!equivalent(&two, &["20 1 993 a.example.", "10 1 993 b.example."]), "the order");
        assert!(!equivalent(&two, &["0 9 993 a.example.", "0 1 993 b.example."]), "no order");
        assert!(!equivalent(&two, &one) && !equivalent(&one, &two));
        // A server that is published again with a higher priority number is the same server.
        assert!(equivalent(&two, &["0 0 993 a.example.", "1 0 993 b.example.", "2 0 993 a.example."]));
        let unordered = ["9 0 993 a.example.", "9 0 993 b.example."];
        assert!(equivalent(&unordered, &two));
    }
}
