//! Whole requests over real sockets, whole answers compared byte for byte.
//!
//! Tests whose name begins with `autoconfig_NN` or `autodiscover_NN` stand for the item of that
//! number in the checklists of the protocols' references.

#![allow(
    clippy::unwrap_used,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::too_many_lines,
    reason = "tests"
)]

mod agreement;
mod autoconfig;
mod autodiscover;
mod autodiscover_json;
mod browser;
mod certificates;
mod check;
mod cli;
mod clients;
mod columns;
mod common;
mod configuration;
mod crowds;
#[cfg(feature = "sql")]
mod databases;
mod dns;
mod documentation;
mod exit_codes;
mod faults;
mod forwarded;
mod fuzzing;
mod grid;
mod import;
mod import_field;
mod layers;
mod limits;
mod logs;
mod mobileconfig;
mod name_server;
mod operator;
mod pacc;
mod packages;
mod page;
mod page_language;
#[cfg(feature = "sql")]
mod panels;
mod paths;
mod pebble;
mod profile_mistakes;
mod program;
mod properties;
mod proxies;
mod reference;
mod reload;
mod reload_command;
mod sandbox;
mod service;
mod show;
mod signing;
#[cfg(feature = "sql")]
mod sql;
mod sql_admin;
#[cfg(feature = "sql")]
mod sql_commands;
#[cfg(feature = "sql")]
mod sql_replicas;
#[cfg(feature = "sql")]
mod sql_serve;
#[cfg(feature = "sql")]
mod sql_servers;
mod tls;
mod tls_allowed;
mod well_known;

use fuzzing::bodies::strict;
