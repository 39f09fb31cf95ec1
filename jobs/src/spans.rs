//! Traces: everything that one cause has led to, from what a provider told to what was written. The queue carries a trace along in the
//! form of the W3C's `traceparent`.

use std::collections::HashMap;

use connectors::http::SPANS;
use entities::ids::{LinkId, RunId, TenantId};
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::field::Empty;
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

const HEADER: &str = "traceparent";

/// The trace that the caller is part of; nothing where no traces are made.
pub fn current() -> Option<String> {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&Context::current(), &mut carrier);
    carrier.remove(HEADER)
}

/// A span for one turn of a job, part of the trace of whoever asked for it.
pub fn job(name: &str, traceparent: Option<&str>) -> Span {
    if !tracing::span_enabled!(target: SPANS, Level::INFO) {
        return Span::none();
    }
    let span = tracing::info_span!(
        target: SPANS,
        "job",
        otel.kind = "consumer",
        otel.name = format!("job {name}"),
        otel.status_code = Empty,
        tenant.id = Empty,
        link.id = Empty,
        run.id = Empty,
    );
    if let Some(traceparent) = traceparent {
        let carrier = HashMap::from([(HEADER.to_owned(), traceparent.to_owned())]);
        // It fails only for a span that has begun to be one, which this has not.
        let _ = span.set_parent(TraceContextPropagator::new().extract(&carrier));
    }
    span
}

/// Whose work the job is.
pub fn of_link(tenant: TenantId, link: LinkId) {
    Span::current().record("tenant.id", tenant.to_string()).record("link.id", link.to_string());
}

/// Which run it works on.
pub fn of_run(run: RunId) {
    Span::current().record("run.id", run.to_string());
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_trace_goes_through_the_queue_and_without_traces_there_is_none() {
        assert_eq!(current(), None);
        assert!(job("x", Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")).is_none());
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let carried = tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let carried = tracing::info_span!(target: SPANS, "request").in_scope(current);
            job("run_link", carried.as_deref()).in_scope(|| of_run(RunId(uuid::Uuid::nil())));
            // What is no trace begins one of its own.
            job("run_link", Some("nonsense")).in_scope(|| ());
            carried
        });
        assert!(carried.is_some_and(|carried| carried.len() == 55));
        let spans = exporter.get_finished_spans().unwrap();
        let [request, job, other] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!((job.name.as_ref(), job.parent_span_id), ("job run_link", request.span_context.span_id()));
        assert_eq!(job.span_context.trace_id(), request.span_context.trace_id());
        assert!(job.attributes.iter().any(|attribute| attribute.key.as_str() == "run.id"));
        assert_ne!(other.span_context.trace_id(), request.span_context.trace_id());
    }
}
