//! `Idempotency-Key`: a request that is sent twice is done once, and answered twice alike for a day. What was asked is kept as a hash, what was
//! answered is sealed. A key is used up by success only: a refusal made nothing, so the same key may be sent with a better body. Of what
//! failed in us nobody knows how far it came: it is taken up where it stopped, under the same id.

use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpMessage, HttpResponse};
use entities::clock::At;
use entities::database::begin_write;
use entities::idempotency::{self, Model};
use entities::ids::TenantId;
use jobs::context::Failure;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, SqlErr};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::problem::refuse;
use crate::body::unread;
use crate::caller::Asker;
use crate::error::Error;
use crate::state::State;

const KEY: &str = "idempotency-key";
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
pub const KEY_CHARS_MAX: usize = 255;
const LIVES: Duration = Duration::from_secs(24 * 3600);
/// No request of ours takes as long. Whoever began it is gone, and it may be taken up.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);
/// What the keys are derived for.
const PRINTS: &str = "cpconnect 2026 idempotency print";
const ANSWERS: &str = "cpconnect 2026 idempotency answer";

/// The id of whatever this request makes: the same each time that it is taken up.
#[derive(Clone, Copy)]
pub struct Planned(pub Uuid);

/// What is kept of an answer, sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    location: Option<String>,
    body: String,
}

/// It is ours to do.
#[derive(Clone, Copy)]
struct Ours {
    planned: Planned,
    since: At,
    /// Somebody was at it before, and nobody knows how far they came.
    is_taken_up: bool,
}

/// What a key stands for.
enum Claim {
    Ours(Ours),
    Done(StatusCode, Kept, Option<TenantId>),
    /// Somebody is at it.
    UnderWay,
}

pub async fn once(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let keys: Vec<HeaderValue> = request.headers().get_all(KEY).cloned().collect();
    if request.method() != Method::POST || keys.is_empty() {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let asker = request.extensions().get::<Asker>().cloned();
    let (Some(state), Some(asker)) = (request.app_data::<Data<State>>().cloned(), asker) else {
        // What needs nobody's leave changes nothing.
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let read = request.extract::<Bytes>().await.map_err(|error| unread(&error));
    let named = match (read, keys.as_slice()) {
        (Ok(body), [key]) => key_of(key).map(|key| (body, key)),
        (Ok(_), _) => Err(bad_key()),
        (Err(error), _) => Err(error),
    };
    let (body, key) = match named {
        Ok(named) => named,
        Err(error) => return Ok(refuse(request, error)),
    };
    let work = Work {
        owner: Sha256::digest(asker.subject().as_bytes()).to_vec(),
        key_hash: Sha256::digest(key.as_bytes()).to_vec(),
        tenant: tenant_of(request.path()),
        makes_tenant: request.path().trim_end_matches('/') == "/api/v1/tenants",
        asked: [request.method().as_str().as_bytes(), b" ", request.uri().to_string().as_bytes(), b"\n", &body].concat(),
    };
    request.set_payload(Payload::from(body));
    let ours = match work.claim(&state).await {
        Ok(Claim::Ours(ours)) => {
            request.extensions_mut().insert(ours.planned);
            ours
        }
        // Whoever may not see the customer any more does not see what was answered about them either.
        Ok(Claim::Done(status, kept, tenant)) => match sees(&asker, &state, tenant).await {
            Ok(()) => return Ok(replay(request, status, kept)),
            Err(error) => return Ok(refuse(request, error)),
        },
        Ok(Claim::UnderWay) => {
            let said = "a request with this Idempotency-Key is being done; ask again in a moment";
            let mut response = refuse(request, Error::Conflict(said.to_owned()));
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            return Ok(response);
        }
        Err(error) => return Ok(refuse(request, error)),
    };
    let response = next.call(request).await?.map_into_boxed_body();
    let (request, answer) = response.into_parts();
    // What is still being done is asked for again, and not told for a day as it stood at first.
    if !answer.status().is_success() || answer.status() == StatusCode::ACCEPTED {
        let left = match answer.status().is_server_error() || ours.is_taken_up {
            true => work.leave(&state, ours.since).await,
            false => work.forget(&state, ours.since).await,
        };
        return Ok(match left {
            Ok(()) => ServiceResponse::new(request, answer),
            Err(error) => ServiceResponse::new(request, HttpResponse::from_error(error)),
        });
    }
    let (answer, body) = answer.into_parts();
    let body = to_bytes(body).await.map_err(actix_web::error::ErrorInternalServerError)?;
    let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let kept = Kept { location, body: String::from_utf8_lossy(&body).into_owned() };
    // It is done, whether that could be noted or not: who asks again in a minute takes it up and finds it.
    if let Err(error) = work.keep(&state, ours.since, answer.status(), &kept).await {
        error.log();
    }
    Ok(ServiceResponse::new(request, answer.set_body(BoxBody::new(body))))
}

/// One request under a key.
struct Work {
    owner: Vec<u8>,
    key_hash: Vec<u8>,
    /// The customer that its address names.
    tenant: Option<TenantId>,
    /// What is planned is a customer; elsewhere it is of a customer, or of the partner itself.
    makes_tenant: bool,
    asked: Vec<u8>,
}

impl Work {
    async fn claim(&self, state: &State) -> Result<Claim, Error> {
        let now = state.now();
        let transaction = begin_write(&state.database).await?;
        let found = idempotency::Entity::of(&self.owner, &self.key_hash).lock_exclusive().one(&transaction).await?;
        let known = found.filter(|row| now < row.expires_at);
        if let Some(row) = known {
            if !self.is_of(state, &row) {
                let said = "this Idempotency-Key was used for another request; every request needs a key of its own";
                return Err(Error::Conflict(said.to_owned()));
            }
            if let (Some(status), Some(answer)) = (row.status, &row.answer) {
                return self.read(state, &row, status, answer);
            }
            if now.since(row.claimed_at) < ABANDONED_AFTER {
                return Ok(Claim::UnderWay);
            }
            let taken = idempotency::Entity::update_many()
                .col_expr(idempotency::Column::ClaimedAt, Expr::value(now))
                .filter(idempotency::Column::Owner.eq(self.owner.clone()))
                .filter(idempotency::Column::KeyHash.eq(self.key_hash.clone()));
            taken.exec(&transaction).await?;
            transaction.commit().await?;
            return Ok(Claim::Ours(Ours { planned: Planned(row.planned_id), since: now, is_taken_up: true }));
        }
        // Only what is over: on PostgreSQL another may have claimed the key since we looked, and that stays.
        self.delete().filter(idempotency::Column::ExpiresAt.lte(now)).exec(&transaction).await?;
        let planned = entities::ids::TenantId::new(state.clock.as_ref(), state.chance.as_ref()).0;
        let row = idempotency::ActiveModel {
            owner: Set(self.owner.clone()),
            key_hash: Set(self.key_hash.clone()),
            print: Set(self.print(state, &state.keys.newest()).unwrap_or_default()),
            planned_id: Set(planned),
            claimed_at: Set(now),
            expires_at: Set(now.plus(LIVES)),
            status: Set(None),
            answer: Set(None),
            tenant_id: Set(self.tenant.or(self.makes_tenant.then_some(TenantId(planned)))),
        };
        match row.insert(&transaction).await {
            Ok(_) => {}
            // Another one was quicker by a moment.
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => return Ok(Claim::UnderWay),
            Err(error) => return Err(error.into()),
        }
        transaction.commit().await?;
        Ok(Claim::Ours(Ours { planned: Planned(planned), since: now, is_taken_up: false }))
    }

    async fn keep(&self, state: &State, since: At, status: StatusCode, kept: &Kept) -> Result<(), Error> {
        let plain = serde_json::to_vec(kept).map_err(|error| Failure::Bug(error.to_string()))?;
        let sealed = state.keys.seal(ANSWERS, &self.place(), &plain, state.chance.as_ref());
        idempotency::Entity::update_many()
            .col_expr(idempotency::Column::Status, Expr::value(i32::from(status.as_u16())))
            .col_expr(idempotency::Column::Answer, Expr::value(Some(sealed)))
            .filter(idempotency::Column::Owner.eq(self.owner.clone()))
            .filter(idempotency::Column::KeyHash.eq(self.key_hash.clone()))
            .filter(idempotency::Column::ClaimedAt.eq(since))
            .exec(&state.database)
            .await?;
        Ok(())
    }

    /// Nothing was made: the key is free again, unless somebody else has taken it up meanwhile.
    async fn forget(&self, state: &State, since: At) -> Result<(), Error> {
        self.delete().filter(idempotency::Column::ClaimedAt.eq(since)).exec(&state.database).await?;
        Ok(())
    }

    /// Who asks again takes it up at once.
    async fn leave(&self, state: &State, since: At) -> Result<(), Error> {
        idempotency::Entity::update_many()
            .col_expr(idempotency::Column::ClaimedAt, Expr::value(At(0)))
            .filter(idempotency::Column::Owner.eq(self.owner.clone()))
            .filter(idempotency::Column::KeyHash.eq(self.key_hash.clone()))
            .filter(idempotency::Column::ClaimedAt.eq(since))
            .exec(&state.database)
            .await?;
        Ok(())
    }

    fn delete(&self) -> sea_orm::DeleteMany<idempotency::Entity> {
        idempotency::Entity::delete_many()
            .filter(idempotency::Column::Owner.eq(self.owner.clone()))
            .filter(idempotency::Column::KeyHash.eq(self.key_hash.clone()))
    }

    fn read(&self, state: &State, row: &Model, status: i32, answer: &[u8]) -> Result<Claim, Error> {
        let opened = state
            .keys
            .open(ANSWERS, &self.place(), answer)
            .map_err(|_| Error::Conflict("this was done before; what was answered can no longer be read".to_owned()))?;
        let kept = serde_json::from_slice(&opened).map_err(|error| Failure::Bug(error.to_string()))?;
        let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        Ok(Claim::Done(status.unwrap_or(StatusCode::OK), kept, row.tenant_id))
    }

    /// A hash of what is asked, under a key of this master key: who has the database cannot try names and addresses on it.
    fn print(&self, state: &State, master: &str) -> Option<Vec<u8>> {
        let key = state.keys.derived_of(master, PRINTS)?;
        let mut print = format!("{master}.").into_bytes();
        print.extend_from_slice(blake3::keyed_hash(&key, &self.asked).as_bytes());
        Some(print)
    }

    fn is_of(&self, state: &State, row: &Model) -> bool {
        let master = entities::sealed::MasterKeys::wrapped_with(&row.print);
        master.and_then(|master| self.print(state, master)).is_some_and(|print| print == row.print)
    }

    fn place(&self) -> Vec<u8> {
        [self.owner.as_slice(), &self.key_hash].concat()
    }
}

/// The customer that an address is about.
pub fn tenant_of(path: &str) -> Option<TenantId> {
    path.strip_prefix("/api/v1/tenants/")?.split('/').next()?.parse().ok()
}

async fn sees(asker: &Asker, state: &State, tenant: Option<TenantId>) -> Result<(), Error> {
    match tenant {
        Some(tenant) if !asker.sees(state, tenant).await? => Err(Error::NotFound("tenant")),
        _ => Ok(()),
    }
}

fn replay(request: ServiceRequest, status: StatusCode, kept: Kept) -> ServiceResponse<BoxBody> {
    let mut answer = HttpResponse::build(status);
    answer.insert_header((REPLAYED, "true")).insert_header((CONTENT_TYPE, "application/json"));
    if let Some(location) = kept.location {
        answer.insert_header((LOCATION, location));
    }
    request.into_response(answer.body(kept.body))
}

fn bad_key() -> Error {
    Error::bad_input("Idempotency-Key", format!("send one Idempotency-Key of 1 to {KEY_CHARS_MAX} visible ASCII characters"))
}

fn key_of(value: &HeaderValue) -> Result<String, Error> {
    let key = value.to_str().unwrap_or_default();
    let fits = (1..=KEY_CHARS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(key.to_owned()) } else { Err(bad_key()) }
}
