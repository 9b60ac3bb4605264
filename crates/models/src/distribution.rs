//! The laws that models draw on: the normal, and Student's t brought to a stated standard deviation.
//!
//! Every argument and answer is in standard deviations of the law itself. A Student law here always has variance one, so
//! that swapping it for the normal changes the tails and nothing else. Forecast errors and short-term returns both have
//! more large surprises than a normal of the same variance, and slightly more small ones: a market at the edge of the
//! ladder is worth more, the bucket in the middle is worth more, and the shoulders less.
//!
//! These are plain functions of numbers: what is no number goes through them as it came. The models in front of them refuse
//! it.
//!
//! What can go wrong: a Student law has no moment generating function, so it prices chances and no expectation of an
//! exponential.
//!
//! Source: Abramowitz & Stegun 26.2, 26.5 and 26.7 (incomplete beta by its continued fraction); Jordan, Krüger & Lerch
//! 2019 for the score of a Student law.

use std::f64::consts::FRAC_1_SQRT_2;

/// 1/√(2π).
const INV_SQRT_TAU: f64 = 0.398_942_280_401_432_7;
/// 1/√π.
const INV_SQRT_PI: f64 = 0.564_189_583_547_756_3;
/// Steps after which the continued fraction is taken as it stands; it needs fewer than 100 for any admitted law.
const MAX_STEPS: u32 = 300;

/// The chance that a standard normal is at most `x`. NaN only for NaN.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// The density of the standard normal at `x`.
pub fn normal_pdf(x: f64) -> f64 {
    INV_SQRT_TAU * libm::exp(-0.5 * x * x)
}

/// Student's t with `nu` degrees of freedom, scaled to variance one.
///
/// ```
/// use brier_models::distribution::StudentT;
/// let fat = StudentT::new(5.0).unwrap();
/// assert!((fat.cdf(0.0) - 0.5).abs() < 1e-15);
/// assert!(fat.cdf(-4.0) > 20.0 * brier_models::distribution::normal_cdf(-4.0));
/// assert!(StudentT::new(2.0).is_none(), "no variance to match");
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StudentT {
    nu: f64,
    /// One standard deviation of this law in units of the textbook t.
    stretch: f64,
    /// Logarithm of 1 / B(ν/2, ½).
    log_beta_inverse: f64,
}

impl StudentT {
    /// The law with `nu` degrees of freedom. `None` unless 2 < ν ≤ 1000: at 2 and below there is no variance to match,
    /// far above the normal is the same and cheaper.
    pub fn new(nu: f64) -> Option<Self> {
        if !(nu > 2.0 && nu <= 1000.0) {
            return None;
        }
        let log_beta_inverse = libm::lgamma(f64::midpoint(nu, 1.0)) - libm::lgamma(nu / 2.0) - libm::lgamma(0.5);
        Some(Self { nu, stretch: libm::sqrt(nu / (nu - 2.0)), log_beta_inverse })
    }

    /// Degrees of freedom.
    pub const fn nu(&self) -> f64 {
        self.nu
    }

    /// The chance of being at most `z` standard deviations above the mean.
    pub fn cdf(&self, z: f64) -> f64 {
        if z.is_infinite() {
            return if z > 0.0 { 1.0 } else { 0.0 };
        }
        let t = z * self.stretch;
        let square = t * t;
        // Both sides of x = 0.5 are evaluated where the fraction converges fast, and the small one is never a difference.
        let tail = if square > self.nu {
            0.5 * self.beta_ratio(self.nu / (self.nu + square), self.nu / 2.0, 0.5)
        } else {
            0.5 - 0.5 * self.beta_ratio(square / (self.nu + square), 0.5, self.nu / 2.0)
        };
        if z > 0.0 { 1.0 - tail } else { tail }
    }

    /// The density at `z` standard deviations above the mean.
    pub fn pdf(&self, z: f64) -> f64 {
        let t = z * self.stretch;
        let log_shape = -0.5 * (self.nu + 1.0) * libm::log1p(t * t / self.nu);
        self.stretch / libm::sqrt(self.nu) * libm::exp(self.log_beta_inverse + log_shape)
    }

    /// The continuous ranked probability score of an observation `z` standard deviations above the mean, in standard
    /// deviations.
    pub fn crps(&self, z: f64) -> f64 {
        let t = z * self.stretch;
        if (t * t).is_infinite() {
            // So far out any law is a point.
            return z.abs();
        }
        let density = self.pdf(z) / self.stretch;
        let log_beta = |a: f64, b: f64| libm::lgamma(a) + libm::lgamma(b) - libm::lgamma(a + b);
        let log_ratio = log_beta(0.5, self.nu - 0.5) + 2.0 * self.log_beta_inverse;
        let constant = 2.0 * libm::sqrt(self.nu) / (self.nu - 1.0) * libm::exp(log_ratio);
        let score = t * (2.0 * self.cdf(z) - 1.0) + 2.0 * density * (self.nu + t * t) / (self.nu - 1.0) - constant;
        score / self.stretch
    }

    /// The regularized incomplete beta function, for {a, b} = {ν/2, ½} in either order.
    fn beta_ratio(&self, x: f64, a: f64, b: f64) -> f64 {
        if x <= 0.0 {
            return 0.0;
        }
        let front = libm::exp(self.log_beta_inverse + a * libm::log(x) + b * libm::log1p(-x));
        // The fraction converges fast below its mean only; above it, the complement does.
        if x > (a + 1.0) / (a + b + 2.0) {
            1.0 - front * beta_fraction(1.0 - x, b, a) / b
        } else {
            front * beta_fraction(x, a, b) / a
        }
    }
}

/// The continued fraction of the incomplete beta function by Lentz's method.
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut upper = 1.0;
    let mut lower = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut value = lower;
    for step in 1..=MAX_STEPS {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        lower = 1.0 / away_from_zero(1.0 + even * lower);
        upper = away_from_zero(1.0 + even / upper);
        value *= lower * upper;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        lower = 1.0 / away_from_zero(1.0 + odd * lower);
        upper = away_from_zero(1.0 + odd / upper);
        let change = lower * upper;
        value *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

/// How far surprises reach: the shape of a law whose mean and standard deviation are said elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Shape {
    /// The normal.
    #[default]
    Normal,
    /// Student's t of the same variance.
    Student(StudentT),
}

impl Shape {
    /// The Student shape with `nu` degrees of freedom, or `None` as [`StudentT::new`].
    pub fn student(nu: f64) -> Option<Self> {
        StudentT::new(nu).map(Self::Student)
    }

    /// The chance of being at most `z` standard deviations above the mean.
    pub fn cdf(&self, z: f64) -> f64 {
        match self {
            Self::Normal => normal_cdf(z),
            Self::Student(law) => law.cdf(z),
        }
    }

    /// The density at `z` standard deviations above the mean.
    pub fn pdf(&self, z: f64) -> f64 {
        match self {
            Self::Normal => normal_pdf(z),
            Self::Student(law) => law.pdf(z),
        }
    }

    /// The chance of a value in `(low, high]`, both in standard deviations, without losing small chances in the upper
    /// tail to cancellation. Zero when `high` is not above `low`.
    pub fn between(&self, low: f64, high: f64) -> f64 {
        // Both laws are symmetric, and near 0 a float has far more digits than near 1.
        let chance = if low > 0.0 { self.cdf(-low) - self.cdf(-high) } else { self.cdf(high) - self.cdf(low) };
        chance.max(0.0)
    }

    /// The continuous ranked probability score of an observation `z` standard deviations above the mean, in standard
    /// deviations: 0 is perfect, and it is the absolute error when the law is a point.
    pub fn crps(&self, z: f64) -> f64 {
        match self {
            Self::Normal => z * (2.0 * normal_cdf(z) - 1.0) + 2.0 * normal_pdf(z) - INV_SQRT_PI,
            Self::Student(law) => law.crps(z),
        }
    }
}

/// What a median absolute deviation is multiplied by to be read as the standard deviation of a normal.
pub const MAD_TO_DEVIATION: f64 = 1.482_602_218_505_602;

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn student_matches_its_closed_forms() {
        // ν = 3 and ν = 4 have elementary distribution functions; compare in units of the textbook t.
        for step in -60..=60 {
            let t = f64::from(step) / 10.0;
            let three = StudentT::new(3.0).unwrap();
            let root = libm::sqrt(3.0);
            let exact = 0.5 + (libm::atan(t / root) + root * t / (t * t + 3.0)) / PI;
            assert!((three.cdf(t / three.stretch) - exact).abs() < 1e-13, "{t}");
            let four = StudentT::new(4.0).unwrap();
            let u = t / libm::sqrt(4.0 + t * t);
            let exact = 0.5 + 0.75 * (u - u * u * u / 3.0);
            assert!((four.cdf(t / four.stretch) - exact).abs() < 1e-13, "{t}");
        }
    }

    #[test]
    fn scores_are_the_integral_they_stand_for() {
        for shape in [Shape::Normal, Shape::student(5.0).unwrap(), Shape::student(3.0).unwrap()] {
            for observed in [-2.5, 0.0, 0.7, 3.0] {
                let step = 1e-3;
                let integral: f64 = (-200_000..200_000)
                    .map(|index| {
                        let x = (f64::from(index) + 0.5) * step;
                        let miss = shape.cdf(x) - if x >= observed { 1.0 } else { 0.0 };
                        miss * miss * step
                    })
                    .sum();
                assert!((integral - shape.crps(observed)).abs() < 1e-5, "{shape:?} {observed}");
            }
        }
    }

    #[test]
    fn a_nearly_normal_student_is_normal() {
        let law = StudentT::new(1000.0).unwrap();
        for z in [-3.0, -1.0, 0.0, 0.5, 2.0] {
            assert!((law.cdf(z) - normal_cdf(z)).abs() < 1e-3);
        }
    }

    #[test]
    fn infinity_is_certain() {
        for shape in [Shape::Normal, Shape::student(4.0).unwrap()] {
            assert!((shape.cdf(f64::INFINITY) - 1.0).abs() < 1e-15);
            assert!(shape.cdf(f64::NEG_INFINITY).abs() < 1e-15);
        }
    }

    proptest! {
        #[test]
        fn laws_are_symmetric_and_rise(nu in 2.05_f64..900.0, z in -40.0_f64..40.0, up in 0.0_f64..5.0) {
            let law = StudentT::new(nu).unwrap();
            prop_assert!((law.cdf(z) + law.cdf(-z) - 1.0).abs() < 1e-12);
            prop_assert!(law.cdf(z + up) >= law.cdf(z) - 1e-14);
        }
    }
}
