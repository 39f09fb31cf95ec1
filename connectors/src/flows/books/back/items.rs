//! Zoho's items on their way to Xero, by whose code lines name them. One is created there only where the tenant asks for it.

use serde_json::{Map, Value, json};

use super::words::{leave_out, leave_out_unchanged, quoted, text, tidy};
use crate::flow::{Back, By, Coming, Known, Need, Seek, Sending, Trace, Unmappable, Wanted, ZohoField, own, whole};
use crate::flows::books::texts::{clip, same};
use crate::flows::books::{accounts, money, taxes};

pub const ITEMS: Back = Back {
    wanted: |_| Wanted::Carry,
    label: |record| format!("Item {}", text(record, "name")),
    day: |_| None,
    fields: FIELDS,
    needs: |_| Vec::new(),
    hints,
    lists: &[accounts::KEY, taxes::KEY],
    creates: |known| known.creates_items,
    to_xero,
    seek,
    is_it,
    // Codes are unique.
    trace: |xero| Trace::sure(text(xero, "Code").to_lowercase()),
    parts: whole,
    // Xero has no item that is not in use any more, and deletes none that a document names.
    gone: None,
    spare,
    insisted: |there| own(there, &["name", "rate"]),
};

const CODE_CHARS_MAX: usize = 30;
const NAME_CHARS_MAX: usize = 50;
const DESCRIPTION_CHARS_MAX: usize = 4000;

/// One for each of the flow's fields.
const FIELDS: &[ZohoField] = &[
    ZohoField {
        name: "code",
        print: |record, printer| {
            printer.text(Some(text(record, "sku")));
        },
    },
    ZohoField {
        name: "name",
        print: |record, printer| {
            printer.text(Some(text(record, "name")));
        },
    },
    ZohoField {
        name: "description",
        print: |record, printer| {
            printer.text(Some(text(record, "description")));
        },
    },
    ZohoField {
        name: "purchase_description",
        print: |record, printer| {
            printer.text(Some(text(record, "purchase_description")));
        },
    },
    ZohoField {
        name: "kind",
        print: |record, printer| {
            printer.flag(is_sold(record)).flag(is_purchased(record));
        },
    },
    ZohoField {
        name: "sale",
        print: |record, printer| {
            printer
                .amount(money::read(&record["rate"]))
                .text(Some(text(record, "account_id")))
                .text(Some(text(record, "tax_id")));
        },
    },
    ZohoField {
        name: "purchase",
        print: |record, printer| {
            printer.amount(money::read(&record["purchase_rate"])).text(Some(text(record, "purchase_account_id")));
        },
    },
];

/// Zoho's stock is bought and sold.
fn is_sold(record: &Value) -> bool {
    text(record, "item_type") != "purchases"
}

fn is_purchased(record: &Value) -> bool {
    !matches!(text(record, "item_type"), "sales" | "")
}

fn hints(record: &Value) -> Vec<Need> {
    let keys = [(accounts::KEY, "account_id"), (accounts::KEY, "purchase_account_id"), (taxes::KEY, "tax_id")];
    let told = keys.iter().map(|(flow, key)| (*flow, text(record, key))).filter(|(_, id)| !id.is_empty());
    told.map(|(flow, id)| Need { flow, key: id.to_owned(), by: By::Zoho }).collect()
}

fn to_xero(coming: &Coming, known: &Known) -> Result<Sending, Unmappable> {
    let (record, there) = (coming.record, coming.there.unwrap_or(&Value::Null));
    let mut body = Map::new();
    if let Some(id) = there["ItemID"].as_str() {
        body.insert("ItemID".into(), id.into());
    }
    // Without its code Xero takes no update of an item.
    let now = text(there, "Code");
    let has_changed = coming.writes("code") && (now.is_empty() || !text(record, "sku").is_empty());
    let code = if has_changed { code(record)? } else { now.to_owned() };
    body.insert("Code".into(), code.into());
    if coming.writes("name") {
        body.insert("Name".into(), name(record, there).into());
    }
    let (sold, bought) = (is_sold(record), is_purchased(record));
    if coming.writes("kind") {
        body.insert("IsSold".into(), sold.into());
        body.insert("IsPurchased".into(), bought.into());
    }
    // What is not sold has no words and no price for it in Xero.
    let kind_too = |field: &str| coming.writes(field) || coming.writes("kind");
    if sold && kind_too("description") {
        body.insert("Description".into(), words(record, there, "description", "Description").into());
    }
    if bought && kind_too("purchase_description") {
        body.insert("PurchaseDescription".into(), words(record, there, "purchase_description", "PurchaseDescription").into());
    }
    if sold && kind_too("sale") {
        let mut details = details(record, &there["SalesDetails"], "rate", "account_id", known);
        if let Some(tax_type) = tax_type(record, &there["SalesDetails"], known) {
            details["TaxType"] = tax_type.into();
        }
        body.insert("SalesDetails".into(), details);
    }
    if bought && kind_too("purchase") {
        body.insert(
            "PurchaseDetails".into(),
            details(record, &there["PurchaseDetails"], "purchase_rate", "purchase_account_id", known),
        );
    }
    Ok(Sending::new(body.into()))
}

/// The SKU; where there is none, the name, if it is short enough.
fn code(record: &Value) -> Result<String, Unmappable> {
    let (sku, name) = (text(record, "sku"), tidy(text(record, "name")));
    let code = if sku.is_empty() { name.as_str() } else { sku };
    if (1..=CODE_CHARS_MAX).contains(&code.chars().count()) {
        return Ok(code.to_owned());
    }
    let why = match sku {
        "" => "has no SKU in Zoho Books, and its name is too long to be one",
        _ => "has an SKU in Zoho Books that is too long",
    };
    Err(Unmappable {
        code: "NO_ITEM_CODE",
        sentence: format!(
            "Item {name} {why}: Xero wants a code of at most {CODE_CHARS_MAX} characters. Give it a short SKU in Zoho Books, then retry."
        ),
        expected: false,
    })
}

/// Xero's name: Zoho's without the code that was put behind it there, where every name is taken once. Xero's own where Zoho only has the
/// beginning of it, or has the code for want of a name.
fn name(record: &Value, there: &Value) -> String {
    let (told, now, code) = (text(record, "name"), text(there, "Name"), text(there, "Code"));
    let mark = format!(" ({code})");
    let plain = told.strip_suffix(&mark).filter(|plain| !code.is_empty() && !plain.is_empty()).unwrap_or(told);
    match now {
        "" if plain == code && !code.is_empty() => String::new(),
        _ => clip(plain, NAME_CHARS_MAX).to_owned(),
    }
}

/// A description. Zoho's are shorter: where it has the beginning of Xero's, that one stays.
fn words(record: &Value, there: &Value, zoho: &str, xero: &str) -> String {
    let (told, now) = (text(record, zoho), there[xero].as_str().unwrap_or_default());
    let is_cut = !told.is_empty()
        && now.chars().count() > super::super::items::DESCRIPTION_CHARS_MAX
        && now.trim_start().starts_with(told);
    if is_cut { now.to_owned() } else { clip(told, DESCRIPTION_CHARS_MAX).to_owned() }
}

/// Price and account of one side. An account that Xero does not have is left out: lines name their own.
fn details(record: &Value, there: &Value, price: &str, account: &str, known: &Known) -> Value {
    let mut details = if there.is_object() { there.clone() } else { json!({}) };
    if let Some(told) = money::read(&record[price]) {
        // Zoho has fewer decimals.
        let decimals = known.zoho.price_precision.clamp(2, 6);
        let is_as_told = money::read(&there["UnitPrice"]).is_some_and(|now| money::round(now, decimals) == told);
        if !is_as_told {
            details["UnitPrice"] = money::number(told);
        }
    }
    let key = if text(there, "COGSAccountCode").is_empty() { "AccountCode" } else { "COGSAccountCode" };
    let ids = known.xero_ids(accounts::KEY, text(record, account));
    let is_one = |row: &&Value| ids.iter().any(|id| id == text(row, "AccountID")) && !text(row, "Code").is_empty();
    let rows = known.list(accounts::KEY).iter().filter(is_one);
    let now = text(there, key);
    let stays = rows.clone().any(|row| text(row, "Code") == now);
    let is_active = |row: &&Value| matches!(text(row, "Status"), "ACTIVE" | "");
    if let Some(row) = rows.clone().find(is_active).filter(|_| !stays) {
        details[key] = row["Code"].clone();
    }
    details
}

/// The type of tax for sales. Several of Xero's may be one of Zoho's: the one that is there stays, else one that applies to sales is taken.
fn tax_type(record: &Value, there: &Value, known: &Known) -> Option<String> {
    let now = text(there, "TaxType");
    let tax = text(record, "tax_id");
    if tax.is_empty() {
        return (!now.is_empty()).then(|| taxes::NO_TAX.to_owned());
    }
    let types = known.xero_ids(taxes::KEY, tax);
    if types.iter().any(|one| one == now) {
        return Some(now.to_owned());
    }
    let applies = |row: &&Value| {
        types.iter().any(|one| one == text(row, "TaxType"))
            && matches!(text(row, "Status"), "ACTIVE" | "")
            && row["CanApplyToRevenue"] != false
    };
    known.list(taxes::KEY).iter().find(applies).map(|row| text(row, "TaxType").to_owned())
}

fn seek(record: &Value, _: &Known) -> Seek {
    let code = code(record).ok().and_then(|code| quoted(&code));
    Seek { query: code.map(|code| ("where", format!("Code=={code}"))).into_iter().collect() }
}

/// Codes are unique, as SKUs are.
fn is_it(record: &Value, xero: &Value, _: &Known) -> bool {
    code(record).is_ok_and(|code| same(&code, text(xero, "Code")))
}

/// The fields that did not change in Xero stay.
fn spare(there: &Value, changed: &[&'static str], body: &mut Value) {
    leave_out_unchanged(
        body,
        changed,
        &[
            (&["code"], &["sku"]),
            (&["name"], &["name"]),
            (&["description"], &["description"]),
            (&["purchase_description", "kind"], &["purchase_description"]),
            (&["kind"], &["item_type"]),
            (&["sale", "kind"], &["rate", "account_id", "tax_id"]),
            (&["purchase", "kind"], &["purchase_rate", "purchase_account_id"]),
        ],
    );
    // Zoho counts stock; Xero's word for it is that it is bought and sold.
    if text(there, "item_type") == "inventory" && text(body, "item_type") == "sales_and_purchases" {
        leave_out(body, "item_type");
    }
}
