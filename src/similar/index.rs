//! Nearest neighbors by cosine similarity.

use super::dot::dot;
#[cfg(feature = "hnsw")]
use super::graph::Graph;
use super::screen::Screen;
use crate::table::Table;
use crate::{Error, ErrorKind, Result};
use ndarray::{Array2, Axis};
use rayon::prelude::*;
use std::cmp::Ordering;
#[cfg(feature = "hnsw")]
use std::sync::Arc;

/// Exact nearest-neighbor index by cosine similarity, `a·b / (‖a‖ ‖b‖)`, of rows of unit length.
///
/// A copy of the rows in eight bits, a quarter of their memory, rules out those that cannot be among the nearest; the others are
/// compared exactly. The time of a query grows with the rows. For many queries to more than about 100,000 rows, `Index::approximate` (with the
/// feature `hnsw`) builds a graph first, in which a query looks at a small part of the rows.
///
/// ```
/// use cuaderno::similar::Index;
/// use ndarray::array;
/// let index = Index::new(&array![[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])?;
/// let found = index.query(&[2.0, 0.0], 2)?;
/// assert_eq!((found[0].row, found[1].row), (0, 1));
/// assert!((found[1].similarity - 0.8).abs() < 1e-6);
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Index {
    rows: Array2<f32>,
    screen: Screen,
    /// The graph of an approximate index, and how many rows a query looks at in it.
    #[cfg(feature = "hnsw")]
    graph: Option<(Arc<Graph>, usize)>,
}

/// Rows that a query looks at in an approximate index, unless more neighbors are requested.
#[cfg(feature = "hnsw")]
const BREADTH: usize = 128;

/// A row that [`Index`] found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbor {
    /// The row.
    pub row: usize,
    /// The cosine of the angle to the query: 1 for the same direction.
    pub similarity: f32,
}

impl Index {
    /// An index of `embeddings`, `[rows, features]`. A row of zeros has a similarity of 0 to all.
    ///
    /// # Errors
    /// When there is no row or no feature, or a value is not finite.
    pub fn new(embeddings: &Array2<f32>) -> Result<Self> {
        if embeddings.is_empty() {
            let problem =
                format!("an index needs rows and features, found {:?}", embeddings.shape());
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        if let Some(((row, _), value)) = embeddings.indexed_iter().find(|(_, v)| !v.is_finite()) {
            let problem = format!("row {row} of the embeddings holds {value}");
            return Err(Error::new(ErrorKind::Numeric, problem).help("check the network's inputs"));
        }
        let mut rows = embeddings.as_standard_layout().into_owned();
        rows.axis_iter_mut(Axis(0)).for_each(|mut row| {
            let length = row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
            if length > 0.0 {
                row.mapv_inplace(|v| (f64::from(v) / length) as f32);
            }
        });
        let screen = Screen::new(rows.as_slice().unwrap_or_default(), rows.ncols());
        Ok(Self {
            rows,
            screen,
            #[cfg(feature = "hnsw")]
            graph: None,
        })
    }

    /// An index that finds nearly all of the nearest rows and looks at a small part of them: a hierarchical navigable small world
    /// (Malkov and Yashunin, 2018) of the crate `hnsw_rs`. With the feature `hnsw`.
    ///
    /// Of the ten nearest rows it finds at least 95 % in clustered data (recall at 10, tested); their similarities are exact.
    /// Building is far slower than a query that compares all rows, runs on one core, so that the same rows give the same graph,
    /// and doubles the memory: use [`Self::new`] below about 100,000 rows, or for few queries. [`Self::classify`] and
    /// [`Self::similarity`]
    /// stay exact, and so does a query for more than a tenth of the rows.
    ///
    /// ```
    /// use cuaderno::similar::Index;
    /// let rows = ndarray::Array2::from_shape_fn((400, 2), |(row, feature)| match feature {
    ///     0 => (row as f32 / 100.0).cos(),
    ///     _ => (row as f32 / 100.0).sin(),
    /// });
    /// let found = Index::approximate(&rows)?.neighbors_of(7, 2)?;
    /// let mut near = [found[0].row, found[1].row];
    /// near.sort_unstable();
    /// assert_eq!(near, [6, 8]);
    /// # Ok::<(), cuaderno::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::new`]; [`ErrorKind::Interrupted`] when the user interrupts the cell.
    #[cfg(feature = "hnsw")]
    pub fn approximate(embeddings: &Array2<f32>) -> Result<Self> {
        let index = Self::new(embeddings)?;
        let graph = Some((Arc::new(Graph::new(&index.rows)?), BREADTH));
        Ok(Self { graph, ..index })
    }

    /// The same approximate index with queries that look at `rows` rows, 128 by default: more find more of the nearest and take
    /// longer (`ef` in the paper). An exact index stays as it is.
    #[cfg(feature = "hnsw")]
    pub fn breadth(mut self, rows: usize) -> Self {
        self.graph = self.graph.map(|(graph, _)| (graph, rows.max(1)));
        self
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.nrows()
    }

    /// Returns `true` if there are no rows, which [`Self::new`] refuses.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The `count` rows most similar to `query`, the most similar first; of equal ones the lower row comes first.
    ///
    /// # Errors
    /// When `query` has another length than the rows or is not finite.
    pub fn query(&self, query: &[f32], count: usize) -> Result<Vec<Neighbor>> {
        if query.len() != self.rows.ncols() {
            let problem = format!(
                "the query must have {} features, found {}",
                self.rows.ncols(),
                query.len()
            );
            return Err(Error::new(ErrorKind::Shape, problem)
                .help("embed it with the layers that the index was made with"));
        }
        let length = query.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        if !length.is_finite() {
            return Err(Error::new(ErrorKind::Numeric, "the query is not finite"));
        }
        let scale = if length > 0.0 { 1.0 / length } else { 0.0 };
        let query: Vec<f32> = query.iter().map(|v| (f64::from(*v) * scale) as f32).collect();
        Ok(self.nearest(&query, count, None))
    }

    /// The `count` rows most similar to row `row`, without itself.
    ///
    /// # Errors
    /// When there is no such row.
    pub fn neighbors_of(&self, row: usize, count: usize) -> Result<Vec<Neighbor>> {
        self.check(row)?;
        Ok(self.nearest(&self.rows.row(row).to_vec(), count, Some(row)))
    }

    /// The cosine similarity of two rows.
    ///
    /// # Errors
    /// When there is no such row.
    pub fn similarity(&self, a: usize, b: usize) -> Result<f32> {
        self.check(a)?;
        self.check(b)?;
        Ok(self.rows.row(a).dot(&self.rows.row(b)))
    }

    /// Precision at k: for each k, the mean share of rows of the own class among the k
    /// nearest (`precision at k`), of the rows `queries` among all. `labels` has the class of every row.
    ///
    /// # Errors
    /// When there is not one label for each row, no query, or a k of 0.
    pub fn precision_at(&self, labels: &[usize], queries: &[usize], ks: &[usize]) -> Result<Table> {
        let fail = |problem: String| Err(Error::new(ErrorKind::Parameter, problem));
        if labels.len() != self.len() {
            return fail(format!("expected {} labels, found {}", self.len(), labels.len()));
        }
        if queries.is_empty() || ks.is_empty() || ks.contains(&0) {
            return fail(format!(
                "expected queries and ks from 1, found {} and {ks:?}",
                queries.len()
            ));
        }
        queries.iter().try_for_each(|row| self.check(*row))?;
        let most = ks.iter().copied().max().unwrap_or(1);
        let shares: Vec<Vec<f64>> = queries
            .iter()
            .map(|&row| {
                let found = self.nearest(&self.rows.row(row).to_vec(), most, Some(row));
                let same = |neighbor: &&Neighbor| labels[neighbor.row] == labels[row];
                let share =
                    |k: &usize| found.iter().take(*k).filter(same).count() as f64 / *k as f64;
                ks.iter().map(share).collect()
            })
            .collect();
        let mean = |place: usize| {
            shares.iter().map(|share| share[place]).sum::<f64>() / shares.len() as f64
        };
        Table::from_columns(vec![
            ("k", ks.iter().map(|k| *k as i64).collect::<Vec<_>>().into()),
            ("precision", (0..ks.len()).map(mean).collect::<Vec<f64>>().into()),
        ])
    }

    /// The class of the nearest of the rows `known` for each of the rows `queries`: a nearest-neighbor classifier.
    /// `labels` has the class of every row.
    ///
    /// # Errors
    /// When there is not one label for each row, a row does not exist, or `known` has no row but the query.
    pub fn classify(
        &self,
        labels: &[usize],
        known: &[usize],
        queries: &[usize],
    ) -> Result<Vec<usize>> {
        if labels.len() != self.len() {
            let problem = format!("expected {} labels, found {}", self.len(), labels.len());
            return Err(Error::new(ErrorKind::Parameter, problem));
        }
        known.iter().chain(queries).try_for_each(|row| self.check(*row))?;
        let class = |&query: &usize| {
            let row = self.rows.row(query);
            let others = known.iter().filter(|other| **other != query);
            let nearest = others
                .map(|&other| Neighbor { row: other, similarity: self.rows.row(other).dot(&row) })
                .min_by(order);
            nearest.map(|neighbor| labels[neighbor.row]).ok_or_else(|| {
                Error::new(ErrorKind::Parameter, "a nearest neighbor needs at least 1 other row")
            })
        };
        queries.par_iter().map(class).collect()
    }

    fn check(&self, row: usize) -> Result<()> {
        if row < self.len() {
            return Ok(());
        }
        let problem = format!("there is no row {row}: the index has {}", self.len());
        Err(Error::new(ErrorKind::Parameter, problem).help("rows are counted from 0"))
    }

    /// The neighbors of a `query` of unit length.
    fn nearest(&self, query: &[f32], count: usize, without: Option<usize>) -> Vec<Neighbor> {
        #[cfg(feature = "hnsw")]
        if let Some((graph, breadth)) = &self.graph
            && count <= self.len() / 10
        {
            let rows = graph.near(query, count + usize::from(without.is_some()), *breadth);
            let rows = rows.into_iter().filter(|row| Some(*row) != without);
            let similarity =
                |row: usize| self.rows.row(row).to_slice().map_or(0.0, |row| dot(row, query));
            let mut found: Vec<Neighbor> =
                rows.map(|row| Neighbor { row, similarity: similarity(row) }).collect();
            found.sort_unstable_by(order);
            found.truncate(count);
            return found;
        }
        // Above a tenth of the rows there is little to rule out.
        if count > self.len() / 10 {
            return self.best(&(0..self.len()).collect::<Vec<_>>(), query, count, without);
        }
        self.best(&self.screen.candidates(query, count, without), query, count, without)
    }

    /// The best `count` of the rows `among`, but not `without`.
    fn best(
        &self,
        among: &[usize],
        query: &[f32],
        count: usize,
        without: Option<usize>,
    ) -> Vec<Neighbor> {
        const CHUNK: usize = 1024;
        let mut found: Vec<Neighbor> = among
            .par_chunks(CHUNK)
            .flat_map_iter(|rows| {
                let rows = rows.iter().filter(|row| Some(**row) != without);
                let mut best: Vec<Neighbor> = rows
                    .map(|&row| Neighbor {
                        row,
                        similarity: self
                            .rows
                            .row(row)
                            .to_slice()
                            .map_or(0.0, |values| dot(values, query)),
                    })
                    .collect();
                keep_best(&mut best, count);
                best
            })
            .collect();
        keep_best(&mut found, count);
        found.sort_unstable_by(order);
        found
    }
}

fn order(a: &Neighbor, b: &Neighbor) -> Ordering {
    b.similarity.total_cmp(&a.similarity).then(a.row.cmp(&b.row))
}

/// Leaves the best `count`, in any order.
fn keep_best(found: &mut Vec<Neighbor>, count: usize) {
    if count < found.len() {
        if count > 0 {
            found.select_nth_unstable_by(count - 1, order);
        }
        found.truncate(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(rows: usize, features: usize) -> Array2<f32> {
        Array2::from_shape_fn((rows, features), |(row, feature)| {
            let seed = (row * features + feature) as u64;
            let bits = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
            bits as f32 / (1 << 23) as f32 - 1.0
        })
    }

    /// NumPy's way: all cosines, sorted.
    #[test]
    fn neighbors_are_those_of_a_full_sort() {
        let rows = noise(2500, 70);
        let index = Index::new(&rows).unwrap();
        for query in [0, 1234, 2499] {
            let cosine = |row: usize| {
                let (a, b) = (rows.row(row), rows.row(query));
                let product = |a: ndarray::ArrayView1<f32>, b: ndarray::ArrayView1<f32>| {
                    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
                };
                product(a, b) / (product(a, a) * product(b, b)).sqrt()
            };
            let mut expected: Vec<usize> = (0..2500).filter(|row| *row != query).collect();
            expected.sort_by(|a, b| cosine(*b).total_cmp(&cosine(*a)));
            let found = index.neighbors_of(query, 12).unwrap();
            assert_eq!(found.len(), 12);
            for (neighbor, expected) in found.iter().zip(&expected) {
                // Rows whose cosines differ by rounding alone may change places.
                assert!((cosine(neighbor.row) - cosine(*expected)).abs() < 1e-6);
                assert!((f64::from(neighbor.similarity) - cosine(neighbor.row)).abs() < 1e-5);
            }
            let with_itself = index.query(&rows.row(query).to_vec(), 13).unwrap();
            assert_eq!((with_itself[0].row, with_itself.len()), (query, 13));
        }
    }

    #[test]
    fn precision_counts_the_own_class() {
        let rows = ndarray::array![[1.0, 0.0], [1.0, 0.1], [0.9, 0.3], [0.0, 1.0]];
        let index = Index::new(&rows).unwrap();
        // Row 0: 1 (class 0), 2 (class 1). Row 3: 2 (class 1), 1 (class 0).
        let table = index.precision_at(&[0, 0, 1, 1], &[0, 3], &[1, 2]).unwrap();
        assert_eq!(table.numbers("precision").unwrap(), [1.0, 0.5]);
        assert_eq!(index.neighbors_of(0, 0).unwrap(), []);
        assert_eq!(index.classify(&[0, 1, 2, 3], &[1, 2], &[0, 3]).unwrap(), [1, 2]);
        assert!(index.classify(&[0, 1, 2, 3], &[0], &[0]).is_err());
    }

    /// What the rounded rows rule out is never among the nearest: with rows that are nearly the same, repeated, zero, or of few
    /// and of many features.
    #[test]
    fn rounding_rules_out_none_of_the_nearest() {
        for (rows, features, spread) in
            [(900, 1, 1.0), (900, 2, 1.0), (700, 33, 1.0), (600, 70, 1e-3), (400, 4000, 1.0)]
        {
            let mut all = noise(rows, features).mapv(|value| 1.0 + spread * value);
            if spread == 1.0 {
                all.mapv_inplace(|value| value - 1.0);
            }
            all.row_mut(5).fill(0.0);
            let repeated = all.row(9).to_owned();
            all.row_mut(13).assign(&repeated);
            let index = Index::new(&all).unwrap();
            let rows: Vec<usize> = (0..rows).collect();
            for query in [0, 5, 9, 399] {
                let expected = index.best(&rows, &index.rows.row(query).to_vec(), 12, Some(query));
                assert_eq!(index.neighbors_of(query, 12).unwrap(), expected, "{features} features");
            }
        }
    }

    /// Rows around 200 centers.
    #[cfg(feature = "hnsw")]
    fn clusters(rows: usize, features: usize) -> Array2<f32> {
        let (centers, around) = (noise(200, features), noise(rows + 200, features));
        Array2::from_shape_fn((rows, features), |(row, feature)| {
            centers[[row * 7 % 200, feature]] + 0.4 * around[[row + 200, feature]]
        })
    }

    #[cfg(feature = "hnsw")]
    #[test]
    fn an_approximate_index_finds_nearly_all_and_always_the_same() {
        let rows = clusters(12_000, 48);
        let (exact, index) = (Index::new(&rows).unwrap(), Index::approximate(&rows).unwrap());
        let again = Index::approximate(&rows).unwrap();
        let (mut same, mut all) = (0, 0);
        for query in (0..12_000).step_by(61) {
            let expected = exact.neighbors_of(query, 10).unwrap();
            let found = index.neighbors_of(query, 10).unwrap();
            assert_eq!(found, again.neighbors_of(query, 10).unwrap());
            assert!(found.iter().all(|neighbor| neighbor.row != query));
            assert!(found.is_sorted_by(|a, b| order(a, b).is_le()));
            same +=
                expected.iter().filter(|one| found.iter().any(|two| two.row == one.row)).count();
            all += expected.len();
        }
        let recall = same as f64 / all as f64;
        assert!(recall >= 0.95, "recall {recall}");
        assert_eq!(index.query(&rows.row(3).to_vec(), 1).unwrap()[0].row, 3);
        assert_eq!(index.neighbors_of(3, 5000).unwrap().len(), 5000);
        assert_eq!(index.neighbors_of(3, 0).unwrap(), []);
        let wide = index.clone().breadth(1000);
        assert_eq!(wide.neighbors_of(3, 10).unwrap(), exact.neighbors_of(3, 10).unwrap());
    }

    #[test]
    fn bad_rows_are_refused() {
        let message = |result: Result<Index>| result.unwrap_err().to_string();
        assert!(message(Index::new(&Array2::zeros((0, 3)))).contains("[0, 3]"));
        assert!(message(Index::new(&ndarray::array![[1.0, f32::NAN]])).contains("row 0"));
        let index = Index::new(&ndarray::array![[1.0, 2.0], [0.0, 0.0]]).unwrap();
        assert_eq!(index.similarity(0, 1).unwrap(), 0.0);
        assert!(index.query(&[1.0], 1).unwrap_err().to_string().contains("2 features, found 1"));
        assert!(index.neighbors_of(2, 1).is_err());
    }
}
