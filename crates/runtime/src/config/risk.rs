//! `[risk]` and the budgets of strategies: the engine's limits by name, with the engine's own defaults.

use std::time::Duration;

use brier_engine::risk::{Budget, EmptySide, Limits, Rate};

use super::keys::{Key, Section, whole};
use super::layers::Values;
use super::value::Kind;

/// The limits' keys.
pub(super) const SECTION: Section = Section {
    name: "risk",
    meaning: "What no order may exceed, with everything that is under way counted at its worst. Every refusal names its limit, the value and what would have fitted. \
              The defaults suit an account of about a thousand dollars. What makes nothing worse is admitted even where a limit is broken.",
    keys: &[
        Key::new("max_order_contracts", Kind::Contracts, "100", "Contracts of one order."),
        Key::new(
            "max_order_cost_dollars",
            Kind::Dollars,
            "50",
            "What one order pays, or gives up, at its limit price and without fees.",
        ),
        Key::new(
            "collar_book_dollars",
            Kind::Price,
            "0.05",
            "How far beyond the best price of the other side an order may go.",
        ),
        Key::new(
            "collar_fair_dollars",
            Kind::Price,
            "0.10",
            "How far beyond a fresh fair value an order may go; 1 does not look at it.",
        ),
        Key::new(
            "empty_side",
            Kind::Word(&["last_mid", "fair", "refuse"]),
            "\"last_mid\"",
            "What a price is held against when the other side of the book is empty: the last middle of a trusted book, else a fresh fair value (`last_mid`); \
             only a fresh fair value (`fair`); nothing, the order is refused (`refuse`).",
        ),
        Key::new("mid_max_age_s", whole(0, 86_400), "60", "How long that last middle counts."),
        Key::new(
            "exits_without_book",
            Kind::Flag,
            "false",
            "Whether exits, and orders by hand, may be placed while the book cannot be believed.",
        ),
        Key::new(
            "no_new_before_close_s",
            whole(0, 31_536_000),
            "60",
            "Nothing that does not close a position is placed in this last stretch before a market closes.",
        ),
        Key::new(
            "max_position_contracts",
            Kind::Contracts,
            "200",
            "Contracts owned in one market, of either outcome, with everything that rests filled.",
        ),
        Key::new(
            "max_event_loss_dollars",
            Kind::Dollars,
            "100",
            "What one event may lose at worst, over its outcomes.",
        ),
        Key::new("max_kalshi_exposure_dollars", Kind::Dollars, "250", "What all events on Kalshi may lose at worst."),
        Key::new(
            "max_polymarket_exposure_dollars",
            Kind::Dollars,
            "250",
            "What all events on Polymarket may lose at worst.",
        ),
        Key::new("max_exposure_dollars", Kind::Dollars, "400", "What all events of all venues may lose at worst."),
        Key::new(
            "max_open_leg_dollars",
            Kind::Dollars,
            "50",
            "What legs of combos without their counterparts may have cost, over all combos together: what is lost at worst when every hedge fails. \
             Orders in doubt and matches that may still fail count as whichever is worse, and combos are made smaller until they fit.",
        ),
        Key::new("cash_reserve_dollars", Kind::Dollars, "0", "Cash at each venue that no order may use."),
        Key::new("max_orders", whole(0, 1_000_000), "100", "Open orders in all."),
        Key::new("max_orders_in_market", whole(0, 1_000_000), "20", "Open orders of one market."),
        Key::new(
            "kalshi_orders_per_s",
            whole(1, 1_000_000),
            "5",
            "Orders placed or changed on Kalshi a second, in the long run. Cancels are never held up.",
        ),
        Key::new("kalshi_order_burst", whole(1, 1_000_000), "10", "The most of them at once."),
        Key::new(
            "polymarket_orders_per_s",
            whole(1, 1_000_000),
            "5",
            "Orders placed on Polymarket a second, in the long run.",
        ),
        Key::new("polymarket_order_burst", whole(1, 1_000_000), "10", "The most of them at once."),
        Key::new("max_rejects_in_market", whole(1, 1_000_000), "5", "Rejections in a row that halt a market."),
        Key::new(
            "max_rejects_at_venue",
            whole(1, 1_000_000),
            "15",
            "Rejections in a row, in whatever markets, that halt a venue.",
        ),
        Key::new(
            "max_day_loss_dollars",
            Kind::Dollars,
            "50",
            "What may be lost in a day, realized or not, fees included, before everything is halted.",
        ),
        Key::new(
            "max_drawdown_dollars",
            Kind::Dollars,
            "75",
            "What equity may fall below the day's highest before everything is halted.",
        ),
        Key::new("day_starts_at_s", whole(0, 86_399), "0", "When the day begins, in seconds after midnight UTC."),
    ],
};

/// Keys of a strategy's budget. Unset ones bound nothing beyond what bounds all.
pub(super) const MAX_POSITION: Key = Key::optional(
    "max_position_contracts",
    Kind::Contracts,
    "Its budget: contracts that it may own in one market, of either outcome.",
);
pub(super) const MAX_EXPOSURE: Key = Key::optional(
    "max_exposure_dollars",
    Kind::Dollars,
    "Its budget: what its positions and orders may lose at worst.",
);
pub(super) const MAX_ORDERS: Key =
    Key::optional("max_orders", whole(0, 1_000_000), "Its budget: orders that it may have open.");
pub(super) const MAX_DAY_LOSS: Key =
    Key::optional("max_day_loss_dollars", Kind::Dollars, "Its budget: what it may lose in a day before it is halted.");
pub(super) const MAY_OPEN_SHORT: Key =
    Key::new("may_open_short", Kind::Flag, "true", "Whether it may own NO by selling YES that it does not have.");
pub(super) const NEEDS_FAIR: Key = Key::new(
    "needs_fair",
    Kind::Flag,
    "false",
    "Whether it needs a fresh fair value for every order that does not close.",
);

/// All limits. Every field is named, so that a new one does not compile before it has its key.
pub(super) fn limits(set: &Values, budgets: Vec<Budget>) -> Limits {
    let rate = |per_second, burst| Rate { per_second: set.count(per_second), burst: set.count(burst) };
    Limits {
        max_order_qty: set.contracts("max_order_contracts"),
        max_order_cost: set.dollars("max_order_cost_dollars"),
        collar_book: set.price("collar_book_dollars"),
        collar_fair: Some(set.price("collar_fair_dollars")).filter(|collar| *collar < brier_types::Price::ONE),
        empty_side: match set.text("empty_side").as_str() {
            "fair" => EmptySide::Fair,
            "refuse" => EmptySide::Refuse,
            _ => EmptySide::LastMid,
        },
        mid_max_age: set.secs("mid_max_age_s"),
        exits_without_book: set.flag("exits_without_book"),
        no_new_before_close: set.secs("no_new_before_close_s"),
        max_position: set.contracts("max_position_contracts"),
        max_event_loss: set.dollars("max_event_loss_dollars"),
        max_venue_exposure: [
            set.dollars("max_kalshi_exposure_dollars"),
            set.dollars("max_polymarket_exposure_dollars"),
        ],
        max_exposure: set.dollars("max_exposure_dollars"),
        max_open_leg: set.dollars("max_open_leg_dollars"),
        cash_reserve: set.dollars("cash_reserve_dollars"),
        max_orders: set.count("max_orders"),
        max_orders_in_market: set.count("max_orders_in_market"),
        rates: [
            rate("kalshi_orders_per_s", "kalshi_order_burst"),
            rate("polymarket_orders_per_s", "polymarket_order_burst"),
        ],
        max_rejects_in_market: set.count("max_rejects_in_market"),
        max_rejects_at_venue: set.count("max_rejects_at_venue"),
        max_day_loss: set.dollars("max_day_loss_dollars"),
        max_drawdown: set.dollars("max_drawdown_dollars"),
        day_starts_at: Duration::from_secs(set.integer("day_starts_at_s").unsigned_abs()),
        budgets,
    }
}

/// A strategy's budget.
pub(super) fn budget(set: &Values) -> Budget {
    let most = Budget::UNBOUNDED;
    Budget {
        max_position: set.maybe_contracts(MAX_POSITION.name).unwrap_or(most.max_position),
        max_exposure: set.maybe_dollars(MAX_EXPOSURE.name).unwrap_or(most.max_exposure),
        max_orders: set.maybe_integer(MAX_ORDERS.name).map_or(most.max_orders, |count| count.unsigned_abs() as u32),
        max_day_loss: set.maybe_dollars(MAX_DAY_LOSS.name).unwrap_or(most.max_day_loss),
        may_open_short: set.flag(MAY_OPEN_SHORT.name),
        needs_fair: set.flag(NEEDS_FAIR.name),
    }
}
