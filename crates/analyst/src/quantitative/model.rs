//! The models that a quantitative analyst can speak for, each as one function of a few numbers.
//!
//! A model is a rule with everything in it that does not move (strike, window, month, margin) and takes the numbers that do
//! (forecast, spot, odds) as a slice, in the order that [`Model::inputs`] names. So the same code can ask it again with any
//! number a little different.

use brier_models::average::{AverageLaw, Now, Sampling, UpOrDown, Window};
use brier_models::digital::Terminal;
use brier_models::distribution::Shape;
use brier_models::nowcast::Nowcast;
use brier_models::odds::{self, Margin};
use brier_models::pool::logit_pool;
use brier_models::rates::{MeetingMonth, Moves};
use brier_models::rounded::Bucket;
use brier_models::weather::{DayExtreme, Extreme, Observed, Slack};
use brier_types::{Prob, Strike, Timestamp};

/// Degrees and steps of a quarter point are whole.
const WHOLE: f64 = 1.0;
/// The most outcomes of a book of odds.
pub const MAX_OUTCOMES: usize = 16;
/// The most opinions of a pool.
pub const MAX_OPINIONS: usize = 32;

/// A model with everything in it that does not move. Tails are degrees of freedom of a Student law; none is a normal.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// A day's highest or lowest temperature in whole °F. Inputs: forecast, deviation of its error, and (if it is known)
    /// the extreme observed so far, all in °F.
    DayExtreme {
        /// Which extreme settles.
        extreme: Extreme,
        /// Which degrees pay.
        strike: Strike,
        /// Tails of the forecast's error.
        tails: Option<f64>,
        /// Weights of the report saying 0, 1 or 2 degrees more than was observed.
        slack: [f64; 3],
    },
    /// A price at one instant. Inputs: spot, and volatility (deviation of the logarithm over one second).
    Terminal {
        /// Which prices pay.
        strike: Strike,
        /// When the price is read.
        settles_at: Timestamp,
        /// Tails of the return.
        tails: Option<f64>,
    },
    /// The mean price over a window. Inputs: spot, volatility as above, and (once the window has begun) its mean so far.
    Average {
        /// Which means pay.
        strike: Strike,
        /// The window.
        window: Window,
        /// When it ends.
        ends_at: Timestamp,
        /// Tails of the mean.
        tails: Option<f64>,
    },
    /// The mean over a later window against that over an earlier one; YES when it is not below. Inputs as
    /// [`Model::Average`], of the earlier window. Once that is over its mean is known: use [`Model::Average`].
    UpOrDown {
        /// Both windows.
        window: Window,
        /// When the earlier one ends.
        earlier_ends_at: Timestamp,
        /// Seconds from there to the end of the later one.
        seconds_between: f64,
    },
    /// An economic release. Inputs: nowcast, and deviation of its error, in the release's unit.
    Release {
        /// Which prints pay.
        strike: Strike,
        /// What the print is rounded to.
        step: f64,
        /// Tails of the error.
        tails: Option<f64>,
    },
    /// A decision of the Federal Reserve from the month's future. Inputs: the overnight rate before, and the month's average
    /// that the future implies, in percent. The strike counts quarter points, cuts negative.
    Meeting {
        /// Which moves pay.
        strike: Strike,
        /// Days of the month.
        days: u32,
        /// The last day at the old rate.
        days_before: u32,
    },
    /// A bookmaker's odds without the margin. Inputs: decimal odds of every outcome, in one order.
    Odds {
        /// How the margin is spread.
        margin: Margin,
        /// Which outcome is YES.
        outcome: usize,
    },
    /// Opinions of others, pooled in log odds. Inputs: one chance each. The market of the question is no expert here.
    Pool {
        /// Their weights.
        weights: Vec<f64>,
        /// How far from one half; 1 is not at all.
        extremize: f64,
    },
}

/// One number that a model takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Role {
    /// What it is.
    pub name: &'static str,
    /// The least that makes sense.
    pub least: f64,
    /// The most that makes sense.
    pub most: f64,
    /// Whether it may be left out.
    pub optional: bool,
}

const fn role(name: &'static str, least: f64, most: f64) -> Role {
    Role { name, least, most, optional: false }
}

const PRICE: (f64, f64) = (1e-9, 1e12);
const SPOT: Role = role("spot", PRICE.0, PRICE.1);
const VOLATILITY: Role = role("volatility", 0.0, 1.0);
const MEAN_SO_FAR: Role = Role { name: "mean so far", least: PRICE.0, most: PRICE.1, optional: true };
const OBSERVED: Role = Role { name: "observed so far", least: -200.0, most: 200.0, optional: true };
const DAY_EXTREME: &[Role] = &[role("forecast", -200.0, 200.0), role("forecast error", 0.0, 100.0), OBSERVED];
const TERMINAL: &[Role] = &[SPOT, VOLATILITY];
const AVERAGE: &[Role] = &[SPOT, VOLATILITY, MEAN_SO_FAR];
const RELEASE: &[Role] = &[role("nowcast", -1e9, 1e9), role("nowcast error", 0.0, 1e9)];
const MEETING: &[Role] = &[role("rate before", -10.0, 50.0), role("implied average", -10.0, 50.0)];
const ODDS: &[Role] = &[role("odds", 1.000_001, 1e6)];
const POOL: &[Role] = &[role("opinion", 0.0, 1.0)];

impl Model {
    /// Its name for people.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::DayExtreme { .. } => "day extreme",
            Self::Terminal { .. } => "terminal price",
            Self::Average { .. } => "average price",
            Self::UpOrDown { .. } => "up or down",
            Self::Release { .. } => "release",
            Self::Meeting { .. } => "meeting",
            Self::Odds { .. } => "odds",
            Self::Pool { .. } => "pool",
        }
    }

    /// The numbers it takes, in order. Of odds and pools, one that stands for each of them.
    pub const fn inputs(&self) -> &'static [Role] {
        match self {
            Self::DayExtreme { .. } => DAY_EXTREME,
            Self::Terminal { .. } => TERMINAL,
            Self::Average { .. } | Self::UpOrDown { .. } => AVERAGE,
            Self::Release { .. } => RELEASE,
            Self::Meeting { .. } => MEETING,
            Self::Odds { .. } => ODDS,
            Self::Pool { .. } => POOL,
        }
    }

    /// Whether it takes `count` numbers.
    pub fn takes(&self, count: usize) -> bool {
        match self {
            Self::Odds { outcome, .. } => (2..=MAX_OUTCOMES).contains(&count) && *outcome < count,
            Self::Pool { weights, .. } => (1..=MAX_OPINIONS).contains(&count) && weights.len() == count,
            Self::DayExtreme { .. }
            | Self::Terminal { .. }
            | Self::Average { .. }
            | Self::UpOrDown { .. }
            | Self::Release { .. }
            | Self::Meeting { .. } => {
                let roles = self.inputs();
                let needed = roles.iter().filter(|role| !role.optional).count();
                (needed..=roles.len()).contains(&count)
            }
        }
    }

    /// Whether everything in it that does not move makes sense.
    pub fn is_sound(&self) -> bool {
        let priced = |strike: Strike| match strike {
            Strike::Above(bound) | Strike::AtLeast(bound) | Strike::Below(bound) | Strike::AtMost(bound) => {
                bound.get() > 0.0
            }
            Strike::Between(low, high) => 0.0 < low.get() && low < high,
        };
        let timed = |window: &Window| {
            window.seconds.is_finite() && window.seconds > 0.0 && window.sampling != Sampling::Prints(0)
        };
        match self {
            Self::DayExtreme { strike, tails, slack, .. } => {
                shape(*tails).is_some() && Slack::new(*slack).is_some() && bucket(*strike, WHOLE).is_some()
            }
            Self::Terminal { strike, tails, .. } => shape(*tails).is_some() && priced(*strike),
            Self::Average { strike, window, tails, .. } => shape(*tails).is_some() && priced(*strike) && timed(window),
            Self::UpOrDown { window, seconds_between, .. } => {
                timed(window) && seconds_between.is_finite() && *seconds_between >= window.seconds
            }
            Self::Release { strike, step, tails } => shape(*tails).is_some() && bucket(*strike, *step).is_some(),
            Self::Meeting { strike, days, days_before } => {
                bucket(*strike, WHOLE).is_some() && (28..=31).contains(days) && days_before < days
            }
            Self::Odds { .. } => true,
            Self::Pool { weights, extremize } => {
                let sum: f64 = weights.iter().sum();
                let positive = |number: f64| number.is_finite() && number > 0.0;
                weights.iter().all(|&weight| weight >= 0.0) && positive(sum) && positive(*extremize)
            }
        }
    }

    /// The role of the number at `index`.
    pub(crate) fn role(&self, index: usize) -> Role {
        let roles = self.inputs();
        roles[index.min(roles.len() - 1)]
    }

    /// The chance of YES for these numbers at `now`. `None` where they make no sense to it, or there are too few or many.
    pub fn prob(&self, now: Timestamp, inputs: &[f64]) -> Option<Prob> {
        if !self.takes(inputs.len()) || inputs.iter().any(|number| !number.is_finite()) {
            return None;
        }
        match self {
            Self::DayExtreme { extreme, strike, tails, slack } => {
                let mut law = DayExtreme::new(*extreme, inputs[0], inputs[1], shape(*tails)?)?;
                if let Some(seen) = inputs.get(2) {
                    let extreme = (seen.abs() <= 1_000.0).then(|| libm::round(*seen) as i32)?;
                    law = law.observed(Observed { extreme, slack: Slack::new(*slack)? });
                }
                law.probability(bucket(*strike, WHOLE)?)
            }
            Self::Terminal { strike, settles_at, tails } => {
                let law = Terminal::new(inputs[0], inputs[1], seconds(now, *settles_at), shape(*tails)?)?;
                terminal(&law, *strike)
            }
            Self::Average { strike, window, ends_at, tails } => {
                let mut law = window.law(&moment(inputs, seconds(now, *ends_at)))?;
                law.shape = shape(*tails)?;
                average(&law, *strike)
            }
            Self::UpOrDown { window, earlier_ends_at, seconds_between } => {
                let race = UpOrDown { window: *window, seconds_between: *seconds_between };
                (now <= *earlier_ends_at)
                    .then(|| race.probability(&moment(inputs, seconds(now, *earlier_ends_at))))
                    .flatten()
            }
            Self::Release { strike, step, tails } => {
                Nowcast::new(inputs[0], inputs[1], *step, shape(*tails)?)?.probability(bucket(*strike, *step)?)
            }
            Self::Meeting { strike, days, days_before } => {
                let month = MeetingMonth {
                    days: *days,
                    days_before: *days_before,
                    start_rate: inputs[0],
                    average_rate: inputs[1],
                };
                let moves = Moves::expected(inputs[0], month.end_rate()?)?;
                Some(match bucket(*strike, WHOLE)? {
                    Bucket::AtMost(last) => moves.at_most(last),
                    Bucket::AtLeast(first) => moves.at_least(first),
                    Bucket::Between(first, last) => {
                        let within = moves.steps().filter(|(steps, _)| (first..=last).contains(steps));
                        Prob::new(within.map(|(_, chance)| chance).sum::<f64>().min(1.0)).ok()?
                    }
                })
            }
            Self::Odds { margin, outcome } => odds::fair(*margin, inputs, *outcome),
            Self::Pool { weights, extremize } => {
                let chances = inputs.iter().map(|chance| Prob::new(*chance).ok()).collect::<Option<Vec<_>>>()?;
                let opinions: Vec<(Prob, f64)> = chances.into_iter().zip(weights.iter().copied()).collect();
                logit_pool(&opinions, *extremize)
            }
        }
    }
}

fn shape(tails: Option<f64>) -> Option<Shape> {
    tails.map_or(Some(Shape::Normal), Shape::student)
}

/// Seconds from `now` to `then`, negative when it is over.
fn seconds(now: Timestamp, then: Timestamp) -> f64 {
    (i128::from(then.nanos()) - i128::from(now.nanos())) as f64 / 1e9
}

fn moment(inputs: &[f64], seconds_left: f64) -> Now {
    Now { spot: inputs[0], volatility: inputs[1], seconds_left, observed_mean: inputs.get(2).copied() }
}

/// The whole steps that pay.
fn bucket(strike: Strike, step: f64) -> Option<Bucket> {
    match strike {
        Strike::Above(bound) => Bucket::above(bound.get(), step),
        Strike::AtLeast(bound) => Bucket::at_least(bound.get(), step),
        Strike::Below(bound) => Bucket::below(bound.get(), step),
        Strike::AtMost(bound) => Bucket::at_most(bound.get(), step),
        Strike::Between(low, high) => Bucket::between(low.get(), high.get(), step),
    }
}

/// On a continuous price, at the strike and above it are the same but when nothing moves any more.
fn terminal(law: &Terminal, strike: Strike) -> Option<Prob> {
    match strike {
        Strike::Above(bound) | Strike::AtLeast(bound) => law.at_or_above(bound.get()),
        Strike::Below(bound) | Strike::AtMost(bound) => law.below(bound.get()),
        Strike::Between(low, high) => law.between(low.get(), high.get()),
    }
}

fn average(law: &AverageLaw, strike: Strike) -> Option<Prob> {
    match strike {
        Strike::Above(bound) | Strike::AtLeast(bound) => law.at_or_above(bound.get()),
        Strike::Below(bound) | Strike::AtMost(bound) => law.at_or_above(bound.get()).map(Prob::complement),
        Strike::Between(low, high) => law.between(low.get(), high.get()),
    }
}
