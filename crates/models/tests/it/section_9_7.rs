//! Section 9.7: weather buckets.

use brier_models::distribution::{Shape, normal_cdf};
use brier_models::rounded::Bucket;
use brier_models::weather::fit::crps;
use brier_models::weather::{DayExtreme, Extreme, Observed, Slack};

use crate::{check, check_prob};

const DAY: [Bucket; 6] = [
    Bucket::AtMost(47),
    Bucket::Between(48, 49),
    Bucket::Between(50, 51),
    Bucket::Between(52, 53),
    Bucket::Between(54, 55),
    Bucket::AtLeast(56),
];

fn high(mean: f64, deviation: f64, shape: Shape) -> DayExtreme {
    DayExtreme::new(Extreme::High, mean, deviation, shape).unwrap()
}

#[track_caller]
fn row(model: &DayExtreme, buckets: &[Bucket], printed: &[&str]) {
    for (bucket, printed) in buckets.iter().zip(printed) {
        check_prob(model.probability(*bucket), printed);
    }
}

#[test]
fn normal_and_student() {
    let normal = ["0.043238", "0.115417", "0.228893", "0.278334", "0.207569", "0.126549"];
    row(&high(52.3, 2.8, Shape::Normal), &DAY, &normal);
    let student = ["0.038899", "0.087686", "0.237085", "0.334382", "0.201889", "0.100059"];
    row(&high(52.3, 2.8, Shape::student(5.0).unwrap()), &DAY, &student);
}

#[test]
fn without_the_continuity_correction_it_would_be_half() {
    check(normal_cdf((53.0 - 52.3) / 2.8) - normal_cdf((52.0 - 52.3) / 2.8), "0.141369");
}

#[test]
fn with_an_observed_maximum() {
    let seen = Observed { extreme: 53, slack: Slack::NONE };
    let printed = ["0.000000", "0.000000", "0.000000", "0.665882", "0.207569", "0.126549"];
    row(&high(52.3, 2.8, Shape::Normal).observed(seen), &DAY, &printed);
}

#[test]
fn an_afternoon() {
    let seen = Observed { extreme: 87, slack: Slack::NONE };
    let buckets = [Bucket::Between(86, 87), Bucket::Between(88, 89), Bucket::Between(90, 91), Bucket::AtLeast(92)];
    let printed = ["0.320369", "0.486568", "0.179159", "0.013903"];
    row(&high(88.2, 1.5, Shape::Normal).observed(seen), &buckets, &printed);
}

#[test]
fn ranked_probability_scores() {
    check(crps(52.3, 2.8, &Shape::Normal, 55.0).unwrap(), "1.619441");
    check(crps(88.2, 1.5, &Shape::Normal, 88.0).unwrap(), "0.361165");
}
