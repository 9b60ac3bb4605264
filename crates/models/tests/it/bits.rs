//! The same input gives the same bits on every machine: a replay depends on it.

use brier_models::average::{Now, Sampling, Window};
use brier_models::digital::{Ladder, Terminal};
use brier_models::distribution::Shape;
use brier_models::odds::Margin;
use brier_models::rounded::{Bucket, Rounded};

/// Folds the bits of a number into a digest (FNV-1a, by words).
fn fold(digest: u64, value: f64) -> u64 {
    (digest ^ value.to_bits()).wrapping_mul(0x0000_0100_0000_01B3)
}

#[test]
fn the_digest_of_many_answers_is_the_one_recorded() {
    let mut digest = 0xCBF2_9CE4_8422_2325;
    let ladder = Ladder::new(&[90.0, 95.0, 99.0, 100.0, 101.0, 105.0, 110.0]).unwrap();
    let mut ranges = [0.0; 8];
    for shape in [Shape::Normal, Shape::student(3.7).unwrap()] {
        for step in 0..200 {
            let x = f64::from(step) / 7.0;
            ladder.ranges(&Terminal::new(90.0 + x, 1e-3, 60.0 * x, shape).unwrap(), &mut ranges);
            digest = ranges.iter().fold(digest, |digest, &range| fold(digest, range));
            let law = Rounded::new(40.0 + x, 2.8, 1.0, shape).unwrap();
            digest = fold(digest, law.probability(Bucket::Between(52, 53)).unwrap().get());
            let window = Window { seconds: 60.0, sampling: Sampling::Prints(60) };
            let now = Now { spot: 100.0 + x, volatility: 1e-4, seconds_left: x * 3.0, observed_mean: Some(100.0) };
            digest = fold(digest, window.law(&now).unwrap().at_or_above(101.0).unwrap().get());
        }
    }
    let mut chances = [0.0; 3];
    for margin in [Margin::Power, Margin::Shin, Margin::OddsRatio] {
        for step in 0..100 {
            margin.remove(&[1.5 + f64::from(step) / 50.0, 2.40, 2.8], &mut chances).unwrap();
            digest = chances.iter().fold(digest, |digest, &chance| fold(digest, chance));
        }
    }
    // Changes when a model does, on purpose; recorded on x86-64, in debug and release builds alike.
    assert_eq!(digest, 0xBB7F_ED23_6DA7_EB3D, "{digest:#X}");
}
