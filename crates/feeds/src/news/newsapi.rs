//! NewsAPI: articles by words and sources. The free plan is for development and a day late, so its articles are stale here.
//!
//! Source: reference (feeds), section 5, 2026-11-20.

use std::time::Duration;

use serde::Deserialize;

use super::{Article, MAX_ARTICLES, MAX_SUMMARY, MAX_TITLE, cut, hash, ordered};
use crate::client::refusal;
use crate::error::FeedError;
use crate::json;
use crate::request::{KeyPlace, Request};
use crate::time::rfc3339;
use crate::vendor::Vendor;

/// How old news may be: what is older than ten minutes is in the price.
pub const MAX_AGE: Duration = Duration::from_mins(10);

const VENDOR: Vendor = Vendor::NewsApi;
const AT: &str = "/v2/everything";

/// Asks for the newest English articles with these words.
pub fn everything(words: &str, count: u8) -> Request {
    Request::get(VENDOR, AT)
        .with("q", words)
        .with("language", "en")
        .with("sortBy", "publishedAt")
        .with("pageSize", count.clamp(1, 100).to_string())
        .keyed(KeyPlace::Header("x-api-key", ""))
}

/// Reads the answer of [`everything`], newest first.
///
/// # Errors
/// [`FeedError`]; the service's own error inside any status.
pub fn parse_articles(body: &[u8]) -> Result<Vec<Article>, FeedError> {
    #[derive(Default, Deserialize)]
    struct Source {
        name: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Row {
        source: Option<Source>,
        title: Option<String>,
        description: Option<String>,
        url: Option<String>,
        published_at: Option<String>,
    }
    #[derive(Deserialize)]
    struct Answer {
        status: Option<String>,
        code: Option<String>,
        articles: Option<Vec<Row>>,
    }
    let answer: Answer = json::parse(VENDOR, AT, body)?;
    if answer.status.as_deref() == Some("error") {
        let status = match answer.code.as_deref().unwrap_or_default() {
            "apiKeyInvalid" | "apiKeyMissing" | "apiKeyDisabled" => 401,
            "rateLimited" | "apiKeyExhausted" => 429,
            "maximumResultsReached" => 426,
            "unexpectedError" => 500,
            _ => 400,
        };
        return Err(refusal::of_status(VENDOR, AT, status, None, body));
    }
    let rows = answer
        .articles
        .ok_or_else(|| FeedError::unreadable(VENDOR, AT, "`articles`", &String::from_utf8_lossy(body)))?;
    let read = |row: Row| {
        let title = cut(&row.title.unwrap_or_default(), MAX_TITLE);
        let link = row.url.unwrap_or_default();
        let date = row.published_at.unwrap_or_default();
        let id = if link.is_empty() { format!("{:016x}", hash(&[&title, &date])) } else { link.clone() };
        Article {
            id,
            title,
            link,
            source: row.source.and_then(|source| source.name).unwrap_or_default(),
            published_at: rfc3339(&date),
            summary: cut(&row.description.unwrap_or_default(), MAX_SUMMARY),
        }
    };
    Ok(ordered(rows.into_iter().take(MAX_ARTICLES).map(read).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_come_newest_first_and_once() {
        let body = br#"{"status":"ok","totalResults":3,"articles":[
            {"source":{"id":null,"name":"Reuters"},"title":"Old","url":"https://a","publishedAt":"2026-11-20T15:02:11Z"},
            {"source":{"name":"AP"},"title":"New","url":"https://b","publishedAt":"2026-11-20T15:03:11Z"},
            {"source":{"name":"AP"},"title":"New","url":"https://b","publishedAt":"2026-11-20T15:03:11Z"},
            {"source":null,"title":null,"url":null,"publishedAt":"soon"}]}"#;
        let titles: Vec<String> = parse_articles(body).unwrap().into_iter().map(|article| article.title).collect();
        assert_eq!(titles, ["New", "Old", ""]);
        let body = br#"{"status":"error","code":"rateLimited","message":"slow down"}"#;
        assert_eq!(parse_articles(body).unwrap_err().class(), "quota");
    }
}
