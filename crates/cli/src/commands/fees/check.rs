//! Recorded fees against recomputed ones, and why some differ. Pure.

use std::collections::BTreeMap;

use brier_kalshi_protocol::fees::BalancePrecision;
use brier_types::Money;

use super::forms::{FillRow, SettlementRow, series_of};
use super::rules::{Charged, Rule, Rules, one_order_fee};

/// Orders of more fills than this are not tried in every sequence.
const MAX_PERMUTED: usize = 6;

/// What explains a fee that differs from the documented rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The fills of the order bear one time, and in another sequence the documented rule gives the recorded fees.
    OtherSequence,
    /// A cent is not given back by a fill whose own fee is below a cent.
    RebateWithinFee,
    /// Both of the above.
    RebateWithinFeeInOtherSequence,
    /// The order's rounding was not given back.
    EachFillAlone,
    /// One step of the balance away, and nothing above fits.
    OneStep,
    /// Nothing fits.
    Unexplained,
}

impl Why {
    /// For people.
    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::OtherSequence => {
                "rounding given back to another fill of the order: all bear one time, and in another sequence the rule fits"
            }
            Self::RebateWithinFee => "a cent was due back, but the fill's own fee was below a cent: none was given",
            Self::RebateWithinFeeInOtherSequence => {
                "in another sequence, and without a cent back from a fee below a cent, the rule fits"
            }
            Self::EachFillAlone => "the order's rounding was not given back",
            Self::OneStep => "one step of the balance off; no rule tried explains it",
            Self::Unexplained => "no rule tried explains it",
        }
    }
}

/// One fill compared.
#[derive(Clone, Debug)]
pub(super) struct CheckedFill<'a> {
    /// The recording.
    pub(super) row: &'a FillRow,
    /// The file, by its place among those read.
    pub(super) file: usize,
    /// By the documented rule, in the recorded sequence.
    pub(super) computed: Money,
    /// Why it differs; none when it agrees.
    pub(super) why: Option<Why>,
}

/// How many fills each rule gives exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RuleCounts {
    /// [`Rule::EachFillAlone`].
    pub(super) each_alone: u64,
    /// [`Rule::Documented`] in the recorded sequence: what counts as agreeing.
    pub(super) documented: u64,
    /// [`Rule::Documented`], fills of one time in any sequence.
    pub(super) documented_any_sequence: u64,
    /// [`Rule::RebateWithinFee`], fills of one time in any sequence.
    pub(super) within_fee_any_sequence: u64,
}

/// All fills compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Fills<'a> {
    /// In the order they were read.
    pub(super) all: Vec<CheckedFill<'a>>,
    /// By rule.
    pub(super) rules: RuleCounts,
}

/// Compares the fills of every file. Fills of one order are charged together.
pub(super) fn fills<'a>(rules: &Rules, files: &[(usize, &'a [FillRow])]) -> Fills<'a> {
    let mut found = Fills::default();
    for (file, rows) in files {
        let mut orders: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, row) in rows.iter().enumerate() {
            // A fill whose order is not recorded is an order of its own.
            let key = row.order.clone().unwrap_or_else(|| format!("line {}", row.line));
            orders.entry(key).or_default().push(index);
        }
        let mut checked: Vec<Option<CheckedFill<'a>>> = rows.iter().map(|_| None).collect();
        for members in orders.values() {
            let order: Vec<&FillRow> = members.iter().map(|index| &rows[*index]).collect();
            let (computed, why) = order_of(rules, &order, &mut found.rules);
            for (place, index) in members.iter().enumerate() {
                let row = &rows[*index];
                let why = (computed[place] != row.fee).then_some(why);
                checked[*index] = Some(CheckedFill { row, file: *file, computed: computed[place], why });
            }
        }
        found.all.extend(checked.into_iter().flatten());
    }
    found
}

/// Charges one order and says what explains its differences, if it has any.
fn order_of(rules: &Rules, order: &[&FillRow], counts: &mut RuleCounts) -> (Vec<Money>, Why) {
    let charged: Vec<Charged> = order
        .iter()
        .map(|row| Charged {
            buys: row.buys,
            price: row.price,
            qty: row.qty,
            role: row.role,
            schedule: rules.schedule(series_of(&row.market), row.created),
            precision: rules.precision_at(row.created),
        })
        .collect();
    let recorded: Vec<Money> = order.iter().map(|row| row.fee).collect();
    let agreeing = |fees: &[Money]| fees.iter().zip(&recorded).filter(|(fee, recorded)| fee == recorded).count() as u64;
    let one_time = order.iter().all(|row| row.created == order[0].created);
    let best_of_any = |rule: Rule| {
        let sequences = if one_time { sequences(order.len()) } else { vec![(0..order.len()).collect()] };
        sequences.iter().map(|sequence| agreeing(&in_sequence(rule, &charged, sequence))).max().unwrap_or(0)
    };
    let documented = Rule::Documented.net_fees(&charged);
    let alone = agreeing(&Rule::EachFillAlone.net_fees(&charged));
    let (any, within) = (best_of_any(Rule::Documented), best_of_any(Rule::RebateWithinFee));
    counts.each_alone += alone;
    counts.documented += agreeing(&documented);
    counts.documented_any_sequence += any;
    counts.within_fee_any_sequence += within;
    let all = order.len() as u64;
    let why = if any == all {
        Why::OtherSequence
    } else if agreeing(&Rule::RebateWithinFee.net_fees(&charged)) == all {
        Why::RebateWithinFee
    } else if within == all {
        Why::RebateWithinFeeInOtherSequence
    } else if alone == all {
        Why::EachFillAlone
    } else if documented.iter().zip(&recorded).zip(&charged).all(|((fee, recorded), fill)| {
        fee.checked_sub(*recorded).is_some_and(|off| off.micros().unsigned_abs() <= step(fill.precision))
    }) {
        Why::OneStep
    } else {
        Why::Unexplained
    };
    (documented, why)
}

const fn step(precision: BalancePrecision) -> u64 {
    precision.step().micros().unsigned_abs()
}

/// Fees in the order of `fills`, charged in the order of `sequence`.
fn in_sequence(rule: Rule, fills: &[Charged], sequence: &[usize]) -> Vec<Money> {
    let ordered: Vec<Charged> = sequence.iter().map(|index| fills[*index]).collect();
    let mut fees = vec![Money::ZERO; fills.len()];
    for (index, fee) in sequence.iter().zip(rule.net_fees(&ordered)) {
        fees[*index] = fee;
    }
    fees
}

/// Every sequence of `count` fills, the recorded one first; only that one when there are too many.
fn sequences(count: usize) -> Vec<Vec<usize>> {
    if count > MAX_PERMUTED {
        return vec![(0..count).collect()];
    }
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..count {
        let mut longer = Vec::new();
        for part in &all {
            for next in (0..count).filter(|next| !part.contains(next)) {
                longer.push(part.iter().copied().chain([next]).collect());
            }
        }
        all = longer;
    }
    all
}

/// How a settlement's fee stands against one taker order for the whole position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Against {
    /// The same.
    Equal,
    /// The venue charged less: a part that rested as maker, or rounding that was given back, would explain it.
    Lower,
    /// The venue charged more: rounding of several fills would explain it.
    Higher,
    /// There is nothing to compare with.
    Unknown,
}

impl Against {
    /// For people.
    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Lower => "lower: a part that rested as maker would explain it",
            Self::Higher => "higher: several fills, each rounded, would explain it",
            Self::Unknown => "not comparable",
        }
    }
}

/// One settlement compared.
#[derive(Clone, Debug)]
pub(super) struct CheckedSettlement<'a> {
    /// The recording.
    pub(super) row: &'a SettlementRow,
    /// The file, by its place among those read.
    pub(super) file: usize,
    /// The fee of one taker order.
    pub(super) one_order: Option<Money>,
    /// How the recorded fee stands against it.
    pub(super) against: Against,
    /// The recorded fees of its fills, where fills of the same market, outcome, size and cost are among those read.
    pub(super) fills: Option<Money>,
}

/// Compares the settlements of every file with one-order fees and with the fills.
pub(super) fn settlements<'a>(
    rules: &Rules,
    files: &[(usize, &'a [SettlementRow])],
    fills: &[CheckedFill<'_>],
) -> Vec<CheckedSettlement<'a>> {
    let mut free: Vec<&FillRow> = fills.iter().map(|fill| fill.row).collect();
    let rows = files.iter().flat_map(|(file, rows)| rows.iter().map(move |row| (*file, row)));
    rows.map(|(file, row)| {
        let schedule = rules.schedule(series_of(&row.market), row.settled);
        let precision = rules.precision_at(row.settled);
        let one_order = row.bought.iter().try_fold(Money::ZERO, |sum, (_, qty, cost)| {
            sum.checked_add(one_order_fee(*qty, *cost, schedule, precision)?)
        });
        let against = match one_order.map(|fee| row.fee.cmp(&fee)) {
            Some(std::cmp::Ordering::Equal) => Against::Equal,
            Some(std::cmp::Ordering::Less) => Against::Lower,
            Some(std::cmp::Ordering::Greater) => Against::Higher,
            None => Against::Unknown,
        };
        CheckedSettlement { row, file, one_order, against, fills: fees_of(row, &mut free) }
    })
    .collect()
}

/// The fees of the one fill that made the position, which is then spent.
fn fees_of(row: &SettlementRow, free: &mut Vec<&FillRow>) -> Option<Money> {
    let [(outcome, qty, cost)] = row.bought.as_slice() else { return None };
    let same = |fill: &&FillRow| {
        let paid = brier_types::notional(fill.price, fill.qty, brier_types::Rounding::Ceil);
        fill.buys && fill.market == row.market && fill.outcome == *outcome && fill.qty == *qty && paid == *cost
    };
    let place = free.iter().position(same)?;
    Some(free.remove(place).fee)
}

#[cfg(test)]
mod tests {
    use super::*;
    use brier_kalshi_protocol::fees::Role;
    use brier_types::Outcome;

    fn row(line: u64, order: &str, price: &str, qty: &str, fee: &str) -> FillRow {
        FillRow {
            line,
            order: Some(order.into()),
            created: "2026-05-09T18:17:42Z".parse().unwrap(),
            market: "KXBTC15M-26MAY091430-30".into(),
            buys: true,
            outcome: Outcome::Yes,
            price: price.parse().unwrap(),
            qty: qty.parse().unwrap(),
            role: Role::Taker,
            fee: fee.parse().unwrap(),
        }
    }

    fn whys(rows: &[FillRow]) -> Vec<Option<Why>> {
        fills(&Rules::default(), &[(0, rows)]).all.iter().map(|fill| fill.why).collect()
    }

    #[test]
    fn rounding_given_back_to_the_second_fill_agrees() {
        let rows =
            [row(1, "a", "0.26", "1", "0.02"), row(2, "a", "0.26", "1", "0.01"), row(3, "b", "0.26", "1", "0.02")];
        assert_eq!(whys(&rows), [None, None, None]);
        let counts = fills(&Rules::default(), &[(0, &rows)]).rules;
        assert_eq!((counts.each_alone, counts.documented, counts.within_fee_any_sequence), (2, 3, 3));
    }

    #[test]
    fn fills_of_one_time_may_have_come_in_another_sequence() {
        let mut rows = [row(1, "a", "0.78", "1", "0.01"), row(2, "a", "0.78", "1", "0.02")];
        assert_eq!(whys(&rows), [Some(Why::OtherSequence); 2]);
        rows[1].created = "2026-05-09T18:17:43Z".parse().unwrap();
        assert_eq!(whys(&rows), [Some(Why::OneStep); 2], "the sequence is recorded then");
    }

    #[test]
    fn what_nothing_explains_is_said_so() {
        assert_eq!(whys(&[row(1, "a", "0.78", "1", "0.50")]), [Some(Why::Unexplained)]);
    }

    #[test]
    fn every_sequence_once() {
        let all = sequences(3);
        assert_eq!((all.len(), all[0].clone()), (6, vec![0, 1, 2]));
        assert_eq!(sequences(7).len(), 1);
    }

    #[test]
    fn a_settlement_finds_its_fill_once() {
        let rows = [row(1, "a", "0.26", "1", "0.02")];
        let checked = fills(&Rules::default(), &[(0, &rows)]);
        let settlement = SettlementRow {
            line: 1,
            market: rows[0].market.clone(),
            settled: rows[0].created,
            bought: vec![(Outcome::Yes, "1".parse().unwrap(), "0.26".parse().unwrap())],
            fee: "0.02".parse().unwrap(),
        };
        let both = [settlement.clone(), settlement];
        let found = settlements(&Rules::default(), &[(1, &both)], &checked.all);
        assert_eq!((found[0].against, found[0].fills), (Against::Equal, Some("0.02".parse().unwrap())));
        assert_eq!((found[1].against, found[1].fills), (Against::Equal, None));
    }
}
