//! The addresses of what joins payments and credits to documents: applied, taken back, refunded, written off.

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::module::Module::{self, *};
use super::records::{self, Desk};
use super::{actions, credits, journals, lists, papers, refunds, router};

/// Applying, taking back, refunding and writing off: what joins payments and credits to documents. None for any other address.
pub fn answer(call: &Call, desk: &Desk, module: Module, rest: &[&str]) -> Option<Result<Answer, Refusal>> {
    let target = if module == VendorCredits { "bills" } else { "invoices" };
    let id = |text: &str| router::number(text);
    Some(match (call.method.as_str(), rest) {
        ("GET", [owner, list]) if papers::is_credit(module) && *list == target => {
            id(owner).and_then(|owner| credits::applied(desk, module, owner))
        }
        ("POST", [owner, list]) if papers::is_credit(module) && *list == target => {
            id(owner).and_then(|owner| credits::apply(desk, module, owner, &call.json()?))
        }
        ("DELETE", [owner, list, line]) if papers::is_credit(module) && *list == target => {
            id(owner).and_then(|owner| credits::unapply(desk, module, owner, id(line)?))
        }
        ("POST", [owner, "credits"]) if matches!(module, Invoices | Bills) => {
            id(owner).and_then(|owner| credits::apply_to(desk, module, owner, &call.json()?))
        }
        ("GET", [owner, "payments"]) if matches!(module, Invoices | Bills) => {
            id(owner).and_then(|owner| credits::settling(desk, module, owner, false))
        }
        ("GET", [owner, "creditsapplied"]) if module == Invoices => {
            id(owner).and_then(|owner| credits::settling(desk, module, owner, true))
        }
        ("DELETE", [owner, "payments", line]) if matches!(module, Invoices | Bills) => {
            id(owner).and_then(|owner| credits::unapply(desk, module, owner, id(line)?))
        }
        ("DELETE", [owner, "creditsapplied", line]) if module == Invoices => {
            id(owner).and_then(|owner| credits::unapply(desk, module, owner, id(line)?))
        }
        ("POST", ["writeoff"]) if module == Invoices => {
            let ids = call.query.get("invoice_ids").ok_or_else(|| Refusal::missing("invoice_ids"));
            ids.and_then(|ids| credits::write_off_all(desk, &actions::some_ids(desk, ids, "invoice_ids")?))
        }
        ("POST", [owner, "writeoff"]) if module == Invoices => id(owner).and_then(|owner| credits::write_off(desk, owner, false)),
        ("POST", [owner, "writeoff", "cancel"]) if module == Invoices => {
            id(owner).and_then(|owner| credits::write_off(desk, owner, true))
        }
        ("POST", [journal, "reverse"]) if module == Journals => id(journal).and_then(|journal| journals::reverse(desk, journal)),
        (method, [.., "refunds"] | [.., "refunds", _]) if refunds::of(module).is_some() => {
            refunding(call, desk, module, method, rest)
        }
        ("POST", [owner, "customfields"]) if module == CreditNotes => {
            id(owner).and_then(|owner| router::set_custom_fields(call, desk, module, owner))
        }
        _ => return None,
    })
}

fn refunding(call: &Call, desk: &Desk, module: Module, method: &str, rest: &[&str]) -> Result<Answer, Refusal> {
    let refunds = refunds::of(module).ok_or_else(router::no_such_address)?;
    match (method, rest) {
        ("GET", ["refunds"]) if papers::is_credit(module) => lists::page(desk, refunds, &call.query),
        ("GET", ["refunds", refund]) if module == CreditNotes => lists::one(desk, refunds, router::number(refund)?),
        ("GET", [owner, "refunds"]) => {
            let owner = records::need(desk, module, router::number(owner)?)?.id;
            let of = "id IN (SELECT document FROM zoho_applied WHERE payment = ?)";
            lists::narrowed(desk, refunds, &call.query, Some((of, owner)))
        }
        ("POST", [owner, "refunds"]) => refunds::write(desk, module, router::number(owner)?, None, &call.json()?),
        ("GET", [owner, "refunds", refund]) => refunds::show(desk, module, router::number(owner)?, router::number(refund)?),
        ("PUT", [owner, "refunds", refund]) => {
            refunds::write(desk, module, router::number(owner)?, Some(router::number(refund)?), &call.json()?)
        }
        ("DELETE", [owner, "refunds", refund]) => refunds::remove(desk, module, router::number(owner)?, router::number(refund)?),
        _ => Err(router::no_such_address()),
    }
}
