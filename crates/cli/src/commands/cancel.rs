//! `brier cancel`: takes orders back.

mod polymarket;

use brier_kalshi::Client;
use brier_kalshi_protocol::rest::{OrderStatusFilter, OrdersQuery};
use brier_types::{MarketTicker, Qty, VenueOrderId};
use serde::Serialize;

use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, as_text, counted};
use crate::venue::{VenueArgs, VenueWord, block_on};

/// Cancel an order, or all of them, on a local or demo exchange
///
/// `brier cancel ORDER_ID` takes one order back; on Kalshi, without `--market` its market is looked up first. `brier cancel
/// --market MARKET` takes back what rests there, `brier cancel --all` everything. Nothing is sent to production.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub(crate) struct Args {
    /// The venue's id of the order, as `brier order` and `brier portfolio` print it
    #[arg(group = "what", value_name = "ORDER_ID")]
    order: Option<VenueOrderId>,

    /// Every resting order; on Kalshi, orders placed within the next minute may go too
    #[arg(long, group = "what", conflicts_with_all = ["order", "market"])]
    all: bool,

    /// Every order of a market; with an order's id on Kalshi, its market, which saves a look-up
    #[arg(long, group = "what", value_name = "MARKET")]
    market: Option<MarketTicker>,

    #[command(flatten)]
    venue: VenueArgs,
}

#[derive(Serialize)]
struct Document {
    order_id: Option<String>,
    /// Contracts taken back; not told for all orders at once.
    #[serde(serialize_with = "canceled_text")]
    canceled: Option<Qty>,
    all: bool,
    /// The orders of a market that were canceled.
    #[serde(skip_serializing_if = "Option::is_none")]
    orders: Option<Vec<String>>,
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn canceled_text<S: serde::Serializer>(value: &Option<Qty>, out: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(qty) => as_text(qty, out),
        None => out.serialize_none(),
    }
}

/// Cancels.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    if args.venue.venue == VenueWord::Polymarket {
        return polymarket::run(args, output);
    }
    let venue = args.venue.kalshi()?;
    venue.demand_writes("cancel")?;
    let client = venue.client()?;
    let document = block_on(async {
        match (&args.order, &args.market) {
            (Some(order), market) => one(&client, order, market.as_ref()).await,
            (None, Some(market)) => of_market(&client, market).await,
            (None, None) => {
                client.cancel_all().await?;
                Ok(Document { order_id: None, canceled: None, all: true, orders: None })
            }
        }
    })?;
    output.either(&document, |output| match (&document.order_id, document.canceled, &document.orders) {
        (Some(order), Some(canceled), _) => {
            output.line(format_args!("canceled  {canceled} contracts of order {order}"))
        }
        (_, _, Some(orders)) => {
            output.line(format_args!("canceled  {}", counted(orders.len() as u64, "order", "orders")))?;
            orders.iter().try_for_each(|order| output.line(format_args!("          {order}")))
        }
        _ => output.line("canceled  every resting order; orders placed within the next minute may go too"),
    })?;
    Ok(EXIT_OK)
}

async fn one(client: &Client, order: &VenueOrderId, market: Option<&MarketTicker>) -> Result<Document, CliError> {
    let market = if let Some(market) = market {
        market.clone()
    } else {
        let ticker = client.order(order).await?.ticker;
        MarketTicker::new(&ticker).map_err(|error| CliError::failure(error.to_string()))?
    };
    let answer = client.cancel_order(&market, order).await?;
    Ok(Document { order_id: Some(answer.order_id), canceled: Some(answer.reduced_by), all: false, orders: None })
}

/// One after the other: the venue has no call for it.
async fn of_market(client: &Client, market: &MarketTicker) -> Result<Document, CliError> {
    let query = OrdersQuery {
        ticker: Some(market.to_string()),
        status: Some(OrderStatusFilter::Resting),
        ..OrdersQuery::default()
    };
    let mut canceled = Vec::new();
    for order in client.orders(query)?.all().await? {
        let id = VenueOrderId::new(&order.order_id).map_err(|error| CliError::failure(error.to_string()))?;
        canceled.push(client.cancel_order(market, &id).await?.order_id);
    }
    Ok(Document { order_id: None, canceled: None, all: false, orders: Some(canceled) })
}
