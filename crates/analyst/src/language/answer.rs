//! The one form that a language model's answer may have, checked by hand.
//!
//! ```json
//! {"probability": 0.62, "low": 0.5, "high": 0.7,
//!  "drivers": [{"claim": "…", "sign": "up", "weight": 0.6, "quotes": [{"source": "D1", "text": "…"}]}],
//!  "changes": ["…"]}
//! ```
//!
//! or `{"no_opinion": "…"}`. Nothing may stand around it, no key may be missing, extra or twice. Whatever else a text asks
//! for (a tool, an order, another market) has no place in the form and makes it invalid.
//!
//! Errors say where, what was expected and what kind of thing was found. They never repeat words of the answer, for they go
//! back to the model as words of ours.

use std::collections::BTreeMap;
use std::fmt;

use brier_types::Prob;

use super::strict::Json;
use super::text::clean;
use crate::opinion::Sign;

/// The longest answer that is read, in bytes.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The most drivers.
pub const MAX_DRIVERS: usize = 8;
/// The most quotes of one driver.
pub const MAX_QUOTES: usize = 3;
/// The most changes.
pub const MAX_CHANGES: usize = 5;
/// The longest claim or change, in characters.
pub const MAX_CLAIM_CHARS: usize = 300;
/// The longest quote, in characters.
pub const MAX_QUOTE_CHARS: usize = 400;

/// Words that are said to stand in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The id of the source.
    pub source: String,
    /// The words.
    pub text: String,
}

/// A reason as it was given, its quotes not yet looked up.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// What it says, in one form and bounded.
    pub text: String,
    /// Which way it points.
    pub sign: Sign,
    /// How much it counts, 0 to 1.
    pub weight: f64,
    /// What it rests on.
    pub quotes: Vec<Quote>,
}

/// An estimate as it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The chance of YES.
    pub prob: Prob,
    /// The lower end of its interval.
    pub low: Prob,
    /// The upper end.
    pub high: Prob,
    /// Its reasons.
    pub claims: Vec<Claim>,
    /// What would change it.
    pub changes: Vec<String>,
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A chance and its reasons.
    Estimate(Estimate),
    /// That it cannot tell, and why.
    Abstains(String),
}

/// Where an answer leaves the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormError {
    /// Where, such as `drivers[2].weight`.
    pub at: String,
    /// What the form asks for there.
    pub expected: String,
    /// What was there instead: its kind, number or length, never its words.
    pub found: String,
}

/// One line: `drivers[2].weight: expected a number from 0 to 1, found 3`.
impl fmt::Display for FormError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: expected {}, found {}", self.at, self.expected, self.found)
    }
}

impl std::error::Error for FormError {}

fn error<T>(at: &str, expected: impl Into<String>, found: impl Into<String>) -> Result<T, FormError> {
    Err(FormError { at: at.to_owned(), expected: expected.into(), found: found.into() })
}

/// Reads an answer.
///
/// # Errors
/// [`FormError`] for the first place where it leaves the form: ask once more with its text, then give up.
///
/// ```
/// use brier_analyst::language::answer::{Answer, read};
/// assert!(matches!(read(r#"{"no_opinion": "no forecast"}"#), Ok(Answer::Abstains(_))));
/// let error = read(r#"{"probability": 1.2}"#).unwrap_err();
/// assert_eq!(error.to_string(), "answer: expected the key `low`, found none");
/// ```
pub fn read(text: &str) -> Result<Answer, FormError> {
    if text.len() > MAX_ANSWER_BYTES {
        return error("answer", format!("at most {MAX_ANSWER_BYTES} bytes"), format!("{} bytes", text.len()));
    }
    let json = match Json::parse(text) {
        Ok(json) => json,
        Err(syntax) => {
            let found = format!("a fault in line {}, column {}", syntax.line(), syntax.column());
            return error("answer", "one JSON object without anything around it, every key once", found);
        }
    };
    let object = object(&json, "answer")?;
    if object.contains_key("no_opinion") {
        keys(object, "answer", &["no_opinion"])?;
        return Ok(Answer::Abstains(claim_text(&object["no_opinion"], "no_opinion")?));
    }
    keys(object, "answer", &["probability", "low", "high", "drivers", "changes"])?;
    let prob = chance(&object["probability"], "probability")?;
    let low = chance(&object["low"], "low")?;
    let high = chance(&object["high"], "high")?;
    if !(low <= prob && prob <= high) {
        return error("low", "low, probability and high in rising order", "another order");
    }
    let drivers = list(&object["drivers"], "drivers", MAX_DRIVERS)?;
    let claims = drivers.iter().enumerate().map(|(index, item)| claim(item, &format!("drivers[{index}]")));
    let claims = claims.collect::<Result<_, _>>()?;
    let changes = list(&object["changes"], "changes", MAX_CHANGES)?;
    let changes = changes.iter().enumerate().map(|(index, item)| claim_text(item, &format!("changes[{index}]")));
    Ok(Answer::Estimate(Estimate { prob, low, high, claims, changes: changes.collect::<Result<_, _>>()? }))
}

fn claim(json: &Json, at: &str) -> Result<Claim, FormError> {
    let object = object(json, at)?;
    keys(object, at, &["claim", "sign", "weight", "quotes"])?;
    let text = claim_text(&object["claim"], &format!("{at}.claim"))?;
    let sign = match text_of(&object["sign"], &format!("{at}.sign"))? {
        "up" => Sign::Up,
        "down" => Sign::Down,
        _ => return error(&format!("{at}.sign"), "`up` or `down`", "another word"),
    };
    let weight = chance(&object["weight"], &format!("{at}.weight"))?.get();
    let at_quotes = format!("{at}.quotes");
    let quotes = list(&object["quotes"], &at_quotes, MAX_QUOTES)?;
    if quotes.is_empty() {
        return error(&at_quotes, "at least one quote", "none");
    }
    let quotes = quotes.iter().enumerate().map(|(index, item)| quote(item, &format!("{at_quotes}[{index}]")));
    Ok(Claim { text, sign, weight, quotes: quotes.collect::<Result<_, _>>()? })
}

fn quote(json: &Json, at: &str) -> Result<Quote, FormError> {
    let object = object(json, at)?;
    keys(object, at, &["source", "text"])?;
    let source = bounded(&object["source"], &format!("{at}.source"), 16)?;
    let text = bounded(&object["text"], &format!("{at}.text"), MAX_QUOTE_CHARS)?;
    Ok(Quote { source: source.to_owned(), text: text.to_owned() })
}

fn object<'a>(json: &'a Json, at: &str) -> Result<&'a BTreeMap<String, Json>, FormError> {
    match json {
        Json::Object(object) => Ok(object),
        other => error(at, "an object", other.kind()),
    }
}

/// Whether an object has exactly these keys.
fn keys(object: &BTreeMap<String, Json>, at: &str, wanted: &[&str]) -> Result<(), FormError> {
    if let Some(missing) = wanted.iter().find(|key| !object.contains_key(**key)) {
        return error(at, format!("the key `{missing}`"), "none");
    }
    if object.len() > wanted.len() {
        let known = wanted.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        return error(at, format!("only the keys {known}"), format!("{} more", object.len() - wanted.len()));
    }
    Ok(())
}

fn list<'a>(json: &'a Json, at: &str, most: usize) -> Result<&'a [Json], FormError> {
    match json {
        Json::List(items) if items.len() <= most => Ok(items),
        Json::List(items) => error(at, format!("at most {most} items"), format!("{}", items.len())),
        other => error(at, "a list", other.kind()),
    }
}

fn chance(json: &Json, at: &str) -> Result<Prob, FormError> {
    const EXPECTED: &str = "a number from 0 to 1";
    match json {
        Json::Number(number) => Prob::new(*number).or_else(|wrong| error(at, EXPECTED, format!("{}", wrong.0))),
        other => error(at, EXPECTED, other.kind()),
    }
}

fn text_of<'a>(json: &'a Json, at: &str) -> Result<&'a str, FormError> {
    match json {
        Json::Text(text) => Ok(text),
        other => error(at, "a text", other.kind()),
    }
}

/// A text that is not empty and has at most so many characters.
fn bounded<'a>(json: &'a Json, at: &str, most: usize) -> Result<&'a str, FormError> {
    let text = text_of(json, at)?;
    let count = text.chars().count();
    if count == 0 || count > most {
        return error(at, format!("1 to {most} characters"), format!("{count}"));
    }
    Ok(text)
}

/// Words for people, in their one form.
fn claim_text(json: &Json, at: &str) -> Result<String, FormError> {
    let (text, _) = clean(bounded(json, at, MAX_CLAIM_CHARS)?, "", MAX_CLAIM_CHARS);
    if text.is_empty() { error(at, "words", "nothing that can be seen") } else { Ok(text) }
}

#[cfg(test)]
mod tests;
