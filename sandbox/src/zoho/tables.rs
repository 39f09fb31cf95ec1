//! What Zoho's side keeps in the store.

use rusqlite::Connection;

/// Creates every table. Amounts are integers of a millionth; times are seconds.
pub fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE zoho_sequence (name TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;

        CREATE TABLE zoho_org (
            id INTEGER PRIMARY KEY, dc TEXT NOT NULL, name TEXT NOT NULL, plan TEXT NOT NULL, currency TEXT NOT NULL, currency_id INTEGER NOT NULL,
            price_precision INTEGER NOT NULL, tax_rounding TEXT NOT NULL, time_zone TEXT NOT NULL, created INTEGER NOT NULL, member INTEGER NOT NULL,
            apps TEXT NOT NULL DEFAULT 'books,inventory,billing,expense');

        CREATE TABLE zoho_record (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, module INTEGER NOT NULL,
            name TEXT NOT NULL, name_key TEXT NOT NULL, kind TEXT NOT NULL, party INTEGER, currency INTEGER, status TEXT NOT NULL,
            date TEXT, due TEXT, total_e6 INTEGER NOT NULL, balance_e6 INTEGER NOT NULL,
            created INTEGER NOT NULL, modified INTEGER NOT NULL, summary TEXT NOT NULL, detail TEXT NOT NULL);
        CREATE INDEX zoho_record_by_id ON zoho_record (org, module);
        CREATE INDEX zoho_record_by_name ON zoho_record (org, module, name_key);
        CREATE INDEX zoho_record_by_time ON zoho_record (org, module, modified);
        CREATE INDEX zoho_record_by_party ON zoho_record (party, module, status, balance_e6) WHERE party IS NOT NULL;

        CREATE TABLE zoho_unique (
            org INTEGER NOT NULL, module INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, record INTEGER NOT NULL,
            PRIMARY KEY (org, module, field, value)) WITHOUT ROWID;

        CREATE TABLE zoho_field (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, module INTEGER NOT NULL, label TEXT NOT NULL, api_name TEXT NOT NULL, data_type TEXT NOT NULL,
            value_length INTEGER NOT NULL, is_unique INTEGER NOT NULL, is_mandatory INTEGER NOT NULL, is_active INTEGER NOT NULL, position INTEGER NOT NULL,
            more TEXT NOT NULL, UNIQUE (org, module, api_name));

        CREATE TABLE zoho_applied (
            id INTEGER PRIMARY KEY, payment INTEGER NOT NULL, document INTEGER NOT NULL, amount_e6 INTEGER NOT NULL, base_e6 INTEGER NOT NULL);
        CREATE INDEX zoho_applied_by_payment ON zoho_applied (payment);
        CREATE INDEX zoho_applied_by_document ON zoho_applied (document);

        CREATE TABLE zoho_entry (
            record INTEGER NOT NULL, line INTEGER NOT NULL, account INTEGER NOT NULL, date TEXT NOT NULL, party INTEGER, currency INTEGER NOT NULL,
            amount_e6 INTEGER NOT NULL, fcy_e6 INTEGER NOT NULL, PRIMARY KEY (record, line)) WITHOUT ROWID;
        CREATE INDEX zoho_entry_by_account ON zoho_entry (account, date, amount_e6);
        CREATE TABLE zoho_role (org INTEGER NOT NULL, role INTEGER NOT NULL, account INTEGER NOT NULL, PRIMARY KEY (org, role)) WITHOUT ROWID;

        CREATE TABLE zoho_reminder (record INTEGER PRIMARY KEY, off INTEGER NOT NULL);
        CREATE TABLE zoho_reminded (contact INTEGER PRIMARY KEY);

        CREATE TABLE zoho_user (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL, dc TEXT NOT NULL);
        CREATE TABLE zoho_consent (
            request TEXT PRIMARY KEY, client TEXT NOT NULL, redirect_uri TEXT NOT NULL, scope TEXT NOT NULL, offline INTEGER NOT NULL, prompted INTEGER NOT NULL,
            state TEXT, challenge TEXT, challenge_method TEXT NOT NULL);
        CREATE TABLE zoho_code (
            code TEXT PRIMARY KEY, dc TEXT NOT NULL, client TEXT NOT NULL, redirect_uri TEXT NOT NULL, scope TEXT NOT NULL, offline INTEGER NOT NULL,
            prompted INTEGER NOT NULL, challenge TEXT, challenge_method TEXT NOT NULL, crm_org INTEGER, issued_ms INTEGER NOT NULL);
        CREATE TABLE zoho_grant (client TEXT NOT NULL, at_ms INTEGER NOT NULL);
        CREATE TABLE zoho_refresh (
            number INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL UNIQUE, dc TEXT NOT NULL, client TEXT NOT NULL, scope TEXT NOT NULL, crm_org INTEGER, issued_ms INTEGER NOT NULL);
        CREATE TABLE zoho_access (
            number INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL UNIQUE, refresh INTEGER, dc TEXT NOT NULL, client TEXT NOT NULL, scope TEXT NOT NULL,
            crm_org INTEGER, issued_ms INTEGER NOT NULL);
        CREATE INDEX zoho_access_by_refresh ON zoho_access (refresh);",
    )
}

/// Takes `count` numbers of a sequence and answers the first.
pub fn take(connection: &Connection, name: &str, count: i64) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "INSERT INTO zoho_sequence (name, next) VALUES (?1, 1 + ?2) ON CONFLICT (name) DO UPDATE SET next = next + ?2 RETURNING next - ?2",
        )?
        .query_row((name, count), |row| row.get(0))
}

/// The figure a sequence will give next; 1 when nothing was ever taken.
pub fn next(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT coalesce((SELECT next FROM zoho_sequence WHERE name = ?1), 1)")?
        .query_row([name], |row| row.get(0))
}

/// Ids of records, lines, fields and organisations come from one sequence, as 19 digits.
pub const IDS: &str = "id";
/// The first of them.
pub const FIRST_ID: i64 = 4_600_000_000_000_067_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_give_every_number_once() {
        let connection = Connection::open_in_memory().unwrap();
        create(&connection).unwrap();
        assert_eq!(take(&connection, "a", 3).unwrap(), 1);
        assert_eq!(take(&connection, "a", 1).unwrap(), 4);
        assert_eq!(take(&connection, "b", 1).unwrap(), 1);
        assert_eq!((next(&connection, "a").unwrap(), next(&connection, "c").unwrap()), (5, 1));
    }
}
