//! How deliveries go wrong by order: twice, in another order, not at all, or later.

use actix_web::web::{Data, Json, ServiceConfig};
use actix_web::{HttpResponse, web};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use serde::Deserialize;
use serde_json::{Value, json};

use super::post::Manner;
use crate::Shared;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/_sandbox/zoho/webhooks", web::post().to(order)).route("/_sandbox/zoho/webhooks", web::get().to(show));
}

/// What is left out stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    duplicate: Option<bool>,
    reorder: Option<bool>,
    lose: Option<f64>,
    seed: Option<u64>,
    hold: Option<bool>,
    /// Sends once, now, whatever is held or waits for its time.
    #[serde(default)]
    deliver: bool,
}

async fn order(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    let post = &shared.zoho.post;
    let was = post.manner();
    let lose = order.lose.unwrap_or(was.lose);
    if !(0.0..=1.0).contains(&lose) {
        return HttpResponse::BadRequest().body("lose is a share from 0 to 1");
    }
    post.set_manner(Manner {
        duplicate: order.duplicate.unwrap_or(was.duplicate),
        reorder: order.reorder.unwrap_or(was.reorder),
        lose,
        hold: order.hold.unwrap_or(was.hold),
        random: order.seed.map_or(was.random, SmallRng::seed_from_u64),
    });
    let sent = if order.deliver { Some(post.flush().await) } else { None };
    told(&shared, sent)
}

async fn show(shared: Data<Shared>) -> HttpResponse {
    told(&shared, None)
}

fn told(shared: &Shared, sent: Option<usize>) -> HttpResponse {
    let manner = shared.zoho.post.manner();
    match counts(shared) {
        Ok(counts) => HttpResponse::Ok().json(json!({
            "duplicate": manner.duplicate, "reorder": manner.reorder, "lose": manner.lose, "hold": manner.hold, "firings": counts, "delivered": sent,
        })),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

/// How many firings there are of each state.
fn counts(shared: &Shared) -> rusqlite::Result<Value> {
    shared.store.with(|connection| {
        let mut statement = connection.prepare_cached("SELECT state, count(*) FROM zoho_firing GROUP BY state")?;
        let mut counts = json!({"queued": 0, "success": 0, "failure": 0, "lost": 0});
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            counts[row.get::<_, String>(0)?] = row.get::<_, i64>(1)?.into();
        }
        let beyond: i64 = connection
            .prepare_cached(
                "SELECT coalesce(sum(next - 1), 0) FROM zoho_sequence WHERE name LIKE 'webhook firings beyond the day %'",
            )?
            .query_row([], |row| row.get(0))?;
        counts["beyond_the_day"] = beyond.into();
        Ok(counts)
    })
}
