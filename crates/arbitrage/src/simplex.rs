//! A linear program of a few dozen variables: the largest `c·z` with `G z ≤ b` and `0 ≤ z ≤ u`, where no `b` is negative.
//!
//! The simplex method in a dense dictionary, with bounds kept out of the rows: a variable at its bound is counted down from
//! it. All starts at zero, which every program here allows. The answer is certified: prices of the rows, read from the last
//! dictionary, must bound the objective from above on the original numbers.
//!
//! Source: Chvátal 1983, chapters 2, 5 and 8; Bland 1977 for the rule that ends cycling.

/// What counts as zero among numbers of the size of prices.
const EPSILON: f64 = 1e-11;
/// The smallest entry that is pivoted on.
const PIVOT: f64 = 1e-9;
/// The relative gap between the objective and its bound that is still an optimum.
const GAP: f64 = 1e-9;

/// A program in the making. Rows are added one by one; columns are fixed at the start.
#[derive(Clone, Debug)]
pub(crate) struct Simplex {
    columns: usize,
    objective: Vec<f64>,
    upper: Vec<f64>,
    bounds: Vec<f64>,
    matrix: Vec<f64>,
}

/// An optimum with its proof.
#[derive(Clone, Debug)]
pub(crate) struct Solution {
    pub(crate) values: Vec<f64>,
    /// The price of each row.
    pub(crate) prices: Vec<f64>,
}

/// No certified optimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Unbounded,
    Steps,
    Gap,
}

impl Simplex {
    pub(crate) fn new(objective: Vec<f64>, upper: Vec<f64>) -> Self {
        Self { columns: objective.len(), objective, upper, bounds: Vec::new(), matrix: Vec::new() }
    }

    /// Adds a row `Σ entries ≤ bound`; `bound` is not negative.
    pub(crate) fn row(&mut self, bound: f64, entries: impl IntoIterator<Item = (usize, f64)>) {
        let start = self.matrix.len();
        self.matrix.resize(start + self.columns, 0.0);
        for (column, value) in entries {
            self.matrix[start + column] += value;
        }
        self.bounds.push(bound.max(0.0));
    }

    pub(crate) fn solve(&self) -> Result<Solution, Failure> {
        let mut dictionary = Dictionary::new(self);
        dictionary.run()?;
        let solution = dictionary.solution(self);
        if self.gap(&solution) { Ok(solution) } else { Err(Failure::Gap) }
    }

    /// Whether the solution is feasible and its prices prove that nothing is better.
    fn gap(&self, solution: &Solution) -> bool {
        let row = |at: usize| &self.matrix[at * self.columns..(at + 1) * self.columns];
        let dot = |one: &[f64], two: &[f64]| one.iter().zip(two).map(|(one, two)| one * two).sum::<f64>();
        let reached = dot(&self.objective, &solution.values);
        let scale = 1.0 + solution.values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let feasible = (0..self.bounds.len()).all(|at| dot(row(at), &solution.values) <= self.bounds[at] + GAP * scale)
            && solution.values.iter().zip(&self.upper).all(|(value, upper)| -GAP * scale <= *value && *value <= *upper);
        let mut bound = dot(&self.bounds, &solution.prices);
        for column in 0..self.columns {
            let priced: f64 = (0..self.bounds.len()).map(|at| row(at)[column] * solution.prices[at]).sum();
            let reduced = self.objective[column] - priced;
            if reduced <= 0.0 {
                continue;
            }
            if self.upper[column].is_finite() {
                bound += reduced * self.upper[column];
            } else if EPSILON * 1e2 < reduced {
                return false;
            }
        }
        feasible && (bound - reached).abs() <= GAP * (1.0 + reached.abs())
    }
}

/// The dictionary: basic variables in terms of the others, which are at zero.
struct Dictionary {
    rows: usize,
    columns: usize,
    /// Entry of basic `row` and other `column`: `basic = value − Σ entry · other`.
    entries: Vec<f64>,
    /// Values of the basic variables.
    values: Vec<f64>,
    /// What one more of each other variable adds to the objective.
    gains: Vec<f64>,
    /// Variables: columns first, then a slack for each row.
    basic: Vec<usize>,
    other: Vec<usize>,
    upper: Vec<f64>,
    /// Whether a variable is counted down from its bound.
    down: Vec<bool>,
}

impl Dictionary {
    fn new(program: &Simplex) -> Self {
        let (rows, columns) = (program.bounds.len(), program.columns);
        let slacks = std::iter::repeat_n(f64::INFINITY, rows);
        Self {
            rows,
            columns,
            entries: program.matrix.clone(),
            values: program.bounds.clone(),
            gains: program.objective.clone(),
            basic: (columns..columns + rows).collect(),
            other: (0..columns).collect(),
            upper: program.upper.iter().copied().chain(slacks).collect(),
            down: vec![false; columns + rows],
        }
    }

    fn run(&mut self) -> Result<(), Failure> {
        // After so many steps in place, the rule that cannot cycle is used until a step leads on.
        let patience = 2 * (self.rows + 8);
        let most = 200 * (self.rows + self.columns + 10);
        let mut still = 0;
        for _ in 0..most {
            let Some(column) = self.entering(still > patience) else { return Ok(()) };
            if self.step(column)? > EPSILON {
                still = 0;
            } else {
                still += 1;
            }
        }
        Err(Failure::Steps)
    }

    /// A column that gains: the steepest, or by Bland's rule the first variable.
    fn entering(&self, bland: bool) -> Option<usize> {
        let gaining = (0..self.columns).filter(|column| self.gains[*column] > EPSILON);
        if bland {
            gaining.min_by_key(|column| self.other[*column])
        } else {
            gaining.max_by(|one, two| self.gains[*one].total_cmp(&self.gains[*two]))
        }
    }

    /// Raises the variable of `column` as far as bounds allow; how far.
    fn step(&mut self, column: usize) -> Result<f64, Failure> {
        let mut reach = self.upper[self.other[column]];
        let mut leaving: Option<(usize, bool)> = None;
        for row in 0..self.rows {
            let entry = self.entries[row * self.columns + column];
            let at_upper = entry < 0.0;
            let limit = if entry > PIVOT {
                self.values[row].max(0.0) / entry
            } else if entry < -PIVOT && self.upper[self.basic[row]].is_finite() {
                (self.upper[self.basic[row]] - self.values[row]).max(0.0) / -entry
            } else {
                continue;
            };
            // Among equals the first variable, as Bland's rule has it.
            let better = match leaving {
                _ if limit < reach - EPSILON => true,
                Some((other, _)) if limit <= reach + EPSILON => self.basic[row] < self.basic[other],
                None if limit <= reach => true,
                Some(_) | None => false,
            };
            if better {
                reach = reach.min(limit);
                leaving = Some((row, at_upper));
            }
        }
        if reach == f64::INFINITY {
            return Err(Failure::Unbounded);
        }
        match leaving {
            None => self.flip_column(column),
            Some((row, at_upper)) => {
                if at_upper {
                    self.flip_row(row);
                }
                self.pivot(row, column);
            }
        }
        Ok(reach)
    }

    /// Counts a variable that is at zero from its other bound.
    fn flip_column(&mut self, column: usize) {
        let upper = self.upper[self.other[column]];
        for row in 0..self.rows {
            let entry = &mut self.entries[row * self.columns + column];
            self.values[row] -= *entry * upper;
            *entry = -*entry;
        }
        self.gains[column] = -self.gains[column];
        self.down[self.other[column]] ^= true;
    }

    /// Counts a basic variable from its other bound.
    fn flip_row(&mut self, row: usize) {
        self.values[row] = self.upper[self.basic[row]] - self.values[row];
        for entry in &mut self.entries[row * self.columns..(row + 1) * self.columns] {
            *entry = -*entry;
        }
        self.down[self.basic[row]] ^= true;
    }

    fn pivot(&mut self, row: usize, column: usize) {
        let (columns, start) = (self.columns, row * self.columns);
        let pivot = self.entries[start + column];
        for entry in &mut self.entries[start..start + columns] {
            *entry /= pivot;
        }
        self.entries[start + column] = 1.0 / pivot;
        self.values[row] = (self.values[row] / pivot).max(0.0);
        let (line, value) = (self.entries[start..start + columns].to_vec(), self.values[row]);
        for at in (0..self.rows).filter(|at| *at != row) {
            let own = at * columns;
            let factor = self.entries[own + column];
            if factor == 0.0 {
                continue;
            }
            self.values[at] -= factor * value;
            for (entry, above) in self.entries[own..own + columns].iter_mut().zip(&line) {
                *entry -= factor * above;
            }
            self.entries[own + column] = -factor * line[column];
        }
        let factor = self.gains[column];
        for (gain, above) in self.gains.iter_mut().zip(&line) {
            *gain -= factor * above;
        }
        self.gains[column] = -factor * line[column];
        std::mem::swap(&mut self.basic[row], &mut self.other[column]);
    }

    fn solution(&self, program: &Simplex) -> Solution {
        let mut values = vec![0.0; self.columns];
        for ((value, upper), down) in values.iter_mut().zip(&self.upper).zip(&self.down) {
            if *down {
                *value = *upper;
            }
        }
        for (row, variable) in self.basic.iter().enumerate().filter(|(_, variable)| **variable < self.columns) {
            let value = self.values[row];
            let value = if self.down[*variable] { self.upper[*variable] - value } else { value };
            values[*variable] = value.clamp(0.0, self.upper[*variable]);
        }
        let mut prices = vec![0.0; program.bounds.len()];
        for (column, variable) in self.other.iter().enumerate().filter(|(_, variable)| self.columns <= **variable) {
            prices[variable - self.columns] = (-self.gains[column]).max(0.0);
        }
        Solution { values, prices }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solve(objective: &[f64], upper: &[f64], rows: &[(f64, &[f64])]) -> Result<(f64, Vec<f64>), Failure> {
        let mut program = Simplex::new(objective.to_vec(), upper.to_vec());
        for (bound, row) in rows {
            program.row(*bound, row.iter().copied().enumerate());
        }
        let values = program.solve()?.values;
        Ok((objective.iter().zip(&values).map(|(one, two)| one * two).sum(), values))
    }

    const OPEN: f64 = f64::INFINITY;

    #[test]
    fn textbook_programs() {
        // Chvátal, chapter 2: 5, 4, 3 in three rows gives 13 at (2, 0, 1).
        let rows: [(f64, &[f64]); 3] = [(5.0, &[2.0, 3.0, 1.0]), (11.0, &[4.0, 1.0, 2.0]), (8.0, &[3.0, 4.0, 2.0])];
        let (best, at) = solve(&[5.0, 4.0, 3.0], &[OPEN; 3], &rows).unwrap();
        assert!((best - 13.0).abs() < 1e-12);
        assert!((at[0] - 2.0).abs() + at[1].abs() + (at[2] - 1.0).abs() < 1e-12);
        // Bounds alone.
        assert_eq!(solve(&[1.0, -1.0], &[3.0, 4.0], &[]).unwrap(), (3.0, vec![3.0, 0.0]));
        // A bound and a row.
        let (best, _) = solve(&[2.0, 1.0], &[3.0, 10.0], &[(7.0, &[1.0, 1.0])]).unwrap();
        assert!((best - 10.0).abs() < 1e-12);
    }

    #[test]
    fn a_program_that_cycles_by_the_steepest_rule_ends() {
        // Chvátal, chapter 3.
        let rows: [(f64, &[f64]); 3] =
            [(0.0, &[0.5, -5.5, -2.5, 9.0]), (0.0, &[0.5, -1.5, -0.5, 1.0]), (1.0, &[1.0, 0.0, 0.0, 0.0])];
        let (best, _) = solve(&[10.0, -57.0, -9.0, -24.0], &[OPEN; 4], &rows).unwrap();
        assert!((best - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_has_no_end_is_refused() {
        assert_eq!(solve(&[1.0], &[OPEN], &[]), Err(Failure::Unbounded));
        assert_eq!(solve(&[1.0, 0.0], &[OPEN; 2], &[(1.0, &[-1.0, 1.0])]), Err(Failure::Unbounded));
    }
}
