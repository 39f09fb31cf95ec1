//! What an edition of CRM allows: credits in any 24 hours, calls at once, and how it is written on a connection.

/// Calls at once that heavy calls (lists, queries, writes of many rows) have in every edition.
const SUB_CONCURRENCY: u32 = 10;

/// Of an organisation, as far as it can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// In any 24 hours.
    pub credits: u32,
    /// Calls at once.
    pub in_flight: u32,
}

/// How a licence is noted on a connection: `enterprise, 5 users`.
pub fn plan(paid_type: &str, users: u32) -> String {
    format!("{paid_type}, {users} users")
}

/// What a noted licence allows. One that we do not know is taken for the smallest.
pub fn allowance(plan: &str) -> Allowance {
    let (kind, users) = plan.split_once(", ").unwrap_or((plan, ""));
    let users: u32 = users.split(' ').next().and_then(|users| users.parse().ok()).unwrap_or(1);
    let (base, each, most, at_once) = match kind {
        "standard" | "starter" => (50_000, 250, 100_000, 10),
        "professional" => (50_000, 500, 3_000_000, 15),
        "enterprise" | "zohoone" | "zohooneenterprise" => (50_000, 1_000, 5_000_000, 20),
        "ultimate" | "crmplus" => (50_000, 2_000, u32::MAX, 25),
        _ => (5_000, 0, 5_000, 5),
    };
    let credits = users.saturating_mul(each).saturating_add(base).min(most);
    Allowance { credits, in_flight: at_once.min(SUB_CONCURRENCY) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edition_allows_what_the_table_says() {
        for (paid_type, users, credits, in_flight) in [
            ("free", 3, 5_000, 5),
            ("standard", 4, 51_000, 10),
            ("standard", 1_000, 100_000, 10),
            ("professional", 10, 55_000, 10),
            ("enterprise", 5, 55_000, 10),
            ("ultimate", 10, 70_000, 10),
            ("never_heard_of", 100, 5_000, 5),
        ] {
            let plan = plan(paid_type, users);
            assert_eq!(allowance(&plan), Allowance { credits, in_flight }, "{plan}");
        }
        assert_eq!(allowance(""), allowance("free"));
    }
}
