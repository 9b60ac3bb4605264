//! What a language model costs, and never more than was allowed: integers of a millionth of a dollar, rounded up.
//!
//! Before a request its worst case is reserved: every byte sent as one token (no tokenizer makes more) and the longest answer
//! that may come. Afterwards the reservation is replaced by what the endpoint says was used. Where it says nothing (a
//! connection cut, a timeout) the worst case stays spent: what is not known was paid.
//!
//! What can go wrong: prices in the configuration that are not the vendor's, and vendors that charge for hidden text beyond
//! the longest answer; what they report is counted even then, and the next request is refused.

use brier_types::Money;

/// Tokens that endpoints add around each message and may count as input.
const FRAME_TOKENS: u64 = 64;
const PER: u128 = 1_000_000;

/// Tokens that were read and written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the request.
    pub input: u64,
    /// Tokens of the answer, hidden ones included.
    pub output: u64,
}

/// What tokens cost, in millionths of a dollar per million tokens: $3 per million is 3,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenPrices {
    /// Of the request.
    pub input: u64,
    /// Of the answer.
    pub output: u64,
}

impl TokenPrices {
    /// What this much costs, rounded up; at most [`Money::MAX`].
    ///
    /// ```
    /// use brier_analyst::language::budget::{TokenPrices, Usage};
    /// use brier_types::Money;
    /// let prices = TokenPrices { input: 3_000_000, output: 15_000_000 };
    /// assert_eq!(prices.cost(Usage { input: 1_000, output: 200 }), Money::from_micros(6_000));
    /// ```
    pub fn cost(self, usage: Usage) -> Money {
        // 64 bits times 64 bits fit 128, and so does the sum of two unless both are at the very end.
        let of = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        let exact = of(usage.input, self.input).saturating_add(of(usage.output, self.output));
        Money::from_micros(i64::try_from(exact.div_ceil(PER)).unwrap_or(i64::MAX))
    }

    /// The most that a request of so many bytes in so many messages may use.
    pub fn worst(bytes: usize, messages: usize, max_output_tokens: u32) -> Usage {
        let frames = FRAME_TOKENS.saturating_mul(messages as u64);
        Usage { input: (bytes as u64).saturating_add(frames), output: u64::from(max_output_tokens) }
    }
}

/// A request that may cost more than is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverBudget {
    /// What it may cost.
    pub needed: Money,
    /// What is left.
    pub left: Money,
}

/// A sum, what is spent of it and what is held back for requests under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    limit: Money,
    spent: Money,
    reserved: Money,
}

impl Budget {
    /// A sum of which so much is spent already: what is negative counts as nothing.
    pub fn new(limit: Money, spent: Money) -> Self {
        Self { limit: limit.max(Money::ZERO), spent: spent.max(Money::ZERO), reserved: Money::ZERO }
    }

    /// What is spent, by report or by assumption.
    pub const fn spent(&self) -> Money {
        self.spent
    }

    /// What is neither spent nor held back; zero when a vendor reported more than was possible.
    pub fn left(&self) -> Money {
        let used = plus(self.spent, self.reserved);
        self.limit.checked_sub(used).unwrap_or(Money::ZERO).max(Money::ZERO)
    }

    /// The whole sum.
    pub const fn limit(&self) -> Money {
        self.limit
    }

    /// Holds an amount back.
    ///
    /// # Errors
    /// [`OverBudget`] when it is more than what is left; nothing is held back then, and nothing must be sent.
    pub fn reserve(&mut self, amount: Money) -> Result<(), OverBudget> {
        let left = self.left();
        if amount > left {
            return Err(OverBudget { needed: amount, left });
        }
        self.reserved = plus(self.reserved, amount);
        Ok(())
    }

    /// Ends a reservation with what it came to.
    pub fn settle(&mut self, reserved: Money, spent: Money) {
        self.reserved = self.reserved.checked_sub(reserved).unwrap_or(Money::ZERO).max(Money::ZERO);
        self.spent = plus(self.spent, spent.max(Money::ZERO));
    }
}

fn plus(a: Money, b: Money) -> Money {
    a.checked_add(b).unwrap_or(Money::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn micros(amount: i64) -> Money {
        Money::from_micros(amount)
    }

    #[test]
    fn costs_are_rounded_up_and_never_wrap() {
        let prices = TokenPrices { input: 150_000, output: 600_000 };
        assert_eq!(prices.cost(Usage { input: 1, output: 0 }), micros(1));
        assert_eq!(prices.cost(Usage { input: 20, output: 5 }), micros(6));
        assert_eq!(prices.cost(Usage::default()), Money::ZERO);
        let all = TokenPrices { input: u64::MAX, output: u64::MAX };
        assert_eq!(all.cost(Usage { input: u64::MAX, output: u64::MAX }), Money::MAX);
    }

    proptest! {
        #[test]
        fn a_cost_is_the_least_whole_amount_that_covers_it(input in 0_u64..1_000_000, output in 0_u64..1_000_000, a in 0_u64..100_000_000, b in 0_u64..100_000_000) {
            let cost = TokenPrices { input: a, output: b }.cost(Usage { input, output }).micros() as u128;
            let exact = u128::from(input) * u128::from(a) + u128::from(output) * u128::from(b);
            prop_assert!(cost * PER >= exact && (cost == 0 || (cost - 1) * PER < exact));
        }
    }
}
