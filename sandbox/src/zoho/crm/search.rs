//! `GET /{module}/search`: by criteria, e-mail, telephone or word.

use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::condition::{Condition, Operator, Where, Wrong};
use super::desk::Desk;
use super::field::{Field, Kind};
use super::list;
use super::module::Module;
use super::query::DEPTH_MAX;
use super::record::{self, LIST_COLUMNS};
use super::show::Shower;

/// Comparisons in one criteria.
const CRITERIA_MAX: usize = 10;

pub fn page(call: &Call, desk: &Desk, module: Module) -> Result<Answer, Refusal> {
    let fields = desk.fields(module)?;
    let page = call.figure("page", 1, u32::MAX)?;
    let per_page = call.figure("per_page", list::PAGE_MAX, list::PAGE_MAX)?;
    if u64::from(page) * u64::from(per_page) > u64::from(list::DISCRETE_MAX) {
        return Err(list::discrete_limit());
    }
    list::refuse_unknown_views(call)?;
    let mut query = Where::new(desk, module, &fields);
    if let Some(text) = call.param("criteria") {
        let condition = parse(text).map_err(|()| invalid_query("criteria"))?;
        query.and(&condition).map_err(|wrong| match wrong {
            Wrong::Field(name) | Wrong::Value(name) => {
                Refusal::new("INVALID_QUERY", "invalid query formed", json!({"reason": "invalid_data", "api_name": name}))
            }
        })?;
    } else if let Some(email) = call.param("email") {
        any(&mut query, &[Kind::Email], email);
    } else if let Some(phone) = call.param("phone") {
        any(&mut query, &[Kind::Phone], phone);
    } else if let Some(word) = call.param("word") {
        if word.chars().count() < 2 {
            return Err(Refusal::param_invalid("word"));
        }
        // Not in the names of fields, which the JSON holds as well.
        query.text.push_str(
            " AND EXISTS (SELECT 1 FROM json_tree(data) WHERE atom IS NOT NULL AND atom LIKE '%' || ? || '%' ESCAPE '\\')",
        );
        query.values.push(word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_").into());
    } else {
        let details = json!({"param_names": ["criteria", "email", "phone", "word"]});
        return Err(Refusal::new("REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", details));
    }
    let Where { text, mut values, .. } = query;
    values.extend([(i64::from(per_page) + 1).into(), (i64::from(page - 1) * i64::from(per_page)).into()]);
    let mut statement = desk
        .connection
        .prepare_cached(&format!("SELECT {LIST_COLUMNS} FROM zoho_crm_record WHERE {text} ORDER BY id DESC LIMIT ? OFFSET ?"))?;
    let rows = statement.query_map(rusqlite::params_from_iter(values), record::from_row)?;
    let mut records = rows.collect::<Result<Vec<_>, _>>()?;
    let more = records.len() > per_page as usize;
    records.truncate(per_page as usize);
    if records.is_empty() {
        return Ok(Answer::nothing());
    }
    let chosen: Vec<&Field> = match call.param("fields") {
        Some(names) => list::chosen(names, &fields)?,
        None => fields.all().map(|(_, field)| field).filter(|field| field.kind != Kind::Subform).collect(),
    };
    let mut shower = Shower::new(desk);
    let data = records.iter().map(|record| shower.some(record, &chosen).map(Value::Object)).collect::<Result<Vec<_>, _>>()?;
    let info = json!({"per_page": per_page, "count": data.len(), "page": page, "more_records": more});
    Ok(Answer::json(200, &json!({"data": data, "info": info})))
}

/// Any field of these kinds has exactly this value.
fn any(query: &mut Where, kinds: &[Kind], value: &str) {
    query.text.push_str(" AND (");
    let names: Vec<String> = query
        .fields
        .all()
        .filter(|(_, field)| kinds.contains(&field.kind))
        .map(|(_, field)| field.api_name.clone().into_owned())
        .collect();
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            query.text.push_str(" OR ");
        }
        if !query.through_index(name, value) {
            query.text.push_str(&format!("json_extract(data, '$.\"{name}\"') = ?"));
            query.values.push(value.to_owned().into());
        }
    }
    if names.is_empty() {
        query.text.push('0');
    }
    query.text.push(')');
}

fn invalid_query(param: &str) -> Refusal {
    Refusal::new("INVALID_QUERY", "invalid query formed", json!({"reason": "invalid_query_formed", "param_name": param}))
}

/// `((Last_Name:equals:Burns\, B) and (First_Name:starts_with:M))`.
fn parse(text: &str) -> Result<Condition, ()> {
    let mut reader = Reader { letters: text.chars().collect(), at: 0, count: 0, depth: 0 };
    let condition = reader.group()?;
    reader.blanks();
    if reader.at < reader.letters.len() || reader.count > CRITERIA_MAX { Err(()) } else { Ok(condition) }
}

struct Reader {
    letters: Vec<char>,
    at: usize,
    count: usize,
    /// Parentheses that are open.
    depth: usize,
}

impl Reader {
    fn blanks(&mut self) {
        while self.letters.get(self.at).is_some_and(|letter| letter.is_whitespace()) {
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        self.blanks();
        let there = self.letters.get(self.at) == Some(&wanted);
        self.at += usize::from(there);
        there
    }

    /// `(comparison)` or `((group) and (group) …)`.
    fn group(&mut self) -> Result<Condition, ()> {
        if !self.take('(') {
            return Err(());
        }
        self.blanks();
        if self.letters.get(self.at) != Some(&'(') {
            return self.comparison();
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(());
        }
        let mut condition = self.group()?;
        loop {
            if self.take(')') {
                self.depth -= 1;
                return Ok(condition);
            }
            let word: String = self.letters[self.at..].iter().take_while(|letter| letter.is_alphabetic()).collect();
            self.at += word.chars().count();
            let right = self.group()?;
            condition = match word.to_lowercase().as_str() {
                "and" => Condition::And(Box::new(condition), Box::new(right)),
                "or" => Condition::Or(Box::new(condition), Box::new(right)),
                _ => return Err(()),
            };
        }
    }

    /// The rest of a comparison, with its closing parenthesis; commas, parentheses and backslashes in values are escaped.
    fn comparison(&mut self) -> Result<Condition, ()> {
        let mut parts = vec![String::new()];
        let mut values = Vec::new();
        loop {
            let letter = *self.letters.get(self.at).ok_or(())?;
            self.at += 1;
            let last = parts.len() - 1;
            match letter {
                '\\' => {
                    parts[last].push(*self.letters.get(self.at).ok_or(())?);
                    self.at += 1;
                }
                ')' => break,
                '(' => return Err(()),
                ':' if last < 2 => parts.push(String::new()),
                ',' if last == 2 => values.push(std::mem::take(&mut parts[2])),
                letter => parts[last].push(letter),
            }
        }
        let [field, operator, value] = <[String; 3]>::try_from(parts).map_err(|_| ())?;
        values.push(value);
        self.count += 1;
        let operator = match operator.trim() {
            "equals" if values.len() == 1 => Operator::Equals,
            // A list after `equals` means any of it.
            "equals" | "in" => Operator::In,
            "not_equal" => Operator::NotEqual,
            "starts_with" => Operator::StartsWith,
            "between" => Operator::Between,
            "greater_than" => Operator::Greater,
            "greater_equal" => Operator::GreaterEqual,
            "less_than" => Operator::Less,
            "less_equal" => Operator::LessEqual,
            _ => return Err(()),
        };
        Ok(Condition::Compare { field: field.trim().to_owned(), operator, values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(field: &str, operator: Operator, values: &[&str]) -> Condition {
        Condition::Compare { field: field.into(), operator, values: values.iter().map(|value| (*value).to_owned()).collect() }
    }

    #[test]
    fn criteria_are_read_with_their_escapes() {
        let read = parse(r"((Last_Name:equals:Burns\, B \(Bob\)) and (First_Name:starts_with:M))").unwrap();
        let left = compare("Last_Name", Operator::Equals, &["Burns, B (Bob)"]);
        let right = compare("First_Name", Operator::StartsWith, &["M"]);
        assert_eq!(read, Condition::And(Box::new(left), Box::new(right)));
        assert_eq!(parse("(Amount:between:1,2)").unwrap(), compare("Amount", Operator::Between, &["1", "2"]));
        let time = parse("(Created_Time:greater_than:2026-01-01T00:00:00+13:00)").unwrap();
        assert_eq!(time, compare("Created_Time", Operator::Greater, &["2026-01-01T00:00:00+13:00"]));
    }

    #[test]
    fn what_is_no_criteria_is_refused() {
        for text in [
            "",
            "Last_Name:equals:B",
            "(Last_Name:like:B)",
            "(Last_Name:equals)",
            "((A:equals:1) xor (B:equals:2))",
            "(A:equals:1",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"(".repeat(200_000)).is_err());
        assert!(parse(&format!("{}(A:equals:1){}", "(".repeat(9), ")".repeat(9))).is_ok());
        let eleven = format!("({})", ["(A:equals:1)"; 11].join("and"));
        assert!(parse(&eleven).is_err());
    }
}
