//! Pages of lists: `limit`, and `after` with the cursor that the page before gave.

use actix_web::HttpRequest;
use url::form_urlencoded;

use crate::error::Error;

const NO_CURSOR: &str = "after must be `next` of a page of this list";
pub const ROWS: u64 = 20;
pub const ROWS_MAX: u64 = 100;

/// The parameters of an address. One that is not known, or is given twice, is refused: a typing error is not to pass for "no such filter".
pub struct Query(Vec<(&'static str, String)>);

impl Query {
    pub fn read(request: &HttpRequest, known: &[&'static str]) -> Result<Self, Error> {
        let mut read: Vec<(&'static str, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
            let Some(name) = known.iter().copied().find(|known| *known == name) else {
                let said = match known {
                    [] => "this address takes no parameters".to_owned(),
                    _ => format!("this address takes the parameters {}", known.join(", ")),
                };
                return Err(Error::bad_input("query", said));
            };
            if read.iter().any(|(seen, _)| *seen == name) {
                return Err(Error::bad_input(name, format!("{name} is given twice")));
            }
            if value.contains('\0') {
                return Err(Error::bad_input(name, format!("{name} has a NUL character")));
            }
            read.push((name, value.into_owned()));
        }
        Ok(Self(read))
    }

    pub fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// How many rows are asked for.
    pub fn rows(&self) -> Result<u64, Error> {
        let Some(limit) = self.one("limit") else { return Ok(ROWS) };
        let rows = limit.parse().ok().filter(|rows| (1..=ROWS_MAX).contains(rows));
        rows.ok_or_else(|| Error::bad_input("limit", format!("limit must be 1 to {ROWS_MAX}")))
    }

    /// A cursor that we gave, of a list that is counted through.
    pub fn after_rows(&self) -> Result<u64, Error> {
        let Some(text) = self.one("after") else { return Ok(0) };
        let is_ours = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_ours).ok_or_else(|| Error::bad_input("after", NO_CURSOR))
    }

    /// A cursor that we gave.
    pub fn after<T: std::str::FromStr>(&self) -> Result<Option<T>, Error> {
        let read = |text: &str| text.parse().map_err(|_| Error::bad_input("after", NO_CURSOR));
        self.one("after").map(read).transpose()
    }
}

/// Keeps `rows` of what was found with one more, and gives the cursor of the last where there is more.
pub fn cut<T>(found: &mut Vec<T>, rows: u64, cursor: impl Fn(&T) -> String) -> Option<String> {
    let more = found.len() as u64 > rows;
    found.truncate(rows as usize);
    found.last().filter(|_| more).map(cursor)
}
