//! Who asks, and whether they ask too often: looked at before anything else under `/api/v1`.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};
use jobs::context::Failure;

use super::document;
use super::limits::Limits;
use super::problem::refuse;
use crate::caller::Asker;
use crate::error::Error;
use crate::state::State;

/// Lets in whom we know, as often as they may. The document needs nobody's leave.
pub async fn door(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if request.path() == document::PATH {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let (state, limits) = (request.app_data::<web::Data<State>>().cloned(), request.app_data::<web::Data<Limits>>().cloned());
    let (Some(state), Some(limits)) = (state, limits) else {
        return Ok(refuse(request, Failure::Bug("the server has no state".to_owned()).into()));
    };
    let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let asker = match Asker::of(&state, authorization).await {
        Ok(asker) => asker,
        Err(error) => return Ok(refuse(request, error)),
    };
    let left = limits.ask(asker.subject());
    let mut response = match left.wait {
        Some(after) => refuse(request, Error::RateLimited { after }),
        None => {
            request.extensions_mut().insert(asker);
            next.call(request).await?.map_into_boxed_body()
        }
    };
    left.tell(response.headers_mut());
    Ok(response)
}
