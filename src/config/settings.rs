//! `waypost.toml`: what the server as a whole needs to know.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

use super::problem::{Complaint, Place, Placed, Problem, Source};
use super::table::{FromText, Table};
use crate::address::Domain;
use crate::mobileconfig::signing::SigningFiles;

/// What `waypost.toml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where to listen.
    pub listen: Vec<SocketAddr>,
    /// The folder of profiles; None when what the file says of it is wrong.
    pub profiles: Option<PathBuf>,
    /// The operator's own templates, over the built-in ones.
    pub templates: Option<PathBuf>,
    /// Where redirects and the JSON form point.
    pub public_url: Option<PublicUrl>,
    /// Whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// What Apple's configuration profiles are signed with.
    pub signing: Option<Signing>,
    pub dns: Dns,
    pub admin: Admin,
    pub limits: Limits,
}

/// The signature of configuration profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    pub files: SigningFiles,
    /// Serve without a signature rather than not start.
    pub or_unsigned: bool,
    /// Where it was written.
    pub place: Place,
}

/// What the records of every domain have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dns {
    /// The host that `autoconfig.D` and its like are other names of; else that of `public_url`.
    pub target: Option<Domain>,
    /// The addresses of that host, for names that cannot be other names of it.
    pub addresses: Vec<IpAddr>,
    /// Seconds for which a record may be kept.
    pub ttl: u32,
}

/// What is for the operator and nobody else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admin {
    /// Where to listen, if at all.
    pub listen: Option<SocketAddr>,
}

/// How much the server takes on, and how long it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; for one more, the one that has been idle longest is closed.
    pub max_connections: usize,
    /// From the first byte of a request to the end of its headers.
    pub header_timeout: Duration,
    /// From the end of the headers to the answer; the body has to arrive in it.
    pub request_timeout: Duration,
    /// Between two requests of a connection. Longer than a proxy's own, or it may send a request
    /// into a connection that is just being closed.
    pub idle_timeout: Duration,
    /// For what is in flight when the server is told to stop.
    pub shutdown_timeout: Duration,
}

/// The `https` base URL of the host that every Autodiscover redirect leads to: no path, so that
/// the redirect's target has the path that clients insist on (reference/autodiscover 1.11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    base: String,
    host: Domain,
    port: u16,
}

/// Why a text is not a [`PublicUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicUrlError {
    #[error("does not begin with https://")]
    NotHttps,
    #[error("has a path, query or fragment; only the host belongs here")]
    Path,
    #[error("does not name a host")]
    Host,
}

/// An IP network; a single address is the smallest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(90),
            shutdown_timeout: Duration::from_secs(20),
        }
    }
}

impl Default for Dns {
    fn default() -> Self {
        Self { target: None, addresses: Vec::new(), ttl: 3600 }
    }
}

impl Settings {
    pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

    /// Reads the file's text. Paths in it are relative to the file.
    pub(super) fn read(source: &Source, problems: &mut Vec<Problem>) -> Self {
        let (table, malformed) = Table::parse(source);
        let Some(malformed) = malformed else { return Self::from_table(table, source, problems) };
        problems.push(malformed);
        // Where the profiles are may still be known, and what is wrong with them.
        Self::from_table(table, source, &mut Vec::new())
    }

    fn from_table(mut table: Table, source: &Source, problems: &mut Vec<Problem>) -> Self {
        let folder = source.file.parent().unwrap_or(Path::new(""));
        let default = Some(PathName("profiles".to_owned()));
        let profiles = table.written("profiles", problems).or(default).map(|name| folder.join(name.0));
        let templates =
            table.optional::<PathName>("templates", problems).map(|name| folder.join(name.value.0));
        let listen = listen(&mut table, problems);
        let public_url = table.optional("public_url", problems).map(|url| url.value);
        let trusted_proxies = if table.has("trusted_proxies") {
            values(table.list("trusted_proxies", problems))
        } else {
            Network::loopback()
        };
        let signing = table
            .table("signing", "[signing]", problems)
            .and_then(|table| Signing::read(table, folder, problems));
        let dns = table
            .table("dns", "[dns]", problems)
            .map_or_else(Dns::default, |table| Dns::read(table, problems));
        let admin = table
            .table("admin", "[admin]", problems)
            .map_or_else(Admin::default, |table| Admin::read(table, &listen, problems));
        let limits = table
            .table("limits", "[limits]", problems)
            .map_or_else(Limits::default, |table| Limits::read(table, problems));
        table.finish(problems);
        Self { listen, profiles, templates, public_url, trusted_proxies, signing, dns, admin, limits }
    }

    /// The host that service names lead to.
    pub fn service_host(&self) -> Option<&Domain> {
        self.dns.target.as_ref().or_else(|| self.public_url.as_ref().map(PublicUrl::host))
    }
}

impl Signing {
    fn read(mut table: Table, folder: &Path, problems: &mut Vec<Problem>) -> Option<Self> {
        let place = table.place();
        let certificate = table.required::<PathName>("certificate", "\"signing/fullchain.pem\"", problems);
        let chain = table.optional::<PathName>("chain", problems);
        let key = table.required::<PathName>("key", "\"signing/privkey.pem\"", problems);
        let or_unsigned = table.optional("or_unsigned", problems).is_some_and(|switch| switch.value);
        table.finish(problems);
        let path = |name: Placed<PathName>| folder.join(name.value.0);
        let files = SigningFiles { certificate: path(certificate?), chain: chain.map(path), key: path(key?) };
        Some(Self { files, or_unsigned, place })
    }
}

impl Dns {
    fn read(mut table: Table, problems: &mut Vec<Problem>) -> Self {
        let target = table.optional("target", problems).map(|host| host.value);
        let addresses = values(table.list("addresses", problems));
        // RFC 2181 8 allows 31 bits; a day is longer than anybody wants to wait after a mistake.
        let ttl = seconds(&mut table, "ttl_seconds", 86_400, problems).unwrap_or(Self::default().ttl);
        table.finish(problems);
        Self { target, addresses, ttl }
    }
}

impl Admin {
    fn read(mut table: Table, public: &[SocketAddr], problems: &mut Vec<Problem>) -> Self {
        let listen = table.required::<SocketAddr>("listen", "\"127.0.0.1:9090\"", problems);
        table.finish(problems);
        if let Some(Placed { value, place }) =
            listen.as_ref().filter(|address| public.contains(&address.value))
        {
            let message = format!("`listen` in [admin] is {value}, where everybody is answered");
            problems.push(Problem::error(place.clone(), message, "choose another port, on loopback best"));
        }
        Self { listen: listen.map(|address| address.value) }
    }
}

/// A number from 1 to the largest that makes sense.
fn seconds(table: &mut Table, key: &'static str, largest: u32, problems: &mut Vec<Problem>) -> Option<u32> {
    number(table, key, largest.into(), problems).and_then(|number| u32::try_from(number).ok())
}

fn number(table: &mut Table, key: &'static str, largest: i64, problems: &mut Vec<Problem>) -> Option<u64> {
    let Placed { value, place } = table.optional::<i64>(key, problems)?;
    if (1..=largest).contains(&value) {
        return u64::try_from(value).ok();
    }
    problems.push(Problem::error(
        place,
        format!("`{key}` is {value}"),
        format!("write a number from 1 to {largest}"),
    ));
    None
}

/// A path that is not empty.
struct PathName(String);

impl FromText for PathName {
    fn from_text(text: &str) -> Result<Self, Complaint> {
        match text {
            "" => Err(Complaint::new("is empty", "write a path, relative to this file")),
            name => Ok(Self(name.to_owned())),
        }
    }
}

/// At least one address, none of them twice.
fn listen(table: &mut Table, problems: &mut Vec<Problem>) -> Vec<SocketAddr> {
    if !table.has("listen") {
        return vec![Settings::DEFAULT_LISTEN];
    }
    let so_far = problems.len();
    let place = table.place_of("listen");
    let mut addresses = Vec::new();
    for Placed { value, place } in table.list::<SocketAddr>("listen", problems) {
        if addresses.contains(&value) {
            let message = format!("`listen` has {value} twice");
            problems.push(Problem::error(place, message, "remove one of them"));
        }
        addresses.push(value);
    }
    if addresses.is_empty() && problems.len() == so_far {
        problems.push(Problem::error(
            place,
            "`listen` is empty: the server would not be reachable",
            "write listen = [\"127.0.0.1:8080\"], or leave the key out, which means the same",
        ));
    }
    addresses
}

fn values<T>(list: Vec<Placed<T>>) -> Vec<T> {
    list.into_iter().map(|placed| placed.value).collect()
}

impl Limits {
    fn read(mut table: Table, problems: &mut Vec<Problem>) -> Self {
        let default = Self::default();
        let mut number = |key, largest| number(&mut table, key, largest, problems);
        let max_connections = number("max_connections", 1_000_000)
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(default.max_connections);
        let mut seconds = |key, default| number(key, 3600).map_or(default, Duration::from_secs);
        let limits = Self {
            max_connections,
            header_timeout: seconds("header_timeout_seconds", default.header_timeout),
            request_timeout: seconds("request_timeout_seconds", default.request_timeout),
            idle_timeout: seconds("idle_timeout_seconds", default.idle_timeout),
            shutdown_timeout: seconds("shutdown_timeout_seconds", default.shutdown_timeout),
        };
        table.finish(problems);
        limits
    }
}

impl PublicUrl {
    /// The host that redirects lead to.
    pub fn host(&self) -> &Domain {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The Autodiscover endpoint on that host.
    pub fn autodiscover(&self) -> String {
        format!("{self}/autodiscover/autodiscover.xml")
    }

    /// The URL of a served domain's own Autodiscover host.
    pub fn of_domain(domain: &Domain) -> Option<Self> {
        format!("https://autodiscover.{domain}").parse().ok()
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let rest = text.strip_prefix("https://").ok_or(PublicUrlError::NotHttps)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err(PublicUrlError::Path);
        }
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| PublicUrlError::Host)?)),
            None => (authority, None),
        };
        let host: Domain = host.parse().map_err(|_| PublicUrlError::Host)?;
        let base = match port {
            Some(port) => format!("https://{host}:{port}"),
            None => format!("https://{host}"),
        };
        Ok(Self { base, host, port: port.map_or(443, NonZeroU16::get) })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

impl Network {
    /// The networks that a process on the same machine speaks from.
    pub fn loopback() -> Vec<Self> {
        ["127.0.0.0/8", "::1/128"].iter().filter_map(|text| text.parse().ok()).collect()
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl FromStr for Network {
    type Err = ipnet::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Peers are compared as what they are; an IPv4 address in IPv6 clothes is an IPv4 address.
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(address.to_canonical().into()));
        }
        let network: IpNet = text.parse()?;
        let canonical = match (network.addr().to_canonical(), network.prefix_len().checked_sub(96)) {
            (address @ IpAddr::V4(_), Some(prefix)) if network.addr().is_ipv6() => {
                IpNet::new(address, prefix).unwrap_or(network)
            }
            _ => network,
        };
        Ok(Self(canonical))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_network_in_either_ip_version() {
        for text in ["127.0.0.1", "127.0.0.0/8", "::ffff:127.0.0.1", "::ffff:127.0.0.0/104"] {
            let network: Network = text.parse().unwrap();
            assert!(network.contains([127, 0, 0, 1].into()), "{text}");
        }
        assert!("10.0.0.0/99".parse::<Network>().is_err());
        assert!("2001:db8::/32".parse::<Network>().unwrap().contains("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn takes_only_a_bare_https_host_as_public_url() {
        let url = |text: &str| text.parse::<PublicUrl>().map(|url| url.autodiscover());
        assert_eq!(
            url("https://Autodiscover.Example.net/").as_deref(),
            Ok("https://autodiscover.example.net/autodiscover/autodiscover.xml")
        );
        assert_eq!(
            url("https://mail.example.net:8443").as_deref(),
            Ok("https://mail.example.net:8443/autodiscover/autodiscover.xml")
        );
        assert_eq!(url("http://mail.example.net"), Err(PublicUrlError::NotHttps));
        assert_eq!(url("https://mail.example.net/a"), Err(PublicUrlError::Path));
        assert_eq!(url("https://user@mail.example.net"), Err(PublicUrlError::Host));
        assert_eq!(url("https://mail.example.net:http"), Err(PublicUrlError::Host));
        assert_eq!(url("https://mail.example.net:0"), Err(PublicUrlError::Host));
    }
}
