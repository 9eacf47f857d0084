//! Principal component analysis.

use crate::{Error, ErrorKind, Result};
use ndarray::{Array1, Array2, Axis};

/// Principal component analysis (PCA): the directions in which rows differ most, as scikit-learn's `PCA`, found by subspace
/// iteration.
///
/// Signs are chosen so that the largest weight of each component is positive, as scikit-learn's `svd_flip` does.
///
/// ```
/// use cuaderno::similar::Pca;
/// use ndarray::array;
/// let rows = array![[3.0, 1.0], [-3.0, -1.0], [3.0, -1.0], [-3.0, 1.0]];
/// let pca = Pca::fit(&rows, 1)?; // the first column
/// assert!((pca.explained_variance_ratio()[0] - 0.9).abs() < 1e-9);
/// assert!((pca.transform(&rows)?[[0, 0]] - 3.0).abs() < 1e-6);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pca {
    mean: Array1<f64>,
    /// `[components, features]`, of unit length.
    components: Array2<f64>,
    explained: Vec<f64>,
}

impl Pca {
    /// The first `components` of the rows of `values`, `[rows, features]`.
    ///
    /// # Errors
    /// When there are fewer than 2 rows, more components than rows or features, or a value is not finite.
    pub fn fit(values: &Array2<f32>, components: usize) -> Result<Self> {
        let (rows, features) = values.dim();
        if rows < 2 || components == 0 || components > features.min(rows) {
            let problem = format!(
                "{components} components need at least 2 rows and as many rows and features, found {rows}×{features}"
            );
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(Error::new(ErrorKind::Numeric, "the values must be finite"));
        }
        let values = values.mapv(f64::from);
        let mean = values.mean_axis(Axis(0)).unwrap_or_default();
        let centered = &values - &mean;
        // A few directions more than asked for let the last ones converge.
        let width = (components + 8).min(features.min(rows));
        let mut basis = Array2::from_shape_fn((features, width), |(i, j)| {
            ((i * 37 + j * 101) as f64 * 0.618_034).fract() - 0.5 + f64::from(u8::from(i == j))
        });
        orthonormalize(&mut basis);
        let mut before = vec![0.0; width];
        for _ in 0..300 {
            let product = centered.t().dot(&centered.dot(&basis));
            basis = product;
            let lengths = orthonormalize(&mut basis);
            let moved = lengths.iter().zip(&before).take(components);
            let still = moved.map(|(a, b)| (a - b).abs() / a.max(1e-300)).fold(0.0, f64::max);
            before = lengths;
            if still < 1e-12 {
                break;
            }
        }
        // Within the subspace, the exact directions.
        let projected = centered.dot(&basis);
        let (order, rotation, variances) = eigen(projected.t().dot(&projected));
        let mut directions = Array2::zeros((components, features));
        let mut explained = Vec::with_capacity(components);
        let total: f64 = centered.iter().map(|value| value * value).sum();
        for (place, &column) in order.iter().take(components).enumerate() {
            let mut direction = basis.dot(&rotation.column(column));
            let largest = direction.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs()));
            if largest.unwrap_or(0.0) < 0.0 {
                direction.mapv_inplace(|value| -value);
            }
            directions.row_mut(place).assign(&direction);
            explained.push(if total > 0.0 { variances[column] / total } else { 0.0 });
        }
        Ok(Self { mean, components: directions, explained })
    }

    /// The rows in the coordinates of the components, `[rows, components]`.
    ///
    /// # Errors
    /// When the rows have another number of features.
    pub fn transform(&self, values: &Array2<f32>) -> Result<Array2<f64>> {
        if values.ncols() != self.mean.len() {
            let problem =
                format!("expected {} features, found {}", self.mean.len(), values.ncols());
            return Err(Error::new(ErrorKind::Shape, problem));
        }
        Ok((values.mapv(f64::from) - &self.mean).dot(&self.components.t()))
    }

    /// The share of the variance that each component explains.
    pub fn explained_variance_ratio(&self) -> &[f64] {
        &self.explained
    }
}

/// Gram–Schmidt, twice for accuracy; returns the lengths that were left of the columns.
fn orthonormalize(basis: &mut Array2<f64>) -> Vec<f64> {
    let mut lengths = Vec::with_capacity(basis.ncols());
    for column in 0..basis.ncols() {
        let mut own = basis.column(column).to_owned();
        let whole = own.dot(&own).sqrt();
        for _ in 0..2 {
            for other in 0..column {
                let other = basis.column(other);
                let share = own.dot(&other);
                own.scaled_add(-share, &other);
            }
        }
        let length = own.dot(&own).sqrt();
        // What is left of a column that lies among the others is rounding, and no direction.
        if length > 1e-12 * whole {
            own /= length;
        } else {
            own.fill(0.0);
        }
        lengths.push(length);
        basis.column_mut(column).assign(&own);
    }
    lengths
}

/// Eigenvectors (columns) and eigenvalues of a small symmetric matrix by Jacobi rotations, with the order of the
/// values from the largest.
fn eigen(mut matrix: Array2<f64>) -> (Vec<usize>, Array2<f64>, Vec<f64>) {
    let size = matrix.nrows();
    let mut vectors = Array2::eye(size);
    for _ in 0..60 {
        let mut rotated = false;
        for p in 0..size {
            for q in p + 1..size {
                let scale = (matrix[[p, p]] * matrix[[q, q]]).abs().sqrt();
                if matrix[[p, q]].abs() <= 1e-15 * scale || matrix[[p, q]] == 0.0 {
                    continue;
                }
                rotated = true;
                let theta = (matrix[[q, q]] - matrix[[p, p]]) / (2.0 * matrix[[p, q]]);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for k in 0..size {
                    let (a, b) = (matrix[[k, p]], matrix[[k, q]]);
                    (matrix[[k, p]], matrix[[k, q]]) = (c * a - s * b, s * a + c * b);
                }
                for k in 0..size {
                    let (a, b) = (matrix[[p, k]], matrix[[q, k]]);
                    (matrix[[p, k]], matrix[[q, k]]) = (c * a - s * b, s * a + c * b);
                    let (a, b) = (vectors[[k, p]], vectors[[k, q]]);
                    (vectors[[k, p]], vectors[[k, q]]) = (c * a - s * b, s * a + c * b);
                }
            }
        }
        if !rotated {
            break;
        }
    }
    let values: Vec<f64> = (0..size).map(|i| matrix[[i, i]]).collect();
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    (order, vectors, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scikit-learn 1.9's `PCA(3).fit_transform` of the same rows.
    #[test]
    fn components_are_those_of_scikit_learn() {
        let rows =
            Array2::from_shape_fn((12, 5), |(i, j)| ((i * 7 + j * 13 + i * j * 3) % 23) as f32);
        let pca = Pca::fit(&rows, 3).unwrap();
        let found = pca.transform(&rows).unwrap();
        for (found, expected) in found.iter().zip(TRANSFORMED) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        for (found, expected) in pca.explained_variance_ratio().iter().zip(RATIOS) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn flat_rows_have_no_variance() {
        let pca = Pca::fit(&Array2::from_elem((4, 3), 2.0), 2).unwrap();
        assert_eq!(pca.explained_variance_ratio(), [0.0, 0.0]);
        assert!(Pca::fit(&Array2::zeros((4, 3)), 4).is_err());
        assert!(pca.transform(&Array2::zeros((1, 2))).is_err());
    }

    #[test]
    fn rows_on_a_line_have_one_component() {
        let rows = Array2::from_shape_fn((9, 4), |(i, j)| (i * (j + 1)) as f32);
        let pca = Pca::fit(&rows, 3).unwrap();
        let ratios = pca.explained_variance_ratio();
        assert!((ratios[0] - 1.0).abs() < 1e-12 && ratios[1] < 1e-12, "{ratios:?}");
        // 4 steps from the mean, each of length √(1 + 4 + 9 + 16).
        let found = pca.transform(&rows).unwrap();
        assert!((found[[8, 0]] - 4.0 * 30.0f64.sqrt()).abs() < 1e-5 && found[[8, 1]].abs() < 1e-5);
    }

    #[rustfmt::skip]
    const TRANSFORMED: [f64; 36] = [-12.629877044, 5.362265449, 0.0, -6.400231582, -8.312979524, -0.0, 6.451946137, -8.471783213, 0.0, 15.862824092, 9.807935603, 0.0, -3.402038673, -3.628098161, -0.0, 6.60178084, -0.597993925, 11.5, 1.674788435, 1.823848602, -11.5, -13.815900278, 5.093164046, 0.0, 5.825799698, -12.61846177, -0.0, 4.672981344, 6.508729965, -11.5, -0.254011061, 8.930572491, 11.5, -4.588061908, -3.897199563, -0.0];
    const RATIOS: [f64; 3] = [0.326589098729, 0.24117413495, 0.210826967785];
}
