//! A graph of nearby rows, in which a search looks at a small part of them.

use super::dot::dot;
use crate::{Result, notebook};
use hnsw_rs::prelude::{Distance, Hnsw};
use ndarray::Array2;

/// Neighbors of a row in each layer of the graph, at most (M in the paper).
const CONNECTIONS: usize = 24;
/// Layers, at most: each holds a small part of the rows of the one below.
const LAYERS: usize = 16;
/// Rows that are looked at to find the neighbors of a new one (`efConstruction`).
const BREADTH: usize = 200;

/// A hierarchical navigable small world of rows of unit length (Malkov and Yashunin, "Efficient and robust approximate nearest
/// neighbor search using hierarchical navigable small world graphs", 2018).
pub(super) struct Graph(Hnsw<'static, f32, Cosine>);

/// `1 − a·b` of rows of unit length.
struct Cosine;

impl Distance<f32> for Cosine {
    fn eval(&self, a: &[f32], b: &[f32]) -> f32 {
        // Rounding may take the product above 1, and the graph expects no negative distance.
        (1.0 - dot(a, b)).max(0.0)
    }
}

impl Graph {
    /// The graph of these rows, inserted one after the other, so that it does not depend on timing.
    pub fn new(rows: &Array2<f32>) -> Result<Self> {
        let graph = Hnsw::new(CONNECTIONS, rows.nrows(), LAYERS, BREADTH, Cosine);
        let values = rows.as_slice().unwrap_or_default();
        for (number, row) in values.chunks_exact(rows.ncols().max(1)).enumerate() {
            notebook::check()?;
            graph.insert_slice((row, number));
        }
        Ok(Self(graph))
    }

    /// About `count` rows that are near to `query`, of `breadth` that are looked at.
    pub fn near(&self, query: &[f32], count: usize, breadth: usize) -> Vec<usize> {
        let found = self.0.search(query, count, breadth.max(count));
        found.into_iter().map(|neighbor| neighbor.d_id).collect()
    }
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph").field("rows", &self.0.get_nb_point()).finish_non_exhaustive()
    }
}
