//! A small company's two ledgers, and one cause after the other.

use connectors::flow::Posting;

use super::*;
use crate::report::Part;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn balance(account: &str, name: &str, amount: &str) -> Balance {
    Balance { account: account.into(), name: name.into(), amount: dec(amount), is_of_result: false }
}

fn chart() -> Vec<Account> {
    [
        ("x-ar", "610", "Debtors", Some(Ledger::Receivable), false),
        ("x-sales", "200", "Sales", None, false),
        ("x-more", "260", "Other revenue", None, false),
        ("x-gst", "820", "GST", Some(Ledger::Tax), false),
        ("x-bank", "", "Bank", None, true),
        ("x-round", "860", "Rounding", Some(Ledger::Rounding), false),
        ("x-unreal", "498", "Unrealised gains", Some(Ledger::Revaluation), false),
        ("x-earned", "960", "Retained earnings", Some(Ledger::RetainedEarnings), false),
        ("x-real", "499", "Realised gains", Some(Ledger::Exchange), false),
    ]
    .map(|(id, code, name, role, is_bank)| Account {
        id: id.into(),
        code: code.into(),
        name: name.into(),
        role,
        is_bank,
        is_of_result: matches!(code, "200" | "260" | "498" | "499"),
    })
    .into()
}

/// Two of Xero's accounts are one in Zoho, as are both kinds of gains.
fn pairs() -> HashMap<String, String> {
    [
        ("x-ar", "z-ar"),
        ("x-sales", "z-sales"),
        ("x-more", "z-sales"),
        ("x-gst", "z-gst"),
        ("x-bank", "z-bank"),
        ("x-round", "z-round"),
        ("x-unreal", "z-gain"),
        ("x-real", "z-gain"),
        ("x-earned", "z-earned"),
    ]
    .map(|(xero, zoho)| (xero.to_owned(), zoho.to_owned()))
    .into()
}

fn xero() -> Vec<Balance> {
    vec![
        balance("x-ar", "Debtors (610)", "115"),
        balance("x-sales", "Sales (200)", "-60"),
        balance("x-more", "Other revenue (260)", "-40"),
        balance("x-gst", "GST (820)", "-15"),
    ]
}

fn zoho() -> Vec<Balance> {
    vec![
        balance("z-ar", "Accounts Receivable", "115"),
        balance("z-sales", "Sales", "-100"),
        balance("z-gst", "GST Payable", "-15"),
    ]
}

/// A record that is not in Zoho.
fn miss(books: &mut Books<'_>, cause: &str, is_before: bool, postings: Vec<Posting>) {
    for posting in postings {
        books.moves.add(cause, posting.ledger, is_before, -posting.amount);
    }
}

/// Names of accounts with their parts.
fn told(xero: &[Balance], zoho: &[Balance], change: impl FnOnce(&mut Books<'_>)) -> Vec<String> {
    let mut books = Books { chart: chart(), pairs: pairs(), xero, zoho, ..Books::default() };
    change(&mut books);
    let rows = compare(&books);
    for row in &rows {
        let parts: Decimal = row.parts.iter().map(|part| part.amount).sum();
        assert_eq!(parts, row.difference(), "{row:?}");
    }
    let part = |row: &AccountRow, part: &Part| format!("{}: {} {}", row.name, part.cause, part.amount.normalize());
    rows.iter().flat_map(|row| row.parts.iter().map(move |one| part(row, one))).collect()
}

fn postings(list: &[(Ledger, &str)]) -> Vec<Posting> {
    list.iter().map(|(ledger, amount)| Posting { ledger: ledger.clone(), amount: dec(amount) }).collect()
}

#[test]
fn equal_ledgers_are_equal_also_where_two_accounts_are_one() {
    assert!(told(&xero(), &zoho(), |_| {}).is_empty());
    let rows = {
        let (xero, zoho) = (xero(), zoho());
        compare(&Books { chart: chart(), pairs: pairs(), xero: &xero, zoho: &zoho, ..Books::default() })
    };
    let shown: Vec<_> = rows.iter().map(|row| (row.code.as_str(), row.name.as_str(), row.xero.to_string())).collect();
    assert_eq!(shown, [("200", "Sales", "-100".into()), ("610", "Debtors", "115".into()), ("820", "GST", "-15".to_owned())]);
}

#[test]
fn a_difference_that_nobody_names_is_unexplained() {
    let mut zoho = zoho();
    zoho[0].amount += dec("0.01");
    assert_eq!(told(&xero(), &zoho, |_| {}), ["Debtors: UNEXPLAINED 0.01"]);
}

#[test]
fn records_that_are_not_there_explain_just_what_they_move() {
    let invoice = [(Ledger::Receivable, "115"), (Ledger::Code("200".into()), "-100"), (Ledger::Tax, "-15")];
    for cause in ["HELD", "OUT_OF_SCOPE", "LOCKED_PERIOD", "CHANGED_SINCE", "MISSING_IN_ZOHO"] {
        let told = told(&xero(), &[], |books| miss(books, cause, false, postings(&invoice)));
        assert_eq!(told, [format!("Sales: {cause} 100"), format!("Debtors: {cause} -115"), format!("GST: {cause} 15")]);
    }
    // A cent more is not theirs.
    let told = told(&xero(), &[balance("z-gst", "GST Payable", "-0.01")], |books| miss(books, "HELD", false, postings(&invoice)));
    assert_eq!(told[2..], ["GST: HELD 15", "GST: UNEXPLAINED -0.01"]);
}

#[test]
fn what_stands_elsewhere_by_design_is_named_on_both_accounts() {
    let mut zoho = zoho();
    zoho[1].amount += dec("40");
    zoho.push(balance("z-unearned", "Unearned Revenue", "-40"));
    let told = told(&xero(), &zoho, |books| {
        books.moves.add("UNUSED_CREDIT", Ledger::Id("x-more".into()), false, dec("40"));
        books.moves.add("UNUSED_CREDIT", Ledger::UnearnedRevenue, false, dec("-40"));
    });
    assert_eq!(told, ["Sales: UNUSED_CREDIT 40", "Unearned Revenue: UNUSED_CREDIT -40"]);
}

#[test]
fn xeros_rounding_is_zohos_other_charges_even_where_that_account_is_not_listed() {
    let mut xero = xero();
    xero[0].amount += dec("0.02");
    xero.push(balance("x-round", "Rounding (860)", "-0.02"));
    let mut zoho = zoho();
    zoho[0].amount += dec("0.02");
    let shift = |books: &mut Books<'_>| {
        books.moves.add("ROUNDING_PER_LINE", Ledger::Rounding, false, dec("0.02"));
        books.moves.add("ROUNDING_PER_LINE", Ledger::OtherCharges, false, dec("-0.02"));
    };
    // Nothing on Other Charges: half of the explanation is wrong, and it shows.
    let half = told(&xero, &zoho, shift);
    assert_eq!(
        half,
        ["Rounding: ROUNDING_PER_LINE 0.02", "Other Charges: ROUNDING_PER_LINE -0.02", "Other Charges: UNEXPLAINED 0.02"]
    );
    zoho.push(balance("z-other", "Other Charges", "-0.02"));
    assert_eq!(told(&xero, &zoho, shift)[1..], ["Other Charges: ROUNDING_PER_LINE -0.02"]);
}

#[test]
fn rounding_of_other_currencies_goes_only_so_far() {
    let mut zoho = zoho();
    zoho[0].amount += dec("0.04");
    zoho.push(balance("z-gain", "Exchange Gain or Loss", "-0.04"));
    let within = |books: &mut Books<'_>| {
        books.roundings.add("", Ledger::Receivable, false, dec("0.0001"));
        books.roundings.add("", Ledger::Exchange, false, dec("0.00009"));
    };
    assert_eq!(told(&xero(), &zoho, within), ["Debtors: FX_RATE_SOURCE 0.04", "Exchange Gain or Loss: UNEXPLAINED -0.04"]);
}

#[test]
fn xeros_revaluations_are_named_where_they_come_to_nothing_together() {
    let mut xero = xero();
    xero[0].amount += dec("7.50");
    xero.push(balance("x-unreal", "Unrealised gains (498)", "-7.50"));
    assert_eq!(told(&xero, &zoho(), |_| {}), ["Unrealised gains: FX_RATE_SOURCE 7.5", "Debtors: FX_RATE_SOURCE -7.5"]);
    xero[0].amount += Decimal::ONE;
    let told = told(&xero, &zoho(), |_| {});
    assert_eq!(told, ["Unrealised gains: UNEXPLAINED 7.5", "Debtors: UNEXPLAINED -8.5"]);
}

#[test]
fn what_is_older_than_every_record_is_an_opening_balance() {
    let mut xero = xero();
    xero.push(balance("x-bank", "Bank", "500"));
    xero.push(balance("x-equity", "Funds (970)", "-500"));
    let opening = [balance("x-bank", "Bank", "500"), balance("x-equity", "Funds (970)", "-500")];
    let (zoho, mut books) = (zoho(), Books::default());
    (books.chart, books.pairs, books.xero, books.zoho, books.opening) = (chart(), pairs(), &xero, &zoho, &opening);
    let rows = compare(&books);
    let parts: Vec<_> =
        rows.iter().flat_map(|row| row.parts.iter().map(|part| (row.name.as_str(), part.cause.as_str()))).collect();
    assert_eq!(parts, [("Bank", "OPENING_BALANCE"), ("Funds (970)", "OPENING_BALANCE")]);
}

#[test]
fn a_changed_record_names_what_is_left_on_its_accounts_and_on_no_other() {
    let mut zoho = zoho();
    (zoho[0].amount, zoho[1].amount) = (dec("100"), dec("-85"));
    let told = told(&xero(), &zoho, |books| {
        books.touched.insert(("CHANGED_SINCE".into(), Ledger::Receivable, false));
    });
    assert_eq!(told, ["Sales: UNEXPLAINED 15", "Debtors: CHANGED_SINCE -15"]);
}

#[test]
fn taxes_that_zoho_keeps_in_two_accounts_are_one_line() {
    let zoho = [
        balance("z-ar", "Accounts Receivable", "115"),
        balance("z-sales", "Sales", "-100"),
        balance("z-out", "Output VAT", "-20"),
        balance("z-in", "Input VAT", "5"),
    ];
    assert!(told(&xero(), &zoho, |_| {}).is_empty());
}

#[test]
fn what_was_earned_before_this_year_is_in_the_retained_earnings() {
    let old = [(Ledger::Receivable, "115"), (Ledger::Code("200".into()), "-100"), (Ledger::Tax, "-15")];
    let xero =
        [balance("x-ar", "Debtors (610)", "115"), balance("x-earned", "Retained (960)", "-100"), balance("x-gst", "GST", "-15")];
    let of = |is_ever: bool| {
        told(&xero, &[], |books| {
            miss(books, "HELD", true, postings(&old));
            books.is_ever = is_ever;
        })
    };
    assert_eq!(of(false), ["Debtors: HELD -115", "GST: HELD 15", "Retained earnings: HELD 100"]);
    assert_eq!(
        of(true),
        [
            "Debtors: HELD -115",
            "GST: HELD 15",
            "Retained earnings: UNEXPLAINED 100",
            "Sales: HELD 100",
            "Sales: UNEXPLAINED -100"
        ]
    );
    // An account that only Zoho has, and that holds nothing this year.
    let shifted = told(&[balance("x-earned", "Retained (960)", "-0.02"), balance("x-round", "Rounding", "0.02")], &[], |books| {
        books.moves.add("ROUNDING_PER_LINE", Ledger::OtherCharges, true, dec("0.02"));
        books.moves.add("ROUNDING_PER_LINE", Ledger::Rounding, true, dec("-0.02"));
    });
    assert_eq!(shifted, ["Rounding: ROUNDING_PER_LINE -0.02", "Retained earnings: ROUNDING_PER_LINE 0.02"]);
}

#[test]
fn a_gain_that_falls_into_another_year_is_named_on_both_accounts() {
    let with = |books: &mut Books<'_>| books.roundings.add("", Ledger::Exchange, false, dec("0.0025"));
    let xero = [balance("x-real", "Realised gains (499)", "-30"), balance("x-earned", "Retained (960)", "30")];
    assert_eq!(
        told(&xero, &[], with),
        ["Realised gains: GAIN_OF_ANOTHER_YEAR 30", "Retained earnings: GAIN_OF_ANOTHER_YEAR -30"]
    );
    let other = [balance("x-real", "Realised gains (499)", "-30"), balance("x-earned", "Retained (960)", "31")];
    assert_eq!(told(&other, &[], with), ["Realised gains: UNEXPLAINED 30", "Retained earnings: UNEXPLAINED -31"]);
}

#[test]
fn history_is_what_nothing_else_explains_and_cents_of_rounding_are_none() {
    let mut left_out = postings_of("115", "-100", "-15");
    left_out.extend(paid("-115"));
    // Left out and settled; held; and something that is older than every record.
    let xero = [
        balance("x-ar", "Debtors (610)", "23"),
        balance("x-sales", "Sales (200)", "-120"),
        balance("x-gst", "GST (820)", "-18"),
        balance("x-bank", "Bank", "315"),
        balance("x-earned", "Retained earnings (960)", "-200"),
    ];
    let mut books = Books { chart: chart(), pairs: pairs(), xero: &xero, ..Books::default() };
    miss(&mut books, OUT_OF_SCOPE, false, left_out);
    miss(&mut books, "HELD", false, postings_of("23", "-20", "-3"));
    let lines = |books: &Books<'_>| -> (Vec<(String, String)>, usize) {
        let to_open = to_open(books);
        let lines = to_open.lines.into_iter().map(|(account, amount)| (account, amount.normalize().to_string()));
        (lines.collect(), to_open.left.len())
    };
    let of =
        |lines: &[(&str, &str)]| lines.iter().map(|(account, amount)| ((*account).into(), (*amount).into())).collect::<Vec<_>>();
    let expected = of(&[("z-bank", "315"), ("z-earned", "-200"), ("z-gst", "-15"), ("z-sales", "-100")]);
    assert_eq!(lines(&books), (expected.clone(), 0));

    // A cent on what is owed that rounding may have left is taken from the gains of exchange rates.
    let cent = [xero[0].clone(), xero[1].clone(), xero[2].clone(), balance("x-bank", "Bank", "315.01"), xero[4].clone()];
    let less = [balance("z-ar", "Accounts Receivable", "0.01")];
    (books.xero, books.zoho) = (&cent, &less);
    books.roundings.add("", Ledger::Receivable, false, dec("0.0004"));
    let expected = of(&[("z-bank", "315.01"), ("z-earned", "-200"), ("z-gain", "-0.01"), ("z-gst", "-15"), ("z-sales", "-100")]);
    assert_eq!(lines(&books).0, expected);

    // What is owed and has no document is never written, and what is missing for it is said as well.
    let owed = [balance("x-ar", "Debtors (610)", "73"), balance("x-bank", "Bank", "-50")];
    let books = Books { chart: chart(), pairs: pairs(), xero: &owed, ..Books::default() };
    let found = to_open(&books);
    assert_eq!(found.lines, BTreeMap::from([("z-bank".to_owned(), dec("-50"))]));
    let expected = [(Ledger::Zoho("z-ar".into()), dec("73"), NOT_WRITTEN), (Ledger::OpeningAdjustment, dec("-50"), NOT_WRITTEN)];
    assert_eq!(found.left, expected);
}

fn postings_of(owed: &str, sales: &str, tax: &str) -> Vec<Posting> {
    let of = |ledger, amount: &str| Posting { ledger, amount: dec(amount) };
    vec![of(Ledger::Receivable, owed), of(Ledger::Code("200".into()), sales), of(Ledger::Tax, tax)]
}

fn paid(owed: &str) -> Vec<Posting> {
    vec![
        Posting { ledger: Ledger::Receivable, amount: dec(owed) },
        Posting { ledger: Ledger::Id("x-bank".into()), amount: -dec(owed) },
    ]
}
