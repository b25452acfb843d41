//! Networks of clients and proxies.

use std::net::IpAddr;
use std::str::FromStr;

use crate::diagnostics::problem::InvalidValue;
use crate::diagnostics::table::FromText;
use ipnet::IpNet;

/// An IP network or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// The networks of the same machine.
    pub fn loopback() -> Vec<Self> {
        ["127.0.0.0/8", "::1/128"].iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// Whether it includes every address of an IP version.
    pub fn is_every_address(&self) -> bool {
        self.0.prefix_len() == 0
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl FromStr for Network {
    type Err = ipnet::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Peer addresses are compared in canonical form: IPv4-mapped IPv6 addresses are IPv4 addresses. `ipnet` keeps them.
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

impl FromText for Network {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        text.parse().map_err(|_| {
            InvalidValue::new(
                format!("`{text}` is not an IP address or network"),
                "write it like \"127.0.0.1\", \"10.0.0.0/8\" or \"::1\"",
            )
        })
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
}
