//! Exact trade fees, and the rounding of each fill to the precision of the account's balance.
//!
//! Invariants: a fee is exact to $0.0001 before it meets the balance; no float is involved; the fee of a price equals the
//! fee of its complement. Settlement fees are no trade fees and live with settlement.
//!
//! Source: reference section 10 (docs.kalshi.com "fee rounding", fee schedule), 2026-11-20; confirmed by recorded fills.

use brier_types::{Money, Price, Qty, Rounding};

/// Whether an order rested or took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Its order rested and was hit.
    Maker,
    /// Its order hit a resting one.
    Taker,
}

/// How a series charges, by the venue's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FeeType {
    /// Takers pay 0.07 · m · C · P · (1 − P), makers nothing.
    Quadratic,
    /// As [`FeeType::Quadratic`], and makers pay a quarter of it.
    QuadraticWithMakerFees,
    /// As [`FeeType::Quadratic`], and makers pay half of it.
    QuadraticWithComboMakerFees,
}

impl FeeType {
    /// The venue's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quadratic => "quadratic",
            Self::QuadraticWithMakerFees => "quadratic_with_maker_fees",
            Self::QuadraticWithComboMakerFees => "quadratic_with_combo_maker_fees",
        }
    }

    /// Reads the venue's word. `flat` is a word of the venue too, but its table was never published and no series used
    /// it in a census of 2026-09-13, so it is not understood here.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "quadratic" => Some(Self::Quadratic),
            "quadratic_with_maker_fees" => Some(Self::QuadraticWithMakerFees),
            "quadratic_with_combo_maker_fees" => Some(Self::QuadraticWithComboMakerFees),
            _ => None,
        }
    }
}

/// A series' or event's fee multiplier in units of 1e-6; 1 is the ordinary one, 0 is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeeMultiplier(u32);

impl FeeMultiplier {
    /// The ordinary multiplier.
    pub const ONE: Self = Self(1_000_000);
    /// Nothing is charged.
    pub const ZERO: Self = Self(0);
    /// The largest multiplier: with it a contract's price plus its fee is still at most about $1.7.
    pub const MAX: Self = Self(10_000_000);

    /// The multiplier of `micros` × 1e-6, or `None` above [`FeeMultiplier::MAX`].
    pub const fn from_micros(micros: u32) -> Option<Self> {
        if micros <= Self::MAX.0 { Some(Self(micros)) } else { None }
    }

    /// Count of 1e-6.
    pub const fn micros(self) -> u32 {
        self.0
    }

    /// Reads a decimal such as `0.5`.
    pub fn parse(text: &str) -> Option<Self> {
        brier_types::parse_fixed(text.as_bytes(), 6)
            .and_then(|micros| u32::try_from(micros).ok())
            .and_then(Self::from_micros)
    }
}

/// A rate as `numerator` / 10^`decimals`, with no trailing zero in the numerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rate {
    numerator: u64,
    /// 10^(6 + decimals): what hundredths of a contract times pips squared times the numerator is divided by to give
    /// units of $0.0001.
    divisor: u64,
}

impl Rate {
    const FREE: Self = Self { numerator: 0, divisor: 1 };

    /// `coefficient` in 1e-4 times the multiplier.
    const fn new(coefficient: u64, multiplier: FeeMultiplier) -> Self {
        let mut numerator = coefficient * multiplier.0 as u64;
        if numerator == 0 {
            return Self::FREE;
        }
        let mut decimals = 10;
        while numerator.is_multiple_of(10) && decimals > 0 {
            numerator /= 10;
            decimals -= 1;
        }
        Self { numerator, divisor: 10_u64.pow(6 + decimals) }
    }

    /// The rate times C · P · (1 − P), rounded up to $0.0001.
    fn fee(self, price: Price, qty: Qty) -> Money {
        if self.numerator == 0 {
            return Money::ZERO;
        }
        let variance = u64::from(price.pips()) * u64::from(price.complement().pips());
        let (hundredths, rest) = (qty.micros() / 10_000, qty.micros() % 10_000);
        if rest == 0
            && let Some(exact) = (variance * self.numerator).checked_mul(hundredths)
        {
            return centicents(exact.div_ceil(self.divisor));
        }
        let exact = u128::from(variance * self.numerator) * u128::from(qty.micros());
        let fee = exact.div_ceil(u128::from(self.divisor) * 10_000);
        centicents(u64::try_from(fee).expect("a fee is less than the contracts' worth, which fits"))
    }
}

fn centicents(count: u64) -> Money {
    i64::try_from(count)
        .ok()
        .and_then(|count| Money::CENTICENT.checked_mul(count))
        .expect("a fee is at most a few dollars a contract, which fits")
}

/// What one market charges: a pure function from role, price and quantity to a fee.
///
/// ```
/// use brier_kalshi_protocol::fees::{FeeMultiplier, FeeSchedule, FeeType, Role};
/// use brier_types::{Price, Qty};
/// let fees = FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE);
/// let fee = fees.trade_fee(Role::Taker, Price::new(3_500).unwrap(), Qty::from_contracts(100).unwrap());
/// assert_eq!(fee.to_string(), "1.592500");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeSchedule {
    taker: Rate,
    maker: Rate,
}

impl FeeSchedule {
    /// Nobody pays: a fee waiver, or a multiplier of zero.
    pub const FREE: Self = Self { taker: Rate::FREE, maker: Rate::FREE };

    /// The schedule of a fee type and multiplier.
    ///
    /// Source: reference section 10.1. Coefficients 0.07 (taker), 0.0175 and 0.035 (maker).
    pub const fn new(fee_type: FeeType, multiplier: FeeMultiplier) -> Self {
        let maker = match fee_type {
            FeeType::Quadratic => 0,
            FeeType::QuadraticWithMakerFees => 175,
            FeeType::QuadraticWithComboMakerFees => 350,
        };
        Self { taker: Rate::new(700, multiplier), maker: Rate::new(maker, multiplier) }
    }

    /// The schedule as plain numbers, for whoever writes it down: numerator and divisor of the taker's rate, then the maker's.
    pub const fn parts(&self) -> [u64; 4] {
        [self.taker.numerator, self.taker.divisor, self.maker.numerator, self.maker.divisor]
    }

    /// The schedule of numbers that [`FeeSchedule::parts`] gave; `None` for numbers that it cannot give.
    pub const fn from_parts(parts: [u64; 4]) -> Option<Self> {
        // Ten times the highest coefficient and multiplier there are, and no divisor of zero.
        const MOST: u64 = 100_000_000_000;
        let [taker, taker_divisor, maker, maker_divisor] = parts;
        if taker > MOST || maker > MOST || taker_divisor == 0 || maker_divisor == 0 {
            return None;
        }
        Some(Self {
            taker: Rate { numerator: taker, divisor: taker_divisor },
            maker: Rate { numerator: maker, divisor: maker_divisor },
        })
    }

    /// The fee of one fill before it meets the balance, rounded up to $0.0001.
    pub fn trade_fee(&self, role: Role, price: Price, qty: Qty) -> Money {
        match role {
            Role::Maker => self.maker.fee(price, qty),
            Role::Taker => self.taker.fee(price, qty),
        }
    }
}

/// The step in which an account's balance moves.
///
/// Source: reference section 10.2. Ordinary API accounts are "direct members" as far as recordings of August 2026 show;
/// fills of May 2026 moved in cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BalancePrecision {
    /// $0.0001.
    CentiCent,
    /// $0.01.
    Cent,
}

impl BalancePrecision {
    /// The step as money.
    pub const fn step(self) -> Money {
        match self {
            Self::CentiCent => Money::CENTICENT,
            Self::Cent => Money::CENT,
        }
    }
}

/// What one order was charged for rounding and not yet given back. One per order, maker and taker fills together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RoundingAccumulator(Money);

impl RoundingAccumulator {
    /// An accumulator that already holds `owed`.
    pub const fn holding(owed: Money) -> Self {
        Self(owed)
    }

    /// What is owed to the order.
    pub const fn owed(self) -> Money {
        self.0
    }
}

/// The parts of one fill's fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillFee {
    /// From the schedule.
    pub trade: Money,
    /// What rounding the balance change down to its step took.
    pub rounding: Money,
    /// What the order's accumulator gave back.
    pub rebate: Money,
    /// What the fill costs in all: never negative.
    pub net: Money,
}

/// Charges one fill: rounds the balance change toward minus infinity and gives a cent back when the order's accumulated
/// rounding exceeds one.
///
/// `revenue` is the fill's cash flow before fees: negative when money is paid. The balance changes by
/// `revenue − net`. Exactly one accumulated cent pays nothing back: the venue says "exceeds".
///
/// Source: reference section 10.2.
///
/// # Panics
/// When an amount does not fit 64 bits: a bug, as quantities are bounded where orders enter.
pub fn charge(revenue: Money, trade: Money, precision: BalancePrecision, owed: &mut RoundingAccumulator) -> FillFee {
    const FITS: &str = "fees of a bounded order fit 64 bits";
    let change = revenue.checked_sub(trade).expect(FITS);
    let rounding = change.checked_sub(change.round_to(precision.step(), Rounding::Floor)).expect(FITS);
    owed.0 = owed.0.checked_add(rounding).expect(FITS);
    let rebate = if owed.0 > Money::CENT { Money::CENT } else { Money::ZERO };
    owed.0 = owed.0.checked_sub(rebate).expect(FITS);
    let gross = trade.checked_add(rounding).expect(FITS);
    let net = gross.checked_sub(rebate).expect(FITS).max(Money::ZERO);
    FillFee { trade, rounding, rebate, net }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STANDARD: FeeSchedule = FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE);

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn qty(text: &str) -> Qty {
        text.parse().unwrap()
    }

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn the_references_check_values() {
        assert_eq!(STANDARD.trade_fee(Role::Taker, price("0.52"), qty("1")), money("0.0175"));
        assert_eq!(STANDARD.trade_fee(Role::Taker, price("0.35"), qty("100")), money("1.5925"));
        assert_eq!(STANDARD.trade_fee(Role::Taker, price("0.055"), qty("1")), money("0.0037"));
        assert_eq!(STANDARD.trade_fee(Role::Taker, price("0.50"), qty("0.30")), money("0.0053"));
        assert_eq!(STANDARD.trade_fee(Role::Maker, price("0.50"), qty("100")), Money::ZERO);
    }

    #[test]
    fn makers_pay_by_fee_type() {
        let fee =
            |fee_type| FeeSchedule::new(fee_type, FeeMultiplier::ONE).trade_fee(Role::Maker, price("0.50"), qty("100"));
        assert_eq!(fee(FeeType::QuadraticWithMakerFees), money("0.4375"));
        assert_eq!(fee(FeeType::QuadraticWithComboMakerFees), money("0.8750"));
    }

    #[test]
    fn the_multiplier_halves_baseball() {
        let half = FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::parse("0.5").unwrap());
        assert_eq!(half.trade_fee(Role::Taker, price("0.35"), qty("100")), money("0.7963"));
        let free = FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ZERO);
        assert_eq!(free, FeeSchedule::FREE);
    }

    #[test]
    fn worked_example_in_cents() {
        let mut owed = RoundingAccumulator::default();
        let fee = charge(money("-35"), money("1.5925"), BalancePrecision::Cent, &mut owed);
        assert_eq!((fee.rounding, fee.net), (money("0.0075"), money("1.6")));
        assert_eq!(owed.owed(), money("0.0075"));
    }

    #[test]
    fn worked_example_in_hundredths_of_a_cent() {
        let mut owed = RoundingAccumulator::default();
        let trade = STANDARD.trade_fee(Role::Taker, price("0.3301"), qty("0.03"));
        assert_eq!(trade, money("0.0005"));
        let fee = charge(money("-0.009903"), trade, BalancePrecision::CentiCent, &mut owed);
        assert_eq!((fee.rounding, fee.net), (money("0.000097"), money("0.000597")));
    }

    #[test]
    fn more_than_a_cent_of_rounding_is_given_back_and_exactly_a_cent_is_not() {
        let mut owed = RoundingAccumulator(money("0.0050"));
        let fee = charge(money("-1.0000"), money("0.0050"), BalancePrecision::Cent, &mut owed);
        assert_eq!((fee.rebate, fee.net, owed.owed()), (Money::ZERO, money("0.01"), money("0.01")));
        let fee = charge(money("-1.0000"), money("0.0099"), BalancePrecision::Cent, &mut owed);
        assert_eq!((fee.rebate, fee.net, owed.owed()), (money("0.01"), Money::ZERO, money("0.0001")));
    }

    proptest! {
        #[test]
        fn both_paths_agree_and_round_up(pips in 1_u16..10_000, micros in 1_u64..1_000_000_000_000_000, multiplier in 0_u32..=10_000_000) {
            let schedule = FeeSchedule::new(FeeType::QuadraticWithMakerFees, FeeMultiplier(multiplier));
            let price = Price::new(pips).unwrap();
            let qty = Qty::from_micros(micros).unwrap();
            for (role, coefficient) in [(Role::Taker, 700_u128), (Role::Maker, 175)] {
                let exact = coefficient * u128::from(multiplier) * u128::from(pips) * u128::from(10_000 - pips) * u128::from(micros);
                let expected = exact.div_ceil(10_u128.pow(20));
                let fee = schedule.trade_fee(role, price, qty);
                prop_assert_eq!(fee.micros() as u128, expected * 100);
                prop_assert_eq!(fee, schedule.trade_fee(role, price.complement(), qty));
            }
        }

        #[test]
        fn the_balance_moves_in_its_step_until_a_rebate(revenue in -1_000_000_000_i64..1_000_000_000, trade in 0_i64..1_000_000) {
            for precision in [BalancePrecision::CentiCent, BalancePrecision::Cent] {
                let mut owed = RoundingAccumulator::default();
                let (revenue, trade) = (Money::from_micros(revenue), Money::from_micros(trade * 100));
                let fee = charge(revenue, trade, precision, &mut owed);
                prop_assert_eq!((revenue.micros() - fee.net.micros()).rem_euclid(precision.step().micros()), 0);
                prop_assert!(fee.net >= trade && fee.rounding < precision.step());
            }
        }
    }
}
