//! `brier order`: places one order and says what became of it.

mod plan;
mod polymarket;
mod ticket;

use brier_kalshi::Client;
use brier_kalshi::rest::Placed;
use brier_kalshi_protocol::rest::Order;
use brier_types::{
    Action, BookSide, ClientOrderId, Direction, MarketTicker, Money, NewOrder, Outcome, Price, Qty, Rounding,
    Timestamp, VenueOrderId,
};
use serde::Serialize;

use self::ticket::{StpWord, Ticket, TifWord, Wish};
use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, as_text, tell};
use crate::venue::{VenueArgs, VenueWord, block_on, seed};

/// How often reads are asked whether they have caught up with the order.
const CATCH_UPS: u32 = 6;

/// Place an order on a local or demo exchange
///
/// `brier order buy yes 10@0.42 KXEXAMPLE-27JAN01-T1` buys 10 YES contracts at no more than $0.42 each. The price is that
/// of the outcome named, in dollars, or in cents with a `c` (`10@42c`). Orders are never sent to production.
///
/// On Polymarket a market is named by slug, condition id or token id, and selling means shares that you own. `25usd` or
/// `25usd@0.45` spends dollars at once, `10@market` trades at what the book takes.
///
/// Exit status 1 when the venue refuses it, 3 when its answer was lost and the order may be live.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Buy or sell
    #[arg(value_enum)]
    action: ActionWord,

    /// The outcome to buy or sell
    #[arg(value_enum)]
    outcome: OutcomeWord,

    /// Contracts at a limit price; for Polymarket also 25usd, 25usd@0.45 and 10@market
    #[arg(value_name = "CONTRACTS@PRICE")]
    size: Wish,

    /// The market
    #[arg(value_name = "MARKET")]
    ticker: MarketTicker,

    /// How long it lives; gtc unless set, and fok for dollars and @market
    #[arg(long, value_enum)]
    tif: Option<TifWord>,

    /// When it expires, such as 2027-01-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    expires: Option<Timestamp>,

    /// Refuse rather than take
    #[arg(long)]
    post_only: bool,

    /// Only shrink a position, never open or turn one
    #[arg(long)]
    reduce_only: bool,

    /// Cancel it when trading pauses
    #[arg(long)]
    cancel_on_pause: bool,

    /// What happens when it meets an order of your own, for Kalshi; taker unless set
    #[arg(long, value_enum, value_name = "WHO")]
    self_trade: Option<StpWord>,

    /// Your name for the order, usable once; made if absent
    #[arg(long, value_name = "ID")]
    client_order_id: Option<ClientOrderId>,

    /// When it was made, for Polymarket: with the same --client-order-id it is the same order again, which a venue that has
    /// it refuses as a duplicate
    #[arg(long, value_name = "TIME")]
    created: Option<Timestamp>,

    #[command(flatten)]
    venue: VenueArgs,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ActionWord {
    Buy,
    Sell,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum OutcomeWord {
    Yes,
    No,
}

/// What was sent and what became of it. Prices are YES prices; money is dollars.
#[derive(Debug, Serialize)]
struct Document {
    sent: Sent,
    order_id: String,
    /// `resting`, `filled`, `canceled` or `partly filled, rest canceled`.
    outcome: &'static str,
    #[serde(serialize_with = "as_text")]
    filled: Qty,
    #[serde(serialize_with = "as_text")]
    resting: Qty,
    average_yes_price: Option<String>,
    fee: Option<String>,
    /// Whether the fee is the order's own figure or made from the average per contract.
    fee_is_exact: bool,
    /// Whether the answer was lost and the order was found in the list.
    answer_was_lost: bool,
}

#[derive(Debug, Serialize)]
struct Sent {
    #[serde(serialize_with = "as_text")]
    market: MarketTicker,
    #[serde(serialize_with = "as_text")]
    client_order_id: ClientOrderId,
    #[serde(serialize_with = "as_text")]
    book_side: BookSide,
    #[serde(serialize_with = "as_text")]
    yes_price: Price,
    #[serde(serialize_with = "as_text")]
    contracts: Qty,
}

/// Places the order.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    if args.venue.venue == VenueWord::Polymarket {
        return polymarket::run(args, output);
    }
    if args.created.is_some() {
        return Err(CliError::usage("--created is for orders whose hash is their name")
            .hint("leave it out: Kalshi knows an order by --client-order-id alone"));
    }
    let ticket = args.ticket()?;
    let id = match &args.client_order_id {
        Some(id) => id.clone(),
        None => mint()?,
    };
    let order = ticket.order(id).map_err(CliError::usage)?;
    let venue = args.venue.kalshi()?;
    venue.demand_writes("order")?;
    let client = venue.client()?;
    // The name of the order is known before it can exist, so that a lost answer leaves something to look for.
    tell(format_args!("sending: {ticket} to {}, client order id {}", venue.env, order.client_order_id))?;
    let document = block_on(async {
        let placed = client.create_order(&order).await?;
        let read = if placed.filled().is_zero() { None } else { read_back(&client, &placed).await };
        Ok(Document::new(&order, &placed, read.as_ref()))
    })?;
    output.either(&document, |output| document.print(&ticket, output))?;
    Ok(EXIT_OK)
}

impl Args {
    fn direction(&self) -> Direction {
        let action = match self.action {
            ActionWord::Buy => Action::Buy,
            ActionWord::Sell => Action::Sell,
        };
        let outcome = match self.outcome {
            OutcomeWord::Yes => Outcome::Yes,
            OutcomeWord::No => Outcome::No,
        };
        Direction { action, outcome }
    }

    fn ticket(&self) -> Result<Ticket, CliError> {
        let Wish::Limit(size) = self.size else {
            return Err(CliError::usage("Kalshi takes contracts at a limit price, such as 10@0.42")
                .hint("for what the book takes at once, give a price far enough and `--tif ioc`"));
        };
        Ok(Ticket {
            direction: self.direction(),
            size,
            market: self.ticker.clone(),
            tif: self.tif.unwrap_or(TifWord::Gtc),
            expires: self.expires,
            post_only: self.post_only,
            reduce_only: self.reduce_only,
            cancel_on_pause: self.cancel_on_pause,
            stp: self.self_trade.unwrap_or(StpWord::Taker),
        })
    }
}

/// An id nobody used before, as far as 64 bits of time and process can promise.
fn mint() -> Result<ClientOrderId, CliError> {
    ClientOrderId::new(&format!("brier-{:016x}", seed())).map_err(|error| CliError::failure(error.to_string()))
}

/// The order as the venue shows it once its reads have caught up; `None` when they do not in time: then the answer to the
/// create has to do.
async fn read_back(client: &Client, placed: &Placed) -> Option<Order> {
    let Placed::Answered(answer) = placed else { return None };
    let id = VenueOrderId::new(&answer.order_id).ok()?;
    let read = async {
        client.wait_for_reads(answer.ts_ms, CATCH_UPS).await?;
        client.order(&id).await
    };
    match read.await {
        Ok(order) if order.fill_count_fp == answer.fill_count => Some(order),
        Ok(_) => None,
        Err(error) => {
            tracing::warn!(%error, "the order is placed; its exact fee could not be read");
            None
        }
    }
}

impl Document {
    fn new(order: &NewOrder, placed: &Placed, read: Option<&Order>) -> Self {
        let (filled, resting) = (placed.filled(), placed.remaining());
        let own = read.or(match placed {
            Placed::Found(order) => Some(order),
            Placed::Answered(_) => None,
        });
        let exact = own.and_then(|order| order.taker_fees_dollars.checked_add(order.maker_fees_dollars));
        let (average, estimate) = match placed {
            Placed::Answered(answer) => {
                (answer.average_fill_price, answer.average_fee_paid.and_then(|fee| times(fee, filled)))
            }
            Placed::Found(_) => (None, None),
        };
        Self {
            sent: Sent {
                market: order.market.clone(),
                client_order_id: order.client_order_id.clone(),
                book_side: order.side,
                yes_price: order.price,
                contracts: order.qty,
            },
            order_id: placed.order_id().to_owned(),
            outcome: outcome_word(filled, resting, order.qty),
            filled,
            resting,
            average_yes_price: average.map(|price| price.to_dollars4(Rounding::Ceil)),
            fee: exact.or(estimate).map(|fee| fee.to_string()),
            fee_is_exact: exact.is_some(),
            answer_was_lost: matches!(placed, Placed::Found(_)),
        }
    }

    fn print(&self, ticket: &Ticket, output: &mut Output) -> Result<(), CliError> {
        let Sent { market, client_order_id, book_side, yes_price, contracts } = &self.sent;
        output.line(format_args!(
            "sent      {ticket} (${} before fees)",
            ticket.notional().to_dollars4(Rounding::Ceil)
        ))?;
        if let Some((other, price, most)) = ticket.short() {
            let most = most.to_dollars4(Rounding::Ceil);
            output.line(format_args!(
                "short     what is not owned is bought as {other} at ${price} each: at most ${most} before fees"
            ))?;
        }
        output.line(format_args!("as        {book_side} {contracts} at ${yes_price} in the YES book of {market}"))?;
        output.line(format_args!("order     {} (client order id {client_order_id})", self.order_id))?;
        if self.answer_was_lost {
            output.line("          the answer was lost; the order was found in the order list")?;
        }
        output.line(format_args!("became    {}", self.outcome))?;
        if !self.filled.is_zero() {
            let average = self
                .average_yes_price
                .as_ref()
                .map_or_else(String::new, |price| format!(" at ${price} (YES) on average"));
            output.line(format_args!("filled    {} contracts{average}", self.filled))?;
        }
        if !self.resting.is_zero() {
            output.line(format_args!("resting   {} contracts", self.resting))?;
        }
        match &self.fee {
            Some(fee) if self.fee_is_exact => output.line(format_args!("fee       ${fee}")),
            Some(fee) => output.line(format_args!("fee       about ${fee}, from the average per contract")),
            None if self.filled.is_zero() => output.line("fee       none yet"),
            None => output.line("fee       not told; see `brier fills`"),
        }
    }
}

/// What an order came to, from what the answer says: the venue tells no status.
fn outcome_word(filled: Qty, resting: Qty, ordered: Qty) -> &'static str {
    match (filled.is_zero(), resting.is_zero()) {
        (true, false) => "resting",
        (false, false) => "partly filled, rest resting",
        (true, true) => "canceled, nothing filled",
        (false, true) if filled >= ordered => "filled",
        (false, true) => "partly filled, rest canceled",
    }
}

/// An amount per contract times contracts, rounded up.
fn times(per_contract: Money, qty: Qty) -> Option<Money> {
    let exact = i128::from(per_contract.micros()) * i128::from(qty.signed().micros());
    let unit = i128::from(Qty::PER_CONTRACT);
    i64::try_from(exact.div_euclid(unit) + i128::from(exact.rem_euclid(unit) != 0)).ok().map(Money::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_tells_what_became_of_the_order() {
        let qty = |text: &str| text.parse::<Qty>().unwrap();
        let word = |filled, resting| outcome_word(qty(filled), qty(resting), qty("10"));
        assert_eq!(word("0", "10"), "resting");
        assert_eq!(word("4", "6"), "partly filled, rest resting");
        assert_eq!(word("10", "0"), "filled");
        assert_eq!(word("4", "0"), "partly filled, rest canceled");
        assert_eq!(word("0", "0"), "canceled, nothing filled");
    }

    #[test]
    fn fees_per_contract_are_rounded_up() {
        let fee = |text: &str, qty: &str| times(text.parse().unwrap(), qty.parse().unwrap()).unwrap().to_string();
        assert_eq!(fee("0.0175", "4"), "0.070000");
        assert_eq!(fee("0.000001", "0.5"), "0.000001");
    }
}
