//! Files and notes on a company's documents, as people leave them: scans of bills, a photo, a table that only a person can read.

use uuid::Uuid;

use super::{Company, Failed};
use crate::Shared;
use crate::xero::files::{leave, write_note};
use crate::xero::kinds::Kind;
use crate::xero::sessions::Org;

/// Documents with files, however large the company is.
const BEARERS: u64 = 10;
/// One document in so many has some, where there are few.
const ONE_IN: u64 = 12;
/// Names of files and how many bytes they have.
const FILES: [(&str, usize); 6] = [
    ("Scan 2026-03-04.pdf", 48_000),
    ("IMG_0042.JPG", 90_000),
    ("Delivery note; signed.png", 7_000),
    ("Hours.xlsx", 12_000),
    ("terms – Ōtautahi.pdf", 1_500),
    ("plan.bmp", 30_000),
];
const NOTES: [&str; 3] = ["Rang, promised to pay on Friday.", "Copy sent again", "See the e-mail of 4 March – agreed 10 % less"];

/// Leaves them on the first documents. Answers how many files there are.
pub fn plant(shared: &Shared, org: &Org, company: &Company) -> Result<usize, Failed> {
    let mut planted = 0;
    for n in 0..BEARERS.min(company.invoices / ONE_IN) {
        let mut dice = company.dice("files", n);
        let on = company.id("invoice", n);
        for _ in 0..=dice.below(3) {
            let (name, bytes) = *dice.pick(&FILES);
            leave(shared, org, (Kind::Invoices, on), name, &content(company.id("file", n), name, bytes))?;
            planted += 1;
        }
        let note = *dice.pick(&NOTES);
        write_note(shared, org, (Kind::Invoices, on), note)?;
    }
    Ok(planted)
}

/// Files that are awkward by their names, their kinds, or by what they are on.
pub fn nasty(shared: &Shared, org: &Org, id: &impl Fn(&str) -> Uuid) -> Result<usize, Failed> {
    let long = format!("{}.pdf", "n".repeat(251));
    let files = [
        (Kind::Invoices, "three lines", "Räksmörgås & co; 100% 'signed' [1].PDF"),
        (Kind::Invoices, "three lines", long.as_str()),
        (Kind::Invoices, "three lines", "sums.xlsx"),
        // It is held because of its number, and so are its files.
        (Kind::Invoices, "longest number", "never arrives.pdf"),
        // A customer and a vendor.
        (Kind::Contacts, "both", "card.png"),
        (Kind::Contacts, "archived twin", "old contract.pdf"),
    ];
    for (kind, on, name) in files {
        leave(shared, org, (kind, id(on)), name, &content(id(name), name, 2_000))?;
    }
    write_note(shared, org, (Kind::Contacts, id("html")), "<script>alert(\"note\")</script> & «é» 🐑")?;
    Ok(files.len())
}

/// Bytes that no two files share, behind the beginning that such a file has.
fn content(of: Uuid, name: &str, bytes: usize) -> Vec<u8> {
    let begin: &[u8] = match name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
        Some("pdf") => b"%PDF-1.7\n",
        Some("png") => b"\x89PNG\r\n\x1a\n",
        Some("jpg") => b"\xff\xd8\xff\xe0",
        Some("bmp") => b"BM",
        _ => b"PK\x03\x04",
    };
    let filler = of.as_bytes().iter().chain(name.as_bytes()).copied().cycle();
    begin.iter().copied().chain(filler).take(bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_never_have_the_same_bytes() {
        let one = content(Uuid::from_u128(1), "a.pdf", 100);
        assert_eq!((one.len(), &one[..5]), (100, b"%PDF-".as_slice()));
        assert_ne!(one, content(Uuid::from_u128(2), "a.pdf", 100));
    }
}
