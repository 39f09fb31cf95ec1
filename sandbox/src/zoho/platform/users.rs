//! The users of an organisation: the one who consented, and whom he adds.

use serde_json::{Map, Value, json};

use super::nowhere;
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::call::Call;
use crate::zoho::cards::{self, Card, Kind};
use crate::zoho::consent::USER_EMAIL;
use crate::zoho::paging::Paging;
use crate::zoho::records::Desk;
use crate::zoho::shape::{self, Kind::*};

const USER: Kind = Kind { key: "user", list_key: "users", id_key: "user_id", noun: "User" };

const SHAPE: &[(&str, shape::Kind)] =
    &[("name", Guess(100)), ("email", Guess(100)), ("role_id", Text(20)), ("cost_rate", Number)];

pub fn answer(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    let me = me(desk)?;
    match (call.method.as_str(), rest) {
        ("GET", []) => cards::page(desk, &USER, Paging::asked(&call.query)?, None),
        ("GET", ["me"]) => Ok(Answer::found("user", &me.json())),
        ("GET", [id]) => Ok(Answer::found("user", &cards::need(desk, &USER, id)?.json())),
        ("POST", []) => write(desk, None, &call.json()?),
        ("PUT", [id]) => write(desk, Some(cards::need(desk, &USER, id)?), &call.json()?),
        ("DELETE", [id]) => {
            let user = cards::need(desk, &USER, id)?;
            if user.id == me.id {
                return Err(Refusal::new(4, "You cannot delete yourself."));
            }
            cards::remove(desk, &user)?;
            Ok(cards::deleted(&USER))
        }
        ("POST", [id, "invite"]) => {
            cards::need(desk, &USER, id)?;
            Ok(Answer::done("Your invitation has been sent."))
        }
        ("POST", [id, word @ ("active" | "inactive")]) => {
            let mut user = cards::need(desk, &USER, id)?;
            if user.id == me.id {
                return Err(Refusal::new(4, "Your own status cannot be changed."));
            }
            user.set("status", *word);
            cards::save(desk, &USER, &mut user)?;
            Ok(Answer::done(&format!("The user has been marked as {word}.")))
        }
        _ => Err(nowhere()),
    }
}

/// The demo user, who is filed when first asked for.
fn me(desk: &Desk) -> Result<Card, Refusal> {
    if let Some(me) = cards::named(desk, &USER, USER_EMAIL)? {
        return Ok(me);
    }
    let name: String =
        desk.connection.prepare_cached("SELECT name FROM zoho_user WHERE id = 1")?.query_row([], |row| row.get(0))?;
    let mut me = Card { name: USER_EMAIL.to_owned(), ..Card::new(desk)? };
    for (key, value) in [
        ("name", json!(name)),
        ("email", json!(USER_EMAIL)),
        ("user_role", json!("admin")),
        ("status", json!("active")),
        ("is_current_user", json!(true)),
        ("is_employee", json!(false)),
    ] {
        me.set(key, value);
    }
    cards::save(desk, &USER, &mut me)?;
    Ok(me)
}

fn write(desk: &Desk, was: Option<Card>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let new = was.is_none();
    let mut user = match was {
        Some(user) => user,
        None => Card::new(desk)?,
    };
    shape::take(desk, body, SHAPE, &mut user.detail)?;
    for name in ["name", "email"] {
        shape::text(&user.detail, name).ok_or_else(|| Refusal::missing(name))?;
    }
    user.name = user.text("email").to_owned();
    cards::name_is_free(desk, &USER, &user)?;
    if new {
        user.set("status", "invited");
        user.set("user_role", "staff");
        user.set("is_current_user", false);
    }
    cards::save(desk, &USER, &mut user)?;
    Ok(Answer::done(if new { "Your invitation has been sent." } else { "The user's details have been updated." }))
}
