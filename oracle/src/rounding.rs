//! What amounts a typed price and size become: the venue's rule exactly, and each official SDK's own departure from it.
//!
//! - [`Rule`] names every departure the reference lists. Each is a calculation here, not a tolerance: a difference is
//!   explained only if the calculation with that rule gives what the SDK gave, to the last unit.
//! - It shares nothing with the code it judges: prices and sizes are plain integers, and floats appear only where the
//!   judged SDK uses them.
//!
//! Source: reference, sections 6.1, 6.2 and 6.3, read 2026-11-20.

/// One way in which an official SDK departs from the exact rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// py2 floors a size with binary floats: 8.2 becomes 8.19.
    SizeFlooredInFloats,
    /// py2 floors a market order's price the same way: 0.29 becomes 0.28.
    MarketPriceFlooredInFloats,
    /// rs2 leaves the collateral of a market BUY as it was typed, where two decimals are allowed.
    CollateralNotCut,
    /// Every SDK gives market orders the decimals of its table for limit orders, where the venue allows four.
    LimitDecimalsOnMarketOrder,
}

impl Rule {
    /// Its name on screen, with the place in the reference that lists it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SizeFlooredInFloats => "size floored in binary floats (6.2)",
            Self::MarketPriceFlooredInFloats => "market price floored in binary floats (6.2)",
            Self::CollateralNotCut => "market BUY keeps more than 2 decimals of collateral (6.2)",
            Self::LimitDecimalsOnMarketOrder => "market order with the limit table's decimals (6.3)",
        }
    }
}

/// A judged client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Judge {
    /// py-clob-client-v2, Python.
    Py2,
    /// polymarket-client, Python.
    Uni,
    /// @polymarket/clob-client-v2, TypeScript.
    Js2,
    /// polymarket_client_sdk_v2, Rust.
    Rs2,
}

impl Judge {
    /// The package and version that is run.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Py2 => "py-clob-client-v2 1.2.1",
            Self::Uni => "polymarket-client 0.14.0",
            Self::Js2 => "@polymarket/clob-client-v2 1.1.0",
            Self::Rs2 => "polymarket_client_sdk_v2 0.9.0",
        }
    }

    /// The departures that the reference lists for it.
    const fn rules(self) -> &'static [Rule] {
        match self {
            Self::Py2 => {
                &[Rule::SizeFlooredInFloats, Rule::MarketPriceFlooredInFloats, Rule::LimitDecimalsOnMarketOrder]
            }
            Self::Uni | Self::Js2 => &[Rule::LimitDecimalsOnMarketOrder],
            Self::Rs2 => &[Rule::CollateralNotCut, Rule::LimitDecimalsOnMarketOrder],
        }
    }
}

/// A tick size with the decimals that belong to it.
#[derive(Debug)]
pub(crate) struct Tick {
    /// As it is written.
    pub(crate) text: &'static str,
    /// In 1/10,000 dollar.
    pub(crate) step: u64,
    price_decimals: u32,
    /// Decimals of a limit order's computed amount.
    amount_decimals: u32,
}

/// All six.
pub(crate) const TICKS: [Tick; 6] = [
    Tick { text: "0.1", step: 1000, price_decimals: 1, amount_decimals: 3 },
    Tick { text: "0.01", step: 100, price_decimals: 2, amount_decimals: 4 },
    Tick { text: "0.005", step: 50, price_decimals: 3, amount_decimals: 5 },
    Tick { text: "0.0025", step: 25, price_decimals: 4, amount_decimals: 6 },
    Tick { text: "0.001", step: 10, price_decimals: 3, amount_decimals: 5 },
    Tick { text: "0.0001", step: 1, price_decimals: 4, amount_decimals: 6 },
];

/// Decimals of a market order's computed amount, whatever the tick.
const MARKET_DECIMALS: u32 = 4;

/// What a user typed.
#[derive(Debug)]
pub(crate) struct Typed {
    pub(crate) buy: bool,
    pub(crate) market: bool,
    pub(crate) tick: &'static Tick,
    /// 1/10,000 dollar.
    pub(crate) price: u64,
    /// Shares, or the collateral of a market BUY; 1/1,000,000.
    pub(crate) size: u64,
}

/// Maker amount and taker amount in base units.
pub(crate) type Amounts = (u128, u128);

impl Typed {
    /// The amounts under the exact rule with these departures.
    pub(crate) fn amounts(&self, rules: &[Rule]) -> Amounts {
        let has = |rule| rules.contains(&rule);
        // `given` is what the user fixed: two decimals of shares, or of collateral for a market BUY.
        let given = if has(Rule::SizeFlooredInFloats) {
            u128::from(floor_in_floats(self.size_text().parse().expect("a decimal we wrote"), 2)) * 10_000
        } else if has(Rule::CollateralNotCut) && self.market && self.buy {
            u128::from(self.size)
        } else {
            u128::from(self.size) / 10_000 * 10_000
        };
        let price = if has(Rule::MarketPriceFlooredInFloats) && self.market {
            let decimals = self.tick.price_decimals;
            floor_in_floats(self.price_text().parse().expect("a decimal we wrote"), decimals) * 10_u64.pow(4 - decimals)
        } else {
            self.price
        };
        let decimals = if self.market && !has(Rule::LimitDecimalsOnMarketOrder) {
            MARKET_DECIMALS.min(self.tick.amount_decimals)
        } else {
            self.tick.amount_decimals
        };
        let price = u128::from(price);
        if price == 0 {
            return (given, 0);
        }
        // The computed amount in base units, as a fraction.
        let computed = match (self.market, self.buy) {
            (true, true) => fit(given * 10_000, price, decimals),
            _ => fit(given * price, 10_000, decimals),
        };
        if self.buy && !self.market { (computed, given) } else { (given, computed) }
    }

    /// The fewest departures of this SDK that turn the exact amounts into those it gave; none at all for equal amounts.
    pub(crate) fn explain(&self, judge: Judge, found: Amounts) -> Option<Vec<Rule>> {
        let all = judge.rules();
        let mut subsets: Vec<Vec<Rule>> = (0..1_u32 << all.len())
            .map(|mask| (0..all.len()).filter(|bit| mask >> bit & 1 == 1).map(|bit| all[bit]).collect())
            .collect();
        subsets.sort_by_key(Vec::len);
        subsets.into_iter().find(|rules| self.amounts(rules) == found)
    }

    /// The price as a user types it.
    pub(crate) fn price_text(&self) -> String {
        decimal(self.price, 4)
    }

    /// The size as a user types it.
    pub(crate) fn size_text(&self) -> String {
        decimal(self.size, 6)
    }
}

/// Base units of `numerator / denominator` base units cut to `decimals`: up at four more digits, then down, as all SDKs do.
fn fit(numerator: u128, denominator: u128, decimals: u32) -> u128 {
    let unit = 10_u128.pow(6 - decimals); // Base units in one unit of the last decimal kept.
    if numerator.is_multiple_of(denominator * unit) {
        return numerator / denominator;
    }
    let fine = (numerator * 10_000).div_ceil(denominator * unit);
    fine / 10_000 * unit
}

/// `floor(x * 10^decimals)` in binary floats: the number of whole units that py2 finds.
fn floor_in_floats(value: f64, decimals: u32) -> u64 {
    (value * 10_f64.powi(i32::try_from(decimals).expect("at most 6"))).floor() as u64
}

/// `units / 10^places` as shortest decimal text.
pub(crate) fn decimal(units: u64, places: u32) -> String {
    let scale = 10_u64.pow(places);
    let text = format!("{}.{:0width$}", units / scale, units % scale, width = places as usize);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(market: bool, buy: bool, tick: &str, price: u64, size: u64) -> Typed {
        let tick = TICKS.iter().find(|known| known.text == tick).expect("a tick");
        Typed { buy, market, tick, price, size }
    }

    /// The reference's own examples.
    #[test]
    fn each_rule_does_what_the_reference_says() {
        let limit = typed(false, true, "0.01", 5_000, 8_200_000);
        assert_eq!(limit.amounts(&[]), (4_100_000, 8_200_000));
        assert_eq!(limit.amounts(&[Rule::SizeFlooredInFloats]), (4_095_000, 8_190_000));
        let market = typed(true, true, "0.01", 2_900, 10_000_000);
        assert_eq!(market.amounts(&[]), (10_000_000, 34_482_700));
        assert_eq!(market.amounts(&[Rule::MarketPriceFlooredInFloats]), (10_000_000, 35_714_200));
        let odd = typed(true, true, "0.01", 5_000, 12_345_000);
        assert_eq!(odd.amounts(&[]), (12_340_000, 24_680_000));
        assert_eq!(odd.amounts(&[Rule::CollateralNotCut]), (12_345_000, 24_690_000));
        let fine = typed(true, true, "0.001", 3_000, 10_000_000);
        assert_eq!(fine.amounts(&[]), (10_000_000, 33_333_300));
        assert_eq!(fine.amounts(&[Rule::LimitDecimalsOnMarketOrder]), (10_000_000, 33_333_330));
    }

    #[test]
    fn a_difference_is_explained_by_the_fewest_rules_or_not_at_all() {
        let limit = typed(false, true, "0.01", 5_000, 8_200_000);
        assert_eq!(limit.explain(Judge::Py2, (4_100_000, 8_200_000)), Some(vec![]));
        assert_eq!(limit.explain(Judge::Py2, (4_095_000, 8_190_000)), Some(vec![Rule::SizeFlooredInFloats]));
        assert_eq!(limit.explain(Judge::Js2, (4_095_000, 8_190_000)), None);
        assert_eq!(limit.explain(Judge::Py2, (4_090_000, 8_180_000)), None);
    }
}
