//! Roots and minima of one variable, by methods that cannot diverge.

/// Steps of a bisection; each halves the interval, so the last is below the spacing of floats near 1.
const HALVINGS: u32 = 80;

/// Where a function changes sign between `low`, where it is at or above zero, and `high`, where it is below.
pub(crate) fn falling_root(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if f(middle) >= 0.0 { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The place of the least value of a function with one valley between `low` and `high`, by golden section.
pub(crate) fn minimize(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    /// (√5 − 1) / 2.
    const GOLDEN: f64 = 0.618_033_988_749_894_8;
    let mut left = high - GOLDEN * (high - low);
    let mut right = low + GOLDEN * (high - low);
    let (mut at_left, mut at_right) = (f(left), f(right));
    while high - low > 1e-9 * (1.0 + low.abs()) {
        if at_left < at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - GOLDEN * (high - low);
            at_left = f(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + GOLDEN * (high - low);
            at_right = f(right);
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_and_valleys() {
        assert!((falling_root(|x| 2.0 - x * x, 0.0, 2.0) - 2.0_f64.sqrt()).abs() < 1e-15);
        assert!((minimize(|x| (x - 0.3) * (x - 0.3), -1.0, 5.0) - 0.3).abs() < 1e-7);
        assert!((minimize(|x| x, 1.0, 2.0) - 1.0).abs() < 1e-7, "a slope ends at the wall");
    }
}
