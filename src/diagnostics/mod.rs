//! Problems in configuration files, each with its file, line, column and hint.

pub mod problem;
pub mod problems;
mod render;
pub mod table;
mod toml_syntax;
mod wrap;

pub use self::problem::{Location, Problem, Severity, nearest};
pub use self::problems::Problems;
pub use self::render::ProblemRenderer;
pub use self::wrap::{WIDTH, wrapped};
