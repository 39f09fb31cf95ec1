//! Ids as staff see them. Every row belongs to a tenant and is only ever looked for there, so an id carries its tenant's.
//! `run:<tenant>:<run>`: opaque to callers, readable in a log.

use async_graphql::ID;
use entities::ids::{ConnectionId, LetterId, LinkId, RunId, TenantId};
use uuid::Uuid;

use crate::error::Error;

macro_rules! node_ids {
    ($($function:ident $read:ident $type:ident $word:literal)+) => {$(
        pub fn $function(tenant: TenantId, id: $type) -> ID {
            write($word, tenant, id.0)
        }

        pub fn $read(id: &ID) -> Result<(TenantId, $type), Error> {
            let (tenant, id) = read($word, id).ok_or(Error::NotFound($word))?;
            Ok((tenant, $type(id)))
        }
    )+};
}

node_ids! {
    link read_link LinkId "link"
    run read_run RunId "run"
    connection read_connection ConnectionId "connection"
}

pub fn letter(tenant: TenantId, id: LetterId) -> ID {
    write("letter", tenant, id.0)
}

/// Any of these ids as the audit log names it: the tenant, and `run:<run>`.
pub fn about(id: &ID) -> Option<(TenantId, String)> {
    let word = id.split(':').next()?;
    let (tenant, row) = read(word, id)?;
    Some((tenant, format!("{word}:{row}")))
}

/// A tenant's id is its own. One that is none is an unknown one.
pub fn read_tenant(id: &ID) -> Result<TenantId, Error> {
    id.parse().map_err(|_| Error::NotFound("tenant"))
}

fn write(word: &str, tenant: TenantId, id: Uuid) -> ID {
    ID(format!("{word}:{tenant}:{id}"))
}

fn read(word: &str, id: &ID) -> Option<(TenantId, Uuid)> {
    let (tenant, id) = id.strip_prefix(word)?.strip_prefix(':')?.split_once(':')?;
    Some((tenant.parse().ok()?, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_as_it_went_and_as_no_other_kind() {
        let (tenant, row) = (TenantId(Uuid::from_u128(7)), LinkId(Uuid::from_u128(u128::MAX)));
        let id = link(tenant, row);
        assert_eq!(read_link(&id).unwrap(), (tenant, row));
        assert!(read_run(&id).is_err());
        for bad in ["", "link", "link:", "link::", "link:7:7", "🦀"] {
            assert!(read_link(&ID(bad.to_owned())).is_err(), "{bad}");
        }
    }
}
