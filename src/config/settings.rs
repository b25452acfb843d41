//! `waypost.toml`: the settings of the whole server.
//!
//! The raw file is a [`Table`], the validated settings are [`Settings`]. [`Settings::read`] converts.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::ip_network::Network;
use super::limits::Limits;
use super::listener::{Address, Listener};
use super::path_name::PathName;
use super::public_url::PublicUrl;
use super::security_contact::SecurityContact;
use super::sql::{self, Sql};
use crate::address::Domain;
use crate::certificates::tls::TlsFiles;
use crate::diagnostics::problem::{Located, Source};
use crate::diagnostics::table::{FromValue, Table, Vocabulary};
use crate::diagnostics::{Location, Problems};
use crate::directory::SqlSource;
use crate::documents::mobileconfig::SigningFiles;
use crate::formats::profile_file::has_keys_of_profile;

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
    pub page: Page,
    pub dns: Dns,
    pub admin: Admin,
    pub limits: Limits,
    /// Client networks without a rate limit.
    pub unlimited: Vec<Network>,
    /// `[directory.sql]`: the database that lists the domains.
    pub sql: Option<SqlSource>,
    /// Whether the section is there, valid or not.
    pub has_sql: bool,
    /// The location of `profile` in the section.
    pub sql_profile: Option<Location>,
    /// The location of the section, if it is valid.
    pub sql_location: Option<Location>,
    /// The folder for what must survive a restart: the last list of domains.
    pub state_dir: Option<PathBuf>,
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

/// `[page]`: the web site of the service's own hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The contact in `security.txt`; without it the file is not served.
    pub security_contact: Option<SecurityContact>,
    /// The language for requests whose own languages are not available; default: English.
    pub language: Option<Located<String>>,
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
    /// The networks that may ask. This machine may always ask.
    allow: Vec<Network>,
}

impl Default for Dns {
    fn default() -> Self {
        Self { target: None, addresses: Vec::new(), ttl: 3600 }
    }
}

const VOCABULARY: Vocabulary = Vocabulary {
    top_level: &["listen", "profiles", "public_url", "state_dir", "templates", "trusted_proxies", "watch"],
    synonyms: &[("address", "listen"), ("bind", "listen"), ("port", "listen"), ("base_url", "public_url")],
};

impl Settings {
    pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

    /// The keys that differ between two settings and take effect after a restart only.
    pub fn needs_restart(&self, other: &Self) -> Vec<&'static str> {
        let keys = [
            ("listen", self.listen != other.listen),
            ("[admin] listen", self.admin.listen != other.admin.listen),
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
    pub(super) fn read(source: &Source, problems: &Problems) -> Self {
        let found = Problems::default();
        let (table, syntax_error) = Table::parse(source, &found, &VOCABULARY);
        if syntax_error.is_none() && has_keys_of_profile(&table) {
            let hint = "name waypost.toml with --config, and put profiles into the folder in `profiles`";
            problems.error(table.location(), "this file is a profile, not waypost.toml", hint);
            let defaults = Self::read(&Source::new(source.file.clone(), String::new()), problems);
            return Self { profiles: None, ..defaults };
        }
        let settings = Self::from_table(table, source);
        match syntax_error {
            None => problems.extend(found.into_vec()),
            // The rest was read for the folder of profiles, whose problems are reported too.
            Some(syntax_error) => problems.push(syntax_error),
        }
        settings
    }

    fn from_table(mut table: Table, source: &Source) -> Self {
        let folder = source.file.parent().unwrap_or(Path::new(""));
        let path = |path: PathName| folder.join(path.0);
        let has_profiles = table.has("profiles");
        let state_dir = table.optional("state_dir").map(path);
        let profiles = table.optional("profiles").or((!has_profiles).then(|| PathName("profiles".into())));
        let templates = table.optional("templates").map(path);
        let listen_location = table.location_of("listen");
        let listen = listen(&mut table);
        let tls = tls(&mut table, &listen, listen_location, folder);
        let watch = table.optional("watch").unwrap_or(true);
        let public_url = table.optional("public_url");
        let trusted_proxies = trusted_proxies(&mut table);
        let signing = table.section("signing", "[signing]", |table| Signing::read(table, folder));
        let page = table.section("page", "[page]", |table| Some(Page::read(table))).unwrap_or_default();
        let dns = table.section("dns", "[dns]", |table| Some(Dns::read(table))).unwrap_or_default();
        let mut admin = Admin::default();
        // The listener counts even if another key is wrong: `waypost reload` asks it to report that.
        table.section("admin", "[admin]", |table| {
            admin = Admin::read(table, &listen);
            Some(())
        });
        let has_sql = table.has("directory");
        let sql = table.section("directory", "[directory]", |table| Some(sql::read(table, folder)));
        let (sql, sql_location, sql_profile) = match sql.flatten() {
            Some(Sql { source, location, profile }) => (Some(source), Some(location), profile),
            None => (None, None, None),
        };
        let limits = table.section("limits", "[limits]", |table| Some(Limits::read(table)));
        let (limits, unlimited) = limits.unwrap_or_default();
        table.finish();
        Self {
            listen,
            tls,
            watch,
            profiles: profiles.map(path),
            templates,
            public_url,
            trusted_proxies,
            signing,
            page,
            dns,
            admin,
            limits,
            unlimited,
            sql,
            has_sql,
            sql_profile,
            sql_location,
            state_dir,
        }
    }
}

impl Tls {
    fn read(table: &mut Table, folder: &Path) -> Option<Self> {
        let certificate = required_path(table, "certificate", "\"tls/fullchain.pem\"", folder);
        let key = required_path(table, "key", "\"tls/privkey.pem\"", folder);
        let files = TlsFiles { certificate: certificate?, key: key? };
        Some(Self { files, location: table.location() })
    }
}

impl Signing {
    fn read(table: &mut Table, folder: &Path) -> Option<Self> {
        let certificate = required_path(table, "certificate", "\"signing/fullchain.pem\"", folder);
        let chain = table.optional::<PathName>("chain").map(|path| folder.join(path.0));
        let key = required_path(table, "key", "\"signing/privkey.pem\"", folder);
        let or_unsigned = table.optional("or_unsigned").unwrap_or(false);
        let files = SigningFiles { certificate: certificate?, chain, key: key? };
        Some(Self { files, or_unsigned, location: table.location() })
    }
}

impl Page {
    fn read(table: &mut Table) -> Self {
        Self { security_contact: table.optional("security_contact"), language: table.located("language") }
    }
}

impl Dns {
    fn read(table: &mut Table) -> Self {
        let target = table.optional("target");
        let addresses = distinct(table, "addresses");
        // RFC 2181 8 allows 31 bits. One day is the longest that a mistake should last.
        let ttl = table.integer("ttl_seconds", 1..=86_400).unwrap_or(Self::default().ttl);
        Self { target, addresses, ttl }
    }
}

impl Admin {
    /// Whether a client may ask. A client of a Unix socket has a loopback address.
    pub fn allows(&self, client: IpAddr) -> bool {
        client.is_loopback() || self.allow.iter().any(|network| network.contains(client))
    }

    fn read(table: &mut Table, public: &[Listener]) -> Self {
        let problems = table.problems();
        let listen = table.required_located::<Listener>("listen", "\"127.0.0.1:9090\"");
        if let Some(Located { value, location }) = &listen {
            let is_public = public.iter().any(|public| {
                public.address.clashes_with(&value.address) || public.address.covers(&value.address)
            });
            if is_public {
                let message = format!("`listen` in [admin] is {value}, which is also a public listener");
                let hint = "choose another port, preferably on loopback";
                problems.error(location.clone(), message, hint);
            }
            if value.is_https {
                let hint = "remove https://, and use a loopback address or a Unix socket";
                problems.error(location.clone(), "[admin] does not support TLS", hint);
            }
        }
        let has_list = table.has("allow");
        let allow = table.list::<Network>("allow");
        if let Some(all) = allow.iter().find(|network| network.value.is_every_address()) {
            let message = "`allow` in [admin] includes every address: every machine that reaches the \
                           listener may reload and read metrics";
            let hint =
                "list only the networks of your administrators and monitoring, for example \"10.0.0.0/8\"";
            problems.warning(all.location.clone(), message, hint);
        }
        let allow = allow.into_iter().map(|network| network.value).collect();
        if let Some(Located { value: Listener { address: Address::Tcp(address), .. }, location }) = &listen
            && !address.ip().is_loopback()
            && !has_list
        {
            let message =
                format!("[admin] listens on {address}, but accepts requests only from this machine");
            let hint = "add allow = [\"10.0.0.0/8\"] with the networks of your administrators and \
                        monitoring, or listen on 127.0.0.1";
            problems.warning(location.clone(), message, hint);
        }
        Self { listen: listen.map(|listener| listener.value), allow }
    }
}

/// The public listeners: at least one, and none that excludes another.
fn listen(table: &mut Table) -> Vec<Listener> {
    if !table.has("listen") {
        return vec![Settings::DEFAULT_LISTEN.into()];
    }
    let problems = table.problems();
    let mark = problems.mark();
    let location = table.location_of("listen");
    let mut listeners: Vec<Listener> = Vec::new();
    for Located { value, location } in table.list::<Listener>("listen") {
        match listeners.iter().find(|other| other.address.clashes_with(&value.address)) {
            Some(other) if *other == value => {
                let message = format!("`listen` has {value} twice");
                problems.error(location, message, "remove one of them");
            }
            Some(other) => {
                let message = format!("`listen` has {other} and {value}, which overlap");
                problems.error(
                    location,
                    message,
                    "remove one of them; 0.0.0.0 and [::] include every address",
                );
            }
            None => {}
        }
        listeners.push(value);
    }
    if listeners.is_empty() && !problems.has_errors_since(mark) {
        let hint = "write listen = [\"127.0.0.1:8080\"], or remove the key: that is the default";
        let message = "`listen` is empty: the server has no address";
        problems.error(location, message, hint);
    }
    listeners
}

fn trusted_proxies(table: &mut Table) -> Vec<Network> {
    if !table.has("trusted_proxies") {
        return Network::loopback();
    }
    let networks = table.list::<Network>("trusted_proxies");
    if let Some(all) = networks.iter().find(|network| network.value.is_every_address()) {
        let message = "`trusted_proxies` includes every address: any client can forge its address and the \
                       host, and bypass the rate limit";
        let hint = "list only the addresses or networks of your proxies";
        table.problems().warning(all.location.clone(), message, hint);
    }
    networks.into_iter().map(|network| network.value).collect()
}

/// Every `[[tls]]`. Reports listeners with TLS without a certificate, and certificates without such a listener.
fn tls(table: &mut Table, listen: &[Listener], listen_location: Location, folder: &Path) -> Vec<Tls> {
    let problems = table.problems();
    let certificates = table.all_sections("tls", "[[tls]]", |table| Tls::read(table, folder));
    match (listen.iter().find(|listener| listener.is_https), certificates.as_slice()) {
        (Some(listener), []) => {
            let message = format!("`listen` has {listener}, but there is no certificate");
            let hint = "add [[tls]] with certificate = \"tls/fullchain.pem\" and key = \"tls/privkey.pem\"";
            problems.error(listen_location, message, hint);
        }
        (None, [Some(first), ..]) => {
            let hint = "add an address with https:// to `listen`, for example \"https://[::]:443\", or \
                        remove [[tls]]";
            problems.warning(first.location.clone(), "no listener uses TLS", hint);
        }
        _ => {}
    }
    certificates.into_iter().flatten().collect()
}

fn required_path(table: &mut Table, key: &'static str, example: &str, folder: &Path) -> Option<PathBuf> {
    table.required::<PathName>(key, example).map(|path| folder.join(path.0))
}

/// A list of values without duplicates.
fn distinct<T: FromValue + PartialEq + Display>(table: &mut Table, key: &'static str) -> Vec<T> {
    let mut values = Vec::new();
    for Located { value, location } in table.list::<T>(key) {
        if values.contains(&value) {
            let message = format!("`{key}` has {value} twice");
            table.problems().error(location, message, "remove one of them");
        }
        values.push(value);
    }
    values
}
