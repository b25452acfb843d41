//! The Prometheus text format, version 0.0.4.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, prometheus_text};
use prometheus_client::registry::Registry;

pub use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

/// The bounds that the crate writes with an exponent. Series keep the label values of earlier releases.
const BOUNDS: [(&str, &str); 3] = [
    (r#"le="1e-05""#, r#"le="0.00001""#),
    (r#"le="2.5e-05""#, r#"le="0.000025""#),
    (r#"le="5e-05""#, r#"le="0.00005""#),
];

/// Everything that a collector writes.
pub fn text(collector: impl Collector) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(collector));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry)?;
    Ok(BOUNDS.iter().fold(text, |text, (from, to)| text.replace(from, to)))
}

/// Writes a metric. The encoder adds `_total` to the name of a counter, and `_info` to the name of an info metric.
pub fn write(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &impl EncodeMetric,
) -> fmt::Result {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}
