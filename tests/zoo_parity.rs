//! Every network of the zoo against its reference in PyTorch: names and shapes, logits, gradients, and losses of training
//! steps. `tests/reference/zoo_outputs.py` computed the numbers; both sides make weights and images by the same formula.

use cuaderno::models::{self, Hybrid, HybridConfig};
use cuaderno::nn::{Inputs, Model, Pass, Weights};
use cuaderno::tensor::{LossOptions, backward, cross_entropy, plain, read, tensor};
use cuaderno::train::{AdamConfig, Optimizer, OptimizerConfig, SgdConfig};
use dfdx::tensor::{PutTape, SplitTape};
use formula::{centred, fill_network, given, hashed, image_inputs};

#[path = "reference/formula.rs"]
mod formula;

const FILE: &[u8] = include_bytes!("reference/zoo.safetensors");
const CLASSES: usize = 10;
const FEATURES: usize = 20;

fn reference(name: &str) -> Vec<f32> {
    Weights::from_bytes(FILE).unwrap().get(name).unwrap_or_else(|| panic!("{name}")).values.clone()
}

/// The bytes of a checksum of the names and shapes.
fn layout(network: &dyn Model) -> Vec<f32> {
    let parameters = network.parameters().into_iter().map(|(name, p)| (name, p.shape()));
    let buffers = network.buffers().into_iter().map(|(name, b)| (name, vec![b.count()]));
    let mut lines: Vec<String> =
        parameters.chain(buffers).map(|(name, shape)| format!("{name} {shape:?}\n")).collect();
    lines.sort();
    hashed(&lines.concat()).to_le_bytes().map(f32::from).to_vec()
}

/// The shape that the reference has under `name`.
fn shape(name: &str) -> [usize; 4] {
    let shape: Vec<usize> = reference(name).iter().map(|size| *size as usize).collect();
    shape.try_into().unwrap()
}

/// The greatest difference.
fn apart(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn names_shapes_and_logits_are_those_of_the_reference() {
    for name in models::names() {
        let mut network = models::network(name, CLASSES, 0).unwrap();
        assert_eq!(layout(&network), reference(&format!("{name}/layout")), "{name}");
        fill_network(&mut network, f64::from(reference(&format!("{name}/gain"))[0]));
        let shape = shape(&format!("{name}/input"));
        let inputs = image_inputs(given("input", &shape), shape);
        let logits = plain(network.forward(&inputs, &Pass::inference()).unwrap());
        let expected = reference(&format!("{name}/logits"));
        let scale = expected.iter().fold(0f32, |scale, value| scale.max(value.abs()));
        let error = apart(&read(&logits), &expected) / scale;
        println!("{name}: {error:.1e}");
        assert!(error < 1e-4, "{name}: logits differ by {error:.1e} of the greatest");
    }
}

/// The gradients mostly agree to 1e-6, but a value that rounding takes to the other side of a ReLU's bend moves them by up
/// to 1e-2 of their lengths, as it does PyTorch's when images change by 1e-6 of their values.
const BEND: f64 = 0.03;

#[test]
fn gradients_are_those_of_pytorch() {
    let mut compared = 0;
    for name in models::names() {
        let Some(expected) =
            Weights::from_bytes(FILE).unwrap().get(&format!("{name}/gradients")).cloned()
        else {
            continue;
        };
        compared += 1;
        let mut network = models::network(name, CLASSES, 0).unwrap();
        fill_network(&mut network, f64::from(reference(&format!("{name}/gain"))[0]));
        // Frozen normalization works as in inference: by the batch it makes chaos of deep networks.
        let buffers = network.buffers().into_iter().map(|(name, _)| name);
        let norms: Vec<String> = buffers
            .filter_map(|name| Some(name.strip_suffix(".running_mean")?.to_string()))
            .collect();
        norms.iter().for_each(|norm| network.freeze(norm).unwrap());
        let shape = shape(&format!("{name}/input"));
        let inputs = image_inputs(given("input", &shape), shape);
        let logits = network.forward(&inputs, &Pass::training_without_randomness()).unwrap();
        let loss = cross_entropy(logits, &[0, 1], &LossOptions::default()).unwrap();
        let mut gradients = backward(loss).unwrap();
        let mut parameters = network.parameters_mut();
        parameters.retain(|(_, parameter)| parameter.is_trainable());
        parameters.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(expected.shape, [parameters.len(), 2], "{name}");
        let mut worst = 0f64;
        for ((weight, parameter), expected) in parameters.into_iter().zip(expected.values.chunks(2))
        {
            let gradient = parameter.take_gradient(&mut gradients).unwrap();
            let mut direction = vec![0.0; gradient.len()];
            centred(&mut direction, &format!("direction {weight}"), 1.0);
            let sum = |terms: &[f32]| -> f64 {
                terms.iter().zip(&gradient).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
            };
            let (length, product) = (f64::from(expected[0]), f64::from(expected[1]));
            let apart =
                (sum(&gradient).sqrt() - length).abs().max((sum(&direction) - product).abs());
            worst = worst.max(apart / length);
            assert!(
                apart < BEND * length,
                "{name}: the gradient of {weight} differs by {apart:.1e} of {length:.1e}"
            );
        }
        println!("{name}: gradients differ by {worst:.1e} of their lengths");
    }
    assert_eq!(compared, 8, "all but the largest of their kinds");
}

/// Trains on the examples in turn, nothing being random, and compares the loss of each step.
fn check_losses(
    name: &str,
    mut network: Box<dyn Model>,
    run: &str,
    optimizer: OptimizerConfig,
    rate: f32,
) {
    const BATCH: usize = 8;
    assert_eq!(layout(&*network), reference(&format!("training/{name}/layout")), "{name}");
    fill_network(&mut *network, 1.0);
    let shape = shape(&format!("training/{name}/input"));
    let (images, metadata) = (given("input", &shape), given("metadata", &[shape[0], FEATURES]));
    let mut optimizer = Optimizer::new(optimizer).unwrap();
    for (step, expected) in reference(&format!("training/{name}/{run}")).iter().enumerate() {
        let rows: Vec<usize> = (0..BATCH).map(|row| (step * BATCH + row) % shape[0]).collect();
        let part = |all: &[f32]| -> Vec<f32> {
            let size = all.len() / shape[0];
            rows.iter().flat_map(|row| all[row * size..(row + 1) * size].to_vec()).collect()
        };
        let inputs = Inputs {
            features: Some(tensor(part(&metadata), (BATCH, FEATURES)).unwrap()),
            ..image_inputs(part(&images), [BATCH, shape[1], shape[2], shape[3]])
        };
        let labels: Vec<usize> = rows.iter().map(|row| row % CLASSES).collect();
        let logits = network.forward(&inputs, &Pass::training_without_randomness()).unwrap();
        let loss = cross_entropy(logits, &labels, &LossOptions::default()).unwrap();
        let (loss, tape) = loss.split_tape();
        let value = read(&loss)[0];
        let error = (value - expected).abs() / expected;
        println!("{name} {run} {step}: {error:.1e}");
        assert!(error < 1e-3, "{name} {run}, step {step}: {value}, PyTorch {expected}");
        let mut gradients = backward(loss.put_tape(tape)).unwrap();
        optimizer.step(network.parameters_mut(), &mut gradients, rate).unwrap();
    }
}

fn sgd() -> OptimizerConfig {
    OptimizerConfig::Sgd(SgdConfig { momentum: 0.9, ..SgdConfig::default() })
}

fn adam() -> OptimizerConfig {
    OptimizerConfig::Adam(AdamConfig::default())
}

#[test]
fn losses_of_training_steps_are_those_of_pytorch() {
    let resnet = models::resnet18(CLASSES, 0).unwrap();
    check_losses("resnet18", Box::new(resnet), "sgd", sgd(), 1e-4);
    // The dropout of this one is switched off, here and there.
    let small = || Box::new(models::small_cnn(32, CLASSES, 0).unwrap());
    check_losses("small_cnn", small(), "sgd", sgd(), 3e-3);
    check_losses("small_cnn", small(), "adam", adam(), 1e-3);
    let simple = || Box::new(models::simple_network(32, 64, CLASSES, 0).unwrap());
    check_losses("simple_network", simple(), "sgd", sgd(), 1e-3);
    check_losses("simple_network", simple(), "adam", adam(), 1e-4);
}

#[test]
fn a_network_of_the_zoo_beside_metadata_trains_as_in_pytorch() {
    let config = HybridConfig {
        pixels: 64,
        features: FEATURES,
        classes: CLASSES,
        ..HybridConfig::default()
    };
    let resnet = models::resnet18(3, 0).unwrap();
    let hybrid = Hybrid::with_branch(resnet.backbone().unwrap(), &config, 0).unwrap();
    check_losses("hybrid", Box::new(hybrid), "sgd", sgd(), 1e-4);
}
