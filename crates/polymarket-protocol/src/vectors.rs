//! Checks files of signed examples (format `polymarket-vectors/1`): each vector's input goes through this crate, and what
//! comes out is compared with the vector's output, field by field.
//!
//! Invariants: a vector passes only if every field of its output was reproduced; a kind that is not known fails; numbers are
//! read as decimal text. Texts agree byte for byte, addresses whatever their case, and `fee_adjust` within 1e-9: the only
//! answers that the clients compute with floats.
//!
//! It deliberately does not do what a client does where its floats go wrong: an output is what is right, and a vector lists
//! under `differs` what was not.
//!
//! Source: reference, section 18, 2026-11-20.

mod access;
mod amounts;
mod bodies;
mod decimal;
mod orders;
mod wallets;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::wire;

/// The format that is read.
pub const FORMAT: &str = "polymarket-vectors/1";

/// A file that cannot be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum VectorsError {
    /// It is no such JSON.
    #[error("expected a JSON document of the format {FORMAT}: {0}")]
    Json(#[from] serde_json::Error),
    /// It is of another format.
    #[error("expected the format {FORMAT}, found `{found}`")]
    Format {
        /// Its format, cut to 64 characters.
        found: String,
    },
    /// It holds nothing to check.
    #[error("expected at least one vector, found none")]
    Empty,
}

/// A field that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Where in the vector.
    pub field: String,
    /// What the vector says.
    pub expected: String,
    /// What came out.
    pub found: String,
}

/// What became of one vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The vector's name, or its place in the file.
    pub id: String,
    /// What it is an example of.
    pub kind: String,
    /// What differs: nothing if it passed.
    pub mismatches: Vec<Mismatch>,
}

impl Outcome {
    /// Whether the vector's output was reproduced.
    pub const fn passed(&self) -> bool {
        self.mismatches.is_empty()
    }
}

#[derive(Deserialize)]
struct File<'a> {
    format: String,
    #[serde(borrow)]
    vectors: Vec<&'a RawValue>,
}

/// One example.
#[derive(Clone, Copy, Deserialize)]
struct Vector<'a> {
    id: &'a str,
    kind: &'a str,
    #[serde(borrow)]
    input: &'a RawValue,
    #[serde(borrow)]
    output: &'a RawValue,
    #[serde(default)]
    produced_by: &'a str,
}

/// The vectors of a file by name: some refer to others.
type ById<'a> = BTreeMap<&'a str, Vector<'a>>;

/// Why a vector's input leads to nothing.
#[derive(Debug)]
struct Unusable {
    /// Where.
    field: String,
    /// What was expected.
    expected: String,
    /// What was found.
    found: String,
}

impl Unusable {
    fn new(field: &str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { field: field.to_owned(), expected: expected.into(), found: found.into() }
    }
}

impl From<serde_json::Error> for Unusable {
    fn from(error: serde_json::Error) -> Self {
        Self::new("input", "the members of its kind", error.to_string())
    }
}

/// Checks every vector of a file.
///
/// # Errors
/// [`VectorsError`] if the text is no file of vectors, or holds none.
pub fn run(text: &str) -> Result<Vec<Outcome>, VectorsError> {
    let file: File<'_> = serde_json::from_str(text)?;
    if file.format != FORMAT {
        return Err(VectorsError::Format { found: file.format.chars().take(64).collect() });
    }
    if file.vectors.is_empty() {
        return Err(VectorsError::Empty);
    }
    let vectors: Vec<_> = file.vectors.iter().map(|raw| serde_json::from_str::<Vector<'_>>(raw.get())).collect();
    let by_id = vectors.iter().flatten().map(|vector| (vector.id, *vector)).collect();
    Ok(vectors.iter().enumerate().map(|(index, vector)| outcome(index, vector.as_ref(), &by_id)).collect())
}

fn outcome(index: usize, vector: Result<&Vector<'_>, &serde_json::Error>, by_id: &ById<'_>) -> Outcome {
    let vector = match vector {
        Ok(vector) => vector,
        Err(error) => {
            let mismatch = Mismatch {
                field: "vector".to_owned(),
                expected: "id, kind, input and output".to_owned(),
                found: error.to_string(),
            };
            return Outcome {
                id: format!("vector {}", index + 1),
                kind: "unknown".to_owned(),
                mismatches: vec![mismatch],
            };
        }
    };
    let mut mismatches = Vec::new();
    match (produce(vector, by_id), serde_json::from_str::<Value>(vector.output.get())) {
        (Ok(found), Ok(expected)) => compare("output", &expected, Some(&found), vector.kind, &mut mismatches),
        (Err(unusable), _) => {
            mismatches.push(Mismatch { field: unusable.field, expected: unusable.expected, found: unusable.found });
        }
        (Ok(_), Err(error)) => mismatches.push(Mismatch {
            field: "output".to_owned(),
            expected: "JSON".to_owned(),
            found: error.to_string(),
        }),
    }
    Outcome { id: vector.id.to_owned(), kind: vector.kind.to_owned(), mismatches }
}

/// What this crate makes of a vector's input.
fn produce(vector: &Vector<'_>, by_id: &ById<'_>) -> Result<Value, Unusable> {
    match vector.kind {
        "l1_auth" => access::l1_auth(vector),
        "l2_hmac" => access::l2_hmac(vector),
        "builder_hmac" => access::builder_hmac(vector),
        "us_ed25519" => access::us_ed25519(vector),
        "order_v1" | "market_order_v1" | "order_v2" | "market_order_v2" | "order_v3" | "market_order_v3" => {
            orders::order(vector)
        }
        "post_order_request" => bodies::post_order_request(vector, by_id),
        "limit_amounts" | "market_amounts" => amounts::amounts(vector),
        "market_price" => amounts::market_price(vector),
        "fee_adjust" => amounts::fee_adjust(vector),
        "book_hash" => wallets::book_hash(vector),
        "wallet_derivation" => wallets::wallet_derivation(vector),
        "safe_tx" => wallets::safe_tx(vector),
        "deposit_wallet_batch" => wallets::deposit_wallet_batch(vector),
        kind => Err(Unusable::new("kind", format!("a kind of {FORMAT}"), format!("`{kind}`, which is not known"))),
    }
}

/// Notes every part of `expected` that `found` does not have.
fn compare(field: &str, expected: &Value, found: Option<&Value>, kind: &str, mismatches: &mut Vec<Mismatch>) {
    let agrees = match (expected, found) {
        (Value::Object(members), Some(Value::Object(_)) | None) if !members.is_empty() => {
            for (name, expected) in members {
                let found = found.and_then(|found| found.get(name));
                compare(&format!("{field}.{name}"), expected, found, kind, mismatches);
            }
            return;
        }
        (Value::String(expected), Some(Value::String(found))) => {
            expected == found || (is_address(expected) && expected.eq_ignore_ascii_case(found))
        }
        (Value::Number(expected), Some(Value::Number(found))) => {
            expected == found || (kind == "fee_adjust" && are_close(&expected.to_string(), &found.to_string()))
        }
        (expected, Some(found)) => expected == found,
        (_, None) => false,
    };
    if !agrees {
        let shown = |value: Option<&Value>| match value {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => "nothing".to_owned(),
        };
        mismatches.push(Mismatch { field: field.to_owned(), expected: shown(Some(expected)), found: shown(found) });
    }
}

fn is_address(text: &str) -> bool {
    text.len() == 42 && text.starts_with("0x")
}

/// Whether two numbers are within 1e-9 of each other.
fn are_close(left: &str, right: &str) -> bool {
    let read = |text| wire::decimal(text, 10, wire::Surplus::Round);
    matches!((read(left), read(right)), (Some(left), Some(right)) if left.abs_diff(right) <= 10)
}
