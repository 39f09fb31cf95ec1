//! "Xero Link" on the pages of CRM's accounts and vendors: a custom link with the record's own Xero id in its address. CRM's buttons cannot
//! be made by its API. Looked up first, made where missing, put right where somebody has changed it.

use connectors::flow::AnyFlow;
use connectors::flows::crm::{XERO_ID, accounts, vendors};
use connectors::side::Trouble;
use connectors::xero;
use connectors::zoho::crm::CustomLink;
use connectors::zoho::{Dialect, Unique};

use super::slice::{Halt, Provider, Slice};

/// What people read on the page.
pub const NAME: &str = "Xero Link";

/// The kinds whose Xero id is that of a page in Xero. Persons have none of their own: their field leads to their contact.
const KINDS: [&str; 2] = [accounts::KEY, vendors::KEY];

/// Sees that each module has its link, once. What CRM refuses is no reason to stop: every record has the same address in a field.
pub async fn tend(slice: &mut Slice) -> Result<(), Halt> {
    if slice.product.dialect != Dialect::Crm {
        return Ok(());
    }
    for flow in slice.lanes.iter().map(|lane| lane.flow).filter(|flow| KINDS.contains(&flow.key())).collect::<Vec<_>>() {
        match module(slice, flow).await {
            Ok(()) => {}
            Err(End::Halt(halt)) => return Err(halt),
            Err(End::Trouble(Trouble::Refused(refusal))) => {
                tracing::warn!(tenant.id = %slice.tenant, link.id = %slice.link.id, flow = flow.key(), %refusal, "CRM refuses the custom link; the field with the address stands in for it");
            }
            Err(End::Trouble(trouble)) => return Err(slice.halt(Provider::Zoho, trouble).await),
        }
    }
    Ok(())
}

enum End {
    Halt(Halt),
    Trouble(Trouble),
}

impl From<Halt> for End {
    fn from(halt: Halt) -> Self {
        End::Halt(halt)
    }
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> Self {
        End::Trouble(trouble)
    }
}

async fn module(slice: &mut Slice, flow: &dyn AnyFlow) -> Result<(), End> {
    let Unique::Field { module, .. } = flow.zoho().unique else { return Ok(()) };
    let Some(address) = address(slice, flow.key(), module) else { return Ok(()) };
    slice.permit_soon(Provider::Zoho, None).await?;
    let links = slice.zoho.client.custom_links(module).await?;
    let ours = links.iter().find(|link| link.name == NAME);
    if ours.is_some_and(|ours| is_right(ours, &address)) {
        return Ok(());
    }
    // Whose pages show it has to be said: everybody's.
    slice.permit_soon(Provider::Zoho, None).await?;
    let profiles = slice.zoho.client.profiles().await?;
    slice.permit_soon(Provider::Zoho, None).await?;
    match ours {
        Some(ours) => slice.zoho.client.update_custom_link(module, &ours.id, NAME, &address, &profiles).await?,
        None => drop(slice.zoho.client.create_custom_link(module, NAME, &address, &profiles).await?),
    }
    tracing::info!(tenant.id = %slice.tenant, link.id = %slice.link.id, module, "the custom link was made, or put right");
    Ok(())
}

fn is_right(link: &CustomLink, address: &str) -> bool {
    link.url == address && !link.profiles.is_empty()
}

/// The address of a record in Xero, with CRM's word for the field that has its id there.
fn address(slice: &Slice, flow: &str, module: &str) -> Option<String> {
    let field = slice.fields.get(&(module.to_owned(), XERO_ID.to_owned()))?;
    let (go, short_code) = (&slice.context.providers.xero_go, &slice.xero.connection.short_code);
    let url = xero::links::record(go, short_code, flow, PLACE)?;
    Some(String::from(url).replace(PLACE, &format!("${{{module}.{field}}}")))
}

/// Stands in an address for the id, until CRM's word for it does.
const PLACE: &str = "00000000-0000-0000-0000-000000000000";
