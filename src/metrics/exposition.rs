//! Prometheus' text format, version 0.0.4.

use std::fmt::{Display, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

/// A text in the making.
#[derive(Debug, Default)]
pub struct Exposition(String);

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Exposition {
    /// Begins a metric; its samples follow.
    pub fn metric(&mut self, name: &'static str, kind: Kind, help: &str) -> Metric<'_> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        Metric { text: &mut self.0, name }
    }

    /// A metric that is a single number.
    pub fn single(&mut self, name: &'static str, kind: Kind, help: &str, value: impl Display) {
        self.metric(name, kind, help).sample(&[], value);
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

#[derive(Debug)]
pub struct Metric<'e> {
    text: &'e mut String,
    name: &'static str,
}

impl Metric<'_> {
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.suffixed("", labels, value);
    }

    /// A sample of a histogram: `_bucket`, `_sum`, `_count`.
    pub fn suffixed(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.text, "{}{suffix}", self.name);
        for (place, (name, value)) in labels.iter().enumerate() {
            let _ = write!(self.text, "{}{name}=\"", if place == 0 { '{' } else { ',' });
            for character in value.chars() {
                match character {
                    '\\' => self.text.push_str("\\\\"),
                    '"' => self.text.push_str("\\\""),
                    '\n' => self.text.push_str("\\n"),
                    other => self.text.push(other),
                }
            }
            self.text.push('"');
        }
        let _ = writeln!(self.text, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}

/// Seconds since the epoch; 0 for what was before.
pub fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_help_type_and_samples() {
        let mut text = Exposition::default();
        text.single("a_total", Kind::Counter, "All.", 1);
        let mut metric = text.metric("b", Kind::Gauge, "Some.");
        metric.sample(&[("name", "x\"y\\z\n"), ("other", "")], 0.5);
        assert_eq!(
            text.into_text(),
            "# HELP a_total All.\n# TYPE a_total counter\na_total 1\n# HELP b Some.\n# TYPE b gauge\n\
             b{name=\"x\\\"y\\\\z\\n\",other=\"\"} 0.5\n"
        );
    }
}
