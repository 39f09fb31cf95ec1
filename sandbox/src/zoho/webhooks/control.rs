//! How deliveries go wrong by order: twice, in another order, not at all, or later.

use actix_web::web::{Data, Json, ServiceConfig};
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use crate::Shared;
use crate::delivery::Order;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/_sandbox/zoho/webhooks", web::post().to(order)).route("/_sandbox/zoho/webhooks", web::get().to(show));
}

async fn order(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    if let Err(says) = order.check() {
        return HttpResponse::BadRequest().body(says);
    }
    let post = &shared.zoho.post;
    post.follow(&order);
    let sent = if order.deliver { Some(post.flush().await) } else { None };
    told(&shared, sent)
}

async fn show(shared: Data<Shared>) -> HttpResponse {
    told(&shared, None)
}

fn told(shared: &Shared, sent: Option<usize>) -> HttpResponse {
    match counts(shared) {
        Ok(counts) => {
            let mut shown = shared.zoho.post.manner().shown();
            shown.insert("firings".into(), counts);
            shown.insert("delivered".into(), sent.into());
            HttpResponse::Ok().json(shown)
        }
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
