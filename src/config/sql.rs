//! `[directory.sql]` in `waypost.toml`: the database that lists the domains.

use std::path::Path;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use strum::VariantNames as _;

use super::path_name::PathName;
use crate::address::Domain;
use crate::diagnostics::problem::{InvalidValue, Located, list, suggest};
use crate::diagnostics::table::{FromText, Table};
use crate::diagnostics::{Location, Problems};
use crate::directory::{Panel, SqlDialect, SqlSource};

/// The section, and the locations of its header and of `profile`.
#[derive(Debug)]
pub struct Sql {
    pub source: SqlSource,
    pub location: Location,
    pub profile: Option<Location>,
}

const DEFAULT_POLL_SECONDS: u64 = 60;
const DEFAULT_TIMEOUT_SECONDS: u64 = 10;
const DEFAULT_MAX_DOMAINS: usize = 5_000_000;

/// Reads `[directory]`, which has the section `sql` only.
pub fn read(table: &mut Table, folder: &Path) -> Option<Sql> {
    table.section("sql", "[directory.sql]", |table| read_sql(table, folder))
}

fn read_sql(table: &mut Table, folder: &Path) -> Option<Sql> {
    let problems = table.problems();
    if !cfg!(feature = "sql") {
        let hint = "build Waypost with the feature `sql`, or remove [directory.sql]";
        problems.error(table.location(), "this build of Waypost has no SQL support", hint);
    }
    let section = table.location();
    let url = table.required_located::<String>("url", "\"postgresql://waypost@localhost/postfixadmin\"");
    let url = url.and_then(|url| check_url(url, folder, &section, problems));
    let password_file = table.optional::<PathName>("password_file").map(|path| folder.join(path.0));
    let ca_file = table.located::<PathName>("ca_file");
    let query = query(table, url.as_ref().map(|url| url.dialect));
    let profile = table.located::<Domain>("profile");
    let version_query = table.optional::<Statement>("version_query").map(|statement| statement.0);
    let poll = table.integer("poll_seconds", 1..=86_400).unwrap_or(DEFAULT_POLL_SECONDS);
    let timeout = table.integer("timeout_seconds", 1..=3600).unwrap_or(DEFAULT_TIMEOUT_SECONDS);
    // The names are stored with 32-bit positions.
    let max_domains = table.integer("max_domains", 1..=100_000_000).unwrap_or(DEFAULT_MAX_DOMAINS);
    let url = url?;
    if let Some(ca_file) = ca_file.as_ref().filter(|_| url.dialect == SqlDialect::Sqlite) {
        let hint = "remove `ca_file`";
        problems.error(ca_file.location.clone(), "`ca_file` has no effect, because SQLite is a file", hint);
    }
    let (profile, profile_location) = profile.map(|profile| (profile.value, profile.location)).unzip();
    let source = SqlSource {
        url: url.text,
        password_file,
        ca_file: ca_file.map(|path| folder.join(path.value.0)),
        query: query?,
        version_query,
        profile,
        poll: Duration::from_secs(poll),
        timeout: Duration::from_secs(timeout),
        max_domains,
    };
    if let Err(error) = source.check_url() {
        problems.error(url.location, error.to_string(), error.hint());
    }
    Some(Sql { source, location: section, profile: profile_location })
}

/// A URL without a password.
struct Url {
    text: String,
    dialect: SqlDialect,
    location: Location,
}

fn check_url(url: Located<String>, folder: &Path, section: &Location, problems: &Problems) -> Option<Url> {
    let Located { value: text, location } = url;
    if has_password(&text) {
        // A report prints the line of its location, which must not be the line with the password.
        let is_same_line = section.line == location.line;
        let place = if is_same_line { Location::whole(&section.file) } else { section.clone() };
        let hint = "remove it from `url`, change the password if others can read this file, and write it into the \
                    file in `password_file`, or into the environment variable WAYPOST_SQL_PASSWORD";
        problems.error(place, "`url` in [directory.sql] contains a password", hint);
        return None;
    }
    let Some((dialect, rest)) = SqlDialect::of_url(&text) else {
        let hint = "begin it with postgresql://, mysql:// (also for MariaDB) or sqlite://, for example \
                    postgresql://waypost@localhost/postfixadmin";
        problems.error(location, "`url` is not the URL of a database that Waypost supports", hint);
        return None;
    };
    let text = match dialect {
        SqlDialect::Sqlite if rest.is_empty() || rest.contains('?') => {
            let hint =
                "write the path of the database file without parameters: sqlite:///var/lib/panel/main.db";
            problems.error(location, "`url` has no path of an SQLite file", hint);
            return None;
        }
        SqlDialect::Sqlite => format!("sqlite://{}", folder.join(rest).display()),
        _ => text,
    };
    Some(Url { text, dialect, location })
}

/// Whether a URL has a password, before the host or as a parameter. A parameter with a similar name counts: sqlx would
/// log its value.
fn has_password(url: &str) -> bool {
    let rest = url.split_once("//").map_or(url, |(_, rest)| rest);
    let (before_query, query) = rest.split_once('?').unwrap_or((rest, ""));
    // A password may contain `/`, `?`, `#` and `@` by mistake.
    let user_info = rest.rsplit_once('@').map_or("", |(user, _)| user);
    let is_path = before_query.starts_with('/');
    let in_user = !is_path && user_info.contains(':');
    let is_secret = |parameter: &str| {
        let name = parameter.split('=').next().unwrap_or_default();
        let name = percent_decode_str(name).decode_utf8_lossy().to_lowercase();
        name.contains("pass") || name.contains("pwd")
    };
    in_user || query.split('&').any(is_secret)
}

/// The query: that of the panel, or the operator's own.
fn query(table: &mut Table, dialect: Option<SqlDialect>) -> Option<String> {
    let problems = table.problems();
    let (has_panel, has_query) = (table.has("panel"), table.has("query"));
    let panel = table.located::<PanelName>("panel");
    let own = table.located::<Statement>("query");
    let prefix = table.located::<TablePrefix>("table_prefix");
    match (has_panel, has_query) {
        (true, true) => {
            let location = own.map_or_else(|| table.location(), |own| own.location);
            let message = "[directory.sql] has both `panel` and `query`";
            problems.error(location, message, "remove one of them");
            return None;
        }
        (false, false) => {
            let hint = format!(
                "write panel = \"postfixadmin\" (or {}), or write a `query`",
                Panel::VARIANTS[1..].join(", ")
            );
            problems.error(table.location(), "[directory.sql] has neither `panel` nor `query`", hint);
            return None;
        }
        (false, true) => {
            if let Some(prefix) = prefix.filter(|prefix| !prefix.value.0.is_empty()) {
                let hint = "remove it, and write the full names of the tables in `query`";
                problems.error(prefix.location, "`table_prefix` is only for the query of a panel", hint);
            }
            return own.map(|statement| statement.value.0);
        }
        (true, false) => {}
    }
    if !table.has("profile") {
        let hint = "add profile = \"...\" with the id of the profile for the domains of the panel";
        problems.error(table.location(), "`panel` needs a `profile` in [directory.sql]", hint);
    }
    let panel = panel?;
    let name: &str = panel.value.0.into();
    if let Some(prefix) =
        prefix.as_ref().filter(|prefix| !prefix.value.0.is_empty() && !panel.value.0.has_table_prefix())
    {
        let message = format!("the tables of `{name}` have no prefix");
        problems.error(prefix.location.clone(), message, "remove `table_prefix`, or write a `query`");
    }
    let supported = panel.value.0.dialects();
    if let Some(dialect) = dialect.filter(|dialect| !supported.contains(dialect)) {
        let names: Vec<_> = supported.iter().map(ToString::to_string).collect();
        let message = format!("`{name}` does not use {dialect}");
        let hint = format!("correct `url`: the panel uses {}", names.join(" or "));
        problems.error(panel.location, message, hint);
    }
    Some(panel.value.0.query(prefix.as_ref().map_or("", |prefix| &prefix.value.0)))
}

/// A statement of SQL.
struct Statement(String);

impl FromText for Statement {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        match text.trim() {
            "" => Err(InvalidValue::new("is empty", "write a SELECT statement")),
            _ if text.contains('\0') => {
                Err(InvalidValue::new("contains a NUL character", "remove the character"))
            }
            statement => Ok(Self(statement.to_owned())),
        }
    }
}

struct PanelName(Panel);

impl FromText for PanelName {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        let hint = || match suggest(text, Panel::VARIANTS) {
            near if near.starts_with("did you mean") => near,
            _ => format!("write {}, or a `query` for another panel", list(Panel::VARIANTS)),
        };
        text.parse().map(Self).map_err(|_| InvalidValue::new(format!("is `{text}`"), hint()))
    }
}

/// The beginning of the names of all tables of a panel. It is a part of the query.
struct TablePrefix(String);

impl FromText for TablePrefix {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidValue::new(format!("is `{text}`"), "write letters, digits and underscores only"))
    }
}

#[cfg(test)]
#[cfg(not(feature = "sql"))]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::diagnostics::Problems;
    use crate::diagnostics::problem::Source;

    #[test]
    fn the_section_without_the_feature_is_an_error_that_names_it() {
        let text = "[directory.sql]\nurl = \"sqlite://list.db\"\nquery = \"SELECT name FROM domain\"\nprofile = \"a\"\n";
        let problems = Problems::default();
        Settings::read(&Source::new(Path::new("waypost.toml").into(), text.to_owned()), &problems);
        let texts: Vec<_> = problems.into_vec().iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            ["error: this build of Waypost has no SQL support\n  --> waypost.toml:1:1\n\
              hint: build Waypost with the feature `sql`, or remove [directory.sql]"]
        );
    }
}
