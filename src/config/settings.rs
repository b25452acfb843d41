//! `waypost.toml`: what the server as a whole needs to know.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::network::Network;
use super::problem::{Complaint, Place, Placed, Problem, Source};
use super::public_url::PublicUrl;
use super::table::{FromText, FromValue, Table};
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
        let addresses = distinct(&mut table, "addresses", problems);
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
    let addresses = distinct::<SocketAddr>(table, "listen", problems);
    if addresses.is_empty() && problems.len() == so_far {
        problems.push(Problem::error(
            place,
            "`listen` is empty: the server would not be reachable",
            "write listen = [\"127.0.0.1:8080\"], or leave the key out, which means the same",
        ));
    }
    addresses
}

/// A list of values, none of them twice.
fn distinct<T: FromValue + PartialEq + Display>(
    table: &mut Table,
    key: &'static str,
    problems: &mut Vec<Problem>,
) -> Vec<T> {
    let mut values = Vec::new();
    for Placed { value, place } in table.list::<T>(key, problems) {
        if values.contains(&value) {
            let message = format!("`{key}` has {value} twice");
            problems.push(Problem::error(place, message, "remove one of them"));
        }
        values.push(value);
    }
    values
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
