//! Multinomial logistic regression on the scores of other models.

use crate::{Result, notebook};
use ndarray::{Array2, Axis};

const MOST_STEPS: usize = 3000;
const TOLERANCE: f64 = 1e-5;

/// Probabilities of all rows, `[rows, classes]`, by a multinomial logistic regression on the rows `train` of `scores`, whose
/// columns are standardized on those rows. It minimizes `C Σ w (cross-entropy) + ½ ‖W‖²`, the biases apart, as scikit-learn's
/// `LogisticRegression`; `labels` and `weights` are those of `train`, in its order.
///
/// # Errors
/// `Interrupted`.
pub(super) fn stacked(
    scores: &Array2<f64>,
    train: &[usize],
    labels: &[usize],
    weights: &[f64],
    classes: usize,
    c: f64,
) -> Result<Array2<f64>> {
    let part = scores.select(Axis(0), train);
    let columns = part.ncols();
    let mean = part.mean_axis(Axis(0)).unwrap_or_default();
    let deviation =
        part.std_axis(Axis(0), 0.0).mapv(|value| if value > 1e-9 { value } else { 1.0 });
    // A last column of ones carries the biases.
    let extended = |rows: &Array2<f64>| {
        let standard = (rows - &mean) / &deviation;
        let mut all = Array2::ones((rows.nrows(), columns + 1));
        all.slice_mut(ndarray::s![.., ..columns]).assign(&standard);
        all
    };
    let inputs = extended(&part);
    // The curvature is at most half of each input's squared length.
    let squares = inputs.mapv(|value| value * value).sum_axis(Axis(1));
    let curvature: f64 = squares.iter().zip(weights).map(|(square, weight)| square * weight).sum();
    let step = 1.0 / (1.0 + 0.5 * c * curvature);
    let (mut found, mut ahead) = (
        Array2::<f64>::zeros((columns + 1, classes)),
        Array2::<f64>::zeros((columns + 1, classes)),
    );
    let mut momentum = 1.0f64;
    for count in 0..MOST_STEPS {
        if count % 100 == 0 {
            notebook::check()?;
        }
        let mut errors = softmax(inputs.dot(&ahead));
        for ((mut row, label), weight) in errors.rows_mut().into_iter().zip(labels).zip(weights) {
            row[*label] -= 1.0;
            row *= c * weight;
        }
        let mut gradient = inputs.t().dot(&errors);
        gradient
            .slice_mut(ndarray::s![..columns, ..])
            .scaled_add(1.0, &ahead.slice(ndarray::s![..columns, ..]));
        let largest = gradient.iter().fold(0.0f64, |most, value| most.max(value.abs()));
        let next = &ahead - &(&gradient * step);
        let grown = 0.5 * (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt());
        // Momentum against the gradient starts again (O'Donoghue and Candès, 2015).
        if (&gradient * &(&next - &found)).sum() > 0.0 {
            momentum = 1.0;
            ahead = next.clone();
        } else {
            ahead = &next + &((&next - &found) * ((momentum - 1.0) / grown));
            momentum = grown;
        }
        found = next;
        if largest < TOLERANCE {
            break;
        }
    }
    Ok(softmax(extended(scores).dot(&found)))
}

fn softmax(mut logits: Array2<f64>) -> Array2<f64> {
    for mut row in logits.rows_mut() {
        let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.mapv_inplace(|value| (value - most).exp());
        let sum = row.sum();
        row /= sum;
    }
    logits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_scikit_learn() {
        // StandardScaler, then LogisticRegression(C=0.1, tol=1e-10).fit(x, y, sample_weight=w) of scikit-learn 1.9.1.
        let scores = ndarray::array![
            [0.9, 0.1],
            [0.8, 0.3],
            [0.2, 0.9],
            [0.4, 0.7],
            [0.1, 0.2],
            [0.3, 0.1],
            [0.5, 0.5]
        ];
        let train = [0, 1, 2, 3, 4, 5];
        let weights = [1.0, 2.0, 1.0, 0.5, 1.0, 1.5];
        let found = stacked(&scores, &train, &[0, 0, 1, 1, 2, 2], &weights, 3, 0.1).unwrap();
        for (value, expected) in found.row(6).iter().zip([0.422_030_5, 0.241_518_9, 0.336_450_5]) {
            assert!((value - expected).abs() < 1e-5, "{value} and {expected}");
        }
    }
}
