//! How much each number of a model moves its answer away from a baseline, so that the parts add up to the whole.
//!
//! The way from the baseline to the numbers of today is walked in a straight line in small steps. At each step every number
//! is moved alone, once from the step's start and once back from its end, and the mean of the two differences is its part.
//! What a step's parts miss of the step (where numbers act together) is shared out in proportion to the parts' sizes, so the
//! sum is exact but for the dust of floats. In the limit of small steps these are the parts of Aumann and Shapley.
//!
//! What can go wrong: a straight line crosses combinations that never happen. The parts say what the model does, not what
//! the world does.

/// Steps of the way. Parts of a smooth model are then exact to about four digits, and their sum to all.
const STEPS: u32 = 64;

/// The part of each number in `f(to) − f(from)`. `None` when `f` has no answer somewhere on the way, or the slices differ in
/// length.
pub(crate) fn parts(f: &dyn Fn(&[f64]) -> Option<f64>, from: &[f64], to: &[f64]) -> Option<Vec<f64>> {
    if from.len() != to.len() {
        return None;
    }
    let at = |step: u32| -> Vec<f64> {
        let share = f64::from(step) / f64::from(STEPS);
        // The last point is the target itself, not a rounded neighbor.
        from.iter().zip(to).map(|(&a, &b)| if step == STEPS { b } else { a + (b - a) * share }).collect()
    };
    let mut parts = vec![0.0; from.len()];
    let (mut start, mut before) = (at(0), f(from)?);
    for step in 1..=STEPS {
        let end = at(step);
        let after = f(&end)?;
        let mut alone = Vec::with_capacity(parts.len());
        for index in 0..parts.len() {
            if start[index].to_bits() == end[index].to_bits() {
                alone.push(0.0);
                continue;
            }
            let (mut forward, mut backward) = (start.clone(), end.clone());
            forward[index] = end[index];
            backward[index] = start[index];
            alone.push(f64::midpoint(f(&forward)? - before, after - f(&backward)?));
        }
        let missed = after - before - alone.iter().sum::<f64>();
        let shares = shares(&alone, &start, &end);
        for ((part, alone), share) in parts.iter_mut().zip(&alone).zip(&shares) {
            *part += alone + missed * share;
        }
        (start, before) = (end, after);
    }
    Some(parts)
}

/// In what proportion a remainder is shared out: by the parts' sizes, or evenly among what moved when all are zero.
fn shares(alone: &[f64], start: &[f64], end: &[f64]) -> Vec<f64> {
    let total: f64 = alone.iter().map(|part| part.abs()).sum();
    if total > 0.0 {
        return alone.iter().map(|part| part.abs() / total).collect();
    }
    let moved: Vec<bool> = start.iter().zip(end).map(|(a, b)| a.to_bits() != b.to_bits()).collect();
    let count = moved.iter().filter(|&&moved| moved).count().max(1) as f64;
    moved.iter().map(|&moved| if moved { 1.0 / count } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_straight_model_has_straight_parts() {
        let parts = parts(&|x| Some(2.0 * x[0] - 3.0 * x[1] + 7.0), &[0.0, 0.0, 5.0], &[1.0, 2.0, 5.0]).unwrap();
        for (part, expected) in parts.iter().zip([2.0, -6.0, 0.0]) {
            assert!((part - expected).abs() < 1e-12, "{parts:?}");
        }
    }

    #[test]
    fn numbers_that_act_together_share_alike() {
        let parts = parts(&|x| Some(x[0] * x[1]), &[0.0, 0.0], &[1.0, 1.0]).unwrap();
        assert!((parts[0] - 0.5).abs() < 1e-12 && (parts[1] - 0.5).abs() < 1e-12, "{parts:?}");
    }

    #[test]
    fn a_jump_that_needs_both_is_shared_evenly() {
        let both = |x: &[f64]| Some(if x[0] > 0.5 && x[1] > 0.5 { 1.0 } else { 0.0 });
        let parts = parts(&both, &[0.0, 0.0], &[1.0, 1.0]).unwrap();
        assert!((parts[0] - 0.5).abs() < 1e-12 && (parts[1] - 0.5).abs() < 1e-12, "{parts:?}");
    }

    #[test]
    fn a_hole_on_the_way_has_no_parts() {
        let hole = |x: &[f64]| (x[0] < 0.3 || x[0] > 0.7).then_some(x[0]);
        assert_eq!(parts(&hole, &[0.0], &[1.0]), None);
        assert_eq!(parts(&|_| Some(0.0), &[0.0], &[]), None);
    }

    proptest! {
        #[test]
        fn parts_add_up_whatever_the_model(
            from in proptest::collection::vec(-5.0_f64..5.0, 4),
            to in proptest::collection::vec(-5.0_f64..5.0, 4),
            weights in proptest::collection::vec(-2.0_f64..2.0, 4),
        ) {
            let model = |x: &[f64]| {
                let linear: f64 = x.iter().zip(&weights).map(|(x, weight)| x * weight).sum();
                let jump = if x[0] * x[1] > 1.0 { 0.3 } else { 0.0 };
                Some(1.0 / (1.0 + libm::exp(-linear - x[2] * x[3])) + jump)
            };
            let parts = parts(&model, &from, &to).unwrap();
            let whole = model(&to).unwrap() - model(&from).unwrap();
            prop_assert!((parts.iter().sum::<f64>() - whole).abs() < 1e-10);
        }
    }
}
