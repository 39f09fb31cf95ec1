//! Files on records. Their bytes are in the store; their names come from strangers and are only ever compared and shown.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};
use uuid::Uuid;

use super::desk::{Desk, No};
use super::history;
use super::kinds::Kind;

/// What a record may hold through the API.
pub const FILES_MAX: i64 = 10;
/// The greatest file of the Accounting API; the documents say 3 MB in one place and 3.5 MB for a call in another.
pub const BYTES_MAX: usize = 3 * 1024 * 1024;
/// That of the Files API.
pub const BYTES_MAX_WIDE: usize = 10 * 1024 * 1024;

/// Kinds of files, by the ending of their names.
const TYPES: [(&str, &str); 20] = [
    ("bmp", "image/bmp"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("gif", "image/gif"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpg"),
    ("odf", "application/vnd.oasis.opendocument.formula"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("ppt", "application/vnd.ms-powerpoint"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("rar", "application/vnd.rar"),
    ("rtf", "application/rtf"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("txt", "text/plain"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("zip", "application/zip"),
];

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE xero_attachment (id BLOB PRIMARY KEY, org INTEGER NOT NULL, kind INTEGER NOT NULL, record BLOB NOT NULL,
           name TEXT NOT NULL, type TEXT NOT NULL, length INTEGER NOT NULL, online INTEGER NOT NULL, bytes BLOB NOT NULL);
         CREATE UNIQUE INDEX xero_attachment_name ON xero_attachment (org, kind, record, name);",
    )
}

/// Forgets the files of one organisation.
pub fn clear(connection: &Connection, org: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM xero_attachment WHERE org = ?1")?.execute([org])?;
    Ok(())
}

/// The record that files are on.
#[derive(Clone, Copy, Debug)]
pub struct On {
    pub org: i64,
    pub kind: Kind,
    pub record: Uuid,
}

/// A file without its bytes.
#[derive(Clone, Debug)]
pub struct File {
    pub id: Uuid,
    pub name: String,
    pub type_: String,
    pub length: i64,
    pub online: bool,
}

impl File {
    /// As Xero shows it.
    pub fn shown(&self, base: &str, on: On) -> Value {
        let name: String = url::form_urlencoded::byte_serialize(self.name.as_bytes()).collect();
        let place =
            format!("{base}/xero/api/api.xro/2.0/{}/{}/Attachments/{}", on.kind.path(), on.record, name.replace('+', "%20"));
        let mut shown = json!({
            "AttachmentID": self.id, "FileName": self.name, "Url": place, "MimeType": self.type_, "ContentLength": self.length,
        });
        if matches!(on.kind, Kind::Invoices | Kind::CreditNotes) {
            shown["IncludeOnline"] = self.online.into();
        }
        shown
    }
}

/// The type of a file by its name. None: Xero does not take such files.
pub fn type_of(name: &str) -> Option<&'static str> {
    let (stem, ending) = name.rsplit_once('.')?;
    if stem.is_empty() {
        return None;
    }
    TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(ending)).map(|(_, type_)| *type_)
}

/// Whether a name names a file and nothing else: no folders, no control characters, not endless.
pub fn is_name(name: &str) -> bool {
    const FORBIDDEN: [char; 9] = ['/', '\\', '<', '>', ':', '"', '|', '?', '*'];
    (1..=255).contains(&name.chars().count()) && !name.contains(FORBIDDEN) && !name.chars().any(char::is_control)
}

/// The files of a record, in the order in which they came.
pub fn list(connection: &Connection, on: On) -> rusqlite::Result<Vec<File>> {
    connection
        .prepare_cached(
            "SELECT id, name, type, length, online FROM xero_attachment WHERE org = ?1 AND kind = ?2 AND record = ?3 ORDER BY rowid",
        )?
        .query_map(params![on.org, on.kind.number(), on.record.as_bytes()], file)?
        .collect()
}

/// A file of a record by its id or its name, with its bytes.
pub fn find(connection: &Connection, on: On, named: &str) -> rusqlite::Result<Option<(File, Vec<u8>)>> {
    let id = Uuid::parse_str(named).ok().map(|id| id.as_bytes().to_vec());
    connection
        .prepare_cached(
            "SELECT id, name, type, length, online, bytes FROM xero_attachment
             WHERE org = ?1 AND kind = ?2 AND record = ?3 AND (id = ?4 OR name = ?5)",
        )?
        .query_row(params![on.org, on.kind.number(), on.record.as_bytes(), id, named], |row| Ok((file(row)?, row.get(5)?)))
        .optional()
}

/// Puts a file on a record that is there, with all that follows from it.
pub fn attach(desk: &Desk, on: On, file: &File, bytes: &[u8], details: &str) -> Result<(), No> {
    let (mut record, modified) = desk.read(on.kind, on.record)?.ok_or(No::Absent)?;
    store(desk.connection, on, file, bytes)?;
    // Quotes do not tell whether they have files.
    if on.kind != Kind::Quotes {
        record.insert("HasAttachments".into(), json!(true));
        let touched = if desk.on("xero.attaching_touches_records") { desk.now_ms } else { modified };
        desk.keep(on.kind, on.record, touched, record)?;
    }
    if on.kind.about().history {
        history::add(desk, on.kind, on.record, "Attached a file", details)?;
    }
    Ok(())
}

/// Keeps a file, in place of the one of its name.
fn store(connection: &Connection, on: On, file: &File, bytes: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO xero_attachment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (org, kind, record, name) DO UPDATE SET type = ?6, length = ?7, online = ?8, bytes = ?9",
        )?
        .execute(params![
            file.id.as_bytes(),
            on.org,
            on.kind.number(),
            on.record.as_bytes(),
            file.name,
            file.type_,
            file.length,
            file.online,
            bytes
        ])?;
    Ok(())
}

fn file(row: &rusqlite::Row<'_>) -> rusqlite::Result<File> {
    let id = Uuid::from_bytes(row.get(0)?);
    Ok(File { id, name: row.get(1)?, type_: row.get(2)?, length: row.get(3)?, online: row.get(4)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_a_name_tells_its_type() {
        assert_eq!(type_of("Receipt.PDF"), Some("application/pdf"));
        assert_eq!(type_of("a.b.xlsx"), Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"));
        for name in ["run.exe", "page.html", "noending", ".pdf", "pdf"] {
            assert_eq!(type_of(name), None, "{name}");
        }
    }

    #[test]
    fn a_name_leads_nowhere() {
        assert!(is_name("invoice [1] – copy, Ω.pdf"));
        for name in ["../secret.pdf", "a/b.pdf", "c:\\x.pdf", "line\nbreak.pdf", "nul\0.pdf", "", "<script>.pdf"] {
            assert!(!is_name(name), "{name:?}");
        }
        assert!(!is_name(&format!("{}.pdf", "x".repeat(300))));
    }
}
