//! The ways from a contact in Zoho to the same contact in Xero: a button "Xero Link" on customers and on vendors, and a field with the
//! address for whoever has no buttons. Found by what they are called and by a mark of ours, made where missing, mended where somebody
//! changed them, removed when they are not wanted any more. What Zoho does not let us make is told to people, and never keeps a run from working.

use std::time::Duration;

use connectors::side::{Refusal, Trouble};
use connectors::xero::links;
use connectors::zoho::buttons::{self as zoho_buttons, Button, Whose};
use connectors::zoho::{self, NewField};
use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::{button, connection, link};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};
use url::Url;

use super::points;
use super::slice::{Halt, Provider, Slice, zoho_client};
use crate::buttons::{FIELD, has_buttons};
use crate::context::{Context, Failure};
use crate::limits::{Gate, Permit};
use crate::tokens::{self, Access};

/// How often it is looked whether all is as it should be, or allowed by now.
const LOOK_EVERY: Duration = Duration::from_secs(24 * 3600);
/// When Zoho gave no answer.
const TRY_AGAIN: Duration = Duration::from_secs(15 * 60);
/// A person who ends a connection does not wait longer.
const REMOVE_WITHIN: Duration = Duration::from_secs(6);
/// What the field is called, and the module that has it: customers and vendors are one there.
const LABEL: &str = "Xero link";
const MODULE: &str = "contact";
const HELP: &str = "Kept by CP Connect: opens the contact in Xero.";

/// How one of the ways stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Stands {
    state: &'static str,
    zoho_id: Option<String>,
    version: Option<String>,
    sentence: Option<String>,
    mended: Option<&'static str>,
}

/// Why nothing more is done now.
enum Stop {
    /// Not allowed, and why, in a sentence.
    Refused(String),
    /// No usable answer.
    Later,
    Halt(Halt),
}

impl From<Halt> for Stop {
    fn from(halt: Halt) -> Self {
        Stop::Halt(halt)
    }
}

/// Looks after the ways from Zoho to Xero when it is time to.
pub async fn tend(slice: &mut Slice) -> Result<(), Halt> {
    let now = slice.context.now();
    let Some(has_buttons) = has_buttons(slice.product.key) else { return Ok(()) };
    let is_new = slice.buttons.len() <= Whose::ALL.len();
    if !is_new && slice.buttons.iter().all(|row| row.next_at > now) {
        return Ok(());
    }
    let mut later = false;
    match field(slice).await {
        Ok(stands) => store(slice, FIELD, stands, now.plus(LOOK_EVERY)).await?,
        Err(Stop::Refused(sentence)) => store(slice, FIELD, refused(sentence), now.plus(LOOK_EVERY)).await?,
        Err(Stop::Later) => later = true,
        Err(Stop::Halt(halt)) => return Err(halt),
    }
    let outcome = match (later, has_buttons) {
        (true, _) => Err(Stop::Later),
        (false, true) => all_buttons(slice).await,
        (false, false) => Err(Stop::Refused(format!("{} lets no program make buttons.", slice.product.name))),
    };
    match outcome {
        Ok(()) => {}
        Err(Stop::Refused(sentence)) => {
            for whose in Whose::ALL {
                store(slice, whose.entity(), refused(sentence.clone()), now.plus(LOOK_EVERY)).await?;
            }
        }
        Err(Stop::Later) => postpone(slice, now.plus(TRY_AGAIN)).await?,
        Err(Stop::Halt(halt)) => return Err(halt),
    }
    slice.moved = true;
    tracing::info!(tenant.id = %slice.tenant, link.id = %slice.link.id, "the ways from Zoho to Xero were looked after");
    Ok(())
}

/// What a contact's write says of the way to Xero.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Zoho's name of the field.
    pub field: String,
    contacts: Url,
}

impl Shown {
    /// Nothing where there is no such field, and for what is no contact.
    pub fn of(slice: &Slice, zoho: &zoho::Resource) -> Option<Self> {
        let row = row(slice, FIELD).filter(|row| row.state == "made" && matches!(zoho.path, "contacts" | "customers"))?;
        let contacts = contacts(&slice.context.providers.xero_go, &slice.xero.connection.short_code);
        Some(Self { field: row.version.clone()?, contacts })
    }

    /// Whether a refusal of a write may be about this field.
    pub fn is_refused(&self, refusal: &Refusal) -> bool {
        let said = refusal.message.to_lowercase();
        ["custom_field", "custom field", &LABEL.to_lowercase(), &self.field].iter().any(|name| said.contains(*name))
    }

    pub fn address(&self, xero_id: &str) -> String {
        format!("{}{xero_id}", self.contacts)
    }
}

/// The field that holds the address: looked up, made where missing, and Zoho's name for it read back.
async fn field(slice: &mut Slice) -> Result<Stands, Stop> {
    permit(slice).await?;
    let listed = slice.zoho.client.fields(MODULE).await;
    let listed = come_to(slice, "fields", listed).await?;
    let made = |field: zoho::FieldInfo| Stands {
        state: "made",
        zoho_id: Some(field.id),
        version: Some(field.api_name),
        ..Stands::default()
    };
    let before = row(slice, FIELD).and_then(|row| row.zoho_id.clone());
    let by_id = listed.iter().find(|field| before.as_ref() == Some(&field.id));
    // Somebody may have called it otherwise: it is ours all the same.
    if let Some(field) = by_id.or_else(|| listed.iter().find(|field| field.label.trim().eq_ignore_ascii_case(LABEL))).cloned() {
        return match field.data_type.as_str() {
            "url" => Ok(made(field)),
            other => Err(Stop::Refused(format!(
                "Contacts in {} have a field “{LABEL}” of another kind ({other}) already; it is left alone.",
                slice.product.name
            ))),
        };
    }
    // Made, and read back.
    permit(slice).await?;
    permit(slice).await?;
    let new = NewField { module: MODULE, label: LABEL, data_type: "url", choices: &[], help: HELP };
    let field = slice.zoho.client.make_field(&new).await;
    points::reached("field_made");
    let field = come_to(slice, "fields", field).await?;
    Ok(Stands { mended: before.map(|_| "The field was gone in Zoho and was made again."), ..made(field) })
}

/// Both buttons, each as it is wanted.
async fn all_buttons(slice: &mut Slice) -> Result<(), Stop> {
    let wanted = slice.buttons.iter().all(|row| row.wanted);
    let has_none = slice.buttons.iter().all(|row| row.kind == FIELD || row.state == "off");
    if !wanted && has_none {
        for whose in Whose::ALL {
            store(slice, whose.entity(), off(), slice.context.in_a(LOOK_EVERY)).await?;
        }
        return Ok(());
    }
    permit(slice).await?;
    let listed = slice.zoho.client.buttons().await;
    let listed = come_to(slice, "buttons", listed).await?;
    points::reached("buttons_listed");
    let mut made = Vec::new();
    for whose in Whose::ALL {
        slice.go_on()?;
        let outcome = match wanted {
            true => one(slice, whose, &listed).await,
            false => take_away(slice, whose, &listed).await,
        };
        let stands = match outcome {
            Ok(stands) => stands,
            Err(Stop::Refused(sentence)) => refused(sentence),
            Err(stop) => return Err(stop),
        };
        let is_new = stands.state == "made" && !listed.iter().any(|button| Some(&button.id) == stands.zoho_id.as_ref());
        made.extend(is_new.then_some(whose));
        // Whoever dies before it was verified looks again at once.
        let next_at = if is_new { slice.context.now() } else { slice.context.in_a(LOOK_EVERY) };
        store(slice, whose.entity(), stands, next_at).await?;
    }
    match made.is_empty() {
        true => Ok(()),
        false => verify(slice, &made).await,
    }
}

/// Whether what was made is there, and under which id: the answer to the creation is not documented.
async fn verify(slice: &mut Slice, made: &[Whose]) -> Result<(), Stop> {
    permit(slice).await?;
    let listed = slice.zoho.client.buttons().await;
    let listed = come_to(slice, "buttons", listed).await?;
    for whose in made {
        let Some(row) = row(slice, whose.entity()).cloned() else { continue };
        let known = row.zoho_id.as_deref().unwrap_or_default();
        let found = listed.iter().find(|button| button.id == known);
        let stands = match found.or_else(|| listed.iter().find(|button| button.is_namesake(*whose))) {
            Some(button) => {
                Stands { state: "made", zoho_id: Some(button.id.clone()), version: row.version.clone(), ..Stands::default() }
            }
            None => refused("Zoho Books said that it made the button, but does not list it.".to_owned()),
        };
        store(slice, whose.entity(), stands, slice.context.in_a(LOOK_EVERY)).await?;
    }
    Ok(())
}

/// One button: found, made or mended.
async fn one(slice: &mut Slice, whose: Whose, listed: &[Button]) -> Result<Stands, Stop> {
    let Some(script) = crate::buttons::script(slice, whose) else {
        return Err(Stop::Refused(
            "The field with Xero's id is missing in Zoho Books; it is made again with the next run.".to_owned(),
        ));
    };
    let version = Some(print(&script));
    let before = row(slice, whose.entity()).cloned();
    let known = before.as_ref().and_then(|row| row.zoho_id.clone());
    let (ours, mut others) = candidates(slice, whose, known.as_deref(), listed).await?;
    let mut ours = ours.into_iter();
    if let Some(button) = ours.next() {
        // Two may be there where an answer was lost, or where somebody copied one.
        for double in ours {
            permit(slice).await?;
            let answer = slice.zoho.client.delete_button(&double.id).await;
            come_to(slice, "buttons", answer).await?;
        }
        let is_right = button.is_namesake(whose) && button.script.as_deref().is_some_and(|it| zoho_buttons::is_same(it, &script));
        let made = Stands { state: "made", zoho_id: Some(button.id.clone()), version, ..Stands::default() };
        if is_right {
            return Ok(made);
        }
        permit(slice).await?;
        let answer = slice.zoho.client.mend_button(&button, whose, &script).await;
        points::reached("button_mended");
        return match come_to(slice, "buttons", answer).await {
            // What we changed ourselves, in a newer version, nobody has to be told of.
            Ok(()) if before.is_some_and(|row| row.version == made.version) => {
                Ok(Stands { mended: Some("The button was changed in Zoho Books and was set right."), ..made })
            }
            Ok(()) => Ok(made),
            // It works as somebody set it up by hand.
            Err(Stop::Refused(_)) if button.bears(&mark(&slice.link)) => Ok(made),
            Err(stop) => Err(stop),
        };
    }
    if let Some(other) = others.pop() {
        return Err(Stop::Refused(format!(
            "Zoho Books has another button “{}” there, which is not ours. Rename or delete it in Zoho Books, then check again.",
            other.name.trim()
        )));
    }
    let seen: Vec<String> = listed.iter().map(|button| button.page.clone()).collect();
    permit(slice).await?;
    let answer = slice.zoho.client.make_button(whose, &script, &seen).await;
    points::reached("button_made");
    let id = come_to(slice, "buttons", answer).await?;
    let mended = known.map(|_| "The button was gone in Zoho Books and was made again.");
    // Without an id, the list that follows tells it.
    Ok(Stands { state: "made", zoho_id: id.or(Some(String::new())), version, mended, ..Stands::default() })
}

async fn take_away(slice: &mut Slice, whose: Whose, listed: &[Button]) -> Result<Stands, Stop> {
    let known = row(slice, whose.entity()).and_then(|row| row.zoho_id.clone());
    let (ours, _) = candidates(slice, whose, known.as_deref(), listed).await?;
    for button in ours {
        permit(slice).await?;
        let answer = slice.zoho.client.delete_button(&button.id).await;
        points::reached("button_deleted");
        come_to(slice, "buttons", answer).await?;
    }
    Ok(off())
}

/// Ours, the one that we know first, and others of the same name. A list may leave scripts out; they are asked for one by one then.
async fn candidates(
    slice: &mut Slice,
    whose: Whose,
    known: Option<&str>,
    listed: &[Button],
) -> Result<(Vec<Button>, Vec<Button>), Stop> {
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    let old_marks = marks_of_old(slice).await?;
    for button in listed {
        let is_known = known.is_some_and(|known| !known.is_empty() && known == button.id);
        let may_be = is_known || button.is_namesake(whose) || (button.stands_on(whose) && button.script.is_some());
        if !may_be {
            continue;
        }
        let mut button = button.clone();
        if button.script.is_none() {
            permit(slice).await?;
            let told = slice.zoho.client.button(&button.id).await;
            match come_to(slice, "buttons", told).await {
                Ok(told) => button.script = told.script,
                Err(Stop::Refused(_)) => {}
                Err(stop) => return Err(stop),
            }
        }
        let bears_ours = button.bears(&mark(&slice.link)) || old_marks(&button);
        match (is_known, bears_ours && button.stands_on(whose), button.is_namesake(whose)) {
            (true, ..) => ours.insert(0, button),
            (false, true, _) => ours.push(button),
            (false, false, true) => others.push(button),
            (false, false, false) => {}
        }
    }
    Ok((ours, others))
}

/// Whether a button is one of CP Connect's whose link is gone: an organisation belongs to one tenant, so it may be taken over.
async fn marks_of_old(slice: &Slice) -> Result<impl Fn(&Button) -> bool + use<>, Halt> {
    let links = link::Entity::of(slice.tenant).all(&slice.context.database).await?;
    let living: Vec<String> = links.iter().map(mark).collect();
    let any = zoho_buttons::mark("");
    let any = any.trim_end_matches(':').to_owned();
    Ok(move |button: &Button| button.bears(&any) && !living.iter().any(|mark| button.bears(mark)))
}

fn mark(link: &link::Model) -> String {
    zoho_buttons::mark(&link.key)
}

fn print(script: &str) -> String {
    blake3::hash(script.trim().as_bytes()).to_hex()[..16].to_owned()
}

fn row<'a>(slice: &'a Slice, kind: &str) -> Option<&'a button::Model> {
    slice.buttons.iter().find(|row| row.kind == kind)
}

fn off() -> Stands {
    Stands { state: "off", ..Stands::default() }
}

fn refused(sentence: String) -> Stands {
    Stands { state: "refused", sentence: Some(sentence), ..Stands::default() }
}

async fn permit(slice: &mut Slice) -> Result<(), Stop> {
    Ok(slice.permit_soon(Provider::Zoho, None).await?)
}

/// A refusal here is no trouble of the connection's: who connected it may lack the right to settings, or the plan has none of this.
async fn come_to<T>(slice: &Slice, what: &str, answer: Result<T, Trouble>) -> Result<T, Stop> {
    let why = match answer {
        Ok(value) => return Ok(value),
        Err(Trouble::Refused(refusal)) if refusal.status == 404 => "this organisation has none".to_owned(),
        // The provider's own sentence is about settings and quotes no record.
        Err(Trouble::Refused(refusal)) => format!("code {}: {}", refusal.code, refusal.message),
        Err(Trouble::Unauthorised | Trouble::Forbidden(_)) => "whoever connected it may not change settings".to_owned(),
        Err(Trouble::Unreachable(_)) => return Err(Stop::Later),
        Err(trouble @ Trouble::Busy { .. }) => return Err(Stop::Halt(slice.halt(Provider::Zoho, trouble).await)),
    };
    Err(Stop::Refused(format!("{} does not let us make {what} ({why}).", slice.product.name)))
}

async fn store(slice: &mut Slice, kind: &str, stands: Stands, next_at: At) -> Result<(), Halt> {
    let now = slice.context.now();
    let before = row(slice, kind);
    let (mended, mended_at) = match stands.mended {
        Some(what) => (Some(what.to_owned()), Some(now)),
        None => before.map(|row| (row.mended.clone(), row.mended_at)).unwrap_or_default(),
    };
    let row = button::Model {
        tenant_id: slice.tenant,
        link_id: slice.link.id,
        kind: kind.to_owned(),
        wanted: before.is_none_or(|row| row.wanted),
        zoho_id: stands.zoho_id,
        version: stands.version,
        state: stands.state.to_owned(),
        sentence: stands.sentence,
        mended,
        mended_at,
        checked_at: Some(now),
        next_at,
    };
    if let Some(what) = stands.mended {
        tracing::warn!(tenant.id = %slice.tenant, link.id = %slice.link.id, kind, what, "a way from Zoho to Xero was mended");
    }
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, None).await?;
    // Whether it is wanted is a person's to say, at any time; a wish that came meanwhile is looked at in the next turn.
    let text = "INSERT INTO button (tenant_id, link_id, kind, wanted, zoho_id, version, state, sentence, mended, mended_at, checked_at, next_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
                ON CONFLICT (tenant_id, link_id, kind) DO UPDATE SET zoho_id = excluded.zoho_id, version = excluded.version, \
                state = excluded.state, sentence = excluded.sentence, mended = excluded.mended, mended_at = excluded.mended_at, \
                checked_at = excluded.checked_at, next_at = CASE WHEN button.wanted = excluded.wanted THEN excluded.next_at ELSE button.next_at END";
    let values = vec![
        row.tenant_id.0.into(),
        row.link_id.0.into(),
        row.kind.clone().into(),
        row.wanted.into(),
        row.zoho_id.clone().into(),
        row.version.clone().into(),
        row.state.clone().into(),
        row.sentence.clone().into(),
        row.mended.clone().into(),
        row.mended_at.map(|at| at.0).into(),
        Some(now.0).into(),
        row.next_at.0.into(),
    ];
    transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    transaction.commit().await?;
    slice.buttons.retain(|other| other.kind != row.kind);
    slice.buttons.push(row);
    Ok(())
}

/// Nothing is known anew: what stood there stands, and is looked at again soon.
async fn postpone(slice: &mut Slice, next_at: At) -> Result<(), Halt> {
    for kind in crate::buttons::KINDS {
        let before = row(slice, kind).cloned();
        let stands = match before {
            Some(row) => Stands {
                state: match row.state.as_str() {
                    "made" => "made",
                    "refused" => "refused",
                    _ => "off",
                },
                zoho_id: row.zoho_id,
                version: row.version,
                sentence: row.sentence,
                mended: None,
            },
            None => off(),
        };
        store(slice, kind, stands, next_at).await?;
    }
    Ok(())
}

/// A connection with Zoho is about to end: takes the buttons away. Best effort. The fields stay, because they hold what records say.
pub async fn remove(context: &Context, found: &connection::Model) -> Result<(), Failure> {
    let tenant = found.tenant_id;
    let links = link::Entity::of(tenant).filter(link::Column::ZohoConnectionId.eq(found.id)).all(&context.database).await?;
    let gate = Gate { tenant, key: format!("zoho:{}", found.organisation_id), limits: context.providers.limits.zoho };
    for link in links {
        let rows = button::Entity::of(tenant)
            .filter(button::Column::LinkId.eq(link.id))
            .filter(button::Column::Kind.ne(FIELD))
            .filter(button::Column::State.eq("made"))
            .all(&context.database)
            .await?;
        let ids: Vec<String> = rows.into_iter().filter_map(|row| row.zoho_id).filter(|id| !id.is_empty()).collect();
        if !ids.is_empty()
            && let Access::Token { access, .. } = tokens::fresh(context, tenant, found.grant_id).await?
        {
            let client = zoho_client(context, &link, found, access)?;
            match tokio::time::timeout(REMOVE_WITHIN, delete(context, &client, &gate, &ids)).await {
                Ok(Ok(())) => {}
                Ok(Err(what)) => tracing::warn!(tenant.id = %tenant, link.id = %link.id, what, "buttons stay in Zoho"),
                Err(_) => tracing::warn!(tenant.id = %tenant, link.id = %link.id, "there was no time to remove all buttons"),
            }
        }
        forget(context, &link).await?;
    }
    Ok(())
}

async fn delete(context: &Context, client: &zoho::Client, gate: &Gate, ids: &[String]) -> Result<(), String> {
    for id in ids {
        match gate.take_soon(context).await {
            Ok(Permit::Granted(_)) => client.delete_button(id).await.map_err(|trouble| trouble.to_string())?,
            Ok(Permit::NotBefore { .. }) => return Err("a limit is used up".to_owned()),
            Err(failure) => return Err(failure.to_string()),
        }
    }
    Ok(())
}

/// Looked up anew when the link is joined again.
async fn forget(context: &Context, link: &link::Model) -> Result<(), Failure> {
    let text = "UPDATE button SET state = 'off', zoho_id = NULL, version = NULL, sentence = NULL, checked_at = NULL, next_at = 0 \
                WHERE tenant_id = $1 AND link_id = $2";
    let values = vec![link.tenant_id.0.into(), link.id.0.into()];
    context.database.execute_raw(sql(context.database.get_database_backend(), text, values)).await?;
    Ok(())
}

/// The address that a contact's page in Xero has, but for the contact's id.
pub fn contacts(go: &Url, short_code: &str) -> Url {
    let mut url = links::contact(go, short_code, "");
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}
