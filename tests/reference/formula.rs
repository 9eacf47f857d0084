//! Weights and images from a formula that `zoo_outputs.py` has too, so that no large file is needed.
#![allow(dead_code, reason = "not every test needs all of it")]

use cuaderno::nn::{Inputs, Model};
use cuaderno::tensor::tensor;
use rayon::prelude::*;

/// FNV-1a.
pub fn hashed(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |state, byte| {
        (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A number in [0, 1) that depends on the name's hash and the place alone: splitmix64.
fn uniform(name: u64, place: usize) -> f32 {
    let state = name.wrapping_add((place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((state ^ (state >> 31)) >> 40) as f32 / (1 << 24) as f32
}

fn fill(values: &mut [f32], name: &str, number: impl Fn(f32) -> f32 + Sync) {
    let name = hashed(name);
    let places = values.par_iter_mut().enumerate();
    places.for_each(|(place, value)| *value = number(uniform(name, place)));
}

pub fn centred(values: &mut [f32], name: &str, bound: f64) {
    let bound = bound as f32;
    fill(values, name, |u| (u * 2.0 - 1.0) * bound);
}

fn formula(values: &mut [f32], name: &str, shape: &[usize], gain: f64) {
    if name.ends_with("running_var") || (shape.len() == 1 && name.ends_with("weight")) {
        return fill(values, name, |u| u + 0.5);
    }
    if shape.len() == 1 {
        return centred(values, name, 0.1);
    }
    let fan_in: usize = shape[1..].iter().product();
    centred(values, name, gain * (5.0 / fan_in as f64).sqrt());
}

pub fn fill_network(network: &mut dyn Model, gain: f64) {
    for (name, parameter) in network.parameters_mut() {
        let shape = parameter.shape();
        parameter.update(&mut |values| formula(values, &name, &shape, gain)).unwrap();
    }
    for (name, buffer) in network.buffers() {
        let mut values = vec![0.0; buffer.count()];
        formula(&mut values, &name, &[buffer.count()], gain);
        buffer.set(values).unwrap();
    }
}

/// The formula's values of this shape: `input`, the images, or `metadata`.
pub fn given(name: &str, shape: &[usize]) -> Vec<f32> {
    let mut values = vec![0.0; shape.iter().product()];
    centred(&mut values, name, 3f64.sqrt());
    values
}

pub fn image_inputs(values: Vec<f32>, [batch, channels, height, width]: [usize; 4]) -> Inputs {
    let images = tensor(values, (batch, channels, height, width)).unwrap();
    Inputs { images: Some(images), ..Inputs::default() }
}
