//! Reading JSON of vendors that change numbers into texts, leave fields out and send null.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::error::{FeedError, excerpt_bytes};
use crate::vendor::Vendor;

/// Reads a document, or says what came instead.
///
/// # Errors
/// [`FeedError`] with the place that serde names.
pub(crate) fn parse<'a, T: Deserialize<'a>>(vendor: Vendor, at: &str, body: &'a [u8]) -> Result<T, FeedError> {
    serde_json::from_slice(body).map_err(|error| unreadable(vendor, at, body, &error))
}

/// As [`parse`], of a part kept as it came.
pub(crate) fn parse_raw<T: DeserializeOwned>(vendor: Vendor, at: &str, raw: &RawValue) -> Result<T, FeedError> {
    parse(vendor, at, raw.get().as_bytes())
}

fn unreadable(vendor: Vendor, at: &str, body: &[u8], error: &serde_json::Error) -> FeedError {
    let what = match first(body) {
        None => "a JSON document, and the body is empty".to_owned(),
        Some(b'<') => "JSON, and this is a page for people".to_owned(),
        Some(_) => format!("the documented JSON ({error})"),
    };
    // The neighbourhood of the fault says more than the beginning.
    let start = if error.line() == 1 { error.column().saturating_sub(60).min(body.len()) } else { 0 };
    FeedError::unreadable(vendor, at, what, &excerpt_bytes(body.get(start..).unwrap_or(body)))
}

/// The first byte that is no blank.
pub(crate) fn first(body: &[u8]) -> Option<u8> {
    body.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

/// A JSON scalar as its text; `None` for null. Objects, lists and truth values are refused.
fn scalar<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let raw = Box::<RawValue>::deserialize(from)?;
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).map(Some).map_err(D::Error::custom),
        Some(b'n') => Ok(None),
        Some(b'-' | b'0'..=b'9') => Ok(Some(text.to_owned())),
        _ => Err(D::Error::custom("expected a number, a text or null")),
    }
}

/// A finite number, or a text that spells one; null, empty texts and the words for missing data are `None`.
pub(crate) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    let Some(text) = scalar(from)? else { return Ok(None) };
    let text = text.trim();
    if is_missing(text) {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Some(value)),
        _ => Err(D::Error::custom(format_args!("expected a finite number, found `{}`", cut(text)))),
    }
}

/// Whether a text is one of the vendors' words for "no value".
pub(crate) fn is_missing(text: &str) -> bool {
    matches!(text, "" | "." | "-" | "M" | "MM" | "NaN" | "null" | "N/A" | "NA" | "n/a")
}

fn cut(text: &str) -> String {
    text.chars().take(48).collect()
}

/// A whole number, or a text that spells one; null is `None`.
pub(crate) fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let Some(text) = scalar(from)? else { return Ok(None) };
    let text = text.trim();
    if is_missing(text) {
        return Ok(None);
    }
    // `12.0` is how some writers print 12.
    let bare = text.strip_suffix(".0").unwrap_or(text);
    bare.parse().map(Some).map_err(|_| D::Error::custom(format_args!("expected a whole number, found `{}`", cut(text))))
}

/// A text, or a number as its digits; null is `None`.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    scalar(from)
}

/// A list in which numbers may be null or texts.
pub(crate) fn numbers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Option<f64>>, D::Error> {
    #[derive(Deserialize)]
    struct Item(#[serde(deserialize_with = "number")] Option<f64>);
    let list = Option::<Vec<Item>>::deserialize(from)?.unwrap_or_default();
    Ok(list.into_iter().map(|item| item.0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "number")]
        value: Option<f64>,
        #[serde(default, deserialize_with = "whole")]
        count: Option<i64>,
        #[serde(default, deserialize_with = "numbers")]
        list: Vec<Option<f64>>,
    }

    fn row(text: &str) -> Result<Row, FeedError> {
        parse(Vendor::Fred, "row", text.as_bytes())
    }

    #[test]
    fn numbers_come_in_many_forms() {
        let read = row(r#"{"value":"1.5","count":"12.0","list":[1,"2",null,"."]}"#).unwrap();
        assert_eq!((read.value, read.count, read.list), (Some(1.5), Some(12), vec![Some(1.0), Some(2.0), None, None]));
        let read = row(r#"{"value":".","count":null}"#).unwrap();
        assert_eq!((read.value, read.count), (None, None));
        for bad in [r#"{"value":1e999}"#, r#"{"value":[1]}"#, r#"{"value":"abc"}"#, r#"{"count":1.5}"#] {
            assert!(row(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_came_instead_is_named() {
        let text = |body: &str| row(body).err().unwrap().to_string();
        assert!(text("").contains("the body is empty"), "{}", text(""));
        assert!(text("<html>").contains("a page for people"));
        assert!(text(r#"{"value":tru"#).contains("tru"));
    }
}
