//! `brier fills`: what was traded, at what price and fee.

pub(crate) mod polymarket;

use brier_kalshi_protocol::rest::{Fill, FillsQuery, OutcomeSide};
use brier_types::{MarketTicker, Money, VenueOrderId};
use serde::Serialize;

use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, as_text, counted, table};
use crate::venue::{VenueArgs, VenueWord, block_on};

/// Show your fills, newest first
///
/// Prices are YES prices in dollars, sizes contracts, fees dollars. `gains on` is the outcome the fill added to.
///
/// On Polymarket fees follow from each market's schedule. A status with a `*` is not final: such a fill can fail and be
/// undone. A failed one is listed and counts for nothing. `--json` names the trades.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Fills of one market
    #[arg(long, value_name = "MARKET")]
    market: Option<MarketTicker>,

    /// Fills of one order
    #[arg(long, value_name = "ORDER_ID")]
    order: Option<VenueOrderId>,

    /// Show at most so many
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    venue: VenueArgs,
}

#[derive(Serialize)]
struct Document {
    /// Whether there are more than the limit.
    more: bool,
    /// Fees of the fills shown, in dollars.
    #[serde(serialize_with = "as_text")]
    fees: Money,
    fills: Vec<Fill>,
}

/// Shows the fills.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    if args.venue.venue == VenueWord::Polymarket {
        return polymarket::run(args, output);
    }
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let client = args.venue.kalshi()?.client()?;
    let query = FillsQuery {
        ticker: args.market.iter().map(ToString::to_string).collect(),
        order_id: args.order.as_ref().map(ToString::to_string),
        ..FillsQuery::default()
    };
    let mut fills = block_on(async {
        let mut pages = client.fills(query)?;
        let mut found = Vec::new();
        while found.len() <= limit
            && let Some(page) = pages.next().await?
        {
            found.extend(page);
        }
        Ok(found)
    })?;
    let more = fills.len() > limit;
    fills.truncate(limit);
    let fees = fills.iter().try_fold(Money::ZERO, |sum, fill| sum.checked_add(fill.fee_cost)).ok_or_else(|| {
        CliError::failure("the fees of these fills do not fit 64 bits").hint("the venue's figures make no sense")
    })?;
    let document = Document { more, fees, fills };
    output.either(&document, |output| document.print(output))?;
    if more {
        tracing::warn!(limit, "there are more fills; raise --limit to see them");
    }
    Ok(EXIT_OK)
}

impl Document {
    fn print(&self, output: &mut Output) -> Result<(), CliError> {
        if self.fills.is_empty() {
            return output.line("no fills");
        }
        output.line(table(
            ["time", "market", "gains on", "contracts>", "YES price $>", "role", "fee $>", "order"],
            self.fills.iter().map(row),
        ))?;
        output.line(format_args!("\n{}, fees ${}", counted(self.fills.len() as u64, "fill", "fills"), self.fees))
    }
}

fn row(fill: &Fill) -> [String; 8] {
    let gains_on = match fill.outcome_side {
        OutcomeSide::Yes => "YES",
        OutcomeSide::No => "NO",
    };
    [
        fill.created_time.map_or_else(|| "-".to_owned(), |time| time.to_string()),
        fill.ticker.clone(),
        gains_on.to_owned(),
        fill.count_fp.to_string(),
        fill.yes_price_dollars.to_string(),
        if fill.is_taker { "taker" } else { "maker" }.to_owned(),
        fill.fee_cost.to_string(),
        fill.order_id.clone(),
    ]
}
