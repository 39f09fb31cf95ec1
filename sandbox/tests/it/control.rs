//! The control plane: faults, the clock, mail, switches, and what it refuses.

use serde_json::{Value, json};

use crate::people::Zoho;
use crate::{World, demo};

#[tokio::test]
async fn faults_strike_as_ordered_and_are_counted() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let call = async || world.books(&tokens, "Organisation").send().await;
    let order = async |rule: Value| world.order("/_sandbox/faults", json!([rule])).await;
    let on = json!({"provider": "xero", "path_contains": "Organisation"});

    order(json!({"match": on, "kind": "status", "code": 503, "body": "The Organisation is offline", "headers": {"Retry-After": "300"}, "times": 1})).await;
    let answer = call().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (503, "300"));
    assert_eq!(answer.text().await.unwrap(), "The Organisation is offline");
    assert_eq!(call().await.unwrap().status(), 200);

    order(json!({"match": on, "kind": "html", "times": 1})).await;
    let page = call().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().starts_with("<!DOCTYPE html>"));

    order(json!({"match": on, "kind": "truncated_json", "times": 1})).await;
    assert!(call().await.unwrap().json::<Value>().await.is_err());

    for kind in ["reset_before", "reset_after"] {
        order(json!({"match": on, "kind": kind, "times": 1})).await;
        assert!(call().await.is_err(), "{kind}");
        assert_eq!(world.control("/_sandbox/faults").await, json!({"struck": [1]}));
        assert_eq!(call().await.unwrap().status(), 200, "{kind}");
    }

    order(json!({"match": on, "kind": "latency", "ms": 120, "times": 1})).await;
    let before = std::time::Instant::now();
    call().await.unwrap();
    assert!(before.elapsed().as_millis() >= 120);

    order(json!({"match": on, "kind": "revoke_token", "times": 1})).await;
    assert_eq!(call().await.unwrap().status(), 401);
    assert_eq!(world.refresh(tokens["refresh_token"].as_str().unwrap()).await.status(), 400);
    assert_eq!(world.post("/_sandbox/faults", json!([{"kind": "fire"}])).await.status(), 400);
}

#[tokio::test]
async fn each_provider_says_too_much_and_too_broken_in_its_own_words() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let call = async || world.books(&tokens, "Organisation").send().await.unwrap();
    let order = async |rule: Value| world.order("/_sandbox/faults", json!([rule])).await;
    for (limit, problem, wait) in [
        ("minute", "minute", Some("22")),
        ("day", "day", Some("73451")),
        ("concurrent", "concurrent", None),
        ("appminute", "appminute", Some("31")),
    ] {
        order(json!({"match": {"provider": "xero"}, "kind": "too_many", "limit": limit, "times": 1})).await;
        let answer = call().await;
        assert_eq!(answer.status(), 429);
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(
            (header("x-rate-limit-problem").as_deref(), header("retry-after").as_deref()),
            (Some(problem), wait),
            "{limit}"
        );
        assert!(header("x-daylimit-remaining").is_some());
    }
    order(json!({"kind": "too_many", "limit": "minute", "retry_after_s": 5, "times": 1})).await;
    assert_eq!(call().await.headers()["retry-after"], "5");
    for (code, says) in
        [(500, "An error occurred"), (502, "Bad Gateway"), (503, "The Organisation is offline"), (504, "Gateway Timeout")]
    {
        order(json!({"kind": "server_error", "code": code, "times": 1})).await;
        let answer = call().await;
        assert_eq!(answer.status(), code);
        assert!(answer.text().await.unwrap().contains(says), "{code}");
    }
    let zoho = async || world.client.get(world.url("/zoho/eu/api/books/v3/contacts")).send().await.unwrap();
    for (limit, code) in [("minute", 44), ("day", 45), ("concurrent", 1070)] {
        order(json!({"match": {"provider": "zoho"}, "kind": "too_many", "limit": limit, "times": 1})).await;
        let answer = zoho().await;
        assert_eq!((answer.status().as_u16(), answer.headers().contains_key("retry-after")), (429, false));
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], code);
    }
    order(json!({"kind": "too_many", "limit": "day", "times": 1})).await;
    let crm: Value = world.client.get(world.url("/zoho/eu/api/crm/v8/Contacts")).send().await.unwrap().json().await.unwrap();
    assert_eq!(crm["code"], "TOO_MANY_REQUESTS");
}

#[tokio::test]
async fn answers_and_bodies_are_tampered_with_on_order() {
    let world = World::new().await;
    world.order("/_sandbox/seed", json!({"profile": "tiny"})).await;
    let tokens = world.connect().await;
    let order = async |rule: Value| world.order("/_sandbox/faults", json!([rule])).await;
    let page = async || world.read(&tokens, "Contacts?page=1&includeArchived=true").await;
    let whole = page().await;
    let contacts = |page: &Value| page["Contacts"].as_array().unwrap().clone();

    order(json!({"match": {"path_contains": "Contacts", "query_contains": "page=1"}, "kind": "page_shift", "by": 2, "times": 1}))
        .await;
    assert_eq!(contacts(&page().await), contacts(&whole)[2..]);
    order(json!({"kind": "empty_list", "times": 1})).await;
    assert!(contacts(&page().await).is_empty());
    order(json!({"kind": "unknown_enum", "field": "ContactStatus", "value": "PENSIVE", "times": 1})).await;
    assert!(contacts(&page().await).iter().all(|contact| contact["ContactStatus"] == "PENSIVE"));
    order(json!({"kind": "new_fields", "fields": {"Colour": "red"}, "times": 1})).await;
    assert!(contacts(&page().await).iter().all(|contact| contact["Colour"] == "red"));
    order(json!({"kind": "wrong_content_type", "times": 1})).await;
    let odd = world.books(&tokens, "Organisation").send().await.unwrap();
    assert!(odd.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert_eq!(contacts(&page().await), contacts(&whole), "nothing was changed for good");

    order(json!({"match": {"method": "PUT"}, "kind": "normalise", "how": ["trim", "upper"], "times": 1})).await;
    let sent = world.client.put(world.url("/xero/api/api.xro/2.0/Contacts"));
    let sent = sent.bearer_auth(tokens["access_token"].as_str().unwrap()).header("xero-tenant-id", demo());
    let made: Value = sent
        .header("accept", "application/json")
        .json(&json!({"Contacts": [{"Name": " Ada  Brusch "}]}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(made["Contacts"][0]["Name"], "ADA BRUSCH");
    let windows = world.control("/_sandbox/requests?tail=0&windows=3").await["windows"].clone();
    assert!(windows.to_string().contains("PUT /Contacts"), "{windows}");
}

#[tokio::test]
async fn what_is_committed_before_a_reset_stays() {
    let world = World::new().await;
    let code = world.code(crate::SCOPE).await;
    world
        .order("/_sandbox/faults", json!([{"match": {"path_contains": "/connect/token"}, "kind": "reset_after", "times": 1}]))
        .await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", crate::BACK),
        ("code_verifier", crate::VERIFIER),
    ];
    let lost = world.client.post(world.url("/xero/identity/connect/token")).form(&form);
    assert!(lost.basic_auth(sandbox::XERO_CLIENT_ID, Some(sandbox::XERO_CLIENT_SECRET)).send().await.is_err());
    assert_eq!(world.exchange(&code, crate::VERIFIER).await.status(), 400, "the code was used up");
}

#[tokio::test]
async fn an_edit_comes_after_the_answer_and_a_silent_one_does_not_move_the_time() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let made = world.order(&format!("/_sandbox/xero/{}/Contacts", demo()), json!({"Name": "Ada"})).await;
    let id = made[0]["ContactID"].as_str().unwrap();
    world
        .order(
            "/_sandbox/faults",
            json!([{"match": {"path_contains": "Contacts"}, "kind": "silent_edit", "times": 1, "tenant": demo(),
               "resource": "Contacts", "record": {"ContactID": id, "EmailAddress": "ada@example.com"}}]),
        )
        .await;
    let before = world.read(&tokens, &format!("Contacts/{id}")).await["Contacts"][0].clone();
    let after = world.read(&tokens, &format!("Contacts/{id}")).await["Contacts"][0].clone();
    assert_eq!((&before["EmailAddress"], &after["EmailAddress"]), (&json!(""), &json!("ada@example.com")));
    assert_eq!(before["UpdatedDateUTC"], after["UpdatedDateUTC"]);
    world.order("/_sandbox/clock", json!({"advance_s": 5})).await;
    world
        .order(
            "/_sandbox/faults",
            json!([{"match": {"path_contains": "Contacts"}, "kind": "edit", "after": 1, "times": 1, "tenant": demo(),
               "resource": "Contacts", "record": [{"ContactID": id, "EmailAddress": "loud@example.com"}, {"Name": "Bea"}]}]),
        )
        .await;
    let read = async || world.read(&tokens, &format!("Contacts/{id}")).await["Contacts"][0].clone();
    let (first, struck, third) = (read().await, read().await, read().await);
    assert_eq!((&first, &struck["EmailAddress"]), (&after, &json!("ada@example.com")), "the answer is from before the edit");
    assert_eq!(third["EmailAddress"], "loud@example.com");
    assert_ne!(third["UpdatedDateUTC"], after["UpdatedDateUTC"]);
}

#[tokio::test]
async fn the_clock_moves_for_everybody_and_answers_are_dated_by_it() {
    let world = World::new().await;
    world.order("/_sandbox/clock", json!({"advance_s": 10 * 86_400})).await;
    let now: chrono::DateTime<chrono::Utc> =
        serde_json::from_value(world.control("/_sandbox/clock").await["now"].clone()).unwrap();
    let answer = world.client.get(world.url("/xero/identity/.well-known/openid-configuration")).send().await.unwrap();
    let dated = chrono::DateTime::parse_from_rfc2822(answer.headers()["date"].to_str().unwrap()).unwrap();
    assert!((dated.to_utc() - now).num_seconds().abs() <= 2);
    assert_eq!(world.post("/_sandbox/clock", json!({})).await.status(), 400);
}

#[tokio::test]
async fn state_and_dump_agree() {
    let world = World::new().await;
    world.order("/_sandbox/seed", json!({"contacts": 50, "invoices": 1200})).await;
    let state = world.control("/_sandbox/state").await;
    let company = state["xero"]["organisations"].as_array().unwrap().iter().find(|org| org["tenant"] == demo()).unwrap();
    assert_eq!(company["counts"]["Invoices"], 1200);
    let groups = company["groups"].as_array().unwrap().iter().filter(|group| group["list"] == "Invoices");
    let total: i64 = groups.map(|group| group["total_cents"].as_i64().unwrap()).sum();
    let dump =
        world.client.get(world.url(&format!("/_sandbox/xero/{}/Invoices", demo()))).send().await.unwrap().text().await.unwrap();
    let records: Vec<Value> = dump.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let cents = |record: &Value| record["Total"].to_string().replace('.', "").parse::<i64>().unwrap();
    assert_eq!(records.len(), 1200);
    assert_eq!(records.iter().map(cents).sum::<i64>(), total);
    let training = state["xero"]["organisations"].as_array().unwrap().iter().find(|org| org["tenant"] != demo()).unwrap();
    assert_eq!((&training["counts"]["Invoices"], &training["connected"]), (&json!(20), &json!(true)));
    for (path, status) in [(format!("/_sandbox/xero/{}/Colours", demo()), 404), ("/_sandbox/xero/nobody/Invoices".into(), 404)] {
        assert_eq!(world.client.get(world.url(&path)).send().await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn wrong_orders_are_refused_with_a_sentence() {
    let world = World::new().await;
    for (path, body) in [
        ("/_sandbox/seed", json!({"profile": "huge"})),
        ("/_sandbox/limits", json!({"xero": {"per_minute": 1}})),
        ("/_sandbox/limits", json!({"sage": null})),
        ("/_sandbox/switches", json!({"xero.no_such_thing": true})),
        ("/_sandbox/xero/app", json!({"colour": "red"})),
    ] {
        let answer = world.post(path, body).await;
        assert_eq!(answer.status(), 400, "{path}");
    }
}

#[tokio::test]
async fn the_environment_names_every_door() {
    let world = World::new().await;
    let environment = world.sandbox.environment();
    let of = |name: &str| environment.iter().find(|(key, _)| key == name).unwrap().1.clone();
    assert!(of("ZOHO_DATA_CENTRES").starts_with(&format!("us={}/zoho/us/accounts|", world.sandbox.url())));
    assert!(
        of("ZOHO_DATA_CENTRES")
            .contains(&format!(",eu={}/zoho/eu/accounts|{0}/zoho/eu/api|{0}/zoho/eu/web", world.sandbox.url()))
    );
    assert!(of("SMTP_URL").starts_with("smtp://127.0.0.1:"));
    let page = world.client.get(world.url("/")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    world.sandbox.stop().await;
}

#[tokio::test]
async fn books_and_tokens_outlive_a_restart_when_they_have_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let options = sandbox::Options { data_dir: Some(folder.path().to_path_buf()), ..Default::default() };
    let world = World::with(options.clone()).await;
    world.order("/_sandbox/seed", json!({"profile": "tiny"})).await;
    let tokens = world.connect().await;
    world.sandbox.stop().await;
    let world = World::with(options).await;
    assert_eq!(world.read(&tokens, "Invoices?page=1").await["pagination"]["itemCount"], 20);
    assert_eq!(world.refresh(tokens["refresh_token"].as_str().unwrap()).await.status(), 200);
}

#[tokio::test]
async fn caught_letters_are_shown_to_programs_and_to_people() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::new().await;
    let address = world.sandbox.smtp_url().replace("smtp://", "");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let letter = "EHLO me\r\nMAIL FROM:<cp@example.org>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\nSubject: Two <links>\r\n\r\n\
                  Open http://127.0.0.1:1/connect/abc now\r\n.\r\nQUIT\r\n";
    stream.write_all(letter.as_bytes()).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    let told = world.control("/_sandbox/mail").await;
    assert_eq!((&told[0]["subject"], &told[0]["to"][0]), (&json!("Two <links>"), &json!("ada@example.org")));
    let page =
        world.client.get(world.url("/_sandbox/mail")).header("Accept", "text/html").send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<a href=\"http://127.0.0.1:1/connect/abc\">"));
    assert!(page.contains("Two &lt;links&gt;"));
}

#[tokio::test]
async fn links_into_xero_open_the_record_they_name() {
    let world = World::new().await;
    let made = world.order(&format!("/_sandbox/xero/{}/Contacts", demo()), json!({"Name": "Ada & Co"})).await;
    let id = made[0]["ContactID"].as_str().unwrap();
    let open = async |path: String| world.client.get(world.url(&path)).send().await.unwrap();
    for path in [format!("/xero/go/Contacts/View/{id}"), format!("/xero/go/app/!cLp42/contacts/contact/{id}")] {
        let page = open(path).await;
        assert_eq!(page.status(), 200);
        assert!(page.text().await.unwrap().contains("Ada &amp; Co"));
    }
    assert_eq!(open(format!("/xero/go/app/!tR41n/contacts/contact/{id}")).await.status(), 404, "another organisation");
    assert_eq!(open("/xero/go/Contacts/View/7".into()).await.status(), 404);
    let hop = |to: &str| format!("/xero/go/organisationlogin/default.aspx?shortcode=!cLp42&redirecturl={to}");
    let there = open(hop(&format!("/Contacts/View/{id}"))).await;
    assert!(there.headers()["location"].to_str().unwrap().ends_with(&format!("/xero/go/Contacts/View/{id}")));
    assert_eq!(open(hop("//evil.example")).await.status(), 404);
}

#[tokio::test]
async fn a_mistake_in_an_order_changes_nothing() {
    let world = World::new().await;
    let before = world.control("/_sandbox/switches").await;
    let half = json!({"xero.not_modified_304": true, "zoho.no_such_thing": true});
    assert_eq!(world.post("/_sandbox/switches", half).await.status(), 400);
    let half = json!({"xero.not_modified_304": true, "zoho.pkce_is_checked": "off"});
    assert_eq!(world.post("/_sandbox/switches", half).await.status(), 400);
    assert_eq!(world.control("/_sandbox/switches").await, before);
    for path in ["/_sandbox/zoho/12/contacts", "/_sandbox/zoho/x/contacts"] {
        assert_eq!(world.client.get(world.url(path)).send().await.unwrap().status(), 404, "{path}");
    }
    let zoho = Zoho::of(&world).await;
    for (list, status) in [("contacts", 200), ("taxes", 200), ("colours", 404)] {
        let dump = world.client.get(world.url(&format!("/_sandbox/zoho/{}/{list}", zoho.org))).send().await.unwrap();
        assert_eq!(dump.status(), status, "{list}");
    }
}

#[tokio::test]
async fn the_clock_cannot_be_moved_out_of_the_calendar() {
    let world = World::new().await;
    let by_years = async |years: i64| world.post("/_sandbox/clock", json!({"advance_s": years * 365 * 86_400})).await.status();
    assert_eq!(by_years(-60).await, 400, "before 1970");
    for ms in [i64::MIN, i64::MAX] {
        assert_eq!(world.post("/_sandbox/clock", json!({"advance_ms": ms})).await.status(), 400);
    }
    let mut steps = 0;
    while by_years(99).await == 200 {
        steps += 1;
        assert!(steps < 100, "time has no end");
    }
    assert!(steps > 70);
    assert!(world.page("/").await.contains("Both companies"), "everything still answers");
}

#[tokio::test]
async fn a_sign_in_server_that_has_too_much_says_so_as_each_provider_does() {
    let world = World::new().await;
    let order = async || {
        world.order("/_sandbox/faults", json!([{"kind": "too_many", "limit": "minute", "retry_after_s": 3, "times": 1}])).await
    };
    order().await;
    let answer = world.refresh("any").await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &reqwest::header::HeaderValue::from(3)));
    order().await;
    let answer = world.client.post(world.url("/zoho/eu/accounts/oauth/v2/token")).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.json::<Value>().await.unwrap()["error"].clone()), (200, "Access Denied".into()));
}

#[tokio::test]
async fn a_body_that_is_too_large_to_be_tidied_is_refused_and_noted() {
    let world = World::new().await;
    world.order("/_sandbox/faults", json!([{"kind": "normalise", "how": ["trim"]}])).await;
    let huge = world.client.put(world.url("/xero/api/api.xro/2.0/Contacts")).body(vec![b' '; 17 * 1024 * 1024]);
    // The answer may be lost when the server stops listening in the middle of the body.
    if let Ok(answer) = huge.send().await {
        assert_eq!(answer.status(), 413);
    }
    let counts = world.control("/_sandbox/requests").await["counts"].clone();
    assert_eq!((&counts[0]["endpoint"], &counts[0]["status"]), (&json!("PUT /Contacts"), &json!(413)), "{counts}");
}

#[tokio::test]
async fn a_caller_who_takes_his_time_is_answered() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::new().await;
    let address = world.sandbox.url().trim_start_matches("http://").to_owned();
    let ask = async |stream: &mut tokio::net::TcpStream| {
        stream.write_all(b"GET /_sandbox/clock HTTP/1.1\r\nHost: sandbox\r\n\r\n").await.unwrap();
        let mut answer = vec![0; 4096];
        let read = stream.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"), "{:?}", String::from_utf8_lossy(&answer[..read]));
    };
    let mut silent = tokio::net::TcpStream::connect(&address).await.unwrap();
    let mut idle = tokio::net::TcpStream::connect(&address).await.unwrap();
    ask(&mut idle).await;
    // Longer than a server that thinks of strangers would wait.
    tokio::time::sleep(std::time::Duration::from_secs(7)).await;
    ask(&mut silent).await;
    ask(&mut idle).await;
    let asked = std::time::Instant::now();
    world.sandbox.stop().await;
    assert!(asked.elapsed().as_secs() < 5, "idle connections do not hold the end up");
}
