//! The words in which a person states an order, and the order they mean. Pure.

use std::fmt;
use std::str::FromStr;

use brier_types::{
    Action, ClientOrderId, Direction, MarketTicker, Money, NewOrder, Outcome, Price, Qty, Rounding,
    SelfTradePrevention, TimeInForce, Timestamp, notional,
};

/// How much an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// `10@0.42`: contracts at a limit price.
    Limit(Size),
    /// `10@market`: contracts at once, at what the book takes.
    AtMarket(Qty),
    /// `25usd` or `25usd@0.45`: dollars at once, at no more than the price, or at what the book takes.
    Spend {
        /// Whole cents.
        dollars: Money,
        /// Of the outcome itself.
        limit: Option<Price>,
    },
}

impl FromStr for Wish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (amount, price) = match text.split_once('@') {
            Some((amount, price)) => (amount, Some(price)),
            None => (text, None),
        };
        if let Some(dollars) = amount.strip_suffix("usd") {
            let dollars = Money::parse(dollars.as_bytes()).map_err(|error| error.to_string())?;
            if dollars.micros() <= 0 || dollars.micros() % 10_000 != 0 {
                return Err(format!("dollars: expected whole cents, at least 0.01usd, found `{amount}`"));
            }
            let limit = price.filter(|price| *price != "market").map(limit).transpose()?;
            return Ok(Self::Spend { dollars, limit });
        }
        match price {
            Some("market") => Ok(Self::AtMarket(contracts(amount)?)),
            _ => text.parse().map(Self::Limit),
        }
    }
}

/// `10@0.42` or `10@42c`: contracts at a limit price of the outcome that is bought or sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// Contracts.
    pub(super) qty: Qty,
    /// Of the outcome itself, not yet in YES terms.
    pub(super) price: Price,
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (qty, price) = text
            .split_once('@')
            .ok_or_else(|| format!("expected CONTRACTS@PRICE such as 10@0.42 or 10@42c, found `{text}`"))?;
        Ok(Self { qty: contracts(qty)?, price: limit(price)? })
    }
}

fn contracts(text: &str) -> Result<Qty, String> {
    let qty: Qty = text.parse().map_err(|error: brier_types::ParseUnitError| error.to_string())?;
    if qty.is_zero() || !qty.is_multiple_of(Qty::HUNDREDTH) {
        return Err(format!("contracts: expected at least 0.01 in steps of 0.01, found {qty}"));
    }
    Ok(qty)
}

/// Dollars, or cents with a `c`. A whole number of dollars is no price, so it is taken for forgotten cents.
fn limit(text: &str) -> Result<Price, String> {
    let read = |text: &str| Price::parse(text.as_bytes()).map_err(|error| error.to_string());
    let price = match text.strip_suffix(['c', '¢']) {
        Some(cents) => {
            let micros = brier_types::parse_fixed(cents.as_bytes(), 2);
            let pips = micros.and_then(|hundredths| u16::try_from(hundredths).ok()).and_then(Price::new);
            pips.ok_or_else(|| format!("price: expected cents from 0 to 100 with up to two decimals, found `{text}`"))?
        }
        None => read(text).map_err(|error| format!("{error}; write cents with a `c`, such as 42c"))?,
    };
    if price.is_tradable() {
        Ok(price)
    } else {
        Err(format!(
            "price: expected more than $0 and less than $1, found {price}; write cents with a `c`, such as 42c"
        ))
    }
}

/// How long an order lives, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum TifWord {
    /// Until canceled, or until --expires
    Gtc,
    /// Until --expires
    Gtd,
    /// Fill what can be filled now, cancel the rest; Polymarket calls it FAK
    #[value(alias = "fak")]
    Ioc,
    /// All now or nothing
    Fok,
}

/// How long an order lives, on either venue.
///
/// # Errors
/// When the combination makes no sense: what was expected and what to do.
pub(super) fn life(tif: TifWord, expires: Option<Timestamp>, post_only: bool) -> Result<TimeInForce, String> {
    if post_only && matches!(tif, TifWord::Ioc | TifWord::Fok) {
        return Err("--post-only needs --tif gtc: an order that must not take has to rest".to_owned());
    }
    match (tif, expires) {
        (TifWord::Gtc, None) => Ok(TimeInForce::Gtc),
        (TifWord::Gtc | TifWord::Gtd, Some(time)) => Ok(TimeInForce::Gtd(time)),
        (TifWord::Gtd, None) => Err("--tif gtd needs --expires TIME".to_owned()),
        (TifWord::Ioc, None) => Ok(TimeInForce::Ioc),
        (TifWord::Fok, None) => Ok(TimeInForce::Fok),
        (TifWord::Ioc | TifWord::Fok, Some(_)) => Err("--expires needs --tif gtc: the others end at once".to_owned()),
    }
}

/// What happens when the order meets one of your own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum StpWord {
    /// The new order is canceled where they meet
    Taker,
    /// The resting order is canceled
    Maker,
}

/// An order as a person states it.
#[derive(Clone, Debug)]
pub(super) struct Ticket {
    pub(super) direction: Direction,
    pub(super) size: Size,
    pub(super) market: MarketTicker,
    pub(super) tif: TifWord,
    pub(super) expires: Option<Timestamp>,
    pub(super) post_only: bool,
    pub(super) reduce_only: bool,
    pub(super) cancel_on_pause: bool,
    pub(super) stp: StpWord,
}

impl Ticket {
    /// The order, in YES terms.
    ///
    /// # Errors
    /// When the venue would refuse the combination whatever the market: what was expected and what to do.
    pub(super) fn order(&self, id: ClientOrderId) -> Result<NewOrder, String> {
        if self.reduce_only && self.tif != TifWord::Ioc {
            return Err("--reduce-only needs --tif ioc: the venue reduces at once or not at all".to_owned());
        }
        let time_in_force = life(self.tif, self.expires, self.post_only)?;
        let (side, price) = self.direction.in_yes_terms(self.size.price);
        Ok(NewOrder {
            client_order_id: id,
            market: self.market.clone(),
            side,
            price,
            qty: self.size.qty,
            time_in_force,
            post_only: self.post_only,
            reduce_only: self.reduce_only,
            self_trade_prevention: match self.stp {
                StpWord::Taker => SelfTradePrevention::TakerAtCross,
                StpWord::Maker => SelfTradePrevention::Maker,
            },
            cancel_on_pause: self.cancel_on_pause,
            group: None,
        })
    }

    /// What a sale beyond what is owned buys instead: the other outcome, its price, and what all of it would cost at most.
    pub(super) fn short(&self) -> Option<(Outcome, Price, Money)> {
        let opens = self.direction.action == Action::Sell && !self.reduce_only;
        opens.then(|| {
            let price = self.size.price.complement();
            let other = match self.direction.outcome {
                Outcome::Yes => Outcome::No,
                Outcome::No => Outcome::Yes,
            };
            (other, price, notional(price, self.size.qty, Rounding::Ceil))
        })
    }

    /// What the order costs at most when it buys, or brings at least when it sells, fees aside.
    pub(super) fn notional(&self) -> Money {
        let rounding = match self.direction.action {
            Action::Buy => Rounding::Ceil,
            Action::Sell => Rounding::Floor,
        };
        notional(self.size.price, self.size.qty, rounding)
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Direction { action, outcome } = self.direction;
        let outcome = match outcome {
            Outcome::Yes => "YES",
            Outcome::No => "NO",
        };
        write!(out, "{action} {} {outcome} at ${} of {}", self.size.qty, self.size.price, self.market)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brier_types::BookSide;

    fn ticket() -> Ticket {
        Ticket {
            direction: Direction { action: Action::Buy, outcome: Outcome::No },
            size: "10@0.55".parse().unwrap(),
            market: MarketTicker::new("KXA-1").unwrap(),
            tif: TifWord::Gtc,
            expires: None,
            post_only: false,
            reduce_only: false,
            cancel_on_pause: false,
            stp: StpWord::Taker,
        }
    }

    fn id() -> ClientOrderId {
        ClientOrderId::new("c-1").unwrap()
    }

    #[test]
    fn dollars_and_cents_are_read_and_confusion_is_refused() {
        let size = |text: &str| text.parse::<Size>().map(|size| (size.qty.to_string(), size.price.pips()));
        assert_eq!(size("10@0.42"), Ok(("10.00".into(), 4_200)));
        assert_eq!(size("0.5@42c"), Ok(("0.50".into(), 4_200)));
        assert_eq!(size("1@0.5¢"), Ok(("1.00".into(), 50)));
        assert_eq!(size("1@0.05c"), Ok(("1.00".into(), 5)));
        for text in ["10", "10@42", "10@1", "10@0", "0@0.5", "-1@0.5", "0.001@0.5", "1@100c", "1@0.005c", "x@y", "1@c"]
        {
            assert!(size(text).is_err(), "{text}");
        }
        assert!(size("10@42").unwrap_err().contains("42c"));
    }

    #[test]
    fn dollars_and_the_market_are_wishes_too() {
        let wish = |text: &str| text.parse::<Wish>();
        let cents = |cents| Money::from_cents(cents).unwrap();
        let price = |text: &str| Some(text.parse().unwrap());
        assert_eq!(wish("25usd"), Ok(Wish::Spend { dollars: cents(2_500), limit: None }));
        assert_eq!(wish("25.50usd@45c"), Ok(Wish::Spend { dollars: cents(2_550), limit: price("0.45") }));
        assert_eq!(wish("1usd@market"), Ok(Wish::Spend { dollars: cents(100), limit: None }));
        assert_eq!(wish("10@market"), Ok(Wish::AtMarket("10".parse().unwrap())));
        assert_eq!(wish("10@0.42"), "10@0.42".parse().map(Wish::Limit));
        for text in ["10", "0usd", "-1usd", "0.001usd", "usd", "5usd@2", "0@market", "0.001@market"] {
            assert!(wish(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_ticket_becomes_an_order_in_yes_terms() {
        let order = ticket().order(id()).unwrap();
        assert_eq!((order.side, order.price.to_string()), (BookSide::Ask, "0.4500".to_owned()));
        assert_eq!(ticket().to_string(), "buy 10.00 NO at $0.5500 of KXA-1");
        assert_eq!(ticket().notional().to_string(), "5.500000");
        let until = "2027-01-01T00:00:00Z".parse().unwrap();
        let order = Ticket { expires: Some(until), ..ticket() }.order(id()).unwrap();
        assert_eq!(order.time_in_force, TimeInForce::Gtd(until));
    }

    #[test]
    fn combinations_that_make_no_sense_are_refused_before_they_are_sent() {
        let refused = |ticket: Ticket| ticket.order(id()).is_err();
        assert!(refused(Ticket { reduce_only: true, ..ticket() }));
        assert!(!refused(Ticket { reduce_only: true, tif: TifWord::Ioc, ..ticket() }));
        assert!(refused(Ticket { post_only: true, tif: TifWord::Fok, ..ticket() }));
        let until = Some("2027-01-01T00:00:00Z".parse().unwrap());
        assert!(refused(Ticket { expires: until, tif: TifWord::Ioc, ..ticket() }));
    }
}
