//! The CRM organisation behind a token: its edition, its people, its currencies.

use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Value, json};

use super::answer::Refusal;
use super::edition::Edition;
use super::field::{Unique, extend};
use super::module::Module;
use crate::Shared;
use crate::zoho::{organisations, tables, time, tokens};

/// One CRM organisation.
#[derive(Clone, Debug)]
pub struct Org {
    pub id: i64,
    /// The number in the addresses of its pages.
    pub zgid: i64,
    pub dc: String,
    pub name: String,
    pub edition: Edition,
    pub users: u32,
    pub currency: String,
    pub multi_currency: bool,
    pub time_zone: String,
    pub created: i64,
    /// The first of the ids of its metadata, see `field_id`.
    base: i64,
    unique_names: bool,
    unique_emails: bool,
}

/// A person in the organisation.
#[derive(Clone, Debug)]
pub struct User {
    pub id: i64,
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub email: &'static str,
    profile: i64,
    role: i64,
}

impl User {
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// As lookups show it.
    pub fn json(&self) -> Value {
        json!({"name": self.name(), "id": self.id.to_string(), "email": self.email})
    }
}

/// A profile or a role.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    pub id: i64,
    pub name: &'static str,
}

/// How many ids an organisation's metadata takes out of the sequence.
const METADATA_IDS: i64 = 100_000;

impl Org {
    pub fn field_id(&self, module: Module, place: usize) -> i64 {
        self.base + module as i64 * 1000 + place as i64 + 1
    }

    pub fn module_id(&self, module: Module) -> i64 {
        self.base + 90_000 + module as i64
    }

    pub fn layout_id(&self, module: Module) -> i64 {
        self.base + 91_000 + module as i64
    }

    pub fn profiles(&self) -> [Named; 2] {
        [Named { id: self.base + 96_001, name: "Administrator" }, Named { id: self.base + 96_002, name: "Standard" }]
    }

    pub fn roles(&self) -> [Named; 2] {
        [Named { id: self.base + 96_101, name: "CEO" }, Named { id: self.base + 96_102, name: "Manager" }]
    }

    /// Who authorised us, then a colleague.
    pub fn people(&self) -> [User; 2] {
        let ([admin, standard], [ceo, manager]) = (self.profiles(), self.roles());
        let user = |id, first_name, last_name, email, profile: Named, role: Named| User {
            id: self.base + id,
            first_name,
            last_name,
            email,
            profile: profile.id,
            role: role.id,
        };
        [
            user(96_201, "Simon", "Brusch", crate::zoho::consent::USER_EMAIL, admin, ceo),
            user(96_202, "Aroha", "Ngata", "aroha@example.test", standard, manager),
        ]
    }

    /// Whoever is behind every token of the sandbox.
    pub fn me(&self) -> User {
        let [me, _] = self.people();
        me
    }

    pub fn person(&self, id: i64) -> Option<User> {
        self.people().into_iter().find(|user| user.id == id)
    }

    pub fn module_json(&self, module: Module) -> Value {
        json!({"api_name": module.api_name(), "id": self.module_id(module).to_string()})
    }

    /// Taxes that line items may name, and their ids.
    pub fn taxes(&self) -> [(i64, &'static str, &'static str); 3] {
        [(self.base + 96_301, "GST", "15"), (self.base + 96_302, "VAT", "20"), (self.base + 96_303, "Zero Rated", "0")]
    }

    /// What is unique though nobody said so, as far as the switches hold it to be.
    pub fn unique(&self, module: Module, field: &str) -> Option<Unique> {
        let unique = match (module, field) {
            (Module::Accounts, "Account_Name") => self.unique_names,
            (Module::Contacts | Module::Leads, "Email") => self.unique_emails,
            _ => false,
        };
        unique.then_some(Unique { case_sensitive: false })
    }

    /// The codes of its active currencies; only its own without multi-currency.
    pub fn currencies(&self, connection: &Connection) -> Result<Vec<String>, Refusal> {
        if !self.multi_currency {
            return Ok(vec![self.currency.clone()]);
        }
        let mut statement =
            connection.prepare_cached("SELECT iso_code FROM zoho_crm_currency WHERE org = ?1 AND active = 1 ORDER BY id")?;
        let codes = statement.query_map([self.id], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(codes)
    }

    /// `2026-08-25T10:00:00+13:00`: with a colon, unlike the finance products.
    pub fn stamp(&self, seconds: i64) -> String {
        let mut stamp = time::stamp(seconds, &self.time_zone);
        stamp.insert(stamp.len() - 2, ':');
        stamp
    }

    /// `GET /org`.
    pub fn json(&self) -> Value {
        let me = self.me();
        let mut json = json!({
            "id": self.id.to_string(), "zgid": self.zgid.to_string(), "company_name": self.name, "alias": Value::Null, "type": "production",
            "domain_name": format!("org{}", self.zgid), "country_code": "NZ", "country": "New Zealand", "city": Value::Null, "state": Value::Null,
            "street": Value::Null, "zip": Value::Null, "website": Value::Null, "phone": Value::Null, "mobile": Value::Null, "fax": Value::Null,
            "description": Value::Null, "employee_count": Value::Null, "currency": self.currency, "iso_code": self.currency,
            "currency_symbol": "$", "currency_locale": "en_NZ", "mc_status": self.multi_currency, "time_zone": self.time_zone,
            "primary_email": me.email, "primary_zuid": (self.zgid + 1).to_string(), "created_time": self.stamp(self.created),
        });
        let rest = json!({
            "gapps_enabled": false, "oauth_presence": true, "privacy_settings": false, "translation_enabled": false,
            "hipaa_compliance_enabled": false, "lite_users_enabled": false, "max_per_page": 200, "photo_id": Value::Null,
            "license_details": {
                "paid": self.edition != Edition::Free, "paid_type": self.edition.paid_type(), "paid_expiry": Value::Null,
                "trial_type": Value::Null, "trial_expiry": Value::Null, "trial_action": Value::Null, "users_license_purchased": self.users,
            },
        });
        extend(&mut json, &rest);
        json
    }

    /// `GET /users`.
    pub fn user_json(&self, user: &User) -> Value {
        let named = |list: [Named; 2], id: i64| {
            list.into_iter()
                .find(|named| named.id == id)
                .map_or(Value::Null, |named| json!({"name": named.name, "id": named.id.to_string()}))
        };
        let mut json = json!({
            "id": user.id.to_string(), "first_name": user.first_name, "last_name": user.last_name, "full_name": user.name(), "email": user.email,
            "zuid": (self.zgid + user.id % 10).to_string(), "status": "active", "confirm": true, "language": "en_US", "locale": "en_NZ",
            "country_locale": "en_NZ", "time_zone": self.time_zone, "time_format": "hh:mm a", "microsoft": false, "personal_account": false,
        });
        let rest = json!({
            "profile": named(self.profiles(), user.profile), "role": named(self.roles(), user.role), "created_time": self.stamp(self.created),
            "Modified_Time": self.stamp(self.created), "Created_Time": self.stamp(self.created), "type__s": "Regular User",
            "created_by": self.me().json(), "Modified_By": self.me().json(), "category": "regular_user", "Isonline": false, "offset": 0,
        });
        extend(&mut json, &rest);
        json
    }
}

/// The organisation that a token opens: the one that its consent chose, else the first of its user in this data centre.
pub fn of_token(shared: &Shared, connection: &Connection, dc: &str, token: &str) -> Result<Org, Refusal> {
    let internal = |refusal: crate::zoho::answer::Refusal| Refusal::new("INTERNAL_ERROR", refusal.message, json!({})).at(500);
    let home = match tokens::crm_org_of(connection, token).map_err(internal)? {
        Some(chosen) => organisations::by_id(connection, chosen).map_err(internal)?,
        None => organisations::of_user(connection, dc).map_err(internal)?.into_iter().next(),
    };
    let home = home.ok_or_else(|| Refusal::no_permission(&["Crm_Implied_Api_Access"]))?;
    found(shared, connection, &home)
}

/// One organisation by its id or its zgid.
pub fn by_id(shared: &Shared, connection: &Connection, id: i64) -> Result<Option<Org>, Refusal> {
    let org = connection
        .prepare_cached(&format!("{SELECT} WHERE id = ?1 OR zgid = ?1"))?
        .query_row([id], |row| from_row(shared, row))
        .optional()?;
    Ok(org)
}

/// Every organisation, the oldest first.
pub fn all(shared: &Shared, connection: &Connection) -> Result<Vec<Org>, Refusal> {
    let mut statement = connection.prepare_cached(&format!("{SELECT} ORDER BY id"))?;
    Ok(statement.query_map([], |row| from_row(shared, row))?.collect::<Result<_, _>>()?)
}

/// The CRM organisation of a finance organisation, founded the first time anybody asks.
pub fn found(shared: &Shared, connection: &Connection, home: &organisations::Org) -> Result<Org, Refusal> {
    let org = connection
        .prepare_cached(&format!("{SELECT} WHERE home = ?1"))?
        .query_row([home.id], |row| from_row(shared, row))
        .optional()?;
    if let Some(org) = org {
        return Ok(org);
    }
    let base = tables::take(connection, tables::IDS, METADATA_IDS)?;
    let zgid = 20_100_000_000 + base % 1_000_000_000;
    connection.execute(
        "INSERT INTO zoho_crm_org (id, home, zgid, dc, name, edition, users, currency, multi_currency, time_zone, created, base)
         VALUES (?1, ?2, ?3, ?4, ?5, 'enterprise', 5, ?6, 0, ?7, ?8, ?1)",
        rusqlite::params![base, home.id, zgid, home.dc, home.name, home.currency, home.time_zone, shared.clock.now().timestamp()],
    )?;
    let org = by_id(shared, connection, base)?.ok_or_else(Refusal::authentication_failure)?;
    super::currencies::begin(connection, &org)?;
    Ok(org)
}

const SELECT: &str =
    "SELECT id, zgid, dc, name, edition, users, currency, multi_currency, time_zone, created, base FROM zoho_crm_org";

fn from_row(shared: &Shared, row: &Row) -> rusqlite::Result<Org> {
    let edition: String = row.get(4)?;
    Ok(Org {
        id: row.get(0)?,
        zgid: row.get(1)?,
        dc: row.get(2)?,
        name: row.get(3)?,
        edition: Edition::named(&edition).unwrap_or(Edition::Free),
        users: row.get(5)?,
        currency: row.get(6)?,
        multi_currency: row.get(7)?,
        time_zone: row.get(8)?,
        created: row.get(9)?,
        base: row.get(10)?,
        unique_names: shared.switches.on("zoho.crm_account_names_unique"),
        unique_emails: shared.switches.on("zoho.crm_emails_unique"),
    })
}
