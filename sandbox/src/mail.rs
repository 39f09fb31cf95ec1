//! The mail catcher: a real SMTP server that delivers nothing and shows everything.

use std::io::Result;
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use mailparse::{MailHeaderMap, ParsedMail};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::clock::Clock;

/// A letter larger than this is refused, as most servers do.
const LETTER_BYTES_MAX: usize = 10 * 1024 * 1024;
/// A command line longer than this is refused (RFC 5321 asks for 512; authentication may need more).
const LINE_BYTES_MAX: u64 = 16 * 1024;
/// The newest so many letters are kept.
const LETTERS_MAX: usize = 10_000;

/// One caught letter.
#[derive(Clone, Debug, Serialize)]
pub struct Letter {
    pub at: DateTime<Utc>,
    /// Of the envelope.
    pub from: String,
    pub to: Vec<String>,
    pub subject: String,
    pub text: Option<String>,
    pub html: Option<String>,
    /// Names of attached files.
    pub attachments: Vec<String>,
    /// All headers, in order.
    pub headers: Vec<(String, String)>,
}

/// What was caught, oldest first.
#[derive(Clone, Default)]
pub struct Mailbox {
    letters: Arc<Mutex<Vec<Letter>>>,
}

impl Mailbox {
    pub fn letters(&self) -> Vec<Letter> {
        self.lock().clone()
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    fn catch(&self, letter: Letter) {
        let mut letters = self.lock();
        if letters.len() == LETTERS_MAX {
            letters.remove(0);
        }
        letters.push(letter);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Letter>> {
        self.letters.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// A listening catcher.
pub struct Server {
    port: u16,
    task: JoinHandle<()>,
}

impl Server {
    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn stop(&self) {
        self.task.abort();
    }
}

/// Listens on 127.0.0.1; port 0 takes a free one.
pub async fn listen(port: u16, mailbox: Mailbox, clock: Clock) -> Result<Server> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let port = listener.local_addr()?.port();
    let task = tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let (mailbox, clock) = (mailbox.clone(), clock.clone());
                    tokio::spawn(async move {
                        if let Err(error) = converse(stream, &mailbox, &clock).await {
                            tracing::debug!(%error, "a mail client left early");
                        }
                    });
                }
                Err(error) => tracing::warn!(%error, "a mail client could not be accepted"),
            }
        }
    });
    Ok(Server { port, task })
}

#[derive(Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

async fn converse(stream: TcpStream, mailbox: &Mailbox, clock: &Clock) -> Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let mut envelope = Envelope::default();
    write.write_all(b"220 sandbox ESMTP ready\r\n").await?;
    loop {
        let mut line = Vec::new();
        (&mut read).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await?;
        if line.is_empty() {
            return Ok(());
        }
        if line.last() != Some(&b'\n') {
            return write.write_all(b"500 5.5.2 line too long\r\n").await;
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                envelope = Envelope::default();
                format!("250-sandbox\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE {LETTER_BYTES_MAX}\r\n")
            }
            "HELO" => {
                envelope = Envelope::default();
                "250 sandbox\r\n".into()
            }
            "AUTH" => authenticate(rest, &mut read, &mut write).await?,
            "MAIL" => match address(rest, "FROM:") {
                Some(from) => {
                    envelope = Envelope { from: Some(from), to: Vec::new() };
                    "250 2.1.0 ok\r\n".into()
                }
                None => "501 5.5.4 MAIL FROM:<address>\r\n".into(),
            },
            "RCPT" if envelope.from.is_none() => "503 5.5.1 MAIL first\r\n".into(),
            "RCPT" => match address(rest, "TO:").filter(|to| to.contains('@')) {
                Some(to) => {
                    envelope.to.push(to);
                    "250 2.1.5 ok\r\n".into()
                }
                None => "501 5.1.3 RCPT TO:<address>\r\n".into(),
            },
            "DATA" if envelope.to.is_empty() => "503 5.5.1 RCPT first\r\n".into(),
            "DATA" => {
                write.write_all(b"354 end with a line that is one dot\r\n").await?;
                match take_letter(&mut read).await? {
                    None => "552 5.3.4 too large\r\n".into(),
                    Some(raw) => {
                        let envelope = std::mem::take(&mut envelope);
                        keep(mailbox, clock, envelope, &raw)
                    }
                }
            }
            "RSET" => {
                envelope = Envelope::default();
                "250 2.0.0 ok\r\n".into()
            }
            "NOOP" => "250 2.0.0 ok\r\n".into(),
            "QUIT" => return write.write_all(b"221 2.0.0 bye\r\n").await,
            _ => "502 5.5.2 not known here\r\n".into(),
        };
        write.write_all(answer.as_bytes()).await?;
    }
}

/// Whoever says a name and a password is let in: there is nothing to protect.
async fn authenticate(
    rest: &str,
    read: &mut (impl AsyncBufReadExt + Unpin),
    write: &mut (impl AsyncWriteExt + Unpin),
) -> Result<String> {
    let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
    let prompts: &[&str] = match mechanism.to_ascii_uppercase().as_str() {
        "PLAIN" if initial.is_empty() => &["334 \r\n"],
        "PLAIN" => &[],
        "LOGIN" => &["334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"],
        _ => return Ok("504 5.5.4 PLAIN or LOGIN\r\n".into()),
    };
    for prompt in prompts {
        write.write_all(prompt.as_bytes()).await?;
        let mut line = Vec::new();
        read.take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await?;
    }
    Ok("235 2.7.0 welcome\r\n".into())
}

/// Reads up to the line with one dot and takes the doubled dots away. None when it is too large.
async fn take_letter(read: &mut (impl AsyncBufReadExt + Unpin)) -> Result<Option<Vec<u8>>> {
    let mut raw = Vec::new();
    let mut too_large = false;
    loop {
        let mut line = Vec::new();
        if read.take(LETTER_BYTES_MAX as u64).read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" || line == b".\n" {
            return Ok(if too_large { None } else { Some(raw) });
        }
        too_large |= raw.len() + line.len() > LETTER_BYTES_MAX;
        if !too_large {
            raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }
}

fn keep(mailbox: &Mailbox, clock: &Clock, envelope: Envelope, raw: &[u8]) -> String {
    let Ok(parsed) = mailparse::parse_mail(raw) else {
        return "554 5.6.0 this is no letter\r\n".into();
    };
    let mut letter = Letter {
        at: clock.now(),
        from: envelope.from.unwrap_or_default(),
        to: envelope.to,
        subject: parsed.headers.get_first_value("Subject").unwrap_or_default(),
        text: None,
        html: None,
        attachments: Vec::new(),
        headers: parsed.headers.iter().map(|header| (header.get_key(), header.get_value())).collect(),
    };
    read_parts(&parsed, &mut letter);
    mailbox.catch(letter);
    "250 2.0.0 caught\r\n".into()
}

fn read_parts(part: &ParsedMail<'_>, letter: &mut Letter) {
    for inner in &part.subparts {
        read_parts(inner, letter);
    }
    if let Some(name) = part.get_content_disposition().params.get("filename") {
        letter.attachments.push(name.clone());
        return;
    }
    match part.ctype.mimetype.as_str() {
        "text/plain" if letter.text.is_none() => letter.text = part.get_body().ok(),
        "text/html" if letter.html.is_none() => letter.html = part.get_body().ok(),
        _ => {}
    }
}

fn address(rest: &str, keyword: &str) -> Option<String> {
    let head = rest.get(..keyword.len())?;
    if !head.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let path = rest.get(keyword.len()..)?.trim();
    let inner = path.strip_prefix('<')?;
    Some(inner.split_once('>')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> String {
        stream.write_all(line.as_bytes()).await.unwrap();
        hear(stream).await
    }

    async fn hear(stream: &mut BufReader<TcpStream>) -> String {
        let mut answer = String::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            let last = line.as_bytes().get(3) != Some(&b'-');
            answer.push_str(&line);
            if last {
                return answer;
            }
        }
    }

    #[tokio::test]
    async fn a_letter_is_caught_with_its_parts_and_its_dots() {
        let mailbox = Mailbox::default();
        let server = listen(0, mailbox.clone(), Clock::default()).await.unwrap();
        let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", server.port())).await.unwrap());
        assert!(hear(&mut stream).await.starts_with("220"));
        assert!(say(&mut stream, "EHLO me\r\n").await.contains("250-AUTH PLAIN"));
        assert!(say(&mut stream, "AUTH PLAIN AG1lAHNlY3JldA==\r\n").await.starts_with("235"));
        assert!(say(&mut stream, "DATA\r\n").await.starts_with("503"), "no sender yet");
        assert!(say(&mut stream, "RCPT TO:<x@example.org>\r\n").await.starts_with("503"));
        assert!(say(&mut stream, "MAIL FROM:<cp@example.org> SIZE=10\r\n").await.starts_with("250"));
        assert!(say(&mut stream, "RCPT TO:nobody\r\n").await.starts_with("501"));
        assert!(say(&mut stream, "RCPT TO:<ada@example.org>\r\n").await.starts_with("250"));
        assert!(say(&mut stream, "DATA\r\n").await.starts_with("354"));
        let letter = "Subject: =?utf-8?q?Kia_ora_=E2=80=93_two_links?=\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
            ..one dot\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            <a href=3D\"http://x\">x</a>\r\n--b--\r\n.\r\n";
        assert!(say(&mut stream, letter).await.starts_with("250"));
        assert!(say(&mut stream, "QUIT\r\n").await.starts_with("221"));
        let caught = mailbox.letters();
        assert_eq!(caught.len(), 1);
        assert_eq!(caught[0].subject, "Kia ora – two links");
        assert_eq!(caught[0].to, ["ada@example.org"]);
        assert_eq!(caught[0].text.as_deref().map(str::trim_end), Some(".one dot"));
        assert_eq!(caught[0].html.as_deref().map(str::trim_end), Some("<a href=\"http://x\">x</a>"));
        server.stop();
    }
}
