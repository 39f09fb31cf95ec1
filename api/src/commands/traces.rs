//! Sends traces to an OpenTelemetry collector. Only the spans that were made for it: ids and routes, never what is in a log's sentence.

use std::time::Duration;

use async_trait::async_trait;
use connectors::http::SPANS;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use crate::settings::Raw;

/// A collector that is slower loses a batch; nobody waits for it.
const EXPORT_WITHIN: Duration = Duration::from_secs(10);
/// What is still to be sent when the process ends.
const LAST_WITHIN: Duration = Duration::from_secs(2);

/// Sends while it lives; `end` sends the rest.
#[derive(Default)]
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// As `TRACES_URL` says. Must be called inside a runtime: the batches are sent by it.
    pub fn new(raw: &Raw) -> Result<Self, String> {
        let Some(text) = raw.get("TRACES_URL") else { return Ok(Self::default()) };
        let url = endpoint(text).ok_or("TRACES_URL: must be http://HOST:PORT or https://HOST of a collector")?;
        let client = reqwest::Client::builder().timeout(EXPORT_WITHIN).redirect(reqwest::redirect::Policy::none()).build();
        let client = Sender { client: client.map_err(|error| error.to_string())?, runtime: Handle::current() };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(url)
            .with_timeout(EXPORT_WITHIN)
            .build()
            .map_err(|error| format!("TRACES_URL: {error}"))?;
        let about = Resource::builder().with_service_name("cpconnect").build();
        Ok(Self(Some(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(about).build())))
    }

    /// Turns our spans into traces.
    pub fn layer<S>(&self) -> Option<impl Layer<S> + use<S>>
    where
        S: tracing::Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let tracer = self.0.as_ref()?.tracer("cpconnect");
        let ours = filter_fn(|about| about.is_span() && about.target() == SPANS);
        let layer = tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false);
        Some(layer.with_target(false).with_level(false).with_tracked_inactivity(false).with_filter(ours))
    }

    /// Sends what is left, within two seconds.
    pub async fn end(self) {
        let Some(provider) = self.0 else { return };
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST_WITHIN)).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// Where batches go: the path that OTLP names, unless another one is given.
fn endpoint(text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    if url.path() == "/" {
        url.set_path("/v1/traces");
    }
    Some(url.into())
}

/// Sends on our runtime whatever thread asks for it: the batches have a thread of their own, without one.
#[derive(Debug)]
struct Sender {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = reqwest::Request::try_from(request)?;
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let answer = client.execute(request).await?;
            let status = answer.status();
            // What a collector says is not read: that it answered is enough.
            Ok::<_, reqwest::Error>(Response::builder().status(status).body(Bytes::new()))
        });
        Ok(sent.await???)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collectors_address_gets_the_path_of_the_protocol() {
        assert_eq!(endpoint("http://127.0.0.1:4318").as_deref(), Some("http://127.0.0.1:4318/v1/traces"));
        assert_eq!(endpoint("https://x.example/otlp/v1/traces").as_deref(), Some("https://x.example/otlp/v1/traces"));
        for wrong in ["", "collector:4318", "grpc://x:4317", "http://"] {
            assert_eq!(endpoint(wrong), None, "{wrong}");
        }
    }
}
