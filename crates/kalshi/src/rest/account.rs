//! The account's rate limits, and the token costs of operations.
//!
//! Source: reference section 5, 2026-11-20.

use brier_kalshi_protocol::rest::{GetAccountApiLimitsResponse, GetAccountEndpointCostsResponse, Operation};

use crate::client::Client;
use crate::error::KalshiError;
use crate::request::Call;

impl Client {
    /// The account's tier and the size of its buckets. Asking is all: see [`Client::adopt_limits`].
    ///
    /// # Errors
    /// Those of a read.
    pub async fn account_limits(&self) -> Result<GetAccountApiLimitsResponse, KalshiError> {
        self.json(&Call::new("read limits", Operation::GetAccountLimits, &[])?).await
    }

    /// What operations cost where it is not the default.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn endpoint_costs(&self) -> Result<GetAccountEndpointCostsResponse, KalshiError> {
        self.json(&Call::new("read endpoint costs", Operation::GetAccountEndpointCosts, &[])?).await
    }

    /// Asks for limits and costs and follows them from now on. Call it once after connecting; until then the lowest
    /// tier's buckets and the documented costs hold.
    ///
    /// # Errors
    /// Those of a read.
    pub async fn adopt_limits(&self) -> Result<GetAccountApiLimitsResponse, KalshiError> {
        let limits = self.account_limits().await?;
        let costs = self.endpoint_costs().await?;
        let (read, write) = (limits.read, limits.write);
        self.limiter().with(|buckets, now| {
            buckets.configure(
                now,
                (read.bucket_capacity, read.refill_rate),
                (write.bucket_capacity, write.refill_rate),
            );
        });
        self.adopt_costs(costs);
        Ok(limits)
    }
}
