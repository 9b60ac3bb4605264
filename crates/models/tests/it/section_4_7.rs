//! Section 4.7: decisions of the Federal Reserve from futures.

use brier_models::rates::{MeetingMonth, Moves, implied_rate};

use crate::check;

#[test]
fn september_2015() {
    let month = MeetingMonth { days: 30, days_before: 16, start_rate: 0.1325, average_rate: 0.195 };
    let end = month.end_rate().unwrap();
    check(end, "0.266429");
    check(Moves::expected(0.1325, end).unwrap().at_least(1).get(), "0.535714");
}

#[test]
fn a_cut_is_likely() {
    let average_rate = implied_rate(96.48).unwrap();
    check(average_rate, "3.52");
    let month = MeetingMonth { days: 31, days_before: 9, start_rate: 3.63, average_rate };
    let end = month.end_rate().unwrap();
    check(end, "3.475");
    let moves = Moves::expected(3.63, end).unwrap();
    check(moves.mean(), "-0.62");
    check(moves.exactly(-1).get(), "0.62");
    check(moves.exactly(0).get(), "0.38");
}
