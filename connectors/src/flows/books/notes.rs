//! What people wrote in the history of Xero's records becomes comments on the same records in Zoho Books, with day and author before
//! the words. Entries that Xero makes by itself are not carried. Xero does not tell which records have notes: every record costs a call,
//! so this is carried only where somebody asked for it.

use chrono::DateTime;
use serde_json::{Value, json};

use super::attachments::{need, whose};
use super::{bearers, refusals};
use crate::flow::{Authority, Carry, Cure, Field, Flow, Hanging, Known, Line, Look, Need, On, Unmappable, Wanted};
use crate::side::{Refusal, Trouble};
use crate::xero::records::{HISTORY, Note};
use crate::xero::{self, Odd, Record, read_records};
use crate::zoho;

pub const KEY: &str = "books.notes";

pub struct Notes;

impl Flow for Notes {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "History notes";
    const HAS_LIST: bool = false;
    const IS_ASKED_FOR: bool = true;
    const HANGS: Option<Hanging> = Some(Hanging::Notes);
    const AFTER: &'static [&'static str] = &bearers::FLOWS;
    const XERO: xero::Resource = HISTORY;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "comments",
        one: "comment",
        many: &["comments"],
        id: "comment_id",
        unique: zoho::Unique::Reference,
        query: &[],
        list_query: &[],
        words: &[],
    };
    type Xero = Note;

    fn read_on(on: &On, body: &[u8]) -> Result<Vec<Result<Note, Odd>>, Trouble> {
        // An entry of Xero's own in a form we do not know is nobody's loss; one that cannot be read is as a rule that.
        let mut notes: Vec<Note> = read_records::<Note>(&HISTORY, body)?.into_iter().flatten().collect();
        notes.retain(Note::is_written);
        // The newest comes first; a note's place is counted from the oldest, for that end stays as it is.
        notes.reverse();
        notes.sort_by_key(|note| note.at_us);
        let mut placed = Vec::with_capacity(notes.len());
        let mut last = (i64::MIN, 0);
        for note in notes {
            last = if note.at_us == last.0 { (last.0, last.1 + 1) } else { (note.at_us, 0) };
            placed.push(Ok(note.of(on, last.1)));
        }
        Ok(placed)
    }

    fn wanted(note: &Note) -> Wanted {
        if note.details.trim().is_empty() { Wanted::Skip } else { Wanted::Carry }
    }

    fn needs(note: &Note) -> Vec<Need> {
        need(&note.on)
    }

    fn to_zoho(note: &Note, known: &Known) -> Result<Carry, Unmappable> {
        let Some((bearer, _, zoho_id)) = whose(&note.on, known) else {
            return Err(refusals::not_ready(&note.label(), &note.on_label));
        };
        Ok(Carry {
            body: json!({ "description": text(note) }),
            at: Some(format!("{}/{zoho_id}/comments", bearer.zoho)),
            // Zoho documents no id in its answer.
            id: Some(format!("{zoho_id}:{}", note.id().rsplit_once(':').map_or("", |(_, place)| place))),
            ..Carry::default()
        })
    }

    fn fields() -> &'static [Field<Note>] {
        &[Field {
            name: "text",
            authority: Authority::Once,
            print: |note, printer| {
                printer.text(Some(&note.details)).text(Some(&note.user));
            },
        }]
    }

    fn look(note: &Note, known: &Known) -> Look {
        let Some((bearer, _, zoho_id)) = whose(&note.on, known) else { return Look::default() };
        Look { path: Some(format!("{}/{zoho_id}/comments", bearer.zoho)), many: bearer.comments, ..Look::default() }
    }

    fn found(note: &Note, _: &Known, rows: &[Value]) -> Option<String> {
        let text = text(note);
        rows.iter().find(|row| row["description"] == text.as_str()).and_then(|row| row["comment_id"].as_str().map(str::to_owned))
    }

    fn cure(note: &Note, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        refusals::hold(&note.label(), refusal)
    }

    fn xero_line(_: &Note) -> Line {
        Line { status: "active", currency: String::new(), total: None, tax: None, due: None }
    }

    fn zoho_line(_: &Value) -> Option<Line> {
        None
    }
}

/// Day, author and words. A comment in Zoho is by whoever gave us access, today.
fn text(note: &Note) -> String {
    let day = DateTime::from_timestamp_micros(note.at_us).map(|at| at.format("%Y-%m-%d ").to_string()).unwrap_or_default();
    let author = if note.user.is_empty() { "Xero" } else { &note.user };
    format!("{day}{author}: {}", note.details.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::books::customers;
    use crate::zoho::Organisation;

    const ON: On = On { id: "books.customers/c-1", label: "Contact “Ada”" };
    const HISTORY_OF_IT: &str = r#"{"HistoryRecords":[
        {"Changes":"Note","DateUTC":"/Date(1541689281470+0000)/","User":"Ada Byron","Details":"second of that moment"},
        {"Changes":"note","DateUTC":"/Date(1541689281470+0000)/","User":"Ada Byron","Details":"first of that moment"},
        {"Changes":"Approved","DateUTC":"/Date(1541689281460+0000)/","User":"Ada Byron","Details":"INV-1"},
        {"Changes":"Note","DateUTC":"/Date(1541600000000+0000)/","User":null,"Details":" rang, no answer "},
        {"Changes":"Note","DateUTC":null,"User":"Ada Byron","Details":null},
        {"Changes":17},{"Unheard":"of"}]}"#;

    fn notes() -> Vec<Note> {
        Notes::read_on(&ON, HISTORY_OF_IT.as_bytes()).unwrap().into_iter().map(Result::unwrap).collect()
    }

    fn known() -> Known {
        let mut known = Known::new(xero::Organisation::default(), Organisation::default());
        known.learn(customers::KEY, "c-1", "4601");
        known
    }

    #[test]
    fn only_what_people_wrote_is_carried_each_under_a_name_that_stays() {
        let wanted: Vec<(String, String)> = notes()
            .iter()
            .filter(|note| Notes::wanted(note) == Wanted::Carry)
            .map(|note| (note.id().to_owned(), text(note)))
            .collect();
        assert_eq!(
            wanted,
            [
                ("books.customers/c-1:1541600000000000.0", "2018-11-07 Xero: rang, no answer"),
                ("books.customers/c-1:1541689281470000.0", "2018-11-08 Ada Byron: first of that moment"),
                ("books.customers/c-1:1541689281470000.1", "2018-11-08 Ada Byron: second of that moment"),
            ]
            .map(|(id, text)| (id.to_owned(), text.to_owned()))
        );
    }

    #[test]
    fn a_note_becomes_a_comment_and_is_found_again() {
        let note = notes().remove(1);
        let carry = Notes::to_zoho(&note, &known()).unwrap();
        assert_eq!((carry.at.as_deref(), carry.id.as_deref()), (Some("contacts/4601/comments"), Some("4601:1541600000000000.0")));
        assert_eq!(carry.body, json!({"description": "2018-11-07 Xero: rang, no answer"}));
        let look = Notes::look(&note, &known());
        assert_eq!((look.path.as_deref(), look.many), (Some("contacts/4601/comments"), Some("contact_comments")));
        let rows = [
            json!({"comment_id": "1", "description": "Contact created."}),
            json!({"comment_id": "2", "description": text(&note)}),
        ];
        assert_eq!(Notes::found(&note, &known(), &rows).as_deref(), Some("2"));
        assert_eq!(Notes::found(&note, &known(), &rows[..1]), None);
        let unknown = Known::new(xero::Organisation::default(), Organisation::default());
        assert_eq!(Notes::to_zoho(&note, &unknown).unwrap_err().code, "NOT_READY");
        let refusal = Refusal { status: 400, code: "15".into(), message: "less than 2000 characters".into() };
        let Cure::Hold(held) = Notes::cure(&note, &known(), &refusal, 1) else { panic!("not held") };
        assert!(held.code == "TOO_LONG" && held.sentence.starts_with("A note on Contact “Ada” was refused"), "{}", held.sentence);
    }
}
