//! Summary statistics of a list of numbers, defined as in pandas.

/// Mean; `NaN` for no values.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Standard deviation with `n - freedom` in the denominator.
pub(super) fn deviation(values: &[f64], freedom: usize) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    // With too few values the answer is not a number, as in pandas.
    (squares / (values.len() as f64 - freedom as f64).max(0.0)).sqrt()
}

/// The quantile at `share` (0 to 1) of ascending values, by linear interpolation; `NaN` for no values.
pub(super) fn quantile(ascending: &[f64], share: f64) -> f64 {
    let Some(last) = ascending.len().checked_sub(1) else { return f64::NAN };
    let place = share * last as f64;
    let below = ascending[(place.floor() as usize).min(last)];
    let above = ascending[(place.ceil() as usize).min(last)];
    // An infinite difference times zero would not be a number, nor the sum of both infinities.
    if below == above || place.fract() == 0.0 || below.is_infinite() && above.is_finite() {
        below
    } else {
        below + (above - below) * place.fract()
    }
}

/// Pearson's correlation over the pairs in which neither value is missing (`NaN`).
pub(super) fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let pairs: Vec<(f64, f64)> = a
        .iter()
        .zip(b)
        .filter(|(x, y)| !x.is_nan() && !y.is_nan())
        .map(|(x, y)| (*x, *y))
        .collect();
    if pairs.len() < 2 {
        return f64::NAN;
    }
    let count = pairs.len() as f64;
    let mean_x = pairs.iter().map(|pair| pair.0).sum::<f64>() / count;
    let mean_y = pairs.iter().map(|pair| pair.1).sum::<f64>() / count;
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xx += (x - mean_x).powi(2);
        yy += (y - mean_y).powi(2);
        xy += (x - mean_x) * (y - mean_y);
    }
    if xx == 0.0 || yy == 0.0 { f64::NAN } else { (xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0) }
}
