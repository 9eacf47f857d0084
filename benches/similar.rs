//! Nearest neighbors, exact and, with the feature `hnsw`, approximate.
//!
//! `cargo bench --bench similar [NAME ...]` prints one JSON object a line: {"name", "value", "unit"}.

use cuaderno::similar::Index;
use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Instant;

/// The median of some runs after three others, in milliseconds, as the reference takes it.
fn median_ms(runs: usize, mut step: impl FnMut(usize)) -> f64 {
    (0..3).for_each(&mut step);
    let mut times: Vec<f64> = (0..runs)
        .map(|run| {
            let start = Instant::now();
            step(run);
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn report(name: &str, value: f64, unit: &str) {
    println!("{{\"name\": \"{name}\", \"value\": {value:.3}, \"unit\": \"{unit}\"}}");
}

/// The ten most similar of 50,000 rows of 512 by cosine, one query.
fn nearest_neighbours_query() {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let rows = Array2::from_shape_simple_fn((50_000, 512), || random.gen_range(-1.7f32..1.7));
    let (index, query) = (Index::new(&rows).unwrap(), rows.row(7).to_vec());
    let time = median_ms(9, |_| assert_eq!(index.query(&query, 10).unwrap()[0].row, 7));
    report("nearest_neighbours_query", time, "ms");
}

/// The same of 200,000 rows of 128 around 1,000 centers, in an index that compares all and in one that does not.
#[cfg(feature = "hnsw")]
fn approximate_neighbours() {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut draw = || random.gen_range(-1.0f32..1.0);
    let centers = Array2::from_shape_simple_fn((1000, 128), &mut draw);
    let rows = Array2::from_shape_fn((200_000, 128), |(row, feature)| {
        centers[[row % 1000, feature]] + 0.5 * draw()
    });
    let exact = Index::new(&rows).unwrap();
    let start = Instant::now();
    let index = Index::approximate(&rows).unwrap();
    report("approximate_index_build", start.elapsed().as_secs_f64(), "s");
    let query = |index: &Index, run: usize| index.neighbors_of(run * 977 % 200_000, 10).unwrap();
    report("exact_query_200000", median_ms(100, |run| drop(query(&exact, run))), "ms");
    report("approximate_query_200000", median_ms(400, |run| drop(query(&index, run))), "ms");
    let found = (0..200).map(|run| {
        let (all, some) = (query(&exact, run), query(&index, run));
        all.iter().filter(|one| some.iter().any(|two| two.row == one.row)).count()
    });
    report("approximate_recall_at_10", found.sum::<usize>() as f64 / 2000.0, "");
}

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    if wanted("nearest_neighbours_query") {
        nearest_neighbours_query();
    }
    #[cfg(feature = "hnsw")]
    if wanted("approximate_neighbours") {
        approximate_neighbours();
    }
}
