//! The hash that names one state of one token's book, recomputed from the book as REST sends it.
//!
//! Invariants: every text is hashed as it was sent (`"5"` and `"5.0"` differ), so a book that was parsed into numbers and
//! written again need not agree; two books of one state and different `timestamp` have different hashes.
//!
//! It deliberately does not hash `book` events of a stream: they carry fewer keys than the hash needs.
//!
//! Source: reference, section 8.2, 2026-11-20; all 60 recorded books of 2026-03-11 agree, with exactly these ten keys.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};

/// One level as sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashLevel<'a> {
    /// Dollars, as text.
    #[serde(borrow)]
    pub price: Cow<'a, str>,
    /// Shares, as text.
    #[serde(borrow)]
    pub size: Cow<'a, str>,
}

impl<'a> HashLevel<'a> {
    /// A level of these two texts.
    pub const fn new(price: &'a str, size: &'a str) -> Self {
        Self { price: Cow::Borrowed(price), size: Cow::Borrowed(size) }
    }
}

/// The book as sent: the keys that are hashed, in the order in which they are hashed.
///
/// It reads straight from the JSON of `GET /book`; other keys are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashInput<'a> {
    /// Condition id.
    #[serde(borrow)]
    pub market: Cow<'a, str>,
    /// Token id.
    #[serde(borrow)]
    pub asset_id: Cow<'a, str>,
    /// Milliseconds, as text.
    #[serde(borrow)]
    pub timestamp: Cow<'a, str>,
    /// The hash as sent. It is hashed as `""`, whatever it is.
    #[serde(borrow, default)]
    pub hash: Cow<'a, str>,
    /// Bids in the order sent.
    #[serde(borrow)]
    pub bids: Vec<HashLevel<'a>>,
    /// Asks in the order sent.
    #[serde(borrow)]
    pub asks: Vec<HashLevel<'a>>,
    /// Shares, as text.
    #[serde(borrow)]
    pub min_order_size: Cow<'a, str>,
    /// Dollars, as text.
    #[serde(borrow)]
    pub tick_size: Cow<'a, str>,
    /// Whether the market is one of a negative-risk event.
    pub neg_risk: bool,
    /// Dollars, as text. `None` leaves the key out; a book without trades that has the key carries an empty text.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub last_trade_price: Option<Cow<'a, str>>,
}

impl HashInput<'_> {
    /// Whether the hash that was sent is the hash of the rest.
    pub fn agrees(&self) -> bool {
        hash(self) == self.hash
    }
}

/// The hash of a book: SHA-1 of its compact JSON with an empty `hash`, as 40 lower-case hex digits.
///
/// Source: reference, section 8.2.
pub fn hash(book: &HashInput<'_>) -> String {
    let mut digest = Sha1::new();
    let unnamed = HashInput { hash: Cow::Borrowed(""), ..book.clone() };
    let text = serde_json::to_string(&unnamed).expect("texts, lists and a flag always serialize");
    digest.update(text.as_bytes());
    digest.finalize().iter().fold(String::with_capacity(40), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a text cannot fail");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented book.
    const BOOK: &str = r#"{"market":"0xabababababababababababababababababababababababababababababababab",
        "asset_id":"71321045679252212594626385532706912750332728571942532289631379312455583992563",
        "timestamp":"1763600000000","hash":"46074fcd139c433a812251cefe117737e3509379",
        "bids":[{"price":"0.01","size":"500"},{"price":"0.52","size":"100"}],
        "asks":[{"price":"0.99","size":"400"},{"price":"0.53","size":"50"}],
        "min_order_size":"5","tick_size":"0.01","neg_risk":false,"last_trade_price":"0.53"}"#;

    #[test]
    fn the_documented_book_agrees_and_a_changed_one_does_not() {
        let mut book: HashInput<'_> = serde_json::from_str(BOOK).unwrap();
        assert_eq!(hash(&book), "46074fcd139c433a812251cefe117737e3509379");
        assert!(book.agrees());
        book.min_order_size = Cow::Borrowed("5.0");
        assert!(!book.agrees(), "texts are hashed as sent");
    }

    #[test]
    fn an_empty_last_price_differs_from_none() {
        let mut book: HashInput<'_> = serde_json::from_str(BOOK).unwrap();
        book.tick_size = Cow::Borrowed("0.001");
        book.neg_risk = true;
        book.last_trade_price = Some(Cow::Borrowed(""));
        assert_eq!(hash(&book), "4fa79a5a3e1e484a09783271aa34f163782c5c66");
        book.last_trade_price = None;
        assert_ne!(hash(&book), "4fa79a5a3e1e484a09783271aa34f163782c5c66");
    }
}
