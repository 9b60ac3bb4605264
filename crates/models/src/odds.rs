//! Bookmakers' odds as probabilities: conversions, and taking the margin out.
//!
//! Decimal odds are what one unit staked returns, stake included; their inverse is a price, and a book's prices add up to
//! more than one. How the surplus is spread over the outcomes is a belief about the bookmaker. Bettors overpay for long
//! shots, so spreading it in proportion overstates them; [`Margin::Power`] and [`Margin::Shin`] take more from long shots.
//!
//! What can go wrong: the outcome. Three-way "home" is not "home advances", and overtime, voids and listed pitchers differ
//! between book and venue. With an exchange's quotes, use the middle and [`after_commission`], not a margin.
//!
//! Source: Clarke, Kovalchik & Ingram 2017 (power); Shin 1993 as solved by Jullien & Salanié 1994; Cheung 2015 (odds
//! ratio); Štrumbelj 2014 for which of them forecasts best; reference section 3.3.

use brier_types::Prob;

use crate::doors::chance;
use crate::solve::falling_root;

/// Steps of Newton's method, which from the side it starts on cannot overshoot; it needs about five.
const NEWTON_STEPS: u32 = 60;

/// How a book's surplus is spread over its outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Margin {
    /// In proportion to the price. For two even sides, where all agree.
    Multiplicative,
    /// The same amount from each. Refuses books where a long shot would go below zero.
    Additive,
    /// Prices raised to one power. For sports of two or three outcomes.
    Power,
    /// As if some bettors knew the result and the bookmaker guarded against them. With two outcomes it is the additive.
    Shin,
    /// Odds against each outcome multiplied by one factor.
    OddsRatio,
}

/// A book that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OddsError {
    /// Fewer than two outcomes.
    TooFewOutcomes,
    /// The outcome with this index has odds that are not above 1, or not finite.
    BadOdds(usize),
    /// Odds and answers differ in number.
    LengthMismatch,
    /// The outcome with this index would get a chance of zero or less by the additive rule.
    NegativeChance(usize),
    /// The prices add up to less than one, so there are no informed bettors to infer: arbitrage, or a stale price.
    NoMargin,
}

impl std::fmt::Display for OddsError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooFewOutcomes => write!(out, "odds: expected at least two outcomes"),
            Self::BadOdds(index) => write!(out, "odds: outcome {index} has odds that are not above 1"),
            Self::LengthMismatch => write!(out, "odds: as many answers as outcomes are needed"),
            Self::NegativeChance(index) => write!(out, "odds: the additive rule leaves outcome {index} no chance"),
            Self::NoMargin => write!(out, "odds: the book has no margin to remove"),
        }
    }
}

impl std::error::Error for OddsError {}

impl Margin {
    /// Writes each outcome's chance for a book's decimal odds, and returns the rule's one number: the sum of prices
    /// (multiplicative), the amount taken from each (additive), the power, Shin's share of informed money, or the odds
    /// ratio. Nothing is allocated.
    ///
    /// # Errors
    /// [`OddsError`] says which outcome is at fault; drop the book, or for [`OddsError::NegativeChance`] choose another
    /// rule.
    ///
    /// ```
    /// use brier_models::odds::Margin;
    /// let mut chances = [0.0; 3];
    /// let z = Margin::Shin.remove(&[2.60, 2.40, 4.30], &mut chances)?;
    /// assert!((chances[0] - 0.372_994).abs() < 1e-6 && (z - 0.016_943).abs() < 1e-6);
    /// # Ok::<(), brier_models::odds::OddsError>(())
    /// ```
    pub fn remove(self, odds: &[f64], chances: &mut [f64]) -> Result<f64, OddsError> {
        if odds.len() < 2 {
            return Err(OddsError::TooFewOutcomes);
        }
        if odds.len() != chances.len() {
            return Err(OddsError::LengthMismatch);
        }
        if let Some(index) = odds.iter().position(|&odds| !(odds > 1.0 && odds.is_finite())) {
            return Err(OddsError::BadOdds(index));
        }
        for (slot, odds) in chances.iter_mut().zip(odds) {
            *slot = 1.0 / odds;
        }
        let prices = chances;
        let sum: f64 = prices.iter().sum();
        let parameter = match self {
            Self::Multiplicative => sum,
            Self::Additive => {
                let each = (sum - 1.0) / prices.len() as f64;
                if let Some(index) = prices.iter().position(|&price| price <= each) {
                    return Err(OddsError::NegativeChance(index));
                }
                each
            }
            Self::Power => power(prices),
            Self::Shin if sum < 1.0 => return Err(OddsError::NoMargin),
            Self::Shin => falling_root(|z| total(prices, |price| shin(price, sum, z)) - 1.0, 0.0, 1.0),
            Self::OddsRatio => {
                // Its own logarithm is searched: from a millionth to a million.
                let root = falling_root(|log| total(prices, |price| rated(price, libm::exp(log))) - 1.0, -14.0, 14.0);
                libm::exp(root)
            }
        };
        for price in prices.iter_mut() {
            *price = match self {
                Self::Multiplicative => *price / parameter,
                Self::Additive => *price - parameter,
                Self::Power => libm::pow(*price, parameter),
                Self::Shin => shin(*price, sum, parameter),
                Self::OddsRatio => rated(*price, parameter),
            };
        }
        Ok(parameter)
    }
}

fn total(prices: &[f64], chance: impl Fn(f64) -> f64) -> f64 {
    prices.iter().map(|&price| chance(price)).sum()
}

/// The power to which prices sum to one.
fn power(prices: &[f64]) -> f64 {
    let mut exponent = 1.0;
    for _ in 0..NEWTON_STEPS {
        let (sum, slope) = prices.iter().fold((0.0, 0.0), |(sum, slope), &price| {
            let log = libm::log(price);
            let value = libm::exp(exponent * log);
            (sum + value, slope + value * log)
        });
        // The sum is convex and falls with the exponent, so from below the root each step stays below it.
        let step = (sum - 1.0) / slope;
        exponent = (exponent - step).max(1e-6);
        if step.abs() < 1e-15 * exponent {
            break;
        }
    }
    exponent
}

/// Shin's chance of an outcome when a share `z` of the money is informed.
fn shin(price: f64, sum: f64, z: f64) -> f64 {
    // The usual form with its difference of two near numbers turned into a quotient, which is also good at z = 1.
    let square = price * price / sum;
    2.0 * square / (libm::sqrt(z * z + 4.0 * (1.0 - z) * square) + z)
}

/// The chance whose odds are those of the price divided by `ratio`.
fn rated(price: f64, ratio: f64) -> f64 {
    price / (ratio + price - ratio * price)
}

/// The chance of one outcome out of a book, as [`Margin::remove`] gives it, or `None` where it refuses. At most sixteen
/// outcomes.
pub fn fair(margin: Margin, odds: &[f64], outcome: usize) -> Option<Prob> {
    let mut room = [0.0; 16];
    let chances = room.get_mut(..odds.len())?;
    margin.remove(odds, chances).ok()?;
    chance(*chances.get(outcome)?)
}

/// Decimal odds on an exchange after its commission on winnings.
pub fn after_commission(decimal: f64, commission: f64) -> Option<f64> {
    let sane = decimal > 1.0 && decimal.is_finite() && (0.0..1.0).contains(&commission);
    sane.then_some(1.0 + (decimal - 1.0) * (1.0 - commission))
}

/// Decimal odds from American: +150 wins 150 on 100, −150 wins 100 on 150. `None` between −100 and 100.
pub fn from_american(american: f64) -> Option<f64> {
    let amount = american.abs();
    if !(amount.is_finite() && amount >= 100.0) {
        return None;
    }
    Some(if american > 0.0 { 1.0 + amount / 100.0 } else { 1.0 + 100.0 / amount })
}

/// Decimal odds from Hong Kong odds: what a unit wins.
pub fn from_hong_kong(odds: f64) -> Option<f64> {
    (odds > 0.0 && odds.is_finite()).then_some(1.0 + odds)
}

/// Decimal odds from Malay: up to 1 what a unit wins, below zero what must be staked to win a unit.
pub fn from_malay(odds: f64) -> Option<f64> {
    if odds > 0.0 && odds <= 1.0 {
        Some(1.0 + odds)
    } else if (-1.0..0.0).contains(&odds) {
        Some(1.0 - 1.0 / odds)
    } else {
        None
    }
}

/// Decimal odds from Indonesian: American in units of one.
pub fn from_indonesian(odds: f64) -> Option<f64> {
    from_american(odds * 100.0)
}

/// The two half lines over which an Asian quarter line splits its stake: −0.75 is half on −1 and half on −0.5. `None`
/// unless the line is an odd number of quarters.
pub fn quarter_line(line: f64) -> Option<(f64, f64)> {
    let quarters = line * 4.0;
    // Quarters are exact in a float.
    let odd = quarters.is_finite() && (libm::fmod(quarters, 2.0).abs() - 1.0).abs() <= 0.0;
    odd.then_some((line - 0.25, line + 0.25))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Margin; 5] = [Margin::Multiplicative, Margin::Additive, Margin::Power, Margin::Shin, Margin::OddsRatio];

    #[test]
    fn conversions() {
        assert_eq!(from_american(150.0), Some(2.5));
        assert_eq!(from_american(-200.0), Some(1.5));
        assert_eq!(from_american(50.0), None);
        assert_eq!(from_hong_kong(0.8), Some(1.8));
        assert_eq!(from_malay(0.5), Some(1.5));
        assert_eq!(from_malay(-0.5), Some(3.0));
        assert_eq!(from_malay(0.0), None);
        assert_eq!(from_indonesian(-2.0), Some(1.5));
        assert_eq!(from_indonesian(f64::NAN), None);
        assert_eq!(quarter_line(-0.75), Some((-1.0, -0.5)));
        assert_eq!(quarter_line(0.5), None);
        assert_eq!(quarter_line(f64::INFINITY), None);
        assert_eq!(after_commission(3.0, 0.05), Some(2.9));
        assert_eq!(after_commission(3.0, f64::NAN), None);
    }

    #[test]
    fn refusals_name_the_outcome() {
        let mut two = [0.0; 2];
        for margin in ALL {
            assert_eq!(margin.remove(&[2.0], &mut two[..1]), Err(OddsError::TooFewOutcomes));
            assert_eq!(margin.remove(&[2.0, f64::NAN], &mut two), Err(OddsError::BadOdds(1)));
            assert_eq!(margin.remove(&[1.0, 2.0], &mut two), Err(OddsError::BadOdds(0)));
            assert_eq!(margin.remove(&[2.0, 2.0, 2.0], &mut two), Err(OddsError::LengthMismatch));
        }
        let mut three = [0.0; 3];
        let long_shot = [1.2, 4.0, 500.0];
        assert_eq!(Margin::Additive.remove(&long_shot, &mut three), Err(OddsError::NegativeChance(2)));
        assert_eq!(Margin::Shin.remove(&[2.2, 2.2], &mut two), Err(OddsError::NoMargin));
        assert_eq!(fair(Margin::Power, &[1.9, 1.9], 2), None);
    }

    proptest! {
        #[test]
        fn what_is_left_sums_to_one_and_keeps_its_order(
            weights in proptest::collection::vec(0.02_f64..1.0, 2..12),
            margin in 0.0_f64..0.3,
        ) {
            let sum: f64 = weights.iter().sum();
            let odds: Vec<f64> = weights.iter().map(|weight| sum / weight / (1.0 + margin)).collect();
            prop_assume!(odds.iter().all(|&odds| odds > 1.001));
            let mut chances = vec![0.0; odds.len()];
            for rule in ALL {
                match rule.remove(&odds, &mut chances) {
                    Ok(parameter) => {
                        prop_assert!(parameter.is_finite());
                        prop_assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{rule:?}");
                        prop_assert!(chances.iter().all(|&chance| chance > 0.0 && chance < 1.0), "{rule:?}");
                        for (a, b) in odds.iter().zip(&chances).zip(odds.iter().zip(&chances).skip(1)).map(|((o, c), (p, d))| (o - p, c - d)) {
                            prop_assert!(a * b <= 1e-12, "{rule:?}");
                        }
                    }
                    // The additive rule's refusal, and a margin that rounds to less than none.
                    Err(error) => prop_assert!(matches!(error, OddsError::NegativeChance(_) | OddsError::NoMargin)),
                }
            }
        }

        #[test]
        fn with_two_outcomes_shin_is_additive(first in 1.05_f64..10.0, margin in 0.001_f64..0.1) {
            let second = 1.0 / (1.0 + margin - 1.0 / first);
            prop_assume!(second > 1.01 && second.is_finite());
            let (mut shin, mut additive) = ([0.0; 2], [0.0; 2]);
            if Margin::Additive.remove(&[first, second], &mut additive).is_ok() {
                Margin::Shin.remove(&[first, second], &mut shin).unwrap();
                prop_assert!((shin[0] - additive[0]).abs() < 1e-9);
            }
        }
    }
}
