//! One participant of the demo: an ordinary outside client with a key, signed REST calls and a WebSocket.

use std::time::Duration;

use anyhow::{Context as _, bail};
use brier_exchange::{Admin, LimitsChange};
use brier_kalshi::keys::{Credentials, KeyKind};
use brier_kalshi::stream::{Control, Interest, MarketStream, Notice, StreamConfig, StreamItem};
use brier_kalshi::{Client, Config, Env};
use brier_kalshi_protocol::rest::BucketLimit;
use brier_types::{Input, Money};

/// How long the exchange may take to say that everything was said. It runs in this process: longer means that it is stuck.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A participant.
pub(crate) struct Party {
    pub(crate) client: Client,
    pub(crate) control: Control,
    stream: MarketStream,
    syncs: u64,
}

impl Party {
    /// Opens an account and listens.
    pub(crate) async fn join(
        admin: &Admin,
        env: &Env,
        name: &str,
        funds: Money,
        interest: &Interest,
    ) -> anyhow::Result<Self> {
        let client = join(admin, env, name, funds).await?;
        let (stream, control) = client.stream(interest, StreamConfig::new(1))?;
        let mut party = Self { client, control, stream, syncs: 0 };
        party.await_up().await?;
        Ok(party)
    }

    async fn next(&mut self) -> anyhow::Result<StreamItem> {
        let item = tokio::time::timeout(PATIENCE, self.stream.next()).await;
        item.context("the exchange went silent")??.context("the stream ended")
    }

    async fn await_up(&mut self) -> anyhow::Result<()> {
        loop {
            match self.next().await? {
                StreamItem::Input(input)
                    if matches!(input.body, Input::Connection(brier_types::ConnectionInput::Up { .. })) =>
                {
                    return Ok(());
                }
                StreamItem::Input(_) => {}
                StreamItem::Notice(notice) => self.expect_harmless(&notice)?,
            }
        }
    }

    /// Hands over everything the exchange has said so far, in order.
    pub(crate) async fn hear(&mut self, mut take: impl FnMut(Input) -> anyhow::Result<()>) -> anyhow::Result<()> {
        self.syncs += 1;
        self.control.sync(self.syncs).await;
        loop {
            match self.next().await? {
                StreamItem::Input(input) => take(input.body)?,
                StreamItem::Notice(Notice::Synced { token }) if token == self.syncs => return Ok(()),
                StreamItem::Notice(notice) => self.expect_harmless(&notice)?,
            }
        }
    }

    /// In one process on loopback nothing may go missing: if it does, the demo's figures are worth nothing.
    fn expect_harmless(&self, notice: &Notice) -> anyhow::Result<()> {
        match notice {
            Notice::Synced { .. } | Notice::NoSnapshot { .. } => Ok(()),
            Notice::Disconnected { .. }
            | Notice::Refused { .. }
            | Notice::Missed { .. }
            | Notice::UnknownFrame { .. }
            | Notice::Unreadable { .. }
            | Notice::Overflow { .. } => bail!("the stream of {:?} is not whole: {notice:?}", self.client),
        }
    }
}

/// Opens an account, funds it, and gives a client with its new key.
///
/// Its rate limit is set beyond what a demo needs: at sixty times the market's pace an ordinary one would bind.
pub(crate) async fn join(admin: &Admin, env: &Env, name: &str, funds: Money) -> anyhow::Result<Client> {
    let account = admin.create_account(name, KeyKind::Ed25519, None).await?;
    admin.fund(&account.user_id, funds).await?;
    let bucket = BucketLimit { refill_rate: 100_000_000, bucket_capacity: 1_000_000_000 };
    let limits = LimitsChange { tier: None, read: Some(bucket), write: Some(bucket) };
    admin.set_limits(&account.user_id, limits).await?;
    let pem = account.private_pem.context("the exchange made no private key")?;
    let credentials = Credentials::from_pem(&account.key_id, &pem)?;
    let client = Client::new(env.clone(), Some(credentials), Config::new(1))?;
    client.adopt_limits().await?;
    Ok(client)
}
