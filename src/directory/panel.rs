//! The queries for the databases of hosting panels.
//!
//! Comparisons with '1' work for a boolean of PostgreSQL and for a number of MySQL and SQLite.

use super::sql_source::SqlDialect;

/// A panel whose domains Waypost can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Panel {
    PostfixAdmin,
    Mailcow,
    IRedMail,
    Modoboa,
    Froxlor,
    IspConfig,
    Mailu,
}

impl Panel {
    /// The databases that the panel supports.
    pub fn dialects(self) -> &'static [SqlDialect] {
        match self {
            Self::PostfixAdmin | Self::Modoboa | Self::Mailu => {
                &[SqlDialect::Sqlite, SqlDialect::PostgreSql, SqlDialect::MySql]
            }
            Self::IRedMail => &[SqlDialect::PostgreSql, SqlDialect::MySql],
            Self::Mailcow | Self::Froxlor | Self::IspConfig => &[SqlDialect::MySql],
        }
    }

    /// Whether the operator can choose a prefix for the names of the panel's tables.
    pub fn has_table_prefix(self) -> bool {
        matches!(self, Self::PostfixAdmin)
    }

    /// Returns the active domains and the active alias domains.
    ///
    /// A domain counts as active as in the panel's own queries for Postfix. A backup MX domain has no mailboxes, so it
    /// has no settings.
    pub fn query(self, table_prefix: &str) -> String {
        match self {
            // PostfixAdmin 4.0.5, public/upgrade.php. Row `ALL` stands for all domains (functions.inc.php).
            Self::PostfixAdmin => format!(
                "SELECT domain FROM {table_prefix}domain \
                 WHERE active = '1' AND backupmx = '0' AND domain <> 'ALL' \
                 UNION SELECT a.alias_domain FROM {table_prefix}alias_domain a \
                 JOIN {table_prefix}domain d ON d.domain = a.target_domain \
                 WHERE a.active = '1' AND d.active = '1' AND d.backupmx = '0'"
            ),
            // mailcow 2026-07a, data/web/inc/init_db.inc.php. iRedMail 1.8.1, samples/iredmail/iredmail.mysql and
            // iredmail.pgsql.
            Self::Mailcow | Self::IRedMail => {
                "SELECT domain FROM domain WHERE active = '1' AND backupmx = '0' \
                 UNION SELECT a.alias_domain FROM alias_domain a JOIN domain d ON d.domain = a.target_domain \
                 WHERE a.active = '1' AND d.active = '1' AND d.backupmx = '0'"
                    .to_owned()
            }
            // Modoboa 2.9.3, modoboa/admin/models/domain.py and domain_alias.py. The other type is a relay domain.
            Self::Modoboa => "SELECT name FROM admin_domain WHERE enabled = '1' AND type = 'domain' \
                 UNION SELECT a.name FROM admin_domainalias a JOIN admin_domain d ON d.id = a.target_id \
                 WHERE a.enabled = '1' AND d.enabled = '1' AND d.type = 'domain'"
                .to_owned(),
            // Froxlor 2.3.4, install/froxlor.sql.php and lib/configfiles/bookworm.xml. Alias domains are rows too.
            Self::Froxlor => {
                "SELECT domain FROM panel_domains WHERE isemaildomain = '1' AND deactivated = '0'".to_owned()
            }
            // ISPConfig 3.2, install/sql/ispconfig3.sql. The panel accepts only names of this table as alias domains
            // (interface/web/mail/form/mail_aliasdomain.tform.php).
            Self::IspConfig => "SELECT domain FROM mail_domain WHERE active = 'y'".to_owned(),
            // Mailu, core/admin/mailu/models.py, commit bbb1c206. Domains cannot be inactive.
            Self::Mailu => "SELECT name FROM domain UNION SELECT name FROM alternative".to_owned(),
        }
    }
}
