//! Training steps of the practices' networks, and the zoo's forward passes, on random data.
//!
//! `cargo bench --bench training [NAME ...]` prints one JSON object a line: {"name", "value", "unit"}. A name may be the
//! end of one: `forward_per_image` runs all forward passes. With `CUADERNO_BENCH_DETAIL=1`, the parts of each training step go to stderr.

use cuaderno::data::Dataset;
use cuaderno::explain::grad_cam;
use cuaderno::images::{ImageSet, Transform};
use cuaderno::models::{
    Hybrid, HybridConfig, TextCnn, TextCnnConfig, network, resnet18, simple_network,
};
use cuaderno::nn::{Inputs, Model, Pass};
use cuaderno::tensor::{LossOptions, backward, cross_entropy, tensor};
use cuaderno::train::{Learner, Optimizer, OptimizerConfig, SgdConfig, Silent, TrainConfig};
use ndarray::Array2;
use rand::{Rng, SeedableRng};
use std::time::Instant;

fn random(seed: u64, count: usize) -> Vec<f32> {
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| random.gen_range(-1.7f32..1.7)).collect()
}

/// The median of some runs after some others, in milliseconds.
fn median_ms(runs: usize, warm: usize, mut step: impl FnMut()) -> f64 {
    (0..warm).for_each(|_| step());
    let mut times: Vec<f64> = (0..runs)
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

fn images(batch: usize, pixels: usize) -> Inputs {
    let values = random(1, batch * 3 * pixels * pixels);
    let images = tensor(values, (batch, 3, pixels, pixels)).unwrap();
    Inputs { images: Some(images), ..Inputs::default() }
}

fn labels(count: usize, classes: usize) -> Vec<usize> {
    (0..count).map(|i| i * 7 % classes).collect()
}

fn adam() -> Optimizer {
    Optimizer::new(OptimizerConfig::default()).unwrap()
}

/// Practice 1, model A: batch 32, 128 px, 20 metadata columns, Adam.
fn poi_hybrid_train_step() -> f64 {
    let mut model = Hybrid::new(&HybridConfig::default(), 0).unwrap();
    let features = Some(tensor(random(2, 32 * 20), (32, 20)).unwrap());
    let inputs = Inputs { features, ..images(32, 128) };
    let (labels, mut optimizer) = (labels(32, 3), adam());
    median_ms(9, 3, || train_step(&mut model, &inputs, &labels, &mut optimizer))
}

/// Full fine-tuning: batch 16, 128 px, SGD with momentum.
fn resnet18_train_step() -> f64 {
    let mut model = resnet18(12, 0).unwrap();
    let sgd = SgdConfig { momentum: 0.9, ..SgdConfig::default() };
    let mut optimizer = Optimizer::new(OptimizerConfig::Sgd(sgd)).unwrap();
    let (inputs, labels) = (images(16, 128), labels(16, 12));
    median_ms(9, 3, || train_step(&mut model, &inputs, &labels, &mut optimizer))
}

/// Practice 4, simple network: 100 px, flatten, dense 100, dense 10; batch 32; Adam.
fn simple_network_train_step() -> f64 {
    let mut model = simple_network(100, 100, 10, 0).unwrap();
    let (inputs, labels, mut optimizer) = (images(32, 100), labels(32, 10), adam());
    median_ms(9, 3, || train_step(&mut model, &inputs, &labels, &mut optimizer))
}

/// Practice 3: batch 128, 16 tokens, frozen 300-d vectors of 50,000 words, 100 filters of 2, 3 and 4, 632 classes, Adam.
fn text_cnn_train_step() -> f64 {
    let vectors = Array2::from_shape_vec((50_000, 300), random(3, 50_000 * 300)).unwrap();
    let mut model = TextCnn::with_vectors(vectors, &TextCnnConfig::default(), 0).unwrap();
    let mut draw = rand_chacha::ChaCha8Rng::seed_from_u64(4);
    let tokens = Array2::from_shape_simple_fn((128, 16), || draw.gen_range(1..50_000));
    let inputs = Inputs { tokens: Some(tokens), ..Inputs::default() };
    let (labels, mut optimizer) = (labels(128, 632), adam());
    median_ms(21, 3, || train_step(&mut model, &inputs, &labels, &mut optimizer))
}

/// Transfer learning: 512 images of 128 px, frozen ResNet-18, new head, 3 epochs, batch 32.
fn frozen_resnet18_three_epochs() -> f64 {
    let mut model = resnet18(3, 0).unwrap();
    model.freeze("").unwrap();
    model.unfreeze("fc").unwrap();
    let mut draw = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let pixels = (0..512 * 3 * 128 * 128).map(|_| draw.r#gen()).collect();
    let images = ImageSet::from_pixels(pixels, 128, 128).unwrap();
    let classes = ["a", "b", "c"];
    let train = Dataset::new(&labels(512, 3), &classes).unwrap().with_images(&images).unwrap();
    let train = train.with_transform(&Transform::imagenet());
    // The learner looks at a validation set after each epoch; the reference has none.
    let validation = train.subset(&[0]).unwrap();
    let mut learner = Learner::new(model, &train, &validation, &TrainConfig::default()).unwrap();
    let start = Instant::now();
    learner.fit_with(3, &mut Silent).unwrap();
    start.elapsed().as_secs_f64() * 1e3
}

/// Inference in batches of 8 images of 224 px.
fn forward_per_image(name: &str) -> f64 {
    let model = network(name, 1000, 0).unwrap();
    let inputs = images(8, 224);
    median_ms(5, 2, || drop(model.forward(&inputs, &Pass::inference()).unwrap())) / 8.0
}

/// Grad-CAM of the last block of ResNet-18 on one image of 224 px, enlarged to the image.
fn gradcam_per_image() -> f64 {
    let model = network("resnet18", 1000, 0).unwrap();
    let inputs = images(1, 224);
    median_ms(21, 5, || {
        let maps = grad_cam(&model, &inputs, None, "layer4.1").unwrap();
        drop(maps.scaled(0, 224, 224).unwrap());
    })
}

/// A name and its measurement.
type Bench = (&'static str, fn() -> f64);

const STEPS: [Bench; 6] = [
    ("gradcam_per_image", gradcam_per_image),
    ("poi_hybrid_train_step", poi_hybrid_train_step),
    ("resnet18_train_step", resnet18_train_step),
    ("text_cnn_train_step", text_cnn_train_step),
    ("simple_network_train_step", simple_network_train_step),
    ("frozen_resnet18_three_epochs", frozen_resnet18_three_epochs),
];

const NETWORKS: [&str; 7] = [
    "resnet18",
    "resnet50",
    "resnet152",
    "densenet121",
    "vgg16",
    "efficientnet_b0",
    "squeezenet1_1",
];

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let print = |name: &str, run: &dyn Fn() -> f64| {
        if wanted.is_empty() || wanted.iter().any(|wanted| name.ends_with(wanted.as_str())) {
            println!("{{\"name\": \"{name}\", \"value\": {:.3}, \"unit\": \"ms\"}}", run());
        }
    };
    for (name, run) in STEPS {
        print(name, &run);
    }
    for name in NETWORKS {
        print(&format!("{name}_forward_per_image"), &|| forward_per_image(name));
    }
}
