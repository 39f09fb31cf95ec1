//! Bulk jobs: a file up, a job, its result; and a whole module down.

use std::io::Read;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Crm, heard};

impl Crm {
    async fn upload(&self, archive: &[u8], org: &str) -> (u16, Value) {
        let mut body =
            b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.zip\"\r\nContent-Type: application/zip\r\n\r\n"
                .to_vec();
        body.extend(archive);
        body.extend(b"\r\n--b--\r\n");
        let request = self.world.client.post(self.world.url("/zoho/eu/content/crm/v8/upload")).header("feature", "bulk-write");
        let request = request.header("X-CRM-ORG", org).header("content-type", "multipart/form-data; boundary=b");
        heard(request.header("Authorization", format!("Zoho-oauthtoken {}", self.token)).body(body).send().await.unwrap()).await
    }

    async fn zgid(&self) -> String {
        self.read("/org").await["org"][0]["zgid"].as_str().unwrap().to_owned()
    }

    /// Waits until a job is over.
    async fn over(&self, path: &str) -> Value {
        for _ in 0..200 {
            let answer = self.read(path).await;
            let state = answer["status"].as_str().or_else(|| answer["data"][0]["state"].as_str()).unwrap().to_owned();
            assert!(["ADDED", "IN PROGRESS", "COMPLETED", "FAILED"].contains(&state.as_str()), "{state}");
            if state == "COMPLETED" || state == "FAILED" {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{path} does not end");
    }

    async fn result(&self, path: &str) -> String {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        unzipped(&answer.bytes().await.unwrap())
    }
}

/// An archive of one stored file, written here by hand so that the sandbox does not read its own hand only.
fn zipped(name: &str, content: &str) -> Vec<u8> {
    let mut sum = flate2::Crc::new();
    sum.update(content.as_bytes());
    let length = u32::try_from(content.len()).unwrap();
    let mut common = Vec::new();
    common.extend([20, 0, 0, 0, 0, 0, 0, 0, 33, 0]);
    for figure in [sum.sum(), length, length] {
        common.extend(figure.to_le_bytes());
    }
    common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    common.extend([0, 0]);
    let mut archive = [b"PK\x03\x04".as_slice(), &common, name.as_bytes(), content.as_bytes()].concat();
    let start = u32::try_from(archive.len()).unwrap();
    archive.extend([b"PK\x01\x02\x14\x00".as_slice(), &common, &[0; 14], name.as_bytes()].concat());
    let size = u32::try_from(archive.len()).unwrap() - start;
    archive.extend(b"PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00");
    archive.extend([size.to_le_bytes(), start.to_le_bytes()].concat());
    archive.extend([0, 0]);
    archive
}

/// The text of the first file of an archive.
fn unzipped(archive: &[u8]) -> String {
    assert!(archive.starts_with(b"PK\x03\x04"));
    let short = |at: usize| usize::from(u16::from_le_bytes([archive[at], archive[at + 1]]));
    assert_eq!(short(8), 8, "deflated");
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(&archive[30 + short(26) + short(28)..]).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn a_file_becomes_records_and_a_file_of_what_became_of_them() {
    let crm = Crm::new().await;
    let org = crm.zgid().await;
    let known = crm.insert("Contacts", json!({"Last_Name": "Old", "Email": "ada@example.com", "Title": "kept"})).await;
    let account = crm.insert("Accounts", json!({"Account_Name": "Kauri"})).await;
    let csv = format!("last,mail,account\nAda,ada@example.com,{account}\n\"Bob, B\",bob@example.com,\nBad,no address,\n");
    let (status, answer) = crm.upload(&zipped("contacts.csv", &csv), &org).await;
    assert_eq!((status, &answer["code"], &answer["message"]), (200, &json!("FILE_UPLOAD_SUCCESS"), &json!("file uploaded.")));
    let file = answer["details"]["file_id"].clone();
    let job = |operation: &str, file: &Value| {
        json!({
            "operation": operation, "character_encoding": "UTF-8", "ignore_empty": true,
            "resource": [{"type": "data", "module": {"api_name": "Contacts"}, "file_id": file, "find_by": "Email", "field_mappings": [
                {"api_name": "Last_Name", "index": 0}, {"api_name": "Email", "index": 1}, {"api_name": "Account_Name", "index": 2, "find_by": "id"},
            ]}],
        })
    };
    let (status, answer) = crm.post("/bulk/v8/write", job("upsert", &file)).await;
    assert_eq!((status, &answer["code"]), (201, &json!("SUCCESS")));
    let id = answer["details"]["id"].as_str().unwrap();
    let done = crm.over(&format!("/bulk/v8/write/{id}")).await;
    let counts = &done["resource"][0]["file"];
    assert_eq!(
        (&counts["added_count"], &counts["updated_count"], &counts["skipped_count"], &counts["total_count"]),
        (&json!(1), &json!(1), &json!(1), &json!(3))
    );
    let record = crm.record("Contacts", &known).await;
    assert_eq!(
        (&record["Last_Name"], &record["Title"], &record["Account_Name"]["name"]),
        (&json!("Ada"), &json!("kept"), &json!("Kauri"))
    );
    assert!(done["result"]["download_url"].as_str().unwrap().ends_with(&format!("/crm/bulk/v8/write/{id}/result")));
    let result = crm.result(&format!("/bulk/v8/write/{id}/result")).await;
    let lines: Vec<_> = result.lines().collect();
    assert_eq!(lines[0], "STATUS,RECORD_ID,ERRORS,last,mail,account");
    assert!(
        lines[1].starts_with(&format!("UPDATED,{known},,Ada"))
            && lines[2].starts_with("ADDED,")
            && lines[2].ends_with("\"Bob, B\",bob@example.com,")
    );
    assert_eq!(lines[3], "SKIPPED,,INVALID_DATA:Email,Bad,no address,");

    let mut broken = job("upsert", &file);
    broken["resource"][0]["field_mappings"][0]["api_name"] = "ast_Name".into();
    let (status, answer) = crm.post("/bulk/v8/write", broken).await;
    assert_eq!((status, &answer["message"]), (400, &json!("invalid mapping. invalid api_name ast_Name.")));
    let mut nobody = job("insert", &file);
    nobody["resource"][0]["field_mappings"].as_array_mut().unwrap().remove(0);
    assert_eq!(crm.post("/bulk/v8/write", nobody).await.1["code"], "MANDATORY_FIELDS_NOT_MAPPED");
    assert_eq!(crm.post("/bulk/v8/write", job("insert", &json!("1"))).await.1["message"], "improper file id");
    assert_eq!(crm.post("/bulk/v8/write", json!({})).await.1["message"], "required key operation is not found in request body.");
    assert_eq!(crm.get("/bulk/v8/write/1").await.1["code"], "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn uploads_want_their_host_their_headers_and_an_archive() {
    let crm = Crm::new().await;
    let org = crm.zgid().await;
    let (status, answer) = crm.upload(b"PK", "1").await;
    assert_eq!((status, &answer["x-error"]), (403, &json!("check if headers [feature, X-CRM-ORG] are present and valid")));
    let (status, answer) = crm.upload(b"last\nAda\n", &org).await;
    assert_eq!((status, &answer["code"]), (400, &json!("INVALID_FILE_FORMAT")));
    assert_eq!(crm.post("/upload", json!({})).await.0, 404, "the API's own host takes none");
    let poor = Crm::with("ZohoCRM.bulk.ALL,ZohoCRM.org.READ").await;
    assert_eq!(poor.upload(b"PK", &poor.zgid().await).await.1["code"], "OAUTH_SCOPE_MISMATCH");
    let query = json!({"query": {"module": {"api_name": "Contacts"}}});
    assert_eq!(poor.post("/bulk/v8/read", query).await.1["code"], "OAUTH_SCOPE_MISMATCH", "the module has a scope of its own");
}

#[tokio::test]
async fn a_module_is_read_as_one_file_with_the_records_that_were_asked_for() {
    let crm = Crm::new().await;
    let account = crm.insert("Accounts", json!({"Account_Name": "Kauri"})).await;
    for part in 0..6 {
        let rows: Vec<_> =
            (0..100).map(|row| json!({"Last_Name": format!("Nr {part}-{row}"), "Account_Name": {"id": account}})).collect();
        crm.post("/Contacts", json!({"data": rows, "trigger": []})).await;
    }
    let query = |criteria: Value| json!({"query": {"module": {"api_name": "Contacts"}, "fields": ["Last_Name", "Account_Name"], "criteria": criteria}});
    let read = async |criteria: Value| {
        let (status, answer) = crm.post("/bulk/v8/read", query(criteria)).await;
        assert_eq!((status, &answer["data"][0]["code"]), (201, &json!("ADDED_SUCCESSFULLY")));
        let id = answer["data"][0]["details"]["id"].as_str().unwrap().to_owned();
        let done = crm.over(&format!("/bulk/v8/read/{id}")).await;
        (done["data"][0]["result"].clone(), crm.result(&format!("/bulk/v8/read/{id}/result")).await)
    };
    let (result, text) = read(Value::Null).await;
    assert_eq!((&result["count"], &result["more_records"]), (&json!(600), &json!(false)));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (601, "Id,Last_Name,Account_Name"));
    assert!(lines[600].ends_with(&format!(",Nr 5-99,{account}")));
    let criteria = json!({"group_operator": "and", "group": [
        {"field": {"api_name": "Last_Name"}, "comparator": "starts_with", "value": "Nr 5"},
        {"field": {"api_name": "Last_Name"}, "comparator": "contains", "value": "-1"},
    ]});
    assert_eq!(read(criteria).await.0["count"], 11);
    let wrong = json!({"field": {"api_name": "Nose"}, "comparator": "equal", "value": "1"});
    assert_eq!(crm.post("/bulk/v8/read", query(wrong)).await.0, 400);
    assert_eq!(crm.get("/bulk/v8/read/1").await.0, 404);
}
