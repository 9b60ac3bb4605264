//! The strategies that a configuration can name, with their parameters.

use std::time::Duration;

use brier_arbitrage::Hurdle;
use brier_engine::Strategy;
use brier_models::weather::Extreme;
use brier_strategies::{
    Arbitrage, ArbitrageParameters, Basket, BasketParameters, Carry, CarryParameters, Fundamental,
    FundamentalParameters, LogitMaker, LogitMakerParameters, MarketMaker, MarketMakerParameters, Momentum,
    MomentumParameters, Pair, Range, RangeParameters, Reversion, ReversionParameters, Settlement, Stake, Taker,
    TakerParameters, UpOrDown, UpOrDownParameters, Weather, WeatherParameters,
};
use brier_types::{MarketTicker, Money, Rounding, Timestamp, Venue};

use super::keys::{Key, whole};
use super::layers::Values;
use super::settings::StrategyConfig;
use super::value::{Kind, MarketName, TieName};

/// Makes a strategy of its table.
pub(super) type Make = fn(&StrategyConfig) -> Box<dyn Strategy>;

/// A strategy that can be named.
#[derive(Clone, Copy, Debug)]
pub struct StrategyKind {
    /// Its name.
    pub name: &'static str,
    /// What it does, for the reference page.
    pub meaning: &'static str,
    /// The keys of its `parameters`.
    pub parameters: &'static [Key],
    /// Whether it trades the opinion of a model of its own, which has to have beaten the market before money follows it.
    pub has_model: bool,
    /// Makes one. `None` for the kind that runs in another program.
    pub(super) make: Option<Make>,
}

/// A share or a chance.
const SHARE: Kind = Kind::Number { min: 0.0, max: 1.0 };
/// A number of whatever size that is not negative.
const POSITIVE: Kind = Kind::Number { min: 0.0, max: 1e9 };

/// The keys of a strategy that trades its own opinion by fractional Kelly, and others behind them.
macro_rules! with_stake {
    ($($key:expr),* $(,)?) => {
        &[
            Key::new("bankroll_dollars", Kind::Dollars, "1000", "Money that Kelly's fraction is of."),
            Key::new("kelly_share", SHARE, "0.25", "Share of Kelly's fraction."),
            Key::new("cap_contracts", Kind::Contracts, "100", "Most contracts held, YES or NO."),
            Key::new("clip_contracts", Kind::Contracts, "20", "Most contracts of one order."),
            Key::new("margin_dollars", Kind::Price, "0.02", "Least gain that a contract must promise after the exact fee."),
            Key::new("doubt", SHARE, "0.03", "Standard deviation of the estimated chance itself: the stake shrinks with it."),
            $($key),*
        ]
    };
}

/// The kind that connects from outside.
pub const REMOTE: &str = "remote";

/// Every kind, in the order of the reference page.
pub const KINDS: &[StrategyKind] = &[
    StrategyKind {
        name: "market_maker",
        meaning: "Quotes a bid and an ask around a fair value, or the middle of the book without one, and moves both against what it holds.",
        parameters: &[
            Key::new("half_spread_dollars", Kind::Price, "0.02", "Distance of each quote from fair value."),
            Key::new("size_contracts", Kind::Contracts, "10", "Contracts of each quote."),
            Key::new("cap_contracts", Kind::Contracts, "100", "Most contracts held, YES or NO."),
            Key::new(
                "skew_dollars",
                Kind::Price,
                "0.02",
                "How far both quotes move when the cap is held; proportionally less for less.",
            ),
        ],
        has_model: false,
        make: Some(market_maker),
    },
    StrategyKind {
        name: "taker",
        meaning: "Buys what the book offers below fair value, and sells what it bids above, by more than fee and margin.",
        parameters: &[
            Key::new("cap_contracts", Kind::Contracts, "100", "Most contracts held, YES or NO."),
            Key::new("clip_contracts", Kind::Contracts, "10", "Most contracts of one order."),
            Key::new(
                "margin_dollars",
                Kind::Price,
                "0.01",
                "Least gain that a contract must promise after the exact fee.",
            ),
        ],
        has_model: false,
        make: Some(taker),
    },
    StrategyKind {
        name: "weather",
        meaning: "The day's high or low at one station against the market: forecast, ensemble spread, what was measured so far.",
        parameters: with_stake![
            Key::required(
                "forecast_series",
                Kind::Text,
                "Series of the forecast of that extreme in degrees Fahrenheit, or of an ensemble's members."
            ),
            Key::optional(
                "observed_series",
                Kind::Text,
                "Series of the extreme measured so far that day; while it is stale, or without it, nothing is said once the day in its name may have begun: what is forecast is the rest of the day."
            ),
            Key::new("extreme", Kind::Word(&["high", "low"]), "\"high\"", "Which extreme settles."),
            Key::new(
                "deviation_degrees",
                POSITIVE,
                "2.5",
                "Standard deviation of the forecast's error; an ensemble's spread comes on top."
            ),
            Key::optional(
                "tails",
                Kind::Number { min: 2.1, max: 1e3 },
                "Degrees of freedom of the error's tails; unset for a normal error."
            ),
            Key::new(
                "slack_one_degree",
                SHARE,
                "0.15",
                "Chance that the report says one degree more than was measured."
            ),
            Key::new("slack_two_degrees", SHARE, "0.03", "Chance that it says two degrees more."),
        ],
        has_model: true,
        make: Some(weather),
    },
    StrategyKind {
        name: "range",
        meaning: "Where a price stands at the close: thresholds and ranges on indices, currencies and coins.",
        parameters: with_stake![
            Key::required("spot_series", Kind::Text, "Series of the spot price."),
            Key::optional("implied_series", Kind::Text, "Series of the implied annual volatility, as a share."),
            Key::new("implied_weight", SHARE, "0.5", "Weight of the implied volatility beside the realized one."),
            Key::new(
                "annual_volatility",
                POSITIVE,
                "0.45",
                "Annual volatility that is believed until the spot has moved, as a share."
            ),
            Key::new(
                "half_life_s",
                whole(1, 604_800),
                "3600",
                "In how long what was seen of the spot's moves loses half its weight."
            ),
            Key::new(
                "prints",
                whole(0, 3_600),
                "0",
                "Prints, one a second, whose mean settles; 0 where the last price does."
            ),
            Key::optional(
                "tails",
                Kind::Number { min: 2.1, max: 1e3 },
                "Degrees of freedom of the tails; unset for a normal law."
            ),
            Key::new(
                "step",
                POSITIVE,
                "0.01",
                "The last digit in which bounds are told: a range's upper bound belongs to it."
            ),
            Key::new("quiet_s", whole(0, 86_400), "10", "How long before the close it stops."),
        ],
        has_model: true,
        make: Some(range),
    },
    StrategyKind {
        name: "up_or_down",
        meaning: "Up or down within minutes, settled on the mean of the last minute's prints, those seen so far included.",
        parameters: with_stake![
            Key::required("spot_series", Kind::Text, "Series of the spot price."),
            Key::new("prints", whole(1, 3_600), "60", "Prints, one a second, whose mean settles."),
            Key::new(
                "annual_volatility",
                POSITIVE,
                "0.45",
                "Annual volatility that is believed until the spot has moved, as a share."
            ),
            Key::new(
                "half_life_s",
                whole(1, 604_800),
                "300",
                "In how long what was seen of the spot's moves loses half its weight."
            ),
            Key::new("quiet_s", whole(0, 86_400), "5", "How long before the close it stops."),
        ],
        has_model: true,
        make: Some(up_or_down),
    },
    StrategyKind {
        name: "logit_maker",
        meaning: "Quotes around a fair value in log odds: as wide as risk, the informed and fees ask, moved by inventory, gone around releases.",
        parameters: &[
            Key::new("gamma", POSITIVE, "0.05", "Aversion to risk, per contract and unit of log odds."),
            Key::new("sigma", POSITIVE, "0.3", "Standard deviation of the fair value's log odds over one hour."),
            Key::new(
                "horizon_hours",
                POSITIVE,
                "4",
                "Hours over which inventory is to be worked off; less when the close is nearer.",
            ),
            Key::new("decay", POSITIVE, "15", "How fast the rate of fills falls with distance, per unit of log odds."),
            Key::new("informed", Kind::Number { min: 0.0, max: 0.99 }, "0.03", "Share of takers who know the outcome."),
            Key::new("reward_dollars", Kind::Price, "0", "What a resting contract earns from the venue besides."),
            Key::new("size_contracts", Kind::Contracts, "10", "Contracts of each quote."),
            Key::new("cap_contracts", Kind::Contracts, "100", "Most contracts held, YES or NO."),
            Key::optional(
                "releases_series",
                Kind::Text,
                "Series of the next scheduled release, in seconds since 1970; while it is stale, nothing is quoted.",
            ),
            Key::new(
                "around_release_s",
                whole(0, 86_400),
                "60",
                "How long before and after a release quotes stay away.",
            ),
        ],
        has_model: false,
        make: Some(logit_maker),
    },
    StrategyKind {
        name: "reversion",
        meaning: "Buys and sells a price that a single order has pushed away, where a random walk is rejected and nothing has happened.",
        parameters: &[
            Key::new("every_s", whole(1, 86_400), "60", "Time between samples."),
            Key::new("samples", whole(30, 10_000), "240", "Samples that a fit looks at."),
            Key::new("hold_s", whole(1, 2_592_000), "3600", "How long a position is held at most."),
            Key::new("size_contracts", Kind::Contracts, "10", "Contracts of a position."),
            Key::new(
                "margin_dollars",
                Kind::Price,
                "0.02",
                "Least gain that a contract must promise after both fees and the spread.",
            ),
            Key::optional(
                "news_series",
                Kind::Text,
                "Series that speaks when something happened: while it is fresh, nothing is opened.",
            ),
        ],
        has_model: false,
        make: Some(reversion),
    },
    StrategyKind {
        name: "momentum",
        meaning: "Follows a move that is too large for chance when there is a reason: news, or takers on one side.",
        parameters: &[
            Key::new("every_s", whole(1, 86_400), "60", "Time between samples."),
            Key::new("span", whole(1, 1_000), "15", "Samples that a move spans."),
            Key::new("history", whole(20, 10_000), "240", "Samples by which a usual move is judged."),
            Key::new("least_z", POSITIVE, "2.5", "Least size of a move in standard deviations."),
            Key::optional("news_series", Kind::Text, "Series of news: a fresh number's sign is the direction."),
            Key::new(
                "one_sided",
                Kind::Number { min: 0.5, max: 1.0 },
                "0.85",
                "Share of takers' contracts on one side that is a reason too.",
            ),
            Key::new("size_contracts", Kind::Contracts, "10", "Contracts of a position."),
            Key::new("hold_s", whole(1, 2_592_000), "1800", "How long it is held."),
            Key::new("chase", SHARE, "0.9", "Price above which nothing is bought."),
        ],
        has_model: false,
        make: Some(momentum),
    },
    StrategyKind {
        name: "fundamental",
        meaning: "A fair value from elsewhere against the market, slowly, where the gain beats what the money earns until the payout.",
        parameters: with_stake![
            Key::new("hurdle", POSITIVE, "0.05", "What the same money earns elsewhere in a year, as a share."),
            Key::new("payout_days", POSITIVE, "1", "Days from the close to the payout."),
            Key::new("pause_s", whole(0, 86_400), "60", "Least time between two orders in a market."),
        ],
        has_model: false,
        make: Some(fundamental),
    },
    StrategyKind {
        name: "carry",
        meaning: "Buys what has all but happened below a dollar and holds it until it pays.",
        parameters: &[
            Key::new(
                "certain",
                Kind::Number { min: 0.5, max: 1.0 },
                "0.985",
                "Fair value, of YES or of NO, from which an outcome counts as certain.",
            ),
            Key::new("surprise", SHARE, "0.005", "Chance that the rules surprise everybody."),
            Key::new("hurdle", POSITIVE, "0.05", "What the same money earns elsewhere in a year, as a share."),
            Key::new("payout_days", POSITIVE, "1", "Days from the close to the payout."),
            Key::new("most_dollars", Kind::Dollars, "100", "Most dollars in one market."),
        ],
        has_model: false,
        make: Some(carry),
    },
    StrategyKind {
        name: "arbitrage",
        meaning: "Buys two markets whose payoffs are tied for less than they pay together: the same event on both venues, or one that implies or excludes another.",
        parameters: &[
            Key::required(
                "pairs",
                Kind::Ties,
                "Markets and how they are tied. At every start the rules of both, as the venues publish them then, have to prove it; see docs/arbitrage.md.",
            ),
            Key::optional(
                "decisions",
                Kind::Path,
                "What people decided about pairs: the file that `brier pairs review` writes. A veto in it holds for every \
                 strategy of the run, a confirmation for this one.",
            ),
            Key::optional(
                "accept_tails",
                Kind::Text,
                "Ends that are not ordinary and are accepted for every pair, with commas: `void,tie`. What is not accepted here or by a person's decision keeps a pair from trading.",
            ),
            Key::new("clip_contracts", Kind::Contracts, "20", "Most contracts of each leg that are bought at a time."),
            Key::new("cap_contracts", Kind::Contracts, "200", "Most contracts of an outcome held in a market."),
            Key::new(
                "margin_dollars",
                Kind::Price,
                "0.005",
                "Least gain of one contract of both together, after fees and hurdle.",
            ),
            Key::new(
                "hurdle",
                Kind::Number { min: 0.0, max: 100.0 },
                "0.05",
                "What the same money earns elsewhere in a year, as a share.",
            ),
            Key::new(
                "payout_days",
                whole(0, 365),
                "2",
                "Days from the later close to the later payout, disputes left out.",
            ),
            Key::new(
                "unwind_loss_dollars",
                Kind::Price,
                "0.05",
                "The most that completing at a worse price, or selling again, may lose a contract, fees included.",
            ),
            Key::new("pause_s", whole(0, 86_400), "10", "Least time between two tries on a pair."),
            Key::new(
                "patience_s",
                whole(1, 86_400),
                "30",
                "How long a leg may stand open while nothing can be done about it.",
            ),
            Key::new(
                "rest_s",
                whole(0, 86_400),
                "0",
                "How long one leg may rest as a quote at a time where taking both does not pay, hedged at Kalshi fill by fill; 0 for never.",
            ),
        ],
        has_model: false,
        make: Some(arbitrage),
    },
    StrategyKind {
        name: "basket",
        meaning: "Sells every outcome of an exclusive event when their bids sum to more than a dollar after fees.",
        parameters: &[
            Key::new("size_contracts", Kind::Contracts, "20", "Most contracts of each leg."),
            Key::new(
                "margin_dollars",
                Kind::Price,
                "0.005",
                "Least gain of one contract of every leg together, after fees.",
            ),
            Key::new(
                "unwind_loss_dollars",
                Kind::Price,
                "0.05",
                "The most that completing an open set, or selling its legs again, may lose a contract, fees included.",
            ),
            Key::new("pause_s", whole(0, 86_400), "30", "Least time between two tries on an event."),
        ],
        has_model: false,
        make: Some(basket),
    },
    StrategyKind {
        name: REMOTE,
        meaning: "Runs in another program, which connects to `remote.listen` and names itself by the strategy's name.",
        parameters: &[],
        has_model: false,
        make: None,
    },
];

/// The kind of this name.
pub(super) fn find(name: &str) -> Option<&'static StrategyKind> {
    KINDS.iter().find(|kind| kind.name == name)
}

fn markets(config: &StrategyConfig) -> Vec<(Venue, MarketTicker)> {
    config.markets.iter().map(|name| (name.venue, name.market.clone())).collect()
}

fn market_maker(config: &StrategyConfig) -> Box<dyn Strategy> {
    let set: &Values = &config.parameters;
    Box::new(MarketMaker::new(MarketMakerParameters {
        markets: markets(config),
        half_spread_pips: set.price("half_spread_dollars").pips(),
        size: set.contracts("size_contracts"),
        cap: set.contracts("cap_contracts"),
        skew_pips: set.price("skew_dollars").pips(),
    }))
}

fn taker(config: &StrategyConfig) -> Box<dyn Strategy> {
    let set: &Values = &config.parameters;
    Box::new(Taker::new(TakerParameters {
        markets: markets(config),
        cap: set.contracts("cap_contracts"),
        clip: set.contracts("clip_contracts"),
        margin: dollars_a_contract(set, "margin_dollars"),
    }))
}

fn dollars_a_contract(set: &Values, name: &str) -> Money {
    let one = brier_types::Qty::from_contracts(1).expect("one contract is a quantity");
    brier_types::notional(set.price(name), one, Rounding::Ceil)
}

fn stake(set: &Values) -> Stake {
    Stake {
        bankroll: set.dollars("bankroll_dollars"),
        kelly: set.number("kelly_share"),
        cap: set.contracts("cap_contracts"),
        clip: set.contracts("clip_contracts"),
        margin: dollars_a_contract(set, "margin_dollars"),
    }
}

fn size(set: &Values, name: &str) -> usize {
    usize::try_from(set.integer(name)).unwrap_or_default()
}

fn weather(config: &StrategyConfig) -> Box<dyn Strategy> {
    let set = &config.parameters;
    let (one, two) = (set.number("slack_one_degree"), set.number("slack_two_degrees"));
    let observed = set.maybe_text("observed_series");
    Box::new(Weather::new(WeatherParameters {
        markets: markets(config),
        stake: stake(set),
        extreme: if set.text("extreme") == "low" { Extreme::Low } else { Extreme::High },
        forecast: set.text("forecast_series"),
        begins: earliest_beginning(observed.as_deref().unwrap_or(&set.text("forecast_series"))),
        observed,
        deviation: set.number("deviation_degrees"),
        tails: set.maybe_number("tails"),
        slack: [(1.0 - one - two).max(0.0), one, two],
        doubt: set.number("doubt"),
    }))
}

/// The earliest moment at which the climate day of a series begins at any station: midnight of standard time four hours west of
/// Greenwich. `None` where the series names no day.
pub(super) fn earliest_beginning(series: &str) -> Option<Timestamp> {
    let day = series.split(':').find(|part| part.len() == 10 && part.split('-').count() == 3)?;
    format!("{day}T04:00:00Z").parse().ok()
}

fn range(config: &StrategyConfig) -> Box<dyn Strategy> {
    let set = &config.parameters;
    Box::new(Range::new(RangeParameters {
        markets: markets(config),
        stake: stake(set),
        spot: set.text("spot_series"),
        implied: set.maybe_text("implied_series"),
        implied_weight: set.number("implied_weight"),
        belief: set.number("annual_volatility"),
        half_life: set.secs("half_life_s"),
        settlement: match set.count("prints") {
            0 => Settlement::Last,
            prints => Settlement::MeanOfPrints(prints),
        },
        tails: set.maybe_number("tails"),
        step: set.number("step"),
        quiet: set.secs("quiet_s"),
        doubt: set.number("doubt"),
    }))
}

fn up_or_down(config: &StrategyConfig) -> Box<dyn Strategy> {
    let set = &config.parameters;
    Box::new(UpOrDown::new(UpOrDownParameters {
        markets: markets(config),
        stake: stake(set),
        spot: set.text("spot_series"),
        prints: set.count("prints"),
        belief: set.number("annual_volatility"),
        half_life: set.secs("half_life_s"),
        quiet: set.secs("quiet_s"),
        doubt: set.number("doubt"),
    }))
}

fn logit_maker(config: &StrategyConfig) -> Box<dyn Strategy> {
    let set = &config.parameters;
    Box::new(LogitMaker::new(LogitMakerParameters {
        markets: markets(config),
        gamma: set.number("gamma"),
        sigma: set.number("sigma"),
        horizon_hours: set.number("horizon_hours"),
        decay: set.number("decay"),
        informed: set.number("informed"),
        reward: dollars_a_contract(set, "reward_dollars"),
        size: set.contracts("size_contracts"),
        cap: set.contracts("cap_contracts"),
        releases: set.maybe_text("releases_series"),
        around_release: set.secs("around_release_s"),
    }))
}

fn reversion(config: &StrategyConfig) -> Box<dyn Strategy> {
    let set = &config.parameters;
    Box::new(Reversion::new(ReversionParameters {
        markets: markets(config),
        every: set.secs("every_s"),
        samples: size(set, "samples"),
        hold: set.secs("hold_s"),
        size: set.contracts("size_contracts"),
        margin: dollars_a_contract(set, "margin_dollars"),
        news: set.maybe_text("news_series"),
    }))
}

fn momentum(config: &StrategyConfig) -> Box<dyn Strategy> {
    let set = &config.parameters;
    Box::new(Momentum::new(MomentumParameters {
        markets: markets(config),
        every: set.secs("every_s"),
        span: size(set, "span"),
        history: size(set, "history"),
        least_z: set.number("least_z"),
        news: set.maybe_text("news_series"),
        one_sided: set.number("one_sided"),
        size: set.contracts("size_contracts"),
        hold: set.secs("hold_s"),
        chase: set.number("chase"),
    }))
}

fn fundamental(config: &StrategyConfig) -> Box<dyn Strategy> {
    let set = &config.parameters;
    Box::new(Fundamental::new(FundamentalParameters {
        markets: markets(config),
        stake: stake(set),
        hurdle: set.number("hurdle"),
        payout_days: set.number("payout_days"),
        pause: set.secs("pause_s"),
        doubt: set.number("doubt"),
    }))
}

fn carry(config: &StrategyConfig) -> Box<dyn Strategy> {
    let set = &config.parameters;
    Box::new(Carry::new(CarryParameters {
        markets: markets(config),
        certain: set.number("certain"),
        surprise: set.number("surprise"),
        hurdle: set.number("hurdle"),
        payout_days: set.number("payout_days"),
        most: set.dollars("most_dollars"),
    }))
}

fn arbitrage(config: &StrategyConfig) -> Box<dyn Strategy> {
    let set = &config.parameters;
    let pair = |tie: TieName| {
        let named = |name: MarketName| (name.venue, name.market);
        Pair { first: named(tie.first), tie: tie.tie, second: named(tie.second) }
    };
    let days = set.integer("payout_days").unsigned_abs();
    Box::new(Arbitrage::new(ArbitrageParameters {
        pairs: config.ties().into_iter().map(pair).collect(),
        clip: set.contracts("clip_contracts"),
        cap: set.contracts("cap_contracts"),
        margin: dollars_a_contract(set, "margin_dollars"),
        hurdle: Hurdle::from_micros((set.number("hurdle") * 1e6) as u32).expect("the key is bounded"),
        payout_after: Duration::from_hours(24 * days),
        unwind_loss: set.price("unwind_loss_dollars"),
        pause: set.secs("pause_s"),
        patience: set.secs("patience_s"),
        rest_for: set.secs("rest_s"),
    }))
}

fn basket(config: &StrategyConfig) -> Box<dyn Strategy> {
    let set = &config.parameters;
    Box::new(Basket::new(BasketParameters {
        markets: markets(config),
        size: set.contracts("size_contracts"),
        margin: dollars_a_contract(set, "margin_dollars"),
        unwind_loss: set.price("unwind_loss_dollars"),
        pause: set.secs("pause_s"),
    }))
}
