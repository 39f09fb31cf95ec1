//! What CRM keeps in the store.

use rusqlite::Connection;

/// Creates every table. Times are seconds; `data` is the record's JSON without what has a column of its own.
pub fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE zoho_crm_org (
            id INTEGER PRIMARY KEY, home INTEGER NOT NULL UNIQUE, zgid INTEGER NOT NULL, dc TEXT NOT NULL, name TEXT NOT NULL, edition TEXT NOT NULL,
            users INTEGER NOT NULL, currency TEXT NOT NULL, multi_currency INTEGER NOT NULL, time_zone TEXT NOT NULL, created INTEGER NOT NULL, base INTEGER NOT NULL);
        CREATE TABLE zoho_crm_currency (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, iso_code TEXT NOT NULL, name TEXT NOT NULL, symbol TEXT NOT NULL, rate TEXT NOT NULL,
            base INTEGER NOT NULL, active INTEGER NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL, UNIQUE (org, iso_code));

        CREATE TABLE zoho_crm_record (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, module INTEGER NOT NULL, name TEXT NOT NULL, parent INTEGER, owner INTEGER NOT NULL,
            created INTEGER NOT NULL, modified INTEGER NOT NULL, created_by INTEGER NOT NULL, modified_by INTEGER NOT NULL, data TEXT NOT NULL, lines TEXT);
        CREATE INDEX zoho_crm_record_by_id ON zoho_crm_record (org, module);
        CREATE INDEX zoho_crm_record_by_modified ON zoho_crm_record (org, module, modified);
        CREATE INDEX zoho_crm_record_by_created ON zoho_crm_record (org, module, created);
        CREATE INDEX zoho_crm_record_by_parent ON zoho_crm_record (parent) WHERE parent IS NOT NULL;
        CREATE INDEX zoho_crm_record_below ON zoho_crm_record (org, module, parent) WHERE parent IS NOT NULL;
        CREATE TABLE zoho_crm_value (
            org INTEGER NOT NULL, module INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, record INTEGER NOT NULL,
            PRIMARY KEY (org, module, field, value, record)) WITHOUT ROWID;
        CREATE INDEX zoho_crm_value_by_record ON zoho_crm_value (record);
        CREATE TABLE zoho_crm_deleted (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, module INTEGER NOT NULL, name TEXT NOT NULL, created_by INTEGER NOT NULL,
            deleted_by INTEGER NOT NULL, deleted INTEGER NOT NULL);
        CREATE INDEX zoho_crm_deleted_by_time ON zoho_crm_deleted (org, module, deleted);
        CREATE TABLE zoho_crm_upload (id INTEGER PRIMARY KEY, org INTEGER NOT NULL);
        CREATE TABLE zoho_crm_job (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, kind TEXT NOT NULL, scopes TEXT NOT NULL, state TEXT NOT NULL, request TEXT NOT NULL,
            result TEXT NOT NULL, created INTEGER NOT NULL);
        CREATE TABLE zoho_crm_file (record INTEGER PRIMARY KEY, content BLOB NOT NULL);

        CREATE TABLE zoho_crm_field (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, module INTEGER NOT NULL, api_name TEXT NOT NULL, label TEXT NOT NULL, data_type TEXT NOT NULL,
            length INTEGER NOT NULL, is_unique INTEGER NOT NULL, case_sensitive INTEGER NOT NULL, external TEXT, shown INTEGER NOT NULL,
            choices TEXT NOT NULL, target INTEGER, more TEXT NOT NULL, UNIQUE (org, module, api_name));
        CREATE TABLE zoho_crm_changed (org INTEGER NOT NULL, module INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (org, module)) WITHOUT ROWID;
        CREATE TABLE zoho_crm_link (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, module INTEGER NOT NULL, name TEXT NOT NULL, description TEXT, url TEXT NOT NULL,
            url_encoding TEXT NOT NULL, profiles TEXT NOT NULL, user_types TEXT NOT NULL, modified INTEGER NOT NULL);
        CREATE TABLE zoho_crm_tag (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, module INTEGER NOT NULL, name TEXT NOT NULL, color_code TEXT, created INTEGER NOT NULL,
            modified INTEGER NOT NULL, UNIQUE (org, module, name));

        CREATE TABLE zoho_crm_credit (org INTEGER NOT NULL, minute INTEGER NOT NULL, spent INTEGER NOT NULL, PRIMARY KEY (org, minute)) WITHOUT ROWID;
        CREATE TABLE zoho_crm_spent (org INTEGER PRIMARY KEY, spent INTEGER NOT NULL);

        CREATE TABLE zoho_crm_channel (
            org INTEGER NOT NULL, channel TEXT NOT NULL, module INTEGER NOT NULL, event TEXT NOT NULL, notify_url TEXT NOT NULL, token TEXT,
            expiry INTEGER NOT NULL, with_values INTEGER NOT NULL, related INTEGER NOT NULL, condition TEXT NOT NULL,
            PRIMARY KEY (org, channel, module, event)) WITHOUT ROWID;
        CREATE INDEX zoho_crm_channel_by_event ON zoho_crm_channel (org, module, event);
        CREATE TABLE zoho_crm_notice (id INTEGER PRIMARY KEY AUTOINCREMENT, url TEXT NOT NULL, body TEXT NOT NULL);",
    )
}
