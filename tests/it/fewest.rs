//! Calls are the currency: a migration makes as few as the providers' interfaces allow, within two in a hundred.
//! What had to be made is worked out by `demo::calls`, from what was carried.

use api::demo::calls::Counted;
use api::demo::summary;
use tests::World;

/// Calls for each that had to be made.
const RATIO_MAX: f64 = 1.02;

#[tokio::test(flavor = "multi_thread")]
async fn a_company_is_carried_with_as_few_calls_as_there_may_be() {
    let (world, connected) = World::of_company("demo-company", None, None).await;
    let (_, progress) = world.migrate(&connected).await;
    let (table, ratio) = summary::table(&progress, &Counted::ask(&world.stage, "books").await.unwrap());
    println!("{table}");
    assert!(ratio <= RATIO_MAX, "{ratio:.3} calls for each that had to be made:\n{table}");
    world.end().await;
}

/// In a company of which every record is a trap, taken names, refusals and odd records cost looks and second tries, which no formula
/// foresees; and its lists are so short that each look weighs.
#[tokio::test(flavor = "multi_thread")]
async fn a_company_of_traps_costs_no_more_than_a_third_on_top() {
    let (world, connected) = World::of_company("nasty", None, None).await;
    let (_, progress) = world.migrate(&connected).await;
    let (table, ratio) = summary::table(&progress, &Counted::ask(&world.stage, "books").await.unwrap());
    println!("{table}");
    assert!(ratio <= 1.34, "{ratio:.3} calls for each that had to be made:\n{table}");
    world.end().await;
}
