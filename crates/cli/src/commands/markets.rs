//! `brier markets`: what can be traded.

mod polymarket;

use brier_kalshi_protocol::rest::{Market, MarketStatusFilter, MarketsQuery};
use brier_types::{EventTicker, MarketTicker, Price, Qty, SeriesTicker};
use serde::Serialize;

use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, table};
use crate::venue::{VenueArgs, VenueWord, block_on};

/// List markets
///
/// Prices are YES prices in dollars, sizes and volume are contracts. A `-` means that there is no quote.
///
/// On Polymarket a market is named by slug, condition id or token id, volume is dollars, and the last column says which part a
/// market has in a negative-risk event: PLACEHOLDER is not to be traded, and OTHER narrows when an outcome is added.
/// Without a status, markets that have ended are left out.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// These markets only
    #[arg(value_name = "MARKET")]
    tickers: Vec<MarketTicker>,

    /// Where they are in their life: unopened, open, paused, closed or settled
    #[arg(long)]
    status: Option<MarketStatusFilter>,

    /// Markets of one series; Polymarket: Gamma's number of it
    #[arg(long, value_name = "TICKER")]
    series: Option<SeriesTicker>,

    /// Markets of one event; Polymarket: its slug
    #[arg(long, value_name = "TICKER")]
    event: Option<EventTicker>,

    /// List at most so many
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    venue: VenueArgs,
}

#[derive(Serialize)]
struct Document {
    /// Whether there are more than the limit.
    more: bool,
    markets: Vec<Market>,
}

/// Lists the markets.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    if args.venue.venue == VenueWord::Polymarket {
        return polymarket::run(args, output);
    }
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let client = args.venue.kalshi()?.client()?;
    let query = MarketsQuery {
        status: args.status,
        event_ticker: args.event.as_ref().map(ToString::to_string),
        series_ticker: args.series.as_ref().map(ToString::to_string),
        tickers: args.tickers.iter().map(ToString::to_string).collect(),
        ..MarketsQuery::default()
    };
    let mut markets = block_on(async {
        let mut pages = client.markets(query)?;
        let mut found = Vec::new();
        while found.len() <= limit
            && let Some(page) = pages.next().await?
        {
            found.extend(page);
        }
        Ok(found)
    })?;
    let more = markets.len() > limit;
    markets.truncate(limit);
    let document = Document { more, markets };
    output.either(&document, |output| {
        let rows = document.markets.iter().map(row);
        output.line(table(
            ["market", "status", "bid $>", "size>", "ask $>", "size>", "last $>", "volume>", "closes", "result"],
            rows,
        ))
    })?;
    if more {
        tracing::warn!(limit, "there are more markets; raise --limit to see them");
    }
    Ok(EXIT_OK)
}

fn row(market: &Market) -> [String; 10] {
    let [bid, bid_size] = quote(market.yes_bid_dollars, market.yes_bid_size_fp);
    let [ask, ask_size] = quote(market.yes_ask_dollars, market.yes_ask_size_fp);
    let last = market.last_price_dollars;
    [
        market.ticker.clone(),
        market.status.to_string(),
        bid,
        bid_size,
        ask,
        ask_size,
        if last.is_tradable() { last.to_string() } else { "-".to_owned() },
        market.volume_fp.to_string(),
        market.close_time.to_string(),
        market.result.to_string(),
    ]
}

/// A price of $0 or $1, or no size, stands for no quote.
fn quote(price: Price, size: Qty) -> [String; 2] {
    if price.is_tradable() && !size.is_zero() {
        [price.to_string(), size.to_string()]
    } else {
        ["-".to_owned(), "-".to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_quote_is_shown_as_none() {
        let price = |text: &str| text.parse().unwrap();
        assert_eq!(quote(price("0.41"), "5".parse().unwrap()), ["0.4100", "5.00"]);
        assert_eq!(quote(price("0"), "5".parse().unwrap()), ["-", "-"]);
        assert_eq!(quote(price("0.41"), Qty::ZERO), ["-", "-"]);
    }
}
