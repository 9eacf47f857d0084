//! Practice 1, model A, over several seeds: test accuracy and seconds per epoch.
//!
//! `cargo run --release --example poi_engagement [SEEDS] [EPOCHS]`; with `CUADERNO_REAL_DATA` set, on the
//! real files.

use cuaderno::practices::poi;
use cuaderno::prelude::*;
use cuaderno::train::Silent;

fn main() -> Result<()> {
    let arguments: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let (seeds, epochs) = match arguments[..] {
        [] => (5, 10),
        [seeds] => (seeds, 10),
        [seeds, epochs, ..] => (seeds, epochs),
    };
    let paths = poi::locate()?;
    let table = poi::read(&paths)?;
    let ids = table.texts("id")?;
    let engagement = poi::engagement(&table)?;
    let labels = poi::Target::fit(&engagement)?.labels(&engagement)?;
    let images = images::load_rgb(&poi::image_paths(&table)?, 128, 128)?;
    println!("{} rows", table.rows());
    let mut accuracies = Vec::new();
    for seed in 0..seeds as u64 {
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
        let train =
            all.subset(&split.train)?.with_transform(&plain.clone().augmented(augmentation));
        let (validation, test) = (all.subset(&split.validation)?, all.subset(&split.test)?);
        let model = Hybrid::new(
            &HybridConfig { features: train.feature_count(), ..HybridConfig::default() },
            seed,
        )?;
        let config = TrainConfig { seed, ..TrainConfig::default() };
        let mut learner = Learner::new(model, &train, &validation, &config)?;
        let history = learner.fit_with(epochs, &mut Silent)?;
        learner.restore_best()?;
        if std::env::var_os("CURVES").is_some() {
            for e in &history.epochs {
                println!("{:?}", e);
            }
        }
        let result = learner.evaluate(&test)?;
        println!(
            "seed {seed}: {} features, test accuracy {:.2} %, best epoch {}, {:.2} s per epoch",
            train.feature_count(),
            result.accuracy * 100.0,
            history.best().map_or(0, |best| best.epoch),
            history.seconds_per_epoch(),
        );
        accuracies.push(result.accuracy * 100.0);
    }
    let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    let variance =
        accuracies.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / accuracies.len() as f64;
    println!(
        "mean {mean:.2} %, standard deviation {:.2} over {} seeds",
        variance.sqrt(),
        accuracies.len()
    );
    Ok(())
}
