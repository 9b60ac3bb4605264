//! API keys and what an account may do.
//!
//! Source: reference, section 3.3, 2026-11-20.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::wire;

/// `POST /auth/api-key` and `GET /auth/derive-api-key`. `Debug` shows the key only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyReply {
    /// The key, a UUID.
    #[serde(rename = "apiKey")]
    pub api_key: String,
    /// The secret, base64.
    pub secret: String,
    /// The passphrase.
    pub passphrase: String,
}

/// `GET /auth/api-keys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeysReply {
    /// The keys.
    #[serde(with = "wire::or_default", rename = "apiKeys", default)]
    pub api_keys: Vec<String>,
}

/// `POST /auth/readonly-api-key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadonlyApiKeyReply {
    /// The key.
    #[serde(rename = "apiKey")]
    pub api_key: String,
}

/// `GET /auth/readonly-api-keys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadonlyApiKeysReply {
    /// The keys.
    #[serde(with = "wire::or_default", rename = "readonlyApiKeys", default)]
    pub readonly_api_keys: Vec<String>,
}

/// `DELETE /auth/readonly-api-key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteKeyRequest {
    /// The key.
    pub key: String,
}

/// `POST /auth/builder-api-key`. `Debug` shows the key only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuilderApiKeyReply {
    /// The key.
    pub key: String,
    /// The secret, base64.
    pub secret: String,
    /// The passphrase.
    pub passphrase: String,
}

/// `GET /auth/builder-api-key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuilderApiKeyEntry {
    /// The key.
    pub key: String,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
}

/// `GET /auth/ban-status/closed-only`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedOnlyReply {
    /// Whether the account may only shrink its positions.
    pub closed_only: bool,
}

/// `GET /fees/builder-fees/{code}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuilderFees {
    /// Hundredths of a percent of a maker's notional.
    pub builder_maker_fee_rate_bps: u32,
    /// Hundredths of a percent of a taker's notional.
    pub builder_taker_fee_rate_bps: u32,
}

impl fmt::Debug for ApiKeyReply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ApiKeyReply").field("api_key", &self.api_key).finish_non_exhaustive()
    }
}

impl fmt::Debug for BuilderApiKeyReply {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("BuilderApiKeyReply").field("key", &self.key).finish_non_exhaustive()
    }
}
