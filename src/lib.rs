//! Waypost, a mail client configuration server: it tells a mail program which servers a mailbox uses.
//!
//! In reading order, from the bottom up. A module uses only modules above it in this list; `.ci/layers` checks that.
//!
//! - [`address`]: `EmailAddress` and `Domain`
//! - `xml`: an XML tree with the place of each element, and the encoding of a document
//! - [`profile`]: the types of a profile: servers, host names, user names, services
//! - `files`: reading files with a size limit, and the list of files a configuration was read from
//! - [`diagnostics`]: problems with file, line, column and hint; the TOML table reader that reports them
//! - `logging`: the log, and which fields of a request are ever written to it
//! - [`certificates`]: certificates and keys from PEM files, and when they expire
//! - `metrics`: what is counted, and the Prometheus text format
//! - [`clients`]: how each mail client interprets a document, one file per client
//! - [`documents`]: what is sent: autoconfig, Autodiscover, Apple profiles, PACC, MTA-STS
//! - [`directory`]: from a domain to its profile
//! - [`page`]: the setup page for people
//! - [`formats`]: profiles as files: TOML, Mozilla's XML, import
//! - [`config`]: `waypost.toml`, and loading everything that it names
//! - [`check`]: runs the client models on every profile, and the lints
//! - [`dns`]: the DNS records of a domain, and their comparison with what is published
//! - [`http`]: router, extractors, handlers, middleware, responses, errors
//! - [`admin`]: the routes of the admin listener
//! - [`server`]: listeners, TLS, connections, connection limit, shutdown
//! - [`service`]: signals, systemd, reload
//! - [`cli`]: the commands

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
mod logging;
mod metrics;
pub mod page;
pub mod profile;
pub mod server;
pub mod service;
pub mod xml;
