//! From a posted order to a record, and from what became of it to the venue's answer.
//!
//! Everything that can be told without the market's present state is checked by the caller's task: who posts, the wallets,
//! the hash, the signature. The rest is checked on the core's thread, in the order of the reference.
//!
//! Source: reference (Polymarket), sections 4, 6.3, 7.3, 7.7 and 9, 2026-11-20.

use alloy_primitives::Address;
use brier_matching::AccountId;
use brier_matching::tokens::{Placed, Refusal};
use brier_polymarket_protocol::amounts::{self, AmountError, Amounts};
use brier_polymarket_protocol::clob::{PostOrderReply, PostStatus};
use brier_polymarket_protocol::contracts::{Domain, OrderVersion};
use brier_polymarket_protocol::errors::{ErrorBody, text};
use brier_polymarket_protocol::ids::{OrderHash, Side, SignatureType};
use brier_polymarket_protocol::order::{self, SignatureError, SignedOrder};
use brier_polymarket_protocol::order_body::{OrderPost, PostedOrder, Terms};
use brier_types::{Action, Money, Outcome, Qty, Timestamp};

use super::auth::CHAIN;
use super::doors::{Key, Table, Token};
use super::http::Failure;
use super::record::{EngineMode, PlaceRecord, Record, Restriction};
use super::state::{Effect, Posted, Refused, State};
use crate::auth::Signatures;
use crate::core::Core;

/// An order whose signature holds.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    hash: OrderHash,
    account: AccountId,
    maker: Address,
    /// Who posts.
    owner: Address,
    key: String,
    token: Token,
    order: SignedOrder,
    terms: Terms,
}

fn no(text: impl Into<String>) -> Failure {
    Failure::text(400, text)
}

/// Checks what the market's state has no part in.
///
/// # Errors
/// The venue's refusal.
pub(crate) fn judge((table, signatures): (&Table, Signatures), key: &Key, post: &OrderPost) -> Result<Judged, Failure> {
    let owner = key.record.owner;
    if post.owner != key.record.key {
        return Err(no(text::OWNER_MISMATCH));
    }
    // Orders of the dead generation are known and refused.
    let PostedOrder::Current(signed) = &post.order else { return Err(no(text::VERSION_MISMATCH)) };
    let order = &signed.order;
    let wallet = table.wallets.get(&order.maker);
    // Only a deposit wallet's contract understands the wrapped form: a proxy, a Safe or a bare key would refuse it.
    let deposit_wallet = wallet.filter(|wallet| wallet.kind == SignatureType::DepositWallet);
    let on_file = deposit_wallet.map(|wallet| wallet.owner);
    let signer_belongs = match order.signature_type {
        SignatureType::Eoa | SignatureType::Proxy | SignatureType::Safe => order.signer == owner,
        SignatureType::DepositWallet => order.signer == order.maker && on_file == Some(owner),
    };
    if !signer_belongs {
        return Err(no(text::SIGNER_MISMATCH));
    }
    let token = *table.tokens.get(&order.token).ok_or_else(|| no(text::NO_ORDERBOOK))?;
    let version = if order.token.is_position_id() { OrderVersion::V3 } else { OrderVersion::V2 };
    let domain = Domain::new(CHAIN, version, token.neg_risk);
    let hash = match signatures {
        Signatures::Checked => {
            order::verify(order, &signed.signature.to_bytes(), domain, on_file)
                .map_err(|error| match error {
                    SignatureError::VersionMismatch { .. } => no(text::VERSION_MISMATCH),
                    _ => no(text::INVALID_SIGNATURE),
                })?
                .hash
        }
        Signatures::Trusted if wallet.is_some_and(|wallet| wallet.owner == owner) => order::hash(order, domain),
        Signatures::Trusted => return Err(no(text::INVALID_SIGNATURE)),
    };
    // A maker that fits its signer was opened with the signer's key.
    let account = wallet.ok_or_else(|| no(text::INVALID_SIGNATURE))?.account;
    if order.salt > order::MAX_SALT || (post.terms.post_only && !post.terms.kind.rests()) {
        return Err(no(text::INVALID_ORDER_PAYLOAD));
    }
    Ok(Judged {
        hash,
        account,
        maker: order.maker,
        owner,
        key: key.record.key.clone(),
        token,
        order: *signed,
        terms: post.terms,
    })
}

/// Checks the rest and places the order.
///
/// # Errors
/// The venue's refusal.
pub(crate) fn place(core: &mut Core, judged: &Judged) -> Result<PostOrderReply, Failure> {
    let now = core.now();
    let hash = judged.hash;
    let record = plan(&core.polymarket, now, judged)?;
    let posted = core.submit_polymarket(Record::Place(Box::new(record)));
    match posted {
        Ok(Effect::Posted(posted)) => Ok(reply(&core.polymarket, judged, posted)),
        Ok(_) => Err(Failure::text(500, text::INTERNAL)),
        // Whoever asked to be answered before the match hears of the kill from the stream.
        Err(Refused::Core(Refusal::FillOrKill | Refusal::NothingToMatch)) if judged.terms.defer_exec => {
            Ok(taken(hash, PostStatus::Delayed))
        }
        Err(refused) => Err(refusal(hash, now, &refused)),
    }
}

fn plan(state: &State, now: Timestamp, judged: &Judged) -> Result<PlaceRecord, Failure> {
    let (hash, order, terms) = (judged.hash, &judged.order.order, judged.terms);
    restricted(state, judged)?;
    let expiration = judged.order.expiration;
    state
        .check_admission(now, hash, judged.token.market, (terms.kind, expiration), terms.post_only)
        .map_err(|refused| refusal(hash, now, &refused))?;
    let market = state.market(judged.token.market);
    let pair = Amounts { maker: order.maker_amount, taker: order.taker_amount };
    let price =
        amounts::check(hash, terms.kind, order.side, pair, market.tick).map_err(|error| no(error.to_string()))?;
    let units = (Qty::from_micros(pair.shares(order.side)), i64::try_from(pair.cash(order.side)));
    let (Some(size), Ok(cash)) = units else { return Err(no(text::INVALID_ORDER_PAYLOAD)) };
    Ok(PlaceRecord {
        hash,
        account: judged.account,
        key: judged.key.clone(),
        market: judged.token.market,
        action: if order.side == Side::Buy { Action::Buy } else { Action::Sell },
        outcome: judged.token.outcome,
        price,
        size,
        cash: Money::from_micros(cash),
        kind: terms.kind,
        expiration,
        post_only: terms.post_only,
        builder: order.builder,
    })
}

/// What the venue forbids the poster.
fn restricted(state: &State, judged: &Judged) -> Result<(), Failure> {
    let order = &judged.order.order;
    match state.restrictions.get(&judged.owner) {
        Some(Restriction::Banned) => Err(no(text::banned(judged.owner))),
        Some(Restriction::ClosedOnly) if order.side == Side::Buy => {
            // Buying one token shrinks a position in the other.
            let opposite = if judged.token.outcome == Outcome::Yes { Outcome::No } else { Outcome::Yes };
            let held = state.core.token(judged.account, judged.token.market, opposite).balance;
            if held.micros() >= order.taker_amount { Ok(()) } else { Err(no(text::closed_only(judged.maker))) }
        }
        Some(Restriction::DepositWalletOnly) if order.signature_type != SignatureType::DepositWallet => {
            Err(no(text::DEPOSIT_WALLET_REQUIRED))
        }
        Some(Restriction::ClosedOnly | Restriction::DepositWalletOnly) | None => Ok(()),
    }
}

fn taken(hash: OrderHash, status: PostStatus) -> PostOrderReply {
    PostOrderReply { success: true, order_id: hash.to_string(), status, ..PostOrderReply::default() }
}

/// The answer to an order that was taken.
fn reply(state: &State, judged: &Judged, posted: Posted) -> PostOrderReply {
    let hash = judged.hash;
    let Some(placed) = posted.placed.filter(|_| !judged.terms.defer_exec) else {
        return taken(hash, PostStatus::Delayed);
    };
    let Placed { trade: Some(trade), filled, cash, .. } = placed else { return taken(hash, PostStatus::Live) };
    let shares = Money::from_micros(i64::try_from(filled.micros()).unwrap_or(i64::MAX));
    let (making, taking) = match judged.order.order.side {
        Side::Buy => (cash, shares),
        Side::Sell => (shares, cash),
    };
    let ids = state.trades_of(trade).iter().map(|index| state.trades[*index as usize].uuid.to_string());
    PostOrderReply {
        making_amount: Some(making),
        taking_amount: Some(taking),
        trade_ids: Some(ids.collect()),
        ..taken(hash, PostStatus::Matched)
    }
}

/// Whether the engine takes calls of this kind now.
///
/// # Errors
/// 425 while it restarts, 503 while it is closed.
pub(crate) fn engine_takes(state: &State, posts: bool) -> Result<(), Failure> {
    match state.engine {
        EngineMode::Restarting | EngineMode::Disabled => {}
        EngineMode::CancelOnly if posts => {}
        EngineMode::Normal | EngineMode::PostOnly(_) | EngineMode::CancelOnly => return Ok(()),
    }
    Err(closed(state.engine, Timestamp::default()))
}

/// Source: reference (Polymarket), section 7.6.
fn closed(mode: EngineMode, now: Timestamp) -> Failure {
    match mode {
        EngineMode::Restarting => Failure::text(425, "the matching engine is restarting"),
        EngineMode::PostOnly(until) => {
            let left = u64::try_from(until.secs().saturating_sub(now.secs())).unwrap_or(0);
            Failure::of(503, &ErrorBody::post_only_mode(left.max(1)))
        }
        EngineMode::CancelOnly => Failure::text(503, text::CANCEL_ONLY),
        EngineMode::Disabled | EngineMode::Normal => Failure::text(503, text::TRADING_DISABLED),
    }
}

/// A refusal in the venue's words.
///
/// Source: reference (Polymarket), section 9.
fn refusal(hash: OrderHash, now: Timestamp, refused: &Refused) -> Failure {
    match refused {
        Refused::Core(refusal) => core_refusal(hash, refusal),
        Refused::Duplicated => no(text::duplicated(hash)),
        Refused::Engine(mode) => closed(*mode, now),
        Refused::Expiration => no(text::INVALID_EXPIRATION),
        Refused::BelowMinimum { size, min } => no(text::min_size(hash, *size, *min)),
        Refused::MarketableBelowDollar(cash) => {
            no(AmountError::Marketable { cash: cash.micros().unsigned_abs() }.to_string())
        }
        Refused::Tick { price, tick } => no(text::tick_size(hash, *price, *tick)),
        Refused::Listing(_)
        | Refused::Unknown(_)
        | Refused::Taken(_)
        | Refused::Resolution(_)
        | Refused::TooLong { .. } => no(text::INVALID_ORDER_PAYLOAD),
    }
}

fn core_refusal(hash: OrderHash, refusal: &Refusal) -> Failure {
    match refusal {
        Refusal::NotAccepting | Refusal::WrongState(_) => no(text::MARKET_NOT_READY),
        Refusal::PostOnlyCross => no(text::POST_ONLY_CROSSES),
        Refusal::FillOrKill => no(text::FOK_NOT_FILLED),
        Refusal::NothingToMatch => no(text::FAK_NOT_FILLED),
        Refusal::ExpiryInPast => no(text::INVALID_EXPIRATION),
        Refusal::InsufficientCash { needed, balance, resting, matched } => {
            let [needed, balance, resting, matched] =
                [needed, balance, resting, matched].map(|money| money.micros().unsigned_abs());
            no(text::not_enough_balance(balance, resting, matched, needed))
        }
        Refusal::InsufficientTokens { needed, balance, resting, matched, .. } => {
            let [needed, balance, resting, matched] = [needed, balance, resting, matched].map(|qty| qty.micros());
            no(text::not_enough_balance(balance, resting, matched, needed))
        }
        Refusal::PriceOffGrid { .. }
        | Refusal::BadSize
        | Refusal::Conflict(_)
        | Refusal::TooMany(_)
        | Refusal::UnknownAccount
        | Refusal::UnknownMarket
        | Refusal::UnknownGroup
        | Refusal::UnknownOrder
        | Refusal::UnknownTrade => {
            tracing::debug!(%hash, %refusal, "an order was refused without a text of its own");
            no(text::INVALID_ORDER_PAYLOAD)
        }
    }
}
