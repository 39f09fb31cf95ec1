//! Master keys are rotated while everybody is at work: no read fails, nothing is lost, and afterwards the old key is not needed any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use entities::sealed::MasterKeys;
use entities::tenant;
use reqwest::Method;
use serde_json::json;
use tests::receiver::Receiver;
use tests::{World, eventually, program as binary};

use crate::partners::{ALL, ask, program, read};

/// Customers beside the one that is migrated: enough for a rotation to be under way while others read.
const OTHERS: usize = 40;
/// At least so many, and as many as it takes until others have read so often.
const ROTATIONS: usize = 4;
const READS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_under_load_and_no_read_fails() {
    let generate = |id: &str| MasterKeys::generate(id, &entities::chance::SystemChance);
    let (old, new) = (generate("old"), generate("new"));
    let settings = vec![("MASTER_KEYS".to_owned(), format!("{old},{new}")), ("API_PER_MINUTE".to_owned(), "1000000".to_owned())];
    let mut world = World::with(settings, true).await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    // Records are held: their sentences are sealed with the tenant's key.
    world.run("syncNow", &connected).await;
    let held = world.staff.holds(&connected.link).await.unwrap().len();
    assert!(held > 0);
    let (partner, receiver) = (program(&world, "Kea Partners", &[&connected.tenant], &ALL).await, Receiver::new().await);
    let wish = json!({ "url": receiver.url, "events": ["run.finished"] });
    let made = ask(&world, &partner.token, Method::POST, "/api/v1/webhooks").json(&wish).send().await.unwrap();
    let webhook = read(made).await.1["id"].as_str().unwrap().to_owned();
    for n in 0..OTHERS {
        world.staff.onboard(&format!("Customer {n}"), &format!("c{n}@kowhai.example"), "nz").await.unwrap();
    }

    let with = |keys: &str| world.environment("MASTER_KEYS", Some(keys));
    let (over, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let rotating = async {
        let mut n = 0;
        while n < ROTATIONS || reads.load(Ordering::SeqCst) < READS {
            let keys = if n % 2 == 0 { format!("{new},{old}") } else { format!("{old},{new}") };
            let (exit, said, wrong) = binary::run(&["keys", "rotate"], &with(&keys)).await;
            assert_eq!(exit, Some(0), "{said}{wrong}");
            // Reads beside it wrap the one customer's key with what is the newest for them.
            let wrapped = [OTHERS, OTHERS + 1].map(|count| format!("wrapped with {:?} now: {count};", &keys[..3]));
            assert!(wrapped.iter().any(|wrapped| said.contains(wrapped)), "{said}");
            assert!(said.contains("sealed anew: 1"), "{said}");
            n += 1;
        }
        // And once more, so that the new one is the last: for the server too, which reads it from its file.
        world.stage.context.keys.replace(&MasterKeys::parse(&format!("{new},{old}")).unwrap()).unwrap();
        let (exit, said, _) = binary::run(&["keys", "rotate"], &with(&format!("{new},{old}"))).await;
        assert_eq!(exit, Some(0), "{said}");
        println!("{n} rotations of {} keys", OTHERS + 1);
        over.store(true, Ordering::SeqCst);
    };
    let reading = async {
        while !over.load(Ordering::SeqCst) {
            let holds = world.staff.holds(&connected.link).await.unwrap();
            let unread = holds.iter().filter(|hold| hold["sentence"] == "The reason can no longer be read.").count();
            assert_eq!((holds.len(), unread), (held, 0));
            let tried =
                ask(&world, &partner.token, Method::POST, &format!("/api/v1/webhooks/{webhook}/test")).send().await.unwrap();
            let (status, tried) = read(tried).await;
            assert_eq!((status, &tried["delivered"]), (200, &json!(true)), "{tried}");
            reads.fetch_add(1, Ordering::SeqCst);
        }
    };
    let working = async {
        while !over.load(Ordering::SeqCst) {
            let (run, progress) = world.run("syncNow", &connected).await;
            assert_eq!(progress["state"], "DONE", "{run}");
        }
    };
    tokio::join!(rotating, reading, working);
    let reads = reads.load(Ordering::SeqCst);
    println!("beside them {reads} rounds of reads, of which none failed");

    // The old key may go: the new one alone opens everything.
    let alone = MasterKeys::parse(&new).unwrap();
    for tenant in tenant::Entity::all().all(&world.stage.context.database).await.unwrap() {
        assert!(alone.unwrap_tenant(tenant.id, &tenant.wrapped_key).is_ok());
    }
    let (exit, table, wrong) = binary::run(&["doctor"], &with(&new)).await;
    assert_eq!(exit, Some(0), "{table}{wrong}");
    let (exit, table, _) = binary::run(&["doctor"], &with(&old)).await;
    assert_eq!(exit, Some(1), "{table}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_in_a_file_are_read_again_without_a_restart_and_what_is_read_is_wrapped_anew() {
    let generate = |id: &str| MasterKeys::generate(id, &entities::chance::SystemChance);
    let (old, new) = (generate("old"), generate("new"));
    let mut world = World::without_worker().await;
    let file = world.stage.folder.path().join("master-keys");
    std::fs::write(&file, format!("{old}\n")).unwrap();
    let log = world.stage.folder.path().join("cpconnect.log");
    let server = world.served(&[("MASTER_KEYS", format!("file:{}", file.display()))], &log).await;
    world.seed("tiny", None, None).await;
    let connected = world.connected().await;
    assert_eq!(wrapped_with(&world).await, ["old"]);

    let says = async |what: &str| {
        eventually(what, async || std::fs::read_to_string(&log).unwrap().contains(what).then_some(())).await;
    };
    // What is no list of keys changes nothing.
    std::fs::write(&file, "old:nonsense").unwrap();
    server.signal("-HUP");
    says("those we have go on counting").await;
    world.staff.onboard("Second Ltd", "second@kowhai.example", "nz").await.unwrap();
    assert_eq!(wrapped_with(&world).await, ["old", "old"]);

    std::fs::write(&file, format!("{new}\n{old}\n")).unwrap();
    server.signal("-HUP");
    says("the master keys were read again keys=\"new,old\"").await;
    // The first read of a tenant's key wraps it with the newest; who comes now is wrapped with it at once.
    world.run("syncNow", &connected).await;
    world.staff.onboard("Third Ltd", "third@kowhai.example", "nz").await.unwrap();
    let mut wrapped = wrapped_with(&world).await;
    assert_eq!((wrapped.remove(0), wrapped.remove(1)), ("new".to_owned(), "new".to_owned()));
    assert!(!std::fs::read_to_string(&log).unwrap().contains(new.split_once(':').unwrap().1), "the log shows a key");
    drop(server);
    world.end().await;
}

/// The ids of the master keys that wrap the tenants' keys, in the order in which the tenants came.
async fn wrapped_with(world: &World) -> Vec<String> {
    let mut tenants = tenant::Entity::all().all(&world.stage.context.database).await.unwrap();
    tenants.sort_by_key(|tenant| tenant.id.0);
    tenants.iter().map(|tenant| MasterKeys::wrapped_with(&tenant.wrapped_key).unwrap().to_owned()).collect()
}
