//! `waypost.toml`: the settings of the whole server.
//!
//! The raw file is a [`Table`], the validated settings are [`Settings`]. [`Settings::read`] converts.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::ip_network::Network;
use super::limits::Limits;
use super::listener::Listener;
use super::public_url::PublicUrl;
use crate::address::Domain;
use crate::certificates::tls::TlsFiles;
use crate::diagnostics::problem::{InvalidValue, Located, Source};
use crate::diagnostics::toml_table::{FromText, FromValue, Table};
use crate::diagnostics::{Location, Problem};
use crate::documents::mobileconfig::SigningFiles;

/// The validated settings. Paths are relative to the working folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The public listeners.
    pub listen: Vec<Listener>,
    /// The certificates of listeners with TLS.
    pub tls: Vec<Tls>,
    /// Whether changed files are reloaded.
    pub watch: bool,
    /// The folder of profiles; None if its name is invalid.
    pub profiles: Option<PathBuf>,
    /// The folder of the operator's own templates and languages.
    pub templates: Option<PathBuf>,
    /// The target of redirects and of Autodiscover's JSON responses.
    pub public_url: Option<PublicUrl>,
    /// Proxies whose `X-Forwarded-*` headers are trusted.
    pub trusted_proxies: Vec<Network>,
    /// The signature of Apple's configuration profiles.
    pub signing: Option<Signing>,
    pub dns: Dns,
    pub admin: Admin,
    pub limits: Limits,
    /// Client networks without a rate limit.
    pub unlimited: Vec<Network>,
}

/// `[[tls]]`: a certificate for TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    pub files: TlsFiles,
    pub location: Location,
}

/// `[signing]`: the signature of configuration profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    pub files: SigningFiles,
    /// Serve unsigned profiles if the files cannot be used, instead of an error at start.
    pub or_unsigned: bool,
    pub location: Location,
}

/// `[dns]`: what the DNS records of all domains have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dns {
    /// The host that CNAME records like `autoconfig.D` point to; default: the host of `public_url`.
    pub target: Option<Domain>,
    /// The addresses of that host, for names that cannot have a CNAME record.
    pub addresses: Vec<IpAddr>,
    /// The time to live of the records, in seconds.
    pub ttl: u32,
}

/// `[admin]`: the admin listener.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admin {
    pub listen: Option<Listener>,
}

impl Default for Dns {
    fn default() -> Self {
        Self { target: None, addresses: Vec::new(), ttl: 3600 }
    }
}

impl Settings {
    pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

    /// The keys that differ between two settings and take effect after a restart only.
    pub fn needs_restart(&self, other: &Self) -> Vec<&'static str> {
        let keys = [
            ("listen", self.listen != other.listen),
            ("[admin] listen", self.admin != other.admin),
            ("max_connections", self.limits.max_connections != other.limits.max_connections),
            ("watch", self.watch != other.watch),
        ];
        keys.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
    }

    /// The host that service names point to.
    pub fn service_host(&self) -> Option<&Domain> {
        self.dns.target.as_ref().or_else(|| self.public_url.as_ref().map(PublicUrl::host))
    }

    /// Reads the text of the file. Paths in it are relative to the file's folder.
    pub(super) fn read(source: &Source, problems: &mut Vec<Problem>) -> Self {
        let (table, syntax_error) = Table::parse(source);
        let Some(syntax_error) = syntax_error else { return Self::from_table(table, source, problems) };
        problems.push(syntax_error);
        // The rest is read for the folder of profiles, whose problems are reported too.
        Self::from_table(table, source, &mut Vec::new())
    }

    fn from_table(mut table: Table, source: &Source, problems: &mut Vec<Problem>) -> Self {
        let folder = source.file.parent().unwrap_or(Path::new(""));
        let default = Some(PathName("profiles".into()));
        let profiles = table.written("profiles", problems).or(default).map(|path| folder.join(path.0));
        let templates = optional::<PathName>(&mut table, "templates", problems);
        let listen_location = table.place_of("listen");
        let listen = listen(&mut table, problems);
        let tls = tls(&mut table, &listen, listen_location, folder, problems);
        let watch = optional(&mut table, "watch", problems).unwrap_or(true);
        let public_url = optional(&mut table, "public_url", problems);
        let trusted_proxies = trusted_proxies(&mut table, problems);
        let signing = table.table("signing", "[signing]", problems);
        let signing = signing.and_then(|table| Signing::read(table, folder, problems));
        let dns = table.table("dns", "[dns]", problems);
        let dns = dns.map_or_else(Dns::default, |table| Dns::read(table, problems));
        let admin = table.table("admin", "[admin]", problems);
        let admin = admin.map_or_else(Admin::default, |table| Admin::read(table, &listen, problems));
        let limits = table.table("limits", "[limits]", problems);
        let (limits, unlimited) = limits.map_or_else(Default::default, |table| Limits::read(table, problems));
        table.finish(problems);
        Self {
            listen,
            tls,
            watch,
            profiles,
            templates: templates.map(|path| folder.join(path.0)),
            public_url,
            trusted_proxies,
            signing,
            dns,
            admin,
            limits,
            unlimited,
        }
    }
}

impl Tls {
    fn read(mut table: Table, folder: &Path, problems: &mut Vec<Problem>) -> Option<Self> {
        let location = table.place();
        let certificate = required_path(&mut table, "certificate", "\"tls/fullchain.pem\"", folder, problems);
        let key = required_path(&mut table, "key", "\"tls/privkey.pem\"", folder, problems);
        table.finish(problems);
        Some(Self { files: TlsFiles { certificate: certificate?, key: key? }, location })
    }
}

impl Signing {
    fn read(mut table: Table, folder: &Path, problems: &mut Vec<Problem>) -> Option<Self> {
        let location = table.place();
        let certificate =
            required_path(&mut table, "certificate", "\"signing/fullchain.pem\"", folder, problems);
        let chain = optional::<PathName>(&mut table, "chain", problems).map(|path| folder.join(path.0));
        let key = required_path(&mut table, "key", "\"signing/privkey.pem\"", folder, problems);
        let or_unsigned = optional(&mut table, "or_unsigned", problems).unwrap_or(false);
        table.finish(problems);
        let files = SigningFiles { certificate: certificate?, chain, key: key? };
        Some(Self { files, or_unsigned, location })
    }
}

impl Dns {
    fn read(mut table: Table, problems: &mut Vec<Problem>) -> Self {
        let target = optional(&mut table, "target", problems);
        let addresses = distinct(&mut table, "addresses", problems);
        // RFC 2181 8 allows 31 bits. One day is the longest that a mistake should last.
        let ttl = table.integer("ttl_seconds", 1..=86_400, problems).unwrap_or(Self::default().ttl);
        table.finish(problems);
        Self { target, addresses, ttl }
    }
}

impl Admin {
    fn read(mut table: Table, public: &[Listener], problems: &mut Vec<Problem>) -> Self {
        let listen = table.required::<Listener>("listen", "\"127.0.0.1:9090\"", problems);
        table.finish(problems);
        if let Some(Located { value, place }) = &listen {
            let is_public = public.iter().any(|public| {
                public.address.clashes_with(&value.address) || public.address.covers(&value.address)
            });
            if is_public {
                let message = format!("`listen` in [admin] is {value}, which is a public listener too");
                let hint = "choose another port, preferably on loopback";
                problems.push(Problem::error(place.clone(), message, hint));
            }
            if value.is_https {
                let hint = "leave https:// out, and listen on loopback or a Unix socket";
                problems.push(Problem::error(place.clone(), "[admin] does not support TLS", hint));
            }
        }
        Self { listen: listen.map(|listener| listener.value) }
    }
}

/// The public listeners: at least one, and none that excludes another.
fn listen(table: &mut Table, problems: &mut Vec<Problem>) -> Vec<Listener> {
    if !table.has("listen") {
        return vec![Settings::DEFAULT_LISTEN.into()];
    }
    let problems_before = problems.len();
    let location = table.place_of("listen");
    let mut listeners: Vec<Listener> = Vec::new();
    for Located { value, place } in table.list::<Listener>("listen", problems) {
        match listeners.iter().find(|other| other.address.clashes_with(&value.address)) {
            Some(other) if *other == value => {
                let message = format!("`listen` has {value} twice");
                problems.push(Problem::error(place, message, "remove one of them"));
            }
            Some(other) => {
                let message = format!("`listen` has {other} and {value}, which exclude each other");
                problems.push(Problem::error(place, message, "0.0.0.0 and [::] include every address"));
            }
            None => {}
        }
        listeners.push(value);
    }
    if listeners.is_empty() && problems.len() == problems_before {
        let hint = "write listen = [\"127.0.0.1:8080\"], or leave the key out, which means the same";
        let message = "`listen` is empty: the server would not be reachable";
        problems.push(Problem::error(location, message, hint));
    }
    listeners
}

fn trusted_proxies(table: &mut Table, problems: &mut Vec<Problem>) -> Vec<Network> {
    if !table.has("trusted_proxies") {
        return Network::loopback();
    }
    let networks = table.list::<Network>("trusted_proxies", problems);
    if let Some(all) = networks.iter().find(|network| network.value.is_every_address()) {
        let message = "`trusted_proxies` includes every address: any client may choose its host and address, and avoid \
                       the rate limit";
        let hint = "name the addresses or networks of your proxies";
        problems.push(Problem::warning(all.place.clone(), message, hint));
    }
    networks.into_iter().map(|network| network.value).collect()
}

/// Every `[[tls]]`. Reports listeners with TLS without a certificate, and certificates without such a listener.
fn tls(
    table: &mut Table,
    listen: &[Listener],
    listen_location: Location,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Vec<Tls> {
    let tables = table.tables("tls", "[[tls]]", problems);
    match (listen.iter().find(|listener| listener.is_https), tables.first()) {
        (Some(listener), None) => {
            let message = format!("`listen` has {listener}, but there is no certificate");
            let hint = "add [[tls]] with certificate = \"tls/fullchain.pem\" and key = \"tls/privkey.pem\"";
            problems.push(Problem::error(listen_location, message, hint));
        }
        (None, Some(table)) => {
            let hint = "begin an address of `listen` with https://, like \"https://[::]:443\"";
            problems.push(Problem::warning(table.place(), "no listener uses TLS", hint));
        }
        _ => {}
    }
    tables.into_iter().filter_map(|table| Tls::read(table, folder, problems)).collect()
}

/// A path that is not empty.
struct PathName(PathBuf);

impl FromText for PathName {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "" => Err(InvalidValue::new("is empty", "write a path, relative to this file")),
            path => Ok(Self(path.into())),
        }
    }
}

fn required_path(
    table: &mut Table,
    key: &'static str,
    example: &str,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Option<PathBuf> {
    table.required::<PathName>(key, example, problems).map(|path| folder.join(path.value.0))
}

fn optional<T: FromValue>(table: &mut Table, key: &'static str, problems: &mut Vec<Problem>) -> Option<T> {
    table.optional(key, problems).map(|located| located.value)
}

/// A list of values without duplicates.
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
