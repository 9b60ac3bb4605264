//! The dead man's switch: without a beat for ten seconds the venue cancels every order of the API key.
//!
//! Invariants: nothing beats until asked to; each beat carries the id that the last one gave, and a wrong id is replaced by
//! the one that the venue names.
//!
//! Source: reference, section 7.5, 2026-11-20.

use std::time::Duration;

use brier_polymarket_protocol::clob::{HeartbeatRefusal, HeartbeatReply, HeartbeatRequest};
use brier_polymarket_protocol::errors::{CallKind, ErrorKind};
use reqwest::Method;

use super::HEARTBEATS;
use crate::client::Client;
use crate::error::PolymarketError;
use crate::request::Call;

/// A chain of heartbeats of one API key. Two chains of one key break each other.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    client: Client,
    id: String,
}

impl Heartbeat {
    /// How often to beat.
    pub const INTERVAL: Duration = Duration::from_secs(5);
    /// After this long without a beat orders are canceled.
    pub const DEADLINE: Duration = Duration::from_secs(10);

    /// A chain that has not begun. From the first [`Heartbeat::beat`] on the venue expects more.
    pub fn new(client: &Client) -> Self {
        Self { client: client.clone(), id: String::new() }
    }

    /// Beats once. A wrong id, for example of a program that ran before, is replaced and the beat repeated once.
    ///
    /// # Errors
    /// Those of a write.
    pub async fn beat(&mut self) -> Result<(), PolymarketError> {
        match self.send().await {
            Err(error) if error.error_kind() == Some(ErrorKind::InvalidHeartbeat) => {
                let expected = error.body().and_then(|body| serde_json::from_str::<HeartbeatRefusal>(body).ok());
                let Some(expected) = expected else { return Err(error) };
                self.id = expected.heartbeat_id;
                self.send().await
            }
            other => other,
        }
    }

    async fn send(&mut self) -> Result<(), PolymarketError> {
        let request = HeartbeatRequest { heartbeat_id: Some(self.id.clone()) };
        let call = Call::write("heartbeat", Method::POST, HEARTBEATS, CallKind::Idempotent).json(&request)?;
        self.id = self.client.json::<HeartbeatReply>(&call).await?.heartbeat_id;
        Ok(())
    }
}
