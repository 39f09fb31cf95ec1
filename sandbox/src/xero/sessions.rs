//! What the identity server remembers: pending consents, codes, tokens, connections.

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::app::Rotation;

const MINUTE_MS: i64 = 60_000;
/// A code is good for five minutes.
const CODE_LIFE_MS: i64 = 5 * MINUTE_MS;
/// The login and consent pages wait half an hour.
const REQUEST_LIFE_MS: i64 = 30 * MINUTE_MS;
/// An access token lives 30 minutes.
pub const ACCESS_LIFE_MS: i64 = 30 * MINUTE_MS;
/// A used refresh token may be used once more within 30 minutes, if its answer was lost.
const GRACE_MS: i64 = 30 * MINUTE_MS;
/// A refresh token that is not used for 60 days is dead.
const REFRESH_IDLE_MS: i64 = 60 * 24 * 60 * MINUTE_MS;

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE xero_org (n INTEGER PRIMARY KEY, tenant TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
         CREATE TABLE xero_request (id TEXT PRIMARY KEY, asked TEXT NOT NULL, logged_in INTEGER NOT NULL, ends INTEGER NOT NULL);
         CREATE TABLE xero_code (hash BLOB PRIMARY KEY, asked TEXT NOT NULL, event TEXT NOT NULL, at INTEGER NOT NULL, used INTEGER NOT NULL);
         CREATE TABLE xero_connection (id TEXT PRIMARY KEY, tenant TEXT NOT NULL UNIQUE, event TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL);
         CREATE TABLE xero_refresh (hash BLOB PRIMARY KEY, family TEXT NOT NULL, parent BLOB, scope TEXT NOT NULL, event TEXT NOT NULL, auth_time INTEGER NOT NULL,
           issued INTEGER NOT NULL, used INTEGER, dead INTEGER NOT NULL);
         CREATE INDEX xero_refresh_family ON xero_refresh (family);
         CREATE TABLE xero_access (hash BLOB PRIMARY KEY, family TEXT NOT NULL, scope TEXT NOT NULL, ends INTEGER NOT NULL, dead INTEGER NOT NULL);
         CREATE INDEX xero_access_family ON xero_access (family);",
    )
}

/// An organisation that the user can connect.
#[derive(Clone, Debug)]
pub struct Org {
    pub n: i64,
    pub tenant: Uuid,
    pub name: String,
}

pub fn orgs(connection: &Connection) -> rusqlite::Result<Vec<Org>> {
    connection.prepare_cached("SELECT n, tenant, name FROM xero_org ORDER BY n")?.query_map([], org_of)?.collect()
}

pub fn org(connection: &Connection, tenant: &str) -> rusqlite::Result<Option<Org>> {
    connection
        .prepare_cached("SELECT n, tenant, name FROM xero_org WHERE tenant = ?1")?
        .query_row([tenant.to_ascii_lowercase()], org_of)
        .optional()
}

pub fn add_org(connection: &Connection, org: &Org) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO xero_org (n, tenant, name) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET name = ?3")?
        .execute(params![org.n, org.tenant.to_string(), org.name])?;
    Ok(())
}

fn org_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Org> {
    let tenant: String = row.get(1)?;
    Ok(Org { n: row.get(0)?, tenant: Uuid::parse_str(&tenant).unwrap_or_default(), name: row.get(2)? })
}

/// Remembers what was asked at `authorize`; answers the id that the forms carry.
pub fn begin(connection: &Connection, asked: &str, now: i64) -> rusqlite::Result<String> {
    let id = secret();
    connection.execute("DELETE FROM xero_request WHERE ends <= ?1", [now])?;
    connection.execute("INSERT INTO xero_request VALUES (?1, ?2, 0, ?3)", params![id, asked, now + REQUEST_LIFE_MS])?;
    Ok(id)
}

/// What was asked, and whether the user has logged in since.
pub fn asked(connection: &Connection, id: &str, now: i64) -> rusqlite::Result<Option<(String, bool)>> {
    connection
        .query_row("SELECT asked, logged_in FROM xero_request WHERE id = ?1 AND ends > ?2", params![id, now], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
}

pub fn log_in(connection: &Connection, id: &str) -> rusqlite::Result<()> {
    connection.execute("UPDATE xero_request SET logged_in = 1 WHERE id = ?1", [id])?;
    Ok(())
}

pub fn end(connection: &Connection, id: &str) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM xero_request WHERE id = ?1", [id])?;
    Ok(())
}

/// A fresh code for a consent.
pub fn issue_code(connection: &Connection, asked: &str, event: Uuid, now: i64) -> rusqlite::Result<String> {
    let code = secret();
    connection
        .execute("INSERT INTO xero_code VALUES (?1, ?2, ?3, ?4, 0)", params![hash(&code), asked, event.to_string(), now])?;
    Ok(code)
}

/// Takes a code: what was asked, the consent's event, and when it was. None when unknown, used, or too old.
pub fn take_code(connection: &Connection, code: &str, now: i64) -> rusqlite::Result<Option<(String, String, i64)>> {
    let hash = hash(code);
    let found = connection
        .query_row("SELECT asked, event, at, used FROM xero_code WHERE hash = ?1", [&hash], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?, row.get::<_, bool>(3)?))
        })
        .optional()?;
    connection.execute("UPDATE xero_code SET used = 1 WHERE hash = ?1", [&hash])?;
    Ok(found.filter(|(_, _, at, used)| !used && now < at + CODE_LIFE_MS).map(|(asked, event, at, _)| (asked, event, at)))
}

/// What a token stands for.
#[derive(Clone, Debug)]
pub struct Session {
    /// One consent and everything that was refreshed from it.
    pub family: String,
    pub scope: String,
    pub event: String,
    pub auth_time_s: i64,
}

pub fn issue_refresh(connection: &Connection, session: &Session, parent: Option<&str>, now: i64) -> rusqlite::Result<String> {
    let token = secret();
    connection.execute(
        "INSERT INTO xero_refresh (hash, family, parent, scope, event, auth_time, issued, used, dead) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, 0)",
        params![hash(&token), session.family, parent.map(hash), session.scope, session.event, session.auth_time_s, now],
    )?;
    Ok(token)
}

pub fn keep_access(connection: &Connection, session: &Session, token: &str, now: i64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM xero_access WHERE ends <= ?1", [now - 24 * 60 * MINUTE_MS])?;
    connection.execute(
        "INSERT OR REPLACE INTO xero_access VALUES (?1, ?2, ?3, ?4, 0)",
        params![hash(token), session.family, session.scope, now + ACCESS_LIFE_MS],
    )?;
    Ok(())
}

/// Uses a refresh token. None: `invalid_grant`.
pub fn use_refresh(connection: &Connection, token: &str, rotation: Rotation, now: i64) -> rusqlite::Result<Option<Session>> {
    let hash = hash(token);
    let found = connection
        .query_row(
            "SELECT family, scope, event, auth_time, issued, used, dead FROM xero_refresh WHERE hash = ?1",
            [&hash],
            |row| {
                let session = Session { family: row.get(0)?, scope: row.get(1)?, event: row.get(2)?, auth_time_s: row.get(3)? };
                Ok((session, row.get::<_, i64>(4)?, row.get::<_, Option<i64>>(5)?, row.get::<_, bool>(6)?))
            },
        )
        .optional()?;
    let Some((session, issued, used, dead)) = found else { return Ok(None) };
    let in_grace = used.is_none_or(|used| rotation != Rotation::Strict && now < used + GRACE_MS);
    if dead || !in_grace || now >= issued + REFRESH_IDLE_MS {
        return Ok(None);
    }
    if rotation == Rotation::GraceLast {
        // What it gave before dies with everything after it, and whatever came before it cannot be tried again.
        connection.execute("UPDATE xero_refresh SET dead = 1 WHERE family = ?1 AND hash <> ?2", params![session.family, hash])?;
    }
    connection.execute("UPDATE xero_refresh SET used = COALESCE(used, ?2) WHERE hash = ?1", params![hash, now])?;
    Ok(Some(session))
}

/// The scope of a living access token, or why there is none.
pub fn access(connection: &Connection, token: &str, now: i64) -> rusqlite::Result<Result<String, Dead>> {
    let found = connection
        .prepare_cached("SELECT scope, ends, dead FROM xero_access WHERE hash = ?1")?
        .query_row([hash(token)], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get::<_, bool>(2)?)))
        .optional()?;
    Ok(match found {
        Some((scope, ends, false)) if now < ends => Ok(scope),
        Some((_, ends, false)) => Err(Dead::Expired { at_ms: ends }),
        _ => Err(Dead::Unknown),
    })
}

/// Why an access token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dead {
    Expired { at_ms: i64 },
    Unknown,
}

/// Kills the family of a refresh token. False when it is unknown.
pub fn revoke(connection: &Connection, token: &str) -> rusqlite::Result<bool> {
    let family: Option<String> =
        connection.query_row("SELECT family FROM xero_refresh WHERE hash = ?1", [hash(token)], |row| row.get(0)).optional()?;
    let Some(family) = family else { return Ok(false) };
    connection.execute("UPDATE xero_refresh SET dead = 1 WHERE family = ?1", [&family])?;
    connection.execute("UPDATE xero_access SET dead = 1 WHERE family = ?1", [&family])?;
    Ok(true)
}

/// Kills every token of everybody.
pub fn revoke_all(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("UPDATE xero_refresh SET dead = 1; UPDATE xero_access SET dead = 1;")
}

/// Kills every access token; refreshing still works.
pub fn expire_access(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("UPDATE xero_access SET dead = 1;")
}

/// One organisation connected to the app.
#[derive(Clone, Debug)]
pub struct Connected {
    pub id: String,
    pub tenant: String,
    pub name: String,
    pub event: String,
    pub created_ms: i64,
    pub updated_ms: i64,
}

/// The oldest first.
pub fn connections(connection: &Connection) -> rusqlite::Result<Vec<Connected>> {
    connection
        .prepare_cached(
            "SELECT c.id, c.tenant, o.name, c.event, c.created, c.updated FROM xero_connection c JOIN xero_org o ON o.tenant = c.tenant
             ORDER BY c.created, c.id",
        )?
        .query_map([], |row| {
            Ok(Connected {
                id: row.get(0)?,
                tenant: row.get(1)?,
                name: row.get(2)?,
                event: row.get(3)?,
                created_ms: row.get(4)?,
                updated_ms: row.get(5)?,
            })
        })?
        .collect()
}

pub fn is_connected(connection: &Connection, tenant: &str) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM xero_connection WHERE tenant = ?1")?.exists([tenant.to_ascii_lowercase()])
}

/// Connects an organisation, or renews its connection. `keeps_event`: a renewal keeps the event of the first consent.
pub fn connect(connection: &Connection, tenant: Uuid, event: Uuid, keeps_event: bool, now: i64) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT INTO xero_connection VALUES (?1, ?2, ?3, ?4, ?4)
         ON CONFLICT (tenant) DO UPDATE SET updated = ?4, event = CASE WHEN ?5 THEN event ELSE ?3 END",
        params![Uuid::new_v4().to_string(), tenant.to_string(), event.to_string(), now, keeps_event],
    )?;
    Ok(())
}

/// Ends a connection by its own id. False when there is none.
pub fn disconnect(connection: &Connection, id: &str) -> rusqlite::Result<bool> {
    Ok(connection.execute("DELETE FROM xero_connection WHERE id = ?1", [id.to_ascii_lowercase()])? > 0)
}

/// Ends the connection of an organisation, as its user does in "Connected apps". False when there is none.
pub fn disconnect_tenant(connection: &Connection, tenant: &str) -> rusqlite::Result<bool> {
    Ok(connection.execute("DELETE FROM xero_connection WHERE tenant = ?1", [tenant.to_ascii_lowercase()])? > 0)
}

pub fn disconnect_all(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM xero_connection", [])?;
    Ok(())
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// 256 random bits in letters that need no escaping.
fn secret() -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> (Connection, Session) {
        let connection = Connection::open_in_memory().unwrap();
        create_tables(&connection).unwrap();
        let session = Session { family: "f".into(), scope: "openid".into(), event: "e".into(), auth_time_s: 0 };
        (connection, session)
    }

    /// Uses a token and issues its successor, as the token endpoint does.
    fn rotate(connection: &Connection, token: &str, rotation: Rotation, now: i64) -> Option<String> {
        let session = use_refresh(connection, token, rotation, now).unwrap()?;
        Some(issue_refresh(connection, &session, Some(token), now).unwrap())
    }

    #[test]
    fn strict_rotation_kills_a_used_token_at_once() {
        let (connection, session) = fresh();
        let first = issue_refresh(&connection, &session, None, 0).unwrap();
        let second = rotate(&connection, &first, Rotation::Strict, 1).unwrap();
        assert!(rotate(&connection, &first, Rotation::Strict, 2).is_none());
        assert!(rotate(&connection, &second, Rotation::Strict, 3).is_some());
    }

    #[test]
    fn with_grace_for_the_last_a_lost_answer_can_be_asked_for_again_and_the_lost_one_dies() {
        let (connection, session) = fresh();
        let first = issue_refresh(&connection, &session, None, 0).unwrap();
        let lost = rotate(&connection, &first, Rotation::GraceLast, 1).unwrap();
        let second = rotate(&connection, &first, Rotation::GraceLast, 2).unwrap();
        assert!(rotate(&connection, &lost, Rotation::GraceLast, 3).is_none());
        let third = rotate(&connection, &second, Rotation::GraceLast, 4).unwrap();
        assert!(rotate(&connection, &first, Rotation::GraceLast, 5).is_none(), "only the last used one has grace");
        assert!(rotate(&connection, &second, Rotation::GraceLast, 4 + GRACE_MS).is_none(), "grace ends");
        assert!(rotate(&connection, &third, Rotation::GraceLast, 5 + GRACE_MS).is_some());
    }

    #[test]
    fn with_grace_for_all_the_old_ones_live_half_an_hour() {
        let (connection, session) = fresh();
        let first = issue_refresh(&connection, &session, None, 0).unwrap();
        let second = rotate(&connection, &first, Rotation::GraceAll, 1).unwrap();
        let third = rotate(&connection, &second, Rotation::GraceAll, 2).unwrap();
        assert!(rotate(&connection, &first, Rotation::GraceAll, 3).is_some());
        assert!(rotate(&connection, &third, Rotation::GraceAll, 4).is_some());
        assert!(rotate(&connection, &first, Rotation::GraceAll, 1 + GRACE_MS).is_none());
    }

    #[test]
    fn sixty_days_of_rest_kill_a_refresh_token() {
        let (connection, session) = fresh();
        let token = issue_refresh(&connection, &session, None, 0).unwrap();
        assert!(rotate(&connection, &token, Rotation::GraceLast, REFRESH_IDLE_MS).is_none());
        assert!(rotate(&connection, &token, Rotation::GraceLast, REFRESH_IDLE_MS - 1).is_some());
    }

    #[test]
    fn a_code_works_once_and_for_five_minutes() {
        let (connection, _) = fresh();
        let code = issue_code(&connection, "{}", Uuid::nil(), 0).unwrap();
        assert!(take_code(&connection, &code, 1).unwrap().is_some());
        assert!(take_code(&connection, &code, 2).unwrap().is_none());
        let late = issue_code(&connection, "{}", Uuid::nil(), 0).unwrap();
        assert!(take_code(&connection, &late, CODE_LIFE_MS).unwrap().is_none());
        assert!(take_code(&connection, "invented", 1).unwrap().is_none());
    }

    #[test]
    fn revoking_kills_the_whole_family() {
        let (connection, session) = fresh();
        let first = issue_refresh(&connection, &session, None, 0).unwrap();
        keep_access(&connection, &session, "access", 0).unwrap();
        assert!(access(&connection, "access", 1).unwrap().is_ok());
        assert!(revoke(&connection, &first).unwrap());
        assert_eq!(access(&connection, "access", 1).unwrap(), Err(Dead::Unknown));
        assert!(rotate(&connection, &first, Rotation::GraceAll, 2).is_none());
        assert!(!revoke(&connection, "invented").unwrap());
    }
}
