//! Pages of a list: how many rows, and a cursor that leads on.
//!
//! A cursor names the last row given and carries a checksum of the operation and its filters, so it leads on only where it
//! was given. One that does not belong here is taken for none, as was seen of the venue.
//!
//! Source: reference sections 4.3 and 6.5, 2026-11-20.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// One page that is being filled.
#[derive(Debug)]
pub(crate) struct Page {
    limit: usize,
    filters: u64,
    after: Option<u64>,
}

impl Page {
    /// `filters` is anything that differs when the list does: the operation and its query without cursor and limit.
    pub(crate) fn new(limit: Option<u32>, default: usize, cursor: Option<&str>, filters: &str) -> Self {
        let limit = limit.map_or(default, |limit| if limit == 0 { default } else { limit as usize });
        let filters = fnv(filters);
        Self { limit, filters, after: cursor.and_then(|cursor| read(cursor, filters)) }
    }

    /// The key of the last row of the page before.
    pub(crate) const fn after(&self) -> Option<u64> {
        self.after
    }

    /// Takes a page of rows that come in order with their keys; `rows` starts behind [`Page::after`].
    pub(crate) fn take<T>(&self, rows: impl Iterator<Item = (u64, T)>) -> (Vec<T>, String) {
        let mut found = Vec::new();
        let mut last = 0;
        for (key, row) in rows {
            if found.len() == self.limit {
                return (found, write(last, self.filters));
            }
            found.push(row);
            last = key;
        }
        (found, String::new())
    }

    /// As [`Page::take`], for a list held whole, newest last, shown newest first.
    pub(crate) fn take_newest<'a, T, R>(
        &self,
        rows: &'a [T],
        mut keep: impl FnMut(&'a T) -> Option<R>,
    ) -> (Vec<R>, String) {
        let end =
            self.after.and_then(|after| usize::try_from(after).ok()).map_or(rows.len(), |after| after.min(rows.len()));
        let newest = rows[..end].iter().enumerate().rev();
        self.take(newest.filter_map(|(index, row)| keep(row).map(|row| (index as u64, row))))
    }
}

fn write(key: u64, filters: u64) -> String {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&key.to_le_bytes());
    bytes[8..].copy_from_slice(&(filters ^ key.rotate_left(32)).to_le_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read(cursor: &str, filters: u64) -> Option<u64> {
    let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(cursor).ok()?.try_into().ok()?;
    let (key, proof) = bytes.split_at(8);
    let key = u64::from_le_bytes(key.try_into().ok()?);
    let proof = u64::from_le_bytes(proof.try_into().ok()?);
    (proof ^ key.rotate_left(32) == filters).then_some(key)
}

/// FNV-1a: the cursor must not change its meaning over restarts, so the standard hasher will not do.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lead_on_to_the_end_and_only_under_the_same_filters() {
        let rows: Vec<u32> = (0..5).collect();
        let even = |row: &u32| row.is_multiple_of(2).then_some(*row);
        let mut cursor = String::new();
        let mut seen = Vec::new();
        loop {
            let page = Page::new(Some(2), 100, Some(&cursor).filter(|text| !text.is_empty()).map(String::as_str), "a");
            let (found, next) = page.take_newest(&rows, even);
            seen.extend(found);
            cursor = next;
            if cursor.is_empty() {
                break;
            }
        }
        assert_eq!(seen, [4, 2, 0]);
        let (_, cursor) = Page::new(Some(2), 100, None, "a").take_newest(&rows, even);
        assert!(!cursor.is_empty());
        assert_eq!(Page::new(None, 100, Some(&cursor), "b").after(), None);
        assert_eq!(Page::new(None, 100, Some("garbage"), "a").after(), None);
        assert_eq!(Page::new(None, 100, Some(&cursor), "a").after(), Some(2));
    }
}
