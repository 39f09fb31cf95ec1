//! A partner's whole story, as `docs/partners.md` tells it: its commands are run as they stand there, while the customer consents.

use std::process::Stdio;

use api::demo::customer::Customer;
use tests::receiver::Receiver;
use tests::{COMPANY, World, eventually};
use tokio::process::Command;

use crate::partners::{ALL, program};

/// The shell's part of a page.
fn script(page: &str) -> String {
    let mut script = "set -eu\n".to_owned();
    for block in page.split("```sh\n").skip(1) {
        script.push_str(block.split("```").next().unwrap());
    }
    script
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_partners_page_take_a_customer_from_the_letter_to_the_migrated_books() {
    let has_tools = ["sh", "curl"].iter().all(|tool| {
        std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()))
    });
    if !has_tools {
        println!("skipped: this machine has no sh or no curl");
        return;
    }
    let world = World::new().await;
    world.seed("tiny", None, None).await;
    let program = program(&world, "Kea Partners", &[], &ALL).await;
    let receiver = Receiver::new().await;
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/partners.md")).unwrap();
    let script = script(&page);
    assert!(script.lines().count() > 20, "{script}");
    let story = Command::new("sh")
        .arg("-c")
        .arg(&script)
        .env("CPCONNECT_URL", world.stage.public_url.as_str().trim_end_matches('/'))
        .env("CLIENT_ID", &program.id)
        .env("CLIENT_SECRET", &program.secret)
        .env("HOOK_URL", &receiver.url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();

    let mut customer = Customer::new(&world.stage.sandbox_url, "ann@kowhai.example");
    let customers = async {
        eventually("the customer is taken in", async || {
            (world.rows("SELECT COUNT(*) AS n FROM letter WHERE state = 'sent'").await == 1).then_some(())
        })
        .await;
        let links = customer.letter(1).await.unwrap().consent_links();
        for (link, organisation) in [(&links[0], COMPANY), (&links[1], "")] {
            let page = customer.allow(link, organisation).await.unwrap();
            assert_eq!(page.url.path(), "/connect/done", "{}", page.text());
        }
    };
    let patience = tokio::time::timeout(tests::patience(), story.wait_with_output());
    let (ended, ()) = tokio::join!(patience, customers);
    let ended = ended.expect("the story ends").unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{said}\n{wrong}");
    assert!(said.contains("\"totalCount\":") && said.contains("\"products\":[{"), "{said}");
    let done = "SELECT COUNT(*) AS n FROM run WHERE kind = 'migration' AND state = 'done' AND requested_by LIKE 'client:%'";
    assert_eq!(world.rows(done).await, 1, "{said}");
    assert!(said.contains("\"delivered\":true"), "{said}");
    assert_eq!(receiver.of("test").len(), 1);
    world.end().await;
}
