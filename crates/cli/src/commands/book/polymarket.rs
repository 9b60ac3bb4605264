//! `brier book --venue polymarket`: one book in YES terms, or one token's own.
//!
//! Source: reference (Polymarket), sections 7.4 and 8.2, 2026-11-20.

use brier_book::{Book, Level};
use brier_polymarket::Client;
use brier_polymarket::discovery::Listing;
use brier_polymarket_protocol::clob;
use brier_types::{BookSide, MarketStatus, Outcome};

use super::{Args, Document, LevelLine, TokenWord, text};
use crate::error::{CliError, EXIT_OK};
use crate::output::Output;
use crate::venue::block_on;
use crate::venue::polymarket::{find, listings, result_word, status_word, token_of};

/// Shows the book.
pub(super) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let client = args.venue.polymarket()?.public()?;
    let document = block_on(async {
        let found = find(&client, args.ticker.as_str()).await?;
        // Both tokens are one book; without a wish it is told by the YES token.
        let outcome = match (args.token, found.outcome) {
            (None | Some(TokenWord::Yes), _) => Outcome::Yes,
            (Some(TokenWord::No), _) => Outcome::No,
            (Some(TokenWord::Named), Some(outcome)) => outcome,
            (Some(TokenWord::Named), None) => {
                return Err(CliError::usage(format!("{} names a market, not one of its tokens", args.ticker))
                    .hint("say `--token=yes` or `--token=no`, or give a token id"));
            }
        };
        let token = token_of(&found.listing, outcome);
        let own = args.token.map(|_| token.to_string());
        let listing = with_fate(&client, found.listing).await?;
        let levels = match client.book(token).await {
            Ok(wire) => document(listing.ticker.as_str(), own, &wire, usize::from(args.depth))?,
            // The venue keeps no book of a market that has ended.
            Err(error) if error.status() == Some(404) && listing.status != MarketStatus::Active => {
                Document { token: own, ..empty(listing.ticker.as_str()) }
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Document {
            slug: Some(listing.slug).filter(|slug| !slug.is_empty()),
            status: Some(status_word(listing.status)),
            result: listing.result.map(result_word),
            ..levels
        })
    })?;
    output.either(&document, |output| {
        if let Some(fate) = fate(&document) {
            output.line(fate)?;
        }
        output.line(text(&document))
    })?;
    Ok(EXIT_OK)
}

/// The listing with what became of the market: the order book's own record says only that no orders are taken.
async fn with_fate(client: &Client, listing: Listing) -> Result<Listing, CliError> {
    if listing.accepting_orders || !listing.slug.is_empty() {
        return Ok(listing);
    }
    Ok(listings(client, &[listing.condition]).await?.remove(&listing.condition).unwrap_or(listing))
}

/// Says of a market that does not trade that it does not.
fn fate(document: &Document) -> Option<String> {
    let status = document.status.filter(|status| *status != status_word(MarketStatus::Active))?;
    let name = document.slug.as_ref().unwrap_or(&document.market);
    let result = document.result.as_ref().map_or_else(String::new, |result| format!(", result {result}"));
    Some(format!("{name} does not trade now: {status}{result}"))
}

fn empty(market: &str) -> Document {
    Document {
        market: market.to_owned(),
        slug: None,
        status: None,
        result: None,
        token: None,
        bids: Vec::new(),
        asks: Vec::new(),
    }
}

/// The levels of one token, best first.
fn document(market: &str, token: Option<String>, wire: &clob::Book, depth: usize) -> Result<Document, CliError> {
    let mut book = Book::new();
    let side = |side: BookSide, levels: &[clob::Level]| -> Vec<_> {
        levels.iter().filter(|level| !level.size.is_zero()).map(|level| (side, level.price, level.size)).collect()
    };
    let levels = [side(BookSide::Bid, &wire.bids), side(BookSide::Ask, &wire.asks)].concat();
    book.load(levels).map_err(|reason| {
        CliError::failure(format!("the book of {market} makes no sense: {reason}"))
            .hint("ask again; if it persists, report it")
    })?;
    let view = book.view_untrusted();
    let most = if depth == 0 { usize::MAX } else { depth };
    let side = |side| {
        let levels = view.levels(side).take(most);
        levels.map(|Level { price, qty }| LevelLine { price, contracts: qty }).collect()
    };
    Ok(Document { token, bids: side(BookSide::Bid), asks: side(BookSide::Ask), ..empty(market) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_level_comes_last_on_the_wire_and_first_here() {
        let level =
            |price: &str, size: &str| clob::Level { price: price.parse().unwrap(), size: size.parse().unwrap() };
        let wire = clob::Book {
            market: "0xc0".into(),
            asset_id: "71".into(),
            timestamp: brier_types::Timestamp::EPOCH,
            hash: String::new(),
            bids: vec![level("0.01", "500"), level("0.52", "100")],
            asks: vec![level("0.99", "400"), level("0.53", "50")],
            min_order_size: None,
            tick_size: None,
            neg_risk: None,
            last_trade_price: None,
        };
        let shown = text(&document("0xc0", None, &wire, 1).unwrap());
        assert_eq!(shown, "contracts   bid $   ask $  contracts\n   100.00  0.5200  0.5300      50.00");
        assert_eq!(document("0xc0", None, &wire, 0).unwrap().asks.len(), 2);
    }

    #[test]
    fn a_market_that_does_not_trade_is_told_from_one_that_nobody_trades() {
        let of = |status, result: Option<&str>| {
            let (slug, result) = (Some("rain".to_owned()), result.map(str::to_owned));
            Document { slug, status: Some(status), result, ..empty("0xc0") }
        };
        assert_eq!((fate(&of("active", None)), fate(&empty("0xc0"))), (None, None));
        let settled = of("finalized", Some("yes"));
        assert_eq!(fate(&settled).unwrap(), "rain does not trade now: finalized, result yes");
        assert_eq!(text(&settled), "rain: nobody bids and nobody asks");
    }
}
