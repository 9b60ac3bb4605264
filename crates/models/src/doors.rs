//! What models do at their doors: ask whether a number makes sense, and turn one into a probability.

use brier_types::Prob;

/// Whether a number is finite and above zero.
pub(crate) fn positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

/// The number, if it is finite.
pub(crate) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// A number as a probability, forgiving the rounding of a sum or difference. `None` for NaN.
pub(crate) fn chance(value: f64) -> Option<Prob> {
    Prob::new(value.clamp(0.0, 1.0)).ok()
}

/// Writes the chance of each item, as many as the shorter slice holds, and returns how many; `None` at the first without.
pub(crate) fn fill<T: Copy>(items: &[T], out: &mut [Prob], of: impl Fn(T) -> Option<Prob>) -> Option<usize> {
    let mut count = 0;
    for (item, slot) in items.iter().zip(out) {
        *slot = of(*item)?;
        count += 1;
    }
    Some(count)
}
