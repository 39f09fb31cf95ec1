//! How SQLite finds pairs: by an index, whatever the size of the company. A walk through a lane for each batch made a migration grow with
//! the square of it.

use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};
use tests::World;

/// What the engine asks of pairs, and the index that answers.
const QUESTIONS: [(&str, &str); 5] = [
    ("SELECT xero_id FROM pair WHERE tenant_id = x'01' AND lane_id = x'02' AND zoho_id IN ('1', '2', '3')", "ix_pair_zoho"),
    ("SELECT xero_id FROM pair WHERE tenant_id = x'01' AND lane_id = x'02' AND zoho_id = '1'", "ix_pair_zoho"),
    ("UPDATE pair SET state = 'ready' WHERE tenant_id = x'01' AND need IN (x'03', x'04')", "ix_pair_need"),
    (
        "UPDATE pair SET seen = v.column2 FROM (VALUES ('1', x'05'), ('2', x'06')) AS v WHERE pair.tenant_id = x'01' AND pair.lane_id = x'02' \
         AND pair.zoho_id = v.column1",
        "ix_pair_zoho",
    ),
    ("SELECT xero_id FROM pair WHERE tenant_id = x'01' AND lane_id = x'02' AND xero_id IN ('1', '2', '3')", "xero_id=?"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_is_found_by_an_index_whatever_the_size_of_the_company() {
    let world = World::new().await;
    let database = &world.stage.context.database;
    if database.get_database_backend() == DatabaseBackend::Sqlite {
        for (question, index) in QUESTIONS {
            let asked = Statement::from_string(DatabaseBackend::Sqlite, format!("EXPLAIN QUERY PLAN {question}"));
            let rows = database.query_all_raw(asked).await.unwrap();
            let plan: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
            assert!(plan.iter().any(|step| step.contains(index)), "{question}: {plan:#?}");
        }
    }
    world.end().await;
}
