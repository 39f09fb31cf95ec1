//! The mark of kinds without a unique field: Xero's id at the end of the reference, where people still read their own first.

use serde_json::Value;

use super::texts::clip;
use crate::flow::Look;

const REFERENCE_CHARS_MAX: usize = 100;
const BETWEEN: &str = " · ";
/// What is left for people's own reference beside one of Xero's ids.
pub const ROOM: usize = REFERENCE_CHARS_MAX - 36 - 3;

/// Zoho's reference: Xero's own, as far as there is room, and the id.
pub fn reference(own: &str, id: &str) -> String {
    let own = own.trim();
    let room = REFERENCE_CHARS_MAX.saturating_sub(id.chars().count() + BETWEEN.chars().count());
    if own.is_empty() { id.to_owned() } else { format!("{}{BETWEEN}{id}", clip(own, room).trim_end()) }
}

/// Whether there is one of Xero's ids at the end.
pub fn is_marked(reference: &str) -> bool {
    own(reference).len() != reference.trim().len()
}

/// People's own reference: what stands before the mark.
pub fn own(reference: &str) -> &str {
    let reference = reference.trim();
    let is_id = |id: &str| {
        id.bytes().enumerate().all(|(n, one)| match n {
            8 | 13 | 18 | 23 => one == b'-',
            _ => one.is_ascii_hexdigit(),
        })
    };
    match reference.len().checked_sub(36).filter(|at| reference.is_char_boundary(*at)).map(|at| reference.split_at(at)) {
        Some((own, id)) if is_id(id) => own.trim_end().trim_end_matches(BETWEEN.trim()).trim_end(),
        _ => reference,
    }
}

/// The list narrowed down to those with this id. Where Zoho does not know the filter, the list comes whole.
pub fn look(id: &str) -> Look {
    Look { query: vec![("reference_number_contains", id.to_owned())], ..Look::default() }
}

/// The row that has this id for its mark.
pub fn found(id: &str, key: &str, rows: &[Value]) -> Option<String> {
    let row = rows.iter().find(|row| row["reference_number"].as_str().is_some_and(|told| told.ends_with(id)))?;
    row[key].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reference_keeps_the_id_whole_and_its_own_words_first() {
        let id = "046d8a6d-1ae1-4b4d-9340-5601bdf41b87";
        assert_eq!(reference("", id), id);
        assert_eq!(reference(" DD 7 ", id), format!("DD 7 · {id}"));
        let long = reference(&"é".repeat(200), id);
        assert_eq!(long.chars().count(), 100);
        assert!(long.ends_with(id));
        let rows = [
            json!({"transaction_id": "1", "reference_number": "DD 7"}),
            json!({"transaction_id": "2", "reference_number": long}),
        ];
        assert_eq!(found(id, "transaction_id", &rows).as_deref(), Some("2"));
        assert_eq!(found("x", "transaction_id", &rows), None);
        assert_eq!((own(&reference("DD 7", id)), own(id), own("DD · 7"), own(&long)), ("DD 7", "", "DD · 7", &*"é".repeat(61)));
        assert!(is_marked(id) && is_marked(&long) && !is_marked("DD 7") && !is_marked(&id[1..]));
    }
}
