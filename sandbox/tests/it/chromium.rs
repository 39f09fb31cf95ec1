//! Chromium without a screen, driven over WebDriver: what a person sees and clicks. The product's own stories include this file, too.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A browser of its own.
pub struct Browser {
    driver: Child,
    client: Client,
    session: String,
    /// Held open, because the driver ends when nobody can hear it.
    _said: Lines<BufReader<ChildStdout>>,
    _profile: TempDir,
}

impl Browser {
    /// None when this machine has no driver. Where CI runs that is a failure.
    pub async fn open() -> Option<Self> {
        let mut driver = match Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn() {
            Ok(driver) => driver,
            Err(error) if std::env::var_os("CI").is_some() => panic!("CI has no chromedriver: {error}"),
            Err(_) => return None,
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("successfully on port ")?.1.trim_end_matches('.').to_owned()));
        let port: u16 = port.unwrap().parse().unwrap();
        let profile = tempfile::tempdir().unwrap();
        let folder = format!("--user-data-dir={}", profile.path().display());
        let flags = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,1200",
            &folder,
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": {"args": flags}}}});
        let client = Client::builder().timeout(Duration::from_secs(120)).build().unwrap();
        let mut browser =
            Self { driver, client, session: format!("http://127.0.0.1:{port}/session"), _said: lines, _profile: profile };
        let opened = browser.order("", wanted).await;
        browser.session = format!("{}/{}", browser.session, opened["sessionId"].as_str().unwrap());
        Some(browser)
    }

    pub async fn order(&self, path: &str, body: Value) -> Value {
        let answer = self.client.post(format!("{}{path}", self.session)).json(&body).send().await.unwrap();
        Self::value(path, answer.json().await.unwrap())
    }

    async fn ask(&self, path: &str) -> Value {
        let answer = self.client.get(format!("{}{path}", self.session)).send().await.unwrap();
        Self::value(path, answer.json().await.unwrap())
    }

    fn value(path: &str, mut answer: Value) -> Value {
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].take()
    }

    pub async fn visit(&self, url: &str) {
        self.order("/url", json!({"url": url})).await;
    }

    pub async fn element(&self, using: &str, value: &str) -> String {
        let found = self.order("/element", json!({"using": using, "value": value})).await;
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    pub async fn click(&self, using: &str, value: &str) {
        let element = self.element(using, value).await;
        self.order(&format!("/element/{element}/click"), json!({})).await;
    }

    pub async fn text(&self, selector: &str) -> String {
        let element = self.element("css selector", selector).await;
        self.ask(&format!("/element/{element}/text")).await.as_str().unwrap().to_owned()
    }

    /// Types into a field.
    pub async fn write(&self, selector: &str, text: &str) {
        let element = self.element("css selector", selector).await;
        self.order(&format!("/element/{element}/value"), json!({"text": text})).await;
    }

    pub async fn address(&self) -> String {
        self.ask("/url").await.as_str().unwrap().to_owned()
    }

    pub async fn windows(&self) -> Vec<Value> {
        self.ask("/window/handles").await.as_array().unwrap().clone()
    }

    /// Goes to the window that a click has opened, once its page is there.
    pub async fn follow_to_new_window(&self, known: &[Value]) {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(new) = self.windows().await.iter().find(|window| !known.contains(window)) {
                self.order("/window", json!({"handle": new})).await;
                if self.address().await.starts_with("http") {
                    return;
                }
            }
            assert!(Instant::now() < end, "no window has opened; the page says: {}", self.text("main").await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the page's heading is this.
    pub async fn arrives_at(&self, heading: &str) {
        let end = Instant::now() + PATIENCE;
        while self.text("h1").await != heading {
            assert!(Instant::now() < end, "{heading:?} is not shown at {}", self.address().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn resize(&self, width: u32, height: u32) {
        self.order("/window/rect", json!({"width": width, "height": height})).await;
    }

    /// How much wider the page is than its window.
    pub async fn overflow(&self) -> i64 {
        let script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth;";
        self.order("/execute/sync", json!({"script": script, "args": []})).await.as_i64().unwrap()
    }

    pub async fn keep_picture(&self, name: &str) {
        let picture = self.ask("/screenshot").await;
        let picture = base64::engine::general_purpose::STANDARD.decode(picture.as_str().unwrap()).unwrap();
        let folder = artefacts();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), picture).unwrap();
    }
}

impl Drop for Browser {
    /// Also when a test has failed: neither the browser nor its driver is left running.
    fn drop(&mut self) {
        if let Ok(session) = Url::parse(&self.session)
            && let Ok(mut driver) = TcpStream::connect(("127.0.0.1", session.port().unwrap_or(0)))
        {
            let _ = driver.set_read_timeout(Some(PATIENCE));
            let farewell = format!("DELETE {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", session.path());
            let _ = driver.write_all(farewell.as_bytes());
            let _ = driver.read(&mut [0; 512]);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Where pictures are kept for people to look at.
fn artefacts() -> PathBuf {
    match std::env::var_os("CPCONNECT_ARTEFACTS") {
        Some(folder) => folder.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/artefacts"),
    }
}
