//! Who is asking: wallet keys, API credentials, and the headers they sign.
//!
//! Invariants: no secret is in an error, a debug print or left in memory when its owner is dropped; what was received is
//! compared with what should have been in constant time; the body of a request is hashed byte for byte as it is sent.
//! Not here: where keys are kept, and whether a time is recent (both the connector's and the exchange's).
//!
//! Source: reference, section 3, 2026-11-20.

mod creds;
mod key;
mod l1;
mod l2;
#[cfg(test)]
mod tests;

pub use creds::{ApiCreds, ApiSecret, CredsError};
pub use key::{EcdsaSignature, KeyError, RecoverError, WalletKey, recover};
pub use l1::{
    CLOB_AUTH_MESSAGE, L1Error, L1Headers, clob_auth_digest, clob_auth_domain_separator, l1_headers, verify_l1,
};
pub(crate) use l2::quoted;
pub use l2::{
    BuilderHeaders, L2_SIGNATURE_LEN, L2Headers, builder_headers, l2_headers, l2_message, l2_signature, verify_l2,
};

/// Address of the key that signs; never a proxy's, a Safe's or a deposit wallet's.
pub const ADDRESS_HEADER: &str = "POLY_ADDRESS";
/// The signature, of either level.
pub const SIGNATURE_HEADER: &str = "POLY_SIGNATURE";
/// Unix seconds in decimal digits.
pub const TIMESTAMP_HEADER: &str = "POLY_TIMESTAMP";
/// Which set of credentials of the address is meant.
pub const NONCE_HEADER: &str = "POLY_NONCE";
/// The API key.
pub const API_KEY_HEADER: &str = "POLY_API_KEY";
/// The passphrase as issued.
pub const PASSPHRASE_HEADER: &str = "POLY_PASSPHRASE";
/// The builder's API key.
pub const BUILDER_API_KEY_HEADER: &str = "POLY_BUILDER_API_KEY";
/// As [`TIMESTAMP_HEADER`], of a builder.
pub const BUILDER_TIMESTAMP_HEADER: &str = "POLY_BUILDER_TIMESTAMP";
/// As [`PASSPHRASE_HEADER`], of a builder.
pub const BUILDER_PASSPHRASE_HEADER: &str = "POLY_BUILDER_PASSPHRASE";
/// As [`SIGNATURE_HEADER`], of a builder.
pub const BUILDER_SIGNATURE_HEADER: &str = "POLY_BUILDER_SIGNATURE";
