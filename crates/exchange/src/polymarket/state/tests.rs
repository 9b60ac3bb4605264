//! The state from records alone.

use brier_types::{Price, Qty, Timestamp};

use super::State;
use crate::polymarket::record::{EventListing, Fees, MarketListing, Record};

/// Journals from before slugs were one market's and one event's replay as they were written.
#[test]
fn records_with_a_slug_that_is_taken_still_replay() {
    let mut state = State::default();
    for number in 1..=2_u32 {
        let event = EventListing { id: number.to_string(), slug: "rain".to_owned(), ..EventListing::default() };
        let market = MarketListing {
            id: format!("{number}0"),
            event: event.id.clone(),
            condition: format!("0x{number:064x}"),
            question_id: format!("0x{number:064x}"),
            tokens: [format!("{number}1"), format!("{number}2")],
            outcomes: ["Yes", "No"].map(str::to_owned),
            question: "Rain?".to_owned(),
            description: String::new(),
            slug: "rain".to_owned(),
            resolution_source: String::new(),
            end_date: String::new(),
            group_item_title: String::new(),
            neg_risk_other: false,
            tick: Price::from_cents(1).unwrap(),
            min_size: Qty::from_micros(5_000_000).unwrap(),
            fees: Fees { rate: 0, exponent: 1, rebate_rate: 0 },
            accepting: true,
            seconds_delay: 0,
            rewards: None,
            tags: Vec::new(),
        };
        for record in [Record::ListEvent(Box::new(event)), Record::ListMarket(Box::new(market))] {
            state.execute(Timestamp::EPOCH, &record).unwrap();
        }
    }
    assert_eq!(state.markets.iter().map(|row| row.listing.slug.as_str()).collect::<Vec<_>>(), ["rain", "rain"]);
    assert_eq!(state.events.len(), 2);
}
