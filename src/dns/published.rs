//! What is published, held against what should be.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name as DnsName, RData, RecordType};
use tokio::time::timeout;

use super::{Data, RecordSet};
use crate::address::Domain;

/// Asks a recursive name server.
#[derive(Clone)]
pub struct Resolver(TokioResolver);

/// What became of a record set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    Missing,
    /// What stands there instead.
    Different(Vec<String>),
    /// Nobody can tell: the reason.
    CouldNotAsk(String),
}

/// There is no name server to ask.
#[derive(Debug, thiserror::Error)]
#[error("the system's name servers are not known: {0}")]
pub struct NoResolver(String);

/// A question without an answer.
struct Unanswered(String);

/// Each attempt's, of two.
const PER_ATTEMPT: Duration = Duration::from_secs(2);
/// For all that is asked about one record set.
const IN_ALL: Duration = Duration::from_secs(10);

impl Resolver {
    /// A certain name server, or the system's.
    ///
    /// # Errors
    /// When the system does not say which are its own.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, NoResolver> {
        let no_resolver = |error: NetError| NoResolver(error.to_string());
        let mut builder = match server {
            Some(address) => {
                let mut server = NameServerConfig::udp_and_tcp(address.ip());
                server.connections.iter_mut().for_each(|connection| connection.port = address.port());
                let config = ResolverConfig::from_name_servers(vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
            None => TokioResolver::builder_tokio().map_err(no_resolver)?,
        };
        let options = builder.options_mut();
        options.timeout = PER_ATTEMPT;
        options.attempts = 2;
        options.cache_size = 0;
        // What this machine alone believes is not published.
        options.use_hosts_file = ResolveHosts::Never;
        builder.build().map(Self).map_err(no_resolver)
    }

    /// Looks at every set at once; the verdicts in their order.
    pub async fn check(&self, sets: &[RecordSet]) -> Vec<Verdict> {
        join_all(sets.iter().map(|set| async {
            match timeout(IN_ALL, self.verdict(set)).await {
                Ok(Ok(verdict)) => verdict,
                Ok(Err(Unanswered(reason))) => Verdict::CouldNotAsk(reason),
                Err(_) => Verdict::CouldNotAsk("no answer in time".to_owned()),
            }
        }))
        .await
    }

    async fn verdict(&self, set: &RecordSet) -> Result<Verdict, Unanswered> {
        let name = set.name.to_string();
        match set.data.as_slice() {
            [Data::Cname(host)] => self.is_name_of(&name, host).await,
            // Others may have texts there too; any one of several digests will do (PACC draft, 5.2.2.2).
            [Data::Txt(text)] => {
                let published = self.texts(&name).await?;
                let alike = published.iter().filter(|other| is_alike(text, other)).cloned();
                Ok(verdict(published.contains(text), alike.collect()))
            }
            [Data::Srv(_), ..] => {
                let published = self.services(&name).await?;
                let wanted: BTreeSet<_> = set.data.iter().map(ToString::to_string).collect();
                Ok(verdict(published == wanted, published.into_iter().collect()))
            }
            data => {
                let kind = if data.iter().all(Data::is_a) { RecordType::A } else { RecordType::AAAA };
                let published = self.addresses_of_kind(&name, kind).await?;
                let wanted: BTreeSet<_> = data.iter().map(ToString::to_string).collect();
                let published: BTreeSet<_> = published.iter().map(ToString::to_string).collect();
                Ok(verdict(published == wanted, published.into_iter().collect()))
            }
        }
    }

    /// Whether a name leads to a host: by CNAME, or by the same addresses, as name servers answer
    /// that resolve such names themselves.
    async fn is_name_of(&self, name: &str, host: &Domain) -> Result<Verdict, Unanswered> {
        let cnames = self.ask(name, RecordType::CNAME).await?;
        let cnames: Vec<_> = cnames
            .iter()
            .filter_map(|data| match data {
                RData::CNAME(cname) => Some(lower_case(&cname.0)),
                _ => None,
            })
            .collect();
        if cnames.first().is_some_and(|cname| cname == host.as_str()) {
            return Ok(Verdict::Ok);
        }
        let published = self.addresses(name).await?;
        if !published.is_empty() && published == self.addresses(host.as_str()).await? {
            return Ok(Verdict::Ok);
        }
        let instead = match cnames.first() {
            Some(cname) => vec![format!("{cname}.")],
            None => published.iter().map(ToString::to_string).collect(),
        };
        Ok(verdict(false, instead))
    }

    async fn addresses(&self, name: &str) -> Result<BTreeSet<IpAddr>, Unanswered> {
        let mut addresses = self.addresses_of_kind(name, RecordType::A).await?;
        addresses.extend(self.addresses_of_kind(name, RecordType::AAAA).await?);
        Ok(addresses)
    }

    async fn addresses_of_kind(&self, name: &str, kind: RecordType) -> Result<BTreeSet<IpAddr>, Unanswered> {
        let data = self.ask(name, kind).await?;
        Ok(data.iter().filter_map(RData::ip_addr).collect())
    }

    /// Each with its strings joined.
    async fn texts(&self, name: &str) -> Result<Vec<String>, Unanswered> {
        let data = self.ask(name, RecordType::TXT).await?;
        let text = |data: &RData| match data {
            RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
            _ => None,
        };
        Ok(data.iter().filter_map(text).collect())
    }

    async fn services(&self, name: &str) -> Result<BTreeSet<String>, Unanswered> {
        let data = self.ask(name, RecordType::SRV).await?;
        let srv = |data: &RData| match data {
            RData::SRV(srv) => {
                Some(format!("{} {} {} {}.", srv.priority, srv.weight, srv.port, lower_case(&srv.target)))
            }
            _ => None,
        };
        Ok(data.iter().filter_map(srv).collect())
    }

    /// Everything of a name and type, nothing where there is none.
    async fn ask(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, Unanswered> {
        // With the dot at the end nothing is put behind it.
        match self.0.lookup(format!("{name}."), kind).await {
            Ok(lookup) => Ok(lookup.answers().iter().map(|record| record.data.clone()).collect()),
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
                ResponseCode::NoError | ResponseCode::NXDomain => Ok(Vec::new()),
                code => Err(Unanswered(code.to_str().to_owned())),
            },
            Err(NetError::Dns(DnsError::ResponseCode(code))) => Err(Unanswered(code.to_str().to_owned())),
            Err(error) => Err(Unanswered(error.to_string())),
        }
    }
}

/// Nothing instead of a record means that it is missing.
fn verdict(is_it: bool, instead: Vec<String>) -> Verdict {
    if is_it {
        Verdict::Ok
    } else if instead.is_empty() {
        Verdict::Missing
    } else {
        Verdict::Different(instead)
    }
}

/// Whether a text at the same name is of the same kind, so that it stands instead of the other.
fn is_alike(wanted: &str, other: &str) -> bool {
    let kind = |text: &str| {
        text.split(['=', ';']).take(2).map(|part| part.trim().to_lowercase()).collect::<Vec<_>>()
    };
    match (kind(wanted).as_slice(), kind(other).as_slice()) {
        ([path, ..], [other, ..]) if path == "path" => path == other,
        (wanted, other) => wanted == other,
    }
}

/// Without the dot at the end; the root is nothing.
fn lower_case(name: &DnsName) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase()
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}
