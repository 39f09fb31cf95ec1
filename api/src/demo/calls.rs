//! Calls of a migration against the fewest that the providers' interfaces allow. Calls are the currency: each record costs one write, and
//! whatever is refused, asked twice or sent half full is above the line.

use connectors::flow::{AnyFlow, Hanging};
use connectors::zoho::Dialect;
use connectors::{flows, zoho};
use entities::database::sql;
use sea_orm::ConnectionTrait;
use serde_json::Value;

use super::browser::Trouble;
use super::stage::Stage;

/// What the sandbox has counted, by provider and endpoint.
pub struct Counted {
    counts: Vec<Value>,
    /// Contacts of Zoho: whether it is a vendor, and its status.
    contacts: Vec<(bool, String)>,
    /// Invoices of Zoho by their status.
    invoices: Vec<String>,
}

impl Counted {
    /// Asks the sandbox.
    pub async fn ask(stage: &Stage, product: &str) -> Result<Self, Trouble> {
        let requests = stage.look("requests?tail=0").await?;
        let counts = requests["counts"].as_array().cloned().unwrap_or_default();
        if zoho::product(product).is_none_or(|product| product.dialect != Dialect::Finance) {
            return Ok(Self { counts, contacts: Vec::new(), invoices: Vec::new() });
        }
        let organisation = organisation(stage, product).await?;
        let text = |record: &Value, name: &str| record[name].as_str().unwrap_or_default().to_owned();
        let contacts = stage.records(&format!("zoho/{organisation}/contacts")).await?;
        let contacts = contacts.iter().map(|one| (one["contact_type"] == "vendor", text(one, "status"))).collect();
        let invoices = stage.records(&format!("zoho/{organisation}/invoices")).await?;
        let invoices = invoices.iter().map(|one| text(one, "status")).collect();
        Ok(Self { counts, contacts, invoices })
    }

    /// Successful calls to the endpoints of a provider that fit.
    fn of(&self, provider: &str, fits: impl Fn(&str) -> bool) -> i64 {
        let fits = |count: &&Value| {
            count["provider"] == provider
                && count["status"].as_i64().is_some_and(|status| (200..300).contains(&status))
                && count["endpoint"].as_str().is_some_and(&fits)
        };
        self.counts.iter().filter(fits).filter_map(|count| count["count"].as_i64()).sum()
    }

    /// Calls that change what a record is, beside the one that writes it: one each, or so many at once as Zoho takes.
    fn status_calls(&self, flow: &dyn AnyFlow) -> i64 {
        let path = flow.zoho().path;
        let inactive = |vendors: bool| {
            self.contacts.iter().filter(|(vendor, status)| *vendor == vendors && status == "inactive").count() as i64
        };
        match (path, flow.record()) {
            ("contacts", flows::books::vendors::KEY) => inactive(true),
            ("contacts", _) => inactive(false) + self.of("zoho", |endpoint| endpoint.ends_with("/paymentreminder/disable")),
            ("invoices", _) => {
                let void = self.invoices.iter().filter(|status| *status == "void").count();
                let sent = self.invoices.iter().filter(|status| !matches!(status.as_str(), "void" | "draft")).count();
                [void, sent].into_iter().map(|many| many.div_ceil(zoho::BULK_IDS) as i64).sum()
            }
            _ => self.of("zoho", |endpoint| changes(endpoint, path)),
        }
    }

    /// Records that Xero says have files: each is asked once which ones.
    fn bearers(&self) -> i64 {
        self.of("xero", |endpoint| endpoint.starts_with("GET ") && endpoint.ends_with("/{id}/Attachments"))
    }
}

/// The organisation of Zoho that a link of this product leads to.
async fn organisation(stage: &Stage, product: &str) -> Result<String, Trouble> {
    let database = &stage.context.database;
    let text = "SELECT connection.organisation_id FROM connection JOIN link ON link.tenant_id = connection.tenant_id \
                AND link.zoho_connection_id = connection.id WHERE link.product = $1 AND connection.state = 'live'";
    let row = database.query_one_raw(sql(database.get_database_backend(), text, vec![product.into()])).await?;
    Ok(row.ok_or("no organisation of Zoho is connected")?.try_get("", "organisation_id")?)
}

/// Whether a call changes a record of this list by a call of its own. What makes a record of another kind below it is that kind's.
fn changes(endpoint: &str, path: &str) -> bool {
    const OTHERS: &[&str] = &["invoices", "bills", "credits", "refunds", "attachment", "attachments", "comments"];
    let Some((method, rest)) = endpoint.split_once(" /") else { return false };
    let Some(below) = rest.strip_prefix(path).and_then(|rest| rest.strip_prefix("/{id}/")) else { return false };
    method != "GET" && !OTHERS.contains(&below.split('/').next().unwrap_or_default())
}

/// The fewest calls for what a run has done of one kind: `counts` of all kinds, and which one.
pub fn fewest(counts: &[Value], flow: &dyn AnyFlow, counted: &Counted) -> i64 {
    let n = |key: &str, name: &str| {
        let count = counts.iter().find(|count| count["flow"]["key"] == key);
        count.and_then(|count| count[name].as_i64()).unwrap_or(0)
    };
    let key = flow.key();
    let writes = n(key, "created") + n(key, "updated");
    if let Some(hanging) = flow.hangs() {
        // Each file is fetched and sent; which ones there are is told record by record.
        let listed = if hanging == Hanging::Files { counted.bearers() } else { n(key, "xeroCalls") };
        return if hanging == Hanging::Files { listed + 2 * writes } else { listed + writes };
    }
    let pages = |many: i64, size: u32| (many.max(1) + i64::from(size) - 1) / i64::from(size);
    let siblings = || flows::of(key.split_once('.').map_or("", |(product, _)| product));
    let shares = |other: &&dyn AnyFlow| other.key() == key || other.read_with() == Some(key);
    let read = match flow.read_with() {
        Some(_) => 0,
        None => {
            // Read once to be carried and once to be compared. A list with pages is counted first, so that people know how long it takes.
            let records: i64 = siblings().filter(shares).map(|one| n(one.key(), "seen") + n(one.key(), "skipped")).sum();
            let of = flow.xero();
            2 * if of.paged { pages(records, of.page_size) } else { 1 } + i64::from(of.is_sized())
        }
    };
    let list = |one: &dyn AnyFlow| (one.zoho().path, one.zoho().list_query);
    let is_first = siblings().find(|one| one.has_list() && list(*one) == list(flow)).is_some_and(|one| one.key() == key);
    let sharing = siblings().filter(|one| list(*one) == list(flow)).map(|one| n(one.key(), "zohoCount")).sum();
    let compared = if flow.has_list() && is_first { pages(sharing, zoho::PER_PAGE) } else { 0 };
    // Without upsert what is there is listed before anything is created.
    let listed = if flow.zoho().unique == zoho::Unique::Search { pages(n(key, "zohoCount"), zoho::PER_PAGE) } else { 0 };
    // Two trial balances of Zoho, one of Xero, and the day on which its financial year ends.
    let ledger = if key == flows::books::accounts::KEY { 4 } else { 0 };
    let all = read + compared + listed + ledger + writes + counted.status_calls(flow);
    // Some records are only noted, because another kind has written them already.
    all.min(n(key, "xeroCalls") + n(key, "zohoCalls"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn counted(counts: &[(&str, &str, i64, i64)]) -> Counted {
        let count = |(provider, endpoint, status, count): &(&str, &str, i64, i64)| json!({"provider": provider, "endpoint": endpoint, "status": status, "count": count});
        Counted { counts: counts.iter().map(count).collect(), contacts: Vec::new(), invoices: Vec::new() }
    }

    fn flow(key: &str) -> &'static dyn AnyFlow {
        flows::flow(key).unwrap()
    }

    #[test]
    fn a_record_costs_one_write_and_lists_their_pages() {
        let counts = [
            json!({"flow": {"key": "books.items"}, "zohoCalls": 999, "seen": 450, "created": 440, "updated": 10, "zohoCount": 450}),
        ];
        // Twice Xero's list without pages, three pages of Zoho's.
        assert_eq!(fewest(&counts, flow("books.items"), &counted(&[])), 2 + 3 + 450);
    }

    #[test]
    fn invoices_are_marked_as_many_at_once_as_zoho_takes() {
        let mut counted = counted(&[]);
        counted.invoices =
            ["sent", "paid", "overdue", "draft"].iter().cycle().take(120).map(|status| (*status).to_owned()).collect();
        counted.invoices.push("void".into());
        let counts =
            [json!({"flow": {"key": "books.invoices"}, "zohoCalls": 999, "seen": 121, "created": 121, "zohoCount": 121})];
        // Counted, read, compared; one page of Zoho's list; 90 in four calls and one void.
        assert_eq!(fewest(&counts, flow("books.invoices"), &counted), 3 + 1 + 121 + 4 + 1);
    }

    #[test]
    fn only_calls_that_succeed_and_are_the_records_own_are_needed() {
        let counted = counted(&[
            ("zoho", "POST /bills/{id}/status/void", 201, 13),
            ("zoho", "POST /bills/{id}/status/void", 400, 2),
            ("zoho", "POST /bills/{id}/attachment", 201, 5),
            ("zoho", "GET /bills/{id}/comments", 200, 5),
            ("xero", "GET /Invoices/{id}/Attachments", 200, 7),
        ]);
        assert_eq!(counted.status_calls(flow("books.bills")), 13);
        assert_eq!(counted.bearers(), 7);
        let counts = [json!({"flow": {"key": "books.attachments"}, "created": 9})];
        assert_eq!(fewest(&counts, flow("books.attachments"), &counted), 7 + 18);
    }
}
