//! Sends traces to an OpenTelemetry collector. Only the spans that were made for it: ids and routes, never what is in a log's sentence.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use connectors::http::SPANS;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use reqwest::StatusCode;
use tokio::runtime::Handle;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

use crate::error::chain;
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
        let client = Sender {
            client: client.map_err(|error| error.to_string())?,
            runtime: Handle::current(),
            is_failing: AtomicBool::new(false),
        };
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

    /// Sends what is left, within two seconds: a collector that hangs keeps no process from its end.
    pub async fn end(self) {
        let Some(provider) = self.0 else { return };
        let (ended, end) = tokio::sync::oneshot::channel();
        // A thread of its own, because a runtime waits for those of its own.
        std::thread::spawn(move || ended.send(provider.shutdown_with_timeout(LAST_WITHIN)));
        match tokio::time::timeout(LAST_WITHIN, end).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(%error, "the last traces could not be sent"),
            Ok(Err(_)) | Err(_) => tracing::warn!("the last traces could not be sent in time"),
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
    /// The collector took nothing of the last batch: said once, until it takes one again.
    is_failing: AtomicBool,
}

impl Sender {
    fn note(&self, sent: Result<StatusCode, &str>) {
        let problem = match sent {
            Ok(status) if status.is_success() => None,
            Ok(status) => Some(format!("it answers {status}")),
            Err(problem) => Some(problem.to_owned()),
        };
        match (&problem, self.is_failing.swap(problem.is_some(), Ordering::Relaxed)) {
            (Some(problem), false) => tracing::warn!(problem, "the collector takes no traces; they are lost until it does"),
            (None, true) => tracing::info!("the collector takes traces again"),
            (Some(_), true) | (None, false) => {}
        }
    }
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
        match sent.await? {
            Ok(answer) => {
                let answer = answer?;
                self.note(Ok(answer.status()));
                Ok(answer)
            }
            Err(error) => {
                let error = error.without_url();
                self.note(Err(&chain(&error)));
                Err(error.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_collector_that_takes_nothing_is_noticed_until_it_does() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answers = tokio::spawn(async move {
            for status in ["503 Busy", "503 Busy", "200 OK"] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await.unwrap();
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let sender = Sender { client: reqwest::Client::new(), runtime: Handle::current(), is_failing: AtomicBool::new(false) };
        let mut failing = Vec::new();
        for _ in 0..4 {
            let batch = Request::post(format!("http://{address}/v1/traces")).body(Bytes::new()).unwrap();
            // The fourth finds nobody there any more.
            let _ = sender.send_bytes(batch).await;
            failing.push(sender.is_failing.load(Ordering::Relaxed));
        }
        answers.await.unwrap();
        assert_eq!(failing, [true, true, false, true]);
    }

    #[test]
    fn a_collectors_address_gets_the_path_of_the_protocol() {
        assert_eq!(endpoint("http://127.0.0.1:4318").as_deref(), Some("http://127.0.0.1:4318/v1/traces"));
        assert_eq!(endpoint("https://x.example/otlp/v1/traces").as_deref(), Some("https://x.example/otlp/v1/traces"));
        for wrong in ["", "collector:4318", "grpc://x:4317", "http://"] {
            assert_eq!(endpoint(wrong), None, "{wrong}");
        }
    }
}
