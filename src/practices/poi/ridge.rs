//! Kernel ridge regression with row weights, and its leave-one-out scores in closed form.

use crate::{Error, ErrorKind, Result, notebook};
use ndarray::{Array1, Array2, Axis};

/// Scores of all rows, `[rows, targets]`, by kernel ridge regression on the rows `train`: with the kernel `K`, row weights
/// `w` and `A = K + λ diag(1 / w)`, `α = A⁻¹ (T − m)` and `scores = m + K α`, where m is the weighted mean target. The
/// score of a training row is its leave-one-out score, `T − α / diag(A⁻¹)` (Rasmussen and Williams, 2006, 5.12), what
/// the regression without that row would give it (m apart).
///
/// `targets` and `weights` are those of `train`, in its order.
///
/// # Errors
/// [`ErrorKind::Numeric`] when the kernel of the training rows is not positive definite; `Interrupted`.
pub(super) fn kernel_ridge(
    kernel: &Array2<f32>,
    train: &[usize],
    targets: &Array2<f64>,
    weights: &[f64],
    lambda: f64,
) -> Result<Array2<f64>> {
    let count = train.len();
    let matrix = Array2::from_shape_fn((count, count), |(row, column)| {
        let ridge = if row == column { lambda / weights[row] } else { 0.0 };
        f64::from(kernel[(train[row], train[column])]) + ridge
    });
    let inverse = inverse_factor(&matrix)?;
    let total: f64 = weights.iter().sum();
    let mean = Array1::from_vec(weights.to_vec()).dot(targets) / total;
    let centered = targets - &mean;
    // A⁻¹ = L⁻ᵀ L⁻¹
    let dual = inverse.t().dot(&inverse.dot(&centered));
    let diagonal = inverse.mapv(|value| value * value).sum_axis(Axis(0));
    let part = kernel.select(Axis(1), train).mapv(f64::from);
    let mut scores = part.dot(&dual) + &mean;
    for (place, row) in train.iter().enumerate() {
        let left_out = &targets.row(place) - &(&dual.row(place) / diagonal[place]);
        scores.row_mut(*row).assign(&left_out);
    }
    Ok(scores)
}

/// `L⁻¹` of the Cholesky factorization `A = L Lᵀ`.
fn inverse_factor(matrix: &Array2<f64>) -> Result<Array2<f64>> {
    let count = matrix.nrows();
    // Rows as vectors: every inner loop then runs over neighboring values.
    let mut factor: Vec<Vec<f64>> = Vec::with_capacity(count);
    for row in 0..count {
        if row % 64 == 0 {
            notebook::check()?;
        }
        let mut values = vec![0.0; row + 1];
        for column in 0..=row {
            let left = &values[..column];
            let right = if column == row { left } else { &factor[column][..column] };
            let rest = matrix[(row, column)] - dot(left, right);
            values[column] = if column < row {
                rest / factor[column][column]
            } else if rest > 0.0 {
                rest.sqrt()
            } else {
                let problem =
                    format!("expected a positive definite kernel, found {rest} at row {row}");
                return Err(Error::new(ErrorKind::Numeric, problem)
                    .help("raise the regularization, and look for NaN in the table"));
            };
        }
        factor.push(values);
    }
    let mut inverse = Array2::<f64>::zeros((count, count));
    for row in 0..count {
        if row % 64 == 0 {
            notebook::check()?;
        }
        let mut values = vec![0.0; row + 1];
        for (column, coefficient) in factor[row][..row].iter().enumerate() {
            let known = inverse.row(column);
            for (sum, value) in values[..=column].iter_mut().zip(known.iter()) {
                *sum -= coefficient * value;
            }
        }
        values[row] = 1.0;
        for (place, value) in values.into_iter().enumerate() {
            inverse[(row, place)] = value / factor[row][row];
        }
    }
    Ok(inverse)
}

/// The product of two rows, in eight sums that the compiler can keep in registers.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (left_chunks, right_chunks) = (left.chunks_exact(8), right.chunks_exact(8));
    let rest: f64 =
        left_chunks.remainder().iter().zip(right_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (left, right) in left_chunks.zip(right_chunks) {
        for place in 0..8 {
            sums[place] += left[place] * right[place];
        }
    }
    rest + sums.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn kernel() -> Array2<f32> {
        let at: [f32; 5] = [0.0, 0.3, 1.0, 1.2, 2.0];
        Array2::from_shape_fn((5, 5), |(row, column)| (-(at[row] - at[column]).powi(2)).exp())
    }

    #[test]
    fn scores_are_those_of_numpy() {
        // numpy.linalg.solve(K[:4, :4] + 0.5 * diag(1 / w), T - m) in double precision, of the same kernel.
        let targets = array![[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]];
        let weights = [1.0, 2.0, 0.5, 0.5];
        let scores = kernel_ridge(&kernel(), &[0, 1, 2, 3], &targets, &weights, 0.5).unwrap();
        assert!((scores[(4, 0)] - 0.478_129_32).abs() < 1e-6, "{}", scores[(4, 0)]);
        for row in 0..5 {
            assert!((scores[(row, 0)] + scores[(row, 1)] - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn a_training_row_gets_what_the_others_say_of_it() {
        // With targets of weighted mean 0 in both fits, leaving a row out by hand gives the same score.
        let targets = array![[1.0], [-1.0], [2.0], [-2.0]];
        let all = [0, 1, 2, 3];
        let scores = kernel_ridge(&kernel(), &all, &targets, &[1.0; 4], 0.5).unwrap();
        let matrix = |rows: &[usize]| {
            Array2::from_shape_fn((rows.len(), rows.len()), |(row, column)| {
                f64::from(kernel()[(rows[row], rows[column])])
                    + if row == column { 0.5 } else { 0.0 }
            })
        };
        let others = [0, 1, 2];
        let inverse = inverse_factor(&matrix(&others)).unwrap();
        let dual = inverse.t().dot(&inverse.dot(&targets.select(Axis(0), &others)));
        let by_hand: f64 =
            others.iter().map(|row| f64::from(kernel()[(3, *row)]) * dual[(*row, 0)]).sum();
        assert!((scores[(3, 0)] - by_hand).abs() < 1e-9);
    }

    #[test]
    fn a_kernel_that_is_not_positive_definite_is_an_error() {
        let matrix = array![[1.0, 2.0], [2.0, 1.0]];
        let error = inverse_factor(&matrix).unwrap_err();
        assert!(error.to_string().contains("positive definite"));
    }
}
