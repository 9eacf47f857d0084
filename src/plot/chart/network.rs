//! Networks: nodes at given places, joined by edges, with labels that do not collide.

use super::super::axis::extent;
use super::super::figure::Figure;
use super::super::font;
use super::super::frame::{Entry, Frame, Sample};
use super::super::scene::{Align, Label, Rect, Scene, centred};
use super::super::theme::{self, Color};
use super::super::words::Language;
use super::base::Chart;
use super::caption::Caption;
use super::data::{self, wrong};
use super::noun::Noun;
use crate::Result;

/// A graph with a place for each node: what a layout returns, and [`network`] draws.
///
/// ```
/// use cuaderno::plot::{self, NetworkGraph};
/// let graph = NetworkGraph::new(
///     &["Monet", "Renoir", "Goya"],
///     &[(0.0, 0.0), (1.0, 0.2), (0.4, 1.0)],
///     &[(0, 1)],
/// )
/// .groups(&["Impressionism", "Impressionism", "Romanticism"]);
/// assert_eq!(plot::network(&graph)?.to_string(), "figure: network of 3 nodes and 1 edge");
/// # Ok::<(), cuaderno::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkGraph {
    names: Vec<String>,
    positions: Vec<(f64, f64)>,
    edges: Vec<(usize, usize)>,
    weights: Vec<f64>,
    sizes: Vec<f64>,
    groups: Vec<String>,
}

impl NetworkGraph {
    /// Nodes with their places in any unit, and edges between node numbers.
    pub fn new(
        names: &[impl AsRef<str>],
        positions: &[(f64, f64)],
        edges: &[(usize, usize)],
    ) -> Self {
        Self {
            names: data::names(names),
            positions: positions.to_vec(),
            edges: edges.to_vec(),
            weights: Vec::new(),
            sizes: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// The weight of each edge, which makes it thicker.
    #[must_use]
    pub fn weights(mut self, weights: &[f64]) -> Self {
        self.weights = weights.to_vec();
        self
    }

    /// The size of each node, such as its degree: the area of its dot.
    #[must_use]
    pub fn sizes(mut self, sizes: &[f64]) -> Self {
        self.sizes = sizes.to_vec();
        self
    }

    /// The group of each node, which gives it its color.
    #[must_use]
    pub fn groups(mut self, groups: &[impl AsRef<str>]) -> Self {
        self.groups = data::names(groups);
        self
    }

    fn check(&self) -> Result<()> {
        let nodes = self.names.len();
        if nodes == 0 {
            return Err(wrong("there is no node to draw"));
        }
        data::same_length(nodes, self.positions.len(), "positions")?;
        if !self.sizes.is_empty() {
            data::same_length(nodes, self.sizes.len(), "sizes")?;
        }
        if !self.groups.is_empty() {
            data::same_length(nodes, self.groups.len(), "groups")?;
        }
        if !self.weights.is_empty() && self.weights.len() != self.edges.len() {
            let (edges, weights) = (self.edges.len(), self.weights.len());
            return Err(wrong(format!("{edges} edges have {weights} weights"))
                .help("give one weight for each edge"));
        }
        if let Some((a, b)) = self.edges.iter().find(|(a, b)| *a >= nodes || *b >= nodes) {
            return Err(wrong(format!(
                "there is no edge from node {a} to node {b} of {nodes} nodes"
            ))
            .help("number the nodes from 0"));
        }
        let finite = |(x, y): &(f64, f64)| x.is_finite() && y.is_finite();
        match self.positions.iter().position(|position| !finite(position)) {
            Some(node) => Err(wrong(format!("the place of `{}` is not finite", self.names[node]))),
            None => Ok(()),
        }
    }
}

/// Network graph: dots joined by lines, with the names beside them. A name that finds no free place is left out, those of
/// small nodes first.
///
/// ```
/// use cuaderno::plot::{self, NetworkGraph};
/// let places = [(0.0, 0.0), (1.0, 0.0), (0.5, 1.0)];
/// let graph = NetworkGraph::new(&["Braque", "Gris", "Picasso"], &places, &[(0, 2), (1, 2)]).weights(&[2.0, 1.0]);
/// assert!(plot::network(&graph)?.svg()?.contains("Picasso"));
/// # Ok::<(), cuaderno::Error>(())
/// ```
///
/// # Errors
/// [`crate::ErrorKind::Figure`] if there is no node, if names, places, sizes, groups or weights differ in number, if an
/// edge has no node, or if a place is not finite.
pub fn network(graph: &NetworkGraph) -> Result<Figure> {
    graph.check()?;
    let mut groups: Vec<String> = graph.groups.clone();
    groups.sort();
    groups.dedup();
    // The most frequent groups get the colors that are told apart best.
    let count = |name: &String| graph.groups.iter().filter(|group| *group == name).count();
    groups.sort_by_cached_key(|name| std::cmp::Reverse(count(name)));
    Ok(Figure::new(Network { graph: graph.clone(), groups }))
}

#[derive(Debug)]
struct Network {
    graph: NetworkGraph,
    groups: Vec<String>,
}

/// Groups beyond these share the last color.
const MOST_GROUPS: usize = 10;

impl Network {
    fn color(&self, node: usize) -> Color {
        let group = self.graph.groups.get(node);
        let index = group.and_then(|name| self.groups.iter().position(|known| known == name));
        theme::series(index.unwrap_or(0).min(MOST_GROUPS - 1))
    }

    fn radius(&self, node: usize) -> f64 {
        let base = (26.0 / (self.graph.names.len() as f64).sqrt()).clamp(3.0, 7.0);
        let most = self.graph.sizes.iter().copied().fold(0.0, f64::max);
        match self.graph.sizes.get(node) {
            Some(&size) if most > 0.0 && size.is_finite() => {
                base * (0.55 + 1.1 * (size.max(0.0) / most).sqrt())
            }
            _ => base,
        }
    }
}

impl Chart for Network {
    fn describe(&self) -> Caption {
        let (nodes, edges) = (self.graph.names.len(), self.graph.edges.len());
        Caption::default()
            .phrase("network of ", "red de ")
            .count(nodes, Noun::Node)
            .phrase(" and ", " y ")
            .count(edges, Noun::Edge)
    }

    fn size(&self, _frame: &Frame) -> (u32, u32) {
        if self.graph.names.len() > 30 { (860, 700) } else { (680, 560) }
    }

    fn legend(&self, _language: Language) -> Vec<Entry> {
        if self.groups.len() < 2 {
            return Vec::new();
        }
        let entry = |(i, name): (usize, &String)| Entry {
            name: if i == MOST_GROUPS - 1 && self.groups.len() > MOST_GROUPS {
                "…".to_string()
            } else {
                name.clone()
            },
            color: theme::series(i),
            sample: Sample::Dot,
        };
        self.groups.iter().enumerate().take(MOST_GROUPS).map(entry).collect()
    }

    fn draw(&self, scene: &mut Scene, body: Rect, _frame: &Frame) -> Result<()> {
        let nodes = self.graph.names.len();
        let places = place(&self.graph.positions, body);
        let most = self.graph.weights.iter().copied().fold(0.0, f64::max);
        let crowded = (self.graph.edges.len() as f64 / nodes as f64).max(1.0);
        for (i, &(a, b)) in self.graph.edges.iter().enumerate() {
            let width = match self.graph.weights.get(i) {
                Some(&weight) if most > 0.0 && weight.is_finite() => 0.6 + 2.4 * weight / most,
                _ => 1.0,
            };
            let alpha = (0.75 / crowded.sqrt()).clamp(0.15, 0.6);
            scene.stroke(vec![places[a], places[b]], theme::AXIS.alpha(alpha), width);
        }
        for (node, &(x, y)) in places.iter().enumerate() {
            let radius = self.radius(node);
            scene.dot(x, y, radius + 1.0, theme::PAPER);
            scene.dot(x, y, radius, self.color(node));
            let reach = radius + 2.0;
            let mut text = self.graph.names[node].clone();
            if let Some(group) = self.graph.groups.get(node) {
                text += &format!("\n{group}");
            }
            if let Some(&size) = self.graph.sizes.get(node).filter(|size| size.is_finite()) {
                text += &format!("\n{}", scene.language.significant(size, 6));
            }
            scene.note(Rect::new(x - reach, y - reach, 2.0 * reach, 2.0 * reach), text);
        }
        self.labels(scene, body, &places);
        Ok(())
    }
}

impl Network {
    /// Names at the first free of eight places around each node, large nodes first.
    fn labels(&self, scene: &mut Scene, body: Rect, places: &[(f64, f64)]) {
        let size = if places.len() > 60 { 8.5 } else { theme::NOTE_SIZE };
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by(|&a, &b| self.radius(b).total_cmp(&self.radius(a)));
        let mut taken: Vec<Rect> = places
            .iter()
            .enumerate()
            .map(|(node, &(x, y))| {
                let r = self.radius(node) * 0.9;
                Rect::new(x - r, y - r, 2.0 * r, 2.0 * r)
            })
            .collect();
        for node in order {
            let (x, y) = places[node];
            let text = font::shorten(&self.graph.names[node], size, false, 150.0);
            let (wide, high) = (font::width(&text, size, false), size);
            let r = self.radius(node) + 3.0;
            let corner = r * 0.7;
            let candidates = [
                (x + r, y - high / 2.0),
                (x - r - wide, y - high / 2.0),
                (x - wide / 2.0, y - r - high),
                (x - wide / 2.0, y + r),
                (x + corner, y - corner - high),
                (x + corner, y + corner),
                (x - corner - wide, y - corner - high),
                (x - corner - wide, y + corner),
            ];
            let free = candidates.into_iter().map(|(left, top)| Rect::new(left, top, wide, high));
            let found = free.filter(|rect| inside(rect, body)).find(|rect| {
                taken.iter().enumerate().all(|(i, other)| i == node || apart(rect, other))
            });
            let Some(rect) = found else { continue };
            taken.push(rect);
            scene.label_on_veil(Label {
                text,
                x: rect.x,
                y: centred(rect.y + rect.h / 2.0, size),
                size,
                bold: false,
                color: theme::TEXT,
                align: Align::Start,
                upward: false,
            });
        }
    }
}

fn inside(rect: &Rect, body: Rect) -> bool {
    rect.x >= body.x
        && rect.y >= body.y
        && rect.right() <= body.right()
        && rect.bottom() <= body.bottom()
}

/// Returns `true` if two rectangles leave a little space between them.
pub(super) fn apart(a: &Rect, b: &Rect) -> bool {
    a.right() + 2.0 <= b.x
        || b.right() + 2.0 <= a.x
        || a.bottom() + 1.0 <= b.y
        || b.bottom() + 1.0 <= a.y
}

/// Places in pixels inside `body`, true to scale.
fn place(positions: &[(f64, f64)], body: Rect) -> Vec<(f64, f64)> {
    let x: Vec<f64> = positions.iter().map(|position| position.0).collect();
    let y: Vec<f64> = positions.iter().map(|position| position.1).collect();
    let (x_low, x_high) = extent(&x).unwrap_or((0.0, 1.0));
    let (y_low, y_high) = extent(&y).unwrap_or((0.0, 1.0));
    let inner = body.inset(46.0, 22.0, 46.0, 22.0);
    let (wide, high) = ((x_high - x_low).max(1e-12), (y_high - y_low).max(1e-12));
    let scale = (inner.w / wide, inner.h / high);
    // Axes of a layout mean nothing: stretching up to half fills the figure.
    let least = scale.0.min(scale.1);
    let scale = (scale.0.min(least * 1.5), scale.1.min(least * 1.5));
    let (cx, cy) = (inner.x + inner.w / 2.0, inner.y + inner.h / 2.0);
    let (mx, my) = ((x_low + x_high) / 2.0, (y_low + y_high) / 2.0);
    positions.iter().map(|(x, y)| (cx + (x - mx) * scale.0, cy - (y - my) * scale.1)).collect()
}
