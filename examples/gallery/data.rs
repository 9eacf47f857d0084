//! Data for the gallery: the same at every run.

use image::{Rgb, RgbImage};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub const CATEGORIES: [&str; 8] = [
    "Historia",
    "Cultura",
    "Arquitectura",
    "Escultura",
    "Misterio",
    "Ciencia",
    "Ocio",
    "Gastronomía",
];

pub const PAINTERS: [&str; 14] = [
    "Vincent van Gogh",
    "Edgar Degas",
    "Pablo Picasso",
    "Pierre-Auguste Renoir",
    "Albrecht Dürer",
    "Paul Gauguin",
    "Francisco Goya",
    "Rembrandt",
    "Alfred Sisley",
    "Marc Chagall",
    "Rene Magritte",
    "Amedeo Modigliani",
    "Claude Monet",
    "Paul Cézanne",
];

pub fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// `count` values about `mean`.
pub fn normal(seed: u64, count: usize, mean: f64, spread: f64) -> Vec<f64> {
    let mut random = random(seed);
    let one = |random: &mut ChaCha8Rng| (0..12).map(|_| random.gen_range(0.0..1.0)).sum::<f64>();
    (0..count).map(|_| mean + spread * (one(&mut random) - 6.0)).collect()
}

/// A measure that falls (or rises) towards its best value, with noise.
pub fn curve(seed: u64, epochs: usize, from: f64, to: f64) -> Vec<f64> {
    let noise = normal(seed, epochs, 0.0, (from - to).abs() * 0.02);
    let at = |epoch: usize| (-4.0 * epoch as f64 / epochs as f64).exp();
    (0..epochs).map(|epoch| to + (from - to) * at(epoch) + noise[epoch]).collect()
}

/// Images with soft shapes.
pub fn images(count: usize) -> Vec<RgbImage> {
    let mut random = random(3);
    (0..count)
        .map(|_| {
            let (cx, cy) = (random.gen_range(0.2..0.8), random.gen_range(0.2..0.8));
            let tint: [f64; 3] = std::array::from_fn(|_| random.gen_range(60.0..255.0));
            RgbImage::from_fn(96, 96, |x, y| {
                let (x, y) = (f64::from(x) / 96.0, f64::from(y) / 96.0);
                let light = 1.0 - (x - cx).hypot(y - cy);
                Rgb(tint.map(|channel| (channel * light).clamp(0.0, 255.0) as u8))
            })
        })
        .collect()
}

/// A confusion matrix of `classes` classes.
pub fn confusions(classes: usize) -> Vec<Vec<usize>> {
    let mut random = random(5);
    (0..classes)
        .map(|i| {
            let size = random.gen_range(20..200);
            let off = (size * 3 / classes).max(1);
            (0..classes).map(|j| if i == j { size } else { random.gen_range(0..=off) }).collect()
        })
        .collect()
}

/// True values and scores that tell them apart with some errors.
pub fn scores(seed: u64, count: usize, skill: f64) -> (Vec<bool>, Vec<f64>) {
    let noise = normal(seed, count, 0.0, 1.0);
    let truth: Vec<bool> = (0..count).map(|i| i % 3 == 0).collect();
    let score = |(i, t): (usize, &bool)| {
        1.0 / (1.0 + (-(noise[i] + if *t { skill } else { -skill })).exp())
    };
    let scores = truth.iter().enumerate().map(score).collect();
    (truth, scores)
}
