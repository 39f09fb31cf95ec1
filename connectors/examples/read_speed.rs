//! How fast a page of Xero's is read, printed and mapped: `cargo run --release -p connectors --example read_speed`.

use std::time::Instant;

use connectors::flow::{Known, Reading};
use connectors::print::PrintKey;
use connectors::{flows, xero, zoho};

const INVOICES: usize = 1000;
const LINES: usize = 3;
const ROUNDS: u32 = 20;

fn main() {
    let body = page();
    let flow = flows::flow("books.invoices").expect("the flow is in the list");
    let key = PrintKey::new([7; 32]);
    let per_page = |started: Instant| started.elapsed() / ROUNDS;

    let started = Instant::now();
    let mut records = Vec::new();
    for _ in 0..ROUNDS {
        records = flow.read(&body).expect("the page is whole");
    }
    println!("{INVOICES} invoices, {} kB", body.len() / 1024);
    println!("read   {:?}", per_page(started));

    let records: Vec<_> = records
        .into_iter()
        .map(|reading| match reading {
            Reading::Record(record) => record,
            Reading::Odd(odd) => panic!("{}: {}", odd.id, odd.why),
        })
        .collect();
    let started = Instant::now();
    let mut bytes = 0;
    for _ in 0..ROUNDS {
        bytes += records.iter().map(|record| flow.prints(record.as_ref(), &key).len()).sum::<usize>();
    }
    println!("print  {:?} ({} bytes a record)", per_page(started), bytes / INVOICES / ROUNDS as usize);

    let organisation = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
    let started = Instant::now();
    for _ in 0..ROUNDS {
        for record in &records {
            let mut known = Known::new(organisation.clone(), zoho::Organisation::default());
            for need in flow.needs(record.as_ref()) {
                known.learn(need.flow, need.key, "460000000026049");
            }
            flow.to_zoho(record.as_ref(), &known).expect("the invoice can be mapped");
        }
    }
    println!("map    {:?}", per_page(started));
}

/// A page as Xero writes it, with the fields that we do not read.
fn page() -> Vec<u8> {
    let line = r#"{"ItemCode":"GB-1","Description":"Golf balls, white, a box of twelve","UnitAmount":5.6325,"TaxType":"OUTPUT2","TaxAmount":2.53,"LineAmount":16.90,"AccountCode":"200","Item":{"ItemID":"c8c54d65-f3f2-452d-926e-bf450b12fb07","Name":"Golf balls","Code":"GB-1"},"Tracking":[{"Name":"Region","Option":"North","TrackingCategoryID":"351953c4-8127-4009-88c3-f9cd8c9cbe9f","TrackingOptionID":"ae777a87-5ef3-4fa0-a4f0-d10e1f13073a"}],"Quantity":3.0000,"LineItemID":"52208ff9-528a-4985-a9ad-b2b1d4210e38","AccountID":"7d05a53d-613d-4eb2-a2fc-dcb6adb80b80","ValidationErrors":[]}"#;
    let lines = [line; LINES].join(",");
    let invoices: Vec<String> = (0..INVOICES)
        .map(|n| {
            format!(
                r#"{{"Type":"ACCREC","InvoiceID":"046d8a6d-1ae1-4b4d-9340-{n:012}","InvoiceNumber":"INV-{n:05}","Reference":"PO {n}","Payments":[],"CreditNotes":[],"Prepayments":[],"Overpayments":[],"AmountDue":58.29,"AmountPaid":0.00,"AmountCredited":0.00,"SentToContact":true,"CurrencyRate":1.000000,"HasErrors":false,"IsDiscounted":false,"HasAttachments":false,"Contact":{{"ContactID":"a3675fc4-f8dd-4f03-ba5b-f1870566bcd7","Name":"Barney Rubble","Addresses":[],"Phones":[],"ContactGroups":[],"ContactPersons":[],"HasValidationErrors":false}},"DateString":"2018-10-20T00:00:00","Date":"/Date(1539993600000+0000)/","DueDateString":"2018-12-30T00:00:00","DueDate":"/Date(1546128000000+0000)/","Status":"AUTHORISED","LineAmountTypes":"Exclusive","LineItems":[{lines}],"SubTotal":50.70,"TotalTax":7.59,"Total":58.29,"UpdatedDateUTC":"/Date(1541176290160+0000)/","CurrencyCode":"NZD"}}"#
            )
        })
        .collect();
    format!(r#"{{"Id":"900c500b","Status":"OK","Invoices":[{}]}}"#, invoices.join(",")).into_bytes()
}
