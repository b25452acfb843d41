//! Problems in configuration files, each with its file, line, column and hint.

pub mod problem;
pub mod toml_table;

pub use self::problem::{Location, Problem, Severity, nearest};
