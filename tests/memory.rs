//! That memory does not grow from step to step.
#![cfg(target_os = "linux")]

use cuaderno::nn::{
    BatchNorm2d, Conv2d, Conv2dConfig, Dropout, Init, Inputs, Layer, Linear, MaxPool2d, Model,
    Pass, Residual, Sequential,
};
use cuaderno::tensor::{LossOptions, backward, cross_entropy, tensor};
use cuaderno::train::{Optimizer, OptimizerConfig};

/// This program's resident memory in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn a_run_does_not_grow_over_a_thousand_steps() {
    const BATCH: usize = 8;
    const PIXELS: usize = 16;
    let mut init = Init::seed(0);
    let mut convolution = |inputs, outputs| {
        Conv2d::new(Conv2dConfig::same(inputs, outputs, 3).no_bias(), &mut init).unwrap()
    };
    let body = Sequential::new().add(convolution(16, 16)).add(BatchNorm2d::new(16).unwrap());
    let mut model = Sequential::new()
        .add(convolution(3, 16))
        .add(BatchNorm2d::new(16).unwrap())
        .add(Layer::Relu)
        .add(MaxPool2d::new(2))
        .add(Residual { body, relu: true, ..Residual::default() })
        .add(Layer::GlobalAveragePool2d)
        .add(Dropout::new(0.2).unwrap())
        .add(Linear::new(16, 3, &mut Init::seed(1)).unwrap());
    let mut optimizer = Optimizer::new(OptimizerConfig::default()).unwrap();
    let labels: Vec<usize> = (0..BATCH).map(|row| row % 3).collect();
    let mut step = |number: u64| {
        let pixels = (0..BATCH * 3 * PIXELS * PIXELS).map(|i| (i as f32 + number as f32).sin());
        let images = tensor(pixels.collect(), (BATCH, 3, PIXELS, PIXELS)).unwrap();
        let inputs = Inputs { images: Some(images), ..Inputs::default() };
        let logits = Model::forward(&model, &inputs, &Pass::training(number)).unwrap();
        let loss = cross_entropy(logits, &labels, &LossOptions::default()).unwrap();
        let mut gradients = backward(loss).unwrap();
        optimizer.step(model.parameters_mut(), &mut gradients, 1e-3).unwrap();
    };
    (0..100).for_each(&mut step);
    let before = resident();
    (100..1100).for_each(&mut step);
    // One feature map kept a step, of which the smallest takes 32 kB, would be 32 MB.
    let grown = resident().saturating_sub(before);
    println!("{} kB more than {} kB", grown / 1024, before / 1024);
    assert!(grown < 4 << 20, "{grown} bytes more than {before} after a thousand steps");
}
