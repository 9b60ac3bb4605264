//! Section 3.3: taking the margin out of odds.

use brier_models::odds::{Margin, after_commission, from_american, from_hong_kong, from_indonesian, from_malay};

use crate::check;

#[track_caller]
fn row(margin: Margin, odds: &[f64], chances: &[&str], parameter: Option<&str>) {
    let mut out = vec![0.0; odds.len()];
    let found = margin.remove(odds, &mut out).unwrap();
    for (chance, printed) in out.iter().zip(chances) {
        check(*chance, printed);
    }
    if let Some(printed) = parameter {
        check(found, printed);
    }
}

#[test]
fn three_way() {
    let odds = [2.60, 2.40, 4.30];
    row(Margin::Multiplicative, &odds, &["0.372026", "0.403028", "0.224946"], Some("1.033840"));
    row(Margin::Additive, &odds, &["0.373335", "0.405387", "0.221278"], None);
    row(Margin::Power, &odds, &["0.372984", "0.405107", "0.221908"], Some("1.032137"));
    row(Margin::Shin, &odds, &["0.372994", "0.404779", "0.222227"], Some("0.016943"));
}

#[test]
fn favorite_and_long_shot() {
    let odds = [1.20, 5.00];
    row(Margin::Multiplicative, &odds, &["0.806452", "0.193548"], Some("1.033333"));
    row(Margin::Additive, &odds, &["0.816667", "0.183333"], None);
    row(Margin::Power, &odds, &["0.822266", "0.177734"], Some("1.073334"));
    row(Margin::Shin, &odds, &["0.816667", "0.183333"], Some("0.034054"));
}

#[test]
fn even_sides() {
    let odds = [1.91, 1.91];
    row(Margin::Multiplicative, &odds, &["0.5", "0.5"], Some("1.047120"));
    row(Margin::Additive, &odds, &["0.5", "0.5"], None);
    row(Margin::Power, &odds, &["0.5", "0.5"], Some("1.071154"));
    row(Margin::Shin, &odds, &["0.5", "0.5"], Some("0.047120"));
}

#[test]
fn conversions() {
    check(from_american(150.0).unwrap(), "2.50");
    check(from_american(-150.0).unwrap(), "1.666667");
    check(from_hong_kong(0.95).unwrap(), "1.95");
    check(from_malay(0.80).unwrap(), "1.80");
    check(from_malay(-0.80).unwrap(), "2.25");
    check(from_indonesian(1.5).unwrap(), "2.50");
    check(from_indonesian(-1.5).unwrap(), "1.666667");
    check(after_commission(2.0, 0.05).unwrap(), "1.95");
}
