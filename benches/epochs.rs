//! Epochs end to end, and a bootstrap interval, as JSON lines: `cargo bench --bench epochs [NAME ...]`.
//!
//! The paintings are those of the art data set where `CUADERNO_REAL_DATA` points, else the sample's, read several times.

use cuaderno::images::{Augmentation, Transform, load_rgb};
use cuaderno::metrics::Bootstrap;
use cuaderno::models::{TextCnn, TextCnnConfig, small_cnn};
use cuaderno::practices::art;
use cuaderno::prelude::*;
use cuaderno::train::Silent;
use rand::Rng;
use rand_chacha::rand_core::SeedableRng;
use std::time::Instant;

/// 50,000 titles of 16 tokens in batches of 128, 632 classes, frozen vectors of 50,000 words; then 10,000 to validate.
fn text_cnn_epoch_titles_per_second() -> Result<f64> {
    let mut draw = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    let mut titles = |count: usize| -> Result<Dataset> {
        let labels: Vec<usize> = (0..count).map(|_| draw.gen_range(0..632)).collect();
        let names: Vec<String> = (0..632).map(|class| class.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let tokens = ndarray::Array2::from_shape_fn((count, 16), |_| draw.gen_range(1..50_000u32));
        Dataset::new(&labels, &names)?.with_tokens(&tokens)
    };
    let (train, validation) = (titles(50_000)?, titles(10_000)?);
    let mut model = TextCnn::new(&TextCnnConfig::default(), 0)?;
    model.freeze("embedding")?;
    let config = TrainConfig { batch_size: 128, keep_best: false, ..TrainConfig::default() };
    let mut learner = Learner::new(model, &train, &validation, &config)?;
    let start = Instant::now();
    learner.fit_with(1, &mut Silent)?;
    Ok(60_000.0 / start.elapsed().as_secs_f64())
}

/// 2,000 paintings decoded, brought to 100 px, augmented, in batches of 32 through three convolutions.
fn small_cnn_epoch_images_per_second() -> Result<f64> {
    let paths = art::locate()?;
    let mut files = art::paintings(&paths, &art::read(&paths)?)?.paths;
    files.sort();
    let files: Vec<_> = files.into_iter().cycle().take(2000).collect();
    let mut draw = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    let labels: Vec<usize> = files.iter().map(|_| draw.gen_range(0..10)).collect();
    let names: Vec<String> = (0..10).map(|class| class.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let augmentation = Augmentation {
        rotation_range: 20.0,
        width_shift_range: 0.1,
        height_shift_range: 0.1,
        zoom_range: 0.1,
        shear_range: 5.0,
        horizontal_flip: 0.5,
        ..Augmentation::default()
    };
    let model = small_cnn(100, 10, 0)?;
    let start = Instant::now();
    let images = load_rgb(&files, 100, 100)?;
    let train = Dataset::new(&labels, &names)?
        .with_images(&images)?
        .with_transform(&Transform::default().augmented(augmentation));
    let config = TrainConfig { batch_size: 32, keep_best: false, ..TrainConfig::default() };
    // The learner looks at a validation set after the epoch; the reference has none.
    let mut learner = Learner::new(model, &train, &train.subset(&[0])?, &config)?;
    learner.fit_with(1, &mut Silent)?;
    Ok(files.len() as f64 / start.elapsed().as_secs_f64())
}

/// A 95 % interval from 1,000 resamples of 2,000 predictions of 12 classes.
fn bootstrap_balanced_accuracy() -> Result<f64> {
    let mut draw = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    let mut classes = || (0..2000).map(|_| draw.gen_range(0..12)).collect::<Vec<usize>>();
    let (truth, predicted) = (classes(), classes());
    let bootstrap = Bootstrap { resamples: 1000, ..Bootstrap::default() };
    let start = Instant::now();
    bootstrap.confusion(&truth, &predicted, 12, &|matrix| Ok(matrix.balanced_accuracy()))?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

/// A name, its measurement and its unit.
type Bench = (&'static str, fn() -> Result<f64>, &'static str);

const ALL: [Bench; 3] = [
    ("text_cnn_epoch_titles_per_second", text_cnn_epoch_titles_per_second, "titles/s"),
    ("small_cnn_epoch_images_per_second", small_cnn_epoch_images_per_second, "images/s"),
    ("bootstrap_balanced_accuracy", bootstrap_balanced_accuracy, "ms"),
];

fn main() -> Result<()> {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    for (name, run, unit) in ALL {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            println!("{{\"name\": \"{name}\", \"value\": {:.3}, \"unit\": \"{unit}\"}}", run()?);
        }
    }
    Ok(())
}
