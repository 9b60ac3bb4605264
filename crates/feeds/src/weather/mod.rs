//! Weather: what settles the markets (the climate report), what leads up to it (observations), what is expected.
//!
//! The settlement value of a temperature market is the whole degree Fahrenheit that the climate report prints, nothing else;
//! METAR and the five-minute observations only bound it from below.

pub mod climate_report;
pub mod metar;
pub mod nws;
pub mod open_meteo;
pub mod tomorrow;

use brier_types::Timestamp;

use crate::time::ClimateDay;

/// One value at one hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HourValue {
    /// The hour's beginning, or the moment the value is for.
    pub at: Timestamp,
    /// The value, in the unit of the series.
    pub value: f64,
}

/// The largest of a series within a climate day, and how many of its hours had a value.
///
/// A caller that wants the day's maximum must look at the count: of a day without its afternoon the maximum says nothing.
pub fn max_within(series: impl IntoIterator<Item = HourValue>, day: ClimateDay) -> Option<(f64, usize)> {
    extreme(series, day, f64::max)
}

/// As [`max_within`], the smallest.
pub fn min_within(series: impl IntoIterator<Item = HourValue>, day: ClimateDay) -> Option<(f64, usize)> {
    extreme(series, day, f64::min)
}

fn extreme(
    series: impl IntoIterator<Item = HourValue>,
    day: ClimateDay,
    pick: fn(f64, f64) -> f64,
) -> Option<(f64, usize)> {
    let values = series.into_iter().filter(|hour| day.contains(hour.at)).map(|hour| hour.value);
    values.fold(None, |best, value| {
        Some(best.map_or((value, 1), |(so_far, count): (f64, usize)| (pick(so_far, value), count + 1)))
    })
}

/// Degrees Fahrenheit of degrees Celsius.
pub fn fahrenheit(celsius: f64) -> f64 {
    celsius * 9.0 / 5.0 + 32.0
}

/// The whole degree Fahrenheit that tenths of a degree Celsius most likely print as: rounded half up after the conversion.
///
/// Source: reference (feeds), section 1.4, 2026-11-20.
pub fn whole_fahrenheit(tenths_celsius: i16) -> i16 {
    let hundredths_of_fifty = i32::from(tenths_celsius) * 9 + 32 * 50;
    (hundredths_of_fifty + 25).div_euclid(50) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_round_half_up_after_the_conversion() {
        for (tenths, whole) in [(106, 51), (111, 52), (0, 32), (-178, 0), (-400, -40), (25, 37), (-25, 28)] {
            // 2.5 °C is 36.5 °F and prints as 37; -2.5 °C is 27.5 °F and prints as 28.
            assert_eq!(whole_fahrenheit(tenths), whole, "{tenths}");
        }
    }
}
