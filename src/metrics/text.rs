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
pub fn encode(collector: impl Collector) -> Result<String, fmt::Error> {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus_client::metrics::MetricType::Counter;
    use prometheus_client::metrics::counter::ConstCounter;

    use super::*;
    use crate::metrics::counters::Metrics;
    use crate::metrics::labels::{Family, Outcome, Route};

    #[derive(Debug)]
    struct Samples;

    impl Collector for Samples {
        fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
            write(&mut encoder, "a", "All.", &ConstCounter::new(1_u64))?;
            let mut labelled = encoder.encode_descriptor("b", "Some.", None, Counter)?;
            let labels = [("name", "x\"y\\z\n"), ("other", "")];
            ConstCounter::new(2_u64).encode(labelled.encode_family(&labels)?)?;
            let metrics = Metrics::default();
            metrics.answered(Route::Pacc, Outcome::Answered, Family::Curl, Duration::from_micros(500));
            let (_, histogram) = metrics.durations().next().ok_or(fmt::Error)?;
            write(&mut encoder, "c", "Time.", histogram)
        }
    }

    #[test]
    fn writes_help_type_labels_and_every_bound() {
        assert_eq!(
            encode(Samples).unwrap(),
            r#"# HELP a_total All.
# TYPE a_total counter
a_total 1
# HELP b_total Some.
# TYPE b_total counter
b_total{name="x\"y\\z\n",other=""} 2
# HELP c Time.
# TYPE c histogram
c_bucket{le="0.00001"} 0
c_bucket{le="0.000025"} 0
c_bucket{le="0.00005"} 0
c_bucket{le="0.0001"} 0
c_bucket{le="0.00025"} 0
c_bucket{le="0.0005"} 1
c_bucket{le="0.001"} 1
c_bucket{le="0.005"} 1
c_bucket{le="0.025"} 1
c_bucket{le="0.1"} 1
c_bucket{le="1"} 1
c_bucket{le="10"} 1
c_bucket{le="+Inf"} 1
c_sum 0.0005
c_count 1
"#
        );
    }
}
