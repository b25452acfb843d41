//! `waypost dns`: the records that a domain needs, and their comparison with what is published.

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::config_argument::ConfigArgument;
use super::output::{could_not_run, exit_code, message, not_served, print};
use super::table::table;
use crate::address::Domain;
use crate::config::Config;
use crate::dns::{Omission, RecordSet, RecordStatus, Records, Resolver, compare, format};

#[derive(Debug, Args)]
pub struct Dns {
    #[command(flatten)]
    config: ConfigArgument,

    /// The mail domain
    #[arg(value_parser = domain)]
    domain: Domain,

    /// The format of the records
    #[arg(long, value_name = "FORMAT", default_value = "zone")]
    format: RecordFormat,

    /// Compare with what is published; one line per record: ok, missing, different or could not ask
    #[arg(long)]
    check: bool,

    /// With --check: ask this name server instead of the system's
    #[arg(long, value_name = "ADDR", requires = "check", value_parser = resolver)]
    resolver: Option<SocketAddr>,

    /// With --check: how long to wait for one record
    #[arg(long, value_name = "SECONDS", requires = "check", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RecordFormat {
    /// A zone file
    Zone,
    /// A table to copy by hand
    Table,
    /// JSON
    Json,
    /// The body of a PATCH to PowerDNS' API
    Powerdns,
    /// A zone of OctoDNS
    Octodns,
}

fn domain(text: &str) -> Result<Domain, String> {
    if text.starts_with("*.") {
        return Err("a wildcard has no records of its own; name a domain below it".to_owned());
    }
    if text.contains('@') {
        return Err("write the domain alone, without the part up to the @".to_owned());
    }
    text.parse().map_err(|error| format!("{error}"))
}

/// An address, with or without a port.
fn resolver(text: &str) -> Result<SocketAddr, String> {
    let with_port = || text.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53));
    text.parse()
        .or_else(|_| with_port())
        .map_err(|_| "write an IP address, like 192.0.2.1 or 192.0.2.1:5353".to_owned())
}

impl Dns {
    pub fn run(self) -> Result<ExitCode, ExitCode> {
        if self.check && matches!(self.format, RecordFormat::Powerdns | RecordFormat::Octodns) {
            let hint = "omit --format, or write --format json";
            return Err(could_not_run("--check prints text or JSON", Some(hint)));
        }
        let config = self.config.load(Config::load)?;
        let found = config.directory.served(&self.domain);
        let found = found.ok_or_else(|| not_served(&self.domain, &config.directory))?;
        let records = Records::of(&found, &config.settings, &config.directory);
        for omission in &records.omissions {
            message(format!("warning: {omission}\nhint: {}", omission.hint()));
        }
        if self.check {
            return self.check(&records, &config.settings.dns.addresses);
        }
        let text = match self.format {
            RecordFormat::Zone => format::zone(&records),
            RecordFormat::Table => table(&format::rows(&records)),
            RecordFormat::Json => format::json(&records),
            RecordFormat::Powerdns => format::powerdns(&records),
            RecordFormat::Octodns => format::octodns(&records),
        };
        Ok(print(&text, ExitCode::SUCCESS))
    }

    fn check(&self, records: &Records, addresses: &[IpAddr]) -> Result<ExitCode, ExitCode> {
        let verdicts = self.ask(records, addresses).map_err(|reason| could_not_run(&reason, None))?;
        let unanswered =
            verdicts.iter().filter(|verdict| matches!(verdict, RecordStatus::LookupFailed(_))).count();
        let code = if unanswered > 0 {
            let server =
                self.resolver.map_or("the system's name server".to_owned(), |address| address.to_string());
            let error = format!("{server} did not answer {unanswered} of {} questions", verdicts.len());
            could_not_run(&error, Some("ask another name server: --resolver 192.0.2.1"))
        } else {
            let differs = verdicts.iter().any(|verdict| *verdict != RecordStatus::Ok);
            exit_code(differs || records.omissions.iter().any(Omission::is_finding))
        };
        let text = match self.format {
            RecordFormat::Json => json(records, &verdicts),
            _ => lines(records, &verdicts),
        };
        Ok(print(&text, code))
    }

    fn ask(&self, records: &Records, addresses: &[IpAddr]) -> Result<Vec<RecordStatus>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
        runtime.block_on(async {
            let resolver =
                Resolver::new(self.resolver, Duration::from_secs(self.timeout)).map_err(|error| {
                    let hint = "\nhint: name another name server: --resolver 192.0.2.1";
                    format!("{error}{}", if self.resolver.is_none() { hint } else { "" })
                })?;
            Ok(compare(&resolver, &records.sets, addresses).await)
        })
    }
}

fn lines(records: &Records, verdicts: &[RecordStatus]) -> String {
    let row = |(set, verdict): (&RecordSet, &RecordStatus)| {
        let wanted = set.values().join(", ");
        let what = match verdict {
            RecordStatus::Ok => wanted,
            RecordStatus::Missing => format!("publish {wanted}"),
            RecordStatus::Different(published) => {
                // Clients take any of several digests, so that one can follow the other.
                let how = if wanted.starts_with("v=UAAC1") { "beside" } else { "and not" };
                format!("publish {wanted} {how} {}", published.join(", "))
            }
            RecordStatus::WrongTarget { host, addresses } if addresses.is_empty() => {
                format!("{host} has no address")
            }
            RecordStatus::WrongTarget { host, addresses } => {
                format!("{host} has other addresses: {}", addresses.join(", "))
            }
            RecordStatus::LookupFailed(reason) => reason.clone(),
        };
        [<&str>::from(verdict).to_owned(), set.kind().to_owned(), set.name.to_string(), what]
    };
    table(&records.sets.iter().zip(verdicts).map(row).collect::<Vec<_>>())
}

fn json(records: &Records, verdicts: &[RecordStatus]) -> String {
    let record = |(set, verdict): (&RecordSet, &RecordStatus)| {
        let status: &str = verdict.into();
        let mut record = json!({
            "name": set.name.to_string(),
            "type": set.kind(),
            "values": set.values(),
            "status": status,
        });
        match verdict {
            RecordStatus::Different(published) | RecordStatus::WrongTarget { addresses: published, .. } => {
                record["published"] = json!(published);
            }
            RecordStatus::LookupFailed(reason) => record["reason"] = json!(reason),
            RecordStatus::Ok | RecordStatus::Missing => {}
        }
        record
    };
    let checked: Vec<_> = records.sets.iter().zip(verdicts).map(record).collect();
    format::pretty(&json!({ "domain": records.domain, "records": checked }))
}
