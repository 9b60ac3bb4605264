//! Small least-squares fits, by the normal equations.

/// The coefficients of `N` features that explain a target best in the sum of squares. `None` when the features do not tell
/// their coefficients apart.
pub(crate) fn least_squares<const N: usize>(rows: impl Iterator<Item = ([f64; N], f64)>) -> Option<[f64; N]> {
    let mut matrix = [[0.0; N]; N];
    let mut target = [0.0; N];
    for (features, value) in rows {
        for row in 0..N {
            for column in 0..N {
                matrix[row][column] += features[row] * features[column];
            }
            target[row] += features[row] * value;
        }
    }
    solve(matrix, target)
}

/// Solves a symmetric positive definite system. `None` when it is not, or nearly not.
pub(crate) fn solve<const N: usize>(mut matrix: [[f64; N]; N], mut target: [f64; N]) -> Option<[f64; N]> {
    let diagonal: [f64; N] = std::array::from_fn(|index| matrix[index][index]);
    for pivot in 0..N {
        // What is left of a feature's own square once the features before it are known.
        if !(matrix[pivot][pivot] > 1e-10 * diagonal[pivot] && matrix[pivot][pivot].is_finite()) {
            return None;
        }
        for row in pivot + 1..N {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let above = matrix[pivot];
            for (value, above) in matrix[row].iter_mut().zip(above).skip(pivot) {
                *value -= factor * above;
            }
            target[row] -= factor * target[pivot];
        }
    }
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|column| matrix[row][column] * target[column]).sum();
        target[row] = (target[row] - known) / matrix[row][row];
    }
    target.iter().all(|value| value.is_finite()).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_back() {
        let rows = (0..10).map(|x| ([1.0, f64::from(x)], 3.0 - 0.5 * f64::from(x)));
        let [constant, slope] = least_squares(rows).unwrap();
        assert!((constant - 3.0).abs() < 1e-12 && (slope + 0.5).abs() < 1e-12);
        assert!(least_squares((0..10).map(|_| ([1.0, 2.0], 3.0))).is_none(), "one feature is twice the other");
    }
}
