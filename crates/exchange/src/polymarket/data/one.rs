//! The first generation: camelCase rows in plain arrays.

use axum::extract::State as AxumState;
use brier_polymarket_protocol::data::ActivityType;
use brier_polymarket_protocol::data::v1;
use brier_polymarket_protocol::wire::{Surplus, decimal};
use brier_types::{Money, Qty};

use super::fills::{Deed, Fill};
use super::holdings::{self, Held};
use super::page::{by_offset, sort};
use super::{Names, account, address_text, fills, named_markets, percent, read, required_user, sum};
use crate::polymarket::gamma;
use crate::polymarket::http::{App, Failure, Params, Reply};
use crate::polymarket::state::State;
use crate::polymarket::state::say::side_of;

fn is_set(params: &Params, name: &str) -> bool {
    params.one(name) == Some("true")
}

pub(super) async fn positions(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let user = required_user(&params)?;
    let threshold = match params.one("sizeThreshold") {
        None => 1_000_000,
        Some(text) => decimal(text, 6, Surplus::Round).ok_or_else(|| Failure::text(400, "invalid sizeThreshold"))?,
    };
    read(app, move |core| {
        let state = &core.polymarket;
        let markets = named_markets(state, &params)?;
        let title = params.one("title").map(str::to_lowercase);
        let held = account(state, user).map_or_else(Vec::new, |it| holdings::of_account(state, it));
        let is_wanted = |it: &Held| {
            it.is_open()
                && it.token.balance.signed().micros() >= threshold
                && markets.as_ref().is_none_or(|all| all.contains(&it.market))
                && (!is_set(&params, "redeemable") || it.is_redeemable())
                && (!is_set(&params, "mergeable") || it.is_mergeable())
                && title
                    .as_ref()
                    .is_none_or(|part| state.market(it.market).listing.question.to_lowercase().contains(part))
        };
        let order = params.one("sortBy").unwrap_or("TOKENS");
        let key = |it: &Held| match order {
            "CURRENT" => it.value().micros(),
            "INITIAL" => it.entry_cost().micros(),
            "CASHPNL" => it.gain().micros(),
            "PERCENTPNL" => percent(it.gain(), it.entry_cost()).scaled(6).unwrap_or(0),
            "PRICE" => it.price.micros(),
            "AVGPRICE" => it.average().micros(),
            _ => it.token.balance.signed().micros(),
        };
        let mut rows: Vec<_> =
            (0_i64..).zip(held).filter(|(_, it)| is_wanted(it)).map(|(at, it)| ((key(&it), -at), it)).collect();
        if order == "TITLE" {
            rows.sort_by(|(_, a), (_, b)| {
                state.market(a.market).listing.question.cmp(&state.market(b.market).listing.question)
            });
        } else {
            sort(&mut rows, params.one("sortDirection") == Some("ASC"));
        }
        let rows = by_offset(rows, &params, 100, 500)?;
        Ok(rows.into_iter().map(|(_, it)| position(state, &it)).collect::<Vec<_>>())
    })
    .await
}

fn position(state: &State, it: &Held) -> v1::Position {
    let names = Names::of(state, it.market, it.outcome);
    v1::Position {
        proxy_wallet: address_text(state, it.account),
        asset: names.token,
        condition_id: names.condition,
        size: it.token.balance,
        avg_price: it.average(),
        initial_value: Some(it.entry_cost()),
        gross_initial_value: Some(it.token.cost),
        entry_fees_usdc: Some(it.token.entry_fees),
        current_value: Some(it.value()),
        cash_pnl: Some(it.gain()),
        percent_pnl: Some(percent(it.gain(), it.entry_cost())),
        total_bought: Some(it.token.bought),
        realized_pnl: Some(it.token.realized_pnl),
        percent_realized_pnl: Some(percent(it.token.realized_pnl, it.entry_cost())),
        cur_price: Some(it.price),
        redeemable: it.is_redeemable(),
        mergeable: it.is_mergeable(),
        title: Some(names.title),
        slug: Some(names.slug),
        icon: Some(String::new()),
        event_id: Some(names.event_id),
        event_slug: Some(names.event_slug),
        outcome: Some(names.outcome),
        outcome_index: Some(names.index),
        opposite_outcome: Some(names.other_outcome),
        opposite_asset: Some(names.other_token),
        end_date: Some(names.end_date.get(..10).unwrap_or_default().to_owned()),
        negative_risk: Some(names.neg_risk),
    }
}

pub(super) async fn closed_positions(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let user = required_user(&params)?;
    read(app, move |core| {
        let state = &core.polymarket;
        let markets = named_markets(state, &params)?;
        let held = account(state, user).map_or_else(Vec::new, |it| holdings::of_account(state, it));
        let is_wanted = |it: &Held| it.is_closed() && markets.as_ref().is_none_or(|all| all.contains(&it.market));
        let by_time = params.one("sortBy") == Some("TIMESTAMP");
        let key = |it: &Held| {
            if by_time {
                holdings::last_touched(state, it.account, it.market).nanos()
            } else {
                it.token.realized_pnl.micros()
            }
        };
        let mut rows: Vec<_> =
            (0_i64..).zip(held).filter(|(_, it)| is_wanted(it)).map(|(at, it)| ((key(&it), -at), it)).collect();
        sort(&mut rows, params.one("sortDirection") == Some("ASC"));
        let rows = by_offset(rows, &params, 10, 50)?;
        Ok(rows.into_iter().map(|(_, it)| closed(state, &it)).collect::<Vec<_>>())
    })
    .await
}

fn closed(state: &State, it: &Held) -> v1::ClosedPosition {
    let names = Names::of(state, it.market, it.outcome);
    v1::ClosedPosition {
        proxy_wallet: address_text(state, it.account),
        asset: names.token,
        condition_id: names.condition,
        avg_price: average_bought(state, it),
        total_bought: Some(it.token.bought),
        realized_pnl: it.token.realized_pnl,
        cur_price: Some(it.price),
        timestamp: Some(holdings::last_touched(state, it.account, it.market)),
        title: Some(names.title),
        slug: Some(names.slug),
        icon: Some(String::new()),
        event_slug: Some(names.event_slug),
        outcome: Some(names.outcome),
        outcome_index: Some(names.index),
        opposite_outcome: Some(names.other_outcome),
        opposite_asset: Some(names.other_token),
        end_date: Some(names.end_date),
    }
}

/// What a share cost on average in the wallet's purchases of the token; nothing is held that could tell it.
fn average_bought(state: &State, it: &Held) -> Money {
    let mut bought = Qty::ZERO;
    let mut paid = Money::ZERO;
    for index in &state.wallet(it.account).trades {
        for fill in fills::parts(state, *index, false) {
            let is_this = (fill.account, fill.market, fill.outcome) == (it.account, it.market, it.outcome);
            if is_this && fill.action == brier_types::Action::Buy {
                bought = bought.checked_add(fill.qty).unwrap_or(Qty::MAX);
                paid = sum([paid, fill.cash]);
            }
        }
    }
    super::per_share(paid, bought)
}

pub(super) async fn trades(AxumState(app): AxumState<App>, params: Params) -> Reply {
    read(app, move |core| {
        let state = &core.polymarket;
        let takers_only = params.one("takerOnly") != Some("false");
        let found = by_offset(fills::fills(state, &params, takers_only)?, &params, 100, 10_000)?;
        Ok(found.iter().map(|fill| trade(state, fill)).collect::<Vec<_>>())
    })
    .await
}

fn trade(state: &State, fill: &Fill) -> v1::Trade {
    let names = Names::of(state, fill.market, fill.outcome);
    let unnamed = || Some(String::new());
    v1::Trade {
        proxy_wallet: address_text(state, fill.account),
        side: side_of(fill.action),
        asset: names.token,
        condition_id: names.condition,
        size: fill.qty,
        price: fill.price,
        timestamp: fill.at,
        title: Some(names.title),
        slug: Some(names.slug),
        icon: unnamed(),
        event_slug: Some(names.event_slug),
        outcome: Some(names.outcome),
        outcome_index: Some(names.index),
        name: unnamed(),
        pseudonym: unnamed(),
        bio: unnamed(),
        profile_image: unnamed(),
        profile_image_optimized: unnamed(),
        transaction_hash: Some(fill.transaction.clone()),
    }
}

pub(super) async fn activity(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let user = required_user(&params)?;
    read(app, move |core| {
        let state = &core.polymarket;
        let Some(wallet) = account(state, user) else { return Ok(Vec::new()) };
        let with_money = params.one("excludeDepositsWithdrawals") == Some("false");
        let mut rows: Vec<_> =
            fills::deeds(state, &params, wallet, with_money)?.into_iter().map(|it| (it.key(), it)).collect();
        sort(&mut rows, params.one("sortDirection") == Some("ASC"));
        let rows = by_offset(rows, &params, 100, 500)?;
        let address = address_text(state, wallet);
        Ok(rows.into_iter().map(|(_, deed)| deed_row(state, &address, &deed)).collect())
    })
    .await
}

fn deed_row(state: &State, address: &str, deed: &Deed) -> v1::Activity {
    let (market, outcome) = match deed {
        Deed::Traded(fill) => (Some(fill.market), Some(fill.outcome)),
        Deed::Moved(it) => (it.market, None),
    };
    let names = market.map(|market| Names::of(state, market, outcome.unwrap_or(brier_types::Outcome::Yes)));
    let name = |part: fn(&Names) -> &String| Some(names.as_ref().map(|it| part(it).clone()).unwrap_or_default());
    let (kind, at, size, cash, hash) = match deed {
        Deed::Traded(it) => (ActivityType::Trade, it.at, it.qty, it.cash, it.transaction.clone()),
        Deed::Moved(it) => (it.word.into(), it.at, it.qty, it.cash, format!("{:#x}", it.transaction)),
    };
    let fill = match deed {
        Deed::Traded(fill) => Some(fill),
        Deed::Moved(_) => None,
    };
    v1::Activity {
        proxy_wallet: address.to_owned(),
        timestamp: at,
        condition_id: name(|it| &it.condition),
        kind,
        size: Some(size),
        usdc_size: Some(cash),
        transaction_hash: Some(hash),
        price: Some(fill.map_or(Money::ZERO, |fill| fill.price)),
        asset: Some(fill.and(names.as_ref()).map(|it| it.token.clone()).unwrap_or_default()),
        side: fill.map(|fill| side_of(fill.action)),
        outcome_index: Some(fill.and(names.as_ref()).map_or(999, |it| it.index)),
        outcome: Some(fill.and(names.as_ref()).map(|it| it.outcome.clone()).unwrap_or_default()),
        is_combo: Some(false),
        title: name(|it| &it.title),
        slug: name(|it| &it.slug),
        icon: Some(String::new()),
        event_slug: name(|it| &it.event_slug),
        name: Some(String::new()),
        pseudonym: Some(String::new()),
        bio: Some(String::new()),
        profile_image: Some(String::new()),
        profile_image_optimized: Some(String::new()),
    }
}

pub(super) async fn value(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let user = required_user(&params)?;
    read(app, move |core| {
        let state = &core.polymarket;
        let markets = named_markets(state, &params)?;
        let worth = account(state, user).map(|it| holdings::portfolio(state, it, markets.as_deref()));
        Ok([v1::Value { user: user.to_string(), value: worth.unwrap_or(Money::ZERO) }])
    })
    .await
}

pub(super) async fn holders(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let least: Qty = match params.one("minBalance") {
        None => Qty::from_contracts(1).unwrap_or(Qty::ZERO),
        Some(text) => Qty::parse(text.as_bytes()).map_err(|_no_size| Failure::text(400, "invalid minBalance"))?,
    };
    let limit = params.number::<usize>("limit", "invalid limit")?.unwrap_or(20).min(20);
    read(app, move |core| {
        let state = &core.polymarket;
        let markets = named_markets(state, &params)?.ok_or_else(|| Failure::text(400, "market is required"))?;
        let groups = super::two::holder_groups(state, &markets, least, limit);
        let holder = |it: &Held, names: &Names| v1::Holder {
            proxy_wallet: address_text(state, it.account),
            asset: Some(names.token.clone()),
            amount: it.token.balance,
            outcome_index: Some(names.index),
            name: Some(String::new()),
            pseudonym: Some(String::new()),
            bio: Some(String::new()),
            profile_image: Some(String::new()),
            profile_image_optimized: Some(String::new()),
            display_username_public: Some(false),
        };
        let group = |(names, held): (Names, Vec<Held>)| v1::Holders {
            holders: held.iter().map(|it| holder(it, &names)).collect(),
            token: names.token,
        };
        Ok(groups.into_iter().map(group).collect::<Vec<_>>())
    })
    .await
}

pub(super) async fn open_interest(AxumState(app): AxumState<App>, params: Params) -> Reply {
    read(app, move |core| {
        let state = &core.polymarket;
        let row = |market: &_| v1::OpenInterest {
            market: state.market(*market).condition_text.to_string(),
            value: gamma::open_interest(state, *market),
        };
        Ok(match named_markets(state, &params)? {
            Some(markets) => markets.iter().map(row).collect::<Vec<_>>(),
            None => vec![v1::OpenInterest {
                market: "GLOBAL".to_owned(),
                value: sum(state.markets.iter().map(|it| gamma::open_interest(state, it.id))),
            }],
        })
    })
    .await
}

pub(super) async fn live_volume(AxumState(app): AxumState<App>, params: Params) -> Reply {
    read(app, move |core| {
        let state = &core.polymarket;
        let events = params.list("id").into_iter().filter_map(|id| state.events.get(id));
        let volumes = events.map(|event| {
            let row = |market: &_| {
                let row = state.market(*market);
                v1::OpenInterest { market: row.condition_text.to_string(), value: row.cash_volume }
            };
            let markets: Vec<_> = event.markets.iter().map(row).collect();
            v1::LiveVolume { total: sum(markets.iter().map(|it| it.value)), markets }
        });
        Ok(volumes.collect::<Vec<_>>())
    })
    .await
}

pub(super) async fn traded(AxumState(app): AxumState<App>, params: Params) -> Reply {
    let user = required_user(&params)?;
    read(app, move |core| {
        let state = &core.polymarket;
        let traded = account(state, user).map_or(0, |it| super::two::markets_traded(state, it));
        Ok(v1::Traded { user: user.to_string(), traded })
    })
    .await
}

pub(super) async fn leaderboard(AxumState(app): AxumState<App>, params: Params) -> Reply {
    read(app, move |core| {
        let state = &core.polymarket;
        let by_volume = params.one("orderBy") == Some("VOL");
        let ranked = super::two::ranking(state, by_volume);
        let row = |(rank, it): (u32, super::two::Ranked)| v1::LeaderboardRow {
            rank: Some(rank.to_string()),
            proxy_wallet: address_text(state, it.account),
            user_name: Some(String::new()),
            vol: Some(it.cash),
            pnl: Some(it.profit),
            x_username: Some(String::new()),
            verified_badge: Some(false),
            profile_image: Some(String::new()),
        };
        by_offset((1..).zip(ranked).map(row).collect(), &params, 25, 50)
    })
    .await
}
