//! Parts of lists: by offset on the first generation, by cursor on the second.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use brier_polymarket_protocol::data::v2::{List, Pagination};

use crate::polymarket::http::{Failure, Params};

/// What a list is sorted by; the second part makes it unlike all others.
pub(super) type Key = (i64, i64);

/// Rows from `offset` on, at most `limit`.
pub(super) fn by_offset<T>(rows: Vec<T>, params: &Params, limit: usize, most: usize) -> Result<Vec<T>, Failure> {
    let wanted = params.number::<usize>("limit", "invalid limit")?.unwrap_or(limit).min(most);
    let offset = params.number::<usize>("offset", "invalid offset")?.unwrap_or(0);
    Ok(rows.into_iter().skip(offset).take(wanted).collect())
}

/// Sorts rows, the largest key first unless the query turns it round.
pub(super) fn sort<T>(rows: &mut [(Key, T)], ascending: bool) {
    rows.sort_by_key(|(key, _)| if ascending { *key } else { reversed(*key) });
}

fn reversed((first, second): Key) -> Key {
    (first.saturating_neg(), second.saturating_neg())
}

/// Rows after the cursor, at most `limit`, and where the next ones start.
pub(super) fn by_cursor<T>(mut rows: Vec<(Key, T)>, params: &Params, most: usize) -> Result<List<T>, Failure> {
    let ascending = params.one("sort_direction").is_some_and(|it| it.eq_ignore_ascii_case("asc"));
    let limit = params.number::<usize>("limit", "invalid limit")?.unwrap_or(100).clamp(1, most);
    if let Some(text) = params.one("cursor") {
        let last = cursor(text).ok_or_else(|| Failure::text(400, "invalid cursor"))?;
        rows.retain(|(key, _)| if ascending { *key > last } else { *key < last });
    }
    sort(&mut rows, ascending);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| has_more).map(|((first, second), _)| (first, second));
    let next_cursor = last.map(|(first, second)| URL_SAFE_NO_PAD.encode(format!("{first}.{second}")));
    Ok(List { data: rows.into_iter().map(|(_, row)| row).collect(), pagination: Pagination { has_more, next_cursor } })
}

fn cursor(text: &str) -> Option<Key> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (first, second) = std::str::from_utf8(&bytes).ok()?.split_once('.')?;
    Some((first.parse().ok()?, second.parse().ok()?))
}
