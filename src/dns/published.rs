//! What is published, held against what should be.

use std::collections::{BTreeMap, BTreeSet};
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
pub struct Resolver {
    resolver: TokioResolver,
    patience: Duration,
}

/// What became of a record set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    Missing,
    /// What stands there instead.
    Different(Vec<String>),
    /// It is there, and the host that it leads to has these addresses, or none.
    LeadsAstray {
        host: Domain,
        to: Vec<String>,
    },
    /// Nobody can tell: the reason.
    CouldNotAsk(String),
}

/// There is no name server to ask.
#[derive(Debug, thiserror::Error)]
#[error("no name server can be asked: {0}")]
pub struct NoResolver(#[from] NetError);

/// A question without an answer.
struct Unanswered(String);

/// Attempts at a question, and questions one after another about a name that leads to another.
const AT_MOST: u32 = 2 * 3;

impl Resolver {
    /// A certain name server, or the system's; and how long to wait for all that is asked about one
    /// record set.
    ///
    /// # Errors
    /// When the system does not say which are its own.
    pub fn new(server: Option<SocketAddr>, patience: Duration) -> Result<Self, NoResolver> {
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
        options.timeout = patience / AT_MOST;
        options.attempts = 2;
        options.cache_size = 0;
        // What this machine alone believes is not published.
        options.use_hosts_file = ResolveHosts::Never;
        Ok(Self { resolver: builder.build()?, patience })
    }

    /// Looks at every set at once; the verdicts in their order. `addresses` are those that the service's
    /// host should have, as far as they are known.
    pub async fn check(&self, sets: &[RecordSet], addresses: &[IpAddr]) -> Vec<Verdict> {
        let addresses = addresses.iter().copied().collect();
        join_all(sets.iter().map(|set| async {
            match timeout(self.patience, self.verdict(set, sets, &addresses)).await {
                Ok(Ok(verdict)) => verdict,
                Ok(Err(Unanswered(reason))) => Verdict::CouldNotAsk(reason),
                Err(_) => Verdict::CouldNotAsk("no answer in time".to_owned()),
            }
        }))
        .await
    }

    async fn verdict(
        &self,
        set: &RecordSet,
        all: &[RecordSet],
        addresses: &BTreeSet<IpAddr>,
    ) -> Result<Verdict, Unanswered> {
        let name = set.name.to_string();
        match set.data() {
            [Data::Cname(host)] => self.is_name_of(&name, host, addresses).await,
            // Others may have texts there too.
            [Data::Txt(text)] => {
                let wanted = Text::read(text);
                let mut alike = self.texts(&name).await?;
                alike.retain(|other| Text::read(other).is_alike(&wanted));
                let is_there = alike.iter().any(|other| Text::read(other).says(&wanted));
                Ok(verdict(is_there && (alike.len() == 1 || wanted.may_have_others()), alike))
            }
            [Data::Srv(_), ..] => {
                let published = self.services(&name).await?;
                let wanted: BTreeSet<_> = set.values().into_iter().collect();
                Ok(verdict(published == wanted, published.into_iter().collect()))
            }
            _ => {
                // An address of the other kind, where none is wanted, leads elsewhere.
                let of_name = all.iter().filter(|other| other.name == set.name && other.kind() != "CNAME");
                let is_one_of_two = of_name.filter(|other| matches!(other.kind(), "A" | "AAAA")).count() > 1;
                let published = match set.kind() {
                    _ if !is_one_of_two => self.addresses(&name).await?,
                    "A" => self.addresses_of_kind(&name, RecordType::A).await?,
                    _ => self.addresses_of_kind(&name, RecordType::AAAA).await?,
                };
                let wanted: BTreeSet<_> = set.values().into_iter().collect();
                let published: BTreeSet<_> = published.iter().map(ToString::to_string).collect();
                Ok(verdict(published == wanted, published.into_iter().collect()))
            }
        }
    }

    /// Whether a name leads to a host: by CNAME, or by the same addresses, as name servers answer
    /// that resolve such names themselves.
    async fn is_name_of(
        &self,
        name: &str,
        host: &Domain,
        addresses: &BTreeSet<IpAddr>,
    ) -> Result<Verdict, Unanswered> {
        let cnames = self.ask(name, RecordType::CNAME).await?;
        let cnames: Vec<_> = cnames
            .iter()
            .filter_map(|data| match data {
                RData::CNAME(cname) => Some(lower_case(&cname.0)),
                _ => None,
            })
            .collect();
        let of_host = self.addresses(host.as_str()).await?;
        let is_cname = cnames.first().is_some_and(|cname| cname == host.as_str());
        let published = if is_cname { of_host.clone() } else { self.addresses(name).await? };
        let is_right = if addresses.is_empty() { !of_host.is_empty() } else { of_host == *addresses };
        match is_right {
            true if published == of_host => return Ok(Verdict::Ok),
            false if is_cname => {
                let to = of_host.iter().map(ToString::to_string).collect();
                return Ok(Verdict::LeadsAstray { host: host.clone(), to });
            }
            _ => {}
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
        match self.resolver.lookup(format!("{name}."), kind).await {
            Ok(lookup) => match lookup.message().metadata.response_code {
                ResponseCode::NoError | ResponseCode::NXDomain => {
                    Ok(lookup.answers().iter().map(|record| record.data.clone()).collect())
                }
                code => Err(Unanswered(code.to_str().to_owned())),
            },
            Err(NetError::Dns(DnsError::NoRecordsFound(_))) => Ok(Vec::new()),
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

/// A text, as whoever looks for it reads it.
#[derive(Debug, PartialEq, Eq)]
enum Text<'t> {
    /// Tags and values in any order, with spaces or without, `v` first: RFC 8461 3.1, PACC's draft 5.2.
    Tags(BTreeMap<&'t str, &'t str>),
    /// `path=...` (RFC 6764 4).
    Path(&'t str),
    Other,
}

impl<'t> Text<'t> {
    fn read(text: &'t str) -> Self {
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

    /// Whether it stands for the same thing, so that only one of the two can be right.
    fn is_alike(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Tags(tags), Self::Tags(wanted)) => tags.get("v") == wanted.get("v"),
            (Self::Path(_), Self::Path(_)) => true,
            _ => false,
        }
    }

    /// Whether it says all that is wanted. Tags that nobody knows are passed over.
    fn says(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Tags(tags), Self::Tags(wanted)) => {
                wanted.iter().all(|(tag, value)| tags.get(tag) == Some(value))
            }
            _ => self == wanted,
        }
    }

    /// Any one of several digests will do (PACC's draft, 5.2.2.2). Two policies are none (RFC 8461 3.1),
    /// and of two paths nobody knows which is taken.
    fn may_have_others(&self) -> bool {
        matches!(self, Self::Tags(tags) if tags.get("v") == Some(&"UAAC1"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_text_as_those_do_who_look_for_it() {
        let is_there = |wanted: &str, published: &str| Text::read(published).says(&Text::read(wanted));
        let digest = "v=UAAC1; a=sha256; d=AA==";
        for same in
            ["v=UAAC1;d=AA==;a=sha256", "v=UAAC1 ; a = sha256; d=AA==;", "v=UAAC1; a=sha256; d=AA==; n=1"]
        {
            assert!(is_there(digest, same), "{same}");
        }
        for other in ["v=UAAC1; a=sha256; d=AAA=", "v=UAAC2; a=sha256; d=AA==", "a=sha256; d=AA==", "v=UAAC1"]
        {
            assert!(!is_there(digest, other), "{other}");
        }
        assert!(is_there("v=STSv1; id=a1", "v=STSv1; id=a1;"));
        assert!(!is_there("path=/a/", "path=/a"));
        let alike = |one: &str, other: &str| Text::read(one).is_alike(&Text::read(other));
        assert!(alike("v=STSv1; id=a", "v=STSv1;id=b;") && alike("path=/a", "path=/b"));
        assert!(!alike("v=spf1 -all", "v=STSv1; id=b") && !alike("vpath", "path=/b"));
        assert!(Text::read(digest).may_have_others() && !Text::read("v=STSv1; id=a").may_have_others());
    }
}
