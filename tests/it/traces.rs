//! What one cause has led to is one trace, in the real binary and in a collector's own format: from a provider's webhook to the write.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::json;
use tests::receiver::Receiver;
use tests::{World, books, eventually};
use url::Url;

#[tokio::test(flavor = "multi_thread")]
async fn what_xero_tells_and_what_is_written_for_it_are_one_trace() {
    let collector = Receiver::new().await;
    let mut world = World::without_worker().await;
    world.seed("tiny", None, None).await;
    // A collector's address has no path of its own: the protocol's is added.
    let address = Url::parse(&collector.url).unwrap().origin().ascii_serialization();
    let log = world.stage.folder.path().join("cpconnect.log");
    let mut server = world.served(&[("TRACES_URL", address)], &log).await;
    let connected = world.connected().await;
    world.migrate(&connected).await;

    world.stage.control("xero/webhooks", json!({ "url": server.url.join("/webhooks/xero").unwrap() })).await.unwrap();
    let contact = books::xero(&world, "Contacts").await[0]["ContactID"].clone();
    world.in_xero("Contacts", json!({ "ContactID": contact, "Name": "Renamed in Xero Ltd" })).await;
    eventually("the new name is in Zoho", async || {
        let contacts = books::zoho(&world, "contacts").await;
        contacts.iter().any(|one| one["contact_name"] == "Renamed in Xero Ltd").then_some(())
    })
    .await;
    assert!(server.ends().await.success());

    let spans = spans(&collector);
    let written: Vec<Vec<&str>> = spans.iter().filter(|span| is_write(span)).map(|span| causes(&spans, span)).collect();
    println!("{} spans; the last write: {:?}", spans.len(), written.last());
    let renamed = |causes: &&Vec<&str>| causes[0].starts_with("PUT ") && causes[0].contains("/contacts");
    let last = written.iter().rfind(renamed).unwrap();
    assert_eq!(last[1..], ["job run_link", "POST /webhooks/xero"]);
    assert!(written.iter().all(|causes| causes.get(1) == Some(&"job run_link")), "{written:#?}");
    world.end().await;
}

/// Everything that has arrived. Each batch came to the path of the protocol.
fn spans(collector: &Receiver) -> Vec<Span> {
    let mut spans = Vec::new();
    for batch in collector.arrived() {
        assert_eq!((batch.path.as_str(), batch.headers["content-type"].as_str()), ("/v1/traces", "application/x-protobuf"));
        let batch = ExportTraceServiceRequest::decode(batch.bytes.as_slice()).unwrap();
        for resource in batch.resource_spans {
            let about = resource.resource.unwrap();
            assert!(about.attributes.iter().any(|one| one.key == "service.name"), "{about:?}");
            spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    spans
}

fn is_write(span: &Span) -> bool {
    ["POST", "PUT", "DELETE"].iter().any(|method| span.name.starts_with(*method) && span.name.contains("/books/v3/"))
}

/// The span and what led to it, up to the first cause.
fn causes<'a>(spans: &'a [Span], span: &'a Span) -> Vec<&'a str> {
    let mut causes = vec![span.name.as_str()];
    let mut at = span;
    while let Some(parent) = spans.iter().find(|one| one.trace_id == at.trace_id && one.span_id == at.parent_span_id) {
        causes.push(parent.name.as_str());
        at = parent;
    }
    causes
}
