//! What only the exchange's operator does: lists what was recorded, hands out play money, fails a match, resolves.

use anyhow::Context as _;
use brier_exchange::{PolymarketAdmin, PolymarketChange, PositionChange, SettlementChange};
use brier_polymarket_protocol::ids::ConditionId;
use brier_types::{MarketResult, Money, Qty};
use serde_json::json;

use super::party::Party;
use super::recorded::{Series, Shown, Window};

/// Levels of a recorded book hold what larger orders left, so listed books take orders of any size.
const SHOWN_LEAST: &str = "0.01";

/// A wallet with play money and API credentials.
///
/// Its rate limit is lifted: at sixty times the market's pace an ordinary one would bind.
pub(crate) async fn admit(admin: &PolymarketAdmin, party: &Party, funds: Money) -> anyhow::Result<()> {
    admin.open_wallets(party.address()).await?;
    admin.fund(party.address(), funds).await?;
    admin.set_tier(Some(party.address()), "unlimited").await?;
    Ok(party.client.create_credentials(0).await?)
}

/// Lists a window as the series' markets are listed.
pub(super) async fn list_window(
    admin: &PolymarketAdmin,
    window: &Window,
    series: &Series,
) -> anyhow::Result<ConditionId> {
    let (ends, ended) = (window.close_time.to_string(), window.close_time.secs());
    let market = json!({
        "question": format!("Bitcoin Up or Down, five minutes to {ends}"),
        "slug": window.slug,
        "outcomes": ["Up", "Down"],
        "description": series.description,
        "resolutionSource": series.resolution_source,
        "endDate": ends,
        "feesEnabled": true,
        "feeSchedule": series.fee_schedule,
        "orderPriceMinTickSize": "0.01",
        "orderMinSize": series.order_min_size.to_string(),
        "event": { "title": format!("Bitcoin Up or Down {ended}"), "slug": window.slug },
    });
    list(admin, market).await
}

/// Lists a market whose book was recorded, under its real ids.
pub(super) async fn list_shown(admin: &PolymarketAdmin, shown: &Shown) -> anyhow::Result<ConditionId> {
    let mut event = json!({ "title": shown.event_title, "slug": format!("{}-event", shown.slug) });
    let mut market = json!({
        "id": shown.gamma_id,
        "question": shown.question,
        "slug": shown.slug,
        "conditionId": shown.condition,
        "clobTokenIds": shown.tokens,
        "orderPriceMinTickSize": shown.tick.to_string(),
        "orderMinSize": SHOWN_LEAST,
    });
    if let Some(id) = &shown.question_id {
        market["questionID"] = json!(id);
    }
    if let Some(id) = &shown.neg_risk_market_id {
        event["negRisk"] = json!(true);
        event["negRiskMarketID"] = json!(id);
        market["negRisk"] = json!(true);
        market["negRiskMarketID"] = json!(id);
    }
    market["event"] = event;
    list(admin, market).await
}

/// Lists a market as Gamma would describe it.
pub(crate) async fn list(admin: &PolymarketAdmin, market: serde_json::Value) -> anyhow::Result<ConditionId> {
    let name = market["question"].to_string();
    let listed = admin.list_market(market).await.with_context(|| format!("listing {name}"))?;
    Ok(listed.condition_id.parse()?)
}

/// Turns dollars of the party into so many shares of both outcomes.
pub(crate) async fn split(admin: &PolymarketAdmin, party: &Party, market: ConditionId, qty: Qty) -> anyhow::Result<()> {
    let change = PositionChange::Split { market: market.to_string(), qty };
    admin.position(party.address(), change).await?;
    Ok(())
}

/// The chain will refuse the next match for good.
pub(super) async fn fail_next(admin: &PolymarketAdmin) -> anyhow::Result<()> {
    Ok(admin.set_settlement(SettlementChange { fail_next: Some(1), ..SettlementChange::default() }).await?)
}

/// The oracle's answer is proposed, nobody disputes it, and everybody redeems.
pub(crate) async fn resolve(admin: &PolymarketAdmin, market: ConditionId, result: MarketResult) -> anyhow::Result<()> {
    let market = market.to_string();
    admin.change_market(&market, PolymarketChange::Accept(false)).await?;
    admin.change_market(&market, PolymarketChange::Propose(result)).await?;
    admin.change_market(&market, PolymarketChange::Resolve(result)).await?;
    admin.redeem_all(&market).await?;
    Ok(())
}
