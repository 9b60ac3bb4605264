//! One participant at Polymarket: an ordinary outside client with a wallet key, API credentials, and the two streams.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use brier_book::{BookSet, SequencePolicy};
use brier_polymarket::discovery::Listing;
use brier_polymarket::keys::Wallet;
use brier_polymarket::stream::{
    Action, LinkConfig, Machine, MarketConfig, MarketSession, Notice, Stream, StreamConfig, StreamItem, Token,
    UserSession,
};
use brier_polymarket::{Client, Config, Env};
use brier_polymarket_protocol::auth::WalletKey;
use brier_polymarket_protocol::convert::{self, TokenMap};
use brier_polymarket_protocol::ids::{ConditionId, SignatureType};
use brier_polymarket_protocol::stream::command::{PING, PONG, StreamAuth};
use brier_types::{FillStatus, Input, MarketTicker, Money, SignedQty, TradeId};

use super::super::bot::Account;
use super::super::run::Chance;

/// How long the exchange may take to say what it has to say. It runs in this process: longer means that it is stuck.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often it is asked whether a ping was answered.
const POLL: Duration = Duration::from_millis(2);

/// A client of the venue's REST APIs.
pub(super) struct Party {
    pub(super) client: Client,
}

impl Party {
    /// A client with a wallet of its own. Its key follows from the seed, as hashes of orders follow from the key; it holds
    /// play money on the embedded exchange and nothing anywhere else.
    pub(super) fn new(env: &Env, chance: &mut Chance) -> anyhow::Result<Self> {
        let mut bytes = [0_u8; 32];
        for part in bytes.chunks_exact_mut(8) {
            part.copy_from_slice(&chance.below(u64::MAX).to_be_bytes());
        }
        let wallet = Wallet::new(WalletKey::from_bytes(&bytes)?, SignatureType::Eoa, None)?;
        Ok(Self { client: Client::new(env.clone(), Some(wallet), Config::new(1))? })
    }

    /// The address that holds its money.
    pub(super) fn address(&self) -> alloy_primitives::Address {
        self.client.wallet().expect("it was made with one").funder()
    }

    /// The markets as Gamma lists them, in the order asked for.
    pub(super) async fn discover(&self, conditions: &[ConditionId]) -> anyhow::Result<Vec<Listing>> {
        let found = self.client.listings(conditions).await?;
        ensure!(found.unlisted.is_empty(), "Gamma lists a market that cannot be read: {:?}", found.unlisted);
        let listing = |condition: &ConditionId| {
            let listing = found.listings.iter().find(|listing| listing.condition == *condition);
            listing.cloned().with_context(|| format!("Gamma does not list {condition}"))
        };
        conditions.iter().map(listing).collect()
    }
}

/// What the streams need to know of a market.
fn named(listing: &Listing) -> convert::Listing {
    convert::Listing { market: listing.ticker.clone(), yes: listing.yes.to_string(), no: listing.no.to_string() }
}

/// The streams of a participant, and what it heard.
pub(super) struct Ears {
    market: Stream<MarketSession>,
    user: Stream<UserSession>,
    pub(super) books: BookSet,
    /// How far each of our matches is.
    pub(super) matches: BTreeMap<TradeId, FillStatus>,
}

impl Ears {
    /// Connects both streams for these markets.
    pub(super) async fn open(client: &Client, listings: &[Listing]) -> anyhow::Result<Self> {
        let hosts = client.env().hosts();
        let creds = client.credentials().context("no API credentials")?;
        let auth = StreamAuth {
            api_key: creds.key().to_owned(),
            secret: creds.secret().expose().to_owned(),
            passphrase: creds.expose_passphrase().to_owned(),
        };
        let (mut tokens, mut books) = (TokenMap::new(), BookSet::new(SequencePolicy::Increasing));
        for listing in listings {
            tokens.insert(named(listing));
            books.add(&listing.ticker);
        }
        let user = UserSession::new(LinkConfig::new(1), auth, Vec::new(), tokens);
        let user = Stream::open(user, StreamConfig::new(hosts.ws_user))?;
        let fees: Vec<_> = listings.iter().map(|listing| (named(listing), listing.fees)).collect();
        let told = user.with(move |session, _now, _out| {
            for (listing, fees) in fees {
                session.account_mut().list(listing, fees);
            }
        });
        told.await.context("the user stream ended")?;
        let market = MarketSession::new(MarketConfig::new(1), listings.iter().map(named).collect());
        let market = Stream::open(market, StreamConfig::new(hosts.ws_market))?;
        let mut ears = Self { market, user, books, matches: BTreeMap::new() };
        ears.await_user().await?;
        Ok(ears)
    }

    /// Waits until the account's stream is subscribed, as what happened before it would not tell: until it is connected,
    /// and the exchange has answered a ping that was sent after the subscription.
    async fn await_user(&mut self) -> anyhow::Result<()> {
        loop {
            match next(&mut self.user).await? {
                StreamItem::Notice(Notice::NeedsReconcile { .. }) => break,
                StreamItem::Notice(notice) => expect_harmless(&notice)?,
                StreamItem::Input(_) | StreamItem::Price(_) => {}
            }
        }
        let ping = |_session: &mut UserSession, _now, out: &mut Vec<Action>| out.push(Action::Send(PING.to_owned()));
        self.user.with(ping).await.context("the user stream ended")?;
        let answered = async {
            while !self.user.stats().await.context("the user stream ended")?.frames.contains_key(PONG) {
                tokio::time::sleep(POLL).await;
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, answered).await.context("the user stream does not answer a ping")?
    }

    /// Listens to the market stream until `enough` holds for the market's book, or the exchange has nothing more to say.
    /// Returns whether it holds.
    pub(super) async fn await_book(
        &mut self,
        market: &MarketTicker,
        enough: impl Fn(&brier_book::Book) -> bool,
    ) -> anyhow::Result<bool> {
        loop {
            if self.books.book_of(market.as_str()).is_some_and(&enough) {
                return Ok(true);
            }
            let Ok(item) = tokio::time::timeout(PATIENCE, next(&mut self.market)).await else { return Ok(false) };
            match item? {
                StreamItem::Input(input) => match input.body {
                    Input::Book(book) => {
                        let lost = self.books.apply(&book).lost;
                        ensure!(lost.is_none(), "a book was lost: {lost:?}");
                    }
                    Input::BookLost(loss) => self.books.lose(&loss),
                    _ => {}
                },
                StreamItem::Notice(notice) => expect_harmless(&notice)?,
                StreamItem::Price(_) => {}
            }
        }
    }

    /// Listens to the user stream until every match stands where `wanted` says.
    pub(super) async fn await_matches(
        &mut self,
        wanted: &BTreeMap<TradeId, FillStatus>,
        account: &mut Account,
    ) -> anyhow::Result<()> {
        while wanted.iter().any(|(trade, status)| self.matches.get(trade) != Some(status)) {
            let item = tokio::time::timeout(PATIENCE, next(&mut self.user)).await;
            let item = item.with_context(|| {
                format!("the user stream does not say what REST says of our matches: {:?} / {wanted:?}", self.matches)
            })?;
            match item? {
                StreamItem::Input(input) => self.take(&input.body, account)?,
                StreamItem::Notice(notice) => expect_harmless(&notice)?,
                StreamItem::Price(_) => {}
            }
        }
        Ok(())
    }

    fn take(&mut self, input: &Input, account: &mut Account) -> anyhow::Result<()> {
        match input {
            Input::Fill(fill) => {
                self.matches.insert(fill.trade.clone(), FillStatus::Matched);
                account.fill(fill)
            }
            Input::FillStatus(update) => {
                self.matches.insert(update.trade.clone(), update.status);
                if update.status == FillStatus::Failed { account.undo(update) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// Whether a match may still fail.
    pub(super) fn is_provisional(&self) -> bool {
        self.matches.values().any(|status| !status.is_final())
    }

    /// How many matches have failed.
    pub(super) fn failed(&self) -> usize {
        self.matches.values().filter(|status| **status == FillStatus::Failed).count()
    }

    /// What the connector's own books say: cash of all trades that did not fail, fees taken off.
    pub(super) async fn cash(&self) -> anyhow::Result<Money> {
        let totals = self.user.with(|session, _now, _out| session.account().trades().totals()).await;
        Ok(totals.context("the user stream ended")?.context("cash out of range")?.0)
    }

    /// What they say of an outcome's shares.
    pub(super) async fn shares(&self, market: &MarketTicker, is_no: bool) -> anyhow::Result<SignedQty> {
        let token = Token { market: market.clone(), is_no };
        let view = self.user.with(move |session, _now, _out| session.account().trades().token(&token)).await;
        Ok(view.context("the user stream ended")?.context("shares out of range")?.confirmed.position)
    }
}

async fn next<M: Machine + 'static>(stream: &mut Stream<M>) -> anyhow::Result<StreamItem> {
    stream.next().await?.context("a stream ended")
}

/// In one process on loopback nothing may go missing: if it does, the demo's figures are worth nothing.
fn expect_harmless(notice: &Notice) -> anyhow::Result<()> {
    match notice {
        Notice::Connected | Notice::NewMarket(_) | Notice::NeedsReconcile { .. } | Notice::NoSnapshot { .. } => Ok(()),
        Notice::Disconnected { .. }
        | Notice::UnknownFrame { .. }
        | Notice::Unreadable { .. }
        | Notice::Overflow { .. } => bail!("a stream is not whole: {notice:?}"),
    }
}
