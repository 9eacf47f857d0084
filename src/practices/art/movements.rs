//! Painters linked by the movements they share.

use crate::table::Table;
use crate::{Error, ErrorKind, Result};
use petgraph::graph::{NodeIndex, UnGraph};
use petgraph::visit::EdgeRef;

/// A graph of painters: two are linked when they share a movement.
#[derive(Clone, Debug)]
pub struct Movements {
    graph: UnGraph<Painter, Vec<String>>,
}

#[derive(Clone, Debug)]
struct Painter {
    name: String,
    movement: String,
    works: f64,
}

impl Movements {
    /// The graph of a table that [`read`](super::read) gave: columns `name`, `genre` (lists) and `paintings`.
    ///
    /// # Errors
    /// When a column is missing or there is no painter.
    pub fn new(artists: &Table) -> Result<Self> {
        let (names, genres) = (artists.texts("name")?, artists.lists("genre")?);
        let works = artists.numbers("paintings")?;
        if names.is_empty() {
            return Err(Error::new(ErrorKind::Table, "a graph needs at least 1 painter, found 0"));
        }
        let mut graph = UnGraph::default();
        for ((name, genre), works) in names.into_iter().zip(&genres).zip(works) {
            let movement = genre.first().cloned().unwrap_or_default();
            graph.add_node(Painter { name, movement, works });
        }
        for a in 0..genres.len() {
            for b in a + 1..genres.len() {
                let shared: Vec<String> =
                    genres[a].iter().filter(|genre| genres[b].contains(genre)).cloned().collect();
                if !shared.is_empty() {
                    graph.add_edge(NodeIndex::new(a), NodeIndex::new(b), shared);
                }
            }
        }
        Ok(Self { graph })
    }

    /// The painters, in the order of the table.
    pub fn names(&self) -> Vec<String> {
        self.graph.node_weights().map(|painter| painter.name.clone()).collect()
    }

    /// The first movement of each painter.
    pub fn movements(&self) -> Vec<String> {
        self.graph.node_weights().map(|painter| painter.movement.clone()).collect()
    }

    /// The number of works of each painter.
    pub fn works(&self) -> Vec<f64> {
        self.graph.node_weights().map(|painter| painter.works).collect()
    }

    /// Pairs of painters that share movements.
    pub fn links(&self) -> Vec<(usize, usize)> {
        let ends = |link: petgraph::graph::EdgeReference<Vec<String>>| {
            (link.source().index(), link.target().index())
        };
        self.graph.edge_references().map(ends).collect()
    }

    /// The links as a table: two painters, the movements they share.
    ///
    /// # Errors
    /// None that data can cause.
    pub fn table(&self) -> Result<Table> {
        let name = |node: NodeIndex| self.graph[node].name.clone();
        let links = || self.graph.edge_references();
        Table::from_columns(vec![
            ("painter", links().map(|link| name(link.source())).collect::<Vec<_>>().into()),
            ("other", links().map(|link| name(link.target())).collect::<Vec<_>>().into()),
            ("shared", links().map(|link| link.weight().join(", ")).collect::<Vec<_>>().into()),
        ])
    }

    /// A place for each painter in the unit square: linked ones near each other (Fruchterman and Reingold, 1991), the
    /// same for the same table.
    pub fn layout(&self) -> Vec<(f64, f64)> {
        let count = self.graph.node_count();
        // Start on a spiral of even density, so that nothing depends on chance.
        let mut places: Vec<(f64, f64)> = (0..count)
            .map(|i| {
                let (angle, radius) =
                    (i as f64 * 2.399_963, ((i as f64 + 0.5) / count as f64).sqrt());
                (0.5 * radius * angle.cos(), 0.5 * radius * angle.sin())
            })
            .collect();
        let ideal = 0.9 / (count as f64).sqrt();
        let links = self.links();
        const STEPS: usize = 400;
        for step in 0..STEPS {
            let mut forces = vec![(0.0, 0.0); count];
            for a in 0..count {
                for b in 0..a {
                    let (dx, dy) = (places[a].0 - places[b].0, places[a].1 - places[b].1);
                    let distance = (dx * dx + dy * dy).sqrt().max(1e-4);
                    let push = ideal * ideal / (distance * distance);
                    forces[a] = (forces[a].0 + dx * push, forces[a].1 + dy * push);
                    forces[b] = (forces[b].0 - dx * push, forces[b].1 - dy * push);
                }
            }
            for &(a, b) in &links {
                let (dx, dy) = (places[a].0 - places[b].0, places[a].1 - places[b].1);
                let pull = (dx * dx + dy * dy).sqrt() / ideal;
                forces[a] = (forces[a].0 - dx * pull, forces[a].1 - dy * pull);
                forces[b] = (forces[b].0 + dx * pull, forces[b].1 + dy * pull);
            }
            let most = 0.1 * (1.0 - step as f64 / STEPS as f64);
            for (place, force) in places.iter_mut().zip(&forces) {
                // A weak pull to the middle keeps parts without links from drifting away.
                let force = (force.0 - 0.6 * place.0, force.1 - 0.6 * place.1);
                let length = (force.0 * force.0 + force.1 * force.1).sqrt().max(1e-9);
                let scale = length.min(most) / length;
                *place = (place.0 + force.0 * scale, place.1 + force.1 * scale);
            }
        }
        let range = |of: fn(&(f64, f64)) -> f64| {
            let low = places.iter().map(of).fold(f64::INFINITY, f64::min);
            let high = places.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
            (low, (high - low).max(1e-9))
        };
        let ((left, width), (top, height)) = (range(|place| place.0), range(|place| place.1));
        places.iter().map(|(x, y)| ((x - left) / width, (y - top) / height)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn painters_of_one_movement_are_linked_and_near() {
        let genre = ["Cubism", "Cubism,Surrealism", "Surrealism", "Baroque", "Baroque"];
        let lists: Vec<Vec<String>> =
            genre.iter().map(|text| text.split(',').map(String::from).collect()).collect();
        let table = Table::from_columns(vec![
            ("name", vec!["a", "b", "c", "d", "e"].into()),
            ("genre", lists.into()),
            ("paintings", vec![3_i64, 1, 4, 1, 5].into()),
        ])
        .unwrap();
        let graph = Movements::new(&table).unwrap();
        assert_eq!(graph.links(), [(0, 1), (1, 2), (3, 4)]);
        assert_eq!(
            graph.table().unwrap().texts("shared").unwrap(),
            ["Cubism", "Surrealism", "Baroque"]
        );
        let places = graph.layout();
        assert_eq!(places, graph.layout());
        let distance = |a: usize, b: usize| {
            ((places[a].0 - places[b].0).powi(2) + (places[a].1 - places[b].1).powi(2)).sqrt()
        };
        assert!(distance(3, 4) < distance(0, 3) && distance(0, 1) < distance(0, 4), "{places:?}");
    }
}
