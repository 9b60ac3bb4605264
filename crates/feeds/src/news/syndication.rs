//! RSS 2.0 and Atom, of any publisher: the Fed's press releases, the BLS's newest numbers, courts, the weather service.
//!
//! The last answer is offered back; how long a feed wants to be left alone (`ttl`, `sy:updatePeriod`) is told. Dates that
//! cannot be read make an entry undated, not new. Texts are stripped of markup; they are a stranger's.
//!
//! Source: reference (feeds), section 5, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;

use super::xml::{Piece, Pieces, attribute, decode, plain, resolve};
use super::{Article, MAX_ARTICLES, MAX_SUMMARY, MAX_TITLE, cut, hash, ordered};
use crate::error::FeedError;
use crate::request::Request;
use crate::time::{rfc822, rfc3339};
use crate::vendor::Vendor;

/// How old the newest entry may be for news to be traded on; official releases are dated by the minute.
pub const MAX_AGE: Duration = Duration::from_mins(10);

const VENDOR: Vendor = Vendor::Syndication;

/// Asks for a feed at its own address, `https://…`; or, with a path alone, of the vendor's default host.
pub fn feed(address: &str) -> Request {
    Request::get(VENDOR, address).conditional()
}

/// The Fed's press releases on monetary policy.
pub const FED_PRESS: &str = "/feeds/press_monetary.xml";

/// A feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Its name.
    pub title: String,
    /// How long it wants to be left alone.
    pub every: Option<Duration>,
    /// Its entries, newest first, each once.
    pub articles: Vec<Article>,
}

#[derive(Default)]
struct Entry {
    id: String,
    title: String,
    link: String,
    date: String,
    summary: String,
}

/// Reads a feed of either form.
///
/// # Errors
/// [`FeedError`] when the document is neither.
pub fn parse_feed(body: &[u8]) -> Result<Feed, FeedError> {
    let text = decode(body);
    let mut feed = Feed { title: String::new(), every: None, articles: Vec::new() };
    let (mut known, mut whole) = (false, false);
    let (mut entry, mut name, mut buffer) = (None::<Entry>, "", String::new());
    let (mut period, mut frequency) = (None::<Duration>, 1_u32);
    // What is inside another element of the feed's head, such as its image, is not the feed's.
    let mut aside = 0_u32;
    for piece in Pieces::new(&text) {
        match piece {
            Piece::Open { name: opened, attributes, empty } => {
                match opened {
                    "rss" | "feed" | "rdf:RDF" => known = true,
                    "item" | "entry" if entry.is_none() => entry = Some(Entry::default()),
                    "image" | "textInput" | "author" | "source" | "contributor" if !empty => aside += 1,
                    "link" | "atom:link" if aside == 0 => {
                        let (rel, href) = (attribute(attributes, "rel"), attribute(attributes, "href"));
                        if let (Some(entry), Some(href)) = (&mut entry, href)
                            && rel.as_deref().is_none_or(|rel| rel == "alternate")
                            && entry.link.is_empty()
                        {
                            entry.link = href;
                        }
                    }
                    _ => {}
                }
                if !empty {
                    name = opened;
                    buffer.clear();
                }
            }
            Piece::Text(text) => push(&mut buffer, &resolve(text)),
            Piece::Raw(text) => push(&mut buffer, text),
            Piece::Close { name: closed } => {
                whole |= matches!(closed, "rss" | "feed" | "rdf:RDF");
                if matches!(closed, "image" | "textInput" | "author" | "source" | "contributor") {
                    aside = aside.saturating_sub(1);
                } else if matches!(closed, "item" | "entry") {
                    if let Some(entry) = entry.take()
                        && feed.articles.len() < MAX_ARTICLES
                    {
                        feed.articles.push(article(entry, &feed.title));
                    }
                } else if closed == name && aside == 0 {
                    let value = buffer.trim();
                    match &mut entry {
                        Some(entry) => field(entry, closed, value),
                        None => match closed {
                            "title" if feed.title.is_empty() => feed.title = cut(&plain(value), MAX_TITLE),
                            "ttl" => feed.every = value.parse().ok().filter(|minutes| *minutes <= 10_080).map(minutes),
                            "sy:updatePeriod" => period = period_of(value),
                            "sy:updateFrequency" => frequency = value.parse().unwrap_or(1).max(1),
                            _ => {}
                        },
                    }
                }
                name = "";
                buffer.clear();
            }
        }
    }
    if !known || !whole {
        // Half a feed would be believed to have lost its older entries.
        return Err(FeedError::unreadable(VENDOR, "feed", "a whole document of RSS or Atom", &text));
    }
    feed.every = feed.every.or(period.map(|period| period / frequency));
    feed.articles = ordered(feed.articles);
    Ok(feed)
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

fn period_of(word: &str) -> Option<Duration> {
    Some(match word {
        "hourly" => Duration::from_hours(1),
        "daily" => Duration::from_hours(24),
        "weekly" => Duration::from_hours(7 * 24),
        _ => return None,
    })
}

/// Long texts are cut while they come: a feed of one endless element must not be kept whole twice.
fn push(buffer: &mut String, text: &str) {
    if buffer.len() < 4 * MAX_SUMMARY * 4 {
        buffer.push_str(text);
    }
}

fn field(entry: &mut Entry, name: &str, value: &str) {
    let slot = match name {
        "guid" | "id" => &mut entry.id,
        "title" => &mut entry.title,
        "link" => &mut entry.link,
        // What was published counts before what was changed.
        "pubDate" | "published" | "dc:date" => {
            value.clone_into(&mut entry.date);
            return;
        }
        "updated" => &mut entry.date,
        "description" | "summary" | "content" | "content:encoded" => &mut entry.summary,
        _ => return,
    };
    if slot.is_empty() {
        value.clone_into(slot);
    }
}

fn article(entry: Entry, source: &str) -> Article {
    let title = cut(&plain(&entry.title), MAX_TITLE);
    let id = match (entry.id.is_empty(), entry.link.is_empty()) {
        (false, _) => entry.id,
        (true, false) => entry.link.clone(),
        (true, true) => format!("{:016x}", hash(&[&title, &entry.date])),
    };
    let published_at: Option<Timestamp> = rfc822(&entry.date).or_else(|| rfc3339(&entry.date));
    let summary = cut(&plain(&entry.summary), MAX_SUMMARY);
    Article { id, title, link: entry.link, source: source.to_owned(), published_at, summary }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rss_is_read() {
        let body = br#"<?xml version="1.0"?><rss version="2.0"><channel><title>Fed</title><ttl>30</ttl>
            <image><title>Logo</title></image>
            <item><title><![CDATA[FOMC <b>statement</b>]]></title><link>https://a</link><guid isPermaLink="false">g1</guid>
              <pubDate>Fri, 20 Nov 2026 19:00:00 GMT</pubDate><description>&lt;p&gt;Rates &amp;amp; more&lt;/p&gt;</description></item>
            <item><title>again</title><guid>g1</guid></item>
            <item><title>No date</title><pubDate>soon</pubDate></item></channel></rss>"#;
        let feed = parse_feed(body).unwrap();
        assert_eq!((feed.title.as_str(), feed.every, feed.articles.len()), ("Fed", Some(Duration::from_mins(30)), 2));
        let first = &feed.articles[0];
        assert_eq!((first.title.as_str(), first.summary.as_str()), ("FOMC statement", "Rates & more"));
        assert_eq!(first.published_at.unwrap().to_string(), "2026-11-20T19:00:00Z");
        assert_eq!(feed.articles[1].published_at, None, "a date that cannot be read is none");
        assert_eq!(feed.articles[1].id.len(), 16);
    }

    #[test]
    fn atom_is_read() {
        let body =
            br#"<feed xmlns="http://www.w3.org/2005/Atom"><title>SEC</title><entry><author><name>X</name></author>
            <title type="html">8-K</title><link rel="self" href="https://self"/><link href="https://b"/><id>urn:1</id>
            <updated>2026-11-20T14:00:00-05:00</updated><published>2026-11-20T13:00:00-05:00</published>
            <summary>Text</summary></entry></feed>"#;
        let feed = parse_feed(body).unwrap();
        let entry = &feed.articles[0];
        assert_eq!((entry.id.as_str(), entry.link.as_str(), entry.title.as_str()), ("urn:1", "https://b", "8-K"));
        assert_eq!(entry.published_at.unwrap().to_string(), "2026-11-20T18:00:00Z");
        assert!(parse_feed(b"<html><body>Not found</body></html>").is_err());
    }
}
