//! Answers of the providers: every list of Xero's and every record of Zoho's is read, printed and mapped, whatever is in it.
#![no_main]

use connectors::flow::{Coming, Known, Reading};
use connectors::flows;
use connectors::print::PrintKey;
use connectors::xero::wire::{parse_day, parse_moment_us};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    // The first byte says which kind of record it is.
    let Some((first, body)) = data.split_first() else { return };
    let flow = flows::ALL[usize::from(*first) % flows::ALL.len()];
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = (parse_day(text), parse_moment_us(text));
    }
    let (known, key) = (Known::default(), PrintKey::new([7; 32]));
    for reading in flow.read(body).into_iter().flatten() {
        let Reading::Record(record) = &reading else { continue };
        let record = record.as_ref();
        let _ = flow.wanted(record);
        assert_eq!(flow.prints(record, &key), flow.prints(record, &key), "the same record has the same prints");
        let _ = flow.to_zoho(record, &known);
        let _ = (flow.needs(record), flow.hints(record), flow.day(record), flow.rate(record), flow.owed(record));
        let _ = (flow.look(record, &known), flow.postings(record, &known), flow.xero_line(record));
    }
    // Zoho's side of the same.
    let Ok(row) = serde_json::from_slice::<Value>(body) else { return };
    let _ = (flow.zoho_owed(&row), flow.zoho_line(&row), flow.booked(&row));
    if let Some(back) = flow.back() {
        let _ = (back.prints(&row, &key), (back.wanted)(&row), (back.label)(&row), (back.needs)(&row), (back.day)(&row));
        for part in (back.parts)(&row) {
            let _ = (back.to_xero)(&Coming { record: &part, there: None, changed: &[] }, &known);
        }
    }
});
