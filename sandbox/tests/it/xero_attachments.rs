//! Files, history, letters and paper of Xero's records.

use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::{SCOPE, World, demo};

async fn connected() -> (World, Value) {
    let world = World::new().await;
    let tokens = world.connect_for(&format!("{SCOPE} accounting.attachments")).await;
    (world, tokens)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// An approved sales invoice to a contact with an address.
async fn invoice(world: &World, tokens: &Value, status: &str) -> String {
    let contact = world
        .xero(tokens, Method::PUT, "Contacts", json!({"Name": format!("Ada {status}"), "EmailAddress": "ada@example.com"}))
        .await;
    let sent = json!({"Type": "ACCREC", "Contact": {"ContactID": contact["Contacts"][0]["ContactID"]}, "Date": "2026-05-01", "DueDate": "2026-06-01",
        "Status": status, "LineItems": [{"Description": "Work (no. 1)", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200"}]});
    let made = world.xero(tokens, Method::PUT, "Invoices", sent).await;
    text(&made["Invoices"][0]["InvoiceID"])
}

async fn upload(world: &World, tokens: &Value, method: Method, path: &str, bytes: Vec<u8>) -> reqwest::Response {
    world
        .client
        .request(method, world.url(&format!("/xero/api/api.xro/2.0/{path}")))
        .bearer_auth(tokens["access_token"].as_str().unwrap())
        .header("xero-tenant-id", demo())
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/octet-stream")
        .body(bytes)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_file_comes_back_byte_for_byte_by_its_name_and_by_its_id() {
    let (world, tokens) = connected().await;
    let id = invoice(&world, &tokens, "DRAFT").await;
    let record = async || world.read(&tokens, &format!("Invoices/{id}")).await["Invoices"][0].clone();
    let before = record().await;
    assert_eq!(before["HasAttachments"], false);
    world.order("/_sandbox/clock", json!({"advance_s": 60})).await;
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    let path = format!("Invoices/{id}/Attachments/Receipt%20%5B1%5D%20%C5%8Ctautahi.pdf");
    let answer = upload(&world, &tokens, Method::PUT, &format!("{path}?IncludeOnline=true"), bytes.clone()).await;
    assert_eq!(answer.status(), 200);
    let kept: Value = answer.json().await.unwrap();
    let file = &kept["Attachments"][0];
    assert_eq!(file["FileName"], "Receipt [1] Ōtautahi.pdf");
    assert_eq!(
        (&file["MimeType"], &file["ContentLength"], &file["IncludeOnline"]),
        (&json!("application/pdf"), &json!(70_000), &json!(true))
    );
    let after = record().await;
    assert_eq!((&after["HasAttachments"], &after["UpdatedDateUTC"]), (&json!(true), &before["UpdatedDateUTC"]));

    let list = world.read(&tokens, &format!("Invoices/{id}/Attachments")).await;
    assert_eq!(list["Attachments"], json!([file]));
    assert_eq!(after["Attachments"], json!([file]), "a single record lists its files");
    assert_eq!(after["Total"].to_string(), before["Total"].to_string());
    assert!(world.read(&tokens, "Invoices?page=1").await["Invoices"][0].get("Attachments").is_none());
    for place in [path.clone(), format!("Invoices/{id}/Attachments/{}", text(&file["AttachmentID"]))] {
        let answer = world.books(&tokens, &place).header(ACCEPT, "application/pdf").send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()[CONTENT_TYPE].to_str().unwrap()), (200, "application/pdf"));
        assert_eq!(answer.bytes().await.unwrap(), bytes);
    }
    let at = world.client.get(text(&file["Url"])).bearer_auth(text(&tokens["access_token"])).header("xero-tenant-id", demo());
    assert_eq!(at.send().await.unwrap().bytes().await.unwrap().len(), 70_000, "the address of a file leads to it");

    let replaced: Value = upload(&world, &tokens, Method::POST, &path, vec![1, 2, 3]).await.json().await.unwrap();
    assert_eq!(
        (&replaced["Attachments"][0]["AttachmentID"], &replaced["Attachments"][0]["ContentLength"]),
        (&file["AttachmentID"], &json!(3))
    );
    assert_eq!(world.read(&tokens, &format!("Invoices/{id}/Attachments")).await["Attachments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn files_that_are_too_many_too_large_or_of_a_strange_kind_are_refused() {
    let (world, tokens) = connected().await;
    let id = invoice(&world, &tokens, "DRAFT").await;
    let put = async |name: &str, bytes: usize| {
        upload(&world, &tokens, Method::PUT, &format!("Invoices/{id}/Attachments/{name}"), vec![7; bytes]).await
    };
    for name in ["run.exe", "page.html", "link.url", "noending", "..%2F..%2Fetc%2Fpasswd.txt", "a%0Ab.pdf", "%3Cb%3E.pdf"] {
        assert_eq!(put(name, 10).await.status(), 400, "{name}");
    }
    assert_eq!(put("empty.txt", 0).await.status(), 400);
    let large = put("large.zip", 3 * 1024 * 1024 + 1).await;
    assert_eq!(large.status(), 400);
    let says: Value = large.json().await.unwrap();
    assert_eq!(says["Elements"][0]["ValidationErrors"][0]["Message"], "The file exceeds the maximum size of 3 MB");
    world.order("/_sandbox/switches", json!({"xero.attachments_up_to_10_mb": true})).await;
    assert_eq!(put("large.zip", 3 * 1024 * 1024 + 1).await.status(), 200);
    for n in 1..10 {
        assert_eq!(put(&format!("{n}.txt"), 1).await.status(), 200);
    }
    assert_eq!(put("11th.txt", 1).await.status(), 400);
    assert_eq!(put("9.txt", 5).await.status(), 200, "what is there already may be replaced");
    let nobody = "11111111-1111-4111-8111-111111111111";
    assert_eq!(
        upload(&world, &tokens, Method::PUT, &format!("Invoices/{nobody}/Attachments/a.txt"), vec![1]).await.status(),
        404
    );
    assert_eq!(world.books(&tokens, &format!("Invoices/{nobody}/Attachments")).send().await.unwrap().status(), 404);
    assert_eq!(world.books(&tokens, &format!("Invoices/{id}/Attachments/none.txt")).send().await.unwrap().status(), 404);
    assert_eq!(
        upload(&world, &tokens, Method::PUT, &format!("Items/{nobody}/Attachments/a.txt"), vec![1]).await.status(),
        404,
        "items have no files"
    );
}

#[tokio::test]
async fn files_need_their_own_scope() {
    let (world, tokens) = connected().await;
    let id = invoice(&world, &tokens, "DRAFT").await;
    let bare = world.connect().await;
    assert_eq!(world.books(&bare, &format!("Invoices/{id}/Attachments")).send().await.unwrap().status(), 401);
    let reads = world.connect_for(&format!("{SCOPE} accounting.attachments.read")).await;
    assert_eq!(world.books(&reads, &format!("Invoices/{id}/Attachments")).send().await.unwrap().status(), 200);
    assert_eq!(upload(&world, &reads, Method::PUT, &format!("Invoices/{id}/Attachments/a.txt"), vec![1]).await.status(), 401);
}

#[tokio::test]
async fn history_tells_what_happened_and_takes_notes() {
    let (world, tokens) = connected().await;
    let id = invoice(&world, &tokens, "DRAFT").await;
    let history = format!("Invoices/{id}/History");
    let changes = async || {
        let list = world.read(&tokens, &history).await;
        let list = list["HistoryRecords"].as_array().unwrap().clone();
        list.into_iter().map(|record| text(&record["Changes"])).collect::<Vec<_>>()
    };
    assert_eq!(changes().await, ["Created"]);
    let path = format!("Invoices/{id}");
    world.order("/_sandbox/clock", json!({"advance_s": 1})).await;
    world.xero(&tokens, Method::POST, &path, json!({"Reference": "PO 7"})).await;
    world.xero(&tokens, Method::POST, &path, json!({"Status": "AUTHORISED"})).await;
    upload(&world, &tokens, Method::PUT, &format!("{path}/Attachments/a.txt"), vec![1]).await;
    let note = json!({"HistoryRecords": [{"Details": "Hello World"}]});
    let kept = world.xero(&tokens, Method::PUT, &history, note).await;
    assert_eq!(
        (&kept["HistoryRecords"][0]["Details"], &kept["HistoryRecords"][0]["ValidationErrors"]),
        (&json!("Hello World"), &json!([]))
    );
    let sent = format!("/_sandbox/xero/{}/Payments", demo());
    world.order("/_sandbox/clock", json!({"advance_s": 1})).await;
    world
        .order(&sent, json!({"Invoice": {"InvoiceID": id}, "Account": {"Code": "090"}, "Amount": 15, "Date": "2026-05-02"}))
        .await;
    world
        .order(&sent, json!({"Invoice": {"InvoiceID": id}, "Account": {"Code": "090"}, "Amount": 100, "Date": "2026-05-03"}))
        .await;
    assert_eq!(changes().await, ["Paid", "Paid", "Note", "Attached a file", "Approved", "Edited", "Created"]);
    let list = world.read(&tokens, &history).await;
    let list = list["HistoryRecords"].as_array().unwrap();
    assert_eq!(list[2]["User"], "System Generated");
    assert_eq!(list[0]["User"], "Simon Brusch", "people leave their name");
    assert!(text(&list[3]["Details"]).starts_with("Attached the file a.txt through the Xero API using"));
    assert!(text(&list[0]["DateUTC"]).starts_with("/Date("));

    let long = json!({"HistoryRecords": [{"Details": "fits"}, {"Details": "é".repeat(251)}]});
    world.xero_refuses(&tokens, Method::PUT, &history, long).await;
    assert_eq!(changes().await.len(), 7, "a refused list leaves nothing behind");
    world.xero(&tokens, Method::PUT, &history, json!({"HistoryRecords": [{"Details": "é".repeat(250)}]})).await;
    for method in [Method::POST, Method::DELETE] {
        assert_eq!(world.call_xero(&tokens, method, &history, Some(json!({}))).await.status(), 404, "history is only added to");
    }
    let accounts = world.read(&tokens, "Accounts").await;
    let account = format!("Accounts/{}/History", text(&accounts["Accounts"][0]["AccountID"]));
    assert_eq!(world.call_xero(&tokens, Method::GET, &account, None).await.status(), 404, "accounts have no history");
}

#[tokio::test]
async fn a_silent_edit_leaves_no_trace_in_history() {
    let (world, tokens) = connected().await;
    let id = invoice(&world, &tokens, "DRAFT").await;
    world
        .order(&format!("/_sandbox/xero/{}/Invoices?silent=true", demo()), json!({"InvoiceID": id, "Reference": "quietly"}))
        .await;
    let list = world.read(&tokens, &format!("Invoices/{id}/History")).await;
    assert_eq!(list["HistoryRecords"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_letter_goes_out_for_approved_sales_invoices_and_is_counted() {
    let (world, tokens) = connected().await;
    let emailed = async || world.control("/_sandbox/state").await["xero"]["emailed_customers"].clone();
    let draft = invoice(&world, &tokens, "DRAFT").await;
    let says = world.xero_refuses(&tokens, Method::POST, &format!("Invoices/{draft}/Email"), json!({})).await;
    assert_eq!(says, "Invoice not of valid status for emailing");
    assert_eq!(emailed().await, 0);
    let approved = invoice(&world, &tokens, "AUTHORISED").await;
    let answer = world.call_xero(&tokens, Method::POST, &format!("Invoices/{approved}/Email"), Some(json!({}))).await;
    assert_eq!((answer.status().as_u16(), answer.bytes().await.unwrap().len()), (204, 0));
    assert_eq!(emailed().await, 1);
    assert_eq!(world.read(&tokens, &format!("Invoices/{approved}")).await["Invoices"][0]["SentToContact"], true);
    let online = world.read(&tokens, &format!("Invoices/{approved}/OnlineInvoice")).await;
    let page = world.client.get(text(&online["OnlineInvoices"][0]["OnlineInvoiceUrl"])).send().await.unwrap();
    assert!(page.status() == 200 && page.text().await.unwrap().contains("115.00"));
    world.xero_refuses(&tokens, Method::GET, &format!("Invoices/{draft}/OnlineInvoice"), json!({})).await;
}

#[tokio::test]
async fn a_document_is_printed_for_those_who_ask_for_a_pdf() {
    let (world, tokens) = connected().await;
    let id = invoice(&world, &tokens, "AUTHORISED").await;
    let call = world
        .client
        .get(world.url(&format!("/xero/api/api.xro/2.0/Invoices/{id}")))
        .bearer_auth(text(&tokens["access_token"]))
        .header("xero-tenant-id", demo())
        .header(ACCEPT, "application/pdf");
    let answer = call.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()[CONTENT_TYPE].to_str().unwrap()), (200, "application/pdf"));
    let bytes = answer.bytes().await.unwrap();
    assert!(bytes.starts_with(b"%PDF-1.4") && bytes.ends_with(b"%%EOF\n"));
    let shown: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    assert!(shown.contains("Work \\(no. 1\\)") && shown.contains("115.00 NZD"));
    assert_eq!(world.books(&tokens, &format!("Invoices/{id}/pdf")).send().await.unwrap().bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn whether_a_new_file_changes_its_record_is_a_switch() {
    let (world, tokens) = connected().await;
    let id = invoice(&world, &tokens, "DRAFT").await;
    let updated = async || world.read(&tokens, &format!("Invoices/{id}")).await["Invoices"][0]["UpdatedDateUTC"].clone();
    let before = updated().await;
    world.order("/_sandbox/clock", json!({"advance_s": 60})).await;
    upload(&world, &tokens, Method::PUT, &format!("Invoices/{id}/Attachments/a.txt"), vec![1]).await;
    assert_eq!(updated().await, before);
    world.order("/_sandbox/switches", json!({"xero.attaching_touches_records": true})).await;
    upload(&world, &tokens, Method::PUT, &format!("Invoices/{id}/Attachments/b.txt"), vec![1]).await;
    assert_ne!(updated().await, before);
}

#[tokio::test]
async fn planting_anew_leaves_no_files_and_no_history_behind() {
    let (world, tokens) = connected().await;
    world.order("/_sandbox/seed", json!({"profile": "tiny"})).await;
    let planted = world.read(&tokens, "Contacts?page=1").await["Contacts"][0].clone();
    let path = format!("Contacts/{}", text(&planted["ContactID"]));
    upload(&world, &tokens, Method::PUT, &format!("{path}/Attachments/a.txt"), vec![1]).await;
    world.xero(&tokens, Method::PUT, &format!("{path}/History"), json!({"HistoryRecords": [{"Details": "x"}]})).await;
    let count =
        async |below: &str, list: &str| world.read(&tokens, &format!("{path}/{below}")).await[list].as_array().unwrap().len();
    assert_eq!((count("Attachments", "Attachments").await, count("History", "HistoryRecords").await), (1, 2));
    world.order("/_sandbox/seed", json!({"profile": "tiny"})).await;
    assert_eq!((count("Attachments", "Attachments").await, count("History", "HistoryRecords").await), (0, 0));
}
