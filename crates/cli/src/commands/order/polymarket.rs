//! `brier order --venue polymarket`: shows the planned order in both forms, posts it, and says what became of it.
//!
//! Invariants: what is not owned and free is not sold; the order's hash is told before anything is sent; a fill is told with
//! how final it is.
//!
//! Source: reference (Polymarket), sections 6, 7 and 15.1, 2026-11-20.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use brier_polymarket::discovery::Listing;
use brier_polymarket::orders::{BuildError, EXPIRATION_THRESHOLD, Leg, Prepared};
use brier_polymarket::rest::{OrdersQuery, Placed, TradesQuery};
use brier_polymarket::{Client, PolymarketError};
use brier_polymarket_protocol::amounts::{AmountError, AmountsError};
use brier_polymarket_protocol::clob::{Book, PostStatus};
use brier_polymarket_protocol::ids::{Side, TokenId};
use brier_types::{
    Action, BookSide, ClientOrderId, Direction, Money, NewOrder, Price, Qty, Rounding, SelfTradePrevention,
    TimeInForce, Timestamp,
};
use serde::Serialize;

use super::ticket::{Wish, life};
use super::{Args, mint, outcome_word, plan};
use crate::commands::fills::polymarket::{Line, charged, own_lines};
use crate::error::{CliError, EXIT_IN_DOUBT, EXIT_OK};
use crate::output::{Output, as_text, counted, tell};
use crate::venue::block_on;
use crate::venue::polymarket::{Found, find, name_of, open_orders, token_of, word};

/// How often trades are asked for until they tell all that the answer told: reads lag writes.
const CATCH_UPS: u32 = 6;

/// Between two such reads.
const CATCH_UP_WAIT: Duration = Duration::from_millis(250);

/// Trades are looked for from this long before the order was made, as the filter counts whole seconds.
const SLACK: Duration = Duration::from_secs(2);

/// What was sent and what became of it. Names are those of Kalshi's document where the thing is the same.
#[derive(Debug, Serialize)]
struct Document {
    sent: Sent,
    order_id: String,
    /// As Kalshi's, or `delayed`, or `known`: posted before and no longer shown.
    outcome: &'static str,
    #[serde(serialize_with = "as_text")]
    filled: Qty,
    #[serde(serialize_with = "as_text")]
    resting: Qty,
    average_yes_price: Option<String>,
    fee: Option<String>,
    /// Whether the fee is reckoned from every match, by the market's schedule.
    fee_is_exact: bool,
    /// Whether the answer was lost and the order was found by its hash.
    answer_was_lost: bool,
    trades: Vec<Line>,
}

/// The planned order in both forms.
#[derive(Debug, Serialize)]
struct Sent {
    market: String,
    slug: String,
    client_order_id: String,
    /// When it was made: with the id, what makes the same hash again.
    created: String,
    #[serde(serialize_with = "as_text")]
    book_side: BookSide,
    #[serde(serialize_with = "as_text")]
    yes_price: Price,
    /// The shares that are signed; of a purchase in dollars, those that its price limit gives at least.
    #[serde(serialize_with = "as_text")]
    contracts: Qty,
    /// When the venue ends it, which is a minute before the `expiration` that is signed.
    expires: Option<String>,
    fee_at_most: String,
    venue: VenueForm,
}

/// The order as it is signed.
#[derive(Debug, Serialize)]
struct VenueForm {
    side: &'static str,
    token: String,
    outcome: &'static str,
    #[serde(serialize_with = "as_text")]
    price: Price,
    /// Dollars or shares.
    #[serde(serialize_with = "as_text")]
    gives: Qty,
    /// Shares or dollars.
    #[serde(serialize_with = "as_text")]
    takes: Qty,
    order_type: String,
    post_only: bool,
    /// Seconds since 1970 as they are signed, a minute after the venue ends the order; 0 for none.
    expiration: u64,
    maker: String,
    signer: String,
    signature_type: u8,
}

/// An order ready to be sent, with what a person is told of it.
struct Planned {
    prepared: Prepared,
    sent: Sent,
    /// As the person said it.
    said: String,
}

/// Places the order.
pub(super) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let direction = args.direction();
    if args.self_trade.is_some() || args.reduce_only || args.cancel_on_pause {
        return Err(CliError::usage("--self-trade, --reduce-only and --cancel-on-pause are no things of this venue")
            .hint("leave them out; a sale never sells more than you own"));
    }
    let tif = args.tif.unwrap_or_else(|| plan::default_tif(args.size));
    let life = life(tif, args.expires, args.post_only).map_err(CliError::usage)?;
    plan::check(direction, args.size, life).map_err(CliError::usage)?;
    let id = match &args.client_order_id {
        Some(id) => id.clone(),
        None => mint()?,
    };
    let venue = args.venue.polymarket()?;
    venue.demand_writes("order")?;
    let (document, said) = block_on(async {
        let client = venue.signed().await?;
        let planned = planned(&client, args, life, id).await?;
        // Its names are known before it can exist, so that a lost answer leaves something to look for.
        planned.announce(&venue.env)?;
        let placed = client.post_order(&planned.prepared).await?;
        finish(&client, planned, &placed).await
    })?;
    let code = if document.outcome == KNOWN { EXIT_IN_DOUBT } else { EXIT_OK };
    output.either(&document, |output| document.print(&said, output))?;
    Ok(code)
}

/// Puts the wish into the venue's terms. Asks for the market, the book where it gives the price, and what is owned.
async fn planned(client: &Client, args: &Args, life: TimeInForce, id: ClientOrderId) -> Result<Planned, CliError> {
    let Direction { action, outcome } = args.direction();
    let Found { listing, outcome: named } = find(client, args.ticker.as_str()).await?;
    if named.is_some_and(|named| named != outcome) {
        return Err(CliError::usage(format!("this token is {}'s, not {}'s", opposite(word(outcome)), word(outcome)))
            .hint("name the market, or the token of the outcome"));
    }
    if !listing.accepting_orders {
        return Err(CliError::failure(format!("{} takes no orders now", name_of(&listing)))
            .hint("see its status with `brier markets`"));
    }
    let token = token_of(&listing, outcome);
    let needs_book = matches!(args.size, Wish::AtMarket(_) | Wish::Spend { limit: None, .. });
    let book = if needs_book { Some(client.book(token).await?) } else { None };
    let (price, qty) =
        plan::terms(args.size, action, life, book.as_ref()).map_err(|_no_match| no_match(action, book.as_ref()))?;
    let leg = match action {
        Action::Buy => Leg::Buy,
        Action::Sell => Leg::Sell { held: free(client, token).await? },
    };
    let (side, yes_price) = args.direction().in_yes_terms(price);
    let order = NewOrder {
        client_order_id: id,
        market: listing.ticker.clone(),
        side,
        price: yes_price,
        qty,
        time_in_force: life,
        post_only: args.post_only,
        reduce_only: false,
        self_trade_prevention: SelfTradePrevention::TakerAtCross,
        cancel_on_pause: false,
        group: None,
    };
    let created = match args.created {
        Some(time) => time,
        None => now()?,
    };
    let prepared = client.prepare_order(&order, leg, &listing, created).map_err(|error| unbuilt(error, &listing))?;
    let most = plan::fee_at_most(&listing, &prepared);
    let said = said(args, price, name_of(&listing));
    let sent = Sent::new(&order, &prepared, listing.slug.clone(), most);
    Ok(Planned { prepared, sent, said })
}

/// Why a book gives no price.
fn no_match(action: Action, book: Option<&Book>) -> CliError {
    let nobody = match action {
        Action::Buy => book.is_none_or(|book| book.asks.is_empty()).then_some("nobody offers it now"),
        Action::Sell => book.is_none_or(|book| book.bids.is_empty()).then_some("nobody bids for it now"),
    };
    match nobody {
        Some(nobody) => CliError::failure(nobody).hint("place an order with a price, which rests until somebody does"),
        None => CliError::failure("the book does not hold enough to trade all of it at once")
            .hint("ask for less, or for what can be had with `--tif ioc`"),
    }
}

/// An order that the venue would refuse, with what it would take instead.
fn unbuilt(error: PolymarketError, listing: &Listing) -> CliError {
    let hint = match &error {
        PolymarketError::Build(BuildError::NakedSell { .. }) => {
            "sell what you own and do not offer already, see `brier portfolio`; what was bought a moment ago can be sold once \
             it is mined; against an outcome, buy the other one"
                .to_owned()
        }
        PolymarketError::Build(BuildError::Amounts(AmountsError::OffGrid { .. })) => {
            format!("prices of this market move in steps of ${}", listing.tick)
        }
        PolymarketError::Build(BuildError::Rejected(AmountError::TooSmall { .. })) => {
            format!("an order that rests has at least {} shares here", listing.min_size)
        }
        PolymarketError::Build(BuildError::Rejected(AmountError::Marketable { .. })) => {
            "a purchase at once spends at least $1".to_owned()
        }
        _ => return error.into(),
    };
    CliError::from(error).hint(hint)
}

fn opposite(word: &str) -> &'static str {
    if word == "YES" { "NO" } else { "YES" }
}

/// To the millisecond, as orders state it.
fn now() -> Result<Timestamp, CliError> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = i64::try_from(since).ok().and_then(Timestamp::from_millis);
    now.ok_or_else(|| CliError::failure("the clock of this machine shows no time").hint("set it (NTP)"))
}

/// Shares of a token that are owned and not offered yet.
async fn free(client: &Client, token: TokenId) -> Result<Qty, CliError> {
    let held = client.funds(Some(token)).await?.balance;
    let open = open_orders(client, &OrdersQuery { token: Some(token), ..OrdersQuery::default() }).await?;
    let offered = open.iter().filter(|order| order.side == Side::Sell);
    Ok(offered.fold(held, |free, order| free.saturating_sub(order.original_size.saturating_sub(order.size_matched))))
}

/// The order as the person said it, with the price that the book gave.
fn said(args: &Args, price: Price, market: &str) -> String {
    let Direction { action, outcome } = args.direction();
    let word = word(outcome);
    match args.size {
        Wish::Limit(size) => format!("{action} {} {word} at ${price} of {market}", size.qty),
        Wish::AtMarket(qty) => {
            let bound = if action == Action::Buy { "more" } else { "less" };
            format!("{action} {qty} {word} at no {bound} than ${price} of {market}")
        }
        Wish::Spend { dollars, .. } => {
            format!(
                "{action} {word} for ${} at no more than ${price} of {market}",
                dollars.to_dollars2(Rounding::Floor)
            )
        }
    }
}

impl Sent {
    fn new(order: &NewOrder, prepared: &Prepared, slug: String, fee_at_most: Money) -> Self {
        let signed = &prepared.signed.order;
        let units = |amount: u64| Qty::from_micros(amount).unwrap_or(Qty::MAX);
        let (gives, takes) = (units(signed.maker_amount), units(signed.taker_amount));
        Self {
            market: order.market.to_string(),
            slug,
            client_order_id: order.client_order_id.to_string(),
            created: prepared.created.to_string(),
            book_side: order.side,
            yes_price: order.price,
            contracts: if prepared.side == Side::Buy { takes } else { gives },
            expires: ends(prepared.signed.expiration).map(|time| time.to_string()),
            fee_at_most: fee_at_most.to_string(),
            venue: VenueForm {
                side: prepared.side.word(),
                token: prepared.token.to_string(),
                outcome: word(prepared.outcome),
                price: prepared.price,
                gives,
                takes,
                order_type: prepared.terms.kind.to_string(),
                post_only: prepared.terms.post_only,
                expiration: prepared.signed.expiration,
                maker: signed.maker.to_string(),
                signer: signed.signer.to_string(),
                signature_type: signed.signature_type as u8,
            },
        }
    }

    fn lines(&self) -> [String; 3] {
        let VenueForm { side, token, outcome, gives, takes, order_type, post_only, maker, .. } = &self.venue;
        let (gives, takes) = match *side {
            "BUY" => (format!("${gives}"), format!("{takes} shares")),
            _ => (format!("{gives} shares"), format!("${takes}")),
        };
        let post_only = if *post_only { " post-only" } else { "" };
        [
            format!(
                "{side} {outcome} {order_type}{post_only}, gives {gives} for {takes} of token {token}, from {maker}"
            ),
            format!("{} {} at ${} in the YES book of {}", self.book_side, self.contracts, self.yes_price, self.name()),
            format!("at most ${}", self.fee_at_most),
        ]
    }

    /// What a person calls the market.
    fn name(&self) -> &str {
        if self.slug.is_empty() { &self.market } else { &self.slug }
    }

    /// When the order ends by itself, if it does.
    fn until(&self) -> Option<String> {
        self.expires.as_ref().map(|time| format!("{time} (signed: a minute later)"))
    }
}

/// When the venue ends an order with this signed expiration; `None` for one without.
fn ends(expiration: u64) -> Option<Timestamp> {
    let signed = i64::try_from(expiration).ok().filter(|seconds| *seconds > 0).and_then(Timestamp::from_secs);
    signed.map(|time| time.minus(EXPIRATION_THRESHOLD))
}

impl Planned {
    fn announce(&self, env: &brier_polymarket::Env) -> Result<(), CliError> {
        let Sent { client_order_id, created, .. } = &self.sent;
        let [venue, yes, fee] = self.sent.lines();
        tell(format_args!("sending: {} to {env}", self.said))?;
        tell(format_args!("  venue: {venue}"))?;
        tell(format_args!("  YES:   {yes}"))?;
        if let Some(until) = self.sent.until() {
            tell(format_args!("  until: {until}"))?;
        }
        tell(format_args!("  fee:   {fee}"))?;
        tell(format_args!("  order: {} (client order id {client_order_id}, created {created})", self.prepared.hash))
    }
}

/// The order was posted before, and is neither open nor in any trade.
const KNOWN: &str = "known";

/// What became of the order, from the answer and the trades.
async fn finish(client: &Client, planned: Planned, placed: &Placed) -> Result<(Document, String), CliError> {
    let Planned { prepared, sent, said } = planned;
    let told = placed.matched(&prepared).unwrap_or(Qty::ZERO);
    let trades = match placed {
        Placed::Known => Vec::new(),
        Placed::Traded(trades) => own_lines(client, trades).await?,
        Placed::Answered(_) | Placed::Found(_) if told.is_zero() => Vec::new(),
        Placed::Answered(_) | Placed::Found(_) => trades_of(client, &prepared, told).await?,
    };
    let trades: Vec<Line> =
        trades.into_iter().filter(|line| line.order_id.eq_ignore_ascii_case(&prepared.hash.to_string())).collect();
    let live: Vec<&Line> = trades.iter().filter(|line| !line.has_failed()).collect();
    let shown = live.iter().fold(Qty::ZERO, |sum, line| sum.checked_add(line.count_fp).unwrap_or(Qty::MAX));
    let filled = if trades.is_empty() { told } else { shown };
    let rest = sent.contracts.saturating_sub(filled);
    let resting = match placed {
        Placed::Answered(answer) => {
            let rests = prepared.terms.kind.rests() && answer.status != PostStatus::Delayed;
            if rests { rest } else { Qty::ZERO }
        }
        Placed::Found(found) => found.original_size.saturating_sub(found.size_matched),
        Placed::Traded(_) | Placed::Known => Qty::ZERO,
    };
    // Fills may come out short by up to 0.01 share.
    let resting = if resting <= Qty::HUNDREDTH && !filled.is_zero() { Qty::ZERO } else { resting };
    let document = Document {
        order_id: prepared.hash.to_string(),
        outcome: match placed {
            Placed::Answered(answer) if answer.status == PostStatus::Delayed => "delayed",
            Placed::Known => KNOWN,
            _ => outcome(&sent, filled, resting),
        },
        average_yes_price: average(&prepared, &live, placed, told),
        fee: if trades.is_empty() { None } else { Some(charged(&trades)?.to_string()) },
        fee_is_exact: !trades.is_empty() && shown == told,
        answer_was_lost: !matches!(placed, Placed::Answered(_)),
        filled,
        resting,
        trades,
        sent,
    };
    Ok((document, said))
}

fn outcome(sent: &Sent, filled: Qty, resting: Qty) -> &'static str {
    let asked = sent.contracts;
    // Fills may come out short by up to 0.01 share.
    let enough = asked.saturating_sub(Qty::HUNDREDTH);
    outcome_word(filled, resting, if filled >= enough { filled } else { asked })
}

/// The trades of an order, asked for until they tell what the answer told.
async fn trades_of(client: &Client, order: &Prepared, told: Qty) -> Result<Vec<Line>, CliError> {
    let query = TradesQuery { after: Some(order.created.minus(SLACK)), ..TradesQuery::default() };
    let hash = order.hash.to_string();
    let mut lines = Vec::new();
    for attempt in 1..=CATCH_UPS {
        let mut trades = client.trades(&query).all().await?;
        trades.retain(|trade| {
            let makers = trade.maker_orders.iter().map(|maker| &maker.order_id);
            makers.chain([&trade.taker_order_id]).any(|id| id.eq_ignore_ascii_case(&hash))
        });
        lines = own_lines(client, &trades).await?;
        let own = lines.iter().filter(|line| line.order_id.eq_ignore_ascii_case(&hash));
        let shown = own.fold(Qty::ZERO, |sum, line| sum.checked_add(line.count_fp).unwrap_or(Qty::MAX));
        if shown >= told || attempt == CATCH_UPS {
            break;
        }
        tokio::time::sleep(CATCH_UP_WAIT).await;
    }
    Ok(lines)
}

/// Dollars over shares in YES terms, to the nearest $0.0001.
fn average(prepared: &Prepared, live: &[&Line], placed: &Placed, told: Qty) -> Option<String> {
    let of_trades = live.iter().try_fold((Qty::ZERO, Money::ZERO), |(qty, cash), line| {
        Some((qty.checked_add(line.count_fp)?, cash.checked_add(line.gross_dollars)?))
    });
    let (qty, cash) = match (of_trades, placed) {
        (Some(sums), _) if !live.is_empty() => sums,
        (_, Placed::Answered(answer)) => {
            (told, if prepared.side == Side::Buy { answer.making_amount? } else { answer.taking_amount? })
        }
        _ => return None,
    };
    let (cash, shares) = (i128::from(cash.micros()) * 10_000, i128::from(qty.micros()));
    let pips = (cash * 2 + shares).checked_div(shares * 2)?;
    let price = u16::try_from(pips).ok().and_then(Price::new)?;
    let price = if prepared.outcome == brier_types::Outcome::No { price.complement() } else { price };
    Some(price.to_string())
}

impl Document {
    fn print(&self, said: &str, output: &mut Output) -> Result<(), CliError> {
        let [venue, yes, most] = self.sent.lines();
        output.line(format_args!("sent      {said}"))?;
        output.line(format_args!("venue     {venue}"))?;
        output.line(format_args!("as        {yes}"))?;
        if let Some(until) = self.sent.until() {
            output.line(format_args!("until     {until}"))?;
        }
        output.line(format_args!("order     {} (client order id {})", self.order_id, self.sent.client_order_id))?;
        if self.answer_was_lost {
            output.line("          the answer was lost, or the order was posted before; it was found by its hash")?;
        }
        match self.outcome {
            "delayed" => output.line("became    delayed: it waits, and may match or rest; see `brier portfolio`")?,
            KNOWN => output.line(
                "became    known: posted before, and neither open nor traded; it was canceled or is not shown yet",
            )?,
            outcome => output.line(format_args!("became    {outcome}"))?,
        }
        if !self.filled.is_zero() {
            let average = self.average_yes_price.as_ref();
            let average = average.map_or_else(String::new, |price| format!(" at ${price} (YES) on average"));
            output.line(format_args!("filled    {} contracts{average}", self.filled))?;
        }
        if !self.resting.is_zero() {
            output.line(format_args!("resting   {} contracts", self.resting))?;
        }
        match &self.fee {
            Some(fee) => output.line(format_args!("fee       ${fee} by the market's schedule, {most}"))?,
            None if self.filled.is_zero() => output.line(format_args!("fee       none yet, {most}"))?,
            None => output.line("fee       not told yet; see `brier fills`")?,
        }
        self.print_trades(output)
    }

    /// How final the fills are.
    fn print_trades(&self, output: &mut Output) -> Result<(), CliError> {
        let open = self.trades.iter().filter(|line| !line.is_final).count() as u64;
        if open > 0 {
            let are = if open == 1 { "is" } else { "are" };
            output.line(format_args!(
                "trades    {} {are} not final: a trade can fail until it is confirmed; see `brier fills`",
                counted(open, "trade", "trades")
            ))?;
        }
        for line in self.trades.iter().filter(|line| line.has_failed()) {
            output.line(format_args!(
                "failed    {} contracts of trade {}: nothing changed hands",
                line.count_fp, line.trade_id
            ))?;
        }
        Ok(())
    }
}
