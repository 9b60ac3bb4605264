//! Generated days: temperatures, prices and numbers that follow from a seed and a moment alone, in whole numbers, so that a
//! seed gives the same day on every machine.

use std::time::Duration;

use brier_connect::backoff::Jitter;
use brier_types::Timestamp;
use jiff::civil;

use crate::news::hash;
use crate::settlement::{Station, Table};
use crate::time::date_at;

/// A moment of a generated world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The world.
    pub seed: u64,
    /// The vendor's present.
    pub now: Timestamp,
    /// The moment its data is of: the present, or long before.
    pub data: Timestamp,
}

impl Day {
    /// A number between zero and `bound`, of a name and a place in time.
    pub(super) fn dice(&self, name: &str, at: i64, bound: i64) -> i64 {
        let mut jitter = Jitter::new(self.seed ^ hash(&[name]) ^ (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        (jitter.next_u64() % bound.max(1) as u64) as i64
    }

    /// Temperature in tenths of °C: cold before sunrise, warm in the afternoon, with weather of its own each day.
    pub(super) fn temperature(&self, place: &str, standard_hours: i8, at: Timestamp) -> i64 {
        let local = at.secs() + i64::from(standard_hours) * 3_600;
        let (date, minute) = (local.div_euclid(86_400), local.rem_euclid(86_400) / 60);
        // A triangle from 05:00 (lowest) to 15:00 (highest) and back.
        let since = (minute - 300).rem_euclid(1_440);
        let share = if since < 600 { since * 1_000 / 600 } else { (1_440 - since) * 1_000 / 840 };
        let (base, swing) = (self.dice(place, date, 120) + 20, 60 + self.dice("swing", date, 80));
        base + swing * share / 1_000 + self.dice(place, at.secs() / 600, 5) - 2
    }

    /// A price in 10^-8, near `base` whole units, that moves a little by the second and more by the hour.
    pub(super) fn price(&self, symbol: &str, base: i64, at: Timestamp) -> i64 {
        let unit = base * 100_000_000;
        let hour = self.dice(symbol, at.secs() / 3_600, 2_000) - 1_000;
        let second = self.dice(symbol, at.secs(), 100) - 50;
        unit + unit / 100_000 * hour + unit / 1_000_000 * second
    }

    /// The last whole hour of the data.
    pub(super) fn hour(&self) -> Timestamp {
        Timestamp::from_secs(self.data.secs().div_euclid(3_600) * 3_600).unwrap_or(self.data)
    }

    /// The data's date in UTC.
    pub(super) fn date(&self) -> civil::Date {
        date_at(self.data, 0)
    }

    /// The hours around the data: `back` before, `ahead` after.
    pub(super) fn hours(&self, back: u64, ahead: u64) -> impl Iterator<Item = Timestamp> {
        let first = self.hour().minus(Duration::from_hours(back));
        (0..=back + ahead).map(move |hour| first.plus(Duration::from_hours(hour)))
    }
}

/// 10^-8 as a decimal text with so many places.
pub(super) fn decimal(hundred_millionths: i64, places: usize) -> String {
    let (whole, part) = (hundred_millionths / 100_000_000, (hundred_millionths % 100_000_000).unsigned_abs());
    let part = format!("{part:08}");
    format!("{whole}.{}", part.get(..places.min(8)).unwrap_or(&part))
}

/// Tenths as a decimal number.
pub(super) fn tenths(value: i64) -> f64 {
    value as f64 / 10.0
}

/// The station of a report or a METAR name; Central Park for what is unknown.
pub(super) fn station(name: &str) -> &'static Station {
    let table = Table::embedded();
    let found = table.stations().iter().find(|station| station.report == name || station.icao == name);
    found.unwrap_or_else(|| table.stations().first().expect("the embedded table has stations"))
}
