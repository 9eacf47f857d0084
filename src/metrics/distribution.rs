//! The distributions that tests and intervals need: binomial with p = 1/2, and Student's t.

/// ln Γ(x) for x > 0 (Lanczos 1964, with g = 7 and nine terms).
fn ln_gamma(x: f64) -> f64 {
    const TERMS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let t = x + 7.5;
    let sum = TERMS
        .iter()
        .enumerate()
        .skip(1)
        .fold(TERMS[0], |sum, (i, term)| sum + term / (x + i as f64));
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// The regularized incomplete beta function I_x(a, b), by its continued fraction (Press et al., Numerical Recipes §6.4).
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, 1.0 - x) / b
    }
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let nonzero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0));
    let mut value = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        for step in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / nonzero(1.0 + step * d);
            c = nonzero(1.0 + step / c);
            value *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

/// P(X ≤ k) of n fair coins.
pub(super) fn fair_coins(k: usize, n: usize) -> f64 {
    if k >= n { 1.0 } else { incomplete_beta((n - k) as f64, (k + 1) as f64, 0.5) }
}

/// P(T ≤ t) of Student's t with `freedom` degrees of freedom.
pub(super) fn student_t(t: f64, freedom: f64) -> f64 {
    let tail = 0.5 * incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t));
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// The t above 0 with P(|T| ≤ t) = `confidence`, by bisection.
pub(super) fn student_t_quantile(confidence: f64, freedom: f64) -> f64 {
    let inside = |t: f64| 2.0 * student_t(t, freedom) - 1.0;
    let (mut low, mut high) = (0.0, 1.0);
    while inside(high) < confidence && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if inside(middle) < confidence { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_as_scipy() {
        // scipy.stats.binom.cdf(k, n, 0.5), scipy.stats.t.cdf(t, ν), scipy.stats.t.ppf(0.975, ν), scipy 1.17.1.
        assert!((fair_coins(0, 5) - 0.03125).abs() < 1e-12);
        assert!((fair_coins(3, 10) - 0.171875).abs() < 1e-12);
        assert!((fair_coins(10, 31) - 0.035377772990614176).abs() < 1e-12);
        assert!((fair_coins(480, 1000) - 0.10872414660207075).abs() < 1e-12);
        assert!((student_t(-2.5, 4.0) - 0.03338327240599407).abs() < 1e-12);
        assert!((student_t(0.3, 1.0) - 0.5927735790777423).abs() < 1e-12);
        assert!((student_t(1.7, 29.0) - 0.9500831042557654).abs() < 1e-12);
        assert!((student_t_quantile(0.95, 1.0) - 12.706204736174694).abs() < 1e-9);
        assert!((student_t_quantile(0.95, 4.0) - 2.7764451051977934).abs() < 1e-9);
        assert!((student_t_quantile(0.95, 9.0) - 2.262157162798205).abs() < 1e-9);
        assert!((student_t_quantile(0.95, 99.0) - 1.9842169515864174).abs() < 1e-9);
    }
}
