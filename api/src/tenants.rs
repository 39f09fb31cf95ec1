//! Which tenants somebody sees, page by page.

use entities::ids::{PartnerId, TenantId};
use entities::{partner_tenant, tenant};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};
use sea_orm::{ColumnTrait, Condition, DatabaseConnection, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::caller::Caller;
use crate::error::Error;

const SEARCH_CHARS_MAX: usize = 200;

/// Which tenants there are for somebody.
pub enum Seen {
    All,
    These(Vec<TenantId>),
    /// Those that are this partner's own.
    Partners(PartnerId),
}

impl Seen {
    pub fn by_staff(caller: &Caller) -> Self {
        caller.tenants.as_ref().map_or(Self::All, |tenants| Self::These(tenants.iter().copied().collect()))
    }
}

/// The newest first. `search` looks into names and e-mail addresses.
pub async fn page(
    database: &DatabaseConnection,
    seen: &Seen,
    after: Option<TenantId>,
    search: Option<&str>,
    rows: u64,
) -> Result<Vec<tenant::Model>, Error> {
    let mut query = tenant::Entity::all().order_by_desc(tenant::Column::Id).limit(rows);
    match seen {
        Seen::All => {}
        Seen::These(tenants) => query = query.filter(tenant::Column::Id.is_in(tenants.iter().copied())),
        Seen::Partners(partner) => {
            let own = partner_tenant::Entity::of_partner(*partner).select_only().column(partner_tenant::Column::TenantId);
            query = query.filter(tenant::Column::Id.in_subquery(own.into_query()));
        }
    }
    if let Some(after) = after {
        query = query.filter(tenant::Column::Id.lt(after));
    }
    if let Some(search) = search.map(str::trim).filter(|search| !search.is_empty()) {
        query = query.filter(named_like(search)?);
    }
    Ok(query.all(database).await?)
}

/// Names and addresses that contain this text, whatever its case.
fn named_like(search: &str) -> Result<Condition, Error> {
    if search.chars().count() > SEARCH_CHARS_MAX {
        return Err(Error::bad_input("search", format!("search for {SEARCH_CHARS_MAX} characters at most")));
    }
    let mut pattern = String::from("%");
    for c in search.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    let like =
        |column: tenant::Column| Expr::expr(Func::lower(Expr::col(column))).like(LikeExpr::new(pattern.clone()).escape('\\'));
    Ok(Condition::any().add(like(tenant::Column::Name)).add(like(tenant::Column::ContactEmail)))
}
