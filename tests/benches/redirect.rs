//! How long an address between the two sides takes to lead on, with a hundred thousand pairs in the link, on a connection that is kept:
//! `cargo bench -p tests --bench redirect`, or `… -- 500000` for more pairs.
//!
//! Server and database are in this process, nobody else works. Printed, never asserted.

use std::time::{Duration, Instant};

use entities::database::{begin_write, sql};
use entities::ids::TenantId;
use entities::{lane, link};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use tests::World;
use uuid::Uuid;

const PAIRS: u64 = 100_000;
const ASKED: u64 = 2_000;
/// Pairs of one statement.
const AT_ONCE: u64 = 500;

fn main() {
    let pairs = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(PAIRS);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(pairs));
}

async fn measure(pairs: u64) {
    let mut world = World::new().await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    world.stage.stop_worker().await;
    let database = &world.stage.context.database;
    let tenant: TenantId = connected.tenant.parse().expect("an id");
    let link = link::Entity::of(tenant).one(database).await.expect("a query").expect("a link");
    let lane = lane::Entity::of(tenant).filter(lane::Column::Flow.eq("books.customers")).one(database).await;
    let lane = lane.expect("a query").expect("a lane").id;
    for from in (0..pairs).step_by(AT_ONCE as usize) {
        let transaction = begin_write(database).await.expect("a transaction");
        let mut values: Vec<sea_orm::Value> = vec![tenant.0.into(), lane.0.into()];
        let rows: Vec<String> = (from..(from + AT_ONCE).min(pairs))
            .map(|n| {
                values.push(xero_id(n).into());
                values.push(zoho_id(n).into());
                format!("($1, $2, ${}, ${}, 'settled')", values.len() - 1, values.len())
            })
            .collect();
        let text = format!("INSERT INTO pair (tenant_id, lane_id, xero_id, zoho_id, state) VALUES {}", rows.join(", "));
        let statement = sql(transaction.get_database_backend(), text, values);
        transaction.execute_raw(statement).await.expect("pairs");
        transaction.commit().await.expect("pairs");
    }
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    println!("{pairs} pairs, {ASKED} addresses each");
    println!("{:>22} {:>8} {:>8} {:>8}", "", "p50 ms", "p99 ms", "most ms");
    let unknown = Uuid::nil();
    for (what, status, path) in [
        ("Xero to Zoho", 302, &(|n| format!("x/{}/contacts/{}", link.key, xero_id(n))) as &dyn Fn(u64) -> String),
        ("by Zoho's id", 302, &|n| format!("x/{}/contacts/zoho:{}", link.key, zoho_id(n))),
        ("Zoho to Xero", 302, &|n| format!("z/{}/contacts/{}", link.key, zoho_id(n))),
        ("not linked", 404, &|_| format!("x/{}/contacts/{unknown}", link.key)),
        ("no such link", 404, &|n| format!("x/{n:032x}/contacts/{unknown}")),
    ] {
        let mut times = Vec::new();
        for n in 0..ASKED {
            let url = world.url(&format!("/{}", path(n.wrapping_mul(7919) % pairs)));
            let began = Instant::now();
            let answer = client.get(url).send().await.expect("an answer");
            let found = answer.status().as_u16();
            answer.bytes().await.expect("a whole answer");
            times.push(began.elapsed());
            assert_eq!(found, status, "{what}");
        }
        tell(what, &mut times);
    }
    world.end().await;
}

fn xero_id(n: u64) -> String {
    Uuid::from_u128(0x0c0a_0000_0000_4000_8000_0000_0000_0000 + u128::from(n)).to_string()
}

fn zoho_id(n: u64) -> String {
    format!("46{n:015}")
}

fn tell(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize].as_secs_f64() * 1000.0;
    println!("{what:>22} {:>8.2} {:>8.2} {:>8.2}", at(0.5), at(0.99), at(1.0));
}
