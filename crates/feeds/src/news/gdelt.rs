//! GDELT: the world's articles every 15 minutes, and how much is written about something. No key; one request in five
//! seconds. A query it cannot read comes back as a plain text with HTTP 200.
//!
//! Source: reference (feeds), section 5, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;
use serde::Deserialize;

use super::{Article, MAX_ARTICLES, MAX_TITLE, cut, ordered};
use crate::error::{FeedError, excerpt_bytes};
use crate::json;
use crate::request::Request;
use crate::time::from_offset;
use crate::vendor::Vendor;

/// How old its newest article may be: two of its updates.
pub const MAX_AGE: Duration = Duration::from_mins(30);

const VENDOR: Vendor = Vendor::Gdelt;
const AT: &str = "/api/v2/doc/doc";

/// Asks for the newest articles for a query of the last `span` (`15min`, `1h`, `1d`).
pub fn articles(query: &str, span: &str, count: u8) -> Request {
    base(query, span)
        .with("mode", "artlist")
        .with("maxrecords", count.clamp(1, 250).to_string())
        .with("sort", "datedesc")
}

/// Asks how much is written for a query over the last `span`, in percent of everything.
pub fn volume(query: &str, span: &str) -> Request {
    base(query, span).with("mode", "timelinevol")
}

fn base(query: &str, span: &str) -> Request {
    Request::get(VENDOR, AT).with("query", query).with("format", "json").with("timespan", span)
}

/// `20261120T150000Z`.
fn seen(text: &str) -> Option<Timestamp> {
    from_offset(jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", text.trim()).ok()?, 0)
}

/// What is no object is words for people.
fn check(body: &[u8]) -> Result<(), FeedError> {
    match json::first(body) {
        Some(b'{') => Ok(()),
        None => Err(FeedError::unreadable(VENDOR, AT, "an object", "an empty body")),
        Some(b'<') => Err(FeedError::unreadable(VENDOR, AT, "an object, and this is a page", &excerpt_bytes(body))),
        Some(_) => {
            let said = excerpt_bytes(body);
            let lower = said.to_ascii_lowercase();
            let limited = lower.contains("limit requests") || lower.contains("too many");
            Err(if limited { FeedError::quota(VENDOR, AT, &said, None) } else { FeedError::refused(VENDOR, AT, &said) })
        }
    }
}

/// Reads the answer of [`articles`], newest first; nothing found is an empty object.
///
/// # Errors
/// [`FeedError`].
pub fn parse_articles(body: &[u8]) -> Result<Vec<Article>, FeedError> {
    #[derive(Deserialize)]
    struct Row {
        url: String,
        #[serde(default)]
        title: String,
        #[serde(default)]
        seendate: String,
        #[serde(default)]
        domain: String,
    }
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        articles: Vec<Row>,
    }
    check(body)?;
    let answer: Answer = json::parse(VENDOR, AT, body)?;
    let read = |row: Row| Article {
        id: row.url.clone(),
        title: cut(&row.title, MAX_TITLE),
        link: row.url,
        source: row.domain,
        published_at: seen(&row.seendate),
        summary: String::new(),
    };
    Ok(ordered(answer.articles.into_iter().take(MAX_ARTICLES).map(read).collect()))
}

/// One step of a timeline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Its time.
    pub at: Timestamp,
    /// In percent of all articles.
    pub value: f64,
}

/// Reads the answer of [`volume`], in order.
///
/// # Errors
/// [`FeedError`].
pub fn parse_volume(body: &[u8]) -> Result<Vec<Step>, FeedError> {
    #[derive(Deserialize)]
    struct Point {
        date: String,
        #[serde(default, deserialize_with = "json::number")]
        value: Option<f64>,
    }
    #[derive(Deserialize)]
    struct Line {
        #[serde(default)]
        data: Vec<Point>,
    }
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        timeline: Vec<Line>,
    }
    check(body)?;
    let answer: Answer = json::parse(VENDOR, AT, body)?;
    let points = answer.timeline.into_iter().next().map(|line| line.data).unwrap_or_default();
    let read = |point: Point| {
        let at = seen(&point.date).ok_or_else(|| FeedError::unreadable(VENDOR, AT, "`20261120T150000Z`", &point.date));
        at.map(|at| point.value.map(|value| Step { at, value })).transpose()
    };
    points.into_iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_people_are_errors() {
        for (body, class) in [
            ("Please limit requests to one every 5 seconds or contact us", "quota"),
            ("The specified phrase is too short.", "refused"),
            ("<html>", "unreadable"),
            ("", "unreadable"),
        ] {
            assert_eq!(parse_articles(body.as_bytes()).unwrap_err().class(), class, "{body}");
        }
        assert_eq!(parse_articles(b"{}"), Ok(Vec::new()));
    }

    #[test]
    fn articles_and_volumes_have_the_time_they_were_seen() {
        let body = br#"{"articles":[{"url":"https://a","title":"T","seendate":"20261120T150000Z","domain":"a.com"}]}"#;
        assert_eq!(parse_articles(body).unwrap()[0].published_at.unwrap().to_string(), "2026-11-20T15:00:00Z");
        let body = br#"{"timeline":[{"series":"Volume Intensity","data":[{"date":"20261120T150000Z","value":0.12}]}]}"#;
        assert!((parse_volume(body).unwrap()[0].value - 0.12).abs() < 1e-12);
    }
}
