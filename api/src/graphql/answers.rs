//! Gives every error of an answer its stable code, and lets a request hold one operation only.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextRequest, NextSubscribe};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{ErrorExtensionValues, Response, ServerError, ServerResult, Variables};
use futures::StreamExt;
use futures::stream::BoxStream;

use crate::error::Error;
use crate::server::RequestId;

pub struct Answers;

impl ExtensionFactory for Answers {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Answers {
    async fn request(&self, context: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let mut response = next.run(context).await;
        let request_id = context.data_opt::<RequestId>();
        for error in &mut response.errors {
            give_code(error, request_id);
        }
        response
    }

    fn subscribe<'s>(
        &self,
        context: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        let request_id = context.data_opt::<RequestId>().cloned();
        next.run(context, stream)
            .map(move |mut response| {
                for error in &mut response.errors {
                    give_code(error, request_id.as_ref());
                }
                response
            })
            .boxed()
    }

    async fn parse_query(
        &self,
        context: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(context, query, variables).await?;
        if document.operations.iter().count() > 1 {
            return Err(ServerError::new("send one operation a request", None));
        }
        Ok(document)
    }
}

/// Ours know their code. Of the others, those about the whole question are malformed, those about a field have a bad input.
fn give_code(error: &mut ServerError, request_id: Option<&RequestId>) {
    let mut values = error.extensions.take().unwrap_or_default();
    if let Some(ours) = error.source::<Error>() {
        ours.log();
        say(&mut values, ours, request_id);
    } else if values.get("code").is_none() {
        let too_large = error.message.ends_with("too complex.") || error.message.ends_with("too deep.");
        let code = match (too_large, error.path.is_empty()) {
            (true, _) => "TOO_LARGE",
            (false, true) => "MALFORMED",
            (false, false) => "BAD_INPUT",
        };
        values.set("code", code);
    }
    error.extensions = Some(values);
}

fn say(values: &mut ErrorExtensionValues, error: &Error, request_id: Option<&RequestId>) {
    values.set("code", error.code());
    match error {
        Error::BadInput { field, .. } => values.set("field", *field),
        Error::RateLimited { after } => values.set("retryAfter", after.as_secs().max(1)),
        Error::Internal(_) => {
            if let Some(RequestId(id)) = request_id {
                values.set("requestId", id.clone());
            }
        }
        _ => {}
    }
}
