//! Training steps of the practices' networks, on random data.
//!
//! `cargo bench --bench training [NAME ...]` prints one JSON object a line: {"name", "value", "unit"}.

use cuaderno::models::{Hybrid, HybridConfig};
use cuaderno::nn::{Inputs, Model, Pass};
use cuaderno::tensor::{LossOptions, backward, cross_entropy, tensor};
use cuaderno::train::{Optimizer, OptimizerConfig};
use rand::{Rng, SeedableRng};
use std::time::Instant;

fn random(seed: u64, count: usize) -> Vec<f32> {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| random.gen_range(-1.7f32..1.7)).collect()
}

/// The median of nine runs after three, in milliseconds.
fn median_ms(mut step: impl FnMut()) -> f64 {
    (0..3).for_each(|_| step());
    let mut times: Vec<f64> = (0..9)
        .map(|_| {
            let start = Instant::now();
            step();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn train_step(model: &mut dyn Model, inputs: &Inputs, labels: &[usize], optimizer: &mut Optimizer) {
    let detail = std::env::var_os("CUADERNO_BENCH_DETAIL").is_some();
    let start = Instant::now();
    let logits = model.forward(inputs, &Pass::training(0)).unwrap();
    let loss = cross_entropy(logits, labels, &LossOptions::default()).unwrap();
    let forward = start.elapsed();
    let mut gradients = backward(loss).unwrap();
    let backward = start.elapsed() - forward;
    optimizer.step(model.parameters_mut(), &mut gradients, 1e-3).unwrap();
    if detail {
        let rest = start.elapsed() - forward - backward;
        eprintln!("forward {forward:.1?}, backward {backward:.1?}, optimizer {rest:.1?}");
    }
}

/// Practice 1, model A: batch 32, 128 px, 20 metadata columns, Adam.
fn poi_hybrid_train_step() -> f64 {
    let mut model = Hybrid::new(&HybridConfig::default(), 0).unwrap();
    let inputs = Inputs {
        images: Some(tensor(random(1, 32 * 3 * 128 * 128), (32, 3, 128, 128)).unwrap()),
        features: Some(tensor(random(2, 32 * 20), (32, 20)).unwrap()),
    };
    let labels: Vec<usize> = (0..32).map(|i| i * 7 % 3).collect();
    let mut optimizer = Optimizer::new(OptimizerConfig::default()).unwrap();
    median_ms(|| train_step(&mut model, &inputs, &labels, &mut optimizer))
}

fn main() {
    let names: Vec<String> =
        std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let name = "poi_hybrid_train_step";
    if names.is_empty() || names.iter().any(|wanted| wanted == name) {
        let value = poi_hybrid_train_step();
        println!("{{\"name\": \"{name}\", \"value\": {value:.3}, \"unit\": \"ms\"}}");
    }
}
