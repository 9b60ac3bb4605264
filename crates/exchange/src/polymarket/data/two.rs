//! The second generation: snake_case rows inside `{"data": …}`, as the unified client reads them.

use std::collections::BTreeSet;

use axum::extract::State as AxumState;
use brier_matching::{AccountId, MarketId};
use brier_polymarket_protocol::data::ActivityType;
use brier_polymarket_protocol::data::v2::{self, List, One};
use brier_polymarket_protocol::ids::TokenId;
use brier_polymarket_protocol::wire::plain;
use brier_types::{MarketResult, Money, Outcome, Qty};
use serde_json::{Value, json};

use super::fills::{self, Deed, Fill, Filter};
use super::holdings::{self, Held};
use super::page::{by_cursor, sort};
use super::{Names, account, address_text, named_markets, percent, read, required_user, sum, user};
use crate::polymarket::gamma;
use crate::polymarket::http::{App, Failure, Params, Reply, json as answer};
use crate::polymarket::state::say::side_of;
use crate::polymarket::state::{MarketRow, Resolution, State};

const MOST: usize = 1_000;

/// Combos are not traded here.
pub(super) async fn nothing() -> Reply {
    answer(&List::<Value>::only(Vec::new()))
}

/// What a filter by status may say.
const WORDS: [&str; 5] = ["OPEN", "CLOSED", "REDEEMABLE", "REDEEMABLE_LOST", "MERGEABLE"];

pub(super) async fn positions(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let user = user(&params)?;
    let status = params.one("status").map(str::to_ascii_uppercase);
    if status.as_deref().is_some_and(|status| !WORDS.contains(&status)) {
        return Err(Failure::text(400, "invalid status"));
    }
    read(app, move |core| {
        let state = &core.polymarket;
        let markets = named_markets(state, &params)?;
        let held = match (user, markets.as_deref()) {
            (Some(user), _) => account(state, user).map_or_else(Vec::new, |it| holdings::of_account(state, it)),
            (None, Some([market])) => holdings::of_market(state, *market),
            (None, _) => return Err(Failure::text(400, "provide user or exactly one condition_id")),
        };
        let title = params.one("title").map(str::to_lowercase);
        let is_wanted = |it: &Held| {
            let known = match &status {
                Some(status) => it.is(status) && (it.is_open() || it.is_closed()),
                None => it.is_open(),
            };
            known
                && markets.as_ref().is_none_or(|all| all.contains(&it.market))
                && title
                    .as_ref()
                    .is_none_or(|part| state.market(it.market).listing.question.to_lowercase().contains(part))
        };
        let order = params.one("sort_by").unwrap_or("CURRENT_VALUE");
        let key = |it: &Held| match order {
            "PRICE" => it.price.micros(),
            "TOKENS" => it.token.balance.signed().micros(),
            "UNREALIZED_PNL" => it.gain().micros(),
            "REALIZED_PNL" => it.token.realized_pnl.micros(),
            "TOTAL_PNL" => sum([it.gain(), it.token.realized_pnl]).micros(),
            "TIMESTAMP" => holdings::last_touched(state, it.account, it.market).nanos(),
            _ => it.value().micros(),
        };
        let rows = (0_i64..).zip(held).filter(|(_, it)| is_wanted(it));
        by_cursor(rows.map(|(at, it)| ((key(&it), -at), position(state, &it))).collect(), &params, MOST)
    })
    .await
}

fn position(state: &State, it: &Held) -> v2::Position {
    let names = Names::of(state, it.market, it.outcome);
    let total = sum([it.gain(), it.token.realized_pnl]);
    v2::Position {
        proxy_wallet: address_text(state, it.account),
        token_id: names.token,
        condition_id: names.condition,
        current_size: it.token.balance,
        total_size: Some(it.token.bought),
        avg_price: Some(it.average()),
        entry_cost_usdc: Some(it.entry_cost()),
        entry_fees_usdc: Some(it.token.entry_fees),
        total_cost_usdc: Some(it.token.cost),
        current_price: Some(it.price),
        current_value: Some(it.value()),
        realized_pnl: Some(it.token.realized_pnl),
        unrealized_pnl: Some(it.gain()),
        total_pnl: Some(total),
        percent_pnl: Some(percent(it.gain(), it.entry_cost())),
        percent_realized_pnl: Some(percent(it.token.realized_pnl, it.entry_cost())),
        status: Some(it.status().to_owned()),
        redeemable: it.is_redeemable(),
        mergeable: it.is_mergeable(),
        archived: Some(false),
        verified: Some(false),
        negative_risk: Some(names.neg_risk),
        outcome: Some(names.outcome),
        outcome_index: Some(names.index),
        opposite_token_id: Some(names.other_token),
        opposite_outcome: Some(names.other_outcome),
        title: Some(names.title),
        slug: Some(names.slug),
        event_slug: Some(names.event_slug),
        event_id: Some(names.event_id),
        icon: None,
        end_date: names.end_date.get(..10).map(str::to_owned),
    }
}

pub(super) async fn trades(AxumState(app): AxumState<App>, params: Params) -> Reply {
    read(app, move |core| {
        let state = &core.polymarket;
        let takers_only = params.one("taker_only").map_or(params.one("user").is_none(), |it| it == "true");
        let found = fills::fills(state, &params, takers_only)?;
        by_cursor(found.iter().map(|fill| (fill.key, trade(state, fill))).collect(), &params, MOST)
    })
    .await
}

fn trade(state: &State, fill: &Fill) -> v2::Trade {
    let names = Names::of(state, fill.market, fill.outcome);
    v2::Trade {
        proxy_wallet: address_text(state, fill.account),
        token_id: names.token,
        condition_id: names.condition,
        side: side_of(fill.action),
        size: fill.qty,
        usdc_size: Some(fill.cash),
        price: fill.price,
        timestamp: fill.at,
        transaction_hash: Some(fill.transaction.clone()),
        outcome: Some(names.outcome),
        outcome_index: Some(names.index),
        title: Some(names.title),
        slug: Some(names.slug),
        event_slug: Some(names.event_slug),
        icon: None,
        name: None,
        pseudonym: None,
        profile_image: None,
    }
}

pub(super) async fn activity(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let user = required_user(&params)?;
    read(app, move |core| {
        let state = &core.polymarket;
        let Some(wallet) = account(state, user) else { return Ok(List::only(Vec::new())) };
        let with_money = params.one("exclude_deposits_withdrawals").is_some_and(|it| it.eq_ignore_ascii_case("false"));
        let deeds = fills::deeds(state, &params, wallet, with_money)?;
        let address = address_text(state, wallet);
        by_cursor(deeds.iter().map(|it| (it.key(), deed(state, &address, it))).collect(), &params, MOST)
    })
    .await
}

fn deed(state: &State, address: &str, deed: &Deed) -> v2::Activity {
    let (kind, at, size, cash, hash, fill, market) = match deed {
        Deed::Traded(it) => {
            (ActivityType::Trade, it.at, it.qty, it.cash, it.transaction.clone(), Some(it), Some(it.market))
        }
        Deed::Moved(it) => (it.word.into(), it.at, it.qty, it.cash, format!("{:#x}", it.transaction), None, it.market),
    };
    let names = market.map(|market| Names::of(state, market, fill.map_or(Outcome::Yes, |fill| fill.outcome)));
    let of_token = fill.and(names.as_ref());
    v2::Activity {
        proxy_wallet: address.to_owned(),
        kind,
        token_id: of_token.map(|it| it.token.clone()),
        side: fill.map(|fill| side_of(fill.action)),
        size: Some(size),
        usdc_size: Some(cash),
        price: fill.map(|fill| fill.price),
        timestamp: at,
        transaction_hash: Some(hash),
        outcome: of_token.map(|it| it.outcome.clone()),
        outcome_index: of_token.map(|it| it.index),
        is_combo: Some(false),
        condition_id: names.as_ref().map(|it| it.condition.clone()),
        title: names.as_ref().map(|it| it.title.clone()),
        slug: names.as_ref().map(|it| it.slug.clone()),
        event_slug: names.map(|it| it.event_slug),
        icon: None,
        name: None,
        pseudonym: None,
        profile_image: None,
    }
}

pub(super) async fn value(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let user = required_user(&params)?;
    read(app, move |core| {
        let state = &core.polymarket;
        let markets = named_markets(state, &params)?;
        let worth = account(state, user).map(|it| holdings::portfolio(state, it, markets.as_deref()));
        let proxy_wallet = Some(user.to_string());
        Ok(One { data: v2::Value { proxy_wallet, value: worth.unwrap_or(Money::ZERO) } })
    })
    .await
}

/// How many markets a wallet traded in.
pub(super) fn markets_traded(state: &State, account: AccountId) -> u64 {
    let trades = state.wallet(account).trades.iter().map(|trade| &state.trades[*trade as usize]);
    trades.filter(|row| fills::is_on_chain(row)).map(|row| row.market).collect::<BTreeSet<_>>().len() as u64
}

pub(super) async fn user_stats(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let user = required_user(&params)?;
    read(app, move |core| {
        let state = &core.polymarket;
        let Some(wallet) = account(state, user) else { return Ok(json!({"data": null})) };
        let gains = holdings::of_account(state, wallet).into_iter().map(|it| it.token.realized_pnl);
        let biggest = gains.max().unwrap_or(Money::ZERO).max(Money::ZERO);
        Ok(json!({"data": {
            "proxy_wallet": user.to_string(),
            "trades": markets_traded(state, wallet),
            "biggest_win": plain(biggest),
            "views": 0,
        }}))
    })
    .await
}

pub(super) async fn user_volume(AxumState(app): AxumState<App>, params: Params) -> Reply {
    required_user(&params)?;
    read(app, move |core| {
        let found = fills::fills(&core.polymarket, &params, false)?;
        let shares = found.iter().fold(Qty::ZERO, |sum, it| sum.checked_add(it.qty).unwrap_or(Qty::MAX));
        let cash = sum(found.iter().map(|it| it.cash));
        Ok(json!({"data": {"volume": plain(shares), "volume_usdc": plain(cash), "trade_count": found.len()}}))
    })
    .await
}

/// The largest holders of each token of some markets.
pub(super) fn holder_groups(state: &State, markets: &[MarketId], least: Qty, limit: usize) -> Vec<(Names, Vec<Held>)> {
    let mut groups = Vec::new();
    for market in markets {
        for outcome in [Outcome::Yes, Outcome::No] {
            let all = holdings::of_market(state, *market).into_iter();
            let all = all.filter(|it| it.outcome == outcome && it.is_open() && it.token.balance >= least);
            let mut rows: Vec<_> =
                all.map(|it| ((it.token.balance.signed().micros(), -i64::from(it.account.0)), it)).collect();
            sort(&mut rows, false);
            let held = rows.into_iter().take(limit).map(|(_, it)| it).collect();
            groups.push((Names::of(state, *market, outcome), held));
        }
    }
    groups
}

pub(super) async fn holders(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let least: Qty = match params.one("min_balance") {
        None => Qty::ZERO,
        Some(text) => Qty::parse(text.as_bytes()).map_err(|_no_size| Failure::text(400, "invalid min_balance"))?,
    };
    let limit = params.number::<usize>("limit", "invalid limit")?.unwrap_or(100).clamp(1, MOST);
    read(app, move |core| {
        let state = &core.polymarket;
        let missing = || Failure::text(400, "condition_id is required");
        let groups = holder_groups(state, &named_markets(state, &params)?.ok_or_else(missing)?, least, limit);
        let holder = |it: &Held, names: &Names| v2::Holder {
            proxy_wallet: address_text(state, it.account),
            token_id: Some(names.token.clone()),
            amount: it.token.balance,
            outcome_index: Some(names.index),
            display_username_public: false,
            verified: false,
            name: None,
            pseudonym: None,
            profile_image: None,
        };
        let group = |(names, held): (Names, Vec<Held>)| v2::Holders {
            holders: held.iter().map(|it| holder(it, &names)).collect(),
            token_id: names.token,
        };
        Ok(List::only(groups.into_iter().map(group).collect()))
    })
    .await
}

pub(super) async fn open_interest(AxumState(app): AxumState<App>, params: Params) -> Reply {
    read(app, move |core| {
        let state = &core.polymarket;
        let row = |market: &_| v2::OpenInterest {
            condition_id: state.market(*market).condition_text.to_string(),
            value: gamma::open_interest(state, *market),
        };
        let all = || v2::OpenInterest {
            condition_id: "GLOBAL".to_owned(),
            value: sum(state.markets.iter().map(|it| gamma::open_interest(state, it.id))),
        };
        let named = named_markets(state, &params)?;
        Ok(One { data: named.map_or_else(|| vec![all()], |markets| markets.iter().map(row).collect()) })
    })
    .await
}

pub(super) async fn live_volume(AxumState(app): AxumState<App>, params: Params) -> Reply {
    read(app, move |core| {
        let state = &core.polymarket;
        let markets = named_markets(state, &params)?.unwrap_or_default();
        let row = |market: &_| {
            let row = state.market(*market);
            v2::ConditionVolume { condition_id: row.condition_text.to_string(), taker_volume: row.volume }
        };
        let conditions: Vec<_> = markets.iter().map(row).collect();
        let total = conditions.iter().fold(Qty::ZERO, |sum, it| sum.checked_add(it.taker_volume).unwrap_or(Qty::MAX));
        Ok(One { data: v2::LiveVolume { taker_volume_total: total, conditions } })
    })
    .await
}

/// Seconds that an interval goes back.
fn seconds_of(interval: &str) -> Option<i64> {
    const HOUR: i64 = 3_600;
    Some(match interval {
        "max" | "all" => i64::MAX,
        "1m" => 30 * 24 * HOUR,
        "1w" => 7 * 24 * HOUR,
        "1d" => 24 * HOUR,
        "6h" => 6 * HOUR,
        "1h" => HOUR,
        _ => return None,
    })
}

/// Every trade's price, or with `bucket_seconds` the last one of each bucket.
pub(super) async fn prices_history(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let token = params.one("token_id").and_then(|text| text.parse::<TokenId>().ok());
    let token = token.ok_or_else(|| Failure::text(400, "token_id is required"))?;
    let bucket = params.number::<i64>("bucket_seconds", "invalid bucket_seconds")?;
    if bucket.is_some_and(|seconds| !(60..=86_400).contains(&seconds)) {
        return Err(Failure::text(400, "invalid bucket_seconds"));
    }
    let back = params.one("interval").map(|it| seconds_of(it).ok_or_else(|| Failure::text(400, "invalid interval")));
    let back = back.transpose()?;
    read(app, move |core| {
        let state = &core.polymarket;
        let Some((market, outcome)) = state.token(token) else { return Ok(List::only(Vec::new())) };
        let as_of = params.number::<i64>("as_of", "invalid as_of")?;
        let mut filter = Filter::new(&params)?;
        if let Some(back) = back {
            filter.reach_back(core.now(), back);
        }
        let mut points: Vec<((i64, i64), v2::HistoryPoint)> = Vec::new();
        for index in &state.market(market).trades {
            let row = &state.trades[*index as usize];
            let price = if row.outcome == outcome { row.price } else { row.price.complement() };
            let point = v2::HistoryPoint {
                timestamp: row.matched,
                price: gamma::dollars(price),
                resolution_seconds: bucket.and_then(|it| u32::try_from(it).ok()).unwrap_or(0),
            };
            let key = bucket.map_or((row.matched.nanos(), i64::from(*index)), |it| (row.matched.secs() / it, 0));
            match points.last_mut().filter(|(last, _)| *last == key) {
                Some((_, last)) => *last = point,
                None => points.push((key, point)),
            }
        }
        points.retain(|(_, point)| filter.is_within(point.timestamp));
        if let Some(as_of) = as_of {
            points.retain(|(_, point)| point.timestamp.secs() <= as_of);
            points = points.pop().into_iter().collect();
        }
        by_cursor(points.into_iter().map(|((a, b), point)| ((-a, -b), point)).collect(), &params, 10_000)
    })
    .await
}

fn module(row: &MarketRow) -> &'static str {
    match (row.tokens[0].is_position_id(), row.neg_risk) {
        (false, _) => "v1_ctf",
        (true, false) => "binary",
        (true, true) => "neg_risk",
    }
}

pub(super) async fn tokens(AxumState(app): AxumState<App>, params: Params) -> Reply {
    read(app, move |core| {
        let state = &core.polymarket;
        let named = params.list("token_id").into_iter().filter_map(|text| state.token(text.parse().ok()?));
        let conditions = params
            .list("condition")
            .into_iter()
            .filter_map(|text| state.conditions.get(&text.to_ascii_lowercase().parse().ok()?).copied());
        let of_conditions = conditions.flat_map(|market| [(market, Outcome::Yes), (market, Outcome::No)]);
        Ok(One {
            data: named.chain(of_conditions).map(|(market, outcome)| token(state, market, outcome)).collect::<Vec<_>>(),
        })
    })
    .await
}

fn token(state: &State, market: MarketId, outcome: Outcome) -> v2::Token {
    let (row, names) = (state.market(market), Names::of(state, market, outcome));
    let event = state.events.get(&row.listing.event);
    let group = event.filter(|event| event.listing.neg_risk);
    let question = group.and_then(|event| event.markets.iter().position(|it| *it == market));
    let resolved = row.resolved_at.is_some();
    v2::Token {
        token_id: names.token,
        structural_condition_id: Some(names.condition.clone()),
        condition_id: names.condition,
        module: Some(module(row).to_owned()),
        outcome_index: Some(names.index),
        clob_index: Some(names.index),
        outcome: Some(names.outcome),
        opposite_token_id: Some(names.other_token),
        resolved,
        final_price: resolved.then(|| gamma::value(state, market, outcome)),
        title: Some(names.title),
        market_slug: Some(names.slug),
        closed: Some(resolved),
        neg_risk: Some(row.neg_risk),
        neg_risk_market_id: group.map(|it| it.listing.neg_risk_market_id.clone()).filter(|id| !id.is_empty()),
        question_index: question.and_then(|it| u32::try_from(it).ok()),
        event_id: names.event_id.parse().ok(),
        event_slug: Some(names.event_slug),
    }
}

pub(super) async fn resolutions(AxumState(app): AxumState<App>, params: Params) -> Reply {
    read(app, move |core| {
        let state = &core.polymarket;
        let questions = params.list("question_id");
        let named = named_markets(state, &params)?;
        let is_wanted = |row: &&MarketRow| {
            let by_question = questions.iter().any(|it| it.eq_ignore_ascii_case(&row.listing.question_id));
            named.as_ref().is_some_and(|all| all.contains(&row.id)) || by_question
        };
        Ok(One { data: state.markets.iter().filter(is_wanted).map(resolution).collect::<Vec<_>>() })
    })
    .await
}

/// An oracle's price of a result: 1, 0 or a half.
fn oracle_price(result: MarketResult) -> String {
    plain(result.yes_payout())
}

fn resolution(row: &MarketRow) -> v2::Resolution {
    let (status, proposed, result, disputed) = match row.resolution {
        Resolution::Open => ("initialized", None, None, false),
        Resolution::Proposed { result, disputes: 0 } => ("proposed", Some(result), None, false),
        Resolution::Proposed { result, .. } => ("reproposed", Some(result), None, true),
        Resolution::Reset => ("challenged", None, None, true),
        Resolution::Voting => ("disputed", None, None, true),
        Resolution::Resolved { result, disputed } => ("resolved", Some(result), Some(result), disputed),
    };
    v2::Resolution {
        question_id: Some(row.listing.question_id.clone()),
        condition_id: Some(row.condition_text.to_string()),
        status: Some(status.to_owned()),
        proposed_price: proposed.filter(|_| status != "reproposed").map(oracle_price),
        reproposed_price: proposed.filter(|_| status == "reproposed").map(oracle_price),
        price: result.map(oracle_price),
        was_disputed: Some(disputed),
        payouts: result.map(|result| gamma::payouts(result).to_vec()),
        resolution_source: result.map(|_| "reported".to_owned()),
        last_update_timestamp: Some(row.resolved_at.unwrap_or(row.created).secs().to_string()),
        resolved_at: row.resolved_at.map(|at| at.secs().to_string()),
        ..v2::Resolution::default()
    }
}

/// A wallet among all.
pub(super) struct Ranked {
    pub account: AccountId,
    pub profit: Money,
    pub shares: Qty,
    pub cash: Money,
}

/// Every wallet that traded, the best first.
pub(super) fn ranking(state: &State, by_volume: bool) -> Vec<Ranked> {
    let ranked = |number: u32| {
        let account = AccountId(number);
        let trades = &state.wallet(account).trades;
        let own = trades.iter().flat_map(|index| fills::parts(state, *index, false));
        let own: Vec<Fill> = own.filter(|fill| fill.account == account).collect();
        (!own.is_empty()).then(|| Ranked {
            account,
            profit: holdings::profit(state, account),
            shares: own.iter().fold(Qty::ZERO, |sum, it| sum.checked_add(it.qty).unwrap_or(Qty::MAX)),
            cash: sum(own.iter().map(|it| it.cash)),
        })
    };
    let mut all: Vec<Ranked> = (0..).take(state.wallets.len()).filter_map(ranked).collect();
    all.sort_by_key(|it| std::cmp::Reverse(if by_volume { it.cash } else { it.profit }));
    all
}

pub(super) async fn leaderboard(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let user = user(&params)?;
    read(app, move |core| {
        let state = &core.polymarket;
        let by_volume = params.one("sort_by") == Some("VOLUME");
        let rows = (1..).zip(ranking(state, by_volume)).map(|(rank, it)| v2::LeaderboardRow {
            rank,
            user_id: address_text(state, it.account),
            pnl: it.profit,
            volume: it.shares,
            verified: false,
        });
        let Some(user) = user else {
            let keyed = rows.map(|row| ((-i64::from(row.rank), 0), row));
            return serde_json::to_value(by_cursor(keyed.collect(), &params, MOST)?).map_err(|_| internal());
        };
        let own = rows.into_iter().find(|row| row.user_id.eq_ignore_ascii_case(&user.to_string()));
        let own = own.map(|row| {
            let rank = if by_volume { "rank_volume" } else { "rank_pnl" };
            json!({"user_id": row.user_id, "pnl": plain(row.pnl), "volume": plain(row.volume), "verified": false, rank: row.rank})
        });
        Ok(json!({"data": own}))
    })
    .await
}

fn internal() -> Failure {
    Failure::text(500, brier_polymarket_protocol::errors::text::INTERNAL)
}
