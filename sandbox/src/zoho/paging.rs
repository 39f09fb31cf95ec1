//! Short lists of settings: a page of them, and the context every page ends with.

use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::call::Query;

const PER_PAGE_MAX: i64 = 200;

/// Which page was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Paging {
    pub page: i64,
    pub per_page: i64,
}

impl Paging {
    pub fn asked(query: &Query) -> Result<Self, Refusal> {
        let figure = |name: &str, usual: i64| match query.get(name) {
            None | Some("") => Ok(usual),
            Some(text) => text.parse().ok().filter(|figure| *figure >= 1).ok_or_else(|| Refusal::invalid(name)),
        };
        Ok(Self { page: figure("page", 1)?, per_page: figure("per_page", PER_PAGE_MAX)?.min(PER_PAGE_MAX) })
    }

    /// One row more than the page holds tells whether another page follows.
    pub fn limit(self) -> i64 {
        self.per_page + 1
    }

    pub fn offset(self) -> i64 {
        (self.page - 1).saturating_mul(self.per_page)
    }

    /// The page, from up to `limit` rows.
    pub fn answer(self, key: &str, mut rows: Vec<Value>) -> Answer {
        let more = i64::try_from(rows.len()).is_ok_and(|count| count > self.per_page);
        rows.truncate(usize::try_from(self.per_page).unwrap_or(usize::MAX));
        let context = json!({"page": self.page, "per_page": self.per_page, "has_more_page": more, "report_name": key,
                             "applied_filter": "Status.All", "sort_column": "created_time", "sort_order": "A"});
        let mut body = json!({"code": 0, "message": "success", "page_context": context});
        body[key] = rows.into();
        Answer { status: 200, body: body.to_string() }
    }
}
