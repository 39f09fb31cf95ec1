//! What every body goes through, whichever interface it is for: it arrives whole, is not too large, and has no NUL.

use actix_web::http::StatusCode;
use actix_web::web::Bytes;

use crate::error::Error;

/// The longest question that staff's screens have is below 10 KiB.
pub const BODY_BYTES_MAX: usize = 100 * 1024;

/// A body as a handler gets it.
pub type Arrived = Result<Bytes, actix_web::Error>;

/// Why a body did not arrive.
pub fn unread(error: &actix_web::Error) -> Error {
    match error.as_response_error().status_code() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge(format!("send {BODY_BYTES_MAX} bytes at most")),
        _ => Error::Malformed("the body did not arrive whole".to_owned()),
    }
}

/// No text of ours has a NUL, and PostgreSQL takes none: refused before anybody looks for it.
pub fn refuse_nul(body: &[u8]) -> Result<(), Error> {
    match body.windows(6).any(|six| six == b"\\u0000") {
        true => Err(Error::Malformed("the body has a NUL character".to_owned())),
        false => Ok(()),
    }
}
