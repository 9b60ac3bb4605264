//! Tests of the crate as its users see it.

mod changed;
mod classes;
mod corpus;
mod files;
mod index;
mod listings;
mod properties;
mod standing;
mod venue;

use brier_pairing::{Listing, Verdict, read, verdict};
use brier_types::Venue;

/// A Kalshi listing with a ticker and a title.
fn kalshi(ticker: &str, title: &str) -> Listing {
    Listing::new(Venue::Kalshi, ticker, title)
}

/// A Polymarket listing of Yes and No.
fn polymarket(question: &str) -> Listing {
    Listing { outcomes: vec!["Yes".to_owned(), "No".to_owned()], ..Listing::new(Venue::Polymarket, "0x1", question) }
}

/// The verdict about two listings.
fn judge(first: &Listing, second: &Listing) -> Verdict {
    verdict(&read(first.clone()), &read(second.clone()))
}

/// The name of the verdict about two titles.
fn titles(first: &str, second: &str) -> &'static str {
    judge(&kalshi("KXANY", first), &polymarket(second)).name()
}
