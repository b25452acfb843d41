//! `waypost dns --check`: compares the records of domains with what is published.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};

use super::domains::Domains;
use super::left_out::LeftOut;
use super::records::{json_not_served, note_wildcards};
use super::{comparison, json_array};
use crate::address::Domain;
use crate::cli::output::{could_not_run, exit_code, print};
use crate::cli::parallel::with_progress;
use crate::dns::{RecordStatus, Records, Resolver, compare, format};

/// How many domains are looked up at a time, each with about 15 questions at once.
const CONCURRENT_DOMAINS: usize = 8;

pub struct Check<'c> {
    pub domains: &'c Domains<'c>,
    pub resolver: Option<SocketAddr>,
    pub timeout: Duration,
    pub is_json: bool,
}

/// The result for all domains.
#[derive(Default)]
struct Report<'c> {
    text: String,
    counts: comparison::Counts,
    /// Domains in the text.
    domains: usize,
    not_served: Vec<&'c Domain>,
    left_out: LeftOut,
    answered: usize,
    unanswered: usize,
    has_errors: bool,
}

impl<'c> Check<'c> {
    pub fn run(&self) -> Result<ExitCode, ExitCode> {
        let number = self.domains.list.len();
        let report = with_progress(number, "domains compared", |done| self.report(done))
            .map_err(|reason| could_not_run(&reason, None))?;
        let code = print(&report.text, self.exit_code(&report));
        note_wildcards(&self.domains.wildcards);
        for domain in &report.not_served {
            self.domains.report_not_served(domain);
        }
        report.left_out.report(!self.is_json);
        Ok(code)
    }

    /// Reports questions without an answer. A wrong record decides the exit code, then a question without an answer.
    /// Without any answer there is no result.
    fn exit_code(&self, report: &Report<'_>) -> ExitCode {
        let Report { answered, unanswered, .. } = report;
        let has_errors = report.has_errors || report.left_out.has_errors() || !report.not_served.is_empty();
        if *unanswered == 0 {
            return exit_code(has_errors);
        }
        let server =
            self.resolver.map_or("the system's name server".to_owned(), |address| address.to_string());
        let mut error = format!("{server} did not answer {unanswered} of {} queries", answered + unanswered);
        let left = self.domains.list.len() - report.domains;
        if left > 0 {
            let _ = write!(error, ";\nthe other domains were not compared: {left}");
        }
        let hint = match self.resolver {
            Some(_) => {
                "check the address in --resolver, or remove --resolver to use the system's name server"
            }
            None => "set --resolver to the IP address of a working name server",
        };
        let could_not_run = could_not_run(&error, Some(hint));
        if has_errors && *answered > 0 { exit_code(true) } else { could_not_run }
    }

    fn report(&self, done: &AtomicUsize) -> Result<Report<'c>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("the comparison cannot start: {error}"))?;
        runtime.block_on(async {
            let resolver = Resolver::new(self.resolver, self.timeout).map_err(|error| {
                let hint = "\nhint: set --resolver to the IP address of a name server";
                format!("{error}{}", if self.resolver.is_none() { hint } else { "" })
            })?;
            let mut report = Report::default();
            let comparisons = self.domains.list.iter().map(|domain| self.compare(&resolver, domain));
            let mut comparisons = stream::iter(comparisons).buffered(CONCURRENT_DOMAINS);
            while let Some((domain, compared)) = comparisons.next().await {
                done.fetch_add(1, Ordering::Relaxed);
                self.add(&mut report, domain, compared);
                if report.answered == 0 && report.unanswered > 0 && report.domains >= CONCURRENT_DOMAINS {
                    // The name server is down. The other domains would each wait for the timeout.
                    break;
                }
            }
            self.finish(&mut report);
            Ok(report)
        })
    }

    /// None if the domain is not served.
    async fn compare(
        &self,
        resolver: &Resolver,
        domain: &'c Domain,
    ) -> (&'c Domain, Option<(Records, Vec<RecordStatus>)>) {
        let Some(records) = self.domains.records(domain) else { return (domain, None) };
        let addresses = &self.domains.config.settings.dns.addresses;
        let statuses = compare(resolver, &records.sets, addresses).await;
        (domain, Some((records, statuses)))
    }

    fn add(
        &self,
        report: &mut Report<'c>,
        domain: &'c Domain,
        compared: Option<(Records, Vec<RecordStatus>)>,
    ) {
        report.text += &match &compared {
            Some((records, statuses)) if self.is_json => {
                self.element(report.domains, &comparison::json(records, statuses))
            }
            Some((records, statuses)) => comparison::text(records, statuses, self.domains.is_single),
            None if self.is_json => self.element(report.domains, &json_not_served(domain)),
            None => comparison::not_served(domain),
        };
        report.domains += 1;
        let Some((records, statuses)) = compared else {
            report.not_served.push(domain);
            return;
        };
        report.left_out.add(&records);
        report.counts.add(&statuses);
        report.has_errors |= statuses.iter().any(RecordStatus::is_error);
        let is_unanswered = |status: &&RecordStatus| matches!(status, RecordStatus::LookupFailed(_));
        let unanswered = statuses.iter().filter(is_unanswered).count();
        report.unanswered += unanswered;
        report.answered += statuses.len() - unanswered;
    }

    fn element(&self, index: usize, value: &serde_json::Value) -> String {
        if self.domains.is_single { format::pretty(value) } else { json_array::element(index, value) }
    }

    fn finish(&self, report: &mut Report<'_>) {
        if !self.is_json {
            report.text += &report.counts.summary(report.domains);
        } else if !self.domains.is_single {
            report.text += json_array::end(report.domains);
        }
    }
}
