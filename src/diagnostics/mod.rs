//! Problems in configuration files, each with its file, line, column and hint.

pub mod problem;
mod render;
pub mod toml_table;

pub use self::problem::{Location, Problem, Severity, nearest};
pub use self::render::ProblemRenderer;
