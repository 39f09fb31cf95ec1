//! A partner's server that is told of what happens: takes messages down, and answers as a story says.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// One message that arrived, whatever was answered.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// `/hooks?of=story`.
    pub path: String,
    pub headers: HashMap<String, String>,
    /// As text, where it is one.
    pub body: String,
    pub bytes: Vec<u8>,
    pub answered: u16,
}

#[derive(Debug, Default)]
struct Seen {
    arrived: Vec<Arrived>,
    answers: VecDeque<u16>,
}

/// Listens on this machine until it is dropped.
pub struct Receiver {
    pub url: String,
    seen: Arc<Mutex<Seen>>,
    listening: JoinHandle<()>,
}

impl Receiver {
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hooks?of=story", listener.local_addr().expect("an address"));
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let listening = tokio::spawn({
            let seen = seen.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(take(stream, seen.clone()));
                }
            }
        });
        Self { url, seen, listening }
    }

    /// What the next messages are answered with, one after the other; 204 afterwards.
    pub fn answers(&self, statuses: &[u16]) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).answers.extend(statuses);
    }

    pub fn arrived(&self) -> Vec<Arrived> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).arrived.clone()
    }

    /// Those of one kind.
    pub fn of(&self, event: &str) -> Vec<Arrived> {
        self.arrived().into_iter().filter(|one| one.json()["type"] == event).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Arrived {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a message is JSON")
    }

    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    /// Checks the signature as a partner's program does, from the standard's text: any of those in the header will do.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = BASE64.decode(secret.strip_prefix("whsec_").expect("a secret of the standard's form")).expect("base64");
        let signed = format!("{}.{}.{}", self.id(), self.headers["webhook-timestamp"], self.body);
        self.headers["webhook-signature"].split(' ').filter_map(|one| one.strip_prefix("v1,")).any(|signature| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
            mac.update(signed.as_bytes());
            BASE64.decode(signature).is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
        })
    }
}

async fn take(mut stream: TcpStream, seen: Arc<Mutex<Seen>>) {
    let (reading, mut writing) = stream.split();
    let mut lines = BufReader::new(reading);
    let (mut headers, mut line) = (HashMap::new(), String::new());
    if lines.read_line(&mut line).await.unwrap_or(0) == 0 {
        return;
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    loop {
        line.clear();
        if lines.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    if lines.read_exact(&mut body).await.is_err() {
        return;
    }
    let status = {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let answered = seen.answers.pop_front().unwrap_or(204);
        let text = String::from_utf8(body.clone()).unwrap_or_default();
        seen.arrived.push(Arrived { path, headers, body: text, bytes: body, answered });
        answered
    };
    let answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let _ = writing.write_all(answer.as_bytes()).await;
}
