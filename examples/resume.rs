//! Practice 1, model A, trained in a run that survives its process: start it again with the same arguments and it
//! continues from its last checkpoint, also within an epoch.
//!
//! `cargo run --release --example resume -- --out DIR --epochs N --seed S` saves into `DIR` every 5 batches, and at the
//! end writes `weights.safetensors` and `history.json` there.

use cuaderno::practices::poi;
use cuaderno::prelude::*;
use cuaderno::train::Text;
use cuaderno::{Error, ErrorKind};
use std::path::{Path, PathBuf};

/// Batches between two checkpoints.
const EVERY: usize = 5;

struct Arguments {
    out: PathBuf,
    epochs: usize,
    seed: u64,
}

impl Arguments {
    fn read() -> Result<Self> {
        let mut found = Self { out: PathBuf::new(), epochs: 3, seed: 0 };
        let mut words = std::env::args().skip(1);
        while let Some(name) = words.next() {
            let value = words.next().unwrap_or_default();
            let number = value.parse::<u64>().ok();
            match (name.as_str(), number) {
                ("--out", _) if !value.is_empty() => found.out = PathBuf::from(value),
                ("--epochs", Some(epochs)) => found.epochs = epochs as usize,
                ("--seed", Some(seed)) => found.seed = seed,
                _ => return Err(usage(format!("cannot read `{name} {value}`"))),
            }
        }
        if found.out.as_os_str().is_empty() {
            return Err(usage("`--out` is missing".to_string()));
        }
        Ok(found)
    }
}

fn usage(problem: String) -> Error {
    Error::new(ErrorKind::Parameter, problem).help("usage: resume --out DIR --epochs N --seed S")
}

fn learner(seed: u64) -> Result<Learner> {
    let table = poi::read(&poi::locate()?)?;
    let engagement = poi::engagement(&table)?;
    let labels = poi::Target::fit(&engagement)?.labels(&engagement)?;
    let images = images::load_rgb(&poi::image_paths(&table)?, 128, 128)?;
    let ids = table.texts("id")?;
    let split = Split::stratified_by_group(&labels, &ids, [0.7, 0.15, 0.15], seed)?;
    let preprocessor = Preprocessor::new()
        .scale(&["locationLon", "locationLat", "xps"])
        .one_hot(&["tier"])
        .multi_hot("categories", 5)
        .multi_hot("tags", 20)
        .fit(&table, &split.train)?;
    let (mean, std) = images.channel_statistics(&split.train)?;
    let plain = Transform::normalized(mean, std);
    let augmentation = Augmentation { horizontal_flip: 0.5, ..Augmentation::default() };
    let all = Dataset::new(&labels, &poi::CLASSES)?
        .with_images(&images)?
        .with_features(&preprocessor.transform_all(&table)?)?
        .with_transform(&plain);
    let train = all.subset(&split.train)?.with_transform(&plain.augmented(augmentation));
    let config = HybridConfig { features: train.feature_count(), ..HybridConfig::default() };
    let model = Hybrid::new(&config, seed)?;
    let config =
        TrainConfig { seed, metrics: vec!["balanced_accuracy".into()], ..TrainConfig::default() };
    Learner::new(model, &train, &all.subset(&split.validation)?, &config)
}

/// Everything that was measured but the time it took, which differs from run to run.
fn write_history(history: &History, file: &Path) -> Result<()> {
    let epochs = history.epochs.iter().map(|record| {
        let values = record.names().into_iter().map(|name| {
            let value = record.value(&name).filter(|value| value.is_finite());
            format!(
                "\"{name}\": {}",
                value.map_or("null".to_string(), |value| format!("{value:?}"))
            )
        });
        format!("{{\"epoch\": {}, {}}}", record.epoch, values.collect::<Vec<_>>().join(", "))
    });
    let text = format!("[\n{}\n]\n", epochs.collect::<Vec<_>>().join(",\n"));
    std::fs::write(file, text).map_err(|error| Error::io(file, &error))
}

fn main() -> Result<()> {
    let Arguments { out, epochs, seed } = Arguments::read()?;
    let mut learner = learner(seed)?;
    if learner.resume(&out)? {
        println!("continues after {} epochs", learner.history().epochs.len());
    }
    learner.save_into(&out, Some(EVERY))?;
    let history = learner.fit_until_with(epochs, &mut Text)?;
    Weights::of(learner.model()).write(out.join("weights.safetensors"))?;
    write_history(&history, &out.join("history.json"))
}
