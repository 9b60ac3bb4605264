//! A set of up to 128 small numbers with a fast search for neighbors.

/// Numbers `0..128`, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bits128([u64; 2]);

impl Bits128 {
    /// No number.
    pub(crate) const EMPTY: Self = Self([0; 2]);

    /// Adds or removes `index`, without a branch on which of the two.
    #[inline]
    pub(crate) const fn put(&mut self, index: usize, present: bool) {
        let (word, bit) = ((index >> 6) & 1, index & 63);
        self.0[word] = (self.0[word] & !(1 << bit)) | ((present as u64) << bit);
    }

    /// Whether nothing is in the set.
    #[inline]
    pub(crate) const fn is_empty(self) -> bool {
        self.0[0] | self.0[1] == 0
    }

    /// How many numbers are in the set.
    pub(crate) const fn len(self) -> usize {
        (self.0[0].count_ones() + self.0[1].count_ones()) as usize
    }

    /// The greatest number that is at most `limit`.
    #[inline]
    pub(crate) const fn highest_to(self, limit: usize) -> Option<usize> {
        let (low, high) = if limit >= 64 {
            (self.0[0], if limit >= 127 { self.0[1] } else { self.0[1] & ((2 << (limit - 64)) - 1) })
        } else {
            (self.0[0] & (u64::MAX >> (63 - limit)), 0)
        };
        if high != 0 {
            Some(127 - high.leading_zeros() as usize)
        } else if low != 0 {
            Some(63 - low.leading_zeros() as usize)
        } else {
            None
        }
    }

    /// The smallest number that is at least `limit`.
    #[inline]
    pub(crate) const fn lowest_from(self, limit: usize) -> Option<usize> {
        let (low, high) = if limit >= 128 {
            (0, 0)
        } else if limit >= 64 {
            (0, self.0[1] & (u64::MAX << (limit - 64)))
        } else {
            (self.0[0] & (u64::MAX << limit), self.0[1])
        };
        if low != 0 {
            Some(low.trailing_zeros() as usize)
        } else if high != 0 {
            Some(64 + high.trailing_zeros() as usize)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn agrees_with_a_tree(numbers in proptest::collection::btree_set(0_usize..128, 0..20), limit in 0_usize..128) {
            let mut bits = Bits128::EMPTY;
            for number in &numbers {
                bits.put(*number, true);
            }
            prop_assert_eq!(bits.len(), numbers.len());
            prop_assert_eq!(bits.is_empty(), numbers.is_empty());
            prop_assert_eq!(bits.highest_to(limit), numbers.range(..=limit).next_back().copied());
            prop_assert_eq!(bits.lowest_from(limit), numbers.range(limit..).next().copied());
            let mut rest: BTreeSet<usize> = numbers;
            rest.remove(&limit);
            bits.put(limit, false);
            prop_assert_eq!(bits.lowest_from(0), rest.first().copied());
            prop_assert_eq!(bits.highest_to(127), rest.last().copied());
        }
    }
}
