//! Taking back every order of an account without an engine: for a run that ended otherwise than in peace, and for
//! `brier halt --cancel-all`.
//!
//! It asks the venue for "all", not for the orders that somebody knows of: whoever calls this does not trust what is known.

use std::path::Path;
use std::time::Duration;

use brier_types::Venue;

use crate::run::{KalshiAccess, PolymarketAccess};

/// How long one venue may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// What one venue said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// Which.
    pub venue: Venue,
    /// What is now true, or why nothing is known.
    pub said: Result<String, String>,
}

impl std::fmt::Display for TakenBack {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.said {
            Ok(text) => write!(out, "{}: {text}", self.venue),
            Err(problem) => write!(out, "{}: not canceled: {problem}", self.venue),
        }
    }
}

/// What is said of an exchange that lives in another process of this program, or in none.
const EMBEDDED: &str = "embedded: its orders are play money inside the run's own process";

/// Cancels every resting order of an account at Kalshi. `real_money` admits it at the production host.
pub async fn kalshi(access: KalshiAccess, real_money: bool, seed: u64) -> TakenBack {
    let work = async {
        let KalshiAccess::At { env, credentials } = access else { return Ok(EMBEDDED.to_owned()) };
        let config = brier_kalshi::Config { cancels_in_production: real_money, ..brier_kalshi::Config::new(seed) };
        let client = brier_kalshi::Client::new(env, Some(credentials), config).map_err(|error| error.to_string())?;
        client.cancel_all().await.map_err(|error| error.to_string())?;
        Ok("every resting order is canceled; orders placed within the next minute may go too".to_owned())
    };
    in_time(Venue::Kalshi, work).await
}

/// Cancels every resting order of an account at Polymarket. `real_money` admits it at the production host.
pub async fn polymarket(access: PolymarketAccess, credentials: &Path, real_money: bool, seed: u64) -> TakenBack {
    let work = async {
        let PolymarketAccess::At { env, wallet } = access else { return Ok(EMBEDDED.to_owned()) };
        let file = brier_polymarket::creds::CredsFile::at(credentials.to_owned(), &env);
        let config =
            brier_polymarket::Config { cancels_in_production: real_money, ..brier_polymarket::Config::new(seed) };
        let client = brier_polymarket::Client::new(env, Some(wallet), config).map_err(|error| error.to_string())?;
        client.ensure_credentials(&file, 0).await.map_err(|error| error.to_string())?;
        let reply = client.cancel_all().await.map_err(|error| error.to_string())?;
        match (reply.not_canceled.first_key_value(), reply.canceled.len()) {
            (None, 1) => Ok("canceled 1 order".to_owned()),
            (None, count) => Ok(format!("canceled {count} orders")),
            (Some((order, reason)), _) => Err(format!("order {order}: {reason}")),
        }
    };
    in_time(Venue::Polymarket, work).await
}

async fn in_time(venue: Venue, work: impl Future<Output = Result<String, String>>) -> TakenBack {
    let said = tokio::time::timeout(PATIENCE, work).await;
    TakenBack { venue, said: said.unwrap_or_else(|_late| Err(format!("no answer within {PATIENCE:?}"))) }
}
