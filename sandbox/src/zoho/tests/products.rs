//! The other finance products on the same organisation.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::World;

const EVERYTHING: &str = "ZohoBooks.fullaccess.all,ZohoInventory.fullaccess.all,ZohoInvoice.fullaccess.all,ZohoSubscriptions.fullaccess.all,ZohoExpense.fullaccess.ALL";

fn id(of: &Value, key: &str) -> String {
    of[key].as_str().unwrap_or_else(|| panic!("no {key} in {of}")).to_owned()
}

impl World {
    /// With a token for all products, of an organisation that has joined these.
    async fn with_apps(apps: Value) -> Self {
        let mut world = Self::new().await;
        world.control("organization", json!({"organization_id": world.org, "apps": apps})).await;
        world.scoped(EVERYTHING).await;
        world
    }

    async fn scoped(&mut self, scope: &str) {
        self.token = id(&self.consented(scope).await, "access_token");
    }

    /// A call of a product (`billing/v1/customers`), the organisation in the query.
    async fn at(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mark = if path.contains('?') { '&' } else { '?' };
        self.at_without(method, &format!("{path}{mark}organization_id={}", self.org), body, &[]).await
    }

    async fn at_without(&self, method: Method, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> (u16, Value) {
        let mut call = self.http.request(method, self.url(&format!("/zoho/eu/api/{path}")));
        call = call.header("authorization", format!("Zoho-oauthtoken {}", self.token));
        for (name, value) in headers {
            call = call.header(*name, *value);
        }
        if let Some(body) = body {
            call = call.json(&body);
        }
        let answer = call.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn good(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.at(method, path, body).await;
        assert!((200..300).contains(&status) && answer["code"] == 0, "{path}: {status} {answer}");
        answer
    }

    async fn answered(&self, method: Method, path: &str, body: Option<Value>) -> (u16, u64) {
        let (status, answer) = self.at(method, path, body).await;
        (status, answer["code"].as_u64().unwrap())
    }
}

#[tokio::test]
async fn every_product_has_its_own_scopes_and_some_a_header_for_the_organisation() {
    let mut world = World::with_apps(json!(["books", "inventory", "invoice", "billing", "expense"])).await;
    for (product, service, area, path, header) in [
        ("inventory/v1", "ZohoInventory", "items", "items", None),
        ("invoice/v3", "ZohoInvoice", "settings", "items", Some("X-com-zoho-invoice-organizationid")),
        ("billing/v1", "ZohoSubscriptions", "items", "items", Some("X-com-zoho-subscriptions-organizationid")),
        ("expense/v1", "ZohoExpense", "expensecategory", "expensecategories", Some("X-com-zoho-expense-organizationid")),
    ] {
        world.scoped("ZohoBooks.fullaccess.all").await;
        let path = format!("{product}/{path}");
        assert_eq!(world.answered(Method::GET, &path, None).await, (401, 57), "{product}: the scopes of Books open nothing else");
        world.scoped(&format!("{service}.{area}.READ")).await;
        assert_eq!(world.answered(Method::GET, &path, None).await, (200, 0), "{product}");
        assert_eq!(world.answered(Method::POST, &path, Some(json!({}))).await, (401, 57), "{product}: READ does not create");
        if let Some(header) = header {
            let org = world.org.clone();
            assert_eq!(world.at_without(Method::GET, &path, None, &[(header, &org)]).await.0, 200, "{product}");
            assert_eq!(world.at_without(Method::GET, &path, None, &[(header, "46")]).await.1["code"], 6041, "{product}");
        }
        let settings = if service == "ZohoExpense" { "orgsettings" } else { "settings" };
        assert_eq!(
            world.answered(Method::GET, &format!("{product}/organizations"), None).await.0,
            if area == settings { 200 } else { 401 },
            "{product}"
        );
        world.scoped(&format!("{service}.{settings}.READ")).await;
        assert_eq!(world.answered(Method::GET, &format!("{product}/organizations"), None).await, (200, 0), "{product}");
        assert_eq!(world.answered(Method::GET, &format!("{product}/journals"), None).await, (404, 5), "{product}");
    }
    let report: Value = world.http.get(world.url("/_sandbox/requests")).send().await.unwrap().json().await.unwrap();
    let noted = |org: &str| report["organisations"].as_array().unwrap().iter().any(|row| row["org"] == org);
    assert!(noted("46") && noted(&world.org), "calls are noted under the organisation that a header names: {report}");
}

#[tokio::test]
async fn an_organisation_tells_which_products_it_has_and_refuses_the_others() {
    let world = World::with_apps(json!(["books", "inventory"])).await;
    let orgs = world.get("/organizations").await;
    assert_eq!(orgs["organizations"][0]["org_joined_app_list"], json!(["books", "inventory"]));
    assert_eq!(world.answered(Method::GET, "inventory/v1/contacts", None).await, (200, 0));
    assert_eq!(world.answered(Method::GET, "invoice/v3/contacts", None).await, (400, 6041));
    let wrong = json!({"organization_id": world.org, "apps": ["books", "payroll"]});
    let answer = world.http.post(world.url("/_sandbox/zoho/organization")).json(&wrong).send().await.unwrap();
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn inventory_and_invoice_show_the_records_of_books_but_upsert_nothing() {
    let world = World::with_apps(json!(["books", "inventory", "invoice"])).await;
    let customer = world.contact("Ada", "customer").await;
    for product in ["inventory/v1", "invoice/v3"] {
        let seen = world.good(Method::GET, &format!("{product}/contacts/{customer}"), None).await;
        assert_eq!(seen, world.get(&format!("/contacts/{customer}")).await, "{product}");
        let item = world
            .good(Method::POST, &format!("{product}/items"), Some(json!({"name": format!("Of {product}"), "rate": 5})))
            .await;
        world.get(&format!("/items/{}", id(&item["item"], "item_id"))).await;
        let field = world.unique_field("contact", &format!("Id of {product}")).await;
        let headers = [("X-Unique-Identifier-Key", field.as_str()), ("X-Unique-Identifier-Value", "1"), ("X-Upsert", "true")];
        let path = format!("{product}/contacts?organization_id={}", world.org);
        let (status, answer) = world.at_without(Method::PUT, &path, Some(json!({"contact_name": "Bo"})), &headers).await;
        assert_eq!((status, &answer["code"]), (404, &json!(5)), "{product}");
        let body = json!({"label": "New", "entity": "contact", "data_type": "string"});
        let fields = format!("{product}/settings/fields?entity=contact");
        world.good(Method::GET, &fields, None).await;
        assert_eq!(world.answered(Method::POST, &fields, Some(body.clone())).await, (404, 5), "{product}");
        assert_eq!(world.answered(Method::GET, &format!("{product}/settings/webhooks"), None).await, (404, 5), "{product}");
        assert_eq!(world.answered(Method::GET, &format!("{product}/chartofaccounts"), None).await, (404, 5), "{product}");
    }
    assert_eq!(world.answered(Method::GET, "invoice/v3/bills", None).await, (404, 5), "Invoice buys nothing");
    world.good(Method::GET, "inventory/v1/bills", None).await;
    world.switch("zoho.fields_can_be_made_in_every_product", true);
    let body = json!({"label": "New", "entity": "contact", "data_type": "string"});
    assert_eq!(world.answered(Method::POST, "inventory/v1/settings/fields", Some(body)).await, (201, 0));
}

#[tokio::test]
async fn files_go_through_inventory_as_through_books() {
    let mut world = World::with_apps(json!(["books", "inventory"])).await;
    let customer = world.contact("Ada", "customer").await;
    let lines = json!([{"name": "Work", "rate": 100}]);
    let invoice = world.create("/invoices", "invoice", json!({"customer_id": customer, "line_items": lines})).await;
    let path =
        format!("/zoho/eu/api/inventory/v1/invoices/{}/attachment?organization_id={}", id(&invoice, "invoice_id"), world.org);
    let token = |world: &World| format!("Zoho-oauthtoken {}", world.token);
    let put = world
        .http
        .post(world.url(&path))
        .header("authorization", token(&world))
        .header("content-type", "application/pdf")
        .body("%PDF");
    assert_eq!(put.send().await.unwrap().status(), 200);
    let get = async |world: &World| world.http.get(world.url(&path)).header("authorization", token(world)).send().await.unwrap();
    assert_eq!(get(&world).await.text().await.unwrap(), "%PDF");
    world.scoped("ZohoInventory.contacts.READ").await;
    assert_eq!(get(&world).await.status(), 401);
}

#[tokio::test]
async fn a_customer_of_billing_is_a_contact_of_books_in_other_words() {
    let world = World::new_billing().await;
    let body = json!({"display_name": "Ada Ltd", "first_name": "Ada", "email": "ada@example.com", "currency_code": "AUD",
                      "billing_address": {"street": "1 Queen Street", "address": "ignored", "city": "Auckland"}});
    let (status, made) = world.at(Method::POST, "billing/v1/customers", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    let customer = made["customer"].clone();
    let number = id(&customer, "customer_id");
    assert_eq!(
        (&customer["display_name"], &customer["email"], &customer["currency_code"]),
        (&json!("Ada Ltd"), &json!("ada@example.com"), &json!("AUD"))
    );
    assert_eq!(customer["billing_address"], json!({"street": "1 Queen Street", "city": "Auckland"}));
    assert_eq!(customer.get("contact_name"), None);
    let contact = world.get(&format!("/contacts/{number}")).await["contact"].clone();
    assert_eq!((&contact["contact_name"], &contact["billing_address"]["address"]), (&json!("Ada Ltd"), &json!("1 Queen Street")));
    assert_eq!(contact["contact_persons"][0]["email"], "ada@example.com");

    let path = format!("billing/v1/customers/{number}");
    world
        .done(
            Method::PUT,
            &format!("/contacts/{number}"),
            Some(json!({"contact_persons": [contact["contact_persons"][0].clone(), {"first_name": "Bo"}]})),
        )
        .await;
    let edited = world.good(Method::PUT, &path, Some(json!({"display_name": "Ada Ltd", "email": "new@example.com"}))).await;
    assert_eq!((&edited["customer"]["email"], &edited["customer"]["first_name"]), (&json!("new@example.com"), &json!("Ada")));
    assert_eq!(
        world.good(Method::GET, &format!("{path}/contactpersons"), None).await["contact_persons"].as_array().unwrap().len(),
        2,
        "the other person stays"
    );

    for (missing, body) in [("display_name", json!({"email": "a@b.nz"})), ("email", json!({"display_name": "Bo"}))] {
        assert_eq!(world.answered(Method::POST, "billing/v1/customers", Some(body)).await, (400, 4), "{missing}");
    }
    assert_eq!(
        world.answered(Method::POST, "billing/v1/customers", Some(json!({"display_name": "ada ltd", "email": "a@b.nz"}))).await,
        (400, 3062)
    );
    let vendor = world.contact("Vendor", "vendor").await;
    assert_eq!(
        world.answered(Method::GET, &format!("billing/v1/customers/{vendor}"), None).await,
        (404, 1002),
        "a vendor is no customer"
    );
    let list = world.good(Method::GET, "billing/v1/customers", None).await;
    assert_eq!(list["customers"].as_array().unwrap().len(), 1);
    assert_eq!(
        world.answered(Method::GET, "billing/v1/customers/reference/1?reference_id_type=zcrm_account_id", None).await,
        (404, 1002)
    );
    world.good(Method::POST, &format!("{path}/markasinactive"), None).await;
    assert_eq!(world.get(&format!("/contacts/{number}")).await["contact"]["status"], "inactive");
    world.good(Method::DELETE, &path, None).await;
    assert_eq!(world.answered(Method::GET, &path, None).await, (404, 1002));
}

impl World {
    async fn new_billing() -> Self {
        Self::with_apps(json!(["books", "billing"])).await
    }

    async fn customer(&self, name: &str) -> String {
        let body = json!({"display_name": name, "email": "someone@example.com"});
        id(&self.good(Method::POST, "billing/v1/customers", Some(body)).await["customer"], "customer_id")
    }

    async fn plan(&self, code: &str, more: Value) -> String {
        let product = self.good(Method::POST, "billing/v1/products", Some(json!({"name": format!("Product of {code}")}))).await;
        let product = id(&product["product"], "product_id");
        let mut body = json!({"plan_code": code, "name": format!("Plan {code}"), "recurring_price": 20, "interval": 1, "product_id": product});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.good(Method::POST, "billing/v1/plans", Some(body)).await;
        product
    }
}

#[tokio::test]
async fn an_invoice_of_billing_is_opened_paid_and_voided_with_its_own_words() {
    let world = World::new_billing().await;
    let customer = world.customer("Ada").await;
    let item = world.create("/items", "item", json!({"name": "Hosting", "rate": 30})).await;
    let item = id(&item, "item_id");
    let body = json!({"customer_id": customer, "date": "2026-11-01", "invoice_items": [{"product_id": item, "rate": 30, "quantity": 2}]});
    let made = world.good(Method::POST, "billing/v1/invoices", Some(body.clone())).await["invoice"].clone();
    assert_eq!((&made["invoice_items"][0]["product_id"], &made["invoice_items"][0]["name"]), (&json!(item), &json!("Hosting")));
    assert_eq!(
        (&made["number"], made.get("line_items"), made["total"].to_string().as_str()),
        (&made["invoice_number"], None, "60.00")
    );
    let number = id(&made, "invoice_id");
    assert_eq!(
        world.get(&format!("/invoices/{number}")).await["invoice"]["line_items"][0]["item_id"],
        json!(item),
        "Books has the same invoice"
    );

    assert_eq!(
        world.answered(Method::POST, &format!("billing/v1/invoices/{number}/status/sent"), None).await,
        (404, 5),
        "those are the words of Books"
    );
    world.good(Method::POST, &format!("billing/v1/invoices/{number}/converttoopen"), None).await;
    let payment = json!({"customer_id": customer, "payment_mode": "cash", "amount": 60, "invoices": [{"invoice_id": number, "amount_applied": 60}]});
    let paid = world.good(Method::POST, "billing/v1/payments", Some(payment)).await;
    assert_eq!(world.good(Method::GET, &format!("billing/v1/invoices/{number}"), None).await["invoice"]["status"], "paid");
    let payment = id(&paid["payment"], "payment_id");
    world.get(&format!("/customerpayments/{payment}")).await;
    assert_eq!(world.answered(Method::GET, "billing/v1/payments", None).await, (404, 5), "there is no list of payments");
    world.good(Method::DELETE, &format!("billing/v1/payments/{payment}"), None).await;
    world.good(Method::POST, &format!("billing/v1/invoices/{number}/void"), None).await;
    assert_eq!(world.get(&format!("/invoices/{number}")).await["invoice"]["status"], "void");

    for (member, code) in [("customer_id", 4), ("date", 4), ("invoice_items", 4)] {
        let mut wrong = body.clone();
        wrong[member] = Value::Null;
        assert_eq!(world.answered(Method::POST, "billing/v1/invoices", Some(wrong)).await, (400, code), "{member}");
    }
    for line in [
        json!({"rate": 1, "quantity": 1}),
        json!({"product_id": item, "quantity": 1}),
        json!({"product_id": "46", "rate": 1, "quantity": 1}),
    ] {
        let mut wrong = body.clone();
        wrong["invoice_items"] = json!([line]);
        assert_eq!(world.at(Method::POST, "billing/v1/invoices", Some(wrong)).await.0, 400, "{line}");
    }
    let types: Vec<_> = world.good(Method::GET, "billing/v1/events", None).await["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| id(event, "event_type"))
        .collect();
    assert_eq!(types, ["customer_created", "invoice_created", "payment_created", "payment_deleted", "invoice_voided"]);
}

#[tokio::test]
async fn a_subscription_begins_with_an_invoice_and_can_be_ended() {
    let world = World::new_billing().await;
    let customer = world.customer("Ada").await;
    world.plan("gold", json!({})).await;
    let order = json!({"customer_id": customer, "plan": {"plan_code": "GOLD", "quantity": 3}, "starts_at": "2024-01-31"});
    let made = world.good(Method::POST, "billing/v1/subscriptions", Some(order)).await["subscription"].clone();
    assert_eq!(
        (&made["status"], made["amount"].to_string().as_str(), &made["next_billing_at"]),
        (&json!("live"), "60", &json!("2024-02-29"))
    );
    let invoice = world.get(&format!("/invoices/{}", id(&made, "child_invoice_id"))).await["invoice"].clone();
    assert_eq!(
        (invoice["total"].to_string().as_str(), &invoice["status"], &invoice["customer_id"]),
        ("60.00", &json!("overdue"), &json!(customer))
    );
    let path = format!("billing/v1/subscriptions/{}", id(&made, "subscription_id"));
    let reference = world.good(Method::POST, &format!("{path}/reference"), Some(json!({"reference_id": "xero-1"}))).await;
    assert_eq!(reference["subscription"]["reference_id"], "xero-1");
    world
        .good(Method::POST, &format!("{path}/customfields"), Some(json!({"custom_fields": [{"label": "Xero", "value": "1"}]})))
        .await;
    assert_eq!(world.good(Method::GET, &path, None).await["subscription"]["custom_fields"][0]["value"], "1");
    assert_eq!(
        world.good(Method::POST, &format!("{path}/cancel?cancel_at_end=true"), None).await["subscription"]["status"],
        "non_renewing"
    );
    assert_eq!(world.good(Method::POST, &format!("{path}/reactivate"), None).await["subscription"]["status"], "live");
    assert_eq!(world.good(Method::POST, &format!("{path}/cancel"), None).await["subscription"]["status"], "cancelled");
    assert_eq!(world.answered(Method::POST, &format!("{path}/reactivate"), None).await, (400, 4));

    let order = json!({"customer": {"display_name": "Bo", "email": "bo@example.com"}, "plan": {"plan_code": "trial"}});
    world.plan("trial", json!({"trial_period": 14, "interval_unit": "years"})).await;
    let made = world.good(Method::POST, "billing/v1/subscriptions", Some(order)).await["subscription"].clone();
    assert_eq!(
        (&made["status"], made.get("child_invoice_id"), &made["customer"]["display_name"]),
        (&json!("trial"), None, &json!("Bo"))
    );
    assert_eq!(world.answered(Method::DELETE, "billing/v1/plans/trial", None).await, (400, 36));
    let before = world.get("/contacts").await["contacts"].as_array().unwrap().len();
    let wrong = json!({"customer": {"display_name": "Cy", "email": "cy@example.com"}, "plan": {"plan_code": "none"}});
    assert_eq!(world.answered(Method::POST, "billing/v1/subscriptions", Some(wrong)).await, (400, 1002));
    assert_eq!(
        world.get("/contacts").await["contacts"].as_array().unwrap().len(),
        before,
        "what is refused leaves nothing behind"
    );
    let list = world.good(Method::GET, &format!("billing/v1/subscriptions?customer_id={customer}"), None).await;
    assert_eq!(list["subscriptions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_catalogue_is_found_by_its_codes() {
    let world = World::new_billing().await;
    let product = world.plan("gold", json!({})).await;
    let addon = json!({"addon_code": "seat", "name": "Seat", "unit_name": "seat", "product_id": product, "price_brackets": [{"price": 5}]});
    world.good(Method::POST, "billing/v1/addons", Some(addon)).await;
    let coupon = json!({"coupon_code": "half", "name": "Half", "type": "one_time", "discount_by": "percentage", "discount_value": 50, "product_id": product});
    world.good(Method::POST, "billing/v1/coupons", Some(coupon)).await;
    for (path, key) in [("plans/gold", "plan"), ("addons/seat", "addon"), ("coupons/half", "coupon")] {
        assert_eq!(world.good(Method::GET, &format!("billing/v1/{path}"), None).await[key]["product_id"], json!(product));
        world.good(Method::POST, &format!("billing/v1/{path}/markasinactive"), None).await;
    }
    let customer = world.customer("Ada").await;
    let order =
        json!({"customer_id": customer, "plan": {"plan_code": "gold"}, "addons": [{"addon_code": "seat", "quantity": 2}]});
    assert_eq!(world.answered(Method::POST, "billing/v1/subscriptions", Some(order.clone())).await, (400, 4), "inactive");
    for path in ["plans/gold", "addons/seat"] {
        world.good(Method::POST, &format!("billing/v1/{path}/markasactive"), None).await;
    }
    assert_eq!(
        world.good(Method::POST, "billing/v1/subscriptions", Some(order)).await["subscription"]["amount"].to_string(),
        "30"
    );
    let plan = json!({"plan_code": "Gold", "name": "Again", "recurring_price": 1, "interval": 1, "product_id": product});
    assert_eq!(world.answered(Method::POST, "billing/v1/plans", Some(plan.clone())).await, (400, 4), "the code is taken");
    for (member, value) in
        [("interval", json!(0)), ("recurring_price", json!(-1)), ("product_id", json!("46")), ("interval_unit", json!("days"))]
    {
        let mut wrong = plan.clone();
        wrong["plan_code"] = json!("silver");
        wrong[member] = value;
        assert_eq!(world.at(Method::POST, "billing/v1/plans", Some(wrong)).await.0, 400, "{member}");
    }
    assert_eq!(world.answered(Method::DELETE, &format!("billing/v1/products/{product}"), None).await, (400, 36));
}

#[tokio::test]
async fn expenses_are_listed_for_this_month_unless_told_otherwise() {
    let world = World::with_apps(json!(["books", "expense"])).await;
    let categories = world.good(Method::GET, "expense/v1/expensecategories", None).await["expense_categories"].clone();
    let rent = categories.as_array().unwrap().iter().find(|category| category["category_name"] == "Rent Expense").unwrap();
    let category = id(rent, "category_id");
    assert_eq!(category, world.account("Rent Expense").await, "a category is an account of Books");
    let today = world.sandbox.shared().clock.now().date_naive();
    for date in [today.to_string(), "2020-02-29".to_owned()] {
        let body = json!({"date": date, "amount": 12.345, "category_id": category, "merchant_name": "Bo"});
        let made = world.good(Method::POST, "expense/v1/expenses", Some(body)).await["expense"].clone();
        assert_eq!(
            (made["total"].to_string().as_str(), &made["status"], &made["category_name"]),
            ("12.35", &json!("unreported"), &json!("Rent Expense"))
        );
    }
    let list = async |filter: &str| {
        let answer = world.good(Method::GET, &format!("expense/v1/expenses{filter}"), None).await;
        (answer["expenses"].as_array().unwrap().len(), id(&answer["page_context"], "applied_filter"))
    };
    assert_eq!(list("").await, (1, "ExpenseDate.ThisMonth".into()));
    assert_eq!(list("?filter_by=ExpenseDate.All").await, (2, "ExpenseDate.All".into()));
    assert_eq!(list("?filter_by=Nonsense").await, (1, "ExpenseDate.ThisMonth".into()));
    for (member, value) in [
        ("date", Value::Null),
        ("amount", json!(0)),
        ("category_id", json!("46")),
        ("category_id", json!(world.account("Sales").await)),
    ] {
        let mut body = json!({"date": "2026-11-01", "amount": 1, "category_id": category});
        body[member] = value;
        assert_eq!(world.at(Method::POST, "expense/v1/expenses", Some(body)).await.0, 400, "{member}");
    }
    let made = world.good(Method::POST, "expense/v1/expensecategories", Some(json!({"category_name": "Taxi"}))).await;
    world.get(&format!("/chartofaccounts/{}", id(&made["expense_category"], "category_id"))).await;
}

#[tokio::test]
async fn a_report_is_handed_in_approved_and_paid_out_in_this_order() {
    let world = World::with_apps(json!(["books", "expense"])).await;
    let category = world.account("Rent Expense").await;
    let mut expenses = Vec::new();
    for amount in [10, 15] {
        let body = json!({"date": "2026-11-01", "amount": amount, "category_id": category});
        expenses.push(id(&world.good(Method::POST, "expense/v1/expenses", Some(body)).await["expense"], "expense_id"));
    }
    let listed: Vec<Value> = expenses.iter().map(|id| json!({"expense_id": id})).collect();
    let body = json!({"report_name": "November", "expenses": listed});
    let report = world.good(Method::POST, "expense/v1/expensereports", Some(body.clone())).await["expense_report"].clone();
    assert_eq!((report["total"].to_string().as_str(), &report["status"]), ("25.00", &json!("draft")));
    assert_eq!(world.answered(Method::POST, "expense/v1/expensereports", Some(body)).await, (400, 4), "they are in a report");
    let path = format!("expense/v1/expensereports/{}", id(&report, "report_id"));
    assert_eq!(world.answered(Method::POST, &format!("{path}/approve"), None).await, (400, 4), "not before it is handed in");
    let smaller = json!({"report_name": "November", "expenses": [listed[0]]});
    assert_eq!(world.good(Method::PUT, &path, Some(smaller)).await["expense_report"]["total"].to_string(), "10.00");
    for (word, status) in [("submit", "submitted"), ("approve", "approved"), ("reimburse", "reimbursed")] {
        assert_eq!(world.good(Method::POST, &format!("{path}/{word}"), None).await["expense_report"]["status"], status);
    }
    let seen = world.good(Method::GET, &path, None).await["expense_report"]["expenses"].clone();
    assert_eq!((seen.as_array().unwrap().len(), &seen[0]["status"]), (1, &json!("reimbursed")));
    assert_eq!(world.answered(Method::DELETE, &format!("expense/v1/expenses/{}", expenses[0]), None).await, (400, 4));
    world.good(Method::DELETE, &format!("expense/v1/expenses/{}", expenses[1]), None).await;
}

#[tokio::test]
async fn approved_expenses_are_in_the_books_under_their_ids_and_a_reimbursement_pays_them_out() {
    let world = World::with_apps(json!(["books", "expense"])).await;
    let (category, cash) = (world.account("Rent Expense").await, world.account("Petty Cash").await);
    let usd = world.get("/settings/currencies").await["currencies"].as_array().unwrap().clone();
    let usd = usd.iter().find(|currency| currency["currency_code"] == "USD").unwrap()["currency_id"].clone();
    let mut ids = Vec::new();
    for body in [
        json!({"date": "2026-11-01", "amount": 10.55, "category_id": category, "description": "Taxi"}),
        json!({"date": "2026-11-02", "amount": 3, "category_id": category, "currency_id": usd, "exchange_rate": 1.5}),
        json!({"date": "2026-11-03", "amount": 7, "category_id": category, "is_reimbursable": false}),
    ] {
        ids.push(id(&world.good(Method::POST, "expense/v1/expenses", Some(body)).await["expense"], "expense_id"));
    }
    let wrong = json!({"date": "2026-11-01", "amount": 1, "category_id": category, "paid_through_account_id": category});
    assert_eq!(world.answered(Method::POST, "expense/v1/expenses", Some(wrong)).await, (400, 2), "money is not kept in rent");
    let report = async |ids: &[String]| {
        let expenses: Vec<Value> = ids.iter().map(|id| json!({"expense_id": id})).collect();
        let body = json!({"report_name": "November", "expenses": expenses});
        let made = world.good(Method::POST, "expense/v1/expensereports", Some(body)).await;
        format!("expense/v1/expensereports/{}", id(&made["expense_report"], "report_id"))
    };
    let path = report(&ids).await;
    world.good(Method::POST, &format!("{path}/submit"), None).await;
    assert_eq!(world.get("/expenses").await["expenses"], json!([]), "nothing is booked before the approval");
    let lock = |status: &str| json!({"transaction_lock_module": "purchases", "transaction_lock_date": "2026-11-02", "reason": "closed", "transaction_lock_status": status});
    world.done(Method::PUT, "/transactionlock", Some(lock("locked"))).await;
    assert_eq!(world.answered(Method::POST, &format!("{path}/approve"), None).await, (400, 2), "not into a locked period");
    assert_eq!(world.get("/expenses").await["expenses"], json!([]), "and not half of it");
    world.done(Method::PUT, "/transactionlock", Some(lock("unlocked"))).await;
    world.good(Method::POST, &format!("{path}/approve"), None).await;

    let balance = async |name: &str| {
        let list = world.get(&format!("/chartofaccounts?showbalance=true&account_name={}", name.replace(' ', "%20"))).await;
        list["chartofaccounts"][0]["current_balance"].to_string()
    };
    let booked = world.get(&format!("/expenses/{}", ids[0])).await["expense"].clone();
    assert_eq!(
        (booked["total"].to_string().as_str(), &booked["paid_through_account_name"], &booked["description"]),
        ("10.55", &json!("Employee Reimbursements"), &json!("Taxi"))
    );
    assert_eq!(world.get("/expenses").await["expenses"].as_array().unwrap().len(), 3);
    let all = [balance("Rent Expense").await, balance("Employee Reimbursements").await, balance("Petty Cash").await];
    assert_eq!(all, ["22.05", "15.05", "-7.00"], "3 USD are 4.50 NZD; what the company paid itself is owed to nobody");

    let body = json!({"date": "2026-11-30", "paid_through_account_id": cash});
    world.good(Method::POST, &format!("{path}/reimburse"), Some(body)).await;
    let all = [balance("Rent Expense").await, balance("Employee Reimbursements").await, balance("Petty Cash").await];
    assert_eq!(all, ["22.05", "0.00", "-22.05"]);
    let journal = world.get("/journals").await["journals"][0].clone();
    assert_eq!((&journal["journal_date"], journal["total"].to_string().as_str()), (&json!("2026-11-30"), "15.05"));

    world.switch("zoho.approved_expenses_reach_books", false);
    let body = json!({"date": "2026-11-01", "amount": 1, "category_id": category});
    let fourth = id(&world.good(Method::POST, "expense/v1/expenses", Some(body)).await["expense"], "expense_id");
    let path = report(&[fourth]).await;
    for word in ["submit", "approve", "reimburse"] {
        world.good(Method::POST, &format!("{path}/{word}"), None).await;
    }
    assert_eq!(world.get("/expenses").await["expenses"].as_array().unwrap().len(), 3, "they stay in Expense");
}

#[tokio::test]
async fn calls_of_all_products_are_counted_together_and_the_day_is_the_products_own() {
    let world = World::with_apps(json!(["books", "inventory"])).await;
    world.control("organization", json!({"organization_id": world.org, "plan_name": "Free"})).await;
    world.sandbox.shared().limits.switch(true);
    let mut refused = None;
    for number in 0..120 {
        let path = if number % 2 == 0 { "inventory/v1/contacts" } else { "books/v3/contacts" };
        let (status, answer) = world.at(Method::GET, path, None).await;
        if status == 429 {
            refused = Some((number, answer["code"].clone()));
            break;
        }
    }
    assert_eq!(refused, Some((100, json!(44))));
}

#[tokio::test]
async fn invoice_takes_the_json_in_a_field_of_a_form_as_its_document_says() {
    let world = World::with_apps(json!(["invoice"])).await;
    let url = world.url(&format!("/zoho/eu/api/invoice/v3/contacts?organization_id={}", world.org));
    let send = async |kind: &str, body: String| {
        let call = world
            .http
            .post(&url)
            .header("authorization", format!("Zoho-oauthtoken {}", world.token))
            .header("content-type", kind);
        let answer = call.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let part =
        |name: &str, text: &str| format!("--x-9\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n--x-9--\r\n");
    let (status, answer) = send("multipart/form-data; boundary=x-9", part("JSONString", "{\"contact_name\":\"Ada\"}")).await;
    assert_eq!((status, &answer["contact"]["contact_name"]), (201, &json!("Ada")));
    let (status, answer) =
        send("application/x-www-form-urlencoded", "JSONString=%7B%22contact_name%22%3A%22Bo%22%7D".into()).await;
    assert_eq!((status, &answer["contact"]["contact_name"]), (201, &json!("Bo")));
    assert_eq!(send("multipart/form-data; boundary=x-9", part("json", "{}")).await.1["code"], 11);
}

#[tokio::test]
async fn a_credit_note_of_billing_is_opened_with_its_own_word() {
    let world = World::new_billing().await;
    let customer = world.customer("Ada").await;
    world.plan("gold", json!({})).await;
    let body = json!({"customer_id": customer, "date": "2026-11-01", "creditnote_number": "CN-7", "creditnote_items": [{"code": "gold", "price": 20, "quantity": 2}]});
    let made = world.good(Method::POST, "billing/v1/creditnotes", Some(body.clone())).await["credit_note"].clone();
    assert_eq!((&made["creditnote_number"], made["total"].to_string().as_str()), (&json!("CN-7"), "40.00"));
    assert_eq!((&made["creditnote_items"][0]["name"], made.get("line_items")), (&json!("Plan gold"), None));
    let path = format!("creditnotes/{}", id(&made, "creditnote_id"));
    world.good(Method::POST, &format!("billing/v1/{path}/converttoopen"), None).await;
    assert_eq!(world.get(&format!("/{path}")).await["creditnote"]["status"], "open");
    world.good(Method::POST, &format!("billing/v1/{path}/void"), None).await;
    assert_eq!(world.good(Method::GET, &format!("billing/v1/{path}"), None).await["credit_note"]["status"], "void");
    let mut wrong = body;
    wrong["creditnote_items"] = json!([{"code": "silver", "price": 20, "quantity": 2}]);
    assert_eq!(world.answered(Method::POST, "billing/v1/creditnotes", Some(wrong)).await, (400, 1002));
    assert_eq!(world.answered(Method::GET, "billing/v1/creditnotes", None).await, (404, 5), "there is no list of them");
}

#[tokio::test]
async fn orders_are_confirmed_and_issued_in_inventory_and_open_in_books() {
    let world = World::with_apps(json!(["books", "inventory"])).await;
    let (customer, vendor) = (world.contact("Ada", "customer").await, world.contact("Bo", "vendor").await);
    let account = world.account("Rent Expense").await;
    // Inventory's own spelling of the key: of one that is made, and of one that is read.
    for (path, party, here, made_key, read_key) in [
        ("salesorders", json!({"customer_id": customer}), "confirmed", "sales_order", "salesorder"),
        ("purchaseorders", json!({"vendor_id": vendor}), "issued", "purchase_order", "purchase_order"),
    ] {
        let mut body =
            json!({"date": "2026-11-01", "line_items": [{"name": "Desk", "rate": 5, "quantity": 1, "account_id": account}]});
        body.as_object_mut().unwrap().extend(party.as_object().unwrap().clone());
        let key = path.strip_suffix('s').unwrap();
        let made = world.good(Method::POST, &format!("inventory/v1/{path}"), Some(body)).await[made_key].clone();
        assert_eq!(made["status"], "draft", "{path}");
        let one = format!("{path}/{}", id(&made, &format!("{key}_id")));
        assert_eq!(world.answered(Method::POST, &format!("inventory/v1/{one}/status/open"), None).await, (404, 5), "{path}");
        assert_eq!(world.answered(Method::POST, &format!("inventory/v1/{one}/status/{here}"), None).await, (200, 0), "{path}");
        assert_eq!(world.get(&format!("/{one}")).await[key]["status"], "open", "{path}");
        assert_eq!(world.good(Method::GET, &format!("inventory/v1/{one}"), None).await[read_key]["status"], here);
        let list = world.good(Method::GET, &format!("inventory/v1/{path}"), None).await;
        assert_eq!(list[path][0]["status"], here);
    }
}

#[tokio::test]
async fn quotes_and_expenses_of_billing_are_estimates_and_expenses_of_books() {
    let mut world = World::new_billing().await;
    let customer = world.customer("Ada").await;
    let body = json!({"customer_id": customer, "line_items": [{"name": "Work", "rate": 10, "quantity": 1}]});
    let made = world.good(Method::POST, "billing/v1/estimates", Some(body.clone())).await["estimate"].clone();
    world.get(&format!("/estimates/{}", id(&made, "estimate_id"))).await;
    world.scoped("ZohoSubscriptions.quotes.READ").await;
    assert_eq!(world.answered(Method::POST, "billing/v1/estimates", Some(body)).await, (401, 57));
    assert_eq!(world.answered(Method::GET, "billing/v1/estimates", None).await, (200, 0));
}
