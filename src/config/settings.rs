//! `waypost.toml`: what the server as a whole needs to know.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ip_network::Network;
use super::listener::Listener;
use super::public_url::PublicUrl;
use crate::address::Domain;
use crate::certificates::tls::TlsFiles;
use crate::diagnostics::problem::{InvalidValue, Located, Source};
use crate::diagnostics::toml_table::{FromText, FromValue, Table};
use crate::diagnostics::{Location, Problem};
use crate::documents::mobileconfig::SigningFiles;

/// What `waypost.toml` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where to listen.
    pub listen: Vec<Listener>,
    /// The certificates of listeners that speak TLS.
    pub tls: Vec<Tls>,
    /// Whether changed files are taken up without being told.
    pub watch: bool,
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
    /// Whose requests are not counted.
    pub unlimited: Vec<Network>,
}

/// A certificate for TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    pub files: TlsFiles,
    /// Where it was written.
    pub place: Location,
}

/// The signature of configuration profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    pub files: SigningFiles,
    /// Serve without a signature rather than not start.
    pub or_unsigned: bool,
    /// Where it was written.
    pub place: Location,
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
    pub listen: Option<Listener>,
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
    /// Of one client's network, if that is limited.
    pub rate: Option<Rate>,
}

/// How often may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second, in the long run: a million at most.
    pub per_second: NonZeroU32,
    /// Requests at once, after a pause.
    pub burst: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(90),
            shutdown_timeout: Duration::from_secs(20),
            rate: Some(Rate::default()),
        }
    }
}

impl Default for Rate {
    fn default() -> Self {
        const PER_SECOND: NonZeroU32 = NonZeroU32::new(100).unwrap();
        const BURST: NonZeroU32 = NonZeroU32::new(500).unwrap();

        Self { per_second: PER_SECOND, burst: BURST }
    }
}

impl Default for Dns {
    fn default() -> Self {
        Self { target: None, addresses: Vec::new(), ttl: 3600 }
    }
}

impl Settings {
    pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

    /// What of two settings differs that only a restart can change.
    pub fn needs_restart(&self, other: &Self) -> Vec<&'static str> {
        let differ = [
            ("listen", self.listen != other.listen),
            ("[admin] listen", self.admin != other.admin),
            ("max_connections", self.limits.max_connections != other.limits.max_connections),
            ("watch", self.watch != other.watch),
        ];
        differ.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
    }

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
        let listen_place = table.place_of("listen");
        let listen = listen(&mut table, problems);
        let tls = tls(&mut table, &listen, listen_place, folder, problems);
        let watch = table.optional("watch", problems).is_none_or(|switch| switch.value);
        let public_url = table.optional("public_url", problems).map(|url| url.value);
        let trusted_proxies = trusted_proxies(&mut table, problems);
        let signing = table
            .table("signing", "[signing]", problems)
            .and_then(|table| Signing::read(table, folder, problems));
        let dns = table
            .table("dns", "[dns]", problems)
            .map_or_else(Dns::default, |table| Dns::read(table, problems));
        let admin = table
            .table("admin", "[admin]", problems)
            .map_or_else(Admin::default, |table| Admin::read(table, &listen, problems));
        let (limits, unlimited) = table
            .table("limits", "[limits]", problems)
            .map_or_else(Default::default, |table| Limits::read(table, problems));
        table.finish(problems);
        Self {
            listen,
            tls,
            watch,
            profiles,
            templates,
            public_url,
            trusted_proxies,
            signing,
            dns,
            admin,
            limits,
            unlimited,
        }
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
        let path = |name: Located<PathName>| folder.join(name.value.0);
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
    fn read(mut table: Table, public: &[Listener], problems: &mut Vec<Problem>) -> Self {
        let listen = table.required::<Listener>("listen", "\"127.0.0.1:9090\"", problems);
        table.finish(problems);
        if let Some(Located { value, place }) = &listen {
            let is_taken = |public: &Listener| {
                public.address.clashes_with(&value.address) || public.address.covers(&value.address)
            };
            if public.iter().any(is_taken) {
                let message = format!("`listen` in [admin] is {value}, where everybody is answered");
                problems.push(Problem::error(
                    place.clone(),
                    message,
                    "choose another port, on loopback best",
                ));
            }
            if value.is_https {
                let hint = "leave https:// out, and listen on loopback or a Unix socket";
                problems.push(Problem::error(place.clone(), "[admin] does not speak TLS", hint));
            }
        }
        Self { listen: listen.map(|address| address.value) }
    }
}

/// A number from 1 to the largest that makes sense.
fn seconds(table: &mut Table, key: &'static str, largest: u32, problems: &mut Vec<Problem>) -> Option<u32> {
    number(table, key, largest.into(), problems).and_then(|number| u32::try_from(number).ok())
}

fn number(table: &mut Table, key: &'static str, largest: i64, problems: &mut Vec<Problem>) -> Option<u64> {
    number_from(table, key, 1, largest, problems)
}

fn number_from(
    table: &mut Table,
    key: &'static str,
    smallest: i64,
    largest: i64,
    problems: &mut Vec<Problem>,
) -> Option<u64> {
    let Located { value, place } = table.optional::<i64>(key, problems)?;
    if (smallest..=largest).contains(&value) {
        return u64::try_from(value).ok();
    }
    problems.push(Problem::error(
        place,
        format!("`{key}` is {value}"),
        format!("write a number from {smallest} to {largest}"),
    ));
    None
}

/// A path that is not empty.
struct PathName(String);

impl FromText for PathName {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "" => Err(InvalidValue::new("is empty", "write a path, relative to this file")),
            name => Ok(Self(name.to_owned())),
        }
    }
}

/// At least one address, none of them twice.
fn listen(table: &mut Table, problems: &mut Vec<Problem>) -> Vec<Listener> {
    if !table.has("listen") {
        return vec![Settings::DEFAULT_LISTEN.into()];
    }
    let so_far = problems.len();
    let place = table.place_of("listen");
    let mut addresses: Vec<Listener> = Vec::new();
    for Located { value, place } in table.list::<Listener>("listen", problems) {
        match addresses.iter().find(|other| other.address.clashes_with(&value.address)) {
            Some(other) if *other == value => {
                let message = format!("`listen` has {value} twice");
                problems.push(Problem::error(place, message, "remove one of them"));
            }
            Some(other) => {
                let message = format!("`listen` has {other} and {value}, which cannot be had together");
                problems.push(Problem::error(place, message, "0.0.0.0 and [::] stand for every address"));
            }
            None => {}
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

fn trusted_proxies(table: &mut Table, problems: &mut Vec<Problem>) -> Vec<Network> {
    if !table.has("trusted_proxies") {
        return Network::loopback();
    }
    let networks = table.list::<Network>("trusted_proxies", problems);
    if let Some(everybody) = networks.iter().find(|network| network.value.is_everybody()) {
        problems.push(Problem::warning(
            everybody.place.clone(),
            "`trusted_proxies` has everybody, who may say then for which host they ask, and are never limited",
            "name the addresses or networks of your proxies",
        ));
    }
    values(networks)
}

/// Each `[[tls]]`; none where no listener speaks TLS, and at least one where one does.
fn tls(
    table: &mut Table,
    listen: &[Listener],
    listen_place: Location,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Vec<Tls> {
    let tables = table.tables("tls", "[[tls]]", problems);
    let https = listen.iter().find(|listener| listener.is_https);
    if let (Some(listener), []) = (https, &tables[..]) {
        let message = format!("`listen` has {listener}, and there is no certificate");
        let hint = "add [[tls]] with certificate = \"tls/fullchain.pem\" and key = \"tls/privkey.pem\"";
        problems.push(Problem::error(listen_place, message, hint));
    }
    if let (None, Some(table)) = (https, tables.first()) {
        let hint = "begin an address of `listen` with https://, like \"https://[::]:443\"";
        problems.push(Problem::warning(table.place(), "no listener speaks TLS", hint));
    }
    tables.into_iter().filter_map(|table| Tls::read(table, folder, problems)).collect()
}

impl Tls {
    fn read(mut table: Table, folder: &Path, problems: &mut Vec<Problem>) -> Option<Self> {
        let place = table.place();
        let certificate = table.required::<PathName>("certificate", "\"tls/fullchain.pem\"", problems);
        let key = table.required::<PathName>("key", "\"tls/privkey.pem\"", problems);
        table.finish(problems);
        let path = |name: Located<PathName>| folder.join(name.value.0);
        Some(Self { files: TlsFiles { certificate: path(certificate?), key: path(key?) }, place })
    }
}

/// A list of values, none of them twice.
fn distinct<T: FromValue + PartialEq + Display>(
    table: &mut Table,
    key: &'static str,
    problems: &mut Vec<Problem>,
) -> Vec<T> {
    let mut values = Vec::new();
    for Located { value, place } in table.list::<T>(key, problems) {
        if values.contains(&value) {
            let message = format!("`{key}` has {value} twice");
            problems.push(Problem::error(place, message, "remove one of them"));
        }
        values.push(value);
    }
    values
}

fn values<T>(list: Vec<Located<T>>) -> Vec<T> {
    list.into_iter().map(|placed| placed.value).collect()
}

impl Limits {
    /// The limits, and for whom there is none.
    fn read(mut table: Table, problems: &mut Vec<Problem>) -> (Self, Vec<Network>) {
        let default = Self::default();
        let mut number = |key, largest| number(&mut table, key, largest, problems);
        let max_connections = number("max_connections", 1_000_000)
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(default.max_connections);
        let mut seconds = |key, default| number(key, 3600).map_or(default, Duration::from_secs);
        let header_timeout = seconds("header_timeout_seconds", default.header_timeout);
        let request_timeout = seconds("request_timeout_seconds", default.request_timeout);
        let idle_timeout = seconds("idle_timeout_seconds", default.idle_timeout);
        let shutdown_timeout = seconds("shutdown_timeout_seconds", default.shutdown_timeout);
        let rate = Rate::read(&mut table, problems);
        let unlimited = values(table.list("unlimited", problems));
        table.finish(problems);
        let limits =
            Self { max_connections, header_timeout, request_timeout, idle_timeout, shutdown_timeout, rate };
        (limits, unlimited)
    }
}

impl Rate {
    /// More would be none.
    const LARGEST: i64 = 1_000_000;

    /// None for 0 requests a second, which means as many as come.
    fn read(table: &mut Table, problems: &mut Vec<Problem>) -> Option<Self> {
        let default = Self::default();
        let mut read = |key, smallest, default: NonZeroU32| {
            let number = number_from(table, key, smallest, Self::LARGEST, problems);
            NonZeroU32::new(number.and_then(|number| u32::try_from(number).ok()).unwrap_or(default.get()))
        };
        let per_second = read("requests_per_second", 0, default.per_second);
        let burst = read("request_burst", 1, default.burst.max(per_second.unwrap_or(default.per_second)));
        Some(Self { per_second: per_second?, burst: burst? })
    }
}
