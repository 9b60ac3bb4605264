//! From an order in YES terms to a signed one in the venue's: which token, which side, which amounts, which hash.
//!
//! Invariants: pure; the same order, wallet, market and time give the same bytes and so the same hash, however often they
//! are made, which is what makes a post repeatable; shares that are not held are never sold.
//!
//! Self-trade prevention is not the venue's to choose and is not looked at; what the venue cannot do (reduce-only, groups,
//! cancel on pause) is refused, not left out.
//!
//! Source: reference, sections 5 to 7, 2026-11-20.

use std::time::Duration;

use alloy_primitives::{Address, B256, keccak256};
use brier_polymarket_protocol::amounts::{self, AmountError, AmountsError, Decimals};
use brier_polymarket_protocol::contracts::{Chain, Domain, OrderVersion};
use brier_polymarket_protocol::ids::{OrderHash, Side, TokenId};
use brier_polymarket_protocol::order::{self, MAX_SALT, Order, OrderKind, SignedOrder};
use brier_polymarket_protocol::order_body::Terms;
use brier_types::{BookSide, ClientOrderId, MarketTicker, NewOrder, Outcome, Price, Qty, TimeInForce, Timestamp};

use crate::discovery::Listing;
use crate::keys::Wallet;

#[cfg(test)]
mod tests;

/// The venue ends a GTD order this long before the time that it states, so this much is added.
///
/// Source: reference, section 7.1.
pub const EXPIRATION_THRESHOLD: Duration = Duration::from_mins(1);

/// With what an order is done. A bid on YES is a buy of YES or a sale of NO; an ask is a sale of YES or a buy of NO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// Dollars: the outcome that the order's side wants is bought.
    Buy,
    /// Shares of the other outcome, of which so many are held and free: they are sold.
    Sell {
        /// Shares held and not bound by other orders.
        held: Qty,
    },
}

/// Why an order cannot be put into the venue's terms. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The order is for another market than the listing.
    #[error("order: expected one for {listing}, found one for {order}")]
    OtherMarket {
        /// The listing's market.
        listing: MarketTicker,
        /// The order's.
        order: MarketTicker,
    },
    /// More would be sold than is held.
    #[error("order: expected a sale of at most the {held} shares held, found {wanted}")]
    NakedSell {
        /// Shares held.
        held: Qty,
        /// Shares to be sold.
        wanted: Qty,
    },
    /// The venue has no such kind of order.
    #[error("order: {what} is not a thing of this venue; leave it out")]
    Unsupported {
        /// What was asked for.
        what: &'static str,
    },
    /// Post-only with an order that does not rest.
    #[error("order: expected post-only with GTC or GTD only, found it with {found}")]
    PostOnly {
        /// The kind.
        found: OrderKind,
    },
    /// The time to end is too near.
    #[error("order: expected an expiration after {now}, found {found}")]
    Expired {
        /// When the order was made.
        now: Timestamp,
        /// When it shall end.
        found: Timestamp,
    },
    /// The size has more decimals than the venue's lot.
    #[error("order: expected a multiple of 0.01 share, found {found}")]
    Lot {
        /// The size.
        found: Qty,
    },
    /// Price and size give no amounts.
    #[error(transparent)]
    Amounts(#[from] AmountsError),
    /// The amounts are not what the venue takes.
    #[error("order: {0}")]
    Rejected(#[from] AmountError),
    /// The moment of creation cannot be written.
    #[error("order: expected a time after 1970, found {found}")]
    Time {
        /// The moment.
        found: Timestamp,
    },
}

/// An order that is ready to be posted, and everything that is needed to find it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Our name for it.
    pub client_order_id: ClientOrderId,
    /// The market.
    pub market: MarketTicker,
    /// The outcome whose token it trades.
    pub outcome: Outcome,
    /// The token.
    pub token: TokenId,
    /// What it does with the token.
    pub side: Side,
    /// Limit price of the token, which for NO is the complement of the order's.
    pub price: Price,
    /// Its hash: the venue's name for it, known before it is posted.
    pub hash: OrderHash,
    /// What is posted.
    pub signed: SignedOrder,
    /// How it is posted.
    pub terms: Terms,
    /// When it was made.
    pub created: Timestamp,
}

/// What stays the same for all orders of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Maker<'a> {
    /// Who signs.
    pub wallet: &'a Wallet,
    /// The chain whose contracts the orders are for.
    pub chain: Chain,
    /// Who brought the order: a builder's code, or zero.
    pub builder: B256,
}

impl PartialEq for Wallet {
    fn eq(&self, other: &Self) -> bool {
        (self.address(), self.funder(), self.signature_type())
            == (other.address(), other.funder(), other.signature_type())
    }
}

impl Eq for Wallet {}

/// The salt of an order: 53 bits that follow from our name for it and the wallet, so that the same order has the same hash
/// after a restart, and two orders with names of their own never have.
pub fn salt(client_order_id: &ClientOrderId, maker: Address) -> u64 {
    let mut text = Vec::with_capacity(20 + client_order_id.as_str().len());
    text.extend_from_slice(maker.as_slice());
    text.extend_from_slice(client_order_id.as_str().as_bytes());
    let hash = keccak256(&text);
    let (low, _) = hash.0.split_first_chunk::<8>().expect("a hash has 32 bytes");
    u64::from_be_bytes(*low) & MAX_SALT
}

/// Puts an order into the venue's terms and signs it. `created` is written down with the order and given again when the
/// order is made again: it is part of the hash.
///
/// # Errors
/// [`BuildError`]: the order has to be changed.
pub fn prepare(
    order: &NewOrder,
    leg: Leg,
    listing: &Listing,
    maker: Maker<'_>,
    created: Timestamp,
) -> Result<Prepared, BuildError> {
    let (kind, expiration) = life(order, created)?;
    supported(order, kind, listing)?;
    let (outcome, side) = match (order.side, leg) {
        (BookSide::Bid, Leg::Buy) => (Outcome::Yes, Side::Buy),
        (BookSide::Ask, Leg::Buy) => (Outcome::No, Side::Buy),
        (BookSide::Bid, Leg::Sell { .. }) => (Outcome::No, Side::Sell),
        (BookSide::Ask, Leg::Sell { .. }) => (Outcome::Yes, Side::Sell),
    };
    if let Leg::Sell { held } = leg
        && order.qty > held
    {
        return Err(BuildError::NakedSell { held, wanted: order.qty });
    }
    let (token, price) = match outcome {
        Outcome::Yes => (listing.yes, order.price),
        Outcome::No => (listing.no, order.price.complement()),
    };
    let amounts = match (kind.rests(), side) {
        (true, _) => amounts::limit(side, price, order.qty, listing.tick)?,
        (false, Side::Buy) => amounts::market_buy_shares(order.qty, price, listing.tick, Decimals::Venue)?,
        (false, Side::Sell) => amounts::market_sell(order.qty, price, listing.tick, Decimals::Venue)?,
    };
    let timestamp_ms = u64::try_from(created.millis()).map_err(|_past| BuildError::Time { found: created })?;
    let signed = Order {
        salt: salt(&order.client_order_id, maker.wallet.funder()),
        maker: maker.wallet.funder(),
        signer: maker.wallet.signer(),
        token,
        maker_amount: amounts.maker,
        taker_amount: amounts.taker,
        side,
        signature_type: maker.wallet.signature_type(),
        timestamp_ms,
        metadata: B256::ZERO,
        builder: maker.builder,
    };
    let domain = domain(token, listing.neg_risk, maker.chain);
    let hash = order::hash(&signed, domain);
    amounts::check(hash, kind, side, amounts, listing.tick)?;
    if kind.rests() {
        amounts::check_minimum(hash, side, amounts, listing.min_size)?;
    } else {
        amounts::check_marketable(side, amounts)?;
    }
    let signature = order::sign(&signed, domain, maker.wallet.key());
    Ok(Prepared {
        client_order_id: order.client_order_id.clone(),
        market: order.market.clone(),
        outcome,
        token,
        side,
        price,
        hash,
        signed: SignedOrder { order: signed, expiration, signature },
        terms: Terms { kind, post_only: order.post_only, defer_exec: false },
        created,
    })
}

/// The domain that orders for a token are signed in.
///
/// Source: reference, sections 5.1 and 5.5.
pub fn domain(token: TokenId, neg_risk: bool, chain: Chain) -> Domain {
    let version = if token.is_position_id() { OrderVersion::V3 } else { OrderVersion::V2 };
    Domain::new(chain, version, neg_risk)
}

/// The kind of an order and the second that its body states.
fn life(order: &NewOrder, created: Timestamp) -> Result<(OrderKind, u64), BuildError> {
    let kind = match order.time_in_force {
        TimeInForce::Gtc => OrderKind::Gtc,
        TimeInForce::Ioc => OrderKind::Fak,
        TimeInForce::Fok => OrderKind::Fok,
        TimeInForce::Gtd(time) => {
            let seconds = u64::try_from(time.plus(EXPIRATION_THRESHOLD).secs());
            return match seconds {
                Ok(seconds) if time > created => Ok((OrderKind::Gtd, seconds)),
                _ => Err(BuildError::Expired { now: created, found: time }),
            };
        }
    };
    Ok((kind, 0))
}

fn supported(order: &NewOrder, kind: OrderKind, listing: &Listing) -> Result<(), BuildError> {
    if order.market != listing.ticker {
        return Err(BuildError::OtherMarket { listing: listing.ticker.clone(), order: order.market.clone() });
    }
    if order.post_only && !kind.rests() {
        return Err(BuildError::PostOnly { found: kind });
    }
    for (asked, what) in [
        (order.reduce_only, "reduce-only (sell shares that are held instead)"),
        (order.cancel_on_pause, "cancel on pause"),
        (order.group.is_some(), "an order group"),
    ] {
        if asked {
            return Err(BuildError::Unsupported { what });
        }
    }
    if !order.qty.is_multiple_of(Qty::HUNDREDTH) {
        return Err(BuildError::Lot { found: order.qty });
    }
    Ok(())
}
