//! How SQLite finds pairs: by an index, whatever the size of the company. A walk through a lane for each batch made a migration grow with
//! the square of it.

use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};
use tests::World;

/// What the engine asks of pairs, and how far down an index leads to the answer.
const QUESTIONS: [(&str, &str); 6] = [
    (
        "SELECT xero_id, zoho_id, part, prints, answer, state FROM pair WHERE tenant_id = x'01' AND lane_id = x'02' AND zoho_id IN ('1', '2', '3')",
        "ix_pair_zoho (tenant_id=? AND lane_id=? AND zoho_id=?)",
    ),
    (
        "SELECT * FROM pair WHERE tenant_id = x'01' AND lane_id = x'02' AND zoho_id = '1'",
        "ix_pair_zoho (tenant_id=? AND lane_id=? AND zoho_id=?)",
    ),
    (
        "SELECT DISTINCT zoho_id, version FROM pair WHERE tenant_id = x'01' AND lane_id = x'02' AND state = 'settled' AND prints IS NOT NULL \
         AND zoho_id IN ('1', '2', '3') ORDER BY zoho_id",
        "ix_pair_zoho (tenant_id=? AND lane_id=? AND zoho_id=?)",
    ),
    (
        "UPDATE pair SET state = 'ready', need = NULL WHERE tenant_id = x'01' AND need IN (x'03', x'04')",
        "ix_pair_need (tenant_id=? AND need=?)",
    ),
    (
        "UPDATE pair SET seen = v.column2, seen_run = x'07' FROM (VALUES ('1', x'05'), ('2', x'06')) AS v WHERE pair.tenant_id = x'01' \
         AND pair.lane_id = x'02' AND pair.zoho_id = v.column1 AND COALESCE(pair.origin, '') <> 'also' \
         AND (pair.seen_run IS NULL OR pair.seen_run <> x'07') RETURNING zoho_id, part",
        "ix_pair_zoho (tenant_id=? AND lane_id=? AND zoho_id=?)",
    ),
    (
        "SELECT * FROM pair WHERE tenant_id = x'01' AND lane_id = x'02' AND xero_id IN ('1', '2', '3')",
        "PRIMARY KEY (tenant_id=? AND lane_id=? AND xero_id=?)",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_is_found_by_an_index_whatever_the_size_of_the_company() {
    let world = World::new().await;
    let database = &world.stage.context.database;
    if database.get_database_backend() == DatabaseBackend::Sqlite {
        // Samples of the records themselves are not taken: they would hold customers' ids.
        assert_eq!(world.rows("SELECT COUNT(*) AS n FROM sqlite_stat4").await, 0);
        for (question, index) in QUESTIONS {
            let asked = Statement::from_string(DatabaseBackend::Sqlite, format!("EXPLAIN QUERY PLAN {question}"));
            let rows = database.query_all_raw(asked).await.unwrap();
            let plan: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
            assert!(plan.iter().any(|step| step.contains(index)), "{question}: {plan:#?}");
        }
    }
    world.end().await;
}
