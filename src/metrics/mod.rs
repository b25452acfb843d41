//! What is counted.

pub mod counters;
pub mod exposition;
pub mod labels;
pub mod process;
