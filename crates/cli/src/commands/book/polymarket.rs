//! `brier book --venue polymarket`: one book in YES terms, or one token's own.
//!
//! Source: reference (Polymarket), sections 7.4 and 8.2, 2026-11-20.

use brier_book::{Book, Level};
use brier_polymarket_protocol::clob;
use brier_types::{BookSide, Outcome};

use super::{Args, Document, LevelLine, TokenWord, text};
use crate::error::{CliError, EXIT_OK};
use crate::output::Output;
use crate::venue::block_on;
use crate::venue::polymarket::{find, token_of};

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
        let wire = client.book(token).await?;
        let own = args.token.map(|_| token.to_string());
        document(found.listing.ticker.as_str(), own, &wire, usize::from(args.depth))
    })?;
    output.either(&document, |output| output.line(text(&document)))?;
    Ok(EXIT_OK)
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
    Ok(Document { market: market.to_owned(), token, bids: side(BookSide::Bid), asks: side(BookSide::Ask) })
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
}
