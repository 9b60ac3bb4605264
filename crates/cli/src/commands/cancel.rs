//! `brier cancel`: takes orders back.

use brier_types::{MarketTicker, Qty, VenueOrderId};
use serde::Serialize;

use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, as_text};
use crate::venue::{VenueArgs, block_on};

/// Cancel an order, or all of them, on a local or demo exchange
///
/// `brier cancel ORDER_ID` takes one order back; without `--market` its market is looked up first. `brier cancel --all`
/// takes back everything that rests. Nothing is sent to production.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(crate) struct Args {
    /// The venue's id of the order, as `brier order` and `brier portfolio` print it
    #[arg(group = "what", value_name = "ORDER_ID")]
    order: Option<VenueOrderId>,

    /// Every resting order; orders placed within the next minute may go too
    #[arg(long, group = "what")]
    all: bool,

    /// The order's market, if known: saves a look-up
    #[arg(long, value_name = "TICKER", conflicts_with = "all")]
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
    let venue = args.venue.resolve()?;
    venue.demand_writes("cancel")?;
    let client = venue.client()?;
    let document = block_on(async {
        let Some(order) = &args.order else {
            client.cancel_all().await?;
            return Ok(Document { order_id: None, canceled: None, all: true });
        };
        let market = if let Some(market) = &args.market {
            market.clone()
        } else {
            let ticker = client.order(order).await?.ticker;
            MarketTicker::new(&ticker).map_err(|error| CliError::failure(error.to_string()))?
        };
        let answer = client.cancel_order(&market, order).await?;
        Ok(Document { order_id: Some(answer.order_id), canceled: Some(answer.reduced_by), all: false })
    })?;
    output.either(&document, |output| match (&document.order_id, document.canceled) {
        (Some(order), Some(canceled)) => output.line(format_args!("canceled  {canceled} contracts of order {order}")),
        _ => output.line("canceled  every resting order; orders placed within the next minute may go too"),
    })?;
    Ok(EXIT_OK)
}
