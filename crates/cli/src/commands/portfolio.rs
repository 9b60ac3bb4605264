//! `brier portfolio`: cash, positions and resting orders.

mod polymarket;

use brier_kalshi_protocol::rest::{
    BalanceQuery, GetBalanceResponse, MarketPosition, Order, OrderStatusFilter, OrdersQuery, PositionsQuery,
};
use brier_types::{Rounding, SignedQty};
use serde::Serialize;

use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, table};
use crate::venue::{VenueArgs, VenueWord, block_on};

/// Show cash, positions and resting orders
///
/// Money is dollars, positions are contracts of the outcome named, prices of orders are YES prices.
///
/// On Polymarket dollars are shown with what open orders and unsettled matches hold of them, and both tokens of a market.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    venue: VenueArgs,
}

#[derive(Serialize)]
struct Document {
    balance: GetBalanceResponse,
    positions: Vec<MarketPosition>,
    resting_orders: Vec<Order>,
}

/// Shows the portfolio.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    if args.venue.venue == VenueWord::Polymarket {
        return polymarket::run(args, output);
    }
    let client = args.venue.kalshi()?.client()?;
    let document = block_on(async {
        let balance = client.balance(&BalanceQuery::default()).await?;
        let held = PositionsQuery { count_filter: vec!["position".to_owned()], ..PositionsQuery::default() };
        let positions = client.positions(held).await?.markets;
        let resting = OrdersQuery { status: Some(OrderStatusFilter::Resting), ..OrdersQuery::default() };
        let resting_orders = client.orders(resting)?.all().await?;
        Ok(Document { balance, positions, resting_orders })
    })?;
    output.either(&document, |output| document.print(output))?;
    Ok(EXIT_OK)
}

impl Document {
    fn print(&self, output: &mut Output) -> Result<(), CliError> {
        output.line(format_args!("cash       ${}", self.balance.balance_dollars.to_dollars4(Rounding::Floor)))?;
        let value = brier_types::Money::from_cents(self.balance.portfolio_value).unwrap_or_default();
        output.line(format_args!("positions  ${} by the venue's valuation", value.to_dollars2(Rounding::Floor)))?;
        output.line("")?;
        if self.positions.is_empty() {
            output.line("no positions")?;
        } else {
            output.line(table(
                ["market", "holds>", "exposure $>", "realized $>", "fees $>"],
                self.positions.iter().map(position_row),
            ))?;
        }
        output.line("")?;
        if self.resting_orders.is_empty() {
            return output.line("no resting orders");
        }
        output.line(table(
            ["resting order", "client order id", "market", "side", "price $>", "rests>", "filled>"],
            self.resting_orders.iter().map(|order| {
                [
                    order.order_id.clone(),
                    order.client_order_id.clone(),
                    order.ticker.clone(),
                    order.book_side.to_string(),
                    order.yes_price_dollars.to_string(),
                    order.remaining_count_fp.to_string(),
                    order.fill_count_fp.to_string(),
                ]
            }),
        ))
    }
}

fn position_row(position: &MarketPosition) -> [String; 5] {
    [
        position.ticker.clone(),
        holding(position.position_fp),
        position.market_exposure_dollars.to_dollars4(Rounding::Ceil),
        position.realized_pnl_dollars.to_dollars4(Rounding::Floor),
        position.fees_paid_dollars.to_dollars4(Rounding::Ceil),
    ]
}

/// A signed position as contracts of an outcome.
fn holding(position: SignedQty) -> String {
    match position.micros().signum() {
        1 => format!("{} YES", position.yes()),
        -1 => format!("{} NO", position.no()),
        _ => "flat".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_shown_as_what_is_held() {
        let shown = |text: &str| holding(text.parse().unwrap());
        assert_eq!((shown("4"), shown("-2.5"), shown("0")), ("4.00 YES".into(), "2.50 NO".into(), "flat".into()));
    }
}
