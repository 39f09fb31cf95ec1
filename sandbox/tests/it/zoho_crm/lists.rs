//! Lists: the fields that must be named, pages, tokens, what is new.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Crm, heard};

impl Crm {
    /// So many leads, named by number.
    async fn leads(&self, count: usize) {
        for start in (0..count).step_by(100) {
            let rows: Vec<_> = (start..count.min(start + 100))
                .map(|number| json!({"Last_Name": format!("Nr {number}"), "Company": "C"}))
                .collect();
            assert_eq!(self.post("/Leads", json!({"data": rows, "trigger": []})).await.0, 201);
        }
    }
}

#[tokio::test]
async fn a_list_wants_its_fields_named_and_not_too_many() {
    let crm = Crm::new().await;
    let (status, answer) = crm.get("/Leads").await;
    assert_eq!(
        (status, &answer["code"], &answer["details"]),
        (400, &json!("REQUIRED_PARAM_MISSING"), &json!({"param_name": "fields"}))
    );
    let many = vec!["Last_Name"; 51].join(",");
    let (status, answer) = crm.get(&format!("/Leads?fields={many}")).await;
    assert_eq!((status, &answer["code"], &answer["details"]["limit"]), (400, &json!("LIMIT_EXCEEDED"), &json!(50)));
    let empty = crm.request(Method::GET, "/Leads?fields=Last_Name").send().await.unwrap();
    assert_eq!((empty.status().as_u16(), empty.bytes().await.unwrap().len()), (204, 0));
    crm.leads(1).await;
    let list = crm.read("/Leads?fields=Last_Name,Company").await;
    let names: Vec<_> = list["data"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["Company", "Last_Name", "id"]);
    for wrong in ["per_page=201", "per_page=0", "page=0", "sort_by=Last_Name", "sort_order=up"] {
        assert_eq!(crm.get(&format!("/Leads?fields=Last_Name&{wrong}")).await.0, 400, "{wrong}");
    }
}

#[tokio::test]
async fn two_thousand_records_by_number_and_the_rest_by_token() {
    let crm = Crm::new().await;
    crm.leads(2100).await;
    let tenth = crm.read("/Leads?fields=Last_Name&page=10").await;
    assert_eq!((&tenth["info"]["count"], &tenth["info"]["more_records"]), (&json!(200), &json!(true)));
    let (status, answer) = crm.get("/Leads?fields=Last_Name&page=11").await;
    assert_eq!(status, 400);
    let wall = json!({
        "code": "DISCRETE_PAGINATION_LIMIT_EXCEEDED", "details": {"limit": 2000},
        "message": "You can only get the first 2000 records without using page_token param", "status": "error",
    });
    assert_eq!(answer, wall);

    let mut seen = BTreeSet::new();
    let mut page = crm.read("/Leads?fields=Last_Name").await;
    let mut pages = 1;
    loop {
        seen.extend(page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        let Some(token) = page["info"]["next_page_token"].as_str() else { break };
        page = crm.read(&format!("/Leads?fields=Last_Name&page_token={token}")).await;
        pages += 1;
        assert_eq!(page["info"]["page"], pages);
    }
    assert_eq!((seen.len(), pages), (2100, 11));
    let back = page["info"]["previous_page_token"].as_str().unwrap();
    let before = crm.read(&format!("/Leads?fields=Last_Name&page_token={back}")).await;
    assert_eq!(before["data"], tenth["data"], "the page before the eleventh is the tenth");
}

#[tokio::test]
async fn a_page_token_is_bound_to_its_parameters_its_day_and_its_user() {
    let crm = Crm::new().await;
    crm.leads(3).await;
    let first = crm.read("/Leads?fields=Last_Name&per_page=2").await;
    let token = first["info"]["next_page_token"].as_str().unwrap();
    assert!(first["info"]["page_token_expiry"].is_string());
    let code = async |path: String| crm.get(&path).await.1["code"].as_str().unwrap_or_default().to_owned();
    assert_eq!(code(format!("/Leads?fields=Last_Name,Company&per_page=2&page_token={token}")).await, "TOKEN_BOUND_DATA_MISMATCH");
    assert_eq!(code(format!("/Leads?fields=Last_Name&per_page=3&page_token={token}")).await, "TOKEN_BOUND_DATA_MISMATCH");
    assert_eq!(
        code(format!("/Leads?fields=Last_Name&per_page=2&page=2&page_token={token}")).await,
        "AMBIGUITY_DURING_PROCESSING"
    );
    assert_eq!(code(format!("/Contacts?fields=Last_Name&per_page=2&page_token={token}")).await, "INVALID_DATA");
    assert_eq!(code("/Leads?fields=Last_Name&per_page=2&page_token=nonsense".into()).await, "INVALID_DATA");
    assert_eq!(crm.read(&format!("/Leads?fields=Last_Name&per_page=2&page_token={token}")).await["info"]["count"], 1);
    crm.advance_s(24 * 3600);
    let later = super::consent(&crm.world, super::EVERYTHING).await["access_token"].as_str().unwrap().to_owned();
    let path = format!("/Leads?fields=Last_Name&per_page=2&page_token={token}");
    let crm = Crm { token: later, ..crm };
    assert_eq!(crm.get(&path).await.1["code"], "EXPIRED_VALUE");
}

#[tokio::test]
async fn a_record_that_is_edited_between_pages_is_missed_by_no_keyset() {
    let crm = Crm::new().await;
    crm.leads(4).await;
    let first = crm.read("/Leads?fields=Last_Name&per_page=2&sort_by=id&sort_order=asc").await;
    let gone = first["data"][0]["id"].as_str().unwrap();
    crm.call(Method::DELETE, &format!("/Leads/{gone}"), None).await;
    let token = first["info"]["next_page_token"].as_str().unwrap();
    let second = crm.read(&format!("/Leads?fields=Last_Name&per_page=2&sort_by=id&sort_order=asc&page_token={token}")).await;
    let names: Vec<_> = second["data"].as_array().unwrap().iter().map(|row| row["Last_Name"].clone()).collect();
    assert_eq!(names, ["Nr 2", "Nr 3"]);
}

#[tokio::test]
async fn what_changed_since_is_listed_and_otherwise_it_is_304() {
    let crm = Crm::new().await;
    let old = crm.insert("Contacts", json!({"Last_Name": "Old"})).await;
    crm.advance_s(60);
    let new = crm.insert("Contacts", json!({"Last_Name": "New"})).await;
    let stamp = |record: &Value| record["Modified_Time"].as_str().unwrap().to_owned();
    let (then, now) = (stamp(&crm.record("Contacts", &old).await), stamp(&crm.record("Contacts", &new).await));
    let since = async |path: &str, at: &str| {
        let answer = crm.request(Method::GET, path).header("If-Modified-Since", at).send().await.unwrap();
        heard(answer).await
    };
    let (status, answer) = since("/Contacts?fields=Last_Name", &then).await;
    assert_eq!((status, answer["data"].as_array().unwrap().len(), &answer["data"][0]["id"]), (200, 1, &json!(new)));
    assert_eq!(since("/Contacts?fields=Last_Name", &now).await, (304, Value::Null));
    assert_eq!(since(&format!("/Contacts/{new}"), &now).await, (304, Value::Null));
    assert_eq!(since(&format!("/Contacts/{new}"), &then).await.0, 200);
    assert_eq!(since("/Contacts?fields=Last_Name", "yesterday").await.0, 400);
    crm.switch("zoho.crm_modified_since_includes_that_second", true);
    assert_eq!(since("/Contacts?fields=Last_Name", &now).await.0, 200);
}

#[tokio::test]
async fn lists_are_sorted_by_id_and_by_both_times_and_take_ids() {
    let crm = Crm::new().await;
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        ids.push(crm.insert("Contacts", json!({"Last_Name": name})).await);
        crm.advance_s(2);
    }
    crm.update("Contacts", &ids[0], json!({"Title": "T"})).await;
    let names = async |query: &str| -> Vec<String> {
        let list = crm.read(&format!("/Contacts?fields=Last_Name&{query}")).await;
        list["data"].as_array().unwrap().iter().map(|row| row["Last_Name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("").await, ["C", "B", "A"]);
    assert_eq!(names("sort_order=asc").await, ["A", "B", "C"]);
    assert_eq!(names("sort_by=Modified_Time").await, ["A", "C", "B"]);
    assert_eq!(names("sort_by=Created_Time&sort_order=asc").await, ["A", "B", "C"]);
    assert_eq!(names(&format!("ids={},{}", ids[2], ids[0])).await, ["C", "A"]);
}

#[tokio::test]
async fn a_record_that_is_not_there_is_no_content_unless_switched() {
    let crm = Crm::new().await;
    assert_eq!(crm.get("/Contacts/4600000000000999999").await, (204, Value::Null));
    crm.switch("zoho.crm_unknown_id_is_204", false);
    assert_eq!(crm.get("/Contacts/4600000000000999999").await.1["message"], "the id given seems to be invalid");
}

#[tokio::test]
async fn a_filter_that_nothing_is_known_of_is_refused_and_not_ignored() {
    let crm = Crm::new().await;
    crm.leads(1).await;
    assert_eq!(crm.get("/Leads?fields=Last_Name&cvid=1").await.1["details"], json!({"param_name": "cvid"}));
    assert_eq!(crm.get("/Leads?fields=Last_Name&territory_id=1").await.1["code"], "TERRITORY_NOT_ENABLED");
    assert_eq!(crm.get("/Leads?fields=Last_Name&converted=true").await.0, 204);
    assert_eq!(crm.get("/Leads?fields=Last_Name&converted=false").await.0, 200);
}

#[tokio::test]
async fn a_page_token_of_ones_own_making_is_refused() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let crm = Crm::new().await;
    crm.switch("zoho.crm_lists_end_at_100000", true);
    crm.leads(3).await;
    let list = "/Leads?fields=Last_Name&per_page=1";
    let token = crm.read(list).await["info"]["next_page_token"].as_str().unwrap().to_owned();
    assert_eq!(crm.get(&format!("{list}&page_token={token}")).await.0, 200);
    let token: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).unwrap()).unwrap();
    for page in [0, u32::MAX] {
        let mut token = token.clone();
        token["page"] = page.into();
        let token = URL_SAFE_NO_PAD.encode(token.to_string());
        assert_eq!(crm.get(&format!("{list}&page_token={token}")).await.0, 400, "{page}");
    }
}
