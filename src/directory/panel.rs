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
    pub fn query(self, table_prefix: &str) -> String {
        match self {
            // Row `ALL` stands for all domains of a super administrator. Backup MX domains have no mailboxes.
            Self::PostfixAdmin => format!(
                "SELECT domain FROM {table_prefix}domain \
                 WHERE active = '1' AND backupmx = '0' AND domain <> 'ALL' \
                 UNION SELECT a.alias_domain FROM {table_prefix}alias_domain a \
                 JOIN {table_prefix}domain d ON d.domain = a.target_domain \
                 WHERE a.active = '1' AND d.active = '1' AND d.backupmx = '0'"
            ),
            Self::Mailcow | Self::IRedMail => {
                "SELECT domain FROM domain WHERE active = '1' AND backupmx = '0' \
                 UNION SELECT a.alias_domain FROM alias_domain a JOIN domain d ON d.domain = a.target_domain \
                 WHERE a.active = '1' AND d.active = '1' AND d.backupmx = '0'"
                    .to_owned()
            }
            Self::Modoboa => "SELECT name FROM admin_domain WHERE enabled AND type = 'domain' \
                 UNION SELECT a.name FROM admin_domainalias a JOIN admin_domain d ON d.id = a.target_id \
                 WHERE a.enabled AND d.enabled AND d.type = 'domain'"
                .to_owned(),
            Self::Froxlor => "SELECT d.domain FROM panel_domains d \
                 LEFT JOIN panel_customers c ON c.customerid = d.customerid \
                 WHERE d.isemaildomain = '1' AND d.deactivated = '0' AND COALESCE(c.deactivated, 0) = '0'"
                .to_owned(),
            Self::IspConfig => "SELECT domain FROM mail_domain WHERE active = 'y'".to_owned(),
            Self::Mailu => "SELECT name FROM domain UNION SELECT name FROM alternative".to_owned(),
        }
    }
}
