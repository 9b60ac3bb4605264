//! Thresholds and ranges: which values pay.
//!
//! Bounds keep whether they are included. Two ranges are compared on the step of what is measured: for a count, more
//! than 210 is at least 211; for a rate printed to a tenth, 58.0 to 58.9 ends before 59; without a known step nothing
//! is assumed and `>` is not `≥`.

use std::fmt;

use crate::text::{Decimal, Kind, Token, Unit};

/// One end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bound {
    /// The value.
    pub value: Decimal,
    /// Whether the value itself pays.
    pub included: bool,
}

/// The values that pay. At least one end is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    /// The lower end; none means everything below pays too.
    pub low: Option<Bound>,
    /// The upper end; none means everything above pays too.
    pub high: Option<Bound>,
    /// Dollars, percent, degrees, when written.
    pub unit: Option<Unit>,
}

/// How two ranges lie to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeRelation {
    /// The same values pay.
    Equal,
    /// Each value pays in exactly one of them.
    Complement,
    /// The first lies inside the second.
    Inside,
    /// The second lies inside the first.
    Around,
    /// No value pays in both.
    Disjoint,
    /// Some values pay in both, some in one.
    Overlapping,
}

impl Range {
    /// Everything above `value`.
    pub const fn above(value: Decimal, included: bool) -> Self {
        Self { low: Some(Bound { value, included }), high: None, unit: None }
    }

    /// Everything below `value`.
    pub const fn below(value: Decimal, included: bool) -> Self {
        Self { low: None, high: Some(Bound { value, included }), unit: None }
    }

    /// Both ends and what lies between; the ends are put in order.
    pub fn between(one: Decimal, two: Decimal) -> Self {
        let (low, high) = if one <= two { (one, two) } else { (two, one) };
        Self {
            low: Some(Bound { value: low, included: true }),
            high: Some(Bound { value: high, included: true }),
            unit: None,
        }
    }

    /// One value.
    pub fn exactly(value: Decimal) -> Self {
        Self::between(value, value)
    }

    /// With its unit.
    #[must_use]
    pub const fn of(mut self, unit: Option<Unit>) -> Self {
        self.unit = unit;
        self
    }

    /// Whether it is bounded on both sides.
    pub const fn is_bucket(&self) -> bool {
        self.low.is_some() && self.high.is_some()
    }

    /// The least and the greatest paying multiple of `step`, both included; without a step the bounds in half-units of
    /// the finest decimal, so that an excluded bound lies strictly inside.
    fn ends(&self, step: Option<Decimal>) -> (Option<i128>, Option<i128>) {
        match step.map(Decimal::micros).filter(|step| *step > 0) {
            Some(step) => (
                self.low.map(|low| {
                    let up = low.value.micros().div_euclid(step) + i128::from(low.value.micros().rem_euclid(step) > 0);
                    if !low.included && low.value.micros().rem_euclid(step) == 0 { up + 1 } else { up }
                }),
                self.high.map(|high| {
                    let down = high.value.micros().div_euclid(step);
                    if !high.included && high.value.micros().rem_euclid(step) == 0 { down - 1 } else { down }
                }),
            ),
            None => (
                self.low.map(|low| low.value.micros() * 2 + i128::from(!low.included)),
                self.high.map(|high| high.value.micros() * 2 - i128::from(!high.included)),
            ),
        }
    }

    /// How `self` lies to `other` when values come in multiples of `step`, or anywhere when `step` is none.
    pub fn relation(&self, other: &Self, step: Option<Decimal>) -> RangeRelation {
        let (low, high) = self.ends(step);
        let (other_low, other_high) = other.ends(step);
        let (low, other_low) = (low.unwrap_or(i128::MIN), other_low.unwrap_or(i128::MIN));
        let (high, other_high) = (high.unwrap_or(i128::MAX), other_high.unwrap_or(i128::MAX));
        if (low, high) == (other_low, other_high) {
            return RangeRelation::Equal;
        }
        let touches = |below: i128, above: i128| below != i128::MAX && above != i128::MIN && below + 1 == above;
        if low == i128::MIN && other_high == i128::MAX && touches(high, other_low)
            || other_low == i128::MIN && high == i128::MAX && touches(other_high, low)
        {
            return RangeRelation::Complement;
        }
        if high < other_low || other_high < low {
            return RangeRelation::Disjoint;
        }
        if low >= other_low && high <= other_high {
            return RangeRelation::Inside;
        }
        if other_low >= low && other_high <= high {
            return RangeRelation::Around;
        }
        RangeRelation::Overlapping
    }
}

impl fmt::Display for Range {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.low, self.high) {
            (Some(low), Some(high)) if low == high => write!(out, "exactly {}", low.value)?,
            (Some(low), Some(high)) => write!(
                out,
                "{}{} to {}{}",
                if low.included { "" } else { "more than " },
                low.value,
                if high.included { "" } else { "less than " },
                high.value
            )?,
            (Some(low), None) => write!(out, "{} {}", if low.included { ">=" } else { ">" }, low.value)?,
            (None, Some(high)) => write!(out, "{} {}", if high.included { "<=" } else { "<" }, high.value)?,
            (None, None) => out.write_str("anything")?,
        }
        match self.unit {
            Some(Unit::Dollars) => out.write_str(" dollars"),
            Some(Unit::Percent) => out.write_str(" %"),
            Some(Unit::BasisPoints) => out.write_str(" bps"),
            Some(Unit::Degrees) => out.write_str(" degrees"),
            Some(Unit::Fahrenheit) => out.write_str(" °F"),
            Some(Unit::Celsius) => out.write_str(" °C"),
            None => Ok(()),
        }
    }
}

/// A range found among tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) range: Range,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// Every range among `tokens`. `free` says which tokens may be read.
pub(crate) fn find(tokens: &[Token], free: impl Fn(usize) -> bool) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let next = if free(at) { read_at(tokens, at, &free) } else { None };
        match next {
            Some(one) => {
                at = one.to.max(at + 1);
                found.push(one);
            }
            None => at += 1,
        }
    }
    found
}

/// Which side of a number pays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Side {
    const fn range(self, value: Decimal) -> Range {
        match self {
            Self::Above => Range::above(value, false),
            Self::AtLeast => Range::above(value, true),
            Self::Below => Range::below(value, false),
            Self::AtMost => Range::below(value, true),
        }
    }
}

fn words_at(tokens: &[Token], at: usize, words: &[&str]) -> bool {
    words.iter().enumerate().all(|(step, word)| tokens.get(at + step).is_some_and(|token| token.is_word(word)))
}

/// The comparison that begins at `at` and the number of tokens it takes.
fn comparison(tokens: &[Token], at: usize) -> Option<(Side, usize)> {
    const PHRASES: &[(&[&str], Side)] = &[
        (&["greater", "than", "or", "equal", "to"], Side::AtLeast),
        (&["more", "than", "or", "equal", "to"], Side::AtLeast),
        (&["equal", "to", "or", "greater", "than"], Side::AtLeast),
        (&["equal", "to", "or", "more", "than"], Side::AtLeast),
        (&["equal", "to", "or", "above"], Side::AtLeast),
        (&["less", "than", "or", "equal", "to"], Side::AtMost),
        (&["fewer", "than", "or", "equal", "to"], Side::AtMost),
        (&["equal", "to", "or", "less", "than"], Side::AtMost),
        (&["equal", "to", "or", "below"], Side::AtMost),
        (&["at", "or", "above"], Side::AtLeast),
        (&["at", "or", "over"], Side::AtLeast),
        (&["at", "or", "below"], Side::AtMost),
        (&["at", "or", "under"], Side::AtMost),
        (&["not", "less", "than"], Side::AtLeast),
        (&["not", "more", "than"], Side::AtMost),
        (&["in", "excess", "of"], Side::Above),
        (&["no", "less", "than"], Side::AtLeast),
        (&["no", "fewer", "than"], Side::AtLeast),
        (&["no", "more", "than"], Side::AtMost),
        (&["at", "least"], Side::AtLeast),
        (&["at", "most"], Side::AtMost),
        (&["up", "to"], Side::AtMost),
        (&["more", "than"], Side::Above),
        (&["greater", "than"], Side::Above),
        (&["higher", "than"], Side::Above),
        (&["less", "than"], Side::Below),
        (&["fewer", "than"], Side::Below),
        (&["lower", "than"], Side::Below),
        (&["above"], Side::Above),
        (&["over"], Side::Above),
        (&["exceed"], Side::Above),
        (&["exceeds"], Side::Above),
        (&["below"], Side::Below),
        (&["under"], Side::Below),
    ];
    match tokens.get(at)?.kind {
        Kind::Mark('>') if tokens.get(at + 1).is_some_and(|next| next.is_mark('=')) => return Some((Side::AtLeast, 2)),
        Kind::Mark('>') => return Some((Side::Above, 1)),
        Kind::Mark('<') => return Some((Side::Below, 1)),
        Kind::Mark('≥') => return Some((Side::AtLeast, 1)),
        Kind::Mark('≤') => return Some((Side::AtMost, 1)),
        Kind::Word => {}
        Kind::Number(_) | Kind::Season(_) | Kind::Clock(_) | Kind::IsoDate(..) | Kind::District(_) | Kind::Mark(_) => {
            return None;
        }
    }
    PHRASES.iter().find(|(words, _)| words_at(tokens, at, words)).map(|(words, side)| (*side, words.len()))
}

/// `or more`, `or below`, `and above` after a number.
fn tail(tokens: &[Token], at: usize) -> Option<(Side, usize)> {
    if !tokens.get(at).is_some_and(|token| token.is_word("or") || token.is_word("and")) {
        return None;
    }
    let side = match tokens.get(at + 1)?.text.as_str() {
        "more" | "higher" | "above" | "greater" | "over" | "later" | "better" => Side::AtLeast,
        "less" | "fewer" | "below" | "lower" | "under" | "worse" => Side::AtMost,
        _ => return None,
    };
    // "10 or more than 20" is no tail.
    (!tokens.get(at + 2).is_some_and(|token| token.is_word("than"))).then_some((side, 2))
}

/// A number with an optional sign before it.
fn signed(tokens: &[Token], at: usize) -> Option<(Decimal, Option<Unit>, bool, usize)> {
    let minus = tokens.get(at).is_some_and(|token| token.is_mark('-'));
    let number = tokens.get(at + usize::from(minus))?.number().filter(|number| !number.ordinal)?;
    let value = if minus { number.value.negated() } else { number.value };
    Some((value, number.unit, number.or_more, at + usize::from(minus) + 1))
}

/// Whether token `at` is the sign of the number behind it: no letter or digit touches it from the left.
pub(crate) fn is_minus(tokens: &[Token], at: usize) -> bool {
    let touches = at.checked_sub(1).is_some_and(|before| tokens[before].end == tokens[at].start);
    let number = tokens.get(at + 1).is_some_and(|next| next.number().is_some() && next.start == tokens[at].end);
    tokens[at].is_mark('-') && number && !touches
}

fn read_at(tokens: &[Token], at: usize, free: &impl Fn(usize) -> bool) -> Option<Found> {
    if words_at(tokens, at, &["between"]) {
        let (low, unit, _, next) = signed(tokens, at + 1)?;
        let joined = tokens.get(next).is_some_and(|t| t.is_word("and") || t.is_word("to") || t.is_mark('-'));
        let (high, other, _, to) = signed(tokens, next + 1).filter(|_| joined)?;
        return Some(Found { range: Range::between(low, high).of(unit.or(other)), from: at, to });
    }
    if let Some((side, length)) = comparison(tokens, at) {
        let (value, unit, _, next) = signed(tokens, at + length)?;
        // "above 211 or above" says what its tail says.
        let (side, to) = tail(tokens, next).map_or((side, next), |(side, more)| (side, next + more));
        return Some(Found { range: side.range(value).of(unit), from: at, to });
    }
    let (value, unit, or_more, next) =
        if tokens[at].number().is_some() || is_minus(tokens, at) { signed(tokens, at)? } else { return None };
    if let Some((side, length)) = tail(tokens, next) {
        return Some(Found { range: side.range(value).of(unit), from: at, to: next + length });
    }
    if or_more {
        return Some(Found { range: Range::above(value, true).of(unit), from: at, to: next });
    }
    let joined = tokens.get(next).is_some_and(|t| (t.is_mark('-') || t.is_word("to")) && free(next));
    // "2-1" is a score, not the values from two to one.
    let rising = |high: &(Decimal, Option<Unit>, bool, usize)| free(next + 1) && high.0 >= value;
    if joined && let Some((high, other, _, to)) = signed(tokens, next + 1).filter(rising) {
        return Some(Found { range: Range::between(value, high).of(unit.or(other)), from: at, to });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tokens;

    fn read(text: &str) -> Range {
        find(&tokens(text), |_| true).first().expect("a range").range
    }

    #[test]
    fn comparisons_in_words() {
        for (text, shown) in [
            ("more than 210 seats", "> 210"),
            ("211 or above", ">= 211"),
            ("above 211 or above", ">= 211"),
            ("fewer than 84 seats", "< 84"),
            ("9 or less seats", "<= 9"),
            ("between 47 and 49 seats", "47 to 49"),
            ("80–89", "80 to 89"),
            ("be 0.6% or more", ">= 0.6 %"),
            ("at least 82", ">= 82"),
            ("at or above 100", ">= 100"),
            ("be -10% or higher", ">= -10 %"),
            ("greater than or equal to 3.5%", ">= 3.5 %"),
            ("less than or equal to 9", "<= 9"),
            ("score >95?", "> 95"),
            ("90+", ">= 90"),
        ] {
            assert_eq!(read(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn counts_close_the_gap_between_more_than_and_at_least() {
        let (more, least) = (read("more than 210"), read("211 or above"));
        assert_eq!(more.relation(&least, Some(Decimal::whole(1))), RangeRelation::Equal);
        assert_eq!(least.relation(&more, None), RangeRelation::Inside);
    }

    #[test]
    fn at_least_58_is_no_58_to_58_point_9() {
        let (least, bucket) = (read("58 or more"), read("58.0-58.9"));
        assert_eq!(bucket.relation(&least, Decimal::parse("0.1")), RangeRelation::Inside);
        assert_eq!(read("below 58").relation(&least, Decimal::parse("0.1")), RangeRelation::Complement);
    }
}
