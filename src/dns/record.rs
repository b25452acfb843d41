//! Record sets, their names and values.
//!
//! `hickory-proto`'s records hold wire names, which a domain's derived records are not until they are
//! checked, and TXT strings that are already cut.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use derive_more::Display;
use strum::IntoStaticStr;

use crate::address::Domain;

/// All records of one name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSet {
    pub name: RecordName,
    /// At least one, all of one type.
    data: Vec<RecordData>,
}

/// A name below a mail domain: labels from a standard, and the domain.
#[derive(Debug, Clone, PartialEq, Eq, Display)]
#[display("{label}.{domain}")]
pub struct RecordName {
    pub label: Cow<'static, str>,
    pub domain: Domain,
}

#[derive(Debug, Clone, PartialEq, Eq, Display, IntoStaticStr)]
#[strum(serialize_all = "UPPERCASE")]
pub enum RecordData {
    Srv(Srv),
    /// The whole text, without its division into strings.
    Txt(String),
    #[display("{_0}.")]
    Cname(Domain),
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
}

/// RFC 2782. Clients try the lowest priority first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    pub priority: u16,
    pub weight: u16,
    pub port: u16,
    /// None if the service is not offered, written as a single dot.
    pub target: Option<Domain>,
}

impl RecordSet {
    /// `data` has at least one record, and all are of one type.
    pub(super) fn new(name: RecordName, data: Vec<RecordData>) -> Self {
        debug_assert!(!data.is_empty(), "{name} has no record");
        Self { name, data }
    }

    /// The record type: `SRV`.
    pub fn kind(&self) -> &'static str {
        (&self.data[0]).into()
    }

    pub fn data(&self) -> &[RecordData] {
        &self.data
    }

    /// The values, with texts unquoted.
    pub fn values(&self) -> Vec<String> {
        self.data.iter().map(ToString::to_string).collect()
    }
}

impl RecordData {
    pub(super) fn srv(&self) -> Option<&Srv> {
        if let Self::Srv(srv) = self { Some(srv) } else { None }
    }
}

impl Srv {
    /// `0 0 0 .`
    pub const NOT_OFFERED: Self = Self { priority: 0, weight: 0, port: 0, target: None };

    /// A server. RFC 2782: the weight is 0 "when there isn't any server selection to do".
    pub(super) fn new(priority: u16, host: Domain, port: u16) -> Self {
        Self { priority, weight: 0, port, target: Some(host) }
    }
}

impl From<IpAddr> for RecordData {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::A(address),
            IpAddr::V6(address) => Self::Aaaa(address),
        }
    }
}

impl fmt::Display for Srv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.target.as_ref().map_or("", Domain::as_str);
        write!(f, "{} {} {} {target}.", self.priority, self.weight, self.port)
    }
}
