//! Reading what a request brings: a JSON object of known fields, and every mistake named.

use actix_web::{HttpMessage, HttpRequest};
use serde::de::{DeserializeOwned, IgnoredAny};

pub use crate::body::Arrived;
use crate::body::{refuse_nul, unread};
use crate::error::Error;

/// A body that handlers take. Its fields are listed, so that a refusal can name them.
pub trait Asked: DeserializeOwned {
    const FIELDS: &'static [&'static str];
}

/// The body as it is meant.
pub fn read<T: Asked>(request: &HttpRequest, body: Arrived) -> Result<T, Error> {
    let body = body.map_err(|error| unread(&error))?;
    if !request.content_type().eq_ignore_ascii_case("application/json") {
        return Err(Error::Malformed("send the body as application/json".to_owned()));
    }
    parse(&body)
}

/// The same, where no body, or `null`, stands for an empty object.
pub fn read_or_empty<T: Asked>(request: &HttpRequest, body: Arrived) -> Result<T, Error> {
    let body = body.map_err(|error| unread(&error))?;
    match body.trim_ascii() {
        b"" | b"null" => parse(b"{}"),
        _ => read(request, Ok(body)),
    }
}

fn parse<T: Asked>(body: &[u8]) -> Result<T, Error> {
    refuse_nul(body)?;
    serde_json::from_slice::<IgnoredAny>(body).map_err(|_| Error::Malformed("the body is not one JSON value".to_owned()))?;
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let said = error.into_inner().to_string();
        // `products[0]` is in `products`; a field that is missing is named in the sentence only.
        let first = path.split(['.', '[']).next().unwrap_or_default();
        let named = said.split('`').nth(1).unwrap_or_default();
        let known = |name: &str| T::FIELDS.iter().copied().find(|field| *field == name);
        match known(first).or_else(|| known(named).filter(|_| said.starts_with("missing field"))) {
            Some(field) if said.starts_with("missing field") => Error::bad_input(field, format!("{field} is missing")),
            Some(field) => Error::bad_input(field, format!("{field} is of another kind than the document says")),
            None if said.starts_with("unknown field") => {
                Error::bad_input("body", format!("the body has a field that is not known; known are {}", T::FIELDS.join(", ")))
            }
            None => Error::bad_input("body", "the body must be an object as the document describes it"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Body {
        #[expect(dead_code, reason = "only whether it can be read is looked at")]
        name: String,
        #[expect(dead_code, reason = "only whether it can be read is looked at")]
        product_list: Vec<String>,
    }

    impl Asked for Body {
        const FIELDS: &'static [&'static str] = &["name", "productList"];
    }

    #[test]
    fn every_mistake_in_a_body_names_its_field() {
        let wrong = |text: &str| match parse::<Body>(text.as_bytes()).unwrap_err() {
            Error::BadInput { field, .. } => field,
            other => other.code(),
        };
        assert_eq!(wrong(r#"{"productList":[]}"#), "name");
        assert_eq!(wrong(r#"{"name":1,"productList":[]}"#), "name");
        assert_eq!(wrong(r#"{"name":"a"}"#), "productList");
        assert_eq!(wrong(r#"{"name":"a","productList":["b",2]}"#), "productList");
        assert_eq!(wrong(r#"{"name":"a","productList":[],"colour":1}"#), "body");
        assert_eq!(wrong("[]"), "body");
        for malformed in ["", "{", "{]", r#"{"name":"a","productList":[]} x"#] {
            assert_eq!(wrong(malformed), "MALFORMED", "{malformed}");
        }
        assert!(parse::<Body>(br#"{"name":"a","productList":["b"]}"#).is_ok());
    }
}
