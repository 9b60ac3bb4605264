//! The analysts that a configuration can name: a model with its numbers, or a language model, each with its keys.

use brier_analyst::quantitative::{MAX_OPINIONS, MAX_OUTCOMES, Model};
use brier_models::average::{Sampling, Window};
use brier_models::odds::Margin;
use brier_models::weather::Extreme;
use brier_types::{Bound, Strike, Timestamp};

use super::keys::{Key, whole};
use super::layers::Values;
use super::value::Kind;

/// A kind of analyst.
#[derive(Clone, Copy, Debug)]
pub struct AnalystKind {
    /// Its name.
    pub name: &'static str,
    /// What it does, for the reference page.
    pub meaning: &'static str,
    /// The keys of its `parameters`.
    pub parameters: &'static [Key],
    /// The keys of each of its `inputs`.
    pub input: &'static [Key],
    /// Which inputs it takes.
    pub takes: Takes,
    /// Makes its model, the strike aside. `None` for the kind that reads.
    pub(super) model: Option<MakeModel>,
}

/// Makes a model of `parameters`, with a strike, a time, and the names and weights of the inputs.
pub(super) type MakeModel = fn(&Values, Strike, Timestamp, &[(&str, f64)]) -> Model;

/// Which inputs a kind takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// These names, in this order; of the last so many any may be left out.
    Named(&'static [&'static str], usize),
    /// From so many to so many, whatever they are called, in the order of the file.
    Any(usize, usize),
}

/// The kind that reads.
pub(super) const LANGUAGE: &str = "language";

/// A share or a chance.
const SHARE: Kind = Kind::Number { min: 0.0, max: 1.0 };
/// Any number that a model can take.
const NUMBER: Kind = Kind::Number { min: -1e12, max: 1e12 };
const TAILS: Key = Key::optional(
    "tails",
    Kind::Number { min: 2.1, max: 1e3 },
    "Degrees of freedom of the error's tails; unset for a normal error.",
);
const STRIKE: Key = Key::optional(
    "strike",
    Kind::Text,
    "What pays: `above 0.2`, `at least 58`, `below 40`, `at most 40`, or `58 to 59`. Unset: the market's own, where its venue lists \
     one in numbers, which Polymarket does not.",
);
const WINDOW: Key = Key::new("window_s", whole(1, 86_400), "60", "Length of the window whose mean settles.");
const PRINTS: Key =
    Key::new("prints", whole(0, 86_400), "60", "Prints, at equal intervals, whose mean settles; 0 for every moment.");

/// The keys of a model's parameters, and those that all models have behind them.
macro_rules! with_doubt {
    ($($key:expr),* $(,)?) => {
        &[
            $($key,)*
            Key::new(
                "level",
                Kind::Number { min: 0.5, max: 0.999 },
                "0.9",
                "With what chance the interval is meant to hold the truth.",
            ),
            Key::new(
                "doubt",
                Kind::Number { min: 0.0, max: 5.0 },
                "0",
                "What the model itself gets wrong: standard deviation in log odds. It widens the interval.",
            ),
        ]
    };
}

/// The keys of one number of a model, and others behind them.
macro_rules! number {
    ($($key:expr),* $(,)?) => {
        &[
            Key::optional("series", Kind::Text, "The series that the number is read from, as a `[[feed]]` or another program tells it."),
            Key::new(
                "read",
                Kind::Word(&["number", "mean", "item", "hundred_less", "spread", "annual_volatility"]),
                "\"number\"",
                "What of the series: its one `number`; the `mean` of several, or their `spread`, with `stated` added in squares; one of them, the `item`; \
                 `hundred_less` the number, as a future's price tells a rate; or an `annual_volatility`, a share such as 0.45, which is taken to that over one second \
                 by a year of 365 days (`stated`, `baseline` and `deviation` are annual then, too).",
            ),
            Key::new("item", whole(0, 1_023), "0", "Which number of the series, from 0, where `read` is `item`."),
            Key::optional("stated", NUMBER, "The number itself, where no series tells it; of a spread, the deviation that is there even when all agree."),
            Key::optional("baseline", NUMBER, "What the number ordinarily is: where reasons start from. Unset: the `stated` one."),
            Key::new("deviation", Kind::Number { min: 0.0, max: 1e12 }, "0", "How far off the number may be: standard deviation, in its unit. It makes the interval."),
            $($key,)*
        ]
    };
}

const MODEL_INPUT: &[Key] = number![];
const POOL_INPUT: &[Key] =
    number![Key::new("weight", Kind::Number { min: 0.0, max: 1e6 }, "1", "Its weight beside the others.")];
const LANGUAGE_INPUT: &[Key] = &[Key::required("series", Kind::Text, "A series that is shown to it.")];

/// Every kind, in the order of the reference page.
pub const ANALYST_KINDS: &[AnalystKind] = &[
    AnalystKind {
        name: "day_extreme",
        meaning: "A day's highest or lowest temperature in whole °F. Inputs: `forecast`, `forecast_error` (its standard deviation), and \
                  `observed_so_far`, which may be left out.",
        parameters: with_doubt![
            STRIKE,
            Key::new("extreme", Kind::Word(&["high", "low"]), "\"high\"", "Which extreme settles."),
            TAILS,
            Key::new(
                "slack_one_degree",
                SHARE,
                "0.15",
                "Chance that the report says one degree more than was measured."
            ),
            Key::new("slack_two_degrees", SHARE, "0.03", "Chance that it says two degrees more."),
        ],
        input: MODEL_INPUT,
        takes: Takes::Named(&["forecast", "forecast_error", "observed_so_far"], 1),
        model: Some(day_extreme),
    },
    AnalystKind {
        name: "terminal",
        meaning: "A price at one instant. Inputs: `spot`, `volatility` (over one second, or annual by `read`).",
        parameters: with_doubt![
            STRIKE,
            Key::optional("settles_at", Kind::Text, "When the price is read, RFC 3339. Unset: at the market's close."),
            TAILS,
        ],
        input: MODEL_INPUT,
        takes: Takes::Named(&["spot", "volatility"], 0),
        model: Some(terminal),
    },
    AnalystKind {
        name: "average",
        meaning: "The mean of a price over a window. Inputs: `spot`, `volatility` (over one second, or annual by `read`), and, once the \
                  window has begun, `mean_so_far`.",
        parameters: with_doubt![
            STRIKE,
            WINDOW,
            PRINTS,
            Key::optional("ends_at", Kind::Text, "When the window ends, RFC 3339. Unset: at the market's close."),
            TAILS,
        ],
        input: MODEL_INPUT,
        takes: Takes::Named(&["spot", "volatility", "mean_so_far"], 1),
        model: Some(average),
    },
    AnalystKind {
        name: "up_or_down",
        meaning: "The mean over a later window against that over an earlier one; YES when it is not below. It has no opinion once the \
                  earlier window is over: `average` has. Inputs as `average`, of the earlier window.",
        parameters: with_doubt![
            WINDOW,
            PRINTS,
            Key::required("earlier_ends_at", Kind::Text, "When the earlier window ends, RFC 3339."),
            Key::required("seconds_between", whole(1, 604_800), "Seconds from there to the end of the later one."),
        ],
        input: MODEL_INPUT,
        takes: Takes::Named(&["spot", "volatility", "mean_so_far"], 1),
        model: Some(up_or_down),
    },
    AnalystKind {
        name: "release",
        meaning: "An economic release. Inputs: `nowcast`, `nowcast_error` (its standard deviation), in the release's unit.",
        parameters: with_doubt![
            STRIKE,
            Key::required("step", Kind::Number { min: 1e-6, max: 1e9 }, "What the print is rounded to."),
            TAILS,
        ],
        input: MODEL_INPUT,
        takes: Takes::Named(&["nowcast", "nowcast_error"], 0),
        model: Some(release),
    },
    AnalystKind {
        name: "meeting",
        meaning: "A decision of the Federal Reserve, in quarter points from now, cuts negative. Inputs: `rate_before`, the overnight rate, and \
                  `implied_average`, the month's mean by its future (`read = \"hundred_less\"`), in percent.",
        parameters: with_doubt![
            STRIKE,
            Key::required("days", whole(28, 31), "Days of the month."),
            Key::required("days_before", whole(0, 31), "The last day at the old rate."),
        ],
        input: MODEL_INPUT,
        takes: Takes::Named(&["rate_before", "implied_average"], 0),
        model: Some(meeting),
    },
    AnalystKind {
        name: "odds",
        meaning: "A bookmaker's odds without the margin. Inputs: decimal odds of every outcome, 2 to 16, under names of your own.",
        parameters: with_doubt![
            Key::required("outcome", Kind::Name, "Which input is YES, by its name."),
            Key::new(
                "margin",
                Kind::Word(&["multiplicative", "additive", "power", "shin", "odds_ratio"]),
                "\"shin\"",
                "How the margin is spread over the outcomes.",
            ),
        ],
        input: MODEL_INPUT,
        takes: Takes::Any(2, MAX_OUTCOMES),
        model: Some(odds),
    },
    AnalystKind {
        name: "pool",
        meaning: "Opinions of others, pooled in log odds. Inputs: chances from 0 to 1, 1 to 32, under names of your own. The price of the \
                  market itself is no expert here.",
        parameters: with_doubt![Key::new(
            "extremize",
            Kind::Number { min: 0.01, max: 10.0 },
            "1",
            "How far from one half the pool is taken; 1 is not at all."
        )],
        input: POOL_INPUT,
        takes: Takes::Any(1, MAX_OPINIONS),
        model: Some(pool),
    },
    AnalystKind {
        name: LANGUAGE,
        meaning: "A language model at any endpoint of OpenAI's or Anthropic's dialect. It reads question, rules, close, what was traded (no \
                  price), and the series of its inputs, under names of your own; each has to be there and fresh, or nothing is asked.",
        parameters: &[
            Key::required(
                "url",
                Kind::Url,
                "The endpoint with its version: `https://api.openai.com/v1`. Plain http only for hosts near by.",
            ),
            Key::new(
                "dialect",
                Kind::Word(&["openai", "openai-compatible", "anthropic"]),
                "\"openai\"",
                "What it speaks; `openai-compatible` for those that know only `max_tokens`.",
            ),
            Key::required("model", Kind::Text, "The model's name there."),
            Key::optional("key", Kind::Secret, "Its key: `env:NAME` or `file:PATH`. Without one it has no opinion."),
            Key::required(
                "million_input_tokens_dollars",
                Kind::Dollars,
                "What a million tokens sent cost, by the vendor's list.",
            ),
            Key::required("million_output_tokens_dollars", Kind::Dollars, "What a million tokens of answers cost."),
            Key::required(
                "budget_dollars",
                Kind::Dollars,
                "What may be spent in all, over every restart. Nothing is sent whose worst case is more than what is left.",
            ),
            Key::optional(
                "ledger",
                Kind::Path,
                "File of what is spent; analysts and programs that name the same one share it. Unset: `analyst-NAME.ledger` in `run.data_dir`.",
            ),
            Key::optional(
                "cache_dir",
                Kind::Path,
                "Folder in which answers outlive the process. Unset: in memory only.",
            ),
            Key::new(
                "cache_s",
                whole(0, 604_800),
                "1800",
                "How old an answer to the very same question may be; 0 keeps none.",
            ),
            Key::optional(
                "news",
                Kind::Text,
                "Feeds of news by name, with commas, whose articles it reads: `fed-news,wire`. What they say is text of others and instructs nobody.",
            ),
            Key::new("news_age_s", whole(60, 2_592_000), "86400", "How old an article that it reads may be."),
            Key::new("samples", whole(1, 16), "5", "How many times it is asked for one opinion."),
            Key::new("min_samples", whole(1, 16), "3", "How many answers must pass every check."),
            Key::new("min_drivers", whole(1, 8), "1", "How many reasons of an answer must quote what exists."),
            Key::new("trim", whole(0, 7), "1", "How many of the lowest, and of the highest, the middle leaves out."),
            Key::new("max_output_tokens", whole(16, 1_000_000), "2000", "The longest answer, hidden tokens included."),
            Key::optional(
                "temperature",
                Kind::Number { min: 0.0, max: 2.0 },
                "How freely it samples, Anthropic to 1. Unset: as the endpoint likes.",
            ),
            Key::new("timeout_s", whole(1, 3_600), "90", "The longest wait for a whole answer."),
            Key::new("silence_s", whole(1, 3_600), "30", "The longest silence within one."),
        ],
        input: LANGUAGE_INPUT,
        takes: Takes::Any(0, 64),
        model: None,
    },
];

/// The kind of this name.
pub(super) fn find(name: &str) -> Option<&'static AnalystKind> {
    ANALYST_KINDS.iter().find(|kind| kind.name == name)
}

/// A strike that any step, unit and price can have: it stands in until the market's own is known.
pub(super) const ANY_STRIKE: Strike = Strike::Above(Bound::from_micros(1_000_000));

type Inputs<'a> = &'a [(&'a str, f64)];

fn day_extreme(set: &Values, strike: Strike, _: Timestamp, _: Inputs<'_>) -> Model {
    let (one, two) = (set.number("slack_one_degree"), set.number("slack_two_degrees"));
    Model::DayExtreme {
        extreme: if set.text("extreme") == "low" { Extreme::Low } else { Extreme::High },
        strike,
        tails: set.maybe_number("tails"),
        slack: [(1.0 - one - two).max(0.0), one, two],
    }
}

fn terminal(set: &Values, strike: Strike, settles_at: Timestamp, _: Inputs<'_>) -> Model {
    Model::Terminal { strike, settles_at, tails: set.maybe_number("tails") }
}

fn window(set: &Values) -> Window {
    let sampling = match set.count("prints") {
        0 => Sampling::Continuous,
        prints => Sampling::Prints(prints),
    };
    Window { seconds: set.secs("window_s").as_secs_f64(), sampling }
}

fn average(set: &Values, strike: Strike, ends_at: Timestamp, _: Inputs<'_>) -> Model {
    Model::Average { strike, window: window(set), ends_at, tails: set.maybe_number("tails") }
}

fn up_or_down(set: &Values, _: Strike, earlier_ends_at: Timestamp, _: Inputs<'_>) -> Model {
    let seconds_between = set.secs("seconds_between").as_secs_f64();
    Model::UpOrDown { window: window(set), earlier_ends_at, seconds_between }
}

fn release(set: &Values, strike: Strike, _: Timestamp, _: Inputs<'_>) -> Model {
    Model::Release { strike, step: set.number("step"), tails: set.maybe_number("tails") }
}

fn meeting(set: &Values, strike: Strike, _: Timestamp, _: Inputs<'_>) -> Model {
    Model::Meeting { strike, days: set.count("days"), days_before: set.count("days_before") }
}

fn odds(set: &Values, _: Strike, _: Timestamp, inputs: Inputs<'_>) -> Model {
    let margin = match set.text("margin").as_str() {
        "multiplicative" => Margin::Multiplicative,
        "additive" => Margin::Additive,
        "power" => Margin::Power,
        "odds_ratio" => Margin::OddsRatio,
        _ => Margin::Shin,
    };
    let yes = set.text("outcome");
    // An outcome that is none is one too many, which no recipe takes.
    let outcome = inputs.iter().position(|(name, _)| *name == yes).unwrap_or(inputs.len());
    Model::Odds { margin, outcome }
}

fn pool(set: &Values, _: Strike, _: Timestamp, inputs: Inputs<'_>) -> Model {
    Model::Pool { weights: inputs.iter().map(|(_, weight)| *weight).collect(), extremize: set.number("extremize") }
}
