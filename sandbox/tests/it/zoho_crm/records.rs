//! Insert, update, upsert, delete, and what each row is answered.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Crm, heard};

#[tokio::test]
async fn a_record_is_inserted_and_read_back_with_names_in_its_lookups() {
    let crm = Crm::new().await;
    let account = crm.insert("Accounts", json!({"Account_Name": "Kauri Ltd", "Website": "https://kauri.example"})).await;
    let row = json!({"First_Name": "Ada", "Last_Name": "Brusch", "Email": "ada@example.com", "Account_Name": {"id": account}, "Tag": [{"name": "xero"}]});
    let (status, answer) = crm.post("/Contacts", json!({"data": [row], "trigger": []})).await;
    assert_eq!(status, 201);
    let done = &answer["data"][0];
    assert_eq!(
        (&done["code"], &done["message"], &done["status"]),
        (&json!("SUCCESS"), &json!("record added"), &json!("success"))
    );
    assert_eq!(
        (&done["details"]["$approval_state"], &done["details"]["Created_By"]["name"]),
        (&json!("approved"), &json!("Simon Brusch"))
    );
    let contact = crm.record("Contacts", done["details"]["id"].as_str().unwrap()).await;
    assert_eq!(contact["Account_Name"], json!({"name": "Kauri Ltd", "id": account}));
    assert_eq!(
        (&contact["Full_Name"], &contact["Phone"], &contact["Email_Opt_Out"]),
        (&json!("Ada Brusch"), &Value::Null, &json!(false))
    );
    assert_eq!((&contact["Tag"], &contact["Owner"]["email"]), (&json!([{"name": "xero"}]), &json!("simon@example.test")));
    let stamp = contact["Created_Time"].as_str().unwrap();
    assert!(stamp.len() == 25 && matches!(&stamp[19..], "+13:00" | "+12:00"), "{stamp}");
    assert_eq!(crm.read("/settings/tags?module=Contacts").await["tags"][0]["name"], "xero");
}

#[tokio::test]
async fn good_and_bad_rows_are_answered_each_for_itself_in_their_order() {
    let crm = Crm::new().await;
    let rows = json!([
        {"Last_Name": "One"},
        {"First_Name": "Nameless"},
        {"Last_Name": "Two", "Email": "not an address"},
        {"Last_Name": "x".repeat(81)},
        {"Last_Name": "Three", "Account_Name": {"id": "4600000000000999999"}},
        {"Last_Name": "Four", "Date_of_Birth": "31/12/1999"},
        {"Last_Name": "Five", "Account_Name": "Kauri Ltd"},
        {"Last_Name": "Six", "No_Such_Field": 1},
        {"Last_Name": "Seven", "Lead_Source": "Hearsay"},
        {"Last_Name": "Eight", "Email_Opt_Out": "yes"},
    ]);
    let (status, answer) = crm.post("/Contacts", json!({"data": rows, "trigger": []})).await;
    assert_eq!(status, 207);
    let data = answer["data"].as_array().unwrap();
    let codes: Vec<_> = data.iter().map(|row| row["code"].as_str().unwrap()).collect();
    let bad = "INVALID_DATA";
    assert_eq!(codes, ["SUCCESS", "MANDATORY_NOT_FOUND", bad, bad, bad, bad, bad, bad, bad, bad]);
    assert_eq!(data[1]["details"], json!({"api_name": "Last_Name", "json_path": "$.data[1].Last_Name"}));
    assert_eq!(data[1]["message"], "required field not found");
    assert_eq!(data[2]["details"], json!({"expected_data_type": "email", "api_name": "Email", "json_path": "$.data[2].Email"}));
    assert_eq!(data[3]["details"]["maximum_length"], 80);
    assert_eq!(data[4]["message"], "the id given seems to be invalid");
    assert_eq!(
        (&data[5]["details"]["expected_data_type"], &data[6]["details"]["expected_data_type"]),
        (&json!("date"), &json!("jsonobject"))
    );
    assert_eq!(data[9]["details"]["expected_data_type"], "boolean");
    assert_eq!(crm.read("/Contacts/actions/count").await["count"], 1);
}

#[tokio::test]
async fn when_every_row_is_refused_the_switch_says_how() {
    let crm = Crm::new().await;
    let body = json!({"data": [{"First_Name": "Nameless"}]});
    assert_eq!(crm.post("/Contacts", body.clone()).await.0, 202);
    crm.switch("zoho.crm_all_rows_refused_is_202", false);
    assert_eq!(crm.post("/Contacts", body).await.0, 400);
}

#[tokio::test]
async fn a_call_carries_at_most_a_hundred_rows() {
    let crm = Crm::new().await;
    let rows: Vec<_> = (0..101).map(|number| json!({"Last_Name": number.to_string()})).collect();
    let (status, answer) = crm.post("/Contacts", json!({"data": rows})).await;
    assert_eq!((status, &answer["code"], &answer["details"]["maximum_length"]), (400, &json!("INVALID_DATA"), &json!(100)));
    for (body, code) in
        [(json!({}), "MANDATORY_NOT_FOUND"), (json!({"data": {}}), "INVALID_DATA"), (json!({"data": []}), "MANDATORY_NOT_FOUND")]
    {
        let (status, answer) = crm.post("/Contacts", body).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some(code)));
    }
}

#[tokio::test]
async fn a_duplicate_names_the_record_that_was_there_first() {
    let crm = Crm::new().await;
    let first = crm.insert("Contacts", json!({"Last_Name": "Ada", "Email": "ada@example.com"})).await;
    let (status, answer) = crm.post("/Contacts", json!({"data": [{"Last_Name": "Other", "Email": "ADA@example.com"}]})).await;
    assert_eq!(status, 202);
    let row = &answer["data"][0];
    assert_eq!(
        (&row["code"], &row["message"], &row["details"]["api_name"]),
        (&json!("DUPLICATE_DATA"), &json!("duplicate data"), &json!("Email"))
    );
    assert_eq!(row["details"]["json_path"], "$.data[0].Email");
    let duplicate = &row["details"]["duplicate_record"];
    assert_eq!((&duplicate["id"], &duplicate["module"]["api_name"]), (&json!(first), &json!("Contacts")));
    assert_eq!(duplicate["Owner"]["name"], "Simon Brusch");
    let (status, _) = crm.update("Contacts", &first, json!({"Email": "ada@example.com"})).await;
    assert_eq!(status, 200, "a record is no duplicate of itself");
    crm.switch("zoho.crm_emails_unique", false);
    assert_eq!(crm.post("/Contacts", json!({"data": [{"Last_Name": "Other", "Email": "ada@example.com"}]})).await.0, 201);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_leaves_the_rest() {
    let crm = Crm::new().await;
    let id = crm.insert("Contacts", json!({"Last_Name": "Ada", "Phone": "1", "Department": "Sales"})).await;
    let created = crm.record("Contacts", &id).await;
    crm.advance_s(5);
    let (status, answer) = crm.update("Contacts", &id, json!({"Phone": null, "Title": "Director"})).await;
    assert_eq!((status, &answer["data"][0]["message"]), (200, &json!("record updated")));
    let now = crm.record("Contacts", &id).await;
    assert_eq!((&now["Phone"], &now["Title"], &now["Department"]), (&Value::Null, &json!("Director"), &json!("Sales")));
    assert_eq!(now["Created_Time"], created["Created_Time"]);
    assert_ne!(now["Modified_Time"], created["Modified_Time"]);

    let many = json!({"data": [{"id": id, "Title": "Chief"}, {"id": "1", "Title": "Nobody"}, {"Title": "Nameless"}]});
    let (status, answer) = crm.call(Method::PUT, "/Contacts", Some(many)).await;
    assert_eq!(status, 207);
    let codes: Vec<_> = answer["data"].as_array().unwrap().iter().map(|row| row["code"].clone()).collect();
    assert_eq!(codes, ["SUCCESS", "INVALID_DATA", "MANDATORY_NOT_FOUND"]);
    let (_, answer) = crm.update("Contacts", &id, json!({"Last_Name": null})).await;
    assert_eq!(answer["data"][0]["code"], "MANDATORY_NOT_FOUND");
}

#[tokio::test]
async fn a_stale_update_is_412_with_what_happened_since() {
    let crm = Crm::new().await;
    let id = crm.insert("Contacts", json!({"Last_Name": "Ada"})).await;
    let seen = crm.record("Contacts", &id).await["Modified_Time"].as_str().unwrap().to_owned();
    crm.advance_s(10);
    crm.update("Contacts", &id, json!({"Title": "Changed by somebody"})).await;
    let guarded = |header: &'static str, at: String| {
        crm.request(Method::PUT, &format!("/Contacts/{id}")).header(header, at).json(&json!({"data": [{"Title": "Mine"}]})).send()
    };
    for header in ["If-Unmodified-Since", "If-Modified-Since"] {
        let (status, answer) = heard(guarded(header, seen.clone()).await.unwrap()).await;
        assert_eq!((status, &answer["data"][0]["code"]), (412, &json!("ALREADY_MODIFIED")));
        assert_eq!(answer["data"][0]["details"]["id"], json!(id));
        assert!(answer["data"][0]["details"]["Modified_Time"].as_str().unwrap() > seen.as_str());
    }
    assert_eq!(crm.record("Contacts", &id).await["Title"], "Changed by somebody");
    let now = crm.record("Contacts", &id).await["Modified_Time"].as_str().unwrap().to_owned();
    assert_eq!(guarded("If-Unmodified-Since", now).await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_upsert_says_what_it_did_and_by_which_field() {
    let crm = Crm::new().await;
    let body = |rows: Value| json!({"data": rows, "duplicate_check_fields": ["Email"], "trigger": []});
    let rows = json!([{"Last_Name": "Ada", "Email": "ada@example.com"}, {"Last_Name": "Bob", "Email": "bob@example.com"}]);
    let (status, answer) = crm.post("/Contacts/upsert", body(rows)).await;
    assert_eq!(status, 200);
    assert!(answer["data"].as_array().unwrap().iter().all(|row| row["action"] == "insert" && row["duplicate_field"].is_null()));
    let rows = json!([{"Last_Name": "Ada Two", "Email": "ada@example.com"}, {"Last_Name": "Eve"}, {"Email": "nobody"}]);
    let (status, answer) = crm.post("/Contacts/upsert", body(rows)).await;
    assert_eq!(status, 207);
    let row = &answer["data"][0];
    assert_eq!(
        (&row["action"], &row["duplicate_field"], &row["message"]),
        (&json!("update"), &json!("Email"), &json!("record updated"))
    );
    assert_eq!((&answer["data"][1]["action"], &answer["data"][2]["status"]), (&json!("insert"), &json!("error")));
    assert_eq!(crm.read("/Contacts/actions/count").await["count"], 3);

    let (_, answer) = crm.post("/Accounts/upsert", json!({"data": [{"Account_Name": "Kauri"}]})).await;
    assert_eq!(answer["data"][0]["action"], "insert");
    let (_, answer) = crm.post("/Accounts/upsert", json!({"data": [{"Account_Name": "KAURI", "Phone": "1"}]})).await;
    assert_eq!((&answer["data"][0]["action"], &answer["data"][0]["duplicate_field"]), (&json!("update"), &json!("Account_Name")));
    let (status, answer) =
        crm.post("/Contacts/upsert", json!({"data": [{"Last_Name": "X"}], "duplicate_check_fields": ["Department"]})).await;
    assert_eq!((status, &answer["code"]), (400, &json!("INVALID_DATA")), "a field that nobody keeps unique finds nothing");
}

#[tokio::test]
async fn deleted_records_are_listed_until_nobody_remembers_their_names() {
    let crm = Crm::new().await;
    let one = crm.insert("Contacts", json!({"Last_Name": "One"})).await;
    let two = crm.insert("Contacts", json!({"Last_Name": "Two"})).await;
    assert_eq!(crm.get("/Contacts/deleted?type=all").await.0, 204);
    let (status, answer) = crm.call(Method::DELETE, &format!("/Contacts?ids={one},{two},7"), None).await;
    assert_eq!(status, 207);
    assert_eq!(
        answer["data"][1],
        json!({"code": "SUCCESS", "details": {"id": two}, "message": "record deleted", "status": "success"})
    );
    assert_eq!((&answer["data"][2]["code"], &answer["data"][2]["details"]["id"]), (&json!("INVALID_DATA"), &json!("7")));
    assert_eq!(crm.get(&format!("/Contacts/{one}")).await.0, 204);
    let bin = crm.read("/Contacts/deleted?type=recycle").await;
    assert_eq!((bin["data"].as_array().unwrap().len(), &bin["info"]["more_records"]), (2, &json!(false)));
    assert_eq!((&bin["data"][0]["display_name"], &bin["data"][0]["type"]), (&json!("Two"), &json!("recycle")));
    assert_eq!(crm.get("/Contacts/deleted?type=permanent").await.0, 204);
    crm.advance_s(61 * 24 * 3600);
    let crm = Crm { token: super::consent(&crm.world, super::EVERYTHING).await["access_token"].as_str().unwrap().into(), ..crm };
    let gone = crm.read("/Contacts/deleted?type=permanent").await;
    assert_eq!((&gone["data"][0]["display_name"], &gone["data"][0]["deleted_by"]), (&Value::Null, &Value::Null));
    assert_eq!(crm.get("/Contacts/deleted?type=gone").await.0, 400);
}

#[tokio::test]
async fn a_workflow_of_the_customer_runs_unless_it_is_silenced() {
    let crm = Crm::new().await;
    crm.switch("zoho.crm_customer_workflow", true);
    let id = crm.insert("Contacts", json!({"Last_Name": "Quiet", "Description": "ours"})).await;
    assert_eq!(crm.record("Contacts", &id).await["Description"], "ours");
    for body in [json!({"data": [{"Title": "Loud"}]}), json!({"data": [{"Title": "Loud"}], "trigger": ["workflow"]})] {
        crm.update("Contacts", &id, json!({"Description": "ours"})).await;
        crm.call(Method::PUT, &format!("/Contacts/{id}"), Some(body)).await;
        assert_ne!(crm.record("Contacts", &id).await["Description"], "ours");
    }
    let (status, answer) = crm.post("/Contacts", json!({"data": [{"Last_Name": "X"}], "trigger": ["wrokflow"]})).await;
    assert_eq!((status, &answer["details"]["api_name"]), (400, &json!("trigger")));
}

#[tokio::test]
async fn line_items_need_products_and_taxes_that_exist_and_are_added_up() {
    let crm = Crm::new().await;
    let account = crm.insert("Accounts", json!({"Account_Name": "Kauri"})).await;
    let product = crm.insert("Products", json!({"Product_Name": "Plank", "Unit_Price": 12.5})).await;
    let invoice =
        |lines: Value| json!({"Subject": "INV-1", "Account_Name": {"id": account}, "Adjustment": -0.01, "Invoiced_Items": lines});
    let lines = json!([
        {"Product_Name": {"id": product}, "Quantity": 3, "List_Price": 33.335, "Discount": "10%", "Line_Tax": [{"name": "GST", "percentage": 15}]},
        {"Product_Name": {"id": product}, "Quantity": 2, "Description": "at the product's own price"},
    ]);
    let id = crm.insert("Invoices", invoice(lines)).await;
    let shown = crm.record("Invoices", &id).await;
    let rows = shown["Invoiced_Items"].as_array().unwrap();
    assert_eq!(rows[0]["Product_Name"], json!({"name": "Plank", "id": product}));
    assert_eq!((&rows[0]["Net_Total"], &rows[0]["Line_Tax"][0]["value"]), (&json!(103.51), &json!(13.5)));
    assert_eq!((&rows[1]["List_Price"], &rows[1]["Sequence_Number"]), (&json!(12.5), &json!(2)));
    assert_eq!(
        (&shown["Sub_Total"], &shown["Grand_Total"], &shown["Invoice_Number"]),
        (&json!(128.51), &json!(128.5), &json!("1"))
    );
    for (lines, code, path) in [
        (json!([{"Quantity": 1}]), "MANDATORY_NOT_FOUND", "$.data[0].Invoiced_Items[0].Product_Name"),
        (json!([{"Product_Name": {"id": "1"}, "Quantity": 1}]), "INVALID_DATA", "$.data[0].Invoiced_Items[0].Product_Name"),
        (json!([{"Product_Name": {"id": product}}]), "MANDATORY_NOT_FOUND", "$.data[0].Invoiced_Items[0].Quantity"),
        (
            json!([{"Product_Name": {"id": product}, "Quantity": 1, "Line_Tax": [{"name": "Salt tax"}]}]),
            "INVALID_DATA",
            "$.data[0].Invoiced_Items[0].Line_Tax[0].name",
        ),
        (json!([]), "MANDATORY_NOT_FOUND", "$.data[0].Invoiced_Items"),
    ] {
        let (_, answer) = crm.post("/Invoices", json!({"data": [invoice(lines)]})).await;
        let row = &answer["data"][0];
        assert_eq!((row["code"].as_str().unwrap(), row["details"]["json_path"].as_str().unwrap()), (code, path));
    }

    let keep = rows[1]["id"].clone();
    crm.update("Invoices", &id, json!({"Invoiced_Items": [{"id": keep, "Quantity": 4}]})).await;
    let shown = crm.record("Invoices", &id).await;
    assert_eq!(
        (shown["Invoiced_Items"].as_array().unwrap().len(), &shown["Sub_Total"]),
        (1, &json!(50)),
        "rows that are not sent are gone"
    );
    let more = json!({"Invoiced_Items": [{"id": keep}, {"Product_Name": {"id": product}, "Quantity": 1}]});
    crm.update("Invoices", &id, more).await;
    crm.update("Invoices", &id, json!({"Invoiced_Items": [{"id": keep, "_delete": null}]})).await;
    let (_, answer) = crm.update("Invoices", &id, json!({"Invoiced_Items": [{"id": "1", "Quantity": 4}]})).await;
    assert_eq!(answer["data"][0]["details"]["api_name"], "id");
}

#[tokio::test]
async fn notes_and_files_hang_on_their_record_and_go_with_it() {
    let crm = Crm::new().await;
    let contact = crm.insert("Contacts", json!({"Last_Name": "Ada"})).await;
    let other = crm.insert("Contacts", json!({"Last_Name": "Bob"})).await;
    let (status, _) =
        crm.post(&format!("/Contacts/{contact}/Notes"), json!({"data": [{"Note_Title": "T", "Note_Content": "C"}]})).await;
    assert_eq!(status, 201);
    let direct = json!({"Note_Content": "D", "Parent_Id": {"id": other, "module": {"api_name": "Contacts"}}});
    crm.insert("Notes", direct).await;
    let (_, answer) = crm.post("/Notes", json!({"data": [{"Note_Content": "Nowhere"}]})).await;
    assert_eq!(answer["data"][0]["details"]["api_name"], "Parent_Id");
    let notes = crm.read(&format!("/Contacts/{contact}/Notes?fields=Note_Title,Parent_Id")).await;
    assert_eq!(notes["data"].as_array().unwrap().len(), 1);
    assert_eq!(notes["data"][0]["Parent_Id"]["module"]["api_name"], "Contacts");

    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n--b--\r\n";
    let path = format!("/Contacts/{contact}/Attachments");
    let sent = crm
        .request(Method::POST, &path)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body)
        .send()
        .await
        .unwrap();
    let (status, answer) = heard(sent).await;
    assert_eq!(status, 200);
    let file = answer["data"][0]["details"]["id"].as_str().unwrap().to_owned();
    let list = crm.read(&format!("{path}?fields=File_Name,Size")).await;
    assert_eq!((&list["data"][0]["File_Name"], &list["data"][0]["Size"]), (&json!("a.txt"), &json!("5")));
    let content = crm.request(Method::GET, &format!("{path}/{file}")).send().await.unwrap();
    assert_eq!(content.text().await.unwrap(), "hello");
    assert_eq!(crm.get(&format!("/Contacts/{other}/Attachments/{file}")).await.0, 400, "it hangs on somebody else");
    crm.call(Method::DELETE, &format!("/Contacts/{contact}"), None).await;
    assert_eq!(crm.read("/Notes?fields=Note_Content").await["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn every_module_inserts_lists_changes_and_deletes() {
    let crm = Crm::new().await;
    let account = crm.insert("Accounts", json!({"Account_Name": "Kauri"})).await;
    let vendor = crm.insert("Vendors", json!({"Vendor_Name": "Mill"})).await;
    let product = crm.insert("Products", json!({"Product_Name": "Plank", "Tax": [{"value": "GST"}]})).await;
    let line = json!([{"Product_Name": {"id": product}, "Quantity": 1, "List_Price": 5}]);
    let customer = |items: &str| json!({"Subject": "S", "Account_Name": {"id": account}, items: line});
    for (module, record, change) in [
        ("Leads", json!({"Last_Name": "L", "Company": "C"}), json!({"Lead_Status": "Contacted"})),
        ("Accounts", json!({"Account_Name": "A", "Parent_Account": {"id": account}}), json!({"Employees": 3})),
        ("Contacts", json!({"Last_Name": "C", "Vendor_Name": {"id": vendor}}), json!({"Date_of_Birth": "1999-12-31"})),
        (
            "Deals",
            json!({"Deal_Name": "D", "Stage": "Qualification", "Amount": 100, "Probability": 25}),
            json!({"Closing_Date": "2027-01-31"}),
        ),
        ("Products", json!({"Product_Name": "P", "Vendor_Name": {"id": vendor}}), json!({"Unit_Price": 9.99})),
        ("Vendors", json!({"Vendor_Name": "V"}), json!({"Email": "v@example.com"})),
        (
            "Price_Books",
            json!({"Price_Book_Name": "B", "Pricing_Details": [{"from_range": 1, "to_range": 10, "discount": 5}]}),
            json!({"Active": true}),
        ),
        ("Quotes", customer("Quoted_Items"), json!({"Quote_Stage": "Delivered"})),
        ("Sales_Orders", customer("Ordered_Items"), json!({"Status": "Approved"})),
        (
            "Purchase_Orders",
            json!({"Subject": "S", "Vendor_Name": {"id": vendor}, "Purchase_Items": line}),
            json!({"PO_Date": "2026-11-30"}),
        ),
        ("Invoices", customer("Invoiced_Items"), json!({"Discount": 1.5})),
        (
            "Notes",
            json!({"Note_Content": "N", "Parent_Id": {"id": account, "module": {"api_name": "Accounts"}}}),
            json!({"Note_Title": "T"}),
        ),
    ] {
        let id = crm.insert(module, record).await;
        let name = change.as_object().unwrap().keys().next().unwrap().clone();
        let (status, answer) = crm.update(module, &id, change.clone()).await;
        assert_eq!(status, 200, "{module}: {answer}");
        let whole = crm.record(module, &id).await;
        let list = crm.read(&format!("/{module}?fields={name}&ids={id}")).await;
        assert_eq!((&whole[&name], &list["data"][0][&name]), (&change[&name], &change[&name]), "{module}");
        match module {
            "Deals" => assert_eq!(whole["Expected_Revenue"], 25),
            "Invoices" => assert_eq!((&whole["Sub_Total"], &whole["Grand_Total"]), (&json!(5), &json!(3.5))),
            "Price_Books" => assert_eq!(whole["Pricing_Details"][0]["discount"], 5),
            "Quotes" => {
                assert_eq!((&whole["Quote_Number"], &whole["Quoted_Items"][0]["Parent_Id"]["id"]), (&json!("1"), &json!(id)))
            }
            _ => {}
        }
        assert_eq!(crm.call(Method::DELETE, &format!("/{module}/{id}"), None).await.0, 200, "{module}");
        assert_eq!(crm.read(&format!("/{module}/deleted")).await["data"][0]["id"], json!(id), "{module}");
    }
    assert_eq!(crm.record("Products", &product).await["Tax"][0]["value"], "GST - 15 %");
}

#[tokio::test]
async fn figures_that_no_sum_could_hold_are_refused() {
    let crm = Crm::new().await;
    let product = crm.insert("Products", json!({"Product_Name": "Lamp", "Unit_Price": 1})).await;
    for (quantity, price, discount) in [
        (json!(9_999_999_999_999_999_u64), json!(9_999_999_999_999_999_u64), json!(0)),
        (json!(9_999_999_999_999_999_u64), json!(7_000_000_000_000_u64), json!("100%")),
        (json!(1), json!(9_999_999_999_999_999_u64), json!("9999999999999999%")),
        (json!(1), json!(1), json!("79228162514264337593543950335%")),
        (json!(1), json!(1), json!("79228162514264337593543950335")),
        (json!(1), json!(1), serde_json::from_str("7.9e28").unwrap()),
    ] {
        let row = json!({"Product_Name": {"id": product}, "Quantity": quantity, "List_Price": price, "Discount": discount,
                         "Line_Tax": [{"name": "GST", "percentage": 15}]});
        let quote = json!({"data": [{"Subject": "Much", "Quoted_Items": vec![row.clone(); 3]}]});
        let (status, answer) = crm.post("/Quotes", quote).await;
        assert!(status != 201 && answer["data"][0]["code"] == "INVALID_DATA", "{row}: {status} {answer}");
    }
}
