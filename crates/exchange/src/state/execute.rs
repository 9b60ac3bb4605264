//! The one door through which the state changes: a record, at its time.

use std::sync::Arc;

use brier_kalshi_protocol::fees::BalancePrecision;
use brier_kalshi_protocol::rest::{Series, SeriesFeeChange};
use brier_matching::{AccountId, Command, MarketCommand, MarketId, Refusal, Reply};
use brier_types::{MarketStatus, Timestamp};

use super::project::Cause;
use super::{CatalogError, EventRow, MarketNames, MarketRow, Outcome, Refused, State, UserRow, catalog};
use crate::ids;
use crate::limits::Limits;
use crate::record::{MarketChange, Record};

impl State {
    /// Runs what is due up to `now`, one timer at a time, so that each thing that happens carries its own time.
    ///
    /// Returns whether anything was due.
    pub(crate) fn advance(&mut self, now: Timestamp) -> bool {
        let mut any = false;
        while let Some(due) = self.next_timer().filter(|due| *due <= now) {
            any = true;
            // A timer set for a moment that had passed rings at the time of the command before it.
            let at = due.max(self.exchange.now());
            self.apply(at, &Command::Tick, Cause::Clock).expect("time can always pass");
        }
        any
    }

    /// Applies one record at `now`, after everything that was due.
    ///
    /// # Errors
    /// [`Refused`] says why nothing was changed.
    pub(crate) fn execute(&mut self, now: Timestamp, record: &Record) -> Result<Outcome, Refused> {
        self.advance(now);
        let command = match record {
            // Moving the clock lets time pass, as a tick does.
            Record::Tick | Record::SetClock { .. } | Record::Polymarket(_) => Command::Tick,
            Record::Place(order) => {
                let result = self.apply(now, &Command::Place(order.clone()), Cause::Place(order));
                let spent = matches!(result, Ok(_) | Err(Refusal::FillOrKillVolume));
                if let (true, Some(id)) = (spent, &order.client_order_id) {
                    self.users[order.account.0 as usize].client_order_ids.insert(id.clone());
                }
                return Ok(Outcome::Reply(result?));
            }
            Record::Amend(amend) => {
                let reply = self.apply(now, &Command::Amend(amend.clone()), Cause::Amend(amend))?;
                if let Some(id) = &amend.new_client_order_id {
                    self.users[amend.account.0 as usize].client_order_ids.insert(id.clone());
                }
                return Ok(Outcome::Reply(reply));
            }
            Record::Decrease { account, order, by } => Command::Decrease { account: *account, order: *order, by: *by },
            Record::Cancel { account, order } => Command::Cancel { account: *account, order: *order },
            Record::CancelAll { account } => Command::CancelAll { account: *account },
            Record::CreateGroup { account, limit } => Command::CreateGroup { account: *account, limit: *limit },
            Record::ChangeGroup { account, group, change } => {
                Command::ChangeGroup { account: *account, group: *group, change: *change }
            }
            Record::Fund { account, amount } => Command::Fund { account: *account, amount: *amount },
            Record::SetActive { exchange, trading } => Command::SetActive { exchange: *exchange, trading: *trading },
            Record::ChangeMarket { market, change } => return self.change_market(now, *market, change),
            Record::ListMarket(market) => return self.list_market(now, market),
            // The name is for whoever reads the journal.
            Record::OpenUser { name: _ } => return self.open_user(now),
            Record::PutSeries(series) => {
                self.series.insert(series.ticker.clone(), (**series).clone());
                return Ok(Outcome::Kept);
            }
            Record::PutEvent(event) => return self.put_event(event),
            Record::ListSeries(series) => {
                self.put_series(now, series);
                return Ok(Outcome::Kept);
            }
            Record::ListEvent(event) => {
                self.put_event(event)?;
                self.charge_as_listed(now, |market| market.fixed.event_ticker == event.event_ticker);
                return Ok(Outcome::Kept);
            }
            Record::AddKey(key) => {
                self.keys.insert(key.key_id.clone(), key.clone());
                self.access_changed = true;
                return Ok(Outcome::Kept);
            }
            Record::RemoveKey { key_id } => {
                self.keys.remove(key_id);
                self.access_changed = true;
                return Ok(Outcome::Kept);
            }
            Record::SetLimits { account, limits } => {
                let user = self.users.get_mut(account.0 as usize).ok_or(Refusal::UnknownAccount)?;
                user.limits = limits.clone();
                self.access_changed = true;
                return Ok(Outcome::Kept);
            }
        };
        Ok(Outcome::Reply(self.apply(now, &command, Cause::Command)?))
    }

    /// Gives the core one command, and projects what it says happened.
    fn apply(&mut self, at: Timestamp, command: &Command, cause: Cause<'_>) -> Result<Reply, Refusal> {
        let mut events = std::mem::take(&mut self.scratch);
        let reply = self.exchange.apply(at, command, &mut events);
        for event in events.drain(..) {
            self.project(at, &event, cause);
        }
        self.scratch = events;
        self.conclude(at);
        reply
    }

    fn open_user(&mut self, now: Timestamp) -> Result<Outcome, Refused> {
        // Ordinary API accounts are "direct members" by what recordings show: reference section 10.2.
        let reply =
            self.apply(now, &Command::OpenAccount { precision: BalancePrecision::CentiCent }, Cause::Command)?;
        let account = AccountId(self.users.len() as u32);
        debug_assert_eq!(reply, Reply::Account(account), "users and the core's accounts are numbered alike");
        self.users.push(UserRow {
            id: ids::user_text(account).into(),
            limits: Limits::basic(),
            orders: Vec::new(),
            fills: Vec::new(),
            settlements: Vec::new(),
            groups: Vec::new(),
            markets: std::collections::BTreeMap::new(),
            client_order_ids: std::collections::HashSet::new(),
        });
        self.access_changed = true;
        Ok(Outcome::Reply(reply))
    }

    fn put_series(&mut self, now: Timestamp, series: &Series) {
        let fees = |series: &Series| (series.fee_type.clone(), series.fee_multiplier.clone());
        let before = self.series.insert(series.ticker.clone(), series.clone());
        if before.is_some_and(|before| fees(&before) != fees(series)) {
            self.series_fee_changes.push(SeriesFeeChange {
                id: format!("series-fee-change-{}", self.series_fee_changes.len() + 1),
                series_ticker: series.ticker.clone(),
                fee_type: series.fee_type.clone(),
                fee_multiplier: series.fee_multiplier.clone(),
                scheduled_ts: now,
            });
        }
        self.charge_as_listed(now, |market| market.series == series.ticker);
    }

    /// Lets open markets charge what their series and event say. Markets that are over keep what they charged.
    fn charge_as_listed(&mut self, now: Timestamp, which: impl Fn(&MarketRow) -> bool) {
        let listed = |market: &MarketRow| {
            let event = &self.events.get(&market.fixed.event_ticker)?.data;
            catalog::fees(self.series.get(&event.series_ticker)?, event).ok()
        };
        let changed = self.markets.iter().filter(|market| which(market)).filter_map(|market| {
            let (id, fees) = (market.names.id, listed(market)?);
            (self.exchange.market(id)?.fees != fees).then_some((id, fees))
        });
        for (market, fees) in changed.collect::<Vec<_>>() {
            let command = Command::ChangeMarket { market, change: MarketCommand::SetFees(fees) };
            if let Err(refusal) = self.apply(now, &command, Cause::Command) {
                tracing::debug!(?market, %refusal, "fees stay: nothing trades there any more");
            }
        }
    }

    fn put_event(&mut self, event: &brier_kalshi_protocol::rest::EventData) -> Result<Outcome, Refused> {
        match self.events.get_mut(&event.event_ticker) {
            Some(row) if row.data.series_ticker != event.series_ticker => {
                return Err(CatalogError::OtherSeries {
                    event: event.event_ticker.clone(),
                    series: row.data.series_ticker.clone(),
                    said: event.series_ticker.clone(),
                }
                .into());
            }
            Some(row) => row.data = event.clone(),
            None => {
                let row = EventRow { data: event.clone(), markets: Vec::new() };
                self.events.insert(event.event_ticker.clone(), row);
                self.say_event(event);
            }
        }
        Ok(Outcome::Kept)
    }

    fn list_market(
        &mut self,
        now: Timestamp,
        market: &brier_kalshi_protocol::rest::Market,
    ) -> Result<Outcome, Refused> {
        if self.tickers.contains_key(&market.ticker) {
            return Err(CatalogError::Taken(market.ticker.clone()).into());
        }
        let missing = |key| CatalogError::Missing { what: "market", key };
        let event = self.events.get(&market.event_ticker).ok_or(missing("event_ticker"))?;
        let series = self.series.get(&event.data.series_ticker).ok_or(missing("series_ticker"))?;
        let spec = catalog::spec(market, series, &event.data)?;
        let series = event.data.series_ticker.clone();
        let id = MarketId(self.markets.len() as u32);
        // The row is there before the core speaks of the market; it goes again if the core refuses.
        self.markets.push(MarketRow {
            names: Arc::new(MarketNames { id, ticker: market.ticker.clone(), uuid: ids::market_text(id) }),
            series,
            fixed: Box::new(market.clone()),
            updated: now,
            volume: brier_types::Qty::ZERO,
            dollar_volume: brier_types::Money::ZERO,
            last: None,
            trades: Vec::new(),
            candles: super::candles::Candles::default(),
            determined_at: None,
            settled_at: None,
            expiration_value: String::new(),
            published: None,
        });
        self.tickers.insert(market.ticker.clone(), id);
        match self.apply(now, &Command::CreateMarket(spec), Cause::Command) {
            Ok(reply) => {
                debug_assert_eq!(reply, Reply::Market(id), "markets are numbered as in the core");
                self.events.get_mut(&market.event_ticker).expect("found above").markets.push(id);
                Ok(Outcome::Reply(reply))
            }
            Err(refusal) => {
                self.markets.pop();
                self.tickers.remove(&market.ticker);
                Err(refusal.into())
            }
        }
    }

    fn change_market(&mut self, now: Timestamp, market: MarketId, change: &MarketChange) -> Result<Outcome, Refused> {
        let status = self.exchange.market(market).ok_or(Refusal::UnknownMarket)?.status;
        // Asking for what is already so is no error: the clock may have been faster.
        let already = match change {
            MarketChange::Open | MarketChange::Resume => status == MarketStatus::Active,
            MarketChange::Pause => status == MarketStatus::Inactive,
            MarketChange::Close => status == MarketStatus::Closed,
            MarketChange::Settle => status == MarketStatus::Finalized,
            MarketChange::MoveClose { .. } | MarketChange::Determine { .. } => false,
        };
        if already {
            return Ok(Outcome::Reply(Reply::Done));
        }
        let change = match change {
            MarketChange::Open | MarketChange::Resume => MarketCommand::Activate,
            MarketChange::Pause => MarketCommand::Deactivate,
            MarketChange::Close => MarketCommand::Close,
            MarketChange::MoveClose { to } => MarketCommand::SetCloseTime(*to),
            MarketChange::Determine { result, expiration_value } => {
                let command = Command::ChangeMarket { market, change: MarketCommand::Determine(*result) };
                let reply = self.apply(now, &command, Cause::Command)?;
                if let Some(value) = expiration_value {
                    self.market_mut(market).expiration_value.clone_from(value);
                }
                return Ok(Outcome::Reply(reply));
            }
            MarketChange::Settle => MarketCommand::Settle,
        };
        Ok(Outcome::Reply(self.apply(now, &Command::ChangeMarket { market, change }, Cause::Command)?))
    }
}
