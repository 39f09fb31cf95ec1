//! The grammar of COQL.

use super::condition::{Condition, Operator};

/// Rows of a query that names no limit.
pub const ROWS_USUAL: u32 = 200;

/// Parentheses inside parentheses; what reads them is a stack.
pub const DEPTH_MAX: usize = 50;

/// One query, read.
#[derive(Debug)]
pub struct Query {
    pub fields: Vec<String>,
    pub from: String,
    pub condition: Condition,
    /// Fields, and whether from the greatest down.
    pub order: Vec<(String, bool)>,
    pub limit: u32,
    pub offset: u32,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    /// In quotes.
    Text(String),
    Mark(&'static str),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        let pair: String = letters[at..].iter().take(2).collect();
        if letter.is_whitespace() {
            at += 1;
        } else if letter == '\'' || letter == '"' {
            let mut value = String::new();
            at += 1;
            loop {
                match letters.get(at) {
                    None => return Err(value),
                    Some('\\') => {
                        value.extend(letters.get(at + 1));
                        at += 2;
                    }
                    Some(end) if *end == letter => break,
                    Some(other) => {
                        value.push(*other);
                        at += 1;
                    }
                }
            }
            at += 1;
            tokens.push(Token::Text(value));
        } else if let Some(mark) =
            ["!=", "<>", ">=", "<=", ">", "<", "=", "(", ")", ","].into_iter().find(|mark| pair.starts_with(mark))
        {
            at += mark.len();
            tokens.push(Token::Mark(mark));
        } else {
            let word: String =
                letters[at..].iter().take_while(|letter| letter.is_alphanumeric() || "_.:+-$".contains(**letter)).collect();
            if word.is_empty() {
                return Err(letter.to_string());
            }
            at += word.chars().count();
            tokens.push(Token::Word(word));
        }
    }
    Ok(tokens)
}

impl Query {
    /// What stands near the mistake is the error.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { tokens: tokens(text)?, at: 0, depth: 0 };
        reader.need("select")?;
        let mut fields = vec![reader.name()?];
        while reader.mark(",") {
            fields.push(reader.name()?);
        }
        reader.need("from")?;
        let from = reader.name()?;
        reader.need("where")?;
        let condition = reader.condition()?;
        let mut order = Vec::new();
        if reader.word("order") {
            reader.need("by")?;
            loop {
                let name = reader.name()?;
                let descending = reader.word("desc");
                if !descending {
                    reader.word("asc");
                }
                order.push((name, descending));
                if !reader.mark(",") {
                    break;
                }
            }
        }
        let (mut limit, mut offset) = (ROWS_USUAL, 0);
        if reader.word("limit") {
            limit = reader.figure()?;
            if reader.mark(",") {
                offset = limit;
                limit = reader.figure()?;
            } else if reader.word("offset") {
                offset = reader.figure()?;
            }
        }
        match reader.tokens.get(reader.at) {
            None => Ok(Self { fields, from, condition, order, limit, offset }),
            Some(_) => Err(reader.near()),
        }
    }
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    /// Parentheses that are open.
    depth: usize,
}

impl Reader {
    fn near(&self) -> String {
        match self.tokens.get(self.at) {
            Some(Token::Word(word) | Token::Text(word)) => word.clone(),
            Some(Token::Mark(mark)) => (*mark).to_owned(),
            None => "end of the query".into(),
        }
    }

    fn word(&mut self, wanted: &str) -> bool {
        let there = matches!(self.tokens.get(self.at), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(there);
        there
    }

    fn mark(&mut self, wanted: &str) -> bool {
        let there = matches!(self.tokens.get(self.at), Some(Token::Mark(mark)) if *mark == wanted);
        self.at += usize::from(there);
        there
    }

    fn need(&mut self, wanted: &str) -> Result<(), String> {
        if self.word(wanted) { Ok(()) } else { Err(self.near()) }
    }

    /// The name of a field or module; reserved words stand in quotes.
    fn name(&mut self) -> Result<String, String> {
        match self.tokens.get(self.at) {
            Some(Token::Text(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            Some(Token::Word(name)) if !is_reserved(name) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.near()),
        }
    }

    fn value(&mut self) -> Result<String, String> {
        match self.tokens.get(self.at) {
            Some(Token::Text(value) | Token::Word(value)) => {
                let value = value.clone();
                self.at += 1;
                Ok(value)
            }
            _ => Err(self.near()),
        }
    }

    fn figure(&mut self) -> Result<u32, String> {
        let near = self.near();
        self.value()?.parse().map_err(|_| near)
    }

    /// One comparison, or two sides in a pair: more must be put into parentheses.
    fn condition(&mut self) -> Result<Condition, String> {
        let left = self.side()?;
        let and = self.word("and");
        if !and && !self.word("or") {
            return Ok(left);
        }
        let right = self.side()?;
        if matches!(self.tokens.get(self.at), Some(Token::Word(word)) if matches!(word.to_lowercase().as_str(), "and" | "or")) {
            return Err(self.near());
        }
        Ok(if and { Condition::And(Box::new(left), Box::new(right)) } else { Condition::Or(Box::new(left), Box::new(right)) })
    }

    fn side(&mut self) -> Result<Condition, String> {
        if self.mark("(") {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err(self.near());
            }
            let condition = self.condition()?;
            self.depth -= 1;
            return if self.mark(")") { Ok(condition) } else { Err(self.near()) };
        }
        let field = self.name()?;
        let not = self.word("not");
        let (operator, values) = if self.word("in") {
            if !self.mark("(") {
                return Err(self.near());
            }
            let mut values = vec![self.value()?];
            while self.mark(",") {
                values.push(self.value()?);
            }
            if !self.mark(")") {
                return Err(self.near());
            }
            (if not { Operator::NotIn } else { Operator::In }, values)
        } else if self.word("between") {
            let low = self.value()?;
            self.need("and")?;
            (if not { Operator::NotBetween } else { Operator::Between }, vec![low, self.value()?])
        } else if self.word("like") {
            (if not { Operator::NotLike } else { Operator::Like }, vec![self.value()?])
        } else if not {
            return Err(self.near());
        } else if self.word("is") {
            let not = self.word("not");
            self.need("null")?;
            (if not { Operator::IsNotNull } else { Operator::IsNull }, Vec::new())
        } else {
            let Some(Token::Mark(mark)) = self.tokens.get(self.at) else { return Err(self.near()) };
            let operator = match *mark {
                "=" => Operator::Equals,
                "!=" | "<>" => Operator::NotEqual,
                ">" => Operator::Greater,
                ">=" => Operator::GreaterEqual,
                "<" => Operator::Less,
                "<=" => Operator::LessEqual,
                _ => return Err(self.near()),
            };
            self.at += 1;
            (operator, vec![self.value()?])
        };
        Ok(Condition::Compare { field, operator, values })
    }
}

fn is_reserved(word: &str) -> bool {
    [
        "select", "from", "where", "and", "or", "not", "in", "like", "between", "is", "null", "order", "by", "asc", "desc",
        "limit", "offset",
    ]
    .contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read() {
        let query = Query::parse(
            "select Last_Name, Email from Contacts where ((Last_Name like 'B%' and Email is not null) and Created_Time > '2026-01-01T00:00:00+13:00') order by Last_Name desc, id limit 20, 10",
        );
        let query = query.unwrap();
        assert_eq!((query.fields.len(), query.from.as_str(), query.limit, query.offset), (2, "Contacts", 10, 20));
        assert_eq!(query.order, [("Last_Name".to_owned(), true), ("id".to_owned(), false)]);
        let Condition::And(left, right) = query.condition else { panic!("two sides") };
        assert!(matches!(*left, Condition::And(..)));
        assert!(matches!(*right, Condition::Compare { operator: Operator::Greater, .. }));
        let query = Query::parse("select id from Leads where id not in (1, 2) limit 5 offset 7").unwrap();
        assert_eq!((query.limit, query.offset), (5, 7));
    }

    #[test]
    fn three_conditions_need_parentheses() {
        assert_eq!(Query::parse("select id from Leads where a = 1 and b = 2 and c = 3").unwrap_err(), "and");
        assert!(Query::parse("select id from Leads where (a = 1 and b = 2) and c = 3").is_ok());
    }

    #[test]
    fn what_is_no_query_is_refused_where_it_goes_wrong() {
        assert_eq!(Query::parse("select from Leads where id = 1").unwrap_err(), "from");
        assert_eq!(Query::parse("select id from Leads").unwrap_err(), "end of the query");
        assert_eq!(Query::parse("select id from Leads where id = 1 group by x").unwrap_err(), "group");
        assert_eq!(Query::parse("select id from Leads where id = 'x").unwrap_err(), "x");
        let nested = |depth: usize| format!("select id from Leads where {}id = 1{}", "(".repeat(depth), ")".repeat(depth));
        assert!(Query::parse(&nested(DEPTH_MAX)).is_ok());
        assert_eq!(Query::parse(&nested(200_000)).unwrap_err(), "(");
    }
}
