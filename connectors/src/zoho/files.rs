//! Attaches a file to a record of Zoho Books. The bytes are passed on as they come: one piece of the file is in memory at a time.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use super::client::{Client, Written};
use super::trouble::read;
use crate::side::Trouble;
use crate::xero::below::FILE_TIMEOUT;

/// A text that no file has inside by chance. Zoho looks for it in the whole body.
const BOUNDARY: &str = "cpconnect-7d1b54a2c9f84e0b93a6e1f2";

/// Why an upload came to nothing.
#[derive(Debug)]
pub enum Broken {
    /// The file broke off where it comes from; Zoho has nothing of it.
    Source,
    Zoho(Trouble),
}

impl Client {
    /// Attaches `bytes` bytes that are drawn from `source` as a file of this name to a record: `at` is `invoices/4600…01/attachment`.
    pub async fn attach<S>(&self, at: &str, name: &str, type_: &str, bytes: u64, source: S) -> Result<Written, Broken>
    where
        S: Body<Data = Bytes, Error = reqwest::Error> + Send + Sync + Unpin + 'static,
    {
        let broke = Arc::new(AtomicBool::new(false));
        let form = Form::new(name, type_, bytes, source, broke.clone());
        let request = self
            .request(Method::POST, self.url(at, &[], &[]))
            .timeout(FILE_TIMEOUT)
            .header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
            .body(reqwest::Body::wrap(form));
        let answer = self.http.send(request).await.and_then(|answer| read(&answer));
        match answer {
            Ok(answer) => {
                let record = answer["documents"].as_array().and_then(|documents| documents.last()).cloned().unwrap_or_default();
                let id = match &record["document_id"] {
                    serde_json::Value::String(id) => id.clone(),
                    serde_json::Value::Number(id) => id.to_string(),
                    _ => String::new(),
                };
                Ok(Written { id, created: true, record, version: String::new() })
            }
            Err(_) if broke.load(Ordering::Relaxed) => Err(Broken::Source),
            Err(trouble) => Err(Broken::Zoho(trouble)),
        }
    }
}

/// A form with one file in it. Its length is known beforehand, so that Zoho is told.
struct Form<S> {
    head: Option<Bytes>,
    source: S,
    /// Bytes of the file that are still to come.
    left: u64,
    tail: Option<Bytes>,
    broke: Arc<AtomicBool>,
}

impl<S> Form<S> {
    fn new(name: &str, type_: &str, bytes: u64, source: S, broke: Arc<AtomicBool>) -> Self {
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"attachment\"; filename=\"{}\"\r\ncontent-type: {type_}\r\n\r\n",
            quoted(name)
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        Self { head: Some(head.into()), source, left: bytes, tail: Some(tail.into()), broke }
    }

    fn break_off(&self, why: &'static str) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        self.broke.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(std::io::Error::other(why))))
    }
}

impl<S: Body<Data = Bytes> + Unpin> Body for Form<S> {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Some(head) = this.head.take() {
            return Poll::Ready(Some(Ok(Frame::data(head))));
        }
        loop {
            if this.tail.is_none() {
                return Poll::Ready(None);
            }
            match Pin::new(&mut this.source).poll_frame(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) if this.left > 0 => return this.break_off("the file is shorter than it was said to be"),
                Poll::Ready(None) => return Poll::Ready(this.tail.take().map(|tail| Ok(Frame::data(tail)))),
                Poll::Ready(Some(Err(_))) => return this.break_off("the file broke off"),
                Poll::Ready(Some(Ok(frame))) => {
                    let Ok(piece) = frame.into_data() else { continue };
                    let Some(left) = this.left.checked_sub(piece.len() as u64) else {
                        return this.break_off("the file is longer than it was said to be");
                    };
                    this.left = left;
                    return Poll::Ready(Some(Ok(Frame::data(piece))));
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        let around = [&self.head, &self.tail].into_iter().flatten().map(|part| part.len() as u64).sum::<u64>();
        SizeHint::with_exact(around + self.left)
    }
}

/// A file's name between quotation marks, as browsers write it.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::http::Http;
    use crate::http::stub::Stub;

    /// Pieces that are made when they are asked for, and a note of how many were.
    struct Pieces {
        left: VecDeque<Result<Bytes, std::io::Error>>,
        drawn: Arc<std::sync::atomic::AtomicUsize>,
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = std::io::Error;
        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
            self.drawn.fetch_add(1, Ordering::Relaxed);
            Poll::Ready(self.left.pop_front().map(|piece| piece.map(Frame::data)))
        }
    }

    fn form(
        pieces: Vec<Result<Bytes, std::io::Error>>,
        bytes: u64,
    ) -> (Form<Pieces>, Arc<AtomicBool>, Arc<std::sync::atomic::AtomicUsize>) {
        let (broke, drawn) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let source = Pieces { left: pieces.into(), drawn: Arc::clone(&drawn) };
        (Form::new("a\"b.pdf", "application/pdf", bytes, source, broke.clone()), broke, drawn)
    }

    fn next(form: &mut Form<Pieces>) -> Option<Result<Bytes, std::io::Error>> {
        let mut context = Context::from_waker(std::task::Waker::noop());
        match Pin::new(form).poll_frame(&mut context) {
            Poll::Ready(frame) => frame.map(|frame| frame.map(|frame| frame.into_data().unwrap())),
            Poll::Pending => panic!("nothing to wait for"),
        }
    }

    #[test]
    fn one_piece_is_drawn_when_one_is_sent_and_the_length_is_known_beforehand() {
        let piece = Bytes::from(vec![7; 16 * 1024]);
        let count = 3 * 1024 / 16;
        let (mut form, broke, drawn) = form((0..count).map(|_| Ok(piece.clone())).collect(), count * 16 * 1024);
        let announced = form.size_hint().exact().unwrap();
        let (mut sent, mut frames) = (0, 0);
        while let Some(frame) = next(&mut form) {
            sent += frame.unwrap().len() as u64;
            assert!(drawn.load(Ordering::Relaxed) <= frames + 1, "never ahead of what was taken");
            frames += 1;
        }
        assert_eq!((sent, broke.load(Ordering::Relaxed)), (announced, false));
    }

    #[test]
    fn a_file_that_is_not_what_it_was_said_to_be_is_not_sent_as_if_it_were() {
        let piece = || Ok(Bytes::from_static(b"12345"));
        for pieces in [vec![piece()], vec![piece(), piece(), piece()], vec![piece(), Err(std::io::Error::other("gone"))]] {
            let (mut form, broke, _) = form(pieces, 10);
            let failed = std::iter::from_fn(|| next(&mut form)).take(6).any(|frame| frame.is_err());
            assert!(failed && broke.load(Ordering::Relaxed));
        }
    }

    #[tokio::test]
    async fn a_file_is_passed_on_from_one_to_the_other() {
        let xero = Stub::answering(vec![(200, "content-type: image/png\r\n", "the bytes of it".to_owned()); 3]).await;
        let zoho = Stub::answering(vec![
            (200, "", r#"{"code":0,"documents":[{"document_id":"9","file_name":"a.png"}]}"#.to_owned()),
            (200, "", r#"{"code":0,"message":"Your file has been attached."}"#.to_owned()),
            (400, "", r#"{"code":2,"message":"no"}"#.to_owned()),
        ])
        .await;
        let client = Client::new(&Http::new(), &zoho.url, &crate::zoho::BOOKS, "10234695", "token".to_owned().into());
        let from = crate::xero::Client::new(&Http::new(), &xero.url, "tenant", "token".to_owned().into());
        let mut sent = Vec::new();
        for _ in 0..3 {
            let file = from.download(&["Invoices".to_owned()], "image/png").await.unwrap();
            sent.push(client.attach("invoices/1/attachment", "ä; b.png", "image/png", file.bytes.unwrap(), file.body).await);
        }
        assert_eq!(sent[0].as_ref().unwrap().id, "9");
        assert_eq!(sent[1].as_ref().unwrap().id, "");
        assert!(matches!(sent[2], Err(Broken::Zoho(Trouble::Refused(_)))));
        let request = &zoho.requests()[0];
        assert!(request.starts_with("POST /books/v3/invoices/1/attachment?organization_id=10234695 HTTP/1.1"), "{request}");
        let body = request.split_once("\r\n\r\n").unwrap().1;
        assert!(request.contains(&format!("content-length: {}\r\n", body.len())), "{request}");
        assert!(
            body.contains("name=\"attachment\"; filename=\"ä; b.png\"\r\ncontent-type: image/png\r\n\r\nthe bytes of it\r\n--")
        );
    }
}
