//! The examples of Xero's OpenAPI against the sandbox.

use std::collections::BTreeSet;

use reqwest::Client;
use reqwest::redirect::Policy;
use sandbox::{Options, Sandbox};
use serde_json::{Map, Value, json};
use tests::contracts::cast::Cast;
use tests::contracts::{self, deviations, examples};
use url::Url;

/// The redirect address that the sandbox's app is registered with.
const BACK: &str = "http://127.0.0.1:8080/oauth/xero/callback";
/// Everything an app of today may ask for that the examples need.
const SCOPE: &str = "openid profile email offline_access accounting.settings accounting.contacts accounting.invoices \
                     accounting.payments accounting.banktransactions accounting.manualjournals accounting.attachments \
                     accounting.budgets.read accounting.journals.read paymentservices accounting.reports.aged.read \
                     accounting.reports.balancesheet.read accounting.reports.banksummary.read accounting.reports.budgetsummary.read \
                     accounting.reports.executivesummary.read accounting.reports.profitandloss.read accounting.reports.taxreports.read \
                     accounting.reports.tenninetynine.read accounting.reports.trialbalance.read";

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_xeros_openapi_are_accepted_and_answered_in_shape() {
    let Some(documents) = contracts::documents() else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "nothing was checked: PROVIDER_SPEC is wanted");
        println!("not checked: PROVIDER_SPEC is wanted");
        return;
    };
    let text = std::fs::read_to_string(documents.join("xero/examples.json")).unwrap();
    let all: Map<String, Value> = serde_json::from_str(&text).unwrap();
    assert_eq!(all.len(), 202);

    let sandbox = sandbox::start(Options::default()).await.unwrap();
    let base = Url::parse(sandbox.url()).unwrap();
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    let seed = http.post(base.join("/_sandbox/seed").unwrap()).json(&json!({"profile": "tiny"}));
    assert!(seed.send().await.unwrap().status().is_success());
    let token = sign_in(&http, &sandbox).await;
    let mut cast = Cast::new(http, base, sandbox::xero::DEMO_COMPANY.to_string(), token).await;
    let replayed = examples::replay(&all, &mut cast).await;
    sandbox.stop().await;

    assert_eq!(replayed.examples, 202);
    let verdict = deviations::compare(&["example "], &replayed.findings, true);
    let excepted: BTreeSet<&str> = replayed.findings.iter().map(String::as_str).collect();
    let mut reasons = String::new();
    contracts::report::by_count(&mut reasons, &verdict.reasons).unwrap();
    println!(
        "examples: {} of 202 accepted and answered in shape; {} exceptions, by reason:\n{reasons}",
        replayed.in_shape,
        excepted.len()
    );
    verdict.insist();
}

/// The user's way through the sign-in, up to an access token.
async fn sign_in(http: &Client, sandbox: &Sandbox) -> String {
    let at = |path: &str| format!("{}{path}", sandbox.url());
    let mut url = Url::parse(&at("/xero/login/identity/connect/authorize")).unwrap();
    let asked = [
        ("response_type", "code"),
        ("client_id", sandbox::XERO_CLIENT_ID),
        ("redirect_uri", BACK),
        ("scope", SCOPE),
        ("state", "examples"),
    ];
    url.query_pairs_mut().extend_pairs(asked);
    let page = http.get(url).send().await.unwrap().text().await.unwrap();
    let (_, rest) = page.split_once("name=\"request\" value=\"").unwrap_or_else(|| panic!("no form in {page}"));
    let request = rest.split_once('"').unwrap().0;
    let user = [("request", request), ("username", sandbox::xero::USER_EMAIL), ("password", sandbox::xero::USER_PASSWORD)];
    http.post(at("/xero/login/login")).form(&user).send().await.unwrap();
    let tenant = sandbox::xero::DEMO_COMPANY.to_string();
    let consent = [("request", request), ("tenant", tenant.as_str()), ("action", "allow")];
    let answer = http.post(at("/xero/login/consent")).form(&consent).send().await.unwrap();
    let back = Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned()).unwrap();
    let form = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", BACK)];
    let call = http.post(at("/xero/identity/connect/token")).form(&form);
    let answer = call.basic_auth(sandbox::XERO_CLIENT_ID, Some(sandbox::XERO_CLIENT_SECRET)).send().await.unwrap();
    let tokens: Value = answer.json().await.unwrap();
    tokens["access_token"].as_str().unwrap().to_owned()
}
