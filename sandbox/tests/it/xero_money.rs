//! Credit notes, payments, allocations, money without invoices: what an app may write, and what it is refused.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{World, demo};

const SCOPE: &str = "openid offline_access accounting.settings accounting.contacts accounting.invoices accounting.payments \
     accounting.banktransactions accounting.manualjournals accounting.journals.read accounting.reports.trialbalance.read \
     accounting.reports.balancesheet.read accounting.reports.profitandloss.read accounting.reports.banksummary.read \
     accounting.reports.aged.read";

/// A company with one contact, its books open to an app of the highest tier.
pub struct Company {
    pub world: World,
    pub tokens: Value,
    pub contact: String,
}

impl Company {
    pub async fn new() -> Self {
        let world = World::new().await;
        world.order("/_sandbox/xero/app", json!({"tier": "advanced"})).await;
        Self::around(world).await
    }

    /// The same in a world that is there already.
    pub async fn around(world: World) -> Self {
        let tokens = world.connect_for(SCOPE).await;
        let contact = world.order(&format!("/_sandbox/xero/{}/Contacts", demo()), json!({"Name": "Ada"})).await;
        let contact = contact[0]["ContactID"].as_str().unwrap().to_owned();
        Self { world, tokens, contact }
    }

    /// One call of the API: status and answer.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = self.world.url(&format!("/xero/api/api.xro/2.0/{path}"));
        let call = self.world.client.request(method, url).bearer_auth(self.tokens["access_token"].as_str().unwrap());
        let call = call.header("xero-tenant-id", demo()).header("accept", "application/json").json(&body);
        let answer = call.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    /// A PUT of one record that must succeed.
    pub async fn put(&self, list: &str, record: Value) -> Value {
        let (status, answer) = self.call(Method::PUT, list, json!({list: [record]})).await;
        assert_eq!(status, 200, "{list}: {answer}");
        answer[list][0].clone()
    }

    /// A POST to a record's address that must succeed.
    pub async fn post(&self, list: &str, id: &Value, record: Value) -> Value {
        let (status, answer) = self.call(Method::POST, &format!("{list}/{}", id.as_str().unwrap()), record).await;
        assert_eq!(status, 200, "{list}: {answer}");
        answer[list][0].clone()
    }

    /// The sentence that a PUT of one record is refused with.
    pub async fn refusal(&self, list: &str, record: Value) -> String {
        let (status, answer) = self.call(Method::PUT, list, json!({list: [record]})).await;
        sentence(status, &answer)
    }

    /// The sentence that a POST to a record's address is refused with.
    pub async fn post_refusal(&self, list: &str, id: &Value, record: Value) -> String {
        let (status, answer) = self.call(Method::POST, &format!("{list}/{}", id.as_str().unwrap()), record).await;
        sentence(status, &answer)
    }

    pub async fn get(&self, path: &str) -> Value {
        self.world.read(&self.tokens, path).await
    }

    pub async fn one(&self, list: &str, id: &Value) -> Value {
        self.get(&format!("{list}/{}", id.as_str().unwrap())).await[list][0].clone()
    }

    /// An approved invoice or bill without tax.
    pub async fn invoice(&self, type_: &str, amount: &str, more: Value) -> Value {
        let account = if type_ == "ACCREC" { "200" } else { "300" };
        let mut invoice = json!({"Type": type_, "Status": "AUTHORISED", "Date": "2026-03-02", "DueDate": "2026-03-20",
            "Contact": {"ContactID": self.contact}, "LineAmountTypes": "NoTax",
            "LineItems": [{"Description": "Work", "Quantity": 1, "UnitAmount": amount, "AccountCode": account}]});
        invoice.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.put("Invoices", invoice).await
    }

    /// An approved credit note with 15 % GST on top of the amount.
    pub async fn credit_note(&self, type_: &str, amount: &str, more: Value) -> Value {
        let account = if type_ == "ACCRECCREDIT" { "200" } else { "300" };
        let mut note = json!({"Type": type_, "Status": "AUTHORISED", "Date": "2026-03-05", "Contact": {"ContactID": self.contact},
            "LineItems": [{"Description": "Returned", "Quantity": 1, "UnitAmount": amount, "AccountCode": account}]});
        note.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.put("CreditNotes", note).await
    }

    pub fn payment(&self, of: &str, id: &Value, amount: &str) -> Value {
        json!({of: {format!("{of}ID"): id}, "Account": {"Code": "090"}, "Date": "2026-03-10", "Amount": amount})
    }
}

fn sentence(status: u16, answer: &Value) -> String {
    assert_eq!(status, 400, "{answer}");
    assert_eq!(answer["Type"], "ValidationException", "{answer}");
    answer["Elements"][0]["ValidationErrors"][0]["Message"].as_str().unwrap().to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[tokio::test]
async fn a_credit_note_is_applied_and_taken_back_and_both_documents_follow() {
    let company = Company::new().await;
    let invoice = company.invoice("ACCREC", "100", json!({})).await;
    let note = company.credit_note("ACCRECCREDIT", "40", json!({"Reference": "Returned goods"})).await;
    assert_eq!((text(&note["CreditNoteNumber"]), text(&note["RemainingCredit"])), ("CN-0001".into(), "46.00".into()));
    let path = format!("CreditNotes/{}/Allocations", note["CreditNoteID"].as_str().unwrap());
    let allocation = |amount: &str| json!({"Allocations": [{"Amount": amount, "Date": "2026-03-06", "Invoice": {"InvoiceID": invoice["InvoiceID"]}}]});
    let (status, answer) = company.call(Method::PUT, &path, allocation("46.01")).await;
    assert_eq!(sentence(status, &answer), "The amount exceeds the remaining credit");
    let (status, answer) = company.call(Method::PUT, &path, allocation("46.00")).await;
    assert_eq!(status, 200, "{answer}");
    let id = answer["Allocations"][0]["AllocationID"].as_str().unwrap().to_owned();

    let used = company.one("CreditNotes", &note["CreditNoteID"]).await;
    assert_eq!((text(&used["Status"]), text(&used["RemainingCredit"])), ("PAID".into(), "0.00".into()));
    let credited = company.one("Invoices", &invoice["InvoiceID"]).await;
    assert_eq!((text(&credited["AmountCredited"]), text(&credited["AmountDue"])), ("46.00".into(), "54.00".into()));
    assert_eq!(credited["CreditNotes"][0]["CreditNoteNumber"], "CN-0001");
    assert_eq!(
        company.post_refusal("CreditNotes", &note["CreditNoteID"], json!({"Status": "VOIDED"})).await,
        "Credit note not of valid status for modification"
    );

    let (status, gone) = company.call(Method::DELETE, &format!("{path}/{id}"), json!(null)).await;
    assert_eq!((status, &gone["IsDeleted"], &gone["AllocationId"]), (200, &json!(true), &json!(id)));
    let back = company.one("CreditNotes", &note["CreditNoteID"]).await;
    assert_eq!((text(&back["Status"]), text(&back["RemainingCredit"])), ("AUTHORISED".into(), "46.00".into()));
    assert_eq!(text(&company.one("Invoices", &invoice["InvoiceID"]).await["AmountDue"]), "100.00");
    let (status, _) = company.call(Method::DELETE, &format!("{path}/{id}"), json!(null)).await;
    assert_eq!(status, 404, "it is gone already");
    company.post("CreditNotes", &note["CreditNoteID"], json!({"Status": "VOIDED"})).await;
}

#[tokio::test]
async fn credits_are_applied_only_where_they_belong() {
    let company = Company::new().await;
    let bill = company.invoice("ACCPAY", "100", json!({})).await;
    let draft = company.invoice("ACCREC", "100", json!({"Status": "DRAFT"})).await;
    let small = company.invoice("ACCREC", "10", json!({})).await;
    let other = company.world.order(&format!("/_sandbox/xero/{}/Contacts", demo()), json!({"Name": "Bob"})).await;
    let strange = company.invoice("ACCREC", "100", json!({"Contact": {"ContactID": other[0]["ContactID"]}})).await;
    let note = company.credit_note("ACCRECCREDIT", "100", json!({})).await;
    let path = format!("CreditNotes/{}/Allocations", note["CreditNoteID"].as_str().unwrap());
    for (invoice, says) in [
        (&bill, "A credit of a customer is allocated to invoices, one of a supplier to bills"),
        (&draft, "The document to allocate to must be authorised"),
        (&strange, "The credit and the document must be of the same contact"),
        (&small, "The amount exceeds the amount outstanding on this document"),
    ] {
        let body = json!({"Allocations": [{"Amount": 20, "Date": "2026-03-06", "Invoice": {"InvoiceID": invoice["InvoiceID"]}}]});
        let (status, answer) = company.call(Method::PUT, &path, body).await;
        assert_eq!(sentence(status, &answer), says);
    }
    let both = json!({"Allocations": [
        {"Amount": 10, "Date": "2026-03-06", "Invoice": {"InvoiceID": small["InvoiceID"]}},
        {"Amount": 10, "Date": "2026-03-06", "Invoice": {"InvoiceID": bill["InvoiceID"]}}]});
    let (status, _) = company.call(Method::PUT, &path, both.clone()).await;
    assert_eq!(status, 400);
    assert_eq!(text(&company.one("Invoices", &small["InvoiceID"]).await["AmountDue"]), "10.00", "all or none");
    let (status, answer) = company.call(Method::PUT, &format!("{path}?summarizeErrors=false"), both).await;
    assert_eq!((status, &answer["Allocations"][1]["StatusAttributeString"]), (200, &json!("ERROR")));
    assert_eq!(text(&company.one("Invoices", &small["InvoiceID"]).await["Status"]), "PAID");
}

#[tokio::test]
async fn credit_notes_have_unique_numbers_no_discounts_and_a_reference_on_one_side_only() {
    let company = Company::new().await;
    company.credit_note("ACCRECCREDIT", "1", json!({"CreditNoteNumber": "CN-7"})).await;
    let note = |more: Value| {
        let mut note = json!({"Type": "ACCRECCREDIT", "Contact": {"ContactID": company.contact},
            "LineItems": [{"Description": "x", "Quantity": 1, "UnitAmount": 5, "AccountCode": "200"}]});
        note.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        note
    };
    assert_eq!(company.refusal("CreditNotes", note(json!({"CreditNoteNumber": "CN-7"}))).await, "Credit Note # must be unique.");
    let discounted = json!([{"Description": "x", "Quantity": 1, "UnitAmount": 5, "AccountCode": "200", "DiscountRate": 10}]);
    assert_eq!(
        company.refusal("CreditNotes", note(json!({"LineItems": discounted}))).await,
        "Discounts are not supported on credit notes"
    );
    assert_eq!(
        company.refusal("CreditNotes", note(json!({"Status": "PAID"}))).await,
        "Credit note not of valid status for modification"
    );
    let supplier =
        company.put("CreditNotes", note(json!({"Type": "ACCPAYCREDIT", "Reference": "Mine", "CreditNoteNumber": "CN-7"}))).await;
    assert_eq!((text(&supplier["Reference"]), text(&supplier["Status"])), (String::new(), "DRAFT".into()));
    let made =
        company.put("CreditNotes", note(json!({"RemainingCredit": 1000, "Payments": [{"Amount": 3}], "Colour": "red"}))).await;
    assert!(made.get("Colour").is_none());
    assert_eq!((text(&made["RemainingCredit"]), &made["Payments"]), ("5.75".into(), &json!([])));
}

#[tokio::test]
async fn payments_are_checked_made_and_deleted_and_never_changed() {
    let company = Company::new().await;
    let invoice = company.invoice("ACCREC", "100", json!({})).await;
    let draft = company.invoice("ACCREC", "100", json!({"Status": "DRAFT"})).await;
    let pay = |amount: &str| company.payment("Invoice", &invoice["InvoiceID"], amount);
    assert_eq!(
        company.refusal("Payments", pay("100.01")).await,
        "Payment amount exceeds the amount outstanding on this document"
    );
    assert_eq!(company.refusal("Payments", pay("0")).await, "Amount must be greater than zero");
    assert_eq!(
        company.refusal("Payments", company.payment("Invoice", &draft["InvoiceID"], "1")).await,
        "Payments can only be made against Authorised documents"
    );
    let mut two = pay("1");
    two["CreditNote"] = json!({"CreditNoteID": invoice["InvoiceID"]});
    assert!(company.refusal("Payments", two).await.starts_with("A payment needs exactly one of"));
    let mut sales = pay("1");
    sales["Account"] = json!({"Code": "200"});
    assert!(company.refusal("Payments", sales).await.contains("neither a bank account nor enabled for payments"));
    let mut nowhere = pay("1");
    nowhere.as_object_mut().unwrap().remove("Account");
    assert_eq!(company.refusal("Payments", nowhere).await, "An Account is required");
    assert_eq!(
        company.refusal("Payments", company.payment("Prepayment", &invoice["InvoiceID"], "1")).await,
        "An existing Prepayment with the specified PrepaymentID could not be found"
    );

    let mut owner = pay("40");
    owner["Account"] = json!({"Code": "970"});
    let part = company.put("Payments", owner).await;
    let rest = company
        .put("Payments", json!({"InvoiceNumber": invoice["InvoiceNumber"], "Code": "090", "Date": "2026-03-12", "Amount": 60}))
        .await;
    let paid = company.one("Invoices", &invoice["InvoiceID"]).await;
    assert_eq!((text(&paid["Status"]), paid["Payments"].as_array().unwrap().len()), ("PAID".into(), 2));
    assert_eq!(text(&paid["FullyPaidOnDate"]), "/Date(1773273600000+0000)/");
    assert_eq!(
        company.post_refusal("Payments", &part["PaymentID"], json!({"Amount": 30})).await,
        "A payment cannot be changed, only deleted"
    );
    let gone = company.post("Payments", &part["PaymentID"], json!({"Status": "DELETED"})).await;
    assert_eq!((text(&gone["Status"]), text(&gone["Amount"])), ("DELETED".into(), "40.00".into()));
    let reverted = company.one("Invoices", &invoice["InvoiceID"]).await;
    assert_eq!((text(&reverted["Status"]), text(&reverted["AmountDue"])), ("AUTHORISED".into(), "40.00".into()));
    assert_eq!(
        company.post_refusal("Payments", &part["PaymentID"], json!({"Status": "DELETED"})).await,
        "Payment has already been deleted"
    );

    let put = format!("/_sandbox/xero/{}/Payments", demo());
    company.world.order(&put, json!({"PaymentID": rest["PaymentID"], "IsReconciled": true})).await;
    let delete = json!({"Status": "DELETED"});
    assert_eq!(
        company.post_refusal("Payments", &rest["PaymentID"], delete.clone()).await,
        "A payment that has been reconciled cannot be deleted"
    );
    company.world.order("/_sandbox/switches", json!({"xero.reconciled_payments_resist_deletion": false})).await;
    company.post("Payments", &rest["PaymentID"], delete).await;
    assert_eq!(text(&company.one("Invoices", &invoice["InvoiceID"]).await["AmountDue"]), "100.00");
}

#[tokio::test]
async fn one_bad_payment_of_many_is_told_for_itself_when_asked_so() {
    let company = Company::new().await;
    let invoice = company.invoice("ACCREC", "100", json!({})).await;
    let body = json!({"Payments": [company.payment("Invoice", &invoice["InvoiceID"], "70"), company.payment("Invoice", &invoice["InvoiceID"], "70")]});
    let (status, answer) = company.call(Method::PUT, "Payments?summarizeErrors=false", body).await;
    assert_eq!(status, 200);
    assert_eq!(answer["Payments"][0]["StatusAttributeString"], "OK");
    assert_eq!(
        answer["Payments"][1]["ValidationErrors"][0]["Message"],
        "Payment amount exceeds the amount outstanding on this document"
    );
    assert_eq!(text(&company.one("Invoices", &invoice["InvoiceID"]).await["AmountDue"]), "30.00");
}

#[tokio::test]
async fn a_credit_note_is_refunded_by_a_payment() {
    let company = Company::new().await;
    let note = company.credit_note("ACCPAYCREDIT", "100", json!({})).await;
    let refund = company.put("Payments", company.payment("CreditNote", &note["CreditNoteID"], "115")).await;
    assert_eq!(
        (text(&refund["PaymentType"]), text(&refund["Invoice"]["Type"])),
        ("APCREDITPAYMENT".into(), "ACCPAYCREDIT".into())
    );
    let used = company.one("CreditNotes", &note["CreditNoteID"]).await;
    assert_eq!((text(&used["Status"]), text(&used["RemainingCredit"])), ("PAID".into(), "0.00".into()));
    company.post("Payments", &refund["PaymentID"], json!({"Status": "DELETED"})).await;
    assert_eq!(text(&company.one("CreditNotes", &note["CreditNoteID"]).await["RemainingCredit"]), "115.00");
}

#[tokio::test]
async fn a_batch_pays_many_invoices_and_only_goes_as_a_whole() {
    let company = Company::new().await;
    let (one, two) = (company.invoice("ACCREC", "10", json!({})).await, company.invoice("ACCREC", "20", json!({})).await);
    let bill = company.invoice("ACCPAY", "10", json!({})).await;
    let batch =
        |payments: Value| json!({"Account": {"Code": "090"}, "Date": "2026-03-15", "Reference": "Week 11", "Payments": payments});
    let pays = |invoice: &Value, amount: &str| json!({"Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Amount": amount});
    assert_eq!(
        company.refusal("BatchPayments", batch(json!([pays(&one, "10"), pays(&bill, "10")]))).await,
        "A batch payment cannot pay both invoices and bills"
    );
    assert_eq!(
        text(&company.one("Invoices", &one["InvoiceID"]).await["AmountDue"]),
        "10.00",
        "nothing is kept of a refused batch"
    );
    let made = company.put("BatchPayments", batch(json!([pays(&one, "10"), pays(&two, "5.5")]))).await;
    assert_eq!((text(&made["Type"]), text(&made["TotalAmount"])), ("RECBATCH".into(), "15.50".into()));
    let payment = company.one("Payments", &made["Payments"][0]["PaymentID"]).await;
    assert_eq!(payment["BatchPaymentID"], made["BatchPaymentID"]);
    assert_eq!(
        company.post_refusal("Payments", &payment["PaymentID"], json!({"Status": "DELETED"})).await,
        "This payment was created as part of a batch and can only be deleted with it"
    );
    let (status, answer) =
        company.call(Method::POST, "BatchPayments", json!({"BatchPaymentID": made["BatchPaymentID"], "Status": "DELETED"})).await;
    assert_eq!((status, &answer["BatchPayments"][0]["Status"]), (200, &json!("DELETED")));
    assert_eq!(text(&company.one("Invoices", &two["InvoiceID"]).await["AmountDue"]), "20.00");
}

#[tokio::test]
async fn money_received_in_advance_becomes_a_prepayment_that_is_applied_and_refunded() {
    let company = Company::new().await;
    let brought = company
        .put(
            "BankTransactions",
            json!({"Type": "RECEIVE-PREPAYMENT", "Contact": {"ContactID": company.contact}, "BankAccount": {"Code": "090"},
            "Date": "2026-03-01", "Reference": "INV-0011", "LineAmountTypes": "Exclusive",
            "LineItems": [{"Description": "In advance", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200"}]}),
        )
        .await;
    let prepayment = company.one("Prepayments", &brought["PrepaymentID"]).await;
    assert_eq!((text(&prepayment["RemainingCredit"]), text(&prepayment["InvoiceNumber"])), ("115.00".into(), "INV-0011".into()));
    let invoice = company.invoice("ACCREC", "60", json!({})).await;
    let path = format!("Prepayments/{}/Allocations", brought["PrepaymentID"].as_str().unwrap());
    let body = json!({"Amount": 60, "Date": "2026-03-05", "Invoice": {"InvoiceID": invoice["InvoiceID"]}});
    assert_eq!(company.call(Method::PUT, &path, body).await.0, 200);
    assert_eq!(text(&company.one("Invoices", &invoice["InvoiceID"]).await["Status"]), "PAID");
    assert_eq!(
        company.post_refusal("BankTransactions", &brought["BankTransactionID"], json!({"Status": "DELETED"})).await,
        "Its prepayment or overpayment has been applied or refunded"
    );
    let refund = company.put("Payments", company.payment("Prepayment", &brought["PrepaymentID"], "55")).await;
    assert_eq!(text(&refund["PaymentType"]), "ARPREPAYMENTPAYMENT");
    let used = company.one("Prepayments", &brought["PrepaymentID"]).await;
    assert_eq!((text(&used["Status"]), text(&used["RemainingCredit"])), ("PAID".into(), "0.00".into()));
    assert_eq!(
        company.call(Method::PUT, "Prepayments", json!({"Prepayments": [{"Total": 1}]})).await.0,
        404,
        "nobody enters one"
    );
}

#[tokio::test]
async fn overpayments_are_booked_to_the_control_account() {
    let company = Company::new().await;
    let over = |code: &str| {
        json!({"Type": "SPEND-OVERPAYMENT", "Contact": {"ContactID": company.contact}, "BankAccount": {"Code": "090"}, "Date": "2026-03-01",
            "LineItems": [{"Description": "Paid twice", "Quantity": 1, "UnitAmount": 30, "AccountCode": code}]})
    };
    assert_eq!(
        company.refusal("BankTransactions", over("300")).await,
        "Overpayment lines must use account '800' (Accounts Payable) without tax"
    );
    let brought = company.put("BankTransactions", over("800")).await;
    let made = company.one("Overpayments", &brought["OverpaymentID"]).await;
    assert_eq!((text(&made["Type"]), text(&made["RemainingCredit"])), ("SPEND-OVERPAYMENT".into(), "30.00".into()));
    let bill = company.invoice("ACCPAY", "20", json!({})).await;
    let path = format!("Overpayments/{}/Allocations", brought["OverpaymentID"].as_str().unwrap());
    let body = json!({"Allocations": [{"Amount": 20, "Date": "2026-03-05", "Invoice": {"InvoiceID": bill["InvoiceID"]}}]});
    let (status, answer) = company.call(Method::PUT, &path, body).await;
    assert_eq!(status, 200);
    let allocation = answer["Allocations"][0]["AllocationID"].as_str().unwrap();
    assert_eq!(company.call(Method::DELETE, &format!("{path}/{allocation}"), json!(null)).await.0, 200);
    company.post("BankTransactions", &brought["BankTransactionID"], json!({"Status": "DELETED"})).await;
    assert_eq!(text(&company.one("Overpayments", &brought["OverpaymentID"]).await["Status"]), "VOIDED");
}

#[tokio::test]
async fn bank_transactions_are_of_a_bank_account_and_their_deletion_is_the_end() {
    let company = Company::new().await;
    let spend = |more: Value| {
        let mut spend = json!({"Type": "SPEND", "Contact": {"ContactID": company.contact}, "BankAccount": {"Code": "090"},
            "Date": "2026-03-03", "LineItems": [{"Description": "Paper", "Quantity": 1, "UnitAmount": 23, "AccountCode": "453"}]});
        spend.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        spend
    };
    assert_eq!(
        company.refusal("BankTransactions", spend(json!({"BankAccount": {"Code": "200"}}))).await,
        "Account '200' is not a bank account"
    );
    assert_eq!(
        company.refusal("BankTransactions", spend(json!({"LineItems": []}))).await,
        "One or more line items must be specified"
    );
    assert_eq!(
        company.refusal("BankTransactions", spend(json!({"Type": "SPEND-TRANSFER"}))).await,
        "A bank transaction of the type SPEND-TRANSFER cannot be created or changed"
    );
    let made = company.put("BankTransactions", spend(json!({}))).await;
    assert_eq!(
        (text(&made["LineAmountTypes"]), text(&made["Total"]), text(&made["TotalTax"])),
        ("Inclusive".into(), "23.00".into(), "3.00".into())
    );
    let changed = company
        .post("BankTransactions", &made["BankTransactionID"], json!({"Reference": "Again", "Url": "https://example.com/1"}))
        .await;
    assert_eq!((text(&changed["Url"]), text(&changed["Total"])), ("https://example.com/1".into(), "23.00".into()));
    company.post("BankTransactions", &made["BankTransactionID"], json!({"Status": "DELETED"})).await;
    assert_eq!(
        company.post_refusal("BankTransactions", &made["BankTransactionID"], json!({"Reference": "Too late"})).await,
        "Bank transaction not of valid status for modification"
    );
    company.world.order("/_sandbox/switches", json!({"xero.bank_lines_inclusive_by_default": false})).await;
    assert_eq!(text(&company.put("BankTransactions", spend(json!({}))).await["Total"]), "26.45");
}

#[tokio::test]
async fn a_transfer_is_two_bank_transactions_and_is_hidden_once_deleted() {
    let company = Company::new().await;
    let transfer = |to: &str| json!({"FromBankAccount": {"Code": "090"}, "ToBankAccount": {"Code": to}, "Amount": "50.00", "Date": "2026-03-03"});
    assert_eq!(company.refusal("BankTransfers", transfer("090")).await, "The bank accounts of a transfer must be different");
    let made = company.put("BankTransfers", transfer("091")).await;
    let half = company.one("BankTransactions", &made["FromBankTransactionID"]).await;
    assert_eq!((text(&half["Type"]), text(&half["Total"])), ("SPEND-TRANSFER".into(), "50.00".into()));
    let body = json!({"BankTransfers": [{"BankTransferID": made["BankTransferID"], "Status": "DELETED"}]});
    assert_eq!(company.call(Method::POST, "BankTransfers", body).await.0, 200);
    assert_eq!(company.get("BankTransfers").await["BankTransfers"], json!([]));
    assert_eq!(company.get("BankTransfers?includeDeleted=true").await["BankTransfers"][0]["Status"], "DELETED");
    assert_eq!(company.one("BankTransactions", &made["ToBankTransactionID"]).await["Status"], "DELETED");
    let (status, answer) = company.call(Method::POST, "BankTransfers", json!({"BankTransfers": [transfer("091")]})).await;
    assert_eq!(sentence(status, &answer), "Bank transfer could not be found", "POST only deletes");
}

#[tokio::test]
async fn a_manual_journal_balances_or_is_refused() {
    let company = Company::new().await;
    let journal = |lines: Value, status: &str| json!({"Narration": "Depreciation", "Date": "2026-03-31", "Status": status, "JournalLines": lines});
    let line = |amount: i64, code: &str| json!({"LineAmount": amount, "AccountCode": code});
    assert_eq!(
        company.refusal("ManualJournals", journal(json!([line(100, "416"), line(-10, "711")]), "POSTED")).await,
        "The total debits (100.00) must equal total credits (-10.00)"
    );
    assert_eq!(
        company.refusal("ManualJournals", json!({"JournalLines": [line(1, "416"), line(-1, "711")]})).await,
        "Narration is required"
    );
    assert_eq!(
        company.refusal("ManualJournals", journal(json!([line(100, "416"), line(-100, "090")]), "POSTED")).await,
        "Account '090' (Business Bank Account) cannot be used on a manual journal"
    );
    assert_eq!(
        company.refusal("ManualJournals", journal(json!([line(100, "416"), line(-100, "987")]), "POSTED")).await,
        "Account code '987' is not a valid code"
    );
    let draft = company
        .put("ManualJournals", journal(json!([line(100, "416"), line(-100, "987"), {"Description": "A note"}]), "DRAFT"))
        .await;
    assert_eq!(draft["Warnings"][0]["Message"], "Account code '987' has been removed as it does not match a recognised account.");
    assert_eq!(draft["JournalLines"][2]["IsBlank"], true);
    let posted = company.put("ManualJournals", journal(json!([line(100, "416"), line(-100, "711")]), "POSTED")).await;
    assert_eq!((text(&posted["LineAmountTypes"]), text(&posted["ShowOnCashBasisReports"])), ("NoTax".into(), "true".into()));
    company.post("ManualJournals", &posted["ManualJournalID"], json!({"Status": "VOIDED"})).await;
    assert_eq!(
        company.post_refusal("ManualJournals", &posted["ManualJournalID"], json!({"Status": "POSTED"})).await,
        "Manual journal not of valid status for modification"
    );
}

#[tokio::test]
async fn nothing_is_written_on_or_before_a_lock_date() {
    let company = Company::new().await;
    let invoice = company.invoice("ACCREC", "100", json!({})).await;
    let note = company.credit_note("ACCRECCREDIT", "10", json!({})).await;
    let organisation = company.get("Organisation").await["Organisations"][0]["OrganisationID"].clone();
    let lock = json!({"OrganisationID": organisation, "PeriodLockDate": "2026-03-10", "EndOfYearLockDate": "2025-03-31"});
    company.world.order(&format!("/_sandbox/xero/{}/Organisation", demo()), lock).await;
    assert_eq!(company.get("Organisation").await["Organisations"][0]["PeriodLockDate"], "/Date(1773100800000+0000)/");
    let says = "The document date cannot be before the period lock date";
    let contact = json!({"ContactID": company.contact});
    let lines = json!([{"Description": "x", "Quantity": 1, "UnitAmount": 5, "AccountCode": "200"}]);
    for (list, record) in [
        ("Invoices", json!({"Type": "ACCREC", "Contact": contact, "Date": "2026-03-10", "LineItems": lines})),
        ("CreditNotes", json!({"Type": "ACCRECCREDIT", "Contact": contact, "Date": "2026-03-10", "LineItems": lines})),
        ("Payments", company.payment("Invoice", &invoice["InvoiceID"], "1")),
        (
            "BankTransactions",
            json!({"Type": "RECEIVE", "Contact": contact, "BankAccount": {"Code": "090"}, "Date": "2026-03-09", "LineItems": lines}),
        ),
        (
            "BankTransfers",
            json!({"FromBankAccount": {"Code": "090"}, "ToBankAccount": {"Code": "091"}, "Amount": 1, "Date": "2026-03-10"}),
        ),
        (
            "ManualJournals",
            json!({"Narration": "x", "Date": "2026-03-10", "JournalLines": [{"LineAmount": 1, "AccountCode": "416"}, {"LineAmount": -1, "AccountCode": "711"}]}),
        ),
    ] {
        assert_eq!(company.refusal(list, record).await, says, "{list}");
    }
    let path = format!("CreditNotes/{}/Allocations", note["CreditNoteID"].as_str().unwrap());
    let body = json!({"Amount": 1, "Date": "2026-03-10", "Invoice": {"InvoiceID": invoice["InvoiceID"]}});
    let (status, answer) = company.call(Method::PUT, &path, body).await;
    assert_eq!(sentence(status, &answer), says);
    assert_eq!(
        company.post_refusal("CreditNotes", &note["CreditNoteID"], json!({"Date": "2026-03-20"})).await,
        says,
        "it lies in the locked time"
    );
    // Money that comes after the lock pays what is from before.
    let mut later = company.payment("Invoice", &invoice["InvoiceID"], "1");
    later["Date"] = json!("2026-03-11");
    company.put("Payments", later).await;
}

#[tokio::test]
async fn the_lines_of_credit_notes_and_of_money_spent_keep_the_rules_of_invoices() {
    let company = Company::new().await;
    let contact = json!({"ContactID": company.contact});
    for (line, says) in [
        (
            json!({"Description": "x", "Quantity": 7, "UnitAmount": "214.28", "LineAmount": "1500", "AccountCode": "300"}),
            "The line total 1500.00 does not match the expected line total 1499.96",
        ),
        (json!({"Description": "x", "Quantity": 1, "UnitAmount": 5}), "Account code must be specified"),
        (
            json!({"Description": "x", "Quantity": 1, "UnitAmount": 5, "AccountCode": "610"}),
            "Account code '610' is not a valid code for this document.",
        ),
    ] {
        let note = json!({"Type": "ACCPAYCREDIT", "Status": "AUTHORISED", "Contact": contact, "LineItems": [line]});
        assert_eq!(company.refusal("CreditNotes", note).await, says);
        let spent = json!({"Type": "SPEND", "Contact": contact, "BankAccount": {"Code": "090"}, "LineItems": [line]});
        assert_eq!(company.refusal("BankTransactions", spent).await, says);
    }
    // A price keeps two decimals unless four are asked for.
    let line = json!([{"Description": "x", "Quantity": 100, "UnitAmount": "0.0375", "AccountCode": "300"}]);
    let spent = json!({"Type": "SPEND", "Contact": contact, "BankAccount": {"Code": "090"}, "LineAmountTypes": "NoTax", "LineItems": line});
    assert_eq!(text(&company.put("BankTransactions", spent.clone()).await["Total"]), "4.00");
    let (status, answer) = company.call(Method::PUT, "BankTransactions?unitdp=4", json!({"BankTransactions": [spent]})).await;
    assert_eq!((status, text(&answer["BankTransactions"][0]["Total"])), (200, "3.75".into()));
}
