//! `Idempotency-Key`: whatever is sent twice is done once, answered alike, and kept so that nobody can read it.

use std::collections::HashSet;
use std::time::Duration;

use reqwest::{Method, Response};
use sea_orm::ConnectionTrait;
use serde_json::Value;
use tests::World;

use crate::partners::{ALL, ask, newcomer, problem, program, read, sign_in};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_sent_twice_is_done_once() {
    let world = World::without_worker().await;
    let program = program(&world, "Kea Partners", &[], &ALL).await;
    let send = async |key: &str, body: &Value| {
        ask(&world, &program.token, Method::POST, "/api/v1/tenants")
            .header("idempotency-key", key)
            .json(body)
            .send()
            .await
            .unwrap()
    };
    let tenants = async || world.rows("SELECT COUNT(*) AS n FROM tenant").await;
    let first = send("one", &newcomer("Kowhai Ltd")).await;
    let place = first.headers()["location"].to_str().unwrap().to_owned();
    let (status, made) = read(first).await;
    assert_eq!((status, place), (201, format!("/api/v1/tenants/{}", made["id"].as_str().unwrap())));
    let again = send("one", &newcomer("Kowhai Ltd")).await;
    assert_eq!(again.headers()["idempotency-replayed"], "true");
    assert!(again.headers().contains_key("location"));
    assert_eq!(read(again).await, (201, made.clone()));
    assert_eq!(tenants().await, 1);
    let another = send("one", &newcomer("Another Ltd")).await;
    assert!(!another.headers().contains_key("retry-after"), "waiting does not help");
    assert_eq!(problem(another, 409).await.0, "CONFLICT");

    // A key is used up by success only.
    let mut bad = newcomer("Rimu Ltd");
    bad["region"] = "mars".into();
    assert_eq!(problem(send("two", &bad).await, 422).await.1["field"], "region");
    assert_eq!(send("two", &newcomer("Rimu Ltd")).await.status(), 201);
    for wrong in ["", "a b", &"x".repeat(256)] {
        assert_eq!(problem(send(wrong, &newcomer("Nobody Ltd")).await, 422).await.1["field"], "Idempotency-Key");
    }

    // At once: one is done, and the others are told so or told to wait.
    let body = newcomer("Totara Ltd");
    let all = (0..6).map(|_| send("three", &body));
    let all = futures_of(all).await;
    let ids: HashSet<String> = all.iter().filter(|(status, _)| *status == 201).map(|(_, made)| made["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "{all:?}");
    assert!(all.iter().all(|(status, _)| [201, 409].contains(status)), "{all:?}");
    assert_eq!(tenants().await, 3);

    // Another program's keys are its own.
    let other = crate::partners::program(&world, "Other", &[], &ALL).await;
    let theirs = ask(&world, &other.token, Method::POST, "/api/v1/tenants").header("idempotency-key", "one");
    assert_eq!(theirs.json(&newcomer("Kowhai Ltd")).send().await.unwrap().status(), 201);

    // Nothing of it can be read in the database.
    let database = &world.stage.context.database;
    let text = "SELECT print, answer FROM idempotency";
    let rows = database.query_all_raw(entities::database::sql(database.get_database_backend(), text, vec![])).await.unwrap();
    assert_eq!(rows.len(), 4);
    for row in rows {
        for column in ["print", "answer"] {
            let bytes: Vec<u8> = row.try_get("", column).unwrap();
            assert!(!bytes.windows(6).any(|window| window == b"kowhai" || window == b"Kowhai"), "{column}");
        }
    }

    // A process that died on the way: what it made is found, not made again.
    let forget = "UPDATE idempotency SET status = NULL, answer = NULL";
    database.execute_unprepared(forget).await.unwrap();
    let answer = send("one", &newcomer("Kowhai Ltd")).await;
    assert_eq!(answer.headers()["retry-after"], "1");
    problem(answer, 409).await;
    world.advance(Duration::from_secs(61)).await;
    assert_eq!(read(send("one", &newcomer("Kowhai Ltd")).await).await.1["id"], made["id"]);
    assert_eq!(tenants().await, 4);

    // Nor is a second letter sent for one.
    let again = format!("/api/v1/tenants/{}/consents", made["id"].as_str().unwrap());
    let letters = async || world.rows("SELECT COUNT(*) AS n FROM letter").await;
    let resend = async || {
        let request = ask(&world, &program.token, Method::POST, &again).header("idempotency-key", "letter");
        request.json(&serde_json::json!({ "provider": "XERO" })).send().await.unwrap().status().as_u16()
    };
    assert_eq!(resend().await, 200);
    let sent = letters().await;
    database
        .execute_unprepared("UPDATE idempotency SET status = NULL, answer = NULL, claimed_at = 0 WHERE status = 200")
        .await
        .unwrap();
    assert_eq!((resend().await, letters().await), (200, sent));

    // Whoever may not see the customer any more is not told again what was answered about them.
    let own = "UPDATE partner_tenant SET partner_id = (SELECT partner_id FROM api_client WHERE name = 'Other')";
    let of_kowhai = format!("{own} WHERE tenant_id = (SELECT id FROM tenant WHERE name = 'Kowhai Ltd' ORDER BY id LIMIT 1)");
    database.execute_unprepared(&of_kowhai).await.unwrap();
    problem(send("one", &newcomer("Kowhai Ltd")).await, 404).await;
    assert_eq!(resend().await, 404);
    let back = of_kowhai.replace("'Other'", "'Kea Partners'");
    database.execute_unprepared(&back).await.unwrap();

    // What failed in us is taken up at once, under the id that was chosen for it.
    database.execute_unprepared("ALTER TABLE letter RENAME TO mislaid").await.unwrap();
    assert_eq!(problem(send("four", &newcomer("Matai Ltd")).await, 500).await.0, "INTERNAL");
    database.execute_unprepared("ALTER TABLE mislaid RENAME TO letter").await.unwrap();
    let text = "SELECT planned_id FROM idempotency WHERE status IS NULL";
    let left = database.query_all_raw(entities::database::sql(database.get_database_backend(), text, vec![])).await.unwrap();
    assert_eq!(left.len(), 4, "three that were forgotten above, and this one");
    let planned: HashSet<String> =
        left.iter().map(|row| row.try_get::<uuid::Uuid>("", "planned_id").unwrap().to_string()).collect();
    let (status, made_now) = read(send("four", &newcomer("Matai Ltd")).await).await;
    assert_eq!(status, 201, "{made_now}");
    assert!(planned.contains(made_now["id"].as_str().unwrap()), "{made_now} is none of {planned:?}");

    // The next day a key is free again.
    world.advance(Duration::from_secs(24 * 3600)).await;
    let (_, answer) = sign_in(&world, &program.id, &program.secret).await;
    let fresh = ask(&world, answer["access_token"].as_str().unwrap(), Method::POST, "/api/v1/tenants");
    let (_, anew) = read(fresh.header("idempotency-key", "one").json(&newcomer("Kowhai Ltd")).send().await.unwrap()).await;
    assert_ne!(anew["id"], made["id"]);
    world.end().await;
}

async fn futures_of(all: impl Iterator<Item = impl Future<Output = Response>>) -> Vec<(u16, Value)> {
    let mut answers = Vec::new();
    for answer in futures::future::join_all(all).await {
        answers.push(read(answer).await);
    }
    answers
}
