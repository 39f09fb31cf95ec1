//! From tokens to statements. Chains of operators and calls are kept flat, so that only brackets and blocks nest.

use rust_decimal::Decimal;

use super::Mistake;
use super::tokens::{self, Token};

/// How deep brackets and blocks may nest.
const DEPTH_MAX: usize = 40;

pub type Block = Vec<Statement>;

#[derive(Debug)]
pub struct Statement {
    pub line: usize,
    pub does: Does,
}

#[derive(Debug)]
pub enum Does {
    Set(String, Expression),
    /// Each condition with its block, then what happens otherwise.
    If(Vec<(Expression, Block)>, Block),
    ForEach(String, Expression, Block),
    Return(Option<Expression>),
    OpenUrl(Vec<Expression>),
    Info(Expression),
    /// An expression for what it does: `map.put(…)`.
    Do(Expression),
}

#[derive(Debug)]
pub struct Expression {
    pub line: usize,
    pub is: Is,
}

#[derive(Debug)]
pub enum Is {
    Text(String),
    Number(Decimal),
    Flag(bool),
    Null,
    Variable(String),
    List(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
    /// Operators of one rank, from the left.
    Chain(Box<Expression>, Vec<(&'static str, Expression)>),
    /// `!` and `-`, the nearest last.
    Prefixed(Vec<&'static str>, Box<Expression>),
    /// `value.method(…).method(…)`.
    Methods(Box<Expression>, Vec<Call>),
    Function(Call),
}

#[derive(Debug)]
pub struct Call {
    pub line: usize,
    pub name: String,
    pub arguments: Vec<Expression>,
}

/// The weakest first.
const RANKS: [&[&str]; 6] = [&["||"], &["&&"], &["==", "!="], &["<", ">", "<=", ">="], &["+", "-"], &["*", "/", "%"]];

pub fn parse(script: &str) -> Result<Block, Mistake> {
    let tokens = tokens::read(script)?;
    let mut reader = Reader { tokens: &tokens, at: 0, depth: 0 };
    let mut block = Vec::new();
    while reader.at < tokens.len() {
        block.push(reader.statement()?);
    }
    Ok(block)
}

struct Reader<'a> {
    tokens: &'a [(usize, Token)],
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    /// The line of the next token, or of the last one at the end.
    fn line(&self) -> usize {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(1, |(line, _)| *line)
    }

    fn wrong<T>(&self, wanted: &str) -> Result<T, Mistake> {
        let found = match self.peek() {
            None => "the end of the script".to_owned(),
            Some(Token::Word(word)) => word.clone(),
            Some(Token::Text(_)) => "a text".to_owned(),
            Some(Token::Number(number)) => number.to_string(),
            Some(Token::Sign(sign)) => (*sign).to_owned(),
        };
        Err(Mistake::at(self.line(), format!("Expected {wanted}, found {found}.")))
    }

    fn takes(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, sign: &str) -> Result<(), Mistake> {
        if self.takes(sign) { Ok(()) } else { self.wrong(sign) }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word))
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, wanted: &str) -> Result<String, Mistake> {
        match self.peek() {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word.clone())
            }
            _ => self.wrong(wanted),
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Mistake>) -> Result<T, Mistake> {
        if self.depth >= DEPTH_MAX {
            return Err(Mistake::at(self.line(), "The script nests too deep."));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn statement(&mut self) -> Result<Statement, Mistake> {
        let line = self.line();
        let does = if self.takes_word("if") {
            self.branches()?
        } else if self.takes_word("for") {
            self.for_each()?
        } else {
            let does = self.simple()?;
            self.need(";")?;
            does
        };
        Ok(Statement { line, does })
    }

    /// A statement that ends with a semicolon.
    fn simple(&mut self) -> Result<Does, Mistake> {
        if self.takes_word("return") {
            let nothing = matches!(self.peek(), Some(Token::Sign(";")));
            return Ok(Does::Return(if nothing { None } else { Some(self.expression()?) }));
        }
        if let (Some(Token::Word(name)), Some((_, Token::Sign("=")))) = (self.peek(), self.tokens.get(self.at + 1)) {
            self.at += 2;
            return Ok(Does::Set(name.clone(), self.expression()?));
        }
        if self.takes_word("info") {
            return Ok(Does::Info(self.expression()?));
        }
        if self.is_word("openUrl") && matches!(self.tokens.get(self.at + 1), Some((_, Token::Sign("(")))) {
            self.at += 2;
            return Ok(Does::OpenUrl(self.arguments()?));
        }
        Ok(Does::Do(self.expression()?))
    }

    fn branches(&mut self) -> Result<Does, Mistake> {
        let mut branches = vec![self.branch()?];
        while self.takes_word("else") {
            if !self.takes_word("if") {
                return Ok(Does::If(branches, self.block()?));
            }
            branches.push(self.branch()?);
        }
        Ok(Does::If(branches, Vec::new()))
    }

    fn branch(&mut self) -> Result<(Expression, Block), Mistake> {
        self.need("(")?;
        let condition = self.deeper(Self::expression)?;
        self.need(")")?;
        Ok((condition, self.block()?))
    }

    fn for_each(&mut self) -> Result<Does, Mistake> {
        if !self.takes_word("each") {
            return self.wrong("each");
        }
        let name = self.word("a name")?;
        if !self.takes_word("in") {
            return self.wrong("in");
        }
        let over = self.expression()?;
        Ok(Does::ForEach(name, over, self.block()?))
    }

    fn block(&mut self) -> Result<Block, Mistake> {
        self.need("{")?;
        self.deeper(|reader| {
            let mut block = Vec::new();
            while !reader.takes("}") {
                if reader.peek().is_none() {
                    return reader.wrong("}");
                }
                block.push(reader.statement()?);
            }
            Ok(block)
        })
    }

    fn expression(&mut self) -> Result<Expression, Mistake> {
        self.chain(0)
    }

    fn chain(&mut self, rank: usize) -> Result<Expression, Mistake> {
        let Some(operators) = RANKS.get(rank) else { return self.prefixed() };
        let line = self.line();
        let first = self.chain(rank + 1)?;
        let mut rest = Vec::new();
        while let Some(operator) = operators.iter().find(|operator| self.takes(operator)) {
            rest.push((*operator, self.chain(rank + 1)?));
        }
        Ok(if rest.is_empty() { first } else { Expression { line, is: Is::Chain(Box::new(first), rest) } })
    }

    fn prefixed(&mut self) -> Result<Expression, Mistake> {
        let line = self.line();
        let mut signs = Vec::new();
        while let Some(sign) = ["!", "-"].into_iter().find(|sign| self.takes(sign)) {
            signs.push(sign);
        }
        let inner = self.with_methods()?;
        Ok(if signs.is_empty() { inner } else { Expression { line, is: Is::Prefixed(signs, Box::new(inner)) } })
    }

    fn with_methods(&mut self) -> Result<Expression, Mistake> {
        let line = self.line();
        let of = self.primary()?;
        let mut calls = Vec::new();
        while self.takes(".") {
            let line = self.line();
            let name = self.word("the name of a method")?;
            self.need("(")?;
            calls.push(Call { line, name, arguments: self.arguments()? });
        }
        Ok(if calls.is_empty() { of } else { Expression { line, is: Is::Methods(Box::new(of), calls) } })
    }

    fn primary(&mut self) -> Result<Expression, Mistake> {
        let line = self.line();
        if self.takes("(") {
            let inner = self.deeper(Self::expression)?;
            self.need(")")?;
            return Ok(inner);
        }
        if self.takes("{") {
            return Ok(Expression { line, is: self.deeper(Self::collection)? });
        }
        let is = match self.peek() {
            Some(Token::Text(text)) => Is::Text(text.clone()),
            Some(Token::Number(number)) => Is::Number(*number),
            Some(Token::Word(word)) => match word.as_str() {
                "true" => Is::Flag(true),
                "false" => Is::Flag(false),
                "null" => Is::Null,
                _ => Is::Variable(word.clone()),
            },
            _ => return self.wrong("a value"),
        };
        self.at += 1;
        match is {
            Is::Variable(name) if self.takes("(") => {
                let call = Call { line, name, arguments: self.arguments()? };
                Ok(Expression { line, is: Is::Function(call) })
            }
            is => Ok(Expression { line, is }),
        }
    }

    /// After the opening bracket, up to the closing one.
    fn arguments(&mut self) -> Result<Vec<Expression>, Mistake> {
        self.deeper(|reader| {
            let mut arguments = Vec::new();
            if reader.takes(")") {
                return Ok(arguments);
            }
            loop {
                arguments.push(reader.expression()?);
                if !reader.takes(",") {
                    break;
                }
            }
            reader.need(")")?;
            Ok(arguments)
        })
    }

    /// `{1, 2}` is a list, `{"a": 1}` a map. An empty one is a list.
    fn collection(&mut self) -> Result<Is, Mistake> {
        if self.takes("}") {
            return Ok(Is::List(Vec::new()));
        }
        let first = self.expression()?;
        let is = if self.takes(":") {
            let mut pairs = vec![(first, self.expression()?)];
            while self.takes(",") {
                let key = self.expression()?;
                self.need(":")?;
                pairs.push((key, self.expression()?));
            }
            Is::Map(pairs)
        } else {
            let mut list = vec![first];
            while self.takes(",") {
                list.push(self.expression()?);
            }
            Is::List(list)
        };
        self.need("}")?;
        Ok(is)
    }
}
