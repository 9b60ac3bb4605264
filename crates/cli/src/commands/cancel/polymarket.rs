//! `brier cancel --venue polymarket`: one order by its hash, a market's, or all.
//!
//! Source: reference (Polymarket), section 7.5, 2026-11-20.

use std::collections::BTreeMap;

use brier_polymarket::discovery::Listing;
use brier_polymarket_protocol::clob::CancelReply;
use brier_polymarket_protocol::ids::OrderHash;
use brier_types::Qty;
use serde::Serialize;

use super::{Args, canceled_text};
use crate::error::{CliError, EXIT_FAILURE, EXIT_OK};
use crate::output::{Output, counted};
use crate::venue::block_on;
use crate::venue::polymarket::{find, token_of};

/// The names are Kalshi's where the thing is the same.
#[derive(Serialize)]
struct Document {
    order_id: Option<String>,
    /// What rested of the one order when it was last asked for; the venue's answer tells no amount.
    #[serde(serialize_with = "canceled_text")]
    canceled: Option<Qty>,
    all: bool,
    market: Option<String>,
    slug: Option<String>,
    orders: Vec<String>,
    not_canceled: BTreeMap<String, String>,
}

/// Cancels.
pub(super) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let order = args.order.as_ref().map(|order| order.as_str().parse::<OrderHash>()).transpose().map_err(|error| {
        CliError::usage(error.to_string())
            .hint("give the order's hash, as `brier order` and `brier portfolio` print it")
    })?;
    let venue = args.venue.polymarket()?;
    venue.demand_writes("cancel")?;
    let document = block_on(async {
        let client = venue.signed().await?;
        if let Some(hash) = order {
            let rested = client.order(hash).await?.map(|open| open.original_size.saturating_sub(open.size_matched));
            let reply = client.cancel_order(hash).await?;
            return Ok(Document::new(reply, Some(hash), rested, None));
        }
        let Some(name) = &args.market else {
            return Ok(Document::new(client.cancel_all().await?, None, None, None));
        };
        let found = find(&client, name.as_str()).await?;
        let token = found.outcome.map(|outcome| token_of(&found.listing, outcome));
        let reply = client.cancel_market(found.listing.condition, token).await?;
        Ok(Document::new(reply, None, None, Some(&found.listing)))
    })?;
    if let (Some(order), Some((_, reason))) = (&document.order_id, document.not_canceled.first_key_value()) {
        return Err(CliError::failure(format!("order {order} was not canceled: {reason}"))
            .hint("it may have filled: see `brier portfolio` and `brier fills`"));
    }
    output.either(&document, |output| document.print(output))?;
    Ok(if document.not_canceled.is_empty() { EXIT_OK } else { EXIT_FAILURE })
}

impl Document {
    fn new(reply: CancelReply, order: Option<OrderHash>, rested: Option<Qty>, market: Option<&Listing>) -> Self {
        Self {
            order_id: order.map(|hash| hash.to_string()),
            canceled: rested.filter(|_| !reply.canceled.is_empty()),
            all: order.is_none() && market.is_none(),
            market: market.map(|listing| listing.ticker.to_string()),
            slug: market.map(|listing| listing.slug.clone()).filter(|slug| !slug.is_empty()),
            orders: reply.canceled,
            not_canceled: reply.not_canceled,
        }
    }

    fn print(&self, output: &mut Output) -> Result<(), CliError> {
        match (&self.order_id, self.canceled, self.slug.as_ref().or(self.market.as_ref())) {
            (Some(order), Some(canceled), _) => {
                output.line(format_args!("canceled  {canceled} contracts of order {order}"))?;
            }
            (Some(order), None, _) => output.line(format_args!("canceled  order {order}"))?,
            (None, _, market) => {
                let of = market.map_or_else(String::new, |market| format!(" of {market}"));
                let count = counted(self.orders.len() as u64, "order", "orders");
                output.line(format_args!("canceled  {count}{of}"))?;
                for order in &self.orders {
                    output.line(format_args!("          {order}"))?;
                }
            }
        }
        for (order, reason) in &self.not_canceled {
            output.line(format_args!("remains   {order}: {reason}"))?;
        }
        Ok(())
    }
}
