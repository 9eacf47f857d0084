//! Practice 5 on real photographs: OASIS, 807 images rated by people, with real ImageNet weights.
//!
//! ```sh
//! CUADERNO_REAL_DATA=/path/to/data cargo run --release --example sentiment_oasis -- efficientnet_lite0.safetensors output/oasis
//! ```
//!
//! Five seeds, each a split by theme into 65 % training, 15 % validation and 20 % test. Prints accuracy, balanced accuracy,
//! quadratic kappa and agreement within one step for each method, as mean ± standard deviation over the seeds. The folder,
//! if given, gets the features and the splits, for `benches/sentiment_oasis.py`. `--fine-tune EPOCHS` adds the
//! fine-tuned network.

use cuaderno::practices::sentiment::{self, CLASSES, LabeledImages};
use cuaderno::prelude::*;
use cuaderno::table::FeatureMatrix;
use cuaderno::tensor::dfdx::tensor::SplitTape;
use cuaderno::tensor::{LossOptions, read};
use cuaderno::train::Silent;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

const SEEDS: u64 = 5;
const PIXELS: u32 = 224;
const HEAD_EPOCHS: usize = 60;

type Scores = BTreeMap<&'static str, Vec<[f64; 5]>>;

fn main() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut fine_tune = 0;
    if let Some(at) = arguments.iter().position(|a| a == "--fine-tune") {
        fine_tune = arguments.get(at + 1).and_then(|n| n.parse().ok()).unwrap_or(6);
        arguments.drain(at..(at + 2).min(arguments.len()));
    }
    let Some(weights) = arguments.first() else {
        println!("usage: sentiment_oasis WEIGHTS.safetensors [FOLDER] [--fine-tune EPOCHS]");
        return Ok(());
    };
    let data = sentiment::oasis(&sentiment::locate()?)?;
    let start = Instant::now();
    let set = images::load_rgb(&data.files, PIXELS, PIXELS)?;
    let features = features(weights, &set, &data)?;
    println!(
        "{} features of {} images in {:.1} s",
        features.features(),
        features.rows(),
        start.elapsed().as_secs_f64()
    );
    let colors = sentiment::color_histogram(&set)?;
    let mut scores = Scores::new();
    let mut splits = Vec::new();
    for seed in 0..SEEDS {
        let split =
            Split::stratified_by_group(&data.labels, &data.groups, [0.65, 0.15, 0.20], seed)?;
        let truth: Vec<usize> = split.test.iter().map(|row| data.labels[*row]).collect();
        let mut add = |name, predicted: &[usize]| -> Result<()> {
            let found = sentiment::scores(&truth, predicted)?;
            scores.entry(name).or_default().push(std::array::from_fn(|i| found[i].estimate));
            Ok(())
        };
        add("1 majority", &vec![majority(&data, &split); truth.len()])?;
        add(
            "2 color histogram, linear",
            &head(&colors, &data, &split, &LossOptions::default(), seed)?.predictions,
        )?;
        let nominal = head(&features, &data, &split, &LossOptions::default(), seed)?;
        let ordinal = head(&features, &data, &split, &LossOptions::earth_mover(), seed)?;
        add("3 frozen features, linear", &nominal.predictions)?;
        add("4 frozen features, linear, decided on the scale", &on_scale(&nominal.probabilities))?;
        add("5 frozen features, linear, ordinal loss", &ordinal.predictions)?;
        add(
            "6 frozen features, linear, ordinal loss, on the scale",
            &on_scale(&ordinal.probabilities),
        )?;
        if fine_tune > 0 {
            let start = Instant::now();
            let tuned = tuned(weights, &set, &data, &split, fine_tune, seed)?;
            println!("seed {seed}: fine-tuned in {:.0} s", start.elapsed().as_secs_f64());
            add("7 fine-tuned, ordinal loss", &tuned.predictions)?;
            add("8 fine-tuned, ordinal loss, on the scale", &on_scale(&tuned.probabilities))?;
            let both: Vec<f32> = tuned
                .probabilities
                .iter()
                .zip(&ordinal.probabilities)
                .map(|(a, b)| (a + b) / 2.0)
                .collect();
            add("9 mean of 6 and 8, on the scale", &on_scale(&both))?;
        }
        splits.push(split);
    }
    print(&scores);
    if let Some(folder) = arguments.get(1) {
        export(Path::new(folder), &features, &colors, &data, &splits)?;
    }
    Ok(())
}

/// The backbone's features of all images, `[images, features]`.
fn features(weights: &str, set: &ImageSet, data: &LabeledImages) -> Result<FeatureMatrix> {
    let backbone = sentiment::network(weights, PIXELS as usize, 0)?.backbone()?;
    let all = Dataset::new(&data.labels, &CLASSES)?
        .with_images(set)?
        .with_transform(&sentiment::transform(weights)?);
    let rows: Vec<usize> = (0..all.len()).collect();
    let mut values = Vec::new();
    for batch in rows.chunks(32) {
        let (inputs, _) = all.batch(batch, 0, 0)?;
        let (found, _) = Model::forward(&backbone, &inputs, &Pass::inference())?.split_tape();
        values.extend_from_slice(&read(&found));
    }
    let width = values.len() / rows.len();
    let names = (0..width).map(|number| format!("f{number}")).collect();
    let values = ndarray(values, rows.len(), width)?;
    Ok(FeatureMatrix { values, names, unknown: Vec::new() })
}

fn ndarray(values: Vec<f32>, rows: usize, columns: usize) -> Result<ndarray::Array2<f32>> {
    ndarray::Array2::from_shape_vec((rows, columns), values)
        .map_err(|error| Error::new(cuaderno::ErrorKind::Shape, error.to_string()))
}

/// A linear model on features that are scaled by the training rows; the epoch with the lowest validation loss.
fn head(
    features: &FeatureMatrix,
    data: &LabeledImages,
    split: &Split,
    loss: &LossOptions,
    seed: u64,
) -> Result<Evaluation> {
    let table = features.table();
    let names: Vec<&str> = features.names.iter().map(String::as_str).collect();
    let scaled =
        Preprocessor::new().scale(&names).fit(&table, &split.train)?.transform_all(&table)?;
    let all = Dataset::new(&data.labels, &CLASSES)?.with_features(&scaled)?;
    let linear = Linear::new(all.feature_count(), CLASSES.len(), &mut Init::seed(seed))?;
    let config = TrainConfig {
        learning_rate: 1e-3,
        optimizer: OptimizerConfig::Adam(AdamConfig {
            weight_decay: 0.5,
            decoupled: true,
            ..AdamConfig::default()
        }),
        loss: loss.clone(),
        seed,
        ..TrainConfig::default()
    };
    let model = Sequential::new().add(linear);
    let mut learner =
        Learner::new(model, &all.subset(&split.train)?, &all.subset(&split.validation)?, &config)?;
    learner.fit_with(HEAD_EPOCHS, &mut Silent)?;
    learner.evaluate(&all.subset(&split.test)?)
}

/// The network with its last five blocks trained too, on mirrored and relit images.
fn tuned(
    weights: &str,
    set: &ImageSet,
    data: &LabeledImages,
    split: &Split,
    epochs: usize,
    seed: u64,
) -> Result<Evaluation> {
    let mut network = sentiment::network(weights, PIXELS as usize, seed)?;
    let trained = [
        "_blocks.11",
        "_blocks.12",
        "_blocks.13",
        "_blocks.14",
        "_blocks.15",
        "_conv_head",
        "_bn1",
    ];
    for part in trained {
        network.unfreeze(part)?;
    }
    let plain = sentiment::transform(weights)?;
    let augmented = plain.clone().augmented(Augmentation {
        horizontal_flip: 0.5,
        brightness: 0.1,
        contrast: 0.1,
        zoom_range: 0.08,
        ..Augmentation::default()
    });
    let all = Dataset::new(&data.labels, &CLASSES)?.with_images(set)?.with_transform(&plain);
    let config = TrainConfig {
        learning_rate: 1e-3,
        optimizer: OptimizerConfig::Adam(AdamConfig {
            weight_decay: 0.05,
            decoupled: true,
            ..AdamConfig::default()
        }),
        loss: LossOptions::earth_mover(),
        param_groups: trained.iter().map(|part| (part.to_string(), 0.2)).collect(),
        feature_cache: FeatureCaching::Views(3),
        seed,
        ..TrainConfig::default()
    };
    let train = all.subset(&split.train)?.with_transform(&augmented);
    let mut learner = Learner::new(network, &train, &all.subset(&split.validation)?, &config)?;
    learner.fit_with(epochs, &mut Silent)?;
    learner.evaluate(&all.subset(&split.test)?)
}

fn majority(data: &LabeledImages, split: &Split) -> usize {
    let count = |class: usize| split.train.iter().filter(|row| data.labels[**row] == class).count();
    (0..CLASSES.len()).max_by_key(|class| count(*class)).unwrap_or(0)
}

/// The class nearest to the expected score.
fn on_scale(probabilities: &[f32]) -> Vec<usize> {
    sentiment::expected_scores(probabilities).iter().map(|score| score.round() as usize).collect()
}

fn print(scores: &Scores) {
    println!("{:<55} {}", "method", sentiment::METRICS.map(|name| format!("{name:>18}")).join(""));
    for (name, runs) in scores {
        let cells = (0..5).map(|metric| {
            let values: Vec<f64> = runs.iter().map(|run| run[metric]).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
            let deviation = (squares / (values.len().max(2) - 1) as f64).sqrt();
            format!("{:>18}", format!("{mean:.3} ± {deviation:.3}"))
        });
        println!("{name:<55} {}", cells.collect::<String>());
    }
}

/// Features as raw 32-bit floats, labels and splits as text.
fn export(
    folder: &Path,
    features: &FeatureMatrix,
    colors: &FeatureMatrix,
    data: &LabeledImages,
    splits: &[Split],
) -> Result<()> {
    let failed = |error: std::io::Error| Error::io(folder, &error);
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (name, matrix) in [("features", features), ("colors", colors)] {
        let bytes: Vec<u8> = matrix.values.iter().flat_map(|value| value.to_le_bytes()).collect();
        std::fs::write(folder.join(format!("{name}.f32")), bytes).map_err(failed)?;
    }
    let mut text = String::from("label");
    for seed in 0..splits.len() {
        text += &format!(",seed{seed}");
    }
    for row in 0..data.labels.len() {
        text += &format!("\n{}", data.labels[row]);
        for split in splits {
            let parts =
                [("train", &split.train), ("validation", &split.validation), ("test", &split.test)];
            let part =
                parts.iter().find(|(_, rows)| rows.contains(&row)).map_or("", |(name, _)| name);
            text += &format!(",{part}");
        }
    }
    std::fs::write(folder.join("splits.csv"), text).map_err(failed)
}
