//! The strategies that a configuration can name, with their parameters.

use brier_engine::Strategy;
use brier_strategies::{MarketMaker, MarketMakerParameters, Taker, TakerParameters};
use brier_types::{MarketTicker, Money, Rounding, Venue};

use super::keys::Key;
use super::layers::Values;
use super::settings::StrategyConfig;
use super::value::Kind;

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
    /// Makes one. `None` for the kind that runs in another program.
    pub(super) make: Option<Make>,
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
        make: Some(taker),
    },
    StrategyKind {
        name: REMOTE,
        meaning: "Runs in another program, which connects to `remote.listen` and names itself by the strategy's name.",
        parameters: &[],
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
    let one = brier_types::Qty::from_contracts(1).expect("one contract is a quantity");
    let margin: Money = brier_types::notional(set.price("margin_dollars"), one, Rounding::Ceil);
    Box::new(Taker::new(TakerParameters {
        markets: markets(config),
        cap: set.contracts("cap_contracts"),
        clip: set.contracts("clip_contracts"),
        margin,
    }))
}
