//! Section 1.7: priors of forecast error by lead.

use brier_models::weather::prior::{Climate, deviation};

use crate::check;

#[test]
fn table_of_leads() {
    // Hours before 16:00 local standard time: the day's 08:00, 13:00 and 16:00, then its mornings before.
    let table = [(8.0, "2.2"), (3.0, "1.5"), (0.0, "0.8"), (32.0, "2.8"), (56.0, "3.3"), (80.0, "3.9"), (104.0, "4.5")];
    for (hours, sigma) in table.into_iter().chain([(128.0, "5.2"), (176.0, "6.6")]) {
        check(deviation(hours, Climate::Ordinary).unwrap(), sigma);
    }
}

#[test]
fn climates_scale_it() {
    check(deviation(32.0, Climate::Maritime).unwrap(), "1.96");
    check(deviation(32.0, Climate::ContinentalWinter).unwrap(), "3.5");
    check(deviation(32.0, Climate::ClearCalmNight).unwrap(), "3.08");
}
