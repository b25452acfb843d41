//! Queries to a recursive name server, for `dns --check`.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use derive_more::Debug;
use futures_util::future::try_join;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

#[derive(Debug)]
pub struct Resolver {
    #[debug(skip)]
    resolver: TokioResolver,
    /// For all queries about one record set.
    pub(super) timeout: Duration,
}

/// No name server is configured.
#[derive(Debug, thiserror::Error)]
#[error("no name server is configured: {0}")]
pub struct NoResolver(#[from] NetError);

/// Why a query has no result.
pub(super) struct LookupError(pub(super) String);

impl LookupError {
    pub(super) fn timeout() -> Self {
        Self("no answer within the timeout".to_owned())
    }
}

/// The most attempts for one record set: two for each of up to three queries, one after another.
const MAX_ATTEMPTS: u32 = 2 * 3;

const CACHED_ANSWERS: u64 = 1024;

impl Resolver {
    /// For one name server, or the system's. `timeout` is for all queries about one record set.
    ///
    /// # Errors
    /// If the system does not name its name servers.
    pub fn new(server: Option<SocketAddr>, timeout: Duration) -> Result<Self, NoResolver> {
        let mut builder = match server {
            Some(address) => {
                let mut server = NameServerConfig::udp_and_tcp(address.ip());
                server.connections.iter_mut().for_each(|connection| connection.port = address.port());
                let config = ResolverConfig::from_name_servers(vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
            None => TokioResolver::builder_tokio()?,
        };
        let options = builder.options_mut();
        options.timeout = timeout / MAX_ATTEMPTS;
        options.attempts = 2;
        // Many domains share the host names of their servers. An answer is used again until its TTL ends.
        options.cache_size = CACHED_ANSWERS;
        // This machine's hosts file is not published.
        options.use_hosts_file = ResolveHosts::Never;
        Ok(Self { resolver: builder.build()?, timeout })
    }

    /// The values of a name and type, as `RecordData` writes them. Empty if there is no record.
    pub(super) async fn lookup(&self, name: &str, kind: RecordType) -> Result<Vec<String>, LookupError> {
        Ok(self.data(name, kind).await?.iter().filter_map(value).collect())
    }

    /// Returns the SRV records of a name, or an empty list.
    pub(super) async fn srv(&self, name: &str) -> Result<Vec<SRV>, LookupError> {
        let data = self.data(name, RecordType::SRV).await?.into_iter();
        Ok(data.filter_map(|data| if let RData::SRV(srv) = data { Some(srv) } else { None }).collect())
    }

    pub(super) async fn addresses(&self, name: &str) -> Result<BTreeSet<IpAddr>, LookupError> {
        let v4 = self.addresses_of_kind(name, RecordType::A);
        let (mut addresses, v6) = try_join(v4, self.addresses_of_kind(name, RecordType::AAAA)).await?;
        addresses.extend(v6);
        Ok(addresses)
    }

    pub(super) async fn addresses_of_kind(
        &self,
        name: &str,
        kind: RecordType,
    ) -> Result<BTreeSet<IpAddr>, LookupError> {
        Ok(self.lookup(name, kind).await?.iter().filter_map(|address| address.parse().ok()).collect())
    }

    async fn data(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, LookupError> {
        // The trailing dot turns the search list off.
        match self.resolver.lookup(format!("{name}."), kind).await {
            Ok(lookup) => match lookup.message().metadata.response_code {
                ResponseCode::NoError | ResponseCode::NXDomain => {
                    let data = lookup.answers().iter().map(|record| &record.data);
                    Ok(data.filter(|data| data.record_type() == kind).cloned().collect())
                }
                code => Err(LookupError(code.to_str().to_owned())),
            },
            Err(NetError::Dns(DnsError::NoRecordsFound(_))) => Ok(Vec::new()),
            Err(NetError::Dns(DnsError::ResponseCode(code))) => Err(LookupError(code.to_str().to_owned())),
            Err(NetError::Timeout) => Err(LookupError::timeout()),
            Err(error) => Err(LookupError(error.to_string())),
        }
    }
}

fn value(data: &RData) -> Option<String> {
    match data {
        RData::A(address) => Some(address.to_string()),
        RData::AAAA(address) => Some(address.to_string()),
        RData::CNAME(cname) => Some(lower_case(&cname.0)),
        RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
        _ => None,
    }
}

/// With the trailing dot.
pub(super) fn lower_case(name: &Name) -> String {
    name.to_ascii().trim_end_matches('.').to_ascii_lowercase() + "."
}
