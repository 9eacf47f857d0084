//! How the time of ResNet-18 grows with the batch, the pixels and the threads.
//!
//! `cargo bench --bench scaling` prints one JSON object a line: {"name", "value", "unit"}; `benches/scaling.py` prints the
//! same from PyTorch. Threads are what `RAYON_NUM_THREADS` says, else all.

use cuaderno::models::resnet18;
use cuaderno::nn::{Inputs, Model, Pass};
use cuaderno::tensor::{LossOptions, backward, cross_entropy, tensor};
use cuaderno::train::{Optimizer, OptimizerConfig, SgdConfig};
use rand::{Rng, SeedableRng};
use std::time::Instant;

const BATCHES: [usize; 6] = [1, 2, 4, 8, 16, 32];
const PIXELS: [usize; 5] = [32, 64, 128, 192, 256];

/// The median of five runs after two others, in milliseconds.
fn median_ms(mut step: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..7)
        .map(|_| {
            let start = Instant::now();
            step();
            start.elapsed().as_secs_f64() * 1e3
        })
        .skip(2)
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn images(batch: usize, pixels: usize) -> Inputs {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let values = (0..batch * 3 * pixels * pixels).map(|_| random.gen_range(-1.7f32..1.7));
    let images = tensor(values.collect(), (batch, 3, pixels, pixels)).unwrap();
    Inputs { images: Some(images), ..Inputs::default() }
}

fn train_step(batch: usize, pixels: usize) -> f64 {
    let mut model = resnet18(12, 0).unwrap();
    let sgd = SgdConfig { momentum: 0.9, ..SgdConfig::default() };
    let mut optimizer = Optimizer::new(OptimizerConfig::Sgd(sgd)).unwrap();
    let inputs = images(batch, pixels);
    let labels: Vec<usize> = (0..batch).map(|i| i * 7 % 12).collect();
    median_ms(|| {
        let logits = model.forward(&inputs, &Pass::training(0)).unwrap();
        let loss = cross_entropy(logits, &labels, &LossOptions::default()).unwrap();
        let mut gradients = backward(loss).unwrap();
        optimizer.step(model.parameters_mut(), &mut gradients, 1e-3).unwrap();
    })
}

fn forward(batch: usize, pixels: usize) -> f64 {
    let model = resnet18(1000, 0).unwrap();
    let inputs = images(batch, pixels);
    median_ms(|| drop(model.forward(&inputs, &Pass::inference()).unwrap()))
}

fn main() {
    let print = |name: &str, value: f64| {
        println!("{{\"name\": \"resnet18_{name}\", \"value\": {value:.2}, \"unit\": \"ms\"}}");
    };
    for batch in BATCHES {
        print(&format!("train_step_batch_{batch}"), train_step(batch, 128));
        print(&format!("forward_batch_{batch}"), forward(batch, 224));
    }
    for pixels in PIXELS {
        print(&format!("train_step_pixels_{pixels}"), train_step(8, pixels));
        print(&format!("forward_pixels_{pixels}"), forward(8, pixels));
    }
}
