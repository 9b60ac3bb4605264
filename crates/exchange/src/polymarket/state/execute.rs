//! The one door through which the state changes: a record, at its time.

use brier_matching::tokens::{Command, Event, MarketCommand, MarketSpec, PositionOperation, Reply, SettlementStep};
use brier_matching::{AccountId, MarketId, TradeNo};
use brier_polymarket_protocol::ids::{ConditionId, QuestionId, TokenId};
use brier_polymarket_protocol::tick::TickSize;
use brier_types::{MarketResult, Money, Outcome, Price, Qty, Timestamp};

use super::rows::Activity;
use super::{Effect, EventRow, KeyRow, MarketRow, Refused, Resolution, State, WalletRow};
use crate::polymarket::record::{EventListing, MarketChange, MarketListing, Record, WalletRecord};

impl State {
    /// Applies one record at `now`, after everything that was due.
    ///
    /// # Errors
    /// [`Refused`] says why nothing was changed.
    pub(crate) fn execute(&mut self, now: Timestamp, record: &Record) -> Result<Effect, Refused> {
        self.advance(now);
        match record {
            Record::OpenWallet(wallet) => self.open_wallet(now, wallet),
            Record::AddKey(key) => {
                let row =
                    KeyRow { record: key.clone(), notifications: Vec::new(), notified: 0, heartbeat: None, beats: 0 };
                self.keys.insert(key.key.clone(), row);
                self.doors_changed = true;
                Ok(Effect::Kept)
            }
            Record::RemoveKey { key } => {
                self.keys.remove(key).ok_or(Refused::Unknown("API key"))?;
                self.doors_changed = true;
                Ok(Effect::Kept)
            }
            Record::Fund { account, amount } => self.fund(now, *account, *amount),
            Record::ListEvent(event) => self.list_event(now, event),
            Record::ListMarket(market) => self.list_market(now, market),
            Record::ChangeMarket { market, change } => self.change_market(now, *market, change),
            Record::Place(order) => self.post(now, order),
            Record::Cancel { orders } => Ok(self.cancel(now, orders)),
            Record::Settle { trade, step } => self.settle(now, TradeNo(*trade), *step),
            Record::SetSettlement(policy) => {
                let before = std::mem::replace(&mut self.settlement, *policy);
                if policy.automatic && !before.automatic {
                    self.schedule_all(now);
                }
                Ok(Effect::Kept)
            }
            Record::Relay(record) => self.relay(now, record),
            Record::Position { account, operation } => self.operate(now, *account, operation),
            Record::SetEngine(mode) => {
                self.engine = *mode;
                Ok(Effect::Kept)
            }
            Record::Beat { key, id } => self.beat(now, key, id),
            Record::Restrict { owner, restriction } => {
                match restriction {
                    Some(restriction) => self.restrictions.insert(*owner, *restriction),
                    None => self.restrictions.remove(owner),
                };
                Ok(Effect::Kept)
            }
            Record::SetTier { owner, tier } => {
                match owner {
                    Some(owner) => drop(self.tiers.insert(*owner, *tier)),
                    None => self.default_tier = *tier,
                }
                self.doors_changed = true;
                Ok(Effect::Kept)
            }
            Record::SetVersion { version } => {
                self.says_version_one = *version == 1;
                Ok(Effect::Kept)
            }
            Record::DropNotifications { key, ids } => {
                let row = self.keys.get_mut(key).ok_or(Refused::Unknown("API key"))?;
                row.notifications.retain(|it| !ids.contains(&it.id));
                Ok(Effect::Kept)
            }
        }
    }

    /// Gives the core one command, and projects what it says happened.
    pub(super) fn apply(&mut self, at: Timestamp, command: &Command) -> Result<Reply, brier_matching::tokens::Refusal> {
        let mut events = std::mem::take(&mut self.scratch);
        let reply = self.core.apply(at, command, &mut events);
        // What a match does to the book is said by the book as it is then, not level by level.
        let matched = events.iter().find_map(|event| match event {
            Event::Matched(it) => Some(it.market),
            _ => None,
        });
        self.quiet = matched.is_some();
        for event in events.drain(..) {
            self.project(at, &event);
        }
        self.quiet = false;
        self.scratch = events;
        if let Some(market) = matched {
            self.say_book(at, market);
        }
        reply
    }

    fn open_wallet(&mut self, now: Timestamp, wallet: &WalletRecord) -> Result<Effect, Refused> {
        if self.accounts.contains_key(&wallet.address) {
            return Err(Refused::Taken("the wallet"));
        }
        let reply = self.apply(now, &Command::OpenAccount)?;
        let account = AccountId(self.wallets.len() as u32);
        debug_assert_eq!(reply, Reply::Account(account), "wallets and the core's accounts are numbered alike");
        self.accounts.insert(wallet.address, account);
        self.wallets.push(WalletRow {
            address: wallet.address,
            owner: wallet.owner,
            kind: wallet.kind,
            orders: Vec::new(),
            trades: Vec::new(),
            activity: Vec::new(),
        });
        self.doors_changed = true;
        Ok(Effect::Reply(reply))
    }

    pub(super) fn fund(&mut self, now: Timestamp, account: AccountId, amount: Money) -> Result<Effect, Refused> {
        let reply = self.apply(now, &Command::Fund { account, amount })?;
        let word = if amount < Money::ZERO { "WITHDRAWAL" } else { "DEPOSIT" };
        let it = Activity { at: now, word, market: None, qty: Qty::ZERO, cash: amount };
        self.wallets[account.0 as usize].activity.push(it);
        Ok(Effect::Reply(reply))
    }

    fn list_event(&mut self, now: Timestamp, event: &EventListing) -> Result<Effect, Refused> {
        if self.events.contains_key(&event.id) {
            return Err(Refused::Taken("the event"));
        }
        let group = if event.neg_risk {
            match self.apply(now, &Command::CreateGroup)? {
                Reply::Group(group) => Some(group),
                other => unreachable!("a group was made and {other:?} answered"),
            }
        } else {
            None
        };
        let row = EventRow { listing: event.clone(), group, markets: Vec::new(), created: now };
        self.events.insert(event.id.clone(), row);
        Ok(Effect::Kept)
    }

    fn list_market(&mut self, now: Timestamp, listing: &MarketListing) -> Result<Effect, Refused> {
        let wrong = |error: brier_polymarket_protocol::ids::IdError| Refused::Listing(error.to_string());
        let condition: ConditionId = listing.condition.parse().map_err(wrong)?;
        listing.question_id.parse::<QuestionId>().map_err(wrong)?;
        let [yes, no] = &listing.tokens;
        let tokens: [TokenId; 2] = [yes.parse().map_err(wrong)?, no.parse().map_err(wrong)?];
        if tokens[0] == tokens[1] {
            return Err(Refused::Listing("the two tokens are the same".to_owned()));
        }
        if self.conditions.contains_key(&condition) {
            return Err(Refused::Taken("the condition"));
        }
        if tokens.iter().any(|token| self.tokens.contains_key(token)) {
            return Err(Refused::Taken("a token"));
        }
        if self.markets.iter().any(|row| row.listing.id == listing.id) {
            return Err(Refused::Taken("the market's id"));
        }
        let tick = TickSize::from_price(listing.tick)
            .ok_or_else(|| Refused::Listing(format!("no tick size of the venue: {}", listing.tick)))?;
        let fees = listing.fees.schedule().map_err(|error| Refused::Listing(error.to_string()))?;
        let event = self.events.get(&listing.event).ok_or(Refused::Unknown("event"))?;
        let (group, neg_risk) = (event.group, event.listing.neg_risk);
        let id = MarketId(self.markets.len() as u32);
        // The row is there before the core speaks of the market; it goes again if the core refuses.
        self.markets.push(MarketRow {
            id,
            condition,
            tokens,
            condition_text: condition.to_string().into(),
            token_texts: tokens.map(|token| token.to_string().into()),
            listing: Box::new(listing.clone()),
            tick,
            neg_risk,
            created: now,
            updated: now,
            volume: Qty::ZERO,
            cash_volume: Money::ZERO,
            last: None,
            trades: Vec::new(),
            resolution: Resolution::Open,
            resolved_at: None,
            said_best: (None, None),
        });
        self.conditions.insert(condition, id);
        self.tokens.insert(tokens[0], (id, Outcome::Yes));
        self.tokens.insert(tokens[1], (id, Outcome::No));
        let spec = MarketSpec { grid: tick.grid(), fees, group, accepting: listing.accepting };
        match self.apply(now, &Command::CreateMarket(spec)) {
            Ok(reply) => {
                debug_assert_eq!(reply, Reply::Market(id), "markets are numbered as in the core");
                self.events.get_mut(&listing.event).expect("found above").markets.push(id);
                self.doors_changed = true;
                self.say_new_market(now, id);
                Ok(Effect::Reply(reply))
            }
            Err(refusal) => {
                self.markets.pop();
                self.conditions.remove(&condition);
                self.tokens.retain(|_, (market, _)| *market != id);
                Err(refusal.into())
            }
        }
    }

    fn change_market(&mut self, now: Timestamp, market: MarketId, change: &MarketChange) -> Result<Effect, Refused> {
        let row = self.markets.get(market.0 as usize).ok_or(Refused::Unknown("market"))?;
        let command = match change {
            MarketChange::Accept(accepting) => MarketCommand::SetAccepting(*accepting),
            MarketChange::SetTick(step) => {
                let tick = TickSize::from_price(*step)
                    .ok_or_else(|| Refused::Listing(format!("no tick size of the venue: {step}")))?;
                let old = row.tick;
                let command = MarketCommand::SetGrid(tick.grid());
                let reply = self.apply(now, &Command::ChangeMarket { market, change: command })?;
                self.market_mut(market).tick = tick;
                self.say_tick(now, market, old.step(), tick.step());
                return Ok(Effect::Reply(reply));
            }
            MarketChange::SetFees(fees) => {
                let schedule = fees.schedule().map_err(|error| Refused::Listing(error.to_string()))?;
                let command = MarketCommand::SetFees(schedule);
                let reply = self.apply(now, &Command::ChangeMarket { market, change: command })?;
                self.market_mut(market).listing.fees = *fees;
                return Ok(Effect::Reply(reply));
            }
            MarketChange::ClearBook => MarketCommand::ClearBook,
            MarketChange::Propose(result) => return self.propose(market, *result),
            MarketChange::Dispute => return self.dispute(market),
            MarketChange::Resolve(result) => return self.resolve(now, market, *result),
        };
        Ok(Effect::Reply(self.apply(now, &Command::ChangeMarket { market, change: command })?))
    }

    /// Source of the three: reference (Polymarket), section 16.4.
    fn propose(&mut self, market: MarketId, result: MarketResult) -> Result<Effect, Refused> {
        let row = self.market_mut(market);
        let disputes = match row.resolution {
            Resolution::Open => 0,
            Resolution::Reset => 1,
            Resolution::Proposed { .. } => return Err(Refused::Resolution("a result is proposed already")),
            Resolution::Voting => return Err(Refused::Resolution("the voters decide now")),
            Resolution::Resolved { .. } => return Err(Refused::Resolution("the market has resolved")),
        };
        row.resolution = Resolution::Proposed { result, disputes };
        Ok(Effect::Kept)
    }

    fn dispute(&mut self, market: MarketId) -> Result<Effect, Refused> {
        let row = self.market_mut(market);
        row.resolution = match row.resolution {
            Resolution::Proposed { disputes: 0, .. } => Resolution::Reset,
            Resolution::Proposed { .. } => Resolution::Voting,
            Resolution::Open | Resolution::Reset | Resolution::Voting | Resolution::Resolved { .. } => {
                return Err(Refused::Resolution("there is no proposal to dispute"));
            }
        };
        Ok(Effect::Kept)
    }

    fn resolve(&mut self, now: Timestamp, market: MarketId, result: MarketResult) -> Result<Effect, Refused> {
        const HALF: MarketResult = MarketResult::Scalar(match Price::from_cents(50) {
            Some(price) => price,
            None => panic!("half a dollar is a price"),
        });
        if !matches!(result, MarketResult::Yes | MarketResult::No) && result != HALF {
            return Err(Refused::Resolution("a market resolves yes, no, or half and half"));
        }
        let change = MarketCommand::Resolve(result);
        let before = self.market(market).resolution;
        let reply = self.apply(now, &Command::ChangeMarket { market, change })?;
        let disputed =
            matches!(before, Resolution::Voting | Resolution::Reset | Resolution::Proposed { disputes: 1.., .. });
        let row = self.market_mut(market);
        row.resolution = Resolution::Resolved { result, disputed };
        row.resolved_at = Some(now);
        self.say_resolved(now, market, result);
        Ok(Effect::Reply(reply))
    }

    fn settle(&mut self, now: Timestamp, trade: TradeNo, step: SettlementStep) -> Result<Effect, Refused> {
        let reply = self.apply(now, &Command::Settle { trade, step })?;
        // What was mined by hand is confirmed by the clock, if that is what it does.
        self.schedule(now, trade);
        Ok(Effect::Reply(reply))
    }

    /// Tokens of a market that is being redeemed.
    fn owned(&self, account: AccountId, operation: &PositionOperation) -> Qty {
        let PositionOperation::Redeem { market } = operation else { return Qty::ZERO };
        let tokens = [Outcome::Yes, Outcome::No].map(|outcome| self.core.token(account, *market, outcome).balance);
        tokens.into_iter().fold(Qty::ZERO, |sum, qty| sum.checked_add(qty).unwrap_or(Qty::MAX))
    }

    pub(super) fn operate(
        &mut self,
        now: Timestamp,
        account: AccountId,
        operation: &PositionOperation,
    ) -> Result<Effect, Refused> {
        let command = Command::Position { account, operation: operation.clone() };
        let before = self.owned(account, operation);
        let reply = self.apply(now, &command)?;
        // Tokens that a match holds are not redeemed.
        let redeemed = before.saturating_sub(self.owned(account, operation));
        let Reply::Paid(cash) = reply else { return Ok(Effect::Reply(reply)) };
        let (word, market, qty) = match operation {
            PositionOperation::Split { market, qty } => ("SPLIT", Some(*market), *qty),
            PositionOperation::Merge { market, qty } => ("MERGE", Some(*market), *qty),
            PositionOperation::Redeem { market } => ("REDEEM", Some(*market), redeemed),
            PositionOperation::Convert { group, qty, .. } => {
                ("CONVERSION", self.core.group_markets(*group).first().copied(), *qty)
            }
            // Transfers of tokens do not appear in the venue's lists. Source: reference, section 13.1.
            PositionOperation::Transfer { .. } => return Ok(Effect::Reply(reply)),
        };
        self.wallets[account.0 as usize].activity.push(Activity { at: now, word, market, qty, cash });
        Ok(Effect::Reply(reply))
    }
}
