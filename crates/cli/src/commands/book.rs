//! `brier book`: one market's order book, in YES terms.

mod polymarket;

use brier_book::{Book, Level};
use brier_kalshi_protocol::rest::OrderbookCountFp;
use brier_kalshi_protocol::stream::yes_terms;
use brier_types::{BookSide, MarketTicker, Outcome, Price, Qty};
use serde::Serialize;

use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, as_text, table};
use crate::venue::{VenueArgs, VenueWord, block_on};

/// Show the order book of a market
///
/// In YES terms, best first: a bid for NO at p is an ask for YES at 1 - p. Prices are dollars, sizes contracts.
///
/// On Polymarket a market is named by slug, condition id or token id; either token's name gives the one book.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The market
    #[arg(value_name = "MARKET")]
    ticker: MarketTicker,

    /// Levels of each side; 0 shows all
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u8).range(0..=100))]
    depth: u8,

    /// One token's own book, for Polymarket: the one that was named, or `--token=yes`, `--token=no`
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "named")]
    token: Option<TokenWord>,

    #[command(flatten)]
    venue: VenueArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum TokenWord {
    Yes,
    No,
    Named,
}

#[derive(Serialize)]
struct Document {
    market: String,
    /// What a person calls it, where that is not the market's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    slug: Option<String>,
    /// Where the market is in its life, on a venue whose book does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<String>,
    /// The token whose own book this is; absent for the one book in YES terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    bids: Vec<LevelLine>,
    asks: Vec<LevelLine>,
}

#[derive(Serialize)]
struct LevelLine {
    #[serde(serialize_with = "as_text")]
    price: Price,
    #[serde(serialize_with = "as_text")]
    contracts: Qty,
}

/// Shows the book.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    if args.venue.venue == VenueWord::Polymarket {
        return polymarket::run(args, output);
    }
    if args.token.is_some() {
        return Err(CliError::usage("--token is for a venue with tokens").hint("say `--venue polymarket`"));
    }
    let client = args.venue.kalshi()?.client()?;
    let depth = (args.depth > 0).then_some(u32::from(args.depth));
    let wire = block_on(async { Ok(client.orderbook(&args.ticker, depth).await?) })?;
    let document = document(args.ticker.as_str(), &wire)?;
    output.either(&document, |output| output.line(text(&document)))?;
    Ok(EXIT_OK)
}

/// The venue's two ladders of bids as one book.
fn document(market: &str, wire: &OrderbookCountFp) -> Result<Document, CliError> {
    let level = |outcome: Outcome| {
        move |(price, qty): &(Price, Qty)| {
            let (side, price) = yes_terms(outcome, *price, false);
            (side, price, *qty)
        }
    };
    let mut book = Book::new();
    let yes = wire.yes_dollars.iter().map(level(Outcome::Yes));
    book.load(yes.chain(wire.no_dollars.iter().map(level(Outcome::No)))).map_err(|reason| {
        CliError::failure(format!("the book of {market} makes no sense: {reason}"))
            .hint("ask again; if it persists, report it")
    })?;
    // Shown as the venue told it, crossed or not.
    let view = book.view_untrusted();
    let side = |side| view.levels(side).map(|Level { price, qty }| LevelLine { price, contracts: qty }).collect();
    Ok(Document {
        market: market.to_owned(),
        slug: None,
        status: None,
        result: None,
        token: None,
        bids: side(BookSide::Bid),
        asks: side(BookSide::Ask),
    })
}

fn text(document: &Document) -> String {
    let cell = |level: Option<&LevelLine>, pick: fn(&LevelLine) -> String| level.map_or_else(String::new, pick);
    let rows = (0..document.bids.len().max(document.asks.len())).map(|row| {
        let (bid, ask) = (document.bids.get(row), document.asks.get(row));
        [
            cell(bid, |level| level.contracts.to_string()),
            cell(bid, |level| level.price.to_string()),
            cell(ask, |level| level.price.to_string()),
            cell(ask, |level| level.contracts.to_string()),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        let name = document.slug.as_ref().unwrap_or(&document.market);
        return format!("{name}: nobody bids and nobody asks");
    }
    table(["contracts>", "bid $>", "ask $>", "contracts>"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bid_for_no_is_an_ask_for_yes_and_the_best_come_first() {
        let level = |price: &str, qty: &str| (price.parse().unwrap(), qty.parse().unwrap());
        let wire = OrderbookCountFp {
            yes_dollars: vec![level("0.40", "120"), level("0.41", "35.5")],
            no_dollars: vec![level("0.55", "80")],
        };
        let shown = text(&document("KXA-1", &wire).unwrap());
        assert_eq!(
            shown,
            "contracts   bid $   ask $  contracts\n    35.50  0.4100  0.4500      80.00\n   120.00  0.4000"
        );
        let empty = OrderbookCountFp { yes_dollars: vec![], no_dollars: vec![] };
        assert_eq!(text(&document("KXA-1", &empty).unwrap()), "KXA-1: nobody bids and nobody asks");
    }
}
