//! Practice 1 over several seeds: test accuracy, seconds per epoch and peak memory.
//!
//! `cargo run --release --example poi_engagement -- --seeds 5 --epochs 10`; with `CUADERNO_REAL_DATA` set, on the real
//! files. That is model A, the small hybrid network; `--weights FILE` gives EfficientNet-Lite0's weights and trains model B,
//! with the backbone frozen and its features standardized. `--export DIR` writes images or their features, metadata, labels
//! and splits for `benches/poi_engagement.py`, which trains the same network in PyTorch.

mod arguments;
mod memory;

use arguments::Arguments;
use cuaderno::metrics::mean_interval;
use cuaderno::models::efficientnet_lite0;
use cuaderno::practices::poi;
use cuaderno::prelude::*;
use cuaderno::train::Silent;
use std::path::Path;
use std::time::Instant;

const PIXELS: usize = 128;

fn write(folder: &Path, name: &str, bytes: Vec<u8>) -> Result<()> {
    let file = folder.join(name);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&file, bytes))
        .map_err(|error| Error::io(&file, &error))
}

/// Numbers as little-endian bytes.
fn bytes<'a>(values: impl Iterator<Item = &'a f32>) -> Vec<u8> {
    values.flat_map(|value| value.to_le_bytes()).collect()
}

fn main() -> Result<()> {
    let given = Arguments::read(&["seeds", "epochs", "weights", "export"])?;
    let (seeds, epochs): (u64, usize) = (given.number("seeds", 5)?, given.number("epochs", 10)?);
    let folder = given.text("export").ok().map(Path::new);
    let table = poi::read(&poi::locate()?)?;
    let ids = table.texts("id")?;
    let engagement = poi::engagement(&table)?;
    let labels = poi::Target::fit(&engagement)?.labels(&engagement)?;
    let images = images::load_rgb(&poi::image_paths(&table)?, PIXELS as u32, PIXELS as u32)?;
    println!("{} rows", table.rows());
    let backbone = match given.text("weights") {
        Err(_) => None,
        Ok(file) => {
            let mut network = efficientnet_lite0(1000, 0)?;
            Pretrained::file(file).load_into(&mut network)?;
            Some(network.backbone()?)
        }
    };
    if let (Some(folder), None) = (folder, &backbone) {
        let mut pixels = Vec::new();
        for row in 0..images.len() {
            pixels.extend_from_slice(images.pixels(row)?);
        }
        write(folder, "images.u8", pixels)?;
    }
    let mut accuracies = Vec::new();
    for seed in 0..seeds {
        let start = Instant::now();
        let split = Split::stratified_by_group(&labels, &ids, [0.7, 0.15, 0.15], seed)?;
        let metadata = Preprocessor::new()
            .scale(&["locationLon", "locationLat", "xps"])
            .one_hot(&["tier"])
            .multi_hot("categories", 5)
            .multi_hot("tags", 20)
            .fit(&table, &split.train)?
            .transform_all(&table)?;
        let sizes = HybridConfig { features: metadata.names.len(), ..HybridConfig::default() };
        let (mean, std) = match &backbone {
            None => images.channel_statistics(&split.train)?,
            // These weights expect (x − 127) / 128 of x from 0 to 255.
            Some(_) => ([127.0 / 255.0; 3], [128.0 / 255.0; 3]),
        };
        let plain = Transform::normalized(mean, std);
        let all = Dataset::new(&labels, &poi::CLASSES)?
            .with_images(&images)?
            .with_features(&metadata)?
            .with_transform(&plain);
        let mut train = all.subset(&split.train)?;
        let (validation, test) = (all.subset(&split.validation)?, all.subset(&split.test)?);
        let model = match &backbone {
            None => {
                let augmentation = Augmentation { horizontal_flip: 0.5, ..Augmentation::default() };
                train = train.with_transform(&plain.clone().augmented(augmentation));
                Hybrid::new(&sizes, seed)?
            }
            Some(backbone) => {
                let branch = poi::standardized_backbone(backbone, &images, &plain, &split.train)?;
                if let Some(folder) = folder {
                    let features = poi::image_features(&branch, &images, &plain)?;
                    write(folder, &format!("{seed}_image.f32"), bytes(features.iter()))?;
                }
                let mut model = Hybrid::with_branch(branch, &sizes, seed)?;
                model.freeze("image")?;
                model
            }
        };
        if let Some(folder) = folder {
            write(folder, &format!("{seed}_metadata.f32"), bytes(metadata.values.iter()))?;
            let about = serde_json::json!({
                "seed": seed, "epochs": epochs, "pixels": PIXELS, "mean": mean, "std": std, "labels": labels,
                "train": split.train, "validation": split.validation, "test": split.test,
            });
            write(folder, &format!("{seed}.json"), about.to_string().into_bytes())?;
        }
        let config = TrainConfig { seed, ..TrainConfig::default() };
        let mut learner = Learner::new(model, &train, &validation, &config)?;
        let history = learner.fit_with(epochs, &mut Silent)?;
        learner.restore_best()?;
        let result = learner.evaluate(&test)?;
        println!(
            "seed {seed}: test accuracy {:.2} %, best epoch {}, {:.2} s per epoch, {:.1} s in all",
            result.accuracy * 100.0,
            history.best().map_or(0, |best| best.epoch),
            history.seconds_per_epoch(),
            start.elapsed().as_secs_f64(),
        );
        accuracies.push(result.accuracy * 100.0);
    }
    println!("peak memory: {:.0} MiB", memory::peak());
    if accuracies.len() > 1 {
        let (mean, deviation, [low, high]) = mean_interval(&accuracies, 0.95)?;
        println!(
            "mean {mean:.2} ± {deviation:.2} %, 95 % interval of the mean [{low:.2}, {high:.2}]"
        );
    }
    Ok(())
}
