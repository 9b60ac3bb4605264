//! What a judge says about one case, in the form all judges share.

use std::collections::BTreeMap;

use serde::Deserialize;

/// HTTP headers by name.
pub(crate) type Headers = BTreeMap<String, String>;

/// A request that a judge signed, where it chose the request itself.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SignedRequest {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: String,
}

/// One judge's answer to one case.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    /// Base units after the SDK's own rounding.
    pub(crate) maker_amount: String,
    pub(crate) taker_amount: String,
    /// Over the order with those amounts.
    pub(crate) signature: String,
    /// Over the order with Brier's amounts.
    pub(crate) over_ours: String,
    /// The SDK's hash of the order with Brier's amounts, where it has a way to ask for it.
    pub(crate) order_hash: Option<String>,
    /// Headers signed by the wallet.
    pub(crate) l1: Headers,
    /// Headers signed by the API key.
    pub(crate) l2: Headers,
    /// What `l2` signs, if not the case's own request.
    pub(crate) l2_request: Option<SignedRequest>,
    /// Contract wallets derived from the key, by kind.
    pub(crate) wallets: Option<BTreeMap<String, String>>,
}

/// A line of a judge that runs as a process.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Line {
    /// It refused the case.
    Error { id: u64, error: String },
    /// The case is outside what it knows.
    Skipped { id: u64, skipped: String },
    /// It answered.
    Answer {
        id: u64,
        #[serde(flatten)]
        answer: Box<Answer>,
    },
}
