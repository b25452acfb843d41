//! `waypost dns`: the records that domains need, and their comparison with what is published.

mod check;
mod comparison;
mod domains;
mod json_array;
mod left_out;
mod record_format;
mod records;

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use self::check::Check;
use self::domains::Domains;
use self::record_format::RecordFormat;
use super::config_argument::ConfigArgument;
use super::sql_list::{self, Access};
use crate::address::Domain;
use crate::cli::domain_argument::domain;
use crate::config::Config;
use crate::dns::Denials;

const EXAMPLES: &str = "\
Examples:
  waypost dns example.com
  waypost dns --all --format json
  waypost dns example.com --format powerdns
  waypost dns --all --check --resolver 192.0.2.53

Exit codes:
  0  All records are printed or, with --check, published
  1  A record is missing or wrong, a necessary record cannot be printed, or a
     domain is in no profile
  2  The command could not run, or a name server did not answer; with --all also
     without the list of domains from the database";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Dns {
    #[command(flatten)]
    config: ConfigArgument,

    /// The mail domains; required without --all
    #[arg(value_name = "DOMAIN", value_parser = domain, required_unless_present = "all")]
    domains: Vec<Domain>,

    /// Use all mail domains in the profiles and the database, except wildcards
    #[arg(long, conflicts_with = "domains")]
    all: bool,

    /// The format of the records
    #[arg(long, value_name = "FORMAT", default_value = "zone")]
    format: RecordFormat,

    /// Compare the records with the published records
    #[arg(long)]
    check: bool,

    /// Also print denials (SRV 0 0 0 .) for calendars, address books, JMAP and
    /// ManageSieve if the profile does not have them
    #[arg(long)]
    deny_missing: bool,

    /// With --check: ask this name server [default: the name server of the system]
    #[arg(long, value_name = "IP[:PORT]", requires = "check", value_parser = resolver)]
    resolver: Option<SocketAddr>,

    /// With --check: wait at most this many seconds for each record
    #[arg(long, value_name = "SECONDS", requires = "check", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
}

/// An address, with or without a port.
fn resolver(text: &str) -> Result<SocketAddr, String> {
    let with_port = || text.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53));
    text.parse().or_else(|_| with_port()).map_err(|_| "write an IP address".to_owned())
}

impl Dns {
    pub fn run(self) -> Result<ExitCode, ExitCode> {
        let is_single = !self.all && self.domains.len() == 1;
        self.format.validate(is_single, self.check)?;
        let mut config = self.config.load(Config::load)?;
        if let Some(list) = sql_list::add_to(&mut config, Access::Online) {
            // An incomplete zone would delete the records of the other domains.
            if self.all {
                list.require()?;
            } else {
                list.warn();
            }
        }
        let denials = if self.deny_missing { Denials::All } else { Denials::Mail };
        let domains = if self.all {
            Domains::all(&config, denials)
        } else {
            Domains::named(&config, denials, &self.domains, is_single)
        };
        if self.check {
            let timeout = Duration::from_secs(self.timeout);
            let is_json = self.format == RecordFormat::Json;
            return Check { domains: &domains, resolver: self.resolver, timeout, is_json }.run();
        }
        records::print(&domains, self.format)
    }
}
