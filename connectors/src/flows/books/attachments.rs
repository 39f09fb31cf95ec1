//! Files on Xero's records become files on the same records in Zoho Books. The bytes are passed on as they come and never kept. Zoho
//! takes images and PDF up to 10 MB; everything else is announced to stay in Xero. A file that is removed in Xero stays in Zoho.

use serde_json::Value;

use super::bearers::{self, Bearer};
use super::refusals;
use crate::flow::{Authority, By, Carry, Cure, Field, File, Flow, Hanging, Known, Line, Look, Need, On, Unmappable, Wanted};
use crate::side::{Refusal, Trouble};
use crate::xero::records::{ATTACHMENTS, Attachment};
use crate::xero::{self, Odd, Record, read_records};
use crate::zoho;

pub const KEY: &str = "books.attachments";

/// The endings of the names that Zoho Books takes, and what such files are.
const TYPES: [(&str, &str); 6] = [
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("bmp", "image/bmp"),
];
/// The greatest file that Zoho Books takes.
const BYTES_MAX: u64 = 10 * 1024 * 1024;

/// Letters of a name. Xero allows 255; Zoho documents no limit, and refuses what is too long.
const NAME_CHARS_MAX: usize = 200;

pub struct Attachments;

impl Flow for Attachments {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Attachments";
    const HAS_LIST: bool = false;
    const HANGS: Option<Hanging> = Some(Hanging::Files);
    const AFTER: &'static [&'static str] = &bearers::FLOWS;
    const XERO: xero::Resource = ATTACHMENTS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "attachment",
        one: "document",
        many: &["documents"],
        id: "document_id",
        unique: zoho::Unique::Reference,
        query: &[],
        list_query: &[],
        words: &[],
    };
    type Xero = Attachment;

    fn read_on(on: &On, body: &[u8]) -> Result<Vec<Result<Attachment, Odd>>, Trouble> {
        let read = read_records::<Attachment>(&ATTACHMENTS, body)?;
        let whose = |odd: Odd| Odd { id: format!("{}:{}", on.id, odd.id), ..odd };
        Ok(read.into_iter().map(|one| one.map(|file| file.of(on)).map_err(whose)).collect())
    }

    fn wanted(_: &Attachment) -> Wanted {
        Wanted::Carry
    }

    fn needs(file: &Attachment) -> Vec<Need> {
        need(&file.on)
    }

    fn to_zoho(file: &Attachment, known: &Known) -> Result<Carry, Unmappable> {
        let stays =
            |code, why: &str| Unmappable { code, sentence: format!("{} stays in Xero: {why}", file.label()), expected: true };
        let Some((_, type_)) = TYPES.into_iter().find(|(ending, _)| *ending == file.ending()) else {
            return Err(stays(
                "FILE_TYPE",
                "Zoho Books takes only PDF and images (png, jpg, gif, bmp). Where it is needed there, attach a PDF of it in Xero.",
            ));
        };
        if file.bytes() > BYTES_MAX {
            return Err(stays(
                "FILE_TOO_LARGE",
                "Zoho Books takes files of up to 10 MB. Where it is needed there, attach a smaller one in Xero.",
            ));
        }
        let Some((bearer, record, zoho_id)) = whose(&file.on, known) else {
            return Err(refusals::not_ready(&file.label(), &file.on_label));
        };
        Ok(Carry {
            at: Some(format!("{}/{zoho_id}/attachment", bearer.zoho)),
            // Where the answer names no document.
            id: Some(format!("{zoho_id}:{}", file.file_id)),
            file: Some(File {
                from: vec![bearer.xero.to_owned(), record.to_owned(), ATTACHMENTS.path.to_owned(), file.file_id.clone()],
                type_in_xero: file.mime_type.clone(),
                name: name(file),
                type_,
                bytes: file.bytes(),
            }),
            ..Carry::default()
        })
    }

    fn fields() -> &'static [Field<Attachment>] {
        // A file that is replaced keeps its name and its id; the new one is put beside the old.
        &[Field {
            name: "file",
            authority: Authority::Xero,
            print: |file, printer| {
                printer.text(Some(&file.file_name)).count(file.bytes() as usize);
            },
        }]
    }

    fn look(file: &Attachment, known: &Known) -> Look {
        let path = whose(&file.on, known).map(|(bearer, _, zoho_id)| format!("{}/{zoho_id}", bearer.zoho));
        Look { path, ..Look::default() }
    }

    fn found(file: &Attachment, _: &Known, rows: &[Value]) -> Option<String> {
        let size = |row: &Value| match &row["file_size"] {
            Value::String(size) => size.parse::<u64>().ok(),
            size => size.as_u64().or_else(|| size.as_f64().map(|size| size as u64)),
        };
        let name = name(file);
        // A size that is not told is no other size.
        let is_it = |row: &&Value| {
            row["file_name"] == name.as_str() && size(row).is_none_or(|size| file.bytes() == 0 || size == file.bytes())
        };
        rows.iter().find(is_it).and_then(|row| row["document_id"].as_str().map(str::to_owned))
    }

    fn cure(file: &Attachment, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        refusals::hold(&file.label(), refusal)
    }

    fn xero_line(_: &Attachment) -> Line {
        Line { status: "active", currency: String::new(), total: None, tax: None, due: None }
    }

    fn zoho_line(_: &Value) -> Option<Line> {
        None
    }
}

/// Its name, shortened in the middle where it is too long: the ending tells what it is.
fn name(file: &Attachment) -> String {
    let (name, ending) = (&file.file_name, file.ending());
    if name.chars().count() <= NAME_CHARS_MAX {
        return name.clone();
    }
    let kept: String = name.chars().take(NAME_CHARS_MAX - ending.chars().count() - 1).collect();
    format!("{kept}.{ending}")
}

/// The record something hangs on.
pub(super) fn need(on: &str) -> Vec<Need> {
    let need = |(bearer, id): (&'static Bearer, &str)| Need { flow: bearer.flow, key: id.to_owned(), by: By::Id };
    Bearer::of_record(on).map(need).into_iter().collect()
}

/// Its kind, its id in Xero and its id in Zoho.
pub(super) fn whose<'a>(on: &'a str, known: &'a Known) -> Option<(&'static Bearer, &'a str, &'a str)> {
    let (bearer, id) = Bearer::of_record(on)?;
    Some((bearer, id, known.id(bearer.flow, id)?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::{self, Reading};
    use crate::flows::books::bills;
    use crate::zoho::Organisation;

    const ON: On = On { id: "books.bills/b-1", label: "Bill 77" };

    fn file(extra: Value) -> Attachment {
        let mut file = json!({"AttachmentID": "a-1", "FileName": "Scan 1.PDF", "MimeType": "application/pdf", "ContentLength": 2048,
                              "Url": "https://api.xero.com/api.xro/2.0/Invoices/b-1/Attachments/Scan%201.PDF"});
        file.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str::<Attachment>(&file.to_string()).unwrap().of(&ON)
    }

    fn known() -> Known {
        let mut known = Known::new(xero::Organisation::default(), Organisation::default());
        known.learn(bills::KEY, "b-1", "4601");
        known
    }

    #[test]
    fn a_file_goes_to_the_record_it_is_on() {
        let carry = Attachments::to_zoho(&file(json!({})), &known()).unwrap();
        assert_eq!(
            (carry.at.as_deref(), carry.id.as_deref(), &carry.body),
            (Some("bills/4601/attachment"), Some("4601:a-1"), &Value::Null)
        );
        let sent = carry.file.unwrap();
        assert_eq!(sent.from, ["Invoices", "b-1", "Attachments", "a-1"]);
        assert_eq!((sent.name.as_str(), sent.type_, sent.bytes), ("Scan 1.PDF", "application/pdf", 2048));
        assert_eq!(Attachments::needs(&file(json!({}))), [Need { flow: bills::KEY, key: "b-1".into(), by: By::Id }]);
        assert_eq!(Attachments::look(&file(json!({})), &known()).path.as_deref(), Some("bills/4601"));
        assert_eq!(file(json!({})).id(), "books.bills/b-1:a-1");
        let unknown = Known::new(xero::Organisation::default(), Organisation::default());
        assert_eq!(Attachments::to_zoho(&file(json!({})), &unknown).unwrap_err().code, "NOT_READY");
    }

    #[test]
    fn what_zoho_does_not_take_is_announced_to_stay() {
        for (extra, code) in [
            (json!({"FileName": "sums.xlsx"}), Some("FILE_TYPE")),
            (json!({"FileName": "no ending"}), Some("FILE_TYPE")),
            (json!({"FileName": ".pdf.zip"}), Some("FILE_TYPE")),
            (json!({"ContentLength": 10 * 1024 * 1024 + 1}), Some("FILE_TOO_LARGE")),
            (json!({"ContentLength": 10 * 1024 * 1024}), None),
            (json!({"ContentLength": null}), None),
            (json!({"ContentLength": "17"}), None),
            (json!({"FileName": "photo.JPeG", "MimeType": null}), None),
        ] {
            match Attachments::to_zoho(&file(extra.clone()), &known()) {
                Ok(_) => assert_eq!(code, None, "{extra}"),
                Err(held) => {
                    assert_eq!((Some(held.code), held.expected), (code, true), "{extra}");
                    assert!(held.sentence.contains("of Bill 77 stays in Xero: Zoho Books takes"), "{}", held.sentence);
                }
            }
        }
    }

    #[test]
    fn a_file_that_is_there_already_is_known_by_its_name_and_its_size() {
        let there = |name: &str, size: Value| json!({"document_id": "9", "file_name": name, "file_size": size});
        for (row, is_it) in [
            (there("Scan 1.PDF", json!(2048)), true),
            (there("Scan 1.PDF", json!("2048")), true),
            (there("Scan 1.PDF", json!(2048.0)), true),
            (there("Scan 1.PDF", Value::Null), true),
            (there("Scan 1.PDF", json!(2049)), false),
            (there("Scan 2.PDF", json!(2048)), false),
        ] {
            assert_eq!(Attachments::found(&file(json!({})), &known(), std::slice::from_ref(&row)).is_some(), is_it, "{row}");
        }
    }

    #[test]
    fn a_long_name_is_shortened_and_keeps_its_ending() {
        let long = file(json!({"FileName": format!("{}.PDF", "é".repeat(251))}));
        let sent = Attachments::to_zoho(&long, &known()).unwrap().file.unwrap().name;
        assert_eq!(sent, format!("{}.pdf", "é".repeat(196)));
        let row = json!({"document_id": "9", "file_name": sent, "file_size": 2048});
        assert_eq!(Attachments::found(&long, &known(), &[row]).as_deref(), Some("9"));
    }

    #[test]
    fn an_odd_file_does_not_spoil_the_others_and_a_refusal_names_the_file() {
        let body = r#"{"Attachments":[{"AttachmentID":"a-1","FileName":"a.pdf"},{"AttachmentID":"a-2","FileName":null}]}"#;
        let read = flow::AnyFlow::read_on(&Attachments, &ON, body.as_bytes()).unwrap();
        assert!(matches!(&read[0], Reading::Record(file) if file.id() == "books.bills/b-1:a-1"));
        assert!(matches!(&read[1], Reading::Odd(odd) if odd.id == "books.bills/b-1:a-2"));
        let refusal = Refusal { status: 400, code: "9".into(), message: "Attachments limit reached".into() };
        let Cure::Hold(held) = Attachments::cure(&file(json!({})), &known(), &refusal, 1) else { panic!("not held") };
        assert!(held.sentence.starts_with("The file “Scan 1.PDF” of Bill 77 was refused"), "{}", held.sentence);
    }
}
