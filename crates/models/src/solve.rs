//! Roots and minima of one variable, by methods that cannot diverge.

/// Most steps of a root; bisection alone would need sixty.
const MAX_STEPS: u32 = 200;

/// Where a function changes sign between `low`, where it is at or above zero, and `high`, where it is below.
///
/// False position with the Illinois weights, which needs about eight steps for a smooth function; whenever three steps have
/// not halved the interval, or the secant is no number, it is cut in the middle, so it cannot be slow for long.
pub(crate) fn falling_root(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let (mut at_low, mut at_high) = (f(low), f(high));
    let mut width = high - low;
    let mut last_was_low = None;
    for step in 1..=MAX_STEPS {
        let mut middle = f64::midpoint(low, high);
        let secant = low + (high - low) * (at_low / (at_low - at_high));
        if step % 3 == 0 {
            // Every third step looks back.
            if high - low <= width / 2.0 && secant.is_finite() {
                middle = secant;
            }
            width = high - low;
        } else if secant.is_finite() {
            middle = secant;
        }
        if middle <= low || middle >= high {
            // The root is within a float's spacing of an end, or the secant fell onto it: look just inside once more.
            middle = f64::midpoint(low, high);
            if middle <= low || middle >= high {
                break;
            }
        }
        let at_middle = f(middle);
        if at_middle.abs() <= f64::EPSILON / 2.0 {
            return middle;
        }
        let is_low = at_middle >= 0.0;
        let repeated = last_was_low == Some(is_low);
        if is_low {
            (low, at_low) = (middle, at_middle);
            if repeated {
                at_high /= 2.0;
            }
        } else {
            (high, at_high) = (middle, at_middle);
            if repeated {
                at_low /= 2.0;
            }
        }
        last_was_low = Some(is_low);
        if high - low <= 2.0 * f64::EPSILON * high.abs().max(low.abs()) {
            break;
        }
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
    fn roots_are_found_fast_and_never_lost() {
        let count = std::cell::Cell::new(0);
        let counted = |f: fn(f64) -> f64| {
            count.set(0);
            let root = falling_root(
                |x| {
                    count.set(count.get() + 1);
                    f(x)
                },
                0.0,
                1.0,
            );
            (root, count.get())
        };
        let (root, steps) = counted(|x| 0.25 - x * x * x);
        assert!((root - libm::cbrt(0.25)).abs() < 1e-15 && steps < 20, "{root} {steps}");
        // A wall, an infinite end and a flat stretch.
        let (root, steps) = counted(|x| if x < 0.3 { 1.0 } else { -1e9 });
        assert!((root - 0.3).abs() < 1e-15 && steps < 200, "{root} {steps}");
        let (root, steps) = counted(|x| 1.0 - 0.5 / (1.0 - x));
        assert!((root - 0.5).abs() < 1e-15 && steps < 150, "{root} {steps}");
        let (root, steps) = counted(|x| libm::pow(0.7 - x, 9.0));
        assert!((root - 0.7).abs() < 3e-2 && steps < 200, "{root} {steps}");
    }

    #[test]
    fn roots_and_valleys() {
        assert!((falling_root(|x| 2.0 - x * x, 0.0, 2.0) - 2.0_f64.sqrt()).abs() < 1e-15);
        assert!((minimize(|x| (x - 0.3) * (x - 0.3), -1.0, 5.0) - 0.3).abs() < 1e-7);
        assert!((minimize(|x| x, 1.0, 2.0) - 1.0).abs() < 1e-7, "a slope ends at the wall");
    }
}
