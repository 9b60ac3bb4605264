//! Pages of lists: an opaque cursor that counts rows, `LTE=` at the end.
//!
//! Source: reference (Polymarket), section 8.1, 2026-11-20.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use brier_polymarket_protocol::clob::{LAST_CURSOR, Page};

use super::{Failure, Params};

/// Where a page starts; `None` behind the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(Option<usize>);

impl Cursor {
    /// The cursor of a query; the first page without one.
    ///
    /// # Errors
    /// 400 with `refusal` when it is no cursor of ours.
    pub(crate) fn of(params: &Params, refusal: &str) -> Result<Self, Failure> {
        let Some(text) = params.one("next_cursor") else { return Ok(Self(Some(0))) };
        if text == LAST_CURSOR {
            return Ok(Self(None));
        }
        let wrong = || Failure::text(400, refusal);
        let bytes = STANDARD.decode(text).map_err(|_no_base64| wrong())?;
        let number = std::str::from_utf8(&bytes).ok().and_then(|digits| digits.parse().ok());
        number.map(|number| Self(Some(number))).ok_or_else(wrong)
    }
}

/// The page that a cursor names.
pub(crate) fn paged<R, T>(
    rows: impl Iterator<Item = R>,
    cursor: Cursor,
    size: usize,
    read: impl Fn(R) -> T,
) -> Page<T> {
    let limit = u32::try_from(size).unwrap_or(u32::MAX);
    let Some(start) = cursor.0 else { return Page::only(Vec::new(), limit) };
    let mut rows = rows.skip(start);
    let data: Vec<T> = rows.by_ref().take(size).map(read).collect();
    let more = rows.next().is_some();
    let next_cursor = if more { STANDARD.encode((start + data.len()).to_string()) } else { LAST_CURSOR.to_owned() };
    Page { next_cursor, ..Page::only(data, limit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_to_the_end() {
        let (mut cursor, mut seen) = (Cursor(Some(0)), Vec::new());
        loop {
            let page = paged(0..7, cursor, 3, |row| row);
            seen.extend(page.data.iter().copied());
            let Some(next) = page.next() else { break };
            let digits = STANDARD.decode(next).unwrap();
            cursor = Cursor(std::str::from_utf8(&digits).unwrap().parse().ok());
        }
        assert_eq!(seen, (0..7).collect::<Vec<_>>());
        assert!(paged(0..7, Cursor(None), 3, |row| row).data.is_empty());
    }
}
