//! The post: how a letter leaves the house. By SMTP, into a folder, or into memory for tests.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::response::Severity;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use url::{Host, Url};

use crate::letters::Letter;

/// How long one step of the SMTP conversation may take.
const SMTP_TIMEOUT_S: u64 = 30;

/// Where letters go.
#[derive(Clone)]
pub enum Post {
    Smtp(Smtp),
    Folder(Folder),
    Memory(Memory),
}

/// A mail server.
#[derive(Clone)]
pub struct Smtp {
    transport: Arc<Transport>,
    from: Mailbox,
}

/// The pool of connections. Its end is spawned, which panics where the runtime has ended before it.
struct Transport(Option<AsyncSmtpTransport<Tokio1Executor>>);

impl Drop for Transport {
    fn drop(&mut self) {
        if tokio::runtime::Handle::try_current().is_err() {
            std::mem::forget(self.0.take());
        }
    }
}

/// A folder: one `.eml` a letter, named by its id.
#[derive(Clone)]
pub struct Folder {
    path: PathBuf,
    from: Mailbox,
}

/// A list that tests look into.
#[derive(Clone)]
pub struct Memory {
    sent: Arc<Mutex<Vec<Letter>>>,
    from: Mailbox,
}

/// A setting that cannot be used: which one, and what would cure it. Never shows the password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {cure}")]
pub struct BadSetting {
    pub setting: &'static str,
    pub cure: String,
}

/// Why a letter did not go, named for what to do next.
#[derive(Debug, thiserror::Error)]
pub enum PostTrouble {
    /// The server is out of reach, busy, or does not know us: the letter is good, try again.
    #[error("the letter could not be handed over now: {0}")]
    Later(String),
    /// This letter will never be taken: its address is wrong or refused.
    #[error("the letter is refused: {0}")]
    Never(String),
}

impl Post {
    /// Reads `SMTP_URL` and `MAIL_FROM`. `smtp://` to another machine asks for TLS unless `?tls=none` says that the way is safe.
    pub fn from_url(url: &str, from: &str) -> Result<Post, BadSetting> {
        let from: Mailbox = from.parse().map_err(|_| BadSetting {
            setting: "MAIL_FROM",
            cure: "must be an address like `CloudPerfect <connect@example.com>`".into(),
        })?;
        let parsed = Url::parse(url).map_err(|_| bad_url())?;
        match parsed.scheme() {
            "smtp" | "smtps" => {
                let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(with_tls(parsed)?.as_str())
                    // The reason is dropped on purpose: it may quote the address with its password.
                    .map_err(|_| bad_url())?
                    .timeout(Some(Duration::from_secs(SMTP_TIMEOUT_S)))
                    .build();
                Ok(Post::Smtp(Smtp { transport: Arc::new(Transport(Some(transport))), from }))
            }
            "file" => Ok(Post::Folder(Folder { path: parsed.to_file_path().map_err(|()| bad_url())?, from })),
            "memory" => Ok(Post::Memory(Memory { sent: Arc::default(), from })),
            _ => Err(bad_url()),
        }
    }

    /// Hands one letter over and answers its `Message-ID`. The same letter sent twice has the same one.
    pub async fn send(&self, letter: &Letter) -> Result<String, PostTrouble> {
        let from = match self {
            Post::Smtp(smtp) => &smtp.from,
            Post::Folder(folder) => &folder.from,
            Post::Memory(memory) => &memory.from,
        };
        let message_id = message_id(letter, from);
        let message = message(letter, from, &message_id)?;
        match self {
            Post::Smtp(smtp) => {
                if let Some(transport) = &smtp.transport.0 {
                    transport.send(message).await.map_err(|error| trouble(&error))?;
                }
            }
            Post::Folder(folder) => folder.put(letter, &message).await?,
            Post::Memory(memory) => memory.sent.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(letter.clone()),
        }
        Ok(message_id)
    }
}

impl Folder {
    async fn put(&self, letter: &Letter, message: &Message) -> Result<(), PostTrouble> {
        let name = file_name(&letter.id);
        // Written beside and then renamed, so that nobody reads half a letter.
        let unfinished = self.path.join(format!(".{name}.part"));
        let written = async {
            tokio::fs::create_dir_all(&self.path).await?;
            tokio::fs::write(&unfinished, message.formatted()).await?;
            tokio::fs::rename(&unfinished, self.path.join(format!("{name}.eml"))).await
        };
        written.await.map_err(|error| PostTrouble::Later(error.to_string()))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Memory {
    /// What was sent so far.
    pub fn sent(&self) -> Vec<Letter> {
        self.sent.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }
}

/// One line without control characters or characters that turn the reading direction: fit for a header and for a name in a sentence.
pub(crate) fn one_line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| match c {
            c if c.is_control() => ' ',
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => ' ',
            c => c,
        })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn bad_url() -> BadSetting {
    BadSetting {
        setting: "SMTP_URL",
        cure: "must be smtp://host:port, smtps://user:password@host, file:///folder or memory:; smtp:// takes ?tls=required, opportunistic or none".into(),
    }
}

/// A letter with consent links must not cross a network in the clear because a parameter was forgotten.
fn with_tls(url: Url) -> Result<Url, BadSetting> {
    let asked = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value.into_owned());
    // In a scheme that browsers do not know, an IPv4 address is read as a name.
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback()),
        None => return Err(bad_url()),
    };
    let mut url = url;
    match (url.scheme(), asked.as_deref()) {
        ("smtps", _) | (_, Some("required" | "opportunistic")) => {}
        (_, None) if !loopback => url.set_query(Some("tls=required")),
        (_, None | Some("none")) => url.set_query(None),
        _ => return Err(bad_url()),
    }
    Ok(url)
}

fn message_id(letter: &Letter, from: &Mailbox) -> String {
    format!("<{}@{}>", file_name(&letter.id), from.email.domain())
}

/// An id as a part of a name: only what needs no quoting anywhere.
fn file_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

fn message(letter: &Letter, from: &Mailbox, message_id: &str) -> Result<Message, PostTrouble> {
    let to: Address = letter.to.trim().parse().map_err(|_| PostTrouble::Never("the address is not an e-mail address".into()))?;
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(one_line(&letter.subject))
        .message_id(Some(message_id.to_owned()))
        // Automatic answers ("I am on holiday") stay away.
        .header(AutoSubmitted)
        .multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))
        .map_err(|error| PostTrouble::Never(error.to_string()))
}

#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

/// "Never" only where the server said so about this letter. A server that does not know us (530, 534, 535, 538) is our setting to mend.
fn trouble(error: &lettre::transport::smtp::Error) -> PostTrouble {
    let of_us = error.status().is_some_and(|code| matches!(code.to_string().as_str(), "530" | "534" | "535" | "538"));
    let refused = error.status().is_some_and(|code| code.severity == Severity::PermanentNegativeCompletion);
    if refused && !of_us { PostTrouble::Never(error.to_string()) } else { PostTrouble::Later(error.to_string()) }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

    use super::*;

    fn letter() -> Letter {
        Letter {
            id: "0199aaaa-1".into(),
            to: "ada@example.com".into(),
            subject: "Grüße\r\nBcc: everyone@example.com".into(),
            text: "Hello Ada\n".into(),
            html: "<p>Hello Ada</p>".into(),
        }
    }

    /// A mail server that answers `RCPT TO` with the given line and keeps what it is sent.
    async fn server(rcpt: &'static str) -> (u16, tokio::task::JoinHandle<String>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let talk = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            stream.write_all(b"220 here\r\n").await.unwrap();
            let (mut heard, mut line, mut in_data) = (String::new(), String::new(), false);
            loop {
                line.clear();
                if stream.read_line(&mut line).await.unwrap() == 0 {
                    return heard;
                }
                heard.push_str(&line);
                let answer = match line.trim_end() {
                    "." if in_data => {
                        stream.write_all(b"250 taken\r\n").await.unwrap();
                        return heard;
                    }
                    _ if in_data => continue,
                    "DATA" => {
                        in_data = true;
                        "354 go on"
                    }
                    other if other.starts_with("RCPT") => rcpt,
                    _ => "250 ok",
                };
                let answer = format!("{answer}\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        (port, talk)
    }

    async fn send_to(rcpt: &'static str) -> (Result<String, PostTrouble>, String) {
        let (port, talk) = server(rcpt).await;
        let url = format!("smtp://127.0.0.1:{port}");
        let post = Post::from_url(&url, "CloudPerfect <connect@example.com>").unwrap();
        let outcome = post.send(&letter()).await;
        drop(post);
        (outcome, talk.await.unwrap())
    }

    #[tokio::test]
    async fn a_letter_crosses_smtp_with_its_own_message_id_and_no_extra_header() {
        let (outcome, heard) = send_to("250 ok").await;
        assert_eq!(outcome.unwrap(), "<0199aaaa-1@example.com>");
        let data = heard.split_once("DATA\r\n").unwrap().1;
        let mail = mailparse::parse_mail(data.as_bytes()).unwrap();
        let header = |name: &str| mailparse::MailHeaderMap::get_first_value(&mail.headers[..], name);
        assert_eq!(header("Message-ID").unwrap(), "<0199aaaa-1@example.com>");
        assert_eq!(header("Auto-Submitted").unwrap(), "auto-generated");
        assert_eq!(header("Subject").unwrap(), "Grüße Bcc: everyone@example.com");
        assert_eq!(header("Bcc"), None);
        assert_eq!(mail.subparts.len(), 2);
        assert_eq!(mail.subparts[0].get_body().unwrap().trim_end(), "Hello Ada");
    }

    #[tokio::test]
    async fn a_busy_server_means_later_and_an_unknown_address_means_never() {
        let (outcome, _) = send_to("451 greylisted").await;
        assert!(matches!(outcome, Err(PostTrouble::Later(_))), "{outcome:?}");
        let (outcome, _) = send_to("550 no such mailbox").await;
        assert!(matches!(outcome, Err(PostTrouble::Never(_))), "{outcome:?}");
        let (outcome, _) = send_to("530 authentication required").await;
        assert!(matches!(outcome, Err(PostTrouble::Later(_))), "{outcome:?}");
        let nobody = Post::from_url("smtp://127.0.0.1:1", "a@example.com").unwrap();
        let outcome = nobody.send(&letter()).await;
        assert!(matches!(outcome, Err(PostTrouble::Later(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn a_folder_keeps_one_file_a_letter_however_often_it_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let url = Url::from_file_path(folder.path().join("mail")).unwrap();
        let post = Post::from_url(url.as_str(), "connect@example.com").unwrap();
        let once = post.send(&letter()).await.unwrap();
        assert_eq!(post.send(&letter()).await.unwrap(), once);
        let files: Vec<_> = std::fs::read_dir(folder.path().join("mail"))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(files, ["0199aaaa-1.eml"]);
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_refused_before_anything_is_sent() {
        let post = Post::from_url("memory:", "connect@example.com").unwrap();
        for to in ["", "ada", "ada@example.com\r\nBcc: b@example.com", "a@b, c@d"] {
            let wrong = Letter { to: to.into(), ..letter() };
            let outcome = post.send(&wrong).await;
            assert!(matches!(outcome, Err(PostTrouble::Never(_))), "{to}");
        }
        post.send(&letter()).await.unwrap();
        let Post::Memory(memory) = &post else { panic!("not memory") };
        assert_eq!(memory.sent(), [letter()]);
    }

    #[test]
    fn the_post_may_outlive_the_runtime() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (post, outcome) = runtime.block_on(async {
            let (port, talk) = server("250 ok").await;
            let post = Post::from_url(&format!("smtp://127.0.0.1:{port}"), "a@example.com").unwrap();
            let outcome = post.send(&letter()).await;
            talk.await.unwrap();
            (post, outcome)
        });
        drop(runtime);
        drop(post);
        outcome.unwrap();
    }

    #[test]
    fn a_bad_setting_names_itself_and_hides_the_password() {
        for url in ["", "smtp:", "http://host", "smtp://me:hunter2@host?tls=maybe"] {
            let wrong = Post::from_url(url, "a@example.com").err().unwrap();
            assert_eq!(wrong.setting, "SMTP_URL");
            assert!(!wrong.to_string().contains("hunter2"));
        }
        let wrong = Post::from_url("memory:", "nobody").err().unwrap();
        assert_eq!(wrong.setting, "MAIL_FROM");
    }

    #[test]
    fn another_machine_is_spoken_to_in_tls_unless_told_otherwise() {
        let read = |url: &str| with_tls(Url::parse(url).unwrap()).unwrap().to_string();
        assert_eq!(read("smtp://mail.example.com"), "smtp://mail.example.com?tls=required");
        assert_eq!(read("smtp://mail.example.com?tls=none"), "smtp://mail.example.com");
        assert_eq!(read("smtp://127.0.0.1:25"), "smtp://127.0.0.1:25");
        assert_eq!(read("smtps://mail.example.com"), "smtps://mail.example.com");
    }
}
