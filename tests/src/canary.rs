//! Canaries: words that occur nowhere but in planted records, and the search for them in every form in which they could be kept.

use std::path::Path;

use sea_orm::{ConnectionTrait, DatabaseBackend};
use serde_json::Value;

use crate::World;

/// Every canary begins like this, in any case. With two digits it is as long as a code may be in Xero.
pub const WORD: &str = "Zq7kxWv8";

/// Turns every text that begins with `@` into a canary of its own: `@name` becomes `Zq7kxWv807name`.
pub fn planted(template: Value, count: &mut u32) -> Value {
    match template {
        Value::String(text) => match text.strip_prefix('@') {
            Some(rest) => {
                *count += 1;
                format!("{WORD}{count:02}{rest}").into()
            }
            None => text.into(),
        },
        Value::Array(list) => list.into_iter().map(|one| planted(one, count)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, planted(value, count))).collect(),
        other => other,
    }
}

/// Something that must not be kept, in one of its forms.
pub struct Needle {
    pub what: String,
    /// As they are, and in lower case for those that count in any case.
    exact: Vec<Vec<u8>>,
    lower: Vec<Vec<u8>>,
}

impl Needle {
    /// A word in any case, as it is, in hexadecimal, in Base64, in UTF-16.
    pub fn word(word: &str) -> Self {
        let small = word.to_lowercase();
        let wide = small.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let lower = vec![small.into_bytes(), hex(word.as_bytes()).into_bytes(), wide];
        Self { what: word.to_owned(), exact: Vec::new(), lower }.and_base64(word)
    }

    /// A secret, exactly; also in hexadecimal and in Base64.
    pub fn secret(what: &str, secret: &str) -> Self {
        assert!(secret.len() > 12, "{what} is no secret: {secret:?}");
        let exact = vec![secret.as_bytes().to_vec()];
        Self { what: what.to_owned(), exact, lower: vec![hex(secret.as_bytes()).into_bytes()] }.and_base64(secret)
    }

    /// An amount: as people write it, in cents, and as both databases store numbers.
    pub fn amount(amount: &str) -> Self {
        let cents: i64 = amount.replace('.', "").parse().expect("an amount");
        let float: f64 = amount.parse().expect("an amount");
        let short = cents.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
        assert!(short.len() >= 5, "too small to be told from chance");
        let exact = vec![amount.as_bytes().to_vec(), cents.to_string().into_bytes(), short, float.to_be_bytes().to_vec()];
        Self { what: amount.to_owned(), exact, lower: Vec::new() }
    }

    /// The middle of each of the three ways in which Base64 may cut the text.
    fn and_base64(mut self, text: &str) -> Self {
        for skipped in 0..3 {
            let rest = &text.as_bytes()[skipped..];
            let whole = &rest[..rest.len() / 3 * 3];
            // Fewer letters would be found by chance.
            if whole.len() >= 6 {
                self.exact.push(base64(whole).into_bytes());
            }
        }
        self
    }

    /// Where it is in these bytes: a few letters around the first hit.
    pub fn find(&self, bytes: &[u8]) -> Option<String> {
        let lower = bytes.to_ascii_lowercase();
        let exact = self.exact.iter().find_map(|form| position(bytes, form));
        let at = exact.or_else(|| self.lower.iter().find_map(|form| position(&lower, form)))?;
        let around = &bytes[at.saturating_sub(60)..(at + 60).min(bytes.len())];
        Some(String::from_utf8_lossy(around).into_owned())
    }
}

fn position(bytes: &[u8], form: &[u8]) -> Option<usize> {
    let first = *form.first()?;
    let mut from = 0;
    while let Some(next) = bytes[from..].iter().position(|byte| *byte == first) {
        if bytes[from + next..].starts_with(form) {
            return Some(from + next);
        }
        from += next + 1;
    }
    None
}

/// Everything that is kept: what lies in the folder (the sandbox's own apart), and on PostgreSQL every row of every table.
pub async fn kept(world: &World) -> Vec<(String, Vec<u8>)> {
    let mut kept = Vec::new();
    files(world.stage.folder.path(), &mut kept);
    let database = &world.stage.context.database;
    let backend = database.get_database_backend();
    if backend == DatabaseBackend::Postgres {
        let rows = |text: String| database.query_all_raw(entities::database::sql(backend, text, vec![]));
        let tables =
            rows("SELECT CAST(table_name AS text) AS n FROM information_schema.tables WHERE table_schema = 'public'".to_owned());
        for table in tables.await.expect("the tables") {
            let table: String = table.try_get("", "n").expect("a name");
            let all = rows(format!("SELECT CAST(t AS text) AS n FROM {table} t")).await.expect("the rows");
            let text = all.iter().map(|row| row.try_get::<String>("", "n").expect("a row") + "\n").collect::<String>();
            kept.push((table, text.into_bytes()));
        }
    }
    kept
}

fn files(folder: &Path, kept: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("sandbox") {
            files(&path, kept);
        } else if path.is_file() {
            kept.push((path.display().to_string(), std::fs::read(&path).expect("a file")));
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks_exact(3) {
        let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
        text.extend([18, 12, 6, 0].map(|shift| LETTERS[(bits >> shift & 63) as usize] as char));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_is_found_in_every_form() {
        let word = Needle::word("Zq7kxAndMoreOfIt");
        for form in ["…ZQ7KXANDMOREOFIT…", "\\x5a71376b78416e644d6f72654f664974", "WnE3a3hBbmRNb3JlT2ZJdA=="] {
            assert!(word.find(form.as_bytes()).is_some(), "{form}");
        }
        assert!(word.find(b"Zq7ky").is_none());
        let amount = Needle::amount("87654321.09");
        assert!(amount.find(b"x 8765432109 y").is_some());
        assert!(amount.find(&[1, 0, 2, 0x0a, 0x76, 0x1e, 0xdd]).is_none());
        assert!(amount.find(&8_765_432_109_i64.to_be_bytes()).is_some());
    }

    #[test]
    fn every_marked_text_becomes_a_canary_of_its_own() {
        let mut count = 0;
        let planted = planted(serde_json::json!({"a": "@x", "b": ["@", "plain"], "c": {"d": "@mail@x.example"}}), &mut count);
        assert_eq!(
            planted,
            serde_json::json!({"a": "Zq7kxWv801x", "b": ["Zq7kxWv802", "plain"], "c": {"d": "Zq7kxWv803mail@x.example"}})
        );
    }
}
