//! Hints that a record has changed: put by webhooks, taken by the link's next turn. However often the same is said, it is one hint.

use std::collections::HashSet;
use std::time::Duration;

use entities::clock::At;
use entities::database::{rows, sql};
use entities::hint;
use entities::ids::{LaneId, LinkId, TenantId};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::context::Failure;

pub use entities::hint::Model as Hint;

/// Hints of one statement.
const PUT_AT_ONCE: usize = 200;

/// Where a record has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Xero,
    Zoho,
}

impl Side {
    /// The word of the `side` column.
    pub fn name(self) -> &'static str {
        match self {
            Side::Xero => "xero",
            Side::Zoho => "zoho",
        }
    }
}

/// Writes them down: a time to come puts them off until then. One that is there already becomes a later one, so that whoever took it before sees that it was said again.
pub async fn put(
    connection: &impl ConnectionTrait,
    at: At,
    tenant: TenantId,
    hints: &[(LaneId, Side, String)],
) -> Result<(), Failure> {
    // In order and once each: two writers never wait for each other, and a statement writes no row twice.
    let mut hints: Vec<&(LaneId, Side, String)> = hints.iter().collect();
    hints.sort();
    hints.dedup();
    let backend = connection.get_database_backend();
    for some in hints.chunks(PUT_AT_ONCE) {
        let text = format!(
            "INSERT INTO hint (tenant_id, lane_id, side, record_id, seen_at) VALUES {} \
             ON CONFLICT (tenant_id, lane_id, side, record_id) DO UPDATE SET \
             seen_at = CASE WHEN excluded.seen_at > hint.seen_at THEN excluded.seen_at ELSE hint.seen_at + 1 END",
            rows(some.len(), &[""; 5])
        );
        let values = some.iter().flat_map(|(lane, side, record)| {
            [tenant.0.into(), lane.0.into(), side.name().into(), record.as_str().into(), at.0.into()]
        });
        connection.execute_raw(sql(backend, text, values.collect())).await?;
    }
    Ok(())
}

/// Hints up to then are looked at now. What is said again and again becomes a little later each time; what is put off lies further ahead.
pub fn until(now: At) -> At {
    now.plus(Duration::from_secs(60))
}

/// The lane's hints up to now, those said longest ago first. They stay until they are `done`.
pub async fn take(
    connection: &impl ConnectionTrait,
    now: At,
    tenant: TenantId,
    lane: LaneId,
    limit: u64,
) -> Result<Vec<Hint>, Failure> {
    Ok(hint::Entity::of(tenant)
        .filter(hint::Column::LaneId.eq(lane))
        .filter(hint::Column::SeenAt.lte(until(now)))
        .order_by_asc(hint::Column::SeenAt)
        .order_by_asc(hint::Column::RecordId)
        .limit(limit)
        .all(connection)
        .await?)
}

/// These were looked at. One that was said again meanwhile stays.
pub async fn done(connection: &impl ConnectionTrait, hints: &[Hint]) -> Result<(), Failure> {
    let text = "DELETE FROM hint WHERE tenant_id = $1 AND lane_id = $2 AND side = $3 AND record_id = $4 AND seen_at = $5";
    let mut hints: Vec<&Hint> = hints.iter().collect();
    hints.sort_by(|a, b| (a.tenant_id, a.lane_id, &a.side, &a.record_id).cmp(&(b.tenant_id, b.lane_id, &b.side, &b.record_id)));
    for hint in hints {
        let values = vec![
            hint.tenant_id.0.into(),
            hint.lane_id.0.into(),
            hint.side.as_str().into(),
            hint.record_id.as_str().into(),
            hint.seen_at.0.into(),
        ];
        connection.execute_raw(sql(connection.get_database_backend(), text, values)).await?;
    }
    Ok(())
}

/// The records of the lane in Zoho that somebody says have changed.
pub async fn zoho_ids(connection: &impl ConnectionTrait, tenant: TenantId, lane: LaneId) -> Result<HashSet<String>, Failure> {
    let found = hint::Entity::of(tenant)
        .filter(hint::Column::LaneId.eq(lane))
        .filter(hint::Column::Side.eq(Side::Zoho.name()))
        .all(connection)
        .await?;
    Ok(found.into_iter().map(|hint| hint.record_id).collect())
}

/// Whether any lane of the link has one.
pub async fn any(connection: &impl ConnectionTrait, tenant: TenantId, link: LinkId) -> Result<bool, Failure> {
    let text = "SELECT 1 AS n FROM lane WHERE tenant_id = $1 AND link_id = $2 \
                AND EXISTS (SELECT 1 FROM hint WHERE hint.tenant_id = lane.tenant_id AND hint.lane_id = lane.id) LIMIT 1";
    let values = vec![tenant.0.into(), link.0.into()];
    Ok(connection.query_one_raw(sql(connection.get_database_backend(), text, values)).await?.is_some())
}

#[cfg(test)]
mod tests {
    use migration::{Migrator, MigratorTrait};
    use sea_orm::DatabaseConnection;
    use uuid::Uuid;

    use super::*;

    const NOW: At = At(1_000);
    const TENANT: TenantId = TenantId(Uuid::from_u128(1));
    const LINK: LinkId = LinkId(Uuid::from_u128(2));
    const LANE: LaneId = LaneId(Uuid::from_u128(3));
    const OTHER: LaneId = LaneId(Uuid::from_u128(4));

    /// A database with two lanes in it, and nothing of what they stand on.
    async fn database() -> DatabaseConnection {
        let database = entities::database::open("sqlite::memory:", 1).await.unwrap();
        Migrator::up(&database, None).await.unwrap();
        database.execute_unprepared("PRAGMA foreign_keys = OFF").await.unwrap();
        for (position, lane) in [LANE, OTHER].into_iter().enumerate() {
            let text =
                "INSERT INTO lane (tenant_id, id, link_id, flow, position, page, state) VALUES ($1, $2, $3, $4, $5, 1, 'idle')";
            let flow = format!("books.{position}");
            let values = vec![TENANT.0.into(), lane.0.into(), LINK.0.into(), flow.into(), (position as i32).into()];
            database.execute_raw(sql(database.get_database_backend(), text, values)).await.unwrap();
        }
        database
    }

    fn xero(lane: LaneId, record: &str) -> (LaneId, Side, String) {
        (lane, Side::Xero, record.to_owned())
    }

    async fn records(database: &DatabaseConnection, lane: LaneId) -> Vec<(String, i64)> {
        let hints = take(database, NOW, TENANT, lane, 100).await.unwrap();
        hints.into_iter().map(|hint| (format!("{} {}", hint.side, hint.record_id), hint.seen_at.0)).collect()
    }

    #[tokio::test]
    async fn what_is_said_often_is_one_hint_and_the_oldest_comes_first() {
        let database = database().await;
        put(&database, At(10), TENANT, &[xero(LANE, "b"), xero(LANE, "b"), xero(OTHER, "b")]).await.unwrap();
        put(&database, At(20), TENANT, &[xero(LANE, "a"), (LANE, Side::Zoho, "b".to_owned())]).await.unwrap();
        put(&database, At(30), TENANT, &[xero(LANE, "b")]).await.unwrap();
        let told = [("xero a", 20), ("zoho b", 20), ("xero b", 30)].map(|(record, at)| (record.to_owned(), at));
        assert_eq!(records(&database, LANE).await, told);
        assert_eq!(take(&database, NOW, TENANT, LANE, 1).await.unwrap().len(), 1);
        assert_eq!(records(&database, OTHER).await.len(), 1);
    }

    #[tokio::test]
    async fn a_hint_that_comes_again_while_it_is_looked_at_stays() {
        let database = database().await;
        put(&database, At(10), TENANT, &[xero(LANE, "a"), xero(LANE, "b")]).await.unwrap();
        let taken = take(&database, NOW, TENANT, LANE, 100).await.unwrap();
        // By a clock that is behind, and in the same microsecond.
        put(&database, At(5), TENANT, &[xero(LANE, "a")]).await.unwrap();
        done(&database, &taken).await.unwrap();
        assert_eq!(records(&database, LANE).await, [("xero a".to_owned(), 11)]);
        assert!(any(&database, TENANT, LINK).await.unwrap());
        done(&database, &take(&database, NOW, TENANT, LANE, 100).await.unwrap()).await.unwrap();
        assert!(!any(&database, TENANT, LINK).await.unwrap());
    }

    #[tokio::test]
    async fn what_is_put_off_comes_when_its_time_has_come() {
        let database = database().await;
        let later = NOW.plus(Duration::from_secs(900));
        put(&database, At(10), TENANT, &[xero(LANE, "a"), xero(LANE, "b")]).await.unwrap();
        put(&database, later, TENANT, &[xero(LANE, "a")]).await.unwrap();
        // Said once more meanwhile, it still waits.
        put(&database, NOW, TENANT, &[xero(LANE, "a")]).await.unwrap();
        assert_eq!(records(&database, LANE).await, [("xero b".to_owned(), 10)]);
        assert_eq!(take(&database, later, TENANT, LANE, 100).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn many_are_put_at_once_and_another_tenant_sees_none() {
        let database = database().await;
        let many: Vec<_> = (0..2 * PUT_AT_ONCE + 7).map(|n| xero(LANE, &n.to_string())).collect();
        put(&database, At(10), TENANT, &many).await.unwrap();
        put(&database, At(11), TENANT, &[]).await.unwrap();
        assert_eq!(records(&database, LANE).await.len() + 307, many.len());
        let stranger = TenantId(Uuid::from_u128(9));
        assert_eq!(take(&database, NOW, stranger, LANE, 100).await.unwrap(), vec![]);
        assert!(!any(&database, stranger, LINK).await.unwrap());
    }
}
