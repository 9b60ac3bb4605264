//! One forecast from several, weighted by how their errors go together.
//!
//! The weights of the least-variance unbiased blend are the row sums of the inverse error covariance, brought to a sum of
//! one. Two services that run the same model share their errors and therefore their weight, which equal weighting misses.
//! A source so alike another that it only adds noise can get a negative weight; shrinking the covariance toward its
//! diagonal (a third is a good start) tames that, and short histories need it.
//!
//! Biases are subtracted before; the deviation of the law is then fitted on the residuals of the *blend* ([`super::fit`]),
//! not taken from here, for a covariance from few days is optimistic.
//!
//! Source: Bates & Granger 1969; reference section 9.7.

/// How sources are weighted, and how far their blend is expected to miss.
#[derive(Clone, Debug, PartialEq)]
pub struct Blend {
    weights: Vec<f64>,
    deviation: f64,
}

impl Blend {
    /// The least-variance blend for errors of each source on the same days (report − forecast, °F), one row a source.
    ///
    /// `shrink` in `0..=1` is how far covariances between sources are pulled toward zero. `None` without sources, when
    /// rows differ in length or have fewer than two days, for numbers that are none, and when two sources are the same
    /// and nothing is shrunk: then no weights are better than others.
    ///
    /// ```
    /// use brier_models::weather::combine::Blend;
    /// // Independent errors, the second twice as large: weights 4 to 1.
    /// let blend = Blend::fit(&[&[1.0, -1.0, 1.0, -1.0], &[2.0, 2.0, -2.0, -2.0]], 0.0).unwrap();
    /// assert!((blend.weights()[0] - 0.8).abs() < 1e-12);
    /// ```
    pub fn fit(errors: &[&[f64]], shrink: f64) -> Option<Self> {
        let days = errors.first()?.len();
        let sane = days >= 2 && errors.iter().all(|row| row.len() == days && row.iter().all(|error| error.is_finite()));
        if !sane || !(0.0..=1.0).contains(&shrink) {
            return None;
        }
        let size = errors.len();
        let mut covariance = vec![0.0; size * size];
        for (row, left) in errors.iter().enumerate() {
            for (column, right) in errors.iter().enumerate() {
                // Around zero, not the mean: a bias left in is an error like any other.
                let moment = left.iter().zip(*right).map(|(a, b)| a * b).sum::<f64>() / days as f64;
                covariance[row * size + column] = if row == column { moment } else { (1.0 - shrink) * moment };
            }
        }
        Self::from_covariance(&covariance, size)
    }

    /// The least-variance blend for a covariance of errors in squared °F, `size` rows of `size`. `None` unless it is
    /// symmetric and positive definite.
    pub fn from_covariance(covariance: &[f64], size: usize) -> Option<Self> {
        let raw = solve_for_ones(covariance, size)?;
        let precision: f64 = raw.iter().sum();
        if !(precision.is_finite() && precision > 0.0) {
            return None;
        }
        let weights = raw.iter().map(|weight| weight / precision).collect();
        Some(Self { weights, deviation: libm::sqrt(1.0 / precision) })
    }

    /// The weights in the sources' order; they sum to one.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The standard deviation of the blend's error if the covariance were exactly known, °F.
    pub const fn deviation(&self) -> f64 {
        self.deviation
    }

    /// The blend of the sources' forecasts in °F. `None` if their number differs or one is no number: a missing source
    /// needs its own blend, not a guess.
    pub fn mean(&self, forecasts: &[f64]) -> Option<f64> {
        if forecasts.len() != self.weights.len() {
            return None;
        }
        let mean: f64 = self.weights.iter().zip(forecasts).map(|(weight, forecast)| weight * forecast).sum();
        mean.is_finite().then_some(mean)
    }
}

/// Solves C·x = (1, 1, …) by Cholesky's factorization.
fn solve_for_ones(matrix: &[f64], size: usize) -> Option<Vec<f64>> {
    if size == 0 || size.checked_mul(size) != Some(matrix.len()) || matrix.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let scale = (0..size).map(|index| matrix[index * size + index]).fold(0.0, f64::max);
    let mut lower = vec![0.0; size * size];
    for row in 0..size {
        for column in 0..=row {
            if (matrix[row * size + column] - matrix[column * size + row]).abs() > 1e-9 * scale {
                return None;
            }
            let known: f64 = (0..column).map(|k| lower[row * size + k] * lower[column * size + k]).sum();
            let rest = matrix[row * size + column] - known;
            if row == column {
                if rest <= 1e-12 * scale {
                    return None;
                }
                lower[row * size + row] = libm::sqrt(rest);
            } else {
                lower[row * size + column] = rest / lower[column * size + column];
            }
        }
    }
    let mut solution = vec![1.0; size];
    for row in 0..size {
        let known: f64 = (0..row).map(|k| lower[row * size + k] * solution[k]).sum();
        solution[row] = (solution[row] - known) / lower[row * size + row];
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|k| lower[k * size + row] * solution[k]).sum();
        solution[row] = (solution[row] - known) / lower[row * size + row];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn twins_share_one_weight() {
        // Variance 4 each; the first two are correlated 0.9. By hand: twins get 0.256410 each, the third 0.487179… of
        // C⁻¹·1 = (1/7.6, 1/7.6, 1/4) brought to one.
        let blend = Blend::from_covariance(&[4.0, 3.6, 0.0, 3.6, 4.0, 0.0, 0.0, 0.0, 4.0], 3).unwrap();
        let sum = 2.0 / 7.6 + 0.25;
        assert!((blend.weights()[0] - 1.0 / 7.6 / sum).abs() < 1e-12);
        assert!((blend.weights()[2] - 0.25 / sum).abs() < 1e-12);
        assert!((blend.deviation() - libm::sqrt(1.0 / sum)).abs() < 1e-12);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Blend::fit(&[], 0.3).is_none());
        assert!(Blend::fit(&[&[1.0, 2.0], &[1.0]], 0.3).is_none());
        assert!(Blend::fit(&[&[1.0, 2.0], &[1.0, 2.0]], 0.0).is_none(), "the same source twice");
        assert!(Blend::fit(&[&[1.0, 2.0], &[1.0, 2.0]], 0.3).is_some());
        assert!(Blend::fit(&[&[1.0, f64::NAN]], 0.3).is_none());
        assert!(Blend::from_covariance(&[1.0, 0.5, -0.5, 1.0], 2).is_none(), "not symmetric");
        let blend = Blend::fit(&[&[1.0, -1.0]], 0.0).unwrap();
        assert!(blend.mean(&[50.0, 51.0]).is_none());
        assert!(blend.mean(&[f64::NAN]).is_none());
    }

    proptest! {
        #[test]
        fn weights_sum_to_one_and_beat_every_source(rows in proptest::collection::vec(proptest::collection::vec(-5.0_f64..5.0, 12), 1..5)) {
            let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
            if let Some(blend) = Blend::fit(&rows, 0.0) {
                prop_assert!((blend.weights().iter().sum::<f64>() - 1.0).abs() < 1e-9);
                for row in rows {
                    let alone = libm::sqrt(row.iter().map(|error| error * error).sum::<f64>() / 12.0);
                    prop_assert!(blend.deviation() <= alone + 1e-9);
                }
            }
        }
    }
}
