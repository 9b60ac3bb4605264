//! What a fill must have cost: the multiplier and the balance precision that held for it, and how an order's rounding is
//! given back, in the venue's words and in the variants that recordings suggest. Pure.
//!
//! Source: reference section 10; the fee notes that came with the recorded fills, 2026-11-20.

use std::collections::BTreeMap;

use brier_kalshi_protocol::fees::{
    BalancePrecision, FeeMultiplier, FeeSchedule, FeeType, Role, RoundingAccumulator, charge,
};
use brier_types::{Money, Price, Qty, Rounding, Timestamp, notional};

/// 2026-08-01T00:00:00Z. Balances moved in cents in all fills of May 2026 and in $0.0001 in all of August 2026; baseball
/// paid half in August. When either began is not recorded; the first of the month stands for it.
const AUGUST_2026: Timestamp = Timestamp::from_nanos(1_785_542_400_000_000_000);

/// Baseball, by the fee notes.
const HALF_PRICE_PREFIX: &str = "KXMLB";

/// Fee fields of one series, as its metadata has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SeriesFees {
    /// How it charges.
    pub(super) fee_type: FeeType,
    /// Times what.
    pub(super) multiplier: FeeMultiplier,
}

/// Where the rules of one check come from.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    /// Holds for every fill, if given.
    pub(super) precision: Option<BalancePrecision>,
    /// By series, or by a beginning of it that ends in `*`; given by the user.
    pub(super) multipliers: BTreeMap<String, FeeMultiplier>,
    /// By series, from metadata among the files.
    pub(super) series: BTreeMap<String, SeriesFees>,
}

impl Rules {
    /// The step in which balances moved at that time.
    pub(super) fn precision_at(&self, time: Timestamp) -> BalancePrecision {
        let by_time = if time < AUGUST_2026 { BalancePrecision::Cent } else { BalancePrecision::CentiCent };
        self.precision.unwrap_or(by_time)
    }

    /// What a series charged at that time: the user's word, then metadata, then the fee notes.
    pub(super) fn schedule(&self, series: &str, time: Timestamp) -> FeeSchedule {
        let given = self.multipliers.get(series).or_else(|| {
            let starts = |(name, _): &(&String, &FeeMultiplier)| {
                name.strip_suffix('*').is_some_and(|start| series.starts_with(start))
            };
            // The longest beginning is the most particular one.
            self.multipliers.iter().filter(starts).max_by_key(|(name, _)| name.len()).map(|(_, multiplier)| multiplier)
        });
        let known = self.series.get(series);
        let fee_type = known.map_or(FeeType::Quadratic, |fees| fees.fee_type);
        let noted = if series.starts_with(HALF_PRICE_PREFIX) && time >= AUGUST_2026 {
            FeeMultiplier::from_micros(500_000).expect("a half is a multiplier")
        } else {
            FeeMultiplier::ONE
        };
        let multiplier = given.copied().or(known.map(|fees| fees.multiplier)).unwrap_or(noted);
        FeeSchedule::new(fee_type, multiplier)
    }
}

/// What one fill did, as far as its fee depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Charged {
    /// Buying pays, selling is paid.
    pub(super) buys: bool,
    /// Price of the outcome that was traded.
    pub(super) price: Price,
    /// Contracts.
    pub(super) qty: Qty,
    /// Maker or taker.
    pub(super) role: Role,
    /// What its series charged.
    pub(super) schedule: FeeSchedule,
    /// How its balance moved.
    pub(super) precision: BalancePrecision,
}

/// How the rounding of an order's fills is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Never: each fill stands alone.
    EachFillAlone,
    /// One accumulator per order, as documented: a cent back once it holds more; the fee never falls below zero.
    Documented,
    /// The same, but a cent is not given back by a fill whose own fee is less than a cent.
    RebateWithinFee,
}

impl Rule {
    /// For people.
    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::EachFillAlone => "each fill rounded alone, nothing given back",
            Self::Documented => "one accumulator per order (reference 10.2)",
            Self::RebateWithinFee => "one accumulator per order, no cent back from a fee below a cent",
        }
    }

    /// The net fees of one order's fills in this sequence.
    pub(super) fn net_fees(self, fills: &[Charged]) -> Vec<Money> {
        let mut owed = RoundingAccumulator::default();
        fills.iter().map(|fill| self.net_fee(fill, &mut owed)).collect()
    }

    fn net_fee(self, fill: &Charged, owed: &mut RoundingAccumulator) -> Money {
        let paid = notional(fill.price, fill.qty, Rounding::Ceil);
        let revenue = if fill.buys { paid.checked_neg().expect("a cost is far from the limit") } else { paid };
        let trade = fill.schedule.trade_fee(fill.role, fill.price, fill.qty);
        let fee = charge(revenue, trade, fill.precision, owed);
        let gross = fee.trade.checked_add(fee.rounding).expect("a fee is far from the limit");
        match self {
            Self::EachFillAlone => {
                *owed = RoundingAccumulator::default();
                gross
            }
            Self::RebateWithinFee if fee.rebate > gross => {
                *owed = RoundingAccumulator::holding(
                    owed.owed().checked_add(fee.rebate).expect("an accumulator holds little more than a cent"),
                );
                gross
            }
            Self::Documented | Self::RebateWithinFee => fee.net,
        }
    }
}

/// The fee of one taker order for `qty` contracts that cost `cost`, as if filled at once at the average price.
///
/// The average may lie between prices, so the product is taken over the cost itself: 0.07 · m · cost · (qty − cost) / qty,
/// rounded up to $0.0001; `None` when nothing was bought or the cost is no cost of so many contracts.
pub(super) fn one_order_fee(
    qty: Qty,
    cost: Money,
    schedule: FeeSchedule,
    precision: BalancePrecision,
) -> Option<Money> {
    let pips = i128::from(cost.micros()).checked_mul(10_000)?.checked_div(i128::from(qty.signed().micros()))?;
    let price = Price::new(u16::try_from(pips).ok()?)?;
    let trade = if notional(price, qty, Rounding::Floor) == cost {
        schedule.trade_fee(Role::Taker, price, qty)
    } else {
        // Between two prices the parabola is straight enough: a pip moves the fee of a contract by less than $0.00001.
        let above = Price::new(price.pips().checked_add(1)?)?;
        schedule.trade_fee(Role::Taker, price, qty).max(schedule.trade_fee(Role::Taker, above, qty))
    };
    let mut owed = RoundingAccumulator::default();
    Some(charge(cost.checked_neg()?, trade, precision, &mut owed).net)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(buys: bool, price: &str, qty: &str) -> Charged {
        let schedule = FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE);
        let (price, qty) = (price.parse().unwrap(), qty.parse().unwrap());
        Charged { buys, price, qty, role: Role::Taker, schedule, precision: BalancePrecision::Cent }
    }

    fn nets(rule: Rule, fills: &[Charged]) -> Vec<String> {
        rule.net_fees(fills).iter().map(|fee| fee.to_dollars4(Rounding::Ceil)).collect()
    }

    #[test]
    fn the_second_fill_of_an_order_gets_its_rounding_back() {
        let order = [fill(true, "0.26", "1"), fill(true, "0.26", "1")];
        assert_eq!(nets(Rule::EachFillAlone, &order), ["0.0200", "0.0200"]);
        assert_eq!(nets(Rule::Documented, &order), ["0.0200", "0.0100"]);
        assert_eq!(nets(Rule::RebateWithinFee, &order), ["0.0200", "0.0100"]);
    }

    #[test]
    fn a_fee_below_a_cent_gives_no_cent_back_in_the_variant() {
        let order = [fill(false, "0.984", "2"), fill(false, "0.987", "1")];
        assert_eq!(nets(Rule::Documented, &order), ["0.0080", "0.0000"]);
        assert_eq!(nets(Rule::RebateWithinFee, &order), ["0.0080", "0.0070"]);
    }

    #[test]
    fn precision_and_multiplier_follow_time_series_and_the_users_word() {
        let may = "2026-05-10T00:00:00Z".parse().unwrap();
        let august = "2026-08-17T02:00:00Z".parse().unwrap();
        let mut rules = Rules::default();
        assert_eq!(rules.precision_at(may), BalancePrecision::Cent);
        assert_eq!(rules.precision_at(august), BalancePrecision::CentiCent);
        let fee = |rules: &Rules, series, time| {
            let fee = rules.schedule(series, time).trade_fee(
                Role::Taker,
                Price::from_cents(50).unwrap(),
                Qty::from_contracts(100).unwrap(),
            );
            fee.to_dollars2(Rounding::Ceil)
        };
        assert_eq!(fee(&rules, "KXBTC15M", may), "1.75");
        assert_eq!((fee(&rules, "KXMLBKS", august).as_str(), fee(&rules, "KXMLBKS", may).as_str()), ("0.88", "1.75"));
        let free = SeriesFees { fee_type: FeeType::Quadratic, multiplier: FeeMultiplier::ZERO };
        rules.series.insert("KXMLBKS".into(), free);
        assert_eq!(fee(&rules, "KXMLBKS", august), "0.00");
        rules.multipliers.insert("KX*".into(), FeeMultiplier::parse("2").unwrap());
        rules.multipliers.insert("KXMLB*".into(), FeeMultiplier::ONE);
        assert_eq!((fee(&rules, "KXMLBKS", august).as_str(), fee(&rules, "KXBTC15M", may).as_str()), ("1.75", "3.50"));
        rules.precision = Some(BalancePrecision::CentiCent);
        assert_eq!(rules.precision_at(may), BalancePrecision::CentiCent);
    }

    #[test]
    fn one_order_for_a_whole_position() {
        let schedule = FeeSchedule::new(FeeType::Quadratic, FeeMultiplier::ONE);
        let fee = |qty: &str, cost: &str, precision| {
            one_order_fee(qty.parse().unwrap(), cost.parse().unwrap(), schedule, precision)
                .map(|fee| fee.to_dollars4(Rounding::Ceil))
        };
        assert_eq!(fee("7", "3.36", BalancePrecision::Cent).as_deref(), Some("0.1300"));
        assert_eq!(fee("20", "6.6", BalancePrecision::CentiCent).as_deref(), Some("0.3096"));
        assert_eq!(fee("0", "0", BalancePrecision::Cent), None);
        assert_eq!(fee("1", "1.01", BalancePrecision::Cent), None);
    }
}
