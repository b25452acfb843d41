//! Metrics: counters, the request duration histogram, and their labels.
//!
//! The crate prometheus-client encodes them. It has no metrics of the process, so `process` reads `/proc`. Its histogram
//! locks a mutex for each observation, and its `Family` locks and hashes the labels, so `counters` keeps arrays of
//! atomic integers: counting a request takes neither a lock nor an allocation.

pub mod counters;
pub mod labels;
pub mod process;
pub mod text;
