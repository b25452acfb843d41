//! Waypost, a mail client configuration server: which mail servers does this address use?
//!
//! In reading order:
//!
//! - [`address`]: names and addresses, checked once where they enter
//! - [`profile`]: a provider's servers, names and help
//! - [`document`]: one answer, prepared once, with slots for what a request brings
//! - [`autoconfig`]: Mozilla's answer
//! - [`autodiscover`]: Microsoft's questions, answers and errors
//! - [`mobileconfig`]: Apple's answer
//! - [`pacc`]: the answer of the standard that is coming
//! - [`mta_sts`]: a domain's policy for other mail servers
//! - [`language`]: which language somebody gets
//! - [`page`]: the answer for a person with a browser
//! - [`pem`]: certificates and keys from files
//! - [`tls`]: certificates for listeners without a proxy
//! - [`prepared`]: a profile with all its answers
//! - [`directory`]: which profile answers for a domain
//! - [`config`]: the files, read into all of the above, or into every problem in them; and other
//!   people's files, turned into ours
//! - [`clients`]: what each real mail program would make of an answer
//! - [`check`]: that, held against what a profile prefers, and what is odd about the profile itself
//! - [`dns`]: the records that a domain needs, and whether they are published
//! - [`http`]: the route table, and everything between a socket and an answer
//! - [`service`]: the server as a service of its machine: signals, systemd, new configurations
//! - [`cli`]: what an operator can do

pub mod address;
pub mod admin;
pub mod certificates;
pub mod check;
pub mod cli;
pub mod clients;
pub mod config;
pub mod diagnostics;
pub mod directory;
pub mod dns;
pub mod documents;
pub mod files;
pub mod formats;
pub mod http;
pub mod logging;
pub mod metrics;
pub mod page;
pub mod profile;
pub mod server;
pub mod service;
pub mod xml;
