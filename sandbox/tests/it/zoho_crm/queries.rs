//! Searches, COQL, and what the control plane shows.

use serde_json::{Value, json};

use super::Crm;

impl Crm {
    async fn people(&self) -> String {
        let account = self.insert("Accounts", json!({"Account_Name": "Kauri", "Annual_Revenue": 10.5})).await;
        self.insert("Accounts", json!({"Account_Name": "Rimu", "Annual_Revenue": 200})).await;
        for (first, last, email) in
            [("Ada", "Burns, B", "ada@example.com"), ("Bob", "Burns", "bob@example.com"), ("Cyd", "Oak", "cyd@example.com")]
        {
            let row = json!({"First_Name": first, "Last_Name": last, "Email": email, "Phone": format!("+64 {first}"), "Account_Name": {"id": account}});
            self.insert("Contacts", row).await;
        }
        account
    }

    async fn found(&self, query: &[(&str, &str)]) -> Vec<String> {
        let request = self.request(reqwest::Method::GET, "/Contacts/search").query(query).query(&[("fields", "First_Name")]);
        let (status, answer) = super::heard(request.send().await.unwrap()).await;
        if status == 204 {
            return Vec::new();
        }
        assert_eq!(status, 200, "{answer}");
        let mut names: Vec<_> =
            answer["data"].as_array().unwrap().iter().map(|row| row["First_Name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }

    async fn coql(&self, query: &str) -> (u16, Value) {
        self.post("/coql", json!({"select_query": query})).await
    }
}

#[tokio::test]
async fn searches_by_criteria_email_phone_and_word() {
    let crm = Crm::new().await;
    let account = crm.people().await;
    assert_eq!(crm.found(&[("criteria", "(Last_Name:starts_with:burns)")]).await, ["Ada", "Bob"]);
    assert_eq!(crm.found(&[("criteria", r"(Last_Name:equals:Burns\, B)")]).await, ["Ada"]);
    assert_eq!(crm.found(&[("criteria", "((Last_Name:equals:Oak) or (Email:equals:BOB@example.com))")]).await, ["Bob", "Cyd"]);
    assert_eq!(
        crm.found(&[("criteria", &format!("((Account_Name:equals:{account}) and (First_Name:not_equal:Ada))"))]).await,
        ["Bob", "Cyd"]
    );
    assert_eq!(crm.found(&[("criteria", "(First_Name:in:Ada,Cyd)")]).await, ["Ada", "Cyd"]);
    assert_eq!(crm.found(&[("criteria", "(Created_Time:less_than:2000-01-01T00:00:00+00:00)")]).await, [] as [&str; 0]);
    assert_eq!(crm.found(&[("email", "cyd@example.com")]).await, ["Cyd"]);
    assert_eq!(crm.found(&[("phone", "+64 Bob")]).await, ["Bob"]);
    assert_eq!(crm.found(&[("word", "urns")]).await, ["Ada", "Bob"]);
    let accounts = crm.read("/Accounts/search?criteria=(Annual_Revenue:between:10,11)").await;
    assert_eq!(accounts["data"].as_array().unwrap().len(), 1);
    assert_eq!(crm.get("/Contacts/search").await.1["code"], "REQUIRED_PARAM_MISSING");
    assert_eq!(crm.get("/Contacts/search?criteria=(Nose:equals:1)").await.1["code"], "INVALID_QUERY");
    assert_eq!(crm.get("/Contacts/search?criteria=Last_Name").await.1["code"], "INVALID_QUERY");
}

#[tokio::test]
async fn coql_selects_filters_sorts_and_limits() {
    let crm = Crm::new().await;
    let account = crm.people().await;
    let (status, answer) = crm
        .coql("select First_Name, Account_Name from Contacts where Last_Name like 'Burns%' order by First_Name desc limit 1")
        .await;
    assert_eq!((status, &answer["info"]), (200, &json!({"count": 1, "more_records": true})));
    assert_eq!((&answer["data"][0]["First_Name"], &answer["data"][0]["Account_Name"]), (&json!("Bob"), &json!({"id": account})));
    let (_, answer) = crm
        .coql(
            "select Last_Name from Contacts where (First_Name in ('Ada', 'Cyd') and Email is not null) and Account_Name.id = '1'",
        )
        .await;
    assert_eq!(answer, Value::Null);
    let (_, answer) = crm.coql("select Account_Name from Accounts where Annual_Revenue >= 100 limit 0, 200").await;
    assert_eq!(answer["data"][0]["Account_Name"], "Rimu");
    for (query, code) in [
        ("select Nose from Contacts where id is not null", "INVALID_QUERY"),
        ("select id from Noses where id is not null", "INVALID_QUERY"),
        ("select id from Contacts", "SYNTAX_ERROR"),
        ("select id from Contacts where id is not null limit 201", "LIMIT_EXCEEDED"),
        ("select id from Contacts where First_Name = 'a' and Last_Name = 'b' or Email = 'c'", "SYNTAX_ERROR"),
    ] {
        let (status, answer) = crm.coql(query).await;
        assert_eq!((status, answer["code"].as_str().unwrap()), (400, code), "{query}");
    }
    crm.switch("zoho.crm_coql_gives_2000", true);
    assert_eq!(crm.coql("select id from Contacts where id is not null limit 2000").await.0, 200);
}

#[tokio::test]
async fn the_control_plane_shows_records_and_counts() {
    let crm = Crm::new().await;
    crm.people().await;
    let orgs = crm.world.control("/_sandbox/zoho/crm/orgs").await;
    let org = orgs[0]["id"].as_str().unwrap();
    for id in [org, orgs[0]["zgid"].as_str().unwrap()] {
        let dump = crm.world.client.get(crm.world.url(&format!("/_sandbox/zoho/crm/{id}/Contacts"))).send().await.unwrap();
        let lines: Vec<Value> = dump.text().await.unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            (lines.len(), &lines[0]["Full_Name"], &lines[0]["Account_Name"]["name"]),
            (3, &json!("Ada Burns, B"), &json!("Kauri"))
        );
    }
    let state = crm.world.control("/_sandbox/state").await;
    assert_eq!(state["zoho"]["crm"]["organizations"][org]["modules"], json!({"Accounts": 2, "Contacts": 3}));
    let requests = crm.world.control("/_sandbox/requests").await;
    let counts = requests["counts"].as_array().unwrap();
    assert!(counts.iter().any(|count| count["endpoint"] == "POST /Contacts" && count["status"] == 201 && count["count"] == 3));
}

#[tokio::test]
async fn a_word_is_looked_for_in_what_fields_hold_and_brackets_without_end_are_refused() {
    let crm = Crm::new().await;
    let id = crm.insert("Contacts", json!({"Last_Name": "Ada \"Quote\"", "Phone": "09 100%"})).await;
    for word in ["ADA", "Quote", "\"Quote", "100%25"] {
        let found = crm.read(&format!("/Contacts/search?fields=Last_Name&word={word}")).await;
        assert_eq!(found["data"][0]["id"], json!(id), "{word}");
    }
    assert_eq!(
        crm.get("/Contacts/search?fields=Last_Name&word=Last_Name").await.0,
        204,
        "the name of a field is no word of the record"
    );
    let query = format!("select id from Contacts where {}id = 1{}", "(".repeat(60_000), ")".repeat(60_000));
    assert_eq!(crm.post("/coql", json!({"select_query": query})).await.1["code"], "SYNTAX_ERROR");
    let criteria = "(".repeat(20_000);
    assert_eq!(crm.get(&format!("/Contacts/search?fields=Last_Name&criteria={criteria}")).await.1["code"], "INVALID_QUERY");
}
