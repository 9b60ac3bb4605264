//! News. What an article says is data of a stranger: nothing in it is ever followed, and no number of it becomes a
//! probability by itself.

pub mod gdelt;
pub mod newsapi;
pub mod syndication;
pub mod xml;

use brier_types::Timestamp;

/// One article or entry. All texts are a stranger's, in plain characters, cut to a length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Article {
    /// What tells it from others: the publisher's id, else its address, else a hash of its title and date.
    pub id: String,
    /// The headline.
    pub title: String,
    /// Where it is.
    pub link: String,
    /// Who published it, as far as told.
    pub source: String,
    /// When it was published, or first seen: its age. Absent where the date cannot be read; never guessed.
    pub published_at: Option<Timestamp>,
    /// The beginning of what it says.
    pub summary: String,
}

/// Longest headline kept, in characters.
pub(crate) const MAX_TITLE: usize = 300;
/// Longest summary kept, in characters.
pub(crate) const MAX_SUMMARY: usize = 2_000;
/// Most articles of one answer.
pub(crate) const MAX_ARTICLES: usize = 1_000;

pub(crate) fn cut(text: &str, limit: usize) -> String {
    text.trim().chars().filter(|character| !character.is_control() || *character == '\n').take(limit).collect()
}

/// A hash that is the same on every machine and in every version (FNV-1a, 64 bit).
pub(crate) fn hash(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The newest first, each once; what has no date comes last.
pub(crate) fn ordered(mut articles: Vec<Article>) -> Vec<Article> {
    let mut seen = std::collections::BTreeSet::new();
    articles.retain(|article| seen.insert(article.id.clone()));
    articles.sort_by(|one, two| two.published_at.cmp(&one.published_at).then_with(|| one.id.cmp(&two.id)));
    articles
}

/// When the newest article was published.
pub fn newest(articles: &[Article]) -> Option<Timestamp> {
    articles.iter().filter_map(|article| article.published_at).max()
}
