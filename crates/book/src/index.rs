//! From a market's ticker to its place, without allocation and with a fixed hash.
//!
//! Open addressing over a table at most half full; the names lie one after another in one buffer. The hash has no key:
//! tickers come from the venue's market list, not from whoever would gain by collisions, and a replay must find the same
//! table.

/// One entry of the table; `slot` is `u32::MAX` when it is free.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    start: u32,
    len: u32,
    slot: u32,
}

const FREE: Entry = Entry { hash: 0, start: 0, len: 0, slot: u32::MAX };

/// Names to dense numbers in the order of their arrival, starting at 0.
///
/// ```
/// let mut index = brier_book::TickerIndex::new();
/// assert_eq!(index.insert("KXFED-26DEC-T4.00"), 0);
/// assert_eq!(index.insert("KXFED-26DEC-T4.25"), 1);
/// assert_eq!(index.insert("KXFED-26DEC-T4.00"), 0);
/// assert_eq!(index.get("KXFED-26DEC-T4.25"), Some(1));
/// assert_eq!(index.get("KXFED"), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct TickerIndex {
    /// A power of two long, or empty.
    table: Vec<Entry>,
    names: Vec<u8>,
    count: u32,
}

impl TickerIndex {
    /// No names.
    pub const fn new() -> Self {
        Self { table: Vec::new(), names: Vec::new(), count: 0 }
    }

    /// How many names there are.
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The number of a name.
    #[inline]
    pub fn get(&self, name: &str) -> Option<u32> {
        if self.table.is_empty() {
            return None;
        }
        let entry = self.table[self.find(hash(name.as_bytes()), name.as_bytes())];
        (entry.slot != u32::MAX).then_some(entry.slot)
    }

    /// The number of a name, which is given one if it has none.
    ///
    /// # Panics
    /// Beyond four billion names or bytes of names, which no venue has.
    pub fn insert(&mut self, name: &str) -> u32 {
        if self.table.len() <= self.len() * 2 {
            self.grow();
        }
        let name = name.as_bytes();
        let hash = hash(name);
        let place = self.find(hash, name);
        if self.table[place].slot != u32::MAX {
            return self.table[place].slot;
        }
        let short = |number: usize| u32::try_from(number).expect("the names of a venue fit 4 GB");
        let slot = self.count;
        self.table[place] = Entry { hash, start: short(self.names.len()), len: short(name.len()), slot };
        self.names.extend_from_slice(name);
        self.count = slot.checked_add(1).filter(|count| *count != u32::MAX).expect("fewer markets than four billion");
        slot
    }

    /// The place of a name, or the free place where it belongs.
    #[inline]
    fn find(&self, hash: u64, name: &[u8]) -> usize {
        let mask = self.table.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            let entry = &self.table[place];
            if entry.slot == u32::MAX || (entry.hash == hash && self.name(entry) == name) {
                return place;
            }
            place = (place + 1) & mask;
        }
    }

    #[inline]
    fn name(&self, entry: &Entry) -> &[u8] {
        let start = entry.start as usize;
        self.names.get(start..start + entry.len as usize).unwrap_or_default()
    }

    fn grow(&mut self) {
        let size = (self.table.len() * 2).max(64);
        for entry in std::mem::replace(&mut self.table, vec![FREE; size]) {
            if entry.slot != u32::MAX {
                let mut place = entry.hash as usize & (size - 1);
                while self.table[place].slot != u32::MAX {
                    place = (place + 1) & (size - 1);
                }
                self.table[place] = entry;
            }
        }
    }
}

/// A 64-bit hash by folded multiplication of 16 bytes at a time; the last 16 may overlap those before.
#[inline]
fn hash(name: &[u8]) -> u64 {
    const FIRST: u64 = 0x9E37_79B9_7F4A_7C15;
    const SECOND: u64 = 0xD1B5_4A32_D192_ED03;
    let fold = |state: u64, a: u64, b: u64| {
        let product = u128::from(a ^ state) * u128::from(b ^ SECOND);
        (product as u64) ^ ((product >> 64) as u64)
    };
    let word = |bytes: &[u8; 16]| {
        let all = u128::from_le_bytes(*bytes);
        (all as u64, (all >> 64) as u64)
    };
    let mut state = FIRST ^ name.len() as u64;
    let Some(last) = name.last_chunk::<16>() else {
        let mut padded = [0; 16];
        padded[..name.len()].copy_from_slice(name);
        let (a, b) = word(&padded);
        return fold(state, a, b);
    };
    let (chunks, _) = name.as_chunks::<16>();
    for chunk in chunks {
        let (a, b) = word(chunk);
        state = fold(state, a, b);
    }
    let (a, b) = word(last);
    fold(state, a, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn agrees_with_a_tree(names in proptest::collection::vec("[A-Z0-9.-]{0,40}", 0..300)) {
            let (mut index, mut tree) = (TickerIndex::new(), BTreeMap::new());
            for name in &names {
                let next = u32::try_from(tree.len()).unwrap();
                prop_assert_eq!(index.get(name), tree.get(name).copied());
                let slot = *tree.entry(name.clone()).or_insert(next);
                prop_assert_eq!(index.insert(name), slot);
                prop_assert_eq!(index.get(name), Some(slot));
            }
            prop_assert_eq!(index.len(), tree.len());
        }
    }

    #[test]
    fn strikes_of_one_event_spread() {
        let mut index = TickerIndex::new();
        for strike in 0..2_000 {
            index.insert(&format!("KXBTCD-26NOV2017-T{}.99", 60_000 + strike * 250));
        }
        let mask = index.table.len() - 1;
        let longest = index
            .table
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.slot != u32::MAX)
            .map(|(place, entry)| place.wrapping_sub(entry.hash as usize) & mask)
            .max();
        assert!(longest < Some(24), "{longest:?}");
    }
}
