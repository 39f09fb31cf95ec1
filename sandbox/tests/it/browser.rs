//! What a person does, in a real browser: from the first page to the Zoho contact, and by its button to the Xero contact.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::people::Zoho;
use crate::{World, demo};

/// The button of the source document.
const XERO_LINK: &str = "xerold = customer.get(\"cf_xero_acct_id\");\nopenUrl(\"https://go.xero.com/Contacts/View/\" + xerold,\"new window\");\nresultMap = Map();\nreturn resultMap;";
/// One that says so when there is nothing to open.
const CAREFUL_LINK: &str = r#"
res = Map();
xid = ifnull(customer.get("cf_xero_acct_id"),"");
if(xid == "") { for each f in customer.get("custom_fields") { if(f.get("api_name") == "cf_xero_acct_id") { xid = f.get("value"); } } }
if(xid == "") { res.put("code",1); res.put("message","Not linked to Xero yet"); }
else { openUrl("https://go.xero.com/Contacts/View/" + xid,"new window"); res.put("code",0); res.put("message","Opening Xero"); }
return res;"#;
/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const PATIENCE: Duration = Duration::from_secs(20);

/// Chromium without a screen, driven over WebDriver.
struct Browser {
    driver: Child,
    client: Client,
    session: String,
    /// Held open, because the driver ends when nobody can hear it.
    _said: Lines<BufReader<ChildStdout>>,
    _profile: TempDir,
}

impl Browser {
    /// None when this machine has no driver. Where CI runs that is a failure.
    async fn open() -> Option<Self> {
        let mut driver = match Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn() {
            Ok(driver) => driver,
            Err(error) if std::env::var_os("CI").is_some() => panic!("CI has no chromedriver: {error}"),
            Err(_) => return None,
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("successfully on port ")?.1.trim_end_matches('.').to_owned()));
        let port: u16 = port.unwrap().parse().unwrap();
        let profile = tempfile::tempdir().unwrap();
        let folder = format!("--user-data-dir={}", profile.path().display());
        let flags = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,1200",
            &folder,
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": {"args": flags}}}});
        let client = Client::builder().timeout(Duration::from_secs(120)).build().unwrap();
        let mut browser =
            Self { driver, client, session: format!("http://127.0.0.1:{port}/session"), _said: lines, _profile: profile };
        let opened = browser.order("", wanted).await;
        browser.session = format!("{}/{}", browser.session, opened["sessionId"].as_str().unwrap());
        Some(browser)
    }

    async fn order(&self, path: &str, body: Value) -> Value {
        let answer = self.client.post(format!("{}{path}", self.session)).json(&body).send().await.unwrap();
        Self::value(path, answer.json().await.unwrap())
    }

    async fn ask(&self, path: &str) -> Value {
        let answer = self.client.get(format!("{}{path}", self.session)).send().await.unwrap();
        Self::value(path, answer.json().await.unwrap())
    }

    fn value(path: &str, mut answer: Value) -> Value {
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].take()
    }

    async fn visit(&self, url: &str) {
        self.order("/url", json!({"url": url})).await;
    }

    async fn element(&self, using: &str, value: &str) -> String {
        let found = self.order("/element", json!({"using": using, "value": value})).await;
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    async fn click(&self, using: &str, value: &str) {
        let element = self.element(using, value).await;
        self.order(&format!("/element/{element}/click"), json!({})).await;
    }

    async fn text(&self, selector: &str) -> String {
        let element = self.element("css selector", selector).await;
        self.ask(&format!("/element/{element}/text")).await.as_str().unwrap().to_owned()
    }

    async fn address(&self) -> String {
        self.ask("/url").await.as_str().unwrap().to_owned()
    }

    async fn windows(&self) -> Vec<Value> {
        self.ask("/window/handles").await.as_array().unwrap().clone()
    }

    /// Goes to the window that a click has opened, once its page is there.
    async fn follow_to_new_window(&self, known: &[Value]) {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(new) = self.windows().await.iter().find(|window| !known.contains(window)) {
                self.order("/window", json!({"handle": new})).await;
                if self.address().await.starts_with("http") {
                    return;
                }
            }
            assert!(Instant::now() < end, "no window has opened; the page says: {}", self.text("main").await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn resize(&self, width: u32, height: u32) {
        self.order("/window/rect", json!({"width": width, "height": height})).await;
    }

    /// How much wider the page is than its window.
    async fn overflow(&self) -> i64 {
        let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth;";
        self.order("/execute/sync", json!({"script": script, "args": []})).await.as_i64().unwrap()
    }

    async fn keep_picture(&self, name: &str) {
        let picture = self.ask("/screenshot").await;
        let picture = base64::engine::general_purpose::STANDARD.decode(picture.as_str().unwrap()).unwrap();
        let folder = artefacts();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), picture).unwrap();
    }
}

impl Drop for Browser {
    /// Also when a test has failed: neither the browser nor its driver is left running.
    fn drop(&mut self) {
        if let Ok(session) = Url::parse(&self.session)
            && let Ok(mut driver) = TcpStream::connect(("127.0.0.1", session.port().unwrap_or(0)))
        {
            let _ = driver.set_read_timeout(Some(PATIENCE));
            let farewell = format!("DELETE {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", session.path());
            let _ = driver.write_all(farewell.as_bytes());
            let _ = driver.read(&mut [0; 512]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Where pictures are kept for people to look at.
fn artefacts() -> PathBuf {
    match std::env::var_os("CPCONNECT_ARTEFACTS") {
        Some(folder) => folder.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/artefacts"),
    }
}

#[tokio::test]
async fn a_click_on_xero_link_opens_the_xero_contact() {
    let Some(browser) = Browser::open().await else {
        println!("skipped: this machine has no chromedriver");
        return;
    };
    let world = World::new().await;
    world.order("/_sandbox/seed", json!({"profile": "tiny"})).await;
    let made = world
        .order(
            &format!("/_sandbox/xero/{}/Contacts", demo()),
            json!({"Name": "Aroha Ngata Architects", "EmailAddress": "aroha@example.com", "FirstName": "Aroha", "LastName": "Ngata"}),
        )
        .await;
    let xero_id = made[0]["ContactID"].as_str().unwrap().to_owned();
    let zoho = Zoho::of(&world).await;
    let field = json!({"label": "Xero Acct ID", "entity": "contact", "data_type": "string", "is_unique": true});
    let field = zoho.create(&world, "settings/fields", "field", field).await;
    assert_eq!(field["api_name"], "cf_xero_acct_id");
    let contact = json!({
        "contact_name": "Aroha Ngata Architects", "contact_type": "customer", "company_name": "Aroha Ngata Architects Ltd", "website": "https://example.com",
        "billing_address": {"address": "12 Ponsonby Road", "city": "Auckland", "zip": "1011", "country": "New Zealand"},
        "contact_persons": [{"first_name": "Aroha", "last_name": "Ngata", "email": "aroha@example.com", "phone": "+64 9 555 0101", "is_primary_contact": true}],
        "custom_fields": [{"api_name": "cf_xero_acct_id", "value": xero_id}],
    });
    zoho.create(&world, "contacts", "contact", contact).await;
    let stranger = zoho.create(&world, "contacts", "contact", json!({"contact_name": "Not Linked Ltd"})).await;
    let button =
        json!({"name": "Xero Link", "entity_type": "customer", "page_view": "details", "customfunction": {"script": XERO_LINK}});
    zoho.create(&world, "settings/custombuttons", "custombutton", button).await;

    browser.visit(&world.url("/")).await;
    assert_eq!(browser.overflow().await, 0);
    browser.keep_picture("companies.png").await;
    browser.click("css selector", &format!("a[href='/people/zoho/{}/contacts']", zoho.org)).await;
    browser.keep_picture("zoho-contacts.png").await;
    browser.click("link text", "Aroha Ngata Architects").await;
    assert_eq!(browser.text("h1").await, "Aroha Ngata Architects");
    assert!(browser.text("main").await.contains(&xero_id));
    assert_eq!(browser.overflow().await, 0);
    browser.keep_picture("zoho-contact.png").await;

    let known = browser.windows().await;
    browser.click("xpath", "//button[text()='Xero Link']").await;
    browser.follow_to_new_window(&known).await;
    assert_eq!(browser.address().await, world.url(&format!("/xero/go/Contacts/View/{xero_id}")));
    assert_eq!(browser.text("h1").await, "Aroha Ngata Architects");
    assert!(browser.text("main").await.contains("aroha@example.com"));
    browser.keep_picture("xero-contact.png").await;

    // The script that looks first says on the page itself that there is nothing to open.
    let body = json!({"name": "Careful Xero Link", "entity_type": "contact", "page_view": "details", "customfunction": {"script": CAREFUL_LINK}});
    zoho.create(&world, "settings/custombuttons", "custombutton", body).await;

    // A deep link, as CP Connect builds it, ends at the record that its fragment names; there the button finds nothing to open.
    let id = stranger["contact_id"].as_str().unwrap();
    browser.visit(&world.url(&format!("/zoho/eu/web/app/{}#/contacts/{id}", zoho.org))).await;
    let end = Instant::now() + PATIENCE;
    while browser.text("h1").await != "Not Linked Ltd" {
        assert!(Instant::now() < end, "the fragment was not followed: {}", browser.address().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let known = browser.windows().await;
    browser.click("xpath", "//button[text()='Careful Xero Link']").await;
    let end = Instant::now() + PATIENCE;
    while browser.text("#said").await != "Not linked to Xero yet" {
        assert!(Instant::now() < end, "nothing was said");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(browser.windows().await, known, "and nothing was opened");
    browser.element("css selector", "#said.failed").await;
    browser.keep_picture("zoho-contact-not-linked.png").await;
    browser.click("xpath", "//button[text()='Xero Link']").await;
    browser.follow_to_new_window(&known).await;
    assert_eq!(browser.text("h1").await, "Not found");
    world.sandbox.stop().await;
}

#[tokio::test]
async fn no_page_is_wider_than_a_small_screen() {
    let Some(browser) = Browser::open().await else {
        println!("skipped: this machine has no chromedriver");
        return;
    };
    let world = World::new().await;
    world.order("/_sandbox/seed", json!({"profile": "nasty"})).await;
    browser.resize(1024, 768).await;
    for list in ["Invoices", "Contacts", "Payments", "Items", "Accounts"] {
        let path = format!("/people/xero/{}/{list}", demo());
        browser.visit(&world.url(&path)).await;
        assert!(browser.overflow().await <= 0, "{path}");
        let links = "return [...document.querySelectorAll('table.list tbody a')].map(link => link.href);";
        let links = browser.order("/execute/sync", json!({"script": links, "args": []})).await;
        for link in links.as_array().unwrap().iter().take(12) {
            browser.visit(link.as_str().unwrap()).await;
            assert!(browser.overflow().await <= 0, "{link}");
        }
    }
}
