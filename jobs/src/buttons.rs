//! How the ways from Zoho to Xero stand, for people, and what people wish of them. The link's own turn does the work (`sync/buttons.rs`): a
//! wish only wakes it, so there is one that makes buttons, and never two at once.

use std::collections::HashMap;
use std::time::Duration;

use connectors::flow::AnyFlow;
use connectors::flows;
use connectors::zoho::buttons::{self as zoho_buttons, Whose};
use connectors::zoho::{self, Unique};
use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::{button, connection, link, unique_field};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use tokio::time::Instant;
use url::Url;

use crate::audit::{Author, Deed, note};
use crate::connections::address;
use crate::context::{Context, Failure};
use crate::links;
use crate::sync::buttons::contacts;
use crate::sync::slice::Slice;

/// The kind of the field's row; the others are named as Zoho names whose button it is.
pub const FIELD: &str = "field";
pub const KINDS: [&str; 3] = ["customer", "vendor", FIELD];
/// How long somebody waits for a wish: a turn of the link lasts fifteen seconds, and most of them much less.
const PATIENCE: Duration = Duration::from_secs(8);
const LOOK: Duration = Duration::from_millis(100);
/// How often anybody who knows a link's address may have it looked at.
pub const CHECK_EVERY: Duration = Duration::from_secs(20);

/// The way by which people get from Zoho to Xero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Buttons on customers and vendors.
    Button,
    /// A field with the address.
    UrlField,
    /// Somebody has to set it up.
    Manual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is being looked at; the answer is not there yet.
    Working,
    Made,
    /// Zoho does not let us.
    Refused,
    /// Removed at somebody's wish.
    Off,
    /// The link rests, and so does this.
    Resting,
}

/// How a link's contacts in Zoho lead to Xero.
#[derive(Debug, Clone)]
pub struct Standing {
    /// What people call the product.
    pub product: &'static str,
    pub way: Way,
    pub state: State,
    /// What a person still has to do, in a sentence.
    pub to_do: Option<String>,
    pub ways: Vec<button::Model>,
    /// The page with the script to copy.
    pub guide: Url,
    /// What the buttons do, for setting them up by hand. Nothing until the fields are there.
    pub scripts: Vec<(Whose, String)>,
    /// The address to paste into Xero's Custom Contact Links, up to the contact's id.
    pub xero_template: String,
}

/// How the link stands.
pub async fn standing(context: &Context, link: &link::Model) -> Result<Standing, Failure> {
    let mut ways = button::Entity::of(link.tenant_id).filter(button::Column::LinkId.eq(link.id)).all(&context.database).await?;
    ways.sort_by_key(|row| KINDS.iter().position(|kind| *kind == row.kind));
    let guide = address(context, &format!("x/{}", link.key));
    let (way, state, to_do) = judged(link, &ways);
    Ok(Standing {
        product: name(link),
        way,
        state,
        to_do,
        ways,
        xero_template: format!("{guide}/contacts/"),
        guide,
        scripts: scripts(context, link).await?,
    })
}

/// What people call the link's product.
pub fn name(link: &link::Model) -> &'static str {
    zoho::product(&link.product).map_or("Zoho", |product| product.name)
}

fn judged(link: &link::Model, ways: &[button::Model]) -> (Way, State, Option<String>) {
    let name = name(link);
    let of = |kind: &str| ways.iter().find(|row| row.kind == kind);
    let is_made = |kind: &str| of(kind).is_some_and(|row| row.state == "made");
    let way = match (Whose::ALL.iter().all(|whose| is_made(whose.entity())), is_made(FIELD)) {
        (true, _) => Way::Button,
        (false, true) => Way::UrlField,
        (false, false) => Way::Manual,
    };
    if link.state == "resting" {
        let why = link.rest_reason.as_deref().unwrap_or("A connection is missing.");
        return (way, State::Resting, Some(format!("The link rests. {why}")));
    }
    if has_buttons(&link.product).is_none() {
        return (way, State::Refused, Some(format!("{name} has no contacts on which a button could stand.")));
    }
    if ways.len() < KINDS.len() || ways.iter().any(|row| row.checked_at.is_none()) {
        return (way, State::Working, None);
    }
    let mut reasons: Vec<&str> = Vec::new();
    for reason in ways.iter().filter_map(|row| row.sentence.as_deref()) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let reasons = reasons.join(" ");
    let by_field = format!("Open a customer or vendor in {name} and click the address in the field “Xero link”.");
    let is_unwanted = Whose::ALL.iter().any(|whose| of(whose.entity()).is_some_and(|row| !row.wanted));
    match (way, is_unwanted) {
        (Way::Button, false) => (way, State::Made, None),
        (Way::UrlField, true) => {
            (way, State::Off, Some(format!("The buttons were removed because somebody asked for it. {by_field}")))
        }
        (_, true) => (way, State::Off, Some("The buttons were removed because somebody asked for it.".to_owned())),
        (Way::UrlField, false) => {
            (way, State::Made, Some(format!("{reasons} {by_field} For a button, follow the guide to set it up by hand.")))
        }
        (Way::Manual, false) => (way, State::Refused, Some(format!("{reasons} Follow the guide to set up the button by hand."))),
    }
}

/// Whether a product's buttons can be made by programs. `None`: it has no contacts with custom fields of the finance products' dialect.
pub fn has_buttons(product: &str) -> Option<bool> {
    match product {
        "books" => Some(true),
        "inventory" | "invoice" | "billing" => Some(false),
        _ => None,
    }
}

/// What became of a wish.
pub enum Asked {
    Standing(Box<Standing>),
    /// Nothing can be done now, and why.
    NotNow(String),
}

/// Wishes for the buttons, or for their removal, and waits a little for what comes of it. Asking twice does no harm.
pub async fn wish(context: &Context, link: &link::Model, wanted: bool, by: &Author) -> Result<Asked, Failure> {
    ask(context, link, wanted, Some(by)).await
}

/// `by`: nobody where it is only looked at again.
async fn ask(context: &Context, link: &link::Model, wanted: bool, by: Option<&Author>) -> Result<Asked, Failure> {
    if link.state == "resting" {
        let why = link.rest_reason.as_deref().unwrap_or("A connection is missing.");
        return Ok(Asked::NotNow(format!("The link rests. {why}")));
    }
    if has_buttons(&link.product).is_none() {
        return Ok(Asked::Standing(Box::new(standing(context, link).await?)));
    }
    let transaction = begin_write(&context.database).await?;
    for kind in KINDS {
        let text = "INSERT INTO button (tenant_id, link_id, kind, wanted, state, next_at) VALUES ($1, $2, $3, $4, 'off', 0) \
                    ON CONFLICT (tenant_id, link_id, kind) DO UPDATE SET wanted = excluded.wanted, checked_at = NULL, next_at = 0";
        let values = vec![link.tenant_id.0.into(), link.id.0.into(), kind.into(), (wanted || kind == FIELD).into()];
        transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    }
    links::wake(&transaction, context, link.tenant_id, link.id).await?;
    if let Some(by) = by {
        let act = if wanted { "button.wished" } else { "button.removed" };
        let deed = Deed::done(act, format!("link:{}", link.id), link.product.as_str());
        note(&transaction, context, link.tenant_id, by, deed).await?;
    }
    transaction.commit().await?;
    context.waker.wake();
    let give_up = Instant::now() + PATIENCE;
    loop {
        let standing = standing(context, link).await?;
        if standing.state != State::Working || Instant::now() >= give_up {
            return Ok(Asked::Standing(Box::new(standing)));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Looks again, as anybody may ask who knows the link's address: not more often than `CHECK_EVERY`.
pub async fn check(context: &Context, link: &link::Model) -> Result<Asked, Failure> {
    let standing = standing(context, link).await?;
    let newest = standing.ways.iter().filter_map(|row| row.checked_at).max().unwrap_or(At(0));
    let wanted = standing.ways.iter().all(|row| row.wanted);
    if newest.plus(CHECK_EVERY) > context.now() || (standing.state == State::Working && !standing.ways.is_empty()) {
        return Ok(Asked::Standing(Box::new(standing)));
    }
    ask(context, link, wanted, None).await
}

/// The flow of whose pages a button is on.
fn flow(product: &str, whose: Whose) -> Option<&'static dyn AnyFlow> {
    let kind = match whose {
        Whose::Customer => "customers",
        Whose::Vendor => "vendors",
    };
    flows::flow(&format!("{product}.{kind}"))
}

/// What a button does, as long as the field is there that it reads.
pub fn script(slice: &Slice, whose: Whose) -> Option<String> {
    let short_code = &slice.xero.connection.short_code;
    written(&slice.fields, &slice.link, &slice.context.providers.xero_go, short_code, whose)
}

fn written(
    fields: &HashMap<(String, String), String>,
    link: &link::Model,
    go: &Url,
    short_code: &str,
    whose: Whose,
) -> Option<String> {
    let Unique::Field { module, label } = flow(&link.product, whose)?.zoho().unique else { return None };
    let field = fields.get(&(module.to_owned(), label.to_owned()))?;
    Some(zoho_buttons::script(whose, &zoho_buttons::mark(&link.key), field, &contacts(go, short_code)))
}

async fn scripts(context: &Context, link: &link::Model) -> Result<Vec<(Whose, String)>, Failure> {
    let tenant = link.tenant_id;
    let xero = connection::Entity::of(tenant).filter(connection::Column::Id.eq(link.xero_connection_id)).one(&context.database);
    let Some(xero) = xero.await? else { return Ok(Vec::new()) };
    let fields = unique_field::Entity::of(tenant).filter(unique_field::Column::LinkId.eq(link.id)).all(&context.database).await?;
    let fields = fields.into_iter().map(|field| ((field.module, field.label), field.api_name)).collect();
    let script = |whose| Some((whose, written(&fields, link, &context.providers.xero_go, &xero.short_code, whose)?));
    Ok(Whose::ALL.into_iter().filter_map(script).collect())
}

#[cfg(test)]
mod tests {
    use entities::ids::{ConnectionId, LinkId, TenantId};
    use uuid::Uuid;

    use super::*;

    fn link(state: &str) -> link::Model {
        link::Model {
            tenant_id: TenantId(Uuid::nil()),
            id: LinkId(Uuid::nil()),
            key: "k".into(),
            xero_connection_id: ConnectionId(Uuid::nil()),
            zoho_connection_id: ConnectionId(Uuid::nil()),
            product: "books".into(),
            state: state.into(),
            rest_reason: None,
            create_missing: false,
            scope: None,
            sync_every_minutes: None,
            fence: 0,
            slice_owner: None,
            slice_until: None,
            misses: 0,
            next_at: At(0),
            created_at: At(0),
            one_way: false,
            on_conflict: None,
            default_account: None,
            creates_items: false,
            native_wish: None,
            native_found: None,
            native_at: None,
        }
    }

    fn ways(states: [&str; 3], wanted: bool) -> Vec<button::Model> {
        let row = |(kind, state): (&str, &str)| button::Model {
            tenant_id: TenantId(Uuid::nil()),
            link_id: LinkId(Uuid::nil()),
            kind: kind.into(),
            wanted: wanted || kind == FIELD,
            zoho_id: None,
            version: None,
            state: state.into(),
            sentence: (state == "refused").then(|| "No.".to_owned()),
            mended: None,
            mended_at: None,
            checked_at: (state != "new").then_some(At(1)),
            next_at: At(0),
        };
        KINDS.into_iter().zip(states).map(row).collect()
    }

    #[test]
    fn what_is_left_to_do_follows_from_what_stands_there() {
        for (states, wanted, way, state, to_do) in [
            (["made", "made", "made"], true, Way::Button, State::Made, None),
            (["made", "made", "refused"], true, Way::Button, State::Made, None),
            (["refused", "refused", "made"], true, Way::UrlField, State::Made, Some("No. Open a customer")),
            (["made", "refused", "made"], true, Way::UrlField, State::Made, Some("No. Open a customer")),
            (["refused", "refused", "refused"], true, Way::Manual, State::Refused, Some("No. Follow the guide")),
            (["off", "off", "made"], false, Way::UrlField, State::Off, Some("The buttons were removed")),
            (["new", "made", "made"], true, Way::UrlField, State::Working, None),
        ] {
            let judged = judged(&link("ready"), &ways(states, wanted));
            assert_eq!((judged.0, judged.1), (way, state), "{states:?}");
            let said = judged.2.as_deref();
            assert!(said.is_none() == to_do.is_none() && to_do.is_none_or(|to_do| said.unwrap().starts_with(to_do)), "{said:?}");
        }
        assert_eq!(judged(&link("ready"), &[]).1, State::Working);
        let expense = link::Model { product: "expense".into(), ..link("ready") };
        assert_eq!(judged(&expense, &[]).1, State::Refused, "nobody waits for what never comes");
        assert_eq!(judged(&link("resting"), &ways(["made"; 3], true)).1, State::Resting);
    }
}
