//! A tiny language for scenarios: one expected transcript holds the script and what came of it.
//!
//! Lines that start with `> ` are commands; the lines after each say what happened. [`transcript`] runs the commands and
//! compares, so a new scenario is written as its commands alone and filled in with `UPDATE_EXPECT=1`, then read.
//!
//! Accounts `A`, `B` and `C` hold $100 each and move in $0.0001; market `M` has whole cents, the ordinary taker fee, no
//! maker fee, closes at 1000 s and pays 60 s after its result. Orders are `#1`, `#2` and so on as they are accepted.
//!
//! ```text
//! A bid 0.42 x 10 [ioc|fok|gtd=30] [post] [reduce] [pause] [stp=maker|stp=none] [id=k] [group=g] [in=N]
//! A amend #1 0.43 x 12 [exp=30|exp=none] [as=ask] [id=k] [newid=l]   A decrease #1 by 3   A cancel #1   A cancel all
//! A group g limit 10|reset|trigger|delete       account D cent 50     fund A -5    at 30 (seconds)
//! market N tapered|linear|centi [maker|combo] [x0.5] [step=0.000001] [waiver=20]
//! M pause|resume|close|close-at 500|determine yes|dispute|correct 0.35|settle|grid tapered|fees maker x0.5|waiver 20|floor 0.30
//! exchange off|on   trading off|on   show book M | cash A B | position A M | ledger   silently 9 <command> (nine times)
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use brier_kalshi_protocol::fees::{BalancePrecision, FeeMultiplier, FeeSchedule, FeeType};
use brier_matching::{
    AccountId, AmendOrder, Command, Decrease, Event, Exchange, ExpiryChange, FillSide, GroupCommand, GroupId,
    MarketCommand, MarketId, MarketSpec, OrderId, PlaceOrder, Reply,
};
use brier_types::{
    BookSide, ClientOrderId, MarketResult, Price, PriceGrid, Qty, SelfTradePrevention, TimeInForce, Timestamp,
};
use expect_test::Expect;

use crate::flow::{centi, linear, tapered};

/// Runs the commands of the expected transcript and compares it with what came of them.
pub(crate) fn transcript(expected: &Expect) {
    let mut stage = Stage::new();
    let mut out = String::new();
    for line in expected.data().lines() {
        if let Some(command) = line.trim().strip_prefix("> ") {
            let words: Vec<&str> = command.split_whitespace().collect();
            writeln!(out, "> {command}").unwrap();
            let told = stage.run(&words).unwrap_or_else(|| panic!("cannot read the line `{command}`"));
            for told in told {
                writeln!(out, "  {told}").unwrap();
            }
            stage.exchange.check();
        }
    }
    expected.assert_eq(&out);
}

struct Stage {
    exchange: Exchange,
    now: Timestamp,
    accounts: Vec<String>,
    markets: Vec<String>,
    groups: Vec<String>,
    orders: Vec<OrderId>,
}

fn seconds(text: &str) -> Option<Timestamp> {
    Timestamp::from_secs(text.parse::<i64>().ok()? + 1_000)
}

fn grid(name: &str) -> Option<PriceGrid> {
    BTreeMap::from([("linear", linear()), ("tapered", tapered()), ("centi", centi())]).remove(name)
}

/// A value after `key=`.
fn value<'a>(words: &[&'a str], key: &str) -> Option<&'a str> {
    words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}

fn fees(words: &[&str]) -> Option<FeeSchedule> {
    let fee_type = match words {
        words if words.contains(&"maker") => FeeType::QuadraticWithMakerFees,
        words if words.contains(&"combo") => FeeType::QuadraticWithComboMakerFees,
        _ => FeeType::Quadratic,
    };
    let multiplier = words.iter().find_map(|word| word.strip_prefix('x').filter(|rest| !rest.is_empty()));
    Some(FeeSchedule::new(fee_type, multiplier.map_or(Some(FeeMultiplier::ONE), FeeMultiplier::parse)?))
}

fn result(text: &str) -> Option<MarketResult> {
    Some(match text {
        "yes" => MarketResult::Yes,
        "no" => MarketResult::No,
        value => MarketResult::Scalar(value.parse().ok()?),
    })
}

impl Stage {
    fn new() -> Self {
        let mut stage = Self {
            exchange: Exchange::new(),
            now: seconds("0").unwrap(),
            accounts: Vec::new(),
            markets: Vec::new(),
            groups: Vec::new(),
            orders: Vec::new(),
        };
        for line in ["account A 100", "account B 100", "account C 100", "market M linear"] {
            stage.run(&line.split(' ').collect::<Vec<_>>()).unwrap();
        }
        stage
    }

    fn account(&self, name: &str) -> Option<AccountId> {
        Some(AccountId(self.accounts.iter().position(|it| it == name)? as u32))
    }

    fn market(&self, name: &str) -> Option<MarketId> {
        Some(MarketId(self.markets.iter().position(|it| it == name)? as u32))
    }

    fn group(&self, name: &str) -> Option<GroupId> {
        Some(GroupId(self.groups.iter().position(|it| it == name)? as u32))
    }

    fn order(&self, name: &str) -> Option<OrderId> {
        self.orders.get(name.strip_prefix('#')?.parse::<usize>().ok()?.checked_sub(1)?).copied()
    }

    /// The number of an order. Slots are used again under a new generation, so an id is found once.
    fn number(&self, order: OrderId) -> usize {
        self.orders.iter().position(|it| *it == order).map_or(0, |index| index + 1)
    }

    fn run(&mut self, words: &[&str]) -> Option<Vec<String>> {
        let command = match words {
            ["show", rest @ ..] => return self.show(rest),
            ["silently", times, rest @ ..] => {
                for _ in 0..times.parse::<u32>().ok()? {
                    self.run(rest)?;
                }
                return Some(Vec::new());
            }
            ["at", time] => {
                self.now = seconds(time)?;
                Command::Tick
            }
            ["account", name, rest @ ..] => {
                let cent = rest.contains(&"cent");
                let precision = if cent { BalancePrecision::Cent } else { BalancePrecision::CentiCent };
                self.exchange.apply(self.now, &Command::OpenAccount { precision }, &mut ()).ok()?;
                self.accounts.push((*name).to_owned());
                Command::Fund { account: self.account(name)?, amount: rest.last()?.parse().ok()? }
            }
            ["fund", name, amount] => Command::Fund { account: self.account(name)?, amount: amount.parse().ok()? },
            ["market", name, levels, rest @ ..] => {
                self.markets.push((*name).to_owned());
                Command::CreateMarket(MarketSpec {
                    grid: grid(levels)?,
                    size_step: value(rest, "step").unwrap_or("0.01").parse().ok()?,
                    open_time: self.now,
                    close_time: seconds("1000")?,
                    settlement_timer: Duration::from_mins(1),
                    fees: fees(rest)?,
                    fee_waiver_until: value(rest, "waiver").and_then(seconds),
                })
            }
            ["exchange", switch] => Command::SetActive { exchange: *switch == "on", trading: self.exchange.active().1 },
            ["trading", switch] => Command::SetActive { exchange: self.exchange.active().0, trading: *switch == "on" },
            [who, "bid", rest @ ..] => self.place(who, BookSide::Bid, rest)?,
            [who, "ask", rest @ ..] => self.place(who, BookSide::Ask, rest)?,
            [who, "amend", order, price, "x", total, rest @ ..] => self.amend(who, order, price, total, rest)?,
            [who, "decrease", order, how, qty] => {
                let qty: Qty = qty.parse().ok()?;
                let by = if *how == "by" { Decrease::By(qty) } else { Decrease::To(qty) };
                Command::Decrease { account: self.account(who)?, order: self.order(order)?, by }
            }
            [who, "cancel", "all"] => Command::CancelAll { account: self.account(who)? },
            [who, "cancel", order] => Command::Cancel { account: self.account(who)?, order: self.order(order)? },
            [who, "group", name, "limit", limit] if self.group(name).is_none() => {
                self.groups.push((*name).to_owned());
                Command::CreateGroup { account: self.account(who)?, limit: limit.parse().ok()? }
            }
            [who, "group", name, rest @ ..] => {
                let change = match rest {
                    ["limit", limit] => GroupCommand::SetLimit(limit.parse().ok()?),
                    ["reset"] => GroupCommand::Reset,
                    ["trigger"] => GroupCommand::Trigger,
                    ["delete"] => GroupCommand::Delete,
                    _ => return None,
                };
                Command::ChangeGroup { account: self.account(who)?, group: self.group(name)?, change }
            }
            [market, rest @ ..] => Command::ChangeMarket { market: self.market(market)?, change: change(rest)? },
            [] => return None,
        };
        Some(self.apply(&command))
    }

    fn place(&self, who: &str, side: BookSide, words: &[&str]) -> Option<Command> {
        let [price, "x", qty, rest @ ..] = words else { return None };
        let time_in_force = match rest {
            rest if rest.contains(&"ioc") => TimeInForce::Ioc,
            rest if rest.contains(&"fok") => TimeInForce::Fok,
            rest => value(rest, "gtd").and_then(seconds).map_or(TimeInForce::Gtc, TimeInForce::Gtd),
        };
        Some(Command::Place(PlaceOrder {
            account: self.account(who)?,
            market: self.market(value(rest, "in").unwrap_or("M"))?,
            side,
            price: price.parse().ok()?,
            qty: qty.parse().ok()?,
            time_in_force,
            post_only: rest.contains(&"post"),
            reduce_only: rest.contains(&"reduce"),
            cancel_on_pause: rest.contains(&"pause"),
            self_trade_prevention: match value(rest, "stp") {
                Some("maker") => Some(SelfTradePrevention::Maker),
                Some(_) => None,
                None => Some(SelfTradePrevention::TakerAtCross),
            },
            client_order_id: value(rest, "id").and_then(|id| ClientOrderId::new(id).ok()),
            group: value(rest, "group").and_then(|name| self.group(name)),
        }))
    }

    fn amend(&self, who: &str, order: &str, price: &str, total: &str, words: &[&str]) -> Option<Command> {
        let order = self.order(order)?;
        let view = self.exchange.order(order);
        let side = view.map_or(BookSide::Bid, |view| view.side);
        Some(Command::Amend(AmendOrder {
            account: self.account(who)?,
            order,
            market: view.map_or(MarketId(0), |view| view.market),
            side: if value(words, "as").is_some() { side.opposite() } else { side },
            price: price.parse().ok()?,
            total: total.parse().ok()?,
            client_order_id: value(words, "id").and_then(|id| ClientOrderId::new(id).ok()),
            new_client_order_id: value(words, "newid").and_then(|id| ClientOrderId::new(id).ok()),
            expiry: match value(words, "exp") {
                None => ExpiryChange::Keep,
                Some("none") => ExpiryChange::Clear,
                Some(time) => ExpiryChange::Set(seconds(time)?),
            },
        }))
    }

    fn apply(&mut self, command: &Command) -> Vec<String> {
        let mut events = Vec::new();
        let reply = self.exchange.apply(self.now, command, &mut events);
        let mut told = Vec::new();
        for event in &events {
            if let Event::OrderAccepted { order, .. } = event {
                self.orders.push(*order);
            }
            told.extend(self.tell(event));
        }
        told.extend(match reply {
            Ok(Reply::Placed(placed)) => {
                let average = format!("cost {} fees {}", placed.cost_now, placed.fees_now);
                let filled = if placed.filled_now.is_zero() { String::new() } else { format!(", {average}") };
                let number = self.number(placed.order);
                Some(format!("=> #{number} filled {} open {}{filled}", placed.filled, placed.remaining))
            }
            Ok(Reply::Remaining(qty)) => Some(format!("=> open {qty}")),
            Ok(Reply::Canceled(qty)) => Some(format!("=> canceled {qty}")),
            Ok(Reply::CanceledAll(count)) => Some(format!("=> canceled {count} orders")),
            Ok(Reply::Done | Reply::Account(_) | Reply::Market(_) | Reply::Group(_)) => None,
            Err(refusal) => Some(format!("=> refused: {refusal}")),
        });
        told
    }

    fn tell(&self, event: &Event) -> Option<String> {
        let side = |fill: &FillSide| {
            format!("{} #{} fee {}", self.accounts[fill.account.0 as usize], self.number(fill.order), fill.fee)
        };
        Some(match event {
            Event::Trade(trade) => {
                let (price, qty) = (trade.price, trade.qty);
                format!("trade {price} x {qty}: taker {}, maker {}", side(&trade.taker), side(&trade.maker))
            }
            Event::OrderChanged { order, price, total, remaining, expires, reason, .. } => {
                let until = expires.map_or(String::new(), |at| format!(" until {}", at.secs() - 1_000));
                format!("#{} {price} total {total} open {remaining}{until} ({reason:?})", self.number(*order))
            }
            Event::OrderEnded { order, canceled, reason, .. } => {
                let canceled = if canceled.is_zero() { String::new() } else { format!(", {canceled} canceled") };
                format!("#{} over: {reason:?}{canceled}", self.number(*order))
            }
            Event::MarketChanged { market, change, by_clock } => {
                let by = if *by_clock { " by the clock" } else { "" };
                match change {
                    brier_matching::MarketChange::CloseTime(at) => {
                        format!("{} closes at {}", self.markets[market.0 as usize], at.secs() - 1_000)
                    }
                    change => format!("{} {change:?}{by}", self.markets[market.0 as usize]),
                }
            }
            Event::Settled(paid) => {
                let who = &self.accounts[paid.account.0 as usize];
                format!("{who} paid for {} at {}: {} less fee {}", paid.position, paid.result, paid.gross, paid.fee)
            }
            Event::GroupChanged { group, change, .. } => format!("{} {change:?}", self.groups[group.0 as usize]),
            Event::ActiveChanged { exchange, trading } => format!("exchange {exchange}, trading {trading}"),
            Event::OrderAccepted { .. } | Event::LevelChanged { .. } | Event::Funded { .. } => return None,
        })
    }

    fn show(&self, words: &[&str]) -> Option<Vec<String>> {
        match words {
            ["book", market] => {
                let market = self.market(market)?;
                let mut lines = Vec::new();
                for side in [BookSide::Ask, BookSide::Bid] {
                    let mut levels: Vec<_> = self.exchange.levels(market, side).collect();
                    if side == BookSide::Ask {
                        levels.reverse();
                    }
                    for (price, qty) in levels {
                        let orders = self.orders_at(market, side, price);
                        lines.push(format!("{} {price} x {qty}: {orders}", format!("{side:?}").to_lowercase()));
                    }
                }
                Some(lines)
            }
            ["cash", names @ ..] => names
                .iter()
                .map(|name| {
                    let view = self.exchange.account(self.account(name)?)?;
                    Some(format!("{name} cash {} held {} free {}", view.cash, view.held, view.available))
                })
                .collect(),
            ["position", name, market] => {
                let view = self.exchange.position(self.account(name)?, self.market(market)?)?;
                let (cost, profit) = (view.cost, view.realized_pnl);
                Some(vec![format!("{name} {} cost {cost} profit {profit} fees {}", view.position, view.fees_paid)])
            }
            ["ledger"] => {
                let sums = self.exchange.ledger();
                Some(vec![format!("cash {} collateral {} fees {}", sums.cash, sums.escrow, sums.fees)])
            }
            _ => None,
        }
    }

    /// Orders of a level in the order in which they trade, each with its owner and remainder.
    fn orders_at(&self, market: MarketId, side: BookSide, price: Price) -> String {
        let mut queue: Vec<(Qty, String)> = Vec::new();
        for order in &self.orders {
            let here = self.exchange.order(*order).filter(|it| (it.market, it.side, it.price) == (market, side, price));
            if let Some(view) = here {
                let ahead = self.exchange.queue_ahead(*order).unwrap();
                let who = &self.accounts[view.account.0 as usize];
                queue.push((ahead, format!("{who} #{} {}", self.number(*order), view.remaining)));
            }
        }
        queue.sort();
        queue.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", ")
    }
}

fn change(words: &[&str]) -> Option<MarketCommand> {
    Some(match words {
        ["pause"] => MarketCommand::Deactivate,
        ["resume"] => MarketCommand::Activate,
        ["close"] => MarketCommand::Close,
        ["close-at", time] => MarketCommand::SetCloseTime(seconds(time)?),
        ["determine", text] => MarketCommand::Determine(result(text)?),
        ["dispute"] => MarketCommand::Dispute,
        ["correct", text] => MarketCommand::AmendResult(result(text)?),
        ["settle"] => MarketCommand::Settle,
        ["grid", name] => MarketCommand::SetGrid(grid(name)?),
        ["fees", rest @ ..] => MarketCommand::SetFees(fees(rest)?),
        ["waiver", time] => MarketCommand::SetFeeWaiver(Some(seconds(time)?)),
        ["floor", price] => MarketCommand::SetSettlementFloor(price.parse().ok()?),
        _ => return None,
    })
}
