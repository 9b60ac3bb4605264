//! Which family a contract belongs to, from what its question says.

use crate::contract::{Contract, Facet, Family};

/// The family of a contract whose fields are read.
pub(super) fn of(contract: &Contract) -> Family {
    let has = |facet: Facet| contract.values(facet).next().is_some();
    let says = |facet: Facet, value: &str| contract.says(facet, value).is_some();
    let measures = |values: &[&str]| values.iter().any(|value| contract.says(Facet::Measure, value).is_some());
    if contract.game.is_some() {
        let part = has(Facet::Part) || contract.range.is_some() || has(Facet::Measure);
        return if part { Family::GameProp } else { Family::Game };
    }
    if says(Facet::Part, "up_down") {
        return Family::UpOrDown;
    }
    if measures(&["high_temperature", "low_temperature"]) {
        return Family::Weather;
    }
    if says(Facet::Word, "fed") || measures(&["fed_funds"]) {
        return Family::Rates;
    }
    if measures(&["cpi", "core_cpi", "pce", "core_pce", "unemployment", "payrolls", "gdp"]) {
        return Family::Statistic;
    }
    if measures(&["seats", "vote_share", "margin", "turnout"])
        && (has(Facet::Party) || has(Facet::Office) || has(Facet::Place))
    {
        return Family::ElectionCount;
    }
    if says(Facet::Act, "leave") || says(Facet::Act, "resign") {
        return Family::Leaving;
    }
    if has(Facet::Award) || measures(&["rotten_tomatoes", "metacritic"]) {
        return Family::Award;
    }
    if contract
        .words
        .iter()
        .any(|word| matches!(word.value.text.as_str(), "goal" | "goals" | "assists" | "rebounds" | "touchdowns"))
        && contract.range.is_some()
    {
        return Family::GameProp;
    }
    let won = says(Facet::Act, "win");
    if (won || has(Facet::Rank) || has(Facet::Stage))
        && (has(Facet::Office) || has(Facet::Stage) || !contract.districts.is_empty())
    {
        return Family::Election;
    }
    if won && (has(Facet::Competition) || has(Facet::League) || !contract.teams.is_empty()) {
        return Family::Outright;
    }
    let moves = ["reach", "dip", "beat"].iter().any(|act| says(Facet::Act, act));
    let quoted = contract.words.iter().any(|word| matches!(word.value.text.as_str(), "price" | "high" | "low" | "ath"));
    if has(Facet::Asset) && (contract.range.is_some() || moves || quoted || measures(&["close_above"])) {
        return Family::Price;
    }
    Family::Generic
}
