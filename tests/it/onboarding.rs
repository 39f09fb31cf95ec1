//! The letter: what it says, that looking at its links changes nothing, which links are dead, and that it arrives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{World, eventually};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use url::Url;

#[tokio::test(flavor = "multi_thread")]
async fn one_letter_says_who_asks_for_what_and_how_to_end_it() {
    let mut world = World::new().await;
    let tenant = onboard(&world).await;
    let letter = world.customer.letter(1).await.unwrap();
    assert_eq!(letter.consent_links().len(), 2);
    assert!(letter.status_link().is_some());
    for words in ["Kōwhai & Sons <Ltd>", "Xero", "Zoho Books", "disconnect", "works once, until"] {
        assert!(letter.text.to_lowercase().contains(&words.to_lowercase()), "{words}: {}", letter.text);
    }
    assert!(letter.html.contains("Kōwhai &#38; Sons") || letter.html.contains("Kōwhai &amp; Sons"), "{}", letter.html);
    assert!(!letter.html.contains("<Ltd>"), "a name is no markup");
    for link in letter.consent_links() {
        assert!(letter.html.contains(link.as_str()), "both forms carry the links");
    }
    // The page says who asks, and for what, in words.
    let page = world.customer.browser.get(&letter.consent_links()[0]).await.unwrap();
    let says = page.text().to_lowercase();
    for words in ["invoices", "contacts", "kōwhai & sons"] {
        assert!(says.contains(words), "{words}: {says}");
    }
    let steps = world
        .staff
        .data(
            "query($id: ID!) { tenant(id: $id) { checklist { item done } letters { kind state attempts } } }",
            json!({ "id": tenant }),
        )
        .await
        .unwrap();
    assert_eq!(steps["tenant"]["letters"], json!([{ "kind": "CONSENT", "state": "SENT", "attempts": 1 }]));
    assert!(steps["tenant"]["checklist"].as_array().unwrap().contains(&json!({ "item": "LETTER_SENT", "done": true })));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_looks_of_a_mail_scanner_change_nothing() {
    let mut world = World::new().await;
    onboard(&world).await;
    let links = world.customer.letter(1).await.unwrap().consent_links();
    let before = world.rows("SELECT COUNT(*) AS n FROM sign_in").await;
    let http = reqwest::Client::new();
    for method in [Method::GET, Method::HEAD] {
        for _ in 0..50 {
            let answer = http.request(method.clone(), links[0].clone()).send().await.unwrap();
            assert_eq!(answer.status(), 200);
        }
    }
    assert_eq!(world.rows("SELECT COUNT(*) AS n FROM sign_in").await, before);
    assert_eq!(world.rows("SELECT COUNT(*) AS n FROM consent WHERE state = 'open'").await, 2);
    let page = world.customer.allow(&links[0], tests::COMPANY).await.unwrap();
    assert_eq!(page.url.path(), "/connect/done", "{}", page.text());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_are_unknown_used_replaced_revoked_or_too_old_look_alike() {
    let mut world = World::new().await;
    let tenant = onboard(&world).await;
    let first = world.customer.letter(1).await.unwrap().consent_links();
    let mut dead = vec![("unknown", world.url(&format!("/connect/{}", "A".repeat(43))))];

    let page = world.customer.allow(&first[0], tests::COMPANY).await.unwrap();
    assert_eq!(page.url.path(), "/connect/done", "{}", page.text());
    dead.push(("used", first[0].clone()));

    // A new letter only for the side that is not connected yet; the link before is dead.
    mutate(&world, "resendConsent(tenantId: $id) { tenant { id } }", &tenant).await;
    let second = world.customer.letter(2).await.unwrap().consent_links();
    assert_eq!(second.len(), 1, "Xero is connected already");
    dead.push(("replaced", first[1].clone()));

    let revoked = mutate(&world, "revokeConsent(tenantId: $id, provider: ZOHO) { outcome }", &tenant).await;
    assert_eq!(revoked["revokeConsent"]["outcome"], "REVOKED");
    dead.push(("revoked", second[0].clone()));

    mutate(&world, "resendConsent(tenantId: $id) { tenant { id } }", &tenant).await;
    let third = world.customer.letter(3).await.unwrap().consent_links();
    world.advance(Duration::from_secs(72 * 3600 - 60)).await;
    assert_eq!(look(&third[0]).await.0, 200, "it still works a minute before");
    world.advance(Duration::from_secs(61)).await;
    dead.push(("too old", third[0].clone()));

    let unknown = look(&dead[0].1).await;
    assert_eq!(unknown.0, 410);
    for (why, link) in &dead {
        assert_eq!(look(link).await, unknown, "{why}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_survives_a_post_office_that_is_closed() {
    let office = Office::closed().await;
    let world = World::with(vec![("SMTP_URL".to_owned(), format!("smtp://127.0.0.1:{}", office.port))], true).await;
    let tenant = onboard(&world).await;
    let letter = eventually("it was tried", async || {
        let letter = letter(&world, &tenant).await;
        (letter["attempts"].as_i64()? >= 2).then_some(letter)
    });
    let trying = async {
        for _ in 0..30 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            world.advance(Duration::from_secs(8)).await;
        }
    };
    let (tried, ()) = tokio::join!(letter, trying);
    assert_eq!(tried["state"], "QUEUED", "{tried}");
    assert!(tried["error"].is_string(), "staff see why: {tried}");
    assert!(world.customer.letters().await.unwrap().is_empty());

    office.opens(&world);
    eventually("it has gone", async || {
        world.advance(Duration::from_secs(600)).await;
        (letter_state(&world, &tenant).await == "SENT").then_some(())
    })
    .await;
    assert_eq!(world.customer.letters().await.unwrap().len(), 1);
    assert_eq!(world.customer.letter(1).await.unwrap().consent_links().len(), 2);
    world.end().await;
}

/// A post office that hangs up until it is told where letters are to go.
struct Office {
    port: u16,
    to: Arc<AtomicU16>,
}

impl Office {
    async fn closed() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let to = Arc::new(AtomicU16::new(0));
        let open = to.clone();
        tokio::spawn(async move {
            while let Ok((mut caller, _)) = listener.accept().await {
                let to = open.load(Ordering::SeqCst);
                if to > 0 {
                    tokio::spawn(async move {
                        let mut office = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
                        // It ends when either side hangs up.
                        let _ = copy_bidirectional(&mut caller, &mut office).await;
                    });
                }
            }
        });
        Self { port, to }
    }

    /// From now on letters go where the sandbox catches them.
    fn opens(&self, world: &World) {
        let settings = world.stage.sandbox.environment();
        let (_, url) = settings.iter().find(|(name, _)| name == "SMTP_URL").unwrap();
        self.to.store(url.parse::<Url>().unwrap().port().unwrap(), Ordering::SeqCst);
    }
}

async fn onboard(world: &World) -> String {
    world.staff.onboard("Kōwhai & Sons <Ltd>", &world.customer.email, "nz").await.unwrap()
}

async fn mutate(world: &World, field: &str, tenant: &str) -> Value {
    world.stage.staff().unwrap().data(&format!("mutation($id: ID!) {{ {field} }}"), json!({ "id": tenant })).await.unwrap()
}

async fn letter(world: &World, tenant: &str) -> Value {
    let query = "query($id: ID!) { tenant(id: $id) { letters { state attempts error } } }";
    world.stage.staff().unwrap().data(query, json!({ "id": tenant })).await.unwrap()["tenant"]["letters"][0].clone()
}

async fn letter_state(world: &World, tenant: &str) -> String {
    letter(world, tenant).await["state"].as_str().unwrap_or_default().to_owned()
}

/// The status and the page that a stranger's browser gets.
async fn look(link: &Url) -> (u16, String) {
    let answer = reqwest::Client::new().get(link.clone()).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}
