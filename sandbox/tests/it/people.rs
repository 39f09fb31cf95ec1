//! The pages for people, and where links into either company's own screens lead.

use serde_json::{Value, json};

use crate::{World, between, demo};

/// The customer's books in Zoho, opened with a token of a real consent.
pub struct Zoho {
    token: String,
    pub org: String,
}

impl Zoho {
    pub async fn of(world: &World) -> Self {
        let back = "http://127.0.0.1:9/oauth/zoho/callback";
        let query = [
            ("response_type", "code"),
            ("client_id", sandbox::ZOHO_CLIENT_ID),
            ("redirect_uri", back),
            ("scope", "ZohoBooks.fullaccess.all"),
            ("access_type", "offline"),
            ("prompt", "consent"),
        ];
        let page = world.client.get(world.url("/zoho/eu/accounts/oauth/v2/auth")).query(&query).send().await.unwrap();
        let page = page.text().await.unwrap();
        let request = between(&page, "name=\"request\" value=\"", "\"");
        let login = [("request", request.as_str()), ("username", "simon@example.test"), ("password", "sandbox")];
        let page = world.client.post(world.url(&between(&page, "action=\"", "\""))).form(&login).send().await.unwrap();
        let page = page.text().await.unwrap();
        let consent = [("request", request.as_str()), ("action", "allow")];
        let answer = world.client.post(world.url(&between(&page, "action=\"", "\""))).form(&consent).send().await.unwrap();
        let code = crate::parameter(&answer, "code").unwrap();
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", sandbox::ZOHO_CLIENT_ID),
            ("client_secret", sandbox::ZOHO_CLIENT_SECRET),
            ("redirect_uri", back),
            ("code", &code),
        ];
        let tokens = world.client.post(world.url("/zoho/eu/accounts/oauth/v2/token")).form(&form).send().await.unwrap();
        let tokens: Value = tokens.json().await.unwrap();
        let token = tokens["access_token"].as_str().unwrap().to_owned();
        let organizations = world.client.get(world.url("/zoho/eu/api/books/v3/organizations"));
        let organizations = organizations.header("authorization", format!("Zoho-oauthtoken {token}")).send().await.unwrap();
        let organizations: Value = organizations.json().await.unwrap();
        let org = organizations["organizations"][0]["organization_id"].as_str().unwrap().to_owned();
        Self { token, org }
    }

    /// Creates a record through the API and answers it.
    pub async fn create(&self, world: &World, path: &str, key: &str, body: Value) -> Value {
        let call = world.client.post(world.url(&format!("/zoho/eu/api/books/v3/{path}"))).json(&body);
        let call =
            call.query(&[("organization_id", &self.org)]).header("authorization", format!("Zoho-oauthtoken {}", self.token));
        let answer: Value = call.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["code"], 0, "{answer}");
        answer[key].clone()
    }
}

impl World {
    /// A page that is there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.client.get(self.url(path)).header("accept", "text/html").send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    async fn status(&self, path: &str) -> u16 {
        self.client.get(self.url(path)).send().await.unwrap().status().as_u16()
    }

    async fn enter(&self, list: &str, record: Value) -> Value {
        self.order(&format!("/_sandbox/xero/{}/{list}", demo()), record).await[0].clone()
    }
}

#[tokio::test]
async fn the_first_page_counts_both_companies_records() {
    let world = World::new().await;
    let zoho = Zoho::of(&world).await;
    let page = world.page("/").await;
    assert!(page.contains(&format!("<a href=\"/people/xero/{}/Invoices\">Invoices</a><b>0</b>", demo())));
    world.order("/_sandbox/seed", json!({"profile": "tiny"})).await;
    zoho.create(&world, "contacts", "contact", json!({"contact_name": "Ada"})).await;
    let page = world.page("/").await;
    assert!(page.contains(&format!("<a href=\"/people/xero/{}/Invoices\">Invoices</a><b>20</b>", demo())));
    assert!(page.contains(&format!("<a href=\"/people/zoho/{}/contacts\">Contacts</a><b>1</b>", zoho.org)));
    for door in ["mail", "state", "requests", "faults", "switches", "clock"] {
        assert!(page.contains(&format!("href=\"/_sandbox/{door}\"")), "{door}");
        assert_eq!(world.status(&format!("/_sandbox/{door}")).await, 200);
    }
}

#[tokio::test]
async fn every_list_and_every_record_of_either_company_has_a_page() {
    let world = World::new().await;
    let zoho = Zoho::of(&world).await;
    world.order("/_sandbox/seed", json!({"profile": "nasty"})).await;
    let customer = zoho.create(&world, "contacts", "contact", json!({"contact_name": "<Ada> & Söhne"})).await;
    let line = json!({"name": "Work", "rate": 12.5, "quantity": 2});
    let invoice = json!({"customer_id": customer["contact_id"], "line_items": [line]});
    zoho.create(&world, "invoices", "invoice", invoice).await;
    let links = |page: &str, start: &str| -> Vec<String> {
        let found = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        found.filter(|link| link.starts_with(start)).map(str::to_owned).collect()
    };
    let (mut lists, mut records) = (0, 0);
    for start in [format!("/people/xero/{}", demo()), format!("/people/zoho/{}", zoho.org)] {
        for list in links(&world.page(&start).await, &format!("{start}/")) {
            lists += 1;
            for record in links(&world.page(&list).await, &format!("{list}/")) {
                let page = world.page(&record).await;
                assert!(page.contains("<h2>Details</h2>"), "{record}");
                assert!(!page.contains("<script>alert"), "{record}");
                records += 1;
            }
        }
    }
    assert!(lists >= 17 && records >= 60, "{lists} lists, {records} records");
}

#[tokio::test]
async fn a_list_has_pages_of_fifty_and_a_search() {
    let world = World::new().await;
    world.order("/_sandbox/seed", json!({"contacts": 120, "invoices": 10})).await;
    let list = format!("/people/xero/{}/Contacts", demo());
    let rows = |page: &str| page.matches("<th scope=\"row\">").count();
    let first = world.page(&list).await;
    assert_eq!(rows(&first), 50);
    assert!(first.contains("rel=\"next\"") && !first.contains("rel=\"prev\""));
    let last = world.page(&format!("{list}?page=3")).await;
    assert!((1..=50).contains(&rows(&last)) && last.contains("rel=\"prev\"") && !last.contains("rel=\"next\""));
    assert!(world.page(&format!("{list}?page=99")).await.contains("The list ends before this page."));
    world.enter("Contacts", json!({"Name": "KÖNIG & SÖHNE"})).await;
    // Two of the same moment may come in either order.
    world.order("/_sandbox/clock", json!({"advance_ms": 2000})).await;
    world.enter("Contacts", json!({"Name": "Zebra “Crossing” <Ltd>"})).await;
    let found = world.page(&format!("{list}?q=zebra")).await;
    assert_eq!(rows(&found), 1);
    assert!(found.contains("Zebra “Crossing” &lt;Ltd&gt;"));
    for words in ["k%C3%B6nig", "K%C3%96NIG"] {
        assert_eq!(rows(&world.page(&format!("{list}?q={words}")).await), 1, "{words}");
    }
    let newest = world.page(&format!("{list}?by=change")).await;
    assert!(between(&newest, "<th scope=\"row\">", "</th>").contains("Zebra"));
    assert!(world.page(&format!("{list}?q=%3Cnobody%3E")).await.contains("Nothing here has “&lt;nobody&gt;” in it."));
    let empty = world.page(&format!("/people/xero/{}/Contacts", sandbox::xero::TRAINING)).await;
    assert!(empty.contains("<table"), "the training company has contacts");
}

#[tokio::test]
async fn a_list_of_zoho_has_pages_and_a_search_too() {
    let world = World::new().await;
    let zoho = Zoho::of(&world).await;
    for number in 0..53 {
        zoho.create(&world, "contacts", "contact", json!({"contact_name": format!("Contact {number:02}")})).await;
    }
    let list = format!("/people/zoho/{}/contacts", zoho.org);
    let names = |page: &str| -> Vec<String> {
        let rows = page.split("<th scope=\"row\">").skip(1);
        rows.map(|row| between(&format!("{row}</a>"), "\">", "</a>")).collect()
    };
    let first = names(&world.page(&list).await);
    assert_eq!((first.len(), &*first[0]), (50, "Contact 00"));
    assert_eq!(names(&world.page(&format!("{list}?page=2")).await), ["Contact 50", "Contact 51", "Contact 52"]);
    assert_eq!(names(&world.page(&format!("{list}?q=contact+17")).await), ["Contact 17"]);
    zoho.create(&world, "contacts", "contact", json!({"contact_name": "KÖNIG & SÖHNE"})).await;
    for words in ["k%C3%B6nig", "K%C3%96NIG", "s%C3%B6hne"] {
        assert_eq!(names(&world.page(&format!("{list}?q={words}")).await), ["KÖNIG &amp; SÖHNE"], "{words}");
    }
    world.order("/_sandbox/clock", json!({"advance_s": 60})).await;
    zoho.create(&world, "contacts", "contact", json!({"contact_name": "Zebra"})).await;
    assert_eq!(names(&world.page(&format!("{list}?by=change")).await)[0], "Zebra");
    let requests = world.control("/_sandbox/requests?tail=1000").await.to_string();
    assert!(!requests.contains("people"), "pages for people are nobody's traffic");
}

#[tokio::test]
async fn an_empty_list_says_so() {
    let world = World::new().await;
    assert!(world.page(&format!("/people/xero/{}/Invoices", demo())).await.contains("There is nothing in this list yet."));
    let zoho = Zoho::of(&world).await;
    assert!(world.page(&format!("/people/zoho/{}/invoices", zoho.org)).await.contains("There is nothing in this list yet."));
    assert!(world.page(&format!("/people/zoho/{}", zoho.org)).await.contains("Nobody has made a custom button"));
}

#[tokio::test]
async fn an_invoice_with_an_address_has_a_link_by_the_name_of_the_application() {
    let world = World::new().await;
    let contact = world.enter("Contacts", json!({"Name": "Ada"})).await;
    let mut invoice = json!({"Type": "ACCREC", "Contact": {"ContactID": contact["ContactID"]}, "Date": "2026-01-05", "DueDate": "2026-02-05",
        "LineItems": [{"Description": "Work", "Quantity": 1, "UnitAmount": 10, "AccountCode": "200"}]});
    invoice["Url"] = "https://books.zoho.eu/app/46#/invoices/7".into();
    let made = world.enter("Invoices", invoice.clone()).await;
    let page = world.page(&format!("/people/xero/{}/Invoices/{}", demo(), made["InvoiceID"].as_str().unwrap())).await;
    let address = world.url("/zoho/eu/web/app/46#/invoices/7");
    assert!(page.contains(&format!("<a class=\"button\" href=\"{address}\">Go to {}</a>", sandbox::xero::APP_NAME)), "{page}");
    let contact = format!("/people/xero/{}/Contacts/{}", demo(), contact["ContactID"].as_str().unwrap());
    assert!(page.contains(&contact), "the contact is a link");
    invoice["Url"] = "javascript:alert(1)".into();
    let made = world.enter("Invoices", invoice).await;
    let page = world.page(&format!("/people/xero/{}/Invoices/{}", demo(), made["InvoiceID"].as_str().unwrap())).await;
    assert!(!page.contains("Go to ") && page.contains("javascript:alert(1)"), "it is shown and leads nowhere");
}

#[tokio::test]
async fn links_into_xero_open_the_page_of_the_right_kind_only() {
    let world = World::new().await;
    world.order("/_sandbox/seed", json!({"profile": "tiny"})).await;
    let first = async |list: &str| {
        let dump = world.client.get(world.url(&format!("/_sandbox/xero/{}/{list}", demo()))).send().await.unwrap();
        serde_json::from_str::<Value>(dump.text().await.unwrap().lines().next().unwrap()).unwrap()
    };
    let of = |record: &Value, key: &str| record[key].as_str().unwrap().to_owned();
    let invoice = of(&first("Invoices").await, "InvoiceID");
    let payment = of(&first("Payments").await, "PaymentID");
    let contact = of(&first("Contacts").await, "ContactID");
    for path in [
        format!("app/!cLp42/invoicing/view/{invoice}"),
        format!("app/!cLp42/contacts/contact/{contact}"),
        format!("AccountsPayable/Edit.aspx?InvoiceID={invoice}"),
        format!("accountsreceivable/view.aspx?invoiceid={invoice}"),
        format!("Bank/ViewTransaction.aspx?bankTransactionID={payment}"),
        format!("Contacts/View.aspx?contactID={contact}"),
        "app/!cLp42".to_owned(),
    ] {
        assert_eq!(world.status(&format!("/xero/go/{path}")).await, 200, "{path}");
    }
    for page in [
        format!("AccountsPayable%2FEdit.aspx%3FInvoiceID%3D{invoice}"),
        format!("Bank%2FViewTransaction.aspx%3FbankTransactionID%3D{payment}"),
    ] {
        let hop = world.url(&format!("/xero/go/organisationlogin/default.aspx?shortcode=%21cLp42&redirecturl=%2F{page}"));
        let hop = world.client.get(hop).send().await.unwrap();
        let there = world.client.get(hop.headers()["location"].to_str().unwrap()).send().await.unwrap();
        assert_eq!(there.status(), 200, "{page}");
    }
    for (page, status) in
        [("%2FContacts%0D%0AX%3A%20y", 302), ("%2F%C4%81", 302), ("https%3A%2F%2Fexample.org", 404), ("%2F..%2F..%2Fpeople", 404)]
    {
        let hop = world.url(&format!("/xero/go/organisationlogin/default.aspx?shortcode=%21cLp42&redirecturl={page}"));
        let hop = world.client.get(hop).send().await.unwrap();
        assert_eq!((hop.status().as_u16(), hop.headers().get("x")), (status, None), "{page}");
    }
    for path in [
        format!("app/!cLp42/contacts/contact/{invoice}"),
        format!("app/!cLp42/invoicing/view/{contact}"),
        format!("app/!nobody/invoicing/view/{invoice}"),
        format!("app/!cLp42/nowhere/{invoice}"),
        format!("Bank/ViewTransaction.aspx?bankTransactionID={invoice}"),
        "Bank/ViewTransaction.aspx".to_owned(),
        "Dashboard/".to_owned(),
    ] {
        assert_eq!(world.status(&format!("/xero/go/{path}")).await, 404, "{path}");
    }
}

#[tokio::test]
async fn links_into_zoho_open_the_record_that_their_fragment_names() {
    let world = World::new().await;
    let zoho = Zoho::of(&world).await;
    let contact = zoho.create(&world, "contacts", "contact", json!({"contact_name": "Ada"})).await;
    let id = contact["contact_id"].as_str().unwrap();
    let app = format!("/zoho/eu/web/app/{}", zoho.org);
    assert!(world.page(&app).await.contains("location.hash"));
    let go = async |to: &str| world.client.get(world.url(&format!("{app}/go"))).query(&[("to", to)]).send().await.unwrap();
    for to in [format!("/contacts/{id}"), format!("/customers/{id}?filter_by=Status.All")] {
        let there = go(&to).await;
        assert_eq!(
            (there.status().as_u16(), there.headers()["location"].to_str().unwrap()),
            (303, &*format!("/people/zoho/{}/contacts/{id}", zoho.org))
        );
    }
    assert!(world.page(&format!("/people/zoho/{}/contacts/{id}", zoho.org)).await.contains("Ada"));
    assert_eq!(go("/nowhere/7").await.status(), 404);
    for path in [
        format!("/zoho/us/web/app/{}", zoho.org),
        "/zoho/eu/web/app/12".to_owned(),
        format!("/people/zoho/{}/invoices/{id}", zoho.org),
        format!("/people/zoho/{}/colours", zoho.org),
        format!("/people/zoho/{}/contacts/x", zoho.org),
        "/people/zoho/x/contacts".to_owned(),
        "/people/xero/x/Contacts".to_owned(),
    ] {
        assert_eq!(world.status(&path).await, 404, "{path}");
    }
    let any = world.client.get(world.url(&format!("/people/zoho/{}/any/{id}", zoho.org))).send().await.unwrap();
    assert!(any.headers()["location"].to_str().unwrap().ends_with(&format!("/contacts/{id}")));
}

#[tokio::test]
async fn a_button_works_in_a_browser_without_scripts() {
    let world = World::new().await;
    let zoho = Zoho::of(&world).await;
    let contact = zoho.create(&world, "contacts", "contact", json!({"contact_name": "Ada"})).await;
    let button = |name: &str, script: &str| json!({"name": name, "entity_type": "customer", "page_view": "details", "customfunction": {"script": script}});
    let press = async |button: Value| {
        let made = zoho.create(&world, "settings/custombuttons", "custombutton", button).await;
        let path = format!(
            "/people/zoho/{}/contacts/{}/buttons/{}",
            zoho.org,
            contact["contact_id"].as_str().unwrap(),
            made["custombutton_id"].as_str().unwrap()
        );
        world.client.post(world.url(&path)).header("accept", "text/html,*/*").send().await.unwrap()
    };
    let opened = press(button("Open", "openUrl(\"https://go.xero.com/Contacts/View/1\",\"new window\");")).await;
    assert_eq!(
        (opened.status().as_u16(), opened.headers()["location"].to_str().unwrap()),
        (303, &*world.url("/xero/go/Contacts/View/1"))
    );
    let said = press(button("Say", "r = Map(); r.put(\"code\",1); r.put(\"message\",\"Not <linked>\"); return r;")).await;
    assert_eq!(said.status(), 200);
    assert!(said.text().await.unwrap().contains("Not &lt;linked&gt;"));
}
