//! The proof: a generated company of every kind of record arrives to the cent, and carrying it again writes nothing.
//!
//! `PROOF_EACH=100000 PROOF_SEED=3 PATIENCE_S=7200` asks for more documents of each kind, and for others.

use tests::generated;
use tests::whole::whole;
use tests::{World, sum};

/// Records of each kind when nobody asks for another number.
const EACH: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn every_generated_record_arrives_to_the_cent_and_the_second_run_writes_nothing() {
    let (each, seed) = (setting("PROOF_EACH").unwrap_or(EACH as u64) as usize, setting("PROOF_SEED").unwrap_or(11));
    let mut world = World::new().await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    let counts = generated::company(&world, each, seed).await;
    for (kind, (taken, refused)) in &counts {
        println!("{kind}: {taken} entered, {refused} refused by Xero");
        assert!(*taken * 10 >= (taken + refused) * 8, "{kind}: most of what is generated is valid");
    }
    let (run, progress) = world.migrate(&connected).await;
    let findings = world.staff.findings(&run).await.unwrap();
    let holds = world.staff.holds(&connected.link).await.unwrap();
    for finding in findings.iter().filter(|finding| finding["explained"] != true).take(20) {
        println!("{}: {}", finding["cause"], finding["sentence"]);
    }
    for hold in holds.iter().take(20) {
        println!("{}: {}", hold["code"], hold["sentence"]);
    }
    let verdict = whole(&world).await;
    println!("{} wanted, {} arrived, {} held", verdict.wanted, verdict.arrived, verdict.held);
    assert!(verdict.is_whole(), "{verdict:#?}");
    assert!(findings.iter().all(|finding| finding["explained"] == true), "every difference has a name");
    assert!(holds.iter().all(|hold| hold["expected"] == true), "nothing is held that was not announced");
    assert_eq!(progress["clean"], true);
    let (_, again) = world.run("syncNow", &connected).await;
    assert_eq!((sum(&again, "created"), sum(&again, "updated")), (0, 0), "the second run writes nothing");
    world.end().await;
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}
