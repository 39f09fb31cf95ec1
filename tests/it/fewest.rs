//! Calls are the currency: a migration makes as few as the providers' interfaces allow, within two in a hundred.
//! What had to be made is worked out by `demo::calls`, from what was carried.

use api::demo::calls::Counted;
use api::demo::summary;
use tests::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_company_is_carried_with_as_few_calls_as_there_may_be() {
    costs_at_most("demo-company", 1.02).await;
}

/// In a company of which every record is a trap, taken names, refusals and odd records cost looks and second tries, which no formula
/// foresees; and its lists are so short that each look weighs.
#[tokio::test(flavor = "multi_thread")]
async fn a_company_of_traps_costs_no_more_than_a_third_on_top() {
    costs_at_most("nasty", 1.34).await;
}

/// Migrates this company, with so many calls for each that had to be made.
async fn costs_at_most(profile: &str, ratio_max: f64) {
    let (world, connected) = World::of_company(profile, None, None).await;
    let (_, progress) = world.migrate(&connected).await;
    let (table, ratio) = summary::table(&progress, &Counted::ask(&world.stage, "books").await.unwrap());
    println!("{table}");
    assert!(ratio <= ratio_max, "{ratio:.3} calls for each that had to be made:\n{table}");
    world.end().await;
}
