//! What a person wishes in Polymarket's terms: shares for dollars, the price that a book gives, the largest fee. Pure.
//!
//! Source: reference (Polymarket), sections 6.4, 7.1 and 15.1, 2026-11-20.

use brier_polymarket::discovery::Listing;
use brier_polymarket::orders::Prepared;
use brier_polymarket_protocol::amounts::{MarketPriceError, market_price};
use brier_polymarket_protocol::clob;
use brier_polymarket_protocol::ids::Side;
use brier_polymarket_protocol::order::OrderKind;
use brier_types::{Action, Direction, Money, Price, Qty, TimeInForce};

use super::ticket::{TifWord, Wish};

/// The fewest lots that cost at least `dollars` at `price`: cut to cents again they cost exactly that, for a lot costs less
/// than a cent.
pub(super) fn shares_for(dollars: Money, price: Price) -> Option<Qty> {
    let micros = u128::try_from(dollars.micros()).ok()? * 10_000;
    let lots = micros.div_ceil(u128::from(price.pips()).max(1) * 10_000);
    Qty::from_hundredths(u64::try_from(lots).ok()?)
}

/// How long an order lives unless it is said: what trades at once is all or nothing.
pub(super) const fn default_tif(wish: Wish) -> TifWord {
    match wish {
        Wish::Limit(_) => TifWord::Gtc,
        Wish::AtMarket(_) | Wish::Spend { .. } => TifWord::Fok,
    }
}

/// Refuses what the venue would refuse whatever the market.
///
/// # Errors
/// What was expected and what to do.
pub(super) fn check(direction: Direction, wish: Wish, life: TimeInForce) -> Result<(), String> {
    if matches!(wish, Wish::Spend { .. }) && direction.action == Action::Sell {
        return Err("a sale is stated in shares, such as 10@0.42 or 10@market".to_owned());
    }
    let rests = matches!(life, TimeInForce::Gtc | TimeInForce::Gtd(_));
    if rests && !matches!(wish, Wish::Limit(_)) {
        return Err("dollars and @market need --tif fok or ioc: an order that rests has shares and a price".to_owned());
    }
    Ok(())
}

/// Price limit and shares of an order. `book` is the token's own, asked for only where the book gives the price.
///
/// # Errors
/// [`MarketPriceError`]: the book does not hold enough, or nothing.
pub(super) fn terms(
    wish: Wish,
    action: Action,
    life: TimeInForce,
    book: Option<&clob::Book>,
) -> Result<(Price, Qty), MarketPriceError> {
    let kind = if life == TimeInForce::Fok { OrderKind::Fok } else { OrderKind::Fak };
    let at = |side: Side, amount: u64| {
        let levels = book.map(|book| if action == Action::Buy { &book.asks } else { &book.bids });
        let levels: Vec<_> = levels.into_iter().flatten().map(|level| (level.price, level.size)).collect();
        market_price(side, amount, &levels, kind)
    };
    match wish {
        Wish::Limit(size) => Ok((size.price, size.qty)),
        // Counted in shares whichever side is wanted.
        Wish::AtMarket(qty) => Ok((at(Side::Sell, qty.micros())?, qty)),
        Wish::Spend { dollars, limit } => {
            let price = match limit {
                Some(price) => price,
                None => at(Side::Buy, dollars.micros().unsigned_abs())?,
            };
            Ok((price, shares_for(dollars, price).ok_or(MarketPriceError)?))
        }
    }
}

/// The most that an order can be charged, whatever it meets: the largest fee of any price of the grid within its limit.
/// An order that spends dollars at once gets more shares where they are cheaper. Each of several fills may round up by half of
/// $0.00001 beyond it.
pub(super) fn fee_at_most(listing: &Listing, order: &Prepared) -> Money {
    let fees = &listing.fees;
    if fees.is_free() || (order.terms.post_only && fees.taker_only()) {
        return Money::ZERO;
    }
    let (shares, cash) = match order.side {
        Side::Buy => (order.signed.order.taker_amount, order.signed.order.maker_amount),
        Side::Sell => (order.signed.order.maker_amount, order.signed.order.taker_amount),
    };
    let spends_cash = order.side == Side::Buy && !order.terms.kind.rests();
    let within = |price: &Price| match order.side {
        Side::Buy => *price <= order.price,
        Side::Sell => *price >= order.price,
    };
    let steps = 1..10_000 / listing.tick.pips();
    let grid = steps.filter_map(|step| Price::new(step * listing.tick.pips())).filter(within);
    let fee = |price: Price| {
        let most =
            if spends_cash { (u128::from(cash) * 10_000).div_ceil(u128::from(price.pips())) } else { shares.into() };
        let most = u64::try_from(most).ok().and_then(Qty::from_micros).unwrap_or(Qty::MAX);
        fees.upper_bound(price, most)
    };
    grid.map(fee).max().unwrap_or(Money::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::B256;
    use brier_polymarket::keys::Wallet;
    use brier_polymarket::orders::{Leg, Maker, prepare};
    use brier_polymarket_protocol::clob::Level;
    use brier_polymarket_protocol::contracts::Chain;
    use brier_polymarket_protocol::fees::FeeSchedule;
    use brier_polymarket_protocol::ids::{ConditionId, SignatureType};
    use brier_polymarket_protocol::tick::TickSize;
    use brier_types::{BookSide, ClientOrderId, NewOrder, Outcome, SelfTradePrevention, Timestamp};

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn book() -> clob::Book {
        let level = |at: &str, size: &str| Level { price: price(at), size: size.parse().unwrap() };
        clob::Book {
            market: String::new(),
            asset_id: String::new(),
            timestamp: brier_types::Timestamp::EPOCH,
            hash: String::new(),
            bids: vec![level("0.30", "5"), level("0.41", "10")],
            asks: vec![level("0.60", "100"), level("0.45", "10")],
            min_order_size: None,
            tick_size: None,
            neg_risk: None,
            last_trade_price: None,
        }
    }

    #[test]
    fn lots_for_dollars_cost_those_dollars_to_the_cent() {
        for pips in [1_u16, 25, 137, 4_500, 9_999] {
            for cents in [100_i64, 2_500, 2_501, 999_999] {
                let (at, dollars) = (Price::new(pips).unwrap(), Money::from_cents(cents).unwrap());
                let shares = shares_for(dollars, at).unwrap();
                let cost = u128::from(shares.micros()) * u128::from(pips) / 10_000;
                assert_eq!(cost / 10_000, cents.unsigned_abs().into(), "{pips} {cents}");
            }
        }
    }

    #[test]
    fn the_book_gives_the_price_where_none_is_said() {
        let wish = |text: &str| text.parse::<Wish>().unwrap();
        let of =
            |text, action, life| terms(wish(text), action, life, Some(&book())).map(|(at, qty)| (at, qty.to_string()));
        let (fok, ioc) = (TimeInForce::Fok, TimeInForce::Ioc);
        assert_eq!(of("10@market", Action::Buy, fok), Ok((price("0.45"), "10.00".into())));
        assert_eq!(of("11@market", Action::Buy, fok), Ok((price("0.60"), "11.00".into())));
        assert_eq!(of("12@market", Action::Sell, fok), Ok((price("0.30"), "12.00".into())));
        assert_eq!(of("4usd", Action::Buy, fok), Ok((price("0.45"), "8.89".into())));
        assert_eq!(of("4usd@0.5", Action::Buy, fok), Ok((price("0.50"), "8.00".into())));
        assert!(of("16@market", Action::Sell, fok).is_err());
        assert_eq!(of("16@market", Action::Sell, ioc), Ok((price("0.30"), "16.00".into())));
    }

    #[test]
    fn the_largest_fee_is_that_of_the_worst_price_within_the_limit() {
        let fees = FeeSchedule::new(50_000, 1, true, 0).unwrap();
        let five = Qty::from_contracts(5).unwrap();
        let token = |digit: &str| digit.repeat(76).parse().unwrap();
        let condition = ConditionId(B256::repeat_byte(0xc0));
        let listing = Listing { fees, ..Listing::minimal(condition, token("7"), token("5"), TickSize::Cent, five) };
        let key = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        let wallet = Wallet::from_hex(key, SignatureType::Eoa, None).unwrap();
        let most = |side, at: &str, leg, time_in_force, post_only| {
            let order = NewOrder {
                client_order_id: ClientOrderId::new("b-1").unwrap(),
                market: listing.ticker.clone(),
                side,
                price: price(at),
                qty: Qty::from_contracts(100).unwrap(),
                time_in_force,
                post_only,
                reduce_only: false,
                self_trade_prevention: SelfTradePrevention::TakerAtCross,
                cancel_on_pause: false,
                group: None,
            };
            let maker = Maker { wallet: &wallet, chain: Chain::Polygon, builder: B256::ZERO };
            let at = Timestamp::from_millis(1_795_176_000_123).unwrap();
            fee_at_most(&listing, &prepare(&order, leg, &listing, maker, at).unwrap()).to_string()
        };
        let (bid, ask, gtc, fok) = (BookSide::Bid, BookSide::Ask, TimeInForce::Gtc, TimeInForce::Fok);
        let sell = Leg::Sell { held: Qty::from_contracts(100).unwrap() };
        // 100 x 0.05 x p x (1 - p), at the limit or at half a dollar where the limit lets it come there.
        assert_eq!(most(bid, "0.42", Leg::Buy, gtc, false), "1.218000");
        assert_eq!(most(bid, "0.60", Leg::Buy, gtc, false), "1.250000");
        assert_eq!(most(ask, "0.60", sell, gtc, false), "1.200000");
        assert_eq!(most(ask, "0.42", sell, fok, false), "1.250000");
        assert_eq!(most(ask, "0.42", Leg::Buy, gtc, false), "1.250000");
        assert_eq!(most(bid, "0.42", Leg::Buy, gtc, true), "0.000000");
        // Dollars buy the most shares at a cent: 4,200 x 0.05 x 0.01 x 0.99.
        assert_eq!(most(bid, "0.42", Leg::Buy, fok, false), "2.079000");
    }

    #[test]
    fn what_trades_at_once_does_not_rest() {
        let (buy, sell) = (Action::Buy, Action::Sell);
        let checked = |text: &str, action, life| {
            check(Direction { action, outcome: Outcome::Yes }, text.parse().unwrap(), life).is_ok()
        };
        assert!(checked("25usd", buy, TimeInForce::Fok) && checked("10@market", sell, TimeInForce::Ioc));
        assert!(!checked("25usd", sell, TimeInForce::Fok));
        assert!(!checked("25usd", buy, TimeInForce::Gtc) && !checked("10@market", buy, TimeInForce::Gtc));
        assert!(checked("10@0.42", sell, TimeInForce::Gtc));
        assert_eq!(
            (default_tif("25usd".parse().unwrap()), default_tif("1@0.5".parse().unwrap())),
            (TifWord::Fok, TifWord::Gtc)
        );
    }
}
